#include "planner/compare_print.h"

#include "base/err.h"
#include "base/json.h"
#include "base/table.h"

#include <math.h>

static void add_side(struct json_writer *w, const char *key, const struct compare_side *side)
{
    json_open_object(w, key);
    json_text(w, "scenario", side->scenario);
    json_text(w, "status", side->status);
    json_close(w);
}

static void add_row(
    struct json_writer *w, const struct compare_words *words, const struct compare_row *row)
{
    json_open_object(w, NULL);
    json_text(w, words->key, row->name);
    if (words->has_periods)
        json_text(w, "period", row->period);
    json_number(w, "a", row->a);
    json_number(w, "b", row->b);
    json_number(w, "change", row->b - row->a);
    json_number(w, "change_percent", 100 * compare_share(row));
    json_close(w);
}

int compare_print_json(const struct comparison *comparison, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    add_side(writer, "a", &comparison->a);
    add_side(writer, "b", &comparison->b);
    for (int list = 0; list < COMPARE_LIST_COUNT; list++) {
        json_open_array(writer, COMPARE_LISTS[list].name);
        for (size_t i = 0; i < comparison->lists[list].count; i++)
            add_row(writer, &COMPARE_LISTS[list], &comparison->lists[list].rows[i]);
        json_close(writer);
    }
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

static void add_cell(struct table *table, double number)
{
    if (isfinite(number))
        table_cell(table, "%.17g", number);
    else
        table_cell(table, "%s", "");
}

int compare_print_csv(const struct comparison *comparison, FILE *stream, struct err *err)
{
    static const struct table_column COLUMNS[] = {{.head = "list"}, {.head = "name"},
        {.head = "period"}, {.head = "a"}, {.head = "b"}, {.head = "change"},
        {.head = "change_percent"}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);

    for (int list = 0; list < COMPARE_LIST_COUNT; list++)
        for (size_t i = 0; i < comparison->lists[list].count; i++) {
            const struct compare_row *row = &comparison->lists[list].rows[i];

            table_cell(table, "%s", COMPARE_LISTS[list].name);
            table_cell(table, "%s", row->name);
            table_cell(table, "%s", row->period);
            add_cell(table, row->a);
            add_cell(table, row->b);
            add_cell(table, row->b - row->a);
            add_cell(table, 100 * compare_share(row));
            table_end_row(table);
        }
    table_print_csv(table, stream);
    table_destroy(table);
    if (fflush(stream) != 0 || ferror(stream))
        return err_set_errno(err, "the comparison can't be written");
    return 0;
}
