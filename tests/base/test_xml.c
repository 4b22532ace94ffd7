/* The tree, attributes by tables, and what is told of them. */
#include "base/xml.h"

#include "base/date.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OURS " xmlns=\"urn:wattyard:1\""

static struct xml_document *parse(const char *text)
{
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        text, strlen(text), "a.xml", &XML_LIMITS_FILES, NULL, &faults);
    char *told = edit_list_faults(&faults);

    ck_assert_str_eq(told, "");
    mem_free(told);
    faults_fini(&faults);
    return document;
}

/* --- The tree */

START_TEST(elements_come_in_order_and_by_name)
{
    struct xml_document *document = parse(
        "<a" OURS "><b id='1'/>text<c/><!-- b --><b id='2'/><x:b xmlns:x='urn:x' id='3'/>"
        "<b id='4'/></a>");
    const struct xml_node *root = xml_root(document);
    const struct xml_node *node = xml_first_named(root, "b");

    ck_assert_str_eq(xml_name(root), "a");
    ck_assert(xml_is(root, "a"));
    ck_assert(!xml_is(root, "b"));
    ck_assert_ptr_null(xml_parent(root));
    ck_assert_str_eq(xml_attribute(node, "id"), "1");
    ck_assert_ptr_eq(xml_parent(node), root);
    ck_assert_str_eq(xml_name(xml_next(node)), "c");
    node = xml_next_named(node, "b");
    ck_assert_str_eq(xml_attribute(node, "id"), "2");
    ck_assert(!xml_is(xml_next(node), "b")); /* the same name in another namespace */
    node = xml_next_named(node, "b");
    ck_assert_str_eq(xml_attribute(node, "id"), "4");
    ck_assert_ptr_null(xml_next_named(node, "b"));
    ck_assert_ptr_null(xml_next(node));
    ck_assert_ptr_null(xml_first(node));
    ck_assert_ptr_null(xml_first_named(root, "d"));
    xml_destroy(document);
}
END_TEST

START_TEST(attributes_are_given_as_they_are_meant)
{
    struct xml_document *document = parse("<a" OURS " empty='' x='a &amp; &#x20AC;&#10;b' "
                                          "y='1\n2'/>");
    const struct xml_node *root = xml_root(document);

    ck_assert_str_eq(xml_attribute(root, "empty"), "");
    ck_assert_str_eq(xml_attribute(root, "x"), "a & \xE2\x82\xAC\nb");
    ck_assert_str_eq(xml_attribute(root, "y"), "1 2");
    ck_assert_ptr_null(xml_attribute(root, "none"));
    ck_assert_ptr_null(xml_attribute(root, "xmlns"));
    xml_destroy(document);
}
END_TEST

struct inside_case {
    const char *content, *expected;
};

static const struct inside_case INSIDE_CASES[] = {
    {"", ""},
    {" \n\t ", ""},
    {"x", "x"},
    {"\n  one two \n", "one two"},
    {"a &lt;<!-- not this --> b<![CDATA[ <c> ]]>", "a < b <c>"},
};

START_TEST(text_inside_has_no_blanks_around_it)
{
    struct str text = {0};
    struct xml_document *document;
    char *inside;

    str_format(&text, "<a" OURS ">%s</a>", INSIDE_CASES[_i].content);
    document = parse(str_text(&text));
    inside = xml_text_inside(xml_root(document));
    ck_assert_str_eq(inside, INSIDE_CASES[_i].expected);
    mem_free(inside);
    xml_destroy(document);
    str_fini(&text);
}
END_TEST

