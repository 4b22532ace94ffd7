/*
 * The two ROUTERs: one for agents, one for people. Peers are known by the User-Id of the key check,
 * never by their routing id. Sends never block, and wait until the turn is committed.
 */
#include "base/mem.h"
#include "scheduler/server_outbox.h"
#include "scheduler/server_private.h"
#include "scheduler/server_zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

enum {
    HANDSHAKE_MS = 10 * 1000,
    HEARTBEAT_MS = 10 * 1000,
    HEARTBEAT_TIMEOUT_MS = 30 * 1000,
    HIGH_WATER = 2000,
    BACKLOG = 4096,
    FILES_MOST = 4,   /* that a wait looks at besides */
    SPARE_FILES = 64, /* of the limit: for the store, the solver, logs */
    NOTE_SIZE = 800,
    ADDRESS_SIZE = 256
};

struct sockets {
    void *context;
    void *router[SOCKET_COUNT];
    void *monitor[SOCKET_COUNT]; /* accepted and disconnected */
    bool is_bound[SOCKET_COUNT];
    char address[SOCKET_COUNT][ADDRESS_SIZE];
    char *keys_folder; /* owned; NULL: insecure */
    struct key own;
    struct zap *zap; /* NULL: insecure */
    long peer_count, peers_most;
    struct outbox outbox;
    char note[NOTE_SIZE];
    char full_note[NOTE_SIZE]; /* told once; "": nothing */
};

bool route_equal(const struct route *a, const struct route *b)
{
    return a->count == b->count && memcmp(a->bytes, b->bytes, a->count) == 0;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int fail(struct err *err, const char *what)
{
    return err_set(err, ERR_IO, "%s: %s", what, zmq_strerror(errno));
}

/* As many files as the system lets us have: each peer takes one. */
static void raise_file_limit(struct sockets *sockets)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        sockets->peers_most = 256;
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    sockets->peers_most = limit.rlim_cur > 1000000 ? 1000000 : (long)limit.rlim_cur - SPARE_FILES;
}

static bool is_loopback(const char *address)
{
    return str_starts_with(address, "tcp://127.") || str_starts_with(address, "tcp://localhost:") ||
           str_starts_with(address, "tcp://[::1]:") || str_starts_with(address, "ipc://");
}

static int set_options(struct sockets *sockets, void *socket, enum socket_kind kind)
{
    const char *domain = kind == SOCKET_AGENTS ? ZAP_AGENTS : ZAP_PEOPLE;
    int64_t most = PROTOCOL_FRAME_BYTES;
    int rc = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most);

    rc |= set_int(socket, ZMQ_LINGER, 0);
    rc |= set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    rc |= set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    rc |= set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    rc |= set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS);
    rc |= set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS);
    rc |= set_int(socket, ZMQ_SNDHWM, HIGH_WATER);
    rc |= set_int(socket, ZMQ_RCVHWM, HIGH_WATER);
    rc |= set_int(socket, ZMQ_BACKLOG, BACKLOG);
    if (sockets->zap != NULL) {
        rc |= set_int(socket, ZMQ_CURVE_SERVER, 1);
        rc |= zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, sockets->own.secret_text, KEY_TEXT);
        rc |= zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
    }
    return rc;
}

static int open_router(
    struct sockets *sockets, enum socket_kind kind, const char *address, struct err *err)
{
    const char *watch = kind == SOCKET_AGENTS ? "inproc://watch-agents" : "inproc://watch-people";
    size_t size = ADDRESS_SIZE;
    void *socket = zmq_socket(sockets->context, ZMQ_ROUTER);

    sockets->router[kind] = socket;
    if (socket == NULL || set_options(sockets, socket, kind) != 0 ||
        (strchr(address, '[') != NULL && set_int(socket, ZMQ_IPV6, 1) != 0))
        return fail(err, "a socket could not be made");
    if (zmq_socket_monitor(socket, watch,
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPT_FAILED |
                ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return fail(err, "a socket can't be watched");
    sockets->monitor[kind] = zmq_socket(sockets->context, ZMQ_PAIR);
    if (sockets->monitor[kind] == NULL || set_int(sockets->monitor[kind], ZMQ_LINGER, 0) != 0 ||
        zmq_connect(sockets->monitor[kind], watch) != 0)
        return fail(err, "a socket can't be watched");
    if (zmq_bind(socket, address) != 0)
        return err_set(err, ERR_IO, "%s can't be listened on: %s", address, zmq_strerror(errno));
    sockets->is_bound[kind] = true;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, sockets->address[kind], &size) != 0)
        return fail(err, "a socket has no address");
    return 0;
}

