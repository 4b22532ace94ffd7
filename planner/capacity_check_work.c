/* The check of the work: demand, what survives the loss of a site, volumes, sites and stacks. */
#include "planner/capacity_check_private.h"

#include "base/str.h"

#include <math.h>

/* --- Reading */

static bool is_served_malformed(const struct check *c, const struct plan_served *row)
{
    return row->workload < 0 || row->workload >= c->sc->workload_count || row->region < 0 ||
           row->region >= c->sc->workloads[row->workload].region_count || row->site < 0 ||
           row->site >= c->sc->site_count || row->period < 0 ||
           row->period >= c->sc->period_count || !isfinite(row->units_per_hour) ||
           row->units_per_hour < 0;
}

static int read_served(struct check *c, const struct plan_served *row)
{
    const struct workload *w;

    if (is_served_malformed(c, row))
        return check_fail(c, "served: a row is malformed");
    w = &c->sc->workloads[row->workload];
    if (!w->regions[row->region].may_use[row->site])
        return check_fail(
            c, "served: a region of %s may not use %s", w->id, c->sc->sites[row->site].id);
    *check_cell(c, c->served, c->region_base[row->workload] + row->region,
        row->period) += row->units_per_hour;
    *check_site_cell(
        c, c->served_from, row->workload, row->site, row->period) += row->units_per_hour;
    return 0;
}

static bool is_unmet_malformed(const struct check *c, const struct plan_unmet *row)
{
    const struct workload *w;

    if (row->workload < 0 || row->workload >= c->sc->workload_count || !isfinite(row->units) ||
        row->units < 0)
        return true;
    w = &c->sc->workloads[row->workload];
    if (w->kind != WORKLOAD_INFERENCE)
        return row->region != -1 || row->period != -1;
    return row->region < 0 || row->region >= w->region_count || row->period < 0 ||
           row->period >= c->sc->period_count;
}

/* 9. Of a required workload nothing goes unserved. */
static int read_unmet(struct check *c, const struct plan_unmet *row)
{
    const struct workload *w;
    double asked;

    if (is_unmet_malformed(c, row))
        return check_fail(c, "unmet: a row is malformed");
    w = &c->sc->workloads[row->workload];
    if (w->is_required && row->units > 0)
        return check_fail(c, "required: %s is not served in full", w->id);
    if (w->kind == WORKLOAD_INFERENCE) {
        asked = region_demand_at(&w->regions[row->region], &c->sc->periods[row->period]);
        *check_cell(
            c, c->unmet, c->region_base[row->workload] + row->region, row->period) += row->units;
    } else {
        asked = w->volume_units;
        *check_cell(c, c->unmet, c->region_base[row->workload], 0) += row->units;
    }
    if (check_at_most(c, row->units, asked, 0, "unmet of %s", w->id) != 0)
        return -1;
    return check_equal(
        c, row->share, asked > 0 ? row->units / asked : 0, 1, "unmet share of %s", w->id);
}

int check_read_work(struct check *c)
{
    for (size_t i = 0; i < c->plan->served.count; i++)
        if (read_served(c, &c->plan->served.rows[i]) != 0)
            return -1;
    for (size_t i = 0; i < c->plan->unmet.count; i++)
        if (read_unmet(c, &c->plan->unmet.rows[i]) != 0)
            return -1;
    return 0;
}

/* --- Inference */

static double demand_left(struct check *c, int j, int g, int t)
{
    const struct workload *w = &c->sc->workloads[j];

    return region_demand_at(&w->regions[g], &c->sc->periods[t]) -
           *check_cell(c, c->unmet, c->region_base[j] + g, t);
}

/* What one system does in an hour at best: a millionth of it is no work that is missing. */
static double best_rate(const struct check *c, const struct workload *w)
{
    double best = 0;

    for (size_t k = 0; k < c->sc->catalog.system_count; k++)
        best = fmax(best, w->rates[k].units_per_hour);
    return best;
}

/* 6. Each site serves what it makes; each region gets what it asks for. */
static int check_demand(struct check *c, int j, int t)
{
    const struct workload *w = &c->sc->workloads[j];
    char month[DATE_TEXT_SIZE];

    for (int s = 0; s < c->sc->site_count; s++)
        if (check_at_most(c, *check_site_cell(c, c->served_from, j, s, t),
                *check_site_cell(c, c->work, j, s, t), best_rate(c, w), "flow of %s from %s in %s",
                w->id, c->sc->sites[s].id, check_month(c, t, month)) != 0)
            return -1;
    for (int g = 0; g < w->region_count; g++)
        if (check_at_most(c, region_demand_at(&w->regions[g], &c->sc->periods[t]),
                *check_cell(c, c->served, c->region_base[j] + g, t) +
                    *check_cell(c, c->unmet, c->region_base[j] + g, t),
                best_rate(c, w), "demand of %s/%s in %s", w->id,
                w->regions[g].region != NULL ? w->regions[g].region : "all",
                check_month(c, t, month)) != 0)
            return -1;
    return 0;
}