START_TEST(a_label_says_which_element_is_meant)
{
    static const char TEXT[] =
        "<a" OURS "><b/><b name='n' id='i'/><b name='n'/><b system='s'/><b region='r' from='f'/>"
        "<b from='f'/><b x='1'/>"
        "<b id='\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82"
        "\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
        "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC'/>"
        "</a>";
    static const char *const LABELS[] = {"<b>", "<b id=\"i\">", "<b name=\"n\">",
        "<b system=\"s\">", "<b region=\"r\">", "<b from=\"f\">", "<b>",
        "<b id=\"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82"
        "\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
        "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC...\">"};
    struct xml_document *document = parse(TEXT);
    const struct xml_node *node = xml_first(xml_root(document));
    char label[200];

    for (size_t i = 0; i < COUNT(LABELS); i++, node = xml_next(node))
        ck_assert_str_eq(xml_label(node, label, sizeof label), LABELS[i]);
    ck_assert_ptr_null(node);
    xml_destroy(document);
}
END_TEST

START_TEST(faults_stand_at_their_element)
{
    struct xml_document *document = parse("<a" OURS ">\n<b id='x'/></a>");
    const struct xml_node *node = xml_first(xml_root(document));
    struct faults faults = {0};

    ck_assert_int_eq(xml_fault(node, &faults, "%d is wrong", 7), -1);
    xml_warn(node, &faults, "%s is odd", "that");
    ck_assert_uint_eq(faults.error_count, 1);
    ck_assert_uint_eq(faults.warning_count, 1);
    ck_assert_str_eq(faults.list[0].text, "a.xml:2: <b id=\"x\">: 7 is wrong");
    ck_assert_str_eq(faults.list[1].text, "a.xml:2: warning: <b id=\"x\">: that is odd");
    faults_fini(&faults);
    xml_destroy(document);
}
END_TEST

/* --- Attributes by tables */

struct row {
    const char *text, *any_text, *id;
    struct xml_ids ids;
    double number, share, any_number;
    int64_t count;
    date_month month;
    int64_t instant_ms;
    bool yes_no;
    int choice;
};

static const char *const CHOICES[] = {"buy", "reserve", "on-demand", NULL};

#define AT(member) offsetof(struct row, member)
static const struct xml_field FIELDS[] = {
    {"text", XML_TEXT, XML_OPTIONAL, AT(text), 0, 0, NULL},
    {"any-text", XML_ANY_TEXT, XML_OPTIONAL, AT(any_text), 0, 0, NULL},
    {"an-id", XML_ID, XML_OPTIONAL, AT(id), 0, 0, NULL},
    {"ids", XML_IDS, XML_OPTIONAL, AT(ids), 0, 0, NULL},
    {"power-kw", XML_NUMBER, XML_OPTIONAL, AT(number), 0, 1e7, NULL},
    {"share", XML_NUMBER, XML_OPTIONAL, AT(share), 1e-6, 1, NULL},
    {"any-number", XML_NUMBER, XML_OPTIONAL, AT(any_number), 0, 0, NULL},
    {"count", XML_COUNT, XML_OPTIONAL, AT(count), -5, 1000, NULL},
    {"month", XML_MONTH, XML_OPTIONAL, AT(month), 0, 0, NULL},
    {"instant", XML_INSTANT, XML_OPTIONAL, AT(instant_ms), 0, 0, NULL},
    {"yes-no", XML_YES_NO, XML_OPTIONAL, AT(yes_no), 0, 0, NULL},
    {"choice", XML_CHOICE, XML_OPTIONAL, AT(choice), 0, 0, CHOICES},
};
#undef AT

/* What xml_read says of <a> with these attributes, a line each (mem_free). */
static char *read_row(const char *attributes, const struct xml_field *fields, size_t field_count,
    struct row *row, struct arena *arena)
{
    struct str text = {0};
    struct faults faults = {0};
    struct xml_document *document;
    char *told;
    int rc;

    str_format(&text, "<a" OURS " %s/>", attributes);
    document = parse(str_text(&text));
    rc = xml_read(xml_root(document), fields, field_count, row, arena, &faults);
    ck_assert_int_eq(rc, faults.error_count > 0 ? -1 : 0);
    told = edit_list_faults(&faults);
    faults_fini(&faults);
    xml_destroy(document);
    str_fini(&text);
    return told;
}

