/*
 * capacity_solve: from a scenario to a checked plan: build, solve, read the answer, price it, check
 * it.
 */
#ifndef PLANNER_CAPACITY_SOLVE_H
#define PLANNER_CAPACITY_SOLVE_H

#include "planner/capacity_basis.h"
#include "planner/capacity_model.h"

struct lp;

struct solve_options {
    double time_limit_s; /* 0: none */
    double gap;          /* MIP: stop at this relative gap */
    bool whole_systems;
    bool without_prices;
    bool with_ranges;            /* of the prices: where they hold */
    bool tries_holds;            /* what 1 % more of the limits that hold it back would save */
    struct capacity_basis *warm; /* start from it, and leave the new one in it; NULL: neither */
    /* The linear program of the last solve with this: one of the same shape goes on with its
     * solver. In and out; the caller releases it with lp_destroy. NULL: none is kept. */
    struct lp **kept;
    /* Both may be NULL. progress: a few times a second with what is being done; stop: asked at the
     * same pace, true ends the solve with the best plan so far. */
    void (*progress)(void *context, const char *text, double done, double total);
    bool (*stop)(void *context);
    void *context;
    double (*clock_s)(void); /* seconds, for the figures and the time limit; required */
};

/*
 * Solve a scenario. NULL only with err (input refused, solver failed, the check found a fault);
 * infeasible, unbounded and time limit are answers: plan->status, and plan->has_plan says whether
 * the lists are filled. The caller destroys the plan.
 */
struct capacity_plan *capacity_solve(
    const struct scenario *scenario, const struct solve_options *options, struct err *err);

#endif
