/* What is read, what is refused and in which words, and that no input costs more than its size. */
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OURS " xmlns=\"urn:wattyard:1\""

/* Parse as a.xml; what is wrong, a line each, in *told (mem_free). */
static struct xml_document *parse(const char *bytes, size_t count, char **told)
{
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        bytes, count, "a.xml", &XML_LIMITS_FILES, NULL, &faults);

    *told = edit_list_faults(&faults);
    ck_assert_int_eq(document == NULL, faults.error_count > 0);
    faults_fini(&faults);
    return document;
}

static void check_told(const char *bytes, size_t count, const char *expected)
{
    char *told = NULL;
    struct xml_document *document = parse(bytes, count, &told);

    ck_assert_str_eq(told, expected);
    xml_destroy(document);
    mem_free(told);
}

struct text_case {
    const char *text;
    const char *told; /* "" where it is read */
};

static const struct text_case GOOD_CASES[] = {
    {"<a" OURS "/>", ""},
    {"\xEF\xBB\xBF<a" OURS "/>", ""},
    {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a" OURS "/>\n", ""},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a" OURS ">caf\xC3\xA9</a>", ""},
    {"<?xml-model href=\"scenario.rng\"?><a" OURS "/>", ""},
    {"<w:a xmlns:w=\"urn:wattyard:1\"><w:b/></w:a>", ""},
    {"<!-- <!DOCTYPE a> --><a" OURS "/><!-- <b c='d'> -->", ""},
    {"<a" OURS "><![CDATA[<!DOCTYPE x [ <!ENTITY ]]></a>", ""},
    {"<a" OURS " b=\"it's > 1\" c='\"'><d e='/'/></a>", ""},
    {"<a" OURS " b='&lt;&amp;&#65;&quot;'>&gt;&#x20AC;</a>", ""},
};

static const struct text_case MARKUP_CASES[] = {
    {"hello", "no element begins here; give an XML file"},
    {"   ", "no element begins here; give an XML file"},
    {"<a" OURS ">", "<a> of line 1 is not closed; add its end tag"},
    {"<a" OURS "><b></a>", "<b> of line 1 is still open where </a> stands; close it before"},
    {"<a", "the tag <a of line 1 is not closed; add '>' or '/>'"},
    {"<a" OURS " b=1/>", "an attribute's value has no quotes; write name=\"value\""},
    {"<a" OURS " b='<'/>",
        "a '<' stands in an attribute's value; close the quotes before it, or write &lt;"},
    {"<a" OURS " b/>", "attribute 'b' has no value; write it as name=\"value\""},
    {"<a" OURS " b='1' b='2'/>", "attribute 'b' stands there twice; keep one"},
    {"<a" OURS " b='1'c='2'/>", "this is not how attributes are written; write a blank, then "
                                "name=\"value\", and '>' behind "
                                "the last"},
    {"<a" OURS ">&nbsp;</a>", "entity &nbsp; is not known; only &amp; &lt; &gt; &quot; &apos; are"},
    {"<a" OURS " b='&x;'/>", "entity &x; is not known; only &amp; &lt; &gt; &quot; &apos; are"},
    {"<a" OURS ">R & D</a>", "a '&' stands alone; write &amp;"},
    {"<a" OURS " b='R&D'/>", "a '&' stands alone; write &amp;"},
    {"<a" OURS ">&#xZ;</a>",
        "a '&#x' names no character; write it as &#x41;, or the character itself"},
    {"<a" OURS ">&#9999999;&#0;</a>",
        "a character is named that XML has no place for; take it out"},
    {"<a" OURS ">&#1x;</a>",
        "a '&#' names no character; write it as &#65;, or the character itself"},
    {"<a" OURS "/><b/>", "something stands behind the root element; take it out, or put it inside"},
    {"<a" OURS "/>more", "something stands behind the root element; take it out, or put it inside"},
    {"<a" OURS "><!-- x -- y --></a>", "'--' stands in a comment; take one '-' out"},
    {"<a" OURS ">]]></a>", "']]>' stands in text; write ]]&gt;"},
    {" <?xml version='1.0'?><a" OURS "/>",
        "<?xml ...?> must be the very first of the file; move it there, or take it out"},
    {"<a" OURS "><xi:include href='b.xml'/></a>",
        "prefix 'xi' is not declared; write xmlns:xi=\"http://www.w3.org/2001/XInclude\" in the "
        "root"},
    {"<a" OURS "><p:b/></a>",
        "prefix 'p' (of b) is not declared; write its xmlns:...=\"...\" in the root"},
};

