/* A real scheduler with real agents: what people do with it, and what they see. */
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOSTS = 16, WAIT_S = 60 };

#define FLEET_HEAD                                                                                 \
    "<fleet xmlns=\"urn:wattyard:1\" name=\"test\" allow-root=\"yes\"><catalog>"                   \
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "            \
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"          \
    "<system id=\"box\" chip=\"c\" hosts=\"16\" chips-per-host=\"4\" power-kw=\"64\" "             \
    "idle-kw=\"16\" availability=\"1\" available-from=\"2025-01\"/></catalog>"
#define FLEET_ROW_OF(system)                                                                       \
    "<site id=\"s\" power-kw=\"200\" usd-per-mwh=\"50\"><hall id=\"h\" power-kw=\"150\">"          \
    "<feed id=\"f\" power-kw=\"100\"><rack id=\"r\" system=\"" system                              \
    "\" usd-per-hour=\"40\"/></feed></hall></site></fleet>"

static struct cluster *cluster;

static void set_up_with(const char *fleet, const char *prolog)
{
    cluster = cluster_create(&(struct cluster_options){
        .fleet_xml = fleet, .topology = "topologies/hosts/gb300-nvl72.xml", .prolog = prolog});
    cluster_start_scheduler(cluster, NULL);
    cluster_start_agents(cluster);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
}

static void set_up(void)
{
    set_up_with(FLEET_HEAD FLEET_ROW_OF("box"), NULL);
}

static void tear_down(void)
{
    cluster_destroy(cluster);
    cluster = NULL;
}

/* A manifest with one command of the shell. */
static const char *write_job(
    const char *name, const char *attributes, const char *inside, const char *script)
{
    char text[4096];
    char file[64];

    (void)snprintf(file, sizeof file, "%s.xml", name);
    (void)snprintf(text, sizeof text,
        "<job xmlns=\"urn:wattyard:1\" name=\"%s\" kind=\"batch\" value-usd-per-hour=\"900\" %s>%s"
        "<command path=\"/bin/sh\"><arg>-c</arg><arg>%s</arg></command></job>",
        name, attributes, inside, script);
    return cluster_write(cluster, file, text);
}

static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line))
        if ((at == text || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0'))
            return true;
    return false;
}

static void expect_line(const char *text, const char *format, int number)
{
    char line[128];

    /* NOLINTNEXTLINE: the formats are this file's own */
    (void)snprintf(line, sizeof line, "%s%d", format, number);
    ck_assert_msg(has_line(text, line), "no line \"%s\" in:\n%s", line, text);
}

START_TEST(a_gang_starts_whole_with_ranks_and_environment_right)
{
    const char *job = write_job("gang", "",
        "<gang tasks=\"16\" chips-per-task=\"4\" segment=\"16\"/><env name=\"RUN\" value=\"a b\"/>",
        "env; cat $WATTYARD_HOSTFILE | wc -l");

    cluster_expect(cluster, 0, "submit", "--wait", job, NULL);
    for (int rank = 0; rank < HOSTS; rank++) {
        char text[16];
        char *out = NULL;

        (void)snprintf(text, sizeof text, "%d", rank);
        ck_assert_int_eq(cluster_run(cluster, &out, "logs", "1", "--rank", text, NULL), 0);
        expect_line(out, "RANK=", rank);
        expect_line(out, "WATTYARD_TASK=", rank);
        expect_line(out, "PET_NODE_RANK=", rank);
        expect_line(out, "WORLD_SIZE=", HOSTS);
        expect_line(out, "LOCAL_RANK=", 0);
        expect_line(out, "", HOSTS); /* lines of the host file */
        ck_assert(has_line(out, "MASTER_ADDR=127.0.0.1"));
        ck_assert(has_line(out, "WATTYARD_HOSTS=s-h-f-r-t[01-16]"));
        ck_assert(has_line(out, "CUDA_VISIBLE_DEVICES=0,1,2,3"));
        ck_assert(has_line(out, "RUN=a b"));
        mem_free(out);
    }
}
END_TEST

START_TEST(a_failed_task_ends_the_gang_and_takes_a_retry)
{
    const char *job = write_job("fails", "",
        "<gang tasks=\"4\" chips-per-task=\"4\"/><limits retries=\"1\" grace-seconds=\"1\"/>",
        "test $RANK = 2 &amp;&amp; exit 7; sleep 600");
    char *out = NULL;

    cluster_expect(cluster, 1, "submit", "--wait", job, NULL);
    ck_assert_int_eq(cluster_run(cluster, &out, "job", "1", NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "task 2 exited 7"));
    ck_assert_ptr_nonnull(strstr(out, "attempt    2, 0 retries left"));
    mem_free(out);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "failed", "queue", "--all", NULL));
}
END_TEST

