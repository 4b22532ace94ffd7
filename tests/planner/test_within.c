/* Near-optimal plans against plans in which a system's number is fixed and the cost minimised. */
#include "planner/within.h"

#include "base/clock.h"
#include "base/err.h"
#include "planner/lp.h"
#include "tests/support/small_plan.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { CASES = 12 };

static const struct solve_options SOLVE = {.clock_s = clock_monotonic_s, .without_prices = true};

/* A scenario's plan and what lies around it. Takes the scenario. */
struct around {
    struct scenario *scenario;
    struct capacity_plan *plan;
};

static struct around look_around(
    struct scenario *scenario, const struct solve_options *solve, double share, int period)
{
    struct around around = {.scenario = scenario};
    struct capacity_basis basis = {0};
    struct solve_options first = SOLVE;
    struct within_options options = {
        .share = share, .period = period, .solve = solve, .basis = &basis};
    struct err err = {0};

    first.warm = &basis;
    around.plan = capacity_solve(scenario, &first, &err);
    ck_assert_msg(around.plan != NULL, "%s", err.text);
    around.plan->within = within_find(around.plan, &options, &err);
    ck_assert_msg(around.plan->within != NULL, "%s", err.text);
    capacity_basis_fini(&basis);
    return around;
}

static void close_around(struct around *around)
{
    capacity_plan_destroy(around->plan);
    scenario_destroy(around->scenario);
}

static const struct within_range *find_range(const struct within *within, int system, int site)
{
    for (int i = 0; i < within->range_count; i++)
        if (within->ranges[i].system == system && within->ranges[i].site == site)
            return &within->ranges[i];
    ck_abort_msg("system %d at site %d has no range", system, site);
    return NULL;
}

/* --- By hand */

/* s costs 1 dollar an hour, t 1.25 for the same work; 4 are needed, for 35,040 dollars. 5 % are
 * 1,752. In the last quarter of 2,208 hours that pays for 1752 / 552 of t instead of s, or for
 * 1752 / 2208 of s that stand idle; one of t that stands idle costs 2,760. */
START_TEST(a_share_of_the_cost_pays_for_so_many_others)
{
    const struct small_pieces pieces = {
        .systems = "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>"
                   "<system id='t' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>",
        .offers = "<offer id='o' system='s' provider='p' kind='on-demand' "
                  "usd-per-system-hour='1'/>"
                  "<offer id='q' system='t' provider='p' kind='on-demand' "
                  "usd-per-system-hour='1.25'/>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                     "<rate system='s' units-per-hour='1'/><rate system='t' units-per-hour='1'/>"
                     "<demand from='2026-01' units-per-hour='4'/></workload>"};
    struct around around = look_around(small_scenario(&pieces), &SOLVE, 0.05, 3);
    const struct within *within = around.plan->within;

    ck_assert(within->is_complete);
    ck_assert_double_eq_tol(within->limit_usd, 35040 * 1.05, 1e-3);
    ck_assert_int_eq(within->range_count, 2);
    ck_assert_double_eq_tol(find_range(within, 0, 0)->planned, 4, 1e-6);
    ck_assert_double_eq_tol(find_range(within, 0, 0)->least, 4 - 1752.0 / 552, 1e-5);
    ck_assert_double_eq_tol(find_range(within, 0, 0)->most, 4 + 1752.0 / 2208, 1e-5);
    ck_assert_double_eq(find_range(within, 1, 0)->least, 0);
    ck_assert_double_eq_tol(find_range(within, 1, 0)->most, 1752.0 / 552, 1e-5);
    close_around(&around);
}
END_TEST

/* 5 that stand already under a reserve offer can't be sent away; those that were bought can, but
 * one quarter earlier costs nothing, so all of them may go. */
START_TEST(what_stands_already_counts)
{
    const struct small_pieces pieces = {
        .offers =
            "<offer id='o' system='s' provider='p' kind='reserve' term-months='24' "
            "usd-per-system-hour='1'><existing site='a' count='5' acquired='2025-10'/></offer>"
            "<offer id='b' system='s' provider='p' kind='buy' opex-usd-per-year='10'>"
            "<existing site='a' count='3' acquired='2025-10'/></offer>"};
    struct around around = look_around(small_scenario(&pieces), &SOLVE, 0, 3);
    const struct within_range *range = find_range(around.plan->within, 0, 0);

    ck_assert_double_eq_tol(range->planned, 5, 1e-6);
    ck_assert_double_eq_tol(range->least, 5, 1e-6);
    ck_assert_double_eq_tol(range->most, 5, 1e-3);
    close_around(&around);
}
END_TEST

/* One site of two may be used, whichever: 4 there and none at the other, or the other way. */
START_TEST(binaries_are_kept)
{
    const struct small_pieces pieces = {
        .sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='1'/>"
                 "<energy from='2026-01' usd-per-mwh='0'/></site>"
                 "<site id='b' region='r' jurisdiction='us'><power from='2026-01' mw='1'/>"
                 "<energy from='2026-01' usd-per-mwh='0'/></site>",
        .workloads = "<workload id='w' kind='training' value-usd-per-unit='100' sites-max='1' "
                     "start='2026-10' end='2027-01'><rate system='s' units-per-hour='1'/>"
                     "<volume units='8832'/></workload>"};
    struct around around = look_around(small_scenario(&pieces), &SOLVE, 1e-4, 3);
    const struct within *within = around.plan->within;

    ck_assert(within->is_complete);
    for (int site = 0; site < 2; site++) {
        ck_assert_double_eq_tol(find_range(within, 0, site)->least, 0, 1e-3);
        ck_assert_double_eq_tol(find_range(within, 0, site)->most, 4, 1e-3);
    }
    ck_assert_double_eq_tol(find_range(within, 0, -1)->least, 4, 1e-3);
    close_around(&around);
}
END_TEST

