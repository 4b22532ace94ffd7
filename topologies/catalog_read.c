/*
 * Reading a catalog. All chips come first and systems after them, so that a system may stand before
 * its chip, or in another <catalog>.
 */
#include "topologies/catalog.h"

#include "base/keeper.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "topologies/ids.h"

#include <math.h>
#include <stdint.h>

/* The least that a share may be where the model divides by it. */
#define SHARE_MIN 1e-6
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct reader {
    const struct xml_node *root;
    struct arena *arena;
    struct faults *faults;
    struct keeper keeper;
    struct chip *chips;
    struct ids chip_ids;
    struct system *systems;
    struct ids system_ids;
};

#define AT(member) offsetof(struct chip, member)
static const struct xml_field CHIP_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"name", XML_TEXT, XML_OPTIONAL, AT(name), 0, 0, NULL},
    {"vendor", XML_TEXT, XML_REQUIRED, AT(vendor), 0, 0, NULL},
    {"stack", XML_TEXT, XML_REQUIRED, AT(stack), 0, 0, NULL},
    {"hbm-gb", XML_NUMBER, XML_REQUIRED, AT(hbm_gb), 0, 1e5, NULL},
    {"hbm-gbps", XML_NUMBER, XML_REQUIRED, AT(hbm_gbps), 1e-3, 1e7, NULL},
    {"tdp-w", XML_NUMBER, XML_OPTIONAL, AT(tdp_w), 0, 1e6, NULL},
    {"mfu", XML_NUMBER, XML_REQUIRED, AT(mfu), SHARE_MIN, 1, NULL},
    {"bw-efficiency", XML_NUMBER, XML_REQUIRED, AT(bw_efficiency), SHARE_MIN, 1, NULL},
};
#undef AT

struct peak_row {
    int precision;
    double tflops;
};

#define AT(member) offsetof(struct peak_row, member)
static const struct xml_field PEAK_FIELDS[] = {
    {"precision", XML_CHOICE, XML_REQUIRED, AT(precision), 0, 0, PRECISION_NAMES},
    {"tflops", XML_NUMBER, XML_REQUIRED, AT(tflops), 1e-3, 1e9, NULL},
};
#undef AT

struct system_row {
    const char *id;
    const char *name;
    const char *chip;
    int64_t hosts, chips_per_host, cores_per_host, racks;
    double memory_gb_per_host;
    double power_kw, idle_kw, availability;
    date_month available_from;
};

#define AT(member) offsetof(struct system_row, member)
static const struct xml_field SYSTEM_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"name", XML_TEXT, XML_OPTIONAL, AT(name), 0, 0, NULL},
    {"chip", XML_ID, XML_REQUIRED, AT(chip), 0, 0, NULL},
    {"hosts", XML_COUNT, XML_REQUIRED, AT(hosts), 1, 10000, NULL},
    {"chips-per-host", XML_COUNT, XML_REQUIRED, AT(chips_per_host), 1, 1000, NULL},
    {"cores-per-host", XML_COUNT, XML_OPTIONAL, AT(cores_per_host), 1, 100000, NULL},
    {"memory-gb-per-host", XML_NUMBER, XML_OPTIONAL, AT(memory_gb_per_host), 1e-3, 1e9, NULL},
    {"racks", XML_COUNT, XML_OPTIONAL, AT(racks), 0, 10000, NULL},
    {"power-kw", XML_NUMBER, XML_REQUIRED, AT(power_kw), 1e-6, 1e7, NULL},
    {"idle-kw", XML_NUMBER, XML_OPTIONAL, AT(idle_kw), 0, 1e7, NULL},
    {"availability", XML_NUMBER, XML_OPTIONAL, AT(availability), 0, 1, NULL},
    {"available-from", XML_MONTH, XML_OPTIONAL, AT(available_from), 0, 0, NULL},
};
#undef AT

