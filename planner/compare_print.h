/*
 * compare_print: a comparison of two plans as tables, JSON and CSV.
 */
#ifndef PLANNER_COMPARE_PRINT_H
#define PLANNER_COMPARE_PRINT_H

#include "planner/compare.h"

#include <stdio.h>

/* Tables: cost, systems in service at the ends of years, power at its highest, what is not served,
 * and the limits whose prices differ most. */
void compare_print_text(const struct comparison *comparison, FILE *stream);

/* One object: "a" and "b" say which plans, then the lists by name; a row has its key, "period"
 * where the list has them, "a", "b", "change" and "change_percent" (null: not known). -1 with
 * ERR_IO. */
int compare_print_json(const struct comparison *comparison, FILE *stream, struct err *err);

/* All rows as one table: list, name, period, a, b, change, change_percent. -1 with ERR_IO. */
int compare_print_csv(const struct comparison *comparison, FILE *stream, struct err *err);

#endif
