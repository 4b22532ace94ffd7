#include "planner/futures.h"

#include "base/err.h"
#include "planner/capacity_plan_private.h"
#include "planner/futures_joint.h"
#include "planner/lp.h"
#include "workloads/scenario_change.h"

#include <math.h>

/* From so many columns on, most of which no plan uses, sifting pays. */
enum { SIFT_COLUMNS = 3000 };
/* What branch and cut may take of what it may for one plan, which dives have found before. */
enum { BRANCH_FACTOR = 2 };
/* What is nearer to the bound than this, in all, is rounding. */
static const double GAP_MIN = 1e-9;
/* What is left of a time limit that is over: 0 would be none. */
static const double TIME_LEAST_S = 1e-3;

struct solving {
    struct futures *out;
    const struct scenario *sc;
    const struct solve_options *options;
    struct joint *joint;
    double *values; /* of the joint program's columns */
    double start_s;
};

/* --- The solver */

static void tell_progress(void *context, const struct lp_progress *progress)
{
    const struct solving *s = context;

    if (s->options->progress != NULL)
        s->options->progress(s->options->context, "planning for all futures at once",
            (double)progress->iterations, 0);
}

static bool is_stopped(void *context)
{
    const struct solving *s = context;

    return s->options->stop != NULL && s->options->stop(s->options->context);
}

/* Of the time limit; 0: there is none. */
static double left_s(const struct solving *s)
{
    if (s->options->time_limit_s <= 0)
        return 0;
    return fmax(s->options->time_limit_s - (s->options->clock_s() - s->start_s), TIME_LEAST_S);
}

static bool is_over(struct solving *s)
{
    return is_stopped(s) || (s->options->time_limit_s > 0 && left_s(s) <= TIME_LEAST_S);
}

/* Branch and cut. Where whole systems are asked for and no gap, it ends as that of one plan does;
 * without a plan by then it goes on to the first one within the gap. */
static enum lp_status branch(struct solving *s, struct lp_options options, struct err *err)
{
    struct lp *lp = s->joint->lp;
    enum lp_status status;

    if (options.gap == 0 && s->out->is_whole) {
        options.gap = capacity_default_gap(lp_integer_count(lp));
        options.iteration_limit = BRANCH_FACTOR * capacity_default_iterations(lp);
    }
    status = lp_solve_mip(lp, &options, err);
    if (status != LP_ITERATION_LIMIT)
        return status;
    if (lp_has_point(lp))
        return LP_OPTIMAL;
    options.iteration_limit = 0;
    options.time_limit_s = left_s(s);
    return lp_solve_mip(lp, &options, err);
}

static enum lp_status run_solver(struct solving *s, struct err *err)
{
    const struct lp_options options = {.time_limit_s = left_s(s),
        .gap = s->options->gap,
        .progress = tell_progress,
        .stop = is_stopped,
        .context = s};
    struct lp *lp = s->joint->lp;
    unsigned char *is_first;
    enum lp_status status;

    if (lp_integer_count(lp) > 0)
        return branch(s, options, err);
    if (lp_column_count(lp) < SIFT_COLUMNS)
        return lp_solve(lp, &options, err);
    is_first = mem_zero((size_t)lp_column_count(lp), 1);
    joint_choose_first(s->joint, is_first);
    status = lp_solve_sifting(lp, is_first, &options, err);
    mem_free(is_first);
    return status;
}

/* --- The plans */

static void read_values(struct solving *s)
{
    struct lp *lp = s->joint->lp;

    for (int j = 0; j < lp_column_count(lp); j++)
        s->values[j] = fmin(
            fmax(lp_column_value(lp, j), lp_column_lower(lp, j)), lp_column_upper(lp, j));
}

/* With the whole numbers fixed the rest is a linear program, whose values are exact. */
static void settle(struct solving *s)
{
    const struct lp_options options = {.time_limit_s = left_s(s), .stop = is_stopped, .context = s};
    struct lp *lp = s->joint->lp;

    for (int j = 0; j < lp_column_count(lp); j++)
        if (lp_column_kind(lp, j) != LP_CONTINUOUS) {
            s->values[j] = round(s->values[j]);
            lp_set_column_bounds(lp, j, s->values[j], s->values[j]);
        }
    if (lp_solve(lp, &options, NULL) == LP_OPTIMAL)
        read_values(s);
}

