/*
 * fleet_private: the growing arrays while a fleet is read; inside topologies/ alone.
 */
#ifndef TOPOLOGIES_FLEET_PRIVATE_H
#define TOPOLOGIES_FLEET_PRIVATE_H

#include "base/keeper.h"
#include "topologies/fleet.h"
#include "topologies/ids.h"

struct xml_node;

enum {
    FLEET_HOSTS_MAX = 1000000,
    FLEET_RACKS_MAX = 200000,
    FLEET_NODES_MAX = 100000, /* sites, halls or feeds */
    FLEET_TENANTS_MAX = 10000,
    FLEET_NAMES_MAX = 1000000, /* that ranges may make in all, so that no file takes long */
    FLEET_CHIPS_PER_HOST_MAX = 64
};

/* What is read so far; the arrays become the fleet's when it is done. */
struct fleet_reader {
    struct fleet *fleet;
    struct arena *arena;
    struct faults *faults;
    struct fleet_site *sites;
    size_t site_capacity;
    struct fleet_hall *halls;
    size_t hall_capacity;
    struct fleet_feed *feeds;
    size_t feed_capacity;
    struct fleet_rack *racks;
    size_t rack_capacity;
    struct keeper keeper;
    struct ids tenant_ids, user_names; /* by their index in the fleet */
    size_t name_count;                 /* made by ranges so far, at most FLEET_NAMES_MAX */
    bool is_full;                      /* a size limit was met, and said: read no more */
};

/* Sites with all below them. 0 or -1 with faults. */
int fleet_read_tree(struct fleet_reader *reader, const struct xml_node *root);

/* Tenants and users. 0 or -1 with faults. */
int fleet_read_people(struct fleet_reader *reader, const struct xml_node *root);

/* The start of the names of a rack's hosts, "oregon-h1-f03-r07", into buffer of at least
 * FLEET_NAME_SIZE bytes; returns buffer. */
const char *fleet_rack_host_prefix(const struct fleet *fleet, int rack, char *buffer);

/* Ids are unique within their parent, host names in the fleet. 0 or -1 with faults. */
int fleet_check_names(const struct fleet *fleet, struct faults *faults);

/* Warns of limits below what stands idle under them. */
void fleet_check_power(const struct fleet *fleet, struct faults *faults);

#endif
