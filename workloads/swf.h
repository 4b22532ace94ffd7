/*
 * swf: jobs from a log in the Standard Workload Format, version 2.2, for simulations: one line a
 * job, 18 numbers, -1 for what is not known; ';' begins a comment (Feitelson, Tsafrir, Krakov:
 * Experience with using the Parallel Workloads Archive, JPDC 74 (2014);
 * https://www.cs.huji.ac.il/labs/parallel/workload/swf.html).
 *
 * What becomes of a line: a processor is one task of one chip (or of chips_per_processor); the
 * processors are those requested, or where that is not known those allocated. Run time is the work
 * at throughput 1; requested time is how long it is expected to be and its wall limit, which is put
 * up to the run time where the log has a job that ran on past it. Times are kept to the
 * millisecond. The job is named by its number, can't be interrupted, and may run on any system. Its
 * tenant is "default", but a log knows no tenants: it is for fleets without (fleet_drop_tenants).
 * Users, queues, memory, wait times and think times are not used.
 */
#ifndef WORKLOADS_SWF_H
#define WORKLOADS_SWF_H

#include "workloads/job.h"

enum { SWF_BYTES_MAX = 256 * 1024 * 1024, SWF_JOBS_MAX = 1000000, SWF_CHIPS_MAX = 64 };

/*
 * Read a log, of at most SWF_BYTES_MAX and SWF_JOBS_MAX jobs. *left_out becomes how many lines are
 * no job to run: no run time, no processors, or a part of a job that was swapped out (status 2 to
 * 4), which has a line of its own for the whole. Lines that can't be read are faults. NULL with
 * faults, *left_out untouched. chips_per_processor: 1 to SWF_CHIPS_MAX. Release with
 * job_list_destroy. O(bytes).
 */
struct job_list *swf_load(
    const char *path, int chips_per_processor, size_t *left_out, struct faults *faults);
struct job_list *swf_parse(const char *bytes, size_t count, const char *name,
    int chips_per_processor, size_t *left_out, struct faults *faults);

#endif
