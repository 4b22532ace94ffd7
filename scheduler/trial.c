/* What if: releases and holds on the real ledger that are taken back, in reverse, at the end. */
#include "base/mem.h"
#include "scheduler/decide.h"

#include <assert.h>
#include <stdint.h>

struct step {
    struct core_gang *released; /* NULL: a hold */
    struct holder holder;
};

struct trial {
    struct core *core;
    struct step *steps;
    size_t count, capacity;
    int64_t *freed_stamps; /* by system of the catalog, before: in the end nothing came free */
    holder_id next_id;     /* of holds: above all that attempts can have */
};

struct trial *trial_begin(struct core *core)
{
    struct trial *trial = mem_zero(1, sizeof *trial);

    trial->core = core;
    trial->next_id = INT64_MAX / 2;
    core->open_trials++;
    trial->freed_stamps = mem_zero(core->fleet->catalog.system_count, sizeof *trial->freed_stamps);
    for (size_t k = 0; k < core->fleet->catalog.system_count; k++)
        trial->freed_stamps[k] = ledger_freed_stamp(core->ledger, (int)k);
    return trial;
}

static struct step *add_step(struct trial *trial)
{
    trial->steps = mem_grow(trial->steps, trial->count, &trial->capacity, sizeof *trial->steps);
    return &trial->steps[trial->count++];
}

void trial_release(struct trial *trial, struct core_gang *gang)
{
    struct step *step = add_step(trial);

    trial->core->trial_tasks += gang->placement.task_count;
    step->released = gang;
    step->holder = *ledger_find_holder(trial->core->ledger, gang->view.holder);
    ledger_release(trial->core->ledger, gang->view.holder);
}

void trial_restore_last(struct trial *trial)
{
    struct step *step = &trial->steps[--trial->count];

    if (step->released == NULL) {
        ledger_release(trial->core->ledger, step->holder.id);
        return;
    }
    /* It ran before we asked: no limit is asked again. */
    step->holder.is_adopted = true;
    ledger_hold(trial->core->ledger, &step->holder, &step->released->placement);
}

void trial_hold(
    struct trial *trial, const struct core_gang *gang, const struct placement *placement)
{
    struct step *step = add_step(trial);

    trial->core->trial_tasks += placement->task_count;
    step->released = NULL;
    step->holder = (struct holder){.id = trial->next_id++,
        .shape = gang->view.shape,
        .shape_system = placement->system,
        .is_adopted = true};
    ledger_hold(trial->core->ledger, &step->holder, placement);
}

int64_t core_rest_until(const struct core *core, int64_t before)
{
    int64_t rest_ms = (core->trial_tasks - before) * CORE_REST_MS_A_TASK;

    return core->now_ms + (rest_ms < CORE_REST_MOST_MS ? rest_ms : CORE_REST_MOST_MS);
}

void trial_end(struct trial *trial)
{
    while (trial->count > 0)
        trial_restore_last(trial);
    for (size_t k = 0; k < trial->core->fleet->catalog.system_count; k++)
        ledger_set_freed_stamp(trial->core->ledger, (int)k, trial->freed_stamps[k]);
    trial->core->open_trials--;
    mem_free(trial->freed_stamps);
    mem_free(trial->steps);
    mem_free(trial);
}
