/*
 * process: one process of this host, as it is known beyond the life of who started it: by boot id,
 * pid and start time, so that a pid that was given again is never taken for it.
 */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_TEXT_SIZE = 128 };

/* A row of /proc. */
struct process_row {
    pid_t parent;
    char state;           /* 'R', 'S', 'Z', … */
    uint64_t start_ticks; /* since boot */
};
/* False: there is none of that pid. */
bool process_look(pid_t pid, struct process_row *row);
/* It runs no more: gone, or waits to be reaped. */
bool process_is_dead(const struct process_row *row);

/* "BOOT_ID PID START" of a living process. False: there is none. */
bool process_text(pid_t pid, char text[PROCESS_TEXT_SIZE]);
/* Of such a text: a pidfd (the caller closes it) and its pid. -1: it is damaged, of another boot,
 * or the process is no more. */
int process_open(const char *text, pid_t *pid);

#endif
