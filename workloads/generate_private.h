/*
 * generate_private: the fleet as numbers, and the steps of making a job; inside workloads/ alone.
 */
#ifndef WORKLOADS_GENERATE_PRIVATE_H
#define WORKLOADS_GENERATE_PRIVATE_H

#include "base/rng.h"
#include "workloads/generate.h"

struct arena;

/* One kind of system that stands in the fleet. */
struct generate_kind {
    const char *id;
    const char *stack;
    int hosts_per_rack;
    int chips_per_host;
    int largest_site_racks; /* a gang is on one site */
    int64_t chip_count;
    double speed;             /* of a chip, TFLOPS */
    double usd_per_chip_hour; /* mean over its racks, energy included */
    double given_chip_hours;  /* work that has this kind as its home so far */
};

/* The fleet as the generator sees it. */
struct generate_floor {
    struct generate_kind *kinds;
    int kind_count;
    int64_t chip_count;
    double usd_per_hour; /* of all racks, without energy */
    const char **tenants;
    double *tenant_shares;
    int tenant_count;    /* at least 1 */
    double large_factor; /* of the shares of gangs of whole racks; 1 where jobs are many enough */
};

/* In the arena, with copies of all names. */
void generate_floor_init(
    struct generate_floor *floor, const struct fleet *fleet, struct arena *arena);

/* What jobs that are submitted together have in common: people send many alike at once. */
struct generate_session {
    int job_class;
    int home; /* the kind that their work is measured on */
    int tenant;
    double chip_count;                      /* about */
    bool takes_same_stack, takes_any_stack; /* what other kinds they can run on */
    int job_count;
};

void generate_session_draw(
    struct generate_session *session, const struct generate_floor *floor, struct rng *rng);

/* Sets large_factor so that about job_count jobs fill the floor a dozen times over: few jobs on a
 * large floor would never wait for each other. */
void generate_floor_fit(struct generate_floor *floor, int64_t job_count);

/* One job of the session, but for its name and time of submission. Counts its work as given. */
void generate_job_draw(struct job_spec *out, const struct generate_session *session,
    struct generate_floor *floor, struct arena *arena, struct rng *rng);

/* Chip-hours of the job at throughput 1. */
double generate_job_chip_hours(const struct job_spec *job);

#endif
