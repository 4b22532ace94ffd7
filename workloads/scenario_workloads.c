/* Reading a scenario's workloads: what must run, what it is worth, and where it may. */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>

enum {
    TRAINING = 1u << WORKLOAD_TRAINING,
    INFERENCE = 1u << WORKLOAD_INFERENCE,
    BATCH = 1u << WORKLOAD_BATCH,
    ANY = TRAINING | INFERENCE | BATCH
};

static const struct kind_rule WORKLOAD_RULES[] = {
    {"start", TRAINING | BATCH, 0},
    {"end", TRAINING | BATCH, 0},
    {"sites-max", TRAINING | BATCH, 0},
    {"load-factor", INFERENCE, 0},
    {"survive-site", INFERENCE, 0},
    {"<volume>", TRAINING | BATCH, TRAINING | BATCH},
    {"<demand>", INFERENCE, INFERENCE},
};

struct workload_row {
    const char *id;
    int kind;
    double value_usd_per_unit;
    bool is_required, is_interruptible;
    double power_frac, load_factor, survive_frac, max_systems;
    int64_t sites_max;
    date_month start, end;
    struct xml_ids sites, jurisdictions;
};

#define AT(member) offsetof(struct workload_row, member)
static const struct xml_field WORKLOAD_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"kind", XML_CHOICE, XML_REQUIRED, AT(kind), 0, 0, WORKLOAD_KIND_NAMES},
    {"value-usd-per-unit", XML_NUMBER, XML_OPTIONAL, AT(value_usd_per_unit), 0, SCENARIO_USD_MAX,
        NULL},
    {"required", XML_YES_NO, XML_OPTIONAL, AT(is_required), 0, 0, NULL},
    {"interruptible", XML_YES_NO, XML_OPTIONAL, AT(is_interruptible), 0, 0, NULL},
    {"power-fraction", XML_NUMBER, XML_OPTIONAL, AT(power_frac), SCENARIO_SHARE_MIN, 1, NULL},
    {"load-factor", XML_NUMBER, XML_OPTIONAL, AT(load_factor), 0, 1, NULL},
    {"survive-site", XML_NUMBER, XML_OPTIONAL, AT(survive_frac), 0, 1, NULL},
    {"max-systems", XML_NUMBER, XML_OPTIONAL, AT(max_systems), 0, SCENARIO_SYSTEMS_MAX, NULL},
    {"sites-max", XML_COUNT, XML_OPTIONAL, AT(sites_max), 1, SCENARIO_SITES_MAX, NULL},
    {"start", XML_MONTH, XML_OPTIONAL, AT(start), 0, 0, NULL},
    {"end", XML_MONTH, XML_OPTIONAL, AT(end), 0, 0, NULL},
    {"sites", XML_IDS, XML_OPTIONAL, AT(sites), 0, 0, NULL},
    {"jurisdictions", XML_IDS, XML_OPTIONAL, AT(jurisdictions), 0, 0, NULL},
};
#undef AT

static const char *const WORKLOAD_CHILDREN[] = {
    "model", "rate", "efficiency", "volume", "demand", "porting", NULL};

struct volume_row {
    double units;
};

static const struct xml_field VOLUME_FIELDS[] = {
    {"units", XML_NUMBER, XML_REQUIRED, offsetof(struct volume_row, units), 0, SCENARIO_UNITS_MAX,
        NULL},
};

static void read_volume(
    struct scenario_reader *r, const struct xml_node *parent, struct workload *workload)
{
    struct volume_row row = {0};
    const struct xml_node *node = scenario_only_child(r, parent, "volume", XML_OPTIONAL);

    if (node == NULL)
        return;
    (void)scenario_read_leaf(r, node, VOLUME_FIELDS, COUNT(VOLUME_FIELDS), &row);
    workload->volume_units = row.units;
}

#define AT(member) offsetof(struct porting, member)
static const struct xml_field PORTING_FIELDS[] = {
    {"stack", XML_TEXT, XML_REQUIRED, AT(stack), 0, 0, NULL},
    {"usd", XML_NUMBER, XML_REQUIRED, AT(usd), 0, SCENARIO_USD_MAX, NULL},
};
#undef AT