#define AT(member) offsetof(struct power_mode, member)
static const struct xml_field MODE_FIELDS[] = {
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"power", XML_NUMBER, XML_REQUIRED, AT(power_frac), SHARE_MIN, 1, NULL},
    {"throughput", XML_NUMBER, XML_REQUIRED, AT(throughput_frac), SHARE_MIN, 1, NULL},
};
#undef AT

struct note_row {
    struct xml_ids attributes;
    const char *text;
};

#define AT(member) offsetof(struct note_row, member)
static const struct xml_field SOURCE_FIELDS[] = {
    {"href", XML_TEXT, XML_REQUIRED, AT(text), 0, 0, NULL},
    {"says", XML_IDS, XML_REQUIRED, AT(attributes), 0, 0, NULL},
};
static const struct xml_field ESTIMATE_FIELDS[] = {
    {"attribute", XML_IDS, XML_REQUIRED, AT(attributes), 0, 0, NULL},
    {"basis", XML_TEXT, XML_REQUIRED, AT(text), 0, 0, NULL},
};
#undef AT

/* What a note may speak for: attributes of the element, and what its children say. */
static const char *const CHIP_FIGURES[] = {"name", "vendor", "stack", "hbm-gb", "hbm-gbps", "tdp-w",
    "mfu", "bw-efficiency", "peak", "peak-fp32", "peak-bf16", "peak-fp16", "peak-fp8", "peak-int8",
    "peak-fp4", "peak-int4"};
static const char *const SYSTEM_FIGURES[] = {"name", "chip", "hosts", "chips-per-host",
    "cores-per-host", "memory-gb-per-host", "racks", "power-kw", "idle-kw", "availability",
    "available-from", "mode"};

static const char *const CATALOG_CHILDREN[] = {"chip", "system", NULL};
static const char *const CHIP_CHILDREN[] = {"peak", "source", "estimate", NULL};
static const char *const SYSTEM_CHILDREN[] = {"mode", "source", "estimate", NULL};
static const char *const NO_CHILDREN[] = {NULL};

/* The <catalog>s are the root, or children of it. */
static const struct xml_node *first_catalog(const struct reader *r)
{
    return xml_is(r->root, "catalog") ? r->root : xml_first_named(r->root, "catalog");
}

static const struct xml_node *next_catalog(const struct reader *r, const struct xml_node *catalog)
{
    return catalog == r->root ? NULL : xml_next_named(catalog, "catalog");
}

static size_t count_named(const struct xml_node *node, const char *name)
{
    size_t count = 0;

    for (node = xml_first_named(node, name); node != NULL; node = xml_next_named(node, name))
        count++;
    return count;
}

static int check_leaf(const struct reader *r, const struct xml_node *node)
{
    return xml_check_children(node, NO_CHILDREN, false, r->faults);
}

static bool is_known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

static void check_figures(const struct reader *r, const struct xml_node *node,
    const struct xml_ids *said, const char *const *figures, size_t figure_count)
{
    for (size_t i = 0; i < said->count && r->faults->error_count < FAULTS_MAX; i++) {
        const char *nearest;

        if (is_known(said->ids[i], figures, figure_count))
            continue;
        nearest = str_nearest(said->ids[i], figures, figure_count);
        if (nearest != NULL)
            (void)xml_fault(node, r->faults, "\"%s\" is no figure of a <%s>; did you mean %s?",
                said->ids[i], xml_name(xml_parent(node)), nearest);
        else
            (void)xml_fault(node, r->faults, "\"%s\" is no figure of a <%s>; name an attribute",
                said->ids[i], xml_name(xml_parent(node)));
    }
}

