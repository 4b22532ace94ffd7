#include "base/file.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int file_read(
    const char *path, size_t max_bytes, char **out_bytes, size_t *out_count, struct err *err)
{
    struct stat info;
    char *bytes = NULL;
    ssize_t count;
    int rc = -1;
    /* Not to wait for the other end of a pipe, whatever the path is. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return err_set_errno(err, "can't be read");
    if (fstat(fd, &info) != 0) {
        (void)err_set_errno(err, "can't be read");
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        (void)err_set(err, ERR_IO,
            S_ISDIR(info.st_mode) ? "is a folder; give a file" : "is not a regular file");
        goto out;
    }
    if (info.st_size > 0 && (size_t)info.st_size > max_bytes) {
        (void)err_set(err, ERR_LIMIT, "is too large: %lld bytes, at most %zu are read",
            (long long)info.st_size, max_bytes);
        goto out;
    }
    bytes = mem_zero((size_t)info.st_size + 1, 1);
    count = read_all(fd, bytes, (size_t)info.st_size);
    if (count < 0) {
        (void)err_set_errno(err, "can't be read");
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

int file_write(const char *path, const char *bytes, size_t count, struct err *err)
{
    char *aside = mem_zero(strlen(path) + sizeof ".XXXXXX", 1);
    int fd;
    int rc = -1;

    (void)snprintf(aside, strlen(path) + sizeof ".XXXXXX", "%s.XXXXXX", path);
    fd = mkostemp(aside, O_CLOEXEC);
    if (fd < 0) {
        (void)err_set_errno(err, "can't be written");
        goto out;
    }
    if (fchmod(fd, 0644) != 0 || write_all(fd, bytes, count) != 0 || fsync(fd) != 0) {
        (void)err_set_errno(err, "can't be written");
        (void)close(fd);
        (void)unlink(aside);
        goto out;
    }
    if (close(fd) != 0 || rename(aside, path) != 0) {
        (void)err_set_errno(err, "can't be written");
        (void)unlink(aside);
        goto out;
    }
    rc = 0;
out:
    mem_free(aside);
    return rc;
}

int file_make_folder(const char *path, struct err *err)
{
    struct stat info;

    if (mkdir(path, 0777) == 0)
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
