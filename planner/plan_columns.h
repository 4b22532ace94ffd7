/*
 * plan_columns: which periods a table on a terminal shows. All of them where they fit the width;
 * else they are put together, by quarter, by year, by so many years, as finely as fits.
 */
#ifndef PLANNER_PLAN_COLUMNS_H
#define PLANNER_PLAN_COLUMNS_H

#include "workloads/scenario.h"

#include <stdbool.h>

enum { PLAN_TEXT_WIDTH = 100, PLAN_COLUMN_HEAD_SIZE = 32 };

/* Periods first to last are one column. */
struct plan_column {
    int first, last;
    char head[PLAN_COLUMN_HEAD_SIZE]; /* "2026-01", "2026", "2026-29" */
};

struct plan_columns {
    struct plan_column *list; /* owned */
    int count;
    int months; /* that a column spans; the horizon's step where nothing is put together */
    bool is_grouped;
};

/* One column a period. Release with plan_columns_fini. */
struct plan_columns plan_columns_all(const struct scenario *scenario);

/*
 * Columns of `months` months each, cut at the calendar's (years begin in January), first and last
 * ones perhaps shorter. A period belongs to the column that it starts in.
 */
struct plan_columns plan_columns_grouped(const struct scenario *scenario, int months);

/* How many places of a line a column takes, blanks before it included. */
typedef int plan_column_width_fn(const void *context, const struct plan_column *column);

/* The finest columns that together take at most `room` places; the coarsest where none do. */
struct plan_columns plan_columns_fit(
    const struct scenario *scenario, int room, plan_column_width_fn *width, const void *context);

void plan_columns_fini(struct plan_columns *columns);

/* "year", "half-year", "quarter", "5 years": what a column spans, into buffer; returns buffer. */
const char *plan_columns_span(const struct plan_columns *columns, char *buffer, size_t size);

#endif
