/* XInclude, by ourselves: local XML files of our namespace alone, never text, never a URL. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml_private.h"

#include <string.h>
#include <sys/stat.h>

#define XINCLUDE_NAMESPACE "http://www.w3.org/2001/XInclude"

static bool is_include(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           str_equal((const char *)node->ns->href, XINCLUDE_NAMESPACE);
}

static struct where where_of(const xmlNode *node)
{
    return (struct where){node->_private, xmlGetLineNo(node)};
}

/* "scheme:", as in http: or file:. */
static bool has_scheme(const char *href)
{
    size_t length = strspn(
        href, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return length > 1 && href[length] == ':';
}

/* What an xi:include may say. 0, or -1 with a fault; *href is released with xmlFree. */
static int read_include(struct xml_loader *loader, xmlNode *node, char **href)
{
    struct where where = where_of(node);
    xmlChar *parse = xmlGetNoNsProp(node, BAD_CAST "parse");
    bool is_text = parse != NULL && !str_equal((const char *)parse, "xml");

    xmlFree(parse);
    *href = (char *)xmlGetNoNsProp(node, BAD_CAST "href");
    if (!str_equal((const char *)node->name, "include"))
        return faults_error(loader->faults, where,
            "<xi:%.40s>: only <xi:include href=\"…\"/> is known", node->name);
    if (!loader->limits->may_include)
        return faults_error(loader->faults, where,
            "<xi:include>: this input may include nothing; write it out in one file");
    if (is_text)
        return faults_error(loader->faults, where,
            "<xi:include>: only XML is included, never text; leave out parse=");
    if (*href == NULL || **href == '\0')
        return faults_error(
            loader->faults, where, "<xi:include>: attribute 'href' is missing; name a file");
    if (has_scheme(*href) || strncmp(*href, "//", 2) == 0)
        return faults_error(
            loader->faults, where, "<xi:include>: href is a URL; only local files are included");
    if (strchr(*href, '#') != NULL || xmlHasProp(node, BAD_CAST "xpointer") != NULL)
        return faults_error(loader->faults, where,
            "<xi:include>: parts of files are not included; name a whole file");
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            return faults_error(
                loader->faults, where, "<xi:include>: must be empty; a fallback is not read");
    return 0;
}

/* Where the file is: beside the includer, else in the data folder when href has no folder, or is
 * known there by its last part. Gives. */
static char *find_file(const struct xml_loader *loader, const char *includer, const char *href)
{
    char *beside = file_beside(includer, href);
    const char *name = strrchr(href, '/') != NULL ? strrchr(href, '/') + 1 : href;
    struct stat info;

    if (loader->data_folder != NULL && stat(beside, &info) != 0) {
        struct str path = {0};

        str_format(&path, "%s/topologies/%s", loader->data_folder, name);
        if (stat(str_text(&path), &info) == 0) {
            mem_free(beside);
            return path.text;
        }
        str_fini(&path);
    }
    return beside;
}

static bool is_loop(const xmlNode *node, const char *path)
{
    for (const xmlNode *up = node; up != NULL; up = up->parent)
        if (up->type == XML_ELEMENT_NODE && str_equal(up->_private, path))
            return true;
    return false;
}

/* Put the included root where the xi:include stands. */
static void replace(xmlNode *node, xmlDoc *included)
{
    xmlNode *root = xmlDocGetRootElement(included);

    xmlUnlinkNode(root);
    (void)xmlReplaceNode(node, root);
    xmlFreeNode(node);
}

static int include_one(struct xml_loader *loader, xmlNode *node, const char *name, int depth)
{
    struct where where = where_of(node);
    struct err err = {0};
    char *href = NULL;
    char *path = NULL;
    char *bytes = NULL;
    size_t count = 0;
    xmlDoc *included;
    int rc = -1;

    if (read_include(loader, node, &href) != 0)
        goto out;
    path = find_file(loader, name, href);
    if (is_loop(node, path)) {
        (void)faults_error(loader->faults, where,
            "<xi:include href=\"%.200s\">: the files include each other in a loop", href);
        goto out;
    }
    if (depth > loader->limits->include_depth) {
        (void)faults_error(loader->faults, where, "<xi:include>: files include files over %d deep",
            loader->limits->include_depth);
        goto out;
    }
    if (file_read(path, loader->limits->file_bytes, &bytes, &count, &err) != 0) {
        (void)faults_error(
            loader->faults, where, "<xi:include href=\"%.200s\">: %.200s %s", href, path, err.text);
        goto out;
    }
    included = xml_add_doc(loader, bytes, count, path, true, where);
    if (included == NULL)
        goto out;
    replace(node, included);
    rc = 0;
out:
    xmlFree(href);
    mem_free(path);
    mem_free(bytes);
    return rc;
}

/* The node after this one in document order, below root. */
static xmlNode *following(xmlNode *node, const xmlNode *root)
{
    while (node != NULL && node != root && node->next == NULL)
        node = node->parent;
    return node == NULL || node == root ? NULL : node->next;
}

int xml_include(struct xml_loader *loader, xmlDoc *doc, const char *name, int depth)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    int rc = 0;

    (void)name;
    for (xmlNode *node = root; node != NULL;) {
        if (is_include(node)) {
            xmlNode *parent = node->parent;
            xmlNode *before = node->prev;
            int nested = depth;

            if (node == root)
                return faults_error(
                    loader->faults, where_of(node), "<xi:include> can't be the root");
            for (const xmlNode *up = parent; up->parent != NULL; up = up->parent)
                nested += up->_private != NULL && up->parent->_private != NULL &&
                          up->_private != up->parent->_private;
            if (include_one(loader, node, node->_private, nested) != 0) {
                rc = -1;
                node = following(node, root);
                continue;
            }
            /* What came in may itself include: it is walked like the rest. */
            node = before != NULL ? before->next : parent->children;
            continue;
        }
        if (node->type == XML_ELEMENT_NODE && node->children != NULL)
            node = node->children;
        else
            node = following(node, root);
    }
    return rc;
}
