/* What people see of a real scheduler, in the order in which it happened and whole. */
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS = 2, WAIT_S = 60, LINES = 20000, FOLLOWS = 40, FOLLOWS_SOAK = 1000 };

static struct cluster *cluster;

static const char FLEET[] =
    "<fleet xmlns=\"urn:wattyard:1\" name=\"test\" allow-root=\"yes\"><catalog>"
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"
    "<system id=\"box\" chip=\"c\" hosts=\"2\" chips-per-host=\"4\" power-kw=\"8\" "
    "idle-kw=\"2\" availability=\"1\" available-from=\"2025-01\"/></catalog>"
    "<site id=\"s\"><hall id=\"h\"><feed id=\"f\"><rack id=\"r\" system=\"box\" "
    "usd-per-hour=\"4\"/></feed></hall></site></fleet>";

static void set_up(void)
{
    cluster = cluster_create(&(struct cluster_options){
        .fleet_xml = FLEET, .topology = "topologies/hosts/gb300-nvl72.xml"});
    cluster_start_scheduler(cluster, NULL);
    cluster_start_agents(cluster);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
}

static void tear_down(void)
{
    cluster_destroy(cluster);
    cluster = NULL;
}

static const char *write_job(const char *name, const char *inside, const char *script)
{
    struct str text = {0};
    char file[64];
    const char *path;

    (void)snprintf(file, sizeof file, "%s.xml", name);
    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"%s\" kind=\"batch\">"
        "<gang tasks=\"1\" chips-per-task=\"1\"/>%s"
        "<command path=\"/bin/sh\"><arg>-c</arg><arg>%s</arg></command></job>",
        name, inside, script);
    path = cluster_write(cluster, file, str_text(&text));
    str_fini(&text);
    return path;
}

/* --- Output and states in order */

/* Where each comes first, one after the other. */
static void expect_in_order(const char *out, const char *const *texts, size_t count)
{
    const char *at = out;

    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, texts[i]);
        size_t length = strlen(out);

        ck_assert_msg(found != NULL, "no \"%s\" where it should be; the end is:\n%s", texts[i],
            out + (length > 2000 ? length - 2000 : 0));
        at = found + strlen(texts[i]);
    }
}

static int count_lines(const char *text)
{
    int count = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

START_TEST(all_output_comes_before_the_state_that_ends_it)
{
    static const char *const ORDER[] = {
        "\n1 line\n", "\n20000 line\nthe last\n", "   job ", " loud   done"};
    int times = getenv("WATTYARD_SOAK") != NULL ? FOLLOWS_SOAK : FOLLOWS;
    const char *job = write_job("loud", "", "seq -f '%.0f line' 20000; echo the last");

    for (int i = 0; i < times; i++) {
        char *out = NULL;

        ck_assert_int_eq(cluster_run(cluster, &out, "submit", "--follow", job, NULL), 0);
        expect_in_order(out, ORDER, sizeof ORDER / sizeof *ORDER);
        ck_assert_int_ge(count_lines(out), LINES + 1);
        mem_free(out);
    }
}
END_TEST

START_TEST(the_output_of_a_failed_attempt_comes_before_that_of_the_next)
{
    static const char *const ORDER[] = {"attempt 1\n1999 line\n2000 line\n", "attempt 2\n",
        "1999 line\n2000 line\n", " twice   failed   task 0 exited 3 on s-h-f-r-t0"};
    const char *job = write_job("twice", "<limits retries=\"1\"/>",
        "echo attempt $WATTYARD_ATTEMPT; "
        "seq -f '%.0f line' 1999 2000; exit 3");
    char *out = NULL;

    ck_assert_int_eq(cluster_run(cluster, &out, "submit", "--follow", job, NULL), 1);
    expect_in_order(out, ORDER, sizeof ORDER / sizeof *ORDER);
    mem_free(out);
}
END_TEST

START_TEST(one_member_of_an_array_is_followed_alone)
{
    static const char *const ORDER[] = {"member 1\n", " 1.1 some   done"};
    const char *job = write_job("some", "<array count=\"3\"/>",
        "echo member $WATTYARD_ARRAY_INDEX; test $WATTYARD_ARRAY_INDEX != 2 || sleep 600");
    char *out = NULL;

    cluster_expect(cluster, 0, "submit", job, NULL);
    ck_assert_int_eq(cluster_run(cluster, &out, "logs", "--follow", "1.1", NULL), 0);
    expect_in_order(out, ORDER, sizeof ORDER / sizeof *ORDER);
    ck_assert_msg(strstr(out, "1.2") == NULL && strstr(out, "member 0") == NULL, "%s", out);
    mem_free(out);
    cluster_expect(cluster, 0, "cancel", "1", NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "cancelled", "queue", "--all", NULL));
}
END_TEST

