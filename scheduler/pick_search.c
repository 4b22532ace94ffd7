/*
 * Few gangs: branch and bound over which of them start, where. A gang's spots are, by system and
 * site, the ways to share its segments out over the racks where those are few, else the feeds and
 * the whole site.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <stdlib.h>
#include <string.h>

enum {
    FEEDS_MOST = 16,
    RACKS_MOST = 6, /* of one system in a site, for ways to share out */
    WAYS_MOST = 60,
    PACKINGS_MOST = 20000
};

/* Where a gang might stand. */
struct spot {
    struct packing_where where;
    enum packing_policy policy;
    int *rack_tasks_most; /* by rack; NULL: any. Owned */
    int order;
    double value; /* what it would bring there; at the cheapest racks where any do */
};

struct spots {
    struct spot *list;
    size_t count, capacity;
};

struct search {
    struct core *core;
    bool may_borrow;
    struct core_gang *const *gangs;
    size_t count;
    struct spots *spots; /* by gang */
    double *most_after;  /* by gang: the most that it and those after it could bring */
    struct picks picks;
    double value, best_value;
    struct pick *best;
    size_t best_count;
    int packings_left;
};

/* --- Spots */

static void add_spot(struct spots *spots, struct spot spot)
{
    spots->list = mem_grow(spots->list, spots->count, &spots->capacity, sizeof *spots->list);
    spot.order = (int)spots->count;
    spots->list[spots->count++] = spot;
}

/* The racks of one kind of system in a site that have room for a segment. */
struct racks {
    int index[RACKS_MOST];
    int room[RACKS_MOST]; /* in segments */
    int count;            /* RACKS_MOST + 1: too many */
};

static struct racks find_racks(
    const struct core *core, const struct shape *shape, struct packing_where where)
{
    const struct shape_system *system = &shape->systems[where.system];
    struct racks racks = {.count = 0};

    for (int rack = 0; rack < core->fleet->rack_count; rack++) {
        int room;

        if (core->fleet->racks[rack].site != where.site ||
            core->fleet->racks[rack].system != system->system)
            continue;
        room = ledger_rack_task_room(core->ledger, rack, shape, system);
        if (room == 0)
            continue;
        if (racks.count == RACKS_MOST) {
            racks.count++;
            break;
        }
        racks.index[racks.count] = rack;
        racks.room[racks.count++] = (room + system->segment_tasks - 1) / system->segment_tasks;
    }
    return racks;
}

/* Ways to share segments out over racks[from, count); stops counting past WAYS_MOST. */
static int count_ways(const struct racks *racks, int from, int segments)
{
    int ways = 0;

    if (from == racks->count)
        return segments == 0 ? 1 : 0;
    for (int n = 0; n <= racks->room[from] && n <= segments && ways <= WAYS_MOST; n++)
        ways += count_ways(racks, from + 1, segments - n);
    return ways;
}

static void add_ways(const struct core *core, const struct racks *racks,
    const struct shape_system *system, const struct spot *like, int from, int segments, int *shares,
    struct spots *spots)
{
    if (from < racks->count) {
        for (int n = 0; n <= racks->room[from] && n <= segments; n++) {
            shares[from] = n;
            add_ways(core, racks, system, like, from + 1, segments - n, shares, spots);
        }
        return;
    }
    if (segments == 0) {
        struct spot spot = *like;

        spot.rack_tasks_most = mem_zero((size_t)core->fleet->rack_count, sizeof(int));
        for (int i = 0; i < racks->count; i++) {
            const struct fleet_rack *rack = &core->fleet->racks[racks->index[i]];
            int tasks = shares[i] * system->segment_tasks;

            spot.rack_tasks_most[racks->index[i]] = tasks;
            spot.value -= rack->usd_per_hour * tasks * system->chips_per_task /
                          system_chip_count(fleet_rack_system(core->fleet, racks->index[i]));
        }
        add_spot(spots, spot);
    }
}

static void add_by_policy(struct packing_where where, double value, struct spots *spots)
{
    add_spot(spots, (struct spot){where, PACKING_BEST_FIT, NULL, 0, value});
    add_spot(spots, (struct spot){where, PACKING_CHEAPEST, NULL, 0, value});
}

