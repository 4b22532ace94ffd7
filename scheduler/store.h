/*
 * store: the scheduler's state in SQLite (`state.db` in --state DIR; ended jobs and old events in
 * `archive.db`): WAL, synchronous FULL, exclusive locking. What a turn of the daemon changed is
 * written in one transaction; only after its commit is anything answered or sent.
 *
 * Rows are plain data. Texts in rows that are read are borrowed until the visitor returns; what is
 * written is copied. All functions return 0, or -1 with err: ERR_IO (the disk; store_is_full says
 * whether it is full), ERR_STATE (damaged, newer, locked), ERR_NOT_FOUND.
 */
#ifndef SCHEDULER_STORE_H
#define SCHEDULER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;
struct store; /* opaque */

/*
 * Open or make the database in the folder (made if need be, 0700). Refused, with what to do: one
 * that another process has open, a folder on a network file system, a database that is damaged
 * (quick_check), of a newer user_version or not ours; an older one is migrated. Never overwrites
 * what it can't read.
 */
struct store *store_open(const char *folder, struct err *err);
/* Rolls back what is open. NULL is fine. */
void store_close(struct store *store);

/*
 * Within a transaction rows come in any order; references (a gang's and usage's job, a task's gang)
 * are checked at its commit. When a write fails all that follows fails too, until the rollback. A
 * commit that fails has rolled back.
 * A visitor may write, and begin other walks, but not the one that it is called from.
 */
int store_begin(struct store *store, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);
/* The last failure was a full disk (or quota). */
bool store_is_full(const struct store *store);

/* --- The cluster: one row */
struct cluster_row {
    unsigned char cluster[16]; /* UUID; made when the database is */
    uint64_t epoch;            /* of the last scheduler start */
    int64_t next_job, next_gang;
    int64_t fleet_version; /* 0: none applied yet */
};
int store_read_cluster(struct store *store, struct cluster_row *row, struct err *err);
/* All but the UUID, which stays. */
int store_write_cluster(struct store *store, const struct cluster_row *row, struct err *err);

/* --- Manifests as they were sent; several jobs may come of one */
int store_add_manifest(
    struct store *store, const void *bytes, size_t count, int64_t *id, struct err *err);
int store_read_manifest(struct store *store, int64_t id, struct str *out, struct err *err);

/* --- Jobs */
struct job_row {
    int64_t id, first_gang;
    int gang_count;
    int64_t manifest;   /* id, as first put; 0: none */
    int manifest_index; /* of the job in it */
    const char *name, *tenant, *user, *kind;
    int priority;
    int64_t submit_ms;
    int64_t end_ms;   /* of its last gang; 0: not ended */
    int failed_count; /* of its gangs, when it has ended */
};
int store_put_job(struct store *store, const struct job_row *row, struct err *err);
typedef int (*job_visit_fn)(void *context, const struct job_row *row, struct err *err);
/* Those that have not ended, by id. A visitor that returns other than 0 ends the walk with -1. */
int store_each_live_job(struct store *store, job_visit_fn visit, void *context, struct err *err);
/* The newest `max` with ids below before_id (0: all) that have ended, newest first; archive too. */
int store_each_ended_job(struct store *store, int64_t before_id, int max, job_visit_fn visit,
    void *context, struct err *err);
int store_find_job(
    struct store *store, int64_t id, job_visit_fn visit, void *context, struct err *err);

/* --- Gangs: a row once something happened to one (an array is its job's row until then) */
struct gang_row {
    int64_t id, job; /* its job stays as first put */
    int member;
    int state, cause, ending; /* enum gang_state, enum end_cause */
    int attempt, retries_left;
    bool is_held, is_borrowing, waits_for_hosts;
    int64_t start_ms, end_ms;
    int shape_system, stack_system, mode;
    const char *system;    /* id, for people; "" none */
    const char *hosts;     /* hostlist of the current or last attempt; "" none */
    const char *master;    /* "address:port" of rank 0; "" not known */
    const char *reason;    /* "" none */
    const void *placement; /* see core_image.h; NULL: none */
    size_t placement_bytes;
    int exit_status; /* of the task that failed first; 0 */
    int task_count, chip_count;
};
int store_put_gang(struct store *store, const struct gang_row *row, struct err *err);
typedef int (*gang_visit_fn)(void *context, const struct gang_row *row, struct err *err);
int store_each_gang_of(
    struct store *store, int64_t job, gang_visit_fn visit, void *context, struct err *err);
/* The one of that id, if it is not in the archive; nothing is visited when there is none. */
int store_find_gang(
    struct store *store, int64_t gang, gang_visit_fn visit, void *context, struct err *err);

