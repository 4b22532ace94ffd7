#include "topologies/catalog_file.h"

#include "base/embed.h"
#include "base/mem.h"
#include "base/xml.h"

EMBED_DECLARE(catalog_rng);

/* Faults go to the list; the schema is asked only where the tables found none. */
static void read_root(
    const struct xml_document *document, struct catalog_file *file, struct faults *faults)
{
    const struct xml_node *root = xml_root(document);

    if (!xml_is(root, "catalog")) {
        (void)xml_fault(root, faults,
            "this is no catalog; its root should be <catalog xmlns=\"%s\">", XML_NAMESPACE);
        return;
    }
    if (catalog_read(root, file->arena, &file->catalog, faults) == 0)
        (void)xml_check_schema(
            document, embed_catalog_rng, (size_t)embed_catalog_rng_bytes, faults);
}

struct catalog_file *catalog_file_load(
    const char *path, const char *data_folder, struct faults *faults)
{
    size_t errors_before = faults->error_count;
    struct xml_document *document = xml_load(path, &XML_LIMITS_FILES, data_folder, faults);
    struct catalog_file *file;
    struct arena *arena;

    if (document == NULL)
        return NULL;
    arena = arena_create();
    file = arena_zero(arena, 1, sizeof *file);
    file->arena = arena;
    read_root(document, file, faults);
    xml_destroy(document);
    if (faults->error_count == errors_before)
        return file;
    catalog_file_destroy(file);
    return NULL;
}

void catalog_file_destroy(struct catalog_file *file)
{
    struct arena *arena;

    if (file == NULL)
        return;
    arena = file->arena;
    arena_destroy(arena);
}
