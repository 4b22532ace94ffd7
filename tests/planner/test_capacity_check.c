/* The check refuses a plan that is changed in one thing, and names what the change breaks. */
#include "base/mem.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#define SYSTEM(attributes, inside)                                                                 \
    "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'" attributes ">" inside    \
    "</system>"
#define TWO_SYSTEMS                                                                                \
    SYSTEM("", "") "<system id='z' chip='d' hosts='1' chips-per-host='1' power-kw='100'/>"
#define SITE_ID(id, place, attributes, mw, energy)                                                 \
    "<site id='" id "' region='r' jurisdiction='" place "'" attributes                             \
    "><power from='2026-01' mw='" mw "'/><energy from='2026-01' " energy "/></site>"
#define SITE(attributes, mw) SITE_ID("a", "us", attributes, mw, "usd-per-mwh='0'")
#define TWO_SITES                                                                                  \
    SITE_ID("a", "us", "", "1", "usd-per-mwh='0'") SITE_ID("b", "eu", "", "1", "usd-per-mwh='0'")
#define OFFER(kind, attributes, inside)                                                            \
    "<offer id='o' system='s' provider='p' kind='" kind "'" attributes ">" inside "</offer>"
#define BY_QUARTER(attributes, inside)                                                             \
    OFFER("on-demand", " usd-per-system-hour='1'" attributes, inside)
#define RATE "<rate system='s' units-per-hour='1'/>"
#define DEMAND "<demand from='2026-01' units-per-hour='4'/>"
#define CHAT(attributes, inside)                                                                   \
    "<workload id='w' kind='inference' value-usd-per-unit='10'" attributes ">" inside "</"         \
    "workload>"
#define TRAIN(attributes, units)                                                                   \
    "<workload id='w' kind='training' value-usd-per-unit='10'" attributes ">" RATE                 \
    "<volume units='" units "'/></workload>"
/* Six kept of six: worth it. */
#define OWNED                                                                                      \
    OFFER("buy", " capex-usd='1' term-months='60' opex-usd-per-year='1' max-systems='0'",          \
        "<existing site='a' count='3' acquired='2025-01'/>")
/* Everything that costs. */
#define RICH                                                                                       \
    {                                                                                              \
        .horizon = "<horizon start='2026-01' end='2026-12' step='quarter' discount-rate='0.1'"     \
                   " carbon-usd-per-tonne='10'/>",                                                 \
        .sites = SITE_ID("a", "us", "", "1", "usd-per-mwh='10' kg-co2-per-mwh='500'"),             \
        .offers = OFFER("buy",                                                                     \
            " capex-usd='1000' term-months='24' opex-usd-per-year='10' usd-per-system-hour='1'"    \
            " max-systems='3'",                                                                    \
            ""),                                                                                   \
        .rules = "<commitment id='k' kind='power' systems='s' mw='0.6'"                            \
                 " shortfall-usd-per-mw-month='10'/>"                                              \
                 "<budget id='b' kind='total' usd='1000000'/>"                                     \
    }

/* --- Changes */

typedef void change_fn(struct capacity_plan *plan);

static void change_runs(struct capacity_plan *plan, double factor)
{
    for (size_t i = 0; i < plan->runs.count; i++) {
        plan->runs.rows[i].systems *= factor;
        plan->runs.rows[i].units_per_hour *= factor;
    }
}

static void change_acquired(struct capacity_plan *plan, double factor)
{
    ck_assert_uint_gt(plan->acquired.count, 0);
    for (size_t i = 0; i < plan->acquired.count; i++)
        plan->acquired.rows[i].systems *= factor;
}

static void acquire_more(struct capacity_plan *plan)
{
    change_acquired(plan, 1.01);
}

static void acquire_twice(struct capacity_plan *plan)
{
    change_acquired(plan, 2);
}

static void acquire_less(struct capacity_plan *plan)
{
    change_acquired(plan, 0.9);
}

