/*
 * round_private: the placement problem of one tier, and what its rows and options stand for. Inside
 * scheduler/ alone.
 */
#ifndef SCHEDULER_ROUND_PRIVATE_H
#define SCHEDULER_ROUND_PRIVATE_H

#include "scheduler/decide.h"

/* Waiting gangs alike: of jobs with equal shapes, tenants, values and age class. */
struct round_class {
    struct core_gang **members; /* in order; owned by the problem */
    int count;
    int taken; /* so many of them have been placed */
    double age;
};

/* One way to run a gang of a class; parallel to the LP's options. */
struct round_way {
    int class_index;
    int shape_system;
    struct packing_where where;
};

struct round_problem {
    struct placement_problem lp; /* its arrays are owned by the problem */
    struct round_class *classes;
    struct round_way *ways;
    struct core_gang **members;
    bool may_borrow;
    enum power_level level; /* of the pools */
    double *class_limit, *capacity;
    struct placement_option *options;
    struct placement_use *uses;
    size_t option_capacity, use_capacity, resource_capacity;
    /* The first resource of each family. */
    int chips_row, domains_row, shares_row, kw_row, tenant_row;
};

struct round_problem_options {
    bool may_borrow; /* no share rows */
    bool with_ages;
    bool counts_interruptible; /* what is held by work that could be stopped is counted as free */
};

/* The gangs in order. Release with round_problem_destroy. */
struct round_problem *round_problem_create(const struct core *core, struct core_gang *const *gangs,
    size_t count, const struct round_problem_options *options);
void round_problem_destroy(struct round_problem *problem);

#endif
