/* Walking the tree, attributes by tables, schemas. */
#include "base/xml.h"

#include "base/date.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml_private.h"

#include <ctype.h>
#include <libxml/relaxng.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { ID_MAX = 64, ID_LIST_MAX = 10000, LABEL_SIZE = 160, SCHEMA_FAULTS_MAX = 20 };

/* --- The tree */

static const struct xml_node *next_element(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return xml_from(node);
}

const struct xml_node *xml_root(const struct xml_document *document)
{
    return xml_from(xmlDocGetRootElement(document->root));
}

const struct xml_node *xml_first(const struct xml_node *node)
{
    return next_element(xml_to(node)->children);
}

const struct xml_node *xml_next(const struct xml_node *node)
{
    return next_element(xml_to(node)->next);
}

const struct xml_node *xml_first_named(const struct xml_node *node, const char *name)
{
    const struct xml_node *child = xml_first(node);

    return child == NULL || xml_is(child, name) ? child : xml_next_named(child, name);
}

const struct xml_node *xml_next_named(const struct xml_node *node, const char *name)
{
    do
        node = xml_next(node);
    while (node != NULL && !xml_is(node, name));
    return node;
}

const struct xml_node *xml_parent(const struct xml_node *node)
{
    const xmlNode *parent = xml_to(node)->parent;

    return parent != NULL && parent->type == XML_ELEMENT_NODE ? xml_from(parent) : NULL;
}

const char *xml_name(const struct xml_node *node)
{
    return (const char *)xml_to(node)->name;
}

bool xml_is(const struct xml_node *node, const char *name)
{
    const xmlNode *n = xml_to(node);

    return str_equal((const char *)n->name, name) && n->ns != NULL &&
           str_equal((const char *)n->ns->href, XML_NAMESPACE);
}

char *xml_text_inside(const struct xml_node *node)
{
    xmlChar *content = xmlNodeGetContent(xml_to(node));
    const char *start = content != NULL ? (const char *)content : "";
    char *text;
    size_t length;

    while (isspace((unsigned char)*start))
        start++;
    text = mem_copy_text(start);
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    xmlFree(content);
    return text;
}

/* With entities refused, an attribute's value is one text node. */
static const char *value_of(const xmlAttr *attribute)
{
    return attribute->children != NULL && attribute->children->content != NULL
               ? (const char *)attribute->children->content
               : "";
}

const char *xml_attribute(const struct xml_node *node, const char *name)
{
    for (const xmlAttr *a = xml_to(node)->properties; a != NULL; a = a->next)
        if (a->ns == NULL && str_equal((const char *)a->name, name))
            return value_of(a);
    return NULL;
}

struct where xml_where(const struct xml_node *node)
{
    const xmlNode *n = xml_to(node);

    return (struct where){n->_private, xmlGetLineNo(n)};
}

/* --- Faults */

const char *xml_label(const struct xml_node *node, char *buffer, size_t size)
{
    const char *const KEYS[] = {"id", "name", "system", "precision", "region", "from"};

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        const char *value = xml_attribute(node, KEYS[i]);

        if (value != NULL) {
            (void)snprintf(buffer, size, "<%.40s %s=\"%.60s\">", xml_name(node), KEYS[i], value);
            return buffer;
        }
    }
    (void)snprintf(buffer, size, "<%.40s>", xml_name(node));
    return buffer;
}

int xml_fault(const struct xml_node *node, struct faults *faults, const char *format, ...)
{
    char label[LABEL_SIZE];
    va_list args;
    char line[700];

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)faults_error(
        faults, xml_where(node), "%s: %s", xml_label(node, label, sizeof label), line);
    return -1;
}

void xml_warn(const struct xml_node *node, struct faults *faults, const char *format, ...)
{
    char label[LABEL_SIZE];
    va_list args;
    char line[700];

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    faults_warning(faults, xml_where(node), "%s: %s", xml_label(node, label, sizeof label), line);
}

/* --- Attributes by tables */

struct reading {
    const struct xml_node *node;
    const struct xml_field *field;
    struct arena *arena;
    struct faults *faults;
};

static int bad_value(const struct reading *r, const char *value, const char *what)
{
    return xml_fault(
        r->node, r->faults, "attribute '%s' is '%.80s'; %s", r->field->name, value, what);
}

