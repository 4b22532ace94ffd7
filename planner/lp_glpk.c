/*
 * Work on the engine's thread: the model into GLPK and GLPK's answers out of it. GLPK counts from
 * 1: row i is i + 1, column j is j + 1; as "variables" of a basis the rows come first.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <float.h>
#include <glpk.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* What rounding leaves of a zero among numbers around 1. */
static const double DUST = 1e-11;

/* --- The model in */

/* The kind of bounds, and the bounds themselves in `bounds`; crossed ones are made one. */
static int bound_type(double lower, double upper, double scale, double *bounds)
{
    bounds[0] = isfinite(lower) ? lower * scale : 0.0;
    bounds[1] = isfinite(upper) ? upper * scale : 0.0;
    if (isinf(lower))
        return isinf(upper) ? GLP_FR : GLP_UP;
    if (isinf(upper))
        return GLP_LO;
    return lower < upper ? GLP_DB : GLP_FX;
}

static void load_row(glp_prob *problem, const struct lp_row *row, int i)
{
    double bounds[2];
    int type = bound_type(row->lower, row->upper, row->scale, bounds);

    glp_set_row_bnds(problem, i + 1, type, bounds[0], bounds[1]);
}

static void load_column(struct lp_engine *engine, const struct lp *lp, int j, bool with_terms)
{
    const struct lp_column *column = &lp->columns[j];
    double bounds[2];
    int type = bound_type(column->lower, column->upper, 1.0 / column->scale, bounds);
    int count = 0;

    glp_set_col_bnds(engine->problem, j + 1, type, bounds[0], bounds[1]);
    glp_set_obj_coef(engine->problem, j + 1, lp->cost_scale * column->cost * column->scale);
    if (!with_terms)
        return;
    for (int t = column->first_term; t >= 0; t = lp->terms[t].next) {
        const struct lp_term *term = &lp->terms[t];

        engine->indices[++count] = term->row + 1;
        engine->values[count] = lp->rows[term->row].scale * term->value * column->scale;
    }
    glp_set_mat_col(engine->problem, j + 1, count, engine->indices, engine->values);
}

/* Places as GLPK has them. A place without a bound there is mended by GLPK itself. */
static int place_status(unsigned char place)
{
    static const int STATUS[] = {
        [LP_BASIC] = GLP_BS, [LP_AT_LOWER] = GLP_NL, [LP_AT_UPPER] = GLP_NU, [LP_AT_ZERO] = GLP_NF};

    return STATUS[place];
}

static void load_places(glp_prob *problem, const struct lp *lp)
{
    for (size_t i = 0; i < lp->row_count; i++)
        glp_set_row_stat(problem, (int)i + 1, place_status(lp->rows[i].place));
    for (size_t j = 0; j < lp->column_count; j++)
        glp_set_col_stat(problem, (int)j + 1, place_status(lp->columns[j].place));
}

/* The whole model, with its basis if it has one. */
static void load_all(struct lp_engine *engine, struct lp *lp)
{
    lp_scale(lp, 0, 0);
    engine->problem = glp_create_prob();
    if (lp->row_count > 0)
        (void)glp_add_rows(engine->problem, (int)lp->row_count);
    if (lp->column_count > 0)
        (void)glp_add_cols(engine->problem, (int)lp->column_count);
    for (size_t i = 0; i < lp->row_count; i++) {
        load_row(engine->problem, &lp->rows[i], (int)i);
        lp->rows[i].changed = 0;
    }
    for (size_t j = 0; j < lp->column_count; j++) {
        load_column(engine, lp, (int)j, true);
        lp->columns[j].changed = 0;
    }
}

/* What is new, and what has changed of what was loaded. */
static void load_changes(struct lp_engine *engine, struct lp *lp)
{
    lp_scale(lp, engine->loaded_rows, engine->loaded_columns);
    if (lp->row_count > engine->loaded_rows)
        (void)glp_add_rows(engine->problem, (int)(lp->row_count - engine->loaded_rows));
    if (lp->column_count > engine->loaded_columns)
        (void)glp_add_cols(engine->problem, (int)(lp->column_count - engine->loaded_columns));
    for (size_t k = 0; k < lp->changed_rows.count; k++) {
        int i = lp->changed_rows.items[k];

        load_row(engine->problem, &lp->rows[i], i);
        lp->rows[i].changed = 0;
    }
    for (size_t k = 0; k < lp->changed_columns.count; k++) {
        int j = lp->changed_columns.items[k];

        load_column(engine, lp, j, (lp->columns[j].changed & LP_CHANGE_TERMS) != 0);
        lp->columns[j].changed = 0;
    }
}

void lp_work_load(struct lp_engine *engine)
{
    struct lp *lp = engine->call.lp;

    engine->indices = mem_resize(engine->indices, lp->row_count + 1, sizeof *engine->indices);
    engine->values = mem_resize(engine->values, lp->row_count + 1, sizeof *engine->values);
    if (engine->problem == NULL) {
        load_all(engine, lp);
        if (lp->has_basis)
            load_places(engine->problem, lp);
        else
            glp_adv_basis(engine->problem, 0);
    } else {
        load_changes(engine, lp);
        if (!lp->has_basis)
            glp_adv_basis(engine->problem, 0);
        else if (lp->is_basis_given)
            load_places(engine->problem, lp);
    }
    glp_set_obj_coef(engine->problem, 0, lp->cost_scale * lp->constant);
    lp->is_basis_given = false;
    lp->changed_rows.count = lp->changed_columns.count = 0;
    engine->loaded_rows = lp->row_count;
    engine->loaded_columns = lp->column_count;
}

