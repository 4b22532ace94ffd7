/* `wattyard plan`: a scenario in, a plan out. An edge file: it reads the clock, and prints. */
#include "planner/commands.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/str.h"
#include "planner/capacity_solve.h"
#include "planner/conflict.h"
#include "planner/lp.h"
#include "planner/output_file.h"
#include "planner/plan_command_private.h"
#include "planner/plan_csv.h"
#include "planner/plan_json.h"
#include "planner/plan_report.h"
#include "planner/plan_text.h"
#include "planner/within.h"
#include "workloads/rates_file.h"
#include "workloads/scenario_change.h"

#include <math.h>

/* What is left of a time limit that is over: 0 would be none. */
static const double TIME_LEAST_S = 1e-3;

static const char *const PERIODS_CHOICES[] = {"fit", "all", NULL};

static const struct option OPTIONS[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct plan_options, json), NULL,
        "print the plan as one JSON object", 0, 0, NULL},
    {"csv", 0, OPTION_TEXT, offsetof(struct plan_options, csv_folder), "DIR",
        "also write the plan's lists to DIR, one CSV file each, with the fields of the JSON", 0, 0,
        NULL},
    {"report", 0, OPTION_TEXT, offsetof(struct plan_options, report_path), "FILE",
        "also write the plan as one HTML page with charts, which opens offline and prints", 0, 0,
        NULL},
    {"rates", 0, OPTION_TEXT, offsetof(struct plan_options, rates_path), "FILE",
        "take rates and power fractions from a CSV file of measurements; `wattyard help rates` has "
        "its form",
        0, 0, NULL},
    {"periods", 0, OPTION_CHOICE, offsetof(struct plan_options, periods), "WHICH",
        "fit: put periods together where tables would not fit the page; all: show each", 0, 0,
        PERIODS_CHOICES},
    {"whole", 0, OPTION_FLAG, offsetof(struct plan_options, whole), NULL,
        "acquire whole systems: slower, with the gap to the best that could be", 0, 0, NULL},
    {"gap", 0, OPTION_NUMBER, offsetof(struct plan_options, gap), "SHARE",
        "with whole systems, porting or sites-max: good enough at this gap (default with --whole: "
        "0.0001, of 64 numbers 0.000001, and an end before it where that takes too long; else "
        "none)",
        0, 1, NULL},
    {"prices", 0, OPTION_FLAG, offsetof(struct plan_options, prices), NULL,
        "also print what one more unit of each limit saves, between which limits that holds, and "
        "how much cheaper what was not chosen would have to be",
        0, 0, NULL},
    {"conflict", 0, OPTION_FLAG, offsetof(struct plan_options, conflict), NULL,
        "where there is no plan: list all things that cannot hold together, also when they are "
        "many; without any one of them the rest can hold",
        0, 0, NULL},
    {"within", 0, OPTION_TEXT, offsetof(struct plan_options, within), "SHARE",
        "also look at all plans that cost at most so much more, as 2%: of each system at each "
        "site, the least and the most in service",
        0, 0, NULL},
    {"at", 0, OPTION_TEXT, offsetof(struct plan_options, at), "YYYY-MM",
        "with --within: in service then (default: in the last period)", 0, 0, NULL},
    {"future", 0, OPTION_TEXT, offsetof(struct plan_options, future), "ID",
        "of a scenario with futures: plan for this one alone, as if it were certain; none: for the "
        "scenario as it stands",
        0, 0, NULL},
    {"time-limit", 0, OPTION_NUMBER, offsetof(struct plan_options, time_limit_s), "SECONDS",
        "end the solve after so long, with the best plan so far", 1e-3, 1e9, NULL},
    {"write-mps", 0, OPTION_TEXT, offsetof(struct plan_options, mps_path), "FILE",
        "also write the model as free MPS, for other solvers", 0, 0, NULL},
    {"write-lp", 0, OPTION_TEXT, offsetof(struct plan_options, lp_path), "FILE",
        "also write the model in CPLEX LP format", 0, 0, NULL},
};

static const char DETAILS[] =
    "Reads a scenario (sites with power, offers of systems, workloads with demand, limits of money "
    "and promises) and finds the plan of the least cost: what to acquire where and when, and what "
    "runs on it. What is not served counts as a cost, at its stated value. The model is a linear "
    "program; `wattyard help planning-model` defines it.\n"
    "\n"
    "Where the scenario has futures, what is decided before it is known which one comes is the "
    "same in all of them, and the expected cost is least; `wattyard help scenario` has their "
    "form.\n"
    "\n"
    "Exit status: 0 a plan was found; 1 there is none; 2 the scenario or the call is wrong; 3 the "
    "time limit or Ctrl-C ended the solve, and the best plan so far is printed where there is one.";

