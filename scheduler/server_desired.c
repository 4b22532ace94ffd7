/*
 * What a host should have, from the core's state alone: the tasks there of gangs that start or run.
 * A gang that is stopping is simply not among them.
 *
 * However many tasks a host has, its Desired fits a message: those that it has said to have are
 * named without their spec, and of the other specs as many go as have room; the rest is named in
 * `later`, so that none is taken for one to stop, and follows when this one is carried out.
 */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_NONE, STACK_CUDA, STACK_NEURON, WALL_SLACK_S = 2 };

/* Shares of a message; what is left is for the tasks that the host has, about 60 bytes each. */
enum {
    SPECS_BYTES = 512 * 1024,
    SPEC_ALONE_BYTES = 640 * 1024, /* of the first: what is longer can't be sent at all */
    LATER_MOST = 4096,
    STORED_MOST = 4096 /* the others are said again with the next report */
};

struct desired {
    struct server *server;
    struct arena *arena;
    Wattyard__Desired message;
    size_t capacity, later_capacity;
    size_t spec_bytes;
    int host;
    bool has_more; /* specs that there was no room for */
};

void server_mark_host(struct server *server, int host)
{
    server->hosts[host].is_dirty = true;
    server->dirty_hosts = mem_grow(server->dirty_hosts, server->dirty_host_count,
        &server->dirty_host_capacity, sizeof *server->dirty_hosts);
    server->dirty_hosts[server->dirty_host_count++] = host;
}

void server_mark_hosts(struct server *server, const struct gang *gang)
{
    for (int i = 0; i < gang->placement->task_count; i++) {
        int host = gang->placement->tasks[i].host;

        if (server->hosts[host].is_dirty)
            continue;
        server->hosts[host].generation++;
        server_mark_host(server, host);
    }
}

static uint32_t stack_of(const struct server *server, const struct shape_system *system)
{
    const struct system *kind = &server->fleet->catalog.systems[system->system];
    const char *stack = kind->chip->stack;

    if (system->chips_per_task == 0)
        return STACK_NONE;
    if (str_equal(stack, "cuda"))
        return STACK_CUDA;
    return str_equal(stack, "neuron") ? STACK_NEURON : STACK_NONE;
}

static void fill_command(struct desired *d, const struct gang *gang,
    const struct shape_system *system, Wattyard__TaskSpec *task)
{
    const struct job_spec *spec = gang->spec;
    const struct job_command *command = system->row != NULL ? &system->row->command
                                                            : &spec->command;
    const struct job_env *env = system->row != NULL ? system->row->env : spec->env;
    size_t env_count = system->row != NULL ? system->row->env_count : spec->env_count;

    task->path = (char *)(uintptr_t)(command->path != NULL ? command->path : "");
    task->args = (char **)(uintptr_t)command->args;
    task->n_args = command->arg_count;
    task->env = arena_zero(d->arena, env_count, sizeof *task->env);
    for (size_t i = 0; i < env_count; i++) {
        task->env[i] = arena_zero(d->arena, 1, sizeof **task->env);
        wattyard__env_var__init(task->env[i]);
        task->env[i]->name = (char *)(uintptr_t)env[i].name;
        task->env[i]->value = (char *)(uintptr_t)env[i].value;
    }
    task->n_env = env_count;
    task->directory = (char *)(uintptr_t)(spec->directory != NULL ? spec->directory : "");
    task->output = (char *)(uintptr_t)(spec->output != NULL ? spec->output : "");
}

static void fill_limits(const struct job_spec *spec, Wattyard__TaskSpec *task)
{
    task->wall_s = spec->wall_minutes > 0 ? spec->wall_minutes * 60 + WALL_SLACK_S : 0;
    task->grace_s = spec->grace_seconds;
    task->lease_s = spec->lease_minutes * 60;
    task->checkpoint_signal =
        (char *)(uintptr_t)(spec->checkpoint_signal != NULL ? spec->checkpoint_signal : "");
    task->checkpoint_every_s = spec->checkpoint_every_minutes * 60;
}

