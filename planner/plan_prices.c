#include "planner/plan_prices.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 64 };

/* --- Prices */

/* Work comes in large numbers, the others as they are. */
static const char *amount(const struct plan_price *price, double units, char *buffer, size_t size)
{
    bool is_work = price->kind == PRICE_DEMAND || price->kind == PRICE_VOLUME ||
                   price->kind == PRICE_SURVIVE;

    if (!isfinite(units)) {
        (void)snprintf(buffer, size, "-");
        return buffer;
    }
    if (is_work)
        return units_rate(units, buffer, size);
    return str_grouped(units, fabs(units) >= 1000 ? 0 : 2, buffer, size);
}

/* Work is cheap by the unit: dollars with as many digits as it takes. */
static const char *price_text(double usd, char *buffer, size_t size)
{
    if (!isfinite(usd))
        (void)snprintf(buffer, size, "-");
    else if (fabs(usd) >= 100)
        return units_money(usd, buffer, size);
    else
        (void)snprintf(buffer, size, "%s$%.3g", usd < 0 ? "-" : "", fabs(usd));
    return buffer;
}

static void add_row(
    struct table *table, const struct scenario *scenario, const struct plan_price *price)
{
    const struct price_range *range = &price->range;
    char text[TEXT_SIZE];

    table_cell(table, "  %s %s", PRICE_KIND_NAMES[price->kind], price->id);
    if (price->period >= 0)
        table_cell(table, "%s", date_format_month(scenario->periods[price->period].start, text));
    else
        table_cell(table, "all");
    table_cell(table, "%s", price_text(price->usd_per_unit, text, sizeof text));
    table_cell(table, "%s", price->unit);
    table_cell(table, "%s", range->is_known ? amount(price, range->limit, text, sizeof text) : "-");
    table_cell(table, "%s", range->is_known ? amount(price, range->from, text, sizeof text) : "-");
    table_cell(table, "%s", range->is_known ? amount(price, range->to, text, sizeof text) : "-");
    table_cell(
        table, "%s", price_text(range->is_known ? range->usd_below : NAN, text, sizeof text));
    table_cell(
        table, "%s", price_text(range->is_known ? range->usd_above : NAN, text, sizeof text));
    table_end_row(table);
}

void plan_prices_print(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "PRICES", .align = TABLE_LEFT},
        {.head = "when", .align = TABLE_LEFT}, {.head = "one more saves", .align = TABLE_RIGHT},
        {.head = "unit", .align = TABLE_LEFT}, {.head = "limit", .align = TABLE_RIGHT},
        {.head = "holds from", .align = TABLE_RIGHT}, {.head = "to", .align = TABLE_RIGHT},
        {.head = "below it", .align = TABLE_RIGHT}, {.head = "above it", .align = TABLE_RIGHT}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);

    for (size_t i = 0; i < plan->prices.count; i++)
        add_row(table, plan->scenario, &plan->prices.rows[i]);
    if (plan->prices.count > 0)
        table_print(table, 0, stream);
    table_destroy(table);
}

/* --- What was not chosen */

const char *plan_not_chosen_words(const struct plan_not_chosen *row, char *buffer, size_t size)
{
    char percent[TEXT_SIZE];

    if (row->period < 0)
        (void)snprintf(buffer, size, "can't be had there, or not for all of its term");
    else if (row->cheaper_share > 1)
        (void)snprintf(buffer, size, "would not be taken for nothing");
    else if (row->cheaper_share <= 0)
        (void)snprintf(buffer, size, "would do as well as what was chosen");
    else
        (void)snprintf(buffer, size, "would have to be %s cheaper",
            units_percent(row->cheaper_share, percent, sizeof percent));
    return buffer;
}

static int compare_rows(const void *a, const void *b)
{
    const struct plan_not_chosen *x = a, *y = b;

    if ((x->period < 0) != (y->period < 0))
        return x->period < 0 ? 1 : -1;
    if (x->period >= 0 &&
        (x->cheaper_share < y->cheaper_share || x->cheaper_share > y->cheaper_share))
        return x->cheaper_share < y->cheaper_share ? -1 : 1;
    return x->offer != y->offer ? x->offer - y->offer : x->site - y->site;
}

static void add_not_chosen(
    struct table *table, const struct scenario *scenario, const struct plan_not_chosen *row)
{
    const struct offer *offer = &scenario->offers[row->offer];
    char text[TEXT_SIZE];

    table_cell(table, "  %s at %s", scenario->catalog.systems[offer->system].id,
        scenario->sites[row->site].id);
    table_cell(table, "%s", offer->id);
    table_cell(table, "%s",
        row->period < 0 ? "-" : date_format_month(scenario->periods[row->period].start, text));
    table_cell(table, "%s", price_text(row->price_usd, text, sizeof text));
    table_cell(table, "%s", price_text(row->usd_above, text, sizeof text));
    table_cell(table, "%s", plan_not_chosen_words(row, text, sizeof text));
    table_end_row(table);
}

void plan_not_chosen_print(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "NOT CHOSEN", .align = TABLE_LEFT},
        {.head = "offer", .align = TABLE_LEFT}, {.head = "nearest in", .align = TABLE_LEFT},
        {.head = "a system costs", .align = TABLE_RIGHT},
        {.head = "too much by", .align = TABLE_RIGHT}, {.head = "", .align = TABLE_LEFT}};
    size_t count = plan->not_chosen.count;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    struct plan_not_chosen *rows = mem_zero(count, sizeof *rows);

    if (count > 0)
        memcpy(rows, plan->not_chosen.rows, count * sizeof *rows);
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++)
        add_not_chosen(table, plan->scenario, &rows[i]);
    if (count > 0)
        table_print(table, 0, stream);
    mem_free(rows);
    table_destroy(table);
}
