/* The least changes that make a scenario feasible: of one thing alone, else of several together. */
#include "planner/conflict_private.h"

#include "base/mem.h"
#include "planner/capacity_coarse.h"
#include "planner/capacity_model.h"

#include <math.h>
#include <stdlib.h>

static const double ENOUGH_REL = 1e-6; /* a repair is tried with so much more than its least */

static double with_margin(double amount)
{
    return amount * (1 + ENOUGH_REL) + ENOUGH_REL;
}

/* --- Since when, until when */

/* The last period from which the change would still be in time. */
static int find_from(struct elastic *e, int thing, double amount)
{
    int low = 0;
    int high = e->scenario->period_count - 1;

    while (low < high && !e->is_over) {
        int middle = (low + high + 1) / 2;

        elastic_relax(e, thing, middle, e->scenario->period_count, with_margin(amount));
        if (elastic_solve(e, NULL) == LP_OPTIMAL)
            low = middle;
        else
            high = middle - 1;
    }
    elastic_restore(e, thing);
    return e->is_over ? 0 : low;
}

/* The first period after which the commitment says nothing any more. */
static int commitment_end(const struct scenario *sc, const struct commitment *commitment)
{
    int end = sc->period_count;

    while (end > 0 && sc->periods[end - 1].start >= commitment->to)
        end--;
    return end;
}

/* The first period at which the commitment could begin instead; -1: at none of its own. */
static int find_later(struct elastic *e, int thing)
{
    int count = commitment_end(e->scenario, &e->scenario->commitments[e->things[thing].index]);
    int low = 0;
    int high = count;

    while (low < high && !e->is_over) {
        int middle = (low + high) / 2;

        elastic_relax(e, thing, 0, middle, INFINITY);
        if (elastic_solve(e, NULL) == LP_OPTIMAL)
            high = middle;
        else
            low = middle + 1;
    }
    elastic_restore(e, thing);
    return e->is_over || high >= count ? -1 : high;
}

/* --- One change alone */

/* The least change of one thing alone; false: no change of it is enough, or that is not known. */
static bool find_repair(struct elastic *e, int thing, struct conflict_repair *out)
{
    struct lp *lp = e->model->lp;
    bool is_enough;

    elastic_free(e, lp, thing, INFINITY, 1);
    is_enough = elastic_solve(e, NULL) == LP_OPTIMAL;
    if (is_enough)
        *out = (struct conflict_repair){.thing = e->things[thing],
            .amount = lp_column_value(lp, e->slacks[thing]),
            .later_period = -1,
            .objective_usd = NAN};
    elastic_free(e, lp, thing, 0, 0);
    if (is_enough && out->thing.kind == CONFLICT_SITE_POWER)
        out->from_period = find_from(e, thing, out->amount);
    if (is_enough && out->thing.kind == CONFLICT_COMMITMENT)
        out->later_period = find_later(e, thing);
    return is_enough;
}

static int find_index(const struct elastic *e, struct conflict_thing thing)
{
    int i = 0;

    while (e->things[i].kind != thing.kind || e->things[i].index != thing.index)
        i++;
    return i;
}

static int compare_repairs(const void *a, const void *b)
{
    const struct conflict_repair *left = a;
    const struct conflict_repair *right = b;

    if (isnan(left->objective_usd) != isnan(right->objective_usd))
        return isnan(left->objective_usd) ? 1 : -1;
    if (left->objective_usd < right->objective_usd || left->objective_usd > right->objective_usd)
        return left->objective_usd < right->objective_usd ? -1 : 1;
    return (int)left->thing.kind - (int)right->thing.kind;
}

/* A program of its own, with the model's costs: it starts from nothing, as the basis of a program
 * without costs is no good start for it. */
static struct lp *costed_lp(const struct elastic *e)
{
    struct lp *lp = lp_copy(e->model->lp);

    for (int j = 0; j < e->own_columns; j++)
        lp_set_cost(lp, j, e->costs[j]);
    lp_clear_basis(lp);
    return lp;
}

