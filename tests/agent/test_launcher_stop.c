#include "agent/launcher.h"
#include "tests/support/suite.h"
#include "tests/support/tasks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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

static int64_t boot_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t utc_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs the script, which writes its first line to the file `up` in the test's folder. */
static struct task_spec start(uint64_t gang, const char *script, double grace_s)
{
    struct task_spec spec = tasks_sh(&tasks, gang, script);

    spec.directory = tasks.folder;
    spec.grace_s = grace_s;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    return spec;
}

START_TEST(a_task_that_handles_term_ends_as_it_likes)
{
    struct task_spec spec = start(
        1, "trap 'echo bye; exit 5' TERM; echo x > up; while :; do sleep 0.01; done", 20);
    const struct task_status *status;

    launcher_stop(tasks.launcher, spec.id);
    status = launcher_find(tasks.launcher, spec.id);
    ck_assert(status->state == TASK_STOPPING || status->state == TASK_RUNNING);
    launcher_stop(tasks.launcher, spec.id);
    status = tasks_wait_over(&tasks, spec.id);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 5);
    ck_assert_str_ne(status->why, "");
    /* The shell may add how its own child ended. */
    ck_assert_ptr_nonnull(strstr(tasks_output(&tasks, spec.id), "bye\n"));
}
END_TEST

START_TEST(a_task_that_ignores_term_is_killed_after_its_grace)
{
    struct task_spec spec = start(1, "trap '' TERM; echo x > up; exec sleep 1000", 0.5);
    int64_t began_ms = boot_ms();
    const struct task_status *status;

    launcher_stop(tasks.launcher, spec.id);
    status = tasks_wait_over(&tasks, spec.id);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->signal, SIGKILL);
    ck_assert_int_ge(boot_ms() - began_ms, 490);
}
END_TEST

/* Ways to get away from one's parent; each leaves its pid in `away`. */
static const char *const AWAY[] = {
    "(setsid sh -c 'echo $$ > away; exec sleep 1000' &) ; ",
    "(sh -c 'trap \"\" TERM HUP INT; echo $$ > away; while :; do sleep 1; done' &) ; ",
    "setsid sh -c 'setsid sh -c \"trap : TERM; echo \\$\\$ > away; while :; do sleep 1; done\" & "
    "exit 0' & ",
    "nohup setsid sh -c 'unset WATTYARD_JOB_ID; cd /; exec 2>&- 1>&-; echo $$ > $0/away; "
    "exec env -i sleep 1000' \"$PWD\" & ",
};

START_TEST(what_got_away_is_killed_when_it_stops)
{
    const char *script = tasks_text(
        &tasks, "%s while [ ! -s away ]; do sleep 0.01; done; echo x > up; sleep 1000", AWAY[_i]);
    struct task_spec spec = start(1, script, 20);
    pid_t pid = tasks_read_pid(tasks_path(&tasks, "away"));

    ck_assert(tasks_is_alive(pid));
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_ENDED);
    ck_assert(!tasks_is_alive(pid));
}
END_TEST

START_TEST(what_got_away_is_killed_when_its_command_ends)
{
    const char *script = tasks_text(
        &tasks, "%s while [ ! -s away ]; do sleep 0.01; done; exit 3", AWAY[_i]);
    struct task_spec spec = tasks_sh(&tasks, 1, script);
    const struct task_status *status;

    spec.directory = tasks.folder;
    status = tasks_run_over(&tasks, &spec);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 3);
    ck_assert(!tasks_is_alive(tasks_read_pid(tasks_path(&tasks, "away"))));
}
END_TEST

/* Of another cluster: their groups stand side by side. */
START_TEST(a_task_of_the_same_number_of_another_agent_is_left_alone)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 3");
    struct tasks others;
    struct task_spec other;

    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->exit_status, 3);
    tasks_start(&others);
    other = tasks_sh(&others, 1, "echo $$ > up; exec sleep 1000");
    other.directory = others.folder;
    tasks_run(&others, &other);
    tasks_wait_file(&others, tasks_path(&others, "up"));
    /* As an agent that was killed before it could note that all is over. */
    ck_assert_int_eq(unlink(tasks_file_of_only(&tasks, "closed")), 0);
    tasks_close(&tasks);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 3);
    launcher_stop(others.launcher, other.id);
    ck_assert_int_eq(tasks_wait_over(&others, other.id)->signal, SIGTERM); /* and no KILL before */
    tasks_fini(&others);
}
END_TEST

/* Each child starts the next and goes away: what is killed must be all of it. */
START_TEST(a_chain_of_daemons_is_killed_to_its_end)
{
    struct task_spec spec = start(1,
        "cat > chain.sh <<'END'\n"
        "echo $$ >> chain; sleep 0.02; setsid sh ./chain.sh & exit 0\n"
        "END\n"
        "sh ./chain.sh & while [ ! -s chain ]; do sleep 0.01; done; echo x > up; sleep 1000",
        20);

    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_ENDED);
    ck_assert_uint_eq(tasks_count_processes(tasks.folder), 0);
}
END_TEST

