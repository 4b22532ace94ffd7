/*
 * Can a gang stand on an empty fleet? By trying all ways to share its segments out over the racks
 * of a site, with sums of power and money of its own: no code of the scheduler's is asked.
 */
#ifndef TESTS_SUPPORT_STANDS_ALONE_H
#define TESTS_SUPPORT_STANDS_ALONE_H

#include "scheduler/core.h"

/* On that system. Small fleets only: it tries everything. */
bool stands_alone(
    const struct fleet *fleet, const struct gang *gang, const struct shape_system *system);

#endif
