#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_columns.h"
#include "planner/plan_grid.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"

#include <stdlib.h>

/* What is rented by the period is got anew in each; it is seen among the systems in service. */
void plan_text_acquired(const struct capacity_plan *plan, bool all, FILE *stream)
{
    const struct scenario *scenario = plan->scenario;
    struct plan_grid *grid = plan_grid_create(
        scenario, (size_t)scenario->offer_count, (size_t)scenario->site_count);

    for (size_t i = 0; i < plan->acquired.count; i++) {
        const struct plan_acquired *row = &plan->acquired.rows[i];

        if (scenario->offers[row->offer].kind != OFFER_ON_DEMAND)
            plan_grid_row(grid, row->offer, row->site)[row->period] += row->systems;
    }
    plan_grid_print(
        grid, "SYSTEMS TO ACQUIRE", plan_offer_name, plan_site_name, PLAN_GRID_FLOW, all, stream);
    plan_grid_destroy(grid);
}

void plan_text_in_service(const struct capacity_plan *plan, bool all, FILE *stream)
{
    const struct scenario *scenario = plan->scenario;
    struct plan_grid *grid = plan_grid_create(
        scenario, (size_t)scenario->site_count, scenario->catalog.system_count);

    for (size_t i = 0; i < plan->installed.count; i++) {
        const struct plan_installed *row = &plan->installed.rows[i];
        int system = scenario->offers[row->offer].system;

        plan_grid_row(grid, row->site, system)[row->period] += row->systems;
    }
    plan_grid_print(
        grid, "SYSTEMS IN SERVICE", plan_site_name, plan_system_name, PLAN_GRID_STOCK, all, stream);
    plan_grid_destroy(grid);
}

void plan_text_retired(const struct capacity_plan *plan, bool all, FILE *stream)
{
    const struct scenario *scenario = plan->scenario;
    struct plan_grid *grid = plan_grid_create(
        scenario, (size_t)scenario->offer_count, (size_t)scenario->site_count);

    for (size_t i = 0; i < plan->retired.count; i++) {
        const struct plan_retired *row = &plan->retired.rows[i];

        plan_grid_row(grid, row->offer, row->site)[row->period] += row->systems;
    }
    plan_grid_print(
        grid, "RETIRED EARLY", plan_offer_name, plan_site_name, PLAN_GRID_FLOW, all, stream);
    plan_grid_destroy(grid);
}

/* The share of a workload's work that is done in one place. */
struct work_place {
    int site, system;
    double units;
};

static int compare_places(const void *a, const void *b)
{
    const struct work_place *x = a, *y = b;

    if (x->units != y->units)
        return x->units < y->units ? 1 : -1;
    return x->site != y->site ? x->site - y->site : x->system - y->system;
}

/* "61 % gb300-nvl72 oregon, 30 % trn3-gen2 oregon, 2 more" in at most `width` places. */
static void describe_places(const struct scenario *scenario, const struct work_place *places,
    size_t count, double total, size_t width, struct str *out)
{
    struct str next = {0};
    char percent[32];

    for (size_t i = 0; i < count; i++) {
        str_clear(&next);
        str_format(&next, "%s%s %s %s", i == 0 ? "" : ", ",
            units_percent(places[i].units / total, percent, sizeof percent),
            plan_system_name(scenario, places[i].system), plan_site_name(scenario, places[i].site));
        if (i > 0 && str_columns(str_text(out)) + next.length + sizeof ", 99 more" - 1 > width) {
            str_format(out, ", %zu more", count - i);
            break;
        }
        str_add(out, str_text(&next));
    }
    str_fini(&next);
}

/* Units by site × system of one workload, over the horizon. */
static double sum_places(
    const struct capacity_plan *plan, int workload, struct work_place *places, size_t *count)
{
    const struct scenario *scenario = plan->scenario;
    size_t system_count = scenario->catalog.system_count;
    size_t pair_count = (size_t)scenario->site_count * system_count;
    double total = 0;

    for (size_t i = 0; i < pair_count; i++)
        places[i] = (struct work_place){
            .site = (int)(i / system_count), .system = (int)(i % system_count)};
    for (size_t i = 0; i < plan->runs.count; i++) {
        const struct plan_run *row = &plan->runs.rows[i];
        double units = row->units_per_hour * scenario->periods[row->period].hours;

        if (row->workload != workload)
            continue;
        places[(size_t)row->site * system_count + (size_t)row->system].units += units;
        total += units;
    }
    qsort(places, pair_count, sizeof *places, compare_places);
    for (*count = 0; *count < pair_count && places[*count].units > 0;)
        (*count)++;
    return total;
}

/* What of a workload is served, of what it asks for over the horizon. */
static double *served_shares(const struct capacity_plan *plan)
{
    double *shares = mem_zero((size_t)plan->scenario->workload_count, sizeof *shares);
    size_t count;
    struct unmet_demand *list = plan_text_unmet_demands(plan, &count);

    for (int j = 0; j < plan->scenario->workload_count; j++)
        shares[j] = 1;
    for (size_t i = 0; i < count; i++)
        shares[list[i].workload] -= list[i].units /
                                    plan_words_asked_units(plan->scenario, list[i].workload);
    mem_free(list);
    return shares;
}

static void print_places(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "WHAT RUNS WHERE", .align = TABLE_LEFT},
        {.head = "served", .align = TABLE_RIGHT},
        {.head = "share of its work by system and site", .align = TABLE_LEFT}};
    const struct scenario *scenario = plan->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    struct work_place *places = mem_zero(
        (size_t)scenario->site_count * scenario->catalog.system_count, sizeof *places);
    double *shares = served_shares(plan);
    size_t name_width = sizeof "WHAT RUNS WHERE" - 1;
    struct str words = {0};
    char percent[32];

    for (int j = 0; j < scenario->workload_count; j++)
        if (2 + str_columns(scenario->workloads[j].id) > name_width)
            name_width = 2 + str_columns(scenario->workloads[j].id);
    for (int j = 0; j < scenario->workload_count; j++) {
        size_t count;
        double total = sum_places(plan, j, places, &count);

        str_clear(&words);
        describe_places(
            scenario, places, count, total, PLAN_TEXT_WIDTH - name_width - 2 - 6 - 2, &words);
        table_cell(table, "  %s", scenario->workloads[j].id);
        table_cell(table, "%s", units_percent(shares[j], percent, sizeof percent));
        table_cell(table, "%s", count == 0 ? "nowhere" : str_text(&words));
        table_end_row(table);
    }
    table_print(table, 0, stream);
    str_fini(&words);
    mem_free(shares);
    mem_free(places);
    table_destroy(table);
}

void plan_text_runs(const struct capacity_plan *plan, bool all, FILE *stream)
{
    const struct scenario *scenario = plan->scenario;
    struct plan_grid *grid = plan_grid_create(
        scenario, (size_t)scenario->workload_count, scenario->catalog.system_count);

    print_places(plan, stream);
    for (size_t i = 0; i < plan->runs.count; i++) {
        const struct plan_run *row = &plan->runs.rows[i];

        plan_grid_row(grid, row->workload, row->system)[row->period] += row->systems;
    }
    plan_grid_print(
        grid, "SYSTEMS AT WORK", plan_workload_name, plan_system_name, PLAN_GRID_MEAN, all, stream);
    plan_grid_destroy(grid);
}
