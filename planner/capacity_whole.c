/*
 * Whole systems. The relaxation gives the bound. Binaries, where there are any, are chosen by
 * branch and cut with systems in fractions. Then dives and neighbourhoods find plans; and where
 * these do not come within the gap, branch and cut over all that is whole, with what the
 * relaxation's reduced costs leave of the columns' bounds: it finds what is left, and raises the
 * bound.
 */
#include "planner/capacity_plan_private.h"

#include "planner/capacity_dive.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const double WHOLE_TOLERANCE = 1e-7;

/* What is good enough where nothing is asked for, by how many numbers are to be whole. */
struct default_gap {
    int whole_most;
    double gap;
};
static const struct default_gap DEFAULT_GAPS[] = {{64, 1e-6}, {INT_MAX, 1e-4}};

/* Neighbourhoods in a row without a gain, before branch and cut; and in all where nothing is asked
 * for. */
enum { IDLE_ROUNDS = 40, ROUNDS_BY_DEFAULT = 120 };

/* Where nothing is asked for, branch and cut takes so many iterations times terms, at most. */
static const double BRANCH_WORK = 1.5e7;

/* Of the time that there is, what choosing binaries may take. */
static const double BINARY_SHARE = 0.5;
/* And of the gap. */
static const double BINARY_GAP_SHARE = 0.5;

/* What a reduced cost may be off by, relatively. */
static const double TIGHTEN_SLACK = 1e-7;

/* Of the time, what a plan in a hurry may take where the first dive did not come to one; after
 * Ctrl-C at least so long. */
static const double ROUNDING_SHARE = 0.2, ROUNDING_LEAST_S = 2;

struct whole {
    struct capacity_model *model;
    const struct capacity_whole_options *options;
    struct capacity_whole_answer *answer;
    double start_s, deadline_s;
    double gap;
    double root;           /* the relaxation's objective */
    double *reduced_cost;  /* and reduced costs, by column */
    double *lower, *upper; /* the columns' own bounds */
};

/* --- Small things */

double capacity_default_gap(int whole_count)
{
    size_t i = 0;

    while (whole_count > DEFAULT_GAPS[i].whole_most)
        i++;
    return DEFAULT_GAPS[i].gap;
}

int64_t capacity_default_iterations(const struct lp *lp)
{
    return (int64_t)(BRANCH_WORK / (lp_term_count(lp) + 1));
}

static double gap_for(const struct whole *w)
{
    return w->options->gap > 0 ? w->options->gap
                               : capacity_default_gap(lp_integer_count(w->model->lp));
}

static double good_enough(const struct whole *w)
{
    return w->answer->bound + w->gap * fabs(w->answer->bound);
}

static bool is_good_enough(const struct whole *w)
{
    return w->answer->values != NULL && w->answer->objective <= good_enough(w);
}

static double left_s(const struct whole *w)
{
    return isinf(w->deadline_s) ? 0 : fmax(1e-3, w->deadline_s - w->options->clock_s());
}

static bool is_stopped(const struct whole *w)
{
    const struct lp_options *lp = w->options->lp;

    return lp->stop != NULL && lp->stop(lp->context);
}

static bool is_binary(const struct capacity_model *model, int column)
{
    enum column_family family = model->columns[column].family;

    return family == COLUMN_AT_SITE || family == COLUMN_PORTED;
}

static bool is_whole_system(const struct capacity_model *model, int column)
{
    enum column_family family = model->columns[column].family;

    return family == COLUMN_ACQUIRE || family == COLUMN_KEEP;
}

static void restore_bounds(const struct whole *w)
{
    for (int j = 0; j < w->model->column_count; j++)
        lp_set_column_bounds(w->model->lp, j, w->lower[j], w->upper[j]);
}

/* Keep a plan that is better than the best so far. */
static void take(struct whole *w, const double *values, double objective)
{
    size_t count = (size_t)w->model->column_count;

    if (w->answer->values != NULL && objective >= w->answer->objective)
        return;
    if (w->answer->values == NULL)
        w->answer->values = mem_zero(count, sizeof *values);
    memcpy(w->answer->values, values, count * sizeof *values);
    w->answer->objective = objective;
}

