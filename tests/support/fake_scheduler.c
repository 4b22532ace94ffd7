#include "tests/support/fake_scheduler.h"

#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <check.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { PLAYS_MAX = 1024, MESSAGES_MAX = 1024, ADDRESS_BYTES = 64, ZAP_FRAMES = 7, WAIT_S = 10 };

struct play {
    struct str bytes;
    bool is_answer; /* bytes are an Answer, to be given the request's id; else the frame itself */
};

struct fake_scheduler {
    void *context, *router, *zap;
    struct fake_options options;
    struct key own;
    char address[ADDRESS_BYTES];
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came; /* a message, or the end of a restart */
    bool is_stopping, is_restarting;
    struct play plays[PLAYS_MAX];
    size_t play_count, played;
    Wattyard__Envelope *messages[MESSAGES_MAX];
    size_t message_count;
};

static void open_router(struct fake_scheduler *fake, const char *address)
{
    int zero = 0, one = 1, queue = 10;
    size_t size = sizeof fake->address;

    fake->router = zmq_socket(fake->context, ZMQ_ROUTER);
    ck_assert_ptr_nonnull(fake->router);
    (void)zmq_setsockopt(fake->router, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(fake->router, ZMQ_RCVHWM, &queue, sizeof queue);
    if (fake->own.secret_text[0] != '\0') {
        ck_assert_int_eq(zmq_setsockopt(fake->router, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
        ck_assert_int_eq(
            zmq_setsockopt(fake->router, ZMQ_CURVE_SECRETKEY, fake->own.secret_text, KEY_TEXT), 0);
        ck_assert_int_eq(zmq_setsockopt(fake->router, ZMQ_ZAP_DOMAIN, "test", 4), 0);
    }
    /* the port of a socket just closed takes a moment to be free */
    for (int tries = 0; zmq_bind(fake->router, address) != 0; tries++) {
        ck_assert_msg(tries < 1000, "%s: %s", address, zmq_strerror(zmq_errno()));
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ck_assert_int_eq(zmq_getsockopt(fake->router, ZMQ_LAST_ENDPOINT, fake->address, &size), 0);
}

static bool is_known(const struct fake_scheduler *fake, const unsigned char *public_bytes)
{
    char text[KEY_TEXT];

    if (fake->options.known == NULL)
        return true;
    (void)zmq_z85_encode(text, public_bytes, 32);
    for (size_t i = 0; i < fake->options.known_count; i++)
        if (strcmp(text, fake->options.known[i].public_text) == 0)
            return true;
    return false;
}

/* RFC 27: one request of seven frames, one reply of six. */
static void answer_zap(struct fake_scheduler *fake)
{
    unsigned char frames[ZAP_FRAMES][256];
    int sizes[ZAP_FRAMES];
    bool ok;

    for (int i = 0; i < ZAP_FRAMES; i++)
        sizes[i] = zmq_recv(fake->zap, frames[i], sizeof frames[i], 0);
    ok = sizes[6] == 32 && is_known(fake, frames[6]);
    (void)zmq_send(fake->zap, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, frames[1], (size_t)sizes[1], ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, ok ? "200" : "400", 3, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, "somebody", 8, ZMQ_SNDMORE);
    (void)zmq_send(fake->zap, "", 0, 0);
}

static void pack_answer(const struct str *answer, const ProtobufCBinaryData *id, struct str *out)
{
    Wattyard__Envelope envelope;
    Wattyard__Answer *unpacked = wattyard__answer__unpack(
        NULL, answer->length, (const uint8_t *)answer->text);
    ProtobufCBinaryData none = {0};

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_ANSWER, NULL, 1, NULL);
    envelope.answer = unpacked;
    unpacked->id = *id;
    (void)protocol_pack(&envelope, out, NULL);
    unpacked->id = none;
    wattyard__answer__free_unpacked(unpacked, NULL);
}

static void say(struct fake_scheduler *fake, const void *peer, size_t peer_size,
    const Wattyard__Envelope *message)
{
    const struct play *play;
    struct str out = {0};

    if (fake->played == fake->play_count)
        return;
    play = &fake->plays[fake->played++];
    if (play->is_answer)
        pack_answer(&play->bytes, &message->request->id, &out);
    else
        str_add_bytes(&out, str_text(&play->bytes), play->bytes.length);
    if (out.length > 0) {
        (void)zmq_send(fake->router, peer, peer_size, ZMQ_SNDMORE);
        (void)zmq_send(fake->router, out.text, out.length, 0);
    }
    str_fini(&out);
}

static void take_message(struct fake_scheduler *fake)
{
    char peer[256];
    int peer_size = zmq_recv(fake->router, peer, sizeof peer, 0);
    zmq_msg_t frame;
    Wattyard__Envelope *message;

    (void)zmq_msg_init(&frame);
    (void)zmq_msg_recv(&frame, fake->router, 0);
    message = protocol_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), NULL);
    (void)zmq_msg_close(&frame);
    (void)pthread_mutex_lock(&fake->lock);
    if (message != NULL && fake->message_count < MESSAGES_MAX) {
        fake->messages[fake->message_count++] = message;
        say(fake, peer, (size_t)peer_size, message);
        (void)pthread_cond_broadcast(&fake->came);
    } else {
        protocol_free(message);
    }
    (void)pthread_mutex_unlock(&fake->lock);
}

/* Take what the test wants of the thread; true: the end. */
static bool take_wish(struct fake_scheduler *fake)
{
    char address[ADDRESS_BYTES];
    uint64_t count;
    bool is_stopping;

    (void)!read(fake->wake_fd, &count, sizeof count);
    (void)pthread_mutex_lock(&fake->lock);
    is_stopping = fake->is_stopping;
    if (fake->is_restarting) {
        memcpy(address, fake->address, sizeof address);
        (void)zmq_close(fake->router);
        open_router(fake, address);
        fake->is_restarting = false;
        (void)pthread_cond_broadcast(&fake->came);
    }
    (void)pthread_mutex_unlock(&fake->lock);
    return is_stopping;
}

static void *run(void *data)
{
    struct fake_scheduler *fake = data;

    for (;;) {
        zmq_pollitem_t items[] = {
            {fake->router, 0, fake->options.is_deaf ? 0 : ZMQ_POLLIN, 0},
            {fake->zap, 0, ZMQ_POLLIN, 0},
            {NULL, fake->wake_fd, ZMQ_POLLIN, 0},
        };

        (void)zmq_poll(items, 3, -1);
        if (items[2].revents != 0 && take_wish(fake))
            return NULL;
        if (items[1].revents != 0)
            answer_zap(fake);
        if (items[0].revents != 0 && items[2].revents == 0)
            take_message(fake);
    }
}

struct fake_scheduler *fake_scheduler_start(const struct fake_options *options)
{
    struct fake_scheduler *fake = mem_zero(1, sizeof *fake);

    fake->options = *options;
    if (options->own != NULL)
        fake->own = *options->own;
    fake->context = zmq_ctx_new();
    fake->zap = zmq_socket(fake->context, ZMQ_REP);
    ck_assert_int_eq(zmq_bind(fake->zap, "inproc://zeromq.zap.01"), 0);
    open_router(fake, "tcp://127.0.0.1:*");
    fake->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    (void)pthread_mutex_init(&fake->lock, NULL);
    (void)pthread_cond_init(&fake->came, NULL);
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, run, fake), 0);
    return fake;
}

