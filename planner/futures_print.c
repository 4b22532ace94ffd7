/* The plan of several futures: text, JSON, CSV. */
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/futures.h"
#include "planner/lp.h"
#include "planner/plan_csv.h"
#include "planner/plan_grid.h"
#include "planner/plan_json.h"
#include "planner/plan_text.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"

#include <math.h>

enum { TEXT_SIZE = 64 };

/* --- Text */

static const char *money(double usd, char *buffer)
{
    if (isnan(usd))
        (void)snprintf(buffer, TEXT_SIZE, "-");
    else if (isinf(usd))
        (void)snprintf(buffer, TEXT_SIZE, "no plan");
    else
        (void)units_money(usd, buffer, TEXT_SIZE);
    return buffer;
}

static void add_row(struct table *table, const char *name, const char *share, const char *known,
    double planned_usd, double alone_usd)
{
    char text[TEXT_SIZE];

    table_cell(table, "  %s", name);
    table_cell(table, "%s", share);
    table_cell(table, "%s", known);
    table_cell(table, "%s", money(planned_usd, text));
    table_cell(table, "%s", money(alone_usd, text));
    table_end_row(table);
}

static double alone_usd(const struct future_plan *row)
{
    return row->alone_status == PLAN_INFEASIBLE ? INFINITY : row->alone_usd;
}

static void print_costs(const struct futures *f, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "FUTURES", .align = TABLE_LEFT},
        {.head = "probability", .align = TABLE_RIGHT}, {.head = "known from", .align = TABLE_LEFT},
        {.head = "cost with this plan", .align = TABLE_RIGHT},
        {.head = "if known now", .align = TABLE_RIGHT}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char share[TEXT_SIZE], month[DATE_TEXT_SIZE];

    for (int i = 0; i < f->count; i++) {
        const struct future *future = &f->scenario->futures[i];
        const struct future_plan *row = &f->rows[i];

        add_row(table, future->id, units_percent(future->probability, share, sizeof share),
            date_format_month(future->known_from, month),
            row->plan != NULL ? row->plan->objective_usd : NAN, alone_usd(row));
    }
    if (f->has_plan)
        add_row(table, "expected", "", "", f->expected_usd, f->alone_usd);
    table_print(table, 0, stream);
    table_destroy(table);
}

static void print_values(const struct futures *f, FILE *stream)
{
    char text[TEXT_SIZE];

    if (!isnan(f->alone_usd))
        (void)fprintf(stream, "To know now which one comes is worth %s.\n",
            money(fmax(f->expected_usd - f->alone_usd, 0), text));
    if (isinf(f->unprepared_usd))
        (void)fprintf(stream, "Decided as if things came as the scenario stands, what is common "
                              "leaves some future without a plan.\n");
    else if (!isnan(f->unprepared_usd))
        (void)fprintf(stream,
            "Decided as if things came as the scenario stands, what is common would cost %s more "
            "to be expected.\n",
            money(fmax(f->unprepared_usd - f->expected_usd, 0), text));
}

/* What all futures share. */
static void print_common(const struct futures *f, bool all, FILE *stream)
{
    const struct scenario *sc = f->scenario;
    const uint64_t everyone = f->count == 64 ? UINT64_MAX : (UINT64_C(1) << f->count) - 1;
    struct plan_grid *grid = plan_grid_create(sc, (size_t)sc->offer_count, (size_t)sc->site_count);

    for (size_t i = 0; i < f->common.count; i++) {
        const struct future_common *row = &f->common.rows[i];

        if (row->futures == everyone && sc->offers[row->offer].kind != OFFER_ON_DEMAND)
            plan_grid_row(grid, row->offer, row->site)[row->period] += row->systems;
    }
    if (plan_grid_is_empty(grid))
        (void)fprintf(stream, "Nothing is ordered before it is known which one comes.\n");
    plan_grid_print(grid, "TO ACQUIRE WHATEVER COMES", plan_offer_name, plan_site_name,
        PLAN_GRID_FLOW, all, stream);
    plan_grid_destroy(grid);
}

