/* What people see of jobs, against a scheduler that says what the test laid out. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/commands.h"
#include "tests/support/ask.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <string.h>

/* 2026-11-21T14:20:00Z */
enum { MINUTE_MS = 60000 };
static const int64_t NOW_MS = 1795270800000;

static struct fake_scheduler *start(void)
{
    ask_clean_environment();
    return fake_scheduler_start(&(struct fake_options){0});
}

static void set(char **field, const char *text)
{
    *field = protocol_lend(text);
}

static Wattyard__JobRow running_row(void)
{
    Wattyard__JobRow row = WATTYARD__JOB_ROW__INIT;

    row.job = 988;
    row.member = -1;
    row.members = 1;
    set(&row.name, "pretrain-405b");
    set(&row.tenant, "research");
    set(&row.user, "ada");
    row.priority = 500;
    set(&row.state, "running");
    set(&row.system, "trn3-gen2");
    row.tasks = 64;
    row.chips = 256;
    row.chips_per_task = 4;
    set(&row.hosts, "oregon-h1-f02-r[01-02]-t[01-32]");
    row.submit_ms = NOW_MS - 2000 * MINUTE_MS;
    row.start_ms = NOW_MS - (24 * 60 + 131) * (int64_t)MINUTE_MS;
    row.attempt = 1;
    row.kw = 371.2;
    row.usd_per_hour = 1234.5;
    return row;
}

static Wattyard__JobRow waiting_row(void)
{
    Wattyard__JobRow row = WATTYARD__JOB_ROW__INIT;

    row.job = 1042;
    row.member = -1;
    row.members = 1;
    set(&row.name, "pretrain-70b");
    set(&row.tenant, "research");
    set(&row.user, "ada");
    row.priority = 500;
    set(&row.state, "waiting");
    row.tasks = 128;
    row.chips = 512;
    row.chips_per_task = 4;
    row.submit_ms = NOW_MS - 760 * 1000;
    set(&row.reason, "hosts");
    row.earliest_ms = NOW_MS + 12 * MINUTE_MS;
    set(&row.earliest_system, "trn3-gen2");
    return row;
}

static void play_rows(struct fake_scheduler *fake, Wattyard__JobRow **rows, size_t count)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.now_ms = NOW_MS;
    answer.jobs = rows;
    answer.n_jobs = count;
    fake_scheduler_play(fake, &answer);
}

static void play_error(struct fake_scheduler *fake, int status, const char *text)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    char *errors[] = {protocol_lend(text)};

    answer.status = status;
    answer.errors = errors;
    answer.n_errors = 1;
    fake_scheduler_play(fake, &answer);
}

static const Wattyard__Request *request(struct fake_scheduler *fake, size_t i)
{
    return fake_scheduler_message(fake, i)->request;
}

/* --- queue */