START_TEST(every_type_is_read_and_outlives_the_document)
{
    struct arena *arena = arena_create();
    struct row row = {0};
    char *told = read_row("text='a b' any-text='' an-id='trn3-gen2.x_1' ids=' a b\n c-1 ' "
                          "power-kw='1.5e3' share='1' any-number='-2.5e-3' count='-5' "
                          "month='2026-02' instant='1970-01-02T00:00:00Z' yes-no='yes' "
                          "choice='on-demand'",
        FIELDS, COUNT(FIELDS), &row, arena);

    ck_assert_str_eq(told, "");
    ck_assert_str_eq(row.text, "a b");
    ck_assert_str_eq(row.any_text, "");
    ck_assert_str_eq(row.id, "trn3-gen2.x_1");
    ck_assert_uint_eq(row.ids.count, 3);
    ck_assert_str_eq(row.ids.ids[0], "a");
    ck_assert_str_eq(row.ids.ids[1], "b");
    ck_assert_str_eq(row.ids.ids[2], "c-1");
    ck_assert_double_eq(row.number, 1500);
    ck_assert_double_eq(row.share, 1);
    ck_assert_double_eq(row.any_number, -0.0025);
    ck_assert_int_eq(row.count, -5);
    ck_assert_int_eq(row.month, 2026 * 12 + 1);
    ck_assert_int_eq(row.instant_ms, 86400000);
    ck_assert(row.yes_no);
    ck_assert_int_eq(row.choice, 2);
    mem_free(told);
    arena_destroy(arena);
}
END_TEST

START_TEST(what_is_not_there_or_wrong_leaves_its_field_alone)
{
    struct arena *arena = arena_create();
    struct row row = {
        .text = "t", .number = 7, .count = 8, .choice = 1, .yes_no = true, .month = 9};
    char *told = read_row("power-kw='x' count='x' choice='x' yes-no='x' month='x' share='0.5'",
        FIELDS, COUNT(FIELDS), &row, arena);

    ck_assert_str_eq(row.text, "t");
    ck_assert_double_eq(row.number, 7);
    ck_assert_int_eq(row.count, 8);
    ck_assert_int_eq(row.choice, 1);
    ck_assert(row.yes_no);
    ck_assert_int_eq(row.month, 9);
    ck_assert_double_eq(row.share, 0.5); /* the good one is read all the same */
    mem_free(told);
    arena_destroy(arena);
}
END_TEST

struct value_case {
    const char *attributes, *told; /* behind "a.xml:1: <a>: " */
};

#define ID_RULE                                                                                    \
    "an id is at most 64 letters, digits, '.', '_' or '-', and starts with a letter or digit"
#define NOT_FINITE "that is not a finite number; write it as 2.5 or 1e9"
#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

