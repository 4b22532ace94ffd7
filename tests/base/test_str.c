#include "base/str.h"
#include "tests/support/suite.h"

#include <stddef.h>

struct number_case {
    const char *text;
    int result;
    double value;
};

static const struct number_case NUMBER_CASES[] = {
    {"1", 0, 1},
    {"-2.5e3", 0, -2500},
    {".5", 0, 0.5},
    {"1.", 0, 1},
    {"", -1, 0},
    {" 1", -1, 0},
    {"1 ", -1, 0},
    {"2,5", -1, 0},
    {"nan", -1, 0},
    {"inf", -1, 0},
    {"0x10", -1, 0},
    {"1e999", -1, 0},
    {"--1", -1, 0},
    {"1e", -1, 0},
};

START_TEST(numbers_are_strict)
{
    const struct number_case *c = &NUMBER_CASES[_i];
    double value = 77;

    ck_assert_int_eq(str_parse_double(c->text, &value), c->result);
    ck_assert_double_eq(value, c->result == 0 ? c->value : 77);
}
END_TEST

START_TEST(the_nearest_name_is_found_and_far_ones_are_not)
{
    static const char *const names[] = {"gb200-nvl72", "gb300-nvl72", "trn3-gen2"};

    ck_assert_str_eq(str_nearest("gb300-nvl27", names, 3), "gb300-nvl72");
    ck_assert_str_eq(str_nearest("trn3-gen", names, 3), "trn3-gen2");
    ck_assert_ptr_null(str_nearest("zebra", names, 3));
}
END_TEST

START_TEST(grouped_numbers_have_commas)
{
    char buffer[64];

    ck_assert_str_eq(str_grouped(1234567.8, 0, buffer, sizeof buffer), "1,234,568");
    ck_assert_str_eq(str_grouped(-1234.5, 2, buffer, sizeof buffer), "-1,234.50");
    ck_assert_str_eq(str_grouped(999, 0, buffer, sizeof buffer), "999");
    ck_assert_str_eq(str_grouped(1000, 0, buffer, sizeof buffer), "1,000");
}
END_TEST

START_TEST(a_text_grows)
{
    struct str str = {0};

    ck_assert_str_eq(str_text(&str), "");
    for (int i = 0; i < 1000; i++)
        str_format(&str, "%d,", i);
    ck_assert_uint_eq(str.length, 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert(str_ends_with(str_text(&str), "998,999,"));
    str_clear(&str);
    ck_assert_str_eq(str_text(&str), "");
    str_fini(&str);
}
END_TEST

START_TEST(words_are_split)
{
    char text[] = "  a bb\tccc\n";
    char *words[2];

    ck_assert_uint_eq(str_split(text, words, 2), 3);
    ck_assert_str_eq(words[0], "a");
    ck_assert_str_eq(words[1], "bb");
}
END_TEST

START_TEST(one_thing_is_told_from_many)
{
    static const int64_t MANY[] = {0, 2, -1, 11, INT64_MAX};

    ck_assert_str_eq(str_plural(1, "host is", "hosts are"), "host is");
    for (size_t i = 0; i < sizeof MANY / sizeof *MANY; i++)
        ck_assert_str_eq(str_plural(MANY[i], "host is", "hosts are"), "hosts are");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/str");
    TCase *tc = tcase_create("str");

    tcase_add_loop_test(
        tc, numbers_are_strict, 0, (int)(sizeof NUMBER_CASES / sizeof *NUMBER_CASES));
    tcase_add_test(tc, the_nearest_name_is_found_and_far_ones_are_not);
    tcase_add_test(tc, grouped_numbers_have_commas);
    tcase_add_test(tc, a_text_grows);
    tcase_add_test(tc, words_are_split);
    tcase_add_test(tc, one_thing_is_told_from_many);
    suite_add_tcase(s, tc);
    return s;
}
