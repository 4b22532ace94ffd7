/* The process that becomes the task: it takes user, cores and output, says that it is ready, and
 * waits for its go. */
#include "agent/shim_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, THREADS_MOST = 8192, GO_BYTES = 256 };

static _Noreturn void fail(int report_fd, const char *what, const char *which)
{
    char text[SHIM_WHY_SIZE];
    int n = snprintf(text, sizeof text, "F%s%s%s: %s", what, which[0] != '\0' ? " " : "", which,
        strerror(errno));

    (void)!write(report_fd, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    _exit(127);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}

static void join_cgroup(const struct shim_spec *spec, int report_fd)
{
    char path[PATH_SIZE];
    int fd;

    if (spec->cgroup[0] == '\0')
        return;
    (void)snprintf(path, sizeof path, "%s/cgroup.procs", spec->cgroup);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        fail(report_fd, "its control group can't be joined", spec->cgroup);
    (void)close(fd);
}

/* "0-3,8" */
static void bind_cores(const char *cpuset, int report_fd)
{
    size_t bytes = CPU_ALLOC_SIZE(THREADS_MOST);
    cpu_set_t *set = CPU_ALLOC(THREADS_MOST);
    const char *next = cpuset;

    if (cpuset[0] == '\0' || set == NULL)
        return;
    CPU_ZERO_S(bytes, set);
    while (*next != '\0') {
        char *end = NULL;
        long first = strtol(next, &end, 10);
        long last = *end == '-' ? strtol(end + 1, &end, 10) : first;

        for (long i = first; i >= 0 && i <= last && i < THREADS_MOST; i++)
            CPU_SET_S((size_t)i, bytes, set);
        if (*end != ',')
            break;
        next = end + 1;
    }
    if (sched_setaffinity(0, bytes, set) != 0)
        fail(report_fd, "it can't be bound to cores", cpuset);
    CPU_FREE(set);
}

static void become_user(const struct shim_spec *spec, int report_fd)
{
    if (spec->is_other_user && (setgroups(spec->group_count, spec->groups) != 0 ||
                                   setresgid(spec->gid, spec->gid, spec->gid) != 0 ||
                                   setresuid(spec->uid, spec->uid, spec->uid) != 0))
        fail(report_fd, "its user can't be taken", "");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(report_fd, "new privileges can't be ruled out", "");
}

/* The folders above a file, as the user. */
static void make_folders(const char *path)
{
    char folder[PATH_SIZE];

    if (strlen(path) >= sizeof folder)
        return;
    (void)strncpy(folder, path, sizeof folder - 1);
    folder[sizeof folder - 1] = '\0';
    for (char *at = folder + 1; *at != '\0'; at++)
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(folder, 0755);
            *at = '/';
        }
}

static void open_output(const struct shim_spec *spec, int report_fd)
{
    int in = open("/dev/null", O_RDONLY);
    int out;

    if (chdir(spec->directory) != 0)
        fail(report_fd, "its folder can't be entered:", spec->directory);
    make_folders(spec->output);
    out = open(spec->output, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644);
    if (out < 0)
        fail(report_fd, "its output can't be opened:", spec->output);
    if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0)
        fail(report_fd, "its streams can't be set", "");
    if (in > STDERR_FILENO)
        (void)close(in);
    if (out > STDERR_FILENO)
        (void)close(out);
}

static void add_env(struct shim_spec *spec, const char *name, const char *value)
{
    size_t bytes = strlen(name) + strlen(value) + 2;
    char *text = malloc(bytes);

    if (text == NULL || spec->env_count + 1 >= SHIM_WORDS_MOST) {
        free(text);
        return;
    }
    (void)snprintf(text, bytes, "%s=%s", name, value);
    spec->env[spec->env_count++] = text;
}

/* What is known only now: where rank 0 is. */
static void add_master(struct shim_spec *spec, char *go)
{
    char *port = strchr(go, ' ');
    char root[GO_BYTES + 8];

    if (port == NULL)
        return;
    *port++ = '\0';
    (void)snprintf(root, sizeof root, "%.*s:%.16s", GO_BYTES - 32, go, port);
    add_env(spec, "MASTER_ADDR", go);
    add_env(spec, "MASTER_PORT", port);
    add_env(spec, "PET_MASTER_ADDR", go);
    add_env(spec, "PET_MASTER_PORT", port);
    for (size_t i = 0; i < spec->env_count; i++)
        if (strncmp(spec->env[i], "NEURON_RT_VISIBLE_CORES=", 24) == 0) {
            add_env(spec, "NEURON_RT_ROOT_COMM_ID", root);
            break;
        }
}

/* Signals as a fresh program has them. */
static void reset_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run(
    struct shim_spec *spec, pid_t shim, bool has_joined, int go_fd, int report_fd)
{
    char go[GO_BYTES];
    ssize_t n;

    (void)setsid();
    write_text("/proc/self/oom_score_adj", "0");
    if (!has_joined)
        join_cgroup(spec, report_fd);
    bind_cores(spec->cpuset, report_fd);
    become_user(spec, report_fd);
    /* Without its shim nobody would keep its limits: it ends with it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != shim)
        _exit(127);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Nothing that the agent or its parents had open is the task's. */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    open_output(spec, report_fd);
    reset_signals();
    if (write(report_fd, "R", 1) != 1)
        _exit(127);
    do
        n = read(go_fd, go, sizeof go - 1);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(127); /* never let go */
    go[n] = '\0';
    add_master(spec, go);
    spec->env[spec->env_count] = NULL;
    (void)execvpe(spec->path, spec->args, spec->env);
    fail(report_fd, "it can't be run:", spec->path);
}

/* A child that is in the task's control group from its first moment. To join one later the kernel
 * waits until all processors have been idle or switched, 10 ms and more. -1: it can't be had so. */
static pid_t fork_into(const char *cgroup)
{
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
    int fd = cgroup[0] != '\0' ? open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    pid_t pid;

    if (fd < 0)
        return -1;
    args.cgroup = (unsigned)fd;
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid != 0)
        (void)close(fd);
    return pid;
}

int shim_child_start(struct shim_spec *spec, struct shim_child *child)
{
    bool has_joined;
    int go[2];
    int report[2];
    pid_t shim = getpid();

    if (pipe2(go, O_CLOEXEC) != 0)
        return -1;
    if (pipe2(report, O_CLOEXEC) != 0) {
        (void)close(go[0]);
        (void)close(go[1]);
        return -1;
    }
    child->pid = fork_into(spec->cgroup);
    has_joined = child->pid >= 0;
    if (!has_joined)
        child->pid = fork();
    if (child->pid == 0) {
        (void)close(go[1]);
        (void)close(report[0]);
        run(spec, shim, has_joined, go[0], report[1]);
    }
    (void)close(go[0]);
    (void)close(report[1]);
    child->go_fd = go[1];
    child->report_fd = report[0];
    return child->pid > 0 ? 0 : -1;
}
