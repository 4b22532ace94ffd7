#include "tests/support/tasks.h"

#include "agent/cgroup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/tempdir.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 30, PAUSE_MS = 5, FILE_BYTES = 4 * 1024 * 1024, PATH_BYTES = 4096 };

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The shim stands beside the other programs of this build. */
static char *find_shim(void)
{
    char self[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    struct str path = {0};

    ck_assert_int_gt(length, 0);
    self[length] = '\0';
    for (int i = 0; i < 3; i++)
        *strrchr(self, '/') = '\0'; /* tests/agent/test_launcher */
    str_format(&path, "%s/wattyard-shim", self);
    ck_assert_msg(access(path.text, X_OK) == 0, "%s is not built", path.text);
    return path.text;
}

void tasks_init(struct tasks *tasks)
{
    struct err err = {0};

    *tasks = (struct tasks){.program = find_shim()};
    tasks->folder = tempdir_create();
    tasks->state = tempdir_path(tasks->folder, "state");
    ck_assert_int_eq(mkdir(tasks->state, 0755), 0);
    tasks->inventory = inventory_create(NULL, NULL, &err);
    ck_assert_msg(tasks->inventory != NULL, "%s", err.text);
    tasks->options = (struct launcher_options){.folder = tasks->state,
        .host = "here-1",
        .address = "127.0.0.1",
        .program = tasks->program,
        .inventory = tasks->inventory};
}

void tasks_open(struct tasks *tasks)
{
    struct err err = {0};

    tasks->launcher = launcher_open(&tasks->options, &err);
    ck_assert_msg(tasks->launcher != NULL, "%s", err.text);
}

void tasks_start(struct tasks *tasks)
{
    tasks_init(tasks);
    tasks_open(tasks);
}

void tasks_close(struct tasks *tasks)
{
    launcher_close(tasks->launcher);
    tasks->launcher = NULL;
}

static void stop_all(struct tasks *tasks)
{
    for (size_t i = 0; i < launcher_count(tasks->launcher); i++)
        launcher_stop(tasks->launcher, launcher_at(tasks->launcher, i)->id);
}

static bool is_all_over(const struct tasks *tasks)
{
    for (size_t i = 0; i < launcher_count(tasks->launcher); i++)
        if (!task_state_is_over(launcher_at(tasks->launcher, i)->state))
            return false;
    return true;
}

/* Control groups of its tasks, where there are any: their names end in the folder's identity. */
static size_t count_groups(const struct tasks *tasks)
{
    char *base = cgroup_find();
    DIR *groups = base != NULL ? opendir(base) : NULL;
    struct dirent *entry;
    struct stat folder;
    char end[64];
    size_t count = 0;

    ck_assert_int_eq(stat(tasks->options.folder, &folder), 0);
    (void)snprintf(end, sizeof end, "-%llx-%llx", (unsigned long long)folder.st_dev,
        (unsigned long long)folder.st_ino);
    while (groups != NULL && (entry = readdir(groups)) != NULL)
        count += str_ends_with(entry->d_name, end);
    if (groups != NULL)
        (void)closedir(groups);
    mem_free(base);
    return count;
}

void tasks_fini(struct tasks *tasks)
{
    double until_s = now_s() + WAIT_S;

    if (tasks->launcher == NULL)
        tasks_open(tasks);
    stop_all(tasks);
    while (!is_all_over(tasks) && now_s() < until_s)
        tasks_step(tasks, PAUSE_MS);
    ck_assert_msg(is_all_over(tasks), "a task can't be stopped");
    tasks_close(tasks);
    ck_assert_msg(count_groups(tasks) == 0, "a control group is left");
    while (tasks_count_processes(tasks->folder) > 0 && now_s() < until_s)
        (void)poll(NULL, 0, PAUSE_MS);
    ck_assert_msg(tasks_count_processes(tasks->folder) == 0, "a process is left");
    inventory_destroy(tasks->inventory);
    for (size_t i = 0; i < tasks->text_count; i++)
        mem_free(tasks->texts[i]);
    mem_free(tasks->state);
    mem_free(tasks->program);
    tempdir_remove(tasks->folder);
}

static void *keep(struct tasks *tasks, void *text)
{
    ck_assert_uint_lt(tasks->text_count, sizeof tasks->texts / sizeof tasks->texts[0]);
    tasks->texts[tasks->text_count++] = text;
    return text;
}

struct task_spec tasks_sh(struct tasks *tasks, uint64_t gang, const char *script)
{
    static const uint32_t one = 1;
    const char **args = keep(tasks, mem_zero(2, sizeof *args));

    args[0] = "-c";
    args[1] = script;
    return (struct task_spec){.id = {gang, 1, 0},
        .job = 100 + gang,
        .name = "test",
        .path = "/bin/sh",
        .args = args,
        .arg_count = 2,
        .task_count = 1,
        .hosts = "here-1",
        .tasks_by_host = &one,
        .host_count = 1,
        .grace_s = 20,
        .lease_s = 300,
        .array_index = -1,
        .allow_root = true};
}

const char *tasks_text(struct tasks *tasks, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    ck_assert_int_ge(vasprintf(&text, format, args), 0);
    va_end(args);
    return keep(tasks, text);
}

const char *tasks_path(struct tasks *tasks, const char *name)
{
    return tasks_text(tasks, "%s/%s", tasks->folder, name);
}

void tasks_step(struct tasks *tasks, int ms)
{
    struct pollfd file = {launcher_fd(tasks->launcher), POLLIN, 0};

    (void)poll(&file, 1, ms);
    (void)launcher_step(tasks->launcher);
}

const struct task_status *tasks_wait(struct tasks *tasks, struct task_id id, enum task_state state)
{
    double until_s = now_s() + WAIT_S;

    for (;;) {
        const struct task_status *status = launcher_find(tasks->launcher, id);

        ck_assert_msg(status != NULL, "the launcher has no such task");
        if (status->state == state)
            return status;
        ck_assert_msg(!task_state_is_over(status->state), "it is %s (%s), not %s",
            TASK_STATE_NAMES[status->state], status->why, TASK_STATE_NAMES[state]);
        ck_assert_msg(now_s() < until_s, "it stays %s, not %s", TASK_STATE_NAMES[status->state],
            TASK_STATE_NAMES[state]);
        tasks_step(tasks, PAUSE_MS);
    }
}

const struct task_status *tasks_wait_over(struct tasks *tasks, struct task_id id)
{
    double until_s = now_s() + WAIT_S;

    for (;;) {
        const struct task_status *status = launcher_find(tasks->launcher, id);

        ck_assert_msg(status != NULL, "the launcher has no such task");
        if (task_state_is_over(status->state))
            return status;
        ck_assert_msg(now_s() < until_s, "it stays %s", TASK_STATE_NAMES[status->state]);
        tasks_step(tasks, PAUSE_MS);
    }
}

static void pause_or_step(struct tasks *tasks)
{
    if (tasks->launcher != NULL)
        tasks_step(tasks, PAUSE_MS);
    else
        (void)poll(NULL, 0, PAUSE_MS);
}

void tasks_wait_file(struct tasks *tasks, const char *path)
{
    double until_s = now_s() + WAIT_S;
    struct stat info;

    while (stat(path, &info) != 0 || info.st_size == 0) {
        ck_assert_msg(now_s() < until_s, "%s does not come", path);
        pause_or_step(tasks);
    }
}

void tasks_wait_gone(struct tasks *tasks, pid_t pid)
{
    double until_s = now_s() + WAIT_S;

    while (tasks_is_alive(pid)) {
        ck_assert_msg(now_s() < until_s, "process %d does not end", (int)pid);
        pause_or_step(tasks);
    }
}

void tasks_run(struct tasks *tasks, const struct task_spec *spec)
{
    const struct task_status *status;

    launcher_prepare(tasks->launcher, spec);
    status = tasks_wait(tasks, spec->id, TASK_READY);
    launcher_go(tasks->launcher, spec->id, "127.0.0.1", status->port);
}

const struct task_status *tasks_run_over(struct tasks *tasks, const struct task_spec *spec)
{
    tasks_run(tasks, spec);
    return tasks_wait_over(tasks, spec->id);
}

const char *tasks_output(struct tasks *tasks, struct task_id id)
{
    struct str out = {0};
    uint64_t offset = 0;
    struct err err = {0};
    int rc = launcher_read_output(tasks->launcher, id, &offset, false, FILE_BYTES, &out, &err);

    ck_assert_msg(rc == 0, "%s", err.text);
    if (out.text == NULL)
        str_add(&out, "");
    return keep(tasks, out.text);
}

const char *tasks_read(struct tasks *tasks, const char *path)
{
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, FILE_BYTES, &bytes, &count, NULL) != 0)
        return "";
    return keep(tasks, bytes);
}

