/* What the scenario says, as tables: one row a thing or a dated value, with its line. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "base/str.h"

#include <math.h>

/* --- Tables */

static void open_table(struct json_writer *w, const char *title, const char *const *columns)
{
    json_open_object(w, NULL);
    json_text(w, "title", title);
    json_open_array(w, "columns");
    for (; *columns != NULL; columns++)
        json_text(w, NULL, *columns);
    json_text(w, NULL, "source");
    json_close(w);
    json_open_array(w, "rows");
}

static void close_table(struct json_writer *w)
{
    json_close(w);
    json_close(w);
}

/* The last cell of a row: where it stands. */
static void end_row(struct json_writer *w, struct where where)
{
    struct str place = {0};

    str_format(&place, "%s:%ld", where.file, where.line);
    json_text(w, NULL, str_text(&place));
    json_close(w);
    str_fini(&place);
}

/* Empty where a limit is none. */
static void add_limit(struct json_writer *w, double limit)
{
    if (isfinite(limit))
        json_number(w, NULL, limit);
    else
        json_text(w, NULL, "");
}

/* Empty where it is 0, which means that it was not given. */
static void add_optional(struct json_writer *w, double number)
{
    if (number != 0)
        json_number(w, NULL, number);
    else
        json_text(w, NULL, "");
}

static void add_month(struct json_writer *w, date_month month)
{
    char text[DATE_TEXT_SIZE];

    json_text(w, NULL, month == DATE_MONTH_NONE ? "" : date_format_month(month, text));
}

/* Names of the things that a mask marks; "any" where it marks all. */
static void add_marked(struct json_writer *w, const bool *marks, size_t count, const void *things,
    const char *(*name)(const void *things, size_t index))
{
    struct str text = {0};
    bool are_all = true;

    for (size_t i = 0; i < count; i++)
        are_all = are_all && marks[i];
    for (size_t i = 0; !are_all && i < count; i++)
        if (marks[i])
            str_format(&text, "%s%s", text.length > 0 ? " " : "", name(things, i));
    json_text(w, NULL, are_all ? "any" : str_text(&text));
    str_fini(&text);
}

static const char *site_name(const void *things, size_t index)
{
    const struct scenario *scenario = things;

    return scenario->sites[index].id;
}

static const char *system_name(const void *things, size_t index)
{
    const struct scenario *scenario = things;

    return scenario->catalog.systems[index].id;
}

static void add_sites_of(struct json_writer *w, const struct scenario *scenario, const bool *marks)
{
    add_marked(w, marks, (size_t)scenario->site_count, scenario, site_name);
}

static void add_dated_rows(
    struct json_writer *w, const char *id, const char *what, const struct dated *dated)
{
    for (size_t i = 0; i < dated->count; i++) {
        json_open_array(w, NULL);
        json_text(w, NULL, id);
        json_text(w, NULL, what);
        add_month(w, dated->rows[i].from);
        add_month(w, dated->rows[i].to);
        json_number(w, NULL, dated->rows[i].value);
        end_row(w, dated->rows[i].where);
    }
}

/* --- The scenario's things */

static void add_horizon(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"start", "end (exclusive)", "step, months",
        "discount rate", "salvage", "carbon, $/t", NULL};
    const struct horizon *horizon = &scenario->horizon;

    open_table(w, "Horizon", COLUMNS);
    json_open_array(w, NULL);
    add_month(w, horizon->start);
    add_month(w, horizon->end);
    json_count(w, NULL, horizon->step_months);
    json_number(w, NULL, horizon->discount_rate);
    json_text(w, NULL, horizon->has_salvage ? "straight-line" : "none");
    json_number(w, NULL, horizon->carbon_usd_per_tonne);
    end_row(w, horizon->where);
    close_table(w);
}

