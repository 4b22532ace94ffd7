#include "agent/launcher.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tasks.h"
#include "tests/support/tempdir.h"

#include <dirent.h>
#include <signal.h>
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

/* --- How a task ends */

START_TEST(the_exit_status_is_told)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 7");
    const struct task_status *status = tasks_run_over(&tasks, &spec);

    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 7);
    ck_assert_int_eq(status->signal, 0);
    ck_assert_uint_eq(status->job, 101);
    ck_assert_int_gt(status->started_ms, 0);
    ck_assert_int_ge(status->ended_ms, status->started_ms);
}
END_TEST

START_TEST(the_signal_that_ended_it_is_told)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "kill -KILL $$");
    const struct task_status *status = tasks_run_over(&tasks, &spec);

    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 0);
    ck_assert_int_eq(status->signal, SIGKILL);
}
END_TEST

START_TEST(a_command_that_is_not_there_ends_with_127_and_says_so)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "");
    const struct task_status *status;

    spec.path = "/no/such/command";
    status = tasks_run_over(&tasks, &spec);
    ck_assert_int_eq(status->state, TASK_ENDED);
    ck_assert_int_eq(status->exit_status, 127);
    ck_assert_msg(strstr(status->why, "/no/such/command") != NULL, "%s", status->why);
}
END_TEST

START_TEST(a_command_is_looked_for_in_the_path)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "");

    spec.path = "true";
    spec.arg_count = 0;
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->exit_status, 0);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_ENDED);
}
END_TEST

START_TEST(arguments_come_as_they_are)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "");
    const char *const args[] = {"[%s]\\n", "a b", "", "x=\"y\"\n z", "*", "\xc3\xa9"};

    spec.path = "/usr/bin/printf";
    spec.args = args;
    spec.arg_count = 6;
    (void)tasks_run_over(&tasks, &spec);
    ck_assert_str_eq(tasks_output(&tasks, spec.id), "[a b]\n[]\n[x=\"y\"\n z]\n[*]\n[\xc3\xa9]\n");
}
END_TEST

/* --- Two steps */

START_TEST(nothing_runs_before_its_go)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));

    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_gt(tasks_wait(&tasks, spec.id, TASK_READY)->pid, 1);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->started_ms, 0);
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

START_TEST(a_go_before_it_is_ready_does_nothing)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));

    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1);
    launcher_prepare(tasks.launcher, &spec);
    if (launcher_find(tasks.launcher, spec.id)->state == TASK_PREPARING)
        launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1);
    (void)tasks_wait(&tasks, spec.id, TASK_READY);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

START_TEST(told_twice_it_runs_once)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x >> %s", mark));

    launcher_prepare(tasks.launcher, &spec);
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_uint_eq(launcher_count(tasks.launcher), 1);
    (void)tasks_wait(&tasks, spec.id, TASK_READY);
    launcher_prepare(tasks.launcher, &spec);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    (void)tasks_wait_over(&tasks, spec.id);
    launcher_prepare(tasks.launcher, &spec);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", 1000);
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->state, TASK_ENDED);
    ck_assert_str_eq(tasks_read(&tasks, mark), "x\n");
}
END_TEST

START_TEST(stopped_while_it_is_prepared_it_never_runs)
{
    const char *mark = tasks_path(&tasks, "ran");
    struct task_spec spec = tasks_sh(&tasks, 1, tasks_text(&tasks, "echo x > %s", mark));

    launcher_prepare(tasks.launcher, &spec);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

/* A spec that can never run, and what is said of it. */
static const struct {
    const char *path;      /* NULL: as it is */
    const char *directory; /* %s: the test's folder */
    const char *variable;
    double wall_s;
    const char *why;
} CANNOT_BE[] = {
    {"", NULL, NULL, 0, "it has no program to run"},
    {NULL, "/no/such/folder", NULL, 0,
        "its folder can't be entered: /no/such/folder: No such file or directory"},
    {NULL, "%s/a-file", NULL, 0, "/a-file: Not a directory"},
    {NULL, NULL, "A=B", 0, "its environment can have no variable \"A=B\""},
    {NULL, NULL, "", 0, "its environment can have no variable \"\""},
    {NULL, NULL, NULL, -1, "its wall limit can't be -1 s"},
    {NULL, NULL, NULL, 1e300, "its wall limit can't be 1e+300 s"},
};

/* Refused before its go: it never gets ready, so the start of its gang fails with the reason. */
START_TEST(a_spec_that_cannot_be_is_not_started)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    struct task_env env = {CANNOT_BE[_i].variable, "x"};
    const struct task_status *status;

    mem_free(tempdir_write_text(tasks.folder, "a-file", "x"));
    if (CANNOT_BE[_i].path != NULL)
        spec.path = CANNOT_BE[_i].path;
    if (CANNOT_BE[_i].directory != NULL && CANNOT_BE[_i].directory[0] == '%')
        spec.directory = tasks_path(&tasks, CANNOT_BE[_i].directory + 3);
    else
        spec.directory = CANNOT_BE[_i].directory;
    spec.env = &env;
    spec.env_count = env.name != NULL ? 1 : 0;
    spec.wall_s = CANNOT_BE[_i].wall_s;
    launcher_prepare(tasks.launcher, &spec);
    status = tasks_wait_over(&tasks, spec.id);
    ck_assert_int_eq(status->state, TASK_NOT_STARTED);
    ck_assert_int_eq(status->started_ms, 0);
    ck_assert_msg(strstr(status->why, CANNOT_BE[_i].why) != NULL, "%s", status->why);
}
END_TEST

