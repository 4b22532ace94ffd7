/* Linear programs small enough to be solved by hand: each is stated as mathematics. */
#include "planner/lp.h"

#include "base/err.h"
#include "tests/support/lp_random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

static const double NEAR = 1e-9;

/* Every way of solving: loop index. */
static const struct lp_options WAYS[] = {
    {.presolve = LP_PRESOLVE_AUTO},
    {.method = LP_METHOD_PRIMAL, .presolve = LP_PRESOLVE_OFF},
    {.method = LP_METHOD_DUAL, .presolve = LP_PRESOLVE_OFF},
    {.method = LP_METHOD_PRIMAL, .presolve = LP_PRESOLVE_ON},
    {.method = LP_METHOD_DUAL, .presolve = LP_PRESOLVE_ON},
};
enum { WAY_COUNT = sizeof WAYS / sizeof WAYS[0] };

static void assert_solves(struct lp *lp, const struct lp_options *way, enum lp_status expected)
{
    struct err err = {0};
    enum lp_status status = lp_solve(lp, way, &err);

    ck_assert_msg(status == expected, "%s, not %s: %s", LP_STATUS_NAMES[status],
        LP_STATUS_NAMES[expected], err.text);
    ck_assert_int_eq(lp_status(lp), expected);
}

static void assert_column(const struct lp *lp, int column, double value, double reduced_cost)
{
    ck_assert_double_eq_tol(lp_column_value(lp, column), value, NEAR);
    ck_assert_double_eq_tol(lp_reduced_cost(lp, column), reduced_cost, NEAR);
}

static void assert_row(const struct lp *lp, int row, double activity, double dual)
{
    ck_assert_double_eq_tol(lp_row_activity(lp, row), activity, NEAR);
    ck_assert_double_eq_tol(lp_row_dual(lp, row), dual, NEAR);
}

/*
 * minimise   -3 x - 5 y
 * subject to   x       <= 4
 *                  2 y <= 12
 *              3 x + 2 y <= 18,   x, y >= 0
 *
 * The corner (2, 6) is best: -36. Rows 1 and 2 bind: -3 = 3 w, -5 = 2 v + 2 w give w = -1 and
 * v = -1.5.
 */
static struct lp *windows_and_doors(void)
{
    struct lp *lp = lp_create("windows and doors");

    lp_add_row(lp, -INFINITY, 4.0);
    lp_add_row(lp, -INFINITY, 12.0);
    lp_add_row(lp, -INFINITY, 18.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -3.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -5.0);
    lp_add_term(lp, 0, 0, 1.0);
    lp_add_term(lp, 1, 1, 2.0);
    lp_add_term(lp, 2, 1, 2.0);
    lp_add_term(lp, 2, 0, 3.0);
    return lp;
}

START_TEST(corner_has_the_duals_of_its_rows)
{
    struct lp *lp = windows_and_doors();

    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert(lp_has_point(lp));
    ck_assert_double_eq_tol(lp_objective(lp), -36.0, NEAR);
    ck_assert_double_eq_tol(lp_bound(lp), -36.0, NEAR);
    assert_column(lp, 0, 2.0, 0.0);
    assert_column(lp, 1, 6.0, 0.0);
    assert_row(lp, 0, 2.0, 0.0);
    assert_row(lp, 1, 12.0, -1.5);
    assert_row(lp, 2, 18.0, -1.0);
    lp_destroy(lp);
}
END_TEST

/*
 * minimise   7 + 2 x + 3 y
 * subject to 1 <= x + y <= 4
 *                 x - y  = -2,   x free, y >= 0
 *
 * x = y - 2, so x + y = 2 y - 2 is in [1, 4], so y is in [1.5, 3], and the cost 3 + 5 y is least at
 * 1.5. 2 = v + w and 3 = v - w give v = 2.5 and w = -0.5.
 */