static void acquire_negative(struct capacity_plan *plan)
{
    plan->acquired.rows[0].systems = -1;
}

static void acquire_early(struct capacity_plan *plan)
{
    plan->acquired.rows[0].period = 0;
}

static void acquire_nowhere(struct capacity_plan *plan)
{
    plan->acquired.rows[0].site = 7;
}

static void acquire_parts(struct capacity_plan *plan)
{
    plan->is_whole = true;
    plan->acquired.rows[0].systems = 3.5;
}

static void keep_more(struct capacity_plan *plan)
{
    plan->kept.rows[0].systems += 1;
}

static void keep_again(struct capacity_plan *plan)
{
    plan->kept.rows[1].systems -= 1;
}

static void keep_nothing_there(struct capacity_plan *plan)
{
    plan->kept.rows[0].existing = 1;
}

static void run_more(struct capacity_plan *plan)
{
    change_runs(plan, 1.01);
}

static void run_less(struct capacity_plan *plan)
{
    change_runs(plan, 0.99);
}

static void run_other_units(struct capacity_plan *plan)
{
    plan->runs.rows[0].units_per_hour *= 1.01;
}

static void run_malformed(struct capacity_plan *plan)
{
    plan->runs.rows[0].mode = 1;
}

static void run_elsewhere(struct capacity_plan *plan)
{
    plan->runs.rows[0].site = 1;
}

static void run_early(struct capacity_plan *plan)
{
    plan->runs.rows[0].period = 0;
}

static void run_without_rate(struct capacity_plan *plan)
{
    plan->runs.rows[0].system = 1;
}

/* The full mode does more with the same systems, and draws more. */
static void run_in_full(struct capacity_plan *plan)
{
    for (size_t i = 0; i < plan->runs.count; i++) {
        plan->runs.rows[i].mode = 0;
        plan->runs.rows[i].units_per_hour = plan->runs.rows[i].systems;
    }
}

/* Work that needs firm systems, in place of the same that does not. */
static void run_what_is_firm(struct capacity_plan *plan)
{
    for (size_t i = 0; i < plan->runs.count; i++)
        plan->runs.rows[i].workload = 1;
}

static void serve_more(struct capacity_plan *plan)
{
    plan->served.rows[0].units_per_hour *= 1.01;
}

static void serve_less(struct capacity_plan *plan)
{
    plan->served.rows[0].units_per_hour *= 0.99;
}

static void serve_forbidden(struct capacity_plan *plan)
{
    plan->served.rows[0].site = 1;
}

static void serve_negative(struct capacity_plan *plan)
{
    plan->served.rows[0].units_per_hour = -1;
}

/* At each site run what it serves, and no more: nothing is left for when one is lost. */
static void run_what_is_served(struct capacity_plan *plan)
{
    for (size_t i = 0; i < plan->runs.count; i++) {
        double served = 0;

        for (size_t k = 0; k < plan->served.count; k++)
            if (plan->served.rows[k].site == plan->runs.rows[i].site &&
                plan->served.rows[k].period == plan->runs.rows[i].period)
                served += plan->served.rows[k].units_per_hour;
        plan->runs.rows[i].systems = plan->runs.rows[i].units_per_hour = served;
    }
}

static void say_unmet(struct capacity_plan *plan)
{
    struct plan_unmet *rows = mem_zero(plan->unmet.count + 1, sizeof *rows);

    rows[plan->unmet.count] = (struct plan_unmet){0, 0, 0, 1, 0.25};
    mem_free(plan->unmet.rows);
    plan->unmet.rows = rows;
    plan->unmet.count++;
}

static void say_too_much_unmet(struct capacity_plan *plan)
{
    plan->unmet.rows[0].units *= 10;
}

static void say_wrong_share(struct capacity_plan *plan)
{
    plan->unmet.rows[0].share += 0.1;
}

static void lack_more(struct capacity_plan *plan)
{
    plan->shortfalls.rows[0].usd *= 1.1;
}

