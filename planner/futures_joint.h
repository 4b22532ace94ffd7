/*
 * futures_joint: the extensive form of futures as one program (private to futures.c).
 */
#ifndef PLANNER_FUTURES_JOINT_H
#define PLANNER_FUTURES_JOINT_H

#include "planner/capacity_model.h"

#include <stdint.h>

struct err;
struct lp;

/* A column that several futures share. */
struct joint_share {
    struct column_key key;
    int column;       /* of the joint program */
    uint64_t futures; /* bit i: future i has it */
};

struct joint {
    const struct scenario *scenario; /* borrowed; as it stands */
    struct capacity_model **models;  /* by future. Owned */
    int **columns;                   /* by future and its column: that of the program */
    int count;
    struct lp *lp; /* owned */
    double cost_scale;
    struct joint_share *shares;
    int share_count;
};

/* `scenarios`: as they are in each future; they must outlive it. NULL with err, as
 * capacity_model_create. */
struct joint *joint_create(const struct scenario *scenario, struct scenario *const *scenarios,
    bool is_whole, struct err *err);
void joint_destroy(struct joint *joint);

/* The columns to begin sifting with. */
void joint_choose_first(const struct joint *joint, unsigned char *is_first);

/* The month in which what the column stands for is decided; INT32_MAX: it is no decision that
 * binds. */
date_month joint_decision_month(const struct scenario *scenario, const struct column_key *key);

/* Order of columns by what they are; 0: the same thing. */
int joint_compare_keys(const struct column_key *a, const struct column_key *b);

#endif
