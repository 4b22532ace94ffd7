/* Binaries (sites-max, porting) and whole systems. */
#include "base/json.h"
#include "base/mem.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { JSON_BYTES_MAX = 1 << 20 };

#define YEAR 8760.0

/* --- Cases with known answers */

struct known_case {
    const char *name;
    bool is_whole;
    double gap, tolerance;
};

static const struct known_case KNOWN[] = {
    {"binary-21.xml", false, 0, 1e-6},
    {"binary-23.xml", false, 0, 1e-6},
    {"binary-24.xml", false, 0, 1e-6},
    {"binary-25.xml", false, 0, 1e-6},
    {"binary-26.xml", false, 0, 1e-6},
    {"whole-21.xml", true, 2e-4, 1e-4},
    {"whole-23.xml", true, 0, 1e-5},
    {"whole-24.xml", true, 0, 1e-5},
    {"whole-25.xml", true, 0, 1e-5},
    {"whole-26.xml", true, 0, 1e-5},
};

START_TEST(a_case_has_its_known_optimum)
{
    const struct known_case *c = &KNOWN[_i];
    char path[64];
    struct err err = {0};
    struct json_value *root = json_load("tests/cases/plan/expected.json", JSON_BYTES_MAX, &err);
    struct small_plan small;
    double usd;

    ck_assert_msg(root != NULL, "%s", err.text);
    usd = json_get_number(json_member(json_member(root, c->name), "objective_usd"), NAN);
    (void)snprintf(path, sizeof path, "tests/cases/plan/%s", c->name);
    small = c->is_whole ? small_plan_solve_whole_file(path, c->gap) : small_plan_solve_file(path);
    ck_assert_int_eq(small.plan->status, PLAN_OPTIMAL);
    ck_assert_int_eq(small.plan->is_whole, c->is_whole);
    ck_assert_msg(fabs(small.plan->objective_usd - usd) <= c->tolerance * fabs(usd),
        "%.10g, not %.10g", small.plan->objective_usd, usd);
    ck_assert_double_le(small.plan->bound_usd, usd * (1 + 1e-6));
    ck_assert_double_le(small.plan->gap, fmax(c->gap, 1e-6) * 1.001);
    ck_assert_int_gt(small.plan->size.integers, 0);
    small_plan_close(&small);
    json_destroy(root);
}
END_TEST

/* --- By hand */

#define TWO_SITES                                                                                  \
    "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='0.3'/>"                   \
    "<energy from='2026-01' usd-per-mwh='0'/></site>"                                              \
    "<site id='b' region='r' jurisdiction='eu'><power from='2026-01' mw='0.2'/>"                   \
    "<energy from='2026-01' usd-per-mwh='0'/></site>"
#define TRAIN(attributes, units, inside)                                                           \
    "<workload id='w' kind='training' value-usd-per-unit='10'" attributes ">"                      \
    "<rate system='s' units-per-hour='1'/><volume units='" units "'/>" inside "</workload>"
#define TWO_SYSTEMS                                                                                \
    "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>"                        \
    "<system id='z' chip='d' hosts='1' chips-per-host='1' power-kw='100'/>"
#define TWO_OFFERS                                                                                 \
    "<offer id='o' system='s' provider='p' kind='on-demand' usd-per-system-hour='1'/>"             \
    "<offer id='q' system='z' provider='p' kind='on-demand' usd-per-system-hour='3'/>"
#define ON_Z "<rate system='z' units-per-hour='1'/>"

struct hand_case {
    const char *rule;
    struct small_pieces pieces;
    double cost_usd;
};

