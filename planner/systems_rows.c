#include "planner/systems_rows.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "workloads/rates.h"

#include <stdio.h>
#include <string.h>

/* Where one kind of price option goes. */
struct price_kind_row {
    const char *option;
    size_t list;  /* offset of the option_list in system_price_options */
    size_t field; /* offset of the double in system_price */
    bool is_per_chip;
};

static const struct price_kind_row PRICE_KINDS[] = {
    {"--price", offsetof(struct system_price_options, price),
        offsetof(struct system_price, usd_per_hour), false},
    {"--chip-price", offsetof(struct system_price_options, chip_price),
        offsetof(struct system_price, usd_per_hour), true},
    {"--capex", offsetof(struct system_price_options, capex),
        offsetof(struct system_price, capex_usd), false},
    {"--opex", offsetof(struct system_price_options, opex),
        offsetof(struct system_price, opex_usd_per_year), false},
};

/* Prices by hand, by system. */
struct hand_prices {
    struct system_price *prices;
    bool *is_given;
};

static int unknown_system(
    const struct catalog *catalog, const char *option, const char *id, struct err *err)
{
    const char *nearest = catalog_nearest_system(catalog, id);

    return err_set(err, ERR_USAGE, "%s %s: there is no such system%s%s%s", option, id,
        nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "?");
}

/* One "SYSTEM=DOLLARS". */
static int read_price(const struct systems_query *query, const struct price_kind_row *kind,
    const char *text, struct hand_prices *hand, struct err *err)
{
    const char *equals = strchr(text, '=');
    const struct system *system;
    char id[80];
    double usd;
    size_t index;

    if (equals == NULL || (size_t)(equals - text) >= sizeof id ||
        str_parse_double(equals + 1, &usd) != 0 || usd < 0)
        return err_set(err, ERR_USAGE,
            "%s %s: write it as SYSTEM=DOLLARS, with dollars of 0 or more", kind->option, text);
    (void)snprintf(id, sizeof id, "%.*s", (int)(equals - text), text);
    system = catalog_find_system(query->catalog, id);
    if (system == NULL)
        return unknown_system(query->catalog, kind->option, id, err);
    index = (size_t)(system - query->catalog->systems);
    memcpy((char *)&hand->prices[index] + kind->field,
        &(double){kind->is_per_chip ? usd * system_chip_count(system) : usd}, sizeof usd);
    hand->prices[index].years = query->settings.years;
    hand->is_given[index] = true;
    return 0;
}

static int read_prices(const struct systems_query *query, struct hand_prices *hand, struct err *err)
{
    for (size_t k = 0; k < sizeof PRICE_KINDS / sizeof PRICE_KINDS[0]; k++) {
        const struct option_list *list =
            (const struct option_list *)(const void *)((const char *)query->prices +
                                                       PRICE_KINDS[k].list);

        for (size_t i = 0; i < list->count; i++)
            if (read_price(query, &PRICE_KINDS[k], list->items[i], hand, err) != 0)
                return -1;
    }
    return 0;
}

/* No contract price of Trainium is public, so what a scenario says of it is an estimate. */
static bool is_price_estimate(const struct system *system)
{
    return str_equal(system->chip->stack, "neuron");
}

static struct system_price price_of_offer(
    const struct systems_query *query, const struct offer *offer)
{
    const struct system *system = &query->catalog->systems[offer->system];

    return (struct system_price){.offer = offer->id,
        .capex_usd = offer->capex_usd,
        .years = offer->term_months > 0 ? offer->term_months / 12.0 : query->settings.years,
        .opex_usd_per_year = offer->opex_usd_per_year,
        .usd_per_hour = offer->usd_per_system_hour,
        .is_estimate = is_price_estimate(system)};
}

/* The rate of the query's workload or model on a system; false: none was asked for. */
static bool find_work(
    const struct systems_query *query, const struct system *system, struct system_work *out)
{
    const struct efficiency efficiency = {system->chip->mfu, system->chip->bw_efficiency};

    if (query->workload != NULL) {
        const struct rate *rate = &query->workload->rates[system - query->catalog->systems];

        *out = (struct system_work){
            rate->units_per_hour, rate->is_derived, query->workload->power_frac};
        return true;
    }
    if (query->model == NULL)
        return false;
    *out = (struct system_work){.is_derived = true, .power_frac = 1};
    out->units_per_hour = query->is_training
                              ? rates_training(system, query->model, &efficiency)
                              : rates_inference(system, query->model, &efficiency).units_per_hour;
    return true;
}

static void add_row(const struct systems_query *query, const struct system *system,
    const struct system_price *price, struct systems_rows *out)
{
    struct system_work work;
    bool has_work = find_work(query, system, &work);

    out->rows[out->count++] = systems_figures_reckon(
        system, price, has_work ? &work : NULL, &query->settings);
    out->has_prices = out->has_prices || price != NULL;
    out->has_work = out->has_work || has_work;
}

static void add_system(const struct systems_query *query, size_t index,
    const struct hand_prices *hand, struct systems_rows *out)
{
    const struct system *system = &query->catalog->systems[index];
    size_t count_before = out->count;

    if (hand->is_given[index]) {
        add_row(query, system, &hand->prices[index], out);
        return;
    }
    for (int o = 0; query->scenario != NULL && o < query->scenario->offer_count; o++) {
        const struct offer *offer = &query->scenario->offers[o];
        struct system_price price;

        if (offer->system != (int)index)
            continue;
        price = price_of_offer(query, offer);
        add_row(query, system, &price, out);
    }
    if (out->count == count_before)
        add_row(query, system, NULL, out);
}

int systems_rows_make(const struct systems_query *query, struct arena *arena,
    struct systems_rows *out, struct err *err)
{
    size_t system_count = query->catalog->system_count;
    size_t offer_count = query->scenario == NULL ? 0 : (size_t)query->scenario->offer_count;
    struct hand_prices hand = {arena_zero(arena, system_count, sizeof *hand.prices),
        arena_zero(arena, system_count, sizeof *hand.is_given)};
    struct systems_rows rows = {
        .rows = arena_zero(arena, system_count + offer_count, sizeof *rows.rows)};

    if (read_prices(query, &hand, err) != 0)
        return -1;
    for (size_t k = 0; k < system_count; k++)
        add_system(query, k, &hand, &rows);
    *out = rows;
    return 0;
}
