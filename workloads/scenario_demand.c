/* Reading an inference workload's <demand> rows: those of one region are one demand over time. */
#include "workloads/scenario_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <math.h>
#include <string.h>

struct demand_row {
    const char *region; /* NULL: none */
    date_month from, to;
    double units_per_hour;
    double max_latency_ms; /* NAN: none given */
    struct xml_ids jurisdictions;
};

#define AT(member) offsetof(struct demand_row, member)
static const struct xml_field DEMAND_FIELDS[] = {
    {"region", XML_ID, XML_OPTIONAL, AT(region), 0, 0, NULL},
    {"from", XML_MONTH, XML_REQUIRED, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"units-per-hour", XML_NUMBER, XML_REQUIRED, AT(units_per_hour), 0, SCENARIO_UNITS_MAX, NULL},
    {"max-latency-ms", XML_NUMBER, XML_OPTIONAL, AT(max_latency_ms), 0, 1e6, NULL},
    {"jurisdictions", XML_IDS, XML_OPTIONAL, AT(jurisdictions), 0, 0, NULL},
};
#undef AT

/* A region while its rows are read. */
struct group {
    const struct xml_node *node; /* its first row */
    struct demand_row first;
    struct dated_rows rows;
};

struct groups {
    struct group *list;
    size_t count, capacity;
    struct ids regions; /* by name; the demand without a region is "" */
};

/* Both left out, or both the same number? */
static bool same_latency(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : !(a < b || a > b);
}

/* Are all names of `part` in `whole`? */
static bool has_names(const struct xml_ids *whole, const struct xml_ids *part)
{
    struct ids names = {0};
    bool has_all = true;

    for (size_t i = 0; i < whole->count; i++)
        (void)ids_add(&names, whole->ids[i]);
    for (size_t i = 0; i < part->count && has_all; i++)
        has_all = ids_find(&names, part->ids[i]) >= 0;
    ids_fini(&names);
    return has_all;
}

/* The same names, in any order? A list that was left out equals none but itself. */
static bool same_names(const struct xml_ids *a, const struct xml_ids *b)
{
    return has_names(a, b) && has_names(b, a);
}

static void check_agreement(struct scenario_reader *r, const struct xml_node *node,
    const struct demand_row *row, const struct group *group)
{
    long line = xml_where(group->node).line;

    if (!same_latency(row->max_latency_ms, group->first.max_latency_ms))
        (void)xml_fault(node, r->faults,
            "max-latency-ms differs from line %ld; all rows of a region must say the same", line);
    if (!same_names(&row->jurisdictions, &group->first.jurisdictions))
        (void)xml_fault(node, r->faults,
            "jurisdictions differ from line %ld; all rows of a region must say the same", line);
}

/* The row's region; a new one if it is the first of it. */
static struct group *group_of(struct scenario_reader *r, struct groups *groups,
    const struct xml_node *node, const struct demand_row *row)
{
    const char *name = row->region != NULL ? row->region : "";
    int index = ids_find(&groups->regions, name);

    if (index >= 0) {
        check_agreement(r, node, row, &groups->list[index]);
        return &groups->list[index];
    }
    (void)ids_add(&groups->regions, name);
    groups->list = mem_grow(groups->list, groups->count, &groups->capacity, sizeof *groups->list);
    groups->list[groups->count] = (struct group){.node = node, .first = *row};
    return &groups->list[groups->count++];
}

static void read_rows(
    struct scenario_reader *r, const struct xml_node *parent, struct groups *groups)
{
    const struct xml_node *node = xml_first_named(parent, "demand");

    for (; node != NULL; node = xml_next_named(node, "demand")) {
        struct demand_row row = {.to = DATE_MONTH_NONE, .max_latency_ms = NAN};
        struct group *group;

        if (scenario_read_leaf(r, node, DEMAND_FIELDS, COUNT(DEMAND_FIELDS), &row) != 0)
            continue;
        if (row.region == NULL && !isnan(row.max_latency_ms))
            (void)xml_fault(node, r->faults,
                "max-latency-ms is from a region; add region=\"...\", or leave it out");
        group = group_of(r, groups, node, &row);
        (void)dated_rows_add(&group->rows,
            (struct dated_value){row.from, row.to, row.units_per_hour, scenario_where(r, node)},
            "demand", r->faults);
    }
}

