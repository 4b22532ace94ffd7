#include "agent/protocol.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/message_random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 60, MUTANTS = 200 };

static const unsigned char CLUSTER[PROTOCOL_ID_BYTES] = {
    0x6f, 0x1c, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xff};

/* A ping: the smallest request. */
struct ping {
    Wattyard__Envelope envelope;
    Wattyard__Request request;
    Wattyard__Ping ping;
    unsigned char id[PROTOCOL_ID_BYTES];
};

static void ping_init(struct ping *p)
{
    memset(p, 0, sizeof *p);
    protocol_envelope_init(
        &p->envelope, WATTYARD__ENVELOPE__BODY_REQUEST, CLUSTER, 7, "oregon-h1-f01-r01-t01");
    wattyard__request__init(&p->request);
    wattyard__ping__init(&p->ping);
    p->request.id.data = p->id;
    p->request.id.len = sizeof p->id;
    p->request.body_case = WATTYARD__REQUEST__BODY_PING;
    p->request.ping = &p->ping;
    p->envelope.request = &p->request;
}

static struct str pack(const Wattyard__Envelope *envelope)
{
    struct str out = {0};
    struct err err = {0};

    ck_assert_msg(protocol_pack(envelope, &out, &err) == 0, "%s", err.text);
    return out;
}

static bool same(const struct str *a, const struct str *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

START_TEST(what_is_packed_is_unpacked)
{
    struct ping p;
    struct str bytes;
    struct err err = {0};
    Wattyard__Envelope *back;

    ping_init(&p);
    bytes = pack(&p.envelope);
    back = protocol_unpack(bytes.text, bytes.length, &err);
    ck_assert_msg(back != NULL, "%s", err.text);
    ck_assert_uint_eq(back->major, PROTOCOL_MAJOR);
    ck_assert_uint_eq(back->epoch, 7);
    ck_assert_str_eq(back->host, "oregon-h1-f01-r01-t01");
    ck_assert_uint_eq(back->cluster.len, PROTOCOL_ID_BYTES);
    ck_assert_mem_eq(back->cluster.data, CLUSTER, PROTOCOL_ID_BYTES);
    ck_assert_int_eq(back->body_case, WATTYARD__ENVELOPE__BODY_REQUEST);
    ck_assert_int_eq(back->request->body_case, WATTYARD__REQUEST__BODY_PING);
    protocol_free(back);
    str_fini(&bytes);
}
END_TEST

START_TEST(any_message_comes_back_as_it_was)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct arena *arena = arena_create();
    struct str bytes = pack(message_random(&rng, arena));
    struct err err = {0};
    Wattyard__Envelope *back = protocol_unpack(bytes.text, bytes.length, &err);
    struct str again;

    ck_assert_msg(back != NULL, "%s", err.text);
    again = pack(back);
    ck_assert(same(&bytes, &again));
    protocol_free(back);
    str_fini(&again);
    str_fini(&bytes);
    arena_destroy(arena);
}
END_TEST

/* Whatever arrives is refused with a reason, or is a message that can be sent on. */
static void try_bytes(const char *bytes, size_t count)
{
    struct err err = {0};
    Wattyard__Envelope *envelope = protocol_unpack(bytes, count, &err);
    struct str again;

    if (envelope == NULL) {
        ck_assert(err.kind == ERR_INPUT || err.kind == ERR_STATE);
        ck_assert(err.text[0] != '\0');
        return;
    }
    again = pack(envelope);
    protocol_free(envelope);
    str_fini(&again);
}

static void mutate(struct rng *rng, struct str *bytes)
{
    for (int64_t i = rng_between(rng, 1, 4); i > 0; i--) {
        char *at = bytes->text + rng_between(rng, 0, (int64_t)bytes->length - 1);

        if (rng_between(rng, 0, 1) == 0)
            *at = (char)(*at ^ (1 << rng_between(rng, 0, 7)));
        else
            *at = (char)rng_next(rng);
    }
}

