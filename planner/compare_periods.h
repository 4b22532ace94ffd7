/*
 * compare_periods: the months at which two plans can be compared whose periods differ: where a
 * period of either begins. A quarter's amount is then that of each of its months that is one.
 */
#ifndef PLANNER_COMPARE_PERIODS_H
#define PLANNER_COMPARE_PERIODS_H

#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>

struct json_value;

/* The periods of one plan, in order, without gaps. */
struct compare_calendar {
    date_month *starts; /* owned; count + 1 of them, the last one is the end of the horizon */
    size_t count;
};

/* What `periods` of a plan's JSON says; without periods where it says nothing of use. */
struct compare_calendar compare_calendar_read(const struct json_value *plan);
void compare_calendar_fini(struct compare_calendar *calendar);

bool compare_calendar_is_same(const struct compare_calendar *a, const struct compare_calendar *b);

/* The start of the period that the month is in; DATE_MONTH_NONE: outside. */
date_month compare_calendar_find(const struct compare_calendar *calendar, date_month month);

/* The starts of both, each once, in order, given; *count is how many. */
date_month *compare_calendar_join(
    const struct compare_calendar *a, const struct compare_calendar *b, size_t *count);

#endif
