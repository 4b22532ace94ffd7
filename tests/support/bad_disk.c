#include "tests/support/bad_disk.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What it does is done in functions that get no argument of ours. */
static struct {
    char folder[PATH_MAX];
    enum bad_disk_way way;
    int first, last, count;
    bool is_on;
} disk;

void bad_disk_set(const char *folder, enum bad_disk_way way, int first, int count)
{
    disk.is_on = realpath(folder, disk.folder) != NULL;
    disk.way = way;
    disk.first = first;
    disk.last = count > INT_MAX - first ? INT_MAX : first + count - 1;
    disk.count = 0;
}

int bad_disk_clear(void)
{
    disk.is_on = false;
    return disk.count;
}

static bool is_below(int fd)
{
    char link[64];
    char path[PATH_MAX];
    ssize_t length;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    return length > 0 && strncmp(path, disk.folder, strlen(disk.folder)) == 0;
}

/* Does this change or sync fail? */
static bool fails(int fd)
{
    if (!disk.is_on || !is_below(fd))
        return false;
    disk.count++;
    return disk.count >= disk.first && disk.count <= disk.last;
}

static ssize_t fail(void)
{
    if (disk.way == BAD_DISK_KILL)
        (void)kill(getpid(), SIGKILL);
    errno = disk.way == BAD_DISK_FULL ? ENOSPC : EIO;
    return -1;
}

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset)
{
    return syscall(SYS_pwrite64, fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset)
{
    if (!fails(fd))
        return write_at(fd, bytes, count, offset);
    if (disk.way != BAD_DISK_BROKEN)
        (void)write_at(fd, bytes, count / 2, offset);
    return fail();
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return pwrite64(fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    return fails(fd) ? fail() : syscall(SYS_write, fd, bytes, count);
}

int ftruncate64(int fd, off_t size)
{
    return fails(fd) ? (int)fail() : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

/* The page cache outlives every process here, so a sync that goes well need not be done. */
static int sync_file(int fd)
{
    return fails(fd) && disk.way != BAD_DISK_FULL ? (int)fail() : 0;
}

int fsync(int fd)
{
    return sync_file(fd);
}

int fdatasync(int fd)
{
    return sync_file(fd);
}
