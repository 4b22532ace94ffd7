/*
 * capacity_ranges_private: a limit of the model as what can be moved, for where prices hold
 * (capacity_ranges.c) and for what limits over all periods would save (capacity_holds.c).
 */
#ifndef PLANNER_CAPACITY_RANGES_PRIVATE_H
#define PLANNER_CAPACITY_RANGES_PRIVATE_H

#include "planner/capacity_plan_private.h"

/* Of a limit: how far beyond an end is looked. */
#define RANGING_STEP_REL 1e-5

/* A limit as the model has it: by how much bounds move for one more unit of it. {0} is none. */
struct direction {
    struct lp_shift *shifts; /* owned, as the two below */
    double *lower, *upper;   /* the bounds as they are */
    size_t count, capacity;
    double step; /* a small change of it, in its unit */
};

struct ranging {
    struct capacity_plan *plan;
    struct capacity_model *model;
    struct lp *lp;
    unsigned char *rows, *columns; /* the basis of the plan */
    bool follows;                  /* through bases with the same price */
    bool (*stop)(void *context);
    void *context;
};

bool ranging_is_stopped(const struct ranging *r);

void direction_add_shift(
    const struct ranging *r, struct direction *d, const struct lp_shift *shift);
/* Move the model's bounds to so many units more than they are. */
void direction_move(const struct ranging *r, const struct direction *d, double units);
void direction_fini(struct direction *d);

/* How much less and more of it keeps the price, and the price beyond (NAN: not known, or there is
 * no plan); false: not known. The model is where it was then. */
bool ranging_find(
    struct ranging *r, const struct direction *d, double ends[2], double usd_beyond[2]);

/* Fill the plan's hold_ranges with how far limits may move in all periods at once. Shares of power
 * are not among them: what one more point is depends on the plan. */
void ranging_list_holds(struct ranging *r);

#endif
