#include "scheduler/core_image.h"

#include "base/err.h"
#include "base/mem.h"
#include "scheduler/core_private.h"

#include <string.h>

enum { PAST_MOST = 50000 };

bool core_gang_image(const struct core *core, int64_t id, struct gang_image *out)
{
    const struct core_gang *gang = core_gang_of(core, id);

    if (gang == NULL)
        return false;
    *out = (struct gang_image){.gang = id,
        .state = gang->view.state,
        .cause = gang->view.cause,
        .ending = gang->ending,
        .attempt = gang->view.attempt,
        .retries_left = gang->view.retries_left,
        .is_held = gang->view.is_held,
        .is_borrowing = gang->borrowed_ms != 0,
        .waits_for_hosts = gang->waits_for_hosts,
        .start_ms = gang->view.start_ms,
        .end_ms = gang->view.end_ms,
        .shape_system = gang->view.shape_system,
        .stack_system = gang->view.stack_system,
        .mode = gang->mode,
        .mode_asked = gang->mode_asked,
        .reason = gang->view.reason};
    return true;
}

bool core_gang_is_untouched(const struct core *core, int64_t id)
{
    const struct core_gang *gang = core_gang_of(core, id);

    return gang != NULL && gang->view.state == GANG_WAITING && gang->view.attempt == 0 &&
           gang->view.is_held == gang->view.spec->is_held;
}

bool core_job_has_ended(const struct core *core, int64_t id, int64_t *end_ms, int *failed_count)
{
    const struct core_job *job = core_job_of(core, id);

    if (job == NULL || job->terminal_count < job->gang_count)
        return false;
    *end_ms = job->end_ms;
    *failed_count = job->failed_count;
    return true;
}

void core_note_past(
    struct core *core, int64_t job, const char *tenant, const char *name, bool is_ok)
{
    if (core->past_count >= PAST_MOST * 2) {
        for (size_t i = 0; i < PAST_MOST; i++) {
            mem_free(core->past[i].tenant);
            mem_free(core->past[i].name);
        }
        core->past_count -= PAST_MOST;
        memmove(core->past, core->past + PAST_MOST, core->past_count * sizeof *core->past);
    }
    core->past = mem_grow(core->past, core->past_count, &core->past_capacity, sizeof *core->past);
    core->past[core->past_count++] = (struct core_past){
        job, is_ok, mem_copy_text(tenant), mem_copy_text(name)};
}

int core_restore_job(struct core *core, const struct job_spec *spec, const char *user, int64_t id,
    int64_t first_gang, int64_t submit_ms, struct actions *out, struct err *err)
{
    struct core_job *job;

    if (id < core->next_job || first_gang < core->next_gang)
        return err_set(err, ERR_STATE, "job %lld is stored twice, or out of order", (long long)id);
    job = core_job_create(core, spec, user, id, submit_ms);
    job->first_gang = first_gang;
    core_job_add(core, job, out);
    return 0;
}

/* The chips of a placement are there, and nobody else's. */
static int check_chips(const struct core *core, const struct gang_image *image,
    const struct placement *placement, struct err *err)
{
    for (int i = 0; i < placement->task_count; i++) {
        int count = 0;
        const struct task_place *place = &placement->tasks[i];
        holder_id ids[64];
        int holders = ledger_host_holders(core->ledger, place->host, ids, 64);

        for (int k = 0; k < holders && k < 64; k++) {
            const struct task_place *held = ledger_places(core->ledger, ids[k], &count);

            for (int n = 0; n < count; n++)
                if (held[n].host == place->host && (held[n].chips & place->chips) != 0)
                    return err_set(err, ERR_STATE, "gang %lld is stored with chips of another's",
                        (long long)image->gang);
        }
    }
    return 0;
}

