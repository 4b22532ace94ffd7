/*
 * yard: a small fleet, a core over it and agents that do as the test says, for worked examples of
 * what the core decides. Time passes in steps below the gap that a core takes for its own pause;
 * all hosts that are not silent report in each.
 */
#ifndef TESTS_SUPPORT_YARD_H
#define TESTS_SUPPORT_YARD_H

#include "base/err.h"
#include "scheduler/core.h"
#include "tests/support/fleet_builder.h"

enum { YARD_HOSTS_MOST = 64 };
extern const int64_t YARD_START_MS;

struct yard {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct core *core;
    int64_t now_ms;
    bool is_silent[YARD_HOSTS_MOST];
    uint64_t boot[YARD_HOSTS_MOST];
    bool can_cap[YARD_HOSTS_MOST];
    struct actions actions; /* since yard_forget, or the start */
};

/* Takes the builder. Every host reports once; quick decisions are on; invariants are checked after
 * every event. Release with yard_close. */
void yard_open(struct yard *yard, struct fleet_builder *builder);
void yard_close(struct yard *yard);

/* Apply an event now; it must be taken. */
void yard_apply(struct yard *yard, struct event event);
/* Apply an event now; it must be refused, with that. */
void yard_refuses(struct yard *yard, struct event event, enum err_kind kind);
/* Submit it; gives its (first) gang. The spec must live as long as the yard. */
const struct gang *yard_submit(struct yard *yard, const struct job_spec *spec);
/* Let time pass; at its end a full round is made when one is due. */
void yard_wait(struct yard *yard, double seconds);
/* A full round, due or not. */
void yard_round(struct yard *yard);

/* All agents of its current attempt say so. */
void yard_ready(struct yard *yard, const struct gang *gang);
void yard_end(struct yard *yard, const struct gang *gang, int exit_status);
/* It was started; its agents get ready; it runs. */
void yard_run(struct yard *yard, const struct gang *gang);

/* Actions of that kind for a gang (0: any) since yard_forget. */
int yard_count(const struct yard *yard, enum action_kind kind, int64_t gang);
void yard_forget(struct yard *yard);
/* The last one of that kind for the gang; it must be there. */
const struct action *yard_last(const struct yard *yard, enum action_kind kind, int64_t gang);

/* In which rack its first task stands; it must have a place. */
int yard_rack_of(const struct yard *yard, const struct gang *gang);
/* What blocks it on the first of its systems. */
struct why yard_why(const struct yard *yard, const struct gang *gang);

#define yard_assert_state(gang, expected)                                                          \
    ck_assert_msg((gang)->state == (expected), "gang %lld is %s, not %s", (long long)(gang)->id,   \
        GANG_STATE_NAMES[(gang)->state], GANG_STATE_NAMES[expected])

#endif
