/* Rules 10, 11 and 13, the cost by its parts, and the lists that follow from the decisions. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "planner/capacity_check_private.h"

#include <math.h>

/* Cash of one period, not discounted, of offers of a provider (NULL: all, with energy). */
struct cash {
    double capex, rent, maintenance, energy;
};

static double energy_kwh(const struct capacity_check *c, int s, int t)
{
    const struct site *site = &c->scenario->sites[s];
    double kw = c->work_mean_kw[check_site_at(c, s, t)];

    for (int k = 0; k < c->systems; k++)
        kw += c->scenario->catalog.systems[k].idle_kw * c->stock[check_system_at(c, k, s, t)];
    return site->pue * c->scenario->periods[t].hours * kw;
}

static double price_at(const struct dated *dated, const struct capacity_check *c, int t)
{
    return dated_value_at(dated, c->scenario->periods[t].start, 0);
}

static struct cash cash_of(const struct capacity_check *c, int t, const char *provider)
{
    const struct period *period = &c->scenario->periods[t];
    struct cash cash = {0};

    for (int o = 0; o < c->offers; o++) {
        const struct offer *offer = &c->scenario->offers[o];

        if (provider != NULL && !str_equal(provider, offer->provider))
            continue;
        for (int s = 0; s < c->sites; s++) {
            double installed = c->installed[check_offer_at(c, o, s, t)];

            cash.capex += offer->capex_usd * c->acquired[check_offer_at(c, o, s, t)];
            cash.rent += offer->usd_per_system_hour * period->hours * installed;
            cash.maintenance += offer->opex_usd_per_year * period->month_count /
                                UNITS_MONTHS_PER_YEAR * installed;
        }
    }
    for (int s = 0; provider == NULL && s < c->sites; s++)
        cash.energy += energy_kwh(c, s, t) / UNITS_KWH_PER_MWH *
                       price_at(&c->scenario->sites[s].energy_usd_per_mwh, c, t);
    return cash;
}

static double tonnes_of(const struct capacity_check *c, int s, int t)
{
    return energy_kwh(c, s, t) / UNITS_KWH_PER_MWH *
           price_at(&c->scenario->sites[s].energy_kg_co2_per_mwh, c, t) / UNITS_KG_PER_TONNE;
}

/* 10. Budgets. */
static int check_budget(struct capacity_check *c, int index)
{
    const struct budget *budget = &c->scenario->budgets[index];
    struct check_sum sum = {0};

    for (int t = 0; t < c->periods; t++) {
        date_month month = c->scenario->periods[t].start;
        struct cash cash;

        if (month < budget->from || month >= budget->to)
            continue;
        if (budget->kind == BUDGET_CARBON) {
            for (int s = 0; s < c->sites; s++)
                check_add(&sum, tonnes_of(c, s, t));
            continue;
        }
        cash = cash_of(c, t, budget->provider);
        if (budget->kind != BUDGET_OPERATING)
            check_add(&sum, cash.capex);
        if (budget->kind != BUDGET_CAPEX)
            check_add(&sum, cash.rent + cash.maintenance + cash.energy);
    }
    for (size_t i = 0; i < c->plan->budgets.count; i++)
        if (c->plan->budgets.rows[i].budget == index &&
            check_equal(c, "use of a budget", budget->id, -1, sum, c->plan->budgets.rows[i].used) !=
                0)
            return -1;
    return check_at_most(c, "budget", budget->id, -1, sum, budget->limit);
}

/* 11. Commitments; short is read from the plan. */
static const struct plan_shortfall *shortfall_of(const struct capacity_check *c, int index, int t)
{
    for (size_t i = 0; i < c->plan->shortfalls.count; i++)
        if (c->plan->shortfalls.rows[i].commitment == index &&
            (t < 0 || c->plan->shortfalls.rows[i].period == t))
            return &c->plan->shortfalls.rows[i];
    return NULL;
}

