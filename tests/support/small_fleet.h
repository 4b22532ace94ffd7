/*
 * small_fleet: random fleets of a few racks, and a floor of our own to count on: what gangs hold,
 * draw and cost, and whether one more would stand, by trying every way. From public figures alone,
 * apart from the scheduler's own books.
 */
#ifndef TESTS_SUPPORT_SMALL_FLEET_H
#define TESTS_SUPPORT_SMALL_FLEET_H

#include "base/rng.h"
#include "scheduler/core.h"
#include "tests/support/fleet_builder.h"

enum { FLOOR_RACKS = 8, FLOOR_HOSTS = 64, FLOOR_TENANTS = 4 };

/* 1 to 5 racks of systems "a" (4 hosts of 4 chips, 100 kW) and "b" (6 of 4, 140 kW) with random
 * places, prices, limits at feed, hall and site, and idle power in half of them. Not finished. */
struct fleet_builder *small_fleet_make(struct rng *rng);

/* What stands where. Plain data: a copy is another floor. The last tenant is all not listed. */
struct floor {
    const struct fleet *fleet;
    uint64_t used[FLOOR_HOSTS];
    double busy_kw[FLOOR_RACKS]; /* added by gangs */
    double usd_per_hour[FLOOR_TENANTS + 1];
    double share[FLOOR_TENANTS + 1];      /* of all that it holds */
    double firm_share[FLOOR_TENANTS + 1]; /* of what can't be interrupted, so can't borrow */
};

struct floor floor_make(const struct fleet *fleet);
/* The gang stands there. Fails the test unless its chips are there and free, all on one site and
 * one kind of system that its manifest allows, each segment in one rack. */
void floor_add(struct floor *floor, const struct gang *gang);
/* Fails the test where a rack, feed, hall or site to which gangs add is past its limit, or a tenant
 * past its budget, or past its share with what can't borrow. */
void floor_assert_limits(const struct floor *floor, uint64_t seed);

/* Replicas that stand at each place, and the most that may. */
struct floor_spread {
    enum job_spread spread; /* JOB_SPREAD_NONE: no matter */
    int at[FLOOR_RACKS];    /* by index of the rack, feed, hall or site */
    int most;
};
/* Of the gang's job. At most ceil(replicas / places that could hold one on the empty fleet). */
struct floor_spread floor_spread_of(
    const struct fleet *fleet, const struct core *core, const struct gang *gang);
/* Would one gang of the job stand within every limit, and bring no less than it costs, by a margin
 * above rounding? */
bool floor_fits(
    const struct floor *floor, const struct job_spec *spec, const struct floor_spread *spread);

#endif
