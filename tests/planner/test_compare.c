#include "planner/compare.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "planner/compare_print.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char A[] =
    "{\"scenario\": \"a\", \"status\": \"optimal\", \"objective_usd\": 100,"
    "\"cost_usd\": {\"capex\": 120, \"salvage\": -20},"
    "\"periods\": [{\"start\": \"2026-01\", \"hours\": 10}, {\"start\": \"2026-02\", \"hours\": "
    "20}],"
    "\"installed\": [{\"system\": \"k2\", \"period\": \"2026-02\", \"systems\": 4},"
    "{\"system\": \"k1\", \"period\": \"2026-01\", \"systems\": 1},"
    "{\"system\": \"k2\", \"period\": \"2026-01\", \"systems\": 2},"
    "{\"system\": \"k2\", \"period\": \"2026-01\", \"systems\": 3}],"
    "\"unmet\": [{\"workload\": \"chat\", \"period\": \"2026-02\", \"units\": 5},"
    "{\"workload\": \"train\", \"period\": null, \"units\": 7}],"
    "\"prices\": [{\"constraint\": \"site-power\", \"id\": \"s\", \"period\": \"2026-01\", "
    "\"usd_per_unit\": 3}, {\"constraint\": \"site-power\", \"id\": \"s\", \"period\": "
    "\"2026-02\", \"usd_per_unit\": 4}]}";

static const char B[] =
    "{\"scenario\": \"b\", \"status\": \"optimal\", \"objective_usd\": 80,"
    "\"cost_usd\": {\"capex\": 80},"
    "\"installed\": [{\"system\": \"k3\", \"period\": \"2027-01\", \"systems\": 9}]}";

static const char NONE[] =
    "{\"scenario\": \"n\", \"status\": \"infeasible\", \"objective_usd\": null, \"cost_usd\": {}}";

struct compared {
    struct json_value *a, *b;
    struct arena *arena;
    struct comparison comparison;
};

static struct compared compare(const char *a, const char *b)
{
    struct err err = {0};
    struct compared c = {.a = json_parse(a, strlen(a), &err),
        .b = json_parse(b, strlen(b), &err),
        .arena = arena_create()};

    ck_assert_msg(c.a != NULL && c.b != NULL, "%s", err.text);
    ck_assert_msg(
        compare_plans(c.a, "a", c.b, "b", c.arena, &c.comparison, &err) == 0, "%s", err.text);
    return c;
}

static void compared_fini(struct compared *c)
{
    json_destroy(c->a);
    json_destroy(c->b);
    arena_destroy(c->arena);
}

static void check_row(const struct compared *c, enum compare_list list, size_t index,
    const char *name, const char *period, double a, double b)
{
    const struct compare_row *row = &c->comparison.lists[list].rows[index];

    ck_assert_uint_lt(index, c->comparison.lists[list].count);
    ck_assert_str_eq(row->name, name);
    ck_assert_str_eq(row->period, period);
    ck_assert_double_eq(row->a, a);
    ck_assert_double_eq(row->b, b);
}

START_TEST(rows_of_one_name_are_summed_and_matched)
{
    struct compared c = compare(A, B);

    check_row(&c, COMPARE_COST, 0, "capex", "", 120, 80);
    check_row(&c, COMPARE_COST, 8, "salvage", "", -20, 0);
    check_row(&c, COMPARE_COST, 9, "total", "", 100, 80);
    ck_assert_uint_eq(c.comparison.lists[COMPARE_COST].count, 10);
    /* Names as they come, periods in order. */
    ck_assert_uint_eq(c.comparison.lists[COMPARE_SYSTEMS].count, 4);
    check_row(&c, COMPARE_SYSTEMS, 0, "k2", "2026-01", 5, 0);
    check_row(&c, COMPARE_SYSTEMS, 1, "k2", "2026-02", 4, 0);
    check_row(&c, COMPARE_SYSTEMS, 2, "k1", "2026-01", 1, 0);
    check_row(&c, COMPARE_SYSTEMS, 3, "k3", "2027-01", 0, 9);
    check_row(&c, COMPARE_UNMET, 0, "chat", "", 100, 0);
    check_row(&c, COMPARE_UNMET, 1, "train", "", 7, 0);
    check_row(&c, COMPARE_PRICES, 0, "site-power s", "", 7, 0);
    ck_assert_double_eq_tol(compare_share(&c.comparison.lists[COMPARE_COST].rows[9]), -0.2, 1e-12);
    ck_assert(isnan(compare_share(&c.comparison.lists[COMPARE_SYSTEMS].rows[3])));
    compared_fini(&c);
}
END_TEST

START_TEST(a_plan_against_itself_has_no_change)
{
    struct compared c = compare(A, A);

    for (int list = 0; list < COMPARE_LIST_COUNT; list++)
        for (size_t i = 0; i < c.comparison.lists[list].count; i++)
            ck_assert_double_eq(
                c.comparison.lists[list].rows[i].a, c.comparison.lists[list].rows[i].b);
    compared_fini(&c);
}
END_TEST

