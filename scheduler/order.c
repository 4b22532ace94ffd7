/* Who goes first: tiers, urgency, age, value per chip-hour. */
#include "base/mem.h"
#include "scheduler/core_private.h"

#include <math.h>
#include <stdlib.h>

enum { TIER_PRIORITIES = 100, HOUR_MS = 3600 * 1000 };
static const double AGE_HOURS = 24;
static const double AGE_MOST = 3;
static const double AGE_URGENT = 10;

int core_tier(const struct core_gang *gang)
{
    return gang->view.spec->priority / TIER_PRIORITIES;
}

/* The quickest that it can be on any system it may run on. */
static double least_length_ms(const struct core_gang *gang)
{
    const struct shape *shape = gang->view.shape;
    double least = INFINITY;

    for (int i = 0; i < shape->system_count; i++)
        if (shape->systems[i].never == NULL)
            least = fmin(least, shape->systems[i].expected_ms);
    return isfinite(least) ? least : 0;
}

int64_t core_urgent_from(const struct core_gang *gang)
{
    if (gang->view.spec->deadline_ms == INT64_MAX)
        return INT64_MAX;
    return gang->view.spec->deadline_ms - (int64_t)least_length_ms(gang) - HOUR_MS;
}

bool core_is_urgent(const struct core_gang *gang, int64_t now_ms)
{
    return now_ms >= core_urgent_from(gang);
}

double core_age_factor(const struct core_gang *gang, int64_t now_ms)
{
    if (core_is_urgent(gang, now_ms))
        return AGE_URGENT;
    return fmin(AGE_MOST, 1 + (double)(now_ms - gang->view.submit_ms) / HOUR_MS / AGE_HOURS);
}

double core_net_value(const struct core_gang *gang, const struct placement *placement)
{
    const struct shape *shape = gang->view.shape;

    return shape->value_usd_per_hour * shape->systems[placement->system].throughput -
           placement->usd_per_hour;
}

bool core_is_within_share(const struct core *core, const struct core_gang *gang, double weight)
{
    int tenant = gang->view.shape->tenant;
    double share;

    if (core->fleet->tenant_count == 0)
        return true;
    share = tenant >= 0 ? core->fleet->tenants[tenant].share : 0;
    return ledger_tenant_share(core->ledger, tenant) + weight <= share * (1 + 1e-9) + 1e-12;
}

struct ordered {
    struct core_gang *gang;
    int tier;
    bool is_urgent;
    int priority;
    double worth; /* age × value per chip-hour */
};

/* The best of its systems, per chip and hour. */
static double value_per_chip_hour(const struct shape *shape)
{
    double best = 0;

    for (int i = 0; i < shape->system_count; i++) {
        const struct shape_system *system = &shape->systems[i];
        int chips = system->task_count * system->chips_per_task;

        if (system->never == NULL)
            best = fmax(best, shape->value_usd_per_hour * system->throughput /
                                  (chips > 0 ? chips : system->task_count));
    }
    return best;
}

static int compare(const void *a, const void *b)
{
    const struct ordered *left = a;
    const struct ordered *right = b;

    if (left->tier != right->tier)
        return right->tier - left->tier;
    if (left->is_urgent != right->is_urgent)
        return (int)right->is_urgent - (int)left->is_urgent;
    if (left->priority != right->priority)
        return right->priority - left->priority;
    if (left->worth < right->worth || left->worth > right->worth)
        return left->worth < right->worth ? 1 : -1;
    return left->gang->view.id < right->gang->view.id ? -1 : 1;
}

struct core_gang **core_order_waiting(const struct core *core, int64_t now_ms, size_t *count)
{
    struct ordered *rows = mem_zero(core->waiting_count, sizeof *rows);
    struct core_gang **list = mem_zero(core->waiting_count, sizeof *list);

    *count = 0;
    for (size_t i = 0; i < core->waiting_count; i++) {
        struct core_gang *gang = core->waiting[i];

        if (core_gang_is_ready(core, gang))
            rows[(*count)++] = (struct ordered){gang, core_tier(gang), core_is_urgent(gang, now_ms),
                gang->view.spec->priority,
                core_age_factor(gang, now_ms) * value_per_chip_hour(gang->view.shape)};
    }
    qsort(rows, *count, sizeof *rows, compare);
    for (size_t i = 0; i < *count; i++)
        list[i] = rows[i].gang;
    mem_free(rows);
    return list;
}