START_TEST(rank_0_keeps_a_port_that_it_can_listen_on)
{
    struct task_spec spec = tasks_sh(&tasks, 1,
        "exec python3 -c 'import os,socket; s=socket.socket(); "
        "s.bind((\"\",int(os.environ[\"MASTER_PORT\"]))); s.listen(1)'");
    struct task_spec other = tasks_sh(&tasks, 2, "exit 0");

    other.id.rank = 1;
    other.task_count = 2;
    other.tasks_by_host = (const uint32_t[]){2};
    launcher_prepare(tasks.launcher, &other);
    ck_assert_uint_eq(tasks_wait(&tasks, other.id, TASK_READY)->port, 0);
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_uint_ge(tasks_wait(&tasks, spec.id, TASK_READY)->port, 1024);
    launcher_go(tasks.launcher, spec.id, "127.0.0.1", launcher_find(tasks.launcher, spec.id)->port);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->exit_status, 0);
}
END_TEST

/* --- Output */

START_TEST(both_streams_go_to_the_output_and_it_is_read_in_pages)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "echo one; echo two >&2; echo three");
    struct str page = {0};
    uint64_t offset = 4;

    (void)tasks_run_over(&tasks, &spec);
    ck_assert_str_eq(tasks_output(&tasks, spec.id), "one\ntwo\nthree\n");
    ck_assert_int_eq(
        launcher_read_output(tasks.launcher, spec.id, &offset, false, 3, &page, NULL), 0);
    ck_assert_str_eq(str_text(&page), "two");
    ck_assert_uint_eq(offset, 4);
    str_clear(&page);
    ck_assert_int_eq(
        launcher_read_output(tasks.launcher, spec.id, &offset, true, 6, &page, NULL), 0);
    ck_assert_str_eq(str_text(&page), "three\n");
    ck_assert_uint_eq(offset, 8);
    str_clear(&page);
    offset = 1000;
    ck_assert_int_eq(
        launcher_read_output(tasks.launcher, spec.id, &offset, false, 6, &page, NULL), 0);
    ck_assert_str_eq(str_text(&page), "");
    str_fini(&page);
}
END_TEST

START_TEST(the_output_of_no_task_is_an_error)
{
    struct err err = {0};
    struct str page = {0};
    uint64_t offset = 0;

    ck_assert_int_eq(launcher_read_output(
                         tasks.launcher, (struct task_id){9, 1, 0}, &offset, false, 3, &page, &err),
        -1);
    ck_assert_str_ne(err.text, "");
    str_fini(&page);
}
END_TEST

START_TEST(patterns_of_output_are_filled_in)
{
    struct task_spec spec = tasks_sh(&tasks, 3, "echo hello");

    spec.id = (struct task_id){3, 2, 1};
    spec.task_count = 2;
    spec.tasks_by_host = (const uint32_t[]){2};
    spec.array_index = 42;
    spec.directory = tasks.folder;
    spec.output = "out/deep/%j.%t.%h.%a.100%%.log";
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
    ck_assert_str_eq(
        tasks_read(&tasks, tasks_path(&tasks, "out/deep/103.1.here-1.42.100%.log")), "hello\n");
    ck_assert_str_eq(tasks_output(&tasks, spec.id), "hello\n");
}
END_TEST

START_TEST(the_directory_is_where_it_runs)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "pwd; umask");

    spec.directory = tasks.folder;
    (void)tasks_run_over(&tasks, &spec);
    ck_assert_str_eq(tasks_output(&tasks, spec.id), tasks_text(&tasks, "%s\n0022\n", tasks.folder));
}
END_TEST

