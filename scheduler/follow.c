#include "scheduler/follow.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/show_jobs.h"

#include <string.h>

enum { PAGE_BYTES = 256 * 1024, WATCH_MS = 20000, WATCH_OUTPUT_MS = 500 };

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
            (void)fwrite(page->bytes.data, 1, page->bytes.len, stream);
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

        (void)fwrite(page->bytes.data + from, 1, page->bytes.len - from, stream);
        (void)fflush(stream);
        log->offset = page->offset + page->bytes.len;
    }
    protocol_free(envelope);
    return 0;
}

/* --- Jobs */

/* What was last told of a row. */
struct told {
    uint64_t job;
    int32_t member;
    uint32_t attempt;
    char state[32];
};

struct follower {
    const struct follow_options *options;
    struct told *told;
    size_t told_count, told_capacity;
    uint64_t change;
    bool has_ended, is_done;
};

static struct told *find_told(struct follower *f, const Wattyard__JobRow *row)
{
    for (size_t i = 0; i < f->told_count; i++)
        if (f->told[i].job == row->job && f->told[i].member == row->member)
            return &f->told[i];
    f->told = mem_grow(f->told, f->told_count, &f->told_capacity, sizeof *f->told);
    f->told[f->told_count] = (struct told){.job = row->job, .member = row->member};
    return &f->told[f->told_count++];
}

static void tell(struct follower *f, const Wattyard__JobRow *row, int64_t now_ms, FILE *stream)
{
    struct told *told = find_told(f, row);
    struct follow_log *log = f->options->log;

    if (!show_job_has_ended(row))
        f->has_ended = false;
    else if (!show_job_is_done(row))
        f->is_done = false;
    if (log != NULL && told->attempt != 0 && row->attempt > told->attempt)
        log->offset = 0; /* a new attempt has an output of its own */
    if (str_equal(told->state, row->state) && told->attempt == row->attempt)
        return;
    (void)snprintf(told->state, sizeof told->state, "%s", row->state);
    told->attempt = row->attempt;
    if (f->options->shows_changes)
        show_job_change(row, now_ms, stream);
}

/* Take in how the jobs stand. 0 or an exit status. */
static int look(const struct command *command, const struct command_context *context,
    struct client *client, struct follower *f, struct err *err)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListJobs list = WATTYARD__LIST_JOBS__INIT;
    struct client_pages pages = {0};
    const Wattyard__Answer *last;
    size_t count;
    const void **rows;
    int status;

    list.n_jobs = f->options->job_count;
    list.jobs = mem_zero(list.n_jobs, sizeof *list.jobs);
    memcpy(list.jobs, f->options->jobs, list.n_jobs * sizeof *list.jobs);
    list.with_ended = 1;
    request.body_case = WATTYARD__REQUEST__BODY_LIST_JOBS;
    request.list_jobs = &list;
    if (client_ask_pages(client, &request, &pages, err) != 0) {
        status = client_fail(command, context, err);
        goto out;
    }
    last = client_pages_last(&pages);
    status = client_report(command, context, last);
    f->has_ended = f->is_done = true;
    rows = CLIENT_ROWS(&pages, jobs, &count);
    /* states of one job go to the errors where its output goes to the output */
    for (size_t i = 0; i < count; i++)
        tell(f, rows[i], last->now_ms, f->options->log != NULL ? context->err : context->out);
    (void)fflush(context->out);
    mem_free(rows);
    if (last->cluster != NULL)
        f->change = last->cluster->change;
    if (status == 0 && count == 0) {
        (void)fprintf(
            context->err, "wattyard %s: the jobs are not there any more\n", command->name);
        status = 1;
    }
out:
    mem_free(list.jobs);
    client_pages_fini(&pages);
    return status;
}

/* Until something has changed. */
static int watch(struct client *client, struct follower *f, struct err *err)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__Watch watching = WATTYARD__WATCH__INIT;
    Wattyard__Envelope *envelope;

    watching.n_jobs = f->options->job_count;
    watching.jobs = mem_zero(watching.n_jobs, sizeof *watching.jobs);
    memcpy(watching.jobs, f->options->jobs, watching.n_jobs * sizeof *watching.jobs);
    watching.since = f->change;
    watching.wait_ms = f->options->log != NULL ? WATCH_OUTPUT_MS : WATCH_MS;
    request.body_case = WATTYARD__REQUEST__BODY_WATCH;
    request.watch = &watching;
    envelope = client_ask(client, &request, (int)watching.wait_ms, err);
    if (envelope != NULL && envelope->answer->cluster != NULL)
        f->change = envelope->answer->cluster->change;
    mem_free(watching.jobs);
    protocol_free(envelope);
    return envelope != NULL ? 0 : -1;
}

static int follow_output(struct client *client, struct follower *f, FILE *stream, struct err *err)
{
    char *why = NULL;
    int ignored = 0;
    int rc = 0;

    if (f->options->log != NULL)
        rc = follow_log_print(client, f->options->log, stream, &ignored, &why, err);
    mem_free(why); /* not started yet: it will be asked for again */
    return rc;
}

int follow_jobs(const struct command *command, const struct command_context *context,
    struct client *client, const struct follow_options *options)
{
    struct follower f = {.options = options};
    struct err err = {0};
    int status;

    for (;;) {
        status = look(command, context, client, &f, &err);
        if (status != 0)
            break;
        if (follow_output(client, &f, context->out, &err) != 0 ||
            (!f.has_ended && watch(client, &f, &err) != 0)) {
            status = client_fail(command, context, &err);
            break;
        }
        if (f.has_ended) {
            status = f.is_done ? 0 : 1;
            break;
        }
    }
    mem_free(f.told);
    return status;
}
