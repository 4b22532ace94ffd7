/*
 * Limits over all periods at once: how far they may move with the prices as they are, and what 1 %
 * more of each saves. The price of a limit says what its first unit saves, which may be a small
 * part of a percent; so the model is solved again, from the plan's basis, with 1 % more.
 */
#include "planner/capacity_ranges_private.h"

#include "planner/plan_holds.h"

#include <math.h>

/* So many of the limits with the largest prices are tried, each with so many iterations times rows
 * of the model at most: where one takes longer the others would too. */
enum { TRIED_MOST = 12 };
static const double TRY_WORK = 2e6;

/* Which rows a limit is in: by how much a row's right side grows for one more unit of it. */
static double row_share(
    const struct ranging *r, const struct row_key *key, enum price_kind kind, int thing)
{
    switch (kind) {
    case PRICE_SITE_POWER:
        if (key->site != thing)
            return 0;
        if (key->family == ROW_OPERATING_POWER)
            return 1;
        return key->family == ROW_NAMEPLATE_POWER ? r->plan->scenario->sites[thing].oversubscription
                                                  : 0;
    case PRICE_SUPPLY:
        return key->family == ROW_SUPPLY && key->offer == thing ? 1 : 0;
    case PRICE_MAX_SYSTEMS:
        return key->family == ROW_OFFER_MAX && key->offer == thing ? 1 : 0;
    case PRICE_FLOOR:
        return key->family == ROW_FLOOR && key->site == thing ? 1 : 0;
    case PRICE_BUDGET:
        return key->family == ROW_BUDGET && key->budget == thing ? 1 : 0;
    case PRICE_COMMITMENT:
        return (key->family == ROW_COMMITMENT_POWER || key->family == ROW_COMMITMENT_SPEND) &&
                       key->commitment == thing
                   ? 1
                   : 0;
    case PRICE_CAPACITY:
    case PRICE_OPERATING_POWER:
    case PRICE_NAMEPLATE_POWER:
    case PRICE_DEMAND:
    case PRICE_SURVIVE:
    case PRICE_VOLUME:
    case PRICE_LIMIT:
    case PRICE_KIND_COUNT:
        break;
    }
    return 0;
}

/* One more of its units as people count them, or 1 % more, in all periods. */
static struct direction direction_of(
    const struct ranging *r, enum price_kind kind, int thing, bool is_percent)
{
    struct direction d = {0};

    for (int i = 0; i < r->model->row_count; i++) {
        const struct row_key *key = &r->model->rows[i];
        double share = row_share(r, key, kind, thing), unit, percent, amount;
        struct lp_shift shift = {LP_ROW, i, 0, 0};

        if (share == 0 || !plan_holds_units(r->plan, kind, thing, key->period, &unit, &percent))
            continue;
        amount = (is_percent ? percent : unit) * share / r->model->row_scale[i];
        if (!isfinite(amount) || amount == 0)
            continue;
        shift.lower = shift.upper = amount;
        direction_add_shift(r, &d, &shift);
        d.step = fmax(d.step, RANGING_STEP_REL / fabs(amount));
    }
    return d;
}

static struct plan_hold_range *find_hold(
    const struct capacity_plan *plan, enum price_kind kind, int thing)
{
    for (size_t i = 0; i < plan->hold_ranges.count; i++)
        if (plan->hold_ranges.rows[i].kind == kind && plan->hold_ranges.rows[i].thing == thing)
            return &plan->hold_ranges.rows[i];
    return NULL;
}

static void range_hold(struct ranging *r, const struct plan_price *price)
{
    struct direction d = direction_of(r, price->kind, price->thing, false);
    double ends[2], usd_beyond[2];

    if (ranging_find(r, &d, ends, usd_beyond))
        PLAN_APPEND(r->plan->hold_ranges,
            ((struct plan_hold_range){
                .kind = price->kind, .thing = price->thing, .less = -ends[0], .more = ends[1]}));
    direction_fini(&d);
}

void ranging_list_holds(struct ranging *r)
{
    for (size_t i = 0; i < r->plan->prices.count && !ranging_is_stopped(r); i++) {
        const struct plan_price *price = &r->plan->prices.rows[i];
        double unit, percent;

        if (price->kind != PRICE_LIMIT &&
            plan_holds_units(r->plan, price->kind, price->thing, price->period, &unit, &percent) &&
            find_hold(r->plan, price->kind, price->thing) == NULL)
            range_hold(r, price);
    }
}

/* --- One percent more */

/* What it saves; NAN: that takes too long, or there is no plan then. */
static double try_percent(struct ranging *r, enum price_kind kind, int thing)
{
    const struct lp_options options = {
        .iteration_limit = (int64_t)(TRY_WORK / (r->model->row_count + 1)),
        .stop = r->stop,
        .context = r->context};
    struct direction d = direction_of(r, kind, thing, true);
    double saved_usd = NAN;

    if (d.count > 0) {
        direction_move(r, &d, kind == PRICE_COMMITMENT ? -1 : 1);
        if (lp_solve(r->lp, &options, NULL) == LP_OPTIMAL)
            saved_usd = fmax(
                r->plan->objective_usd - lp_objective(r->lp) * r->model->cost_scale, 0);
        direction_move(r, &d, 0);
        lp_set_basis(r->lp, r->rows, r->columns);
    }
    direction_fini(&d);
    return saved_usd;
}

static void set_percent(struct capacity_plan *plan, enum price_kind kind, int thing, double usd)
{
    struct plan_hold_range *hold = find_hold(plan, kind, thing);

    if (hold == NULL) {
        PLAN_APPEND(plan->hold_ranges,
            ((struct plan_hold_range){.kind = kind, .thing = thing, .less = NAN, .more = NAN}));
        hold = &plan->hold_ranges.rows[plan->hold_ranges.count - 1];
    }
    hold->is_tried = true;
    hold->percent_usd = usd;
}

void capacity_plan_try_holds(struct capacity_plan *plan, struct capacity_model *model,
    bool (*stop)(void *context), void *context)
{
    struct ranging r = {.plan = plan,
        .model = model,
        .lp = model->lp,
        .rows = mem_zero((size_t)model->row_count, 1),
        .columns = mem_zero((size_t)model->column_count, 1),
        .stop = stop,
        .context = context};
    struct arena *arena = arena_create();
    struct plan_hold *holds;
    size_t count = plan_holds_rank(plan, arena, &holds);
    bool is_over = !lp_get_basis(model->lp, r.rows, r.columns);

    for (size_t i = 0; i < count && i < TRIED_MOST && !is_over; i++) {
        double usd;

        if (holds[i].kind == PRICE_LIMIT)
            continue;
        usd = try_percent(&r, holds[i].kind, holds[i].thing);
        is_over = isnan(usd) || ranging_is_stopped(&r);
        if (!is_over)
            set_percent(plan, holds[i].kind, holds[i].thing, usd);
    }
    arena_destroy(arena);
    mem_free(r.rows);
    mem_free(r.columns);
}
