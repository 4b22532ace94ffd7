#include "tests/support/plan_builder.h"

#include "base/faults.h"
#include "base/mem.h"

#include <check.h>

/* Of full.xml. */
enum { OREGON, DUBLIN };
enum { TRN3, GB300 };
enum { BUY_TRN3, RENT_GB300, SPOT_GB300 };
enum { PRETRAIN, CHAT, SCORING };
enum { REGION_US, REGION_EU, REGION_NONE };
enum { CAPEX_2026, CLOUD, CARBON };
enum { TRAINIUM_POWER, AWS_SPEND };
enum { MODE_FULL, MODE_CAPPED };

#define ADD(list, ...)                                                                             \
    do {                                                                                           \
        (list).rows = mem_grow((list).rows, (list).count, &(list).capacity, sizeof *(list).rows);  \
        (list).rows[(list).count++] = (__typeof__(*(list).rows)){__VA_ARGS__};                     \
    } while (0)

static void add_systems(struct capacity_plan *plan)
{
    ADD(plan->acquired, BUY_TRN3, OREGON, 2, 10.5);
    ADD(plan->acquired, RENT_GB300, DUBLIN, 1, 4);
    ADD(plan->acquired, SPOT_GB300, OREGON, 3, 2);
    ADD(plan->installed, BUY_TRN3, OREGON, 1, 24, 4800);
    ADD(plan->installed, BUY_TRN3, OREGON, 2, 34.5, 6900);
    ADD(plan->installed, RENT_GB300, DUBLIN, 1, 4, 560);
    ADD(plan->installed, SPOT_GB300, OREGON, 3, 2, 280);
    ADD(plan->retired, BUY_TRN3, OREGON, 3, 1.5);
}

static void add_work(struct capacity_plan *plan)
{
    ADD(plan->runs, CHAT, OREGON, TRN3, MODE_CAPPED, 2, 5, 1.5e9);
    ADD(plan->runs, CHAT, DUBLIN, GB300, MODE_FULL, 2, 3, 0.5e9);
    ADD(plan->runs, PRETRAIN, OREGON, GB300, MODE_FULL, 1, 1, 1e9);
    ADD(plan->served, CHAT, REGION_US, OREGON, 2, 1.5e9);
    ADD(plan->served, CHAT, REGION_NONE, DUBLIN, 2, 0.5e9);
    ADD(plan->unmet, CHAT, REGION_EU, 2, 2e8, 0.1);
    ADD(plan->unmet, CHAT, REGION_EU, 3, 6e8, 0.3);
    ADD(plan->unmet, SCORING, -1, -1, 4e12, 0.4);
    ADD(plan->ported, PRETRAIN, 0);
}

static void add_limits(struct capacity_plan *plan)
{
    ADD(plan->shortfalls, TRAINIUM_POWER, 4, 2.5, 1.5e6);
    ADD(plan->shortfalls, AWS_SPEND, -1, 0, 3e6);
    ADD(plan->budgets, CAPEX_2026, 1.5e9, 2e9);
    ADD(plan->budgets, CARBON, 150000, 200000);
    ADD(plan->energy, OREGON, 2, 1000, 120);
    ADD(plan->power, OREGON, 0, 30, 40, 60);
    ADD(plan->power, OREGON, 2, 60, 66, 60);
    ADD(plan->power, DUBLIN, 1, 15, 30, 30);
    plan_builder_add_price(plan, PRICE_SITE_POWER, "oregon", 1, 1e6, "MW");
    plan_builder_add_price(plan, PRICE_SITE_POWER, "oregon", 2, 2e6, "MW");
    plan_builder_add_price(plan, PRICE_SUPPLY, "buy-trn3", 2, 5e4, "system");
    plan_builder_add_price(plan, PRICE_BUDGET, "capex-2026", -1, 0.25, "USD");
    plan_builder_add_price(plan, PRICE_COMMITMENT, "trainium-power", 4, -1e5, "MW");
    plan_builder_add_price(plan, PRICE_CAPACITY, "oregon/trn3", 2, 7e9, "system");
}

struct built_plan plan_builder_init(void)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load("tests/cases/scenario/full.xml", NULL, &faults);
    struct capacity_plan *plan;

    ck_assert_ptr_nonnull(scenario);
    ck_assert_uint_eq(faults.count, 0);
    plan = capacity_plan_create(scenario);
    plan->status = PLAN_OPTIMAL;
    plan->has_plan = true;
    plan->size.rows = 1234;
    plan->size.columns = 5678;
    plan->size.nonzeros = 9012;
    plan->seconds.read = 0.25;
    plan->seconds.build = 0.5;
    plan->seconds.solve = 1.25;
    plan->cost_usd[COST_CAPEX] = 40e6;
    plan->cost_usd[COST_RENT] = 30e6;
    plan->cost_usd[COST_ENERGY] = 6e6;
    plan->cost_usd[COST_UNMET] = 8e6;
    plan->cost_usd[COST_SALVAGE] = -4e6;
    plan->objective_usd = 80e6;
    plan->bound_usd = 80e6;
    add_systems(plan);
    add_work(plan);
    add_limits(plan);
    return (struct built_plan){scenario, plan};
}

void plan_builder_fini(struct built_plan *built)
{
    capacity_plan_destroy(built->plan);
    scenario_destroy(built->scenario);
}

void plan_builder_add_price(struct capacity_plan *plan, enum price_kind kind, const char *id,
    int period, double usd_per_unit, const char *unit)
{
    ADD(plan->prices, .kind = kind, .id = id, .period = period, .usd_per_unit = usd_per_unit,
        .unit = unit, .region = -1, .row = -1);
}
