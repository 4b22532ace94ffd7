#include "planner/systems_print.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"

#include <math.h>

/* One column of a table: a figure, in a multiple that is good to read. */
struct figure_column {
    const char *head; /* %s is the precision */
    enum system_figure figure;
    double unit;
    int decimals;
};

enum { COLUMNS_MAX = 10, HEAD_SIZE = 32 };

struct figure_table {
    const char *title;
    bool has_offers; /* one line a price; else one a system */
    bool needs_prices;
    struct figure_column columns[COLUMNS_MAX]; /* ends with a head of NULL */
};

static const struct figure_table SYSTEMS_TABLE = {"SYSTEMS", false, false,
    {{"chips", FIGURE_CHIPS, 1, 0}, {"racks", FIGURE_RACKS, 1, 0},
        {"PF bf16", FIGURE_BF16_PFLOPS, 1, 0}, {"PF fp8", FIGURE_FP8_PFLOPS, 1, 0},
        {"PF fp4", FIGURE_FP4_PFLOPS, 1, 0}, {"HBM TB", FIGURE_HBM_TB, 1, 1},
        {"HBM TB/s", FIGURE_HBM_TB_PER_S, 1, 0}, {"kW", FIGURE_POWER_KW, 1, 1}}};

static const struct figure_table UNIT_TABLE = {"PER UNIT OF WORK", true, false,
    {{"price $ k", FIGURE_PRICE_USD, 1e3, 0}, {"W/PF", FIGURE_W_PER_PFLOP, 1, 0},
        {"$/PF", FIGURE_USD_PER_PFLOP, 1, 0}, {"W/(GB/s)", FIGURE_W_PER_GB_PER_S, 1, 2},
        {"$/(GB/s)", FIGURE_USD_PER_GB_PER_S, 1, 2}}};

static const struct figure_table COST_TABLE = {"COST OF AN HOUR", true, true,
    {{"$/chip", FIGURE_HOLD_USD_PER_CHIP_HOUR, 1, 2}, {"system $", FIGURE_HOLD_USD_PER_HOUR, 1, 2},
        {"energy $", FIGURE_ENERGY_USD_PER_HOUR, 1, 2}, {"$/PF", FIGURE_USD_PER_PFLOP_HOUR, 1, 3}}};

static const struct figure_table TOKENS_TABLE = {"TOKENS", true, false,
    {{"M tokens/h", FIGURE_TOKENS_PER_HOUR, 1e6, 0},
        {"$/M tokens", FIGURE_USD_PER_MILLION_TOKENS, 1, 4},
        {"kJ/M tokens", FIGURE_JOULES_PER_MILLION_TOKENS, 1e3, 1}}};

static void add_figure(
    struct table *table, const struct system_figures *row, const struct figure_column *column)
{
    double value = row->values[column->figure];
    char text[48];

    if (!isfinite(value))
        table_cell(table, "%s", "-");
    else
        table_cell(table, "%s%s", row->is_estimate[column->figure] ? "~" : "",
            str_grouped(value / column->unit, column->decimals, text, sizeof text));
}

static bool is_first_of_system(const struct systems_rows *rows, size_t index)
{
    return index == 0 || rows->rows[index - 1].system != rows->rows[index].system;
}

/* The cost of a PFLOP-hour that others are held against: the cheapest of the system `against`, or
 * of all. NAN: none. */
static double reference_cost(const struct systems_rows *rows, const char *against)
{
    double cost = NAN;

    for (size_t i = 0; i < rows->count; i++)
        if (against == NULL || str_equal(rows->rows[i].system->id, against))
            cost = fmin(cost, rows->rows[i].values[FIGURE_USD_PER_PFLOP_HOUR]);
    return cost;
}

/* How much dearer a PFLOP-hour is than the reference, and which price of a chip-hour would make it
 * even. */
