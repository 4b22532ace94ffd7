/* The model with slacks, and the effort spent on it. */
#include "planner/conflict_private.h"

#include "base/mem.h"
#include "planner/capacity_model.h"

#include <math.h>

/*
 * What may be spent on one answer: so many times the first solve's iterations. An iteration of the
 * plain model from a basis takes up to twice the time of one of the plan's, and an answer should
 * take at most ten times the plan's time.
 */
enum { EFFORT_FIRSTS = 5, EFFORT_LEAST = 20000, EFFORT_OF_A_SOLVE = 30 };

/* Whose the row is, and how much one unit of slack changes it; 0: nobody's. */
static double row_thing(const struct capacity_model *model, int row, struct conflict_thing *thing)
{
    const struct row_key *key = &model->rows[row];
    const struct scenario *sc = model->scenario;
    double lower = lp_row_lower(model->lp, row) * model->row_scale[row];

    switch (key->family) {
    case ROW_OPERATING_POWER:
        *thing = (struct conflict_thing){CONFLICT_SITE_POWER, key->site};
        return -1;
    case ROW_NAMEPLATE_POWER:
        *thing = (struct conflict_thing){CONFLICT_SITE_POWER, key->site};
        return -sc->sites[key->site].oversubscription;
    case ROW_FLOOR:
        *thing = (struct conflict_thing){CONFLICT_FLOOR, key->site};
        return -1;
    case ROW_SUPPLY:
        *thing = (struct conflict_thing){CONFLICT_SUPPLY, key->offer};
        return -sc->periods[key->period].month_count;
    case ROW_OFFER_MAX:
        *thing = (struct conflict_thing){CONFLICT_OFFER_MAX, key->offer};
        return -1;
    case ROW_COMMITMENT_POWER:
        *thing = (struct conflict_thing){CONFLICT_COMMITMENT, key->commitment};
        return isnan(sc->commitments[key->commitment].shortfall_usd_per_mw_month) ? 1 : 0;
    case ROW_BUDGET:
        *thing = (struct conflict_thing){CONFLICT_BUDGET, key->budget};
        return -1;
    case ROW_LIMIT:
        *thing = (struct conflict_thing){CONFLICT_LIMIT, key->limit};
        return -1;
    case ROW_DEMAND:
    case ROW_VOLUME:
    case ROW_SURVIVE:
        *thing = (struct conflict_thing){CONFLICT_REQUIRED, key->workload};
        return sc->workloads[key->workload].is_required ? lower : 0;
    case ROW_WORKLOAD_MAX:
        *thing = (struct conflict_thing){CONFLICT_WORKLOAD_MAX, key->workload};
        return -1;
    case ROW_INSTALL:
    case ROW_CAPACITY:
    case ROW_CAPACITY_FIRM:
    case ROW_FLOW:
    case ROW_KEEP:
    case ROW_COMMITMENT_SPEND:
    case ROW_SITES_MAX:
    case ROW_AT_SITE:
    case ROW_PORTED:
    case ROW_FAMILY_COUNT:
        break;
    }
    return 0;
}

static int find_thing(struct elastic *e, struct conflict_thing thing)
{
    for (int i = 0; i < e->thing_count; i++)
        if (e->things[i].kind == thing.kind && e->things[i].index == thing.index)
            return i;
    e->things = mem_resize(e->things, (size_t)e->thing_count + 1, sizeof *e->things);
    e->slacks = mem_resize(e->slacks, (size_t)e->thing_count + 1, sizeof *e->slacks);
    e->things[e->thing_count] = thing;
    e->slacks[e->thing_count] = lp_add_column(e->model->lp, LP_CONTINUOUS, 0, 0, 0);
    return e->thing_count++;
}

static void take_costs(struct elastic *e)
{
    struct lp *lp = e->model->lp;

    e->own_columns = lp_column_count(lp);
    e->costs = mem_zero((size_t)e->own_columns, sizeof *e->costs);
    for (int j = 0; j < e->own_columns; j++) {
        e->costs[j] = lp_cost(lp, j);
        lp_set_cost(lp, j, 0);
    }
}

static void add_slacks(struct elastic *e)
{
    struct lp *lp = e->model->lp;
    size_t row_count = (size_t)e->model->row_count;

    e->row_thing = mem_zero(row_count, sizeof *e->row_thing);
    e->row_change = mem_zero(row_count, sizeof *e->row_change);
    e->row_lower = mem_zero(row_count, sizeof *e->row_lower);
    e->row_upper = mem_zero(row_count, sizeof *e->row_upper);
    for (int row = 0; row < e->model->row_count; row++) {
        struct conflict_thing thing = {CONFLICT_SITE_POWER, -1};
        double change = row_thing(e->model, row, &thing);

        e->row_lower[row] = lp_row_lower(lp, row);
        e->row_upper[row] = lp_row_upper(lp, row);
        e->row_thing[row] = -1;
        if (!(fabs(change) > 0))
            continue;
        e->row_thing[row] = find_thing(e, thing);
        e->row_change[row] = change / e->model->row_scale[row];
        lp_add_term(lp, row, e->slacks[e->row_thing[row]], e->row_change[row]);
    }
}

