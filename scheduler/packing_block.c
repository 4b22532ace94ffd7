/*
 * Why a gang does not fit: limits are let in one level after another, and the first with which it
 * does not fit any more is what blocks it: chips, domains, then rack, feed, hall, site power. Of
 * the places of that level, the one that comes nearest is told.
 */
#include "scheduler/packing_private.h"

#include <math.h>

/* The site of the floor with most room: tasks, and then segments. LEDGER_NONE: no racks at all. */
static int find_best_site(const struct packing_floor *floor, const struct packing_search *search,
    int64_t *tasks, int64_t *segments)
{
    int best = LEDGER_NONE;

    *tasks = *segments = 0;
    for (int s = 0; s < floor->node_count[POWER_SITE]; s++) {
        const struct packing_node *site = &floor->nodes[POWER_SITE][s];
        int64_t site_tasks = 0;
        int64_t site_segments = packing_floor_segments(floor, search, s);

        for (int r = site->first_rack; r < site->first_rack + site->rack_count; r++)
            site_tasks += floor->racks[r].room;
        if (best != LEDGER_NONE &&
            (site_segments < *segments || (site_segments == *segments && site_tasks <= *tasks)))
            continue;
        best = s;
        *tasks = site_tasks;
        *segments = site_segments;
    }
    return best;
}

/* By hosts alone: too few chips in any one site, or too few domains with enough of them. */
static struct block explain_chips(
    const struct packing_floor *floor, const struct packing_search *search)
{
    const struct shape_system *wants = search->wants;
    struct block block = {.by = BLOCKED_CHIPS, .level = POWER_SITE, .where = LEDGER_NONE};
    double per_task = wants->chips_per_task > 0 ? wants->chips_per_task : 1;
    int64_t tasks;
    int64_t segments;
    int site = find_best_site(floor, search, &tasks, &segments);

    if (site != LEDGER_NONE)
        block.where = floor->nodes[POWER_SITE][site].index;
    block.needs = wants->task_count * per_task;
    block.has = (double)tasks * per_task;
    block.unit = wants->chips_per_task > 0 ? "chips" : "tasks";
    if (tasks < wants->task_count)
        return block;
    block.by = BLOCKED_DOMAINS;
    block.needs = wants->segment_count;
    block.has = (double)segments;
    block.unit = "domains";
    return block;
}

/* What a place could take but for its own power limit; smaller deficits replace *block. */
static void consider(const struct packing_search *search, enum power_level level, int index,
    int64_t tasks_below, double *least_deficit, struct block *block)
{
    const struct ledger *ledger = search->ledger;
    int64_t tasks = tasks_below < search->wants->task_count ? tasks_below
                                                            : search->wants->task_count;
    double factor = level == POWER_SITE ? ledger->fleet->sites[index].pue : 1;
    double needs = (double)tasks * search->task_kw * factor;
    double has = fmax(
        0, ledger_limit_kw(ledger, level, index) - ledger_load_kw(ledger, level, index));

    if (tasks <= packing_power_room(search, level, index) || needs - has >= *least_deficit)
        return;
    *least_deficit = needs - has;
    *block = (struct block){.by = (enum blocked_by)(BLOCKED_RACK_POWER + level),
        .level = level,
        .where = index,
        .needs = needs,
        .has = has,
        .unit = "kW"};
}

/* The floor is without the limits of this level; its own are looked up. */
static struct block explain_power(const struct packing_floor *floor,
    const struct packing_search *with_level, enum power_level level)
{
    int segment_tasks = with_level->wants->segment_tasks;
    struct block block = {.by = (enum blocked_by)(BLOCKED_RACK_POWER + level),
        .level = level,
        .where = LEDGER_NONE,
        .needs = shape_kw(with_level->wants),
        .unit = "kW"};
    double least_deficit = INFINITY;

    if (level == POWER_RACK)
        for (int r = 0; r < floor->rack_count; r++) {
            int room = floor->racks[r].room;
            int tasks = room / segment_tasks * segment_tasks + with_level->short_tasks;

            consider(with_level, level, floor->racks[r].rack, room < tasks ? room : tasks,
                &least_deficit, &block);
        }
    else
        for (int i = 0; i < floor->node_count[level]; i++) {
            const struct packing_node *node = &floor->nodes[level][i];

            consider(with_level, level, node->index,
                node->sum * segment_tasks + with_level->short_tasks, &least_deficit, &block);
        }
    return block;
}

static bool fits_somewhere(const struct packing_floor *floor, const struct packing_search *search)
{
    for (int s = 0; s < floor->node_count[POWER_SITE]; s++)
        if (packing_floor_fits(floor, search, s))
            return true;
    return false;
}

/* Let the limits in, level by level, until it does not fit. */
static struct block explain_limits(struct packing_search search)
{
    struct packing_floor floor;
    struct block block = {.by = BLOCKED_NOT, .where = LEDGER_NONE, .unit = "kW"};

    search.levels = 0;
    packing_floor_init(&floor, &search);
    if (!fits_somewhere(&floor, &search))
        block = explain_chips(&floor, &search);
    for (int level = POWER_RACK; level < LEDGER_LEVELS && block.by == BLOCKED_NOT; level++) {
        struct packing_floor before = floor;

        search.levels |= 1U << level;
        packing_floor_init(&floor, &search);
        if (!fits_somewhere(&floor, &search))
            block = explain_power(&before, &search, (enum power_level)level);
        packing_floor_fini(&before);
    }
    packing_floor_fini(&floor);
    return block;
}

static bool fits_unless_vetoed(struct packing_search search)
{
    struct packing_floor floor;
    bool fits;

    search.has_veto = false;
    packing_floor_init(&floor, &search);
    fits = fits_somewhere(&floor, &search);
    packing_floor_fini(&floor);
    return fits;
}

void packing_explain(const struct packing_search *search, struct block *block)
{
    *block = explain_limits(*search);
    if (search->has_veto && fits_unless_vetoed(*search))
        block->by = BLOCKED_RESERVED;
}
