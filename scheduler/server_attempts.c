/* What the daemon keeps beside the core: manifests, jobs that came of them, attempts that hold
 * chips. */
#include "base/hostlist.h"
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <string.h>

/* --- Manifests and jobs */

struct manifest *manifest_find(struct server *server, int64_t id)
{
    for (size_t i = server->manifest_count; i-- > 0;)
        if (server->manifests[i]->id == id)
            return server->manifests[i];
    return NULL;
}

struct manifest *manifest_open(struct server *server, int64_t id, struct job_list *list)
{
    struct manifest *manifest = mem_zero(1, sizeof *manifest);

    manifest->id = id;
    manifest->list = list;
    server->manifests = mem_grow(server->manifests, server->manifest_count,
        &server->manifest_capacity, sizeof(struct manifest *));
    server->manifests[server->manifest_count++] = manifest;
    return manifest;
}

static void manifest_close(struct server *server, struct manifest *manifest)
{
    for (size_t i = 0; i < server->manifest_count; i++)
        if (server->manifests[i] == manifest)
            memmove(&server->manifests[i], &server->manifests[i + 1],
                (--server->manifest_count - i) * sizeof(struct manifest *));
    job_list_destroy(manifest->list);
    mem_free(manifest);
}

struct server_job *job_find(const struct server *server, int64_t job)
{
    int slot = id_map_find(&server->job_slots, job);

    return slot != ID_MAP_NONE ? &server->jobs[slot] : NULL;
}

struct server_job *job_open(
    struct server *server, int64_t job, struct manifest *manifest, int index)
{
    server->jobs = mem_grow(
        server->jobs, server->job_count, &server->job_capacity, sizeof *server->jobs);
    id_map_add(&server->job_slots, job, (int)server->job_count);
    server->jobs[server->job_count] = (struct server_job){
        .id = job, .manifest = manifest, .index = index};
    manifest->job_count++;
    return &server->jobs[server->job_count++];
}

void job_close(struct server *server, int64_t job)
{
    int slot = id_map_find(&server->job_slots, job);
    struct manifest *manifest;

    if (slot == ID_MAP_NONE)
        return;
    manifest = server->jobs[slot].manifest;
    id_map_remove(&server->job_slots, job);
    if ((size_t)slot != --server->job_count) {
        server->jobs[slot] = server->jobs[server->job_count];
        id_map_remove(&server->job_slots, server->jobs[slot].id);
        id_map_add(&server->job_slots, server->jobs[slot].id, slot);
    }
    if (--manifest->job_count == 0)
        manifest_close(server, manifest);
}

/* --- Attempts */

struct attempt *attempt_find(const struct server *server, int64_t gang)
{
    int slot = id_map_find(&server->attempt_slots, gang);

    return slot != ID_MAP_NONE ? server->attempts[slot] : NULL;
}

static void attempt_destroy(struct attempt *attempt)
{
    mem_free(attempt->tasks);
    mem_free(attempt->hosts);
    mem_free(attempt->by_host);
    mem_free(attempt->system);
    mem_free(attempt->master);
    mem_free(attempt->stop_why);
    mem_free(attempt);
}

/* The hosts along the ranks, and how many tasks each has there. */
static void list_hosts(
    const struct fleet *fleet, const struct placement *placement, struct attempt *attempt)
{
    size_t capacity = 0;
    size_t name_capacity = 0;
    char **names = NULL;
    struct str text = {0};
    char buffer[FLEET_NAME_SIZE];
    size_t count = 0;

    for (int i = 0; i < placement->task_count; i++) {
        if (i > 0 && placement->tasks[i].host == placement->tasks[i - 1].host) {
            attempt->by_host[count - 1]++;
            continue;
        }
        names = mem_grow(names, count, &name_capacity, sizeof *names);
        attempt->by_host = mem_grow(attempt->by_host, count, &capacity, sizeof *attempt->by_host);
        names[count] = mem_copy_text(fleet_host_name(fleet, placement->tasks[i].host, buffer));
        attempt->by_host[count++] = 1;
    }
    hostlist_compress((const char *const *)names, count, &text);
    attempt->hosts = mem_copy_text(str_text(&text));
    attempt->host_count = count;
    for (size_t i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
    str_fini(&text);
}

struct attempt *attempt_open(struct server *server, const struct gang *gang)
{
    struct attempt *attempt = attempt_find(server, gang->id);
    const struct shape_system *system = &gang->shape->systems[gang->shape_system];

    if (attempt != NULL && attempt->number == gang->attempt)
        return attempt;
    if (attempt != NULL)
        attempt_close(server, gang->id);
    server->attempts = mem_grow(server->attempts, server->attempt_count, &server->attempt_capacity,
        sizeof(struct attempt *));
    id_map_add(&server->attempt_slots, gang->id, (int)server->attempt_count);
    attempt = server->attempts[server->attempt_count++] = mem_zero(1, sizeof *attempt);
    *attempt = (struct attempt){.gang = gang->id,
        .job = gang->job,
        .number = gang->attempt,
        .start_ms = gang->start_ms,
        .chips = (double)shape_chip_count(system),
        .kw = gang->placement->kw,
        .usd_per_hour = gang->placement->usd_per_hour,
        .task_count = gang->placement->task_count};
    attempt->tasks = mem_zero((size_t)attempt->task_count, sizeof *attempt->tasks);
    attempt->system = mem_copy_text(server->fleet->catalog.systems[system->system].id);
    list_hosts(server->fleet, gang->placement, attempt);
    return attempt;
}

void attempt_close(struct server *server, int64_t gang)
{
    int slot = id_map_find(&server->attempt_slots, gang);

    if (slot == ID_MAP_NONE)
        return;
    attempt_destroy(server->attempts[slot]);
    id_map_remove(&server->attempt_slots, gang);
    if ((size_t)slot != --server->attempt_count) {
        server->attempts[slot] = server->attempts[server->attempt_count];
        id_map_remove(&server->attempt_slots, server->attempts[slot]->gang);
        id_map_add(&server->attempt_slots, server->attempts[slot]->gang, slot);
    }
}

void attempts_fini(struct server *server)
{
    while (server->attempt_count > 0)
        attempt_close(server, server->attempts[0]->gang);
    while (server->job_count > 0)
        job_close(server, server->jobs[0].id);
    mem_free(server->attempts);
    mem_free(server->jobs);
    mem_free(server->manifests);
    id_map_fini(&server->attempt_slots);
    id_map_fini(&server->job_slots);
    server->attempts = NULL;
    server->jobs = NULL;
    server->manifests = NULL;
    server->attempt_capacity = server->job_capacity = server->manifest_capacity = 0;
}
