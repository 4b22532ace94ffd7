/* Reading a scenario's horizon, sites and latencies: when and where. */
#include "base/str.h"
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum step { STEP_MONTH, STEP_QUARTER, STEP_YEAR };
static const char *const STEP_NAMES[] = {"month", "quarter", "year", NULL};
static const int STEP_MONTHS[] = {1, 3, 12};

enum salvage { SALVAGE_STRAIGHT_LINE, SALVAGE_NONE };
static const char *const SALVAGE_NAMES[] = {"straight-line", "none", NULL};

struct horizon_row {
    date_month start, end; /* end inclusive, as in the file */
    int step;
    int salvage;
    double discount_rate, carbon_usd_per_tonne;
};

#define AT(member) offsetof(struct horizon_row, member)
static const struct xml_field HORIZON_FIELDS[] = {
    {"start", XML_MONTH, XML_REQUIRED, AT(start), 0, 0, NULL},
    {"end", XML_MONTH, XML_REQUIRED, AT(end), 0, 0, NULL},
    {"step", XML_CHOICE, XML_REQUIRED, AT(step), 0, 0, STEP_NAMES},
    {"discount-rate", XML_NUMBER, XML_OPTIONAL, AT(discount_rate), 0, 10, NULL},
    {"salvage", XML_CHOICE, XML_OPTIONAL, AT(salvage), 0, 0, SALVAGE_NAMES},
    {"carbon-usd-per-tonne", XML_NUMBER, XML_OPTIONAL, AT(carbon_usd_per_tonne), 0, 1e9, NULL},
};
#undef AT

static int check_span(
    struct scenario_reader *r, const struct xml_node *node, const struct horizon_row *row)
{
    int months = row->end - row->start + 1;
    int step = STEP_MONTHS[row->step];

    if (months <= 0)
        return xml_fault(node, r->faults, "its end is before its start; exchange them?");
    if (months % step != 0)
        return xml_fault(node, r->faults,
            "its %d %s no whole number of %ss; `end` is the last month, so move it by %d "
            "later or %d earlier",
            months, str_plural(months, "month is", "months are"), STEP_NAMES[row->step],
            step - months % step, months % step);
    if (months / step > SCENARIO_PERIODS_MAX)
        return xml_fault(node, r->faults,
            "it has %d periods, and %d are the most; shorten it, or take longer steps",
            months / step, SCENARIO_PERIODS_MAX);
    return 0;
}

static void make_periods(struct scenario *scenario)
{
    const struct horizon *h = &scenario->horizon;
    int count = (h->end - h->start) / h->step_months;
    struct period *periods = arena_zero(scenario->arena, (size_t)count, sizeof *periods);

    for (int t = 0; t < count; t++) {
        int months_in = t * h->step_months;

        periods[t] = (struct period){.start = h->start + months_in,
            .month_count = h->step_months,
            .hours = date_hours(h->start + months_in, h->step_months),
            .discount = pow(1 + h->discount_rate, -months_in / UNITS_MONTHS_PER_YEAR)};
    }
    scenario->periods = periods;
    scenario->period_count = count;
}

void scenario_read_horizon(struct scenario_reader *r)
{
    struct horizon_row row = {0};
    const struct xml_node *node = scenario_only_child(r, r->root, "horizon", XML_REQUIRED);

    if (node == NULL ||
        scenario_read_leaf(r, node, HORIZON_FIELDS, COUNT(HORIZON_FIELDS), &row) != 0 ||
        check_span(r, node, &row) != 0)
        return;
    r->scenario->horizon = (struct horizon){.start = row.start,
        .end = row.end + 1,
        .step_months = STEP_MONTHS[row.step],
        .discount_rate = row.discount_rate,
        .has_salvage = row.salvage == SALVAGE_STRAIGHT_LINE,
        .carbon_usd_per_tonne = row.carbon_usd_per_tonne,
        .where = scenario_where(r, node)};
    make_periods(r->scenario);
    r->is_horizon_good = true;
}

