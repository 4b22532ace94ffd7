/* Whatever the bytes, a catalog is loaded whole or refused with a reason. */
#include "base/mem.h"
#include "base/xml.h"
#include "topologies/catalog.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    xml_init_process();
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void walk(const struct catalog *catalog)
{
    for (size_t k = 0; k < catalog->system_count; k++) {
        const struct system *system = &catalog->systems[k];

        must(catalog_find_system(catalog, system->id) == system);
        must(catalog_find_chip(catalog, system->chip->id) == system->chip);
        must(system_chip_count(system) > 0 && system->mode_count > 0);
        must(system->modes[0].power_frac * system->power_kw >= system->idle_kw);
        (void)system_is_estimate(system, "peak");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        (const char *)data, size, "fuzz.xml", &XML_LIMITS_FILES, NULL, &faults);

    if (document != NULL) {
        struct arena *arena = arena_create();
        struct catalog catalog;

        if (catalog_read(xml_root(document), arena, &catalog, &faults) == 0)
            walk(&catalog);
        else
            must(faults.error_count > 0);
        arena_destroy(arena);
    }
    xml_destroy(document);
    faults_fini(&faults);
    return 0;
}
