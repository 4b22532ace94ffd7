/*
 * Binaries: the sites that a workload of sites-max uses at all, and the stacks that it is ported
 * to.
 *
 * x > 0 only where the binary is 1: sum of x <= (the most that can be of use) · binary. The tighter
 * that most is, the fewer branches the solver needs, so there are up to three rows for it. Each is
 * implied by other rows, or by what an optimum does, when the binary is 1:
 *
 *   work    what is done is at most the volume, or the peak of demand: more is never of use
 *   power   the systems that run at a site stand there: sum of (P_k / A_k) · x <= its nameplate
 * power stock   what runs on a kind of system is at most A_k · what supply and terms let stand
 * there
 */
#include "planner/capacity_model_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

#include <math.h>

/* One binary, and which runs it allows: of one site (-1: any), of one stack (NULL: any). */
struct link {
    int workload, site, porting;
    const char *stack;
    int column;
};

static bool is_linked(const struct builder *b, const struct link *link, int site, int system)
{
    return (link->site < 0 || link->site == site) &&
           (link->stack == NULL ||
               str_equal(link->stack, b->scenario->catalog.systems[system].chip->stack));
}

static struct row_key link_key(const struct link *link, enum row_link rule)
{
    struct row_key key = builder_row_key(link->porting < 0 ? ROW_AT_SITE : ROW_PORTED);

    key.workload = link->workload;
    key.porting = link->porting;
    key.site = link->site;
    key.link = rule;
    return key;
}

/* --- The most that can stand of a kind of system */

/* What an offer may have brought to a site and still has there, at most. */
static double most_of_offer(struct builder *b, int o, int s, int t)
{
    const struct scenario *sc = b->scenario;
    const struct offer *offer = &sc->offers[o];
    int term = builder_term_periods(sc, offer);
    double most = 0;

    for (int first = t < term ? 0 : t - term + 1; first <= t; first++)
        if (*builder_acquire(b, o, s, first) >= 0)
            most += offer_supply(offer, &sc->periods[first]);
    most = fmin(most, offer->max_systems);
    for (int e = 0; e < offer->existing_count; e++)
        if (offer->existing[e].site == s &&
            offer_is_in_term(offer, offer->existing[e].acquired, sc->periods[t].start))
            most += offer->existing[e].count;
    return most;
}

static double *most_standing(struct builder *b, int k, int s, int t)
{
    return &b->most_standing[((size_t)k * (size_t)b->scenario->site_count + (size_t)s) *
                                 (size_t)b->scenario->period_count +
                             (size_t)t];
}

static void find_most_standing(struct builder *b)
{
    const struct scenario *sc = b->scenario;
    size_t places = (size_t)sc->site_count * (size_t)sc->period_count;

    if (b->most_standing != NULL)
        return;
    b->most_standing = mem_zero(sc->catalog.system_count * places, sizeof *b->most_standing);
    for (int o = 0; o < sc->offer_count; o++)
        for (int s = 0; s < sc->site_count; s++)
            for (int t = 0; t < sc->period_count; t++)
                *most_standing(b, sc->offers[o].system, s, t) += most_of_offer(b, o, s, t);
}

/* --- Rows of one binary */

/* -most · binary, and the row: the sum before it <= most · binary */
static void end_link_row(struct builder *b, const struct link *link, const struct row_key *key,
    double most, double scale)
{
    builder_add_term(b, link->column, -most);
    builder_add_row(b, key, -INFINITY, 0, scale);
}

/* Puts the runs that the binary allows at a site in a period into the row; were there any? */
static bool add_linked(struct builder *b, const struct link *link, int s, int t,
    double (*factor)(const struct builder *b, int workload, int system), run_amount_fn *amount,
    double times)
{
    bool is_any = false;

    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        if (is_linked(b, link, s, k))
            is_any |= builder_add_run(
                b, link->workload, s, k, t, amount, times * factor(b, link->workload, k));
    return is_any;
}

static double rate_of(const struct builder *b, int workload, int system)
{
    return b->scenario->workloads[workload].rates[system].units_per_hour;
}

/* MW that must stand for one system to run; where none is ever available none runs. */
static double standing_mw(const struct builder *b, int workload, int system)
{
    const struct system *k = &b->scenario->catalog.systems[system];

    (void)workload;
    return k->availability > 0 ? k->power_kw / k->availability / UNITS_KW_PER_MW : 0;
}

/* Training and batch: sum of h_t · rate · theta · x <= W · binary */
static void add_volume_link(struct builder *b, const struct link *link)
{
    const struct scenario *sc = b->scenario;
    struct row_key key = link_key(link, LINK_WORK);

    for (int s = 0; s < sc->site_count; s++)
        for (int t = 0; t < sc->period_count; t++)
            (void)add_linked(b, link, s, t, rate_of, run_throughput, sc->periods[t].hours);
    end_link_row(
        b, link, &key, sc->workloads[link->workload].volume_units, b->unit_scale[link->workload]);
}

/* Inference: sum of rate · theta · x at a site <= the demand of the regions that may use it ·
 * binary */
static void add_demand_link(struct builder *b, const struct link *link, int s, int t)
{
    const struct workload *w = &b->scenario->workloads[link->workload];
    struct row_key key = link_key(link, LINK_WORK);
    double demand = 0;

    key.site = s;
    key.period = t;
    for (int g = 0; g < w->region_count; g++)
        if (w->regions[g].may_use[s])
            demand += region_demand_at(&w->regions[g], &b->scenario->periods[t]);
    if (add_linked(b, link, s, t, rate_of, run_throughput, 1))
        end_link_row(b, link, &key, demand, b->unit_scale[link->workload]);
}

