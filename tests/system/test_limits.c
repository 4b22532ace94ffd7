/* A real scheduler and real agents at the limits of what messages hold, and of people's patience.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"
#include "workloads/job.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { HOSTS = 2, TASKS = 20, WAIT_S = 60, LIMIT_S = 300 };

static struct cluster *cluster;

static const char FLEET[] =
    "<fleet xmlns=\"urn:wattyard:1\" name=\"test\" allow-root=\"yes\"><catalog>"
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"
    "<system id=\"box\" chip=\"c\" hosts=\"2\" chips-per-host=\"4\" power-kw=\"48\" "
    "idle-kw=\"12\" availability=\"1\" available-from=\"2025-01\"/></catalog>"
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

/* --- Tasks as large as can be */

/* A gang on the first host whose tasks run until there is a file "go" in the cluster's folder; with
 * an argument of so many letters. */
static const char *write_large(const char *name, int tasks, size_t letters)
{
    struct str text = {0};
    char file[64];
    const char *path;

    (void)snprintf(file, sizeof file, "%s.xml", name);
    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"%s\" kind=\"batch\">"
        "<gang tasks=\"%d\" chips-per-task=\"0\" cores-per-task=\"1\"/><hosts only=\"%s\"/>"
        "<command path=\"/bin/sh\"><arg>-c</arg>"
        "<arg>while [ ! -e %s/go ]; do sleep 0.05; done; [ ${#1} = %zu ]</arg>"
        "<arg>sh</arg><arg>",
        name, tasks, cluster_host(cluster, 0), cluster_folder(cluster), letters);
    for (size_t i = 0; i < letters; i++)
        str_add(&text, "x");
    str_add(&text, "</arg></command></job>");
    path = cluster_write(cluster, file, str_text(&text));
    str_fini(&text);
    return path;
}

static const char *write_small(void)
{
    struct str text = {0};
    const char *path;

    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"small\" kind=\"batch\">"
        "<gang tasks=\"1\" chips-per-task=\"1\"/><hosts only=\"%s\"/>"
        "<command path=\"/bin/true\"/></job>",
        cluster_host(cluster, 0));
    path = cluster_write(cluster, "small.xml", str_text(&text));
    str_fini(&text);
    return path;
}

START_TEST(a_host_full_of_the_largest_tasks_starts_and_ends_them_and_goes_on)
{
    /* Short of the limit by what else the command has, and its texts' 8 bytes each. */
    size_t letters = JOB_TASK_BYTES - strlen(cluster_folder(cluster)) - 200;
    char *log;

    cluster_expect(cluster, 0, "submit", write_large("gang", TASKS, letters), NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "running", "job", "1", NULL));
    cluster_expect(cluster, 0, "submit", "--wait", write_small(), NULL);
    /* All that is known is learned again, and nothing is stopped meanwhile. */
    cluster_kill_scheduler(cluster, SIGKILL);
    cluster_start_scheduler(cluster, NULL);
    cluster_expect(cluster, 0, "submit", write_large("more", 3, letters), NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "running", "job", "3", NULL));
    cluster_kill_agent(cluster, 0, SIGKILL);
    cluster_start_agent(cluster, 0);
    cluster_expect(cluster, 0, "submit", "--wait", write_small(), NULL);
    (void)cluster_write(cluster, "go", "");
    ck_assert(cluster_wait_for(
        cluster, WAIT_S, "done", "queue", "--all", "--state=done", "--name=gang", NULL));
    ck_assert(cluster_wait_for(
        cluster, WAIT_S, "done", "queue", "--all", "--state=done", "--name=more", NULL));
    log = cluster_log(cluster);
    ck_assert_msg(strstr(log, "could not be sent") == NULL, "%s", log);
    mem_free(log);
}
END_TEST

START_TEST(a_task_over_the_limit_is_refused_with_how_large_it_is)
{
    const char *path = write_large("big", 1, JOB_TASK_BYTES);
    char *out = NULL;

    ck_assert_int_eq(cluster_run(cluster, &out, "submit", path, NULL), 2);
    ck_assert_msg(
        strstr(out, "big.xml:1: <job name=\"big\">: command, arguments and environment of a "
                    "task are 131") != NULL &&
            strstr(out, "a host takes at most 131072") != NULL,
        "%s", out);
    mem_free(out);
}
END_TEST

/* --- Lists in pages */

enum { LISTED = 6, PAGES_BEFORE = 3 };

static struct client *open_client(void)
{
    struct client_flags flags = {.scheduler = cluster_people_address(cluster)};
    struct str key = {0};
    struct err err = {0};
    struct client *client;

    str_format(&key, "%s/keys/hand-out/%s", cluster_folder(cluster), cluster_user());
    flags.key = str_text(&key);
    client = client_open(&flags, &err);
    ck_assert_msg(client != NULL, "%s", err.text);
    str_fini(&key);
    return client;
}

