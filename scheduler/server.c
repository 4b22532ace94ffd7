#include "scheduler/server.h"
#include "base/str.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/xml.h"
#include "scheduler/server_private.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    WAIT_MOST_MS = 1000,
    STAGE_MS = 20,      /* of a round at a stretch: sockets are looked at between */
    LOG_LINES = 20,     /* a second */
    FULL_TRY_MS = 2000, /* how often a full disk is tried again */
    RESTORE_STRIDE =
        1000000 /* of epochs and ids after a restored backup: past all that were seen */
};

void server_log(struct server *server, const char *format, ...)
{
    va_list args;

    if (server->now_ms - server->logged_ms >= 1000) {
        if (server->logged_count > LOG_LINES)
            (void)fprintf(stderr, "wattyard-scheduler: … and %d %s in that second\n",
                server->logged_count - LOG_LINES,
                str_plural(server->logged_count - LOG_LINES, "line more", "lines more"));
        server->logged_ms = server->now_ms;
        server->logged_count = 0;
    }
    if (++server->logged_count > LOG_LINES)
        return;
    (void)fprintf(stderr, "wattyard-scheduler: ");
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* --- Writing */

void server_check(struct server *server, int rc, const struct err *err)
{
    if (rc == 0 || server->has_failed)
        return;
    server->has_failed = true;
    server->failure = *err;
}

bool server_write(struct server *server)
{
    struct err err = {0};

    if (server->has_failed)
        return false;
    if (!server->is_writing) {
        server_check(server, store_begin(server->store, &err), &err);
        server->is_writing = !server->has_failed;
    }
    return !server->has_failed;
}

int server_apply(struct server *server, struct event *event, struct err *err)
{
    int rc;

    event->now_ms = server->now_ms;
    rc = core_apply(server->core, event, &server->actions, err);
    server_take_actions(server);
    return rc;
}

/* --- Rounds */

static void answer_round(struct server *server)
{
    struct placement_answer answer = {0};
    enum solver_state state = solver_poll(server->solver, server->now_ms, &answer);

    if (state == SOLVER_WAITS)
        return;
    if (state == SOLVER_LOST || answer.guard_fired) {
        struct event guard = {.kind = EVENT_GUARD};

        server_log(server, "the placement program was lost or took too long: greedy for this tier");
        (void)server_apply(server, &guard, NULL);
        server_note(server, &(struct event_row){.at_ms = server->now_ms,
                                .member = -1,
                                .what = "guard",
                                .why = "the placement program was lost or took too long",
                                .who = "",
                                .place = ""});
    }
    core_round_answer(server->core, state == SOLVER_ANSWERED ? &answer : NULL, &server->actions);
    server_take_actions(server);
    placement_answer_fini(&answer);
    server->round_waits = false;
}

static void step_round(struct server *server)
{
    double start_s = clock_monotonic_s();

    if (!server->round_is_open && !core_round_is_due(server->core, server->now_ms))
        return;
    server->round_is_open = true;
    while (server->round_is_open && !server->round_waits &&
           (clock_monotonic_s() - start_s) * 1000 < STAGE_MS) {
        const struct placement_problem *problem = NULL;
        const struct placement_budget budget = CORE_ROUND_BUDGET;
        bool is_small = false;
        enum round_stage stage = core_round_step(
            server->core, server->now_ms, &problem, &is_small, &server->actions);

        server_take_actions(server);
        server->round_is_open = stage != ROUND_DONE;
        if (stage != ROUND_SOLVE)
            continue;
        server->round_waits = true;
        if (!solver_ask(server->solver, problem, &budget, server->now_ms)) {
            core_round_answer(server->core, NULL, &server->actions);
            server_take_actions(server);
            server->round_waits = false;
        }
    }
}

/* --- A turn */

/* The store failed: nothing of this turn was sent; the core is loaded again. */
static void undo_turn(struct server *server)
{
    struct err err = {0};
    bool was_full = server->is_full;

    store_rollback(server->store);
    sockets_drop_queued(server->sockets);
    server->is_full = store_is_full(server->store);
    server->full_ms = server->now_ms;
    if (!server->is_full || !was_full)
        server_log(server, "%s%s", server->failure.text,
            server->is_full ? ": nothing new is accepted until there is room, what runs goes on"
                            : ": this turn is undone, the state is read again");
    server->is_writing = server->has_failed = false;
    server_unload(server);
    if (server_load(server, &err) != 0) {
        server->is_over = true;
        server->failure = err;
        server->has_failed = true;
    }
    if (server->is_writing) /* what the load itself would note waits for the next turn */
        store_rollback(server->store);
    server->is_writing = false;
    server->has_failed = server->is_over;
}

static void commit_turn(struct server *server)
{
    struct err err = {0};

    server_write_gangs(server);
    if (server->is_writing && !server->has_failed) {
        server->cluster.next_job = core_next_job(server->core);
        server->cluster.next_gang = core_next_gang(server->core);
        server_check(server, store_write_cluster(server->store, &server->cluster, &err), &err);
    }
    if (server->is_writing && !server->has_failed)
        server_check(server, store_commit(server->store, &err), &err);
    if (server->has_failed) {
        undo_turn(server);
        return;
    }
    if (server->is_writing && server->is_full) {
        server->is_full = false;
        server_log(server, "there is room on the disk again");
    }
    server->is_writing = false;
    server_send_marked(server);
    server_answer_watches(server);
    server_answer_reads(server);
    sockets_flush(server->sockets);
}

static void receive_all(struct server *server)
{
    for (int kind = 0; kind < SOCKET_COUNT; kind++)
        for (int i = 0; i < TURN_MESSAGES && !server->is_over; i++) {
            struct peer peer = {0};
            Wattyard__Envelope *envelope = NULL;
            struct err err = {0};
            int rc = sockets_receive(
                server->sockets, (enum socket_kind)kind, &peer, &envelope, &err);

            if (rc == 0)
                break;
            if (rc < 0) {
                server->dropped_count++;
                server_log(server, "a message of %s was dropped: %s",
                    peer.name[0] != '\0' ? peer.name : "a peer", err.text);
                continue;
            }
            if (kind == SOCKET_AGENTS)
                server_on_agent(server, &peer, envelope);
            else
                server_on_person(server, &peer, envelope);
            protocol_free(envelope);
        }
}

/* A row that says nothing new shows whether the disk takes rows again. */
static void try_full_disk(struct server *server)
{
    if (server->is_full && server->now_ms - server->full_ms >= FULL_TRY_MS) {
        server->full_ms = server->now_ms;
        (void)server_write(server);
    }
}

static void each_minute(struct server *server)
{
    if (server->now_ms - server->last_usage_ms < MINUTE_MS)
        return;
    server->last_usage_ms = server->now_ms;
    if (!server->is_full)
        server_write_usage_of_all(server);
    server_forget(server);
}

static void turn(struct server *server)
{
    struct event tick = {.kind = EVENT_TICK};
    const char *note;

    server->now_ms = clock_utc_ms();
    receive_all(server);
    if (server->is_over)
        return;
    if (server->round_waits)
        answer_round(server);
    if (core_next_ms(server->core) <= server->now_ms)
        (void)server_apply(server, &tick, NULL);
    step_round(server);
    each_minute(server);
    try_full_disk(server);
    commit_turn(server);
    server_change_fleet(server);
    while ((note = sockets_note(server->sockets)) != NULL)
        server_log(server, "%s", note);
}

static int64_t wait_ms(const struct server *server)
{
    int64_t next = core_next_ms(server->core) - server->now_ms;

    if (server->round_is_open && !server->round_waits)
        return 0;
    if (next > WAIT_MOST_MS)
        next = WAIT_MOST_MS;
    if (server_watch_ms(server) - server->now_ms < next)
        next = server_watch_ms(server) - server->now_ms;
    return next > 0 ? next : 0;
}

/* --- Birth and death */

static int take_epoch(struct server *server, struct err *err)
{
    if (store_read_cluster(server->store, &server->cluster, err) != 0)
        return -1;
    server->cluster.epoch += server->options.after_restore ? RESTORE_STRIDE : 1;
    if (server->options.after_restore) {
        server->cluster.next_job += RESTORE_STRIDE;
        server->cluster.next_gang += RESTORE_STRIDE;
    }
    if (store_begin(server->store, err) != 0 ||
        store_write_cluster(server->store, &server->cluster, err) != 0 ||
        store_commit(server->store, err) != 0)
        return -1;
    return 0;
}

static int say_ready(struct server *server, struct err *err)
{
    struct str text = {0};
    int rc = 0;

    str_format(&text, "agents %s\npeople %s\npid %ld\nepoch %llu\n",
        sockets_bound(server->sockets, SOCKET_AGENTS),
        sockets_bound(server->sockets, SOCKET_PEOPLE), (long)getpid(),
        (unsigned long long)server->cluster.epoch);
    (void)fprintf(stderr,
        "wattyard-scheduler: fleet %s, %d %s; agents at %s, people at %s; epoch %llu\n",
        server->fleet->name, server->fleet->host_count,
        str_plural(server->fleet->host_count, "host", "hosts"),
        sockets_bound(server->sockets, SOCKET_AGENTS),
        sockets_bound(server->sockets, SOCKET_PEOPLE), (unsigned long long)server->cluster.epoch);
    if (server->options.ready_file != NULL)
        rc = file_write(server->options.ready_file, str_text(&text), text.length, err);
    str_fini(&text);
    return rc;
}

static int start(struct server *server, struct err *err)
{
    server->now_ms = server->last_usage_ms = clock_utc_ms();
    server->store = store_open(server->options.state_folder, err);
    if (server->store == NULL || take_epoch(server, err) != 0 || server_load(server, err) != 0)
        return -1;
    if (server->has_failed) {
        *err = server->failure;
        return -1;
    }
    server->sockets = sockets_open(&server->options, err);
    if (server->sockets == NULL)
        return -1;
    server->solver = solver_start(server->options.program, err);
    if (server->solver == NULL)
        return -1;
    return say_ready(server, err);
}

static void stop(struct server *server)
{
    solver_stop(server->solver);
    if (server->fleet != NULL)
        host_sessions_fini(server);
    server_unload(server);
    sockets_close(server->sockets);
    store_close(server->store);
    xml_schema_destroy(server->schema);
    actions_fini(&server->actions);
    for (size_t i = 0; i < server->watch_count; i++)
        mem_free(server->watches[i].jobs);
    mem_free(server->watches);
    mem_free(server->reads);
    mem_free(server->dirty);
    mem_free(server->dirty_hosts);
}

/* SIGHUP: keys were added or taken away. */
static void look_at_hangup(struct server *server)
{
    struct timespec none = {0};
    struct err err = {0};
    sigset_t hangup;

    (void)sigemptyset(&hangup);
    (void)sigaddset(&hangup, SIGHUP);
    if (sigtimedwait(&hangup, NULL, &none) != SIGHUP)
        return;
    sockets_reload_keys(server->sockets, &err);
    server_log(server, "%s", err.kind != ERR_NONE ? err.text : "the keys were read again");
}

/* Blocked, so that they wait for us; the descriptor wakes the poll and is never read. */
static int watch_signals(void)
{
    sigset_t signals;

    interrupt_block();
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int server_run(const struct server_options *options, struct err *err)
{
    struct server server = {.options = *options};
    int signals = watch_signals();
    int rc;

    rc = start(&server, err);
    while (rc == 0 && !server.is_over && !interrupt_pending()) {
        int files[] = {signals, server.round_waits ? solver_fd(server.solver) : -1};

        sockets_wait(server.sockets, files, 2, wait_ms(&server));
        look_at_hangup(&server);
        turn(&server);
    }
    if (rc == 0 && server.is_over) {
        *err = server.failure;
        rc = -1;
    }
    stop(&server);
    if (signals >= 0)
        (void)close(signals);
    return rc;
}