static int read_plan(struct solving *s, int future, struct err *err)
{
    const struct capacity_model *model = s->joint->models[future];
    double *values = mem_zero((size_t)model->column_count, sizeof *values);
    struct capacity_plan *plan = capacity_plan_create(model->scenario);

    for (int j = 0; j < model->column_count; j++)
        values[j] = s->values[s->joint->columns[future][j]];
    plan->status = s->out->status;
    plan->has_plan = true;
    plan->is_whole = s->out->is_whole;
    plan->size.rows = model->row_count;
    plan->size.columns = model->column_count;
    plan->size.nonzeros = lp_term_count(model->lp);
    plan->size.integers = lp_integer_count(model->lp);
    capacity_plan_extract(plan, model, values);
    mem_free(values);
    capacity_plan_derive(plan);
    plan->bound_usd = plan->gap = NAN; /* the expected cost has them, not its parts */
    s->out->rows[future].plan = plan;
    s->out->expected_usd += s->sc->futures[future].probability * plan->objective_usd;
    return capacity_plan_check(plan, err) == 0
               ? 0
               : err_wrap(err, "future %s", s->sc->futures[future].id);
}

static void list_common(struct solving *s)
{
    for (int i = 0; i < s->joint->share_count; i++) {
        const struct joint_share *share = &s->joint->shares[i];
        double systems = s->values[share->column];

        if (share->key.family == COLUMN_ACQUIRE && systems > PLAN_SYSTEMS_MIN)
            PLAN_APPEND(s->out->common, ((struct future_common){share->key.offer, share->key.site,
                                            share->key.period, systems, share->futures}));
    }
}

static void set_gap(struct futures *out)
{
    double above_usd = out->expected_usd - out->bound_usd;

    if (above_usd <= GAP_MIN * fabs(out->expected_usd))
        out->bound_usd = out->expected_usd;
    out->gap = out->bound_usd == out->expected_usd ? 0 : above_usd / fabs(out->bound_usd);
}

static int read_plans(struct solving *s, struct err *err)
{
    bool has_integers = lp_integer_count(s->joint->lp) > 0;

    s->values = mem_zero((size_t)lp_column_count(s->joint->lp), sizeof *s->values);
    read_values(s);
    if (has_integers)
        settle(s);
    s->out->has_plan = true;
    for (int i = 0; i < s->out->count; i++)
        if (read_plan(s, i, err) != 0)
            return -1;
    if (s->out->status == PLAN_OPTIMAL && !has_integers)
        s->out->bound_usd = s->out->expected_usd;
    set_gap(s->out);
    list_common(s);
    return 0;
}

/* --- What it would be worth to know */

/* The best cost of each future by itself. */
static int solve_alone(struct solving *s, struct err *err)
{
    double expected_usd = 0;

    for (int i = 0; i < s->out->count && !is_over(s); i++) {
        struct future_plan *row = &s->out->rows[i];
        struct solve_options options = *s->options;
        struct capacity_plan *plan;

        options.time_limit_s = left_s(s);
        options.without_prices = true;
        options.with_ranges = false;
        options.warm = NULL;
        plan = capacity_solve(row->scenario, &options, err);
        if (plan == NULL)
            return err_wrap(err, "future %s", s->sc->futures[i].id);
        row->alone_status = plan->status;
        if (plan->status == PLAN_OPTIMAL)
            row->alone_usd = plan->objective_usd;
        capacity_plan_destroy(plan);
    }
    for (int i = 0; i < s->out->count; i++)
        expected_usd += s->sc->futures[i].probability * s->out->rows[i].alone_usd;
    s->out->alone_usd = expected_usd;
    return 0;
}

/* The value of the column that is the same thing in a plan of the scenario as it stands. */
static double value_of(const struct capacity_model *model, const struct column_key *key)
{
    for (int j = 0; j < model->column_count; j++)
        if (joint_compare_keys(&model->columns[j], key) == 0)
            return lp_column_value(model->lp, j);
    return 0;
}

/* Decide what is common as the scenario as it stands would have it, and go on from there. */
static void fix_common(struct solving *s, const struct capacity_model *model)
{
    struct lp *lp = s->joint->lp;

    for (int i = 0; i < s->joint->share_count; i++) {
        const struct joint_share *share = &s->joint->shares[i];
        double value = value_of(model, &share->key);

        /* Beyond what is possible in some future: no plan goes on so. */
        if (value > lp_column_upper(lp, share->column) + PLAN_SYSTEMS_MIN)
            lp_set_column_bounds(lp, share->column, value, lp_column_upper(lp, share->column));
        else
            lp_set_column_bounds(lp, share->column, fmin(value, lp_column_upper(lp, share->column)),
                fmin(value, lp_column_upper(lp, share->column)));
    }
}

