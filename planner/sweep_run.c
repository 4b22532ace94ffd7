/*
 * How a sweep is walked. Of each axis the point nearest to the scenario as it is comes first, then
 * those to one side of it, each from its neighbour's basis, then those to the other: a scenario is
 * planned as one that has a plan, and a changed one is never far from one that was solved.
 *
 * Where a point is infeasible, so is each that is at least as hard in all axes: with x a plan of
 * the harder point, a plan of the easier one is
 *   power, supply, budget   x: only right sides grew
 *   available               x: sooner adds acquisitions, which may be 0
 *   demand                  x with u and f times the factor between the two: each row of demand,
 *                           survival and volume asks for so much less, no other has u or f in it
 * Prices and energy change coefficients of budgets and commitments; nothing is concluded from them.
 */
#include "planner/sweep.h"

#include "base/mem.h"

#include <math.h>

/* Which way of a kind of change is harder: up, down or, 0, neither. */
static const int HARDER[CHANGE_KIND_COUNT] = {
    [CHANGE_POWER] = -1,
    [CHANGE_DEMAND] = 1,
    [CHANGE_BUDGET] = -1,
    [CHANGE_SUPPLY] = -1,
    [CHANGE_AVAILABLE] = 1,
};

struct walk {
    struct sweep *sweep;
    const struct solve_options *options;
    int (*done)(void *context, const struct sweep *sweep, const struct sweep_point *point);
    void *context;
    double start_s;
    const struct sweep_point **infeasible; /* the easiest ones */
    size_t infeasible_count, infeasible_capacity;
};

/* --- Points that need no solve */

/* Is the point at least as hard as the other, in all axes? */
static bool is_as_hard(
    const struct sweep *sweep, const struct sweep_point *point, const struct sweep_point *other)
{
    for (int a = 0; a < sweep->axis_count; a++) {
        double harder = HARDER[sweep->axes[a].change.kind] * (point->values[a] - other->values[a]);

        if (point->values[a] != other->values[a] && !(harder > 0))
            return false;
    }
    return true;
}

static bool is_surely_infeasible(const struct walk *w, const struct sweep_point *point)
{
    for (size_t i = 0; i < w->infeasible_count; i++)
        if (is_as_hard(w->sweep, point, w->infeasible[i]))
            return true;
    return false;
}

/* One more point that is infeasible; those that are as hard need not be kept any more. */
static void note_infeasible(struct walk *w, const struct sweep_point *point)
{
    size_t count = 0;

    if (is_surely_infeasible(w, point))
        return;
    for (size_t i = 0; i < w->infeasible_count; i++)
        if (!is_as_hard(w->sweep, w->infeasible[i], point))
            w->infeasible[count++] = w->infeasible[i];
    w->infeasible = mem_grow(w->infeasible, count, &w->infeasible_capacity, sizeof *w->infeasible);
    w->infeasible[count] = point;
    w->infeasible_count = count + 1;
}

static void note_known(struct walk *w)
{
    for (size_t i = 0; i < w->sweep->point_count; i++)
        if (w->sweep->points[i].is_known && w->sweep->points[i].status == PLAN_INFEASIBLE)
            note_infeasible(w, &w->sweep->points[i]);
}

/* --- Points that do */

static void mark_without_plan(struct sweep_point *point, enum plan_status status)
{
    point->is_known = true;
    point->status = status;
    point->objective_usd = point->peak_mw = point->acquired = NAN;
    for (int i = 0; i < COST_PART_COUNT; i++)
        point->cost_usd[i] = NAN;
}

static void read_plan(const struct capacity_plan *plan, struct sweep_point *point)
{
    int periods = plan->scenario->period_count;
    double *mw;

    mark_without_plan(point, plan->status);
    if (!plan->has_plan)
        return;
    point->objective_usd = plan->objective_usd;
    for (int i = 0; i < COST_PART_COUNT; i++)
        point->cost_usd[i] = plan->cost_usd[i];
    point->peak_mw = point->acquired = 0;
    mw = mem_zero((size_t)periods, sizeof *mw);
    for (size_t i = 0; i < plan->power.count; i++)
        mw[plan->power.rows[i].period] += plan->power.rows[i].operating_mw;
    for (int t = 0; t < periods; t++)
        point->peak_mw = fmax(point->peak_mw, mw[t]);
    for (size_t i = 0; i < plan->acquired.count; i++)
        point->acquired += plan->acquired.rows[i].systems;
    mem_free(mw);
}

