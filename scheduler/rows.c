#include "scheduler/rows.h"

#include "base/date.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <time.h>

static const double NEAR_MS = 20.0 * 3600 * 1000;

static const void *field(const struct row_column *column, const void *row)
{
    return (const char *)row + column->offset;
}

/* A value, whatever its type. */
struct value {
    const char *text; /* NULL: it is a number */
    double number;
    bool is_none;
    bool is_yes_no;
};

static struct value value_of(const struct row_column *column, const void *row, char *buffer)
{
    const void *at = field(column, row);
    struct value value = {0};

    switch (column->kind) {
    case CELL_TEXT:
        memcpy(&value.text, at, sizeof value.text);
        if (value.text == NULL)
            value.text = "";
        value.is_none = value.text[0] == '\0';
        break;
    case CELL_COUNT:
        value.number = *(const uint32_t *)at;
        break;
    case CELL_COUNT64:
        value.number = (double)*(const uint64_t *)at;
        break;
    case CELL_SIGNED:
        value.number = *(const int32_t *)at;
        value.is_none = value.number < 0;
        break;
    case CELL_NUMBER:
        value.number = *(const double *)at;
        break;
    case CELL_KNOWN:
        value.number = *(const double *)at;
        value.is_none = value.number < 0;
        break;
    case CELL_TIME:
        value.is_none = *(const int64_t *)at == 0;
        value.text = value.is_none ? "" : date_format_instant(*(const int64_t *)at, buffer);
        break;
    case CELL_YES:
        value.is_yes_no = true;
        value.number = *(const int *)at;
        break;
    case CELL_SHOWN:
        value.is_none = true; /* there is no value of it */
        break;
    }
    return value;
}

static void add_shown(
    struct table *table, const struct row_column *column, const void *row, int64_t now_ms)
{
    char buffer[CELL_SIZE] = "";

    column->show(row, now_ms, buffer);
    table_cell(table, "%s", buffer);
}

/* As programs read it: nothing where there is none. */
static void add_plain(
    struct table *table, const struct row_column *column, const void *row, const char *none)
{
    char buffer[DATE_TEXT_SIZE];
    struct value value = value_of(column, row, buffer);

    if (value.is_none)
        table_cell(table, "%s", none);
    else if (value.text != NULL)
        table_cell(table, "%s", value.text);
    else if (value.is_yes_no)
        table_cell(table, "%s", value.number != 0 ? "yes" : "no");
    else if (column->kind == CELL_NUMBER || column->kind == CELL_KNOWN)
        table_cell(table, "%.10g", value.number);
    else
        table_cell(table, "%.0f", value.number);
}

void rows_pick_usual(const struct row_set *set, struct row_pick *pick)
{
    pick->count = 0;
    for (size_t i = 0; i < set->column_count; i++)
        if (set->columns[i].head != NULL)
            pick->columns[pick->count++] = &set->columns[i];
}

void rows_pick_all(const struct row_set *set, struct row_pick *pick)
{
    pick->count = 0;
    for (size_t i = 0; i < set->column_count; i++)
        if (set->columns[i].kind != CELL_SHOWN)
            pick->columns[pick->count++] = &set->columns[i];
}

static const struct row_column *find_column(
    const struct row_set *set, const char *name, size_t length)
{
    for (size_t i = 0; i < set->column_count; i++)
        if (strlen(set->columns[i].name) == length &&
            strncmp(set->columns[i].name, name, length) == 0)
            return &set->columns[i];
    return NULL;
}

static int no_column(const struct row_set *set, const char *name, size_t length, struct err *err)
{
    const char *names[ROWS_PICKED_MAX];
    char text[64];
    const char *nearest;

    (void)snprintf(text, sizeof text, "%.*s", length > 60 ? 60 : (int)length, name);
    for (size_t i = 0; i < set->column_count; i++)
        names[i] = set->columns[i].name;
    nearest = str_nearest(text, names, set->column_count);
    if (nearest != NULL)
        return err_set(
            err, ERR_USAGE, "--format: there is no column '%s'; did you mean %s?", text, nearest);
    return err_set(
        err, ERR_USAGE, "--format: there is no column '%s'; --json shows all of them", text);
}

