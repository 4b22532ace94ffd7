/* The first step of a start: user, cores, folder, spec; prolog; then the shim (launcher_spawn.c).
 */
#include "agent/cgroup.h"
#include "agent/launcher_private.h"
#include "agent/shim_spec.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PW_BYTES = 16384, CGROUP_NAME_SIZE = 128 };
static const double BYTES_A_GB = 1e9;

/* --- Who runs it */

struct owner {
    bool is_other;
    uid_t uid;
    gid_t gid;
    gid_t groups[SHIM_GROUPS_MOST];
    int group_count;
};

static int find_owner(const struct task_spec *spec, struct owner *owner, struct err *err)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char buffer[PW_BYTES];

    *owner = (struct owner){.uid = getuid(), .gid = getgid()};
    if (getuid() != 0)
        return 0; /* as itself: it can be nobody else */
    if (spec->user == NULL || spec->user[0] == '\0') {
        found = NULL;
    } else {
        (void)getpwnam_r(spec->user, &entry, buffer, sizeof buffer, &found);
        if (found == NULL)
            return err_set(err, ERR_DENIED, "this host has no user %s", spec->user);
        owner->uid = found->pw_uid;
        owner->gid = found->pw_gid;
    }
    if (owner->uid == 0 && !spec->allow_root)
        return err_set(
            err, ERR_DENIED, "tasks are not run as root, unless the fleet says allow-root=\"yes\"");
    if (owner->uid == 0)
        return 0;
    owner->is_other = true;
    owner->group_count = SHIM_GROUPS_MOST;
    if (getgrouplist(spec->user, owner->gid, owner->groups, &owner->group_count) < 0)
        owner->group_count = SHIM_GROUPS_MOST;
    return 0;
}

static void add_owner(const struct owner *owner, struct str *out)
{
    if (!owner->is_other)
        return;
    shim_spec_add_number(out, "uid", owner->uid);
    shim_spec_add_number(out, "gid", owner->gid);
    for (int i = 0; i < owner->group_count; i++)
        shim_spec_add_number(out, "group", owner->groups[i]);
}

/* --- Cores and the port */

static void take_list(uint64_t *taken, const char *list)
{
    const char *next = list;

    while (*next != '\0') {
        char *end = NULL;
        long first = strtol(next, &end, 10);
        long last = *end == '-' ? strtol(end + 1, &end, 10) : first;

        for (long i = first; i >= 0 && i <= last && i < THREAD_WORDS * 64; i++)
            taken[i / 64] |= UINT64_C(1) << (i % 64);
        if (*end != ',')
            return;
        next = end + 1;
    }
}

static int choose_cores(struct launcher *launcher, const struct task_spec *spec,
    struct task_facts *facts, struct err *err)
{
    uint64_t taken[THREAD_WORDS] = {0};
    struct str cpuset = {0};
    double cores = spec->cores > 0 ? spec->cores
                                   : inventory_core_share(launcher->options.inventory, spec->chips);
    int rc;

    for (size_t i = 0; i < launcher->count; i++)
        if (!task_state_is_over(launcher->tasks[i]->status.state))
            take_list(taken, launcher->tasks[i]->facts.cpuset);
    rc = inventory_choose_cores(
        launcher->options.inventory, spec->chips, cores, taken, THREAD_WORDS, &cpuset, err);
    if (rc == 0)
        (void)snprintf(facts->cpuset, sizeof facts->cpuset, "%s", str_text(&cpuset));
    str_fini(&cpuset);
    return rc;
}

/* A port that is free now, for rank 0 to listen on. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint16_t port = 0;

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        (void)close(fd);
    return port;
}

/* --- Folders and the spec */

