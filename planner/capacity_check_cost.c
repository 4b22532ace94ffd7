/* The check of the cost, part by part. */
#include "planner/capacity_check_private.h"

#include "base/units.h"

#include <math.h>

/* --- Cost parts, in present dollars */

/* (1 + discount-rate) ^ -(months ÷ 12), to the start of a period or the horizon's end */
static double delta(const struct check *c, date_month month)
{
    return pow(1 + c->sc->horizon.discount_rate,
        -(double)(month - c->sc->horizon.start) / UNITS_MONTHS_PER_YEAR);
}

static double sum_by_offer(struct check *c, double *table)
{
    double usd = 0;

    for (int o = 0; o < c->sc->offer_count; o++)
        for (int t = 0; t < c->sc->period_count; t++)
            usd += delta(c, c->sc->periods[t].start) * *check_cell(c, table, o, t);
    return usd;
}

static double capex(struct check *c)
{
    return sum_by_offer(c, c->capex_usd);
}

static double rent(struct check *c)
{
    return sum_by_offer(c, c->rent_usd);
}

static double maintenance(struct check *c)
{
    return sum_by_offer(c, c->maintenance_usd);
}

static double kg_per_mwh(const struct check *c, int s, int t)
{
    return dated_value_at(&c->sc->sites[s].energy_kg_co2_per_mwh, c->sc->periods[t].start, 0);
}

static double energy(struct check *c)
{
    double usd = 0;

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++)
            usd += delta(c, c->sc->periods[t].start) * *check_cell(c, c->mwh, s, t) *
                   dated_value_at(&c->sc->sites[s].energy_usd_per_mwh, c->sc->periods[t].start, 0);
    return usd;
}

static double carbon(struct check *c)
{
    double usd = 0;

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++)
            usd += delta(c, c->sc->periods[t].start) * *check_cell(c, c->mwh, s, t) *
                   kg_per_mwh(c, s, t) / UNITS_KG_PER_TONNE * c->sc->horizon.carbon_usd_per_tonne;
    return usd;
}

/* The start of the first period, or of the last, with from <= start_t < to. */
static date_month window_start(const struct check *c, date_month from, date_month to, bool is_last)
{
    date_month found = DATE_MONTH_NONE;

    for (int t = 0; t < c->sc->period_count; t++)
        if (from <= c->sc->periods[t].start && c->sc->periods[t].start < to &&
            (is_last || found == DATE_MONTH_NONE))
            found = c->sc->periods[t].start;
    return found == DATE_MONTH_NONE ? c->sc->horizon.start : found;
}

static double unmet(struct check *c)
{
    double usd = 0;

    for (int j = 0; j < c->sc->workload_count; j++) {
        const struct workload *w = &c->sc->workloads[j];
        int base = c->region_base[j];

        if (w->kind != WORKLOAD_INFERENCE)
            usd += w->value_usd_per_unit * *check_cell(c, c->unmet, base, 0) *
                   delta(c, window_start(c, w->start, w->end, true));
        for (int g = 0; w->kind == WORKLOAD_INFERENCE && g < w->region_count; g++)
            for (int t = 0; t < c->sc->period_count; t++)
                usd += w->value_usd_per_unit * w->load_factor * c->sc->periods[t].hours *
                       *check_cell(c, c->unmet, base + g, t) * delta(c, c->sc->periods[t].start);
    }
    return usd;
}

static double shortfall(struct check *c)
{
    double usd = 0;

    for (int i = 0; i < c->sc->commitment_count; i++) {
        const struct commitment *k = &c->sc->commitments[i];

        if (k->kind == COMMITMENT_SPEND)
            usd += *check_cell(c, c->shortfall, i, 0) *
                   delta(c, window_start(c, k->from, k->to, true));
        for (int t = 0; k->kind == COMMITMENT_POWER && t < c->sc->period_count; t++)
            if (*check_cell(c, c->shortfall, i, t) > 0)
                usd += *check_cell(c, c->shortfall, i, t) * k->shortfall_usd_per_mw_month *
                       c->sc->periods[t].month_count * delta(c, c->sc->periods[t].start);
    }
    return usd;
}

static double porting(struct check *c)
{
    double usd = 0;

    for (size_t i = 0; i < c->plan->ported.count; i++) {
        const struct plan_ported *row = &c->plan->ported.rows[i];
        const struct workload *w = &c->sc->workloads[row->workload];
        bool is_inference = w->kind == WORKLOAD_INFERENCE;

        usd += w->portings[row->porting].usd *
               delta(c, window_start(c, is_inference ? c->sc->horizon.start : w->start,
                            is_inference ? c->sc->horizon.end : w->end, false));
    }
    return usd;
}

static double salvage(struct check *c)
{
    double usd = 0;

    for (int o = 0; c->sc->horizon.has_salvage && o < c->sc->offer_count; o++) {
        const struct offer *offer = &c->sc->offers[o];

        for (int t = 0; offer->capex_usd > 0 && t < c->sc->period_count; t++) {
            double past_months = c->sc->periods[t].start + offer->term_months - c->sc->horizon.end;

            if (past_months > 0)
                usd -= *check_cell(c, c->capex_usd, o, t) * (past_months / offer->term_months);
        }
    }
    return usd * delta(c, c->sc->horizon.end);
}

int check_costs(struct check *c)
{
    static double (*const PARTS[COST_PART_COUNT])(struct check *) = {[COST_CAPEX] = capex,
        [COST_RENT] = rent,
        [COST_MAINTENANCE] = maintenance,
        [COST_ENERGY] = energy,
        [COST_CARBON] = carbon,
        [COST_UNMET] = unmet,
        [COST_SHORTFALL] = shortfall,
        [COST_PORTING] = porting,
        [COST_SALVAGE] = salvage};
    double sum = 0, size = 1;

    for (int i = 0; i < COST_PART_COUNT; i++) {
        double usd = PARTS[i](c);

        if (check_equal(c, c->plan->cost_usd[i], usd, 1, "cost, %s", COST_PART_NAMES[i]) != 0)
            return -1;
        sum += usd;
        size += fabs(usd);
    }
    return check_equal(c, c->plan->objective_usd, sum, size, "objective");
}
