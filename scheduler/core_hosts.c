/*
 * Hosts: who speaks, who fell silent, what is known to be over there. Silence counts from a host's
 * last report, less our own pauses; with no report yet, from the core's start.
 */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/core_private.h"

#include <string.h>

static int check_host(const struct core *core, int host, struct err *err)
{
    if (host < 0 || host >= core->fleet->host_count)
        return err_set(err, ERR_NOT_FOUND, "there is no host %d", host);
    return 0;
}

/* When it last spoke, in a time without our own pauses since. */
static int64_t last_spoke_ms(const struct core *core, int host)
{
    const struct core_host *h = &core->hosts[host];
    int64_t report = h->report_ms != INT64_MIN ? h->report_ms : core->start_ms;

    return report + core->shift_ms - h->shift_ms;
}

static void set_state(
    struct core *core, int host, enum host_state state, const char *why, struct actions *out)
{
    if (ledger_host_state(core->ledger, host) == state)
        return;
    ledger_set_host_state(core->ledger, host, state);
    core->is_settled = false;
    core->has_freed |= state == HOST_UP;
    core_act(
        out, (struct action){.kind = ACTION_HOST_CHANGED, .host = host, .mode = state, .why = why});
}

static void watch(struct core *core, int host, int64_t at_ms)
{
    if (core->hosts[host].is_watched)
        return;
    core->hosts[host].is_watched = true;
    core_timer_add(core, (struct core_timer){at_ms, TIMER_HOST, host, 0});
}

void core_host_watch(struct core *core, int host)
{
    watch(core, host, last_spoke_ms(core, host) + CORE_SUSPECT_MS);
}

/* Calls visit for each gang that has unfinished tasks on the host. The gangs are looked up first:
 * visiting changes who holds what. */
static void for_each_gang_on(struct core *core, int host, struct actions *out,
    void (*visit)(struct core *core, struct core_gang *gang, int host, struct actions *out))
{
    holder_id ids[64];
    int count = ledger_host_holders(core->ledger, host, ids, 64);
    holder_id *all = ids;

    if (count > 64) {
        all = mem_zero((size_t)count, sizeof *all);
        count = ledger_host_holders(core->ledger, host, all, count);
    }
    for (int i = 0; i < count; i++) {
        struct core_gang *gang = core_gang_of(core, all[i] >> CORE_ATTEMPT_BITS);

        if (gang != NULL && gang->view.holder == all[i])
            visit(core, gang, host, out);
    }
    if (all != ids)
        mem_free(all);
}

/* Its tasks on that host are known to be over. */
static void tasks_over(struct core *core, struct core_gang *gang, int host, struct actions *out)
{
    int64_t attempt = gang->view.attempt;

    for (int i = 0;
         gang->tasks != NULL && gang->view.attempt == attempt && i < gang->placement.task_count;
         i++)
        if (gang->placement.tasks[i].host == host && gang->tasks[i] != TASK_ENDED)
            core_task_ended(core, gang, i, gang->ending == END_NONE, END_LOST, out);
}

/* Look at the host when the gang is fenced there, or earlier: one timer for each host. */
static void watch_fence(struct core *core, struct core_gang *gang, int host)
{
    struct core_host *h = &core->hosts[host];
    int64_t at_ms = core_host_fence_ms(core, host, gang->view.spec);

    if (h->fence_ms != 0 && h->fence_ms <= at_ms)
        return;
    h->fence_ms = at_ms;
    core_timer_add(core, (struct core_timer){at_ms, TIMER_FENCE, host, 0});
}

/* The host went down: its gang has failed, and is over there when it is fenced. */
static void gang_lost(struct core *core, struct core_gang *gang, int host, struct actions *out)
{
    core_stop(core, gang, END_LOST, NULL, out);
    if (gang->tasks != NULL)
        watch_fence(core, gang, host);
}

int64_t core_host_fence_ms(const struct core *core, int host, const struct job_spec *spec)
{
    return last_spoke_ms(core, host) + (int64_t)(spec->lease_minutes * 6e4) +
           (int64_t)spec->grace_seconds * 1000 + CORE_FENCE_SLACK_MS;
}

