#include "scheduler/store_place.h"
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* --- Failures */

/* A quota, and a limit on the size of files, are a full disk to us. */
static bool is_full_code(int code, int reason)
{
    return (code & 0xff) == SQLITE_FULL ||
           ((code & 0xff) == SQLITE_IOERR &&
               (reason == ENOSPC || reason == EDQUOT || reason == EFBIG));
}

int store_fail(struct store *store, int code, struct err *err)
{
    store->is_full = is_full_code(code, errno);
    store->needs_room = store->is_full;
    store->has_failed = store->is_in_transaction;
    return store_explain(store->db, store->is_full ? SQLITE_FULL : code, store->folder, err);
}

bool store_is_full(const struct store *store)
{
    return store->is_full;
}

/* --- Transactions */

static int run(struct store *store, enum store_statement which, struct err *err)
{
    sqlite3_stmt *statement = store_prepare(store, which, err);

    return statement == NULL ? -1 : store_step(store, statement, err);
}

/* The log may be what fills the disk: once it is in the databases, it is written over from its
 * start. Where that fails too, the next write says so. */
static void make_room(struct store *store)
{
    store->needs_room = false;
    (void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
}

int store_begin(struct store *store, struct err *err)
{
    assert(!store->is_in_transaction);
    if (store->needs_room)
        make_room(store);
    if (run(store, STORE_BEGIN, err) != 0)
        return -1;
    store->last_before = store->last;
    store->is_in_transaction = true;
    return 0;
}

int store_commit(struct store *store, struct err *err)
{
    int rc;

    assert(store->is_in_transaction);
    rc = run(store, STORE_COMMIT, err);
    if (rc != 0)
        store_rollback(store);
    store->is_in_transaction = false;
    return rc;
}

void store_rollback(struct store *store)
{
    if (!store->is_in_transaction)
        return;
    /* SQLite may have done it already, when a write failed. */
    if (!sqlite3_get_autocommit(store->db))
        (void)run(store, STORE_ROLLBACK, NULL);
    store->last = store->last_before;
    store->is_in_transaction = false;
    store->has_failed = false;
}

/* --- Opening */

static bool has_bytes(const char *folder, const char *name)
{
    struct str path = {0};
    struct stat info;
    bool has;

    str_format(&path, "%s/%s", folder, name);
    has = stat(str_text(&path), &info) == 0 && info.st_size > 0;
    str_fini(&path);
    return has;
}

/* SQLite takes an empty file for a new database, and then deletes its log: what was lost beside
 * what is left must not look like a first start. */
static int check_not_lost(const char *folder, struct err *err)
{
    static const char *const OTHERS[] = {"state.db-wal", "archive.db"};

    if (has_bytes(folder, "state.db"))
        return 0;
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++)
        if (has_bytes(folder, OTHERS[i]))
            return err_set(err, ERR_STATE,
                "%s/state.db is missing or empty, but %s is there; nothing was changed. Put back a "
                "backup and start with --after-restore, or move all files away to begin anew",
                folder, OTHERS[i]);
    return 0;
}

/* A version 4 UUID (RFC 4122). */
static int make_cluster(unsigned char cluster[STORE_CLUSTER_BYTES], struct err *err)
{
    if (getrandom(cluster, STORE_CLUSTER_BYTES, 0) != STORE_CLUSTER_BYTES)
        return err_set_errno(err, "the system gives no random bytes");
    cluster[6] = (unsigned char)((cluster[6] & 0x0f) | 0x40);
    cluster[8] = (unsigned char)((cluster[8] & 0x3f) | 0x80);
    return 0;
}

static int open_state(struct store *store, struct cluster_row *row, struct err *err)
{
    unsigned char cluster[STORE_CLUSTER_BYTES];

    if (make_cluster(cluster, err) != 0)
        return -1;
    store->db = store_open_file(store->folder, STORE_STATE_FILE, cluster, err);
    return store->db == NULL ? -1 : store_read_cluster(store, row, err);
}

