/*
 * plan_text_private: the sections of a plan's text, each printing nothing where it has nothing to
 * say.
 */
#ifndef PLANNER_PLAN_TEXT_PRIVATE_H
#define PLANNER_PLAN_TEXT_PRIVATE_H

#include "planner/plan_text.h"

/* plan_text_cost.c */
void plan_text_cost(const struct capacity_plan *plan, FILE *stream);

/* plan_text_systems.c */
void plan_text_acquired(const struct capacity_plan *plan, bool all, FILE *stream);
void plan_text_in_service(const struct capacity_plan *plan, bool all, FILE *stream);
void plan_text_retired(const struct capacity_plan *plan, bool all, FILE *stream);
void plan_text_runs(const struct capacity_plan *plan, bool all, FILE *stream);

/* plan_text_limits.c */
void plan_text_power(const struct capacity_plan *plan, bool all, FILE *stream);
void plan_text_budgets(const struct capacity_plan *plan, FILE *stream);
void plan_text_shortfalls(const struct capacity_plan *plan, FILE *stream);

/* plan_text_unmet.c */
void plan_text_unmet(const struct capacity_plan *plan, FILE *stream);

/* One demand that is not served in full, over all its periods. */
struct unmet_demand {
    int workload, region; /* region -1: training or batch */
    int first, last;      /* periods; -1: the whole window */
    double units;         /* not served */
    double share;         /* of what is asked in those periods */
    double usd;           /* what it would have been worth, present dollars */
};

/* Those of a plan, the most valuable first; gives (mem_free). */
struct unmet_demand *plan_text_unmet_demands(const struct capacity_plan *plan, size_t *count);

#endif
