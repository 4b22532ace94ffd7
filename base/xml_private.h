/*
 * xml_private: what the files of base/xml*.c share; they are the only ones that see libxml2.
 */
#ifndef BASE_XML_PRIVATE_H
#define BASE_XML_PRIVATE_H

#include "base/xml.h"

#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <sys/stat.h>

/* The type of libxml2's error functions wants the error const from 2.12 on. */
#if LIBXML_VERSION >= 21200
typedef const xmlError xml_libxml_error;
#else
typedef xmlError xml_libxml_error;
#endif

#define XML_XINCLUDE_NAMESPACE "http://www.w3.org/2001/XInclude"

/* One file of a document; pointers to it stay valid as long as the document. */
struct xml_file {
    char *name;
    const struct xml_file *includer; /* NULL: the main file */
    xmlDoc *doc;                     /* of an included file: what is left of it */
    struct xml_place *places;        /* of its elements, in their order */
    size_t place_count;
    bool is_on_disk; /* device and inode are known */
    dev_t device;
    ino_t inode;
};

/* Where an element begins: each element's _private points to one. libxml2's own line numbers are
 * of the end of the start tag, and wrong past 65,535. */
struct xml_place {
    const struct xml_file *file;
    long line;
};

struct xml_document {
    struct xml_file **files; /* the main file first */
    size_t file_count, file_capacity;
    size_t total_bytes, element_count, attribute_count;
};

/* While files are read. */
struct xml_loader {
    struct xml_document *document;
    const struct xml_limits *limits;
    const char *data_folder;
    struct faults *faults;
};

/* --- xml_scan.c: what libxml2 must not see */

enum xml_scan_result {
    XML_SCAN_GOOD,
    XML_SCAN_NOT_UTF8,
    XML_SCAN_CONTROL, /* a control character */
    XML_SCAN_DOCTYPE,
    XML_SCAN_INSTRUCTION,         /* a processing instruction with '<' in it */
    XML_SCAN_TOO_MANY,            /* elements, or attributes in all */
    XML_SCAN_TOO_DEEP,            /* elements in each other */
    XML_SCAN_TOO_MANY_ATTRIBUTES, /* in one element */
    XML_SCAN_TOO_LONG             /* a comment or CDATA */
};

enum {
    XML_ATTRIBUTES_MAX = 100, /* of one element; libxml2 compares each with each */
    XML_NAMESPACES_MAX = 8    /* declared by one element; libxml2 looks through all in sight */
};

struct xml_scan {
    struct xml_place *places; /* of the elements, in their order; gives (mem_free) */
    size_t element_count, attribute_count;
    long line; /* of what is wrong, else of the end */
};

/*
 * One pass over the bytes, before libxml2 reads them: its time and memory can grow beyond all
 * bounds with entities, with many attributes in one element and with small elements. `depth`
 * elements stand around these bytes, and `used` already counts against the limits. On well-formed
 * XML the elements that it finds are the ones that libxml2 finds; on other bytes it stays a bound.
 * Places get `file`. Whatever the result, the caller releases scan->places.
 */
enum xml_scan_result xml_scan(const char *bytes, size_t count, const struct xml_file *file,
    const struct xml_limits *limits, int depth, const struct xml_document *used,
    struct xml_scan *scan);

/* --- xml_complaints.c: what libxml2 finds wrong with the markup */

enum { XML_COMPLAINTS_MAX = 10 };

struct xml_complaint {
    long line;
    char text[400];
};

/* The first ones of one parsing, as long as it is not known whether they may be told. */
struct xml_complaints {
    struct xml_complaint list[XML_COMPLAINTS_MAX];
    size_t count;
};

/* A libxml2 error function; context is the struct xml_complaints. */
void xml_complain(void *context, xml_libxml_error *error);

/* All of them as faults of that file. 0 if there are none, else -1. */
int xml_tell_complaints(
    const struct xml_complaints *complaints, const char *file, struct faults *faults);

/* --- xml_load.c */

/* All faults of one reading that come from libxml2 go to `note`; in between it is silent. Both are
 * of this thread alone. */
void xml_listen(void (*note)(void *context, xml_libxml_error *error), void *context);
void xml_unlisten(void);

/* The xi:include that names a file. */
struct xml_includer {
    const xmlNode *node;
    int depth; /* elements around it */
};

/*
 * Read the bytes of a file into the document; NULL with faults. `file` is what is known of it
 * (name, includer, device and inode); its name is copied. includer NULL: the main file. Of an
 * included file whose root is not ours nothing that stands in it is told.
 */
const struct xml_file *xml_add_file(struct xml_loader *loader, const struct xml_file *file,
    const char *bytes, size_t count, const struct xml_includer *includer);

/* What is known of the file at path on disk; when it is not there, errno says why. */
struct xml_file xml_identify(const char *path);

/* --- xml_include.c */

/* Replace each xi:include of the document by what it names. 0, or -1 with faults. */
int xml_include_all(struct xml_loader *loader);

/* A fault at an element of XInclude: "<xi:include href="...">: text". Returns -1. */
int xml_fault_include(const xmlNode *node, struct faults *faults, const char *text);

/* --- xml.c */

/* A node of ours is one of libxml2's; the pointer is only cast. */
static inline const struct xml_node *xml_from(const xmlNode *node)
{
    return (const struct xml_node *)node;
}

static inline const xmlNode *xml_to(const struct xml_node *node)
{
    return (const xmlNode *)node;
}

/* Is its namespace ours? */
bool xml_is_ours(const xmlNode *node);

/* The value of an attribute: with entities refused it is one text node, or none. */
const char *xml_value(const xmlAttr *attribute);

/* The element after this one in document order, below and with root; NULL at the end. *depth, which
 * may be NULL, follows: how many elements of the tree stand around it. */
xmlNode *xml_following(xmlNode *node, const xmlNode *root, int *depth);

#endif