static void solve_unprepared(struct solving *s)
{
    const struct capacity_model_options model_options = {.whole_systems = s->out->is_whole};
    const struct lp_options options = {.time_limit_s = left_s(s), .stop = is_stopped, .context = s};
    struct capacity_model *model;
    enum lp_status status;

    /* With whole numbers it would be two searches more. */
    if (is_over(s) || lp_integer_count(s->joint->lp) > 0)
        return;
    model = capacity_model_create(s->sc, &model_options, NULL);
    if (model != NULL && lp_solve(model->lp, &options, NULL) == LP_OPTIMAL) {
        fix_common(s, model);
        status = lp_solve(s->joint->lp, &options, NULL);
        if (status == LP_OPTIMAL)
            s->out->unprepared_usd = lp_objective(s->joint->lp) * s->joint->cost_scale;
        else if (status == LP_INFEASIBLE)
            s->out->unprepared_usd = INFINITY;
    }
    capacity_model_destroy(model);
}

/* --- All of it */

static int solve_joint(struct solving *s, struct err *err)
{
    const struct lp *lp = s->joint->lp;
    double start_s = s->options->clock_s();
    enum lp_status status;

    s->out->size.rows = lp_row_count(lp);
    s->out->size.columns = lp_column_count(lp);
    s->out->size.nonzeros = lp_term_count(lp);
    s->out->size.integers = lp_integer_count(lp);
    status = run_solver(s, err);
    if (capacity_read_status(status, &s->out->status, err) != 0)
        return -1;
    s->out->bound_usd = lp_bound(lp) * s->joint->cost_scale;
    if (lp_has_point(lp) && read_plans(s, err) != 0)
        return -1;
    if (s->out->status != PLAN_UNBOUNDED && solve_alone(s, err) != 0)
        return -1;
    if (s->out->status == PLAN_OPTIMAL)
        solve_unprepared(s);
    s->out->seconds.solve = s->options->clock_s() - start_s;
    return 0;
}

static struct futures *create_futures(const struct scenario *sc, bool is_whole)
{
    struct futures *out = mem_zero(1, sizeof *out);

    *out = (struct futures){.scenario = sc,
        .is_whole = is_whole,
        .count = sc->future_count,
        .rows = mem_zero((size_t)sc->future_count, sizeof *out->rows),
        .alone_usd = NAN,
        .unprepared_usd = NAN};
    for (int i = 0; i < out->count; i++)
        out->rows[i] = (struct future_plan){.scenario = scenario_in_future(sc, i),
            .alone_status = PLAN_TIME_LIMIT,
            .alone_usd = NAN};
    return out;
}

struct futures *futures_solve(
    const struct scenario *scenario, const struct solve_options *options, struct err *err)
{
    struct solving s = {.out = create_futures(scenario, options->whole_systems),
        .sc = scenario,
        .options = options,
        .start_s = options->clock_s()};
    struct scenario **scenarios = mem_zero((size_t)s.out->count, sizeof *scenarios);
    int rc = -1;

    for (int i = 0; i < s.out->count; i++)
        scenarios[i] = s.out->rows[i].scenario;
    s.joint = joint_create(scenario, scenarios, s.out->is_whole, err);
    mem_free(scenarios);
    if (s.joint != NULL) {
        s.out->seconds.build = options->clock_s() - s.start_s;
        rc = solve_joint(&s, err);
    }
    joint_destroy(s.joint);
    mem_free(s.values);
    if (rc == 0)
        return s.out;
    futures_destroy(s.out);
    return NULL;
}

void futures_destroy(struct futures *futures)
{
    if (futures == NULL)
        return;
    for (int i = 0; i < futures->count; i++) {
        capacity_plan_destroy(futures->rows[i].plan);
        scenario_destroy(futures->rows[i].scenario);
    }
    mem_free(futures->rows);
    mem_free(futures->common.rows);
    mem_free(futures);
}

int futures_find_infeasible(const struct futures *futures)
{
    for (int i = 0; i < futures->count; i++)
        if (futures->rows[i].alone_status == PLAN_INFEASIBLE)
            return i;
    return -1;
}

const char *futures_refusal(const struct futures *futures)
{
    if (futures->status == PLAN_UNBOUNDED)
        return "the cost can fall without end: a price or a rate in the scenario gives money away";
    if (futures->status != PLAN_INFEASIBLE)
        return NULL;
    if (futures_find_infeasible(futures) >= 0)
        return "a future has no plan even if it were known now";
    return "each future has a plan, but what is decided before it is known can't be right for all";
}
