/* Dives and neighbourhoods, against branch and cut to optimality on small random scenarios. */
#include "planner/capacity_dive.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "planner/capacity_solve.h"
#include "planner/lp.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>

enum { IDLE_ROUNDS = 20, ROUNDS = 60, LOOKS = 20 };

/* Those that branch and cut solves to optimality in less than a second. */
static const uint64_t SEEDS[] = {3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 18, 21, 22};

static const double PLAN_GAP = 1e-3;

/* How far above the optimum, relatively, what neighbourhoods end with may be. */
static const double NEAR = 0.01;
/* Branch and cut ends at it: the optimum is no more exact. */
static const double OPTIMUM_GAP = 1e-5;

/* --- Scenarios: two sites, three systems, some of one owned already, three quarters */

/* Around `middle`, by at most half of it either way. */
static double around(struct rng *rng, double middle)
{
    return middle * (0.5 + rng_unit(rng));
}

static void add_sites(struct str *out, struct rng *rng)
{
    for (int s = 0; s < 2; s++)
        str_format(out,
            "<site id='%c' region='r%d' jurisdiction='us' pue='1.%d'><power from='2026-01' "
            "mw='%.4f'/><power from='2026-07' mw='%.4f'/><energy from='2026-01' "
            "usd-per-mwh='%.2f'/></site>",
            'a' + s, s, s + 1, around(rng, 1.2), around(rng, 2), around(rng, 60));
}

static void add_offers(struct str *out, struct rng *rng)
{
    static const char *const KINDS[] = {
        "kind='buy' term-months='36'", "kind='on-demand'", "kind='reserve' term-months='6'"};
    static const double CAPEX[] = {1e6, 0, 0}, HOURLY[] = {0, 60, 40};

    for (int o = 0; o < 3; o++) {
        str_format(out,
            "<offer id='o%d' system='s%d' provider='p' %s usd-per-system-hour='%.3f' "
            "opex-usd-per-year='%.1f'",
            o, o, KINDS[o], around(rng, HOURLY[o]), around(rng, 2e5));
        if (CAPEX[o] > 0)
            str_format(out, " capex-usd='%.1f'", around(rng, CAPEX[o]));
        str_format(out, "><supply from='2026-01' systems-per-month='%.3f'/>", 1 + around(rng, 2));
        if (o == 0)
            str_format(out, "<existing site='a' count='%d' acquired='2025-01'/>",
                (int)rng_between(rng, 1, 6));
        str_add(out, "</offer>");
    }
}

static void add_workloads(struct str *out, struct rng *rng)
{
    static const char *const KINDS[] = {
        "inference' load-factor='0.6' survive-site='0.3", "training' start='2026-04"};

    for (int j = 0; j < 2; j++) {
        str_format(out, "<workload id='w%d' value-usd-per-unit='%.4f' kind='%s'>", j,
            around(rng, 0.3), KINDS[j]);
        for (int k = 0; k < 3; k++)
            str_format(out, "<rate system='s%d' units-per-hour='%.2f'/>", k, around(rng, 1000));
        if (j == 0)
            str_format(out,
                "<demand region='us' from='2026-01' units-per-hour='%.1f'/>"
                "<demand region='us' from='2026-07' units-per-hour='%.1f'/>",
                around(rng, 9000), around(rng, 16000));
        else
            str_format(out, "<volume units='%.0f'/>", around(rng, 3e7));
        str_add(out, "</workload>");
    }
}

static struct scenario *make_scenario(uint64_t seed)
{
    struct rng rng = rng_seed(seed + 1);
    struct str sites = {0}, offers = {0}, workloads = {0}, budget = {0};
    struct small_pieces pieces = {
        .horizon = "<horizon start='2026-01' end='2026-09' step='quarter' discount-rate='0.07'/>",
        .systems = "<system id='s0' chip='c' hosts='2' chips-per-host='4' power-kw='120'/>"
                   "<system id='s1' chip='d' hosts='2' chips-per-host='4' power-kw='70'/>"
                   "<system id='s2' chip='d' hosts='2' chips-per-host='4' power-kw='93'/>"};
    struct scenario *scenario;

