/* What an lp holds, and what the last solve found: nothing here changes or computes. */
#include "planner/lp.h"

#include "planner/lp_private.h"

#include <string.h>

/* --- Reading the model */

int lp_row_count(const struct lp *lp)
{
    return (int)lp->row_count;
}

int lp_column_count(const struct lp *lp)
{
    return (int)lp->column_count;
}

int lp_term_count(const struct lp *lp)
{
    return (int)lp->term_count;
}

int lp_integer_count(const struct lp *lp)
{
    return lp->integer_count;
}

double lp_objective_constant(const struct lp *lp)
{
    return lp->constant;
}

enum lp_kind lp_column_kind(const struct lp *lp, int column)
{
    return (enum lp_kind)lp->columns[column].kind;
}

double lp_cost(const struct lp *lp, int column)
{
    return lp->columns[column].cost;
}

double lp_row_lower(const struct lp *lp, int row)
{
    return lp->rows[row].lower;
}

double lp_row_upper(const struct lp *lp, int row)
{
    return lp->rows[row].upper;
}

double lp_column_lower(const struct lp *lp, int column)
{
    return lp->columns[column].lower;
}

double lp_column_upper(const struct lp *lp, int column)
{
    return lp->columns[column].upper;
}

int lp_column_terms(const struct lp *lp, int column, int *rows, double *coefficients)
{
    int count = 0;

    for (int t = lp->columns[column].first_term; t >= 0; t = lp->terms[t].next) {
        rows[count] = lp->terms[t].row;
        coefficients[count++] = lp->terms[t].value;
    }
    return count;
}

/* --- Reading the result */

enum lp_status lp_status(const struct lp *lp)
{
    return lp->status;
}

bool lp_has_point(const struct lp *lp)
{
    return lp->has_point;
}

double lp_objective(const struct lp *lp)
{
    return lp->objective;
}

double lp_bound(const struct lp *lp)
{
    return lp->bound;
}

double lp_column_value(const struct lp *lp, int column)
{
    return lp->has_point ? lp->columns[column].value : 0.0;
}

double lp_row_activity(const struct lp *lp, int row)
{
    return lp->has_point ? lp->rows[row].activity : 0.0;
}

double lp_row_dual(const struct lp *lp, int row)
{
    return lp->has_duals ? lp->rows[row].dual : 0.0;
}

double lp_reduced_cost(const struct lp *lp, int column)
{
    return lp->has_duals ? lp->columns[column].reduced_cost : 0.0;
}

int64_t lp_iterations(const struct lp *lp)
{
    return lp->iterations;
}

int64_t lp_nodes(const struct lp *lp)
{
    return lp->nodes;
}

bool lp_infeasibility_proof(const struct lp *lp, double *weights)
{
    if (lp->proof == NULL)
        return false;
    memcpy(weights, lp->proof, lp->row_count * sizeof *weights);
    return true;
}

bool lp_get_basis(const struct lp *lp, unsigned char *rows, unsigned char *columns)
{
    for (size_t i = 0; i < lp->row_count; i++)
        rows[i] = lp->rows[i].place;
    for (size_t j = 0; j < lp->column_count; j++)
        columns[j] = lp->columns[j].place;
    return lp->has_basis;
}

static bool is_at(const struct lp *lp, const unsigned char *rows, const unsigned char *columns)
{
    for (size_t i = 0; i < lp->row_count; i++)
        if (lp->rows[i].place != rows[i])
            return false;
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].place != columns[j])
            return false;
    return true;
}

void lp_set_basis(struct lp *lp, const unsigned char *rows, const unsigned char *columns)
{
    lp->told = LP_CHANGE_BOUNDS | LP_CHANGE_COST | LP_CHANGE_TERMS;
    if (lp->has_basis && lp->is_in_step && is_at(lp, rows, columns))
        return; /* the solver stands there, and need not factorize */
    for (size_t i = 0; i < lp->row_count; i++)
        lp->rows[i].place = rows[i] <= LP_AT_ZERO ? rows[i] : LP_BASIC;
    for (size_t j = 0; j < lp->column_count; j++)
        lp->columns[j].place = columns[j] <= LP_AT_ZERO ? columns[j] : LP_AT_LOWER;
    lp->has_basis = true;
    lp->is_basis_given = true;
}

void lp_get_sifted(const struct lp *lp, unsigned char *is_in)
{
    for (size_t j = 0; j < lp->column_count; j++)
        is_in[j] = lp->columns[j].is_sifted;
}

void lp_set_sifted(struct lp *lp, const unsigned char *is_in)
{
    for (size_t j = 0; j < lp->column_count; j++)
        lp->columns[j].is_sifted = is_in[j] != 0;
}

void lp_clear_basis(struct lp *lp)
{
    lp->has_basis = false;
}