static void take_point(struct whole *w)
{
    double *values;

    if (!lp_has_point(w->model->lp))
        return;
    values = mem_zero((size_t)w->model->column_count, sizeof *values);
    capacity_read_values(w->model, values);
    take(w, values, lp_objective(w->model->lp));
    mem_free(values);
}

static bool has_binaries(const struct capacity_model *model)
{
    for (int j = 0; j < model->column_count; j++)
        if (is_binary(model, j))
            return true;
    return false;
}

/* --- The relaxation */

static bool has_whole_point(const struct capacity_model *model)
{
    for (int j = 0; j < model->column_count; j++) {
        double value = lp_column_value(model->lp, j);

        if (lp_column_kind(model->lp, j) != LP_CONTINUOUS &&
            fabs(value - round(value)) > WHOLE_TOLERANCE)
            return false;
    }
    return true;
}

static enum lp_status relax(struct whole *w, struct err *err)
{
    struct capacity_model *model = w->model;
    enum lp_status status = capacity_solve_relaxed(
        model, w->options->lp, w->options->has_basis, err);

    w->answer->bound = lp_bound(model->lp);
    if (status != LP_OPTIMAL)
        return status;
    w->root = lp_objective(model->lp);
    for (int j = 0; j < model->column_count; j++) {
        w->reduced_cost[j] = lp_reduced_cost(model->lp, j);
        w->lower[j] = lp_column_lower(model->lp, j);
        w->upper[j] = lp_column_upper(model->lp, j);
    }
    if (has_whole_point(model))
        take_point(w);
    return status;
}

/* --- Binaries */

static void set_systems_kind(struct capacity_model *model, enum lp_kind kind)
{
    for (int j = 0; j < model->column_count; j++)
        if (is_whole_system(model, j))
            lp_set_kind(model->lp, j, kind);
}

/* Choose the binaries with systems in fractions, and fix them. False: they could not be chosen. */
static bool choose_binaries(struct whole *w)
{
    struct capacity_model *model = w->model;
    struct lp_options options = *w->options->lp;
    double *values = NULL;

    set_systems_kind(model, LP_CONTINUOUS);
    if (lp_integer_count(model->lp) > 0) {
        options.time_limit_s = BINARY_SHARE * left_s(w);
        options.gap = BINARY_GAP_SHARE * w->gap;
        (void)lp_solve_mip(model->lp, &options, NULL);
        w->answer->bound = fmax(w->answer->bound, lp_bound(model->lp));
        if (lp_has_point(model->lp)) {
            values = mem_zero((size_t)model->column_count, sizeof *values);
            capacity_read_values(model, values);
        }
    }
    set_systems_kind(model, LP_INTEGER);
    for (int j = 0; j < model->column_count && values != NULL; j++)
        if (is_binary(model, j))
            lp_set_column_bounds(model->lp, j, round(values[j]), round(values[j]));
    mem_free(values);
    return values != NULL || !has_binaries(model);
}

/* --- Dives */

/* Ended without a plan: a plan in what is left of the time, or what Ctrl-C has to wait at most. */
static bool round_at_once(struct whole *w, struct capacity_dive *dive)
{
    double now_s = w->options->clock_s();
    double until_s = now_s + fmax(ROUNDING_LEAST_S, ROUNDING_SHARE * (now_s - w->start_s));

    return capacity_dive_round(dive, fmin(until_s, w->deadline_s));
}

/* Dive for plans. False: time or `stop` ended the first dive. */
static bool dive(struct whole *w)
{
    struct capacity_dive_options options = {.good_enough = good_enough(w),
        .deadline_s = w->deadline_s,
        .clock_s = w->options->clock_s,
        .lp = w->options->lp};
    struct capacity_dive *dive = capacity_dive_create(w->model, &options);
    bool has_plan, is_cut;

    if (isfinite(w->deadline_s))
        options.deadline_s -= ROUNDING_SHARE * (w->deadline_s - w->start_s);
    has_plan = capacity_dive_run(dive);
    is_cut = !has_plan && (is_stopped(w) || w->options->clock_s() >= options.deadline_s);
    options.deadline_s = w->deadline_s;
    if (is_cut)
        has_plan = round_at_once(w, dive);
    if (has_plan) {
        capacity_dive_improve(dive, IDLE_ROUNDS, w->options->gap > 0 ? INT_MAX : ROUNDS_BY_DEFAULT);
        take(w, capacity_dive_values(dive), capacity_dive_objective(dive));
    }
    capacity_dive_destroy(dive);
    return !is_cut;
}

