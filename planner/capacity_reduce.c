/*
 * What the planning model can do without, exactly: power modes that others are always as good as,
 * and rows of a site that its nameplate row implies. planner/MODEL.md, Reductions, has the proofs.
 */
#include "planner/capacity_model_private.h"

#include "base/units.h"

#include <math.h>

/* --- Modes */

/* Does `other` do the same work with no more systems and no more power? Of two alike, the first
 * stays. */
static bool is_as_good(
    const struct workload *workload, const struct system *system, int mode, int other)
{
    const struct power_mode *m = &system->modes[mode], *o = &system->modes[other];
    double share = m->throughput_frac / o->throughput_frac;
    double kw = run_added_kw(workload, system, m);
    double other_kw = run_added_kw(workload, system, o) * share;

    if (share > 1 || other_kw > kw)
        return false;
    return share < 1 || other_kw < kw || other < mode;
}

unsigned short builder_useful_modes(
    const struct builder *b, const struct workload *workload, int system)
{
    const struct system *k = &b->scenario->catalog.systems[system];
    unsigned short set = 0;

    for (int m = 0; m < k->mode_count; m++) {
        bool is_useful = true;

        for (int other = 0; other < k->mode_count && !b->is_plain; other++)
            is_useful = is_useful && (other == m || !is_as_good(workload, k, m, other));
        if (is_useful)
            set = (unsigned short)(set | 1u << m);
    }
    return set;
}

/* --- Rows of a site */

/* The most that an installed system of kind k can draw, as a share of its nameplate power:
 * ( A · P phi pi + (1 - A) · I ) / P, over the workloads and modes that may run there then. */
static double peak_share(struct builder *b, int system, int site, int period)
{
    const struct system *k = &b->scenario->catalog.systems[system];
    double most_kw = k->idle_kw;

    for (int j = 0; j < b->scenario->workload_count; j++) {
        const struct workload *w = &b->scenario->workloads[j];

        if (*builder_run(b, j, site, system, period) < 0)
            continue;
        for (int m = 0; m < k->mode_count; m++)
            most_kw = fmax(most_kw, k->power_kw * k->modes[m].power_frac * w->power_frac);
    }
    return (k->availability * most_kw + (1 - k->availability) * k->idle_kw) / k->power_kw;
}

static bool may_stand(struct builder *b, int system, int site, int period)
{
    return builder_stock(b, system, site, STOCK_FIRM, period)->can_be ||
           builder_stock(b, system, site, STOCK_SPOT, period)->can_be;
}

bool builder_nameplate_implies_operating(struct builder *b, int site, int period)
{
    double most = 0;

    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        if (may_stand(b, k, site, period))
            most = fmax(most, peak_share(b, k, site, period));
    return !b->keeps_limits && most * b->scenario->sites[site].oversubscription <= 1;
}

bool builder_nameplate_implies_floor(struct builder *b, int site, int period)
{
    const struct site *s = &b->scenario->sites[site];
    date_month month = b->scenario->periods[period].start;
    double kw = dated_value_at(&s->power_mw, month, 0) * UNITS_KW_PER_MW * s->oversubscription;
    double racks_per_kw = 0;

    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        if (may_stand(b, k, site, period))
            racks_per_kw = fmax(racks_per_kw, b->scenario->catalog.systems[k].rack_count /
                                                  b->scenario->catalog.systems[k].power_kw);
    return !b->keeps_limits && racks_per_kw * kw / s->pue <= site_rack_positions_at(s, month);
}
