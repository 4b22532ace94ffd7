#include "tests/support/lp_random.h"

#include "base/mem.h"

#include <check.h>
#include <math.h>

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_unit(rng);
}

static bool by_chance(struct rng *rng, double share)
{
    return rng_unit(rng) < share;
}

/* A column whose range holds `value`; the cost pulls it to a bound that it has. */
static void add_column(struct rng *rng, struct lp *lp, double value, double unit)
{
    double cost = between(rng, 0.1, 2.0);

    switch (rng_between(rng, 0, 4)) {
    case 0:
        (void)lp_add_column(lp, LP_CONTINUOUS, value - between(rng, 0.0, unit), INFINITY, cost);
        break;
    case 1:
        (void)lp_add_column(lp, LP_CONTINUOUS, -INFINITY, value + between(rng, 0.0, unit), -cost);
        break;
    case 2:
        (void)lp_add_column(lp, LP_CONTINUOUS, value, value, cost);
        break;
    default:
        (void)lp_add_column(lp, LP_CONTINUOUS, value - between(rng, 0.0, unit),
            value + between(rng, 0.0, unit), between(rng, -2.0, 2.0));
        break;
    }
}

static void add_whole_column(struct rng *rng, struct lp *lp, int column, double value)
{
    if (column % 2 == 0)
        (void)lp_add_column(lp, LP_BINARY, 0.0, 1.0, between(rng, -2.0, 2.0));
    else
        (void)lp_add_column(lp, LP_INTEGER, value - (double)rng_between(rng, 0, 1),
            value + (double)rng_between(rng, 0, 2), between(rng, -2.0, 2.0));
}

/* Bounds of a row whose activity at the point is `activity`. */
static void set_row(struct rng *rng, struct lp *lp, int row, double activity, double unit)
{
    double below = activity - between(rng, 0.0, unit), above = activity + between(rng, 0.0, unit);

    switch (rng_between(rng, 0, 5)) {
    case 0:
        lp_set_row_bounds(lp, row, activity, activity);
        break;
    case 1:
        lp_set_row_bounds(lp, row, below, above);
        break;
    case 2:
    case 3:
        lp_set_row_bounds(lp, row, below, INFINITY);
        break;
    default:
        lp_set_row_bounds(lp, row, -INFINITY, above);
        break;
    }
}

struct lp *lp_random(struct rng *rng, const struct lp_shape *shape)
{
    struct lp *lp = lp_create("random");
    double *point = mem_zero((size_t)shape->columns, sizeof *point);
    double *activity = mem_zero((size_t)shape->rows, sizeof *activity);

    for (int i = 0; i < shape->rows; i++)
        (void)lp_add_row(lp, -INFINITY, INFINITY);
    for (int j = 0; j < shape->columns; j++) {
        if (j < shape->integers) {
            point[j] = (double)rng_between(rng, 0, 1);
            add_whole_column(rng, lp, j, point[j]);
        } else {
            point[j] = between(rng, -shape->unit, shape->unit);
            add_column(rng, lp, point[j], shape->unit);
        }
        for (int i = 0; i < shape->rows; i++)
            if (by_chance(rng, shape->density)) {
                double coefficient = between(rng, -3.0, 3.0);

                lp_add_term(lp, i, j, coefficient);
                activity[i] += coefficient * point[j];
            }
    }
    for (int i = 0; i < shape->rows; i++)
        set_row(rng, lp, i, activity[i], shape->unit);
    lp_set_objective_constant(lp, between(rng, -5.0, 5.0));
    mem_free(point);
    mem_free(activity);
    return lp;
}

static void move_row_bounds(struct rng *rng, struct lp *lp)
{
    int row = (int)rng_between(rng, 0, lp_row_count(lp) - 1);
    double by = between(rng, -0.5, 0.5);

    lp_set_row_bounds(lp, row, lp_row_lower(lp, row) + by, lp_row_upper(lp, row) + by);
}

static void move_column_bounds(struct rng *rng, struct lp *lp)
{
    int column = (int)rng_between(rng, 0, lp_column_count(lp) - 1);
    double by = between(rng, -0.3, 0.3);

    lp_set_column_bounds(
        lp, column, lp_column_lower(lp, column) + by, lp_column_upper(lp, column) + by);
}

