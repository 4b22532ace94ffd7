#include "agent/process.h"
#include "agent/shim_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SELF_ASIDE SHIM_SELF_FILE ".new"
#define EXIT_ASIDE SHIM_EXIT_FILE ".new"

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t shim_boot_ms(void)
{
    return clock_ms(CLOCK_BOOTTIME);
}

int64_t shim_utc_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

void shim_write_self(void)
{
    char text[PROCESS_TEXT_SIZE];
    int fd;
    bool is_done;

    if (!process_text(getpid(), text))
        return;
    fd = openat(SHIM_FOLDER_FD, SELF_ASIDE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    is_done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        (void)close(fd);
    /* It need not outlast the boot: nothing is synced. */
    if (is_done)
        (void)renameat(SHIM_FOLDER_FD, SELF_ASIDE, SHIM_FOLDER_FD, SHIM_SELF_FILE);
}

int shim_write_started(void)
{
    int fd = openat(
        SHIM_FOLDER_FD, SHIM_STARTED_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    (void)close(fd);
    /* The file is empty: its name in the folder is all there is to sync. */
    return fsync(SHIM_FOLDER_FD);
}

int shim_write_exit(const char *state, int status, int signal, int64_t started_ms, int64_t ended_ms,
    const char *why)
{
    char text[SHIM_WHY_SIZE + 128];
    int n = snprintf(text, sizeof text, "%s %d %d %lld %lld %s\n", state, status, signal,
        (long long)started_ms, (long long)ended_ms, why);
    int fd = openat(SHIM_FOLDER_FD, EXIT_ASIDE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = -1;

    if (fd < 0 || n < 0 || n >= (int)sizeof text)
        return -1;
    if (write(fd, text, (size_t)n) == n && fsync(fd) == 0)
        rc = 0;
    (void)close(fd);
    if (rc != 0 || renameat(SHIM_FOLDER_FD, EXIT_ASIDE, SHIM_FOLDER_FD, SHIM_EXIT_FILE) != 0)
        return -1;
    return fsync(SHIM_FOLDER_FD);
}
