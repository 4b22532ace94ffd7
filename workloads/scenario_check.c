/*
 * What only the whole of a scenario can show: prices in every period, power that stays above idle,
 * and whether each workload can be served at all.
 */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

#include <stdint.h>

enum { WORD_BITS = 64, SYSTEM_WORDS = CATALOG_SYSTEMS_MAX / WORD_BITS };

/* A set of systems. */
struct system_set {
    uint64_t words[SYSTEM_WORDS];
};

static void set_add(struct system_set *set, int k)
{
    set->words[k / WORD_BITS] |= UINT64_C(1) << (k % WORD_BITS);
}

static bool set_has(const struct system_set *set, int k)
{
    return (set->words[k / WORD_BITS] >> (k % WORD_BITS) & 1) != 0;
}

static bool set_meets(const struct system_set *a, const struct system_set *b)
{
    uint64_t common = 0;

    for (int i = 0; i < SYSTEM_WORDS; i++)
        common |= a->words[i] & b->words[i];
    return common != 0;
}

/* --- Prices */

static struct where where_of(const struct site *site, const struct dated *dated)
{
    return dated->count > 0 ? dated->rows[0].where : site->where;
}

/* A site has an energy price in every period. */
static void check_prices(struct scenario_reader *r)
{
    const struct scenario *scenario = r->scenario;

    for (int s = 0; s < scenario->site_count; s++) {
        const struct site *site = &scenario->sites[s];
        const struct dated *prices = &site->energy_usd_per_mwh;
        char month[DATE_TEXT_SIZE];

        for (int t = 0; prices->count > 0 && t < scenario->period_count; t++) {
            if (dated_row_at(prices, scenario->periods[t].start) != NULL)
                continue;
            (void)faults_error(r->faults, where_of(site, prices),
                "<energy>: site %s has no energy price in the period from %s; add a row, or date "
                "one earlier",
                site->id, date_format_month(scenario->periods[t].start, month));
            break;
        }
    }
}

/* --- Dated rows */

/* A row that ends before a period starts says nothing; rows of the past may. */
static void check_rows(struct scenario_reader *r, const struct dated *dated, const char *element)
{
    const struct horizon *h = &r->scenario->horizon;

    for (size_t i = 0; i < dated->count; i++) {
        const struct dated_value *row = &dated->rows[i];

        if (row->to != DATE_MONTH_NONE && row->from >= h->start && row->from < h->end &&
            !scenario_has_period(r->scenario, row->from, row->to))
            faults_warning(r->faults, row->where,
                "<%s>: no period starts between its `from` and its `to`, so it has no effect",
                element);
    }
}

static void check_all_rows(struct scenario_reader *r)
{
    const struct scenario *scenario = r->scenario;

    for (int s = 0; s < scenario->site_count; s++) {
        check_rows(r, &scenario->sites[s].power_mw, "power");
        check_rows(r, &scenario->sites[s].energy_usd_per_mwh, "energy");
    }
    for (int o = 0; o < scenario->offer_count; o++)
        check_rows(r, &scenario->offers[o].supply_per_month, "supply");
    for (int j = 0; j < scenario->workload_count; j++)
        for (int g = 0; g < scenario->workloads[j].region_count; g++)
            check_rows(r, &scenario->workloads[j].regions[g].units_per_hour, "demand");
}

/* --- Idle power */

/* The mode of a system that takes least power. */
static const struct power_mode *lowest_mode(const struct system *system)
{
    const struct power_mode *lowest = &system->modes[0];

    for (int m = 1; m < system->mode_count; m++)
        if (system->modes[m].power_frac < lowest->power_frac)
            lowest = &system->modes[m];
    return lowest;
}

/* P · phi · pi >= I for the systems on offer that the workload can run on. */
static void check_idle_power(
    struct scenario_reader *r, const struct workload *workload, const struct system_set *offered)
{
    const struct catalog *catalog = &r->scenario->catalog;

