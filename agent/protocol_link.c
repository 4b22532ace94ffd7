#include "agent/protocol_link.h"

#include "agent/protocol_keys.h"
#include "agent/protocol_link_private.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

enum {
    RECONNECT_MS = 100,
    RECONNECT_MOST_MS = 10000,
    NEVER_MS = 24 * 3600 * 1000, /* libzmq is not to reconnect by itself; 0 would hide failures */
    CONNECT_MS = 4000,           /* by TCP */
    PATIENCE_MS = 4500,          /* until a silent one is told of */
    HANDSHAKE_MS = 30000,        /* a scheduler that shakes many hands may yet come to ours */
    HEARTBEAT_MS = 5000,
    HEARTBEAT_TIMEOUT_MS = 15000,
    QUEUE_MESSAGES = 100,
    MONITOR_NAME_BYTES = 48
};

struct link {
    struct link_options options;
    char *address;
    struct key own, scheduler;
    struct link_watch watch;
    void *context, *socket, *monitor;
    int epoll_fd, wake_fd, timer_fd;
    int attempt;
    uint64_t dropped;
};

struct socket_option {
    int option, value;
};
static const struct socket_option SOCKET_OPTIONS[] = {
    {ZMQ_LINGER, 0},
    /* nothing is queued for a connection that is not there: a Hello comes first in each */
    {ZMQ_IMMEDIATE, 1},
    {ZMQ_SNDHWM, QUEUE_MESSAGES},
    {ZMQ_RCVHWM, QUEUE_MESSAGES},
    {ZMQ_RECONNECT_IVL, NEVER_MS},
    {ZMQ_CONNECT_TIMEOUT, CONNECT_MS},
    {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
    {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
    {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS},
    {ZMQ_HEARTBEAT_TTL, HEARTBEAT_TIMEOUT_MS},
};

static int set_options(struct link *link)
{
    int64_t most = PROTOCOL_FRAME_BYTES;
    int ipv6 = strchr(link->address, '[') != NULL;
    int rc = zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &most, sizeof most);

    for (size_t i = 0; i < sizeof SOCKET_OPTIONS / sizeof *SOCKET_OPTIONS; i++)
        rc |= zmq_setsockopt(link->socket, SOCKET_OPTIONS[i].option, &SOCKET_OPTIONS[i].value,
            sizeof SOCKET_OPTIONS[i].value);
    rc |= zmq_setsockopt(link->socket, ZMQ_IPV6, &ipv6, sizeof ipv6);
    if (link->options.own == NULL)
        return rc;
    rc |= zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, link->scheduler.public_text, KEY_TEXT);
    rc |= zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, link->own.public_text, KEY_TEXT);
    rc |= zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, link->own.secret_text, KEY_TEXT);
    return rc;
}

static int watch_fd(struct link *link, void *socket, int operation)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = -1;
    size_t size = sizeof fd;

    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) != 0)
        return -1;
    return epoll_ctl(link->epoll_fd, operation, fd, &event);
}

static void set_timer(struct link *link, int after_ms)
{
    struct itimerspec spec = {
        .it_value = {.tv_sec = after_ms / 1000, .tv_nsec = (long)(after_ms % 1000) * 1000000 + 1}};

    (void)timerfd_settime(link->timer_fd, 0, &spec, NULL);
}

static bool take_timer(struct link *link)
{
    uint64_t count;

    return read(link->timer_fd, &count, sizeof count) == (ssize_t)sizeof count;
}

static void close_sockets(struct link *link)
{
    /* out of epoll first: libzmq closes their descriptors some time later */
    if (link->monitor != NULL) {
        (void)watch_fd(link, link->monitor, EPOLL_CTL_DEL);
        (void)zmq_socket_monitor(link->socket, NULL, 0);
        (void)zmq_close(link->monitor);
    }
    if (link->socket != NULL) {
        (void)watch_fd(link, link->socket, EPOLL_CTL_DEL);
        (void)zmq_close(link->socket);
    }
    link->monitor = NULL;
    link->socket = NULL;
}

