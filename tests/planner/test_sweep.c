/* Sweeps: what --vary means, and warm points against cold solves. */
#include "planner/sweep.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "planner/lp.h"
#include "tests/support/small_plan.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct bad_axis {
    const char *text, *message;
};

static const struct bad_axis BAD[] = {
    {"power", "write what varies"},
    {"power=1", "write what varies"},
    {"power=1..2", "write what varies"},
    {"power=1..2/0", "give 1 to 10000 points"},
    {"power=1..2/1000000000", "give 1 to 10000 points"},
    {"power=1..1e300/2", "a factor is at most"},
    {"supply=1..2/2", "nothing would vary"},
    {"available:none=0..2001/2", "names nothing"},
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

START_TEST(nothing_varies_twice)
{
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);
    struct sweep sweep = {.scenario = scenario};
    struct err err = {0};

    ck_assert_int_eq(sweep_add_axis(&sweep, "power=1..2/2", &err), 0);
    ck_assert_int_eq(sweep_add_axis(&sweep, "power=0..1/3", &err), -1);
    ck_assert_msg(strstr(err.text, "varies already") != NULL, "%s", err.text);
    ck_assert_int_eq(sweep.axis_count, 1);
    sweep_fini(&sweep);
    scenario_destroy(scenario);
}
END_TEST

/* --- Each point is what a solve of its own would find */

static struct scenario *scenario_at(const struct sweep *sweep, const struct sweep_point *point)
{
    struct scenario_change changes[SWEEP_AXES_MAX];

    for (int a = 0; a < sweep->axis_count; a++) {
        changes[a] = sweep->axes[a].change;
        if (changes[a].kind == CHANGE_AVAILABLE)
            changes[a].months = (int)point->values[a];
        else
            changes[a].factor = point->values[a];
    }
    return scenario_changed(sweep->scenario, changes, (size_t)sweep->axis_count);
}

/* Returns how many are infeasible. */
static int compare_with_cold(const struct sweep *sweep, const struct solve_options *options)
{
    int infeasible_count = 0;

    for (size_t i = 0; i < sweep->point_count; i++) {
        const struct sweep_point *point = &sweep->points[i];
        struct scenario *changed = scenario_at(sweep, point);
        struct capacity_plan *plan = capacity_solve(changed, options, NULL);

        ck_assert_ptr_nonnull(plan);
        ck_assert(point->is_known);
        ck_assert_str_eq(PLAN_STATUS_NAMES[point->status], PLAN_STATUS_NAMES[plan->status]);
        ck_assert_int_eq(isnan(point->objective_usd), !plan->has_plan);
        if (plan->has_plan)
            ck_assert_double_eq_tol(point->objective_usd, plan->objective_usd,
                1e-7 * fmax(1, fabs(plan->objective_usd)));
        infeasible_count += plan->status == PLAN_INFEASIBLE;
        capacity_plan_destroy(plan);
        scenario_destroy(changed);
    }
    return infeasible_count;
}

/* One thread or two: the same points. */
static void compare_points(const struct sweep *sweep, const struct sweep *split)
{
    for (size_t i = 0; i < sweep->point_count; i++) {
        const struct sweep_point *a = &sweep->points[i], *b = &split->points[i];

        ck_assert_int_eq(a->status, b->status);
        ck_assert(b->is_known);
        if (!isnan(a->objective_usd))
            ck_assert_double_eq_tol(
                a->objective_usd, b->objective_usd, 1e-9 * fmax(1, fabs(a->objective_usd)));
    }
}

/* Returns how many points are infeasible. */
static int sweep_both_ways(const struct scenario *scenario, const char *const *axes)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .without_prices = true};
    struct sweep sweep = {.scenario = scenario};
    struct sweep split = {.scenario = scenario, .is_parallel = true};
    struct err err = {0};
    int infeasible_count;

    for (int a = 0; a < SWEEP_AXES_MAX && axes[a] != NULL; a++)
        ck_assert_msg(sweep_add_axis(&sweep, axes[a], &err) == 0 &&
                          sweep_add_axis(&split, axes[a], &err) == 0,
            "%s", err.text);
    ck_assert_int_eq(sweep_make_points(&sweep, NULL), 0);
    ck_assert_int_eq(sweep_make_points(&split, NULL), 0);
    ck_assert_msg(sweep_run(&sweep, &options, NULL, NULL, &err) == 0, "%s", err.text);
    ck_assert_msg(sweep_run(&split, &options, NULL, NULL, &err) == 0, "%s", err.text);
    infeasible_count = compare_with_cold(&sweep, &options);
    compare_points(&sweep, &split);
    sweep_fini(&sweep);
    sweep_fini(&split);
    return infeasible_count;
}

