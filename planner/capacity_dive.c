#include "planner/capacity_dive.h"

#include "base/mem.h"
#include "planner/capacity_dive_private.h"
#include "planner/capacity_plan_private.h"

#include <math.h>
#include <stdlib.h>

enum { FAILURES_MAX = 200, BACK_DOUBLINGS_MAX = 5, FAILURES_PER_DOUBLING = 2 };

static const double LOOK_EVERY_S = 0.1;
static const double WHOLE_TOLERANCE = 1e-6;
/* What two costs that are the same may differ by, relatively. */
static const double COST_TOLERANCE = 1e-9;
/* How far a second try may push a value before it is rounded. */
static const double PUSH = 0.9;

/* --- Making one */

static bool is_whole_column(const struct column_key *key)
{
    return key->family == COLUMN_ACQUIRE || key->family == COLUMN_KEEP;
}

static struct dive_column make_column(const struct lp *lp, int index)
{
    double lower = lp_column_lower(lp, index), upper = lp_column_upper(lp, index);

    return (struct dive_column){.index = index,
        .was_lower = lower,
        .was_upper = upper,
        .lower = ceil(lower - WHOLE_TOLERANCE),
        .upper = floor(upper + WHOLE_TOLERANCE)};
}

/* The whole columns, in order of periods and within them of the model. */
static void list_columns(struct capacity_dive *dive)
{
    const struct capacity_model *model = dive->model;
    int period_count = model->scenario->period_count;
    int *next;

    dive->first = mem_zero((size_t)period_count + 1, sizeof *dive->first);
    for (int j = 0; j < model->column_count; j++)
        if (is_whole_column(&model->columns[j]))
            dive->first[model->columns[j].period + 1]++;
    for (int t = 0; t < period_count; t++)
        dive->first[t + 1] += dive->first[t];
    dive->column_count = dive->first[period_count];
    dive->columns = mem_zero((size_t)dive->column_count, sizeof *dive->columns);
    next = mem_zero((size_t)period_count, sizeof *next);
    for (int j = 0; j < model->column_count; j++) {
        int t = model->columns[j].period;

        if (is_whole_column(&model->columns[j]))
            dive->columns[dive->first[t] + next[t]++] = make_column(model->lp, j);
    }
    mem_free(next);
}

static void read_columns(struct capacity_dive *dive)
{
    for (int i = 0; i < dive->column_count; i++)
        dive->columns[i].value = lp_column_value(dive->model->lp, dive->columns[i].index);
}

struct capacity_dive *capacity_dive_create(
    struct capacity_model *model, const struct capacity_dive_options *options)
{
    struct capacity_dive *dive = mem_zero(1, sizeof *dive);

    dive->model = model;
    dive->options = options;
    dive->rng = rng_seed(1);
    dive->best = mem_zero((size_t)model->column_count, sizeof *dive->best);
    dive->best_objective = dive->cutoff = INFINITY;
    list_columns(dive);
    read_columns(dive);
    for (int i = 0; i < dive->column_count; i++)
        dive_free(dive, &dive->columns[i]);
    return dive;
}

void capacity_dive_destroy(struct capacity_dive *dive)
{
    if (dive == NULL)
        return;
    for (int i = 0; i < dive->column_count; i++)
        lp_set_column_bounds(dive->model->lp, dive->columns[i].index, dive->columns[i].was_lower,
            dive->columns[i].was_upper);
    mem_free(dive->columns);
    mem_free(dive->first);
    mem_free(dive->best);
    mem_free(dive);
}

const double *capacity_dive_values(const struct capacity_dive *dive)
{
    return dive->has_best ? dive->best : NULL;
}

double capacity_dive_objective(const struct capacity_dive *dive)
{
    return dive->best_objective;
}

/* --- What dives and neighbourhoods share */

bool dive_is_over(struct capacity_dive *dive)
{
    const struct lp_options *lp = dive->options->lp;
    double now_s = dive->options->clock_s();

    if (now_s >= dive->look_at_s) {
        const struct lp_progress progress = {.phase = LP_PHASE_BRANCH,
            .objective = dive->best_objective,
            .bound = NAN,
            .infeasibility = NAN};

        dive->look_at_s = now_s + LOOK_EVERY_S;
        if (lp->progress != NULL)
            lp->progress(lp->context, &progress);
        if (lp->stop != NULL && lp->stop(lp->context))
            dive->is_over = true;
    }
    if (now_s >= dive->options->deadline_s)
        dive->is_over = true;
    return dive->is_over;
}

struct lp_options dive_lp_options(struct capacity_dive *dive)
{
    struct lp_options options = {
        .stop = dive->options->lp->stop, .context = dive->options->lp->context};

    if (isfinite(dive->options->deadline_s))
        options.time_limit_s = fmax(1e-3, dive->options->deadline_s - dive->options->clock_s());
    return options;
}

enum dive_step dive_solve(struct capacity_dive *dive)
{
    struct lp_options options = dive_lp_options(dive);

    if (dive_is_over(dive))
        return DIVE_OVER;
    switch (lp_solve(dive->model->lp, &options, NULL)) {
    case LP_OPTIMAL:
        break;
    case LP_TIME_LIMIT:
    case LP_INTERRUPTED:
        dive->is_over = true;
        return DIVE_OVER;
    case LP_INFEASIBLE:
    case LP_UNBOUNDED:
    case LP_ITERATION_LIMIT:
    case LP_FAILED:
    case LP_NOT_SOLVED:
        return DIVE_BROKEN;
    }
    read_columns(dive);
    return lp_objective(dive->model->lp) < dive->cutoff ? DIVE_HELD : DIVE_DEAR;
}

