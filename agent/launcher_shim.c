/* The shims that a former agent started, and those that do not do what they are told: a task's stop
 * is certain also when its shim does not run. */
#include "agent/launcher_private.h"
#include "agent/process.h"
#include "agent/shim.h"
#include "base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum {
    CONNECT_AGAIN_MS = 250,
    FORCE_AGAIN_MS = 50, /* then after twice as long, and so on */
    FORCE_MOST_MS = 10 * 1000,
    FAMILY_MOST = 1 << 22
};

void launcher_find_shim(struct launcher *launcher, struct task *task)
{
    char text[PROCESS_TEXT_SIZE];

    if (!task_shim_read(launcher->options.folder, task->status.id, text, sizeof text))
        return;
    task->shim.fd = process_open(text, &task->shim.pid);
    if (task->shim.fd < 0)
        return;
    if (launcher_watch(launcher, task, &task->shim) == 0)
        task->status.pid = task->shim.pid;
    else
        launcher_unwatch(&task->shim);
}

/* --- One that does not run */

struct relative {
    pid_t pid;
    struct process_row row;
    bool is_descendant;
};

/* All processes. Gives *list (mem_free). */
static size_t list_processes(struct relative **list)
{
    DIR *proc = opendir("/proc");
    size_t count = 0;
    size_t capacity = 0;

    *list = NULL;
    if (proc == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(proc)) != NULL && count < FAMILY_MOST;) {
        struct relative one = {0};

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        one.pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!process_look(one.pid, &one.row))
            continue;
        *list = mem_grow(*list, count, &capacity, sizeof **list);
        (*list)[count++] = one;
    }
    (void)closedir(proc);
    return count;
}

static int compare_pids(const void *a, const void *b)
{
    const struct relative *x = a;
    const struct relative *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Children of `ancestor`, theirs, and so on. O(n log n) for each generation. */
static void mark_descendants(struct relative *list, size_t count, pid_t ancestor)
{
    bool is_news = true;

    qsort(list, count, sizeof *list, compare_pids);
    while (is_news) {
        is_news = false;
        for (size_t i = 0; i < count; i++) {
            struct relative parent = {.pid = list[i].row.parent};
            const struct relative *found;

            if (list[i].is_descendant)
                continue;
            found = bsearch(&parent, list, count, sizeof *list, compare_pids);
            if (parent.pid == ancestor || (found != NULL && found->is_descendant))
                list[i].is_descendant = is_news = true;
        }
    }
}

static void kill_it(const struct relative *one)
{
    struct process_row again;
    int fd = pidfd_open(one->pid, 0);

    if (fd < 0)
        return;
    if (process_look(one->pid, &again) && again.start_ticks == one->row.start_ticks)
        (void)pidfd_send_signal(fd, SIGKILL, NULL, 0);
    (void)close(fd);
}

/* How many descendants of it still ran. Those of the dead stay in its family: it is a subreaper. */
static size_t kill_descendants(pid_t shim)
{
    struct relative *list;
    size_t count = list_processes(&list);
    size_t alive = 0;

    if (count > 0)
        mark_descendants(list, count, shim);
    for (size_t i = 0; i < count; i++)
        if (list[i].is_descendant && !process_is_dead(&list[i].row)) {
            kill_it(&list[i]);
            alive++;
        }
    mem_free(list);
    return alive;
}

/* The shim goes last: with it would go the knowledge of what its task has started. */
static void force(const struct task *task)
{
    if (task->shim.fd < 0)
        return;
    (void)pidfd_send_signal(task->shim.fd, SIGCONT, NULL, 0);
    if (kill_descendants(task->shim.pid) == 0)
        (void)pidfd_send_signal(task->shim.fd, SIGKILL, NULL, 0);
}

/* --- What is asked of it */

void launcher_ask_stop(struct launcher *launcher, struct task *task)
{
    task->late_ms = launcher_boot_ms() + launcher->options.late_ms;
    /* The task's user may have stopped it, where that is the agent's too. */
    if (task->shim.fd >= 0)
        (void)pidfd_send_signal(task->shim.fd, SIGCONT, NULL, 0);
    launcher_send(task, "stop");
}

/* A former agent ended before its shim had begun: the shim's queue takes us, and which process it
 * is will stand in its folder. */
static bool is_unknown(const struct task *task)
{
    return task->link >= 0 && task->shim.fd < 0;
}

void launcher_tend_shim(struct launcher *launcher, struct task *task, int64_t now)
{
    if (task_state_is_over(task->status.state))
        return;
    if (is_unknown(task) && now >= task->connect_ms) {
        task->connect_ms = now + CONNECT_AGAIN_MS;
        launcher_find_shim(launcher, task);
    }
    if (task->shim.fd < 0)
        return;
    if (task->link < 0 && now >= task->connect_ms) {
        task->connect_ms = now + CONNECT_AGAIN_MS;
        if (launcher_connect(launcher, task) == 0 && task->stop_asked)
            launcher_send(task, "stop");
    }
    if (task->late_ms > 0 && now >= task->late_ms) {
        task->force_ms = task->force_ms > 0 ? 2 * task->force_ms : FORCE_AGAIN_MS;
        if (task->force_ms > FORCE_MOST_MS)
            task->force_ms = FORCE_MOST_MS;
        task->late_ms = now + task->force_ms;
        force(task);
    }
}

int64_t launcher_tend_ms(const struct task *task)
{
    int64_t next = INT64_MAX;

    if (task_state_is_over(task->status.state))
        return next;
    if (is_unknown(task))
        return task->connect_ms;
    if (task->shim.fd < 0)
        return next;
    if (task->link < 0)
        next = task->connect_ms;
    if (task->late_ms > 0 && task->late_ms < next)
        next = task->late_ms;
    return next;
}