static void hold_again(struct core *core, struct core_gang *gang, const struct gang_image *image)
{
    struct gang *view = &gang->view;
    bool has_started = image->state == GANG_RUNNING || image->state == GANG_STOPPING;

    view->holder = (view->id << CORE_ATTEMPT_BITS) | view->attempt;
    view->placement = &gang->placement;
    view->expected_end_ms = image->start_ms +
                            (int64_t)view->shape->systems[view->shape_system].expected_ms;
    gang->tasks = mem_zero((size_t)gang->placement.task_count, 1);
    if (has_started)
        memset(gang->tasks, TASK_READY, (size_t)gang->placement.task_count);
    gang->ready_count = has_started ? gang->placement.task_count : 0;
    gang->borrowed_ms = image->is_borrowing ? core->now_ms : 0;
    gang->mode = gang->mode_asked = image->mode;
    ledger_hold(core->ledger,
        &(struct holder){
            view->holder, view->shape, view->shape_system, image->mode, image->is_borrowing, true},
        &gang->placement);
    core_gang_join_running(core, gang);
    if (image->state == GANG_STARTING)
        core_timer_add(core, (struct core_timer){core->now_ms + CORE_READY_MS, TIMER_READY,
                                 view->id, view->attempt});
    if (image->state == GANG_RUNNING)
        core_gang_watch_wall(core, gang);
    for (int i = 0; i < gang->placement.task_count; i++)
        if (i == 0 || gang->placement.tasks[i].host != gang->placement.tasks[i - 1].host)
            core_host_watch(core, gang->placement.tasks[i].host);
}

static bool is_possible(
    const struct core_gang *gang, const struct gang_image *image, const struct placement *placement)
{
    bool holds = image->state >= GANG_STARTING && image->state <= GANG_STOPPING;

    if ((unsigned)image->state >= GANG_STATE_COUNT || image->attempt < 0 ||
        image->attempt >= 1 << CORE_ATTEMPT_BITS)
        return false;
    if (image->stack_system >= gang->view.shape->system_count ||
        image->shape_system >= gang->view.shape->system_count)
        return false;
    return !holds ||
           (placement->tasks != NULL && image->shape_system >= 0 &&
               placement->task_count == gang->view.shape->systems[image->shape_system].task_count);
}

int core_restore_gang(
    struct core *core, const struct gang_image *image, struct placement *placement, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, image->gang);
    struct gang *view;

    if (gang == NULL || !is_possible(gang, image, placement))
        return err_set(err, ERR_STATE, "the stored row of gang %lld does not fit its job",
            (long long)image->gang);
    view = &gang->view;
    view->attempt = image->attempt;
    view->retries_left = image->retries_left;
    view->is_held = image->is_held;
    view->cause = image->cause;
    view->start_ms = image->start_ms;
    view->end_ms = image->end_ms;
    view->stack_system = image->stack_system;
    gang->waits_for_hosts = false; /* hosts speak anew */
    gang->ending = image->ending;
    if (image->reason != NULL) {
        gang->reason = mem_copy_text(image->reason);
        view->reason = gang->reason;
    }
    if (image->state == GANG_WAITING)
        return 0;
    view->shape_system = image->shape_system;
    if (!gang_state_is_terminal(image->state)) {
        if (check_chips(core, image, placement, err) != 0)
            return -1;
        ledger_price_placement(core->ledger, view->shape, placement);
        gang->placement = *placement;
        *placement = (struct placement){0};
    }
    core_gang_leave_waiting(core, gang);
    view->state = image->state;
    if (!gang_state_is_terminal(image->state)) {
        hold_again(core, gang, image);
        return 0;
    }
    gang->job->terminal_count++;
    gang->job->failed_count += image->state != GANG_DONE;
    if (image->end_ms > gang->job->end_ms)
        gang->job->end_ms = image->end_ms;
    return 0;
}

int core_restore_task_ended(struct core *core, int64_t id, int task, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, id);

    if (gang == NULL || gang->tasks == NULL || task < 0 || task >= gang->placement.task_count)
        return err_set(err, ERR_STATE, "a stored task of gang %lld does not fit it", (long long)id);
    if (gang->tasks[task] == TASK_ENDED)
        return 0;
    if (gang->tasks[task] == TASK_PREPARING)
        gang->ready_count++;
    gang->tasks[task] = TASK_ENDED;
    gang->ended_count++;
    return 0;
}

void core_restore_ids(struct core *core, int64_t next_job, int64_t next_gang)
{
    if (next_job > core->next_job)
        core->next_job = next_job;
    if (next_gang > core->next_gang)
        core->next_gang = next_gang;
}

int64_t core_next_job(const struct core *core)
{
    return core->next_job;
}

int64_t core_next_gang(const struct core *core)
{
    return core->next_gang;
}

void core_restored(struct core *core, struct actions *out)
{
    for (size_t i = 0; i < core->job_count; i++)
        core_job_review(core, core->jobs[i], out);
}
