/*
 * Whole amounts near the optimum of the linear program. Its amounts are fractions, and a mix of
 * proposals is spread over many ways; its prices are what can be trusted: down the ways by what
 * they bring for each dollar of what they use, as many as fit of each, once from nothing and once
 * from the whole part of the amounts. Of the two the better is taken.
 */
#include "base/mem.h"
#include "planner/placement_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ROUNDING = 1e-9;
static const double WHOLE_ENOUGH = 1e-6; /* what the simplex leaves of a whole number */

struct ranked {
    int option;
    double gain; /* value for each dollar of what it uses, at the prices */
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;

    if (left->gain < right->gain || left->gain > right->gain)
        return left->gain < right->gain ? 1 : -1;
    return left->option - right->option;
}

static double gain_of(
    const struct placement_problem *problem, const struct placement_answer *answer, int index)
{
    const struct placement_option *option = &problem->options[index];
    double worth = option->value_usd_per_hour;
    double paid = 0;

    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &problem->uses[option->first_use + k];

        paid += answer->resource_prices[use->resource] * use->amount;
    }
    return worth / fmax(paid, ROUNDING * fabs(worth));
}

/* Ways that bring anything, the best first; returns how many. */
static int rank_options(const struct placement_problem *problem,
    const struct placement_answer *answer, struct ranked *order)
{
    int count = 0;

    for (int i = 0; i < problem->option_count; i++)
        if (problem->options[i].value_usd_per_hour > 0)
            order[count++] = (struct ranked){i, gain_of(problem, answer, i)};
    qsort(order, (size_t)count, sizeof *order, compare_ranked);
    return count;
}

/* What is still to be had, while amounts are taken. */
struct rest {
    double *members;  /* by class */
    double *capacity; /* by resource */
};

static void take(const struct placement_problem *problem, int index, double amount,
    struct rest *rest, double *amounts, double *value)
{
    const struct placement_option *option = &problem->options[index];

    amounts[index] += amount;
    *value += amount * option->value_usd_per_hour;
    rest->members[option->class_index] -= amount;
    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &problem->uses[option->first_use + k];

        rest->capacity[use->resource] -= amount * use->amount;
    }
}

/* How many whole ones still fit, when so many are taken. */
static double fitting(
    const struct placement_problem *problem, const struct rest *rest, int index, double taken)
{
    const struct placement_option *option = &problem->options[index];
    double most = fmin(option->limit - taken, rest->members[option->class_index]);

    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &problem->uses[option->first_use + k];

        most = fmin(most, rest->capacity[use->resource] / use->amount);
    }
    return floor(most + ROUNDING);
}

/* First the whole part of `start` (NULL: nothing), then down the ways. Returns the value. */
static double fill(const struct placement_problem *problem, const struct ranked *order, int count,
    const double *start, double *amounts)
{
    struct rest rest = {.members = mem_zero((size_t)problem->class_count, sizeof *rest.members),
        .capacity = mem_zero((size_t)problem->resource_count, sizeof *rest.capacity)};
    double value = 0;

    memcpy(rest.members, problem->class_limit, (size_t)problem->class_count * sizeof *rest.members);
    memcpy(rest.capacity, problem->resource_capacity,
        (size_t)problem->resource_count * sizeof *rest.capacity);
    for (int i = 0; start != NULL && i < problem->option_count; i++)
        if (start[i] >= 1 - WHOLE_ENOUGH)
            take(problem, i, floor(start[i] + WHOLE_ENOUGH), &rest, amounts, &value);
    for (int i = 0; i < count; i++) {
        double amount = fitting(problem, &rest, order[i].option, amounts[order[i].option]);

        if (amount >= 1)
            take(problem, order[i].option, amount, &rest, amounts, &value);
    }
    mem_free(rest.members);
    mem_free(rest.capacity);
    return value;
}

void placement_make_whole(const struct placement_problem *problem, struct placement_answer *out)
{
    struct ranked *order = mem_zero((size_t)problem->option_count, sizeof *order);
    double *other = mem_zero((size_t)problem->option_count, sizeof *other);
    int count = rank_options(problem, out, order);
    double other_value;

    out->whole_value = fill(problem, order, count, out->amounts, out->whole);
    other_value = fill(problem, order, count, NULL, other);
    if (other_value > out->whole_value) {
        mem_free(out->whole);
        out->whole = other;
        out->whole_value = other_value;
        other = NULL;
    }
    mem_free(other);
    mem_free(order);
}
