#include "agent/shim_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, LIST_SIZE = 65536, PAUSE_NS = 500000 };

/* The kernel kills all in the group at once, and forks do not escape. */
static void kill_cgroup(const char *cgroup)
{
    char path[PATH_SIZE];
    int fd;

    if (cgroup[0] == '\0' ||
        snprintf(path, sizeof path, "%s/cgroup.kill", cgroup) >= (int)sizeof path)
        return;
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, "1", 1);
    (void)close(fd);
}

/* Children, and with each round those of the dead, which fall to us as the subreaper. */
static void kill_children(void)
{
    static const char *const PATH = "/proc/thread-self/children";
    char *list = malloc(LIST_SIZE);
    int fd = open(PATH, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && list != NULL ? read(fd, list, LIST_SIZE - 1) : -1;
    char *next = list;

    if (n > 0) {
        list[n] = '\0';
        while (*next != '\0') {
            char *end = next;
            long pid = strtol(next, &end, 10);

            if (end == next)
                break;
            if (pid > 1)
                (void)kill((pid_t)pid, SIGKILL);
            next = *end == ' ' ? end + 1 : end;
        }
    }
    if (fd >= 0)
        (void)close(fd);
    free(list);
}

void shim_kill_all(const char *cgroup, pid_t child, int *child_status)
{
    struct timespec pause = {0, PAUSE_NS};

    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid == child && child > 0)
            *child_status = status;
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid > 0)
            continue;
        kill_cgroup(cgroup);
        if (child > 0)
            (void)kill(-child, SIGKILL);
        kill_children();
        (void)nanosleep(&pause, NULL);
    }
}