/* "address:port" of rank 0 into the second step. */
static void fill_master(struct desired *d, const struct attempt *attempt, Wattyard__TaskSpec *task)
{
    char *address = arena_copy_text(d->arena, attempt->master != NULL ? attempt->master : "");
    char *colon = strrchr(address, ':');

    if (colon != NULL) {
        *colon = '\0';
        task->master_port = (uint32_t)strtoul(colon + 1, NULL, 10);
    }
    task->master_address = address;
}

/* Hosts of the rank's segment, for the IMEX nodes of an NVLink domain. */
static void fill_segment(struct desired *d, const struct gang *gang,
    const struct shape_system *system, int rank, Wattyard__TaskSpec *task)
{
    int first = rank / system->segment_tasks * system->segment_tasks;
    int end = first + shape_segment_size(system, rank / system->segment_tasks);
    struct str text = {0};
    char name[FLEET_NAME_SIZE];

    for (int i = first; i < end && i < gang->placement->task_count; i++) {
        int host = gang->placement->tasks[i].host;

        if (i == first || host != gang->placement->tasks[i - 1].host)
            str_format(&text, "%s%s", text.length > 0 ? "," : "",
                fleet_host_name(d->server->fleet, host, name));
    }
    task->segment_hosts = arena_copy_text(d->arena, str_text(&text));
    str_fini(&text);
}

/* What changes while a task is there: all that a host needs that has it. */
static Wattyard__TaskSpec *make_known(
    struct desired *d, const struct gang *gang, const struct attempt *attempt, int rank)
{
    const struct shape_system *system = &gang->shape->systems[gang->shape_system];
    const struct system *kind = &d->server->fleet->catalog.systems[system->system];
    Wattyard__TaskSpec *task = arena_zero(d->arena, 1, sizeof *task);
    struct gang_image image = {0};

    wattyard__task_spec__init(task);
    task->id = arena_zero(d->arena, 1, sizeof *task->id);
    wattyard__task_id__init(task->id);
    task->id->gang = (uint64_t)gang->id;
    task->id->attempt = (uint32_t)gang->attempt;
    task->id->rank = (uint32_t)rank;
    task->is_known = true;
    task->go = gang->state == GANG_RUNNING;
    if (task->go && attempt->tasks[rank].state <= WATTYARD__TASK_STATE__TASK_READY)
        fill_master(d, attempt, task);
    (void)core_gang_image(d->server->core, gang->id, &image);
    task->mode = (uint32_t)image.mode_asked;
    task->mode_power_frac = kind->modes[image.mode_asked].power_frac;
    return task;
}

static void fill_spec(struct desired *d, const struct gang *gang, const struct attempt *attempt,
    int rank, Wattyard__TaskSpec *task)
{
    const struct shape_system *system = &gang->shape->systems[gang->shape_system];

    task->is_known = false;
    task->job = (uint64_t)gang->job;
    task->name = (char *)(uintptr_t)gang->spec->name;
    task->user = (char *)(uintptr_t)(gang->user != NULL ? gang->user : "");
    task->tenant = (char *)(uintptr_t)gang->spec->tenant;
    fill_command(d, gang, system, task);
    fill_limits(gang->spec, task);
    fill_master(d, attempt, task);
    task->task_count = (uint32_t)attempt->task_count;
    task->hosts = attempt->hosts;
    task->tasks_per_host = attempt->by_host;
    task->n_tasks_per_host = attempt->host_count;
    task->chips = gang->placement->tasks[rank].chips;
    task->cores = system->cores_per_task;
    task->memory_gb = system->memory_gb_per_task;
    task->array_index = gang->spec->array_count > 0 ? gang->member : -1;
    task->chip_stack = stack_of(d->server, system);
    task->allow_root = d->server->fleet->allow_root;
    if (system->is_domain_bound && task->chip_stack == STACK_CUDA)
        fill_segment(d, gang, system, rank, task);
}

