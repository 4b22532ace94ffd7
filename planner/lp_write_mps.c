/*
 * The model as free MPS. What readers disagree on is avoided: the objective's constant is a fixed
 * column, whole columns have all their bounds, and what has a negative upper bound has its lower
 * bound before it.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <math.h>

static const struct lp_name_rule RULE = {
    .length_max = 120,
    .also_allowed = "[](){},.;:_!?@#%&^'`|/<>=+-",
    .keywords = (const char *const[]){"rhs", "ranges", "bounds", "endata", "marker", NULL},
};

struct writer {
    const struct lp *lp;
    struct lp_names names;
    FILE *file;
};

static bool is_range(const struct lp_row *row)
{
    return isfinite(row->lower) && isfinite(row->upper) && row->lower != row->upper;
}

static char row_type(const struct lp_row *row)
{
    if (isinf(row->lower))
        return isinf(row->upper) ? 'N' : 'L';
    if (isinf(row->upper))
        return 'G';
    return row->lower == row->upper ? 'E' : 'L';
}

static void write_rows(const struct writer *writer)
{
    fprintf(writer->file, "ROWS\n N %s\n", writer->names.objective);
    for (size_t i = 0; i < writer->lp->row_count; i++)
        fprintf(writer->file, " %c %s\n", row_type(&writer->lp->rows[i]), writer->names.rows[i]);
}

static void write_entry(
    const struct writer *writer, const char *column, const char *row, double value)
{
    fprintf(writer->file, " %s %s %.17g\n", column, row, value);
}

static void write_marker(const struct writer *writer, int number, bool is_start)
{
    fprintf(writer->file, " MARKER%d 'MARKER' '%s'\n", number, is_start ? "INTORG" : "INTEND");
}

static void write_columns(const struct writer *writer)
{
    const struct lp *lp = writer->lp;
    bool was_whole = false;
    int marker_count = 0;

    fputs("COLUMNS\n", writer->file);
    for (size_t j = 0; j < lp->column_count; j++) {
        const struct lp_column *column = &lp->columns[j];
        const char *name = writer->names.columns[j];
        bool is_whole = column->kind != LP_CONTINUOUS;

        if (is_whole != was_whole)
            write_marker(writer, marker_count++, is_whole);
        was_whole = is_whole;
        if (column->cost != 0.0 || column->first_term < 0)
            write_entry(writer, name, writer->names.objective, column->cost);
        for (int t = column->first_term; t >= 0; t = lp->terms[t].next)
            if (lp->terms[t].value != 0.0)
                write_entry(writer, name, writer->names.rows[lp->terms[t].row], lp->terms[t].value);
    }
    if (was_whole)
        write_marker(writer, marker_count, false);
    if (lp->constant != 0.0)
        write_entry(writer, writer->names.constant, writer->names.objective, lp->constant);
}

static void write_sides(const struct writer *writer)
{
    const struct lp *lp = writer->lp;

    fputs("RHS\n", writer->file);
    for (size_t i = 0; i < lp->row_count; i++) {
        const struct lp_row *row = &lp->rows[i];
        double side = isfinite(row->upper) ? row->upper : row->lower;

        if (isfinite(side) && side != 0.0)
            write_entry(writer, "RHS", writer->names.rows[i], side);
    }
    fputs("RANGES\n", writer->file);
    for (size_t i = 0; i < lp->row_count; i++)
        if (is_range(&lp->rows[i]))
            write_entry(writer, "RANGE", writer->names.rows[i],
                fabs(lp->rows[i].upper - lp->rows[i].lower));
}

static void write_bound(
    const struct writer *writer, const char *type, const char *column, double value)
{
    fprintf(writer->file, " %s BOUND %s %.17g\n", type, column, value);
}

static void write_column_bounds(
    const struct writer *writer, const struct lp_column *column, const char *name)
{
    double lower = column->lower, upper = column->upper;
    bool is_whole = column->kind != LP_CONTINUOUS;

    if (isinf(lower) && isinf(upper)) {
        fprintf(writer->file, " FR BOUND %s\n", name);
    } else if (lower == upper) {
        write_bound(writer, "FX", name, lower);
    } else if (column->kind == LP_BINARY && lower == 0.0 && upper == 1.0) {
        fprintf(writer->file, " BV BOUND %s\n", name);
    } else {
        if (isinf(lower))
            fprintf(writer->file, " MI BOUND %s\n", name);
        else if (lower != 0.0 || is_whole || upper < 0.0)
            write_bound(writer, "LO", name, lower);
        if (isfinite(upper))
            write_bound(writer, "UP", name, upper);
        else if (is_whole)
            fprintf(writer->file, " PL BOUND %s\n", name);
    }
}

int lp_write_mps(const struct lp *lp, FILE *file, struct err *err)
{
    struct writer writer = {.lp = lp, .file = file};

    if (lp_describe_fault(lp, err) != 0)
        return -1;
    writer.names = lp_names_create(lp, &RULE);
    fputs("NAME ", file);
    lp_write_title(lp, file);
    fputs(" FREE\n", file);
    write_rows(&writer);
    write_columns(&writer);
    write_sides(&writer);
    fputs("BOUNDS\n", file);
    for (size_t j = 0; j < lp->column_count; j++)
        write_column_bounds(&writer, &lp->columns[j], writer.names.columns[j]);
    if (lp->constant != 0.0)
        write_bound(&writer, "FX", writer.names.constant, 1.0);
    fputs("ENDATA\n", file);
    arena_destroy(writer.names.arena);
    return lp_end_writing(lp, file, err);
}
