/* Requests about the whole: usage, and the fleet in force. */
#include "base/faults.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/server_private.h"

#include <string.h>

enum { FLEET_XML_BYTES = PROTOCOL_FRAME_BYTES - 16 * 1024, PART_USAGE = 'u', PART_VERSIONS = 'v' };

/* --- Usage */

struct usage_walk {
    struct request *request;
    int64_t index; /* of the sum */
    int64_t from;
    bool is_full;
};

static int add_usage(void *context, const struct usage_sum *sum, struct err *err)
{
    struct usage_walk *walk = context;
    struct request *request = walk->request;
    Wattyard__Answer *answer = request->answer;
    Wattyard__UsageRow *row;

    (void)err;
    if (walk->index++ < walk->from || walk->is_full)
        return 0;
    if (request_is_full(request, answer->n_usage)) {
        walk->is_full = true;
        request_go_on(request, (struct cursor){.part = PART_USAGE, .first = walk->index - 1});
        return 0;
    }
    row = arena_zero(request->arena, 1, sizeof *row);
    wattyard__usage_row__init(row);
    row->key = request_text(request, sum->key);
    row->jobs = (uint64_t)sum->job_count;
    row->chip_hours = sum->chip_seconds / 3600;
    row->kwh = sum->joules / 3.6e6;
    row->usd = sum->usd;
    request->bytes += 60;
    answer->usage = request_grow(
        request, answer->usage, answer->n_usage, sizeof(Wattyard__UsageRow *));
    answer->usage[answer->n_usage++] = row;
    return 0;
}

void request_list_usage(struct request *request)
{
    static const char *const BY[] = {
        [USAGE_BY_TENANT] = "tenant", [USAGE_BY_USER] = "user", [USAGE_BY_SYSTEM] = "system"};
    struct server *server = request->server;
    const Wattyard__ListUsage *in = request->in->list_usage;
    struct usage_walk walk = {.request = request, .from = request_cursor(&in->after).first};
    struct err err = {0};

    for (size_t i = 0; i < sizeof BY / sizeof BY[0]; i++) {
        if (strcmp(in->by, BY[i]) != 0)
            continue;
        server_write_usage_of_all(server); /* what runs, up to now */
        if (store_sum_usage(server->store, (enum usage_by)i, in->from_ms,
                in->to_ms > 0 ? in->to_ms : server->now_ms, add_usage, &walk, &err) != 0)
            request_fail(request, &err);
        return;
    }
    request_failf(request, 2, "usage is by tenant, user or system, not by %s", in->by);
}

/* --- The fleet */

static int add_version(void *context, const struct fleet_row *fleet, struct err *err)
{
    struct request *request = context;
    Wattyard__Answer *answer = request->answer;
    Wattyard__FleetVersion *row;

    (void)err;
    if (answer->next.len > 0)
        return 0;
    if (request_is_full(request, answer->n_fleet)) {
        request_go_on(request, (struct cursor){.part = PART_VERSIONS, .first = fleet->version - 1});
        return 0;
    }
    row = arena_zero(request->arena, 1, sizeof *row);
    wattyard__fleet_version__init(row);
    row->version = (uint32_t)fleet->version;
    row->at_ms = fleet->at_ms;
    row->who = request_text(request, fleet->who);
    row->what = request_text(request, fleet->what);
    answer->fleet = request_grow(
        request, answer->fleet, answer->n_fleet, sizeof(Wattyard__FleetVersion *));
    answer->fleet[answer->n_fleet++] = row;
    request->bytes += 20;
    if (fleet->xml_bytes > FLEET_XML_BYTES)
        request_failf(request, 1,
            "fleet version %u has %zu bytes of XML, and an answer at most %d: read it where the "
            "scheduler runs",
            row->version, fleet->xml_bytes, FLEET_XML_BYTES);
    else if (fleet->xml_bytes > 0) {
        answer->fleet_xml.data = arena_copy(request->arena, fleet->xml, fleet->xml_bytes, 1);
        answer->fleet_xml.len = fleet->xml_bytes;
    }
    return 0;
}

/* Versions past the cursor. */
static int list_version(void *context, const struct fleet_row *fleet, struct err *err)
{
    struct request *request = context;

    if (fleet->version <= request_cursor(&request->in->show_fleet->after).first)
        return 0;
    return add_version(context, fleet, err);
}

void request_show_fleet(struct request *request)
{
    struct err err = {0};

    if (store_each_fleet(request->server->store, request->in->show_fleet->version, list_version,
            request, &err) != 0)
        request_fail(request, &err);
}

/* What a change of the fleet does to a host that has tasks, and to those that go. */
struct fleet_change {
    int added_count, removed_count;
    int busy_count; /* of the removed: with tasks */
    char busy[FLEET_NAME_SIZE];
    bool is_refused;
};

static bool is_busy(const struct server *server, int host)
{
    return ledger_host_holders(core_ledger(server->core), host, NULL, 0) > 0;
}

static struct fleet_change compare_fleets(struct request *request, const struct fleet *next)
{
    const struct server *server = request->server;
    const struct fleet *now = server->fleet;
    struct fleet_change change = {0};
    char name[FLEET_NAME_SIZE];

