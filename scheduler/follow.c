#include "scheduler/follow.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/id_map.h"
#include "scheduler/show_jobs.h"

#include <string.h>
#include <time.h>

enum {
    PAGE_BYTES = 256 * 1024,
    WATCH_MS = 20000,
    WATCH_OUTPUT_MS = 500,
    WATCH_SOME_MS = 2000, /* when only some of the jobs are watched */
    ASKED_JOBS = 500      /* about so many in one request */
};

/* One page of output; the caller releases *envelope. */
static int read_page(struct client *client, const struct follow_log *log, uint64_t offset,
    bool from_end, Wattyard__Envelope **envelope, struct err *err)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ReadLog read = WATTYARD__READ_LOG__INIT;

    read.job = log->job;
    read.member = log->member;
    read.rank = log->rank;
    read.attempt = log->attempt;
    read.offset = offset;
    read.max_bytes = PAGE_BYTES;
    read.from_end = from_end;
    request.body_case = WATTYARD__REQUEST__BODY_READ_LOG;
    request.read_log = &read;
    *envelope = client_ask(client, &request, 0, err);
    return *envelope != NULL ? 0 : -1;
}

/* What the answer says against it; gives (mem_free), NULL: nothing. */
static char *refusal(const Wattyard__Answer *answer, int *status)
{
    *status = answer->status;
    if (answer->status == 0 && answer->output != NULL && answer->output->error[0] == '\0')
        return NULL;
    if (*status == 0)
        *status = 1;
    if (answer->n_errors > 0)
        return mem_copy_text(answer->errors[0]);
    return mem_copy_text(answer->output != NULL && answer->output->error[0] != '\0'
                             ? answer->output->error
                             : "there is no output");
}

int follow_log_print(struct client *client, struct follow_log *log, FILE *stream, int *status,
    char **why, struct err *err)
{
    for (bool is_end = false; !is_end;) {
        Wattyard__Envelope *envelope = NULL;
        const Wattyard__OutputPage *page;

        if (read_page(client, log, log->offset, false, &envelope, err) != 0)
            return -1;
        *why = refusal(envelope->answer, status);
        page = envelope->answer->output;
        if (*why == NULL) {
            client_write(&page->bytes, 0, stream);
            log->offset = page->offset + page->bytes.len;
        }
        is_end = *why != NULL || page->is_end || page->bytes.len == 0;
        protocol_free(envelope);
    }
    (void)fflush(stream);
    return 0;
}

/* Where the last `lines` lines of the bytes begin. */
static size_t tail_start(const ProtobufCBinaryData *bytes, int64_t lines)
{
    size_t at = bytes->len;

    if (at > 0 && bytes->data[at - 1] == '\n')
        at--;
    while (at > 0 && (bytes->data[at - 1] != '\n' || --lines > 0))
        at--;
    return at;
}

int follow_log_tail(struct client *client, struct follow_log *log, int64_t lines, FILE *stream,
    int *status, char **why, struct err *err)
{
    Wattyard__Envelope *envelope = NULL;
    const Wattyard__OutputPage *page;

    if (read_page(client, log, PAGE_BYTES, true, &envelope, err) != 0)
        return -1;
    *why = refusal(envelope->answer, status);
    page = envelope->answer->output;
    if (*why == NULL) {
        size_t from = lines > 0 ? tail_start(&page->bytes, lines) : page->bytes.len;

        client_write(&page->bytes, from, stream);
        (void)fflush(stream);
        log->offset = page->offset + page->bytes.len;
    }
    protocol_free(envelope);
    return 0;
}

/* --- Jobs */

/* What was last told of a row. */
struct told {
    uint32_t attempt;
    char state[32];
};

struct follower {
    const struct command *command;
    const struct command_context *context;
    struct client *client;
    const struct follow_options *options;
    uint64_t *jobs; /* that have not ended, the first job_count */
    size_t job_count;
    struct told *told;
    size_t told_count, told_capacity;
    struct id_map told_slots; /* by told_key */
    uint64_t change;
    bool is_done;         /* none has ended otherwise */
    bool is_attempt_kept; /* the output of one attempt was asked for, not of the last */
    int lost;             /* exit status of what ended it: no answer */
};