static void print_head(
    const struct futures *f, const struct plan_text_options *options, FILE *stream)
{
    const double seconds = f->seconds.read + f->seconds.build + f->seconds.solve;
    char rows[TEXT_SIZE], columns[TEXT_SIZE], percent[TEXT_SIZE];

    (void)fprintf(stream, "%s   %d %s\n%s %s rows × %s columns, %s %.*f s", f->scenario->name,
        f->count, str_plural(f->count, "future", "futures"), f->size.integers > 0 ? "MIP" : "LP",
        units_count(f->size.rows, rows, sizeof rows),
        units_count(f->size.columns, columns, sizeof columns),
        f->status != PLAN_TIME_LIMIT ? "solved in"
        : options->is_interrupted    ? "interrupted after"
                                     : "ended by the time limit after",
        seconds < 10 ? 2 : 0, seconds);
    if (f->has_plan && f->gap > 0 && isfinite(f->gap))
        (void)fprintf(stream, "; cost within %s of the bound",
            units_percent(f->gap, percent, sizeof percent));
    (void)fprintf(stream, "\n\n");
}

void futures_print(const struct futures *f, const struct plan_text_options *options, FILE *stream)
{
    print_head(f, options, stream);
    print_costs(f, stream);
    if (!f->has_plan)
        return;
    print_values(f, stream);
    print_common(f, options->all_periods, stream);
    for (int i = 0; i < f->count; i++) {
        (void)fprintf(stream, "\nIf %s comes:\n", f->scenario->futures[i].id);
        plan_text_cost(f->rows[i].plan, stream);
        plan_text_acquired(f->rows[i].plan, options->all_periods, stream);
        plan_text_in_service(f->rows[i].plan, options->all_periods, stream);
        plan_text_unmet(f->rows[i].plan, stream);
    }
}

/* --- JSON */

static void write_figures(const struct futures *f, struct json_writer *w)
{
    double expected_usd = f->has_plan ? f->expected_usd : NAN;

    json_text(w, "scenario", f->scenario->name);
    json_text(w, "status", PLAN_STATUS_NAMES[f->status]);
    json_open_object(w, "solver");
    json_text(w, "name", LP_SOLVER_NAME);
    json_text(w, "version", lp_solver_version());
    json_close(w);
    json_number(w, "objective_usd", expected_usd);
    json_number(w, "bound_usd", f->bound_usd);
    json_number(w, "gap", f->has_plan ? f->gap : NAN);
    json_bool(w, "whole_systems", f->is_whole);
    json_number(w, "known_usd", f->alone_usd);
    json_number(w, "value_of_knowing_usd", expected_usd - f->alone_usd);
    json_number(w, "unprepared_usd", f->unprepared_usd);
    json_open_object(w, "size");
    json_count(w, "rows", f->size.rows);
    json_count(w, "columns", f->size.columns);
    json_count(w, "nonzeros", f->size.nonzeros);
    json_count(w, "integers", f->size.integers);
    json_close(w);
    json_open_object(w, "seconds");
    json_number(w, "read", f->seconds.read);
    json_number(w, "build", f->seconds.build);
    json_number(w, "solve", f->seconds.solve);
    json_close(w);
}

static void write_common(const struct futures *f, struct json_writer *w)
{
    const struct scenario *sc = f->scenario;
    char month[DATE_TEXT_SIZE];

    json_open_array(w, "common");
    for (size_t i = 0; i < f->common.count; i++) {
        const struct future_common *row = &f->common.rows[i];

        json_open_object(w, NULL);
        json_text(w, "offer", sc->offers[row->offer].id);
        json_text(w, "site", sc->sites[row->site].id);
        json_text(w, "period", date_format_month(sc->periods[row->period].start, month));
        json_number(w, "systems", row->systems);
        json_open_array(w, "futures");
        for (int k = 0; k < f->count; k++)
            if ((row->futures >> k & 1) != 0)
                json_text(w, NULL, sc->futures[k].id);
        json_close(w);
        json_close(w);
    }
    json_close(w);
}

