/*
 * core: the scheduler's mind. Events go in, actions come out; time is part of the event. No clock,
 * file, socket or random source: the same events give the same actions, in the daemon, in
 * `wattyard simulate` and in tests.
 *
 * A submitted manifest becomes a job; a job has gangs: one, or one a replica, or one an array
 * member. A gang has attempts; an attempt holds chips from the decision to start it until each of
 * its tasks is known to have ended.
 */
#ifndef SCHEDULER_CORE_H
#define SCHEDULER_CORE_H

#include "planner/placement_model.h"
#include "scheduler/ledger.h"
#include "scheduler/packing.h"

#include <stdbool.h>
#include <stdint.h>

struct core; /* opaque */
struct err;

enum gang_state {
    GANG_WAITING,
    GANG_STARTING, /* reserved, agents get ready */
    GANG_RUNNING,
    GANG_STOPPING, /* asked to stop, or not yet fenced; its chips and kW stay counted */
    GANG_DONE,
    GANG_FAILED,
    GANG_CANCELLED,
    GANG_TIMED_OUT,
    GANG_STATE_COUNT
};
extern const char *const GANG_STATE_NAMES[GANG_STATE_COUNT];
bool gang_state_is_terminal(enum gang_state state);

/* Why an attempt ended or is being ended: what of it counts as a retry differs. */
enum end_cause {
    END_NONE,
    END_EXITED,     /* all tasks exited 0 */
    END_FAILED,     /* a task failed: takes a retry */
    END_LOST,       /* a host went down: takes a retry */
    END_WALL,       /* wall limit */
    END_CANCELLED,  /* by a person */
    END_PREEMPTED,  /* for a job of a higher tier: no retry */
    END_GIVEN_BACK, /* borrowed share went back to its tenant: no retry */
    END_SHED,       /* a power limit fell: no retry */
    END_REQUEUED,   /* by a person: no retry */
    END_NOT_READY,  /* a host did not get ready in time; nothing ran: no retry */
    END_PROLOG,     /* a prolog failed: host drained, no retry */
    END_DEPENDENCY  /* what it waits for failed */
};
extern const char *const END_CAUSE_NAMES[];

/* A gang as others may read it. Borrowed; valid until the next event. */
struct gang {
    int64_t id;  /* of the gang; never used again */
    int64_t job; /* of the submitted manifest */
    int member;  /* replica or array index; 0 for a plain job */
    const struct job_spec *spec;
    const struct shape *shape;
    const char *user;
    enum gang_state state;
    enum end_cause cause; /* of the last attempt's end */
    int attempt;          /* number of the current or last attempt; 0: none yet */
    int retries_left;
    bool is_held;
    int64_t submit_ms;
    int64_t start_ms; /* of the current attempt; 0: not started */
    int64_t end_ms;   /* terminal ones */
    int64_t expected_end_ms;
    int shape_system; /* of the current placement; -1: none */
    int stack_system; /* fixed stack after the first start (index of shape system); -1: free */
    const struct placement *placement; /* NULL: none */
    holder_id holder;                  /* in the ledger; 0: none */
    const char *reason;                /* of a cancelled or failed one, in words; may be NULL */
};

enum event_kind {
    EVENT_TICK, /* time passed: timers are looked at */
    EVENT_SUBMIT,
    EVENT_CANCEL,
    EVENT_HOLD,
    EVENT_RELEASE,
    EVENT_REQUEUE,
    EVENT_TASK_READY,    /* attempt, task: the agent has it prepared */
    EVENT_TASK_ENDED,    /* attempt, task, exit status */
    EVENT_HOST_REPORT,   /* the host spoke: it is up; boot id, bad chips, can cap */
    EVENT_HOST_FENCED,   /* an operator said that what ran there is over */
    EVENT_PROLOG_FAILED, /* host, attempt */
    EVENT_DRAIN,         /* host, why */
    EVENT_RESUME,        /* host */
    EVENT_LIMIT,         /* level, index, kW: a power limit is set */
    EVENT_CAP_APPLIED,   /* attempt, mode: its agents have applied it */
    EVENT_MEASURED,      /* rack, kW */
    EVENT_CHECKPOINT,    /* attempt wrote a checkpoint at at_ms */
    EVENT_RETRY_ALL,     /* an operator: go on after a mass failure */
    EVENT_GUARD,         /* the wall-clock guard ended an LP: replay takes the same path */
    EVENT_KIND_COUNT
};

/* One thing that happened. Fields that a kind does not name are ignored. */
struct event {
    enum event_kind kind;
    int64_t now_ms;
    const struct job_spec *spec; /* SUBMIT: must outlive the core */
    const char *user;            /* SUBMIT and operators; copied */
    int64_t job;                 /* CANCEL … REQUEUE; SUBMIT: the id to give (0: the next) */
    int member;                  /* -1: all of the job */
    int64_t gang;
    int attempt;
    int task;
    int exit_status; /* TASK_ENDED: 0 is success */
    bool is_lost;    /* TASK_ENDED: known to be over, but not how */
    bool is_held;    /* SUBMIT: held, whatever the manifest says */
    int host;
    uint64_t boot; /* HOST_REPORT */
    uint64_t bad_chips;
    bool can_cap;
    const char *why; /* DRAIN, CANCEL; copied */
    enum power_level level;
    int index;
    double kw;
    int mode;
    int64_t at_ms;
};

