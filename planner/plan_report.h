/*
 * plan_report: a plan as one HTML file that opens offline and prints: what it costs and when, what
 * stands where, power against limits, work served, prices, what holds the plan back, and every
 * input with its source.
 */
#ifndef PLANNER_PLAN_REPORT_H
#define PLANNER_PLAN_REPORT_H

#include "planner/capacity_plan.h"

struct err;
struct futures;

struct plan_report_options {
    const char *refusal; /* why there is no plan; NULL: not known, or there is one */
    bool is_interrupted; /* it was a person, not the clock, who ended the solve */
};

/* Write the file whole, or leave what was there. Also without a plan: then it has the inputs and
 * says why. -1 with ERR_IO, path included. */
int plan_report_write(const struct capacity_plan *plan, const struct plan_report_options *options,
    const char *path, struct err *err);

/* The same of several futures: what to expect, what is common, and each future's own plan. */
int plan_report_write_futures(const struct futures *futures,
    const struct plan_report_options *options, const char *path, struct err *err);

#endif