START_TEST(warm_points_are_those_of_cold_solves)
{
    static const char *const AXES[] = {"power:a=0..1/6", "price=0.5..2/4", NULL};
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);

    ck_assert_int_eq(sweep_both_ways(scenario, AXES), 0);
    scenario_destroy(scenario);
}
END_TEST

/* What has to stand, without a way out; and what has to be served and trained. */
#define MUST_STAND "<commitment id='must' kind='power' systems='s0 s1' from='2027-01' mw='1.1'/>"
#define MUST_SERVE                                                                                 \
    "<workload id='must' kind='inference' value-usd-per-unit='0.1' required='yes'>"                \
    "<rate system='s0' units-per-hour='900'/><rate system='s1' units-per-hour='700'/>"             \
    "<demand region='us' from='2026-07' units-per-hour='4000'/></workload>"
#define MUST_TRAIN                                                                                 \
    "<workload id='run' kind='training' value-usd-per-unit='0.1' start='2026-07' end='2027-01' "   \
    "required='yes'><rate system='s0' units-per-hour='900'/>"                                      \
    "<rate system='s2' units-per-hour='1200'/><volume units='15000000'/></workload>"
#define MUST_WAIT                                                                                  \
    "<workload id='run' kind='training' value-usd-per-unit='0.1' start='2026-07' end='2027-07' "   \
    "required='yes'><rate system='s2' units-per-hour='1200'/><volume units='6000000'/></workload>"

struct hard_sweep {
    const char *more;
    const char *axes[SWEEP_AXES_MAX + 1];
};

/* Each kind of axis, both ways round, from where there are plans into where there are none. */
static const struct hard_sweep HARD[] = {
    {MUST_STAND, {"power=0..1.6/12"}},
    {MUST_SERVE, {"power=1.6..0.1/12"}},
    {MUST_SERVE, {"demand=0.2..6/12"}},
    {MUST_TRAIN, {"demand:run=16..0/12"}},
    {MUST_STAND, {"supply=0..2/12"}},
    {MUST_SERVE, {"budget=0..0.8/9"}},
    {MUST_WAIT, {"available:s2=-6..12/7"}},
    {MUST_STAND, {"power:a=0..2/6", "power:b=2..0/6"}},
    {MUST_TRAIN, {"available:s2=9..-3/5", "demand:run=0.5..2.5/5"}},
    {MUST_STAND, {"price=0.5..3/4", "supply=0.2..1.2/6"}},
    {MUST_SERVE, {"energy=0.5..8/4", "budget=0..0.8/6"}},
    {MUST_SERVE, {"power=0.05..0.5/6", "price:o1=0.5..2/3"}},
};
enum { HARD_COUNT = sizeof HARD / sizeof *HARD, HARD_SEEDS = 4 };

START_TEST(points_that_are_not_solved_are_those_that_have_no_plan)
{
    int infeasible_count = 0;

    for (uint64_t seed = 0; seed < HARD_SEEDS; seed++) {
        struct scenario *scenario = small_random(seed, HARD[_i].more);

        infeasible_count += sweep_both_ways(scenario, HARD[_i].axes);
        scenario_destroy(scenario);
    }
    ck_assert_int_gt(infeasible_count, 0);
}
END_TEST

/* Large enough that columns are sifted, and far enough that the shape changes, up to where there is
 * no plan. */
START_TEST(a_large_scenario_is_swept_as_it_is_solved)
{
    static const char *const AXES[][SWEEP_AXES_MAX + 1] = {
        {"power=1.15..0.5/4"}, {"demand=0.8..1.2/2", "price:contract-gb300=0.9..1.4/2"}};
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(
        "workloads/scenarios/aws-trainium-2gw.xml", NULL, &faults);

    ck_assert_ptr_nonnull(scenario);
    ck_assert_int_eq(sweep_both_ways(scenario, AXES[_i]), _i == 0 ? 1 : 0);
    scenario_destroy(scenario);
    faults_fini(&faults);
}
END_TEST

