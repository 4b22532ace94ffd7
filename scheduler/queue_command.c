/* `wattyard queue`: which jobs there are, and why they wait. */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/core.h"
#include "scheduler/show_jobs.h"

#include <stddef.h>
#include <stdlib.h>

enum { JOBS_MAX = 1000 };

struct queue_options {
    struct client_flags client;
    struct option_list states;
    const char *tenant, *user, *name, *format;
    bool with_ended, as_json, as_csv;
    bool is_sorted; /* by id; else in the order in which they were asked for */
};

static const struct option OPTIONS[] = {
    {"state", 's', OPTION_LIST, offsetof(struct queue_options, states), "STATE",
        "only jobs in it: waiting, starting, running, stopping, done, failed, cancelled, timed-out",
        0, 0, NULL},
    {"tenant", 0, OPTION_TEXT, offsetof(struct queue_options, tenant), "TENANT",
        "only this tenant's", 0, 0, NULL},
    {"user", 'u', OPTION_TEXT, offsetof(struct queue_options, user), "USER",
        "only those that this user submitted", 0, 0, NULL},
    {"name", 0, OPTION_TEXT, offsetof(struct queue_options, name), "NAME", "only jobs of this name",
        0, 0, NULL},
    {"all", 'a', OPTION_FLAG, offsetof(struct queue_options, with_ended), NULL,
        "also those that have ended", 0, 0, NULL},
    {"format", 0, OPTION_TEXT, offsetof(struct queue_options, format), "COLUMNS",
        "which columns, in which order: job,name,state,exit_status", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct queue_options, as_json), NULL, "print JSON", 0, 0,
        NULL},
    {"csv", 0, OPTION_FLAG, offsetof(struct queue_options, as_csv), NULL, "print CSV", 0, 0, NULL},
    CLIENT_OPTIONS(struct queue_options, client),
};

/* Those that have left the scheduler's memory come last, and newest first. */
static int compare_rows(const void *a, const void *b)
{
    const Wattyard__JobRow *x = *(const Wattyard__JobRow *const *)a;
    const Wattyard__JobRow *y = *(const Wattyard__JobRow *const *)b;

    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return (x->member > y->member) - (x->member < y->member);
}

static int show(void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct queue_options *options = data;
    size_t count;
    const void **rows = CLIENT_ROWS(pages, jobs, &count);
    struct row_set set = show_jobs_set(rows, count, client_pages_last(pages)->now_ms);
    enum rows_form form = options->as_json ? ROWS_JSON : options->as_csv ? ROWS_CSV : ROWS_TABLE;
    int status;

    if (options->is_sorted && count > 1)
        qsort(rows, count, sizeof *rows, compare_rows);
    status = rows_print(&set, form, options->format, "jobs", context->out, context->err);
    mem_free(rows);
    return status;
}

/* The columns are looked at before anybody is asked. */
static int check_format(const char *format, struct err *err)
{
    struct row_set set = show_jobs_set(NULL, 0, 0);
    struct row_pick pick;

    return format == NULL ? 0 : rows_pick(&set, format, &pick, err);
}

static int add_jobs(const char *const *words, size_t count, uint64_t *jobs, struct err *err)
{
    int32_t member;

    for (size_t i = 0; i < count; i++)
        if (client_parse_job(words[i], &jobs[i], &member, err) != 0)
            return -1;
    return 0;
}

static int ask(const struct command *command, const struct command_context *context,
    struct queue_options *options, uint64_t *jobs, size_t job_count)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListJobs list = WATTYARD__LIST_JOBS__INIT;
    char *states[OPTION_LIST_MAX];

    for (size_t i = 0; i < options->states.count; i++)
        states[i] = protocol_lend(options->states.items[i]);
    list.states = states;
    list.n_states = options->states.count;
    list.tenant = protocol_lend(options->tenant != NULL ? options->tenant : "");
    list.user = protocol_lend(options->user != NULL ? options->user : "");
    list.name = protocol_lend(options->name != NULL ? options->name : "");
    list.jobs = jobs;
    list.n_jobs = job_count;
    /* a job or a state that is asked for by name is wanted, ended or not */
    list.with_ended = options->with_ended || job_count > 0 || options->states.count > 0;
    request.body_case = WATTYARD__REQUEST__BODY_LIST_JOBS;
    request.list_jobs = &list;
    options->is_sorted = job_count == 0;
    return client_run(command, context, &options->client, &request, show, options);
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct queue_options options = {0};
    const char **words = mem_zero((size_t)argc + 1, sizeof *words);
    uint64_t *jobs = mem_zero((size_t)argc + 1, sizeof *jobs);
    size_t count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, words, &count, context);

    if (status < 0) {
        if (check_format(options.format, &err) != 0 ||
            client_check_states(&options.states, GANG_STATE_NAMES, GANG_STATE_COUNT, &err) != 0 ||
            add_jobs(words, count, jobs, &err) != 0)
            status = client_fail(command, context, &err);
        else
            status = ask(command, context, &options, jobs, count);
    }
    mem_free(jobs);
    mem_free(words);
    return status;
}

const struct command QUEUE_COMMAND = {.name = "queue",
    .arguments = "[JOB…]",
    .summary = "the jobs, where they run and why they wait",
    .details =
        "Without JOB: those that have not ended. A job that waits shows when it is expected to "
        "start and on which system, else what holds it back; `wattyard explain JOB` has the "
        "figures.\n\n"
        "An array that has not started is one row, 1043[500]; a member is 1043.7. So is an array "
        "that "
        "has ended some time ago; `wattyard job` has what its members came to.\n\n"
        "Columns for --format: job, member, members, name, tenant, user, priority, state, is_held, "
        "system, tasks, chips_per_task, chips, hosts, time, submit, start, end, attempt, "
        "exit_status, earliest, earliest_system, never, kw, usd_per_hour, reason. JSON has them "
        "all but time.",
    .examples = "wattyard queue --user ada --all\n"
                "wattyard queue --state failed --format job,name,exit_status,reason\n"
                "wattyard queue 1042 --json",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 0,
    .positional_max = JOBS_MAX,
    .run = run};
