/* Which site, and how many tasks at which of its racks. */
#include "scheduler/packing_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* --- Sorting by a key, ties by index */

int64_t packing_key(int64_t key, int index)
{
    return key << 32 | index;
}

int packing_key_index(int64_t key)
{
    return (int)(key & INT32_MAX);
}

static int compare_keys(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

void packing_sort(int64_t *keys, int count)
{
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
}

/* --- Taking and giving back */

void packing_take_full(struct packing_floor *floor, int rack, int tasks)
{
    floor->racks[rack].full_tasks += tasks;
    packing_floor_take(floor, rack, tasks);
}

void packing_take_short(struct packing_floor *floor, const struct packing_search *search, int rack)
{
    floor->racks[rack].short_tasks = search->short_tasks;
    packing_floor_take(floor, rack, search->short_tasks);
}

void packing_unplan(struct packing_floor *floor, const struct packing_node *node)
{
    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++) {
        struct packing_rack *rack = &floor->racks[r];
        int tasks = rack->full_tasks + rack->short_tasks;

        rack->full_tasks = rack->short_tasks = 0;
        if (tasks > 0)
            packing_floor_take(floor, r, -tasks);
    }
}

/* --- In an order that is given: first fit, cheapest first */

/* Full segments, each to the first rack of the order that takes it. */
static void fill_in_order(struct packing_floor *floor, const struct packing_search *search,
    const int64_t *order, int count, int segments)
{
    int segment_tasks = search->wants->segment_tasks;

    for (int i = 0; i < count && segments > 0; i++) {
        int rack = packing_key_index(order[i]);
        int fits = packing_floor_room(floor, rack) / segment_tasks;

        if (fits > segments)
            fits = segments;
        if (fits > 0)
            packing_take_full(floor, rack, fits * segment_tasks);
        segments -= fits;
    }
}

/* There is such a rack, whatever the full ones took (packing_private.h). */
static void put_short_in_order(struct packing_floor *floor, const struct packing_search *search,
    const int64_t *order, int count)
{
    int i = 0;

    while (
        i < count && packing_floor_room(floor, packing_key_index(order[i])) < search->short_tasks)
        i++;
    assert(i < count);
    packing_take_short(floor, search, packing_key_index(order[i]));
}

/* By ascending price, else all alike, and so by index. */
static int order_racks(struct packing_floor *floor, const struct packing_search *search, int site,
    enum packing_order by)
{
    const struct packing_node *node = &floor->nodes[POWER_SITE][site];
    const struct fleet_rack *racks = search->ledger->fleet->racks;

    for (int i = 0; i < node->rack_count; i++) {
        int rack = node->first_rack + i;
        double usd_per_hour = racks[floor->racks[rack].rack].usd_per_hour;
        /* To the tenth of a cent; prices past two million dollars an hour are all alike. */
        int64_t price = (int64_t)fmin(usd_per_hour * 1000, INT32_MAX - 1);

        floor->keys[i] = packing_key(by == PACKING_BY_PRICE ? price : 0, rack);
    }
    packing_sort(floor->keys, node->rack_count);
    return node->rack_count;
}

static void plan_in_order(struct packing_floor *floor, const struct packing_search *search,
    int site, enum packing_order by)
{
    int count = order_racks(floor, search, site, by);

    fill_in_order(floor, search, floor->keys, count, search->full_count);
    if (search->short_tasks > 0)
        put_short_in_order(floor, search, floor->keys, count);
}

/* --- Which site */

/* What a plan in a site takes; the fewer the better, in the order of importance. */
enum { SCORE_PARTS = 5 };
struct score {
    double parts[SCORE_PARTS];
};

static double price_plan(
    const struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *node = &floor->nodes[POWER_SITE][site];
    const struct fleet_site *of = &search->ledger->fleet->sites[node->index];
    double usd_per_hour = shape_usd_per_hour(search->wants, 0, of);

    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++) {
        const struct packing_rack *rack = &floor->racks[r];

        usd_per_hour += (double)(rack->full_tasks + rack->short_tasks) *
                        search->wants->chips_per_task *
                        search->ledger->fleet->racks[rack->rack].usd_per_hour /
                        ledger_rack_kind(search->ledger, rack->rack)->chip_count;
    }
    return usd_per_hour;
}

static struct score score_fit(
    const struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *node = &floor->nodes[POWER_SITE][site];
    int racks = 0, feeds = 0, halls = 0, whole = 0;
    int64_t left = 0;
    int last_feed = LEDGER_NONE;
    int last_hall = LEDGER_NONE;

    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++) {
        const struct packing_rack *rack = &floor->racks[r];
        int tasks = rack->full_tasks + rack->short_tasks;
        int hall = floor->nodes[POWER_FEED][rack->feed].parent;

        if (tasks == 0)
            continue;
        racks++;
        feeds += rack->feed != last_feed;
        halls += hall != last_hall;
        whole += rack->free_chips == ledger_rack_kind(search->ledger, rack->rack)->chip_count;
        left += rack->free_chips - (int64_t)tasks * search->wants->chips_per_task;
        last_feed = rack->feed;
        last_hall = hall;
    }
    /* Segments stand in domains of their own; tasks without want few domains before few feeds. */
    return (struct score){
        {search->wants->is_domain_bound ? 0 : racks, feeds, halls, whole, (double)left}};
}

static bool is_less(const struct score *a, const struct score *b)
{
    for (int i = 0; i < SCORE_PARTS; i++)
        if (a->parts[i] != b->parts[i])
            return a->parts[i] < b->parts[i];
    return false;
}

static struct score plan_site(struct packing_floor *floor, const struct packing_search *search,
    int site, enum packing_order order)
{
    if (order != PACKING_BY_FIT)
        plan_in_order(floor, search, site, order);
    else if (search->wants->is_domain_bound)
        packing_plan_segments(floor, search, site);
    else
        packing_plan_tasks(floor, search, site);
    if (order == PACKING_BY_PRICE)
        return (struct score){{price_plan(floor, search, site)}};
    return score_fit(floor, search, site);
}

bool packing_plan(
    struct packing_floor *floor, const struct packing_search *search, enum packing_order order)
{
    struct score best = {{0}};
    int best_site = LEDGER_NONE;

    for (int site = 0; site < floor->node_count[POWER_SITE]; site++) {
        struct score score;

        if (!packing_floor_fits(floor, search, site))
            continue;
        score = plan_site(floor, search, site, order);
        if (best_site != LEDGER_NONE && !is_less(&score, &best)) {
            packing_unplan(floor, &floor->nodes[POWER_SITE][site]);
            continue;
        }
        if (best_site != LEDGER_NONE)
            packing_unplan(floor, &floor->nodes[POWER_SITE][best_site]);
        best = score;
        best_site = site;
        if (order == PACKING_BY_INDEX)
            break;
    }
    return best_site != LEDGER_NONE;
}
