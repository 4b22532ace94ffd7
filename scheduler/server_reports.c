/* What agents say of tasks, as events; and what they no longer have. */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <stdio.h>
#include <string.h>

/* Its end is stored (with this turn's commit): the agent may let go of it. */
static void tell_stored(struct server *server, int host, const Wattyard__TaskId *id)
{
    struct host_session *session = &server->hosts[host];

    session->ended = mem_grow(
        session->ended, session->ended_count, &session->ended_capacity, sizeof *session->ended);
    wattyard__task_id__init(&session->ended[session->ended_count]);
    session->ended[session->ended_count].gang = id->gang;
    session->ended[session->ended_count].attempt = id->attempt;
    session->ended[session->ended_count++].rank = id->rank;
}

static bool is_over(Wattyard__TaskState state)
{
    return state >= WATTYARD__TASK_STATE__TASK_ENDED;
}

static void store_end(
    struct server *server, int host, const Wattyard__TaskReport *task, bool is_lost)
{
    char name[FLEET_NAME_SIZE];
    struct err err = {0};

    if (!server_write(server))
        return;
    server_check(server,
        store_put_task(server->store,
            &(struct task_row){.gang = (int64_t)task->id->gang,
                .attempt = (int)task->id->attempt,
                .rank = (int)task->id->rank,
                .exit_status = task->exit_status,
                .signal = task->signal,
                .is_lost = is_lost,
                .why = task->why,
                .host = fleet_host_name(server->fleet, host, name),
                .started_ms = task->started_ms,
                .ended_ms = task->ended_ms},
            &err),
        &err);
}

/* "task 3 exited 1 on oregon-…-t04", for the history, of the one that failed first. */
static void note_failure(
    struct server *server, struct attempt *attempt, int host, const Wattyard__TaskReport *task)
{
    struct str text = {0};
    char name[FLEET_NAME_SIZE];

    if (attempt->stop_why != NULL)
        return;
    (void)fleet_host_name(server->fleet, host, name);
    if (task->state == WATTYARD__TASK_STATE__TASK_PROLOG_FAILED)
        str_format(&text, "the prolog of task %u failed on %s", task->id->rank, name);
    else if (task->state == WATTYARD__TASK_STATE__TASK_NOT_STARTED)
        str_format(&text, "task %u could not be started on %s", task->id->rank, name);
    else if (task->state == WATTYARD__TASK_STATE__TASK_LOST)
        str_format(&text, "task %u was lost on %s", task->id->rank, name);
    else if (task->signal != 0)
        str_format(&text, "task %u ended by signal %d on %s", task->id->rank, task->signal, name);
    else
        str_format(&text, "task %u exited %d on %s", task->id->rank, task->exit_status, name);
    if (task->why[0] != '\0')
        str_format(&text, ": %s", task->why);
    attempt->stop_why = mem_copy_text(str_text(&text));
    attempt->exit_status = task->signal != 0 ? 128 + task->signal : task->exit_status;
    str_fini(&text);
}

static bool has_failed(const Wattyard__TaskReport *task)
{
    return task->state != WATTYARD__TASK_STATE__TASK_ENDED || task->exit_status != 0 ||
           task->signal != 0;
}

static void take_end(struct server *server, struct attempt *attempt, const struct gang *gang,
    int host, const Wattyard__TaskReport *task)
{
    bool is_lost = task->state == WATTYARD__TASK_STATE__TASK_LOST ||
                   (task->state == WATTYARD__TASK_STATE__TASK_NOT_STARTED &&
                       gang->state == GANG_RUNNING);
    struct event event = {.kind = EVENT_TASK_ENDED,
        .gang = gang->id,
        .attempt = attempt->number,
        .task = (int)task->id->rank,
        .exit_status = has_failed(task) ? 1 : 0,
        .is_lost = is_lost,
        .host = host};

    if (attempt->tasks[task->id->rank].state == WATTYARD__TASK_STATE__TASK_ENDED)
        return;
    if (has_failed(task) && gang->state != GANG_STOPPING)
        note_failure(server, attempt, host, task);
    attempt->tasks[task->id->rank].state = WATTYARD__TASK_STATE__TASK_ENDED;
    attempt->done_joules += task->joules;
    attempt->tasks[task->id->rank].joules = 0;
    store_end(server, host, task, is_lost);
    if (task->state == WATTYARD__TASK_STATE__TASK_PROLOG_FAILED) {
        event.kind = EVENT_PROLOG_FAILED;
        (void)server_apply(server, &event, NULL);
        event.kind = EVENT_TASK_ENDED;
    }
    (void)server_apply(server, &event, NULL);
}

/* Rank 0 is ready: where the others find it. */
static void keep_master(
    struct server *server, struct attempt *attempt, int host, const Wattyard__TaskReport *task)
{
    struct str text = {0};
    const char *address = server->hosts[host].address;

    if (task->id->rank != 0 || attempt->master != NULL)
        return;
    str_format(&text, "%.255s:%u", address != NULL ? address : "", task->port);
    attempt->master = mem_copy_text(str_text(&text));
    str_fini(&text);
}

