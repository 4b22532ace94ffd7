#include "planner/plan_lists.h"

#include <math.h>

static struct plan_cell text_cell(const char *text)
{
    return (struct plan_cell){.kind = text == NULL ? PLAN_CELL_NULL : PLAN_CELL_TEXT, .text = text};
}

static struct plan_cell number_cell(double number)
{
    return (struct plan_cell){.kind = PLAN_CELL_NUMBER, .number = number};
}

/* Null where it is not known, or without end. */
static struct plan_cell known_cell(double number)
{
    return (struct plan_cell){
        .kind = isfinite(number) ? PLAN_CELL_NUMBER : PLAN_CELL_NULL, .number = number};
}

static struct plan_cell month_cell(date_month month)
{
    return (struct plan_cell){.kind = PLAN_CELL_MONTH, .month = month};
}

static struct plan_cell bool_cell(bool flag)
{
    return (struct plan_cell){.kind = PLAN_CELL_BOOL, .flag = flag};
}

/* A period by its first month; -1 is the whole horizon. */
static struct plan_cell period_cell(const struct capacity_plan *plan, int period)
{
    if (period < 0)
        return (struct plan_cell){.kind = PLAN_CELL_NULL};
    return month_cell(plan->scenario->periods[period].start);
}

static struct plan_cell offer_cell(const struct capacity_plan *plan, int offer)
{
    return text_cell(plan->scenario->offers[offer].id);
}

static struct plan_cell site_cell(const struct capacity_plan *plan, int site)
{
    return text_cell(plan->scenario->sites[site].id);
}

static struct plan_cell system_cell(const struct capacity_plan *plan, int system)
{
    return text_cell(plan->scenario->catalog.systems[system].id);
}

static struct plan_cell workload_cell(const struct capacity_plan *plan, int workload)
{
    return text_cell(plan->scenario->workloads[workload].id);
}

static struct plan_cell region_cell(const struct capacity_plan *plan, int workload, int region)
{
    if (region < 0)
        return text_cell(NULL);
    return text_cell(plan->scenario->workloads[workload].regions[region].region);
}

static size_t period_count(const struct capacity_plan *plan)
{
    return (size_t)plan->scenario->period_count;
}

static bool read_period(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct period *period = &plan->scenario->periods[index];

    cells[0] = month_cell(period->start);
    cells[1] = (struct plan_cell){.kind = PLAN_CELL_COUNT, .number = period->month_count};
    cells[2] = number_cell(period->hours);
    return true;
}

/* The list's rows are those of the plan's own list of that name. */
#define ROW_COUNT(list)                                                                            \
    static size_t list##_count(const struct capacity_plan *plan)                                   \
    {                                                                                              \
        return plan->list.count;                                                                   \
    }

ROW_COUNT(acquired)
ROW_COUNT(served)
ROW_COUNT(shortfalls)
ROW_COUNT(ported)
ROW_COUNT(budgets)
ROW_COUNT(energy)
ROW_COUNT(retired)
ROW_COUNT(installed)
ROW_COUNT(runs)
ROW_COUNT(unmet)
ROW_COUNT(power)
ROW_COUNT(prices)
ROW_COUNT(not_chosen)

static bool read_acquired(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_acquired *row = &plan->acquired.rows[index];

    cells[0] = offer_cell(plan, row->offer);
    cells[1] = site_cell(plan, row->site);
    cells[2] = period_cell(plan, row->period);
    cells[3] = number_cell(row->systems);
    return true;
}

static bool read_served(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_served *row = &plan->served.rows[index];

    cells[0] = workload_cell(plan, row->workload);
    cells[1] = region_cell(plan, row->workload, row->region);
    cells[2] = site_cell(plan, row->site);
    cells[3] = period_cell(plan, row->period);
    cells[4] = number_cell(row->units_per_hour);
    return true;
}

static bool read_shortfall(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_shortfall *row = &plan->shortfalls.rows[index];

    cells[0] = text_cell(plan->scenario->commitments[row->commitment].id);
    cells[1] = period_cell(plan, row->period);
    cells[2] = number_cell(row->mw);
    cells[3] = number_cell(row->usd);
    return true;
}

static bool read_ported(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_ported *row = &plan->ported.rows[index];

    cells[0] = workload_cell(plan, row->workload);
    cells[1] = text_cell(plan->scenario->workloads[row->workload].portings[row->porting].stack);
    return true;
}

/* A carbon budget is in tonnes: its dollars are null, and it has two fields of its own. */
static bool read_budget(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_budget *row = &plan->budgets.rows[index];
    const struct budget *budget = &plan->scenario->budgets[row->budget];
    bool is_carbon = budget->kind == BUDGET_CARBON;
    const struct plan_cell none = {.kind = PLAN_CELL_NULL};
    const struct plan_cell absent = {.kind = PLAN_CELL_ABSENT};

    cells[0] = text_cell(budget->id);
    cells[1] = is_carbon ? none : number_cell(row->used);
    cells[2] = is_carbon ? none : number_cell(row->limit);
    cells[3] = is_carbon ? number_cell(row->used) : absent;
    cells[4] = is_carbon ? number_cell(row->limit) : absent;
    return true;
}

static bool read_energy(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_energy *row = &plan->energy.rows[index];

    cells[0] = site_cell(plan, row->site);
    cells[1] = period_cell(plan, row->period);
    cells[2] = number_cell(row->mwh);
    cells[3] = number_cell(row->tonnes_co2);
    return true;
}

static bool read_retired(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_retired *row = &plan->retired.rows[index];

    cells[0] = offer_cell(plan, row->offer);
    cells[1] = site_cell(plan, row->site);
    cells[2] = period_cell(plan, row->period);
    cells[3] = number_cell(row->systems);
    return true;
}

