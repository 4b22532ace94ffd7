/*
 * hall: a fleet made by hand, a job, and what packing says to it, for tests of packing.
 */
#ifndef TESTS_SUPPORT_HALL_H
#define TESTS_SUPPORT_HALL_H

#include "scheduler/packing.h"
#include "tests/support/fleet_builder.h"

/* A fleet, a job and what packing says to it. */
struct hall {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct job_spec spec;
    struct shape *shape;
    struct packing_request request;
    struct placement placement;
    struct block block;
    struct shape *filler; /* one host or a part of it, to hold what is not free */
    struct job_spec filler_spec;
    holder_id next_id;
};

/* GB300 racks: 18 hosts of 4 chips; 144 kW busy, none idle. */
struct system hall_gb300(void);

/* Takes the builder, which the test may change until hall_open; that comes once the hall stands
 * still in memory. Release with hall_close. */
struct hall hall_make(struct fleet_builder *builder, int tasks, int chips_per_task, int segment);
void hall_open(struct hall *h);
void hall_close(struct hall *h);

/* Hold so many chips of each of so many hosts of a rack, from its end. */
void hall_occupy(struct hall *h, int rack, int hosts, int chips);

/* Ask packing; the answer is in placement and block. */
bool hall_find(struct hall *h);
/* Hold what was found: it must fit, and break nothing. */
void hall_hold_found(struct hall *h);
/* Of what was found: the rack of a task, the tasks in a rack. */
int hall_rack_of(const struct hall *h, int task);
int hall_tasks_in(const struct hall *h, int rack);

#endif