/* A pipe that nobody reads must not hold anything up. */
START_TEST(an_output_that_is_a_pipe_does_not_hang_the_agent)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    spec.output = tasks_path(&tasks, "pipe");
    ck_assert_int_eq(mkfifo(spec.output, 0600), 0);
    launcher_prepare(tasks.launcher, &spec);
    launcher_stop(tasks.launcher, spec.id);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
}
END_TEST

/* --- Cores */

static const char *const SHOW_CORES = "grep Cpus_allowed_list /proc/self/status | cut -f2";

START_TEST(a_task_is_really_bound_where_it_is_told)
{
    struct task_spec first = tasks_sh(&tasks, 1, SHOW_CORES);
    struct task_spec second = tasks_sh(&tasks, 2, SHOW_CORES);
    struct task_spec third = tasks_sh(&tasks, 3, SHOW_CORES);
    int half = tasks.inventory->thread_count / 2;

    if (half < 1)
        return;
    first.cores = half;
    second.cores = half;
    third.cores = tasks.inventory->thread_count;
    launcher_prepare(tasks.launcher, &first);
    launcher_prepare(tasks.launcher, &second);
    launcher_prepare(tasks.launcher, &third);
    ck_assert_int_eq(tasks_wait_over(&tasks, third.id)->state, TASK_NOT_STARTED);
    ck_assert_str_eq(launcher_find(tasks.launcher, third.id)->cpuset, "");
    tasks_run(&tasks, &first);
    tasks_run(&tasks, &second);
    (void)tasks_wait_over(&tasks, first.id);
    (void)tasks_wait_over(&tasks, second.id);
    ck_assert_str_eq(tasks_output(&tasks, first.id),
        tasks_text(&tasks, "%s\n", launcher_find(tasks.launcher, first.id)->cpuset));
    ck_assert_str_eq(tasks_output(&tasks, second.id),
        tasks_text(&tasks, "%s\n", launcher_find(tasks.launcher, second.id)->cpuset));
    ck_assert_str_ne(tasks_output(&tasks, first.id), tasks_output(&tasks, second.id));
    ck_assert_str_ne(launcher_find(tasks.launcher, first.id)->cpuset, "");
}
END_TEST

START_TEST(cores_of_ended_tasks_are_free_again)
{
    for (uint64_t gang = 1; gang <= 4; gang++) {
        struct task_spec spec = tasks_sh(&tasks, gang, "exit 0");

        spec.cores = tasks.inventory->thread_count;
        ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
    }
}
END_TEST

START_TEST(a_stored_topology_is_reckoned_but_not_applied)
{
    struct task_spec spec = tasks_sh(
        &tasks, 1, "grep Cpus_allowed_list /proc/self/status | cut -f2; echo $WATTYARD_CPUSET");
    struct task_spec whole = tasks_sh(&tasks, 2, SHOW_CORES);

    whole.cores = tasks.inventory->thread_count;
    (void)tasks_run_over(&tasks, &whole);
    tasks.inventory->is_stored = true;
    spec.cores = 1;
    (void)tasks_run_over(&tasks, &spec);
    ck_assert_str_eq(
        tasks_output(&tasks, spec.id), tasks_text(&tasks, "%s%s\n", tasks_output(&tasks, whole.id),
                                           launcher_find(tasks.launcher, spec.id)->cpuset));
    ck_assert_str_ne(launcher_find(tasks.launcher, spec.id)->cpuset, "");
}
END_TEST

/* --- Users */

START_TEST(an_unknown_user_is_refused)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    if (geteuid() != 0)
        return;
    spec.user = "no-such-user-here";
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_ptr_nonnull(strstr(launcher_find(tasks.launcher, spec.id)->why, "no-such-user-here"));
}
END_TEST

static const struct {
    const char *user;
    bool allow_root;
    enum task_state state;
} ROOTS[] = {{"root", false, TASK_NOT_STARTED}, {"", false, TASK_NOT_STARTED},
    {NULL, false, TASK_NOT_STARTED}, {"root", true, TASK_ENDED}, {"", true, TASK_ENDED}};

START_TEST(root_runs_nothing_unless_it_is_allowed)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    if (geteuid() != 0)
        return;
    spec.user = ROOTS[_i].user;
    spec.allow_root = ROOTS[_i].allow_root;
    launcher_prepare(tasks.launcher, &spec);
    if (ROOTS[_i].state == TASK_ENDED)
        tasks_run(&tasks, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, ROOTS[_i].state);
}
END_TEST

