#include "scheduler/store_private.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static const char *field(const void *row, size_t offset)
{
    return (const char *)row + offset;
}

/* The same bits: SQLite has no unsigned numbers. */
static int64_t as_signed(uint64_t value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t as_unsigned(int64_t value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static int bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    return sqlite3_bind_text(statement, at, text == NULL ? "" : text, -1, SQLITE_STATIC);
}

static int bind_blob(
    sqlite3_stmt *statement, int at, const struct store_column *column, const void *row)
{
    const void *bytes = *(const void *const *)field(row, column->offset);
    size_t count = *(const size_t *)field(row, column->count_offset);

    return sqlite3_bind_blob64(statement, at, count == 0 ? NULL : bytes, count, SQLITE_STATIC);
}

static int bind_column(
    sqlite3_stmt *statement, int at, const struct store_column *column, const void *row)
{
    const void *value = field(row, column->offset);

    switch (column->kind) {
    case STORE_INT:
        return sqlite3_bind_int(statement, at, *(const int *)value);
    case STORE_INT64:
        return sqlite3_bind_int64(statement, at, *(const int64_t *)value);
    case STORE_UINT64:
        return sqlite3_bind_int64(statement, at, as_signed(*(const uint64_t *)value));
    case STORE_BOOL:
        return sqlite3_bind_int(statement, at, *(const bool *)value);
    case STORE_DOUBLE:
        return sqlite3_bind_double(statement, at, *(const double *)value);
    case STORE_TEXT:
        return bind_text(statement, at, *(const char *const *)value);
    case STORE_BLOB:
        return bind_blob(statement, at, column, row);
    }
    return SQLITE_MISUSE;
}

/* A damaged page can hold a number that we never wrote. */
static int narrow(int64_t value)
{
    return value < INT_MIN ? INT_MIN : value > INT_MAX ? INT_MAX : (int)value;
}

static const char *column_text(sqlite3_stmt *statement, int at)
{
    const unsigned char *text = sqlite3_column_text(statement, at);

    return text == NULL ? "" : (const char *)text;
}

static void decode_column(
    sqlite3_stmt *statement, int at, const struct store_column *column, void *row)
{
    void *value = (char *)row + column->offset;

    switch (column->kind) {
    case STORE_INT:
        *(int *)value = narrow(sqlite3_column_int64(statement, at));
        break;
    case STORE_INT64:
        *(int64_t *)value = sqlite3_column_int64(statement, at);
        break;
    case STORE_UINT64:
        *(uint64_t *)value = as_unsigned(sqlite3_column_int64(statement, at));
        break;
    case STORE_BOOL:
        *(bool *)value = sqlite3_column_int64(statement, at) != 0;
        break;
    case STORE_DOUBLE:
        *(double *)value = sqlite3_column_double(statement, at);
        break;
    case STORE_TEXT:
        *(const char **)value = column_text(statement, at);
        break;
    case STORE_BLOB:
        *(const void **)value = sqlite3_column_blob(statement, at);
        *(size_t *)((char *)row + column->count_offset) = (size_t)sqlite3_column_bytes(
            statement, at);
        break;
    }
}

int store_try(sqlite3_stmt *statement)
{
    errno = 0;
    return sqlite3_step(statement);
}

int store_step(struct store *store, sqlite3_stmt *statement, struct err *err)
{
    int code = store_try(statement);

    assert(code != SQLITE_ROW);
    if (code != SQLITE_DONE)
        (void)store_fail(store, code, err);
    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

int store_put(struct store *store, enum store_statement which, const void *row, struct err *err)
{
    const struct store_layout *layout = store_statement_layout(which);
    sqlite3_stmt *statement = store_prepare(store, which, err);

    if (statement == NULL)
        return -1;
    for (int i = 0; i < layout->count; i++) {
        int code = bind_column(statement, i + 1, &layout->columns[i], row);

        if (code != SQLITE_OK)
            return store_fail(store, code, err);
    }
    return store_step(store, statement, err);
}

int store_walk_start(struct store_walk *walk, struct store *store, enum store_statement which,
    const int64_t *numbers, int count, struct err *err)
{
    *walk = (struct store_walk){
        store, store_prepare(store, which, err), store_statement_layout(which)};
    if (walk->statement == NULL)
        return -1;
    for (int i = 0; i < count; i++) {
        int code = sqlite3_bind_int64(walk->statement, i + 1, numbers[i]);

        if (code != SQLITE_OK)
            return store_fail(store, code, err);
    }
    return 0;
}

int store_walk_next(struct store_walk *walk, void *row, struct err *err)
{
    int code = store_try(walk->statement);

    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_ROW)
        return store_fail(walk->store, code, err);
    for (int i = 0; walk->layout != NULL && i < walk->layout->count; i++)
        decode_column(walk->statement, i, &walk->layout->columns[i], row);
    return 1;
}

void store_walk_end(struct store_walk *walk)
{
    (void)sqlite3_reset(walk->statement);
}

int store_run(struct store *store, const char *sql, struct err *err)
{
    int code;

    errno = 0;
    code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}
