/*
 * core_private: the core's state, shared by the files of scheduler/core_*.c (what happens to gangs
 * and hosts) and scheduler/round*.c, quick.c, reserve.c … (what starts when). Inside scheduler/
 * alone.
 */
#ifndef SCHEDULER_CORE_PRIVATE_H
#define SCHEDULER_CORE_PRIVATE_H

#include "scheduler/core.h"

struct round;        /* round.c: a full round in the making */
struct reservations; /* reserve.c: who may start where and when */

enum {
    CORE_READY_MS = 30 * 1000,   /* a host not ready by then ends the attempt */
    CORE_SUSPECT_MS = 15 * 1000, /* since a host's last report */
    CORE_DOWN_MS = 60 * 1000,
    CORE_LOOP_GAP_MS = 5 * 1000, /* our own pause, which is no host's fault */
    CORE_FENCE_SLACK_MS = 30 * 1000,
    CORE_CAP_MS = 10 * 1000,   /* a cap not applied by then: the gang is stopped instead */
    CORE_ROUND_MS = 10 * 1000, /* a full round while something waits */
    CORE_MASS_WINDOW_MS = 60 * 1000,
    CORE_MASS_LEAST = 2, /* hosts: one alone is no failure of many, however small the fleet */
    CORE_FLAKY_JOBS = 3, /* failed tasks of so many jobs in a day drain a host */
    CORE_DAY_MS = 24 * 3600 * 1000,
    CORE_AGAIN_MS = 1000,     /* after a start that came to nothing; twice as long each time … */
    CORE_AGAIN_MOST = 6,      /* … and after so many in a row the gang is held */
    CORE_REST_MS_A_TASK = 10, /* after a look ahead, for each task that it moved on trial … */
    CORE_REST_MOST_MS = 300 * 1000, /* … at most: on small fleets each round looks ahead */
    CORE_ATTEMPT_BITS = 20          /* of a holder id; the rest is the gang */
};

/* What a dependency came to be. */
struct core_after {
    const struct job_after *after;
    int64_t job;         /* 0: no job of that name was submitted yet */
    bool is_past, is_ok; /* it had ended and been forgotten, and how */
};

/* A job that ended and was forgotten: what a later job may still wait for. */
struct core_past {
    int64_t id;
    bool is_ok;
    char *tenant, *name; /* owned */
};

struct core_job {
    int64_t id;
    const struct job_spec *spec;
    struct shape *shape; /* owned */
    char *user;          /* owned */
    int64_t submit_ms;
    int64_t first_gang;
    struct core_gang **gangs; /* by member; an owned array of the core's gangs */
    int gang_count;
    int64_t end_ms;           /* of its last gang; 0: not ended */
    int terminal_count;       /* gangs that have ended */
    int failed_count;         /* … other than done */
    struct core_after *after; /* owned */
    size_t after_count;
    bool is_ready;   /* all dependencies are met */
    int spread_most; /* replicas at one place */
};

enum task_progress { TASK_PREPARING, TASK_READY, TASK_ENDED };

struct core_gang {
    struct gang view; /* first: a pointer to it is one to the gang */
    struct core_job *job;
    struct placement placement; /* owned while view.placement is set */
    unsigned char *tasks;       /* enum task_progress by task; owned while there is an attempt */
    int ready_count, ended_count;
    enum end_cause ending;  /* why it is being stopped; END_NONE: it is not */
    int64_t checkpoint_ms;  /* the last one reported of this attempt; 0: none */
    int64_t ready_ms;       /* when it last became ready to start, or urgent */
    int64_t passed_over_ms; /* since when others went before it; 0: not */
    int64_t borrowed_ms;    /* since when it runs on borrowed share; 0: it does not */
    int mode, mode_asked;   /* power mode: applied, and asked of its agents */
    int not_ready_count;    /* starts in a row that came to nothing */
    int64_t not_before_ms;  /* it does not start again before */
    bool waits_for_hosts;   /* failed while many hosts are gone: not retried until half are back */
    char *reason;           /* owned */
    int waiting_slot;       /* in core.waiting; -1: not there */
    int running_slot;       /* in core.running; -1: not there */
};

struct core_host {
    int64_t report_ms; /* last report; INT64_MIN: none */
    int64_t shift_ms;  /* of our own pauses, at that report */
    uint64_t boot;
    bool can_cap;
    bool is_drained;
    char *why; /* of the drain; owned */
    int64_t failed_job[CORE_FLAKY_JOBS];
    int64_t failed_ms[CORE_FLAKY_JOBS];
    int64_t down_ms;   /* when it went down; 0: it is not */
    int64_t fence_ms;  /* when its next fence timer is due; 0: there is none */
    bool is_watched;   /* a timer looks at it */
    bool has_vanished; /* it went with many others, and not enough of them are back */
};

