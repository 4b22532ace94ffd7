/*
 * Segments by domain: in one feed where it can be, else in as few feeds, then halls, as possible;
 * within a feed each to the rack where it leaves least. Filling racks by ascending free chips does
 * that: the rack that leaves least is the first with room, and stays so until it has none.
 */
#include "scheduler/packing_private.h"

#include <assert.h>
#include <limits.h>

/* --- Within one feed */

/* Its racks by ascending free chips, into floor->keys. */
static int order_feed(struct packing_floor *floor, const struct packing_node *feed)
{
    for (int i = 0; i < feed->rack_count; i++)
        floor->keys[i] = packing_key(
            floor->racks[feed->first_rack + i].free_chips, feed->first_rack + i);
    packing_sort(floor->keys, feed->rack_count);
    return feed->rack_count;
}

static void fill_feed(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *feed, int segments)
{
    int segment_tasks = search->wants->segment_tasks;
    int count = order_feed(floor, feed);

    for (int i = 0; i < count && segments > 0; i++) {
        int rack = packing_key_index(floor->keys[i]);
        int fits = floor->racks[rack].room / segment_tasks;

        if (fits > segments)
            fits = segments;
        if (fits > 0)
            packing_take_full(floor, rack, fits * segment_tasks);
        segments -= fits;
    }
}

/* The tightest rack for the short segment that leaves the full ones their racks, when power is no
 * question in this feed. LEDGER_NONE: there is none. */
static int find_short_in_feed(const struct packing_floor *floor,
    const struct packing_search *search, const struct packing_node *feed)
{
    int segment_tasks = search->wants->segment_tasks;
    int best = LEDGER_NONE;

    for (int r = feed->first_rack; r < feed->first_rack + feed->rack_count; r++) {
        const struct packing_rack *rack = &floor->racks[r];
        int64_t sum = feed->sum - rack->room / segment_tasks +
                      (rack->room - search->short_tasks) / segment_tasks;

        if (rack->room < search->short_tasks || sum < search->full_count)
            continue;
        if (best == LEDGER_NONE || rack->free_chips < floor->racks[best].free_chips)
            best = r;
    }
    return best;
}

static bool fits_feed(const struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *feed)
{
    const struct packing_node *hall = &floor->nodes[POWER_HALL][feed->parent];
    const struct packing_node *site = &floor->nodes[POWER_SITE][hall->parent];
    int tasks = search->wants->task_count;

    return feed->room >= tasks && hall->room >= tasks && site->room >= tasks &&
           feed->sum >= search->full_count &&
           (search->short_tasks == 0 || find_short_in_feed(floor, search, feed) != LEDGER_NONE);
}

static void plan_in_feed(struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *feed)
{
    if (search->short_tasks > 0)
        packing_take_short(floor, search, find_short_in_feed(floor, search, feed));
    fill_feed(floor, search, feed, search->full_count);
}

/* Whole racks that the feed's plan breaks, then chips that it leaves in the racks that it uses. */
static int64_t waste_of(const struct packing_floor *floor, const struct packing_search *search,
    const struct packing_node *feed)
{
    int64_t whole = 0;
    int64_t left = 0;

    for (int r = feed->first_rack; r < feed->first_rack + feed->rack_count; r++) {
        const struct packing_rack *rack = &floor->racks[r];
        int tasks = rack->full_tasks + rack->short_tasks;

        if (tasks == 0)
            continue;
        whole += rack->free_chips == ledger_rack_kind(search->ledger, rack->rack)->chip_count;
        left += rack->free_chips - (int64_t)tasks * search->wants->chips_per_task;
    }
    return whole * INT32_MAX + left;
}

/* The one feed that takes all with least waste; false where none takes all. */
static bool plan_one_feed(
    struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *best = NULL;
    int64_t best_waste = 0;

    for (int f = 0; f < floor->node_count[POWER_FEED]; f++) {
        const struct packing_node *feed = &floor->nodes[POWER_FEED][f];
        int64_t waste;

        if (floor->nodes[POWER_HALL][feed->parent].parent != site ||
            !fits_feed(floor, search, feed))
            continue;
        plan_in_feed(floor, search, feed);
        waste = waste_of(floor, search, feed);
        packing_unplan(floor, feed);
        if (best == NULL || waste < best_waste) {
            best = feed;
            best_waste = waste;
        }
    }
    if (best != NULL)
        plan_in_feed(floor, search, best);
    return best != NULL;
}

/* --- Over feeds */

/* Full segments that a feed takes now, within what is left to its hall and site. */
static int64_t feed_takes(
    const struct packing_floor *floor, const struct packing_node *feed, int segment_tasks)
{
    const struct packing_node *hall = &floor->nodes[POWER_HALL][feed->parent];
    int room = hall->room;

    if (floor->nodes[POWER_SITE][hall->parent].room < room)
        room = floor->nodes[POWER_SITE][hall->parent].room;
    return room / segment_tasks < feed->cap ? room / segment_tasks : feed->cap;
}