static void add_feeds(
    const struct core *core, struct packing_where where, double value, struct spots *spots)
{
    const struct fleet *fleet = core->fleet;
    int added = 0;

    for (int feed = 0; feed < fleet->feed_count && added < FEEDS_MOST; feed++)
        if (fleet->feeds[feed].site == where.site) {
            add_by_policy((struct packing_where){where.system, where.site, -1, feed}, value, spots);
            added++;
        }
    if (added != 1)
        add_by_policy(where, value, spots);
}

/* The best first; then as they came. */
static int compare_spots(const void *a, const void *b)
{
    const struct spot *left = a;
    const struct spot *right = b;

    if (left->value < right->value || left->value > right->value)
        return left->value < right->value ? 1 : -1;
    return left->order - right->order;
}

static void find_spots(const struct core *core, const struct core_gang *gang, struct spots *spots)
{
    const struct shape *shape = gang->view.shape;

    for (int i = 0; i < shape->system_count; i++)
        for (int site = 0; site < core->fleet->site_count && decide_allows(core, gang, i); site++) {
            const struct shape_system *system = &shape->systems[i];
            struct spot spot = {{i, site, -1, -1}, PACKING_BEST_FIT, NULL, 0,
                shape->value_usd_per_hour * system->throughput -
                    shape_usd_per_hour(system, 0, &core->fleet->sites[site])};
            struct racks racks = find_racks(core, shape, spot.where);
            int shares[RACKS_MOST] = {0};

            if (racks.count <= RACKS_MOST &&
                count_ways(&racks, 0, system->segment_count) <= WAYS_MOST)
                add_ways(core, &racks, system, &spot, 0, system->segment_count, shares, spots);
            else
                add_feeds(core, spot.where, decide_best_value(core, gang, i), spots);
        }
    if (spots->count > 0)
        qsort(spots->list, spots->count, sizeof *spots->list, compare_spots);
}

/* --- The search */

static void keep_best(struct search *s)
{
    for (size_t i = 0; i < s->best_count; i++)
        placement_fini(&s->best[i].placement);
    s->best_value = s->value;
    s->best_count = s->picks.count;
    for (size_t i = 0; i < s->picks.count; i++) {
        const struct placement *placement = &s->picks.list[i].placement;
        size_t size = (size_t)placement->task_count * sizeof *placement->tasks;

        s->best[i] = s->picks.list[i];
        s->best[i].placement.tasks = mem_zero(1, size);
        memcpy(s->best[i].placement.tasks, placement->tasks, size);
    }
}

static void search_from(struct search *s, size_t index);

/* Would anything tell the rack from the next one now? */
static bool is_like_next(const struct core *core, int rack)
{
    const struct fleet *fleet = core->fleet;
    const struct fleet_rack *a = &fleet->racks[rack];
    const struct fleet_rack *b = &fleet->racks[rack + 1];

    return a->feed == b->feed && a->system == b->system && a->usd_per_hour == b->usd_per_hour &&
           ledger_rack_free_chips(core->ledger, rack) ==
               ledger_rack_free_chips(core->ledger, rack + 1) &&
           ledger_rack_free_hosts(core->ledger, rack) ==
               ledger_rack_free_hosts(core->ledger, rack + 1) &&
           ledger_left_kw(core->ledger, POWER_RACK, rack) ==
               ledger_left_kw(core->ledger, POWER_RACK, rack + 1);
}

/* The same with two racks exchanged that are alike is tried as well. */
static bool has_twin(const struct search *s, const struct spot *spot)
{
    const int *most = spot->rack_tasks_most;

    for (int rack = 0; most != NULL && rack + 1 < s->core->fleet->rack_count; rack++)
        if (most[rack] < most[rack + 1] && is_like_next(s->core, rack))
            return true;
    return false;
}