START_TEST(ranges_equalities_and_free_columns)
{
    struct lp *lp = lp_create("ranges");

    lp_add_row(lp, 1.0, 4.0);
    lp_add_row(lp, -2.0, -2.0);
    lp_add_column(lp, LP_CONTINUOUS, -INFINITY, INFINITY, 2.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 3.0);
    lp_add_term(lp, 0, 0, 1.0);
    lp_add_term(lp, 0, 1, 1.0);
    lp_add_term(lp, 1, 0, 1.0);
    lp_add_term(lp, 1, 1, -1.0);
    lp_set_objective_constant(lp, 7.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), 10.5, NEAR);
    assert_column(lp, 0, -0.5, 0.0);
    assert_column(lp, 1, 1.5, 0.0);
    assert_row(lp, 0, 1.0, 2.5);
    assert_row(lp, 1, -2.0, -0.5);
    lp_destroy(lp);
}
END_TEST

/*
 * minimise a - b + 0 c + d   with 2 <= a, b <= 5, c free, d = 3; an empty row in [-1, 1] and a row
 * d - c that is free. Nothing couples them: a = 2, b = 5, d = 3.
 */
START_TEST(empty_rows_and_columns)
{
    struct lp *lp = lp_create("empty");

    lp_add_row(lp, -1.0, 1.0);
    lp_add_row(lp, -INFINITY, INFINITY);
    lp_add_column(lp, LP_CONTINUOUS, 2.0, INFINITY, 1.0);
    lp_add_column(lp, LP_CONTINUOUS, -INFINITY, 5.0, -1.0);
    lp_add_column(lp, LP_CONTINUOUS, -INFINITY, INFINITY, 0.0);
    lp_add_column(lp, LP_CONTINUOUS, 3.0, 3.0, 1.0);
    lp_add_term(lp, 1, 3, 1.0);
    lp_add_term(lp, 1, 2, -1.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), 0.0, NEAR);
    assert_column(lp, 0, 2.0, 1.0);
    assert_column(lp, 1, 5.0, -1.0);
    assert_column(lp, 3, 3.0, 1.0);
    assert_row(lp, 0, 0.0, 0.0);
    ck_assert_double_eq(lp_row_dual(lp, 1), 0.0);
    lp_destroy(lp);
}
END_TEST

START_TEST(nothing_at_all_costs_the_constant)
{
    struct lp *lp = lp_create("nothing");

    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq(lp_objective(lp), 0.0);
    lp_set_objective_constant(lp, 2.5);
    ck_assert_int_eq(lp_status(lp), LP_NOT_SOLVED);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq(lp_objective(lp), 2.5);
    lp_add_row(lp, -1.0, 0.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    lp_add_row(lp, 1.0, INFINITY);
    assert_solves(lp, &WAYS[_i], LP_INFEASIBLE);
    lp_destroy(lp);
}
END_TEST

/*
 * minimise -x - y  with x + y <= 1, x <= 1, y <= 1, 2 x + 2 y <= 2, x - y <= 1: at each optimum
 * more rows meet than there are columns.
 */
START_TEST(degenerate_corners_are_optimal_too)
{
    static const double ROWS[][3] = {{1, 1, 1}, {1, 0, 1}, {0, 1, 1}, {2, 2, 2}, {1, -1, 1}};
    struct lp *lp = lp_create("degenerate");

    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -1.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -1.0);
    for (int i = 0; i < 5; i++) {
        lp_add_row(lp, -INFINITY, ROWS[i][2]);
        lp_add_term(lp, i, 0, ROWS[i][0]);
        lp_add_term(lp, i, 1, ROWS[i][1]);
    }
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -1.0, NEAR);
    lp_assert_optimal(lp, NEAR);
    lp_destroy(lp);
}
END_TEST

