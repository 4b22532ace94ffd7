/* Requests that change jobs: submit, cancel, hold, release, requeue. */
#include "base/faults.h"
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <string.h>

enum { ACTION_JOBS_MOST = 10000 };

/* --- Submit */

static bool may_submit(struct request *request, const struct job_spec *spec)
{
    const struct fleet *fleet = request->server->fleet;
    const struct fleet_user *user = request_user(request);
    bool is_listed = false;

    if (fleet->tenant_count > 0 && fleet_find_tenant(fleet, spec->tenant) < 0 &&
        !str_equal(spec->tenant, "default")) {
        request_failf(request, 2, "%s: the fleet has no tenant %s", spec->name, spec->tenant);
        return false;
    }
    if (fleet->user_count == 0)
        return true;
    if (user == NULL) {
        request_failf(request, 1, "user %s is not among the fleet's users", request->peer->name);
        return false;
    }
    for (size_t i = 0; i < user->tenant_count; i++)
        is_listed |= str_equal(user->tenants[i], spec->tenant);
    if (user->tenants != NULL && !is_listed) {
        request_failf(request, 1, "%s: user %s may not submit for tenant %s", spec->name,
            user->name, spec->tenant);
        return false;
    }
    if (spec->priority > user->priority_max) {
        server_log(request->server, "user %s asked for priority %d, past the %d allowed: refused",
            user->name, spec->priority, user->priority_max);
        request_failf(request, 1, "%s: priority %d is above the %d that user %s may ask for",
            spec->name, spec->priority, user->priority_max, user->name);
        return false;
    }
    return true;
}

static void store_job(
    struct request *request, int64_t id, const struct manifest *manifest, int index)
{
    struct server *server = request->server;
    const struct job_spec *spec = &manifest->list->specs[index];
    int64_t first_gang = 0;
    int gang_count = core_find_job(server->core, id, &first_gang);
    struct err err = {0};

    server_check(server,
        store_put_job(server->store,
            &(struct job_row){.id = id,
                .first_gang = first_gang,
                .gang_count = gang_count,
                .manifest = manifest->id,
                .manifest_index = index,
                .name = spec->name,
                .tenant = spec->tenant,
                .user = request->peer->name,
                .kind = JOB_KIND_NAMES[spec->kind],
                .priority = spec->priority,
                .submit_ms = server->now_ms},
            &err),
        &err);
}

static void submit_one(struct request *request, struct manifest *manifest, int index)
{
    struct server *server = request->server;
    int64_t id = core_next_job(server->core);
    struct event event = {.kind = EVENT_SUBMIT,
        .spec = &manifest->list->specs[index],
        .user = request->peer->name,
        .job = id,
        .is_held = request->in->submit->hold};
    struct err err = {0};

    (void)job_open(server, id, manifest, index);
    if (server_apply(server, &event, &err) != 0) {
        job_close(server, id);
        request_fail(request, &err);
        return;
    }
    if (server_write(server))
        store_job(request, id, manifest, index);
    (void)request_add_states(request, id);
}

static struct job_list *parse(struct request *request, const Wattyard__Submit *submit)
{
    struct faults faults = {0};
    struct job_list *list = job_list_parse_next(&request->server->schema,
        (const char *)submit->manifest.data, submit->manifest.len,
        submit->name[0] != '\0' ? submit->name : "manifest", &faults);
    struct err err = {0};

    if (list != NULL && job_list_check_tasks(list, &faults) != 0) {
        job_list_destroy(list);
        list = NULL;
    }
    if (list == NULL) {
        (void)faults_to_err(&faults, &err);
        request_failf(request, 2, "%s", err.text);
    }
    faults_fini(&faults);
    return list;
}

void request_submit(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__Submit *submit = request->in->submit;
    struct manifest *manifest;
    struct job_list *list = parse(request, submit);
    int64_t id = 0;
    bool is_allowed = true;
    struct err err = {0};

    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++) {
        is_allowed &= may_submit(request, &list->specs[i]);
        if (list->specs[i].command.path == NULL) {
            request_failf(request, 2, "%s: it has no <command>: there is nothing to run",
                list->specs[i].name);
            is_allowed = false;
        }
    }
    if (is_allowed && server_write(server))
        server_check(server,
            store_add_manifest(
                server->store, submit->manifest.data, submit->manifest.len, &id, &err),
            &err);
    if (!is_allowed || server->has_failed || list->count == 0) {
        job_list_destroy(list);
        return;
    }
    manifest = manifest_open(server, id, list);
    manifest->job_count++; /* held while its jobs are made */
    for (size_t i = 0; i < list->count; i++)
        submit_one(request, manifest, (int)i);
    manifest->job_count--;
}

/* --- The others */

static bool is_own(struct request *request, int64_t job)
{
    struct server *server = request->server;
    const struct fleet_user *user = request_user(request);
    unsigned roles = user != NULL && user->roles != 0 ? user->roles : request->peer->roles;
    const struct gang *gang;
    int64_t first_gang = 0;

    if (core_find_job(server->core, job, &first_gang) == 0) {
        request_failf(request, 1, "there is no job %lld, or it ended long ago", (long long)job);
        return false;
    }
    gang = core_find_gang(server->core, first_gang);
    if ((roles & KEY_OPERATE) != 0 || str_equal(gang->user, request->peer->name))
        return true;
    server_log(server, "user %s asked to change job %lld of user %s: refused", request->peer->name,
        (long long)job, gang->user);
    request_failf(request, 1, "job %lld is user %s's: changing it needs the role `operate`",
        (long long)job, gang->user);
    return false;
}

/* What it is now. */
static void add_changed(struct request *request, int64_t job, int member)
{
    const struct core *core = request->server->core;
    int64_t first_gang = 0;

    if (member < 0)
        (void)request_add_states(request, job);
    else if (member < core_find_job(core, job, &first_gang))
        (void)request_add_gang(request, core_find_gang(core, first_gang + member));
}

static void change_jobs(
    struct request *request, const Wattyard__JobAction *action, enum event_kind kind)
{
    struct server *server = request->server;

    if (action->n_jobs == 0)
        request_failf(request, 2, "no job is named");
    if (action->n_jobs > ACTION_JOBS_MOST) {
        request_failf(
            request, 2, "%zu jobs are named at once; %d can be", action->n_jobs, ACTION_JOBS_MOST);
        return;
    }
    for (size_t i = 0; i < action->n_jobs; i++) {
        int64_t job = (int64_t)action->jobs[i];
        struct event event = {.kind = kind,
            .job = job,
            .member = action->member,
            .why = action->why[0] != '\0' ? action->why : NULL};
        struct err err = {0};

        if (!is_own(request, job))
            continue;
        if (server_apply(server, &event, &err) != 0)
            request_fail(request, &err);
        else
            add_changed(request, job, action->member);
    }
}

void request_cancel(struct request *request)
{
    change_jobs(request, request->in->cancel, EVENT_CANCEL);
}

void request_hold(struct request *request)
{
    change_jobs(request, request->in->hold, EVENT_HOLD);
}

void request_release(struct request *request)
{
    change_jobs(request, request->in->release, EVENT_RELEASE);
}

void request_requeue(struct request *request)
{
    change_jobs(request, request->in->requeue, EVENT_REQUEUE);
}
