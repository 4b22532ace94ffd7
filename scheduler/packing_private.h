/*
 * packing_private: the parts of a packing, for packing*.c alone.
 *
 * Rack, feed, hall and site limits are nested, and full segments are all alike, so how many of them
 * fit is a question of capacities in a tree: a rack takes its room ÷ segment whole segments, a node
 * above takes the sum below it, or what its power admits if that is less. Any way of filling the
 * tree that leaves no room for one more reaches that sum (the sets that fit are the independent
 * sets of a laminar matroid). So a place is found whenever there is one, and the order of filling
 * is free to serve fit.
 *
 * A shorter last segment, too: if it fits at a rack r beside some filling F, it fits somewhere
 * beside any filling G of as many segments. Go up from r to the topmost node v where G has more
 * segments than F (is there none, it fits at r). The parent of v has no more in G than in F, so
 * another child has fewer, and below it there is a path down where each node has fewer: room for a
 * full segment, hence for the short one, and above there is as much room as beside F.
 */
#ifndef SCHEDULER_PACKING_PRIVATE_H
#define SCHEDULER_PACKING_PRIVATE_H

#include "scheduler/ledger_private.h"
#include "scheduler/packing.h"

enum { PACKING_PLENTY = INT32_MAX / 4, PACKING_ALL_LEVELS = (1 << LEDGER_LEVELS) - 1 };

/* What is looked for, and where. */
struct packing_search {
    const struct ledger *ledger;
    const struct packing_request *request;
    const struct shape_system *wants;
    struct ledger_need need;
    double task_kw;
    int full_count;  /* segments of full size */
    int short_tasks; /* of a shorter last one; 0: none */
    unsigned levels; /* bit by power_level: whose limits count */
    bool has_veto;
    const int *racks; /* of the system, within request->where, in fleet order */
    int rack_count;
};

struct packing_rack {
    int rack;
    int feed; /* index into the floor's feeds */
    int room; /* tasks that it may still take */
    int free_chips;
    int full_tasks, short_tasks; /* what is planned here */
};

/* A feed, hall or site with racks that have room. */
struct packing_node {
    int index; /* in the fleet */
    int parent;
    int first_rack, rack_count; /* of the floor's racks */
    int first, count;           /* of the floor's nodes one level below; racks for a feed */
    int room;                   /* tasks that its own power limit still admits */
    int planned_tasks;
    int64_t sum; /* full segments that fit below */
    int64_t cap; /* … and within its own limit */
};

/* The racks with room and what stands above them; all that a plan needs to know. */
struct packing_floor {
    struct packing_rack *racks;
    int rack_count;
    struct packing_node *nodes[LEDGER_LEVELS]; /* from POWER_FEED on */
    int node_count[LEDGER_LEVELS];
    int64_t *keys; /* to sort racks or feeds by */
};

/* --- packing_room.c */

struct packing_search packing_start(
    const struct ledger *ledger, const struct packing_request *request);
/* Tasks that a power limit admits; PACKING_PLENTY where it does not count. */
int packing_power_room(const struct packing_search *search, enum power_level level, int index);
/* Tasks that a rack takes by its hosts, spread and own power limit. */
int packing_rack_room(const struct packing_search *search, int rack);
/* Tasks that a host of such a rack takes. */
int packing_host_room(const struct packing_search *search, int rack, int host);

/* --- packing_floor.c */

void packing_floor_init(struct packing_floor *floor, const struct packing_search *search);
void packing_floor_fini(struct packing_floor *floor);
/* Reckon all sums and caps, from what is free now. */
void packing_floor_sum(struct packing_floor *floor, int segment_tasks);
/* Plan tasks at a rack (take them back: a negative number). */
void packing_floor_take(struct packing_floor *floor, int rack, int tasks);
/* Tasks that a rack may take within all limits above it. */
int packing_floor_room(const struct packing_floor *floor, int rack);
/* Full segments that fit its site when the short one is put at this rack; -1: it does not go. */
int64_t packing_floor_cap_beside_short(
    const struct packing_floor *floor, const struct packing_search *search, int rack);
/* Does the whole gang fit a site (an index into the floor's sites)? Needs the sums. */
bool packing_floor_fits(
    const struct packing_floor *floor, const struct packing_search *search, int site);
/* Segments that fit a site, the short one counted too. */
int64_t packing_floor_segments(
    const struct packing_floor *floor, const struct packing_search *search, int site);

/* --- packing_rack.c: the rack that takes the whole gang and is left with least; LEDGER_NONE */
int packing_find_rack(const struct packing_search *search);

/* --- packing_plan.c, packing_segments.c, packing_tasks.c: how many tasks at which racks */

enum packing_order { PACKING_BY_FIT, PACKING_BY_INDEX, PACKING_BY_PRICE };
/* False where it fits no site; else the plan is in the racks. Needs the sums. */
bool packing_plan(
    struct packing_floor *floor, const struct packing_search *search, enum packing_order order);
/* The same in one site, where it fits: segments by domain; tasks in as few domains as can be. */
void packing_plan_segments(
    struct packing_floor *floor, const struct packing_search *search, int site);
void packing_plan_tasks(struct packing_floor *floor, const struct packing_search *search, int site);
/* Take back what is planned below a node. */
void packing_unplan(struct packing_floor *floor, const struct packing_node *node);
void packing_take_full(struct packing_floor *floor, int rack, int tasks);
void packing_take_short(struct packing_floor *floor, const struct packing_search *search, int rack);
/* Smaller first; packs a key and an index into one number. */
int64_t packing_key(int64_t key, int index);
int packing_key_index(int64_t key);
void packing_sort(int64_t *keys, int count);

/* --- packing_hosts.c: the plan as hosts and chips, in order of rank */
void packing_place(const struct packing_search *search, const struct packing_rack *racks,
    int rack_count, struct placement *out);

/* --- packing_block.c: why it does not fit */
void packing_explain(const struct packing_search *search, struct block *block);

#endif
