#include "base/mem.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"

#include <stdlib.h>

/* Discount of the last period that the workload may run in: when its unmet volume is reckoned. */
static double last_discount(const struct scenario *scenario, const struct workload *workload)
{
    double discount = 1;

    for (int t = 0; t < scenario->period_count; t++)
        if (workload_is_open(workload, &scenario->periods[t]))
            discount = scenario->periods[t].discount;
    return discount;
}

static struct unmet_demand *find_demand(
    struct unmet_demand *list, size_t count, const struct plan_unmet *row)
{
    for (size_t i = count; i > 0; i--)
        if (list[i - 1].workload == row->workload && list[i - 1].region == row->region)
            return &list[i - 1];
    return NULL;
}

/* Units and worth of one row: peak rates count with their hours, worth with the load factor too. */
static void add_row(
    const struct scenario *scenario, const struct plan_unmet *row, struct unmet_demand *demand)
{
    const struct workload *workload = &scenario->workloads[row->workload];

    if (row->period < 0) {
        demand->units += row->units;
        demand->usd += row->units * workload->value_usd_per_unit *
                       last_discount(scenario, workload);
        return;
    }
    const struct period *period = &scenario->periods[row->period];
    demand->units += row->units * period->hours;
    demand->usd += row->units * period->hours * workload->load_factor *
                   workload->value_usd_per_unit * period->discount;
    if (demand->first < 0 || row->period < demand->first)
        demand->first = row->period;
    if (row->period > demand->last)
        demand->last = row->period;
}

static double asked_units(const struct scenario *scenario, const struct unmet_demand *demand)
{
    const struct workload *workload = &scenario->workloads[demand->workload];
    double units = 0;

    if (demand->region < 0)
        return workload->volume_units;
    for (int t = demand->first; t <= demand->last; t++)
        units += region_demand_at(&workload->regions[demand->region], &scenario->periods[t]) *
                 scenario->periods[t].hours;
    return units;
}

static int compare_demands(const void *a, const void *b)
{
    const struct unmet_demand *x = a, *y = b;

    if (x->usd != y->usd)
        return x->usd < y->usd ? 1 : -1;
    return x->workload != y->workload ? x->workload - y->workload : x->region - y->region;
}

struct unmet_demand *plan_text_unmet_demands(const struct capacity_plan *plan, size_t *count)
{
    struct unmet_demand *list = mem_zero(plan->unmet.count, sizeof *list);

    *count = 0;
    for (size_t i = 0; i < plan->unmet.count; i++) {
        const struct plan_unmet *row = &plan->unmet.rows[i];
        struct unmet_demand *demand = find_demand(list, *count, row);

        if (demand == NULL) {
            demand = &list[(*count)++];
            *demand = (struct unmet_demand){
                .workload = row->workload, .region = row->region, .first = -1, .last = -1};
        }
        add_row(plan->scenario, row, demand);
    }
    for (size_t i = 0; i < *count; i++)
        list[i].share = list[i].units / asked_units(plan->scenario, &list[i]);
    qsort(list, *count, sizeof *list, compare_demands);
    return list;
}

void plan_text_unmet(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "NOT SERVED", .align = TABLE_LEFT},
        {.head = "when", .align = TABLE_LEFT}, {.head = "of what is asked", .align = TABLE_RIGHT},
        {.head = "units", .align = TABLE_RIGHT}, {.head = "worth", .align = TABLE_RIGHT}};
    const struct scenario *scenario = plan->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    size_t count;
    struct unmet_demand *list = plan_text_unmet_demands(plan, &count);
    char text[160];

    for (size_t i = 0; i < count; i++) {
        const struct unmet_demand *demand = &list[i];
        const struct workload *workload = &scenario->workloads[demand->workload];

        table_cell(table, "  %s",
            plan_words_demand(scenario, demand->workload, demand->region, text, sizeof text));
        if (demand->region < 0)
            table_cell(table, "%s", WORKLOAD_KIND_NAMES[workload->kind]);
        else
            table_cell(table, "%s",
                plan_words_span(scenario, demand->first, demand->last, text, sizeof text));
        table_cell(table, "%s", units_percent(demand->share, text, sizeof text));
        table_cell(table, "%.2e", demand->units);
        table_cell(table, "%s", units_money(demand->usd, text, sizeof text));
        table_end_row(table);
    }
    if (count > 0)
        table_print(table, 0, stream);
    mem_free(list);
    table_destroy(table);
}
