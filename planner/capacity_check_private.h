/*
 * capacity_check_private: what the files of the check share: the plan's decisions summed up, and
 * how a violation is told. Nothing here or there comes from the model: only the scenario and the
 * plan's lists are read.
 */
#ifndef PLANNER_CAPACITY_CHECK_PRIVATE_H
#define PLANNER_CAPACITY_CHECK_PRIVATE_H

#include "planner/capacity_plan.h"

/* A constraint may be broken by this much of the size of its terms. */
#define CHECK_TOLERANCE 1e-6

/* The page's symbols, as sums over the decision lists. Dense tables, the last index fastest. */
struct check {
    const struct capacity_plan *plan;
    const struct scenario *sc;
    struct err *err;
    double *acquired;        /* acq[offer][site][period] */
    double *kept;            /* keep[existing, over all offers][period] */
    double *installed;       /* inst[offer][site][period] */
    double *standing;        /* inst[system][site][period] */
    double *standing_firm;   /* the same of offers that are not interruptible */
    double *running;         /* [system][site][period]: sum of x */
    double *running_firm;    /* the same over workloads that are not interruptible */
    double *run_kw;          /* [site][period]: sum of (P phi pi - I) · x */
    double *run_kw_mean;     /* the same, each times lf */
    double *work;            /* q[workload][site][period] */
    double *running_of;      /* [workload][period]: sum of x */
    double *served;          /* [region, over all workloads][period]: sum of f */
    double *served_from;     /* [workload][site][period]: sum of f */
    double *unmet;           /* u[region, over all workloads][period]; of a volume in period 0 */
    double *shortfall;       /* short[commitment][period]; of a spend in period 0 */
    double *capex_usd;       /* [offer][period], undiscounted */
    double *rent_usd;        /* [offer][period], undiscounted */
    double *maintenance_usd; /* [offer][period], undiscounted */
    double *operating_mw;    /* [site][period] at the meter; the next two too */
    double *nameplate_mw;
    double *mwh;
    int *existing_base; /* by offer: its first row in `kept` */
    int *region_base;   /* by workload: its first row in `served` and `unmet` */
};

/* a[i][t] of a table with a row of periods for each i. */
static inline double *check_cell(const struct check *c, double *table, int row, int period)
{
    return &table[(size_t)row * (size_t)c->sc->period_count + (size_t)period];
}

/* a[i][site][t] */
static inline double *check_site_cell(
    const struct check *c, double *table, int row, int site, int period)
{
    return check_cell(c, table, row * c->sc->site_count + site, period);
}

/*
 * 0 where a <= b within the tolerance of their sizes and of `floor`, an amount of a size that
 * matters, in the same unit; else -1 with "...: <where>: <a> is over <b>". equal: a = b.
 */
int check_at_most(const struct check *c, double a, double b, double floor, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
int check_equal(const struct check *c, double a, double b, double floor, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Always -1, with the text after "the plan breaks its own rules, please report this: ". */
int check_fail(const struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "2026-01" of a period, into buffer. */
const char *check_month(const struct check *c, int period, char *buffer);

/* In order; each returns 0 or -1 with err. */
int check_read_systems(struct check *c); /* acquired, kept, installed: capacity_check_systems.c */
int check_systems(struct check *c);      /* supply, max-systems, keep */
int check_read_runs(struct check *c);    /* runs: capacity_check_sites.c */
int check_sites(struct check *c);        /* capacity, power, floor */
int check_read_work(struct check *c);    /* served, unmet: capacity_check_work.c */
int check_work(struct check *c);         /* demand, survive, volume, sites-max, porting */
int check_rules(struct check *c);        /* budgets, commitments, limits: capacity_check_rules.c */
int check_costs(struct check *c);        /* cost parts: capacity_check_cost.c */
int check_lists(struct check *c);        /* lists that follow: capacity_check_lists.c */

#endif
