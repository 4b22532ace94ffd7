/* A comparison as tables. */
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/compare_print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { YEARS_MAX = 9, PRICES_SHOWN = 15, CELL_SIZE = 48, YEAR_LENGTH = 4, HEAD_SIZE = 16 };

/* A change below this share of what changes is the solver's rounding. */
#define SAME_REL 1e-9

typedef const char *amount_fn(double amount, char *buffer, size_t size);

/* Systems and megawatts: one decimal below a hundred. */
static const char *amount(double number, char *buffer, size_t size)
{
    return str_grouped(number, number != 0 && fabs(number) < 99.95 ? 1 : 0, buffer, size);
}

static bool is_same(const struct compare_row *row)
{
    return units_near(row->a, row->b, SAME_REL, 1e-9);
}

static void add_amount(struct table *table, double number, amount_fn *format)
{
    char text[CELL_SIZE];

    if (isnan(number))
        table_cell(table, "%s", "-");
    else
        table_cell(table, "%s", format(number, text, sizeof text));
}

static void add_change(struct table *table, const struct compare_row *row, amount_fn *format)
{
    double share = compare_share(row);
    char text[CELL_SIZE];

    if (isnan(row->a) || isnan(row->b))
        return;
    if (is_same(row)) {
        table_cell(table, "%s", "same");
        return;
    }
    table_cell(
        table, "%s%s", row->b > row->a ? "+" : "", format(row->b - row->a, text, sizeof text));
    if (isnan(share))
        return;
    /* Past a thousandfold a percentage says less than the amounts beside it. */
    if (fabs(share) < 10)
        table_cell(table, "%s%s", share > 0 ? "+" : "", units_percent(share, text, sizeof text));
    else
        table_cell(table, "× %.3g", row->b / row->a);
}

static struct table *make_table(const char *title)
{
    const struct table_column columns[] = {{title, TABLE_LEFT, 0}, {"A", TABLE_RIGHT, 0},
        {"B", TABLE_RIGHT, 0}, {"change", TABLE_RIGHT, 0}, {"", TABLE_RIGHT, 0}};

    return table_create(columns, sizeof columns / sizeof *columns);
}

static void add_row(
    struct table *table, const char *name, const struct compare_row *row, amount_fn *format)
{
    table_cell(table, "  %s", name);
    add_amount(table, row->a, format);
    add_amount(table, row->b, format);
    add_change(table, row, format);
    table_end_row(table);
}

/* Takes the table. */
static void print_table(struct table *table, FILE *stream)
{
    if (table_row_count(table) > 0)
        table_print(table, 0, stream);
    table_destroy(table);
}

/* A list whose rows have no periods; rows of nothing on both sides are left out. */
static void print_list(const struct comparison *c, enum compare_list list, const char *title,
    amount_fn *format, FILE *stream)
{
    struct table *table = make_table(title);

    for (size_t i = 0; i < c->lists[list].count; i++) {
        const struct compare_row *row = &c->lists[list].rows[i];

        if (!(row->a == 0 && row->b == 0))
            add_row(table, row->name, row, format);
    }
    print_table(table, stream);
}

/* --- Systems over time */

/* The years of both plans in order; where there are more than fit, every so many, the last among
 * them. Each is shown by its last period. */
struct year_ends {
    char periods[YEARS_MAX][HEAD_SIZE];
    size_t count;
};

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static struct year_ends find_year_ends(const struct comparison *c)
{
    size_t row_count = c->lists[COMPARE_SYSTEMS].count;
    const char **periods = mem_zero(row_count, sizeof *periods);
    struct year_ends ends = {0};
    size_t end_count = 0;

    for (size_t i = 0; i < row_count; i++)
        periods[i] = c->lists[COMPARE_SYSTEMS].rows[i].period;
    qsort(periods, row_count, sizeof *periods, compare_texts);
    for (size_t i = 0; i < row_count; i++)
        if (i + 1 == row_count || strncmp(periods[i], periods[i + 1], YEAR_LENGTH) != 0)
            periods[end_count++] = periods[i];
    for (size_t i = 0; i < end_count; i++) {
        size_t stride = (end_count + YEARS_MAX - 1) / YEARS_MAX;

        if ((end_count - 1 - i) % stride == 0)
            (void)snprintf(ends.periods[ends.count++], HEAD_SIZE, "%s", periods[i]);
    }
    mem_free(periods);
    return ends;
}

/* The amounts of one system at the ends of years. */
struct system_line {
    const char *name;
    struct compare_row at[YEARS_MAX];
    bool is_same;
};

static void add_line(struct table *table, const struct system_line *line,
    const struct year_ends *ends, const char *name, const char *side)
{
    char text[CELL_SIZE];

    table_cell(table, "  %s", name);
    table_cell(table, "%s", side);
    for (size_t y = 0; y < ends->count; y++) {
        double a = line->at[y].a, b = line->at[y].b;

        if (str_equal(side, "change") && (isnan(b - a) || is_same(&line->at[y])))
            table_cell(table, "%s", "-");
        else if (str_equal(side, "change"))
            table_cell(table, "%s%s", b > a ? "+" : "", amount(b - a, text, sizeof text));
        else
            add_amount(table, str_equal(side, "B") ? b : a, amount);
    }
    table_end_row(table);
}

static void add_system(
    struct table *table, const struct system_line *line, const struct year_ends *ends)
{
    if (line->is_same) {
        add_line(table, line, ends, line->name, "both");
        return;
    }
    add_line(table, line, ends, line->name, "A");
    add_line(table, line, ends, "", "B");
    for (size_t y = 0; y < ends->count; y++)
        if (!isnan(line->at[y].b - line->at[y].a)) {
            add_line(table, line, ends, "", "change");
            return;
        }
}

