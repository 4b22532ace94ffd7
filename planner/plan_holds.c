#include "planner/plan_holds.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A price of one period: whose limit it is, how much of the limit 1 % is, and how many of its units
 * one more unit is in words (one system a month is three a quarter). */
struct priced_limit {
    double percent_units;
    double unit_factor;
};

/* The index of the thing of that id; the plan has no other ids. */
#define FINDER(name, list, count)                                                                  \
    static int find_##name(const struct scenario *scenario, const char *id)                        \
    {                                                                                              \
        int found = -1;                                                                            \
                                                                                                   \
        for (int i = 0; i < scenario->count && found < 0; i++)                                     \
            if (str_equal(scenario->list[i].id, id))                                               \
                found = i;                                                                         \
        assert(found >= 0);                                                                        \
        return found;                                                                              \
    }

FINDER(site, sites, site_count)
FINDER(offer, offers, offer_count)
FINDER(budget, budgets, budget_count)
FINDER(commitment, commitments, commitment_count)
FINDER(limit, limits, limit_count)

static struct priced_limit site_power(const struct capacity_plan *plan, int index, int period)
{
    const struct site *site = &plan->scenario->sites[index];
    double mw = dated_value_at(&site->power_mw, plan->scenario->periods[period].start, 0);

    return (struct priced_limit){.percent_units = mw / 100, .unit_factor = 1};
}

static struct priced_limit supply(const struct capacity_plan *plan, int index, int period)
{
    const struct period *p = &plan->scenario->periods[period];

    return (struct priced_limit){
        .percent_units = offer_supply(&plan->scenario->offers[index], p) / 100,
        .unit_factor = p->month_count};
}

static struct priced_limit max_systems(const struct capacity_plan *plan, int index, int period)
{
    (void)period;
    return (struct priced_limit){
        .percent_units = plan->scenario->offers[index].max_systems / 100, .unit_factor = 1};
}

static struct priced_limit floor_positions(const struct capacity_plan *plan, int index, int period)
{
    const struct scenario *scenario = plan->scenario;

    return (struct priced_limit){.percent_units = site_rack_positions_at(&scenario->sites[index],
                                                      scenario->periods[period].start) /
                                                  100,
        .unit_factor = 1};
}

static struct priced_limit budget(const struct capacity_plan *plan, int index, int period)
{
    (void)period;
    return (struct priced_limit){
        .percent_units = plan->scenario->budgets[index].limit / 100, .unit_factor = 1};
}

static struct priced_limit commitment(const struct capacity_plan *plan, int index, int period)
{
    const struct commitment *c = &plan->scenario->commitments[index];

    (void)period;
    return (struct priced_limit){
        .percent_units = (c->kind == COMMITMENT_POWER ? c->mw : c->usd) / 100, .unit_factor = 1};
}

/* One percentage point of share: 1 % of the nameplate of all that stands then. */
static struct priced_limit share(const struct capacity_plan *plan, int index, int period)
{
    double kw = 0;

    (void)index;
    for (size_t i = 0; i < plan->installed.count; i++)
        if (plan->installed.rows[i].period == period)
            kw += plan->installed.rows[i].nameplate_kw;
    return (struct priced_limit){
        .percent_units = kw / UNITS_KW_PER_MW / 100, .unit_factor = kw / UNITS_KW_PER_MW / 100};
}

/* The limits that someone sets, and how they are told. */
struct hold_kind {
    enum price_kind kind;
    const char *what; /* before the id */
    const char *unit;
    int (*find)(const struct scenario *scenario, const char *id);
    struct priced_limit (*at)(const struct capacity_plan *plan, int index, int period);
};

static const struct hold_kind KINDS[] = {
    {PRICE_SITE_POWER, "power at ", "one more MW", find_site, site_power},
    {PRICE_SUPPLY, "supply of ", "one more a month", find_offer, supply},
    {PRICE_MAX_SYSTEMS, "max-systems of ", "one more", find_offer, max_systems},
    {PRICE_FLOOR, "floor at ", "one more rack", find_site, floor_positions},
    {PRICE_BUDGET, "budget ", "one more dollar", find_budget, budget},
    {PRICE_COMMITMENT, "commitment ", "one MW less", find_commitment, commitment},
    {PRICE_LIMIT, "limit ", "a point more", find_limit, share},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static const struct hold_kind *find_kind(enum price_kind kind)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (KINDS[i].kind == kind)
            return &KINDS[i];
    return NULL;
}

/* Dollars and tonnes are units of budgets, dollars and MW of commitments. */
static const char *unit_of(const struct scenario *scenario, const struct hold_kind *kind, int index)
{
    if (kind->kind == PRICE_BUDGET && scenario->budgets[index].kind == BUDGET_CARBON)
        return "one more tonne";
    if (kind->kind == PRICE_COMMITMENT && scenario->commitments[index].kind == COMMITMENT_SPEND)
        return "one dollar less";
    return kind->unit;
}

bool plan_holds_units(const struct capacity_plan *plan, enum price_kind kind, int thing, int period,
    double *unit, double *percent)
{
    const struct hold_kind *found = find_kind(kind);
    struct priced_limit limit;

    if (found == NULL)
        return false;
    limit = found->at(plan, thing, period);
    *unit = limit.unit_factor;
    *percent = limit.percent_units;
    return true;
}

