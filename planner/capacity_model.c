/* The planning model of a scenario: its tables, its limits, and the order in which it is built. */
#include "planner/capacity_model.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_model_private.h"
#include "planner/lp.h"

#include <limits.h>
#include <math.h>

/* The objective is in thousands of dollars: systems then cost 1 to 10,000. */
#define COST_SCALE 1000.0

/* --- Columns and rows into the lp */

struct column_key builder_column_key(enum column_family family)
{
    return (struct column_key){family, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
}

struct row_key builder_row_key(enum row_family family)
{
    return (struct row_key){family, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, LINK_NONE, 0};
}

static void grow_expression(struct expression *e, size_t count)
{
    size_t capacity = e->capacity > 0 ? e->capacity * 2 : 1024;

    if (count <= e->capacity)
        return;
    e->value = mem_resize(e->value, capacity, sizeof *e->value);
    e->is_touched = mem_resize(e->is_touched, capacity, sizeof *e->is_touched);
    e->touched = mem_resize(e->touched, capacity, sizeof *e->touched);
    for (size_t i = e->capacity; i < capacity; i++) {
        e->value[i] = 0;
        e->is_touched[i] = false;
    }
    e->capacity = capacity;
}

static void clear_expression(struct expression *e)
{
    for (int i = 0; i < e->touched_count; i++) {
        e->value[e->touched[i]] = 0;
        e->is_touched[e->touched[i]] = false;
    }
    e->touched_count = 0;
    e->constant = 0;
}

static bool is_integer(const struct builder *b, enum column_family family)
{
    return b->is_whole && (family == COLUMN_ACQUIRE || family == COLUMN_KEEP);
}

int builder_add_column(struct builder *b, const struct column_key *key, double upper, double scale)
{
    struct capacity_model *m = b->model;
    size_t count = (size_t)m->column_count;
    size_t scale_capacity = b->column_capacity;
    bool is_binary = key->family == COLUMN_AT_SITE || key->family == COLUMN_PORTED;
    enum lp_kind kind = is_binary                    ? LP_BINARY
                        : is_integer(b, key->family) ? LP_INTEGER
                                                     : LP_CONTINUOUS;

    b->is_over |= m->column_count >= CAPACITY_COLUMNS_MAX;
    if (b->is_over)
        return 0;
    m->columns = mem_grow(m->columns, count, &b->column_capacity, sizeof *m->columns);
    m->column_scale = mem_grow(m->column_scale, count, &scale_capacity, sizeof *m->column_scale);
    b->cost_usd = mem_grow(b->cost_usd, count, &b->cost_capacity, sizeof *b->cost_usd);
    grow_expression(&b->row, count + 1);
    m->columns[count] = *key;
    m->column_scale[count] = scale;
    m->column_count++;
    return lp_add_column(m->lp, kind, 0, upper / scale, 0);
}

void builder_add_term(struct builder *b, int column, double coefficient)
{
    struct expression *e = &b->row;

    if (!e->is_touched[column]) {
        e->is_touched[column] = true;
        e->touched[e->touched_count++] = column;
    }
    e->value[column] += coefficient;
}

void builder_add_constant(struct builder *b, double constant)
{
    b->row.constant += constant;
}

/* Can no plan break it, or is there nothing in it and the constant is within the bounds? */
static bool is_idle_row(const struct builder *b, double lower, double upper)
{
    for (int i = 0; i < b->row.touched_count; i++)
        if (b->row.value[b->row.touched[i]] != 0)
            return lower == -INFINITY && upper == INFINITY;
    return lower <= b->row.constant && b->row.constant <= upper;
}

void builder_add_row(
    struct builder *b, const struct row_key *key, double lower, double upper, double scale)
{
    struct capacity_model *m = b->model;
    struct expression *e = &b->row;
    size_t count = (size_t)m->row_count;
    size_t scale_capacity = b->row_capacity;
    int row;

