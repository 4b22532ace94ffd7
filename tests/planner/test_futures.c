/* Plans for several futures against their extensive form, enumerated by hand. */
#include "planner/futures.h"

#include "base/clock.h"
#include "base/err.h"
#include "tests/support/small_plan.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"

#include <math.h>

/* 2026 by quarters; the site has power for so many systems. */
enum { QUARTERS = 4, SYSTEMS_MOST = 10, SEEDS = 10 };
static const double HOURS[QUARTERS] = {2160, 2184, 2208, 2208};

static const char INFERENCE[] =
    "<workload id='w' kind='inference' value-usd-per-unit='10'>"
    "<rate system='s' units-per-hour='1'/><demand from='2026-01' units-per-hour='4'/></workload>";

struct answer {
    struct scenario *scenario;
    struct futures *futures;
};

/* Takes the scenario. */
static struct answer ask(struct scenario *scenario, bool is_whole)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .whole_systems = is_whole};
    struct err err = {0};
    struct answer answer = {scenario, futures_solve(scenario, &options, &err)};

    ck_assert_msg(answer.futures != NULL, "%s", err.text);
    return answer;
}

static void close_answer(struct answer *answer)
{
    futures_destroy(answer->futures);
    scenario_destroy(answer->scenario);
}

static void assert_near(double found, double expected)
{
    ck_assert_double_eq_tol(found, expected, 1e-6 * fmax(1, fabs(expected)));
}

/* A quarter with so many reserved and so many by the hour: each makes one unit an hour, one that is
 * missing costs 10. */
static double quarter_usd(
    int quarter, int reserved, double usd_reserved, int hourly, double usd_hourly, int demand)
{
    int missing = demand > reserved + hourly ? demand - reserved - hourly : 0;

    if (reserved + hourly > SYSTEMS_MOST)
        return INFINITY;
    return HOURS[quarter] * (reserved * usd_reserved + hourly * usd_hourly + 10.0 * missing);
}

/* The same with the best number by the hour. */
static double best_quarter_usd(
    int quarter, int reserved, double usd_reserved, double usd_hourly, int demand)
{
    double best = INFINITY;

    for (int hourly = 0; hourly <= SYSTEMS_MOST; hourly++)
        best = fmin(best, quarter_usd(quarter, reserved, usd_reserved, hourly, usd_hourly, demand));
    return best;
}

/* --- A tree of two leaves: so many for the year, at 1 dollar an hour, or later by the hour at 3;
 * from April on demand is 2 or 8. */

static struct scenario *year_or_hour(void)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='reserve' usd-per-system-hour='1' "
                  "term-months='12' to='2026-04'/>"
                  "<offer id='q' system='s' provider='p' kind='on-demand' "
                  "usd-per-system-hour='3'/>",
        .workloads = INFERENCE,
        .rules = "<future id='low' probability='0.8' known-from='2026-04'>"
                 "<change what='demand:w' factor='0.5' from='2026-04'/></future>"
                 "<future id='high' probability='0.2' known-from='2026-04'>"
                 "<change what='demand:w' factor='2' from='2026-04'/></future>"};

    return small_scenario(&pieces);
}

static double year_or_hour_usd(int reserved, int hourly, int demand)
{
    double usd = quarter_usd(0, reserved, 1, hourly, 3, 4);

    for (int t = 1; t < QUARTERS; t++)
        usd += best_quarter_usd(t, reserved, 1, 3, demand);
    return usd;
}

/* The least of share_low · low + (1 - share_low) · high over what is decided in January. */
static double best_year_or_hour(double share_low)
{
    double best = INFINITY;

    for (int reserved = 0; reserved <= SYSTEMS_MOST; reserved++)
        for (int hourly = 0; hourly + reserved <= SYSTEMS_MOST; hourly++)
            best = fmin(best, share_low * year_or_hour_usd(reserved, hourly, 2) +
                                  (1 - share_low) * year_or_hour_usd(reserved, hourly, 8));
    return best;
}

START_TEST(two_leaves_are_as_good_as_the_best_of_all_choices)
{
    struct answer answer = ask(year_or_hour(), _i == 1);
    const struct futures *f = answer.futures;

    ck_assert_int_eq(f->status, PLAN_OPTIMAL);
    assert_near(f->expected_usd, best_year_or_hour(0.8));
    assert_near(f->rows[0].alone_usd, best_year_or_hour(1));
    assert_near(f->rows[1].alone_usd, best_year_or_hour(0));
    assert_near(f->alone_usd, 0.8 * best_year_or_hour(1) + 0.2 * best_year_or_hour(0));
    ck_assert_double_gt(f->expected_usd, f->alone_usd * 1.01);
    /* As it stands, 4 all year are best. */
    if (!f->is_whole)
        assert_near(
            f->unprepared_usd, 0.8 * year_or_hour_usd(4, 0, 2) + 0.2 * year_or_hour_usd(4, 0, 8));
    close_answer(&answer);
}
END_TEST

