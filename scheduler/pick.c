/*
 * From the program's amounts to gangs that start: what it starts, the bulkiest first, then what
 * fits among the rest, best first; pick_swap.c then betters it.
 */
#include "base/mem.h"
#include "scheduler/round_private.h"

#include <math.h>
#include <stdlib.h>

enum { MEMO_MOST = 256 };

holder_id pick_holder(const struct core_gang *gang)
{
    return (gang->view.id << CORE_ATTEMPT_BITS) | (gang->view.attempt + 1);
}

void pick_hold(struct core *core, const struct pick *pick, bool is_borrowing)
{
    ledger_hold(core->ledger,
        &(struct holder){.id = pick_holder(pick->gang),
            .shape = pick->gang->view.shape,
            .shape_system = pick->placement.system,
            .is_borrowing = is_borrowing},
        &pick->placement);
}

static bool is_borrowing(const struct core *core, const struct pick *pick)
{
    return !core_is_within_share(core, pick->gang,
        ledger_share_weight(core->ledger, &pick->placement, pick->gang->view.shape));
}

double pick_value(
    const struct core *core, const struct core_gang *gang, const struct placement *placement)
{
    const struct shape *shape = gang->view.shape;

    return shape->value_usd_per_hour * core_age_factor(gang, core->now_ms) *
               shape->systems[placement->system].throughput -
           placement->usd_per_hour;
}

void picks_add(
    struct core *core, struct picks *picks, struct core_gang *gang, struct placement *placement)
{
    struct pick pick = {.gang = gang, .placement = *placement};

    pick.value = pick_value(core, gang, placement);
    *placement = (struct placement){0};
    pick_hold(core, &pick, is_borrowing(core, &pick));
    picks->list = mem_grow(picks->list, picks->count, &picks->capacity, sizeof *picks->list);
    picks->list[picks->count++] = pick;
}

void picks_cut(struct core *core, struct picks *picks, size_t from)
{
    while (picks->count > from) {
        struct pick *last = &picks->list[--picks->count];

        ledger_release(core->ledger, pick_holder(last->gang));
        placement_fini(&last->placement);
    }
}

double pick_most_value(const struct core *core, const struct core_gang *gang)
{
    const struct shape *shape = gang->view.shape;
    double most = 0;

    for (int i = 0; i < shape->system_count; i++)
        if (decide_allows(core, gang, i))
            most = fmax(most, decide_best_value(core, gang, i) +
                                  shape->value_usd_per_hour * shape->systems[i].throughput *
                                      (core_age_factor(gang, core->now_ms) - 1));
    return most;
}

/* --- What did not fit does not fit later either, while the ledger only fills up */

struct failure {
    int system, chips_per_task, segment_tasks, task_count, tenant, feed;
    double busy_kw_per_chip;
};

struct memo {
    struct failure failures[MEMO_MOST];
    int count;
};

static struct failure failure_of(const struct core_gang *gang, const struct packing_where *where)
{
    const struct shape_system *system = &gang->view.shape->systems[where->system];

    return (struct failure){system->system, system->chips_per_task,
        system->is_domain_bound ? system->segment_tasks : 0, system->task_count,
        gang->view.shape->tenant,
        where->site < 0   ? -1
        : where->feed < 0 ? -2
                          : where->feed,
        system->busy_kw_per_chip};
}

/* Does the memo say that it can't fit? A failed gang of the same kind that asked for no more. */
static bool memo_says_no(
    const struct memo *memo, const struct core_gang *gang, const struct packing_where *where)
{
    struct failure f = failure_of(gang, where);

    if (gang->view.shape->allowed_hosts != NULL || gang->view.spec->replicas_max > 0 ||
        f.feed == -2)
        return false;
    for (int i = 0; i < memo->count; i++) {
        const struct failure *old = &memo->failures[i];

        if (old->system == f.system && old->chips_per_task == f.chips_per_task &&
            old->segment_tasks == f.segment_tasks && old->task_count <= f.task_count &&
            old->tenant == f.tenant && (old->feed == f.feed || old->feed == -1) &&
            old->busy_kw_per_chip <= f.busy_kw_per_chip)
            return true;
    }
    return false;
}

