/*
 * Between which values of its limit a price holds. The minimum is a convex function of a limit,
 * made of straight pieces: a price is the slope of the piece that the plan is on. Ranging gives the
 * part of it on which the basis stays; where another basis has the same price, the piece goes on,
 * so the limit is moved a little beyond, the program solved again (a few pivots), and ranged from
 * there, until the price is another one or there is no plan.
 */
#include "planner/capacity_ranges_private.h"

#include "base/units.h"
#include "planner/lp.h"

#include <math.h>

/* Pieces are followed through so many bases; and only where all the solves that may come of it stay
 * small: rows of the model times prices. Beyond, a range is that of the basis. */
enum { BASES_MOST = 12 };
static const double WORK_MOST = 1e6;

static const double SAME_PRICE_REL = 1e-6; /* prices nearer than this are the same */
static const double DUAL_MIN = 1e-9;

/* --- Directions */

static bool has_region(const struct row_key *key, int region)
{
    return key->region == region ||
           (key->region < 0 && region >= 0 && region < SCENARIO_SURVIVE_REGIONS_MAX &&
               (key->region_set & 1u << region) != 0);
}

/* By how much the row's right side grows for one more unit of what has the price. */
static double row_share(const struct ranging *r, const struct plan_price *price, int row)
{
    const struct row_key *key = &r->model->rows[row];
    const struct scenario *sc = r->plan->scenario;

    if (price->row >= 0)
        return price->row == row ? 1 : 0;
    if (price->kind == PRICE_SITE_POWER && key->site == price->thing &&
        key->period == price->period) {
        if (key->family == ROW_OPERATING_POWER)
            return 1;
        return key->family == ROW_NAMEPLATE_POWER ? sc->sites[key->site].oversubscription : 0;
    }
    if (price->kind == PRICE_VOLUME)
        return key->family == ROW_VOLUME && key->workload == price->thing ? 1 : 0;
    if (price->kind != PRICE_DEMAND || key->workload != price->thing ||
        key->period != price->period || !has_region(key, price->region))
        return 0;
    if (key->family == ROW_DEMAND)
        return 1;
    return key->family == ROW_SURVIVE ? sc->workloads[price->thing].survive_frac : 0;
}

void direction_add_shift(const struct ranging *r, struct direction *d, const struct lp_shift *shift)
{
    bool is_row = shift->thing == LP_ROW;

    d->shifts = mem_grow(d->shifts, d->count, &d->capacity, sizeof *d->shifts);
    d->lower = mem_resize(d->lower, d->capacity, sizeof *d->lower);
    d->upper = mem_resize(d->upper, d->capacity, sizeof *d->upper);
    d->lower[d->count] = is_row ? lp_row_lower(r->lp, shift->index)
                                : lp_column_lower(r->lp, shift->index);
    d->upper[d->count] = is_row ? lp_row_upper(r->lp, shift->index)
                                : lp_column_upper(r->lp, shift->index);
    d->shifts[d->count++] = *shift;
}

/* What is asked for bounds what may go unserved. */
static void add_unmet_shift(
    struct ranging *r, struct direction *d, const struct plan_price *price, double units)
{
    for (int j = 0; j < r->model->column_count; j++) {
        const struct column_key *key = &r->model->columns[j];
        struct lp_shift shift = {LP_COLUMN, j, 0, units / r->model->column_scale[j]};

        if (key->family == COLUMN_UNMET && key->workload == price->thing &&
            key->region == price->region && key->period == price->period)
            direction_add_shift(r, d, &shift);
    }
}

/* Add `units` more of what has the price. */
static void add_price_shifts(
    struct ranging *r, struct direction *d, const struct plan_price *price, double units)
{
    for (int i = 0; i < r->model->row_count; i++) {
        double share = row_share(r, price, i) * units / r->model->row_scale[i];
        struct lp_shift shift = {LP_ROW, i, share, share};

        if (fabs(share) > 0) {
            direction_add_shift(r, d, &shift);
            d->step = fmax(d->step, RANGING_STEP_REL * r->model->row_scale[i] / fabs(units));
        }
    }
    if (price->kind == PRICE_DEMAND || price->kind == PRICE_VOLUME)
        add_unmet_shift(r, d, price, units);
}

