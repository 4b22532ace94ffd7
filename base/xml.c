/* Walking the tree, and faults at its elements. */
#include "base/xml.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum { LABEL_SIZE = 160, LABEL_NAME_MAX = 40, LABEL_VALUE_MAX = 60, LINE_SIZE = 900 };

bool xml_is_ours(const xmlNode *node)
{
    return node->ns != NULL && str_equal((const char *)node->ns->href, XML_NAMESPACE);
}

const char *xml_value(const xmlAttr *attribute)
{
    return attribute->children != NULL && attribute->children->content != NULL
               ? (const char *)attribute->children->content
               : "";
}

xmlNode *xml_following(xmlNode *node, const xmlNode *root, int *depth)
{
    int ignored = 0;

    depth = depth != NULL ? depth : &ignored;
    do {
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            ++*depth;
            continue;
        }
        while (node != root && node->next == NULL) {
            node = node->parent;
            --*depth;
        }
        node = node != root ? node->next : NULL;
    } while (node != NULL && node->type != XML_ELEMENT_NODE);
    return node;
}

static const struct xml_node *next_element(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return xml_from(node);
}

const struct xml_node *xml_root(const struct xml_document *document)
{
    return xml_from(xmlDocGetRootElement(document->files[0]->doc));
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
    return str_equal(xml_name(node), name) && xml_is_ours(xml_to(node));
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

const char *xml_attribute(const struct xml_node *node, const char *name)
{
    for (const xmlAttr *a = xml_to(node)->properties; a != NULL; a = a->next)
        if (a->ns == NULL && str_equal((const char *)a->name, name))
            return xml_value(a);
    return NULL;
}

struct where xml_where(const struct xml_node *node)
{
    const struct xml_place *place = xml_to(node)->_private;

    return (struct where){place->file->name, place->line};
}

const char *xml_label(const struct xml_node *node, char *buffer, size_t size)
{
    static const char *const KEYS[] = {"id", "name", "system", "precision", "region", "from"};
    const char *name = xml_name(node);
    int name_bytes = (int)utf8_cut(name, LABEL_NAME_MAX);

    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        const char *value = xml_attribute(node, KEYS[i]);
        size_t shown;

        if (value == NULL)
            continue;
        shown = utf8_cut(value, LABEL_VALUE_MAX);
        (void)snprintf(buffer, size, "<%.*s %s=\"%.*s%s\">", name_bytes, name, KEYS[i], (int)shown,
            value, value[shown] != '\0' ? "..." : "");
        return buffer;
    }
    (void)snprintf(buffer, size, "<%.*s>", name_bytes, name);
    return buffer;
}

int xml_fault(const struct xml_node *node, struct faults *faults, const char *format, ...)
{
    char label[LABEL_SIZE];
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return faults_error(
        faults, xml_where(node), "%s: %s", xml_label(node, label, sizeof label), line);
}

void xml_warn(const struct xml_node *node, struct faults *faults, const char *format, ...)
{
    char label[LABEL_SIZE];
    char line[LINE_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    faults_warning(faults, xml_where(node), "%s: %s", xml_label(node, label, sizeof label), line);
}
