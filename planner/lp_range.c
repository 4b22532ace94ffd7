/* Ranging: how far one number may move with the basis staying optimal. */
#include "planner/lp_private.h"

#include "base/mem.h"

#include <math.h>

/* Run a kind of ranging whose parameters are in the call. */
static int call_engine(struct lp *lp, lp_work_fn *work, struct err *err)
{
    static const struct lp_options DEFAULTS;

    if (lp_call_engine(lp, work, NULL) == LP_END_DONE && lp->engine->call.code == 0)
        return 0;
    (void)lp_report_failure(lp, &DEFAULTS, err);
    return -1;
}

static int load_engine(struct lp *lp, struct err *err)
{
    static const struct lp_options DEFAULTS;

    if (lp_load(lp, &DEFAULTS) == LP_END_DONE)
        return 0;
    (void)lp_report_failure(lp, &DEFAULTS, err);
    return -1;
}

static int ask_engine(struct lp *lp, enum lp_thing thing, int index, double unit, double *low,
    double *high, struct err *err)
{
    if (load_engine(lp, err) != 0)
        return -1;
    lp->engine->call.thing = thing;
    lp->engine->call.index = index;
    if (call_engine(lp, lp_work_range, err) != 0)
        return -1;
    *low = lp->engine->call.low * unit;
    *high = lp->engine->call.high * unit;
    return 0;
}

static int check_optimal(const struct lp *lp, struct err *err)
{
    if (lp->status == LP_OPTIMAL && lp->has_duals)
        return 0;
    return err_set(err, ERR_STATE, "%s: ranges are of an optimum of lp_solve", lp->name);
}

int lp_range_row(struct lp *lp, int row, double *low, double *high, struct err *err)
{
    const struct lp_row *r = &lp->rows[row];

    if (check_optimal(lp, err) != 0)
        return -1;
    if (r->place != LP_BASIC)
        return ask_engine(lp, LP_ROW, row, 1.0 / r->scale, low, high, err);
    if (r->upper - r->activity <= r->activity - r->lower) {
        *low = r->activity;
        *high = INFINITY;
    } else {
        *low = -INFINITY;
        *high = r->activity;
    }
    return 0;
}

int lp_range_cost(struct lp *lp, int column, double *low, double *high, struct err *err)
{
    const struct lp_column *c = &lp->columns[column];

    if (check_optimal(lp, err) != 0)
        return -1;
    if (c->place == LP_BASIC)
        return ask_engine(lp, LP_COLUMN, column, 1.0 / (c->scale * lp->cost_scale), low, high, err);
    *low = c->place == LP_AT_LOWER ? c->cost - c->reduced_cost : -INFINITY;
    *high = c->place == LP_AT_UPPER ? c->cost - c->reduced_cost : INFINITY;
    if (c->place == LP_AT_ZERO)
        *low = *high = c->cost;
    if (c->lower == c->upper) {
        *low = -INFINITY;
        *high = INFINITY;
    }
    return 0;
}

int lp_range_shift(struct lp *lp, const struct lp_shift *shifts, int count, double *low,
    double *high, struct err *err)
{
    struct lp_shift *scaled;
    int rc;

    if (check_optimal(lp, err) != 0 || load_engine(lp, err) != 0)
        return -1;
    scaled = mem_zero((size_t)count, sizeof *scaled);
    for (int i = 0; i < count; i++) {
        double scale = shifts[i].thing == LP_ROW ? lp->rows[shifts[i].index].scale
                                                 : 1.0 / lp->columns[shifts[i].index].scale;

        scaled[i] = shifts[i];
        scaled[i].lower *= scale;
        scaled[i].upper *= scale;
    }
    lp->engine->call.shifts = scaled;
    lp->engine->call.shift_count = count;
    rc = call_engine(lp, lp_work_shift, err);
    if (rc == 0) {
        *low = lp->engine->call.low;
        *high = lp->engine->call.high;
    }
    if (lp->engine != NULL)
        lp->engine->call.shifts = NULL;
    mem_free(scaled);
    return rc;
}
