/*
 * server_private: what the files of the daemon share. Inside scheduler/server*.c, solver.c alone.
 *
 *   server.c          birth, the loop, turns
 *   server_sockets.c  the two ROUTERs, who a peer is;  server_outbox.c  what is sent after a turn
 *   server_zap.c      the key check
 *   server_load.c     rows -> core;  server_rows.c  core -> rows
 *   server_hosts.c    sessions of hosts;  server_reports.c  what agents say of tasks
 *   server_desired.c  what a host should have
 *   server_people.c   requests: who may, the same id twice;  server_answers.c  room in answers
 *   server_jobs.c, server_list.c, server_show.c, server_floor.c, server_power.c …  what they do
 */
#ifndef SCHEDULER_SERVER_PRIVATE_H
#define SCHEDULER_SERVER_PRIVATE_H

#include "agent/protocol.h"
#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/str.h"
#include "scheduler/core.h"
#include "scheduler/core_image.h"
#include "scheduler/id_map.h"
#include "scheduler/server.h"
#include "scheduler/store.h"

#include <stddef.h>

struct arena;
struct sockets; /* server_sockets.c */
struct solver;  /* solver.c */
struct xml_schema;

enum {
    ROUTE_BYTES = 32,
    TURN_MESSAGES = 256, /* a turn takes so many of each socket at most */
    WATCHES_MOST = 4096,
    READS_MOST = 1024,
    FORGET_MS = 10 * 60 * 1000, /* ended jobs leave the core */
    ANSWER_BYTES = 600 * 1024,  /* a page ends past so many, about; a frame holds them and a row */
    ANSWER_TEXT_BYTES = 128 * 1024,
    ANSWER_ERRORS = 100, /* more are counted */
    MINUTE_MS = 60 * 1000
};

/* What a round's program may spend: 200 ms is typical. */
#define CORE_ROUND_BUDGET                                                                          \
    {                                                                                              \
        .iterations = 20000, .nodes = 2000, .gap = 1e-4                                            \
    }

/* Where a message came from, and an answer goes. */
struct route {
    unsigned char bytes[ROUTE_BYTES];
    size_t count; /* 0: nowhere */
};
bool route_equal(const struct route *a, const struct route *b);

/* Who a peer is, by the key check. */
struct peer {
    struct route route;
    char name[KEY_NAME]; /* of a host or a user */
    unsigned roles;      /* of users: bits of enum key_role */
};

enum socket_kind { SOCKET_AGENTS, SOCKET_PEOPLE, SOCKET_COUNT };

/* A manifest as it was sent, for all jobs that came of it. */
struct manifest {
    int64_t id; /* in the store */
    struct job_list *list;
    int job_count;
};

struct server_job {
    int64_t id;
    struct manifest *manifest;
    int index; /* of the job in it */
    uint64_t change;
};

/* What is known of one task of an attempt, by what its agent said. */
struct attempt_task {
    unsigned char state; /* Wattyard__TaskState */
    unsigned char mode;
    double joules;
};

/* An attempt that holds chips. */
struct attempt {
    int64_t gang, job;
    int number;
    int64_t start_ms;
    double chips, kw, usd_per_hour;
    double done_joules;         /* of tasks that have ended */
    struct attempt_task *tasks; /* by rank; owned */
    int task_count;
    char *hosts;       /* hostlist in order of rank; owned */
    uint32_t *by_host; /* tasks of each host in it; owned */
    size_t host_count;
    char *system;    /* id; owned */
    char *master;    /* "address:port"; NULL: not known yet; owned */
    char *stop_why;  /* in words; owned; NULL */
    int exit_status; /* of the task that failed first */
};

