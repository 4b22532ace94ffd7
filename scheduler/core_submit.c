/* Jobs: a manifest becomes gangs; what it waits for is resolved, and met or missed. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_private.h"

#include <stdio.h>
#include <string.h>

enum { REASON_SIZE = 256 };

struct core_job *core_job_of(const struct core *core, int64_t id)
{
    size_t low = 0;
    size_t high = core->job_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (core->jobs[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < core->job_count && core->jobs[low]->id == id ? core->jobs[low] : NULL;
}

/* The newest job of that name in the tenant, before `before`; or the job of that id. */
static struct core_job *find_dependency(
    const struct core *core, const struct core_job *job, const char *name)
{
    int64_t id = 0;

    for (size_t i = core->job_count; i-- > 0;) {
        struct core_job *other = core->jobs[i];

        if (other != job && str_equal(other->spec->name, name) &&
            str_equal(other->spec->tenant, job->spec->tenant))
            return other;
    }
    if (str_parse_int(name, &id) == 0 && id != job->id)
        return core_job_of(core, id);
    return NULL;
}

/* The same among those that ended so long ago that they are forgotten but for their outcome. */
static const struct core_past *find_past(
    const struct core *core, const struct core_job *job, const char *name)
{
    int64_t id = 0;
    bool is_id = str_parse_int(name, &id) == 0;

    for (size_t i = core->past_count; i-- > 0;)
        if (str_equal(core->past[i].name, name) &&
            str_equal(core->past[i].tenant, job->spec->tenant))
            return &core->past[i];
    for (size_t i = core->past_count; is_id && i-- > 0;)
        if (core->past[i].id == id)
            return &core->past[i];
    return NULL;
}

enum dependency { DEPENDENCY_OPEN, DEPENDENCY_MET, DEPENDENCY_MISSED };

static enum dependency dependency_state(const struct core *core, const struct core_after *after)
{
    const struct core_job *other = after->job != 0 ? core_job_of(core, after->job) : NULL;
    bool is_ok = after->is_ok;

    if (!after->is_past) {
        if (other == NULL || other->terminal_count < other->gang_count)
            return DEPENDENCY_OPEN;
        is_ok = other->failed_count == 0;
    }
    switch (after->after->outcome) {
    case JOB_AFTER_OK:
        return is_ok ? DEPENDENCY_MET : DEPENDENCY_MISSED;
    case JOB_AFTER_FAILED:
        return is_ok ? DEPENDENCY_MISSED : DEPENDENCY_MET;
    case JOB_AFTER_ANY:
        return DEPENDENCY_MET;
    }
    return DEPENDENCY_OPEN;
}

static void cancel_all(
    struct core *core, struct core_job *job, const char *reason, struct actions *out)
{
    for (int i = 0; i < job->gang_count; i++)
        core_stop(core, job->gangs[i], END_DEPENDENCY, reason, out);
}

void core_job_review(struct core *core, struct core_job *job, struct actions *out)
{
    size_t met_count = 0;

    if (job->is_ready || job->terminal_count == job->gang_count)
        return;
    for (size_t i = 0; i < job->after_count; i++) {
        enum dependency state = dependency_state(core, &job->after[i]);

        if (state == DEPENDENCY_MISSED) {
            char reason[REASON_SIZE];

            (void)snprintf(reason, sizeof reason, "it was to run after job %s with outcome %s",
                job->after[i].after->job, JOB_OUTCOME_NAMES[job->after[i].after->outcome]);
            cancel_all(core, job, reason, out);
            return;
        }
        met_count += state == DEPENDENCY_MET;
    }
    if (met_count < job->after_count)
        return;
    job->is_ready = true;
    for (int i = 0; i < job->gang_count; i++)
        if (job->gangs[i]->view.state == GANG_WAITING)
            core_gang_fresh(core, job->gangs[i]);
}

void core_job_progress(struct core *core, struct core_job *job, struct actions *out)
{
    if (job->terminal_count < job->gang_count)
        return;
    for (size_t i = 0; i < core->dependent_count;) {
        struct core_job *other = core->dependents[i];

        if (other->is_ready || other->terminal_count == other->gang_count) {
            core->dependents[i] = core->dependents[--core->dependent_count];
            continue;
        }
        for (size_t k = 0; k < other->after_count; k++)
            if (other->after[k].job == job->id) {
                core_job_review(core, other, out);
                break;
            }
        i++;
    }
}

