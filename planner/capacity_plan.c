#include "planner/capacity_plan.h"

#include "base/mem.h"
#include "planner/conflict.h"
#include "planner/within.h"

const char *const PLAN_STATUS_NAMES[] = {[PLAN_OPTIMAL] = "optimal",
    [PLAN_INFEASIBLE] = "infeasible",
    [PLAN_UNBOUNDED] = "unbounded",
    [PLAN_TIME_LIMIT] = "time-limit"};

const char *const COST_PART_NAMES[COST_PART_COUNT] = {[COST_CAPEX] = "capex",
    [COST_RENT] = "rent",
    [COST_MAINTENANCE] = "maintenance",
    [COST_ENERGY] = "energy",
    [COST_CARBON] = "carbon",
    [COST_UNMET] = "unmet",
    [COST_SHORTFALL] = "shortfall",
    [COST_PORTING] = "porting",
    [COST_SALVAGE] = "salvage"};

const char *const PRICE_KIND_NAMES[PRICE_KIND_COUNT] = {[PRICE_SUPPLY] = "supply",
    [PRICE_MAX_SYSTEMS] = "max-systems",
    [PRICE_CAPACITY] = "capacity",
    [PRICE_OPERATING_POWER] = "operating-power",
    [PRICE_NAMEPLATE_POWER] = "nameplate-power",
    [PRICE_SITE_POWER] = "site-power",
    [PRICE_FLOOR] = "floor",
    [PRICE_DEMAND] = "demand",
    [PRICE_SURVIVE] = "survive",
    [PRICE_VOLUME] = "volume",
    [PRICE_BUDGET] = "budget",
    [PRICE_COMMITMENT] = "commitment",
    [PRICE_LIMIT] = "limit"};

struct capacity_plan *capacity_plan_create(const struct scenario *scenario)
{
    struct capacity_plan *plan = mem_zero(1, sizeof *plan);

    plan->scenario = scenario;
    plan->arena = arena_create();
    return plan;
}

void capacity_plan_destroy(struct capacity_plan *plan)
{
    if (plan == NULL)
        return;
    mem_free(plan->acquired.rows);
    mem_free(plan->installed.rows);
    mem_free(plan->kept.rows);
    mem_free(plan->retired.rows);
    mem_free(plan->runs.rows);
    mem_free(plan->served.rows);
    mem_free(plan->unmet.rows);
    mem_free(plan->shortfalls.rows);
    mem_free(plan->ported.rows);
    mem_free(plan->budgets.rows);
    mem_free(plan->energy.rows);
    mem_free(plan->power.rows);
    mem_free(plan->prices.rows);
    mem_free(plan->hold_ranges.rows);
    mem_free(plan->not_chosen.rows);
    conflict_destroy(plan->conflict);
    within_destroy(plan->within);
    arena_destroy(plan->arena);
    mem_free(plan);
}
