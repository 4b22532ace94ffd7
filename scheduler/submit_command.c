/* `wattyard submit`: manifests to the scheduler, and staying with them. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/follow.h"
#include "scheduler/show_jobs.h"
#include "workloads/job.h"

#include <stddef.h>
#include <string.h>

enum { FILES_MAX = 10000 };

struct submit_options {
    struct client_flags client;
    bool hold, wait, follow, as_json;
};

static const struct option OPTIONS[] = {
    {"hold", 0, OPTION_FLAG, offsetof(struct submit_options, hold), NULL,
        "hold the jobs until wattyard release", 0, 0, NULL},
    {"wait", 'w', OPTION_FLAG, offsetof(struct submit_options, wait), NULL,
        "until all have ended; exit status 1 when one did not do well", 0, 0, NULL},
    {"follow", 'f', OPTION_FLAG, offsetof(struct submit_options, follow), NULL,
        "as --wait, and print each change; of a single job also the output of rank 0", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct submit_options, as_json), NULL,
        "print the jobs as JSON", 0, 0, NULL},
    CLIENT_OPTIONS(struct submit_options, client),
};

struct manifest {
    const char *path;
    char *bytes; /* owned */
    size_t count;
};

static void check_manifest(
    struct xml_schema **schema, const struct manifest *manifest, struct faults *faults)
{
    /* as the scheduler reads them: nothing is included */
    struct job_list *list = job_list_parse_next(
        schema, manifest->bytes, manifest->count, manifest->path, faults);

    if (list != NULL)
        (void)job_list_check_tasks(list, faults);
    job_list_destroy(list);
}

/* All files, read and checked: nothing is sent unless all are good. */
static int read_manifests(
    const char *const *paths, size_t count, struct manifest *manifests, FILE *errors)
{
    struct xml_schema *schema = NULL;
    struct faults faults = {0};
    int status = 0;

    for (size_t i = 0; i < count; i++) {
        struct manifest *manifest = &manifests[i];
        struct err err = {0};

        manifest->path = paths[i];
        if (file_read(paths[i], JOB_MANIFEST_BYTES, &manifest->bytes, &manifest->count, &err) != 0)
            (void)faults_error(&faults, (struct where){paths[i], 0}, "%s", err.text);
        else
            check_manifest(&schema, manifest, &faults);
    }
    xml_schema_destroy(schema);
    faults_print(&faults, errors);
    if (faults.error_count > 0)
        status = CLIENT_WRONG;
    faults_fini(&faults);
    return status;
}

/* Answers of the files, and what jobs they hold. */
struct submitted {
    struct client_pages answers;
    size_t count; /* of rows */
    const void **rows;
};

/* 0, or the exit status of what went wrong; the files before it are submitted. */
static int send_all(const struct command *command, const struct command_context *context,
    struct client *client, const struct submit_options *options, const struct manifest *manifests,
    size_t count, struct submitted *submitted)
{
    struct client_pages *answers = &submitted->answers;
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        Wattyard__Request request = WATTYARD__REQUEST__INIT;
        Wattyard__Submit submit = WATTYARD__SUBMIT__INIT;
        struct err err = {0};
        Wattyard__Envelope *envelope;

        submit.manifest.data = (uint8_t *)manifests[i].bytes;
        submit.manifest.len = manifests[i].count;
        submit.name = protocol_lend(manifests[i].path);
        submit.hold = options->hold;
        request.body_case = WATTYARD__REQUEST__BODY_SUBMIT;
        request.submit = &submit;
        envelope = client_ask(client, &request, 0, &err);
        if (envelope == NULL) {
            (void)err_wrap(&err, "%s", manifests[i].path);
            return client_fail(command, context, &err);
        }
        status = client_report(command, context, envelope->answer);
        for (size_t k = 0; k < envelope->answer->n_jobs && !options->as_json; k++)
            show_job_submitted(envelope->answer->jobs[k], envelope->answer->now_ms, context->out);
        answers->list = mem_grow(
            answers->list, answers->count, &answers->capacity, sizeof *answers->list);
        answers->list[answers->count++] = envelope;
    }
    (void)fflush(context->out);
    return status;
}

