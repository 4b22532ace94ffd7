/* The racks with room, the feeds, halls and sites above them, and how many segments fit where. */
#include "base/mem.h"
#include "scheduler/packing_private.h"

static struct packing_node *add_node(struct packing_floor *floor,
    const struct packing_search *search, enum power_level level, int index)
{
    struct packing_node *node = &floor->nodes[level][floor->node_count[level]++];

    *node = (struct packing_node){.index = index,
        .parent = level == POWER_SITE ? LEDGER_NONE : floor->node_count[level + 1] - 1,
        .first_rack = floor->rack_count,
        .first = level == POWER_FEED ? floor->rack_count : floor->node_count[level - 1],
        .room = packing_power_room(search, level, index)};
    if (level != POWER_SITE)
        floor->nodes[level + 1][node->parent].count++;
    return node;
}

/* The nodes above a rack: the last of each level, or new ones. Racks come in fleet order. */
static void open_nodes(struct packing_floor *floor, const struct packing_search *search, int rack)
{
    const struct fleet *fleet = search->ledger->fleet;

    for (int level = POWER_SITE; level >= POWER_FEED; level--) {
        int index = ledger_rack_at(fleet, rack, (enum power_level)level);
        int count = floor->node_count[level];
        struct packing_node *node = count > 0 ? &floor->nodes[level][count - 1] : NULL;

        if (node == NULL || node->index != index)
            node = add_node(floor, search, (enum power_level)level, index);
        node->rack_count++;
    }
    floor->nodes[POWER_FEED][floor->node_count[POWER_FEED] - 1].count++;
}

/* Chips without which a rack takes no segment; 0 where levels are let in to explain, as then all
 * racks are of interest. */
static int least_chips(const struct packing_search *search)
{
    int tasks = search->wants->segment_tasks;

    if (search->levels != PACKING_ALL_LEVELS)
        return 0;
    if (search->short_tasks > 0)
        tasks = search->short_tasks;
    return tasks * search->wants->chips_per_task;
}

void packing_floor_init(struct packing_floor *floor, const struct packing_search *search)
{
    size_t most = (size_t)search->rack_count;
    int least = least_chips(search);

    *floor = (struct packing_floor){
        .racks = mem_zero(most, sizeof *floor->racks), .keys = mem_zero(most, sizeof *floor->keys)};
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++) {
        size_t count = (size_t)ledger_level_count(search->ledger->fleet, (enum power_level)level);

        floor->nodes[level] = mem_zero(count < most ? count : most, sizeof *floor->nodes[level]);
    }
    for (int i = 0; i < search->rack_count; i++) {
        int rack = search->racks[i];
        int room = search->ledger->racks[rack].free_chips < least ? 0
                                                                  : packing_rack_room(search, rack);

        if (room == 0)
            continue;
        open_nodes(floor, search, rack);
        floor->racks[floor->rack_count++] = (struct packing_rack){.rack = rack,
            .feed = floor->node_count[POWER_FEED] - 1,
            .room = room < search->wants->task_count ? room : search->wants->task_count,
            .free_chips = search->ledger->racks[rack].free_chips};
    }
    packing_floor_sum(floor, search->wants->segment_tasks);
}

void packing_floor_fini(struct packing_floor *floor)
{
    mem_free(floor->racks);
    mem_free(floor->keys);
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++)
        mem_free(floor->nodes[level]);
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void packing_floor_sum(struct packing_floor *floor, int segment_tasks)
{
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++)
        for (int i = 0; i < floor->node_count[level]; i++) {
            struct packing_node *node = &floor->nodes[level][i];

            node->sum = 0;
            for (int k = node->first; k < node->first + node->count; k++)
                node->sum += level == POWER_FEED ? floor->racks[k].room / segment_tasks
                                                 : floor->nodes[level - 1][k].cap;
            node->cap = lesser(node->sum, node->room / segment_tasks);
        }
}

void packing_floor_take(struct packing_floor *floor, int rack, int tasks)
{
    int above = floor->racks[rack].feed;

    floor->racks[rack].room -= tasks;
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++) {
        floor->nodes[level][above].room -= tasks;
        floor->nodes[level][above].planned_tasks += tasks;
        above = floor->nodes[level][above].parent;
    }
}

int packing_floor_room(const struct packing_floor *floor, int rack)
{
    int room = floor->racks[rack].room;
    int above = floor->racks[rack].feed;

    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++) {
        room = (int)lesser(room, floor->nodes[level][above].room);
        above = floor->nodes[level][above].parent;
    }
    return room;
}

int64_t packing_floor_cap_beside_short(
    const struct packing_floor *floor, const struct packing_search *search, int rack)
{
    int segment_tasks = search->wants->segment_tasks;
    int short_tasks = search->short_tasks;
    int above = floor->racks[rack].feed;
    int64_t before = floor->racks[rack].room / segment_tasks;
    int64_t after = (floor->racks[rack].room - short_tasks) / segment_tasks;

    if (packing_floor_room(floor, rack) < short_tasks)
        return LEDGER_NONE;
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++) {
        const struct packing_node *node = &floor->nodes[level][above];

        after = lesser(node->sum - before + after, (node->room - short_tasks) / segment_tasks);
        before = node->cap;
        above = node->parent;
    }
    return after;
}

int64_t packing_floor_segments(
    const struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *node = &floor->nodes[POWER_SITE][site];

    if (search->short_tasks == 0)
        return lesser(node->cap, search->wants->segment_count);
    if (node->cap > search->full_count)
        return search->wants->segment_count;
    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++)
        if (packing_floor_cap_beside_short(floor, search, r) >= node->cap)
            return node->cap + 1;
    return node->cap;
}

bool packing_floor_fits(
    const struct packing_floor *floor, const struct packing_search *search, int site)
{
    return packing_floor_segments(floor, search, site) >= search->wants->segment_count;
}