/* Where the region's rows begin in the sorted list of latencies. */
static size_t first_latency(const struct scenario_reader *r, const char *region)
{
    size_t low = 0;
    size_t high = r->latency_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(r->latencies[middle].region, region) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void fault_unlisted(struct scenario_reader *r, const struct group *group, int site, int more)
{
    const char *region = group->first.region;
    const char *id = r->scenario->sites[site].id;

    (void)xml_fault(group->node, r->faults,
        "it has max-latency-ms, but the latency from %s to %s%s is not listed; add <latency "
        "region=\"%s\" site=\"%s\" ms=\"...\"/>",
        region, id, more > 0 ? " (and other sites)" : "", region, id);
}

/* Of the sites, those near enough to the region: latency <= max-latency-ms. Each of them must have
 * its latency listed. In the arena. */
static const bool *restrict_to_latency(
    struct scenario_reader *r, const struct group *group, const bool *sites)
{
    int site_count = r->scenario->site_count;
    bool *near = arena_zero(r->arena, (size_t)site_count, sizeof *near);
    size_t i = first_latency(r, group->first.region);
    int unlisted = -1;
    int unlisted_count = 0;

    for (int s = 0; s < site_count; s++) {
        bool is_of_region;

        while (i < r->latency_count && r->latencies[i].site < s &&
               str_equal(r->latencies[i].region, group->first.region))
            i++;
        is_of_region = i < r->latency_count &&
                       str_equal(r->latencies[i].region, group->first.region) &&
                       r->latencies[i].site == s;
        if (is_of_region)
            near[s] = sites[s] && r->latencies[i].ms <= group->first.max_latency_ms;
        else if (sites[s] && unlisted_count++ == 0)
            unlisted = s;
    }
    if (unlisted_count > 0 && r->are_sites_good)
        fault_unlisted(r, group, unlisted, unlisted_count - 1);
    return near;
}

static struct region_demand finish_region(
    struct scenario_reader *r, const struct workload *workload, struct group *group)
{
    struct region_demand region = {
        .region = group->first.region, .where = scenario_where(r, group->node)};

    (void)dated_rows_finish(&group->rows, "demand", r->arena, &region.units_per_hour, r->faults);
    region.may_use = scenario_restrict_to_jurisdictions(
        r, &group->first.jurisdictions, workload->may_use);
    if (region.region != NULL && !isnan(group->first.max_latency_ms))
        region.may_use = restrict_to_latency(r, group, region.may_use);
    return region;
}

void scenario_read_demand(
    struct scenario_reader *r, const struct xml_node *node, struct workload *workload)
{
    struct groups groups = {0};
    struct region_demand *regions;

    read_rows(r, node, &groups);
    if (groups.count > (size_t)(SCENARIO_REGIONS_MAX - r->region_count)) {
        (void)xml_fault(node, r->faults,
            "the workloads have more than %d regions in all; leave some out", SCENARIO_REGIONS_MAX);
        for (size_t g = 0; g < groups.count; g++)
            mem_free(groups.list[g].rows.list);
        groups.count = 0;
    }
    regions = arena_zero(r->arena, groups.count, sizeof *regions);
    for (size_t g = 0; g < groups.count; g++)
        regions[g] = finish_region(r, workload, &groups.list[g]);
    workload->regions = regions;
    workload->region_count = (int)groups.count;
    r->region_count += (int)groups.count;
    if (workload->survive_frac > 0 && workload->region_count > SCENARIO_SURVIVE_REGIONS_MAX)
        (void)xml_fault(node, r->faults,
            "survive-site goes with at most %d regions, and it has %d; join some, or split it",
            SCENARIO_SURVIVE_REGIONS_MAX, workload->region_count);
    ids_fini(&groups.regions);
    mem_free(groups.list);
}
