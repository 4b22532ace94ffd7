/* Names of rows and columns in dumped models: "acq[buy-gb300,oregon,2026-01]". */
#include "planner/capacity_model.h"

#include <stdio.h>

static const char *const COLUMN_NAMES[COLUMN_FAMILY_COUNT] = {
    [COLUMN_ACQUIRE] = "acq",
    [COLUMN_INSTALL] = "inst",
    [COLUMN_RUN] = "x",
    [COLUMN_FLOW] = "f",
    [COLUMN_UNMET] = "u",
    [COLUMN_KEEP] = "keep",
    [COLUMN_SHORT] = "short",
    [COLUMN_AT_SITE] = "at-site",
    [COLUMN_PORTED] = "ported",
};

static const char *const ROW_NAMES[ROW_FAMILY_COUNT] = {
    [ROW_SUPPLY] = "supply",
    [ROW_OFFER_MAX] = "max-systems",
    [ROW_INSTALL] = "installed",
    [ROW_CAPACITY] = "capacity",
    [ROW_CAPACITY_FIRM] = "capacity-firm",
    [ROW_OPERATING_POWER] = "operating-power",
    [ROW_NAMEPLATE_POWER] = "nameplate-power",
    [ROW_FLOOR] = "floor",
    [ROW_FLOW] = "flow",
    [ROW_DEMAND] = "demand",
    [ROW_SURVIVE] = "survive",
    [ROW_VOLUME] = "volume",
    [ROW_WORKLOAD_MAX] = "workload-max",
    [ROW_KEEP] = "keep",
    [ROW_BUDGET] = "budget",
    [ROW_COMMITMENT_POWER] = "commitment",
    [ROW_COMMITMENT_SPEND] = "commitment",
    [ROW_LIMIT] = "limit",
    [ROW_SITES_MAX] = "sites-max",
    [ROW_AT_SITE] = "at-site",
    [ROW_PORTED] = "ported",
};

static const char *const LINK_NAMES[] = {
    [LINK_NONE] = "", [LINK_WORK] = "-work", [LINK_POWER] = "-power", [LINK_STOCK] = "-stock"};

/* A name while it is written. */
struct name {
    char *buffer;
    size_t size, length;
    bool has_part;
};

static void add_text(struct name *name, const char *text)
{
    int count;

    if (name->length >= name->size)
        return;
    count = snprintf(name->buffer + name->length, name->size - name->length, "%s", text);
    name->length += count > 0 ? (size_t)count : 0;
}

static void add_part(struct name *name, const char *text)
{
    add_text(name, name->has_part ? "," : "[");
    add_text(name, text);
    name->has_part = true;
}

static void add_number(struct name *name, int number)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", number);
    add_part(name, text);
}

static const char *region_name(const struct workload *workload, int region)
{
    return workload->regions[region].region != NULL ? workload->regions[region].region : "all";
}

/* "us+eu" */
static void add_regions(struct name *name, const struct workload *workload, unsigned set)
{
    bool is_first = true;

    for (int g = 0; g < workload->region_count && g < SCENARIO_SURVIVE_REGIONS_MAX; g++) {
        if ((set & 1u << g) == 0)
            continue;
        if (is_first) {
            add_part(name, region_name(workload, g));
        } else {
            add_text(name, "+");
            add_text(name, region_name(workload, g));
        }
        is_first = false;
    }
}

static void add_period(struct name *name, const struct scenario *scenario, int period)
{
    char month[DATE_TEXT_SIZE];

    if (period >= 0)
        add_part(name, date_format_month(scenario->periods[period].start, month));
}

static void end_name(struct name *name)
{
    if (name->has_part)
        add_text(name, "]");
}

void capacity_model_column_name(
    const struct capacity_model *model, int column, char *buffer, size_t size)
{
    const struct scenario *sc = model->scenario;
    const struct column_key *key = &model->columns[column];
    struct name name = {buffer, size, 0, false};

    add_text(&name, COLUMN_NAMES[key->family]);
    if (key->offer >= 0)
        add_part(&name, sc->offers[key->offer].id);
    if (key->existing >= 0)
        add_number(&name, key->existing);
    if (key->workload >= 0)
        add_part(&name, sc->workloads[key->workload].id);
    if (key->region >= 0)
        add_part(&name, region_name(&sc->workloads[key->workload], key->region));
    if (key->commitment >= 0)
        add_part(&name, sc->commitments[key->commitment].id);
    if (key->porting >= 0)
        add_part(&name, sc->workloads[key->workload].portings[key->porting].stack);
    if (key->site >= 0)
        add_part(&name, sc->sites[key->site].id);
    if (key->system >= 0 && key->offer < 0)
        add_part(&name, sc->catalog.systems[key->system].id);
    if (key->is_interruptible > 0)
        add_part(&name, "spot");
    if (key->mode >= 0)
        add_part(&name, sc->catalog.systems[key->system].modes[key->mode].id);
    add_period(&name, sc, key->period);
    end_name(&name);
}

void capacity_model_row_name(const struct capacity_model *model, int row, char *buffer, size_t size)
{
    const struct scenario *sc = model->scenario;
    const struct row_key *key = &model->rows[row];
    struct name name = {buffer, size, 0, false};

    add_text(&name, ROW_NAMES[key->family]);
    add_text(&name, LINK_NAMES[key->link]);
    if (key->offer >= 0)
        add_part(&name, sc->offers[key->offer].id);
    if (key->existing >= 0)
        add_number(&name, key->existing);
    if (key->workload >= 0)
        add_part(&name, sc->workloads[key->workload].id);
    if (key->region >= 0)
        add_part(&name, region_name(&sc->workloads[key->workload], key->region));
    if (key->commitment >= 0)
        add_part(&name, sc->commitments[key->commitment].id);
    if (key->budget >= 0)
        add_part(&name, sc->budgets[key->budget].id);
    if (key->limit >= 0)
        add_part(&name, sc->limits[key->limit].id);
    if (key->porting >= 0)
        add_part(&name, sc->workloads[key->workload].portings[key->porting].stack);
    if (key->site >= 0)
        add_part(&name, sc->sites[key->site].id);
    if (key->region_set != 0)
        add_regions(&name, &sc->workloads[key->workload], key->region_set);
    if (key->system >= 0)
        add_part(&name, sc->catalog.systems[key->system].id);
    if (key->is_interruptible > 0)
        add_part(&name, "spot");
    add_period(&name, sc, key->period);
    end_name(&name);
}