START_TEST(the_wall_limit_ends_it)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exec sleep 1000");
    const struct task_status *status;

    spec.wall_s = 0.3;
    status = tasks_run_over(&tasks, &spec);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->signal, SIGTERM);
    ck_assert_ptr_nonnull(strstr(status->why, "wall"));
    ck_assert_int_ge(status->ended_ms - status->started_ms, 290);
}
END_TEST

START_TEST(without_an_agent_the_lease_runs_out)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "echo $$ > up; exec sleep 1000");
    const struct task_status *status;
    pid_t pid;

    spec.lease_s = 1;
    spec.grace_s = 1;
    spec.directory = tasks.folder;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    pid = tasks_read_pid(tasks_path(&tasks, "up"));
    tasks_close(&tasks);
    ck_assert(tasks_is_alive(pid));
    tasks_wait_gone(&tasks, pid);
    tasks_open(&tasks);
    status = tasks_wait_over(&tasks, spec.id);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_ptr_nonnull(strstr(status->why, "lease"));
}
END_TEST

START_TEST(a_task_that_waits_for_its_go_has_a_lease_too)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    pid_t shim;

    spec.lease_s = 0.3;
    launcher_prepare(tasks.launcher, &spec);
    shim = tasks_wait(&tasks, spec.id, TASK_READY)->pid;
    tasks_close(&tasks);
    tasks_wait_gone(&tasks, shim);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
}
END_TEST

START_TEST(a_renewed_lease_lasts_and_is_never_moved_back)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exec sleep 1.6");
    int64_t until_ms;

    spec.lease_s = 0.8;
    spec.directory = tasks.folder;
    tasks_run(&tasks, &spec);
    until_ms = boot_ms() + 5000;
    while (!task_state_is_over(launcher_find(tasks.launcher, spec.id)->state)) {
        launcher_renew_leases(tasks.launcher, boot_ms());
        launcher_renew_leases(tasks.launcher, boot_ms() - 5000);
        ck_assert_int_lt(boot_ms(), until_ms);
        tasks_step(&tasks, 100);
    }
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->signal, 0);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->exit_status, 0);
}
END_TEST

/* A late answer must not make a lease outlast the fence. */
START_TEST(a_lease_runs_from_when_the_report_was_sent)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exec sleep 1000");
    int64_t began_ms = boot_ms();

    spec.lease_s = 1;
    tasks_run(&tasks, &spec);
    (void)tasks_wait(&tasks, spec.id, TASK_RUNNING);
    while (!task_state_is_over(launcher_find(tasks.launcher, spec.id)->state) &&
           boot_ms() < began_ms + 5000) {
        launcher_renew_leases(tasks.launcher, began_ms);
        tasks_step(&tasks, 50);
    }
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_ENDED);
    ck_assert_int_lt(boot_ms(), began_ms + 4000);
}
END_TEST

START_TEST(a_stop_gives_time_for_a_checkpoint_first)
{
    int64_t asked_ms, checkpoint_ms;
    const char *output;
    struct task_spec spec = tasks_sh(&tasks, 1,
        "trap 'echo checkpoint; echo x > $WATTYARD_CHECKPOINT_FILE' USR1; "
        "trap 'echo term; exit 0' TERM; echo x > up; while :; do sleep 0.01; done");

    spec.directory = tasks.folder;
    spec.grace_s = 2;
    spec.checkpoint_signal = "USR1";
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->checkpoint_ms, 0);
    asked_ms = utc_ms();
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 0);
    output = tasks_output(&tasks, spec.id);
    ck_assert_ptr_nonnull(strstr(output, "checkpoint\n"));
    ck_assert_ptr_nonnull(strstr(strstr(output, "checkpoint\n"), "term\n"));
    /* It was written while the task was being stopped, and is known to the next agent too. */
    checkpoint_ms = launcher_find(tasks.launcher, spec.id)->checkpoint_ms;
    ck_assert_int_ge(checkpoint_ms, asked_ms - 1000); /* a file's time may lag behind by a tick */
    ck_assert_int_le(checkpoint_ms, launcher_find(tasks.launcher, spec.id)->ended_ms);
    tasks_close(&tasks);
    tasks_open(&tasks);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->checkpoint_ms, checkpoint_ms);
}
END_TEST

START_TEST(checkpoints_are_asked_for_again_and_again)
{
    struct task_spec spec = tasks_sh(&tasks, 1,
        "n=0; trap 'n=$((n+1)); [ $n -ge 3 ] && exit 9' USR2; while :; do sleep 0.01; done");

    spec.checkpoint_signal = "USR2";
    spec.checkpoint_every_s = 0.3;
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->exit_status, 9);
}
END_TEST

/* KILL would be no request; what is not known can't be sent. */
static const char *const NO_SIGNALS[] = {"NOPE", "", "SIG", "usr1", "KILL", "10"};

