#include "workloads/scenario.h"

#include "base/mem.h"

#include <math.h>

const char *const OFFER_KIND_NAMES[] = {
    [OFFER_BUY] = "buy", [OFFER_RESERVE] = "reserve", [OFFER_ON_DEMAND] = "on-demand", NULL};
const char *const WORKLOAD_KIND_NAMES[] = {[WORKLOAD_TRAINING] = "training",
    [WORKLOAD_INFERENCE] = "inference",
    [WORKLOAD_BATCH] = "batch",
    NULL};
const char *const BUDGET_KIND_NAMES[] = {[BUDGET_CAPEX] = "capex",
    [BUDGET_OPERATING] = "operating",
    [BUDGET_TOTAL] = "total",
    [BUDGET_CARBON] = "carbon",
    NULL};
const char *const COMMITMENT_KIND_NAMES[] = {
    [COMMITMENT_POWER] = "power", [COMMITMENT_SPEND] = "spend", NULL};

void scenario_destroy(struct scenario *scenario)
{
    /* The scenario lies in its own arena. */
    if (scenario != NULL)
        arena_destroy(scenario->arena);
}

bool workload_is_open(const struct workload *workload, const struct period *period)
{
    return workload->start <= period->start && period->start < workload->end;
}

bool offer_is_open(const struct scenario *scenario, const struct offer *offer, int site,
    const struct period *period)
{
    const struct system *system = &scenario->catalog.systems[offer->system];

    /* DATE_MONTH_NONE, before all months, is "at any time". */
    return offer->is_at_site[site] && period->start >= system->available_from &&
           period->start >= offer->from &&
           period->start >= scenario->horizon.start + offer->lead_months &&
           period->start < offer->to;
}

bool offer_is_in_term(const struct offer *offer, date_month acquired, date_month now)
{
    return acquired <= now && (offer->term_months == 0 || now < acquired + offer->term_months);
}

double offer_supply(const struct offer *offer, const struct period *period)
{
    if (!offer->has_supply)
        return INFINITY;
    return dated_value_at(&offer->supply_per_month, period->start, 0) * period->month_count;
}

double region_demand_at(const struct region_demand *region, const struct period *period)
{
    return dated_value_at(&region->units_per_hour, period->start, 0);
}
