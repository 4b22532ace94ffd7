#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"

#include <math.h>

static const char *const PART_WORDS[COST_PART_COUNT] = {[COST_CAPEX] = "acquire",
    [COST_RENT] = "rent",
    [COST_MAINTENANCE] = "maintain",
    [COST_ENERGY] = "energy",
    [COST_CARBON] = "carbon",
    [COST_UNMET] = "not served",
    [COST_SHORTFALL] = "shortfalls",
    [COST_PORTING] = "porting",
    [COST_SALVAGE] = "salvage"};

/* Salvage goes with what is paid; what is not served is no payment and stands last. */
static const enum cost_part PAID_PARTS[] = {COST_CAPEX, COST_RENT, COST_MAINTENANCE, COST_ENERGY,
    COST_CARBON, COST_SHORTFALL, COST_PORTING, COST_SALVAGE};

/* The unit that all amounts of the table are in, so that they can be compared down the column. */
struct money_scale {
    const char *head;
    double usd;
    int decimals;
};

static struct money_scale choose_scale(const struct capacity_plan *plan)
{
    static const struct money_scale SCALES[] = {{"$ bn", 1e9, 2}, {"$ m", 1e6, 1}, {"$ k", 1e3, 1}};
    double largest = fabs(plan->objective_usd);

    for (int i = 0; i < COST_PART_COUNT; i++)
        largest = fmax(largest, fabs(plan->cost_usd[i]));
    for (size_t i = 0; i < sizeof SCALES / sizeof SCALES[0]; i++)
        if (largest >= 2 * SCALES[i].usd)
            return SCALES[i];
    return (struct money_scale){"$", 1, 0};
}

static void add_amount(struct table *table, const struct capacity_plan *plan,
    const struct money_scale *scale, const char *words, double usd, const char *note)
{
    char text[48];

    table_cell(table, "  %s", words);
    table_cell(table, "%s", str_grouped(usd / scale->usd, scale->decimals, text, sizeof text));
    if (plan->objective_usd > 0)
        table_cell(table, "%s", units_percent(usd / plan->objective_usd, text, sizeof text));
    else
        table_cell(table, "%s", "");
    table_cell(table, "%s", note);
    table_end_row(table);
}

/* "embed, 61 % of it; chat/us from 2026-04, 3 %": the demands that lose most. */
static void describe_unmet(const struct capacity_plan *plan, struct str *out)
{
    enum { SHOWN_COUNT = 2 };
    size_t count;
    struct unmet_demand *list = plan_text_unmet_demands(plan, &count);
    char text[160];

    for (size_t i = 0; i < count && i < SHOWN_COUNT; i++) {
        str_format(out, "%s%s", i == 0 ? "" : "; ",
            plan_words_demand(plan->scenario, list[i].workload, list[i].region, text, sizeof text));
        if (list[i].region >= 0)
            str_format(out, " %s",
                plan_words_when(plan->scenario, list[i].first, list[i].last, text, sizeof text));
        str_format(out, ": %s", units_percent(list[i].share, text, sizeof text));
    }
    if (count > SHOWN_COUNT)
        str_format(out, "; %zu more", count - SHOWN_COUNT);
    mem_free(list);
}

void plan_text_cost(const struct capacity_plan *plan, FILE *stream)
{
    struct money_scale scale = choose_scale(plan);
    const struct table_column columns[] = {{.head = "COST (present value)", .align = TABLE_LEFT},
        {.head = scale.head, .align = TABLE_RIGHT}, {.head = "share", .align = TABLE_RIGHT},
        {.head = "", .align = TABLE_LEFT}};
    struct table *table = table_create(columns, sizeof columns / sizeof columns[0]);
    struct str unmet = {0};
    double paid_usd = 0;

    for (size_t i = 0; i < sizeof PAID_PARTS / sizeof PAID_PARTS[0]; i++) {
        double usd = plan->cost_usd[PAID_PARTS[i]];

        paid_usd += usd;
        if (usd != 0)
            add_amount(table, plan, &scale, PART_WORDS[PAID_PARTS[i]], usd,
                PAID_PARTS[i] == COST_SALVAGE ? "of what outlives the horizon" : "");
    }
    if (plan->cost_usd[COST_UNMET] > 0) {
        add_amount(table, plan, &scale, "paid", paid_usd, "");
        describe_unmet(plan, &unmet);
        add_amount(table, plan, &scale, PART_WORDS[COST_UNMET], plan->cost_usd[COST_UNMET],
            str_text(&unmet));
    }
    add_amount(table, plan, &scale, "total", plan->objective_usd, "");
    table_print(table, 0, stream);
    str_fini(&unmet);
    table_destroy(table);
}