/* x + y >= 3, x + y <= 2, and a row z <= 1 that has no part in it: w = (1, -1, 0) proves it. */
START_TEST(infeasible_is_an_answer_with_a_proof)
{
    struct lp *lp = lp_create("infeasible");
    double weights[3] = {0};

    lp_add_row(lp, 3.0, INFINITY);
    lp_add_row(lp, -INFINITY, 2.0);
    lp_add_row(lp, -INFINITY, 1.0);
    for (int j = 0; j < 3; j++)
        lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 1.0);
    for (int j = 0; j < 2; j++) {
        lp_add_term(lp, 0, j, 1.0);
        lp_add_term(lp, 1, j, 1.0);
    }
    lp_add_term(lp, 2, 2, 1.0);
    assert_solves(lp, &WAYS[_i], LP_INFEASIBLE);
    ck_assert(!lp_has_point(lp));
    ck_assert_double_infinite(lp_objective(lp));
    ck_assert(lp_infeasibility_proof(lp, weights));
    ck_assert_double_gt(weights[0], 0.0);
    ck_assert_double_eq_tol(weights[1], -weights[0], NEAR);
    ck_assert_double_eq_tol(weights[2], 0.0, NEAR);
    lp_set_row_bounds(lp, 1, -INFINITY, 3.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), 3.0, NEAR);
    ck_assert(!lp_infeasibility_proof(lp, weights));
    lp_destroy(lp);
}
END_TEST

START_TEST(crossed_bounds_are_infeasible_and_a_hair_is_not)
{
    struct lp *lp = windows_and_doors();

    lp_set_column_bounds(lp, 0, 1.0, 0.5);
    assert_solves(lp, &WAYS[_i], LP_INFEASIBLE);
    lp_set_column_bounds(lp, 0, 1.0 + 1e-13, 1.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -33.0, NEAR);
    lp_set_row_bounds(lp, 1, 13.0, 12.0);
    assert_solves(lp, &WAYS[_i], LP_INFEASIBLE);
    lp_destroy(lp);
}
END_TEST

/* minimise -x with x - y <= 1, x, y >= 0: both may grow for ever. With y <= 3: x = 4. */
START_TEST(unbounded_is_an_answer)
{
    struct lp *lp = lp_create("unbounded");

    lp_add_row(lp, -INFINITY, 1.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -1.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 0.0);
    lp_add_term(lp, 0, 0, 1.0);
    lp_add_term(lp, 0, 1, -1.0);
    assert_solves(lp, &WAYS[_i], LP_UNBOUNDED);
    ck_assert_double_infinite(lp_bound(lp));
    lp_set_column_bounds(lp, 1, 0.0, 3.0);
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -4.0, NEAR);
    lp_destroy(lp);
}
END_TEST

/* minimise -x, x - y <= 1, and z >= 1, z <= 0 in rows: there is no point to run away from. */
START_TEST(infeasible_comes_before_unbounded)
{
    struct lp *lp = lp_create("both");

    lp_add_row(lp, -INFINITY, 1.0);
    lp_add_row(lp, 1.0, INFINITY);
    lp_add_row(lp, -INFINITY, 0.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -1.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 0.0);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 0.0);
    lp_add_term(lp, 0, 0, 1.0);
    lp_add_term(lp, 0, 1, -1.0);
    lp_add_term(lp, 1, 2, 1.0);
    lp_add_term(lp, 2, 2, 1.0);
    assert_solves(lp, &WAYS[_i], LP_INFEASIBLE);
    lp_destroy(lp);
}
END_TEST

/* Windows and doors with x, y, the last row and the cost in other units each, as far from each
 * other as dollars from gigawatts: the optimum is the same but for its units. */