struct host_session {
    struct route route; /* where it is now; count 0: not connected */
    bool has_hello;
    bool is_dirty;       /* its Desired is to be sent */
    bool has_more;       /* … did not hold all specs: the next follows when that one is applied */
    uint64_t generation; /* of what it should have */
    uint64_t applied;    /* … as it says */
    int64_t heard_boot_ms;
    int64_t seen_ms;         /* last report; 0: none */
    int64_t since_ms;        /* of its state */
    char *address, *version; /* owned; NULL: not known */
    char *why, *who;         /* of a drain; owned; NULL */
    uint64_t boot;
    uint64_t memory_bytes, memory_used_bytes, bad_chips;
    uint32_t thread_count;
    double load, power_w, chip_use_frac, chip_power_w; /* negative: not known */
    bool can_cap;
    Wattyard__TaskId *ended; /* ends that are stored and to be said so; owned */
    size_t ended_count, ended_capacity;
};

/* A client that waits for a change. */
struct watch {
    struct route route;
    unsigned char id[PROTOCOL_ID_BYTES];
    int64_t *jobs; /* owned */
    size_t job_count;
    uint64_t since;
    int64_t from_ms; /* not answered before: what takes long is not asked for all the time */
    int64_t until_ms;
};

/* Output that a host was asked for. */
struct read {
    uint64_t number;
    struct route route;
    unsigned char id[PROTOCOL_ID_BYTES];
    int64_t until_ms;
};

struct server {
    struct server_options options;
    struct cluster_row cluster;
    struct store *store;
    struct fleet *fleet;
    struct core *core;
    struct sockets *sockets;
    struct solver *solver;
    struct xml_schema *schema;       /* of manifests; owned */
    bool round_is_open, round_waits; /* … for the solver's answer */

    struct manifest **manifests; /* that live jobs came of; owned */
    size_t manifest_count, manifest_capacity;
    struct server_job *jobs; /* slots */
    size_t job_count, job_capacity;
    struct id_map job_slots;
    struct attempt **attempts; /* slots; each owned */
    size_t attempt_count, attempt_capacity;
    struct id_map attempt_slots;
    struct host_session *hosts; /* by host of the fleet */
    uint64_t change;            /* counts state changes of jobs */
    int64_t last_usage_ms;
    int64_t gone_before_ms; /* jobs that ended before are no more in the core, all later ones are */
    int64_t next_fleet_version; /* applied, in force once what leaves is empty; 0: none */

    struct watch *watches;
    size_t watch_count, watch_capacity;
    struct read *reads;
    size_t read_count, read_capacity;
    uint64_t next_read;

    /* Of this turn. */
    int64_t now_ms;
    struct actions actions;
    const char *who; /* whose request is being applied; NULL: nobody's */
    int64_t *dirty;  /* gangs whose row is to be written */
    size_t dirty_count, dirty_capacity;
    struct id_map dirty_slots;
    int *dirty_hosts; /* whose Desired is to be sent, once they have said hello */
    size_t dirty_host_count, dirty_host_capacity;
    bool is_writing; /* a transaction is open */
    bool has_failed; /* the store did: the turn is undone */
    struct err failure;
    bool is_full;    /* the disk is: nothing new is taken till this is over */
    int64_t full_ms; /* the last try to write */
    bool is_over;    /* stop, with `failure` */
    uint64_t dropped_count, stranger_count;
    int64_t logged_ms; /* of what is logged at a bounded rate */
    int logged_count;
};

/* --- server.c */

