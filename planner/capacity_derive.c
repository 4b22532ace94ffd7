/* What follows from a plan's decisions: what stands, what it draws, what it costs. */
#include "planner/capacity_plan_private.h"

#include "base/str.h"
#include "base/units.h"

#include <math.h>
#include <string.h>

/* Sums by place and period, of which the lists and the costs are made. */
struct sums {
    struct capacity_plan *plan;
    const struct scenario *sc;
    double *installed;    /* [offer][site][period] systems */
    double *operating_kw; /* [site][period], IT */
    double *nameplate_kw; /* [site][period], IT */
    double *energy_kwh;   /* [site][period], at the meter */
    double *capex_usd;    /* [offer][period], not discounted; the others too */
    double *rent_usd;
    double *maintenance_usd;
};

static double *at_site(const struct sums *u, double *sums, int site, int period)
{
    return &sums[(size_t)site * (size_t)u->sc->period_count + (size_t)period];
}

static double *of_offer(const struct sums *u, double *sums, int offer, int period)
{
    return &sums[(size_t)offer * (size_t)u->sc->period_count + (size_t)period];
}

static double *installed_at(const struct sums *u, int offer, int site, int period)
{
    return at_site(u, u->installed, offer * u->sc->site_count + site, period);
}

/* --- What stands */

static void sum_acquired(struct sums *u)
{
    for (size_t i = 0; i < u->plan->acquired.count; i++) {
        const struct plan_acquired *row = &u->plan->acquired.rows[i];
        const struct offer *offer = &u->sc->offers[row->offer];
        date_month start = u->sc->periods[row->period].start;

        for (int t = row->period; t < u->sc->period_count; t++)
            if (offer_is_in_term(offer, start, u->sc->periods[t].start))
                *installed_at(u, row->offer, row->site, t) += row->systems;
        *of_offer(u, u->capex_usd, row->offer, row->period) += row->systems * offer->capex_usd;
    }
}

static void sum_existing(struct sums *u)
{
    for (int o = 0; o < u->sc->offer_count; o++) {
        const struct offer *offer = &u->sc->offers[o];

        for (int e = 0; offer->kind != OFFER_BUY && e < offer->existing_count; e++)
            for (int t = 0; t < u->sc->period_count; t++)
                if (offer_is_in_term(offer, offer->existing[e].acquired, u->sc->periods[t].start))
                    *installed_at(u, o, offer->existing[e].site, t) += offer->existing[e].count;
    }
    for (size_t i = 0; i < u->plan->kept.count; i++) {
        const struct plan_kept *row = &u->plan->kept.rows[i];
        int site = u->sc->offers[row->offer].existing[row->existing].site;

        *installed_at(u, row->offer, site, row->period) += row->systems;
    }
}

static void add_installed(struct sums *u, int o, int s, int t, double systems)
{
    const struct offer *offer = &u->sc->offers[o];
    const struct system *system = &u->sc->catalog.systems[offer->system];
    const struct period *p = &u->sc->periods[t];

    *of_offer(u, u->rent_usd, o, t) += systems * offer->usd_per_system_hour * p->hours;
    *of_offer(u, u->maintenance_usd, o, t) += systems * offer->opex_usd_per_year * p->month_count /
                                              UNITS_MONTHS_PER_YEAR;
    *at_site(u, u->nameplate_kw, s, t) += systems * system->power_kw;
    *at_site(u, u->operating_kw, s, t) += systems * system->idle_kw;
    *at_site(u, u->energy_kwh, s, t) += systems * system->idle_kw * u->sc->sites[s].pue * p->hours;
    PLAN_APPEND(
        u->plan->installed, (struct plan_installed){o, s, t, systems, systems * system->power_kw});
}

static void list_installed(struct sums *u)
{
    for (int o = 0; o < u->sc->offer_count; o++)
        for (int s = 0; s < u->sc->site_count; s++)
            for (int t = 0; t < u->sc->period_count; t++)
                if (*installed_at(u, o, s, t) > 0)
                    add_installed(u, o, s, t, *installed_at(u, o, s, t));
}

/* --- Retired: what of existing systems leaves before its term */

/* Adds to `retired`, by period, the falls of one batch. */
static void sum_falls(const struct sums *u, int o, int e, const double *kept, double *retired)
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

static void list_falls(struct sums *u, int o, int s, const double *retired)
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
static void list_retired_of(struct sums *u, int o, const double *kept, double *retired)
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

static void list_retired(struct sums *u)
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

static void sum_runs(struct sums *u)
{
    for (size_t i = 0; i < u->plan->runs.count; i++) {
        const struct plan_run *row = &u->plan->runs.rows[i];
        const struct workload *w = &u->sc->workloads[row->workload];
        const struct system *k = &u->sc->catalog.systems[row->system];
        double kw = row->systems *
                    (k->power_kw * k->modes[row->mode].power_frac * w->power_frac - k->idle_kw);

        *at_site(u, u->operating_kw, row->site, row->period) += kw;
        *at_site(u, u->energy_kwh, row->site, row->period) += kw * w->load_factor *
                                                              u->sc->sites[row->site].pue *
                                                              u->sc->periods[row->period].hours;
    }
}

static double kg_per_mwh(const struct sums *u, int s, int t)
{
    return dated_value_at(&u->sc->sites[s].energy_kg_co2_per_mwh, u->sc->periods[t].start, 0);
}

