/*
 * Prices against the optimum itself: limits are moved in the scenario (or, where it has no such
 * limit by itself, in the model), and it is solved again from nothing.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/capacity_solve.h"
#include "planner/lp.h"
#include "tests/support/small_plan.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"
#include "workloads/scenario_change.h"

#include <math.h>
#include <string.h>

enum { CASES = 50, PRICES_A_CASE = 10 };

static struct capacity_plan *solve(const struct scenario *scenario)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .with_ranges = true};
    struct err err = {0};
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);

    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert_int_eq(plan->status, PLAN_OPTIMAL);
    return plan;
}

/* INFINITY: there is no plan. */
static double optimum(struct capacity_model *model)
{
    struct err err = {0};
    enum lp_status status = lp_solve(model->lp, NULL, &err);

    ck_assert_msg(status == LP_OPTIMAL || status == LP_INFEASIBLE, "%s", err.text);
    return status == LP_OPTIMAL ? lp_objective(model->lp) * model->cost_scale : INFINITY;
}

/* --- Moving a limit */

/* The rows by period instead, with `more` more in one of them. */
static struct dated moved(
    const struct scenario *sc, const struct dated *dated, int period, double more)
{
    struct dated copy = {arena_zero(sc->arena, (size_t)sc->period_count, sizeof *copy.rows),
        (size_t)sc->period_count};

    for (int t = 0; t < sc->period_count; t++)
        copy.rows[t] = (struct dated_value){.from = sc->periods[t].start,
            .to = DATE_MONTH_NONE,
            .value = dated_value_at(dated, sc->periods[t].start, 0) + (t == period ? more : 0)};
    return copy;
}

static void move_site(struct scenario *sc, const struct plan_price *price, double more)
{
    struct site *sites = arena_copy(sc->arena, sc->sites, (size_t)sc->site_count, sizeof *sites);

    sites[price->thing].power_mw = moved(sc, &sites[price->thing].power_mw, price->period, more);
    sc->sites = sites;
}

static void move_supply(struct scenario *sc, const struct plan_price *price, double more)
{
    struct offer *offers = arena_copy(
        sc->arena, sc->offers, (size_t)sc->offer_count, sizeof *offers);

    offers[price->thing].supply_per_month = moved(sc, &offers[price->thing].supply_per_month,
        price->period, more / sc->periods[price->period].month_count);
    sc->offers = offers;
}

static void move_work(struct scenario *sc, const struct plan_price *price, double more)
{
    struct workload *workloads = arena_copy(
        sc->arena, sc->workloads, (size_t)sc->workload_count, sizeof *workloads);
    struct workload *w = &workloads[price->thing];

    if (price->kind == PRICE_VOLUME) {
        w->volume_units += more;
    } else {
        struct region_demand *regions = arena_copy(
            sc->arena, w->regions, (size_t)w->region_count, sizeof *regions);

        regions[price->region].units_per_hour = moved(
            sc, &regions[price->region].units_per_hour, price->period, more);
        w->regions = regions;
    }
    sc->workloads = workloads;
}

static void move_money(struct scenario *sc, const struct plan_price *price, double more)
{
    if (price->kind == PRICE_BUDGET) {
        struct budget *budgets = arena_copy(
            sc->arena, sc->budgets, (size_t)sc->budget_count, sizeof *budgets);

        budgets[price->thing].limit += more;
        sc->budgets = budgets;
    } else {
        struct commitment *commitments = arena_copy(
            sc->arena, sc->commitments, (size_t)sc->commitment_count, sizeof *commitments);

        commitments[price->thing].usd += more;
        sc->commitments = commitments;
    }
}

/* The scenario with `more` more of what has the price; NULL: it has no such number. Released with
 * scenario_destroy. */
static struct scenario *move_limit(
    const struct scenario *base, const struct plan_price *price, double more)
{
    struct scenario *sc = scenario_changed(base, NULL, 0);

    if (price->kind == PRICE_SITE_POWER)
        move_site(sc, price, more);
    else if (price->kind == PRICE_SUPPLY)
        move_supply(sc, price, more);
    else if (price->kind == PRICE_DEMAND || price->kind == PRICE_VOLUME)
        move_work(sc, price, more);
    else if (price->kind == PRICE_BUDGET || (price->kind == PRICE_COMMITMENT && price->period < 0))
        move_money(sc, price, more);
    else {
        scenario_destroy(sc);
        return NULL;
    }
    return sc;
}

/* The optimum with so much more of what has the price. */
static double optimum_at(const struct scenario *base, const struct plan_price *price, double more)
{
    const struct capacity_model_options plain = {.is_plain = true}, same = {.keeps_limits = true};
    struct scenario *sc = move_limit(base, price, more);
    struct capacity_model *model = capacity_model_create(
        sc != NULL ? sc : base, sc != NULL ? &plain : &same, NULL);
    double usd;

    ck_assert_ptr_nonnull(model);
    if (sc == NULL) {
        double shift = more / model->row_scale[price->row];

        lp_set_row_bounds(model->lp, price->row, lp_row_lower(model->lp, price->row) + shift,
            lp_row_upper(model->lp, price->row) + shift);
    }
    usd = optimum(model);
    capacity_model_destroy(model);
    scenario_destroy(sc);
    return usd;
}

