/* The columns of the planning model, and which of them there are. */
#include "planner/capacity_model_private.h"

#include "base/mem.h"

#include <math.h>

/* --- acq[o,s,t] */

/* Can no system of this kind stand at the site in the period? */
static bool is_closed(const struct system *system, const struct site *site, date_month month)
{
    return dated_value_at(&site->power_mw, month, 0) <= 0 ||
           (system->rack_count > 0 && site_rack_positions_at(site, month) <= 0);
}

static bool may_acquire(const struct builder *b, const struct offer *offer, int site, int period)
{
    const struct period *p = &b->scenario->periods[period];

    if (!offer_is_open(b->scenario, offer, site, p))
        return false;
    return b->is_plain || (offer_supply(offer, p) > 0 && offer->max_systems > 0);
}

/* Systems that would stand, before their term ends, where nothing can stand are never acquired. */
static void add_acquisitions_at(struct builder *b, int o, int s)
{
    const struct scenario *sc = b->scenario;
    const struct offer *offer = &sc->offers[o];
    const struct system *system = &sc->catalog.systems[offer->system];
    int term = builder_term_periods(sc, offer);
    int closed = sc->period_count; /* the next period in which nothing can stand here */
    struct column_key key = builder_column_key(COLUMN_ACQUIRE);

    key.offer = o;
    key.site = s;
    key.system = offer->system;
    for (int t = sc->period_count - 1; t >= 0; t--) {
        if (!b->is_plain && is_closed(system, &sc->sites[s], sc->periods[t].start))
            closed = t;
        if (closed - t >= term || closed == sc->period_count)
            *builder_acquire(b, o, s, t) = may_acquire(b, offer, s, t) ? 0 : -1;
    }
    for (int t = 0; t < sc->period_count; t++) {
        key.period = t;
        if (*builder_acquire(b, o, s, t) == 0)
            *builder_acquire(b, o, s, t) = builder_add_column(b, &key, INFINITY, 1);
    }
}

void builder_add_acquisitions(struct builder *b)
{
    for (int o = 0; o < b->scenario->offer_count; o++)
        for (int s = 0; s < b->scenario->site_count; s++)
            if (b->scenario->offers[o].is_at_site[s])
                add_acquisitions_at(b, o, s);
}

/* --- keep[e,t]: 0 <= keep[e,t] <= count, where the batch is in its term; `buy` offers alone */

static void add_kept_batch(struct builder *b, int o, int e)
{
    const struct offer *offer = &b->scenario->offers[o];
    const struct existing *existing = &offer->existing[e];
    struct column_key key = builder_column_key(COLUMN_KEEP);

    key.offer = o;
    key.existing = e;
    key.site = existing->site;
    key.system = offer->system;
    for (int t = 0; t < b->scenario->period_count; t++) {
        if (!offer_is_in_term(offer, existing->acquired, b->scenario->periods[t].start))
            continue;
        key.period = t;
        *builder_keep(b, o, e, t) = builder_add_column(b, &key, existing->count, 1);
    }
}

void builder_add_kept(struct builder *b)
{
    for (int o = 0; o < b->scenario->offer_count; o++)
        for (int e = 0; e < b->scenario->offers[o].existing_count; e++)
            if (b->scenario->offers[o].kind == OFFER_BUY)
                add_kept_batch(b, o, e);
}

/* --- x[j,s,k,m,t] */

/* Is there something to gain or to meet by running the workload at the site in the period? */
static bool is_wanted(const struct scenario *sc, const struct workload *w, int site, int period)
{
    if (!w->is_required && w->value_usd_per_unit * w->load_factor <= 0)
        return false;
    if (w->kind != WORKLOAD_INFERENCE)
        return w->volume_units > 0;
    for (int g = 0; g < w->region_count; g++)
        if (w->regions[g].may_use[site] &&
            region_demand_at(&w->regions[g], &sc->periods[period]) > 0)
            return true;
    return false;
}

/* May systems be there that the workload can use? */
static bool is_there(struct builder *b, const struct workload *w, int system, int site, int period)
{
    return builder_stock(b, system, site, STOCK_FIRM, period)->can_be ||
           (w->is_interruptible && builder_stock(b, system, site, STOCK_SPOT, period)->can_be);
}

static void add_runs_of(struct builder *b, int j, int s, int k)
{
    const struct scenario *sc = b->scenario;
    const struct workload *w = &sc->workloads[j];
    const struct system *system = &sc->catalog.systems[k];
    unsigned set = b->mode_sets[(size_t)j * sc->catalog.system_count + (size_t)k];
    struct column_key key = builder_column_key(COLUMN_RUN);

    key.workload = j;
    key.site = s;
    key.system = k;
    for (int t = 0; t < sc->period_count; t++) {
        if (!workload_is_open(w, &sc->periods[t]))
            continue;
        if (!b->is_plain && (!is_wanted(sc, w, s, t) || !is_there(b, w, k, s, t) ||
                                system->availability <= 0 || w->max_systems <= 0))
            continue;
        key.period = t;
        for (int m = 0; m < system->mode_count; m++) {
            int column;

            if ((set & 1u << m) == 0)
                continue;
            key.mode = m;
            column = builder_add_column(b, &key, INFINITY, 1);
            if (*builder_run(b, j, s, k, t) < 0)
                *builder_run(b, j, s, k, t) = column;
        }
    }
}

