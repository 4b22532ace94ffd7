/* The environment of a task (running.md, "Agent"), and the files that it names. */
#include "agent/launcher_private.h"
#include "agent/shim_spec.h"
#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TASKS_MOST = 1000000, NEURON_CORES_A_CHIP = 8, VALUE_SIZE = 64 };

static void add(struct str *out, const char *name, const char *value)
{
    struct str pair = {0};

    str_format(&pair, "%s=%s", name, value);
    shim_spec_add(out, "env", str_text(&pair));
    str_fini(&pair);
}

static void add_number(struct str *out, const char *name, int64_t value)
{
    char text[VALUE_SIZE];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    add(out, name, text);
}

/* A file in the task's work folder, readable by its user. */
static int write_file(const struct launcher *launcher, struct task_id id, const char *name,
    const struct str *text, struct str *out, const char *variable, struct err *err)
{
    char path[TASK_PATH_SIZE];
    int fd;
    bool is_done;

    work_path(launcher->options.folder, id, name, path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    is_done = fd >= 0 && write(fd, str_text(text), text->length) == (ssize_t)text->length;
    if (fd >= 0)
        (void)close(fd);
    if (!is_done)
        return err_set_errno(err, "%s can't be written", path);
    add(out, variable, path);
    return 0;
}

/* Ranks of this host before this one, and a line a rank of the whole gang. */
static int add_hosts(
    const struct launcher *launcher, const struct task_spec *spec, struct str *out, struct err *err)
{
    struct hostlist hosts = {0};
    struct str lines = {0};
    uint32_t rank = 0;
    uint32_t local = 0;
    int rc;

    if (hostlist_expand(spec->hosts, TASKS_MOST, &hosts, err) != 0)
        return -1;
    for (size_t i = 0; i < hosts.count; i++) {
        uint32_t tasks = i < spec->host_count ? spec->tasks_by_host[i] : 1;

        for (uint32_t k = 0; k < tasks && rank < spec->task_count; k++, rank++) {
            if (rank < spec->id.rank && str_equal(hosts.names[i], launcher->options.host))
                local++;
            str_format(&lines, "%s\n", hosts.names[i]);
        }
    }
    add_number(out, "LOCAL_RANK", local);
    rc = write_file(launcher, spec->id, "hosts", &lines, out, "WATTYARD_HOSTFILE", err);
    hostlist_fini(&hosts);
    str_fini(&lines);
    return rc;
}

static int add_segment(
    const struct launcher *launcher, const struct task_spec *spec, struct str *out, struct err *err)
{
    struct hostlist hosts = {0};
    struct str lines = {0};
    int rc;

    if (spec->segment_hosts == NULL || spec->segment_hosts[0] == '\0')
        return 0;
    if (hostlist_expand(spec->segment_hosts, TASKS_MOST, &hosts, err) != 0)
        return -1;
    for (size_t i = 0; i < hosts.count; i++)
        str_format(&lines, "%s\n", hosts.names[i]);
    rc = write_file(launcher, spec->id, "imex-nodes", &lines, out, "WATTYARD_IMEX_NODES", err);
    hostlist_fini(&hosts);
    str_fini(&lines);
    return rc;
}

void launcher_list_chips(uint64_t chips, struct str *out)
{
    for (int i = 0; i < INVENTORY_CHIPS_MAX; i++)
        if ((chips >> i & 1) != 0)
            str_format(out, "%s%d", out->length > 0 ? "," : "", i);
}

/* The chips that it may use, as its runtime wants them named. */
static void add_chips(
    const struct launcher *launcher, const struct task_spec *spec, struct str *out)
{
    struct str indices = {0};
    struct str names = {0};

    for (int i = 0; i < INVENTORY_CHIPS_MAX; i++) {
        const char *uuid = launcher->options.chip_uuids != NULL ? launcher->options.chip_uuids[i]
                                                                : NULL;

        if ((spec->chips >> i & 1) == 0)
            continue;
        if (spec->stack == TASK_STACK_NEURON)
            str_format(&names, "%s%d-%d", names.length > 0 ? "," : "", i * NEURON_CORES_A_CHIP,
                (i + 1) * NEURON_CORES_A_CHIP - 1);
        else if (uuid != NULL && uuid[0] != '\0')
            str_format(&names, "%s%s", names.length > 0 ? "," : "", uuid);
        else
            str_format(&names, "%s%d", names.length > 0 ? "," : "", i);
    }
    launcher_list_chips(spec->chips, &indices);
    add(out, "WATTYARD_CHIPS", str_text(&indices));
    if (spec->stack == TASK_STACK_CUDA || spec->chips == 0)
        add(out, "CUDA_VISIBLE_DEVICES", str_text(&names));
    if (spec->stack == TASK_STACK_NEURON)
        add(out, "NEURON_RT_VISIBLE_CORES", str_text(&names));
    str_fini(&indices);
    str_fini(&names);
}

static void add_ranks(const struct task_spec *spec, struct str *out)
{
    add_number(out, "RANK", spec->id.rank);
    add_number(out, "WORLD_SIZE", spec->task_count);
    add_number(out, "PET_NNODES", spec->task_count);
    add_number(out, "PET_NODE_RANK", spec->id.rank);
    add_number(out, "PET_NPROC_PER_NODE",
        __builtin_popcountll(spec->chips) > 0 ? __builtin_popcountll(spec->chips) : 1);
}

static void add_own(const struct launcher *launcher, const struct task_spec *spec,
    const struct task_facts *facts, struct str *out)
{
    char path[TASK_PATH_SIZE];

    add_number(out, "WATTYARD_JOB_ID", (int64_t)spec->job);
    add(out, "WATTYARD_JOB_NAME", spec->name);
    add_number(out, "WATTYARD_ATTEMPT", spec->id.attempt);
    add_number(out, "WATTYARD_TASK", spec->id.rank);
    add_number(out, "WATTYARD_TASKS", spec->task_count);
    add(out, "WATTYARD_HOSTS", spec->hosts);
    add(out, "WATTYARD_CPUSET", facts->cpuset);
    if (spec->array_index >= 0)
        add_number(out, "WATTYARD_ARRAY_INDEX", spec->array_index);
    work_path(launcher->options.folder, spec->id, "checkpoint", path);
    add(out, "WATTYARD_CHECKPOINT_FILE", path);
    task_path(launcher->options.folder, spec->id, "", path);
    add(out, TASK_MARK, path);
}

/* What a login would give. */
static void add_user(const char *user, struct str *out)
{
    const struct passwd *entry = getpwnam(user);

    add(out, "USER", user);
    add(out, "LOGNAME", user);
    if (entry != NULL)
        add(out, "HOME", entry->pw_dir);
}

int launcher_add_env(struct launcher *launcher, const struct task_spec *spec,
    const struct task_facts *facts, struct str *out, struct err *err)
{
    bool has_path = false;

    for (size_t i = 0; i < spec->env_count; i++) {
        has_path |= strcmp(spec->env[i].name, "PATH") == 0;
        add(out, spec->env[i].name, spec->env[i].value);
    }
    if (!has_path)
        add(out, "PATH", "/usr/local/bin:/usr/bin:/bin");
    if (spec->user != NULL && spec->user[0] != '\0')
        add_user(spec->user, out);
    add_own(launcher, spec, facts, out);
    add_ranks(spec, out);
    add_chips(launcher, spec, out);
    if (add_hosts(launcher, spec, out, err) != 0)
        return -1;
    return add_segment(launcher, spec, out, err);
}
