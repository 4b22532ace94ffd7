/*
 * fleet_private: the growing arrays while a fleet is read; inside topologies/ alone.
 */
#ifndef TOPOLOGIES_FLEET_PRIVATE_H
#define TOPOLOGIES_FLEET_PRIVATE_H

#include "topologies/fleet.h"

struct xml_node;

enum {
    FLEET_HOSTS_MAX = 1000000,
    FLEET_RACKS_MAX = 200000,
    FLEET_NODES_MAX = 100000, /* sites, halls or feeds */
    FLEET_TENANTS_MAX = 10000,
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
    const char *seen_file; /* the document's name of the file last asked about, and our copy */
    const char *kept_file;
};

/* Where the node stands, with a file name that outlives the document. */
struct where fleet_reader_where(struct fleet_reader *reader, const struct xml_node *node);

/* Sites with all below them. 0 or -1 with faults. */
int fleet_read_tree(struct fleet_reader *reader, const struct xml_node *root);

/* Tenants and users. 0 or -1 with faults. */
int fleet_read_people(struct fleet_reader *reader, const struct xml_node *root);

#endif