START_TEST(good_files_are_read)
{
    check_told(GOOD_CASES[_i].text, strlen(GOOD_CASES[_i].text), GOOD_CASES[_i].told);
}
END_TEST

START_TEST(bad_markup_is_told_once_and_says_what_to_do)
{
    const struct text_case *c = &MARKUP_CASES[_i];
    struct str expected = {0};

    str_format(&expected, "a.xml:1: this is not well-formed XML: %s\n", c->told);
    check_told(c->text, strlen(c->text), str_text(&expected));
    str_fini(&expected);
}
END_TEST

struct bytes_case {
    const char *bytes;
    size_t count;
    const char *told;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct bytes_case REFUSED_CASES[] = {
    {"", 0, "a.xml: the file is empty; give a Wattyard XML file\n"},
    {BYTES("\n<!DOCTYPE a [<!ENTITY x 'y'>]><a" OURS ">&x;</a>"),
        "a.xml:2: a DOCTYPE is not read (it may hold entities); take it out\n"},
    {BYTES("<?xml version='1.0'?><!-- x --><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
        "a.xml:1: a DOCTYPE is not read (it may hold entities); take it out\n"},
    {BYTES("\xFF\xFE<\0a\0/\0>\0"), "a.xml:1: this is not UTF-8 text; save it as UTF-8\n"},
    {BYTES("<\0a\0/\0>\0"), "a.xml:1: a control character stands here, so this is no UTF-8 XML; "
                            "take it out, or save the file as UTF-8\n"},
    {BYTES("<a" OURS ">\ncaf\xE9</a>"), "a.xml:2: this is not UTF-8 text; save it as UTF-8\n"},
    {BYTES("<a" OURS ">\n\n\x01</a>"), "a.xml:3: a control character stands here, so this is no "
                                       "UTF-8 XML; take it out, or save the file as UTF-8\n"},
    {BYTES("<a" OURS ">\xEF\xBF\xBE</a>"),
        "a.xml:1: a control character stands here, so this is "
        "no UTF-8 XML; take it out, or save the file as UTF-8\n"},
    {BYTES("<a" OURS ">\n<?x <b/> ?></a>"),
        "a.xml:2: a processing instruction (<?...?>) that is not closed, or has a '<' in it, is "
        "not read; take it out\n"},
    {BYTES("\n<html><body/></html>"),
        "a.xml:2: this is no Wattyard file: its root is not in namespace urn:wattyard:1; write "
        "xmlns=\"urn:wattyard:1\" in it\n"},
    {BYTES("<a xmlns='urn:wattyard:2'/>"),
        "a.xml:1: this is no Wattyard file: its root is not in namespace urn:wattyard:1; write "
        "xmlns=\"urn:wattyard:1\" in it\n"},
};

START_TEST(what_is_no_wattyard_file_is_refused)
{
    const struct bytes_case *c = &REFUSED_CASES[_i];

    check_told(c->bytes, c->count, c->told);
}
END_TEST

START_TEST(all_independent_mistakes_in_the_markup_are_told_with_their_lines)
{
    static const char TEXT[] = "<a" OURS ">\n"
                               "  <b>R & D</b>\n"
                               "  <c>&nbsp;</c>\n"
                               "  <d x='1' x='2'/>\n"
                               "  <e>\n"
                               "  </f>\n"
                               "</a>\n";

    check_told(TEXT, strlen(TEXT),
        "a.xml:2: this is not well-formed XML: a '&' stands alone; write &amp;\n"
        "a.xml:3: this is not well-formed XML: entity &nbsp; is not known; only &amp; &lt; &gt; "
        "&quot; &apos; are\n"
        "a.xml:4: this is not well-formed XML: attribute 'x' stands there twice; keep one\n"
        "a.xml:6: this is not well-formed XML: <e> of line 5 is still open where </f> stands; "
        "close it before\n");
}
END_TEST

/* --- Lines */

/* Elements of known lines; each says its own line in an attribute. */
static void check_lines(const struct xml_node *node, long offset, size_t *checked)
{
    const char *line = xml_attribute(node, "line");
    int64_t expected = 0;

    if (line != NULL) {
        ck_assert_int_eq(str_parse_int(line, &expected), 0);
        ck_assert_int_eq(xml_where(node).line, expected + offset);
        ck_assert_str_eq(xml_where(node).file, "a.xml");
        ++*checked;
    }
    for (node = xml_first(node); node != NULL; node = xml_next(node))
        check_lines(node, offset, checked);
}

static const char LINED[] = "<b line='1'\n"
                            "   x='2'\n"
                            "   y='<!-- no comment -->'\n"
                            ">text\n"
                            "<c line='5'/><!-- <c> \n"
                            " --> <d line='6'/> <![CDATA[ <e>\n"
                            "]]><e line='7'><f line='7'/>\n"
                            "<?p x\n"
                            "?><g line='9'></g></e\n"
                            "><h\n"
                            "line='10'/></b>";

START_TEST(a_line_is_where_the_tag_begins_and_right_past_65535)
{
    static const long OFFSETS[] = {0, 65530, 65535, 65536, 200000};
    struct str text = {0};
    struct xml_document *document;
    char *lined = edit_replace(LINED, "<!-- no comment -->", "&lt;!-- no comment -->");
    char *told = NULL;
    size_t checked = 0;

    str_add(&text, "<a" OURS ">");
    for (long i = 0; i < OFFSETS[_i]; i++)
        str_add(&text, "\n");
    str_add(&text, lined);
    str_add(&text, "</a>");
    document = parse(text.text, text.length, &told);
    ck_assert_str_eq(told, "");
    check_lines(xml_root(document), OFFSETS[_i], &checked);
    ck_assert_uint_eq(checked, 7);
    xml_destroy(document);
    mem_free(told);
    mem_free(lined);
    str_fini(&text);
}
END_TEST

START_TEST(faults_past_line_65535_have_their_line)
{
    struct str text = {0};

    str_add(&text, "<a" OURS ">");
    for (int i = 0; i < 100000; i++)
        str_add(&text, "<b/>\n");
    str_add(&text, "<c></d></a>");
    check_told(text.text, text.length,
        "a.xml:100001: this is not well-formed XML: <c> of line 100001 is still open where </d> "
        "stands; close it before\n");
    str_fini(&text);
}
END_TEST

/* --- Bombs. Each must end in a moment; the limit on time is the test case's. */

static void repeat(struct str *text, const char *what, size_t count)
{
    for (size_t i = 0; i < count; i++)
        str_add(text, what);
}

START_TEST(a_billion_laughs_cost_nothing)
{
    struct str text = {0};

    str_add(&text, "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol0 \"lol\">\n");
    for (int i = 1; i < 30; i++) {
        str_format(&text, "<!ENTITY lol%d \"", i);
        for (int k = 0; k < 10; k++)
            str_format(&text, "&lol%d;", i - 1);
        str_add(&text, "\">\n");
    }
    str_add(&text, "]>\n<a" OURS ">&lol29;</a>");
    check_told(text.text, text.length,
        "a.xml:2: a DOCTYPE is not read (it may hold entities); take it out\n");
    str_fini(&text);
}
END_TEST

static const char TOO_MANY_ATTRIBUTES[] =
    "an element has over 100 attributes, or 8 namespaces; take some out";

/* Markup before which libxml2 could lose its way, and we must not. */
static const char *const MISLEADING[] = {"", "<b></c>", "<b x='", "</b ", "<!-- -- --->",
    "<b <!-- -->", "<b x=1 ", "<!ELEMENT ", "&", "< ", "<b x=\"", "<![CDATA", "<!--->-->"};

START_TEST(two_hundred_thousand_attributes_are_found_before_they_cost)
{
    struct str text = {0};
    char *told = NULL;

    str_format(&text, "<a" OURS ">\n%s<b", MISLEADING[_i]);
    for (int i = 0; i < 200000; i++)
        str_format(&text, " a%d=''", i);
    str_add(&text, "/></a>");
    ck_assert_ptr_null(parse(text.text, text.length, &told));
    ck_assert_msg(strstr(told, TOO_MANY_ATTRIBUTES) != NULL, "%s", told);
    mem_free(told);
    str_fini(&text);
}
END_TEST

START_TEST(an_element_may_have_100_attributes)
{
    for (int count = 100; count <= 101; count++) {
        struct str text = {0};

        str_add(&text, "<a" OURS);
        for (int i = 1; i < count; i++)
            str_format(&text, " a%d=''", i);
        str_add(&text, "/>");
        check_told(text.text, text.length,
            count == 100 ? ""
                         : "a.xml:1: an element has over 100 attributes, or 8 namespaces; take "
                           "some out\n");
        str_fini(&text);
    }
}
END_TEST

START_TEST(many_namespaces_are_refused)
{
    struct str text = {0};

    str_add(&text, "<a" OURS);
    for (int i = 0; i < 9; i++)
        str_format(&text, " xmlns:p%d='urn:%d'", i, i);
    str_add(&text, "/>");
    check_told(text.text, text.length,
        "a.xml:1: an element has over 100 attributes, or 8 namespaces; take some out\n");
    str_fini(&text);
}
END_TEST

START_TEST(elements_may_be_64_deep)
{
    for (size_t depth = 64; depth <= 65; depth++) {
        struct str text = {0};

        str_add(&text, "<a" OURS ">\n");
        repeat(&text, "<b>", depth - 2);
        str_add(&text, "<c/>");
        repeat(&text, "</b>", depth - 2);
        str_add(&text, "<d></d></a>");
        check_told(text.text, text.length,
            depth == 64
                ? ""
                : "a.xml:2: elements stand over 64 deep in each other; close some before\n");
        str_fini(&text);
    }
}
END_TEST

START_TEST(open_elements_without_end_are_too_deep)
{
    struct str text = {0};

    str_add(&text, "<a" OURS ">");
    repeat(&text, "<b>", 200000);
    check_told(text.text, text.length,
        "a.xml:1: elements stand over 64 deep in each other; close some before\n");
    str_fini(&text);
}
END_TEST

/* Two million by default; here few, to see the very limit. */
static void check_many(const char *inside, size_t repeats, const char *expected)
{
    struct xml_limits limits = XML_LIMITS_FILES;
    struct faults faults = {0};
    struct str text = {0};
    char *told;

    limits.element_count = 101;
    str_add(&text, "<a" OURS ">");
    repeat(&text, inside, repeats);
    str_add(&text, "</a>");
    xml_destroy(xml_parse(text.text, text.length, "a.xml", &limits, NULL, &faults));
    told = edit_list_faults(&faults);
    ck_assert_str_eq(told, expected);
    mem_free(told);
    faults_fini(&faults);
    str_fini(&text);
}

START_TEST(elements_and_attributes_are_counted)
{
    static const char TOO_MANY[] =
        "a.xml:1: there are over 101 elements or attributes; split the input\n";

    ck_assert_uint_eq(XML_LIMITS_FILES.element_count, 2000000);
    check_many("<b/>", 100, "");
    check_many("<b/>", 101, TOO_MANY);
    check_many("<b c='' d='' e='' f=''/>", 25, "");
    check_many("<b c='' d='' e='' f='' g=''/>", 25, TOO_MANY);
}
END_TEST

START_TEST(a_comment_without_end_is_told_where_it_begins)
{
    struct str text = {0};

    str_add(&text, "<a" OURS ">\n<!--");
    repeat(&text, "a line of 16 ch\n", 1 << 17);
    check_told(text.text, text.length,
        "a.xml:2: a comment or CDATA is not closed, or is over 1 MiB; close or shorten it\n");
    str_fini(&text);
}
END_TEST

START_TEST(a_file_of_mistakes_is_told_in_a_moment)
{
    struct str text = {0};
    char *told = NULL;

    str_add(&text, "<a" OURS ">");
    repeat(&text, "&x;\n", 200000);
    str_add(&text, "</a>");
    ck_assert_ptr_null(parse(text.text, text.length, &told));
    ck_assert(str_starts_with(told, "a.xml:1: this is not well-formed XML: entity &x; is not"));
    mem_free(told);
    str_fini(&text);
}
END_TEST

/* --- Files */

static void check_file(const char *path, const struct xml_limits *limits, const char *expected)
{
    struct faults faults = {0};
    struct xml_document *document = xml_load(path, limits, NULL, &faults);
    char *told = edit_list_faults(&faults);
    struct str line = {0};

    if (*expected != '\0')
        str_format(&line, "%s%s\n", path, expected);
    ck_assert_str_eq(told, str_text(&line));
    ck_assert_int_eq(document == NULL, *expected != '\0');
    str_fini(&line);
    mem_free(told);
    xml_destroy(document);
    faults_fini(&faults);
}

START_TEST(files_that_can_not_be_read_are_told)
{
    char *folder = tempdir_create();
    char *empty = tempdir_write_text(folder, "empty.xml", "");
    char *good = tempdir_write_text(folder, "good.xml", "<a" OURS "/>");
    char *large = tempdir_write_text(folder, "large.xml", "");
    char *none = tempdir_path(folder, "none.xml");
    char *pipe = tempdir_path(folder, "pipe.xml");

    ck_assert_int_eq(truncate(large, (off_t)200 << 20), 0);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    check_file(good, &XML_LIMITS_FILES, "");
    check_file(empty, &XML_LIMITS_FILES, ": the file is empty; give a Wattyard XML file");
    check_file(
        none, &XML_LIMITS_FILES, ": can't be read: No such file or directory; check the path");
    check_file(folder, &XML_LIMITS_FILES, ": is a folder; give a file");
    check_file(pipe, &XML_LIMITS_FILES, ": is not a regular file; give a file on disk");
    check_file(large, &XML_LIMITS_FILES,
        ": is too large: 209,715,200 bytes, and at most 16,777,216 are read; split it");
    mem_free(pipe);
    mem_free(none);
    mem_free(large);
    mem_free(good);
    mem_free(empty);
    tempdir_remove(folder);
}
END_TEST

START_TEST(limits_are_the_callers)
{
    static const char TEXT[] = "<a" OURS "><b><c/></b><d/></a>";
    struct xml_limits limits = XML_LIMITS_FILES;
    struct faults faults = {0};

    limits.element_depth = 2;
    ck_assert_ptr_null(xml_parse(TEXT, strlen(TEXT), "m", &limits, NULL, &faults));
    limits.element_depth = 3;
    limits.element_count = 3;
    ck_assert_ptr_null(xml_parse(TEXT, strlen(TEXT), "m", &limits, NULL, &faults));
    limits.element_count = 4;
    limits.file_bytes = strlen(TEXT) - 1;
    ck_assert_ptr_null(xml_parse(TEXT, strlen(TEXT), "m", &limits, NULL, &faults));
    ck_assert_uint_eq(faults.error_count, 3);
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "over 2 deep"));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "over 3 elements"));
    ck_assert_ptr_nonnull(edit_find_fault(&faults, "m: the input is too large"));
    limits.file_bytes = strlen(TEXT);
    xml_destroy(xml_parse(TEXT, strlen(TEXT), "m", &limits, NULL, &faults));
    ck_assert_uint_eq(faults.error_count, 3);
    faults_fini(&faults);
}
END_TEST

