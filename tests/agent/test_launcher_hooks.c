/* Prolog and epilog: they stand around the task, and know for what they run. */
#include "agent/launcher.h"
#include "base/mem.h"
#include "tests/support/suite.h"
#include "tests/support/tasks.h"
#include "tests/support/tempdir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static const char *write_program(const char *name, const char *text)
{
    char *path = tempdir_write_text(tasks.folder, name, text);

    ck_assert_int_eq(chmod(path, 0755), 0);
    mem_free(path);
    return tasks_path(&tasks, name);
}

static void reopen(void)
{
    tasks_close(&tasks);
    tasks_open(&tasks);
}

START_TEST(a_failing_prolog_keeps_the_task_from_running)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));

    tasks.options.prolog = write_program("prolog", "#!/bin/sh\nexit 3\n");
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_PROLOG_FAILED);
    ck_assert_str_ne(launcher_find(tasks.launcher, spec.id)->why, "");
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

START_TEST(a_prolog_that_is_not_there_fails)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    tasks.options.prolog = "/no/such/prolog";
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_PROLOG_FAILED);
}
END_TEST

START_TEST(prolog_and_epilog_stand_around_the_task)
{
    const char *trace = tasks_path(&tasks, "trace");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo task >> %s", trace));

    tasks.options.prolog = write_program(
        "prolog", tasks_text(&tasks, "#!/bin/sh\necho prolog $WATTYARD_JOB_ID >> %s\n", trace));
    tasks.options.epilog = write_program(
        "epilog", tasks_text(&tasks, "#!/bin/sh\necho epilog $WATTYARD_JOB_ID >> %s\n", trace));
    reopen();
    (void)tasks_run_over(&tasks, &spec);
    tasks_wait_file(&tasks, trace);
    for (int i = 0; i < 1000 && strstr(tasks_read(&tasks, trace), "epilog") == NULL; i += 50)
        tasks_step(&tasks, 50);
    ck_assert_str_eq(tasks_read(&tasks, trace), "prolog 101\ntask\nepilog 101\n");
}
END_TEST

/* The environment as the program got it, in the order of the alphabet. */
static const char *write_shower(const char *name, const char *file)
{
    return write_program(name,
        tasks_text(&tasks, "#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/environ | sort > %s\n", file));
}

static const char *expected_environment(bool is_epilog, const char *cpuset)
{
    return tasks_text(&tasks,
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        "WATTYARD_ARRAY_INDEX=42\nWATTYARD_ATTEMPT=2\nWATTYARD_CHIPS=\nWATTYARD_CPUSET=%s\n%s"
        "WATTYARD_GANG=7\nWATTYARD_HOOK=%s\nWATTYARD_HOST=here-1\nWATTYARD_HOSTS=here-1\n"
        "WATTYARD_JOB_ID=107\nWATTYARD_JOB_NAME=it's \"a\" = $job\n%s"
        "WATTYARD_TASK=1\nWATTYARD_TASKS=2\nWATTYARD_TASK_FOLDER=%s/tasks/7.2.1\n"
        "WATTYARD_TENANT=research\nWATTYARD_USER=nobody\n",
        cpuset, is_epilog ? "WATTYARD_EXIT_STATUS=4\n" : "", is_epilog ? "epilog" : "prolog",
        is_epilog ? "WATTYARD_SIGNAL=0\nWATTYARD_STATE=ended\n" : "", tasks.state);
}

/* All of it, and nothing of the agent's; the epilog's also where a later agent (1) runs it. */
START_TEST(prolog_and_epilog_have_an_environment_of_their_own)
{
    const char *before = tasks_path(&tasks, "before");
    const char *after = tasks_path(&tasks, "after");
    const char *gate = tasks_path(&tasks, "gate");
    struct task_spec spec = tasks_sh(
        &tasks, 7, tasks_text(&tasks, "while [ ! -e %s ]; do sleep 0.01; done; exit 4", gate));
    const char *cpuset;

    ck_assert_int_eq(setenv("AGENTS_OWN", "secret", 1), 0);
    ck_assert_int_eq(chmod(tasks.folder, 0755), 0);
    spec.id = (struct task_id){7, 2, 1};
    spec.name = "it's \"a\" = $job";
    spec.user = "nobody";
    spec.tenant = "research";
    spec.task_count = 2;
    spec.tasks_by_host = (const uint32_t[]){2};
    spec.array_index = 42;
    tasks.options.prolog = write_shower("prolog", before);
    tasks.options.epilog = write_shower("epilog", after);
    reopen();
    tasks_run(&tasks, &spec);
    cpuset = tasks_text(&tasks, "%s", launcher_find(tasks.launcher, spec.id)->cpuset);
    ck_assert_str_eq(tasks_read(&tasks, before), expected_environment(false, cpuset));
    if (_i == 1)
        reopen();
    mem_free(tempdir_write_text(tasks.folder, "gate", "x"));
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 4);
    ck_assert_str_eq(tasks_read(&tasks, after), expected_environment(true, cpuset));
    ck_assert_ptr_null(getenv("WATTYARD_JOB_ID"));
}
END_TEST

