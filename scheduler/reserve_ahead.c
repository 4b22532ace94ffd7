/*
 * Looking ahead: for the gangs left over, the earliest time and place at which each can start, from
 * expected lengths. Another gang starts there only if it ends by then.
 */
#include "base/mem.h"
#include "scheduler/reserve_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    PER_SYSTEM = 8,
    TRIES = 24,            /* packings tried for one gang on one system */
    OVERDUE_MS = 60 * 1000 /* what runs past its expected end is taken to end within a minute */
};

struct ending {
    struct core_gang *gang;
    int64_t at_ms;
};

static int compare_endings(const void *a, const void *b)
{
    const struct ending *left = a;
    const struct ending *right = b;

    if (left->at_ms != right->at_ms)
        return left->at_ms < right->at_ms ? -1 : 1;
    return left->gang->view.id < right->gang->view.id ? -1 : 1;
}

/* What runs on one kind of system (index into the catalog), first to end first. Gives. */
static struct ending *endings_on(const struct core *core, int system, size_t *count)
{
    struct ending *list = mem_zero(core->running_count, sizeof *list);

    *count = 0;
    for (size_t i = 0; i < core->running_count; i++) {
        struct core_gang *gang = core->running[i];
        int64_t at_ms = gang->view.expected_end_ms;

        if (gang->view.shape->systems[gang->view.shape_system].system != system)
            continue;
        if (gang->view.state == GANG_STOPPING || at_ms < core->now_ms + OVERDUE_MS)
            at_ms = core->now_ms + OVERDUE_MS;
        list[(*count)++] = (struct ending){gang, at_ms};
    }
    qsort(list, *count, sizeof *list, compare_endings);
    return list;
}

/* One kind of system, as time goes on: who has ended by then is released on trial. */
struct future {
    struct core *core;
    int system;
    struct trial *trial;
    struct ending *endings;
    size_t ending_count;
    size_t passed; /* endings released so far */
    int64_t at_ms; /* of the last one */
};

/* Let time go on until the gang has a place, or tries run out. */
static bool find_in_future(
    struct future *future, struct core_gang *gang, int shape_system, struct reservation *out)
{
    const struct shape_system *system = &gang->view.shape->systems[shape_system];
    int64_t need = shape_chip_count(system);
    int64_t have = ledger_system_free_chips(future->core->ledger, future->system);

    for (int tries = 0; tries < TRIES;) {
        if (have >= need) {
            tries++;
            if (decide_find(future->core, gang, (struct packing_where){shape_system, -1, -1, -1},
                    gang->view.spec->is_interruptible, &out->placement, NULL)) {
                out->gang = gang;
                out->from_ms = future->at_ms;
                return true;
            }
        }
        /* Steps grow, so that a long wait is found with few packings. */
        for (int step = 0; step <= tries * tries / 4; step++) {
            struct core_gang *ended;

            if (future->passed == future->ending_count)
                return false;
            ended = future->endings[future->passed].gang;
            future->at_ms = future->endings[future->passed++].at_ms;
            have += shape_chip_count(&ended->view.shape->systems[ended->view.shape_system]);
            trial_release(future->trial, ended);
        }
    }
    return false;
}

static bool is_passed_over(const struct core *core, const struct core_gang *gang)
{
    return gang->passed_over_ms != 0 && core->now_ms - gang->passed_over_ms >= CORE_DAY_MS;
}

/* Reserve on one kind of system for those in line that allow it. */
static void reserve_on(struct core *core, int system, struct core_gang *const *line, size_t count)
{
    struct future future = {.core = core, .system = system, .at_ms = core->now_ms};
    struct reservation found[PER_SYSTEM];
    int found_count = 0;

    for (size_t i = 0; i < count && found_count < PER_SYSTEM; i++) {
        const struct shape *shape = line[i]->view.shape;
        struct reservation *next = &found[found_count];
        int k = 0;

        while (k < shape->system_count && shape->systems[k].system != system)
            k++;
        if (k == shape->system_count || !decide_allows(core, line[i], k) ||
            decide_best_value(core, line[i], k) < 0 || reservations_has_claim(core, line[i]))
            continue;
        if (future.trial == NULL) {
            future.trial = trial_begin(core);
            future.endings = endings_on(core, system, &future.ending_count);
        }
        memset(next, 0, sizeof *next);
        if (!find_in_future(&future, line[i], k, next))
            break;
        next->is_holding = is_passed_over(core, line[i]);
        trial_hold(future.trial, line[i], &next->placement);
        found_count++;
    }
    if (future.trial != NULL)
        trial_end(future.trial);
    mem_free(future.endings);
    for (int i = 0; i < found_count; i++)
        reservations_add(core, &found[i]);
}

void reservations_make(struct core *core, struct core_gang *const *line, size_t count)
{
    reservations_drop_unclaimed(core);
    for (size_t i = 0; i < count; i++)
        if (line[i]->passed_over_ms == 0)
            line[i]->passed_over_ms = core->now_ms;
    for (size_t k = 0; count > 0 && k < core->fleet->catalog.system_count; k++)
        reserve_on(core, (int)k, line, count);
}

bool reservations_renew(struct core *core, struct core_gang *const *line, size_t count)
{
    int64_t head = count > 0 ? line[0]->view.id : 0;
    int64_t before = core->trial_tasks;

    if (core->now_ms < core->reserve_due_ms && head == core->reserve_head)
        return reservations_drop_needless(core);
    reservations_make(core, line, count);
    core->reserve_head = head;
    core->reserve_due_ms = core_rest_until(core, before);
    return true;
}