/* --- Tasks: a row when one has ended; kept while the attempt is not over, then with the archive */
struct task_row {
    int64_t gang;
    int attempt, rank;
    int exit_status, signal;
    bool is_lost;
    const char *why, *host;
    int64_t started_ms, ended_ms;
};
int store_put_task(struct store *store, const struct task_row *row, struct err *err);
typedef int (*task_visit_fn)(void *context, const struct task_row *row, struct err *err);
int store_each_task_of(struct store *store, int64_t gang, int attempt, task_visit_fn visit,
    void *context, struct err *err);

/* --- What attempts used: written at state changes and each minute; adds up in `usage` */
struct usage_row {
    int64_t gang, job;
    int attempt;
    const char *tenant, *user, *system;
    int64_t start_ms, end_ms; /* end_ms: so far */
    double chip_seconds, joules, usd;
};
int store_put_usage(struct store *store, const struct usage_row *row, struct err *err);
struct usage_sum {
    const char *key;
    int64_t job_count;
    double chip_seconds, joules, usd;
};
enum usage_by { USAGE_BY_TENANT, USAGE_BY_USER, USAGE_BY_SYSTEM };
typedef int (*usage_visit_fn)(void *context, const struct usage_sum *sum, struct err *err);
/* Of attempts that touch [from_ms, to_ms), in proportion to the part within; both databases. */
int store_sum_usage(struct store *store, enum usage_by by, int64_t from_ms, int64_t to_ms,
    usage_visit_fn visit, void *context, struct err *err);
/* Sums of one job; all 0 when there is no usage of it. */
int store_job_usage(struct store *store, int64_t job, struct usage_sum *sum, struct err *err);

/* --- Hosts that have something to remember: drained ones, boot ids */
struct host_row {
    const char *name;
    bool is_drained;
    const char *why, *who; /* of the drain; "" none */
    int64_t since_ms;      /* of its state */
    uint64_t boot;         /* last boot id, hashed; 0: none */
};
int store_put_host(struct store *store, const struct host_row *row, struct err *err);
typedef int (*host_visit_fn)(void *context, const struct host_row *row, struct err *err);
int store_each_host(struct store *store, host_visit_fn visit, void *context, struct err *err);

/* --- Power limits that operators have set, by place ("site", "site/hall", …); kw < 0: removed */
struct limit_row {
    const char *place;
    double kw;
    const char *who;
    int64_t at_ms;
};
int store_put_limit(struct store *store, const struct limit_row *row, struct err *err);
typedef int (*limit_visit_fn)(void *context, const struct limit_row *row, struct err *err);
int store_each_limit(struct store *store, limit_visit_fn visit, void *context, struct err *err);

/* --- The event log: what `wattyard job` shows as a history */
struct event_row {
    int64_t id; /* given at writing */
    int64_t at_ms;
    int64_t job, gang; /* 0: none */
    int member;        /* -1: none */
    int attempt;
    const char *what, *why, *who, *place; /* "" none */
};
int store_add_event(struct store *store, const struct event_row *row, struct err *err);
typedef int (*event_visit_fn)(void *context, const struct event_row *row, struct err *err);
/* Of a job (0: all), of a member (-1: all), past after_id, at most max, in order; both databases.
 */
int store_each_event(struct store *store, int64_t job, int member, int64_t after_id, int max,
    event_visit_fn visit, void *context, struct err *err);

/* --- Requests that changed something, with their answers: the same id gets the same answer. An id
 * that the user has an answer to keeps it. */
int store_put_answer(struct store *store, const unsigned char id[16], const char *user,
    int64_t at_ms, const void *bytes, size_t count, struct err *err);
/* 1: found, *out has it; 0: not there; -1. Another user's is not found. */
int store_find_answer(struct store *store, const unsigned char id[16], const char *user,
    struct str *out, struct err *err);

/* --- Fleet files that were applied */
struct fleet_row {
    int64_t version; /* given at writing */
    int64_t at_ms;
    const char *who, *what;
    const void *xml;
    size_t xml_bytes;
};
int store_add_fleet(struct store *store, struct fleet_row *row, struct err *err);
typedef int (*fleet_visit_fn)(void *context, const struct fleet_row *row, struct err *err);
/* One, with its xml; version 0: all, without. */
int store_each_fleet(
    struct store *store, int64_t version, fleet_visit_fn visit, void *context, struct err *err);

/*
 * Move jobs that ended before `before_ms`, with their gangs, tasks, usage and events, and older
 * events of no job, to archive.db, and drop answers older than a day: at most `max` jobs a call,
 * those that ended first. Not within a transaction. Returns how many moved, or -1; what a failure
 * or a crash leaves half moved is read once, and moved by the next call.
 */
int store_archive(struct store *store, int64_t before_ms, int64_t now_ms, int max, struct err *err);

#endif
