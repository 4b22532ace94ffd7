#include "workloads/swf.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The fields that are used, counted from 0. */
enum {
    FIELD_NUMBER = 0,
    FIELD_SUBMIT = 1,
    FIELD_RUN = 3,
    FIELD_ALLOCATED = 4,
    FIELD_REQUESTED = 7,
    FIELD_REQUESTED_TIME = 8,
    FIELD_STATUS = 10,
    FIELD_COUNT = 18
};
enum { LINE_BYTES_MAX = 1024, PART_FIRST = 2, PART_LAST = 4 };

static const double SECONDS_MAX = 6e9; /* 190 years */

struct swf_reader {
    struct job_list *list;
    struct faults *faults;
    struct where where; /* the line */
    int chips_per_processor;
    size_t left_out;
};

static int bad_line(const struct swf_reader *r, const char *what)
{
    return faults_error(r->faults, r->where, "%s", what);
}

static int read_fields(const struct swf_reader *r, char *line, double *out)
{
    char *words[FIELD_COUNT];
    size_t count = str_split(line, words, FIELD_COUNT);

    if (count != FIELD_COUNT)
        return faults_error(r->faults, r->where,
            "the line has %zu fields; a job has %d, with -1 for what is not known", count,
            FIELD_COUNT);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (str_parse_double(words[i], &out[i]) != 0)
            return faults_error(
                r->faults, r->where, "field %zu is '%.40s'; that is not a number", i + 1, words[i]);
    return 0;
}

/* Is it -1, or a time that can be kept? */
static bool is_time(double seconds)
{
    return seconds >= -1 && seconds <= SECONDS_MAX;
}

static double minutes_of(double seconds)
{
    return round(seconds * UNITS_MS_PER_SECOND) / (60 * UNITS_MS_PER_SECOND);
}

static int add_job(struct swf_reader *r, const double *fields)
{
    double processors = fields[FIELD_REQUESTED] > 0 ? fields[FIELD_REQUESTED]
                                                    : fields[FIELD_ALLOCATED];
    double run_minutes = minutes_of(fields[FIELD_RUN]);
    double requested_minutes = fields[FIELD_REQUESTED_TIME] > 0
                                   ? minutes_of(fields[FIELD_REQUESTED_TIME])
                                   : 0;
    char name[32];

    if (fields[FIELD_SUBMIT] < 0 || !is_time(fields[FIELD_SUBMIT]))
        return bad_line(r, "the submit time is not known, or too late to be counted");
    if (!is_time(fields[FIELD_RUN]) || !is_time(fields[FIELD_REQUESTED_TIME]))
        return bad_line(r, "a time is below -1, or too long to be counted");
    if (fields[FIELD_NUMBER] < 0 || fields[FIELD_NUMBER] > 1e15)
        return bad_line(r, "the job number is none");
    if (run_minutes <= 0 || processors <= 0 ||
        (fields[FIELD_STATUS] >= PART_FIRST && fields[FIELD_STATUS] <= PART_LAST)) {
        r->left_out++;
        return 0;
    }
    if (processors > JOB_TASKS_MAX || processors < floor(processors) ||
        processors > floor(processors))
        return faults_error(r->faults, r->where,
            "the job has %.6g processors; a whole number up to %d can be counted", processors,
            JOB_TASKS_MAX);
    if (r->list->count == SWF_JOBS_MAX)
        return faults_error(r->faults, r->where, "over %d jobs; cut the log", SWF_JOBS_MAX);
    (void)snprintf(name, sizeof name, "%.0f", fields[FIELD_NUMBER]);
    r->list->specs[r->list->count++] = (struct job_spec){
        .name = arena_copy_text(r->list->arena, name),
        .kind = JOB_TRAINING,
        .tenant = "default",
        .priority = JOB_PRIORITY_DEFAULT,
        .value_usd_per_hour = NAN,
        .power_frac = 1,
        .tasks = (int)processors,
        .segment = JOB_SEGMENT_NONE,
        .chips_per_task = r->chips_per_processor,
        .wall_minutes = requested_minutes > 0 ? fmax(requested_minutes, run_minutes) : 0,
        .grace_seconds = JOB_GRACE_SECONDS_DEFAULT,
        .lease_minutes = JOB_LEASE_MINUTES_DEFAULT,
        .deadline_ms = INT64_MAX,
        .work_minutes = run_minutes,
        .expected_minutes = requested_minutes,
        .submit_minutes = minutes_of(fields[FIELD_SUBMIT]),
        .where = r->where};
    return 0;
}

static int read_line(struct swf_reader *r, const char *text, size_t length)
{
    char line[LINE_BYTES_MAX];
    double fields[FIELD_COUNT];

    while (length > 0 && (*text == ' ' || *text == '\t' || *text == '\r')) {
        text++;
        length--;
    }
    if (length == 0 || *text == ';')
        return 0;
    if (length >= sizeof line || memchr(text, '\0', length) != NULL)
        return bad_line(r, "this is no line of a Standard Workload Format log");
    memcpy(line, text, length);
    line[length] = '\0';
    line[strcspn(line, "\r")] = '\0';
    return read_fields(r, line, fields) != 0 ? -1 : add_job(r, fields);
}

static size_t count_lines(const char *bytes, size_t count)
{
    size_t lines = 1;

    for (const char *c = bytes; (c = memchr(c, '\n', count - (size_t)(c - bytes))) != NULL; c++)
        lines++;
    return lines;
}

static void read_lines(struct swf_reader *r, const char *bytes, size_t count)
{
    const char *end = bytes + count;
    size_t bad_count = 0;

    while (bytes < end && bad_count < FAULTS_MAX) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline != NULL ? newline : end;

        r->where.line++;
        if (read_line(r, bytes, (size_t)(stop - bytes)) != 0)
            bad_count++;
        bytes = newline != NULL ? newline + 1 : end;
    }
}

struct job_list *swf_parse(const char *bytes, size_t count, const char *name,
    int chips_per_processor, size_t *left_out, struct faults *faults)
{
    struct arena *arena = arena_create();
    struct job_list *list = arena_zero(arena, 1, sizeof *list);
    size_t line_count = count_lines(bytes, count);
    size_t errors_before = faults->error_count;
    struct swf_reader reader = {.list = list,
        .faults = faults,
        .where = {arena_copy_text(arena, name), 0},
        .chips_per_processor = chips_per_processor};

    assert(chips_per_processor >= 1 && chips_per_processor <= SWF_CHIPS_MAX);
    list->arena = arena;
    list->specs = arena_zero(
        arena, line_count < SWF_JOBS_MAX ? line_count : SWF_JOBS_MAX, sizeof *list->specs);
    if (count >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
        (void)faults_error(
            faults, (struct where){name, 0}, "the file is compressed; unpack it with gunzip first");
    else
        read_lines(&reader, bytes, count);
    if (faults->error_count == errors_before) {
        *left_out = reader.left_out;
        return list;
    }
    arena_destroy(arena);
    return NULL;
}

struct job_list *swf_load(
    const char *path, int chips_per_processor, size_t *left_out, struct faults *faults)
{
    struct job_list *list;
    struct err err = {0};
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, SWF_BYTES_MAX, &bytes, &count, &err) != 0) {
        (void)faults_error(faults, (struct where){path, 0}, "%s", err.text);
        return NULL;
    }
    list = swf_parse(bytes, count, path, chips_per_processor, left_out, faults);
    mem_free(bytes);
    return list;
}