    add_sites(&sites, &rng);
    add_offers(&offers, &rng);
    add_workloads(&workloads, &rng);
    str_format(&budget, "<budget id='b' kind='operating' usd='%.0f'/>", around(&rng, 8e6));
    pieces.sites = str_text(&sites);
    pieces.offers = str_text(&offers);
    pieces.workloads = str_text(&workloads);
    pieces.rules = str_text(&budget);
    scenario = small_scenario(&pieces);
    str_fini(&sites);
    str_fini(&offers);
    str_fini(&workloads);
    str_fini(&budget);
    return scenario;
}

/* --- Its dive */

static const struct lp_options NO_LIMITS;

struct dived {
    struct scenario *scenario;
    struct capacity_model *model;
    struct capacity_dive_options options;
    struct capacity_dive *dive;
    double relaxed; /* the optimum with fractions */
};

static void open_dive(struct dived *d, uint64_t seed, const struct lp_options *lp)
{
    const struct capacity_model_options whole = {.whole_systems = true};
    struct err err = {0};

    d->scenario = make_scenario(seed);
    d->model = capacity_model_create(d->scenario, &whole, &err);
    ck_assert_msg(d->model != NULL, "%s", err.text);
    ck_assert_int_eq(lp_solve(d->model->lp, NULL, &err), LP_OPTIMAL);
    d->relaxed = lp_objective(d->model->lp);
    d->options = (struct capacity_dive_options){
        .good_enough = -INFINITY, .deadline_s = INFINITY, .clock_s = clock_monotonic_s, .lp = lp};
    d->dive = capacity_dive_create(d->model, &d->options);
}

static void close_dive(struct dived *d)
{
    capacity_dive_destroy(d->dive);
    capacity_model_destroy(d->model);
    scenario_destroy(d->scenario);
}

/* The plan is whole, keeps all bounds and rows, and costs what the dive says. */
static void check_plan(const struct dived *d)
{
    const struct lp *lp = d->model->lp;
    const double *values = capacity_dive_values(d->dive);
    int *rows = mem_zero((size_t)d->model->row_count, sizeof *rows);
    double *terms = mem_zero((size_t)d->model->row_count, sizeof *terms);
    double *activity = mem_zero((size_t)d->model->row_count, sizeof *activity);

    for (int j = 0; j < d->model->column_count; j++) {
        int count = lp_column_terms(lp, j, rows, terms);

        ck_assert_double_ge(values[j], lp_column_lower(lp, j) - 1e-9);
        ck_assert_double_le(values[j], lp_column_upper(lp, j) + 1e-9);
        if (lp_column_kind(lp, j) != LP_CONTINUOUS)
            ck_assert_double_eq(values[j], round(values[j]));
        for (int i = 0; i < count; i++)
            activity[rows[i]] += terms[i] * values[j];
    }
    for (int i = 0; i < d->model->row_count; i++) {
        double slack = 1e-5 * fmax(1, fabs(activity[i]));

        ck_assert_double_ge(activity[i], lp_row_lower(lp, i) - slack);
        ck_assert_double_le(activity[i], lp_row_upper(lp, i) + slack);
    }
    mem_free(rows);
    mem_free(terms);
    mem_free(activity);
}

/* The optimum of the model, whole numbers and all. */
static double find_optimum(struct dived *d)
{
    const struct lp_options options = {.gap = OPTIMUM_GAP};

    ck_assert_int_eq(lp_solve_mip(d->model->lp, &options, NULL), LP_OPTIMAL);
    return lp_objective(d->model->lp);
}

