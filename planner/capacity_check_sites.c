/* Rules 1 to 5 and 12: supply, capacity, power, floor, diversity. */
#include "base/units.h"
#include "planner/capacity_check_private.h"

#include <math.h>

/* 1. Supply: sum over s of acq <= supply; acquired and still in term <= max-systems. */
static int check_offer(struct capacity_check *c, int o, int t)
{
    const struct offer *offer = &c->scenario->offers[o];
    const struct period *periods = c->scenario->periods;
    struct check_sum acquired = {0};
    struct check_sum in_term = {0};

    for (int s = 0; s < c->sites; s++) {
        check_add(&acquired, c->acquired[check_offer_at(c, o, s, t)]);
        for (int since = 0; since <= t; since++)
            if (offer_is_in_term(offer, periods[since].start, periods[t].start))
                check_add(&in_term, c->acquired[check_offer_at(c, o, s, since)]);
    }
    if (check_at_most(c, "supply", offer->id, t, acquired, offer_supply(offer, &periods[t])) != 0)
        return -1;
    return check_at_most(c, "max-systems", offer->id, t, in_term, offer->max_systems);
}

/* 2. Capacity: busy <= A · stock; of work that can't be interrupted, <= A · firm stock. */
static int check_capacity(struct capacity_check *c, int k, int s, int t)
{
    const struct system *system = &c->scenario->catalog.systems[k];
    size_t at = check_system_at(c, k, s, t);
    struct check_sum busy = {0};
    struct check_sum busy_firm = {0};

    check_add(&busy, c->busy[at]);
    check_add(&busy_firm, c->busy_firm[at]);
    if (check_at_most(c, "capacity", system->id, t, busy, system->availability * c->stock[at]) != 0)
        return -1;
    return check_at_most(
        c, "firm capacity", system->id, t, busy_firm, system->availability * c->firm[at]);
}

/* 3, 4 and 5: operating power, nameplate power, floor. */
static int check_site(struct capacity_check *c, int s, int t)
{
    const struct site *site = &c->scenario->sites[s];
    date_month month = c->scenario->periods[t].start;
    double limit_kw = dated_value_at(&site->power_mw, month, 0) * UNITS_KW_PER_MW;
    struct check_sum operating = {0};
    struct check_sum nameplate = {0};
    struct check_sum racks = {0};

    check_add(&operating, site->pue * c->work_kw[check_site_at(c, s, t)]);
    for (int k = 0; k < c->systems; k++) {
        const struct system *system = &c->scenario->catalog.systems[k];
        double stock = c->stock[check_system_at(c, k, s, t)];

        check_add(&operating, site->pue * system->idle_kw * stock);
        check_add(&nameplate, site->pue * system->power_kw * stock);
        check_add(&racks, system->rack_count * stock);
    }
    if (check_at_most(c, "operating power", site->id, t, operating, limit_kw) != 0 ||
        check_at_most(
            c, "nameplate power", site->id, t, nameplate, limit_kw * site->oversubscription) != 0)
        return -1;
    return check_at_most(c, "floor", site->id, t, racks, site_rack_positions_at(site, month));
}

/* 12. Diversity: nameplate power of those that count <= max-share · all. */
static int check_limit(struct capacity_check *c, const struct share_limit *limit, int t)
{
    date_month month = c->scenario->periods[t].start;
    struct check_sum excess = {0};

    if (month < limit->from || month >= limit->to)
        return 0;
    for (int k = 0; k < c->systems; k++)
        for (int s = 0; s < c->sites; s++) {
            double kw = c->scenario->catalog.systems[k].power_kw *
                        c->stock[check_system_at(c, k, s, t)];

            check_add(&excess, limit->counts_system[k] ? kw : 0);
            check_add(&excess, -limit->max_share * kw);
        }
    return check_at_most(c, "limit", limit->id, t, excess, 0);
}

int check_supply_and_sites(struct capacity_check *c)
{
    for (int t = 0; t < c->periods; t++) {
        for (int o = 0; o < c->offers; o++)
            if (check_offer(c, o, t) != 0)
                return -1;
        for (int s = 0; s < c->sites; s++) {
            for (int k = 0; k < c->systems; k++)
                if (check_capacity(c, k, s, t) != 0)
                    return -1;
            if (check_site(c, s, t) != 0)
                return -1;
        }
        for (int i = 0; i < c->scenario->limit_count; i++)
            if (check_limit(c, &c->scenario->limits[i], t) != 0)
                return -1;
    }
    return 0;
}
