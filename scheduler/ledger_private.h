/*
 * ledger_private: the ledger's insides, for ledger*.c and packing*.c alone. All of it is flat
 * arrays and indices, so that a copy is a handful of copies of memory.
 *
 * Two levels hold who has what: a holding is a holder's tasks on one host, a stake its chips in one
 * rack. Lists are in order of holder id, so that sums do not depend on the order of events.
 */
#ifndef SCHEDULER_LEDGER_PRIVATE_H
#define SCHEDULER_LEDGER_PRIVATE_H

#include "scheduler/id_map.h"
#include "scheduler/ledger.h"

#include <stddef.h>

enum { LEDGER_NONE = -1, LEDGER_LEVELS = POWER_SITE + 1, LEDGER_ACCOUNTS_A_BLOCK = 64 };

/* A system of the catalog as the ledger counts it, and its racks in fleet order. */
struct ledger_kind {
    int chips_per_host;
    int chip_count;
    int64_t free_chips;                    /* of all its racks */
    uint64_t all_chips;                    /* of a host */
    bool counts_cores;                     /* the host's cores or memory are known */
    double cores_a_chip, memory_gb_a_chip; /* of a host; 0: not known */
    int64_t freed_stamp;        /* another one whenever a host of it may have got more room */
    int first_rack, rack_count; /* a run of ledger->kind_racks */
};

struct ledger_holding {
    int slot; /* of the holder */
    int next; /* on the host: into ledger->holdings; of the free list */
    int task_count;
    uint64_t chips;
};

struct ledger_host {
    uint64_t free; /* what a new gang could take: 0 unless up */
    uint64_t held, bad;
    /* The holding of the lowest holder id, in place: most hosts have one, and whole gangs are tried
     * on thousands of them. Slot LEDGER_NONE: there is none. */
    struct ledger_holding first;
    uint8_t state; /* enum host_state; small, as there are many hosts */
    bool is_short; /* its cores or memory are used beyond the share of its held chips */
};

struct ledger_rack {
    int first_bin; /* ledger->bins[first_bin + f]: hosts with f free chips */
    int free_chips;
    int down_count, short_count; /* hosts */
    int first_stake;
    double committed_kw;
    double excess_kw; /* measured above committed, at the last measurement */
};

struct ledger_stake {
    int slot, rack;
    int chip_count; /* 0: cores alone */
    int next_in_rack;
    int next_of_holder; /* in order of rack; of the free list */
};

struct ledger_held {
    struct holder holder; /* id 0: the slot is free */
    struct task_place *places;
    int place_count;
    bool is_partial; /* some of its hosts are released */
    int first_stake;
    int next_free;
    double full_kw; /* what it would add holding a whole rack, in its mode */
    double usd_per_hour;
    double share; /* of the fleet, borrowed or not */
    int account;  /* index in its tenant's accounts */
};

/* Money and shares of a tenant's holders, with sums by block so that a change is cheap. */
struct ledger_account {
    int slot;
    double usd_per_hour;
    double share; /* 0 where borrowed */
};
struct ledger_sums {
    double usd_per_hour, share;
};
struct ledger_tenant {
    struct ledger_account *accounts;
    size_t account_count, account_capacity;
    struct ledger_sums *blocks;
    size_t block_capacity;
};

struct ledger {
    const struct fleet *fleet;
    struct ledger_kind *kinds; /* by system of the catalog */
    int64_t last_stamp;
    int *kind_racks;
    struct ledger_host *hosts;
    struct ledger_rack *racks;
    int *bins;
    int bin_count;
    double *host_cores_used;     /* by host; NULL where no system's cores or memory are known */
    double *host_memory_gb_used; /* likewise */

    double *load_kw[LEDGER_LEVELS];  /* by index; a site's at the meter */
    double *limit_kw[LEDGER_LEVELS]; /* in force */

    struct ledger_held *held;
    size_t held_count, held_capacity;
    int free_held;
    struct ledger_holding *holdings;
    size_t holding_count, holding_capacity;
    int free_holding;
    struct ledger_stake *stakes;
    size_t stake_count, stake_capacity;
    int free_stake;
    struct id_map ids;

