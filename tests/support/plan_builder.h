/*
 * plan_builder: a plan with known rows, made by hand and not by a solver, for what prints plans.
 */
#ifndef TESTS_SUPPORT_PLAN_BUILDER_H
#define TESTS_SUPPORT_PLAN_BUILDER_H

#include "planner/capacity_plan.h"

struct built_plan {
    struct scenario *scenario;
    struct capacity_plan *plan;
};

/* tests/cases/scenario/full.xml and a plan for it. The rows obey no constraint; they are there to
 * be told apart. Release with plan_builder_fini. */
struct built_plan plan_builder_init(void);
void plan_builder_fini(struct built_plan *built);

/* Add a price to it. */
void plan_builder_add_price(struct capacity_plan *plan, enum price_kind kind, const char *id,
    int period, double usd_per_unit, const char *unit);

#endif