START_TEST(what_is_common_is_the_same_in_all_plans)
{
    struct answer answer = ask(year_or_hour(), false);
    const struct futures *f = answer.futures;
    double systems[2] = {0, 0};

    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < f->rows[i].plan->acquired.count; k++)
            if (f->rows[i].plan->acquired.rows[k].period == 0)
                systems[i] += f->rows[i].plan->acquired.rows[k].systems;
    ck_assert_double_gt(systems[0], 1);
    ck_assert_double_eq_tol(systems[0], systems[1], 1e-9);
    for (size_t k = 0; k < f->common.count; k++) {
        ck_assert_int_eq(f->common.rows[k].period, 0);
        ck_assert_uint_eq(f->common.rows[k].futures, 3);
    }
    close_answer(&answer);
}
END_TEST

/* --- A tree of two steps: half a year at 1 dollar an hour, ordered a quarter ahead, or by the hour
 * at 3. In April it is known whether work ends; in July, else, whether it halves or doubles. */

static struct scenario *two_steps(void)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='reserve' usd-per-system-hour='1' "
                  "term-months='6' lead-months='3'/>"
                  "<offer id='q' system='s' provider='p' kind='on-demand' "
                  "usd-per-system-hour='3'/>",
        .workloads = INFERENCE,
        .rules = "<future id='ends' probability='0.4' known-from='2026-04'>"
                 "<change what='demand' factor='0' from='2026-04'/></future>"
                 "<future id='halves' probability='0.35' known-from='2026-07'>"
                 "<change what='demand' factor='0.5' from='2026-07'/></future>"
                 "<future id='doubles' probability='0.25' known-from='2026-07'>"
                 "<change what='demand' factor='2' from='2026-07'/></future>"};

    return small_scenario(&pieces);
}

/* Of a leaf from July on, where `april` and `july` came into service; what comes in October is
 * ordered when all is known. */
static double last_half_usd(int april, int july, int demand)
{
    double best = INFINITY;

    for (int october = 0; october <= SYSTEMS_MOST; october++)
        best = fmin(best, best_quarter_usd(2, april + july, 1, 3, demand) +
                              best_quarter_usd(3, july + october, 1, 3, demand));
    return best;
}

/* The best July, which is ordered in April, for leaves that are still one then. */
static double best_july_usd(int april, double share_half, double share_double, double share_none)
{
    double best = INFINITY;

    for (int july = 0; july <= SYSTEMS_MOST; july++) {
        double usd = 0;

        if (share_none > 0)
            usd += share_none * last_half_usd(april, july, 0);
        if (share_half > 0)
            usd += share_half * last_half_usd(april, july, 2);
        if (share_double > 0)
            usd += share_double * last_half_usd(april, july, 8);
        best = fmin(best, usd);
    }
    return best;
}

static double best_two_steps(void)
{
    double best = INFINITY;

    for (int april = 0; april <= SYSTEMS_MOST; april++)
        best = fmin(
            best, best_quarter_usd(0, 0, 1, 3, 4) + 0.4 * best_quarter_usd(1, april, 1, 3, 0) +
                      0.6 * best_quarter_usd(1, april, 1, 3, 4) + best_july_usd(april, 0, 0, 0.4) +
                      best_july_usd(april, 0.35, 0.25, 0));
    return best;
}

START_TEST(a_tree_of_two_steps_is_as_good_as_the_best_of_all_choices)
{
    struct answer answer = ask(two_steps(), _i == 1);

    ck_assert_int_eq(answer.futures->status, PLAN_OPTIMAL);
    assert_near(answer.futures->expected_usd, best_two_steps());
    close_answer(&answer);
}
END_TEST

/* --- A tree with a late chip: t does twice the work of s; it is ordered in January for July, and
 * may not come. For the year's rest s costs 2 dollars an hour when ordered in January too, and 5 by
 * the hour. */

static struct scenario *late_chip(void)
{
    const struct small_pieces pieces = {
        .systems = "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>"
                   "<system id='t' chip='c' hosts='1' chips-per-host='1' power-kw='100' "
                   "available-from='2026-07'/>",
        .offers = "<offer id='n' system='t' provider='p' kind='reserve' usd-per-system-hour='1' "
                  "term-months='12' lead-months='6' to='2026-08' max-systems='2'/>"
                  "<offer id='o' system='s' provider='p' kind='reserve' usd-per-system-hour='2' "
                  "term-months='12' lead-months='3' to='2026-05'/>"
                  "<offer id='q' system='s' provider='p' kind='on-demand' "
                  "usd-per-system-hour='5'/>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                     "<rate system='s' units-per-hour='1'/><rate system='t' units-per-hour='2'/>"
                     "<demand from='2026-07' units-per-hour='6'/></workload>",
        .rules = "<future id='late' probability='0.5' known-from='2026-04'>"
                 "<change what='available:t' months='12'/></future>"
                 "<future id='in-time' probability='0.5' known-from='2026-04'/>"};

    return small_scenario(&pieces);
}

