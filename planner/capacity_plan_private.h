/*
 * capacity_plan_private: what the files that make a plan out of a solved model share.
 */
#ifndef PLANNER_CAPACITY_PLAN_PRIVATE_H
#define PLANNER_CAPACITY_PLAN_PRIVATE_H

#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_model.h"
#include "planner/capacity_plan.h"
#include "planner/lp.h"

/* list.rows[count] = the row that follows (a struct value, for its commas in parentheses). */
#define PLAN_APPEND(list, ...)                                                                     \
    ((list).rows = mem_grow((list).rows, (list).count, &(list).capacity, sizeof *(list).rows),     \
        (list).rows[(list).count++] = (__VA_ARGS__))

/* Amounts below are noise of the solver: systems, and a share of a demand, volume or commitment. */
#define PLAN_SYSTEMS_MIN 1e-9
#define PLAN_SHARE_MIN 1e-9

/* --- capacity_whole.c: whole systems, by dives and by branch and cut */

struct capacity_whole_options {
    double gap;          /* good enough; 0: what fits the size, and an end before it where it takes
                            too long */
    double time_limit_s; /* of clock_s; 0: none */
    double (*clock_s)(void);
    const struct lp_options *lp; /* its progress, stop and context */
    bool has_basis;              /* the model was given one */
};

/* In the lp's units; release with mem_free. */
struct capacity_whole_answer {
    double *values; /* owned, by column; NULL: no plan */
    double objective, bound;
};

/* LP_OPTIMAL: the plan is within the gap, or with gap 0 as good as the time for it allows; a limit:
 * the best so far, if any. The model's bounds are as they were. */
enum lp_status capacity_solve_whole(struct capacity_model *model,
    const struct capacity_whole_options *options, struct capacity_whole_answer *answer,
    struct err *err);

/* What is good enough where nothing is asked for, by how many numbers are to be whole; and the
 * iterations that branch and cut then gets, once there is a plan. */
double capacity_default_gap(int whole_count);
int64_t capacity_default_iterations(const struct lp *lp);

/* --- capacity_solve.c */
/* 0 with *out filled, or -1: the solver failed. */
int capacity_read_status(enum lp_status status, enum plan_status *out, struct err *err);
/* The linear program (kinds ignored), by what fits its size. */
enum lp_status capacity_solve_relaxed(struct capacity_model *model,
    const struct lp_options *options, bool has_basis, struct err *err);

/* --- capacity_settle.c */
/* The solver's point, by column, in the lp's units, within the columns' bounds. */
void capacity_read_values(const struct capacity_model *model, double *values);
/* After a solve with whole numbers: fix them at `values` and solve the rest as a linear program.
 * True: `values` are its, and the lp has its duals. False: `values` stay as they are. The model's
 * bounds stay fixed. */
bool capacity_settle_whole(struct capacity_model *model, bool is_whole, double *values);

/* --- capacity_extract.c: decisions from the values of the model's columns */
void capacity_plan_extract(
    struct capacity_plan *plan, const struct capacity_model *model, const double *values);

/* --- capacity_served.c: who serves whom, and what goes unserved, from what runs. Takes the lists
 * `served` and `unmet` as the solver left them, and puts them in order. */
void capacity_plan_serve(struct capacity_plan *plan);

/* --- capacity_derive.c: what follows from the decisions */
void capacity_plan_derive(struct capacity_plan *plan);

/* Sums by place and period, of which the lists and the costs are made. */
struct plan_sums {
    struct capacity_plan *plan;
    const struct scenario *sc;
    double *installed;    /* [offer][site][period] systems */
    double *operating_kw; /* [site][period], IT */
    double *nameplate_kw; /* [site][period], IT */
    double *mwh;          /* [site][period], at the meter */
    double *tonnes;       /* [site][period] */
    double *capex_usd;    /* [offer][period], not discounted; the others too */
    double *rent_usd;
    double *maintenance_usd;
};

static inline double *plan_sums_site(const struct plan_sums *u, double *sums, int site, int period)
{
    return &sums[(size_t)site * (size_t)u->sc->period_count + (size_t)period];
}

static inline double *plan_sums_offer(
    const struct plan_sums *u, double *sums, int offer, int period)
{
    return &sums[(size_t)offer * (size_t)u->sc->period_count + (size_t)period];
}

static inline double *plan_sums_installed(
    const struct plan_sums *u, int offer, int site, int period)
{
    return plan_sums_site(u, u->installed, offer * u->sc->site_count + site, period);
}

/* --- capacity_cost.c: cost parts, objective and budgets, from the sums */
void capacity_plan_cost(struct plan_sums *sums);

/* --- capacity_prices.c: what limits are worth, from the duals of a solved model */
void capacity_plan_price(struct capacity_plan *plan, const struct capacity_model *model);

/* --- capacity_ranges.c: where the prices hold. Moves the model's bounds and puts them back; `stop`
 * (may be NULL) leaves the rest unknown. A failure of the solver does too. */
void capacity_plan_range(struct capacity_plan *plan, struct capacity_model *model,
    bool (*stop)(void *context), void *context);

/* --- capacity_holds.c: what 1 % more of the limits with the largest prices saves, by solving
 * again; for as many as that is quick for. As capacity_plan_range, but the lp is left without a
 * result. */
void capacity_plan_try_holds(struct capacity_plan *plan, struct capacity_model *model,
    bool (*stop)(void *context), void *context);

/* --- capacity_not_chosen.c: how much cheaper what was not chosen would have to be */
void capacity_plan_list_not_chosen(struct capacity_plan *plan, const struct capacity_model *model);

#endif