/* Of a job's member, above 0 whatever they are. */
static int64_t told_key(const Wattyard__JobRow *row)
{
    uint64_t member = (uint64_t)((int64_t)row->member + 1) & 0xfffff;

    return (int64_t)((row->job & 0x3ffffffffff) << 20 | member | UINT64_C(1) << 62);
}

static struct told *find_told(struct follower *f, const Wattyard__JobRow *row)
{
    int slot = id_map_find(&f->told_slots, told_key(row));

    if (slot != ID_MAP_NONE)
        return &f->told[slot];
    id_map_add(&f->told_slots, told_key(row), (int)f->told_count);
    f->told = mem_grow(f->told, f->told_count, &f->told_capacity, sizeof *f->told);
    f->told[f->told_count] = (struct told){0};
    return &f->told[f->told_count++];
}

/* Is the row (of one member, or of several alike) about what is followed? */
static bool is_followed(const struct follow_log *log, const Wattyard__JobRow *row)
{
    int64_t end = (int64_t)row->member + (row->members > 1 ? row->members : 1);

    return log == NULL || log->member < 0 || row->member < 0 ||
           (row->member <= log->member && log->member < end);
}

/* What has come of the output; gives why there is none (mem_free), NULL: there is. */
static char *print_output(struct follower *f)
{
    struct err err = {0};
    char *why = NULL;
    int ignored = 0;

    if (f->lost == 0 && f->options->log != NULL &&
        follow_log_print(f->client, f->options->log, f->context->out, &ignored, &why, &err) != 0)
        f->lost = client_fail(f->command, f->context, &err);
    return why;
}

/* What was put out before the row's state is told: the rest of the attempt before, which has an
 * output of its own, and all of one that has ended. */
static void catch_up(struct follower *f, const Wattyard__JobRow *row)
{
    struct follow_log *log = f->options->log;
    char *why;

    if (log == NULL || row->attempt == 0 || (log->member < 0 && row->member > 0))
        return;
    if (!f->is_attempt_kept && log->attempt != row->attempt) {
        if (log->attempt != 0) {
            mem_free(print_output(f));
            log->offset = 0;
        }
        log->attempt = row->attempt;
    }
    if (!show_job_has_ended(row))
        return;
    why = print_output(f);
    if (why != NULL && !str_equal(row->state, "cancelled"))
        (void)fprintf(f->context->err, "wattyard %s: the output to its end is not to be had: %s\n",
            f->command->name, why);
    mem_free(why);
}

/* Has the row's part of its job ended? */
static bool tell(struct follower *f, const Wattyard__JobRow *row, int64_t now_ms, FILE *stream)
{
    struct told *told = find_told(f, row);
    bool has_ended = show_job_has_ended(row);

    if (has_ended && !show_job_is_done(row))
        f->is_done = false;
    if (str_equal(told->state, row->state) && told->attempt == row->attempt)
        return has_ended;
    (void)snprintf(told->state, sizeof told->state, "%s", row->state);
    told->attempt = row->attempt;
    catch_up(f, row);
    if (f->options->shows_changes)
        show_job_change(row, now_ms, stream);
    return has_ended;
}

/* Take in the rows of `most` jobs, from `jobs` on; puts those that have not ended to their front.
 * Returns how many these are. */
static size_t take_rows(
    struct follower *f, const struct client_pages *pages, uint64_t *jobs, size_t most)
{
    const struct follow_log *log = f->options->log;
    /* states go to the errors where a job's output goes to the output */
    FILE *stream = log != NULL ? f->context->err : f->context->out;
    int64_t now_ms = client_pages_last(pages)->now_ms;
    size_t count;
    size_t left = 0;
    const void **rows = CLIENT_ROWS(pages, jobs, &count);

