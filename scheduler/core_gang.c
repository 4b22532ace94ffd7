/*
 * What happens to gangs: start, ready, go, stop, end, wait again. An attempt is over only when each
 * of its tasks is known to have ended; until then the gang holds its chips.
 */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/core_private.h"

#include <assert.h>
#include <string.h>

const char *const GANG_STATE_NAMES[GANG_STATE_COUNT] = {
    "waiting", "starting", "running", "stopping", "done", "failed", "cancelled", "timed-out"};

const char *const END_CAUSE_NAMES[] = {"", "exited", "failed", "lost", "wall limit", "cancelled",
    "preempted", "given back", "shed", "requeued", "not ready", "prolog failed", "dependency"};

/* What the end of an attempt does to its gang. */
struct end_rule {
    bool takes_retry;
    enum gang_state state; /* where it goes; a retry that is left makes it wait instead */
};
static const struct end_rule END_RULES[] = {
    [END_NONE] = {false, GANG_WAITING},
    [END_EXITED] = {false, GANG_DONE},
    [END_FAILED] = {true, GANG_FAILED},
    [END_LOST] = {true, GANG_FAILED},
    [END_WALL] = {false, GANG_TIMED_OUT},
    [END_CANCELLED] = {false, GANG_CANCELLED},
    [END_PREEMPTED] = {false, GANG_WAITING},
    [END_GIVEN_BACK] = {false, GANG_WAITING},
    [END_SHED] = {false, GANG_WAITING},
    [END_REQUEUED] = {false, GANG_WAITING},
    [END_NOT_READY] = {false, GANG_WAITING},
    [END_PROLOG] = {false, GANG_WAITING},
    [END_DEPENDENCY] = {false, GANG_CANCELLED},
};

bool gang_state_is_terminal(enum gang_state state)
{
    return state >= GANG_DONE;
}

struct core_gang *core_gang_of(const struct core *core, int64_t id)
{
    size_t low = 0;
    size_t high = core->gang_count;

