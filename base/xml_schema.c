/* Schemas, by libxml2's RELAX NG. */
#include "base/xml.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <libxml/relaxng.h>

enum { SCHEMA_FAULTS_MAX = 20, MESSAGE_SHOWN = 300 };

struct report {
    const struct xml_document *document;
    struct faults *faults;
    int count;
};

/* Of the element at node, or around it. */
static struct where where_of(const struct report *report, const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE && node->type != XML_DOCUMENT_NODE)
        node = node->parent;
    if (node == NULL || node->_private == NULL)
        return (struct where){report->document->files[0]->name, 0};
    return xml_where(xml_from(node));
}

static void note_violation(void *context, xml_libxml_error *error)
{
    struct report *report = context;
    const char *message = error->message != NULL ? error->message : "";
    size_t length = utf8_cut(message, MESSAGE_SHOWN);

    if (report->count++ >= SCHEMA_FAULTS_MAX)
        return;
    while (length > 0 && message[length - 1] == '\n')
        length--;
    (void)faults_error(report->faults, where_of(report, error->node),
        "the schema does not allow this: %.*s", (int)length, message);
}

struct xml_schema {
    xmlRelaxNG *grammar;
};

static void ignore_error(void *context, xml_libxml_error *error)
{
    (void)context;
    (void)error;
}

struct xml_schema *xml_schema_create(const char *schema, size_t schema_bytes)
{
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewMemParserCtxt(schema, (int)schema_bytes);
    struct xml_schema *made = NULL;
    xmlRelaxNG *grammar;

    if (parser == NULL)
        return NULL;
    xml_listen(ignore_error, NULL);
    xmlRelaxNGSetParserStructuredErrors(parser, ignore_error, NULL);
    grammar = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    xml_unlisten();
    if (grammar != NULL) {
        made = mem_zero(1, sizeof *made);
        made->grammar = grammar;
    }
    return made;
}

void xml_schema_destroy(struct xml_schema *schema)
{
    if (schema == NULL)
        return;
    xmlRelaxNGFree(schema->grammar);
    mem_free(schema);
}

/* libxml2 notes in elements which part of which grammar they met; another grammar may come to lie
 * at the same place. */
static void forget_notes(xmlNode *root)
{
    for (xmlNode *node = root; node != NULL; node = xml_following(node, root, NULL))
        node->psvi = NULL;
}

/* libxml2's result: 0 when it is valid. */
static int validate(const struct xml_document *document, xmlRelaxNG *grammar, struct report *report)
{
    xmlRelaxNGValidCtxt *validator = xmlRelaxNGNewValidCtxt(grammar);
    xmlDoc *doc = document->files[0]->doc;
    int result;

    if (validator == NULL)
        return -1;
    xmlRelaxNGSetValidStructuredErrors(validator, note_violation, report);
    result = xmlRelaxNGValidateDoc(validator, doc);
    xmlRelaxNGFreeValidCtxt(validator);
    forget_notes(xmlDocGetRootElement(doc));
    return result;
}

int xml_schema_check(
    struct xml_schema *schema, const struct xml_document *document, struct faults *faults)
{
    struct report report = {document, faults, 0};
    struct where file = {document->files[0]->name, 0};
    int result;

    if (schema == NULL)
        return faults_error(faults, file, "the built-in schema can't be used; please report this");
    xml_listen(note_violation, &report);
    result = validate(document, schema->grammar, &report);
    xml_unlisten();
    if (result != 0 && report.count == 0)
        (void)faults_error(faults, file, "the schema does not allow what stands in this file");
    return result == 0 ? 0 : -1;
}

int xml_check_schema(
    const struct xml_document *document, const char *text, size_t text_bytes, struct faults *faults)
{
    struct xml_schema *schema = xml_schema_create(text, text_bytes);
    int rc = xml_schema_check(schema, document, faults);

    xml_schema_destroy(schema);
    return rc;
}
