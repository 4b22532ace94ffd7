/*
 * ledger: who holds which chips, and what that draws and costs: the state that every decision reads
 * and every start and end changes. Loads are recomputed from whole chip counts, never accumulated.
 *
 * A holder is one attempt of one gang. A holding is a holder's chips on one host. What is reserved
 * for a gang being started, stopping, or not yet fenced is held like what runs.
 */
#ifndef SCHEDULER_LEDGER_H
#define SCHEDULER_LEDGER_H

#include "scheduler/shape.h"
#include "topologies/fleet.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger; /* opaque */

enum host_state { HOST_UP, HOST_SUSPECT, HOST_DOWN, HOST_DRAINED, HOST_UNKNOWN };
extern const char *const HOST_STATE_NAMES[];

/* One task of a gang on a host. */
struct task_place {
    int host;
    uint64_t chips; /* bit i: chip i of the host; 0 for cores alone */
};

/* A whole gang's place: all its tasks, in order of rank. Plain data. */
struct placement {
    int system; /* index into the shape's systems */
    int site;
    struct task_place *tasks;
    int task_count;
    double usd_per_hour; /* of the chips held and the added energy */
    double kw;           /* IT power that it adds */
};

typedef int64_t holder_id; /* the core gives them: an attempt; > 0 */

/* Every host starts in `initial`; for place and simulate HOST_UP. Borrows the fleet. */
struct ledger *ledger_create(const struct fleet *fleet, enum host_state initial);
void ledger_destroy(struct ledger *ledger);
const struct fleet *ledger_fleet(const struct ledger *ledger);
/* A copy to try things on: O(hosts + holdings), a few ms at one gigawatt. */
struct ledger *ledger_copy(const struct ledger *ledger);

/* --- Holdings. The caller has checked that chips are free and limits hold (ledger_fits). */

/* What a holder is, for power, dollars and shares. */
struct holder {
    holder_id id;
    const struct shape *shape; /* borrowed; must outlive the holding */
    int shape_system;
    int mode;          /* power mode of its system: 0 unless capped */
    bool is_borrowing; /* counted as borrowed share */
    bool is_adopted;   /* ran already when the ledger was made (restart, place --running): no
                          decision of ours, so no limit was asked */
};

void ledger_hold(
    struct ledger *ledger, const struct holder *holder, const struct placement *placement);
/* Release all that it holds; a holder that holds nothing is an assertion. */
void ledger_release(struct ledger *ledger, holder_id id);
/* One of its hosts is fenced or ended on its own: release its chips there, if it has any. With its
 * last host the holder is gone. */
void ledger_release_host(struct ledger *ledger, holder_id id, int host);
void ledger_set_mode(struct ledger *ledger, holder_id id, int mode);

const struct holder *ledger_find_holder(const struct ledger *ledger, holder_id id);
/* The places it holds now (rank order of what is left); borrowed until the next change. */
const struct task_place *ledger_places(const struct ledger *ledger, holder_id id, int *count);

/* --- Hosts and chips */

void ledger_set_host_state(struct ledger *ledger, int host, enum host_state state);
enum host_state ledger_host_state(const struct ledger *ledger, int host);
void ledger_set_bad_chips(struct ledger *ledger, int host, uint64_t bad);
/* Another number whenever a host of that kind of system may have come to have more room. Who puts
 * back all that was freed since may set the number of then. */
int64_t ledger_freed_stamp(const struct ledger *ledger, int system);
void ledger_set_freed_stamp(struct ledger *ledger, int system, int64_t stamp);
/* Chips that a new gang could take on it now: 0 unless it is up. */
uint64_t ledger_free_chips(const struct ledger *ledger, int host);
int ledger_rack_free_chips(const struct ledger *ledger, int rack);
/* Of all racks with that system (index into the catalog). */
int64_t ledger_system_free_chips(const struct ledger *ledger, int system);
/* Hosts of the rack with all chips free and usable. */
int ledger_rack_free_hosts(const struct ledger *ledger, int rack);
bool ledger_rack_is_whole(const struct ledger *ledger, int rack);
/* Tasks of the shape that the rack could take by chips, cores and memory, now. */
int ledger_rack_task_room(const struct ledger *ledger, int rack, const struct shape *shape,
    const struct shape_system *system);
/* Who has tasks on a host (cores alone too), by id: fills at most max, returns how many there are.
 */
int ledger_host_holders(const struct ledger *ledger, int host, holder_id *ids, int max);

/* --- Power: kW of IT load committed, and the limits in force */