static void lack_less(struct capacity_plan *plan)
{
    plan->shortfalls.rows[0].mw *= 0.9;
    plan->shortfalls.rows[0].usd *= 0.9;
}

static void lack_nothing(struct capacity_plan *plan)
{
    plan->shortfalls.count = 0;
}

static void lack_what_may_not(struct capacity_plan *plan)
{
    plan->shortfalls.rows = mem_zero(1, sizeof *plan->shortfalls.rows);
    plan->shortfalls.rows[0] = (struct plan_shortfall){0, 0, 1, 0};
    plan->shortfalls.count = 1;
}

static void use_other_budget(struct capacity_plan *plan)
{
    plan->budgets.rows[0].used += 100;
}

static void hide_budget(struct capacity_plan *plan)
{
    plan->budgets.count = 0;
}

static void hide_installed(struct capacity_plan *plan)
{
    plan->installed.count--;
}

static void install_other_kw(struct capacity_plan *plan)
{
    plan->installed.rows[0].nameplate_kw += 1;
}

static void hide_retired(struct capacity_plan *plan)
{
    plan->retired.count = 0;
}

static void retire_later(struct capacity_plan *plan)
{
    plan->retired.rows[0].period = 1;
}

static void hide_energy(struct capacity_plan *plan)
{
    plan->energy.count--;
}

static void emit_other_carbon(struct capacity_plan *plan)
{
    plan->energy.rows[0].tonnes_co2 += 1;
}

static void hide_power(struct capacity_plan *plan)
{
    plan->power.count--;
}

static void draw_other_power(struct capacity_plan *plan)
{
    plan->power.rows[0].operating_mw += 0.01;
}

static void limit_other_power(struct capacity_plan *plan)
{
    plan->power.rows[0].limit_mw += 0.01;
}

static void cost_other_total(struct capacity_plan *plan)
{
    plan->objective_usd *= 1.001;
}

struct check_case {
    const char *expected; /* in the message */
    change_fn *change;
    struct small_pieces pieces;
};