static const struct value_case VALUE_CASES[] = {
    {"text=''", "attribute 'text' is ''; it can't be empty"},
    {"an-id=''", "attribute 'an-id' is ''; " ID_RULE},
    {"an-id='a b'", "attribute 'an-id' is 'a b'; " ID_RULE},
    {"an-id='-a'", "attribute 'an-id' is '-a'; " ID_RULE},
    {"an-id='caf\xC3\xA9'", "attribute 'an-id' is 'caf\xC3\xA9'; " ID_RULE},
    {"an-id='" SIXTY "12345'", "attribute 'an-id' is '" SIXTY "12345'; " ID_RULE},
    {"an-id='" SIXTY SIXTY "'",
        "attribute 'an-id' is '" SIXTY "12345678901234567890...'; " ID_RULE},
    {"ids=''", "attribute 'ids' is ''; give one or more ids, separated by blanks"},
    {"ids='  '", "attribute 'ids' is '  '; give one or more ids, separated by blanks"},
    {"ids='a b,c d'", "attribute 'ids' is 'b,c'; " ID_RULE},
    {"power-kw='-1'", "attribute 'power-kw' is '-1'; it can't be negative"},
    {"power-kw='1e8'", "attribute 'power-kw' is '1e8'; it must be from 0 to 10000000"},
    {"share='0'", "attribute 'share' is '0'; it must be from 1e-06 to 1"},
    {"share='1.0001'", "attribute 'share' is '1.0001'; it must be from 1e-06 to 1"},
    {"share='-0.5'", "attribute 'share' is '-0.5'; it can't be negative"},
    {"count='-6'", "attribute 'count' is '-6'; it must be from -5 to 1000"},
    {"count='1001'", "attribute 'count' is '1001'; it must be from -5 to 1000"},
    {"any-number=''", "attribute 'any-number' is ''; " NOT_FINITE},
    {"any-number='nan'", "attribute 'any-number' is 'nan'; " NOT_FINITE},
    {"any-number='inf'", "attribute 'any-number' is 'inf'; " NOT_FINITE},
    {"any-number='-INF'", "attribute 'any-number' is '-INF'; " NOT_FINITE},
    {"any-number='1e999'", "attribute 'any-number' is '1e999'; that is no number, or too large a "
                           "one; write it as 2.5 or 1e9"},
    {"any-number='0x10'", "attribute 'any-number' is '0x10'; " NOT_FINITE},
    {"any-number='12 kW'", "attribute 'any-number' is '12 kW'; " NOT_FINITE},
    {"any-number='$5'", "attribute 'any-number' is '$5'; " NOT_FINITE},
    {"any-number=' 5'", "attribute 'any-number' is ' 5'; " NOT_FINITE},
    {"any-number='2,5'",
        "attribute 'any-number' is '2,5'; that is not a number; write 2.5 with a point"},
    {"any-number='3,900'", "attribute 'any-number' is '3,900'; that is not a number; write 3.900 "
                           "with a point, or without the comma if it parts thousands"},
    {"any-number='3,900,000'", "attribute 'any-number' is '3,900,000'; that is not a number; write "
                               "it without commas, as 2.5 or 3900000"},
    {"any-number='1.2.3'", "attribute 'any-number' is '1.2.3'; that is no number, or too large a "
                           "one; write it as 2.5 or 1e9"},
    {"count='2.0'", "attribute 'count' is '2.0'; that is not a whole number; write it as 12"},
    {"count='1e3'", "attribute 'count' is '1e3'; that is not a whole number; write it as 12"},
    {"count=''", "attribute 'count' is ''; that is not a whole number; write it as 12"},
    {"count='99999999999999999999'",
        "attribute 'count' is '99999999999999999999'; that is too large"},
    {"month='2026-13'", "attribute 'month' is '2026-13'; write a month as 2026-01"},
    {"month='2026-1'", "attribute 'month' is '2026-1'; write a month as 2026-01"},
    {"month='2026-01-01'", "attribute 'month' is '2026-01-01'; write a month as 2026-01"},
    {"instant='2026-12-24'",
        "attribute 'instant' is '2026-12-24'; write a time as 2026-12-24T00:00:00Z"},
    {"yes-no='true'", "attribute 'yes-no' is 'true'; it is one of no, yes"},
    {"yes-no='Yes'", "attribute 'yes-no' is 'Yes'; it is one of no, yes; did you mean yes?"},
    {"choice='resreve'", "attribute 'choice' is 'resreve'; it is one of buy, reserve, on-demand; "
                         "did you mean reserve?"},
    {"choice='steal'", "attribute 'choice' is 'steal'; it is one of buy, reserve, on-demand"},
    {"choice=''", "attribute 'choice' is ''; it is one of buy, reserve, on-demand"},
    {"power-kv='1'", "attribute 'power-kv' is not known here; did you mean power-kw?"},
    {"zebra='1'", "attribute 'zebra' is not known here; known: text, any-text, an-id, ids, "
                  "power-kw, share, any-number, count, month, instant, yes-no, choice"},
    {"xml:lang='en'", "attribute 'lang' has the prefix of another namespace; take it out"},
    {"xmlns:x='urn:x' x:text='en'",
        "attribute 'text' has the prefix of another namespace; take it out"},
    {"choice='&#x9B;2J&#10;'",
        "attribute 'choice' is '?2J '; it is one of buy, reserve, on-demand"},
};