static void check_porting(struct scenario_reader *r, const struct xml_node *node,
    const struct porting *portings, int count)
{
    const struct catalog *catalog = &r->scenario->catalog;
    const char *stack = portings[count].stack;

    for (int i = 0; i < count; i++)
        if (str_equal(portings[i].stack, stack))
            (void)xml_fault(
                node, r->faults, "the workload has a porting to %s already; keep one", stack);
    for (size_t i = 0; i < catalog->chip_count; i++)
        if (str_equal(catalog->chips[i].stack, stack))
            return;
    xml_warn(node, r->faults, "no chip of the catalog has the stack \"%s\"", stack);
}

static void read_portings(
    struct scenario_reader *r, const struct xml_node *parent, struct workload *workload)
{
    int max = scenario_count(r, parent, "porting", CATALOG_SYSTEMS_MAX);
    struct porting *portings = arena_zero(r->arena, (size_t)max, sizeof *portings);
    const struct xml_node *node = xml_first_named(parent, "porting");

    workload->portings = portings;
    for (int i = 0; i < max; i++, node = xml_next_named(node, "porting")) {
        struct porting *porting = &portings[workload->porting_count];

        if (scenario_read_leaf(r, node, PORTING_FIELDS, COUNT(PORTING_FIELDS), porting) != 0)
            continue;
        porting->where = scenario_where(r, node);
        check_porting(r, node, portings, workload->porting_count);
        workload->porting_count++;
    }
}

/* The attributes, with their defaults; its children come after. */
static struct workload read_attributes(struct scenario_reader *r, const struct xml_node *node)
{
    struct workload_row row = {.power_frac = 1,
        .load_factor = 1,
        .max_systems = INFINITY,
        .start = DATE_MONTH_NONE,
        .end = DATE_MONTH_NONE};
    struct workload workload;

    (void)xml_check_children(node, WORKLOAD_CHILDREN, false, r->faults);
    if (xml_read(node, WORKLOAD_FIELDS, COUNT(WORKLOAD_FIELDS), &row, r->arena, r->faults) == 0)
        (void)scenario_check_kind(r, node, WORKLOAD_RULES, COUNT(WORKLOAD_RULES), row.kind,
            WORKLOAD_KIND_NAMES[row.kind]);
    if (xml_attribute(node, "interruptible") == NULL)
        row.is_interruptible = row.kind == WORKLOAD_BATCH;
    scenario_settle_window(r, node, "start", "end", &row.start, &row.end);
    workload = (struct workload){.id = row.id,
        .kind = (enum workload_kind)row.kind,
        .value_usd_per_unit = row.value_usd_per_unit,
        .is_required = row.is_required,
        .is_interruptible = row.is_interruptible,
        .power_frac = row.power_frac,
        .load_factor = row.load_factor,
        .survive_frac = row.survive_frac,
        .max_systems = row.max_systems,
        .sites_max = (int)row.sites_max,
        .start = row.start,
        .end = row.end,
        .where = scenario_where(r, node)};
    workload.may_use = scenario_resolve(r, node, "sites", &row.sites, &r->sites, "site");
    workload.may_use = scenario_restrict_to_jurisdictions(r, &row.jurisdictions, workload.may_use);
    return workload;
}

static struct workload read_workload(struct scenario_reader *r, const struct xml_node *node)
{
    struct workload workload = read_attributes(r, node);

    if (xml_first_named(node, "model") == NULL && xml_first_named(node, "rate") == NULL)
        (void)xml_fault(node, r->faults,
            "it has neither a <model> nor a <rate>, so no system can run it; add one");
    workload.model = scenario_read_model(r, node, workload.kind);
    workload.rates = scenario_read_rates(r, node, &workload);
    read_volume(r, node, &workload);
    read_portings(r, node, &workload);
    scenario_read_demand(r, node, &workload);
    return workload;
}

void scenario_read_workloads(struct scenario_reader *r)
{
    int count = scenario_count(r, r->root, "workload", SCENARIO_WORKLOADS_MAX);
    struct workload *workloads = arena_zero(r->arena, (size_t)count, sizeof *workloads);
    const struct xml_node *node = xml_first_named(r->root, "workload");
    struct ids ids = {0};

    r->is_workload_good = arena_zero(r->arena, (size_t)count, sizeof *r->is_workload_good);
    for (int i = 0; i < count; i++, node = xml_next_named(node, "workload")) {
        size_t errors_before = r->faults->error_count;

        workloads[i] = read_workload(r, node);
        scenario_add_id(r, &ids, workloads[i].id, "workload", node);
        r->is_workload_good[i] = r->faults->error_count == errors_before;
    }
    r->scenario->workloads = workloads;
    r->scenario->workload_count = count;
    ids_fini(&ids);
}
