/*
 * What the solver says, checked against the model in its own numbers: a point, duals, a proof that
 * there is no point. A tolerance is relative to the size of the terms that make a number, or to
 * what 1 is in the scaled model, whichever is larger.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <math.h>

/* What is left of a difference of large numbers that should be zero. */
static const double DUST = 1e-11;

/* A violation of `by` where the terms have this size and the scaled model's unit is `unit`. */
static bool is_small(double by, double size, double unit)
{
    return by <= LP_TOLERANCE * fmax(size, unit);
}

static double finite_size(double bound)
{
    return isfinite(bound) ? fabs(bound) : 0.0;
}

/* Move a value onto the bound that it is a hair outside of. False: it is farther off. */
static bool clamp_column(struct lp_column *column)
{
    double lower = column->lower, upper = fmax(column->lower, column->upper);

    if (column->value < lower) {
        if (!is_small(lower - column->value, fabs(lower), column->scale))
            return false;
        column->value = lower;
    } else if (column->value > upper) {
        if (!is_small(column->value - upper, fabs(upper), column->scale))
            return false;
        column->value = upper;
    }
    return isfinite(column->value);
}

bool lp_complete_point(struct lp *lp)
{
    double *sizes = mem_zero(lp->row_count, sizeof *sizes);
    bool holds = true;

    lp->objective = lp->constant;
    for (size_t i = 0; i < lp->row_count; i++)
        lp->rows[i].activity = 0.0;
    for (size_t j = 0; j < lp->column_count; j++) {
        struct lp_column *column = &lp->columns[j];

        holds = clamp_column(column) && holds;
        lp->objective += column->cost * column->value;
        for (int t = column->first_term; t >= 0; t = lp->terms[t].next) {
            double part = lp->terms[t].value * column->value;

            lp->rows[lp->terms[t].row].activity += part;
            sizes[lp->terms[t].row] += fabs(part);
        }
    }
    for (size_t i = 0; i < lp->row_count && holds; i++) {
        const struct lp_row *row = &lp->rows[i];
        double unit = 1.0 / row->scale;

        holds = is_small(
                    row->lower - row->activity, fmax(sizes[i], finite_size(row->lower)), unit) &&
                is_small(row->activity - row->upper, fmax(sizes[i], finite_size(row->upper)), unit);
    }
    mem_free(sizes);
    return holds && isfinite(lp->objective);
}

/*
 * What a dual (or reduced cost) brings to the bound: dual × the bound it pulls to. One that pulls
 * to a bound that is not there is dust, which is wiped away, or proves nothing (-INFINITY).
 */
static double dual_part(double *dual, double lower, double upper, double size, double unit)
{
    double bound = *dual > 0.0 ? lower : upper;

    if (*dual == 0.0 || (isfinite(bound) && fabs(*dual) <= DUST * size)) {
        *dual = 0.0;
        return 0.0;
    }
    if (isfinite(bound))
        return *dual * bound;
    if (!is_small(fabs(*dual), size, unit))
        return -INFINITY;
    *dual = 0.0;
    return 0.0;
}

double lp_complete_duals(struct lp *lp)
{
    double bound = lp->constant;

    for (size_t i = 0; i < lp->row_count; i++) {
        struct lp_row *row = &lp->rows[i];

        bound += dual_part(&row->dual, row->lower, row->upper, 0.0, row->scale / lp->cost_scale);
    }
    for (size_t j = 0; j < lp->column_count; j++) {
        struct lp_column *column = &lp->columns[j];
        double size = fabs(column->cost);

        column->reduced_cost = column->cost;
        for (int t = column->first_term; t >= 0; t = lp->terms[t].next) {
            double part = lp->terms[t].value * lp->rows[lp->terms[t].row].dual;

            column->reduced_cost -= part;
            size += fabs(part);
        }
        if (column->place == LP_BASIC &&
            is_small(fabs(column->reduced_cost), size, 1.0 / (column->scale * lp->cost_scale)))
            column->reduced_cost = 0.0;
        bound += dual_part(&column->reduced_cost, column->lower, column->upper, size,
            1.0 / (column->scale * lp->cost_scale));
    }
    return isnan(bound) ? -INFINITY : bound;
}

bool lp_is_closed(const struct lp *lp, double bound)
{
    double size = 0.0;

    for (size_t j = 0; j < lp->column_count; j++)
        size += fabs(lp->columns[j].cost * lp->columns[j].value);
    return is_small(fabs(lp->objective - bound), size, 1.0 / lp->cost_scale);
}

/*
 * The least that sum of w[i] · row i can be by the rows' bounds, less the most that it can be by
 * the columns' bounds: above zero, no x meets both.
 */
static double proof_margin(const struct lp *lp, const double *weights, double sign, double *size)
{
    double margin = 0.0;

    *size = 0.0;
    for (size_t i = 0; i < lp->row_count; i++) {
        double w = sign * weights[i];
        double part = w == 0.0 ? 0.0 : w * (w > 0.0 ? lp->rows[i].lower : lp->rows[i].upper);

        margin += part;
        *size += fabs(part);
    }
    for (size_t j = 0; j < lp->column_count && margin > -INFINITY; j++) {
        const struct lp_column *column = &lp->columns[j];
        double sum = 0.0, sum_size = 0.0, part;

        for (int t = column->first_term; t >= 0; t = lp->terms[t].next) {
            part = sign * weights[lp->terms[t].row] * lp->terms[t].value;
            sum += part;
            sum_size += fabs(part);
        }
        if (fabs(sum) <= DUST * sum_size)
            continue;
        part = sum * (sum > 0.0 ? column->upper : column->lower);
        if (isinf(part) && fabs(sum) <= LP_TOLERANCE * sum_size)
            continue;
        margin -= part;
        *size += fabs(part);
    }
    return margin;
}

bool lp_weights_prove(const struct lp *lp, double *weights)
{
    for (int k = 0; k < 2; k++) {
        double sign = k == 0 ? 1.0 : -1.0;
        double size, margin = proof_margin(lp, weights, sign, &size);

        if (isfinite(margin) && margin > 1e-9 * size) {
            for (size_t i = 0; i < lp->row_count; i++)
                weights[i] *= sign;
            return true;
        }
    }
    return false;
}
