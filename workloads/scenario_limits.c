/* Reading a scenario's budgets, commitments and limits: what people and contracts ask for. */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>

enum {
    CAPEX = 1u << BUDGET_CAPEX,
    OPERATING = 1u << BUDGET_OPERATING,
    TOTAL = 1u << BUDGET_TOTAL,
    CARBON = 1u << BUDGET_CARBON
};
enum { POWER = 1u << COMMITMENT_POWER, SPEND = 1u << COMMITMENT_SPEND };

/* All that a budget or commitment may have. */
struct rule_row {
    const char *id;
    int kind;
    const char *provider;
    date_month from, to;
    double usd, tonnes, mw, shortfall_usd_per_mw_month;
    struct xml_ids systems;
};

#define AT(member) offsetof(struct rule_row, member)
static const struct xml_field BUDGET_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"kind", XML_CHOICE, XML_REQUIRED, AT(kind), 0, 0, BUDGET_KIND_NAMES},
    {"provider", XML_TEXT, XML_OPTIONAL, AT(provider), 0, 0, NULL},
    {"from", XML_MONTH, XML_OPTIONAL, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"usd", XML_NUMBER, XML_OPTIONAL, AT(usd), 0, SCENARIO_USD_MAX, NULL},
    {"tonnes", XML_NUMBER, XML_OPTIONAL, AT(tonnes), 0, 1e15, NULL},
};
static const struct xml_field COMMITMENT_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"kind", XML_CHOICE, XML_REQUIRED, AT(kind), 0, 0, COMMITMENT_KIND_NAMES},
    {"systems", XML_IDS, XML_OPTIONAL, AT(systems), 0, 0, NULL},
    {"provider", XML_TEXT, XML_OPTIONAL, AT(provider), 0, 0, NULL},
    {"from", XML_MONTH, XML_OPTIONAL, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"mw", XML_NUMBER, XML_OPTIONAL, AT(mw), 0, 1e7, NULL},
    {"usd", XML_NUMBER, XML_OPTIONAL, AT(usd), 0, SCENARIO_USD_MAX, NULL},
    {"shortfall-usd-per-mw-month", XML_NUMBER, XML_OPTIONAL, AT(shortfall_usd_per_mw_month), 0,
        SCENARIO_USD_MAX, NULL},
};
#undef AT

static const struct kind_rule BUDGET_RULES[] = {
    {"usd", CAPEX | OPERATING | TOTAL, CAPEX | OPERATING | TOTAL},
    {"tonnes", CARBON, CARBON},
    {"provider", CAPEX | OPERATING | TOTAL, 0},
};
static const struct kind_rule COMMITMENT_RULES[] = {
    {"systems", POWER, POWER},
    {"mw", POWER, POWER},
    {"shortfall-usd-per-mw-month", POWER, 0},
    {"provider", SPEND, SPEND},
    {"usd", SPEND, SPEND},
};

/* A provider is whatever offers say, so one that no offer has may be meant; but it is told. */
static void check_provider(
    struct scenario_reader *r, const struct xml_node *node, const char *provider)
{
    const struct scenario *scenario = r->scenario;

    for (int o = 0; provider != NULL && o < scenario->offer_count; o++)
        if (str_equal(scenario->offers[o].provider, provider))
            return;
    if (provider != NULL)
        xml_warn(node, r->faults, "no offer has the provider \"%s\", so nothing counts", provider);
}

/* What the readers of budgets and commitments differ in. */
struct rule_type {
    const struct xml_field *fields;
    size_t field_count;
    const struct kind_rule *rules;
    size_t rule_count;
    const char *const *kind_names;
};

static const struct rule_type BUDGET = {
    BUDGET_FIELDS, COUNT(BUDGET_FIELDS), BUDGET_RULES, COUNT(BUDGET_RULES), BUDGET_KIND_NAMES};
static const struct rule_type COMMITMENT = {COMMITMENT_FIELDS, COUNT(COMMITMENT_FIELDS),
    COMMITMENT_RULES, COUNT(COMMITMENT_RULES), COMMITMENT_KIND_NAMES};

static struct rule_row read_rule(
    struct scenario_reader *r, const struct xml_node *node, const struct rule_type *type)
{
    struct rule_row row = {
        .from = DATE_MONTH_NONE, .to = DATE_MONTH_NONE, .shortfall_usd_per_mw_month = NAN};

    if (scenario_read_leaf(r, node, type->fields, type->field_count, &row) == 0)
        (void)scenario_check_kind(
            r, node, type->rules, type->rule_count, row.kind, type->kind_names[row.kind]);
    scenario_settle_window(r, node, "from", "to", &row.from, &row.to);
    check_provider(r, node, row.provider);
    return row;
}

