/*
 * plan_costs: a plan's cost by part and period, reckoned from its lists.
 */
#ifndef PLANNER_PLAN_COSTS_H
#define PLANNER_PLAN_COSTS_H

#include "planner/capacity_plan.h"

/*
 * usd[part * period_count + period] += the cost of that part in that period, in present dollars;
 * over the periods the sums are plan->cost_usd. What is paid for the whole horizon stands in the
 * period that discounts it: unserved volumes and spend shortfalls in the last of their window,
 * porting in the first, salvage in the last of the horizon. `usd` has COST_PART_COUNT ×
 * period_count places, zero at first.
 */
void plan_costs_by_period(const struct capacity_plan *plan, double *usd);

#endif
