/* What people see of hosts, power, usage and the fleet, against a scheduler that says what the test
 * laid out. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/commands.h"
#include "tests/support/ask.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"
#include "topologies/fleet.h"

#include <string.h>

static const int64_t NOW_MS = 1795270800000; /* 2026-11-21T14:20:00Z */

static struct fake_scheduler *start(void)
{
    ask_clean_environment();
    return fake_scheduler_start(&(struct fake_options){0});
}

static void set(char **field, const char *text)
{
    *field = protocol_lend(text);
}

static const Wattyard__Request *request(struct fake_scheduler *fake, size_t i)
{
    return fake_scheduler_message(fake, i)->request;
}

static void play(struct fake_scheduler *fake, Wattyard__Answer *answer)
{
    answer->now_ms = NOW_MS;
    fake_scheduler_play(fake, answer);
}

/* --- nodes */

static void play_hosts(struct fake_scheduler *fake)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    Wattyard__HostRow up = WATTYARD__HOST_ROW__INIT, drained = WATTYARD__HOST_ROW__INIT;
    Wattyard__HostRow *rows[] = {&up, &drained};

    set(&up.host, "oregon-h1-f01-r01-t01");
    set(&up.system, "trn3-gen2");
    set(&up.state, "up");
    up.since_ms = NOW_MS - 90000;
    up.chips = 4;
    up.chips_held = 2;
    up.chip_use_frac = 0.876;
    up.load = 3.25;
    up.memory_used_bytes = 120000000000;
    up.memory_bytes = 768000000000;
    up.power_w = 2912;
    up.tasks = 1;
    up.seen_ms = NOW_MS - 1000;
    set(&up.jobs, "988");
    set(&drained.host, "oregon-h1-f01-r01-t02");
    set(&drained.system, "trn3-gen2");
    set(&drained.state, "drained");
    set(&drained.why, "new firmware");
    set(&drained.who, "ada");
    drained.chips = 4;
    drained.chips_bad = 1;
    drained.chip_use_frac = -1;
    answer.hosts = rows;
    answer.n_hosts = 2;
    play(fake, &answer);
}

