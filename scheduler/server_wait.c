/* Requests that are answered later: changes of jobs, and output that a host is asked for. */
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <string.h>

enum {
    WATCH_MOST_MS = 30 * 1000,
    READ_MS = 5000,
    READ_BYTES = 512 * 1024,
    WATCH_JOBS = 10000,
    ROWS_A_MS = 4,
    SPACING_MOST_MS = 5000
};

/* --- Changes */

static bool has_changed(const struct server *server, const struct watch *watch)
{
    if (watch->since > server->change) /* counted by the scheduler before this start */
        return true;
    for (size_t i = 0; i < watch->job_count; i++) {
        const struct server_job *job = job_find(server, watch->jobs[i]);

        if (job == NULL || job->change > watch->since)
            return true;
    }
    return watch->job_count == 0 && server->change > watch->since;
}

static Wattyard__ClusterInfo *cluster_info(const struct server *server, struct arena *arena)
{
    Wattyard__ClusterInfo *info = arena_zero(arena, 1, sizeof *info);

    wattyard__cluster_info__init(info);
    info->cluster.data = arena_copy(arena, server->cluster.cluster, PROTOCOL_ID_BYTES, 1);
    info->cluster.len = PROTOCOL_ID_BYTES;
    info->name = arena_copy_text(arena, server->fleet->name);
    info->epoch = server->cluster.epoch;
    info->version = arena_copy_text(arena, WATTYARD_VERSION);
    info->change = server->change;
    info->hosts = (uint32_t)server->fleet->host_count;
    for (int i = 0; i < server->fleet->host_count; i++)
        info->hosts_up += ledger_host_state(core_ledger(server->core), i) == HOST_UP;
    info->holds_retries = core_holds_retries(server->core);
    return info;
}

void request_ping(struct request *request)
{
    static const struct {
        unsigned role;
        const char *name;
    } ROLES[] = {{KEY_VIEW, "view"}, {KEY_SUBMIT, "submit"}, {KEY_OPERATE, "operate"}};
    Wattyard__ClusterInfo *info = cluster_info(request->server, request->arena);
    const struct fleet_user *user = request_user(request);
    unsigned roles = user != NULL && user->roles != 0 ? user->roles : request->peer->roles;

    info->user = request_text(request, request->peer->name);
    info->roles = arena_zero(request->arena, 3, sizeof *info->roles);
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        if ((roles & ROLES[i].role) != 0)
            info->roles[info->n_roles++] = request_text(request, ROLES[i].name);
    request->answer->cluster = info;
}

/* Now: the count of changes up to here. How the jobs are is asked for page by page. */
static void answer_watch(struct server *server, const struct watch *watch)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    struct arena *arena = arena_create();

    answer.id.data = arena_copy(arena, watch->id, PROTOCOL_ID_BYTES, 1);
    answer.id.len = PROTOCOL_ID_BYTES;
    answer.cluster = cluster_info(server, arena);
    server_answer(server, &watch->route, &answer);
    arena_destroy(arena);
}

/* A look at many members takes its time: who watches them looks less often, so that the looks of
 * one client take about a tenth of our time at most. */
static int64_t spacing_ms(const struct server *server, const struct watch *watch)
{
    int64_t first_gang = 0;
    int64_t rows = 0;

    for (size_t i = 0; i < watch->job_count; i++)
        rows += core_find_job(server->core, watch->jobs[i], &first_gang);
    return rows / ROWS_A_MS < SPACING_MOST_MS ? rows / ROWS_A_MS : SPACING_MOST_MS;
}

void request_watch(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__Watch *in = request->in->watch;
    uint32_t wait = in->wait_ms < WATCH_MOST_MS ? in->wait_ms : WATCH_MOST_MS;
    struct watch watch = {
        .route = request->peer->route, .since = in->since, .until_ms = server->now_ms + wait};

    if (in->n_jobs > WATCH_JOBS || server->watch_count >= WATCHES_MOST) {
        request_failf(request, 1, "too much is being watched already: ask again later");
        return;
    }
    memcpy(watch.id, request->in->id.data, PROTOCOL_ID_BYTES);
    watch.jobs = mem_zero(in->n_jobs, sizeof *watch.jobs);
    for (size_t i = 0; i < in->n_jobs; i++)
        watch.jobs[i] = (int64_t)in->jobs[i];
    watch.job_count = in->n_jobs;
    watch.from_ms = server->now_ms + spacing_ms(server, &watch);
    server->watches = mem_grow(
        server->watches, server->watch_count, &server->watch_capacity, sizeof *server->watches);
    server->watches[server->watch_count++] = watch;
    request->is_late = true;
}

void server_answer_watches(struct server *server)
{
    size_t kept = 0;

    for (size_t i = 0; i < server->watch_count; i++) {
        struct watch *watch = &server->watches[i];

        if (server->now_ms < watch->until_ms &&
            (server->now_ms < watch->from_ms || !has_changed(server, watch))) {
            server->watches[kept++] = *watch;
            continue;
        }
        answer_watch(server, watch);
        mem_free(watch->jobs);
    }
    server->watch_count = kept;
}

int64_t server_watch_ms(const struct server *server)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < server->watch_count; i++) {
        const struct watch *watch = &server->watches[i];
        bool is_early = server->now_ms < watch->from_ms && watch->from_ms < watch->until_ms;
        int64_t at_ms = is_early ? watch->from_ms : watch->until_ms;

        if (at_ms < next)
            next = at_ms;
    }
    return next;
}

