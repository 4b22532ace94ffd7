/*
 * lp_random: linear and mixed-integer programs from a seed, and checks of an answer that share
 * nothing with the solver.
 */
#ifndef TESTS_SUPPORT_LP_RANDOM_H
#define TESTS_SUPPORT_LP_RANDOM_H

#include "base/rng.h"
#include "planner/lp.h"

struct lp_shape {
    int rows, columns;
    int integers;   /* so many of the first columns are whole, every other one binary */
    double density; /* of the terms */
    double unit;    /* what values are around: 1, or far from it */
};

/* An lp with an optimum: rows are laid around a point, columns have bounds or a cost that pulls
 * them to one. Rows and columns of all kinds; bounds of whole columns are small. */
struct lp *lp_random(struct rng *rng, const struct lp_shape *shape);

/* Change something that may change between two solves. It may become infeasible or unbounded. */
void lp_random_change(struct rng *rng, struct lp *lp);

/*
 * Fails the test unless the point keeps all rows and bounds, the signs of duals and reduced costs
 * are right, cost = reduced cost + terms × duals, and what is not at a bound has no dual: so it is
 * an optimum. The tolerance is relative to the size of the terms.
 */
void lp_assert_optimal(const struct lp *lp, double tolerance);

/* Fails the test unless the point keeps all rows and bounds, and is whole where it must be. */
void lp_assert_feasible(const struct lp *lp, double tolerance);

#endif
