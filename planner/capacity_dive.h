/*
 * capacity_dive: whole plans found by the linear program, for models too large to branch on.
 *
 * A dive rounds acq and keep period by period: those of a period that are whole already, and half
 * of the others, nearest to whole first, are fixed where they round to; the program is solved
 * again, warm; and so on until all are fixed. Where that leaves no plan, columns are rounded one by
 * one, the other way where need be; where that fails too, the dive goes some periods back and
 * rounds these otherwise. A plan is then improved by neighbourhoods: all but a part of the columns
 * are held at the best plan's numbers and a little branch and cut finds the part's best.
 *
 * The same model and options give the same plans, unless time or `stop` ends the search.
 */
#ifndef PLANNER_CAPACITY_DIVE_H
#define PLANNER_CAPACITY_DIVE_H

#include "planner/capacity_model.h"

struct capacity_dive;
struct lp_options;

struct capacity_dive_options {
    double good_enough; /* objective, in the lp's unit, at which the search ends */
    double deadline_s;  /* of clock_s; INFINITY: none */
    double (*clock_s)(void);
    /* Its progress, stop and context; limits are not used. */
    const struct lp_options *lp;
};

/*
 * Of a model with whole acq and keep whose relaxation was solved, so that there is a basis;
 * binaries must be fixed by their bounds. The model is borrowed, and the options; destroying puts
 * its bounds back.
 */
struct capacity_dive *capacity_dive_create(
    struct capacity_model *model, const struct capacity_dive_options *options);
void capacity_dive_destroy(struct capacity_dive *dive);

/* Dive for a plan. False: none was found. */
bool capacity_dive_run(struct capacity_dive *dive);

/* A dive without a plan was ended by time or `stop`: round what is left of it at once, in a few
 * ways, until one leaves a plan or the clock says until_s. It does not ask `stop`. False: none. */
bool capacity_dive_round(struct capacity_dive *dive, double until_s);

/* Better the plan, until so many neighbourhoods in a row gave nothing; at most so many in all. */
void capacity_dive_improve(struct capacity_dive *dive, int idle_rounds, int rounds);

/* The best plan: values by column, in the lp's units, borrowed; NULL: none. */
const double *capacity_dive_values(const struct capacity_dive *dive);
/* INFINITY: none. */
double capacity_dive_objective(const struct capacity_dive *dive);

#endif
