/*
 * The tables, and how older ones become new. Both files have all of them: state.db what is current,
 * archive.db jobs that ended with what belongs to them, and old events.
 *
 * A change of the tables is a new entry in SCRIPTS, never a change of an old one.
 */
#include "scheduler/store_private.h"

#include "base/str.h"

/*
 * References are checked at the commit: within a transaction rows come in any order. A job's
 * manifest is none: it may already be in the archive. jobs_end finds live jobs (0) at its start,
 * and those for the archive. Answers have rows in order of time, so that the oldest are found
 * without an index.
 */
static const char VERSION_1[] =
    "CREATE TABLE cluster (one INTEGER PRIMARY KEY CHECK (one = 1), cluster BLOB NOT NULL,"
    " epoch INTEGER NOT NULL, next_job INTEGER NOT NULL, next_gang INTEGER NOT NULL,"
    " fleet_version INTEGER NOT NULL) STRICT;"

    "CREATE TABLE manifests (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"

    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, first_gang INTEGER NOT NULL,"
    " gang_count INTEGER NOT NULL, manifest INTEGER NOT NULL, manifest_index INTEGER NOT NULL,"
    " name TEXT NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL, kind TEXT NOT NULL,"
    " priority INTEGER NOT NULL, submit_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " failed_count INTEGER NOT NULL) STRICT;"
    "CREATE INDEX jobs_end ON jobs (end_ms);"
    "CREATE INDEX jobs_manifest ON jobs (manifest);"

    "CREATE TABLE gangs (id INTEGER PRIMARY KEY,"
    " job INTEGER NOT NULL REFERENCES jobs (id) DEFERRABLE INITIALLY DEFERRED,"
    " member INTEGER NOT NULL, state INTEGER NOT NULL, cause INTEGER NOT NULL,"
    " ending INTEGER NOT NULL, attempt INTEGER NOT NULL, retries_left INTEGER NOT NULL,"
    " is_held INTEGER NOT NULL, is_borrowing INTEGER NOT NULL, waits_for_hosts INTEGER NOT NULL,"
    " start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, shape_system INTEGER NOT NULL,"
    " stack_system INTEGER NOT NULL, mode INTEGER NOT NULL, system TEXT NOT NULL,"
    " hosts TEXT NOT NULL, master TEXT NOT NULL, reason TEXT NOT NULL, placement BLOB,"
    " exit_status INTEGER NOT NULL, task_count INTEGER NOT NULL, chip_count INTEGER NOT NULL)"
    " STRICT;"
    "CREATE INDEX gangs_job ON gangs (job);"

    "CREATE TABLE tasks ("
    " gang INTEGER NOT NULL REFERENCES gangs (id) DEFERRABLE INITIALLY DEFERRED,"
    " attempt INTEGER NOT NULL, rank INTEGER NOT NULL, exit_status INTEGER NOT NULL,"
    " signal INTEGER NOT NULL, is_lost INTEGER NOT NULL, why TEXT NOT NULL, host TEXT NOT NULL,"
    " started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " PRIMARY KEY (gang, attempt, rank)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE usage ("
    " job INTEGER NOT NULL REFERENCES jobs (id) DEFERRABLE INITIALLY DEFERRED,"
    " gang INTEGER NOT NULL, attempt INTEGER NOT NULL, tenant TEXT NOT NULL, user TEXT NOT NULL,"
    " system TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " chip_seconds REAL NOT NULL, joules REAL NOT NULL, usd REAL NOT NULL,"
    " PRIMARY KEY (job, gang, attempt)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE hosts (name TEXT PRIMARY KEY, is_drained INTEGER NOT NULL, why TEXT NOT NULL,"
    " who TEXT NOT NULL, since_ms INTEGER NOT NULL, boot INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE limits (place TEXT PRIMARY KEY, kw REAL NOT NULL, who TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

    "CREATE TABLE events (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, job INTEGER NOT NULL,"
    " gang INTEGER NOT NULL, member INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " what TEXT NOT NULL, why TEXT NOT NULL, who TEXT NOT NULL, place TEXT NOT NULL) STRICT;"
    "CREATE INDEX events_job ON events (job);"

    "CREATE TABLE answers (row INTEGER PRIMARY KEY, id BLOB NOT NULL, user TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX answers_id ON answers (id, user);"

    "CREATE TABLE fleets (version INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL,"
    " what TEXT NOT NULL, xml BLOB) STRICT;";

/* SCRIPTS[i] leads from version i to i + 1. */
static const char *const SCRIPTS[] = {VERSION_1};

int store_schema_version(void)
{
    return (int)(sizeof SCRIPTS / sizeof SCRIPTS[0]);
}

static int add_cluster(sqlite3 *db, const unsigned char *cluster)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        db, "INSERT INTO cluster VALUES (1, ?1, 0, 1, 1, 0)", -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_bind_blob(statement, 1, cluster, STORE_CLUSTER_BYTES, SQLITE_STATIC);
    (void)sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

static int set_version(sqlite3 *db, int application_id)
{
    struct str sql = {0};
    int code;

    str_format(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", application_id,
        store_schema_version());
    code = sqlite3_exec(db, str_text(&sql), NULL, NULL, NULL);
    str_fini(&sql);
    return code;
}

int store_migrate(sqlite3 *db, int version, int application_id, const unsigned char *cluster)
{
    int code;

    if (version == store_schema_version())
        return SQLITE_OK;
    code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    for (int i = version; code == SQLITE_OK && i < store_schema_version(); i++)
        code = sqlite3_exec(db, SCRIPTS[i], NULL, NULL, NULL);
    if (code == SQLITE_OK && version == 0)
        code = add_cluster(db, cluster);
    if (code == SQLITE_OK)
        code = set_version(db, application_id);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (!sqlite3_get_autocommit(db))
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

/* --- Views over both files. A row that is in both, because a move was cut short or a backup was
 * put back, is shown once, as state.db has it. */

static const struct {
    const char *table, *same;
} SHARED[] = {
    {"manifests", "m.id = a.id"},
    {"jobs", "m.id = a.id"},
    {"gangs", "m.id = a.id"},
    {"tasks", "m.gang = a.gang AND m.attempt = a.attempt AND m.rank = a.rank"},
    {"usage", "m.job = a.job AND m.gang = a.gang AND m.attempt = a.attempt"},
    {"events", "m.id = a.id"},
};

int store_make_views(struct store *store, struct err *err)
{
    struct str sql = {0};
    int rc;

    for (size_t i = 0; i < sizeof SHARED / sizeof SHARED[0]; i++) {
        const char *table = SHARED[i].table;

        str_format(&sql,
            "CREATE TEMP VIEW all_%s AS SELECT * FROM main.%s UNION ALL SELECT * FROM archive.%s a"
            " WHERE NOT EXISTS (SELECT 1 FROM main.%s m WHERE %s);",
            table, table, table, table, SHARED[i].same);
    }
    rc = store_run(store, str_text(&sql), err);
    str_fini(&sql);
    return rc;
}