static void wake(struct fake_scheduler *fake)
{
    uint64_t one = 1;

    (void)!write(fake->wake_fd, &one, sizeof one);
}

void fake_scheduler_stop(struct fake_scheduler *fake)
{
    (void)pthread_mutex_lock(&fake->lock);
    fake->is_stopping = true;
    (void)pthread_mutex_unlock(&fake->lock);
    wake(fake);
    (void)pthread_join(fake->thread, NULL);
    (void)zmq_close(fake->router);
    (void)zmq_close(fake->zap);
    (void)zmq_ctx_term(fake->context);
    (void)close(fake->wake_fd);
    for (size_t i = 0; i < fake->play_count; i++)
        str_fini(&fake->plays[i].bytes);
    for (size_t i = 0; i < fake->message_count; i++)
        protocol_free(fake->messages[i]);
    (void)pthread_mutex_destroy(&fake->lock);
    (void)pthread_cond_destroy(&fake->came);
    mem_free(fake);
}

const char *fake_scheduler_address(const struct fake_scheduler *fake)
{
    return fake->address;
}

void fake_scheduler_restart(struct fake_scheduler *fake, const struct key *own)
{
    (void)pthread_mutex_lock(&fake->lock);
    if (own != NULL)
        fake->own = *own;
    fake->is_restarting = true;
    wake(fake);
    while (fake->is_restarting)
        (void)pthread_cond_wait(&fake->came, &fake->lock);
    (void)pthread_mutex_unlock(&fake->lock);
}

static void add_play(struct fake_scheduler *fake, struct str bytes, bool is_answer)
{
    (void)pthread_mutex_lock(&fake->lock);
    ck_assert_uint_lt(fake->play_count, PLAYS_MAX);
    fake->plays[fake->play_count++] = (struct play){bytes, is_answer};
    (void)pthread_mutex_unlock(&fake->lock);
}

void fake_scheduler_play(struct fake_scheduler *fake, const Wattyard__Answer *answer)
{
    struct str bytes = {0};
    size_t count = wattyard__answer__get_packed_size(answer);
    uint8_t *packed = mem_zero(1, count);

    (void)wattyard__answer__pack(answer, packed);
    str_add_bytes(&bytes, (const char *)packed, count);
    mem_free(packed);
    add_play(fake, bytes, true);
}

void fake_scheduler_play_envelope(struct fake_scheduler *fake, const Wattyard__Envelope *envelope)
{
    struct str bytes = {0};
    struct err err = {0};

    ck_assert_msg(protocol_pack(envelope, &bytes, &err) == 0, "%s", err.text);
    add_play(fake, bytes, false);
}

void fake_scheduler_play_bytes(struct fake_scheduler *fake, const void *bytes, size_t count)
{
    struct str copy = {0};

    str_add_bytes(&copy, bytes, count);
    add_play(fake, copy, false);
}

void fake_scheduler_play_nothing(struct fake_scheduler *fake)
{
    add_play(fake, (struct str){0}, false);
}

size_t fake_scheduler_count(struct fake_scheduler *fake)
{
    size_t count;

    (void)pthread_mutex_lock(&fake->lock);
    count = fake->message_count;
    (void)pthread_mutex_unlock(&fake->lock);
    return count;
}

const Wattyard__Envelope *fake_scheduler_message(struct fake_scheduler *fake, size_t i)
{
    const Wattyard__Envelope *message = NULL;
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    (void)pthread_mutex_lock(&fake->lock);
    while (
        fake->message_count <= i && pthread_cond_timedwait(&fake->came, &fake->lock, &until) == 0)
        continue;
    if (fake->message_count > i)
        message = fake->messages[i];
    (void)pthread_mutex_unlock(&fake->lock);
    ck_assert_msg(message != NULL, "message %zu never came", i);
    return message;
}