static const char EXAMPLES[] =
    "wattyard plan two-sites.xml  # the plan as tables\n"
    "wattyard plan two-sites.xml --periods all --csv out  # all periods, and CSV files\n"
    "wattyard plan two-sites.xml --report plan.html  # then open it in a browser\n"
    "wattyard plan two-sites.xml --rates measured.csv  # with what your fleet measured\n"
    "wattyard plan two-sites.xml --prices  # what each limit is worth, and how far\n"
    "wattyard plan two-sites.xml --within 2%  # what is forced, what is open\n"
    "wattyard plan two-sites.xml --json | jq .cost_usd\n"
    "wattyard plan two-sites.xml --write-mps model.mps  # then: glpsol --freemps model.mps\n";

static void show_progress(void *context, const char *text, double done, double total)
{
    struct solve_context *solve = context;

    if (total > 0)
        progress_show(&solve->progress, text, done, total);
    else
        progress_note(&solve->progress, text);
}

static bool ask_stop(void *context)
{
    (void)context;
    return interrupt_pending();
}

typedef int write_fn(const struct lp *lp, FILE *file, struct err *err);

static int write_model(
    const struct capacity_model *model, const char *path, write_fn *write, struct err *err)
{
    struct output_file *file;

    if (path == NULL)
        return 0;
    file = output_file_create(path, err);
    if (file == NULL)
        return -1;
    if (write(model->lp, output_file_stream(file), err) != 0) {
        output_file_abandon(file);
        return err_wrap(err, "%s", path);
    }
    return output_file_commit(file, err);
}

static int write_models(
    const struct scenario *scenario, const struct plan_options *options, struct err *err)
{
    const struct capacity_model_options model_options = {.is_in_dollars = true};
    struct capacity_model *model = NULL;
    int rc = -1;

    if (options->mps_path == NULL && options->lp_path == NULL)
        return 0;
    model = capacity_model_create(scenario, &model_options, err);
    if (model == NULL)
        return -1;
    if (write_model(model, options->mps_path, lp_write_mps, err) == 0 &&
        write_model(model, options->lp_path, lp_write_lp, err) == 0)
        rc = 0;
    capacity_model_destroy(model);
    return rc;
}

static int read_within(const struct scenario *scenario, const struct plan_options *options,
    struct within_options *out, struct err *err)
{
    if (options->within == NULL)
        return options->at == NULL ? 0 : err_set(err, ERR_USAGE, "--at goes with --within");
    if (options->whole)
        return err_set(
            err, ERR_USAGE, "--within looks at plans that need not be whole; leave out --whole");
    return within_parse(scenario, options->within, options->at, out, err);
}

/* Plans of nearly the cost of the best. -1: the solver failed. */
static int look_around(struct capacity_plan *plan, const struct within_options *question,
    const struct solve_options *solve, double start_s, struct err *err)
{
    struct within_options options = *question;

    if (plan->status != PLAN_OPTIMAL)
        return 0;
    options.solve = solve;
    options.basis = solve->warm;
    if (solve->time_limit_s > 0)
        options.time_limit_s = fmax(
            solve->time_limit_s - (clock_monotonic_s() - start_s), TIME_LEAST_S);
    plan->within = within_find(plan, &options, err);
    return plan->within != NULL ? 0 : -1;
}

struct solve_options plan_command_solving(
    const struct plan_options *options, struct solve_context *context)
{
    return (struct solve_options){.time_limit_s = options->time_limit_s,
        .whole_systems = options->whole,
        .with_ranges = options->prices || options->report_path != NULL,
        .tries_holds = !options->json || options->report_path != NULL,
        .gap = options->gap,
        .progress = show_progress,
        .stop = ask_stop,
        .context = context,
        .clock_s = clock_monotonic_s};
}

static struct capacity_plan *solve(const struct scenario *scenario,
    const struct plan_options *options, const struct command_context *context, struct err *err)
{
    struct solve_context solve_context = {.progress = progress_start(context->err)};
    struct solve_options solve_options = plan_command_solving(options, &solve_context);
    struct capacity_basis basis = {0};
    struct within_options question = {0};
    struct capacity_plan *plan = NULL;
    double start_s = clock_monotonic_s();

    solve_options.warm = &basis;
    if (read_within(scenario, options, &question, err) == 0)
        plan = capacity_solve(scenario, &solve_options, err);
    if (plan != NULL && options->within != NULL &&
        look_around(plan, &question, &solve_options, start_s, err) != 0) {
        capacity_plan_destroy(plan);
        plan = NULL;
    }
    progress_end(&solve_context.progress);
    capacity_basis_fini(&basis);
    return plan;
}

struct conflict *plan_command_explain(
    const struct scenario *scenario, const struct plan_options *options, struct err *err)
{
    const struct conflict_options conflict_options = {.time_limit_s = options->time_limit_s,
        .is_set_asked = options->conflict,
        .stop = ask_stop,
        .clock_s = clock_monotonic_s};

    return conflict_find(scenario, &conflict_options, err);
}