static int check_power_commitment(struct capacity_check *c, int index, double *paid)
{
    const struct commitment *commitment = &c->scenario->commitments[index];

    for (int t = 0; t < c->periods; t++) {
        const struct period *period = &c->scenario->periods[t];
        const struct plan_shortfall *row = shortfall_of(c, index, t);
        double lack_mw = row != NULL ? row->mw : 0;
        struct check_sum sum = {0};

        if (period->start < commitment->from || period->start >= commitment->to)
            continue;
        check_add(&sum, lack_mw);
        for (int k = 0; k < c->systems; k++)
            for (int s = 0; commitment->counts_system[k] && s < c->sites; s++)
                check_add(&sum, c->scenario->catalog.systems[k].power_kw *
                                    c->stock[check_system_at(c, k, s, t)] / UNITS_KW_PER_MW);
        if (check_at_least(c, "commitment", commitment->id, t, sum, commitment->mw) != 0)
            return -1;
        if (isnan(commitment->shortfall_usd_per_mw_month)) {
            if (lack_mw > 1e-6 * (1 + commitment->mw))
                return err_set(c->err, ERR_INTERNAL,
                    "the plan falls short of commitment %s, which does not allow it",
                    commitment->id);
            continue;
        }
        *paid += period->discount * commitment->shortfall_usd_per_mw_month * period->month_count *
                 lack_mw;
    }
    return 0;
}

static int check_spend_commitment(struct capacity_check *c, int index, double *paid)
{
    const struct commitment *commitment = &c->scenario->commitments[index];
    const struct plan_shortfall *row = shortfall_of(c, index, -1);
    double lack_usd = row != NULL ? row->usd : 0;
    struct check_sum sum = {0};
    int last = -1;

    check_add(&sum, lack_usd);
    for (int t = 0; t < c->periods; t++) {
        date_month month = c->scenario->periods[t].start;
        struct cash cash;

        if (month < commitment->from || month >= commitment->to)
            continue;
        last = t;
        cash = cash_of(c, t, commitment->provider);
        check_add(&sum, cash.capex + cash.rent + cash.maintenance);
    }
    if (last >= 0)
        *paid += c->scenario->periods[last].discount * lack_usd;
    return last < 0
               ? 0
               : check_at_least(c, "spend commitment", commitment->id, -1, sum, commitment->usd);
}

/* --- The cost */

static void add_period_cost(const struct capacity_check *c, int t, double *parts)
{
    const struct period *period = &c->scenario->periods[t];
    struct cash cash = cash_of(c, t, NULL);

    parts[COST_CAPEX] += period->discount * cash.capex;
    parts[COST_RENT] += period->discount * cash.rent;
    parts[COST_MAINTENANCE] += period->discount * cash.maintenance;
    parts[COST_ENERGY] += period->discount * cash.energy;
    for (int s = 0; s < c->sites; s++)
        parts[COST_CARBON] += period->discount * tonnes_of(c, s, t) *
                              c->scenario->horizon.carbon_usd_per_tonne;
}

static void add_unmet_cost(const struct capacity_check *c, double *parts)
{
    for (size_t i = 0; i < c->plan->unmet.count; i++) {
        const struct plan_unmet *row = &c->plan->unmet.rows[i];
        const struct workload *workload = &c->scenario->workloads[row->workload];
        double usd = workload->value_usd_per_unit * row->units;
        int last = 0;

        if (workload->kind == WORKLOAD_INFERENCE) {
            const struct period *period = &c->scenario->periods[row->period];

            parts[COST_UNMET] += period->discount * workload->load_factor * period->hours * usd;
            continue;
        }
        for (int t = 0; t < c->periods; t++)
            if (workload_is_open(workload, &c->scenario->periods[t]))
                last = t;
        parts[COST_UNMET] += c->scenario->periods[last].discount * usd;
    }
}

/* capex · acq · (months past the end ÷ term) · delta at the horizon's end, where the term runs past
 * it. */
static void add_salvage(const struct capacity_check *c, double *parts)
{
    const struct horizon *horizon = &c->scenario->horizon;
    double delta = pow(1 + horizon->discount_rate,
        -(double)(horizon->end - horizon->start) / UNITS_MONTHS_PER_YEAR);

    for (int o = 0; horizon->has_salvage && o < c->offers; o++) {
        const struct offer *offer = &c->scenario->offers[o];

        if (!(offer->capex_usd > 0) || offer->term_months <= 0)
            continue;
        for (int t = 0; t < c->periods; t++) {
            int past = c->scenario->periods[t].start + offer->term_months - horizon->end;

            for (int s = 0; past > 0 && s < c->sites; s++)
                parts[COST_SALVAGE] -= offer->capex_usd * c->acquired[check_offer_at(c, o, s, t)] *
                                       past / offer->term_months * delta;
        }
    }
}