pid_t tasks_read_pid(const char *path)
{
    char *bytes = NULL;
    size_t count = 0;
    long pid;

    ck_assert_int_eq(file_read(path, FILE_BYTES, &bytes, &count, NULL), 0);
    pid = strtol(bytes, NULL, 10);
    mem_free(bytes);
    ck_assert_int_gt(pid, 1);
    return (pid_t)pid;
}

bool tasks_is_alive(pid_t pid)
{
    char path[64];
    char line[512] = "";
    const char *after;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    (void)!fgets(line, sizeof line, file);
    (void)fclose(file);
    after = strrchr(line, ')');
    return after != NULL && after[1] == ' ' && after[2] != 'Z' && after[2] != 'X';
}

const char *tasks_file_of_only(struct tasks *tasks, const char *name)
{
    char *parent = tempdir_path(tasks->state, "tasks");
    DIR *folder = opendir(parent);
    const char *found = NULL;
    struct dirent *entry;

    ck_assert_msg(folder != NULL, "%s can't be read", parent);
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.') {
            ck_assert_msg(found == NULL, "%s holds more than one", parent);
            found = tasks_text(
                tasks, "%s/%s%s%s", parent, entry->d_name, name[0] != '\0' ? "/" : "", name);
        }
    (void)closedir(folder);
    mem_free(parent);
    ck_assert_ptr_nonnull(found);
    return found;
}

