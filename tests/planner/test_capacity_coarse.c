/* Which columns to begin with changes the time of a solve, and never its answer. */
#include "planner/capacity_coarse.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/mem.h"
#include "planner/lp.h"
#include "tests/support/small_plan.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 20 };

static const struct lp_options NO_LIMITS;

struct chosen {
    struct scenario *scenario;
    struct capacity_model *model;
    unsigned char *cheapest, *by_years;
};

/* Takes the scenario. */
static struct chosen choose(struct scenario *scenario, const struct lp_options *options)
{
    const struct capacity_model_options plain = {0};
    struct err err = {0};
    struct chosen c = {
        .scenario = scenario, .model = capacity_model_create(scenario, &plain, &err)};

    ck_assert_msg(c.model != NULL, "%s", err.text);
    c.cheapest = mem_zero((size_t)c.model->column_count, 1);
    c.by_years = mem_zero((size_t)c.model->column_count, 1);
    capacity_choose_cheapest(c.model, c.cheapest);
    capacity_choose_by_years(c.model, options, c.by_years);
    return c;
}

static void close_chosen(struct chosen *c)
{
    mem_free(c->cheapest);
    mem_free(c->by_years);
    capacity_model_destroy(c->model);
    scenario_destroy(c->scenario);
}

static bool is_same(const struct chosen *c)
{
    return memcmp(c->cheapest, c->by_years, (size_t)c->model->column_count) == 0;
}

static struct scenario *flagship(void)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(
        "workloads/scenarios/aws-trainium-2gw.xml", NULL, &faults);

    ck_assert_ptr_nonnull(scenario);
    faults_fini(&faults);
    return scenario;
}

/* Sifting from these columns finds the optimum of all. */
static void check_optimum(struct capacity_model *model, const unsigned char *is_first)
{
    struct err err = {0};
    double optimum, sifted;

    ck_assert_int_eq(lp_solve(model->lp, NULL, &err), LP_OPTIMAL);
    optimum = lp_objective(model->lp);
    lp_clear_basis(model->lp);
    ck_assert_int_eq(lp_solve_sifting(model->lp, is_first, NULL, &err), LP_OPTIMAL);
    sifted = lp_objective(model->lp);
    ck_assert_msg(
        fabs(sifted - optimum) <= 1e-9 * fabs(optimum), "%.17g, not %.17g", sifted, optimum);
}

START_TEST(all_but_runs_are_there_to_begin_with)
{
    struct chosen c = choose(small_random((uint64_t)_i, NULL), &NO_LIMITS);

    for (int j = 0; j < c.model->column_count; j++)
        if (c.model->columns[j].family != COLUMN_RUN)
            ck_assert(c.cheapest[j] && c.by_years[j]);
    close_chosen(&c);
}
END_TEST

START_TEST(the_optimum_is_the_same_whatever_it_begins_with)
{
    struct chosen c = choose(small_random((uint64_t)_i, NULL), &NO_LIMITS);

    check_optimum(c.model, c.cheapest);
    lp_clear_basis(c.model->lp);
    check_optimum(c.model, c.by_years);
    close_chosen(&c);
}
END_TEST

/* Most of the runs that the optimum has, and few that it has not. */
START_TEST(the_flagship_begins_with_most_of_what_it_uses)
{
    struct chosen c = choose(flagship(), &NO_LIMITS);
    int run_count = 0, first_count = 0, used_count = 0, used_first_count = 0;

    check_optimum(c.model, c.by_years);
    for (int j = 0; j < c.model->column_count; j++) {
        bool is_used = lp_column_value(c.model->lp, j) > LP_TOLERANCE;

        if (c.model->columns[j].family != COLUMN_RUN)
            continue;
        run_count++;
        first_count += c.by_years[j];
        used_count += is_used;
        used_first_count += is_used && c.by_years[j];
    }
    ck_assert_int_lt(first_count, run_count / 4);
    ck_assert_int_gt(used_first_count, used_count / 2);
    close_chosen(&c);
}
END_TEST

START_TEST(a_plan_by_years_or_of_one_year_begins_with_the_cheapest)
{
    static const char *const HORIZONS[] = {
        "<horizon start='2026-01' end='2031-12' step='year' discount-rate='0.1'/>",
        "<horizon start='2026-01' end='2026-12' step='quarter' discount-rate='0.1'/>"};
    const struct small_pieces pieces = {.horizon = HORIZONS[_i]};
    struct chosen c = choose(small_scenario(&pieces), &NO_LIMITS);

    ck_assert(is_same(&c));
    close_chosen(&c);
}
END_TEST

/* The work of a window without a year's start is required: by years, there is no plan. */
START_TEST(where_there_is_no_plan_by_years_it_begins_with_the_cheapest)
{
    const struct small_pieces pieces = {
        .horizon = "<horizon start='2026-01' end='2027-12' step='quarter' discount-rate='0.1'/>",
        .workloads = "<workload id='w' kind='training' value-usd-per-unit='10' start='2026-04' "
                     "end='2026-10' required='yes'><rate system='s' units-per-hour='1'/>"
                     "<volume units='100'/></workload>"};
    struct chosen c = choose(small_scenario(&pieces), &NO_LIMITS);

    ck_assert(is_same(&c));
    check_optimum(c.model, c.by_years);
    close_chosen(&c);
}
END_TEST

START_TEST(no_time_for_a_plan_by_years_leaves_the_cheapest)
{
    const struct lp_options hurry = {.time_limit_s = 1e-3};
    struct chosen c = choose(flagship(), &hurry);

    ck_assert(is_same(&c));
    close_chosen(&c);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_coarse");
    TCase *tc = tcase_create("coarse");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, all_but_runs_are_there_to_begin_with, 0, SEEDS);
    tcase_add_loop_test(tc, the_optimum_is_the_same_whatever_it_begins_with, 0, SEEDS);
    tcase_add_test(tc, the_flagship_begins_with_most_of_what_it_uses);
    tcase_add_loop_test(tc, a_plan_by_years_or_of_one_year_begins_with_the_cheapest, 0, 2);
    tcase_add_test(tc, where_there_is_no_plan_by_years_it_begins_with_the_cheapest);
    tcase_add_test(tc, no_time_for_a_plan_by_years_leaves_the_cheapest);
    suite_add_tcase(s, tc);
    return s;
}
