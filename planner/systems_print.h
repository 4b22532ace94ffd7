/*
 * systems_print: the rows of `wattyard systems` as tables, JSON and CSV.
 */
#ifndef PLANNER_SYSTEMS_PRINT_H
#define PLANNER_SYSTEMS_PRINT_H

#include "planner/systems_rows.h"

#include <stdio.h>

struct err;

/* Tables: the systems; price and power for their work; the whole cost of an hour, against that of
 * the system `against` (NULL: the cheapest); tokens. Estimates carry '~'. */
void systems_print_text(const struct systems_rows *rows, const struct systems_query *query,
    const char *against, FILE *stream);

/* One object: settings and "systems", a list of rows; "estimates" in a row names the fields that
 * are estimates. -1 with ERR_IO. */
int systems_print_json(const struct systems_rows *rows, const struct systems_query *query,
    FILE *stream, struct err *err);

/* The same fields as CSV. */
void systems_print_csv(const struct systems_rows *rows, FILE *stream);

#endif