    b->is_over |= b->term_count + e->touched_count > CAPACITY_TERMS_MAX;
    if (b->is_over || is_idle_row(b, lower, upper)) {
        clear_expression(e);
        return;
    }
    m->rows = mem_grow(m->rows, count, &b->row_capacity, sizeof *m->rows);
    m->row_scale = mem_grow(m->row_scale, count, &scale_capacity, sizeof *m->row_scale);
    m->rows[count] = *key;
    m->row_scale[count] = scale;
    m->row_count++;
    row = lp_add_row(m->lp, (lower - e->constant) / scale, (upper - e->constant) / scale);
    for (int i = 0; i < e->touched_count; i++) {
        int column = e->touched[i];

        if (e->value[column] != 0)
            lp_add_term(m->lp, row, column, e->value[column] * m->column_scale[column] / scale);
    }
    b->term_count += e->touched_count;
    clear_expression(e);
}

void builder_add_cost(struct builder *b, int column, double usd)
{
    b->cost_usd[column] += usd;
}

void builder_take_as_cost(struct builder *b, double factor)
{
    struct expression *e = &b->row;

    for (int i = 0; i < e->touched_count; i++)
        b->cost_usd[e->touched[i]] += factor * e->value[e->touched[i]];
    b->cost_constant_usd += factor * e->constant;
    clear_expression(e);
}

static void set_costs(struct builder *b)
{
    struct capacity_model *m = b->model;

    for (int j = 0; j < m->column_count; j++)
        lp_set_cost(m->lp, j, b->cost_usd[j] * m->column_scale[j] / m->cost_scale);
    lp_set_objective_constant(m->lp, b->cost_constant_usd / m->cost_scale);
}

/* --- Periods */

int builder_term_periods(const struct scenario *scenario, const struct offer *offer)
{
    int step = scenario->horizon.step_months;
    int periods;

    if (offer->term_months == 0)
        return scenario->period_count;
    periods = (offer->term_months + step - 1) / step;
    return periods < scenario->period_count ? periods : scenario->period_count;
}

int builder_period_from(const struct scenario *scenario, date_month month)
{
    int t = 0;

    while (t < scenario->period_count && scenario->periods[t].start < month)
        t++;
    return t;
}

/* --- Building */

static int *make_table(size_t count)
{
    int *table = mem_resize(NULL, count, sizeof *table);

    for (size_t i = 0; i < count; i++)
        table[i] = -1;
    return table;
}

/* One row a region, and at least one a workload, for the volume of training and batch. */
static void make_bases(struct builder *b)
{
    const struct scenario *sc = b->scenario;
    int existing = 0, regions = 0;

    b->existing_base = mem_zero((size_t)sc->offer_count, sizeof *b->existing_base);
    b->region_base = mem_zero((size_t)sc->workload_count, sizeof *b->region_base);
    for (int o = 0; o < sc->offer_count; o++) {
        b->existing_base[o] = existing;
        existing += sc->offers[o].existing_count;
    }
    for (int j = 0; j < sc->workload_count; j++) {
        b->region_base[j] = regions;
        regions += sc->workloads[j].region_count > 0 ? sc->workloads[j].region_count : 1;
    }
    b->keep = make_table((size_t)existing * (size_t)sc->period_count);
    b->unmet = make_table((size_t)regions * (size_t)sc->period_count);
}

static void make_tables(struct builder *b)
{
    const struct scenario *sc = b->scenario;
    size_t periods = (size_t)sc->period_count, sites = (size_t)sc->site_count;
    size_t systems = sc->catalog.system_count;

    make_bases(b);
    b->acquire = make_table((size_t)sc->offer_count * sites * periods);
    b->run = make_table((size_t)sc->workload_count * sites * systems * periods);
    b->mode_sets = mem_zero((size_t)sc->workload_count * systems, sizeof *b->mode_sets);
    b->unit_scale = mem_zero((size_t)sc->workload_count, sizeof *b->unit_scale);
    b->stocks = mem_zero(systems * sites * STOCK_KINDS * periods, sizeof *b->stocks);
    grow_expression(&b->row, 1);
}

static void fini_builder(struct builder *b)
{
    mem_free(b->row.value);
    mem_free(b->row.is_touched);
    mem_free(b->row.touched);
    mem_free(b->cost_usd);
    mem_free(b->acquire);
    mem_free(b->keep);
    mem_free(b->run);
    mem_free(b->unmet);
    mem_free(b->existing_base);
    mem_free(b->region_base);
    mem_free(b->mode_sets);
    mem_free(b->stocks);
    mem_free(b->stock_terms);
    mem_free(b->unit_scale);
    mem_free(b->most_standing);
    mem_free(b->service_usd);
    mem_free(b->service_present_usd);
}

static void build(struct builder *b)
{
    builder_sum_service(b);
    builder_add_acquisitions(b);
    builder_add_kept(b);
    builder_add_stocks(b);
    builder_add_runs(b);
    builder_add_unmet(b);
    builder_add_supply_rows(b);
    builder_add_site_rows(b);
    builder_add_demand_rows(b);
    builder_add_volume_rows(b);
    builder_add_budget_rows(b);
    builder_add_commitment_rows(b);
    builder_add_limit_rows(b);
    builder_add_binary_rows(b);
    builder_price_offers(b);
    builder_price_energy(b);
    builder_price_unmet(b);
    set_costs(b);
}

static void name_thing(void *context, enum lp_thing thing, int index, char *buffer, size_t size)
{
    const struct capacity_model *model = context;

    if (thing == LP_ROW)
        capacity_model_row_name(model, index, buffer, size);
    else
        capacity_model_column_name(model, index, buffer, size);
}

struct capacity_model *capacity_model_create(
    const struct scenario *scenario, const struct capacity_model_options *options, struct err *err)
{
    struct builder b = {.scenario = scenario,
        .is_plain = options->is_plain,
        .keeps_limits = options->is_plain || options->keeps_limits,
        .is_whole = options->whole_systems};

    if (capacity_model_check_size(scenario, err) != 0)
        return NULL;
    b.model = mem_zero(1, sizeof *b.model);
    *b.model = (struct capacity_model){.scenario = scenario,
        .lp = lp_create(scenario->name),
        .cost_scale = options->is_in_dollars ? 1 : COST_SCALE};
    make_tables(&b);
    build(&b);
    fini_builder(&b);
    if (b.is_over) {
        capacity_model_destroy(b.model);
        (void)err_set(err, ERR_LIMIT,
            "the model would be too large: over %d columns or %d coefficients; use longer steps, a "
            "shorter horizon, or split the scenario",
            CAPACITY_COLUMNS_MAX, CAPACITY_TERMS_MAX);
        return NULL;
    }
    lp_set_namer(b.model->lp, name_thing, b.model);
    return b.model;
}

void capacity_model_destroy(struct capacity_model *model)
{
    if (model == NULL)
        return;
    lp_destroy(model->lp);
    mem_free(model->columns);
    mem_free(model->column_scale);
    mem_free(model->rows);
    mem_free(model->row_scale);
    mem_free(model);
}

void capacity_model_go_on(struct capacity_model *model, struct lp *lp)
{
    struct lp *other = lp;

    if (lp != NULL && lp_integer_count(model->lp) == 0 && lp_set_numbers(lp, model->lp)) {
        other = model->lp;
        model->lp = lp;
        lp_set_namer(lp, name_thing, model);
    }
    lp_destroy(other);
}

struct lp *capacity_model_give_lp(struct capacity_model *model)
{
    struct lp *lp = model->lp;

    lp_set_namer(lp, NULL, NULL);
    model->lp = NULL;
    return lp;
}
