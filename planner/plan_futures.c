/* `wattyard plan` of a scenario that may come in several ways. An edge file: it prints. */
#include "planner/plan_command_private.h"

#include "base/err.h"
#include "base/interrupt.h"
#include "base/str.h"
#include "planner/conflict.h"
#include "planner/futures.h"
#include "planner/plan_report.h"
#include "planner/plan_text.h"

/* Options that are of one plan alone; NULL: none is given. */
static const char *find_single(const struct plan_options *options)
{
    return options->prices             ? "--prices"
           : options->within != NULL   ? "--within"
           : options->mps_path != NULL ? "--write-mps"
           : options->lp_path != NULL  ? "--write-lp"
                                       : NULL;
}

static int print_futures(const struct futures *futures, const struct plan_options *options,
    const struct command_context *context, struct err *err)
{
    const struct plan_text_options text_options = {
        .all_periods = options->periods == PERIODS_ALL, .is_interrupted = interrupt_pending()};
    const char *refusal = futures_refusal(futures);
    const struct plan_report_options report_options = {
        .refusal = refusal, .is_interrupted = interrupt_pending()};

    if (options->report_path != NULL &&
        plan_report_write_futures(futures, &report_options, options->report_path, err) != 0)
        return -1;
    if (options->csv_folder != NULL && futures->has_plan &&
        futures_write_csv(futures, options->csv_folder, err) != 0)
        return -1;
    if (options->json)
        return futures_print_json(futures, refusal, context->out, err);
    futures_print(futures, &text_options, context->out);
    if (refusal != NULL)
        (void)fprintf(context->out, "%s.\n", refusal);
    return ferror(context->out) ? err_set(err, ERR_IO, "the plan can't be written") : 0;
}

/* Where a future has no plan by itself, why. */
static int explain_future(const struct futures *futures, const struct plan_options *options,
    const struct command_context *context, struct err *err)
{
    int future = futures_find_infeasible(futures);
    struct conflict *conflict;

    if (futures->status != PLAN_INFEASIBLE || future < 0 || options->json)
        return 0;
    conflict = plan_command_explain(futures->rows[future].scenario, options, err);
    if (conflict == NULL)
        return -1;
    conflict_print(conflict, context->out);
    conflict_destroy(conflict);
    return 0;
}

int plan_command_futures(const struct scenario *scenario, double read_s,
    const struct plan_options *options, const struct command_context *context)
{
    struct solve_context solve_context = {.progress = progress_start(context->err)};
    const struct solve_options solve_options = plan_command_solving(options, &solve_context);
    const char *single = find_single(options);
    struct futures *futures = NULL;
    struct err err = {0};
    int status = EXIT_INPUT;

    if (single != NULL)
        (void)err_set(&err, ERR_USAGE,
            "%s is of one plan, and %s has %d %s; choose one with --future", single, scenario->name,
            scenario->future_count, str_plural(scenario->future_count, "future", "futures"));
    else
        futures = futures_solve(scenario, &solve_options, &err);
    progress_end(&solve_context.progress);
    if (futures != NULL)
        futures->seconds.read = read_s;
    if (futures != NULL && print_futures(futures, options, context, &err) == 0 &&
        explain_future(futures, options, context, &err) == 0) {
        status = plan_command_status(futures->status);
    } else {
        (void)fprintf(context->err, "wattyard plan: %s\n", err.text);
        status = err_exit_status(&err);
    }
    futures_destroy(futures);
    return status;
}