/* The <source> and <estimate> children of a chip or system. */
static const struct figure_note *read_notes(const struct reader *r, const struct xml_node *parent,
    const char *const *figures, size_t figure_count, size_t *out_count)
{
    size_t max = count_named(parent, "source") + count_named(parent, "estimate");
    struct figure_note *notes = arena_zero(r->arena, max, sizeof *notes);
    size_t count = 0;

    for (const struct xml_node *n = xml_first(parent); n != NULL; n = xml_next(n)) {
        bool is_estimate = xml_is(n, "estimate");
        struct note_row row = {0};

        if (!is_estimate && !xml_is(n, "source"))
            continue;
        (void)check_leaf(r, n);
        (void)(is_estimate
                   ? xml_read(n, ESTIMATE_FIELDS, COUNT(ESTIMATE_FIELDS), &row, r->arena, r->faults)
                   : xml_read(n, SOURCE_FIELDS, COUNT(SOURCE_FIELDS), &row, r->arena, r->faults));
        check_figures(r, n, &row.attributes, figures, figure_count);
        notes[count++] = (struct figure_note){
            row.attributes.ids, row.attributes.count, row.text, is_estimate};
    }
    *out_count = count;
    return notes;
}

static void read_peaks(const struct reader *r, const struct xml_node *node, struct chip *chip)
{
    const struct xml_node *n = xml_first_named(node, "peak");

    for (; n != NULL; n = xml_next_named(n, "peak")) {
        struct peak_row row = {0};

        (void)check_leaf(r, n);
        if (xml_read(n, PEAK_FIELDS, COUNT(PEAK_FIELDS), &row, r->arena, r->faults) != 0)
            continue;
        if (chip->peak_tflops[row.precision] > 0)
            (void)xml_fault(n, r->faults, "the chip has a peak at %s already; keep one of them",
                PRECISION_NAMES[row.precision]);
        chip->peak_tflops[row.precision] = row.tflops;
    }
}

static void read_chip(struct reader *r, const struct xml_node *node)
{
    struct chip chip = {.where = keeper_where(&r->keeper, xml_where(node))};

    (void)xml_check_children(node, CHIP_CHILDREN, false, r->faults);
    (void)xml_read(node, CHIP_FIELDS, COUNT(CHIP_FIELDS), &chip, r->arena, r->faults);
    if (chip.name == NULL)
        chip.name = chip.id;
    read_peaks(r, node, &chip);
    chip.notes = read_notes(r, node, CHIP_FIGURES, COUNT(CHIP_FIGURES), &chip.note_count);
    if (chip.id == NULL)
        return;
    if (r->chip_ids.count == CATALOG_CHIPS_MAX)
        (void)xml_fault(
            node, r->faults, "there are more than %d chips; leave some out", CATALOG_CHIPS_MAX);
    else if (ids_add(&r->chip_ids, chip.id) < 0)
        (void)xml_fault(node, r->faults, "another chip has this id; give each its own");
    else
        r->chips[r->chip_ids.count - 1] = chip;
}

static void check_mode(const struct reader *r, const struct xml_node *node,
    const struct power_mode *mode, const struct system *system)
{
    for (int i = 0; i < system->mode_count; i++)
        if (mode->id != NULL && str_equal(system->modes[i].id, mode->id))
            (void)xml_fault(
                node, r->faults, "another mode of the system has this id; give each its own");
    if (system->power_kw * mode->power_frac < system->idle_kw)
        (void)xml_fault(node, r->faults,
            "power %g of %g kW is below the system's idle-kw (%g); raise power or lower idle-kw",
            mode->power_frac, system->power_kw, system->idle_kw);
}

/* The <mode>s of a system whose power is known; none means one of full power. */
static void read_modes(const struct reader *r, const struct xml_node *node, struct system *system)
{
    const struct xml_node *n = xml_first_named(node, "mode");
    struct power_mode *modes = arena_zero(r->arena, CATALOG_MODES_MAX, sizeof *modes);

    system->modes = modes;
    for (; n != NULL; n = xml_next_named(n, "mode")) {
        struct power_mode mode = {.power_frac = 1, .throughput_frac = 1};

        (void)check_leaf(r, n);
        (void)xml_read(n, MODE_FIELDS, COUNT(MODE_FIELDS), &mode, r->arena, r->faults);
        check_mode(r, n, &mode, system);
        if (system->mode_count < CATALOG_MODES_MAX)
            modes[system->mode_count++] = mode;
        else
            (void)xml_fault(
                n, r->faults, "a system has at most %d modes; leave some out", CATALOG_MODES_MAX);
    }
    if (system->mode_count == 0)
        modes[system->mode_count++] = (struct power_mode){"full", 1, 1};
}

