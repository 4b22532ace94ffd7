#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_columns.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"

#include <math.h>
#include <stdio.h>

enum { YEAR_MONTHS = 12 };

/* Power of one site by period; rows left out of the plan's list are zero. */
struct site_power {
    double *operating_mw, *nameplate_mw, *worth_usd;
};

static void read_site_power(const struct capacity_plan *plan, int site, struct site_power *power)
{
    const char *id = plan->scenario->sites[site].id;

    for (int t = 0; t < plan->scenario->period_count; t++)
        power->operating_mw[t] = power->nameplate_mw[t] = power->worth_usd[t] = 0;
    for (size_t i = 0; i < plan->power.count; i++)
        if (plan->power.rows[i].site == site) {
            power->operating_mw[plan->power.rows[i].period] = plan->power.rows[i].operating_mw;
            power->nameplate_mw[plan->power.rows[i].period] = plan->power.rows[i].nameplate_mw;
        }
    for (size_t i = 0; i < plan->prices.count; i++)
        if (plan->prices.rows[i].kind == PRICE_SITE_POWER && str_equal(plan->prices.rows[i].id, id))
            power->worth_usd[plan->prices.rows[i].period] = plan->prices.rows[i].usd_per_unit;
}

static double limit_mw(const struct scenario *scenario, int site, int period)
{
    return dated_value_at(&scenario->sites[site].power_mw, scenario->periods[period].start, 0);
}

/* The last period from `first` on with the same limit. */
static int end_of_limit(const struct scenario *scenario, int site, int first)
{
    int last = first;

    while (last + 1 < scenario->period_count &&
           limit_mw(scenario, site, last + 1) == limit_mw(scenario, site, first))
        last++;
    return last;
}

static int end_of_year(const struct scenario *scenario, int first)
{
    int last = first;

    while (last + 1 < scenario->period_count && scenario->periods[last + 1].start / YEAR_MONTHS ==
                                                    scenario->periods[first].start / YEAR_MONTHS)
        last++;
    return last;
}

/* Are the steps of the limit few enough to go by them, rather than by calendar years? */
static bool has_few_steps(const struct scenario *scenario, int site)
{
    enum { ALWAYS_FEW = 4 };
    int steps = 0, years = 0;

    for (int t = 0; t < scenario->period_count; t = end_of_limit(scenario, site, t) + 1)
        steps++;
    for (int t = 0; t < scenario->period_count; t = end_of_year(scenario, t) + 1)
        years++;
    return steps <= years || steps <= ALWAYS_FEW;
}

static void add_share(struct table *table, double used, double limit)
{
    char text[32];

    if (limit > 0)
        table_cell(table, "%s", units_percent(used / limit, text, sizeof text));
    else
        table_cell(table, "%s", "-");
}

/* Before there is any power there is nothing to tell. */
static bool is_powered(
    const struct scenario *scenario, int site, const struct site_power *power, int first, int last)
{
    for (int t = first; t <= last; t++)
        if (limit_mw(scenario, site, t) > 0 || power->worth_usd[t] > 0)
            return true;
    return false;
}

/* The period of the highest use stands for the span; its worth is that of one MW in all of it. */
static void add_power_row(struct table *table, const struct scenario *scenario, int site,
    const struct site_power *power, int first, int last)
{
    int peak = first;
    double worth_usd = 0;
    double nameplate_limit;
    char text[64];

    for (int t = first; t <= last; t++) {
        double limit = limit_mw(scenario, site, t), peak_limit = limit_mw(scenario, site, peak);

        worth_usd += power->worth_usd[t];
        if (power->operating_mw[t] * peak_limit >= power->operating_mw[peak] * limit && limit > 0)
            peak = t;
    }
    nameplate_limit = limit_mw(scenario, site, peak) * scenario->sites[site].oversubscription;
    table_cell(table, "  %s", scenario->sites[site].id);
    table_cell(table, "%s", plan_words_span(scenario, first, last, text, sizeof text));
    table_cell(table, "%s", str_grouped(limit_mw(scenario, site, peak), 1, text, sizeof text));
    table_cell(table, "%s", str_grouped(power->operating_mw[peak], 1, text, sizeof text));
    add_share(table, power->operating_mw[peak], limit_mw(scenario, site, peak));
    table_cell(table, "%s", str_grouped(power->nameplate_mw[peak], 1, text, sizeof text));
    add_share(table, power->nameplate_mw[peak], nameplate_limit);
    if (worth_usd > 0)
        table_cell(table, "%s", units_money(worth_usd, text, sizeof text));
    else
        table_cell(table, "%s", "-");
    table_end_row(table);
}

