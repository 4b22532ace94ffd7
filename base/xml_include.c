/* XInclude, by ourselves: local XML files of our namespace alone, never text, never a URL. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <errno.h>
#include <string.h>

enum { SHOWN = 200, INCLUDES_MAX = 1000 };

/* Where the shipped catalog stands in the data folder. */
static const char DATA_SUBFOLDER[] = "topologies";

static bool is_xinclude(const xmlNode *node)
{
    return node->ns != NULL && str_equal((const char *)node->ns->href, XML_XINCLUDE_NAMESPACE);
}

static const char *attribute(const xmlNode *node, const char *name)
{
    return xml_attribute(xml_from(node), name);
}

int xml_fault_include(const xmlNode *node, struct faults *faults, const char *text)
{
    const char *href = attribute(node, "href");
    struct where where = xml_where(xml_from(node));

    if (href == NULL)
        return faults_error(faults, where, "<xi:%.40s>: %s", node->name, text);
    return faults_error(faults, where, "<xi:%.40s href=\"%.*s%s\">: %s", node->name,
        (int)utf8_cut(href, SHOWN), href, strlen(href) > SHOWN ? "..." : "", text);
}

/* "scheme:", as in http: or file:. */
static bool has_scheme(const char *href)
{
    size_t length = strspn(
        href, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return length > 1 && href[length] == ':';
}

/* What is wrong with the href; NULL if nothing is. */
static const char *check_href(const char *href)
{
    if (href == NULL || *href == '\0')
        return "attribute 'href' is missing; name a file";
    if (has_scheme(href) || str_starts_with(href, "//"))
        return "a URL is not fetched; name a local file";
    if (strchr(href, '#') != NULL)
        return "parts of files are not included; name a whole file";
    return NULL;
}

/* What is wrong with the attributes besides; NULL if nothing is. */
static const char *check_attributes(const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
        const char *name = (const char *)a->name;

        if (a->ns != NULL || str_equal(name, "href"))
            continue;
        if (str_equal(name, "parse") && str_equal(xml_value(a), "xml"))
            continue;
        if (str_equal(name, "parse"))
            return "only XML is included, never text; leave out parse=";
        if (str_equal(name, "xpointer"))
            return "parts of files are not included; leave out xpointer=";
        return "only the attribute 'href' is known here; leave out the others";
    }
    return NULL;
}

static const char *check_content(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            return "it must be empty (a fallback is not read); take out what stands in it";
    return NULL;
}

static int check_include(const struct xml_loader *loader, const xmlNode *node)
{
    const char *wrong = NULL;

    if (!str_equal((const char *)node->name, "include"))
        wrong = "only <xi:include href=\"...\"/> is known; take it out";
    else if (!loader->limits->may_include)
        wrong = "this input may include nothing; write it out in one file";
    else
        wrong = check_href(attribute(node, "href"));
    if (wrong == NULL)
        wrong = check_attributes(node);
    if (wrong == NULL)
        wrong = check_content(node);
    return wrong != NULL ? xml_fault_include(node, loader->faults, wrong) : 0;
}

/* The path of the shipped file of that name; NULL if there is none. Gives. */
static char *find_shipped(const struct xml_loader *loader, const char *name)
{
    struct str path = {0};

    if (loader->data_folder == NULL)
        return NULL;
    str_format(&path, "%s/%s/%s", loader->data_folder, DATA_SUBFOLDER, name);
    if (xml_identify(str_text(&path)).is_on_disk)
        return path.text;
    str_fini(&path);
    return NULL;
}

static void fault_missing(
    const struct xml_loader *loader, const xmlNode *node, const char *href, const char *beside)
{
    const char *slash = strrchr(href, '/');
    char *shipped = slash != NULL ? find_shipped(loader, slash + 1) : NULL;
    struct str text = {0};

    str_format(&text, "there is no file %.*s", (int)utf8_cut(beside, SHOWN), beside);
    if (slash == NULL && loader->data_folder != NULL)
        str_format(&text, ", and none of that name in %.*s/%s; mend the href",
            (int)utf8_cut(loader->data_folder, SHOWN), loader->data_folder, DATA_SUBFOLDER);
    else if (shipped != NULL)
        str_format(&text, "; mend the href, or write href=\"%.*s\" for the one that is shipped",
            (int)utf8_cut(slash + 1, SHOWN), slash + 1);
    else
        str_add(&text, "; mend the href");
    (void)xml_fault_include(node, loader->faults, str_text(&text));
    str_fini(&text);
    mem_free(shipped);
}

