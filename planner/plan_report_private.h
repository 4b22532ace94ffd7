/*
 * plan_report_private: the parts of a report's data. planner/report.html reads them by these names.
 */
#ifndef PLANNER_PLAN_REPORT_PRIVATE_H
#define PLANNER_PLAN_REPORT_PRIVATE_H

#include "planner/capacity_plan.h"

struct futures;
struct json_writer;

/* Each adds members to the open object. */

/* What the plan comes to over the periods: "costs", "systems", "power", "work", "energy",
 * "site_prices". Lists of amounts have one for each period. */
void plan_report_add_series(struct json_writer *writer, const struct capacity_plan *plan);

/* "holds", "budgets", "shortfalls", "prices", "not_chosen": limits, in words and dollars. */
void plan_report_add_limits(struct json_writer *writer, const struct capacity_plan *plan);

/* "inputs": tables of the scenario, each {"title", "columns", "rows"}; a last column "source" says
 * where a row stands in the files. */
void plan_report_add_inputs(struct json_writer *writer, const struct scenario *scenario);
/* Of these: what is other in each future, where there are several. */
void plan_report_add_future_rows(struct json_writer *writer, const struct scenario *scenario);
/* Of these: budgets, commitments, limits of mix. */
void plan_report_add_promises(struct json_writer *writer, const struct scenario *scenario);

/* "expected": costs over all futures. "futures": each with its plan's series. "common": what is
 * acquired before it is known which one comes, by offer, site and the futures that share it. */
void plan_report_add_futures(struct json_writer *writer, const struct futures *futures);

/* "catalog": each system on offer and its chip, figure by figure with its source or how it was
 * estimated; and "rates": what each workload does on each of them. */
void plan_report_add_catalog(struct json_writer *writer, const struct scenario *scenario);

#endif
