/* Properties of random programs: the loop index is the seed. */
#include "base/err.h"
#include "base/mem.h"
#include "tests/support/lp_random.h"
#include "tests/support/suite.h"

#include <math.h>

enum { SEED_COUNT = 200 };

static struct lp_shape random_shape(struct rng *rng)
{
    static const double UNITS[] = {1.0, 1.0, 1e-4, 1e5};

    return (struct lp_shape){
        .rows = (int)rng_between(rng, 1, 30),
        .columns = (int)rng_between(rng, 1, 50),
        .density = 0.1 + 0.8 * rng_unit(rng),
        .unit = UNITS[rng_between(rng, 0, 3)],
    };
}

START_TEST(optima_prove_themselves_by_every_method)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct lp_shape shape = random_shape(&rng);
    struct lp *lp = lp_random(&rng, &shape);
    double first = 0.0;

    for (int way = 0; way < 6; way++) {
        struct lp_options options = {.method = (enum lp_method)(way % 3),
            .presolve = way < 3 ? LP_PRESOLVE_ON : LP_PRESOLVE_OFF};
        struct err err = {0};

        lp_clear_basis(lp);
        ck_assert_msg(lp_solve(lp, &options, &err) == LP_OPTIMAL, "%s %s",
            LP_STATUS_NAMES[lp_status(lp)], err.text);
        lp_assert_optimal(lp, 1e-6);
        if (way == 0)
            first = lp_objective(lp);
        ck_assert_double_eq_tol(lp_objective(lp), first, 1e-7 * fmax(shape.unit, fabs(first)));
        ck_assert_double_le(lp_bound(lp), lp_objective(lp));
        ck_assert_double_eq_tol(lp_bound(lp), first, 1e-6 * fmax(shape.unit, fabs(first)));
    }
    lp_destroy(lp);
}
END_TEST

/* Weights that prove infeasibility, checked by hand: the least the weighted rows may be is above
 * the most that the columns let them be. */
static void assert_proof(const struct lp *lp)
{
    size_t row_count = (size_t)lp_row_count(lp);
    double *weights = mem_zero(row_count, sizeof *weights);
    double *values = mem_zero(row_count, sizeof *values);
    int *rows = mem_zero(row_count, sizeof *rows);
    double least = 0.0, most = 0.0;

    ck_assert(lp_infeasibility_proof(lp, weights));
    for (int i = 0; i < (int)row_count; i++)
        if (weights[i] != 0.0)
            least += weights[i] * (weights[i] > 0.0 ? lp_row_lower(lp, i) : lp_row_upper(lp, i));
    for (int j = 0; j < lp_column_count(lp); j++) {
        int count = lp_column_terms(lp, j, rows, values);
        double sum = 0.0, size = 0.0;

        for (int k = 0; k < count; k++) {
            sum += weights[rows[k]] * values[k];
            size += fabs(weights[rows[k]] * values[k]);
        }
        if (fabs(sum) > 1e-9 * size)
            most += sum * (sum > 0.0 ? lp_column_upper(lp, j) : lp_column_lower(lp, j));
    }
    ck_assert_double_gt(least, most);
    mem_free(weights);
    mem_free(values);
    mem_free(rows);
}

/* A sum of all columns that each must be at least its lower bound, held below the sum of those. */
START_TEST(infeasible_ones_are_proven_so)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct lp_shape shape = random_shape(&rng);
    struct lp *lp = lp_random(&rng, &shape);
    struct lp_options options = {.method = (enum lp_method)(_i % 3)};
    double least = 0.0;
    int row = lp_add_row(lp, -INFINITY, INFINITY);

    for (int j = 0; j < lp_column_count(lp); j++)
        if (isfinite(lp_column_lower(lp, j))) {
            lp_add_term(lp, row, j, 1.0);
            least += lp_column_lower(lp, j);
        }
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_OPTIMAL);
    lp_set_row_bounds(lp, row, -INFINITY, least - 0.5 * shape.unit);
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_INFEASIBLE);
    assert_proof(lp);
    lp_clear_basis(lp);
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_INFEASIBLE);
    assert_proof(lp);
    lp_destroy(lp);
}
END_TEST

START_TEST(warm_answers_are_those_of_cold_solves)
{
    struct rng rng = rng_seed((uint64_t)_i + 1000);
    struct lp_shape shape = random_shape(&rng);
    struct lp *lp;

    shape.unit = 1.0;
    lp = lp_random(&rng, &shape);
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    for (int step = 0; step < 15; step++) {
        struct lp *cold;

        for (int k = (int)rng_between(&rng, 1, 3); k > 0; k--)
            lp_random_change(&rng, lp);
        cold = lp_copy(lp);
        lp_clear_basis(cold);
        ck_assert_int_ne(lp_solve(cold, NULL, NULL), LP_FAILED);
        ck_assert_msg(lp_solve(lp, NULL, NULL) == lp_status(cold), "%s warm, %s cold",
            LP_STATUS_NAMES[lp_status(lp)], LP_STATUS_NAMES[lp_status(cold)]);
        if (lp_status(lp) == LP_OPTIMAL) {
            lp_assert_optimal(lp, 1e-6);
            ck_assert_double_eq_tol(
                lp_objective(lp), lp_objective(cold), 1e-7 * fmax(1.0, fabs(lp_objective(cold))));
        }
        lp_destroy(cold);
    }
    lp_destroy(lp);
}
END_TEST

