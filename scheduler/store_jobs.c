/* Jobs, their manifests, gangs and tasks. */
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/str.h"

#define KEY(kind, name) STORE_COLUMN(ROW, STORE_KEY, kind, name)
#define FIXED(kind, name) STORE_COLUMN(ROW, STORE_FIXED, kind, name)
#define VALUE(kind, name) STORE_COLUMN(ROW, STORE_VALUE, kind, name)

#define ROW job_row
static const struct store_column JOB_COLUMNS[] = {
    KEY(STORE_INT64, id),
    VALUE(STORE_INT64, first_gang),
    VALUE(STORE_INT, gang_count),
    FIXED(STORE_INT64, manifest),
    VALUE(STORE_INT, manifest_index),
    VALUE(STORE_TEXT, name),
    VALUE(STORE_TEXT, tenant),
    VALUE(STORE_TEXT, user),
    VALUE(STORE_TEXT, kind),
    VALUE(STORE_INT, priority),
    VALUE(STORE_INT64, submit_ms),
    VALUE(STORE_INT64, end_ms),
    VALUE(STORE_INT, failed_count),
};
#undef ROW
#define ROW gang_row
static const struct store_column GANG_COLUMNS[] = {
    KEY(STORE_INT64, id),
    FIXED(STORE_INT64, job),
    VALUE(STORE_INT, member),
    VALUE(STORE_INT, state),
    VALUE(STORE_INT, cause),
    VALUE(STORE_INT, ending),
    VALUE(STORE_INT, attempt),
    VALUE(STORE_INT, retries_left),
    VALUE(STORE_BOOL, is_held),
    VALUE(STORE_BOOL, is_borrowing),
    VALUE(STORE_BOOL, waits_for_hosts),
    VALUE(STORE_INT64, start_ms),
    VALUE(STORE_INT64, end_ms),
    VALUE(STORE_INT, shape_system),
    VALUE(STORE_INT, stack_system),
    VALUE(STORE_INT, mode),
    VALUE(STORE_TEXT, system),
    VALUE(STORE_TEXT, hosts),
    VALUE(STORE_TEXT, master),
    VALUE(STORE_TEXT, reason),
    STORE_BYTES(gang_row, placement, placement_bytes),
    VALUE(STORE_INT, exit_status),
    VALUE(STORE_INT, task_count),
    VALUE(STORE_INT, chip_count),
};
#undef ROW
#define ROW task_row
static const struct store_column TASK_COLUMNS[] = {
    KEY(STORE_INT64, gang),
    KEY(STORE_INT, attempt),
    KEY(STORE_INT, rank),
    VALUE(STORE_INT, exit_status),
    VALUE(STORE_INT, signal),
    VALUE(STORE_BOOL, is_lost),
    VALUE(STORE_TEXT, why),
    VALUE(STORE_TEXT, host),
    VALUE(STORE_INT64, started_ms),
    VALUE(STORE_INT64, ended_ms),
};
#undef ROW

#define COUNT(columns) ((int)(sizeof(columns) / sizeof((columns)[0])))

const struct store_layout store_jobs = {"jobs", JOB_COLUMNS, COUNT(JOB_COLUMNS)};
const struct store_layout store_gangs = {"gangs", GANG_COLUMNS, COUNT(GANG_COLUMNS)};
const struct store_layout store_tasks = {"tasks", TASK_COLUMNS, COUNT(TASK_COLUMNS)};

/* --- Manifests */

int store_add_manifest(
    struct store *store, const void *bytes, size_t count, int64_t *id, struct err *err)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_ADD_MANIFEST, err);

    if (statement == NULL)
        return -1;
    (void)sqlite3_bind_int64(statement, 1, store->last.manifest + 1);
    /* Of no bytes: an empty blob, not NULL. */
    (void)sqlite3_bind_blob64(statement, 2, count == 0 ? "" : bytes, count, SQLITE_STATIC);
    if (store_step(store, statement, err) != 0)
        return -1;
    *id = ++store->last.manifest;
    return 0;
}

int store_read_manifest(struct store *store, int64_t id, struct str *out, struct err *err)
{
    struct store_walk walk;
    int got;

    if (store_walk_start(&walk, store, STORE_READ_MANIFEST, &id, 1, err) != 0)
        return -1;
    got = store_walk_next(&walk, NULL, err);
    if (got == 1)
        store_take_bytes(walk.statement, out);
    store_walk_end(&walk);
    if (got == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no manifest %lld", (long long)id);
    return got == 1 ? 0 : -1;
}

/* --- Jobs */

int store_put_job(struct store *store, const struct job_row *row, struct err *err)
{
    return store_put(store, STORE_PUT_JOB, row, err);
}

/* Returns how many were visited, or -1. */
static int64_t each_job(struct store *store, enum store_statement which, const int64_t *numbers,
    int number_count, job_visit_fn visit, void *context, struct err *err)
{
    struct store_walk walk;
    struct job_row row;
    int64_t count = 0;
    int got;

    if (store_walk_start(&walk, store, which, numbers, number_count, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        count++;
    store_walk_end(&walk);
    return got == 0 ? count : -1;
}

int store_each_live_job(struct store *store, job_visit_fn visit, void *context, struct err *err)
{
    return each_job(store, STORE_LIVE_JOBS, NULL, 0, visit, context, err) < 0 ? -1 : 0;
}

int store_each_ended_job(struct store *store, int64_t before_id, int max, job_visit_fn visit,
    void *context, struct err *err)
{
    const int64_t numbers[] = {before_id <= 0 ? INT64_MAX : before_id, max};

    return each_job(store, STORE_ENDED_JOBS, numbers, 2, visit, context, err) < 0 ? -1 : 0;
}

int store_find_job(
    struct store *store, int64_t id, job_visit_fn visit, void *context, struct err *err)
{
    int64_t count = each_job(store, STORE_FIND_JOB, &id, 1, visit, context, err);

    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no job %lld", (long long)id);
    return count < 0 ? -1 : 0;
}

/* --- Gangs */

int store_put_gang(struct store *store, const struct gang_row *row, struct err *err)
{
    return store_put(store, STORE_PUT_GANG, row, err);
}

static int each_gang(struct store *store, enum store_statement which, int64_t number,
    gang_visit_fn visit, void *context, struct err *err)
{
    struct store_walk walk;
    struct gang_row row;
    int got;

    if (store_walk_start(&walk, store, which, &number, 1, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        ;
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}

int store_each_gang_of(
    struct store *store, int64_t job, gang_visit_fn visit, void *context, struct err *err)
{
    return each_gang(store, STORE_GANGS_OF, job, visit, context, err);
}

int store_find_gang(
    struct store *store, int64_t gang, gang_visit_fn visit, void *context, struct err *err)
{
    return each_gang(store, STORE_FIND_GANG, gang, visit, context, err);
}

/* --- Tasks */

int store_put_task(struct store *store, const struct task_row *row, struct err *err)
{
    return store_put(store, STORE_PUT_TASK, row, err);
}

int store_each_task_of(struct store *store, int64_t gang, int attempt, task_visit_fn visit,
    void *context, struct err *err)
{
    const int64_t numbers[] = {gang, attempt};
    struct store_walk walk;
    struct task_row row;
    int got;

    if (store_walk_start(&walk, store, STORE_TASKS_OF, numbers, 2, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        ;
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}
