/* From stored rows to a core that goes on where the last one was. */
#include "base/faults.h"
#include "base/mem.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <string.h>

enum { PAST_JOBS = 50000 };

/* --- The fleet in force */

struct fleet_read {
    struct fleet *fleet;
    struct faults faults;
};

static int parse_fleet(void *context, const struct fleet_row *row, struct err *err)
{
    struct fleet_read *read = context;

    (void)err;
    read->fleet = fleet_parse(row->xml, row->xml_bytes, "the applied fleet", &read->faults);
    return 0;
}

struct fleet *server_read_fleet(struct server *server, struct err *err)
{
    struct fleet_read read = {0};

    if (server->cluster.fleet_version > 0) {
        if (store_each_fleet(
                server->store, server->cluster.fleet_version, parse_fleet, &read, err) != 0)
            return NULL;
    } else if (server->options.fleet_path != NULL) {
        read.fleet = fleet_load(
            server->options.fleet_path, server->options.data_folder, &read.faults);
    } else {
        (void)err_set(
            err, ERR_USAGE, "the state folder holds no fleet yet: name a fleet file with --fleet");
        return NULL;
    }
    if (read.fleet == NULL)
        (void)faults_to_err(&read.faults, err);
    faults_fini(&read.faults);
    return read.fleet;
}

/* --- Rows that are read before others are asked for */

struct stored_job {
    int64_t id, first_gang, manifest, submit_ms;
    int index;
    char *user; /* owned */
};

struct stored_jobs {
    struct stored_job *list;
    size_t count, capacity;
};

static int keep_job(void *context, const struct job_row *row, struct err *err)
{
    struct stored_jobs *jobs = context;

    (void)err;
    jobs->list = mem_grow(jobs->list, jobs->count, &jobs->capacity, sizeof *jobs->list);
    jobs->list[jobs->count++] = (struct stored_job){row->id, row->first_gang, row->manifest,
        row->submit_ms, row->manifest_index, mem_copy_text(row->user)};
    return 0;
}

static void stored_jobs_fini(struct stored_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        mem_free(jobs->list[i].user);
    mem_free(jobs->list);
}

struct past_job {
    int64_t id;
    char *tenant, *name; /* owned */
    bool is_ok;
};

struct past_jobs {
    struct past_job *list;
    size_t count, capacity;
};

static int keep_past(void *context, const struct job_row *row, struct err *err)
{
    struct past_jobs *past = context;

    (void)err;
    past->list = mem_grow(past->list, past->count, &past->capacity, sizeof *past->list);
    past->list[past->count++] = (struct past_job){
        row->id, mem_copy_text(row->tenant), mem_copy_text(row->name), row->failed_count == 0};
    return 0;
}

/* Newest come first from the store; the core wants them last. */
static int load_past(struct server *server, struct err *err)
{
    struct past_jobs past = {0};
    int rc = store_each_ended_job(server->store, INT64_MAX, PAST_JOBS, keep_past, &past, err);

    for (size_t i = past.count; i-- > 0;) {
        if (rc == 0)
            core_note_past(server->core, past.list[i].id, past.list[i].tenant, past.list[i].name,
                past.list[i].is_ok);
        mem_free(past.list[i].tenant);
        mem_free(past.list[i].name);
    }
    mem_free(past.list);
    return rc;
}

/* --- Gangs and their tasks */

static int restore_task(void *context, const struct task_row *row, struct err *err)
{
    struct server *server = context;
    struct attempt *attempt = attempt_find(server, row->gang);

    if (attempt != NULL && row->rank >= 0 && row->rank < attempt->task_count)
        attempt->tasks[row->rank].state = WATTYARD__TASK_STATE__TASK_ENDED;
    return core_restore_task_ended(server->core, row->gang, row->rank, err);
}

static void open_attempt(struct server *server, const struct gang_row *row)
{
    const struct gang *gang = core_find_gang(server->core, row->id);
    struct attempt *attempt;

    if (gang->placement == NULL)
        return;
    attempt = attempt_open(server, gang);
    attempt->exit_status = row->exit_status;
    if (row->master[0] != '\0')
        attempt->master = mem_copy_text(row->master);
}

static int restore_gang(void *context, const struct gang_row *row, struct err *err)
{
    struct server *server = context;
    const struct gang *gang = core_find_gang(server->core, row->id);
    struct placement placement = {0};
    struct gang_image image = {.gang = row->id,
        .state = (enum gang_state)row->state,
        .cause = (enum end_cause)row->cause,
        .ending = (enum end_cause)row->ending,
        .attempt = row->attempt,
        .retries_left = row->retries_left,
        .is_held = row->is_held,
        .is_borrowing = row->is_borrowing,
        .waits_for_hosts = row->waits_for_hosts,
        .start_ms = row->start_ms,
        .end_ms = row->end_ms,
        .shape_system = row->shape_system,
        .stack_system = row->stack_system,
        .mode = row->mode,
        .reason = row->reason[0] != '\0' ? row->reason : NULL};
    int rc;

    if (gang == NULL)
        return err_set(err, ERR_STATE, "gang %lld is stored without its job", (long long)row->id);
    if (row->placement_bytes > 0 && placement_read(server->fleet, gang->shape, row->placement,
                                        row->placement_bytes, &placement, err) != 0)
        return -1;
    rc = core_restore_gang(server->core, &image, &placement, err);
    placement_fini(&placement);
    if (rc != 0)
        return -1;
    open_attempt(server, row);
    if (gang->placement == NULL)
        return 0;
    return store_each_task_of(server->store, row->id, row->attempt, restore_task, server, err);
}