enum action_kind {
    ACTION_PREPARE,      /* gang, attempt: tell its hosts to get ready (first step of a start) */
    ACTION_GO,           /* all are ready: let it run */
    ACTION_STOP,         /* gang, attempt, cause: checkpoint signal, TERM, after grace the kill */
    ACTION_CAP,          /* gang, attempt, mode: set its power mode */
    ACTION_CHANGED,      /* gang: its state changed; store it, tell who follows it */
    ACTION_HOST_CHANGED, /* host, state, why */
    ACTION_KIND_COUNT
};

struct action {
    enum action_kind kind;
    int64_t gang;
    int attempt;
    enum end_cause cause;
    int mode;
    int host;
    enum gang_state state; /* CHANGED: what it came to be, at that point of the event */
    const char *why;       /* borrowed until the next event */
};

struct actions {
    struct action *list;
    size_t count, capacity;
};
void actions_fini(struct actions *actions);

enum core_policy { CORE_POLICY_LP, CORE_POLICY_FIFO, CORE_POLICY_EASY };

struct core_options {
    enum core_policy policy;
    enum packing_policy packing;
    enum host_state initial_hosts;
    bool starts_at_once; /* place, simulate: agents are taken as ready and ended at once */
    struct placement_budget budget;
    double (*clock_s)(void); /* for the figures of core_times alone; may be NULL */
    bool decides_quickly;    /* a quick decision after each event */
    bool wants_bound;        /* full rounds also reckon the bound over all tiers */
    bool checks_invariants;  /* after every event; a broken one is ERR_INTERNAL */
};

/* Borrows the fleet. Release with core_destroy. */
struct core *core_create(
    const struct fleet *fleet, const struct core_options *options, int64_t now_ms);
void core_destroy(struct core *core);

/*
 * Apply one event and take the quick decisions that follow from it. Appends to *out. Returns 0; -1
 * when the event is refused (ERR_NOT_FOUND, ERR_STATE, ERR_DENIED, ERR_INPUT for a manifest whose
 * tenant or systems are wrong here), and then nothing has changed.
 */
int core_apply(struct core *core, const struct event *event, struct actions *out, struct err *err);

/*
 * A waiting gang runs already, there, since start_ms: place --running, a restart. Takes the
 * placement's tasks (priced here). Returns 0, or -1 with nothing changed when chips are not free.
 */
int core_adopt(struct core *core, int64_t gang, struct placement *placement, int64_t start_ms,
    struct actions *out, struct err *err);

/* --- Full rounds, in stages, so that a daemon can look at its sockets between them. */

enum round_stage {
    ROUND_MORE,  /* call again */
    ROUND_SOLVE, /* *problem wants an answer: solve it anywhere, then core_round_answer */
    ROUND_DONE
};

/* Is a full round due: 1 % of chips or jobs changed, or 10 s passed with something waiting? */
bool core_round_is_due(const struct core *core, int64_t now_ms);
/* When the next timer or round is due; INT64_MAX: never. */
int64_t core_next_ms(const struct core *core);

enum round_stage core_round_step(struct core *core, int64_t now_ms,
    const struct placement_problem **problem, bool *is_small, struct actions *out);
/* answer NULL: the solver was lost; that tier goes on greedily, and is counted. */
void core_round_answer(
    struct core *core, const struct placement_answer *answer, struct actions *out);
/* All stages at once, solving in process. */
void core_round(struct core *core, int64_t now_ms, struct actions *out);

/* What the last full round came to (formats.md, `place`). */
struct round_tier {
    int tier;
    double bound_usd_per_hour, value_usd_per_hour;
};
struct round_report {
    double bound_usd_per_hour, value_usd_per_hour, gap;
    struct round_tier tiers[11];
    int tier_count;
    int greedy_count; /* tiers that went on without the LP */
    int64_t round_count;
};
const struct round_report *core_last_round(const struct core *core);

/* Where the time went, by options.clock_s, since the core was made. Never part of a decision. */
struct core_times {
    double packing_s;
};
const struct core_times *core_times(const struct core *core);

/* --- Looking */

const struct fleet *core_fleet(const struct core *core);
const struct ledger *core_ledger(const struct core *core);
size_t core_gang_count(const struct core *core);
const struct gang *core_gang_at(const struct core *core, size_t index); /* in order of id */
const struct gang *core_find_gang(const struct core *core, int64_t id);
/* Whose attempt holds so; NULL: nobody's current one. */
const struct gang *core_find_holder(const struct core *core, holder_id holder);
/* Gangs of a job: the first and how many, ids in a row; 0: no such job. */
int core_find_job(const struct core *core, int64_t job, int64_t *first_gang);

/* Why a waiting gang waits, for each system that it allows. */
struct why {
    int shape_system;
    struct block block;
    int64_t earliest_ms; /* from reservations; INT64_MAX: not known */
    const char *never;   /* in words, or NULL */
};
/* Fills at most max rows; returns how many there are (never 0 for a waiting gang). */
int core_explain(const struct core *core, int64_t gang, int64_t now_ms, struct why *rows, int max);

/* Why it waits, as far as that is known without looking for a place: held, a dependency, never, or
 * reserved with the earliest start (INT64_MAX: not known) and its system; else BLOCKED_NOT. */
enum blocked_by core_waits_for(
    const struct core *core, int64_t gang, int64_t *earliest_ms, int *shape_system);
/* Retries wait, after many hosts vanished at once. */
bool core_holds_retries(const struct core *core);
/* Why an operator's or our own drain holds the host; NULL: it is not drained. */
const char *core_drain_reason(const struct core *core, int host);

/* All invariants of the scheduling model; NULL, or what is broken (gives, mem_free). */
char *core_check(const struct core *core);

#endif