/* One row a page, from *after on, which becomes the next page's; the job, 0: there is none. */
static uint64_t list_one(struct client *client, ProtobufCBinaryData *after, char *text)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListJobs list = WATTYARD__LIST_JOBS__INIT;
    struct err err = {0};
    Wattyard__Envelope *envelope;
    uint64_t job;

    list.with_ended = true;
    list.max = 1;
    list.after = *after;
    request.body_case = WATTYARD__REQUEST__BODY_LIST_JOBS;
    request.list_jobs = &list;
    envelope = client_ask(client, &request, 0, &err);
    ck_assert_msg(envelope != NULL, "%s", err.text);
    ck_assert_int_eq(envelope->answer->status, 0);
    ck_assert_uint_le(envelope->answer->n_jobs, 1);
    job = envelope->answer->n_jobs > 0 ? envelope->answer->jobs[0]->job : 0;
    ck_assert_uint_lt(envelope->answer->next.len, 100);
    after->len = envelope->answer->next.len;
    after->data = (uint8_t *)text;
    if (after->len > 0)
        memcpy(text, envelope->answer->next.data, after->len);
    protocol_free(envelope);
    return job;
}

/* A restart takes all that have ended out of the core, as time does. */
START_TEST(a_job_that_leaves_the_core_between_two_pages_is_listed_once)
{
    struct client *client;
    ProtobufCBinaryData after = {0};
    char text[100];
    int seen[LISTED + 1] = {0};

    for (int i = 0; i < LISTED; i++)
        cluster_expect(cluster, 0, "submit", "--wait", write_small(), NULL);
    client = open_client();
    for (int i = 0; i < PAGES_BEFORE; i++)
        seen[list_one(client, &after, text)]++;
    cluster_kill_scheduler(cluster, SIGTERM);
    cluster_start_scheduler(cluster, NULL);
    while (after.len > 0)
        seen[list_one(client, &after, text)]++;
    client_close(client);
    for (int i = 1; i <= LISTED; i++)
        ck_assert_msg(seen[i] == 1, "job %d is there %d times", i, seen[i]);
}
END_TEST

/* --- A scheduler that stands still */

enum { STALL_MS = 7000, WHILE_STANDING = 0, WHILE_WAITING = 1 };

/* Less than what a command waits for an answer: who waits does not notice. */
START_TEST(a_scheduler_that_stands_still_for_seconds_is_waited_for)
{
    const char *words[] = {"wattyard", "submit", "--wait", NULL, NULL};
    pid_t clients[2], scheduler = cluster_scheduler_pid(cluster);

    words[3] = cluster_write(cluster, "slow.xml",
        "<job xmlns=\"urn:wattyard:1\" name=\"slow\" kind=\"batch\"><gang tasks=\"1\" "
        "chips-per-task=\"1\"/><command path=\"/bin/sleep\"><arg>2</arg></command></job>");
    clients[WHILE_WAITING] = cluster_start_command(cluster, words, "waiting.log");
    ck_assert(cluster_wait_for(cluster, WAIT_S, "running", "queue", NULL));
    ck_assert_int_eq(kill(scheduler, SIGSTOP), 0);
    clients[WHILE_STANDING] = cluster_start_command(cluster, words, "standing.log");
    cluster_sleep_ms(STALL_MS);
    ck_assert_int_eq(kill(scheduler, SIGCONT), 0);
    for (int i = 0; i < 2; i++) {
        char *said;
        int status = -1;

        ck_assert_int_eq(waitpid(clients[i], &status, 0), clients[i]);
        said = cluster_read(cluster, i == WHILE_WAITING ? "waiting.log" : "standing.log");
        ck_assert_msg(status == 0, "%s: %d, %s",
            i == WHILE_WAITING ? "while it waited" : "from its start", status, said);
        mem_free(said);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("limits");
    TCase *large = tcase_create("large");
    TCase *still = tcase_create("still");

    tcase_set_timeout(large, LIMIT_S);
    tcase_add_checked_fixture(large, set_up, tear_down);
    tcase_add_test(large, a_host_full_of_the_largest_tasks_starts_and_ends_them_and_goes_on);
    tcase_add_test(large, a_task_over_the_limit_is_refused_with_how_large_it_is);
    tcase_add_test(large, a_job_that_leaves_the_core_between_two_pages_is_listed_once);
    suite_add_tcase(s, large);
    tcase_set_timeout(still, LIMIT_S);
    tcase_add_checked_fixture(still, set_up, tear_down);
    tcase_add_test(still, a_scheduler_that_stands_still_for_seconds_is_waited_for);
    suite_add_tcase(s, still);
    return s;
}
