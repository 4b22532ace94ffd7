/*
 * shape: a manifest against a fleet: for each kind of system, how a gang would stand on it, what it
 * draws, costs and is worth there; or why it never can. Made once at submission, then immutable.
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
    int system;                   /* index into the fleet's catalog; -1: it has none of that id */
    const struct job_system *row; /* the manifest's row; NULL: the job allows any */
    double throughput;
    int task_count;
    int chips_per_task;    /* 0: cores alone */
    int tasks_per_host;    /* most that one empty host takes; 0 where not even one goes */
    int segment_tasks;     /* tasks of a full segment; task_count when all in one; 1 when none */
    int segment_count;     /* the last may be shorter */
    bool is_domain_bound;  /* segments must each lie in one domain */
    double cores_per_task; /* given, or the chips' share of the host; a core where it takes no
                              chips; 0: not counted, as the host's are not known */
    double memory_gb_per_task; /* given, or the chips' share of the host; 0: not counted */
    double busy_kw_per_chip;   /* (power-kw × first mode × pi - idle-kw) ÷ chips of the system; a
                                  pi below idle adds nothing: 0 */
    double expected_ms; /* length: work (as expected) ÷ throughput, else the wall limit, else the
                           default */
    const char *never;  /* why it can never run there; NULL: it may */
};

/* A gang's needs by system, in the order of preference of the manifest (or the catalog's, of the
 * systems that stand in the fleet). */
struct shape {
    const struct job_spec *spec;
    struct shape_system *systems;
    int system_count;
    int tenant;                    /* index into the fleet; -1: not listed */
    double value_usd_per_hour;     /* at throughput 1; the manifest's, or twice the largest cost ÷
                                      throughput over its systems that stand in the fleet (0: none) */
    const uint64_t *allowed_hosts; /* bit by host, from hosts only= exclude=; NULL: all */
    bool never;                    /* it can run on none */
    struct arena *arena;
};

/*
 * Reckon it. Never fails: what cannot be is said in `never`, as far as the gang against one host
 * and one domain tells; packing_mark_never adds what the whole fleet tells. Borrows spec and fleet.
 */
struct shape *shape_create(const struct fleet *fleet, const struct job_spec *spec);
void shape_destroy(struct shape *shape);

/* Does hosts only= exclude= let it use the host? */
bool shape_allows_host(const struct shape *shape, int host);

/* Tasks of a segment: segment_tasks, but for the last what is left. */
int shape_segment_size(const struct shape_system *system, int segment);

/* Chips that a whole gang holds, and the IT kW that it adds in the first mode. */
int64_t shape_chip_count(const struct shape_system *system);
double shape_kw(const struct shape_system *system);

/* Dollars an hour of a gang on racks that cost usd_per_chip_hour, at a site (energy of the added kW
 * included). */
double shape_usd_per_hour(
    const struct shape_system *system, double usd_per_chip_hour, const struct fleet_site *site);

#endif
