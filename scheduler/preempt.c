/*
 * Stopping work for other work: preemption (interruptible work of lower tiers, least loss first)
 * and give-back (what others borrowed, youngest first). What is being stopped is claimed at once.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <math.h>
#include <stdlib.h>

enum {
    EXACT_MOST = 12,   /* victims for which every subset is looked at */
    GREEDY_MOST = 512, /* victims tried one after the other */
    FIRST_PACKING_STEP = 1
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
        double loss = decide_loss_usd(a->core, gang);

        if (gang->view.state == GANG_STOPPING || held->system != system ||
            !is_victim(a->gang, gang))
            continue;
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

/* Would it fit with those gone? */
static bool fits_without(const struct attempt *a, const bool *is_gone, struct placement *out)
{
    struct trial *trial = trial_begin(a->core);
    bool is_found;

    for (size_t i = 0; i < a->count; i++)
        if (is_gone[i])
            trial_release(trial, a->victims[i].gang);
    is_found = find_place(a, out);
    trial_end(trial);
    return is_found;
}

/* Every subset, the least loss: few victims. */
static bool choose_exactly(const struct attempt *a, bool *is_gone, struct placement *out)
{
    double least = INFINITY;
    unsigned best = 0;

    for (unsigned set = 1; set < 1U << a->count; set++) {
        double loss = 0;
        bool trial_gone[EXACT_MOST];

        for (size_t i = 0; i < a->count; i++) {
            trial_gone[i] = (set >> i & 1U) != 0;
            loss += trial_gone[i] ? a->victims[i].loss_usd + 1e-9 : 0;
        }
        if (loss < least && fits_without(a, trial_gone, out)) {
            placement_fini(out);
            least = loss;
            best = set;
        }
    }
    for (size_t i = 0; i < a->count; i++)
        is_gone[i] = (best >> i & 1U) != 0;
    return best != 0 && fits_without(a, is_gone, out);
}

/* One after the other until it fits, then give back those that were not needed. */
static bool choose_greedily(const struct attempt *a, bool *is_gone, struct placement *out)
{
    struct trial *trial = trial_begin(a->core);
    size_t next_look = FIRST_PACKING_STEP;
    size_t gone = 0;
    bool is_found = false;

    while (!is_found && gone < a->count) {
        trial_release(trial, a->victims[gone].gang);
        is_gone[gone++] = true;
        /* Steps grow with what was taken: a large gang needs many, and few packings tell. */
        if (gone < next_look && gone < a->count)
            continue;
        next_look = gone + 1 + gone / 8;
        is_found = find_place(a, out);
    }
    trial_end(trial);
    if (!is_found)
        return false;
    placement_fini(out);
    for (size_t i = gone; i-- > 0;) {
        is_gone[i] = false;
        if (fits_without(a, is_gone, out))
            placement_fini(out);
        else
            is_gone[i] = true;
    }
    return fits_without(a, is_gone, out);
}

/* Stop the chosen and claim the place. */
static void carry_out(struct attempt *a, const bool *is_gone, struct placement *placement,
    struct actions *out, double *stopped_value)
{
    for (size_t i = 0; i < a->count; i++) {
        struct core_gang *victim = a->victims[i].gang;

        if (!is_gone[i])
            continue;
        *stopped_value += core_net_value(victim, &victim->placement);
        core_stop(a->core, victim, a->is_give_back ? END_GIVEN_BACK : END_PREEMPTED, NULL, out);
    }
    reservations_claim(a->core, a->gang, placement);
    reservations_start_claims(a->core, out);
}

static bool stop_for(struct core *core, struct core_gang *gang, bool is_give_back,
    struct actions *out, double *stopped_value)
{
    const struct shape *shape = gang->view.shape;
    bool is_done = false;

    for (int i = 0; i < shape->system_count && !is_done; i++) {
        struct attempt a = {.core = core,
            .gang = gang,
            .shape_system = i,
            .may_borrow = !is_give_back && gang->view.spec->is_interruptible,
            .is_give_back = is_give_back};
        struct placement placement = {0};
        bool *is_gone;

        if (!decide_allows(core, gang, i) || decide_best_value(core, gang, i) < 0)
            continue;
        find_victims(&a, is_give_back ? is_borrowed : is_lower);
        is_gone = mem_zero(a.count, sizeof *is_gone);
        if (a.count > 0 &&
            (a.count <= EXACT_MOST && !is_give_back ? choose_exactly(&a, is_gone, &placement)
                                                    : choose_greedily(&a, is_gone, &placement))) {
            if (core_net_value(gang, &placement) >= 0) {
                carry_out(&a, is_gone, &placement, out, stopped_value);
                is_done = true;
            }
        }
        placement_fini(&placement);
        mem_free(is_gone);
        mem_free(a.victims);
    }
    return is_done;
}

bool preempt_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value)
{
    return stop_for(core, gang, false, out, stopped_value);
}

bool give_back_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value)
{
    return stop_for(core, gang, true, out, stopped_value);
}
