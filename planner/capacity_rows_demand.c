/*
 * Rows of inference: peak demand of each region, and what must still be served with a site lost.
 *
 * Who serves whom is a flow f[j,g,s,t] from sites to regions. With few regions its columns and rows
 * are replaced by what they say of q and u alone (Hall): every set of regions finds enough at the
 * sites that at least one of them may use. The flow is found afterwards, from the plan.
 */
#include "planner/capacity_model_private.h"

#include "base/mem.h"

#include <math.h>

/* One workload in one period. */
struct demand_walk {
    int workload, period;
    const struct workload *w;
    unsigned *masks; /* by site: the regions with demand that may use it, as bits */
};

static double demand_of(const struct builder *b, const struct demand_walk *d, int region)
{
    return region_demand_at(&d->w->regions[region], &b->scenario->periods[d->period]);
}

/* The sum over the set of factor · u, and of factor · d as what is returned. */
static double add_set_demand(
    struct builder *b, const struct demand_walk *d, unsigned set, double factor)
{
    double demand = 0;

    for (int g = 0; g < d->w->region_count; g++) {
        if ((set & 1u << g) == 0)
            continue;
        demand += factor * demand_of(b, d, g);
        if (*builder_unmet(b, d->workload, g, d->period) >= 0)
            builder_add_term(b, *builder_unmet(b, d->workload, g, d->period), factor);
    }
    return demand;
}

/* q of the sites that at least one region of the set may use, but for one of them (-1: none) */
static void add_set_work(struct builder *b, const struct demand_walk *d, unsigned set, int lost)
{
    for (int s = 0; s < b->scenario->site_count; s++)
        if (s != lost && (d->masks[s] & set) != 0)
            builder_add_work(b, d->workload, s, d->period, 1);
}

static struct row_key demand_key(enum row_family family, const struct demand_walk *d)
{
    struct row_key key = builder_row_key(family);

    key.workload = d->workload;
    key.period = d->period;
    return key;
}

/* sum of q[j,s,t] over the sites of G >= sum over g in G of (d[j,g,t] - u[j,g,t]) */
static void add_set_row(struct builder *b, const struct demand_walk *d, unsigned set)
{
    struct row_key key = demand_key(ROW_DEMAND, d);
    double demand = add_set_demand(b, d, set, 1);

    key.region_set = set;
    add_set_work(b, d, set, -1);
    builder_add_row(b, &key, demand, INFINITY, b->unit_scale[d->workload]);
}

/* --- Flows */

/* sum over g of f[j,g,s,t] <= q[j,s,t] */
static void add_flow_row(struct builder *b, const struct demand_walk *d, int site, int *flows)
{
    struct row_key key = demand_key(ROW_FLOW, d);
    struct column_key column = builder_column_key(COLUMN_FLOW);

    key.site = column.site = site;
    column.workload = d->workload;
    column.period = d->period;
    for (int g = 0; g < d->w->region_count; g++) {
        if (!d->w->regions[g].may_use[site] || demand_of(b, d, g) <= 0)
            continue;
        column.region = g;
        flows[(size_t)g * (size_t)b->scenario->site_count + (size_t)site] = builder_add_column(
            b, &column, INFINITY, b->unit_scale[d->workload]);
        builder_add_term(b, flows[(size_t)g * (size_t)b->scenario->site_count + (size_t)site], 1);
    }
    builder_add_work(b, d->workload, site, d->period, -1);
    builder_add_row(b, &key, -INFINITY, 0, b->unit_scale[d->workload]);
}

/* sum over s of f[j,g,s,t] + u[j,g,t] >= d[j,g,t] */
static void add_region_row(
    struct builder *b, const struct demand_walk *d, int region, const int *flows)
{
    struct row_key key = demand_key(ROW_DEMAND, d);

    key.region = region;
    for (int s = 0; s < b->scenario->site_count; s++) {
        int column = flows[(size_t)region * (size_t)b->scenario->site_count + (size_t)s];

        if (column >= 0)
            builder_add_term(b, column, 1);
    }
    if (*builder_unmet(b, d->workload, region, d->period) >= 0)
        builder_add_term(b, *builder_unmet(b, d->workload, region, d->period), 1);
    builder_add_row(b, &key, demand_of(b, d, region), INFINITY, b->unit_scale[d->workload]);
}