/* One quarter and two months of the same system; then a month that only B reaches. */
static const char QUARTER[] =
    "{\"scenario\": \"q\", \"status\": \"optimal\", \"objective_usd\": 1, \"cost_usd\": {},"
    "\"periods\": [{\"start\": \"2026-01\", \"months\": 3, \"hours\": 2160}],"
    "\"installed\": [{\"system\": \"k\", \"period\": \"2026-01\", \"systems\": 7}]}";
static const char MONTHS[] =
    "{\"scenario\": \"m\", \"status\": \"optimal\", \"objective_usd\": 1, \"cost_usd\": {},"
    "\"periods\": [{\"start\": \"2026-02\", \"months\": 1, \"hours\": 672},"
    "{\"start\": \"2026-03\", \"months\": 1, \"hours\": 744},"
    "{\"start\": \"2026-04\", \"months\": 1, \"hours\": 720}],"
    "\"installed\": [{\"system\": \"k\", \"period\": \"2026-03\", \"systems\": 5},"
    "{\"system\": \"k\", \"period\": \"2026-04\", \"systems\": 6}]}";

START_TEST(plans_of_other_periods_meet_where_a_period_begins)
{
    static const struct compare_row WANTED[] = {{"k", "2026-01", 7, NAN}, {"k", "2026-02", 7, 0},
        {"k", "2026-03", 7, 5}, {"k", "2026-04", NAN, 6}};
    struct compared c = compare(QUARTER, MONTHS);

    ck_assert_uint_eq(c.comparison.lists[COMPARE_SYSTEMS].count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct compare_row *row = &c.comparison.lists[COMPARE_SYSTEMS].rows[i];

        ck_assert_str_eq(row->period, WANTED[i].period);
        ck_assert_msg(row->a == WANTED[i].a || (isnan(row->a) && isnan(WANTED[i].a)), "%zu", i);
        ck_assert_msg(row->b == WANTED[i].b || (isnan(row->b) && isnan(WANTED[i].b)), "%zu", i);
    }
    compared_fini(&c);
}
END_TEST

START_TEST(a_side_without_a_plan_is_not_known)
{
    struct compared c = compare(A, NONE);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    ck_assert(!c.comparison.b.has_plan);
    ck_assert(isnan(c.comparison.lists[COMPARE_COST].rows[0].b));
    ck_assert(isnan(c.comparison.lists[COMPARE_SYSTEMS].rows[0].b));
    compare_print_text(&c.comparison, stream);
    (void)fclose(stream);
    ck_assert_ptr_nonnull(strstr(text, "B  b   n, infeasible, no plan"));
    ck_assert_ptr_null(strstr(text, " nan"));
    free(text);
    compared_fini(&c);
}
END_TEST

START_TEST(json_and_csv_have_the_same_rows)
{
    struct compared c = compare(A, B);
    struct err err = {0};
    char *text = NULL;
    size_t size = 0;
    size_t row_count = 0, line_count = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json_value *root;
    const struct json_value *row;

    ck_assert_int_eq(compare_print_json(&c.comparison, stream, &err), 0);
    (void)fclose(stream);
    root = json_parse(text, size, &err);
    ck_assert_msg(root != NULL, "%s", err.text);
    for (int list = 0; list < COMPARE_LIST_COUNT; list++)
        row_count += json_length(json_member(root, COMPARE_LISTS[list].name));
    row = json_at(json_member(root, "systems"), 1);
    ck_assert_str_eq(json_get_text(json_member(row, "system")), "k2");
    ck_assert_str_eq(json_get_text(json_member(row, "period")), "2026-02");
    ck_assert_double_eq(json_get_number(json_member(row, "change"), NAN), -4);
    ck_assert_double_eq(json_get_number(json_member(row, "change_percent"), NAN), -100);
    ck_assert_str_eq(json_get_text(json_member(json_member(root, "b"), "scenario")), "b");
    json_destroy(root);
    free(text);
    stream = open_memstream(&text, &size);
    ck_assert_int_eq(compare_print_csv(&c.comparison, stream, &err), 0);
    (void)fclose(stream);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        line_count++;
    ck_assert_uint_eq(line_count, row_count + 1);
    ck_assert_ptr_nonnull(strstr(text, "systems,k3,2027-01,0,9,9,\r\n"));
    free(text);
    compared_fini(&c);
}
END_TEST

static const char *const NO_PLANS[] = {"[]", "{}", "7", "{\"scenario\": 1, \"status\": \"x\"}",
    "{\"scenario\": \"a\", \"status\": \"optimal\"}"};

