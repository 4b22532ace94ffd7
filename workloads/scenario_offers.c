/* Reading a scenario's offers: how systems can be had, and which stand already. */
#include "base/str.h"
#include "workloads/scenario_private.h"

#include "base/mem.h"

#include <math.h>

struct offer_row {
    const char *id;
    const char *system;
    const char *provider;
    struct xml_ids sites;
    int kind;
    int64_t term_months;
    double capex_usd, opex_usd_per_year, usd_per_system_hour;
    date_month from, to;
    int64_t lead_months;
    bool is_interruptible;
    double max_systems;
};

#define AT(member) offsetof(struct offer_row, member)
static const struct xml_field OFFER_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"system", XML_ID, XML_REQUIRED, AT(system), 0, 0, NULL},
    {"provider", XML_TEXT, XML_REQUIRED, AT(provider), 0, 0, NULL},
    {"sites", XML_IDS, XML_OPTIONAL, AT(sites), 0, 0, NULL},
    {"kind", XML_CHOICE, XML_REQUIRED, AT(kind), 0, 0, OFFER_KIND_NAMES},
    {"term-months", XML_COUNT, XML_OPTIONAL, AT(term_months), 1, SCENARIO_MONTHS_MAX, NULL},
    {"capex-usd", XML_NUMBER, XML_OPTIONAL, AT(capex_usd), 0, SCENARIO_USD_MAX, NULL},
    {"opex-usd-per-year", XML_NUMBER, XML_OPTIONAL, AT(opex_usd_per_year), 0, SCENARIO_USD_MAX,
        NULL},
    {"usd-per-system-hour", XML_NUMBER, XML_OPTIONAL, AT(usd_per_system_hour), 0, SCENARIO_USD_MAX,
        NULL},
    {"from", XML_MONTH, XML_OPTIONAL, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"lead-months", XML_COUNT, XML_OPTIONAL, AT(lead_months), 0, SCENARIO_MONTHS_MAX, NULL},
    {"interruptible", XML_YES_NO, XML_OPTIONAL, AT(is_interruptible), 0, 0, NULL},
    {"max-systems", XML_NUMBER, XML_OPTIONAL, AT(max_systems), 0, SCENARIO_SYSTEMS_MAX, NULL},
};
#undef AT

static const char *const OFFER_CHILDREN[] = {"supply", "existing", NULL};

struct supply_row {
    date_month from, to;
    double systems_per_month;
};

#define AT(member) offsetof(struct supply_row, member)
static const struct xml_field SUPPLY_FIELDS[] = {
    {"from", XML_MONTH, XML_REQUIRED, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"systems-per-month", XML_NUMBER, XML_REQUIRED, AT(systems_per_month), 0, SCENARIO_SYSTEMS_MAX,
        NULL},
};
#undef AT

struct existing_row {
    const char *site;
    double count;
    date_month acquired;
};

#define AT(member) offsetof(struct existing_row, member)
static const struct xml_field EXISTING_FIELDS[] = {
    {"site", XML_ID, XML_REQUIRED, AT(site), 0, 0, NULL},
    {"count", XML_NUMBER, XML_REQUIRED, AT(count), 0, SCENARIO_SYSTEMS_MAX, NULL},
    {"acquired", XML_MONTH, XML_REQUIRED, AT(acquired), 0, 0, NULL},
};
#undef AT

static void read_supply(
    struct scenario_reader *r, const struct xml_node *parent, struct offer *offer)
{
    struct dated_rows rows = {0};
    const struct xml_node *node = xml_first_named(parent, "supply");

    offer->has_supply = node != NULL;
    for (; node != NULL; node = xml_next_named(node, "supply")) {
        struct supply_row row = {.to = DATE_MONTH_NONE};

        if (scenario_read_leaf(r, node, SUPPLY_FIELDS, COUNT(SUPPLY_FIELDS), &row) == 0)
            (void)dated_rows_add(&rows,
                (struct dated_value){
                    row.from, row.to, row.systems_per_month, scenario_where(r, node)},
                "supply", r->faults);
    }
    (void)dated_rows_finish(&rows, "supply", r->arena, &offer->supply_per_month, r->faults);
}

