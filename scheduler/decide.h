/*
 * decide: the steps that quick decisions, full rounds and baselines share: may this gang use that
 * system, where would it go now, what is that worth. Inside scheduler/ alone.
 */
#ifndef SCHEDULER_DECIDE_H
#define SCHEDULER_DECIDE_H

#include "scheduler/core_private.h"

/* May it run there at all: not never, and of its stack after a first start. */
bool decide_allows(const struct core *core, const struct core_gang *gang, int shape_system);

/*
 * A place for it now, within every limit and others' reservations; a cheap one where it would not
 * pay elsewhere. `where.system` is one of its shape's systems. False: *block (may be NULL) says
 * why. The caller releases *out.
 */
bool decide_find(const struct core *core, const struct core_gang *gang, struct packing_where where,
    bool may_borrow, struct placement *out, struct block *block);

/* The same with at most so many tasks on each rack (NULL: any). */
bool decide_find_on(const struct core *core, const struct core_gang *gang,
    struct packing_where where, const int *rack_tasks_most, enum packing_policy policy,
    bool may_borrow, struct placement *out);

/* The best net value over its systems, anywhere; false where none fits with a net value of at
 * least `least`. */
bool decide_find_best(const struct core *core, const struct core_gang *gang, bool may_borrow,
    double least, struct placement *out);

/* Dollars an hour that it brings at most on that system: at the cheapest racks of the fleet. */
double decide_best_value(const struct core *core, const struct core_gang *gang, int shape_system);

/* Would it be worth starting anywhere (a net value of 0 or more)? */
bool decide_pays(const struct core *core, const struct core_gang *gang);

/* What failed while nothing was released fails again for whoever asks for no less. {0} is empty. */
enum { FAILED_ASKS_MOST = 64 };
struct failed_asks {
    const struct core_gang *gangs[FAILED_ASKS_MOST];
    size_t count;
};
bool decide_has_failed(const struct failed_asks *failed, const struct core_gang *gang);
void decide_note_failed(struct failed_asks *failed, const struct core_gang *gang);

/* Start it, counted as borrowed if that takes it past its tenant's share. */
void decide_start(
    struct core *core, struct core_gang *gang, struct placement *placement, struct actions *out);

/* What stopping it would throw away: its value since the last checkpoint, or start. */
double decide_loss_usd(const struct core *core, const struct core_gang *gang);

/* --- trial.c: what if: changes to the ledger that are taken back */

struct trial; /* opaque; borrows the core */
struct trial *trial_begin(struct core *core);
/* As if that running gang were gone. */
void trial_release(struct trial *trial, struct core_gang *gang);
/* Take the last release back; the gang must be the last one released. */
void trial_restore_last(struct trial *trial);
/* As if a gang stood there too; the placement is copied. */
void trial_hold(
    struct trial *trial, const struct core_gang *gang, const struct placement *placement);
/* Everything as it was; the trial is gone. */
void trial_end(struct trial *trial);

/* --- reserve.c */

struct reservation {
    struct core_gang *gang;
    int64_t from_ms;
    bool is_holding;    /* passed over for a day: nobody else starts there */
    bool is_claim;      /* others are being stopped for it: it starts as soon as they are gone */
    holder_id *victims; /* of a claim: attempts that are being stopped for it; owned */
    size_t victim_count;
    struct placement placement; /* owned */
};
/* May the gang not use that host, if it ran until end_ms? A reservation binds its own tier and
 * those below; a claim binds all. */
bool reservations_veto(const struct reservations *reservations, const struct core_gang *gang,
    int64_t end_ms, int host);
/* For none, some or all hosts of that rack? has_own: the gang has some itself. */
enum packing_veto reservations_veto_rack(const struct reservations *reservations,
    const struct core_gang *gang, bool has_own, int64_t end_ms, int rack);
/* Has it a claim or a reservation? */
bool reservations_has_any(const struct core *core, const struct core_gang *gang);
/* Another number whenever a host may be kept from fewer than before. */
int64_t reservations_freed_stamp(const struct reservations *reservations);
/* Take the placement and the victims as a claim of the gang. */
void reservations_claim(struct core *core, struct core_gang *gang, struct placement *placement,
    holder_id *victims, size_t victim_count);