START_TEST(cancel_ends_what_runs_and_all_that_it_started)
{
    const char *job = write_job("long", "",
        "<gang tasks=\"2\" chips-per-task=\"4\"/><limits grace-seconds=\"1\"/>",
        "trap '' TERM; setsid sleep 601 &amp; echo $! &gt; ../../../../long.$RANK; sleep 602");
    char *pid;
    int64_t number = 0;

    cluster_expect(cluster, 0, "submit", job, NULL);
    ck_assert(cluster_wait_file(cluster, "long.0", WAIT_S));
    ck_assert(cluster_wait_file(cluster, "long.1", WAIT_S));
    cluster_expect(cluster, 0, "cancel", "1", NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "cancelled", "queue", "--all", NULL));
    pid = cluster_read(cluster, "long.1");
    ck_assert_ptr_nonnull(pid);
    pid[strcspn(pid, "\n")] = '\0';
    ck_assert_int_eq(str_parse_int(pid, &number), 0);
    ck_assert_msg(kill((pid_t)number, 0) != 0, "what it had started in a session of its own lives");
    mem_free(pid);
}
END_TEST

START_TEST(a_job_that_can_never_run_is_told_so_at_submission)
{
    const char *job = write_job("huge", "", "<gang tasks=\"17\" chips-per-task=\"4\"/>", "true");
    char *out = NULL;

    (void)cluster_run(cluster, &out, "submit", job, NULL);
    ck_assert_msg(strstr(out, "never") != NULL, "%s", out);
    mem_free(out);
}
END_TEST

/* Until just so many rows of the queue are running. */
static bool wait_running(int count)
{
    for (int tries = 0; tries < WAIT_S * 20; tries++) {
        char *out = NULL;
        int rows = -1;

        (void)cluster_run(cluster, &out, "queue", "--state", "running", "--csv", NULL);
        for (const char *at = out; *at != '\0'; at++)
            rows += *at == '\n';
        mem_free(out);
        if (rows == count)
            return true;
        cluster_sleep_ms(50);
    }
    return false;
}

START_TEST(a_falling_limit_sheds_and_a_rising_one_starts_again)
{
    const char *job = write_job("heavy", "",
        "<gang tasks=\"1\" chips-per-task=\"4\"/>"
        "<array count=\"8\"/><limits grace-seconds=\"1\"/>",
        "sleep 600");
    char *out = NULL;

    cluster_expect(cluster, 0, "submit", job, NULL);
    ck_assert(wait_running(8));
    cluster_expect(cluster, 0, "power", "set", "s/h/f", "22", NULL);
    /* 16 kW idle and 3 kW a task: two are left. */
    ck_assert(wait_running(2));
    ck_assert_int_eq(cluster_run(cluster, &out, "power", NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "22"));
    mem_free(out);
    cluster_expect(cluster, 0, "power", "clear", "s/h/f", NULL);
    ck_assert(wait_running(8));
    cluster_expect(cluster, 0, "cancel", "1", NULL);
}
END_TEST

START_TEST(drain_resume_and_explain)
{
    const char *job = write_job("whole", "", "<gang tasks=\"16\" chips-per-task=\"4\"/>", "true");
    char *out = NULL;

    cluster_expect(cluster, 0, "drain", "s-h-f-r-t[03-04]", "--why", "fan", NULL);
    ck_assert_int_eq(cluster_run(cluster, &out, "nodes", "--state", "drained", NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "s-h-f-r-t04"));
    ck_assert_ptr_nonnull(strstr(out, "fan"));
    mem_free(out);
    cluster_expect(cluster, 0, "submit", job, NULL);
    ck_assert_int_eq(cluster_run(cluster, &out, "explain", "1", NULL), 0);
    ck_assert_ptr_nonnull(strstr(out, "box"));
    mem_free(out);
    cluster_expect(cluster, 0, "resume", "s-h-f-r-t[03-04]", NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "done", "queue", "--all", NULL));
}
END_TEST

/* Rank 4 of each first attempt never gets ready: its prolog does not end. */
static char *prolog_folder;

static void set_up_prolog(void)
{
    char *prolog;

    prolog_folder = tempdir_create();
    prolog = tempdir_write_text(prolog_folder, "prolog",
        "#!/bin/sh\ncase $2 in *.1.4) exec sleep 1000 ;; esac\n"
        "[ \"$WATTYARD_TENANT\" = default ]\n");
    ck_assert_int_eq(chmod(prolog, 0755), 0);
    set_up_with(FLEET_HEAD FLEET_ROW_OF("box"), prolog);
    mem_free(prolog);
}

static void tear_down_prolog(void)
{
    tear_down();
    tempdir_remove(prolog_folder);
}

