/*
 * capacity_coarse: which columns of a large planning model to begin sifting with.
 *
 * The same scenario by years is a tenth of the work of one by quarters, and uses the same runs:
 * what a workload runs on at a site in a year it mostly runs on in that year's quarters. So the
 * runs that the plan by years would use are the ones to begin with. Only the time of a solve
 * depends on this, never its answer.
 */
#ifndef PLANNER_CAPACITY_COARSE_H
#define PLANNER_CAPACITY_COARSE_H

#include "planner/capacity_model.h"

struct lp_options;

/* Mark all columns but runs, and of the runs those that cost least for a unit of work, among those
 * of the same workload, site and period. */
void capacity_choose_cheapest(const struct capacity_model *model, unsigned char *is_first);

/* The same, with the runs that a plan by years uses instead, where there are such and there is such
 * a plan. `options` are for its solve: limits, stop, progress. */
void capacity_choose_by_years(
    const struct capacity_model *model, const struct lp_options *options, unsigned char *is_first);

#endif
