/*
 * Who serves whom. The model asks of most workloads only that sites make enough for every set of
 * regions; then there is a flow from sites to regions (Hall), and it is found here, by augmenting
 * paths. What the flow leaves unserved is what the plan says is unserved.
 */
#include "planner/capacity_plan_private.h"

#include <math.h>
#include <string.h>

/* The workloads of a plan, one after the other, and their rows in its lists. */
struct serving {
    struct capacity_plan *plan;
    int workload;
    const struct workload *w;
    int site_count;
    double *made;                    /* [period][site]: q */
    double *unmet;                   /* [period][region]: as the solver has it */
    size_t run, flow_row, unmet_row; /* the next in the plan's runs, and in these: */
    struct plan_served *flow_rows;
    struct plan_unmet *unmet_rows;
    size_t flow_row_count, unmet_row_count;
    /* Of one period: */
    double *spare;    /* by site: q not served yet */
    double *flow;     /* [region][site] */
    double *needed;   /* by region */
    double small;     /* below it nothing is worth a path */
    int *from_site;   /* by region: the site through which the search came to it */
    int *from_region; /* by site: the region from which it came */
    int *queue;       /* regions */
    bool *is_region_seen;
    bool *is_site_seen;
};

static double *flow_at(const struct serving *v, int region, int site)
{
    return &v->flow[(size_t)region * (size_t)v->site_count + (size_t)site];
}

/* From a region, by sites that it may use and regions that these serve, to a site with spare work;
 * -1 when there is none. Breadth first: the shortest path. */
static int find_path(struct serving *v, int region)
{
    int head = 0, count = 1;

    memset(v->is_region_seen, 0, (size_t)v->w->region_count * sizeof *v->is_region_seen);
    memset(v->is_site_seen, 0, (size_t)v->site_count * sizeof *v->is_site_seen);
    v->queue[0] = region;
    v->is_region_seen[region] = true;
    while (head < count) {
        int g = v->queue[head++];

        for (int s = 0; s < v->site_count; s++) {
            if (v->is_site_seen[s] || !v->w->regions[g].may_use[s])
                continue;
            v->is_site_seen[s] = true;
            v->from_region[s] = g;
            if (v->spare[s] > v->small)
                return s;
            for (int other = 0; other < v->w->region_count; other++) {
                if (v->is_region_seen[other] || *flow_at(v, other, s) <= v->small)
                    continue;
                v->is_region_seen[other] = true;
                v->from_site[other] = s;
                v->queue[count++] = other;
            }
        }
    }
    return -1;
}

/* Serve more of the region along the path that ends at the site: each region on it moves that much
 * from the site before it to the one after. */
static double push(struct serving *v, int region, int site, double most)
{
    double amount = fmin(most, v->spare[site]);

    for (int s = site; v->from_region[s] != region; s = v->from_site[v->from_region[s]])
        amount = fmin(amount, *flow_at(v, v->from_region[s], v->from_site[v->from_region[s]]));
    v->spare[site] -= amount;
    for (int s = site; s >= 0;) {
        int g = v->from_region[s];

        *flow_at(v, g, s) += amount;
        s = g == region ? -1 : v->from_site[g];
        if (s >= 0)
            *flow_at(v, g, s) -= amount;
    }
    return amount;
}

static void serve_region(struct serving *v, int region)
{
    int site;

    while (v->needed[region] > v->small && (site = find_path(v, region)) >= 0)
        v->needed[region] -= push(v, region, site, v->needed[region]);
}

/* --- One period */

/* Start from the solver's own flows, where it has them, cut to what is made and needed. */
static void start_flows(struct serving *v, int period)
{
    for (; v->flow_row < v->flow_row_count; v->flow_row++) {
        const struct plan_served *row = &v->flow_rows[v->flow_row];
        double amount;

        if (row->workload != v->workload || row->period != period)
            break;
        amount = fmin(row->units_per_hour, fmin(v->spare[row->site], v->needed[row->region]));
        *flow_at(v, row->region, row->site) += amount;
        v->spare[row->site] -= amount;
        v->needed[row->region] -= amount;
    }
}

static double start_period(struct serving *v, int period)
{
    const struct period *p = &v->plan->scenario->periods[period];
    double largest = 0;

    memset(v->flow, 0, (size_t)v->w->region_count * (size_t)v->site_count * sizeof *v->flow);
    memcpy(v->spare, v->made + (size_t)period * (size_t)v->site_count,
        (size_t)v->site_count * sizeof *v->spare);
    for (int g = 0; g < v->w->region_count; g++) {
        double demand = region_demand_at(&v->w->regions[g], p);
        double unmet = v->unmet[(size_t)period * (size_t)v->w->region_count + (size_t)g];

        v->needed[g] = demand - fmin(unmet, demand);
        largest = fmax(largest, demand);
    }
    return largest;
}

