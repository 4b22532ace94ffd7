/*
 * Stopping work for other work: preemption (interruptible work of lower tiers, least loss first)
 * and give-back (what others borrowed, youngest first). What is being stopped is claimed at once.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <math.h>
#include <stdlib.h>

enum {
    EXACT_MOST = 12,      /* victims for which every subset is looked at */
    EXACT_PACKINGS = 512, /* … while so many packings last */
    GREEDY_MOST = 512     /* victims looked at */
};

struct victim {
    struct core_gang *gang;
    double cost; /* what orders them: loss per chip, or age of the loan */
    double loss_usd;
};

typedef bool (*is_victim_fn)(const struct core_gang *for_gang, const struct core_gang *gang);

static bool is_lower(const struct core_gang *for_gang, const struct core_gang *gang)
{
    return gang->view.spec->is_interruptible && core_tier(gang) < core_tier(for_gang);
}

/* Who borrows stops no work of others that is within its share: it would be given back at once. */
static bool is_lower_unshared(const struct core_gang *for_gang, const struct core_gang *gang)
{
    return is_lower(for_gang, gang) &&
           (gang->borrowed_ms != 0 || gang->view.shape->tenant == for_gang->view.shape->tenant);
}

static bool is_borrowed(const struct core_gang *for_gang, const struct core_gang *gang)
{
    return gang->borrowed_ms != 0 && gang->view.shape->tenant != for_gang->view.shape->tenant;
}

static int compare_victims(const void *a, const void *b)
{
    const struct victim *left = a;
    const struct victim *right = b;

    if (left->cost < right->cost || left->cost > right->cost)
        return left->cost < right->cost ? -1 : 1;
    return left->gang->view.id > right->gang->view.id ? -1 : 1;
}

struct attempt {
    struct core *core;
    struct core_gang *gang;
    int shape_system;
    bool may_borrow;
    bool is_give_back;
    struct victim *victims;
    size_t count;
};

/* Those on that kind of system that may be stopped for the gang; the first to go first. */
static void find_victims(struct attempt *a, is_victim_fn is_victim)
{
    int system = a->gang->view.shape->systems[a->shape_system].system;

    a->victims = mem_zero(a->core->running_count, sizeof *a->victims);
    for (size_t i = 0; i < a->core->running_count; i++) {
        struct core_gang *gang = a->core->running[i];
        const struct shape_system *held = &gang->view.shape->systems[gang->view.shape_system];
        double loss;

        if (gang->view.state == GANG_STOPPING || held->system != system ||
            !is_victim(a->gang, gang))
            continue;
        loss = decide_loss_usd(a->core, gang);
        a->victims[a->count++] = (struct victim){gang,
            a->is_give_back ? -(double)gang->borrowed_ms
                            : loss / fmax(1, (double)shape_chip_count(held)),
            loss};
    }
    qsort(a->victims, a->count, sizeof *a->victims, compare_victims);
    if (a->count > GREEDY_MOST)
        a->count = GREEDY_MOST;
}

static bool find_place(const struct attempt *a, struct placement *out)
{
    return decide_find(a->core, a->gang, (struct packing_where){a->shape_system, -1, -1, -1},
        a->may_borrow, out, NULL);
}

static int64_t chips_held(const struct victim *victim)
{
    const struct gang *view = &victim->gang->view;

    return shape_chip_count(&view->shape->systems[view->shape_system]);
}

/* Chips of the system that are missing while nothing is stopped. */
static int64_t chips_missing(const struct attempt *a)
{
    const struct shape_system *system = &a->gang->view.shape->systems[a->shape_system];

    return shape_chip_count(system) - ledger_system_free_chips(a->core->ledger, system->system);
}

/* Are there as many chips, were all of them gone? */
static bool frees_enough(const struct attempt *a)
{
    int64_t missing = chips_missing(a);

    for (size_t i = 0; i < a->count && missing > 0; i++)
        missing -= chips_held(&a->victims[i]);
    return missing <= 0;
}

/* --- The first so many victims: the fewest that make room, by halving */

static bool find_without_first(
    const struct attempt *a, struct trial *trial, size_t *gone, size_t count, struct placement *out)
{
    while (*gone < count)
        trial_release(trial, a->victims[(*gone)++].gang);
    while (*gone > count) {
        trial_restore_last(trial);
        (*gone)--;
    }
    placement_fini(out);
    return find_place(a, out);
}