START_TEST(what_is_no_plan_is_named)
{
    struct err err = {0};
    struct json_value *plan = json_parse(A, strlen(A), &err);
    struct json_value *other = json_parse(NO_PLANS[_i], strlen(NO_PLANS[_i]), &err);
    struct arena *arena = arena_create();
    struct comparison comparison;

    ck_assert_int_eq(
        compare_plans(plan, "good.json", other, "bad.json", arena, &comparison, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert(str_starts_with(err.text, "bad.json: this is no plan"));
    json_destroy(plan);
    json_destroy(other);
    arena_destroy(arena);
}
END_TEST

START_TEST(a_plan_for_several_futures_is_told_apart)
{
    static const char FUTURES[] = "{\"scenario\": \"a\", \"status\": \"optimal\", \"futures\": []}";
    struct err err = {0};
    struct json_value *plan = json_parse(A, strlen(A), &err);
    struct json_value *other = json_parse(FUTURES, strlen(FUTURES), &err);
    struct arena *arena = arena_create();
    struct comparison comparison;

    ck_assert_int_eq(compare_plans(other, "f.json", plan, "a.json", arena, &comparison, &err), -1);
    ck_assert_msg(
        strstr(err.text, "f.json: this is a plan for several futures") != NULL, "%s", err.text);
    json_destroy(plan);
    json_destroy(other);
    arena_destroy(arena);
}
END_TEST

/* Fields of other types than a plan's are taken as absent. */
START_TEST(odd_fields_are_left_out)
{
    struct compared c = compare(
        "{\"scenario\": \"a\", \"status\": \"optimal\", \"objective_usd\": 1, \"cost_usd\": [],"
        "\"installed\": {\"system\": 1}, \"power\": [1, null, {\"site\": 5}, {\"site\": \"s\"}],"
        "\"unmet\": [{\"workload\": \"w\", \"period\": \"x\", \"units\": \"many\"}]}",
        B);

    ck_assert_uint_eq(c.comparison.lists[COMPARE_OPERATING].count, 1);
    check_row(&c, COMPARE_OPERATING, 0, "s", "", 0, 0);
    check_row(&c, COMPARE_UNMET, 0, "w", "", 0, 0);
    compared_fini(&c);
}
END_TEST

/* --- Files that are broken */

/* Compared, or refused with a reason; whatever it is, nothing crashes. */
static void assert_answered(const char *text, size_t count)
{
    struct err err = {0};
    struct json_value *a = json_parse(text, count, &err);
    struct json_value *b = json_parse(B, strlen(B), NULL);
    struct arena *arena = arena_create();
    struct comparison comparison;

    if (a == NULL || compare_plans(a, "broken", b, "b", arena, &comparison, &err) != 0) {
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert(err.text[0] != '\0');
    }
    arena_destroy(arena);
    json_destroy(a);
    json_destroy(b);
}

START_TEST(a_truncated_plan_is_refused_with_a_reason)
{
    for (size_t count = 0; count + 1 < sizeof A; count++) {
        struct err err = {0};
        struct json_value *value = json_parse(A, count, &err);

        ck_assert_msg(value == NULL, "%zu bytes", count);
        ck_assert_int_eq(err.kind, ERR_INPUT);
        ck_assert(err.text[0] != '\0');
    }
}
END_TEST

START_TEST(a_plan_with_other_bytes_is_compared_or_refused)
{
    static const char BYTES[] = "{}[]\",:0-e.nft \\\x80";
    struct rng rng = rng_seed((uint64_t)_i);
    char text[sizeof A];

    for (int round = 0; round < 200; round++) {
        int changes = (int)rng_between(&rng, 1, 4);

        memcpy(text, A, sizeof A);
        for (int i = 0; i < changes; i++)
            text[rng_between(&rng, 0, (int64_t)sizeof A - 2)] =
                BYTES[rng_between(&rng, 0, (int64_t)sizeof BYTES - 2)];
        assert_answered(text, sizeof A - 1);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("compare");
    TCase *tests = tcase_create("compare");

    tcase_add_test(tests, rows_of_one_name_are_summed_and_matched);
    tcase_add_test(tests, a_plan_against_itself_has_no_change);
    tcase_add_test(tests, plans_of_other_periods_meet_where_a_period_begins);
    tcase_add_test(tests, a_side_without_a_plan_is_not_known);
    tcase_add_test(tests, json_and_csv_have_the_same_rows);
    tcase_add_loop_test(
        tests, what_is_no_plan_is_named, 0, (int)(sizeof NO_PLANS / sizeof NO_PLANS[0]));
    tcase_add_test(tests, a_plan_for_several_futures_is_told_apart);
    tcase_add_test(tests, odd_fields_are_left_out);
    tcase_add_test(tests, a_truncated_plan_is_refused_with_a_reason);
    tcase_add_loop_test(tests, a_plan_with_other_bytes_is_compared_or_refused, 0, 20);
    suite_add_tcase(suite, tests);
    return suite;
}
