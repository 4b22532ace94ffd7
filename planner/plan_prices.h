/*
 * plan_prices: what `plan --prices` prints: each price with the limits between which it holds, and
 * how much cheaper each system would have to be at a site where none is acquired.
 */
#ifndef PLANNER_PLAN_PRICES_H
#define PLANNER_PLAN_PRICES_H

#include "planner/capacity_plan.h"

#include <stdio.h>

/* Prints nothing where no limit has a price. */
void plan_prices_print(const struct capacity_plan *plan, FILE *stream);

/* Those that are the nearest to being chosen first. Prints nothing where there are none. */
void plan_not_chosen_print(const struct capacity_plan *plan, FILE *stream);

/* "would have to be 7.0 % cheaper", into buffer, which is returned. */
const char *plan_not_chosen_words(const struct plan_not_chosen *row, char *buffer, size_t size);

#endif
