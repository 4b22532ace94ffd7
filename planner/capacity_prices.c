/*
 * What limits are worth, from the duals of the solved model. The sign is that of capacity_plan.h:
 * by how much the minimum falls for one more unit, so a limit's price is >= 0, and that of what
 * must be met (demand, survive, volume, commitments) <= 0.
 */
#include "planner/capacity_plan_private.h"

#include "base/str.h"
#include "planner/lp.h"

#include <math.h>

/* Duals nearer to 0 are noise: the solver's own tolerance, in its units. */
#define DUAL_MIN 1e-9

/* While prices are read off. */
struct pricing {
    struct capacity_plan *plan;
    const struct capacity_model *model;
    const struct scenario *sc;
    double *demand;     /* [region, over all workloads][period], or of a volume in period 0 */
    double *site_power; /* [site][period] */
    int *region_base;   /* by workload */
};

/* By how much the minimum falls for one more unit on the row's right side. */
static double row_price(const struct pricing *p, int row)
{
    double dual = lp_row_dual(p->model->lp, row);

    return fabs(dual) > DUAL_MIN ? -dual * p->model->cost_scale / p->model->row_scale[row] : 0;
}

/* What a price is of: the index of the thing, a region of it (or -1), one row (or -1). */
struct priced {
    int thing, region, row;
};

static void add_price(struct pricing *p, enum price_kind kind, const char *id, int period,
    double usd, const char *unit, struct priced of)
{
    if (usd != 0)
        PLAN_APPEND(p->plan->prices, ((struct plan_price){.kind = kind,
                                         .id = id,
                                         .period = period,
                                         .usd_per_unit = usd,
                                         .unit = unit,
                                         .thing = of.thing,
                                         .region = of.region,
                                         .row = of.row}));
}

/* --- Ids */

static const char *region_id(const struct pricing *p, int workload, int region)
{
    const struct workload *w = &p->sc->workloads[workload];

    if (region < 0 || w->regions[region].region == NULL)
        return w->id;
    return arena_format(p->plan->arena, "%s/%s", w->id, w->regions[region].region);
}

/* "chat/oregon/us+eu": the workload, the site that is lost, the regions. */
static const char *survive_id(const struct pricing *p, const struct row_key *key)
{
    const struct workload *w = &p->sc->workloads[key->workload];
    struct str id = {0};
    const char *copy;
    bool is_first = true;

    str_format(&id, "%s/%s", w->id, p->sc->sites[key->site].id);
    for (int g = 0; g < w->region_count; g++) {
        if ((key->region_set & 1u << g) == 0 || w->regions[g].region == NULL)
            continue;
        str_format(&id, "%c%s", is_first ? '/' : '+', w->regions[g].region);
        is_first = false;
    }
    copy = arena_copy_text(p->plan->arena, str_text(&id));
    str_fini(&id);
    return copy;
}

static const char *capacity_id(const struct pricing *p, const struct row_key *key)
{
    return arena_format(p->plan->arena, "%s/%s%s", p->sc->sites[key->site].id,
        p->sc->catalog.systems[key->system].id, key->family == ROW_CAPACITY_FIRM ? "/firm" : "");
}

/* --- Demand: the price of one more unit asked for, by all that it is in: its own rows, the bound
 * of what may go unserved, and what must survive the loss of a site */

static double *demand_price(const struct pricing *p, int workload, int region, int period)
{
    return &p->demand[(size_t)(p->region_base[workload] + region) * (size_t)p->sc->period_count +
                      (size_t)period];
}

static void add_set_price(struct pricing *p, const struct row_key *key, double usd)
{
    for (int g = 0; g < p->sc->workloads[key->workload].region_count; g++)
        if (g == key->region || (key->region < 0 && g < SCENARIO_SURVIVE_REGIONS_MAX &&
                                    (key->region_set & 1u << g) != 0))
            *demand_price(p, key->workload, g, key->period) += usd;
}

static void add_unmet_price(struct pricing *p, int column)
{
    const struct column_key *key = &p->model->columns[column];
    double reduced = lp_reduced_cost(p->model->lp, column);

    if (reduced < -DUAL_MIN)
        *demand_price(p, key->workload, key->region < 0 ? 0 : key->region,
            key->period < 0 ? 0 : key->period) -= reduced * p->model->cost_scale /
                                                  p->model->column_scale[column];
}

static void list_demand(struct pricing *p)
{
    for (int j = 0; j < p->sc->workload_count; j++) {
        const struct workload *w = &p->sc->workloads[j];

        if (w->kind != WORKLOAD_INFERENCE)
            add_price(p, PRICE_VOLUME, w->id, -1, *demand_price(p, j, 0, 0), "unit",
                (struct priced){j, -1, -1});
        for (int g = 0; w->kind == WORKLOAD_INFERENCE && g < w->region_count; g++)
            for (int t = 0; t < p->sc->period_count; t++)
                if (*demand_price(p, j, g, t) != 0)
                    add_price(p, PRICE_DEMAND, region_id(p, j, g), t, *demand_price(p, j, g, t),
                        "unit/hour", (struct priced){j, g, -1});
    }
}

/* --- Site power: one more MW of a site's limit is in both of its rows */

static double *site_power(const struct pricing *p, int site, int period)
{
    return &p->site_power[(size_t)site * (size_t)p->sc->period_count + (size_t)period];
}