START_TEST(changed_bytes_are_refused_or_taken_whole)
{
    struct rng rng = rng_seed((uint64_t)_i + 1000);
    struct arena *arena = arena_create();
    struct str bytes = pack(message_random(&rng, arena));

    for (int i = 0; i < MUTANTS; i++) {
        struct str mutant = {0};

        str_add_bytes(&mutant, bytes.text, bytes.length);
        mutate(&rng, &mutant);
        try_bytes(mutant.text, mutant.length);
        str_fini(&mutant);
    }
    str_fini(&bytes);
    arena_destroy(arena);
}
END_TEST

START_TEST(cut_bytes_are_refused_or_taken_whole)
{
    struct rng rng = rng_seed((uint64_t)_i + 2000);
    struct arena *arena = arena_create();
    struct str bytes = pack(message_random(&rng, arena));

    for (size_t count = 0; count < bytes.length; count += 1 + bytes.length / 500)
        try_bytes(bytes.text, count);
    str_fini(&bytes);
    arena_destroy(arena);
}
END_TEST

START_TEST(noise_is_refused)
{
    struct rng rng = rng_seed((uint64_t)_i + 3000);
    char noise[512];

    for (int i = 0; i < MUTANTS; i++) {
        size_t count = (size_t)rng_between(&rng, 0, sizeof noise);

        for (size_t k = 0; k < count; k++)
            noise[k] = (char)rng_next(&rng);
        try_bytes(noise, count);
    }
}
END_TEST

struct raw_case {
    const char *bytes;
    size_t count;
    enum err_kind kind;
    const char *says;
};
#define RAW(text) text, sizeof(text) - 1
#define ID16 "0123456789abcdef"
#define MAJOR1 "\x08\x01"

