/*
 * The running cluster: a real scheduler and 32 real agents with keys on loopback, and beside them a
 * real Slurm of as many nodes, where its packages are installed. Prints what issue 4 sets targets
 * for; medians. All stands in build/ and is gone at the end.
 * WATTYARD_BENCH_JOBS: jobs of one run, 2,000 if not set.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "tests/support/cluster.h"
#include "tests/support/measure.h"
#include "tests/support/slurm_peer.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HOSTS = 32,
    CHIPS = 4, /* of a host: as many jobs at once */
    CLIENTS = 4,
    RUNS = 3,
    JOBS = 2000,
    SINGLES = 120,
    COMMANDS = 120,
    IDLE_S = 15,
    WAIT_S = 60,
    END_S = 60,
    PEER_JOBS = 500,
    POLL_MS = 10
};
static const double RATE_FACTOR = 5; /* times Slurm's */
static const double START_TARGET_MS = 10;

#define FLEET                                                                                      \
    "<fleet xmlns=\"urn:wattyard:1\" name=\"bench\" allow-root=\"yes\"><catalog>"                  \
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "            \
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"          \
    "<system id=\"box\" chip=\"c\" hosts=\"16\" chips-per-host=\"4\" power-kw=\"64\" "             \
    "idle-kw=\"16\" availability=\"1\" available-from=\"2025-01\"/></catalog>"                     \
    "<site id=\"s\" power-kw=\"400\" usd-per-mwh=\"50\"><hall id=\"h\" power-kw=\"300\">"          \
    "<feed id=\"f\" power-kw=\"200\"><rack id=\"a\" system=\"box\" usd-per-hour=\"40\"/>"          \
    "<rack id=\"b\" system=\"box\" usd-per-hour=\"40\"/></feed></hall></site></fleet>"

#define JOB(inside)                                                                                \
    "<job xmlns=\"urn:wattyard:1\" name=\"bench\" kind=\"batch\" value-usd-per-hour=\"900\">"      \
    "<gang tasks=\"1\" chips-per-task=\"1\"/>" inside "</job>"
#define TRUE_COMMAND "<command path=\"/bin/true\"/>"

struct bench {
    struct cluster *cluster;
    struct client *client;
    int job_count;
};

/* --- Figures */

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

/* Sorts them. */
static double quantile(double *values, int count, double share)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[(int)(share * (count - 1) + 0.5)];
}

static void say(const char *what, double value, const char *unit)
{
    printf("  %-58s %10.3f %s\n", what, value, unit);
    (void)fflush(stdout);
}

static double utc_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double agents_cpu_s(const struct cluster *cluster)
{
    double sum = 0;

    for (int i = 0; i < HOSTS; i++)
        sum += measure_process_cpu_s(cluster_agent_pid(cluster, i));
    return sum;
}

/* --- Asking, as the command does */

static void open_client(struct bench *bench)
{
    struct str key = {0};
    struct client_flags flags = {.scheduler = cluster_people_address(bench->cluster)};
    struct err err = {0};

    str_format(&key, "%s/keys/hand-out/%s", cluster_folder(bench->cluster), cluster_user());
    flags.key = str_text(&key);
    bench->client = client_open(&flags, &err);
    ck_assert_msg(bench->client != NULL, "%s", err.text);
    str_fini(&key);
}

static Wattyard__Envelope *ask(struct bench *bench, Wattyard__Request *request, int wait_ms)
{
    struct err err = {0};
    Wattyard__Envelope *envelope = client_ask(bench->client, request, wait_ms, &err);

    ck_assert_msg(envelope != NULL, "%s", err.text);
    ck_assert_msg(envelope->answer->status == 0, "%s",
        envelope->answer->n_errors > 0 ? envelope->answer->errors[0] : "no reason");
    return envelope;
}

static uint64_t submit(struct bench *bench, const char *manifest)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__Submit body = WATTYARD__SUBMIT__INIT;
    Wattyard__Envelope *envelope;
    uint64_t job;

    body.manifest.data = (uint8_t *)(uintptr_t)manifest;
    body.manifest.len = strlen(manifest);
    request.body_case = WATTYARD__REQUEST__BODY_SUBMIT;
    request.submit = &body;
    envelope = ask(bench, &request, 0);
    ck_assert_uint_gt(envelope->answer->n_jobs, 0);
    job = envelope->answer->jobs[0]->job;
    protocol_free(envelope);
    return job;
}