START_TEST(units_do_not_change_the_optimum)
{
    static const double UNITS[][4] = {{1, 1, 1, 1}, {1e-9, 1, 1, 1}, {1e9, 1, 1, 1},
        {1e-6, 1e6, 1, 1}, {1, 1, 1e9, 1}, {1, 1, 1, 1e-12}, {1, 1, 1, 1e12},
        {1e-9, 1e-9, 1e-9, 1e9}, {1e9, 1e3, 1e-3, 1e-9}};
    double x = UNITS[_i][0], y = UNITS[_i][1], row = UNITS[_i][2], cost = UNITS[_i][3];
    struct lp *lp = lp_create("units");

    lp_add_row(lp, -INFINITY, 4.0 * x);
    lp_add_row(lp, -INFINITY, 12.0 * y);
    lp_add_row(lp, -INFINITY, 18.0 * row);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -3.0 * cost / x);
    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, -5.0 * cost / y);
    lp_add_term(lp, 0, 0, 1.0);
    lp_add_term(lp, 1, 1, 2.0);
    lp_add_term(lp, 2, 0, 3.0 * row / x);
    lp_add_term(lp, 2, 1, 2.0 * row / y);
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_column_value(lp, 0) / x, 2.0, NEAR);
    ck_assert_double_eq_tol(lp_column_value(lp, 1) / y, 6.0, NEAR);
    ck_assert_double_eq_tol(lp_objective(lp) / cost, -36.0, NEAR);
    ck_assert_double_eq_tol(lp_row_dual(lp, 1) * y / cost, -1.5, NEAR);
    ck_assert_double_eq_tol(lp_row_dual(lp, 2) * row / cost, -1.0, NEAR);
    lp_destroy(lp);
}
END_TEST

/* --- Changes between solves */

START_TEST(changes_are_solved_from_the_last_basis)
{
    struct lp *lp = windows_and_doors();
    int column, row;

    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    lp_set_row_bounds(lp, 2, -INFINITY, 15.0); /* (1, 6) */
    ck_assert_int_eq(lp_status(lp), LP_NOT_SOLVED);
    ck_assert(!lp_has_point(lp));
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -33.0, NEAR);
    lp_set_cost(lp, 1, -1.0); /* (4, 1.5) */
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -13.5, NEAR);
    lp_set_term(lp, 2, 1, 1.0); /* (4, 3) */
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -15.0, NEAR);
    column = lp_add_column(lp, LP_CONTINUOUS, 0.0, 2.0, -4.0);
    lp_add_term(lp, 2, column, 1.0); /* (4, 1, 2) */
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -21.0, NEAR);
    row = lp_add_row(lp, -INFINITY, 3.0);
    lp_add_term(lp, row, 0, 1.0);
    lp_add_term(lp, row, column, 1.0); /* x + z <= 3: (1, 6, 2), -3 - 6 - 8 */
    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -17.0, NEAR);
    lp_assert_optimal(lp, NEAR);
    lp_destroy(lp);
}
END_TEST

START_TEST(solving_again_takes_no_iteration)
{
    struct lp *lp = windows_and_doors();

    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_int_gt(lp_iterations(lp), 0);
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(lp), 0);
    ck_assert_double_eq_tol(lp_objective(lp), -36.0, NEAR);
    lp_destroy(lp);
}
END_TEST

START_TEST(copy_has_the_model_and_the_basis)
{
    struct lp *lp = windows_and_doors();
    struct lp *copy;

    assert_solves(lp, NULL, LP_OPTIMAL);
    copy = lp_copy(lp);
    ck_assert_int_eq(lp_status(copy), LP_NOT_SOLVED);
    lp_set_cost(lp, 0, 0.0);
    assert_solves(lp, NULL, LP_OPTIMAL);
    lp_destroy(lp);
    assert_solves(copy, NULL, LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(copy), 0);
    ck_assert_double_eq_tol(lp_objective(copy), -36.0, NEAR);
    lp_destroy(copy);
}
END_TEST

START_TEST(basis_can_be_taken_and_given)
{
    struct lp *lp = windows_and_doors();
    struct lp *other = windows_and_doors();
    unsigned char rows[3], columns[2];

    ck_assert(!lp_get_basis(lp, rows, columns));
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert(lp_get_basis(lp, rows, columns));
    ck_assert_int_eq(rows[0], LP_BASIC);
    ck_assert_int_eq(rows[1], LP_AT_UPPER);
    ck_assert_int_eq(rows[2], LP_AT_UPPER);
    ck_assert_int_eq(columns[0], LP_BASIC);
    ck_assert_int_eq(columns[1], LP_BASIC);
    lp_set_basis(other, rows, columns);
    assert_solves(other, NULL, LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(other), 0);
    lp_clear_basis(other);
    assert_solves(other, NULL, LP_OPTIMAL);
    ck_assert_int_gt(lp_iterations(other), 0);
    lp_destroy(lp);
    lp_destroy(other);
}
END_TEST

