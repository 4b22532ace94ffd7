/*
 * launcher_private: what the files of the launcher share.
 *   launcher.c        tasks and their life      launcher_open.c   folder, lock, memory
 *   launcher_start.c  user, cores, folder, spec launcher_spawn.c  the shim
 *   launcher_env.c    the environment           launcher_scan.c   what a former agent left
 *   launcher_hooks.c  prolog and epilog         launcher_output.c reading output
 *   launcher_end.c    how it ended, sweeping
 *   launcher_check.c  what can never run        launcher_shim.c   found shims, silent shims
 */
#ifndef AGENT_LAUNCHER_PRIVATE_H
#define AGENT_LAUNCHER_PRIVATE_H

#include "agent/launcher.h"
#include "agent/task_folder.h"
#include "base/str.h"

#include <sys/types.h>

enum { HOOK_MS = 60 * 1000, LATE_MS = 30 * 1000, CHECKPOINT_LOOK_MS = 1000, THREAD_WORDS = 128 };

/* A process that the launcher waits for. */
struct watched {
    pid_t pid;    /* 0: none */
    int fd;       /* pidfd; -1: none */
    bool is_ours; /* our child: to be reaped */
};

struct task {
    uint64_t serial; /* of this agent's: what epoll names it by */
    struct task_status status;
    struct task_facts facts;
    struct watched shim;
    struct watched hook; /* prolog or epilog; its time ends at hook_until_ms */
    int64_t hook_until_ms;
    bool is_prolog;
    int link;           /* to the shim; -1: none */
    int64_t connect_ms; /* without a link: when to try again */
    bool stop_asked;
    int64_t late_ms;     /* when its shim should have done its stop; 0: none is due */
    int64_t force_ms;    /* how long after the last try to end it by force the next is */
    char *why;           /* owned */
    int64_t looked_ms;   /* at its checkpoint file */
    bool is_end_kept;    /* its end stands in its folder */
    bool is_closed;      /* its epilog too is over, as its folder says */
    bool is_orphan;      /* it has no shim and no end: what it started is to be killed */
    struct str spec;     /* while the prolog runs: what the shim will read */
    enum task_state end; /* while the epilog runs: the state to come */
};

struct launcher {
    struct launcher_options options; /* texts are owned copies */
    char *cgroup;                    /* base; NULL: none; owned */
    int lock, epoll;
    struct task **tasks; /* owned */
    size_t count, capacity;
    uint64_t next_serial;
    struct launcher_memory memory;
    unsigned forgotten_count;
    int64_t heard_boot_ms; /* of the last renewal */
    bool has_changed;      /* since the last step */
};

int64_t launcher_boot_ms(void);

/* --- launcher.c */
struct task *launcher_task(const struct launcher *launcher, struct task_id id);
struct task *launcher_add(struct launcher *launcher, struct task_id id);
void launcher_drop(struct launcher *launcher, struct task *task);
/* Release one that is on no list; its processes go on. */
void launcher_destroy_task(struct task *task);
void launcher_set_state(
    struct launcher *launcher, struct task *task, enum task_state state, const char *why);
/* Wait for a process: through epoll. Opens its pidfd where there is none yet. */
int launcher_watch(struct launcher *launcher, struct task *task, struct watched *watched);
void launcher_unwatch(struct watched *watched);
/* Connect to its shim. -1: nobody listens there. */
int launcher_connect(struct launcher *launcher, struct task *task);
int64_t launcher_utc_ms(void);

/* --- launcher_end.c */
/* Its shim has ended: how the task did, or that it is an orphan. */
void launcher_drop_shim(struct launcher *launcher, struct task *task);
/* Then (an orphan has been swept): the epilog, and its end. */
void launcher_finish(struct launcher *launcher, struct task *task);
/* Kill what orphans have left: all processes with their mark in the environment. One look at all
 * processes, and again until none is left. */
void launcher_sweep(const struct launcher *launcher);
#define TASK_MARK "WATTYARD_TASK_FOLDER" /* the mark */
/* It is over: for the next agent. */
void launcher_keep_end(const struct launcher *launcher, struct task *task);
/* The time of its checkpoint, once a second while it is alive. */
void launcher_look_at_checkpoint(const struct launcher *launcher, struct task *task, int64_t now);
void launcher_send(const struct task *task, const char *packet);

/* --- launcher_spawn.c, launcher_start.c */
/* The shim, over the folder as it is written. */
void launcher_start_shim(struct launcher *launcher, struct task *task);
/* The group that it has where its facts name none: the agent ended before it could write them. */
void launcher_find_cgroup(const struct launcher *launcher, struct task *task);

/* --- launcher_shim.c */
/* A former agent's: its pid, and wait for it. Known as soon as the shim has begun. */
void launcher_find_shim(struct launcher *launcher, struct task *task);
void launcher_ask_stop(struct launcher *launcher, struct task *task);
/* Connect again to one that could not be reached; kill one that should have ended, and its task. */
void launcher_tend_shim(struct launcher *launcher, struct task *task, int64_t now);
/* When that wants to be called; INT64_MAX: never. */
int64_t launcher_tend_ms(const struct task *task);

/* --- launcher_check.c */
/* Whether it can run at all, as far as that is known before its folder is made. -1 with err. */
int launcher_check_spec(const struct task_spec *spec, struct err *err);
/* Of "USR1" or "SIGUSR1"; 0: none of those that can be sent for a checkpoint. */
int launcher_signal_number(const char *name);

/* --- launcher_env.c */
/* Add the environment of the task to its spec, and write the files that it names. */
int launcher_add_env(struct launcher *launcher, const struct task_spec *spec,
    const struct task_facts *facts, struct str *out, struct err *err);

/* "0,1,3" */
void launcher_list_chips(uint64_t chips, struct str *out);

/* --- launcher_hooks.c */
/* What only the spec says of it and its hooks are to know, into its folder. */
int launcher_keep_hook_env(
    const struct launcher *launcher, const struct task_spec *spec, struct err *err);
/* Start prolog or epilog. False: there is none (or it can't be started: *failed). */
bool launcher_start_hook(
    struct launcher *launcher, struct task *task, const char *program, bool *failed);
void launcher_take_hook(struct launcher *launcher, struct task *task);
/* It is over with its epilog; fault (NULL: none) comes after why the task ended. */
void launcher_end_epilog(struct launcher *launcher, struct task *task, const char *fault);

/* --- launcher_scan.c */
void launcher_scan(struct launcher *launcher);

#endif
