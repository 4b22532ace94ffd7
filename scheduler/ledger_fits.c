/* Does a placement keep every limit? What is asked of each placement before it is held. */
#include "base/bits.h"
#include "base/mem.h"
#include "scheduler/ledger_private.h"

#include <math.h>
#include <string.h>

const char *const BLOCKED_BY_NAMES[] = {"", "chips", "domains", "rack-power", "feed-power",
    "hall-power", "site-power", "budget", "share", "dependency", "reserved", "held", "value",
    "never"};

/* What is being asked. */
struct question {
    const struct ledger *ledger;
    const struct shape *shape;
    const struct shape_system *system;
    const struct placement *placement;
    const struct task_place *places; /* by host */
    struct block *block;             /* never NULL */
};

static bool is_host_free(const struct question *q, const struct ledger_need *need,
    const struct task_place *run, int count)
{
    const struct ledger_host *host = &q->ledger->hosts[run->host];
    uint64_t chips = 0;

    for (int i = 0; i < count; i++) {
        if ((chips & run[i].chips) != 0 || bits_count(run[i].chips) != q->system->chips_per_task)
            return false;
        chips |= run[i].chips;
    }
    return (chips & ~host->free) == 0 && ledger_host_task_room(q->ledger, need, run->host) >= count;
}

static bool are_chips_free(const struct question *q)
{
    struct ledger_need need = ledger_make_need(q->ledger, q->shape, q->system);
    int count = q->placement->task_count;
    int chips_per_task = q->system->chips_per_task;
    int free_task_count = 0;

    for (int i = 0, run; i < count; i += run) {
        run = ledger_host_run(q->places + i, count - i);
        if (is_host_free(q, &need, q->places + i, run))
            free_task_count += run;
    }
    *q->block = (struct block){.by = BLOCKED_CHIPS,
        .level = POWER_SITE,
        .where = q->placement->site,
        .needs = chips_per_task > 0 ? (double)count * chips_per_task : count,
        .has = chips_per_task > 0 ? (double)free_task_count * chips_per_task : free_task_count,
        .unit = chips_per_task > 0 ? "chips" : "tasks"};
    return free_task_count == count;
}

static bool keeps_limit(const struct question *q, enum power_level level, int index, double kw)
{
    const struct ledger *ledger = q->ledger;

    if (ledger_power_admits(ledger, level, index, kw))
        return true;
    if (level == POWER_SITE)
        kw *= ledger->fleet->sites[index].pue;
    *q->block = (struct block){.by = (enum blocked_by)(BLOCKED_RACK_POWER + level),
        .level = level,
        .where = index,
        .needs = kw,
        .has = fmax(0, ledger->limit_kw[level][index] - ledger->load_kw[level][index]),
        .unit = "kW"};
    return false;
}

/* Places are in order of host, so what stands in one thing of a level is a run. */
static bool keeps_level(const struct question *q, enum power_level level)
{
    const struct fleet *fleet = q->ledger->fleet;
    int count = q->placement->task_count;
    double task_kw = q->system->chips_per_task * q->system->busy_kw_per_chip;

    for (int i = 0, end; i < count; i = end) {
        int index = ledger_rack_at(fleet, fleet->host_rack[q->places[i].host], level);

        end = i + 1;
        while (end < count &&
               ledger_rack_at(fleet, fleet->host_rack[q->places[end].host], level) == index)
            end++;
        if (!keeps_limit(q, level, index, (end - i) * task_kw))
            return false;
    }
    return true;
}

static bool keeps_tenant(const struct question *q, bool may_borrow)
{
    const struct ledger *ledger = q->ledger;
    int tenant = q->shape->tenant;
    double usd_limit = ledger_tenant_usd_limit(ledger, tenant);
    double share_limit = ledger_tenant_share_limit(ledger, tenant);

    if (isfinite(usd_limit)) {
        double used = ledger_tenant_usd_per_hour(ledger, tenant);

        *q->block = (struct block){.by = BLOCKED_BUDGET,
            .where = LEDGER_NONE,
            .needs = q->placement->usd_per_hour,
            .has = fmax(0, usd_limit - used),
            .unit = "USD/h"};
        if (!ledger_money_holds(used + q->placement->usd_per_hour, usd_limit))
            return false;
    }
    if (!may_borrow && isfinite(share_limit)) {
        double used = ledger_tenant_share(ledger, tenant);
        double weight = ledger_share_weight(ledger, q->placement, q->shape);

        *q->block = (struct block){.by = BLOCKED_SHARE,
            .where = LEDGER_NONE,
            .needs = weight,
            .has = fmax(0, share_limit - used),
            .unit = "share"};
        if (!ledger_money_holds(used + weight, share_limit))
            return false;
    }
    return true;
}

bool ledger_fits(const struct ledger *ledger, const struct shape *shape,
    const struct placement *placement, bool may_borrow, struct block *block)
{
    struct task_place *copy = NULL;
    struct block found = {0};
    struct question q = {.ledger = ledger,
        .shape = shape,
        .system = &shape->systems[placement->system],
        .placement = placement,
        .block = &found};
    bool fits;

    q.places = ledger_sort_places(placement->tasks, placement->task_count, &copy);
    fits = are_chips_free(&q);
    for (int level = 0; level < LEDGER_LEVELS && fits; level++)
        fits = keeps_level(&q, (enum power_level)level);
    fits = fits && keeps_tenant(&q, may_borrow);
    if (block != NULL)
        *block = fits ? (struct block){.by = BLOCKED_NOT, .where = LEDGER_NONE} : found;
    mem_free(copy);
    return fits;
}
