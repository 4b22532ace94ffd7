/*
 * server_zap: the key check: a thread that answers ZeroMQ's authentication requests (ZAP, RFC 27)
 * from a ring of public keys. A host's key opens the agents' socket alone, a user's the people's.
 * The User-Id of what it lets in is "NAME ROLES" (roles as bits).
 */
#ifndef SCHEDULER_SERVER_ZAP_H
#define SCHEDULER_SERVER_ZAP_H

#include "agent/protocol_keys.h"

#include <stddef.h>

struct zap; /* opaque */

/* Domains of the two sockets. */
#define ZAP_AGENTS "agents"
#define ZAP_PEOPLE "people"

/* Starts the thread; takes the ring. NULL with err. */
struct zap *zap_start(void *zmq_context, struct key_ring *ring, struct err *err);
/* After zmq_ctx_shutdown: waits for the thread. */
void zap_stop(struct zap *zap);
/* From now on this ring; takes it. */
void zap_set_ring(struct zap *zap, struct key_ring *ring);
/* What it refused since, in words, at most a few; false: nothing. */
bool zap_take_note(struct zap *zap, char *buffer, size_t size);

#endif
