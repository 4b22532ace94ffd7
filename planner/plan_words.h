/*
 * plan_words: spans of time and what is asked for, as a plan's text says them.
 */
#ifndef PLANNER_PLAN_WORDS_H
#define PLANNER_PLAN_WORDS_H

#include "planner/capacity_plan.h"

#include <stddef.h>

/* "2027-01 to 2027-09" (the last month of period `last`), "2027-01" for one month; into buffer,
 * returns buffer. Both -1: the whole horizon. */
const char *plan_words_span(
    const struct scenario *scenario, int first, int last, char *buffer, size_t size);

/* The same as a part of a sentence: "all along", "until 2027-09", "from 2027-01",
 * "2027-01 to 2027-09". */
const char *plan_words_when(
    const struct scenario *scenario, int first, int last, char *buffer, size_t size);

/* "chat/eu"; "chat" where the demand has no region. */
const char *plan_words_demand(
    const struct scenario *scenario, int workload, int region, char *buffer, size_t size);

/* "quarter", "month", "year" or "period": what one step of the horizon is. */
const char *plan_words_step(const struct scenario *scenario);

/* What inference asks for over all regions and periods, in units (peak rates × hours); what
 * training and batch ask for. */
double plan_words_asked_units(const struct scenario *scenario, int workload);

#endif
