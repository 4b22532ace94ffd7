/*
 * simulate: a fleet and a stream of jobs in simulated time, over the same core that the daemon
 * runs.
 */
#ifndef SCHEDULER_SIMULATE_H
#define SCHEDULER_SIMULATE_H

#include "scheduler/core.h"

struct err;

struct simulate_options {
    enum core_policy policy;
    enum packing_policy packing;
    int64_t start_ms;       /* when it begins: what deadlines are held against */
    double host_mtbf_hours; /* mean time between failures of a host; 0: none fail */
    double repair_hours;    /* a failed host is back after so long */
    uint64_t seed;          /* of failures */
    bool checks_invariants;
    double (*clock_s)(void); /* for the figures of rounds */
    /* Both may be NULL. */
    void (*progress)(void *context, double done, double total);
    bool (*stop)(void *context);
    void *context;
};

/* How it went for one gang; times in seconds since the start. */
struct simulate_job {
    int64_t job;
    const struct gang *gang;         /* borrowed from the core */
    double submit_s, start_s, end_s; /* start of the first attempt; NAN: not yet */
    double run_s;                    /* of the last attempt */
    double usd, mwh;
    int system; /* index into the catalog; -1: never started */
};

/* One look at the whole fleet. */
struct simulate_sample {
    double time_s;
    double chips_used;
    double waiting, running;
    double kw; /* at the meters, all sites */
};

struct simulate_result {
    size_t job_count; /* gangs */
    size_t left_out, finished_count, failed_count, unfinished_count;
    double makespan_s, chip_use, energy_mwh, cost_usd, value_usd;
    double *peak_kw; /* by site, at the meter; owned */
    size_t preemption_count;
    size_t round_count;
    double *round_s; /* of each full round; owned */
    size_t round_capacity;
    struct simulate_job *jobs; /* by gang; owned */
    size_t job_capacity;
    struct simulate_sample *samples; /* at most SIMULATE_SAMPLES, evenly spread; owned */
    size_t sample_count;
    double sample_step_s;
    bool is_stopped;
    double seconds;
    struct core *core; /* owned; gangs of jobs point into it */
};

enum { SIMULATE_SAMPLES = 2000 };

/*
 * Run the jobs that say how long they really are (work_minutes); the others are left out and
 * counted. Ends when nothing is left that could start or end. Returns 0, or -1 with ERR_INTERNAL
 * when an invariant breaks. Release the result with simulate_fini; fleet and specs must outlive it.
 */
int simulate_run(const struct fleet *fleet, const struct job_spec *specs, size_t spec_count,
    const struct simulate_options *options, struct simulate_result *out, struct err *err);
void simulate_fini(struct simulate_result *result);

/* Figures over the gangs that finished. */
struct simulate_figures {
    double wait_mean_s, wait_p50_s, wait_p95_s, wait_max_s;
    double turnaround_mean_s;
    double slowdown_mean; /* bounded, 10 seconds */
    double round_mean_s, round_p99_s, round_max_s;
};
struct simulate_figures simulate_figures(const struct simulate_result *result);

#endif
