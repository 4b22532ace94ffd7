#include "planner/conflict.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_model.h"
#include "planner/lp.h"

#include <math.h>
#include <stdlib.h>

const char *const CONFLICT_KIND_NAMES[CONFLICT_KIND_COUNT] = {"site-power", "floor", "supply",
    "max-systems", "commitment", "budget", "limit", "required", "workload-max-systems"};
const char *const CONFLICT_UNITS[CONFLICT_KIND_COUNT] = {
    "MW", "rack positions", "systems a month", "systems", "MW", "USD", "MW", "share", "systems"};

/* All repairs are costed in at most so many times the time of the first, and at least a second. */
static const double COSTED_FIRSTS = 10, COSTED_LEAST_S = 1;
static const double ENOUGH_REL = 1e-6; /* a repair is tried with so much more than its least */

/* The model with a slack column for each thing. */
struct elastic {
    const struct scenario *scenario;
    const struct conflict_options *options;
    struct capacity_model *model;
    struct conflict_thing *things;
    int *slacks;   /* by thing: its column */
    double *costs; /* the model's own, by column */
    int thing_count;
    int own_columns;
    double deadline_s;
    bool is_out_of_time;
};

/* --- Things, and the rows that are theirs */

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

static void add_slacks(struct elastic *e)
{
    struct lp *lp = e->model->lp;

    e->own_columns = lp_column_count(lp);
    e->costs = mem_zero((size_t)e->own_columns, sizeof *e->costs);
    for (int j = 0; j < e->own_columns; j++)
        e->costs[j] = lp_cost(lp, j);
    for (int row = 0; row < e->model->row_count; row++) {
        struct conflict_thing thing;
        double change = row_thing(e->model, row, &thing);
        int index;

        if (!(fabs(change) > 0))
            continue;
        index = find_thing(e, thing);
        lp_add_term(lp, row, e->slacks[index], change / e->model->row_scale[row]);
    }
}

/* --- Solving */

static bool is_stopped(void *context)
{
    struct elastic *e = context;

    return e->options->stop != NULL && e->options->stop(e->options->context);
}

static enum lp_status solve(struct elastic *e, struct err *err)
{
    struct lp_options options = {.stop = is_stopped, .context = e};
    enum lp_status status;

    if (is_stopped(e)) {
        e->is_out_of_time = true;
        return LP_INTERRUPTED;
    }
    if (isfinite(e->deadline_s)) {
        options.time_limit_s = e->deadline_s - e->options->clock_s();
        if (options.time_limit_s <= 0) {
            e->is_out_of_time = true;
            return LP_TIME_LIMIT;
        }
    }
    status = lp_solve(e->model->lp, &options, err);
    e->is_out_of_time |= status == LP_TIME_LIMIT || status == LP_INTERRUPTED;
    return status;
}

/* Costs of the model's own columns: as they are, or 0 where only feasibility is asked. */
static void set_own_costs(struct elastic *e, bool is_on)
{
    for (int j = 0; j < e->own_columns; j++)
        lp_set_cost(e->model->lp, j, is_on ? e->costs[j] : 0);
}

static void free_slack(struct elastic *e, int thing, double upper, double cost)
{
    double most = e->things[thing].kind == CONFLICT_REQUIRED ? fmin(upper, 1) : upper;

    lp_set_column_bounds(e->model->lp, e->slacks[thing], 0, most);
    lp_set_cost(e->model->lp, e->slacks[thing], cost);
}

/* --- Repairs */

/* Take the slack of a thing out of its rows before (or from) a period on; or put it back. */
static void limit_slack_to(struct elastic *e, int thing, int from, int to)
{
    for (int row = 0; row < e->model->row_count; row++) {
        struct conflict_thing owner;
        double change = row_thing(e->model, row, &owner);
        int period = e->model->rows[row].period;

        if (fabs(change) > 0 && owner.kind == e->things[thing].kind &&
            owner.index == e->things[thing].index)
            lp_set_term(e->model->lp, row, e->slacks[thing],
                period >= from && period < to ? change / e->model->row_scale[row] : 0);
    }
}

/* The last period from which the change would still be in time. */
static int find_from(struct elastic *e, int thing, double amount)
{
    int low = 0;
    int high = e->scenario->period_count - 1;

    free_slack(e, thing, amount * (1 + ENOUGH_REL) + ENOUGH_REL, 0);
    while (low < high && !e->is_out_of_time) {
        int middle = (low + high + 1) / 2;

        limit_slack_to(e, thing, middle, e->scenario->period_count);
        if (solve(e, NULL) == LP_OPTIMAL)
            low = middle;
        else
            high = middle - 1;
    }
    limit_slack_to(e, thing, 0, e->scenario->period_count);
    return low;
}

/* The first period after which the commitment says nothing any more. */
static int commitment_end(const struct scenario *sc, const struct commitment *commitment)
{
    int end = sc->period_count;

    while (end > 0 && sc->periods[end - 1].start >= commitment->to)
        end--;
    return end;
}

