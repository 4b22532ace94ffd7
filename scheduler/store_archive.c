/*
 * What ended long ago moves to archive.db.
 *
 * In WAL mode a transaction over two files is whole in each, but a crash or a full disk can leave
 * it in one alone. So the rows are first copied and committed there, then deleted and committed
 * here. In between they are in both; the views show them once, and the next call moves them again.
 */
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/str.h"

#include <assert.h>

static const int64_t ANSWERS_KEPT_MS = (int64_t)24 * 3600 * 1000;
/* With each call at most so many events that are of no job, and so many answers, for each job. */
enum { ROWS_A_JOB = 10 };

/* Which rows go with the jobs in temp.moving; deleted in this order. */
static const struct {
    const char *table, *which;
    const char *keep; /* of these, what else state.db still needs */
} MOVED[] = {
    {"tasks", "gang IN (SELECT id FROM main.gangs WHERE job IN (SELECT id FROM temp.moving))", ""},
    {"usage", "job IN (SELECT id FROM temp.moving)", ""},
    {"gangs", "job IN (SELECT id FROM temp.moving)", ""},
    {"events", "job IN (SELECT id FROM temp.moving)", ""},
    {"jobs", "id IN (SELECT id FROM temp.moving)", ""},
    {"manifests", "id IN (SELECT manifest FROM temp.moving)",
        " AND NOT EXISTS (SELECT 1 FROM main.jobs WHERE manifest = main.manifests.id)"},
};

enum { MOVED_COUNT = sizeof MOVED / sizeof MOVED[0] };

/* Run SQL with numbers for its parameters; returns how many rows it changed, or -1. */
static int64_t change(struct store *store, const char *sql, const int64_t *numbers, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return store_fail(store, code, err);
    for (int i = 0; i < sqlite3_bind_parameter_count(statement); i++)
        (void)sqlite3_bind_int64(statement, i + 1, numbers[i]);
    (void)sqlite3_step(statement);
    code = sqlite3_finalize(statement);
    return code == SQLITE_OK ? sqlite3_changes64(store->db) : store_fail(store, code, err);
}

/* End the transaction that is open, well or not. */
static int end_transaction(struct store *store, bool is_well, struct err *err)
{
    if (is_well)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

static int copy_moving(struct store *store, struct err *err)
{
    struct str sql = {0};
    bool is_well;

    for (int i = MOVED_COUNT; i-- > 0;)
        str_format(&sql, "INSERT OR REPLACE INTO archive.%s SELECT * FROM main.%s WHERE %s;",
            MOVED[i].table, MOVED[i].table, MOVED[i].which);
    is_well = store_begin(store, err) == 0 && store_run(store, str_text(&sql), err) == 0;
    str_fini(&sql);
    return end_transaction(store, is_well, err);
}

static int delete_moving(struct store *store, struct err *err)
{
    struct str sql = {0};
    bool is_well;

    for (int i = 0; i < MOVED_COUNT; i++)
        str_format(
            &sql, "DELETE FROM main.%s WHERE %s%s;", MOVED[i].table, MOVED[i].which, MOVED[i].keep);
    is_well = store_begin(store, err) == 0 && store_run(store, str_text(&sql), err) == 0;
    str_fini(&sql);
    return end_transaction(store, is_well, err);
}

/* Old events of no job, copied first and then deleted as jobs are. */
static int move_loose_events(struct store *store, int64_t before_ms, int64_t max, struct err *err)
{
    static const char *const STEPS[] = {
        "INSERT OR REPLACE INTO archive.events SELECT * FROM main.events WHERE id IN"
        " (SELECT id FROM main.events WHERE job = 0 ORDER BY id LIMIT ?1) AND at_ms < ?2",
        "DELETE FROM main.events WHERE id IN"
        " (SELECT id FROM main.events WHERE job = 0 ORDER BY id LIMIT ?1) AND at_ms < ?2"};
    const int64_t numbers[] = {max, before_ms};

    for (int i = 0; i < 2; i++) {
        int64_t count = store_begin(store, err) != 0 ? -1 : change(store, STEPS[i], numbers, err);

        if (end_transaction(store, count >= 0, err) != 0)
            return -1;
        if (count == 0)
            break;
    }
    return 0;
}

static int drop_answers(struct store *store, int64_t before_ms, int64_t max, struct err *err)
{
    const int64_t numbers[] = {max, before_ms};

    return change(store,
               "DELETE FROM main.answers WHERE row IN"
               " (SELECT row FROM main.answers ORDER BY row LIMIT ?1) AND at_ms < ?2",
               numbers, err) < 0
               ? -1
               : 0;
}

/* Fill temp.moving; returns how many. */
static int64_t choose_moving(struct store *store, int64_t before_ms, int max, struct err *err)
{
    const int64_t numbers[] = {before_ms, max};

    if (store_run(store, "DELETE FROM temp.moving", err) != 0)
        return -1;
    return change(store,
        "INSERT INTO temp.moving SELECT id, manifest FROM main.jobs"
        " WHERE end_ms > 0 AND end_ms < ?1 ORDER BY end_ms LIMIT ?2",
        numbers, err);
}

int store_archive(struct store *store, int64_t before_ms, int64_t now_ms, int max, struct err *err)
{
    int64_t count;

    assert(!store->is_in_transaction);
    count = choose_moving(store, before_ms, max, err);
    if (count < 0)
        return -1;
    if (count > 0 && (copy_moving(store, err) != 0 || delete_moving(store, err) != 0))
        return -1;
    if (move_loose_events(store, before_ms, (int64_t)max * ROWS_A_JOB, err) != 0 ||
        drop_answers(store, now_ms - ANSWERS_KEPT_MS, (int64_t)max * ROWS_A_JOB, err) != 0)
        return -1;
    return (int)count;
}
