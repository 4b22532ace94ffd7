/*
 * After whole numbers are found: what sites a workload uses, what stacks it is ported to, and,
 * where asked for, whole systems. They are fixed, and the rest is solved again as a linear program:
 * its values are exact where a binary is 0, and it has prices.
 */
#include "planner/capacity_plan_private.h"

#include "base/str.h"
#include "planner/lp.h"

#include <math.h>

/* The program with whole columns fixed is quick; it is not what a time limit is for. */
#define SETTLE_LIMIT_S 60.0

static bool is_whole_family(enum column_family family, bool is_whole)
{
    return family == COLUMN_AT_SITE || family == COLUMN_PORTED ||
           (is_whole && (family == COLUMN_ACQUIRE || family == COLUMN_KEEP));
}

/* Which runs no binary allows: by workload and site, and by workload and system. */
struct closed {
    bool *sites;
    bool *systems;
};

static void close_stack(
    struct closed *closed, const struct scenario *sc, const struct column_key *key)
{
    const char *stack = sc->workloads[key->workload].portings[key->porting].stack;

    for (size_t k = 0; k < sc->catalog.system_count; k++)
        if (str_equal(sc->catalog.systems[k].chip->stack, stack))
            closed->systems[(size_t)key->workload * sc->catalog.system_count + k] = true;
}

static void find_closed(
    struct closed *closed, const struct capacity_model *model, const double *values)
{
    const struct scenario *sc = model->scenario;

    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];

        if (values[j] > 0.5)
            continue;
        if (key->family == COLUMN_AT_SITE)
            closed->sites[(size_t)key->workload * (size_t)sc->site_count + (size_t)key->site] =
                true;
        if (key->family == COLUMN_PORTED)
            close_stack(closed, sc, key);
    }
}

static void close_runs(struct capacity_model *model, const struct closed *closed)
{
    const struct scenario *sc = model->scenario;

    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];
        size_t workload = (size_t)key->workload;

        if (key->family == COLUMN_RUN &&
            (closed->sites[workload * (size_t)sc->site_count + (size_t)key->site] ||
                closed->systems[workload * sc->catalog.system_count + (size_t)key->system]))
            lp_set_column_bounds(model->lp, j, 0, 0);
    }
}

/* What a binary of 0 forbids is closed column by column, and a binary of 1 forbids nothing: its
 * rows would only take the prices of the limits that they repeat. */
static void open_link_rows(struct capacity_model *model)
{
    for (int i = 0; i < model->row_count; i++)
        if (model->rows[i].family == ROW_AT_SITE || model->rows[i].family == ROW_PORTED)
            lp_set_row_bounds(model->lp, i, -INFINITY, INFINITY);
}

static void fix_columns(struct capacity_model *model, bool is_whole, const double *values)
{
    const struct scenario *sc = model->scenario;
    struct closed closed = {
        .sites = mem_zero((size_t)sc->workload_count * (size_t)sc->site_count, sizeof(bool)),
        .systems = mem_zero((size_t)sc->workload_count * sc->catalog.system_count, sizeof(bool))};

    find_closed(&closed, model, values);
    close_runs(model, &closed);
    open_link_rows(model);
    for (int j = 0; j < model->column_count; j++)
        if (is_whole_family(model->columns[j].family, is_whole))
            lp_set_column_bounds(model->lp, j, round(values[j]), round(values[j]));
    mem_free(closed.sites);
    mem_free(closed.systems);
}

void capacity_read_values(const struct capacity_model *model, double *values)
{
    for (int j = 0; j < model->column_count; j++) {
        double value = lp_column_value(model->lp, j);

        value = fmax(value, lp_column_lower(model->lp, j));
        values[j] = fmin(value, lp_column_upper(model->lp, j));
    }
}

bool capacity_settle_whole(struct capacity_model *model, bool is_whole, double *values)
{
    const struct lp_options options = {.time_limit_s = SETTLE_LIMIT_S};
    struct err err;

    fix_columns(model, is_whole, values);
    if (lp_solve(model->lp, &options, &err) != LP_OPTIMAL)
        return false;
    capacity_read_values(model, values);
    return true;
}
