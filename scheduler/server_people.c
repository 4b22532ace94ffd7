/* Requests of people: who may ask what, the same id twice, and the answers. */
#include "base/mem.h"
#include "scheduler/server_private.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KINDS = 64, DAY_MS = 24 * 3600 * 1000 };

struct request_rule {
    request_fn run;
    unsigned role;  /* enum key_role */
    bool is_change; /* stored with its answer; refused while the disk is full */
    const char *name;
};

static const struct request_rule RULES[KINDS] = {
    [WATTYARD__REQUEST__BODY_SUBMIT] = {request_submit, KEY_SUBMIT, true, "submit"},
    [WATTYARD__REQUEST__BODY_CANCEL] = {request_cancel, KEY_SUBMIT, true, "cancel"},
    [WATTYARD__REQUEST__BODY_HOLD] = {request_hold, KEY_SUBMIT, true, "hold"},
    [WATTYARD__REQUEST__BODY_RELEASE] = {request_release, KEY_SUBMIT, true, "release"},
    [WATTYARD__REQUEST__BODY_REQUEUE] = {request_requeue, KEY_SUBMIT, true, "requeue"},
    [WATTYARD__REQUEST__BODY_DRAIN] = {request_drain, KEY_OPERATE, true, "drain"},
    [WATTYARD__REQUEST__BODY_RESUME] = {request_resume, KEY_OPERATE, true, "resume"},
    [WATTYARD__REQUEST__BODY_FENCE] = {request_fence, KEY_OPERATE, true, "fence"},
    [WATTYARD__REQUEST__BODY_SET_POWER] = {request_set_power, KEY_OPERATE, true, "power"},
    [WATTYARD__REQUEST__BODY_APPLY_FLEET] = {request_apply_fleet, KEY_OPERATE, true, "fleet apply"},
    [WATTYARD__REQUEST__BODY_RETRY_ALL] = {request_retry_all, KEY_OPERATE, true, "resume"},
    [WATTYARD__REQUEST__BODY_LIST_JOBS] = {request_list_jobs, KEY_VIEW, false, "queue"},
    [WATTYARD__REQUEST__BODY_SHOW_JOB] = {request_show_job, KEY_VIEW, false, "job"},
    [WATTYARD__REQUEST__BODY_EXPLAIN] = {request_explain, KEY_VIEW, false, "explain"},
    [WATTYARD__REQUEST__BODY_WATCH] = {request_watch, KEY_VIEW, false, "watch"},
    [WATTYARD__REQUEST__BODY_READ_LOG] = {request_read_log, KEY_VIEW, false, "logs"},
    [WATTYARD__REQUEST__BODY_LIST_HOSTS] = {request_list_hosts, KEY_VIEW, false, "nodes"},
    [WATTYARD__REQUEST__BODY_LIST_POWER] = {request_list_power, KEY_VIEW, false, "power"},
    [WATTYARD__REQUEST__BODY_LIST_USAGE] = {request_list_usage, KEY_VIEW, false, "usage"},
    [WATTYARD__REQUEST__BODY_SHOW_FLEET] = {request_show_fleet, KEY_VIEW, false, "fleet"},
    [WATTYARD__REQUEST__BODY_PING] = {request_ping, 0, false, "ping"},
};

/* --- Who */

const struct fleet_user *request_user(const struct request *request)
{
    const struct fleet *fleet = request->server->fleet;

    for (int i = 0; i < fleet->user_count; i++)
        if (strcmp(fleet->users[i].name, request->peer->name) == 0)
            return &fleet->users[i];
    return NULL;
}

static unsigned roles_of(const struct request *request)
{
    const struct fleet_user *user = request_user(request);

    return user != NULL && user->roles != 0 ? user->roles : request->peer->roles;
}