static bool file_names(const char *path, const char *folder)
{
    static const size_t most = 256 * 1024;
    char *bytes = mem_zero(most + 1, 1);
    FILE *file = fopen(path, "r");
    size_t count = file != NULL ? fread(bytes, 1, most, file) : 0;
    bool found = memmem(bytes, count, folder, strlen(folder)) != NULL;

    if (file != NULL)
        (void)fclose(file);
    mem_free(bytes);
    return found;
}

static bool link_names(const char *path, const char *folder)
{
    char target[PATH_BYTES] = "";

    return readlink(path, target, sizeof target - 1) > 0 && str_starts_with(target, folder);
}

static bool process_names(const char *pid, const char *folder)
{
    char path[PATH_BYTES];
    bool found;

    if (!tasks_is_alive((pid_t)strtol(pid, NULL, 10)))
        return false;
    (void)snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
    found = file_names(path, folder);
    (void)snprintf(path, sizeof path, "/proc/%s/environ", pid);
    found = found || file_names(path, folder);
    (void)snprintf(path, sizeof path, "/proc/%s/cwd", pid);
    found = found || link_names(path, folder);
    for (int fd = 0; fd < 16 && !found; fd++) {
        (void)snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, fd);
        found = link_names(path, folder);
    }
    return found;
}

size_t tasks_count_processes(const char *folder)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    ck_assert_ptr_nonnull(processes);
    while ((entry = readdir(processes)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            strtol(entry->d_name, NULL, 10) != getpid() && process_names(entry->d_name, folder))
            count++;
    (void)closedir(processes);
    return count;
}
