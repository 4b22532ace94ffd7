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
    int thing;        /* its index */
    int first, last;  /* periods, the first and last with a price; -1: one row of all the horizon */
    int period_count; /* how many of them have one */
    const char *unit; /* what one unit is: "one more MW"; a constant */
    double unit_usd;  /* saved by one more unit in each of the periods */
    /* Saved by 1 % more (of what is promised: less); at most so much, where that was not tried. */
    double percent_usd;
    /* How many units save so much, and whether 1 % was tried; NULL: not known. Borrowed. */
    const struct plan_hold_range *range;
};

/* The plan's limits in order of percent_usd, the largest first, in the arena; returns how many.
 * Those of capacity and demand, which no one sets, are not among them. */
size_t plan_holds_rank(
    const struct capacity_plan *plan, struct arena *arena, struct plan_hold **out);

/* How many units of a price of that kind one unit in words is, in a period (-1: of the horizon): a
 * system more a month is three a quarter; and how many 1 % of the limit is. False: no one sets a
 * limit of this kind. */
bool plan_holds_units(const struct capacity_plan *plan, enum price_kind kind, int thing, int period,
    double *unit, double *percent);

/* "power at oregon, 2027-01 to 2027-09: one more MW saves $5.6 m, for up to 12.0", added to out. */
void plan_holds_words(
    const struct scenario *scenario, const struct plan_hold *hold, struct str *out);

/* The first `count` of them in words with money; "1 % saves" is percent_usd. Prints nothing where
 * nothing binds. */
void plan_holds_print(const struct capacity_plan *plan, size_t count, FILE *stream);

#endif
