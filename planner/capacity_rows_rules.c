/* Rows of what people and contracts set: budgets, commitments, shares. */
#include "planner/capacity_model_private.h"

#include "base/str.h"
#include "base/units.h"

#include <math.h>

/* Money and carbon rows are in millions of dollars and thousands of tonnes. */
#define USD_SCALE 1e6
#define TONNE_SCALE 1e3

/* --- Cash of the offers */

/* What of an offer's cash counts, over the periods [first, last). */
struct cash {
    bool has_capex, has_service;
    int first, last;
};

static void add_acquisition_cash(struct builder *b, const struct cash *cash, int o, int s)
{
    const struct scenario *sc = b->scenario;
    const struct offer *offer = &sc->offers[o];
    int term = builder_term_periods(sc, offer);

    for (int t = 0; t < cash->last; t++) {
        int column = *builder_acquire(b, o, s, t);
        int first = t > cash->first ? t : cash->first;
        int last = cash->last - t > term ? t + term : cash->last;

        if (column < 0)
            continue;
        if (cash->has_capex && t >= cash->first)
            builder_add_term(b, column, offer->capex_usd);
        if (cash->has_service)
            builder_add_term(b, column, builder_service_usd(b, o, first, last));
    }
}

static void add_existing_cash(struct builder *b, const struct cash *cash, int o, int e)
{
    const struct offer *offer = &b->scenario->offers[o];
    const struct existing *existing = &offer->existing[e];

    for (int t = cash->first; cash->has_service && t < cash->last; t++) {
        double usd = builder_service_usd(b, o, t, t + 1);

        if (*builder_keep(b, o, e, t) >= 0)
            builder_add_term(b, *builder_keep(b, o, e, t), usd);
        else if (offer->kind != OFFER_BUY &&
                 offer_is_in_term(offer, existing->acquired, b->scenario->periods[t].start))
            builder_add_constant(b, usd * existing->count);
    }
}

/* capex-usd · acq and (rent + maintenance) · inst over the window, undiscounted; of one provider's
 * offers, or (NULL) of all */
static void add_cash(struct builder *b, const struct cash *cash, const char *provider)
{
    for (int o = 0; o < b->scenario->offer_count; o++) {
        if (provider != NULL && !str_equal(provider, b->scenario->offers[o].provider))
            continue;
        for (int s = 0; s < b->scenario->site_count; s++)
            add_acquisition_cash(b, cash, o, s);
        for (int e = 0; e < b->scenario->offers[o].existing_count; e++)
            add_existing_cash(b, cash, o, e);
    }
}

/* --- Energy */

static double usd_per_kwh(const struct site *site, date_month month)
{
    return dated_value_at(&site->energy_usd_per_mwh, month, 0) / UNITS_KWH_PER_MWH;
}

static double tonnes_per_kwh(const struct site *site, date_month month)
{
    return dated_value_at(&site->energy_kg_co2_per_mwh, month, 0) / UNITS_KG_PER_TONNE /
           UNITS_KWH_PER_MWH;
}

/* energy_kWh[s,t] · per_kwh over all sites and the periods [first, last) */
static void add_all_energy(struct builder *b, int first, int last,
    double (*per_kwh)(const struct site *site, date_month month))
{
    const struct scenario *sc = b->scenario;

    for (int s = 0; s < sc->site_count; s++)
        for (int t = first; t < last; t++)
            builder_add_energy(b, s, t, per_kwh(&sc->sites[s], sc->periods[t].start));
}

/* --- Budgets */

/*
 * capex: sum of capex-usd · acq; operating: rent + maintenance, and energy where no provider is
 * named; total: both; carbon: energy_kWh · kg-co2-per-mwh / 10^6; each over from <= start_t < to,
 * <= limit
 */
static void add_budget_row(struct builder *b, int index)
{
    const struct budget *budget = &b->scenario->budgets[index];
    struct cash cash = {.has_capex = budget->kind == BUDGET_CAPEX || budget->kind == BUDGET_TOTAL,
        .has_service = budget->kind == BUDGET_OPERATING || budget->kind == BUDGET_TOTAL,
        .first = builder_period_from(b->scenario, budget->from),
        .last = builder_period_from(b->scenario, budget->to)};
    struct row_key key = builder_row_key(ROW_BUDGET);

    key.budget = index;
    if (budget->kind == BUDGET_CARBON) {
        add_all_energy(b, cash.first, cash.last, tonnes_per_kwh);
        builder_add_row(b, &key, -INFINITY, budget->limit, TONNE_SCALE);
        return;
    }
    add_cash(b, &cash, budget->provider);
    if (cash.has_service && budget->provider == NULL)
        add_all_energy(b, cash.first, cash.last, usd_per_kwh);
    builder_add_row(b, &key, -INFINITY, budget->limit, USD_SCALE);
}

