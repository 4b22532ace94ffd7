#include "base/date.h"
#include "base/rng.h"
#include "tests/support/suite.h"

#include <time.h>

static date_month month_of(int year, int month)
{
    return year * 12 + month - 1;
}

struct month_case {
    const char *text;
    int result;
    int year, month;
};

static const struct month_case MONTH_CASES[] = {
    {"2026-01", 0, 2026, 1},
    {"1970-01", 0, 1970, 1},
    {"2200-12", 0, 2200, 12},
    {"1969-12", -1, 0, 0},
    {"2201-01", -1, 0, 0},
    {"2026-00", -1, 0, 0},
    {"2026-13", -1, 0, 0},
    {"2026-1", -1, 0, 0},
    {"2026-001", -1, 0, 0},
    {"2026-01-01", -1, 0, 0},
    {"2026/01", -1, 0, 0},
    {" 2026-01", -1, 0, 0},
    {"2026-01 ", -1, 0, 0},
    {"+026-01", -1, 0, 0},
    {"20260-1", -1, 0, 0},
    {"", -1, 0, 0},
    {"2026", -1, 0, 0},
};

START_TEST(months_are_read_strictly)
{
    const struct month_case *c = &MONTH_CASES[_i];
    date_month month = 77;

    ck_assert_int_eq(date_parse_month(c->text, &month), c->result);
    ck_assert_int_eq(month, c->result == 0 ? month_of(c->year, c->month) : 77);
}
END_TEST

START_TEST(every_month_is_written_as_it_is_read)
{
    char buffer[DATE_TEXT_SIZE];
    date_month back;

    for (date_month m = month_of(DATE_YEAR_MIN, 1); m <= month_of(DATE_YEAR_MAX, 12); m++) {
        ck_assert_int_eq(date_parse_month(date_format_month(m, buffer), &back), 0);
        ck_assert_int_eq(back, m);
    }
}
END_TEST

/* timegm takes months past 12 as the years that they are. */
static double seconds_to(date_month month)
{
    struct tm tm = {.tm_year = 70, .tm_mon = month - month_of(1970, 1), .tm_mday = 1};

    return (double)timegm(&tm);
}

START_TEST(hours_are_those_of_the_calendar)
{
    ck_assert_double_eq(date_hours(month_of(2026, 1), 1), 744);
    ck_assert_double_eq(date_hours(month_of(2026, 2), 1), 672);
    ck_assert_double_eq(date_hours(month_of(2028, 2), 1), 696);
    ck_assert_double_eq(date_hours(month_of(2100, 2), 1), 672);
    ck_assert_double_eq(date_hours(month_of(2026, 1), 3), 2160);
    ck_assert_double_eq(date_hours(month_of(2026, 1), 0), 0);
    for (date_month m = month_of(DATE_YEAR_MIN, 1); m <= month_of(DATE_YEAR_MAX, 12); m++)
        for (int months = 1; months <= 24; months += m % 3 + 1)
            ck_assert_double_eq(
                date_hours(m, months), (seconds_to(m + months) - seconds_to(m)) / 3600);
}
END_TEST

struct instant_case {
    const char *text;
    int result;
    int64_t time_ms;
};

static const struct instant_case INSTANT_CASES[] = {
    {"1970-01-01T00:00:00Z", 0, 0},
    {"2026-12-24T00:00:00Z", 0, 1798070400000},
    {"2026-12-24t01:00:00z", 0, 1798074000000},
    {"2026-12-24T01:00:00+01:00", 0, 1798070400000},
    {"2026-12-23T16:30:00-07:30", 0, 1798070400000},
    {"2026-12-24T00:00:00.5Z", 0, 1798070400500},
    {"2026-12-24T00:00:00.123456789Z", 0, 1798070400123},
    {"2028-02-29T23:59:60Z", 0, 1835481600000},
    {"2026-02-29T00:00:00Z", -1, 0},
    {"2100-02-29T00:00:00Z", -1, 0},
    {"2026-04-31T00:00:00Z", -1, 0},
    {"2026-12-00T00:00:00Z", -1, 0},
    {"2026-12-24T24:00:00Z", -1, 0},
    {"2026-12-24T00:60:00Z", -1, 0},
    {"2026-12-24T00:00:61Z", -1, 0},
    {"2026-12-24T00:00:00", -1, 0},
    {"2026-12-24T00:00:00.Z", -1, 0},
    {"2026-12-24T00:00:00+0100", -1, 0},
    {"2026-12-24T00:00:00+24:00", -1, 0},
    {"2026-12-24T00:00:00Z ", -1, 0},
    {"2026-12-24 00:00:00Z", -1, 0},
    {"2026-12-24", -1, 0},
    {"", -1, 0},
};

START_TEST(instants_are_read_strictly)
{
    const struct instant_case *c = &INSTANT_CASES[_i];
    int64_t time_ms = 77;

    ck_assert_int_eq(date_parse_instant(c->text, &time_ms), c->result);
    ck_assert_int_eq(time_ms, c->result == 0 ? c->time_ms : 77);
}
END_TEST

START_TEST(instants_are_written_as_the_c_library_writes_them)
{
    struct rng rng = rng_seed(1);
    char buffer[DATE_TEXT_SIZE];
    char expected[DATE_TEXT_SIZE];

    for (int i = 0; i < 10000; i++) {
        int64_t time_ms = rng_between(&rng, -4000000000000, 7000000000000);
        time_t time_s = (time_t)((time_ms - 999 * (time_ms < 0)) / 1000);
        int64_t back_ms;
        struct tm tm;

        ck_assert_ptr_nonnull(gmtime_r(&time_s, &tm));
        ck_assert_uint_gt(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm), 0);
        ck_assert_str_eq(date_format_instant(time_ms, buffer), expected);
        if (time_ms < 0)
            continue;
        ck_assert_int_eq(date_parse_instant(buffer, &back_ms), 0);
        ck_assert_int_eq(back_ms, time_ms - time_ms % 1000);
    }
}
END_TEST

START_TEST(any_number_is_an_instant)
{
    char buffer[DATE_TEXT_SIZE];

    ck_assert_str_eq(date_format_instant(INT64_MAX, buffer), "292278994-08-17T07:12:55Z");
    ck_assert_str_eq(date_format_instant(INT64_MIN, buffer), "-292275055-05-16T16:47:04Z");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/date");
    TCase *tc = tcase_create("date");

    tcase_add_loop_test(
        tc, months_are_read_strictly, 0, (int)(sizeof MONTH_CASES / sizeof *MONTH_CASES));
    tcase_add_test(tc, every_month_is_written_as_it_is_read);
    tcase_add_test(tc, hours_are_those_of_the_calendar);
    tcase_add_loop_test(
        tc, instants_are_read_strictly, 0, (int)(sizeof INSTANT_CASES / sizeof *INSTANT_CASES));
    tcase_add_test(tc, instants_are_written_as_the_c_library_writes_them);
    tcase_add_test(tc, any_number_is_an_instant);
    suite_add_tcase(s, tc);
    return s;
}
