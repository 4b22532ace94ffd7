#include "planner/capacity_solve.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASE_COUNT = 12, JSON_BYTES_MAX = 1 << 20 };

static const char *case_path(int index, char *buffer, size_t size)
{
    (void)snprintf(buffer, size, "tests/cases/plan/random-%02d.xml", index + 1);
    return buffer;
}

/* --- Cases with known answers */

START_TEST(a_random_case_has_its_known_optimum)
{
    char path[64], key[32];
    struct err err = {0};
    struct json_value *root = json_load("tests/cases/plan/expected.json", JSON_BYTES_MAX, &err);
    const struct json_value *expected;
    struct small_plan small = small_plan_solve_file(case_path(_i, path, sizeof path));
    double usd;

    ck_assert_msg(root != NULL, "%s", err.text);
    (void)snprintf(key, sizeof key, "random-%02d.xml", _i + 1);
    expected = json_member(root, key);
    ck_assert_str_eq(
        json_get_text(json_member(expected, "status")), PLAN_STATUS_NAMES[small.plan->status]);
    usd = json_get_number(json_member(expected, "objective_usd"), NAN);
    ck_assert_msg(fabs(small.plan->objective_usd - usd) <= 1e-5 * fabs(usd), "%.10g, not %.10g",
        small.plan->objective_usd, usd);
    ck_assert_double_eq(small.plan->bound_usd, small.plan->objective_usd);
    ck_assert_double_eq(small.plan->gap, 0);
    small_plan_close(&small);
    json_destroy(root);
}
END_TEST

/* --- More of a good thing never costs more */

/* Every `attribute` of the elements of that name, times factor. Gives (mem_free). */
static char *scale_attribute(
    const char *text, const char *element, const char *attribute, double factor)
{
    struct str scaled = {0};
    char open[64], find[64];

    (void)snprintf(open, sizeof open, "<%s ", element);
    (void)snprintf(find, sizeof find, " %s=\"", attribute);
    for (const char *at = strstr(text, open); at != NULL; at = strstr(text, open)) {
        const char *end = strchr(at, '>');
        const char *value = strstr(at, find);

        if (value == NULL || value > end) {
            str_add_bytes(&scaled, text, (size_t)(end - text));
            text = end;
            continue;
        }
        value += strlen(find);
        str_add_bytes(&scaled, text, (size_t)(value - text));
        str_format(&scaled, "%.17g", strtod(value, NULL) * factor);
        text = strchr(value, '"');
    }
    str_add(&scaled, text);
    return scaled.text;
}

static double optimum_of(const char *text)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .without_prices = true};
    struct faults faults = {0};
    struct err err = {0};
    struct scenario *scenario = scenario_parse(text, strlen(text), "case.xml", &faults);
    struct capacity_plan *plan;
    double usd;

    ck_assert_ptr_nonnull(scenario);
    plan = capacity_solve(scenario, &options, &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    usd = plan->status == PLAN_OPTIMAL ? plan->objective_usd : INFINITY;
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
    return usd;
}

struct change_case {
    const char *element, *attribute;
    double factor; /* for the better */
};

static const struct change_case CHANGES[] = {
    {"power", "mw", 1.1},
    {"supply", "systems-per-month", 1.2},
    {"budget", "usd", 1.1},
    {"budget", "tonnes", 1.1},
    {"demand", "units-per-hour", 0.9},
    {"volume", "units", 0.9},
    {"rate", "units-per-hour", 1.1},
    {"offer", "capex-usd", 0.9},
    {"offer", "usd-per-system-hour", 0.9},
    {"offer", "opex-usd-per-year", 0.9},
    {"offer", "max-systems", 1.2},
    {"site", "rack-positions", 1.2},
    {"energy", "usd-per-mwh", 0.9},
    {"workload", "value-usd-per-unit", 0.9},
    {"commitment", "mw", 0.9},
    {"commitment", "usd", 0.9},
    {"limit", "max-share", 1.05},
};
enum { CHANGE_COUNT = sizeof CHANGES / sizeof *CHANGES, CHANGED_CASES = 5 };