/* Dependencies on names that nobody had yet may mean this job. */
static void resolve_others(struct core *core, const struct core_job *job)
{
    if (core->unresolved_count == 0)
        return;
    for (size_t i = 0; i < core->dependent_count; i++)
        for (size_t k = 0; k < core->dependents[i]->after_count; k++) {
            struct core_after *after = &core->dependents[i]->after[k];

            if (after->job == 0 && core->dependents[i] != job &&
                str_equal(after->after->job, job->spec->name) &&
                str_equal(core->dependents[i]->spec->tenant, job->spec->tenant)) {
                after->job = job->id;
                core->unresolved_count--;
            }
        }
}

static void resolve_own(struct core *core, struct core_job *job)
{
    job->after_count = job->spec->after_count;
    job->after = mem_zero(job->after_count, sizeof *job->after);
    job->is_ready = job->after_count == 0;
    for (size_t i = 0; i < job->after_count; i++) {
        const struct job_after *after = &job->spec->after[i];
        const struct core_job *other = find_dependency(core, job, after->job);
        const struct core_past *past = other == NULL ? find_past(core, job, after->job) : NULL;

        job->after[i] = (struct core_after){.after = after,
            .job = other != NULL  ? other->id
                   : past != NULL ? past->id
                                  : 0,
            .is_past = past != NULL,
            .is_ok = past != NULL && past->is_ok};
        if (job->after[i].job == 0)
            core->unresolved_count++;
    }
    if (job->is_ready)
        return;
    core->dependents = mem_grow(core->dependents, core->dependent_count, &core->dependent_capacity,
        sizeof *core->dependents);
    core->dependents[core->dependent_count++] = job;
}

static int gang_count_of(const struct job_spec *spec)
{
    if (spec->replicas_max > 0)
        return spec->replicas_max;
    return spec->array_count > 0 ? spec->array_count : 1;
}

struct core_job *core_job_create(
    struct core *core, const struct job_spec *spec, const char *user, int64_t id, int64_t submit_ms)
{
    struct core_job *job = mem_zero(1, sizeof *job);

    job->id = id;
    job->spec = spec;
    job->shape = shape_create(core->fleet, spec);
    packing_mark_never(core->empty, job->shape);
    job->spread_most = packing_spread_most(core->empty, job->shape, spec->replicas_max);
    job->user = user != NULL ? mem_copy_text(user) : NULL;
    job->submit_ms = submit_ms;
    job->gang_count = gang_count_of(spec);
    job->first_gang = core->next_gang;
    return job;
}

void core_job_add(struct core *core, struct core_job *job, struct actions *out)
{
    core->next_job = job->id + 1;
    core->next_gang = job->first_gang + job->gang_count;
    core->jobs = mem_grow(core->jobs, core->job_count, &core->job_capacity, sizeof *core->jobs);
    core->jobs[core->job_count++] = job;
    resolve_others(core, job);
    resolve_own(core, job);
    job->gangs = mem_zero((size_t)job->gang_count, sizeof *job->gangs);
    for (int i = 0; i < job->gang_count; i++) {
        job->gangs[i] = core_gang_create(core, job, i);
        core_note_change(out, job->gangs[i]);
    }
    if (job->spec->deadline_ms != INT64_MAX)
        core_timer_add(core, (struct core_timer){core_urgent_from(job->gangs[0]), TIMER_DEADLINE,
                                 job->first_gang, 0});
}

int core_submit(struct core *core, const struct event *event, struct actions *out, struct err *err)
{
    int64_t id = event->job != 0 ? event->job : core->next_job;
    struct core_job *job;

    if (id < core->next_job)
        return err_set(err, ERR_STATE, "job id %lld was given already", (long long)id);
    job = core_job_create(core, event->spec, event->user, id, core->now_ms);
    core_job_add(core, job, out);
    for (int i = 0; i < job->gang_count; i++)
        job->gangs[i]->view.is_held |= event->is_held;
    core_job_review(core, job, out);
    return 0;
}

void core_job_destroy(struct core_job *job)
{
    if (job == NULL)
        return;
    shape_destroy(job->shape);
    mem_free(job->user);
    mem_free(job->gangs);
    mem_free(job->after);
    mem_free(job);
}
