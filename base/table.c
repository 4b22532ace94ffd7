#include "base/table.h"

#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { GAP = 2 };

struct column {
    char *head;
    enum table_align align;
    size_t max_columns;
};

struct table {
    struct column *columns;
    size_t column_count;
    char **cells; /* row by row; NULL: empty */
    size_t cell_count, capacity;
    size_t in_row; /* cells of the row in the making */
};

struct table *table_create(const struct table_column *columns, size_t column_count)
{
    struct table *table = mem_zero(1, sizeof *table);

    assert(column_count > 0);
    table->columns = mem_zero(column_count, sizeof *table->columns);
    table->column_count = column_count;
    for (size_t i = 0; i < column_count; i++)
        table->columns[i] = (struct column){
            mem_copy_text(columns[i].head), columns[i].align, columns[i].max_columns};
    return table;
}

void table_destroy(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->cell_count; i++)
        mem_free(table->cells[i]);
    for (size_t i = 0; i < table->column_count; i++)
        mem_free(table->columns[i].head);
    mem_free(table->columns);
    mem_free(table->cells);
    mem_free(table);
}

static void add_cell(struct table *table, char *text)
{
    table->cells = mem_grow(
        table->cells, table->cell_count, &table->capacity, sizeof *table->cells);
    table->cells[table->cell_count++] = text;
}

void table_cell(struct table *table, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;
    char *text;

    assert(table->in_row < table->column_count);
    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = mem_zero((size_t)length + 1, 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    add_cell(table, text);
    table->in_row++;
}

void table_end_row(struct table *table)
{
    while (table->in_row < table->column_count) {
        add_cell(table, NULL);
        table->in_row++;
    }
    table->in_row = 0;
}

size_t table_row_count(const struct table *table)
{
    return table->cell_count / table->column_count;
}

static const char *cell_at(const struct table *table, size_t row, size_t column)
{
    const char *text = table->cells[row * table->column_count + column];

    return text != NULL ? text : "";
}

/* Columns are cut to their maximum where someone looks, and never below their heads. */
static size_t width_of(const struct table *table, size_t column, bool is_cut)
{
    size_t head = str_columns(table->columns[column].head);
    size_t most = table->columns[column].max_columns;
    size_t width = head;

    for (size_t row = 0; row < table_row_count(table); row++) {
        size_t columns = str_columns(cell_at(table, row, column));

        width = columns > width ? columns : width;
    }
    if (!is_cut || most == 0 || width <= most)
        return width;
    return most > head ? most : head;
}

/* The bytes of the first `columns` columns of a text. */
static size_t bytes_of_columns(const char *text, size_t columns)
{
    size_t bytes = 0;

    while (text[bytes] != '\0') {
        if (((unsigned char)text[bytes] & 0xC0) != 0x80 && columns-- == 0)
            break;
        bytes++;
    }
    return bytes;
}

/* Appends one padded cell; blanks on the right of the line's last cell are never written. */
static void add_padded(
    struct str *line, const char *text, size_t width, enum table_align align, bool is_last)
{
    size_t columns = str_columns(text);
    bool is_cut = columns > width;
    size_t pad;

    if (is_cut)
        columns = width;
    pad = width - columns;
    if (align == TABLE_RIGHT)
        str_format(line, "%*s", (int)pad, "");
    if (is_cut) {
        str_add_bytes(line, text, bytes_of_columns(text, width - 1));
        str_add(line, "…");
    } else {
        str_add(line, text);
    }
    if (align == TABLE_LEFT && !is_last)
        str_format(line, "%*s", (int)pad, "");
}

static void print_line(const struct table *table, const size_t *widths, size_t row, bool is_head,
    size_t indent, FILE *stream)
{
    struct str line = {0};
    size_t length;

    str_format(&line, "%*s", (int)indent, "");
    for (size_t i = 0; i < table->column_count; i++) {
        const char *text = is_head ? table->columns[i].head : cell_at(table, row, i);

        if (i > 0)
            str_format(&line, "%*s", GAP, "");
        add_padded(&line, text, widths[i], table->columns[i].align, i + 1 == table->column_count);
    }
    /* A name may hold a newline, or worse; a row is one line. */
    for (char *c = line.text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7F')
            *c = ' ';
    for (length = line.length; length > 0 && line.text[length - 1] == ' '; length--)
        line.text[length - 1] = '\0';
    (void)fprintf(stream, "%s\n", line.text);
    str_fini(&line);
}

void table_print(const struct table *table, size_t indent, FILE *stream)
{
    size_t *widths = mem_zero(table->column_count, sizeof *widths);
    bool is_terminal = isatty(fileno(stream)) == 1;

    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = width_of(table, i, is_terminal);
    print_line(table, widths, 0, true, indent, stream);
    for (size_t row = 0; row < table_row_count(table); row++)
        print_line(table, widths, row, false, indent, stream);
    mem_free(widths);
}

static void print_csv_cell(const char *text, FILE *stream)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, stream);
        return;
    }
    (void)fputc('"', stream);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            (void)fputc('"', stream);
        (void)fputc(*c, stream);
    }
    (void)fputc('"', stream);
}

void table_print_csv(const struct table *table, FILE *stream)
{
    for (size_t i = 0; i < table->column_count; i++) {
        (void)fputs(i > 0 ? "," : "", stream);
        print_csv_cell(table->columns[i].head, stream);
    }
    (void)fputs("\r\n", stream);
    for (size_t row = 0; row < table_row_count(table); row++) {
        for (size_t i = 0; i < table->column_count; i++) {
            (void)fputs(i > 0 ? "," : "", stream);
            print_csv_cell(cell_at(table, row, i), stream);
        }
        (void)fputs("\r\n", stream);
    }
}