/* The ids of the jobs, each once; gives (mem_free). */
static uint64_t *ids_of(const struct submitted *submitted, size_t *count)
{
    uint64_t *ids = mem_zero(submitted->count, sizeof *ids);

    *count = 0;
    for (size_t i = 0; i < submitted->count; i++) {
        uint64_t id = ((const Wattyard__JobRow *)submitted->rows[i])->job;

        if (*count == 0 || ids[*count - 1] != id)
            ids[(*count)++] = id;
    }
    return ids;
}

static int stay(const struct command *command, const struct command_context *context,
    struct client *client, const struct submit_options *options, const struct submitted *submitted)
{
    struct follow_options following = {.shows_changes = options->follow};
    struct follow_log log = {.member = -1};
    uint64_t *ids = ids_of(submitted, &following.job_count);
    int status = 0;

    following.jobs = ids;
    if (options->follow && following.job_count == 1) {
        log.job = ids[0];
        following.log = &log;
    }
    if (following.job_count > 0)
        status = follow_jobs(command, context, client, &following);
    mem_free(ids);
    return status;
}

static int submit(const struct command *command, const struct command_context *context,
    struct client *client, const struct submit_options *options, const struct manifest *manifests,
    size_t count)
{
    struct err err = {0};
    struct submitted submitted = {0};
    struct row_set set;
    int status = send_all(command, context, client, options, manifests, count, &submitted);

    submitted.rows = CLIENT_ROWS(&submitted.answers, jobs, &submitted.count);
    set = show_jobs_set(submitted.rows, submitted.count, 0);
    if (options->as_json && submitted.count > 0 &&
        rows_print_json(&set, "jobs", context->out, &err) != 0)
        status = client_fail(command, context, &err);
    if (status == 0 && (options->wait || options->follow))
        status = stay(command, context, client, options, &submitted);
    mem_free(submitted.rows);
    client_pages_fini(&submitted.answers);
    return status;
}

/* The connection is made while the manifests are read; what is wrong with these is told first. */
static int read_and_submit(const struct command *command, const struct command_context *context,
    const struct submit_options *options, const char *const *paths, struct manifest *manifests,
    size_t count)
{
    struct err err = {0};
    struct client *client = client_open(&options->client, &err);
    int status = read_manifests(paths, count, manifests, context->err);

    if (status == 0 && client == NULL)
        status = client_fail(command, context, &err);
    else if (status == 0)
        status = submit(command, context, client, options, manifests, count);
    client_close(client);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct submit_options options = {0};
    const char **paths = mem_zero((size_t)argc + 1, sizeof *paths);
    struct manifest *manifests = mem_zero((size_t)argc + 1, sizeof *manifests);
    size_t count = 0;
    int status = options_begin(command, argc, argv, &options, paths, &count, context);

    if (status < 0)
        status = read_and_submit(command, context, &options, paths, manifests, count);
    for (size_t i = 0; i < count; i++)
        mem_free(manifests[i].bytes);
    mem_free(manifests);
    mem_free(paths);
    return status;
}

const struct command SUBMIT_COMMAND = {.name = "submit",
    .arguments = "FILE…",
    .summary = "give jobs to the scheduler",
    .details =
        "All manifests are checked here first, and nothing is sent unless all are good; they may "
        "include no other files. Each file is taken whole or not at all; the first that the "
        "scheduler refuses ends the command.\n\n"
        "A file is submitted once, also when the connection is lost or the scheduler restarts "
        "meanwhile. The user of a job is the owner of the key. `wattyard help manifest` tells what "
        "stands in a manifest.",
    .examples = "wattyard submit workloads/jobs/pretrain-70b.xml\n"
                "wattyard submit *.xml --hold\n"
                "wattyard submit job.xml --follow",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = FILES_MAX,
    .run = run};
