/* The core's changes become rows: of gangs, jobs, usage and the event log. */
#include "base/hostlist.h"
#include "base/mem.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <string.h>

enum { ARCHIVE_JOBS = 200, HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

void server_note(struct server *server, const struct event_row *row)
{
    struct err err = {0};

    if (server_write(server))
        server_check(server, store_add_event(server->store, row, &err), &err);
}

static void mark_dirty(struct server *server, int64_t gang)
{
    if (id_map_find(&server->dirty_slots, gang) != ID_MAP_NONE)
        return;
    id_map_add(&server->dirty_slots, gang, (int)server->dirty_count);
    server->dirty = mem_grow(
        server->dirty, server->dirty_count, &server->dirty_capacity, sizeof *server->dirty);
    server->dirty[server->dirty_count++] = gang;
}

/* --- Usage */

void server_write_usage(struct server *server, const struct attempt *attempt, int64_t end_ms)
{
    const struct gang *gang = core_find_gang(server->core, attempt->gang);
    double hours = (double)(end_ms - attempt->start_ms) / HOUR_MS;
    double joules = attempt->done_joules;
    struct err err = {0};

    if (gang == NULL || hours < 0 || !server_write(server))
        return;
    for (int i = 0; i < attempt->task_count; i++)
        joules += attempt->tasks[i].joules;
    if (joules <= 0) /* nothing measures it there: what was committed */
        joules = attempt->kw * hours * 3.6e6;
    server_check(server,
        store_put_usage(server->store,
            &(struct usage_row){.gang = gang->id,
                .job = gang->job,
                .attempt = attempt->number,
                .tenant = gang->spec->tenant,
                .user = gang->user != NULL ? gang->user : "",
                .system = attempt->system,
                .start_ms = attempt->start_ms,
                .end_ms = end_ms,
                .chip_seconds = attempt->chips * hours * 3600,
                .joules = joules,
                .usd = attempt->usd_per_hour * hours},
            &err),
        &err);
}

void server_write_usage_of_all(struct server *server)
{
    for (size_t i = 0; i < server->attempt_count; i++) {
        const struct gang *gang = core_find_gang(server->core, server->attempts[i]->gang);

        if (gang != NULL && gang->state != GANG_STARTING)
            server_write_usage(server, server->attempts[i], server->now_ms);
    }
}

/* --- Taking in what the core did */

static void take_changed(struct server *server, const struct action *action)
{
    const struct gang *gang = core_find_gang(server->core, action->gang);
    struct server_job *job = job_find(server, gang->job);
    struct attempt *attempt = attempt_find(server, action->gang);
    bool is_over = action->state == GANG_WAITING || gang_state_is_terminal(action->state);
    const char *why = END_CAUSE_NAMES[action->cause];
    bool goes_well = action->state == GANG_STARTING || action->state == GANG_RUNNING ||
                     action->state == GANG_DONE;

    if (gang_state_is_terminal(action->state) && gang->reason != NULL)
        why = gang->reason;
    if (attempt != NULL && attempt->number == action->attempt && attempt->stop_why != NULL)
        why = attempt->stop_why;
    mark_dirty(server, action->gang);
    if (job != NULL)
        job->change = ++server->change;
    if (is_over && attempt != NULL && attempt->number == action->attempt) {
        if (attempt->start_ms > 0)
            server_write_usage(server, attempt, server->now_ms);
    } else if (action->state == GANG_RUNNING && attempt != NULL) {
        attempt->start_ms = server->now_ms;
    }
    if (core_gang_is_untouched(server->core, gang->id) && gang->member > 0)
        return; /* members of a new array: their job's row and event say it */
    server_note(server, &(struct event_row){.at_ms = server->now_ms,
                            .job = gang->job,
                            .gang = gang->id,
                            .member = gang->member,
                            .attempt = action->attempt,
                            .what = action->attempt == 0 && action->state == GANG_WAITING
                                        ? "submitted"
                                        : GANG_STATE_NAMES[action->state],
                            .why = goes_well ? "" : why,
                            /* who asked for what has it start now is not who did it */
                            .who = server->who != NULL && !goes_well ? server->who : "",
                            .place = attempt != NULL && attempt->number == action->attempt &&
                                             action->state == GANG_STARTING
                                         ? attempt->hosts
                                         : ""});
}

static void take_host(struct server *server, const struct action *action)
{
    struct host_session *session = &server->hosts[action->host];
    const char *drain = core_drain_reason(server->core, action->host);
    char name[FLEET_NAME_SIZE];
    struct err err = {0};

    session->since_ms = server->now_ms;
    mem_free(session->why);
    session->why = action->why != NULL ? mem_copy_text(action->why) : NULL;
    mem_free(session->who);
    session->who = server->who != NULL ? mem_copy_text(server->who) : NULL;
    (void)fleet_host_name(server->fleet, action->host, name);
    server_log(server, "host %s is %s%s%s", name, HOST_STATE_NAMES[action->mode],
        action->why != NULL ? ": " : "", action->why != NULL ? action->why : "");
    if (!server_write(server))
        return;
    server_check(server,
        store_put_host(server->store,
            &(struct host_row){.name = name,
                .is_drained = drain != NULL,
                .why = drain != NULL ? drain : "",
                .who = session->who != NULL ? session->who : "",
                .since_ms = server->now_ms,
                .boot = session->boot},
            &err),
        &err);
}

void server_take_actions(struct server *server)
{
    for (size_t i = 0; i < server->actions.count; i++) {
        const struct action *action = &server->actions.list[i];
        const struct gang *gang = core_find_gang(server->core, action->gang);

        switch (action->kind) {
        case ACTION_PREPARE:
            if (gang->placement != NULL && gang->attempt == action->attempt) {
                (void)attempt_open(server, gang);
                server_mark_hosts(server, gang);
            }
            break;
        case ACTION_GO:
        case ACTION_STOP:
        case ACTION_CAP:
            if (gang->placement != NULL && gang->attempt == action->attempt)
                server_mark_hosts(server, gang);
            break;
        case ACTION_CHANGED:
            take_changed(server, action);
            break;
        case ACTION_HOST_CHANGED:
            take_host(server, action);
            break;
        case ACTION_KIND_COUNT:
            break;
        }
    }
    server->actions.count = 0;
}

/* --- Rows of gangs and jobs */

static void write_gang(struct server *server, const struct gang *gang)
{
    const struct attempt *attempt = attempt_find(server, gang->id);
    struct gang_image image;
    struct str placement = {0};
    struct err err = {0};
    const char *reason;

    if (!core_gang_image(server->core, gang->id, &image))
        return;
    reason = image.reason;
    if (reason == NULL && gang->state == GANG_FAILED && attempt != NULL)
        reason = attempt->stop_why;
    if (gang->placement != NULL)
        placement_write(server->fleet, gang->shape, gang->placement, &placement);
    server_check(server,
        store_put_gang(server->store,
            &(struct gang_row){.id = gang->id,
                .job = gang->job,
                .member = gang->member,
                .state = image.state,
                .cause = image.cause,
                .ending = image.ending,
                .attempt = image.attempt,
                .retries_left = image.retries_left,
                .is_held = image.is_held,
                .is_borrowing = image.is_borrowing,
                .waits_for_hosts = image.waits_for_hosts,
                .start_ms = image.start_ms,
                .end_ms = image.end_ms,
                .shape_system = image.shape_system,
                .stack_system = image.stack_system,
                .mode = image.mode,
                .system = attempt != NULL ? attempt->system : "",
                .hosts = attempt != NULL ? attempt->hosts : "",
                .master = attempt != NULL && attempt->master != NULL ? attempt->master : "",
                .reason = reason != NULL ? reason : "",
                .placement = placement.text,
                .placement_bytes = placement.length,
                .exit_status = attempt != NULL ? attempt->exit_status : 0,
                .task_count = gang->spec->tasks,
                .chip_count = attempt != NULL ? (int)attempt->chips : 0},
            &err),
        &err);
    str_fini(&placement);
}

static void write_job_end(struct server *server, int64_t id)
{
    const struct server_job *job = job_find(server, id);
    const struct job_spec *spec;
    const struct gang *first;
    int64_t first_gang = 0;
    int gang_count = core_find_job(server->core, id, &first_gang);
    int64_t end_ms;
    int failed_count;
    struct err err = {0};

    if (job == NULL || !core_job_has_ended(server->core, id, &end_ms, &failed_count))
        return;
    spec = &job->manifest->list->specs[job->index];
    first = core_find_gang(server->core, first_gang);
    server_check(server,
        store_put_job(server->store,
            &(struct job_row){.id = id,
                .gang_count = gang_count,
                .first_gang = first_gang,
                .manifest = job->manifest->id,
                .manifest_index = job->index,
                .name = spec->name,
                .tenant = spec->tenant,
                .user = first->user,
                .kind = JOB_KIND_NAMES[spec->kind],
                .priority = spec->priority,
                .submit_ms = first->submit_ms,
                .end_ms = end_ms,
                .failed_count = failed_count},
            &err),
        &err);
}

void server_write_gangs(struct server *server)
{
    for (size_t i = 0; i < server->dirty_count; i++) {
        const struct gang *gang = core_find_gang(server->core, server->dirty[i]);

        id_map_remove(&server->dirty_slots, server->dirty[i]);
        if (gang == NULL || core_gang_is_untouched(server->core, gang->id) || !server_write(server))
            continue;
        write_gang(server, gang);
        if (gang->placement == NULL)
            attempt_close(server, gang->id);
        if (gang_state_is_terminal(gang->state))
            write_job_end(server, gang->job);
    }
    server->dirty_count = 0;
}

/* --- What goes */

static void job_gone(void *context, int64_t job, const struct job_spec *spec)
{
    (void)spec;
    job_close(context, job);
}

void server_forget(struct server *server)
{
    int64_t before_ms = server->now_ms - (int64_t)(server->options.keep_days * DAY_MS);
    struct err err = {0};
    int moved;

    if (!server->round_is_open) { /* else the core keeps all */
        (void)core_forget(server->core, server->now_ms - FORGET_MS, job_gone, server);
        if (server->gone_before_ms < server->now_ms - FORGET_MS)
            server->gone_before_ms = server->now_ms - FORGET_MS;
    }
    if (server->is_writing || server->is_full)
        return;
    moved = store_archive(server->store, before_ms, server->now_ms, ARCHIVE_JOBS, &err);
    if (moved < 0)
        server_log(server, "old jobs could not be moved to the archive: %s", err.text);
}
