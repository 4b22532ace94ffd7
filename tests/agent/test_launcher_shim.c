/* Shims that a former agent started: known at once, and stopped also where they do not answer. */
#include "agent/launcher.h"
#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/support/tasks.h"
#include "tests/support/tempdir.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
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

/* Its task's user may do that where it is the agent's too. */
START_TEST(a_shim_that_was_halted_stops_its_task_for_the_next_agent)
{
    struct task_spec spec = spec_that_waits(1);
    pid_t shim;

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = launcher_find(tasks.launcher, spec.id)->pid;
    ck_assert_int_eq(kill(shim, SIGSTOP), 0);
    reopen();
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, shim);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_ENDED);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->signal, SIGTERM);
}
END_TEST

/* More agents than its queue holds come and go: none waits for it, and none believes it dead. */
START_TEST(a_halted_shim_holds_up_no_agent_and_is_reached_when_it_goes_on)
{
    struct task_spec spec = spec_that_waits(1);
    pid_t shim;

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = launcher_find(tasks.launcher, spec.id)->pid;
    ck_assert_int_eq(kill(shim, SIGSTOP), 0);
    for (int i = 0; i < 12; i++) {
        reopen();
        (void)launcher_step(tasks.launcher);
        ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_PREPARING);
        ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, shim);
    }
    ck_assert_int_lt(launcher_next_ms(tasks.launcher), INT64_MAX); /* it is tried again */
    ck_assert_int_eq(kill(shim, SIGCONT), 0);
    (void)tasks_wait(&tasks, spec.id, TASK_RUNNING);
    open_gate();
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 6);
}
END_TEST

/* Its agent ended before the shim had begun: it is known as soon as it has, also where it is
 * silent. */
START_TEST(a_shim_that_had_not_begun_is_known_when_it_has)
{
    struct task_spec spec = spec_that_waits(1);
    const char *path, *aside;
    pid_t shim;

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    shim = launcher_find(tasks.launcher, spec.id)->pid;
    path = tasks_file_of_only(&tasks, "shim");
    aside = tasks_text(&tasks, "%s.aside", path);
    tasks_close(&tasks);
    ck_assert_int_eq(kill(shim, SIGSTOP), 0);
    ck_assert_int_eq(rename(path, aside), 0);
    tasks_open(&tasks);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, 0);
    ck_assert_int_eq(rename(aside, path), 0);
    for (int i = 0; i < 100 && launcher_find(tasks.launcher, spec.id)->pid == 0; i++) {
        ck_assert_int_lt(launcher_next_ms(tasks.launcher), INT64_MAX);
        tasks_step(&tasks, 20);
    }
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, shim);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->signal, SIGTERM);
}
END_TEST

/* Held by a debugger it goes on for no signal. What it stands over hides as well as it can. */
START_TEST(a_shim_that_never_goes_on_is_killed_with_all_that_its_task_started)
{
    struct task_spec spec = tasks_sh(&tasks, 1,
        "setsid sh -c 'trap \"\" TERM HUP; echo $$ > away; exec env -i sleep 1000' & "
        "while [ ! -s away ]; do sleep 0.01; done; trap '' TERM; echo $$ > up; sleep 1000; :");
    pid_t pid, away, shim;
    bool is_held;

    spec.directory = tasks.folder;
    spec.grace_s = 1;
    tasks.options.late_ms = 200;
    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    pid = tasks_read_pid(tasks_path(&tasks, "up"));
    away = tasks_read_pid(tasks_path(&tasks, "away"));
    shim = launcher_find(tasks.launcher, spec.id)->pid;
    tasks_close(&tasks);
    is_held = ptrace(PTRACE_SEIZE, shim, NULL, NULL) == 0;
    if (is_held)
        ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, shim, NULL, NULL), 0);
    else
        ck_assert_int_eq(errno, EPERM); /* not allowed here: it runs, and does it itself */
    tasks_open(&tasks);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, is_held ? TASK_LOST : TASK_ENDED);
    ck_assert(!tasks_is_alive(pid));
    ck_assert(!tasks_is_alive(away));
    ck_assert(!tasks_is_alive(shim));
}
END_TEST

enum { OWN = INT_MAX };

/* A pid is given again: `shim` names another boot's process, or an older one of that pid. */
static const struct {
    const char *boot_id; /* NULL: as it is */
    int pid;             /* 0: the stranger's; OWN: as it is */
    const char *start;   /* NULL: as it is */
} STRANGERS[] = {{NULL, 0, "1"}, {NULL, OWN, "1"},
    {"00000000-0000-0000-0000-000000000000", OWN, NULL}, {NULL, 1, NULL}, {NULL, -1, NULL},
    {NULL, 0, ""}, {"", 0, ""}};

START_TEST(a_process_that_has_the_pid_of_a_shim_is_left_alone)
{
    struct task_spec spec = spec_that_waits(1);
    pid_t stranger;
    char boot_id[64], start[32];
    const char *path;
    FILE *file;
    int own, pid;

    tasks_run(&tasks, &spec);
    tasks_wait_file(&tasks, tasks_path(&tasks, "up"));
    path = tasks_file_of_only(&tasks, "shim");
    ck_assert_int_eq(sscanf(tasks_read(&tasks, path), "%63s %d %31s", boot_id, &own, start), 3);
    tasks_close(&tasks);
    stranger = fork();
    if (stranger == 0) {
        (void)pause();
        _exit(0);
    }
    pid = STRANGERS[_i].pid == 0     ? (int)stranger
          : STRANGERS[_i].pid == OWN ? own
                                     : STRANGERS[_i].pid;
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fprintf(file, "%s %d %s\n",
        STRANGERS[_i].boot_id != NULL ? STRANGERS[_i].boot_id : boot_id, pid,
        STRANGERS[_i].start != NULL ? STRANGERS[_i].start : start);
    (void)fclose(file);
    tasks_open(&tasks);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->pid, 0);
    (void)tasks_wait(&tasks, spec.id, TASK_RUNNING); /* its shim is there all the same */
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->signal, SIGTERM);
    ck_assert(tasks_is_alive(stranger));
    ck_assert_int_eq(kill(stranger, SIGKILL), 0);
    ck_assert_int_eq(waitpid(stranger, NULL, 0), stranger);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("launcher: shims that do not answer");
    TCase *silent = tcase_create("silent");

    tcase_add_checked_fixture(silent, setup, teardown);
    tcase_add_test(silent, a_shim_that_was_halted_stops_its_task_for_the_next_agent);
    tcase_add_test(silent, a_halted_shim_holds_up_no_agent_and_is_reached_when_it_goes_on);
    tcase_add_test(silent, a_shim_that_had_not_begun_is_known_when_it_has);
    tcase_add_test(silent, a_shim_that_never_goes_on_is_killed_with_all_that_its_task_started);
    tcase_add_loop_test(silent, a_process_that_has_the_pid_of_a_shim_is_left_alone, 0,
        (int)(sizeof STRANGERS / sizeof STRANGERS[0]));
    suite_add_tcase(s, silent);
    return s;
}
