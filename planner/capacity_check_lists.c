/* The check of the lists that follow from the decisions: nothing missing, nothing too much. */
#include "planner/capacity_check_private.h"

#include "base/mem.h"
#include "base/units.h"

#include <math.h>

/* --- Lists summed up as tables, beside what they should be */

static double *make_table(const struct check *c, int row_count)
{
    return mem_zero((size_t)row_count * (size_t)c->sc->period_count, sizeof(double));
}

/* [site][period] */
static int compare_sites(const struct check *c, const char *what, double *listed, double *expected)
{
    char month[DATE_TEXT_SIZE];

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++)
            if (check_equal(c, *check_cell(c, listed, s, t), *check_cell(c, expected, s, t), 1,
                    "%s at %s in %s", what, c->sc->sites[s].id, check_month(c, t, month)) != 0)
                return -1;
    return 0;
}

/* [offer][site][period] */
static int compare_offers(const struct check *c, const char *what, double *listed, double *expected)
{
    char month[DATE_TEXT_SIZE];

    for (int o = 0; o < c->sc->offer_count; o++)
        for (int s = 0; s < c->sc->site_count; s++)
            for (int t = 0; t < c->sc->period_count; t++)
                if (check_equal(c, *check_site_cell(c, listed, o, s, t),
                        *check_site_cell(c, expected, o, s, t), 1, "%s of %s at %s in %s", what,
                        c->sc->offers[o].id, c->sc->sites[s].id, check_month(c, t, month)) != 0)
                    return -1;
    return 0;
}

static bool is_place(const struct check *c, int site, int period)
{
    return site >= 0 && site < c->sc->site_count && period >= 0 && period < c->sc->period_count;
}

static bool is_offer_place(const struct check *c, int offer, int site, int period)
{
    return offer >= 0 && offer < c->sc->offer_count && is_place(c, site, period);
}

/* --- Installed and retired */

static int read_installed(struct check *c, const struct plan_installed *row, double *listed)
{
    const struct offer *offer;

    if (!is_offer_place(c, row->offer, row->site, row->period))
        return check_fail(c, "installed: a row is malformed");
    offer = &c->sc->offers[row->offer];
    *check_site_cell(c, listed, row->offer, row->site, row->period) += row->systems;
    return check_equal(c, row->nameplate_kw,
        row->systems * c->sc->catalog.systems[offer->system].power_kw, 1, "installed: kW of %s",
        offer->id);
}

static int check_installed(struct check *c)
{
    double *listed = make_table(c, c->sc->offer_count * c->sc->site_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->installed.count; i++)
        rc = read_installed(c, &c->plan->installed.rows[i], listed);
    if (rc == 0)
        rc = compare_offers(c, "installed", listed, c->installed);
    mem_free(listed);
    return rc;
}

/* What leaves of a batch in each period, before its term is over. */
static void sum_leavers(struct check *c, int o, int e, double *expected)
{
    const struct offer *offer = &c->sc->offers[o];
    double present = offer->existing[e].count;

    for (int t = 0; t < c->sc->period_count; t++) {
        double kept = *check_cell(c, c->kept, c->existing_base[o] + e, t);

        if (!offer_is_in_term(offer, offer->existing[e].acquired, c->sc->periods[t].start))
            continue;
        *check_site_cell(c, expected, o, offer->existing[e].site, t) += present - kept;
        present = kept;
    }
}

static int read_retired(struct check *c, const struct plan_retired *row, double *listed)
{
    if (!is_offer_place(c, row->offer, row->site, row->period))
        return check_fail(c, "retired: a row is malformed");
    *check_site_cell(c, listed, row->offer, row->site, row->period) += row->systems;
    return 0;
}

static int check_retired(struct check *c)
{
    double *listed = make_table(c, c->sc->offer_count * c->sc->site_count);
    double *expected = make_table(c, c->sc->offer_count * c->sc->site_count);
    int rc = 0;

    for (int o = 0; o < c->sc->offer_count; o++)
        for (int e = 0; e < c->sc->offers[o].existing_count; e++)
            if (c->sc->offers[o].kind == OFFER_BUY)
                sum_leavers(c, o, e, expected);
    for (size_t i = 0; rc == 0 && i < c->plan->retired.count; i++)
        rc = read_retired(c, &c->plan->retired.rows[i], listed);
    if (rc == 0)
        rc = compare_offers(c, "retired", listed, expected);
    mem_free(expected);
    mem_free(listed);
    return rc;
}

/* --- Power and energy */

static int read_energy(struct check *c, const struct plan_energy *row, double *listed)
{
    const struct site *site;
    double kg_per_mwh;

    if (!is_place(c, row->site, row->period))
        return check_fail(c, "energy: a row is malformed");
    site = &c->sc->sites[row->site];
    kg_per_mwh = dated_value_at(&site->energy_kg_co2_per_mwh, c->sc->periods[row->period].start, 0);
    *check_cell(c, listed, row->site, row->period) += row->mwh;
    return check_equal(c, row->tonnes_co2, row->mwh * kg_per_mwh / UNITS_KG_PER_TONNE, 1,
        "energy: tonnes at %s", site->id);
}

static int check_energy(struct check *c)
{
    double *listed = make_table(c, c->sc->site_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->energy.count; i++)
        rc = read_energy(c, &c->plan->energy.rows[i], listed);
    if (rc == 0)
        rc = compare_sites(c, "energy", listed, c->mwh);
    mem_free(listed);
    return rc;
}

static int read_power(struct check *c, const struct plan_power *row, double *listed)
{
    const struct site *site;

    if (!is_place(c, row->site, row->period))
        return check_fail(c, "power: a row is malformed");
    site = &c->sc->sites[row->site];
    *check_cell(c, listed, row->site, row->period) += row->nameplate_mw;
    if (check_equal(c, row->operating_mw, *check_cell(c, c->operating_mw, row->site, row->period),
            1, "power: operating at %s", site->id) != 0)
        return -1;
    return check_equal(c, row->limit_mw,
        dated_value_at(&site->power_mw, c->sc->periods[row->period].start, 0), 1,
        "power: limit at %s", site->id);
}

static int check_power(struct check *c)
{
    double *listed = make_table(c, c->sc->site_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->power.count; i++)
        rc = read_power(c, &c->plan->power.rows[i], listed);
    if (rc == 0)
        rc = compare_sites(c, "power: nameplate", listed, c->nameplate_mw);
    mem_free(listed);
    return rc;
}

int check_lists(struct check *c)
{
    if (check_installed(c) != 0 || check_retired(c) != 0 || check_energy(c) != 0)
        return -1;
    return check_power(c);
}