START_TEST(the_queue_is_a_table_as_hpc_users_know_it)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow a = running_row(), b = waiting_row(), c = waiting_row(), d = waiting_row();
    Wattyard__JobRow *rows[] = {&a, &b, &c, &d};

    c.job = 1043;
    c.members = 500;
    c.member = 0;
    c.earliest_ms = 0;
    c.is_held = 1;
    set(&c.reason, "held");
    d.job = 1044;
    d.member = 7;
    set(&d.never, "no rack has 64 hosts");
    play_rows(fake, rows, 4);
    ask_expect(&QUEUE_COMMAND, fake, "", 0,
        "JOB        NAME           TENANT    PRIO  STATE    SYSTEM     TASKS  CHIPS  "
        "HOSTS                                TIME  REASON\n"
        "988        pretrain-405b  research   500  running  trn3-gen2     64    256  "
        "oregon-h1-f02-r[01-02]-t[01-32]  1d 02:11\n"
        "1042       pretrain-70b   research   500  waiting  -            128    512  "
        "-                                 0:12:40  14:32 trn3-gen2 hosts\n"
        "1043[500]  pretrain-70b   research   500  held     -            128    512  "
        "-                                 0:12:40  held\n"
        "1044.7     pretrain-70b   research   500  waiting  -            128    512  "
        "-                                 0:12:40  never: no rack has 64 hosts\n",
        "");
    ck_assert_int_eq(request(fake, 0)->body_case, WATTYARD__REQUEST__BODY_LIST_JOBS);
    ck_assert_int_eq(request(fake, 0)->list_jobs->with_ended, 0);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(filters_go_to_the_scheduler)
{
    struct fake_scheduler *fake = start();
    const Wattyard__ListJobs *list;

    play_rows(fake, NULL, 0);
    ask_expect(&QUEUE_COMMAND, fake,
        "--state failed -s done --tenant t --user u --name n 5 7.3 --all", 0, NULL, "");
    list = request(fake, 0)->list_jobs;
    ck_assert_uint_eq(list->n_states, 2);
    ck_assert_str_eq(list->states[0], "failed");
    ck_assert_str_eq(list->states[1], "done");
    ck_assert_str_eq(list->tenant, "t");
    ck_assert_str_eq(list->user, "u");
    ck_assert_str_eq(list->name, "n");
    ck_assert_uint_eq(list->n_jobs, 2);
    ck_assert_uint_eq(list->jobs[1], 7);
    ck_assert_int_eq(list->with_ended, 1);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(columns_can_be_chosen)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow a = running_row();
    Wattyard__JobRow *rows[] = {&a};

    play_rows(fake, rows, 1);
    ask_expect(&QUEUE_COMMAND, fake, "--format state,job,exit_status,start,time", 0,
        "STATE    JOB  EXIT-STATUS  START                     TIME\n"
        "running  988            0  2026-11-20T12:09:00Z  1d 02:11\n",
        "");
    play_rows(fake, rows, 1);
    ask_expect(&QUEUE_COMMAND, fake, "--csv --format job,name,earliest", 0,
        "job,name,earliest\r\n988,pretrain-405b,\r\n", "");
    ask_expect(&QUEUE_COMMAND, fake, "--format job,nmae", 2, "",
        "wattyard queue: --format: there is no column 'nmae'; did you mean name?\n");
    ck_assert_uint_eq(fake_scheduler_count(fake), 2);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(the_queue_as_json_has_all_columns)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow a = running_row(), b = waiting_row();
    Wattyard__JobRow *rows[] = {&a, &b};
    struct asked asked;
    struct json_value *root;
    const struct json_value *jobs;

    play_rows(fake, rows, 2);
    asked = ask_run(&QUEUE_COMMAND, fake, "--json");
    ck_assert_int_eq(asked.status, 0);
    root = json_parse(asked.out, strlen(asked.out), NULL);
    jobs = json_member(root, "jobs");
    ck_assert_uint_eq(json_length(jobs), 2);
    ck_assert_double_eq(json_get_number(json_member(json_at(jobs, 0), "job"), 0), 988);
    ck_assert_str_eq(json_get_text(json_member(json_at(jobs, 0), "state")), "running");
    ck_assert_double_eq(json_get_number(json_member(json_at(jobs, 0), "kw"), 0), 371.2);
    ck_assert_str_eq(
        json_get_text(json_member(json_at(jobs, 1), "earliest")), "2026-11-21T14:32:00Z");
    ck_assert_ptr_null(json_get_text(json_member(json_at(jobs, 0), "earliest")));
    ck_assert_ptr_nonnull(json_member(json_at(jobs, 0), "earliest"));
    ck_assert_ptr_null(json_member(json_at(jobs, 0), "time"));
    json_destroy(root);
    ask_fini(&asked);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_long_queue_is_read_page_by_page)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow a = running_row(), b = waiting_row();
    Wattyard__JobRow *first[] = {&a}, *second[] = {&b};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.jobs = first;
    answer.n_jobs = 1;
    answer.next.data = (uint8_t[]){'9', '8', '8'};
    answer.next.len = 3;
    fake_scheduler_play(fake, &answer);
    play_rows(fake, second, 1);
    ask_expect(&QUEUE_COMMAND, fake, "--format job --csv", 0, "job\r\n988\r\n1042\r\n", "");
    ck_assert_uint_eq(request(fake, 0)->list_jobs->after.len, 0);
    ck_assert_uint_eq(request(fake, 1)->list_jobs->after.len, 3);
    ck_assert_mem_eq(request(fake, 1)->list_jobs->after.data, "988", 3);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_list_that_does_not_move_on_is_given_up)
{
    struct fake_scheduler *fake = start();
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.next.data = (uint8_t[]){'x'};
    answer.next.len = 1;
    fake_scheduler_play(fake, &answer);
    fake_scheduler_play(fake, &answer);
    ask_expect(
        &QUEUE_COMMAND, fake, "", 1, "", "wattyard queue: the scheduler's list does not end\n");
    fake_scheduler_stop(fake);
}
END_TEST