/* The first period at which the commitment could begin instead; -1: at none of its own. */
static int find_later(struct elastic *e, int thing)
{
    int count = commitment_end(e->scenario, &e->scenario->commitments[e->things[thing].index]);
    int low = 0;
    int high = count;

    free_slack(e, thing, INFINITY, 0);
    while (low < high && !e->is_out_of_time) {
        int middle = (low + high) / 2;

        limit_slack_to(e, thing, 0, middle);
        if (solve(e, NULL) == LP_OPTIMAL)
            high = middle;
        else
            low = middle + 1;
    }
    limit_slack_to(e, thing, 0, e->scenario->period_count);
    return e->is_out_of_time || high >= count ? -1 : high;
}

/* The least change of one thing alone; false: no change of it is enough. */
static bool find_repair(struct elastic *e, int thing, struct conflict_repair *out)
{
    bool is_enough;

    free_slack(e, thing, INFINITY, 1);
    is_enough = solve(e, NULL) == LP_OPTIMAL;
    if (is_enough) {
        *out = (struct conflict_repair){.thing = e->things[thing],
            .amount = lp_column_value(e->model->lp, e->slacks[thing]),
            .later_period = -1,
            .objective_usd = NAN};
        if (out->thing.kind == CONFLICT_SITE_POWER)
            out->from_period = find_from(e, thing, out->amount);
        if (out->thing.kind == CONFLICT_COMMITMENT)
            out->later_period = find_later(e, thing);
    }
    free_slack(e, thing, 0, 0);
    return is_enough;
}

static int find_index(const struct elastic *e, struct conflict_thing thing)
{
    for (int i = 0; i < e->thing_count; i++)
        if (e->things[i].kind == thing.kind && e->things[i].index == thing.index)
            return i;
    return -1;
}

/* What the best plan costs with the repair. */
static void cost_repair(struct elastic *e, struct conflict_repair *repair)
{
    int thing = find_index(e, repair->thing);

    free_slack(e, thing, repair->amount * (1 + ENOUGH_REL) + ENOUGH_REL, 0);
    if (solve(e, NULL) == LP_OPTIMAL)
        repair->objective_usd = lp_objective(e->model->lp) * e->model->cost_scale;
    free_slack(e, thing, 0, 0);
}

static int compare_repairs(const void *a, const void *b)
{
    const struct conflict_repair *left = a;
    const struct conflict_repair *right = b;

    if (isnan(left->objective_usd) != isnan(right->objective_usd))
        return isnan(left->objective_usd) ? 1 : -1;
    if (left->objective_usd < right->objective_usd || left->objective_usd > right->objective_usd)
        return left->objective_usd < right->objective_usd ? -1 : 1;
    return (int)left->thing.kind - (int)right->thing.kind;
}

static void cost_repairs(struct elastic *e, struct conflict *out)
{
    double start_s = e->options->clock_s();
    double most_s = COSTED_LEAST_S;

    for (int i = 0; i < out->repair_count && !e->is_out_of_time; i++) {
        double spent_s = e->options->clock_s() - start_s;

        if (i == 1)
            most_s = fmax(most_s, COSTED_FIRSTS * spent_s);
        if (i > 0 && spent_s > most_s)
            break;
        cost_repair(e, &out->repairs[i]);
    }
}

static void find_repairs(struct elastic *e, struct conflict *out)
{
    out->repairs = mem_zero((size_t)e->thing_count, sizeof *out->repairs);
    for (int i = 0; i < e->thing_count && !e->is_out_of_time; i++)
        if (find_repair(e, i, &out->repairs[out->repair_count]))
            out->repair_count++;
    set_own_costs(e, true);
    cost_repairs(e, out);
    set_own_costs(e, false);
    qsort(out->repairs, (size_t)out->repair_count, sizeof *out->repairs, compare_repairs);
}

/* --- Changes that are enough together, each counted against how large the thing is */

static double thing_size(const struct scenario *sc, struct conflict_thing thing)
{
    double size = 0;

    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
        for (size_t i = 0; i < sc->sites[thing.index].power_mw.count; i++)
            size = fmax(size, sc->sites[thing.index].power_mw.rows[i].value);
        break;
    case CONFLICT_FLOOR:
        size = sc->sites[thing.index].rack_positions;
        break;
    case CONFLICT_SUPPLY:
        for (size_t i = 0; i < sc->offers[thing.index].supply_per_month.count; i++)
            size = fmax(size, sc->offers[thing.index].supply_per_month.rows[i].value);
        break;
    case CONFLICT_OFFER_MAX:
        size = sc->offers[thing.index].max_systems;
        break;
    case CONFLICT_COMMITMENT:
        size = sc->commitments[thing.index].mw;
        break;
    case CONFLICT_BUDGET:
        size = sc->budgets[thing.index].limit;
        break;
    case CONFLICT_WORKLOAD_MAX:
        size = sc->workloads[thing.index].max_systems;
        break;
    case CONFLICT_LIMIT:
    case CONFLICT_REQUIRED:
    case CONFLICT_KIND_COUNT:
        size = 1;
        break;
    }
    return isfinite(size) && size > 0 ? size : 1;
}

