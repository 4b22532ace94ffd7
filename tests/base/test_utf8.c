#include "base/utf8.h"

#include "tests/support/suite.h"

#include <stdbool.h>

struct decode_case {
    const char *bytes;
    size_t count, taken;
    uint32_t code;
};

static const struct decode_case DECODE_CASES[] = {
    {"A", 1, 1, 'A'},
    {"\x7F", 1, 1, 0x7F},
    {"\xC2\x80", 2, 2, 0x80},
    {"\xDF\xBF", 2, 2, 0x7FF},
    {"\xE0\xA0\x80", 3, 3, 0x800},
    {"\xED\x9F\xBF", 3, 3, 0xD7FF},
    {"\xEE\x80\x80", 3, 3, 0xE000},
    {"\xEF\xBF\xBF", 3, 3, 0xFFFF},
    {"\xF0\x90\x80\x80", 4, 4, 0x10000},
    {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
    {"\xE2\x82\xAC!", 4, 3, 0x20AC},
    {"\x80", 1, 0, 0},             /* a continuation alone */
    {"\xC0\x80", 2, 0, 0},         /* longer than need be */
    {"\xC1\xBF", 2, 0, 0},         /* the same */
    {"\xE0\x9F\xBF", 3, 0, 0},     /* the same */
    {"\xF0\x8F\xBF\xBF", 4, 0, 0}, /* the same */
    {"\xED\xA0\x80", 3, 0, 0},     /* surrogates */
    {"\xED\xBF\xBF", 3, 0, 0},
    {"\xF4\x90\x80\x80", 4, 0, 0}, /* past the last */
    {"\xF8\x88\x80\x80\x80", 5, 0, 0},
    {"\xFF", 1, 0, 0},
    {"\xC2", 1, 0, 0}, /* ends too early */
    {"\xE2\x82", 2, 0, 0},
    {"\xE2\x82\xAC", 2, 0, 0},
    {"\xE2\x28\xAC", 3, 0, 0},
};

START_TEST(one_character_is_decoded_or_refused)
{
    const struct decode_case *c = &DECODE_CASES[_i];
    uint32_t code = 0;

    ck_assert_uint_eq(utf8_decode(c->bytes, c->count, &code), c->taken);
    ck_assert_uint_eq(code, c->code);
}
END_TEST

/* Every code point, by the encoding's definition. */
START_TEST(all_code_points_but_surrogates_are_decoded)
{
    size_t wrong = 0;

    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        static const unsigned char LEADS[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
        uint32_t rest = code;
        uint32_t decoded = 77;
        bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;

        for (size_t i = count; i-- > 1; rest >>= 6)
            bytes[i] = (char)(0x80 | (rest & 0x3F));
        bytes[0] = (char)(LEADS[count] | rest);
        wrong += utf8_decode(bytes, count, &decoded) != (is_surrogate ? 0 : count);
        wrong += decoded != (is_surrogate ? 77 : code);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(the_valid_start_is_measured)
{
    ck_assert_uint_eq(utf8_valid_bytes("", 0), 0);
    ck_assert_uint_eq(utf8_valid_bytes("a\xC3\xA9z", 4), 4);
    ck_assert_uint_eq(utf8_valid_bytes("a\xC3\xA9\xE9z", 5), 3);
    ck_assert_uint_eq(utf8_valid_bytes("a\xC3", 2), 1);
    ck_assert_uint_eq(utf8_valid_bytes("a\0b", 3), 3);
}
END_TEST

START_TEST(a_cut_falls_between_characters)
{
    static const char TEXT[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x8B"; /* 1, 2, 3, 4 bytes */
    static const size_t CUTS[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10};

    for (size_t max = 0; max < sizeof CUTS / sizeof *CUTS; max++)
        ck_assert_uint_eq(utf8_cut(TEXT, max), CUTS[max]);
    /* What is no UTF-8 is cut all the same. */
    ck_assert_uint_eq(utf8_cut("\x80\x80\x80\x80\x80\x80\x80", 5), 5);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("base/utf8");
    TCase *tcase = tcase_create("utf8");

    tcase_add_loop_test(tcase, one_character_is_decoded_or_refused, 0,
        (int)(sizeof DECODE_CASES / sizeof *DECODE_CASES));
    tcase_add_test(tcase, all_code_points_but_surrogates_are_decoded);
    tcase_add_test(tcase, the_valid_start_is_measured);
    tcase_add_test(tcase, a_cut_falls_between_characters);
    suite_add_tcase(suite, tcase);
    return suite;
}
