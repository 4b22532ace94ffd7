/*
 * When a power limit falls, or what is measured rises: caps first, where agents can cap; then
 * stops, interruptible work before other, least value per kilowatt first. Caps lift, dearest value
 * first, when there is room.
 */
#include "base/bits.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "scheduler/core_private.h"

#include <math.h>
#include <stdlib.h>

/* A node of the power tree. */
struct node {
    enum power_level level;
    int index;
};

static const struct system *system_of(const struct core *core, const struct core_gang *gang)
{
    return &core->fleet->catalog.systems[gang->view.shape->systems[gang->view.shape_system].system];
}

/* IT power that one chip of the gang adds in a mode. */
static double chip_kw(const struct core *core, const struct core_gang *gang, int mode)
{
    const struct system *system = system_of(core, gang);

    return fmax(0, system->power_kw * system->modes[mode].power_frac * gang->view.spec->power_frac -
                       system->idle_kw) /
           system_chip_count(system);
}

static int chips_under(const struct core *core, const struct core_gang *gang, struct node node)
{
    int chips = 0;

    for (int i = 0; i < gang->placement.task_count; i++) {
        int rack = core->fleet->host_rack[gang->placement.tasks[i].host];

        if (ledger_rack_at(core->fleet, rack, node.level) == node.index)
            chips += bits_count(gang->placement.tasks[i].chips);
    }
    return chips;
}

/* Something under an overloaded node that could draw less. */
struct victim {
    struct core_gang *gang;
    int chips;
    bool is_interruptible;
    double value_per_kw;
};

static int compare_victims(const void *a, const void *b)
{
    const struct victim *left = a;
    const struct victim *right = b;

    if (left->is_interruptible != right->is_interruptible)
        return (int)right->is_interruptible - (int)left->is_interruptible;
    if (left->value_per_kw < right->value_per_kw || left->value_per_kw > right->value_per_kw)
        return left->value_per_kw < right->value_per_kw ? -1 : 1;
    return left->gang->view.id > right->gang->view.id ? -1 : 1;
}

static double value_per_kw(const struct core_gang *gang)
{
    return core_net_value(gang, &gang->placement) / fmax(gang->placement.kw, 1e-9);
}

/* The running gangs that draw power under the node, first to give first. Gives (mem_free). */
static struct victim *victims_under(const struct core *core, struct node node, size_t *count)
{
    struct victim *list = mem_zero(core->running_count, sizeof *list);

    *count = 0;
    for (size_t i = 0; i < core->running_count; i++) {
        struct core_gang *gang = core->running[i];
        int chips = chips_under(core, gang, node);

        if (chips > 0 && chip_kw(core, gang, gang->mode) > 0)
            list[(*count)++] = (struct victim){
                gang, chips, gang->view.spec->is_interruptible, value_per_kw(gang)};
    }
    qsort(list, *count, sizeof *list, compare_victims);
    return list;
}

/* What is over the limit at the node when all that was asked for so far has come about. */
static double expected_excess_kw(
    const struct core *core, struct node node, const struct victim *victims, size_t count)
{
    double site_factor = node.level == POWER_SITE ? core->fleet->sites[node.index].pue : 1;
    double load = ledger_load_kw(core->ledger, node.level, node.index) / site_factor;
    double limit = ledger_limit_kw(core->ledger, node.level, node.index) / site_factor;

    for (size_t i = 0; i < count; i++) {
        const struct core_gang *gang = victims[i].gang;
        double now_kw = chip_kw(core, gang, gang->mode);
        double then_kw = gang->view.state == GANG_STOPPING ? 0
                                                           : chip_kw(core, gang, gang->mode_asked);

        load -= fmax(0, now_kw - then_kw) * victims[i].chips;
    }
    return units_power_holds(load, limit) ? 0 : load - limit;
}

static bool can_cap(const struct core *core, const struct core_gang *gang)
{
    if (gang->view.state != GANG_RUNNING ||
        gang->mode_asked + 1 >= system_of(core, gang)->mode_count)
        return false;
    for (int i = 0; i < gang->placement.task_count; i++)
        if (!core->hosts[gang->placement.tasks[i].host].can_cap)
            return false;
    return true;
}

/* Is the next mode one that draws less? */
static bool next_mode_saves(const struct core *core, const struct core_gang *gang)
{
    return chip_kw(core, gang, gang->mode_asked + 1) < chip_kw(core, gang, gang->mode_asked);
}

static void ask_mode(struct core *core, struct core_gang *gang, int mode, struct actions *out)
{
    gang->mode_asked = mode;
    core_act(out, (struct action){.kind = ACTION_CAP,
                      .gang = gang->view.id,
                      .attempt = gang->view.attempt,
                      .mode = mode});
    core_timer_add(core, (struct core_timer){core->now_ms + CORE_CAP_MS, TIMER_CAP, gang->view.id,
                             gang->view.attempt});
}

