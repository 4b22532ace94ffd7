/*
 * xml: Wattyard's input files as a tree of elements, read safely (size limit, no network, no
 * DOCTYPE, no entities, XInclude of local XML files of our own namespace alone), and attributes
 * read by tables. The one user of libxml2.
 *
 * A node stays valid until its document is destroyed. Faults go to a list, with file and line of
 * the element, so that one reading finds them all.
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/faults.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct str;

#define XML_NAMESPACE "urn:wattyard:1"

struct xml_limits {
    size_t file_bytes;  /* one file */
    size_t total_bytes; /* with all that it includes */
    int include_depth;
    int element_depth;
    size_t element_count; /* and as many attributes */
    bool may_include;     /* manifests sent to a scheduler may not */
};

/* What files on disk get: 16 MiB a file, 64 MiB in all, 8 deep, 64 elements deep, 2 million. */
extern const struct xml_limits XML_LIMITS_FILES;

struct xml_document; /* opaque; owns the nodes and the names of its files */
struct xml_schema;   /* opaque */
struct xml_node;     /* an element; opaque */

/*
 * Read a file and what it includes. An href is relative to the file that it stands in; one without
 * a folder part that is not there is looked for in `data_folder`/topologies, where the shipped
 * catalog is (`data_folder` may be NULL). Files are UTF-8; an element has at most 100 attributes.
 * On failure returns NULL with all that is known in faults; of an included file whose root is not
 * of our namespace nothing that stands in it is told. The caller releases the document with
 * xml_destroy.
 */
struct xml_document *xml_load(const char *path, const struct xml_limits *limits,
    const char *data_folder, struct faults *faults);

/* The same from memory; `name` stands for the file in messages and as the base of includes. */
struct xml_document *xml_parse(const char *bytes, size_t count, const char *name,
    const struct xml_limits *limits, const char *data_folder, struct faults *faults);

void xml_destroy(struct xml_document *document);

/* The whole of it as one text, with what it includes in its place. Appended to out. */
void xml_save_text(const struct xml_document *document, struct str *out);

const struct xml_node *xml_root(const struct xml_document *document);
/* Child elements in order; included ones stand where the xi:include stood. NULL at the end. */
const struct xml_node *xml_first(const struct xml_node *node);
const struct xml_node *xml_next(const struct xml_node *node);
/* The first child of that name, or the next sibling of that name; NULL if none. */
const struct xml_node *xml_first_named(const struct xml_node *node, const char *name);
const struct xml_node *xml_next_named(const struct xml_node *node, const char *name);
const struct xml_node *xml_parent(const struct xml_node *node);
const char *xml_name(const struct xml_node *node);
bool xml_is(const struct xml_node *node, const char *name);
/* The text inside the element, without the blanks around it; gives (mem_free). */
char *xml_text_inside(const struct xml_node *node);
/* Attribute value, or NULL; borrowed from the document. */
const char *xml_attribute(const struct xml_node *node, const char *name);
/* The file, as it was named or found, and the line where the element's tag begins. */
struct where xml_where(const struct xml_node *node);

/* How an attribute's text becomes a field of a struct. */
enum xml_type {
    XML_TEXT,     /* const char *, in the arena; not empty */
    XML_ANY_TEXT, /* const char *, in the arena; may be empty */
    XML_ID,       /* const char *; letters, digits, '.', '_', '-', at most 64, starts with a letter
                     or digit */
    XML_IDS,      /* struct xml_ids: ids separated by blanks */
    XML_NUMBER,   /* double, within min and max */
    XML_COUNT,    /* int64_t, within min and max */
    XML_MONTH,    /* date_month */
    XML_INSTANT,  /* int64_t, ms since 1970 */
    XML_YES_NO,   /* bool */
    XML_CHOICE    /* int: index into choices */
};

struct xml_ids {
    const char *const *ids;
    size_t count;
};

enum xml_need { XML_OPTIONAL, XML_REQUIRED };

/*
 * One attribute of an element. Optional attributes that are not there leave the field as it is, so
 * the caller sets defaults first.
 */
struct xml_field {
    const char *name;
    enum xml_type type;
    enum xml_need need;
    size_t offset;              /* of the field in the caller's struct */
    double min, max;            /* XML_NUMBER, XML_COUNT: inclusive; both 0: only finite */
    const char *const *choices; /* XML_CHOICE: NULL-terminated */
};

/*
 * Read the attributes of node into the struct at `out` by the table. Faults: an attribute that the
 * table does not know (with the nearest name) or of another namespace, a missing required one, a
 * value that does not fit its type or range. Returns 0, or -1 if there was a fault (the good ones
 * are read all the same).
 */
int xml_read(const struct xml_node *node, const struct xml_field *fields, size_t field_count,
    void *out, struct arena *arena, struct faults *faults);

/*
 * Fault every child element whose name is not in `names` (NULL-terminated; with the nearest name)
 * or not of our namespace, and every stray text in node (allowed inside elements only where
 * has_text). Returns 0 or -1.
 */
int xml_check_children(
    const struct xml_node *node, const char *const *names, bool has_text, struct faults *faults);

/* "<offer id="buy-gb300">": the element with what tells it from others (its id, name, system,
 * precision, region or from), for messages; into buffer. */
const char *xml_label(const struct xml_node *node, char *buffer, size_t size);

/* faults_error with the place and label of node: "file:line: <offer id="a">: <text>". Returns -1.
 */
int xml_fault(const struct xml_node *node, struct faults *faults, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void xml_warn(const struct xml_node *node, struct faults *faults, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Check the document (after includes) against a RELAX NG schema in memory. Each violation is a
 * fault with its line. Loaders do this last, when their own tables found nothing: a net under the
 * tables, whose messages are better. Returns 0 or -1.
 */
int xml_check_schema(const struct xml_document *document, const char *schema, size_t schema_bytes,
    struct faults *faults);

/*
 * A RELAX NG schema made ready once, for many documents one after another: making it takes longer
 * than to check a small document. NULL when it can't be used. Release with xml_schema_destroy.
 */
struct xml_schema *xml_schema_create(const char *schema, size_t schema_bytes);
void xml_schema_destroy(struct xml_schema *schema);
/* As xml_check_schema. NULL: a fault that says that the schema can't be used. */
int xml_schema_check(
    struct xml_schema *schema, const struct xml_document *document, struct faults *faults);

/* Once per process, from main: makes libxml2 silent. */
void xml_init_process(void);

#endif
