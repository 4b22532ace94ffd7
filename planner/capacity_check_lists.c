/* The check of the lists that follow from the decisions: nothing missing, nothing too much. */
#include "planner/capacity_check_private.h"

#include "base/mem.h"
#include "base/units.h"

#include <math.h>

/* A list summed up as a table, beside what it should be. Rows are sites, or offers × sites. */
struct comparison {
    const char *what;
    double *listed;
    double *expected;
    int row_count;
};

static int compare(const struct check *c, const struct comparison *m)
{
    char month[DATE_TEXT_SIZE];

    for (int row = 0; row < m->row_count; row++)
        for (int t = 0; t < c->sc->period_count; t++) {
            int site = row % c->sc->site_count, offer = row / c->sc->site_count;

            if (check_equal(c, *check_cell(c, m->listed, row, t),
                    *check_cell(c, m->expected, row, t), 1, "%s at %s in %s%s%s", m->what,
                    c->sc->sites[site].id, check_month(c, t, month),
                    m->row_count > c->sc->site_count ? ", " : "",
                    m->row_count > c->sc->site_count ? c->sc->offers[offer].id : "") != 0)
                return -1;
        }
    return 0;
}

static double *make_table(const struct check *c, int row_count)
{
    return mem_zero((size_t)row_count * (size_t)c->sc->period_count, sizeof(double));
}

/* Compares, and releases `listed`. */
static int settle(
    const struct check *c, const char *what, double *listed, double *expected, int row_count)
{
    const struct comparison comparison = {what, listed, expected, row_count};
    int rc = compare(c, &comparison);

    mem_free(listed);
    return rc;
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

static int check_installed(struct check *c)
{
    int row_count = c->sc->offer_count * c->sc->site_count;
    double *listed = make_table(c, row_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->installed.count; i++) {
        const struct plan_installed *row = &c->plan->installed.rows[i];

        if (!is_offer_place(c, row->offer, row->site, row->period)) {
            rc = check_fail(c, "installed: a row is malformed");
            break;
        }
        *check_site_cell(c, listed, row->offer, row->site, row->period) += row->systems;
        rc = check_equal(c, row->nameplate_kw,
            row->systems * c->sc->catalog.systems[c->sc->offers[row->offer].system].power_kw, 1,
            "installed: kW of %s", c->sc->offers[row->offer].id);
    }
    if (rc != 0) {
        mem_free(listed);
        return rc;
    }
    return settle(c, "installed", listed, c->installed, row_count);
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

static int check_retired(struct check *c)
{
    int row_count = c->sc->offer_count * c->sc->site_count;
    double *listed = make_table(c, row_count), *expected = make_table(c, row_count);
    int rc = 0;

    for (int o = 0; o < c->sc->offer_count; o++)
        for (int e = 0; e < c->sc->offers[o].existing_count; e++)
            if (c->sc->offers[o].kind == OFFER_BUY)
                sum_leavers(c, o, e, expected);
    for (size_t i = 0; rc == 0 && i < c->plan->retired.count; i++) {
        const struct plan_retired *row = &c->plan->retired.rows[i];

        if (!is_offer_place(c, row->offer, row->site, row->period))
            rc = check_fail(c, "retired: a row is malformed");
        else
            *check_site_cell(c, listed, row->offer, row->site, row->period) += row->systems;
    }
    if (rc == 0) {
        rc = settle(c, "retired", listed, expected, row_count);
        listed = NULL;
    }
    mem_free(listed);
    mem_free(expected);
    return rc;
}

/* --- Power and energy */

static int check_energy(struct check *c)
{
    double *listed = make_table(c, c->sc->site_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->energy.count; i++) {
        const struct plan_energy *row = &c->plan->energy.rows[i];

        if (!is_place(c, row->site, row->period)) {
            rc = check_fail(c, "energy: a row is malformed");
            break;
        }
        *check_cell(c, listed, row->site, row->period) += row->mwh;
        rc = check_equal(c, row->tonnes_co2,
            row->mwh *
                dated_value_at(&c->sc->sites[row->site].energy_kg_co2_per_mwh,
                    c->sc->periods[row->period].start, 0) /
                UNITS_KG_PER_TONNE,
            1, "energy: tonnes at %s", c->sc->sites[row->site].id);
    }
    if (rc != 0) {
        mem_free(listed);
        return rc;
    }
    return settle(c, "energy", listed, c->mwh, c->sc->site_count);
}

static int check_power_row(const struct check *c, const struct plan_power *row)
{
    const char *id;

    if (!is_place(c, row->site, row->period))
        return check_fail(c, "power: a row is malformed");
    id = c->sc->sites[row->site].id;
    if (check_equal(c, row->operating_mw, *check_cell(c, c->operating_mw, row->site, row->period),
            1, "power: operating at %s", id) != 0)
        return -1;
    return check_equal(c, row->limit_mw,
        dated_value_at(&c->sc->sites[row->site].power_mw, c->sc->periods[row->period].start, 0), 1,
        "power: limit at %s", id);
}

static int check_power(struct check *c)
{
    double *listed = make_table(c, c->sc->site_count);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->plan->power.count; i++) {
        rc = check_power_row(c, &c->plan->power.rows[i]);
        if (rc == 0)
            *check_cell(c, listed, c->plan->power.rows[i].site,
                c->plan->power.rows[i].period) += c->plan->power.rows[i].nameplate_mw;
    }
    if (rc != 0) {
        mem_free(listed);
        return rc;
    }
    return settle(c, "power: nameplate", listed, c->nameplate_mw, c->sc->site_count);
}

int check_lists(struct check *c)
{
    if (check_installed(c) != 0 || check_retired(c) != 0 || check_energy(c) != 0)
        return -1;
    return check_power(c);
}
