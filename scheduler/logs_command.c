/* `wattyard logs`: the output of a task. */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/follow.h"

#include <limits.h>
#include <stddef.h>

struct logs_options {
    struct client_flags client;
    int64_t rank, attempt, tail;
    bool follow;
};

static const struct option OPTIONS[] = {
    {"rank", 'r', OPTION_COUNT, offsetof(struct logs_options, rank), "RANK",
        "of which task (default 0)", 0, UINT32_MAX, NULL},
    {"attempt", 0, OPTION_COUNT, offsetof(struct logs_options, attempt), "NUMBER",
        "of which attempt, from 1 (default: the last)", 1, UINT32_MAX, NULL},
    {"tail", 'n', OPTION_COUNT, offsetof(struct logs_options, tail), "LINES",
        "only the last lines, of at most 256 KiB", 0, 1000000, NULL},
    {"follow", 'f', OPTION_FLAG, offsetof(struct logs_options, follow), NULL,
        "go on until the job ends; its changes go to standard error", 0, 0, NULL},
    CLIENT_OPTIONS(struct logs_options, client),
};

static int print(const struct command *command, const struct command_context *context,
    struct client *client, const struct logs_options *options, struct follow_log *log)
{
    struct err err = {0};
    char *why = NULL;
    int status = 0;
    int rc = options->tail >= 0
                 ? follow_log_tail(client, log, options->tail, context->out, &status, &why, &err)
                 : follow_log_print(client, log, context->out, &status, &why, &err);

    if (rc != 0)
        return client_fail(command, context, &err);
    /* with --follow there may be some later */
    if (status != 0 && !options->follow)
        (void)fprintf(context->err, "wattyard logs: %s\n", why);
    mem_free(why);
    if (!options->follow)
        return status;
    return follow_jobs(command, context, client,
        &(struct follow_options){
            .jobs = &log->job, .job_count = 1, .shows_changes = true, .log = log});
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct logs_options options = {.tail = -1};
    struct follow_log log = {0};
    const char *word = NULL;
    size_t count = 0;
    struct err err = {0};
    struct client *client;
    int status = options_begin(command, argc, argv, &options, &word, &count, context);

    if (status >= 0)
        return status;
    if (client_parse_job(word, &log.job, &log.member, &err) != 0)
        return client_fail(command, context, &err);
    log.rank = (uint32_t)options.rank;
    log.attempt = (uint32_t)options.attempt;
    client = client_open(&options.client, &err);
    status = client != NULL ? print(command, context, client, &options, &log)
                            : client_fail(command, context, &err);
    client_close(client);
    return status;
}

const struct command LOGS_COMMAND = {.name = "logs",
    .arguments = "JOB",
    .summary = "the output of a job's task",
    .details =
        "JOB is 1042, or 1042.7 for one replica or array member. The output comes from the "
        "host that the task runs or ran on, through the scheduler, as long as the host keeps "
        "it.\n\n"
        "With --follow the exit status is 0 when the job is done, and 1 when it ended "
        "otherwise.",
    .examples = "wattyard logs 1042\n"
                "wattyard logs 1042 --rank 17 --tail 20\n"
                "wattyard logs 1043.7 --follow",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = 1,
    .run = run};