/* Returns how many must go, *out where the gang then stands; 0: all would not do. */
static size_t find_fewest(const struct attempt *a, struct placement *out)
{
    struct trial *trial = trial_begin(a->core);
    size_t gone = 0;
    size_t low = 0; /* so few are not enough */
    size_t high = a->count;

    if (!find_without_first(a, trial, &gone, high, out)) {
        trial_end(trial);
        return 0;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct placement found = {0};

        if (!find_without_first(a, trial, &gone, middle, &found)) {
            low = middle;
            continue;
        }
        high = middle;
        placement_fini(out);
        *out = found;
    }
    trial_end(trial);
    return high;
}

/* --- Of these, those that are in the way of that placement */

static bool shares_host(const struct core_gang *gang, const struct placement *placement)
{
    for (int i = 0; i < gang->placement.task_count; i++)
        for (int k = 0; k < placement->task_count; k++)
            if (gang->placement.tasks[i].host == placement->tasks[k].host)
                return true;
    return false;
}

/* Would its end give some of what the block is short of? */
static bool helps(
    const struct attempt *a, const struct core_gang *victim, const struct block *block)
{
    if (block->by >= BLOCKED_RACK_POWER && block->by <= BLOCKED_SITE_POWER)
        return ledger_holder_kw(a->core->ledger, victim->view.holder, block->level, block->where) >
               0;
    return victim->view.shape->tenant == a->gang->view.shape->tenant;
}

/* Those on its hosts, then, while a limit is still in the way, those that draw on it. */
static bool keep_needed(
    const struct attempt *a, size_t count, const struct placement *placement, bool *is_gone)
{
    struct trial *trial = trial_begin(a->core);
    struct block block = {0};
    bool fits;

    for (size_t i = 0; i < count; i++) {
        is_gone[i] = shares_host(a->victims[i].gang, placement);
        if (is_gone[i])
            trial_release(trial, a->victims[i].gang);
    }
    fits = ledger_fits(a->core->ledger, a->gang->view.shape, placement, a->may_borrow, &block);
    for (size_t i = 0; i < count && !fits; i++) {
        if (is_gone[i] || !helps(a, a->victims[i].gang, &block))
            continue;
        is_gone[i] = true;
        trial_release(trial, a->victims[i].gang);
        fits = ledger_fits(a->core->ledger, a->gang->view.shape, placement, a->may_borrow, &block);
    }
    for (size_t i = 0; i < count && !fits; i++) { /* a limit that came up later */
        if (is_gone[i])
            continue;
        is_gone[i] = true;
        trial_release(trial, a->victims[i].gang);
        fits = ledger_fits(a->core->ledger, a->gang->view.shape, placement, a->may_borrow, &block);
    }
    trial_end(trial);
    return fits;
}

static bool choose_greedily(const struct attempt *a, bool *is_gone, struct placement *out)
{
    size_t count = find_fewest(a, out);

    return count > 0 && keep_needed(a, count, out, is_gone);
}

/* --- Few victims: the subset of least loss */

struct subsets {
    const struct attempt *a;
    struct trial *trial;
    int64_t chips_missing;
    double loss, least;
    bool is_gone[EXACT_MOST];
    bool *best;
    struct placement *best_placement;
    int packings_left;
};

/* Add victims from `from` on to those gone; every subset is met once. */
static void try_subsets(struct subsets *s, size_t from)
{
    const struct attempt *a = s->a;

    for (size_t i = from; i < a->count && s->packings_left > 0; i++) {
        struct placement found = {0};
        double loss = a->victims[i].loss_usd + 1e-9;

        if (s->loss + loss >= s->least)
            continue;
        s->loss += loss;
        s->chips_missing -= chips_held(&a->victims[i]);
        s->is_gone[i] = true;
        trial_release(s->trial, a->victims[i].gang);
        if (s->chips_missing <= 0 && s->packings_left-- > 0 && find_place(a, &found)) {
            placement_fini(s->best_placement);
            *s->best_placement = found;
            s->least = s->loss;
            for (size_t k = 0; k < a->count; k++)
                s->best[k] = s->is_gone[k];
        } else {
            try_subsets(s, i + 1);
        }
        trial_restore_last(s->trial);
        s->is_gone[i] = false;
        s->chips_missing += chips_held(&a->victims[i]);
        s->loss -= loss;
    }
}

