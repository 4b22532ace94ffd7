#include "base/hostlist.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

/* The names of a list, with blanks between. Gives (mem_free). */
static char *joined(const struct hostlist *list)
{
    struct str text = {0};

    str_add(&text, "");
    for (size_t i = 0; i < list->count; i++)
        str_format(&text, "%s%s", i > 0 ? " " : "", list->names[i]);
    return text.text;
}

struct expand_case {
    const char *text;
    const char *names;
};

static const struct expand_case EXPAND_CASES[] = {
    {"r1", "r1"},
    {"r[01-03]", "r01 r02 r03"},
    {"r[8-11]", "r8 r9 r10 r11"},
    {"r[1,3,7-8]", "r1 r3 r7 r8"},
    {"r[098-101]x", "r098x r099x r100x r101x"},
    {"h[1-2]-r[01-02]", "h1-r01 h1-r02 h2-r01 h2-r02"},
    {"login,r[01-02],x.y_z-0", "login r01 r02 x.y_z-0"},
    {"[1-2]", "1 2"},
    {"r[5-5]", "r5"},
    {"r[1][2]", "r12"},
};

START_TEST(ranges_make_names)
{
    const struct expand_case *c = &EXPAND_CASES[_i];
    struct hostlist list = {0};
    struct err err = {0};
    char *names;

    ck_assert_msg(hostlist_expand(c->text, 100, &list, &err) == 0, "%s", err.text);
    names = joined(&list);
    ck_assert_str_eq(names, c->names);
    mem_free(names);
    hostlist_fini(&list);
}
END_TEST

struct fault_case {
    const char *text;
    enum err_kind kind;
    const char *says;
};

static const struct fault_case FAULT_CASES[] = {
    {"", ERR_INPUT, "a name is empty"},
    {"r1,", ERR_INPUT, "a name is empty"},
    {",r1", ERR_INPUT, "a name is empty"},
    {"r[1-2", ERR_INPUT, "a bracket is not closed, or empty; write r[01-10]"},
    {"r[]", ERR_INPUT, "a bracket is not closed, or empty; write r[01-10]"},
    {"r[1,]", ERR_INPUT, "a range is missing after the last comma"},
    {"r[,1]", ERR_INPUT, "'' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r[a-b]", ERR_INPUT, "'a-b' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r[1-2-3]", ERR_INPUT, "'1-2-3' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r[-3]", ERR_INPUT, "'-3' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r[1-]", ERR_INPUT, "'1-' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r[3-1]", ERR_INPUT, "the range 3-1 runs backwards"},
    {"r[1234567890]", ERR_INPUT, "'1234567890' is no range; write it as [01-10] or [1,3,7-9]"},
    {"r]", ERR_INPUT, "']' can't stand in a name; letters, digits, '.', '_', '-' and [ranges] can"},
    {"r 1", ERR_INPUT,
        "' ' can't stand in a name; letters, digits, '.', '_', '-' and [ranges] can"},
    {"r\x01", ERR_INPUT,
        "'?' can't stand in a name; letters, digits, '.', '_', '-' and [ranges] can"},
    {"r[1-101]", ERR_LIMIT, "it makes over 100 names"},
    {"r[0-999999999]", ERR_LIMIT, "it makes over 100 names"},
    {"r[1-99][1-99][1-99]", ERR_LIMIT, "it makes over 100 names"},
    {"[1][1][1][1][1][1][1][1][1]", ERR_INPUT, "over 8 brackets in one name"},
};

START_TEST(what_is_wrong_is_said_and_nothing_is_changed)
{
    const struct fault_case *c = &FAULT_CASES[_i];
    char *name = NULL;
    struct hostlist list = {.names = &name, .count = 1};
    struct err err = {0};

    ck_assert_int_eq(hostlist_expand(c->text, 100, &list, &err), -1);
    ck_assert_str_eq(err.text, c->says);
    ck_assert_int_eq(err.kind, c->kind);
    ck_assert_ptr_eq(list.names, &name);
    ck_assert_uint_eq(list.count, 1);
}
END_TEST

START_TEST(a_name_may_be_long_but_not_longer)
{
    char text[HOSTLIST_NAME_SIZE + 8];
    struct hostlist list = {0};

    memset(text, 'r', sizeof text);
    text[HOSTLIST_NAME_SIZE - 1] = '\0';
    ck_assert_int_eq(hostlist_expand(text, 1, &list, NULL), 0);
    hostlist_fini(&list);
    memcpy(text + HOSTLIST_NAME_SIZE - 2, "[1]", 4);
    ck_assert_int_eq(hostlist_expand(text, 1, &list, NULL), 0);
    hostlist_fini(&list);
    memcpy(text + HOSTLIST_NAME_SIZE - 2, "[10]", 5);
    ck_assert_int_eq(hostlist_expand(text, 1, &list, NULL), -1);
    memcpy(text + HOSTLIST_NAME_SIZE - 2, "rr", 3);
    ck_assert_int_eq(hostlist_expand(text, 1, &list, NULL), -1);
}
END_TEST

