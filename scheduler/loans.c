/*
 * Loans: what runs beyond its tenant's share. When room comes free in the share, the oldest loan
 * takes it and is no loan any more: else others would take it back while its tenant, whose use is
 * within its share, would at once have a right to what it had lost.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <stdlib.h>

static int compare_loans(const void *a, const void *b)
{
    const struct core_gang *left = *(struct core_gang *const *)a;
    const struct core_gang *right = *(struct core_gang *const *)b;

    if (left->borrowed_ms != right->borrowed_ms)
        return left->borrowed_ms < right->borrowed_ms ? -1 : 1;
    return left->view.id < right->view.id ? -1 : 1;
}

/* Who waits and can't borrow needs that room itself; so does a claim, which counts on it. */
static void note_needs(const struct core *core, bool *is_needed)
{
    for (size_t i = 0; i < core->waiting_count; i++) {
        const struct core_gang *gang = core->waiting[i];
        int tenant = gang->view.shape->tenant;

        if (tenant >= 0 && !is_needed[tenant] && core_gang_is_ready(core, gang))
            is_needed[tenant] = !gang->view.spec->is_interruptible ||
                                reservations_has_claim(core, gang);
    }
}

void loans_repay(struct core *core)
{
    struct core_gang **loans = mem_zero(core->running_count, sizeof *loans);
    bool *is_needed = mem_zero((size_t)core->fleet->tenant_count, sizeof *is_needed);
    size_t count = 0;

    note_needs(core, is_needed);
    for (size_t i = 0; i < core->running_count; i++) {
        struct core_gang *gang = core->running[i];
        int tenant = gang->view.shape->tenant;

        if (gang->borrowed_ms != 0 && gang->view.state != GANG_STOPPING && tenant >= 0 &&
            !is_needed[tenant])
            loans[count++] = gang;
    }
    qsort(loans, count, sizeof *loans, compare_loans);
    for (size_t i = 0; i < count; i++)
        if (core_is_within_share(
                core, loans[i], ledger_holder_share(core->ledger, loans[i]->view.holder))) {
            ledger_repay(core->ledger, loans[i]->view.holder);
            loans[i]->borrowed_ms = 0;
        }
    mem_free(is_needed);
    mem_free(loans);
}

/* Would it be within its tenant's share on that system's cheapest racks? */
static bool is_owed(const struct core *core, const struct core_gang *gang, int system)
{
    const struct shape *shape = gang->view.shape;

    for (int i = 0; i < shape->system_count; i++) {
        double chips = (double)shape_chip_count(&shape->systems[i]);
        double weight = core->fleet_usd_per_hour > 0
                            ? chips * core->least_usd_per_chip_hour[system] /
                                  core->fleet_usd_per_hour
                            : chips / core->fleet_chips;

        if (shape->systems[i].system == system && decide_allows(core, gang, i))
            return core_is_within_share(core, gang, weight);
    }
    return false;
}

bool loans_are_asked_for(const struct core *core, const struct core_gang *gang, int system)
{
    for (size_t i = 0; i < core->waiting_count; i++) {
        const struct core_gang *other = core->waiting[i];

        if (other->view.shape->tenant != gang->view.shape->tenant &&
            core_gang_is_ready(core, other) && !reservations_has_claim(core, other) &&
            is_owed(core, other, system))
            return true;
    }
    return false;
}