static bool read_installed(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_installed *row = &plan->installed.rows[index];

    cells[0] = offer_cell(plan, row->offer);
    cells[1] = system_cell(plan, plan->scenario->offers[row->offer].system);
    cells[2] = site_cell(plan, row->site);
    cells[3] = period_cell(plan, row->period);
    cells[4] = number_cell(row->systems);
    cells[5] = number_cell(row->nameplate_kw);
    return true;
}

static bool read_run(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_run *row = &plan->runs.rows[index];

    cells[0] = workload_cell(plan, row->workload);
    cells[1] = site_cell(plan, row->site);
    cells[2] = system_cell(plan, row->system);
    cells[3] = text_cell(plan->scenario->catalog.systems[row->system].modes[row->mode].id);
    cells[4] = period_cell(plan, row->period);
    cells[5] = number_cell(row->systems);
    cells[6] = number_cell(row->units_per_hour);
    return true;
}

static bool read_unmet(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_unmet *row = &plan->unmet.rows[index];

    cells[0] = workload_cell(plan, row->workload);
    cells[1] = region_cell(plan, row->workload, row->region);
    cells[2] = period_cell(plan, row->period);
    cells[3] = number_cell(row->units);
    cells[4] = number_cell(row->share);
    return true;
}

static bool read_power(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_power *row = &plan->power.rows[index];

    cells[0] = site_cell(plan, row->site);
    cells[1] = period_cell(plan, row->period);
    cells[2] = number_cell(row->operating_mw);
    cells[3] = number_cell(row->nameplate_mw);
    cells[4] = number_cell(row->limit_mw);
    return true;
}

static bool read_price(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_price *row = &plan->prices.rows[index];

    cells[0] = text_cell(PRICE_KIND_NAMES[row->kind]);
    cells[1] = text_cell(row->id);
    cells[2] = period_cell(plan, row->period);
    cells[3] = number_cell(row->usd_per_unit);
    cells[4] = text_cell(row->unit);
    if (row->range.is_known) {
        cells[5] = known_cell(row->range.limit);
        cells[6] = known_cell(row->range.from);
        cells[7] = known_cell(row->range.to);
        cells[8] = known_cell(row->range.usd_below);
        cells[9] = known_cell(row->range.usd_above);
    } else {
        cells[5] = cells[6] = cells[7] = cells[8] = cells[9] = (struct plan_cell){
            .kind = PLAN_CELL_ABSENT};
    }
    return true;
}

static bool read_not_chosen(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    const struct plan_not_chosen *row = &plan->not_chosen.rows[index];

    cells[0] = offer_cell(plan, row->offer);
    cells[1] = system_cell(plan, plan->scenario->offers[row->offer].system);
    cells[2] = site_cell(plan, row->site);
    cells[3] = period_cell(plan, row->period);
    cells[4] = known_cell(row->usd_above);
    cells[5] = known_cell(row->price_usd);
    cells[6] = known_cell(row->cheaper_share);
    return true;
}

/* Every pair of a workload and a system; those that can't run there are left out. */
static size_t rate_count(const struct capacity_plan *plan)
{
    return (size_t)plan->scenario->workload_count * plan->scenario->catalog.system_count;
}

static bool read_rate(const struct capacity_plan *plan, size_t index, struct plan_cell *cells)
{
    size_t system_count = plan->scenario->catalog.system_count;
    int workload = (int)(index / system_count);
    int system = (int)(index % system_count);
    const struct rate *rate = &plan->scenario->workloads[workload].rates[system];

    if (rate->units_per_hour <= 0)
        return false;
    cells[0] = workload_cell(plan, workload);
    cells[1] = system_cell(plan, system);
    cells[2] = number_cell(rate->units_per_hour);
    cells[3] = bool_cell(rate->is_derived);
    return true;
}

const struct plan_list PLAN_LISTS[] = {
    {"periods", {"start", "months", "hours"}, period_count, read_period},
    {"acquired", {"offer", "site", "period", "systems"}, acquired_count, read_acquired},
    {"served", {"workload", "region", "site", "period", "units_per_hour"}, served_count,
        read_served},
    {"shortfalls", {"commitment", "period", "mw", "usd"}, shortfalls_count, read_shortfall},
    {"ported", {"workload", "stack"}, ported_count, read_ported},
    {"budgets", {"id", "used_usd", "limit_usd", "used_tonnes", "limit_tonnes"}, budgets_count,
        read_budget},
    {"energy", {"site", "period", "mwh", "tonnes_co2"}, energy_count, read_energy},
    {"retired", {"offer", "site", "period", "systems"}, retired_count, read_retired},
    {"installed", {"offer", "system", "site", "period", "systems", "kw"}, installed_count,
        read_installed},
    {"runs", {"workload", "site", "system", "mode", "period", "systems", "units_per_hour"},
        runs_count, read_run},
    {"unmet", {"workload", "region", "period", "units", "share"}, unmet_count, read_unmet},
    {"power", {"site", "period", "operating_mw", "nameplate_mw", "limit_mw"}, power_count,
        read_power},
    {"prices",
        {"constraint", "id", "period", "usd_per_unit", "unit", "limit", "holds_from", "holds_to",
            "usd_per_unit_below", "usd_per_unit_above"},
        prices_count, read_price},
    {"not_chosen", {"offer", "system", "site", "period", "usd_above", "price_usd", "cheaper_share"},
        not_chosen_count, read_not_chosen},
    {"rates", {"workload", "system", "units_per_hour", "derived"}, rate_count, read_rate},
};
const size_t PLAN_LIST_COUNT = sizeof PLAN_LISTS / sizeof PLAN_LISTS[0];