START_TEST(a_value_that_does_not_fit_is_told_with_what_to_write)
{
    const struct value_case *c = &VALUE_CASES[_i];
    struct arena *arena = arena_create();
    struct row row = {0};
    char *told = read_row(c->attributes, FIELDS, COUNT(FIELDS), &row, arena);
    struct str expected = {0};

    str_format(&expected, "a.xml:1: <a>: %s\n", c->told);
    ck_assert_str_eq(told, str_text(&expected));
    str_fini(&expected);
    mem_free(told);
    arena_destroy(arena);
}
END_TEST

START_TEST(what_is_missing_is_told_with_what_belongs_there)
{
    static const char *const WHAT[] = {"a text", "a text", "an id", "ids, separated by blanks",
        "a number", "a number", "a number", "a whole number", "a month as 2026-01",
        "a time as 2026-12-24T00:00:00Z", "yes or no", "one of buy, reserve, on-demand"};
    struct xml_field field = FIELDS[_i];
    struct arena *arena = arena_create();
    struct row row = {0};
    struct str expected = {0};
    char *told;

    field.need = XML_REQUIRED;
    told = read_row("", &field, 1, &row, arena);
    str_format(&expected, "a.xml:1: <a>: attribute '%s' is missing; write %s=\"…\", %s\n",
        field.name, field.name, WHAT[_i]);
    ck_assert_str_eq(told, str_text(&expected));
    str_fini(&expected);
    mem_free(told);
    arena_destroy(arena);
}
END_TEST

START_TEST(all_faults_of_an_element_are_told_at_once)
{
    struct xml_field fields[COUNT(FIELDS)];
    struct arena *arena = arena_create();
    struct row row = {0};
    char *told;

    memcpy(fields, FIELDS, sizeof fields);
    fields[0].need = XML_REQUIRED;
    told = read_row("share='2' zebr='' count='x'", fields, 1, &row, arena);
    ck_assert_str_eq(told, "a.xml:1: <a>: attribute 'share' is not known here; known: text\n"
                           "a.xml:1: <a>: attribute 'zebr' is not known here; known: text\n"
                           "a.xml:1: <a>: attribute 'count' is not known here; known: text\n"
                           "a.xml:1: <a>: attribute 'text' is missing; write text=\"…\", a text\n");
    mem_free(told);
    arena_destroy(arena);
}
END_TEST

START_TEST(an_element_may_have_no_attributes_at_all)
{
    char *told = read_row("x='1'", NULL, 0, NULL, NULL);

    ck_assert_str_eq(told, "a.xml:1: <a>: attribute 'x' is not known here; there can be none\n");
    mem_free(told);
}
END_TEST

/* --- Children */

struct children_case {
    const char *inside;
    bool has_text;
    const char *told;
};

static const struct children_case CHILDREN_CASES[] = {
    {"<site/> <!-- x --><offer/><?x y?><site/>\n", false, ""},
    {"text", true, ""},
    {"\n<siet id='x'/>", false,
        "a.xml:2: <siet id=\"x\">: element 'siet' in <a> is not known here; did you mean "
        "site?\n"},
    {"<zebra/>", false,
        "a.xml:1: <zebra>: element 'zebra' in <a> is not known here; known: site, offer\n"},
    {"<x:site xmlns:x='urn:x'/>", false,
        "a.xml:1: <site>: it is not in namespace urn:wattyard:1; take it out, or its xmlns or "
        "prefix\n"},
    {"<site xmlns=''/>", false,
        "a.xml:1: <site>: it is not in namespace urn:wattyard:1; take it out, or its xmlns or "
        "prefix\n"},
    {"<site/> stray <offer/>", false,
        "a.xml:1: <a>: the text 'stray ' stands in it; take it out\n"},
    {"<![CDATA[stray]]>", false, "a.xml:1: <a>: the text 'stray' stands in it; take it out\n"},
    {"&#160;", false, "a.xml:1: <a>: the text '\xC2\xA0' stands in it; take it out\n"},
    {"x<sit/><zebra/>", false,
        "a.xml:1: <a>: the text 'x' stands in it; take it out\n"
        "a.xml:1: <sit>: element 'sit' in <a> is not known here; did you mean site?\n"
        "a.xml:1: <zebra>: element 'zebra' in <a> is not known here; known: site, offer\n"},
};

