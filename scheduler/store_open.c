/* Opening one of the two files: what is not ours, damaged or newer is refused, and left as it is.
 */
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A database of at most so many bytes is checked whole; of a larger one only its small tables are,
 * so that a start takes no minutes. */
static const off_t CHECK_BYTES_MAX = (off_t)256 << 20;

enum { FILE_MODE = 0600 };

static const struct {
    const char *name;
    int application_id;
    const char *remedy; /* of a damaged one */
} FILES[] = {
    [STORE_STATE_FILE] = {"state.db", 0x57617474, /* "Watt" */
        "keep a copy of the folder, then put back a backup and start with --after-restore, or save "
        "what can be read with \"sqlite3 state.db .recover\""},
    [STORE_ARCHIVE_FILE] = {"archive.db", 0x57617441, /* "WatA" */
        "move archive.db (and archive.db-wal) away: a new one is begun, without the history that "
        "was in it"},
};

char *store_file_path(const char *folder, enum store_file file)
{
    struct str path = {0};

    str_format(&path, "%s/%s", folder, FILES[file].name);
    return path.text;
}

int store_explain(sqlite3 *db, int code, const char *path, struct err *err)
{
    const char *why = errno != 0 ? strerror(errno) : sqlite3_errmsg(db);

    switch (code & 0xff) {
    case SQLITE_FULL:
        return err_set(err, ERR_IO, "%s can't be written: the disk is full; make room", path);
    case SQLITE_IOERR:
        return err_set(err, ERR_IO, "%s: reading or writing failed: %s", path, why);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return err_set(err, ERR_IO, "%s can't be opened for writing: %s; allow it, or give another",
            path, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_STATE,
            "%s is open in another process; close it there (a sqlite3 shell, a backup)", path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our statements are fixed: the tables are not as they were made */
        return err_set(
            err, ERR_STATE, "%s is damaged or no database: %s", path, sqlite3_errmsg(db));
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT, "%s: %s", path, sqlite3_errmsg(db));
    default:
        return err_set(
            err, ERR_INTERNAL, "%s: %s (%d); please report this", path, sqlite3_errmsg(db), code);
    }
}

static int refuse_damaged(const char *path, enum store_file file, const char *what, struct err *err)
{
    return err_set(err, ERR_STATE, "%s is damaged (%s); it was left as it is. %s", path, what,
        FILES[file].remedy);
}

/* As store_explain, with what to do about damage. */
static int refuse(sqlite3 *db, int code, const char *path, enum store_file file, struct err *err)
{
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
        (code & 0xff) == SQLITE_ERROR)
        return refuse_damaged(path, file, sqlite3_errmsg(db), err);
    return store_explain(db, code, path, err);
}

/* The number in the first column of the first row. */
static int read_number(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int(statement, 0);
    return sqlite3_finalize(statement);
}

/* Is it ours, and of a version we know? *version 0: an empty file. */
static int identify(
    sqlite3 *db, const char *path, enum store_file file, int *version, struct err *err)
{
    int application_id = 0;
    int table_count = 0;
    int code = read_number(db, "PRAGMA application_id", &application_id);

    if (code == SQLITE_OK)
        code = read_number(db, "PRAGMA user_version", version);
    if (code == SQLITE_OK)
        code = read_number(db, "SELECT count(*) FROM sqlite_schema", &table_count);
    if (code != SQLITE_OK)
        return refuse(db, code, path, file, err);
    if (application_id == 0 && *version == 0 && table_count == 0)
        return 0;
    if (application_id != FILES[file].application_id)
        return err_set(err, ERR_STATE,
            "%s is a database of another program; it was left as it is. Move it away, or give "
            "another folder",
            path);
    if (*version > store_schema_version())
        return err_set(err, ERR_STATE,
            "%s was written by a newer wattyard (its version is %d, this program knows up to %d); "
            "it was left as it is. Install that wattyard again, or put back a backup from before",
            path, *version, store_schema_version());
    if (*version < 1 || table_count == 0)
        return refuse_damaged(path, file, "it has no tables", err);
    return 0;
}

static int quick_check(
    sqlite3 *db, const char *sql, const char *path, enum store_file file, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    const unsigned char *said;
    int rc = -1;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        (void)refuse(db, code, path, file, err);
        goto out;
    }
    said = sqlite3_column_text(statement, 0);
    if (said == NULL || strcmp((const char *)said, "ok") != 0) {
        (void)refuse_damaged(path, file, said == NULL ? "" : (const char *)said, err);
        goto out;
    }
    rc = 0;
out:
    (void)sqlite3_finalize(statement);
    return rc;
}

static int check_pages(sqlite3 *db, const char *path, enum store_file file, struct err *err)
{
    static const char *const SMALL[] = {"PRAGMA quick_check(cluster)", "PRAGMA quick_check(fleets)",
        "PRAGMA quick_check(hosts)", "PRAGMA quick_check(limits)"};
    struct stat info;

    if (stat(path, &info) == 0 && info.st_size <= CHECK_BYTES_MAX)
        return quick_check(db, "PRAGMA quick_check(1)", path, file, err);
    for (size_t i = 0; i < sizeof SMALL / sizeof SMALL[0]; i++)
        if (quick_check(db, SMALL[i], path, file, err) != 0)
            return -1;
    return 0;
}

/* Only once the file is known to be good: this writes. */
static int make_ready(sqlite3 *db, const char *path, enum store_file file, int version,
    const unsigned char *cluster, struct err *err)
{
    int code = sqlite3_exec(
        db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL, NULL);

    if (code == SQLITE_OK)
        code = store_migrate(db, version, FILES[file].application_id, cluster);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return code == SQLITE_OK ? 0 : refuse(db, code, path, file, err);
}

/* SQLite would make it readable for all. */
static int make_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return err_set_errno(err, "%s can't be opened for writing", path);
    (void)close(fd);
    return 0;
}

/* Nothing may be written until the file is known to be good: no checkpoint at the close. */
static int open_carefully(sqlite3 *db)
{
    int code = sqlite3_extended_result_codes(db, 1);

    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db,
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF;"
            "PRAGMA cell_size_check = ON",
            NULL, NULL, NULL);
    return code;
}

sqlite3 *store_open_file(
    const char *folder, enum store_file file, const unsigned char *cluster, struct err *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    char *path = store_file_path(folder, file);
    sqlite3 *db = NULL;
    int version = 0;
    int code;
    int rc = -1;

    if (make_file(path, err) != 0)
        goto out;
    errno = 0;
    code = sqlite3_open_v2(path, &db, flags, NULL);
    if (code == SQLITE_OK)
        code = open_carefully(db);
    if (code != SQLITE_OK) {
        (void)refuse(db, code, path, file, err);
        goto out;
    }
    if (identify(db, path, file, &version, err) != 0 || check_pages(db, path, file, err) != 0 ||
        make_ready(db, path, file, version, cluster, err) != 0)
        goto out;
    rc = 0;
out:
    if (rc != 0) {
        (void)sqlite3_close(db);
        db = NULL;
    }
    mem_free(path);
    return db;
}
