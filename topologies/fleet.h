/*
 * fleet: what stands on the floor, for the scheduler: sites, halls, feeds, racks, hosts, and the
 * tenants who share them. A tree in flat arrays: children of a node are a run of the next array. A
 * rack is one system, so one scale-up domain. Plain data, checked, immutable once loaded.
 */
#ifndef TOPOLOGIES_FLEET_H
#define TOPOLOGIES_FLEET_H

#include "topologies/catalog.h"

#include <stddef.h>

struct arena;
struct faults;

struct fleet_site {
    const char *id;
    const char *region;
    const char *jurisdiction;
    double power_kw; /* at the meter: IT × pue; INFINITY: no limit */
    double pue;
    double usd_per_mwh;
    int first_hall, hall_count;
    struct where where;
};

struct fleet_hall {
    const char *id;
    int site;
    double power_kw; /* IT; INFINITY: no limit */
    int first_feed, feed_count;
    struct where where;
};

struct fleet_feed {
    const char *id;
    int hall, site;
    double power_kw;      /* IT; INFINITY: no limit */
    double reclaim_share; /* of measured headroom that may be lent; 0: none */
    int first_rack, rack_count;
    struct where where;
};

struct fleet_rack {
    const char *id;
    int feed, hall, site;
    int system;      /* index into the catalog */
    double power_kw; /* IT limit; the system's where none is given */
    double usd_per_hour;
    int first_host, host_count;
    struct where where;
};

struct fleet_tenant {
    const char *id;
    double share;        /* of the fleet's chips weighted by usd-per-hour */
    double usd_per_hour; /* INFINITY: no limit */
    struct where where;
};

enum fleet_role { FLEET_ROLE_VIEW = 1, FLEET_ROLE_SUBMIT = 2, FLEET_ROLE_OPERATE = 4 };

struct fleet_user {
    const char *name;
    unsigned roles;             /* bits of enum fleet_role */
    const char *const *tenants; /* NULL: any */
    size_t tenant_count;
    int priority_max;
    struct where where;
};

struct fleet {
    const char *name;
    const char *path;
    struct catalog catalog;
    const struct fleet_site *sites;
    int site_count;
    const struct fleet_hall *halls;
    int hall_count;
    const struct fleet_feed *feeds;
    int feed_count;
    const struct fleet_rack *racks;
    int rack_count;
    int host_count;
    const int *host_rack;  /* by host: its rack */
    const int *rack_slots; /* racks by the hash of their hosts' names: rack + 1, 0: free; NULL:
                              made by hand, names are searched one by one */
    size_t rack_slot_count;
    const struct fleet_tenant *tenants;
    int tenant_count; /* 0: no shares at all */
    const struct fleet_user *users;
    int user_count;
    double default_wall_minutes; /* an estimate of length, not a kill */
    bool allow_root;
    struct arena *arena; /* owns all of it */
};

enum { FLEET_NAME_SIZE = 288 }; /* a host's name: four ids of up to 64, "-tNN" */

/* Read, expand and check a fleet file. NULL with faults. Release with fleet_destroy. Limits:
 * 1,000,000 hosts, 64 chips a host. */
struct fleet *fleet_load(const char *path, const char *data_folder, struct faults *faults);
struct fleet *fleet_parse(const char *bytes, size_t count, const char *name, struct faults *faults);
void fleet_destroy(struct fleet *fleet);
/* As if it had no tenants, so neither shares nor budgets: for jobs that are nobody's. */
void fleet_drop_tenants(struct fleet *fleet);

const struct system *fleet_rack_system(const struct fleet *fleet, int rack);

/* "oregon-h1-f03-r07-t12" into buffer of at least FLEET_NAME_SIZE bytes; returns buffer. */
const char *fleet_host_name(const struct fleet *fleet, int host, char *buffer);
/* "oregon/h1/f03/r07" and the like. */
const char *fleet_rack_path(const struct fleet *fleet, int rack, char *buffer);
const char *fleet_feed_path(const struct fleet *fleet, int feed, char *buffer);
const char *fleet_hall_path(const struct fleet *fleet, int hall, char *buffer);

/* Index of a host, tenant; -1 when absent. Hosts: O(1). */
int fleet_find_host(const struct fleet *fleet, const char *name);
int fleet_find_tenant(const struct fleet *fleet, const char *id);

#endif
