#include "planner/plan_costs.h"

#include "base/units.h"

#include <math.h>

struct costs {
    const struct capacity_plan *plan;
    const struct scenario *scenario;
    double *usd;
};

/* Cash of a period, discounted by it. */
static void add(const struct costs *c, enum cost_part part, int period, double usd)
{
    c->usd[(int)part * c->scenario->period_count + period] += usd *
                                                              c->scenario->periods[period].discount;
}

/* The first (or last) period that starts in [from, to); the horizon's where none does. */
static int edge_period(const struct scenario *scenario, date_month from, date_month to, bool last)
{
    int found = -1;

    for (int t = 0; t < scenario->period_count; t++) {
        date_month start = scenario->periods[t].start;

        if (start >= from && start < to && (last || found < 0))
            found = t;
    }
    if (found >= 0)
        return found;
    return last ? scenario->period_count - 1 : 0;
}

/* Salvage, as the planning model has it: at the discount of the horizon's end. */
static void add_salvage(const struct costs *c, const struct plan_acquired *row)
{
    const struct horizon *horizon = &c->scenario->horizon;
    const struct offer *offer = &c->scenario->offers[row->offer];
    int past_months = c->scenario->periods[row->period].start + offer->term_months - horizon->end;
    int last = c->scenario->period_count - 1;
    double years = (horizon->end - horizon->start) / UNITS_MONTHS_PER_YEAR;

    if (!horizon->has_salvage || offer->term_months == 0 || past_months <= 0)
        return;
    c->usd[COST_SALVAGE * c->scenario->period_count + last] -=
        offer->capex_usd * row->systems * past_months / offer->term_months *
        pow(1 + horizon->discount_rate, -years);
}

static void add_systems(const struct costs *c)
{
    for (size_t i = 0; i < c->plan->acquired.count; i++) {
        const struct plan_acquired *row = &c->plan->acquired.rows[i];

        add(c, COST_CAPEX, row->period, c->scenario->offers[row->offer].capex_usd * row->systems);
        add_salvage(c, row);
    }
    for (size_t i = 0; i < c->plan->installed.count; i++) {
        const struct plan_installed *row = &c->plan->installed.rows[i];
        const struct offer *offer = &c->scenario->offers[row->offer];
        const struct period *period = &c->scenario->periods[row->period];

        add(c, COST_RENT, row->period, offer->usd_per_system_hour * period->hours * row->systems);
        add(c, COST_MAINTENANCE, row->period,
            offer->opex_usd_per_year * period->month_count / UNITS_MONTHS_PER_YEAR * row->systems);
    }
}

static void add_energy(const struct costs *c)
{
    for (size_t i = 0; i < c->plan->energy.count; i++) {
        const struct plan_energy *row = &c->plan->energy.rows[i];
        date_month start = c->scenario->periods[row->period].start;

        add(c, COST_ENERGY, row->period,
            row->mwh * dated_value_at(&c->scenario->sites[row->site].energy_usd_per_mwh, start, 0));
        add(c, COST_CARBON, row->period,
            row->tonnes_co2 * c->scenario->horizon.carbon_usd_per_tonne);
    }
}

static void add_unmet(const struct costs *c)
{
    for (size_t i = 0; i < c->plan->unmet.count; i++) {
        const struct plan_unmet *row = &c->plan->unmet.rows[i];
        const struct workload *workload = &c->scenario->workloads[row->workload];
        double usd = workload->value_usd_per_unit * row->units;

        if (workload->kind == WORKLOAD_INFERENCE)
            add(c, COST_UNMET, row->period,
                usd * workload->load_factor * c->scenario->periods[row->period].hours);
        else
            add(c, COST_UNMET, edge_period(c->scenario, workload->start, workload->end, true), usd);
    }
}

static void add_shortfalls(const struct costs *c)
{
    for (size_t i = 0; i < c->plan->shortfalls.count; i++) {
        const struct plan_shortfall *row = &c->plan->shortfalls.rows[i];
        const struct commitment *commitment = &c->scenario->commitments[row->commitment];
        int period = row->period;

        if (period < 0)
            period = edge_period(c->scenario, commitment->from, commitment->to, true);
        add(c, COST_SHORTFALL, period, row->usd);
    }
}

static void add_porting(const struct costs *c)
{
    for (size_t i = 0; i < c->plan->ported.count; i++) {
        const struct plan_ported *row = &c->plan->ported.rows[i];
        const struct workload *workload = &c->scenario->workloads[row->workload];
        int period = 0;

        if (workload->kind != WORKLOAD_INFERENCE)
            period = edge_period(c->scenario, workload->start, workload->end, false);
        add(c, COST_PORTING, period, workload->portings[row->porting].usd);
    }
}

void plan_costs_by_period(const struct capacity_plan *plan, double *usd)
{
    struct costs costs = {plan, plan->scenario, usd};

    add_systems(&costs);
    add_energy(&costs);
    add_unmet(&costs);
    add_shortfalls(&costs);
    add_porting(&costs);
}