START_TEST(a_dive_is_whole_near_the_optimum_and_never_below_it)
{
    struct dived d;
    double dived, improved, optimum;

    open_dive(&d, SEEDS[_i], &NO_LIMITS);
    ck_assert(capacity_dive_run(d.dive));
    dived = capacity_dive_objective(d.dive);
    check_plan(&d);
    capacity_dive_improve(d.dive, IDLE_ROUNDS, ROUNDS);
    improved = capacity_dive_objective(d.dive);
    check_plan(&d);
    capacity_dive_destroy(d.dive);
    d.dive = NULL;
    optimum = find_optimum(&d);
    ck_assert_double_ge(improved, d.relaxed * (1 - 1e-9));
    ck_assert_double_ge(improved, optimum * (1 - OPTIMUM_GAP));
    ck_assert_double_le(improved, dived);
    ck_assert_msg(improved <= optimum * (1 + NEAR), "seed %d: %.10g, the optimum is %.10g",
        (int)SEEDS[_i], improved, optimum);
    close_dive(&d);
}
END_TEST

START_TEST(a_whole_plan_is_the_optimum_within_its_gap)
{
    struct dived d;
    struct err err = {0};
    const struct solve_options options = {
        .clock_s = clock_monotonic_s, .whole_systems = true, .gap = PLAN_GAP};
    struct capacity_plan *plan;
    double optimum_usd;

    open_dive(&d, SEEDS[_i], &NO_LIMITS);
    plan = capacity_solve(d.scenario, &options, &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    optimum_usd = find_optimum(&d) * d.model->cost_scale;
    ck_assert_int_eq(plan->status, PLAN_OPTIMAL);
    ck_assert_double_le(plan->gap, PLAN_GAP * (1 + 1e-6));
    ck_assert_double_ge(plan->objective_usd, optimum_usd * (1 - OPTIMUM_GAP));
    ck_assert_double_le(plan->bound_usd, optimum_usd * (1 + OPTIMUM_GAP));
    ck_assert_double_le(plan->objective_usd, optimum_usd * (1 + PLAN_GAP));
    capacity_plan_destroy(plan);
    close_dive(&d);
}
END_TEST

START_TEST(the_same_dive_gives_the_same_plan)
{
    struct dived one, two;

    open_dive(&one, 7, &NO_LIMITS);
    open_dive(&two, 7, &NO_LIMITS);
    ck_assert(capacity_dive_run(one.dive) && capacity_dive_run(two.dive));
    capacity_dive_improve(one.dive, IDLE_ROUNDS, ROUNDS);
    capacity_dive_improve(two.dive, IDLE_ROUNDS, ROUNDS);
    for (int j = 0; j < one.model->column_count; j++)
        ck_assert_double_eq(capacity_dive_values(one.dive)[j], capacity_dive_values(two.dive)[j]);
    close_dive(&one);
    close_dive(&two);
}
END_TEST

START_TEST(a_dive_leaves_the_model_as_it_was)
{
    struct dived d;

    open_dive(&d, 3, &NO_LIMITS);
    ck_assert(capacity_dive_run(d.dive));
    capacity_dive_improve(d.dive, IDLE_ROUNDS, ROUNDS);
    capacity_dive_destroy(d.dive);
    d.dive = NULL;
    ck_assert_int_eq(lp_solve(d.model->lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_double_eq_tol(lp_objective(d.model->lp), d.relaxed, 1e-9 * fabs(d.relaxed));
    close_dive(&d);
}
END_TEST

/* --- Ends before the end */

struct patience {
    int asked, most;
};

static bool is_enough(void *context)
{
    struct patience *patience = context;

    return ++patience->asked > patience->most;
}

START_TEST(a_dive_that_is_told_to_stop_has_no_plan)
{
    struct patience none = {0};
    const struct lp_options lp = {.stop = is_enough, .context = &none};
    struct dived d;

    open_dive(&d, 3, &lp);
    ck_assert(!capacity_dive_run(d.dive));
    ck_assert_ptr_null(capacity_dive_values(d.dive));
    ck_assert_double_eq(capacity_dive_objective(d.dive), INFINITY);
    close_dive(&d);
}
END_TEST

/* Whenever it is told to stop, what was rounded till then and the rest make a plan, where there is
 * one in any of the ways; it is whole, keeps all limits, and is no better than the fractions. */
START_TEST(a_dive_that_was_stopped_is_rounded_at_once)
{
    int found_count = 0;

    for (int most = 0; most < 6; most++) {
        struct patience patience = {.most = most};
        const struct lp_options lp = {.stop = is_enough, .context = &patience};
        struct dived d;

        open_dive(&d, SEEDS[_i], &lp);
        if (!capacity_dive_run(d.dive) && capacity_dive_round(d.dive, clock_monotonic_s() + 1e6)) {
            found_count++;
            ck_assert_double_ge(capacity_dive_objective(d.dive), d.relaxed * (1 - 1e-9));
            check_plan(&d);
        }
        close_dive(&d);
    }
    ck_assert_int_gt(found_count, 0);
}
END_TEST

START_TEST(no_time_is_no_plan)
{
    struct patience none = {0};
    const struct lp_options lp = {.stop = is_enough, .context = &none};
    struct dived d;

    open_dive(&d, 3, &lp);
    ck_assert(!capacity_dive_run(d.dive));
    ck_assert(!capacity_dive_round(d.dive, clock_monotonic_s() - 1));
    ck_assert_ptr_null(capacity_dive_values(d.dive));
    close_dive(&d);
}
END_TEST

/* campus-20mw takes seconds; a dive finds its first plan within the first few looks. */
START_TEST(the_best_so_far_is_kept_when_told_to_stop)
{
    struct patience patience = {.most = LOOKS};
    struct faults faults = {0};
    struct scenario *scenario = scenario_load("workloads/scenarios/campus-20mw.xml", NULL, &faults);
    const struct solve_options options = {.clock_s = clock_monotonic_s,
        .whole_systems = true,
        .gap = 1e-9,
        .stop = is_enough,
        .context = &patience};
    struct err err = {0};
    struct capacity_plan *plan;

    ck_assert_ptr_nonnull(scenario);
    plan = capacity_solve(scenario, &options, &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert_int_eq(plan->status, PLAN_TIME_LIMIT);
    ck_assert(plan->has_plan);
    ck_assert_double_gt(plan->bound_usd, 0);
    ck_assert_double_ge(plan->objective_usd, plan->bound_usd);
    ck_assert_double_eq_tol(
        plan->gap, (plan->objective_usd - plan->bound_usd) / plan->bound_usd, 1e-9);
    ck_assert_double_lt(plan->gap, 0.05);
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
}
END_TEST

/* Half a system is all that there may be, and there must be as much. */
START_TEST(no_whole_plan_is_an_answer)
{
    const struct small_pieces pieces = {
        .offers = "<offer id='o' system='s' provider='p' kind='on-demand' "
                  "usd-per-system-hour='1' max-systems='0.5'/>",
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10' required='yes'>"
                     "<rate system='s' units-per-hour='1'/>"
                     "<demand from='2026-01' units-per-hour='0.4'/></workload>"};
    struct small_plan fractions = small_plan_solve(&pieces);
    struct small_plan whole = small_plan_solve_whole(&pieces, 0);

    ck_assert_int_eq(fractions.plan->status, PLAN_OPTIMAL);
    ck_assert_int_eq(whole.plan->status, PLAN_INFEASIBLE);
    ck_assert(!whole.plan->has_plan);
    small_plan_close(&fractions);
    small_plan_close(&whole);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_dive");
    TCase *tc = tcase_create("dive");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, a_dive_is_whole_near_the_optimum_and_never_below_it, 0,
        (int)(sizeof SEEDS / sizeof *SEEDS));
    tcase_add_loop_test(
        tc, a_whole_plan_is_the_optimum_within_its_gap, 0, (int)(sizeof SEEDS / sizeof *SEEDS));
    tcase_add_test(tc, the_same_dive_gives_the_same_plan);
    tcase_add_test(tc, a_dive_leaves_the_model_as_it_was);
    tcase_add_test(tc, a_dive_that_is_told_to_stop_has_no_plan);
    tcase_add_loop_test(
        tc, a_dive_that_was_stopped_is_rounded_at_once, 0, (int)(sizeof SEEDS / sizeof *SEEDS));
    tcase_add_test(tc, no_time_is_no_plan);
    tcase_add_test(tc, the_best_so_far_is_kept_when_told_to_stop);
    tcase_add_test(tc, no_whole_plan_is_an_answer);
    suite_add_tcase(s, tc);
    return s;
}
