/* What the scenario says, as tables: one row a thing or a dated value, with its line. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "base/str.h"
#include "planner/report_table.h"

#include <math.h>

static const char *site_name(const void *things, size_t index)
{
    const struct scenario *scenario = things;

    return scenario->sites[index].id;
}

static void add_sites_of(struct json_writer *w, const struct scenario *scenario, const bool *marks)
{
    report_table_add_marked(w, marks, (size_t)scenario->site_count, scenario, site_name);
}

static void add_dated_rows(
    struct json_writer *w, const char *id, const char *what, const struct dated *dated)
{
    for (size_t i = 0; i < dated->count; i++) {
        json_open_array(w, NULL);
        json_text(w, NULL, id);
        json_text(w, NULL, what);
        report_table_add_month(w, dated->rows[i].from);
        report_table_add_month(w, dated->rows[i].to);
        json_number(w, NULL, dated->rows[i].value);
        report_table_end_row(w, dated->rows[i].where);
    }
}

/* --- The scenario's things */

static void add_horizon(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"start", "end (exclusive)", "step, months",
        "discount rate", "salvage", "carbon, $/t", NULL};
    const struct horizon *horizon = &scenario->horizon;

    report_table_open(w, "Horizon", COLUMNS);
    json_open_array(w, NULL);
    report_table_add_month(w, horizon->start);
    report_table_add_month(w, horizon->end);
    json_count(w, NULL, horizon->step_months);
    json_number(w, NULL, horizon->discount_rate);
    json_text(w, NULL, horizon->has_salvage ? "straight-line" : "none");
    json_number(w, NULL, horizon->carbon_usd_per_tonne);
    report_table_end_row(w, horizon->where);
    report_table_close(w);
}

static void add_sites(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "site", "region", "jurisdiction", "PUE", "oversubscription", "rack positions", NULL};

    report_table_open(w, "Sites", COLUMNS);
    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];

        json_open_array(w, NULL);
        json_text(w, NULL, site->id);
        json_text(w, NULL, site->region);
        json_text(w, NULL, site->jurisdiction);
        json_number(w, NULL, site->pue);
        json_number(w, NULL, site->oversubscription);
        report_table_add_limit(w, site->rack_positions);
        report_table_end_row(w, site->where);
    }
    report_table_close(w);
}

static void add_site_rows(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"site", "what", "from", "to", "value", NULL};

    report_table_open(w, "Sites over time", COLUMNS);
    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];

        add_dated_rows(w, site->id, "power, MW", &site->power_mw);
        add_dated_rows(w, site->id, "rack positions", &site->rack_positions_dated);
        add_dated_rows(w, site->id, "energy, $/MWh", &site->energy_usd_per_mwh);
        add_dated_rows(w, site->id, "carbon, kg/MWh", &site->energy_kg_co2_per_mwh);
    }
    report_table_close(w);
}

static void add_offers(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"offer", "system", "provider", "kind", "sites",
        "term, months", "capex, $", "upkeep, $/year", "rent, $/hour", "from", "to", "lead, months",
        "at most", "spot", NULL};

    report_table_open(w, "Offers", COLUMNS);
    for (int o = 0; o < scenario->offer_count; o++) {
        const struct offer *offer = &scenario->offers[o];

        json_open_array(w, NULL);
        json_text(w, NULL, offer->id);
        json_text(w, NULL, scenario->catalog.systems[offer->system].id);
        json_text(w, NULL, offer->provider);
        json_text(w, NULL, OFFER_KIND_NAMES[offer->kind]);
        add_sites_of(w, scenario, offer->is_at_site);
        report_table_add_optional(w, offer->term_months);
        report_table_add_optional(w, offer->capex_usd);
        report_table_add_optional(w, offer->opex_usd_per_year);
        report_table_add_optional(w, offer->usd_per_system_hour);
        report_table_add_month(w, offer->from);
        report_table_add_month(w, offer->to);
        report_table_add_optional(w, offer->lead_months);
        report_table_add_limit(w, offer->max_systems);
        json_text(w, NULL, offer->is_interruptible ? "yes" : "");
        report_table_end_row(w, offer->where);
    }
    report_table_close(w);
}

