/* `wattyard compare`: two plans, or the plans of two scenarios. An edge file. */
#include "planner/commands.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/progress.h"
#include "planner/capacity_solve.h"
#include "planner/compare_print.h"
#include "planner/plan_json.h"

#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_NO_PLAN = 1, EXIT_INPUT = 2, EXIT_LIMIT = 3 };

#define PLAN_BYTES_MAX ((size_t)256 << 20)

struct compare_options {
    bool json, csv;
    double time_limit_s;
};

#define AT(field) offsetof(struct compare_options, field)
static const struct option OPTIONS[] = {
    {"json", 0, OPTION_FLAG, AT(json), NULL, "print the comparison as one JSON object", 0, 0, NULL},
    {"csv", 0, OPTION_FLAG, AT(csv), NULL, "print all rows as one CSV table", 0, 0, NULL},
    {"time-limit", 0, OPTION_NUMBER, AT(time_limit_s), "SECONDS",
        "end the solve of each scenario after so long, with the best plan so far", 1e-3, 1e9, NULL},
};
#undef AT

static const char DETAILS[] =
    "A and B are plans as `wattyard plan --json` prints them, or scenarios, which are planned "
    "first. Shows cost by part, systems in service over time, power, energy, what is not served "
    "and "
    "what limits are worth, with the change from A to B.\n"
    "\n"
    "Exit status: 0 both have a plan; 1 one of them has none; 2 an input or the call is wrong; 3 "
    "the time limit or Ctrl-C ended a solve, and the best plan so far is shown.";

static const char EXAMPLES[] = "wattyard compare two-sites.xml two-sites-late.xml\n"
                               "wattyard plan two-sites.xml --json > before.json\n"
                               "wattyard compare before.json two-sites.xml --csv > changes.csv\n";

static void show_progress(void *context, const char *text, double done, double total)
{
    if (total > 0)
        progress_show(context, text, done, total);
    else
        progress_note(context, text);
}

static bool ask_stop(void *context)
{
    (void)context;
    return interrupt_pending();
}

/* What --json would print of it, read back: so both kinds of input are compared alike. */
static struct json_value *read_back(const struct capacity_plan *plan, struct err *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json_value *root = NULL;
    int rc;

    if (stream == NULL) {
        (void)err_set_errno(err, "no room for the plan");
        return NULL;
    }
    rc = plan_json_print(plan, NULL, stream, err);
    if (fclose(stream) != 0 && rc == 0)
        rc = err_set_errno(err, "no room for the plan");
    if (rc == 0)
        root = json_parse(text, size, err);
    free(text); /* of open_memstream */
    return root;
}

static struct json_value *plan_scenario(const char *path, const struct compare_options *options,
    const struct command_context *context, struct err *err)
{
    struct progress progress;
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(path, context->data_folder, &faults);
    struct capacity_plan *plan = NULL;
    struct json_value *root = NULL;
    struct solve_options solve = {.time_limit_s = options->time_limit_s,
        .progress = show_progress,
        .stop = ask_stop,
        .context = &progress,
        .clock_s = clock_monotonic_s};

    if (faults.count > 0)
        faults_print(&faults, context->err);
    if (scenario == NULL) {
        (void)err_set(err, ERR_INPUT, "%s can't be planned", path);
        goto out;
    }
    if (scenario->future_count > 0)
        (void)fprintf(context->err, "%s has %d futures; compared is the scenario as it stands\n",
            path, scenario->future_count);
    progress = progress_start(context->err);
    plan = capacity_solve(scenario, &solve, err);
    progress_end(&progress);
    if (plan != NULL)
        root = read_back(plan, err);
out:
    capacity_plan_destroy(plan);
    scenario_destroy(scenario);
    faults_fini(&faults);
    return root;
}

static bool looks_like_json(const char *bytes)
{
    bytes += strspn(bytes, " \t\r\n");
    return *bytes == '{' || *bytes == '[';
}

/* A plan's JSON, or a scenario to be planned, told by how the file begins. */
static struct json_value *read_input(const char *path, const struct compare_options *options,
    const struct command_context *context, struct err *err)
{
    struct err inner = {0};
    struct json_value *root = NULL;
    char *bytes = NULL;
    size_t count = 0;

    if (file_read(path, PLAN_BYTES_MAX, &bytes, &count, err) != 0) {
        (void)err_wrap(err, "%s", path);
        return NULL;
    }
    if (looks_like_json(bytes)) {
        root = json_parse(bytes, count, &inner);
        if (root == NULL)
            (void)err_set(err, inner.kind, "%s:%s", path, inner.text);
        mem_free(bytes);
        return root;
    }
    mem_free(bytes);
    return plan_scenario(path, options, context, err);
}

static int exit_status(const struct comparison *comparison)
{
    if (strcmp(comparison->a.status, PLAN_STATUS_NAMES[PLAN_TIME_LIMIT]) == 0 ||
        strcmp(comparison->b.status, PLAN_STATUS_NAMES[PLAN_TIME_LIMIT]) == 0)
        return EXIT_LIMIT;
    return comparison->a.has_plan && comparison->b.has_plan ? EXIT_DONE : EXIT_NO_PLAN;
}

static int print(const struct comparison *comparison, const struct compare_options *options,
    FILE *stream, struct err *err)
{
    if (options->json)
        return compare_print_json(comparison, stream, err);
    if (options->csv)
        return compare_print_csv(comparison, stream, err);
    compare_print_text(comparison, stream);
    if (fflush(stream) != 0 || ferror(stream))
        return err_set_errno(err, "the comparison can't be written");
    return 0;
}

static int compare_inputs(const char *const *paths, const struct compare_options *options,
    const struct command_context *context, struct err *err)
{
    struct arena *arena = arena_create();
    struct json_value *b = NULL;
    struct json_value *a = read_input(paths[0], options, context, err);
    struct comparison comparison;
    int status = -1;

    if (a != NULL)
        b = read_input(paths[1], options, context, err);
    if (b != NULL && compare_plans(a, paths[0], b, paths[1], arena, &comparison, err) == 0 &&
        print(&comparison, options, context->out, err) == 0)
        status = exit_status(&comparison);
    json_destroy(a);
    json_destroy(b);
    arena_destroy(arena);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct compare_options options = {0};
    const char *positional[2];
    size_t positional_count;
    struct err err = {0};
    int status = options_begin(
        command, argc, argv, &options, positional, &positional_count, context);

    if (status >= 0)
        return status;
    if (options.json && options.csv) {
        (void)fprintf(context->err, "wattyard compare: --json and --csv are two forms; give one\n");
        return EXIT_INPUT;
    }
    interrupt_block();
    status = compare_inputs(positional, &options, context, &err);
    if (status >= 0)
        return status;
    (void)fprintf(context->err, "wattyard compare: %s\n", err.text);
    return err_exit_status(&err);
}

const struct command COMPARE_COMMAND = {
    .name = "compare",
    .arguments = "A B",
    .summary = "two plans side by side",
    .details = DETAILS,
    .examples = EXAMPLES,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .positional_min = 2,
    .positional_max = 2,
    .run = run,
};
