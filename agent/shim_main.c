/* wattyard-shim: stands over one task. Its descriptors 3 and 4 are the listening socket and the
 * task's folder. */
#include "agent/shim_private.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGENTS_MOST = 4, POLL_FIXED = 3, NEVER = 0 };
enum state { PREPARING, READY, RUNNING, STOPPING };

struct shim {
    struct shim_spec spec;
    struct shim_child child;
    enum state state;
    int signals;             /* signalfd of SIGCHLD */
    int agents[AGENTS_MOST]; /* -1: free */
    int64_t started_ms;
    int64_t lease_until, wall_at, checkpoint_at, term_at, kill_at; /* boot ms; NEVER */
    bool has_ended;
    int child_status;
    char why[SHIM_WHY_SIZE];
};

static void set_why(struct shim *shim, const char *why)
{
    if (shim->why[0] == '\0')
        (void)snprintf(shim->why, sizeof shim->why, "%.*s", SHIM_WHY_SIZE - 1, why);
}

/* --- Agents */

static void tell(const struct shim *shim, int fd)
{
    static const char *const NAMES[] = {"preparing", "ready", "running", "stopping"};
    char text[64];
    int n = snprintf(text, sizeof text, "%s %lld %lld", NAMES[shim->state],
        (long long)shim->started_ms, (long long)shim->kill_at);

    (void)send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void tell_all(const struct shim *shim)
{
    for (int i = 0; i < AGENTS_MOST; i++)
        if (shim->agents[i] >= 0)
            tell(shim, shim->agents[i]);
}

static void accept_agent(struct shim *shim)
{
    int fd = accept4(SHIM_SOCKET_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred peer;
    socklen_t size = sizeof peer;

    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
        (peer.uid == getuid() || peer.uid == 0))
        for (int i = 0; i < AGENTS_MOST; i++)
            if (shim->agents[i] < 0) {
                shim->agents[i] = fd;
                if (shim->state != PREPARING)
                    tell(shim, fd);
                return;
            }
    (void)close(fd);
}

/* --- Start and stop */

static void finish(struct shim *shim, const char *state)
{
    int64_t now_ms = shim_utc_ms();
    int status = WIFEXITED(shim->child_status) ? WEXITSTATUS(shim->child_status) : 0;
    int signal = WIFSIGNALED(shim->child_status) ? WTERMSIG(shim->child_status) : 0;

    shim_kill_all(shim->spec.cgroup, shim->child.pid, &shim->child_status);
    if (shim->spec.cgroup[0] != '\0')
        (void)rmdir(shim->spec.cgroup);
    if (!shim->has_ended) {
        status = WIFEXITED(shim->child_status) ? WEXITSTATUS(shim->child_status) : 0;
        signal = WIFSIGNALED(shim->child_status) ? WTERMSIG(shim->child_status) : 0;
    }
    if (strcmp(state, SHIM_NOT_STARTED) == 0)
        status = signal = 0;
    exit(shim_write_exit(state, status, signal, shim->started_ms, now_ms, shim->why) == 0 ? 0 : 1);
}

static void go(struct shim *shim, const char *master)
{
    if (shim->state != READY)
        return;
    if (shim_write_started() != 0) {
        set_why(shim, "it was started before, or its folder can't be written");
        finish(shim, SHIM_NOT_STARTED);
    }
    shim->started_ms = shim_utc_ms();
    if (write(shim->child.go_fd, master, strlen(master)) < 0)
        set_why(shim, "its process went away before its start");
    (void)close(shim->child.go_fd);
    shim->state = RUNNING;
    if (shim->spec.wall_ms > 0)
        shim->wall_at = shim_boot_ms() + shim->spec.wall_ms;
    if (shim->spec.checkpoint_signal != 0 && shim->spec.checkpoint_every_ms > 0)
        shim->checkpoint_at = shim_boot_ms() + shim->spec.checkpoint_every_ms;
    tell_all(shim);
}

/* Checkpoint signal, SIGTERM (at once where there is no checkpoint to write, else after half of the
 * grace), and after the grace the certain kill. */
static void stop(struct shim *shim, const char *why)
{
    int64_t now = shim_boot_ms();

    if (shim->state == STOPPING)
        return;
    set_why(shim, why);
    if (shim->state != RUNNING)
        finish(shim, SHIM_NOT_STARTED);
    shim->state = STOPPING;
    shim->checkpoint_at = NEVER;
    shim->kill_at = now + shim->spec.grace_ms;
    if (shim->spec.checkpoint_signal != 0) {
        (void)kill(-shim->child.pid, shim->spec.checkpoint_signal);
        shim->term_at = now + shim->spec.grace_ms / 2;
    } else {
        (void)kill(-shim->child.pid, SIGTERM);
    }
    tell_all(shim);
}

static void take_packet(struct shim *shim, char *text)
{
    if (strncmp(text, "go ", 3) == 0) {
        go(shim, text + 3);
    } else if (strcmp(text, "stop") == 0) {
        stop(shim, "stopped");
    } else if (strncmp(text, "lease ", 6) == 0) {
        int64_t until = strtoll(text + 6, NULL, 10) + shim->spec.lease_ms;

        if (until > shim->lease_until)
            shim->lease_until = until;
    }
}

static void hear_agent(struct shim *shim, int index)
{
    char text[SHIM_PACKET_BYTES];
    ssize_t n = recv(shim->agents[index], text, sizeof text - 1, MSG_DONTWAIT);

    if (n > 0) {
        text[n] = '\0';
        take_packet(shim, text);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        (void)close(shim->agents[index]);
        shim->agents[index] = -1;
    }
}

/* --- The child */

static void hear_child(struct shim *shim)
{
    char text[SHIM_WHY_SIZE];
    ssize_t n = read(shim->child.report_fd, text, sizeof text - 1);

    if (n > 0 && text[0] == 'R' && shim->state == PREPARING) {
        shim->state = READY;
        tell_all(shim);
        return;
    }
    if (n > 0) {
        text[n] = '\0';
        set_why(shim, text + 1);
        return;
    }
    (void)close(shim->child.report_fd);
    shim->child.report_fd = -1;
}

static void reap(struct shim *shim)
{
    struct signalfd_siginfo info;
    int status = 0;
    pid_t pid;

    (void)!read(shim->signals, &info, sizeof info);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == shim->child.pid) {
            shim->has_ended = true;
            shim->child_status = status;
        }
    if (!shim->has_ended)
        return;
    if (shim->child.report_fd >= 0)
        hear_child(shim); /* why it could not be run */
    finish(shim, shim->started_ms > 0 ? SHIM_ENDED : SHIM_NOT_STARTED);
}