static void find_together(struct elastic *e, struct conflict *out)
{
    for (int i = 0; i < e->thing_count; i++)
        free_slack(e, i, INFINITY, 1 / thing_size(e->scenario, e->things[i]));
    if (solve(e, NULL) == LP_OPTIMAL) {
        out->together = mem_zero((size_t)e->thing_count, sizeof *out->together);
        out->together_amounts = mem_zero((size_t)e->thing_count, sizeof(double));
        for (int i = 0; i < e->thing_count; i++) {
            double amount = lp_column_value(e->model->lp, e->slacks[i]);

            if (amount > 1e-7 * thing_size(e->scenario, e->things[i])) {
                out->together[out->together_count] = e->things[i];
                out->together_amounts[out->together_count++] = amount;
            }
        }
    }
    for (int i = 0; i < e->thing_count; i++)
        free_slack(e, i, 0, 0);
}

/* --- The irreducible set: let things go one by one; what can't be missed stays */

/* Things without weight in a proof of infeasibility can go at once. */
static void drop_unproven(struct elastic *e, bool *is_gone)
{
    double *weights = mem_zero((size_t)e->model->row_count, sizeof *weights);
    bool *is_used = mem_zero((size_t)e->thing_count, sizeof *is_used);

    if (lp_infeasibility_proof(e->model->lp, weights)) {
        for (int row = 0; row < e->model->row_count; row++) {
            struct conflict_thing thing;

            if (fabs(weights[row]) > 0 && fabs(row_thing(e->model, row, &thing)) > 0)
                is_used[find_index(e, thing)] = true;
        }
        for (int i = 0; i < e->thing_count; i++)
            is_gone[i] = !is_used[i];
    }
    mem_free(weights);
    mem_free(is_used);
}

static void find_set(struct elastic *e, struct conflict *out)
{
    bool *is_gone = mem_zero((size_t)e->thing_count, sizeof *is_gone);

    drop_unproven(e, is_gone);
    for (int i = 0; i < e->thing_count; i++)
        if (is_gone[i])
            free_slack(e, i, INFINITY, 0);
    for (int i = 0; i < e->thing_count && !e->is_out_of_time; i++) {
        if (is_gone[i])
            continue;
        free_slack(e, i, INFINITY, 0);
        is_gone[i] = solve(e, NULL) == LP_INFEASIBLE;
        if (!is_gone[i])
            free_slack(e, i, 0, 0);
    }
    out->set = mem_zero((size_t)e->thing_count, sizeof *out->set);
    for (int i = 0; i < e->thing_count && !e->is_out_of_time; i++)
        if (!is_gone[i])
            out->set[out->set_count++] = e->things[i];
    for (int i = 0; i < e->thing_count; i++)
        free_slack(e, i, 0, 0);
    mem_free(is_gone);
}

/* 0 where there is a conflict, or the time is over before that is known. */
static int check_infeasible(struct elastic *e, struct err *err)
{
    enum lp_status status = solve(e, err);

    if (status == LP_FAILED)
        return err_wrap(err, "the conflict could not be looked for");
    if (status != LP_INFEASIBLE && !e->is_out_of_time)
        return err_set(err, ERR_STATE, "%s: there is a plan, and no conflict", e->scenario->name);
    return 0;
}

static void fini_elastic(struct elastic *e)
{
    capacity_model_destroy(e->model);
    mem_free(e->things);
    mem_free(e->slacks);
    mem_free(e->costs);
}

struct conflict *conflict_find(
    const struct scenario *scenario, const struct conflict_options *options, struct err *err)
{
    const struct capacity_model_options model_options = {.is_plain = true};
    struct elastic e = {.scenario = scenario,
        .options = options,
        .model = capacity_model_create(scenario, &model_options, err),
        .deadline_s = options->time_limit_s > 0 ? options->clock_s() + options->time_limit_s
                                                : INFINITY};
    struct conflict *out = NULL;

    if (e.model == NULL)
        return NULL;
    add_slacks(&e);
    set_own_costs(&e, false);
    if (check_infeasible(&e, err) != 0)
        goto out;
    out = mem_zero(1, sizeof *out);
    out->scenario = scenario;
    out->is_set_asked = options->is_set_asked;
    if (!e.is_out_of_time)
        find_set(&e, out);
    if (!e.is_out_of_time)
        find_repairs(&e, out);
    if (out->repair_count == 0 && !e.is_out_of_time)
        find_together(&e, out);
out:
    fini_elastic(&e);
    return out;
}

void conflict_destroy(struct conflict *conflict)
{
    if (conflict == NULL)
        return;
    mem_free(conflict->repairs);
    mem_free(conflict->together);
    mem_free(conflict->together_amounts);
    mem_free(conflict->set);
    mem_free(conflict);
}