START_TEST(five_megabytes_are_read_well_under_a_second)
{
    struct str text = {0};
    struct xml_document *document;
    struct timespec start;
    struct timespec end;
    char *told = NULL;

    str_add(&text, "<scenario" OURS ">\n");
    while (text.length < 5000000)
        str_add(&text, "  <workload id=\"chat\" kind=\"inference\" value-usd-per-unit=\"4e-6\">\n"
                       "    <demand region=\"us\" from=\"2026-01\" units-per-hour=\"9.0e9\"/>\n"
                       "  </workload>\n");
    str_add(&text, "</scenario>");
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    document = parse(text.text, text.length, &told);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    ck_assert_str_eq(told, "");
    /* Some 0.1 s; sanitizers and valgrind take many times that. */
    ck_assert_double_lt(
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9, 20);
    xml_destroy(document);
    mem_free(told);
    str_fini(&text);
}
END_TEST

/* --- Threads */

enum { THREAD_ROUNDS = 200 };

static void *parse_over_and_over(void *context)
{
    const char *text = context;
    size_t errors = 0;

    for (int i = 0; i < THREAD_ROUNDS; i++) {
        struct faults faults = {0};

        xml_destroy(xml_parse(text, strlen(text), "t", &XML_LIMITS_FILES, NULL, &faults));
        errors += faults.error_count;
        faults_fini(&faults);
    }
    return errors == 0 || errors == THREAD_ROUNDS ? context : NULL;
}