static void add_sites(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "site", "region", "jurisdiction", "PUE", "oversubscription", "rack positions", NULL};

    open_table(w, "Sites", COLUMNS);
    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];

        json_open_array(w, NULL);
        json_text(w, NULL, site->id);
        json_text(w, NULL, site->region);
        json_text(w, NULL, site->jurisdiction);
        json_number(w, NULL, site->pue);
        json_number(w, NULL, site->oversubscription);
        add_limit(w, site->rack_positions);
        end_row(w, site->where);
    }
    close_table(w);
}

static void add_site_rows(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"site", "what", "from", "to", "value", NULL};

    open_table(w, "Sites over time", COLUMNS);
    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];

        add_dated_rows(w, site->id, "power, MW", &site->power_mw);
        add_dated_rows(w, site->id, "rack positions", &site->rack_positions_dated);
        add_dated_rows(w, site->id, "energy, $/MWh", &site->energy_usd_per_mwh);
        add_dated_rows(w, site->id, "carbon, kg/MWh", &site->energy_kg_co2_per_mwh);
    }
    close_table(w);
}

static void add_offers(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"offer", "system", "provider", "kind", "sites",
        "term, months", "capex, $", "upkeep, $/year", "rent, $/hour", "from", "to", "lead, months",
        "at most", "spot", NULL};

    open_table(w, "Offers", COLUMNS);
    for (int o = 0; o < scenario->offer_count; o++) {
        const struct offer *offer = &scenario->offers[o];

        json_open_array(w, NULL);
        json_text(w, NULL, offer->id);
        json_text(w, NULL, scenario->catalog.systems[offer->system].id);
        json_text(w, NULL, offer->provider);
        json_text(w, NULL, OFFER_KIND_NAMES[offer->kind]);
        add_sites_of(w, scenario, offer->is_at_site);
        add_optional(w, offer->term_months);
        add_optional(w, offer->capex_usd);
        add_optional(w, offer->opex_usd_per_year);
        add_optional(w, offer->usd_per_system_hour);
        add_month(w, offer->from);
        add_month(w, offer->to);
        add_optional(w, offer->lead_months);
        add_limit(w, offer->max_systems);
        json_text(w, NULL, offer->is_interruptible ? "yes" : "");
        end_row(w, offer->where);
    }
    close_table(w);
}

static void add_offer_rows(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"offer", "what", "from", "to", "systems", NULL};

    open_table(w, "Supply, and systems that stand already", COLUMNS);
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
            add_month(w, existing->acquired);
            json_text(w, NULL, "");
            json_number(w, NULL, existing->count);
            end_row(w, existing->where);
            str_fini(&what);
        }
    }
    close_table(w);
}

static void add_workloads(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "kind", "value, $/unit", "required",
        "interruptible", "power fraction", "load factor", "survives", "volume, units",
        "at most, systems", "sites at most", "start", "end", "sites", NULL};

    open_table(w, "Workloads", COLUMNS);
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
        add_optional(w, workload->survive_frac);
        add_optional(w, workload->volume_units);
        add_limit(w, workload->max_systems);
        add_optional(w, workload->sites_max);
        add_month(w, is_served ? DATE_MONTH_NONE : workload->start);
        add_month(w, is_served ? DATE_MONTH_NONE : workload->end);
        add_sites_of(w, scenario, workload->may_use);
        end_row(w, workload->where);
    }
    close_table(w);
}

static void add_demand(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "workload", "region", "from", "to", "units/hour at peak", NULL};

    open_table(w, "Demand", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++)
        for (int g = 0; g < scenario->workloads[j].region_count; g++) {
            const struct region_demand *region = &scenario->workloads[j].regions[g];

            add_dated_rows(w, scenario->workloads[j].id,
                region->region == NULL ? "" : region->region, &region->units_per_hour);
        }
    close_table(w);
}