/* Too many basic, too few, a singular one, nonsense: all are mended. */
START_TEST(wrong_bases_are_mended)
{
    static const struct {
        unsigned char rows[3], columns[2];
    } BASES[] = {
        {{LP_BASIC, LP_BASIC, LP_BASIC}, {LP_BASIC, LP_BASIC}},
        {{LP_AT_LOWER, LP_AT_LOWER, LP_AT_LOWER}, {LP_AT_LOWER, LP_AT_LOWER}},
        {{LP_BASIC, LP_AT_UPPER, LP_BASIC}, {LP_AT_ZERO, LP_BASIC}},
        {{9, 200, 77}, {255, 8}},
    };
    struct lp *lp = windows_and_doors();

    lp_set_basis(lp, BASES[_i].rows, BASES[_i].columns);
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -36.0, NEAR);
    lp_destroy(lp);
}
END_TEST

START_TEST(solving_does_not_change_the_model)
{
    struct lp *lp = windows_and_doors();
    int rows[3];
    double values[3];

    assert_solves(lp, &WAYS[_i], LP_OPTIMAL);
    ck_assert_int_eq(lp_solve_mip(lp, &WAYS[_i], NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_row_count(lp), 3);
    ck_assert_int_eq(lp_column_count(lp), 2);
    ck_assert_int_eq(lp_term_count(lp), 4);
    ck_assert_int_eq(lp_integer_count(lp), 0);
    ck_assert_double_eq(lp_cost(lp, 0), -3.0);
    ck_assert_double_eq(lp_cost(lp, 1), -5.0);
    ck_assert_double_eq(lp_row_upper(lp, 2), 18.0);
    ck_assert_double_infinite(lp_row_lower(lp, 2));
    ck_assert_double_eq(lp_column_lower(lp, 1), 0.0);
    ck_assert_double_infinite(lp_column_upper(lp, 1));
    ck_assert_int_eq(lp_column_terms(lp, 1, rows, values), 2);
    ck_assert_int_eq(rows[0], 1);
    ck_assert_int_eq(rows[1], 2);
    ck_assert_double_eq(values[0], 2.0);
    ck_assert_double_eq(values[1], 2.0);
    lp_destroy(lp);
}
END_TEST

/* --- Ranging: the textbook's own ranges of windows and doors */

START_TEST(ranges_of_right_sides_are_those_of_the_textbook)
{
    static const double EXPECTED[][2] = {{2.0, INFINITY}, {6.0, 18.0}, {12.0, 24.0}};
    struct lp *lp = windows_and_doors();
    double low, high;
    struct err err = {0};

    ck_assert_int_eq(lp_range_row(lp, 0, &low, &high, &err), -1);
    ck_assert_int_eq(err.kind, ERR_STATE);
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_int_eq(lp_range_row(lp, _i, &low, &high, &err), 0);
    ck_assert_double_eq_tol(low, EXPECTED[_i][0], NEAR);
    ck_assert(high == EXPECTED[_i][1] || fabs(high - EXPECTED[_i][1]) < NEAR);
    lp_destroy(lp);
}
END_TEST

START_TEST(ranges_of_costs_are_those_of_the_textbook)
{
    struct lp *lp = windows_and_doors();
    double low, high;

    lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 1.0); /* gains nothing until it costs 0 - 2 */
    lp_add_term(lp, 2, 2, 2.0);
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_int_eq(lp_range_cost(lp, 0, &low, &high, NULL), 0);
    ck_assert_double_eq_tol(low, -7.5, NEAR);
    ck_assert_double_eq_tol(high, 0.0, NEAR);
    ck_assert_int_eq(lp_range_cost(lp, 1, &low, &high, NULL), 0);
    ck_assert_double_infinite(low);
    ck_assert_double_eq_tol(high, -2.0, NEAR);
    ck_assert_int_eq(lp_range_cost(lp, 2, &low, &high, NULL), 0);
    ck_assert_double_eq_tol(low, -2.0, NEAR);
    ck_assert_double_infinite(high);
    lp_destroy(lp);
}
END_TEST

