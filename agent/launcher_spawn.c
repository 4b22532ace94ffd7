/* The shim of a task whose folder is ready: its spec, its socket, and its start. It waits for go.
 */
#include "agent/launcher_private.h"
#include "agent/shim.h"
#include "base/err.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { HIGH_FD = 10, BACKLOG = 4 };

/* Written and synced before anything is started. */
static int write_spec(
    const struct launcher *launcher, struct task_id id, const struct str *spec, struct err *err)
{
    char path[TASK_PATH_SIZE];
    int folder;
    int fd;
    bool is_done;

    if (spec->length > SHIM_SPEC_BYTES)
        return err_set(err, ERR_LIMIT, "command and environment are longer than %d KiB",
            SHIM_SPEC_BYTES / 1024);
    task_path(launcher->options.folder, id, SHIM_SPEC_FILE, path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    is_done = fd >= 0 && write(fd, spec->text, spec->length) == (ssize_t)spec->length &&
              fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    task_path(launcher->options.folder, id, "", path);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_done = is_done && folder >= 0 && fsync(folder) == 0;
    if (!is_done)
        (void)err_set_errno(err, "%s can't be written", path);
    if (folder >= 0)
        (void)close(folder);
    return is_done ? 0 : -1;
}

static int listen_in(int folder_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    (void)snprintf(
        address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SHIM_SOCKET_FILE, folder_fd);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
                       listen(fd, BACKLOG) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool spawn_shim(struct launcher *launcher, struct task *task, int listen_fd, int folder_fd)
{
    posix_spawn_file_actions_t files;
    char name[] = "wattyard-shim";
    char path[TASK_PATH_SIZE];
    char *argv[] = {name, path, NULL};
    bool is_started;

    /* The folder is for people who look at a list of processes. */
    task_path(launcher->options.folder, task->status.id, "", path);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_adddup2(&files, listen_fd, SHIM_SOCKET_FD);
    (void)posix_spawn_file_actions_adddup2(&files, folder_fd, SHIM_FOLDER_FD);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    is_started = posix_spawn(
                     &task->shim.pid, launcher->options.program, &files, NULL, argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&files);
    if (!is_started)
        task->shim.pid = 0;
    task->shim.is_ours = is_started;
    task->status.pid = task->shim.pid;
    return is_started && launcher_watch(launcher, task, &task->shim) == 0;
}

/* It waits for a go that nobody can send. */
static void end_shim(struct task *task)
{
    (void)kill(task->shim.pid, SIGKILL);
    (void)waitpid(task->shim.pid, NULL, 0);
    task->shim.is_ours = false;
    launcher_unwatch(&task->shim);
    task->status.pid = 0;
}

void launcher_start_shim(struct launcher *launcher, struct task *task)
{
    char path[TASK_PATH_SIZE];
    struct err err = {0};
    int folder;
    int high = -1;
    int listener = -1;
    bool is_started = false;

    if (write_spec(launcher, task->status.id, &task->spec, &err) != 0) {
        launcher_set_state(launcher, task, TASK_NOT_STARTED, err.text);
        return;
    }
    str_fini(&task->spec);
    task_path(launcher->options.folder, task->status.id, "", path);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        /* Above those that the shim gets. */
        high = fcntl(folder, F_DUPFD_CLOEXEC, HIGH_FD);
        listener = listen_in(folder);
    }
    if (listener >= 0 && listener < HIGH_FD) {
        int moved = fcntl(listener, F_DUPFD_CLOEXEC, HIGH_FD);

        (void)close(listener);
        listener = moved;
    }
    if (listener >= 0 && high >= 0)
        is_started = spawn_shim(launcher, task, listener, high);
    if (is_started)
        is_started = launcher_connect(launcher, task) == 0;
    if (!is_started && task->shim.pid > 0)
        end_shim(task);
    if (!is_started)
        launcher_set_state(launcher, task, TASK_NOT_STARTED, "its shim could not be started");
    if (folder >= 0)
        (void)close(folder);
    if (high >= 0)
        (void)close(high);
    if (listener >= 0)
        (void)close(listener);
}