START_TEST(a_user_has_its_own_ids_and_no_way_to_new_privileges)
{
    struct task_spec spec = tasks_sh(&tasks, 1,
        "id -u; id -ru; id -g; id -G; grep -E 'NoNewPrivs|CapEff' /proc/self/status; "
        "echo $HOME $USER $LOGNAME; echo in >here && cat here; test -s $WATTYARD_HOSTFILE; echo "
        "$?");

    if (geteuid() != 0)
        return;
    spec.user = "nobody";
    spec.allow_root = false;
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->state, TASK_ENDED);
    ck_assert_str_eq(tasks_output(&tasks, spec.id),
        "65534\n65534\n65534\n65534\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"
        "/nonexistent nobody nobody\nin\n0\n");
}
END_TEST

START_TEST(a_user_cannot_write_where_it_may_not)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");

    if (geteuid() != 0)
        return;
    spec.user = "nobody";
    spec.output = tasks_path(&tasks, "roots.log");
    launcher_prepare(tasks.launcher, &spec);
    ck_assert_int_eq(tasks_wait_over(&tasks, spec.id)->state, TASK_NOT_STARTED);
    ck_assert_int_ne(access(spec.output, F_OK), 0);
}
END_TEST

/* The agent reads outputs for others: not what their user may not read. */
START_TEST(an_output_that_became_a_link_gives_no_secrets)
{
    const char *secret = tasks_path(&tasks, "secret");
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 0");
    struct str page = {0};
    uint64_t offset = 0;
    char *open_folder = tempdir_path(tasks.folder, "open");

    if (geteuid() != 0) {
        mem_free(open_folder);
        return;
    }
    mem_free(tempdir_write_text(tasks.folder, "secret", "secret"));
    ck_assert_int_eq(chmod(secret, 0600), 0);
    ck_assert_int_eq(mkdir(open_folder, 0777), 0);
    ck_assert_int_eq(chmod(open_folder, 0777), 0);
    spec.user = "nobody";
    spec.output = tasks_path(&tasks, "open/log");
    (void)tasks_run_over(&tasks, &spec);
    ck_assert_int_eq(unlink(spec.output), 0);
    ck_assert_int_eq(symlink(secret, spec.output), 0);
    (void)launcher_read_output(tasks.launcher, spec.id, &offset, false, 100, &page, NULL);
    ck_assert_str_eq(str_text(&page), "");
    str_fini(&page);
    mem_free(open_folder);
}
END_TEST

/* --- The folder */

static void reopen(void)
{
    tasks_close(&tasks);
    tasks_open(&tasks);
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

START_TEST(a_task_that_is_over_can_be_forgotten)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "mkdir -p a/b; echo x > a/b/c; ln -s / a/root");
    struct task_spec running = tasks_sh(&tasks, 2, "exec sleep 1000");

    tasks_run(&tasks, &running);
    (void)tasks_run_over(&tasks, &spec);
    launcher_forget(tasks.launcher, running.id);
    ck_assert_ptr_nonnull(launcher_find(tasks.launcher, running.id));
    launcher_forget(tasks.launcher, spec.id);
    launcher_forget(tasks.launcher, spec.id);
    ck_assert_ptr_null(launcher_find(tasks.launcher, spec.id));
    ck_assert_uint_eq(launcher_count(tasks.launcher), 1);
    ck_assert_uint_eq(count_entries(tasks_path(&tasks, "state/tasks")), 1);
    reopen();
    ck_assert_uint_eq(launcher_count(tasks.launcher), 1);
    ck_assert_uint_eq(launcher_memory(tasks.launcher).highest_gang, 2);
    ck_assert_uint_eq(launcher_memory(tasks.launcher).highest_job, 102);
}
END_TEST

START_TEST(a_second_launcher_on_one_folder_is_refused)
{
    struct err err = {0};

    ck_assert_ptr_null(launcher_open(&tasks.options, &err));
    ck_assert_str_ne(err.text, "");
}
END_TEST

START_TEST(cluster_epoch_and_highest_ids_last)
{
    static const unsigned char cluster[16] = {1, 2, 3, 255, 0, 9};
    struct task_spec spec = tasks_sh(&tasks, 77, "exit 0");
    struct launcher_memory memory;

    ck_assert_uint_eq(launcher_memory(tasks.launcher).epoch, 0);
    (void)tasks_run_over(&tasks, &spec);
    ck_assert_int_eq(launcher_remember(tasks.launcher, cluster, 5, NULL), 0);
    launcher_forget(tasks.launcher, spec.id);
    reopen();
    memory = launcher_memory(tasks.launcher);
    ck_assert_mem_eq(memory.cluster, cluster, 16);
    ck_assert_uint_eq(memory.epoch, 5);
    ck_assert_uint_eq(memory.highest_gang, 77);
    ck_assert_uint_eq(memory.highest_job, 177);
}
END_TEST

