/* A plan's decisions, from the values that the solver gives the model's columns. */
#include "planner/capacity_plan_private.h"

#include "base/str.h"

#include <math.h>

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
    case COLUMN_INSTALL:
    case COLUMN_AT_SITE:
    case COLUMN_PORTED:
    case COLUMN_FAMILY_COUNT:
        break;
    }
}

/* A stack is ported to where something runs on it. */
static void list_ported(struct capacity_plan *plan)
{
    const struct scenario *sc = plan->scenario;
    size_t system_count = sc->catalog.system_count;
    bool *is_used = mem_zero((size_t)sc->workload_count * system_count, sizeof *is_used);

    for (size_t i = 0; i < plan->runs.count; i++)
        is_used[(size_t)plan->runs.rows[i].workload * system_count +
                (size_t)plan->runs.rows[i].system] = true;
    for (int j = 0; j < sc->workload_count; j++)
        for (int p = 0; p < sc->workloads[j].porting_count; p++) {
            bool is_ported = false;

            for (size_t k = 0; k < system_count; k++)
                is_ported |= is_used[(size_t)j * system_count + k] &&
                             str_equal(sc->catalog.systems[k].chip->stack,
                                 sc->workloads[j].portings[p].stack);
            if (is_ported)
                PLAN_APPEND(plan->ported, (struct plan_ported){j, p});
        }
    mem_free(is_used);
}

void capacity_plan_extract(
    struct capacity_plan *plan, const struct capacity_model *model, const double *values)
{
    for (int j = 0; j < model->column_count; j++)
        add_value(plan, &model->columns[j], values[j] * model->column_scale[j]);
    list_ported(plan);
    capacity_plan_serve(plan);
}
