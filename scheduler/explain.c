/* Why a gang waits: for each system that it allows, what it needs, what there is, what blocks it.
 */
#include "scheduler/decide.h"

#include <math.h>

static struct block block_of_system(
    const struct core *core, const struct core_gang *gang, int shape_system)
{
    const struct shape_system *system = &gang->view.shape->systems[shape_system];
    double worth = gang->view.shape->value_usd_per_hour * system->throughput;
    double best = decide_best_value(core, gang, shape_system);
    struct block block = {.by = BLOCKED_NOT, .where = -1, .unit = ""};
    struct placement placement = {0};

    if (system->never != NULL || !decide_allows(core, gang, shape_system)) {
        block.by = BLOCKED_NEVER;
        block.unit = "chips";
        block.needs = (double)shape_chip_count(system);
        return block;
    }
    /* Held by a person; or by a mass failure, until hosts are back. */
    if (gang->view.is_held || gang->not_before_ms > core->now_ms ||
        (gang->waits_for_hosts && core->mass_down_count > 0)) {
        block.by = BLOCKED_HELD;
        return block;
    }
    if (!gang->job->is_ready) {
        block.by = BLOCKED_DEPENDENCY;
        block.needs = (double)gang->job->after_count;
        block.unit = "jobs";
        return block;
    }
    if (best < 0) {
        block = (struct block){
            .by = BLOCKED_VALUE, .where = -1, .needs = worth - best, .has = worth, .unit = "USD/h"};
        return block;
    }
    if (decide_find(core, gang, (struct packing_where){shape_system, -1, -1, -1},
            gang->view.spec->is_interruptible, &placement, &block)) {
        /* It fits and yet waits: the last round gave its place to what is worth more, or a
         * quick decision left it to the next round. */
        block = (struct block){.by = BLOCKED_VALUE,
            .where = -1,
            .needs = placement.usd_per_hour,
            .has = worth,
            .unit = "USD/h"};
        if (core_net_value(gang, &placement) >= 0)
            block.by = BLOCKED_RESERVED;
        placement_fini(&placement);
    }
    return block;
}

int core_explain(const struct core *core, int64_t id, int64_t now_ms, struct why *rows, int max)
{
    const struct core_gang *gang = core_gang_of(core, id);
    int reserved_system = -1;
    int64_t earliest_ms;
    int count;

    (void)now_ms;
    if (gang == NULL || gang->view.state != GANG_WAITING)
        return 0;
    earliest_ms = reservations_earliest(core, gang, &reserved_system);
    count = gang->view.shape->system_count;
    for (int i = 0; i < count && i < max; i++)
        rows[i] = (struct why){.shape_system = i,
            .block = block_of_system(core, gang, i),
            .earliest_ms = i == reserved_system ? earliest_ms : INT64_MAX,
            .never = gang->view.shape->systems[i].never};
    return count;
}

enum blocked_by core_waits_for(
    const struct core *core, int64_t id, int64_t *earliest_ms, int *shape_system)
{
    const struct core_gang *gang = core_gang_of(core, id);

    *earliest_ms = INT64_MAX;
    *shape_system = -1;
    if (gang == NULL || gang->view.state != GANG_WAITING)
        return BLOCKED_NOT;
    if (gang->view.shape->never)
        return BLOCKED_NEVER;
    if (gang->view.is_held || gang->not_before_ms > core->now_ms ||
        (gang->waits_for_hosts && core->mass_down_count > 0))
        return BLOCKED_HELD;
    if (!gang->job->is_ready)
        return BLOCKED_DEPENDENCY;
    *earliest_ms = reservations_earliest(core, gang, shape_system);
    return *earliest_ms != INT64_MAX ? BLOCKED_RESERVED : BLOCKED_NOT;
}
