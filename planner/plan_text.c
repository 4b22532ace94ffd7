#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "planner/conflict.h"
#include "planner/plan_columns.h"
#include "planner/plan_holds.h"
#include "planner/plan_prices.h"
#include "planner/plan_text_private.h"
#include "planner/plan_words.h"
#include "planner/within.h"

#include <math.h>

enum { HOLDS_SHOWN = 12 };

/* "28 quarters", "1 site". */
static void add_count(struct str *out, int count, const char *word)
{
    char text[32];

    str_format(
        out, "%s %s%s", units_count(count, text, sizeof text), word, str_plural(count, "", "s"));
}

static int offered_system_count(const struct scenario *scenario)
{
    int count = 0;

    for (size_t k = 0; k < scenario->catalog.system_count; k++) {
        bool is_offered = false;

        for (int o = 0; o < scenario->offer_count && !is_offered; o++)
            is_offered = scenario->offers[o].system == (int)k;
        count += is_offered;
    }
    return count;
}

static void print_scenario(const struct scenario *scenario, FILE *stream)
{
    struct str line = {0};
    char text[64];

    str_format(&line, "%s   ", scenario->name);
    add_count(&line, scenario->period_count, plan_words_step(scenario));
    str_format(&line, ", %s   ", plan_words_span(scenario, -1, -1, text, sizeof text));
    add_count(&line, scenario->site_count, "site");
    str_add(&line, ", ");
    add_count(&line, offered_system_count(scenario), "system");
    str_add(&line, ", ");
    add_count(&line, scenario->workload_count, "workload");
    (void)fprintf(stream, "%s\n", str_text(&line));
    str_fini(&line);
}

static const char *status_words(
    const struct capacity_plan *plan, const struct plan_text_options *options)
{
    switch (plan->status) {
    case PLAN_OPTIMAL:
        return "optimal in";
    case PLAN_INFEASIBLE:
        return "infeasible after";
    case PLAN_UNBOUNDED:
        return "unbounded after";
    case PLAN_TIME_LIMIT:
        return options->is_interrupted ? "interrupted after" : "ended by the time limit after";
    }
    return "";
}

static void print_solve(
    const struct capacity_plan *plan, const struct plan_text_options *options, FILE *stream)
{
    char rows[32], columns[32], percent[32];
    double seconds = plan->seconds.read + plan->seconds.build + plan->seconds.solve;

    (void)fprintf(stream, "%s %s %s × %s %s, %s %.*f s", plan->size.integers > 0 ? "MIP" : "LP",
        units_count(plan->size.rows, rows, sizeof rows), str_plural(plan->size.rows, "row", "rows"),
        units_count(plan->size.columns, columns, sizeof columns),
        str_plural(plan->size.columns, "column", "columns"), status_words(plan, options),
        seconds < 10 ? 2 : 0, seconds);
    if (plan->has_plan && plan->gap > 0 && isfinite(plan->gap))
        (void)fprintf(stream, "; %s within %s of the bound",
            plan->is_whole ? "whole systems" : "cost",
            units_percent(plan->gap, percent, sizeof percent));
    (void)fprintf(stream, "\n");
}

static bool is_installed(const struct capacity_plan *plan, size_t system)
{
    for (size_t i = 0; i < plan->installed.count; i++)
        if (plan->scenario->offers[plan->installed.rows[i].offer].system == (int)system)
            return true;
    return false;
}

static void print_list(const char *words, const struct str *list, FILE *stream)
{
    if (list->length > 0)
        (void)fprintf(stream, "%s%s\n", words, str_text(list));
}

/* Which of the systems in this plan stand on estimates rather than on a vendor's figures. */
static void print_estimates(const struct capacity_plan *plan, FILE *stream)
{
    const struct catalog *catalog = &plan->scenario->catalog;
    struct str power = {0}, all = {0};
    bool has_trainium = false;

    for (size_t k = 0; k < catalog->system_count; k++) {
        const struct system *system = &catalog->systems[k];
        struct str *list = chip_is_estimate(system->chip, "peak-fp8") ? &all : &power;

        if (!is_installed(plan, k))
            continue;
        has_trainium = has_trainium || str_equal(system->chip->stack, "neuron");
        if (system_is_estimate(system, "power-kw"))
            str_format(list, "%s%s", list->length == 0 ? "" : ", ", system->id);
    }
    print_list("Estimates, not vendors' figures: the power of ", &power, stream);
    print_list("Estimates in all figures: ", &all, stream);
    if (has_trainium)
        (void)fprintf(
            stream, "Prices of Trainium are the scenario's: no contract price of it is public.\n");
    str_fini(&power);
    str_fini(&all);
}

static void print_plan(
    const struct capacity_plan *plan, const struct plan_text_options *options, FILE *stream)
{
    bool all = options->all_periods;

    plan_text_cost(plan, stream);
    plan_text_acquired(plan, all, stream);
    plan_text_in_service(plan, all, stream);
    plan_text_retired(plan, all, stream);
    plan_text_power(plan, all, stream);
    plan_text_runs(plan, all, stream);
    plan_text_unmet(plan, stream);
    plan_text_budgets(plan, stream);
    plan_text_shortfalls(plan, stream);
    plan_holds_print(plan, HOLDS_SHOWN, stream);
    if (plan->within != NULL)
        within_print(plan->within, plan->scenario, stream);
    if (options->with_prices) {
        plan_prices_print(plan, stream);
        plan_not_chosen_print(plan, stream);
    }
    print_estimates(plan, stream);
}

const char *plan_text_refusal(const struct capacity_plan *plan)
{
    if (plan->status == PLAN_INFEASIBLE)
        return "no plan can meet all that is required";
    if (plan->status == PLAN_UNBOUNDED)
        return "the cost can fall without end: a price or a rate in the scenario gives money away";
    return NULL;
}

void plan_text_print(
    const struct capacity_plan *plan, const struct plan_text_options *options, FILE *stream)
{
    const char *refusal = plan_text_refusal(plan);

    print_scenario(plan->scenario, stream);
    print_solve(plan, options, stream);
    (void)fprintf(stream, "\n");
    if (plan->has_plan)
        print_plan(plan, options, stream);
    else if (plan->conflict != NULL)
        conflict_print(plan->conflict, stream);
    else if (refusal != NULL)
        (void)fprintf(stream, "%s: %s.\n", plan->scenario->name, refusal);
    else
        (void)fprintf(stream, "No plan was found by then.\n");
}
