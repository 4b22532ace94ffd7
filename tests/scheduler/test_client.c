/* Finding the scheduler and the keys, and asking through losses. */
#include "agent/protocol_keys.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "tests/support/ask.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Settings */

static struct client_settings find(const struct client_flags *flags)
{
    struct client_settings settings = {0};
    struct err err = {0};

    ck_assert_msg(client_settings_find(flags, &settings, &err) == 0, "%s", err.text);
    return settings;
}

START_TEST(flags_go_before_the_environment_and_that_before_the_file)
{
    char *folder = tempdir_create();
    char *home = realpath(folder, NULL);
    struct client_settings settings;
    char *keys = tempdir_path(home, "mine");

    ask_clean_environment();
    (void)setenv("HOME", home, 1);
    settings = find(&(struct client_flags){0});
    ck_assert_str_eq(settings.address, CLIENT_ADDRESS_DEFAULT);
    ck_assert(str_ends_with(settings.key, "/.config/wattyard/keys"));
    client_settings_fini(&settings);

    mem_free(tempdir_write_text(home, ".config/wattyard/config.xml",
        "<client xmlns='urn:wattyard:1' scheduler='tcp://file:1' keys='~/mine'/>"));
    settings = find(&(struct client_flags){0});
    ck_assert_str_eq(settings.address, "tcp://file:1");
    ck_assert_str_eq(settings.key, keys);
    client_settings_fini(&settings);

    (void)setenv("WATTYARD_SCHEDULER", "tcp://environment:1", 1);
    settings = find(&(struct client_flags){.key = "flag.key"});
    ck_assert_str_eq(settings.address, "tcp://environment:1");
    ck_assert_str_eq(settings.key, "flag.key");
    client_settings_fini(&settings);

    settings = find(&(struct client_flags){.scheduler = "tcp://flag:1"});
    ck_assert_str_eq(settings.address, "tcp://flag:1");
    client_settings_fini(&settings);
    mem_free(keys);
    free(home);
    tempdir_remove(folder);
}
END_TEST

struct file_case {
    const char *text, *says;
};
static const struct file_case FILE_CASES[] = {
    {"<client xmlns='urn:wattyard:1' sheduler='x'/>", "sheduler"},
    {"<fleet xmlns='urn:wattyard:1'/>", "are a <client>"},
    {"<client xmlns='urn:wattyard:1'><x/></client>", "<x>"},
    {"<client", "c.xml:1"},
};

START_TEST(a_wrong_file_is_told_with_its_place)
{
    const struct file_case *c = &FILE_CASES[_i];
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "c.xml", c->text);
    struct client_settings settings = {0};
    struct err err = {0};

    ask_clean_environment();
    ck_assert_int_eq(
        client_settings_find(&(struct client_flags){.config = path}, &settings, &err), -1);
    ck_assert_msg(strstr(err.text, c->says) != NULL, "%s", err.text);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(the_key_is_the_users_own_or_the_only_one)
{
    char *folder = tempdir_create();
    char *ada = tempdir_write_text(folder, "ada.key", "x");
    char *found;
    struct err err = {0};

    found = client_settings_key_file(folder, "bob", &err);
    ck_assert_str_eq(found, ada);
    mem_free(found);
    mem_free(tempdir_write_text(folder, "cyd.key", "x"));
    ck_assert_ptr_null(client_settings_key_file(folder, "bob", &err));
    ck_assert_msg(strstr(err.text, "2 keys are in it") != NULL, "%s", err.text);
    found = client_settings_key_file(folder, "ada", &err);
    ck_assert_str_eq(found, ada);
    mem_free(found);
    ck_assert_ptr_null(client_settings_key_file("/nowhere", "ada", &err));
    ck_assert_msg(strstr(err.text, "there is no key at /nowhere") != NULL, "%s", err.text);
    mem_free(ada);
    tempdir_remove(folder);
}
END_TEST

/* --- Asking */

static Wattyard__Answer plain_answer(void)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.now_ms = 1767225600000; /* 2026-01-01T00:00:00Z */
    return answer;
}

static bool same_id(const Wattyard__Envelope *a, const Wattyard__Envelope *b)
{
    return memcmp(a->request->id.data, b->request->id.data, PROTOCOL_ID_BYTES) == 0;
}

static void *restart(void *data)
{
    (void)fake_scheduler_message(data, 0);
    fake_scheduler_restart(data, NULL);
    return NULL;
}

