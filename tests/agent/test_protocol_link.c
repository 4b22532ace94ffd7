#include "agent/protocol_keys.h"
#include "agent/protocol_link.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

struct keys {
    struct key scheduler, host, other;
};

static struct keys make_keys(void)
{
    struct keys keys = {0};
    struct err err = {0};

    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &keys.scheduler, &err), 0);
    ck_assert_int_eq(key_make(KEY_HOST, "h1", 0, &keys.host, &err), 0);
    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &keys.other, &err), 0);
    return keys;
}

static struct link *open_link(
    const char *address, const struct key *own, const struct key *scheduler)
{
    struct link_options options = {.address = address,
        .own = own,
        .scheduler = scheduler,
        .reconnect_ms = 20,
        .reconnect_most_ms = 200};
    struct err err = {0};
    struct link *link = link_open(&options, &err);

    ck_assert_msg(link != NULL, "%s", err.text);
    return link;
}

static void wait_readable(struct link *link, double until_s)
{
    double left_s = until_s - clock_monotonic_s();
    struct pollfd item = {.fd = link_fd(link), .events = POLLIN};

    ck_assert_msg(left_s > 0, "waited too long: %s", link_why(link));
    (void)poll(&item, 1, (int)(left_s * 1000) + 1);
}

/* Until the link is so; only what poll says is waited for. */
static void wait_state(struct link *link, enum link_state state)
{
    double until_s = clock_monotonic_s() + WAIT_MS / 1000.0;

    while (link_state(link) != state) {
        Wattyard__Envelope *message;

        wait_readable(link, until_s);
        message = link_receive(link);
        ck_assert_ptr_null(message);
    }
}

static Wattyard__Envelope *wait_message(struct link *link)
{
    double until_s = clock_monotonic_s() + WAIT_MS / 1000.0;
    Wattyard__Envelope *message = link_receive(link);

    while (message == NULL) {
        wait_readable(link, until_s);
        message = link_receive(link);
    }
    return message;
}

static void send_report(struct link *link, uint64_t generation)
{
    Wattyard__Envelope envelope;
    Wattyard__Report report = WATTYARD__REPORT__INIT;
    struct err err = {0};

    report.generation = generation;
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REPORT, NULL, 3, "h1");
    envelope.report = &report;
    ck_assert_msg(link_send(link, &envelope, &err) == 0, "%s", err.text);
}

static void play_kept(struct fake_scheduler *fake, uint64_t generation)
{
    Wattyard__Envelope envelope;
    Wattyard__Kept kept = WATTYARD__KEPT__INIT;

    kept.generation = generation;
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_KEPT, NULL, 3, NULL);
    envelope.kept = &kept;
    fake_scheduler_play_envelope(fake, &envelope);
}

static void expect_kept(struct link *link, uint64_t generation)
{
    Wattyard__Envelope *message = wait_message(link);

    ck_assert_int_eq(message->body_case, WATTYARD__ENVELOPE__BODY_KEPT);
    ck_assert_uint_eq(message->kept->generation, generation);
    protocol_free(message);
}

