/*
 * conflict: why a scenario has no plan, in its own things: sites' power, supply, promises, budgets,
 * required work. First the least change of one thing alone that would make it feasible; then a set
 * of things that cannot hold together, of which each one is needed for that.
 *
 * Both come of one linear program: the plain model (nothing left out as implied), with a slack for
 * each thing in every row that is that thing's (Chinneck, Feasibility and Infeasibility in
 * Optimization, 2008: elastic and deletion filters, here over things instead of rows).
 */
#ifndef PLANNER_CONFLICT_H
#define PLANNER_CONFLICT_H

#include "workloads/scenario.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct json_writer;

enum conflict_kind {
    CONFLICT_SITE_POWER,   /* MW more */
    CONFLICT_FLOOR,        /* rack positions more */
    CONFLICT_SUPPLY,       /* systems a month more */
    CONFLICT_OFFER_MAX,    /* systems more */
    CONFLICT_COMMITMENT,   /* MW less */
    CONFLICT_BUDGET,       /* dollars, or tonnes, more */
    CONFLICT_LIMIT,        /* MW of nameplate over the share */
    CONFLICT_REQUIRED,     /* share of the required work less */
    CONFLICT_WORKLOAD_MAX, /* systems more */
    CONFLICT_KIND_COUNT
};
extern const char *const CONFLICT_KIND_NAMES[CONFLICT_KIND_COUNT];
extern const char *const CONFLICT_UNITS[CONFLICT_KIND_COUNT];

/* One thing of the scenario: a site, an offer, a commitment, a budget, a limit, a workload. */
struct conflict_thing {
    enum conflict_kind kind;
    int index; /* into the scenario's array of its kind */
};

/* A change of one thing that alone makes the scenario feasible. */
struct conflict_repair {
    struct conflict_thing thing;
    double amount;        /* in the unit of its kind; the least that is enough */
    int from_period;      /* site power: needed from this period on; 0: from the start */
    int later_period;     /* commitment: it could begin here instead; -1: that would not help */
    double objective_usd; /* of the best plan with this change; NAN: not known */
};

struct conflict {
    const struct scenario *scenario; /* borrowed */
    struct conflict_repair *repairs; /* in order of what the plan then costs */
    int repair_count;
    struct conflict_thing *together; /* where no one change is enough: changes that are together */
    double *together_amounts;
    int together_count;
    struct conflict_thing *set; /* they cannot hold together */
    int set_count;
    bool is_set_irreducible; /* without any one of them the rest can hold */
    bool are_repairs_all;    /* no other change of one thing alone is enough */
    bool is_cut;             /* time, effort or `stop` ended it: what is not known is left out */
    bool is_set_asked;
};

struct conflict_options {
    double time_limit_s; /* 0: none; what is known by then is returned */
    bool is_set_asked;   /* print the set however long it is */
    int64_t effort_most; /* simplex iterations for the set, and for the changes; 0: some times what
                            it takes to see that there is no plan */
    bool (*stop)(void *context);
    void *context;
    double (*clock_s)(void); /* required */
};

/* Explain an infeasible scenario. What it takes is bounded, in times of a first solve, by counting:
 * set and changes that were not found by then are left out. NULL with err when the solver fails or
 * it is not infeasible. Release with conflict_destroy. */
struct conflict *conflict_find(
    const struct scenario *scenario, const struct conflict_options *options, struct err *err);
void conflict_destroy(struct conflict *conflict);

/* "commitment trainium-2gw", with its file and line. */
const char *conflict_thing_id(const struct scenario *scenario, struct conflict_thing thing);
struct where conflict_thing_where(const struct scenario *scenario, struct conflict_thing thing);

void conflict_print(const struct conflict *conflict, FILE *stream);
/* The member "conflict" of the plan's JSON. */
void conflict_write_json(const struct conflict *conflict, struct json_writer *writer);

#endif