/* Rows and columns come and go with the changes; what stays keeps its place. */
START_TEST(a_basis_outlives_a_change_of_shape)
{
    const struct capacity_model_options small = {0}, large = {.keeps_limits = true};
    struct scenario *scenario = small_random((uint64_t)_i, NULL);
    struct capacity_model *first = capacity_model_create(scenario, &small, NULL);
    struct capacity_model *second = capacity_model_create(scenario, &large, NULL);
    struct capacity_basis basis = {0}, copy;

    ck_assert(!capacity_basis_apply(&basis, second));
    ck_assert_int_gt(second->row_count, first->row_count);
    ck_assert_int_eq(lp_solve(first->lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_int_gt(lp_iterations(first->lp), 0);
    capacity_basis_take(&basis, first);
    copy = capacity_basis_copy(&basis);
    capacity_basis_fini(&basis);
    ck_assert(capacity_basis_apply(&copy, second));
    ck_assert_int_eq(lp_solve(second->lp, NULL, NULL), LP_OPTIMAL);
    ck_assert_int_eq(lp_iterations(second->lp), 0); /* the rows that are new never bind */
    ck_assert_double_eq_tol(
        lp_objective(second->lp), lp_objective(first->lp), 1e-7 * fabs(lp_objective(first->lp)));
    capacity_basis_fini(&copy);
    capacity_model_destroy(first);
    capacity_model_destroy(second);
    scenario_destroy(scenario);
}
END_TEST

/* --- What an earlier run found */

static void write_head(FILE *file)
{
    (void)fputs("power:a,price,status,objective_usd", file);
    for (int i = 0; i < COST_PART_COUNT; i++)
        (void)fprintf(file, ",%s", COST_PART_NAMES[i]);
    (void)fputs(",peak_mw,acquired\n", file);
}

static void write_row(FILE *file, double power, double price, double usd)
{
    (void)fprintf(file, "%.17g,%.17g,optimal,%.17g", power, price, usd);
    for (int i = 0; i < COST_PART_COUNT + 2; i++)
        (void)fputs(",1", file);
    (void)fputc('\n', file);
}

/* Two axes, crossed, over the scenario. */
static struct sweep resumed_sweep(const struct scenario *scenario)
{
    struct sweep sweep = {.scenario = scenario};

    ck_assert_int_eq(sweep_add_axis(&sweep, "power:a=0..1/100", NULL), 0);
    ck_assert_int_eq(sweep_add_axis(&sweep, "price=2..0.5/100", NULL), 0);
    ck_assert_int_eq(sweep_make_points(&sweep, NULL), 0);
    return sweep;
}

START_TEST(rows_of_an_earlier_run_find_their_points)
{
    const struct small_pieces pieces = {0};
    struct scenario *scenario = small_scenario(&pieces);
    struct sweep sweep = resumed_sweep(scenario);
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "sweep.csv");
    FILE *file = fopen(path, "w");
    struct err err = {0};

    ck_assert_ptr_nonnull(file);
    write_head(file);
    for (size_t i = sweep.point_count; i-- > 0;)
        if (i % 3 != 0)
            write_row(file, sweep.points[i].values[0], sweep.points[i].values[1], (double)i);
    write_row(file, 0.12345, 1, -1);
    write_row(file, 7, 1, -1);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(sweep_read_csv(&sweep, path, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < sweep.point_count; i++) {
        ck_assert_int_eq(sweep.points[i].is_known, i % 3 != 0);
        if (i % 3 != 0)
            ck_assert_double_eq_tol(sweep.points[i].objective_usd, (double)i, 1e-9);
    }
    mem_free(path);
    tempdir_remove(folder);
    sweep_fini(&sweep);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sweep");
    TCase *tc = tcase_create("sweep");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, a_bad_axis_is_refused_with_what_is_wrong, 0, BAD_COUNT);
    tcase_add_test(tc, nothing_varies_twice);
    tcase_add_test(tc, warm_points_are_those_of_cold_solves);
    tcase_add_loop_test(tc, points_that_are_not_solved_are_those_that_have_no_plan, 0, HARD_COUNT);
    tcase_add_loop_test(tc, a_large_scenario_is_swept_as_it_is_solved, 0, 2);
    tcase_add_loop_test(tc, a_basis_outlives_a_change_of_shape, 0, 10);
    tcase_add_test(tc, rows_of_an_earlier_run_find_their_points);
    suite_add_tcase(s, tc);
    return s;
}
