/*
 * server_outbox: messages of a turn, packed, until the turn is committed. Inside
 * scheduler/server*.c alone.
 */
#ifndef SCHEDULER_SERVER_OUTBOX_H
#define SCHEDULER_SERVER_OUTBOX_H

#include "scheduler/server_private.h"

struct queued;

/* {0} is empty and ready. */
struct outbox {
    struct queued *queue; /* owned */
    size_t count, capacity;
};

/* Add a message to a peer; one that is nowhere gets none. -1 with err: it can't be packed. */
int outbox_add(struct outbox *outbox, enum socket_kind kind, const struct route *route,
    const Wattyard__Envelope *envelope, struct err *err);
/* Send all, each by the ROUTER of its kind; never blocks. */
void outbox_send(struct outbox *outbox, void *const *routers);
/* Send none of them. */
void outbox_clear(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);

#endif