void scenario_read_budgets(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "budget", SCENARIO_RULES_MAX);
    struct budget *budgets = arena_zero(r->arena, (size_t)count, sizeof *budgets);
    const struct xml_node *node = xml_first_named(r->root, "budget");
    struct ids ids = {0};

    for (int i = 0; i < count; i++, node = xml_next_named(node, "budget")) {
        struct rule_row row = read_rule(r, node, &BUDGET);

        scenario_add_id(r, &ids, row.id, "budget", node);
        budgets[i] = (struct budget){.id = row.id,
            .kind = (enum budget_kind)row.kind,
            .provider = row.provider,
            .from = row.from,
            .to = row.to,
            .limit = row.kind == BUDGET_CARBON ? row.tonnes : row.usd,
            .where = scenario_where(r, node)};
    }
    r->scenario->budgets = budgets;
    r->scenario->budget_count = count;
    ids_fini(&ids);
}

void scenario_read_commitments(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "commitment", SCENARIO_RULES_MAX);
    struct commitment *commitments = arena_zero(r->arena, (size_t)count, sizeof *commitments);
    const struct xml_node *node = xml_first_named(r->root, "commitment");
    struct ids ids = {0};

    for (int i = 0; i < count; i++, node = xml_next_named(node, "commitment")) {
        struct rule_row row = read_rule(r, node, &COMMITMENT);

        scenario_add_id(r, &ids, row.id, "commitment", node);
        commitments[i] = (struct commitment){.id = row.id,
            .kind = (enum commitment_kind)row.kind,
            .provider = row.provider,
            .from = row.from,
            .to = row.to,
            .mw = row.mw,
            .usd = row.usd,
            .shortfall_usd_per_mw_month = row.shortfall_usd_per_mw_month,
            .where = scenario_where(r, node)};
        if (row.kind == COMMITMENT_POWER)
            commitments[i].counts_system = scenario_resolve(
                r, node, "systems", &row.systems, &r->systems, "system");
    }
    r->scenario->commitments = commitments;
    r->scenario->commitment_count = count;
    ids_fini(&ids);
}

enum share_attribute { SHARE_VENDOR, SHARE_STACK, SHARE_SYSTEM };
static const char *const SHARE_ATTRIBUTES[] = {"vendor", "stack", "system", NULL};

struct limit_row {
    const char *id;
    int attribute;
    const char *value;
    double max_share;
    date_month from, to;
};

#define AT(member) offsetof(struct limit_row, member)
static const struct xml_field LIMIT_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"attribute", XML_CHOICE, XML_REQUIRED, AT(attribute), 0, 0, SHARE_ATTRIBUTES},
    {"value", XML_TEXT, XML_REQUIRED, AT(value), 0, 0, NULL},
    {"max-share", XML_NUMBER, XML_REQUIRED, AT(max_share), 0, 1, NULL},
    {"from", XML_MONTH, XML_OPTIONAL, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
};
#undef AT

static const char *attribute_of(const struct system *system, enum share_attribute attribute)
{
    if (attribute == SHARE_SYSTEM)
        return system->id;
    if (system->chip == NULL)
        return NULL;
    return attribute == SHARE_VENDOR ? system->chip->vendor : system->chip->stack;
}

/* By system: has it the limit's value? */
static const bool *systems_with(
    struct scenario_reader *r, const struct xml_node *node, const struct limit_row *row)
{
    const struct catalog *catalog = &r->scenario->catalog;
    bool *counts = arena_zero(r->arena, catalog->system_count, sizeof *counts);
    bool is_any = false;

    for (size_t k = 0; k < catalog->system_count; k++) {
        const char *value = attribute_of(
            &catalog->systems[k], (enum share_attribute)row->attribute);

        counts[k] = str_equal(value, row->value);
        is_any = is_any || counts[k];
    }
    if (row->attribute == SHARE_SYSTEM)
        (void)ids_resolve(&r->systems, row->value, "system", node, "value", r->faults);
    else if (!is_any)
        xml_warn(node, r->faults, "no system of the catalog has the %s \"%s\"",
            SHARE_ATTRIBUTES[row->attribute], row->value);
    return counts;
}

void scenario_read_limits(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "limit", SCENARIO_RULES_MAX);
    struct share_limit *limits = arena_zero(r->arena, (size_t)count, sizeof *limits);
    const struct xml_node *node = xml_first_named(r->root, "limit");
    struct ids ids = {0};

    for (int i = 0; i < count; i++, node = xml_next_named(node, "limit")) {
        struct limit_row row = {.from = DATE_MONTH_NONE, .to = DATE_MONTH_NONE};
        int read = scenario_read_leaf(r, node, LIMIT_FIELDS, COUNT(LIMIT_FIELDS), &row);

        scenario_add_id(r, &ids, row.id, "limit", node);
        scenario_settle_window(r, node, "from", "to", &row.from, &row.to);
        limits[i] = (struct share_limit){.id = row.id,
            .attribute = SHARE_ATTRIBUTES[row.attribute],
            .value = row.value,
            .counts_system = read == 0 ? systems_with(r, node, &row) : NULL,
            .max_share = row.max_share,
            .from = row.from,
            .to = row.to,
            .where = scenario_where(r, node)};
    }
    r->scenario->limits = limits;
    r->scenario->limit_count = count;
    ids_fini(&ids);
}
