/*
 * The model as CPLEX LP. A row between two bounds, or without any, is written as an equality with a
 * column of its own that has the bounds: not every reader knows ranges.
 */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

static const struct lp_name_rule RULE = {
    .length_max = 90, /* some readers take 100 */
    .also_allowed = "(),.;_!?@#%&'`",
    .keywords = (const char *const[]){"st", "s.t.", "st.", "subject", "such", "bound", "bounds",
        "free", "inf", "infinity", "general", "generals", "gen", "integer", "integers", "int",
        "binary", "binaries", "bin", "end", "min", "max", "minimize", "minimum", "maximize",
        "maximum", "sos", "range", "ranges", "semi", NULL},
};

enum { LINE_LENGTH = 78, NAME_SIZE = 160 };

struct writer {
    const struct lp *lp;
    struct lp_names names;
    FILE *file;
    size_t line_length;
};

/* Append two words to the line, or begin the next one where it would get too long. */
static void write_words(struct writer *writer, const char *first, const char *second)
{
    size_t length = strlen(first) + strlen(second) + 2;

    if (writer->line_length + length > LINE_LENGTH) {
        fputs("\n ", writer->file);
        writer->line_length = 1;
    }
    fprintf(writer->file, " %s %s", first, second);
    writer->line_length += length;
}

static void end_line(struct writer *writer)
{
    fputc('\n', writer->file);
    writer->line_length = 0;
}

static void write_term(struct writer *writer, double coefficient, const char *name)
{
    char number[40];

    (void)snprintf(
        number, sizeof number, "%c %.17g", coefficient < 0.0 ? '-' : '+', fabs(coefficient));
    write_words(writer, number, name);
}

static void write_label(struct writer *writer, const char *name)
{
    fprintf(writer->file, " %s:", name);
    writer->line_length = strlen(name) + 2;
}

/* The first column, or the constant's where there is none: something to put 0 before. */
static const char *any_column(const struct writer *writer)
{
    return writer->lp->column_count > 0 ? writer->names.columns[0] : writer->names.constant;
}

static bool has_constant(const struct writer *writer)
{
    return writer->lp->constant != 0.0 || writer->lp->column_count == 0;
}

static void write_objective(struct writer *writer)
{
    const struct lp *lp = writer->lp;
    bool is_empty = true;

    fputs("Minimize\n", writer->file);
    write_label(writer, writer->names.objective);
    for (size_t j = 0; j < lp->column_count; j++)
        if (lp->columns[j].cost != 0.0) {
            write_term(writer, lp->columns[j].cost, writer->names.columns[j]);
            is_empty = false;
        }
    if (has_constant(writer))
        write_term(writer, lp->constant, writer->names.constant);
    else if (is_empty)
        write_term(writer, 0.0, any_column(writer));
    end_line(writer);
}

/* Terms by row: those of row i are order[start[i]] to order[start[i + 1] - 1]. */
struct by_row {
    size_t *start;
    int *term, *column;
};

static struct by_row sort_by_row(const struct lp *lp)
{
    struct by_row sorted = {
        .start = mem_zero(lp->row_count + 2, sizeof(size_t)),
        .term = mem_zero(lp->term_count, sizeof(int)),
        .column = mem_zero(lp->term_count, sizeof(int)),
    };

    for (size_t t = 0; t < lp->term_count; t++)
        sorted.start[lp->terms[t].row + 2]++;
    for (size_t i = 1; i < lp->row_count + 2; i++)
        sorted.start[i] += sorted.start[i - 1];
    for (size_t j = 0; j < lp->column_count; j++)
        for (int t = lp->columns[j].first_term; t >= 0; t = lp->terms[t].next) {
            size_t at = sorted.start[lp->terms[t].row + 1]++;

            sorted.term[at] = t;
            sorted.column[at] = (int)j;
        }
    return sorted;
}

static bool has_range_column(const struct lp_row *row)
{
    return isinf(row->lower) ? isinf(row->upper) : isfinite(row->upper) && row->lower != row->upper;
}

/* '~' is in no other name but before a number. */
static void range_name(const struct writer *writer, size_t row, char *name, size_t size)
{
    (void)snprintf(name, size, "range~%s", writer->names.rows[row]);
}