/* Has the workload anything that runs at the site in the period? */
static bool has_runs(struct builder *b, const struct demand_walk *d, int site)
{
    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        if (*builder_run(b, d->workload, site, k, d->period) >= 0)
            return true;
    return false;
}

static void add_flow_rows(struct builder *b, const struct demand_walk *d)
{
    size_t count = (size_t)d->w->region_count * (size_t)b->scenario->site_count;
    int *flows = mem_resize(NULL, count, sizeof *flows);

    for (size_t i = 0; i < count; i++)
        flows[i] = -1;
    for (int s = 0; s < b->scenario->site_count; s++)
        if (has_runs(b, d, s))
            add_flow_row(b, d, s, flows);
    for (int g = 0; g < d->w->region_count; g++)
        add_region_row(b, d, g, flows);
    mem_free(flows);
}

/* --- Surviving the loss of a site */

/* sum of q[j,s,t] over the s != s0 of G >= phi · sum over g in G of (d[j,g,t] - u[j,g,t]) */
static void add_survive_row(struct builder *b, const struct demand_walk *d, unsigned set, int lost)
{
    struct row_key key = demand_key(ROW_SURVIVE, d);
    double demand = add_set_demand(b, d, set, d->w->survive_frac);

    key.site = lost;
    key.region_set = set;
    add_set_work(b, d, set, lost);
    builder_add_row(b, &key, demand, INFINITY, b->unit_scale[d->workload]);
}

/* Sets that do not use the lost site are served by the demand rows: phi is at most 1. */
static void add_survive_rows(struct builder *b, struct demand_walk *d, int lost)
{
    unsigned lost_mask = d->masks[lost];
    unsigned sets[REGION_SETS_MAX];
    int count;

    if (b->is_plain) {
        count = region_sets_all(d->w->region_count, sets);
    } else {
        d->masks[lost] = 0;
        count = region_sets_find(d->w->region_count, d->masks, b->scenario->site_count, sets);
        d->masks[lost] = lost_mask;
    }
    for (int i = 0; i < count && !b->is_over; i++)
        if (b->is_plain || (sets[i] & lost_mask) != 0)
            add_survive_row(b, d, sets[i], lost);
}

/* --- All of it */

static bool has_few_regions(const struct workload *w)
{
    return w->region_count <= SCENARIO_SURVIVE_REGIONS_MAX;
}

static void find_masks(const struct builder *b, const struct demand_walk *d)
{
    for (int s = 0; s < b->scenario->site_count; s++) {
        d->masks[s] = 0;
        for (int g = 0; g < d->w->region_count; g++)
            if (d->w->regions[g].may_use[s] && demand_of(b, d, g) > 0)
                d->masks[s] |= 1u << g;
    }
}

/* With the rows of sets, where they are no more than those of flows would be. */
static void add_served_rows(struct builder *b, const struct demand_walk *d)
{
    unsigned sets[REGION_SETS_MAX];
    int count, flow_rows = d->w->region_count;

    if (b->is_plain || !has_few_regions(d->w)) {
        add_flow_rows(b, d);
        return;
    }
    for (int s = 0; s < b->scenario->site_count; s++)
        flow_rows += has_runs(b, d, s);
    count = region_sets_find(d->w->region_count, d->masks, b->scenario->site_count, sets);
    if (count > flow_rows) {
        add_flow_rows(b, d);
        return;
    }
    for (int i = 0; i < count; i++)
        add_set_row(b, d, sets[i]);
}

static void add_period(struct builder *b, struct demand_walk *d)
{
    if (has_few_regions(d->w))
        find_masks(b, d);
    add_served_rows(b, d);
    if (d->w->survive_frac <= 0)
        return;
    for (int s = 0; s < b->scenario->site_count && !b->is_over; s++)
        if (d->w->may_use[s])
            add_survive_rows(b, d, s);
}

void builder_add_demand_rows(struct builder *b)
{
    struct demand_walk d = {.masks = mem_zero((size_t)b->scenario->site_count, sizeof *d.masks)};

    for (int j = 0; j < b->scenario->workload_count; j++) {
        d.workload = j;
        d.w = &b->scenario->workloads[j];
        if (d.w->kind != WORKLOAD_INFERENCE)
            continue;
        for (d.period = 0; d.period < b->scenario->period_count && !b->is_over; d.period++)
            add_period(b, &d);
    }
    mem_free(d.masks);
}
