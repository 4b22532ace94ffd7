/* Whatever the bytes, a log is read whole or refused with a reason; its jobs can be run. */
#include "base/faults.h"
#include "workloads/swf.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing to set up; replay calls it for every target. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    size_t left_out = 0;
    struct job_list *list = swf_parse((const char *)data, size, "fuzz.swf", 1, &left_out, &faults);

    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct job_spec *job = &list->specs[i];

        must(job->tasks >= 1 && job->tasks <= JOB_TASKS_MAX);
        must(job->work_minutes > 0 && isfinite(job->work_minutes));
        must(job->submit_minutes >= 0 && isfinite(job->submit_minutes));
        must(job->wall_minutes >= 0 && isfinite(job->wall_minutes));
    }
    must((list == NULL) == (faults.error_count > 0));
    must(list == NULL || list->count + left_out <= size / 35 + 1); /* 18 fields and their blanks */
    job_list_destroy(list);
    faults_fini(&faults);
    return 0;
}
