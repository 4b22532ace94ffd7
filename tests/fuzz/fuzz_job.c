/* Whatever the bytes, manifests are loaded whole or refused with a reason; what is loaded keeps to
 * its ranges. */
#include "base/xml.h"
#include "workloads/job.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    xml_init_process();
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_gang(int tasks, int segment, int chips_per_task)
{
    must(tasks >= 1 && tasks <= JOB_TASKS_MAX);
    must(segment == JOB_SEGMENT_ALL || (segment >= 0 && segment <= tasks));
    must(chips_per_task == JOB_CHIPS_ALL || (chips_per_task >= 0 && chips_per_task <= 64));
}

static void check_job(const struct job_spec *job)
{
    must(job->name != NULL && job->tenant != NULL);
    must(job->priority >= 0 && job->priority <= 1000);
    must(isnan(job->value_usd_per_hour) || job->value_usd_per_hour >= 0);
    must(job->power_frac > 0 && job->power_frac <= 1);
    check_gang(job->tasks, job->segment, job->chips_per_task);
    must(job->chips_per_task != 0 || job->cores_per_task > 0);
    for (size_t i = 0; i < job->system_count; i++) {
        const struct job_system *row = &job->systems[i];

        check_gang(row->tasks, row->segment, row->chips_per_task);
        must(row->throughput > 0 && isfinite(row->throughput));
    }
    must(job->replicas_min <= job->replicas_max);
    must(job->replicas_max == 0 || job->replicas_min >= 1);
    must(job->replicas_max == 0 || job->array_count == 0);
    must(isnan(job->work_minutes) || job->work_minutes > 0);
    must(job->wall_minutes >= 0 && job->submit_minutes >= 0);
    for (size_t i = 0; i < job->env_count; i++)
        must(job->env[i].name != NULL && job->env[i].value != NULL);
    for (size_t i = 0; i < job->command.arg_count; i++)
        must(job->command.args[i] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    struct job_list *list = job_list_parse((const char *)data, size, "fuzz.xml", &faults);

    for (size_t i = 0; list != NULL && i < list->count; i++)
        check_job(&list->specs[i]);
    must((list == NULL) == (faults.error_count > 0));
    job_list_destroy(list);
    faults_fini(&faults);
    return 0;
}