static const struct raw_case RAW_CASES[] = {
    {RAW(""), ERR_STATE, "version 0"},
    {RAW("\x08\x02\x10\x01"), ERR_STATE, "it speaks version 2"},
    /* of another major, nothing but the major is read */
    {RAW("\x08\x02\x1a\x01x\x52\x03\xff\xff\xff"), ERR_STATE, "it speaks version 2"},
    {RAW(MAJOR1), ERR_INPUT, "no body that is known"},
    {RAW(MAJOR1 "\xfa\x07\x01x"), ERR_INPUT, "no body that is known"},
    {RAW(MAJOR1 "\x08\x01"), ERR_INPUT, "Envelope.major is there twice"},
    {RAW(MAJOR1 "\x1a\x01x"), ERR_INPUT, "Envelope.cluster is not 16 bytes"},
    {RAW(MAJOR1 "\x2a\x02\xc3("), ERR_INPUT, "Envelope.host is not UTF-8"},
    {RAW(MAJOR1 "\x2a\x02\xc0\x80"), ERR_INPUT, "Envelope.host is not UTF-8"},
    {RAW(MAJOR1 "\x2a\x03"
                "a\0b"),
        ERR_INPUT, "Envelope.host has control characters"},
    {RAW(MAJOR1 "\x2a\x03"
                "a\nb"),
        ERR_INPUT, "Envelope.host has control characters"},
    {RAW(MAJOR1 "\x2a\x02\xc2\x9b"), ERR_INPUT, "Envelope.host has control characters"},
    {RAW(MAJOR1 "\x28\x01"), ERR_INPUT, "Envelope.host has another type"},
    {RAW(MAJOR1 "\x2b"), ERR_INPUT, "cut off or no message"},     /* a group */
    {RAW(MAJOR1 "\x02\x00"), ERR_INPUT, "cut off or no message"}, /* field 0 */
    {RAW(MAJOR1 "\x2a\xff\xff\xff\xff\x0f"), ERR_INPUT, "cut off or no message"},
    {RAW(MAJOR1 "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), ERR_INPUT,
        "cut off or no message"},
    {RAW("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), ERR_INPUT, "cut off or no message"},
    /* two bodies: a hello and a kept */
    {RAW(MAJOR1 "\x52\x00\xaa\x01\x00"), ERR_INPUT, "Envelope.kept is there twice"},
    {RAW(MAJOR1 "\xc2\x02\x00"), ERR_INPUT, "Request has no id"},
    {RAW(MAJOR1 "\xc2\x02\x03\x0a\x01x"), ERR_INPUT, "Request.id is not 16 bytes"},
    {RAW(MAJOR1 "\xca\x02\x00"), ERR_INPUT, "Answer has no id"},
    /* a report with a load of NaN, and one of infinity */
    {RAW(MAJOR1 "\x5a\x09\x11\0\0\0\0\0\0\xf8\x7f"), ERR_INPUT, "Report.load is not a finite"},
    {RAW(MAJOR1 "\x5a\x09\x11\0\0\0\0\0\0\xf0\xff"), ERR_INPUT, "Report.load is not a finite"},
    /* a desired task with tasks_per_host whose last number is cut off */
    {RAW(MAJOR1 "\xa2\x01\x06\x12\x04\x6a\x02\x01\x81"), ERR_INPUT,
        "TaskSpec.tasks_per_host is cut off"},
};

START_TEST(wrong_bytes_are_refused_with_the_reason)
{
    const struct raw_case *c = &RAW_CASES[_i];
    struct err err = {0};

    ck_assert_ptr_null(protocol_unpack(c->bytes, c->count, &err));
    ck_assert_int_eq((int)err.kind, (int)c->kind);
    ck_assert_msg(strstr(err.text, c->says) != NULL, "'%s' does not say '%s'", err.text, c->says);
}
END_TEST

START_TEST(a_newer_minor_with_new_fields_is_understood)
{
    struct ping p;
    struct str bytes;
    struct err err = {0};
    Wattyard__Envelope *back;

    ping_init(&p);
    p.envelope.minor = PROTOCOL_MINOR + 5;
    bytes = pack(&p.envelope);
    str_add_bytes(&bytes, "\xfa\x07\x03new", 6);
    back = protocol_unpack(bytes.text, bytes.length, &err);
    ck_assert_msg(back != NULL, "%s", err.text);
    ck_assert_int_eq(back->request->body_case, WATTYARD__REQUEST__BODY_PING);
    protocol_free(back);
    str_fini(&bytes);
}
END_TEST

START_TEST(a_jobs_own_text_is_kept_and_other_text_is_mended)
{
    struct str bytes = {0};
    Wattyard__Envelope *back;
    struct err err = {0};
    Wattyard__Envelope envelope;
    Wattyard__Desired desired = WATTYARD__DESIRED__INIT;
    Wattyard__TaskSpec task = WATTYARD__TASK_SPEC__INIT, *tasks[] = {&task};
    char *args[] = {protocol_lend("set -e\n\techo done\n")};

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_DESIRED, CLUSTER, 1, NULL);
    envelope.desired = &desired;
    desired.tasks = tasks;
    desired.n_tasks = 1;
    task.args = args;
    task.n_args = 1;
    task.path = protocol_lend("/opt/\t\xc2\x85");
    task.name = protocol_lend("a\nb\x7f\xc2\x9b\xff\xc3-\xc3\xa9");
    ck_assert_int_eq(protocol_pack(&envelope, &bytes, &err), 0);
    back = protocol_unpack(bytes.text, bytes.length, &err);
    ck_assert_msg(back != NULL, "%s", err.text);
    ck_assert_str_eq(back->desired->tasks[0]->args[0], args[0]);
    ck_assert_str_eq(back->desired->tasks[0]->path, task.path);
    ck_assert_str_eq(back->desired->tasks[0]->name, "a b   ?\x3f-\xc3\xa9");
    protocol_free(back);
    str_fini(&bytes);
}
END_TEST

START_TEST(numbers_that_are_not_finite_are_not_sent)
{
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    struct str bytes = {0};
    struct err err = {0};
    Wattyard__Envelope envelope;
    Wattyard__Report report = WATTYARD__REPORT__INIT;

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REPORT, CLUSTER, 1, "a");
    envelope.report = &report;
    report.power_w = bad[_i];
    ck_assert_int_eq(protocol_pack(&envelope, &bytes, &err), -1);
    ck_assert_str_eq(err.text, "Report.power_w is not a finite number");
    str_fini(&bytes);
}
END_TEST

/* A submit whose manifest has so many bytes. */
static int pack_submit(size_t manifest_bytes, struct str *out, struct err *err)
{
    struct ping p;
    Wattyard__Submit submit = WATTYARD__SUBMIT__INIT;
    int rc;

    ping_init(&p);
    submit.manifest.data = mem_zero(1, manifest_bytes);
    submit.manifest.len = manifest_bytes;
    p.request.body_case = WATTYARD__REQUEST__BODY_SUBMIT;
    p.request.submit = &submit;
    rc = protocol_pack(&p.envelope, out, err);
    mem_free(submit.manifest.data);
    return rc;
}

START_TEST(manifests_and_frames_have_a_limit)
{
    struct str out = {0};
    struct err err = {0};
    char *big = mem_zero(1, PROTOCOL_FRAME_BYTES + 1);

    ck_assert_int_eq(pack_submit(256 * 1024, &out, &err), 0);
    str_clear(&out);
    ck_assert_int_eq(pack_submit(256 * 1024 + 1, &out, &err), -1);
    ck_assert_str_eq(err.text, "Submit.manifest is over 256 KiB long");
    ck_assert_int_eq(pack_submit(PROTOCOL_FRAME_BYTES, &out, &err), -1);
    ck_assert_int_eq((int)err.kind, ERR_LIMIT);
    ck_assert_uint_eq(out.length, 0);
    ck_assert_ptr_null(protocol_unpack(big, PROTOCOL_FRAME_BYTES + 1, &err));
    ck_assert_int_eq((int)err.kind, ERR_INPUT);
    mem_free(big);
    str_fini(&out);
}
END_TEST

/* Two bytes a task on the wire are some hundred in memory. */
START_TEST(a_frame_that_would_fill_memory_is_refused)
{
    struct str inner = {0}, frame = {0};
    struct err err = {0};

    for (size_t i = 0; i < 500000; i++)
        str_add_bytes(&inner, "\x12\x00", 2);
    str_add_bytes(&frame, MAJOR1 "\xa2\x01", 4);
    for (size_t rest = inner.length; rest > 0; rest >>= 7)
        str_add_bytes(&frame, &(char){(char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))}, 1);
    str_add_bytes(&frame, inner.text, inner.length);
    ck_assert_uint_lt(frame.length, PROTOCOL_FRAME_BYTES);
    ck_assert_ptr_null(protocol_unpack(frame.text, frame.length, &err));
    ck_assert_msg(strstr(err.text, "within 32 MiB") != NULL, "%s", err.text);
    str_fini(&inner);
    str_fini(&frame);
}
END_TEST