bool reservations_has_claim(const struct core *core, const struct core_gang *gang);
/* Start claims whose place has come free; drop those whose gang went away, or whose place is not
 * free with all victims gone (a host or a limit went). */
void reservations_start_claims(struct core *core, struct actions *out);
/* Anew, after a full round: the gangs left over, in order. */
void reservations_make(struct core *core, struct core_gang *const *line, size_t count);
/* The same when it is due: looking ahead on a large floor is dear, so it rests in proportion, while
 * the same gang is first in line; till then those of gangs that no longer wait are dropped. Has
 * anything changed? */
bool reservations_renew(struct core *core, struct core_gang *const *line, size_t count);
/* Those of gangs that may not start any more (held, say) go: they would keep others out. Were there
 * any? */
bool reservations_drop_needless(struct core *core);
/* When and on which system the gang is to start; INT64_MAX: no reservation. */
int64_t reservations_earliest(
    const struct core *core, const struct core_gang *gang, int *shape_system);

/* --- preempt.c */

/* Stop what must be for the gang to start (interruptible work of lower tiers), and claim its place.
 * False: it can't be. *stopped_value is the net value of what it stops. Where there are shares: for
 * one within its tenant's. */
bool preempt_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value);
/* The same for a gang that borrows: it stops other loans and its own tenant's work alone, and
 * nothing on a system that another tenant waits for within its share: it would lose the place. */
bool preempt_for_loan(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value);
/* The same with what others borrowed, youngest first, for a gang within its tenant's share. */
bool give_back_for(
    struct core *core, struct core_gang *gang, struct actions *out, double *stopped_value);

/* --- loans.c */

/* Room in a tenant's share goes to its oldest loans, before a round. */
void loans_repay(struct core *core);
/* Does another tenant than the gang's wait for that kind of system (index into the catalog), within
 * its own share? */
bool loans_are_asked_for(const struct core *core, const struct core_gang *gang, int system);

/* --- pick.c: from what the LP says to gangs that start */

struct pick {
    struct core_gang *gang;
    struct placement placement;
    double value; /* with age */
};
struct picks {
    struct pick *list;
    size_t count, capacity;
};
struct round_problem;
/* Choose among the problem's gangs and hold their places in the ledger; greedily without an answer
 * (NULL, or one that failed). */
void pick_gangs(struct core *core, struct round_problem *problem,
    const struct placement_answer *answer, struct picks *picks);
/* pick_swap.c: give places to gangs that were left over (the most valuable first) where the picks
 * are worth more for it. `left` is scratch afterwards. */
enum { PICKS_LEFT_MOST = 32 };
void picks_improve(
    struct core *core, struct core_gang **left, size_t count, bool may_borrow, struct picks *picks);
/* pick_search.c: the same by branch and bound, for few gangs on few racks. */
void pick_by_search(struct core *core, struct core_gang *const *gangs, size_t count,
    bool may_borrow, struct picks *picks);
/* What a placement brings with the gang's age; the holder of its next attempt; hold what a pick
 * says. */
double pick_value(
    const struct core *core, const struct core_gang *gang, const struct placement *placement);
holder_id pick_holder(const struct core_gang *gang);
void pick_hold(struct core *core, const struct pick *pick, bool is_borrowing);
/* Take the placement as a pick and hold it. */
void picks_add(
    struct core *core, struct picks *picks, struct core_gang *gang, struct placement *placement);
/* Release and drop the picks from `from` on. */
void picks_cut(struct core *core, struct picks *picks, size_t from);
/* What the gang brings at most, with its age: at the cheapest racks of the fleet. */
double pick_most_value(const struct core *core, const struct core_gang *gang);
/* Pick the gang where it is worth most; false, with nothing picked, where it does not go there. */
bool pick_best(struct core *core, struct core_gang *gang, bool may_borrow, struct picks *picks);
/* Release what picks hold; none is left. */
void picks_drop(struct core *core, struct picks *picks);
/* Release what picks hold, then start them. */
void picks_start(struct core *core, struct picks *picks, struct actions *out);

/* --- baseline.c: fifo and easy, for comparison */

void baseline_decide(struct core *core, struct actions *out);

#endif
