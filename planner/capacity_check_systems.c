/* The check of what is acquired, kept and installed. */
#include "planner/capacity_check_private.h"

#include "base/mem.h"

#include <math.h>

static bool is_index(int index, int count)
{
    return index >= 0 && index < count;
}

static bool is_amount(double amount)
{
    return isfinite(amount) && amount >= 0;
}

/* --- Reading */

static int read_acquired(struct check *c, const struct plan_acquired *row)
{
    const struct offer *offer;
    char month[DATE_TEXT_SIZE];

    if (!is_index(row->offer, c->sc->offer_count) || !is_index(row->site, c->sc->site_count) ||
        !is_index(row->period, c->sc->period_count) || !is_amount(row->systems))
        return check_fail(c, "acquired: a row is malformed");
    offer = &c->sc->offers[row->offer];
    if (!offer_is_open(c->sc, offer, row->site, &c->sc->periods[row->period]))
        return check_fail(c, "acquired: %s is not on offer at %s in %s", offer->id,
            c->sc->sites[row->site].id, check_month(c, row->period, month));
    if (c->plan->is_whole && row->systems != floor(row->systems))
        return check_fail(c, "acquired: %.9g of %s are not whole", row->systems, offer->id);
    *check_site_cell(c, c->acquired, row->offer, row->site, row->period) += row->systems;
    return 0;
}

static int read_kept(struct check *c, const struct plan_kept *row)
{
    const struct offer *offer;
    char month[DATE_TEXT_SIZE];

    if (!is_index(row->offer, c->sc->offer_count) ||
        !is_index(row->existing, c->sc->offers[row->offer].existing_count) ||
        !is_index(row->period, c->sc->period_count) || !is_amount(row->systems))
        return check_fail(c, "kept: a row is malformed");
    offer = &c->sc->offers[row->offer];
    if (offer->kind != OFFER_BUY ||
        !offer_is_in_term(
            offer, offer->existing[row->existing].acquired, c->sc->periods[row->period].start))
        return check_fail(c, "kept: batch %d of %s is not there to keep in %s", row->existing,
            offer->id, check_month(c, row->period, month));
    if (c->plan->is_whole && row->systems != floor(row->systems))
        return check_fail(c, "kept: %.9g of %s are not whole", row->systems, offer->id);
    *check_cell(
        c, c->kept, c->existing_base[row->offer] + row->existing, row->period) += row->systems;
    return 0;
}

/* inst[o,s,t] of one offer: what is in its term */
static void install_offer(struct check *c, int o)
{
    const struct offer *offer = &c->sc->offers[o];

    for (int s = 0; s < c->sc->site_count; s++)
        for (int first = 0; first < c->sc->period_count; first++) {
            double systems = *check_site_cell(c, c->acquired, o, s, first);

            for (int t = first; systems > 0 && t < c->sc->period_count; t++)
                if (offer_is_in_term(offer, c->sc->periods[first].start, c->sc->periods[t].start))
                    *check_site_cell(c, c->installed, o, s, t) += systems;
        }
    for (int e = 0; e < offer->existing_count; e++)
        for (int t = 0; t < c->sc->period_count; t++)
            if (offer_is_in_term(offer, offer->existing[e].acquired, c->sc->periods[t].start))
                *check_site_cell(c, c->installed, o, offer->existing[e].site,
                    t) += offer->kind == OFFER_BUY
                              ? *check_cell(c, c->kept, c->existing_base[o] + e, t)
                              : offer->existing[e].count;
}

/* inst[k,s,t] and firm[k,s,t] */
static void stand_offer(struct check *c, int o)
{
    const struct offer *offer = &c->sc->offers[o];

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++) {
            double systems = *check_site_cell(c, c->installed, o, s, t);

            *check_site_cell(c, c->standing, offer->system, s, t) += systems;
            if (!offer->is_interruptible)
                *check_site_cell(c, c->standing_firm, offer->system, s, t) += systems;
        }
}

int check_read_systems(struct check *c)
{
    for (size_t i = 0; i < c->plan->acquired.count; i++)
        if (read_acquired(c, &c->plan->acquired.rows[i]) != 0)
            return -1;
    for (size_t i = 0; i < c->plan->kept.count; i++)
        if (read_kept(c, &c->plan->kept.rows[i]) != 0)
            return -1;
    for (int o = 0; o < c->sc->offer_count; o++)
        install_offer(c, o);
    for (int o = 0; o < c->sc->offer_count; o++)
        stand_offer(c, o);
    return 0;
}

/* --- Constraints */

static double acquired_in(const struct check *c, int o, int t)
{
    double systems = 0;

    for (int s = 0; s < c->sc->site_count; s++)
        systems += *check_site_cell(c, c->acquired, o, s, t);
    return systems;
}

/* 1. What is acquired under an offer in a period, over all sites */
static int check_supply(struct check *c, int o)
{
    const struct offer *offer = &c->sc->offers[o];
    char month[DATE_TEXT_SIZE];

    for (int t = 0; t < c->sc->period_count; t++)
        if (check_at_most(c, acquired_in(c, o, t), offer_supply(offer, &c->sc->periods[t]), 1,
                "supply of %s in %s", offer->id, check_month(c, t, month)) != 0)
            return -1;
    return 0;
}

/* max-systems: what is acquired and still in its term */
static int check_offer_max(struct check *c, int o)
{
    const struct offer *offer = &c->sc->offers[o];
    double *in_term = mem_zero((size_t)c->sc->period_count, sizeof *in_term);
    char month[DATE_TEXT_SIZE];
    int rc = 0;

    for (int first = 0; first < c->sc->period_count; first++) {
        double systems = acquired_in(c, o, first);

        for (int t = first; systems > 0 && t < c->sc->period_count; t++)
            if (offer_is_in_term(offer, c->sc->periods[first].start, c->sc->periods[t].start))
                in_term[t] += systems;
    }
    for (int t = 0; rc == 0 && t < c->sc->period_count; t++)
        rc = check_at_most(c, in_term[t], offer->max_systems, 1, "max-systems of %s in %s",
            offer->id, check_month(c, t, month));
    mem_free(in_term);
    return rc;
}

/* keep[e,t] is at most the batch's count, and at most keep[e,t-1] */
static int check_batch(struct check *c, int o, int e)
{
    const struct offer *offer = &c->sc->offers[o];
    double most = offer->existing[e].count;
    char month[DATE_TEXT_SIZE];

    for (int t = 0; t < c->sc->period_count; t++) {
        double kept = *check_cell(c, c->kept, c->existing_base[o] + e, t);

        if (check_at_most(c, kept, most, 1, "keep of batch %d of %s in %s", e, offer->id,
                check_month(c, t, month)) != 0)
            return -1;
        if (offer_is_in_term(offer, offer->existing[e].acquired, c->sc->periods[t].start))
            most = kept;
    }
    return 0;
}

int check_systems(struct check *c)
{
    for (int o = 0; o < c->sc->offer_count; o++) {
        if (check_supply(c, o) != 0 || check_offer_max(c, o) != 0)
            return -1;
        for (int e = 0; e < c->sc->offers[o].existing_count; e++)
            if (c->sc->offers[o].kind == OFFER_BUY && check_batch(c, o, e) != 0)
                return -1;
    }
    return 0;
}