static void add_offer_rows(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"offer", "what", "from", "to", "systems", NULL};

    report_table_open(w, "Supply, and systems that stand already", COLUMNS);
    for (int o = 0; o < scenario->offer_count; o++) {
        const struct offer *offer = &scenario->offers[o];

        add_dated_rows(w, offer->id, "supply a month", &offer->supply_per_month);
        for (int e = 0; e < offer->existing_count; e++) {
            const struct existing *existing = &offer->existing[e];
            struct str what = {0};

            str_format(&what, "existing at %s", scenario->sites[existing->site].id);
            json_open_array(w, NULL);
            json_text(w, NULL, offer->id);
            json_text(w, NULL, str_text(&what));
            report_table_add_month(w, existing->acquired);
            json_text(w, NULL, "");
            json_number(w, NULL, existing->count);
            report_table_end_row(w, existing->where);
            str_fini(&what);
        }
    }
    report_table_close(w);
}

static void add_workloads(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "kind", "value, $/unit", "required",
        "interruptible", "power fraction", "load factor", "survives", "volume, units",
        "at most, systems", "sites at most", "start", "end", "sites", NULL};

    report_table_open(w, "Workloads", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++) {
        const struct workload *workload = &scenario->workloads[j];
        bool is_served = workload->kind == WORKLOAD_INFERENCE;

        json_open_array(w, NULL);
        json_text(w, NULL, workload->id);
        json_text(w, NULL, WORKLOAD_KIND_NAMES[workload->kind]);
        json_number(w, NULL, workload->value_usd_per_unit);
        json_text(w, NULL, workload->is_required ? "yes" : "no");
        json_text(w, NULL, workload->is_interruptible ? "yes" : "no");
        json_number(w, NULL, workload->power_frac);
        json_number(w, NULL, workload->load_factor);
        report_table_add_optional(w, workload->survive_frac);
        report_table_add_optional(w, workload->volume_units);
        report_table_add_limit(w, workload->max_systems);
        report_table_add_optional(w, workload->sites_max);
        report_table_add_month(w, is_served ? DATE_MONTH_NONE : workload->start);
        report_table_add_month(w, is_served ? DATE_MONTH_NONE : workload->end);
        add_sites_of(w, scenario, workload->may_use);
        report_table_end_row(w, workload->where);
    }
    report_table_close(w);
}

static void add_demand(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "workload", "region", "from", "to", "units/hour at peak", NULL};

    report_table_open(w, "Demand", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++)
        for (int g = 0; g < scenario->workloads[j].region_count; g++) {
            const struct region_demand *region = &scenario->workloads[j].regions[g];

            add_dated_rows(w, scenario->workloads[j].id,
                region->region == NULL ? "" : region->region, &region->units_per_hour);
        }
    report_table_close(w);
}

static void add_models(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "active params", "total params", "precision",
        "KV bytes/token", "context", "chips a replica", "ms/token at most", "input/output tokens",
        NULL};

    report_table_open(w, "Models, from which rates are derived", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++) {
        const struct model_shape *model = scenario->workloads[j].model;

        if (model == NULL)
            continue;
        json_open_array(w, NULL);
        json_text(w, NULL, scenario->workloads[j].id);
        json_number(w, NULL, model->active_params);
        report_table_add_optional(w, model->total_params);
        json_text(w, NULL, PRECISION_NAMES[model->precision]);
        report_table_add_optional(w, model->kv_bytes_per_token);
        report_table_add_optional(w, model->context_tokens);
        report_table_add_optional(w, model->chips);
        report_table_add_limit(w, model->max_tpot_ms);
        report_table_add_optional(w, model->input_tokens_per_output);
        report_table_end_row(w, model->where);
    }
    report_table_close(w);
}

static void add_portings(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "stack", "$", NULL};

    report_table_open(w, "Porting", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++)
        for (int p = 0; p < scenario->workloads[j].porting_count; p++) {
            const struct porting *porting = &scenario->workloads[j].portings[p];

            json_open_array(w, NULL);
            json_text(w, NULL, scenario->workloads[j].id);
            json_text(w, NULL, porting->stack);
            json_number(w, NULL, porting->usd);
            report_table_end_row(w, porting->where);
        }
    report_table_close(w);
}

void plan_report_add_inputs(struct json_writer *writer, const struct scenario *scenario)
{
    json_open_array(writer, "inputs");
    add_horizon(writer, scenario);
    add_sites(writer, scenario);
    add_site_rows(writer, scenario);
    add_offers(writer, scenario);
    add_offer_rows(writer, scenario);
    add_workloads(writer, scenario);
    add_demand(writer, scenario);
    add_models(writer, scenario);
    add_portings(writer, scenario);
    plan_report_add_promises(writer, scenario);
    plan_report_add_future_rows(writer, scenario);
    json_close(writer);
}