/* Better than the greedy choice, if there is better. */
static bool choose_exactly(const struct attempt *a, bool *is_gone, struct placement *out)
{
    struct subsets s = {.a = a,
        .chips_missing = chips_missing(a),
        .best = is_gone,
        .best_placement = out,
        .packings_left = EXACT_PACKINGS};

    if (!choose_greedily(a, is_gone, out))
        return false;
    for (size_t i = 0; i < a->count; i++)
        s.least += is_gone[i] ? a->victims[i].loss_usd + 1e-9 : 0;
    s.trial = trial_begin(a->core);
    try_subsets(&s, 0);
    trial_end(s.trial);
    return true;
}

/* Stop the chosen and claim the place. */
static void carry_out(struct attempt *a, const bool *is_gone, struct placement *placement,
    struct actions *out, double *stopped_value)
{
    holder_id *holders = mem_zero(a->count, sizeof *holders);
    size_t holder_count = 0;

    for (size_t i = 0; i < a->count; i++) {
        struct core_gang *victim = a->victims[i].gang;

        if (!is_gone[i])
            continue;
        holders[holder_count++] = victim->view.holder;
        *stopped_value += core_net_value(victim, &victim->placement);
        core_stop(a->core, victim, a->is_give_back ? END_GIVEN_BACK : END_PREEMPTED, NULL, out);
    }
    reservations_claim(a->core, a->gang, placement, holders, holder_count);
    reservations_start_claims(a->core, out);
}

/* Whom a gang may stop, and how it then stands. */
struct rule {
    is_victim_fn is_victim;
    bool may_borrow, is_give_back;
};
static const struct rule FOR_LOAN = {is_lower_unshared, true, false};
static const struct rule GIVE_BACK = {is_borrowed, false, true};

/* With loans that it has running counted too, would its tenant then be within its share? Who can't
 * borrow does not pay for the loans of others. */
static bool keeps_share(
    const struct attempt *a, const bool *is_gone, const struct placement *placement)
{
    const struct core *core = a->core;
    int tenant = a->gang->view.shape->tenant;
    double held = 0;

    if (a->may_borrow || !a->gang->view.spec->is_interruptible)
        return true;
    for (size_t i = 0; i < core->running_count; i++)
        if (core->running[i]->view.shape->tenant == tenant && core->running[i]->borrowed_ms != 0)
            held += ledger_holder_share(core->ledger, core->running[i]->view.holder);
    for (size_t i = 0; i < a->count; i++)
        if (is_gone[i] && a->victims[i].gang->view.shape->tenant == tenant)
            held -= ledger_holder_share(core->ledger, a->victims[i].gang->view.holder);
    return core_is_within_share(
        core, a->gang, held + ledger_share_weight(core->ledger, placement, a->gang->view.shape));
}

static bool stop_on(struct core *core, struct core_gang *gang, int shape_system,
    const struct rule *rule, struct actions *out, double *stopped_value)
{
    struct attempt a = {.core = core,
        .gang = gang,
        .shape_system = shape_system,
        .may_borrow = rule->may_borrow,
        .is_give_back = rule->is_give_back};
    struct placement placement = {0};
    bool is_done = false;
    bool *is_gone;

    find_victims(&a, rule->is_victim);
    is_gone = mem_zero(a.count, sizeof *is_gone);
    if (a.count > 0 && frees_enough(&a) &&
        (a.count <= EXACT_MOST && !rule->is_give_back ? choose_exactly(&a, is_gone, &placement)
                                                      : choose_greedily(&a, is_gone, &placement)) &&
        core_net_value(gang, &placement) >= 0 && keeps_share(&a, is_gone, &placement)) {
        carry_out(&a, is_gone, &placement, out, stopped_value);
        is_done = true;
    }
    placement_fini(&placement);
    mem_free(is_gone);
    mem_free(a.victims);
    return is_done;
}

static bool stop_for(struct core *core, struct core_gang *gang, const struct rule *rule,
    struct actions *out, double *stopped_value)
{
    for (int i = 0; i < gang->view.shape->system_count; i++)
        if (decide_allows(core, gang, i) && decide_best_value(core, gang, i) >= 0 &&
            !(rule == &FOR_LOAN &&
                loans_are_asked_for(core, gang, gang->view.shape->systems[i].system)) &&
            stop_on(core, gang, i, rule, out, stopped_value))
            return true;
    return false;
}

bool preempt_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value)
{
    const struct rule rule = {is_lower, core->fleet->tenant_count == 0, false};

    return stop_for(core, gang, &rule, out, stopped_value);
}

bool preempt_for_loan(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value)
{
    return stop_for(core, gang, &FOR_LOAN, out, stopped_value);
}

bool give_back_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value)
{
    return stop_for(core, gang, &GIVE_BACK, out, stopped_value);
}