/* How far the limit may move with its prices as they are; NULL: not known. */
static const struct plan_hold_range *find_range(
    const struct capacity_plan *plan, enum price_kind kind, int thing)
{
    for (size_t i = 0; i < plan->hold_ranges.count; i++)
        if (plan->hold_ranges.rows[i].kind == kind && plan->hold_ranges.rows[i].thing == thing)
            return &plan->hold_ranges.rows[i];
    return NULL;
}

static struct plan_hold *find_hold(
    struct plan_hold *holds, size_t count, const struct plan_price *price)
{
    for (size_t i = count; i > 0; i--)
        if (holds[i - 1].kind == price->kind && str_equal(holds[i - 1].id, price->id))
            return &holds[i - 1];
    return NULL;
}

static void add_price(const struct capacity_plan *plan, const struct hold_kind *kind,
    struct plan_hold *hold, const struct plan_price *price)
{
    int index = kind->find(plan->scenario, price->id);
    struct priced_limit limit = kind->at(plan, index, price->period);
    double usd = fabs(price->usd_per_unit);

    hold->unit_usd += usd * limit.unit_factor;
    if (isfinite(limit.percent_units))
        hold->percent_usd += usd * limit.percent_units;
    if (hold->period_count == 0 || price->period < hold->first)
        hold->first = price->period;
    if (hold->period_count == 0 || price->period > hold->last)
        hold->last = price->period;
    hold->period_count++;
}

static bool is_tried(const struct plan_hold *hold)
{
    return hold->range != NULL && hold->range->is_tried;
}

static int compare_holds(const void *a, const void *b)
{
    const struct plan_hold *x = a, *y = b;

    if (x->percent_usd != y->percent_usd)
        return x->percent_usd < y->percent_usd ? 1 : -1;
    if (x->unit_usd != y->unit_usd)
        return x->unit_usd < y->unit_usd ? 1 : -1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->id, y->id);
}

size_t plan_holds_rank(
    const struct capacity_plan *plan, struct arena *arena, struct plan_hold **out)
{
    struct plan_hold *holds = arena_zero(arena, plan->prices.count, sizeof *holds);
    size_t count = 0;

    for (size_t i = 0; i < plan->prices.count; i++) {
        const struct plan_price *price = &plan->prices.rows[i];
        const struct hold_kind *kind = find_kind(price->kind);
        struct plan_hold *hold;

        if (kind == NULL || price->usd_per_unit == 0)
            continue;
        hold = find_hold(holds, count, price);
        if (hold == NULL) {
            hold = &holds[count++];
            hold->kind = price->kind;
            hold->what = kind->what;
            hold->id = price->id;
            hold->thing = price->thing;
            hold->unit = unit_of(plan->scenario, kind, kind->find(plan->scenario, price->id));
            hold->range = find_range(plan, price->kind, price->thing);
        }
        add_price(plan, kind, hold, price);
    }
    for (size_t i = 0; i < count; i++)
        if (is_tried(&holds[i]))
            holds[i].percent_usd = holds[i].range->percent_usd;
    qsort(holds, count, sizeof *holds, compare_holds);
    *out = holds;
    return count;
}

/* With three decimals less is nothing. */
#define UNITS_SEEN 5e-4

/* How many units save so much, each of them. Promises hold back by being large. */
static void add_range(const struct plan_hold *hold, struct str *out)
{
    double units;
    char text[48];

    if (hold->range == NULL)
        return;
    units = hold->kind == PRICE_COMMITMENT ? hold->range->less : hold->range->more;
    if (isnan(units))
        return;
    if (units < UNITS_SEEN)
        str_add(out, ", and each further one less");
    else if (isfinite(units))
        str_format(out, ", for up to %s",
            str_grouped(units,
                units >= 100 ? 0
                : units >= 1 ? 1
                             : 3,
                text, sizeof text));
}

void plan_holds_words(
    const struct scenario *scenario, const struct plan_hold *hold, struct str *out)
{
    bool has_gaps = hold->period_count < hold->last - hold->first + 1;
    char buffer[64];

    str_format(out, "%s%s", hold->what, hold->id);
    if (hold->first >= 0)
        str_format(out, ", %s%s", has_gaps ? "at times " : "",
            plan_words_when(scenario, hold->first, hold->last, buffer, sizeof buffer));
    str_format(
        out, ": %s saves %s", hold->unit, units_money(hold->unit_usd, buffer, sizeof buffer));
    add_range(hold, out);
}

void plan_holds_print(const struct capacity_plan *plan, size_t count, FILE *stream)
{
    static const struct table_column COLUMNS[] = {
        {.head = "WHAT HOLDS THE PLAN BACK", .align = TABLE_LEFT},
        {.head = "1 % saves", .align = TABLE_RIGHT}};
    struct arena *arena = arena_create();
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    struct plan_hold *holds;
    size_t hold_count = plan_holds_rank(plan, arena, &holds);
    struct str words = {0};
    char money[48];

    for (size_t i = 0; i < hold_count && i < count; i++) {
        str_clear(&words);
        plan_holds_words(plan->scenario, &holds[i], &words);
        table_cell(table, "  %2zu  %s", i + 1, str_text(&words));
        table_cell(table, "%s%s", is_tried(&holds[i]) ? "" : "at most ",
            units_money(holds[i].percent_usd, money, sizeof money));
        table_end_row(table);
    }
    if (hold_count > 0)
        table_print(table, 0, stream);
    if (hold_count > count)
        (void)fprintf(stream, "      and %zu more, all in --json\n", hold_count - count);
    str_fini(&words);
    table_destroy(table);
    arena_destroy(arena);
}
