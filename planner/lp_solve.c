/*
 * How a linear program is solved: what the solver is asked, in which order, and when it is
 * believed.
 *
 * A first solve is presolved when it is large, and takes the dual simplex when no column's cost
 * pulls it away from its bound (then the first basis is dual feasible: about twice as fast on
 * planning models). A later one starts from the last basis: dual after new bounds, primal after new
 * costs. The simplex runs in pieces of some thousand iterations, so that a stop loses little; the
 * pieces are counted, not timed, so that the path is always the same.
 *
 * An answer is believed when it proves itself: an optimum by its duals, infeasibility by row
 * weights. Else the next attempt of a table is made; infeasible or unbounded without a proof is
 * believed when two attempts say so.
 */
#include "planner/lp_private.h"

#include <glpk.h>
#include <limits.h>
#include <math.h>

enum { PIECE_ITERATIONS = 1000 };

/* From this many terms on, a presolve costs less than it saves. */
static const size_t PRESOLVE_FROM_TERMS = 2000;

/* What two numbers that should be the same may differ by, relatively. */
static const double ROUNDING = 1e-9;

struct attempt {
    enum lp_method method;
    bool may_presolve;
    bool keeps_basis;
    double tolerance; /* the solver's, of the scaled model */
};

static const struct attempt ATTEMPTS[] = {
    {LP_METHOD_AUTO, true, true, 1e-7},
    {LP_METHOD_PRIMAL, false, true, 1e-9},
    {LP_METHOD_DUAL, false, false, 1e-9},
    {LP_METHOD_PRIMAL, false, false, 1e-7},
};
enum { ATTEMPT_COUNT = sizeof ATTEMPTS / sizeof ATTEMPTS[0] };

/* What the simplex came to. */
enum outcome {
    OUTCOME_OPTIMAL,
    OUTCOME_INFEASIBLE,
    OUTCOME_UNBOUNDED,
    OUTCOME_LIMIT,  /* status says which */
    OUTCOME_TROUBLE /* try otherwise */
};

struct solve {
    struct lp *lp;
    const struct lp_options *options;
    struct lp_watch watch;
    const struct attempt *attempt;
    enum lp_status limit; /* which limit ended it */
    bool has_snapshot;    /* the lp holds the solver's last point and places */
    int infeasible_count, unbounded_count;
};

/* --- One run of the simplex */

/* What GLPK's return says. */
static enum outcome read_outcome(const struct lp_call *call)
{
    if (call->code != 0)
        return OUTCOME_TROUBLE;
    if (call->primal == GLP_NOFEAS)
        return OUTCOME_INFEASIBLE;
    if (call->primal == GLP_FEAS && call->dual == GLP_FEAS)
        return OUTCOME_OPTIMAL;
    return call->dual == GLP_NOFEAS && call->primal == GLP_FEAS ? OUTCOME_UNBOUNDED
                                                                : OUTCOME_TROUBLE;
}

static enum outcome end_by(struct solve *solve, enum lp_status limit)
{
    solve->limit = limit;
    return OUTCOME_LIMIT;
}

/* Take the places, values and duals of the full problem into the lp. */
static bool fetch(struct solve *solve)
{
    struct lp *lp = solve->lp;

    if (lp_call_engine(lp, lp_work_fetch, NULL) != LP_END_DONE)
        return false;
    solve->has_snapshot = true;
    lp->has_basis = lp->is_in_step = true;
    lp->told = 0;
    lp->known_rows = (int)lp->row_count;
    lp->known_columns = (int)lp->column_count;
    return true;
}

/* One piece of simplex. False: the solver is gone, *outcome says how. */
static bool run_piece(
    struct solve *solve, bool on_reduced, enum lp_method method, enum outcome *outcome)
{
    struct lp *lp = solve->lp;
    struct lp_call *call = &lp->engine->call;
    int64_t limit = solve->options->iteration_limit, left = INT_MAX;

    if (limit > 0)
        left = limit > lp->iterations ? limit - lp->iterations : 0;
    call->on_reduced = on_reduced;
    call->method = method;
    call->tolerance = solve->attempt->tolerance;
    call->iterations = lp->iterations;
    call->iteration_limit = (int)(left < PIECE_ITERATIONS ? left : PIECE_ITERATIONS);
    call->time_limit_ms = lp_watch_left_ms(&solve->watch);
    switch (lp_call_engine(lp, lp_work_simplex, &solve->watch)) {
    case LP_END_DONE:
        lp->iterations = call->iterations;
        return true;
    case LP_END_ABORTED:
        *outcome = OUTCOME_TROUBLE;
        return false;
    case LP_END_STOPPED:
    case LP_END_LEFT:
        break;
    }
    *outcome = end_by(solve, lp_watch_status(&solve->watch));
    return false;
}

