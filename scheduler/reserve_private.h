/*
 * The list of reservations and claims with its marks by host and by rack, which reserve.c keeps and
 * reserve_ahead.c fills. Inside scheduler/ alone.
 */
#ifndef SCHEDULER_RESERVE_PRIVATE_H
#define SCHEDULER_RESERVE_PRIVATE_H

#include "scheduler/decide.h"

/* What the reservations of a rack's hosts have in common. */
struct rack_veto {
    int host_count;            /* reserved */
    int64_t first_ms, last_ms; /* earliest and latest of them; INT64_MIN: closed */
    signed char low_tier, top_tier;
    int64_t gang; /* whose they are; NOBODY: of several */
};

struct reservations {
    struct reservation *list;
    size_t count, capacity;
    int64_t *host_from_ms;     /* by host: the earliest reservation there; INT64_MAX: none */
    int64_t *host_gang;        /* by host: whose it is */
    signed char *host_tier;    /* by host: of that gang */
    bool *host_is_closed;      /* by host: held or claimed: for nobody else at any time */
    struct rack_veto *racks;   /* by rack */
    const struct fleet *fleet; /* borrowed */
    int host_count, rack_count;
    int64_t freed_stamp; /* another one whenever a host may be open to more than before */
};

/* Take it over, with its placement and victims. */
void reservations_add(struct core *core, const struct reservation *reservation);
/* All but claims. */
void reservations_drop_unclaimed(struct core *core);

#endif
