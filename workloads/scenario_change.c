#include "workloads/scenario_change.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

const char *const CHANGE_KIND_NAMES[CHANGE_KIND_COUNT + 1] = {
    "power", "demand", "budget", "supply", "price", "energy", "available", NULL};

/* --- Names */

/* Of what there is, so many are told. */
enum { NAMES_TOLD = 8 };

static size_t thing_count(const struct scenario *sc, enum change_kind kind)
{
    switch (kind) {
    case CHANGE_POWER:
    case CHANGE_ENERGY:
        return (size_t)sc->site_count;
    case CHANGE_DEMAND:
        return (size_t)sc->workload_count;
    case CHANGE_BUDGET:
        return (size_t)sc->budget_count;
    case CHANGE_SUPPLY:
    case CHANGE_PRICE:
        return (size_t)sc->offer_count;
    case CHANGE_AVAILABLE:
        return sc->catalog.system_count;
    case CHANGE_KIND_COUNT:
        break;
    }
    return 0;
}

static const char *thing_id(const struct scenario *sc, enum change_kind kind, size_t index)
{
    switch (kind) {
    case CHANGE_POWER:
    case CHANGE_ENERGY:
        return sc->sites[index].id;
    case CHANGE_DEMAND:
        return sc->workloads[index].id;
    case CHANGE_BUDGET:
        return sc->budgets[index].id;
    case CHANGE_SUPPLY:
    case CHANGE_PRICE:
        return sc->offers[index].id;
    case CHANGE_AVAILABLE:
        return sc->catalog.systems[index].id;
    case CHANGE_KIND_COUNT:
        break;
    }
    return "";
}

const char *scenario_change_id(
    const struct scenario *scenario, const struct scenario_change *change)
{
    return change->index < 0 ? NULL : thing_id(scenario, change->kind, (size_t)change->index);
}

static int unknown_thing(
    const struct scenario *sc, enum change_kind kind, const char *id, struct err *err)
{
    size_t count = thing_count(sc, kind);
    const char **names = mem_zero(count, sizeof *names);
    struct str there = {0};
    const char *nearest;

    for (size_t i = 0; i < count; i++)
        names[i] = thing_id(sc, kind, i);
    for (size_t i = 0; i < count && i < NAMES_TOLD; i++)
        str_format(&there, "%s%s", i == 0 ? "" : ", ", names[i]);
    nearest = str_nearest(id, names, count);
    if (nearest != NULL)
        (void)err_set(err, ERR_USAGE, "'%s:%.60s' names nothing in the scenario; did you mean %s?",
            CHANGE_KIND_NAMES[kind], id, nearest);
    else
        (void)err_set(err, ERR_USAGE, "'%s:%.60s' names nothing in the scenario; there is %.120s%s",
            CHANGE_KIND_NAMES[kind], id, count > 0 ? str_text(&there) : "none",
            count > NAMES_TOLD ? ", ..." : "");
    str_fini(&there);
    mem_free(names);
    return -1;
}

int scenario_change_parse(
    const struct scenario *sc, const char *text, struct scenario_change *out, struct err *err)
{
    const char *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);

    for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++) {
        if (strlen(CHANGE_KIND_NAMES[kind]) != length ||
            strncmp(CHANGE_KIND_NAMES[kind], text, length) != 0)
            continue;
        *out = (struct scenario_change){(enum change_kind)kind, -1, 1, 0, DATE_MONTH_NONE};
        if (colon == NULL)
            return 0;
        for (size_t i = 0; i < thing_count(sc, out->kind); i++)
            if (str_equal(thing_id(sc, out->kind, i), colon + 1)) {
                out->index = (int)i;
                return 0;
            }
        return unknown_thing(sc, out->kind, colon + 1, err);
    }
    return err_set(err, ERR_USAGE,
        "'%.60s': what varies is power, demand, budget, supply, price, energy or available, with "
        "':id' behind it or for all",
        text);
}

/* --- Does it change anything? */

static bool is_meant(const struct scenario_change *change, int index)
{
    return change->index < 0 || change->index == index;
}

static bool matters(const struct scenario *sc, enum change_kind kind, int index)
{
    const struct offer *offer;

    switch (kind) {
    case CHANGE_POWER:
        return sc->sites[index].power_mw.count > 0;
    case CHANGE_ENERGY:
        return sc->sites[index].energy_usd_per_mwh.count > 0;
    case CHANGE_SUPPLY:
        return sc->offers[index].supply_per_month.count > 0;
    case CHANGE_PRICE:
        offer = &sc->offers[index];
        return offer->capex_usd > 0 || offer->opex_usd_per_year > 0 ||
               offer->usd_per_system_hour > 0;
    case CHANGE_AVAILABLE:
        for (int o = 0; o < sc->offer_count; o++)
            if (sc->offers[o].system == index)
                return true;
        return false;
    case CHANGE_DEMAND:
    case CHANGE_BUDGET:
        return true;
    case CHANGE_KIND_COUNT:
        break;
    }
    return false;
}

bool scenario_change_matters(const struct scenario *scenario, const struct scenario_change *change)
{
    for (size_t i = 0; i < thing_count(scenario, change->kind); i++)
        if (is_meant(change, (int)i) && matters(scenario, change->kind, (int)i))
            return true;
    return false;
}

/* --- Changing */