/* %j job, %t rank, %h host, %a array index. */
static void fill_pattern(
    const struct launcher *launcher, const struct task_spec *spec, struct str *out)
{
    for (const char *at = spec->output; *at != '\0'; at++) {
        if (*at != '%' || at[1] == '\0') {
            str_add_bytes(out, at, 1);
            continue;
        }
        at++;
        if (*at == 'j')
            str_format(out, "%llu", (unsigned long long)spec->job);
        else if (*at == 't')
            str_format(out, "%u", spec->id.rank);
        else if (*at == 'h')
            str_add(out, launcher->options.host);
        else if (*at == 'a')
            str_format(out, "%d", spec->array_index >= 0 ? spec->array_index : 0);
        else
            str_add_bytes(out, at, 1);
    }
}

static void add_files(const struct launcher *launcher, const struct task_spec *spec,
    struct task_output *output, struct str *out)
{
    char work[TASK_PATH_SIZE];
    const char *directory;
    struct str path = {0};

    work_path(launcher->options.folder, spec->id, "", work);
    directory = spec->directory != NULL && spec->directory[0] != '\0' ? spec->directory : work;
    if (spec->output == NULL || spec->output[0] == '\0') {
        str_format(&path, "%s/output", work);
    } else {
        if (spec->output[0] != '/')
            str_format(&path, "%s/", directory);
        fill_pattern(launcher, spec, &path);
    }
    shim_spec_add(out, "directory", directory);
    shim_spec_add(out, "output", str_text(&path));
    (void)snprintf(output->path, sizeof output->path, "%s", str_text(&path));
    str_fini(&path);
}

static void add_limits(const struct task_spec *spec, struct str *out)
{
    shim_spec_add_number(out, "wall-ms", (int64_t)(spec->wall_s * 1000));
    shim_spec_add_number(out, "grace-ms", (int64_t)(spec->grace_s * 1000));
    shim_spec_add_number(out, "lease-ms", (int64_t)(spec->lease_s * 1000));
    if (spec->checkpoint_signal != NULL)
        shim_spec_add_number(
            out, "checkpoint-signal", launcher_signal_number(spec->checkpoint_signal));
    shim_spec_add_number(out, "checkpoint-every-ms", (int64_t)(spec->checkpoint_every_s * 1000));
}

static void add_command(const struct task_spec *spec, struct str *out)
{
    shim_spec_add(out, "path", spec->path);
    shim_spec_add(out, "arg", spec->path);
    for (size_t i = 0; i < spec->arg_count; i++)
        shim_spec_add(out, "arg", spec->args[i]);
}

static int make_folders(
    const struct launcher *launcher, struct task_id id, const struct owner *owner, struct err *err)
{
    char path[TASK_PATH_SIZE];

    task_path(launcher->options.folder, id, "", path);
    if (mkdir(path, 0700) != 0)
        return err_set_errno(err, "%s can't be made", path);
    work_path(launcher->options.folder, id, "", path);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return err_set_errno(err, "%s can't be made", path);
    if (owner->is_other && chown(path, owner->uid, owner->gid) != 0)
        return err_set_errno(err, "%s can't be given to its user", path);
    return 0;
}

/* --- Prepare */

/* Agents of several clusters on one machine share a parent, and may have tasks of one number: its
 * name has the folder's identity too, or one would end what is another's. */
static void name_cgroup(const struct launcher *launcher, struct task_id id, char *name, size_t size)
{
    struct stat folder = {0};
    char key[TASK_KEY_SIZE];

    (void)stat(launcher->options.folder, &folder);
    task_key(id, key);
    (void)snprintf(name, size, "%s-%llx-%llx", key, (unsigned long long)folder.st_dev,
        (unsigned long long)folder.st_ino);
}

void launcher_find_cgroup(const struct launcher *launcher, struct task *task)
{
    char name[CGROUP_NAME_SIZE];

    if (launcher->cgroup == NULL)
        return;
    name_cgroup(launcher, task->status.id, name, sizeof name);
    if (snprintf(task->facts.cgroup, sizeof task->facts.cgroup, "%s/%s", launcher->cgroup, name) >=
        (int)sizeof task->facts.cgroup)
        task->facts.cgroup[0] = '\0';
}

