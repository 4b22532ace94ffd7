#include "base/err.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>

START_TEST(a_failure_has_a_kind_and_a_text)
{
    struct err err = {0};

    ck_assert_int_eq(err_set(&err, ERR_INPUT, "%s is %d", "it", 7), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_str_eq(err.text, "it is 7");
    err_clear(&err);
    ck_assert_int_eq(err.kind, ERR_NONE);
    ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(nobody_needs_to_ask_why)
{
    ck_assert_int_eq(err_set(NULL, ERR_INPUT, "lost"), -1);
    ck_assert_int_eq(err_wrap(NULL, "lost"), -1);
    ck_assert_int_eq(err_set_errno(NULL, "lost"), -1);
}
END_TEST

START_TEST(an_overlong_text_ends_in_dots_and_a_text_that_fits_does_not)
{
    struct err err = {0};

    (void)err_set(&err, ERR_INPUT, "%*s", ERR_TEXT_SIZE - 1, "x");
    ck_assert_uint_eq(strlen(err.text), ERR_TEXT_SIZE - 1);
    ck_assert_str_eq(err.text + ERR_TEXT_SIZE - 3, " x");
    (void)err_set(&err, ERR_INPUT, "%*s", ERR_TEXT_SIZE, "x");
    ck_assert_uint_eq(strlen(err.text), ERR_TEXT_SIZE - 1);
    ck_assert_str_eq(err.text + ERR_TEXT_SIZE - 4, "...");
}
END_TEST

START_TEST(context_goes_before_the_text_and_the_kind_stays)
{
    struct err err = {0};

    (void)err_set(&err, ERR_LIMIT, "over 3 names");
    ck_assert_int_eq(err_wrap(&err, "rack %s", "r1"), -1);
    ck_assert_str_eq(err.text, "rack r1: over 3 names");
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    for (int i = 0; i < 100; i++)
        (void)err_wrap(&err, "context %d", i);
    ck_assert_uint_eq(strlen(err.text), ERR_TEXT_SIZE - 1);
    ck_assert_str_eq(err.text + ERR_TEXT_SIZE - 4, "...");
}
END_TEST

START_TEST(the_system_says_its_reason)
{
    struct err err = {0};

    errno = ENOENT;
    ck_assert_int_eq(err_set_errno(&err, "%s", "a.xml"), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_str_eq(err.text, "a.xml: No such file or directory");
}
END_TEST

struct status_case {
    enum err_kind kind;
    int status;
};

static const struct status_case STATUS_CASES[] = {
    {ERR_NONE, 0},
    {ERR_INPUT, 2},
    {ERR_USAGE, 2},
    {ERR_IO, 2},
    {ERR_LIMIT, 3},
    {ERR_INTERRUPTED, 3},
    {ERR_UNREACHABLE, 4},
    {ERR_DENIED, 1},
    {ERR_NOT_FOUND, 1},
    {ERR_STATE, 1},
    {ERR_INTERNAL, 1},
};

START_TEST(each_kind_has_its_exit_status)
{
    struct err err = {.kind = STATUS_CASES[_i].kind};

    ck_assert_int_eq(err_exit_status(&err), STATUS_CASES[_i].status);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/err");
    TCase *tc = tcase_create("err");

    tcase_add_test(tc, a_failure_has_a_kind_and_a_text);
    tcase_add_test(tc, nobody_needs_to_ask_why);
    tcase_add_test(tc, an_overlong_text_ends_in_dots_and_a_text_that_fits_does_not);
    tcase_add_test(tc, context_goes_before_the_text_and_the_kind_stays);
    tcase_add_test(tc, the_system_says_its_reason);
    tcase_add_loop_test(
        tc, each_kind_has_its_exit_status, 0, (int)(sizeof STATUS_CASES / sizeof *STATUS_CASES));
    suite_add_tcase(s, tc);
    return s;
}