/* A batch whose term is over before the horizon starts is nothing to plan with. */
static void warn_of_ended_term(struct scenario_reader *r, const struct xml_node *node,
    const struct offer *offer, const struct existing *existing)
{
    if (r->is_horizon_good && offer->term_months > 0 &&
        existing->acquired + offer->term_months <= r->scenario->horizon.start)
        xml_warn(node, r->faults,
            "its term of %d %s ends before the horizon starts, so it does not count",
            offer->term_months, str_plural(offer->term_months, "month", "months"));
}

static void read_existing(
    struct scenario_reader *r, const struct xml_node *parent, struct offer *offer)
{
    int max = scenario_count(r, parent, "existing", SCENARIO_RULES_MAX);
    struct existing *list = arena_zero(r->arena, (size_t)max, sizeof *list);
    const struct xml_node *node = xml_first_named(parent, "existing");

    offer->existing = list;
    for (int i = 0; i < max; i++, node = xml_next_named(node, "existing")) {
        struct existing_row row = {0};
        struct existing *existing = &list[offer->existing_count];

        if (scenario_read_leaf(r, node, EXISTING_FIELDS, COUNT(EXISTING_FIELDS), &row) != 0)
            continue;
        *existing = (struct existing){
            .count = row.count, .acquired = row.acquired, .where = scenario_where(r, node)};
        existing->site = ids_resolve(&r->sites, row.site, "site", node, "site", r->faults);
        warn_of_ended_term(r, node, offer, existing);
        offer->existing_count++;
    }
}

/* Months that a system stays: as given, else none for what is bought, and one period for the rest.
 */
static int term_of(
    struct scenario_reader *r, const struct xml_node *node, const struct offer_row *row)
{
    if (row->term_months > 0)
        return (int)row->term_months;
    if (row->capex_usd > 0 && xml_attribute(node, "term-months") == NULL)
        (void)xml_fault(node, r->faults,
            "it has capex-usd and no term-months; say over how many months it is used");
    return row->kind == OFFER_BUY ? 0 : r->scenario->horizon.step_months;
}

static struct offer read_offer(struct scenario_reader *r, const struct xml_node *node)
{
    struct offer_row row = {
        .from = DATE_MONTH_NONE, .to = DATE_MONTH_NONE, .max_systems = INFINITY};
    struct offer offer;

    (void)xml_check_children(node, OFFER_CHILDREN, false, r->faults);
    (void)xml_read(node, OFFER_FIELDS, COUNT(OFFER_FIELDS), &row, r->arena, r->faults);
    offer = (struct offer){.id = row.id,
        .system = -1,
        .provider = row.provider,
        .kind = (enum offer_kind)row.kind,
        .term_months = term_of(r, node, &row),
        .capex_usd = row.capex_usd,
        .opex_usd_per_year = row.opex_usd_per_year,
        .usd_per_system_hour = row.usd_per_system_hour,
        .from = row.from,
        .to = row.to,
        .lead_months = (int)row.lead_months,
        .is_interruptible = row.is_interruptible,
        .max_systems = row.max_systems,
        .where = scenario_where(r, node)};
    if (row.system != NULL)
        offer.system = ids_resolve(&r->systems, row.system, "system", node, "system", r->faults);
    offer.is_at_site = scenario_resolve(r, node, "sites", &row.sites, &r->sites, "site");
    read_supply(r, node, &offer);
    read_existing(r, node, &offer);
    /* An offer of what stands already may be closed to new systems. */
    if (offer.existing_count == 0)
        scenario_settle_window(r, node, "from", "to", &offer.from, &offer.to);
    else
        scenario_default_window(r, &offer.from, &offer.to);
    return offer;
}

void scenario_read_offers(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "offer", SCENARIO_OFFERS_MAX);
    struct offer *offers = arena_zero(r->arena, (size_t)count, sizeof *offers);
    const struct xml_node *node = xml_first_named(r->root, "offer");
    struct ids ids = {0};
    size_t errors_before = r->faults->error_count;

    if (node == NULL)
        (void)xml_fault(r->root, r->faults, "there is no <offer>; add one");
    for (int i = 0; i < count; i++, node = xml_next_named(node, "offer")) {
        offers[i] = read_offer(r, node);
        scenario_add_id(r, &ids, offers[i].id, "offer", node);
    }
    r->scenario->offers = offers;
    r->scenario->offer_count = count;
    r->are_offers_good = r->faults->error_count == errors_before;
    ids_fini(&ids);
}
