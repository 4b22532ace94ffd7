/*
 * Policies to compare with: fifo (strict order of arrival) and easy (EASY backfill: the first in
 * line has a reservation, others may start now if they do not delay it; Lifka, The ANL/IBM SP
 * scheduling system, 1995). Same packing, power and share checks as ours.
 */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <stdlib.h>
#include <string.h>

static int compare_arrival(const void *a, const void *b)
{
    const struct core_gang *left = *(struct core_gang *const *)a;
    const struct core_gang *right = *(struct core_gang *const *)b;

    if (left->view.submit_ms != right->view.submit_ms)
        return left->view.submit_ms < right->view.submit_ms ? -1 : 1;
    return left->view.id < right->view.id ? -1 : 1;
}

/* Who waits, in order of arrival. Gives (mem_free). */
static struct core_gang **arrival_order(const struct core *core, size_t *count)
{
    struct core_gang **line = mem_zero(core->waiting_count, sizeof *line);

    *count = 0;
    for (size_t i = 0; i < core->waiting_count; i++)
        if (core_gang_is_ready(core, core->waiting[i]) && decide_pays(core, core->waiting[i]))
            line[(*count)++] = core->waiting[i];
    qsort(line, *count, sizeof *line, compare_arrival);
    return line;
}

static bool start(struct core *core, struct core_gang *gang, struct actions *out)
{
    struct placement placement = {0};

    if (!decide_find_best(core, gang, gang->view.spec->is_interruptible, 0, &placement))
        return false;
    decide_start(core, gang, &placement, out);
    return true;
}

static void backfill(
    struct core *core, struct core_gang *const *line, size_t count, struct actions *out)
{
    struct failed_asks failed = {.count = 0};

    reservations_make(core, line, count > 0 ? 1 : 0);
    for (size_t i = 1; i < count; i++) {
        if (!decide_has_failed(&failed, line[i]) && !start(core, line[i], out))
            decide_note_failed(&failed, line[i]);
    }
}

void baseline_decide(struct core *core, struct actions *out)
{
    size_t count = 0;
    size_t next = 0;
    struct core_gang **line = arrival_order(core, &count);

    reservations_make(core, NULL, 0);
    while (next < count && start(core, line[next], out))
        next++;
    if (core->options.policy == CORE_POLICY_EASY && next < count)
        backfill(core, line + next, count - next, out);
    mem_free(line);
}
