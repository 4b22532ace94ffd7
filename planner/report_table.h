/*
 * report_table: tables of a report's inputs, {"title", "columns", "rows"}: cells of a row are
 * written between json_open_array and report_table_end_row.
 */
#ifndef PLANNER_REPORT_TABLE_H
#define PLANNER_REPORT_TABLE_H

#include "workloads/scenario.h"

struct json_writer;

/* Columns end with NULL; one more, "source", comes behind them. */
void report_table_open(struct json_writer *writer, const char *title, const char *const *columns);
void report_table_close(struct json_writer *writer);

/* The last cell of a row: where it stands. */
void report_table_end_row(struct json_writer *writer, struct where where);

/* Empty where a limit is none. */
void report_table_add_limit(struct json_writer *writer, double limit);
/* Empty where it is 0, which means that it was not given. */
void report_table_add_optional(struct json_writer *writer, double number);
/* Empty for DATE_MONTH_NONE. */
void report_table_add_month(struct json_writer *writer, date_month month);
/* Names of the things that a mask marks; "any" where it marks all. */
void report_table_add_marked(struct json_writer *writer, const bool *marks, size_t count,
    const void *things, const char *(*name)(const void *things, size_t index));

#endif
