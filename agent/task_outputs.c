/* What goes from the state folder, and how long outputs of forgotten tasks stay. */
#include "agent/task_folder.h"
#include "base/mem.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUTS_KEPT = 1000, OUTPUT_DAYS = 7, DAY_S = 86400, OPEN_FOLDERS = 8 };

static int remove_entry(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void folder_remove(const char *path)
{
    (void)nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

struct kept {
    struct task_id id;
    time_t time_s;
};

static int compare_kept(const void *a, const void *b)
{
    const struct kept *x = a;
    const struct kept *y = b;

    return (x->time_s < y->time_s) - (x->time_s > y->time_s);
}

static void drop_output(const char *folder, struct task_id id)
{
    char path[TASK_PATH_SIZE];

    work_path(folder, id, "", path);
    folder_remove(path);
    work_path(folder, id, ".out", path);
    (void)unlink(path);
}

void task_outputs_prune(const char *folder)
{
    char path[TASK_PATH_SIZE];
    struct kept *list = NULL;
    size_t count = 0;
    size_t capacity = 0;
    DIR *work;

    folder_path(folder, "work", path);
    work = opendir(path);
    if (work == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(work)) != NULL;) {
        char *dot = strrchr(entry->d_name, '.');
        struct kept kept;
        struct stat facts;

        if (dot == NULL || strcmp(dot, ".out") != 0 ||
            fstatat(dirfd(work), entry->d_name, &facts, 0) != 0)
            continue;
        *dot = '\0';
        if (!task_key_parse(entry->d_name, &kept.id))
            continue;
        task_path(folder, kept.id, "", path);
        if (access(path, F_OK) == 0)
            continue; /* it has not been forgotten */
        kept.time_s = facts.st_mtime;
        list = mem_grow(list, count, &capacity, sizeof *list);
        list[count++] = kept;
    }
    (void)closedir(work);
    if (count > 1)
        qsort(list, count, sizeof *list, compare_kept);
    for (size_t i = 0; i < count; i++)
        if (i >= OUTPUTS_KEPT || list[i].time_s < time(NULL) - OUTPUT_DAYS * DAY_S)
            drop_output(folder, list[i].id);
    mem_free(list);
}
