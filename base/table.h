/*
 * table: aligned columns for terminals, as HPC users know them (no boxes, units in the head), and
 * the same rows as CSV (RFC 4180).
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table;

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
    const char *head;
    enum table_align align;
    size_t max_columns; /* 0: as wide as it must be; else longer cells are cut with an ellipsis on
                           terminals, at the head's width at least (never in pipes and CSV) */
};

/* Columns are copied. Release with table_destroy. */
struct table *table_create(const struct table_column *columns, size_t column_count);
void table_destroy(struct table *table);

/* Cells of the row in the making, left to right; missing ones stay empty. Text is copied. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The row is done. More cells than columns is an assertion. */
void table_end_row(struct table *table);
size_t table_row_count(const struct table *table);

/* Two blanks between columns, no trailing blanks, the head first. `indent` blanks before each
 * line. Control characters are shown as blanks. */
void table_print(const struct table *table, size_t indent, FILE *stream);
/* With the head first, and line ends as the RFC has them (CR LF). */
void table_print_csv(const struct table *table, FILE *stream);

#endif
