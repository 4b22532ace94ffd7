/* What near-optimal plans have in common: table, JSON, CSV. */
#include "base/json.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_words.h"
#include "planner/within.h"

#include <math.h>

/* Ranges narrower than this share of their most have nothing to choose. */
static const double FORCED_SHARE = 1e-3;

/* What a planner makes of it. */
static const char *verdict(const struct within_range *range)
{
    if (isnan(range->least) || isnan(range->most))
        return "not known yet";
    if (range->most <= 0)
        return "never";
    if (range->most - range->least <= FORCED_SHARE * range->most)
        return "forced";
    return range->least > 0 ? "some are needed" : "open";
}

static void add_systems(struct table *table, double systems)
{
    char text[48];

    if (isnan(systems))
        table_cell(table, "-");
    else if (isinf(systems))
        table_cell(table, "no end");
    else
        table_cell(table, "%s", str_grouped(systems, 1, text, sizeof text));
}

void within_print(const struct within *within, const struct scenario *scenario, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "IN SERVICE", .align = TABLE_LEFT},
        {.head = "planned", .align = TABLE_RIGHT}, {.head = "least", .align = TABLE_RIGHT},
        {.head = "most", .align = TABLE_RIGHT}, {.head = "", .align = TABLE_LEFT}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char money[48], percent[32], month[64];

    (void)fprintf(stream, "WITHIN %s OF THE BEST COST, at most %s, in service %s\n",
        units_percent(within->share, percent, sizeof percent),
        units_money(within->limit_usd, money, sizeof money),
        plan_words_span(scenario, within->period, within->period, month, sizeof month));
    for (int i = 0; i < within->range_count; i++) {
        const struct within_range *range = &within->ranges[i];

        table_cell(table, "  %s at %s", scenario->catalog.systems[range->system].id,
            range->site < 0 ? "all sites" : scenario->sites[range->site].id);
        add_systems(table, range->planned);
        add_systems(table, range->least);
        add_systems(table, range->most);
        table_cell(table, "%s", verdict(range));
        table_end_row(table);
    }
    table_print(table, 0, stream);
    table_destroy(table);
}

void within_write_json(
    const struct within *within, const struct scenario *scenario, struct json_writer *writer)
{
    char month[DATE_TEXT_SIZE];

    json_open_object(writer, "within");
    json_number(writer, "share", within->share);
    json_number(writer, "limit_usd", within->limit_usd);
    json_text(writer, "period", date_format_month(scenario->periods[within->period].start, month));
    json_bool(writer, "complete", within->is_complete);
    json_open_array(writer, "ranges");
    for (int i = 0; i < within->range_count; i++) {
        const struct within_range *range = &within->ranges[i];

        json_open_object(writer, NULL);
        json_text(writer, "system", scenario->catalog.systems[range->system].id);
        json_text(writer, "site", range->site < 0 ? NULL : scenario->sites[range->site].id);
        json_number(writer, "planned_systems", range->planned);
        json_number(writer, "least_systems", range->least);
        json_number(writer, "most_systems", range->most);
        json_close(writer);
    }
    json_close(writer);
    json_close(writer);
}

/* Empty where it is not known or has no end. */
static void add_number(struct table *table, double number)
{
    if (isfinite(number))
        table_cell(table, "%.17g", number);
    else
        table_cell(table, "%s", "");
}

struct table *within_table(const struct within *within, const struct scenario *scenario)
{
    static const struct table_column COLUMNS[] = {{.head = "system"}, {.head = "site"},
        {.head = "period"}, {.head = "planned_systems"}, {.head = "least_systems"},
        {.head = "most_systems"}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char month[DATE_TEXT_SIZE];

    for (int i = 0; i < within->range_count; i++) {
        const struct within_range *range = &within->ranges[i];

        table_cell(table, "%s", scenario->catalog.systems[range->system].id);
        table_cell(table, "%s", range->site < 0 ? "" : scenario->sites[range->site].id);
        table_cell(table, "%s", date_format_month(scenario->periods[within->period].start, month));
        add_number(table, range->planned);
        add_number(table, range->least);
        add_number(table, range->most);
        table_end_row(table);
    }
    return table;
}