static int start_keys(
    struct sockets *sockets, const struct server_options *options, struct err *err)
{
    struct str path = {0};
    struct key_ring *ring = NULL;
    int rc;

    str_format(&path, "%s/scheduler.key", options->keys_folder);
    rc = key_read(str_text(&path), &sockets->own, err);
    str_fini(&path);
    if (rc != 0)
        return -1;
    ring = key_ring_load(options->keys_folder, err);
    if (ring == NULL)
        return -1;
    sockets->keys_folder = mem_copy_text(options->keys_folder);
    sockets->zap = zap_start(sockets->context, ring, err);
    return sockets->zap != NULL ? 0 : -1;
}

struct sockets *sockets_open(const struct server_options *options, struct err *err)
{
    struct sockets *sockets = mem_zero(1, sizeof *sockets);
    const char *addresses[SOCKET_COUNT] = {
        [SOCKET_AGENTS] = options->agents_address, [SOCKET_PEOPLE] = options->people_address};

    sockets->context = zmq_ctx_new();
    raise_file_limit(sockets);
    (void)zmq_ctx_set(sockets->context, ZMQ_MAX_SOCKETS, 64);
    for (int i = 0; i < SOCKET_COUNT; i++)
        if (options->is_insecure && !is_loopback(addresses[i])) {
            (void)err_set(err, ERR_USAGE,
                "%s is no loopback address; --insecure-loopback binds none but those: give keys "
                "with --keys, or an address such as tcp://127.0.0.1:7470",
                addresses[i]);
            goto failed;
        }
    if (!options->is_insecure && start_keys(sockets, options, err) != 0)
        goto failed;
    for (int i = 0; i < SOCKET_COUNT; i++)
        if (open_router(sockets, (enum socket_kind)i, addresses[i], err) != 0)
            goto failed;
    return sockets;
failed:
    sockets_close(sockets);
    return NULL;
}

void sockets_close(struct sockets *sockets)
{
    if (sockets == NULL)
        return;
    for (int i = 0; i < SOCKET_COUNT; i++) {
        if (sockets->router[i] != NULL) {
            (void)zmq_socket_monitor(sockets->router[i], NULL, 0);
            (void)zmq_close(sockets->router[i]);
        }
        if (sockets->monitor[i] != NULL)
            (void)zmq_close(sockets->monitor[i]);
    }
    (void)zmq_ctx_shutdown(sockets->context);
    zap_stop(sockets->zap);
    (void)zmq_ctx_term(sockets->context);
    outbox_fini(&sockets->outbox);
    mem_free(sockets->keys_folder);
    mem_free(sockets);
}

const char *sockets_bound(const struct sockets *sockets, enum socket_kind kind)
{
    return sockets->address[kind];
}

/* --- How many are connected: beyond what files allow nobody new is let in */

static void set_bound(struct sockets *sockets, bool is_wanted)
{
    for (int i = 0; i < SOCKET_COUNT; i++) {
        if (sockets->is_bound[i] == is_wanted)
            continue;
        if (is_wanted && zmq_bind(sockets->router[i], sockets->address[i]) != 0)
            continue; /* the port is still being let go: tried again */
        if (!is_wanted)
            (void)zmq_unbind(sockets->router[i], sockets->address[i]);
        sockets->is_bound[i] = is_wanted;
    }
}

static void watch_connections(struct sockets *sockets, void *monitor)
{
    uint16_t event;
    char bytes[ADDRESS_SIZE];
    int n;

    while ((n = zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 2) {
        memcpy(&event, bytes, sizeof event);
        (void)zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT); /* the endpoint */
        if (event == ZMQ_EVENT_ACCEPTED)
            sockets->peer_count++;
        else if (event == ZMQ_EVENT_DISCONNECTED && sockets->peer_count > 0)
            sockets->peer_count--;
    }
}

static void limit_peers(struct sockets *sockets)
{
    for (int i = 0; i < SOCKET_COUNT; i++)
        watch_connections(sockets, sockets->monitor[i]);
    if (sockets->peer_count >= sockets->peers_most && sockets->is_bound[SOCKET_AGENTS]) {
        set_bound(sockets, false);
        (void)snprintf(sockets->full_note, sizeof sockets->full_note,
            "%ld peers are connected, as many as the file limit allows: new ones are refused until "
            "some go (raise LimitNOFILE)",
            sockets->peer_count);
    } else if (sockets->peer_count < sockets->peers_most - sockets->peers_most / 16) {
        set_bound(sockets, true);
    }
}

