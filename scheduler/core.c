#include "scheduler/core.h"

#include "base/err.h"
#include "base/mem.h"
#include "scheduler/core_private.h"
#include "scheduler/no_room.h"

#include <math.h>

/* --- Birth and death */

static double *least_prices(const struct fleet *fleet)
{
    double *least = mem_zero(fleet->catalog.system_count, sizeof *least);

    for (size_t k = 0; k < fleet->catalog.system_count; k++)
        least[k] = INFINITY;
    for (int rack = 0; rack < fleet->rack_count; rack++) {
        int system = fleet->racks[rack].system;
        double usd = fleet->racks[rack].usd_per_hour /
                     system_chip_count(&fleet->catalog.systems[system]);

        least[system] = fmin(least[system], usd);
    }
    return least;
}

struct core *core_create(
    const struct fleet *fleet, const struct core_options *options, int64_t now_ms)
{
    struct core *core = mem_zero(1, sizeof *core);

    core->fleet = fleet;
    core->options = *options;
    core->ledger = ledger_create(fleet, options->initial_hosts);
    core->empty = ledger_create(fleet, HOST_UP);
    core->least_usd_per_chip_hour = least_prices(fleet);
    for (int rack = 0; rack < fleet->rack_count; rack++) {
        core->fleet_usd_per_hour += fleet->racks[rack].usd_per_hour;
        core->fleet_chips += system_chip_count(fleet_rack_system(fleet, rack));
    }
    core->now_ms = core->start_ms = now_ms;
    core->last_round_ms = INT64_MIN;
    core->next_job = core->next_gang = 1;
    core->hosts = mem_zero((size_t)fleet->host_count, sizeof *core->hosts);
    for (int i = 0; i < fleet->host_count; i++)
        core->hosts[i].report_ms = INT64_MIN;
    core->times = mem_zero(1, sizeof *core->times);
    core->reservations = reservations_create(core);
    core->no_room = no_room_create(fleet->catalog.system_count);
    return core;
}

void core_destroy(struct core *core)
{
    if (core == NULL)
        return;
    round_destroy(core->round);
    reservations_destroy(core->reservations);
    no_room_destroy(core->no_room);
    for (size_t i = 0; i < core->gang_count; i++)
        core_gang_destroy(core->gangs[i]);
    for (size_t i = 0; i < core->job_count; i++)
        core_job_destroy(core->jobs[i]);
    for (int i = 0; i < core->fleet->host_count; i++)
        mem_free(core->hosts[i].why);
    ledger_destroy(core->ledger);
    ledger_destroy(core->empty);
    mem_free(core->least_usd_per_chip_hour);
    mem_free(core->gangs);
    mem_free(core->jobs);
    mem_free(core->waiting);
    mem_free(core->running);
    mem_free(core->dependents);
    for (size_t i = 0; i < core->past_count; i++) {
        mem_free(core->past[i].tenant);
        mem_free(core->past[i].name);
    }
    mem_free(core->past);
    mem_free(core->hosts);
    mem_free(core->recent_down);
    mem_free(core->timers);
    mem_free(core->fresh);
    mem_free(core->line);
    mem_free(core->chip_prices);
    mem_free(core->times);
    mem_free(core);
}

/* --- Events that people send */

/* The gangs that an operator's event means: a member, or all of the job. NULL with err. */
static struct core_job *meant_job(
    const struct core *core, const struct event *event, struct err *err)
{
    struct core_job *job = core_job_of(core, event->job);

    if (job == NULL)
        (void)err_set(err, ERR_NOT_FOUND, "there is no job %lld", (long long)event->job);
    else if (event->member >= job->gang_count)
        (void)err_set(
            err, ERR_NOT_FOUND, "job %lld has no member %d", (long long)event->job, event->member);
    else
        return job;
    return NULL;
}

typedef bool (*gang_change_fn)(
    struct core *core, struct core_gang *gang, const struct event *event, struct actions *out);