/* --- Against the least cost with the number fixed */

/* The least cost with so many in service: the plain model with a row for them. INFINITY: no plan.
 */
static double least_cost(
    const struct scenario *sc, const struct within_range *range, int period, double systems)
{
    const struct capacity_model_options plain = {.is_plain = true};
    struct capacity_model *model = capacity_model_create(sc, &plain, NULL);
    int row = lp_add_row(model->lp, systems, systems);
    double usd = INFINITY;

    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];

        if (key->family == COLUMN_ACQUIRE && sc->offers[key->offer].system == range->system &&
            (range->site < 0 || key->site == range->site) && key->period <= period &&
            offer_is_in_term(
                &sc->offers[key->offer], sc->periods[key->period].start, sc->periods[period].start))
            lp_add_term(model->lp, row, j, model->column_scale[j]);
    }
    if (lp_solve(model->lp, NULL, NULL) == LP_OPTIMAL)
        usd = lp_objective(model->lp) * model->cost_scale;
    capacity_model_destroy(model);
    return usd;
}

START_TEST(ends_cost_the_limit_and_beyond_them_it_is_more)
{
    struct scenario *scenario = small_random((uint64_t)_i + 500, NULL);
    int period = _i % scenario->period_count;
    struct around around = look_around(scenario, &SOLVE, 0.01 + 0.02 * (_i % 3), period);
    const struct within *within = around.plan->within;

    ck_assert(within->is_complete);
    ck_assert_int_ge(within->range_count, period >= 2 ? 6 : 3);
    for (int i = 0; i < within->range_count; i++) {
        const struct within_range *range = &within->ranges[i];
        double slack = 1e-7 * within->limit_usd;

        ck_assert_double_le(range->least, range->planned);
        ck_assert_double_ge(range->most, range->planned);
        ck_assert_double_le(
            least_cost(scenario, range, period, range->least), within->limit_usd + slack);
        ck_assert_double_le(
            least_cost(scenario, range, period, range->most), within->limit_usd + slack);
        ck_assert_double_gt(
            least_cost(scenario, range, period, range->most * 1.001 + 1e-3), within->limit_usd);
        if (range->least > 1e-3)
            ck_assert_double_gt(least_cost(scenario, range, period, range->least * 0.999 - 1e-3),
                within->limit_usd);
    }
    close_around(&around);
}
END_TEST

/* --- Limits */

/* Says stop after some questions. */
static bool stop_later(void *context)
{
    int *left = context;

    return --*left < 0;
}

START_TEST(what_is_known_when_it_is_stopped_stands)
{
    int left = _i;
    struct solve_options solve = SOLVE;
    struct around around;
    int known = 0;

    solve.stop = stop_later;
    solve.context = &left;
    around = look_around(small_random(500, NULL), &solve, 0.02, 5);
    ck_assert(!around.plan->within->is_complete);
    for (int i = 0; i < around.plan->within->range_count; i++) {
        const struct within_range *range = &around.plan->within->ranges[i];

        known += !isnan(range->least);
        if (!isnan(range->least))
            ck_assert_double_le(range->least, range->planned);
    }
    ck_assert_int_lt(known, around.plan->within->range_count);
    ck_assert(_i < 6 || known > 0);
    close_around(&around);
}
END_TEST

struct share_case {
    const char *text;
    double share; /* NAN: refused */
};

static const struct share_case SHARES[] = {{"2%", 0.02}, {"2 %", 0.02}, {"0.02", 0.02}, {"0", 0},
    {"1000%", 10}, {"", NAN}, {"%", NAN}, {"two", NAN}, {"-1%", NAN}, {"1001%", NAN}, {"nan", NAN},
    {"2%%", NAN}};

START_TEST(a_share_is_written_as_a_share_or_in_percent)
{
    struct err err = {0};
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);
    struct within_options options;
    int rc = within_parse(scenario, SHARES[_i].text, "2026-05", &options, &err);

    if (isnan(SHARES[_i].share)) {
        ck_assert_int_eq(rc, -1);
        ck_assert_int_eq(err.kind, ERR_USAGE);
    } else {
        ck_assert_int_eq(rc, 0);
        ck_assert_double_eq_tol(options.share, SHARES[_i].share, 1e-12);
        ck_assert_int_eq(options.period, 1);
    }
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("within");
    TCase *tc = tcase_create("within");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_share_of_the_cost_pays_for_so_many_others);
    tcase_add_test(tc, what_stands_already_counts);
    tcase_add_test(tc, binaries_are_kept);
    tcase_add_loop_test(tc, ends_cost_the_limit_and_beyond_them_it_is_more, 0, CASES);
    tcase_add_loop_test(tc, what_is_known_when_it_is_stopped_stands, 0, 8);
    tcase_add_loop_test(
        tc, a_share_is_written_as_a_share_or_in_percent, 0, sizeof SHARES / sizeof SHARES[0]);
    suite_add_tcase(s, tc);
    return s;
}
