/* Rules 6 to 9: demand of regions, survival of a site, volume, what is required; sites-max. */
#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_check_private.h"

#include <math.h>

/* u of a region and period, or of a volume (region and period -1). */
static double unmet_of(const struct capacity_check *c, int workload, int region, int period)
{
    for (size_t i = 0; i < c->plan->unmet.count; i++) {
        const struct plan_unmet *row = &c->plan->unmet.rows[i];

        if (row->workload == workload && row->region == region && row->period == period)
            return row->units;
    }
    return 0;
}

/* What the sites serve of one workload in one period: [region, site]. */
static int read_served(
    struct capacity_check *c, int j, int t, double *served /* regions × sites, zeroed */)
{
    const struct workload *workload = &c->scenario->workloads[j];

    for (size_t i = 0; i < c->plan->served.count; i++) {
        const struct plan_served *row = &c->plan->served.rows[i];

        if (row->workload != j || row->period != t)
            continue;
        if (row->units_per_hour > 0 && !workload->regions[row->region].may_use[row->site] &&
            row->units_per_hour > 1e-6)
            return err_set(c->err, ERR_INTERNAL,
                "the plan serves a region of %s from a site that may not, please report this",
                workload->id);
        served[row->region * c->sites + row->site] += row->units_per_hour;
    }
    return 0;
}

/* 6. What a site serves is at most what it makes; each region gets its demand, less what is said to
 * be unmet. */
static int check_demand(struct capacity_check *c, int j, int t, const double *served)
{
    const struct workload *workload = &c->scenario->workloads[j];

    for (int s = 0; s < c->sites; s++) {
        struct check_sum sum = {0};

        for (int g = 0; g < workload->region_count; g++)
            check_add(&sum, served[g * c->sites + s]);
        if (check_at_most(c, "what a site serves", workload->id, t, sum,
                c->made[check_workload_at(c, j, s, t)]) != 0)
            return -1;
    }
    for (int g = 0; g < workload->region_count; g++) {
        double demand = region_demand_at(&workload->regions[g], &c->scenario->periods[t]);
        double unmet = unmet_of(c, j, g, t);
        struct check_sum sum = {0};
        struct check_sum lack = {0};

        check_add(&lack, unmet);
        check_add(&sum, unmet);
        for (int s = 0; s < c->sites; s++)
            check_add(&sum, served[g * c->sites + s]);
        if (check_at_least(c, "demand", workload->id, t, sum, demand) != 0 ||
            check_at_most(
                c, "unmet demand", workload->id, t, lack, workload->is_required ? 0 : demand) != 0)
            return -1;
    }
    return 0;
}

/* 7. Without any one site, what is left makes phi of every set of regions' served demand. */
static int check_survival_set(struct capacity_check *c, int j, int t, int lost, unsigned set)
{
    const struct workload *workload = &c->scenario->workloads[j];
    struct check_sum left = {0};
    double needed = 0;

    for (int g = 0; g < workload->region_count; g++)
        if ((set >> g & 1U) != 0)
            needed += region_demand_at(&workload->regions[g], &c->scenario->periods[t]) -
                      unmet_of(c, j, g, t);
    for (int s = 0; s < c->sites; s++) {
        bool is_useful = false;

        for (int g = 0; g < workload->region_count; g++)
            is_useful |= (set >> g & 1U) != 0 && workload->regions[g].may_use[s];
        if (s != lost && is_useful)
            check_add(&left, c->made[check_workload_at(c, j, s, t)]);
    }
    return check_at_least(
        c, "survival of a site", workload->id, t, left, workload->survive_frac * needed);
}

static int check_survival(struct capacity_check *c, int j, int t)
{
    const struct workload *workload = &c->scenario->workloads[j];

    for (int lost = 0; lost < c->sites; lost++)
        for (unsigned set = 1; workload->may_use[lost] && set < 1U << workload->region_count; set++)
            if (check_survival_set(c, j, t, lost, set) != 0)
                return -1;
    return 0;
}

static int check_inference(struct capacity_check *c, int j)
{
    const struct workload *workload = &c->scenario->workloads[j];
    size_t cells = (size_t)workload->region_count * (size_t)c->sites;
    int rc = 0;

    for (int t = 0; t < c->periods && rc == 0; t++) {
        double *served = mem_zero(cells, sizeof *served);

        rc = read_served(c, j, t, served);
        if (rc == 0)
            rc = check_demand(c, j, t, served);
        if (rc == 0 && workload->survive_frac > 0)
            rc = check_survival(c, j, t);
        mem_free(served);
    }
    return rc;
}

/* 8. Volume: hours · rate over the window, and what is unmet, come to W. */
static int check_volume(struct capacity_check *c, int j)
{
    const struct workload *workload = &c->scenario->workloads[j];
    double unmet = unmet_of(c, j, -1, -1);
    struct check_sum sum = {0};
    struct check_sum lack = {0};

    check_add(&sum, unmet);
    check_add(&lack, unmet);
    for (int s = 0; s < c->sites; s++)
        for (int t = 0; t < c->periods; t++)
            check_add(&sum, c->scenario->periods[t].hours * c->made[check_workload_at(c, j, s, t)]);
    if (check_at_least(c, "volume", workload->id, -1, sum, workload->volume_units) != 0)
        return -1;
    return check_at_most(c, "unmet volume", workload->id, -1, lack,
        workload->is_required ? 0 : workload->volume_units);
}

/* Systems at once, and sites ever. */
static int check_size(struct capacity_check *c, int j)
{
    const struct workload *workload = &c->scenario->workloads[j];
    struct check_sum *by_period = mem_zero((size_t)c->periods, sizeof *by_period);
    double *by_site = mem_zero((size_t)c->sites, sizeof *by_site);
    struct check_sum site_count = {0};
    int rc = 0;

    for (size_t i = 0; i < c->plan->runs.count; i++) {
        const struct plan_run *row = &c->plan->runs.rows[i];

        if (row->workload != j)
            continue;
        check_add(&by_period[row->period], row->systems);
        by_site[row->site] += row->systems;
    }
    for (int t = 0; t < c->periods && rc == 0; t++)
        rc = check_at_most(
            c, "max-systems of a workload", workload->id, t, by_period[t], workload->max_systems);
    for (int s = 0; s < c->sites; s++)
        check_add(&site_count, by_site[s] > 1e-5 ? 1 : 0);
    if (rc == 0 && workload->sites_max > 0)
        rc = check_at_most(c, "sites-max", workload->id, -1, site_count, workload->sites_max);
    mem_free(by_period);
    mem_free(by_site);
    return rc;
}

int check_workloads(struct capacity_check *c)
{
    for (int j = 0; j < c->workloads; j++) {
        bool is_inference = c->scenario->workloads[j].kind == WORKLOAD_INFERENCE;

        if ((is_inference ? check_inference(c, j) : check_volume(c, j)) != 0 ||
            check_size(c, j) != 0)
            return -1;
    }
    return 0;
}
