/* What people and contracts ask for, as tables of a report. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "planner/report_table.h"

#include <math.h>

static const char *system_name(const void *things, size_t index)
{
    const struct scenario *scenario = things;

    return scenario->catalog.systems[index].id;
}

static void add_budgets(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "budget", "kind", "provider", "from", "to", "$ or tonnes", NULL};

    report_table_open(w, "Budgets", COLUMNS);
    for (int b = 0; b < scenario->budget_count; b++) {
        const struct budget *budget = &scenario->budgets[b];

        json_open_array(w, NULL);
        json_text(w, NULL, budget->id);
        json_text(w, NULL, BUDGET_KIND_NAMES[budget->kind]);
        json_text(w, NULL, budget->provider == NULL ? "all" : budget->provider);
        report_table_add_month(w, budget->from);
        report_table_add_month(w, budget->to);
        json_number(w, NULL, budget->limit);
        report_table_end_row(w, budget->where);
    }
    report_table_close(w);
}

static void add_commitments(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "commitment", "kind", "of", "from", "to", "MW", "$", "shortfall, $/MW/month", NULL};

    report_table_open(w, "Commitments", COLUMNS);
    for (int c = 0; c < scenario->commitment_count; c++) {
        const struct commitment *commitment = &scenario->commitments[c];
        bool is_power = commitment->kind == COMMITMENT_POWER;

        json_open_array(w, NULL);
        json_text(w, NULL, commitment->id);
        json_text(w, NULL, COMMITMENT_KIND_NAMES[commitment->kind]);
        if (is_power)
            report_table_add_marked(w, commitment->counts_system, scenario->catalog.system_count,
                scenario, system_name);
        else
            json_text(w, NULL, commitment->provider);
        report_table_add_month(w, commitment->from);
        report_table_add_month(w, commitment->to);
        report_table_add_optional(w, is_power ? commitment->mw : 0);
        report_table_add_optional(w, is_power ? 0 : commitment->usd);
        report_table_add_limit(w, is_power ? commitment->shortfall_usd_per_mw_month : NAN);
        report_table_end_row(w, commitment->where);
    }
    report_table_close(w);
}

static void add_shares(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "limit", "attribute", "value", "share at most", "from", "to", NULL};

    report_table_open(w, "Limits of mix", COLUMNS);
    for (int i = 0; i < scenario->limit_count; i++) {
        const struct share_limit *limit = &scenario->limits[i];

        json_open_array(w, NULL);
        json_text(w, NULL, limit->id);
        json_text(w, NULL, limit->attribute);
        json_text(w, NULL, limit->value);
        json_number(w, NULL, limit->max_share);
        report_table_add_month(w, limit->from);
        report_table_add_month(w, limit->to);
        report_table_end_row(w, limit->where);
    }
    report_table_close(w);
}

void plan_report_add_promises(struct json_writer *writer, const struct scenario *scenario)
{
    add_budgets(writer, scenario);
    add_commitments(writer, scenario);
    add_shares(writer, scenario);
}
