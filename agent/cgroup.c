#include "agent/cgroup.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 4096, RMDIR_TRIES = 20, RMDIR_PAUSE_NS = 1000000 };

static int write_value(const char *folder, const char *file, const char *value)
{
    struct str path = {0};
    int fd;
    ssize_t n = -1;

    str_format(&path, "%s/%s", folder, file);
    fd = open(str_text(&path), O_WRONLY | O_CLOEXEC);
    str_fini(&path);
    if (fd < 0)
        return -1;
    n = write(fd, value, strlen(value));
    (void)close(fd);
    return n == (ssize_t)strlen(value) ? 0 : -1;
}

/* Where version 2 is mounted: field 5 of a line of mountinfo whose type is cgroup2. */
static char *find_mount(void)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[LINE_SIZE];
    char *found = NULL;

    while (file != NULL && found == NULL && fgets(line, sizeof line, file) != NULL) {
        char *words[8];
        bool is_ours = strstr(line, " - cgroup2 ") != NULL;

        if (is_ours && str_split(line, words, 8) >= 5)
            found = mem_copy_text(words[4]);
    }
    if (file != NULL)
        (void)fclose(file);
    return found;
}

/* Our own group: the line "0::/path". */
static char *find_own(const char *mount)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[LINE_SIZE];
    struct str path = {0};

    while (file != NULL && path.length == 0 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (str_starts_with(line, "0::/"))
            str_format(&path, "%s%s", mount, strcmp(line, "0::/") == 0 ? "" : line + 3);
    }
    if (file != NULL)
        (void)fclose(file);
    return path.text;
}

/* A group with controllers for children may hold no process itself: ours goes to a leaf. */
static void hand_down(const char *own)
{
    struct str leaf = {0};

    if (!str_ends_with(own, ".service"))
        return;
    str_format(&leaf, "%s/agent", own);
    (void)mkdir(str_text(&leaf), 0755);
    if (write_value(str_text(&leaf), "cgroup.procs", "0") == 0) {
        (void)write_value(own, "cgroup.subtree_control", "+memory");
        (void)write_value(own, "cgroup.subtree_control", "+cpuset");
    }
    str_fini(&leaf);
}

char *cgroup_find(void)
{
    char *mount = find_mount();
    char *own = mount != NULL ? find_own(mount) : NULL;
    struct str base = {0};

    mem_free(mount);
    if (own == NULL)
        return NULL;
    hand_down(own);
    str_format(&base, "%s/wattyard", own);
    mem_free(own);
    if ((mkdir(str_text(&base), 0755) != 0 && access(str_text(&base), W_OK) != 0)) {
        str_fini(&base);
        return NULL;
    }
    /* Again one below: the folder of tasks hands its controllers down to them. */
    (void)write_value(str_text(&base), "cgroup.subtree_control", "+memory");
    (void)write_value(str_text(&base), "cgroup.subtree_control", "+cpuset");
    return base.text;
}

char *cgroup_make(const char *base, const char *name, double memory_bytes, const char *cpuset)
{
    struct str group = {0};
    struct str kill_file = {0};
    char bytes[32];

    str_format(&group, "%s/%s", base, name);
    str_format(&kill_file, "%s/cgroup.kill", str_text(&group));
    if (mkdir(str_text(&group), 0755) != 0 || access(str_text(&kill_file), W_OK) != 0) {
        (void)rmdir(str_text(&group));
        str_clear(&group);
    } else {
        (void)snprintf(bytes, sizeof bytes, "%.0f", memory_bytes);
        if (memory_bytes > 0)
            (void)write_value(str_text(&group), "memory.max", bytes);
        if (cpuset[0] != '\0')
            (void)write_value(str_text(&group), "cpuset.cpus", cpuset);
    }
    str_fini(&kill_file);
    if (group.length == 0) {
        str_fini(&group);
        return NULL;
    }
    return group.text;
}

void cgroup_end(const char *group)
{
    struct timespec pause = {0, RMDIR_PAUSE_NS};

    if (group == NULL || group[0] == '\0')
        return;
    (void)write_value(group, "cgroup.kill", "1");
    /* What was killed is gone a moment later. */
    for (int i = 0; i < RMDIR_TRIES && rmdir(group) != 0 && errno == EBUSY; i++)
        (void)nanosleep(&pause, NULL);
}