static const struct check_case CASES[] = {
    /* What is decided at all */
    {"acquired: o is not on offer at a in 2026-01", acquire_early,
        {.offers = BY_QUARTER(" lead-months='4'", "")}},
    {"acquired: a row is malformed", acquire_negative, {0}},
    {"acquired: a row is malformed", acquire_nowhere, {0}},
    {"acquired: 3.5 of o are not whole", acquire_parts, {0}},
    {"kept: a row is malformed", keep_nothing_there, {.offers = OWNED}},
    {"runs: a row is malformed", run_malformed, {0}},
    {"units of w on s", run_other_units, {0}},
    {"runs: w may not use b", run_elsewhere,
        {.sites = TWO_SITES, .workloads = CHAT(" sites='a'", RATE DEMAND)}},
    {"runs: w is outside its window in 2026-01", run_early,
        {.workloads = TRAIN(" start='2026-04'", "1000")}},
    {"runs: w has no rate on z", run_without_rate, {.systems = TWO_SYSTEMS}},
    {"served: a row is malformed", serve_negative, {0}},
    {"served: a region of w may not use b", serve_forbidden,
        {.sites = TWO_SITES, .workloads = CHAT(" sites='a'", RATE DEMAND)}},

    /* 1. to 5. */
    {"supply of o in 2026-01", acquire_more,
        {.offers = BY_QUARTER("", "<supply from='2026-01' systems-per-month='1'/>")}},
    {"max-systems of o in 2026-01", acquire_more, {.offers = BY_QUARTER(" max-systems='3'", "")}},
    {"keep of batch 0 of o in 2026-01", keep_more, {.offers = OWNED}},
    {"keep of batch 0 of o in 2026-07", keep_again, {.offers = OWNED}},
    {"capacity of s at a in 2026-01: 4.04 is over 4", run_more, {0}},
    {"capacity of s at a in 2026-01", acquire_less, {0}},
    {"firm capacity of s at a in 2026", run_what_is_firm,
        {.offers = BY_QUARTER(" interruptible='yes'", ""),
            .workloads = "<workload id='v' kind='batch' value-usd-per-unit='10'>" RATE
                         "<volume units='8760'/></workload>" CHAT("", RATE DEMAND)}},
    {"operating power at a in 2026-01", run_in_full,
        {.systems = SYSTEM("", "<mode id='full' power='1' throughput='1'/>"
                               "<mode id='half' power='0.5' throughput='0.8'/>"),
            .sites = SITE(" oversubscription='9'", "0.3")}},
    {"nameplate power at a in 2026-01", acquire_more, {.sites = SITE("", "0.3")}},
    {"floor at a in 2026-01", acquire_more, {.sites = SITE(" rack-positions='3'", "1")}},

    /* 6. to 9. */
    {"flow of w from a in 2026-01", serve_more, {0}},
    {"demand of w/all in 2026-01", serve_less, {0}},
    {"survive-site of w without a in 2026-01", run_what_is_served,
        {.sites = TWO_SITES, .workloads = CHAT(" survive-site='0.75'", RATE DEMAND)}},
    {"volume of w", run_less, {.workloads = TRAIN("", "1000")}},
    {"max-systems of w in", run_more,
        {.offers = OFFER(
             "reserve", " term-months='60'", "<existing site='a' count='4' acquired='2025-01'/>"),
            .workloads = TRAIN(" max-systems='0.1'", "100000")}},
    {"required: w is not served in full", say_unmet,
        {.workloads = CHAT(" required='yes'", RATE DEMAND)}},
    {"unmet of w", say_too_much_unmet, {.sites = SITE("", "0.3")}},
    {"unmet share of w", say_wrong_share, {.sites = SITE("", "0.3")}},

    /* 10. to 12. */
    {"budget b: ", acquire_more,
        {.offers = OFFER("buy", " capex-usd='1000' term-months='12'", ""),
            .rules = "<budget id='b' kind='capex' usd='3000'/>"}},
    {"budget b: ", acquire_more, {.rules = "<budget id='b' kind='operating' usd='20000'/>"}},
    {"budget b: ", acquire_more,
        {.rules = "<budget id='b' kind='total' provider='p' usd='20000'/>"}},
    {"budget b: ", run_more,
        {.sites = SITE_ID("a", "us", "", "9", "usd-per-mwh='0' kg-co2-per-mwh='500'"),
            .offers = OFFER("reserve", " term-months='60' max-systems='0'",
                "<existing site='a' count='40' acquired='2025-01'/>"),
            .workloads = TRAIN("", "100000"),
            .rules = "<budget id='b' kind='carbon' tonnes='876'/>"}},
    {"used of budget b", use_other_budget,
        {.rules = "<budget id='b' kind='operating' usd='20000'/>"}},
    {"budgets: b is not listed", hide_budget,
        {.rules = "<budget id='b' kind='operating' usd='20000'/>"}},
    {"commitment k in 2026-01", acquire_less,
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'/>"}},
    {"commitment k in 2026-01", lack_less,
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'"
                  " shortfall-usd-per-mw-month='1000'/>"}},
    {"commitment k: no shortfall is allowed", lack_what_may_not,
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'/>"}},
    {"dollars of the shortfall of k", lack_more,
        {.rules = "<commitment id='k' kind='power' systems='s' mw='0.6'"
                  " shortfall-usd-per-mw-month='1000'/>"}},
    {"commitment k: ", lack_nothing,
        {.rules = "<commitment id='k' kind='spend' provider='p' usd='50000'/>"}},
    {"limit l in 2026-01", acquire_twice,
        {.systems = TWO_SYSTEMS,
            .sites = SITE("", "2"),
            .offers = BY_QUARTER(
                "", "") "<offer id='q' system='z' provider='p' kind='reserve'"
                        " usd-per-system-hour='3' term-months='60'>"
                        "<existing site='a' count='4' acquired='2025-01'/></offer>",
            .rules = "<limit id='l' attribute='system' value='s' max-share='0.6'/>"}},

    /* The cost, and the lists */
    {"objective", cost_other_total, {0}},
    {"installed of o at a in 2026-10", hide_installed, {0}},
    {"installed: kW of o", install_other_kw, {0}},
    {"retired of o at a in 2026-01", hide_retired,
        {.offers = OFFER("buy",
             " capex-usd='1' term-months='60' opex-usd-per-year='8760' max-systems='0'",
             "<existing site='a' count='6' acquired='2025-01'/>")}},
    {"retired of o at a in 2026-01", retire_later,
        {.offers = OFFER("buy",
             " capex-usd='1' term-months='60' opex-usd-per-year='8760' max-systems='0'",
             "<existing site='a' count='6' acquired='2025-01'/>")}},
    {"energy at a in 2026-10", hide_energy, {0}},
    {"energy: tonnes at a", emit_other_carbon, {0}},
    {"power: nameplate at a in 2026-10", hide_power, {0}},
    {"power: operating at a", draw_other_power, {0}},
    {"power: limit at a", limit_other_power, {0}},
};

START_TEST(a_changed_plan_is_refused)
{
    const struct check_case *c = &CASES[_i];
    struct small_plan small = small_plan_solve(&c->pieces);
    struct err err = {0};

    ck_assert_msg(small.plan->has_plan, "%s: there is no plan to change", c->expected);
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), 0);
    c->change(small.plan);
    ck_assert_msg(capacity_plan_check(small.plan, &err) == -1, "%s: not found", c->expected);
    ck_assert_int_eq(err.kind, ERR_INTERNAL);
    ck_assert_msg(strstr(err.text, c->expected) != NULL, "'%s' has no '%s'", err.text, c->expected);
    small_plan_close(&small);
}
END_TEST

