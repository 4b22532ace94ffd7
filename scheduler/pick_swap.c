/*
 * Better picks: a gang that was left over takes the place of those that are worth less (the least
 * valuable for each chip first), as long as that gains; then swaps of a single one.
 */
#include "base/mem.h"
#include "scheduler/round_private.h"

#include <math.h>
#include <stdlib.h>

enum {
    SWAP_PACKINGS = 400, /* packings that swaps may try in a round */
    SWAP_CANDIDATES = 12,
    DISPLACE_PACKINGS = 600, /* the same of displacing */
    DISPLACE_TRIES = 4       /* how often more is taken away when the gang still does not fit */
};

/* So much more is taken away at each try: what goes leaves holes of the wrong shape. */
static const double DISPLACE_STEP = 0.35;
static const double LEAST_GAIN = 1e-9; /* relative: less is rounding */

struct swapper {
    struct core *core;
    struct picks *picks;
    bool may_borrow;
};

/* --- Swaps: drop one, fit others */
/* Fit candidates that are not picked, best first; returns their value. */
static double fit_candidates(struct swapper *p, struct core_gang **candidates, size_t count,
    const struct core_gang *dropped, int *packings_left)
{
    double value = 0;

    for (size_t i = 0; i<count && * packings_left> 0; i++) {
        struct placement placement = {0};

        if (candidates[i] == NULL || candidates[i] == dropped)
            continue;
        (*packings_left)--;
        if (!decide_find_best(p->core, candidates[i], p->may_borrow, 0, &placement))
            continue;
        value += pick_value(p->core, candidates[i], &placement);
        picks_add(p->core, p->picks, candidates[i], &placement);
    }
    return value;
}

/* Drop one pick, fit others and then, if it still goes somewhere, the dropped one; keep it if that
 * is worth more. */
static bool swap_one(struct swapper *p, size_t index, struct core_gang **candidates, size_t count,
    int *packings_left)
{
    struct pick old = p->picks->list[index];
    bool was_borrowing = ledger_find_holder(p->core->ledger, pick_holder(old.gang))->is_borrowing;
    size_t before = p->picks->count;
    struct core_gang *again[] = {old.gang};
    double value;

    ledger_release(p->core->ledger, pick_holder(old.gang));
    value = fit_candidates(p, candidates, count, old.gang, packings_left);
    if (p->picks->count > before)
        value += fit_candidates(p, again, 1, NULL, packings_left);
    if (value > old.value * (1 + 1e-9) + 1e-9) {
        placement_fini(&old.placement);
        p->picks->list[index] = p->picks->list[--p->picks->count];
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < p->picks->count; k++)
                if (candidates[i] == p->picks->list[k].gang)
                    candidates[i] = NULL;
        for (size_t k = 0; k < p->picks->count; k++)
            if (p->picks->list[k].gang == old.gang)
                return true;
        for (size_t i = 0; i < count; i++)
            if (candidates[i] == NULL) {
                candidates[i] = old.gang;
                break;
            }
        return true;
    }
    picks_cut(p->core, p->picks, before);
    pick_hold(p->core, &old, was_borrowing);
    return false;
}

static void swap_picks(struct swapper *p, struct core_gang **candidates, size_t count)
{
    int packings_left = SWAP_PACKINGS;
    bool has_gained = true;

    while (has_gained && count > 0 && packings_left > 0) {
        has_gained = false;
        for (size_t i = p->picks->count; i-- > 0 && packings_left > 0;)
            has_gained |= swap_one(p, i, candidates, count, &packings_left);
    }
}

/* --- Displacing: drop as many as it takes, fit one, then those again that still go somewhere */

/* A pick that may go, with what a chip of it is worth. */
struct victim {
    size_t index; /* of picks */
    double usd_per_chip;
    int64_t chips;
};

/* What is put aside to make room. */
struct aside {
    struct pick *picks; /* owned */
    bool *was_borrowing;
    size_t count;
    double value, chips;
};