/* One line on standard error; at most 20 a second, the rest are counted. */
void server_log(struct server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Apply an event and take in what follows. The core's refusal is -1 with err. */
int server_apply(struct server *server, struct event *event, struct err *err);
/* The turn has come to write: opens the transaction. False: the store failed, or has before. */
bool server_write(struct server *server);
/* A write's result: a failure undoes the turn. */
void server_check(struct server *server, int rc, const struct err *err);

/* --- server_sockets.c */

struct sockets *sockets_open(const struct server_options *options, struct err *err);
void sockets_close(struct sockets *sockets);
/* Wait till something arrives, or one of the files (-1: none) is readable, at most timeout_ms. */
void sockets_wait(struct sockets *sockets, const int *files, size_t file_count, int64_t timeout_ms);
/* The next frame: its peer, and the envelope (protocol_free). 1; 0: none is left; -1: one was
 * dropped, with err. */
int sockets_receive(struct sockets *sockets, enum socket_kind kind, struct peer *peer,
    Wattyard__Envelope **envelope, struct err *err);
/* Keep a message till the turn is committed. */
void sockets_queue(struct sockets *sockets, enum socket_kind kind, const struct route *route,
    const Wattyard__Envelope *envelope);
void sockets_flush(struct sockets *sockets);
void sockets_drop_queued(struct sockets *sockets);
/* What happened to connections since, for the log: strangers, refused; NULL: nothing more. */
const char *sockets_note(struct sockets *sockets);
void sockets_reload_keys(struct sockets *sockets, struct err *err);
const char *sockets_bound(const struct sockets *sockets, enum socket_kind kind);

/* --- server_load.c */

/* Fleet, core and all that is stored; the sessions of hosts are kept. */
int server_load(struct server *server, struct err *err);
/* Release what server_load made. */
void server_unload(struct server *server);
/* The fleet in force: the last that was applied, else the file. */
struct fleet *server_read_fleet(struct server *server, struct err *err);
/* "site", "site/hall", "site/hall/feed" or "site/hall/feed/rack"; false: there is none such. */
bool server_find_place(
    const struct fleet *fleet, const char *place, enum power_level *level, int *index);

/* --- server_rows.c: the core's changes become rows */

/* Take in the actions of one event. */
void server_take_actions(struct server *server);
/* Rows of the gangs that changed in this turn. */
void server_write_gangs(struct server *server);
void server_write_usage(struct server *server, const struct attempt *attempt, int64_t end_ms);
void server_write_usage_of_all(struct server *server);
void server_note(struct server *server, const struct event_row *row);
/* Jobs that ended leave memory, and after keep_days the first database. */
void server_forget(struct server *server);

/* --- server_attempts.c */

struct attempt *attempt_find(const struct server *server, int64_t gang);
/* Of a gang that holds chips now: made if it is not there. */
struct attempt *attempt_open(struct server *server, const struct gang *gang);
void attempt_close(struct server *server, int64_t gang);
struct server_job *job_find(const struct server *server, int64_t job);
struct server_job *job_open(
    struct server *server, int64_t job, struct manifest *manifest, int index);
void job_close(struct server *server, int64_t job);
struct manifest *manifest_find(struct server *server, int64_t id);
/* Parses; takes nothing. NULL with faults. */
struct manifest *manifest_open(struct server *server, int64_t id, struct job_list *list);
void attempts_fini(struct server *server);

/* --- server_hosts.c, server_reports.c, server_desired.c */

void server_on_agent(struct server *server, const struct peer *peer, const Wattyard__Envelope *in);
void server_take_tasks(struct server *server, int host, Wattyard__TaskReport *const *tasks,
    size_t count, bool is_applied);
/* Its Desired, as it is, goes with this turn; of all that were marked. */
void server_mark_host(struct server *server, int host);
void server_send_marked(struct server *server);
/* What the hosts of the gang should have has changed. */
void server_mark_hosts(struct server *server, const struct gang *gang);
/* What is known of a host whose agent is connected, as an event: after the core was made anew. */
void server_report_again(struct server *server, int host);
void host_session_fini(struct host_session *session);
void host_sessions_fini(struct server *server);

/* --- server_people.c and the files of requests */

void server_on_person(struct server *server, const struct peer *peer, const Wattyard__Envelope *in);
void server_answer(struct server *server, const struct route *route, Wattyard__Answer *answer);
void server_answer_watches(struct server *server);
/* When one is to be looked at again, whatever happens; INT64_MAX: there is none. */
int64_t server_watch_ms(const struct server *server);
void server_answer_reads(struct server *server);
void server_on_output(struct server *server, const Wattyard__OutputPage *page);

/* A request being answered: rows are made in its arena. */
struct request {
    struct server *server;
    const struct peer *peer;
    const Wattyard__Request *in;
    Wattyard__Answer *answer;
    struct arena *arena;
    size_t bytes;       /* of what was put into the answer, about */
    size_t error_count; /* also those past ANSWER_ERRORS */
    double look_s;      /* spent on what holds jobs back */
    bool is_late;       /* answered another time */
};
/* Add an error; its status is 1, or 2 for a wrong call. */
void request_fail(struct request *request, const struct err *err);
void request_failf(struct request *request, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A copy in its arena; NULL becomes "". Longer than ANSWER_TEXT_BYTES it is cut, and ends in "…".
 */
char *request_text(struct request *request, const char *text);
/* The same of a hostlist, which is cut behind a host. */
char *request_hosts(struct request *request, const char *hosts);
/* No more rows go into this page. */
bool request_is_full(const struct request *request, size_t row_count);
/* Where a page begins, as it stands in a request's `after` and an answer's `next`. What the numbers
 * are is the list's own. part 0: at the beginning. */
struct cursor {
    int part;
    int64_t first, second, third;
};
struct cursor request_cursor(const ProtobufCBinaryData *after);
void request_go_on(struct request *request, struct cursor cursor);
/* Room for one more of a repeated field. */
void *request_grow(struct request *request, void *list, size_t count, size_t size);

typedef void (*request_fn)(struct request *request);
void request_submit(struct request *request);
void request_cancel(struct request *request);
void request_hold(struct request *request);
void request_release(struct request *request);
void request_requeue(struct request *request);
void request_list_jobs(struct request *request);
void request_show_job(struct request *request);
void request_explain(struct request *request);
void request_watch(struct request *request);
void request_read_log(struct request *request);
void request_drain(struct request *request);
void request_resume(struct request *request);
void request_fence(struct request *request);
void request_retry_all(struct request *request);
void request_list_hosts(struct request *request);
void request_list_power(struct request *request);
void request_set_power(struct request *request);
void request_list_usage(struct request *request);
void request_show_fleet(struct request *request);
void request_apply_fleet(struct request *request);
void request_ping(struct request *request);
/* Where something is blocked, "" where that is no place; into a buffer of FLEET_NAME_SIZE. */
const char *server_block_place(const struct fleet *fleet, const struct block *block, char *buffer);
/* Go over to a fleet that was applied, if nothing runs on what leaves it. */
void server_change_fleet(struct server *server);
/* How many members of a job are in a state, and the first of them. */
struct state_count {
    size_t members;
    const struct gang *first; /* NULL: none */
};
/* Of a job in the core, by state, into GANG_STATE_COUNT counts; how many members it has. */
int request_count_states(const struct core *core, int64_t job, struct state_count *counts);
/* Add the row of one gang; it is the answer's. */
Wattyard__JobRow *request_add_gang(struct request *request, const struct gang *gang);
/* Add a row for each state that members of the job are in: few, however many members it has. False:
 * it is not in the core. */
bool request_add_states(struct request *request, int64_t job);
/* Add the row of a job that has left the core: of a member, or one for all (-1). False: it has no
 * such member. */
bool request_add_stored(struct request *request, const struct job_row *stored, int member);
/* The same, looked up by its id. False: there is none. */
bool request_find_stored(struct request *request, int64_t job, int member);
/* The most that the user may: the fleet's <user> row; NULL: there is none of that name. */
const struct fleet_user *request_user(const struct request *request);

/* --- solver.c */

struct solver *solver_start(const char *program, struct err *err);
void solver_stop(struct solver *solver);
/* Send a problem; it is copied. False: the process can't be had. */
bool solver_ask(struct solver *solver, const struct placement_problem *problem,
    const struct placement_budget *budget, int64_t now_ms);
int solver_fd(const struct solver *solver); /* -1: nothing is asked */
enum solver_state { SOLVER_WAITS, SOLVER_ANSWERED, SOLVER_LOST };
/* Look: SOLVER_ANSWERED fills *out (placement_answer_fini); SOLVER_LOST: it died or took too long,
 * and is started anew. */
enum solver_state solver_poll(struct solver *solver, int64_t now_ms, struct placement_answer *out);

#endif
