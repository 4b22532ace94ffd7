/* What the empty fleet tells: whether a gang could ever stand there, and how replicas spread. */
#include "base/mem.h"
#include "scheduler/packing_private.h"

#include <limits.h>

bool packing_find_on_empty(
    const struct ledger *empty, const struct shape *shape, int system, struct block *block)
{
    struct packing_request request = {.shape = shape,
        .where = {.system = system, .site = -1, .hall = -1, .feed = -1},
        .may_borrow = shape->spec->is_interruptible};
    struct placement placement;

    if (!packing_find(empty, &request, &placement, block))
        return false;
    placement_fini(&placement);
    return true;
}

/* --- never, in words */

static const char *describe(const struct fleet *fleet, const struct shape *shape,
    const struct shape_system *system, const struct block *block)
{
    char path[FLEET_NAME_SIZE];
    const char *where = block->where < 0
                            ? "any place"
                            : ledger_place_path(fleet, block->level, block->where, path);
    const char *id = fleet->catalog.systems[system->system].id;

    switch (block->by) {
    case BLOCKED_BUDGET:
        return arena_format(shape->arena,
            "it costs %.6g USD/h at the least, and tenant %s may spend %.6g", block->needs,
            shape->spec->tenant, block->has);
    case BLOCKED_SHARE:
        return arena_format(shape->arena,
            "it is %.4g of the fleet, the share of tenant %s is %.4g, and only interruptible work "
            "borrows",
            block->needs, shape->spec->tenant, block->has);
    case BLOCKED_DOMAINS:
        return arena_format(shape->arena,
            "its %.0f segments are more than the %.0f that %s at %s take", block->needs, block->has,
            id, where);
    case BLOCKED_CHIPS:
        return arena_format(shape->arena, "it takes %.0f %s, and %s at %s has %.0f for it",
            block->needs, block->unit, id, where, block->has);
    case BLOCKED_RACK_POWER:
    case BLOCKED_FEED_POWER:
    case BLOCKED_HALL_POWER:
    case BLOCKED_SITE_POWER:
        return arena_format(shape->arena,
            "on %s it adds %.6g kW at the %s %s, and the limit leaves %.6g beside idle racks", id,
            block->needs, POWER_LEVEL_NAMES[block->level], where, block->has);
    case BLOCKED_NOT:
    case BLOCKED_DEPENDENCY:
    case BLOCKED_RESERVED:
    case BLOCKED_HELD:
    case BLOCKED_VALUE:
    case BLOCKED_NEVER:
        break;
    }
    return arena_format(shape->arena, "it does not fit the empty fleet on %s", id);
}

void packing_mark_never(const struct ledger *empty, struct shape *shape)
{
    shape->never = true;
    for (int i = 0; i < shape->system_count; i++) {
        struct shape_system *system = &shape->systems[i];
        struct block block;

        if (system->never == NULL && !packing_find_on_empty(empty, shape, i, &block))
            system->never = describe(empty->fleet, shape, system, &block);
        shape->never = shape->never && system->never != NULL;
    }
}

/* --- Spread */

/* Could this one place hold a gang? A place is a rack, feed, hall or site. */
static bool holds_one(const struct ledger *empty, const struct shape *shape, int system,
    enum power_level level, int index)
{
    struct packing_request request = {.shape = shape,
        .where = {.system = system,
            .site = level == POWER_SITE ? index : -1,
            .hall = level == POWER_HALL ? index : -1,
            .feed = level == POWER_FEED ? index : -1}};
    struct packing_search search;
    struct packing_floor floor;
    bool fits;

    if (level == POWER_RACK)
        request.where.feed = empty->fleet->racks[index].feed;
    search = packing_start(empty, &request);
    if (level == POWER_RACK) {
        search.racks = &index;
        search.rack_count = empty->fleet->racks[index].system == search.wants->system;
    }
    packing_floor_init(&floor, &search);
    fits = floor.node_count[POWER_SITE] > 0 && packing_floor_fits(&floor, &search, 0);
    packing_floor_fini(&floor);
    return fits;
}

int packing_spread_most(const struct ledger *empty, const struct shape *shape, int replicas)
{
    /* By enum job_spread, from JOB_SPREAD_RACK on. */
    static const enum power_level LEVELS[] = {POWER_RACK, POWER_FEED, POWER_HALL, POWER_SITE};
    enum power_level level;
    int place_count = 0;

    if (shape->spec->spread == JOB_SPREAD_NONE)
        return INT_MAX;
    level = LEVELS[shape->spec->spread - JOB_SPREAD_RACK];
    for (int i = 0; i < ledger_level_count(empty->fleet, level); i++) {
        bool holds = false;

        for (int s = 0; s < shape->system_count && !holds; s++)
            holds = shape->systems[s].never == NULL && holds_one(empty, shape, s, level, i);
        place_count += holds;
    }
    return place_count == 0 ? INT_MAX : (replicas + place_count - 1) / place_count;
}
