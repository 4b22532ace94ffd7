/*
 * simulate_print: what a simulation came to: JSON, text, one CSV row a job, one HTML page.
 */
#ifndef SCHEDULER_SIMULATE_PRINT_H
#define SCHEDULER_SIMULATE_PRINT_H

#include "scheduler/simulate.h"

#include <stdio.h>

int simulate_print_json(
    const struct simulate_result *result, enum core_policy policy, FILE *stream, struct err *err);
void simulate_print_text(
    const struct simulate_result *result, enum core_policy policy, FILE *stream);
/* job,name,tenant,system,tasks,chips,submit_s,start_s,end_s,attempts,usd,mwh */
int simulate_print_csv(const struct simulate_result *result, FILE *stream, struct err *err);
int simulate_print_page(
    const struct simulate_result *result, enum core_policy policy, FILE *stream, struct err *err);

extern const char *const SIMULATE_POLICY_NAMES[];

#endif
