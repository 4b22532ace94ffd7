/* `wattyard sweep`: the plan as things vary. An edge file. */
#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "planner/commands.h"
#include "planner/output_file.h"
#include "planner/sweep.h"

#include <sched.h>
#include <stddef.h>

struct sweep_options {
    struct option_list vary;
    bool as_json;
    const char *csv_path, *page_path, *resume_path;
    double time_limit_s;
};

#define AT(field) offsetof(struct sweep_options, field)

static const struct option OPTIONS[] = {
    {"vary", 0, OPTION_LIST, AT(vary), "WHAT=FROM..TO/N",
        "what varies, by factor: power, demand, budget, supply, price or energy, with :ID for one "
        "of them; available:SYSTEM by months. May be given several times: all are crossed",
        0, 0, NULL},
    {"json", 0, OPTION_FLAG, AT(as_json), NULL, "print the points as one JSON object", 0, 0, NULL},
    {"csv", 0, OPTION_TEXT, AT(csv_path), "FILE", "also write one row a point", 0, 0, NULL},
    {"page", 0, OPTION_TEXT, AT(page_path), "FILE",
        "also write an HTML page with the frontier as a chart", 0, 0, NULL},
    {"resume", 0, OPTION_TEXT, AT(resume_path), "FILE",
        "points that this CSV of an earlier run has are not solved again", 0, 0, NULL},
    {"time-limit", 0, OPTION_NUMBER, AT(time_limit_s), "SECONDS",
        "end after so long, with the points so far", 1e-3, 1e9, NULL},
};

struct watch {
    struct progress progress;
    size_t done;
};

static int note_point(void *context, const struct sweep *sweep, const struct sweep_point *point)
{
    struct watch *watch = context;

    (void)point;
    watch->done++;
    progress_show(&watch->progress, "sweeping", (double)watch->done, (double)sweep->point_count);
    return 0;
}

static bool ask_stop(void *context)
{
    (void)context;
    return interrupt_pending();
}

static int write_csv(const struct sweep *sweep, FILE *stream, struct err *err)
{
    sweep_print_csv_head(sweep, stream);
    for (size_t i = 0; i < sweep->point_count; i++)
        sweep_print_csv_point(sweep, &sweep->points[i], stream);
    return ferror(stream) ? err_set_errno(err, "the CSV can't be written") : 0;
}

typedef int write_fn(const struct sweep *sweep, FILE *stream, struct err *err);

static int write_file(const struct sweep *sweep, const char *path, write_fn *write, struct err *err)
{
    struct output_file *file;

    if (path == NULL)
        return 0;
    file = output_file_create(path, err);
    if (file == NULL)
        return -1;
    if (write(sweep, output_file_stream(file), err) != 0) {
        output_file_abandon(file);
        return err_wrap(err, "%s", path);
    }
    return output_file_commit(file, err);
}

static int print_sweep(
    const struct sweep *sweep, const struct sweep_options *options, FILE *stream, struct err *err)
{
    if (write_file(sweep, options->csv_path, write_csv, err) != 0 ||
        write_file(sweep, options->page_path, sweep_print_page, err) != 0)
        return -1;
    if (options->as_json)
        return sweep_print_json(sweep, stream, err);
    sweep_print_text(sweep, stream);
    return 0;
}

/* That this process may use. */
static bool has_two_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1;
}

static int nothing_varies(struct err *err)
{
    (void)err_set(err, ERR_USAGE, "nothing varies; give --vary power:SITE=0.5..2/16");
    return err_exit_status(err);
}

/* How far it came, and how to go on. */
static void tell_end(const struct sweep *sweep, const struct sweep_options *options, FILE *stream)
{
    size_t known = 0;

    for (size_t i = 0; i < sweep->point_count; i++)
        known += sweep->points[i].is_known;
    (void)fprintf(
        stream, "wattyard sweep: ended with %zu of %zu points", known, sweep->point_count);
    if (options->csv_path != NULL)
        (void)fprintf(stream, "; --resume %s goes on from there", options->csv_path);
    (void)fputc('\n', stream);
}

/* The exit status. */
static int run_sweep(struct sweep *sweep, const struct sweep_options *options,
    const struct command_context *context, struct err *err)
{
    struct watch watch = {.progress = progress_start(context->err)};
    const struct solve_options solve_options = {
        .time_limit_s = options->time_limit_s, .stop = ask_stop, .clock_s = clock_monotonic_s};
    int rc;

    for (size_t i = 0; i < options->vary.count; i++)
        if (sweep_add_axis(sweep, options->vary.items[i], err) != 0)
            return err_exit_status(err);
    if (sweep->axis_count == 0)
        return nothing_varies(err);
    if (sweep_make_points(sweep, err) != 0 ||
        (options->resume_path != NULL && sweep_read_csv(sweep, options->resume_path, err) != 0))
        return err_exit_status(err);
    interrupt_block();
    rc = sweep_run(sweep, &solve_options, note_point, &watch, err);
    progress_end(&watch.progress);
    if (rc < 0 || print_sweep(sweep, options, context->out, err) != 0)
        return err_exit_status(err);
    if (rc == 1)
        tell_end(sweep, options, context->err);
    return rc == 1 ? 3 : 0;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct sweep_options options = {0};
    struct faults faults = {0};
    struct sweep sweep = {0};
    struct err err = {0};
    const char *positional[1];
    size_t positional_count;
    struct scenario *scenario;
    int status = options_begin(
        command, argc, argv, &options, positional, &positional_count, context);

    if (status >= 0)
        return status;
    scenario = scenario_load(positional[0], context->data_folder, &faults);
    faults_print(&faults, context->err);
    faults_fini(&faults);
    if (scenario == NULL)
        return 2;
    if (scenario->future_count > 0)
        (void)fprintf(context->err, "%s has %d futures; swept is the scenario as it stands\n",
            positional[0], scenario->future_count);
    sweep.scenario = scenario;
    sweep.is_parallel = has_two_processors();
    status = run_sweep(&sweep, &options, context, &err);
    if (err.kind != ERR_NONE)
        (void)fprintf(context->err, "wattyard sweep: %s\n", err.text);
    sweep_fini(&sweep);
    scenario_destroy(scenario);
    return status;
}

const struct command SWEEP_COMMAND = {.name = "sweep",
    .arguments = "FILE",
    .summary = "the plan as power, budget, demand or price varies",
    .details =
        "Plans the scenario again and again while one quantity, or several crossed, goes from a "
        "factor to another (1 is the scenario as it is). Each point starts from its neighbour's "
        "solution. Points without a plan are marked, and are no error.\n"
        "\n"
        "Ctrl-C or the time limit ends it with the points so far (exit status 3); with --csv they "
        "are written, and --resume goes on from there.",
    .examples = "wattyard sweep two-sites.xml --vary power:oregon=0.5..2.0/16\n"
                "wattyard sweep two-sites.xml --vary power=0.8..1.2/5 --vary "
                "price:buy-gb300=0.7..1.3/7 --page frontier.html\n"
                "wattyard sweep two-sites.xml --vary available:trn4=0..12/5 --csv s.csv --resume "
                "s.csv",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = 1,
    .run = run};
