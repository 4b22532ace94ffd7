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

enum packing_policy {
    PACKING_BEST_FIT,
    PACKING_CHEAPEST, /* the racks that cost least, whatever is broken */
    PACKING_FIRST_FIT /* for comparison alone */
};

/* What a packing may not use besides what is held: racks or hosts kept for others' reservations. */
typedef bool (*packing_veto_fn)(const void *context, int host);

enum packing_veto { VETO_NONE, VETO_SOME, VETO_ALL };

struct packing_request {
    const struct shape *shape;
    struct packing_where where;
    enum packing_policy policy;
    bool may_borrow;
    packing_veto_fn veto; /* NULL: none */
    const void *veto_context;
    /* How many of the rack's hosts it would name; NULL: it is asked for all. */
    enum packing_veto (*veto_of_rack)(const void *context, int rack);
    const int *rack_tasks_most; /* by rack: most tasks there; NULL: no such limit */
    const int *replicas_at; /* spread: by rack, feed, hall or site (as the manifest says), replicas
                               of the job with tasks there already; NULL: no spread */
    int replicas_most;      /* at one place */
    bool *lacks_room; /* set where none is found for want of hosts alone, whatever power and money
                         say; NULL: not asked */
};

/*
 * Find a place for one gang now. True with *out filled (release with placement_fini); false with
 * *block (may be NULL, and is then not reckoned) saying what holds it back: the limit that comes
 * nearest to letting it in, BLOCKED_RESERVED where only the veto does, BLOCKED_NEVER where the
 * shape says so. Changes nothing. Finds a place whenever there is one, except that a budget or
 * share may miss the cheapest place of a gang with a shorter last segment. Cost: O(racks of the
 * system + hosts used).
 */
bool packing_find(const struct ledger *ledger, const struct packing_request *request,
    struct placement *out, struct block *block);

/* The same on the empty fleet: could it ever stand there? `empty` holds nothing and has all hosts
 * up: ledger_create(fleet, HOST_UP), made once. */
bool packing_find_on_empty(
    const struct ledger *empty, const struct shape *shape, int system, struct block *block);

/* Fill in `never`, in words, for the systems where the gang does not stand on the empty fleet. */
void packing_mark_never(const struct ledger *empty, struct shape *shape);

/* Spread: the most replicas that one place may hold: ceil(replicas ÷ places that could hold one
 * when empty); INT_MAX without spread, or where no place could. */
int packing_spread_most(const struct ledger *empty, const struct shape *shape, int replicas);

void placement_fini(struct placement *placement);

#endif