void builder_add_runs(struct builder *b)
{
    const struct scenario *sc = b->scenario;

    for (int j = 0; j < sc->workload_count; j++)
        for (int k = 0; k < (int)sc->catalog.system_count; k++) {
            if (sc->workloads[j].rates[k].units_per_hour <= 0)
                continue;
            b->mode_sets[(size_t)j * sc->catalog.system_count + (size_t)k] = builder_useful_modes(
                b, &sc->workloads[j], k);
            for (int s = 0; s < sc->site_count; s++)
                if (sc->workloads[j].may_use[s])
                    add_runs_of(b, j, s, k);
        }
}

double run_count(
    const struct workload *workload, const struct system *system, const struct power_mode *mode)
{
    (void)workload;
    (void)system;
    (void)mode;
    return 1;
}

double run_added_kw(
    const struct workload *workload, const struct system *system, const struct power_mode *mode)
{
    return system->power_kw * mode->power_frac * workload->power_frac - system->idle_kw;
}

double run_throughput(
    const struct workload *workload, const struct system *system, const struct power_mode *mode)
{
    (void)workload;
    (void)system;
    return mode->throughput_frac;
}

bool builder_add_run(struct builder *b, int workload, int site, int system, int period,
    run_amount_fn *amount, double factor)
{
    const struct workload *w = &b->scenario->workloads[workload];
    const struct system *k = &b->scenario->catalog.systems[system];
    unsigned set =
        b->mode_sets[(size_t)workload * b->scenario->catalog.system_count + (size_t)system];
    int column = *builder_run(b, workload, site, system, period);

    if (column < 0)
        return false;
    for (int m = 0; m < k->mode_count; m++)
        if ((set & 1u << m) != 0)
            builder_add_term(b, column++, factor * amount(w, k, &k->modes[m]));
    return true;
}

void builder_add_work(struct builder *b, int workload, int site, int period, double factor)
{
    const struct workload *w = &b->scenario->workloads[workload];

    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        (void)builder_add_run(
            b, workload, site, k, period, run_throughput, factor * w->rates[k].units_per_hour);
}

/* --- u[j,g,t] and u[j] */

static double largest_demand(const struct scenario *sc, const struct workload *w)
{
    double largest = w->volume_units;

    for (int g = 0; g < w->region_count; g++)
        for (int t = 0; t < sc->period_count; t++)
            largest = fmax(largest, region_demand_at(&w->regions[g], &sc->periods[t]));
    return largest;
}

/* Work is counted in what the workload's best system does: per hour, of a volume per period. Powers
 * of two change no digit. */
static double choose_unit_scale(const struct scenario *sc, const struct workload *w)
{
    double best = 0;

    for (size_t k = 0; k < sc->catalog.system_count; k++)
        best = fmax(best, w->rates[k].units_per_hour);
    if (best <= 0)
        best = largest_demand(sc, w);
    else if (w->kind != WORKLOAD_INFERENCE)
        best *= sc->periods[0].hours;
    return best > 0 ? exp2(round(log2(best))) : 1;
}

static void add_unmet_demand(struct builder *b, int j)
{
    const struct scenario *sc = b->scenario;
    const struct workload *w = &sc->workloads[j];
    struct column_key key = builder_column_key(COLUMN_UNMET);

    key.workload = j;
    for (int g = 0; g < w->region_count; g++)
        for (int t = 0; t < sc->period_count; t++) {
            double demand = region_demand_at(&w->regions[g], &sc->periods[t]);

            key.region = g;
            key.period = t;
            if (demand > 0)
                *builder_unmet(b, j, g, t) = builder_add_column(b, &key, demand, b->unit_scale[j]);
        }
}

static void add_unmet_volume(struct builder *b, int j)
{
    struct column_key key = builder_column_key(COLUMN_UNMET);

    key.workload = j;
    if (b->scenario->workloads[j].volume_units > 0)
        *builder_unmet(b, j, 0, 0) = builder_add_column(
            b, &key, b->scenario->workloads[j].volume_units, b->unit_scale[j]);
}

void builder_add_unmet(struct builder *b)
{
    for (int j = 0; j < b->scenario->workload_count; j++) {
        const struct workload *w = &b->scenario->workloads[j];

        b->unit_scale[j] = choose_unit_scale(b->scenario, w);
        if (w->is_required)
            continue;
        if (w->kind == WORKLOAD_INFERENCE)
            add_unmet_demand(b, j);
        else
            add_unmet_volume(b, j);
    }
}
