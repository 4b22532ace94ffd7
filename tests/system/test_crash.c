/*
 * kill -9 of the scheduler and of agents at random moments while clients go on submitting. Tasks
 * leave a trace in a common file; afterwards the trace and the queue must agree with the promises:
 * what was acknowledged reaches one end, once; no task runs twice in an attempt; no chip has two
 * owners. Short in `make test`; WATTYARD_SOAK=1 makes it 300 jobs and 200 kills.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOSTS = 16, WAIT_S = 120, TRACES_MOST = 8000, NAME_SIZE = 32 };

#define FLEET                                                                                      \
    "<fleet xmlns=\"urn:wattyard:1\" name=\"test\" allow-root=\"yes\"><catalog>"                   \
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "            \
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"          \
    "<system id=\"box\" chip=\"c\" hosts=\"16\" chips-per-host=\"4\" power-kw=\"64\" "             \
    "idle-kw=\"16\" availability=\"1\" available-from=\"2025-01\"/></catalog>"                     \
    "<site id=\"s\" power-kw=\"200\" usd-per-mwh=\"50\"><hall id=\"h\" power-kw=\"150\">"          \
    "<feed id=\"f\" power-kw=\"100\"><rack id=\"r\" system=\"box\" usd-per-hour=\"40\"/></feed>"   \
    "</hall></site></fleet>"

/* What a task does: says when it began and ended, where and on which chips. */
#define SCRIPT                                                                                     \
    "h=${PWD%%/work/*}; h=${h##*/}; t=%s; "                                                        \
    "echo S $(date +%%s%%N) $WATTYARD_JOB_ID $WATTYARD_ATTEMPT $RANK $h $WATTYARD_CHIPS &gt;&gt; " \
    "$t; "                                                                                         \
    "sleep 0.%d; "                                                                                 \
    "echo E $(date +%%s%%N) $WATTYARD_JOB_ID $WATTYARD_ATTEMPT $RANK $h $WATTYARD_CHIPS &gt;&gt; " \
    "$t"

static struct cluster *cluster;

static bool is_soak(void)
{
    const char *soak = getenv("WATTYARD_SOAK");

    return soak != NULL && strcmp(soak, "1") == 0;
}

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

/* --- Clients */

static const char *write_job(int index, struct rng *rng)
{
    struct str script = {0};
    struct str text = {0};
    char *trace = NULL;
    const char *path;
    char file[NAME_SIZE];
    int tasks = rng_between(rng, 0, 3) == 0 ? (int)rng_between(rng, 2, 6) : 1;

    str_format(&script, "%s/trace", cluster_folder(cluster));
    trace = mem_copy_text(str_text(&script));
    str_clear(&script);
    str_format(&script, SCRIPT, trace, (int)rng_between(rng, 10, 60));
    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"j%d\" kind=\"batch\" value-usd-per-hour=\"900\">"
        "<gang tasks=\"%d\" chips-per-task=\"%d\"/><limits retries=\"0\"/>"
        "<command path=\"/bin/sh\"><arg>-c</arg><arg>%s</arg></command></job>",
        index, tasks, (int)rng_between(rng, 1, 4), str_text(&script));
    (void)snprintf(file, sizeof file, "j%d.xml", index);
    path = cluster_write(cluster, file, str_text(&text));
    mem_free(trace);
    str_fini(&script);
    str_fini(&text);
    return path;
}

/* Another process submits them one by one, each until it is acknowledged; 0 at the end. */
static pid_t start_client(const char *const *files, int count)
{
    pid_t pid = fork();

    ck_assert(pid >= 0);
    if (pid != 0)
        return pid;
    for (int i = 0; i < count; i++)
        if (cluster_run(cluster, NULL, "submit", "--timeout", "120", files[i], NULL) != 0)
            _exit(1);
    _exit(0);
}

static bool has_ended(pid_t *pid)
{
    int status = 0;

    if (*pid != 0 && waitpid(*pid, &status, WNOHANG) == *pid) {
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
            "a job was not acknowledged: status %d", status);
        *pid = 0;
    }
    return *pid == 0;
}

/* --- The trace */

struct trace {
    int64_t start_ns, end_ns; /* end: 0 while it runs */
    int64_t job, attempt, rank;
    char host[NAME_SIZE];
    unsigned chips;
};

static unsigned chip_set(const char *list)
{
    unsigned set = 0;

    for (; *list != '\0'; list++)
        if (*list >= '0' && *list <= '9')
            set |= 1u << (unsigned)(*list - '0');
    return set;
}