START_TEST(more_of_what_is_scarce_never_costs_more)
{
    const struct change_case *change = &CHANGES[_i % CHANGE_COUNT];
    char path[64];
    char *text = edit_read(case_path(2 + _i / CHANGE_COUNT, path, sizeof path));
    char *better = scale_attribute(text, change->element, change->attribute, change->factor);
    double usd = optimum_of(text);

    ck_assert_msg(optimum_of(better) <= usd * (1 + 1e-9),
        "%s: with %s of %s times %g it costs more", path, change->attribute, change->element,
        change->factor);
    mem_free(better);
    mem_free(text);
}
END_TEST

/* --- Prices against the optimum of scenarios that are changed a little. The optimum is convex in
 * all limits together, so with every limit of a kind times 1 + e it is at least what the prices
 * say, for e above and below 0: prices are subgradients, of degenerate optima too. Where the
 * optimum is smooth this leaves the derivative alone. */

struct priced_case {
    const char *element, *attribute;
    enum price_kind kind;
    /* The limit that a price is of. */
    double (*limit)(const struct capacity_plan *plan, const struct plan_price *price);
};

static const struct site *site_of(const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int s = 0; s < plan->scenario->site_count; s++)
        if (str_equal(plan->scenario->sites[s].id, price->id))
            return &plan->scenario->sites[s];
    ck_abort_msg("no site %s", price->id);
}

static double power_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    return dated_value_at(
        &site_of(plan, price)->power_mw, plan->scenario->periods[price->period].start, 0);
}

static double floor_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    return site_rack_positions_at(
        site_of(plan, price), plan->scenario->periods[price->period].start);
}

static double supply_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int o = 0; o < plan->scenario->offer_count; o++)
        if (str_equal(plan->scenario->offers[o].id, price->id))
            return price->kind == PRICE_SUPPLY ? offer_supply(&plan->scenario->offers[o],
                                                     &plan->scenario->periods[price->period])
                                               : plan->scenario->offers[o].max_systems;
    ck_abort_msg("no offer %s", price->id);
}

/* Of budgets in dollars alone: the attribute is theirs. */
static double budget_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int i = 0; i < plan->scenario->budget_count; i++)
        if (str_equal(plan->scenario->budgets[i].id, price->id))
            return str_equal(price->unit, "USD") ? plan->scenario->budgets[i].limit : 0;
    ck_abort_msg("no budget %s", price->id);
}

static double tonnes_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int i = 0; i < plan->scenario->budget_count; i++)
        if (str_equal(plan->scenario->budgets[i].id, price->id))
            return str_equal(price->unit, "tonne") ? plan->scenario->budgets[i].limit : 0;
    ck_abort_msg("no budget %s", price->id);
}

static const struct commitment *commitment_of(
    const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int i = 0; i < plan->scenario->commitment_count; i++)
        if (str_equal(plan->scenario->commitments[i].id, price->id))
            return &plan->scenario->commitments[i];
    ck_abort_msg("no commitment %s", price->id);
}

static double committed_mw(const struct capacity_plan *plan, const struct plan_price *price)
{
    return str_equal(price->unit, "MW") ? commitment_of(plan, price)->mw : 0;
}

static double committed_usd(const struct capacity_plan *plan, const struct plan_price *price)
{
    return str_equal(price->unit, "USD") ? commitment_of(plan, price)->usd : 0;
}

static double demand_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    char id[160];

    for (int j = 0; j < plan->scenario->workload_count; j++)
        for (int g = 0; g < plan->scenario->workloads[j].region_count; g++) {
            const struct workload *w = &plan->scenario->workloads[j];
            const char *region = w->regions[g].region;

            (void)snprintf(id, sizeof id, "%s%s%s", w->id, region != NULL ? "/" : "",
                region != NULL ? region : "");
            if (str_equal(id, price->id))
                return region_demand_at(&w->regions[g], &plan->scenario->periods[price->period]);
        }
    ck_abort_msg("no demand %s", price->id);
}

static double volume_limit(const struct capacity_plan *plan, const struct plan_price *price)
{
    for (int j = 0; j < plan->scenario->workload_count; j++)
        if (str_equal(plan->scenario->workloads[j].id, price->id))
            return plan->scenario->workloads[j].volume_units;
    ck_abort_msg("no workload %s", price->id);
}