/* The row in force at `from` in two: as it was before, and from then on. */
static void split_at(struct dated *dated, date_month from)
{
    for (size_t i = 0; i < dated->count; i++) {
        struct dated_value *row = &dated->rows[i];

        if (row->from >= from || (i + 1 < dated->count && row[1].from <= from) ||
            (row->to != DATE_MONTH_NONE && row->to <= from))
            continue;
        for (size_t k = dated->count++; k > i; k--)
            dated->rows[k] = dated->rows[k - 1];
        row[1].from = from;
        return;
    }
}

static struct dated changed(
    const struct dated *dated, const struct scenario_change *change, struct arena *arena)
{
    struct dated copy = {arena_zero(arena, dated->count + 1, sizeof *dated->rows), dated->count};

    for (size_t i = 0; i < copy.count; i++) {
        copy.rows[i] = dated->rows[i];
        copy.rows[i].from += change->months;
        if (copy.rows[i].to != DATE_MONTH_NONE)
            copy.rows[i].to += change->months;
    }
    if (change->from != DATE_MONTH_NONE)
        split_at(&copy, change->from);
    for (size_t i = 0; i < copy.count; i++)
        if (copy.rows[i].from >= change->from)
            copy.rows[i].value *= change->factor;
    return copy;
}

static void change_sites(struct scenario *sc, const struct scenario_change *change)
{
    struct site *sites = arena_copy(sc->arena, sc->sites, (size_t)sc->site_count, sizeof *sites);

    for (int s = 0; s < sc->site_count; s++) {
        if (!is_meant(change, s))
            continue;
        if (change->kind == CHANGE_POWER)
            sites[s].power_mw = changed(&sites[s].power_mw, change, sc->arena);
        else
            sites[s].energy_usd_per_mwh = changed(&sites[s].energy_usd_per_mwh, change, sc->arena);
    }
    sc->sites = sites;
}

static void change_demand(struct scenario *sc, const struct scenario_change *change)
{
    struct workload *workloads = arena_copy(
        sc->arena, sc->workloads, (size_t)sc->workload_count, sizeof *workloads);

    for (int j = 0; j < sc->workload_count; j++) {
        struct workload *w = &workloads[j];
        struct region_demand *regions;

        if (!is_meant(change, j))
            continue;
        w->volume_units *= change->factor;
        if (w->kind != WORKLOAD_INFERENCE) {
            w->start += change->months;
            w->end += change->months;
        }
        regions = arena_copy(sc->arena, w->regions, (size_t)w->region_count, sizeof *regions);
        for (int g = 0; g < w->region_count; g++)
            regions[g].units_per_hour = changed(&regions[g].units_per_hour, change, sc->arena);
        w->regions = regions;
    }
    sc->workloads = workloads;
}

static void change_budgets(struct scenario *sc, const struct scenario_change *change)
{
    struct budget *budgets = arena_copy(
        sc->arena, sc->budgets, (size_t)sc->budget_count, sizeof *budgets);

    for (int i = 0; i < sc->budget_count; i++)
        if (is_meant(change, i))
            budgets[i].limit *= change->factor;
    sc->budgets = budgets;
}

static void change_offers(struct scenario *sc, const struct scenario_change *change)
{
    struct offer *offers = arena_copy(
        sc->arena, sc->offers, (size_t)sc->offer_count, sizeof *offers);

    for (int o = 0; o < sc->offer_count; o++) {
        if (!is_meant(change, o))
            continue;
        if (change->kind == CHANGE_SUPPLY) {
            offers[o].supply_per_month = changed(&offers[o].supply_per_month, change, sc->arena);
            continue;
        }
        offers[o].capex_usd *= change->factor;
        offers[o].opex_usd_per_year *= change->factor;
        offers[o].usd_per_system_hour *= change->factor;
    }
    sc->offers = offers;
}

static void change_available(struct scenario *sc, const struct scenario_change *change)
{
    struct system *systems = arena_copy(
        sc->arena, sc->catalog.systems, sc->catalog.system_count, sizeof *systems);

    for (size_t k = 0; k < sc->catalog.system_count; k++) {
        if (!is_meant(change, (int)k))
            continue;
        if (systems[k].available_from == DATE_MONTH_NONE)
            systems[k].available_from = sc->horizon.start;
        systems[k].available_from += change->months;
    }
    sc->catalog.systems = systems;
}

struct scenario *scenario_changed(
    const struct scenario *base, const struct scenario_change *changes, size_t count)
{
    static void (*const CHANGE[CHANGE_KIND_COUNT])(
        struct scenario * sc, const struct scenario_change *change) = {
        [CHANGE_POWER] = change_sites,
        [CHANGE_DEMAND] = change_demand,
        [CHANGE_BUDGET] = change_budgets,
        [CHANGE_SUPPLY] = change_offers,
        [CHANGE_PRICE] = change_offers,
        [CHANGE_ENERGY] = change_sites,
        [CHANGE_AVAILABLE] = change_available,
    };
    struct arena *arena = arena_create();
    struct scenario *copy = arena_copy(arena, base, 1, sizeof *base);

    copy->arena = arena;
    for (size_t i = 0; i < count; i++)
        CHANGE[changes[i].kind](copy, &changes[i]);
    return copy;
}

struct scenario *scenario_in_future(const struct scenario *base, int future)
{
    const struct future *f = &base->futures[future];
    struct scenario *copy = scenario_changed(base, f->changes, (size_t)f->change_count);

    copy->futures = NULL;
    copy->future_count = 0;
    return copy;
}