int rows_pick(const struct row_set *set, const char *names, struct row_pick *pick, struct err *err)
{
    pick->count = 0;
    for (const char *at = names;;) {
        size_t length = strcspn(at, ",");
        const struct row_column *column = find_column(set, at, length);

        if (column == NULL)
            return no_column(set, at, length, err);
        if (pick->count == ROWS_PICKED_MAX)
            return err_set(err, ERR_USAGE, "--format: at most %d columns", ROWS_PICKED_MAX);
        pick->columns[pick->count++] = column;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}

/* For people the column's head, else its name in capitals. */
static struct table *make_table(const struct row_pick *pick, bool for_people)
{
    struct table_column columns[ROWS_PICKED_MAX];
    char heads[ROWS_PICKED_MAX][48];

    for (size_t i = 0; i < pick->count; i++) {
        const struct row_column *column = pick->columns[i];

        (void)snprintf(heads[i], sizeof heads[i], "%s", column->name);
        for (char *c = heads[i]; for_people && *c != '\0'; c++)
            *c = *c == '_' ? '-' : (char)toupper((unsigned char)*c);
        columns[i] = (struct table_column){
            .head = for_people && column->head != NULL ? column->head : heads[i],
            .align = column->align,
            .max_columns = column->max_columns};
    }
    return table_create(columns, pick->count);
}

void rows_print_table(const struct row_set *set, const struct row_pick *pick, FILE *stream)
{
    struct table *table = make_table(pick, true);

    for (size_t r = 0; r < set->row_count; r++) {
        for (size_t i = 0; i < pick->count; i++)
            if (pick->columns[i]->show != NULL)
                add_shown(table, pick->columns[i], set->rows[r], set->now_ms);
            else
                add_plain(table, pick->columns[i], set->rows[r], "-");
        table_end_row(table);
    }
    table_print(table, 0, stream);
    table_destroy(table);
}

void rows_print_csv(const struct row_set *set, const struct row_pick *pick, FILE *stream)
{
    struct table *table = make_table(pick, false);

    for (size_t r = 0; r < set->row_count; r++) {
        for (size_t i = 0; i < pick->count; i++)
            if (pick->columns[i]->kind == CELL_SHOWN)
                add_shown(table, pick->columns[i], set->rows[r], set->now_ms);
            else
                add_plain(table, pick->columns[i], set->rows[r], "");
        table_end_row(table);
    }
    table_print_csv(table, stream);
    table_destroy(table);
}

void rows_add_json(const struct row_set *set, const struct row_pick *pick, const char *key,
    struct json_writer *writer)
{
    char buffer[DATE_TEXT_SIZE];

    json_open_array(writer, key);
    for (size_t r = 0; r < set->row_count; r++) {
        json_open_object(writer, NULL);
        for (size_t i = 0; i < pick->count; i++) {
            const struct row_column *column = pick->columns[i];
            struct value value = value_of(column, set->rows[r], buffer);

            if (column->kind == CELL_TEXT)
                json_text(writer, column->name, value.text);
            else if (value.is_none)
                json_none(writer, column->name);
            else if (value.text != NULL)
                json_text(writer, column->name, value.text);
            else if (value.is_yes_no)
                json_bool(writer, column->name, value.number != 0);
            else if (column->kind == CELL_NUMBER || column->kind == CELL_KNOWN)
                json_number(writer, column->name, value.number);
            else
                json_count(writer, column->name, (int64_t)value.number);
        }
        json_close(writer);
    }
    json_close(writer);
}

int rows_print_json(const struct row_set *set, const char *key, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    struct row_pick pick;
    int rc;

    rows_pick_all(set, &pick);
    json_open_object(writer, NULL);
    rows_add_json(set, &pick, key, writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

int rows_print(const struct row_set *set, enum rows_form form, const char *format, const char *key,
    FILE *stream, FILE *errors)
{
    struct err err = {0};
    struct row_pick pick;
    int rc = 0;

    if (format != NULL)
        rc = rows_pick(set, format, &pick, &err);
    else if (form == ROWS_CSV)
        rows_pick_all(set, &pick);
    else
        rows_pick_usual(set, &pick);
    if (rc == 0 && form == ROWS_JSON)
        rc = rows_print_json(set, key, stream, &err);
    else if (rc == 0 && form == ROWS_CSV)
        rows_print_csv(set, &pick, stream);
    else if (rc == 0)
        rows_print_table(set, &pick, stream);
    if (rc == 0)
        return 0;
    (void)fprintf(errors, "wattyard: %s\n", err.text);
    return err_exit_status(&err);
}

static bool local_parts(int64_t at_ms, struct tm *parts)
{
    time_t at = (time_t)(at_ms / 1000);

    return localtime_r(&at, parts) != NULL;
}

const char *rows_clock(int64_t at_ms, int64_t now_ms, char *buffer, size_t size)
{
    double apart_ms = fabs((double)at_ms - (double)now_ms);
    struct tm parts;

    if (!local_parts(at_ms, &parts) ||
        (apart_ms < NEAR_MS ? strftime(buffer, size, "%H:%M", &parts)
                            : strftime(buffer, size, "%Y-%m-%d %H:%M", &parts)) == 0)
        (void)snprintf(buffer, size, "-");
    return buffer;
}

const char *rows_instant(int64_t at_ms, char *buffer, size_t size)
{
    struct tm parts;

    if (!local_parts(at_ms, &parts) || strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        (void)snprintf(buffer, size, "-");
    return buffer;
}
