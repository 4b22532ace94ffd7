/*
 * Why a system was not chosen at a site: by how much its price would have to fall until it is. The
 * reduced cost d of acq[o,s,t] is what one system would cost more than it brings. Of it, E is the
 * part that follows the offer's price: its own cash, and the worth of the budgets and promises of
 * spending that this cash is in. A price lower by the share d / E makes d 0.
 */
#include "planner/capacity_plan_private.h"

#include "base/str.h"
#include "base/units.h"
#include "planner/lp.h"

#include <math.h>

/* Reduced costs nearer to 0 than this share of the price are none. */
static const double SHARE_MIN = 1e-9;

/* What of an offer's cash counts: each dollar of a period times its worth. */
struct worth {
    const struct scenario *sc;
    double *capex;   /* by period: present dollars for a dollar of capex then */
    double *service; /* the same of rent and maintenance */
};

static double service_usd(const struct offer *offer, const struct period *period)
{
    return offer->usd_per_system_hour * period->hours +
           offer->opex_usd_per_year * period->month_count / UNITS_MONTHS_PER_YEAR;
}

static double salvage_usd(const struct scenario *sc, const struct offer *offer, int period)
{
    const struct horizon *h = &sc->horizon;
    int past_months = sc->periods[period].start + offer->term_months - h->end;

    if (!h->has_salvage || offer->capex_usd <= 0 || past_months <= 0)
        return 0;
    return offer->capex_usd * past_months / offer->term_months *
           pow(1 + h->discount_rate, -(h->end - h->start) / UNITS_MONTHS_PER_YEAR);
}

/* A dollar more in the window is worth `usd`. */
static void add_window(struct worth *w, double *list, date_month from, date_month to, double usd)
{
    for (int t = 0; t < w->sc->period_count; t++)
        if (w->sc->periods[t].start >= from && w->sc->periods[t].start < to)
            list[t] += usd;
}

static bool is_of(const char *provider, const struct offer *offer)
{
    return provider == NULL || str_equal(provider, offer->provider);
}

/* A budget's price makes its dollars dearer, that of a promise (below 0) makes them cheaper. */
static void add_price(struct worth *w, const struct plan_price *price, const struct offer *offer)
{
    if (price->kind == PRICE_BUDGET) {
        const struct budget *b = &w->sc->budgets[price->thing];

        if (b->kind == BUDGET_CARBON || !is_of(b->provider, offer))
            return;
        if (b->kind != BUDGET_OPERATING)
            add_window(w, w->capex, b->from, b->to, price->usd_per_unit);
        if (b->kind != BUDGET_CAPEX)
            add_window(w, w->service, b->from, b->to, price->usd_per_unit);
    } else if (price->kind == PRICE_COMMITMENT) {
        const struct commitment *c = &w->sc->commitments[price->thing];

        if (c->kind != COMMITMENT_SPEND || !is_of(c->provider, offer))
            return;
        add_window(w, w->capex, c->from, c->to, price->usd_per_unit);
        add_window(w, w->service, c->from, c->to, price->usd_per_unit);
    }
}

static void find_worth(struct worth *w, const struct capacity_plan *plan, const struct offer *offer)
{
    for (int t = 0; t < w->sc->period_count; t++)
        w->capex[t] = w->service[t] = w->sc->periods[t].discount;
    for (size_t i = 0; i < plan->prices.count; i++)
        add_price(w, &plan->prices.rows[i], offer);
}

/* E of one system acquired in the period. */
static double price_usd(const struct worth *w, const struct offer *offer, int period)
{
    double usd = offer->capex_usd * w->capex[period] - salvage_usd(w->sc, offer, period);

    for (int t = period; t < w->sc->period_count; t++)
        if (offer_is_in_term(offer, w->sc->periods[period].start, w->sc->periods[t].start))
            usd += service_usd(offer, &w->sc->periods[t]) * w->service[t];
    return usd;
}

static bool is_acquired(const struct capacity_plan *plan, int offer, int site)
{
    for (size_t i = 0; i < plan->acquired.count; i++)
        if (plan->acquired.rows[i].offer == offer && plan->acquired.rows[i].site == site)
            return true;
    return false;
}

/* Is `row` a nearer miss than what is known? */
static void keep_nearest(struct plan_not_chosen *nearest, const struct plan_not_chosen *row)
{
    if (nearest->period < 0 || row->cheaper_share < nearest->cheaper_share)
        *nearest = *row;
}

static void note_column(const struct capacity_model *model, const struct worth *w, int column,
    struct plan_not_chosen *nearest)
{
    const struct column_key *key = &model->columns[column];
    struct plan_not_chosen row = {.offer = key->offer,
        .site = key->site,
        .period = key->period,
        .usd_above = lp_reduced_cost(model->lp, column) * model->cost_scale /
                     model->column_scale[column],
        .price_usd = price_usd(w, &w->sc->offers[key->offer], key->period)};

    if (row.usd_above <= SHARE_MIN * fabs(row.price_usd))
        row.usd_above = 0;
    if (row.usd_above > 0)
        row.cheaper_share = row.price_usd > 0 ? row.usd_above / row.price_usd : INFINITY;
    keep_nearest(nearest, &row);
}

void capacity_plan_list_not_chosen(struct capacity_plan *plan, const struct capacity_model *model)
{
    const struct scenario *sc = plan->scenario;
    size_t sites = (size_t)sc->site_count;
    struct plan_not_chosen *nearest = mem_zero((size_t)sc->offer_count * sites, sizeof *nearest);
    struct worth w = {.sc = sc,
        .capex = mem_zero((size_t)sc->period_count, sizeof *w.capex),
        .service = mem_zero((size_t)sc->period_count, sizeof *w.service)};
    int offer = -1;

    for (int o = 0; o < sc->offer_count; o++)
        for (int s = 0; s < sc->site_count; s++)
            nearest[(size_t)o * sites + (size_t)s] = (struct plan_not_chosen){
                o, s, -1, NAN, NAN, NAN};
    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];

        if (key->family != COLUMN_ACQUIRE)
            continue;
        if (key->offer != offer)
            find_worth(&w, plan, &sc->offers[key->offer]);
        offer = key->offer;
        note_column(model, &w, j, &nearest[(size_t)offer * sites + (size_t)key->site]);
    }
    for (size_t i = 0; i < (size_t)sc->offer_count * sites; i++)
        if (sc->offers[nearest[i].offer].is_at_site[nearest[i].site] &&
            !is_acquired(plan, nearest[i].offer, nearest[i].site))
            PLAN_APPEND(plan->not_chosen, (nearest[i]));
    mem_free(nearest);
    mem_free(w.capex);
    mem_free(w.service);
}