/* --- What is checked of one price */

/* Figures of a scenario, as far as a solve has digits. */
static double noise(const struct capacity_plan *plan)
{
    return 2e-9 * fabs(plan->objective_usd) + 1e-3;
}

/* The minimum is a straight line over the range: from end to end its slope is the price. */
static void check_slope(
    const struct capacity_plan *plan, const struct plan_price *price, double from, double to)
{
    double limit = price->range.limit;
    double low = optimum_at(plan->scenario, price, from - limit);
    double high = optimum_at(plan->scenario, price, to - limit);
    double slope = (low - high) / (to - from);

    ck_assert_msg(fabs(slope - price->usd_per_unit) <=
                      1e-4 * fabs(price->usd_per_unit) + 2 * noise(plan) / (to - from),
        "%s %s: the price is %.9g, the slope %.9g over %.9g to %.9g", PRICE_KIND_NAMES[price->kind],
        price->id, price->usd_per_unit, slope, from, to);
}

/* Beyond the end there is no plan, or one that costs more than the line says. False: by too little
 * to be seen. */
static bool check_end(const struct capacity_plan *plan, const struct plan_price *price, double end,
    double step, double usd_beyond)
{
    double limit = price->range.limit;
    double beyond, line;

    if (fabs(usd_beyond - price->usd_per_unit) * fabs(step) < 10 * noise(plan))
        return false;
    beyond = optimum_at(plan->scenario, price, end + step - limit);
    line = plan->objective_usd - price->usd_per_unit * (end + step - limit);
    ck_assert_msg(beyond > line + noise(plan), "%s %s: the price still holds beyond %.9g",
        PRICE_KIND_NAMES[price->kind], price->id, end);
    return true;
}

/* How many ends were looked at; -1: the price is one of several here (a degenerate plan). */
static int check_price(const struct capacity_plan *plan, const struct plan_price *price)
{
    const struct price_range *r = &price->range;
    double small = 1e-4 * fmax(fabs(r->limit), 1e-3);
    double top = isfinite(r->to) ? r->to : r->limit + fmax(fabs(r->limit), 1);
    int ends = 0;

    ck_assert(r->is_known);
    ck_assert_double_le(r->from, r->limit * (1 + 1e-9));
    ck_assert_double_ge(r->to, r->limit * (1 - 1e-9));
    if (r->limit - r->from < small || top - r->limit < small)
        return -1;
    check_slope(plan, price, r->from, r->limit);
    check_slope(plan, price, r->limit, top);
    if (isfinite(r->usd_above)) {
        ck_assert_double_lt(r->usd_above, price->usd_per_unit);
        ends += check_end(plan, price, r->to, 0.2 * (r->to - r->from), r->usd_above);
    } else if (isfinite(r->to)) {
        ck_assert(isinf(optimum_at(plan->scenario, price, r->to * (1 + 1e-3) - r->limit)));
        ends++;
    }
    if (isfinite(r->usd_below)) {
        ck_assert_double_gt(r->usd_below, price->usd_per_unit);
        ends += check_end(
            plan, price, r->from, -0.2 * fmin(r->to - r->from, r->from), r->usd_below);
    }
    return ends;
}

START_TEST(prices_are_slopes_and_their_ranges_end_where_they_say)
{
    struct scenario *scenario = small_random((uint64_t)_i, NULL);
    struct capacity_plan *plan = solve(scenario);
    size_t step = plan->prices.count / PRICES_A_CASE + 1;
    int checked = 0, ends = 0;

    for (size_t i = (size_t)_i % step; i < plan->prices.count; i += step) {
        int found = check_price(plan, &plan->prices.rows[i]);

        checked += found >= 0;
        ends += found > 0 ? found : 0;
    }
    ck_assert_int_ge(checked, 4);
    ck_assert_int_ge(ends, 4);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
}
END_TEST

/* --- What 1 % more saves */

static const struct {
    enum price_kind price;
    enum change_kind change;
} FACTORS[] = {
    {PRICE_SITE_POWER, CHANGE_POWER}, {PRICE_SUPPLY, CHANGE_SUPPLY}, {PRICE_BUDGET, CHANGE_BUDGET}};