static int solve_point(struct sweep *sweep, struct sweep_point *point,
    const struct solve_options *options, struct err *err)
{
    struct scenario_change changes[SWEEP_AXES_MAX];
    struct scenario *changed;
    struct capacity_plan *plan;

    for (int a = 0; a < sweep->axis_count; a++) {
        changes[a] = sweep->axes[a].change;
        if (changes[a].kind == CHANGE_AVAILABLE)
            changes[a].months = (int)point->values[a];
        else
            changes[a].factor = point->values[a];
    }
    changed = scenario_changed(sweep->scenario, changes, (size_t)sweep->axis_count);
    plan = capacity_solve(changed, options, err);
    if (plan != NULL && plan->status != PLAN_TIME_LIMIT)
        read_plan(plan, point);
    capacity_plan_destroy(plan);
    scenario_destroy(changed);
    return plan != NULL ? 0 : -1;
}

/* How long the point may take; false: none is left. */
static bool limit_time(const struct walk *w, struct solve_options *options)
{
    if (options->time_limit_s <= 0)
        return true;
    options->time_limit_s -= options->clock_s() - w->start_s;
    return options->time_limit_s > 0;
}

/* Solve the point from a basis, and leave its own there. As sweep_run. */
static int visit(
    struct walk *w, struct sweep_point *point, struct capacity_basis *basis, struct err *err)
{
    struct solve_options options = *w->options;

    if (point->is_known)
        return 0;
    if (!limit_time(w, &options) || (options.stop != NULL && options.stop(options.context)))
        return 1;
    options.without_prices = true;
    options.warm = basis;
    if (is_surely_infeasible(w, point))
        mark_without_plan(point, PLAN_INFEASIBLE);
    else if (solve_point(w->sweep, point, &options, err) != 0)
        return -1;
    if (!point->is_known)
        return 1;
    if (point->status == PLAN_INFEASIBLE)
        note_infeasible(w, point);
    return w->done != NULL && w->done(w->context, w->sweep, point) != 0 ? -1 : 0;
}

/* --- The order */

/* The step of the axis that is nearest to the scenario as it is. */
static int middle_step(const struct sweep_axis *axis)
{
    double neutral = axis->change.kind == CHANGE_AVAILABLE ? 0 : 1;
    int middle = 0;

    for (int i = 1; i < axis->count; i++)
        if (fabs(sweep_axis_value(axis, i) - neutral) <
            fabs(sweep_axis_value(axis, middle) - neutral))
            middle = i;
    return middle;
}

/* All points with the first `axis` steps as in `first`; leaves the basis of the middle one. */
static int walk_axis(
    struct walk *w, int axis, size_t first, struct capacity_basis *basis, struct err *err)
{
    int count, middle, rc;

    if (axis == w->sweep->axis_count)
        return visit(w, &w->sweep->points[first], basis, err);
    count = w->sweep->axes[axis].count;
    middle = middle_step(&w->sweep->axes[axis]);
    first *= (size_t)count;
    rc = walk_axis(w, axis + 1, first + (size_t)middle, basis, err);
    for (int step = -1; step <= 1; step += 2) {
        struct capacity_basis at = capacity_basis_copy(basis);

        for (int i = middle + step; i >= 0 && i < count && rc == 0; i += step)
            rc = walk_axis(w, axis + 1, first + (size_t)i, &at, err);
        capacity_basis_fini(&at);
    }
    return rc;
}

int sweep_run(struct sweep *sweep, const struct solve_options *options,
    int (*done)(void *context, const struct sweep *sweep, const struct sweep_point *point),
    void *context, struct err *err)
{
    struct walk w = {.sweep = sweep,
        .options = options,
        .done = done,
        .context = context,
        .start_s = options->clock_s()};
    struct capacity_basis basis = {0};
    int rc;

    note_known(&w);
    rc = walk_axis(&w, 0, 0, &basis, err);
    capacity_basis_fini(&basis);
    mem_free(w.infeasible);
    return rc;
}
