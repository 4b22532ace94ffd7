#include "agent/agent_private.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* "": not given */
static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static enum task_stack stack_of(uint32_t stack)
{
    switch (stack) {
    case TASK_STACK_CUDA:
        return TASK_STACK_CUDA;
    case TASK_STACK_NEURON:
        return TASK_STACK_NEURON;
    default:
        return TASK_STACK_NONE;
    }
}

static struct task_id id_of(const Wattyard__TaskId *id)
{
    if (id == NULL)
        return (struct task_id){0};
    return (struct task_id){id->gang, id->attempt, id->rank};
}

static int compare_ids(const void *a, const void *b)
{
    const struct task_id *x = a;
    const struct task_id *y = b;

    if (x->gang != y->gang)
        return x->gang < y->gang ? -1 : 1;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static struct task_spec spec_of(const Wattyard__TaskSpec *from, struct arena *arena)
{
    struct task_env *env = arena_zero(arena, from->n_env + 1, sizeof *env);
    const char **args = arena_zero(arena, from->n_args + 1, sizeof *args);

    for (size_t i = 0; i < from->n_env; i++)
        env[i] = (struct task_env){from->env[i]->name, from->env[i]->value};
    for (size_t i = 0; i < from->n_args; i++)
        args[i] = from->args[i];
    return (struct task_spec){.id = id_of(from->id),
        .job = from->job,
        .name = from->name,
        .user = or_null(from->user),
        .tenant = or_null(from->tenant),
        .path = from->path,
        .args = args,
        .arg_count = from->n_args,
        .env = env,
        .env_count = from->n_env,
        .directory = or_null(from->directory),
        .output = or_null(from->output),
        .task_count = from->task_count,
        .hosts = from->hosts,
        .tasks_by_host = from->tasks_per_host,
        .host_count = from->n_tasks_per_host,
        .segment_hosts = or_null(from->segment_hosts),
        .chips = from->chips,
        .cores = from->cores,
        .memory_gb = from->memory_gb,
        .wall_s = from->wall_s,
        .grace_s = from->grace_s,
        .lease_s = from->lease_s,
        .checkpoint_signal = or_null(from->checkpoint_signal),
        .checkpoint_every_s = from->checkpoint_every_s,
        .array_index = from->array_index,
        .stack = stack_of(from->chip_stack),
        .allow_root = from->allow_root};
}

/* Those that are not among `wanted` (sorted) and not over. Each stop may move the launcher's list,
 * so ids are taken first. */
static void stop_others(struct launcher *launcher, const struct task_id *wanted,
    size_t wanted_count, struct arena *arena)
{
    size_t count = launcher_count(launcher);
    struct task_id *others = arena_zero(arena, count + 1, sizeof *others);
    size_t other_count = 0;

    for (size_t i = 0; i < count; i++) {
        const struct task_status *status = launcher_at(launcher, i);

        if (!task_state_is_over(status->state) && status->state != TASK_STOPPING &&
            bsearch(&status->id, wanted, wanted_count, sizeof *wanted, compare_ids) == NULL)
            others[other_count++] = status->id;
    }
    for (size_t i = 0; i < other_count; i++)
        launcher_stop(launcher, others[i]);
}

struct agent_task *agent_task_find(const struct agent *agent, struct task_id id)
{
    for (size_t i = 0; i < agent->task_count; i++)
        if (compare_ids(&agent->tasks[i].id, &id) == 0)
            return &agent->tasks[i];
    return NULL;
}

/* Take note of the mode. */
static void note_task(struct agent *agent, const Wattyard__TaskSpec *spec)
{
    struct task_id id = id_of(spec->id);
    struct agent_task *task = agent_task_find(agent, id);
    bool is_frac = spec->mode_power_frac > 0 && spec->mode_power_frac <= 1;

    if (task == NULL) {
        agent->tasks = mem_grow(
            agent->tasks, agent->task_count, &agent->task_capacity, sizeof *agent->tasks);
        task = &agent->tasks[agent->task_count++];
        task->id = id;
    }
    task->mode = spec->mode;
    task->power_frac = is_frac ? spec->mode_power_frac : 1;
}

/* Records of tasks that the launcher has no more. */
static void drop_notes(struct agent *agent)
{
    size_t kept = 0;

    for (size_t i = 0; i < agent->task_count; i++)
        if (launcher_find(agent->options.launcher, agent->tasks[i].id) != NULL)
            agent->tasks[kept++] = agent->tasks[i];
    if (agent->tasks != NULL)
        memset(agent->tasks + kept, 0, (agent->task_count - kept) * sizeof *agent->tasks);
    agent->task_count = kept;
}

/* What is not wanted goes first, so that its cores and chips are free; caps stand before a go. */
void agent_apply_desired(struct agent *agent, const Wattyard__Desired *desired, int64_t now_ms)
{
    struct launcher *launcher = agent->options.launcher;
    struct arena *arena = arena_create();
    size_t count = desired->n_tasks + desired->n_later;
    struct task_id *wanted = arena_zero(arena, count + 1, sizeof *wanted);

    for (size_t i = 0; i < count; i++)
        wanted[i] = id_of(
            i < desired->n_tasks ? desired->tasks[i]->id : desired->later[i - desired->n_tasks]);
    qsort(wanted, count, sizeof *wanted, compare_ids);
    for (size_t i = 0; i < desired->n_stored; i++)
        launcher_forget(launcher, id_of(desired->stored[i]));
    stop_others(launcher, wanted, count, arena);
    for (size_t i = 0; i < desired->n_tasks; i++) {
        struct task_spec spec = spec_of(desired->tasks[i], arena);

        /* One that it is taken to have, and has not, is missing from its next report. */
        if (!desired->tasks[i]->is_known)
            launcher_prepare(launcher, &spec);
        note_task(agent, desired->tasks[i]);
    }
    drop_notes(agent);
    agent_power_apply(agent, now_ms);
    for (size_t i = 0; i < desired->n_tasks; i++)
        if (desired->tasks[i]->go)
            launcher_go(launcher, id_of(desired->tasks[i]->id), desired->tasks[i]->master_address,
                (uint16_t)desired->tasks[i]->master_port);
    arena_destroy(arena);
}