static void add_comparison(struct table *table, const struct system_figures *row, double reference)
{
    double cost = row->values[FIGURE_USD_PER_PFLOP_HOUR];
    double even = systems_even_chip_price(row, reference);
    const char *mark = row->is_estimate[FIGURE_USD_PER_PFLOP_HOUR] ? "~" : "";

    if (!isfinite(cost / reference)) {
        table_cell(table, "%s", "-");
        table_cell(table, "%s", "-");
        return;
    }
    table_cell(table, "%s%+.0f %%", mark, 100 * (cost / reference - 1));
    if (even > 0)
        table_cell(table, "%s%.2f", mark, even);
    else
        table_cell(table, "%s", "none");
}

static void print_table(const struct systems_rows *rows, const struct figure_table *what,
    const char *against_head, double reference, FILE *stream)
{
    struct table_column columns[COLUMNS_MAX + 4] = {{.head = what->title, .align = TABLE_LEFT}};
    size_t count = 1;
    struct table *table;

    if (what->has_offers)
        columns[count++] = (struct table_column){.head = "offer", .align = TABLE_LEFT};
    for (const struct figure_column *c = what->columns; c->head != NULL; c++)
        columns[count++] = (struct table_column){.head = c->head, .align = TABLE_RIGHT};
    if (against_head != NULL) {
        columns[count++] = (struct table_column){.head = against_head, .align = TABLE_RIGHT};
        columns[count++] = (struct table_column){.head = "even at", .align = TABLE_RIGHT};
    }
    table = table_create(columns, count);
    for (size_t i = 0; i < rows->count; i++) {
        const struct system_figures *row = &rows->rows[i];

        if (what->has_offers ? what->needs_prices && isnan(row->values[FIGURE_PRICE_USD])
                             : !is_first_of_system(rows, i))
            continue;
        table_cell(table, "  %s", row->system->id);
        if (what->has_offers)
            table_cell(table, "%s",
                isnan(row->values[FIGURE_PRICE_USD]) ? "-"
                : row->offer == NULL                 ? "(yours)"
                                                     : row->offer);
        for (const struct figure_column *c = what->columns; c->head != NULL; c++)
            add_figure(table, row, c);
        if (against_head != NULL)
            add_comparison(table, row, reference);
        table_end_row(table);
    }
    table_print(table, 0, stream);
    table_destroy(table);
}

static void print_cost(const struct systems_rows *rows, const char *against, FILE *stream)
{
    struct str head = {0};

    (void)fputc('\n', stream);
    str_format(&head, "vs %s", against == NULL ? "cheapest" : against);
    print_table(rows, &COST_TABLE, str_text(&head), reference_cost(rows, against), stream);
    str_fini(&head);
}

static bool has_stack(const struct systems_rows *rows, const char *stack)
{
    for (size_t i = 0; i < rows->count; i++)
        if (str_equal(rows->rows[i].system->chip->stack, stack))
            return true;
    return false;
}

static void print_notes(
    const struct systems_rows *rows, const struct systems_query *query, FILE *stream)
{
    const struct system_settings *s = &query->settings;

    (void)fprintf(
        stream, "\n~   an estimate, or made with one; the catalog says how each was reckoned\n");
    if (has_stack(rows, "neuron"))
        (void)fprintf(stream,
            "    No vendor gives the power of Trainium systems, no contract price of Trainium is "
            "public,\n    and of Trn4 nothing is known but ratios to Trn3.\n");
    (void)fprintf(stream,
        "PF  dense PFLOPS as marketed; where no precision is named, %s\n"
        "    price: having the system for %g years, without energy; capital at %g %% a year\n"
        "    energy: at full load, $%.4g a MWh at the meter, PUE %.4g\n",
        PRECISION_NAMES[s->precision], s->years, 100 * s->discount_rate, s->usd_per_mwh, s->pue);
    if (query->scenario != NULL)
        (void)fprintf(stream,
            "    offers: those of %s; give prices of your own by --price, "
            "--chip-price,\n    --capex, --opex\n",
            query->scenario->name);
    if (rows->has_prices)
        (void)fprintf(stream,
            "    even at: the price of a chip-hour ($/chip) at which a PF-hour costs the same\n");
    else
        (void)fprintf(stream,
            "No prices are known. Give a scenario with offers, or your own: --price, --chip-price, "
            "--capex,\n--opex.\n");
    if (rows->has_work)
        (void)fprintf(stream,
            "    tokens: of a running system; their price counts the time that it is down\n");
}

