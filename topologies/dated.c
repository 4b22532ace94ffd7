#include "topologies/dated.h"

#include "base/mem.h"

#include <stdlib.h>

int dated_rows_add(
    struct dated_rows *rows, struct dated_value row, const char *element, struct faults *faults)
{
    if (row.to != DATE_MONTH_NONE && row.to <= row.from) {
        char from[DATE_TEXT_SIZE];

        return faults_error(faults, row.where,
            "<%s>: it ends (to) no later than it starts (from=\"%s\"); `to` is the first month "
            "after it",
            element, date_format_month(row.from, from));
    }
    rows->list = mem_grow(rows->list, rows->count, &rows->capacity, sizeof *rows->list);
    rows->list[rows->count++] = row;
    return 0;
}

/* By `from`, then as in the file. */
static int compare_rows(const void *a, const void *b)
{
    const struct dated_value *left = a;
    const struct dated_value *right = b;

    if (left->from != right->from)
        return left->from < right->from ? -1 : 1;
    return (left->where.line > right->where.line) - (left->where.line < right->where.line);
}

int dated_rows_finish(struct dated_rows *rows, const char *element, struct arena *arena,
    struct dated *out, struct faults *faults)
{
    int rc = 0;

    if (rows->count > 0)
        qsort(rows->list, rows->count, sizeof *rows->list, compare_rows);
    for (size_t i = 1; i < rows->count; i++) {
        const struct dated_value *row = &rows->list[i];
        const struct dated_value *before = &rows->list[i - 1];

        if (row->from == before->from) {
            char from[DATE_TEXT_SIZE];

            rc = faults_error(faults, row->where,
                "<%s>: line %ld has a row from \"%s\" too; keep one of them, or change its date",
                element, before->where.line, date_format_month(row->from, from));
        }
    }
    out->rows = arena_copy(arena, rows->list, rows->count, sizeof *rows->list);
    out->count = rows->count;
    mem_free(rows->list);
    *rows = (struct dated_rows){0};
    return rc;
}

/* A later row always replaces an earlier one, also when it has itself ended: so only the last row
 * that has started can be in force. */
const struct dated_value *dated_row_at(const struct dated *dated, date_month month)
{
    size_t low = 0;
    size_t high = dated->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (dated->rows[middle].from <= month)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    if (dated->rows[low - 1].to != DATE_MONTH_NONE && dated->rows[low - 1].to <= month)
        return NULL;
    return &dated->rows[low - 1];
}

double dated_value_at(const struct dated *dated, date_month month, double otherwise)
{
    const struct dated_value *row = dated_row_at(dated, month);

    return row != NULL ? row->value : otherwise;
}
