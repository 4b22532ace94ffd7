/*
 * compare: two plans side by side, from what `wattyard plan --json` prints of each: cost by part,
 * systems over time, power, energy, what is not served, prices.
 */
#ifndef PLANNER_COMPARE_H
#define PLANNER_COMPARE_H

#include "base/date.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct json_value;

enum compare_list {
    COMPARE_COST,      /* by part, and "total"; present dollars */
    COMPARE_ACQUIRED,  /* by offer, over all the horizon; systems */
    COMPARE_SYSTEMS,   /* in service, by system and period, over all sites */
    COMPARE_OPERATING, /* MW at the meter, by site and period */
    COMPARE_NAMEPLATE,
    COMPARE_LIMIT,
    COMPARE_ENERGY, /* MWh by site */
    COMPARE_CARBON, /* tonnes by site */
    COMPARE_UNMET,  /* units by workload: of inference, peak rates × hours */
    COMPARE_PRICES, /* dollars for one more unit in each period, by constraint and what it is of */
    COMPARE_LIST_COUNT
};

/* How a list is called in JSON and CSV: "systems", whose rows name a "system"; the unit of its
 * amounts is at the end of its name, or is itself. */
struct compare_words {
    const char *name;
    const char *key;
    bool has_periods;
};
extern const struct compare_words COMPARE_LISTS[COMPARE_LIST_COUNT];

struct compare_row {
    const char *name;   /* "capex", "trn3-gen2", "site-power oregon" */
    const char *period; /* "2026-01"; "": all the horizon */
    double a, b;        /* NAN: that side has no plan, or its horizon does not reach there */
};

struct compare_side {
    const char *file; /* the name it was given by */
    const char *scenario;
    const char *status;
    bool has_plan;
    date_month from, to; /* its horizon is before `to`; DATE_MONTH_NONE: not known */
};

struct comparison {
    struct compare_side a, b;
    struct {
        struct compare_row *rows; /* names in the order of the plans, periods in that of time */
        size_t count;
    } lists[COMPARE_LIST_COUNT];
};

/*
 * Compare two plans, in the arena; texts are borrowed from both values and names. What a plan
 * leaves out, as it does with zeros, is 0. Where their periods differ, lists over time have a row
 * at each month at which a period of either begins, with the amount of the period it lies in. -1
 * with ERR_INPUT where a value is no plan: the text begins with the name of that side.
 */
int compare_plans(const struct json_value *a, const char *a_name, const struct json_value *b,
    const char *b_name, struct arena *arena, struct comparison *out, struct err *err);

/* Does the side say anything of a period: has it a plan, and a horizon that reaches there? */
bool compare_reaches(const struct compare_side *side, const char *period);

/* (b − a) ÷ |a|; NAN where a is 0 or either is not known. */
double compare_share(const struct compare_row *row);

#endif