START_TEST(one_percent_of_a_limit_saves_what_the_scenario_with_it_costs_less)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .tries_holds = true};
    struct scenario *base = small_random((uint64_t)_i, NULL);
    struct capacity_plan *plan = capacity_solve(base, &options, NULL);

    ck_assert_int_eq(plan->status, PLAN_OPTIMAL);
    for (size_t i = 0; i < plan->hold_ranges.count; i++)
        for (size_t k = 0; k < sizeof FACTORS / sizeof *FACTORS; k++) {
            const struct plan_hold_range *hold = &plan->hold_ranges.rows[i];
            const struct scenario_change change = {
                FACTORS[k].change, hold->thing, 1.01, 0, DATE_MONTH_NONE};
            struct scenario *more;
            struct capacity_plan *better;

            if (hold->kind != FACTORS[k].price)
                continue;
            ck_assert(hold->is_tried);
            more = scenario_changed(base, &change, 1);
            better = solve(more);
            ck_assert_double_eq_tol(hold->percent_usd, plan->objective_usd - better->objective_usd,
                1e-7 * fabs(plan->objective_usd));
            capacity_plan_destroy(better);
            scenario_destroy(more);
        }
    capacity_plan_destroy(plan);
    scenario_destroy(base);
}
END_TEST

/* --- What was not chosen */

static bool is_acquired(const struct capacity_plan *plan, int offer)
{
    for (size_t i = 0; i < plan->acquired.count; i++)
        if (plan->acquired.rows[i].offer == offer)
            return true;
    return false;
}

/* Is the offer taken when its price is lower by the share? */
static bool is_taken_at(const struct scenario *scenario, int offer, double share)
{
    const struct scenario_change change = {CHANGE_PRICE, offer, 1 - share, 0, DATE_MONTH_NONE};
    struct scenario *cheaper = scenario_changed(scenario, &change, 1);
    struct capacity_plan *plan = solve(cheaper);
    bool is_taken = is_acquired(plan, offer);

    capacity_plan_destroy(plan);
    scenario_destroy(cheaper);
    return is_taken;
}

/* The least share over the sites; INFINITY: none. */
static double least_share(const struct capacity_plan *plan, int offer)
{
    double least = INFINITY;

    for (size_t i = 0; i < plan->not_chosen.count; i++) {
        const struct plan_not_chosen *row = &plan->not_chosen.rows[i];

        if (row->offer == offer && row->period >= 0)
            least = fmin(least, row->cheaper_share);
    }
    return least;
}

START_TEST(what_was_not_chosen_is_chosen_when_it_is_so_much_cheaper)
{
    struct scenario *scenario = small_random((uint64_t)_i, NULL);
    struct capacity_plan *plan = solve(scenario);

    for (int o = 0; o < scenario->offer_count; o++) {
        double share = least_share(plan, o);

        if (is_acquired(plan, o) || !(share > 1e-4 && share < 0.99))
            continue;
        ck_assert_msg(!is_taken_at(scenario, o, share - 1e-4),
            "%s is taken before it is %.4f cheaper", scenario->offers[o].id, share);
        ck_assert_msg(is_taken_at(scenario, o, share + 1e-4),
            "%s is not taken when it is %.4f cheaper", scenario->offers[o].id, share);
    }
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
}
END_TEST

/* Both systems do the same work; o costs 1 dollar an hour, dear 1.25, far 1.25 where no one may
 * work, spare stands for longer than the power lasts. */
START_TEST(a_dearer_offer_would_have_to_be_as_cheap_as_the_other)
{
    const struct small_pieces pieces = {
        .sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='1'/>"
                 "<energy from='2026-01' usd-per-mwh='0'/></site>"
                 "<site id='b' region='r' jurisdiction='us'><power from='2026-01' to='2026-10' "
                 "mw='1'/><energy from='2026-01' usd-per-mwh='0'/></site>",
        .offers = "<offer id='o' system='s' provider='p' kind='on-demand' sites='a' "
                  "usd-per-system-hour='1'/>"
                  "<offer id='dear' system='s' provider='p' kind='on-demand' sites='a' "
                  "usd-per-system-hour='1.25'/>"
                  "<offer id='far' system='s' provider='p' kind='reserve' term-months='12' "
                  "sites='b' usd-per-system-hour='1'/>",
    };
    struct scenario *scenario = small_scenario(&pieces);
    struct capacity_plan *plan = solve(scenario);

    ck_assert_uint_eq(plan->not_chosen.count, 2);
    ck_assert_int_eq(plan->not_chosen.rows[0].offer, 1);
    ck_assert_double_eq_tol(plan->not_chosen.rows[0].cheaper_share, 0.2, 1e-9);
    ck_assert_double_eq_tol(
        plan->not_chosen.rows[0].usd_above, 0.2 * plan->not_chosen.rows[0].price_usd, 1e-6);
    ck_assert_int_eq(plan->not_chosen.rows[1].offer, 2);
    ck_assert_int_eq(plan->not_chosen.rows[1].period, -1);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("prices");
    TCase *tc = tcase_create("prices");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, prices_are_slopes_and_their_ranges_end_where_they_say, 0, CASES);
    tcase_add_loop_test(
        tc, one_percent_of_a_limit_saves_what_the_scenario_with_it_costs_less, 0, CASES);
    tcase_add_loop_test(tc, what_was_not_chosen_is_chosen_when_it_is_so_much_cheaper, 0, CASES);
    tcase_add_test(tc, a_dearer_offer_would_have_to_be_as_cheap_as_the_other);
    suite_add_tcase(s, tc);
    return s;
}
