#include "base/units.h"
#include "tests/support/suite.h"

#include <math.h>

typedef const char *format_fn(double amount, char *buffer, size_t size);

struct amount_case {
    format_fn *format;
    double amount;
    const char *text;
};

static const struct amount_case AMOUNT_CASES[] = {
    {units_money, 5600000, "$5.6 m"},
    {units_money, 1.234e9, "$1.23 bn"},
    {units_money, 61.2e9, "$61.2 bn"},
    {units_money, 1.5e12, "$1,500 bn"},
    {units_money, 999949, "$1 m"},
    {units_money, 999499, "$999 k"},
    {units_money, 430, "$430"},
    {units_money, 12.5, "$12.50"},
    {units_money, 99.99, "$99.99"},
    {units_money, 99.999, "$100"},
    {units_money, 2e-6, "$2e-06"},
    {units_money, -5600000, "-$5.6 m"},
    {units_money, 0, "$0"},
    {units_money, NAN, "-"},
    {units_money, INFINITY, "-"},
    {units_power_kw, 1234, "1.23 MW"},
    {units_power_kw, 46.4, "46.4 kW"},
    {units_power_kw, 540, "540 kW"},
    {units_power_kw, 60000, "60 MW"},
    {units_power_kw, 2e6, "2,000 MW"},
    {units_power_kw, 1550000, "1,550 MW"},
    {units_power_kw, 12.5e6, "12.5 GW"},
    {units_power_kw, 0.25, "250 W"},
    {units_power_kw, 0.9999, "1 kW"},
    {units_power_kw, 0, "0 kW"},
    {units_count, 1234567, "1,234,567"},
    {units_count, 999.6, "1,000"},
    {units_count, -0.2, "0"},
    {units_count, -1234, "-1,234"},
    {units_count, NAN, "-"},
    {units_rate, 9.1e9, "9.1 G"},
    {units_rate, 912, "912"},
    {units_rate, 3e13, "30 T"},
    {units_rate, 999999, "1 M"},
    {units_rate, 0.5, "0.5"},
    {units_rate, 0, "0"},
    {units_duration, 191400, "2d 05:10"},
    {units_duration, 760, "0:12:40"},
    {units_duration, 86399.9, "23:59:59"},
    {units_duration, 86400, "1d 00:00"},
    {units_duration, -60, "-0:01:00"},
    {units_duration, -0.5, "0:00:00"},
    {units_duration, INFINITY, "-"},
    {units_percent, 0.0312, "3.1 %"},
    {units_percent, 0.47, "47 %"},
    {units_percent, 0.0003, "0.03 %"},
    {units_percent, 0.0999, "10 %"},
    {units_percent, 0.00999, "1 %"},
    {units_percent, 1, "100 %"},
    {units_percent, 1e-9, "0 %"},
    {units_percent, -1e-9, "0 %"},
    {units_percent, -0.05, "-5 %"},
    {units_percent, NAN, "-"},
};

START_TEST(amounts_are_written_in_the_unit_that_fits)
{
    const struct amount_case *c = &AMOUNT_CASES[_i];
    char buffer[64];

    ck_assert_str_eq(c->format(c->amount, buffer, sizeof buffer), c->text);
}
END_TEST

START_TEST(huge_amounts_end_with_the_buffer)
{
    char buffer[16];

    for (size_t i = 0; i < sizeof AMOUNT_CASES / sizeof *AMOUNT_CASES; i++) {
        ck_assert_ptr_eq(AMOUNT_CASES[i].format(1.7e308, buffer, sizeof buffer), buffer);
        ck_assert_ptr_eq(AMOUNT_CASES[i].format(-1.7e308, buffer, sizeof buffer), buffer);
    }
}
END_TEST

START_TEST(a_limit_of_power_holds_within_its_tolerance)
{
    ck_assert(units_power_holds(100, 100));
    ck_assert(units_power_holds(100 + 1e-7, 100));
    ck_assert(units_power_holds(1e6 * (1 + 0.9e-9), 1e6));
    ck_assert(!units_power_holds(1e6 * (1 + 3e-9), 1e6));
    ck_assert(!units_power_holds(100 + 1e-5, 100));
    ck_assert(!units_power_holds(NAN, 100));
}
END_TEST

START_TEST(near_is_relative_and_absolute)
{
    ck_assert(units_near(1000, 1001, 1e-3, 0));
    ck_assert(!units_near(1000, 1002, 1e-3, 0));
    ck_assert(units_near(0, 1e-7, 0, 1e-6));
    ck_assert(!units_near(0, 1e-5, 0, 1e-6));
    ck_assert(units_near(-5, -5, 0, 0));
    ck_assert(!units_near(NAN, NAN, 1, 1));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/units");
    TCase *tc = tcase_create("units");

    tcase_add_loop_test(tc, amounts_are_written_in_the_unit_that_fits, 0,
        (int)(sizeof AMOUNT_CASES / sizeof *AMOUNT_CASES));
    tcase_add_test(tc, huge_amounts_end_with_the_buffer);
    tcase_add_test(tc, a_limit_of_power_holds_within_its_tolerance);
    tcase_add_test(tc, near_is_relative_and_absolute);
    suite_add_tcase(s, tc);
    return s;
}