int elastic_init(struct elastic *e, const struct scenario *scenario,
    const struct conflict_options *options, struct err *err)
{
    const struct capacity_model_options model_options = {.is_plain = true};

    *e = (struct elastic){.scenario = scenario,
        .options = options,
        .model = capacity_model_create(scenario, &model_options, err),
        .deadline_s = options->time_limit_s > 0 ? options->clock_s() + options->time_limit_s
                                                : INFINITY,
        .effort_most = INT64_MAX};
    if (e->model == NULL)
        return -1;
    take_costs(e);
    add_slacks(e);
    return 0;
}

void elastic_fini(struct elastic *e)
{
    capacity_model_destroy(e->model);
    mem_free(e->things);
    mem_free(e->slacks);
    mem_free(e->costs);
    mem_free(e->row_thing);
    mem_free(e->row_change);
    mem_free(e->row_lower);
    mem_free(e->row_upper);
}

/* --- Solving */

void elastic_allow(struct elastic *e, int64_t first)
{
    int64_t more = EFFORT_FIRSTS * first;

    if (more < EFFORT_LEAST)
        more = EFFORT_LEAST;
    if (e->options->effort_most > 0)
        more = e->options->effort_most;
    e->effort_most = e->effort + more;
}

static bool is_stopped(void *context)
{
    struct elastic *e = context;

    return e->options->stop != NULL && e->options->stop(e->options->context);
}

/* What one solve may take; false: nothing is left. */
static bool limit_solve(struct elastic *e, struct lp_options *options)
{
    if (isfinite(e->deadline_s))
        options->time_limit_s = e->deadline_s - e->options->clock_s();
    if (e->effort_most < INT64_MAX)
        options->iteration_limit = e->effort_most - e->effort;
    return !is_stopped(e) && (isinf(e->deadline_s) || options->time_limit_s > 0) &&
           (e->effort_most == INT64_MAX || options->iteration_limit > 0);
}

static enum lp_status solve(struct elastic *e, struct lp *lp, const unsigned char *is_first,
    enum lp_method method, struct err *err)
{
    struct lp_options options = {.method = method, .stop = is_stopped, .context = e};
    enum lp_status status;

    if (e->is_over || !limit_solve(e, &options)) {
        e->is_over = true;
        return LP_INTERRUPTED;
    }
    status = is_first != NULL ? lp_solve_sifting(lp, is_first, &options, err)
                              : lp_solve(lp, &options, err);
    e->effort += EFFORT_OF_A_SOLVE + lp_iterations(lp);
    e->is_over |= status == LP_TIME_LIMIT || status == LP_INTERRUPTED ||
                  status == LP_ITERATION_LIMIT;
    return status;
}

enum lp_status elastic_solve(struct elastic *e, struct err *err)
{
    return solve(e, e->model->lp, NULL, LP_METHOD_DUAL, err);
}

enum lp_status elastic_solve_other(
    struct elastic *e, struct lp *lp, const unsigned char *is_first, struct err *err)
{
    return solve(e, lp, is_first, LP_METHOD_AUTO, err);
}

/* --- Relaxing */

void elastic_free(const struct elastic *e, struct lp *lp, int thing, double upper, double cost)
{
    double most = e->things[thing].kind == CONFLICT_REQUIRED ? fmin(upper, 1) : upper;

    lp_set_column_bounds(lp, e->slacks[thing], 0, most);
    lp_set_cost(lp, e->slacks[thing], cost);
}

void elastic_relax(const struct elastic *e, int thing, int from, int to, double amount)
{
    for (int row = 0; row < e->model->row_count; row++) {
        int period = e->model->rows[row].period;
        bool is_in = period >= from && period < to;
        double change = e->row_change[row];

        if (e->row_thing[row] != thing)
            continue;
        lp_set_row_bounds(e->model->lp, row,
            e->row_lower[row] - (is_in && change > 0 ? change * amount : 0),
            e->row_upper[row] - (is_in && change < 0 ? change * amount : 0));
    }
}

void elastic_restore(const struct elastic *e, int thing)
{
    elastic_relax(e, thing, 0, 0, 0);
}