enum timer_kind {
    TIMER_READY,
    TIMER_WALL,
    TIMER_HOST,
    TIMER_FENCE,
    TIMER_CAP,
    TIMER_DEADLINE,
    TIMER_AGAIN
};

/* Looked at when its time comes; by then it may mean nothing any more. */
struct core_timer {
    int64_t at_ms;
    enum timer_kind kind;
    int64_t gang; /* or host */
    int attempt;
};

struct core {
    const struct fleet *fleet;
    struct core_options options;
    struct ledger *ledger;
    struct ledger *empty;            /* nothing held, all hosts up: what could ever stand */
    double *least_usd_per_chip_hour; /* by system: its cheapest rack; owned */
    double fleet_usd_per_hour;       /* all racks: what shares are shares of */
    int64_t now_ms, start_ms;
    int64_t shift_ms; /* the sum of our own pauses */

    struct core_gang **gangs; /* in order of id; owned */
    size_t gang_count, gang_capacity;
    int64_t next_gang;
    struct core_job **jobs; /* in order of id; owned */
    size_t job_count, job_capacity;
    int64_t next_job;
    struct core_gang **waiting; /* in no order; owned array */
    size_t waiting_count, waiting_capacity;
    struct core_gang **running; /* those that hold chips; in no order; owned array */
    size_t running_count, running_capacity;
    struct core_job **dependents; /* jobs that may still wait for others; owned array */
    size_t dependent_count, dependent_capacity;
    size_t unresolved_count; /* dependencies on names that nobody had yet */
    struct core_past *past;  /* jobs that ended and were forgotten, oldest first; owned */
    size_t past_count, past_capacity;

    struct core_host *hosts; /* by host; owned */
    int mass_down_count;     /* hosts that have vanished at once; > 0: retries wait … */
    int vanished_count;      /* … until no more than half of them are still down */
    int *recent_down;        /* hosts that went down in the last minute; owned ring */
    size_t recent_count, recent_capacity;

    struct core_timer *timers; /* a heap; owned */
    size_t timer_count, timer_capacity;

    /* For the deciding files. */
    struct core_gang **fresh; /* became ready to start since the last decision; owned array */
    size_t fresh_count, fresh_capacity;
    bool has_freed;          /* chips, power, money or share came free since */
    struct core_gang **line; /* who was left over by the last full round, in order; owned */
    size_t line_count, line_from;
    double *chip_prices; /* by system: dollars an hour of a chip, by the last program; owned */
    double fleet_chips;
    double changed_chips; /* since the last full round */
    double changed_jobs;
    int64_t last_round_ms;
    bool is_settled;                   /* nothing changed since the last full round */
    struct round *round;               /* owned */
    struct reservations *reservations; /* owned */
    struct no_room *no_room;           /* owned; what looking for a place learns */
    int open_trials;                   /* the ledger is not as it is, but as it might be */
    int64_t trial_tasks;    /* released and held on trial so far: what looking ahead costs */
    int64_t reserve_due_ms; /* reservations are made anew from then on … */
    int64_t reserve_head;   /* … or when another gang than this is first in line */
    int64_t stop_due_ms;    /* who waited before is looked at again for preemption from then on */
    int64_t stop_ms;        /* the last look */
    struct round_report report;
    struct core_times *times; /* owned; apart, so that looking for a place may count its time */
};

/* --- core_gang.c: what happens to gangs */

struct core_gang *core_gang_of(const struct core *core, int64_t id);
/* Add an action. */
void core_act(struct actions *out, struct action action);
void core_note_change(struct actions *out, const struct core_gang *gang);

/* Start it there: it takes the placement (*placement is emptied), a new attempt begins. */
void core_start(struct core *core, struct core_gang *gang, struct placement *placement,
    bool is_borrowing, bool is_adopted, struct actions *out);
/* End its attempt: agents are told; it holds what it has until its tasks are known to be over. A
 * waiting one ends or waits on at once, as the cause has it. */
void core_stop(struct core *core, struct core_gang *gang, enum end_cause cause, const char *reason,
    struct actions *out);
/* One task (-1: all) of the current attempt is over. */
void core_task_ended(struct core *core, struct core_gang *gang, int task, bool is_failure,
    enum end_cause cause, struct actions *out);
