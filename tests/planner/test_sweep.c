/* Sweeps: what --vary means, and warm points against cold solves. */
#include "planner/sweep.h"

#include "base/clock.h"
#include "base/err.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
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

Suite *suite(void)
{
    Suite *s = suite_create("sweep");
    TCase *tc = tcase_create("sweep");

    tcase_add_loop_test(tc, a_bad_axis_is_refused_with_what_is_wrong, 0, BAD_COUNT);
    tcase_add_test(tc, warm_points_are_those_of_cold_solves);
    suite_add_tcase(s, tc);
    return s;
}
