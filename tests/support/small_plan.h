/*
 * small_plan: small scenarios put together from pieces, and their plans.
 *
 * Without pieces: 2026 by quarters, one site "a" with 1 MW and free energy, one system "s" of 100
 * kW on offer "o" of provider "p" by the quarter at 1 dollar an hour, and one inference workload
 * "w" worth 10 dollars a unit that asks for 4 units an hour and makes 1 on a system. The plan runs
 * 4 systems and costs 4 · 8760 dollars.
 */
#ifndef TESTS_SUPPORT_SMALL_PLAN_H
#define TESTS_SUPPORT_SMALL_PLAN_H

#include "base/err.h"
#include "planner/capacity_model.h"
#include "planner/capacity_solve.h"

/* XML of each kind of element; NULL: the one above. */
struct small_pieces {
    const char *horizon, *systems, *sites, *offers, *workloads, *rules;
};

/* A scenario and its plan. */
struct small_plan {
    struct scenario *scenario;
    struct capacity_plan *plan;
};

/* The scenario of the pieces; fails the test where it has faults. Gives (scenario_destroy). */
struct scenario *small_scenario(const struct small_pieces *pieces);

/* Its plan; fails the test where there is no answer. Released with small_plan_close. */
struct small_plan small_plan_solve(const struct small_pieces *pieces);
/* The same of a file. */
struct small_plan small_plan_solve_file(const char *path);
/* Of whole systems, to a relative gap. */
struct small_plan small_plan_solve_whole(const struct small_pieces *pieces, double gap);
struct small_plan small_plan_solve_whole_file(const char *path, double gap);
void small_plan_close(struct small_plan *small);

/* The optimum of the model in dollars, binaries and all; fails the test where it has none. */
double small_plan_optimum(
    const struct scenario *scenario, const struct capacity_model_options *options);

#endif
