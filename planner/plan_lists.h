/*
 * plan_lists: the lists of a plan as rows of named cells, so that JSON and CSV show the same fields
 * under the same names (planner/pages and formats: `wattyard plan --json`).
 */
#ifndef PLANNER_PLAN_LISTS_H
#define PLANNER_PLAN_LISTS_H

#include "base/date.h"
#include "planner/capacity_plan.h"

#include <stdbool.h>
#include <stddef.h>

enum plan_cell_kind {
    PLAN_CELL_ABSENT, /* no such field in this row: left out of JSON, empty in CSV */
    PLAN_CELL_NULL,
    PLAN_CELL_TEXT,
    PLAN_CELL_NUMBER,
    PLAN_CELL_COUNT, /* a whole number, in `number` */
    PLAN_CELL_MONTH,
    PLAN_CELL_BOOL
};

struct plan_cell {
    enum plan_cell_kind kind;
    const char *text; /* borrowed from the plan or its scenario */
    double number;    /* in the unit that the field's name ends in */
    date_month month;
    bool flag;
};

enum { PLAN_LIST_FIELDS_MAX = 10 };

struct plan_list {
    const char *name;
    const char *fields[PLAN_LIST_FIELDS_MAX + 1]; /* NULL-terminated; units at their ends */
    /* How many rows there may be; each is asked for in turn. */
    size_t (*row_count)(const struct capacity_plan *plan);
    /* Fill the cells, one a field. False: there is no such row after all. */
    bool (*read)(const struct capacity_plan *plan, size_t index, struct plan_cell *cells);
};

/* In the order of the JSON. */
extern const struct plan_list PLAN_LISTS[];
extern const size_t PLAN_LIST_COUNT;

#endif
