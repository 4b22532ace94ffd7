/* The decisions of a plan as dense arrays: may each exist, and what stands because of them. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/capacity_check_private.h"

#include <math.h>

/* A value below this is no use of anything: what a solver leaves of zero. */
static const double NOTHING = 1e-7;

static int refuse(struct capacity_check *c, const char *what, const char *id)
{
    return err_set(c->err, ERR_INTERNAL,
        "the plan decides what the scenario does not allow, please report this: %s of %s", what,
        id);
}

static int refuse_negative(struct capacity_check *c, double value, const char *what, const char *id)
{
    if (value >= -NOTHING * (1 + fabs(value)))
        return 0;
    return refuse(c, what, id);
}

static int read_acquired(struct capacity_check *c)
{
    for (size_t i = 0; i < c->plan->acquired.count; i++) {
        const struct plan_acquired *row = &c->plan->acquired.rows[i];
        const struct offer *offer = &c->scenario->offers[row->offer];

        if (refuse_negative(c, row->systems, "a negative acquisition", offer->id) != 0)
            return -1;
        if (row->systems > NOTHING &&
            !offer_is_open(c->scenario, offer, row->site, &c->scenario->periods[row->period]))
            return refuse(c, "an acquisition where or when the offer is not open", offer->id);
        if (c->plan->is_whole && fabs(row->systems - round(row->systems)) > 1e-6)
            return refuse(c, "an acquisition that is not whole", offer->id);
        c->acquired[check_offer_at(c, row->offer, row->site, row->period)] += row->systems;
    }
    return 0;
}

/* What stands of the batch e of a buy offer in a period; 0 where the plan names none. */
static double kept_in(const struct capacity_check *c, int offer, int existing, int period)
{
    for (size_t i = 0; i < c->plan->kept.count; i++) {
        const struct plan_kept *row = &c->plan->kept.rows[i];

        if (row->offer == offer && row->existing == existing && row->period == period)
            return row->systems;
    }
    return 0;
}

static bool may_keep(const struct offer *offer, const struct existing *batch, date_month month)
{
    return batch->acquired <= month && offer_is_in_term(offer, batch->acquired, month);
}

/* Existing systems: all of a batch in its term, or what a buy offer's batch still keeps. */
static int add_existing(struct capacity_check *c, int offer_index)
{
    const struct offer *offer = &c->scenario->offers[offer_index];

    for (int e = 0; e < offer->existing_count; e++) {
        const struct existing *batch = &offer->existing[e];
        double before = batch->count;

        for (int t = 0; t < c->periods; t++) {
            double kept = offer->kind == OFFER_BUY ? kept_in(c, offer_index, e, t) : batch->count;
            struct check_sum sum = {0};

            if (!may_keep(offer, batch, c->scenario->periods[t].start)) {
                if (offer->kind == OFFER_BUY && kept > NOTHING)
                    return refuse(c, "systems kept out of their term", offer->id);
                continue;
            }
            if (refuse_negative(c, kept, "a negative stock", offer->id) != 0)
                return -1;
            check_add(&sum, kept);
            if (check_at_most(c, "kept systems", offer->id, t, sum, before) != 0)
                return -1;
            if (c->plan->is_whole && offer->kind == OFFER_BUY && fabs(kept - round(kept)) > 1e-6)
                return refuse(c, "a kept batch that is not whole", offer->id);
            before = kept;
            c->installed[check_offer_at(c, offer_index, batch->site, t)] += kept;
        }
    }
    return 0;
}

static void add_acquired(struct capacity_check *c, int o)
{
    const struct offer *offer = &c->scenario->offers[o];
    const struct period *periods = c->scenario->periods;

    for (int s = 0; s < c->sites; s++)
        for (int t = 0; t < c->periods; t++)
            for (int since = 0; since <= t; since++)
                if (offer_is_in_term(offer, periods[since].start, periods[t].start))
                    c->installed[check_offer_at(c, o, s, t)] +=
                        c->acquired[check_offer_at(c, o, s, since)];
}

static int build_stock(struct capacity_check *c)
{
    for (int o = 0; o < c->offers; o++) {
        const struct offer *offer = &c->scenario->offers[o];

        if (add_existing(c, o) != 0)
            return -1;
        add_acquired(c, o);
        for (int s = 0; s < c->sites; s++)
            for (int t = 0; t < c->periods; t++) {
                double systems = c->installed[check_offer_at(c, o, s, t)];

                c->stock[check_system_at(c, offer->system, s, t)] += systems;
                if (!offer->is_interruptible)
                    c->firm[check_system_at(c, offer->system, s, t)] += systems;
            }
    }
    return 0;
}

static int read_run(struct capacity_check *c, const struct plan_run *row)
{
    const struct workload *workload = &c->scenario->workloads[row->workload];
    const struct system *system = &c->scenario->catalog.systems[row->system];
    const struct power_mode *mode = &system->modes[row->mode];
    double rate = workload->rates[row->system].units_per_hour;
    size_t at = check_system_at(c, row->system, row->site, row->period);
    double added_kw = system->power_kw * mode->power_frac * workload->power_frac - system->idle_kw;
    struct check_sum units = {0};

    if (refuse_negative(c, row->systems, "a negative run", workload->id) != 0)
        return -1;
    if (row->systems > NOTHING &&
        (!(rate > 0) || !workload->may_use[row->site] ||
            !workload_is_open(workload, &c->scenario->periods[row->period])))
        return refuse(c, "a run where or when the workload may not", workload->id);
    check_add(&units, row->units_per_hour);
    if (check_equal(c, "units per hour", workload->id, row->period, units,
            rate * mode->throughput_frac * row->systems) != 0)
        return -1;
    c->busy[at] += row->systems;
    if (!workload->is_interruptible)
        c->busy_firm[at] += row->systems;
    c->made[check_workload_at(c, row->workload, row->site, row->period)] += rate *
                                                                            mode->throughput_frac *
                                                                            row->systems;
    c->work_kw[check_site_at(c, row->site, row->period)] += added_kw * row->systems;
    c->work_mean_kw[check_site_at(c, row->site, row->period)] += workload->load_factor * added_kw *
                                                                 row->systems;
    return 0;
}

int check_read_decisions(struct capacity_check *check)
{
    if (read_acquired(check) != 0 || build_stock(check) != 0)
        return -1;
    for (size_t i = 0; i < check->plan->runs.count; i++)
        if (read_run(check, &check->plan->runs.rows[i]) != 0)
            return -1;
    return 0;
}