static void write_futures(const struct futures *f, struct json_writer *w)
{
    char month[DATE_TEXT_SIZE];

    json_open_array(w, "futures");
    for (int i = 0; i < f->count; i++) {
        const struct future *future = &f->scenario->futures[i];

        json_open_object(w, NULL);
        json_text(w, "id", future->id);
        json_number(w, "probability", future->probability);
        json_text(w, "known_from", date_format_month(future->known_from, month));
        json_number(w, "known_usd", f->rows[i].alone_usd);
        json_text(w, "known_status", PLAN_STATUS_NAMES[f->rows[i].alone_status]);
        if (f->rows[i].plan != NULL) {
            json_open_object(w, "plan");
            plan_json_write(f->rows[i].plan, NULL, w);
            json_close(w);
        }
        json_close(w);
    }
    json_close(w);
}

int futures_print_json(const struct futures *f, const char *conflict, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    write_figures(f, writer);
    write_common(f, writer);
    write_futures(f, writer);
    if (conflict != NULL)
        json_text(writer, "conflict", conflict);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

/* --- CSV */

static void add_number(struct table *table, double number)
{
    if (isfinite(number))
        table_cell(table, "%.17g", number);
    else
        table_cell(table, "%s", "");
}

static struct table *futures_table(const struct futures *f)
{
    static const struct table_column COLUMNS[] = {{.head = "id"}, {.head = "probability"},
        {.head = "known_from"}, {.head = "objective_usd"}, {.head = "known_usd"}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char month[DATE_TEXT_SIZE];

    for (int i = 0; i < f->count; i++) {
        const struct future *future = &f->scenario->futures[i];

        table_cell(table, "%s", future->id);
        add_number(table, future->probability);
        table_cell(table, "%s", date_format_month(future->known_from, month));
        add_number(table, f->rows[i].plan != NULL ? f->rows[i].plan->objective_usd : NAN);
        add_number(table, f->rows[i].alone_usd);
        table_end_row(table);
    }
    return table;
}

static struct table *common_table(const struct futures *f)
{
    static const struct table_column COLUMNS[] = {{.head = "offer"}, {.head = "site"},
        {.head = "period"}, {.head = "systems"}, {.head = "futures"}};
    const struct scenario *sc = f->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char month[DATE_TEXT_SIZE];

    for (size_t i = 0; i < f->common.count; i++) {
        const struct future_common *row = &f->common.rows[i];
        struct str ids = {0};

        for (int k = 0; k < f->count; k++)
            if ((row->futures >> k & 1) != 0)
                str_format(&ids, "%s%s", ids.length == 0 ? "" : " ", sc->futures[k].id);
        table_cell(table, "%s", sc->offers[row->offer].id);
        table_cell(table, "%s", sc->sites[row->site].id);
        table_cell(table, "%s", date_format_month(sc->periods[row->period].start, month));
        add_number(table, row->systems);
        table_cell(table, "%s", str_text(&ids));
        table_end_row(table);
        str_fini(&ids);
    }
    return table;
}

int futures_write_csv(const struct futures *f, const char *folder, struct err *err)
{
    struct str path = {0};
    int rc = 0;

    if (file_make_folder(folder, err) != 0 ||
        plan_csv_write_table(futures_table(f), folder, "futures", err) != 0 ||
        plan_csv_write_table(common_table(f), folder, "common", err) != 0)
        return -1;
    for (int i = 0; i < f->count && rc == 0; i++) {
        str_clear(&path);
        str_format(&path, "%s/%s", folder, f->scenario->futures[i].id);
        if (f->rows[i].plan != NULL)
            rc = plan_csv_write(f->rows[i].plan, str_text(&path), err);
    }
    str_fini(&path);
    return rc;
}
