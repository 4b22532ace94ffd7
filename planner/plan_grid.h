/*
 * plan_grid: amounts over the periods, one row for each pair of things (site and system, workload
 * and system), printed as a table whose columns are periods.
 */
#ifndef PLANNER_PLAN_GRID_H
#define PLANNER_PLAN_GRID_H

#include "workloads/scenario.h"

#include <stdbool.h>
#include <stdio.h>

struct plan_grid;

/* Where a column spans several periods: what is there at its end, what is done in all of it, or the
 * mean over its hours. */
enum plan_grid_kind { PLAN_GRID_STOCK, PLAN_GRID_FLOW, PLAN_GRID_MEAN };

/* The name of thing `index`; borrowed from the scenario. */
typedef const char *plan_name_fn(const struct scenario *scenario, int index);
const char *plan_site_name(const struct scenario *scenario, int site);
const char *plan_system_name(const struct scenario *scenario, int system);
const char *plan_offer_name(const struct scenario *scenario, int offer);
const char *plan_workload_name(const struct scenario *scenario, int workload);

/* Pairs of (0..first_count) and (0..second_count). Release with plan_grid_destroy. */
struct plan_grid *plan_grid_create(
    const struct scenario *scenario, size_t first_count, size_t second_count);
void plan_grid_destroy(struct plan_grid *grid);

/* The row's amounts, one a period, zero at first; the row is made when it is not there. */
double *plan_grid_row(struct plan_grid *grid, int first, int second);

bool plan_grid_is_empty(const struct plan_grid *grid);

/*
 * Print under a title, rows in order of first, then second; nothing when there is no row. At most
 * PLAN_TEXT_WIDTH wide: periods are put together where they would not fit, or, with `all`, shown
 * in blocks one below the other.
 */
void plan_grid_print(const struct plan_grid *grid, const char *title, plan_name_fn *first_name,
    plan_name_fn *second_name, enum plan_grid_kind kind, bool all, FILE *stream);

#endif
