/* Amounts far below what one system is: what the solver rounds away is no fault of the plan. */
#include "planner/capacity_plan.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>

/* A system of 3 million dollars that does 1e11 units an hour, as real ones do with tokens. */
static const char OFFERS[] =
    "<offer id='o' system='s' provider='p' kind='buy' term-months='48' capex-usd='3000000' "
    "opex-usd-per-year='90000'/>"
    "<offer id='q' system='s' provider='p' kind='on-demand' usd-per-system-hour='300'/>";
static const char SERVED[] =
    "<workload id='w' kind='inference' value-usd-per-unit='1e-8'>"
    "<rate system='s' units-per-hour='1e11'/><demand from='2026-01' units-per-hour='4e11'/>"
    "</workload>";

static const double AMOUNTS[] = {1e-9, 1e-6, 1e-3, 1, 7, 1000, 12345, 1e5, 1e6, 1e8};
enum { AMOUNT_COUNT = sizeof AMOUNTS / sizeof AMOUNTS[0] };

/* Solved, checked, and a plan: as fractions and whole. */
static void assert_planned(const char *workloads, const char *rules)
{
    const struct small_pieces pieces = {.offers = OFFERS, .workloads = workloads, .rules = rules};
    struct solve_options options = {.clock_s = clock_monotonic_s};

    for (int i = 0; i < 2; i++) {
        struct scenario *scenario = small_scenario(&pieces);
        struct err err = {0};
        struct capacity_plan *plan;

        options.whole_systems = i == 1;
        plan = capacity_solve(scenario, &options, &err);
        ck_assert_msg(plan != NULL, "%s%s: %s", workloads, rules, err.text);
        ck_assert_int_eq(plan->status, PLAN_OPTIMAL);
        capacity_plan_destroy(plan);
        scenario_destroy(scenario);
    }
}

struct work_case {
    const char *kind, *required, *asks;
};

static const struct work_case WORKS[] = {
    {"inference", "yes", "demand from='2026-01' units-per-hour"},
    {"inference", "no", "demand from='2026-01' units-per-hour"},
    {"batch", "yes", "volume units"},
    {"batch", "no", "volume units"},
    {"training", "yes", "volume units"},
};
enum { WORK_COUNT = sizeof WORKS / sizeof WORKS[0] };

static void assert_work(const struct work_case *work, double amount)
{
    struct str text = {0};

    str_format(&text,
        "<workload id='w' kind='%s' value-usd-per-unit='1e-8' required='%s'>"
        "<rate system='s' units-per-hour='1e11'/><%s='%.17g'/></workload>",
        work->kind, work->required, work->asks, amount);
    assert_planned(str_text(&text), "");
    str_fini(&text);
}

START_TEST(little_work_is_planned)
{
    assert_work(&WORKS[_i / AMOUNT_COUNT], AMOUNTS[_i % AMOUNT_COUNT]);
}
END_TEST

START_TEST(no_work_at_all_is_planned)
{
    assert_work(&WORKS[_i], 0);
}
END_TEST

static const char *const RULES[] = {"budget id='b' kind='capex' usd",
    "budget id='b' kind='operating' usd", "budget id='b' kind='total' usd",
    "budget id='b' kind='carbon' tonnes",
    "commitment id='b' kind='spend' provider='p' from='2026-01' usd",
    "commitment id='b' kind='power' systems='s' from='2026-01' mw"};
enum { RULE_COUNT = sizeof RULES / sizeof RULES[0] };

START_TEST(little_money_is_kept_to)
{
    struct str text = {0};
    double amount = AMOUNTS[_i % AMOUNT_COUNT];

    /* More than a megawatt is not little. */
    if (str_ends_with(RULES[_i / AMOUNT_COUNT], "mw"))
        amount = fmin(amount, 1e-3);
    str_format(&text, "<%s='%.17g'/>", RULES[_i / AMOUNT_COUNT], amount);
    assert_planned(SERVED, str_text(&text));
    str_fini(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("tiny");
    TCase *tcase = tcase_create("amounts");

    tcase_add_loop_test(tcase, little_work_is_planned, 0, WORK_COUNT * AMOUNT_COUNT);
    tcase_add_loop_test(tcase, no_work_at_all_is_planned, 0, 2);
    tcase_add_loop_test(tcase, little_money_is_kept_to, 0, RULE_COUNT * AMOUNT_COUNT);
    suite_add_tcase(s, tcase);
    return s;
}