static int change_gangs(struct core *core, const struct event *event, gang_change_fn change,
    const char *refusal, struct actions *out, struct err *err)
{
    const struct core_job *job = meant_job(core, event, err);
    int changed_count = 0;

    if (job == NULL)
        return -1;
    for (int i = 0; i < job->gang_count; i++)
        if (event->member < 0 || event->member == i)
            changed_count += change(core, job->gangs[i], event, out) ? 1 : 0;
    if (changed_count == 0 && event->member >= 0)
        return err_set(
            err, ERR_STATE, "job %lld.%d %s", (long long)event->job, event->member, refusal);
    if (changed_count == 0)
        return err_set(err, ERR_STATE, "job %lld %s", (long long)event->job, refusal);
    return 0;
}

static bool cancel_gang(
    struct core *core, struct core_gang *gang, const struct event *event, struct actions *out)
{
    if (gang_state_is_terminal(gang->view.state))
        return false;
    core_stop(core, gang, END_CANCELLED, event->why, out);
    return true;
}

static bool hold_gang(
    struct core *core, struct core_gang *gang, const struct event *event, struct actions *out)
{
    (void)event;
    if (gang->view.is_held || gang_state_is_terminal(gang->view.state))
        return false;
    gang->view.is_held = true;
    core->is_settled = false;
    core_note_change(out, gang);
    return true;
}

static bool release_gang(
    struct core *core, struct core_gang *gang, const struct event *event, struct actions *out)
{
    (void)event;
    if (!gang->view.is_held || gang_state_is_terminal(gang->view.state))
        return false;
    gang->view.is_held = false;
    core_note_change(out, gang);
    core_gang_fresh(core, gang);
    return true;
}

static bool requeue_gang(
    struct core *core, struct core_gang *gang, const struct event *event, struct actions *out)
{
    (void)event;
    if (gang->view.state != GANG_RUNNING && gang->view.state != GANG_STARTING)
        return false;
    core_stop(core, gang, END_REQUEUED, NULL, out);
    return true;
}

static int apply_cancel(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    return change_gangs(core, event, cancel_gang, "has ended already", out, err);
}

static int apply_hold(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    return change_gangs(core, event, hold_gang, "is held or has ended already", out, err);
}

static int apply_release(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    return change_gangs(core, event, release_gang, "is not held", out, err);
}

static int apply_requeue(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    return change_gangs(core, event, requeue_gang, "is not running", out, err);
}

