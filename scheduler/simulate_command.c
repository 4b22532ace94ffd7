/* `wattyard simulate`: a fleet and a stream of jobs, in simulated time. An edge file. */
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/progress.h"
#include "planner/output_file.h"
#include "scheduler/commands.h"
#include "scheduler/simulate_print.h"
#include "workloads/generate.h"
#include "workloads/swf.h"

#include <stddef.h>

enum { PATHS_MAX = 100000 };
static const int64_t DEFAULT_START_MS = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */

static const char *const PACKING_CHOICES[] = {"best-fit", "first-fit", NULL};

struct command_options {
    struct option_list job_paths;
    const char *swf, *generate, *start;
    int64_t chips_per_processor;
    int policy, packing;
    double mtbf_hours, repair_hours;
    int64_t seed;
    bool as_json;
    const char *jobs_csv, *page;
};

#define AT(field) offsetof(struct command_options, field)

static const struct option OPTIONS[] = {
    {"jobs", 0, OPTION_LIST, AT(job_paths), "FILE",
        "job manifests, a file or a folder; more may follow as arguments", 0, 0, NULL},
    {"swf", 0, OPTION_TEXT, AT(swf), "FILE", "a log in the Standard Workload Format instead", 0, 0,
        NULL},
    {"generate", 0, OPTION_TEXT, AT(generate), "jobs=N,seed=N,load=SHARE",
        "jobs made from a seed, shaped like those of large AI clusters, instead; days=N in place "
        "of load",
        0, 0, NULL},
    {"start", 0, OPTION_TEXT, AT(start), "TIME",
        "when it begins, for deadlines (default 2026-01-01T00:00:00Z)", 0, 0, NULL},
    {"chips-per-processor", 0, OPTION_COUNT, AT(chips_per_processor), "N",
        "chips of one processor of the log", 1, SWF_CHIPS_MAX, NULL},
    {"policy", 0, OPTION_CHOICE, AT(policy), "NAME",
        "lp (ours), fifo (strict order of arrival) or easy (EASY backfill)", 0, 0,
        SIMULATE_POLICY_NAMES},
    {"packing", 0, OPTION_CHOICE, AT(packing), "NAME", "best-fit (ours) or first-fit", 0, 0,
        PACKING_CHOICES},
    {"mtbf-hours", 0, OPTION_NUMBER, AT(mtbf_hours), "H",
        "mean time between failures of a host (default: none fail)", 0.01, 1e9, NULL},
    {"repair-hours", 0, OPTION_NUMBER, AT(repair_hours), "H",
        "how long a failed host is away (default 4)", 0, 1e6, NULL},
    {"seed", 0, OPTION_COUNT, AT(seed), "N", "of the failures", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, AT(as_json), NULL, "print the summary as JSON", 0, 0, NULL},
    {"jobs-csv", 0, OPTION_TEXT, AT(jobs_csv), "FILE", "also write one row a job", 0, 0, NULL},
    {"page", 0, OPTION_TEXT, AT(page), "FILE",
        "also write an HTML page of use, waiting and power over time", 0, 0, NULL},
};

static void show_progress(void *context, double done, double total)
{
    progress_show(context, "simulating jobs", done, total);
}

static bool ask_stop(void *context)
{
    (void)context;
    return interrupt_pending();
}

static int report(const struct err *err, FILE *stream)
{
    (void)fprintf(stream, "wattyard simulate: %s\n", err->text);
    return err_exit_status(err);
}

typedef int print_fn(
    const struct simulate_result *result, enum core_policy policy, FILE *stream, struct err *err);

static int print_csv(
    const struct simulate_result *result, enum core_policy policy, FILE *stream, struct err *err)
{
    (void)policy;
    return simulate_print_csv(result, stream, err);
}

static int write_file(const struct simulate_result *result, enum core_policy policy,
    const char *path, print_fn *print, struct err *err)
{
    struct output_file *file;

    if (path == NULL)
        return 0;
    file = output_file_create(path, err);
    if (file == NULL)
        return -1;
    if (print(result, policy, output_file_stream(file), err) != 0) {
        output_file_abandon(file);
        return err_wrap(err, "%s", path);
    }
    return output_file_commit(file, err);
}

