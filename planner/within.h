/*
 * within: near-optimal plans: of each system at each site, the least and the most that can be in
 * service at a time while the cost stays within a share of the best. What is the same in all such
 * plans is forced; where the least is 0 and the most is much, the choice is open.
 */
#ifndef PLANNER_WITHIN_H
#define PLANNER_WITHIN_H

#include "planner/capacity_solve.h"

#include <stdio.h>

struct err;
struct json_writer;
struct table;

struct within_range {
    int system;
    int site; /* -1: at all sites together */
    double planned;
    double least, most; /* NAN: not known by the end; INFINITY: nothing bounds it */
};

struct within {
    double share;
    double limit_usd; /* best cost + share · |best cost| */
    int period;
    bool is_complete;            /* all ranges are known */
    struct within_range *ranges; /* by system, each system's sum first; none that can't stand */
    int range_count;
};

struct within_options {
    double share;                       /* 0.02: two percent */
    int period;                         /* of the scenario: when the systems are in service */
    const struct solve_options *solve;  /* those of the plan; its clock, stop and progress */
    const struct capacity_basis *basis; /* that the plan's solve left; NULL: none */
    double time_limit_s;                /* 0: none */
};

/*
 * The ranges around a plan that is optimal, of a scenario's linear program; with binaries each end
 * is a search of its own. Two solves a range, each from the basis of the one before. When the time
 * is over or solve->stop says so, what is known stands. NULL with err only when the solver fails.
 * The caller destroys it.
 */
struct within *within_find(
    const struct capacity_plan *plan, const struct within_options *options, struct err *err);
void within_destroy(struct within *within);

/* share and period of a question: "2%", "2 %" or "0.02", from 0 to 10; "2027-01" (NULL: the last
 * period). -1 with ERR_USAGE. */
int within_parse(const struct scenario *scenario, const char *share, const char *month,
    struct within_options *out, struct err *err);

/* within_print.c */

void within_print(const struct within *within, const struct scenario *scenario, FILE *stream);
/* "within": an object, into the open one. */
void within_write_json(
    const struct within *within, const struct scenario *scenario, struct json_writer *writer);
/* Rows for a CSV. Gives (table_destroy). */
struct table *within_table(const struct within *within, const struct scenario *scenario);

#endif
