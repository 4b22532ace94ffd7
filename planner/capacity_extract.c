/* A plan's decisions, from the values that the solver gives the model's columns. */
#include "planner/capacity_plan_private.h"

#include "planner/lp.h"

#include <math.h>

/* A value in the column's own unit, within its bounds, noise taken off. */
static double value_of(const struct capacity_model *model, int column)
{
    double value = lp_column_value(model->lp, column);

    value = fmax(value, lp_column_lower(model->lp, column));
    value = fmin(value, lp_column_upper(model->lp, column));
    return value * model->column_scale[column];
}

static double systems_of(
    const struct capacity_plan *plan, const struct column_key *key, double value)
{
    bool is_whole = plan->is_whole && key->family != COLUMN_RUN;

    return is_whole ? round(value) : value > PLAN_SYSTEMS_MIN ? value : 0;
}

static void add_run(struct capacity_plan *plan, const struct column_key *key, double systems)
{
    const struct scenario *sc = plan->scenario;
    double rate = sc->workloads[key->workload].rates[key->system].units_per_hour *
                  sc->catalog.systems[key->system].modes[key->mode].throughput_frac;

    PLAN_APPEND(plan->runs, (struct plan_run){key->workload, key->site, key->system, key->mode,
                                key->period, systems, systems * rate});
}

static void add_shortfall(struct capacity_plan *plan, const struct column_key *key, double value)
{
    const struct commitment *c = &plan->scenario->commitments[key->commitment];
    struct plan_shortfall row = {key->commitment, key->period, 0, 0};
    double promised = c->kind == COMMITMENT_POWER ? c->mw : c->usd;

    if (value <= PLAN_SHARE_MIN * promised)
        return;
    if (c->kind == COMMITMENT_POWER) {
        row.mw = value;
        row.usd = value * c->shortfall_usd_per_mw_month *
                  plan->scenario->periods[key->period].month_count;
    } else {
        row.usd = value;
    }
    PLAN_APPEND(plan->shortfalls, row);
}

static void add_systems(struct capacity_plan *plan, const struct column_key *key, double value)
{
    double systems = systems_of(plan, key, value);

    if (systems <= 0)
        return;
    if (key->family == COLUMN_ACQUIRE)
        PLAN_APPEND(
            plan->acquired, (struct plan_acquired){key->offer, key->site, key->period, systems});
    else if (key->family == COLUMN_KEEP)
        PLAN_APPEND(
            plan->kept, (struct plan_kept){key->offer, key->existing, key->period, systems});
    else
        add_run(plan, key, systems);
}

static void add_value(struct capacity_plan *plan, const struct column_key *key, double value)
{
    switch (key->family) {
    case COLUMN_ACQUIRE:
    case COLUMN_KEEP:
    case COLUMN_RUN:
        add_systems(plan, key, value);
        break;
    case COLUMN_FLOW:
        PLAN_APPEND(plan->served,
            (struct plan_served){key->workload, key->region, key->site, key->period, value});
        break;
    case COLUMN_UNMET:
        PLAN_APPEND(
            plan->unmet, (struct plan_unmet){key->workload, key->region, key->period, value, 0});
        break;
    case COLUMN_SHORT:
        add_shortfall(plan, key, value);
        break;
    case COLUMN_PORTED:
        if (value > 0.5)
            PLAN_APPEND(plan->ported, (struct plan_ported){key->workload, key->porting});
        break;
    case COLUMN_INSTALL:
    case COLUMN_AT_SITE:
    case COLUMN_FAMILY_COUNT:
        break;
    }
}

void capacity_plan_extract(struct capacity_plan *plan, const struct capacity_model *model)
{
    for (int j = 0; j < model->column_count; j++)
        add_value(plan, &model->columns[j], value_of(model, j));
    capacity_plan_serve(plan);
}