void builder_add_budget_rows(struct builder *b)
{
    for (int i = 0; i < b->scenario->budget_count && !b->is_over; i++)
        add_budget_row(b, i);
}

/* --- Commitments */

static void add_nameplate(struct builder *b, int k, int t, double factor)
{
    for (int s = 0; s < b->scenario->site_count; s++)
        for (int kind = 0; kind < STOCK_KINDS && factor != 0; kind++)
            builder_add_installed(b, k, s, kind, t, factor);
}

/* sum over s and its systems of P_k · inst / 1000 + short[c,t] >= mw, at the price of
 * shortfall-usd-per-mw-month · M_t · short[c,t] where a shortfall is allowed */
static void add_power_row(struct builder *b, int c, int t)
{
    const struct scenario *sc = b->scenario;
    const struct commitment *commitment = &sc->commitments[c];
    struct row_key key = builder_row_key(ROW_COMMITMENT_POWER);
    struct column_key shortfall = builder_column_key(COLUMN_SHORT);

    key.commitment = shortfall.commitment = c;
    key.period = shortfall.period = t;
    for (int k = 0; k < (int)sc->catalog.system_count; k++)
        if (commitment->counts_system[k])
            add_nameplate(b, k, t, sc->catalog.systems[k].power_kw / UNITS_KW_PER_MW);
    if (!isnan(commitment->shortfall_usd_per_mw_month)) {
        int column = builder_add_column(b, &shortfall, INFINITY, 1);

        builder_add_term(b, column, 1);
        builder_add_cost(b, column,
            commitment->shortfall_usd_per_mw_month * sc->periods[t].month_count *
                sc->periods[t].discount);
    }
    builder_add_row(b, &key, commitment->mw, INFINITY, 1);
}

/* capex + rent + maintenance on the provider's offers over the window + short[c] >= usd; short is
 * paid in full, in the window's last period */
static void add_spend_row(struct builder *b, int c, int first, int last)
{
    const struct commitment *commitment = &b->scenario->commitments[c];
    struct cash cash = {.has_capex = true, .has_service = true, .first = first, .last = last};
    struct row_key key = builder_row_key(ROW_COMMITMENT_SPEND);
    struct column_key shortfall = builder_column_key(COLUMN_SHORT);
    int column;

    key.commitment = shortfall.commitment = c;
    column = builder_add_column(b, &shortfall, INFINITY, USD_SCALE);
    add_cash(b, &cash, commitment->provider);
    builder_add_term(b, column, 1);
    if (last > first)
        builder_add_cost(b, column, b->scenario->periods[last - 1].discount);
    builder_add_row(b, &key, commitment->usd, INFINITY, USD_SCALE);
}

void builder_add_commitment_rows(struct builder *b)
{
    for (int c = 0; c < b->scenario->commitment_count && !b->is_over; c++) {
        const struct commitment *commitment = &b->scenario->commitments[c];
        int first = builder_period_from(b->scenario, commitment->from);
        int last = builder_period_from(b->scenario, commitment->to);

        if (commitment->kind == COMMITMENT_SPEND)
            add_spend_row(b, c, first, last);
        for (int t = first; commitment->kind == COMMITMENT_POWER && t < last; t++)
            add_power_row(b, c, t);
    }
}

/* --- Shares */

/* sum of P_k · inst over the systems that have the value <= max-share · sum of P_k · inst over all
 */
static void add_limit_row(struct builder *b, int index, int t)
{
    const struct scenario *sc = b->scenario;
    const struct share_limit *limit = &sc->limits[index];
    struct row_key key = builder_row_key(ROW_LIMIT);

    key.limit = index;
    key.period = t;
    for (int k = 0; k < (int)sc->catalog.system_count; k++)
        add_nameplate(b, k, t,
            sc->catalog.systems[k].power_kw / UNITS_KW_PER_MW *
                ((limit->counts_system[k] ? 1 : 0) - limit->max_share));
    builder_add_row(b, &key, -INFINITY, 0, 1);
}

/* Where none of the value's systems can be, the row holds. */
static bool may_bind(struct builder *b, const struct share_limit *limit, int t)
{
    const struct scenario *sc = b->scenario;

    for (int k = 0; k < (int)sc->catalog.system_count; k++)
        for (int s = 0; limit->counts_system[k] && s < sc->site_count; s++)
            if (builder_stock(b, k, s, STOCK_FIRM, t)->can_be ||
                builder_stock(b, k, s, STOCK_SPOT, t)->can_be)
                return true;
    return b->is_plain;
}

void builder_add_limit_rows(struct builder *b)
{
    for (int i = 0; i < b->scenario->limit_count; i++) {
        const struct share_limit *limit = &b->scenario->limits[i];
        int last = builder_period_from(b->scenario, limit->to);

        for (int t = builder_period_from(b->scenario, limit->from); t < last && !b->is_over; t++)
            if (may_bind(b, limit, t))
                add_limit_row(b, i, t);
    }
}
