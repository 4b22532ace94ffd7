/* What a plan comes to over the periods. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/plan_costs.h"
#include "planner/plan_words.h"

static void add_list(struct json_writer *w, const char *key, const double *values, int count)
{
    json_open_array(w, key);
    for (int t = 0; t < count; t++)
        json_number(w, NULL, values[t]);
    json_close(w);
}

static bool is_zero(const double *values, int count)
{
    for (int t = 0; t < count; t++)
        if (values[t] != 0)
            return false;
    return true;
}

/* Amounts over the periods of so many things, all zero. Release with mem_free. */
static double *make_series(const struct scenario *scenario, size_t thing_count)
{
    return mem_zero(thing_count * (size_t)scenario->period_count, sizeof(double));
}

static double *series_at(const struct scenario *scenario, double *series, size_t thing)
{
    return series + thing * (size_t)scenario->period_count;
}

static void add_costs(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    double *usd = make_series(scenario, COST_PART_COUNT);

    plan_costs_by_period(plan, usd);
    json_open_array(w, "costs");
    for (int part = 0; part < COST_PART_COUNT; part++) {
        double *values = series_at(scenario, usd, (size_t)part);

        if (plan->cost_usd[part] == 0 && is_zero(values, scenario->period_count))
            continue;
        json_open_object(w, NULL);
        json_text(w, "part", COST_PART_NAMES[part]);
        json_number(w, "usd", plan->cost_usd[part]);
        add_list(w, "by_period_usd", values, scenario->period_count);
        json_close(w);
    }
    json_close(w);
    mem_free(usd);
}

static void add_systems(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    size_t system_count = scenario->catalog.system_count;
    double *stock = make_series(scenario, (size_t)scenario->site_count * system_count);

    for (size_t i = 0; i < plan->installed.count; i++) {
        const struct plan_installed *row = &plan->installed.rows[i];
        size_t system = (size_t)scenario->offers[row->offer].system;

        series_at(scenario, stock,
            (size_t)row->site * system_count + system)[row->period] += row->systems;
    }
    json_open_array(w, "systems");
    for (size_t i = 0; i < (size_t)scenario->site_count * system_count; i++) {
        double *values = series_at(scenario, stock, i);

        if (is_zero(values, scenario->period_count))
            continue;
        json_open_object(w, NULL);
        json_text(w, "site", scenario->sites[i / system_count].id);
        json_text(w, "system", scenario->catalog.systems[i % system_count].id);
        add_list(w, "installed", values, scenario->period_count);
        json_close(w);
    }
    json_close(w);
    mem_free(stock);
}

static void add_site_prices(const struct capacity_plan *plan, int site, double *usd_per_mw)
{
    for (size_t i = 0; i < plan->prices.count; i++) {
        const struct plan_price *price = &plan->prices.rows[i];

        if (price->kind == PRICE_SITE_POWER && price->period >= 0 &&
            str_equal(price->id, plan->scenario->sites[site].id))
            usd_per_mw[price->period] += price->usd_per_unit;
    }
}

static void add_power(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    int periods = scenario->period_count;
    size_t site_count = (size_t)scenario->site_count;
    double *operating = make_series(scenario, site_count);
    double *nameplate = make_series(scenario, site_count);
    double *limit = make_series(scenario, 1);
    double *price = make_series(scenario, 1);

    for (size_t i = 0; i < plan->power.count; i++) {
        const struct plan_power *row = &plan->power.rows[i];

        series_at(scenario, operating, (size_t)row->site)[row->period] = row->operating_mw;
        series_at(scenario, nameplate, (size_t)row->site)[row->period] = row->nameplate_mw;
    }
    json_open_array(w, "power");
    for (int s = 0; s < scenario->site_count; s++) {
        for (int t = 0; t < periods; t++) {
            limit[t] = dated_value_at(&scenario->sites[s].power_mw, scenario->periods[t].start, 0);
            price[t] = 0;
        }
        add_site_prices(plan, s, price);
        json_open_object(w, NULL);
        json_text(w, "site", scenario->sites[s].id);
        json_number(w, "oversubscription", scenario->sites[s].oversubscription);
        add_list(w, "operating_mw", series_at(scenario, operating, (size_t)s), periods);
        add_list(w, "nameplate_mw", series_at(scenario, nameplate, (size_t)s), periods);
        add_list(w, "limit_mw", limit, periods);
        add_list(w, "usd_per_mw", price, periods);
        json_close(w);
    }
    json_close(w);
    mem_free(operating);
    mem_free(nameplate);
    mem_free(limit);
    mem_free(price);
}