static struct trace *find_trace(struct trace *traces, size_t count, const struct trace *key)
{
    for (size_t i = 0; i < count; i++)
        if (traces[i].job == key->job && traces[i].attempt == key->attempt &&
            traces[i].rank == key->rank)
            return &traces[i];
    return NULL;
}

/* Reads a line into the list; returns the new count. */
static size_t read_line(const char *line, struct trace *traces, size_t count)
{
    struct trace trace = {0};
    long long ns, job, attempt, rank;
    char chips[NAME_SIZE];
    char kind;
    struct trace *old;

    ck_assert_msg(sscanf(line, "%c %lld %lld %lld %lld %31s %31s", &kind, &ns, &job, &attempt,
                      &rank, trace.host, chips) == 7,
        "not a whole line: %.80s", line);
    trace.job = job;
    trace.attempt = attempt;
    trace.rank = rank;
    trace.chips = chip_set(chips);
    old = find_trace(traces, count, &trace);
    if (kind == 'S') {
        ck_assert_msg(old == NULL, "job %lld attempt %lld rank %lld ran twice", job, attempt, rank);
        ck_assert_uint_lt(count, TRACES_MOST);
        trace.start_ns = ns;
        traces[count++] = trace;
        return count;
    }
    ck_assert_ptr_nonnull(old);
    ck_assert_int_eq(old->end_ns, 0);
    old->end_ns = ns;
    return count;
}

static size_t read_traces(struct trace *traces)
{
    char *text = cluster_read(cluster, "trace");
    size_t count = 0;

    ck_assert_ptr_nonnull(text);
    for (char *line = text, *next; *line != '\0'; line = next) {
        next = line + strcspn(line, "\n");
        if (*next == '\n')
            *next++ = '\0';
        count = read_line(line, traces, count);
    }
    mem_free(text);
    return count;
}

static void assert_one_owner(const struct trace *traces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct trace *a = &traces[i];
            const struct trace *b = &traces[k];

            if (strcmp(a->host, b->host) != 0 || (a->chips & b->chips) == 0)
                continue;
            ck_assert_msg(a->end_ns <= b->start_ns || b->end_ns <= a->start_ns,
                "chips %#x of %s had two owners: jobs %lld and %lld", a->chips & b->chips, a->host,
                (long long)a->job, (long long)b->job);
        }
}

/* --- The queue */

/* Each name once, each done. */
static void assert_all_done(int jobs)
{
    char *out = NULL;
    int *seen = mem_zero((size_t)jobs, sizeof *seen);
    int rows = 0;

    ck_assert_int_eq(
        cluster_run(cluster, &out, "queue", "--all", "--csv", "--format", "name,state", NULL), 0);
    for (const char *line = strchr(out, '\n'); line != NULL && line[1] != '\0';
         line = strchr(line + 1, '\n')) {
        char state[NAME_SIZE];
        int index = -1;

        ck_assert_msg(sscanf(line + 1, "j%d,%31s", &index, state) == 2, "%s", line + 1);
        ck_assert_int_ge(index, 0);
        ck_assert_int_lt(index, jobs);
        ck_assert_msg(strcmp(state, "done") == 0, "j%d is %s", index, state);
        ck_assert_msg(seen[index]++ == 0, "j%d is there twice", index);
        rows++;
    }
    ck_assert_int_eq(rows, jobs);
    mem_free(seen);
    mem_free(out);
}

static bool is_queue_empty(void)
{
    char *out = NULL;
    int lines = 0;
    int status = cluster_run(cluster, &out, "queue", "--csv", "--timeout", "60", NULL);

    for (const char *at = out; *at != '\0'; at++)
        lines += *at == '\n';
    mem_free(out);
    return status == 0 && lines == 1;
}

static void wait_until_all_ended(double seconds)
{
    for (double waited = 0; !is_queue_empty(); waited += 0.05) {
        ck_assert_msg(waited < seconds, "jobs have not ended");
        cluster_sleep_ms(50);
    }
}

/* --- The runs */

enum { KILL_SCHEDULER = 1, KILL_AGENTS = 2 };

