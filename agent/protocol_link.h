/*
 * protocol_link: one end of a connection to a scheduler: a DEALER with CURVE, a watch over its
 * monitor, and reconnecting with backoff and jitter. Used by the agent and by people's commands.
 * Sends never block; one thread.
 */
#ifndef AGENT_PROTOCOL_LINK_H
#define AGENT_PROTOCOL_LINK_H

#include "agent/protocol.h"

struct err;
struct key;
struct link; /* opaque */

struct link_options {
    const char *address;                 /* "tcp://127.0.0.1:7471" */
    const struct key *own;               /* NULL with --insecure-loopback: no CURVE */
    const struct key *scheduler;         /* its public key */
    int reconnect_ms, reconnect_most_ms; /* backoff; 0: 100 and 10,000 */
};

enum link_state {
    LINK_CONNECTING,
    LINK_READY,       /* the handshake is done */
    LINK_REFUSED_OWN, /* the scheduler does not take our key (or its key is not the one we hold) */
    LINK_UNREACHABLE  /* nobody listens there, so far */
};

/* Copies what the options point to. NULL with err: an address that is none (ERR_INPUT); without
 * keys one that is not loopback (ERR_DENIED). */
struct link *link_open(const struct link_options *options, struct err *err);
void link_close(struct link *link);
/* For poll, the same for the life of the link: readable may mean a message, a change of state, or
 * that it is time to connect again. Call link_receive until it gives NULL: that does the work. */
int link_fd(const struct link *link);
enum link_state link_state(struct link *link);
/* True once after each (re)connection: a Hello is due. */
bool link_is_new(struct link *link);
/* What failed last, for people: "the scheduler at ADDRESS does not take the key of user ada (…)";
 * "": nothing. */
const char *link_why(const struct link *link);
/* 0: it will be sent on this connection, or never. -1 with err, the message was not taken: there is
 * no connection (ERR_UNREACHABLE; only in LINK_READY is anything taken), the queue is full or the
 * connection has been lost this moment (ERR_IO), it is too long (ERR_LIMIT), or no receiver would
 * take it (ERR_INPUT). */
int link_send(struct link *link, const Wattyard__Envelope *envelope, struct err *err);
/* The next message, or NULL: none now. Frames that do not parse are dropped and counted. Release
 * with protocol_free. */
Wattyard__Envelope *link_receive(struct link *link);
uint64_t link_dropped_count(const struct link *link);

#endif
