/*
 * plan_csv: a plan as a folder of CSV files, one a list, with the columns of the JSON, for
 * spreadsheets and notebooks.
 */
#ifndef PLANNER_PLAN_CSV_H
#define PLANNER_PLAN_CSV_H

#include "planner/capacity_plan.h"

struct err;
struct table;

/*
 * Write acquired.csv, installed.csv and so on, and cost_usd.csv with the parts of the cost, into
 * `folder`, which is made if it is not there. A file is there whole or not at all; a list without
 * rows is a file with its head alone. Numbers have the digits that give them back exactly. -1 with
 * ERR_IO naming the file.
 */
int plan_csv_write(const struct capacity_plan *plan, const char *folder, struct err *err);

/* One table as `name`.csv in the folder, which is there. Takes the table. */
int plan_csv_write_table(
    struct table *table, const char *folder, const char *name, struct err *err);

#endif
