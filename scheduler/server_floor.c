/* Requests about hosts: the list, drain, resume, fence. */
#include "base/bits.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <string.h>

enum { JOBS_SHOWN = 64, CHANGED_SHOWN = 100, PART_HOSTS = 'h' };

/* --- The list of hosts */

static void fill_tasks(struct request *request, int host, Wattyard__HostRow *row)
{
    const struct server *server = request->server;
    const struct ledger *ledger = core_ledger(server->core);
    int count = ledger_host_holders(ledger, host, NULL, 0);
    holder_id *ids = mem_zero((size_t)count, sizeof *ids);
    struct str jobs = {0};

    (void)ledger_host_holders(ledger, host, ids, count);
    for (int i = 0; i < count; i++) {
        const struct gang *gang = core_find_holder(server->core, ids[i]);
        int place_count = 0;
        const struct task_place *places = ledger_places(ledger, ids[i], &place_count);

        for (int k = 0; k < place_count; k++)
            if (places[k].host == host) {
                row->tasks++;
                row->chips_held += (uint32_t)bits_count(places[k].chips);
            }
        if (i == JOBS_SHOWN)
            str_add(&jobs, ",…");
        else if (i < JOBS_SHOWN && gang != NULL)
            str_format(&jobs, "%s%lld", jobs.length > 0 ? "," : "", (long long)gang->job);
    }
    row->jobs = request_text(request, str_text(&jobs));
    str_fini(&jobs);
    mem_free(ids);
}

static void add_host(struct request *request, int host)
{
    const struct server *server = request->server;
    const struct host_session *session = &server->hosts[host];
    const struct system *system = fleet_rack_system(server->fleet, server->fleet->host_rack[host]);
    Wattyard__HostRow *row = arena_zero(request->arena, 1, sizeof *row);
    Wattyard__Answer *answer = request->answer;
    char name[FLEET_NAME_SIZE];

    wattyard__host_row__init(row);
    row->host = request_text(request, fleet_host_name(server->fleet, host, name));
    row->system = request_text(request, system->id);
    row->state = request_text(
        request, HOST_STATE_NAMES[ledger_host_state(core_ledger(server->core), host)]);
    row->why = request_text(request, session->why);
    row->who = request_text(request, session->who);
    row->since_ms = session->since_ms;
    row->chips = (uint32_t)system->chips_per_host;
    row->chips_bad = (uint32_t)bits_count(session->bad_chips);
    row->load = session->load;
    row->memory_used_bytes = session->memory_used_bytes;
    row->memory_bytes = session->memory_bytes;
    row->power_w = session->power_w > 0 || session->chip_power_w > 0
                       ? fmax(session->power_w, 0) + fmax(session->chip_power_w, 0)
                       : -1;
    row->chip_use_frac = session->has_hello ? session->chip_use_frac : -1;
    row->version = request_text(request, session->version);
    row->seen_ms = session->seen_ms;
    fill_tasks(request, host, row);
    request->bytes += 160;
    answer->hosts = request_grow(
        request, answer->hosts, answer->n_hosts, sizeof(Wattyard__HostRow *));
    answer->hosts[answer->n_hosts++] = row;
}

static bool has_state(const struct request *request, int host)
{
    const Wattyard__ListHosts *in = request->in->list_hosts;
    enum host_state state = ledger_host_state(core_ledger(request->server->core), host);

    for (size_t i = 0; i < in->n_states; i++)
        if (strcmp(in->states[i], HOST_STATE_NAMES[state]) == 0)
            return true;
    return in->n_states == 0;
}

/* From the cursor on; `list` NULL: all hosts of the fleet. */
static void list_from(struct request *request, int64_t from, const struct hostlist *list)
{
    const struct fleet *fleet = request->server->fleet;
    int64_t count = list != NULL ? (int64_t)list->count : fleet->host_count;

    for (int64_t i = from; i < count; i++) {
        int host = list != NULL ? fleet_find_host(fleet, list->names[i]) : (int)i;

        if (host < 0) {
            request_failf(request, 1, "the fleet has no host %s", list->names[i]);
            continue;
        }
        if (!has_state(request, host))
            continue;
        if (request_is_full(request, request->answer->n_hosts)) {
            request_go_on(request, (struct cursor){.part = PART_HOSTS, .first = i});
            return;
        }
        add_host(request, host);
    }
}

