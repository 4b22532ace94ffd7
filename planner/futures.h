/*
 * futures: the plan of a scenario that may come in several ways. What is decided before it is known
 * which one comes is the same in all futures that are not told apart by then; what is decided after
 * it is each future's own. The expected cost is least.
 *
 * The model is the extensive form: the planning model of each future, joined by the decisions that
 * are common. Common are: acq[o,s,t] where the order, start_t less the offer's lead-months, comes
 * before the month from which the future is known; keep[e,t] where start_t does; the sites and
 * stacks of a workload (binaries) where the first period of its window does. Where in one of those
 * futures the vendor delivers none by then (not available yet, no supply), none comes there and
 * none is paid; where it would come and has no place (no power), none is ordered at all.
 */
#ifndef PLANNER_FUTURES_H
#define PLANNER_FUTURES_H

#include "planner/capacity_solve.h"

#include <stdint.h>
#include <stdio.h>

struct err;

/* An acquisition that several futures share. */
struct future_common {
    int offer, site, period;
    double systems;
    uint64_t futures; /* bit i: future i shares it */
};

struct future_plan {
    struct scenario *scenario;  /* as it is in this future. Owned */
    struct capacity_plan *plan; /* its own, with the common beginning; NULL: none. Owned */
    enum plan_status alone_status;
    double alone_usd; /* the best cost were it known from the start; NAN: no plan, or not known */
};

struct futures {
    const struct scenario *scenario; /* borrowed */
    enum plan_status status;
    bool has_plan, is_whole;
    struct future_plan *rows; /* by future */
    int count;
    double expected_usd, bound_usd, gap;
    double alone_usd;      /* the expected best cost were it known from the start; NAN: not known */
    double unprepared_usd; /* the expected cost of deciding what is common as if the scenario came
                              as it stands; INFINITY: some future can't go on so; NAN: not known */
    struct {
        int rows, columns, nonzeros, integers;
    } size;
    struct {
        double read, build, solve;
    } seconds;
    PLAN_LIST(future_common) common;
};

/* The scenario has futures. NULL only with err; the caller destroys it. After a limit or `stop`
 * what is known stands. */
struct futures *futures_solve(
    const struct scenario *scenario, const struct solve_options *options, struct err *err);
void futures_destroy(struct futures *futures);

/* The first future that has no plan even when it is known from the start; -1: each has one. */
int futures_find_infeasible(const struct futures *futures);

/* Why there is no plan, in words; NULL where there is one, or none was found in time. */
const char *futures_refusal(const struct futures *futures);

/* futures_print.c */

struct plan_text_options;

void futures_print(
    const struct futures *futures, const struct plan_text_options *options, FILE *stream);
/* `conflict` (may be NULL): why there is no plan. */
int futures_print_json(
    const struct futures *futures, const char *conflict, FILE *stream, struct err *err);
/* futures.csv and common.csv, and a folder of CSV files for each future, into `folder`. */
int futures_write_csv(const struct futures *futures, const char *folder, struct err *err);

#endif
