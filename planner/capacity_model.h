/*
 * capacity_model: the planning model of a scenario as a linear program, with what each row and
 * column stands for. One function adds one family of rows; its comment is the formula of the
 * planning model (planner/MODEL.md).
 */
#ifndef PLANNER_CAPACITY_MODEL_H
#define PLANNER_CAPACITY_MODEL_H

#include "planner/capacity_plan.h"

struct err;
struct lp;

enum column_family {
    COLUMN_ACQUIRE, /* acq[o,s,t] systems */
    COLUMN_INSTALL, /* inst[k,s,t] systems, firm or interruptible, where there is a column for it */
    COLUMN_RUN,     /* x[j,s,k,m,t] systems */
    COLUMN_FLOW,    /* f[j,g,s,t], where a workload has too many regions to do without */
    COLUMN_UNMET,   /* u[j,g,t] or u[j] */
    COLUMN_KEEP,    /* keep[e,t] systems */
    COLUMN_SHORT,   /* short[c,t] MW or short[c] USD */
    COLUMN_AT_SITE, /* binary: training or batch j uses site s at all */
    COLUMN_PORTED,  /* binary: j uses that stack at all */
    COLUMN_FAMILY_COUNT
};

/* What of a workload's work binds it to a binary of its: of rows ROW_AT_SITE and ROW_PORTED. */
enum row_link {
    LINK_NONE,
    LINK_WORK,  /* no more than its volume or demand is ever done */
    LINK_POWER, /* no more than the site has power for */
    LINK_STOCK  /* no more than can ever stand there */
};

/* What a column is; fields that do not apply are -1. */
struct column_key {
    enum column_family family;
    int offer, existing, workload, region, commitment, porting, site, system, mode, period;
    int is_interruptible; /* COLUMN_INSTALL */
};

enum row_family {
    ROW_SUPPLY,
    ROW_OFFER_MAX,
    ROW_INSTALL, /* links inst to the inst before, acq and keep */
    ROW_CAPACITY,
    ROW_CAPACITY_FIRM,
    ROW_OPERATING_POWER,
    ROW_NAMEPLATE_POWER,
    ROW_FLOOR,
    ROW_FLOW, /* what a site serves is at most what it makes */
    ROW_DEMAND,
    ROW_SURVIVE,
    ROW_VOLUME,
    ROW_WORKLOAD_MAX,
    ROW_KEEP, /* keep does not grow */
    ROW_BUDGET,
    ROW_COMMITMENT_POWER,
    ROW_COMMITMENT_SPEND,
    ROW_LIMIT,
    ROW_SITES_MAX,
    ROW_AT_SITE, /* x > 0 only where the binary is 1 */
    ROW_PORTED,
    ROW_FAMILY_COUNT
};

struct row_key {
    enum row_family family;
    int offer, workload, region, commitment, budget, limit, existing, porting, site, system, period;
    int is_interruptible; /* ROW_INSTALL */
    enum row_link link;
    /* ROW_DEMAND: the regions asked for together (`region` is -1), where there are no flows.
     * ROW_SURVIVE: bit g for region g of G; `site` is the one lost. */
    unsigned region_set;
};

/* Units inside the LP, so that coefficients lie near 1 (solver notes): a column's value times
 * column_scale is in the unit above; a row's activity times row_scale likewise; the objective times
 * cost_scale is dollars. */
struct capacity_model {
    const struct scenario *scenario; /* borrowed */
    struct lp *lp;                   /* owned */
    struct column_key *columns;
    double *column_scale;
    int column_count;
    struct row_key *rows;
    double *row_scale;
    int row_count;
    double cost_scale;
};

struct capacity_model_options {
    bool whole_systems; /* acq and keep are integer */
    bool is_in_dollars; /* cost_scale is 1: for files that other solvers read */
    bool keeps_limits; /* power and floor rows that another limit implies stay: for moving limits */
    bool is_plain;     /* no reductions: every row and column of the planning model (for tests) */
};

/* No model may be larger; what is over is ERR_LIMIT. */
enum {
    CAPACITY_TABLE_MAX = 20000000,
    CAPACITY_COLUMNS_MAX = 4000000,
    CAPACITY_TERMS_MAX = 20000000
};

/* Build the LP or MIP. NULL: it needs what this program refuses, or is over the size limits
 * (ERR_INPUT, ERR_LIMIT). The scenario must outlive it. The optimum is that of the planning model;
 * rows that can't bind and columns that can't pay are left out (planner/MODEL.md, Reductions). */
struct capacity_model *capacity_model_create(
    const struct scenario *scenario, const struct capacity_model_options *options, struct err *err);
void capacity_model_destroy(struct capacity_model *model);

/* Take a program that was solved before (may be NULL): where it has the shape of the model's own
 * it becomes that, with the model's numbers, and the next solve goes on with its solver. Not with
 * whole numbers. */
void capacity_model_go_on(struct capacity_model *model, struct lp *lp);
/* Give the program away; the model is only to be destroyed then. */
struct lp *capacity_model_give_lp(struct capacity_model *model);

/* "acq[buy-gb300,oregon,2026-01]", "operating-power[oregon,2027-01]": what stands in dumped models
 * (MPS and LP names have ',' and brackets replaced by the writer where a format forbids them). */
void capacity_model_column_name(
    const struct capacity_model *model, int column, char *buffer, size_t size);
void capacity_model_row_name(
    const struct capacity_model *model, int row, char *buffer, size_t size);

#endif
