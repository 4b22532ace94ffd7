#include "planner/plan_grid.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "planner/plan_columns.h"

#include <math.h>

struct plan_grid {
    const struct scenario *scenario;
    size_t first_count, second_count;
    int *row_of; /* by pair: its row + 1; 0: none */
    double **rows;
    size_t row_count, capacity;
};

const char *plan_site_name(const struct scenario *scenario, int site)
{
    return scenario->sites[site].id;
}

const char *plan_system_name(const struct scenario *scenario, int system)
{
    return scenario->catalog.systems[system].id;
}

const char *plan_offer_name(const struct scenario *scenario, int offer)
{
    return scenario->offers[offer].id;
}

const char *plan_workload_name(const struct scenario *scenario, int workload)
{
    return scenario->workloads[workload].id;
}

struct plan_grid *plan_grid_create(
    const struct scenario *scenario, size_t first_count, size_t second_count)
{
    struct plan_grid *grid = mem_zero(1, sizeof *grid);

    grid->scenario = scenario;
    grid->first_count = first_count;
    grid->second_count = second_count;
    grid->row_of = mem_zero(first_count * second_count, sizeof *grid->row_of);
    return grid;
}

void plan_grid_destroy(struct plan_grid *grid)
{
    if (grid == NULL)
        return;
    for (size_t i = 0; i < grid->row_count; i++)
        mem_free(grid->rows[i]);
    mem_free(grid->rows);
    mem_free(grid->row_of);
    mem_free(grid);
}

double *plan_grid_row(struct plan_grid *grid, int first, int second)
{
    int *row = &grid->row_of[(size_t)first * grid->second_count + (size_t)second];

    if (*row == 0) {
        grid->rows = mem_grow(grid->rows, grid->row_count, &grid->capacity, sizeof *grid->rows);
        grid->rows[grid->row_count] = mem_zero(
            (size_t)grid->scenario->period_count, sizeof(double));
        grid->row_count++;
        *row = (int)grid->row_count;
    }
    return grid->rows[*row - 1];
}

bool plan_grid_is_empty(const struct plan_grid *grid)
{
    return grid->row_count == 0;
}

/* How a grid is laid out on the page. */
struct layout {
    const struct plan_grid *grid;
    plan_name_fn *first_name, *second_name;
    enum plan_grid_kind kind;
    int first_width; /* of the names of the first things */
    int label_width; /* of both names, with their indent */
    int decimals;
};

static double column_amount(const struct scenario *scenario, const double *row,
    const struct plan_column *column, enum plan_grid_kind kind)
{
    double sum = 0, unit_hours = 0, hours = 0;

    for (int t = column->first; t <= column->last; t++) {
        sum += row[t];
        unit_hours += row[t] * scenario->periods[t].hours;
        hours += scenario->periods[t].hours;
    }
    switch (kind) {
    case PLAN_GRID_STOCK:
        return row[column->last];
    case PLAN_GRID_FLOW:
        return sum;
    case PLAN_GRID_MEAN:
        return unit_hours / hours;
    }
    return 0;
}

/* "-" for nothing, "<1" for what would be rounded to nothing. Below 100,000 there are no commas:
 * they would cost a year of columns. */
static const char *format_amount(double amount, int decimals, char *buffer, size_t size)
{
    static const double GROUPED_FROM = 99999.5;
    double unit = pow(10, -decimals);

    if (amount >= GROUPED_FROM)
        return str_grouped(amount, decimals, buffer, size);
    if (amount == 0)
        (void)snprintf(buffer, size, "-");
    else if (amount > 0 && amount < unit / 2)
        (void)snprintf(buffer, size, "<%.*f", decimals, unit);
    else
        (void)snprintf(buffer, size, "%.*f", decimals, amount);
    return buffer;
}

static int widest(int width, size_t other)
{
    return width > (int)other ? width : (int)other;
}

/* A tenth of a system is worth showing where there are no thousands of them. */
static void measure_amounts(const struct plan_grid *grid, struct layout *layout)
{
    double largest = 0;
    bool is_whole = true;

    for (size_t i = 0; i < grid->row_count; i++) {
        double sum = 0;

        for (int t = 0; t < grid->scenario->period_count; t++) {
            double amount = grid->rows[i][t];

            sum = layout->kind == PLAN_GRID_FLOW ? sum + amount : fmax(sum, amount);
            is_whole = is_whole && fabs(amount - round(amount)) < 1e-6;
        }
        largest = fmax(largest, sum);
    }
    layout->decimals = is_whole || largest >= 1000 ? 0 : 1;
}

/* Two blanks, and the head or the widest cell. */
static int column_width(const void *context, const struct plan_column *column)
{
    const struct layout *layout = context;
    const struct plan_grid *grid = layout->grid;
    int width = (int)str_columns(column->head);
    char text[48];

    for (size_t i = 0; i < grid->row_count; i++) {
        double amount = column_amount(grid->scenario, grid->rows[i], column, layout->kind);

        width = widest(
            width, str_columns(format_amount(amount, layout->decimals, text, sizeof text)));
    }
    return 2 + width;
}

