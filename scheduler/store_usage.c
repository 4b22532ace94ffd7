/* What attempts used, and sums of it. */
#include "scheduler/store_private.h"

#define KEY(kind, name) STORE_COLUMN(usage_row, STORE_KEY, kind, name)
#define VALUE(kind, name) STORE_COLUMN(usage_row, STORE_VALUE, kind, name)

static const struct store_column COLUMNS[] = {
    KEY(STORE_INT64, job),
    KEY(STORE_INT64, gang),
    KEY(STORE_INT, attempt),
    VALUE(STORE_TEXT, tenant),
    VALUE(STORE_TEXT, user),
    VALUE(STORE_TEXT, system),
    VALUE(STORE_INT64, start_ms),
    VALUE(STORE_INT64, end_ms),
    VALUE(STORE_DOUBLE, chip_seconds),
    VALUE(STORE_DOUBLE, joules),
    VALUE(STORE_DOUBLE, usd),
};

const struct store_layout store_usage = {
    "usage", COLUMNS, (int)(sizeof COLUMNS / sizeof COLUMNS[0])};

int store_put_usage(struct store *store, const struct usage_row *row, struct err *err)
{
    return store_put(store, STORE_PUT_USAGE, row, err);
}

static struct usage_sum decode_sum(sqlite3_stmt *statement)
{
    const unsigned char *key = sqlite3_column_text(statement, 0);

    return (struct usage_sum){.key = key == NULL ? "" : (const char *)key,
        .job_count = sqlite3_column_int64(statement, 1),
        .chip_seconds = sqlite3_column_double(statement, 2),
        .joules = sqlite3_column_double(statement, 3),
        .usd = sqlite3_column_double(statement, 4)};
}

int store_sum_usage(struct store *store, enum usage_by by, int64_t from_ms, int64_t to_ms,
    usage_visit_fn visit, void *context, struct err *err)
{
    static const enum store_statement STATEMENTS[] = {
        [USAGE_BY_TENANT] = STORE_USAGE_BY_TENANT,
        [USAGE_BY_USER] = STORE_USAGE_BY_USER,
        [USAGE_BY_SYSTEM] = STORE_USAGE_BY_SYSTEM,
    };
    const int64_t numbers[] = {from_ms, to_ms};
    struct store_walk walk;
    int got;

    if (store_walk_start(&walk, store, STATEMENTS[by], numbers, 2, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, NULL, err)) == 1) {
        struct usage_sum sum = decode_sum(walk.statement);

        if (visit(context, &sum, err) != 0)
            break;
    }
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}

int store_job_usage(struct store *store, int64_t job, struct usage_sum *sum, struct err *err)
{
    struct store_walk walk;
    int got;

    if (store_walk_start(&walk, store, STORE_USAGE_OF_JOB, &job, 1, err) != 0)
        return -1;
    got = store_walk_next(&walk, NULL, err);
    if (got == 1) {
        *sum = decode_sum(walk.statement);
        sum->key = ""; /* the statement's text ends with the walk */
    }
    store_walk_end(&walk);
    return got == 1 ? 0 : -1;
}