/* The simplex on the full or the presolved problem, to its end. */
static enum outcome run_simplex(struct solve *solve, bool on_reduced, enum lp_method method)
{
    struct lp *lp = solve->lp;
    bool was_reset = false;
    enum outcome outcome;

    while (run_piece(solve, on_reduced, method, &outcome)) {
        const struct lp_call *call = &lp->engine->call;
        bool is_over = call->code == GLP_ETMLIM;

        lp->last_method = method;
        if (call->code == GLP_EBADB || call->code == GLP_ESING || call->code == GLP_ECOND) {
            if (was_reset || lp_call_engine(lp, lp_work_reset_basis, NULL) != LP_END_DONE)
                return OUTCOME_TROUBLE;
            was_reset = true;
            continue;
        }
        if (call->code == 0 && call->dual == GLP_NOFEAS && call->primal != GLP_FEAS &&
            call->primal != GLP_NOFEAS && method == LP_METHOD_DUAL) {
            method = LP_METHOD_PRIMAL; /* unbounded, if it is feasible: that is for the primal */
            continue;
        }
        if (call->code != GLP_EITLIM && !is_over)
            return read_outcome(call);
        if (!on_reduced && !fetch(solve))
            return OUTCOME_TROUBLE;
        if (solve->watch.is_interrupted || is_over)
            return end_by(solve, lp_watch_status(&solve->watch));
        if (solve->options->iteration_limit > 0 &&
            lp->iterations >= solve->options->iteration_limit)
            return end_by(solve, LP_ITERATION_LIMIT);
    }
    return outcome;
}

/* --- Choosing */

/* Would no column gain by leaving the bound that it rests on? Then the slack basis is dual
 * feasible. */
static bool is_dual_feasible(const struct lp *lp)
{
    for (size_t j = 0; j < lp->column_count; j++) {
        const struct lp_column *column = &lp->columns[j];

        if (column->cost > 0.0 ? isinf(column->lower) : column->cost < 0.0 && isinf(column->upper))
            return false;
    }
    return true;
}

/* Is the slack basis surely primal feasible? */
static bool is_primal_feasible(const struct lp *lp)
{
    for (size_t i = 0; i < lp->row_count; i++)
        if (lp->rows[i].lower > 0.0 || lp->rows[i].upper < 0.0)
            return false;
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].lower > 0.0 || lp->columns[j].upper < 0.0)
            return false;
    return true;
}

static enum lp_method choose_method(struct solve *solve)
{
    struct lp *lp = solve->lp;

    if (solve->attempt->method != LP_METHOD_AUTO)
        return solve->attempt->method;
    if (solve->options->method != LP_METHOD_AUTO)
        return solve->options->method;
    if (!lp->has_basis)
        return is_dual_feasible(lp) || !is_primal_feasible(lp) ? LP_METHOD_DUAL : LP_METHOD_PRIMAL;
    if (lp->told == 0 && lp->last_method != LP_METHOD_AUTO)
        return lp->last_method;
    return lp->told & LP_CHANGE_BOUNDS ? LP_METHOD_DUAL : LP_METHOD_PRIMAL;
}

static bool should_presolve(const struct solve *solve)
{
    if (!solve->attempt->may_presolve || solve->options->presolve == LP_PRESOLVE_OFF)
        return false;
    if (solve->options->presolve == LP_PRESOLVE_ON)
        return true;
    return !solve->lp->has_basis && solve->lp->term_count >= PRESOLVE_FROM_TERMS;
}

/* --- Believing */

static enum lp_status conclude_optimal(struct solve *solve)
{
    struct lp *lp = solve->lp;
    double bound;

    if (!fetch(solve) || !lp_complete_point(lp))
        return LP_FAILED;
    bound = lp_complete_duals(lp);
    if (!lp_is_closed(lp, bound))
        return LP_FAILED;
    lp->bound = fmin(bound, lp->objective);
    lp->has_point = lp->has_duals = true;
    return LP_OPTIMAL;
}

static enum lp_status conclude_infeasible(struct solve *solve)
{
    struct lp *lp = solve->lp;
    struct lp_call *call = &lp->engine->call;

    if (!fetch(solve) || lp_call_engine(lp, lp_work_proof, NULL) != LP_END_DONE)
        return LP_FAILED;
    if (call->code == 0 && lp_weights_prove(lp, call->weights)) {
        lp->proof = call->weights;
        call->weights = NULL;
        return LP_INFEASIBLE;
    }
    return ++solve->infeasible_count > 1 ? LP_INFEASIBLE : LP_FAILED;
}

