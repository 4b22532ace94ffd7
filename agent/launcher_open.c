/* The state folder: one agent's, with what a former one left in it, and what is remembered of its
 * cluster. */
#include "agent/cgroup.h"
#include "agent/launcher_private.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 50 };

static int take_lock(struct launcher *launcher, struct err *err)
{
    char path[TASK_PATH_SIZE];
    struct timespec pause = {0, 20000000};

    folder_path(launcher->options.folder, "lock", path);
    launcher->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (launcher->lock < 0)
        return err_set_errno(err, "%s can't be opened", path);
    /* One that was killed this instant may not be quite gone. */
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(launcher->lock, LOCK_EX | LOCK_NB) == 0)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    return err_set(
        err, ERR_STATE, "another agent works in %s: end it first", launcher->options.folder);
}

static int make_folder(const char *parent, const char *name, mode_t mode, struct err *err)
{
    char path[TASK_PATH_SIZE];

    folder_path(parent, name, path);
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return 0;
    return err_set_errno(err, "%s can't be made", path);
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? mem_copy_text(text) : NULL;
}

static void copy_options(struct launcher *launcher, const struct launcher_options *options)
{
    launcher->options = *options;
    launcher->options.folder = mem_copy_text(options->folder);
    launcher->options.host = mem_copy_text(options->host);
    launcher->options.address = copy_or_null(options->address);
    launcher->options.program = mem_copy_text(options->program);
    launcher->options.late_ms = options->late_ms > 0 ? options->late_ms : LATE_MS;
    launcher->options.prolog = copy_or_null(options->prolog);
    launcher->options.epilog = copy_or_null(options->epilog);
}

/* Tasks have other working folders. */
static int make_absolute(struct launcher *launcher, struct err *err)
{
    char *whole = realpath(launcher->options.folder, NULL);

    if (whole == NULL)
        return err_set_errno(err, "%s", launcher->options.folder);
    mem_free((void *)(uintptr_t)launcher->options.folder);
    launcher->options.folder = mem_copy_text(whole);
    free(whole);
    return 0;
}

struct launcher *launcher_open(const struct launcher_options *options, struct err *err)
{
    struct launcher *launcher = mem_zero(1, sizeof *launcher);

    copy_options(launcher, options);
    launcher->lock = -1;
    launcher->epoll = epoll_create1(EPOLL_CLOEXEC);
    /* Users enter their own folders in it, and see no other. */
    if (mkdir(options->folder, 0711) != 0 && errno != EEXIST) {
        (void)err_set_errno(err, "%s can't be made", options->folder);
        goto failed;
    }
    if (make_absolute(launcher, err) != 0 || take_lock(launcher, err) != 0 ||
        make_folder(launcher->options.folder, "tasks", 0700, err) != 0 ||
        make_folder(launcher->options.folder, "work", 0711, err) != 0 ||
        launcher_memory_read(launcher->options.folder, &launcher->memory, err) != 0)
        goto failed;
    launcher->cgroup = cgroup_find();
    launcher_scan(launcher);
    task_outputs_prune(launcher->options.folder);
    return launcher;
failed:
    launcher_close(launcher);
    return NULL;
}

void launcher_close(struct launcher *launcher)
{
    if (launcher == NULL)
        return;
    for (size_t i = 0; i < launcher->count; i++)
        launcher_destroy_task(launcher->tasks[i]);
    mem_free(launcher->tasks);
    if (launcher->lock >= 0)
        (void)close(launcher->lock);
    (void)close(launcher->epoll);
    mem_free(launcher->cgroup);
    mem_free((void *)(uintptr_t)launcher->options.folder);
    mem_free((void *)(uintptr_t)launcher->options.host);
    mem_free((void *)(uintptr_t)launcher->options.address);
    mem_free((void *)(uintptr_t)launcher->options.program);
    mem_free((void *)(uintptr_t)launcher->options.prolog);
    mem_free((void *)(uintptr_t)launcher->options.epilog);
    mem_free(launcher);
}

/* --- Memory */

struct launcher_memory launcher_memory(const struct launcher *launcher)
{
    return launcher->memory;
}

int launcher_remember(
    struct launcher *launcher, const unsigned char cluster[16], uint64_t epoch, struct err *err)
{
    struct launcher_memory next = launcher->memory;

    if (memcmp(next.cluster, cluster, 16) == 0 && next.epoch == epoch)
        return 0;
    memcpy(next.cluster, cluster, 16);
    next.epoch = epoch;
    if (launcher_memory_write(launcher->options.folder, &next, true, err) != 0)
        return -1;
    launcher->memory = next;
    return 0;
}