/* Without keys everybody on this machine is who runs the scheduler. */
static void name_insecure(struct peer *peer)
{
    const struct passwd *own = getpwuid(getuid());

    (void)snprintf(peer->name, sizeof peer->name, "%s", own != NULL ? own->pw_name : "nobody");
}

static const char *role_name(unsigned role)
{
    return role == KEY_OPERATE ? "operate" : role == KEY_SUBMIT ? "submit" : "view";
}

static bool may(struct request *request, const struct request_rule *rule)
{
    unsigned roles = roles_of(request);

    /* Who operates may do all that others may. */
    if (rule->role == 0 || (roles & (rule->role | KEY_OPERATE)) != 0 ||
        (rule->role == KEY_VIEW && roles != 0))
        return true;
    server_log(request->server, "user %s asked for %s without the role `%s`: refused",
        request->peer->name, rule->name, role_name(rule->role));
    request_failf(request, 1, "%s needs the role `%s`, which user %s does not have", rule->name,
        role_name(rule->role), request->peer->name);
    return false;
}

/* --- Answers */

static void keep_answer(struct request *request)
{
    struct server *server = request->server;
    size_t count = wattyard__answer__get_packed_size(request->answer);
    uint8_t *bytes = mem_zero(count, 1);
    struct err err = {0};

    (void)wattyard__answer__pack(request->answer, bytes);
    if (server_write(server))
        server_check(server,
            store_put_answer(server->store, request->in->id.data, request->peer->name,
                server->now_ms, bytes, count, &err),
            &err);
    mem_free(bytes);
}

/* The same request again: its answer again. */
static bool answer_again(struct request *request)
{
    struct server *server = request->server;
    struct str bytes = {0};
    struct err err = {0};
    Wattyard__Answer *old = NULL;
    int rc = store_find_answer(
        server->store, request->in->id.data, request->peer->name, &bytes, &err);

    if (rc < 0)
        server_check(server, -1, &err);
    if (rc > 0)
        old = wattyard__answer__unpack(NULL, bytes.length, (const uint8_t *)str_text(&bytes));
    str_fini(&bytes);
    if (old == NULL)
        return rc < 0;
    server_answer(server, &request->peer->route, old);
    wattyard__answer__free_unpacked(old, NULL);
    return true;
}

static void run_request(struct request *request, const struct request_rule *rule)
{
    struct server *server = request->server;

    if (!may(request, rule))
        return;
    if (rule->is_change && server->is_full) {
        request_failf(request, 1,
            "the disk of the scheduler's state is full: nothing new is accepted until there is "
            "room; what runs goes on");
        return;
    }
    server->who = request->peer->name;
    rule->run(request);
    server->who = NULL;
    if (rule->is_change && request->answer->status == 0)
        keep_answer(request);
}

void server_on_person(struct server *server, const struct peer *peer, const Wattyard__Envelope *in)
{
    Wattyard__Answer answer = WATTYARD__ANSWER__INIT;
    struct peer known = *peer;
    struct request request = {
        .server = server, .peer = &known, .in = in->request, .answer = &answer};
    const struct request_rule *rule;

    if (in->body_case != WATTYARD__ENVELOPE__BODY_REQUEST ||
        in->request->id.len != PROTOCOL_ID_BYTES) {
        server->dropped_count++;
        server_log(server, "%s sent a message that is not a request", known.name);
        return;
    }
    if (server->options.is_insecure)
        name_insecure(&known);
    answer.id = in->request->id;
    request.arena = arena_create();
    rule = (unsigned)in->request->body_case < KINDS ? &RULES[in->request->body_case] : NULL;
    if (rule == NULL || rule->run == NULL)
        request_failf(
            &request, 2, "this scheduler (%s) does not know that request", WATTYARD_VERSION);
    else if (!rule->is_change || !answer_again(&request))
        run_request(&request, rule);
    else
        request.is_late = true;
    if (!request.is_late)
        server_answer(server, &known.route, &answer);
    arena_destroy(request.arena);
}