/* --- What is said to calls, right and wrong, in this order */

static const struct {
    const char *words[5];
    int status;
    const char *text;
} CALLS[] = {
    {{"fleet"}, 0, "no fleet has been applied"},
    {{"fleet", "show"}, 1, "no fleet has been applied"},
    {{"fleet", "apply", "fleet.xml", "--dry-run"}, 0,
        "would be version 1: 0 hosts added, 0 removed\n"},
    {{"queue", "--state", "runing"}, 2, "there is no state 'runing'; did you mean running?"},
    {{"nodes", "--state", "upp"}, 2, "there is no state 'upp'; did you mean up?"},
    {{"job", "9"}, 1, "there is no job 9\n"},
    {{"job", "9.1"}, 1, "there is no job 9.1\n"},
    {{"cancel", "9"}, 1, "there is no job 9, or it ended long ago\n"},
    {{"logs", "9"}, 1, "there is no job 9, or it ended long ago\n"},
    {{"drain", "s-h-f-r-t[01-02]", "--why", "fan"}, 0,
        "s-h-f-r-t01   drained\ns-h-f-r-t02   drained\n"},
    {{"submit", "array.xml"}, 0, "job 1[3] array   waiting   1 task × 1 chip, 3 times"},
    {{"queue", "1"}, 0, "  chips\n"},
    {{"explain", "1.2"}, 0, "0 of 1 chip is free\n"},
    {{"hold", "1"}, 0, "job 1[3] array   held\n"},
    {{"release", "1"}, 0, "job 1[3] array   waiting\n"},
    /* held and let go again, so that it is stored as waiting */
    {{"cancel", "1.0"}, 0, "job 1.0 array   cancelled\n"},
    {{"cancel", "1.0"}, 1, "job 1.0 has ended already\n"},
    {{"cancel", "1.3"}, 1, "job 1 has no member 3\n"},
    {{"requeue", "1"}, 1, "job 1 is not running\n"},
    {{"explain", "1.0"}, 0, "cancelled\n"},
    {{"job", "1"}, 0, "  members    2 waiting, 1 cancelled\n"},
    {{"cancel", "1"}, 0, "job 1[3] array   cancelled\n"},
    {{"resume", "s-h-f-r-t[01-02]"}, 0, "s-h-f-r-t01   up\ns-h-f-r-t02   up\n"},
    {{"resume", "s-h-f-r-t01"}, 1, "the host is not drained\n"},
    {{"job", "1", "--manifest"}, 0, "<array count=\"3\"/>"},
    {{"submit", "--wait", "fails.xml"}, 1, "job 2 fails   starting   1 task × 1 chip\n"},
    {{"queue", "2"}, 0, "  task 0 exited 3 on s-h-f-r-t"},
    {{"job", "2"}, 0, "  attempt    1, 0 retries left\n"},
    {{"explain", "2"}, 0, "  task 0 exited 3 on s-h-f-r-t"},
};

START_TEST(calls_right_and_wrong_are_answered_clearly)
{
    (void)write_job("array", "<array count=\"3\"/>", "true");
    (void)write_job("fails", "", "exit 3");
    (void)cluster_write(cluster, "fleet.xml", FLEET);
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        const char *const *words = CALLS[i].words;
        char *out = NULL;
        int status = cluster_run(cluster, &out, words[0], words[1], words[2], words[3], NULL);

        ck_assert_msg(status == CALLS[i].status && strstr(out, CALLS[i].text) != NULL,
            "%s %s: exit %d, not %d; no \"%s\" in:\n%s", words[0], words[1] != NULL ? words[1] : "",
            status, CALLS[i].status, CALLS[i].text, out);
        mem_free(out);
    }
}
END_TEST

