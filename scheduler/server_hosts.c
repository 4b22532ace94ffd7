/* Sessions of hosts: who speaks for which, what it is and how it does. */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <string.h>

enum { HEARD_MS = 15 * 1000 }; /* a report this new still says how a host is */

static void refuse(
    struct server *server, const struct route *route, Wattyard__Refused__Code code, const char *why)
{
    Wattyard__Envelope envelope;
    Wattyard__Refused refused = WATTYARD__REFUSED__INIT;

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REFUSED, server->cluster.cluster,
        server->cluster.epoch, "");
    refused.code = code;
    refused.why = (char *)(uintptr_t)why;
    envelope.refused = &refused;
    sockets_queue(server->sockets, SOCKET_AGENTS, route, &envelope);
}

static void keep_text(char **field, const char *text)
{
    if (*field != NULL && strcmp(*field, text) == 0)
        return;
    mem_free(*field);
    *field = mem_copy_text(text);
}

/* An agent knows of later epochs or ids than the state does: it is a restored backup. */
static void stop_as_restored(struct server *server, const char *host)
{
    server->is_over = true;
    (void)err_set(&server->failure, ERR_STATE,
        "host %s has heard from a later start of this cluster than the state knows: the state is a "
        "restored backup. Start once with --after-restore: it takes epoch and ids past all that "
        "were seen; tasks that the backup does not know are stopped",
        host);
}

static bool is_from_later(const struct server *server, const Wattyard__Envelope *in)
{
    const Wattyard__Hello *hello = in->body_case == WATTYARD__ENVELOPE__BODY_HELLO ? in->hello
                                                                                   : NULL;

    if (in->epoch > server->cluster.epoch)
        return true;
    return hello != NULL && (hello->highest_epoch > server->cluster.epoch ||
                                (int64_t)hello->highest_gang >= core_next_gang(server->core));
}

/* The host that the message speaks for, if its peer may; -1: refused, and told why. */
static int host_of(struct server *server, const struct peer *peer, const Wattyard__Envelope *in)
{
    int host;

    if (!server->options.is_insecure && strcmp(peer->name, in->host) != 0) {
        server_log(server, "the key of host %s spoke for host %s: refused", peer->name, in->host);
        refuse(
            server, &peer->route, WATTYARD__REFUSED__CODE__IDENTITY, "your key is another host's");
        return -1;
    }
    if (in->cluster.len > 0 &&
        memcmp(in->cluster.data, server->cluster.cluster, PROTOCOL_ID_BYTES) != 0) {
        server_log(server, "host %s belongs to another cluster: refused", in->host);
        refuse(server, &peer->route, WATTYARD__REFUSED__CODE__CLUSTER,
            "this is another cluster's scheduler");
        return -1;
    }
    host = fleet_find_host(server->fleet, in->host);
    if (host < 0) {
        server_log(server, "host %s is not in the fleet: refused", in->host);
        refuse(server, &peer->route, WATTYARD__REFUSED__CODE__UNKNOWN_HOST,
            "the fleet has no host of that name");
    }
    return host;
}

/* --- What a host has against what the fleet file says */

static uint64_t bad_chips(
    const struct server *server, int host, const Wattyard__Inventory *inventory)
{
    const struct system *system = fleet_rack_system(server->fleet, server->fleet->host_rack[host]);
    uint64_t bad = 0;

    for (int i = 0; i < system->chips_per_host; i++)
        if ((size_t)i >= inventory->n_chips || inventory->chips[i]->is_bad)
            bad |= UINT64_C(1) << i;
    return bad;
}

static void apply_report(struct server *server, int host)
{
    const struct host_session *session = &server->hosts[host];
    struct event event = {.kind = EVENT_HOST_REPORT,
        .host = host,
        .boot = session->boot,
        .bad_chips = session->bad_chips,
        .can_cap = session->can_cap};

    (void)server_apply(server, &event, NULL);
}

static void drain_other(struct server *server, int host, const Wattyard__Inventory *inventory)
{
    const struct system *system = fleet_rack_system(server->fleet, server->fleet->host_rack[host]);
    char why[160];
    struct event event = {.kind = EVENT_DRAIN, .host = host, .why = why};

    if (inventory->n_chips <= (size_t)system->chips_per_host ||
        core_drain_reason(server->core, host) != NULL)
        return;
    (void)snprintf(why, sizeof why, "it has %zu %s, a host of %s has %d", inventory->n_chips,
        str_plural((int64_t)inventory->n_chips, "chip", "chips"), system->id,
        system->chips_per_host);
    (void)server_apply(server, &event, NULL);
}

static void take_hello(
    struct server *server, const struct peer *peer, int host, const Wattyard__Hello *hello)
{
    struct host_session *session = &server->hosts[host];
    const Wattyard__Inventory *inventory = hello->inventory;

