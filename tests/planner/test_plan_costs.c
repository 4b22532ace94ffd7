#include "planner/plan_costs.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "planner/capacity_solve.h"
#include "tests/support/suite.h"

#include <math.h>

static const char *const CASES[] = {
    "tests/cases/plan/random-01.xml",
    "tests/cases/plan/random-02.xml",
    "tests/cases/plan/random-03.xml",
    "tests/cases/plan/random-04.xml",
    "tests/cases/plan/random-05.xml",
    "tests/cases/plan/random-06.xml",
    "tests/cases/plan/random-07.xml",
    "tests/cases/plan/random-08.xml",
    "tests/cases/plan/random-09.xml",
    "tests/cases/plan/random-10.xml",
    "tests/cases/plan/random-11.xml",
    "tests/cases/plan/random-12.xml",
    "workloads/scenarios/two-sites.xml",
    "workloads/scenarios/campus-20mw.xml",
};

/* The solver's own parts come from the objective, not from the lists. */
START_TEST(periods_sum_to_the_parts_of_the_cost)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s};
    struct faults faults = {0};
    struct err err = {0};
    struct scenario *scenario = scenario_load(CASES[_i], NULL, &faults);
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);
    int period_count = scenario->period_count;
    double *usd = mem_zero((size_t)(COST_PART_COUNT * period_count), sizeof *usd);
    double size = 0;

    ck_assert_msg(plan != NULL, "%s", err.text);
    plan_costs_by_period(plan, usd);
    for (int part = 0; part < COST_PART_COUNT; part++)
        size += fabs(plan->cost_usd[part]);
    for (int part = 0; plan->has_plan && part < COST_PART_COUNT; part++) {
        double sum = 0;

        for (int t = 0; t < period_count; t++)
            sum += usd[part * period_count + t];
        ck_assert_double_eq_tol(sum, plan->cost_usd[part], 1e-8 * size);
    }
    mem_free(usd);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("plan_costs");
    TCase *tests = tcase_create("plan_costs");

    tcase_add_loop_test(
        tests, periods_sum_to_the_parts_of_the_cost, 0, (int)(sizeof CASES / sizeof CASES[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
