/*
 * plan_text: a plan for people: what it costs, what to get and when, what stands and runs where,
 * what power and money are used, what goes unserved, and what holds the plan back. At most
 * PLAN_TEXT_WIDTH wide where names allow.
 */
#ifndef PLANNER_PLAN_TEXT_H
#define PLANNER_PLAN_TEXT_H

#include "planner/capacity_plan.h"

#include <stdbool.h>
#include <stdio.h>

struct plan_text_options {
    bool all_periods;
    bool with_prices; /* all of them, and what was not chosen */ /* never put periods together */
    bool is_interrupted; /* it was a person, not the clock, who ended the solve */
};

/* Errors of the stream are left in it, for the caller to ask (ferror). */
void plan_text_print(
    const struct capacity_plan *plan, const struct plan_text_options *options, FILE *stream);

/* Why there is no plan, as one sentence; NULL where there is one, or none was found in time. */
const char *plan_text_refusal(const struct capacity_plan *plan);

#endif