/* --- Faults */

static void add_nan_cost(struct lp *lp)
{
    lp_add_column(lp, LP_CONTINUOUS, 0.0, 1.0, NAN);
}

static void set_infinite_cost(struct lp *lp)
{
    lp_set_cost(lp, 1, INFINITY);
}

static void add_nan_term(struct lp *lp)
{
    lp_add_term(lp, 0, 1, NAN);
}

static void set_infinite_term(struct lp *lp)
{
    lp_set_term(lp, 2, 0, -INFINITY);
}

static void add_term_twice(struct lp *lp)
{
    lp_add_term(lp, 2, 0, 1.0);
}

static void add_term_to_no_row(struct lp *lp)
{
    lp_add_term(lp, 3, 0, 1.0);
}

static void add_term_to_no_column(struct lp *lp)
{
    lp_add_term(lp, 0, -1, 1.0);
}

static void set_bounds_of_no_row(struct lp *lp)
{
    lp_set_row_bounds(lp, 99, 0.0, 1.0);
}

static void set_nan_bound(struct lp *lp)
{
    lp_set_row_bounds(lp, 1, NAN, 1.0);
}

static void set_lower_bound_infinity(struct lp *lp)
{
    lp_set_column_bounds(lp, 0, INFINITY, INFINITY);
}

static void set_upper_bound_minus_infinity(struct lp *lp)
{
    lp_add_row(lp, -INFINITY, -INFINITY);
}

static void set_huge_bound(struct lp *lp)
{
    lp_set_column_bounds(lp, 0, 0.0, 1e30);
}

static void set_nan_constant(struct lp *lp)
{
    lp_set_objective_constant(lp, NAN);
}

static void name_thing(void *context, enum lp_thing thing, int index, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "%s%s[%d]", (const char *)context,
        thing == LP_ROW ? "limit" : "amount", index);
}

START_TEST(faults_are_refused_with_their_place)
{
    static const struct {
        void (*spoil)(struct lp *lp);
        const char *text;
        enum err_kind kind;
    } FAULTS[] = {
        {add_nan_cost, "m: amount[2]: cost nan is not below 1e+30", ERR_INPUT},
        {set_infinite_cost, "m: amount[1]: cost inf is not below 1e+30", ERR_INPUT},
        {add_nan_term, "m: limit[0]: coefficient nan of amount[1] is not below 1e+30", ERR_INPUT},
        {set_infinite_term, "m: limit[2]: coefficient -inf of amount[0] is not below 1e+30",
            ERR_INPUT},
        {add_term_twice, "m: limit[2] has amount[0] twice", ERR_INTERNAL},
        {add_term_to_no_row, "m: there is no row 3", ERR_INTERNAL},
        {add_term_to_no_column, "m: there is no column -1", ERR_INTERNAL},
        {set_bounds_of_no_row, "m: there is no row 99", ERR_INTERNAL},
        {set_nan_bound, "m: limit[1]: lower bound nan is not below 1e+30", ERR_INPUT},
        {set_lower_bound_infinity, "m: amount[0]: lower bound inf is not below 1e+30", ERR_INPUT},
        {set_upper_bound_minus_infinity, "m: limit[3]: upper bound -inf is not below 1e+30",
            ERR_INPUT},
        {set_huge_bound, "m: amount[0]: upper bound 1e+30 is not below 1e+30", ERR_INPUT},
        {set_nan_constant, "m: the objective's constant nan is not below 1e+30", ERR_INPUT},
    };
    struct lp *model = windows_and_doors();
    struct lp *lp = lp_create("m");
    struct err err = {0}, again = {0};
    char context[] = "";

    ck_assert_uint_eq(sizeof FAULTS / sizeof FAULTS[0], 13);
    lp_set_namer(lp, name_thing, context);
    for (int i = 0; i < 3; i++)
        lp_add_row(lp, lp_row_lower(model, i), lp_row_upper(model, i));
    for (int j = 0; j < 2; j++)
        lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, lp_cost(model, j));
    lp_add_term(lp, 2, 0, 3.0);
    FAULTS[_i].spoil(lp);
    ck_assert_int_eq(lp_solve(lp, NULL, &err), LP_FAILED);
    ck_assert_str_eq(err.text, FAULTS[_i].text);
    ck_assert_int_eq(err.kind, FAULTS[_i].kind);
    lp_set_cost(lp, 0, NAN); /* the first fault stays */
    ck_assert_int_eq(lp_solve_mip(lp, NULL, &again), LP_FAILED);
    ck_assert_str_eq(again.text, FAULTS[_i].text);
    ck_assert_int_eq(lp_write_mps(lp, stderr, &again), -1);
    ck_assert_int_eq(lp_write_lp(lp, stderr, &again), -1);
    ck_assert(!lp_has_point(lp));
    lp_destroy(lp);
    lp_destroy(model);
}
END_TEST

