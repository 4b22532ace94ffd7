/* The check of what runs: capacity, power and floor of each site. */
#include "planner/capacity_check_private.h"

#include "base/units.h"

#include <math.h>

/* --- Reading */

static bool is_malformed(const struct check *c, const struct plan_run *row)
{
    const struct catalog *catalog = &c->sc->catalog;

    return row->workload < 0 || row->workload >= c->sc->workload_count || row->site < 0 ||
           row->site >= c->sc->site_count || row->system < 0 ||
           (size_t)row->system >= catalog->system_count || row->mode < 0 ||
           row->mode >= catalog->systems[row->system].mode_count || row->period < 0 ||
           row->period >= c->sc->period_count || !isfinite(row->systems) || row->systems < 0;
}

/* x[j,s,k,m,t] exists: a rate, a site that it may use, a period of its window */
static int check_allowed(const struct check *c, const struct plan_run *row)
{
    const struct workload *w = &c->sc->workloads[row->workload];
    char month[DATE_TEXT_SIZE];

    if (!(w->rates[row->system].units_per_hour > 0))
        return check_fail(
            c, "runs: %s has no rate on %s", w->id, c->sc->catalog.systems[row->system].id);
    if (!w->may_use[row->site])
        return check_fail(c, "runs: %s may not use %s", w->id, c->sc->sites[row->site].id);
    if (!workload_is_open(w, &c->sc->periods[row->period]))
        return check_fail(
            c, "runs: %s is outside its window in %s", w->id, check_month(c, row->period, month));
    return 0;
}

static int read_run(struct check *c, const struct plan_run *row)
{
    const struct workload *w;
    const struct system *k;
    double added_kw, units;

    if (is_malformed(c, row))
        return check_fail(c, "runs: a row is malformed");
    if (check_allowed(c, row) != 0)
        return -1;
    w = &c->sc->workloads[row->workload];
    k = &c->sc->catalog.systems[row->system];
    units = row->systems * w->rates[row->system].units_per_hour *
            k->modes[row->mode].throughput_frac;
    added_kw = (k->power_kw * k->modes[row->mode].power_frac * w->power_frac - k->idle_kw) *
               row->systems;
    *check_site_cell(c, c->running, row->system, row->site, row->period) += row->systems;
    if (!w->is_interruptible)
        *check_site_cell(c, c->running_firm, row->system, row->site, row->period) += row->systems;
    *check_cell(c, c->run_kw, row->site, row->period) += added_kw;
    *check_cell(c, c->run_kw_mean, row->site, row->period) += added_kw * w->load_factor;
    *check_site_cell(c, c->work, row->workload, row->site, row->period) += units;
    *check_cell(c, c->running_of, row->workload, row->period) += row->systems;
    return check_equal(c, row->units_per_hour, units, 0, "units of %s on %s", w->id, k->id);
}

int check_read_runs(struct check *c)
{
    for (size_t i = 0; i < c->plan->runs.count; i++)
        if (read_run(c, &c->plan->runs.rows[i]) != 0)
            return -1;
    return 0;
}

/* --- Constraints */

/* Sums over the kinds of system that stand at a site. */
struct standing {
    double power_kw, idle_kw, racks;
};

/* 2. Capacity: what runs on a kind of system is at most the available share of what is there. */
static int check_capacity(struct check *c, int k, int s, int t)
{
    const struct system *system = &c->sc->catalog.systems[k];
    char month[DATE_TEXT_SIZE];

    if (check_at_most(c, *check_site_cell(c, c->running, k, s, t),
            system->availability * *check_site_cell(c, c->standing, k, s, t), 1,
            "capacity of %s at %s in %s", system->id, c->sc->sites[s].id,
            check_month(c, t, month)) != 0)
        return -1;
    return check_at_most(c, *check_site_cell(c, c->running_firm, k, s, t),
        system->availability * *check_site_cell(c, c->standing_firm, k, s, t), 1,
        "firm capacity of %s at %s in %s", system->id, c->sc->sites[s].id,
        check_month(c, t, month));
}

static int check_systems_at(struct check *c, int s, int t, struct standing *standing)
{
    for (int k = 0; k < (int)c->sc->catalog.system_count; k++) {
        const struct system *system = &c->sc->catalog.systems[k];
        double all = *check_site_cell(c, c->standing, k, s, t);

        if (check_capacity(c, k, s, t) != 0)
            return -1;
        standing->power_kw += system->power_kw * all;
        standing->idle_kw += system->idle_kw * all;
        standing->racks += system->rack_count * all;
    }
    return 0;
}

/* 3. to 5. Operating and nameplate power at the meter, floor. */
static int check_site(struct check *c, int s, int t)
{
    const struct site *site = &c->sc->sites[s];
    const struct period *p = &c->sc->periods[t];
    double limit_mw = dated_value_at(&site->power_mw, p->start, 0);
    double mw_per_kw = site->pue / UNITS_KW_PER_MW;
    struct standing standing = {0};
    char month[DATE_TEXT_SIZE];

    if (check_systems_at(c, s, t, &standing) != 0)
        return -1;
    *check_cell(c, c->mwh, s, t) = mw_per_kw * p->hours *
                                   (*check_cell(c, c->run_kw_mean, s, t) + standing.idle_kw);
    *check_cell(c, c->operating_mw, s, t) = mw_per_kw *
                                            (*check_cell(c, c->run_kw, s, t) + standing.idle_kw);
    *check_cell(c, c->nameplate_mw, s, t) = mw_per_kw * standing.power_kw;
    if (check_at_most(c, *check_cell(c, c->operating_mw, s, t), limit_mw, 1,
            "operating power at %s in %s", site->id, check_month(c, t, month)) != 0 ||
        check_at_most(c, *check_cell(c, c->nameplate_mw, s, t), limit_mw * site->oversubscription,
            1, "nameplate power at %s in %s", site->id, check_month(c, t, month)) != 0)
        return -1;
    return check_at_most(c, standing.racks, site_rack_positions_at(site, p->start), 1,
        "floor at %s in %s", site->id, check_month(c, t, month));
}

int check_sites(struct check *c)
{
    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++)
            if (check_site(c, s, t) != 0)
                return -1;
    return 0;
}
