/* How a task ended, what it left, and what of that is kept for the next agent. */
#include "agent/cgroup.h"
#include "agent/launcher_private.h"
#include "base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ENVIRON_BYTES = 1 << 20, SWEEPS = 2000, PAUSE_NS = 2000000 };

/* --- Its checkpoint */

static void read_checkpoint(const struct launcher *launcher, struct task *task)
{
    char path[TASK_PATH_SIZE];
    struct stat facts;

    work_path(launcher->options.folder, task->status.id, "checkpoint", path);
    if (lstat(path, &facts) == 0)
        task->status.checkpoint_ms = (int64_t)facts.st_mtim.tv_sec * 1000 +
                                     facts.st_mtim.tv_nsec / 1000000;
}

/* While it runs, and while it stops, which is when most are written. */
void launcher_look_at_checkpoint(const struct launcher *launcher, struct task *task, int64_t now)
{
    bool is_alive = task->status.state == TASK_RUNNING || task->status.state == TASK_STOPPING;

    if (!is_alive || now - task->looked_ms < CHECKPOINT_LOOK_MS)
        return;
    task->looked_ms = now;
    read_checkpoint(launcher, task);
}

/* --- What orphans left */

/* The orphan that a process belongs to, by the mark in its environment. bytes: ENVIRON_BYTES. */
static bool is_of_orphan(
    const struct launcher *launcher, const char *pid, const char *mark, char *bytes)
{
    size_t length = strlen(mark);
    char path[64];
    ssize_t n = -1;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, bytes, ENVIRON_BYTES - 1);
        (void)close(fd);
    }
    if (n > 0)
        bytes[n] = '\0';
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(bytes + i) + 1) {
        const struct task *task;
        struct task_id id;

        if (strncmp(bytes + i, mark, length) != 0 || !task_key_parse(bytes + i + length, &id))
            continue;
        task = launcher_task(launcher, id);
        return task != NULL && task->is_orphan;
    }
    return false;
}

/* Kills what orphans have left; how many there were. */
static int sweep_once(const struct launcher *launcher, const char *mark, char *bytes)
{
    DIR *proc = opendir("/proc");
    int count = 0;

    if (proc == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            is_of_orphan(launcher, entry->d_name, mark, bytes)) {
            (void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
            count++;
        }
    (void)closedir(proc);
    return count;
}

void launcher_sweep(const struct launcher *launcher)
{
    char mark[TASK_PATH_SIZE + 32];
    char *bytes = mem_zero(ENVIRON_BYTES, 1);
    struct timespec pause = {0, PAUSE_NS};

    (void)snprintf(mark, sizeof mark, TASK_MARK "=%s/tasks/", launcher->options.folder);
    for (size_t i = 0; i < launcher->count; i++)
        if (launcher->tasks[i]->is_orphan)
            cgroup_end(launcher->tasks[i]->facts.cgroup);
    for (int i = 0; i < SWEEPS && sweep_once(launcher, mark, bytes) > 0; i++)
        (void)nanosleep(&pause, NULL);
    mem_free(bytes);
}

/* --- How it ended */

/* For the next agent: it needs not judge again, nor look through all processes, nor run the epilog
 * once more. Where there is no folder nothing was begun, and nothing is kept. */
void launcher_keep_end(const struct launcher *launcher, struct task *task)
{
    const char *folder = launcher->options.folder;

    if (!task->is_end_kept)
        task_exit_write(folder, &task->status, task->status.state);
    if (!task->is_closed) {
        cgroup_end(task->facts.cgroup);
        task_closed_write(folder, task->status.id, task->status.why);
    }
    task->is_end_kept = task->is_closed = true;
}

/* Its shim is gone: `exit` says how it ended; else it is an orphan. */
void launcher_drop_shim(struct launcher *launcher, struct task *task)
{
    char *why = NULL;

    launcher_unwatch(&task->shim);
    task->status.pid = 0;
    if (task->link >= 0)
        (void)close(task->link);
    task->link = -1;
    read_checkpoint(launcher, task);
    task->is_orphan = !task_exit_read(
        launcher->options.folder, task->status.id, &task->status, &why);
    if (!task->is_orphan) {
        task->is_end_kept = true;
        task->end = task->status.state;
        launcher_set_state(launcher, task, TASK_STOPPING, why);
    }
    mem_free(why);
}

/* An orphan has been swept: it is lost, or was never let go. */
static void judge_orphan(struct launcher *launcher, struct task *task)
{
    task->is_orphan = false;
    task->end = task_was_started(launcher->options.folder, task->status.id) ? TASK_LOST
                                                                            : TASK_NOT_STARTED;
    launcher_set_state(launcher, task, TASK_STOPPING, "its shim is gone");
    task->is_end_kept = true;
    task->status.ended_ms = launcher_utc_ms();
    task_exit_write(launcher->options.folder, &task->status, task->end);
}

void launcher_finish(struct launcher *launcher, struct task *task)
{
    bool has_failed = false;
    char *why;

    if (task->is_orphan)
        judge_orphan(launcher, task);
    if (!task->is_closed)
        cgroup_end(task->facts.cgroup);
    task->is_prolog = false;
    if (task->is_closed) {
        why = task_closed_read(launcher->options.folder, task->status.id);
        launcher_set_state(launcher, task, task->end, why);
        mem_free(why);
    } else if (!launcher_start_hook(launcher, task, launcher->options.epilog, &has_failed)) {
        launcher_end_epilog(launcher, task, has_failed ? "its epilog can't be run" : NULL);
    }
}