/* All tasks have the mode that was asked for. */
static void look_at_caps(struct server *server, const struct gang *gang, struct attempt *attempt)
{
    struct gang_image image;
    struct event event = {.kind = EVENT_CAP_APPLIED, .gang = gang->id, .attempt = attempt->number};

    if (!core_gang_image(server->core, gang->id, &image) || image.mode == image.mode_asked)
        return;
    for (int i = 0; i < attempt->task_count; i++)
        if (attempt->tasks[i].mode != image.mode_asked &&
            attempt->tasks[i].state != WATTYARD__TASK_STATE__TASK_ENDED)
            return;
    event.mode = image.mode_asked;
    (void)server_apply(server, &event, NULL);
}

static void take_live(struct server *server, struct attempt *attempt, const struct gang *gang,
    int host, const Wattyard__TaskReport *task)
{
    struct attempt_task *known = &attempt->tasks[task->id->rank];
    struct event event = {
        .gang = gang->id, .attempt = attempt->number, .task = (int)task->id->rank};
    bool was_ready = known->state >= WATTYARD__TASK_STATE__TASK_READY;

    known->state = (unsigned char)task->state;
    known->joules = task->joules;
    known->mode = (unsigned char)task->mode;
    if (task->checkpoint_ms > 0) {
        event.kind = EVENT_CHECKPOINT;
        event.at_ms = task->checkpoint_ms;
        (void)server_apply(server, &event, NULL);
    }
    if (task->state < WATTYARD__TASK_STATE__TASK_READY)
        return;
    keep_master(server, attempt, host, task);
    if (!was_ready) {
        event.kind = EVENT_TASK_READY;
        (void)server_apply(server, &event, NULL);
    }
    gang = core_find_gang(server->core, (int64_t)task->id->gang);
    attempt = attempt_find(server, (int64_t)task->id->gang);
    if (gang != NULL && attempt != NULL)
        look_at_caps(server, gang, attempt);
}

static void take_task(struct server *server, int host, const Wattyard__TaskReport *task)
{
    const struct gang *gang = core_find_gang(server->core, (int64_t)task->id->gang);
    struct attempt *attempt = attempt_find(server, (int64_t)task->id->gang);
    bool is_current = gang != NULL && attempt != NULL && gang->placement != NULL &&
                      gang->attempt == attempt->number &&
                      task->id->attempt == (uint32_t)gang->attempt &&
                      task->id->rank < (uint32_t)attempt->task_count &&
                      gang->placement->tasks[task->id->rank].host == host;

    if (is_current && is_over(task->state))
        take_end(server, attempt, gang, host, task);
    else if (is_current)
        take_live(server, attempt, gang, host, task);
    /* Of an attempt that is over, or of nobody's: its end matters to none. */
    if (is_over(task->state))
        tell_stored(server, host, task->id);
}

/* --- What it should have and does not */

static bool is_named(
    Wattyard__TaskReport *const *tasks, size_t count, const struct gang *gang, int rank)
{
    for (size_t i = 0; i < count; i++)
        if (tasks[i]->id->gang == (uint64_t)gang->id &&
            tasks[i]->id->attempt == (uint32_t)gang->attempt &&
            tasks[i]->id->rank == (uint32_t)rank)
            return true;
    return false;
}

/* One that was ready and is not there any more does not run, and never will. */
static void take_missing(struct server *server, int host, const struct gang *gang, int rank)
{
    struct attempt *attempt = attempt_open(server, gang);
    bool was_ready = attempt->tasks[rank].state >= WATTYARD__TASK_STATE__TASK_READY;
    Wattyard__TaskId id = WATTYARD__TASK_ID__INIT;
    Wattyard__TaskReport report = WATTYARD__TASK_REPORT__INIT;
    char why[] = "its host does not have it any more";

    if (gang->state == GANG_STARTING && !was_ready) {
        attempt->tasks[rank].state = WATTYARD__TASK_STATE__TASK_UNKNOWN;
        return; /* it is still to be prepared */
    }
    id.gang = (uint64_t)gang->id;
    id.attempt = (uint32_t)gang->attempt;
    id.rank = (uint32_t)rank;
    report.id = &id;
    report.state = WATTYARD__TASK_STATE__TASK_LOST;
    report.why = why;
    take_end(server, attempt, gang, host, &report);
}

static void look_for_missing(
    struct server *server, int host, Wattyard__TaskReport *const *tasks, size_t count)
{
    const struct ledger *ledger = core_ledger(server->core);
    int holder_count = ledger_host_holders(ledger, host, NULL, 0);
    holder_id *ids = mem_zero((size_t)holder_count, sizeof *ids);

    (void)ledger_host_holders(ledger, host, ids, holder_count);
    for (int i = 0; i < holder_count; i++) {
        const struct gang *gang = core_find_holder(server->core, ids[i]);

        for (int rank = 0; gang != NULL && gang->placement != NULL && gang->holder == ids[i] &&
                           rank < gang->placement->task_count;
             rank++)
            if (gang->placement->tasks[rank].host == host &&
                attempt_open(server, gang)->tasks[rank].state != WATTYARD__TASK_STATE__TASK_ENDED &&
                !is_named(tasks, count, gang, rank))
                take_missing(server, host, gang, rank);
    }
    mem_free(ids);
}

void server_take_tasks(struct server *server, int host, Wattyard__TaskReport *const *tasks,
    size_t count, bool is_applied)
{
    for (size_t i = 0; i < count; i++)
        if (tasks[i]->id != NULL)
            take_task(server, host, tasks[i]);
    if (is_applied)
        look_for_missing(server, host, tasks, count);
}