/* --- As many members as there can be */

#ifdef __SANITIZE_ADDRESS__ /* with which all takes ten times as long */
enum { MEMBERS = 10000 };
#define MEMBERS_TEXT "10000"
#define MEMBERS_SHOWN "10,000"
#define LAST_MEMBER "9999"
#else
enum { MEMBERS = 100000 };
#define MEMBERS_TEXT "100000"
#define MEMBERS_SHOWN "100,000"
#define LAST_MEMBER "99999"
#endif

static void set_up_alone(void)
{
    cluster = cluster_create(&(struct cluster_options){.fleet_xml = FLEET});
    cluster_start_scheduler(cluster, NULL);
}

static int count_texts(const char *text, const char *wanted)
{
    int count = 0;

    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at += strlen(wanted))
        count++;
    return count;
}

/* What the command prints; its status is 0. Gives (mem_free). */
static char *output_of(const char *first, const char *second, const char *third)
{
    char *out = NULL;

    ck_assert_msg(
        cluster_run(cluster, &out, first, second, third, NULL) == 0, "%s: %.2000s", first, out);
    return out;
}

static void expect_output(
    const char *first, const char *second, const char *third, const char *wanted, int times)
{
    char *out = output_of(first, second, third);
    int count = count_texts(out, wanted);

    ck_assert_msg(
        count == times, "%s %s: %d times \"%s\" in:\n%.2000s", first, second, count, wanted, out);
    mem_free(out);
}

static void expect_lines(const char *first, const char *second, const char *third, int lines)
{
    char *out = output_of(first, second, third);

    ck_assert_int_eq(count_lines(out), lines);
    mem_free(out);
}

/* Their ends are told page by page, and a few lines say how many they are. */
static void look_at_ended_members(void)
{
    expect_lines("queue", "--all", "--csv", 1 + MEMBERS);
    expect_output("queue", "1", "--json", "\"state\": \"cancelled\"", MEMBERS);
    expect_output("queue", "--state=failed", "--csv", "cancelled", 0);
    expect_output("explain", "1", NULL, "job 1.0 many ", 1);
    expect_output("explain", "1." LAST_MEMBER, "--json", "\"member\": " LAST_MEMBER, 1);
}

static void look_at_whole_job(void)
{
    expect_output("job", "1", NULL, "  members    " MEMBERS_SHOWN " cancelled\n", 1);
    expect_output("job", "1", NULL, "… and more, which --json has", 1);
    expect_output("job", "1", "--json", "\"what\": \"cancelled\"", MEMBERS);
    expect_output("job", "1", "--manifest", "<array count=\"" MEMBERS_TEXT "\"/>", 1);
    expect_output("job", "1." LAST_MEMBER, NULL, "  cancelled ", 1);
    cluster_expect(cluster, 1, "job", "1." MEMBERS_TEXT, NULL);
    cluster_expect(cluster, 1, "explain", "1." MEMBERS_TEXT, NULL);
}

START_TEST(an_array_as_large_as_can_be_is_shown_whole)
{
    const char *job = write_job("many", "<array count=\"" MEMBERS_TEXT "\"/>", "true");

    expect_output("submit", job, NULL, "job 1[" MEMBERS_TEXT "] many   waiting", 1);
    expect_output("queue", NULL, NULL, "\n1[" MEMBERS_TEXT "]", 1);
    expect_output("explain", "1", NULL, "job 1.0 many ", 1);
    expect_output("job", "1", NULL, "  members    " MEMBERS_SHOWN " waiting\n", 1);
    expect_output("cancel", "1.7", NULL, "job 1.7 many   cancelled\n", 1);
    expect_lines("queue", "1", "--csv", 4);
    expect_output("cancel", "1", NULL, "job 1[" MEMBERS_TEXT "] many   cancelled\n", 1);
    look_at_ended_members();
    look_at_whole_job();
    /* Those that have ended are not read again: they are one row. */
    cluster_kill_scheduler(cluster, SIGKILL);
    cluster_start_scheduler(cluster, NULL);
    expect_output("queue", "--all", NULL, "\n1[" MEMBERS_TEXT "]", 1);
    expect_output("queue", "1", "--csv", MEMBERS_TEXT " of " MEMBERS_TEXT " are not done", 1);
    expect_output("explain", "1", NULL, "job 1[" MEMBERS_TEXT "] many ", 1);
    look_at_whole_job();
}
END_TEST

