/* What a sweep found: table, CSV, JSON, page. */
#include "base/embed.h"
#include "base/err.h"
#include "base/json.h"
#include "base/page.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/sweep.h"

#include <math.h>

EMBED_DECLARE(sweep_html);

void sweep_print_csv_head(const struct sweep *sweep, FILE *stream)
{
    for (int a = 0; a < sweep->axis_count; a++)
        (void)fprintf(stream, "%s,", sweep->axes[a].text);
    (void)fputs("status,objective_usd", stream);
    for (int i = 0; i < COST_PART_COUNT; i++)
        (void)fprintf(stream, ",%s_usd", COST_PART_NAMES[i]);
    (void)fputs(",peak_mw,systems\r\n", stream);
}

/* Empty where there is no plan. */
static void put_number(double number, FILE *stream)
{
    (void)fputc(',', stream);
    if (!isnan(number))
        (void)fprintf(stream, "%.17g", number);
}

void sweep_print_csv_point(const struct sweep *sweep, const struct sweep_point *point, FILE *stream)
{
    if (!point->is_known)
        return;
    for (int a = 0; a < sweep->axis_count; a++)
        (void)fprintf(stream, "%.17g,", point->values[a]);
    (void)fputs(PLAN_STATUS_NAMES[point->status], stream);
    put_number(point->objective_usd, stream);
    for (int i = 0; i < COST_PART_COUNT; i++)
        put_number(point->cost_usd[i], stream);
    put_number(point->peak_mw, stream);
    put_number(point->acquired, stream);
    (void)fputs("\r\n", stream);
}

/* A dash where there is no plan. */
static void add_amount(struct table *table, double amount, int decimals)
{
    if (isnan(amount))
        table_cell(table, "-");
    else
        table_cell(table, "%.*f", decimals, amount);
}

static void add_millions(struct table *table, double usd)
{
    add_amount(table, usd / 1e6, 1);
}

void sweep_print_text(const struct sweep *sweep, FILE *stream)
{
    struct table_column columns[SWEEP_AXES_MAX + 8];
    struct table *table;
    size_t count = 0;

    for (int a = 0; a < sweep->axis_count; a++)
        columns[count++] = (struct table_column){sweep->axes[a].text, TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"cost $ m", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"acquire", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"rent", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"energy", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"not served", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"peak MW", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"systems", TABLE_RIGHT, 0};
    columns[count++] = (struct table_column){"", TABLE_LEFT, 0};
    table = table_create(columns, count);
    for (size_t i = 0; i < sweep->point_count; i++) {
        const struct sweep_point *point = &sweep->points[i];
        bool has_plan = point->is_known && !isnan(point->objective_usd);

        if (!point->is_known)
            continue;
        for (int a = 0; a < sweep->axis_count; a++)
            table_cell(table, "%.4g", point->values[a]);
        add_millions(table, has_plan ? point->objective_usd : NAN);
        add_millions(table, has_plan ? point->cost_usd[COST_CAPEX] : NAN);
        add_millions(table, has_plan ? point->cost_usd[COST_RENT] : NAN);
        add_millions(table, has_plan ? point->cost_usd[COST_ENERGY] : NAN);
        add_millions(table, has_plan ? point->cost_usd[COST_UNMET] : NAN);
        add_amount(table, has_plan ? point->peak_mw : NAN, 1);
        add_amount(table, has_plan ? point->acquired : NAN, 0);
        table_cell(table, "%s", has_plan ? "" : PLAN_STATUS_NAMES[point->status]);
        table_end_row(table);
    }
    table_print(table, 0, stream);
    table_destroy(table);
}

static struct json_writer *write_json(const struct sweep *sweep)
{
    struct json_writer *w = json_writer_create();

    json_open_object(w, NULL);
    json_text(w, "scenario", sweep->scenario->name);
    json_open_array(w, "axes");
    for (int a = 0; a < sweep->axis_count; a++) {
        json_open_object(w, NULL);
        json_text(w, "name", sweep->axes[a].text);
        json_number(w, "low", sweep->axes[a].low);
        json_number(w, "high", sweep->axes[a].high);
        json_count(w, "count", sweep->axes[a].count);
        json_close(w);
    }
    json_close(w);
    json_open_array(w, "points");
    for (size_t i = 0; i < sweep->point_count; i++) {
        const struct sweep_point *point = &sweep->points[i];

        if (!point->is_known)
            continue;
        json_open_object(w, NULL);
        json_open_array(w, "values");
        for (int a = 0; a < sweep->axis_count; a++)
            json_number(w, NULL, point->values[a]);
        json_close(w);
        json_text(w, "status", PLAN_STATUS_NAMES[point->status]);
        json_number(w, "objective_usd", point->objective_usd);
        json_open_object(w, "cost_usd");
        for (int k = 0; k < COST_PART_COUNT; k++)
            json_number(w, COST_PART_NAMES[k], point->cost_usd[k]);
        json_close(w);
        json_number(w, "peak_mw", point->peak_mw);
        json_number(w, "systems", point->acquired);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    return w;
}

int sweep_print_json(const struct sweep *sweep, FILE *stream, struct err *err)
{
    struct json_writer *writer = write_json(sweep);
    int rc = json_print(writer, stream, err);

    json_writer_destroy(writer);
    return rc;
}

int sweep_print_page(const struct sweep *sweep, FILE *stream, struct err *err)
{
    struct json_writer *writer = write_json(sweep);
    int rc = page_write(stream, embed_sweep_html, "Wattyard sweep", writer, err);

    json_writer_destroy(writer);
    return rc;
}
