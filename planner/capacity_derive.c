/* What follows from a plan's decisions: what stands, what leaves, what it draws. */
#include "planner/capacity_plan_private.h"

#include "base/units.h"

#include <string.h>

/* --- What stands */

static void sum_acquired(struct plan_sums *u)
{
    for (size_t i = 0; i < u->plan->acquired.count; i++) {
        const struct plan_acquired *row = &u->plan->acquired.rows[i];
        const struct offer *offer = &u->sc->offers[row->offer];
        date_month start = u->sc->periods[row->period].start;

        for (int t = row->period; t < u->sc->period_count; t++)
            if (offer_is_in_term(offer, start, u->sc->periods[t].start))
                *plan_sums_installed(u, row->offer, row->site, t) += row->systems;
        *plan_sums_offer(u, u->capex_usd, row->offer, row->period) += row->systems *
                                                                      offer->capex_usd;
    }
}

static void sum_existing(struct plan_sums *u)
{
    for (int o = 0; o < u->sc->offer_count; o++) {
        const struct offer *offer = &u->sc->offers[o];

        for (int e = 0; offer->kind != OFFER_BUY && e < offer->existing_count; e++)
            for (int t = 0; t < u->sc->period_count; t++)
                if (offer_is_in_term(offer, offer->existing[e].acquired, u->sc->periods[t].start))
                    *plan_sums_installed(
                        u, o, offer->existing[e].site, t) += offer->existing[e].count;
    }
    for (size_t i = 0; i < u->plan->kept.count; i++) {
        const struct plan_kept *row = &u->plan->kept.rows[i];
        int site = u->sc->offers[row->offer].existing[row->existing].site;

        *plan_sums_installed(u, row->offer, site, row->period) += row->systems;
    }
}

static void add_installed(struct plan_sums *u, int o, int s, int t, double systems)
{
    const struct offer *offer = &u->sc->offers[o];
    const struct system *system = &u->sc->catalog.systems[offer->system];
    const struct period *p = &u->sc->periods[t];

    *plan_sums_offer(u, u->rent_usd, o, t) += systems * offer->usd_per_system_hour * p->hours;
    *plan_sums_offer(u, u->maintenance_usd, o, t) += systems * offer->opex_usd_per_year *
                                                     p->month_count / UNITS_MONTHS_PER_YEAR;
    *plan_sums_site(u, u->nameplate_kw, s, t) += systems * system->power_kw;
    *plan_sums_site(u, u->operating_kw, s, t) += systems * system->idle_kw;
    *plan_sums_site(u, u->mwh, s, t) += systems * system->idle_kw * u->sc->sites[s].pue * p->hours /
                                        UNITS_KWH_PER_MWH;
    PLAN_APPEND(
        u->plan->installed, (struct plan_installed){o, s, t, systems, systems * system->power_kw});
}

static void list_installed(struct plan_sums *u)
{
    for (int o = 0; o < u->sc->offer_count; o++)
        for (int s = 0; s < u->sc->site_count; s++)
            for (int t = 0; t < u->sc->period_count; t++)
                if (*plan_sums_installed(u, o, s, t) > 0)
                    add_installed(u, o, s, t, *plan_sums_installed(u, o, s, t));
}

/* --- Retired: what of existing systems leaves before its term */

/* Adds to `retired`, by period, the falls of one batch. */
static void sum_falls(const struct plan_sums *u, int o, int e, const double *kept, double *retired)
{
    const struct offer *offer = &u->sc->offers[o];
    double before = offer->existing[e].count;

    for (int t = 0; t < u->sc->period_count; t++) {
        if (!offer_is_in_term(offer, offer->existing[e].acquired, u->sc->periods[t].start))
            continue;
        retired[t] += before - kept[t];
        before = kept[t];
    }
}

static void list_falls(struct plan_sums *u, int o, int s, const double *retired)
{
    for (int t = 0; t < u->sc->period_count; t++)
        if (retired[t] > PLAN_SYSTEMS_MIN)
            PLAN_APPEND(u->plan->retired, (struct plan_retired){o, s, t, retired[t]});
}

static bool is_first_at_site(const struct offer *offer, int e)
{
    for (int i = 0; i < e; i++)
        if (offer->existing[i].site == offer->existing[e].site)
            return false;
    return true;
}

/* kept: [existing][period] of the offer */
static void list_retired_of(struct plan_sums *u, int o, const double *kept, double *retired)
{
    const struct offer *offer = &u->sc->offers[o];
    size_t periods = (size_t)u->sc->period_count;

    for (int e = 0; e < offer->existing_count; e++) {
        if (!is_first_at_site(offer, e))
            continue;
        memset(retired, 0, periods * sizeof *retired);
        for (int i = e; i < offer->existing_count; i++)
            if (offer->existing[i].site == offer->existing[e].site)
                sum_falls(u, o, i, kept + (size_t)i * periods, retired);
        list_falls(u, o, offer->existing[e].site, retired);
    }
}