START_TEST(a_signal_that_is_none_is_not_started)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    const struct task_status *status;

    spec.checkpoint_signal = NO_SIGNALS[_i];
    launcher_prepare(tasks.launcher, &spec);
    status = launcher_find(tasks.launcher, spec.id); /* at once: nothing is begun */
    ck_assert_int_eq(status->state, TASK_NOT_STARTED);
    ck_assert_int_eq(status->pid, 0);
    ck_assert_str_eq(status->why,
        tasks_text(&tasks, "its checkpoint signal \"%s\" is none that is known", NO_SIGNALS[_i]));
}
END_TEST

static const char *const SIGNALS[] = {
    "USR1", "USR2", "HUP", "INT", "TERM", "ALRM", "CONT", "SIGUSR1"};

/* All that a manifest may name. */
START_TEST(each_signal_of_a_manifest_is_sent)
{
    const char *name = SIGNALS[_i] + (strlen(SIGNALS[_i]) > 5 ? 3 : 0);
    struct task_spec spec = tasks_sh(
        &tasks, 1, tasks_text(&tasks, "trap 'exit 9' %s; while :; do sleep 0.01; done", name));

    spec.checkpoint_signal = SIGNALS[_i];
    spec.checkpoint_every_s = 0.2;
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->exit_status, 9);
}
END_TEST

/* --- The shim itself */

static long oom_score(pid_t pid)
{
    char path[64];
    long score = 0;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld", &score), 1);
    (void)fclose(file);
    return score;
}

/* root may, unless it has been taken from it, as in a container. */
static bool may_lower_oom_score(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        _exit(fd >= 0 && write(fd, "-900", 4) == 4 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(the_shim_is_the_last_to_go_and_the_task_is_not)
{
    struct task_spec spec = start(1, "echo $$ > up; exec sleep 1000", 20);
    pid_t shim = launcher_find(tasks.launcher, spec.id)->pid;
    pid_t task = tasks_read_pid(tasks_path(&tasks, "up"));

    ck_assert_int_eq(getsid(shim), shim);
    ck_assert_int_ne(getsid(task), shim);
    ck_assert_int_eq(getpgid(task), task);
    if (may_lower_oom_score())
        ck_assert_int_lt(oom_score(shim), 0);
    else
        ck_assert_int_eq(oom_score(shim), oom_score(getpid()));
    ck_assert_int_eq(oom_score(task), 0);
    /* Nothing of the agent's or the shim's is open in the task: standard streams alone. */
    for (int fd = 3; fd < 32; fd++) {
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)task, fd);
        ck_assert_msg(access(path, F_OK) != 0, "%s is open", path);
    }
}
END_TEST

static void add_stop(Suite *s)
{
    TCase *stop = tcase_create("stop");

    tcase_add_checked_fixture(stop, setup, teardown);
    tcase_add_test(stop, a_task_that_handles_term_ends_as_it_likes);
    tcase_add_test(stop, a_task_that_ignores_term_is_killed_after_its_grace);
    tcase_add_loop_test(
        stop, what_got_away_is_killed_when_it_stops, 0, (int)(sizeof AWAY / sizeof AWAY[0]));
    tcase_add_loop_test(stop, what_got_away_is_killed_when_its_command_ends, 0,
        (int)(sizeof AWAY / sizeof AWAY[0]));
    tcase_add_test(stop, a_task_of_the_same_number_of_another_agent_is_left_alone);
    tcase_add_test(stop, a_chain_of_daemons_is_killed_to_its_end);
    tcase_add_test(stop, the_shim_is_the_last_to_go_and_the_task_is_not);
    suite_add_tcase(s, stop);
}

static void add_limits(Suite *s)
{
    TCase *limits = tcase_create("limits");

    tcase_add_checked_fixture(limits, setup, teardown);
    tcase_add_test(limits, the_wall_limit_ends_it);
    tcase_add_test(limits, without_an_agent_the_lease_runs_out);
    tcase_add_test(limits, a_task_that_waits_for_its_go_has_a_lease_too);
    tcase_add_test(limits, a_renewed_lease_lasts_and_is_never_moved_back);
    tcase_add_test(limits, a_lease_runs_from_when_the_report_was_sent);
    tcase_add_test(limits, a_stop_gives_time_for_a_checkpoint_first);
    tcase_add_test(limits, checkpoints_are_asked_for_again_and_again);
    tcase_add_loop_test(limits, a_signal_that_is_none_is_not_started, 0,
        (int)(sizeof NO_SIGNALS / sizeof NO_SIGNALS[0]));
    tcase_add_loop_test(
        limits, each_signal_of_a_manifest_is_sent, 0, (int)(sizeof SIGNALS / sizeof SIGNALS[0]));
    suite_add_tcase(s, limits);
}

Suite *suite(void)
{
    Suite *s = suite_create("launcher: stopping, limits, leases");

    add_stop(s);
    add_limits(s);
    return s;
}
