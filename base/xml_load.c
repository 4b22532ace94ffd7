/* Reading files into a tree, within limits: we read the bytes, libxml2 sees memory alone. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml_private.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>

const struct xml_limits XML_LIMITS_FILES = {.file_bytes = 16U << 20,
    .total_bytes = 64U << 20,
    .include_depth = 8,
    .element_depth = 64,
    .element_count = 2000000,
    .may_include = true};

enum { PARSE_FAULTS_MAX = 20 };

static void silent(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

void xml_init_process(void)
{
    xmlInitParser();
    xmlSetGenericErrorFunc(NULL, silent);
}

struct parse_report {
    struct faults *faults;
    const char *name;
    int count;
};

/* libxml2's type wants the error not const before 2.12, const from then on. */
#if LIBXML_VERSION >= 21200
static void note_parse_error(void *context, const xmlError *error)
#else
static void note_parse_error(void *context, xmlError *error)
#endif
{
    struct parse_report *report = context;
    char text[300];
    size_t length;

    if (error->message == NULL || report->count++ >= PARSE_FAULTS_MAX)
        return;
    (void)snprintf(text, sizeof text, "%s", error->message);
    length = strlen(text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
        text[--length] = '\0';
    (void)faults_error(report->faults, (struct where){report->name, error->line},
        "this is not well-formed XML: %s; mend the markup here or just before", text);
}

/* A DOCTYPE may hold entities that grow without bound: found before libxml2 reads anything.
 * Comments and processing instructions may stand before it. */
static bool has_doctype(const char *bytes, size_t count, long *line)
{
    size_t i = 0;

    *line = 1;
    while (i + 1 < count) {
        const char *end = NULL;

        if (bytes[i] == '\n')
            ++*line;
        if (bytes[i] != '<') {
            i++;
            continue;
        }
        if (count - i >= 9 && memcmp(bytes + i, "<!DOCTYPE", 9) == 0)
            return true;
        if (count - i >= 4 && memcmp(bytes + i, "<!--", 4) == 0)
            end = memmem(bytes + i + 4, count - i - 4, "-->", 3);
        else if (bytes[i + 1] == '?')
            end = memmem(bytes + i, count - i, "?>", 2);
        if (end == NULL)
            return false; /* the root element, or nothing that a parser would go past */
        for (; bytes + i < end; i++)
            *line += bytes[i] == '\n';
    }
    return false;
}

/* Give each element the name of its file; count them and look at how deep they go. */
static int adopt_elements(struct xml_loader *loader, xmlNode *root, char *name)
{
    int depth = 1;

    for (xmlNode *node = root; node != NULL;) {
        if (node->type == XML_ELEMENT_NODE) {
            node->_private = name;
            if (++loader->document->element_count > loader->limits->element_count)
                return faults_error(loader->faults, (struct where){name, xmlGetLineNo(node)},
                    "over %zu elements; split the input", loader->limits->element_count);
            if (depth > loader->limits->element_depth)
                return faults_error(loader->faults, (struct where){name, xmlGetLineNo(node)},
                    "elements stand over %d deep in each other", loader->limits->element_depth);
        }
        if (node->children != NULL && node->type == XML_ELEMENT_NODE) {
            node = node->children;
            depth++;
            continue;
        }
        while (node != NULL && node != root && node->next == NULL) {
            node = node->parent;
            depth--;
        }
        node = node == root || node == NULL ? NULL : node->next;
    }
    return 0;
}

static bool is_ours(const xmlNode *root)
{
    return root != NULL && root->ns != NULL &&
           str_equal((const char *)root->ns->href, XML_NAMESPACE);
}

static char *keep_doc(struct xml_document *document, xmlDoc *doc, const char *name)
{
    document->docs = mem_grow(
        document->docs, document->count, &document->doc_capacity, sizeof *document->docs);
    document->names = mem_grow(
        document->names, document->count, &document->name_capacity, sizeof *document->names);
    document->docs[document->count] = doc;
    document->names[document->count] = mem_copy_text(name);
    return document->names[document->count++];
}

static xmlDoc *parse(
    struct xml_loader *loader, const char *bytes, size_t count, const char *name, bool is_foreign)
{
    struct faults ignored = {0};
    struct parse_report report = {is_foreign ? &ignored : loader->faults, name, 0};
    xmlParserCtxt *context = xmlNewParserCtxt();
    xmlDoc *doc;

    if (context == NULL)
        return NULL;
    xmlSetStructuredErrorFunc(&report, note_parse_error);
    /* No dictionary: nodes move from one document into another. */
    doc = xmlCtxtReadMemory(context, bytes, (int)count, NULL, NULL,
        XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA | XML_PARSE_NODICT);
    xmlSetStructuredErrorFunc(NULL, NULL);
    if (doc == NULL && report.count == 0 && !is_foreign)
        (void)faults_error(loader->faults, (struct where){name, 1},
            "this is not well-formed XML; give an XML file");
    xmlFreeParserCtxt(context);
    faults_fini(&ignored);
    return doc;
}

xmlDoc *xml_add_doc(struct xml_loader *loader, const char *bytes, size_t count, const char *name,
    bool is_included, struct where includer)
{
    struct where top = {name, 1};
    xmlDoc *doc;
    char *kept;

    loader->document->total_bytes += count;
    if (loader->document->total_bytes > loader->limits->total_bytes) {
        (void)faults_error(loader->faults, is_included ? includer : top,
            "the input is over %zu bytes with all that it includes", loader->limits->total_bytes);
        return NULL;
    }
    if (count == 0 && !is_included) {
        (void)faults_error(
            loader->faults, (struct where){name, 0}, "the file is empty; give a Wattyard XML file");
        return NULL;
    }
    if (has_doctype(bytes, count, &top.line)) {
        (void)faults_error(loader->faults, is_included ? includer : top,
            is_included ? "<xi:include>: the file has a DOCTYPE; Wattyard files have none"
                        : "a DOCTYPE is not read (it may hold entities); take it out");
        return NULL;
    }
    doc = parse(loader, bytes, count, name, is_included);
    if (is_included && (doc == NULL || !is_ours(xmlDocGetRootElement(doc)))) {
        (void)faults_error(loader->faults, includer,
            "<xi:include>: the file it names is no Wattyard file (an XML file of namespace %s)",
            XML_NAMESPACE);
        xmlFreeDoc(doc);
        return NULL;
    }
    if (doc == NULL)
        return NULL;
    if (!is_ours(xmlDocGetRootElement(doc))) {
        (void)faults_error(loader->faults,
            (struct where){name, xmlGetLineNo(xmlDocGetRootElement(doc))},
            "this is no Wattyard file: its root is not in namespace %s; write xmlns=\"%s\"",
            XML_NAMESPACE, XML_NAMESPACE);
        xmlFreeDoc(doc);
        return NULL;
    }
    kept = keep_doc(loader->document, doc, name);
    if (adopt_elements(loader, xmlDocGetRootElement(doc), kept) != 0)
        return NULL;
    return doc;
}

struct xml_document *xml_parse(const char *bytes, size_t count, const char *name,
    const struct xml_limits *limits, const char *data_folder, struct faults *faults)
{
    struct xml_document *document = mem_zero(1, sizeof *document);
    struct xml_loader loader = {document, limits, data_folder, faults};
    size_t errors_before = faults->error_count;

    if (count > limits->file_bytes || count > INT32_MAX)
        (void)faults_error(faults, (struct where){name, 0},
            "the file is too large: %zu bytes, at most %zu are read", count, limits->file_bytes);
    else
        document->root = xml_add_doc(&loader, bytes, count, name, false, (struct where){name, 1});
    if (document->root != NULL)
        (void)xml_include(&loader, document->root, name, 1);
    if (document->root != NULL && faults->error_count == errors_before)
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
    for (size_t i = 0; i < document->count; i++) {
        xmlFreeDoc(document->docs[i]);
        mem_free(document->names[i]);
    }
    mem_free(document->docs);
    mem_free(document->names);
    mem_free(document);
}
