/*
 * units: the one place where a quantity changes its unit, how near two numbers must be to be equal,
 * and how amounts of money, power and work are written for people.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>

#define UNITS_KW_PER_MW 1000.0
#define UNITS_KWH_PER_MWH 1000.0
#define UNITS_KG_PER_TONNE 1000.0
#define UNITS_BYTES_PER_GB 1e9
#define UNITS_FLOP_PER_TFLOP 1e12
#define UNITS_SECONDS_PER_HOUR 3600.0
#define UNITS_MS_PER_SECOND 1000.0
#define UNITS_HOURS_PER_DAY 24.0
#define UNITS_MONTHS_PER_YEAR 12.0

/* A limit holds at x <= limit × (1 + rel) + abs (scheduling model, power). */
#define UNITS_POWER_TOLERANCE_REL 1e-9
#define UNITS_POWER_TOLERANCE_KW 1e-6

/* Is a <= limit, within the tolerance for power? */
bool units_power_holds(double load_kw, double limit_kw);

/* |a - b| <= rel × max(|a|, |b|) + abs. */
bool units_near(double a, double b, double rel, double abs);

/*
 * Amounts for people, into buffer; each returns buffer. The magnitude picks the unit:
 * units_money 5600000 -> "$5.6 m"; units_power_kw 1234 -> "1.23 MW"; units_count 1234567 ->
 * "1,234,567"; units_rate 9.1e9 -> "9.1 G"; units_duration 191400 s -> "2d 05:10".
 */
const char *units_money(double usd, char *buffer, size_t size);
const char *units_power_kw(double kw, char *buffer, size_t size);
const char *units_count(double count, char *buffer, size_t size);
const char *units_rate(double rate, char *buffer, size_t size);
const char *units_duration(double seconds, char *buffer, size_t size);
/* 0.0312 -> "3.1 %"; 0.47 -> "47 %". */
const char *units_percent(double share, char *buffer, size_t size);

#endif
