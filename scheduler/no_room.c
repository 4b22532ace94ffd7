#include "scheduler/no_room.h"

#include "base/mem.h"
#include "scheduler/decide.h"

enum { ASKS_MOST = 48 }; /* by kind of system; the oldest goes */

/* What was asked for, as far as hosts and reservations go, and when. */
struct ask {
    int64_t gang;
    int64_t freed_stamp; /* of the kind of system, in the ledger */
    int64_t kept_stamp;  /* of the reservations */
    int tier;
    int chips_per_task, segment_tasks, full_count, tasks_per_host;
    double cores_per_task, memory_gb_per_task;
    double expected_ms;
};

struct asks {
    struct ask list[ASKS_MOST];
    int count, next;
};

struct no_room {
    struct asks *of_system; /* by system of the catalog */
};

struct no_room *no_room_create(size_t system_count)
{
    struct no_room *memo = mem_zero(1, sizeof *memo);

    memo->of_system = mem_zero(system_count, sizeof *memo->of_system);
    return memo;
}

void no_room_destroy(struct no_room *memo)
{
    if (memo == NULL)
        return;
    mem_free(memo->of_system);
    mem_free(memo);
}

bool no_room_is_for(const struct core_gang *gang)
{
    return gang->view.shape->allowed_hosts == NULL && gang->view.spec->replicas_max == 0;
}

static struct ask ask_of(const struct core *core, const struct core_gang *gang, int shape_system)
{
    const struct shape_system *system = &gang->view.shape->systems[shape_system];
    int last = shape_segment_size(system, system->segment_count - 1);

    return (struct ask){.gang = gang->view.id,
        .freed_stamp = ledger_freed_stamp(core->ledger, system->system),
        .kept_stamp = reservations_freed_stamp(core->reservations),
        .tier = core_tier(gang),
        .chips_per_task = system->chips_per_task,
        .segment_tasks = system->segment_tasks,
        .full_count = system->segment_count - (last < system->segment_tasks),
        .tasks_per_host = system->tasks_per_host,
        .cores_per_task = system->cores_per_task,
        .memory_gb_per_task = system->memory_gb_per_task,
        .expected_ms = system->expected_ms};
}

/* Time went on in between, so that reservations are nearer: they keep out no less than then. */
static bool asks_for_no_less(const struct ask *ask, const struct ask *old)
{
    return ask->freed_stamp == old->freed_stamp && ask->kept_stamp == old->kept_stamp &&
           ask->tier <= old->tier && (ask->chips_per_task == 0) == (old->chips_per_task == 0) &&
           ask->chips_per_task >= old->chips_per_task && ask->segment_tasks >= old->segment_tasks &&
           ask->full_count >= old->full_count && ask->tasks_per_host <= old->tasks_per_host &&
           ask->cores_per_task >= old->cores_per_task &&
           ask->memory_gb_per_task >= old->memory_gb_per_task &&
           ask->expected_ms >= old->expected_ms;
}

bool no_room_is_known(const struct core *core, const struct core_gang *gang, int shape_system)
{
    const struct asks *asks;
    struct ask ask;
    bool has_own;

    if (!no_room_is_for(gang))
        return false;
    asks = &core->no_room->of_system[gang->view.shape->systems[shape_system].system];
    ask = ask_of(core, gang, shape_system);
    has_own = reservations_has_any(core, gang); /* which keep out others, and not itself */
    for (int i = 0; i < asks->count; i++)
        if ((!has_own || asks->list[i].gang == ask.gang) && asks_for_no_less(&ask, &asks->list[i]))
            return true;
    return false;
}

void no_room_note(const struct core *core, const struct core_gang *gang, int shape_system)
{
    struct asks *asks = &core->no_room->of_system[gang->view.shape->systems[shape_system].system];

    asks->list[asks->next] = ask_of(core, gang, shape_system);
    asks->next = (asks->next + 1) % ASKS_MOST;
    if (asks->count < ASKS_MOST)
        asks->count++;
}