static bool is_id(const char *text, size_t length)
{
    if (length == 0 || length > ID_MAX || !isalnum((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL)
            return false;
    return true;
}

static const char ID_RULE[] =
    "an id is at most 64 letters, digits, '.', '_' or '-', and starts with a letter or digit";

static int read_ids(const struct reading *r, const char *value, struct xml_ids *out)
{
    char *copy = arena_copy_text(r->arena, value);
    size_t count = str_split(copy, NULL, 0);
    char **words;

    if (count == 0)
        return bad_value(r, value, "give one or more ids, separated by blanks");
    if (count > ID_LIST_MAX)
        return bad_value(r, value, "that is too many ids");
    words = arena_zero(r->arena, count, sizeof *words);
    copy = arena_copy_text(r->arena, value);
    (void)str_split(copy, words, count);
    for (size_t i = 0; i < count; i++)
        if (!is_id(words[i], strlen(words[i])))
            return bad_value(r, words[i], ID_RULE);
    *out = (struct xml_ids){(const char *const *)words, count};
    return 0;
}

static bool has_range(const struct xml_field *field)
{
    return field->min < field->max || field->max < field->min;
}

static int check_range(const struct reading *r, const char *value, double number)
{
    const struct xml_field *field = r->field;

    if (!has_range(field) || (number >= field->min && number <= field->max))
        return 0;
    if (number < field->min && field->min >= 0 && field->min <= 0)
        return bad_value(r, value, "it can't be negative");
    return xml_fault(r->node, r->faults, "attribute '%s' is %.80s; it must be from %.10g to %.10g",
        field->name, value, field->min, field->max);
}

static int read_number(const struct reading *r, const char *value, double *out)
{
    double number = 0;

    if (str_parse_double(value, &number) != 0)
        return bad_value(r, value,
            strchr(value, ',') != NULL ? "that is not a number; write it with a point, as 2.5"
                                       : "that is not a finite number; write it as 2.5 or 1e9");
    if (check_range(r, value, number) != 0)
        return -1;
    *out = number;
    return 0;
}

static int read_count(const struct reading *r, const char *value, int64_t *out)
{
    int64_t number = 0;

    if (str_parse_int(value, &number) != 0)
        return bad_value(r, value, "that is not a whole number");
    if (check_range(r, value, (double)number) != 0)
        return -1;
    *out = number;
    return 0;
}

static int read_choice(
    const struct reading *r, const char *value, const char *const *choices, int *out)
{
    struct str list = {0};
    int rc = 0;
    int i = 0;

    while (choices[i] != NULL && !str_equal(choices[i], value))
        i++;
    if (choices[i] != NULL) {
        *out = i;
        return 0;
    }
    for (i = 0; choices[i] != NULL; i++)
        str_format(&list, "%s%s", i == 0 ? "it is one of " : ", ", choices[i]);
    rc = bad_value(r, value, str_text(&list));
    str_fini(&list);
    return rc;
}

static const char *const YES_NO[] = {"no", "yes", NULL};

static int read_value(const struct reading *r, const char *value, void *field)
{
    int choice = 0;

    switch (r->field->type) {
    case XML_TEXT:
        if (*value == '\0')
            return bad_value(r, value, "it can't be empty");
        *(const char **)field = arena_copy_text(r->arena, value);
        return 0;
    case XML_ANY_TEXT:
        *(const char **)field = arena_copy_text(r->arena, value);
        return 0;
    case XML_ID:
        if (!is_id(value, strlen(value)))
            return bad_value(r, value, ID_RULE);
        *(const char **)field = arena_copy_text(r->arena, value);
        return 0;
    case XML_IDS:
        return read_ids(r, value, field);
    case XML_NUMBER:
        return read_number(r, value, field);
    case XML_COUNT:
        return read_count(r, value, field);
    case XML_MONTH:
        if (date_parse_month(value, field) != 0)
            return bad_value(r, value, "write a month as 2026-01");
        return 0;
    case XML_INSTANT:
        if (date_parse_instant(value, field) != 0)
            return bad_value(r, value, "write a time as 2026-12-24T00:00:00Z");
        return 0;
    case XML_YES_NO:
        if (read_choice(r, value, YES_NO, &choice) != 0)
            return -1;
        *(bool *)field = choice == 1;
        return 0;
    case XML_CHOICE:
        return read_choice(r, value, r->field->choices, field);
    }
    return -1;
}

static const struct xml_field *find_field(
    const struct xml_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(fields[i].name, name))
            return &fields[i];
    return NULL;
}

enum { NAMES_MAX = 64 };

/* "did you mean x?", or what there is. */
static int unknown(const struct xml_node *node, struct faults *faults, const char *kind,
    const char *name, const char *const *names, size_t count)
{
    const char *nearest = str_nearest(name, names, count);
    struct str list = {0};

    if (nearest != NULL)
        return xml_fault(
            node, faults, "%s '%.60s' is not known here; did you mean %s?", kind, name, nearest);
    for (size_t i = 0; i < count; i++)
        str_format(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    (void)xml_fault(node, faults, "%s '%.60s' is not known here; known: %s", kind, name,
        count > 0 ? str_text(&list) : "none");
    str_fini(&list);
    return -1;
}

static int read_attribute(const struct xml_node *node, const struct xml_field *fields,
    size_t field_count, const xmlAttr *attribute, void *out, struct arena *arena,
    struct faults *faults)
{
    const char *name = (const char *)attribute->name;
    struct reading reading = {node, find_field(fields, field_count, name), arena, faults};
    const char *names[NAMES_MAX];

    if (attribute->ns != NULL) /* xml:base and the like say nothing to us */
        return 0;
    if (reading.field != NULL)
        return read_value(
            &reading, value_of(attribute), (unsigned char *)out + reading.field->offset);
    for (size_t i = 0; i < field_count && i < NAMES_MAX; i++)
        names[i] = fields[i].name;
    return unknown(
        node, faults, "attribute", name, names, field_count < NAMES_MAX ? field_count : NAMES_MAX);
}

int xml_read(const struct xml_node *node, const struct xml_field *fields, size_t field_count,
    void *out, struct arena *arena, struct faults *faults)
{
    int rc = 0;

    for (const xmlAttr *a = xml_to(node)->properties; a != NULL; a = a->next)
        if (read_attribute(node, fields, field_count, a, out, arena, faults) != 0)
            rc = -1;
    for (size_t i = 0; i < field_count; i++)
        if (fields[i].need == XML_REQUIRED && xml_attribute(node, fields[i].name) == NULL)
            rc = xml_fault(node, faults, "attribute '%s' is missing; write %s=\"…\"",
                fields[i].name, fields[i].name);
    return rc;
}

static bool is_blank(const xmlNode *text)
{
    for (const char *c = (const char *)text->content; c != NULL && *c != '\0'; c++)
        if (!isspace((unsigned char)*c))
            return false;
    return true;
}

int xml_check_children(
    const struct xml_node *node, const char *const *names, bool has_text, struct faults *faults)
{
    size_t count = 0;
    int rc = 0;

    while (names[count] != NULL)
        count++;
    for (const xmlNode *child = xml_to(node)->children; child != NULL; child = child->next) {
        bool is_known = false;

        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && !has_text &&
            !is_blank(child))
            rc = xml_fault(node, faults, "text stands between its elements: '%.40s'; take it out",
                (const char *)child->content);
        if (child->type != XML_ELEMENT_NODE)
            continue;
        for (size_t i = 0; i < count && !is_known; i++)
            is_known = xml_is(xml_from(child), names[i]);
        if (!is_known) {
            char what[LABEL_SIZE];

            (void)snprintf(what, sizeof what, "element inside <%.40s>", xml_name(node));
            rc = unknown(xml_from(child), faults, what, (const char *)child->name, names, count);
        }
    }
    return rc;
}

/* --- Schemas */

struct schema_report {
    struct faults *faults;
    const char *file;
    int count;
};

#if LIBXML_VERSION >= 21200
static void note_schema_error(void *context, const xmlError *error)
#else
static void note_schema_error(void *context, xmlError *error)
#endif
{
    struct schema_report *report = context;
    const xmlNode *node = error->node;
    char text[300];

    if (error->message == NULL || report->count++ >= SCHEMA_FAULTS_MAX)
        return;
    (void)snprintf(text, sizeof text, "%s", error->message);
    (void)faults_error(report->faults,
        node != NULL && node->type == XML_ELEMENT_NODE
            ? (struct where){node->_private, xmlGetLineNo(node)}
            : (struct where){report->file, error->line},
        "the schema does not allow this: %s", text);
}

int xml_check_schema(const struct xml_document *document, const char *schema, size_t schema_bytes,
    struct faults *faults)
{
    struct schema_report report = {faults, document->names[0], 0};
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewMemParserCtxt(schema, (int)schema_bytes);
    xmlRelaxNG *grammar;
    xmlRelaxNGValidCtxt *validator;
    int result = -1;

    xmlRelaxNGSetParserStructuredErrors(parser, note_schema_error, &report);
    grammar = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    if (grammar == NULL)
        return faults_error(faults, (struct where){document->names[0], 0},
            "the built-in schema can't be used; please report this");
    validator = xmlRelaxNGNewValidCtxt(grammar);
    xmlRelaxNGSetValidStructuredErrors(validator, note_schema_error, &report);
    result = xmlRelaxNGValidateDoc(validator, document->root);
    xmlRelaxNGFreeValidCtxt(validator);
    xmlRelaxNGFree(grammar);
    if (result != 0 && report.count == 0)
        (void)faults_error(faults, (struct where){document->names[0], 0},
            "the schema does not allow what stands in this file");
    return result == 0 ? 0 : -1;
}
