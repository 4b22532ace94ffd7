/* The placement problem as one linear or whole program. */
#include "base/mem.h"
#include "planner/lp.h"
#include "planner/placement_private.h"

#include <math.h>

/* Values are divided by the largest, resources by their capacity, so that all is near 1. */
struct scales {
    double value;
    double *resource;  /* by resource */
    int *resource_row; /* by resource; -1: it limits nothing */
    int *class_row;    /* by class; -1: it has but one option, whose bound says as much */
};

/* Rows for the resources that limit, then for the classes that have a choice. */
static void number_rows(const struct placement_problem *problem, struct scales *scales)
{
    int next = 0;

    scales->resource_row = mem_zero((size_t)problem->resource_count, sizeof *scales->resource_row);
    scales->class_row = mem_zero((size_t)problem->class_count, sizeof *scales->class_row);
    for (int i = 0; i < problem->resource_count; i++)
        scales->resource_row[i] = problem->resource_capacity[i] < PLACEMENT_NO_LIMIT ? next++ : -1;
    for (int i = 0; i < problem->option_count; i++)
        scales->class_row[problem->options[i].class_index]++;
    for (int c = 0; c < problem->class_count; c++)
        scales->class_row[c] = scales->class_row[c] > 1 ? next++ : -1;
}

static struct scales make_scales(const struct placement_problem *problem)
{
    struct scales scales = {.value = 0};

    scales.resource = mem_zero((size_t)problem->resource_count, sizeof *scales.resource);
    for (int i = 0; i < problem->option_count; i++)
        scales.value = fmax(scales.value, fabs(problem->options[i].value_usd_per_hour));
    if (!(scales.value > 0))
        scales.value = 1;
    number_rows(problem, &scales);
    for (int i = 0; i < problem->resource_count; i++) {
        double capacity = problem->resource_capacity[i];

        scales.resource[i] = capacity > 0 && capacity < PLACEMENT_NO_LIMIT ? capacity : 1;
    }
    return scales;
}

static double option_bound(const struct placement_problem *problem, int index)
{
    const struct placement_option *option = &problem->options[index];

    return fmin(option->limit, problem->class_limit[option->class_index]);
}

static void free_scales(struct scales *scales)
{
    mem_free(scales->resource);
    mem_free(scales->resource_row);
    mem_free(scales->class_row);
}

static void add_uses(
    const struct placement_problem *problem, const struct scales *scales, struct lp *lp, int index)
{
    const struct placement_option *option = &problem->options[index];

    if (scales->class_row[option->class_index] >= 0)
        lp_add_term(lp, scales->class_row[option->class_index], index, 1);
    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &problem->uses[option->first_use + k];

        if (scales->resource_row[use->resource] >= 0)
            lp_add_term(lp, scales->resource_row[use->resource], index,
                use->amount / scales->resource[use->resource]);
    }
}

static struct lp *build(
    const struct placement_problem *problem, const struct scales *scales, bool is_whole)
{
    struct lp *lp = lp_create("placement");

    for (int i = 0; i < problem->resource_count; i++)
        if (scales->resource_row[i] >= 0)
            (void)lp_add_row(lp, -INFINITY, problem->resource_capacity[i] / scales->resource[i]);
    for (int i = 0; i < problem->class_count; i++)
        if (scales->class_row[i] >= 0)
            (void)lp_add_row(lp, -INFINITY, problem->class_limit[i]);
    for (int i = 0; i < problem->option_count; i++) {
        double bound = option_bound(problem, i);

        (void)lp_add_column(lp, is_whole ? LP_INTEGER : LP_CONTINUOUS, 0,
            is_whole ? floor(bound + 1e-9) : bound,
            -problem->options[i].value_usd_per_hour / scales->value);
        add_uses(problem, scales, lp, i);
    }
    return lp;
}

static double row_price(const struct lp *lp, int row)
{
    return row >= 0 ? fmax(0, -lp_row_dual(lp, row)) : 0;
}

static void read_prices(const struct placement_problem *problem, const struct scales *scales,
    const struct lp *lp, struct placement_answer *out)
{
    for (int i = 0; i < problem->class_count; i++)
        out->class_prices[i] = row_price(lp, scales->class_row[i]) * scales->value;
    for (int i = 0; i < problem->resource_count; i++)
        out->resource_prices[i] = row_price(lp, scales->resource_row[i]) * scales->value /
                                  scales->resource[i];
}

/* The bound that the prices prove by themselves, whatever the solver's tolerances were:
 * sum of price · capacity + sum over classes of limit · best reduced value. */
static double bound_of_prices(
    const struct placement_problem *problem, const struct placement_answer *answer)
{
    double *best = mem_zero((size_t)problem->class_count, sizeof *best);
    double bound = 0;

    for (int i = 0; i < problem->option_count; i++) {
        const struct placement_option *option = &problem->options[i];
        double reduced = option->value_usd_per_hour;

        for (int k = 0; k < option->use_count; k++) {
            const struct placement_use *use = &problem->uses[option->first_use + k];

            if (problem->resource_capacity[use->resource] < PLACEMENT_NO_LIMIT)
                reduced -= answer->resource_prices[use->resource] * use->amount;
        }
        /* An option's own limit has a price too: what is above the class's price. */
        if (option->limit < problem->class_limit[option->class_index] &&
            reduced > answer->class_prices[option->class_index]) {
            bound += (reduced - answer->class_prices[option->class_index]) * option->limit;
            reduced = answer->class_prices[option->class_index];
        }
        best[option->class_index] = fmax(best[option->class_index], reduced);
    }
    for (int i = 0; i < problem->class_count; i++)
        bound += best[i] * problem->class_limit[i];
    for (int i = 0; i < problem->resource_count; i++)
        if (problem->resource_capacity[i] < PLACEMENT_NO_LIMIT)
            bound += answer->resource_prices[i] * problem->resource_capacity[i];
    mem_free(best);
    return bound;
}

static void read_amounts(
    const struct placement_problem *problem, const struct lp *lp, struct placement_answer *out)
{
    out->value = 0;
    for (int i = 0; i < problem->option_count; i++) {
        out->amounts[i] = fmax(0, lp_column_value(lp, i));
        out->value += out->amounts[i] * problem->options[i].value_usd_per_hour;
    }
}

void placement_solve_direct(const struct placement_problem *problem,
    const struct placement_budget *budget, bool is_whole, struct placement_answer *out)
{
    struct scales scales = make_scales(problem);
    struct lp *lp = build(problem, &scales, is_whole);
    struct lp_options options = {.iteration_limit = budget->iterations,
        .node_limit = budget->nodes,
        .gap = budget->gap,
        .time_limit_s = budget->guard_s};
    enum lp_status status = lp_solve(lp, &options, NULL);

    out->iterations = lp_iterations(lp);
    if (status == LP_OPTIMAL) {
        read_prices(problem, &scales, lp, out);
        out->bound = bound_of_prices(problem, out);
    }
    if (is_whole && status == LP_OPTIMAL) {
        status = lp_solve_mip(lp, &options, NULL);
        out->iterations += lp_iterations(lp);
        out->bound = fmin(out->bound, -lp_bound(lp) * scales.value);
    }
    out->guard_fired = status == LP_TIME_LIMIT;
    if (status == LP_OPTIMAL || lp_has_point(lp)) {
        read_amounts(problem, lp, out);
        out->status = status == LP_OPTIMAL ? PLACEMENT_OPTIMAL : PLACEMENT_BUDGET;
    }
    lp_destroy(lp);
    free_scales(&scales);
}