START_TEST(hosts_are_a_table)
{
    struct fake_scheduler *fake = start();

    play_hosts(fake);
    ask_expect(&NODES_COMMAND, fake, "--state up --state drained oregon-h1-f01-r01-t[01-02] x", 0,
        "HOST                   SYSTEM     STATE      SINCE        CHIPS  USE %  LOAD       GB    "
        "KW"
        "  TASKS  JOBS  WHY\n"
        "oregon-h1-f01-r01-t01  trn3-gen2  up       0:01:30          2/4     88   3.2  120/768  "
        "2.91      1  988\n"
        "oregon-h1-f01-r01-t02  trn3-gen2  drained        -  0/4 (1 bad)      -     -        -     "
        "-      0  -     new firmware, by ada\n",
        "");
    ck_assert_str_eq(request(fake, 0)->list_hosts->hosts, "oregon-h1-f01-r01-t[01-02],x");
    ck_assert_uint_eq(request(fake, 0)->list_hosts->n_states, 2);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(hosts_are_csv_and_json)
{
    struct fake_scheduler *fake = start();
    struct asked asked;
    struct json_value *root;
    const struct json_value *host;

    play_hosts(fake);
    ask_expect(&NODES_COMMAND, fake, "--csv --format host,state,power_w,seen,chip_use_frac", 0,
        "host,state,power_w,seen,chip_use_frac\r\n"
        "oregon-h1-f01-r01-t01,up,2912,2026-11-21T14:19:59Z,0.876\r\n"
        "oregon-h1-f01-r01-t02,drained,0,,\r\n",
        "");
    play_hosts(fake);
    asked = ask_run(&NODES_COMMAND, fake, "--json");
    root = json_parse(asked.out, strlen(asked.out), NULL);
    host = json_at(json_member(root, "hosts"), 1);
    ck_assert_str_eq(json_get_text(json_member(host, "why")), "new firmware");
    ck_assert_str_eq(json_get_text(json_member(host, "who")), "ada");
    ck_assert_double_eq(json_get_number(json_member(host, "chips_bad"), 0), 1);
    json_destroy(root);
    ask_fini(&asked);
    fake_scheduler_stop(fake);
}
END_TEST

struct host_action_case {
    const struct command *command;
    const char *line;
    Wattyard__Request__BodyCase body;
    const char *hosts, *why;
};
static const struct host_action_case HOST_ACTION_CASES[] = {
    {&DRAIN_COMMAND, "a[1-2] b --why firmware", WATTYARD__REQUEST__BODY_DRAIN, "a[1-2],b",
        "firmware"},
    {&RESUME_COMMAND, "a1", WATTYARD__REQUEST__BODY_RESUME, "a1", ""},
    {&NODES_COMMAND, "fence a1 --why pulled", WATTYARD__REQUEST__BODY_FENCE, "a1", "pulled"},
};

START_TEST(operators_act_on_hosts)
{
    const struct host_action_case *c = &HOST_ACTION_CASES[_i];
    struct fake_scheduler *fake = start();
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    Wattyard__HostRow row = WATTYARD__HOST_ROW__INIT;
    Wattyard__HostRow *rows[] = {&row};

    set(&row.host, "a1");
    set(&row.state, "drained");
    row.tasks = 2;
    answer.hosts = rows;
    answer.n_hosts = 1;
    play(fake, &answer);
    ask_expect(c->command, fake, c->line, 0, "a1   drained   2 tasks\n", "");
    ck_assert_int_eq(request(fake, 0)->body_case, c->body);
    ck_assert_str_eq(request(fake, 0)->drain->hosts, c->hosts);
    ck_assert_str_eq(request(fake, 0)->drain->why, c->why);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(jobs_kept_back_after_a_mass_failure_are_let_go)
{
    struct fake_scheduler *fake = start();
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    play(fake, &answer);
    ask_expect(&RESUME_COMMAND, fake, "--after-mass-failure", 0, "", "");
    ck_assert_int_eq(request(fake, 0)->body_case, WATTYARD__REQUEST__BODY_RETRY_ALL);
    fake_scheduler_stop(fake);
}
END_TEST

struct wrong_case {
    const struct command *command;
    const char *line, *says;
};
static const struct wrong_case WRONG_CASES[] = {
    {&DRAIN_COMMAND, "a1", "say why"},
    {&NODES_COMMAND, "fence a1", "say why"},
    {&NODES_COMMAND, "fence --why x", "name the hosts"},
    {&RESUME_COMMAND, "", "name the hosts"},
    {&RESUME_COMMAND, "a1 --after-mass-failure", "name no hosts"},
    {&DRAIN_COMMAND, "a[1- --why x", "'a[1-'"},
    {&NODES_COMMAND, "--format hots", "did you mean host?"},
    {&POWER_COMMAND, "set oregon", "power set PLACE KW"},
    {&POWER_COMMAND, "set oregon much", "power set PLACE KW"},
    {&POWER_COMMAND, "set oregon -5", "-5"},
    {&POWER_COMMAND, "put oregon 5", "power set PLACE KW"},
    {&USAGE_COMMAND, "--by planet", "planet"},
    {&USAGE_COMMAND, "--from yesterday", "--from: 'yesterday' is no time"},
    {&USAGE_COMMAND, "--to 2026-13", "--to: '2026-13' is no time"},
    {&FLEET_COMMAND, "show x", "'x' is no version"},
    {&FLEET_COMMAND, "show 0", "'0' is no version"},
    {&FLEET_COMMAND, "apply", "fleet apply FILE"},
    {&FLEET_COMMAND, "apply nowhere.xml", "nowhere.xml"},
    {&CANCEL_COMMAND, "all", "'all' is no job"},
    {&QUEUE_COMMAND, "x", "'x' is no job"},
    {&LOGS_COMMAND, "7 --rank -1", "rank"},
};

START_TEST(wrong_calls_are_exit_status_2_and_ask_nobody)
{
    const struct wrong_case *c = &WRONG_CASES[_i];
    struct fake_scheduler *fake = start();
    struct asked asked = ask_run(c->command, fake, c->line);

    ck_assert_int_eq(asked.status, 2);
    ck_assert_msg(strstr(asked.err, c->says) != NULL, "%s", asked.err);
    ck_assert_uint_eq(fake_scheduler_count(fake), 0);
    ask_fini(&asked);
    fake_scheduler_stop(fake);
}
END_TEST

/* --- power */

static Wattyard__PowerRow power_row(const char *level, const char *place, double limit_kw,
    double file_limit_kw, double committed_kw, double measured_kw)
{
    Wattyard__PowerRow row = WATTYARD__POWER_ROW__INIT;

    set(&row.level, level);
    set(&row.place, place);
    row.limit_kw = limit_kw;
    row.file_limit_kw = file_limit_kw;
    row.committed_kw = committed_kw;
    row.measured_kw = measured_kw;
    return row;
}

START_TEST(power_is_shown_by_place)
{
    struct fake_scheduler *fake = start();
    Wattyard__PowerRow site = power_row("site", "oregon", -1, -1, 900.25, 850);
    Wattyard__PowerRow feed = power_row("feed", "oregon/h1/f03", 1200, 1500, 1176, -1);
    Wattyard__PowerRow rack = power_row("rack", "oregon/h1/f03/r01", 132, 132, 12, -1);
    Wattyard__PowerRow *rows[] = {&site, &feed, &rack};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    answer.power = rows;
    answer.n_power = 3;
    play(fake, &answer);
    ask_expect(&POWER_COMMAND, fake, "", 0,
        "PLACE          LEVEL  LIMIT KW  FILE KW  COMMITTED   %  MEASURED\n"
        "oregon         site          -        -      900.2   -     850.0\n"
        "oregon/h1/f03  feed     1200.0   1500.0     1176.0  98         -\n",
        "");
    play(fake, &answer);
    ask_expect(&POWER_COMMAND, fake, "--csv", 0,
        "place,level,limit_kw,file_limit_kw,committed_kw,measured_kw\r\n"
        "oregon,site,,,900.25,850\r\n"
        "oregon/h1/f03,feed,1200,1500,1176,\r\n"
        "oregon/h1/f03/r01,rack,132,132,12,\r\n",
        "");
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(power_limits_are_set_and_cleared)
{
    struct fake_scheduler *fake = start();
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    play(fake, &answer);
    ask_expect(&POWER_COMMAND, fake, "set oregon/h1/f03 1200.5", 0, "", "");
    play(fake, &answer);
    ask_expect(&POWER_COMMAND, fake, "clear oregon/h1/f03", 0, "", "");
    ck_assert_str_eq(request(fake, 0)->set_power->place, "oregon/h1/f03");
    ck_assert_double_eq(request(fake, 0)->set_power->kw, 1200.5);
    ck_assert_double_eq(request(fake, 1)->set_power->kw, -1);
    fake_scheduler_stop(fake);
}
END_TEST

/* --- usage */

START_TEST(usage_is_a_table)
{
    struct fake_scheduler *fake = start();
    Wattyard__UsageRow a = WATTYARD__USAGE_ROW__INIT, b = WATTYARD__USAGE_ROW__INIT;
    Wattyard__UsageRow *rows[] = {&a, &b};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

    set(&a.key, "research");
    a.jobs = 12;
    a.chip_hours = 10240.5;
    a.kwh = 9000;
    a.usd = 43210.987;
    set(&b.key, "product");
    answer.usage = rows;
    answer.n_usage = 2;
    play(fake, &answer);
    ask_expect(&USAGE_COMMAND, fake, "--from 2026-11 --to 2026-11-21T09:00:00Z --by user", 0,
        "WHO       JOBS  CHIP-HOURS      KWH       USD\n"
        "research    12    10240.50  9000.00  43210.99\n"
        "product      0        0.00     0.00      0.00\n",
        "");
    ck_assert_str_eq(request(fake, 0)->list_usage->by, "user");
    ck_assert_int_eq(request(fake, 0)->list_usage->from_ms, 1793491200000);
    ck_assert_int_eq(request(fake, 0)->list_usage->to_ms, 1795251600000);
    fake_scheduler_stop(fake);
}
END_TEST

/* --- fleet */

static const char FLEET[] =
    "<fleet xmlns='urn:wattyard:1' xmlns:xi='http://www.w3.org/2001/XInclude' name='tiny'>"
    "<xi:include href='parts.xml'/>"
    "<site id='a' region='r' jurisdiction='us'><hall id='h1'><feed id='f01'>"
    "<rack id='r01' system='s' usd-per-hour='1'/></feed></hall></site></fleet>";
static const char PARTS[] =
    "<catalog xmlns='urn:wattyard:1'><chip id='c' vendor='v' stack='cuda' hbm-gb='1' hbm-gbps='1' "
    "mfu='0.4' bw-efficiency='0.7'><peak precision='bf16' tflops='1'/></chip>"
    "<system id='s' chip='c' hosts='2' chips-per-host='1' power-kw='10' "
    "available-from='2025-01'/></catalog>";

START_TEST(a_fleet_goes_out_as_one_text_with_its_includes)
{
    struct fake_scheduler *fake = start();
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "fleet.xml", FLEET);
    struct str line = {0};
    Wattyard__FleetVersion version = WATTYARD__FLEET_VERSION__INIT;
    Wattyard__FleetVersion *versions[] = {&version};
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    const Wattyard__ApplyFleet *sent;
    struct faults faults = {0};
    struct fleet *fleet;

    mem_free(tempdir_write_text(folder, "parts.xml", PARTS));
    version.version = 4;
    set(&version.what, "2 hosts added, 0 removed");
    answer.fleet = versions;
    answer.n_fleet = 1;
    play(fake, &answer);
    str_format(&line, "apply %s --dry-run", path);
    ask_expect(&FLEET_COMMAND, fake, str_text(&line), 0,
        "would be version 4: 2 hosts added, 0 removed\n", "");
    sent = request(fake, 0)->apply_fleet;
    ck_assert_int_eq(sent->dry_run, 1);
    fleet = fleet_parse((const char *)sent->xml.data, sent->xml.len, "sent", &faults);
    ck_assert_ptr_nonnull(fleet);
    ck_assert_int_eq(fleet->host_count, 2);
    ck_assert_ptr_null(memmem(sent->xml.data, sent->xml.len, "include", 7));
    fleet_destroy(fleet);
    faults_fini(&faults);
    str_fini(&line);
    mem_free(path);
    tempdir_remove(folder);
    fake_scheduler_stop(fake);
}
END_TEST

START_TEST(versions_of_the_fleet_are_listed_and_shown)
{
    struct fake_scheduler *fake = start();
    Wattyard__FleetVersion one = WATTYARD__FLEET_VERSION__INIT;
    Wattyard__FleetVersion two = WATTYARD__FLEET_VERSION__INIT;
    Wattyard__FleetVersion *versions[] = {&one, &two};
    Wattyard__Answer list = WATTYARD__ANSWER__INIT, text = WATTYARD__ANSWER__INIT;

    one.version = 1;
    one.at_ms = NOW_MS - 60000;
    set(&one.who, "root");
    set(&one.what, "the first");
    two.version = 2;
    two.at_ms = NOW_MS;
    set(&two.who, "ada");
    set(&two.what, "18 hosts added, 0 removed");
    list.fleet = versions;
    list.n_fleet = 2;
    text.fleet_xml.data = (uint8_t *)protocol_lend("<fleet/>");
    text.fleet_xml.len = 8;
    play(fake, &list);
    ask_expect(&FLEET_COMMAND, fake, "", 0,
        "VERSION  WHEN                 WHO   WHAT\n"
        "      1  2026-11-21 14:19:00  root  the first\n"
        "      2  2026-11-21 14:20:00  ada   18 hosts added, 0 removed\n",
        "");
    play(fake, &text);
    ask_expect(&FLEET_COMMAND, fake, "show 1", 0, "<fleet/>\n", "");
    ck_assert_uint_eq(request(fake, 1)->show_fleet->version, 1);
    play(fake, &list);
    play(fake, &text);
    ask_expect(&FLEET_COMMAND, fake, "show", 0, "<fleet/>\n", "");
    ck_assert_uint_eq(request(fake, 2)->show_fleet->version, 0);
    ck_assert_uint_eq(request(fake, 3)->show_fleet->version, 2);
    fake_scheduler_stop(fake);
}
END_TEST

#define ADD_LOOP(c, test, cases)                                                                   \
    tcase_add_loop_test(c, test, 0, (int)(sizeof(cases) / sizeof *(cases)))

Suite *suite(void)
{
    Suite *s = suite_create("floor_commands");
    TCase *c = tcase_create("floor_commands");

    tcase_add_test(c, hosts_are_a_table);
    tcase_add_test(c, hosts_are_csv_and_json);
    ADD_LOOP(c, operators_act_on_hosts, HOST_ACTION_CASES);
    tcase_add_test(c, jobs_kept_back_after_a_mass_failure_are_let_go);
    ADD_LOOP(c, wrong_calls_are_exit_status_2_and_ask_nobody, WRONG_CASES);
    tcase_add_test(c, power_is_shown_by_place);
    tcase_add_test(c, power_limits_are_set_and_cleared);
    tcase_add_test(c, usage_is_a_table);
    tcase_add_test(c, a_fleet_goes_out_as_one_text_with_its_includes);
    tcase_add_test(c, versions_of_the_fleet_are_listed_and_shown);
    suite_add_tcase(s, c);
    return s;
}
