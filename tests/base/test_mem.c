#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_filled(const unsigned char *bytes, size_t count, unsigned char with)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != with)
            return false;
    return true;
}

START_TEST(memory_is_zeroed_and_never_null)
{
    unsigned char *none = mem_zero(0, 8);
    unsigned char *some = mem_zero(100, 7);

    ck_assert_ptr_nonnull(none);
    ck_assert(is_filled(some, 700, 0));
    mem_free(none);
    mem_free(some);
    mem_free(NULL);
}
END_TEST

START_TEST(a_growing_array_keeps_its_elements_and_zeroes_the_rest)
{
    int *array = NULL;
    size_t capacity = 0;

    for (size_t i = 0; i < 1000; i++) {
        array = mem_grow(array, i, &capacity, sizeof *array);
        ck_assert_uint_gt(capacity, i);
        for (size_t k = i; k < capacity; k++)
            ck_assert_int_eq(array[k], 0);
        array[i] = (int)i + 1;
    }
    for (size_t i = 0; i < 1000; i++)
        ck_assert_int_eq(array[i], (int)i + 1);
    mem_free(array);
}
END_TEST

enum { PIECE_COUNT = 500 };

/* Each piece is filled with its own byte; an overlap would show at the end. */
START_TEST(pieces_of_an_arena_are_apart_zeroed_and_aligned)
{
    struct rng rng = rng_seed((uint64_t)_i);
    struct arena *arena = arena_create();
    unsigned char *pieces[PIECE_COUNT];
    size_t sizes[PIECE_COUNT];

    for (size_t i = 0; i < PIECE_COUNT; i++) {
        bool is_large = rng_between(&rng, 0, 20) == 0;

        sizes[i] = (size_t)rng_between(&rng, 0, is_large ? 100000 : 300);
        pieces[i] = arena_zero(arena, sizes[i], 1);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
        ck_assert(is_filled(pieces[i], sizes[i], 0));
        if (sizes[i] > 0)
            memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
    }
    for (size_t i = 0; i < PIECE_COUNT; i++)
        ck_assert(is_filled(pieces[i], sizes[i], (unsigned char)(i % 255 + 1)));
    arena_destroy(arena);
}
END_TEST

START_TEST(an_arena_copies_texts)
{
    struct arena *arena = arena_create();
    char text[] = "oregon";
    const double numbers[] = {1, 2.5};
    const char *copy = arena_copy_text(arena, text);
    const double *numbers_copy = arena_copy(arena, numbers, 2, sizeof *numbers);

    text[0] = 'x';
    ck_assert_str_eq(copy, "oregon");
    ck_assert_mem_eq(numbers_copy, numbers, sizeof numbers);
    ck_assert_str_eq(arena_format(arena, "%s-%03d", "r", 7), "r-007");
    ck_assert_ptr_nonnull(arena_copy(arena, NULL, 0, 8));
    arena_destroy(arena);
    arena_destroy(NULL);
}
END_TEST

START_TEST(a_size_that_overflows_aborts)
{
    mem_free(mem_zero(SIZE_MAX / 4, 8));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/mem");
    TCase *tc = tcase_create("mem");

    tcase_add_test(tc, memory_is_zeroed_and_never_null);
    tcase_add_test(tc, a_growing_array_keeps_its_elements_and_zeroes_the_rest);
    tcase_add_loop_test(tc, pieces_of_an_arena_are_apart_zeroed_and_aligned, 0, 10);
    tcase_add_test(tc, an_arena_copies_texts);
    /* Without a fork the signal would end the whole run. */
    if (!str_equal(getenv("CK_FORK"), "no"))
        tcase_add_test_raise_signal(tc, a_size_that_overflows_aborts, SIGABRT);
    suite_add_tcase(s, tc);
    return s;
}