static const struct priced_case PRICED[] = {
    {"power", "mw", PRICE_SITE_POWER, power_limit},
    {"site", "rack-positions", PRICE_FLOOR, floor_limit},
    {"supply", "systems-per-month", PRICE_SUPPLY, supply_limit},
    {"offer", "max-systems", PRICE_MAX_SYSTEMS, supply_limit},
    {"budget", "usd", PRICE_BUDGET, budget_limit},
    {"budget", "tonnes", PRICE_BUDGET, tonnes_limit},
    {"commitment", "mw", PRICE_COMMITMENT, committed_mw},
    {"commitment", "usd", PRICE_COMMITMENT, committed_usd},
    {"demand", "units-per-hour", PRICE_DEMAND, demand_limit},
    {"volume", "units", PRICE_VOLUME, volume_limit},
};
enum { PRICED_COUNT = sizeof PRICED / sizeof *PRICED, PRICED_CASES = 6 };

/* What the prices say the minimum falls by when every limit of the kind doubles. */
static double worth_usd(const struct capacity_plan *plan, const struct priced_case *priced)
{
    double usd = 0;

    for (size_t i = 0; i < plan->prices.count; i++)
        if (plan->prices.rows[i].kind == priced->kind)
            usd += plan->prices.rows[i].usd_per_unit * priced->limit(plan, &plan->prices.rows[i]);
    return usd;
}

START_TEST(prices_are_what_one_more_unit_is_worth)
{
    static const double STEPS[] = {-0.1, -0.001, 0.001, 0.1};
    const struct priced_case *priced = &PRICED[_i % PRICED_COUNT];
    char path[64];
    char *text = edit_read(case_path(1 + _i / PRICED_COUNT, path, sizeof path));
    struct small_plan small = small_plan_solve_file(path);
    double usd = small.plan->objective_usd, worth = worth_usd(small.plan, priced);

    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        char *changed = scale_attribute(text, priced->element, priced->attribute, 1 + STEPS[i]);
        double changed_usd = optimum_of(changed);

        ck_assert_msg(changed_usd >= usd - STEPS[i] * worth - 1e-9 * fabs(usd),
            "%s: %s of %s times %g costs %.12g, and prices say at least %.12g", path,
            priced->attribute, priced->element, 1 + STEPS[i], changed_usd, usd - STEPS[i] * worth);
        mem_free(changed);
    }
    small_plan_close(&small);
    mem_free(text);
}
END_TEST

/* --- The lists */

static const struct plan_price *find_price(
    const struct capacity_plan *plan, enum price_kind kind, const char *id, int period)
{
    for (size_t i = 0; i < plan->prices.count; i++)
        if (plan->prices.rows[i].kind == kind && str_equal(plan->prices.rows[i].id, id) &&
            plan->prices.rows[i].period == period)
            return &plan->prices.rows[i];
    return NULL;
}

/* One more system in the first quarter would serve a unit for 1 dollar an hour instead of 10. */
START_TEST(a_scarce_system_is_worth_what_it_saves)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='on-demand' usd-per-system-hour='1'>"
                  "<supply from='2026-01' systems-per-month='1'/></offer>"};
    struct small_plan small = small_plan_solve(&pieces);
    const struct plan_price *supply = find_price(small.plan, PRICE_SUPPLY, "o", 0);
    const struct plan_price *demand = find_price(small.plan, PRICE_DEMAND, "w", 0);
    const struct plan_price *capacity = find_price(small.plan, PRICE_CAPACITY, "a/s", 0);

    ck_assert_ptr_nonnull(supply);
    ck_assert_double_eq_tol(supply->usd_per_unit, 9 * 2160, 1e-6);
    ck_assert_str_eq(supply->unit, "system");
    ck_assert_ptr_nonnull(demand);
    ck_assert_double_eq_tol(demand->usd_per_unit, -10 * 2160, 1e-6);
    ck_assert_str_eq(demand->unit, "unit/hour");
    ck_assert_ptr_nonnull(capacity);
    ck_assert_double_eq_tol(capacity->usd_per_unit, 10 * 2160, 1e-6);
    ck_assert_ptr_null(find_price(small.plan, PRICE_NAMEPLATE_POWER, "a", 0));
    small_plan_close(&small);
}
END_TEST

