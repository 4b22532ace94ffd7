/* Placement programs of every size, against an independent writing of the page's formulas. */
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "planner/lp.h"
#include "planner/placement_model.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { SMALL = 200, LARGE = 6 };

/* A problem with its own arrays. */
struct made {
    struct placement_problem problem;
    double *class_limit, *capacity;
    struct placement_option *options;
    struct placement_use *uses;
};

struct sizes {
    int classes, resources, options_a_class, uses_an_option, members;
    double scarce; /* capacities as a share of what all together would use */
    double empty;  /* share of resources of which nothing is left */
};

static struct made make(struct rng *rng, const struct sizes *sizes)
{
    int options = sizes->classes * sizes->options_a_class;
    struct made made = {.class_limit = mem_zero((size_t)sizes->classes, sizeof *made.class_limit),
        .capacity = mem_zero((size_t)sizes->resources, sizeof *made.capacity),
        .options = mem_zero((size_t)options, sizeof *made.options),
        .uses = mem_zero((size_t)(options * sizes->uses_an_option), sizeof *made.uses)};
    int use_count = 0;

    for (int c = 0; c < sizes->classes; c++)
        made.class_limit[c] = (double)rng_between(rng, 1, sizes->members);
    for (int i = 0; i < options; i++) {
        int c = i / sizes->options_a_class;
        double size = rng_lognormal(rng, 4, 1);

        made.options[i] = (struct placement_option){.class_index = c,
            .value_usd_per_hour = size * (0.5 + rng_unit(rng)) - (i % 17 == 0 ? 100 : 0),
            .limit = i % 5 == 0 ? (double)rng_between(rng, 0, sizes->members) : INFINITY,
            .first_use = use_count,
            .use_count = sizes->uses_an_option};
        for (int k = 0; k < sizes->uses_an_option; k++, use_count++) {
            int block = sizes->resources / sizes->uses_an_option; /* none is named twice */

            made.uses[use_count] = (struct placement_use){
                k * block + (int)rng_between(rng, 0, block - 1),
                size * (0.8 + 0.4 * rng_unit(rng))};
            made.capacity[made.uses[use_count].resource] += made.uses[use_count].amount *
                                                            made.class_limit[c] /
                                                            sizes->options_a_class;
        }
    }
    for (int r = 0; r < sizes->resources; r++)
        made.capacity[r] = rng_unit(rng) < sizes->empty ? 0
                           : rng_unit(rng) < 0.1        ? 1e300
                                                        : made.capacity[r] * sizes->scarce;
    made.problem = (struct placement_problem){sizes->classes, made.class_limit, sizes->resources,
        made.capacity, options, made.options, use_count, made.uses};
    return made;
}

static void made_fini(struct made *made)
{
    mem_free(made->class_limit);
    mem_free(made->capacity);
    mem_free(made->options);
    mem_free(made->uses);
}

/* The optimum of the header's program, written down as it stands there. */
static double exact_best(const struct placement_problem *p, bool is_whole)
{
    struct lp *lp = lp_create("exact");
    struct lp_options options = {.gap = 1e-9};
    double best;

    for (int c = 0; c < p->class_count; c++)
        (void)lp_add_row(lp, -INFINITY, p->class_limit[c]);
    for (int r = 0; r < p->resource_count; r++)
        (void)lp_add_row(
            lp, -INFINITY, p->resource_capacity[r] < 1e200 ? p->resource_capacity[r] : INFINITY);
    for (int i = 0; i < p->option_count; i++) {
        const struct placement_option *o = &p->options[i];
        int column = lp_add_column(lp, is_whole ? LP_INTEGER : LP_CONTINUOUS, 0,
            fmin(o->limit, p->class_limit[o->class_index]), -o->value_usd_per_hour);

        lp_add_term(lp, o->class_index, column, 1);
        for (int k = 0; k < o->use_count; k++)
            lp_add_term(lp, p->class_count + p->uses[o->first_use + k].resource, column,
                p->uses[o->first_use + k].amount);
    }
    ck_assert_int_eq(lp_solve(lp, &options, NULL), LP_OPTIMAL);
    if (is_whole)
        ck_assert_int_eq(lp_solve_mip(lp, &options, NULL), LP_OPTIMAL);
    best = -lp_objective(lp);
    lp_destroy(lp);
    return best;
}

/* Within every limit; returns the value. */
static double assert_feasible(const struct placement_problem *p, const double *amounts)
{
    double *used = mem_zero((size_t)p->resource_count, sizeof *used);
    double *started = mem_zero((size_t)p->class_count, sizeof *started);
    double value = 0;

    for (int i = 0; i < p->option_count; i++) {
        const struct placement_option *o = &p->options[i];

        ck_assert_double_ge(amounts[i], 0);
        ck_assert_double_le(amounts[i], o->limit * (1 + 1e-7) + 1e-9);
        started[o->class_index] += amounts[i];
        value += amounts[i] * o->value_usd_per_hour;
        for (int k = 0; k < o->use_count; k++)
            used[p->uses[o->first_use + k].resource] += amounts[i] *
                                                        p->uses[o->first_use + k].amount;
    }
    for (int c = 0; c < p->class_count; c++)
        ck_assert_double_le(started[c], p->class_limit[c] * (1 + 1e-7));
    for (int r = 0; r < p->resource_count; r++)
        ck_assert_double_le(used[r], p->resource_capacity[r] * (1 + 1e-6) + 1e-6);
    mem_free(used);
    mem_free(started);
    return value;
}

