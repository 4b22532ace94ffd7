/*
 * How a mixed-integer program is solved. First its relaxation, by lp_solve: it gives a bound that
 * is proven, a certain answer when there is no point at all, and the answer itself when its values
 * are whole. Then branch and cut, with presolve and all cuts; and once more without them where
 * GLPK's answer does not hold, or says that no whole point exists while the relaxation has one.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <glpk.h>
#include <limits.h>
#include <math.h>

/* How far from whole the relaxation's values may be to be called whole. */
static const double WHOLE_TOLERANCE = 1e-7;
static const double DEFAULT_GAP = 1e-7;

struct branching {
    struct lp *lp;
    const struct lp_options *options;
    struct lp_watch watch;
    double gap;
    double bound; /* proven so far */
    int64_t iterations, nodes;
    int infeasible_count; /* attempts that found no whole point */
};

/* Round the whole columns when all are nearly whole. */
static bool round_values(struct lp *lp)
{
    for (size_t j = 0; j < lp->column_count; j++) {
        const struct lp_column *column = &lp->columns[j];

        if (column->kind != LP_CONTINUOUS &&
            fabs(column->value - rint(column->value)) > WHOLE_TOLERANCE)
            return false;
    }
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].kind != LP_CONTINUOUS)
            lp->columns[j].value = rint(lp->columns[j].value);
    return true;
}

/* Solve for the continuous columns with the whole ones fixed at their values. The bounds are put
 * back; the point stays when there is one. */
static bool settle_point(struct branching *branching)
{
    struct lp *lp = branching->lp;
    double *bounds = mem_zero(2 * lp->column_count, sizeof *bounds);
    double *values = mem_zero(lp->column_count, sizeof *values);
    struct lp_options options = {.memory_limit_mib = branching->options->memory_limit_mib};
    bool has_point;

    if (branching->options->time_limit_s > 0.0)
        options.time_limit_s = lp_watch_left_ms(&branching->watch) / 1000.0;

    for (size_t j = 0; j < lp->column_count; j++) {
        values[j] = lp->columns[j].value;
        bounds[2 * j] = lp->columns[j].lower;
        bounds[2 * j + 1] = lp->columns[j].upper;
    }
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].kind != LP_CONTINUOUS)
            lp_set_column_bounds(lp, (int)j, values[j], values[j]);
    has_point = lp_solve(lp, &options, NULL) == LP_OPTIMAL;
    for (size_t j = 0; j < lp->column_count; j++)
        values[j] = lp->columns[j].value;
    for (size_t j = 0; j < lp->column_count; j++)
        lp_set_column_bounds(lp, (int)j, bounds[2 * j], bounds[2 * j + 1]);
    for (size_t j = 0; j < lp->column_count; j++)
        lp->columns[j].value = values[j];
    mem_free(bounds);
    mem_free(values);
    return has_point && round_values(lp) && lp_complete_point(lp);
}

/* Take the point that branching ended with, if there is one that holds. False: it does not hold. */
static bool take_point(struct branching *branching)
{
    struct lp *lp = branching->lp;
    const struct lp_call *call = &lp->engine->call;

    lp->has_point = false;
    if (call->primal != GLP_OPT && call->primal != GLP_FEAS)
        return true;
    if (lp_call_engine(lp, lp_work_fetch_whole, NULL) != LP_END_DONE)
        return false;
    lp->has_point = lp_complete_point(lp) || settle_point(branching);
    return lp->has_point;
}

/* What GLPK's return means. LP_FAILED: try otherwise. */
static enum lp_status read_end(struct branching *branching)
{
    const struct lp_call call = branching->lp->engine->call;

    branching->iterations = call.iterations;
    branching->nodes += call.nodes;
    branching->bound = fmax(branching->bound, call.bound / branching->lp->cost_scale);
    if (!take_point(branching))
        return LP_FAILED;
    switch (call.code) {
    case 0:
    case GLP_ENOPFS:
        if (branching->lp->has_point)
            return LP_OPTIMAL;
        return ++branching->infeasible_count > 1 ? LP_INFEASIBLE : LP_FAILED;
    case GLP_EMIPGAP:
        return LP_OPTIMAL;
    case GLP_ETMLIM:
        return LP_TIME_LIMIT;
    case GLP_ESTOP:
        return call.is_at_limit ? LP_ITERATION_LIMIT : lp_watch_status(&branching->watch);
    default:
        return LP_FAILED;
    }
}

/* Branch and cut, once; the relaxation is solved. */
static enum lp_status branch(struct branching *branching, bool is_plain)
{
    struct lp *lp = branching->lp;
    struct lp_call *call;

    if (lp_load(lp, branching->options) != LP_END_DONE ||
        lp_call_engine(lp, lp_work_whole, NULL) != LP_END_DONE)
        return LP_FAILED;
    call = &lp->engine->call;
    if (call->code != 0)
        return LP_INFEASIBLE;
    call->is_plain = is_plain;
    call->gap = branching->gap;
    call->node_limit = branching->options->node_limit;
    call->iterations = branching->iterations;
    call->iteration_limit = (int)fmin((double)branching->options->iteration_limit, INT_MAX);
    call->time_limit_ms = lp_watch_left_ms(&branching->watch);
    switch (lp_call_engine(lp, lp_work_branch, &branching->watch)) {
    case LP_END_DONE:
        return read_end(branching);
    case LP_END_ABORTED:
        return LP_FAILED;
    case LP_END_STOPPED:
    case LP_END_LEFT:
        break;
    }
    lp->has_point = false;
    return lp_watch_status(&branching->watch);
}

/* The result is the lp's values, when it has a point, and the bound. */
static enum lp_status finish(struct branching *branching, enum lp_status status)
{
    struct lp *lp = branching->lp;

    lp->status = status;
    lp->has_duals = false;
    lp->iterations = branching->iterations;
    lp->nodes = branching->nodes;
    if (!lp->has_point)
        lp->objective = INFINITY;
    lp->bound = branching->bound;
    if (status == LP_OPTIMAL)
        lp->bound = fmax(lp->bound, lp->objective - branching->gap * fabs(lp->objective));
    lp->bound = fmin(lp->bound, lp->objective);
    return status;
}

enum lp_status lp_solve_mip(struct lp *lp, const struct lp_options *options, struct err *err)
{
    static const struct lp_options DEFAULTS;
    struct branching branching = {.lp = lp, .options = options != NULL ? options : &DEFAULTS};
    enum lp_status status;

    branching.watch = lp_watch_start(lp, branching.options);
    branching.gap = branching.options->gap > 0.0 ? branching.options->gap : DEFAULT_GAP;
    status = lp_solve(lp, branching.options, err);
    if (lp->integer_count == 0 || status == LP_FAILED)
        return status;
    branching.watch.cost_scale = lp->cost_scale;
    branching.bound = lp->bound;
    branching.iterations = lp->iterations;
    lp->has_point = status == LP_OPTIMAL && round_values(lp) && lp_complete_point(lp) &&
                    lp_is_closed(lp, lp->bound);
    if (status != LP_OPTIMAL || lp->has_point)
        return finish(&branching, status);
    status = branch(&branching, false);
    if (status == LP_FAILED && lp->engine != NULL)
        status = branch(&branching, true);
    if (status == LP_FAILED)
        (void)lp_report_failure(lp, branching.options, err);
    return finish(&branching, status);
}