void request_list_hosts(struct request *request)
{
    const Wattyard__ListHosts *in = request->in->list_hosts;
    struct cursor from = request_cursor(&in->after);
    struct hostlist list = {0};
    struct err err = {0};

    if (in->hosts[0] == '\0')
        list_from(request, from.first, NULL);
    else if (hostlist_expand(in->hosts, (size_t)request->server->fleet->host_count, &list, &err) !=
             0)
        request_failf(request, 2, "%s", err.text);
    else
        list_from(request, from.first, &list);
    hostlist_fini(&list);
}

/* --- Hosts named by a hostlist are changed */

typedef int (*host_fn)(struct request *request, int host, const char *why, struct err *err);

static void for_hosts(struct request *request, const Wattyard__HostAction *action, host_fn act)
{
    const struct fleet *fleet = request->server->fleet;
    struct hostlist list = {0};
    struct err err = {0};

    if (hostlist_expand(action->hosts, (size_t)fleet->host_count, &list, &err) != 0) {
        request_failf(request, 2, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < list.count; i++)
        if (fleet_find_host(fleet, list.names[i]) < 0)
            request_failf(request, 2, "the fleet has no host %s", list.names[i]);
    for (size_t i = 0; i < list.count && request->answer->status == 0; i++)
        if (act(request, fleet_find_host(fleet, list.names[i]), action->why, &err) != 0) {
            request_failf(request, 1, "%s: %s", list.names[i], err.text);
            request->answer->status = 1;
        }
    for (size_t i = 0; i < list.count && list.count <= CHANGED_SHOWN; i++)
        if (request->answer->status == 0)
            add_host(request, fleet_find_host(fleet, list.names[i]));
    hostlist_fini(&list);
}

static int apply_to_host(
    struct request *request, enum event_kind kind, int host, const char *why, struct err *err)
{
    struct event event = {.kind = kind, .host = host, .why = why[0] != '\0' ? why : NULL};

    return server_apply(request->server, &event, err);
}

/* Drained, resumed or fenced: a row that outlives us, also where the state stays the same. */
static void store_host(struct request *request, int host)
{
    struct server *server = request->server;
    struct host_session *session = &server->hosts[host];
    const char *drain = core_drain_reason(server->core, host);
    char name[FLEET_NAME_SIZE];
    struct err err = {0};

    mem_free(session->who);
    session->who = mem_copy_text(request->peer->name);
    mem_free(session->why);
    session->why = drain != NULL ? mem_copy_text(drain) : NULL;
    if (!server_write(server))
        return;
    server_check(server,
        store_put_host(server->store,
            &(struct host_row){.name = fleet_host_name(server->fleet, host, name),
                .is_drained = drain != NULL,
                .why = drain != NULL ? drain : "",
                .who = request->peer->name,
                .since_ms = server->now_ms,
                .boot = session->boot},
            &err),
        &err);
}

static int drain_host(struct request *request, int host, const char *why, struct err *err)
{
    if (apply_to_host(request, EVENT_DRAIN, host, why, err) != 0)
        return -1;
    store_host(request, host);
    return 0;
}

static int resume_host(struct request *request, int host, const char *why, struct err *err)
{
    if (apply_to_host(request, EVENT_RESUME, host, why, err) != 0)
        return -1;
    store_host(request, host);
    return 0;
}

static int fence_host(struct request *request, int host, const char *why, struct err *err)
{
    char name[FLEET_NAME_SIZE];

    if (apply_to_host(request, EVENT_HOST_FENCED, host, why, err) != 0)
        return -1;
    server_note(request->server, &(struct event_row){.at_ms = request->server->now_ms,
                                     .member = -1,
                                     .what = "fenced",
                                     .why = why,
                                     .who = request->peer->name,
                                     .place = fleet_host_name(request->server->fleet, host, name)});
    return 0;
}

void request_drain(struct request *request)
{
    if (request->in->drain->why[0] == '\0')
        request_failf(request, 2, "say why they are drained");
    else
        for_hosts(request, request->in->drain, drain_host);
}

void request_resume(struct request *request)
{
    for_hosts(request, request->in->resume, resume_host);
}

void request_fence(struct request *request)
{
    for_hosts(request, request->in->fence, fence_host);
}

void request_retry_all(struct request *request)
{
    struct event event = {.kind = EVENT_RETRY_ALL};
    struct err err = {0};

    if (server_apply(request->server, &event, &err) != 0)
        request_fail(request, &err);
}