/* Which file it is: beside the includer, else, for an href without a folder part, a shipped one.
 * Gives its path; NULL with a fault. */
static char *find_file(const struct xml_loader *loader, const xmlNode *node)
{
    const char *href = attribute(node, "href");
    char *beside = file_beside(xml_where(xml_from(node)).file, href);
    char *shipped = NULL;

    /* What is there but can't be looked at is left to reading, which says why. */
    if (xml_identify(beside).is_on_disk || (errno != ENOENT && errno != ENOTDIR))
        return beside;
    if (strchr(href, '/') == NULL)
        shipped = find_shipped(loader, href);
    if (shipped == NULL)
        fault_missing(loader, node, href, beside);
    mem_free(beside);
    return shipped;
}

static bool is_same_file(const struct xml_file *a, const struct xml_file *b)
{
    if (a->is_on_disk && b->is_on_disk)
        return a->device == b->device && a->inode == b->inode;
    return str_equal(a->name, b->name);
}

/* May this file be included from there? 0, or -1 with a fault. */
static int check_nesting(
    const struct xml_loader *loader, const xmlNode *node, const struct xml_file *file)
{
    int depth = 0;

    for (const struct xml_file *up = file->includer; up != NULL; up = up->includer, depth++)
        if (is_same_file(up, file))
            return xml_fault_include(
                node, loader->faults, "the files include each other in a loop; break it");
    if (depth > loader->limits->include_depth)
        return xml_fault_include(
            node, loader->faults, "files include files too deep; include it further up");
    return 0;
}

/* Put the included root where the xi:include stands. */
static xmlNode *replace(xmlNode *node, const struct xml_file *file)
{
    xmlNode *root = xmlDocGetRootElement(file->doc);

    xmlUnlinkNode(root);
    (void)xmlReplaceNode(node, root);
    xmlFreeNode(node);
    return root;
}

/* What stands there then; NULL with a fault. */
static xmlNode *include_one(struct xml_loader *loader, xmlNode *node, int depth)
{
    const struct xml_place *place = node->_private;
    const struct xml_includer includer = {node, depth};
    const struct xml_file *added = NULL;
    struct xml_file file;
    struct err err = {0};
    char *path;
    char *bytes = NULL;
    size_t count = 0;

    if (check_include(loader, node) != 0)
        return NULL;
    path = find_file(loader, node);
    if (path == NULL)
        return NULL;
    file = xml_identify(path);
    file.name = path;
    file.includer = place->file;
    if (check_nesting(loader, node, &file) != 0)
        goto out;
    if (file_read(path, loader->limits->file_bytes, &bytes, &count, &err) != 0) {
        struct str text = {0};

        str_format(&text, "%.*s %s", (int)utf8_cut(path, SHOWN), path, err.text);
        (void)xml_fault_include(node, loader->faults, str_text(&text));
        str_fini(&text);
        goto out;
    }
    added = xml_add_file(loader, &file, bytes, count, &includer);
out:
    mem_free(path);
    mem_free(bytes);
    return added != NULL ? replace(node, added) : NULL;
}

/* What stands in an element that could not be replaced is not looked at. */
static void empty(xmlNode *node)
{
    xmlFreeNodeList(node->children);
    node->children = NULL;
    node->last = NULL;
}

int xml_include_all(struct xml_loader *loader)
{
    xmlNode *root = xmlDocGetRootElement(loader->document->files[0]->doc);
    int depth = 0;
    int count = 0;
    int rc = 0;

    for (xmlNode *node = root; node != NULL; node = xml_following(node, root, &depth)) {
        xmlNode *included;

        if (!is_xinclude(node))
            continue;
        if (++count > INCLUDES_MAX)
            return xml_fault_include(
                node, loader->faults, "over 1000 files are included; write them in fewer");
        included = include_one(loader, node, depth);
        if (included != NULL) {
            /* It may itself include: it is walked like the rest. */
            node = included;
            continue;
        }
        empty(node);
        rc = -1;
    }
    return rc;
}