START_TEST(where_one_host_never_gets_ready_nothing_runs)
{
    const char *job = write_job("gang", "", "<gang tasks=\"16\" chips-per-task=\"4\"/>",
        "echo $WATTYARD_ATTEMPT &gt;&gt; ../../../../ran");
    char *ran;

    cluster_expect(cluster, 0, "submit", "--wait", job, NULL);
    ran = cluster_read(cluster, "ran");
    ck_assert_ptr_nonnull(ran);
    for (int i = 0; i < HOSTS; i++)
        ck_assert_msg(strncmp(&ran[2 * i], "2\n", 2) == 0, "%s", ran);
    ck_assert_uint_eq(strlen(ran), 2 * HOSTS);
    mem_free(ran);
}
END_TEST

/* This machine as it is, as one host of as many cores. */
static void set_up_own(void)
{
    char fleet[2048];

    (void)snprintf(fleet, sizeof fleet,
        "<fleet xmlns=\"urn:wattyard:1\" name=\"own\" allow-root=\"yes\"><catalog>"
        "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "
        "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"
        "<system id=\"pc\" chip=\"c\" hosts=\"1\" chips-per-host=\"4\" power-kw=\"64\" "
        "idle-kw=\"16\" availability=\"1\" available-from=\"2025-01\" cores-per-host=\"%ld\"/>"
        "</catalog>" FLEET_ROW_OF("pc"),
        sysconf(_SC_NPROCESSORS_ONLN));
    cluster = cluster_create(&(struct cluster_options){.fleet_xml = fleet});
    cluster_start_scheduler(cluster, NULL);
    cluster_start_agents(cluster);
    cluster_wait_up(cluster, 1, WAIT_S);
}

START_TEST(a_task_is_bound_to_the_core_that_it_was_told)
{
    const char *job = write_job("bound", "",
        "<gang tasks=\"1\" chips-per-task=\"0\" cores-per-task=\"1\"/>",
        "echo told=$WATTYARD_CPUSET; grep Cpus_allowed_list /proc/self/status");
    char *out = NULL;
    char *told;
    char *bound;

    cluster_expect(cluster, 0, "submit", "--wait", job, NULL);
    ck_assert_int_eq(cluster_run(cluster, &out, "logs", "1", NULL), 0);
    told = strstr(out, "told=");
    bound = strstr(out, "Cpus_allowed_list:\t");
    ck_assert_msg(told != NULL && bound != NULL, "%s", out);
    told += strlen("told=");
    bound += strlen("Cpus_allowed_list:\t");
    told[strcspn(told, "\n")] = '\0';
    bound[strcspn(bound, "\n")] = '\0';
    ck_assert_str_eq(told, bound);
    ck_assert_msg(*told >= '0' && *told <= '9' && strpbrk(told, ",-") == NULL, "%s", told);
    mem_free(out);
}
END_TEST

START_TEST(after_a_restart_everything_goes_on)
{
    const char *job = write_job("going", "", "<gang tasks=\"2\" chips-per-task=\"4\"/>",
        "touch ../../../../going.$RANK; while ! test -e ../../../../stop; do sleep 0.05; done");

    cluster_expect(cluster, 0, "submit", job, NULL);
    ck_assert(cluster_wait_file(cluster, "going.1", WAIT_S));
    cluster_kill_scheduler(cluster, SIGKILL);
    cluster_start_scheduler(cluster, NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "running", "queue", NULL));
    for (int i = 0; i < HOSTS; i++)
        cluster_kill_agent(cluster, i, SIGKILL);
    (void)cluster_write(cluster, "stop", "");
    cluster_start_agents(cluster);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "done", "queue", "--all", NULL));
    ck_assert(cluster_wait_for(cluster, WAIT_S, "attempt    1", "job", "1", NULL));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("system/cluster");
    TCase *c = tcase_create("cluster");

    TCase *prolog = tcase_create("prolog");
    TCase *own = tcase_create("own");

    tcase_set_timeout(c, 300);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, a_gang_starts_whole_with_ranks_and_environment_right);
    tcase_add_test(c, a_failed_task_ends_the_gang_and_takes_a_retry);
    tcase_add_test(c, cancel_ends_what_runs_and_all_that_it_started);
    tcase_add_test(c, a_job_that_can_never_run_is_told_so_at_submission);
    tcase_add_test(c, a_falling_limit_sheds_and_a_rising_one_starts_again);
    tcase_add_test(c, drain_resume_and_explain);
    tcase_add_test(c, after_a_restart_everything_goes_on);
    suite_add_tcase(s, c);
    tcase_set_timeout(prolog, 300);
    tcase_add_checked_fixture(prolog, set_up_prolog, tear_down_prolog);
    tcase_add_test(prolog, where_one_host_never_gets_ready_nothing_runs);
    suite_add_tcase(s, prolog);
    tcase_set_timeout(own, 300);
    tcase_add_checked_fixture(own, set_up_own, tear_down);
    tcase_add_test(own, a_task_is_bound_to_the_core_that_it_was_told);
    suite_add_tcase(s, own);
    return s;
}
