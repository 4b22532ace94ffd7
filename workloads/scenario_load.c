#include "workloads/scenario_private.h"

#include "base/embed.h"
#include "base/mem.h"
#include "base/str.h"

EMBED_DECLARE(scenario_rng);

struct root_row {
    const char *name;
};

static const struct xml_field ROOT_FIELDS[] = {
    {"name", XML_TEXT, XML_REQUIRED, offsetof(struct root_row, name), 0, 0, NULL},
};

static const char *const ROOT_CHILDREN[] = {"catalog", "horizon", "site", "latency", "offer",
    "workload", "budget", "commitment", "limit", "future", NULL};

static int read_root(struct scenario_reader *r)
{
    struct root_row row = {0};

    if (!xml_is(r->root, "scenario"))
        return xml_fault(r->root, r->faults,
            "this is no scenario; its root should be <scenario xmlns=\"%s\" name=\"...\">",
            XML_NAMESPACE);
    (void)xml_read(r->root, ROOT_FIELDS, COUNT(ROOT_FIELDS), &row, r->arena, r->faults);
    (void)xml_check_children(r->root, ROOT_CHILDREN, false, r->faults);
    r->scenario->name = row.name;
    return 0;
}

static void read_catalog(struct scenario_reader *r)
{
    struct catalog *catalog = &r->scenario->catalog;

    r->is_catalog_good = catalog_read(r->root, r->arena, catalog, r->faults) == 0;
    for (size_t i = 0; i < catalog->system_count; i++)
        (void)ids_add(&r->systems, catalog->systems[i].id);
    if (xml_first_named(r->root, "catalog") == NULL)
        (void)xml_fault(r->root, r->faults,
            "there is no <catalog>; add one, or include it by "
            "<xi:include href=\"catalog.xml\"/>");
}

static void read_all(struct scenario_reader *r)
{
    if (read_root(r) != 0)
        return;
    read_catalog(r);
    scenario_read_horizon(r);
    scenario_read_sites(r);
    scenario_read_latencies(r);
    scenario_read_offers(r);
    scenario_read_workloads(r);
    scenario_read_budgets(r);
    scenario_read_commitments(r);
    scenario_read_limits(r);
    scenario_check(r);
    scenario_read_futures(r);
}

static void reader_fini(struct scenario_reader *r)
{
    ids_fini(&r->systems);
    ids_fini(&r->sites);
    ids_fini(&r->jurisdictions);
    mem_free(r->latencies);
}

static struct scenario *load(
    const struct xml_document *document, const char *path, struct faults *faults)
{
    size_t errors_before = faults->error_count;
    struct arena *arena = arena_create();
    struct scenario_reader r = {.root = xml_root(document),
        .scenario = arena_zero(arena, 1, sizeof *r.scenario),
        .arena = arena,
        .faults = faults,
        .errors_before = errors_before,
        .keeper = {.arena = arena}};

    r.scenario->arena = arena;
    r.scenario->path = arena_copy_text(arena, path);
    read_all(&r);
    reader_fini(&r);
    if (faults->error_count == errors_before)
        (void)xml_check_schema(
            document, embed_scenario_rng, (size_t)embed_scenario_rng_bytes, faults);
    if (faults->error_count == errors_before)
        return r.scenario;
    scenario_destroy(r.scenario);
    return NULL;
}

/* Takes the document, which may be NULL. */
static struct scenario *load_and_destroy(
    struct xml_document *document, const char *path, struct faults *faults)
{
    struct scenario *scenario = document != NULL ? load(document, path, faults) : NULL;

    xml_destroy(document);
    return scenario;
}

struct scenario *scenario_load(const char *path, const char *data_folder, struct faults *faults)
{
    return load_and_destroy(xml_load(path, &XML_LIMITS_FILES, data_folder, faults), path, faults);
}

struct scenario *scenario_parse(
    const char *bytes, size_t count, const char *name, struct faults *faults)
{
    struct xml_limits limits = XML_LIMITS_FILES;

    limits.may_include = false;
    return load_and_destroy(xml_parse(bytes, count, name, &limits, NULL, faults), name, faults);
}
