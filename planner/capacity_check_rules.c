/* The check of what people and contracts set: budgets, commitments, shares. */
#include "planner/capacity_check_private.h"

#include "base/str.h"
#include "base/units.h"

#include <math.h>

static bool is_in_window(date_month from, date_month to, const struct period *p)
{
    return from <= p->start && p->start < to;
}

/* --- Cash by offer and period, undiscounted */

static void sum_cash(struct check *c, int o)
{
    const struct offer *offer = &c->sc->offers[o];

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++) {
            const struct period *p = &c->sc->periods[t];
            double systems = *check_site_cell(c, c->installed, o, s, t);

            *check_cell(c, c->capex_usd, o, t) += offer->capex_usd *
                                                  *check_site_cell(c, c->acquired, o, s, t);
            *check_cell(c, c->rent_usd, o, t) += offer->usd_per_system_hour * p->hours * systems;
            *check_cell(c, c->maintenance_usd, o,
                t) += offer->opex_usd_per_year * (p->month_count / UNITS_MONTHS_PER_YEAR) * systems;
        }
}

/* What the dearest system costs over the horizon: a millionth of it is rounding. */
static double dearest_usd(const struct check *c)
{
    double years = 0, hours = 0, dearest = 1;

    for (int t = 0; t < c->sc->period_count; t++) {
        years += c->sc->periods[t].month_count / UNITS_MONTHS_PER_YEAR;
        hours += c->sc->periods[t].hours;
    }
    for (int o = 0; o < c->sc->offer_count; o++) {
        const struct offer *offer = &c->sc->offers[o];

        dearest = fmax(dearest, offer->capex_usd + offer->usd_per_system_hour * hours +
                                    offer->opex_usd_per_year * years);
    }
    return dearest;
}

/* --- 10. Budgets */

static double offer_cash(
    struct check *c, const struct budget *budget, const struct offer *offer, int o, int t)
{
    double usd = 0;

    if (budget->provider != NULL && !str_equal(budget->provider, offer->provider))
        return 0;
    if (budget->kind == BUDGET_CAPEX || budget->kind == BUDGET_TOTAL)
        usd += *check_cell(c, c->capex_usd, o, t);
    if (budget->kind == BUDGET_OPERATING || budget->kind == BUDGET_TOTAL)
        usd += *check_cell(c, c->rent_usd, o, t) + *check_cell(c, c->maintenance_usd, o, t);
    return usd;
}

static double energy_share(struct check *c, const struct budget *budget, int s, int t)
{
    const struct site *site = &c->sc->sites[s];
    date_month month = c->sc->periods[t].start;

    if (budget->kind == BUDGET_CARBON)
        return *check_cell(c, c->mwh, s, t) *
               dated_value_at(&site->energy_kg_co2_per_mwh, month, 0) / UNITS_KG_PER_TONNE;
    if (budget->kind == BUDGET_CAPEX || budget->provider != NULL)
        return 0;
    return *check_cell(c, c->mwh, s, t) * dated_value_at(&site->energy_usd_per_mwh, month, 0);
}

static int check_budget(struct check *c, int index)
{
    const struct budget *budget = &c->sc->budgets[index];
    double used = 0;

    for (int t = 0; t < c->sc->period_count; t++) {
        if (!is_in_window(budget->from, budget->to, &c->sc->periods[t]))
            continue;
        for (int o = 0; budget->kind != BUDGET_CARBON && o < c->sc->offer_count; o++)
            used += offer_cash(c, budget, &c->sc->offers[o], o, t);
        for (int s = 0; s < c->sc->site_count; s++)
            used += energy_share(c, budget, s, t);
    }
    if (check_at_most(c, used, budget->limit, budget->kind == BUDGET_CARBON ? 1 : dearest_usd(c),
            "budget %s", budget->id) != 0)
        return -1;
    for (size_t i = 0; i < c->plan->budgets.count; i++)
        if (c->plan->budgets.rows[i].budget == index)
            return check_equal(
                c, c->plan->budgets.rows[i].used, used, 1, "used of budget %s", budget->id);
    return check_fail(c, "budgets: %s is not listed", budget->id);
}

/* --- 11. Commitments */