/* A new socket, connecting, with its monitor. */
static int open_sockets(struct link *link)
{
    char name[MONITOR_NAME_BYTES];
    int linger = 0;

    (void)snprintf(name, sizeof name, "inproc://monitor-%d", link->attempt++);
    link->watch.is_over = false;
    link->watch.is_connected = false;
    link->socket = zmq_socket(link->context, ZMQ_DEALER);
    if (link->socket == NULL || set_options(link) != 0 ||
        zmq_socket_monitor(link->socket, name, ZMQ_EVENT_ALL) != 0)
        return -1;
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (link->monitor == NULL ||
        zmq_setsockopt(link->monitor, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_connect(link->monitor, name) != 0 || zmq_connect(link->socket, link->address) != 0 ||
        watch_fd(link, link->socket, EPOLL_CTL_ADD) != 0 ||
        watch_fd(link, link->monitor, EPOLL_CTL_ADD) != 0)
        return -1;
    set_timer(link, PATIENCE_MS);
    return 0;
}

static int open_descriptors(struct link *link)
{
    struct epoll_event event = {.events = EPOLLIN};

    link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (link->epoll_fd < 0 || link->wake_fd < 0 || link->timer_fd < 0 ||
        epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->wake_fd, &event) != 0)
        return -1;
    return epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->timer_fd, &event);
}

static struct link *create(const struct link_options *options)
{
    struct link *link = mem_zero(1, sizeof *link);
    unsigned char random[PROTOCOL_ID_BYTES];
    uint64_t seed;

    link->options = *options;
    link->options.address = link->address = mem_copy_text(options->address);
    if (options->own != NULL) {
        link->own = *options->own;
        link->scheduler = *options->scheduler;
        link->options.own = &link->own;
        link->options.scheduler = &link->scheduler;
    }
    if (link->options.reconnect_ms <= 0)
        link->options.reconnect_ms = RECONNECT_MS;
    if (link->options.reconnect_most_ms <= 0)
        link->options.reconnect_most_ms = RECONNECT_MOST_MS;
    protocol_make_id(random);
    memcpy(&seed, random, sizeof seed);
    link_watch_init(&link->watch, &link->options, seed);
    link->epoll_fd = link->wake_fd = link->timer_fd = -1;
    link->context = zmq_ctx_new();
    return link;
}

struct link *link_open(const struct link_options *options, struct err *err)
{
    struct link *link;

    if (link_address_check(options->address, options->own != NULL, err) != 0)
        return NULL;
    if (options->own != NULL && options->scheduler == NULL) {
        (void)err_set(err, ERR_INPUT, "the scheduler's public key is needed, not our own alone");
        return NULL;
    }
    link = create(options);
    if (link->context == NULL || open_descriptors(link) != 0 || open_sockets(link) != 0) {
        (void)err_set(
            err, ERR_IO, "%.100s: cannot connect: %s", options->address, zmq_strerror(errno));
        link_close(link);
        return NULL;
    }
    return link;
}