static void memo_add(
    struct memo *memo, const struct core_gang *gang, const struct packing_where *where)
{
    if (memo->count < MEMO_MOST && gang->view.shape->allowed_hosts == NULL &&
        gang->view.spec->replicas_max == 0)
        memo->failures[memo->count++] = failure_of(gang, where);
}

/* --- Picking */

struct picker {
    struct core *core;
    struct picks *picks;
    bool may_borrow;
    struct memo memo;
};

static bool try_at(struct picker *p, struct core_gang *gang, struct packing_where where)
{
    struct placement placement = {0};

    if (memo_says_no(&p->memo, gang, &where))
        return false;
    if (!decide_find(p->core, gang, where, p->may_borrow, &placement, NULL)) {
        memo_add(&p->memo, gang, &where);
        return false;
    }
    if (core_net_value(gang, &placement) < 0) {
        placement_fini(&placement);
        return false;
    }
    picks_add(p->core, p->picks, gang, &placement);
    return true;
}

/* A way with how good it is: what the program gave it, or its value at the program's prices. */
struct ranked {
    int option;
    double rank;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;

    if (left->rank < right->rank || left->rank > right->rank)
        return left->rank < right->rank ? 1 : -1;
    return left->option - right->option;
}

static double reduced_value(
    const struct round_problem *problem, const struct placement_answer *answer, int option)
{
    const struct placement_option *o = &problem->lp.options[option];
    double value = o->value_usd_per_hour;

    for (int i = 0; i < o->use_count; i++) {
        const struct placement_use *use = &problem->lp.uses[o->first_use + i];

        value -= answer->resource_prices[use->resource] * use->amount;
    }
    return value;
}

/* Without prices: dollars for each of the scarcest things it takes. */
static double density(const struct round_problem *problem, int option)
{
    const struct placement_option *o = &problem->lp.options[option];
    double share = 1e-9;

    for (int i = 0; i < o->use_count; i++) {
        const struct placement_use *use = &problem->lp.uses[o->first_use + i];

        share = fmax(share, use->amount / fmax(problem->lp.resource_capacity[use->resource], 1e-9));
    }
    return o->value_usd_per_hour / share;
}

static struct core_gang *next_member(
    const struct picker *p, struct round_problem *problem, int class_index)
{
    struct round_class *class = &problem->classes[class_index];

    /* Something may have happened to it while the program was solved. */
    while (
        class->taken < class->count && !core_gang_is_ready(p->core, class->members[class->taken]))
        class->taken++;
    return class->taken < class->count ? class->members[class->taken] : NULL;
}

/* How hard a way is to pack: by how much of a domain its segments take, then by their number. */
static double bulk(const struct core *core, const struct round_problem *problem, int option)
{
    const struct round_way *way = &problem->ways[option];
    const struct shape *shape = problem->classes[way->class_index].members[0]->view.shape;
    const struct shape_system *system = &shape->systems[way->shape_system];
    int tasks = system->is_domain_bound && system->segment_tasks > 0 ? system->segment_tasks : 1;

    return (double)tasks * system->chips_per_task /
               system_chip_count(&core->fleet->catalog.systems[system->system]) +
           1e-3 * (double)shape_chip_count(system) / core->fleet_chips;
}

/* What the program starts, the bulkiest first: all of it is meant to fit together. */
static void pick_served(
    struct picker *p, struct round_problem *problem, const struct placement_answer *answer)
{
    struct ranked *order = mem_zero((size_t)problem->lp.option_count, sizeof *order);
    size_t count = 0;

    for (int i = 0; i < problem->lp.option_count; i++)
        if (answer->whole[i] >= 1)
            order[count++] = (struct ranked){i, bulk(p->core, problem, i)};
    qsort(order, count, sizeof *order, compare_ranked);
    for (size_t i = 0; i < count; i++) {
        const struct round_way *way = &problem->ways[order[i].option];
        int most = (int)answer->whole[order[i].option];
        struct core_gang *gang;

        while (most-- > 0 && (gang = next_member(p, problem, way->class_index)) != NULL &&
               try_at(p, gang, way->where))
            problem->classes[way->class_index].taken++;
    }
    mem_free(order);
}