static int print_plan(const struct capacity_plan *plan, const struct plan_options *options,
    FILE *stream, struct err *err)
{
    const struct plan_text_options text_options = {.all_periods = options->periods == PERIODS_ALL,
        .with_prices = options->prices,
        .is_interrupted = interrupt_pending()};
    const struct plan_report_options report_options = {
        .refusal = plan_text_refusal(plan), .is_interrupted = interrupt_pending()};

    if (options->csv_folder != NULL && plan->has_plan &&
        plan_csv_write(plan, options->csv_folder, err) != 0)
        return -1;
    if (options->report_path != NULL &&
        plan_report_write(plan, &report_options, options->report_path, err) != 0)
        return -1;
    if (options->json)
        return plan_json_print(plan, plan_text_refusal(plan), stream, err);
    plan_text_print(plan, &text_options, stream);
    if (fflush(stream) != 0)
        return err_set_errno(err, "the plan can't be written");
    return ferror(stream) ? err_set(err, ERR_IO, "the plan can't be written") : 0;
}

int plan_command_status(enum plan_status status)
{
    switch (status) {
    case PLAN_OPTIMAL:
        return EXIT_DONE;
    case PLAN_INFEASIBLE:
    case PLAN_UNBOUNDED:
        return EXIT_NO_PLAN;
    case PLAN_TIME_LIMIT:
        return EXIT_LIMIT;
    }
    return EXIT_NO_PLAN;
}

static int exit_status(const struct capacity_plan *plan)
{
    bool is_complete = plan->within == NULL || plan->within->is_complete;

    return is_complete ? plan_command_status(plan->status) : EXIT_LIMIT;
}

static int plan_scenario(const struct scenario *scenario, double read_s,
    const struct plan_options *options, const struct command_context *context)
{
    struct err err = {0};
    struct capacity_plan *plan = NULL;
    int status;

    if (write_models(scenario, options, &err) == 0)
        plan = solve(scenario, options, context, &err);
    if (plan != NULL && plan->status == PLAN_INFEASIBLE)
        plan->conflict = plan_command_explain(scenario, options, &err);
    if (plan != NULL)
        plan->seconds.read = read_s;
    if (plan != NULL && print_plan(plan, options, context->out, &err) == 0) {
        status = exit_status(plan);
    } else {
        (void)fprintf(context->err, "wattyard plan: %s\n", err.text);
        status = err_exit_status(&err);
    }
    capacity_plan_destroy(plan);
    return status;
}

/* The scenario in the future that is asked for; "none" is the scenario as it stands. */
static int plan_one_future(const struct scenario *scenario, double read_s,
    const struct plan_options *options, const struct command_context *context)
{
    struct scenario *chosen;
    int status;

    if (str_equal(options->future, "none"))
        return plan_scenario(scenario, read_s, options, context);
    for (int i = 0; i < scenario->future_count; i++) {
        if (!str_equal(options->future, scenario->futures[i].id))
            continue;
        chosen = scenario_in_future(scenario, i);
        status = plan_scenario(chosen, read_s, options, context);
        scenario_destroy(chosen);
        return status;
    }
    (void)fprintf(
        context->err, "wattyard plan: %s has no future '%.60s'\n", scenario->name, options->future);
    return EXIT_INPUT;
}

/* --- The call */

static struct scenario *load(
    const char *path, const struct plan_options *options, const struct command_context *context)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(path, context->data_folder, &faults);

    if (scenario != NULL && options->rates_path != NULL &&
        rates_file_apply(scenario, options->rates_path, &faults) != 0) {
        scenario_destroy(scenario);
        scenario = NULL;
    }
    if (faults.count > 0)
        faults_print(&faults, context->err);
    faults_fini(&faults);
    return scenario;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct plan_options options = {0};
    const char *positional[1];
    size_t positional_count;
    struct scenario *scenario;
    double start_s = clock_monotonic_s();
    int status = options_begin(
        command, argc, argv, &options, positional, &positional_count, context);

    if (status >= 0)
        return status;
    interrupt_block();
    scenario = load(positional[0], &options, context);
    if (scenario == NULL)
        return EXIT_INPUT;
    start_s = clock_monotonic_s() - start_s;
    if (options.future != NULL)
        status = plan_one_future(scenario, start_s, &options, context);
    else if (scenario->future_count > 0)
        status = plan_command_futures(scenario, start_s, &options, context);
    else
        status = plan_scenario(scenario, start_s, &options, context);
    scenario_destroy(scenario);
    return status;
}

const struct command PLAN_COMMAND = {
    .name = "plan",
    .arguments = "FILE",
    .summary = "what to acquire, where and when, and what runs on it",
    .details = DETAILS,
    .examples = EXAMPLES,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .positional_min = 1,
    .positional_max = 1,
    .run = run,
};