/* What is served, and of each region the rest. */
static void list_region(struct serving *v, int region, int period)
{
    double demand = region_demand_at(&v->w->regions[region], &v->plan->scenario->periods[period]);
    double left = demand;

    for (int s = 0; s < v->site_count; s++) {
        double flow = *flow_at(v, region, s);

        if (flow <= v->small)
            continue;
        left -= flow;
        PLAN_APPEND(v->plan->served, (struct plan_served){v->workload, region, s, period, flow});
    }
    if (!v->w->is_required && left > PLAN_SHARE_MIN * demand)
        PLAN_APPEND(
            v->plan->unmet, (struct plan_unmet){v->workload, region, period, left, left / demand});
}

static void serve_period(struct serving *v, int period)
{
    v->small = PLAN_SHARE_MIN * start_period(v, period);
    start_flows(v, period);
    for (int g = 0; g < v->w->region_count; g++)
        serve_region(v, g);
    for (int g = 0; g < v->w->region_count; g++)
        list_region(v, g, period);
}

/* --- One workload */

static void read_work(struct serving *v)
{
    const struct capacity_plan *plan = v->plan;

    for (; v->run < plan->runs.count && plan->runs.rows[v->run].workload == v->workload; v->run++) {
        const struct plan_run *run = &plan->runs.rows[v->run];

        v->made[(size_t)run->period * (size_t)v->site_count + (size_t)run->site] +=
            run->units_per_hour;
    }
}

static void read_unmet(struct serving *v)
{
    for (; v->unmet_row < v->unmet_row_count && v->unmet_rows[v->unmet_row].workload == v->workload;
         v->unmet_row++) {
        const struct plan_unmet *row = &v->unmet_rows[v->unmet_row];

        v->unmet[(size_t)row->period * (size_t)v->w->region_count + (size_t)row->region] =
            row->units;
    }
}

static void open_workload(struct serving *v)
{
    size_t sites = (size_t)v->site_count, regions = (size_t)v->w->region_count;
    size_t periods = (size_t)v->plan->scenario->period_count;

    v->made = mem_zero(periods * sites, sizeof *v->made);
    v->unmet = mem_zero(periods * regions, sizeof *v->unmet);
    v->spare = mem_zero(sites, sizeof *v->spare);
    v->flow = mem_zero(sites * regions, sizeof *v->flow);
    v->needed = mem_zero(regions, sizeof *v->needed);
    v->from_site = mem_zero(regions, sizeof *v->from_site);
    v->from_region = mem_zero(sites, sizeof *v->from_region);
    v->queue = mem_zero(regions, sizeof *v->queue);
    v->is_region_seen = mem_zero(regions, sizeof *v->is_region_seen);
    v->is_site_seen = mem_zero(sites, sizeof *v->is_site_seen);
}

static void close_workload(struct serving *v)
{
    mem_free(v->made);
    mem_free(v->unmet);
    mem_free(v->spare);
    mem_free(v->flow);
    mem_free(v->needed);
    mem_free(v->from_site);
    mem_free(v->from_region);
    mem_free(v->queue);
    mem_free(v->is_region_seen);
    mem_free(v->is_site_seen);
}

static void serve_inference(struct serving *v)
{
    open_workload(v);
    read_work(v);
    read_unmet(v);
    for (int t = 0; t < v->plan->scenario->period_count; t++)
        serve_period(v, t);
    close_workload(v);
}

/* W - what is done, where something is left and may be. */
static void serve_volume(struct serving *v)
{
    const struct capacity_plan *plan = v->plan;
    double left = v->w->volume_units;

    for (; v->run < plan->runs.count && plan->runs.rows[v->run].workload == v->workload; v->run++)
        left -= plan->runs.rows[v->run].units_per_hour *
                plan->scenario->periods[plan->runs.rows[v->run].period].hours;
    for (; v->unmet_row < v->unmet_row_count && v->unmet_rows[v->unmet_row].workload == v->workload;
         v->unmet_row++)
        left = fmax(left, v->unmet_rows[v->unmet_row].units);
    left = fmin(left, v->w->volume_units);
    if (!v->w->is_required && left > PLAN_SHARE_MIN * v->w->volume_units)
        PLAN_APPEND(v->plan->unmet,
            (struct plan_unmet){v->workload, -1, -1, left, left / v->w->volume_units});
}

void capacity_plan_serve(struct capacity_plan *plan)
{
    struct serving v = {.plan = plan,
        .site_count = plan->scenario->site_count,
        .flow_rows = plan->served.rows,
        .unmet_rows = plan->unmet.rows,
        .flow_row_count = plan->served.count,
        .unmet_row_count = plan->unmet.count};

    plan->served.rows = NULL;
    plan->served.count = plan->served.capacity = 0;
    plan->unmet.rows = NULL;
    plan->unmet.count = plan->unmet.capacity = 0;
    for (v.workload = 0; v.workload < plan->scenario->workload_count; v.workload++) {
        v.w = &plan->scenario->workloads[v.workload];
        if (v.w->kind == WORKLOAD_INFERENCE)
            serve_inference(&v);
        else
            serve_volume(&v);
    }
    mem_free(v.flow_rows);
    mem_free(v.unmet_rows);
}
