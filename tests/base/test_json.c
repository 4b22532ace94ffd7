#include "base/json.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What json_print writes. Gives (free). */
static char *printed(const struct json_writer *writer)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    struct err err = {0};

    ck_assert_msg(json_print(writer, stream, &err) == 0, "%s", err.text);
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

static void expect(struct json_writer *writer, const char *pretty, const char *line)
{
    char *text = printed(writer);
    char *flat = json_to_text(writer);

    ck_assert_str_eq(text, pretty);
    ck_assert_str_eq(flat, line);
    free(text);
    mem_free(flat);
    json_writer_destroy(writer);
}

static void write_plan(struct json_writer *writer)
{
    json_open_object(writer, NULL);
    json_text(writer, "scenario", "two-sites");
    json_open_object(writer, "solver");
    json_text(writer, "name", "GLPK");
    json_count(writer, "rows", 12);
    json_close(writer);
    json_number(writer, "gap", 0.5);
    json_bool(writer, "whole", false);
    json_none(writer, "period");
    json_open_array(writer, "runs");
    for (int i = 0; i < 2; i++) {
        json_open_object(writer, NULL);
        json_count(writer, "task", i);
        json_open_array(writer, "chips");
        json_count(writer, NULL, 0);
        json_count(writer, NULL, 1);
        json_close(writer);
        json_close(writer);
    }
    json_close(writer);
    json_open_array(writer, "ids");
    json_text(writer, NULL, "a");
    json_text(writer, NULL, "b");
    json_close(writer);
    json_open_array(writer, "none");
    json_close(writer);
    json_close(writer);
}

START_TEST(a_document_is_a_member_a_line_and_a_row_a_line)
{
    struct json_writer *writer = json_writer_create();

    write_plan(writer);
    expect(writer,
        "{\n"
        "  \"scenario\": \"two-sites\",\n"
        "  \"solver\": {\"name\": \"GLPK\", \"rows\": 12},\n"
        "  \"gap\": 0.5,\n"
        "  \"whole\": false,\n"
        "  \"period\": null,\n"
        "  \"runs\": [\n"
        "    {\"task\": 0, \"chips\": [0, 1]},\n"
        "    {\"task\": 1, \"chips\": [0, 1]}\n"
        "  ],\n"
        "  \"ids\": [\"a\", \"b\"],\n"
        "  \"none\": []\n"
        "}\n",
        "{\"scenario\": \"two-sites\", \"solver\": {\"name\": \"GLPK\", \"rows\": 12}, \"gap\": "
        "0.5, "
        "\"whole\": false, \"period\": null, \"runs\": [{\"task\": 0, \"chips\": [0, 1]}, "
        "{\"task\": 1, \"chips\": [0, 1]}], \"ids\": [\"a\", \"b\"], \"none\": []}");
}
END_TEST

START_TEST(a_list_at_the_top_is_a_row_a_line)
{
    struct json_writer *writer = json_writer_create();

    json_open_array(writer, NULL);
    for (int i = 0; i < 2; i++) {
        json_open_object(writer, NULL);
        json_count(writer, "i", i);
        json_close(writer);
    }
    json_close(writer);
    expect(writer, "[\n  {\"i\": 0},\n  {\"i\": 1}\n]\n", "[{\"i\": 0}, {\"i\": 1}]");
}
END_TEST

START_TEST(a_document_may_be_empty_or_one_value)
{
    struct json_writer *empty = json_writer_create();
    struct json_writer *value = json_writer_create();

    json_open_object(empty, NULL);
    json_close(empty);
    expect(empty, "{}\n", "{}");
    json_count(value, NULL, INT64_MIN);
    expect(value, "-9223372036854775808\n", "-9223372036854775808");
}
END_TEST

START_TEST(what_is_no_number_is_null)
{
    struct json_writer *writer = json_writer_create();

    json_open_array(writer, NULL);
    json_number(writer, NULL, NAN);
    json_number(writer, NULL, INFINITY);
    json_number(writer, NULL, -INFINITY);
    json_text(writer, NULL, NULL);
    json_close(writer);
    expect(writer, "[null, null, null, null]\n", "[null, null, null, null]");
}
END_TEST