static void kill_one(unsigned whom, struct rng *rng)
{
    bool both = whom == (KILL_SCHEDULER | KILL_AGENTS);

    if ((whom & KILL_SCHEDULER) != 0 && (!both || rng_between(rng, 0, 1) == 0)) {
        cluster_kill_scheduler(cluster, SIGKILL);
        cluster_sleep_ms((int)rng_between(rng, 0, 30));
        cluster_start_scheduler(cluster, NULL);
    }
    if ((whom & KILL_AGENTS) != 0) {
        int host = (int)rng_between(rng, 0, HOSTS - 1);

        cluster_kill_agent(cluster, host, SIGKILL);
        cluster_sleep_ms((int)rng_between(rng, 0, 30));
        cluster_start_agent(cluster, host);
    }
}

static void run(unsigned whom, uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    int jobs = is_soak() ? 300 : 40;
    int kills = is_soak() ? 200 : 15;
    const char **files = mem_zero((size_t)jobs, sizeof *files);
    struct trace *traces = mem_zero(TRACES_MOST, sizeof *traces);
    pid_t client;
    size_t count;

    for (int i = 0; i < jobs; i++)
        files[i] = write_job(i, &rng);
    client = start_client(files, jobs);
    for (int done = 0; done < kills || !has_ended(&client); done++) {
        cluster_sleep_ms((int)rng_between(&rng, 1, 250));
        if (done < kills)
            kill_one(whom, &rng);
    }
    wait_until_all_ended(WAIT_S);
    assert_all_done(jobs);
    count = read_traces(traces);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(
            traces[i].end_ns > 0, "job %lld did not run to its end", (long long)traces[i].job);
    assert_one_owner(traces, count);
    mem_free(files);
    mem_free(traces);
}

START_TEST(the_scheduler_killed_at_any_moment_loses_and_doubles_nothing)
{
    run(KILL_SCHEDULER, 11);
}
END_TEST

START_TEST(agents_killed_at_any_moment_keep_their_tasks_and_their_exits)
{
    run(KILL_AGENTS, 12);
}
END_TEST

START_TEST(both_killed_at_any_moment)
{
    run(KILL_SCHEDULER | KILL_AGENTS, 13);
}
END_TEST

/* --- A state from a backup */

static void copy_state(const char *from, const char *to)
{
    struct str command[4] = {{0}, {0}, {0}, {0}};
    pid_t pid;
    int status = 0;

    str_format(&command[0], "%s/%s/.", cluster_folder(cluster), from);
    str_format(&command[1], "%s/%s", cluster_folder(cluster), to);
    pid = fork();
    ck_assert(pid >= 0);
    if (pid == 0) {
        (void)execlp("sh", "sh", "-c", "rm -rf \"$1\" && cp -a \"$0\" \"$1\"",
            str_text(&command[0]), str_text(&command[1]), (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    str_fini(&command[0]);
    str_fini(&command[1]);
}

START_TEST(a_state_from_a_backup_is_refused_until_it_is_said_so)
{
    struct rng rng = rng_seed(14);
    char *log;

    cluster_expect(cluster, 0, "submit", "--wait", write_job(0, &rng), NULL);
    cluster_kill_scheduler(cluster, SIGTERM);
    copy_state("state", "backup");
    cluster_start_scheduler(cluster, NULL);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
    cluster_expect(cluster, 0, "submit", "--wait", write_job(1, &rng), NULL);
    cluster_expect(cluster, 0, "submit", "--wait", write_job(2, &rng), NULL);
    cluster_kill_scheduler(cluster, SIGTERM);
    copy_state("backup", "state");

    /* Agents have seen what the backup has not: it must not decide anything. */
    cluster_start_scheduler(cluster, NULL);
    for (int i = 0; i < WAIT_S * 10 && cluster_scheduler_lives(cluster); i++)
        cluster_sleep_ms(100);
    ck_assert_msg(!cluster_scheduler_lives(cluster), "a scheduler of the past runs");
    log = cluster_log(cluster);
    ck_assert_msg(strstr(log, "--after-restore") != NULL, "%s", log);
    mem_free(log);

    cluster_start_scheduler(cluster, "--after-restore");
    cluster_wait_up(cluster, HOSTS, WAIT_S);
    cluster_expect(cluster, 0, "submit", "--wait", write_job(3, &rng), NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("system/crash");
    TCase *c = tcase_create("crash");

    tcase_set_timeout(c, 900);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, the_scheduler_killed_at_any_moment_loses_and_doubles_nothing);
    tcase_add_test(c, agents_killed_at_any_moment_keep_their_tasks_and_their_exits);
    tcase_add_test(c, both_killed_at_any_moment);
    tcase_add_test(c, a_state_from_a_backup_is_refused_until_it_is_said_so);
    suite_add_tcase(s, c);
    return s;
}