static int attach(struct store *store, struct err *err)
{
    char *path = store_file_path(store->folder, STORE_ARCHIVE_FILE);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, "ATTACH ?1 AS archive", -1, &statement, NULL);

    if (code == SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        (void)sqlite3_step(statement);
        code = sqlite3_finalize(statement);
    }
    mem_free(path);
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}

/* The archive is looked at on its own first, so that a bad one is refused like a bad state. */
static int open_archive(struct store *store, const struct cluster_row *row, struct err *err)
{
    sqlite3 *archive = store_open_file(store->folder, STORE_ARCHIVE_FILE, row->cluster, err);
    int code;

    if (archive == NULL)
        return -1;
    code = sqlite3_close(archive);
    assert(code == SQLITE_OK);
    (void)code;
    return attach(store, err);
}

/* One number of one row. */
static int read_number(struct store *store, const char *sql, int64_t *out, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    if (code == SQLITE_OK)
        code = sqlite3_finalize(statement);
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}

static int check_same_cluster(struct store *store, struct err *err)
{
    int64_t is_same = 0;

    if (read_number(store,
            "SELECT count(*) FROM main.cluster m JOIN archive.cluster a ON m.cluster = a.cluster",
            &is_same, err) != 0)
        return -1;
    if (is_same == 0)
        return err_set(err, ERR_STATE,
            "%s/archive.db is of another cluster than state.db; nothing was changed. Put back the "
            "two of one cluster, or move archive.db away: a new one is begun",
            store->folder);
    return 0;
}

/* Ids go on after those of both files: rows that were moved keep theirs. */
static int read_last_ids(struct store *store, struct err *err)
{
    return read_number(store,
               "SELECT max((SELECT coalesce(max(id), 0) FROM main.manifests),"
               " (SELECT coalesce(max(id), 0) FROM archive.manifests))",
               &store->last.manifest, err) == 0 &&
                   read_number(store,
                       "SELECT max((SELECT coalesce(max(id), 0) FROM main.events),"
                       " (SELECT coalesce(max(id), 0) FROM archive.events))",
                       &store->last.event, err) == 0
               ? 0
               : -1;
}

/* A long log lets writes go over old pages of a file that does not grow, which syncs faster. */
static const char SETTINGS[] =
    "PRAGMA main.synchronous = FULL; PRAGMA archive.synchronous = FULL;"
    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
    "PRAGMA main.cache_size = -32768; PRAGMA archive.cache_size = -4096;"
    "PRAGMA main.secure_delete = OFF; PRAGMA archive.secure_delete = OFF;"
    "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
    "CREATE TEMP TABLE moving (id INTEGER PRIMARY KEY, manifest INTEGER);";

static int open_files(struct store *store, struct err *err)
{
    struct cluster_row row;

    return check_not_lost(store->folder, err) == 0 && open_state(store, &row, err) == 0 &&
                   open_archive(store, &row, err) == 0 && check_same_cluster(store, err) == 0 &&
                   store_run(store, SETTINGS, err) == 0 && store_make_views(store, err) == 0 &&
                   read_last_ids(store, err) == 0
               ? 0
               : -1;
}

struct store *store_open(const char *folder, struct err *err)
{
    struct store *store = mem_zero(1, sizeof *store);

    store->folder = mem_copy_text(folder);
    store->lock_fd = -1;
    if (store_place_prepare(folder, err) == 0)
        store->lock_fd = store_place_lock(folder, err);
    if (store->lock_fd < 0 || open_files(store, err) != 0) {
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    int code;

    if (store == NULL)
        return;
    store_rollback(store);
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(store->statements[i]);
    code = sqlite3_close(store->db);
    assert(code == SQLITE_OK);
    (void)code;
    store_place_unlock(store->lock_fd);
    mem_free(store->folder);
    mem_free(store);
}