START_TEST(text_is_escaped_and_made_utf_8)
{
    struct json_writer *writer = json_writer_create();

    json_open_array(writer, NULL);
    json_text(writer, NULL, "a\"b\\c\n\x01/é");
    json_text(writer, NULL, "a\xFF\xC3z");
    json_close(writer);
    expect(writer, "[\"a\\\"b\\\\c\\n\\u0001/é\", \"a\xEF\xBF\xBD\xEF\xBF\xBDz\"]\n",
        "[\"a\\\"b\\\\c\\n\\u0001/é\", \"a\xEF\xBF\xBD\xEF\xBF\xBDz\"]");
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    struct json_writer *writer = json_writer_create();
    FILE *full = fopen("/dev/full", "w");
    struct err err = {0};

    ck_assert_ptr_nonnull(full);
    json_open_array(writer, NULL);
    for (int i = 0; i < 10000; i++)
        json_count(writer, NULL, i);
    json_close(writer);
    ck_assert_int_eq(json_print(writer, full, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_str_eq(err.text, "cannot write the JSON: No space left on device");
    (void)fclose(full);
    json_writer_destroy(writer);
}
END_TEST

/* A random value, one below the other at most `depth` deep; the same calls each time for a seed. */
static void write_random(struct json_writer *writer, const char *key, struct rng *rng, int depth)
{
    char name[16];
    double number;
    uint64_t bits;

    switch (rng_between(rng, 0, depth > 0 ? 6 : 4)) {
    case 0:
        bits = rng_next(rng);
        memcpy(&number, &bits, sizeof number);
        json_number(writer, key, number);
        break;
    case 1:
        json_count(writer, key, (int64_t)rng_next(rng));
        break;
    case 2:
        (void)snprintf(name, sizeof name, "é\"%d\t", (int)rng_between(rng, 0, 999));
        json_text(writer, key, name);
        break;
    case 3:
        json_bool(writer, key, rng_between(rng, 0, 1) == 1);
        break;
    case 4:
        json_none(writer, key);
        break;
    case 5:
        json_open_array(writer, key);
        for (int64_t i = rng_between(rng, 0, 5); i > 0; i--)
            write_random(writer, NULL, rng, depth - 1);
        json_close(writer);
        break;
    default:
        json_open_object(writer, key);
        for (int64_t i = rng_between(rng, 0, 5); i > 0; i--) {
            (void)snprintf(name, sizeof name, "key-%d", (int)i);
            write_random(writer, name, rng, depth - 1);
        }
        json_close(writer);
        break;
    }
}

/* Does the value hold what write_random wrote from the same seed? */
static void expect_random(const struct json_value *value, struct rng *rng, int depth)
{
    char name[16];
    double number;
    uint64_t bits;
    int64_t count;

    ck_assert_ptr_nonnull(value);
    switch (rng_between(rng, 0, depth > 0 ? 6 : 4)) {
    case 0:
        bits = rng_next(rng);
        memcpy(&number, &bits, sizeof number);
        /* Seventeen digits bring the very number back. */
        ck_assert(isfinite(number) ? json_get_number(value, 0.125) == number
                                   : json_get_number(value, 0.125) == 0.125);
        break;
    case 1:
        ck_assert_double_eq(json_get_number(value, 0.5), (double)(int64_t)rng_next(rng));
        break;
    case 2:
        (void)snprintf(name, sizeof name, "é\"%d\t", (int)rng_between(rng, 0, 999));
        ck_assert_str_eq(json_get_text(value), name);
        break;
    case 3:
        ck_assert_int_eq(json_get_bool(value, true), rng_between(rng, 0, 1) == 1);
        break;
    case 4:
        ck_assert_ptr_null(json_get_text(value));
        ck_assert(json_get_bool(value, true) && !json_get_bool(value, false));
        break;
    case 5:
        count = rng_between(rng, 0, 5);
        ck_assert_uint_eq(json_length(value), (size_t)count);
        for (int64_t i = 0; i < count; i++)
            expect_random(json_at(value, (size_t)i), rng, depth - 1);
        ck_assert_ptr_null(json_at(value, (size_t)count));
        break;
    default:
        for (int64_t i = rng_between(rng, 0, 5); i > 0; i--) {
            (void)snprintf(name, sizeof name, "key-%d", (int)i);
            expect_random(json_member(value, name), rng, depth - 1);
        }
        ck_assert_ptr_null(json_member(value, "key-6"));
        break;
    }
}

START_TEST(what_is_written_is_read_back)
{
    struct json_writer *writer = json_writer_create();
    struct rng rng = rng_seed((uint64_t)_i);
    struct err err = {0};
    char *texts[2];

    write_random(writer, NULL, &rng, 5);
    texts[0] = printed(writer);
    texts[1] = json_to_text(writer);
    ck_assert_ptr_null(strchr(texts[1], '\n'));
    for (int i = 0; i < 2; i++) {
        struct json_value *root = json_parse(texts[i], strlen(texts[i]), &err);

        ck_assert_msg(root != NULL, "%s", err.text);
        rng = rng_seed((uint64_t)_i);
        expect_random(root, &rng, 5);
        json_destroy(root);
    }
    free(texts[0]);
    mem_free(texts[1]);
    json_writer_destroy(writer);
}
END_TEST

START_TEST(asking_for_what_is_not_there_is_no_fault)
{
    static const char TEXT[] = "{\"a\": 1}";
    struct json_value *root = json_parse(TEXT, strlen(TEXT), NULL);

    ck_assert_ptr_null(json_member(root, "b"));
    ck_assert_ptr_null(json_member(json_member(root, "a"), "b"));
    ck_assert_ptr_null(json_member(NULL, "b"));
    ck_assert_ptr_null(json_at(root, 0));
    ck_assert_uint_eq(json_length(root), 0);
    ck_assert_uint_eq(json_length(NULL), 0);
    ck_assert_ptr_null(json_get_text(json_member(root, "a")));
    ck_assert_double_eq(json_get_number(NULL, 7), 7);
    ck_assert(json_get_bool(json_member(root, "a"), true));
    json_destroy(root);
    json_destroy(NULL);
}
END_TEST

struct fault_case {
    const char *text;
    const char *starts;
};

static const struct fault_case FAULT_CASES[] = {
    {"", "1: "},
    {"{", "1: "},
    {"{\n\"a\": 1,\n\"a\": 2}", "3: duplicate object key"},
    {"[1] x", "1: end of file expected"},
    {"[NaN]", "1: "},
    {"[1e999]", "1: real number overflow"},
    {"[99999999999999999999]", "1: too big integer"},
    {"[\"\xFF\"]", "1: unable to decode byte 0xff"},
    {"\n\n[tru]", "3: "},
};

START_TEST(a_fault_names_its_line)
{
    const struct fault_case *c = &FAULT_CASES[_i];
    struct err err = {0};

    ck_assert_ptr_null(json_parse(c->text, strlen(c->text), &err));
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(str_starts_with(err.text, c->starts), "%s", err.text);
}
END_TEST

START_TEST(nesting_has_an_end)
{
    struct str deep = {0};
    struct err err = {0};

    for (int i = 0; i < 1000000; i++)
        str_add(&deep, "[");
    ck_assert_ptr_null(json_parse(deep.text, deep.length, &err));
    ck_assert_int_eq(err.kind, ERR_INPUT);
    str_fini(&deep);
}
END_TEST

START_TEST(a_file_is_read_within_its_limit)
{
    static const char PATH[] = "tests/cases/plan/expected.json";
    struct err err = {0};
    struct json_value *root = json_load(PATH, 1 << 20, &err);

    ck_assert_msg(root != NULL, "%s", err.text);
    json_destroy(root);
    ck_assert_ptr_null(json_load(PATH, 10, &err));
    ck_assert_msg(str_starts_with(err.text, PATH), "%s", err.text);
    ck_assert_ptr_null(json_load("tests/no-such.json", 10, &err));
    ck_assert_msg(str_starts_with(err.text, "tests/no-such.json: "), "%s", err.text);
    ck_assert_msg(strstr(err.text, "No such file or directory") != NULL, "%s", err.text);
    ck_assert_ptr_null(json_load("Makefile", 1 << 20, &err));
    ck_assert_msg(str_starts_with(err.text, "Makefile:1: "), "%s", err.text);
    ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/json");
    TCase *tc = tcase_create("json");

    tcase_add_test(tc, a_document_is_a_member_a_line_and_a_row_a_line);
    tcase_add_test(tc, a_list_at_the_top_is_a_row_a_line);
    tcase_add_test(tc, a_document_may_be_empty_or_one_value);
    tcase_add_test(tc, what_is_no_number_is_null);
    tcase_add_test(tc, text_is_escaped_and_made_utf_8);
    tcase_add_test(tc, a_full_disk_is_told);
    tcase_add_loop_test(tc, what_is_written_is_read_back, 0, 200);
    tcase_add_test(tc, asking_for_what_is_not_there_is_no_fault);
    tcase_add_loop_test(
        tc, a_fault_names_its_line, 0, (int)(sizeof FAULT_CASES / sizeof *FAULT_CASES));
    tcase_add_test(tc, nesting_has_an_end);
    tcase_add_test(tc, a_file_is_read_within_its_limit);
    suite_add_tcase(s, tc);
    return s;
}