/* What is known after a limit: a point if the last one holds, and what the last duals prove. */
static enum lp_status conclude_limit(struct solve *solve)
{
    struct lp *lp = solve->lp;

    if (solve->has_snapshot) {
        lp->has_point = lp_complete_point(lp);
        lp->bound = lp_complete_duals(lp);
    }
    if (!lp->has_point)
        lp->objective = INFINITY;
    return solve->limit;
}

static enum lp_status conclude(struct solve *solve, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OPTIMAL:
        return conclude_optimal(solve);
    case OUTCOME_INFEASIBLE:
        return conclude_infeasible(solve);
    case OUTCOME_UNBOUNDED:
        return ++solve->unbounded_count > 1 ? LP_UNBOUNDED : LP_FAILED;
    case OUTCOME_LIMIT:
        return conclude_limit(solve);
    case OUTCOME_TROUBLE:
        break;
    }
    return LP_FAILED;
}

/* --- The solve */

/* Solve the presolved problem and give its basis to the full one. Anything but an optimum is for
 * the full problem to find out, a limit apart. */
static enum outcome run_reduced(struct solve *solve, enum lp_method method)
{
    struct lp *lp = solve->lp;
    enum outcome outcome;
    enum lp_end end;

    lp->engine->call.iterations = lp->iterations;
    end = lp_call_engine(lp, lp_work_presolve, &solve->watch);
    if (end == LP_END_STOPPED || end == LP_END_LEFT)
        return end_by(solve, lp_watch_status(&solve->watch));
    if (end == LP_END_ABORTED || lp->engine->call.code != 0)
        return OUTCOME_TROUBLE;
    outcome = run_simplex(solve, true, method);
    if (outcome == OUTCOME_OPTIMAL && lp_call_engine(lp, lp_work_postsolve, NULL) != LP_END_DONE)
        return OUTCOME_TROUBLE;
    return outcome;
}

/* Is there nothing between them, by more than rounding? */
static bool is_crossed(double lower, double upper, double unit)
{
    return lower > upper && lower - upper > ROUNDING * fmax(unit, fmax(fabs(lower), fabs(upper)));
}

static bool has_crossed_bounds(const struct lp *lp)
{
    for (size_t i = 0; i < lp->row_count; i++)
        if (is_crossed(lp->rows[i].lower, lp->rows[i].upper, 1.0 / lp->rows[i].scale))
            return true;
    for (size_t j = 0; j < lp->column_count; j++)
        if (is_crossed(lp->columns[j].lower, lp->columns[j].upper, lp->columns[j].scale))
            return true;
    return false;
}

static enum lp_status run_attempt(struct solve *solve)
{
    struct lp *lp = solve->lp;
    enum lp_method method;
    bool is_first;

    if (!solve->attempt->keeps_basis)
        lp->has_basis = false;
    is_first = should_presolve(solve);
    method = choose_method(solve);
    if (lp_load(lp, solve->options) != LP_END_DONE)
        return LP_FAILED;
    solve->watch.cost_scale = lp->cost_scale;
    if (has_crossed_bounds(lp))
        return LP_INFEASIBLE;
    if (is_first) {
        enum outcome outcome = run_reduced(solve, method);

        if (outcome == OUTCOME_LIMIT)
            return conclude(solve, outcome);
        if (lp->engine->problem == NULL && lp_load(lp, solve->options) != LP_END_DONE)
            return LP_FAILED;
    }
    return conclude(solve, run_simplex(solve, false, method));
}

enum lp_status lp_solve(struct lp *lp, const struct lp_options *options, struct err *err)
{
    static const struct lp_options DEFAULTS;
    struct solve solve = {.lp = lp, .options = options != NULL ? options : &DEFAULTS};

    lp_forget_result(lp);
    lp_check_terms(lp);
    if (lp_describe_fault(lp, err) != 0)
        return lp->status = LP_FAILED;
    solve.watch = lp_watch_start(lp, solve.options);
    lp->is_in_step = false;
    lp->status = LP_FAILED;
    for (int k = 0; k < ATTEMPT_COUNT && lp->status == LP_FAILED; k++) {
        solve.attempt = &ATTEMPTS[k];
        lp->status = run_attempt(&solve);
        if (lp->engine == NULL || lp_is_out_of_memory(lp, solve.options))
            break;
    }
    if (lp->status == LP_FAILED)
        (void)lp_report_failure(lp, solve.options, err);
    return lp->status;
}