START_TEST(a_long_path_of_the_state_folder_is_no_hindrance)
{
    struct task_spec spec = tasks_sh(&tasks, 1, "exit 4");
    struct str path = {0};

    tasks_close(&tasks);
    str_add(&path, tasks.folder);
    for (int i = 0; i < 4; i++) {
        str_add(&path, "/a-folder-with-a-name-that-is-rather-long-as-some-are");
        ck_assert_int_eq(mkdir(str_text(&path), 0755), 0);
    }
    tasks.options.folder = str_text(&path);
    tasks_open(&tasks);
    ck_assert_int_eq(tasks_run_over(&tasks, &spec)->exit_status, 4);
    reopen();
    ck_assert_int_eq(launcher_find(tasks.launcher, spec.id)->exit_status, 4);
    tasks_close(&tasks);
    tasks.options.folder = tasks.state;
    str_fini(&path);
}
END_TEST

static void add_ends(Suite *s)
{
    TCase *ends = tcase_create("ends");

    tcase_add_checked_fixture(ends, setup, teardown);
    tcase_add_test(ends, the_exit_status_is_told);
    tcase_add_test(ends, the_signal_that_ended_it_is_told);
    tcase_add_test(ends, a_command_that_is_not_there_ends_with_127_and_says_so);
    tcase_add_test(ends, a_command_is_looked_for_in_the_path);
    tcase_add_test(ends, arguments_come_as_they_are);
    tcase_add_test(ends, nothing_runs_before_its_go);
    tcase_add_test(ends, a_go_before_it_is_ready_does_nothing);
    tcase_add_test(ends, told_twice_it_runs_once);
    tcase_add_test(ends, stopped_while_it_is_prepared_it_never_runs);
    tcase_add_loop_test(ends, a_spec_that_cannot_be_is_not_started, 0,
        (int)(sizeof CANNOT_BE / sizeof CANNOT_BE[0]));
    tcase_add_test(ends, rank_0_keeps_a_port_that_it_can_listen_on);
    suite_add_tcase(s, ends);
}

static void add_output_and_cores(Suite *s)
{
    TCase *output = tcase_create("output and cores");

    tcase_add_checked_fixture(output, setup, teardown);
    tcase_add_test(output, both_streams_go_to_the_output_and_it_is_read_in_pages);
    tcase_add_test(output, the_output_of_no_task_is_an_error);
    tcase_add_test(output, patterns_of_output_are_filled_in);
    tcase_add_test(output, the_directory_is_where_it_runs);
    tcase_add_test(output, an_output_that_is_a_pipe_does_not_hang_the_agent);
    tcase_add_test(output, a_task_is_really_bound_where_it_is_told);
    tcase_add_test(output, cores_of_ended_tasks_are_free_again);
    tcase_add_test(output, a_stored_topology_is_reckoned_but_not_applied);
    suite_add_tcase(s, output);
}

static void add_users(Suite *s)
{
    TCase *users = tcase_create("users");

    tcase_add_checked_fixture(users, setup, teardown);
    tcase_add_test(users, an_unknown_user_is_refused);
    tcase_add_loop_test(
        users, root_runs_nothing_unless_it_is_allowed, 0, (int)(sizeof ROOTS / sizeof ROOTS[0]));
    tcase_add_test(users, a_user_has_its_own_ids_and_no_way_to_new_privileges);
    tcase_add_test(users, a_user_cannot_write_where_it_may_not);
    tcase_add_test(users, an_output_that_became_a_link_gives_no_secrets);
    suite_add_tcase(s, users);
}

static void add_folder(Suite *s)
{
    TCase *folder = tcase_create("folder");

    tcase_add_checked_fixture(folder, setup, teardown);
    tcase_add_test(folder, a_task_that_is_over_can_be_forgotten);
    tcase_add_test(folder, a_second_launcher_on_one_folder_is_refused);
    tcase_add_test(folder, cluster_epoch_and_highest_ids_last);
    tcase_add_test(folder, a_long_path_of_the_state_folder_is_no_hindrance);
    suite_add_tcase(s, folder);
}

Suite *suite(void)
{
    Suite *s = suite_create("launcher");

    add_ends(s);
    add_output_and_cores(s);
    add_users(s);
    add_folder(s);
    return s;
}
