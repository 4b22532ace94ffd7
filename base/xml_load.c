/* Reading files into a tree, within limits: we read the bytes, libxml2 sees memory alone. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml_private.h"

#include <libxml/parser.h>
#include <string.h>

const struct xml_limits XML_LIMITS_FILES = {.file_bytes = 16U << 20,
    .total_bytes = 64U << 20,
    .include_depth = 8,
    .element_depth = 64,
    .element_count = 2000000,
    .may_include = true};

#define FOREIGN                                                                                    \
    "it is no Wattyard file (UTF-8 XML, no DOCTYPE, its root in namespace " XML_NAMESPACE ")"

static void be_silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

void xml_init_process(void)
{
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, be_silent);
    (void)xmlThrDefSetGenericErrorFunc(NULL, be_silent);
}

void xml_listen(void (*note)(void *context, xml_libxml_error *error), void *context)
{
    xmlSetStructuredErrorFunc(context, note);
}

void xml_unlisten(void)
{
    xmlSetStructuredErrorFunc(NULL, NULL);
}

/* --- One file */

struct file_reading {
    struct xml_loader *loader;
    const char *bytes;
    size_t count;
    struct xml_file *file;
    const struct xml_includer *includer; /* NULL: the main file */
};

/* At the file itself, or at the xi:include that names it. Returns -1. */
static int fault_at(const struct file_reading *r, long line, const char *text)
{
    if (r->includer != NULL)
        return xml_fault_include(r->includer->node, r->loader->faults, text);
    return faults_error(r->loader->faults, (struct where){r->file->name, line}, "%s", text);
}

static int fault_scan(
    const struct file_reading *r, enum xml_scan_result result, const struct xml_scan *scan)
{
    const struct xml_limits *limits = r->loader->limits;
    bool is_included = r->includer != NULL;
    struct str text = {0};

    switch (result) {
    case XML_SCAN_GOOD:
        return 0;
    case XML_SCAN_NOT_UTF8:
        str_add(&text, is_included ? FOREIGN : "this is not UTF-8 text; save it as UTF-8");
        break;
    case XML_SCAN_CONTROL:
        str_add(&text, is_included ? FOREIGN
                                   : "a control character stands here, so this is no UTF-8 XML; "
                                     "take it out, or save the file as UTF-8");
        break;
    case XML_SCAN_DOCTYPE:
        str_add(&text,
            is_included ? FOREIGN : "a DOCTYPE is not read (it may hold entities); take it out");
        break;
    case XML_SCAN_INSTRUCTION:
        str_add(&text, is_included ? FOREIGN
                                   : "a processing instruction (<?...?>) that is not closed, or "
                                     "has a '<' in it, is not read; take it out");
        break;
    case XML_SCAN_TOO_MANY:
        str_format(&text, "there are over %zu elements or attributes; split the input",
            limits->element_count);
        break;
    case XML_SCAN_TOO_DEEP:
        str_format(&text, "elements stand over %d deep in each other; close some before",
            limits->element_depth);
        break;
    case XML_SCAN_TOO_MANY_ATTRIBUTES:
        str_format(&text, "an element has over %d attributes, or %d namespaces; take some out",
            XML_ATTRIBUTES_MAX, XML_NAMESPACES_MAX);
        break;
    case XML_SCAN_TOO_LONG:
        str_add(&text, "a comment or CDATA is not closed, or is over 1 MiB; close or shorten it");
        break;
    }
    (void)fault_at(r, scan->line, str_text(&text));
    str_fini(&text);
    return -1;
}

/* Sizes, and the look at the bytes. */
static int check_bytes(const struct file_reading *r)
{
    struct xml_document *document = r->loader->document;
    const struct xml_limits *limits = r->loader->limits;
    struct xml_scan scan = {0};
    enum xml_scan_result result;

    if (r->count > limits->file_bytes || r->count > INT32_MAX ||
        r->count > limits->total_bytes - document->total_bytes) {
        struct str text = {0};

        str_format(&text,
            "the input is too large: at most %zu bytes are read of a file, and %zu with all that "
            "it includes; split it",
            limits->file_bytes, limits->total_bytes);
        (void)fault_at(r, 0, str_text(&text));
        str_fini(&text);
        return -1;
    }
    document->total_bytes += r->count;
    result = xml_scan(r->bytes, r->count, r->file, limits,
        r->includer != NULL ? r->includer->depth : 0, document, &scan);
    document->element_count += scan.element_count;
    document->attribute_count += scan.attribute_count;
    r->file->places = scan.places;
    r->file->place_count = scan.element_count;
    return fault_scan(r, result, &scan);
}

/* Even what is not well-formed gives a tree, so that it is known whose file it is. NULL where
 * nothing came of it, or nobody says why. */
