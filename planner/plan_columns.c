#include "planner/plan_columns.h"

#include "base/mem.h"

#include <stdio.h>

enum { YEAR_MONTHS = 12 };

/* A year as "2026", several as "2026-29", all else by its first month. */
static void write_head(struct plan_column *column, date_month start, int months)
{
    char month[DATE_TEXT_SIZE];
    int year = start / YEAR_MONTHS;
    int last_year = year + months / YEAR_MONTHS - 1;

    if (months < YEAR_MONTHS)
        (void)snprintf(column->head, sizeof column->head, "%s", date_format_month(start, month));
    else if (months == YEAR_MONTHS)
        (void)snprintf(column->head, sizeof column->head, "%d", year);
    else
        (void)snprintf(column->head, sizeof column->head, "%d-%02d", year, last_year % 100);
}

struct plan_columns plan_columns_all(const struct scenario *scenario)
{
    struct plan_columns columns = {.months = scenario->horizon.step_months};
    char month[DATE_TEXT_SIZE];

    columns.list = mem_zero((size_t)scenario->period_count, sizeof *columns.list);
    columns.count = scenario->period_count;
    for (int t = 0; t < scenario->period_count; t++) {
        struct plan_column *column = &columns.list[t];

        column->first = t;
        column->last = t;
        (void)snprintf(column->head, sizeof column->head, "%s",
            date_format_month(scenario->periods[t].start, month));
    }
    return columns;
}

struct plan_columns plan_columns_grouped(const struct scenario *scenario, int months)
{
    struct plan_columns columns = {.months = months, .is_grouped = true};
    int group = -1;

    columns.list = mem_zero((size_t)scenario->period_count, sizeof *columns.list);
    for (int t = 0; t < scenario->period_count; t++) {
        date_month start = scenario->periods[t].start;

        if (start / months != group) {
            group = start / months;
            columns.list[columns.count].first = t;
            write_head(&columns.list[columns.count], (date_month)(group * months), months);
            columns.count++;
        }
        columns.list[columns.count - 1].last = t;
    }
    return columns;
}

static bool fits(
    const struct plan_columns *columns, int room, plan_column_width_fn *width, const void *context)
{
    for (int i = 0; i < columns->count && room >= 0; i++)
        room -= width(context, &columns->list[i]);
    return room >= 0;
}

struct plan_columns plan_columns_fit(
    const struct scenario *scenario, int room, plan_column_width_fn *width, const void *context)
{
    static const int MONTHS[] = {3, 6, 12, 24, 36, 60, 120, 240, 600, 1200};
    struct plan_columns columns = plan_columns_all(scenario);

    for (size_t i = 0; i < sizeof MONTHS / sizeof MONTHS[0]; i++) {
        if (fits(&columns, room, width, context))
            break;
        if (MONTHS[i] <= scenario->horizon.step_months)
            continue;
        plan_columns_fini(&columns);
        columns = plan_columns_grouped(scenario, MONTHS[i]);
    }
    return columns;
}

void plan_columns_fini(struct plan_columns *columns)
{
    mem_free(columns->list);
    *columns = (struct plan_columns){0};
}

const char *plan_columns_span(const struct plan_columns *columns, char *buffer, size_t size)
{
    if (columns->months == 1)
        (void)snprintf(buffer, size, "month");
    else if (columns->months == 3)
        (void)snprintf(buffer, size, "quarter");
    else if (columns->months == 6)
        (void)snprintf(buffer, size, "half-year");
    else if (columns->months == YEAR_MONTHS)
        (void)snprintf(buffer, size, "year");
    else if (columns->months % YEAR_MONTHS == 0)
        (void)snprintf(buffer, size, "%d years", columns->months / YEAR_MONTHS);
    else
        (void)snprintf(buffer, size, "%d months", columns->months);
    return buffer;
}
