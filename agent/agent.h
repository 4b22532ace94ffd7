/*
 * agent: what a host says to its scheduler, and what it does of what it is told: Hello and Report,
 * tasks prepared, let go, stopped and forgotten, power caps, pages of output. PROTOCOL.md defines
 * the exchanges. One thread; time is an argument; the caller waits (main.c).
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdint.h>

struct agent; /* opaque */
struct inventory;
struct launcher;
struct link;
struct sensors;

/* One line for people, without a newline. */
typedef void (*agent_log_fn)(void *data, const char *line);

/* All borrowed, for as long as the agent lives. */
struct agent_options {
    const char *host;    /* its name in the fleet file */
    const char *address; /* where other hosts reach it */
    const char *folder;  /* its state */
    int64_t report_ms;   /* between reports, while nothing changes */
    struct inventory *inventory;
    struct sensors *sensors;
    struct launcher *launcher;
    struct link *link;
    agent_log_fn log;
    void *log_data;
};

struct agent *agent_create(const struct agent_options *options);
/* What runs goes on running, and capped chips stay so. */
void agent_destroy(struct agent *agent);

/* Take what has come, look at the tasks, say what is due. now_ms: CLOCK_BOOTTIME. Returns when it
 * wants to be called again at the latest, also when neither link_fd nor launcher_fd is readable. */
int64_t agent_step(struct agent *agent, int64_t now_ms);

#endif