START_TEST(messages_go_both_ways_under_curve)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(
        &(struct fake_options){.own = &keys.scheduler, .known = &keys.host, .known_count = 1});
    struct link *link = open_link(fake_scheduler_address(fake), &keys.host, &keys.scheduler);

    play_kept(fake, 5);
    wait_state(link, LINK_READY);
    ck_assert_str_eq(link_why(link), "");
    ck_assert(link_is_new(link));
    ck_assert(!link_is_new(link));
    send_report(link, 5);
    ck_assert_uint_eq(fake_scheduler_message(fake, 0)->report->generation, 5);
    ck_assert_str_eq(fake_scheduler_message(fake, 0)->host, "h1");
    expect_kept(link, 5);
    ck_assert_uint_eq(link_dropped_count(link), 0);
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(messages_go_both_ways_in_the_clear_on_loopback)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    struct link *link = open_link(fake_scheduler_address(fake), NULL, NULL);

    play_kept(fake, 1);
    wait_state(link, LINK_READY);
    send_report(link, 1);
    expect_kept(link, 1);
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(what_does_not_parse_is_dropped_and_counted)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    struct link *link = open_link(fake_scheduler_address(fake), NULL, NULL);

    fake_scheduler_play_bytes(fake, "\xff\xff\xff", 3);
    play_kept(fake, 2);
    wait_state(link, LINK_READY);
    send_report(link, 1);
    send_report(link, 2);
    expect_kept(link, 2);
    ck_assert_uint_eq(link_dropped_count(link), 1);
    ck_assert_str_eq(link_why(link), "");
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_scheduler_of_another_major_is_told_of)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    struct link *link = open_link(fake_scheduler_address(fake), NULL, NULL);

    fake_scheduler_play_bytes(fake, "\x08\x02", 2);
    play_kept(fake, 2);
    wait_state(link, LINK_READY);
    send_report(link, 1);
    send_report(link, 2);
    expect_kept(link, 2);
    ck_assert_msg(
        strstr(link_why(link), "speaks version 2 of the protocol") != NULL, "%s", link_why(link));
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_key_that_the_scheduler_does_not_know_is_named_within_5_s)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(
        &(struct fake_options){.own = &keys.scheduler, .known = &keys.other, .known_count = 1});
    struct link *link = open_link(fake_scheduler_address(fake), &keys.host, &keys.scheduler);
    double start_s = clock_monotonic_s();

    wait_state(link, LINK_REFUSED_OWN);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 5);
    ck_assert_msg(
        strstr(link_why(link), "does not take the key of host h1") != NULL, "%s", link_why(link));
    ck_assert_msg(strstr(link_why(link), keys.host.public_text) != NULL, "%s", link_why(link));
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_scheduler_with_another_key_is_named_within_5_s)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){.own = &keys.other});
    struct link *link = open_link(fake_scheduler_address(fake), &keys.host, &keys.scheduler);
    double start_s = clock_monotonic_s();

    wait_state(link, LINK_REFUSED_OWN);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 5);
    ck_assert_msg(strstr(link_why(link), "is not its own") != NULL, "%s", link_why(link));
    ck_assert_msg(strstr(link_why(link), keys.scheduler.public_text) != NULL, "%s", link_why(link));
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_client_without_a_key_is_refused_by_a_scheduler_with_one)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(
        &(struct fake_options){.own = &keys.scheduler});
    struct link *link = open_link(fake_scheduler_address(fake), NULL, NULL);

    wait_state(link, LINK_REFUSED_OWN);
    ck_assert_msg(strstr(link_why(link), "asks for keys") != NULL, "%s", link_why(link));
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_refused_key_is_tried_again_and_taken_when_it_is_known)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){.own = &keys.other});
    struct link *link = open_link(fake_scheduler_address(fake), &keys.host, &keys.scheduler);

    wait_state(link, LINK_REFUSED_OWN);
    fake_scheduler_restart(fake, &keys.scheduler);
    wait_state(link, LINK_READY);
    ck_assert(link_is_new(link));
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_restarted_scheduler_is_found_again)
{
    struct keys keys = make_keys();
    struct fake_scheduler *fake = fake_scheduler_start(
        &(struct fake_options){.own = &keys.scheduler});
    struct link *link = open_link(fake_scheduler_address(fake), &keys.host, &keys.scheduler);

    wait_state(link, LINK_READY);
    for (uint64_t i = 1; i <= 5; i++) {
        double until_s = clock_monotonic_s() + WAIT_MS / 1000.0;

        ck_assert(link_is_new(link));
        fake_scheduler_restart(fake, NULL);
        while (!link_is_new(link)) {
            wait_readable(link, until_s);
            ck_assert_ptr_null(link_receive(link));
        }
        play_kept(fake, i);
        send_report(link, i);
        expect_kept(link, i);
        fake_scheduler_restart(fake, NULL);
        wait_state(link, LINK_CONNECTING);
        wait_state(link, LINK_READY);
    }
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

/* A port that nobody listens at: bound, and closed again. */
static int free_port(bool listens, int *out_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    if (listens)
        ck_assert_int_eq(listen(fd, 5), 0);
    *out_fd = fd;
    return ntohs(address.sin_port);
}

START_TEST(nobody_there_is_told_at_once)
{
    struct str address = {0};
    int fd, port = free_port(false, &fd);
    struct link *link;
    Wattyard__Envelope envelope;
    Wattyard__Report report = WATTYARD__REPORT__INIT;
    struct err err = {0};
    double start_s = clock_monotonic_s();

    str_format(&address, "tcp://127.0.0.1:%d", port);
    link = open_link(str_text(&address), NULL, NULL);
    wait_state(link, LINK_UNREACHABLE);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 2);
    ck_assert_msg(strstr(link_why(link), "nobody listens at") != NULL, "%s", link_why(link));
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REPORT, NULL, 3, "h1");
    envelope.report = &report;
    ck_assert_int_eq(link_send(link, &envelope, &err), -1);
    ck_assert_int_eq((int)err.kind, ERR_UNREACHABLE);
    link_close(link);
    (void)close(fd);
    str_fini(&address);
}
END_TEST

