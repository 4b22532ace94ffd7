/* Reading a task's output, as its user: what it names may be a link to what is not his. */
#include "agent/launcher_private.h"
#include "base/err.h"
#include "base/mem.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_as(const struct task_output *output)
{
    bool is_other = getuid() == 0 && output->uid != 0;
    int fd;

    if (is_other) {
        (void)setfsgid(output->gid);
        (void)setfsuid(output->uid);
    }
    fd = open(output->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (is_other) {
        (void)setfsuid(getuid());
        (void)setfsgid(getgid());
    }
    return fd;
}

int launcher_read_output(const struct launcher *launcher, struct task_id id, uint64_t *offset,
    bool from_end, size_t max, struct str *out, struct err *err)
{
    struct task_output output;
    struct stat facts;
    char *buffer;
    ssize_t n;
    int fd;

    if (!task_output_read(launcher->options.folder, id, &output))
        return err_set(err, ERR_NOT_FOUND, "its output is not kept on this host any more");
    fd = open_as(&output);
    if (fd < 0)
        return err_set_errno(err, "%s can't be read", output.path);
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        (void)close(fd);
        return err_set(err, ERR_INPUT, "%s is not a file", output.path);
    }
    if (from_end)
        *offset = (uint64_t)facts.st_size > max ? (uint64_t)facts.st_size - max : 0;
    buffer = mem_zero(max, 1);
    n = pread(fd, buffer, max, (off_t)*offset);
    if (n > 0)
        str_add_bytes(out, buffer, (size_t)n);
    mem_free(buffer);
    (void)close(fd);
    return n >= 0 ? 0 : err_set_errno(err, "%s can't be read", output.path);
}
