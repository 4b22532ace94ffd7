/*
 * site: a data centre as capacity planning sees it: power, energy price, floor, place.
 */
#ifndef TOPOLOGIES_SITE_H
#define TOPOLOGIES_SITE_H

#include "topologies/dated.h"

struct arena;
struct xml_node;

struct site {
    const char *id;
    const char *region;
    const char *jurisdiction;
    double pue;
    double oversubscription;           /* nameplate power may exceed the limit by this factor */
    double rack_positions;             /* INFINITY: no limit */
    struct dated rack_positions_dated; /* replaces rack_positions from its first row on */
    struct dated power_mw;             /* at the meter; 0 before the first row */
    struct dated energy_usd_per_mwh;
    struct dated energy_kg_co2_per_mwh;
    struct where where;
};

/* Read a <site> of a scenario into *out. Faults go to the list. Returns 0 or -1. */
int site_read(
    const struct xml_node *node, struct arena *arena, struct site *out, struct faults *faults);

/* Floor positions in a period that starts in that month; INFINITY: no limit. */
double site_rack_positions_at(const struct site *site, date_month month);

#endif