static void add_later(struct desired *d, Wattyard__TaskId *id)
{
    if (d->message.n_later >= LATER_MOST)
        return;
    d->message.later = mem_grow(
        d->message.later, d->message.n_later, &d->later_capacity, sizeof(Wattyard__TaskId *));
    d->message.later[d->message.n_later++] = id;
}

/* Whether its spec goes with this message. */
static bool has_room(struct desired *d, const struct gang *gang, const Wattyard__TaskSpec *task)
{
    size_t bytes = wattyard__task_spec__get_packed_size(task);
    char host[FLEET_NAME_SIZE];

    if (bytes > SPEC_ALONE_BYTES) {
        server_log(d->server, "a task of job %lld can't be sent to host %s: it is %zu bytes long",
            (long long)gang->job, fleet_host_name(d->server->fleet, d->host, host), bytes);
        return false;
    }
    d->has_more |= d->spec_bytes > 0 && d->spec_bytes + bytes > SPECS_BYTES;
    if (d->has_more) /* nor what comes after it: none waits for ever */
        return false;
    d->spec_bytes += bytes;
    return true;
}

static void add_task(
    struct desired *d, const struct gang *gang, const struct attempt *attempt, int rank)
{
    Wattyard__TaskSpec *task = make_known(d, gang, attempt, rank);

    if (attempt->tasks[rank].state == WATTYARD__TASK_STATE__TASK_UNKNOWN) {
        if (!d->has_more) /* a host may have very many: none is made in vain */
            fill_spec(d, gang, attempt, rank, task);
        if (d->has_more || !has_room(d, gang, task)) {
            add_later(d, task->id);
            return;
        }
    }
    d->message.tasks = mem_grow(
        d->message.tasks, d->message.n_tasks, &d->capacity, sizeof(Wattyard__TaskSpec *));
    d->message.tasks[d->message.n_tasks++] = task;
}

static void add_gang(struct desired *d, const struct gang *gang)
{
    const struct attempt *attempt;

    if (gang == NULL || (gang->state != GANG_STARTING && gang->state != GANG_RUNNING))
        return;
    attempt = attempt_open(d->server, gang);
    for (int i = 0; i < gang->placement->task_count; i++)
        if (gang->placement->tasks[i].host == d->host &&
            attempt->tasks[i].state != WATTYARD__TASK_STATE__TASK_ENDED)
            add_task(d, gang, attempt, i);
}

static void send_desired(struct server *server, int host)
{
    struct host_session *session = &server->hosts[host];
    const struct ledger *ledger = core_ledger(server->core);
    int count = ledger_host_holders(ledger, host, NULL, 0);
    holder_id *ids = mem_zero((size_t)count, sizeof *ids);
    struct desired d = {.server = server, .arena = arena_create(), .host = host};
    Wattyard__Envelope envelope;

    wattyard__desired__init(&d.message);
    d.message.generation = session->generation;
    d.message.heard_boot_ms = session->heard_boot_ms;
    (void)ledger_host_holders(ledger, host, ids, count);
    for (int i = 0; i < count; i++)
        add_gang(&d, core_find_holder(server->core, ids[i]));
    d.message.stored = arena_zero(d.arena, session->ended_count, sizeof(Wattyard__TaskId *));
    for (size_t i = 0; i < session->ended_count && i < STORED_MOST; i++)
        d.message.stored[d.message.n_stored++] = &session->ended[i];
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_DESIRED, server->cluster.cluster,
        server->cluster.epoch, "");
    envelope.desired = &d.message;
    sockets_queue(server->sockets, SOCKET_AGENTS, &session->route, &envelope);
    session->is_dirty = false;
    session->has_more = d.has_more;
    session->ended_count = 0;
    mem_free(d.message.tasks);
    mem_free(d.message.later);
    arena_destroy(d.arena);
    mem_free(ids);
}

void server_send_marked(struct server *server)
{
    for (size_t i = 0; i < server->dirty_host_count; i++) {
        int host = server->dirty_hosts[i];

        if (server->hosts[host].is_dirty && server->hosts[host].has_hello)
            send_desired(server, host);
    }
    server->dirty_host_count = 0;
}