START_TEST(zero_terms_are_left_out)
{
    struct lp *lp = windows_and_doors();

    lp_add_term(lp, 0, 1, 0.0);
    lp_add_term(lp, 0, 1, 0.0);
    ck_assert_int_eq(lp_term_count(lp), 4);
    lp_set_term(lp, 0, 0, 0.0); /* x is no longer held by row 0: still (2, 6) */
    assert_solves(lp, NULL, LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(lp), -36.0, NEAR);
    ck_assert_double_eq(lp_row_activity(lp, 0), 0.0);
    lp_destroy(lp);
}
END_TEST

START_TEST(destroying_nothing_is_fine)
{
    lp_destroy(NULL);
    ck_assert_ptr_nonnull(strchr(lp_solver_version(), '.'));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp");
    TCase *answers = tcase_create("answers"), *changes = tcase_create("changes");
    TCase *ranging = tcase_create("ranging"), *faults = tcase_create("faults");

    tcase_add_loop_test(answers, corner_has_the_duals_of_its_rows, 0, WAY_COUNT);
    tcase_add_loop_test(answers, ranges_equalities_and_free_columns, 0, WAY_COUNT);
    tcase_add_loop_test(answers, empty_rows_and_columns, 0, WAY_COUNT);
    tcase_add_loop_test(answers, nothing_at_all_costs_the_constant, 0, WAY_COUNT);
    tcase_add_loop_test(answers, degenerate_corners_are_optimal_too, 0, WAY_COUNT);
    tcase_add_loop_test(answers, infeasible_is_an_answer_with_a_proof, 0, WAY_COUNT);
    tcase_add_loop_test(answers, crossed_bounds_are_infeasible_and_a_hair_is_not, 0, WAY_COUNT);
    tcase_add_loop_test(answers, unbounded_is_an_answer, 0, WAY_COUNT);
    tcase_add_loop_test(answers, infeasible_comes_before_unbounded, 0, WAY_COUNT);
    tcase_add_loop_test(answers, units_do_not_change_the_optimum, 0, 9);
    suite_add_tcase(s, answers);
    tcase_add_loop_test(changes, changes_are_solved_from_the_last_basis, 0, WAY_COUNT);
    tcase_add_test(changes, solving_again_takes_no_iteration);
    tcase_add_test(changes, copy_has_the_model_and_the_basis);
    tcase_add_test(changes, basis_can_be_taken_and_given);
    tcase_add_loop_test(changes, wrong_bases_are_mended, 0, 4);
    tcase_add_loop_test(changes, solving_does_not_change_the_model, 0, WAY_COUNT);
    suite_add_tcase(s, changes);
    tcase_add_loop_test(ranging, ranges_of_right_sides_are_those_of_the_textbook, 0, 3);
    tcase_add_test(ranging, ranges_of_costs_are_those_of_the_textbook);
    suite_add_tcase(s, ranging);
    tcase_add_loop_test(faults, faults_are_refused_with_their_place, 0, 13);
    tcase_add_test(faults, zero_terms_are_left_out);
    tcase_add_test(faults, destroying_nothing_is_fine);
    suite_add_tcase(s, faults);
    return s;
}
