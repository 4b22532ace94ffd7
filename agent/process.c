#include "agent/process.h"

#include "agent/sysfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum { ROW_SIZE = 1024, BOOT_ID_SIZE = 40 };

bool process_look(pid_t pid, struct process_row *row)
{
    char path[64];
    char text[ROW_SIZE];
    const char *after; /* its name, which may hold anything */
    int parent = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!sysfile_read(path, text, sizeof text) || (after = strrchr(text, ')')) == NULL ||
        sscanf(after + 1,
            " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
            "%*s %" SCNu64,
            &row->state, &parent, &row->start_ticks) != 3)
        return false;
    row->parent = (pid_t)parent;
    return true;
}

bool process_is_dead(const struct process_row *row)
{
    return row->state == 'Z' || row->state == 'X';
}

static bool read_boot_id(char boot_id[BOOT_ID_SIZE])
{
    return sysfile_read("/proc/sys/kernel/random/boot_id", boot_id, BOOT_ID_SIZE);
}

bool process_text(pid_t pid, char text[PROCESS_TEXT_SIZE])
{
    struct process_row row;
    char boot_id[BOOT_ID_SIZE];

    if (!process_look(pid, &row) || !read_boot_id(boot_id))
        return false;
    (void)snprintf(
        text, PROCESS_TEXT_SIZE, "%s %d %" PRIu64 "\n", boot_id, (int)pid, row.start_ticks);
    return true;
}

int process_open(const char *text, pid_t *pid)
{
    struct process_row row;
    char boot_id[BOOT_ID_SIZE];
    char its_boot_id[BOOT_ID_SIZE] = "";
    uint64_t start_ticks = 0;
    int its_pid = 0;
    int fd;

    if (sscanf(text, "%39s %d %" SCNu64, its_boot_id, &its_pid, &start_ticks) != 3 ||
        its_pid <= 1 || !read_boot_id(boot_id) || strcmp(boot_id, its_boot_id) != 0)
        return -1;
    /* First hold it, then look whether it is the one: so it can't change in between. */
    fd = pidfd_open(its_pid, 0);
    if (fd < 0)
        return -1;
    if (!process_look(its_pid, &row) || row.start_ticks != start_ticks || process_is_dead(&row)) {
        (void)close(fd);
        return -1;
    }
    *pid = its_pid;
    return fd;
}