/* --- job */

START_TEST(a_job_is_shown_with_its_history)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow row = running_row();
    Wattyard__JobDetail job = WATTYARD__JOB_DETAIL__INIT;
    Wattyard__HistoryRow first = WATTYARD__HISTORY_ROW__INIT, second = WATTYARD__HISTORY_ROW__INIT;
    Wattyard__HistoryRow *history[] = {&first, &second};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    first.at_ms = row.submit_ms;
    set(&first.what, "submitted");
    set(&first.who, "ada");
    second.at_ms = row.start_ms;
    second.attempt = 1;
    set(&second.what, "running");
    set(&second.where, "oregon-h1-f02-r01-t01");
    job.row = &row;
    set(&job.kind, "training");
    job.wall_minutes = 2880;
    job.retries_left = 3;
    job.history = history;
    job.n_history = 2;
    job.chip_hours = 6701.867;
    job.kwh = 9718.0;
    job.usd = 32319;
    set(&job.output, "out/%j.%t.log");
    answer.now_ms = NOW_MS;
    answer.job = &job;
    fake_scheduler_play(fake, &answer);
    ask_expect(&JOB_COMMAND, fake, "988", 0,
        "job 988 pretrain-405b   running\n"
        "  owner      research, user ada, priority 500\n"
        "  asks for   training, 64 tasks × 4 chips, at most 2d 00:00\n"
        "  runs on    trn3-gen2, oregon-h1-f02-r[01-02]-t[01-32]\n"
        "  attempt    1, 3 retries left\n"
        "  output     out/%j.%t.log\n"
        "  submitted  2026-11-20 05:00:00\n"
        "  started    2026-11-20 12:09:00\n"
        "  since      1d 02:11\n"
        "  draws      371.2 kW, $1.23 k an hour\n"
        "  used       6702 chip-hours, 9718 kWh, $32.3 k\n"
        "\n"
        "WHEN                 ATTEMPT  WHAT       WHERE                  WHO  WHY\n"
        "2026-11-20 05:00:00           submitted                         ada\n"
        "2026-11-20 12:09:00        1  running    oregon-h1-f02-r01-t01\n",
        "");
    ck_assert_uint_eq(request(fake, 0)->show_job->job, 988);
    ck_assert_int_eq(request(fake, 0)->show_job->member, -1);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_manifest_is_given_back_as_it_was)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow row = running_row();
    Wattyard__JobDetail job = WATTYARD__JOB_DETAIL__INIT;
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    static const char manifest[] = "<job\txmlns='urn:wattyard:1'/>\n";

    job.row = &row;
    job.manifest.data = (uint8_t *)protocol_lend(manifest);
    job.manifest.len = strlen(manifest);
    answer.job = &job;
    fake_scheduler_play(fake, &answer);
    ask_expect(&JOB_COMMAND, fake, "988.4 --manifest", 0, manifest, "");
    ck_assert_int_eq(request(fake, 0)->show_job->member, 4);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(what_the_scheduler_says_no_to_is_told_with_its_status)
{
    struct fake_scheduler *fake = start();

    play_error(fake, 1, "there is no job 5");
    ask_expect(&JOB_COMMAND, fake, "5", 1, "", "wattyard job: there is no job 5\n");
    play_error(fake, 2, "usage is by tenant");
    ask_expect(&USAGE_COMMAND, fake, "", 2, "", "wattyard usage: usage is by tenant\n");
    fake_scheduler_stop(fake);
}
END_TEST

