/* What an agent finds after its own end, its host's, or a shim's, at any moment. */
#include "agent/launcher.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tests/support/suite.h"
#include "tests/support/tasks.h"
#include "tests/support/tempdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct tasks tasks;

static void setup(void)
{
    tasks_start(&tasks);
}

static void teardown(void)
{
    tasks_fini(&tasks);
}

static void reopen(void)
{
    tasks_close(&tasks);
    tasks_open(&tasks);
}

static struct task_spec spec_that_waits(uint64_t gang)
{
    struct task_spec spec = tasks_sh(
        &tasks, gang, "echo $$ > up; while [ ! -e gate ]; do sleep 0.01; done; exit 6");

    spec.directory = tasks.folder;
    return spec;
}

static void open_gate(void)
{
    mem_free(tempdir_write_text(tasks.folder, "gate", "x"));
}

/* --- The agent goes and comes */

START_TEST(a_running_task_goes_on_and_its_end_is_seen)
{
    struct task_spec spec = spec_that_waits(1);
    const struct task_status *status;
    int64_t started_ms;
    pid_t shim;

    tasks_run(&tasks, &spec);
    status = tasks_wait(&tasks, spec.id, TASK_RUNNING);
    started_ms = status->started_ms;
    shim = status->pid;
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    reopen();
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, shim); /* before it answers */
    status = tasks_wait(&tasks, spec.id, TASK_RUNNING);
    ck_assert_int_eq(status->pid, shim);
    ck_assert_int_eq(status->started_ms, started_ms);
    ck_assert_uint_eq(status->job, 101);
    ck_assert_str_ne(status->cpuset, "");
    open_gate();
    status = tasks_wait_over(&tasks, spec.id);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 6);
    ck_assert_int_eq(status->started_ms, started_ms);
    ck_assert_int_eq(status->pid, 0);
}
END_TEST

START_TEST(an_end_that_came_meanwhile_is_kept)
{
    struct task_spec spec = spec_that_waits(1);
    pid_t shim;

    tasks_run(&tasks, &spec);
    shim = tasks_wait(&tasks, spec.id, TASK_RUNNING)->pid;
    tasks_close(&tasks);
    open_gate();
    tasks_wait_gone(&tasks, shim);
    for (int i = 0; i < 2; i++) {
        const struct task_status *status;

        tasks_open(&tasks);
        status = tasks_wait_over(&tasks, spec.id);
        ck_assert_int_eq(status->state, TASK_ENDED);
        ck_assert_int_eq(status->exit_status, 6);
        ck_assert_uint_eq(status->job, 101);
        ck_assert_int_gt(status->ended_ms, 0);
        tasks_close(&tasks);
    }
    tasks_open(&tasks);
    ck_assert_str_eq(tasks_output(&tasks, spec.id), "");
}
END_TEST

START_TEST(a_ready_task_gets_its_go_from_the_next_agent)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "echo $MASTER_ADDR:$MASTER_PORT");
    uint16_t port;

    launcher_prepare(tasks.launcher, &spec);
    port = tasks_wait(&tasks, spec.id, TASK_READY)->port;
    reopen();
    ck_assert_uint_eq(tasks_wait(&tasks, spec.id, TASK_READY)->port, port);
    launcher_go(tasks.launcher, spec.id, "10.1.2.3", port);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 0);
    ck_assert_str_eq(tasks_output(&tasks, spec.id), tasks_text(&tasks, "10.1.2.3:%d\n", (int)port));
}
END_TEST

START_TEST(the_next_agent_can_stop_it)
{
    struct task_spec spec = spec_that_waits(1);

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    reopen();
    (void)tasks_wait(&tasks, spec.id, TASK_RUNNING);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->signal, SIGTERM);
}
END_TEST

START_TEST(a_stop_goes_on_without_its_agent)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "trap '' TERM; echo $$ > up; exec sleep 1000");
    pid_t pid;

    spec.directory = tasks.folder;
    spec.grace_s = 0.5;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    pid = tasks_read_pid(tasks_path(&tasks, "up"));
    launcher_stop(tasks.launcher, spec.id);
    (void)launcher_step(tasks.launcher);
    tasks_close(&tasks);
    tasks_wait_gone(&tasks, pid);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->signal, SIGKILL);
}
END_TEST

