/* Which runs to begin with: for each workload, site and period, the one with the least cost a unit.
 */
#include "planner/capacity_coarse.h"

#include "base/mem.h"
#include "base/units.h"

#include <math.h>

enum { KEPT = 1 }; /* runs of one workload at one site in one period */
static const double HOURS_PER_MONTH = 730.5;

/* Dollars an hour that a system of the offer costs, over its term. */
static double offer_usd_per_hour(const struct scenario *sc, const struct offer *offer)
{
    int months = offer->term_months > 0 ? offer->term_months
                                        : sc->period_count * sc->horizon.step_months;

    return offer->capex_usd / (months * HOURS_PER_MONTH) + offer->usd_per_system_hour +
           offer->opex_usd_per_year / (HOURS_PER_MONTH * UNITS_MONTHS_PER_YEAR);
}

/* By [system, site]: the cheapest way to have one there; INFINITY: none. Gives (mem_free). */
static double *system_costs(const struct scenario *sc)
{
    size_t count = sc->catalog.system_count * (size_t)sc->site_count;
    double *costs = mem_zero(count, sizeof *costs);

    for (size_t i = 0; i < count; i++)
        costs[i] = INFINITY;
    for (int o = 0; o < sc->offer_count; o++) {
        const struct offer *offer = &sc->offers[o];

        for (int s = 0; s < sc->site_count; s++) {
            double *cost = &costs[(size_t)offer->system * (size_t)sc->site_count + (size_t)s];

            if (offer->is_at_site[s])
                *cost = fmin(*cost, offer_usd_per_hour(sc, offer));
        }
    }
    return costs;
}

/* Dollars for a unit of work of a run. */
static double unit_cost(
    const struct scenario *sc, const struct column_key *key, const double *costs)
{
    const struct workload *workload = &sc->workloads[key->workload];
    const struct system *system = &sc->catalog.systems[key->system];
    const struct power_mode *mode = &system->modes[key->mode];
    const struct site *site = &sc->sites[key->site];
    double kw = system->power_kw * mode->power_frac * workload->power_frac * site->pue;
    double usd = costs[(size_t)key->system * (size_t)sc->site_count + (size_t)key->site] /
                 fmax(system->availability, 1e-3);

    usd += kw / UNITS_KWH_PER_MWH *
           dated_value_at(&site->energy_usd_per_mwh, sc->periods[key->period].start, 0);
    return usd / (workload->rates[key->system].units_per_hour * mode->throughput_frac);
}

static size_t group_of(const struct scenario *sc, const struct column_key *key)
{
    return ((size_t)key->workload * (size_t)sc->site_count + (size_t)key->site) *
               (size_t)sc->period_count +
           (size_t)key->period;
}

/* Keep the least KEPT costs of each group, in order. */
static void note_cost(double *least, double cost)
{
    for (int i = 0; i < KEPT; i++)
        if (cost < least[i]) {
            double worse = least[i];

            least[i] = cost;
            cost = worse;
        }
}

void capacity_choose_cheapest(const struct capacity_model *model, unsigned char *is_first)
{
    const struct scenario *sc = model->scenario;
    size_t group_count = (size_t)sc->workload_count * (size_t)sc->site_count *
                         (size_t)sc->period_count;
    double *least = mem_zero(group_count * KEPT, sizeof *least);
    double *costs = system_costs(sc);

    for (size_t i = 0; i < group_count * KEPT; i++)
        least[i] = INFINITY;
    for (int j = 0; j < model->column_count; j++)
        if (model->columns[j].family == COLUMN_RUN)
            note_cost(&least[group_of(sc, &model->columns[j]) * KEPT],
                unit_cost(sc, &model->columns[j], costs));
    for (int j = 0; j < model->column_count; j++)
        is_first[j] = model->columns[j].family != COLUMN_RUN ||
                      unit_cost(sc, &model->columns[j], costs) <=
                          least[group_of(sc, &model->columns[j]) * KEPT + KEPT - 1];
    mem_free(least);
    mem_free(costs);
}