/* With `chips` of t from July (0 where it is late) and `standing` of s from April. */
static double chip_usd(int chips, int standing)
{
    double usd = HOURS[1] * standing * 2;

    for (int t = 2; t < QUARTERS; t++) {
        double best = INFINITY;

        for (int hourly = 0; hourly + standing + chips <= SYSTEMS_MOST; hourly++) {
            double missing = fmax(6.0 - 2 * chips - standing - hourly, 0);

            best = fmin(best, HOURS[t] * (chips + 2.0 * standing + 5.0 * hourly + 10 * missing));
        }
        usd += best;
    }
    return usd;
}

static double best_late_chip(void)
{
    double best = INFINITY;

    for (int chips = 0; chips <= 2; chips++)
        for (int standing = 0; standing + chips <= SYSTEMS_MOST; standing++)
            best = fmin(best, 0.5 * chip_usd(0, standing) + 0.5 * chip_usd(chips, standing));
    return best;
}

START_TEST(a_late_chip_is_as_good_as_the_best_of_all_choices)
{
    struct answer answer = ask(late_chip(), _i == 1);

    ck_assert_int_eq(answer.futures->status, PLAN_OPTIMAL);
    assert_near(answer.futures->expected_usd, best_late_chip());
    close_answer(&answer);
}
END_TEST

/* --- Properties */

static const char APART[] =
    "<future id='more' probability='0.3' known-from='%s'>"
    "<change what='demand' factor='1.3'/></future>"
    "<future id='dear' probability='0.5' known-from='%s'><change what='price' factor='1.4'/>"
    "<change what='supply' factor='0.8'/></future>"
    "<future id='same' probability='0.2' known-from='%s'/>";

static struct scenario *random_futures(uint64_t seed, const char *known_from)
{
    char more[512];

    (void)snprintf(more, sizeof more, APART, known_from, known_from, known_from);
    return small_random(seed, more);
}

START_TEST(to_know_is_never_worth_less_than_nothing)
{
    struct answer answer = ask(random_futures((uint64_t)_i, "2027-01"), false);
    const struct futures *f = answer.futures;

    if (f->has_plan) {
        double noise = 1e-6 * fabs(f->expected_usd);

        ck_assert_double_le(f->alone_usd, f->expected_usd + noise);
        if (!isnan(f->unprepared_usd))
            ck_assert_double_le(f->expected_usd, f->unprepared_usd + noise);
    } else {
        ck_assert_int_eq(f->status, PLAN_INFEASIBLE);
        ck_assert_ptr_nonnull(futures_refusal(f));
    }
    close_answer(&answer);
}
END_TEST

START_TEST(what_is_known_from_the_start_costs_what_each_future_costs)
{
    struct answer answer = ask(random_futures((uint64_t)_i, "2020-01"), false);
    const struct futures *f = answer.futures;

    ck_assert_int_eq(f->status == PLAN_INFEASIBLE, futures_find_infeasible(f) >= 0);
    if (f->has_plan)
        assert_near(f->expected_usd, f->alone_usd);
    ck_assert_uint_eq(f->common.count, 0);
    close_answer(&answer);
}
END_TEST

START_TEST(what_comes_too_late_to_choose_has_no_plan_together)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='reserve' usd-per-system-hour='1' "
                  "term-months='12' to='2026-04'/>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10' required='yes'>"
                     "<rate system='s' units-per-hour='1'/>"
                     "<demand from='2026-01' units-per-hour='4'/></workload>",
        .rules =
            "<budget id='b' kind='operating' usd='40000'/>"
            "<future id='full' probability='0.5' known-from='2026-04'/>"
            "<future id='dear' probability='0.5' known-from='2026-04'>"
            "<change what='demand' factor='0.5'/><change what='price' factor='1.8'/></future>"};
    struct answer answer = ask(small_scenario(&pieces), false);

    ck_assert_int_eq(answer.futures->status, PLAN_INFEASIBLE);
    ck_assert(!answer.futures->has_plan);
    ck_assert_int_eq(futures_find_infeasible(answer.futures), -1);
    ck_assert_ptr_nonnull(futures_refusal(answer.futures));
    close_answer(&answer);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("futures");
    TCase *tcase = tcase_create("trees");

    /* As fractions, then as whole systems. */
    tcase_add_loop_test(tcase, two_leaves_are_as_good_as_the_best_of_all_choices, 0, 2);
    tcase_add_loop_test(tcase, a_tree_of_two_steps_is_as_good_as_the_best_of_all_choices, 0, 2);
    tcase_add_loop_test(tcase, a_late_chip_is_as_good_as_the_best_of_all_choices, 0, 2);
    tcase_add_test(tcase, what_is_common_is_the_same_in_all_plans);
    tcase_add_test(tcase, what_comes_too_late_to_choose_has_no_plan_together);
    suite_add_tcase(s, tcase);
    tcase = tcase_create("properties");
    tcase_add_loop_test(tcase, to_know_is_never_worth_less_than_nothing, 0, SEEDS);
    tcase_add_loop_test(tcase, what_is_known_from_the_start_costs_what_each_future_costs, 0, SEEDS);
    suite_add_tcase(s, tcase);
    return s;
}