START_TEST(a_request_that_was_lost_is_sent_again_with_its_id)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    Wattyard__Answer answer = plain_answer();
    pthread_t thread;

    ask_clean_environment();
    fake_scheduler_play_nothing(fake);
    fake_scheduler_play(fake, &answer);
    ck_assert_int_eq(pthread_create(&thread, NULL, restart, fake), 0);
    ask_expect(&CANCEL_COMMAND, fake, "7", 0, "", "");
    (void)pthread_join(thread, NULL);
    ck_assert_uint_eq(fake_scheduler_count(fake), 2);
    ck_assert(same_id(fake_scheduler_message(fake, 0), fake_scheduler_message(fake, 1)));
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_asked_for_again)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    Wattyard__Answer answer = plain_answer();

    ask_clean_environment();
    fake_scheduler_play_nothing(fake);
    fake_scheduler_play(fake, &answer);
    ask_expect(&CANCEL_COMMAND, fake, "7", 0, "", "");
    ck_assert(same_id(fake_scheduler_message(fake, 0), fake_scheduler_message(fake, 1)));
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(two_requests_have_two_ids)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    Wattyard__Answer answer = plain_answer();

    ask_clean_environment();
    fake_scheduler_play(fake, &answer);
    fake_scheduler_play(fake, &answer);
    ask_expect(&CANCEL_COMMAND, fake, "7.1 7.2", 0, "", "");
    ck_assert(!same_id(fake_scheduler_message(fake, 0), fake_scheduler_message(fake, 1)));
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_silent_scheduler_is_given_up_in_time)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    double start_s = clock_monotonic_s();

    ask_clean_environment();
    ask_expect(&CANCEL_COMMAND, fake, "7 --timeout 0.5", 4, "",
        "wattyard cancel: no answer in 0.5 s: the scheduler is connected and says nothing; it was "
        "sent, and may have been done\n");
    ck_assert_double_lt(clock_monotonic_s() - start_s, 3);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(nobody_there_is_exit_status_4)
{
    ask_clean_environment();
    ask_expect(&QUEUE_COMMAND, NULL,
        "--insecure-loopback --scheduler tcp://127.0.0.1:1 --timeout 0.3", 4, "",
        "wattyard queue: no answer in 0.3 s: nobody listens at tcp://127.0.0.1:1\n");
}
END_TEST

START_TEST(a_refusal_of_the_connection_is_exit_status_4)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    Wattyard__Envelope envelope;
    Wattyard__Refused refused = WATTYARD__REFUSED__INIT;

    ask_clean_environment();
    refused.code = WATTYARD__REFUSED__CODE__FULL;
    refused.why = protocol_lend("no more peers are taken");
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REFUSED, NULL, 1, NULL);
    envelope.refused = &refused;
    fake_scheduler_play_envelope(fake, &envelope);
    ask_expect(&QUEUE_COMMAND, fake, "", 4, "",
        "wattyard queue: the scheduler does not take this: no more peers are taken\n");
    fake_scheduler_stop(fake);
}
END_TEST

/* --- With keys, as files */

struct curve {
    char *folder, *line;
    struct key scheduler, user, other;
    struct fake_scheduler *fake;
};

static struct curve *curve_start(bool is_known, bool is_right_scheduler)
{
    struct curve *c = mem_zero(1, sizeof *c);
    struct err err = {0};
    struct str line = {0};

    c->folder = tempdir_create();
    ask_clean_environment();
    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &c->scheduler, &err), 0);
    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &c->other, &err), 0);
    ck_assert_int_eq(key_make(KEY_USER, "ada", KEY_VIEW, &c->user, &err), 0);
    ck_assert_int_eq(key_write(&c->user, c->folder, &err), 0);
    ck_assert_int_eq(
        key_write_public(is_right_scheduler ? &c->scheduler : &c->other, c->folder, &err), 0);
    c->fake = fake_scheduler_start(&(struct fake_options){
        .own = &c->scheduler, .known = is_known ? &c->user : &c->other, .known_count = 1});
    str_format(&line, "--key %s --scheduler %s", c->folder, fake_scheduler_address(c->fake));
    c->line = line.text;
    return c;
}

static void curve_stop(struct curve *c)
{
    fake_scheduler_stop(c->fake);
    mem_free(c->line);
    tempdir_remove(c->folder);
    mem_free(c);
}

START_TEST(a_known_key_is_answered)
{
    struct curve *c = curve_start(true, true);
    Wattyard__Answer answer = plain_answer();

    fake_scheduler_play(c->fake, &answer);
    ask_expect(&QUEUE_COMMAND, NULL, c->line, 0, NULL, "");
    curve_stop(c);
}
END_TEST

