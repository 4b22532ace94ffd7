/*
 * placement_private: what the solvers of placement_model share.
 */
#ifndef PLANNER_PLACEMENT_PRIVATE_H
#define PLANNER_PLACEMENT_PRIVATE_H

#include "planner/placement_model.h"

/* A capacity at or above it limits nothing. */
#define PLACEMENT_NO_LIMIT 1e290

/* Empty arrays of the problem's size, status failed. */
void placement_answer_init(const struct placement_problem *problem, struct placement_answer *out);

/* Has the guard's time passed since start_s? Always false without a guard. */
bool placement_guard_passed(const struct placement_budget *budget, double start_s);

/* Less of an option than this is rounding. */
#define PLACEMENT_DUST 1e-9

/* placement_reduce.c: the same problem over the options that can be and the capacities that may
 * bind; it borrows the rest. Release with placement_part_fini. */
struct placement_part {
    struct placement_problem problem;
    struct placement_option *options; /* owned; their limits are as tight as can be */
    int *origin;                      /* by option: its index in the whole problem; owned */
    double *capacity;                 /* owned; INFINITY: does not bind */
    int binding_count;
};
struct placement_part placement_reduce(const struct placement_problem *problem);
/* The part's answer becomes the whole problem's, of so many options. */
void placement_expand(
    const struct placement_part *part, int option_count, struct placement_answer *answer);
void placement_part_fini(struct placement_part *part);

/* placement_whole.c: whole amounts from the answer's prices. */
void placement_make_whole(const struct placement_problem *problem, struct placement_answer *out);

/* As one LP or MIP. */
void placement_solve_direct(const struct placement_problem *problem,
    const struct placement_budget *budget, bool is_whole, struct placement_answer *out);

/* By prices: a master over the resources alone. */
void placement_solve_by_prices(const struct placement_problem *problem,
    const struct placement_budget *budget, const double *warm_prices, struct placement_answer *out);

#endif
