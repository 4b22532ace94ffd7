#include "base/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    MONTHS_PER_YEAR = 12,
    DAYS_PER_ERA = 146097, /* 400 years of the Gregorian calendar */
    DAYS_TO_1970 = 719468, /* from 0000-03-01, where the reckoning below starts */
    HOURS_PER_DAY = 24
};

static const int64_t MS_PER_SECOND = 1000;
static const int64_t MS_PER_MINUTE = 60 * 1000;
static const int64_t MS_PER_DAY = 24 * 3600 * 1000;

struct civil {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* For b > 0. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t floor_rest(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

/* Days from 1970-01-01 to a day. Years start in March here, so that the leap day comes last and
 * the days before a month are linear in it (153 days each five months). */
static int64_t days_of_civil(struct civil c)
{
    int64_t year = c.month <= 2 ? c.year - 1 : c.year;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (c.month > 2 ? c.month - 3 : c.month + 9) + 2) / 5 + c.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static struct civil civil_of_days(int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (int)((5 * day_of_year + 2) / 153);
    int day = (int)(day_of_year - (153 * month + 2) / 5 + 1);

    month = month < 10 ? month + 3 : month - 9;
    return (struct civil){year_of_era + era * 400 + (month <= 2), month, day};
}

static int64_t days_of_month(date_month month)
{
    int64_t year = floor_div(month, MONTHS_PER_YEAR);

    return days_of_civil((struct civil){year, (int)floor_rest(month, MONTHS_PER_YEAR) + 1, 1});
}

/* `count` digits at *text into *out; *text moves behind them. */
static bool take_digits(const char **text, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        char c = (*text)[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *text += count;
    *out = value;
    return true;
}

static bool take_char(const char **text, char upper)
{
    if (**text != upper && !(upper >= 'A' && **text == upper + ('a' - 'A')))
        return false;
    (*text)++;
    return true;
}

/* "2026-01" */
static bool take_month(const char **text, int *year, int *month)
{
    return take_digits(text, 4, year) && take_char(text, '-') && take_digits(text, 2, month) &&
           *year >= DATE_YEAR_MIN && *year <= DATE_YEAR_MAX && *month >= 1 && *month <= 12;
}

int date_parse_month(const char *text, date_month *out)
{
    int year;
    int month;

    if (!take_month(&text, &year, &month) || *text != '\0')
        return -1;
    *out = year * MONTHS_PER_YEAR + month - 1;
    return 0;
}

const char *date_format_month(date_month month, char *buffer)
{
    int64_t year = floor_div(month, MONTHS_PER_YEAR);

    (void)snprintf(buffer, DATE_TEXT_SIZE, "%04lld-%02d", (long long)year,
        (int)floor_rest(month, MONTHS_PER_YEAR) + 1);
    return buffer;
}

double date_hours(date_month first, int months)
{
    return (double)((days_of_month(first + months) - days_of_month(first)) * HOURS_PER_DAY);
}

/* "00:00:00" and a fraction, which is cut after its milliseconds. Second 60 (a leap second) is
 * the start of the next minute, as in POSIX. */
static bool take_time(const char **text, int64_t *out_ms)
{
    int hour;
    int minute;
    int second;
    int64_t fraction_ms = 0;

    if (!take_digits(text, 2, &hour) || !take_char(text, ':') || !take_digits(text, 2, &minute) ||
        !take_char(text, ':') || !take_digits(text, 2, &second) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    if (take_char(text, '.')) {
        int64_t digit_ms = 100;
        int digit;

        if (!take_digits(text, 1, &digit))
            return false;
        do {
            fraction_ms += digit * digit_ms;
            digit_ms /= 10;
        } while (take_digits(text, 1, &digit));
    }
    *out_ms = ((hour * 60 + minute) * 60 + second) * MS_PER_SECOND + fraction_ms;
    return true;
}

/* "Z", or "+02:00": what is to be taken from the local time. */
static bool take_offset(const char **text, int64_t *out_ms)
{
    int hour;
    int minute;
    bool is_west;

    if (take_char(text, 'Z')) {
        *out_ms = 0;
        return true;
    }
    is_west = take_char(text, '-');
    if ((!is_west && !take_char(text, '+')) || !take_digits(text, 2, &hour) ||
        !take_char(text, ':') || !take_digits(text, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *out_ms = (hour * 60 + minute) * MS_PER_MINUTE * (is_west ? -1 : 1);
    return true;
}

int date_parse_instant(const char *text, int64_t *out_ms)
{
    int year;
    int month;
    int day;
    int64_t time_ms;
    int64_t offset_ms;
    date_month of;

    if (!take_month(&text, &year, &month) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &day) || !take_char(&text, 'T') || !take_time(&text, &time_ms) ||
        !take_offset(&text, &offset_ms) || *text != '\0')
        return -1;
    of = year * MONTHS_PER_YEAR + month - 1;
    if (day < 1 || day > days_of_month(of + 1) - days_of_month(of))
        return -1;
    *out_ms = days_of_civil((struct civil){year, month, day}) * MS_PER_DAY + time_ms - offset_ms;
    return 0;
}

const char *date_format_instant(int64_t time_ms, char *buffer)
{
    int64_t days = floor_div(time_ms, MS_PER_DAY);
    int64_t second = floor_rest(time_ms, MS_PER_DAY) / MS_PER_SECOND;
    struct civil c = civil_of_days(days);

    (void)snprintf(buffer, DATE_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)c.year,
        c.month, c.day, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    return buffer;
}
