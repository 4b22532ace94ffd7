/*
 * Tasks without segments: in as few domains as can be, then feeds, then halls. Racks are taken by
 * descending room, broken ones alone where that takes no more of them, and the last is the
 * tightest that holds the rest. The same is counted for each feed and hall on its own; one that
 * needs no more racks than the whole site is taken instead of it.
 */
#include "scheduler/packing_private.h"

#include <limits.h>

static bool is_whole(
    const struct packing_floor *floor, const struct packing_search *search, int rack)
{
    return floor->racks[rack].free_chips ==
           ledger_rack_kind(search->ledger, floor->racks[rack].rack)->chip_count;
}

/* Racks below a node by descending room, into floor->keys; returns how many. */
static int order_racks(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *node, bool is_broken_only)
{
    int count = 0;

    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++)
        if (!is_broken_only || !is_whole(floor, search, r))
            floor->keys[count++] = packing_key((int64_t)INT32_MAX - floor->racks[r].room, r);
    packing_sort(floor->keys, count);
    return count;
}

/* The tightest of the ordered racks, from their end, that takes all that is left. */
static int find_last(const struct packing_floor *floor, int count, int from, int left)
{
    for (int i = count - 1; i > from; i--) {
        int rack = packing_key_index(floor->keys[i]);

        if (packing_floor_room(floor, rack) >= left)
            return rack;
    }
    return packing_key_index(floor->keys[from]);
}

/* Fill the racks below a node; returns how many it took, INT_MAX when they do not take all. */
static int fill_racks(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *node, bool is_broken_only)
{
    int count = order_racks(floor, search, node, is_broken_only);
    int left = search->wants->task_count;
    int used = 0;

    for (int i = 0; i < count && left > 0; i++) {
        int rack = packing_key_index(floor->keys[i]);
        int takes = packing_floor_room(floor, rack);

        if (takes >= left) {
            rack = find_last(floor, count, i, left);
            takes = left;
        }
        if (takes <= 0)
            continue;
        packing_take_full(floor, rack, takes);
        left -= takes;
        used++;
    }
    return left > 0 ? INT_MAX : used;
}

/* What filling a part comes to. */
struct part {
    const struct packing_node *node; /* NULL: none */
    int rack_count;
    bool is_broken_only;
};

static int count_racks(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *node, bool is_broken_only)
{
    int used = fill_racks(floor, search, node, is_broken_only);

    packing_unplan(floor, node);
    return used;
}

static struct part try_part(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *node)
{
    struct part part = {.node = node, .rack_count = count_racks(floor, search, node, false)};

    part.is_broken_only = count_racks(floor, search, node, true) <= part.rack_count;
    return part;
}

static bool is_better(const struct part *a, const struct part *b)
{
    if (b->node == NULL || a->rack_count != b->rack_count)
        return b->node == NULL || a->rack_count < b->rack_count;
    if (a->is_broken_only != b->is_broken_only)
        return a->is_broken_only;
    return a->node->cap < b->node->cap;
}

/* The best part of a level, in this site, that takes all in at most `most` racks. */
static struct part find_part(struct packing_floor *floor, const struct packing_search *search,
    enum power_level level, int site, int most)
{
    const struct packing_node *top = &floor->nodes[POWER_SITE][site];
    struct part best = {0};

    for (int i = 0; i < floor->node_count[level]; i++) {
        const struct packing_node *node = &floor->nodes[level][i];
        struct part part;

        if (node->first_rack < top->first_rack ||
            node->first_rack >= top->first_rack + top->rack_count ||
            node->cap < search->wants->task_count)
            continue;
        part = try_part(floor, search, node);
        if (part.rack_count <= most && is_better(&part, &best))
            best = part;
    }
    return best;
}

void packing_plan_tasks(struct packing_floor *floor, const struct packing_search *search, int site)
{
    struct part whole = try_part(floor, search, &floor->nodes[POWER_SITE][site]);
    struct part part = find_part(floor, search, POWER_FEED, site, whole.rack_count);

    if (part.node == NULL)
        part = find_part(floor, search, POWER_HALL, site, whole.rack_count);
    if (part.node == NULL)
        part = whole;
    (void)fill_racks(floor, search, part.node, part.is_broken_only);
}
