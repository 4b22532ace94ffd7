#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <string.h>

static const char MAIN[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    "<a xmlns='urn:wattyard:1' xmlns:xi='http://www.w3.org/2001/XInclude' name='&lt;é&amp;&#10;'>"
    "<xi:include href='sub/b.xml'/><c>text</c></a>";
static const char MIDDLE[] =
    "<b xmlns='urn:wattyard:1' xmlns:xi='http://www.w3.org/2001/XInclude' id='1'>"
    "<xi:include href='d.xml'/></b>";
static const char INNER[] = "<d xmlns='urn:wattyard:1' id='2'/>";

/* What is saved is read again without any file, and is the same tree. */
START_TEST(a_document_is_saved_with_what_it_includes)
{
    char *folder = tempdir_create();
    char *path = tempdir_write_text(folder, "a.xml", MAIN);
    struct xml_limits limits = XML_LIMITS_FILES;
    struct faults faults = {0};
    struct xml_document *document;
    const struct xml_node *root, *b;
    struct str text = {0};
    char *inside;

    mem_free(tempdir_write_text(folder, "sub/b.xml", MIDDLE));
    mem_free(tempdir_write_text(folder, "sub/d.xml", INNER));
    document = xml_load(path, &limits, NULL, &faults);
    ck_assert_ptr_nonnull(document);
    xml_save_text(document, &text);
    xml_destroy(document);
    tempdir_remove(folder);

    limits.may_include = false;
    document = xml_parse(text.text, text.length, "saved", &limits, NULL, &faults);
    ck_assert_ptr_nonnull(document);
    ck_assert_uint_eq(faults.error_count, 0);
    root = xml_root(document);
    ck_assert_str_eq(xml_attribute(root, "name"), "<é&\n");
    b = xml_first_named(root, "b");
    ck_assert_ptr_nonnull(b);
    ck_assert_str_eq(xml_attribute(b, "id"), "1");
    ck_assert_str_eq(xml_attribute(xml_first_named(b, "d"), "id"), "2");
    inside = xml_text_inside(xml_next_named(b, "c"));
    ck_assert_str_eq(inside, "text");
    mem_free(inside);
    xml_destroy(document);
    str_fini(&text);
    mem_free(path);
    faults_fini(&faults);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("xml_save");
    TCase *c = tcase_create("xml_save");

    tcase_add_test(c, a_document_is_saved_with_what_it_includes);
    suite_add_tcase(s, c);
    return s;
}