/* What the best plan costs with each repair. */
static void cost_repairs(struct elastic *e, struct conflict *out)
{
    struct lp *lp = costed_lp(e);
    unsigned char *is_first = mem_zero((size_t)lp_column_count(lp), 1);

    capacity_choose_cheapest(e->model, is_first);
    for (int i = 0; i < out->repair_count && !e->is_over; i++) {
        struct conflict_repair *repair = &out->repairs[i];
        int thing = find_index(e, repair->thing);

        elastic_free(e, lp, thing, with_margin(repair->amount), 0);
        is_first[e->slacks[thing]] = 1;
        if (elastic_solve_other(e, lp, is_first, NULL) == LP_OPTIMAL)
            repair->objective_usd = lp_objective(lp) * e->model->cost_scale;
        elastic_free(e, lp, thing, 0, 0);
        lp_get_sifted(lp, is_first);
    }
    mem_free(is_first);
    lp_destroy(lp);
}

/* --- Changes that are enough together, each counted against how large the thing is */

static double thing_size(const struct scenario *sc, struct conflict_thing thing)
{
    double size = 0;

    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
        for (size_t i = 0; i < sc->sites[thing.index].power_mw.count; i++)
            size = fmax(size, sc->sites[thing.index].power_mw.rows[i].value);
        break;
    case CONFLICT_FLOOR:
        size = sc->sites[thing.index].rack_positions;
        break;
    case CONFLICT_SUPPLY:
        for (size_t i = 0; i < sc->offers[thing.index].supply_per_month.count; i++)
            size = fmax(size, sc->offers[thing.index].supply_per_month.rows[i].value);
        break;
    case CONFLICT_OFFER_MAX:
        size = sc->offers[thing.index].max_systems;
        break;
    case CONFLICT_COMMITMENT:
        size = sc->commitments[thing.index].mw;
        break;
    case CONFLICT_BUDGET:
        size = sc->budgets[thing.index].limit;
        break;
    case CONFLICT_WORKLOAD_MAX:
        size = sc->workloads[thing.index].max_systems;
        break;
    case CONFLICT_LIMIT:
    case CONFLICT_REQUIRED:
    case CONFLICT_KIND_COUNT:
        size = 1;
        break;
    }
    return isfinite(size) && size > 0 ? size : 1;
}

static void find_together(struct elastic *e, struct conflict *out)
{
    for (int i = 0; i < e->thing_count; i++)
        elastic_free(e, e->model->lp, i, INFINITY, 1 / thing_size(e->scenario, e->things[i]));
    if (elastic_solve(e, NULL) == LP_OPTIMAL) {
        out->together = mem_zero((size_t)e->thing_count, sizeof *out->together);
        out->together_amounts = mem_zero((size_t)e->thing_count, sizeof(double));
        for (int i = 0; i < e->thing_count; i++) {
            double amount = lp_column_value(e->model->lp, e->slacks[i]);

            if (amount > 1e-7 * thing_size(e->scenario, e->things[i])) {
                out->together[out->together_count] = e->things[i];
                out->together_amounts[out->together_count++] = amount;
            }
        }
    }
    for (int i = 0; i < e->thing_count; i++)
        elastic_free(e, e->model->lp, i, 0, 0);
}

void conflict_find_repairs(struct elastic *e, const bool *is_candidate, struct conflict *out)
{
    out->repairs = mem_zero((size_t)e->thing_count, sizeof *out->repairs);
    for (int i = 0; i < e->thing_count && !e->is_over; i++)
        if (is_candidate[i] && find_repair(e, i, &out->repairs[out->repair_count]))
            out->repair_count++;
    out->are_repairs_all = !e->is_over;
    cost_repairs(e, out);
    qsort(out->repairs, (size_t)out->repair_count, sizeof *out->repairs, compare_repairs);
    if (out->repair_count == 0 && !e->is_over)
        find_together(e, out);
    out->is_cut |= e->is_over;
}