/* Not due: another gang was, or a pause of our own has put it off. */
static void fence_if_due(struct core *core, struct core_gang *gang, int host, struct actions *out)
{
    if (core->now_ms >= core_host_fence_ms(core, host, gang->view.spec))
        tasks_over(core, gang, host, out);
    else
        watch_fence(core, gang, host);
}

/* --- Many at once: a switch or a scheduler's network, not so many hosts */

/* One of those that half are to be back of. */
static void note_vanished(struct core *core, int host)
{
    struct core_host *h = &core->hosts[host];

    if (h->has_vanished)
        return;
    h->has_vanished = true;
    core->mass_down_count++;
    core->vanished_count += h->down_ms != 0;
}

static void note_down(struct core *core, int host)
{
    size_t kept = 0;

    core->hosts[host].down_ms = core->now_ms;
    for (size_t i = 0; i < core->recent_count; i++)
        if (core->recent_down[i] != host && /* it counts once, however often it goes */
            core->hosts[core->recent_down[i]].down_ms > core->now_ms - CORE_MASS_WINDOW_MS)
            core->recent_down[kept++] = core->recent_down[i];
    core->recent_count = kept;
    core->recent_down = mem_grow(
        core->recent_down, core->recent_count, &core->recent_capacity, sizeof *core->recent_down);
    core->recent_down[core->recent_count++] = host;
    if (core->hosts[host].has_vanished)
        core->vanished_count++; /* it had come back, and went again */
    if (core->recent_count >= CORE_MASS_LEAST &&
        core->recent_count * 10 > (size_t)core->fleet->host_count)
        for (size_t i = 0; i < core->recent_count; i++)
            note_vanished(core, core->recent_down[i]);
}

static void end_mass_hold(struct core *core)
{
    core->mass_down_count = 0;
    core->vanished_count = 0;
    core->recent_count = 0;
    for (int host = 0; host < core->fleet->host_count; host++)
        core->hosts[host].has_vanished = false;
    for (size_t i = 0; i < core->waiting_count; i++)
        if (core->waiting[i]->waits_for_hosts) {
            core->waiting[i]->waits_for_hosts = false;
            core_gang_fresh(core, core->waiting[i]);
        }
}

static void note_back(struct core *core, int host)
{
    if (core->hosts[host].down_ms == 0)
        return;
    core->hosts[host].down_ms = 0;
    if (!core->hosts[host].has_vanished)
        return;
    core->vanished_count--;
    if (core->vanished_count * 2 <= core->mass_down_count)
        end_mass_hold(core);
}

int core_retry_all(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    (void)event;
    (void)out;
    if (core->mass_down_count == 0)
        return err_set(err, ERR_STATE, "no retries are being held back");
    end_mass_hold(core);
    return 0;
}

/* --- Events */

void core_host_timer(struct core *core, int host, struct actions *out)
{
    enum host_state state = ledger_host_state(core->ledger, host);
    int64_t spoke_ms = last_spoke_ms(core, host);
    int64_t next_ms = spoke_ms + CORE_SUSPECT_MS;

    core->hosts[host].is_watched = false;
    if (core->now_ms >= spoke_ms + CORE_DOWN_MS) {
        /* One that never spoke and runs nothing of ours stays unknown. */
        if (core->hosts[host].down_ms != 0 ||
            (core->hosts[host].report_ms == INT64_MIN &&
                ledger_host_holders(core->ledger, host, NULL, 0) == 0))
            return;
        note_down(core, host);
        if (state != HOST_DRAINED)
            set_state(core, host, HOST_DOWN, "no report for 60 s", out);
        for_each_gang_on(core, host, out, gang_lost);
        return;
    }
    if (core->now_ms >= next_ms) {
        if (state == HOST_UP)
            set_state(core, host, HOST_SUSPECT, "no report for 15 s", out);
        /* Not later than it could be suspect again, should it speak in between. */
        next_ms = core->now_ms + CORE_SUSPECT_MS;
        if (next_ms > spoke_ms + CORE_DOWN_MS)
            next_ms = spoke_ms + CORE_DOWN_MS;
    }
    watch(core, host, next_ms);
}

