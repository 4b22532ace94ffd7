/*
 * Scaling: powers of two, so that nothing is rounded, for rows and columns such that coefficients
 * lie around 1, for all continuous columns together such that bounds do, and for the objective such
 * that costs do. The solver's tolerances are absolute: this makes them mean the same in any unit.
 *
 * Coefficients: the middle of the smallest and the largest comes to 1, once, and again while they
 * lie far apart; then the largest of each row and each column comes to 1. More rounds than needed
 * make the simplex slower by a third on planning models.
 *
 * Whole columns keep their unit: the solver looks for whole values of what it sees.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <math.h>

enum { MOST_ROUNDS = 6 };

/* Coefficients within this ratio need no further round. */
static const double GOOD_RATIO = 1e6;

/* The smallest and largest magnitude of something. */
struct extent {
    double least, most;
};

static const struct extent NOTHING = {INFINITY, 0.0};

static void extent_add(struct extent *extent, double value)
{
    extent->least = fmin(extent->least, value);
    extent->most = fmax(extent->most, value);
}

/* What brings it to 1; 1 when there is nothing. */
typedef double scale_fn(const struct extent *extent);

static double middle_scale(const struct extent *extent)
{
    return extent->most > 0.0 ? 1.0 / (sqrt(extent->least) * sqrt(extent->most)) : 1.0;
}

static double largest_scale(const struct extent *extent)
{
    return extent->most > 0.0 ? 1.0 / extent->most : 1.0;
}

static double power_of_two(double scale)
{
    return exp2(rint(log2(scale)));
}

/* From the columns' scales, for the rows from first_row on. */
static void scale_rows(struct lp *lp, scale_fn *scale, struct extent *extents, size_t first_row)
{
    for (size_t i = first_row; i < lp->row_count; i++)
        extents[i] = NOTHING;
    for (size_t j = 0; j < lp->column_count; j++)
        for (int t = lp->columns[j].first_term; t >= 0; t = lp->terms[t].next)
            if ((size_t)lp->terms[t].row >= first_row && lp->terms[t].value != 0.0)
                extent_add(
                    &extents[lp->terms[t].row], fabs(lp->terms[t].value) * lp->columns[j].scale);
    for (size_t i = first_row; i < lp->row_count; i++)
        lp->rows[i].scale = scale(&extents[i]);
}

/* From the rows' scales, for the columns from first_column on. Returns what the coefficients then
 * lie between. */
static struct extent scale_columns(struct lp *lp, scale_fn *scale, size_t first_column)
{
    struct extent all = NOTHING;

    for (size_t j = first_column; j < lp->column_count; j++) {
        struct lp_column *column = &lp->columns[j];
        struct extent extent = NOTHING;

        for (int t = column->first_term; t >= 0; t = lp->terms[t].next)
            if (lp->terms[t].value != 0.0)
                extent_add(&extent, fabs(lp->terms[t].value) * lp->rows[lp->terms[t].row].scale);
        if (extent.most == 0.0)
            continue;
        if (column->kind == LP_CONTINUOUS)
            column->scale = scale(&extent);
        extent_add(&all, extent.least * column->scale);
        extent_add(&all, extent.most * column->scale);
    }
    return all;
}

static void scale_coefficients(struct lp *lp, size_t first_row, size_t first_column)
{
    struct extent *extents = mem_zero(lp->row_count, sizeof *extents);
    struct extent all = {0.0, INFINITY};

    for (int round = 0; round < MOST_ROUNDS && all.most > GOOD_RATIO * all.least; round++) {
        if (first_row < lp->row_count)
            scale_rows(lp, middle_scale, extents, first_row);
        all = scale_columns(lp, middle_scale, first_column);
    }
    if (first_row < lp->row_count)
        scale_rows(lp, largest_scale, extents, first_row);
    (void)scale_columns(lp, largest_scale, first_column);
    mem_free(extents);
}

/* Bounds in the middle of 1: one factor for all, on the columns and against it on the rows. */
static void scale_bounds(struct lp *lp)
{
    double sum = 0.0, unit;
    size_t count = 0;

    for (size_t i = 0; i < lp->row_count; i++) {
        const double bounds[] = {lp->rows[i].lower, lp->rows[i].upper};

        for (int k = 0; k < 2; k++)
            if (isfinite(bounds[k]) && bounds[k] != 0.0) {
                sum += log2(fabs(bounds[k]) * lp->rows[i].scale);
                count++;
            }
    }
    for (size_t j = 0; j < lp->column_count; j++) {
        const double bounds[] = {lp->columns[j].lower, lp->columns[j].upper};

        for (int k = 0; k < 2; k++)
            if (isfinite(bounds[k]) && bounds[k] != 0.0) {
                sum += log2(fabs(bounds[k]) / lp->columns[j].scale);
                count++;
            }
    }
    unit = count > 0 ? exp2(rint(sum / (double)count)) : 1.0;
    for (size_t j = 0; j < lp->column_count; j++)
        lp->columns[j].scale *= unit;
    for (size_t i = 0; i < lp->row_count; i++)
        lp->rows[i].scale /= unit;
}

static void scale_costs(struct lp *lp)
{
    double sum = 0.0;
    size_t count = 0;

    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].cost != 0.0) {
            sum += log2(fabs(lp->columns[j].cost) * lp->columns[j].scale);
            count++;
        }
    lp->cost_scale = count > 0 ? exp2(-rint(sum / (double)count)) : 1.0;
}

void lp_scale(struct lp *lp, size_t first_row, size_t first_column)
{
    bool is_first = first_row == 0 && first_column == 0;

    if (first_row == lp->row_count && first_column == lp->column_count)
        return;
    for (size_t i = first_row; i < lp->row_count; i++)
        lp->rows[i].scale = 1.0;
    for (size_t j = first_column; j < lp->column_count; j++)
        lp->columns[j].scale = 1.0;
    if (is_first)
        lp->cost_scale = 1.0;
    scale_coefficients(lp, first_row, first_column);
    for (size_t i = first_row; i < lp->row_count; i++)
        lp->rows[i].scale = power_of_two(lp->rows[i].scale);
    for (size_t j = first_column; j < lp->column_count; j++)
        lp->columns[j].scale = power_of_two(lp->columns[j].scale);
    if (!is_first)
        return;
    if (lp->integer_count == 0)
        scale_bounds(lp);
    scale_costs(lp);
}