void direction_fini(struct direction *d)
{
    mem_free(d->shifts);
    mem_free(d->lower);
    mem_free(d->upper);
}

void direction_move(const struct ranging *r, const struct direction *d, double units)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct lp_shift *shift = &d->shifts[i];
        double lower = d->lower[i] + units * shift->lower;
        double upper = d->upper[i] + units * shift->upper;

        if (shift->thing == LP_ROW)
            lp_set_row_bounds(r->lp, shift->index, lower, upper);
        else
            lp_set_column_bounds(r->lp, shift->index, lower, upper);
    }
}

/* What one more unit saves where the model stands. */
static double slope(const struct ranging *r, const struct direction *d)
{
    double sum = 0;

    for (size_t i = 0; i < d->count; i++) {
        const struct lp_shift *shift = &d->shifts[i];
        double dual = shift->thing == LP_ROW ? lp_row_dual(r->lp, shift->index)
                                             : fmin(lp_reduced_cost(r->lp, shift->index), 0);

        if (fabs(dual) > DUAL_MIN)
            sum -= dual * shift->upper * r->model->cost_scale;
    }
    return sum;
}

/* --- Ranges, as changes of the limit */

bool ranging_is_stopped(const struct ranging *r)
{
    return r->stop != NULL && r->stop(r->context);
}

/* From the end at `units` (above or below the plan) on, while the price is the same. */
static double follow(
    struct ranging *r, const struct direction *d, double units, double sign, double *usd_beyond)
{

    double price = slope(r, d);

    *usd_beyond = NAN;
    for (int n = 0; n < BASES_MOST && isfinite(units) && !ranging_is_stopped(r); n++) {
        double beyond = units + sign * d->step;
        double low, high;

        direction_move(r, d, beyond);
        if (lp_solve(r->lp, NULL, NULL) != LP_OPTIMAL)
            return units;
        if (fabs(slope(r, d) - price) > SAME_PRICE_REL * fabs(price)) {
            *usd_beyond = slope(r, d);
            return units;
        }
        if (lp_range_shift(r->lp, d->shifts, (int)d->count, &low, &high, NULL) != 0)
            return units;
        units = beyond + (sign > 0 ? high : low);
    }
    return units;
}

static void restore(struct ranging *r, const struct direction *d)
{
    direction_move(r, d, 0);
    lp_set_basis(r->lp, r->rows, r->columns);
    (void)lp_solve(r->lp, NULL, NULL);
}

bool ranging_find(
    struct ranging *r, const struct direction *d, double ends[2], double usd_beyond[2])
{
    usd_beyond[0] = usd_beyond[1] = NAN;
    if (d->count == 0 ||
        lp_range_shift(r->lp, d->shifts, (int)d->count, &ends[0], &ends[1], NULL) != 0)
        return false;
    for (int side = 0; side < 2 && r->follows; side++) {
        if (!isfinite(ends[side]))
            continue;
        ends[side] = follow(r, d, ends[side], side == 0 ? -1 : 1, &usd_beyond[side]);
        restore(r, d);
    }
    return lp_status(r->lp) == LP_OPTIMAL;
}

/* --- What a limit is */

/* What runs there; of the firm row, of workloads that can't be interrupted. */
static double running(const struct capacity_plan *plan, const struct row_key *key)
{
    double systems = 0;

    for (size_t i = 0; i < plan->runs.count; i++) {
        const struct plan_run *run = &plan->runs.rows[i];

        if (run->site == key->site && run->system == key->system && run->period == key->period &&
            (key->family == ROW_CAPACITY ||
                !plan->scenario->workloads[run->workload].is_interruptible))
            systems += run->systems;
    }
    return systems;
}

static double must_survive(const struct capacity_plan *plan, const struct row_key *key)
{
    const struct workload *w = &plan->scenario->workloads[key->workload];
    double units = 0;

    for (int g = 0; g < w->region_count; g++)
        if (has_region(key, g))
            units += region_demand_at(&w->regions[g], &plan->scenario->periods[key->period]);
    for (size_t i = 0; i < plan->unmet.count; i++) {
        const struct plan_unmet *unmet = &plan->unmet.rows[i];

        if (unmet->workload == key->workload && unmet->period == key->period &&
            has_region(key, unmet->region))
            units -= unmet->units;
    }
    return units * w->survive_frac;
}

