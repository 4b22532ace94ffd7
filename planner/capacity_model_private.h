/*
 * capacity_model_private: what the files that build the planning model share: the builder, its
 * tables of columns, and a row while it is put together.
 */
#ifndef PLANNER_CAPACITY_MODEL_PRIVATE_H
#define PLANNER_CAPACITY_MODEL_PRIVATE_H

#include "planner/capacity_model.h"

#include <stdbool.h>
#include <stddef.h>

/* Interruptible systems are kept apart from firm ones of the same kind: which of two stocks. */
enum { STOCK_FIRM, STOCK_SPOT, STOCK_KINDS };

struct stock_term {
    int column;
    double coefficient;
};

/* inst[k,s,t] of one stock, as an expression: constant + sum over its terms. */
struct stock {
    int first_term;
    int term_count;
    double constant;
    bool can_be; /* may there be any at all */
};

/* A linear expression that is being put together: activity = constant + sum of value · column.
 * Columns may come more than once. */
struct expression {
    double *value; /* by column */
    bool *is_touched;
    int *touched;
    int touched_count;
    size_t capacity; /* of columns */
    double constant;
};

struct builder {
    const struct scenario *scenario;
    struct capacity_model *model;
    bool is_plain;
    bool keeps_limits;
    bool is_whole;
    bool is_over; /* over the limits: nothing is added any more */
    size_t column_capacity, row_capacity, cost_capacity;
    long term_count;
    struct expression row; /* of the row that is being put together; empty between rows */
    double *cost_usd;      /* by column */
    double cost_constant_usd;
    /* Columns by what they are; -1: there is none. */
    int *acquire;       /* [offer][site][period] */
    int *keep;          /* [existing, over all offers][period] */
    int *run;           /* [workload][site][system][period]: of the first mode; others follow */
    int *unmet;         /* [region, over all workloads][period]; of a volume in period 0 */
    int *existing_base; /* by offer: the first of its rows in `keep` */
    int *region_base;   /* by workload: the first of its rows in `unmet` */
    unsigned short *mode_sets; /* [workload][system]: bit m: mode m has columns */
    struct stock *stocks;      /* [system][site][stock kind][period] */
    struct stock_term *stock_terms;
    size_t stock_term_count, stock_term_capacity;
    double *unit_scale;    /* by workload: units per hour of its best system */
    double *most_standing; /* [system][site][period]: systems, INFINITY; where binaries want it */
    /* By offer and period, with one more at the end: present and plain cost of one system in
     * service from the horizon's start up to that period, without capex. */
    double *service_usd;
    double *service_present_usd;
};

/* --- capacity_model.c: rows and columns into the lp */

int builder_add_column(struct builder *b, const struct column_key *key, double upper, double scale);
/* `lower` <= what was put together <= `upper`, as a row (no row where nothing can break it). The
 * expression is empty afterwards. */
void builder_add_row(
    struct builder *b, const struct row_key *key, double lower, double upper, double scale);
void builder_add_term(struct builder *b, int column, double coefficient);
void builder_add_constant(struct builder *b, double constant);
/* A column's share of the cost, in present dollars. */
void builder_add_cost(struct builder *b, int column, double usd);
/* What was put together, times factor, is cost in present dollars. Empty afterwards. */
void builder_take_as_cost(struct builder *b, double factor);
/* Keys with everything at -1. */
struct column_key builder_column_key(enum column_family family);
struct row_key builder_row_key(enum row_family family);

static inline int *builder_acquire(struct builder *b, int offer, int site, int period)
{
    const struct scenario *sc = b->scenario;

    return &b->acquire[((size_t)offer * (size_t)sc->site_count + (size_t)site) *
                           (size_t)sc->period_count +
                       (size_t)period];
}

static inline int *builder_keep(struct builder *b, int offer, int existing, int period)
{
    return &b->keep[(size_t)(b->existing_base[offer] + existing) *
                        (size_t)b->scenario->period_count +
                    (size_t)period];
}

static inline int *builder_run(struct builder *b, int workload, int site, int system, int period)
{
    const struct scenario *sc = b->scenario;

    return &b->run[(((size_t)workload * (size_t)sc->site_count + (size_t)site) *
                           sc->catalog.system_count +
                       (size_t)system) *
                       (size_t)sc->period_count +
                   (size_t)period];
}