/* --- explain */

static Wattyard__WhyRow why(const char *system, const char *blocked_by, const char *where,
    double needs, double has, const char *unit)
{
    Wattyard__WhyRow row = WATTYARD__WHY_ROW__INIT;

    set(&row.system, system);
    set(&row.blocked_by, blocked_by);
    set(&row.where, where);
    set(&row.unit, unit);
    row.needs = needs;
    row.has = has;
    return row;
}

START_TEST(a_waiting_job_is_explained_system_by_system)
{
    struct fake_scheduler *fake = start();
    Wattyard__JobRow row = waiting_row();
    Wattyard__JobRow *rows[] = {&row};
    Wattyard__WhyRow a = why("trn3-gen2", "domains", "oregon", 8, 6, "segments");
    Wattyard__WhyRow b = why("gb300-nvl72", "feed-power", "oregon/h1/f03", 540, 212, "kW");
    Wattyard__WhyRow c = why("trn2", "never", "", 0, 0, "");
    Wattyard__WhyRow d = why("trn1", "value", "", 1200, 900, "USD/h");
    Wattyard__WhyRow e = why("h100", "chips", "", 1, 0, "chips");
    Wattyard__WhyRow *reasons[] = {&a, &b, &c, &d, &e};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    a.need_tasks = 128;
    a.segment_tasks = 16;
    a.segment_kw = 46.4;
    a.gang_kw = 371.2;
    a.earliest_ms = NOW_MS + 12 * MINUTE_MS;
    b.need_tasks = 72;
    b.segment_tasks = 72;
    b.gang_kw = 540;
    set(&c.never, "not allowed by the manifest");
    e.need_tasks = 3;
    e.tasks_per_host = 2;
    answer.now_ms = NOW_MS;
    answer.jobs = rows;
    answer.n_jobs = 1;
    answer.reasons = reasons;
    answer.n_reasons = 5;
    fake_scheduler_play(fake, &answer);
    ask_expect(&EXPLAIN_COMMAND, fake, "1042", 0,
        "job 1042 pretrain-70b   research, priority 500, waiting 0:12:40\n"
        "  trn3-gen2     needs 128 hosts in segments of 16, 46.4 kW a segment\n"
        "                oregon: 6 of 8 segments are free; about 14:32\n"
        "  gb300-nvl72   needs 72 hosts in one domain, 540 kW\n"
        "                feed oregon/h1/f03 has 212 kW left and 540 kW are needed: power holds it "
        "back\n"
        "  trn2          not allowed by the manifest\n"
        "  trn1          costs $1.2 k an hour there, and is worth $900\n"
        "  h100          needs room for 3 tasks\n"
        "                the fleet: 0 of 1 chip is free\n",
        "");
    fake_scheduler_stop(fake);
}
END_TEST

/* --- cancel, hold, release, requeue */

struct action_case {
    const struct command *command;
    Wattyard__Request__BodyCase body;
};
static const struct action_case ACTION_CASES[] = {
    {&CANCEL_COMMAND, WATTYARD__REQUEST__BODY_CANCEL},
    {&HOLD_COMMAND, WATTYARD__REQUEST__BODY_HOLD},
    {&RELEASE_COMMAND, WATTYARD__REQUEST__BODY_RELEASE},
    {&REQUEUE_COMMAND, WATTYARD__REQUEST__BODY_REQUEUE},
};

