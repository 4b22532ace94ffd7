/* What things cost, in present dollars: the objective of the planning model. */
#include "planner/capacity_model_private.h"

#include "base/mem.h"
#include "base/units.h"

#include <math.h>

/* --- Rent and maintenance: of a system in service, by offer */

static size_t service_index(const struct builder *b, int offer, int period)
{
    return (size_t)offer * (size_t)(b->scenario->period_count + 1) + (size_t)period;
}

/* service(o,t) = usd-per-system-hour · h_t + opex-usd-per-year · M_t / 12, summed up to t, so that
 * any run of periods is a difference. */
void builder_sum_service(struct builder *b)
{
    const struct scenario *sc = b->scenario;
    size_t count = (size_t)sc->offer_count * (size_t)(sc->period_count + 1);

    b->service_usd = mem_zero(count, sizeof *b->service_usd);
    b->service_present_usd = mem_zero(count, sizeof *b->service_present_usd);
    for (int o = 0; o < sc->offer_count; o++)
        for (int t = 0; t < sc->period_count; t++) {
            const struct period *p = &sc->periods[t];
            size_t i = service_index(b, o, t);
            double usd = sc->offers[o].usd_per_system_hour * p->hours +
                         sc->offers[o].opex_usd_per_year * p->month_count / UNITS_MONTHS_PER_YEAR;

            b->service_usd[i + 1] = b->service_usd[i] + usd;
            b->service_present_usd[i + 1] = b->service_present_usd[i] + p->discount * usd;
        }
}

double builder_service_usd(const struct builder *b, int offer, int first, int last)
{
    if (first >= last)
        return 0;
    return b->service_usd[service_index(b, offer, last)] -
           b->service_usd[service_index(b, offer, first)];
}

static double present_service_usd(const struct builder *b, int offer, int first, int last)
{
    return b->service_present_usd[service_index(b, offer, last)] -
           b->service_present_usd[service_index(b, offer, first)];
}

/* --- Offers */

/* The share of capex that outlives the horizon, at its end's discount:
 * capex-usd · (months past the end ÷ term) · delta at the horizon's end */
static double salvage_usd(const struct scenario *sc, const struct offer *offer, int period)
{
    const struct horizon *h = &sc->horizon;
    int past_months = sc->periods[period].start + offer->term_months - h->end;

    if (!h->has_salvage || offer->capex_usd <= 0 || past_months <= 0)
        return 0;
    return offer->capex_usd * past_months / offer->term_months *
           pow(1 + h->discount_rate, -(h->end - h->start) / UNITS_MONTHS_PER_YEAR);
}

static void price_acquisitions(struct builder *b, int o, int s)
{
    const struct scenario *sc = b->scenario;
    const struct offer *offer = &sc->offers[o];
    int term = builder_term_periods(sc, offer);

    for (int t = 0; t < sc->period_count; t++) {
        int column = *builder_acquire(b, o, s, t);
        int last = sc->period_count - t > term ? t + term : sc->period_count;

        if (column >= 0)
            builder_add_cost(b, column,
                offer->capex_usd * sc->periods[t].discount - salvage_usd(sc, offer, t) +
                    present_service_usd(b, o, t, last));
    }
}

/* Existing systems cost what they cost while they are kept; those that no one may retire are a
 * constant. */
static void price_existing(struct builder *b, int o, int e)
{
    const struct scenario *sc = b->scenario;
    const struct offer *offer = &sc->offers[o];
    const struct existing *existing = &offer->existing[e];

    for (int t = 0; t < sc->period_count; t++) {
        int column = *builder_keep(b, o, e, t);
        double usd = present_service_usd(b, o, t, t + 1);

        if (column >= 0)
            builder_add_cost(b, column, usd);
        else if (offer->kind != OFFER_BUY &&
                 offer_is_in_term(offer, existing->acquired, sc->periods[t].start))
            b->cost_constant_usd += existing->count * usd;
    }
}

void builder_price_offers(struct builder *b)
{
    for (int o = 0; o < b->scenario->offer_count; o++) {
        for (int s = 0; s < b->scenario->site_count; s++)
            price_acquisitions(b, o, s);
        for (int e = 0; e < b->scenario->offers[o].existing_count; e++)
            price_existing(b, o, e);
    }
}

/* --- Energy and carbon */

/* energy_kWh[s,t] = pue · h · ( sum of lf · (P phi pi - I) · x + sum over k of I · inst ) */
void builder_add_energy(struct builder *b, int site, int period, double factor)
{
    const struct scenario *sc = b->scenario;
    double hours_factor = factor * sc->sites[site].pue * sc->periods[period].hours;

    for (int k = 0; k < (int)sc->catalog.system_count; k++) {
        double idle_kw = sc->catalog.systems[k].idle_kw;

        for (int kind = 0; kind < STOCK_KINDS && idle_kw > 0; kind++)
            builder_add_installed(b, k, site, kind, period, hours_factor * idle_kw);
        for (int j = 0; j < sc->workload_count; j++)
            (void)builder_add_run(
                b, j, site, k, period, run_added_kw, hours_factor * sc->workloads[j].load_factor);
    }
}

/* energy_kWh / 1000 · ( usd-per-mwh + kg-co2-per-mwh / 1000 · carbon-usd-per-tonne ) */
void builder_price_energy(struct builder *b)
{
    const struct scenario *sc = b->scenario;

    for (int s = 0; s < sc->site_count; s++)
        for (int t = 0; t < sc->period_count; t++) {
            const struct period *p = &sc->periods[t];
            double usd_per_mwh = dated_value_at(&sc->sites[s].energy_usd_per_mwh, p->start, 0);
            double kg_per_mwh = dated_value_at(&sc->sites[s].energy_kg_co2_per_mwh, p->start, 0);

            builder_add_energy(b, s, t, 1 / UNITS_KWH_PER_MWH);
            builder_take_as_cost(
                b, p->discount * (usd_per_mwh + kg_per_mwh / UNITS_KG_PER_TONNE *
                                                    sc->horizon.carbon_usd_per_tonne));
        }
}

/* --- Demand that is not served */

static int last_open_period(const struct scenario *sc, const struct workload *w)
{
    int last = 0;

    for (int t = 0; t < sc->period_count; t++)
        if (workload_is_open(w, &sc->periods[t]))
            last = t;
    return last;
}

/* inference: value · lf · h_t · u[j,g,t]; else value · u[j], at the last period of the window */
void builder_price_unmet(struct builder *b)
{
    const struct scenario *sc = b->scenario;

    for (int j = 0; j < sc->workload_count; j++) {
        const struct workload *w = &sc->workloads[j];

        for (int g = 0; w->kind == WORKLOAD_INFERENCE && g < w->region_count; g++)
            for (int t = 0; t < sc->period_count; t++)
                if (*builder_unmet(b, j, g, t) >= 0)
                    builder_add_cost(b, *builder_unmet(b, j, g, t),
                        w->value_usd_per_unit * w->load_factor * sc->periods[t].hours *
                            sc->periods[t].discount);
        if (w->kind != WORKLOAD_INFERENCE && *builder_unmet(b, j, 0, 0) >= 0)
            builder_add_cost(b, *builder_unmet(b, j, 0, 0),
                w->value_usd_per_unit * sc->periods[last_open_period(sc, w)].discount);
    }
}
