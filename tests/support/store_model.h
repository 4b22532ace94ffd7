/*
 * store_model: what a store should hold, in plain arrays, with random turns that are made in both,
 * and both written as text to be compared. All follows from the seed: a model alone can be brought
 * to where a store got before it was killed.
 */
#ifndef TESTS_SUPPORT_STORE_MODEL_H
#define TESTS_SUPPORT_STORE_MODEL_H

#include "base/rng.h"
#include "scheduler/store.h"

enum {
    STORE_MODEL_JOBS = 40,
    STORE_MODEL_GANGS = 80,
    STORE_MODEL_TASKS = 80,
    STORE_MODEL_USAGE = 80,
    STORE_MODEL_HOSTS = 6,
    STORE_MODEL_LIMITS = 4,
    STORE_MODEL_EVENTS = 200,
    STORE_MODEL_ANSWERS = 30,
    STORE_MODEL_MANIFESTS = 30,
    STORE_MODEL_FLEETS = 5
};

/* Texts in its rows are constants, so that a copy of the struct is a copy of the model. */
struct store_model {
    struct rng rng;
    struct cluster_row cluster; /* epoch: how many turns were made */
    struct job_row jobs[STORE_MODEL_JOBS];
    struct gang_row gangs[STORE_MODEL_GANGS];
    struct task_row tasks[STORE_MODEL_TASKS];
    struct usage_row usage[STORE_MODEL_USAGE];
    struct host_row hosts[STORE_MODEL_HOSTS];
    struct limit_row limits[STORE_MODEL_LIMITS];
    struct event_row events[STORE_MODEL_EVENTS];
    struct fleet_row fleets[STORE_MODEL_FLEETS];
    const char *answers[STORE_MODEL_ANSWERS]; /* NULL: none; request i has id {i, i, …} */
    const char *manifests[STORE_MODEL_MANIFESTS];
    int job_count, gang_count, task_count, usage_count, event_count, fleet_count, manifest_count;
};

/* Of a store that was just made. */
struct store_model store_model_make(uint64_t seed);

/*
 * A turn: some random rows, then the cluster's row, in the store too where it is not NULL; the
 * caller begins and commits. Returns 0, or -1 with err where the store failed; the model is then
 * somewhere in the turn, for the caller to throw away.
 */
int store_model_turn(struct store_model *model, struct store *store, struct err *err);

/* All that can be read, as text. Gives (mem_free); store_model_read gives NULL with err where the
 * store failed. */
char *store_model_text(const struct store_model *model);
char *store_model_read(struct store *store, struct err *err);

#endif