START_TEST(children_are_checked)
{
    static const char *const NAMES[] = {"site", "offer", NULL};
    const struct children_case *c = &CHILDREN_CASES[_i];
    struct faults faults = {0};
    struct str text = {0};
    struct xml_document *document;
    char *told;
    int rc;

    str_format(&text, "<a" OURS ">%s</a>", c->inside);
    document = parse(str_text(&text));
    rc = xml_check_children(xml_root(document), NAMES, c->has_text, &faults);
    told = edit_list_faults(&faults);
    ck_assert_str_eq(told, c->told);
    ck_assert_int_eq(rc, *c->told != '\0' ? -1 : 0);
    mem_free(told);
    faults_fini(&faults);
    xml_destroy(document);
    str_fini(&text);
}
END_TEST

START_TEST(many_unknown_elements_are_told_in_a_moment)
{
    static const char *const NAMES[] = {"a-rather-long-name-of-an-element-that-is-known",
        "another-rather-long-name-of-an-element-that-is-known", NULL};
    struct faults faults = {0};
    struct str text = {0};
    struct xml_document *document;

    str_add(&text, "<a" OURS ">");
    for (int i = 0; i < 200000; i++)
        str_add(&text, "<unknown/>\n");
    str_add(&text, "</a>");
    document = parse(str_text(&text));
    ck_assert_int_eq(xml_check_children(xml_root(document), NAMES, false, &faults), -1);
    ck_assert_uint_eq(faults.error_count, 200000);
    ck_assert_uint_eq(faults.count, FAULTS_MAX);
    faults_fini(&faults);
    xml_destroy(document);
    str_fini(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/xml");
    TCase *tree = tcase_create("tree");
    TCase *tables = tcase_create("tables");
    TCase *children = tcase_create("children");

    tcase_add_test(tree, elements_come_in_order_and_by_name);
    tcase_add_test(tree, attributes_are_given_as_they_are_meant);
    tcase_add_loop_test(tree, text_inside_has_no_blanks_around_it, 0, COUNT(INSIDE_CASES));
    tcase_add_test(tree, a_label_says_which_element_is_meant);
    tcase_add_test(tree, faults_stand_at_their_element);
    suite_add_tcase(suite, tree);
    tcase_add_test(tables, every_type_is_read_and_outlives_the_document);
    tcase_add_test(tables, what_is_not_there_or_wrong_leaves_its_field_alone);
    tcase_add_loop_test(
        tables, a_value_that_does_not_fit_is_told_with_what_to_write, 0, COUNT(VALUE_CASES));
    tcase_add_loop_test(tables, what_is_missing_is_told_with_what_belongs_there, 0, COUNT(FIELDS));
    tcase_add_test(tables, all_faults_of_an_element_are_told_at_once);
    tcase_add_test(tables, an_element_may_have_no_attributes_at_all);
    suite_add_tcase(suite, tables);
    tcase_set_timeout(children, 60);
    tcase_add_loop_test(children, children_are_checked, 0, COUNT(CHILDREN_CASES));
    tcase_add_test(children, many_unknown_elements_are_told_in_a_moment);
    suite_add_tcase(suite, children);
    return suite;
}
