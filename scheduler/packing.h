/*
 * packing: which hosts and chips a gang takes: each segment into the domain where it leaves least
 * (best fit), a gang's segments into as few feeds, then halls, as possible, always one site and one
 * kind of system; broken domains before whole free ones; within every power limit.
 */
#ifndef SCHEDULER_PACKING_H
#define SCHEDULER_PACKING_H

#include "scheduler/ledger.h"

struct packing_where {
    int system; /* index into the shape's systems */
    int site;   /* -1: any */
    int hall;   /* -1: any */
    int feed;   /* -1: any */
};

enum packing_policy { PACKING_BEST_FIT, PACKING_FIRST_FIT /* for comparison alone */ };

/* What a packing may not use besides what is held: racks or hosts kept for others' reservations. */
typedef bool (*packing_veto_fn)(const void *context, int host);

struct packing_request {
    const struct shape *shape;
    struct packing_where where;
    enum packing_policy policy;
    bool may_borrow;
    packing_veto_fn veto; /* NULL: none */
    const void *veto_context;
    const int *replicas_at; /* spread: replicas of the job at each place already; NULL: no spread */
    int replicas_most;      /* at one place */
};

/*
 * Find a place for one gang now. True with *out filled (release with placement_fini); false with
 * *block saying what holds it back (the limit that comes nearest to letting it in). Changes
 * nothing. Cost: O(racks of the system + hosts used).
 */
bool packing_find(const struct ledger *ledger, const struct packing_request *request,
    struct placement *out, struct block *block);

/* The same on the empty fleet: could it ever stand there? For `never`. */
bool packing_find_on_empty(
    const struct fleet *fleet, const struct shape *shape, int system, struct block *block);

void placement_fini(struct placement *placement);

#endif