static void list_site_power(struct pricing *p)
{
    for (int s = 0; s < p->sc->site_count; s++)
        for (int t = 0; t < p->sc->period_count; t++)
            add_price(p, PRICE_SITE_POWER, p->sc->sites[s].id, t, *site_power(p, s, t), "MW",
                (struct priced){s, -1, -1});
}

/* --- Rows */

static void price_site_row(struct pricing *p, const struct row_key *key, int row, double usd)
{
    const struct site *site = &p->sc->sites[key->site];

    if (key->family == ROW_FLOOR) {
        add_price(p, PRICE_FLOOR, site->id, key->period, usd, "rack position",
            (struct priced){key->site, -1, row});
    } else if (key->family == ROW_OPERATING_POWER) {
        add_price(p, PRICE_OPERATING_POWER, site->id, key->period, usd, "MW",
            (struct priced){key->site, -1, row});
        *site_power(p, key->site, key->period) += usd;
    } else {
        add_price(p, PRICE_NAMEPLATE_POWER, site->id, key->period, usd, "MW",
            (struct priced){key->site, -1, row});
        *site_power(p, key->site, key->period) += usd * site->oversubscription;
    }
}

static void price_rule_row(struct pricing *p, const struct row_key *key, int row, double usd)
{
    if (key->family == ROW_BUDGET) {
        const struct budget *budget = &p->sc->budgets[key->budget];

        add_price(p, PRICE_BUDGET, budget->id, -1, usd,
            budget->kind == BUDGET_CARBON ? "tonne" : "USD", (struct priced){key->budget, -1, row});
    } else if (key->family == ROW_LIMIT) {
        add_price(p, PRICE_LIMIT, p->sc->limits[key->limit].id, key->period, usd, "MW",
            (struct priced){key->limit, -1, row});
    } else {
        add_price(p, PRICE_COMMITMENT, p->sc->commitments[key->commitment].id, key->period, usd,
            key->family == ROW_COMMITMENT_POWER ? "MW" : "USD",
            (struct priced){key->commitment, -1, row});
    }
}

static void price_row(struct pricing *p, const struct row_key *key, int row, double usd)
{
    switch (key->family) {
    case ROW_SUPPLY:
        add_price(p, PRICE_SUPPLY, p->sc->offers[key->offer].id, key->period, usd, "system",
            (struct priced){key->offer, -1, row});
        break;
    case ROW_OFFER_MAX:
        add_price(p, PRICE_MAX_SYSTEMS, p->sc->offers[key->offer].id, key->period, usd, "system",
            (struct priced){key->offer, -1, row});
        break;
    case ROW_CAPACITY:
    case ROW_CAPACITY_FIRM:
        add_price(p, PRICE_CAPACITY, capacity_id(p, key), key->period, usd, "system",
            (struct priced){key->site, -1, row});
        break;
    case ROW_OPERATING_POWER:
    case ROW_NAMEPLATE_POWER:
    case ROW_FLOOR:
        price_site_row(p, key, row, usd);
        break;
    case ROW_DEMAND:
        add_set_price(p, key, usd);
        break;
    case ROW_SURVIVE:
        add_price(p, PRICE_SURVIVE, survive_id(p, key), key->period, usd, "unit/hour",
            (struct priced){key->workload, -1, row});
        add_set_price(p, key, usd * p->sc->workloads[key->workload].survive_frac);
        break;
    case ROW_VOLUME:
        *demand_price(p, key->workload, 0, 0) += usd;
        break;
    case ROW_BUDGET:
    case ROW_COMMITMENT_POWER:
    case ROW_COMMITMENT_SPEND:
    case ROW_LIMIT:
        price_rule_row(p, key, row, usd);
        break;
    case ROW_INSTALL:
    case ROW_FLOW:
    case ROW_WORKLOAD_MAX:
    case ROW_KEEP:
    case ROW_SITES_MAX:
    case ROW_AT_SITE:
    case ROW_PORTED:
    case ROW_FAMILY_COUNT:
        break;
    }
}

static void init_pricing(
    struct pricing *p, struct capacity_plan *plan, const struct capacity_model *model)
{
    const struct scenario *sc = plan->scenario;
    size_t rows = 0;

    *p = (struct pricing){.plan = plan, .model = model, .sc = sc};
    p->region_base = mem_zero((size_t)sc->workload_count, sizeof *p->region_base);
    for (int j = 0; j < sc->workload_count; j++) {
        p->region_base[j] = (int)rows;
        rows += sc->workloads[j].region_count > 0 ? (size_t)sc->workloads[j].region_count : 1;
    }
    p->demand = mem_zero(rows * (size_t)sc->period_count, sizeof *p->demand);
    p->site_power = mem_zero(
        (size_t)sc->site_count * (size_t)sc->period_count, sizeof *p->site_power);
}

void capacity_plan_price(struct capacity_plan *plan, const struct capacity_model *model)
{
    struct pricing p;

    init_pricing(&p, plan, model);
    for (int i = 0; i < model->row_count; i++)
        if (row_price(&p, i) != 0)
            price_row(&p, &model->rows[i], i, row_price(&p, i));
    for (int j = 0; j < model->column_count; j++)
        if (model->columns[j].family == COLUMN_UNMET)
            add_unmet_price(&p, j);
    list_demand(&p);
    list_site_power(&p);
    mem_free(p.demand);
    mem_free(p.site_power);
    mem_free(p.region_base);
}
