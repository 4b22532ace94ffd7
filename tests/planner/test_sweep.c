/* Sweeps: what --vary means, and warm points against cold solves. */
#include "planner/sweep.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct bad_axis {
    const char *text, *message;
};

static const struct bad_axis BAD[] = {
    {"power", "write what varies"},
    {"power=1", "write what varies"},
    {"power=1..2", "write what varies"},
    {"power=1..2/0", "write what varies"},
    {"power=1..nan/2", "write what varies"},
    {"power=-1..2/2", "can't be negative"},
    {"heat=1..2/2", "what varies is power, demand"},
    {"power:nowhere=1..2/2", "names nothing in the scenario"},
};
enum { BAD_COUNT = sizeof BAD / sizeof *BAD };

START_TEST(a_bad_axis_is_refused_with_what_is_wrong)
{
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);
    struct sweep sweep = {.scenario = scenario};
    struct err err = {0};

    ck_assert_int_eq(sweep_add_axis(&sweep, BAD[_i].text, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_msg(strstr(err.text, BAD[_i].message) != NULL, "%s", err.text);
    ck_assert_int_eq(sweep.axis_count, 0);
    sweep_fini(&sweep);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(warm_points_are_those_of_cold_solves)
{
    const struct small_pieces pieces = {0};
    const struct solve_options options = {.clock_s = clock_monotonic_s, .without_prices = true};
    struct scenario *scenario = small_scenario(&pieces);
    struct sweep sweep = {.scenario = scenario};

    ck_assert_int_eq(sweep_add_axis(&sweep, "power:a=0..1/6", NULL), 0);
    ck_assert_int_eq(sweep_add_axis(&sweep, "price=0.5..2/4", NULL), 0);
    ck_assert_int_eq(sweep_make_points(&sweep, NULL), 0);
    ck_assert_uint_eq(sweep.point_count, 24);
    ck_assert_int_eq(sweep_run(&sweep, &options, NULL, NULL, NULL), 0);
    for (size_t i = 0; i < sweep.point_count; i++) {
        struct scenario_change changes[2] = {sweep.axes[0].change, sweep.axes[1].change};
        struct scenario *changed;
        struct capacity_plan *plan;

        changes[0].factor = (double)(i / 4) / 5;
        changes[1].factor = 0.5 + 0.5 * (double)(i % 4);
        changed = scenario_changed(scenario, changes, 2);
        plan = capacity_solve(changed, &options, NULL);
        ck_assert_ptr_nonnull(plan);
        ck_assert(sweep.points[i].is_known);
        ck_assert_double_eq_tol(
            sweep.points[i].objective_usd, plan->objective_usd, 1e-7 * fabs(plan->objective_usd));
        capacity_plan_destroy(plan);
        scenario_destroy(changed);
    }
    sweep_fini(&sweep);
    scenario_destroy(scenario);
}
END_TEST
/* --- What an earlier run found */

static void write_head(FILE *file)
{
    (void)fputs("power:a,price,status,objective_usd", file);
    for (int i = 0; i < COST_PART_COUNT; i++)
        (void)fprintf(file, ",%s", COST_PART_NAMES[i]);
    (void)fputs(",peak_mw,acquired\n", file);
}

static void write_row(FILE *file, double power, double price, double usd)
{
    (void)fprintf(file, "%.17g,%.17g,optimal,%.17g", power, price, usd);
    for (int i = 0; i < COST_PART_COUNT + 2; i++)
        (void)fputs(",1", file);
    (void)fputc('\n', file);
}

/* Two axes, crossed, over the scenario. */
static struct sweep resumed_sweep(const struct scenario *scenario)
{
    struct sweep sweep = {.scenario = scenario};

    ck_assert_int_eq(sweep_add_axis(&sweep, "power:a=0..1/100", NULL), 0);
    ck_assert_int_eq(sweep_add_axis(&sweep, "price=2..0.5/100", NULL), 0);
    ck_assert_int_eq(sweep_make_points(&sweep, NULL), 0);
    return sweep;
}

START_TEST(rows_of_an_earlier_run_find_their_points)
{
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);
    struct sweep sweep = resumed_sweep(scenario);
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "sweep.csv");
    FILE *file = fopen(path, "w");
    struct err err = {0};

    ck_assert_ptr_nonnull(file);
    write_head(file);
    for (size_t i = sweep.point_count; i-- > 0;)
        if (i % 3 != 0)
            write_row(file, sweep.points[i].values[0], sweep.points[i].values[1], (double)i);
    write_row(file, 0.12345, 1, -1);
    write_row(file, 7, 1, -1);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(sweep_read_csv(&sweep, path, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < sweep.point_count; i++) {
        ck_assert_int_eq(sweep.points[i].is_known, i % 3 != 0);
        if (i % 3 != 0)
            ck_assert_double_eq_tol(sweep.points[i].objective_usd, (double)i, 1e-9);
    }
    mem_free(path);
    tempdir_remove(folder);
    sweep_fini(&sweep);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sweep");
    TCase *tc = tcase_create("sweep");

    tcase_add_loop_test(tc, a_bad_axis_is_refused_with_what_is_wrong, 0, BAD_COUNT);
    tcase_add_test(tc, warm_points_are_those_of_cold_solves);
    tcase_add_test(tc, rows_of_an_earlier_run_find_their_points);
    suite_add_tcase(s, tc);
    return s;
}