static xmlDoc *parse(const struct file_reading *r, struct xml_complaints *complaints)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    xmlDoc *doc;

    if (context == NULL)
        return NULL;
    xml_listen(xml_complain, complaints);
    /* No dictionary: nodes move from one document into another. The bytes are UTF-8, whatever
     * they declare. */
    doc = xmlCtxtReadMemory(context, r->bytes, (int)r->count, NULL, "UTF-8",
        XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA | XML_PARSE_NODICT |
            XML_PARSE_RECOVER);
    xml_unlisten();
    if (!context->wellFormed && complaints->count == 0) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(context);
    return doc;
}

/* Each element gets its place. The scan found the same ones, or the file is refused. */
static int place_elements(const struct file_reading *r, xmlNode *root)
{
    size_t count = 0;

    for (xmlNode *node = root; node != NULL; node = xml_following(node, root, NULL)) {
        if (count < r->file->place_count)
            node->_private = &r->file->places[count];
        count++;
    }
    if (count == r->file->place_count)
        return 0;
    return fault_at(r, 0, "its markup can't be followed; take out what is unusual in it");
}

static int check_root(const struct file_reading *r, const xmlNode *root)
{
    if (root != NULL && xml_is_ours(root))
        return 0;
    if (r->includer != NULL)
        return fault_at(r, 0, FOREIGN);
    return fault_at(r, root != NULL && r->file->place_count > 0 ? r->file->places[0].line : 1,
        "this is no Wattyard file: its root is not in namespace " XML_NAMESPACE
        "; write xmlns=\"" XML_NAMESPACE "\" in it");
}

static int read_file(const struct file_reading *r)
{
    struct xml_complaints complaints = {0};
    xmlNode *root;

    if (r->count == 0)
        return fault_at(
            r, 0, r->includer != NULL ? FOREIGN : "the file is empty; give a Wattyard XML file");
    if (check_bytes(r) != 0)
        return -1;
    r->file->doc = parse(r, &complaints);
    root = r->file->doc != NULL ? xmlDocGetRootElement(r->file->doc) : NULL;
    if (r->includer != NULL && check_root(r, root) != 0)
        return -1;
    if (r->file->doc == NULL && complaints.count == 0)
        return fault_at(r, 1, "this is not well-formed XML; give an XML file");
    if (complaints.count > 0)
        return xml_tell_complaints(&complaints, r->file->name, r->loader->faults);
    if (check_root(r, root) != 0)
        return -1;
    return place_elements(r, root);
}

const struct xml_file *xml_add_file(struct xml_loader *loader, const struct xml_file *file,
    const char *bytes, size_t count, const struct xml_includer *includer)
{
    struct xml_document *document = loader->document;
    struct xml_file *added = mem_zero(1, sizeof *added);
    struct file_reading reading = {loader, bytes, count, added, includer};

    *added = *file;
    added->name = mem_copy_text(file->name);
    document->files = mem_grow(
        document->files, document->file_count, &document->file_capacity, sizeof *document->files);
    document->files[document->file_count++] = added;
    return read_file(&reading) == 0 ? added : NULL;
}

struct xml_file xml_identify(const char *path)
{
    struct xml_file file = {0};
    struct stat info;

    if (stat(path, &info) == 0) {
        file.is_on_disk = true;
        file.device = info.st_dev;
        file.inode = info.st_ino;
    }
    return file;
}

/* --- A document */

struct xml_document *xml_parse(const char *bytes, size_t count, const char *name,
    const struct xml_limits *limits, const char *data_folder, struct faults *faults)
{
    struct xml_document *document = mem_zero(1, sizeof *document);
    struct xml_loader loader = {document, limits, data_folder, faults};
    struct xml_file file = {0};
    char *copy = mem_copy_text(name);
    bool is_good;

    if (limits->may_include)
        file = xml_identify(name);
    file.name = copy;
    is_good = xml_add_file(&loader, &file, bytes, count, NULL) != NULL &&
              xml_include_all(&loader) == 0;
    mem_free(copy);
    if (is_good)
        return document;
    xml_destroy(document);
    return NULL;
}

struct xml_document *xml_load(const char *path, const struct xml_limits *limits,
    const char *data_folder, struct faults *faults)
{
    struct xml_document *document;
    struct err err = {0};
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, limits->file_bytes, &bytes, &count, &err) != 0) {
        (void)faults_error(faults, (struct where){path, 0}, "%s", err.text);
        return NULL;
    }
    document = xml_parse(bytes, count, path, limits, data_folder, faults);
    mem_free(bytes);
    return document;
}

void xml_destroy(struct xml_document *document)
{
    if (document == NULL)
        return;
    for (size_t i = 0; i < document->file_count; i++) {
        xmlFreeDoc(document->files[i]->doc);
        mem_free(document->files[i]->places);
        mem_free(document->files[i]->name);
        mem_free(document->files[i]);
    }
    mem_free(document->files);
    mem_free(document);
}
