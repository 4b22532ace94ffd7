/* What a plan costs, part by part, and what of each budget it uses. */
#include "planner/capacity_plan_private.h"

#include "base/str.h"
#include "base/units.h"

#include <math.h>

static double usd_per_mwh(const struct plan_sums *u, int s, int t)
{
    return dated_value_at(&u->sc->sites[s].energy_usd_per_mwh, u->sc->periods[t].start, 0);
}

/* --- Cost */

static void cost_offers(struct plan_sums *u)
{
    double *cost = u->plan->cost_usd;

    for (int o = 0; o < u->sc->offer_count; o++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double delta = u->sc->periods[t].discount;

            cost[COST_CAPEX] += delta * *plan_sums_offer(u, u->capex_usd, o, t);
            cost[COST_RENT] += delta * *plan_sums_offer(u, u->rent_usd, o, t);
            cost[COST_MAINTENANCE] += delta * *plan_sums_offer(u, u->maintenance_usd, o, t);
        }
}

static void cost_salvage(struct plan_sums *u)
{
    const struct horizon *h = &u->sc->horizon;
    double delta = pow(1 + h->discount_rate, -(h->end - h->start) / UNITS_MONTHS_PER_YEAR);

    for (size_t i = 0; h->has_salvage && i < u->plan->acquired.count; i++) {
        const struct plan_acquired *row = &u->plan->acquired.rows[i];
        const struct offer *offer = &u->sc->offers[row->offer];
        int past_months = u->sc->periods[row->period].start + offer->term_months - h->end;

        if (offer->capex_usd > 0 && past_months > 0)
            u->plan->cost_usd[COST_SALVAGE] -= row->systems * offer->capex_usd * past_months /
                                               offer->term_months * delta;
    }
}

static void cost_energy(struct plan_sums *u)
{
    for (int s = 0; s < u->sc->site_count; s++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double delta = u->sc->periods[t].discount;

            u->plan->cost_usd[COST_ENERGY] += delta * *plan_sums_site(u, u->mwh, s, t) *
                                              usd_per_mwh(u, s, t);
            u->plan->cost_usd[COST_CARBON] += delta * *plan_sums_site(u, u->tonnes, s, t) *
                                              u->sc->horizon.carbon_usd_per_tonne;
        }
}

/* The last period that starts before `to`, and its discount. */
static double last_discount(const struct scenario *sc, date_month to)
{
    int t = sc->period_count - 1;

    while (t > 0 && sc->periods[t].start >= to)
        t--;
    return sc->periods[t].discount;
}

static double first_discount(const struct scenario *sc, date_month from)
{
    int t = 0;

    while (t < sc->period_count - 1 && sc->periods[t].start < from)
        t++;
    return sc->periods[t].discount;
}

static void cost_unserved(struct plan_sums *u)
{
    for (size_t i = 0; i < u->plan->unmet.count; i++) {
        const struct plan_unmet *row = &u->plan->unmet.rows[i];
        const struct workload *w = &u->sc->workloads[row->workload];
        double value = row->units * w->value_usd_per_unit;

        if (row->period >= 0)
            value *= w->load_factor * u->sc->periods[row->period].hours *
                     u->sc->periods[row->period].discount;
        else
            value *= last_discount(u->sc, w->end);
        u->plan->cost_usd[COST_UNMET] += value;
    }
}

static void cost_promises(struct plan_sums *u)
{
    for (size_t i = 0; i < u->plan->shortfalls.count; i++) {
        const struct plan_shortfall *row = &u->plan->shortfalls.rows[i];
        double delta = row->period >= 0
                           ? u->sc->periods[row->period].discount
                           : last_discount(u->sc, u->sc->commitments[row->commitment].to);

        u->plan->cost_usd[COST_SHORTFALL] += delta * row->usd;
    }
    for (size_t i = 0; i < u->plan->ported.count; i++) {
        const struct workload *w = &u->sc->workloads[u->plan->ported.rows[i].workload];
        double delta = first_discount(
            u->sc, w->kind == WORKLOAD_INFERENCE ? u->sc->horizon.start : w->start);

        u->plan->cost_usd[COST_PORTING] += delta * w->portings[u->plan->ported.rows[i].porting].usd;
    }
}

/* --- Budgets */

static double cash_of(const struct plan_sums *u, const struct budget *budget, int t)
{
    bool has_capex = budget->kind != BUDGET_OPERATING, has_service = budget->kind != BUDGET_CAPEX;
    double usd = 0;

    for (int o = 0; o < u->sc->offer_count; o++) {
        if (budget->provider != NULL && !str_equal(budget->provider, u->sc->offers[o].provider))
            continue;
        if (has_capex)
            usd += *plan_sums_offer(u, u->capex_usd, o, t);
        if (has_service)
            usd += *plan_sums_offer(u, u->rent_usd, o, t) +
                   *plan_sums_offer(u, u->maintenance_usd, o, t);
    }
    for (int s = 0; has_service && budget->provider == NULL && s < u->sc->site_count; s++)
        usd += *plan_sums_site(u, u->mwh, s, t) * usd_per_mwh(u, s, t);
    return usd;
}

static double carbon_of(const struct plan_sums *u, int t)
{
    double tonnes = 0;

    for (int s = 0; s < u->sc->site_count; s++)
        tonnes += *plan_sums_site(u, u->tonnes, s, t);
    return tonnes;
}

static void list_budgets(struct plan_sums *u)
{
    for (int i = 0; i < u->sc->budget_count; i++) {
        const struct budget *budget = &u->sc->budgets[i];
        double used = 0;

        for (int t = 0; t < u->sc->period_count; t++)
            if (budget->from <= u->sc->periods[t].start && u->sc->periods[t].start < budget->to)
                used += budget->kind == BUDGET_CARBON ? carbon_of(u, t) : cash_of(u, budget, t);
        PLAN_APPEND(u->plan->budgets, (struct plan_budget){i, used, budget->limit});
    }
}

void capacity_plan_cost(struct plan_sums *u)
{
    list_budgets(u);
    cost_offers(u);
    cost_salvage(u);
    cost_energy(u);
    cost_unserved(u);
    cost_promises(u);
    u->plan->objective_usd = 0;
    for (int i = 0; i < COST_PART_COUNT; i++)
        u->plan->objective_usd += u->plan->cost_usd[i];
}
