/*
 * task: what a host is asked to run, and what came of it, as plain data. One task is one process
 * tree on this host; a task's id (gang, attempt, rank) is never used again.
 */
#ifndef AGENT_TASK_H
#define AGENT_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task_id {
    uint64_t gang;
    uint32_t attempt; /* from 1 */
    uint32_t rank;    /* from 0 */
};

enum task_stack { TASK_STACK_NONE, TASK_STACK_CUDA, TASK_STACK_NEURON };

struct task_env {
    const char *name, *value;
};

/* Borrowed by whom it is handed to; what is to last is written into the task's folder. */
struct task_spec {
    struct task_id id;
    uint64_t job;
    const char *name;   /* of the job */
    const char *user;   /* who runs it; NULL or "": as the agent itself */
    const char *tenant; /* NULL: not known */
    const char *path;
    const char *const *args; /* without path itself */
    size_t arg_count;
    const struct task_env *env;
    size_t env_count;
    const char *directory; /* NULL: the task's folder */
    const char *output;    /* pattern with %j %t %h %a; NULL: `output` in the task's folder */
    uint32_t task_count;   /* of the gang */
    const char *hosts;     /* hostlist of the gang, in order of rank */
    const uint32_t *tasks_by_host; /* of each host in it: ranks run along */
    size_t host_count;
    const char *segment_hosts; /* hostlist of its segment, for IMEX; NULL: none */
    uint64_t chips;            /* bit i: chip i of this host */
    double cores;              /* 0: the chips' share of the host (no chips: one core) */
    double memory_gb;          /* 0: not limited */
    double wall_s;             /* 0: no limit */
    double grace_s;
    double lease_s;
    const char *checkpoint_signal; /* "USR1"; NULL: none */
    double checkpoint_every_s;     /* 0: on demand alone */
    int array_index;               /* -1: none */
    enum task_stack stack;
    bool allow_root;
};

enum task_state {
    TASK_PREPARING,
    TASK_READY, /* folder, cores and chips bound, output open; the shim waits for go */
    TASK_RUNNING,
    TASK_STOPPING,
    TASK_ENDED,       /* exit_status and signal are known */
    TASK_LOST,        /* it started; how it ended is not known; it does not run any more */
    TASK_NOT_STARTED, /* could not be prepared, or stopped before its go: nothing ran */
    TASK_PROLOG_FAILED
};
extern const char *const TASK_STATE_NAMES[];
bool task_state_is_over(enum task_state state);

struct task_status {
    struct task_id id;
    uint64_t job;
    enum task_state state;
    int exit_status;       /* of the command; 0 when a signal ended it */
    int signal;            /* that ended it; 0: none */
    const char *why;       /* in words, e.g. "wall limit"; "" : nothing to say */
    int64_t started_ms;    /* 0: not started */
    int64_t ended_ms;      /* 0: not ended */
    int64_t checkpoint_ms; /* time of $WATTYARD_CHECKPOINT_FILE; 0: none */
    const char *cpuset;    /* hardware threads it is bound to, as a list "0-3"; "": none */
    uint16_t port;         /* rank 0: kept for MASTER_PORT; else 0 */
    uint64_t chips;
    int pid; /* of the shim, while it lives; 0: none */
};

#endif