START_TEST(a_refused_key_is_named_within_5_s_with_exit_status_4)
{
    struct curve *c = curve_start(_i == 0, _i == 1);
    double start_s = clock_monotonic_s();
    struct asked asked = ask_run(&QUEUE_COMMAND, NULL, c->line);
    const char *key;
    struct key held;
    struct err err = {0};
    char *path = tempdir_path(c->folder, "scheduler.pub");

    ck_assert_int_eq(key_read(path, &held, &err), 0);
    key = _i == 0 ? held.public_text : c->user.public_text;
    ck_assert_int_eq(asked.status, 4);
    ck_assert_msg(strstr(asked.err, key) != NULL, "%s", asked.err);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 5);
    mem_free(path);
    ask_fini(&asked);
    curve_stop(c);
}
END_TEST

START_TEST(a_secret_that_others_may_read_is_exit_status_2)
{
    struct curve *c = curve_start(true, true);
    char *path = tempdir_path(c->folder, "ada.key");
    struct asked asked;

    ck_assert_int_eq(chmod(path, 0644), 0);
    asked = ask_run(&QUEUE_COMMAND, NULL, c->line);
    ck_assert_int_eq(asked.status, 2);
    ck_assert_msg(strstr(asked.err, "chmod 600") != NULL, "%s", asked.err);
    ask_fini(&asked);
    mem_free(path);
    curve_stop(c);
}
END_TEST

struct job_case {
    const char *text;
    int result;
    uint64_t job;
    int32_t member;
};
static const struct job_case JOB_CASES[] = {
    {"1042", 0, 1042, -1},
    {"1042.0", 0, 1042, 0},
    {"1042.99999", 0, 1042, 99999},
    {"0", -1, 0, 0},
    {"-1", -1, 0, 0},
    {"1042.", -1, 0, 0},
    {"1042.-1", -1, 0, 0},
    {"1042.4294967296", -1, 0, 0},
    {"x", -1, 0, 0},
    {"", -1, 0, 0},
    {"99999999999999999999999", -1, 0, 0},
    {"999999999999999999999999999999.1", -1, 0, 0},
};

START_TEST(jobs_are_named_by_number_and_member)
{
    const struct job_case *c = &JOB_CASES[_i];
    uint64_t job = 0;
    int32_t member = 0;
    struct err err = {0};

    ck_assert_int_eq(client_parse_job(c->text, &job, &member, &err), c->result);
    ck_assert_uint_eq(job, c->job);
    ck_assert_int_eq(member, c->member);
    ck_assert_int_eq((int)err.kind, c->result == 0 ? ERR_NONE : ERR_USAGE);
}
END_TEST

/* --- Lists that are too long for us */

START_TEST(a_list_past_1000_pages_is_shown_so_far_with_exit_status_3)
{
    struct fake_scheduler *fake = fake_scheduler_start(&(struct fake_options){0});
    Wattyard__JobRow row = WATTYARD__JOB_ROW__INIT;
    Wattyard__JobRow *rows[] = {&row};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.jobs = rows;
    answer.n_jobs = 1;
    for (int i = 0; i < 1000; i++) {
        char cursor[16];

        row.job = (uint64_t)i + 1;
        answer.next.len = (size_t)snprintf(cursor, sizeof cursor, "%d", i);
        answer.next.data = (uint8_t *)cursor;
        fake_scheduler_play(fake, &answer);
    }
    ask_expect(&QUEUE_COMMAND, fake, "--csv --format job", 3, NULL,
        "wattyard queue: the list is longer than the 1000 pages that are shown: ask for less\n");
    ck_assert_uint_eq(fake_scheduler_count(fake), 1000);
    fake_scheduler_stop(fake);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("client");
    TCase *c = tcase_create("client");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, flags_go_before_the_environment_and_that_before_the_file);
    tcase_add_loop_test(
        c, a_wrong_file_is_told_with_its_place, 0, (int)(sizeof FILE_CASES / sizeof *FILE_CASES));
    tcase_add_test(c, the_key_is_the_users_own_or_the_only_one);
    tcase_add_test(c, a_request_that_was_lost_is_sent_again_with_its_id);
    tcase_add_test(c, an_answer_that_does_not_come_is_asked_for_again);
    tcase_add_test(c, two_requests_have_two_ids);
    tcase_add_test(c, a_silent_scheduler_is_given_up_in_time);
    tcase_add_test(c, nobody_there_is_exit_status_4);
    tcase_add_test(c, a_refusal_of_the_connection_is_exit_status_4);
    tcase_add_test(c, a_known_key_is_answered);
    tcase_add_loop_test(c, a_refused_key_is_named_within_5_s_with_exit_status_4, 0, 2);
    tcase_add_test(c, a_secret_that_others_may_read_is_exit_status_2);
    tcase_add_loop_test(
        c, jobs_are_named_by_number_and_member, 0, (int)(sizeof JOB_CASES / sizeof *JOB_CASES));
    tcase_add_test(c, a_list_past_1000_pages_is_shown_so_far_with_exit_status_3);
    suite_add_tcase(s, c);
    return s;
}