/* --- Output */

static void fail_read(struct server *server, const struct read *read, const char *why)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    unsigned char id[PROTOCOL_ID_BYTES];
    char *errors[] = {(char *)(uintptr_t)why};

    memcpy(id, read->id, sizeof id);
    answer.id.data = id;
    answer.id.len = sizeof id;
    answer.status = 1;
    answer.errors = errors;
    answer.n_errors = 1;
    server_answer(server, &read->route, &answer);
}

static void ask_host(struct request *request, int host, const struct gang *gang)
{
    struct server *server = request->server;
    const Wattyard__ReadLog *in = request->in->read_log;
    Wattyard__Envelope envelope;
    Wattyard__ReadOutput ask = WATTYARD__READ_OUTPUT__INIT;
    Wattyard__TaskId id = WATTYARD__TASK_ID__INIT;
    struct read read = {.number = ++server->next_read,
        .route = request->peer->route,
        .until_ms = server->now_ms + READ_MS};

    memcpy(read.id, request->in->id.data, PROTOCOL_ID_BYTES);
    id.gang = (uint64_t)gang->id;
    id.attempt = in->attempt != 0 ? in->attempt : (uint32_t)gang->attempt;
    id.rank = in->rank;
    ask.request = read.number;
    ask.id = &id;
    ask.offset = in->offset;
    ask.max_bytes = in->max_bytes > 0 && in->max_bytes < READ_BYTES ? in->max_bytes : READ_BYTES;
    ask.from_end = in->from_end;
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_READ_OUTPUT, server->cluster.cluster,
        server->cluster.epoch, "");
    envelope.read_output = &ask;
    sockets_queue(server->sockets, SOCKET_AGENTS, &server->hosts[host].route, &envelope);
    server->reads = mem_grow(
        server->reads, server->read_count, &server->read_capacity, sizeof *server->reads);
    server->reads[server->read_count++] = read;
    request->is_late = true;
}

struct host_of_task {
    const Wattyard__ReadLog *in;
    uint32_t attempt;
    char host[FLEET_NAME_SIZE];
};

static int take_task_host(void *context, const struct task_row *row, struct err *err)
{
    struct host_of_task *found = context;

    (void)err;
    if (row->rank == (int)found->in->rank)
        (void)snprintf(found->host, sizeof found->host, "%s", row->host);
    return 0;
}

/* Where the task runs, or ran; -1: nowhere. */
static int find_host(struct request *request, const struct gang *gang)
{
    const Wattyard__ReadLog *in = request->in->read_log;
    uint32_t attempt = in->attempt != 0 ? in->attempt : (uint32_t)gang->attempt;
    struct host_of_task found = {.in = in, .attempt = attempt};
    struct err err = {0};

    if (gang->placement != NULL && attempt == (uint32_t)gang->attempt &&
        in->rank < (uint32_t)gang->placement->task_count)
        return gang->placement->tasks[in->rank].host;
    if (store_each_task_of(
            request->server->store, gang->id, (int)attempt, take_task_host, &found, &err) != 0)
        return -1;
    return found.host[0] != '\0' ? fleet_find_host(request->server->fleet, found.host) : -1;
}

void request_read_log(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__ReadLog *in = request->in->read_log;
    const struct gang *gang = NULL;
    int64_t first_gang = 0;
    int count = core_find_job(server->core, (int64_t)in->job, &first_gang);
    int member = in->member < 0 ? 0 : in->member;
    int host;

    if (member < count)
        gang = core_find_gang(server->core, first_gang + member);
    if (gang == NULL) {
        if (in->member >= 0 && count > 0)
            request_failf(
                request, 1, "there is no job %llu.%d", (unsigned long long)in->job, in->member);
        else
            request_failf(request, 1, "there is no job %llu, or it ended long ago",
                (unsigned long long)in->job);
        return;
    }
    if (gang->attempt == 0) {
        request_failf(request, 1, "job %llu has not started yet", (unsigned long long)in->job);
        return;
    }
    host = find_host(request, gang);
    if (host < 0)
        request_failf(request, 1, "job %llu has no task %u in that attempt",
            (unsigned long long)in->job, in->rank);
    else if (!server->hosts[host].has_hello || server->hosts[host].route.count == 0)
        request_failf(request, 1, "the host of task %u is not connected now", in->rank);
    else if (server->read_count >= READS_MOST)
        request_failf(request, 1, "too much output is being read already: ask again later");
    else
        ask_host(request, host, gang);
}

void server_on_output(struct server *server, const Wattyard__OutputPage *page)
{
    for (size_t i = 0; i < server->read_count; i++) {
        struct read read = server->reads[i];
        Wattyard__Answer answer = WATTYARD__ANSWER__INIT;

        if (read.number != page->request)
            continue;
        server->reads[i] = server->reads[--server->read_count];
        if (page->error[0] != '\0') {
            fail_read(server, &read, page->error);
            return;
        }
        answer.id.data = read.id;
        answer.id.len = PROTOCOL_ID_BYTES;
        answer.output = (Wattyard__OutputPage *)(uintptr_t)page;
        server_answer(server, &read.route, &answer);
        return;
    }
}

void server_answer_reads(struct server *server)
{
    size_t kept = 0;

    for (size_t i = 0; i < server->read_count; i++)
        if (server->now_ms < server->reads[i].until_ms)
            server->reads[kept++] = server->reads[i];
        else
            fail_read(server, &server->reads[i], "the host did not answer in time");
    server->read_count = kept;
}
