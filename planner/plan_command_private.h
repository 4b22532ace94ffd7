/*
 * plan_command_private: what the two halves of `wattyard plan` share: of one plan (plan_command.c)
 * and of several futures (plan_futures.c).
 */
#ifndef PLANNER_PLAN_COMMAND_PRIVATE_H
#define PLANNER_PLAN_COMMAND_PRIVATE_H

#include "base/options.h"
#include "base/progress.h"
#include "planner/capacity_solve.h"

struct conflict;
struct err;

enum { EXIT_DONE = 0, EXIT_NO_PLAN = 1, EXIT_INPUT = 2, EXIT_LIMIT = 3 };

enum { PERIODS_FIT, PERIODS_ALL };

struct plan_options {
    bool json;
    const char *csv_folder;
    const char *report_path;
    const char *rates_path;
    const char *mps_path;
    const char *lp_path;
    double time_limit_s;
    bool whole;
    bool prices;
    bool conflict;
    const char *future;
    const char *within;
    const char *at;
    double gap;
    int periods;
};

struct solve_context {
    struct progress progress;
};

/* Options of a solve that shows how far it is, and ends by an interrupt. */
struct solve_options plan_command_solving(
    const struct plan_options *options, struct solve_context *context);

/* Why there is no plan; what is not known by the time limit is left out. NULL with err. */
struct conflict *plan_command_explain(
    const struct scenario *scenario, const struct plan_options *options, struct err *err);

int plan_command_status(enum plan_status status);

/* plan_futures.c: plan a scenario that has futures, and print it. The exit status. */
int plan_command_futures(const struct scenario *scenario, double read_s,
    const struct plan_options *options, const struct command_context *context);

#endif