static const struct hand_case BINARY[] = {
    /* Three systems fit at a, two at b; the volume wants five. */
    {"two sites are enough for two",
        {.sites = TWO_SITES, .workloads = TRAIN(" sites-max='2'", "43800", "")}, 5 * YEAR},
    {"with one site, the larger one",
        {.sites = TWO_SITES, .workloads = TRAIN(" sites-max='1'", "43800", "")}, (3 + 20) * YEAR},
    {"a required workload finds its one site",
        {.sites = TWO_SITES,
            .offers = "<offer id='o' system='s' provider='p' kind='on-demand' sites='a'"
                      " usd-per-system-hour='5'/><offer id='q' system='s' provider='p'"
                      " kind='on-demand' sites='b' usd-per-system-hour='1' max-systems='1'/>",
            .workloads = TRAIN(" sites-max='1' required='yes'", "17520", "")},
        10 * YEAR},
    {"porting that pays is paid",
        {.systems = TWO_SYSTEMS,
            .offers = TWO_OFFERS,
            .workloads = TRAIN("", "8760", ON_Z "<porting stack='k' usd='10000'/>")},
        YEAR + 10000},
    {"porting that does not pay is not done",
        {.systems = TWO_SYSTEMS,
            .offers = TWO_OFFERS,
            .workloads = TRAIN("", "8760", ON_Z "<porting stack='k' usd='20000'/>")},
        3 * YEAR},
    {"nothing is served where nothing pays",
        {.workloads = TRAIN("", "1000", "<porting stack='k' usd='20000'/>")}, 10000},
    {"porting for nothing costs nothing",
        {.workloads = TRAIN("", "8760", "<porting stack='k' usd='0'/>")}, YEAR},
    /* Of the window's first period, the third quarter: 11000 / 1.1. The work waits for the fourth.
     */
    {"porting is paid in the first period of the window",
        {.horizon = "<horizon start='2026-01' end='2026-12' step='quarter' discount-rate='0.21'/>",
            .workloads = TRAIN(" start='2026-06'", "2000", "<porting stack='k' usd='11000'/>")},
        10000 + 2000 * 0.86678417204144756},
    {"inference is ported at the horizon's start, once for all its sites",
        {.sites = TWO_SITES,
            .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'"
                         " survive-site='0.5'><rate system='s' units-per-hour='1'/>"
                         "<demand region='x' from='2026-07' units-per-hour='3'/>"
                         "<demand region='y' from='2026-07' units-per-hour='1'/>"
                         "<porting stack='k' usd='1234'/></workload>"},
        4 * 4416 + 1234},
};

static const struct hand_case WHOLE[] = {
    /* 4.5 units: the fifth system costs 1 and serves 5 dollars' worth. */
    {"what pays for most of a system buys all of it",
        {.workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                      "<rate system='s' units-per-hour='1'/>"
                      "<demand from='2026-01' units-per-hour='4.5'/></workload>"},
        5 * YEAR},
    {"what does not pay for a system goes without",
        {.workloads = "<workload id='w' kind='inference' value-usd-per-unit='1.5'>"
                      "<rate system='s' units-per-hour='1'/>"
                      "<demand from='2026-01' units-per-hour='4.5'/></workload>"},
        4 * YEAR + 0.75 * YEAR},
    {"whole systems within the power",
        {.sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='0.27'/>"
                  "<energy from='2026-01' usd-per-mwh='0'/></site>"},
        (2 + 20) * YEAR},
    /* 2.5 are needed of 6: three stay. */
    {"whole systems are kept",
        {.offers = "<offer id='o' system='s' provider='p' kind='buy' capex-usd='1' term-months='60'"
                   " opex-usd-per-year='8760' max-systems='0'>"
                   "<existing site='a' count='6' acquired='2025-01'/></offer>",
            .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                         "<rate system='s' units-per-hour='1'/>"
                         "<demand from='2026-01' units-per-hour='2.5'/></workload>"},
        3 * YEAR},
};

START_TEST(a_binary_rule_has_its_cost)
{
    const struct hand_case *c = &BINARY[_i];
    struct small_plan small = small_plan_solve(&c->pieces);

    ck_assert_int_eq(small.plan->status, PLAN_OPTIMAL);
    ck_assert_msg(fabs(small.plan->objective_usd - c->cost_usd) <= 1e-8 * c->cost_usd,
        "%s: it costs %.10g, not %.10g", c->rule, small.plan->objective_usd, c->cost_usd);
    small_plan_close(&small);
}
END_TEST

START_TEST(the_plain_model_has_the_same_binaries)
{
    const struct capacity_model_options plain = {.is_plain = true};
    const struct hand_case *c = &BINARY[_i];
    struct scenario *scenario = small_scenario(&c->pieces);

    ck_assert_double_eq_tol(small_plan_optimum(scenario, &plain), c->cost_usd, 1e-6 * c->cost_usd);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_whole_plan_has_its_cost)
{
    const struct hand_case *c = &WHOLE[_i];
    struct small_plan small = small_plan_solve_whole(&c->pieces, 0);

    ck_assert_int_eq(small.plan->status, PLAN_OPTIMAL);
    ck_assert_msg(fabs(small.plan->objective_usd - c->cost_usd) <= 1e-8 * c->cost_usd,
        "%s: it costs %.10g, not %.10g", c->rule, small.plan->objective_usd, c->cost_usd);
    for (size_t i = 0; i < small.plan->acquired.count; i++)
        ck_assert_double_eq(
            small.plan->acquired.rows[i].systems, floor(small.plan->acquired.rows[i].systems));
    small_plan_close(&small);
}
END_TEST

