#include "topologies/dated.h"

#include "base/mem.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <stddef.h>

enum { Y2026 = 2026 * 12, Y2027 = 2027 * 12 };

/* From 2026-01 60, from 2026-10 to before 2027-01 140, from 2027-04 200; given out of order. */
static struct dated three_rows(struct arena *arena)
{
    static const struct dated_value ROWS[] = {
        {Y2027 + 3, DATE_MONTH_NONE, 200, {"a.xml", 3}},
        {Y2026, DATE_MONTH_NONE, 60, {"a.xml", 1}},
        {Y2026 + 9, Y2027, 140, {"a.xml", 2}},
    };
    struct dated_rows rows = {0};
    struct faults faults = {0};
    struct dated dated;

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        ck_assert_int_eq(dated_rows_add(&rows, ROWS[i], "power", &faults), 0);
    ck_assert_int_eq(dated_rows_finish(&rows, "power", arena, &dated, &faults), 0);
    ck_assert_uint_eq(faults.error_count, 0);
    faults_fini(&faults);
    return dated;
}

struct month_case {
    date_month month;
    double value; /* -1: none in force */
};

static const struct month_case MONTH_CASES[] = {
    {Y2026 - 1, -1},     /* before the first row */
    {Y2026, 60},         /* on its month */
    {Y2026 + 8, 60},     /* until the next */
    {Y2026 + 9, 140},    /* the next replaces it */
    {Y2026 + 11, 140},   /* its last month */
    {Y2027, -1},         /* `to` is exclusive, and the row before does not come back */
    {Y2027 + 2, -1},     /* nothing until the next */
    {Y2027 + 3, 200},    /* the next */
    {Y2027 + 1200, 200}, /* without an end */
};

START_TEST(the_last_row_that_has_started_counts_unless_it_has_ended)
{
    const struct month_case *c = &MONTH_CASES[_i];
    struct arena *arena = arena_create();
    struct dated dated = three_rows(arena);

    ck_assert_double_eq(dated_value_at(&dated, c->month, -1), c->value);
    ck_assert_int_eq(dated_row_at(&dated, c->month) == NULL, c->value < 0);
    arena_destroy(arena);
}
END_TEST

START_TEST(without_rows_there_is_no_value)
{
    struct dated dated = {0};

    ck_assert_ptr_null(dated_row_at(&dated, Y2026));
    ck_assert_double_eq(dated_value_at(&dated, Y2026, 7), 7);
}
END_TEST

START_TEST(two_rows_of_one_month_are_a_fault)
{
    struct dated_rows rows = {0};
    struct faults faults = {0};
    struct dated dated;
    struct arena *arena = arena_create();

    (void)dated_rows_add(
        &rows, (struct dated_value){Y2026, Y2027, 1, {"a.xml", 4}}, "supply", &faults);
    (void)dated_rows_add(
        &rows, (struct dated_value){Y2026, DATE_MONTH_NONE, 2, {"a.xml", 9}}, "supply", &faults);
    ck_assert_int_eq(dated_rows_finish(&rows, "supply", arena, &dated, &faults), -1);
    ck_assert_uint_eq(faults.error_count, 1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&faults, "a.xml:9: <supply>: line 4 has a row from \"2026-01\" too"));
    faults_fini(&faults);
    arena_destroy(arena);
}
END_TEST

START_TEST(a_row_ends_after_it_starts)
{
    struct dated_rows rows = {0};
    struct faults faults = {0};
    struct dated dated;
    struct arena *arena = arena_create();

    ck_assert_int_eq(dated_rows_add(&rows, (struct dated_value){Y2026, Y2026, 1, {"a.xml", 4}},
                         "power", &faults),
        -1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&faults, "a.xml:4: <power>: it ends (to) no later than it starts"));
    ck_assert_int_eq(dated_rows_finish(&rows, "power", arena, &dated, &faults), 0);
    ck_assert_uint_eq(dated.count, 0);
    faults_fini(&faults);
    arena_destroy(arena);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topologies/dated");
    TCase *tc = tcase_create("dated");

    tcase_add_loop_test(tc, the_last_row_that_has_started_counts_unless_it_has_ended, 0,
        (int)(sizeof MONTH_CASES / sizeof *MONTH_CASES));
    tcase_add_test(tc, without_rows_there_is_no_value);
    tcase_add_test(tc, two_rows_of_one_month_are_a_fault);
    tcase_add_test(tc, a_row_ends_after_it_starts);
    suite_add_tcase(s, tc);
    return s;
}
