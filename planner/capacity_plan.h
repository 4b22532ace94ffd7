/*
 * capacity_plan: the answer of `plan`: what to acquire, where and when, what runs on it, what goes
 * unserved, what it costs and what each limit is worth. Plain data; lists leave out zero rows.
 */
#ifndef PLANNER_CAPACITY_PLAN_H
#define PLANNER_CAPACITY_PLAN_H

#include "workloads/scenario.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct conflict;
struct err;
struct within;

enum plan_status { PLAN_OPTIMAL, PLAN_INFEASIBLE, PLAN_UNBOUNDED, PLAN_TIME_LIMIT };
extern const char *const PLAN_STATUS_NAMES[];

/* Cost parts in present dollars, as the planning model names them; salvage is negative. */
enum cost_part {
    COST_CAPEX,
    COST_RENT,
    COST_MAINTENANCE,
    COST_ENERGY,
    COST_CARBON,
    COST_UNMET,
    COST_SHORTFALL,
    COST_PORTING,
    COST_SALVAGE,
    COST_PART_COUNT
};
extern const char *const COST_PART_NAMES[COST_PART_COUNT];

/* Indices are those of the scenario's arrays; -1: does not apply. */
struct plan_acquired { /* acq[o,s,t] */
    int offer, site, period;
    double systems;
};

struct plan_installed { /* inst[o,s,t] */
    int offer, site, period;
    double systems;
    double nameplate_kw;
};

struct plan_kept { /* keep[e,t]: what stays of an existing batch under a buy offer */
    int offer, existing, period;
    double systems;
};

struct plan_retired { /* fall of keep against the period before (or the count), before its term */
    int offer, site, period;
    double systems;
};

struct plan_run { /* x[j,s,k,m,t] */
    int workload, site, system, mode, period;
    double systems;
    double units_per_hour;
};

struct plan_served { /* f[j,g,s,t] */
    int workload, region, site, period;
    double units_per_hour;
};

struct plan_unmet { /* u[j,g,t] in units per hour, or u[j] in units (region and period -1) */
    int workload, region, period;
    double units;
    double share; /* of the demand or volume */
};

struct plan_shortfall { /* short[c,t], or short[c] (period -1) */
    int commitment, period;
    double mw;  /* power */
    double usd; /* what is paid for it, not discounted */
};

struct plan_ported { /* the binary of <porting> */
    int workload, porting;
};

struct plan_budget {
    int budget;
    double used, limit; /* dollars not discounted, or tonnes */
};

struct plan_energy {
    int site, period;
    double mwh;
    double tonnes_co2;
};

struct plan_power { /* at the meter */
    int site, period;
    double operating_mw, nameplate_mw, limit_mw;
};

/* What a limit is: the constraint names of the JSON. */
enum price_kind {
    PRICE_SUPPLY,
    PRICE_MAX_SYSTEMS,
    PRICE_CAPACITY,
    PRICE_OPERATING_POWER,
    PRICE_NAMEPLATE_POWER,
    PRICE_SITE_POWER,
    PRICE_FLOOR,
    PRICE_DEMAND,
    PRICE_SURVIVE,
    PRICE_VOLUME,
    PRICE_BUDGET,
    PRICE_COMMITMENT,
    PRICE_LIMIT,
    PRICE_KIND_COUNT
};
extern const char *const PRICE_KIND_NAMES[PRICE_KIND_COUNT];

/* Between which values of its limit a price holds, in the price's unit. What the limit of capacity,
 * survive-site and shares comes to in the plan counts as their limit. */
struct price_range {
    bool is_known;
    double limit;
    double from, to; /* from <= limit <= to; `to` may be INFINITY */
    double usd_below,
        usd_above; /* the price beyond either end; NAN: there is no plan, or not known */
};

/* How much the minimum would fall for one more unit of a limit, in present dollars. */
struct plan_price {
    enum price_kind kind;
    const char *id; /* what it is a limit of: "oregon", "chat/eu"; in the plan's arena */
    int period;     /* -1: of the whole horizon */
    double usd_per_unit;
    const char *unit; /* "MW", "system", "rack position", "USD", ... */
    int thing;        /* index of the site, offer, workload, budget, commitment or limit */
    int region;       /* of a demand; -1 */
    int row;          /* of the model, where it is of one row alone; -1 */
    struct price_range range;
};

/* A limit over all periods at once: how many of its units (as people count them: plan_holds.h) it
 * may shrink or grow in each with the prices as they are, and what 1 % more of it saves (of what is
 * promised: 1 % less), found by solving again. */
struct plan_hold_range {
    enum price_kind kind;
    int thing;
    double less, more; /* INFINITY: without end; NAN: not known */
    bool is_tried;
    double percent_usd; /* where is_tried */
};

/* An offer that the plan takes nothing of at a site, and by which share its price would have to
 * fall there until it does; at the period in which that is least. */
struct plan_not_chosen {
    int offer, site;
    int period;       /* -1: it can't be had there, or not stand there until its term ends */
    double usd_above; /* what one system there costs more than it brings, present dollars */
    double price_usd; /* its price and upkeep over its term, present dollars, at the worth of
                         money where budgets bind */
    double
        cheaper_share; /* usd_above / price_usd; over 1: not even for nothing. NAN: period is -1 */
};

#define PLAN_LIST(type)                                                                            \
    struct {                                                                                       \
        struct type *rows;                                                                         \
        size_t count, capacity;                                                                    \
    }

struct capacity_plan {
    const struct scenario *scenario; /* borrowed */
    enum plan_status status;
    bool has_plan; /* lists are filled */
    bool is_whole; /* acq and keep are whole */
    double objective_usd, bound_usd, gap;
    double cost_usd[COST_PART_COUNT];
    struct {
        int rows, columns, nonzeros, integers;
    } size;
    struct {
        double read, build, solve;
    } seconds;
    PLAN_LIST(plan_acquired) acquired;
    PLAN_LIST(plan_installed) installed;
    PLAN_LIST(plan_kept) kept;
    PLAN_LIST(plan_retired) retired;
    PLAN_LIST(plan_run) runs;
    PLAN_LIST(plan_served) served;
    PLAN_LIST(plan_unmet) unmet;
    PLAN_LIST(plan_shortfall) shortfalls;
    PLAN_LIST(plan_ported) ported;
    PLAN_LIST(plan_budget) budgets;
    PLAN_LIST(plan_energy) energy;
    PLAN_LIST(plan_power) power;
    PLAN_LIST(plan_price) prices;
    PLAN_LIST(plan_hold_range) hold_ranges;
    PLAN_LIST(plan_not_chosen) not_chosen;
    struct conflict *conflict; /* why there is no plan; NULL: not asked. Owned */
    struct within
        *within;         /* what plans of nearly its cost have in common; NULL: not asked. Owned */
    struct arena *arena; /* owns the texts */
};

struct capacity_plan *capacity_plan_create(const struct scenario *scenario);
void capacity_plan_destroy(struct capacity_plan *plan);

/*
 * Recompute every constraint of the planning model and the cost from the scenario and the decisions
 * alone (acquired, kept, runs, served, unmet, shortfalls, ported), sharing no code with
 * capacity_model; compare the derived lists too. Runs after each solve. Returns 0, or -1 with
 * ERR_INTERNAL naming the first constraint that does not hold and by how much. Relative tolerance
 * 1e-6 of the terms' size.
 */
int capacity_plan_check(const struct capacity_plan *plan, struct err *err);

#endif