void core_fence_timer(struct core *core, int host, struct actions *out)
{
    struct core_host *h = &core->hosts[host];

    if (h->fence_ms > core->now_ms)
        return;
    h->fence_ms = 0;
    if (h->down_ms != 0)
        for_each_gang_on(core, host, out, fence_if_due);
}

int core_host_report(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_host *h;

    if (check_host(core, event->host, err) != 0)
        return -1;
    h = &core->hosts[event->host];
    if (h->report_ms != INT64_MIN && h->boot != event->boot)
        for_each_gang_on(core, event->host, out, tasks_over);
    h->report_ms = core->now_ms;
    h->shift_ms = core->shift_ms;
    h->boot = event->boot;
    h->can_cap = event->can_cap;
    note_back(core, event->host);
    ledger_set_bad_chips(core->ledger, event->host, event->bad_chips);
    if (!h->is_drained)
        set_state(core, event->host, HOST_UP, NULL, out);
    watch(core, event->host, core->now_ms + CORE_SUSPECT_MS);
    return 0;
}

int core_host_fenced(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    enum host_state state;

    if (check_host(core, event->host, err) != 0)
        return -1;
    state = ledger_host_state(core->ledger, event->host);
    if (state == HOST_UP || (state == HOST_DRAINED && core->hosts[event->host].down_ms == 0))
        return err_set(err, ERR_STATE,
            "the host is up and speaks for itself; only a host that is down can be fenced");
    for_each_gang_on(core, event->host, out, tasks_over);
    return 0;
}

static void drain(struct core *core, int host, const char *why, struct actions *out)
{
    struct core_host *h = &core->hosts[host];

    h->is_drained = true;
    mem_free(h->why);
    h->why = mem_copy_text(why);
    set_state(core, host, HOST_DRAINED, h->why, out);
}

int core_drain(struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    if (check_host(core, event->host, err) != 0)
        return -1;
    drain(core, event->host, event->why != NULL ? event->why : "by an operator", out);
    return 0;
}

int core_resume(struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_host *h;
    enum host_state state;

    if (check_host(core, event->host, err) != 0)
        return -1;
    h = &core->hosts[event->host];
    if (!h->is_drained)
        return err_set(err, ERR_STATE, "the host is not drained");
    h->is_drained = false;
    mem_free(h->why);
    h->why = NULL;
    memset(h->failed_job, 0, sizeof h->failed_job);
    state = h->report_ms == INT64_MIN ? core->options.initial_hosts
            : h->down_ms != 0         ? HOST_DOWN
                                      : HOST_UP;
    set_state(core, event->host, state, NULL, out);
    return 0;
}

int core_prolog_failed(
    struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    struct core_gang *gang;

    if (check_host(core, event->host, err) != 0)
        return -1;
    drain(core, event->host, "its prolog failed", out);
    gang = core_gang_of(core, event->gang);
    if (gang != NULL && gang->view.attempt == event->attempt)
        core_stop(core, gang, END_PROLOG, NULL, out);
    return 0;
}

void core_host_task_failed(struct core *core, int host, int64_t job, struct actions *out)
{
    struct core_host *h = &core->hosts[host];
    int recent_count = 0;
    int oldest = 0;

    for (int i = 0; i < CORE_FLAKY_JOBS; i++) {
        if (h->failed_job[i] == job)
            oldest = i; /* the same job again takes its own place */
        else if (h->failed_job[oldest] != job && h->failed_ms[i] < h->failed_ms[oldest])
            oldest = i;
    }
    h->failed_job[oldest] = job;
    h->failed_ms[oldest] = core->now_ms;
    for (int i = 0; i < CORE_FLAKY_JOBS; i++)
        recent_count += h->failed_job[i] != 0 && h->failed_ms[i] > core->now_ms - CORE_DAY_MS;
    if (recent_count == CORE_FLAKY_JOBS && !h->is_drained)
        drain(core, host, "tasks of 3 different jobs failed on it in a day", out);
}

bool core_holds_retries(const struct core *core)
{
    return core->mass_down_count > 0;
}

const char *core_drain_reason(const struct core *core, int host)
{
    return core->hosts[host].is_drained ? core->hosts[host].why : NULL;
}
