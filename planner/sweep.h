/*
 * sweep: the plan as power, demand, budgets, supply, prices or dates vary, alone or crossed. Each
 * point starts from its neighbour's basis.
 */
#ifndef PLANNER_SWEEP_H
#define PLANNER_SWEEP_H

#include "planner/capacity_solve.h"
#include "workloads/scenario_change.h"

#include <stdio.h>

struct err;

enum { SWEEP_AXES_MAX = 4, SWEEP_POINTS_MAX = 100000 };

/* One quantity, from low to high in so many equal steps. */
struct sweep_axis {
    const char *text; /* as given: "power:oregon" */
    struct scenario_change change;
    double low, high;
    int count;
};

struct sweep_point {
    double values[SWEEP_AXES_MAX];
    bool is_known;
    enum plan_status status;
    double objective_usd; /* this and what follows: NAN where there is no plan */
    double cost_usd[COST_PART_COUNT];
    double peak_mw;  /* the largest sum over sites of operating power */
    double acquired; /* systems, in all */
};

struct sweep {
    const struct scenario *scenario; /* borrowed */
    struct sweep_axis axes[SWEEP_AXES_MAX];
    int axis_count;
    struct sweep_point *points; /* first axis slowest */
    size_t point_count;
    bool is_parallel; /* may use two threads; the same points come of it */
};

/* "power:oregon=0.5..2.0/16" as one more axis. -1 with ERR_USAGE. */
int sweep_add_axis(struct sweep *sweep, const char *text, struct err *err);
/* What a step of an axis, from 0, changes to: a factor, or whole months. */
double sweep_axis_value(const struct sweep_axis *axis, int step);
/* Make the points. -1: too many. */
int sweep_make_points(struct sweep *sweep, struct err *err);
void sweep_fini(struct sweep *sweep);

/*
 * Solve what is not known yet, from the scenario as it is outwards, each point from its neighbour's
 * basis. Infeasible points are answers, and points that are harder than one are not solved at all.
 * Calls `done` (may be NULL) after each point. Returns 0 when all are known, 1 when options->stop
 * or the time limit ended it first, -1 with err when a solve failed. Where is_parallel, `done`,
 * options->stop and clock_s are called by two threads, `done` by one at a time.
 */
int sweep_run(struct sweep *sweep, const struct solve_options *options,
    int (*done)(void *context, const struct sweep *sweep, const struct sweep_point *point),
    void *context, struct err *err);

/* Points that an earlier run wrote with sweep_print_csv are known then. -1: the file can't be read
 * or is of another sweep. */
int sweep_read_csv(struct sweep *sweep, const char *path, struct err *err);

void sweep_print_csv_head(const struct sweep *sweep, FILE *stream);
void sweep_print_csv_point(
    const struct sweep *sweep, const struct sweep_point *point, FILE *stream);
void sweep_print_text(const struct sweep *sweep, FILE *stream);
int sweep_print_json(const struct sweep *sweep, FILE *stream, struct err *err);
/* One HTML page with the frontier as a chart. */
int sweep_print_page(const struct sweep *sweep, FILE *stream, struct err *err);

#endif
