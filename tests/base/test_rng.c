#include "base/rng.h"

#include "tests/support/suite.h"

#include <math.h>

enum { DRAWS = 100000 };

/* The first numbers of splitmix64 from seed 1234567, as published with the generator's C code. */
START_TEST(it_is_splitmix64)
{
    static const uint64_t EXPECTED[] = {UINT64_C(6457827717110365317),
        UINT64_C(3203168211198807973), UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821)};
    struct rng rng = rng_seed(1234567);

    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++)
        ck_assert_uint_eq(rng_next(&rng), EXPECTED[i]);
}
END_TEST

START_TEST(units_are_uniform_below_one)
{
    struct rng rng = rng_seed(1);
    int by_tenth[10] = {0};

    for (int i = 0; i < DRAWS; i++) {
        double unit = rng_unit(&rng);

        ck_assert(unit >= 0 && unit < 1);
        by_tenth[(int)(unit * 10)]++;
    }
    /* A tenth holds 10,000 ± 95 (one sigma). */
    for (int i = 0; i < 10; i++)
        ck_assert_int_le(by_tenth[i] > 10000 ? by_tenth[i] - 10000 : 10000 - by_tenth[i], 500);
}
END_TEST

START_TEST(integers_reach_both_ends_and_not_past_them)
{
    struct rng rng = rng_seed(2);
    int seen[7] = {0};

    for (int i = 0; i < 1000; i++) {
        int64_t number = rng_between(&rng, -3, 3);

        ck_assert_int_ge(number, -3);
        ck_assert_int_le(number, 3);
        seen[number + 3]++;
    }
    for (int i = 0; i < 7; i++)
        ck_assert_int_gt(seen[i], 0);
    ck_assert_int_eq(rng_between(&rng, 5, 5), 5);
    for (int i = 0; i < 100; i++)
        ck_assert_int_ge(rng_between(&rng, INT64_MAX - 1, INT64_MAX), INT64_MAX - 1);
    (void)rng_between(&rng, INT64_MIN, INT64_MAX);
}
END_TEST

START_TEST(exponentials_have_their_mean)
{
    struct rng rng = rng_seed(3);
    double sum = 0;

    for (int i = 0; i < DRAWS; i++) {
        double number = rng_exponential(&rng, 40);

        ck_assert(number >= 0 && isfinite(number));
        sum += number;
    }
    ck_assert_double_eq_tol(sum / DRAWS, 40, 0.7);
}
END_TEST

START_TEST(lognormals_have_their_median_and_spread)
{
    struct rng rng = rng_seed(4);
    int below = 0;
    double sum_of_squares = 0;

    for (int i = 0; i < DRAWS; i++) {
        double number = rng_lognormal(&rng, 10, 1.5);

        ck_assert(number > 0 && isfinite(number));
        below += number < 10;
        sum_of_squares += pow(log(number / 10), 2);
    }
    ck_assert_double_eq_tol((double)below / DRAWS, 0.5, 0.01);
    ck_assert_double_eq_tol(sqrt(sum_of_squares / DRAWS), 1.5, 0.02);
}
END_TEST

START_TEST(a_seed_replays)
{
    struct rng a = rng_seed(99);
    struct rng b = rng_seed(99);
    struct rng other = rng_seed(100);
    int same = 0;

    for (int i = 0; i < 100; i++) {
        uint64_t number = rng_next(&a);

        ck_assert_uint_eq(number, rng_next(&b));
        same += number == rng_next(&other);
    }
    ck_assert_int_eq(same, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/rng");
    TCase *tc = tcase_create("rng");

    tcase_add_test(tc, it_is_splitmix64);
    tcase_add_test(tc, units_are_uniform_below_one);
    tcase_add_test(tc, integers_reach_both_ends_and_not_past_them);
    tcase_add_test(tc, exponentials_have_their_mean);
    tcase_add_test(tc, lognormals_have_their_median_and_spread);
    tcase_add_test(tc, a_seed_replays);
    suite_add_tcase(s, tc);
    return s;
}
