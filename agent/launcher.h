/*
 * launcher: the tasks of this host: prepares them, lets them go, stops them, and knows what became
 * of them, also of those that ran while no agent did. Each task has a folder and a shim, a small
 * process that outlives the agent and keeps the wall limit and the lease (running.md, "Agent").
 *
 * One thread; nothing here blocks for long: shims are told and asked by files and pidfds.
 */
#ifndef AGENT_LAUNCHER_H
#define AGENT_LAUNCHER_H

#include "agent/inventory.h"
#include "agent/task.h"

struct err;
struct launcher; /* opaque */
struct str;

struct launcher_options {
    const char *folder;  /* the agent's state; `tasks/` is made in it */
    const char *host;    /* this host's name, for %h and the environment */
    const char *address; /* where other hosts reach it */
    const char *program; /* to start shims with: the agent's own file, opened at its start */
    const char *prolog;  /* run before each task, as the agent's user; NULL: none */
    const char *epilog;  /* after each task */
    struct inventory *inventory;   /* borrowed */
    const char *const *chip_uuids; /* by chip, for CUDA_VISIBLE_DEVICES; NULL: indices are used */
    int64_t late_ms; /* a shim that does not do a stop for so long does not run; 0: 30 s */
};

/*
 * Open the folder (mode 0700) and find what is in it: tasks whose shim lives run on, ends are read,
 * `started` without `exit` and without a shim alive, or of another boot, is TASK_LOST. A lock keeps
 * a second agent out. NULL with err.
 */
struct launcher *launcher_open(const struct launcher_options *options, struct err *err);
/* Closes; what runs goes on running. */
void launcher_close(struct launcher *launcher);

/* More are not started: what a host has must fit one report. */
enum { LAUNCHER_TASKS_MOST = 4096 };

/* First step: write and sync the folder, bind, open the output, run the prolog, start the shim,
 * which waits. What goes wrong is the task's state (TASK_NOT_STARTED, TASK_PROLOG_FAILED) and why:
 * also what can never run, as without a program, in a folder that is none, of an unknown signal.
 * A task that is there already is left as it is. */
void launcher_prepare(struct launcher *launcher, const struct task_spec *spec);
/* Second step: rank 0's address and port are known. Does nothing unless it is ready. */
void launcher_go(
    struct launcher *launcher, struct task_id id, const char *master_address, uint16_t master_port);
/* Checkpoint signal, SIGTERM, after its grace the certain kill of all that it started, also where
 * its shim does not run: then by the agent, late_ms later, and it is TASK_LOST. One that never got
 * its go does not run at all. Again: does nothing. */
void launcher_stop(struct launcher *launcher, struct task_id id);
/* The scheduler was heard: every task's lease runs anew from `from_boot_ms` (CLOCK_BOOTTIME), when
 * the report that it answers was sent. Never moves one back. Cheap (one write a task). */
void launcher_renew_leases(struct launcher *launcher, int64_t from_boot_ms);
/* Its end is stored by the scheduler: the folder goes. Only for tasks that are over. */
void launcher_forget(struct launcher *launcher, struct task_id id);

/* Readable when launcher_step has something to do (an epoll descriptor). */
int launcher_fd(const struct launcher *launcher);
/* Look at shims, times and files. True when a task's state changed. */
bool launcher_step(struct launcher *launcher);
/* When launcher_step wants to be called at the latest, CLOCK_BOOTTIME ms; INT64_MAX: never. */
int64_t launcher_next_ms(const struct launcher *launcher);

size_t launcher_count(const struct launcher *launcher);
/* Borrowed until the next call that changes something. */
const struct task_status *launcher_at(const struct launcher *launcher, size_t index);
const struct task_status *launcher_find(const struct launcher *launcher, struct task_id id);

/* At most `max` bytes of its output from offset (from_end: the last `max`); *offset becomes where
 * they begin. 0; -1 with err: no such task, no file. */
int launcher_read_output(const struct launcher *launcher, struct task_id id, uint64_t *offset,
    bool from_end, size_t max, struct str *out, struct err *err);

/* Highest epoch seen, and the highest gang and job of all tasks ever had: kept in the folder. */
struct launcher_memory {
    unsigned char cluster[16]; /* zero: none joined yet */
    uint64_t epoch, highest_gang, highest_job;
};
struct launcher_memory launcher_memory(const struct launcher *launcher);
/* Join a cluster, take its epoch: synced before it returns. */
int launcher_remember(
    struct launcher *launcher, const unsigned char cluster[16], uint64_t epoch, struct err *err);

/* The shim: what `wattyard-agent --shim FOLDER` runs. Returns its exit status. */
int shim_run(const char *task_folder);

#endif