static int compare_victims(const void *a, const void *b)
{
    const struct victim *left = a;
    const struct victim *right = b;

    if (left->usd_per_chip < right->usd_per_chip || left->usd_per_chip > right->usd_per_chip)
        return left->usd_per_chip < right->usd_per_chip ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

static int site_of(const struct fleet *fleet, const struct placement *placement)
{
    int rack = fleet->host_rack[placement->tasks[0].host];

    return fleet->halls[fleet->feeds[fleet->racks[rack].feed].hall].site;
}

static int64_t segment_chips(const struct shape_system *system)
{
    return (int64_t)(system->is_domain_bound ? system->segment_tasks : 1) * system->chips_per_task;
}

/* Picks on the same kind of system at the site whose segments are no smaller (what they leave can
 * be used), the least worth for each chip first. Gives (mem_free). */
static struct victim *find_victims(
    const struct swapper *p, const struct shape_system *system, int site, size_t *count)
{
    struct victim *victims = mem_zero(p->picks->count, sizeof *victims);

    *count = 0;
    for (size_t i = 0; i < p->picks->count; i++) {
        const struct pick *pick = &p->picks->list[i];
        const struct shape_system *its = &pick->gang->view.shape->systems[pick->placement.system];
        int64_t chips = shape_chip_count(its);

        if (its->system == system->system && chips > 0 &&
            segment_chips(its) >= segment_chips(system) &&
            site_of(p->core->fleet, &pick->placement) == site)
            victims[(*count)++] = (struct victim){i, pick->value / (double)chips, chips};
    }
    qsort(victims, *count, sizeof *victims, compare_victims);
    return victims;
}

/* Release further victims until so many chips are put aside; false: there are none, or they are
 * worth `most` or more. The picks stay in the list till close_gaps. */
static bool put_aside(struct swapper *p, struct aside *aside, const struct victim *victims,
    size_t count, double chips, double most)
{
    while (aside->chips < chips) {
        const struct victim *victim = &victims[aside->count];
        const struct pick *pick;

        if (aside->count == count || aside->value + p->picks->list[victim->index].value >= most)
            return false;
        pick = &p->picks->list[victim->index];
        aside->was_borrowing[aside->count] =
            ledger_find_holder(p->core->ledger, pick_holder(pick->gang))->is_borrowing;
        ledger_release(p->core->ledger, pick_holder(pick->gang));
        aside->picks[aside->count++] = *pick;
        aside->value += pick->value;
        aside->chips += (double)victim->chips;
    }
    return true;
}

/* Take what was put aside out of the list. */
static void close_gaps(struct swapper *p, const struct aside *aside, const struct victim *victims)
{
    bool *is_out = mem_zero(p->picks->count, sizeof *is_out);
    size_t kept = 0;

    for (size_t i = 0; i < aside->count; i++)
        is_out[victims[i].index] = true;
    for (size_t i = 0; i < p->picks->count; i++)
        if (!is_out[i])
            p->picks->list[kept++] = p->picks->list[i];
    p->picks->count = kept;
    mem_free(is_out);
}

/* The gang has found a place: take it, then fit those that were put aside again. What it gains. */
static double take_place(struct swapper *p, struct core_gang *gang, struct placement *placement,
    const struct aside *aside, int *packings_left)
{
    double gain = pick_value(p->core, gang, placement) - aside->value;

    picks_add(p->core, p->picks, gang, placement);
    for (size_t i = aside->count; i-- > 0;) {
        struct core_gang *again[] = {aside->picks[i].gang};

        gain += fit_candidates(p, again, 1, NULL, packings_left);
    }
    return gain;
}

/* All as it was, but for the order. */
static void put_back(struct swapper *p, struct aside *aside)
{
    for (size_t i = 0; i < aside->count; i++) {
        pick_hold(p->core, &aside->picks[i], aside->was_borrowing[i]);
        p->picks->list = mem_grow(
            p->picks->list, p->picks->count, &p->picks->capacity, sizeof *p->picks->list);
        p->picks->list[p->picks->count++] = aside->picks[i];
    }
    aside->count = 0;
}

/* The gang on one of its systems at one site. */
static bool displace_at(
    struct swapper *p, struct core_gang *gang, struct packing_where where, int *packings_left)
{
    const struct shape_system *system = &gang->view.shape->systems[where.system];
    double need = (double)shape_chip_count(system);
    size_t count = 0;
    struct victim *victims = find_victims(p, system, where.site, &count);
    struct aside aside = {.picks = mem_zero(count, sizeof *aside.picks),
        .was_borrowing = mem_zero(count, sizeof *aside.was_borrowing)};
    struct placement placement = {0};
    double most = decide_best_value(p->core, gang, where.system);
    bool has_place = false;
    bool has_gained = false;
    size_t before;

    for (int i = 0; i < DISPLACE_TRIES && !has_place && *packings_left > 0; i++) {
        if (!put_aside(p, &aside, victims, count, need * (1 + i * DISPLACE_STEP), most))
            break;
        (*packings_left)--;
        has_place = decide_find(p->core, gang, where, p->may_borrow, &placement, NULL);
    }
    close_gaps(p, &aside, victims);
    before = p->picks->count;
    if (has_place)
        has_gained = take_place(p, gang, &placement, &aside, packings_left) >
                     LEAST_GAIN * fabs(most);
    if (!has_gained) {
        picks_cut(p->core, p->picks, before);
        put_back(p, &aside);
    }
    for (size_t i = 0; i < aside.count; i++)
        placement_fini(&aside.picks[i].placement);
    mem_free(aside.picks);
    mem_free(aside.was_borrowing);
    mem_free(victims);
    return has_gained;
}

static bool displace(struct swapper *p, struct core_gang *gang, int *packings_left)
{
    for (int i = 0; i < gang->view.shape->system_count; i++) {
        if (!decide_allows(p->core, gang, i) ||
            shape_chip_count(&gang->view.shape->systems[i]) == 0)
            continue;
        for (int site = 0; site < p->core->fleet->site_count; site++)
            if (displace_at(p, gang, (struct packing_where){i, site, -1, -1}, packings_left))
                return true;
    }
    return false;
}

void picks_improve(
    struct core *core, struct core_gang **left, size_t count, bool may_borrow, struct picks *picks)
{
    struct swapper p = {.core = core, .picks = picks, .may_borrow = may_borrow};
    int packings_left = DISPLACE_PACKINGS;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (packings_left <= 0 || !displace(&p, left[i], &packings_left))
            left[kept++] = left[i];
    swap_picks(&p, left, kept < SWAP_CANDIDATES ? kept : SWAP_CANDIDATES);
}
