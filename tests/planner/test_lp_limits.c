/* Solves that are ended: by time, iterations, nodes, memory, a person, or the solver itself. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/support/lp_random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

/* Much longer than any solve here should take to end; a busy machine is slow. */
static const double PATIENCE_S = 60.0; /* valgrind takes half of it */

/* A covering problem with all terms: minimise sum c x, sum a x >= b. x = 0 is dual feasible, and a
 * large x is feasible. With 400 rows it takes a
 * second, with 1100 many. */
static struct lp *covering(int row_count)
{
    struct rng rng = rng_seed(1);
    struct lp *lp = lp_create("covering");

    for (int i = 0; i < row_count; i++)
        lp_add_row(lp, 1.0 + rng_unit(&rng), INFINITY);
    for (int j = 0; j < 2 * row_count; j++) {
        lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 1.0 + rng_unit(&rng));
        for (int i = 0; i < row_count; i++)
            lp_add_term(lp, i, j, rng_unit(&rng));
    }
    return lp;
}

/* Split a market in two halves in five goods at once (Cornuejols and Dawande): a MIP that branch
 * and cut does not finish. What is missed costs 1 a unit, so there is a point at once. */
static struct lp *market_split(void)
{
    struct rng rng = rng_seed(3);
    struct lp *lp = lp_create("market split");

    for (int i = 0; i < 5; i++)
        lp_add_row(lp, 1000.0, 1000.0);
    for (int j = 0; j < 40; j++) {
        lp_add_column(lp, LP_BINARY, 0.0, 1.0, 0.0);
        for (int i = 0; i < 5; i++)
            lp_add_term(lp, i, j, (double)rng_between(&rng, 1, 99));
    }
    for (int i = 0; i < 5; i++)
        for (double sign = -1.0; sign <= 1.0; sign += 2.0)
            lp_add_term(lp, i, lp_add_column(lp, LP_CONTINUOUS, 0.0, INFINITY, 1.0), sign);
    return lp;
}

START_TEST(time_limit_ends_a_linear_program)
{
    struct lp *lp = covering(400);
    struct lp_options options = {
        .time_limit_s = 1e-5, .method = (enum lp_method)_i, .presolve = LP_PRESOLVE_OFF};
    double start_s = clock_monotonic_s(), first_bound;

    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_TIME_LIMIT);
    ck_assert_double_lt(clock_monotonic_s() - start_s, PATIENCE_S);
    if (lp_has_point(lp))
        lp_assert_feasible(lp, 1e-6);
    first_bound = lp_bound(lp);
    if (_i == LP_METHOD_DUAL)
        ck_assert_double_ge(first_bound, 0.0); /* 0 where there was no time for a step */
    options.time_limit_s = 0.0;
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_OPTIMAL);
    ck_assert_double_le(first_bound, lp_objective(lp) + 1e-9);
    lp_assert_optimal(lp, 1e-6);
    lp_destroy(lp);
}
END_TEST

/* The time that it takes to a first point depends on what runs it: valgrind takes long. */
START_TEST(time_limit_keeps_the_best_whole_point)
{
    struct lp_options options = {.time_limit_s = 0.5};
    struct lp *lp = NULL;

    do {
        double start_s = clock_monotonic_s();

        lp_destroy(lp);
        lp = market_split();
        ck_assert_int_eq(lp_solve_mip(lp, &options, NULL), LP_TIME_LIMIT);
        ck_assert_double_lt(clock_monotonic_s() - start_s, options.time_limit_s + PATIENCE_S);
        options.time_limit_s *= 4;
    } while (!lp_has_point(lp) && options.time_limit_s < 60);
    ck_assert(lp_has_point(lp));
    lp_assert_feasible(lp, 1e-6);
    ck_assert_double_le(lp_bound(lp), lp_objective(lp));
    ck_assert_double_ge(lp_bound(lp), -1e-6);
    lp_destroy(lp);
}
END_TEST

/* --- Iterations and nodes */