    for (int host = 0; host < now->host_count; host++) {
        int there = fleet_find_host(next, fleet_host_name(now, host, name));

        if (there < 0) {
            change.removed_count++;
            if (is_busy(server, host)) {
                change.busy_count++;
                memcpy(change.busy, name, sizeof name);
            }
        } else if (is_busy(server, host) &&
                   !str_equal(fleet_rack_system(next, next->host_rack[there])->id,
                       fleet_rack_system(now, now->host_rack[host])->id)) {
            request_failf(request, 1,
                "host %s is of another system in the new fleet, and tasks run on it: drain it "
                "first",
                name);
            change.is_refused = true;
        }
    }
    change.added_count = next->host_count - (now->host_count - change.removed_count);
    return change;
}

static void drain_removed(struct server *server, const struct fleet *next)
{
    char name[FLEET_NAME_SIZE];

    for (int host = 0; host < server->fleet->host_count; host++) {
        struct event event = {
            .kind = EVENT_DRAIN, .host = host, .why = "it leaves the fleet when it is empty"};

        if (fleet_find_host(next, fleet_host_name(server->fleet, host, name)) < 0 &&
            core_drain_reason(server->core, host) == NULL)
            (void)server_apply(server, &event, NULL);
    }
}

static int64_t latest_version(const struct server *server)
{
    return server->next_fleet_version > server->cluster.fleet_version
               ? server->next_fleet_version
               : server->cluster.fleet_version;
}

/* Into the store, but of a dry run; and into the answer. */
static void store_fleet(struct request *request, const struct fleet_change *change)
{
    struct server *server = request->server;
    const Wattyard__ApplyFleet *in = request->in->apply_fleet;
    struct fleet_row row = {.at_ms = server->now_ms,
        .who = request->peer->name,
        .what = arena_format(request->arena, "%d %s added, %d removed", change->added_count,
            str_plural(change->added_count, "host", "hosts"), change->removed_count),
        .xml = in->xml.data,
        .xml_bytes = in->xml.len};
    struct err err = {0};

    if (in->dry_run) {
        row.version = latest_version(server) + 1;
    } else {
        if (!server_write(server))
            return;
        server_check(server, store_add_fleet(server->store, &row, &err), &err);
        server->next_fleet_version = row.version;
    }
    row.xml_bytes = 0; /* who asks has it */
    if (change->busy_count > 0)
        row.what = arena_format(request->arena, "%s; in force when %d %s empty, such as %s",
            row.what, change->busy_count, str_plural(change->busy_count, "host is", "hosts are"),
            change->busy);
    (void)add_version(request, &row, &err);
}

void request_apply_fleet(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__ApplyFleet *in = request->in->apply_fleet;
    struct faults faults = {0};
    struct fleet *next = fleet_parse(
        (const char *)in->xml.data, in->xml.len, "the new fleet", &faults);
    struct fleet_change change;
    struct err err = {0};

    if (next == NULL) {
        (void)faults_to_err(&faults, &err);
        request_failf(request, 2, "%s", err.text);
        faults_fini(&faults);
        return;
    }
    faults_fini(&faults);
    change = compare_fleets(request, next);
    if (!change.is_refused && !in->dry_run)
        drain_removed(server, next);
    if (!change.is_refused)
        store_fleet(request, &change);
    if (!change.is_refused && !in->dry_run && change.busy_count > 0)
        server_log(server, "the new fleet is in force when %d %s empty, such as %s",
            change.busy_count, str_plural(change.busy_count, "host is", "hosts are"), change.busy);
    fleet_destroy(next);
}

/* --- Changing over: when what leaves is empty, everything is read again with the new fleet */

static bool is_empty_of_removed(const struct server *server, const struct fleet *next)
{
    char name[FLEET_NAME_SIZE];

    for (int host = 0; host < server->fleet->host_count; host++)
        if (is_busy(server, host) &&
            fleet_find_host(next, fleet_host_name(server->fleet, host, name)) < 0)
            return false;
    return true;
}

/* Sessions follow their hosts' names. */
static void move_sessions(struct server *server, const struct fleet *old, const struct fleet *next)
{
    struct host_session *sessions = mem_zero((size_t)next->host_count, sizeof *sessions);
    char name[FLEET_NAME_SIZE];

    for (int host = 0; host < old->host_count; host++) {
        int there = fleet_find_host(next, fleet_host_name(old, host, name));

        if (there >= 0)
            sessions[there] = server->hosts[host];
        else
            host_session_fini(&server->hosts[host]);
    }
    mem_free(server->hosts);
    server->hosts = sessions;
}

void server_change_fleet(struct server *server)
{
    int64_t version = server->cluster.fleet_version;
    struct fleet *next;
    struct err err = {0};

    if (server->next_fleet_version == 0 || server->round_is_open || server->is_writing)
        return;
    server->cluster.fleet_version = server->next_fleet_version;
    next = server_read_fleet(server, &err);
    if (next == NULL || !is_empty_of_removed(server, next)) {
        server->cluster.fleet_version = version;
        fleet_destroy(next);
        return;
    }
    server->next_fleet_version = 0;
    move_sessions(server, server->fleet, next);
    fleet_destroy(next);
    server_unload(server);
    if (server_load(server, &err) != 0) {
        server->is_over = true;
        server->failure = err;
        return;
    }
    (void)server_write(server); /* the version in force goes with this turn's commit */
    server_log(server, "fleet version %lld is in force: %d %s",
        (long long)server->cluster.fleet_version, server->fleet->host_count,
        str_plural(server->fleet->host_count, "host", "hosts"));
}
