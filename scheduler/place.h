/*
 * place: a dry run: a fleet and manifests in, one full round, who would go where.
 */
#ifndef SCHEDULER_PLACE_H
#define SCHEDULER_PLACE_H

#include "scheduler/core.h"

struct err;
struct json_value;

struct place_times {
    double read_s, lp_s, rounding_s, packing_s;
};

/* A core for a dry run at now_ms: no agents, no quick decisions, the bound is wanted. */
struct core *place_core_create(const struct fleet *fleet, int64_t now_ms);

/* Submit every manifest of the list. -1 with err for one that is refused. */
int place_submit(struct core *core, const struct job_list *jobs, int64_t now_ms, struct err *err);

/*
 * What runs already: a `place` answer whose jobs are among the submitted. -1 with err: a job, host
 * or chip that is not there, or chips that two gangs hold.
 */
int place_adopt(
    struct core *core, const struct json_value *answer, int64_t now_ms, struct err *err);

/* One full round, solved here; adds to the times. */
void place_round(struct core *core, int64_t now_ms, struct place_times *times);

/* The answer of formats.md. */
int place_print_json(const struct core *core, int64_t now_ms, const struct place_times *times,
    FILE *stream, struct err *err);
/* For people. */
void place_print_text(const struct core *core, int64_t now_ms, FILE *stream);

#endif