void plan_text_power(const struct capacity_plan *plan, bool all, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "POWER", .align = TABLE_LEFT},
        {.head = "", .align = TABLE_LEFT}, {.head = "limit MW", .align = TABLE_RIGHT},
        {.head = "peak MW", .align = TABLE_RIGHT}, {.head = "used", .align = TABLE_RIGHT},
        {.head = "nameplate MW", .align = TABLE_RIGHT}, {.head = "used", .align = TABLE_RIGHT},
        {.head = "worth of one more MW", .align = TABLE_RIGHT}};
    const struct scenario *scenario = plan->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    size_t period_count = (size_t)scenario->period_count;
    double *memory = mem_zero(3 * period_count, sizeof *memory);
    struct site_power power = {memory, memory + period_count, memory + 2 * period_count};

    for (int s = 0; s < scenario->site_count; s++) {
        bool by_limit = has_few_steps(scenario, s);

        read_site_power(plan, s, &power);
        for (int t = 0, last; t < scenario->period_count; t = last + 1) {
            last = all ? t : by_limit ? end_of_limit(scenario, s, t) : end_of_year(scenario, t);
            if (is_powered(scenario, s, &power, t, last))
                add_power_row(table, scenario, s, &power, t, last);
        }
    }
    table_print(table, 0, stream);
    mem_free(memory);
    table_destroy(table);
}

void plan_text_budgets(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "BUDGETS", .align = TABLE_LEFT},
        {.head = "", .align = TABLE_LEFT}, {.head = "", .align = TABLE_LEFT},
        {.head = "limit", .align = TABLE_RIGHT}, {.head = "used", .align = TABLE_RIGHT},
        {.head = "share", .align = TABLE_RIGHT}};
    const struct scenario *scenario = plan->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char text[64];

    for (size_t i = 0; i < plan->budgets.count; i++) {
        const struct plan_budget *row = &plan->budgets.rows[i];
        const struct budget *budget = &scenario->budgets[row->budget];
        char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];

        table_cell(table, "  %s", budget->id);
        table_cell(table, "%s", BUDGET_KIND_NAMES[budget->kind]);
        table_cell(table, "%s to %s", date_format_month(budget->from, from),
            date_format_month(budget->to - 1, to));
        if (budget->kind == BUDGET_CARBON) {
            table_cell(table, "%s t", str_grouped(row->limit, 0, text, sizeof text));
            table_cell(table, "%s t", str_grouped(row->used, 0, text, sizeof text));
        } else {
            table_cell(table, "%s", units_money(row->limit, text, sizeof text));
            table_cell(table, "%s", units_money(row->used, text, sizeof text));
        }
        add_share(table, row->used, row->limit);
        table_end_row(table);
    }
    if (table_row_count(table) > 0)
        table_print(table, 0, stream);
    table_destroy(table);
}

/* One row a commitment: the most that it lacks, and all that is paid for it. */
void plan_text_shortfalls(const struct capacity_plan *plan, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{.head = "PROMISES MISSED", .align = TABLE_LEFT},
        {.head = "", .align = TABLE_LEFT}, {.head = "lacks at most", .align = TABLE_RIGHT},
        {.head = "paid for it", .align = TABLE_RIGHT}};
    const struct scenario *scenario = plan->scenario;
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);
    char text[64];

    for (int c = 0; c < scenario->commitment_count; c++) {
        int first = -1, last = -1;
        double mw = 0, usd = 0;

        for (size_t i = 0; i < plan->shortfalls.count; i++) {
            const struct plan_shortfall *row = &plan->shortfalls.rows[i];

            if (row->commitment != c)
                continue;
            first = first < 0 ? row->period : first;
            last = row->period;
            mw = fmax(mw, row->mw);
            usd += row->usd;
        }
        if (usd == 0 && mw == 0)
            continue;
        table_cell(table, "  %s", scenario->commitments[c].id);
        table_cell(table, "%s", plan_words_when(scenario, first, last, text, sizeof text));
        if (scenario->commitments[c].kind == COMMITMENT_POWER)
            table_cell(table, "%s MW", str_grouped(mw, 1, text, sizeof text));
        else
            table_cell(table, "%s", units_money(usd, text, sizeof text));
        table_cell(table, "%s", units_money(usd, text, sizeof text));
        table_end_row(table);
    }
    if (table_row_count(table) > 0)
        table_print(table, 0, stream);
    table_destroy(table);
}
