/* The cluster, hosts, power limits, answers to requests, fleet files. */
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/str.h"

#include <string.h>

#define COUNT(columns) ((int)(sizeof(columns) / sizeof((columns)[0])))

static const struct store_column HOST_COLUMNS[] = {
    STORE_COLUMN(host_row, STORE_KEY, STORE_TEXT, name),
    STORE_COLUMN(host_row, STORE_VALUE, STORE_BOOL, is_drained),
    STORE_COLUMN(host_row, STORE_VALUE, STORE_TEXT, why),
    STORE_COLUMN(host_row, STORE_VALUE, STORE_TEXT, who),
    STORE_COLUMN(host_row, STORE_VALUE, STORE_INT64, since_ms),
    STORE_COLUMN(host_row, STORE_VALUE, STORE_UINT64, boot),
};

static const struct store_column LIMIT_COLUMNS[] = {
    STORE_COLUMN(limit_row, STORE_KEY, STORE_TEXT, place),
    STORE_COLUMN(limit_row, STORE_VALUE, STORE_DOUBLE, kw),
    STORE_COLUMN(limit_row, STORE_VALUE, STORE_TEXT, who),
    STORE_COLUMN(limit_row, STORE_VALUE, STORE_INT64, at_ms),
};

static const struct store_column FLEET_COLUMNS[] = {
    STORE_COLUMN(fleet_row, STORE_KEY, STORE_INT64, version),
    STORE_COLUMN(fleet_row, STORE_VALUE, STORE_INT64, at_ms),
    STORE_COLUMN(fleet_row, STORE_VALUE, STORE_TEXT, who),
    STORE_COLUMN(fleet_row, STORE_VALUE, STORE_TEXT, what),
    STORE_BYTES(fleet_row, xml, xml_bytes),
};

const struct store_layout store_hosts = {"hosts", HOST_COLUMNS, COUNT(HOST_COLUMNS)};
const struct store_layout store_limits = {"limits", LIMIT_COLUMNS, COUNT(LIMIT_COLUMNS)};
const struct store_layout store_fleets = {"fleets", FLEET_COLUMNS, COUNT(FLEET_COLUMNS)};
/* Without the xml, which is last. */
const struct store_layout store_fleet_heads = {"fleets", FLEET_COLUMNS, COUNT(FLEET_COLUMNS) - 1};

void store_take_bytes(sqlite3_stmt *statement, struct str *out)
{
    const void *bytes = sqlite3_column_blob(statement, 0);
    int count = sqlite3_column_bytes(statement, 0);

    str_clear(out);
    str_add_bytes(out, bytes == NULL ? "" : bytes, (size_t)count);
}

/* --- The cluster */

int store_read_cluster(struct store *store, struct cluster_row *row, struct err *err)
{
    struct store_walk walk;
    const void *cluster;
    int got;
    int rc = -1;

    if (store_walk_start(&walk, store, STORE_READ_CLUSTER, NULL, 0, err) != 0)
        return -1;
    got = store_walk_next(&walk, NULL, err);
    if (got < 0)
        goto out;
    cluster = got == 1 ? sqlite3_column_blob(walk.statement, 0) : NULL;
    if (cluster == NULL || sqlite3_column_bytes(walk.statement, 0) != sizeof row->cluster) {
        (void)store_fail(store, SQLITE_CORRUPT, err);
        goto out;
    }
    memcpy(row->cluster, cluster, sizeof row->cluster);
    row->epoch = (uint64_t)sqlite3_column_int64(walk.statement, 1);
    row->next_job = sqlite3_column_int64(walk.statement, 2);
    row->next_gang = sqlite3_column_int64(walk.statement, 3);
    row->fleet_version = sqlite3_column_int64(walk.statement, 4);
    rc = 0;
out:
    store_walk_end(&walk);
    return rc;
}

int store_write_cluster(struct store *store, const struct cluster_row *row, struct err *err)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_WRITE_CLUSTER, err);

    if (statement == NULL)
        return -1;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)row->epoch);
    (void)sqlite3_bind_int64(statement, 2, row->next_job);
    (void)sqlite3_bind_int64(statement, 3, row->next_gang);
    (void)sqlite3_bind_int64(statement, 4, row->fleet_version);
    return store_step(store, statement, err);
}