void link_close(struct link *link)
{
    int fds[3];

    if (link == NULL)
        return;
    close_sockets(link);
    if (link->context != NULL)
        (void)zmq_ctx_term(link->context);
    fds[0] = link->epoll_fd;
    fds[1] = link->wake_fd;
    fds[2] = link->timer_fd;
    for (size_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    mem_free(link->address);
    explicit_bzero(&link->own, sizeof link->own);
    mem_free(link);
}

int link_fd(const struct link *link)
{
    return link->epoll_fd;
}

/* Number of the next event; 0: none now. */
static unsigned read_event(struct link *link)
{
    unsigned char bytes[6]; /* event and value; the address comes in a second part */
    uint16_t event = 0;
    int more = 1;
    size_t size = sizeof more;

    if (zmq_recv(link->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) != (int)sizeof bytes)
        return 0;
    memcpy(&event, bytes, sizeof event);
    while (zmq_getsockopt(link->monitor, ZMQ_RCVMORE, &more, &size) == 0 && more != 0)
        (void)zmq_recv(link->monitor, NULL, 0, ZMQ_DONTWAIT);
    return event;
}

/* Take in what the monitor says. Did the connection end? Then the next one is timed. */
static bool read_events(struct link *link)
{
    bool was_over = link->watch.is_over;

    if (link->monitor == NULL)
        return false;
    for (unsigned event = read_event(link); event != 0; event = read_event(link))
        if (!link->watch.is_over)
            link_watch_event(&link->watch, event);
    if (was_over || !link->watch.is_over)
        return false;
    set_timer(link, link_watch_next_wait_ms(&link->watch));
    return true;
}

/* The timer ends the wait for the next connection, or tells that this one says nothing. */
static void on_timer(struct link *link)
{
    if (!take_timer(link) || (link->watch.state == LINK_READY && !link->watch.is_over))
        return;
    if (!link->watch.is_over && link_watch_timeout(&link->watch) == 0)
        return;
    close_sockets(link);
    if (open_sockets(link) != 0) {
        close_sockets(link);
        link->watch.is_over = true;
        set_timer(link, link_watch_next_wait_ms(&link->watch));
    }
}

enum link_state link_state(struct link *link)
{
    (void)read_events(link);
    return link->watch.state;
}

bool link_is_new(struct link *link)
{
    bool is_new;

    (void)read_events(link);
    is_new = link->watch.is_new;
    link->watch.is_new = false;
    return is_new;
}

const char *link_why(const struct link *link)
{
    return link->watch.why;
}

static unsigned socket_events(struct link *link)
{
    int events = 0;
    size_t size = sizeof events;

    (void)zmq_getsockopt(link->socket, ZMQ_EVENTS, &events, &size);
    return (unsigned)events;
}

static void wake(struct link *link)
{
    uint64_t one = 1;

    (void)!write(link->wake_fd, &one, sizeof one);
}

int link_send(struct link *link, const Wattyard__Envelope *envelope, struct err *err)
{
    struct str bytes = {0};
    int rc = -1;

    if (link->socket == NULL || link_state(link) != LINK_READY)
        return err_set(err, ERR_UNREACHABLE, "%s",
            link->watch.why[0] != '\0' ? link->watch.why : "there is no connection yet");
    if (protocol_pack(envelope, &bytes, err) != 0)
        goto out;
    /* asking for its events makes the socket see the connection that the monitor told of */
    (void)socket_events(link);
    if (zmq_send(link->socket, bytes.text, bytes.length, ZMQ_DONTWAIT) < 0)
        (void)err_set(err, ERR_IO, "the scheduler at %s takes no more now: %s", link->address,
            zmq_strerror(errno));
    else
        rc = 0;
    /* asking took the sign that a message has come: give another */
    if ((socket_events(link) & ZMQ_POLLIN) != 0)
        wake(link);
out:
    str_fini(&bytes);
    return rc;
}

/* The next frame into *frame; false: none now. Messages of several frames are none of ours. */
static bool receive_frame(struct link *link, zmq_msg_t *frame)
{
    for (;;) {
        if (link->socket == NULL || zmq_msg_recv(frame, link->socket, ZMQ_DONTWAIT) < 0)
            return false;
        if (zmq_msg_more(frame) == 0)
            return true;
        link->dropped++;
        while (zmq_msg_more(frame) != 0)
            if (zmq_msg_recv(frame, link->socket, ZMQ_DONTWAIT) < 0)
                return false;
    }
}

static Wattyard__Envelope *receive_queued(struct link *link)
{
    Wattyard__Envelope *envelope = NULL;
    struct err err = {0};
    zmq_msg_t frame;

    (void)zmq_msg_init(&frame);
    while (envelope == NULL && receive_frame(link, &frame)) {
        envelope = protocol_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), &err);
        if (envelope != NULL)
            break;
        link->dropped++;
        if (err.kind == ERR_STATE) /* another release: people are to know */
            (void)snprintf(link->watch.why, sizeof link->watch.why, "the scheduler at %s: %.300s",
                link->address, err.text);
    }
    (void)zmq_msg_close(&frame);
    if (envelope != NULL)
        link_watch_message(&link->watch);
    return envelope;
}

Wattyard__Envelope *link_receive(struct link *link)
{
    uint64_t ignored;
    Wattyard__Envelope *envelope;

    (void)!read(link->wake_fd, &ignored, sizeof ignored);
    envelope = receive_queued(link);
    /* messages come before the end of their connection is told */
    if (envelope == NULL && read_events(link))
        envelope = receive_queued(link);
    if (envelope == NULL)
        on_timer(link);
    return envelope;
}

uint64_t link_dropped_count(const struct link *link)
{
    return link->dropped;
}
