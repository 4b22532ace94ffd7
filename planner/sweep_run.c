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
 *
 * The two sides of the middle need nothing of each other: where the sweep may, one is walked on a
 * thread of its own. What each point comes to does not depend on that.
 */
#include "planner/sweep.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/lp.h"

#include <math.h>
#include <pthread.h>

/* Which way of a kind of change is harder: up, down or, 0, neither. */
static const int HARDER[CHANGE_KIND_COUNT] = {
    [CHANGE_POWER] = -1,
    [CHANGE_DEMAND] = 1,
    [CHANGE_BUDGET] = -1,
    [CHANGE_SUPPLY] = -1,
    [CHANGE_AVAILABLE] = 1,
};

/* What is called after each point, by one thread at a time. */
struct listener {
    int (*done)(void *context, const struct sweep *sweep, const struct sweep_point *point);
    void *context;
    pthread_mutex_t mutex;
};

/* What one thread walks with. */
struct walk {
    struct sweep *sweep;
    const struct solve_options *options;
    struct listener *listener;
    double start_s;
    bool is_split;                         /* the other side is walked by another thread */
    struct lp *lp;                         /* of the last solve */
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

/* What another walk found. */
static void note_all_infeasible(struct walk *w, const struct walk *other)
{
    for (size_t i = 0; i < other->infeasible_count; i++)
        note_infeasible(w, other->infeasible[i]);
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

static int tell(struct walk *w, const struct sweep_point *point)
{
    int rc;

    if (w->listener->done == NULL)
        return 0;
    (void)pthread_mutex_lock(&w->listener->mutex);
    rc = w->listener->done(w->listener->context, w->sweep, point);
    (void)pthread_mutex_unlock(&w->listener->mutex);
    return rc != 0 ? -1 : 0;
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
    options.kept = &w->lp;
    if (is_surely_infeasible(w, point))
        mark_without_plan(point, PLAN_INFEASIBLE);
    else if (solve_point(w->sweep, point, &options, err) != 0)
        return -1;
    if (!point->is_known)
        return 1;
    if (point->status == PLAN_INFEASIBLE)
        note_infeasible(w, point);
    return tell(w, point);
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

/* One side of an axis: the steps from the middle's neighbour on. */
struct side {
    struct walk walk;            /* of a thread of its own */
    struct capacity_basis basis; /* the middle's, then that of the last point */
    int axis, count, middle, step;
    size_t first;
    int rc;
    struct err err;
};

static int walk_axis(
    struct walk *w, int axis, size_t first, struct capacity_basis *basis, struct err *err);

static int walk_side(struct walk *w, struct side *side, struct err *err)
{
    int rc = 0;

    for (int i = side->middle + side->step; i >= 0 && i < side->count && rc == 0; i += side->step)
        rc = walk_axis(w, side->axis + 1, side->first + (size_t)i, &side->basis, err);
    return rc;
}

static void *walk_on_thread(void *argument)
{
    struct side *side = argument;

    side->rc = walk_side(&side->walk, side, &side->err);
    return NULL;
}

static void fini_walk(struct walk *w)
{
    lp_destroy(w->lp);
    mem_free(w->infeasible);
}

/* Both sides at once; the first on a thread of its own, or before the other where there is none. */
static int walk_both(struct walk *w, struct side sides[2], struct err *err)
{
    struct walk *other = &sides[0].walk;
    pthread_t thread;
    int rc;

    *other = (struct walk){.sweep = w->sweep,
        .options = w->options,
        .listener = w->listener,
        .start_s = w->start_s,
        .is_split = true};
    note_all_infeasible(other, w);
    if (pthread_create(&thread, NULL, walk_on_thread, &sides[0]) != 0) {
        rc = walk_side(w, &sides[0], err);
        if (rc == 0)
            rc = walk_side(w, &sides[1], err);
        fini_walk(other);
        return rc;
    }
    w->is_split = true;
    rc = walk_side(w, &sides[1], err);
    w->is_split = false;
    (void)pthread_join(thread, NULL);
    note_all_infeasible(w, other);
    fini_walk(other);
    if (sides[0].rc < 0 && rc >= 0)
        *err = sides[0].err;
    return rc < 0 || sides[0].rc < 0 ? -1 : rc > sides[0].rc ? rc : sides[0].rc;
}

/* All points with the first `axis` steps as in `first`; leaves the basis of the middle one. */
static int walk_axis(
    struct walk *w, int axis, size_t first, struct capacity_basis *basis, struct err *err)
{
    struct side sides[2];
    int count, middle, rc;

    if (axis == w->sweep->axis_count)
        return visit(w, &w->sweep->points[first], basis, err);
    count = w->sweep->axes[axis].count;
    middle = middle_step(&w->sweep->axes[axis]);
    first *= (size_t)count;
    rc = walk_axis(w, axis + 1, first + (size_t)middle, basis, err);
    if (rc != 0)
        return rc;
    for (int i = 0; i < 2; i++)
        sides[i] = (struct side){.basis = capacity_basis_copy(basis),
            .axis = axis,
            .count = count,
            .middle = middle,
            .step = i == 0 ? -1 : 1,
            .first = first};
    if (w->sweep->is_parallel && !w->is_split && middle > 0 && middle + 1 < count)
        rc = walk_both(w, sides, err);
    else
        for (int i = 0; i < 2 && rc == 0; i++)
            rc = walk_side(w, &sides[i], err);
    for (int i = 0; i < 2; i++)
        capacity_basis_fini(&sides[i].basis);
    return rc;
}

int sweep_run(struct sweep *sweep, const struct solve_options *options,
    int (*done)(void *context, const struct sweep *sweep, const struct sweep_point *point),
    void *context, struct err *err)
{
    struct listener listener = {
        .done = done, .context = context, .mutex = PTHREAD_MUTEX_INITIALIZER};
    struct walk w = {
        .sweep = sweep, .options = options, .listener = &listener, .start_s = options->clock_s()};
    struct capacity_basis basis = {0};
    int rc;

    note_known(&w);
    rc = walk_axis(&w, 0, 0, &basis, err);
    capacity_basis_fini(&basis);
    fini_walk(&w);
    return rc;
}
