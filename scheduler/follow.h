/*
 * follow: staying with jobs until they end: their changes, and the output of a task. Edge code.
 */
#ifndef SCHEDULER_FOLLOW_H
#define SCHEDULER_FOLLOW_H

#include "scheduler/client.h"

/* How far the output of one task has been printed. */
struct follow_log {
    uint64_t job;
    int32_t member; /* -1: the first */
    uint32_t rank;
    uint32_t attempt; /* 0: the last */
    uint64_t offset;
};

/*
 * Print what there is from the offset on, and move the offset. *status is the answer's: not 0 where
 * there is none (yet), told in *why (gives, mem_free; NULL else). -1 with err: no answer.
 */
int follow_log_print(struct client *client, struct follow_log *log, FILE *stream, int *status,
    char **why, struct err *err);

/* The last `lines` lines, and the offset behind them. */
int follow_log_tail(struct client *client, struct follow_log *log, int64_t lines, FILE *stream,
    int *status, char **why, struct err *err);

struct follow_options {
    const uint64_t *jobs;
    size_t job_count;
    bool shows_changes;
    struct follow_log *log; /* NULL: no output */
};

/* Until all jobs have ended. Exit status: 0 all are done, 1 one is not, else of the failure. */
int follow_jobs(const struct command *command, const struct command_context *context,
    struct client *client, const struct follow_options *options);

#endif