/* 13. Porting: who runs on a stack has paid for it. */
static int add_porting(struct capacity_check *c, double *parts)
{
    for (int j = 0; j < c->workloads; j++) {
        const struct workload *workload = &c->scenario->workloads[j];

        for (int p = 0; p < workload->porting_count; p++) {
            bool is_ported = false;
            double used = 0;
            int first = 0;

            for (size_t i = 0; i < c->plan->ported.count; i++)
                is_ported |= c->plan->ported.rows[i].workload == j &&
                             c->plan->ported.rows[i].porting == p;
            for (size_t i = 0; i < c->plan->runs.count; i++) {
                const struct plan_run *row = &c->plan->runs.rows[i];

                if (row->workload == j &&
                    str_equal(c->scenario->catalog.systems[row->system].chip->stack,
                        workload->portings[p].stack))
                    used += row->systems;
            }
            if (used > 1e-5 && !is_ported)
                return err_set(c->err, ERR_INTERNAL,
                    "the plan runs %s on stack %s without porting it, please report this",
                    workload->id, workload->portings[p].stack);
            while (first + 1 < c->periods && workload->kind != WORKLOAD_INFERENCE &&
                   !workload_is_open(workload, &c->scenario->periods[first]))
                first++;
            if (is_ported)
                parts[COST_PORTING] += c->scenario->periods[first].discount *
                                       workload->portings[p].usd;
        }
    }
    return 0;
}

static int check_cost(struct capacity_check *c, const double *parts)
{
    struct check_sum total = {0};

    for (int i = 0; i < COST_PART_COUNT; i++)
        check_add(&total, parts[i]);
    for (int i = 0; i < COST_PART_COUNT; i++) {
        /* A part may be small beside the whole: rounding is held against the whole. */
        struct check_sum part = {parts[i], total.size};

        if (check_equal(c, "cost", COST_PART_NAMES[i], -1, part, c->plan->cost_usd[i]) != 0)
            return -1;
    }
    return check_equal(c, "cost", "all parts", -1, total, c->plan->objective_usd);
}

/* --- Lists that follow */

static int check_lists(struct capacity_check *c)
{
    for (size_t i = 0; i < c->plan->installed.count; i++) {
        const struct plan_installed *row = &c->plan->installed.rows[i];
        struct check_sum sum = {0};

        check_add(&sum, c->installed[check_offer_at(c, row->offer, row->site, row->period)]);
        if (check_equal(c, "installed systems", c->scenario->offers[row->offer].id, row->period,
                sum, row->systems) != 0)
            return -1;
    }
    for (size_t i = 0; i < c->plan->energy.count; i++) {
        const struct plan_energy *row = &c->plan->energy.rows[i];
        struct check_sum mwh = {0};
        struct check_sum tonnes = {0};

        check_add(&mwh, energy_kwh(c, row->site, row->period) / UNITS_KWH_PER_MWH);
        check_add(&tonnes, tonnes_of(c, row->site, row->period));
        if (check_equal(
                c, "energy", c->scenario->sites[row->site].id, row->period, mwh, row->mwh) != 0 ||
            check_equal(c, "carbon", c->scenario->sites[row->site].id, row->period, tonnes,
                row->tonnes_co2) != 0)
            return -1;
    }
    for (size_t i = 0; i < c->plan->power.count; i++) {
        const struct plan_power *row = &c->plan->power.rows[i];
        const struct site *site = &c->scenario->sites[row->site];
        struct check_sum operating = {0};

        check_add(&operating,
            site->pue * c->work_kw[check_site_at(c, row->site, row->period)] / UNITS_KW_PER_MW);
        for (int k = 0; k < c->systems; k++)
            check_add(&operating, site->pue * c->scenario->catalog.systems[k].idle_kw *
                                      c->stock[check_system_at(c, k, row->site, row->period)] /
                                      UNITS_KW_PER_MW);
        if (check_equal(c, "power", site->id, row->period, operating, row->operating_mw) != 0)
            return -1;
    }
    return 0;
}

int check_money(struct capacity_check *c)
{
    double parts[COST_PART_COUNT] = {0};

    for (int i = 0; i < c->scenario->budget_count; i++)
        if (check_budget(c, i) != 0)
            return -1;
    for (int i = 0; i < c->scenario->commitment_count; i++) {
        bool is_power = c->scenario->commitments[i].kind == COMMITMENT_POWER;

        if ((is_power ? check_power_commitment(c, i, &parts[COST_SHORTFALL])
                      : check_spend_commitment(c, i, &parts[COST_SHORTFALL])) != 0)
            return -1;
    }
    for (int t = 0; t < c->periods; t++)
        add_period_cost(c, t, parts);
    add_unmet_cost(c, parts);
    add_salvage(c, parts);
    if (add_porting(c, parts) != 0)
        return -1;
    return check_cost(c, parts) != 0 ? -1 : check_lists(c);
}
