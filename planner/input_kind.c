#include "planner/input_kind.h"

#include "base/faults.h"
#include "base/str.h"
#include "base/xml.h"

struct root_kind {
    const char *root;
    enum input_kind kind;
};

static const struct root_kind KINDS[] = {
    {"catalog", INPUT_CATALOG},
    {"scenario", INPUT_SCENARIO},
    {"fleet", INPUT_FLEET},
    {"job", INPUT_JOBS},
    {"jobs", INPUT_JOBS},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

static int find_root(const struct xml_node *root, enum input_kind *out, struct faults *faults)
{
    const char *names[KIND_COUNT];
    const char *nearest;

    for (int i = 0; i < KIND_COUNT; i++) {
        names[i] = KINDS[i].root;
        if (!xml_is(root, KINDS[i].root))
            continue;
        *out = KINDS[i].kind;
        return 0;
    }
    nearest = str_nearest(xml_name(root), names, KIND_COUNT);
    return xml_fault(root, faults,
        "this is none of the files that are known here: <catalog>, <scenario>, <fleet>, <job> or "
        "<jobs>%s%s%s",
        nearest == NULL ? "" : "; did you mean <", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : ">?");
}

int input_kind_find(
    const char *path, const char *data_folder, enum input_kind *out, struct faults *faults)
{
    struct xml_document *document = xml_load(path, &XML_LIMITS_FILES, data_folder, faults);
    int rc;

    if (document == NULL)
        return -1;
    rc = find_root(xml_root(document), out, faults);
    xml_destroy(document);
    return rc;
}