/* Bring the node under its limit; all that it takes is asked for in this turn. */
static void shed(struct core *core, struct node node, struct actions *out)
{
    size_t count = 0;
    struct victim *victims;
    double excess;

    if (units_power_holds(ledger_load_kw(core->ledger, node.level, node.index),
            ledger_limit_kw(core->ledger, node.level, node.index)))
        return;
    victims = victims_under(core, node, &count);
    excess = expected_excess_kw(core, node, victims, count);
    for (size_t i = 0; excess > 0 && i < count; i++)
        while (excess > 0 && can_cap(core, victims[i].gang) &&
               next_mode_saves(core, victims[i].gang)) {
            ask_mode(core, victims[i].gang, victims[i].gang->mode_asked + 1, out);
            excess = expected_excess_kw(core, node, victims, count);
        }
    for (size_t i = 0; excess > 0 && i < count; i++) {
        struct core_gang *gang = victims[i].gang;

        if (gang->view.state == GANG_STOPPING)
            continue;
        core_stop(core, gang, END_SHED, NULL, out);
        /* Where stops take effect at once, its place is gone with it. */
        if (gang->tasks == NULL)
            victims[i] = victims[--count], i--;
        excess = expected_excess_kw(core, node, victims, count);
    }
    mem_free(victims);
}

static void shed_above(struct core *core, int rack, struct actions *out)
{
    for (int level = POWER_RACK; level <= POWER_SITE; level++)
        shed(core,
            (struct node){(enum power_level)level,
                ledger_rack_at(core->fleet, rack, (enum power_level)level)},
            out);
}

int core_set_limit(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    if (event->index < 0 || event->index >= ledger_level_count(core->fleet, event->level))
        return err_set(err, ERR_NOT_FOUND, "there is no such %s", POWER_LEVEL_NAMES[event->level]);
    if (!(event->kw >= 0))
        return err_set(err, ERR_INPUT, "a power limit is 0 kW or more");
    ledger_set_limit_kw(core->ledger, event->level, event->index, event->kw);
    core->is_settled = false;
    core->has_freed = true;
    shed(core, (struct node){event->level, event->index}, out);
    core_lift_caps(core, out);
    return 0;
}

int core_measured(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    if (event->index < 0 || event->index >= core->fleet->rack_count)
        return err_set(err, ERR_NOT_FOUND, "there is no such rack");
    ledger_set_measured_kw(core->ledger, event->index, event->kw);
    shed_above(core, event->index, out);
    return 0;
}

int core_cap_applied(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, event->gang);

    (void)out;
    if (gang == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no gang %lld", (long long)event->gang);
    if (gang->view.attempt != event->attempt || gang->tasks == NULL ||
        event->mode != gang->mode_asked)
        return 0;
    gang->mode = event->mode;
    ledger_set_mode(core->ledger, gang->view.holder, gang->mode);
    core->has_freed = true;
    core->is_settled = false;
    return 0;
}

void core_cap_timer(struct core *core, struct core_gang *gang, struct actions *out)
{
    if (gang->tasks == NULL || gang->mode == gang->mode_asked)
        return;
    /* Its agents did not do it: what it was to save must come from somewhere now. */
    gang->mode_asked = gang->mode;
    for (int i = 0; i < gang->placement.task_count; i++)
        core->hosts[gang->placement.tasks[i].host].can_cap = false;
    shed_above(core, core->fleet->host_rack[gang->placement.tasks[0].host], out);
}

static int compare_lifts(const void *a, const void *b)
{
    const struct victim *left = a;
    const struct victim *right = b;

    if (left->value_per_kw < right->value_per_kw || left->value_per_kw > right->value_per_kw)
        return left->value_per_kw < right->value_per_kw ? 1 : -1;
    return left->gang->view.id < right->gang->view.id ? -1 : 1;
}

/* Do all limits admit the gang in that mode? */
static bool admits_mode(const struct core *core, const struct core_gang *gang, int mode)
{
    double added_kw = chip_kw(core, gang, mode) - chip_kw(core, gang, gang->mode);

    for (int i = 0; i < gang->placement.task_count; i++) {
        int rack = core->fleet->host_rack[gang->placement.tasks[i].host];

        if (i > 0 && rack == core->fleet->host_rack[gang->placement.tasks[i - 1].host])
            continue;
        for (int level = POWER_RACK; level <= POWER_SITE; level++) {
            struct node node = {(enum power_level)level,
                ledger_rack_at(core->fleet, rack, (enum power_level)level)};

            if (added_kw > 0 && added_kw * chips_under(core, gang, node) >
                                    ledger_left_kw(core->ledger, node.level, node.index))
                return false;
        }
    }
    return true;
}

/* The new load is counted before it is asked for. */
static bool lift(struct core *core, struct core_gang *gang, int mode)
{
    if (!admits_mode(core, gang, mode))
        return false;
    ledger_set_mode(core->ledger, gang->view.holder, mode);
    gang->mode = mode;
    return true;
}

void core_lift_caps(struct core *core, struct actions *out)
{
    struct victim *capped = NULL;
    size_t count = 0;
    size_t capacity = 0;

    for (size_t i = 0; i < core->running_count; i++) {
        struct core_gang *gang = core->running[i];

        if (gang->view.state == GANG_RUNNING && gang->mode > 0 && gang->mode == gang->mode_asked) {
            capped = mem_grow(capped, count, &capacity, sizeof *capped);
            capped[count++] = (struct victim){gang, 0, false, value_per_kw(gang)};
        }
    }
    if (count > 0)
        qsort(capped, count, sizeof *capped, compare_lifts);
    for (size_t i = 0; i < count; i++)
        if (lift(core, capped[i].gang, capped[i].gang->mode - 1)) {
            capped[i].gang->mode_asked = capped[i].gang->mode;
            core_act(out, (struct action){.kind = ACTION_CAP,
                              .gang = capped[i].gang->view.id,
                              .attempt = capped[i].gang->view.attempt,
                              .mode = capped[i].gang->mode});
        }
    mem_free(capped);
}