static double shared_mw(const struct capacity_plan *plan, const struct row_key *key)
{
    double kw = 0;

    for (size_t i = 0; i < plan->installed.count; i++)
        if (plan->installed.rows[i].period == key->period)
            kw += plan->installed.rows[i].nameplate_kw;
    return plan->scenario->limits[key->limit].max_share * kw / UNITS_KW_PER_MW;
}

static double limit_of(const struct ranging *r, const struct plan_price *price)
{
    const struct scenario *sc = r->plan->scenario;
    const struct period *period = &sc->periods[price->period >= 0 ? price->period : 0];
    const struct row_key *key = &r->model->rows[price->row >= 0 ? price->row : 0];

    switch (price->kind) {
    case PRICE_SUPPLY:
        return offer_supply(&sc->offers[price->thing], period);
    case PRICE_MAX_SYSTEMS:
        return sc->offers[price->thing].max_systems;
    case PRICE_CAPACITY:
        return running(r->plan, key);
    case PRICE_OPERATING_POWER:
    case PRICE_SITE_POWER:
        return dated_value_at(&sc->sites[price->thing].power_mw, period->start, 0);
    case PRICE_NAMEPLATE_POWER:
        return dated_value_at(&sc->sites[price->thing].power_mw, period->start, 0) *
               sc->sites[price->thing].oversubscription;
    case PRICE_FLOOR:
        return site_rack_positions_at(&sc->sites[price->thing], period->start);
    case PRICE_DEMAND:
        return region_demand_at(&sc->workloads[price->thing].regions[price->region], period);
    case PRICE_SURVIVE:
        return must_survive(r->plan, key);
    case PRICE_VOLUME:
        return sc->workloads[price->thing].volume_units;
    case PRICE_BUDGET:
        return sc->budgets[price->thing].limit;
    case PRICE_COMMITMENT:
        return sc->commitments[price->thing].kind == COMMITMENT_POWER
                   ? sc->commitments[price->thing].mw
                   : sc->commitments[price->thing].usd;
    case PRICE_LIMIT:
        return shared_mw(r->plan, key);
    case PRICE_KIND_COUNT:
        break;
    }
    return NAN;
}

/* There is no limit below 0. */
static void set_range(
    struct price_range *range, const double ends[2], const double usd_beyond[2], double step)
{
    range->from = range->limit + ends[0];
    range->to = range->limit + ends[1];
    range->usd_below = usd_beyond[0];
    range->usd_above = usd_beyond[1];
    if (range->from < step) {
        range->from = fmin(range->limit, 0);
        range->usd_below = NAN;
    }
}

static void range_price(struct ranging *r, struct plan_price *price)
{
    struct direction d = {0};
    double ends[2], usd_beyond[2];

    price->range.limit = limit_of(r, price);
    add_price_shifts(r, &d, price, 1);
    d.step = fmax(d.step, RANGING_STEP_REL * fabs(price->range.limit));
    price->range.is_known = ranging_find(r, &d, ends, usd_beyond);
    if (price->range.is_known)
        set_range(&price->range, ends, usd_beyond, d.step);
    direction_fini(&d);
}

void capacity_plan_range(struct capacity_plan *plan, struct capacity_model *model,
    bool (*stop)(void *context), void *context)
{
    struct ranging r = {.plan = plan,
        .model = model,
        .lp = model->lp,
        .rows = mem_zero((size_t)model->row_count, 1),
        .columns = mem_zero((size_t)model->column_count, 1),
        .follows = (double)plan->prices.count * model->row_count <= WORK_MOST,
        .stop = stop,
        .context = context};

    if (lp_get_basis(model->lp, r.rows, r.columns)) {
        for (size_t i = 0; i < plan->prices.count && !ranging_is_stopped(&r); i++)
            range_price(&r, &plan->prices.rows[i]);
        ranging_list_holds(&r);
    }
    mem_free(r.rows);
    mem_free(r.columns);
}
