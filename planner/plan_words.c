#include "planner/plan_words.h"

#include <stdio.h>

/* The first and last month of the periods. */
static void find_months(const struct scenario *scenario, int first, int last,
    date_month *first_month, date_month *last_month)
{
    const struct period *end = &scenario->periods[last < 0 ? scenario->period_count - 1 : last];

    *first_month = scenario->periods[first < 0 ? 0 : first].start;
    *last_month = end->start + end->month_count - 1;
}

const char *plan_words_span(
    const struct scenario *scenario, int first, int last, char *buffer, size_t size)
{
    char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
    date_month first_month, last_month;

    find_months(scenario, first, last, &first_month, &last_month);
    if (first_month == last_month)
        (void)snprintf(buffer, size, "%s", date_format_month(first_month, from));
    else
        (void)snprintf(buffer, size, "%s to %s", date_format_month(first_month, from),
            date_format_month(last_month, to));
    return buffer;
}

const char *plan_words_when(
    const struct scenario *scenario, int first, int last, char *buffer, size_t size)
{
    bool is_from_start = first <= 0;
    bool is_to_end = last < 0 || last == scenario->period_count - 1;
    char month[DATE_TEXT_SIZE];
    date_month first_month, last_month;

    find_months(scenario, first, last, &first_month, &last_month);
    if (is_from_start && is_to_end)
        (void)snprintf(buffer, size, "all along");
    else if (is_from_start)
        (void)snprintf(buffer, size, "until %s", date_format_month(last_month, month));
    else if (is_to_end)
        (void)snprintf(buffer, size, "from %s", date_format_month(first_month, month));
    else
        return plan_words_span(scenario, first, last, buffer, size);
    return buffer;
}

const char *plan_words_demand(
    const struct scenario *scenario, int workload, int region, char *buffer, size_t size)
{
    const struct workload *w = &scenario->workloads[workload];
    const char *name = region < 0 ? NULL : w->regions[region].region;

    (void)snprintf(
        buffer, size, "%s%s%s", w->id, name == NULL ? "" : "/", name == NULL ? "" : name);
    return buffer;
}

const char *plan_words_step(const struct scenario *scenario)
{
    switch (scenario->horizon.step_months) {
    case 1:
        return "month";
    case 3:
        return "quarter";
    case 12:
        return "year";
    default:
        return "period";
    }
}

double plan_words_asked_units(const struct scenario *scenario, int workload)
{
    const struct workload *w = &scenario->workloads[workload];
    double units = 0;

    if (w->kind != WORKLOAD_INFERENCE)
        return w->volume_units;
    for (int g = 0; g < w->region_count; g++)
        for (int t = 0; t < scenario->period_count; t++)
            units += region_demand_at(&w->regions[g], &scenario->periods[t]) *
                     scenario->periods[t].hours;
    return units;
}