START_TEST(threads_read_at_the_same_time_and_keep_their_faults_apart)
{
    static char good[] = "<a" OURS "><b/></a>";
    static char bad[] = "<a" OURS "><b></a>";
    pthread_t threads[4];

    for (size_t i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, parse_over_and_over, i % 2 == 0 ? good : bad), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *result = NULL;

        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_nonnull(result);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/xml_load");
    TCase *markup = tcase_create("markup");
    TCase *bombs = tcase_create("bombs");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(markup, good_files_are_read, 0, COUNT(GOOD_CASES));
    tcase_add_loop_test(
        markup, bad_markup_is_told_once_and_says_what_to_do, 0, COUNT(MARKUP_CASES));
    tcase_add_loop_test(markup, what_is_no_wattyard_file_is_refused, 0, COUNT(REFUSED_CASES));
    tcase_add_test(markup, all_independent_mistakes_in_the_markup_are_told_with_their_lines);
    tcase_add_loop_test(markup, a_line_is_where_the_tag_begins_and_right_past_65535, 0, 5);
    tcase_add_test(markup, faults_past_line_65535_have_their_line);
    suite_add_tcase(suite, markup);
    tcase_set_timeout(bombs, 60);
    tcase_add_test(bombs, a_billion_laughs_cost_nothing);
    tcase_add_loop_test(
        bombs, two_hundred_thousand_attributes_are_found_before_they_cost, 0, COUNT(MISLEADING));
    tcase_add_test(bombs, an_element_may_have_100_attributes);
    tcase_add_test(bombs, many_namespaces_are_refused);
    tcase_add_test(bombs, elements_may_be_64_deep);
    tcase_add_test(bombs, open_elements_without_end_are_too_deep);
    tcase_add_test(bombs, elements_and_attributes_are_counted);
    tcase_add_test(bombs, a_comment_without_end_is_told_where_it_begins);
    tcase_add_test(bombs, a_file_of_mistakes_is_told_in_a_moment);
    suite_add_tcase(suite, bombs);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, files_that_can_not_be_read_are_told);
    tcase_add_test(files, limits_are_the_callers);
    tcase_add_test(files, five_megabytes_are_read_well_under_a_second);
    tcase_add_test(files, threads_read_at_the_same_time_and_keep_their_faults_apart);
    suite_add_tcase(suite, files);
    return suite;
}