static void make_cgroup(
    const struct launcher *launcher, const struct task_spec *spec, struct task_facts *facts)
{
    char name[CGROUP_NAME_SIZE];
    char *cgroup;

    if (launcher->cgroup == NULL)
        return;
    name_cgroup(launcher, spec->id, name, sizeof name);
    cgroup = cgroup_make(launcher->cgroup, name, spec->memory_gb * BYTES_A_GB, facts->cpuset);
    if (cgroup != NULL)
        (void)snprintf(facts->cgroup, sizeof facts->cgroup, "%s", cgroup);
    mem_free(cgroup);
}

static int build(
    struct launcher *launcher, struct task *task, const struct task_spec *spec, struct err *err)
{
    struct task_output output = {0};
    struct owner owner;

    if (launcher_check_spec(spec, err) != 0 || find_owner(spec, &owner, err) != 0 ||
        choose_cores(launcher, spec, &task->facts, err) != 0 ||
        make_folders(launcher, spec->id, &owner, err) != 0)
        return -1;
    make_cgroup(launcher, spec, &task->facts);
    if (spec->id.rank == 0)
        task->facts.port = free_port();
    add_owner(&owner, &task->spec);
    if (!launcher->options.inventory->is_stored)
        shim_spec_add(&task->spec, "cpuset", task->facts.cpuset);
    shim_spec_add(&task->spec, "cgroup", task->facts.cgroup);
    add_files(launcher, spec, &output, &task->spec);
    add_limits(spec, &task->spec);
    add_command(spec, &task->spec);
    output.uid = owner.uid;
    output.gid = owner.gid;
    if (launcher_add_env(launcher, spec, &task->facts, &task->spec, err) != 0 ||
        task_facts_write(launcher->options.folder, spec->id, &task->facts, err) != 0 ||
        launcher_keep_hook_env(launcher, spec, err) != 0 ||
        task_output_write(launcher->options.folder, spec->id, &output, err) != 0)
        return -1;
    task->status.chips = spec->chips;
    task->status.port = task->facts.port;
    return 0;
}

/* The ids that it has seen outlive the agent; a lost power cord may take the newest. */
static void note_ids(struct launcher *launcher, const struct task_spec *spec)
{
    struct launcher_memory *memory = &launcher->memory;

    if (spec->id.gang <= memory->highest_gang && spec->job <= memory->highest_job)
        return;
    if (spec->id.gang > memory->highest_gang)
        memory->highest_gang = spec->id.gang;
    if (spec->job > memory->highest_job)
        memory->highest_job = spec->job;
    (void)launcher_memory_write(launcher->options.folder, memory, false, NULL);
}

void launcher_prepare(struct launcher *launcher, const struct task_spec *spec)
{
    struct task *task = launcher_task(launcher, spec->id);
    struct err err = {0};
    bool has_failed = false;

    if (task != NULL)
        return;
    note_ids(launcher, spec);
    task = launcher_add(launcher, spec->id);
    task->status.job = task->facts.job = spec->job;
    task->facts.chips = spec->chips;
    launcher_set_state(launcher, task, TASK_PREPARING, NULL);
    if (launcher->count > LAUNCHER_TASKS_MOST) {
        launcher_set_state(launcher, task, TASK_NOT_STARTED, "its host has 4096 tasks: no more");
        return;
    }
    if (build(launcher, task, spec, &err) != 0) {
        str_fini(&task->spec);
        launcher_set_state(launcher, task, TASK_NOT_STARTED, err.text);
        return;
    }
    task->is_prolog = true;
    if (launcher_start_hook(launcher, task, launcher->options.prolog, &has_failed))
        return;
    if (has_failed)
        launcher_set_state(launcher, task, TASK_PROLOG_FAILED, "the prolog can't be run");
    else
        launcher_start_shim(launcher, task);
}
