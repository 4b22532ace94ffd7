/* Mixed-integer programs against enumeration: every whole point is tried. */
#include "base/err.h"
#include "base/mem.h"
#include "tests/support/lp_random.h"
#include "tests/support/suite.h"

#include <math.h>

/*
 * minimise -5 x - 4 y  with 6 x + 4 y <= 24, x + 2 y <= 6, x, y whole: the relaxation has (3, 1.5)
 * with -21; the best whole point is (4, 0) with -20.
 */
START_TEST(whole_corner_is_not_the_rounded_one)
{
    struct lp *lp = lp_create("paint");

    lp_add_row(lp, -INFINITY, 24.0);
    lp_add_row(lp, -INFINITY, 6.0);
    lp_add_column(lp, LP_INTEGER, 0.0, INFINITY, -5.0);
    lp_add_column(lp, LP_INTEGER, 0.0, INFINITY, -4.0);
    lp_add_term(lp, 0, 0, 6.0);
    lp_add_term(lp, 0, 1, 4.0);
    lp_add_term(lp, 1, 0, 1.0);
    lp_add_term(lp, 1, 1, 2.0);
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -21.0, 1e-9);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -20.0, 1e-9);
    ck_assert_double_eq_tol(lp_bound(lp), -20.0, 1e-5);
    ck_assert_double_eq(lp_column_value(lp, 0), 4.0);
    ck_assert_double_eq(lp_column_value(lp, 1), 0.0);
    ck_assert_double_eq(lp_row_activity(lp, 0), 24.0);
    ck_assert_double_eq(lp_row_dual(lp, 0), 0.0);
    /* Prices: of the relaxation with the whole columns fixed. */
    lp_set_column_bounds(lp, 0, 4.0, 4.0);
    lp_set_column_bounds(lp, 1, 0.0, 0.0);
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -20.0, 1e-9);
    lp_destroy(lp);
}
END_TEST

START_TEST(whole_relaxation_needs_no_tree)
{
    struct lp *lp = lp_create("whole");

    lp_add_row(lp, -INFINITY, 3.0);
    lp_add_column(lp, LP_INTEGER, 0.0, INFINITY, -1.0);
    lp_add_term(lp, 0, 0, 1.0);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq(lp_column_value(lp, 0), 3.0);
    ck_assert_int_eq(lp_nodes(lp), 0);
    lp_destroy(lp);
}
END_TEST

/* 2 x = 3 for a whole x: the relaxation has a point, the MIP has none. And 0.2 <= x <= 0.8. */
START_TEST(no_whole_point_is_infeasible)
{
    struct lp *lp = lp_create("odd");

    lp_add_row(lp, 3.0, 3.0);
    lp_add_column(lp, LP_INTEGER, 0.0, 10.0, 1.0);
    lp_add_term(lp, 0, 0, 2.0);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_INFEASIBLE);
    ck_assert(!lp_has_point(lp));
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    lp_set_row_bounds(lp, 0, 0.0, 30.0);
    lp_set_column_bounds(lp, 0, 0.2, 0.8);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_INFEASIBLE);
    lp_set_column_bounds(lp, 0, 0.2, 1.8);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq(lp_column_value(lp, 0), 1.0);
    lp_destroy(lp);
}
END_TEST

START_TEST(unbounded_and_infeasible_relaxations_are_answers)
{
    struct lp *lp = lp_create("open");

    lp_add_row(lp, 0.5, INFINITY);
    lp_add_column(lp, LP_INTEGER, 0.0, INFINITY, -1.0);
    lp_add_term(lp, 0, 0, 1.0);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_UNBOUNDED);
    lp_set_column_bounds(lp, 0, 0.0, 0.25);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_INFEASIBLE);
    ck_assert(!lp_has_point(lp));
    lp_destroy(lp);
}
END_TEST

START_TEST(binaries_stay_within_zero_and_one)
{
    struct lp *lp = lp_create("binary");

    lp_add_column(lp, LP_BINARY, -7.0, 9.0, -1.0);
    lp_add_column(lp, LP_BINARY, -7.0, 9.0, 1.0);
    ck_assert_int_eq(lp_solve_mip(lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq(lp_column_value(lp, 0), 1.0);
    ck_assert_double_eq(lp_column_value(lp, 1), 0.0);
    lp_destroy(lp);
}
END_TEST

/* --- Enumeration */

/* The best objective over all whole values within bounds; the continuous columns by lp_solve. */
static double enumerate(struct lp *lp)
{
    int whole_count = lp_integer_count(lp), column = 0;
    double *lower = mem_zero((size_t)whole_count, sizeof *lower);
    double *upper = mem_zero((size_t)whole_count, sizeof *upper);
    double *value = mem_zero((size_t)whole_count, sizeof *value);
    double best = INFINITY;

    for (int j = 0; j < whole_count; j++) {
        value[j] = lower[j] = ceil(lp_column_lower(lp, j));
        upper[j] = floor(lp_column_upper(lp, j));
    }
    while (column < whole_count) {
        for (int j = 0; j < whole_count; j++)
            lp_set_column_bounds(lp, j, value[j], value[j]);
        if (lp_solve(lp, NULL, NULL) == LP_OPTIMAL)
            best = fmin(best, lp_objective(lp));
        ck_assert_int_ne(lp_status(lp), LP_FAILED);
        for (column = 0; column < whole_count && ++value[column] > upper[column]; column++)
            value[column] = lower[column];
    }
    for (int j = 0; j < whole_count; j++)
        lp_set_column_bounds(lp, j, lower[j], upper[j]);
    mem_free(lower);
    mem_free(upper);
    mem_free(value);
    return best;
}

START_TEST(branch_and_cut_finds_what_enumeration_finds)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct lp_shape shape = {.rows = (int)rng_between(&rng, 2, 10),
        .columns = (int)rng_between(&rng, 9, 14),
        .integers = 9,
        .density = 0.7,
        .unit = 2.0};
    struct lp *lp = lp_random(&rng, &shape);
    double best;

    if (_i % 5 == 0) /* some have no point */
        lp_set_row_bounds(lp, 0, lp_row_lower(lp, 0) + 4.0, lp_row_upper(lp, 0) + 4.0);
    best = enumerate(lp);
    (void)lp_solve_mip(lp, NULL, NULL);
    if (isinf(best)) {
        ck_assert_int_eq(lp_status(lp), LP_INFEASIBLE);
    } else {
        ck_assert_int_eq(lp_status(lp), LP_OPTIMAL);
        ck_assert_double_eq_tol(lp_objective(lp), best, 1e-6);
        ck_assert_double_le(lp_bound(lp), best + 1e-6);
        lp_assert_feasible(lp, 1e-6);
    }
    lp_destroy(lp);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp_mip");
    TCase *tc = tcase_create("mip");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, whole_corner_is_not_the_rounded_one);
    tcase_add_test(tc, whole_relaxation_needs_no_tree);
    tcase_add_test(tc, no_whole_point_is_infeasible);
    tcase_add_test(tc, unbounded_and_infeasible_relaxations_are_answers);
    tcase_add_test(tc, binaries_stay_within_zero_and_one);
    tcase_add_loop_test(tc, branch_and_cut_finds_what_enumeration_finds, 0, 100);
    suite_add_tcase(s, tc);
    return s;
}