START_TEST(iteration_limit_is_the_same_each_time_and_can_be_gone_on_from)
{
    double bound[2];
    struct lp_options options = {.method = LP_METHOD_DUAL, .iteration_limit = 60};
    struct lp *lp = NULL;

    for (int run = 0; run < 2; run++) {
        lp_destroy(lp);
        lp = covering(100);
        options.presolve = LP_PRESOLVE_OFF;
        ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_ITERATION_LIMIT);
        ck_assert_int_eq(lp_iterations(lp), 60);
        bound[run] = lp_bound(lp);
    }
    ck_assert_double_eq(bound[0], bound[1]);
    for (int more = 0; more < 100 && lp_solve(lp, &options, NULL) != LP_OPTIMAL; more++) {
        ck_assert_int_eq(lp_status(lp), LP_ITERATION_LIMIT);
        ck_assert_double_ge(lp_bound(lp), bound[0]);
        bound[0] = lp_bound(lp) - 1e-9;
    }
    ck_assert_int_eq(lp_status(lp), LP_OPTIMAL);
    lp_assert_optimal(lp, 1e-6);
    lp_destroy(lp);
}
END_TEST

START_TEST(node_limit_is_the_same_each_time)
{
    double objective[2];

    for (int run = 0; run < 2; run++) {
        struct lp *lp = market_split();
        struct lp_options options = {.node_limit = 300};

        ck_assert_int_eq(lp_solve_mip(lp, &options, NULL), LP_ITERATION_LIMIT);
        ck_assert_int_le(lp_nodes(lp), 310);
        ck_assert(lp_has_point(lp));
        objective[run] = lp_objective(lp);
        lp_destroy(lp);
    }
    ck_assert_double_eq(objective[0], objective[1]);
}
END_TEST

START_TEST(a_gap_ends_branching)
{
    struct lp *lp = market_split();
    struct lp_options options = {.gap = 2.0}; /* (objective - 0) <= 2 · objective: at once */

    ck_assert_int_eq(lp_solve_mip(lp, &options, NULL), LP_OPTIMAL);
    ck_assert(lp_has_point(lp));
    lp_assert_feasible(lp, 1e-6);
    lp_destroy(lp);
}
END_TEST

/* --- A person */

struct watcher {
    int asked_count, told_count, stop_at; /* stop_at: the asking that is answered with yes */
    int64_t iterations;
    bool has_gone_back;
};

static bool stop_sometime(void *context)
{
    struct watcher *watcher = context;

    return ++watcher->asked_count >= watcher->stop_at;
}

static void watch_progress(void *context, const struct lp_progress *progress)
{
    struct watcher *watcher = context;

    watcher->told_count++;
    if (progress->iterations < watcher->iterations)
        watcher->has_gone_back = true;
    watcher->iterations = progress->iterations;
}

START_TEST(stop_ends_a_linear_program)
{
    struct lp *lp = covering(1100);
    struct watcher watcher = {.stop_at = 2};
    struct lp_options options = {.method = (enum lp_method)(_i % 3),
        .presolve = _i < 3 ? LP_PRESOLVE_ON : LP_PRESOLVE_OFF,
        .stop = stop_sometime,
        .progress = watch_progress,
        .context = &watcher};
    double start_s = clock_monotonic_s();
    enum lp_status status;

    status = lp_solve(lp, &options, NULL);
    ck_assert_double_lt(clock_monotonic_s() - start_s, PATIENCE_S);
    /* A solver that is done before it hears of it is right to say so; never before it was asked. */
    ck_assert(status == LP_INTERRUPTED || status == LP_OPTIMAL);
    ck_assert(status == LP_OPTIMAL || watcher.asked_count >= watcher.stop_at);
    ck_assert(watcher.told_count > 0 || watcher.asked_count < watcher.stop_at);
    ck_assert(!watcher.has_gone_back);
    lp_destroy(lp);
}
END_TEST

