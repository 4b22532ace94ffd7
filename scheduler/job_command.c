/* `wattyard job` and `wattyard explain`: one job, its history, and why it waits. */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/show_jobs.h"

#include <stddef.h>

struct job_options {
    struct client_flags client;
    bool as_json, manifest;
};

static const struct option JOB_OPTIONS[] = {
    {"manifest", 0, OPTION_FLAG, offsetof(struct job_options, manifest), NULL,
        "print its manifest, as it was submitted, and nothing else", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct job_options, as_json), NULL, "print JSON", 0, 0, NULL},
    CLIENT_OPTIONS(struct job_options, client),
};

static const struct option EXPLAIN_OPTIONS[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct job_options, as_json), NULL, "print JSON", 0, 0, NULL},
    CLIENT_OPTIONS(struct job_options, client),
};

/* An answer that lacks what every scheduler sends. */
static int odd_answer(const struct command_context *context)
{
    (void)fprintf(context->err, "wattyard: the scheduler's answer has no job in it\n");
    return 1;
}

static int show_job(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct job_options *options = data;
    const Wattyard__Answer *first = pages->list[0]->answer;
    const Wattyard__JobDetail *job = first->job;
    const void **history;
    size_t count = 0;
    struct err err = {0};
    int status = 0;

    if (job == NULL || job->row == NULL)
        return odd_answer(context);
    if (options->manifest) {
        client_write(&job->manifest, 0, context->out);
        return 0;
    }
    for (size_t i = 0; i < pages->count; i++)
        if (pages->list[i]->answer->job != NULL)
            count += pages->list[i]->answer->job->n_history;
    history = mem_zero(count, sizeof *history);
    count = 0;
    for (size_t i = 0; i < pages->count; i++) {
        const Wattyard__JobDetail *page = pages->list[i]->answer->job;

        for (size_t k = 0; page != NULL && k < page->n_history; k++)
            history[count++] = page->history[k];
    }
    if (!options->as_json)
        show_job_detail(job, history, count, pages->is_cut, first->now_ms, context->out);
    else if (show_job_detail_json(job, history, count, context->out, &err) != 0) {
        (void)fprintf(context->err, "wattyard job: %s\n", err.text);
        status = err_exit_status(&err);
    }
    mem_free(history);
    return status;
}

static int show_reasons(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct job_options *options = data;
    const Wattyard__Answer *answer = client_pages_last(pages);
    const Wattyard__JobRow *row = answer->n_jobs > 0    ? answer->jobs[0]
                                  : answer->job != NULL ? answer->job->row
                                                        : NULL;
    size_t count;
    const void **reasons;
    struct err err = {0};
    int status = 0;

    if (row == NULL)
        return odd_answer(context);
    reasons = CLIENT_ROWS(pages, reasons, &count);
    if (!options->as_json)
        show_job_reasons(row, reasons, count, answer->now_ms, context->out);
    else if (show_job_reasons_json(row, reasons, count, context->out, &err) != 0) {
        (void)fprintf(context->err, "wattyard explain: %s\n", err.text);
        status = err_exit_status(&err);
    }
    mem_free(reasons);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct job_options options = {0};
    const char *word = NULL;
    size_t count = 0;
    struct err err = {0};
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ShowJob job = WATTYARD__SHOW_JOB__INIT;
    Wattyard__Explain explain = WATTYARD__EXPLAIN__INIT;
    int status = options_begin(command, argc, argv, &options, &word, &count, context);

    if (status >= 0)
        return status;
    if (client_parse_job(word, &job.job, &job.member, &err) != 0)
        return client_fail(command, context, &err);
    explain.job = job.job;
    explain.member = job.member;
    if (command == &JOB_COMMAND) {
        request.body_case = WATTYARD__REQUEST__BODY_SHOW_JOB;
        request.show_job = &job;
        job.with_manifest = options.manifest;
        /* the whole history of a large array is for programs */
        return client_run_first(command, context, &options.client, &request,
            options.as_json && !options.manifest ? 0 : 1, show_job, &options);
    }
    request.body_case = WATTYARD__REQUEST__BODY_EXPLAIN;
    request.explain = &explain;
    return client_run(command, context, &options.client, &request, show_reasons, &options);
}

const struct command JOB_COMMAND = {.name = "job",
    .arguments = "JOB",
    .summary = "one job in detail, with its history",
    .details = "What the job asks for, where it runs, what it has used and cost, and all that "
               "happened to it: when, why, and who did it. JOB is 1042, or 1042.7 for one replica "
               "or array member. Of a job with many members: how many are in each state, and the "
               "first 2,000 lines of their history; --json has all of it.",
    .examples = "wattyard job 1042\n"
                "wattyard job 1042 --manifest",
    .options = JOB_OPTIONS,
    .option_count = sizeof JOB_OPTIONS / sizeof *JOB_OPTIONS,
    .positional_min = 1,
    .positional_max = 1,
    .run = run};

const struct command EXPLAIN_COMMAND = {.name = "explain",
    .arguments = "JOB",
    .summary = "why a job waits, for each system that it could run on, with figures",
    .details = "For each system: what the job needs there, what is free, which limit holds it back "
               "and where, and when it is expected to start.",
    .examples = "wattyard explain 1042\n"
                "wattyard explain 1043.7 --json",
    .options = EXPLAIN_OPTIONS,
    .option_count = sizeof EXPLAIN_OPTIONS / sizeof *EXPLAIN_OPTIONS,
    .positional_min = 1,
    .positional_max = 1,
    .run = run};
