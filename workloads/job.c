#include "workloads/job.h"

#include "base/embed.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "workloads/job_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

EMBED_DECLARE(job_rng);

enum { FOLDER_FILES_MAX = 100000 };

static const char *const JOBS_CHILDREN[] = {"job", NULL};

static void read_one(struct job_reader *r, const struct xml_node *node)
{
    if (r->count >= JOB_SPECS_MAX) {
        if (r->count == JOB_SPECS_MAX)
            (void)xml_fault(node, r->faults, "over %d jobs in one call", JOB_SPECS_MAX);
        return;
    }
    r->specs = mem_grow(r->specs, r->count, &r->capacity, sizeof *r->specs);
    if (job_read(r, node, &r->specs[r->count]) == 0)
        r->count++;
}

/* Takes the document. */
static void read_document(struct job_reader *r, struct xml_document *document)
{
    const struct xml_node *root = xml_root(document);
    size_t first = r->count;
    size_t errors_before = r->faults->error_count;

    r->keeper = (struct keeper){.arena = r->arena};
    if (xml_is(root, "job")) {
        read_one(r, root);
    } else if (xml_is(root, "jobs")) {
        (void)xml_read(root, NULL, 0, NULL, r->arena, r->faults);
        (void)xml_check_children(root, JOBS_CHILDREN, false, r->faults);
        for (const struct xml_node *node = xml_first_named(root, "job"); node != NULL;
             node = xml_next_named(node, "job"))
            read_one(r, node);
        (void)job_check_names(r, first);
    } else {
        (void)xml_fault(root, r->faults, "this is no <job> and no <jobs>; give a job manifest");
    }
    if (r->faults->error_count == errors_before) {
        if (r->schema == NULL)
            r->schema = xml_schema_create(embed_job_rng, (size_t)embed_job_rng_bytes);
        (void)xml_schema_check(r->schema, document, r->faults);
    }
    xml_destroy(document);
}

static void read_file(struct job_reader *r, const char *path)
{
    struct xml_document *document = xml_load(path, &XML_LIMITS_FILES, NULL, r->faults);

    if (document != NULL)
        read_document(r, document);
}

static int is_manifest(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && str_ends_with(entry->d_name, ".xml");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_folder(struct job_reader *r, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_manifest, by_name);

    if (count <= 0) {
        (void)faults_error(r->faults, (struct where){path, 0},
            count < 0 ? "the folder can't be read" : "there is no *.xml file in this folder");
        free(entries);
        return;
    }
    for (int i = 0; i < count; i++) {
        char *file = arena_format(r->arena, "%s/%s", path, entries[i]->d_name);

        if (i < FOLDER_FILES_MAX)
            read_file(r, file);
        free(entries[i]);
    }
    if (count > FOLDER_FILES_MAX)
        (void)faults_error(r->faults, (struct where){path, 0}, "over %d manifests in one folder",
            FOLDER_FILES_MAX);
    free(entries);
}

static struct job_list *finish(struct job_reader *r)
{
    struct job_list *list = NULL;

    if (r->faults->error_count == 0)
        (void)job_check_cycles(r);
    if (r->faults->error_count == 0) {
        list = arena_zero(r->arena, 1, sizeof *list);
        list->specs = arena_copy(r->arena, r->specs, r->count, sizeof *r->specs);
        list->count = r->count;
        list->arena = r->arena;
    } else {
        arena_destroy(r->arena);
    }
    mem_free(r->specs);
    return list;
}

struct job_list *job_list_load(const char *const *paths, size_t path_count, struct faults *faults)
{
    struct job_reader reader = {.arena = arena_create(), .faults = faults};
    struct job_list *list;

    for (size_t i = 0; i < path_count; i++) {
        struct stat info;

        if (stat(paths[i], &info) == 0 && S_ISDIR(info.st_mode))
            read_folder(&reader, paths[i]);
        else
            read_file(&reader, paths[i]);
    }
    list = finish(&reader);
    xml_schema_destroy(reader.schema);
    if (list == NULL || job_list_check_tasks(list, faults) == 0)
        return list;
    job_list_destroy(list);
    return NULL;
}

struct job_list *job_list_parse_next(struct xml_schema **schema, const char *bytes, size_t count,
    const char *name, struct faults *faults)
{
    struct job_reader reader = {.arena = arena_create(), .faults = faults, .schema = *schema};
    struct xml_limits limits = XML_LIMITS_FILES;
    struct xml_document *document;

    limits.may_include = false;
    limits.file_bytes = JOB_MANIFEST_BYTES;
    document = xml_parse(bytes, count, name, &limits, NULL, faults);
    if (document != NULL)
        read_document(&reader, document);
    *schema = reader.schema;
    return finish(&reader);
}

struct job_list *job_list_parse(
    const char *bytes, size_t count, const char *name, struct faults *faults)
{
    struct xml_schema *schema = NULL;
    struct job_list *list = job_list_parse_next(&schema, bytes, count, name, faults);

    xml_schema_destroy(schema);
    return list;
}

void job_list_destroy(struct job_list *list)
{
    if (list != NULL)
        arena_destroy(list->arena);
}
