/*
 * capacity_plan_private: what the files that make a plan out of a solved model share.
 */
#ifndef PLANNER_CAPACITY_PLAN_PRIVATE_H
#define PLANNER_CAPACITY_PLAN_PRIVATE_H

#include "base/mem.h"
#include "planner/capacity_model.h"
#include "planner/capacity_plan.h"

/* list.rows[count] = the row that follows (a struct value, for its commas in parentheses). */
#define PLAN_APPEND(list, ...)                                                                     \
    ((list).rows = mem_grow((list).rows, (list).count, &(list).capacity, sizeof *(list).rows),     \
        (list).rows[(list).count++] = (__VA_ARGS__))

/* Amounts below are noise of the solver: systems, and a share of a demand, volume or commitment. */
#define PLAN_SYSTEMS_MIN 1e-9
#define PLAN_SHARE_MIN 1e-9

/* --- capacity_extract.c: decisions from the values of the model's columns */
void capacity_plan_extract(struct capacity_plan *plan, const struct capacity_model *model);

/* --- capacity_served.c: who serves whom, and what goes unserved, from what runs. Takes the lists
 * `served` and `unmet` as the solver left them, and puts them in order. */
void capacity_plan_serve(struct capacity_plan *plan);

/* --- capacity_derive.c: what follows from the decisions */
void capacity_plan_derive(struct capacity_plan *plan);

/* --- capacity_prices.c: what limits are worth, from the duals of a solved model */
void capacity_plan_price(struct capacity_plan *plan, const struct capacity_model *model);

#endif