void lp_work_reset_basis(struct lp_engine *engine)
{
    glp_adv_basis(engine->problem, 0);
}

/* --- Solving */

static void drop_reduced(struct lp_engine *engine)
{
    if (engine->reduced != NULL)
        glp_delete_prob(engine->reduced);
    if (engine->presolver != NULL)
        glp_npp_free_wksp(engine->presolver);
    engine->reduced = NULL;
    engine->presolver = NULL;
}

void lp_work_presolve(struct lp_engine *engine)
{
    drop_reduced(engine);
    engine->presolver = glp_npp_alloc_wksp();
    glp_npp_load_prob(engine->presolver, engine->problem, GLP_SOL, GLP_OFF);
    engine->call.code = glp_npp_preprocess1(engine->presolver, GLP_OFF);
    if (engine->call.code != 0) {
        drop_reduced(engine);
        return;
    }
    engine->reduced = glp_create_prob();
    glp_npp_build_prob(engine->presolver, engine->reduced);
    glp_scale_prob(engine->reduced, GLP_SF_AUTO);
    glp_adv_basis(engine->reduced, 0);
}

void lp_work_postsolve(struct lp_engine *engine)
{
    glp_npp_postprocess(engine->presolver, engine->reduced);
    glp_npp_obtain_sol(engine->presolver, engine->problem);
    drop_reduced(engine);
}

void lp_work_simplex(struct lp_engine *engine)
{
    struct lp_call *call = &engine->call;
    glp_prob *problem = call->on_reduced ? engine->reduced : engine->problem;
    glp_smcp options;

    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_ON; /* so that the hook is called */
    options.out_frq = 100;
    options.meth = call->method == LP_METHOD_PRIMAL ? GLP_PRIMAL : GLP_DUALP;
    options.tol_bnd = options.tol_dj = call->tolerance;
    options.it_lim = call->iteration_limit;
    options.tm_lim = call->time_limit_ms;
    glp_set_it_cnt(problem, (int)fmin((double)call->iterations, INT_MAX / 2));
    call->code = glp_simplex(problem, &options);
    call->primal = glp_get_prim_stat(problem);
    call->dual = glp_get_dual_stat(problem);
    call->iterations = glp_get_it_cnt(problem);
}

/* --- The answer out */

static enum lp_place status_place(int status)
{
    switch (status) {
    case GLP_BS:
        return LP_BASIC;
    case GLP_NU:
        return LP_AT_UPPER;
    case GLP_NF:
        return LP_AT_ZERO;
    default: /* GLP_NL, and GLP_NS: fixed */
        return LP_AT_LOWER;
    }
}

void lp_work_fetch(struct lp_engine *engine)
{
    struct lp *lp = engine->call.lp;
    glp_prob *problem = engine->problem;

    for (size_t i = 0; i < lp->row_count; i++) {
        struct lp_row *row = &lp->rows[i];

        row->place = (unsigned char)status_place(glp_get_row_stat(problem, (int)i + 1));
        row->dual = glp_get_row_dual(problem, (int)i + 1) * row->scale / lp->cost_scale;
    }
    for (size_t j = 0; j < lp->column_count; j++) {
        struct lp_column *column = &lp->columns[j];

        column->place = (unsigned char)status_place(glp_get_col_stat(problem, (int)j + 1));
        column->value = glp_get_col_prim(problem, (int)j + 1) * column->scale;
    }
}

/* How far a basic variable (GLPK's number k) is outside its bounds: -1 below, 1 above, 0 within. */
static double violation_sign(glp_prob *problem, int k, double tolerance)
{
    int m = glp_get_num_rows(problem);
    double value, lower, upper;

    if (k <= m) {
        value = glp_get_row_prim(problem, k);
        lower = glp_get_row_lb(problem, k);
        upper = glp_get_row_ub(problem, k);
    } else {
        value = glp_get_col_prim(problem, k - m);
        lower = glp_get_col_lb(problem, k - m);
        upper = glp_get_col_ub(problem, k - m);
    }
    if (value < lower - tolerance * (1.0 + fabs(lower)))
        return -1.0;
    return value > upper + tolerance * (1.0 + fabs(upper)) ? 1.0 : 0.0;
}

/*
 * The dual simplex ends in a basic variable that nothing can bring to its bound: its row of the
 * inverse basis proves it. The primal simplex ends where the sum of violations is least: its
 * gradient does. In both cases the weights are a combination of the inverse's rows.
 */
void lp_work_proof(struct lp_engine *engine)
{
    struct lp *lp = engine->call.lp;
    glp_prob *problem = engine->problem;
    int m = glp_get_num_rows(problem);
    int k, bind = 0;
    double *weights, largest = 0.0;

    engine->call.code = -1;
    if (m == 0 || (!glp_bf_exists(problem) && glp_factorize(problem) != 0))
        return;
    mem_free(engine->call.weights);
    weights = engine->call.weights = mem_zero((size_t)m + 1, sizeof *weights);
    k = glp_get_unbnd_ray(problem);
    if (k > 0)
        bind = k <= m ? glp_get_row_bind(problem, k) : glp_get_col_bind(problem, k - m);
    for (int p = 1; p <= m; p++)
        weights[p] = bind > 0 ? (p == bind ? 1.0 : 0.0)
                              : violation_sign(problem, glp_get_bhead(problem, p), 1e-9);
    glp_btran(problem, weights);
    for (int i = 0; i < m; i++)
        largest = fmax(largest, fabs(weights[i + 1]));
    for (int i = 0; i < m; i++)
        weights[i] = fabs(weights[i + 1]) > DUST * largest ? weights[i + 1] * lp->rows[i].scale
                                                           : 0.0;
    engine->call.code = 0;
}
