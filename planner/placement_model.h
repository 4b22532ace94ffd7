/*
 * placement_model: which jobs start where, as mathematics. Jobs alike form a class; each way of
 * running one (a system, in a feed, hall or site) is an option that brings value and uses
 * resources: free chips, whole free domains, kilowatts of feeds, halls and sites, a tenant's
 * dollars and share.
 *
 *   maximise    sum over options o of value[o] · y[o]
 *   subject to  sum over o of class c of y[o]     <= class_limit[c]
 *               sum over o of use[o,r] · y[o]     <= resource_capacity[r]
 *               0 <= y[o] <= option_limit[o]   (whole, in the MIP)
 *
 * Decisions depend on the problem and the iteration budgets alone, never on a clock.
 */
#ifndef PLANNER_PLACEMENT_MODEL_H
#define PLANNER_PLACEMENT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

struct placement_use {
    int resource;
    double amount; /* > 0, in the resource's unit */
};

struct placement_option {
    int class_index;
    double value_usd_per_hour;
    double limit; /* most of it that can be; INFINITY: no own limit */
    int first_use, use_count;
};

/* Plain arrays, borrowed by the solvers. Options of a class need not be together. */
struct placement_problem {
    int class_count;
    const double *class_limit;
    int resource_count;
    const double *resource_capacity;
    int option_count;
    const struct placement_option *options;
    int use_count;
    const struct placement_use *uses;
};

enum placement_status {
    PLACEMENT_OPTIMAL,
    PLACEMENT_BUDGET, /* iterations or nodes ended first; amounts are feasible, bound is true */
    PLACEMENT_FAILED  /* the solver failed; the round goes on greedily */
};

struct placement_budget {
    int64_t iterations;      /* of the simplex, over all solves; 0: no limit */
    int64_t nodes;           /* of the MIP; 0: no limit */
    double gap;              /* relative: good enough */
    double guard_s;          /* wall-clock stop, a guard only; 0: none */
    double (*clock_s)(void); /* for the guard; may be NULL */
};

struct placement_answer {
    enum placement_status status;
    bool guard_fired; /* it must be stored: a replay takes the same path */
    double value;     /* of the amounts */
    double bound;     /* proven: no amounts are worth more */
    int64_t iterations;
    double *amounts;         /* by option; owned */
    double whole_value;      /* of the whole ones */
    double *whole;           /* by option: whole amounts, feasible too, near the best; owned */
    double *resource_prices; /* by resource, dollars an hour per unit, >= 0; owned */
    double *class_prices;    /* by class; owned */
};

/*
 * The linear program: plain simplex when it is small, else price decomposition (a master over the
 * resources; each class takes its best option at the current prices), with a certified bound.
 * `warm_prices` (may be NULL) are the last round's, by resource. Returns 0 with *out filled
 * (release with placement_answer_fini) also for PLACEMENT_FAILED; -1 for a malformed problem.
 */
int placement_solve_linear(const struct placement_problem *problem,
    const struct placement_budget *budget, const double *warm_prices, struct placement_answer *out,
    struct err *err);

/* The same with whole amounts, for small problems. */
int placement_solve_whole(const struct placement_problem *problem,
    const struct placement_budget *budget, struct placement_answer *out, struct err *err);

void placement_answer_fini(struct placement_answer *answer);

#endif
