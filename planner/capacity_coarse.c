#include "planner/capacity_coarse.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "planner/lp.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* A plan over fewer years tells too little. */
enum { YEARS_LEAST = 2 };

/* A run is used when it is in the plan by years, or would be for so much less a system's hour. */
static const double NEARLY_USED_USD_PER_HOUR = 1e-3;

/* --- The scenario by years */

struct coarse {
    struct scenario scenario; /* of its own are only the periods */
    struct period *periods;   /* owned */
    int group;                /* periods of the fine scenario in one of this */
};

static void merge_periods(struct coarse *coarse, const struct scenario *fine)
{
    for (int t = 0; t < fine->period_count; t++) {
        const struct period *period = &fine->periods[t];
        struct period *year = &coarse->periods[t / coarse->group];

        if (t % coarse->group == 0)
            year->start = period->start;
        year->month_count += period->month_count;
        year->hours += period->hours;
        year->discount += period->discount * period->hours;
    }
    for (int t = 0; t < coarse->scenario.period_count; t++)
        coarse->periods[t].discount /= coarse->periods[t].hours;
}

/* False: it has no years to speak of, or its periods are years. */
static bool make_coarse(struct coarse *coarse, const struct scenario *fine)
{
    int group = (int)UNITS_MONTHS_PER_YEAR / fine->horizon.step_months;

    if (group < 2 || fine->period_count < YEARS_LEAST * group)
        return false;
    *coarse = (struct coarse){.scenario = *fine, .group = group};
    coarse->scenario.period_count = (fine->period_count + group - 1) / group;
    coarse->scenario.horizon.step_months *= group;
    coarse->periods = mem_zero((size_t)coarse->scenario.period_count, sizeof *coarse->periods);
    coarse->scenario.periods = coarse->periods;
    merge_periods(coarse, fine);
    return true;
}

/* --- Its runs */

struct coarse_run {
    uint64_t key;
    bool is_used;
};

struct coarse_runs {
    struct coarse_run *runs; /* owned; by key */
    size_t count;
};

/* Of a run in a period of the scenario by years. */
static uint64_t run_key(const struct scenario *sc, const struct column_key *key, int period)
{
    uint64_t index = (uint64_t)key->workload;

    index = index * (uint64_t)sc->site_count + (uint64_t)key->site;
    index = index * (uint64_t)sc->period_count + (uint64_t)period;
    index = index * (uint64_t)sc->catalog.system_count + (uint64_t)key->system;
    return index * CATALOG_MODES_MAX + (uint64_t)key->mode;
}

static int compare_runs(const void *a, const void *b)
{
    const struct coarse_run *left = a, *right = b;

    return (left->key > right->key) - (left->key < right->key);
}

/* The runs of a model that is solved. */
static struct coarse_runs list_runs(const struct capacity_model *model)
{
    const struct scenario *sc = model->scenario;
    struct coarse_runs list = {.runs = mem_zero((size_t)model->column_count, sizeof *list.runs)};

    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];
        double usd;

        if (key->family != COLUMN_RUN)
            continue;
        usd = lp_reduced_cost(model->lp, j) * model->cost_scale / model->column_scale[j];
        list.runs[list.count++] = (struct coarse_run){run_key(sc, key, key->period),
            usd <= NEARLY_USED_USD_PER_HOUR * sc->periods[key->period].hours};
    }
    qsort(list.runs, list.count, sizeof *list.runs, compare_runs);
    return list;
}

/* --- Choosing */

static void choose_used(const struct capacity_model *model, const struct coarse *coarse,
    const struct coarse_runs *list, unsigned char *is_first)
{
    for (int j = 0; j < model->column_count; j++) {
        const struct column_key *key = &model->columns[j];
        struct coarse_run wanted = {0};
        const struct coarse_run *found;

        if (key->family != COLUMN_RUN)
            continue;
        wanted.key = run_key(&coarse->scenario, key, key->period / coarse->group);
        found = bsearch(&wanted, list->runs, list->count, sizeof *list->runs, compare_runs);
        if (found != NULL)
            is_first[j] = found->is_used;
    }
}

static void choose_by_plan(const struct capacity_model *model, const struct coarse *coarse,
    const struct lp_options *options, unsigned char *is_first)
{
    const struct capacity_model_options no_options = {0};
    struct err err = {0};
    struct capacity_model *years = capacity_model_create(&coarse->scenario, &no_options, &err);
    unsigned char *is_first_year;

    if (years == NULL)
        return;
    is_first_year = mem_zero((size_t)years->column_count, 1);
    capacity_choose_cheapest(years, is_first_year);
    if (lp_solve_sifting(years->lp, is_first_year, options, &err) == LP_OPTIMAL) {
        struct coarse_runs list = list_runs(years);

        choose_used(model, coarse, &list, is_first);
        mem_free(list.runs);
    }
    mem_free(is_first_year);
    capacity_model_destroy(years);
}

void capacity_choose_by_years(
    const struct capacity_model *model, const struct lp_options *options, unsigned char *is_first)
{
    struct coarse coarse;

    capacity_choose_cheapest(model, is_first);
    if (!make_coarse(&coarse, model->scenario))
        return;
    choose_by_plan(model, &coarse, options, is_first);
    mem_free(coarse.periods);
}