static inline int *builder_unmet(struct builder *b, int workload, int region, int period)
{
    return &b->unmet[(size_t)(b->region_base[workload] + region) *
                         (size_t)b->scenario->period_count +
                     (size_t)period];
}

static inline struct stock *builder_stock(
    struct builder *b, int system, int site, int kind, int period)
{
    const struct scenario *sc = b->scenario;

    return &b->stocks[(((size_t)system * (size_t)sc->site_count + (size_t)site) * STOCK_KINDS +
                          (size_t)kind) *
                          (size_t)sc->period_count +
                      (size_t)period];
}

/* --- capacity_size.c: 0, or -1 with ERR_LIMIT where building the model would take too much */
int capacity_model_check_size(const struct scenario *scenario, struct err *err);

/* --- capacity_columns.c */
void builder_add_acquisitions(struct builder *b);
void builder_add_kept(struct builder *b);
void builder_add_runs(struct builder *b);
void builder_add_unmet(struct builder *b);

/* What one running system of a mode counts for. */
typedef double run_amount_fn(
    const struct workload *workload, const struct system *system, const struct power_mode *mode);
double run_count(
    const struct workload *workload, const struct system *system, const struct power_mode *mode);
/* kW above idle: P phi pi - I */
double run_added_kw(
    const struct workload *workload, const struct system *system, const struct power_mode *mode);
double run_throughput(
    const struct workload *workload, const struct system *system, const struct power_mode *mode);
/* factor · sum over m of amount(m) · x[j,s,k,m,t], into the row; false where there is no such x. */
bool builder_add_run(struct builder *b, int workload, int site, int system, int period,
    run_amount_fn *amount, double factor);
/* q[j,s,t] = sum over k, m of rate · theta · x, times factor, into the row. */
void builder_add_work(struct builder *b, int workload, int site, int period, double factor);

/* --- capacity_stock.c */
void builder_add_stocks(struct builder *b);
/* Add factor · inst[k,s,t] of one stock to the row, or to the cost. */
void builder_add_installed(
    struct builder *b, int system, int site, int kind, int period, double factor);

/* --- capacity_money.c */
void builder_sum_service(struct builder *b);
void builder_price_offers(struct builder *b);
void builder_price_energy(struct builder *b);
void builder_price_unmet(struct builder *b);
/* Undiscounted dollars of the offer over the periods [first, last) for one system that is in
 * service in all of them, without capex. */
double builder_service_usd(const struct builder *b, int offer, int first, int last);
/* Energy of a site in a period, in kWh, into the row: sum over x and inst, times factor. */
void builder_add_energy(struct builder *b, int site, int period, double factor);

/* --- capacity_reduce.c: what can be left out */
unsigned short builder_useful_modes(
    const struct builder *b, const struct workload *workload, int system);
/* Does the nameplate row at the site and period imply the operating row, or the floor row? */
bool builder_nameplate_implies_operating(struct builder *b, int site, int period);
bool builder_nameplate_implies_floor(struct builder *b, int site, int period);

/* --- capacity_regions.c: which regions must be asked for together */

/*
 * Regions that share sites can be served as asked when, for every set of them, the sites that any
 * of them may use make enough for all of them (Hall). Sets that others imply are left out: those
 * that a set with more regions and the same sites, or two sets apart, imply. `site_masks`: for each
 * site the regions that may use it. Fills sets (of at most 2^region_count - 1), returns how many.
 */
enum { REGION_SETS_MAX = 63 };
int region_sets_find(
    int region_count, const unsigned *site_masks, int site_count, unsigned sets[REGION_SETS_MAX]);
/* All of them, implied or not. */
int region_sets_all(int region_count, unsigned sets[REGION_SETS_MAX]);

/* --- capacity_rows_*.c */
void builder_add_supply_rows(struct builder *b);
void builder_add_site_rows(struct builder *b);
void builder_add_demand_rows(struct builder *b);
void builder_add_volume_rows(struct builder *b);
void builder_add_budget_rows(struct builder *b);
void builder_add_commitment_rows(struct builder *b);
void builder_add_limit_rows(struct builder *b);
void builder_add_binary_rows(struct builder *b);

/* Periods a system of the offer stays in service: at most `period_count`. */
int builder_term_periods(const struct scenario *scenario, const struct offer *offer);
/* The first period that starts at `month` or after; period_count when none does. */
int builder_period_from(const struct scenario *scenario, date_month month);

#endif
