/* Timers: a binary heap by time; what has become meaningless is found out when it fires. */
#include "base/mem.h"
#include "scheduler/core_private.h"

/* Equal times go by kind, gang and attempt, so that no order hangs on the heap's history. */
static bool is_before(const struct core_timer *a, const struct core_timer *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->gang != b->gang)
        return a->gang < b->gang;
    return a->attempt < b->attempt;
}

static void swap(struct core_timer *a, struct core_timer *b)
{
    struct core_timer held = *a;

    *a = *b;
    *b = held;
}

void core_timer_add(struct core *core, struct core_timer timer)
{
    size_t i = core->timer_count;

    core->timers = mem_grow(core->timers, i, &core->timer_capacity, sizeof *core->timers);
    core->timers[i] = timer;
    core->timer_count++;
    while (i > 0 && is_before(&core->timers[i], &core->timers[(i - 1) / 2])) {
        swap(&core->timers[i], &core->timers[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

bool core_timer_take(struct core *core, int64_t now_ms, struct core_timer *out)
{
    size_t i = 0;

    if (core->timer_count == 0 || core->timers[0].at_ms > now_ms)
        return false;
    *out = core->timers[0];
    core->timers[0] = core->timers[--core->timer_count];
    for (;;) {
        size_t least = i;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < core->timer_count; child++)
            if (is_before(&core->timers[child], &core->timers[least]))
                least = child;
        if (least == i)
            return true;
        swap(&core->timers[i], &core->timers[least]);
        i = least;
    }
}
