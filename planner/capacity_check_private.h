/*
 * capacity_check_private: what the files of capacity_check share: the plan's decisions as dense
 * arrays, and sums that know how large their terms were. Shares nothing with capacity_model.
 */
#ifndef PLANNER_CAPACITY_CHECK_PRIVATE_H
#define PLANNER_CAPACITY_CHECK_PRIVATE_H

#include "planner/capacity_plan.h"

struct capacity_check {
    const struct capacity_plan *plan;
    const struct scenario *scenario;
    int sites, periods, systems, offers, workloads;
    double *acquired;     /* [offer, site, period] */
    double *installed;    /* [offer, site, period] */
    double *stock;        /* [system, site, period]: installed, all offers */
    double *firm;         /* … of offers that are not interruptible */
    double *busy;         /* [system, site, period]: systems that run workloads */
    double *busy_firm;    /* … of workloads that are not interruptible */
    double *made;         /* [workload, site, period]: units per hour */
    double *work_kw;      /* [site, period]: IT kW that runs add over idle, at full power */
    double *work_mean_kw; /* the same with load factors, for energy */
    struct err *err;
};

/* A sum, and the sum of its terms' sizes, which rounding is held against. */
struct check_sum {
    double value, size;
};
void check_add(struct check_sum *sum, double term);

/* lhs <= rhs (or >=, or =), to a relative 1e-6 of the terms' size. 0, or -1 with ERR_INTERNAL that
 * names the rule, what it is of ("oregon"), the period (-1: none) and both sides. */
int check_at_most(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs);
int check_at_least(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs);
int check_equal(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs);

size_t check_offer_at(const struct capacity_check *check, int offer, int site, int period);
size_t check_system_at(const struct capacity_check *check, int system, int site, int period);
size_t check_workload_at(const struct capacity_check *check, int workload, int site, int period);
size_t check_site_at(const struct capacity_check *check, int site, int period);

/* Fill the arrays; -1 for a decision that the scenario does not let exist. */
int check_read_decisions(struct capacity_check *check);

/* Rules 1 to 5 and 12. */
int check_supply_and_sites(struct capacity_check *check);
/* Rules 6 to 9, and sites-max. */
int check_workloads(struct capacity_check *check);
/* Rules 10, 11, 13, the cost and the derived lists. */
int check_money(struct capacity_check *check);

#endif
