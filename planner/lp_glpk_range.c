/*
 * Work on the engine's thread: how far bounds and costs may move with the basis staying optimal.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <float.h>
#include <glpk.h>
#include <math.h>

/* Movements of a basic variable below this, for one unit of the shift, are rounding. */
static const double STILL = 1e-10;

static bool has_optimal_basis(glp_prob *problem)
{
    if (glp_get_status(problem) != GLP_OPT && glp_warm_up(problem) != 0)
        return false;
    if (!glp_bf_exists(problem) && glp_factorize(problem) != 0)
        return false;
    return glp_get_status(problem) == GLP_OPT;
}

void lp_work_range(struct lp_engine *engine)
{
    struct lp_call *call = &engine->call;
    glp_prob *problem = engine->problem;
    int m = glp_get_num_rows(problem);

    call->low = -INFINITY;
    call->high = INFINITY;
    call->code = -1;
    if (!has_optimal_basis(problem))
        return;
    if (call->thing == LP_ROW)
        glp_analyze_bound(problem, call->index + 1, &call->low, NULL, &call->high, NULL);
    else
        glp_analyze_coef(
            problem, m + call->index + 1, &call->low, NULL, NULL, &call->high, NULL, NULL);
    if (call->low <= -DBL_MAX)
        call->low = -INFINITY;
    if (call->high >= DBL_MAX)
        call->high = INFINITY;
    call->code = 0;
}

/* --- All at once. Variables are GLPK's: rows first, from 1. */

struct shifting {
    glp_prob *problem;
    int row_count;
    double *moves; /* by variable: of its value, for one unit of the shift */
    double *lower; /* by variable: of its bounds */
    double *upper;
    double low, high;
};

static int variable_status(const struct shifting *s, int k)
{
    return k <= s->row_count ? glp_get_row_stat(s->problem, k)
                             : glp_get_col_stat(s->problem, k - s->row_count);
}

/* Value and bounds, which are infinite where there are none. */
static void read_variable(
    const struct shifting *s, int k, double *value, double *lower, double *upper)
{
    glp_prob *p = s->problem;
    int j = k - s->row_count;

    *value = j <= 0 ? glp_get_row_prim(p, k) : glp_get_col_prim(p, j);
    *lower = j <= 0 ? glp_get_row_lb(p, k) : glp_get_col_lb(p, j);
    *upper = j <= 0 ? glp_get_row_ub(p, k) : glp_get_col_ub(p, j);
}

/* Of what is fixed, the bound that it would leave last is the one that binds. */
static bool is_at_upper(const struct shifting *s, int k, int status)
{
    if (status != GLP_NS)
        return status == GLP_NU;
    return (k <= s->row_count ? glp_get_row_dual(s->problem, k)
                              : glp_get_col_dual(s->problem, k - s->row_count)) < 0;
}

/* What rests at a bound moves with it, and takes the basic ones along. */
static void move_nonbasic(struct shifting *s, struct lp_engine *engine, int k)
{
    int status = variable_status(s, k);
    double move = is_at_upper(s, k, status) ? s->upper[k] : s->lower[k];
    int count;

    if (status == GLP_BS || status == GLP_NF || !(fabs(move) > 0))
        return;
    count = glp_eval_tab_col(s->problem, k, engine->indices, engine->values);
    for (int i = 1; i <= count; i++)
        s->moves[engine->indices[i]] += engine->values[i] * move;
}

/* The room between a value and its bound shrinks by t · approach; it stays. */
static void keep_side(struct shifting *s, double room, double approach)
{
    double t = fmax(room, 0) / fabs(approach);

    if (approach > STILL)
        s->high = fmin(s->high, t);
    else if (approach < -STILL)
        s->low = fmax(s->low, -t);
}

static void keep_bounds(struct shifting *s, int k)
{
    double value, lower, upper;

    read_variable(s, k, &value, &lower, &upper);
    if (variable_status(s, k) != GLP_BS) {
        /* What rests at one bound is in nobody's way until the other one comes. */
        if (upper < DBL_MAX && lower > -DBL_MAX)
            keep_side(s, upper - lower, s->lower[k] - s->upper[k]);
        return;
    }
    if (upper < DBL_MAX)
        keep_side(s, upper - value, s->moves[k] - s->upper[k]);
    if (lower > -DBL_MAX)
        keep_side(s, value - lower, s->lower[k] - s->moves[k]);
}

void lp_work_shift(struct lp_engine *engine)
{
    struct lp_call *call = &engine->call;
    struct shifting s = {.problem = engine->problem,
        .row_count = glp_get_num_rows(engine->problem),
        .low = -INFINITY,
        .high = INFINITY};
    int count = s.row_count + glp_get_num_cols(engine->problem);

    call->code = -1;
    if (!has_optimal_basis(s.problem))
        return;
    s.moves = mem_zero((size_t)count + 1, sizeof *s.moves);
    s.lower = mem_zero((size_t)count + 1, sizeof *s.lower);
    s.upper = mem_zero((size_t)count + 1, sizeof *s.upper);
    for (int i = 0; i < call->shift_count; i++) {
        const struct lp_shift *shift = &call->shifts[i];
        int k = shift->index + 1 + (shift->thing == LP_ROW ? 0 : s.row_count);

        s.lower[k] = shift->lower;
        s.upper[k] = shift->upper;
        move_nonbasic(&s, engine, k);
    }
    for (int k = 1; k <= count; k++)
        keep_bounds(&s, k);
    mem_free(s.moves);
    mem_free(s.lower);
    mem_free(s.upper);
    call->low = s.low;
    call->high = s.high;
    call->code = 0;
}