    /* Nothing was forgotten: it stands where its id says. */
    if (id >= 1 && (size_t)id <= high && core->gangs[id - 1]->view.id == id)
        return core->gangs[id - 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (core->gangs[middle]->view.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < core->gang_count && core->gangs[low]->view.id == id ? core->gangs[low] : NULL;
}

void core_act(struct actions *out, struct action action)
{
    out->list = mem_grow(out->list, out->count, &out->capacity, sizeof *out->list);
    out->list[out->count++] = action;
}

void core_note_change(struct actions *out, const struct core_gang *gang)
{
    core_act(out, (struct action){.kind = ACTION_CHANGED,
                      .gang = gang->view.id,
                      .attempt = gang->view.attempt,
                      .cause = gang->view.state == GANG_STOPPING ? gang->ending : gang->view.cause,
                      .state = gang->view.state});
}

void actions_fini(struct actions *actions)
{
    mem_free(actions->list);
    *actions = (struct actions){0};
}

/* --- The two lists: order does not matter, so leaving is a swap with the last. */

static void list_add(
    struct core_gang ***list, size_t *count, size_t *capacity, struct core_gang *gang, int *slot)
{
    *list = mem_grow(*list, *count, capacity, sizeof **list);
    (*list)[*count] = gang;
    *slot = (int)(*count)++;
}

static void waiting_add(struct core *core, struct core_gang *gang)
{
    list_add(
        &core->waiting, &core->waiting_count, &core->waiting_capacity, gang, &gang->waiting_slot);
}

static void waiting_remove(struct core *core, struct core_gang *gang)
{
    struct core_gang *last = core->waiting[--core->waiting_count];

    core->waiting[gang->waiting_slot] = last;
    last->waiting_slot = gang->waiting_slot;
    gang->waiting_slot = -1;
}

static void running_add(struct core *core, struct core_gang *gang)
{
    list_add(
        &core->running, &core->running_count, &core->running_capacity, gang, &gang->running_slot);
}

static void running_remove(struct core *core, struct core_gang *gang)
{
    struct core_gang *last = core->running[--core->running_count];

    core->running[gang->running_slot] = last;
    last->running_slot = gang->running_slot;
    gang->running_slot = -1;
}

void core_gang_leave_waiting(struct core *core, struct core_gang *gang)
{
    waiting_remove(core, gang);
}

void core_gang_join_running(struct core *core, struct core_gang *gang)
{
    running_add(core, gang);
}

bool core_gang_is_ready(const struct core *core, const struct core_gang *gang)
{
    return gang->view.state == GANG_WAITING && !gang->view.is_held && gang->job->is_ready &&
           gang->not_before_ms <= core->now_ms && !gang->view.shape->never &&
           !(gang->waits_for_hosts && core->mass_down_count > 0);
}

void core_gang_fresh(struct core *core, struct core_gang *gang)
{
    core->is_settled = false;
    core->changed_jobs++;
    gang->ready_ms = core->now_ms;
    core->fresh = mem_grow(
        core->fresh, core->fresh_count, &core->fresh_capacity, sizeof *core->fresh);
    core->fresh[core->fresh_count++] = gang;
}

/* The same fault would meet it again at once: it waits a little, then is left to a person. */
static void back_off(struct core *core, struct core_gang *gang)
{
    gang->not_before_ms = core->now_ms + ((int64_t)CORE_AGAIN_MS << gang->not_ready_count);
    if (++gang->not_ready_count >= CORE_AGAIN_MOST) {
        gang->view.is_held = true;
        gang->not_ready_count = 0;
        gang->not_before_ms = 0;
        return;
    }
    core_timer_add(core,
        (struct core_timer){gang->not_before_ms, TIMER_AGAIN, gang->view.id, gang->view.attempt});
}

/* It waits (again). */
static void set_waiting(struct core *core, struct core_gang *gang)
{
    gang->view.state = GANG_WAITING;
    gang->passed_over_ms = 0;
    waiting_add(core, gang);
    core_gang_fresh(core, gang);
}

static int chips_of(const struct core_gang *gang)
{
    const struct shape_system *system = &gang->view.shape->systems[gang->view.shape_system];

    return system->task_count * system->chips_per_task;
}

static void note_freed(struct core *core, const struct core_gang *gang)
{
    core->has_freed = true;
    core->is_settled = false;
    core->changed_chips += chips_of(gang);
}

void core_gang_watch_wall(struct core *core, const struct core_gang *gang)
{
    int64_t limit_ms = (int64_t)(gang->view.spec->wall_minutes * 6e4);

    if (limit_ms > 0) /* what ends in the very instant of the limit was in time */
        core_timer_add(core, (struct core_timer){gang->view.start_ms + limit_ms + 1, TIMER_WALL,
                                 gang->view.id, gang->view.attempt});
}

/* All agents are ready (or there are none to wait for): it runs. */
static void set_running(struct core *core, struct core_gang *gang, struct actions *out)
{
    const struct shape_system *system = &gang->view.shape->systems[gang->view.shape_system];

    gang->view.state = GANG_RUNNING;
    gang->not_ready_count = 0;
    gang->view.start_ms = core->now_ms;
    gang->view.expected_end_ms = core->now_ms + (int64_t)system->expected_ms;
    core_gang_watch_wall(core, gang);
    core_act(out,
        (struct action){.kind = ACTION_GO, .gang = gang->view.id, .attempt = gang->view.attempt});
    core_note_change(out, gang);
}

void core_start(struct core *core, struct core_gang *gang, struct placement *placement,
    bool is_borrowing, bool is_adopted, struct actions *out)
{
    struct gang *view = &gang->view;
    const struct shape_system *system = &view->shape->systems[placement->system];

    assert(view->state == GANG_WAITING);
    waiting_remove(core, gang);
    view->attempt++;
    view->state = GANG_STARTING;
    view->cause = END_NONE;
    view->shape_system = placement->system;
    if (!view->spec->is_portable && view->stack_system < 0)
        view->stack_system = placement->system;
    view->holder = (view->id << CORE_ATTEMPT_BITS) | view->attempt;
    view->start_ms = core->now_ms;
    view->expected_end_ms = core->now_ms + (int64_t)system->expected_ms;
    gang->placement = *placement;
    *placement = (struct placement){0};
    view->placement = &gang->placement;
    gang->tasks = mem_zero((size_t)gang->placement.task_count, 1);
    gang->ready_count = gang->ended_count = 0;
    gang->ending = END_NONE;
    gang->checkpoint_ms = 0;
    gang->mode = gang->mode_asked = 0;
    gang->borrowed_ms = is_borrowing ? core->now_ms : 0;
    gang->waits_for_hosts = false;
    ledger_hold(core->ledger,
        &(struct holder){
            view->holder, view->shape, view->shape_system, 0, is_borrowing, is_adopted},
        &gang->placement);
    running_add(core, gang);
    core->changed_chips += chips_of(gang);
    core->is_settled = false;
    core_act(
        out, (struct action){.kind = ACTION_PREPARE, .gang = view->id, .attempt = view->attempt});
    if (core->options.starts_at_once) {
        set_running(core, gang, out);
        return;
    }
    core_note_change(out, gang);
    core_timer_add(core,
        (struct core_timer){core->now_ms + CORE_READY_MS, TIMER_READY, view->id, view->attempt});
}

static void drop_attempt(struct core *core, struct core_gang *gang)
{
    note_freed(core, gang);
    ledger_release(core->ledger, gang->view.holder);
    running_remove(core, gang);
    placement_fini(&gang->placement);
    mem_free(gang->tasks);
    gang->tasks = NULL;
    gang->view.placement = NULL;
    gang->view.holder = 0;
    gang->borrowed_ms = 0;
}

static void set_reason(struct core_gang *gang, const char *reason)
{
    if (reason == NULL || gang->reason != NULL)
        return;
    gang->reason = mem_copy_text(reason);
    gang->view.reason = gang->reason;
}

/* No attempt is left: where the cause sends it. */
static void finish(
    struct core *core, struct core_gang *gang, enum end_cause cause, struct actions *out)
{
    const struct end_rule *rule = &END_RULES[cause];
    enum gang_state state = rule->state;

    if (rule->takes_retry && gang->view.retries_left > 0) {
        gang->view.retries_left--;
        state = GANG_WAITING;
        gang->waits_for_hosts = core->mass_down_count > 0;
    }
    gang->view.cause = cause;
    if (state == GANG_WAITING) {
        if (cause == END_NOT_READY)
            back_off(core, gang);
        set_waiting(core, gang);
        core_note_change(out, gang);
        return;
    }
    gang->view.state = state;
    gang->view.end_ms = core->now_ms;
    if (++gang->job->terminal_count == gang->job->gang_count)
        gang->job->end_ms = core->now_ms;
    if (state != GANG_DONE)
        gang->job->failed_count++;
    core_note_change(out, gang);
    core_job_progress(core, gang->job, out);
}

static bool may_wait_again(enum end_cause cause)
{
    return END_RULES[cause].state == GANG_WAITING || END_RULES[cause].takes_retry;
}

void core_stop(struct core *core, struct core_gang *gang, enum end_cause cause, const char *reason,
    struct actions *out)
{
    if (gang_state_is_terminal(gang->view.state))
        return;
    if (cause == END_CANCELLED || cause == END_DEPENDENCY)
        set_reason(gang, reason);
    if (gang->view.state == GANG_WAITING) {
        if (END_RULES[cause].state == GANG_WAITING)
            return;
        waiting_remove(core, gang);
        finish(core, gang, cause, out);
        return;
    }
    if (gang->view.state == GANG_STOPPING) {
        /* What ends it for good outweighs what lets it wait again, by a retry too. */
        if (may_wait_again(gang->ending) && !may_wait_again(cause))
            gang->ending = cause;
        return;
    }
    gang->view.state = GANG_STOPPING;
    gang->ending = cause;
    core_act(out, (struct action){.kind = ACTION_STOP,
                      .gang = gang->view.id,
                      .attempt = gang->view.attempt,
                      .cause = cause,
                      .why = gang->view.reason});
    core_note_change(out, gang);
    if (core->options.starts_at_once)
        core_task_ended(core, gang, -1, false, cause, out);
}

/* Marks one task as over; true if it was not before. */
static bool mark_ended(struct core_gang *gang, int task)
{
    if (gang->tasks[task] == TASK_ENDED)
        return false;
    if (gang->tasks[task] == TASK_PREPARING)
        gang->ready_count++;
    gang->tasks[task] = TASK_ENDED;
    gang->ended_count++;
    return true;
}

void core_task_ended(struct core *core, struct core_gang *gang, int task, bool is_failure,
    enum end_cause cause, struct actions *out)
{
    enum end_cause ending;

    if (gang->tasks == NULL)
        return;
    for (int i = task < 0 ? 0 : task; i < (task < 0 ? gang->placement.task_count : task + 1); i++)
        if (mark_ended(gang, i) && is_failure)
            core_host_task_failed(core, gang->placement.tasks[i].host, gang->job->id, out);
    if (is_failure && gang->ending == END_NONE && gang->ended_count < gang->placement.task_count)
        core_stop(core, gang, cause, NULL, out);
    if (gang->tasks == NULL || gang->ended_count < gang->placement.task_count)
        return;
    ending = gang->ending != END_NONE ? gang->ending : is_failure ? cause : END_EXITED;
    gang->ending = END_NONE;
    drop_attempt(core, gang);
    finish(core, gang, ending, out);
}

int core_task_ready(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, event->gang);

    if (gang == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no gang %lld", (long long)event->gang);
    if (gang->view.attempt != event->attempt || gang->view.state != GANG_STARTING)
        return 0; /* late: the attempt is over or on its way */
    for (int i = 0; i < gang->placement.task_count; i++)
        if ((event->task < 0 || event->task == i) && gang->tasks[i] == TASK_PREPARING) {
            gang->tasks[i] = TASK_READY;
            gang->ready_count++;
        }
    if (gang->ready_count == gang->placement.task_count)
        set_running(core, gang, out);
    return 0;
}

int core_task_end_event(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, event->gang);
    bool is_failure = event->is_lost || event->exit_status != 0;

    if (gang == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no gang %lld", (long long)event->gang);
    if (gang->view.attempt != event->attempt || gang->tasks == NULL)
        return 0;
    if (event->task >= gang->placement.task_count)
        return err_set(
            err, ERR_INPUT, "gang %lld has no task %d", (long long)event->gang, event->task);
    /* One that ended before all were ready ran nothing: the attempt never started. */
    if (gang->view.state == GANG_STARTING)
        core_stop(core, gang, END_NOT_READY, NULL, out);
    core_task_ended(core, gang, event->task, is_failure && gang->ending == END_NONE,
        event->is_lost ? END_LOST : END_FAILED, out);
    return 0;
}

/* Starting gangs whose hosts did not get ready, running ones at their wall limit. */
void core_gang_timer(struct core *core, const struct core_timer *timer, struct actions *out)
{
    struct core_gang *gang = core_gang_of(core, timer->gang);

    if (gang == NULL || gang->view.attempt != timer->attempt)
        return;
    if (timer->kind == TIMER_READY && gang->view.state == GANG_STARTING)
        core_stop(core, gang, END_NOT_READY, NULL, out);
    if (timer->kind == TIMER_WALL && gang->view.state == GANG_RUNNING)
        core_stop(core, gang, END_WALL, NULL, out);
}

int core_adopt(struct core *core, int64_t id, struct placement *placement, int64_t start_ms,
    struct actions *out, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, id);
    const struct shape_system *system;

    if (gang == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no gang %lld", (long long)id);
    if (gang->view.state != GANG_WAITING)
        return err_set(err, ERR_STATE, "gang %lld runs already or has ended", (long long)id);
    for (int i = 0; i < placement->task_count; i++)
        if ((ledger_free_chips(core->ledger, placement->tasks[i].host) &
                placement->tasks[i].chips) != placement->tasks[i].chips)
            return err_set(err, ERR_STATE, "task %d of gang %lld runs on chips that are not free",
                i, (long long)id);
    system = &gang->view.shape->systems[placement->system];
    ledger_price_placement(core->ledger, gang->view.shape, placement);
    core_start(core, gang, placement, false, true, out);
    gang->view.start_ms = start_ms;
    gang->view.expected_end_ms = start_ms + (int64_t)system->expected_ms;
    return 0;
}

/* A new gang of a job, waiting. */
struct core_gang *core_gang_create(struct core *core, struct core_job *job, int member)
{
    struct core_gang *gang = mem_zero(1, sizeof *gang);

    core->gangs = mem_grow(
        core->gangs, core->gang_count, &core->gang_capacity, sizeof *core->gangs);
    core->gangs[core->gang_count++] = gang;
    gang->job = job;
    gang->waiting_slot = gang->running_slot = -1;
    gang->view = (struct gang){.id = job->first_gang + member,
        .job = job->id,
        .member = member,
        .spec = job->spec,
        .shape = job->shape,
        .user = job->user,
        .retries_left = job->spec->retries,
        .is_held = job->spec->is_held,
        .submit_ms = job->submit_ms,
        .shape_system = -1,
        .stack_system = -1};
    set_waiting(core, gang);
    return gang;
}

void core_gang_destroy(struct core_gang *gang)
{
    if (gang == NULL)
        return;
    if (gang->view.placement != NULL)
        placement_fini(&gang->placement);
    mem_free(gang->tasks);
    mem_free(gang->reason);
    mem_free(gang);
}
