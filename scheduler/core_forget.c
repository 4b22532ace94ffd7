/* Jobs that ended long ago leave the core: all but their outcome. */
#include "base/mem.h"
#include "scheduler/core_image.h"
#include "scheduler/core_private.h"

static bool is_old(const struct core_job *job, int64_t before_ms)
{
    return job->terminal_count == job->gang_count && job->end_ms < before_ms;
}

/* Keeps those of a list whose job stays. */
static size_t keep_of(struct core_gang **list, size_t count, int64_t before_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!is_old(list[i]->job, before_ms))
            list[kept++] = list[i];
    return kept;
}

static void drop_dependents(struct core *core, int64_t before_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < core->dependent_count; i++) {
        struct core_job *job = core->dependents[i];

        if (!is_old(job, before_ms)) {
            core->dependents[kept++] = job;
            continue;
        }
        for (size_t k = 0; k < job->after_count; k++)
            core->unresolved_count -= job->after[k].job == 0;
    }
    core->dependent_count = kept;
}

/* What still waits for the job keeps its outcome. */
static void tell_dependents(struct core *core, const struct core_job *gone)
{
    for (size_t i = 0; i < core->dependent_count; i++)
        for (size_t k = 0; k < core->dependents[i]->after_count; k++)
            if (core->dependents[i]->after[k].job == gone->id) {
                core->dependents[i]->after[k].is_past = true;
                core->dependents[i]->after[k].is_ok = gone->failed_count == 0;
            }
}

size_t core_forget(struct core *core, int64_t before_ms,
    void (*gone)(void *context, int64_t job, const struct job_spec *spec), void *context)
{
    size_t kept = 0;
    size_t gang_kept = 0;
    size_t count = 0;

    if (core->round != NULL)
        return 0;
    for (size_t i = 0; i < core->job_count; i++)
        count += is_old(core->jobs[i], before_ms);
    if (count == 0)
        return 0;
    core->fresh_count = keep_of(core->fresh, core->fresh_count, before_ms);
    core->line_count = keep_of(core->line, core->line_count, before_ms);
    core->line_from = 0;
    reservations_drop_ended(core);
    drop_dependents(core, before_ms);
    for (size_t i = 0; i < core->gang_count; i++) {
        struct core_gang *gang = core->gangs[i];

        if (is_old(gang->job, before_ms))
            core_gang_destroy(gang);
        else
            core->gangs[gang_kept++] = gang;
    }
    core->gang_count = gang_kept;
    for (size_t i = 0; i < core->job_count; i++) {
        struct core_job *job = core->jobs[i];

        if (!is_old(job, before_ms)) {
            core->jobs[kept++] = job;
            continue;
        }
        tell_dependents(core, job);
        core_note_past(core, job->id, job->spec->tenant, job->spec->name, job->failed_count == 0);
        if (gone != NULL)
            gone(context, job->id, job->spec);
        core_job_destroy(job);
    }
    core->job_count = kept;
    return count;
}
