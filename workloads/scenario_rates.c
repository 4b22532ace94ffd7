/* Reading what a workload does on each system: measured rates, and what they are derived from. */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "workloads/rates.h"

#include <math.h>

enum {
    TRAINING = 1u << WORKLOAD_TRAINING,
    INFERENCE = 1u << WORKLOAD_INFERENCE,
    BATCH = 1u << WORKLOAD_BATCH,
    ANY = TRAINING | INFERENCE | BATCH
};

struct model_row {
    double active_params, total_params;
    int precision;
    double kv_bytes_per_token, context_tokens;
    int64_t chips;
    double max_tpot_ms, input_tokens_per_output;
};

#define AT(member) offsetof(struct model_row, member)
static const struct xml_field MODEL_FIELDS[] = {
    {"active-params", XML_NUMBER, XML_REQUIRED, AT(active_params), 1, 1e18, NULL},
    {"total-params", XML_NUMBER, XML_OPTIONAL, AT(total_params), 1, 1e18, NULL},
    {"precision", XML_CHOICE, XML_REQUIRED, AT(precision), 0, 0, PRECISION_NAMES},
    {"kv-bytes-per-token", XML_NUMBER, XML_OPTIONAL, AT(kv_bytes_per_token), 1e-3, 1e12, NULL},
    {"context", XML_NUMBER, XML_OPTIONAL, AT(context_tokens), 1, 1e12, NULL},
    {"chips", XML_COUNT, XML_OPTIONAL, AT(chips), 1, 1e7, NULL},
    {"max-tpot-ms", XML_NUMBER, XML_OPTIONAL, AT(max_tpot_ms), 1e-6, 1e9, NULL},
    {"input-tokens-per-output", XML_NUMBER, XML_OPTIONAL, AT(input_tokens_per_output), 0, 1e9,
        NULL},
};
#undef AT

/* Training needs no more than the work of a token; decoding needs the shape. */
static const struct kind_rule MODEL_RULES[] = {
    {"total-params", ANY, INFERENCE | BATCH},
    {"kv-bytes-per-token", ANY, INFERENCE | BATCH},
    {"context", ANY, INFERENCE | BATCH},
    {"chips", ANY, INFERENCE | BATCH},
};

const struct model_shape *scenario_read_model(
    struct scenario_reader *r, const struct xml_node *workload, enum workload_kind kind)
{
    struct model_row row = {.max_tpot_ms = INFINITY};
    struct model_shape model;
    const struct xml_node *node = scenario_only_child(r, workload, "model", XML_OPTIONAL);
    size_t errors_before = r->faults->error_count;

    if (node == NULL)
        return NULL;
    (void)scenario_read_leaf(r, node, MODEL_FIELDS, COUNT(MODEL_FIELDS), &row);
    (void)scenario_check_kind(
        r, node, MODEL_RULES, COUNT(MODEL_RULES), (int)kind, WORKLOAD_KIND_NAMES[kind]);
    if (r->faults->error_count != errors_before)
        return NULL;
    if (row.total_params > 0 && row.total_params < row.active_params)
        xml_warn(node, r->faults, "total-params is below active-params; exchange them?");
    model = (struct model_shape){.active_params = row.active_params,
        .total_params = row.total_params,
        .precision = (enum precision)row.precision,
        .kv_bytes_per_token = row.kv_bytes_per_token,
        .context_tokens = row.context_tokens,
        .chips = (int)row.chips,
        .max_tpot_ms = row.max_tpot_ms,
        .input_tokens_per_output = row.input_tokens_per_output,
        .where = scenario_where(r, node)};
    return arena_copy(r->arena, &model, 1, sizeof model);
}

struct efficiency_row {
    const char *system;
    double mfu, bw_efficiency; /* 0: not given */
};

#define AT(member) offsetof(struct efficiency_row, member)
static const struct xml_field EFFICIENCY_FIELDS[] = {
    {"system", XML_ID, XML_REQUIRED, AT(system), 0, 0, NULL},
    {"mfu", XML_NUMBER, XML_OPTIONAL, AT(mfu), SCENARIO_SHARE_MIN, 1, NULL},
    {"bw-efficiency", XML_NUMBER, XML_OPTIONAL, AT(bw_efficiency), SCENARIO_SHARE_MIN, 1, NULL},
};
#undef AT

struct rate_row {
    const char *system;
    double units_per_hour;
};