/* What is left, best first: at the way's own place, then anywhere on that system. */
static void pick_rest(
    struct picker *p, struct round_problem *problem, const struct placement_answer *answer)
{
    struct ranked *order = mem_zero((size_t)problem->lp.option_count, sizeof *order);

    for (int i = 0; i < problem->lp.option_count; i++) {
        order[i] = (struct ranked){i, density(problem, i)};
        if (answer != NULL)
            order[i].rank = reduced_value(problem, answer, i) +
                            1e3 * fmin(answer->amounts[i], 1) *
                                fabs(problem->lp.options[i].value_usd_per_hour);
    }
    qsort(order, (size_t)problem->lp.option_count, sizeof *order, compare_ranked);
    for (int i = 0; i < problem->lp.option_count; i++) {
        const struct round_way *way = &problem->ways[order[i].option];
        struct packing_where anywhere = {way->shape_system, -1, -1, -1};
        struct core_gang *gang;

        while ((gang = next_member(p, problem, way->class_index)) != NULL &&
               !memo_says_no(&p->memo, gang, &anywhere) &&
               (try_at(p, gang, way->where) || try_at(p, gang, anywhere)))
            problem->classes[way->class_index].taken++;
    }
    mem_free(order);
}

/* What is left over, the most valuable first: for swaps. Returns how many. */
static size_t find_left_over(
    const struct core *core, const struct round_problem *problem, struct core_gang **left)
{
    double values[PICKS_LEFT_MOST];
    size_t count = 0;

    for (int c = 0; c < problem->lp.class_count; c++)
        for (int k = problem->classes[c].taken; k < problem->classes[c].count; k++) {
            struct core_gang *gang = problem->classes[c].members[k];
            double value = pick_most_value(core, gang);
            size_t at;

            if (!core_gang_is_ready(core, gang) ||
                (count == PICKS_LEFT_MOST && value <= values[count - 1]))
                continue;
            at = count < PICKS_LEFT_MOST ? count++ : count - 1;
            for (; at > 0 && values[at - 1] < value; at--) {
                values[at] = values[at - 1];
                left[at] = left[at - 1];
            }
            values[at] = value;
            left[at] = gang;
        }
    return count;
}

void pick_gangs(struct core *core, struct round_problem *problem,
    const struct placement_answer *answer, struct picks *picks)
{
    struct picker p = {.core = core, .picks = picks, .may_borrow = problem->may_borrow};
    struct core_gang *left[PICKS_LEFT_MOST];
    size_t left_count;

    if (answer != NULL && answer->status == PLACEMENT_FAILED)
        answer = NULL;
    if (answer != NULL)
        pick_served(&p, problem, answer);
    pick_rest(&p, problem, answer);
    left_count = find_left_over(core, problem, left);
    picks_improve(core, left, left_count, problem->may_borrow, picks);
}

bool pick_best(struct core *core, struct core_gang *gang, bool may_borrow, struct picks *picks)
{
    struct placement placement = {0};
    double most = pick_most_value(core, gang);

    if (!decide_find_best(core, gang, may_borrow, 0, &placement))
        return false;
    if (pick_value(core, gang, &placement) < most - 1e-9 * fabs(most)) {
        placement_fini(&placement);
        return false;
    }
    picks_add(core, picks, gang, &placement);
    return true;
}

void picks_drop(struct core *core, struct picks *picks)
{
    picks_cut(core, picks, 0);
    mem_free(picks->list);
    *picks = (struct picks){0};
}

void picks_start(struct core *core, struct picks *picks, struct actions *out)
{
    for (size_t i = 0; i < picks->count; i++)
        ledger_release(core->ledger, pick_holder(picks->list[i].gang));
    for (size_t i = 0; i < picks->count; i++)
        decide_start(core, picks->list[i].gang, &picks->list[i].placement, out);
    mem_free(picks->list);
    *picks = (struct picks){0};
}