START_TEST(one_that_takes_connections_and_says_nothing_is_told_of)
{
    struct str address = {0};
    int fd, port = free_port(true, &fd);
    double until_s = clock_monotonic_s() + WAIT_MS / 1000.0;
    struct link *link;

    str_format(&address, "tcp://127.0.0.1:%d", port);
    link = open_link(str_text(&address), NULL, NULL);
    while (link_why(link)[0] == '\0') {
        wait_readable(link, until_s);
        ck_assert_ptr_null(link_receive(link));
    }
    ck_assert_msg(strstr(link_why(link), "says nothing") != NULL, "%s", link_why(link));
    ck_assert_int_eq((int)link_state(link), LINK_CONNECTING);
    link_close(link);
    (void)close(fd);
    str_fini(&address);
}
END_TEST

START_TEST(a_full_queue_is_told_and_does_not_block)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){.is_deaf = true});
    struct link *link = open_link(fake_scheduler_address(fake), NULL, NULL);
    Wattyard__Envelope envelope;
    Wattyard__OutputPage page = WATTYARD__OUTPUT_PAGE__INIT;
    struct err err = {0};
    int sent = 0;

    page.bytes.len = 500000;
    page.bytes.data = mem_zero(1, page.bytes.len);
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_OUTPUT, NULL, 3, "h1");
    envelope.output = &page;
    wait_state(link, LINK_READY);
    while (sent < 100000 && link_send(link, &envelope, &err) == 0)
        sent++;
    ck_assert_int_lt(sent, 100000);
    ck_assert_int_eq((int)err.kind, ERR_IO);
    mem_free(page.bytes.data);
    link_close(link);
    fake_scheduler_stop(fake);
}
END_TEST

struct address_case {
    const char *address;
    bool has_key;
    enum err_kind kind;
};
static const struct address_case ADDRESS_CASES[] = {
    {"", true, ERR_INPUT},
    {"127.0.0.1:7471", true, ERR_INPUT},
    {"ipc:///x", true, ERR_INPUT},
    {"tcp://127.0.0.1", true, ERR_INPUT},
    {"tcp://:7471", true, ERR_INPUT},
    {"tcp://host:0", true, ERR_INPUT},
    {"tcp://host:65536", true, ERR_INPUT},
    {"tcp://host:*", true, ERR_INPUT},
    {"tcp://10.0.0.1:7471", false, ERR_DENIED},
    {"tcp://127.example.com:7471", false, ERR_DENIED},
    {"tcp://localhost.example.com:7471", false, ERR_DENIED},
    {"tcp://scheduler:7471", false, ERR_DENIED},
};

START_TEST(wrong_addresses_are_refused)
{
    const struct address_case *c = &ADDRESS_CASES[_i];
    struct keys keys = make_keys();
    struct link_options options = {.address = c->address};
    struct err err = {0};

    if (c->has_key) {
        options.own = &keys.host;
        options.scheduler = &keys.scheduler;
    }
    ck_assert_ptr_null(link_open(&options, &err));
    ck_assert_int_eq((int)err.kind, (int)c->kind);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("protocol_link");
    TCase *c = tcase_create("protocol_link");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, messages_go_both_ways_under_curve);
    tcase_add_test(c, messages_go_both_ways_in_the_clear_on_loopback);
    tcase_add_test(c, what_does_not_parse_is_dropped_and_counted);
    tcase_add_test(c, a_scheduler_of_another_major_is_told_of);
    tcase_add_test(c, a_key_that_the_scheduler_does_not_know_is_named_within_5_s);
    tcase_add_test(c, a_scheduler_with_another_key_is_named_within_5_s);
    tcase_add_test(c, a_client_without_a_key_is_refused_by_a_scheduler_with_one);
    tcase_add_test(c, a_refused_key_is_tried_again_and_taken_when_it_is_known);
    tcase_add_test(c, a_restarted_scheduler_is_found_again);
    tcase_add_test(c, nobody_there_is_told_at_once);
    tcase_add_test(c, one_that_takes_connections_and_says_nothing_is_told_of);
    tcase_add_test(c, a_full_queue_is_told_and_does_not_block);
    tcase_add_loop_test(
        c, wrong_addresses_are_refused, 0, (int)(sizeof ADDRESS_CASES / sizeof *ADDRESS_CASES));
    suite_add_tcase(s, c);
    return s;
}
