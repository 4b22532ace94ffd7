/*
 * scenario_change: the same scenario with more power, less demand, other prices or a later chip:
 * what sweeps vary and futures override.
 */
#ifndef WORKLOADS_SCENARIO_CHANGE_H
#define WORKLOADS_SCENARIO_CHANGE_H

#include "workloads/scenario.h"

#include <stdbool.h>

struct err;

enum change_kind {
    CHANGE_POWER,     /* a site's power: factor, months, from */
    CHANGE_DEMAND,    /* a workload's demand (factor, months, from), or volume and window (factor,
                         months) */
    CHANGE_BUDGET,    /* a budget: factor */
    CHANGE_SUPPLY,    /* an offer's supply: factor, months, from */
    CHANGE_PRICE,     /* an offer's capex, rent and upkeep: factor */
    CHANGE_ENERGY,    /* a site's energy price: factor, from */
    CHANGE_AVAILABLE, /* a system's available-from (left out: the horizon's start): months */
    CHANGE_KIND_COUNT
};
extern const char *const CHANGE_KIND_NAMES[CHANGE_KIND_COUNT + 1];

struct scenario_change {
    enum change_kind kind;
    int index;       /* of the site, workload, budget, offer or system; -1: all of them */
    double factor;   /* >= 0; 1 leaves amounts as they are */
    int months;      /* dates come so much later; below 0: sooner */
    date_month from; /* amounts change from then on; DATE_MONTH_NONE: all along */
};

/* "power:oregon" or "power" into kind and index, with nothing changed yet. -1 with ERR_USAGE that
 * names what there is. */
int scenario_change_parse(const struct scenario *scenario, const char *text,
    struct scenario_change *out, struct err *err);

/* Is there something in the scenario that a change of this kind and index would change? Not where
 * an offer has no supply, or no price. */
bool scenario_change_matters(const struct scenario *scenario, const struct scenario_change *change);

/* The id of what the change is of, borrowed from the scenario; NULL: of all of its kind. */
const char *scenario_change_id(
    const struct scenario *scenario, const struct scenario_change *change);

/*
 * A copy with the changes made, in their order. It borrows what they leave alone: the base must
 * outlive it. Release with scenario_destroy.
 */
struct scenario *scenario_changed(
    const struct scenario *base, const struct scenario_change *changes, size_t count);

/* The scenario as it is in one of its futures; it has no futures itself. The same rules. */
struct scenario *scenario_in_future(const struct scenario *base, int future);

#endif