    struct ledger_tenant *tenants; /* by index, and a last one for those not listed */
    double fleet_usd_per_hour;     /* of all racks */
    int64_t fleet_chip_count;

    /* The first thing that a decision took past its limit, and is past it since (invariant 3). */
    bool went_past;
    struct block past;
    holder_id past_holder;
};

const struct ledger_kind *ledger_rack_kind(const struct ledger *ledger, int rack);
const struct shape_system *ledger_holder_system(const struct holder *holder);

/* --- ledger_hosts.c */

void ledger_hosts_create(struct ledger *ledger, enum host_state initial);
/* Its holdings, state or bad chips changed: free chips, bins, cores. */
void ledger_refresh_host(struct ledger *ledger, int host);
void ledger_add_holding(struct ledger *ledger, int slot, int host, int task_count, uint64_t chips);
void ledger_remove_holding(struct ledger *ledger, int slot, int host);

/* How many tasks hosts take, ready to be asked for many hosts. */
struct ledger_need {
    const struct shape *shape;
    const struct shape_system *system;
    int chips_per_host;
    int by_free[65];  /* tasks that a host takes, by its free chips */
    bool is_by_chips; /* then by_free alone tells, on hosts that are not short */
};
struct ledger_need ledger_make_need(
    const struct ledger *ledger, const struct shape *shape, const struct shape_system *system);
int ledger_host_task_room(const struct ledger *ledger, const struct ledger_need *need, int host);
/* Of a rack of the need's system, by chips, cores and memory. */
int ledger_need_room(const struct ledger *ledger, const struct ledger_need *need, int rack);

/* --- ledger_power.c */

void ledger_power_create(struct ledger *ledger);
/* Racks are touched in fleet order; feeds, halls and sites are summed again once each. */
struct ledger_touch {
    int feed, hall, site;
};
struct ledger_touch ledger_touch_begin(void);
void ledger_touch_rack(struct ledger *ledger, struct ledger_touch *touch, int rack);
void ledger_touch_end(struct ledger *ledger, struct ledger_touch *touch);
/* (P × mode × pi - idle) of a holder, at least 0. */
double ledger_full_kw(const struct ledger *ledger, const struct holder *holder);
double ledger_stake_kw(const struct ledger *ledger, const struct ledger_stake *stake);
/* Would load + added (IT kW; × pue at a site) still hold? Never, when it is at its limit now. */
bool ledger_power_admits(
    const struct ledger *ledger, enum power_level level, int index, double added_kw);
/* Remember it if the holder's start or mode left something past its limit. */
void ledger_note_power(struct ledger *ledger, int slot);

/* --- ledger_money.c */

void ledger_money_create(struct ledger *ledger);
/* Reckon a holder's dollars and share again and put them into its tenant's sums. */
void ledger_open_account(struct ledger *ledger, int slot);
void ledger_refresh_account(struct ledger *ledger, int slot);
void ledger_close_account(struct ledger *ledger, int slot);
void ledger_note_money(struct ledger *ledger, int slot);
/* Is a sum of dollars or shares within its limit, but for rounding? */
bool ledger_money_holds(double value, double limit);
double ledger_tenant_share_limit(const struct ledger *ledger, int tenant);
double ledger_tenant_usd_limit(const struct ledger *ledger, int tenant);
/* The share of the fleet that one chip of a rack is. */
double ledger_chip_share(const struct ledger *ledger, int rack);

/* --- ledger_stakes.c */

/* Into its rack's list; the holder's list is the caller's. */
int ledger_add_stake(struct ledger *ledger, int slot, int rack, int chip_count);
/* Out of its rack's list and into the free list; the holder's list is the caller's. */
void ledger_remove_stake(struct ledger *ledger, int stake);

/* Places in order of host: borrowed when they are so already, else a copy in *copy (gives). */
const struct task_place *ledger_sort_places(
    const struct task_place *places, int count, struct task_place **copy);
/* Places of one host, or of one rack, in a row. Returns how many there are from the first on. */
int ledger_host_run(const struct task_place *places, int count);
int ledger_rack_run(const struct fleet *fleet, const struct task_place *places, int count);

#endif
