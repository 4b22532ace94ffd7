/*
 * protocol_link_private: what the events of a connection mean, apart from the sockets that they
 * come from.
 */
#ifndef AGENT_PROTOCOL_LINK_PRIVATE_H
#define AGENT_PROTOCOL_LINK_PRIVATE_H

#include "agent/protocol_link.h"
#include "base/rng.h"

enum { LINK_WHY_BYTES = 512 };

/* One connection after the other, as its socket monitor tells it. */
struct link_watch {
    const struct link_options *options; /* borrowed: the link's own */
    enum link_state state;
    bool is_new;         /* a handshake was done since this was last asked */
    bool is_connected;   /* by TCP */
    bool is_over;        /* this connection will come to nothing more: open another */
    int silent_failures; /* handshakes in a row that ended without a reason */
    int wait_ms;         /* before the next connection, without jitter */
    struct rng rng;
    char why[LINK_WHY_BYTES];
};

/* options must have its times set. */
void link_watch_init(struct link_watch *watch, const struct link_options *options, uint64_t seed);
/* A ZMQ_EVENT_… of the monitor. */
void link_watch_event(struct link_watch *watch, unsigned event);
/* Neither ready nor refused in time. 0: it is connected, and may come yet; -1: this one is over. */
int link_watch_timeout(struct link_watch *watch);
/* A message came: the scheduler means it, so the next loss is a new one. */
void link_watch_message(struct link_watch *watch);
/* How long to wait before the next connection; doubles each time. */
int link_watch_next_wait_ms(struct link_watch *watch);

/* Is this an address for a link? With a key any tcp://HOST:PORT, without one loopback alone. */
int link_address_check(const char *address, bool has_key, struct err *err);

#endif