static int jurisdiction_of(struct scenario_reader *r, const struct site *site)
{
    int index;

    if (site->jurisdiction == NULL)
        return -1;
    index = ids_add(&r->jurisdictions, site->jurisdiction);
    return index >= 0 ? index : ids_find(&r->jurisdictions, site->jurisdiction);
}

void scenario_read_sites(struct scenario_reader *r)
{
    size_t max = (size_t)scenario_count(r, r->root, "site", SCENARIO_SITES_MAX);
    struct site *sites = arena_zero(r->arena, max, sizeof *sites);
    const struct xml_node *node = xml_first_named(r->root, "site");

    r->site_jurisdiction = arena_zero(r->arena, max, sizeof *r->site_jurisdiction);
    r->are_sites_good = true;
    if (node == NULL)
        (void)xml_fault(r->root, r->faults, "there is no <site>; add one");
    for (size_t i = 0; i < max; i++, node = xml_next_named(node, "site")) {
        struct site site;
        size_t number = r->sites.count;

        if (site_read(node, r->arena, &site, r->faults) != 0)
            r->are_sites_good = false;
        scenario_add_id(r, &r->sites, site.id, "site", node);
        if (r->sites.count == number)
            continue;
        sites[number] = site;
        r->site_jurisdiction[number] = jurisdiction_of(r, &site);
    }
    r->scenario->sites = sites;
    r->scenario->site_count = (int)r->sites.count;
}

struct latency_row {
    const char *region;
    const char *site;
    double ms;
};

#define AT(member) offsetof(struct latency_row, member)
static const struct xml_field LATENCY_FIELDS[] = {
    {"region", XML_ID, XML_REQUIRED, AT(region), 0, 0, NULL},
    {"site", XML_ID, XML_REQUIRED, AT(site), 0, 0, NULL},
    {"ms", XML_NUMBER, XML_REQUIRED, AT(ms), 0, 1e6, NULL},
};
#undef AT

static int compare_latencies(const void *a, const void *b)
{
    const struct latency *left = a;
    const struct latency *right = b;
    int order = strcmp(left->region, right->region);

    if (order == 0)
        order = (left->site > right->site) - (left->site < right->site);
    if (order == 0)
        order = (left->where.line > right->where.line) - (left->where.line < right->where.line);
    return order;
}

static void check_latencies(struct scenario_reader *r)
{
    for (size_t i = 1; i < r->latency_count; i++) {
        const struct latency *before = &r->latencies[i - 1];
        const struct latency *row = &r->latencies[i];

        if (strcmp(before->region, row->region) == 0 && before->site == row->site)
            (void)faults_error(r->faults, row->where,
                "<latency>: line %ld has the latency from %s to %s too; keep one of them",
                before->where.line, row->region, r->scenario->sites[row->site].id);
    }
}

void scenario_read_latencies(struct scenario_reader *r)
{
    const struct xml_node *node = xml_first_named(r->root, "latency");
    size_t errors_before = r->faults->error_count;

    for (; node != NULL; node = xml_next_named(node, "latency")) {
        struct latency_row row = {0};
        int site;

        if (scenario_read_leaf(r, node, LATENCY_FIELDS, COUNT(LATENCY_FIELDS), &row) != 0)
            continue;
        site = ids_resolve(&r->sites, row.site, "site", node, "site", r->faults);
        if (site < 0)
            continue;
        r->latencies = mem_grow(
            r->latencies, r->latency_count, &r->latency_capacity, sizeof *r->latencies);
        r->latencies[r->latency_count++] = (struct latency){
            row.region, site, row.ms, scenario_where(r, node)};
    }
    if (r->latency_count > 0)
        qsort(r->latencies, r->latency_count, sizeof *r->latencies, compare_latencies);
    check_latencies(r);
    r->are_sites_good = r->are_sites_good && r->faults->error_count == errors_before;
}
