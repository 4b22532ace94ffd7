/* What a former agent left: tasks whose shim lives go on, others are over. */
#include "agent/cgroup.h"
#include "agent/launcher_private.h"
#include "agent/shim.h"
#include "base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ENVIRON_BYTES = 1 << 20, SWEEPS = 2000, PAUSE_NS = 2000000 };

static bool has_mark(const char *pid, const char *mark)
{
    char path[64];
    char *bytes = mem_zero(ENVIRON_BYTES, 1);
    size_t length = strlen(mark);
    bool is_marked = false;
    ssize_t n = -1;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, bytes, ENVIRON_BYTES - 1);
        (void)close(fd);
    }
    for (ssize_t i = 0; i < n && !is_marked; i += (ssize_t)strlen(bytes + i) + 1)
        is_marked = strncmp(bytes + i, mark, length + 1) == 0;
    mem_free(bytes);
    return is_marked;
}

/* Kills what carries the mark; how many there were. */
static int sweep_once(const char *mark)
{
    DIR *proc = opendir("/proc");
    int count = 0;

    if (proc == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) && has_mark(entry->d_name, mark)) {
            (void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
            count++;
        }
    (void)closedir(proc);
    return count;
}

void launcher_sweep(const struct launcher *launcher, const struct task *task)
{
    char mark[TASK_PATH_SIZE + 32];
    char path[TASK_PATH_SIZE];
    struct timespec pause = {0, PAUSE_NS};

    task_path(launcher->options.folder, task->status.id, "", path);
    (void)snprintf(mark, sizeof mark, TASK_MARK "=%s", path);
    cgroup_end(task->facts.cgroup);
    for (int i = 0; i < SWEEPS && sweep_once(mark) > 0; i++)
        (void)nanosleep(&pause, NULL);
}

static void take_up(struct launcher *launcher, struct task_id id)
{
    struct task *task = launcher_add(launcher, id);

    task_facts_read(launcher->options.folder, id, &task->facts);
    task->status.job = task->facts.job;
    task->status.chips = task->facts.chips;
    task->status.port = task->facts.port;
    task->status.state = TASK_PREPARING;
    launcher_find_shim(launcher, task);
    if (launcher_connect(launcher, task) != 0 && task->shim.fd < 0)
        launcher_take_end(launcher, task);
}

void launcher_scan(struct launcher *launcher)
{
    char path[TASK_PATH_SIZE];
    DIR *tasks;

    folder_path(launcher->options.folder, "tasks", path);
    tasks = opendir(path);
    if (tasks == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        struct task_id id;

        if (task_key_parse(entry->d_name, &id))
            take_up(launcher, id);
    }
    (void)closedir(tasks);
}
