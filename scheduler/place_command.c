/* `wattyard place`: read, one round, print. */
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "scheduler/commands.h"
#include "scheduler/place.h"

#include <stddef.h>

enum { RUNNING_BYTES_MAX = 256 << 20, PATHS_MAX = 100000 };

struct place_options {
    bool as_json;
    const char *running;
    const char *at;
};

static const struct option OPTIONS[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct place_options, as_json), NULL,
        "print the answer as JSON", 0, 0, NULL},
    {"running", 0, OPTION_TEXT, offsetof(struct place_options, running), "FILE",
        "what already runs: a place answer (JSON) of jobs that are among JOBS", 0, 0, NULL},
    {"at", 0, OPTION_TEXT, offsetof(struct place_options, at), "TIME",
        "now, as 2026-12-24T00:00:00Z (default: the clock)", 0, 0, NULL},
};

static int print_faults(const struct faults *faults, FILE *stream)
{
    faults_print(faults, stream);
    return faults->error_count > 0 ? 2 : 0;
}

static int report_err(const struct err *err, FILE *stream)
{
    (void)fprintf(stream, "wattyard place: %s\n", err->text);
    return err_exit_status(err);
}

static int adopt_running(struct core *core, const char *path, int64_t now_ms, struct err *err)
{
    struct json_value *answer = json_load(path, RUNNING_BYTES_MAX, err);
    int rc;

    if (answer == NULL)
        return -1;
    rc = place_adopt(core, answer, now_ms, err);
    if (rc != 0)
        (void)err_wrap(err, "%s", path);
    json_destroy(answer);
    return rc;
}

static int place(const struct fleet *fleet, const struct job_list *jobs,
    const struct place_options *options, struct place_times *times,
    const struct command_context *context)
{
    int64_t now_ms = clock_utc_ms();
    struct err err = {0};
    struct core *core;
    int status = 0;

    if (options->at != NULL && date_parse_instant(options->at, &now_ms) != 0) {
        (void)err_set(
            &err, ERR_USAGE, "--at: '%.60s' is no time; write 2026-12-24T00:00:00Z", options->at);
        return report_err(&err, context->err);
    }
    core = place_core_create(fleet, now_ms);
    if (place_submit(core, jobs, now_ms, &err) != 0 ||
        (options->running != NULL && adopt_running(core, options->running, now_ms, &err) != 0)) {
        status = report_err(&err, context->err);
        goto out;
    }
    place_round(core, now_ms, times);
    if (!options->as_json)
        place_print_text(core, now_ms, context->out);
    else if (place_print_json(core, now_ms, times, context->out, &err) != 0)
        status = report_err(&err, context->err);
out:
    core_destroy(core);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct place_options options = {0};
    const char **paths = mem_zero((size_t)argc + 1, sizeof *paths);
    struct place_times times = {0};
    struct faults faults = {0};
    struct fleet *fleet = NULL;
    struct job_list *jobs = NULL;
    size_t path_count = 0;
    double start_s = clock_monotonic_s();
    int status = options_begin(command, argc, argv, &options, paths, &path_count, context);

    if (status >= 0) {
        mem_free(paths);
        return status;
    }
    fleet = fleet_load(paths[0], context->data_folder, &faults);
    jobs = job_list_load(paths + 1, path_count - 1, &faults);
    times.read_s = clock_monotonic_s() - start_s;
    status = print_faults(&faults, context->err);
    if (status == 0 && fleet != NULL && jobs != NULL)
        status = place(fleet, jobs, &options, &times, context);
    job_list_destroy(jobs);
    fleet_destroy(fleet);
    faults_fini(&faults);
    mem_free(paths);
    return status;
}

const struct command PLACE_COMMAND = {.name = "place",
    .arguments = "FLEET JOBS…",
    .summary = "a dry run: where these jobs would go on this fleet now",
    .details = "Reads a fleet and job manifests (files or folders of them), makes one full "
               "scheduling round as if all jobs had just been submitted, and prints who would go "
               "where, and for everything that waits, why, for each system that it allows, with "
               "figures.\n\n"
               "Nothing is started. The bound is the most that any placement could be worth: the "
               "optimum of a linear program over all waiting jobs.",
    .examples = "wattyard place topologies/fleets/one-row.xml workloads/jobs\n"
                "wattyard place fleet.xml jobs/*.xml --json --at 2026-12-24T00:00:00Z",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 2,
    .positional_max = PATHS_MAX,
    .run = run};
