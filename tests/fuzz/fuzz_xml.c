/*
 * Whatever the bytes, a document is read whole or refused with a reason; what is read can be
 * walked, its lines never go back, and what is told of it is printable. Names are as if the bytes
 * stood in the corpus, so that they may include its files.
 */
#include "base/date.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME "tests/fuzz/corpus/fuzz_xml/fuzz.xml"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    xml_init_process();
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct row {
    const char *text, *any_text, *id;
    struct xml_ids ids;
    double number, share;
    int64_t count, instant_ms;
    date_month month;
    bool yes_no;
    int choice;
};

static const char *const CHOICES[] = {"buy", "reserve", "on-demand", NULL};

#define AT(member) offsetof(struct row, member)
static const struct xml_field FIELDS[] = {
    {"text", XML_TEXT, XML_OPTIONAL, AT(text), 0, 0, NULL},
    {"any", XML_ANY_TEXT, XML_OPTIONAL, AT(any_text), 0, 0, NULL},
    {"id", XML_ID, XML_REQUIRED, AT(id), 0, 0, NULL},
    {"ids", XML_IDS, XML_OPTIONAL, AT(ids), 0, 0, NULL},
    {"number", XML_NUMBER, XML_OPTIONAL, AT(number), 0, 0, NULL},
    {"share", XML_NUMBER, XML_OPTIONAL, AT(share), 0, 1, NULL},
    {"count", XML_COUNT, XML_OPTIONAL, AT(count), 1, 1000, NULL},
    {"month", XML_MONTH, XML_OPTIONAL, AT(month), 0, 0, NULL},
    {"instant", XML_INSTANT, XML_OPTIONAL, AT(instant_ms), 0, 0, NULL},
    {"yes-no", XML_YES_NO, XML_OPTIONAL, AT(yes_no), 0, 0, NULL},
    {"choice", XML_CHOICE, XML_OPTIONAL, AT(choice), 0, 0, CHOICES},
};
#undef AT

static const char SCHEMA[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0'><start><ref name='any'/></start>"
    "<define name='any'><element><anyName/><zeroOrMore><attribute><anyName/></attribute>"
    "</zeroOrMore><mixed><zeroOrMore><ref name='any'/></zeroOrMore></mixed></element></define>"
    "</grammar>";

static void check_row(const struct row *row)
{
    must(row->text == NULL || *row->text != '\0');
    must(row->id != NULL && strlen(row->id) >= 1 && strlen(row->id) <= 64);
    must(isfinite(row->number) && row->share >= 0 && row->share <= 1);
    must(row->count >= 0 && row->count <= 1000);
    must(row->choice >= 0 && row->choice < 3);
    for (size_t i = 0; i < row->ids.count; i++)
        must(*row->ids.ids[i] != '\0' && strlen(row->ids.ids[i]) <= 64);
}

static void read_node(const struct xml_node *node, struct faults *faults)
{
    static const char *const NAMES[] = {"a", "b", "site", NULL};
    struct arena *arena = arena_create();
    struct row row = {0};
    char *inside = xml_text_inside(node);

    if (xml_read(node, FIELDS, sizeof FIELDS / sizeof *FIELDS, &row, arena, faults) == 0)
        check_row(&row);
    (void)xml_check_children(node, NAMES, false, faults);
    must(utf8_valid_bytes(inside, strlen(inside)) == strlen(inside));
    mem_free(inside);
    arena_destroy(arena);
}

/* Lines count up in each file; `last` is of the main file. */
static void walk(const struct xml_node *node, long line_max, long *last, struct faults *faults)
{
    struct where where = xml_where(node);

    if (str_equal(where.file, NAME)) {
        must(where.line >= *last && where.line <= line_max);
        *last = where.line;
    }
    must(where.line >= 1);
    read_node(node, faults);
    for (const struct xml_node *child = xml_first(node); child != NULL; child = xml_next(child)) {
        must(xml_parent(child) == node);
        walk(child, line_max, last, faults);
    }
}

static void check_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const char *text = faults->list[i].text;

        must(utf8_valid_bytes(text, strlen(text)) == strlen(text));
        for (const char *c = text; *c != '\0'; c++)
            must((unsigned char)*c >= ' ' && *c != 0x7F);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xml_limits limits = {.file_bytes = 1 << 20,
        .total_bytes = 4 << 20,
        .include_depth = 4,
        .element_depth = 32,
        .element_count = 20000,
        .may_include = true};
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        (const char *)data, size, NAME, &limits, "tests/fuzz", &faults);

    must((document == NULL) == (faults.error_count > 0));
    if (document != NULL) {
        long line_max = 1;
        long last = 1;

        for (size_t i = 0; i < size; i++)
            line_max += data[i] == '\n';
        must(xml_check_schema(document, SCHEMA, sizeof SCHEMA - 1, &faults) == 0);
        walk(xml_root(document), line_max, &last, &faults);
    }
    check_faults(&faults);
    xml_destroy(document);
    faults_fini(&faults);
    return 0;
}
