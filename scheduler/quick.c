/*
 * Quick decisions: after each event, for the gangs concerned alone: those that became ready, and
 * the first in line when something came free. By the last round's prices, with every limit and
 * reservation honoured.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <math.h>

enum { FIRST_IN_LINE = 16, FRESH_MOST = 64 };

/* Chips of each system have the last round's price: what one of them would bring elsewhere. */
static double price_of(
    const struct core *core, const struct core_gang *gang, const struct placement *placement)
{
    const struct shape_system *system = &gang->view.shape->systems[placement->system];

    if (core->chip_prices == NULL)
        return 0;
    return core->chip_prices[system->system] * (double)shape_chip_count(system);
}

static bool try_start(struct core *core, struct core_gang *gang, struct actions *out)
{
    struct placement placement = {0};
    bool may_borrow = gang->view.spec->is_interruptible;

    if (!core_gang_is_ready(core, gang) || reservations_has_claim(core, gang) ||
        !decide_find_best(core, gang, may_borrow, 0, &placement))
        return false;
    if (core_net_value(gang, &placement) * core_age_factor(gang, core->now_ms) <
        price_of(core, gang, &placement) * (1 - 1e-9)) {
        placement_fini(&placement);
        return false; /* the next round may still start it */
    }
    decide_start(core, gang, &placement, out);
    return true;
}

static void decide_fresh(struct core *core, struct actions *out)
{
    size_t count = core->fresh_count;

    core->fresh_count = 0;
    for (size_t i = 0; i < count && i < FRESH_MOST; i++)
        (void)try_start(core, core->fresh[i], out);
}

static void decide_line(struct core *core, struct actions *out)
{
    int tries = 0;

    for (size_t i = core->line_from; i < core->line_count && tries < FIRST_IN_LINE; i++) {
        struct core_gang *gang = core->line[i];

        if (!core_gang_is_ready(core, gang)) {
            core->line_from += i == core->line_from;
            continue;
        }
        tries++;
        (void)try_start(core, gang, out);
    }
}

void core_quick_decide(struct core *core, struct actions *out)
{
    bool has_freed = core->has_freed;

    core->has_freed = false;
    if (has_freed)
        reservations_start_claims(core, out);
    if (!core->options.decides_quickly) {
        core->fresh_count = 0;
        return;
    }
    if (core->options.policy != CORE_POLICY_LP) {
        if (has_freed || core->fresh_count > 0)
            baseline_decide(core, out);
        core->fresh_count = 0;
        return;
    }
    if (has_freed)
        decide_line(core, out);
    decide_fresh(core, out);
}