/* What it left running is the task's, and goes when nobody is left to stop it. */
START_TEST(a_prolog_whose_agent_was_killed_does_not_run_on)
{
    const char *pid_file = tasks_path(&tasks, "pid");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    pid_t pid;

    tasks.options.prolog = write_program(
        "prolog", tasks_text(&tasks, "#!/bin/sh\necho $$ > %s\nexec sleep 1000\n", pid_file));
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    tasks_wait_file(&tasks, pid_file);
    pid = tasks_read_pid(pid_file);
    reopen();
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    tasks_wait_gone(&tasks, pid);
}
END_TEST

/* Also where the end is not acknowledged, and agents come and go. */
START_TEST(an_epilog_runs_once_and_what_it_says_is_kept)
{
    const char *trace = tasks_path(&tasks, "trace");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 4");
    const struct task_status *status;

    tasks.options.epilog = write_program(
        "epilog", tasks_text(&tasks, "#!/bin/sh\necho epilog >> %s\nexit %d\n", trace, _i));
    reopen();
    (void)tasks_run_over(&tasks, &spec);
    for (int i = 0; i < 3; i++) {
        status = tasks_wait_over(&tasks, spec.id);
        ck_assert_int_eq(status->state, TASK_ENDED);
        ck_assert_int_eq(status->exit_status, 4);
        ck_assert_str_eq(status->why, _i == 0 ? "" : "its epilog failed");
        reopen();
    }
    ck_assert_str_eq(tasks_read(&tasks, trace), "epilog\n");
}
END_TEST

START_TEST(an_epilog_that_is_not_there_is_told_after_why_the_task_ended)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exec sleep 1000");

    spec.wall_s = 0.2;
    tasks.options.epilog = "/no/such/epilog";
    reopen();
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
    ck_assert_str_eq(
        launcher_find(tasks.launcher, spec.id)->why, "wall limit; its epilog can't be run");
}
END_TEST

/* A failed prolog drains the host: the next agent has to say so too, and there is no epilog. */
START_TEST(a_failed_prolog_is_known_to_the_next_agent)
{
    const char *trace = tasks_path(&tasks, "trace");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    tasks.options.prolog = write_program("prolog", "#!/bin/sh\nexit 3\n");
    tasks.options.epilog = write_program(
        "epilog", tasks_text(&tasks, "#!/bin/sh\necho epilog >> %s\n", trace));
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_PROLOG_FAILED);
    reopen();
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_PROLOG_FAILED);
    ck_assert_str_eq(launcher_find(tasks.launcher, spec.id)->why, "the prolog exited 3");
    ck_assert_int_ne(access(trace, F_OK), 0);
}
END_TEST

START_TEST(a_slow_prolog_blocks_nothing)
{
    const char *gate = tasks_path(&tasks, "gate");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    struct task_spec other = tasks_sh(&tasks, 2, "exit 0");

    tasks.options.prolog = write_program(
        "prolog", tasks_text(&tasks,
                      "#!/bin/sh\n[ $WATTYARD_JOB_ID = 102 ] && exit 0\n"
                      "while [ ! -e %s ]; do sleep 0.02; done\n",
                      gate));
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_run_over(&tasks, &other)->state, TASK_ENDED);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_PREPARING);
    mem_free(tempdir_write_text(tasks.folder, "gate", "x"));
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
}
END_TEST

START_TEST(a_task_stopped_in_its_prolog_never_runs_and_the_prolog_ends)
{
    const char *pid_file = tasks_path(&tasks, "pid");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    tasks.options.prolog = write_program(
        "prolog", tasks_text(&tasks, "#!/bin/sh\necho $$ > %s\nexec sleep 1000\n", pid_file));
    reopen();
    launcher_prepare(tasks.launcher, &spec);
    tasks_wait_file(&tasks, pid_file);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    tasks_wait_gone(&tasks, tasks_read_pid(pid_file));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("launcher: prolog and epilog");
    TCase *hooks = tcase_create("hooks");

    tcase_add_checked_fixture(hooks, setup, teardown);
    tcase_add_test(hooks, a_failing_prolog_keeps_the_task_from_running);
    tcase_add_test(hooks, a_prolog_that_is_not_there_fails);
    tcase_add_test(hooks, prolog_and_epilog_stand_around_the_task);
    tcase_add_loop_test(hooks, prolog_and_epilog_have_an_environment_of_their_own, 0, 2);
    tcase_add_test(hooks, a_prolog_whose_agent_was_killed_does_not_run_on);
    tcase_add_loop_test(hooks, an_epilog_runs_once_and_what_it_says_is_kept, 0, 2);
    tcase_add_test(hooks, an_epilog_that_is_not_there_is_told_after_why_the_task_ended);
    tcase_add_test(hooks, a_failed_prolog_is_known_to_the_next_agent);
    tcase_add_test(hooks, a_slow_prolog_blocks_nothing);
    tcase_add_test(hooks, a_task_stopped_in_its_prolog_never_runs_and_the_prolog_ends);
    suite_add_tcase(s, hooks);
    return s;
}