static void add_models(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "active params", "total params", "precision",
        "KV bytes/token", "context", "chips a replica", "ms/token at most", "input/output tokens",
        NULL};

    open_table(w, "Models, from which rates are derived", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++) {
        const struct model_shape *model = scenario->workloads[j].model;

        if (model == NULL)
            continue;
        json_open_array(w, NULL);
        json_text(w, NULL, scenario->workloads[j].id);
        json_number(w, NULL, model->active_params);
        add_optional(w, model->total_params);
        json_text(w, NULL, PRECISION_NAMES[model->precision]);
        add_optional(w, model->kv_bytes_per_token);
        add_optional(w, model->context_tokens);
        add_optional(w, model->chips);
        add_limit(w, model->max_tpot_ms);
        add_optional(w, model->input_tokens_per_output);
        end_row(w, model->where);
    }
    close_table(w);
}

static void add_portings(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {"workload", "stack", "$", NULL};

    open_table(w, "Porting", COLUMNS);
    for (int j = 0; j < scenario->workload_count; j++)
        for (int p = 0; p < scenario->workloads[j].porting_count; p++) {
            const struct porting *porting = &scenario->workloads[j].portings[p];

            json_open_array(w, NULL);
            json_text(w, NULL, scenario->workloads[j].id);
            json_text(w, NULL, porting->stack);
            json_number(w, NULL, porting->usd);
            end_row(w, porting->where);
        }
    close_table(w);
}

/* --- Limits of people and contracts */

static void add_budgets(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "budget", "kind", "provider", "from", "to", "$ or tonnes", NULL};

    open_table(w, "Budgets", COLUMNS);
    for (int b = 0; b < scenario->budget_count; b++) {
        const struct budget *budget = &scenario->budgets[b];

        json_open_array(w, NULL);
        json_text(w, NULL, budget->id);
        json_text(w, NULL, BUDGET_KIND_NAMES[budget->kind]);
        json_text(w, NULL, budget->provider == NULL ? "all" : budget->provider);
        add_month(w, budget->from);
        add_month(w, budget->to);
        json_number(w, NULL, budget->limit);
        end_row(w, budget->where);
    }
    close_table(w);
}

static void add_commitments(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "commitment", "kind", "of", "from", "to", "MW", "$", "shortfall, $/MW/month", NULL};

    open_table(w, "Commitments", COLUMNS);
    for (int c = 0; c < scenario->commitment_count; c++) {
        const struct commitment *commitment = &scenario->commitments[c];
        bool is_power = commitment->kind == COMMITMENT_POWER;

        json_open_array(w, NULL);
        json_text(w, NULL, commitment->id);
        json_text(w, NULL, COMMITMENT_KIND_NAMES[commitment->kind]);
        if (is_power)
            add_marked(w, commitment->counts_system, scenario->catalog.system_count, scenario,
                system_name);
        else
            json_text(w, NULL, commitment->provider);
        add_month(w, commitment->from);
        add_month(w, commitment->to);
        add_optional(w, is_power ? commitment->mw : 0);
        add_optional(w, is_power ? 0 : commitment->usd);
        add_limit(w, is_power ? commitment->shortfall_usd_per_mw_month : NAN);
        end_row(w, commitment->where);
    }
    close_table(w);
}

static void add_shares(struct json_writer *w, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "limit", "attribute", "value", "share at most", "from", "to", NULL};

    open_table(w, "Limits of mix", COLUMNS);
    for (int i = 0; i < scenario->limit_count; i++) {
        const struct share_limit *limit = &scenario->limits[i];

        json_open_array(w, NULL);
        json_text(w, NULL, limit->id);
        json_text(w, NULL, limit->attribute);
        json_text(w, NULL, limit->value);
        json_number(w, NULL, limit->max_share);
        add_month(w, limit->from);
        add_month(w, limit->to);
        end_row(w, limit->where);
    }
    close_table(w);
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
    add_budgets(writer, scenario);
    add_commitments(writer, scenario);
    add_shares(writer, scenario);
    json_close(writer);
}