START_TEST(jobs_are_acted_on_together_and_members_one_by_one)
{
    const struct action_case *c = &ACTION_CASES[_i];
    struct fake_scheduler *fake = start();
    Wattyard__JobRow row = waiting_row();
    Wattyard__JobRow *rows[] = {&row};

    set(&row.state, "cancelled");
    play_rows(fake, rows, 1);
    play_error(fake, 1, "no member 9");
    play_rows(fake, NULL, 0);
    ask_expect(
        c->command, fake, "--why tired 1 2 3.9 4", 1, "job 1042 pretrain-70b   cancelled\n", NULL);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(request(fake, i)->body_case, c->body);
        ck_assert_str_eq(request(fake, i)->cancel->why, "tired");
        ck_assert_uint_eq(request(fake, i)->cancel->n_jobs, i == 0 ? 2 : 1);
        ck_assert_int_eq(request(fake, i)->cancel->member, i == 1 ? 9 : -1);
    }
    ck_assert_uint_eq(request(fake, 1)->cancel->jobs[0], 3);
    ck_assert_uint_eq(request(fake, 2)->cancel->jobs[0], 4);
    fake_scheduler_stop(fake);
}
END_TEST

/* --- submit */

static const char MANIFEST[] =
    "<job xmlns='urn:wattyard:1' name='pretrain-70b' kind='training'>"
    "<gang tasks='128' chips-per-task='4'/><command path='/bin/true'/></job>";

static char *line_of(const char *options, const char *path)
{
    struct str line = {0};

    str_format(&line, "%s %s", options, path);
    return line.text;
}

START_TEST(a_submitted_job_is_told_with_its_earliest_start)
{
    struct fake_scheduler *fake = start();
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "job.xml", MANIFEST);
    char *line = line_of("--hold", path);
    Wattyard__JobRow row = waiting_row();
    Wattyard__JobRow *rows[] = {&row};
    const Wattyard__Submit *submit;

    play_rows(fake, rows, 1);
    ask_expect(&SUBMIT_COMMAND, fake, line, 0,
        "job 1042 pretrain-70b   waiting   128 tasks × 4 chips   earliest start about 14:32 "
        "(trn3-gen2)\n",
        "");
    submit = request(fake, 0)->submit;
    ck_assert_uint_eq(submit->manifest.len, strlen(MANIFEST));
    ck_assert_mem_eq(submit->manifest.data, MANIFEST, strlen(MANIFEST));
    ck_assert_str_eq(submit->name, path);
    ck_assert_int_eq(submit->hold, 1);
    mem_free(line);
    mem_free(path);
    tempdir_remove(folder);
    fake_scheduler_stop(fake);
}
END_TEST

struct bad_manifest {
    const char *text, *says;
};
static const struct bad_manifest BAD_MANIFESTS[] = {
    {"<job xmlns='urn:wattyard:1' name='a' kind='trainig'/>", "trainig"},
    {"<jobs xmlns='urn:wattyard:1' xmlns:xi='http://www.w3.org/2001/XInclude'>"
     "<xi:include href='good.xml'/></jobs>",
        "xi:include"},
    {"<job", "bad.xml:1"},
};

START_TEST(nothing_is_sent_unless_all_manifests_are_good)
{
    const struct bad_manifest *c = &BAD_MANIFESTS[_i];
    struct fake_scheduler *fake = start();
    char *folder = tempdir_create();
    char *good = tempdir_write_text(folder, "good.xml", MANIFEST);
    char *bad = tempdir_write_text(folder, "bad.xml", c->text);
    char *line = line_of(good, bad);
    struct asked asked = ask_run(&SUBMIT_COMMAND, fake, line);

    ck_assert_int_eq(asked.status, 2);
    ck_assert_msg(strstr(asked.err, c->says) != NULL, "%s", asked.err);
    ck_assert_uint_eq(fake_scheduler_count(fake), 0);
    ask_fini(&asked);
    mem_free(line);
    mem_free(bad);
    mem_free(good);
    tempdir_remove(folder);
    fake_scheduler_stop(fake);
}
END_TEST

static void play_watch(struct fake_scheduler *fake, uint64_t change)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    Wattyard__ClusterInfo cluster = WATTYARD__CLUSTER_INFO__INIT;

    cluster.change = change;
    answer.cluster = &cluster;
    fake_scheduler_play(fake, &answer);
}

