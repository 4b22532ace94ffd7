/* A plan in a hurry: what a dive has not rounded yet is rounded at once. */
#include "planner/capacity_dive.h"

#include "base/mem.h"
#include "planner/capacity_dive_private.h"

#include <math.h>

/*
 * Ways to round. With a carry, what an offer has acquired at a site up to a period differs from the
 * fractions' by less than one system, so that what stands there does nearly so, too; without one,
 * nothing is above what the fractions have, so that no limit is broken, and only what is promised
 * may be.
 */
struct way {
    bool has_carry;
    double push; /* before what is after the point goes */
};
static const struct way WAYS[] = {{true, 0.5}, {true, 1e-6}, {false, 1e-6}, {true, 1 - 1e-6}};

struct rounding {
    struct capacity_dive *dive;
    double *wanted; /* by whole column: what the fractions have */
    bool *is_free;  /* by whole column: not rounded by the dive */
    double *carry;  /* by offer and site */
    double until_s;
};

static void round_all(struct rounding *r, const struct way *way)
{
    struct capacity_dive *dive = r->dive;
    const struct scenario *sc = dive->model->scenario;
    size_t site_count = (size_t)sc->site_count;

    for (size_t i = 0; i < (size_t)sc->offer_count * site_count; i++)
        r->carry[i] = 0;
    for (int i = 0; i < dive->column_count; i++) {
        const struct dive_column *column = &dive->columns[i];
        const struct column_key *key = &dive->model->columns[column->index];
        bool has_carry = way->has_carry && key->family == COLUMN_ACQUIRE;
        double *carry = &r->carry[(size_t)key->offer * site_count + (size_t)key->site];
        double value = r->is_free[i] ? 0 : lp_column_lower(dive->model->lp, column->index);

        if (r->is_free[i]) {
            value = floor(r->wanted[i] + (has_carry ? *carry : 0) + way->push);
            value = fmin(fmax(value, column->lower), column->upper);
            dive_fix(dive, column, value);
        }
        if (has_carry)
            *carry += r->wanted[i] - value;
    }
}

/* Is there a plan with the numbers as they are? Asks nobody but the clock. */
static bool solve(struct rounding *r)
{
    const struct lp_options options = {.time_limit_s = r->until_s - r->dive->options->clock_s()};

    if (options.time_limit_s <= 0)
        return false;
    (void)lp_solve(r->dive->model->lp, &options, NULL);
    return lp_has_point(r->dive->model->lp);
}

bool capacity_dive_round(struct capacity_dive *dive, double until_s)
{
    size_t count = (size_t)dive->column_count;
    const struct scenario *sc = dive->model->scenario;
    struct rounding r = {.dive = dive,
        .wanted = mem_zero(count, sizeof *r.wanted),
        .is_free = mem_zero(count, sizeof *r.is_free),
        .carry = mem_zero((size_t)sc->offer_count * (size_t)sc->site_count, sizeof *r.carry),
        .until_s = until_s};

    for (size_t i = 0; i < count; i++) {
        const struct dive_column *column = &dive->columns[i];

        r.wanted[i] = column->value;
        r.is_free[i] = lp_column_lower(dive->model->lp, column->index) <
                       lp_column_upper(dive->model->lp, column->index);
    }
    for (size_t k = 0; k < sizeof WAYS / sizeof WAYS[0] && !dive->has_best; k++) {
        round_all(&r, &WAYS[k]);
        if (solve(&r))
            dive_take(dive);
    }
    dive->is_over = false; /* the plan may be bettered, if there is more time after all */
    mem_free(r.wanted);
    mem_free(r.is_free);
    mem_free(r.carry);
    return dive->has_best;
}