START_TEST(stop_ends_branching_with_the_best_point)
{
    struct lp *lp = market_split();
    struct watcher watcher = {.stop_at = 5};
    struct lp_options options = {.stop = stop_sometime, .context = &watcher};

    ck_assert_int_eq(lp_solve_mip(lp, &options, NULL), LP_INTERRUPTED);
    ck_assert(lp_has_point(lp));
    lp_assert_feasible(lp, 1e-6);
    lp_destroy(lp);
}
END_TEST

/* --- The solver fails: its memory limit makes it abort like any of its own errors */

START_TEST(an_abort_of_the_solver_is_an_error_and_nothing_is_lost)
{
    struct lp *lp = covering(150), *other = covering(20), *copy;
    struct lp_options tight = {.memory_limit_mib = 1};
    struct err err = {0};

    ck_assert_int_eq(lp_solve(other, NULL, NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_solve(lp, &tight, &err), LP_FAILED);
    ck_assert_str_eq(err.text, "covering: the solver needs more than 1 MiB");
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert(!lp_has_point(lp));
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL);
    lp_assert_optimal(lp, 1e-6);
    copy = lp_copy(lp);
    ck_assert_int_eq(lp_solve(copy, &tight, &err), LP_FAILED);
    ck_assert_int_eq(lp_solve(copy, NULL, NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(copy), 0); /* the basis was kept */
    lp_destroy(copy);
    ck_assert_int_eq(lp_solve(other, NULL, NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(other), 0);
    lp_destroy(lp);
    lp_destroy(other);
}
END_TEST

/* A basis of 1200 full columns: its first factorization takes GLPK many seconds, in which it calls
 * nobody. The time limit ends the solve; the solver's thread is left behind. */
START_TEST(time_limit_ends_even_what_does_not_answer)
{
    enum { SIZE = 1200 };
    unsigned char rows[SIZE], columns[SIZE];
    struct rng rng = rng_seed(2);
    struct lp *lp = lp_create("deaf");
    struct lp_options options = {.time_limit_s = 0.1, .presolve = LP_PRESOLVE_OFF};
    double start_s;

    for (int i = 0; i < SIZE; i++)
        lp_add_row(lp, 0.0, 1.0);
    for (int j = 0; j < SIZE; j++) {
        lp_add_column(lp, LP_CONTINUOUS, 0.0, 1.0, rng_unit(&rng));
        for (int i = 0; i < SIZE; i++)
            lp_add_term(lp, i, j, rng_unit(&rng));
    }
    memset(rows, LP_AT_UPPER, sizeof rows);
    memset(columns, LP_BASIC, sizeof columns);
    lp_set_basis(lp, rows, columns);
    start_s = clock_monotonic_s();
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_TIME_LIMIT);
    ck_assert_double_lt(clock_monotonic_s() - start_s, PATIENCE_S);
    ck_assert(!lp_has_point(lp));
    lp_clear_basis(lp);
    ck_assert_int_eq(lp_solve(lp, NULL, NULL), LP_OPTIMAL); /* x = 0 */
    ck_assert_double_eq(lp_objective(lp), 0.0);
    lp_destroy(lp);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lp_limits");
    TCase *tc = tcase_create("limits");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, time_limit_ends_a_linear_program, 0, 3);
    tcase_add_test(tc, time_limit_keeps_the_best_whole_point);
    tcase_add_test(tc, iteration_limit_is_the_same_each_time_and_can_be_gone_on_from);
    tcase_add_test(tc, node_limit_is_the_same_each_time);
    tcase_add_test(tc, a_gap_ends_branching);
    tcase_add_loop_test(tc, stop_ends_a_linear_program, 0, 6);
    tcase_add_test(tc, stop_ends_branching_with_the_best_point);
    tcase_add_test(tc, an_abort_of_the_solver_is_an_error_and_nothing_is_lost);
    tcase_add_test(tc, time_limit_ends_even_what_does_not_answer);
    suite_add_tcase(s, tc);
    return s;
}
