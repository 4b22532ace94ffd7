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

#include <stdbool.h>
#include <stddef.h>

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

/* The row in force at a month, or NULL where none is. */
const struct dated_value *dated_row_at(const struct dated *dated, date_month month);

/* Its value, or `otherwise`. */
double dated_value_at(const struct dated *dated, date_month month, double otherwise);

#endif