/* 0.2 MW nameplate at 1.5: one more MW of limit is 1.5 MW of nameplate, 15 systems of 9 dollars. */
START_TEST(site_power_counts_oversubscription)
{
    const struct small_pieces pieces = {
        .sites = "<site id='a' region='r' jurisdiction='us' oversubscription='1.5'>"
                 "<power from='2026-01' mw='0.2'/><energy from='2026-01' usd-per-mwh='0'/></site>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'"
                     " power-fraction='0.5'><rate system='s' units-per-hour='1'/>"
                     "<demand from='2026-01' units-per-hour='4'/></workload>"};
    struct small_plan small = small_plan_solve(&pieces);
    const struct plan_price *nameplate = find_price(small.plan, PRICE_NAMEPLATE_POWER, "a", 1);
    const struct plan_price *site = find_price(small.plan, PRICE_SITE_POWER, "a", 1);

    ck_assert_ptr_nonnull(nameplate);
    ck_assert_double_eq_tol(nameplate->usd_per_unit, 10 * 9 * 2184, 1e-6);
    ck_assert_ptr_nonnull(site);
    ck_assert_double_eq_tol(site->usd_per_unit, 15 * 9 * 2184, 1e-6);
    small_plan_close(&small);
}
END_TEST

/* A MW more of the promise is ten more systems of 1 dollar, or the price of its lack. */
START_TEST(a_promise_has_a_price_below_zero)
{
    const struct small_pieces pieces = {
        .rules = "<commitment id='k' kind='power' systems='s' mw='0.6'/>"
                 "<commitment id='m' kind='spend' provider='p' usd='90000'/>"};
    struct small_plan small = small_plan_solve(&pieces);
    const struct plan_price *power = find_price(small.plan, PRICE_COMMITMENT, "k", 0);
    const struct plan_price *spend = find_price(small.plan, PRICE_COMMITMENT, "m", -1);

    /* The rent of the sixth system is owed to the spend commitment anyway. */
    ck_assert_ptr_null(power);
    ck_assert_ptr_nonnull(spend);
    ck_assert_double_eq_tol(spend->usd_per_unit, -1, 1e-9);
    small_plan_close(&small);
}
END_TEST

START_TEST(what_leaves_early_is_listed_by_offer_and_site)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='buy' capex-usd='1'"
                  " term-months='60' opex-usd-per-year='8760' max-systems='0'>"
                  "<existing site='a' count='3' acquired='2025-01'/>"
                  "<existing site='a' count='4' acquired='2025-02'/></offer>"};
    struct small_plan small = small_plan_solve(&pieces);

    ck_assert_uint_eq(small.plan->retired.count, 1);
    ck_assert_int_eq(small.plan->retired.rows[0].period, 0);
    ck_assert_double_eq_tol(small.plan->retired.rows[0].systems, 3, 1e-9);
    ck_assert_uint_eq(small.plan->installed.count, 4);
    ck_assert_double_eq_tol(small.plan->installed.rows[3].systems, 4, 1e-9);
    ck_assert_double_eq_tol(small.plan->installed.rows[3].nameplate_kw, 400, 1e-6);
    small_plan_close(&small);
}
END_TEST

