/* Limits of a plan: what holds it back, budgets, promises that are not kept, and all prices. */
#include "planner/plan_report_private.h"

#include "base/date.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/plan_holds.h"
#include "planner/plan_prices.h"
#include "planner/plan_words.h"

#include <math.h>

enum { HOLDS_SHOWN = 30, SPAN_SIZE = 64 };

static void add_holds(struct json_writer *w, const struct capacity_plan *plan)
{
    struct arena *arena = arena_create();
    struct plan_hold *holds;
    size_t count = plan_holds_rank(plan, arena, &holds);
    struct str words = {0};

    json_open_array(w, "holds");
    for (size_t i = 0; i < count && i < HOLDS_SHOWN; i++) {
        str_clear(&words);
        plan_holds_words(plan->scenario, &holds[i], &words);
        json_open_object(w, NULL);
        json_text(w, "words", str_text(&words));
        json_number(w, "percent_usd", holds[i].percent_usd);
        json_bool(w, "is_tried", holds[i].range != NULL && holds[i].range->is_tried);
        json_close(w);
    }
    json_close(w);
    json_count(w, "hold_count", (int64_t)count);
    str_fini(&words);
    arena_destroy(arena);
}

static void add_budgets(struct json_writer *w, const struct capacity_plan *plan)
{
    json_open_array(w, "budgets");
    for (size_t i = 0; i < plan->budgets.count; i++) {
        const struct plan_budget *row = &plan->budgets.rows[i];
        const struct budget *budget = &plan->scenario->budgets[row->budget];
        double price = 0;

        for (size_t p = 0; p < plan->prices.count; p++)
            if (plan->prices.rows[p].kind == PRICE_BUDGET &&
                str_equal(plan->prices.rows[p].id, budget->id))
                price += plan->prices.rows[p].usd_per_unit;
        json_open_object(w, NULL);
        json_text(w, "id", budget->id);
        json_text(w, "unit", budget->kind == BUDGET_CARBON ? "t CO2" : "USD");
        json_number(w, "used", row->used);
        json_number(w, "limit", row->limit);
        json_number(w, "usd_per_unit", price);
        json_close(w);
    }
    json_close(w);
}

static void add_shortfalls(struct json_writer *w, const struct capacity_plan *plan)
{
    char span[SPAN_SIZE];

    json_open_array(w, "shortfalls");
    for (size_t i = 0; i < plan->shortfalls.count; i++) {
        const struct plan_shortfall *row = &plan->shortfalls.rows[i];
        const struct commitment *commitment = &plan->scenario->commitments[row->commitment];

        json_open_object(w, NULL);
        json_text(w, "commitment", commitment->id);
        json_text(w, "when",
            plan_words_span(plan->scenario, row->period, row->period, span, sizeof span));
        json_number(w, "mw", commitment->kind == COMMITMENT_POWER ? row->mw : NAN);
        json_number(w, "usd", row->usd);
        json_close(w);
    }
    json_close(w);
}

/* Prices of one limit over the periods. */
struct price_span {
    const struct plan_price *first;   /* borrowed */
    const struct plan_price *dearest; /* borrowed */
    int from, to;
    int count;
    double least_usd, most_usd;
};

/* Rows of one limit mostly follow each other. */
static struct price_span *find_span(
    struct price_span *spans, size_t count, const struct plan_price *price)
{
    for (size_t i = count; i > 0; i--)
        if (spans[i - 1].first->kind == price->kind && str_equal(spans[i - 1].first->id, price->id))
            return &spans[i - 1];
    return NULL;
}

static size_t sum_up_prices(const struct capacity_plan *plan, struct price_span *spans)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->prices.count; i++) {
        const struct plan_price *price = &plan->prices.rows[i];
        struct price_span *span = find_span(spans, count, price);

        if (span == NULL) {
            span = &spans[count++];
            *span = (struct price_span){price, price, price->period, price->period, 0,
                price->usd_per_unit, price->usd_per_unit};
        }
        span->from = price->period < span->from ? price->period : span->from;
        span->to = price->period > span->to ? price->period : span->to;
        span->least_usd = fmin(span->least_usd, price->usd_per_unit);
        span->most_usd = fmax(span->most_usd, price->usd_per_unit);
        if (fabs(price->usd_per_unit) > fabs(span->dearest->usd_per_unit))
            span->dearest = price;
        span->count++;
    }
    return count;
}

/* Where the dearest of the prices holds; nothing is added where that is not known. */
static void add_range(
    struct json_writer *w, const struct scenario *scenario, const struct plan_price *price)
{
    char words[SPAN_SIZE];

    if (!price->range.is_known)
        return;
    json_text(w, "dearest_when",
        plan_words_span(scenario, price->period, price->period, words, sizeof words));
    json_number(w, "limit", price->range.limit);
    json_number(w, "holds_from", price->range.from);
    json_number(w, "holds_to", price->range.to);
}

static void add_prices(struct json_writer *w, const struct capacity_plan *plan)
{
    struct price_span *spans = mem_zero(plan->prices.count, sizeof *spans);
    size_t count = sum_up_prices(plan, spans);
    char words[SPAN_SIZE];

    json_open_array(w, "prices");
    for (size_t i = 0; i < count; i++) {
        const struct price_span *span = &spans[i];

        json_open_object(w, NULL);
        json_text(w, "constraint", PRICE_KIND_NAMES[span->first->kind]);
        json_text(w, "id", span->first->id);
        json_text(w, "unit", span->first->unit);
        json_text(
            w, "when", plan_words_span(plan->scenario, span->from, span->to, words, sizeof words));
        json_count(w, "periods", span->count);
        json_number(w, "least_usd", span->least_usd);
        json_number(w, "most_usd", span->most_usd);
        add_range(w, plan->scenario, span->dearest);
        json_close(w);
    }
    json_close(w);
    mem_free(spans);
}

/* Each offer and site without an acquisition: what it would take. */
static void add_not_chosen(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    char words[SPAN_SIZE];

    json_open_array(w, "not_chosen");
    for (size_t i = 0; i < plan->not_chosen.count; i++) {
        const struct plan_not_chosen *row = &plan->not_chosen.rows[i];
        const struct offer *offer = &scenario->offers[row->offer];

        json_open_object(w, NULL);
        json_text(w, "system", scenario->catalog.systems[offer->system].id);
        json_text(w, "site", scenario->sites[row->site].id);
        json_text(w, "offer", offer->id);
        json_text(w, "when",
            row->period < 0 ? NULL
                            : date_format_month(scenario->periods[row->period].start, words));
        json_number(w, "price_usd", row->price_usd);
        json_number(w, "usd_above", row->usd_above);
        json_text(w, "words", plan_not_chosen_words(row, words, sizeof words));
        json_close(w);
    }
    json_close(w);
}

void plan_report_add_limits(struct json_writer *writer, const struct capacity_plan *plan)
{
    add_holds(writer, plan);
    add_budgets(writer, plan);
    add_shortfalls(writer, plan);
    add_prices(writer, plan);
    add_not_chosen(writer, plan);
}