    for (size_t k = 0; k < catalog->system_count; k++) {
        const struct system *system = &catalog->systems[k];
        const struct power_mode *mode = lowest_mode(system);
        double power_kw = system->power_kw * mode->power_frac * workload->power_frac;

        if (workload->rates[k].units_per_hour <= 0 || !set_has(offered, (int)k) ||
            power_kw >= system->idle_kw * (1 - UNITS_POWER_TOLERANCE_REL))
            continue;
        (void)faults_error(r->faults, workload->where,
            "<workload id=\"%s\">: power-fraction %g takes %s in mode %s to %g kW, below its "
            "idle-kw of %g; raise it",
            workload->id, workload->power_frac, system->id, mode->id, power_kw, system->idle_kw);
    }
}

/* --- Can it be served? */

/* What can stand at each site, ever: of firm offers, and of all. */
struct supply {
    struct system_set *firm; /* by site */
    struct system_set *any;  /* by site */
    struct system_set offered;
};

static void add_offer(struct supply *supply, const struct offer *offer, int site)
{
    set_add(&supply->any[site], offer->system);
    if (!offer->is_interruptible)
        set_add(&supply->firm[site], offer->system);
}

static struct supply make_supply(const struct scenario *scenario)
{
    size_t site_count = (size_t)scenario->site_count;
    struct supply supply = {.firm = mem_zero(site_count, sizeof *supply.firm),
        .any = mem_zero(site_count, sizeof *supply.any)};

    for (int o = 0; o < scenario->offer_count; o++) {
        const struct offer *offer = &scenario->offers[o];

        if (offer->system < 0)
            continue;
        set_add(&supply.offered, offer->system);
        for (int s = 0; s < scenario->site_count; s++)
            if (offer->is_at_site[s])
                add_offer(&supply, offer, s);
        for (int e = 0; e < offer->existing_count; e++)
            if (offer->existing[e].site >= 0)
                add_offer(&supply, offer, offer->existing[e].site);
    }
    return supply;
}

/* An error where the work is required; else a warning, and it is planned as not served. */
static void tell_unserved(
    struct scenario_reader *r, const struct workload *workload, const char *why)
{
    if (workload->is_required)
        (void)faults_error(r->faults, workload->where,
            "<workload id=\"%s\">: it is required, but %s; widen that, or drop `required`",
            workload->id, why);
    else
        faults_warning(r->faults, workload->where,
            "<workload id=\"%s\">: %s; it is planned as not served", workload->id, why);
}

static struct system_set systems_of(
    const struct scenario *scenario, const struct workload *workload)
{
    struct system_set systems = {0};

    for (size_t k = 0; k < scenario->catalog.system_count; k++)
        if (workload->rates[k].units_per_hour > 0)
            set_add(&systems, (int)k);
    return systems;
}

/* The first reason why a derived rate is 0, or NULL. */
static const char *zero_reason(const struct scenario *scenario, const struct workload *workload)
{
    for (size_t k = 0; k < scenario->catalog.system_count; k++)
        if (workload->rates[k].zero_reason != NULL)
            return workload->rates[k].zero_reason;
    return "all its rates are 0";
}

static int usable_site_count(const struct scenario *scenario, const bool *may_use)
{
    int count = 0;

    for (int s = 0; s < scenario->site_count; s++)
        count += may_use[s];
    return count;
}

static bool is_obtainable(const struct scenario *scenario, const struct workload *workload,
    const struct system_set *systems, const struct supply *supply)
{
    const struct system_set *at_site = workload->is_interruptible ? supply->any : supply->firm;

    for (int s = 0; s < scenario->site_count; s++)
        if (workload->may_use[s] && set_meets(systems, &at_site[s]))
            return true;
    return false;
}

/* Regions that no site may serve; the workload itself has sites and systems. */
static void check_regions(struct scenario_reader *r, const struct workload *workload)
{
    for (int g = 0; g < workload->region_count; g++) {
        const struct region_demand *region = &workload->regions[g];
        const char *name = region->region != NULL ? region->region : "(none)";

        if (usable_site_count(r->scenario, region->may_use) > 0)
            continue;
        if (workload->is_required)
            (void)faults_error(r->faults, region->where,
                "<demand region=\"%s\">: the workload %s is required, but no site that it may use "
                "meets the region's latency and jurisdictions; widen one of them",
                name, workload->id);
        else
            faults_warning(r->faults, region->where,
                "<demand region=\"%s\">: no site that workload %s may use meets its latency and "
                "jurisdictions; it is planned as not served",
                name, workload->id);
    }
}