#define AT(member) offsetof(struct rate_row, member)
static const struct xml_field RATE_FIELDS[] = {
    {"system", XML_ID, XML_REQUIRED, AT(system), 0, 0, NULL},
    {"units-per-hour", XML_NUMBER, XML_REQUIRED, AT(units_per_hour), 0, SCENARIO_UNITS_MAX, NULL},
};
#undef AT

/* What a workload says of each system; efficiencies of 0 are the chip's. */
struct system_facts {
    bool has_rate;
    double units_per_hour;
    struct where rate_where;
    bool has_efficiency;
    struct efficiency efficiency;
};

static void read_efficiencies(
    struct scenario_reader *r, const struct xml_node *workload, struct system_facts *facts)
{
    const struct xml_node *node = xml_first_named(workload, "efficiency");

    if (node != NULL && xml_first_named(workload, "model") == NULL)
        (void)xml_fault(node, r->faults,
            "the workload has no <model>, so there is no rate to derive by it; leave it out");
    for (; node != NULL; node = xml_next_named(node, "efficiency")) {
        struct efficiency_row row = {0};
        int k;

        if (scenario_read_leaf(r, node, EFFICIENCY_FIELDS, COUNT(EFFICIENCY_FIELDS), &row) != 0)
            continue;
        k = ids_resolve(&r->systems, row.system, "system", node, "system", r->faults);
        if (k < 0)
            continue;
        if (facts[k].has_efficiency)
            (void)xml_fault(node, r->faults,
                "the workload has an efficiency for %s already; keep one of them", row.system);
        facts[k].has_efficiency = true;
        facts[k].efficiency = (struct efficiency){row.mfu, row.bw_efficiency};
    }
}

static void read_given_rates(
    struct scenario_reader *r, const struct xml_node *workload, struct system_facts *facts)
{
    const struct xml_node *node = xml_first_named(workload, "rate");

    for (; node != NULL; node = xml_next_named(node, "rate")) {
        struct rate_row row = {0};
        int k;

        if (scenario_read_leaf(r, node, RATE_FIELDS, COUNT(RATE_FIELDS), &row) != 0)
            continue;
        k = ids_resolve(&r->systems, row.system, "system", node, "system", r->faults);
        if (k < 0)
            continue;
        if (facts[k].has_rate)
            (void)xml_fault(node, r->faults,
                "the workload has a rate on %s already; keep one of them", row.system);
        facts[k].has_rate = true;
        facts[k].units_per_hour = row.units_per_hour;
        facts[k].rate_where = scenario_where(r, node);
    }
}

static struct rate derive_rate(
    const struct system *system, const struct workload *workload, const struct system_facts *facts)
{
    struct efficiency efficiency = {system->chip->mfu, system->chip->bw_efficiency};
    struct inference_rate rate;

    if (facts->efficiency.mfu > 0)
        efficiency.mfu = facts->efficiency.mfu;
    if (facts->efficiency.bw_efficiency > 0)
        efficiency.bw_efficiency = facts->efficiency.bw_efficiency;
    if (workload->kind == WORKLOAD_TRAINING) {
        double units_per_hour = rates_training(system, workload->model, &efficiency);

        return (struct rate){.units_per_hour = units_per_hour,
            .is_derived = true,
            .zero_reason = units_per_hour > 0 ? NULL : RATES_NO_PEAK};
    }
    rate = rates_inference(system, workload->model, &efficiency);
    return (struct rate){
        .units_per_hour = rate.units_per_hour, .is_derived = true, .zero_reason = rate.zero_reason};
}

const struct rate *scenario_read_rates(
    struct scenario_reader *r, const struct xml_node *node, const struct workload *workload)
{
    const struct catalog *catalog = &r->scenario->catalog;
    struct system_facts *facts = mem_zero(catalog->system_count, sizeof *facts);
    struct rate *rates = arena_zero(r->arena, catalog->system_count, sizeof *rates);
    size_t errors_before = r->faults->error_count;

    read_efficiencies(r, node, facts);
    read_given_rates(r, node, facts);
    for (size_t k = 0; k < catalog->system_count; k++) {
        if (facts[k].has_rate)
            rates[k] = (struct rate){
                .units_per_hour = facts[k].units_per_hour, .where = facts[k].rate_where};
        else if (workload->model != NULL && r->is_catalog_good &&
                 r->faults->error_count == errors_before)
            rates[k] = derive_rate(&catalog->systems[k], workload, &facts[k]);
    }
    mem_free(facts);
    return rates;
}
