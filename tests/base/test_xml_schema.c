#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <string.h>

#define OURS " xmlns=\"urn:wattyard:1\""

static const char SCHEMA[] =
    "<element name='a' ns='urn:wattyard:1' xmlns='http://relaxng.org/ns/structure/1.0' "
    "datatypeLibrary='http://www.w3.org/2001/XMLSchema-datatypes'><zeroOrMore><element name='b'>"
    "<attribute name='n'><data type='integer'/></attribute></element></zeroOrMore></element>";

static const char OTHER_SCHEMA[] =
    "<element name='a' ns='urn:wattyard:1' xmlns='http://relaxng.org/ns/structure/1.0'>"
    "<oneOrMore><element name='c'><empty/></element></oneOrMore></element>";

static struct xml_document *parse(const char *text)
{
    struct faults faults = {0};
    struct xml_document *document = xml_parse(
        text, strlen(text), "a.xml", &XML_LIMITS_FILES, NULL, &faults);

    ck_assert_ptr_nonnull(document);
    faults_fini(&faults);
    return document;
}

static int check(const struct xml_document *document, const char *schema, char **told)
{
    struct faults faults = {0};
    int rc = xml_check_schema(document, schema, strlen(schema), &faults);

    *told = edit_list_faults(&faults);
    ck_assert_int_eq(rc, faults.error_count > 0 ? -1 : 0);
    faults_fini(&faults);
    return rc;
}

START_TEST(what_fits_is_silent)
{
    struct xml_document *document = parse("<a" OURS "><b n='1'/><b n='2'/></a>");
    char *told = NULL;

    ck_assert_int_eq(check(document, SCHEMA, &told), 0);
    ck_assert_str_eq(told, "");
    mem_free(told);
    xml_destroy(document);
}
END_TEST

START_TEST(a_schema_serves_many_documents)
{
    static const struct {
        const char *text;
        int rc;
    } ROWS[] = {{"<a" OURS "><b n='1'/></a>", 0}, {"<a" OURS "><b n='x'/></a>", -1},
        {"<a" OURS "><b n='2'/><b n='3'/></a>", 0}, {"<c" OURS "/>", -1},
        {"<a" OURS "><b n='1'/></a>", 0}};
    struct xml_schema *schema = xml_schema_create(SCHEMA, strlen(SCHEMA));

    ck_assert_ptr_nonnull(schema);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct xml_document *document = parse(ROWS[i].text);
        struct faults faults = {0};

        ck_assert_int_eq(xml_schema_check(schema, document, &faults), ROWS[i].rc);
        ck_assert_int_eq(faults.error_count > 0, ROWS[i].rc != 0);
        faults_fini(&faults);
        xml_destroy(document);
    }
    xml_schema_destroy(schema);
}
END_TEST

START_TEST(a_schema_that_is_none_is_not_made)
{
    struct xml_document *document = parse("<a" OURS "/>");
    struct faults faults = {0};

    ck_assert_ptr_null(xml_schema_create("<no", 3));
    ck_assert_int_eq(xml_schema_check(NULL, document, &faults), -1);
    ck_assert_uint_eq(faults.error_count, 1);
    faults_fini(&faults);
    xml_destroy(document);
}
END_TEST

START_TEST(what_does_not_fit_is_told_with_file_and_line)
{
    struct str text = {0};
    struct xml_document *document;
    char *told = NULL;

    str_add(&text, "<a" OURS ">");
    for (int i = 0; i < 70000; i++)
        str_add(&text, "\n");
    str_add(&text, "<b n='1'/>\n<b\n n='x'/></a>");
    document = parse(str_text(&text));
    ck_assert_int_eq(check(document, SCHEMA, &told), -1);
    ck_assert_msg(
        strstr(told, "a.xml:70002: the schema does not allow this: ") != NULL, "%s", told);
    ck_assert_ptr_null(strstr(told, "a.xml:70003: "));
    mem_free(told);
    xml_destroy(document);
    str_fini(&text);
}
END_TEST

START_TEST(what_is_included_is_checked_and_told_with_its_own_file)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "main.xml",
        "<a" OURS " xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='b.xml'/></a>");
    char *included = tempdir_write_text(folder, "b.xml", "\n\n<b" OURS " n='x'/>");
    struct faults faults = {0};
    struct xml_document *document = xml_load(path, &XML_LIMITS_FILES, NULL, &faults);
    struct str expected = {0};
    char *told = NULL;

    ck_assert_ptr_nonnull(document);
    ck_assert_int_eq(check(document, SCHEMA, &told), -1);
    str_format(&expected, "%s:3: the schema does not allow this: ", included);
    ck_assert_msg(strstr(told, str_text(&expected)) != NULL, "%s", told);
    str_fini(&expected);
    mem_free(told);
    xml_destroy(document);
    faults_fini(&faults);
    mem_free(included);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

/* libxml2 marks elements with what they matched; a second schema must not go by that. */
START_TEST(schemas_one_after_another_do_not_mix)
{
    struct xml_document *document = parse("<a" OURS "><b n='1'/></a>");
    char *told = NULL;

    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(check(document, SCHEMA, &told), 0);
        mem_free(told);
        ck_assert_int_eq(check(document, OTHER_SCHEMA, &told), -1);
        mem_free(told);
    }
    xml_destroy(document);
}
END_TEST

START_TEST(faults_of_a_schema_are_few)
{
    struct str text = {0};
    struct faults faults = {0};
    struct xml_document *document;

    str_add(&text, "<a" OURS ">");
    for (int i = 0; i < 1000; i++)
        str_add(&text, "<b n='x'/>\n");
    str_add(&text, "</a>");
    document = parse(str_text(&text));
    ck_assert_int_eq(xml_check_schema(document, SCHEMA, strlen(SCHEMA), &faults), -1);
    ck_assert_uint_ge(faults.error_count, 1);
    ck_assert_uint_le(faults.error_count, 20);
    faults_fini(&faults);
    xml_destroy(document);
    str_fini(&text);
}
END_TEST

START_TEST(a_broken_schema_is_told_as_ours)
{
    static const char *const BROKEN[] = {
        "", "<element", "<x/>", "<ref name='none' xmlns='http://relaxng.org/ns/structure/1.0'/>"};
    struct xml_document *document = parse("<a" OURS "/>");

    for (size_t i = 0; i < sizeof BROKEN / sizeof *BROKEN; i++) {
        char *told = NULL;

        ck_assert_int_eq(check(document, BROKEN[i], &told), -1);
        ck_assert_msg(
            strstr(told, "a.xml: the built-in schema can't be used; please report this") != NULL,
            "%s", told);
        mem_free(told);
    }
    xml_destroy(document);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/xml_schema");
    TCase *tcase = tcase_create("schema");

    tcase_add_test(tcase, what_fits_is_silent);
    tcase_add_test(tcase, a_schema_serves_many_documents);
    tcase_add_test(tcase, a_schema_that_is_none_is_not_made);
    tcase_add_test(tcase, what_does_not_fit_is_told_with_file_and_line);
    tcase_add_test(tcase, what_is_included_is_checked_and_told_with_its_own_file);
    tcase_add_test(tcase, schemas_one_after_another_do_not_mix);
    tcase_add_test(tcase, faults_of_a_schema_are_few);
    tcase_add_test(tcase, a_broken_schema_is_told_as_ours);
    suite_add_tcase(suite, tcase);
    return suite;
}
