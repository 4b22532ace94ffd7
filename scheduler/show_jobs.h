/*
 * show_jobs: jobs, one job and why it waits, as people see them. Draws only; asks nobody.
 */
#ifndef SCHEDULER_SHOW_JOBS_H
#define SCHEDULER_SHOW_JOBS_H

#include "agent/protocol.h"
#include "scheduler/rows.h"

/* The columns of a Wattyard__JobRow; those of `queue` have heads. */
struct row_set show_jobs_set(const void *const *rows, size_t count, int64_t now_ms);

/* "1042", "1042.7", or "1043[500]" for a row that stands for many members; into buffer of CELL_SIZE
 * bytes; returns buffer. */
const char *show_job_id(const Wattyard__JobRow *row, char *buffer);
bool show_job_has_ended(const Wattyard__JobRow *row);
bool show_job_is_done(const Wattyard__JobRow *row);

/* "job 1042 pretrain-70b   waiting   128 tasks × 4 chips   earliest start about 14:32 (trn3-gen2)"
 */
void show_job_submitted(const Wattyard__JobRow *row, int64_t now_ms, FILE *stream);
/* "14:32:07  job 1042 pretrain-70b  running  on trn3-gen2, oregon-…" */
void show_job_change(const Wattyard__JobRow *row, int64_t now_ms, FILE *stream);

/* `job`: the answer of a ShowJob, its history from all pages, or the first of them (is_cut). */
void show_job_detail(const Wattyard__JobDetail *job, const void *const *history,
    size_t history_count, bool is_cut, int64_t now_ms, FILE *stream);
int show_job_detail_json(const Wattyard__JobDetail *job, const void *const *history,
    size_t history_count, FILE *stream, struct err *err);

/* `explain`: the row and its reasons. */
void show_job_reasons(const Wattyard__JobRow *row, const void *const *reasons, size_t count,
    int64_t now_ms, FILE *stream);
int show_job_reasons_json(const Wattyard__JobRow *row, const void *const *reasons, size_t count,
    FILE *stream, struct err *err);

#endif
