/*
 * date: calendar months for planning (YYYY-MM) and instants for running (RFC 3339, UTC). A month is
 * one number, so that months can be added and compared.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stddef.h>
#include <stdint.h>

/* Months since year 0: year × 12 + (month - 1). */
typedef int32_t date_month;

#define DATE_MONTH_NONE INT32_MIN /* not given */

enum { DATE_YEAR_MIN = 1970, DATE_YEAR_MAX = 2200, DATE_TEXT_SIZE = 64 };

/* "2026-01" and nothing else; years DATE_YEAR_MIN to DATE_YEAR_MAX. 0, or -1 with *out untouched.
 */
int date_parse_month(const char *text, date_month *out);

/* "2026-01" into buffer of at least DATE_TEXT_SIZE bytes; returns buffer. */
const char *date_format_month(date_month month, char *buffer);

/* Hours of the `months` calendar months from `first` on: their days × 24, leap years counted. */
double date_hours(date_month first, int months);

/* Instants: milliseconds since 1970-01-01T00:00:00Z. */

/* RFC 3339, "2026-12-24T00:00:00Z", also with fractions and offsets. 0, or -1, *out untouched. */
int date_parse_instant(const char *text, int64_t *out_ms);

/* "2026-12-24T00:00:00Z" (whole seconds) into buffer of at least DATE_TEXT_SIZE bytes. */
const char *date_format_instant(int64_t time_ms, char *buffer);

#endif
