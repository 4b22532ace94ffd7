#include "topologies/ids.h"

#include "base/mem.h"
#include "tests/support/suite.h"

#include <stdio.h>

enum { NAME_COUNT = 5000, NAME_SIZE = 16 };

START_TEST(ids_are_numbered_in_order_and_found_again)
{
    char(*names)[NAME_SIZE] = mem_zero(NAME_COUNT, sizeof *names);
    struct ids ids = {0};

    ck_assert_int_eq(ids_find(&ids, "n0"), -1);
    for (int i = 0; i < NAME_COUNT; i++) {
        (void)snprintf(names[i], NAME_SIZE, "n%d", i);
        ck_assert_int_eq(ids_add(&ids, names[i]), i);
    }
    for (int i = 0; i < NAME_COUNT; i++)
        ck_assert_int_eq(ids_find(&ids, names[i]), i);
    ck_assert_int_eq(ids_find(&ids, "n5000"), -1);
    ck_assert_int_eq(ids_find(&ids, ""), -1);
    ids_fini(&ids);
    mem_free(names);
}
END_TEST

START_TEST(an_id_is_added_once)
{
    char again[] = "a"; /* the same text elsewhere */
    struct ids ids = {0};

    ck_assert_int_eq(ids_add(&ids, "a"), 0);
    ck_assert_int_eq(ids_add(&ids, again), -1);
    ck_assert_int_eq(ids_add(&ids, "b"), 1);
    ck_assert_uint_eq(ids.count, 2);
    ids_fini(&ids);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topologies/ids");
    TCase *tc = tcase_create("ids");

    tcase_add_test(tc, ids_are_numbered_in_order_and_found_again);
    tcase_add_test(tc, an_id_is_added_once);
    suite_add_tcase(s, tc);
    return s;
}
