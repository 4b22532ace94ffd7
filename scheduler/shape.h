/*
 * shape: a manifest against a fleet: for each kind of system, how a gang would stand on it, what it
 * draws, costs and is worth there; or why it never can. Made once at submission, immutable.
 */
#ifndef SCHEDULER_SHAPE_H
#define SCHEDULER_SHAPE_H

#include "topologies/fleet.h"
#include "workloads/job.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* One gang on one kind of system. */
struct shape_system {
    int system;                   /* index into the fleet's catalog */
    const struct job_system *row; /* the manifest's row; NULL: the job allows any */
    double throughput;
    int task_count;
    int chips_per_task;    /* 0: cores alone */
    int tasks_per_host;    /* most that one empty host takes */
    int segment_tasks;     /* tasks of a full segment; task_count when all in one; 1 when none */
    int segment_count;     /* the last may be shorter */
    bool is_domain_bound;  /* segments must each lie in one domain */
    double cores_per_task; /* 0: not counted */
    double memory_gb_per_task;
    double busy_kw_per_chip; /* (power-kw × first mode × pi - idle-kw) ÷ chips of the system */
    double expected_ms;      /* length: work ÷ throughput, else the wall limit, else the default */
    const char *never;       /* why it can never run there; NULL: it may */
};

/* A gang's needs by system, in the order of preference of the manifest (or the catalog's). */
struct shape {
    const struct job_spec *spec;
    struct shape_system *systems;
    int system_count;
    int tenant;                  /* index into the fleet; -1: not listed */
    double value_usd_per_hour;   /* at throughput 1; the manifest's, or twice the largest cost ÷
                                    throughput where it was left out */
    const bool *is_host_allowed; /* by host, from hosts only= exclude=; NULL: all */
    bool never;                  /* it can run on none */
    struct arena *arena;
};

/* Reckon it. Never fails: what cannot be is said in `never`. Borrows spec and fleet. */
struct shape *shape_create(const struct fleet *fleet, const struct job_spec *spec);
void shape_destroy(struct shape *shape);

/* Dollars an hour of a gang on racks that cost usd_per_chip_hour, at a site (energy of the added kW
 * included). */
double shape_usd_per_hour(
    const struct shape_system *shape, double usd_per_chip_hour, const struct fleet_site *site);

#endif
