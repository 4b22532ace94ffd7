/*
 * capacity_dive_private: what a dive and its neighbourhoods share.
 */
#ifndef PLANNER_CAPACITY_DIVE_PRIVATE_H
#define PLANNER_CAPACITY_DIVE_PRIVATE_H

#include "base/rng.h"
#include "planner/capacity_dive.h"
#include "planner/lp.h"

/* A whole column. */
struct dive_column {
    int index;
    double lower, upper; /* its own bounds, whole */
    double was_lower, was_upper;
    double value; /* of the last solve */
    double push;  /* what is added before rounding; 0: to the nearest */
};

struct capacity_dive {
    struct capacity_model *model;
    const struct capacity_dive_options *options;
    struct rng rng;
    struct dive_column *columns; /* by period */
    int column_count;
    int *first;   /* by period, and one more: of its columns */
    double *best; /* by column of the model */
    double best_objective;
    double cutoff; /* what costs as much is of no use */
    double look_at_s;
    bool has_best, is_over;
};

enum dive_step {
    DIVE_HELD,   /* there is a point */
    DIVE_DEAR,   /* there is, but it is of no use */
    DIVE_BROKEN, /* there is none */
    DIVE_OVER    /* time, or told to stop */
};

/* Solve with the bounds as they are; fills the columns' values when it held. */
enum dive_step dive_solve(struct capacity_dive *dive);
void dive_fix(struct capacity_dive *dive, const struct dive_column *column, double value);
void dive_free(struct capacity_dive *dive, const struct dive_column *column);
/* Is it time to end? Also tells progress and asks `stop`, now and then. */
bool dive_is_over(struct capacity_dive *dive);
/* Take the solver's point, which is whole, as the best. */
void dive_take(struct capacity_dive *dive);
/* What a sub-problem's solve may take. */
struct lp_options dive_lp_options(struct capacity_dive *dive);

#endif
