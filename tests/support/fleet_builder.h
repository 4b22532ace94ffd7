/*
 * fleet_builder: fleets and manifests made by hand, for tests of what stands on them. A uniform
 * fleet first; the test then changes what it wants (a rack's system, prices, limits, tenants) and
 * finishes it, which numbers the hosts.
 */
#ifndef TESTS_SUPPORT_FLEET_BUILDER_H
#define TESTS_SUPPORT_FLEET_BUILDER_H

#include "topologies/fleet.h"
#include "workloads/job.h"

enum { FLEET_BUILDER_SYSTEMS_MAX = 8, FLEET_BUILDER_TENANTS_MAX = 8 };

/* The fleet with its arrays open to change until fleet_builder_finish. */
struct fleet_builder {
    struct fleet fleet;
    struct fleet_site *sites;
    struct fleet_hall *halls;
    struct fleet_feed *feeds;
    struct fleet_rack *racks;
    struct system systems[FLEET_BUILDER_SYSTEMS_MAX];
    struct fleet_tenant tenants[FLEET_BUILDER_TENANTS_MAX];
};

/* A system with one mode "full" and a mode "capped" at 0.8 of its power. */
struct system fleet_builder_system(
    const char *id, int hosts, int chips_per_host, double power_kw, double idle_kw);

/* So many sites, halls in each, feeds in each hall, racks in each feed, all of one system; no
 * limits but the racks', pue 1, nothing costs. Release with fleet_builder_destroy. */
struct fleet_builder *fleet_builder_make(
    int sites, int halls, int feeds, int racks, struct system system);
/* Another kind of system; returns its index for fleet_rack.system. */
int fleet_builder_add_system(struct fleet_builder *builder, struct system system);
void fleet_builder_add_tenant(
    struct fleet_builder *builder, const char *id, double share, double usd_per_hour);
/* Number the hosts; racks without a limit of their own get the system's. */
const struct fleet *fleet_builder_finish(struct fleet_builder *builder);
void fleet_builder_destroy(struct fleet_builder *builder);

/* A training job of tenant "default" on any system. */
struct job_spec fleet_builder_job(int tasks, int chips_per_task, int segment);
/* A row that takes the job's own tasks, segment and chips. */
struct job_system fleet_builder_row(
    const struct job_spec *spec, const char *system, double throughput);

#endif