static void write_side(struct writer *writer, const struct lp_row *row)
{
    const char *sense = isinf(row->upper) ? ">=" : isinf(row->lower) ? "<=" : "=";
    char number[40];

    (void)snprintf(number, sizeof number, "%.17g", isinf(row->upper) ? row->lower : row->upper);
    write_words(writer, sense, number);
}

static void write_row(struct writer *writer, const struct by_row *sorted, size_t i)
{
    const struct lp *lp = writer->lp;
    const struct lp_row *row = &lp->rows[i];
    char name[NAME_SIZE];
    bool is_empty = true;

    write_label(writer, writer->names.rows[i]);
    for (size_t k = sorted->start[i]; k < sorted->start[i + 1]; k++) {
        double value = lp->terms[sorted->term[k]].value;

        if (value != 0.0)
            write_term(writer, value, writer->names.columns[sorted->column[k]]);
        is_empty = is_empty && value == 0.0;
    }
    if (has_range_column(row)) {
        range_name(writer, i, name, sizeof name);
        write_term(writer, -1.0, name);
        write_words(writer, "=", "0");
    } else {
        if (is_empty)
            write_term(writer, 0.0, any_column(writer));
        write_side(writer, row);
    }
    end_line(writer);
}

static void write_rows(struct writer *writer)
{
    struct by_row sorted = sort_by_row(writer->lp);

    fputs("Subject To\n", writer->file);
    for (size_t i = 0; i < writer->lp->row_count; i++)
        write_row(writer, &sorted, i);
    mem_free(sorted.start);
    mem_free(sorted.term);
    mem_free(sorted.column);
}

static void write_bounds(struct writer *writer, const char *name, double lower, double upper)
{
    if (isinf(lower) && isinf(upper))
        fprintf(writer->file, " %s free\n", name);
    else if (lower == upper)
        fprintf(writer->file, " %s = %.17g\n", name, lower);
    else if (isinf(lower))
        fprintf(writer->file, " -inf <= %s <= %.17g\n", name, upper);
    else if (isfinite(upper))
        fprintf(writer->file, " %.17g <= %s <= %.17g\n", lower, name, upper);
    else if (lower != 0.0)
        fprintf(writer->file, " %s >= %.17g\n", name, lower);
}

static bool is_plain_binary(const struct lp_column *column)
{
    return column->kind == LP_BINARY && column->lower == 0.0 && column->upper == 1.0;
}

static void write_all_bounds(struct writer *writer)
{
    const struct lp *lp = writer->lp;
    char name[NAME_SIZE];

    fputs("Bounds\n", writer->file);
    for (size_t j = 0; j < lp->column_count; j++)
        if (!is_plain_binary(&lp->columns[j]))
            write_bounds(
                writer, writer->names.columns[j], lp->columns[j].lower, lp->columns[j].upper);
    if (has_constant(writer))
        write_bounds(writer, writer->names.constant, 1.0, 1.0);
    for (size_t i = 0; i < lp->row_count; i++)
        if (has_range_column(&lp->rows[i])) {
            range_name(writer, i, name, sizeof name);
            write_bounds(writer, name, lp->rows[i].lower, lp->rows[i].upper);
        }
}

static void write_kinds(struct writer *writer, const char *title, bool is_binary)
{
    const struct lp *lp = writer->lp;
    bool is_first = true;

    for (size_t j = 0; j < lp->column_count; j++) {
        if (lp->columns[j].kind == LP_CONTINUOUS || is_plain_binary(&lp->columns[j]) != is_binary)
            continue;
        if (is_first)
            fprintf(writer->file, "%s\n", title);
        is_first = false;
        fprintf(writer->file, " %s\n", writer->names.columns[j]);
    }
}

int lp_write_lp(const struct lp *lp, FILE *file, struct err *err)
{
    struct writer writer = {.lp = lp, .file = file};

    if (lp_describe_fault(lp, err) != 0)
        return -1;
    writer.names = lp_names_create(lp, &RULE);
    fputs("\\ ", file);
    lp_write_title(lp, file);
    fputc('\n', file);
    write_objective(&writer);
    write_rows(&writer);
    write_all_bounds(&writer);
    write_kinds(&writer, "General", false);
    write_kinds(&writer, "Binary", true);
    fputs("End\n", file);
    arena_destroy(writer.names.arena);
    return lp_end_writing(lp, file, err);
}