/* Two systems at b serve y, which only b may, and the rest of b and all of a serve x. */
START_TEST(who_serves_whom_is_told)
{
    const struct small_pieces pieces = {
        .sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='0.3'/>"
                 "<energy from='2026-01' usd-per-mwh='0'/></site>"
                 "<site id='b' region='r' jurisdiction='eu'><power from='2026-01' mw='0.4'/>"
                 "<energy from='2026-01' usd-per-mwh='0'/></site>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                     "<rate system='s' units-per-hour='1'/>"
                     "<demand region='x' from='2026-01' units-per-hour='5'/>"
                     "<demand region='y' from='2026-01' units-per-hour='2' jurisdictions='eu'/>"
                     "</workload>"};
    struct small_plan small = small_plan_solve(&pieces);
    double flows[2][2] = {{0}};

    for (size_t i = 0; i < small.plan->served.count; i++)
        if (small.plan->served.rows[i].period == 0)
            flows[small.plan->served.rows[i].region][small.plan->served.rows[i].site] +=
                small.plan->served.rows[i].units_per_hour;
    ck_assert_double_eq_tol(flows[0][0], 3, 1e-9);
    ck_assert_double_eq_tol(flows[0][1], 2, 1e-9);
    ck_assert_double_eq(flows[1][0], 0);
    ck_assert_double_eq_tol(flows[1][1], 2, 1e-9);
    ck_assert_uint_eq(small.plan->unmet.count, 0);
    small_plan_close(&small);
}
END_TEST

/* --- How it is asked */

START_TEST(the_same_scenario_has_the_same_plan)
{
    char path[64];
    struct small_plan first = small_plan_solve_file(case_path(6, path, sizeof path));
    struct small_plan second = small_plan_solve_file(path);

    ck_assert_double_eq(first.plan->objective_usd, second.plan->objective_usd);
    ck_assert_uint_eq(first.plan->runs.count, second.plan->runs.count);
    for (size_t i = 0; i < first.plan->runs.count; i++) {
        ck_assert_int_eq(first.plan->runs.rows[i].site, second.plan->runs.rows[i].site);
        ck_assert_double_eq(first.plan->runs.rows[i].systems, second.plan->runs.rows[i].systems);
    }
    small_plan_close(&first);
    small_plan_close(&second);
}
END_TEST

static bool stop_at_once(void *context)
{
    (*(int *)context)++;
    return true;
}

START_TEST(a_person_may_stop_it)
{
    int asked = 0;
    const struct solve_options options = {
        .clock_s = clock_monotonic_s, .stop = stop_at_once, .context = &asked};
    struct faults faults = {0};
    struct err err = {0};
    struct scenario *scenario = scenario_load(
        "workloads/scenarios/frontier-10gw.xml", NULL, &faults);
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);

    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert_int_eq(plan->status, PLAN_TIME_LIMIT);
    ck_assert_int_gt(asked, 0);
    ck_assert(!plan->has_plan || isfinite(plan->objective_usd));
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_time_limit_ends_it)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .time_limit_s = 0.05};
    struct faults faults = {0};
    struct err err = {0};
    struct scenario *scenario = scenario_load(
        "workloads/scenarios/frontier-10gw.xml", NULL, &faults);
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);

    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert_int_eq(plan->status, PLAN_TIME_LIMIT);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
}
END_TEST

START_TEST(prices_may_be_left_out)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .without_prices = true};
    struct err err = {0};
    struct scenario *scenario = small_scenario(&(struct small_pieces){0});
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);

    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert_uint_eq(plan->prices.count, 0);
    ck_assert_int_gt(plan->size.rows, 0);
    ck_assert_int_gt(plan->size.columns, 0);
    ck_assert_int_gt(plan->size.nonzeros, 0);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_solve");
    TCase *tc = tcase_create("solve");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_random_case_has_its_known_optimum, 0, CASE_COUNT);
    tcase_add_loop_test(
        tc, more_of_what_is_scarce_never_costs_more, 0, CHANGE_COUNT * CHANGED_CASES);
    tcase_add_loop_test(tc, prices_are_what_one_more_unit_is_worth, 0, PRICED_COUNT * PRICED_CASES);
    tcase_add_test(tc, a_scarce_system_is_worth_what_it_saves);
    tcase_add_test(tc, site_power_counts_oversubscription);
    tcase_add_test(tc, a_promise_has_a_price_below_zero);
    tcase_add_test(tc, what_leaves_early_is_listed_by_offer_and_site);
    tcase_add_test(tc, who_serves_whom_is_told);
    tcase_add_test(tc, the_same_scenario_has_the_same_plan);
    tcase_add_test(tc, a_person_may_stop_it);
    tcase_add_test(tc, a_time_limit_ends_it);
    tcase_add_test(tc, prices_may_be_left_out);
    suite_add_tcase(s, tc);
    return s;
}