/* --- More hosts, places and errors than a page holds */

/* With sanitizers all invariants are looked at for each host. */
#define PATIENCE "--timeout=120"
enum { WIDE_FEEDS = 100, WIDE_RACKS = 3000, WIDE_HOSTS = 6000, ERRORS_SHOWN = 100 };

static const char WIDE_FLEET[] =
    "<fleet xmlns=\"urn:wattyard:1\" name=\"wide\"><catalog>"
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"
    "<system id=\"box\" chip=\"c\" hosts=\"2\" chips-per-host=\"4\" power-kw=\"8\" "
    "idle-kw=\"2\" availability=\"1\" available-from=\"2025-01\"/></catalog>"
    "<site id=\"s\"><hall id=\"h\"><feed id=\"f[001-100]\"><rack id=\"r[01-30]\" system=\"box\" "
    "usd-per-hour=\"4\"/></feed></hall></site></fleet>";

static void set_up_wide(void)
{
    cluster = cluster_create(
        &(struct cluster_options){.fleet_xml = WIDE_FLEET, .is_insecure = true});
    cluster_start_scheduler(cluster, NULL);
}

START_TEST(hosts_and_places_come_page_by_page_and_many_errors_are_counted)
{
    static const char HOSTS_OF[] = "s-h-f[001-100]-r[01-30]-t[01-02]";
    char *out = NULL;

    expect_lines("nodes", "--csv", NULL, 1 + WIDE_HOSTS);
    expect_lines("nodes", HOSTS_OF, "--csv", 1 + WIDE_HOSTS);
    expect_lines("power", "--csv", NULL, 1 + 1 + 1 + WIDE_FEEDS + WIDE_RACKS);
    cluster_expect(cluster, 0, "drain", HOSTS_OF, "--why", "all of it", PATIENCE, NULL);
    expect_lines("nodes", "--state=drained", "--csv", 1 + WIDE_HOSTS);
    ck_assert_int_eq(
        cluster_run(cluster, &out, "drain", "x[0001-5000]", "--why", "none of it", NULL), 2);
    ck_assert_int_eq(count_lines(out), ERRORS_SHOWN);
    ck_assert_msg(strstr(out, "and 4901 more like these") != NULL, "%s", out);
    mem_free(out);
    cluster_expect(cluster, 0, "resume", HOSTS_OF, PATIENCE, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("people");
    TCase *order = tcase_create("order");
    TCase *many = tcase_create("many");
    TCase *wide = tcase_create("wide");

    tcase_add_checked_fixture(order, set_up, tear_down);
    tcase_set_timeout(order, 300);
    tcase_add_test(order, all_output_comes_before_the_state_that_ends_it);
    tcase_add_test(order, the_output_of_a_failed_attempt_comes_before_that_of_the_next);
    tcase_add_test(order, one_member_of_an_array_is_followed_alone);
    tcase_add_test(order, calls_right_and_wrong_are_answered_clearly);
    suite_add_tcase(s, order);
    tcase_add_checked_fixture(many, set_up_alone, tear_down);
    tcase_set_timeout(many, 300);
    tcase_add_test(many, an_array_as_large_as_can_be_is_shown_whole);
    suite_add_tcase(s, many);
    tcase_add_checked_fixture(wide, set_up_wide, tear_down);
    tcase_set_timeout(wide, 300);
    tcase_add_test(wide, hosts_and_places_come_page_by_page_and_many_errors_are_counted);
    suite_add_tcase(s, wide);
    return s;
}