void sockets_wait(struct sockets *sockets, const int *files, size_t file_count, int64_t timeout_ms)
{
    zmq_pollitem_t items[SOCKET_COUNT * 2 + FILES_MOST];
    int count = 0;

    for (int i = 0; i < SOCKET_COUNT; i++) {
        items[count++] = (zmq_pollitem_t){sockets->router[i], 0, ZMQ_POLLIN, 0};
        items[count++] = (zmq_pollitem_t){sockets->monitor[i], 0, ZMQ_POLLIN, 0};
    }
    for (size_t i = 0; i < file_count && i < FILES_MOST; i++)
        if (files[i] >= 0)
            items[count++] = (zmq_pollitem_t){NULL, files[i], ZMQ_POLLIN, 0};
    (void)zmq_poll(items, count, (long)timeout_ms);
    limit_peers(sockets);
}

/* --- In */

static void read_peer(const struct sockets *sockets, zmq_msg_t *frame, struct peer *peer)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    char *blank;

    peer->name[0] = '\0';
    peer->roles = 0;
    if (sockets->zap == NULL) {
        peer->roles = KEY_VIEW | KEY_SUBMIT | KEY_OPERATE;
        return;
    }
    if (user == NULL)
        return;
    (void)snprintf(peer->name, sizeof peer->name, "%s", user);
    blank = strchr(peer->name, ' ');
    if (blank == NULL)
        return;
    *blank = '\0';
    peer->roles = (unsigned)strtoul(blank + 1, NULL, 10);
}

/* Frames of one message: the routing id, then ours. -1: there are more, or the id is none. */
static int receive_frames(void *router, struct route *route, zmq_msg_t *frame)
{
    int more = 0;
    size_t size = sizeof more;
    int n = zmq_recv(router, route->bytes, sizeof route->bytes, ZMQ_DONTWAIT);

    if (n < 0)
        return 0;
    route->count = (size_t)n <= sizeof route->bytes ? (size_t)n : 0;
    (void)zmq_getsockopt(router, ZMQ_RCVMORE, &more, &size);
    if (!more)
        return -1;
    if (zmq_msg_recv(frame, router, ZMQ_DONTWAIT) < 0)
        return -1;
    if (!zmq_msg_more(frame))
        return route->count > 0 ? 1 : -1;
    while (zmq_msg_more(frame)) /* not ours: swallow the rest */
        if (zmq_msg_recv(frame, router, ZMQ_DONTWAIT) < 0)
            break;
    return -1;
}

int sockets_receive(struct sockets *sockets, enum socket_kind kind, struct peer *peer,
    Wattyard__Envelope **envelope, struct err *err)
{
    zmq_msg_t frame;
    int rc;

    (void)zmq_msg_init(&frame);
    rc = receive_frames(sockets->router[kind], &peer->route, &frame);
    if (rc > 0) {
        read_peer(sockets, &frame, peer);
        *envelope = protocol_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), err);
        rc = *envelope != NULL ? 1 : -1;
    } else if (rc < 0) {
        (void)err_set(err, ERR_INPUT, "a message of another number of frames");
    }
    (void)zmq_msg_close(&frame);
    return rc;
}

/* --- Out */

void sockets_queue(struct sockets *sockets, enum socket_kind kind, const struct route *route,
    const Wattyard__Envelope *envelope)
{
    struct err err = {0};

    if (outbox_add(&sockets->outbox, kind, route, envelope, &err) != 0)
        (void)snprintf(sockets->full_note, sizeof sockets->full_note,
            "a message to %s could not be sent: %.160s",
            kind == SOCKET_AGENTS ? "an agent" : "a person", err.text);
}

void sockets_flush(struct sockets *sockets)
{
    outbox_send(&sockets->outbox, sockets->router);
}

void sockets_drop_queued(struct sockets *sockets)
{
    outbox_clear(&sockets->outbox);
}

/* --- For the log */

const char *sockets_note(struct sockets *sockets)
{
    if (sockets->full_note[0] != '\0') {
        memcpy(sockets->note, sockets->full_note, sizeof sockets->note);
        sockets->full_note[0] = '\0';
        return sockets->note;
    }
    if (sockets->zap != NULL && zap_take_note(sockets->zap, sockets->note, sizeof sockets->note))
        return sockets->note;
    return NULL;
}

void sockets_reload_keys(struct sockets *sockets, struct err *err)
{
    struct key_ring *ring;

    if (sockets->zap == NULL)
        return;
    ring = key_ring_load(sockets->keys_folder, err);
    if (ring != NULL)
        zap_set_ring(sockets->zap, ring);
}
