/*
 * What of a placement problem matters: on a full floor most ways need something of which nothing is
 * left, and most resources are more than all that could be taken. Left in, they make programs large
 * and so degenerate that the simplex may walk without end.
 */
#include "base/mem.h"
#include "planner/placement_private.h"

#include <math.h>

/* Most of an option that can be, by its class and by each resource alone. */
static double option_limit(
    const struct placement_problem *problem, const struct placement_option *option)
{
    double limit = fmin(option->limit, problem->class_limit[option->class_index]);

    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &problem->uses[option->first_use + k];

        limit = fmin(limit, problem->resource_capacity[use->resource] / use->amount);
    }
    return limit;
}

static void keep_options(const struct placement_problem *problem, struct placement_part *part)
{
    part->options = mem_zero((size_t)problem->option_count, sizeof *part->options);
    part->origin = mem_zero((size_t)problem->option_count, sizeof *part->origin);
    for (int i = 0; i < problem->option_count; i++) {
        struct placement_option option = problem->options[i];

        option.limit = option_limit(problem, &option);
        if (!(option.limit > PLACEMENT_DUST) || option.value_usd_per_hour <= 0)
            continue;
        part->origin[part->problem.option_count] = i;
        part->options[part->problem.option_count++] = option;
    }
    part->problem.options = part->options;
}

/* Capacities, without those that all options together can't reach. */
static void keep_capacities(const struct placement_problem *problem, struct placement_part *part)
{
    double *most = mem_zero((size_t)problem->resource_count, sizeof *most);

    part->capacity = mem_zero((size_t)problem->resource_count, sizeof *part->capacity);
    for (int i = 0; i < part->problem.option_count; i++)
        for (int k = 0; k < part->options[i].use_count; k++) {
            const struct placement_use *use = &problem->uses[part->options[i].first_use + k];

            most[use->resource] += part->options[i].limit * use->amount;
        }
    for (int r = 0; r < problem->resource_count; r++) {
        double capacity = problem->resource_capacity[r];
        bool binds = most[r] > capacity && capacity < PLACEMENT_NO_LIMIT;

        part->capacity[r] = binds ? capacity : INFINITY;
        part->binding_count += binds;
    }
    part->problem.resource_capacity = part->capacity;
    mem_free(most);
}

struct placement_part placement_reduce(const struct placement_problem *problem)
{
    struct placement_part part = {.problem = *problem};

    part.problem.option_count = 0;
    keep_options(problem, &part);
    keep_capacities(problem, &part);
    return part;
}

void placement_expand(
    const struct placement_part *part, int option_count, struct placement_answer *answer)
{
    double *amounts = mem_zero((size_t)option_count, sizeof *amounts);
    double *whole = mem_zero((size_t)option_count, sizeof *whole);

    for (int i = 0; i < part->problem.option_count; i++) {
        amounts[part->origin[i]] = answer->amounts[i];
        whole[part->origin[i]] = answer->whole[i];
    }
    mem_free(answer->amounts);
    mem_free(answer->whole);
    answer->amounts = amounts;
    answer->whole = whole;
}

void placement_part_fini(struct placement_part *part)
{
    mem_free(part->options);
    mem_free(part->origin);
    mem_free(part->capacity);
}
