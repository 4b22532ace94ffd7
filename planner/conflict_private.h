/*
 * conflict_private: what the files of conflict share: the plain model with a slack column for each
 * thing, which takes part in every row that is the thing's. The model's own costs are 0, so that
 * every basis is dual feasible, and any change of bounds is a short run of the dual simplex.
 *
 * Effort is counted, not timed, so that the same scenario always gives the same answer: a solve
 * takes as many units as it has iterations, and some more.
 */
#ifndef PLANNER_CONFLICT_PRIVATE_H
#define PLANNER_CONFLICT_PRIVATE_H

#include "planner/conflict.h"
#include "planner/lp.h"

#include <stdint.h>

struct capacity_model;

struct elastic {
    const struct scenario *scenario;
    const struct conflict_options *options;
    struct capacity_model *model;
    double *costs; /* the model's own, by column */
    int own_columns;
    struct conflict_thing *things;
    int *slacks; /* by thing: its column */
    int thing_count;
    int *row_thing;                /* by row: whose it is; -1: nobody's */
    double *row_change;            /* by row: its slack's coefficient */
    double *row_lower, *row_upper; /* by row: its bounds, while nothing is relaxed */
    double deadline_s;
    int64_t effort, effort_most;
    bool is_over; /* the time, the effort, or somebody's patience */
};

/* NULL model: ERR_LIMIT and such. Release with elastic_fini in any case. */
int elastic_init(struct elastic *e, const struct scenario *scenario,
    const struct conflict_options *options, struct err *err);
void elastic_fini(struct elastic *e);

/* From now on as much effort as so many first solves, at least so much that small scenarios do not
 * notice. `first` is what the first solve took. */
void elastic_allow(struct elastic *e, int64_t first);

/* Is there a point? `is_over` when that is not known. */
enum lp_status elastic_solve(struct elastic *e, struct err *err);
/* The same of another program with the same limits; by sifting where is_first is not NULL. */
enum lp_status elastic_solve_other(
    struct elastic *e, struct lp *lp, const unsigned char *is_first, struct err *err);

/* Let the slack of a thing be up to `upper`, at a cost. */
void elastic_free(const struct elastic *e, struct lp *lp, int thing, double upper, double cost);

/* Relax the thing's rows of these periods alone as a slack of `amount` would (INFINITY: they are no
 * limits); and put them back. */
void elastic_relax(const struct elastic *e, int thing, int from, int to, double amount);
void elastic_restore(const struct elastic *e, int thing);

/* conflict_repairs.c */

/* Fill repairs and together. `is_candidate`, by thing: no other one can be a repair. */
void conflict_find_repairs(struct elastic *e, const bool *is_candidate, struct conflict *out);

#endif