void lp_random_change(struct rng *rng, struct lp *lp)
{
    int row = (int)rng_between(rng, 0, lp_row_count(lp) - 1);
    int column = (int)rng_between(rng, 0, lp_column_count(lp) - 1);

    switch (rng_between(rng, 0, 5)) {
    case 0:
        move_row_bounds(rng, lp);
        break;
    case 1:
        move_column_bounds(rng, lp);
        break;
    case 2:
        lp_set_cost(lp, column, lp_cost(lp, column) * between(rng, 0.5, 2.0));
        break;
    case 3:
        lp_set_term(lp, row, column, between(rng, -3.0, 3.0));
        break;
    case 4:
        column = lp_add_column(lp, LP_CONTINUOUS, 0.0, 2.0, between(rng, -2.0, 2.0));
        for (int i = 0; i < lp_row_count(lp); i += 2)
            lp_add_term(lp, i, column, between(rng, -3.0, 3.0));
        break;
    default:
        row = lp_add_row(lp, -INFINITY, between(rng, 0.0, 5.0));
        for (int j = 0; j < lp_column_count(lp); j += 3)
            lp_add_term(lp, row, j, between(rng, -1.0, 1.0));
        break;
    }
}

/* --- Checks */

/* Sums over each row and column, from the model's terms alone. */
struct sums {
    double *activity, *activity_size; /* by row */
    double *price, *price_size;       /* by column: sum of terms × duals */
};

static struct sums sum_up(const struct lp *lp)
{
    size_t rows = (size_t)lp_row_count(lp), columns = (size_t)lp_column_count(lp);
    struct sums sums = {
        .activity = mem_zero(rows, sizeof(double)),
        .activity_size = mem_zero(rows, sizeof(double)),
        .price = mem_zero(columns, sizeof(double)),
        .price_size = mem_zero(columns, sizeof(double)),
    };
    int *at = mem_zero(rows, sizeof *at);
    double *values = mem_zero(rows, sizeof *values);

    for (int j = 0; j < (int)columns; j++) {
        int count = lp_column_terms(lp, j, at, values);

        for (int k = 0; k < count; k++) {
            double part = values[k] * lp_column_value(lp, j);
            double price = values[k] * lp_row_dual(lp, at[k]);

            sums.activity[at[k]] += part;
            sums.activity_size[at[k]] += fabs(part);
            sums.price[j] += price;
            sums.price_size[j] += fabs(price);
        }
    }
    mem_free(at);
    mem_free(values);
    return sums;
}

static void free_sums(struct sums *sums)
{
    mem_free(sums->activity);
    mem_free(sums->activity_size);
    mem_free(sums->price);
    mem_free(sums->price_size);
}

static void assert_between(double value, double lower, double upper, double size, double tolerance)
{
    double slack = tolerance * fmax(1.0, size);

    ck_assert_msg(value >= lower - slack && value <= upper + slack,
        "%.12g is not in [%.12g, %.12g]", value, lower, upper);
}

/* A dual pulls towards a bound that is reached. */
static void assert_pull(double dual, double value, double lower, double upper, double tolerance)
{
    double gap = dual > 0.0 ? value - lower : upper - value;

    if (fabs(dual) > tolerance)
        ck_assert_msg(fabs(gap) <= tolerance * fmax(1.0, fabs(value)),
            "dual %.12g at %.12g in [%.12g, %.12g]", dual, value, lower, upper);
}

static void assert_rows(const struct lp *lp, const struct sums *sums, double tolerance)
{
    for (int i = 0; i < lp_row_count(lp); i++) {
        assert_between(sums->activity[i], lp_row_lower(lp, i), lp_row_upper(lp, i),
            sums->activity_size[i], tolerance);
        assert_between(lp_row_activity(lp, i), sums->activity[i], sums->activity[i],
            sums->activity_size[i], tolerance);
    }
}

void lp_assert_feasible(const struct lp *lp, double tolerance)
{
    struct sums sums = sum_up(lp);
    int whole_count = lp_integer_count(lp);

    assert_rows(lp, &sums, tolerance);
    for (int j = 0; j < lp_column_count(lp); j++) {
        double value = lp_column_value(lp, j);

        assert_between(value, lp_column_lower(lp, j), lp_column_upper(lp, j), 0.0, tolerance);
        if (j < whole_count)
            ck_assert_double_eq(value, rint(value));
    }
    free_sums(&sums);
}

void lp_assert_optimal(const struct lp *lp, double tolerance)
{
    struct sums sums = sum_up(lp);

    assert_rows(lp, &sums, tolerance);
    for (int i = 0; i < lp_row_count(lp); i++)
        assert_pull(lp_row_dual(lp, i), sums.activity[i], lp_row_lower(lp, i), lp_row_upper(lp, i),
            tolerance);
    for (int j = 0; j < lp_column_count(lp); j++) {
        double value = lp_column_value(lp, j), lower = lp_column_lower(lp, j);
        double reduced = lp_cost(lp, j) - sums.price[j];

        assert_between(value, lower, lp_column_upper(lp, j), 0.0, tolerance);
        assert_between(lp_reduced_cost(lp, j), reduced, reduced, sums.price_size[j], tolerance);
        assert_pull(lp_reduced_cost(lp, j), value, lower, lp_column_upper(lp, j), tolerance);
    }
    free_sums(&sums);
}