START_TEST(cores_of_running_tasks_stay_taken)
{
    struct task_spec spec = spec_that_waits(1);
    struct task_spec other = tasks_sh(&tasks, 2, "exit 0");

    spec.cores = tasks.inventory->thread_count;
    other.cores = 1;
    tasks_run(&tasks, &spec);
    (void)tasks_wait(&tasks, spec.id, TASK_RUNNING);
    reopen();
    launcher_prepare(tasks.launcher, &other);
    ck_assert_int_eq(tasks_wait_over(&tasks, other.id)->state, TASK_NOT_STARTED);
    open_gate();
}
END_TEST

/* --- The shim dies */

START_TEST(a_task_whose_shim_was_killed_is_lost_and_does_not_run)
{
    struct task_spec spec = spec_that_waits(1);
    int64_t ended_ms;
    pid_t pid, shim;

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = tasks_wait(&tasks, spec.id, TASK_RUNNING)->pid;
    pid = tasks_read_pid(tasks_path(&tasks, "up"));
    ck_assert_int_eq(kill(shim, SIGKILL), 0);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_LOST);
    ck_assert(!tasks_is_alive(pid));
    ck_assert_str_ne(launcher_find(tasks.launcher, spec.id)->why, "");
    ended_ms = launcher_find(tasks.launcher, spec.id)->ended_ms;
    reopen(); /* it is kept, and not judged anew */
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_LOST);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->ended_ms, ended_ms);
    ck_assert_str_ne(launcher_find(tasks.launcher, spec.id)->why, "");
}
END_TEST

static const char *const WITH_DAEMON =
    "(setsid sh -c 'trap \"\" TERM HUP; echo $$ > away; while :; do sleep 0.1; done' &); "
    "while [ ! -s away ]; do sleep 0.01; done; echo $$ > up; exec sleep 1000";

START_TEST(daemons_of_a_task_whose_shim_was_killed_do_not_run_on)
{
    struct task_spec spec = tasks_sh(&tasks, 1, WITH_DAEMON);
    pid_t shim;

    spec.directory = tasks.folder;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = tasks_wait(&tasks, spec.id, TASK_RUNNING)->pid;
    ck_assert_int_eq(kill(shim, SIGKILL), 0);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_LOST);
    ck_assert(!tasks_is_alive(tasks_read_pid(tasks_path(&tasks, "away"))));
}
END_TEST

START_TEST(agent_and_shim_killed_together_leave_nothing_once_an_agent_is_back)
{
    struct task_spec spec = tasks_sh(&tasks, 1, WITH_DAEMON);
    pid_t pid, shim;

    spec.directory = tasks.folder;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = tasks_wait(&tasks, spec.id, TASK_RUNNING)->pid;
    pid = tasks_read_pid(tasks_path(&tasks, "up"));
    tasks_close(&tasks);
    ck_assert_int_eq(kill(shim, SIGKILL), 0);
    tasks_wait_gone(&tasks, pid);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_LOST);
    ck_assert(!tasks_is_alive(tasks_read_pid(tasks_path(&tasks, "away"))));
}
END_TEST

START_TEST(a_shim_killed_before_its_go_means_nothing_ran)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));

    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(kill(tasks_wait(&tasks, spec.id, TASK_READY)->pid, SIGKILL), 0);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

/* --- What stands in the folder */

START_TEST(where_started_is_nothing_is_executed_again)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));
    const char *path;
    int fd;

    launcher_prepare(tasks.launcher, &spec);
    (void)tasks_wait(&tasks, spec.id, TASK_READY);
    path = tasks_file_of_only(&tasks, "started");
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    ck_assert(task_state_is_over(tasks_wait_over(&tasks, spec.id)->state));
    ck_assert_int_ne(launcher_find(tasks.launcher, spec.id)->state, TASK_ENDED);
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

/* As after the host's own end: `started` is there, and no shim. */
START_TEST(started_without_an_end_and_a_shim_is_lost)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    const char *path;

    (void)tasks_run_over(&tasks, &spec);
    path = tasks_file_of_only(&tasks, "exit");
    tasks_close(&tasks);
    ck_assert_int_eq(unlink(path), 0);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_LOST);
    launcher_prepare(tasks.launcher, &spec);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_LOST);
}
END_TEST

static const char *const DAMAGE[] = {"", "x", "ended", "ended 0", "ended 0 0 0 0",
    "ended zero 0 1 2 why\n", "nonsense 0 0 1 2 \n", "ended 99999999999999999999 0 1 2 \n",
    "\xff\xfe\n\n", "ended -1 -1 -1 -1 -1\n"};

