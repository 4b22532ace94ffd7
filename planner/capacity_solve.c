#include "planner/capacity_solve.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_coarse.h"
#include "planner/capacity_plan_private.h"
#include "planner/lp.h"

#include <math.h>

/* --- What the solver tells and asks while it works */

static const char *phase_text(const struct lp_progress *progress)
{
    switch (progress->phase) {
    case LP_PHASE_PREPARE:
        return "preparing the model";
    case LP_PHASE_FEASIBLE:
        return "finding a plan that keeps all limits";
    case LP_PHASE_OPTIMISE:
        return "improving the plan";
    case LP_PHASE_BRANCH:
        return "trying whole numbers";
    }
    return "solving";
}

static void tell_progress(void *context, const struct lp_progress *progress)
{
    const struct solve_options *options = context;

    if (options->progress != NULL)
        options->progress(options->context, phase_text(progress), (double)progress->iterations, 0);
}

static bool ask_stop(void *context)
{
    const struct solve_options *options = context;

    return options->stop != NULL && options->stop(options->context);
}

/* --- Solving: the one place where the model meets the solver */

/* A limit that is spent already is still a limit: 0 would be none. */
static const double TIME_LEAST_S = 1e-3;

/* From so many columns on, most of which are runs that no plan uses; and from so many on, which of
 * them are used is worth a plan by years. */
enum { SIFT_FROM_COLUMNS = 3000, YEARS_FROM_COLUMNS = 6000 };

static enum lp_status sift(
    struct capacity_model *model, const struct lp_options *options, struct err *err)
{
    unsigned char *is_first = mem_zero((size_t)model->column_count, 1);
    struct lp_options rest = *options;
    double start_s = clock_monotonic_s();
    enum lp_status status;

    if (model->column_count < YEARS_FROM_COLUMNS)
        capacity_choose_cheapest(model, is_first);
    else
        capacity_choose_by_years(model, options, is_first);
    if (rest.time_limit_s > 0)
        rest.time_limit_s = fmax(rest.time_limit_s - (clock_monotonic_s() - start_s), TIME_LEAST_S);
    status = lp_solve_sifting(model->lp, is_first, &rest, err);
    mem_free(is_first);
    return status;
}

enum lp_status capacity_solve_relaxed(
    struct capacity_model *model, const struct lp_options *options, bool has_basis, struct err *err)
{
    if (model->column_count < SIFT_FROM_COLUMNS)
        return lp_solve(model->lp, options, err);
    return has_basis ? lp_solve_sifting(model->lp, NULL, options, err) : sift(model, options, err);
}

/* What a solve came to: the lp's point, or values of its own. */
struct solved {
    double *values; /* owned; NULL: no plan */
    double bound;   /* in the lp's unit */
    enum lp_status status;
};

static void take_point(struct capacity_model *model, struct solved *solved)
{
    solved->bound = lp_bound(model->lp);
    if (!lp_has_point(model->lp))
        return;
    solved->values = mem_zero((size_t)model->column_count, sizeof *solved->values);
    capacity_read_values(model, solved->values);
}

static struct solved run_solver(struct capacity_model *model, const struct solve_options *options,
    double left_s, bool has_basis, struct err *err)
{
    struct solve_options copy = *options;
    const struct lp_options lp_options = {.time_limit_s = left_s,
        .gap = options->gap,
        .progress = tell_progress,
        .stop = ask_stop,
        .keeps_part = options->kept != NULL,
        .context = &copy};
    const struct capacity_whole_options whole = {.gap = options->gap,
        .time_limit_s = left_s,
        .clock_s = options->clock_s,
        .lp = &lp_options,
        .has_basis = has_basis};
    struct capacity_whole_answer answer = {0};
    struct solved solved = {0};

    if (options->whole_systems && lp_integer_count(model->lp) > 0) {
        solved.status = capacity_solve_whole(model, &whole, &answer, err);
        solved.values = answer.values;
        solved.bound = answer.bound;
        return solved;
    }
    if (lp_integer_count(model->lp) > 0)
        solved.status = lp_solve_mip(model->lp, &lp_options, err);
    else
        solved.status = capacity_solve_relaxed(model, &lp_options, has_basis, err);
    take_point(model, &solved);
    return solved;
}