/* A tenth of a thousandth off any part of the cost is found. */
START_TEST(every_part_of_the_cost_is_checked)
{
    const struct small_pieces pieces = RICH;
    struct small_plan small = small_plan_solve(&pieces);
    struct err err = {0};
    double *part = &small.plan->cost_usd[_i];

    ck_assert_int_eq(capacity_plan_check(small.plan, &err), 0);
    ck_assert_msg(_i == COST_PORTING || *part != 0, "the plan has no %s", COST_PART_NAMES[_i]);
    *part = *part * 1.0001 + (*part == 0 ? 10 : 0);
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), -1);
    ck_assert_msg(strstr(err.text, "cost, ") != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, COST_PART_NAMES[_i]) != NULL, "%s", err.text);
    small_plan_close(&small);
}
END_TEST

/* What a solver leaves of rounding is no fault. */
START_TEST(rounding_is_no_fault)
{
    struct small_plan small = small_plan_solve(&(struct small_pieces){0});
    struct err err = {0};

    change_runs(small.plan, 1 + 1e-8);
    ck_assert_int_eq(capacity_plan_check(small.plan, &err), 0);
    small_plan_close(&small);
}
END_TEST

START_TEST(no_plan_has_nothing_to_check)
{
    struct scenario *scenario = small_scenario(&(struct small_pieces){0});
    struct capacity_plan *plan = capacity_plan_create(scenario);
    struct err err = {0};

    ck_assert_int_eq(capacity_plan_check(plan, &err), 0);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_check");
    TCase *tc = tcase_create("check");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, a_changed_plan_is_refused, 0, (int)(sizeof CASES / sizeof *CASES));
    tcase_add_loop_test(tc, every_part_of_the_cost_is_checked, 0, COST_PART_COUNT);
    tcase_add_test(tc, rounding_is_no_fault);
    tcase_add_test(tc, no_plan_has_nothing_to_check);
    suite_add_tcase(s, tc);
    return s;
}