static void add_energy(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    double *mwh = make_series(scenario, 1);
    double *tonnes = make_series(scenario, 1);

    for (size_t i = 0; i < plan->energy.count; i++) {
        mwh[plan->energy.rows[i].period] += plan->energy.rows[i].mwh;
        tonnes[plan->energy.rows[i].period] += plan->energy.rows[i].tonnes_co2;
    }
    json_open_object(w, "energy");
    add_list(w, "mwh", mwh, scenario->period_count);
    add_list(w, "tonnes_co2", tonnes, scenario->period_count);
    json_close(w);
    mem_free(mwh);
    mem_free(tonnes);
}

/* What all systems do of it in an hour of each period; of inference, what reaches its regions. */
static void sum_served(const struct capacity_plan *plan, double *served)
{
    const struct scenario *scenario = plan->scenario;

    for (size_t i = 0; i < plan->served.count; i++) {
        const struct plan_served *row = &plan->served.rows[i];

        series_at(scenario, served, (size_t)row->workload)[row->period] += row->units_per_hour;
    }
    for (size_t i = 0; i < plan->runs.count; i++) {
        const struct plan_run *row = &plan->runs.rows[i];

        if (scenario->workloads[row->workload].kind != WORKLOAD_INFERENCE)
            series_at(scenario, served, (size_t)row->workload)[row->period] +=
                row->units_per_hour * scenario->periods[row->period].hours;
    }
}

static void add_work(struct json_writer *w, const struct capacity_plan *plan)
{
    const struct scenario *scenario = plan->scenario;
    size_t workload_count = (size_t)scenario->workload_count;
    double *served = make_series(scenario, workload_count);
    double *unmet = make_series(scenario, workload_count);
    double *unmet_units = mem_zero(workload_count, sizeof *unmet_units);

    sum_served(plan, served);
    for (size_t i = 0; i < plan->unmet.count; i++) {
        const struct plan_unmet *row = &plan->unmet.rows[i];
        size_t j = (size_t)row->workload;
        double hours = row->period < 0 ? 1 : scenario->periods[row->period].hours;

        if (row->period >= 0)
            series_at(scenario, unmet, j)[row->period] += row->units;
        unmet_units[j] += row->units * hours;
    }
    json_open_array(w, "work");
    for (size_t j = 0; j < workload_count; j++) {
        json_open_object(w, NULL);
        json_text(w, "workload", scenario->workloads[j].id);
        json_text(w, "kind", WORKLOAD_KIND_NAMES[scenario->workloads[j].kind]);
        json_number(w, "asked_units", plan_words_asked_units(scenario, (int)j));
        json_number(w, "unmet_units", unmet_units[j]);
        add_list(w, "served", series_at(scenario, served, j), scenario->period_count);
        add_list(w, "unmet", series_at(scenario, unmet, j), scenario->period_count);
        json_close(w);
    }
    json_close(w);
    mem_free(served);
    mem_free(unmet);
    mem_free(unmet_units);
}

void plan_report_add_series(struct json_writer *writer, const struct capacity_plan *plan)
{
    add_costs(writer, plan);
    add_systems(writer, plan);
    add_power(writer, plan);
    add_energy(writer, plan);
    add_work(writer, plan);
}