enum power_level { POWER_RACK, POWER_FEED, POWER_HALL, POWER_SITE };
extern const char *const POWER_LEVEL_NAMES[];

/* How many places of a level there are. */
int ledger_level_count(const struct fleet *fleet, enum power_level level);
/* The index at a level of what a rack stands in. */
int ledger_rack_at(const struct fleet *fleet, int rack, enum power_level level);
/* Its path, as the fleet names it; in `buffer` (FLEET_NAME_SIZE), or of the fleet itself. */
const char *ledger_place_path(
    const struct fleet *fleet, enum power_level level, int index, char *buffer);

/* Committed = idle of powered racks + what holders add; at a site, × pue (at the meter). A rack is
 * powered unless all its hosts are down and nothing is held there. What a measurement was above the
 * committed is added until the next measurement. */
double ledger_load_kw(const struct ledger *ledger, enum power_level level, int index);
double ledger_limit_kw(const struct ledger *ledger, enum power_level level, int index);
void ledger_set_limit_kw(struct ledger *ledger, enum power_level level, int index, double kw);
void ledger_set_measured_kw(struct ledger *ledger, int rack, double kw); /* 0: none */
/* IT kW (at a site too) that a decision may still add under the limit of that one thing, tolerance
 * included; 0 at or above the limit; INFINITY without one. */
double ledger_left_kw(const struct ledger *ledger, enum power_level level, int index);
/* The same under the limits at a rack and of all above it. */
double ledger_rack_headroom_kw(const struct ledger *ledger, int rack);
/* IT kW that a holder adds at one thing: what its stop would free there. O(racks that it holds). */
double ledger_holder_kw(
    const struct ledger *ledger, holder_id id, enum power_level level, int index);

/* --- Money and shares, by tenant index (-1: not listed) */

double ledger_tenant_usd_per_hour(const struct ledger *ledger, int tenant);
/* The part of the fleet (chips weighted by usd-per-hour) that it holds, without what it borrowed.
 */
double ledger_tenant_share(const struct ledger *ledger, int tenant);
/* What a holder costs now, in its mode. */
double ledger_holder_usd_per_hour(const struct ledger *ledger, holder_id id);
/* The part of the fleet that a holder holds, borrowed or not. */
double ledger_holder_share(const struct ledger *ledger, holder_id id);
/* Its tenant's share has room for what it borrowed: it counts there from now on. */
void ledger_repay(struct ledger *ledger, holder_id id);
/* Fill in the kw and usd_per_hour of a placement whose system, site and tasks are given. */
void ledger_price_placement(
    const struct ledger *ledger, const struct shape *shape, struct placement *placement);
/* The weight of a placement in that measure: a fraction of the fleet. */
double ledger_share_weight(
    const struct ledger *ledger, const struct placement *placement, const struct shape *shape);

/* --- Does it fit */

enum blocked_by {
    BLOCKED_NOT,
    BLOCKED_CHIPS,
    BLOCKED_DOMAINS,
    BLOCKED_RACK_POWER,
    BLOCKED_FEED_POWER,
    BLOCKED_HALL_POWER,
    BLOCKED_SITE_POWER,
    BLOCKED_BUDGET,
    BLOCKED_SHARE,
    BLOCKED_DEPENDENCY,
    BLOCKED_RESERVED,
    BLOCKED_HELD,
    BLOCKED_VALUE,
    BLOCKED_NEVER
};
extern const char *const BLOCKED_BY_NAMES[];

/* One reason, with both figures, as formats.md's `reasons` has it. */
struct block {
    enum blocked_by by;
    enum power_level level; /* of `where`, for power */
    int where;              /* index at that level; site for chips and domains; -1: nowhere */
    double needs, has;
    const char *unit; /* "kW", "chips", "tasks" (of cores alone), "domains", "USD/h", "share" */
};

/* Would the placement keep every rack, feed, hall, site, budget and share limit (share only unless
 * may_borrow)? If not, fills *block (may be NULL) with the first that it breaks. Hosts, chips,
 * cores and memory are checked too. The load of what is at or above its limit must not rise. */
bool ledger_fits(const struct ledger *ledger, const struct shape *shape,
    const struct placement *placement, bool may_borrow, struct block *block);

/* Invariants 1 to 3 of the scheduling model, as far as they are seen here, from scratch; NULL if
 * all hold, else what is broken (gives, mem_free). Of 3: whether a hold or a mode ever took
 * something past its limit, adopted holders aside. O(hosts + holdings): for tests and debug builds.
 */
char *ledger_check(const struct ledger *ledger);

#endif
