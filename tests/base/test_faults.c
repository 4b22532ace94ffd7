#include "base/faults.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static char *printed(const struct faults *faults)
{
    char *text = NULL;
    size_t count = 0;
    FILE *stream = open_memstream(&text, &count);

    ck_assert_ptr_nonnull(stream);
    faults_print(faults, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

START_TEST(lines_come_by_file_and_line_and_then_as_they_came)
{
    struct faults faults = {0};
    char *text;

    ck_assert_int_eq(faults_error(&faults, (struct where){"b.xml", 2}, "second"), -1);
    faults_warning(&faults, (struct where){"a.xml", 10}, "ten");
    (void)faults_error(&faults, (struct where){"b.xml", 0}, "the file");
    (void)faults_error(&faults, (struct where){"b.xml", 2}, "another");
    (void)faults_error(&faults, (struct where){"a.xml", 9}, "nine");
    (void)faults_error(&faults, (struct where){"a.xml.bak", 1}, "other file");
    (void)faults_error(&faults, (struct where){NULL, 0}, "no file: at all");
    text = printed(&faults);
    ck_assert_str_eq(text, "no file: at all\n"
                           "a.xml:9: nine\n"
                           "a.xml:10: warning: ten\n"
                           "a.xml.bak:1: other file\n"
                           "b.xml: the file\n"
                           "b.xml:2: second\n"
                           "b.xml:2: another\n"
                           "6 errors, 1 warning\n");
    free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(a_colon_in_a_file_name_does_not_mix_files)
{
    struct faults faults = {0};
    char *text;

    (void)faults_error(&faults, (struct where){"a:2", 5}, "x");
    (void)faults_error(&faults, (struct where){"a:10", 7}, "y");
    (void)faults_error(&faults, (struct where){"a:2", 3}, "z");
    text = printed(&faults);
    ck_assert_str_eq(text, "a:10:7: y\na:2:3: z\na:2:5: x\n3 errors\n");
    free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(the_same_is_kept_and_counted_once)
{
    struct faults faults = {0};
    char *text;

    for (int i = 0; i < 3; i++) {
        (void)faults_error(&faults, (struct where){"a.xml", 1}, "x");
        faults_warning(&faults, (struct where){"a.xml", 1}, "x");
    }
    (void)faults_error(&faults, (struct where){"a.xml", 2}, "x");
    ck_assert_uint_eq(faults.count, 3);
    text = printed(&faults);
    ck_assert_str_eq(text, "a.xml:1: x\na.xml:1: warning: x\na.xml:2: x\n2 errors, 1 warning\n");
    free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(nothing_prints_nothing_and_one_is_no_plural)
{
    struct faults faults = {0};
    char *text = printed(&faults);

    ck_assert_str_eq(text, "");
    free(text);
    faults_warning(&faults, (struct where){"a.xml", 1}, "x");
    text = printed(&faults);
    ck_assert_str_eq(text, "a.xml:1: warning: x\n1 warning\n");
    free(text);
    faults_fini(&faults);
}
END_TEST

START_TEST(the_list_is_bounded_and_the_count_is_not)
{
    enum { GIVEN = 100000 };
    struct faults faults = {0};
    int room = 0;
    char *text;

    for (int i = 0; i < GIVEN; i++) {
        room += !faults_is_full(&faults);
        (void)faults_error(&faults, (struct where){"a.xml", i + 1}, "x");
    }
    faults_warning(&faults, (struct where){"a.xml", 1}, "warnings have a bound of their own");
    ck_assert_int_eq(room, FAULTS_MAX);
    ck_assert_uint_eq(faults.error_count, GIVEN);
    ck_assert_uint_eq(faults.count, FAULTS_MAX + 1);
    text = printed(&faults);
    ck_assert(str_ends_with(text, "a.xml:200: x\n100000 errors (the first 200 are shown), "
                                  "1 warning\n"));
    free(text);
    faults_fini(&faults);
}
END_TEST

struct printable_case {
    const char *file, *text, *expected;
};

static const struct printable_case PRINTABLE_CASES[] = {
    {"a.xml", "caf\xC3\xA9 \xE2\x82\xAC", "a.xml:1: caf\xC3\xA9 \xE2\x82\xAC"},
    {"a.xml", "one\ntwo\tthree\r", "a.xml:1: one two three "},
    {"a\n.xml", "x", "a .xml:1: x"},
    {"a.xml", "\x1B[31mred\x7F", "a.xml:1: ?[31mred?"},
    {"\x1B]0;title\x07", "x", "?]0;title?:1: x"},
    {"a.xml",
        "\xC2\x9B"
        "31m",
        "a.xml:1: ?31m"}, /* C1: CSI in one character */
    {"a.xml",
        "\xE2\x80\xAE"
        "evil",
        "a.xml:1: ?evil"}, /* right to left from here on */
    {"a.xml",
        "\xE2\x81\xA6"
        "x\xE2\x81\xA9",
        "a.xml:1: ?x?"},                             /* isolates */
    {"a.xml", "\xE2\x80\xA8line", "a.xml:1: ?line"}, /* a line end */
    {"a.xml", "caf\xE9 \xC3", "a.xml:1: caf? ?"},    /* no UTF-8 */
    {"a.xml", "", "a.xml:1: "},
};

START_TEST(a_fault_is_one_printable_line)
{
    const struct printable_case *c = &PRINTABLE_CASES[_i];
    struct faults faults = {0};

    (void)faults_error(&faults, (struct where){c->file, 1}, "%s", c->text);
    ck_assert_str_eq(faults.list[0].text, c->expected);
    faults_fini(&faults);
}
END_TEST

START_TEST(an_overlong_fault_is_cut_between_characters)
{
    struct faults faults = {0};
    struct str text = {0};
    struct str expected = {0};

    for (int i = 0; i < 400; i++)
        str_add(&text, "\xE2\x82\xAC");
    str_add(&expected, "a.xml:1: ");
    for (int i = 0; i < 333; i++) /* 999 bytes */
        str_add(&expected, "\xE2\x82\xAC");
    str_add(&expected, "...");
    (void)faults_error(&faults, (struct where){"a.xml", 1}, "%s", str_text(&text));
    ck_assert_str_eq(faults.list[0].text, str_text(&expected));
    str_fini(&text);
    str_fini(&expected);
    faults_fini(&faults);
}
END_TEST

START_TEST(an_empty_fault_is_a_line_too)
{
    struct faults faults = {0};

    (void)faults_error(&faults, (struct where){NULL, 0}, "%s", "");
    ck_assert_str_eq(faults.list[0].text, "");
    faults_fini(&faults);
}
END_TEST

START_TEST(the_first_error_becomes_an_err_with_the_count_of_others)
{
    struct faults faults = {0};
    struct err err = {0};
    char long_text[900];

    faults_warning(&faults, (struct where){"a.xml", 1}, "only a warning");
    ck_assert_int_eq(faults_to_err(&faults, &err), 0);
    ck_assert_int_eq(err.kind, ERR_NONE);

    (void)faults_error(&faults, (struct where){"a.xml", 2}, "wrong");
    ck_assert_int_eq(faults_to_err(&faults, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_str_eq(err.text, "a.xml:2: wrong");

    (void)faults_error(&faults, (struct where){"a.xml", 3}, "also wrong");
    (void)faults_error(&faults, (struct where){"a.xml", 4}, "wrong too");
    ck_assert_int_eq(faults_to_err(&faults, &err), -1);
    ck_assert_str_eq(err.text, "a.xml:2: wrong (and 2 more)");
    faults_fini(&faults);

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    (void)faults_error(&faults, (struct where){"a.xml", 2}, "%s", long_text);
    (void)faults_error(&faults, (struct where){"a.xml", 3}, "y");
    ck_assert_int_eq(faults_to_err(&faults, &err), -1);
    ck_assert(str_ends_with(err.text, "xxx (and 1 more)"));
    faults_fini(&faults);
}
END_TEST

START_TEST(fini_leaves_an_empty_list_that_can_be_used)
{
    struct faults faults = {0};

    (void)faults_error(&faults, (struct where){"a.xml", 2}, "wrong");
    faults_fini(&faults);
    ck_assert_uint_eq(faults.count + faults.error_count, 0);
    (void)faults_error(&faults, (struct where){"a.xml", 2}, "wrong");
    ck_assert_uint_eq(faults.error_count, 1);
    faults_fini(&faults);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/faults");
    TCase *tcase = tcase_create("faults");

    tcase_add_test(tcase, lines_come_by_file_and_line_and_then_as_they_came);
    tcase_add_test(tcase, a_colon_in_a_file_name_does_not_mix_files);
    tcase_add_test(tcase, the_same_is_kept_and_counted_once);
    tcase_add_test(tcase, nothing_prints_nothing_and_one_is_no_plural);
    tcase_add_test(tcase, the_list_is_bounded_and_the_count_is_not);
    tcase_add_loop_test(tcase, a_fault_is_one_printable_line, 0,
        (int)(sizeof PRINTABLE_CASES / sizeof *PRINTABLE_CASES));
    tcase_add_test(tcase, an_overlong_fault_is_cut_between_characters);
    tcase_add_test(tcase, an_empty_fault_is_a_line_too);
    tcase_add_test(tcase, the_first_error_becomes_an_err_with_the_count_of_others);
    tcase_add_test(tcase, fini_leaves_an_empty_list_that_can_be_used);
    suite_add_tcase(suite, tcase);
    return suite;
}