START_TEST(the_same_calls_give_the_same_bits)
{
    double objective[2], value[2];

    for (int run = 0; run < 2; run++) {
        struct rng rng = rng_seed((uint64_t)_i + 5000);
        struct lp_shape shape = {.rows = 40, .columns = 80, .density = 0.3, .unit = 1.0};
        struct lp *lp = lp_random(&rng, &shape);

        (void)lp_solve(lp, NULL, NULL);
        lp_set_cost(lp, 3, 0.25);
        lp_set_row_bounds(lp, 2, lp_row_lower(lp, 2), lp_row_upper(lp, 2) + 0.125);
        ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
        objective[run] = lp_objective(lp);
        value[run] = lp_column_value(lp, 5);
        lp_destroy(lp);
    }
    ck_assert_double_eq(objective[0], objective[1]);
    ck_assert_double_eq(value[0], value[1]);
}
END_TEST

/* Duals are slopes: move a binding bound within its range, and the optimum moves by dual × step. */
START_TEST(duals_are_slopes_within_their_range)
{
    struct rng rng = rng_seed((uint64_t)_i + 9000);
    struct lp_shape shape = {.rows = 12, .columns = 20, .density = 0.5, .unit = 1.0};
    struct lp *lp = lp_random(&rng, &shape);

    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    for (int i = 0; i < lp_row_count(lp); i++) {
        struct lp *moved = lp_copy(lp);
        double low, high, lower = lp_row_lower(lp, i), upper = lp_row_upper(lp, i);
        double dual = lp_row_dual(lp, i), activity = lp_row_activity(lp, i), to;

        ck_assert_int_eq(lp_range_row(lp, i, &low, &high, NULL), 0);
        ck_assert_double_le(low, activity + 1e-7);
        ck_assert_double_ge(high, activity - 1e-7);
        to = isfinite(high) ? high : activity + 1.0;
        if (dual != 0.0 && lower < upper) {
            lp_set_row_bounds(moved, i, dual > 0.0 ? to : lower, dual > 0.0 ? fmax(upper, to) : to);
            ck_assert_int_eq(lp_solve(moved, NULL, NULL), LP_OPTIMAL);
            ck_assert_double_eq_tol(
                lp_objective(moved), lp_objective(lp) + dual * (to - activity), 1e-6);
        }
        lp_destroy(moved);
    }
    lp_destroy(lp);
}
END_TEST

/* The optimum with the bounds of both things of the shift moved by t of it; INFINITY: none. */
static double optimum_at(const struct lp *lp, const struct lp_shift *shifts, double t)
{
    struct lp *moved = lp_copy(lp);
    int row = shifts[0].index, column = shifts[1].index;
    double optimum = INFINITY;

    lp_set_row_bounds(moved, row, lp_row_lower(lp, row) + t * shifts[0].lower,
        lp_row_upper(lp, row) + t * shifts[0].upper);
    lp_set_column_bounds(moved, column, lp_column_lower(lp, column),
        lp_column_upper(lp, column) + t * shifts[1].upper);
    if (lp_solve(moved, NULL, NULL) == LP_OPTIMAL)
        optimum = lp_objective(moved);
    lp_destroy(moved);
    return optimum;
}

/* Within the range of a shift of a row and of a column's upper bound the optimum is a straight
 * line, whose slope the duals give; beyond an end it lies above the line, where it does not bend
 * later. */
START_TEST(a_shift_has_one_slope_within_its_range)
{
    struct rng rng = rng_seed((uint64_t)_i + 12000);
    struct lp_shape shape = {.rows = 10, .columns = 16, .density = 0.5, .unit = 1.0};
    struct lp *lp = lp_random(&rng, &shape);
    double base, low, high, bent = 0, ends = 0;

    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    base = lp_objective(lp);
    for (int i = 0; i < lp_row_count(lp); i++) {
        double row = 4 * rng_unit(&rng) - 2, column = 2 * rng_unit(&rng) - 1;
        const struct lp_shift shifts[2] = {{LP_ROW, i, row, row}, {LP_COLUMN, i, 0, column}};
        double slope = row * lp_row_dual(lp, i) + column * fmin(lp_reduced_cost(lp, i), 0);

        ck_assert_int_eq(lp_range_shift(lp, shifts, 2, &low, &high, NULL), 0);
        ck_assert_double_le(low, 0);
        ck_assert_double_ge(high, 0);
        for (int end = 0; end < 2; end++) {
            double t = end == 0 ? low : high;
            double inside = isfinite(t) ? t : copysign(3, t);
            double beyond;

            ck_assert_double_eq_tol(
                optimum_at(lp, shifts, inside), base + slope * inside, 1e-6 * fmax(1, fabs(base)));
            if (!isfinite(t))
                continue;
            beyond = t + copysign(0.5, t);
            ck_assert_double_ge(
                optimum_at(lp, shifts, beyond), base + slope * beyond - 1e-6 * fmax(1, fabs(base)));
            ends++;
            bent += optimum_at(lp, shifts, beyond) > base + slope * beyond + 1e-6;
        }
    }
    ck_assert_double_ge(bent, 0.8 * ends);
    lp_destroy(lp);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp_random");
    TCase *tc = tcase_create("properties");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, optima_prove_themselves_by_every_method, 0, SEED_COUNT);
    tcase_add_loop_test(tc, infeasible_ones_are_proven_so, 0, SEED_COUNT);
    tcase_add_loop_test(tc, warm_answers_are_those_of_cold_solves, 0, SEED_COUNT);
    tcase_add_loop_test(tc, the_same_calls_give_the_same_bits, 0, 10);
    tcase_add_loop_test(tc, duals_are_slopes_within_their_range, 0, 50);
    tcase_add_loop_test(tc, a_shift_has_one_slope_within_its_range, 0, 50);
    suite_add_tcase(s, tc);
    return s;
}