static void list_retired(struct plan_sums *u)
{
    size_t periods = (size_t)u->sc->period_count, row_count = 0;
    size_t *base = mem_zero((size_t)u->sc->offer_count, sizeof *base);
    double *retired = mem_zero(periods, sizeof *retired);
    double *kept;

    for (int o = 0; o < u->sc->offer_count; o++) {
        base[o] = row_count;
        row_count += (size_t)u->sc->offers[o].existing_count;
    }
    kept = mem_zero(row_count * periods, sizeof *kept);
    for (size_t i = 0; i < u->plan->kept.count; i++) {
        const struct plan_kept *row = &u->plan->kept.rows[i];

        kept[(base[row->offer] + (size_t)row->existing) * periods + (size_t)row->period] =
            row->systems;
    }
    for (int o = 0; o < u->sc->offer_count; o++)
        if (u->sc->offers[o].kind == OFFER_BUY)
            list_retired_of(u, o, kept + base[o] * periods, retired);
    mem_free(kept);
    mem_free(retired);
    mem_free(base);
}

/* --- Power and energy */

static void sum_runs(struct plan_sums *u)
{
    for (size_t i = 0; i < u->plan->runs.count; i++) {
        const struct plan_run *row = &u->plan->runs.rows[i];
        const struct workload *w = &u->sc->workloads[row->workload];
        const struct system *k = &u->sc->catalog.systems[row->system];
        double kw = row->systems *
                    (k->power_kw * k->modes[row->mode].power_frac * w->power_frac - k->idle_kw);

        *plan_sums_site(u, u->operating_kw, row->site, row->period) += kw;
        *plan_sums_site(u, u->mwh, row->site,
            row->period) += kw / UNITS_KWH_PER_MWH * w->load_factor * u->sc->sites[row->site].pue *
                            u->sc->periods[row->period].hours;
    }
}

static void list_energy(struct plan_sums *u)
{
    for (int s = 0; s < u->sc->site_count; s++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double mwh = *plan_sums_site(u, u->mwh, s, t);
            double kg_per_mwh = dated_value_at(
                &u->sc->sites[s].energy_kg_co2_per_mwh, u->sc->periods[t].start, 0);
            double tonnes = mwh * kg_per_mwh / UNITS_KG_PER_TONNE;

            *plan_sums_site(u, u->tonnes, s, t) = tonnes;
            if (mwh > 0)
                PLAN_APPEND(u->plan->energy, (struct plan_energy){s, t, mwh, tonnes});
        }
}

static void list_power(struct plan_sums *u)
{
    for (int s = 0; s < u->sc->site_count; s++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double mw_per_kw = u->sc->sites[s].pue / UNITS_KW_PER_MW;
            struct plan_power power = {s, t, mw_per_kw * *plan_sums_site(u, u->operating_kw, s, t),
                mw_per_kw * *plan_sums_site(u, u->nameplate_kw, s, t),
                dated_value_at(&u->sc->sites[s].power_mw, u->sc->periods[t].start, 0)};

            if (power.nameplate_mw > 0 || power.limit_mw > 0)
                PLAN_APPEND(u->plan->power, power);
        }
}

/* --- All of it */

static void init_sums(struct plan_sums *u, struct capacity_plan *plan)
{
    size_t offers = (size_t)plan->scenario->offer_count, sites = (size_t)plan->scenario->site_count;
    size_t periods = (size_t)plan->scenario->period_count;

    *u = (struct plan_sums){.plan = plan,
        .sc = plan->scenario,
        .installed = mem_zero(offers * sites * periods, sizeof(double)),
        .operating_kw = mem_zero(sites * periods, sizeof(double)),
        .nameplate_kw = mem_zero(sites * periods, sizeof(double)),
        .mwh = mem_zero(sites * periods, sizeof(double)),
        .tonnes = mem_zero(sites * periods, sizeof(double)),
        .capex_usd = mem_zero(offers * periods, sizeof(double)),
        .rent_usd = mem_zero(offers * periods, sizeof(double)),
        .maintenance_usd = mem_zero(offers * periods, sizeof(double))};
}

static void fini_sums(struct plan_sums *u)
{
    mem_free(u->installed);
    mem_free(u->operating_kw);
    mem_free(u->nameplate_kw);
    mem_free(u->mwh);
    mem_free(u->tonnes);
    mem_free(u->capex_usd);
    mem_free(u->rent_usd);
    mem_free(u->maintenance_usd);
}

void capacity_plan_derive(struct capacity_plan *plan)
{
    struct plan_sums u;

    init_sums(&u, plan);
    sum_acquired(&u);
    sum_existing(&u);
    list_installed(&u);
    list_retired(&u);
    sum_runs(&u);
    list_energy(&u);
    list_power(&u);
    capacity_plan_cost(&u);
    fini_sums(&u);
}