static const struct chip *find_chip(
    const struct reader *r, const struct xml_node *node, const char *id)
{
    int index = id == NULL ? -1 : ids_resolve(&r->chip_ids, id, "chip", node, "chip", r->faults);

    return index < 0 ? NULL : &r->chips[index];
}

static void read_system(struct reader *r, const struct xml_node *node)
{
    /* A power that could not be read is in no order with idle-kw, so nothing more is said. */
    struct system_row row = {.hosts = 1,
        .chips_per_host = 1,
        .racks = 1,
        .power_kw = NAN,
        .availability = 1,
        .available_from = DATE_MONTH_NONE};
    struct system system;

    (void)xml_check_children(node, SYSTEM_CHILDREN, false, r->faults);
    (void)xml_read(node, SYSTEM_FIELDS, COUNT(SYSTEM_FIELDS), &row, r->arena, r->faults);
    system = (struct system){.id = row.id,
        .name = row.name != NULL ? row.name : row.id,
        .chip = find_chip(r, node, row.chip),
        .host_count = (int)row.hosts,
        .chips_per_host = (int)row.chips_per_host,
        .host_cores = (int)row.cores_per_host,
        .host_memory_gb = row.memory_gb_per_host,
        .rack_count = (int)row.racks,
        .power_kw = row.power_kw,
        .idle_kw = row.idle_kw,
        .availability = row.availability,
        .available_from = row.available_from,
        .where = keeper_where(&r->keeper, xml_where(node))};
    if (system.idle_kw > system.power_kw)
        (void)xml_fault(node, r->faults, "idle-kw (%g) is above power-kw (%g); exchange them?",
            system.idle_kw, system.power_kw);
    read_modes(r, node, &system);
    system.notes = read_notes(r, node, SYSTEM_FIGURES, COUNT(SYSTEM_FIGURES), &system.note_count);
    if (system.id == NULL)
        return;
    if (r->system_ids.count == CATALOG_SYSTEMS_MAX)
        (void)xml_fault(
            node, r->faults, "there are more than %d systems; leave some out", CATALOG_SYSTEMS_MAX);
    else if (ids_add(&r->system_ids, system.id) < 0)
        (void)xml_fault(node, r->faults, "another system has this id; give each its own");
    else
        r->systems[r->system_ids.count - 1] = system;
}

/* Hand each child of that name, of all catalogs, to `read`. */
static void read_all(
    struct reader *r, const char *name, void (*read)(struct reader *r, const struct xml_node *node))
{
    for (const struct xml_node *c = first_catalog(r); c != NULL; c = next_catalog(r, c))
        for (const struct xml_node *n = xml_first_named(c, name); n != NULL;
             n = xml_next_named(n, name))
            read(r, n);
}

int catalog_read(
    const struct xml_node *root, struct arena *arena, struct catalog *out, struct faults *faults)
{
    struct reader r = {.root = root, .arena = arena, .faults = faults, .keeper = {.arena = arena}};
    size_t errors_before = faults->error_count;

    r.chips = arena_zero(arena, CATALOG_CHIPS_MAX, sizeof *r.chips);
    r.systems = arena_zero(arena, CATALOG_SYSTEMS_MAX, sizeof *r.systems);
    for (const struct xml_node *c = first_catalog(&r); c != NULL; c = next_catalog(&r, c)) {
        (void)xml_read(c, NULL, 0, NULL, arena, faults);
        (void)xml_check_children(c, CATALOG_CHILDREN, false, faults);
    }
    read_all(&r, "chip", read_chip);
    read_all(&r, "system", read_system);
    *out = (struct catalog){r.chips, r.chip_ids.count, r.systems, r.system_ids.count};
    ids_fini(&r.chip_ids);
    ids_fini(&r.system_ids);
    return faults->error_count == errors_before ? 0 : -1;
}
