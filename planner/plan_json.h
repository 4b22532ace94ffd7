/*
 * plan_json: a plan as the one JSON object of `wattyard plan --json`.
 */
#ifndef PLANNER_PLAN_JSON_H
#define PLANNER_PLAN_JSON_H

#include "planner/capacity_plan.h"

#include <stdio.h>

struct err;

/*
 * Print the plan. Amounts are in the unit that the name ends in; what is not known (the cost of a
 * scenario without a plan) is null. `conflict` (may be NULL) says why there is no plan. -1 with
 * ERR_IO when it can't be written.
 */
int plan_json_print(
    const struct capacity_plan *plan, const char *conflict, FILE *stream, struct err *err);

/* The members of that object, into the open one. */
struct json_writer;
void plan_json_write(
    const struct capacity_plan *plan, const char *conflict, struct json_writer *writer);

#endif
