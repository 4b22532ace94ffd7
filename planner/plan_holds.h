/*
 * plan_holds: what holds a plan back: its limits with their prices, ranked by what a little more of
 * each would save.
 */
#ifndef PLANNER_PLAN_HOLDS_H
#define PLANNER_PLAN_HOLDS_H

#include "planner/capacity_plan.h"

#include <stddef.h>
#include <stdio.h>

struct arena;
struct str;

/*
 * One limit over the periods in which it has a price. Savings are present dollars and those of the
 * first unit: what more units save falls, so ten times as many save at most ten times as much.
 */
struct plan_hold {
    enum price_kind kind;
    const char *what; /* "power at ", before the id; a constant */
    const char *id;   /* of the site, offer, budget, ...; borrowed from the plan */
    int first, last;  /* periods, the first and last with a price; -1: one row of all the horizon */
    int period_count; /* how many of them have one */
    const char *unit; /* what one unit is: "one more MW"; a constant */
    double unit_usd;  /* saved by one more unit in each of the periods */
    double percent_usd; /* saved by 1 % more (of what is promised: less) in each of them */
    /* How many units save so much; NULL: not known. Borrowed. */
    const struct plan_hold_range *range;
};

/* The plan's limits in order of percent_usd, the largest first, in the arena; returns how many.
 * Those of capacity and demand, which no one sets, are not among them. */
size_t plan_holds_rank(
    const struct capacity_plan *plan, struct arena *arena, struct plan_hold **out);

/* How many units of the price one unit in words is: a system more a month is three a quarter. 0: no
 * one sets a limit of this kind. */
double plan_holds_unit(const struct capacity_plan *plan, const struct plan_price *price);

/* "power at oregon, 2027-01 to 2027-09: one more MW saves $5.6 m, for up to 12.0", added to out. */
void plan_holds_words(
    const struct scenario *scenario, const struct plan_hold *hold, struct str *out);

/* The first `count` of them in words with money; "1 % saves" is percent_usd. Prints nothing where
 * nothing binds. */
void plan_holds_print(const struct capacity_plan *plan, size_t count, FILE *stream);

#endif
