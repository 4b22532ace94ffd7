#include "scheduler/server_zap.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { NOTE_SIZE = 768, PART_SIZE = 256, PARTS_MOST = 16, KEY_BYTES = 32 };

struct zap {
    pthread_t thread;
    void *socket;
    pthread_mutex_t lock;  /* of what follows */
    struct key_ring *ring; /* owned */
    unsigned long refused_count, told_count;
    char note[NOTE_SIZE];
};

/* A request: version, id, domain, address, identity, mechanism, the key. */
struct ask {
    char parts[PARTS_MOST][PART_SIZE];
    size_t bytes[PARTS_MOST];
    int count;
};
enum { ASK_VERSION, ASK_ID, ASK_DOMAIN, ASK_ADDRESS, ASK_IDENTITY, ASK_MECHANISM, ASK_KEY };

static bool receive(struct zap *zap, struct ask *ask)
{
    int more = 1;
    size_t more_bytes = sizeof more;

    memset(ask, 0, sizeof *ask);
    while (more) {
        char part[PART_SIZE];
        int n = zmq_recv(zap->socket, part, sizeof part - 1, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (ask->count < PARTS_MOST) {
            size_t kept = (size_t)n < sizeof part - 1 ? (size_t)n : sizeof part - 1;

            memcpy(ask->parts[ask->count], part, kept);
            ask->bytes[ask->count++] = kept;
        }
        if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &more_bytes) != 0)
            return false;
    }
    return true;
}

static void reply(
    struct zap *zap, const struct ask *ask, const char *status, const char *text, const char *user)
{
    const char *parts[] = {"1.0", NULL, status, text, user, ""};

    for (size_t i = 0; i < 6; i++) {
        const char *part = i == 1 ? ask->parts[ASK_ID] : parts[i];
        size_t bytes = i == 1 ? ask->bytes[ASK_ID] : strlen(part);

        (void)zmq_send(zap->socket, part, bytes, i < 5 ? ZMQ_SNDMORE : 0);
    }
}

static void refuse(struct zap *zap, const struct ask *ask, const struct key *key)
{
    char text[KEY_TEXT] = "";

    if (ask->bytes[ASK_KEY] == KEY_BYTES)
        (void)zmq_z85_encode(text, (const uint8_t *)ask->parts[ASK_KEY], KEY_BYTES);
    zap->refused_count++;
    if (key != NULL)
        (void)snprintf(zap->note, sizeof zap->note, "the key of %s %s may not use the %s port (%s)",
            KEY_KIND_NAMES[key->kind], key->name, ask->parts[ASK_DOMAIN], ask->parts[ASK_ADDRESS]);
    else
        (void)snprintf(zap->note, sizeof zap->note, "a stranger's key %s from %s on the %s port",
            text, ask->parts[ASK_ADDRESS], ask->parts[ASK_DOMAIN]);
    reply(zap, ask, "400", "this key is not known here", "");
}

static void judge(struct zap *zap, const struct ask *ask)
{
    const struct key *key = NULL;
    char user[KEY_NAME + 16];
    bool is_let_in;

    (void)pthread_mutex_lock(&zap->lock);
    if (ask->count > ASK_KEY && strcmp(ask->parts[ASK_MECHANISM], "CURVE") == 0 &&
        ask->bytes[ASK_KEY] == KEY_BYTES)
        key = key_ring_find(zap->ring, (const unsigned char *)ask->parts[ASK_KEY]);
    is_let_in = key != NULL && strcmp(ask->parts[ASK_DOMAIN],
                                   key->kind == KEY_HOST ? ZAP_AGENTS : ZAP_PEOPLE) == 0;
    if (is_let_in) {
        (void)snprintf(user, sizeof user, "%s %u", key->name, key->roles);
        reply(zap, ask, "200", "OK", user);
    } else {
        refuse(zap, ask, key);
    }
    (void)pthread_mutex_unlock(&zap->lock);
}

static void *run(void *context)
{
    struct zap *zap = context;
    struct ask ask;

    while (receive(zap, &ask))
        judge(zap, &ask);
    (void)zmq_close(zap->socket);
    return NULL;
}

struct zap *zap_start(void *zmq_context, struct key_ring *ring, struct err *err)
{
    struct zap *zap = mem_zero(1, sizeof *zap);
    int linger = 0;

    zap->ring = ring;
    (void)pthread_mutex_init(&zap->lock, NULL);
    zap->socket = zmq_socket(zmq_context, ZMQ_REP);
    if (zap->socket == NULL ||
        zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(zap->socket, "inproc://zeromq.zap.01") != 0 ||
        pthread_create(&zap->thread, NULL, run, zap) != 0) {
        (void)err_set(err, ERR_IO, "the key check could not be started: %s", zmq_strerror(errno));
        if (zap->socket != NULL)
            (void)zmq_close(zap->socket);
        key_ring_destroy(ring);
        mem_free(zap);
        return NULL;
    }
    return zap;
}

void zap_stop(struct zap *zap)
{
    if (zap == NULL)
        return;
    (void)pthread_join(zap->thread, NULL);
    (void)pthread_mutex_destroy(&zap->lock);
    key_ring_destroy(zap->ring);
    mem_free(zap);
}

void zap_set_ring(struct zap *zap, struct key_ring *ring)
{
    struct key_ring *old;

    (void)pthread_mutex_lock(&zap->lock);
    old = zap->ring;
    zap->ring = ring;
    (void)pthread_mutex_unlock(&zap->lock);
    key_ring_destroy(old);
}

bool zap_take_note(struct zap *zap, char *buffer, size_t size)
{
    unsigned long count;

    (void)pthread_mutex_lock(&zap->lock);
    count = zap->refused_count - zap->told_count;
    zap->told_count = zap->refused_count;
    if (count == 1)
        (void)snprintf(buffer, size, "refused %s", zap->note);
    else if (count > 1)
        (void)snprintf(buffer, size, "refused %lu times, last %s", count, zap->note);
    (void)pthread_mutex_unlock(&zap->lock);
    return count > 0;
}
