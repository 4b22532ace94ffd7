/*
 * rows: lists of a scheduler's answer as tables for people, as CSV and as JSON, all three from one
 * table of columns. Draws only; asks nobody.
 */
#ifndef SCHEDULER_ROWS_H
#define SCHEDULER_ROWS_H

#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct json_writer;

enum cell_kind {
    CELL_TEXT,    /* char * */
    CELL_COUNT,   /* uint32_t */
    CELL_COUNT64, /* uint64_t */
    CELL_SIGNED,  /* int32_t; negative: none */
    CELL_NUMBER,  /* double */
    CELL_KNOWN,   /* double; negative: none */
    CELL_TIME,    /* int64_t, ms since 1970; 0: none */
    CELL_YES,     /* protobuf_c_boolean */
    CELL_SHOWN /* reckoned by `show` for people; not in JSON, nor in CSV unless it is asked for */
};

enum { CELL_SIZE = 1024 };

/* Writes what people see of a row into buffer of CELL_SIZE bytes. */
typedef void (*cell_fn)(const void *row, int64_t now_ms, char *buffer);

struct row_column {
    const char *name; /* in JSON, CSV and --format; ends in its unit */
    const char *head; /* in the table; NULL: only there when asked for */
    enum cell_kind kind;
    size_t offset; /* in the message of a row */
    enum table_align align;
    size_t max_columns; /* of the table, see struct table_column */
    cell_fn show;       /* in tables; NULL: the value as it is, "-" where there is none */
};

struct row_set {
    const struct row_column *columns;
    size_t column_count;
    const void *const *rows;
    size_t row_count;
    int64_t now_ms;
};

enum { ROWS_PICKED_MAX = 64 };
/* Which columns, in which order. */
struct row_pick {
    const struct row_column *columns[ROWS_PICKED_MAX];
    size_t count;
};

/* Those that have a head. */
void rows_pick_usual(const struct row_set *set, struct row_pick *pick);
/* "job,name,state"; -1 with err: a name that is none (the nearest is named). */
int rows_pick(const struct row_set *set, const char *names, struct row_pick *pick, struct err *err);
/* All but CELL_SHOWN. */
void rows_pick_all(const struct row_set *set, struct row_pick *pick);

/* The head is the column's, or its name in capitals. */
void rows_print_table(const struct row_set *set, const struct row_pick *pick, FILE *stream);
void rows_print_csv(const struct row_set *set, const struct row_pick *pick, FILE *stream);
/* An array of objects. */
void rows_add_json(const struct row_set *set, const struct row_pick *pick, const char *key,
    struct json_writer *writer);
/* {"key": [...]} */
int rows_print_json(const struct row_set *set, const char *key, FILE *stream, struct err *err);

/* What the options --json and --csv of a command ask for. */
enum rows_form { ROWS_TABLE, ROWS_CSV, ROWS_JSON };
/* Prints in that form; `format` picks columns of tables and CSV, NULL: the usual ones in a table,
 * all in CSV. Exit status; what is wrong goes to errors. */
int rows_print(const struct row_set *set, enum rows_form form, const char *format, const char *key,
    FILE *stream, FILE *errors);

/* Times for people, in the local zone: "14:32" within 20 hours of now, else "2026-12-24 14:32";
 * into buffer; returns buffer. */
const char *rows_clock(int64_t at_ms, int64_t now_ms, char *buffer, size_t size);
/* "2026-12-24 14:32:07" */
const char *rows_instant(int64_t at_ms, char *buffer, size_t size);

#endif