struct compress_case {
    const char *names[6]; /* ended by NULL */
    const char *text;
};

static const struct compress_case COMPRESS_CASES[] = {
    {{NULL}, ""},
    {{"r1"}, "r1"},
    {{"r01", "r02", "r04"}, "r[01-02,04]"},
    {{"r9", "r10", "r11"}, "r[9-11]"},
    {{"r09", "r10", "r11"}, "r[09-11]"},
    {{"r9", "r010"}, "r[9,010]"},
    {{"r99", "r100", "r0101"}, "r[99-100,0101]"},
    {{"r2", "r1"}, "r[2,1]"},
    {{"r1", "r1"}, "r[1,1]"},
    {{"h1-r01", "h1-r02", "h2-r01"}, "h1-r[01-02],h2-r01"},
    {{"login", "r1", "r2", "gpu"}, "login,r[1-2],gpu"},
    {{"r1", "s2"}, "r1,s2"},
    {{"r1x", "r2x"}, "r1x,r2x"},
    {{"7", "8"}, "[7-8]"},
};

START_TEST(names_are_folded_in_the_usual_form)
{
    const struct compress_case *c = &COMPRESS_CASES[_i];
    struct str text = {0};
    size_t count = 0;

    while (count < 6 && c->names[count] != NULL)
        count++;
    hostlist_compress(c->names, count, &text);
    ck_assert_str_eq(str_text(&text), c->text);
    str_fini(&text);
}
END_TEST

enum { NAME_COUNT = 60 };

/* A name near the last one, so that runs, gaps, repeats and changes of width all occur. */
static void random_name(struct rng *rng, int64_t *number, char *name, size_t size)
{
    static const char *const PREFIXES[] = {"r", "r-", "oregon-h1-f", "", "r0", "a.b_"};
    static const char *const SUFFIXES[] = {"", "", "", "", "x", "-t01"};
    const char *prefix = PREFIXES[rng_between(rng, 0, 9) == 0 ? rng_between(rng, 0, 5) : 0];
    const char *suffix = SUFFIXES[rng_between(rng, 0, 9) == 0 ? rng_between(rng, 0, 5) : 0];
    int width = rng_between(rng, 0, 4) == 0 ? (int)rng_between(rng, 1, 12) : 1;

    *number += rng_between(rng, 0, 4) == 0 ? rng_between(rng, -3, 120) : 1;
    *number = *number < 0 ? 0 : *number;
    (void)snprintf(name, size, "%s%0*lld%s", prefix, width, (long long)*number, suffix);
}

START_TEST(folded_names_unfold_to_the_same)
{
    struct rng rng = rng_seed((uint64_t)_i);
    char texts[NAME_COUNT][64];
    const char *names[NAME_COUNT];
    int64_t number = rng_between(&rng, 0, 10) == 0 ? 999999990 : rng_between(&rng, 0, 100);
    struct hostlist list = {0};
    struct str text = {0};
    struct err err = {0};

    for (size_t i = 0; i < NAME_COUNT; i++) {
        random_name(&rng, &number, texts[i], sizeof texts[i]);
        names[i] = texts[i];
    }
    hostlist_compress(names, NAME_COUNT, &text);
    ck_assert_msg(hostlist_expand(str_text(&text), NAME_COUNT, &list, &err) == 0, "%s: %s",
        str_text(&text), err.text);
    ck_assert_uint_eq(list.count, NAME_COUNT);
    for (size_t i = 0; i < NAME_COUNT; i++)
        ck_assert_str_eq(list.names[i], names[i]);
    hostlist_fini(&list);
    str_fini(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/hostlist");
    TCase *tc = tcase_create("hostlist");

    tcase_add_loop_test(
        tc, ranges_make_names, 0, (int)(sizeof EXPAND_CASES / sizeof *EXPAND_CASES));
    tcase_add_loop_test(tc, what_is_wrong_is_said_and_nothing_is_changed, 0,
        (int)(sizeof FAULT_CASES / sizeof *FAULT_CASES));
    tcase_add_test(tc, a_name_may_be_long_but_not_longer);
    tcase_add_loop_test(tc, names_are_folded_in_the_usual_form, 0,
        (int)(sizeof COMPRESS_CASES / sizeof *COMPRESS_CASES));
    tcase_add_loop_test(tc, folded_names_unfold_to_the_same, 0, 200);
    suite_add_tcase(s, tc);
    return s;
}