static void measure_names(const struct plan_grid *grid, struct layout *layout)
{
    int second_width = 0;

    for (size_t a = 0; a < grid->first_count; a++)
        for (size_t b = 0; b < grid->second_count; b++) {
            if (grid->row_of[a * grid->second_count + b] == 0)
                continue;
            layout->first_width = widest(
                layout->first_width, str_columns(layout->first_name(grid->scenario, (int)a)));
            second_width = widest(
                second_width, str_columns(layout->second_name(grid->scenario, (int)b)));
        }
    layout->label_width = 2 + layout->first_width + 1 + second_width;
}

static void add_row(struct table *table, const struct plan_grid *grid, const struct layout *layout,
    size_t first, size_t second, const struct plan_column *columns, int column_count)
{
    const double *row = grid->rows[grid->row_of[first * grid->second_count + second] - 1];
    char text[48];

    table_cell(table, "  %-*s %s", layout->first_width,
        layout->first_name(grid->scenario, (int)first),
        layout->second_name(grid->scenario, (int)second));
    for (int c = 0; c < column_count; c++)
        table_cell(table, "%s",
            format_amount(column_amount(grid->scenario, row, &columns[c], layout->kind),
                layout->decimals, text, sizeof text));
    table_end_row(table);
}

static void print_block(const struct plan_grid *grid, const char *title,
    const struct layout *layout, const struct plan_column *columns, int column_count, FILE *stream)
{
    struct table_column *heads = mem_zero((size_t)column_count + 1, sizeof *heads);
    struct table *table;

    heads[0] = (struct table_column){.head = title, .align = TABLE_LEFT};
    for (int c = 0; c < column_count; c++)
        heads[c + 1] = (struct table_column){.head = columns[c].head, .align = TABLE_RIGHT};
    table = table_create(heads, (size_t)column_count + 1);
    for (size_t a = 0; a < grid->first_count; a++)
        for (size_t b = 0; b < grid->second_count; b++)
            if (grid->row_of[a * grid->second_count + b] != 0)
                add_row(table, grid, layout, a, b, columns, column_count);
    table_print(table, 0, stream);
    table_destroy(table);
    mem_free(heads);
}

/* How many columns from `first` on fit into the room; at least one. */
static int block_size(
    const struct plan_columns *columns, int first, int room, const struct layout *layout)
{
    int count = 0;

    while (first + count < columns->count) {
        room -= column_width(layout, &columns->list[first + count]);
        if (room < 0 && count > 0)
            break;
        count++;
    }
    return count;
}

static const char *const KIND_WORDS[] = {
    [PLAN_GRID_STOCK] = "end of", [PLAN_GRID_FLOW] = "by", [PLAN_GRID_MEAN] = "mean of"};

static void write_title(struct str *out, const char *title, const struct plan_columns *columns,
    enum plan_grid_kind kind)
{
    char span[32];

    str_add(out, title);
    if (!columns->is_grouped)
        return;
    (void)plan_columns_span(columns, span, sizeof span);
    str_format(out, " (%s %s)", KIND_WORDS[kind], span);
}

static int columns_width(const struct plan_column *columns, int count, const struct layout *layout)
{
    int width = 0;

    for (int c = 0; c < count; c++)
        width += column_width(layout, &columns[c]);
    return width;
}

/* A title that would push the columns over the page stands on a line of its own. */
static void print_titled(const struct plan_grid *grid, const char *title,
    const struct layout *layout, const struct plan_column *columns, int count, FILE *stream)
{
    bool fits_beside = widest(layout->label_width, str_columns(title)) +
                           columns_width(columns, count, layout) <=
                       PLAN_TEXT_WIDTH;

    if (!fits_beside)
        (void)fprintf(stream, "%s\n", title);
    print_block(grid, fits_beside ? title : "", layout, columns, count, stream);
}

void plan_grid_print(const struct plan_grid *grid, const char *title, plan_name_fn *first_name,
    plan_name_fn *second_name, enum plan_grid_kind kind, bool all, FILE *stream)
{
    struct layout layout = {
        .grid = grid, .first_name = first_name, .second_name = second_name, .kind = kind};
    struct plan_columns columns;
    struct str full_title = {0};
    int room;

    if (plan_grid_is_empty(grid))
        return;
    measure_amounts(grid, &layout);
    measure_names(grid, &layout);
    room = PLAN_TEXT_WIDTH - layout.label_width;
    columns = all ? plan_columns_all(grid->scenario)
                  : plan_columns_fit(grid->scenario, room, column_width, &layout);
    write_title(&full_title, title, &columns, kind);
    for (int c = 0, count = 0; c < columns.count; c += count) {
        count = block_size(&columns, c, room, &layout);
        print_titled(grid, str_text(&full_title), &layout, &columns.list[c], count, stream);
    }
    str_fini(&full_title);
    plan_columns_fini(&columns);
}