struct feed_choice {
    const struct packing_node *feed;
    int64_t takes;
    bool takes_all;
    bool is_in_used_hall;
};

/* The feed that ends it, and then the smallest such; else the one that takes most; then halls in
 * use. */
static bool is_better(const struct feed_choice *a, const struct feed_choice *b)
{
    if (b->feed == NULL || a->takes_all != b->takes_all)
        return b->feed == NULL || a->takes_all;
    if (a->takes_all && a->is_in_used_hall != b->is_in_used_hall)
        return a->is_in_used_hall;
    if (a->takes_all)
        return a->feed->cap < b->feed->cap;
    if (a->takes != b->takes)
        return a->takes > b->takes;
    return a->is_in_used_hall && !b->is_in_used_hall;
}

static struct feed_choice choose_feed(
    const struct packing_floor *floor, int segment_tasks, int first, int count, int64_t segments)
{
    struct feed_choice best = {0};

    for (int f = first; f < first + count; f++) {
        const struct packing_node *feed = &floor->nodes[POWER_FEED][f];
        struct feed_choice choice = {.feed = feed, .takes = feed_takes(floor, feed, segment_tasks)};

        if (choice.takes <= 0 || feed->planned_tasks > 0)
            continue;
        choice.takes_all = choice.takes >= segments;
        choice.is_in_used_hall = floor->nodes[POWER_HALL][feed->parent].planned_tasks > 0;
        if (is_better(&choice, &best))
            best = choice;
    }
    return best;
}

/* Fill feed after feed of the run [first, first + count); returns how many, or INT_MAX when they
 * do not take all. */
static int plan_over_feeds(
    struct packing_floor *floor, const struct packing_search *search, int first, int count)
{
    int64_t left = search->full_count;
    int used = 0;

    while (left > 0) {
        struct feed_choice choice = choose_feed(
            floor, search->wants->segment_tasks, first, count, left);
        int64_t takes = choice.takes_all ? left : choice.takes;

        if (choice.feed == NULL)
            return INT_MAX;
        fill_feed(floor, search, choice.feed, (int)takes);
        left -= takes;
        used++;
    }
    return used;
}

/* Over the feeds of one hall, if that takes no more of them than over the whole site. */
static void plan_full(struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *top = &floor->nodes[POWER_SITE][site];
    const struct packing_node *halls = floor->nodes[POWER_HALL];
    const struct packing_node *last = &halls[top->first + top->count - 1];
    const struct packing_node *best = NULL;
    int first_feed = halls[top->first].first;
    int fewest = INT_MAX;

    for (int h = top->first; h < top->first + top->count; h++) {
        int used;

        if (halls[h].cap < search->full_count)
            continue;
        used = plan_over_feeds(floor, search, halls[h].first, halls[h].count);
        packing_unplan(floor, &halls[h]);
        if (best == NULL || used < fewest || (used == fewest && halls[h].cap < best->cap)) {
            best = &halls[h];
            fewest = used;
        }
    }
    if (plan_over_feeds(floor, search, first_feed, last->first + last->count - first_feed) <
            fewest ||
        best == NULL)
        return;
    packing_unplan(floor, top);
    (void)plan_over_feeds(floor, search, best->first, best->count);
}

/* Where the short segment leaves least, in a feed in use before others, in a hall in use before
 * others. There is such a place, whatever the full ones took (packing_private.h). */
static void put_short(struct packing_floor *floor, const struct packing_search *search, int site)
{
    const struct packing_node *node = &floor->nodes[POWER_SITE][site];
    int64_t best_key = INT64_MAX;
    int best = LEDGER_NONE;

    for (int r = node->first_rack; r < node->first_rack + node->rack_count; r++) {
        const struct packing_rack *rack = &floor->racks[r];
        const struct packing_node *feed = &floor->nodes[POWER_FEED][rack->feed];
        int64_t key = rack->free_chips - (int64_t)rack->full_tasks * search->wants->chips_per_task;

        if (packing_floor_room(floor, r) < search->short_tasks)
            continue;
        if (feed->planned_tasks == 0)
            key += INT32_MAX;
        if (floor->nodes[POWER_HALL][feed->parent].planned_tasks == 0)
            key += (int64_t)2 * INT32_MAX;
        if (key < best_key) {
            best_key = key;
            best = r;
        }
    }
    assert(best != LEDGER_NONE);
    packing_take_short(floor, search, best);
}

void packing_plan_segments(
    struct packing_floor *floor, const struct packing_search *search, int site)
{
    if (plan_one_feed(floor, search, site))
        return;
    plan_full(floor, search, site);
    if (search->short_tasks > 0)
        put_short(floor, search, site);
}
