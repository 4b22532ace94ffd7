/*
 * xml_private: what the files of base/xml*.c share.
 */
#ifndef BASE_XML_PRIVATE_H
#define BASE_XML_PRIVATE_H

#include "base/xml.h"

#include <libxml/tree.h>

/* A node of ours is one of libxml2's; the pointer is only cast. */
static inline const struct xml_node *xml_from(const xmlNode *node)
{
    return (const struct xml_node *)node;
}

static inline const xmlNode *xml_to(const struct xml_node *node)
{
    return (const xmlNode *)node;
}

/* The name of a node's file stands in _private of every element. */
struct xml_document {
    xmlDoc *root;
    xmlDoc **docs; /* root and all that was included, for their names and dictionaries */
    char **names;  /* by doc */
    size_t count, doc_capacity, name_capacity;
    size_t total_bytes, element_count;
};

/* While files are read. */
struct xml_loader {
    struct xml_document *document;
    const struct xml_limits *limits;
    const char *data_folder;
    struct faults *faults;
};

/* Parse one file's bytes into a new doc of the document; NULL with faults. is_foreign: nothing of
 * what is wrong with it is told, as it may not be ours. */
xmlDoc *xml_add_doc(struct xml_loader *loader, const char *bytes, size_t count, const char *name,
    bool is_included, struct where includer);

/* Replace each xi:include below the doc's root by what it names. */
int xml_include(struct xml_loader *loader, xmlDoc *doc, const char *name, int depth);

#endif