START_TEST(a_damaged_end_is_lost_and_never_a_success)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 3");
    FILE *file;

    (void)tasks_run_over(&tasks, &spec);
    file = fopen(tasks_file_of_only(&tasks, "exit"), "w");
    tasks_close(&tasks);
    ck_assert_ptr_nonnull(file);
    (void)fputs(DAMAGE[_i], file);
    (void)fclose(file);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_LOST);
}
END_TEST

/* Each file of an ended task's folder cut, filled with garbage, or gone: it opens, and what it says
 * is never that the task ended otherwise than it did. */
START_TEST(any_damaged_file_is_survived)
{
    static const char garbage[] = "\x00\xff garbage = \n=\n\n0 -1 \x80";
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 3");
    char *names[32] = {NULL};
    size_t count = 0;
    const char *folder_path;
    DIR *folder;
    struct dirent *entry;

    (void)tasks_run_over(&tasks, &spec);
    folder_path = tasks_file_of_only(&tasks, "");
    tasks_close(&tasks);
    folder = opendir(folder_path);
    while ((entry = readdir(folder)) != NULL && count < 32)
        if (entry->d_type == DT_REG)
            names[count++] = tempdir_path(folder_path, entry->d_name);
    (void)closedir(folder);
    ck_assert_uint_ge(count, 3);
    for (size_t i = 0; i < count; i++) {
        const struct task_status *status;
        FILE *file = fopen(names[i], "w");

        (void)fwrite(garbage, 1, i % 2 == 0 ? sizeof garbage - 1 : 0, file);
        (void)fclose(file);
        tasks_open(&tasks);
        status = launcher_find(tasks.launcher, spec.id);
        if (status != NULL) {
            status = tasks_wait_over(&tasks, spec.id);
            ck_assert(status->state == TASK_LOST ||
                      (status->state == TASK_ENDED && status->exit_status == 3));
        }
        tasks_close(&tasks);
        mem_free(names[i]);
    }
    tasks_open(&tasks);
}
END_TEST

/* A crash between the steps of preparing leaves any first part of the folder. */
START_TEST(a_half_written_folder_is_cleaned_or_not_started)
{
    static const char *const PARTS[] = {"", "spec", "spec.new", "facts", "lock", "socket"};
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 5, tasks_text(&tasks, "echo x >> %s", mark));
    struct task_spec other = tasks_sh(&tasks, 6, "exit 0");
    const char *path;
    const struct task_status *status;

    /* How folders are named is learnt from one. */
    (void)tasks_run_over(&tasks, &other);
    path = tasks_file_of_only(&tasks, "");
    tasks_close(&tasks);
    ck_assert_int_eq(rename(path, tasks_path(&tasks, "other")), 0);
    *strrchr(path, '/') = '\0';
    path = tasks_text(&tasks, "%s/5.1.0", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    for (int i = 1; i <= _i; i++)
        mem_free(tempdir_write_text(path, PARTS[i], "half a fi"));
    tasks_open(&tasks);
    status = launcher_find(tasks.launcher, spec.id);
    if (status != NULL) {
        ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
        launcher_forget(tasks.launcher, spec.id);
    }
    ck_assert_ptr_null(launcher_find(tasks.launcher, spec.id));
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
    ck_assert_str_eq(tasks_read(&tasks, mark), "x\n");
}
END_TEST

START_TEST(a_damaged_memory_is_refused_and_not_overwritten)
{
    struct err err = {0};
    static const unsigned char cluster[16] = {7};
    const char *path = tasks_path(&tasks, "state/memory");

    ck_assert_int_eq(launcher_remember(tasks.launcher, cluster, 9, NULL), 0);
    tasks_close(&tasks);
    ck_assert_int_eq(truncate(path, 5), 0);
    ck_assert_ptr_null(launcher_open(&tasks.options, &err));
    ck_assert_str_ne(err.text, "");
    ck_assert_int_eq(unlink(path), 0);
    tasks_open(&tasks);
}
END_TEST

/* --- kill -9 at any moment */

enum { KILLS = 200, AT_ONCE = 3, TRIES = 10, LIFE_MOST_NS = 25000000 };

static struct task_spec counted(uint64_t gang)
{
    static char script[512];
    static const char *args[] = {"-c", script};
    static const uint32_t one = 1;