int capacity_read_status(enum lp_status status, enum plan_status *out, struct err *err)
{
    switch (status) {
    case LP_OPTIMAL:
        *out = PLAN_OPTIMAL;
        return 0;
    case LP_INFEASIBLE:
        *out = PLAN_INFEASIBLE;
        return 0;
    case LP_UNBOUNDED:
        *out = PLAN_UNBOUNDED;
        return 0;
    case LP_TIME_LIMIT:
    case LP_ITERATION_LIMIT:
    case LP_INTERRUPTED:
        *out = PLAN_TIME_LIMIT;
        return 0;
    case LP_FAILED:
        return err_wrap(err, "the model could not be solved");
    case LP_NOT_SOLVED:
        break;
    }
    return err_set(err, ERR_INTERNAL, "the solver gave no status");
}

/* What is nearer to the bound than this, in all, is rounding. */
#define GAP_MIN 1e-9

static void set_gap(struct capacity_plan *plan)
{
    double above_usd = plan->objective_usd - plan->bound_usd;

    if (above_usd <= GAP_MIN * fabs(plan->objective_usd))
        plan->bound_usd = plan->objective_usd;
    plan->gap = plan->bound_usd == plan->objective_usd ? 0 : above_usd / fabs(plan->bound_usd);
}

static void price_plan(
    struct capacity_plan *plan, struct capacity_model *model, const struct solve_options *options)
{
    capacity_plan_price(plan, model);
    if (!plan->is_whole)
        capacity_plan_list_not_chosen(plan, model);
    if (options->with_ranges)
        capacity_plan_range(plan, model, options->stop, options->context);
    if (options->tries_holds)
        capacity_plan_try_holds(plan, model, options->stop, options->context);
}

/* The plan of a point, checked. `values` may be bettered. */
static int read_plan(struct capacity_plan *plan, struct capacity_model *model, double *values,
    const struct solve_options *options, struct err *err)
{
    bool has_integers = lp_integer_count(model->lp) > 0;
    bool has_duals = plan->status == PLAN_OPTIMAL;

    if (has_integers)
        has_duals = capacity_settle_whole(model, plan->is_whole, values);
    plan->has_plan = true;
    capacity_plan_extract(plan, model, values);
    capacity_plan_derive(plan);
    if (plan->status == PLAN_OPTIMAL && !has_integers)
        plan->bound_usd = plan->objective_usd;
    set_gap(plan);
    if (has_duals && !options->without_prices)
        price_plan(plan, model, options);
    return capacity_plan_check(plan, err);
}

/* --- All of it */

static int solve_model(struct capacity_plan *plan, struct capacity_model *model,
    const struct solve_options *options, struct err *err)
{
    double start_s = options->clock_s();
    double left_s = options->time_limit_s;
    struct solved solved;
    bool has_basis;
    int rc = -1;

    if (left_s > 0)
        left_s = fmax(left_s - plan->seconds.build, TIME_LEAST_S);
    has_basis = options->warm != NULL && capacity_basis_apply(options->warm, model);
    solved = run_solver(model, options, left_s, has_basis, err);
    if (capacity_read_status(solved.status, &plan->status, err) != 0)
        goto out;
    plan->bound_usd = solved.bound * model->cost_scale;
    if (plan->status == PLAN_OPTIMAL && options->warm != NULL)
        capacity_basis_take(options->warm, model);
    if (solved.values != NULL && read_plan(plan, model, solved.values, options, err) != 0)
        goto out;
    plan->seconds.solve = options->clock_s() - start_s;
    rc = 0;
out:
    mem_free(solved.values);
    return rc;
}

struct capacity_plan *capacity_solve(
    const struct scenario *scenario, const struct solve_options *options, struct err *err)
{
    const struct capacity_model_options model_options = {
        .whole_systems = options->whole_systems, .keeps_limits = options->with_ranges};
    double start_s = options->clock_s();
    struct capacity_model *model = capacity_model_create(scenario, &model_options, err);
    struct capacity_plan *plan;

    if (model == NULL)
        return NULL;
    plan = capacity_plan_create(scenario);
    plan->is_whole = options->whole_systems;
    plan->size.rows = model->row_count;
    plan->size.columns = model->column_count;
    plan->size.nonzeros = lp_term_count(model->lp);
    plan->size.integers = lp_integer_count(model->lp);
    if (options->kept != NULL) {
        capacity_model_go_on(model, *options->kept);
        *options->kept = NULL;
    }
    plan->seconds.build = options->clock_s() - start_s;
    if (solve_model(plan, model, options, err) != 0) {
        capacity_plan_destroy(plan);
        plan = NULL;
    } else if (options->kept != NULL) {
        *options->kept = capacity_model_give_lp(model);
    }
    capacity_model_destroy(model);
    return plan;
}
