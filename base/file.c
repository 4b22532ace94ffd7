#include "base/file.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NEW_FILE_MODE = 0666,
    NEW_FOLDER_MODE = 0777,
    PERMISSIONS = 07777,
    ASIDE_TRIES_MAX = 100,
    NUMBER_SIZE = 32
};

/* Reads until `count` bytes or the end; -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t count)
{
    size_t done = 0;

    while (done < count) {
        ssize_t got = read(fd, bytes + done, count - done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static int set_cannot_read(struct err *err)
{
    const char *remedy = "";

    if (errno == ENOENT || errno == ENOTDIR)
        remedy = "; check the path";
    else if (errno == EACCES)
        remedy = "; allow it with chmod, or run as its owner";
    return err_set(err, ERR_IO, "can't be read: %s%s", strerror(errno), remedy);
}

/* Is it something that ends, and in time? */
static int check_readable(const struct stat *info, size_t max_bytes, struct err *err)
{
    char is[NUMBER_SIZE];
    char most[NUMBER_SIZE];

    if (S_ISDIR(info->st_mode))
        return err_set(err, ERR_IO, "is a folder; give a file");
    if (!S_ISREG(info->st_mode))
        return err_set(err, ERR_IO, "is not a regular file; give a file on disk");
    if (info->st_size < 0 || (size_t)info->st_size > max_bytes)
        return err_set(err, ERR_LIMIT, "is too large: %s bytes, and at most %s are read; split it",
            str_grouped((double)info->st_size, 0, is, sizeof is),
            str_grouped((double)max_bytes, 0, most, sizeof most));
    return 0;
}

int file_read(
    const char *path, size_t max_bytes, char **out_bytes, size_t *out_count, struct err *err)
{
    struct stat info;
    char *bytes = NULL;
    ssize_t count;
    int rc = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return set_cannot_read(err);
    if (fstat(fd, &info) != 0) {
        (void)set_cannot_read(err);
        goto out;
    }
    if (check_readable(&info, max_bytes, err) != 0)
        goto out;
    bytes = mem_zero((size_t)info.st_size + 1, 1);
    count = read_all(fd, bytes, (size_t)info.st_size);
    if (count < 0) {
        (void)set_cannot_read(err);
        goto out;
    }
    bytes[count] = '\0';
    *out_bytes = bytes;
    *out_count = (size_t)count;
    bytes = NULL;
    rc = 0;
out:
    mem_free(bytes);
    (void)close(fd);
    return rc;
}

static int write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = write(fd, bytes, count);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

/* A new file beside path, with the permissions that a new file gets here; -1 with errno. */
static int open_aside(const char *path, struct str *aside)
{
    int fd = -1;

    for (int i = 0; fd < 0 && i < ASIDE_TRIES_MAX; i++) {
        str_clear(aside);
        str_format(aside, "%s.%ld-%d.new", path, (long)getpid(), i);
        fd = open(str_text(aside), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

/* Write the new content aside and rename it to `target`. `old` is what stands there, NULL when
 * nothing does. -1 with errno. */
static int replace_file(const char *target, const struct stat *old, const char *bytes, size_t count)
{
    struct str aside = {0};
    int fd = open_aside(target, &aside);
    bool is_whole = fd >= 0 && (old == NULL || fchmod(fd, old->st_mode & PERMISSIONS) == 0) &&
                    write_all(fd, bytes, count) == 0 && fsync(fd) == 0;
    int saved_errno = errno;

    if (fd >= 0 && close(fd) != 0 && is_whole) {
        saved_errno = errno;
        is_whole = false;
    }
    if (is_whole && rename(str_text(&aside), target) != 0) {
        saved_errno = errno;
        is_whole = false;
    }
    if (fd >= 0 && !is_whole)
        (void)unlink(str_text(&aside));
    str_fini(&aside);
    errno = saved_errno;
    return is_whole ? 0 : -1;
}

/* What is no regular file can't be replaced by one: /dev/null must stay what it is. -1 with
 * errno. */
static int write_through(const char *path, const char *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    int saved_errno;
    int rc;

    if (fd < 0)
        return -1;
    rc = write_all(fd, bytes, count);
    saved_errno = errno;
    if (close(fd) != 0 && rc == 0)
        return -1;
    errno = saved_errno;
    return rc;
}

/* -1 with errno. */
static int write_file(const char *path, const char *bytes, size_t count)
{
    struct stat info;
    char *target;
    int rc;

    if (stat(path, &info) != 0)
        return replace_file(path, NULL, bytes, count);
    if (!S_ISREG(info.st_mode))
        return write_through(path, bytes, count);
    target = realpath(path, NULL);
    if (target == NULL)
        return -1;
    rc = replace_file(target, &info, bytes, count);
    free(target);
    return rc;
}

int file_write(const char *path, const char *bytes, size_t count, struct err *err)
{
    return write_file(path, bytes, count) == 0 ? 0
                                               : err_set_errno(err, "%s can't be written", path);
}

int file_make_folder(const char *path, struct err *err)
{
    struct stat info;

    if (mkdir(path, NEW_FOLDER_MODE) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return 0;
    return err_set_errno(err, "folder %s can't be made", path);
}

char *file_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t folder = name[0] == '/' || slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *joined = mem_zero(folder + strlen(name) + 1, 1);

    memcpy(joined, path, folder);
    memcpy(joined + folder, name, strlen(name));
    return joined;
}