static int simulate(const struct fleet *fleet, const struct job_list *jobs, size_t left_out,
    const struct command_options *options, const struct command_context *context)
{
    struct progress progress = progress_start(context->err);
    struct simulate_options simulate_options = {.policy = (enum core_policy)options->policy,
        .packing = (enum packing_policy)options->packing,
        .host_mtbf_hours = options->mtbf_hours,
        .repair_hours = options->repair_hours,
        .start_ms = DEFAULT_START_MS,
        .seed = (uint64_t)options->seed,
        .clock_s = clock_monotonic_s,
        .progress = show_progress,
        .stop = ask_stop,
        .context = &progress};
    struct simulate_result result = {0};
    struct err err = {0};
    enum core_policy policy = simulate_options.policy;
    int status = 0;

    if (options->start != NULL &&
        date_parse_instant(options->start, &simulate_options.start_ms) != 0) {
        (void)err_set(&err, ERR_USAGE, "--start: '%.60s' is no time; write 2026-01-01T00:00:00Z",
            options->start);
        return report(&err, context->err);
    }
    interrupt_block();
    if (simulate_run(fleet, jobs->specs, jobs->count, &simulate_options, &result, &err) != 0) {
        progress_end(&progress);
        return report(&err, context->err);
    }
    progress_end(&progress);
    result.left_out += left_out;
    if (write_file(&result, policy, options->jobs_csv, print_csv, &err) != 0 ||
        write_file(&result, policy, options->page, simulate_print_page, &err) != 0 ||
        (options->as_json && simulate_print_json(&result, policy, context->out, &err) != 0))
        status = report(&err, context->err);
    else if (!options->as_json)
        simulate_print_text(&result, policy, context->out);
    if (status == 0 && result.is_stopped)
        status = 3;
    simulate_fini(&result);
    return status;
}

/* The jobs that the options name. NULL with faults, or with err for a wrong call. */
static struct job_list *load_jobs(const struct fleet *fleet, const struct command_options *options,
    const char *const *more, size_t more_count, size_t *left_out, struct faults *faults,
    struct err *err)
{
    bool has_jobs = options->job_paths.count + more_count > 0;
    struct generate_options generate;
    const char **paths;
    struct job_list *jobs;
    size_t count = 0;

    if ((int)has_jobs + (options->swf != NULL) + (options->generate != NULL) != 1) {
        (void)err_set(err, ERR_USAGE,
            "give jobs in one way: --jobs FILE, --swf FILE or --generate "
            "jobs=N,seed=N");
        return NULL;
    }
    if (options->generate != NULL) {
        if (generate_options_parse(options->generate, &generate, err) != 0 || fleet == NULL)
            return NULL;
        return generate_jobs(fleet, &generate);
    }
    if (options->swf != NULL)
        return swf_load(options->swf, (int)options->chips_per_processor, left_out, faults);
    paths = mem_zero(options->job_paths.count + more_count, sizeof *paths);
    for (size_t i = 0; i < options->job_paths.count; i++)
        paths[count++] = options->job_paths.items[i];
    for (size_t i = 0; i < more_count; i++)
        paths[count++] = more[i];
    jobs = job_list_load(paths, count, faults);
    mem_free(paths);
    return jobs;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct command_options options = {.chips_per_processor = 1, .repair_hours = 4};
    const char **paths = mem_zero((size_t)argc + 1, sizeof *paths);
    struct faults faults = {0};
    struct fleet *fleet = NULL;
    struct job_list *jobs = NULL;
    struct err err = {0};
    size_t path_count = 0;
    size_t left_out = 0;
    int status = options_begin(command, argc, argv, &options, paths, &path_count, context);

    if (status >= 0) {
        mem_free(paths);
        return status;
    }
    fleet = fleet_load(paths[0], context->data_folder, &faults);
    if (options.swf != NULL && fleet != NULL)
        fleet_drop_tenants(fleet);
    jobs = load_jobs(fleet, &options, paths + 1, path_count - 1, &left_out, &faults, &err);
    faults_print(&faults, context->err);
    if (err.kind != ERR_NONE)
        status = report(&err, context->err);
    else if (fleet == NULL || jobs == NULL)
        status = 2;
    else
        status = simulate(fleet, jobs, left_out, &options, context);
    job_list_destroy(jobs);
    fleet_destroy(fleet);
    faults_fini(&faults);
    mem_free(paths);
    return status;
}

const struct command SIMULATE_COMMAND = {.name = "simulate",
    .arguments = "FLEET [JOBS…]",
    .summary = "a fleet and a stream of jobs, in simulated time",
    .details =
        "Runs the scheduler's own mind over a stream of jobs in simulated time and says how it "
        "went: waits, use, energy, cost, value, peak power. Jobs come from manifests that say how "
        "long they really run (<work minutes= submit-minutes=>), from a log in the Standard "
        "Workload Format, or from a seed; jobs without a run time are left out and counted.\n"
        "\n"
        "A log knows no tenants, so it runs as if the fleet had none: no shares, no budgets. Its "
        "jobs run as long as they did; the time they requested is what schedulers expect.\n"
        "\n"
        "The policies fifo and easy place by the same packing and the same limits, so that they "
        "are fair to compare with.",
    .examples = "wattyard simulate topologies/fleets/one-row.xml --jobs workloads/jobs\n"
                "wattyard simulate fleet.xml --swf log.swf --policy easy --json\n"
                "wattyard simulate fleet.xml --jobs jobs.xml --page run.html --jobs-csv run.csv",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = PATHS_MAX,
    .run = run};
