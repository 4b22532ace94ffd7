#include "agent/launcher.h"

#include "agent/launcher_private.h"
#include "agent/shim.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MOST = 64 };
/* Which of a task's descriptors an event is of: below its serial in epoll's data. */
enum watched_kind { WATCH_LINK, WATCH_SHIM, WATCH_HOOK, WATCH_KINDS };

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t launcher_boot_ms(void)
{
    return clock_ms(CLOCK_BOOTTIME);
}

int64_t launcher_utc_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

/* --- The list of tasks */

struct task *launcher_task(const struct launcher *launcher, struct task_id id)
{
    for (size_t i = 0; i < launcher->count; i++) {
        const struct task_id *own = &launcher->tasks[i]->status.id;

        if (own->gang == id.gang && own->attempt == id.attempt && own->rank == id.rank)
            return launcher->tasks[i];
    }
    return NULL;
}

struct task *launcher_add(struct launcher *launcher, struct task_id id)
{
    struct task *task = mem_zero(1, sizeof *task);

    task->serial = ++launcher->next_serial;
    task->status.id = id;
    task->status.why = "";
    task->status.cpuset = task->facts.cpuset;
    task->shim.fd = task->hook.fd = task->link = -1;
    launcher->tasks = mem_grow(
        launcher->tasks, launcher->count, &launcher->capacity, sizeof(struct task *));
    launcher->tasks[launcher->count++] = task;
    return task;
}

void launcher_destroy_task(struct task *task)
{
    launcher_unwatch(&task->shim);
    launcher_unwatch(&task->hook);
    if (task->link >= 0)
        (void)close(task->link);
    str_fini(&task->spec);
    mem_free(task->why);
    mem_free(task);
}

void launcher_drop(struct launcher *launcher, struct task *task)
{
    for (size_t i = 0; i < launcher->count; i++)
        if (launcher->tasks[i] == task)
            memmove(&launcher->tasks[i], &launcher->tasks[i + 1],
                (--launcher->count - i) * sizeof(struct task *));
    launcher_destroy_task(task);
}

void launcher_set_state(
    struct launcher *launcher, struct task *task, enum task_state state, const char *why)
{
    task->status.state = state;
    if (why != NULL && why[0] != '\0') {
        mem_free(task->why);
        task->why = mem_copy_text(why);
        task->status.why = task->why;
    }
    if (task_state_is_over(state) && task->status.ended_ms == 0)
        task->status.ended_ms = launcher_utc_ms();
    if (task_state_is_over(state))
        launcher_keep_end(launcher, task);
    launcher->has_changed = true;
}

/* --- Descriptors */

static int watch_fd(struct launcher *launcher, const struct task *task, int fd, int kind)
{
    struct epoll_event event = {
        .events = EPOLLIN, .data.u64 = task->serial * WATCH_KINDS + (uint64_t)kind};

    return epoll_ctl(launcher->epoll, EPOLL_CTL_ADD, fd, &event);
}

int launcher_watch(struct launcher *launcher, struct task *task, struct watched *watched)
{
    if (watched->fd < 0)
        watched->fd = pidfd_open(watched->pid, 0);
    if (watched->fd < 0)
        return -1;
    return watch_fd(launcher, task, watched->fd, watched == &task->shim ? WATCH_SHIM : WATCH_HOOK);
}

void launcher_unwatch(struct watched *watched)
{
    if (watched->fd >= 0)
        (void)close(watched->fd);
    if (watched->pid > 0 && watched->is_ours)
        (void)waitpid(watched->pid, NULL, WNOHANG);
    *watched = (struct watched){.fd = -1};
}

int launcher_connect(struct launcher *launcher, struct task *task)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[TASK_PATH_SIZE];
    int folder;

    task_path(launcher->options.folder, task->status.id, "", path);
    folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* By way of the descriptor: the whole path may be longer than a socket's address. */
    (void)snprintf(
        address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SHIM_SOCKET_FILE, folder);
    /* A shim that does not run accepts nobody: its queue may be full. */
    task->link = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (folder < 0 || task->link < 0 ||
        connect(task->link, (const struct sockaddr *)&address, sizeof address) != 0 ||
        watch_fd(launcher, task, task->link, WATCH_LINK) != 0) {
        if (task->link >= 0)
            (void)close(task->link);
        task->link = -1;
    }
    if (folder >= 0)
        (void)close(folder);
    if (task->link < 0)
        return -1;
    return 0;
}