/* --- What is told */

START_TEST(what_is_ported_is_listed)
{
    struct small_plan paid = small_plan_solve(&BINARY[3].pieces);
    struct small_plan unpaid = small_plan_solve(&BINARY[4].pieces);
    struct small_plan free = small_plan_solve(&BINARY[6].pieces);

    ck_assert_uint_eq(paid.plan->ported.count, 1);
    ck_assert_int_eq(paid.plan->ported.rows[0].workload, 0);
    ck_assert_int_eq(paid.plan->ported.rows[0].porting, 0);
    ck_assert_double_eq(paid.plan->cost_usd[COST_PORTING], 10000);
    ck_assert_uint_eq(unpaid.plan->ported.count, 0);
    ck_assert_uint_eq(free.plan->ported.count, 1);
    small_plan_close(&paid);
    small_plan_close(&unpaid);
    small_plan_close(&free);
}
END_TEST

/* With the binaries as they are: one more MW at a, where the workload is, is ten systems. */
START_TEST(prices_are_of_the_plan_that_was_chosen)
{
    struct small_plan small = small_plan_solve(&BINARY[1].pieces);
    double price = 0, elsewhere = 0;

    for (size_t i = 0; i < small.plan->prices.count; i++)
        if (small.plan->prices.rows[i].kind == PRICE_SITE_POWER &&
            small.plan->prices.rows[i].period == 0) {
            if (strcmp(small.plan->prices.rows[i].id, "a") == 0)
                price = small.plan->prices.rows[i].usd_per_unit;
            else
                elsewhere = small.plan->prices.rows[i].usd_per_unit;
        }
    ck_assert_double_eq_tol(price, 10 * 9 * 2160, 1e-6);
    ck_assert_double_eq(elsewhere, 0);
    small_plan_close(&small);
}
END_TEST

/* --- The check */

START_TEST(a_site_too_many_is_refused)
{
    struct small_plan small = small_plan_solve(&BINARY[0].pieces);
    struct workload *workload = mem_zero(1, sizeof *workload);
    struct scenario scenario = *small.scenario;
    struct err err = {0};

    *workload = small.scenario->workloads[0];
    workload->sites_max = 1;
    scenario.workloads = workload;
    small.plan->scenario = &scenario;
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), -1);
    ck_assert_msg(strstr(err.text, "sites-max of w: it uses 2 sites of 1") != NULL, "%s", err.text);
    mem_free(workload);
    small_plan_close(&small);
}
END_TEST

START_TEST(a_stack_that_is_not_paid_is_refused)
{
    struct small_plan small = small_plan_solve(&BINARY[3].pieces);
    struct err err = {0};

    small.plan->ported.count = 0;
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), -1);
    ck_assert_msg(strstr(err.text, "porting: w uses k") != NULL, "%s", err.text);
    small_plan_close(&small);
}
END_TEST

START_TEST(half_a_kept_system_is_refused)
{
    struct small_plan small = small_plan_solve_whole(&WHOLE[3].pieces, 0);
    struct err err = {0};

    small.plan->kept.rows[0].systems = 3.5;
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), -1);
    ck_assert_msg(strstr(err.text, "kept: 3.5 of o are not whole") != NULL, "%s", err.text);
    small_plan_close(&small);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_whole");
    TCase *tc = tcase_create("whole");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, a_case_has_its_known_optimum, 0, (int)(sizeof KNOWN / sizeof *KNOWN));
    tcase_add_loop_test(tc, a_binary_rule_has_its_cost, 0, (int)(sizeof BINARY / sizeof *BINARY));
    tcase_add_loop_test(
        tc, the_plain_model_has_the_same_binaries, 0, (int)(sizeof BINARY / sizeof *BINARY));
    tcase_add_loop_test(tc, a_whole_plan_has_its_cost, 0, (int)(sizeof WHOLE / sizeof *WHOLE));
    tcase_add_test(tc, what_is_ported_is_listed);
    tcase_add_test(tc, prices_are_of_the_plan_that_was_chosen);
    tcase_add_test(tc, a_site_too_many_is_refused);
    tcase_add_test(tc, a_stack_that_is_not_paid_is_refused);
    tcase_add_test(tc, half_a_kept_system_is_refused);
    suite_add_tcase(s, tc);
    return s;
}
