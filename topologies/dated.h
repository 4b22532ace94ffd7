/*
 * dated: values that change by calendar month: power that grows, prices that fall, demand.
 *
 * A row takes effect in the first period that starts on or after its `from`, replaces earlier rows,
 * and ends with the last period that starts before its `to`; after that it is as before a first
 * row (planning model, Sets).
 */
#ifndef TOPOLOGIES_DATED_H
#define TOPOLOGIES_DATED_H

#include "base/date.h"
#include "base/faults.h"

#include <stddef.h>

struct arena;

struct dated_value {
    date_month from;
    date_month to; /* exclusive; DATE_MONTH_NONE: no end */
    double value;
    struct where where;
};

/* Rows in order of `from`, no two alike. Arrays belong to the arena of the scenario. */
struct dated {
    struct dated_value *rows;
    size_t count;
};

/* Rows while they are read, in the order of the file. {0} is empty and ready. */
struct dated_rows {
    struct dated_value *list;
    size_t count;
    size_t capacity;
};

/* Add a row. A fault, with the row left out, where it ends before it starts; `element` names it in
 * messages ("power"). Returns 0 or -1. */
int dated_rows_add(
    struct dated_rows *rows, struct dated_value row, const char *element, struct faults *faults);

/*
 * Put the rows in order, into *out in the arena, and release them (rows is {0} again). Two rows of
 * one `from` are a fault, told once for each pair. Returns 0 or -1; *out is filled in both cases.
 */
int dated_rows_finish(struct dated_rows *rows, const char *element, struct arena *arena,
    struct dated *out, struct faults *faults);

/* The row in force at a month, or NULL where none is. */
const struct dated_value *dated_row_at(const struct dated *dated, date_month month);

/* Its value, or `otherwise`. */
double dated_value_at(const struct dated *dated, date_month month, double otherwise);

#endif
