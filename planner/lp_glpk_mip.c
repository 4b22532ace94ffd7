/* The branch and cut of GLPK, on the engine's thread. */
#include "planner/lp_private.h"

#include <glpk.h>
#include <limits.h>
#include <math.h>

/* A whole number as GLPK's bounds want it: rounding inwards, what is nearly whole is whole. */
static double whole_bound(double bound, bool is_lower)
{
    double nearest = rint(bound);

    if (fabs(bound - nearest) <= 1e-9 * fmax(1.0, fabs(bound)))
        return nearest;
    return is_lower ? ceil(bound) : floor(bound);
}

/* Kind and bounds of a whole column; its scale is 1. False: no whole number is between them. */
static bool make_whole(glp_prob *whole, const struct lp_column *column, int j)
{
    double lower = whole_bound(column->lower, true), upper = whole_bound(column->upper, false);

    glp_set_col_kind(whole, j + 1, GLP_IV);
    if (lower > upper)
        return false;
    if (isinf(lower))
        glp_set_col_bnds(whole, j + 1, isinf(upper) ? GLP_FR : GLP_UP, 0.0, upper);
    else if (isinf(upper))
        glp_set_col_bnds(whole, j + 1, GLP_LO, lower, 0.0);
    else
        glp_set_col_bnds(whole, j + 1, lower < upper ? GLP_DB : GLP_FX, lower, upper);
    return true;
}

void lp_work_whole(struct lp_engine *engine)
{
    const struct lp *lp = engine->call.lp;

    if (engine->whole == NULL)
        engine->whole = glp_create_prob();
    glp_copy_prob(engine->whole, engine->problem, GLP_OFF);
    engine->call.code = 0;
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].kind != LP_CONTINUOUS &&
            !make_whole(engine->whole, &lp->columns[j], (int)j))
            engine->call.code = -1;
}

/* GLPK asks this at each step of the tree. */
static void on_step(glp_tree *tree, void *info)
{
    struct lp_engine *engine = info;
    struct lp_call *call = &engine->call;
    glp_prob *problem = glp_ios_get_prob(tree);
    struct lp_progress progress = {.phase = LP_PHASE_BRANCH,
        .iterations = glp_get_it_cnt(problem),
        .objective = NAN,
        .infeasibility = NAN};
    int best = glp_ios_best_node(tree), total;

    glp_ios_tree_size(tree, NULL, NULL, &total);
    call->nodes = total;
    if (best != 0)
        call->bound = fmax(call->bound, glp_ios_node_bound(tree, best));
    if (glp_mip_status(problem) == GLP_FEAS)
        progress.objective = glp_mip_obj_val(problem);
    progress.bound = call->bound;
    lp_engine_tell(engine, &progress);
    if ((call->node_limit > 0 && total > call->node_limit) ||
        (call->iteration_limit > 0 && progress.iterations > call->iteration_limit))
        call->is_at_limit = true;
    if (call->is_at_limit || lp_engine_is_asked_to_end(engine))
        glp_ios_terminate(tree);
}

/* Without the MIP presolver, GLPK wants the optimum of the relaxation first. */
static int solve_root(glp_prob *whole, int time_limit_ms)
{
    glp_smcp options;
    int code;

    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_ON;
    options.out_frq = 100;
    options.meth = GLP_DUALP;
    options.tm_lim = time_limit_ms;
    code = glp_simplex(whole, &options);
    if (code == 0 && glp_get_status(whole) != GLP_OPT)
        code = GLP_EROOT;
    return code;
}

void lp_work_branch(struct lp_engine *engine)
{
    struct lp_call *call = &engine->call;
    int aids = call->is_plain ? GLP_OFF : GLP_ON;
    glp_iocp options;

    glp_init_iocp(&options);
    options.msg_lev = GLP_MSG_ON; /* so that the hook is called */
    options.out_frq = 100;
    options.out_dly = 100;
    options.br_tech = GLP_BR_PCH;
    options.mir_cuts = options.gmi_cuts = options.cov_cuts = options.clq_cuts = aids;
    options.presolve = aids;
    options.mip_gap = call->gap;
    options.tm_lim = call->time_limit_ms;
    options.cb_func = on_step;
    options.cb_info = engine;
    call->bound = -INFINITY;
    call->nodes = 0;
    call->is_at_limit = false;
    call->primal = GLP_UNDEF;
    glp_set_it_cnt(engine->whole, (int)fmin((double)call->iterations, INT_MAX / 2));
    call->code = call->is_plain ? solve_root(engine->whole, call->time_limit_ms) : 0;
    if (call->code != 0)
        return;
    call->code = glp_intopt(engine->whole, &options);
    call->primal = glp_mip_status(engine->whole);
    call->iterations = glp_get_it_cnt(engine->whole);
}

void lp_work_fetch_whole(struct lp_engine *engine)
{
    struct lp *lp = engine->call.lp;

    for (size_t j = 0; j < lp->column_count; j++) {
        struct lp_column *column = &lp->columns[j];
        double value = glp_mip_col_val(engine->whole, (int)j + 1) * column->scale;

        column->value = column->kind == LP_CONTINUOUS ? value : rint(value);
    }
}
