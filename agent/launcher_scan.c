/* What a former agent left: tasks whose shim lives go on, others are over. */
#include "agent/launcher_private.h"

#include <dirent.h>

/* Its shim lives, or it is over: then launcher_finish is to come. */
static void take_up(struct launcher *launcher, struct task_id id)
{
    struct task *task = launcher_add(launcher, id);

    task_facts_read(launcher->options.folder, id, &task->facts);
    if (task->facts.cgroup[0] == '\0')
        launcher_find_cgroup(launcher, task);
    task->status.job = task->facts.job;
    task->status.chips = task->facts.chips;
    task->status.port = task->facts.port;
    task->status.state = TASK_PREPARING;
    task->is_closed = task_is_closed(launcher->options.folder, id);
    if (!task->is_closed)
        launcher_find_shim(launcher, task);
    if (task->is_closed || (launcher_connect(launcher, task) != 0 && task->shim.fd < 0))
        launcher_drop_shim(launcher, task);
}

/* One look at all processes, however many are to be swept. */
static void finish_all(struct launcher *launcher)
{
    bool has_orphans = false;

    for (size_t i = 0; i < launcher->count; i++)
        has_orphans |= launcher->tasks[i]->is_orphan;
    if (has_orphans)
        launcher_sweep(launcher);
    for (size_t i = 0; i < launcher->count; i++)
        if (launcher->tasks[i]->link < 0 && launcher->tasks[i]->shim.fd < 0)
            launcher_finish(launcher, launcher->tasks[i]);
}

void launcher_scan(struct launcher *launcher)
{
    char path[TASK_PATH_SIZE];
    DIR *tasks;

    folder_path(launcher->options.folder, "tasks", path);
    tasks = opendir(path);
    if (tasks == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        struct task_id id;

        if (task_key_parse(entry->d_name, &id))
            take_up(launcher, id);
    }
    (void)closedir(tasks);
    finish_all(launcher);
}
