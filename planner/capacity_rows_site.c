/* Rows of a site and period: capacity of each kind of system, power, floor. */
#include "planner/capacity_model_private.h"

#include "base/units.h"

#include <math.h>

/* sum over j, m of x <= A_k · inst[k,s,t] */
static void add_capacity_row(struct builder *b, int s, int k, int t)
{
    double availability = b->scenario->catalog.systems[k].availability;
    struct row_key key = builder_row_key(ROW_CAPACITY);
    bool is_used = false;

    key.site = s;
    key.system = k;
    key.period = t;
    for (int j = 0; j < b->scenario->workload_count; j++)
        is_used |= builder_add_run(b, j, s, k, t, run_count, 1);
    if (!is_used)
        return;
    builder_add_installed(b, k, s, STOCK_FIRM, t, -availability);
    builder_add_installed(b, k, s, STOCK_SPOT, t, -availability);
    builder_add_row(b, &key, -INFINITY, 0, 1);
}

/* sum over the j that are not interruptible, m, of x <= A_k · firm[k,s,t] */
static void add_firm_row(struct builder *b, int s, int k, int t)
{
    struct row_key key = builder_row_key(ROW_CAPACITY_FIRM);
    bool is_used = false;

    key.site = s;
    key.system = k;
    key.period = t;
    for (int j = 0; j < b->scenario->workload_count; j++)
        if (!b->scenario->workloads[j].is_interruptible)
            is_used |= builder_add_run(b, j, s, k, t, run_count, 1);
    if (!is_used)
        return;
    builder_add_installed(b, k, s, STOCK_FIRM, t, -b->scenario->catalog.systems[k].availability);
    builder_add_row(b, &key, -INFINITY, 0, 1);
}

/* The capacity row implies the firm one where nothing interruptible stands. */
static void add_capacity_rows(struct builder *b, int s, int k, int t)
{
    add_capacity_row(b, s, k, t);
    if (b->is_plain || builder_stock(b, k, s, STOCK_SPOT, t)->can_be)
        add_firm_row(b, s, k, t);
}

/* sum over k of value(k) · inst[k,s,t], times factor */
static void add_all_installed(
    struct builder *b, int s, int t, double (*value)(const struct system *), double factor)
{
    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++) {
        double amount = factor * value(&b->scenario->catalog.systems[k]);

        for (int kind = 0; kind < STOCK_KINDS && amount != 0; kind++)
            builder_add_installed(b, k, s, kind, t, amount);
    }
}

static double idle_kw(const struct system *system)
{
    return system->idle_kw;
}

static double power_kw(const struct system *system)
{
    return system->power_kw;
}

static double rack_count(const struct system *system)
{
    return system->rack_count;
}

static struct row_key site_key(enum row_family family, int s, int t)
{
    struct row_key key = builder_row_key(family);

    key.site = s;
    key.period = t;
    return key;
}

/* pue · ( sum of (P phi pi - I) · x + sum over k of I · inst ) <= 1000 · mw */
static void add_operating_row(struct builder *b, int s, int t)
{
    const struct scenario *sc = b->scenario;
    struct row_key key = site_key(ROW_OPERATING_POWER, s, t);
    double mw_per_kw = sc->sites[s].pue / UNITS_KW_PER_MW;

    for (int k = 0; k < (int)sc->catalog.system_count; k++)
        for (int j = 0; j < sc->workload_count; j++)
            (void)builder_add_run(b, j, s, k, t, run_added_kw, mw_per_kw);
    add_all_installed(b, s, t, idle_kw, mw_per_kw);
    builder_add_row(
        b, &key, -INFINITY, dated_value_at(&sc->sites[s].power_mw, sc->periods[t].start, 0), 1);
}

/* pue · sum over k of P · inst <= 1000 · mw · oversubscription */
static void add_nameplate_row(struct builder *b, int s, int t)
{
    const struct site *site = &b->scenario->sites[s];
    struct row_key key = site_key(ROW_NAMEPLATE_POWER, s, t);

    add_all_installed(b, s, t, power_kw, site->pue / UNITS_KW_PER_MW);
    builder_add_row(b, &key, -INFINITY,
        dated_value_at(&site->power_mw, b->scenario->periods[t].start, 0) * site->oversubscription,
        1);
}

/* sum of racks · inst <= rack-positions */
static void add_floor_row(struct builder *b, int s, int t)
{
    struct row_key key = site_key(ROW_FLOOR, s, t);
    double positions = site_rack_positions_at(
        &b->scenario->sites[s], b->scenario->periods[t].start);

    add_all_installed(b, s, t, rack_count, 1);
    builder_add_row(b, &key, -INFINITY, positions, 1);
}

void builder_add_site_rows(struct builder *b)
{
    const struct scenario *sc = b->scenario;

    for (int s = 0; s < sc->site_count; s++)
        for (int t = 0; t < sc->period_count && !b->is_over; t++) {
            for (int k = 0; k < (int)sc->catalog.system_count; k++)
                add_capacity_rows(b, s, k, t);
            if (!builder_nameplate_implies_operating(b, s, t))
                add_operating_row(b, s, t);
            add_nameplate_row(b, s, t);
            if (!builder_nameplate_implies_floor(b, s, t))
                add_floor_row(b, s, t);
        }
}