static double usd_per_mwh(const struct sums *u, int s, int t)
{
    return dated_value_at(&u->sc->sites[s].energy_usd_per_mwh, u->sc->periods[t].start, 0);
}

static double mwh_at(const struct sums *u, int s, int t)
{
    return *at_site(u, u->energy_kwh, s, t) / UNITS_KWH_PER_MWH;
}

static double tonnes_at(const struct sums *u, int s, int t)
{
    return mwh_at(u, s, t) * kg_per_mwh(u, s, t) / UNITS_KG_PER_TONNE;
}

static void list_power(struct sums *u)
{
    for (int s = 0; s < u->sc->site_count; s++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double mw_per_kw = u->sc->sites[s].pue / UNITS_KW_PER_MW;
            struct plan_power power = {s, t, mw_per_kw * *at_site(u, u->operating_kw, s, t),
                mw_per_kw * *at_site(u, u->nameplate_kw, s, t),
                dated_value_at(&u->sc->sites[s].power_mw, u->sc->periods[t].start, 0)};

            if (mwh_at(u, s, t) > 0)
                PLAN_APPEND(u->plan->energy,
                    (struct plan_energy){s, t, mwh_at(u, s, t), tonnes_at(u, s, t)});
            if (power.nameplate_mw > 0 || power.limit_mw > 0)
                PLAN_APPEND(u->plan->power, power);
        }
}

/* --- Cost */

static void cost_offers(struct sums *u)
{
    double *cost = u->plan->cost_usd;

    for (int o = 0; o < u->sc->offer_count; o++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double delta = u->sc->periods[t].discount;

            cost[COST_CAPEX] += delta * *of_offer(u, u->capex_usd, o, t);
            cost[COST_RENT] += delta * *of_offer(u, u->rent_usd, o, t);
            cost[COST_MAINTENANCE] += delta * *of_offer(u, u->maintenance_usd, o, t);
        }
}

static void cost_salvage(struct sums *u)
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

static void cost_energy(struct sums *u)
{
    for (int s = 0; s < u->sc->site_count; s++)
        for (int t = 0; t < u->sc->period_count; t++) {
            double delta = u->sc->periods[t].discount;

            u->plan->cost_usd[COST_ENERGY] += delta * mwh_at(u, s, t) * usd_per_mwh(u, s, t);
            u->plan->cost_usd[COST_CARBON] += delta * tonnes_at(u, s, t) *
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

static void cost_unserved(struct sums *u)
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

static void cost_promises(struct sums *u)
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

static double cash_of(const struct sums *u, const struct budget *budget, int t)
{
    bool has_capex = budget->kind != BUDGET_OPERATING, has_service = budget->kind != BUDGET_CAPEX;
    double usd = 0;

    for (int o = 0; o < u->sc->offer_count; o++) {
        if (budget->provider != NULL && !str_equal(budget->provider, u->sc->offers[o].provider))
            continue;
        if (has_capex)
            usd += *of_offer(u, u->capex_usd, o, t);
        if (has_service)
            usd += *of_offer(u, u->rent_usd, o, t) + *of_offer(u, u->maintenance_usd, o, t);
    }
    for (int s = 0; has_service && budget->provider == NULL && s < u->sc->site_count; s++)
        usd += mwh_at(u, s, t) * usd_per_mwh(u, s, t);
    return usd;
}

static double carbon_of(const struct sums *u, int t)
{
    double tonnes = 0;

    for (int s = 0; s < u->sc->site_count; s++)
        tonnes += tonnes_at(u, s, t);
    return tonnes;
}

static void list_budgets(struct sums *u)
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

/* --- All of it */

static void init_sums(struct sums *u, struct capacity_plan *plan)
{
    size_t offers = (size_t)plan->scenario->offer_count, sites = (size_t)plan->scenario->site_count;
    size_t periods = (size_t)plan->scenario->period_count;

    *u = (struct sums){.plan = plan,
        .sc = plan->scenario,
        .installed = mem_zero(offers * sites * periods, sizeof(double)),
        .operating_kw = mem_zero(sites * periods, sizeof(double)),
        .nameplate_kw = mem_zero(sites * periods, sizeof(double)),
        .energy_kwh = mem_zero(sites * periods, sizeof(double)),
        .capex_usd = mem_zero(offers * periods, sizeof(double)),
        .rent_usd = mem_zero(offers * periods, sizeof(double)),
        .maintenance_usd = mem_zero(offers * periods, sizeof(double))};
}

static void fini_sums(struct sums *u)
{
    mem_free(u->installed);
    mem_free(u->operating_kw);
    mem_free(u->nameplate_kw);
    mem_free(u->energy_kwh);
    mem_free(u->capex_usd);
    mem_free(u->rent_usd);
    mem_free(u->maintenance_usd);
}

void capacity_plan_derive(struct capacity_plan *plan)
{
    struct sums u;

    init_sums(&u, plan);
    sum_acquired(&u);
    sum_existing(&u);
    list_installed(&u);
    list_retired(&u);
    sum_runs(&u);
    list_power(&u);
    list_budgets(&u);
    cost_offers(&u);
    cost_salvage(&u);
    cost_energy(&u);
    cost_unserved(&u);
    cost_promises(&u);
    plan->objective_usd = 0;
    for (int i = 0; i < COST_PART_COUNT; i++)
        plan->objective_usd += plan->cost_usd[i];
    fini_sums(&u);
}