    (void)snprintf(script, sizeof script, "echo x >> %s/ran.%llu; exit %d", tasks.folder,
        (unsigned long long)gang, (int)(gang % 100));
    return (struct task_spec){.id = {gang, 1, 0},
        .job = gang,
        .name = "counted",
        .path = "/bin/sh",
        .args = args,
        .arg_count = 2,
        .task_count = 1,
        .hosts = "here-1",
        .tasks_by_host = &one,
        .host_count = 1,
        .cores = 0.01,
        .grace_s = 5,
        .lease_s = 120,
        .array_index = -1,
        .allow_root = true};
}

/* An agent's life: until it is killed it prepares tasks, and lets them go, the found ones too. */
static void live(void)
{
    uint64_t gang;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    tasks_open(&tasks);
    gang = launcher_memory(tasks.launcher).highest_gang;
    for (;;) {
        size_t busy = 0;

        for (size_t i = 0; i < launcher_count(tasks.launcher); i++) {
            const struct task_status *status = launcher_at(tasks.launcher, i);

            busy += !task_state_is_over(status->state);
            if (status->state == TASK_READY)
                launcher_go(tasks.launcher, status->id, "127.0.0.1", 1000);
        }
        if (busy < AT_ONCE) {
            struct task_spec spec = counted(++gang);

            launcher_prepare(tasks.launcher, &spec);
        }
        tasks_step(&tasks, 2);
    }
}

/* How long an agent takes here to open, prepare a task, let it go and see its end, at most 25 ms:
 * moments are chosen within four times that, so that lives are long enough for something. */
