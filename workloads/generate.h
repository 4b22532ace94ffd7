/*
 * generate: jobs from a seed, as a large AI company would submit them to a given fleet, for
 * simulations and measurements. The same fleet and options make the same jobs on every machine.
 *
 * The shapes follow what is published of such clusters; the figures in generate_job.c are rounded
 * and ours:
 * - most jobs are small, a few large ones take most of the chips' time, and durations spread over
 *   five orders of magnitude (Hu et al.: Characterization and Prediction of Deep Learning Workloads
 *   in Large-Scale GPU Datacenters, SC 2021, SenseTime; Jeon et al.: Analysis of Large-Scale
 *   Multi-Tenant GPU Clusters, ATC 2019, Microsoft; Weng et al.: MLaaS in the Wild, NSDI 2022,
 *   Alibaba; Kokolis et al.: Revisiting Reliability in Large-Scale Machine Learning Research
 *   Clusters, HPCA 2025, Meta);
 * - pretraining takes most of the time of clusters that are built for it, while evaluations are
 *   short and many (Hu et al.: Characterization of Large Language Model Development in the
 *   Datacenter, NSDI 2024, Shanghai AI Laboratory); gangs of thousands of chips write checkpoints,
 *   as they are interrupted every few hours (Llama Team: The Llama 3 Herd of Models, 2024);
 * - people submit by day and on weekdays, and many jobs alike at once.
 *
 * Where the jobs are few for the fleet, more of them are gangs of whole racks, so that the floor is
 * filled about a dozen times; and none is longer than a third of the time in which they come (but
 * four hours may always be), so that the load builds up and goes down within it.
 */
#ifndef WORKLOADS_GENERATE_H
#define WORKLOADS_GENERATE_H

#include "topologies/fleet.h"
#include "workloads/job.h"

#include <stdint.h>

struct err;

enum { GENERATE_JOBS_MAX = 1000000 };

struct generate_options {
    int64_t job_count; /* 1 to GENERATE_JOBS_MAX; 1,000 */
    int64_t seed;      /* from 0; 1 */
    /* Offered load: chip-hours of work at throughput 1, over those that the fleet has in the span
     * in which the jobs come. 0.01 to 2; 0.8. The span follows from it. */
    double load_frac;
    double span_days; /* the span, and the load follows; 0.01 to 3650; 0: not given */
};

/* "jobs=100000,seed=7,load=0.9" or "jobs=500,days=3"; keys in any order, each at most once, load
 * and days not both; what is left out has its default. 0, or -1 with *out untouched. */
int generate_options_parse(const char *text, struct generate_options *out, struct err *err);

/*
 * Jobs in order of submission, named g1, g2, …, each with <work>, rows for the systems of the fleet
 * that it can run on, and a tenant of the fleet ("default" where it has none). Each fits the empty
 * fleet. Borrows nothing of the fleet. Release with job_list_destroy. O(jobs × (log jobs + kinds)).
 */
struct job_list *generate_jobs(const struct fleet *fleet, const struct generate_options *options);

#endif