    session->route = peer->route;
    session->has_hello = true;
    session->generation++;
    server_mark_host(server, host);
    session->applied = 0;
    session->ended_count = 0;
    session->heard_boot_ms = hello->sent_boot_ms;
    session->seen_ms = server->now_ms;
    session->boot = str_hash(hello->boot_id);
    session->load = session->power_w = session->chip_use_frac = session->chip_power_w = -1;
    keep_text(&session->address, hello->address);
    keep_text(&session->version, hello->version);
    if (inventory != NULL) {
        session->memory_bytes = inventory->memory_bytes;
        session->thread_count = inventory->hardware_threads;
        session->can_cap = inventory->can_cap;
        session->bad_chips = bad_chips(server, host, inventory);
    }
    apply_report(server, host);
    if (inventory != NULL)
        drain_other(server, host, inventory);
    server_take_tasks(server, host, hello->tasks, hello->n_tasks, true);
}

/* --- Reports */

static void take_use(struct host_session *session, const Wattyard__Report *report)
{
    double use = 0;
    double watts = 0;
    int known_count = 0;

    for (size_t i = 0; i < report->n_chips; i++) {
        const Wattyard__ChipUse *chip = report->chips[i];

        if (chip->use_frac >= 0) {
            use += chip->use_frac;
            known_count++;
        }
        watts += chip->power_w > 0 ? chip->power_w : 0;
    }
    session->chip_use_frac = known_count > 0 ? use / known_count : -1;
    session->chip_power_w = report->n_chips > 0 ? watts : -1;
    session->load = report->load;
    session->memory_used_bytes = report->memory_used_bytes;
    session->power_w = report->power_w > 0 ? report->power_w : -1;
}

/* The rack's power as measured, once each of its hosts and their chips tell theirs. */
static void measure_rack(struct server *server, int rack)
{
    const struct fleet_rack *r = &server->fleet->racks[rack];
    struct event event = {.kind = EVENT_MEASURED, .index = rack, .kw = 0};

    for (int i = 0; i < r->host_count; i++) {
        const struct host_session *session = &server->hosts[r->first_host + i];

        if (session->power_w <= 0 || session->chip_power_w <= 0)
            return;
        event.kw += (session->power_w + session->chip_power_w) / 1000;
    }
    (void)server_apply(server, &event, NULL);
}

static void keep(struct server *server, int host)
{
    struct host_session *session = &server->hosts[host];
    Wattyard__Envelope envelope;
    Wattyard__Kept kept = WATTYARD__KEPT__INIT;

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_KEPT, server->cluster.cluster,
        server->cluster.epoch, "");
    kept.generation = session->generation;
    kept.heard_boot_ms = session->heard_boot_ms;
    envelope.kept = &kept;
    sockets_queue(server->sockets, SOCKET_AGENTS, &session->route, &envelope);
}

static void take_report(
    struct server *server, const struct peer *peer, int host, const Wattyard__Report *report)
{
    struct host_session *session = &server->hosts[host];

    if (!session->has_hello || !route_equal(&session->route, &peer->route)) {
        refuse(server, &peer->route, WATTYARD__REFUSED__CODE__SAY_HELLO,
            "this connection has not said hello");
        return;
    }
    session->heard_boot_ms = report->sent_boot_ms;
    session->seen_ms = server->now_ms;
    session->applied = report->generation;
    take_use(session, report);
    apply_report(server, host);
    measure_rack(server, server->fleet->host_rack[host]);
    server_take_tasks(
        server, host, report->tasks, report->n_tasks, report->generation == session->generation);
    if (session->has_more && !session->is_dirty && report->generation == session->generation) {
        session->generation++;
        server_mark_host(server, host);
    }
    if (!session->is_dirty &&
        (report->generation != session->generation || session->ended_count > 0))
        server_mark_host(server, host);
    if (!session->is_dirty)
        keep(server, host);
}

void server_on_agent(struct server *server, const struct peer *peer, const Wattyard__Envelope *in)
{
    int host;

    if (in->body_case == WATTYARD__ENVELOPE__BODY_OUTPUT) {
        server_on_output(server, in->output);
        return;
    }
    host = host_of(server, peer, in);
    if (host < 0)
        return;
    if (is_from_later(server, in)) {
        stop_as_restored(server, in->host);
        return;
    }
    if (in->body_case == WATTYARD__ENVELOPE__BODY_HELLO) {
        take_hello(server, peer, host, in->hello);
    } else if (in->body_case == WATTYARD__ENVELOPE__BODY_REPORT) {
        take_report(server, peer, host, in->report);
    } else if (in->body_case == WATTYARD__ENVELOPE__BODY_REFUSED) {
        server_log(server, "host %s refuses this scheduler: %s", in->host, in->refused->why);
        if (in->refused->code == WATTYARD__REFUSED__CODE__EPOCH)
            stop_as_restored(server, in->host);
    } else {
        server->dropped_count++;
        server_log(server, "host %s sent a message that is not an agent's", in->host);
    }
}

void server_report_again(struct server *server, int host)
{
    const struct host_session *session = &server->hosts[host];

    if (session->has_hello && server->now_ms - session->seen_ms < HEARD_MS)
        apply_report(server, host);
}

void host_session_fini(struct host_session *session)
{
    mem_free(session->address);
    mem_free(session->version);
    mem_free(session->why);
    mem_free(session->who);
    mem_free(session->ended);
}

void host_sessions_fini(struct server *server)
{
    for (int i = 0; server->hosts != NULL && i < server->fleet->host_count; i++)
        host_session_fini(&server->hosts[i]);
    mem_free(server->hosts);
    server->hosts = NULL;
}