void dive_fix(struct capacity_dive *dive, const struct dive_column *column, double value)
{
    lp_set_column_bounds(dive->model->lp, column->index, value, value);
}

void dive_free(struct capacity_dive *dive, const struct dive_column *column)
{
    lp_set_column_bounds(dive->model->lp, column->index, column->lower, column->upper);
}

void dive_take(struct capacity_dive *dive)
{
    dive->best_objective = lp_objective(dive->model->lp);
    dive->cutoff = dive->best_objective - COST_TOLERANCE * fabs(dive->best_objective);
    dive->has_best = true;
    capacity_read_values(dive->model, dive->best);
    for (int i = 0; i < dive->column_count; i++)
        dive->best[dive->columns[i].index] = round(dive->best[dive->columns[i].index]);
}

/* --- A dive */

static double rounded(const struct dive_column *column)
{
    double nearest = round(column->value);
    double value = fabs(column->value - nearest) <= WHOLE_TOLERANCE
                       ? nearest
                       : floor(column->value + column->push + 0.5);

    return fmin(fmax(value, column->lower), column->upper);
}

static double distance(const struct dive_column *column)
{
    return fabs(column->value - rounded(column));
}

/* The columns lie in one array: their order in it is the last word. */
static int compare_distances(const void *a, const void *b)
{
    const struct dive_column *left = *(struct dive_column *const *)a;
    const struct dive_column *right = *(struct dive_column *const *)b;
    double x = distance(left), y = distance(right);

    if (x < y || x > y)
        return x < y ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool is_fixed(const struct capacity_dive *dive, const struct dive_column *column)
{
    const struct lp *lp = dive->model->lp;

    return lp_column_lower(lp, column->index) >= lp_column_upper(lp, column->index);
}

/* A period's columns that are not fixed yet, the nearest to whole first; returns how many. */
static int list_free(struct capacity_dive *dive, int period, struct dive_column **list)
{
    int count = 0;

    for (int i = dive->first[period]; i < dive->first[period + 1]; i++)
        if (!is_fixed(dive, &dive->columns[i]))
            list[count++] = &dive->columns[i];
    qsort(list, (size_t)count, sizeof *list, compare_distances);
    return count;
}

/* One by one, each to the nearest where that leaves a plan, else to the other side. */
static enum dive_step round_each(
    struct capacity_dive *dive, struct dive_column *const *list, int count)
{
    for (int i = 0; i < count; i++) {
        double value = rounded(list[i]);
        double other = value > list[i]->value ? value - 1 : value + 1;
        enum dive_step step;

        dive_fix(dive, list[i], value);
        step = dive_solve(dive);
        if (step != DIVE_HELD && step != DIVE_OVER && other >= list[i]->lower &&
            other <= list[i]->upper) {
            dive_fix(dive, list[i], other);
            step = dive_solve(dive);
        }
        if (step != DIVE_HELD)
            return step;
    }
    return DIVE_HELD;
}

/* Round those of a period that are free, in halves. */
static enum dive_step round_period(
    struct capacity_dive *dive, int period, struct dive_column **list)
{
    enum dive_step step = DIVE_HELD;
    int count;

    while (step == DIVE_HELD && (count = list_free(dive, period, list)) > 0) {
        int whole = 0, taken;

        while (whole < count && distance(list[whole]) <= WHOLE_TOLERANCE)
            whole++;
        taken = whole + (count - whole + 1) / 2;
        for (int i = 0; i < taken; i++)
            dive_fix(dive, list[i], rounded(list[i]));
        step = dive_solve(dive);
        if (step != DIVE_BROKEN)
            continue;
        for (int i = 0; i < taken; i++)
            dive_free(dive, list[i]);
        step = round_each(dive, list, taken);
    }
    return step;
}

/* Free what was rounded from a period on, and round it otherwise the next time. */
static enum dive_step go_back(struct capacity_dive *dive, int period)
{
    for (int i = dive->first[period]; i < dive->column_count; i++) {
        dive_free(dive, &dive->columns[i]);
        dive->columns[i].push = PUSH * (rng_unit(&dive->rng) - 0.5);
    }
    return dive_solve(dive);
}

/* Where to go back to, the farther the more often it failed there. */
static int period_before(int period, int failures)
{
    int doublings = failures / FAILURES_PER_DOUBLING;

    if (doublings > BACK_DOUBLINGS_MAX)
        doublings = BACK_DOUBLINGS_MAX;
    period -= (1 << doublings) - 1;
    return period < 0 ? 0 : period;
}

bool capacity_dive_run(struct capacity_dive *dive)
{
    int period_count = dive->model->scenario->period_count;
    int *failures = mem_zero((size_t)period_count, sizeof *failures);
    struct dive_column **list = mem_zero((size_t)dive->column_count, sizeof *list);
    enum dive_step step = dive_solve(dive);
    int failure_count = step == DIVE_HELD ? 0 : FAILURES_MAX;

    for (int t = 0; t < period_count && step != DIVE_OVER && failure_count < FAILURES_MAX;) {
        step = round_period(dive, t, list);
        if (step == DIVE_HELD) {
            t++;
            continue;
        }
        failure_count++;
        failures[t]++;
        t = period_before(t, failures[t]);
        if (step != DIVE_OVER)
            step = go_back(dive, t);
        if (step == DIVE_BROKEN && t > 0)
            step = go_back(dive, t = 0);
        if (step == DIVE_BROKEN)
            failure_count = FAILURES_MAX;
    }
    if (step == DIVE_HELD && failure_count < FAILURES_MAX)
        dive_take(dive);
    mem_free(failures);
    mem_free(list);
    return dive->has_best;
}
