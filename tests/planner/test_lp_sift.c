/* Sifting against lp_solve: programs like those of planning, whatever columns it begins with. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "planner/lp.h"
#include "tests/support/lp_random.h"
#include "tests/support/suite.h"

#include <math.h>

enum { SEED_COUNT = 120 };

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_unit(rng);
}

struct planning {
    int demands, limits, columns;
    bool must_serve; /* no column stands for what goes unserved */
};

/* Columns that serve a demand each and use limits; a stock row ties every third to a column that
 * pays for it; what is not served costs a lot. All columns are at least 0. */
static struct lp *planning_lp(struct rng *rng, const struct planning *shape)
{
    struct lp *lp = lp_create("planning");
    int stock;

    for (int i = 0; i < shape->demands; i++) {
        (void)lp_add_row(lp, between(rng, 1, 20), INFINITY);
        if (!shape->must_serve)
            lp_add_term(
                lp, i, lp_add_column(lp, LP_CONTINUOUS, 0, INFINITY, between(rng, 5, 50)), 1);
    }
    for (int i = 0; i < shape->limits; i++)
        (void)lp_add_row(lp, -INFINITY, between(rng, 2, 30));
    stock = lp_add_row(lp, 0, 0);
    lp_add_term(lp, stock, lp_add_column(lp, LP_CONTINUOUS, 0, INFINITY, between(rng, 0, 2)), -1);
    for (int j = 0; j < shape->columns; j++) {
        double upper = rng_unit(rng) < 0.2 ? between(rng, 0.5, 10) : INFINITY;
        int column = lp_add_column(lp, LP_CONTINUOUS, 0, upper, between(rng, 0, 4));
        int limit = shape->demands + (int)rng_between(rng, 0, shape->limits - 1);

        lp_add_term(lp, (int)rng_between(rng, 0, shape->demands - 1), column, between(rng, 0.2, 3));
        lp_add_term(lp, limit, column, between(rng, 0.1, 2));
        if (j % 3 == 0)
            lp_add_term(lp, stock, column, 1);
    }
    lp_set_objective_constant(lp, between(rng, -100, 100));
    return lp;
}

static struct planning random_planning(struct rng *rng)
{
    return (struct planning){.demands = (int)rng_between(rng, 1, 20),
        .limits = (int)rng_between(rng, 1, 15),
        .columns = (int)rng_between(rng, 10, 600)};
}

/* Each column by chance; of every fourth seed none, of every fourth all. Gives (mem_free). */
static unsigned char *random_first(struct rng *rng, const struct lp *lp, int seed)
{
    static const double SHARES[] = {0, 0.05, 0.5, 1};
    unsigned char *is_first = mem_zero((size_t)lp_column_count(lp), 1);

    for (int j = 0; j < lp_column_count(lp); j++)
        is_first[j] = rng_unit(rng) < SHARES[seed % 4];
    return is_first;
}

/* Both ways; they must end alike. Returns how. */
static enum lp_status solve_both(struct lp *lp, const unsigned char *is_first)
{
    double *weights = mem_zero((size_t)lp_row_count(lp), sizeof *weights);
    struct lp *plain = lp_copy(lp);
    struct err err = {0};
    enum lp_status status = lp_solve_sifting(lp, is_first, NULL, &err);

    ck_assert_msg(status != LP_FAILED, "%s", err.text);
    ck_assert_str_eq(LP_STATUS_NAMES[status], LP_STATUS_NAMES[lp_solve(plain, NULL, NULL)]);
    if (status == LP_INFEASIBLE && lp_infeasibility_proof(plain, weights))
        ck_assert(lp_infeasibility_proof(lp, weights));
    if (status == LP_OPTIMAL) {
        double usual = lp_objective(plain);

        ck_assert_double_eq_tol(lp_objective(lp), usual, 1e-8 * fmax(1, fabs(usual)));
        lp_assert_optimal(lp, 1e-6);
    }
    lp_destroy(plain);
    mem_free(weights);
    return status;
}