static int64_t measure_life_ns(void)
{
    struct timespec from, to;
    int64_t life_ns;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < TRIES; i++) {
        struct task_spec spec = counted(launcher_memory(tasks.launcher).highest_gang + 1);

        ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
        reopen();
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    life_ns = ((int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec) / TRIES;
    return life_ns < LIFE_MOST_NS ? life_ns : LIFE_MOST_NS;
}

static void kill_at_random(struct rng *rng, int64_t life_ns)
{
    pid_t agent = fork();
    int64_t moment_ns = rng_between(rng, 0, 4 * life_ns);
    struct timespec moment = {moment_ns / 1000000000, (long)(moment_ns % 1000000000)};
    int status;

    if (agent == 0) {
        live();
        _exit(0);
    }
    ck_assert_int_gt(agent, 0);
    (void)nanosleep(&moment, NULL);
    ck_assert_int_eq(kill(agent, SIGKILL), 0);
    ck_assert_int_eq(waitpid(agent, &status, 0), agent);
    ck_assert_msg(
        WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended before: %d", status);
}

static size_t count_runs(uint64_t gang)
{
    char path[512];
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/ran.%llu", tasks.folder, (unsigned long long)gang);
    return stat(path, &info) == 0 ? (size_t)info.st_size / 2 : 0;
}

/* In the run of all rounds every task is in one of few ends, and its trace agrees with it. */
static void check_task(const struct task_status *status, size_t *ended)
{
    size_t runs = count_runs(status->id.gang);

    switch (status->state) {
    case TASK_ENDED:
        ck_assert_uint_eq(runs, 1);
        ck_assert_int_eq(status->exit_status, (int)(status->id.gang % 100));
        ++*ended;
        break;
    case TASK_NOT_STARTED:
        ck_assert_uint_eq(runs, 0);
        break;
    case TASK_PREPARING:
    case TASK_READY:
    case TASK_RUNNING:
    case TASK_STOPPING:
    case TASK_LOST:
    case TASK_PROLOG_FAILED:
        ck_abort_msg("gang %llu is %s (%s), and ran %zu times", (unsigned long long)status->id.gang,
            TASK_STATE_NAMES[status->state], status->why, runs);
    }
}

/* What one agent says of all tasks the next one says too, however often. */
static void check_same_after_restart(void)
{
    size_t count = launcher_count(tasks.launcher);
    struct task_status *before = mem_zero(count, sizeof *before);

    for (size_t i = 0; i < count; i++)
        before[i] = *launcher_at(tasks.launcher, i);
    reopen();
    ck_assert_uint_eq(launcher_count(tasks.launcher), count);
    for (size_t i = 0; i < count; i++) {
        const struct task_status *after = launcher_find(tasks.launcher, before[i].id);

        ck_assert_ptr_nonnull(after);
        ck_assert_int_eq(after->state, before[i].state);
        ck_assert_int_eq(after->exit_status, before[i].exit_status);
        ck_assert_int_eq(after->signal, before[i].signal);
        ck_assert_int_eq(after->started_ms, before[i].started_ms);
        ck_assert_int_eq(after->ended_ms, before[i].ended_ms);
    }
    mem_free(before);
}

START_TEST(agents_killed_at_200_random_moments_run_nothing_twice_and_lose_no_end)
{
    struct rng rng = rng_seed(20260401);
    int64_t life_ns = measure_life_ns();
    size_t ended = 0;
    uint64_t highest;
    size_t count;

    tasks_close(&tasks);
    for (int i = 0; i < KILLS; i++)
        kill_at_random(&rng, life_ns);
    tasks_open(&tasks);
    count = launcher_count(tasks.launcher);
    highest = launcher_memory(tasks.launcher).highest_gang;
    for (size_t i = 0; i < count; i++)
        launcher_stop(tasks.launcher, launcher_at(tasks.launcher, i)->id);
    for (size_t i = 0; i < count; i++) {
        struct task_id id = launcher_at(tasks.launcher, i)->id;
        const struct task_status *status = tasks_wait_over(&tasks, id);

        if (status->state == TASK_ENDED && strcmp(status->why, "") != 0)
            ck_assert_uint_le(count_runs(id.gang), 1); /* it was stopped just now */
        else
            check_task(status, &ended);
    }
    for (uint64_t gang = 1; gang <= highest; gang++)
        if (launcher_find(tasks.launcher, (struct task_id){gang, 1, 0}) == NULL)
            ck_assert_uint_eq(count_runs(gang), 0);
    ck_assert_uint_eq(count_runs(highest + 1), 0);
    ck_assert_uint_gt(ended, TRIES + KILLS / 4);
    check_same_after_restart();
}
END_TEST

static void add_agents(Suite *s)
{
    TCase *agents = tcase_create("the agent goes and comes");

    tcase_add_checked_fixture(agents, setup, teardown);
    tcase_add_test(agents, a_running_task_goes_on_and_its_end_is_seen);
    tcase_add_test(agents, an_end_that_came_meanwhile_is_kept);
    tcase_add_test(agents, a_ready_task_gets_its_go_from_the_next_agent);
    tcase_add_test(agents, the_next_agent_can_stop_it);
    tcase_add_test(agents, a_stop_goes_on_without_its_agent);
    tcase_add_test(agents, cores_of_running_tasks_stay_taken);
    suite_add_tcase(s, agents);
}

static void add_kills(Suite *s)
{
    TCase *kills = tcase_create("the agent is killed");

    tcase_add_checked_fixture(kills, setup, teardown);
    tcase_set_timeout(kills, 240);
    tcase_add_test(kills, agents_killed_at_200_random_moments_run_nothing_twice_and_lose_no_end);
    suite_add_tcase(s, kills);
}

static void add_shims(Suite *s)
{
    TCase *shims = tcase_create("the shim dies");

    tcase_add_checked_fixture(shims, setup, teardown);
    tcase_add_test(shims, a_task_whose_shim_was_killed_is_lost_and_does_not_run);
    tcase_add_test(shims, daemons_of_a_task_whose_shim_was_killed_do_not_run_on);
    tcase_add_test(shims, agent_and_shim_killed_together_leave_nothing_once_an_agent_is_back);
    tcase_add_test(shims, a_shim_killed_before_its_go_means_nothing_ran);
    suite_add_tcase(s, shims);
}

static void add_folder(Suite *s)
{
    TCase *folder = tcase_create("what stands in the folder");

    tcase_add_checked_fixture(folder, setup, teardown);
    tcase_add_test(folder, where_started_is_nothing_is_executed_again);
    tcase_add_test(folder, started_without_an_end_and_a_shim_is_lost);
    tcase_add_loop_test(folder, a_damaged_end_is_lost_and_never_a_success, 0,
        (int)(sizeof DAMAGE / sizeof DAMAGE[0]));
    tcase_add_test(folder, any_damaged_file_is_survived);
    tcase_add_loop_test(folder, a_half_written_folder_is_cleaned_or_not_started, 0, 6);
    tcase_add_test(folder, a_damaged_memory_is_refused_and_not_overwritten);
    suite_add_tcase(s, folder);
}

Suite *suite(void)
{
    Suite *s = suite_create("launcher: restarts");

    add_agents(s);
    add_kills(s);
    add_shims(s);
    add_folder(s);
    return s;
}