static int apply_checkpoint(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_gang *gang = core_gang_of(core, event->gang);

    (void)out;
    if (gang == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no gang %lld", (long long)event->gang);
    if (gang->view.attempt == event->attempt && event->at_ms > gang->checkpoint_ms)
        gang->checkpoint_ms = event->at_ms < core->now_ms ? event->at_ms : core->now_ms;
    return 0;
}

/* The clock has moved, or the solver's guard fired: what follows is in core_apply for all. */
static int apply_nothing(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    (void)core;
    (void)event;
    (void)out;
    (void)err;
    return 0;
}

typedef int (*apply_fn)(
    struct core *core, const struct event *event, struct actions *out, struct err *err);

static const apply_fn APPLY[EVENT_KIND_COUNT] = {
    [EVENT_TICK] = apply_nothing,
    [EVENT_SUBMIT] = core_submit,
    [EVENT_CANCEL] = apply_cancel,
    [EVENT_HOLD] = apply_hold,
    [EVENT_RELEASE] = apply_release,
    [EVENT_REQUEUE] = apply_requeue,
    [EVENT_TASK_READY] = core_task_ready,
    [EVENT_TASK_ENDED] = core_task_end_event,
    [EVENT_HOST_REPORT] = core_host_report,
    [EVENT_HOST_FENCED] = core_host_fenced,
    [EVENT_PROLOG_FAILED] = core_prolog_failed,
    [EVENT_DRAIN] = core_drain,
    [EVENT_RESUME] = core_resume,
    [EVENT_LIMIT] = core_set_limit,
    [EVENT_CAP_APPLIED] = core_cap_applied,
    [EVENT_MEASURED] = core_measured,
    [EVENT_CHECKPOINT] = apply_checkpoint,
    [EVENT_RETRY_ALL] = core_retry_all,
    [EVENT_GUARD] = apply_nothing,
};

static void run_timer(struct core *core, const struct core_timer *timer, struct actions *out)
{
    struct core_gang *gang = core_gang_of(core, timer->gang);

    switch (timer->kind) {
    case TIMER_READY:
    case TIMER_WALL:
        core_gang_timer(core, timer, out);
        break;
    case TIMER_HOST:
        core_host_timer(core, (int)timer->gang, out);
        break;
    case TIMER_FENCE:
        core_fence_timer(core, (int)timer->gang, out);
        break;
    case TIMER_CAP:
        if (gang != NULL && gang->view.attempt == timer->attempt)
            core_cap_timer(core, gang, out);
        break;
    case TIMER_AGAIN:
    case TIMER_DEADLINE: /* it has become urgent: the order has changed */
        if (gang != NULL && gang->view.state == GANG_WAITING)
            core_gang_fresh(core, gang);
        break;
    }
}

/* Time moves on: never back, and a long gap between events is our own pause. */
static void advance(struct core *core, int64_t now_ms, struct actions *out)
{
    struct core_timer timer;

    if (now_ms > core->now_ms + CORE_LOOP_GAP_MS && !core->options.starts_at_once)
        core->shift_ms += now_ms - core->now_ms;
    if (now_ms > core->now_ms)
        core->now_ms = now_ms;
    while (core_timer_take(core, core->now_ms, &timer))
        run_timer(core, &timer, out);
}

static int check_invariants(const struct core *core, struct err *err)
{
    char *broken;

    if (!core->options.checks_invariants)
        return 0;
    broken = core_check(core);
    if (broken == NULL)
        return 0;
    (void)err_set(err, ERR_INTERNAL, "an invariant of the scheduler is broken: %s", broken);
    mem_free(broken);
    return -1;
}

int core_apply(struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    int rc;

    advance(core, event->now_ms, out);
    rc = APPLY[event->kind](core, event, out, err);
    core_quick_decide(core, out);
    return check_invariants(core, err) != 0 ? -1 : rc;
}

int64_t core_next_ms(const struct core *core)
{
    int64_t next = core->timer_count > 0 ? core->timers[0].at_ms : INT64_MAX;
    int64_t round_ms = core->last_round_ms == INT64_MIN ? core->now_ms
                                                        : core->last_round_ms + CORE_ROUND_MS;

    if (core->waiting_count > 0 && !core->is_settled && round_ms < next)
        next = round_ms;
    return next;
}

/* --- Looking */

const struct fleet *core_fleet(const struct core *core)
{
    return core->fleet;
}

const struct ledger *core_ledger(const struct core *core)
{
    return core->ledger;
}

size_t core_gang_count(const struct core *core)
{
    return core->gang_count;
}

const struct gang *core_gang_at(const struct core *core, size_t index)
{
    return &core->gangs[index]->view;
}

const struct gang *core_find_gang(const struct core *core, int64_t id)
{
    const struct core_gang *gang = core_gang_of(core, id);

    return gang != NULL ? &gang->view : NULL;
}

const struct gang *core_find_holder(const struct core *core, holder_id holder)
{
    const struct core_gang *gang = core_gang_of(core, holder >> CORE_ATTEMPT_BITS);

    return gang != NULL && gang->view.holder == holder ? &gang->view : NULL;
}

int core_find_job(const struct core *core, int64_t job, int64_t *first_gang)
{
    const struct core_job *found = core_job_of(core, job);

    if (found == NULL)
        return 0;
    *first_gang = found->first_gang;
    return found->gang_count;
}

const struct round_report *core_last_round(const struct core *core)
{
    return &core->report;
}

const struct core_times *core_times(const struct core *core)
{
    return core->times;
}