static int read_shortfall(struct check *c, const struct plan_shortfall *row)
{
    const struct commitment *commitment;
    bool is_power;
    double usd;

    if (row->commitment < 0 || row->commitment >= c->sc->commitment_count || !isfinite(row->mw) ||
        row->mw < 0 || !isfinite(row->usd) || row->usd < 0)
        return check_fail(c, "shortfalls: a row is malformed");
    commitment = &c->sc->commitments[row->commitment];
    is_power = commitment->kind == COMMITMENT_POWER;
    if (is_power ? row->period < 0 || row->period >= c->sc->period_count : row->period != -1)
        return check_fail(c, "shortfalls: a row of %s is malformed", commitment->id);
    if (is_power && isnan(commitment->shortfall_usd_per_mw_month))
        return check_fail(c, "commitment %s: no shortfall is allowed", commitment->id);
    *check_cell(c, c->shortfall, row->commitment,
        is_power ? row->period : 0) += is_power ? row->mw : row->usd;
    usd = is_power ? commitment->shortfall_usd_per_mw_month * row->mw *
                         c->sc->periods[row->period].month_count
                   : row->usd;
    return check_equal(c, row->usd, usd, 1, "dollars of the shortfall of %s", commitment->id);
}

static double committed_mw(struct check *c, const struct commitment *commitment, int t)
{
    double kw = 0;

    for (int k = 0; k < (int)c->sc->catalog.system_count; k++)
        for (int s = 0; commitment->counts_system[k] && s < c->sc->site_count; s++)
            kw += c->sc->catalog.systems[k].power_kw * *check_site_cell(c, c->standing, k, s, t);
    return kw / UNITS_KW_PER_MW;
}

static int check_power_commitment(struct check *c, int index)
{
    const struct commitment *commitment = &c->sc->commitments[index];
    char month[DATE_TEXT_SIZE];

    for (int t = 0; t < c->sc->period_count; t++)
        if (is_in_window(commitment->from, commitment->to, &c->sc->periods[t]) &&
            check_at_most(c, commitment->mw,
                committed_mw(c, commitment, t) + *check_cell(c, c->shortfall, index, t), 1,
                "commitment %s in %s", commitment->id, check_month(c, t, month)) != 0)
            return -1;
    return 0;
}

static int check_spend_commitment(struct check *c, int index)
{
    const struct commitment *commitment = &c->sc->commitments[index];
    double usd = *check_cell(c, c->shortfall, index, 0);

    for (int o = 0; o < c->sc->offer_count; o++)
        for (int t = 0; t < c->sc->period_count; t++)
            if (str_equal(commitment->provider, c->sc->offers[o].provider) &&
                is_in_window(commitment->from, commitment->to, &c->sc->periods[t]))
                usd += *check_cell(c, c->capex_usd, o, t) + *check_cell(c, c->rent_usd, o, t) +
                       *check_cell(c, c->maintenance_usd, o, t);
    return check_at_most(c, commitment->usd, usd, dearest_usd(c), "commitment %s", commitment->id);
}

/* --- 12. Diversity */

static int check_limit(struct check *c, const struct share_limit *limit)
{
    char month[DATE_TEXT_SIZE];

    for (int t = 0; t < c->sc->period_count; t++) {
        double counted_kw = 0, all_kw = 0;

        if (!is_in_window(limit->from, limit->to, &c->sc->periods[t]))
            continue;
        for (int k = 0; k < (int)c->sc->catalog.system_count; k++)
            for (int s = 0; s < c->sc->site_count; s++) {
                double kw = c->sc->catalog.systems[k].power_kw *
                            *check_site_cell(c, c->standing, k, s, t);

                all_kw += kw;
                counted_kw += limit->counts_system[k] ? kw : 0;
            }
        if (check_at_most(c, counted_kw, limit->max_share * all_kw, 1, "limit %s in %s", limit->id,
                check_month(c, t, month)) != 0)
            return -1;
    }
    return 0;
}

int check_rules(struct check *c)
{
    for (int o = 0; o < c->sc->offer_count; o++)
        sum_cash(c, o);
    for (size_t i = 0; i < c->plan->shortfalls.count; i++)
        if (read_shortfall(c, &c->plan->shortfalls.rows[i]) != 0)
            return -1;
    for (int i = 0; i < c->sc->budget_count; i++)
        if (check_budget(c, i) != 0)
            return -1;
    for (int i = 0; i < c->sc->commitment_count; i++)
        if ((c->sc->commitments[i].kind == COMMITMENT_POWER ? check_power_commitment(c, i)
                                                            : check_spend_commitment(c, i)) != 0)
            return -1;
    for (int i = 0; i < c->sc->limit_count; i++)
        if (check_limit(c, &c->sc->limits[i]) != 0)
            return -1;
    return 0;
}
