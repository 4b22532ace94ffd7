#include "scheduler/server_outbox.h"

#include "base/mem.h"

#include <zmq.h>

struct queued {
    enum socket_kind kind;
    struct route route;
    char *bytes; /* owned */
    size_t count;
};

int outbox_add(struct outbox *outbox, enum socket_kind kind, const struct route *route,
    const Wattyard__Envelope *envelope, struct err *err)
{
    struct str bytes = {0};

    if (route->count == 0)
        return 0;
    if (protocol_pack(envelope, &bytes, err) != 0)
        return -1;
    outbox->queue = mem_grow(
        outbox->queue, outbox->count, &outbox->capacity, sizeof *outbox->queue);
    outbox->queue[outbox->count++] = (struct queued){kind, *route, bytes.text, bytes.length};
    return 0;
}

void outbox_send(struct outbox *outbox, void *const *routers)
{
    for (size_t i = 0; i < outbox->count; i++) {
        const struct queued *q = &outbox->queue[i];
        void *router = routers[q->kind];

        /* A peer that is gone, or reads nothing, loses it: it asks or says hello again. */
        if (zmq_send(router, q->route.bytes, q->route.count, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
            (void)zmq_send(router, q->bytes, q->count, ZMQ_DONTWAIT);
    }
    outbox_clear(outbox);
}

void outbox_clear(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->count; i++)
        mem_free(outbox->queue[i].bytes);
    outbox->count = 0;
}

void outbox_fini(struct outbox *outbox)
{
    outbox_clear(outbox);
    mem_free(outbox->queue);
}
