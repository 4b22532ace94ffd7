#include "planner/compare_periods.h"

#include "base/json.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A plan has fewer; a file that says otherwise is compared by its own periods. */
enum { PERIODS_MOST = 4000 };

/* One period: where it begins, and where the next one does. False: it is none. */
static bool read_period(const struct json_value *period, date_month *start, date_month *end)
{
    const char *text = json_get_text(json_member(period, "start"));
    double months = json_get_number(json_member(period, "months"), 0);

    if (text == NULL || date_parse_month(text, start) != 0 || !(months >= 1 && months <= 12))
        return false;
    *end = *start + (date_month)months;
    return true;
}

struct compare_calendar compare_calendar_read(const struct json_value *plan)
{
    const struct json_value *periods = json_member(plan, "periods");
    size_t count = json_length(periods);
    struct compare_calendar calendar = {0};
    date_month start, end = DATE_MONTH_NONE;

    if (count == 0 || count > PERIODS_MOST)
        return calendar;
    calendar.starts = mem_zero(count + 1, sizeof *calendar.starts);
    for (; calendar.count < count; calendar.count++) {
        date_month was = end;

        if (!read_period(json_at(periods, calendar.count), &start, &end) ||
            (calendar.count > 0 && start != was)) {
            compare_calendar_fini(&calendar);
            return calendar;
        }
        calendar.starts[calendar.count] = start;
    }
    calendar.starts[count] = end;
    return calendar;
}

void compare_calendar_fini(struct compare_calendar *calendar)
{
    mem_free(calendar->starts);
    *calendar = (struct compare_calendar){0};
}

bool compare_calendar_is_same(const struct compare_calendar *a, const struct compare_calendar *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->starts, b->starts, (a->count + 1) * sizeof *a->starts) == 0);
}

date_month compare_calendar_find(const struct compare_calendar *calendar, date_month month)
{
    for (size_t i = 0; i < calendar->count; i++)
        if (calendar->starts[i] <= month && month < calendar->starts[i + 1])
            return calendar->starts[i];
    return DATE_MONTH_NONE;
}

static int compare_months(const void *a, const void *b)
{
    const date_month *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

date_month *compare_calendar_join(
    const struct compare_calendar *a, const struct compare_calendar *b, size_t *count)
{
    size_t all = a->count + b->count, kept = 0;
    date_month *starts = mem_zero(all, sizeof *starts);

    for (size_t i = 0; i < all; i++)
        starts[i] = i < a->count ? a->starts[i] : b->starts[i - a->count];
    if (all > 0)
        qsort(starts, all, sizeof *starts, compare_months);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || starts[i] != starts[kept - 1])
            starts[kept++] = starts[i];
    *count = kept;
    return starts;
}