/* sum of (P_k / A_k) · x <= mw · oversubscription / pue · binary */
static void add_power_link(struct builder *b, const struct link *link, int s, int t)
{
    const struct site *site = &b->scenario->sites[s];
    struct row_key key = link_key(link, LINK_POWER);
    double mw = dated_value_at(&site->power_mw, b->scenario->periods[t].start, 0);

    key.site = s;
    key.period = t;
    if (add_linked(b, link, s, t, standing_mw, run_count, 1))
        end_link_row(b, link, &key, mw * site->oversubscription / site->pue, 1);
}

/* sum over m of x <= A_k · the most of k that can stand · binary, where power allows more */
static void add_stock_link(struct builder *b, const struct link *link, int s, int k, int t)
{
    const struct scenario *sc = b->scenario;
    const struct site *site = &sc->sites[s];
    const struct system *system = &sc->catalog.systems[k];
    struct row_key key = link_key(link, LINK_STOCK);
    double mw = dated_value_at(&site->power_mw, sc->periods[t].start, 0);
    double most = *most_standing(b, k, s, t);

    if (most * system->power_kw / UNITS_KW_PER_MW >= mw * site->oversubscription / site->pue)
        return;
    key.site = s;
    key.system = k;
    key.period = t;
    if (builder_add_run(b, link->workload, s, k, t, run_count, 1))
        end_link_row(b, link, &key, most * system->availability, 1);
}

static void add_links_at(struct builder *b, const struct link *link, int s, int t)
{
    if (b->scenario->workloads[link->workload].kind == WORKLOAD_INFERENCE)
        add_demand_link(b, link, s, t);
    add_power_link(b, link, s, t);
    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        if (is_linked(b, link, s, k))
            add_stock_link(b, link, s, k, t);
}

static void add_links(struct builder *b, const struct link *link)
{
    find_most_standing(b);
    if (b->scenario->workloads[link->workload].kind != WORKLOAD_INFERENCE)
        add_volume_link(b, link);
    for (int s = 0; s < b->scenario->site_count; s++)
        for (int t = 0; (link->site < 0 || link->site == s) && t < b->scenario->period_count; t++)
            add_links_at(b, link, s, t);
}

/* --- sites-max */

/* Has the workload runs at the site, or with the stack, at any time? */
static bool has_runs(struct builder *b, const struct link *link)
{
    const struct scenario *sc = b->scenario;

    for (int s = 0; s < sc->site_count; s++)
        for (int k = 0; k < (int)sc->catalog.system_count; k++)
            for (int t = 0; is_linked(b, link, s, k) && t < sc->period_count; t++)
                if (*builder_run(b, link->workload, s, k, t) >= 0)
                    return true;
    return false;
}

static int count_usable_sites(struct builder *b, int j)
{
    int count = 0;

    for (int s = 0; s < b->scenario->site_count; s++) {
        const struct link link = {.workload = j, .site = s, .porting = -1};

        count += has_runs(b, &link);
    }
    return count;
}

/* at-site[j,s] is 1 where j runs at s at all; sum over s of at-site <= sites-max */
static void add_sites_max(struct builder *b, int j)
{
    struct row_key key = builder_row_key(ROW_SITES_MAX);
    struct column_key column = builder_column_key(COLUMN_AT_SITE);
    int *binaries = mem_zero((size_t)b->scenario->site_count, sizeof *binaries);

    key.workload = column.workload = j;
    for (int s = 0; s < b->scenario->site_count; s++) {
        struct link link = {.workload = j, .site = s, .porting = -1};

        binaries[s] = -1;
        if (!has_runs(b, &link))
            continue;
        column.site = s;
        link.column = binaries[s] = builder_add_column(b, &column, 1, 1);
        add_links(b, &link);
    }
    for (int s = 0; s < b->scenario->site_count; s++)
        if (binaries[s] >= 0)
            builder_add_term(b, binaries[s], 1);
    builder_add_row(b, &key, -INFINITY, b->scenario->workloads[j].sites_max, 1);
    mem_free(binaries);
}

/* --- Porting */

static double first_discount(const struct scenario *sc, const struct workload *w)
{
    for (int t = 0; t < sc->period_count; t++)
        if (workload_is_open(w, &sc->periods[t]))
            return sc->periods[t].discount;
    return 1;
}

/* ported[j,stack] is 1 where j uses the stack at all, at usd · delta of its first period */
static void add_porting(struct builder *b, int j, int p)
{
    const struct workload *w = &b->scenario->workloads[j];
    struct column_key key = builder_column_key(COLUMN_PORTED);
    struct link link = {.workload = j, .site = -1, .porting = p, .stack = w->portings[p].stack};

    if (!has_runs(b, &link) || (!b->is_plain && w->portings[p].usd <= 0))
        return;
    key.workload = j;
    key.porting = p;
    link.column = builder_add_column(b, &key, 1, 1);
    builder_add_cost(b, link.column, w->portings[p].usd * first_discount(b->scenario, w));
    add_links(b, &link);
}

void builder_add_binary_rows(struct builder *b)
{
    for (int j = 0; j < b->scenario->workload_count; j++) {
        const struct workload *w = &b->scenario->workloads[j];

        if (w->sites_max > 0 && (b->is_plain || w->sites_max < count_usable_sites(b, j)))
            add_sites_max(b, j);
        for (int p = 0; p < w->porting_count; p++)
            add_porting(b, j, p);
    }
}