/* May at least one region of the set use the site? */
static bool reaches(const struct workload *w, unsigned set, int s)
{
    for (int g = 0; g < w->region_count; g++)
        if ((set & 1u << g) != 0 && w->regions[g].may_use[s])
            return true;
    return false;
}

/* 7. For each site lost, the others make phi of what the set asks for. */
static int check_survive_set(struct check *c, int j, int t, unsigned set)
{
    const struct workload *w = &c->sc->workloads[j];
    double all = 0, asked = 0, demand = 0;
    char month[DATE_TEXT_SIZE];

    for (int g = 0; g < w->region_count; g++)
        if ((set & 1u << g) != 0) {
            asked += w->survive_frac * demand_left(c, j, g, t);
            demand += region_demand_at(&w->regions[g], &c->sc->periods[t]);
        }
    for (int s = 0; s < c->sc->site_count; s++)
        if (reaches(w, set, s))
            all += *check_site_cell(c, c->work, j, s, t);
    for (int lost = 0; lost < c->sc->site_count; lost++) {
        double rest = all - (reaches(w, set, lost) ? *check_site_cell(c, c->work, j, lost, t) : 0);

        if (w->may_use[lost] && check_at_most(c, asked, rest, fmax(demand, best_rate(c, w)),
                                    "survive-site of %s without %s in %s", w->id,
                                    c->sc->sites[lost].id, check_month(c, t, month)) != 0)
            return -1;
    }
    return 0;
}

static int check_survive(struct check *c, int j, int t)
{
    const struct workload *w = &c->sc->workloads[j];

    for (unsigned set = 1; w->survive_frac > 0 && set < 1u << w->region_count; set++)
        if (check_survive_set(c, j, t, set) != 0)
            return -1;
    return 0;
}

/* --- Training and batch */

/* 8. All of the volume is done or said not to be. */
static int check_volume(struct check *c, int j)
{
    const struct workload *w = &c->sc->workloads[j];
    double done = *check_cell(c, c->unmet, c->region_base[j], 0), hours = 0;

    for (int t = 0; t < c->sc->period_count; t++)
        if (workload_is_open(w, &c->sc->periods[t]))
            hours += c->sc->periods[t].hours;

    for (int s = 0; s < c->sc->site_count; s++)
        for (int t = 0; t < c->sc->period_count; t++)
            done += c->sc->periods[t].hours * *check_site_cell(c, c->work, j, s, t);
    return check_at_most(c, w->volume_units, done, best_rate(c, w) * hours, "volume of %s", w->id);
}

/* At most sites-max sites over the whole window. */
static int check_sites_max(struct check *c, int j)
{
    const struct workload *w = &c->sc->workloads[j];
    int used = 0;

    for (int s = 0; s < c->sc->site_count; s++) {
        bool is_used = false;

        for (int t = 0; t < c->sc->period_count; t++)
            is_used |= *check_site_cell(c, c->work, j, s, t) > 0;
        used += is_used;
    }
    if (w->sites_max > 0 && used > w->sites_max)
        return check_fail(c, "sites-max of %s: it uses %d sites of %d", w->id, used, w->sites_max);
    return 0;
}

/* --- Any workload */

static int check_max(struct check *c, int j)
{
    const struct workload *w = &c->sc->workloads[j];
    char month[DATE_TEXT_SIZE];

    for (int t = 0; t < c->sc->period_count; t++)
        if (check_at_most(c, *check_cell(c, c->running_of, j, t), w->max_systems, 1,
                "max-systems of %s in %s", w->id, check_month(c, t, month)) != 0)
            return -1;
    return 0;
}

/* 13. A stack that costs porting is used only where that is paid. */
static int check_porting(struct check *c, const struct plan_run *run)
{
    const struct workload *w = &c->sc->workloads[run->workload];
    const char *stack = c->sc->catalog.systems[run->system].chip->stack;

    for (int i = 0; i < w->porting_count; i++) {
        bool is_paid = !str_equal(w->portings[i].stack, stack);

        for (size_t p = 0; !is_paid && p < c->plan->ported.count; p++)
            is_paid = c->plan->ported.rows[p].workload == run->workload &&
                      c->plan->ported.rows[p].porting == i;
        if (!is_paid)
            return check_fail(c, "porting: %s uses %s and does not pay for it", w->id, stack);
    }
    return 0;
}

static int check_workload(struct check *c, int j)
{
    const struct workload *w = &c->sc->workloads[j];

    if (check_max(c, j) != 0 || check_sites_max(c, j) != 0)
        return -1;
    if (w->kind != WORKLOAD_INFERENCE)
        return check_volume(c, j);
    for (int t = 0; t < c->sc->period_count; t++)
        if (check_demand(c, j, t) != 0 || check_survive(c, j, t) != 0)
            return -1;
    return 0;
}

int check_work(struct check *c)
{
    for (int j = 0; j < c->sc->workload_count; j++)
        if (check_workload(c, j) != 0)
            return -1;
    for (size_t i = 0; i < c->plan->runs.count; i++)
        if (check_porting(c, &c->plan->runs.rows[i]) != 0)
            return -1;
    return 0;
}