void systems_print_text(const struct systems_rows *rows, const struct systems_query *query,
    const char *against, FILE *stream)
{
    print_table(rows, &SYSTEMS_TABLE, NULL, NAN, stream);
    (void)fputc('\n', stream);
    print_table(rows, &UNIT_TABLE, NULL, NAN, stream);
    if (rows->has_prices)
        print_cost(rows, against, stream);
    if (rows->has_work) {
        (void)fputc('\n', stream);
        print_table(rows, &TOKENS_TABLE, NULL, NAN, stream);
    }
    print_notes(rows, query, stream);
}

static void write_row(struct json_writer *writer, const struct system_figures *row)
{
    char month[DATE_TEXT_SIZE];

    json_open_object(writer, NULL);
    json_text(writer, "system", row->system->id);
    json_text(writer, "name", row->system->name);
    json_text(writer, "vendor", row->system->chip->vendor);
    json_text(writer, "stack", row->system->chip->stack);
    json_text(writer, "available_from",
        row->system->available_from == DATE_MONTH_NONE
            ? NULL
            : date_format_month(row->system->available_from, month));
    json_text(writer, "offer", row->offer);
    for (int i = 0; i < FIGURE_COUNT; i++)
        json_number(writer, SYSTEM_FIGURE_NAMES[i], row->values[i]);
    json_open_array(writer, "estimates");
    for (int i = 0; i < FIGURE_COUNT; i++)
        if (row->is_estimate[i] && isfinite(row->values[i]))
            json_text(writer, NULL, SYSTEM_FIGURE_NAMES[i]);
    json_close(writer);
    json_close(writer);
}

int systems_print_json(const struct systems_rows *rows, const struct systems_query *query,
    FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    json_text(writer, "precision", PRECISION_NAMES[query->settings.precision]);
    json_number(writer, "years", query->settings.years);
    json_number(writer, "discount_rate", query->settings.discount_rate);
    json_number(writer, "usd_per_mwh", query->settings.usd_per_mwh);
    json_number(writer, "pue", query->settings.pue);
    json_open_array(writer, "systems");
    for (size_t i = 0; i < rows->count; i++)
        write_row(writer, &rows->rows[i]);
    json_close(writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

static void add_csv_row(struct table *table, const struct system_figures *row)
{
    struct str estimates = {0};

    table_cell(table, "%s", row->system->id);
    table_cell(table, "%s", row->offer == NULL ? "" : row->offer);
    for (int i = 0; i < FIGURE_COUNT; i++) {
        if (isfinite(row->values[i]))
            table_cell(table, "%.15g", row->values[i]);
        else
            table_cell(table, "%s", "");
        if (row->is_estimate[i] && isfinite(row->values[i]))
            str_format(
                &estimates, "%s%s", estimates.length == 0 ? "" : " ", SYSTEM_FIGURE_NAMES[i]);
    }
    table_cell(table, "%s", str_text(&estimates));
    table_end_row(table);
    str_fini(&estimates);
}

void systems_print_csv(const struct systems_rows *rows, FILE *stream)
{
    struct table_column columns[FIGURE_COUNT + 3] = {{.head = "system"}, {.head = "offer"}};
    struct table *table;

    for (int i = 0; i < FIGURE_COUNT; i++)
        columns[2 + i].head = SYSTEM_FIGURE_NAMES[i];
    columns[2 + FIGURE_COUNT].head = "estimates";
    table = table_create(columns, FIGURE_COUNT + 3);
    for (size_t i = 0; i < rows->count; i++)
        add_csv_row(table, &rows->rows[i]);
    table_print_csv(table, stream);
    table_destroy(table);
}
