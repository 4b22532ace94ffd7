/* `wattyard cancel`, `hold`, `release`, `requeue`: one thing done to many jobs. */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/show_jobs.h"

#include <stddef.h>

enum { JOBS_MAX = 10000, ASKED_JOBS = 1000 /* in one request */ };

struct action_options {
    struct client_flags client;
    const char *why;
};

static const struct option OPTIONS[] = {
    {"why", 0, OPTION_TEXT, offsetof(struct action_options, why), "TEXT",
        "the reason, for the job's history", 0, 0, NULL},
    CLIENT_OPTIONS(struct action_options, client),
};

/* Which request a command makes. */
static const struct {
    const struct command *command;
    Wattyard__Request__BodyCase body;
} ACTIONS[] = {
    {&CANCEL_COMMAND, WATTYARD__REQUEST__BODY_CANCEL},
    {&HOLD_COMMAND, WATTYARD__REQUEST__BODY_HOLD},
    {&RELEASE_COMMAND, WATTYARD__REQUEST__BODY_RELEASE},
    {&REQUEUE_COMMAND, WATTYARD__REQUEST__BODY_REQUEUE},
};

struct target {
    uint64_t job;
    int32_t member; /* -1: all of it */
};

/* A request for the jobs of the targets from `from` on: whole ones up to the next member, or one
 * member. Returns how many targets it takes. */
static size_t gather(
    const struct target *targets, size_t count, uint64_t *jobs, Wattyard__JobAction *action)
{
    size_t taken = 0;

    action->member = targets[0].member;
    while (
        taken < count && taken < ASKED_JOBS && targets[taken].member < 0 && targets[0].member < 0) {
        jobs[taken] = targets[taken].job;
        taken++;
    }
    if (taken == 0)
        jobs[taken++] = targets[0].job;
    action->jobs = jobs;
    action->n_jobs = taken;
    return taken;
}

/* Ask, and print what the jobs are now. The exit status. */
static int act(const struct command *command, const struct command_context *context,
    struct client *client, Wattyard__JobAction *action)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__Envelope *envelope;
    struct err err = {0};
    char id[CELL_SIZE];
    int status;

    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++)
        if (ACTIONS[i].command == command)
            request.body_case = ACTIONS[i].body;
    request.cancel = action; /* the four share a type and a place */
    envelope = client_ask(client, &request, 0, &err);
    if (envelope == NULL)
        return client_fail(command, context, &err);
    status = client_report(command, context, envelope->answer);
    for (size_t i = 0; i < envelope->answer->n_jobs; i++) {
        const Wattyard__JobRow *row = envelope->answer->jobs[i];

        (void)fprintf(context->out, "job %s %s   %s\n", show_job_id(row, id), row->name,
            row->is_held ? "held" : row->state);
    }
    protocol_free(envelope);
    return status;
}

static int act_on_all(const struct command *command, const struct command_context *context,
    const struct action_options *options, const struct target *targets, size_t count)
{
    uint64_t *jobs = mem_zero(count, sizeof *jobs);
    struct err err = {0};
    struct client *client = client_open(&options->client, &err);
    int status = 0;

    if (client == NULL)
        status = client_fail(command, context, &err);
    for (size_t i = 0; i < count && status != CLIENT_UNREACHABLE && client != NULL;) {
        Wattyard__JobAction action = WATTYARD__JOB_ACTION__INIT;
        int one;

        i += gather(targets + i, count - i, jobs, &action);
        action.why = protocol_lend(options->why != NULL ? options->why : "");
        one = act(command, context, client, &action);
        status = one > status ? one : status;
    }
    client_close(client);
    mem_free(jobs);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct action_options options = {0};
    const char **words = mem_zero((size_t)argc + 1, sizeof *words);
    struct target *targets = mem_zero((size_t)argc + 1, sizeof *targets);
    size_t count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, words, &count, context);
    bool is_wrong = false;

    for (size_t i = 0; i < count && status < 0 && !is_wrong; i++)
        is_wrong = client_parse_job(words[i], &targets[i].job, &targets[i].member, &err) != 0;
    if (status < 0)
        status = is_wrong ? client_fail(command, context, &err)
                          : act_on_all(command, context, &options, targets, count);
    mem_free(targets);
    mem_free(words);
    return status;
}

#define ACTION_COMMAND(variable, word, what, more, example)                                        \
    const struct command variable = {.name = word,                                                 \
        .arguments = "JOB…",                                                                       \
        .summary = what,                                                                           \
        .details = more                                                                            \
        " JOB is 1042, or 1042.7 for one replica or array member. Of many jobs those that "        \
        "can't are told, and the others are done; the exit status is 1 then.",                     \
        .examples = example,                                                                       \
        .options = OPTIONS,                                                                        \
        .option_count = sizeof OPTIONS / sizeof *OPTIONS,                                          \
        .positional_min = 1,                                                                       \
        .positional_max = JOBS_MAX,                                                                \
        .run = run}

ACTION_COMMAND(CANCEL_COMMAND, "cancel", "end jobs, running or waiting",
    "A running job gets its checkpoint signal and SIGTERM, and after its grace is killed.",
    "wattyard cancel 1042 1043.7 --why 'wrong data'");
ACTION_COMMAND(HOLD_COMMAND, "hold", "keep waiting jobs from starting",
    "A held job keeps its place in the queue. One that runs goes on.", "wattyard hold 1042");
ACTION_COMMAND(RELEASE_COMMAND, "release", "let held jobs start again",
    "Takes back a hold, the manifest's or a person's.", "wattyard release 1042");
ACTION_COMMAND(REQUEUE_COMMAND, "requeue", "stop jobs and put them back in the queue",
    "A running job is stopped as if cancelled, and waits again; it uses up none of its retries.",
    "wattyard requeue 1042 --why 'new image'");