void launcher_send(const struct task *task, const char *packet)
{
    if (task->link >= 0)
        (void)send(task->link, packet, strlen(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* --- What is asked of it */

void launcher_go(
    struct launcher *launcher, struct task_id id, const char *master_address, uint16_t master_port)
{
    struct task *task = launcher_task(launcher, id);
    char packet[SHIM_PACKET_BYTES];

    if (task == NULL || task->status.state != TASK_READY || task->stop_asked)
        return;
    (void)snprintf(packet, sizeof packet, "go %.200s %u", master_address, master_port);
    launcher_send(task, packet);
}

void launcher_stop(struct launcher *launcher, struct task_id id)
{
    struct task *task = launcher_task(launcher, id);

    if (task == NULL || task_state_is_over(task->status.state) || task->stop_asked)
        return;
    task->stop_asked = true;
    if (task->hook.pid > 0 && task->is_prolog) {
        (void)kill(-task->hook.pid, SIGKILL); /* its end is seen as any hook's */
        return;
    }
    launcher_ask_stop(launcher, task);
}

void launcher_renew_leases(struct launcher *launcher, int64_t from_boot_ms)
{
    char packet[64];

    if (from_boot_ms <= launcher->heard_boot_ms || from_boot_ms > launcher_boot_ms())
        return;
    launcher->heard_boot_ms = from_boot_ms;
    (void)snprintf(packet, sizeof packet, "lease %" PRId64, from_boot_ms);
    for (size_t i = 0; i < launcher->count; i++)
        launcher_send(launcher->tasks[i], packet);
}

void launcher_forget(struct launcher *launcher, struct task_id id)
{
    struct task *task = launcher_task(launcher, id);
    char path[TASK_PATH_SIZE];

    if (task == NULL || !task_state_is_over(task->status.state))
        return;
    launcher_drop(launcher, task);
    task_path(launcher->options.folder, id, "", path);
    folder_remove(path);
    if (++launcher->forgotten_count % 256 == 0)
        task_outputs_prune(launcher->options.folder);
}

/* --- What happens */

static void take_end(struct launcher *launcher, struct task *task)
{
    launcher_drop_shim(launcher, task);
    if (task->is_orphan)
        launcher_sweep(launcher);
    launcher_finish(launcher, task);
}

static void hear_shim(struct launcher *launcher, struct task *task)
{
    char text[SHIM_PACKET_BYTES];
    ssize_t n = recv(task->link, text, sizeof text - 1, MSG_DONTWAIT);
    long long started = 0;
    long long kill_at = 0;

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        (void)close(task->link);
        task->link = -1;
        if (task->shim.fd < 0) /* not our child: the link's end is its end */
            take_end(launcher, task);
        return;
    }
    if (n < 0)
        return;
    text[n] = '\0';
    if (task->shim.fd < 0)
        launcher_find_shim(launcher, task); /* it had not begun yet */
    if (strncmp(text, "ready", 5) == 0)
        launcher_set_state(launcher, task, TASK_READY, NULL);
    else if (sscanf(text, "running %lld", &started) == 1)
        launcher_set_state(launcher, task, TASK_RUNNING, NULL);
    else if (sscanf(text, "stopping %lld %lld", &started, &kill_at) >= 1)
        launcher_set_state(launcher, task, TASK_STOPPING, NULL);
    if (kill_at > 0)
        task->late_ms = kill_at + launcher->options.late_ms;
    if (started > 0)
        task->status.started_ms = started;
    if (task->stop_asked && task->status.state < TASK_STOPPING)
        launcher_send(task, "stop");
}

static struct task *find_serial(const struct launcher *launcher, uint64_t serial)
{
    for (size_t i = 0; i < launcher->count; i++)
        if (launcher->tasks[i]->serial == serial)
            return launcher->tasks[i];
    return NULL;
}

bool launcher_step(struct launcher *launcher)
{
    struct epoll_event events[EVENTS_MOST];
    int count = epoll_wait(launcher->epoll, events, EVENTS_MOST, 0);
    int64_t now = launcher_boot_ms();
    bool has_changed;

    for (int i = 0; i < count; i++) {
        struct task *task = find_serial(launcher, events[i].data.u64 / WATCH_KINDS);

        if (task == NULL)
            continue;
        switch ((enum watched_kind)(events[i].data.u64 % WATCH_KINDS)) {
        case WATCH_LINK:
            if (task->link >= 0)
                hear_shim(launcher, task);
            break;
        case WATCH_SHIM:
            if (task->shim.fd >= 0)
                take_end(launcher, task);
            break;
        case WATCH_HOOK:
            if (task->hook.fd >= 0)
                launcher_take_hook(launcher, task);
            break;
        case WATCH_KINDS:
            break;
        }
    }
    for (size_t i = 0; i < launcher->count; i++) {
        struct task *task = launcher->tasks[i];

        if (task->hook.pid > 0 && now >= task->hook_until_ms)
            (void)kill(-task->hook.pid, SIGKILL);
        launcher_tend_shim(launcher, task, now);
        launcher_look_at_checkpoint(launcher, task, now);
    }
    has_changed = launcher->has_changed;
    launcher->has_changed = false;
    return has_changed;
}

int launcher_fd(const struct launcher *launcher)
{
    return launcher->epoll;
}

int64_t launcher_next_ms(const struct launcher *launcher)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < launcher->count; i++) {
        const struct task *task = launcher->tasks[i];
        int64_t tend_ms = launcher_tend_ms(task);

        if (task->hook.pid > 0 && task->hook_until_ms < next)
            next = task->hook_until_ms;
        if (tend_ms < next)
            next = tend_ms;
    }
    return next;
}

/* --- Looking */

size_t launcher_count(const struct launcher *launcher)
{
    return launcher->count;
}

const struct task_status *launcher_at(const struct launcher *launcher, size_t index)
{
    return &launcher->tasks[index]->status;
}

const struct task_status *launcher_find(const struct launcher *launcher, struct task_id id)
{
    const struct task *task = launcher_task(launcher, id);

    return task != NULL ? &task->status : NULL;
}
