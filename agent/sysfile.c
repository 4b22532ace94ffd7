#include "agent/sysfile.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_SIZE = 64 };

bool sysfile_read(const char *path, char *buffer, size_t size)
{
    size_t length = 0;
    ssize_t got = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return false;
    while (length < size - 1) {
        got = read(fd, buffer + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    (void)close(fd);
    if (got < 0)
        return false;
    while (length > 0 && buffer[length - 1] == '\n')
        length--;
    buffer[length] = '\0';
    return true;
}

bool sysfile_number(const char *path, double *out)
{
    char text[NUMBER_SIZE];

    return sysfile_read(path, text, sizeof text) && str_parse_double(text, out) == 0;
}
