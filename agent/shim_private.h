/*
 * shim_private: what the files of the shim share.
 *   shim_main.c  the loop: agents, times, the end   shim_child.c  the task's own process
 *   shim_kill.c  the end of all that it started     shim_files.c  started, exit, clocks
 */
#ifndef AGENT_SHIM_PRIVATE_H
#define AGENT_SHIM_PRIVATE_H

#include "agent/shim.h"
#include "agent/shim_spec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SHIM_WHY_SIZE = 256 };

/* --- shim_files.c */
int64_t shim_boot_ms(void); /* CLOCK_BOOTTIME: goes on while the host sleeps */
int64_t shim_utc_ms(void);
/* `shim`. Where it can't be written only who started it knows its pid. */
void shim_write_self(void);
/* `started`, synced with its folder. -1: it is there already, or the disk failed. */
int shim_write_started(void);
/* `exit`: aside, synced, renamed, its folder synced. */
int shim_write_exit(const char *state, int status, int signal, int64_t started_ms, int64_t ended_ms,
    const char *why);

/* --- shim_child.c: the process that becomes the task */
struct shim_child {
    pid_t pid;
    int go_fd;     /* write "ADDRESS PORT" to let it go */
    int report_fd; /* 'R': it is ready; 'F' and words: it failed; closed: it has become the task */
};
/* Fork it; it makes itself ready and waits. -1: no process can be had. */
int shim_child_start(struct shim_spec *spec, struct shim_child *child);

/* --- shim_kill.c */
/* Kill all descendants and wait until none is left; the status of `child` is kept when it is among
 * those that are reaped. */
void shim_kill_all(const char *cgroup, pid_t child, int *child_status);

#endif