/* --- Branch and cut */

/* A plan that is better than the one there is moves no column farther from where the relaxation has
 * it than its reduced cost lets. */
static void tighten(struct whole *w)
{
    double spare;

    if (w->answer->values == NULL)
        return;
    spare = (w->answer->objective - w->root) * (1 + TIGHTEN_SLACK) +
            TIGHTEN_SLACK * fabs(w->answer->objective);
    for (int j = 0; j < w->model->column_count; j++) {
        double lower = w->lower[j], upper = w->upper[j];

        if (!is_whole_system(w->model, j))
            continue;
        if (w->reduced_cost[j] > 0)
            upper = fmin(upper, floor(lower + spare / w->reduced_cost[j]));
        if (w->reduced_cost[j] < 0)
            lower = fmax(lower, ceil(upper + spare / w->reduced_cost[j]));
        lp_set_column_bounds(w->model->lp, j, lower, upper);
    }
}

static enum lp_status branch(struct whole *w, struct err *err)
{
    struct lp *lp = w->model->lp;
    struct lp_options options = *w->options->lp;
    double least;
    enum lp_status status;

    options.time_limit_s = left_s(w);
    options.gap = w->gap / (1 + w->gap); /* there it is a share of the cost, here of the bound */
    if (w->options->gap == 0 && w->answer->values != NULL)
        options.iteration_limit = capacity_default_iterations(lp);
    tighten(w);
    status = lp_solve_mip(lp, &options, err);
    /* What was cut off by the tightened bounds costs at least as much as the plan there was. */
    least = w->answer->values != NULL ? w->answer->objective : INFINITY;
    w->answer->bound = fmax(w->answer->bound, fmin(least, lp_bound(lp)));
    take_point(w);
    if (w->answer->values == NULL)
        return status;
    if (status == LP_INFEASIBLE || status == LP_FAILED ||
        (status == LP_ITERATION_LIMIT && w->options->gap == 0))
        return LP_OPTIMAL;
    return status;
}

/* --- All of it */

static enum lp_status search(struct whole *w, struct err *err)
{
    enum lp_status status = relax(w, err);
    bool is_cut;

    if (status != LP_OPTIMAL || is_good_enough(w))
        return status;
    is_cut = choose_binaries(w) && !dive(w);
    restore_bounds(w);
    if (is_good_enough(w))
        return LP_OPTIMAL;
    if (is_stopped(w))
        return LP_INTERRUPTED;
    if (is_cut || w->options->clock_s() >= w->deadline_s)
        return LP_TIME_LIMIT;
    status = branch(w, err);
    restore_bounds(w);
    return status;
}

enum lp_status capacity_solve_whole(struct capacity_model *model,
    const struct capacity_whole_options *options, struct capacity_whole_answer *answer,
    struct err *err)
{
    size_t count = (size_t)model->column_count;
    struct whole w = {.model = model,
        .options = options,
        .answer = answer,
        .start_s = options->clock_s(),
        .deadline_s = options->time_limit_s > 0 ? options->clock_s() + options->time_limit_s
                                                : INFINITY,
        .reduced_cost = mem_zero(count, sizeof *w.reduced_cost),
        .lower = mem_zero(count, sizeof *w.lower),
        .upper = mem_zero(count, sizeof *w.upper)};
    enum lp_status status;

    *answer = (struct capacity_whole_answer){.objective = INFINITY, .bound = -INFINITY};
    w.gap = gap_for(&w);
    status = search(&w, err);
    answer->bound = fmin(answer->bound, answer->objective);
    mem_free(w.reduced_cost);
    mem_free(w.lower);
    mem_free(w.upper);
    return status;
}
