#include "planner/placement_model.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/placement_private.h"

#include <math.h>
#include <string.h>

/* Below so many classes and binding resources, or so few options, the plain simplex is quicker than
 * prices. */
enum { DIRECT_ROWS_MOST = 1200, DIRECT_OPTIONS_MOST = 6000, FEW_OPTIONS = 1000 };

void placement_answer_init(const struct placement_problem *problem, struct placement_answer *out)
{
    *out = (struct placement_answer){.status = PLACEMENT_FAILED, .bound = INFINITY};
    out->amounts = mem_zero((size_t)problem->option_count, sizeof *out->amounts);
    out->whole = mem_zero((size_t)problem->option_count, sizeof *out->whole);
    out->resource_prices = mem_zero((size_t)problem->resource_count, sizeof *out->resource_prices);
    out->class_prices = mem_zero((size_t)problem->class_count, sizeof *out->class_prices);
}

void placement_answer_fini(struct placement_answer *answer)
{
    mem_free(answer->amounts);
    mem_free(answer->whole);
    mem_free(answer->resource_prices);
    mem_free(answer->class_prices);
    *answer = (struct placement_answer){0};
}

bool placement_guard_passed(const struct placement_budget *budget, double start_s)
{
    return budget->guard_s > 0 && budget->clock_s != NULL &&
           budget->clock_s() - start_s > budget->guard_s;
}

static int check_option(const struct placement_problem *problem, int index, struct err *err)
{
    const struct placement_option *option = &problem->options[index];

    if (option->class_index < 0 || option->class_index >= problem->class_count ||
        option->first_use < 0 || option->use_count < 0 ||
        option->first_use > problem->use_count - option->use_count ||
        !isfinite(option->value_usd_per_hour) || isnan(option->limit) || option->limit < 0)
        return err_set(err, ERR_INTERNAL, "placement problem: option %d is malformed", index);
    return 0;
}

static int check(const struct placement_problem *problem, struct err *err)
{
    for (int i = 0; i < problem->option_count; i++)
        if (check_option(problem, i, err) != 0)
            return -1;
    for (int i = 0; i < problem->use_count; i++)
        if (problem->uses[i].resource < 0 || problem->uses[i].resource >= problem->resource_count ||
            !(problem->uses[i].amount > 0) || isinf(problem->uses[i].amount))
            return err_set(err, ERR_INTERNAL, "placement problem: use %d is malformed", i);
    for (int i = 0; i < problem->resource_count; i++)
        if (!(problem->resource_capacity[i] >= 0))
            return err_set(err, ERR_INTERNAL, "placement problem: resource %d is malformed", i);
    for (int i = 0; i < problem->class_count; i++)
        if (!(problem->class_limit[i] >= 0) || isinf(problem->class_limit[i]))
            return err_set(err, ERR_INTERNAL, "placement problem: class %d is malformed", i);
    return 0;
}

int placement_solve_linear(const struct placement_problem *problem,
    const struct placement_budget *budget, const double *warm_prices, struct placement_answer *out,
    struct err *err)
{
    struct placement_part part;
    bool is_direct;

    if (check(problem, err) != 0)
        return -1;
    part = placement_reduce(problem);
    is_direct = part.problem.option_count <= FEW_OPTIONS ||
                (problem->class_count + part.binding_count <= DIRECT_ROWS_MOST &&
                    part.problem.option_count <= DIRECT_OPTIONS_MOST);
    placement_answer_init(&part.problem, out);
    if (!is_direct) {
        placement_solve_by_prices(&part.problem, budget, warm_prices, out);
        if (out->status == PLACEMENT_FAILED) {
            placement_answer_fini(out);
            placement_answer_init(&part.problem, out);
            is_direct = true;
        }
    }
    if (is_direct)
        placement_solve_direct(&part.problem, budget, false, out);
    if (out->status != PLACEMENT_FAILED)
        placement_make_whole(&part.problem, out);
    placement_expand(&part, problem->option_count, out);
    placement_part_fini(&part);
    return 0;
}

int placement_solve_whole(const struct placement_problem *problem,
    const struct placement_budget *budget, struct placement_answer *out, struct err *err)
{
    if (check(problem, err) != 0)
        return -1;
    placement_answer_init(problem, out);
    placement_solve_direct(problem, budget, true, out);
    memcpy(out->whole, out->amounts, (size_t)problem->option_count * sizeof *out->whole);
    out->whole_value = out->value;
    return 0;
}
