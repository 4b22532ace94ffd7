/*
 * Calls on the solver of an lp: who watches them, who makes the solver, and what is said when it
 * fails.
 */
#include "planner/lp_private.h"

#include "base/clock.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* --- The watch */

struct lp_watch lp_watch_start(const struct lp *lp, const struct lp_options *options)
{
    double now_s = clock_monotonic_s();

    return (struct lp_watch){
        .options = options,
        .deadline_s = options->time_limit_s > 0.0 ? now_s + options->time_limit_s : INFINITY,
        .cost_scale = lp->cost_scale,
        .look_at_s = now_s + 0.1,
        .over_at_s = INFINITY,
    };
}

int lp_watch_left_ms(const struct lp_watch *watch)
{
    double left_ms;

    if (isinf(watch->deadline_s))
        return INT_MAX;
    left_ms = 1000.0 * (watch->deadline_s - clock_monotonic_s());
    return (int)fmin(fmax(left_ms, 1.0), INT_MAX / 2);
}

enum lp_status lp_watch_status(const struct lp_watch *watch)
{
    return watch->is_interrupted ? LP_INTERRUPTED : LP_TIME_LIMIT;
}

/* --- Calls on the engine */

enum lp_end lp_call_engine(struct lp *lp, lp_work_fn *work, struct lp_watch *watch)
{
    enum lp_end end;

    lp->engine->call.lp = watch == NULL ? lp : NULL;
    end = lp_engine_run(lp->engine, work, watch);
    if (end == LP_END_LEFT)
        lp->engine = NULL;
    return end;
}

enum lp_end lp_load(struct lp *lp, const struct lp_options *options)
{
    if (lp->engine == NULL)
        lp->engine = lp_engine_create();
    if (lp->engine == NULL)
        return LP_END_LEFT;
    lp->engine->memory_limit_mib = options->memory_limit_mib;
    return lp_call_engine(lp, lp_work_load, NULL);
}

bool lp_is_out_of_memory(const struct lp *lp, const struct lp_options *options)
{
    return options->memory_limit_mib > 0 && strstr(lp->engine->message, "memory") != NULL;
}

enum lp_status lp_report_failure(struct lp *lp, const struct lp_options *options, struct err *err)
{
    const char *message = lp->engine == NULL ? "" : lp->engine->message;

    if (lp->engine == NULL)
        (void)err_set(err, ERR_LIMIT, "%s: no thread for the solver", lp->name);
    else if (lp_is_out_of_memory(lp, options))
        (void)err_set(err, ERR_LIMIT, "%s: the solver needs more than %d MiB", lp->name,
            options->memory_limit_mib);
    else
        (void)err_set(err, ERR_INTERNAL, "%s: the solver found no answer that holds%s%s", lp->name,
            message[0] == '\0' ? "" : ": ", message);
    return LP_FAILED;
}