/* Events of single tasks. */
int core_task_ready(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_task_end_event(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
/* It runs since view.start_ms: stop it past its wall limit, if it has one. */
void core_gang_watch_wall(struct core *core, const struct core_gang *gang);
/* TIMER_READY and TIMER_WALL. */
void core_gang_timer(struct core *core, const struct core_timer *timer, struct actions *out);
/* A new gang, waiting. Owned by the core. */
struct core_gang *core_gang_create(struct core *core, struct core_job *job, int member);
/* It waits no more; it was in no list: for those that are restored in another state. */
void core_gang_leave_waiting(struct core *core, struct core_gang *gang);
/* It holds chips: put it among the running. */
void core_gang_join_running(struct core *core, struct core_gang *gang);
void core_gang_destroy(struct core_gang *gang);
/* May it start as far as holds, dependencies and mass failures go? */
bool core_gang_is_ready(const struct core *core, const struct core_gang *gang);
/* Put it before the deciding files. */
void core_gang_fresh(struct core *core, struct core_gang *gang);

/* --- core_submit.c: jobs and what they wait for */

int core_submit(struct core *core, const struct event *event, struct actions *out, struct err *err);
/* Look at what it waits for; let it go on, or end it. */
void core_job_review(struct core *core, struct core_job *job, struct actions *out);
struct core_job *core_job_of(const struct core *core, int64_t id);
void core_job_destroy(struct core_job *job);
/* Make its gangs, resolve what it waits for, and let it go on where nothing is left to wait for. */
void core_job_add(struct core *core, struct core_job *job, struct actions *out);
/* Borrows spec, copies user; not yet among the core's jobs. */
struct core_job *core_job_create(struct core *core, const struct job_spec *spec, const char *user,
    int64_t id, int64_t submit_ms);
/* A gang of the job reached its end: let what waits for the job go on, or end it. */
void core_job_progress(struct core *core, struct core_job *job, struct actions *out);

/* --- core_hosts.c */

int core_host_report(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_host_fenced(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_drain(struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_resume(struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_prolog_failed(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_retry_all(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
void core_host_timer(struct core *core, int host, struct actions *out);
void core_fence_timer(struct core *core, int host, struct actions *out);
/* Look at it when it has been silent since the core's start: something is held there. */
void core_host_watch(struct core *core, int host);
/* A task of the gang failed there: too many such drain the host. */
void core_host_task_failed(struct core *core, int host, int64_t job, struct actions *out);
/* When tasks on it are over if it never speaks again, for a job with that lease and grace. */
int64_t core_host_fence_ms(const struct core *core, int host, const struct job_spec *spec);

/* --- core_power.c */

int core_set_limit(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_measured(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
int core_cap_applied(
    struct core *core, const struct event *event, struct actions *out, struct err *err);
void core_cap_timer(struct core *core, struct core_gang *gang, struct actions *out);
/* Lift caps where there is room, dearest value first. */
void core_lift_caps(struct core *core, struct actions *out);

/* --- core_timers.c */

void core_timer_add(struct core *core, struct core_timer timer);
/* Take the first timer that is due; false: none is. */
bool core_timer_take(struct core *core, int64_t now_ms, struct core_timer *out);

/* When to look ahead again after a look that moved tasks since `before` (of trial_tasks). */
int64_t core_rest_until(const struct core *core, int64_t before);

/* --- order.c: who goes first */

int core_tier(const struct core_gang *gang); /* 0 to 10 */
double core_age_factor(const struct core_gang *gang, int64_t now_ms);
/* From when on it is urgent; INT64_MAX: never. */
int64_t core_urgent_from(const struct core_gang *gang);
bool core_is_urgent(const struct core_gang *gang, int64_t now_ms);
/* Net dollars an hour of the gang in that placement (value · throughput - cost). */
double core_net_value(const struct core_gang *gang, const struct placement *placement);
/* The waiting gangs that may start, in order: tier, then urgent, priority, age × value per
 * chip-hour, submission. Gives an array (mem_free). */
struct core_gang **core_order_waiting(const struct core *core, int64_t now_ms, size_t *count);
/* Would a start now be within its tenant's share? */
bool core_is_within_share(const struct core *core, const struct core_gang *gang, double weight);

/* --- quick.c, round.c, reserve.c, baseline.c, explain.c: what starts when */

void core_quick_decide(struct core *core, struct actions *out);
void round_destroy(struct round *round);
struct reservations *reservations_create(const struct core *core);
void reservations_destroy(struct reservations *reservations);
/* Those of gangs that have ended go. */
void reservations_drop_ended(struct core *core);

#endif