    for (size_t i = 0; i < count && f->lost == 0; i++) {
        const Wattyard__JobRow *row = rows[i];

        /* rows of one job follow each other */
        if (is_followed(log, row) && !tell(f, row, now_ms, stream) && left < most &&
            (left == 0 || jobs[left - 1] != row->job))
            jobs[left++] = row->job;
    }
    (void)fflush(stream);
    mem_free(rows);
    return left;
}

/* How the jobs stand. An exit status. */
static int look(struct follower *f)
{
    size_t kept = 0;
    int status = 0;
    struct err err = {0};

    for (size_t from = 0; from < f->job_count && status == 0; from += ASKED_JOBS) {
        Wattyard__Request request = WATTYARD__REQUEST__INIT;
        Wattyard__ListJobs list = WATTYARD__LIST_JOBS__INIT;
        struct client_pages pages = {0};
        size_t left = 0;

        list.jobs = f->jobs + from;
        list.n_jobs = f->job_count - from < ASKED_JOBS ? f->job_count - from : ASKED_JOBS;
        list.with_ended = 1;
        request.body_case = WATTYARD__REQUEST__BODY_LIST_JOBS;
        request.list_jobs = &list;
        if (client_ask_pages(f->client, &request, &pages, &err) != 0)
            status = client_fail(f->command, f->context, &err);
        else
            status = client_report(f->command, f->context, client_pages_last(&pages));
        if (status == 0)
            left = take_rows(f, &pages, f->jobs + from, list.n_jobs);
        memmove(f->jobs + kept, f->jobs + from, left * sizeof *f->jobs);
        kept += left;
        client_pages_fini(&pages);
    }
    if (status == 0)
        f->job_count = kept;
    return status != 0 ? status : f->lost;
}

/* Until one of the jobs that have not ended has changed. */
static int watch(struct follower *f)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__Watch watching = WATTYARD__WATCH__INIT;
    Wattyard__Envelope *envelope;
    struct err err = {0};
    bool is_refused;
    int status;

    watching.jobs = f->jobs;
    watching.n_jobs = f->job_count < ASKED_JOBS ? f->job_count : ASKED_JOBS;
    watching.since = f->change;
    watching.wait_ms = f->options->log != NULL     ? WATCH_OUTPUT_MS
                       : f->job_count > ASKED_JOBS ? WATCH_SOME_MS
                                                   : WATCH_MS;
    request.body_case = WATTYARD__REQUEST__BODY_WATCH;
    request.watch = &watching;
    envelope = client_ask(f->client, &request, (int)watching.wait_ms, &err);
    if (envelope == NULL)
        return client_fail(f->command, f->context, &err);
    is_refused = envelope->answer->status == CLIENT_NO;
    status = is_refused ? 0 : client_report(f->command, f->context, envelope->answer);
    if (envelope->answer->cluster != NULL)
        f->change = envelope->answer->cluster->change;
    protocol_free(envelope);
    if (is_refused) /* too many watch: who came late looks now and then */
        (void)nanosleep(&(struct timespec){.tv_sec = WATCH_SOME_MS / 1000}, NULL);
    return status;
}

int follow_jobs(const struct command *command, const struct command_context *context,
    struct client *client, const struct follow_options *options)
{
    struct follower f = {.command = command,
        .context = context,
        .client = client,
        .options = options,
        .job_count = options->job_count,
        .is_done = true,
        .is_attempt_kept = options->log != NULL && options->log->attempt != 0};
    int status = 0;

    f.jobs = mem_zero(f.job_count, sizeof *f.jobs);
    memcpy(f.jobs, options->jobs, f.job_count * sizeof *f.jobs);
    while ((status = look(&f)) == 0 && f.job_count > 0) {
        if (options->log != NULL && options->log->attempt != 0)
            mem_free(print_output(&f)); /* none yet: it is asked for again */
        status = f.lost != 0 ? f.lost : watch(&f);
        if (status != 0)
            break;
    }
    mem_free(f.jobs);
    mem_free(f.told);
    id_map_fini(&f.told_slots);
    return status != 0 || f.is_done ? status : 1;
}