/* The gang at that spot, if it goes there, and all that can follow. */
static void search_at(struct search *s, size_t index, const struct spot *spot)
{
    struct core_gang *gang = s->gangs[index];
    struct placement placement = {0};
    double value = s->value;

    if (has_twin(s, spot) || s->packings_left-- <= 0 ||
        !decide_find_on(s->core, gang, spot->where, spot->rack_tasks_most, spot->policy,
            s->may_borrow, &placement))
        return;
    if (core_net_value(gang, &placement) < 0) {
        placement_fini(&placement);
        return;
    }
    picks_add(s->core, &s->picks, gang, &placement);
    s->value += s->picks.list[s->picks.count - 1].value;
    search_from(s, index + 1);
    s->value = value;
    picks_cut(s->core, &s->picks, s->picks.count - 1);
}

static void search_from(struct search *s, size_t index)
{
    if (s->value > s->best_value * (1 + 1e-12) + 1e-9)
        keep_best(s);
    if (index == s->count || s->packings_left <= 0 ||
        s->value + s->most_after[index] <= s->best_value * (1 + 1e-12) + 1e-9)
        return;
    for (size_t i = 0; i < s->spots[index].count; i++)
        search_at(s, index, &s->spots[index].list[i]);
    search_from(s, index + 1);
}

static void free_spots(struct search *s)
{
    for (size_t g = 0; g < s->count; g++) {
        for (size_t i = 0; i < s->spots[g].count; i++)
            mem_free(s->spots[g].list[i].rack_tasks_most);
        mem_free(s->spots[g].list);
    }
    mem_free(s->spots);
}

static int compare_most(const void *a, const void *b)
{
    const struct pick *left = a;
    const struct pick *right = b;

    if (left->value < right->value || left->value > right->value)
        return left->value < right->value ? 1 : -1;
    return left->gang->view.id < right->gang->view.id ? -1 : 1;
}

/* Those that could bring most first: what is left to gain soon falls below the best. Gives. */
static struct core_gang **order_by_most(
    const struct core *core, struct core_gang *const *gangs, size_t count)
{
    struct pick *rows = mem_zero(count, sizeof *rows);
    struct core_gang **ordered = mem_zero(count, sizeof *ordered);

    for (size_t i = 0; i < count; i++)
        rows[i] = (struct pick){.gang = gangs[i], .value = pick_most_value(core, gangs[i])};
    qsort(rows, count, sizeof *rows, compare_most);
    for (size_t i = 0; i < count; i++)
        ordered[i] = rows[i].gang;
    mem_free(rows);
    return ordered;
}

/* What gains nothing is never better than leaving it, but starts where there is room. */
static void add_worthless(struct core *core, struct core_gang *const *gangs, size_t count,
    bool may_borrow, struct picks *picks)
{
    for (size_t i = 0; i < count; i++) {
        struct placement placement = {0};
        bool is_picked = false;

        for (size_t k = 0; k < picks->count && !is_picked; k++)
            is_picked = picks->list[k].gang == gangs[i];
        if (!is_picked && decide_find_best(core, gangs[i], may_borrow, 0, &placement))
            picks_add(core, picks, gangs[i], &placement);
    }
}

void pick_by_search(struct core *core, struct core_gang *const *gangs, size_t count,
    bool may_borrow, struct picks *picks)
{
    struct core_gang **ordered = order_by_most(core, gangs, count);
    struct search s = {.core = core,
        .may_borrow = may_borrow,
        .gangs = ordered,
        .count = count,
        .packings_left = PACKINGS_MOST};

    s.spots = mem_zero(count, sizeof *s.spots);
    s.most_after = mem_zero(count + 1, sizeof *s.most_after);
    s.best = mem_zero(count, sizeof *s.best);
    for (size_t i = count; i-- > 0;) {
        find_spots(core, ordered[i], &s.spots[i]);
        s.most_after[i] = s.most_after[i + 1] + pick_most_value(core, ordered[i]);
    }
    search_from(&s, 0);
    for (size_t i = 0; i < s.best_count; i++)
        picks_add(core, picks, s.best[i].gang, &s.best[i].placement);
    add_worthless(core, gangs, count, may_borrow, picks);
    free_spots(&s);
    mem_free(ordered);
    mem_free(s.picks.list);
    mem_free(s.most_after);
    mem_free(s.best);
}