START_TEST(ids_are_new_each_time_and_are_written_as_uuids_are)
{
    unsigned char a[PROTOCOL_ID_BYTES] = {0}, b[PROTOCOL_ID_BYTES] = {0};
    char text[37];

    protocol_make_id(a);
    protocol_make_id(b);
    ck_assert_mem_ne(a, b, PROTOCOL_ID_BYTES);
    ck_assert_str_eq(protocol_id_text(CLUSTER, text), "6f1c0001-0203-0405-0607-08090a0b0cff");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("protocol");
    TCase *c = tcase_create("protocol");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, what_is_packed_is_unpacked);
    tcase_add_loop_test(c, any_message_comes_back_as_it_was, 0, SEEDS * 5);
    tcase_add_loop_test(c, changed_bytes_are_refused_or_taken_whole, 0, SEEDS);
    tcase_add_loop_test(c, cut_bytes_are_refused_or_taken_whole, 0, SEEDS);
    tcase_add_loop_test(c, noise_is_refused, 0, 10);
    tcase_add_loop_test(
        c, wrong_bytes_are_refused_with_the_reason, 0, (int)(sizeof RAW_CASES / sizeof *RAW_CASES));
    tcase_add_test(c, a_newer_minor_with_new_fields_is_understood);
    tcase_add_test(c, a_jobs_own_text_is_kept_and_other_text_is_mended);
    tcase_add_loop_test(c, numbers_that_are_not_finite_are_not_sent, 0, 3);
    tcase_add_test(c, manifests_and_frames_have_a_limit);
    tcase_add_test(c, a_frame_that_would_fill_memory_is_refused);
    tcase_add_test(c, ids_are_new_each_time_and_are_written_as_uuids_are);
    suite_add_tcase(s, c);
    return s;
}