/* Until no job is left that has not ended. */
static void wait_done(struct bench *bench)
{
    double start_s = clock_monotonic_s();
    size_t count;

    do {
        Wattyard__Request request = WATTYARD__REQUEST__INIT;
        Wattyard__ListJobs list = WATTYARD__LIST_JOBS__INIT;
        Wattyard__Envelope *envelope;

        list.max = 1;
        request.body_case = WATTYARD__REQUEST__BODY_LIST_JOBS;
        request.list_jobs = &list;
        envelope = ask(bench, &request, 0);
        count = envelope->answer->n_jobs;
        protocol_free(envelope);
        ck_assert_msg(clock_monotonic_s() - start_s < END_S, "jobs do not end");
        if (count > 0)
            cluster_sleep_ms(POLL_MS);
    } while (count > 0);
}

/* --- Idle agents */

static void bench_idle(struct bench *bench)
{
    double rss[HOSTS];
    double pss[HOSTS];
    double cpu[HOSTS];
    double scheduler = measure_process_cpu_s(cluster_scheduler_pid(bench->cluster));

    for (int i = 0; i < HOSTS; i++)
        cpu[i] = measure_process_cpu_s(cluster_agent_pid(bench->cluster, i));
    cluster_sleep_ms(IDLE_S * 1000);
    for (int i = 0; i < HOSTS; i++) {
        pid_t pid = cluster_agent_pid(bench->cluster, i);

        cpu[i] = (measure_process_cpu_s(pid) - cpu[i]) / IDLE_S * 100;
        rss[i] = measure_process_value(pid, "status", "VmRSS:") / 1e3;
        pss[i] = measure_process_value(pid, "smaps_rollup", "Pss:") / 1e3;
    }
    scheduler = (measure_process_cpu_s(cluster_scheduler_pid(bench->cluster)) - scheduler) /
                IDLE_S * 100;
    say("agent, idle, a report in 5 s: RSS (target below 10)", quantile(rss, HOSTS, 0.5), "MB");
    say("  PSS", quantile(pss, HOSTS, 0.5), "MB");
    say("  processor (target below 0.2)", quantile(cpu, HOSTS, 0.5), "% of a core");
    say("scheduler, 32 idle agents: processor", scheduler, "% of a core");
}

/* --- From submit to start */

/* What `date` wrote when it ran. */
static double read_clock_ms(const struct bench *bench, int number)
{
    char name[64];
    char *text = NULL;
    double ms = 0;

    (void)snprintf(name, sizeof name, "clocks/%d", number);
    ck_assert_msg(cluster_wait_file(bench->cluster, name, WAIT_S), "job %d did not run", number);
    for (double start_s = clock_monotonic_s(); ms <= 0 && clock_monotonic_s() - start_s < WAIT_S;) {
        text = cluster_read(bench->cluster, name);
        ms = text != NULL && strchr(text, '\n') != NULL ? strtod(text, NULL) / 1e6 : 0;
        mem_free(text);
        if (ms <= 0)
            cluster_sleep_ms(1); /* a core less would be measured too */
    }
    ck_assert_double_gt(ms, 0);
    return ms;
}

static char *clock_job(const struct bench *bench, int number)
{
    struct str text = {0};

    str_format(&text,
        JOB("<output path=\"%s/clocks/%d\"/><command "
            "path=\"/bin/date\"><arg>+%%s%%N</arg></command>"),
        cluster_folder(bench->cluster), number);
    return text.text;
}

static void say_starts(const char *what, double *taken, int count)
{
    double median = quantile(taken, count, 0.5);

    printf("  %-58s %10.2f ms (p99 %.2f, target %g)%s\n", what, median,
        quantile(taken, count, 0.99), START_TARGET_MS, median <= START_TARGET_MS ? "" : "  MISSED");
    (void)fflush(stdout);
}

