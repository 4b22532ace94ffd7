/*
 * store_private: what the files of the store share: the handle, layouts of rows, the table of
 * statements, and the small machine that binds, steps and decodes by them.
 */
#ifndef SCHEDULER_STORE_PRIVATE_H
#define SCHEDULER_STORE_PRIVATE_H

#include "scheduler/store.h"

#include <sqlite3.h>

struct err;
struct str;

enum { STORE_CLUSTER_BYTES = 16 };

/* --- Rows as tables of columns */

enum store_column_kind {
    STORE_INT,
    STORE_INT64,
    STORE_UINT64, /* as the int64 of the same bits */
    STORE_BOOL,
    STORE_DOUBLE,
    STORE_TEXT, /* NULL is written as "" */
    STORE_BLOB  /* pointer at offset, size_t at count_offset; no bytes: NULL */
};

enum store_column_role {
    STORE_VALUE,
    STORE_KEY,  /* which row it is */
    STORE_FIXED /* written with the row, never changed by a later put */
};

struct store_column {
    const char *name;
    enum store_column_kind kind;
    enum store_column_role role;
    size_t offset, count_offset; /* in the row's struct */
};

#define STORE_COLUMN(type, role, kind, name)                                                       \
    {                                                                                              \
#name, kind, role, offsetof(struct type, name), 0                                          \
    }
/* Bytes, and the field that counts them. */
#define STORE_BYTES(type, name, count)                                                             \
    {                                                                                              \
#name, STORE_BLOB, STORE_VALUE, offsetof(struct type, name), offsetof(struct type, count)  \
    }

struct store_layout {
    const char *table;
    const struct store_column *columns;
    int count;
};

extern const struct store_layout store_jobs, store_gangs, store_tasks, store_usage, store_hosts,
    store_limits, store_events, store_fleets, store_fleet_heads;

/* --- Statements: prepared at first use, kept till the end */

enum store_statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    STORE_READ_CLUSTER,
    STORE_WRITE_CLUSTER,
    STORE_ADD_MANIFEST,
    STORE_READ_MANIFEST,
    STORE_PUT_JOB,
    STORE_LIVE_JOBS,
    STORE_ENDED_JOBS,
    STORE_FIND_JOB,
    STORE_PUT_GANG,
    STORE_FIND_GANG,
    STORE_GANGS_OF,
    STORE_PUT_TASK,
    STORE_TASKS_OF,
    STORE_PUT_USAGE,
    STORE_USAGE_BY_TENANT,
    STORE_USAGE_BY_USER,
    STORE_USAGE_BY_SYSTEM,
    STORE_USAGE_OF_JOB,
    STORE_PUT_HOST,
    STORE_EACH_HOST,
    STORE_PUT_LIMIT,
    STORE_REMOVE_LIMIT,
    STORE_EACH_LIMIT,
    STORE_ADD_EVENT,
    STORE_EVENTS_OF_JOB,
    STORE_EVENTS,
    STORE_PUT_ANSWER,
    STORE_FIND_ANSWER,
    STORE_LAST_FLEET,
    STORE_ADD_FLEET,
    STORE_FIND_FLEET,
    STORE_EACH_FLEET,
    STORE_STATEMENT_COUNT
};

struct store {
    sqlite3 *db; /* state.db as main, archive.db as archive */
    char *folder;
    int lock_fd;
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    struct store_ids {
        int64_t manifest, event;
    } last, last_before; /* ids given, in both files; before the transaction that is open */
    bool is_in_transaction;
    bool has_failed; /* in this transaction: it can only be rolled back */
    bool is_full, needs_room;
};

/* The statement, ready for binding; NULL with err. It may not be in a walk. */
sqlite3_stmt *store_prepare(struct store *store, enum store_statement which, struct err *err);
/* Of the rows that the statement writes or reads; NULL where they have none. */
const struct store_layout *store_statement_layout(enum store_statement which);
/* Step a statement that gives no rows, and reset it. */
int store_step(struct store *store, sqlite3_stmt *statement, struct err *err);
/* Write a whole row. */
int store_put(struct store *store, enum store_statement which, const void *row, struct err *err);
/* Run SQL that is not kept. */
int store_run(struct store *store, const char *sql, struct err *err);
/* sqlite3_step, with errno 0 before it: SQLite does not always keep the system's reason. */
int store_try(sqlite3_stmt *statement);
/* Says what failed, from SQLite's code and errno, and remembers whether the disk is full. Returns
 * -1. */
int store_fail(struct store *store, int code, struct err *err);

/* The blob in the first column of the row that the statement stands on. */
void store_take_bytes(sqlite3_stmt *statement, struct str *out);

/* A walk over the rows of a statement. */
struct store_walk {
    struct store *store;
    sqlite3_stmt *statement;
    const struct store_layout *layout;
};

/* Binds the numbers to ?1, ?2, … */
int store_walk_start(struct store_walk *walk, struct store *store, enum store_statement which,
    const int64_t *numbers, int count, struct err *err);
/* 1: *row is filled, its texts live until the next step; 0: no more; -1. */
int store_walk_next(struct store_walk *walk, void *row, struct err *err);
void store_walk_end(struct store_walk *walk);

/* --- Files */

enum store_file { STORE_STATE_FILE, STORE_ARCHIVE_FILE };

/*
 * Open a file of the store: refused if it is no database, not ours, newer or damaged; migrated if
 * it is older; made if it is not there, of this cluster (NULL: of a new one). NULL with err; what
 * was refused is as it was.
 */
sqlite3 *store_open_file(
    const char *folder, enum store_file file, const unsigned char *cluster, struct err *err);
/* "FOLDER/state.db"; gives (mem_free). */
char *store_file_path(const char *folder, enum store_file file);

/* The newest user_version that this program knows. */
int store_schema_version(void);
/* Bring the file from `version` (0: empty) to the newest, in one transaction; SQLite's code. */
int store_migrate(sqlite3 *db, int version, int application_id, const unsigned char *cluster);
/* Of all tables that can be in both files: views all_jobs, … that show each row once. */
int store_make_views(struct store *store, struct err *err);

/* What SQLite's code means, in words; errno is what the system said. Returns -1. */
int store_explain(sqlite3 *db, int code, const char *path, struct err *err);

#endif