/* Rows of the system that begin at `first`; returns where the next one's do. */
static size_t read_system(const struct comparison *c, size_t first, const struct year_ends *ends,
    struct system_line *line)
{
    const struct compare_row *rows = c->lists[COMPARE_SYSTEMS].rows;
    size_t i = first;

    *line = (struct system_line){.name = rows[first].name, .is_same = true};
    for (size_t y = 0; y < ends->count; y++)
        line->at[y] = (struct compare_row){.a = compare_reaches(&c->a, ends->periods[y]) ? 0 : NAN,
            .b = compare_reaches(&c->b, ends->periods[y]) ? 0 : NAN};
    for (; i < c->lists[COMPARE_SYSTEMS].count && str_equal(rows[i].name, line->name); i++) {
        line->is_same = line->is_same && is_same(&rows[i]);
        for (size_t y = 0; y < ends->count; y++)
            if (str_equal(rows[i].period, ends->periods[y]))
                line->at[y] = rows[i];
    }
    return i;
}

static void print_systems(const struct comparison *c, FILE *stream)
{
    struct year_ends ends = find_year_ends(c);
    struct table_column columns[2 + YEARS_MAX] = {
        {"SYSTEMS IN SERVICE", TABLE_LEFT, 0}, {"", TABLE_LEFT, 0}};
    struct table *table;
    size_t row = 0;

    for (size_t y = 0; y < ends.count; y++)
        columns[2 + y] = (struct table_column){ends.periods[y], TABLE_RIGHT, 0};
    table = table_create(columns, 2 + ends.count);
    while (row < c->lists[COMPARE_SYSTEMS].count) {
        struct system_line line;

        row = read_system(c, row, &ends, &line);
        add_system(table, &line, &ends);
    }
    print_table(table, stream);
}

/* --- Power and prices */

static void print_power(const struct comparison *c, FILE *stream)
{
    static const struct {
        enum compare_list list;
        const char *word;
    } KINDS[] = {{COMPARE_OPERATING, "operating"}, {COMPARE_NAMEPLATE, "nameplate"},
        {COMPARE_LIMIT, "limit"}};
    struct table *table = make_table("POWER, HIGHEST MW");
    struct str name = {0};

    for (size_t kind = 0; kind < sizeof KINDS / sizeof *KINDS; kind++) {
        const struct compare_row *rows = c->lists[KINDS[kind].list].rows;
        size_t count = c->lists[KINDS[kind].list].count;

        for (size_t i = 0; i < count;) {
            struct compare_row highest = rows[i];

            for (; i < count && str_equal(rows[i].name, highest.name); i++) {
                highest.a = fmax(highest.a, rows[i].a);
                highest.b = fmax(highest.b, rows[i].b);
            }
            str_clear(&name);
            str_format(&name, "%s, %s", highest.name, KINDS[kind].word);
            add_row(table, str_text(&name), &highest, amount);
        }
    }
    str_fini(&name);
    print_table(table, stream);
}

static int compare_changes(const void *a, const void *b)
{
    const struct compare_row *const *x = a, *const *y = b;
    double left = fabs((*x)->b - (*x)->a), right = fabs((*y)->b - (*y)->a);

    if (left != right)
        return left < right ? 1 : -1;
    return strcmp((*x)->name, (*y)->name);
}

/* Prices of what people set; of capacity and demand no one asks here, --json has them. */
static bool is_set_by_people(const struct compare_row *row)
{
    static const char *const KINDS[] = {
        "site-power ", "supply ", "max-systems ", "floor ", "budget ", "commitment ", "limit "};

    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (str_starts_with(row->name, KINDS[i]))
            return true;
    return false;
}

static void print_prices(const struct comparison *c, FILE *stream)
{
    size_t count = c->lists[COMPARE_PRICES].count;
    const struct compare_row **rows = mem_zero(count, sizeof *rows);
    struct table *table = make_table("ONE MORE UNIT SAVES");
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (is_set_by_people(&c->lists[COMPARE_PRICES].rows[i]))
            rows[kept++] = &c->lists[COMPARE_PRICES].rows[i];
    qsort(rows, kept, sizeof *rows, compare_changes);
    for (size_t i = 0; i < kept && i < PRICES_SHOWN; i++)
        add_row(table, rows[i]->name, rows[i], units_money);
    print_table(table, stream);
    if (kept > PRICES_SHOWN)
        (void)fprintf(stream, "  and %zu more, all in --json\n", kept - PRICES_SHOWN);
    mem_free(rows);
}

static void print_side(const char *letter, const struct compare_side *side, FILE *stream)
{
    const char *slash = strrchr(side->file, '/');

    (void)fprintf(stream, "%s  %s   %s, %s%s\n", letter, slash == NULL ? side->file : slash + 1,
        side->scenario, side->status, side->has_plan ? "" : ", no plan");
}

void compare_print_text(const struct comparison *c, FILE *stream)
{
    print_side("A", &c->a, stream);
    print_side("B", &c->b, stream);
    (void)fprintf(stream, "\n");
    print_list(c, COMPARE_COST, "COST (present value)", units_money, stream);
    print_list(c, COMPARE_ACQUIRED, "SYSTEMS TO ACQUIRE", amount, stream);
    print_systems(c, stream);
    print_power(c, stream);
    print_list(c, COMPARE_ENERGY, "ENERGY, MWh", amount, stream);
    print_list(c, COMPARE_CARBON, "CARBON, t CO2", amount, stream);
    print_list(c, COMPARE_UNMET, "NOT SERVED, units", units_rate, stream);
    print_prices(c, stream);
}