/* The time of one submit until its program runs; through a client that is connected already. */
static double start_by_client(struct bench *bench, int number)
{
    char *manifest = clock_job(bench, number);
    double start_ms = utc_ms();

    (void)submit(bench, manifest);
    start_ms = read_clock_ms(bench, number) - start_ms;
    mem_free(manifest);
    return start_ms;
}

static double start_by_command(struct bench *bench, int number, const char *path)
{
    double start_ms = utc_ms();

    cluster_expect(bench->cluster, 0, "submit", path, NULL);
    return read_clock_ms(bench, number) - start_ms;
}

/* The manifests stand on the disk before: else each sync of the scheduler would wait for one. */
static void write_clock_jobs(struct bench *bench, const char **paths)
{
    for (int i = 0; i < COMMANDS; i++) {
        char *manifest = clock_job(bench, SINGLES + i);
        char name[32];

        (void)snprintf(name, sizeof name, "clock-%d.xml", i);
        paths[i] = cluster_write(bench->cluster, name, manifest);
        mem_free(manifest);
    }
    sync();
}

static void bench_starts(struct bench *bench)
{
    const char *paths[COMMANDS];
    double by_client[SINGLES];
    double by_command[COMMANDS];

    write_clock_jobs(bench, paths);
    for (int i = 0; i < SINGLES; i++) {
        by_client[i] = start_by_client(bench, i);
        wait_done(bench);
    }
    for (int i = 0; i < COMMANDS; i++) {
        by_command[i] = start_by_command(bench, SINGLES + i, paths[i]);
        wait_done(bench);
    }
    say_starts("submit to the program's first act, idle cluster", by_client, SINGLES);
    say_starts("  with the start of `wattyard submit` itself", by_command, COMMANDS);
}

/* --- Many jobs */

struct run {
    double rate, scheduler_ms, agents_ms; /* jobs a second; processor time a job */
};

typedef void (*submit_fn)(struct bench *bench);

static struct run run_jobs(struct bench *bench, submit_fn give)
{
    double agents_s = agents_cpu_s(bench->cluster);
    double scheduler_s = measure_process_cpu_s(cluster_scheduler_pid(bench->cluster));
    double start_s = clock_monotonic_s();
    struct run run;

    give(bench);
    wait_done(bench);
    run.rate = bench->job_count / (clock_monotonic_s() - start_s);
    scheduler_s = measure_process_cpu_s(cluster_scheduler_pid(bench->cluster)) - scheduler_s;
    run.scheduler_ms = scheduler_s * 1e3 / bench->job_count;
    run.agents_ms = (agents_cpu_s(bench->cluster) - agents_s) * 1e3 / bench->job_count;
    return run;
}

static double bench_rate(struct bench *bench, const char *what, submit_fn give)
{
    double rates[RUNS];
    double scheduler_ms[RUNS];
    double agents_ms[RUNS];
    double rate;

    for (int i = 0; i < RUNS; i++) {
        struct run run = run_jobs(bench, give);

        rates[i] = run.rate;
        scheduler_ms[i] = run.scheduler_ms;
        agents_ms[i] = run.agents_ms;
    }
    rate = quantile(rates, RUNS, 0.5);
    printf("  %-58s %10.1f jobs/s (processor a job: scheduler %.2f ms, agents %.2f)\n", what, rate,
        quantile(scheduler_ms, RUNS, 0.5), quantile(agents_ms, RUNS, 0.5));
    (void)fflush(stdout);
    return rate;
}

/* Four people at once: `wattyard submit FILE FILE …`, a file a job. */
static void give_files(struct bench *bench)
{
    const char *path = cluster_write(bench->cluster, "true.xml", JOB(TRUE_COMMAND));
    int each = bench->job_count / CLIENTS;
    const char **words = mem_zero((size_t)each + 3, sizeof *words);
    pid_t clients[CLIENTS];

    words[0] = "wattyard";
    words[1] = "submit";
    for (int i = 0; i < each; i++)
        words[i + 2] = path;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = cluster_start_command(bench->cluster, words, "submits.log");
    for (int i = 0; i < CLIENTS; i++) {
        int status = -1;

        ck_assert_int_eq(waitpid(clients[i], &status, 0), clients[i]);
        ck_assert_int_eq(status, 0);
    }
    mem_free(words);
}