/* A decomposition may end by its steps before the gap is closed. */
static void assert_answer(const struct placement_problem *p, double gap, double least_whole)
{
    struct placement_budget budget = {.iterations = 200000, .gap = gap / 10};
    struct placement_answer answer = {0};
    double best = exact_best(p, false);
    double slack = (gap + 1e-7) * fmax(best, 1);

    ck_assert_int_eq(placement_solve_linear(p, &budget, NULL, &answer, NULL), 0);
    ck_assert_int_ne(answer.status, PLACEMENT_FAILED);
    ck_assert(answer.status == PLACEMENT_OPTIMAL || gap > 0);
    ck_assert_double_eq_tol(assert_feasible(p, answer.amounts), answer.value, 1e-6 * fmax(best, 1));
    ck_assert_double_ge(answer.value, best - slack);
    ck_assert_double_ge(answer.bound, best - 1e-7 * fmax(best, 1));
    ck_assert_double_le(answer.bound, best + slack);
    ck_assert_double_eq_tol(
        assert_feasible(p, answer.whole), answer.whole_value, 1e-6 * fmax(best, 1));
    for (int i = 0; i < p->option_count; i++)
        ck_assert_double_eq(answer.whole[i], floor(answer.whole[i]));
    ck_assert_double_le(answer.whole_value, best + 1e-6 * fmax(best, 1));
    ck_assert_double_ge(answer.whole_value, best * least_whole - 1e-6);
    for (int r = 0; r < p->resource_count; r++)
        ck_assert_double_ge(answer.resource_prices[r], 0);
    placement_answer_fini(&answer);
}

START_TEST(small_programs_reach_the_optimum_and_prove_it)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct sizes sizes = {(int)rng_between(&rng, 1, 12), 6, (int)rng_between(&rng, 1, 5), 3, 6,
        0.2 + rng_unit(&rng), 0.2 * (_i % 3)};
    struct made made = make(&rng, &sizes);

    assert_answer(&made.problem, 0, 0);
    made_fini(&made);
}
END_TEST

START_TEST(large_programs_by_prices_do_too_and_their_whole_amounts_are_near)
{
    struct rng rng = rng_seed((uint64_t)_i + 1000);
    struct sizes sizes = {1600, 60, 5, 4, 3, 0.6, 0};
    struct made made = make(&rng, &sizes);

    assert_answer(&made.problem, 5e-3, 0.95);
    made_fini(&made);
}
END_TEST

START_TEST(a_floor_with_hardly_anything_left_is_soon_answered)
{
    struct rng rng = rng_seed((uint64_t)_i + 2000);
    struct sizes sizes = {1800, 80, 4, 4, 6, 0.002, 0.6};
    struct made made = make(&rng, &sizes);

    assert_answer(&made.problem, 5e-3, 0);
    made_fini(&made);
}
END_TEST

START_TEST(whole_programs_reach_the_whole_optimum)
{
    struct rng rng = rng_seed((uint64_t)_i + 3000);
    struct sizes sizes = {5, 6, 3, 3, 4, 0.2 + rng_unit(&rng), 0};
    struct made made = make(&rng, &sizes);
    struct placement_budget budget = {.gap = 1e-9};
    struct placement_answer answer = {0};
    double best = exact_best(&made.problem, true);

    ck_assert_int_eq(placement_solve_whole(&made.problem, &budget, &answer, NULL), 0);
    ck_assert_int_eq(answer.status, PLACEMENT_OPTIMAL);
    ck_assert_double_eq_tol(
        assert_feasible(&made.problem, answer.amounts), best, 1e-6 * fmax(best, 1));
    ck_assert_double_ge(answer.bound, best - 1e-6 * fmax(best, 1));
    placement_answer_fini(&answer);
    made_fini(&made);
}
END_TEST

START_TEST(a_malformed_problem_is_an_error)
{
    double limit = 1;
    double capacity = NAN;
    struct placement_option option = {0, 1, INFINITY, 0, 1};
    struct placement_use use = {0, 1};
    struct placement_problem problem = {1, &limit, 1, &capacity, 1, &option, 1, &use};
    struct placement_budget budget = {.gap = 0};
    struct placement_answer answer = {0};
    struct err err = {0};

    ck_assert_int_eq(placement_solve_linear(&problem, &budget, NULL, &answer, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "resource 0"));
    capacity = 1;
    use.resource = 1;
    ck_assert_int_eq(placement_solve_linear(&problem, &budget, NULL, &answer, &err), -1);
    use.resource = 0;
    option.class_index = 1;
    ck_assert_int_eq(placement_solve_whole(&problem, &budget, &answer, &err), -1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/placement_model");
    TCase *c = tcase_create("placement_model");

    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, small_programs_reach_the_optimum_and_prove_it, 0, SMALL);
    tcase_add_loop_test(
        c, large_programs_by_prices_do_too_and_their_whole_amounts_are_near, 0, LARGE);
    tcase_add_loop_test(c, a_floor_with_hardly_anything_left_is_soon_answered, 0, LARGE);
    tcase_add_loop_test(c, whole_programs_reach_the_whole_optimum, 0, SMALL / 4);
    tcase_add_test(c, a_malformed_problem_is_an_error);
    suite_add_tcase(s, c);
    return s;
}
