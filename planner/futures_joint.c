#include "planner/futures_joint.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_coarse.h"
#include "planner/lp.h"

#include <math.h>
#include <stdlib.h>

/* --- What is decided when */

static date_month first_open_month(const struct scenario *sc, const struct workload *w)
{
    for (int t = 0; t < sc->period_count; t++)
        if (workload_is_open(w, &sc->periods[t]))
            return sc->periods[t].start;
    return sc->horizon.start;
}

date_month joint_decision_month(const struct scenario *sc, const struct column_key *key)
{
    switch (key->family) {
    case COLUMN_ACQUIRE:
        return sc->periods[key->period].start - sc->offers[key->offer].lead_months;
    case COLUMN_KEEP:
        return sc->periods[key->period].start;
    case COLUMN_AT_SITE:
    case COLUMN_PORTED:
        return first_open_month(sc, &sc->workloads[key->workload]);
    case COLUMN_INSTALL:
    case COLUMN_RUN:
    case COLUMN_FLOW:
    case COLUMN_UNMET:
    case COLUMN_SHORT:
    case COLUMN_FAMILY_COUNT:
        break;
    }
    return INT32_MAX;
}

int joint_compare_keys(const struct column_key *a, const struct column_key *b)
{
    const int left[] = {
        (int)a->family, a->offer, a->existing, a->workload, a->porting, a->site, a->period};
    const int right[] = {
        (int)b->family, b->offer, b->existing, b->workload, b->porting, b->site, b->period};

    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* The futures that are not told apart in the month. */
static uint64_t unknown_in(const struct scenario *sc, date_month month)
{
    uint64_t set = 0;

    for (int i = 0; i < sc->future_count; i++)
        if (sc->futures[i].known_from > month)
            set |= UINT64_C(1) << i;
    return set;
}

static bool has_several(uint64_t set)
{
    return (set & (set - 1)) != 0;
}

/* --- Columns */

/* A column of one future that others may share. */
struct entry {
    struct column_key key;
    int future, column;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = joint_compare_keys(&left->key, &right->key);

    return order != 0 ? order : left->future - right->future;
}

static double probability(const struct joint *joint, int future)
{
    return joint->scenario->futures[future].probability;
}

static void add_own_column(struct joint *joint, int future, int column)
{
    const struct lp *lp = joint->models[future]->lp;

    joint->columns[future][column] = lp_add_column(joint->lp, lp_column_kind(lp, column),
        lp_column_lower(lp, column), lp_column_upper(lp, column),
        probability(joint, future) * lp_cost(lp, column));
}

/* Would the vendor deliver in that future, so that it is the site which has no place for it? */
static bool is_delivered(const struct joint *joint, int future, const struct column_key *key)
{
    const struct scenario *sc = joint->models[future]->scenario;
    const struct offer *offer = &sc->offers[key->offer];
    const struct period *period = &sc->periods[key->period];

    return offer_is_open(sc, offer, key->site, period) && offer_supply(offer, period) > 0 &&
           offer->max_systems > 0;
}

/* Is there a future of the set in which what is ordered would come and could not stand? */
static bool is_stranded(const struct joint *joint, const struct joint_share *share, uint64_t set)
{
    for (int i = 0; i < joint->count; i++)
        if ((set >> i & 1) != 0 && (share->futures >> i & 1) == 0 &&
            is_delivered(joint, i, &share->key))
            return true;
    return false;
}

/* One column for the entries, which are the same thing in several futures of the set. What the
 * vendor does not deliver in one of them does not come there, and costs nothing; what would come
 * and have no place in one of them is ordered in none. */
static void add_shared_column(
    struct joint *joint, const struct entry *entries, int count, uint64_t set)
{
    struct joint_share *share = &joint->shares[joint->share_count++];
    double lower = -INFINITY, upper = INFINITY, cost = 0;

    *share = (struct joint_share){.key = entries[0].key};
    for (int i = 0; i < count; i++) {
        const struct lp *lp = joint->models[entries[i].future]->lp;

        share->futures |= UINT64_C(1) << entries[i].future;
        lower = fmax(lower, lp_column_lower(lp, entries[i].column));
        upper = fmin(upper, lp_column_upper(lp, entries[i].column));
        cost += probability(joint, entries[i].future) * lp_cost(lp, entries[i].column);
    }
    if (share->key.family == COLUMN_ACQUIRE && is_stranded(joint, share, set))
        upper = 0;
    share->column = lp_add_column(joint->lp,
        lp_column_kind(joint->models[entries[0].future]->lp, entries[0].column), lower, upper,
        cost);
    for (int i = 0; i < count; i++)
        joint->columns[entries[i].future][entries[i].column] = share->column;
}

/* All columns of what is decided before it is known, in order of what they are; gives. */
static struct entry *list_entries(const struct joint *joint, int *count)
{
    struct entry *entries = NULL;
    size_t capacity = 0;

    *count = 0;
    for (int i = 0; i < joint->count; i++)
        for (int j = 0; j < joint->models[i]->column_count; j++) {
            const struct column_key *key = &joint->models[i]->columns[j];
            uint64_t set = unknown_in(joint->scenario, joint_decision_month(joint->scenario, key));

            if (!has_several(set) || (set >> i & 1) == 0)
                continue;
            entries = mem_grow(entries, (size_t)*count, &capacity, sizeof *entries);
            entries[(*count)++] = (struct entry){*key, i, j};
        }
    if (*count > 0)
        qsort(entries, (size_t)*count, sizeof *entries, compare_entries);
    return entries;
}

static void add_columns(struct joint *joint)
{
    int count;
    struct entry *entries = list_entries(joint, &count);

    joint->shares = mem_zero((size_t)count, sizeof *joint->shares);
    for (int first = 0, end; entries != NULL && first < count; first = end) {
        end = first + 1;
        while (end < count && joint_compare_keys(&entries[first].key, &entries[end].key) == 0)
            end++;
        add_shared_column(joint, &entries[first], end - first,
            unknown_in(
                joint->scenario, joint_decision_month(joint->scenario, &entries[first].key)));
    }
    for (int i = 0; i < joint->count; i++)
        for (int j = 0; j < joint->models[i]->column_count; j++)
            if (joint->columns[i][j] < 0)
                add_own_column(joint, i, j);
    mem_free(entries);
}

/* --- Rows */

static void add_rows(struct joint *joint, int future)
{
    const struct capacity_model *model = joint->models[future];
    int first = lp_row_count(joint->lp);
    int *rows = mem_zero((size_t)model->row_count, sizeof *rows);
    double *values = mem_zero((size_t)model->row_count, sizeof *values);

    for (int i = 0; i < model->row_count; i++)
        (void)lp_add_row(joint->lp, lp_row_lower(model->lp, i), lp_row_upper(model->lp, i));
    for (int j = 0; j < model->column_count; j++) {
        int count = lp_column_terms(model->lp, j, rows, values);

        for (int k = 0; k < count; k++)
            lp_add_term(joint->lp, first + rows[k], joint->columns[future][j], values[k]);
    }
    mem_free(rows);
    mem_free(values);
}

/* --- All of it */

static int make_models(
    struct joint *joint, struct scenario *const *scenarios, bool is_whole, struct err *err)
{
    const struct capacity_model_options options = {.whole_systems = is_whole};
    long columns = 0;

    for (int i = 0; i < joint->count; i++) {
        struct capacity_model *model = capacity_model_create(scenarios[i], &options, err);

        if (model == NULL)
            return err_wrap(err, "future %s", joint->scenario->futures[i].id);
        joint->models[i] = model;
        joint->columns[i] = mem_resize(
            NULL, (size_t)model->column_count, sizeof *joint->columns[i]);
        for (int j = 0; j < model->column_count; j++)
            joint->columns[i][j] = -1;
        columns += model->column_count;
        if (columns > CAPACITY_COLUMNS_MAX)
            return err_set(err, ERR_LIMIT,
                "the model of all futures would have over %d columns; use longer steps, or fewer "
                "futures",
                CAPACITY_COLUMNS_MAX);
    }
    return 0;
}

struct joint *joint_create(const struct scenario *scenario, struct scenario *const *scenarios,
    bool is_whole, struct err *err)
{
    struct joint *joint = mem_zero(1, sizeof *joint);
    double constant = 0;

    joint->scenario = scenario;
    joint->count = scenario->future_count;
    joint->models = mem_zero((size_t)joint->count, sizeof(struct capacity_model *));
    joint->columns = mem_zero((size_t)joint->count, sizeof(int *));
    joint->lp = lp_create(scenario->name);
    if (make_models(joint, scenarios, is_whole, err) != 0) {
        joint_destroy(joint);
        return NULL;
    }
    joint->cost_scale = joint->models[0]->cost_scale;
    add_columns(joint);
    for (int i = 0; i < joint->count; i++) {
        add_rows(joint, i);
        constant += probability(joint, i) * lp_objective_constant(joint->models[i]->lp);
    }
    lp_set_objective_constant(joint->lp, constant);
    return joint;
}

void joint_destroy(struct joint *joint)
{
    if (joint == NULL)
        return;
    for (int i = 0; i < joint->count; i++) {
        capacity_model_destroy(joint->models[i]);
        mem_free(joint->columns[i]);
    }
    mem_free(joint->models);
    mem_free(joint->columns);
    mem_free(joint->shares);
    lp_destroy(joint->lp);
    mem_free(joint);
}

void joint_choose_first(const struct joint *joint, unsigned char *is_first)
{
    for (int i = 0; i < joint->count; i++) {
        const struct capacity_model *model = joint->models[i];
        unsigned char *own = mem_zero((size_t)model->column_count, 1);

        capacity_choose_cheapest(model, own);
        for (int j = 0; j < model->column_count; j++)
            if (own[j])
                is_first[joint->columns[i][j]] = 1;
        mem_free(own);
    }
}
