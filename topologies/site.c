#include "topologies/site.h"

#include "base/keeper.h"
#include "base/mem.h"
#include "base/xml.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define AT(member) offsetof(struct site, member)
static const struct xml_field SITE_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"region", XML_ID, XML_REQUIRED, AT(region), 0, 0, NULL},
    {"jurisdiction", XML_ID, XML_REQUIRED, AT(jurisdiction), 0, 0, NULL},
    {"pue", XML_NUMBER, XML_OPTIONAL, AT(pue), 1, 10, NULL},
    {"oversubscription", XML_NUMBER, XML_OPTIONAL, AT(oversubscription), 0.01, 100, NULL},
    {"rack-positions", XML_NUMBER, XML_OPTIONAL, AT(rack_positions), 0, 1e9, NULL},
};
#undef AT

struct site_row {
    date_month from, to;
    double mw;
    double rack_positions; /* NAN: not given */
    double usd_per_mwh;
    double kg_co2_per_mwh;
};

#define AT(member) offsetof(struct site_row, member)
static const struct xml_field POWER_FIELDS[] = {
    {"from", XML_MONTH, XML_REQUIRED, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"mw", XML_NUMBER, XML_REQUIRED, AT(mw), 0, 1e7, NULL},
    {"rack-positions", XML_NUMBER, XML_OPTIONAL, AT(rack_positions), 0, 1e9, NULL},
};
static const struct xml_field ENERGY_FIELDS[] = {
    {"from", XML_MONTH, XML_REQUIRED, AT(from), 0, 0, NULL},
    {"to", XML_MONTH, XML_OPTIONAL, AT(to), 0, 0, NULL},
    {"usd-per-mwh", XML_NUMBER, XML_REQUIRED, AT(usd_per_mwh), 0, 1e6, NULL},
    {"kg-co2-per-mwh", XML_NUMBER, XML_OPTIONAL, AT(kg_co2_per_mwh), 0, 1e5, NULL},
};
#undef AT

static const char *const SITE_CHILDREN[] = {"power", "energy", NULL};
static const char *const NO_CHILDREN[] = {NULL};

/* One dated row of the site; false when it is not worth keeping. */
static bool read_row(const struct xml_node *node, const struct xml_field *fields, size_t count,
    struct arena *arena, struct site_row *out, struct faults *faults)
{
    int children = xml_check_children(node, NO_CHILDREN, false, faults);

    *out = (struct site_row){.to = DATE_MONTH_NONE, .rack_positions = NAN};
    return xml_read(node, fields, count, out, arena, faults) == 0 && children == 0;
}

static void read_power(
    const struct xml_node *node, struct keeper *keeper, struct site *out, struct faults *faults)
{
    struct dated_rows power = {0};
    struct dated_rows positions = {0};
    const struct xml_node *n = xml_first_named(node, "power");

    for (; n != NULL; n = xml_next_named(n, "power")) {
        struct where where = keeper_where(keeper, xml_where(n));
        struct site_row row;

        if (!read_row(n, POWER_FIELDS, COUNT(POWER_FIELDS), keeper->arena, &row, faults))
            continue;
        (void)dated_rows_add(
            &power, (struct dated_value){row.from, row.to, row.mw, where}, "power", faults);
        if (!isnan(row.rack_positions))
            (void)dated_rows_add(&positions,
                (struct dated_value){row.from, row.to, row.rack_positions, where}, "power", faults);
    }
    (void)dated_rows_finish(&power, "power", keeper->arena, &out->power_mw, faults);
    (void)dated_rows_finish(&positions, "power", keeper->arena, &out->rack_positions_dated, faults);
}

static void read_energy(
    const struct xml_node *node, struct keeper *keeper, struct site *out, struct faults *faults)
{
    struct dated_rows usd = {0};
    struct dated_rows co2 = {0};
    const struct xml_node *n = xml_first_named(node, "energy");

    for (; n != NULL; n = xml_next_named(n, "energy")) {
        struct where where = keeper_where(keeper, xml_where(n));
        struct site_row row;

        if (!read_row(n, ENERGY_FIELDS, COUNT(ENERGY_FIELDS), keeper->arena, &row, faults))
            continue;
        (void)dated_rows_add(
            &usd, (struct dated_value){row.from, row.to, row.usd_per_mwh, where}, "energy", faults);
        (void)dated_rows_add(&co2,
            (struct dated_value){row.from, row.to, row.kg_co2_per_mwh, where}, "energy", faults);
    }
    (void)dated_rows_finish(&usd, "energy", keeper->arena, &out->energy_usd_per_mwh, faults);
    (void)dated_rows_finish(&co2, "energy", keeper->arena, &out->energy_kg_co2_per_mwh, faults);
}

int site_read(
    const struct xml_node *node, struct arena *arena, struct site *out, struct faults *faults)
{
    struct keeper keeper = {.arena = arena};
    size_t errors_before = faults->error_count;

    *out = (struct site){.pue = 1,
        .oversubscription = 1,
        .rack_positions = INFINITY,
        .where = keeper_where(&keeper, xml_where(node))};
    (void)xml_check_children(node, SITE_CHILDREN, false, faults);
    (void)xml_read(node, SITE_FIELDS, COUNT(SITE_FIELDS), out, arena, faults);
    if (xml_first_named(node, "energy") == NULL)
        (void)xml_fault(node, faults,
            "it has no <energy> and so no price; add <energy from=\"...\" usd-per-mwh=\"...\"/>");
    read_power(node, &keeper, out, faults);
    read_energy(node, &keeper, out, faults);
    return faults->error_count == errors_before ? 0 : -1;
}

double site_rack_positions_at(const struct site *site, date_month month)
{
    return dated_value_at(&site->rack_positions_dated, month, site->rack_positions);
}