/* --- Jobs */

static struct manifest *read_manifest(struct server *server, int64_t id, struct err *err)
{
    struct manifest *manifest = manifest_find(server, id);
    struct faults faults = {0};
    struct job_list *list = NULL;
    struct str bytes = {0};

    if (manifest != NULL)
        return manifest;
    if (store_read_manifest(server->store, id, &bytes, err) == 0) {
        list = job_list_parse_next(
            &server->schema, str_text(&bytes), bytes.length, "a stored manifest", &faults);
        if (list == NULL)
            (void)faults_to_err(&faults, err);
    }
    str_fini(&bytes);
    faults_fini(&faults);
    return list != NULL ? manifest_open(server, id, list) : NULL;
}

static int load_job(struct server *server, const struct stored_job *row, struct err *err)
{
    struct manifest *manifest = read_manifest(server, row->manifest, err);

    if (manifest == NULL)
        return -1;
    if (row->index < 0 || (size_t)row->index >= manifest->list->count)
        return err_set(
            err, ERR_STATE, "job %lld is stored without its manifest", (long long)row->id);
    if (core_restore_job(server->core, &manifest->list->specs[row->index], row->user, row->id,
            row->first_gang, row->submit_ms, &server->actions, err) != 0)
        return -1;
    (void)job_open(server, row->id, manifest, row->index);
    return store_each_gang_of(server->store, row->id, restore_gang, server, err);
}

static int load_jobs(struct server *server, struct err *err)
{
    struct stored_jobs jobs = {0};
    int rc = store_each_live_job(server->store, keep_job, &jobs, err);

    for (size_t i = 0; i < jobs.count && rc == 0; i++)
        rc = load_job(server, &jobs.list[i], err);
    stored_jobs_fini(&jobs);
    return rc;
}

/* --- Hosts and limits */

static int load_host(void *context, const struct host_row *row, struct err *err)
{
    struct server *server = context;
    int host = fleet_find_host(server->fleet, row->name);
    struct event event = {
        .kind = EVENT_DRAIN, .now_ms = server->now_ms, .host = host, .why = row->why};

    if (host < 0)
        return 0; /* it left the fleet */
    server->hosts[host].since_ms = row->since_ms;
    if (!row->is_drained)
        return 0;
    mem_free(server->hosts[host].why);
    mem_free(server->hosts[host].who);
    server->hosts[host].why = mem_copy_text(row->why);
    server->hosts[host].who = row->who[0] != '\0' ? mem_copy_text(row->who) : NULL;
    return core_apply(server->core, &event, &server->actions, err);
}

static int load_limit(void *context, const struct limit_row *row, struct err *err)
{
    struct server *server = context;
    struct event event = {.kind = EVENT_LIMIT, .now_ms = server->now_ms, .kw = row->kw};

    if (!server_find_place(server->fleet, row->place, &event.level, &event.index))
        return 0;
    return core_apply(server->core, &event, &server->actions, err);
}

static struct core *make_core(const struct server *server)
{
    struct core_options options = {.policy = CORE_POLICY_LP,
        .initial_hosts = HOST_UNKNOWN,
        .budget = CORE_ROUND_BUDGET,
        .decides_quickly = true,
#ifndef NDEBUG
        .checks_invariants = true
#endif
    };

    return core_create(server->fleet, &options, server->now_ms);
}

int server_load(struct server *server, struct err *err)
{
    server->fleet = server_read_fleet(server, err);
    if (server->fleet == NULL)
        return -1;
    if (server->hosts == NULL)
        server->hosts = mem_zero((size_t)server->fleet->host_count, sizeof *server->hosts);
    server->core = make_core(server);
    if (load_past(server, err) != 0 || load_jobs(server, err) != 0 ||
        store_each_host(server->store, load_host, server, err) != 0 ||
        store_each_limit(server->store, load_limit, server, err) != 0)
        return -1;
    core_restore_ids(server->core, server->cluster.next_job, server->cluster.next_gang);
    if (server->gone_before_ms <= server->now_ms)
        server->gone_before_ms = server->now_ms + 1;
    /* What is stored already is no change; what follows from it is. */
    server->actions.count = 0;
    core_restored(server->core, &server->actions);
    server_take_actions(server);
    for (int i = 0; i < server->fleet->host_count; i++) {
        server_mark_host(server, i);
        server_report_again(server, i);
    }
    return 0;
}

void server_unload(struct server *server)
{
    server->actions.count = 0;
    server->round_is_open = server->round_waits = false;
    server->dirty_count = server->dirty_host_count = 0;
    id_map_fini(&server->dirty_slots);
    core_destroy(server->core);
    server->core = NULL;
    attempts_fini(server);
    fleet_destroy(server->fleet);
    server->fleet = NULL;
}