static void check_servable(
    struct scenario_reader *r, const struct workload *workload, const struct supply *supply)
{
    struct system_set systems = systems_of(r->scenario, workload);
    struct str why = {0};

    if (usable_site_count(r->scenario, workload->may_use) == 0)
        str_add(&why, "no site is in its sites and jurisdictions");
    else if (!set_meets(&systems, &systems))
        str_format(&why, "no system can run it (%s)", zero_reason(r->scenario, workload));
    else if (!is_obtainable(r->scenario, workload, &systems, supply))
        str_format(&why, "no%s offer brings a system that it can run on to a site that it may use",
            workload->is_interruptible ? "" : " firm (not interruptible)");
    if (why.length > 0)
        tell_unserved(r, workload, str_text(&why));
    else
        check_regions(r, workload);
    str_fini(&why);
}

/* --- The rest */

static void check_workload(
    struct scenario_reader *r, const struct workload *workload, const struct supply *supply)
{
    if (r->is_catalog_good)
        check_idle_power(r, workload, &supply->offered);
    if (r->is_catalog_good && r->are_sites_good && r->are_offers_good)
        check_servable(r, workload, supply);
    if (workload->survive_frac > 0 && r->are_sites_good &&
        usable_site_count(r->scenario, workload->may_use) < 2)
        faults_warning(r->faults, workload->where,
            "<workload id=\"%s\">: survive-site needs two sites that it may use, and it has fewer; "
            "nothing can be served so",
            workload->id);
    if (!workload->is_required && workload->value_usd_per_unit <= 0)
        faults_warning(r->faults, workload->where,
            "<workload id=\"%s\">: it has no value-usd-per-unit and is not required, so the plan "
            "will leave it unserved",
            workload->id);
}

/* The first period in which the offer can be acquired, but not a whole system; NULL if none. */
static const struct period *period_of_scarcity(
    const struct scenario *scenario, const struct offer *offer)
{
    for (int t = 0; t < scenario->period_count; t++) {
        const struct period *period = &scenario->periods[t];
        double supply = offer_supply(offer, period);

        for (int s = 0; supply > 0 && supply < 1 && s < scenario->site_count; s++)
            if (offer_is_open(scenario, offer, s, period))
                return period;
    }
    return NULL;
}

void scenario_warn_whole_systems(const struct scenario *scenario, struct faults *faults)
{
    char month[DATE_TEXT_SIZE];

    for (int o = 0; o < scenario->offer_count; o++) {
        const struct offer *offer = &scenario->offers[o];
        const struct period *period = period_of_scarcity(scenario, offer);

        if (period != NULL)
            faults_warning(faults, offer->where,
                "<offer id=\"%s\">: its supply is %g systems in the period from %s; whole systems "
                "can't be acquired there; raise it, or take longer steps",
                offer->id, offer_supply(offer, period), date_format_month(period->start, month));
    }
}

void scenario_check_workloads(struct scenario *scenario, struct faults *faults)
{
    struct scenario_reader reader = {.scenario = scenario,
        .faults = faults,
        .is_catalog_good = true,
        .are_sites_good = true,
        .are_offers_good = true};
    struct supply supply = make_supply(scenario);

    for (int j = 0; j < scenario->workload_count; j++)
        check_workload(&reader, &scenario->workloads[j], &supply);
    mem_free(supply.firm);
    mem_free(supply.any);
}

void scenario_check(struct scenario_reader *r)
{
    struct supply supply = make_supply(r->scenario);

    if (r->is_horizon_good) {
        check_prices(r);
        check_all_rows(r);
    }
    for (int j = 0; j < r->scenario->workload_count; j++)
        if (r->is_workload_good[j])
            check_workload(r, &r->scenario->workloads[j], &supply);
    mem_free(supply.firm);
    mem_free(supply.any);
}
