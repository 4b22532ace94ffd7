/*
 * Durable commits a second of the scheduler's store, on the disk that build/ is on: with one row,
 * and with as many as a busy turn writes. In a file of its own: it links nothing of the tests that
 * stands before the system's writes.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNS = 5, BUSY_ROWS = 100 };
static const double RUN_S = 1;
static const char *const FILES[] = {
    "state.db", "state.db-wal", "archive.db", "archive.db-wal", "lock"};

static int commit_some(struct store *store, int rows, int64_t now_ms, struct err *err)
{
    if (store_begin(store, err) != 0)
        return -1;
    for (int i = 0; i < rows; i++)
        if (store_add_event(store,
                &(struct event_row){.at_ms = now_ms,
                    .job = now_ms * rows + i,
                    .gang = now_ms * rows + i,
                    .what = "running",
                    .why = "",
                    .who = "",
                    .place = "oregon-h1-f02-r01-t01"},
                err) != 0)
            return -1;
    return store_commit(store, err);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

static int measure(struct store *store, int rows, struct err *err)
{
    double rates[RUNS];

    for (int i = 0; i < RUNS; i++) {
        double start_s = clock_monotonic_s();
        double now_s = start_s;
        int count = 0;

        for (; now_s - start_s < RUN_S; count++) {
            if (commit_some(store, rows, count, err) != 0)
                return -1;
            now_s = clock_monotonic_s();
        }
        rates[i] = count / (now_s - start_s);
    }
    qsort(rates, RUNS, sizeof *rates, compare_doubles);
    printf("  durable commits of %3d rows %10.0f /s (%.0f to %.0f), %.0f rows/s\n", rows,
        rates[RUNS / 2], rates[0], rates[RUNS - 1], rates[RUNS / 2] * rows);
    (void)fflush(stdout);
    return 0;
}

int main(void)
{
    char folder[64];
    char path[128];
    struct err err = {0};
    struct store *store;
    int rc = -1;

    (void)snprintf(folder, sizeof folder, "build/bench-store-%ld", (long)getpid());
    store = store_open(folder, &err);
    if (store != NULL && measure(store, 1, &err) == 0)
        rc = measure(store, BUSY_ROWS, &err);
    store_close(store);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, FILES[i]);
        (void)unlink(path);
    }
    if (rmdir(folder) != 0 && rc == 0)
        rc = err_set_errno(&err, "%s can't be removed", folder);
    if (rc != 0)
        (void)fprintf(stderr, "%s\n", err.text);
    return rc == 0 ? 0 : 1;
}