static void play_output(struct fake_scheduler *fake, const char *text, uint64_t offset, bool is_end)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    Wattyard__OutputPage page = WATTYARD__OUTPUT_PAGE__INIT;

    page.bytes.data = (uint8_t *)protocol_lend(text);
    page.bytes.len = strlen(text);
    page.offset = offset;
    page.is_end = is_end;
    answer.output = &page;
    fake_scheduler_play(fake, &answer);
}

struct wait_case {
    const char *state;
    int status;
    bool is_refused; /* to watch: it looks now and then */
};
static const struct wait_case WAIT_CASES[] = {{"done", 0, false}, {"failed", 1, false},
    {"cancelled", 1, false}, {"timed-out", 1, false}, {"done", 0, true}};

static void play_refusal(struct fake_scheduler *fake)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    char *errors[] = {protocol_lend("too much is being watched already: ask again later")};

    answer.status = 1;
    answer.errors = errors;
    answer.n_errors = 1;
    fake_scheduler_play(fake, &answer);
}

START_TEST(submit_waits_for_the_end_and_says_how_it_was)
{
    const struct wait_case *c = &WAIT_CASES[_i];
    struct fake_scheduler *fake = start();
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "job.xml", MANIFEST);
    char *line = line_of("--wait", path);
    Wattyard__JobRow row = waiting_row();
    Wattyard__JobRow *rows[] = {&row};

    play_rows(fake, rows, 1); /* submit */
    play_rows(fake, rows, 1);
    if (c->is_refused)
        play_refusal(fake);
    else
        play_watch(fake, 77);
    set(&row.state, c->state);
    play_rows(fake, rows, 1);
    ask_expect(&SUBMIT_COMMAND, fake, line, c->status, NULL, "");
    ck_assert_int_eq(request(fake, 2)->body_case, WATTYARD__REQUEST__BODY_WATCH);
    ck_assert_uint_eq(request(fake, 2)->watch->jobs[0], 1042);
    ck_assert_uint_eq(fake_scheduler_count(fake), 4);
    mem_free(line);
    mem_free(path);
    tempdir_remove(folder);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(a_followed_job_shows_its_changes_and_the_output_of_rank_0)
{
    struct fake_scheduler *fake = start();
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "job.xml", MANIFEST);
    char *line = line_of("--follow", path);
    Wattyard__JobRow row = waiting_row();
    Wattyard__JobRow *rows[] = {&row};

    play_rows(fake, rows, 1); /* submit */
    play_rows(fake, rows, 1);
    play_watch(fake, 5);
    set(&row.state, "running");
    set(&row.system, "trn3-gen2");
    set(&row.hosts, "a[1-2]");
    row.attempt = 1;
    play_rows(fake, rows, 1);
    play_output(fake, "one\n", 0, false);
    play_output(fake, "two\n", 4, true);
    play_watch(fake, 6);
    set(&row.state, "done");
    play_rows(fake, rows, 1);
    play_output(fake, "three\n", 8, true);
    ask_expect(&SUBMIT_COMMAND, fake, line, 0,
        "job 1042 pretrain-70b   waiting   128 tasks × 4 chips   earliest start about 14:32 "
        "(trn3-gen2)\n"
        "one\ntwo\nthree\n",
        "2026-11-21 14:20:00   job 1042 pretrain-70b   waiting   hosts\n"
        "2026-11-21 14:20:00   job 1042 pretrain-70b   running   trn3-gen2 a[1-2]\n"
        "2026-11-21 14:20:00   job 1042 pretrain-70b   done   hosts\n");
    ck_assert_uint_eq(request(fake, 5)->read_log->offset, 4);
    ck_assert_uint_eq(request(fake, 6)->watch->since, 5);
    ck_assert_uint_eq(request(fake, 8)->read_log->offset, 8);
    mem_free(line);
    mem_free(path);
    tempdir_remove(folder);
    fake_scheduler_stop(fake);
}
END_TEST