/* --- Times */

static void look_at_times(struct shim *shim)
{
    int64_t now = shim_boot_ms();

    if (shim->state == STOPPING) {
        if (shim->term_at != NEVER && now >= shim->term_at) {
            (void)kill(-shim->child.pid, SIGTERM);
            shim->term_at = NEVER;
        }
        if (now >= shim->kill_at)
            finish(shim, SHIM_ENDED);
        return;
    }
    if (now >= shim->lease_until)
        stop(shim, "its lease ran out");
    else if (shim->wall_at != NEVER && now >= shim->wall_at)
        stop(shim, "wall limit");
    if (shim->checkpoint_at != NEVER && now >= shim->checkpoint_at) {
        (void)kill(-shim->child.pid, shim->spec.checkpoint_signal);
        shim->checkpoint_at = now + shim->spec.checkpoint_every_ms;
    }
}

static int wait_ms(const struct shim *shim)
{
    const int64_t times[] = {shim->state == STOPPING ? NEVER : shim->lease_until,
        shim->state == STOPPING ? NEVER : shim->wall_at, shim->checkpoint_at, shim->term_at,
        shim->kill_at};
    int64_t next = INT32_MAX;
    int64_t now = shim_boot_ms();

    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (times[i] != NEVER && times[i] - now < next)
            next = times[i] - now;
    return next > 0 ? (int)next : 0;
}

static void turn(struct shim *shim)
{
    struct pollfd files[POLL_FIXED + AGENTS_MOST] = {{SHIM_SOCKET_FD, POLLIN, 0},
        {shim->signals, POLLIN, 0}, {shim->child.report_fd, POLLIN, 0}};

    for (int i = 0; i < AGENTS_MOST; i++)
        files[POLL_FIXED + i] = (struct pollfd){shim->agents[i], POLLIN, 0};
    (void)poll(files, POLL_FIXED + AGENTS_MOST, wait_ms(shim));
    if (files[2].revents != 0)
        hear_child(shim);
    if (files[1].revents != 0)
        reap(shim);
    if (files[0].revents != 0)
        accept_agent(shim);
    for (int i = 0; i < AGENTS_MOST; i++)
        if (files[POLL_FIXED + i].revents != 0)
            hear_agent(shim, i);
    look_at_times(shim);
}

/* --- Start */

static int read_spec(struct shim *shim)
{
    char *bytes = mem_zero(SHIM_SPEC_BYTES, 1); /* the spec points into it till the end */
    int fd = openat(SHIM_FOLDER_FD, SHIM_SPEC_FILE, O_RDONLY | O_CLOEXEC);
    struct err err = {0};
    size_t count = 0;
    ssize_t n = 1;

    while (fd >= 0 && n > 0 && count < SHIM_SPEC_BYTES) {
        n = read(fd, bytes + count, SHIM_SPEC_BYTES - count);
        count += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    if (shim_spec_read(bytes, count, &shim->spec, &err) == 0)
        return 0;
    set_why(shim, err.text);
    return -1;
}

static void stand_apart(void)
{
    sigset_t all;
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    /* Others are to go first: a task without its shim would have no limits. */
    if (fd >= 0) {
        (void)!write(fd, "-900", 4);
        (void)close(fd);
    }
    (void)setsid();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)umask(022);
    (void)fcntl(SHIM_SOCKET_FD, F_SETFD, FD_CLOEXEC);
    (void)fcntl(SHIM_FOLDER_FD, F_SETFD, FD_CLOEXEC);
}

int main(void)
{
    struct shim *shim = mem_zero(1, sizeof *shim);
    sigset_t child;

    stand_apart();
    shim_write_self();
    for (int i = 0; i < AGENTS_MOST; i++)
        shim->agents[i] = -1;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    shim->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (read_spec(shim) != 0 || shim->signals < 0 ||
        shim_child_start(&shim->spec, &shim->child) != 0) {
        set_why(shim, "no process can be had");
        finish(shim, SHIM_NOT_STARTED);
    }
    shim->lease_until = shim_boot_ms() + shim->spec.lease_ms;
    for (;;)
        turn(shim);
}