START_TEST(sifting_finds_the_same_optimum_with_its_duals)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct planning shape = random_planning(&rng);
    struct lp *lp = planning_lp(&rng, &shape);
    unsigned char *is_first = random_first(&rng, lp, _i);

    ck_assert_int_eq(solve_both(lp, is_first), LP_OPTIMAL);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

/* Without unserved columns a part can be infeasible where the whole is not. */
START_TEST(a_part_that_can_not_serve_is_not_an_answer)
{
    struct rng rng = rng_seed((uint64_t)_i + 1000);
    struct planning shape = random_planning(&rng);
    struct lp *lp;
    unsigned char *is_first;
    enum lp_status status;

    shape.must_serve = true;
    lp = planning_lp(&rng, &shape);
    is_first = random_first(&rng, lp, _i);
    status = solve_both(lp, is_first);
    ck_assert(status == LP_OPTIMAL || status == LP_INFEASIBLE);
    if (status == LP_OPTIMAL)
        ck_assert_double_gt(lp_row_activity(lp, 0), 0);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

START_TEST(what_can_not_be_served_is_infeasible)
{
    struct rng rng = rng_seed((uint64_t)_i + 2000);
    struct planning shape = random_planning(&rng);
    struct lp *lp;
    unsigned char *is_first;
    int row;

    shape.must_serve = true;
    lp = planning_lp(&rng, &shape);
    row = lp_add_row(lp, 1, INFINITY);
    lp_add_term(lp, row, 0, -1);
    is_first = random_first(&rng, lp, _i);
    ck_assert_int_eq(solve_both(lp, is_first), LP_INFEASIBLE);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

/* The column that gains without end is not among the first. */
START_TEST(a_gain_without_end_is_found_outside_the_first_part)
{
    struct rng rng = rng_seed((uint64_t)_i + 3000);
    struct planning shape = random_planning(&rng);
    struct lp *lp = planning_lp(&rng, &shape);
    int column = lp_add_column(lp, LP_CONTINUOUS, 0, INFINITY, -1);
    unsigned char *is_first = random_first(&rng, lp, _i);

    lp_add_term(lp, 0, column, 1);
    is_first[column] = 0;
    ck_assert_int_eq(solve_both(lp, is_first), LP_UNBOUNDED);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

/* A later solve starts from the basis, whichever way it is asked for. */
START_TEST(a_second_solve_is_warm)
{
    struct rng rng = rng_seed((uint64_t)_i + 4000);
    struct planning shape = random_planning(&rng);
    struct lp *lp = planning_lp(&rng, &shape);
    unsigned char *is_first = random_first(&rng, lp, _i);

    ck_assert_int_eq(solve_both(lp, is_first), LP_OPTIMAL);
    lp_set_row_bounds(lp, 0, lp_row_lower(lp, 0) * 1.25, INFINITY);
    ck_assert_int_eq(solve_both(lp, is_first), LP_OPTIMAL);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

/* Another program like the first, with other limits, starts where the first one ended. */
START_TEST(a_given_basis_is_where_it_starts)
{
    struct rng rng = rng_seed((uint64_t)_i + 5000), again = rng;
    struct planning shape = random_planning(&rng), same = random_planning(&again);
    struct lp *first = planning_lp(&rng, &shape), *second = planning_lp(&again, &same);
    unsigned char *is_first = random_first(&rng, first, _i);
    unsigned char *rows = mem_zero((size_t)lp_row_count(first), 1);
    unsigned char *columns = mem_zero((size_t)lp_column_count(first), 1);
    double factor = between(&rng, 0.3, 2), low, high;

    ck_assert_int_eq(solve_both(first, is_first), LP_OPTIMAL);
    ck_assert(lp_get_basis(first, rows, columns));
    lp_get_sifted(first, is_first);
    for (int j = 0; j < lp_column_count(first); j++)
        ck_assert(is_first[j] || columns[j] == LP_AT_LOWER);
    for (int i = shape.demands; i < shape.demands + shape.limits; i++)
        lp_set_row_bounds(second, i, -INFINITY, factor * lp_row_upper(second, i));
    lp_set_basis(second, rows, columns);
    lp_set_sifted(second, is_first);
    ck_assert_int_eq(solve_both(second, NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_range_row(second, 0, &low, &high, NULL), 0);
    ck_assert_double_le(low, high);
    mem_free(is_first);
    mem_free(rows);
    mem_free(columns);
    lp_destroy(first);
    lp_destroy(second);
}
END_TEST

/* A column that can't be within its bounds is seen, though nothing would bring it in. */
START_TEST(crossed_bounds_outside_the_part_are_infeasible)
{
    struct rng rng = rng_seed((uint64_t)_i + 6000);
    struct planning shape = random_planning(&rng);
    struct lp *lp = planning_lp(&rng, &shape);
    unsigned char *is_first = random_first(&rng, lp, _i);
    int column = lp_add_column(lp, LP_CONTINUOUS, 0, -1, 5);

    lp_add_term(lp, 0, column, 1);
    is_first = mem_resize(is_first, (size_t)lp_column_count(lp), 1);
    is_first[column] = 0;
    ck_assert_int_eq(solve_both(lp, is_first), LP_INFEASIBLE);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

START_TEST(a_fault_of_the_model_is_refused)
{
    struct lp *lp = lp_create("faulty");
    unsigned char is_first[1] = {1};
    struct err err = {0};

    (void)lp_add_row(lp, 1, INFINITY);
    lp_add_term(lp, 0, lp_add_column(lp, LP_CONTINUOUS, 0, INFINITY, 1), NAN);
    ck_assert_int_eq(lp_solve_sifting(lp, is_first, NULL, &err), LP_FAILED);
    ck_assert_int_ne(err.kind, ERR_NONE);
    lp_destroy(lp);
}
END_TEST

/* Far more than can be solved in the time; what is left of it is what the last solve gets. */
START_TEST(the_time_limit_ends_it)
{
    const struct planning shape = {.demands = 800, .limits = 600, .columns = 60000};
    const struct lp_options options = {.time_limit_s = 0.2};
    struct rng rng = rng_seed(7);
    struct lp *lp = planning_lp(&rng, &shape);
    unsigned char *is_first = random_first(&rng, lp, 1);
    double start_s = clock_monotonic_s();

    ck_assert_str_eq(LP_STATUS_NAMES[lp_solve_sifting(lp, is_first, &options, NULL)],
        LP_STATUS_NAMES[LP_TIME_LIMIT]);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 10);
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

/* All is served in the first part, though dearly: that is a point of the whole. The part is small,
 * so that it is solved before `stop` is first asked, under valgrind too. */
START_TEST(stop_ends_it_with_the_point_of_the_part)
{
    const struct planning shape = {.demands = 12, .limits = 8, .columns = 400};
    const struct lp_options options = {.stop = stop_at_once};
    struct rng rng = rng_seed(8);
    struct lp *lp = planning_lp(&rng, &shape);
    unsigned char *is_first = random_first(&rng, lp, 2);

    ck_assert_int_eq(lp_solve_sifting(lp, is_first, &options, NULL), LP_INTERRUPTED);
    ck_assert(lp_has_point(lp));
    lp_assert_feasible(lp, 1e-6);
    ck_assert_double_ge(lp_objective(lp), lp_bound(lp));
    mem_free(is_first);
    lp_destroy(lp);
}
END_TEST

/* The same program with all numbers some percent away. */
static struct lp *near_copy(struct rng *rng, const struct lp *lp)
{
    int *rows = mem_zero((size_t)lp_row_count(lp), sizeof *rows);
    double *values = mem_zero((size_t)lp_row_count(lp), sizeof *values);
    struct lp *copy = lp_copy(lp);

    for (int i = 0; i < lp_row_count(lp); i++) {
        double factor = between(rng, 0.8, 1.2);

        lp_set_row_bounds(copy, i, lp_row_lower(lp, i) * factor, lp_row_upper(lp, i) * factor);
    }
    for (int j = 0; j < lp_column_count(lp); j++) {
        int count = lp_column_terms(lp, j, rows, values);

        lp_set_cost(copy, j, lp_cost(lp, j) * between(rng, 0.9, 1.1));
        if (j % 5 == 0)
            for (int t = 0; t < count; t++)
                lp_set_term(copy, rows[t], j, values[t] * between(rng, 0.9, 1.1));
    }
    lp_set_objective_constant(copy, lp_objective_constant(lp) + 1);
    mem_free(rows);
    mem_free(values);
    return copy;
}

/* From neighbour to neighbour, by sifting with the part that is there and by lp_solve. */
START_TEST(a_program_with_other_numbers_goes_on_from_where_it_stands)
{
    struct rng rng = rng_seed((uint64_t)_i + 6000);
    struct planning shape = random_planning(&rng);
    const struct lp_options options = {.keeps_part = true};
    struct lp *lp, *whole, *next;
    unsigned char *is_first;

    shape.must_serve = _i % 3 == 0; /* some are infeasible */
    lp = planning_lp(&rng, &shape);
    whole = lp_copy(lp);
    next = lp_copy(lp);
    is_first = random_first(&rng, lp, _i);
    for (int step = 0; step < 6; step++) {
        struct lp *before = next;
        enum lp_status status;

        next = near_copy(&rng, before);
        lp_destroy(before);
        ck_assert(lp_set_numbers(lp, next) && lp_set_numbers(whole, next));
        status = lp_solve(next, NULL, NULL);
        ck_assert_int_eq(lp_solve_sifting(lp, is_first, &options, NULL), status);
        ck_assert_int_eq(lp_solve(whole, NULL, NULL), status);
        if (status != LP_OPTIMAL)
            continue;
        ck_assert_double_eq_tol(lp_objective(lp), lp_objective(next), 1e-7);
        ck_assert_double_eq_tol(lp_objective(whole), lp_objective(next), 1e-7);
        lp_assert_optimal(lp, 1e-6);
    }
    mem_free(is_first);
    lp_destroy(next);
    lp_destroy(whole);
    lp_destroy(lp);
}
END_TEST

START_TEST(numbers_of_another_shape_are_not_taken)
{
    struct rng rng = rng_seed(7000);
    const struct planning shape = {.demands = 3, .limits = 2, .columns = 12};
    struct lp *lp = planning_lp(&rng, &shape);
    struct lp *others[] = {lp_copy(lp), lp_copy(lp), lp_copy(lp), lp_copy(lp), lp_copy(lp)};
    double cost = lp_cost(lp, 3);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        lp_set_cost(others[i], 3, cost + 1);
    (void)lp_add_row(others[0], 0, 1);
    (void)lp_add_column(others[1], LP_CONTINUOUS, 0, 1, 1);
    lp_add_term(others[2], lp_row_count(lp) - 1, 0, 1);
    lp_set_kind(others[3], 2, LP_INTEGER);
    lp_set_cost(others[4], 2, NAN);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert_msg(!lp_set_numbers(lp, others[i]), "%zu", i);
        ck_assert_double_eq(lp_cost(lp, 3), cost);
        lp_destroy(others[i]);
    }
    lp_destroy(lp);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp_sift");
    TCase *tc = tcase_create("properties");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, sifting_finds_the_same_optimum_with_its_duals, 0, SEED_COUNT);
    tcase_add_loop_test(tc, a_part_that_can_not_serve_is_not_an_answer, 0, SEED_COUNT);
    tcase_add_loop_test(tc, what_can_not_be_served_is_infeasible, 0, 20);
    tcase_add_loop_test(tc, a_gain_without_end_is_found_outside_the_first_part, 0, 40);
    tcase_add_loop_test(tc, a_second_solve_is_warm, 0, 40);
    tcase_add_loop_test(tc, a_given_basis_is_where_it_starts, 0, SEED_COUNT);
    tcase_add_loop_test(tc, crossed_bounds_outside_the_part_are_infeasible, 0, 8);
    tcase_add_loop_test(
        tc, a_program_with_other_numbers_goes_on_from_where_it_stands, 0, SEED_COUNT);
    tcase_add_test(tc, numbers_of_another_shape_are_not_taken);
    tcase_add_test(tc, a_fault_of_the_model_is_refused);
    tcase_add_test(tc, the_time_limit_ends_it);
    tcase_add_test(tc, stop_ends_it_with_the_point_of_the_part);
    suite_add_tcase(s, tc);
    return s;
}