/* --- logs */

START_TEST(logs_are_read_to_their_end)
{
    struct fake_scheduler *fake = start();

    play_output(fake, "one\n", 0, false);
    play_output(fake, "two\n", 4, true);
    ask_expect(&LOGS_COMMAND, fake, "7.2 --rank 3 --attempt 4", 0, "one\ntwo\n", "");
    ck_assert_uint_eq(request(fake, 0)->read_log->job, 7);
    ck_assert_int_eq(request(fake, 0)->read_log->member, 2);
    ck_assert_uint_eq(request(fake, 0)->read_log->rank, 3);
    ck_assert_uint_eq(request(fake, 0)->read_log->attempt, 4);
    ck_assert_uint_eq(request(fake, 1)->read_log->offset, 4);
    fake_scheduler_stop(fake);
}
END_TEST

struct tail_case {
    const char *lines, *text, *out;
};
static const struct tail_case TAIL_CASES[] = {
    {"--tail 1", "a\nb\nc\n", "c\n"},
    {"--tail 2", "a\nb\nc\n", "b\nc\n"},
    {"--tail 2", "a\nb\nc", "b\nc"},
    {"--tail 9", "a\nb\nc\n", "a\nb\nc\n"},
    {"--tail 0", "a\nb\n", ""},
    {"--tail 3", "", ""},
    {"--tail 2", "\n\n\n", "\n\n"},
};

START_TEST(the_last_lines_can_be_had)
{
    const struct tail_case *c = &TAIL_CASES[_i];
    struct fake_scheduler *fake = start();
    char *line = line_of(c->lines, "7");

    play_output(fake, c->text, 100, true);
    ask_expect(&LOGS_COMMAND, fake, line, 0, c->out, "");
    ck_assert_int_eq(request(fake, 0)->read_log->from_end, 1);
    mem_free(line);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(no_output_is_told)
{
    struct fake_scheduler *fake = start();

    play_error(fake, 1, "job 7 has not started yet");
    ask_expect(&LOGS_COMMAND, fake, "7", 1, "", "wattyard logs: job 7 has not started yet\n");
    fake_scheduler_stop(fake);
}
END_TEST

#define ADD_LOOP(c, test, cases)                                                                   \
    tcase_add_loop_test(c, test, 0, (int)(sizeof(cases) / sizeof *(cases)))

Suite *suite(void)
{
    Suite *s = suite_create("job_commands");
    TCase *c = tcase_create("job_commands");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, the_queue_is_a_table_as_hpc_users_know_it);
    tcase_add_test(c, filters_go_to_the_scheduler);
    tcase_add_test(c, columns_can_be_chosen);
    tcase_add_test(c, the_queue_as_json_has_all_columns);
    tcase_add_test(c, a_long_queue_is_read_page_by_page);
    tcase_add_test(c, a_list_that_does_not_move_on_is_given_up);
    tcase_add_test(c, a_job_is_shown_with_its_history);
    tcase_add_test(c, a_manifest_is_given_back_as_it_was);
    tcase_add_test(c, what_the_scheduler_says_no_to_is_told_with_its_status);
    tcase_add_test(c, a_waiting_job_is_explained_system_by_system);
    ADD_LOOP(c, jobs_are_acted_on_together_and_members_one_by_one, ACTION_CASES);
    tcase_add_test(c, a_submitted_job_is_told_with_its_earliest_start);
    ADD_LOOP(c, nothing_is_sent_unless_all_manifests_are_good, BAD_MANIFESTS);
    ADD_LOOP(c, submit_waits_for_the_end_and_says_how_it_was, WAIT_CASES);
    tcase_add_test(c, a_followed_job_shows_its_changes_and_the_output_of_rank_0);
    tcase_add_test(c, logs_are_read_to_their_end);
    ADD_LOOP(c, the_last_lines_can_be_had, TAIL_CASES);
    tcase_add_test(c, no_output_is_told);
    suite_add_tcase(s, c);
    return s;
}