/* --- Hosts */

int store_put_host(struct store *store, const struct host_row *row, struct err *err)
{
    return store_put(store, STORE_PUT_HOST, row, err);
}

int store_each_host(struct store *store, host_visit_fn visit, void *context, struct err *err)
{
    struct store_walk walk;
    struct host_row row;
    int got;

    if (store_walk_start(&walk, store, STORE_EACH_HOST, NULL, 0, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        ;
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}

/* --- Limits */

int store_put_limit(struct store *store, const struct limit_row *row, struct err *err)
{
    sqlite3_stmt *statement;

    if (!(row->kw < 0)) /* also what is no number, for the database to refuse */
        return store_put(store, STORE_PUT_LIMIT, row, err);
    statement = store_prepare(store, STORE_REMOVE_LIMIT, err);
    if (statement == NULL)
        return -1;
    (void)sqlite3_bind_text(statement, 1, row->place, -1, SQLITE_STATIC);
    return store_step(store, statement, err);
}

int store_each_limit(struct store *store, limit_visit_fn visit, void *context, struct err *err)
{
    struct store_walk walk;
    struct limit_row row;
    int got;

    if (store_walk_start(&walk, store, STORE_EACH_LIMIT, NULL, 0, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        ;
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}

/* --- Answers */

enum { REQUEST_ID_BYTES = 16 };

int store_put_answer(struct store *store, const unsigned char id[16], const char *user,
    int64_t at_ms, const void *bytes, size_t count, struct err *err)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_PUT_ANSWER, err);

    if (statement == NULL)
        return -1;
    (void)sqlite3_bind_blob(statement, 1, id, REQUEST_ID_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, user, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(statement, 3, at_ms);
    (void)sqlite3_bind_blob64(statement, 4, count == 0 ? "" : bytes, count, SQLITE_STATIC);
    return store_step(store, statement, err);
}

int store_find_answer(struct store *store, const unsigned char id[16], const char *user,
    struct str *out, struct err *err)
{
    struct store_walk walk;
    int got;

    if (store_walk_start(&walk, store, STORE_FIND_ANSWER, NULL, 0, err) != 0)
        return -1;
    (void)sqlite3_bind_blob(walk.statement, 1, id, REQUEST_ID_BYTES, SQLITE_STATIC);
    (void)sqlite3_bind_text(walk.statement, 2, user, -1, SQLITE_STATIC);
    got = store_walk_next(&walk, NULL, err);
    if (got == 1)
        store_take_bytes(walk.statement, out);
    store_walk_end(&walk);
    return got;
}

/* --- Fleet files */

static int last_fleet(struct store *store, int64_t *version, struct err *err)
{
    struct store_walk walk;
    int got;

    if (store_walk_start(&walk, store, STORE_LAST_FLEET, NULL, 0, err) != 0)
        return -1;
    got = store_walk_next(&walk, NULL, err);
    if (got == 1)
        *version = sqlite3_column_int64(walk.statement, 0);
    store_walk_end(&walk);
    return got == 1 ? 0 : -1;
}

int store_add_fleet(struct store *store, struct fleet_row *row, struct err *err)
{
    struct fleet_row numbered = *row;

    if (last_fleet(store, &numbered.version, err) != 0)
        return -1;
    numbered.version++;
    if (store_put(store, STORE_ADD_FLEET, &numbered, err) != 0)
        return -1;
    row->version = numbered.version;
    return 0;
}

int store_each_fleet(
    struct store *store, int64_t version, fleet_visit_fn visit, void *context, struct err *err)
{
    enum store_statement which = version == 0 ? STORE_EACH_FLEET : STORE_FIND_FLEET;
    struct fleet_row row = {0};
    struct store_walk walk;
    int64_t count = 0;
    int got;

    if (store_walk_start(&walk, store, which, &version, version == 0 ? 0 : 1, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        count++;
    store_walk_end(&walk);
    if (got == 0 && version != 0 && count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no fleet version %lld", (long long)version);
    return got == 0 ? 0 : -1;
}