/* One person who stays until all have ended. */
static void give_and_wait(struct bench *bench)
{
    struct str text = {0};
    const char *path;

    str_format(&text, JOB("<array count=\"%d\"/>" TRUE_COMMAND), bench->job_count);
    path = cluster_write(bench->cluster, "array.xml", str_text(&text));
    cluster_expect(bench->cluster, 0, "submit", "--wait", path, NULL);
    str_fini(&text);
}

static void give_array(struct bench *bench)
{
    struct str text = {0};

    str_format(&text, JOB("<array count=\"%d\"/>" TRUE_COMMAND), bench->job_count);
    (void)submit(bench, str_text(&text));
    str_fini(&text);
}

struct rates {
    double singles, array;
};

static struct rates bench_rates(struct bench *bench)
{
    pid_t pid = cluster_scheduler_pid(bench->cluster);
    double before_mb = measure_process_value(pid, "status", "VmRSS:") / 1e3;
    struct rates rates;
    double after_mb;
    int count = 3 * RUNS * bench->job_count;

    rates.singles = bench_rate(
        bench, "submit to done, four `wattyard submit` of many files", give_files);
    rates.array = bench_rate(bench, "submit to done, one array", give_array);
    (void)bench_rate(bench, "  the same with `wattyard submit --wait`", give_and_wait);
    after_mb = measure_process_value(pid, "status", "VmRSS:") / 1e3;
    printf("  %-58s %10.2f MB (before them %.2f: %.1f kB a job)\n",
        "scheduler's RSS, all these still in memory", after_mb, before_mb,
        (after_mb - before_mb) * 1e3 / count);
    return rates;
}

/* --- Slurm */

static void compare_rates(const char *what, double ours, double theirs)
{
    printf("  %-58s %10.2f times (target %g)%s\n", what, ours / theirs, RATE_FACTOR,
        ours >= RATE_FACTOR * theirs ? "" : "  MISSED");
    (void)fflush(stdout);
}

static void bench_peer(struct rates rates)
{
    struct slurm_peer peer = {0};

    if (!slurm_peer_run(&peer, PEER_JOBS, HOSTS, CHIPS)) {
        puts("  Slurm is not measured: its packages are not installed, or it did not start");
        return;
    }
    say("Slurm, tuned, 32 slurmd: four clients of single sbatch", peer.single_rate, "jobs/s");
    say("  one array", peer.array_rate, "jobs/s");
    say("  submit to the program's first act: sbatch", peer.sbatch_ms, "ms");
    say("  the same: srun", peer.srun_ms, "ms");
    say("  slurmctld's RSS", peer.controller_kb / 1e3, "MB");
    say("  slurmd's RSS", peer.node_kb / 1e3, "MB");
    compare_rates("single jobs, ours to Slurm's", rates.singles, peer.single_rate);
    compare_rates("an array, ours to Slurm's", rates.array, peer.array_rate);
}

START_TEST(the_cluster_is_measured)
{
    const char *jobs = getenv("WATTYARD_BENCH_JOBS");
    struct bench bench = {.job_count = jobs != NULL ? (int)strtol(jobs, NULL, 10) : JOBS};
    struct rates rates;

    bench.cluster = cluster_create(&(struct cluster_options){
        .fleet_xml = FLEET, .topology = "topologies/hosts/gb300-nvl72.xml", .report_seconds = 5});
    cluster_start_scheduler(bench.cluster, NULL);
    cluster_start_agents(bench.cluster);
    cluster_wait_up(bench.cluster, HOSTS, WAIT_S);
    open_client(&bench);
    bench_idle(&bench);
    bench_starts(&bench);
    rates = bench_rates(&bench);
    client_close(bench.client);
    cluster_destroy(bench.cluster);
    bench_peer(rates);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("bench_cluster");
    TCase *tcase = tcase_create("cluster");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, the_cluster_is_measured);
    suite_add_tcase(s, tcase);
    return s;
}
