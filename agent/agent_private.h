/*
 * agent_private: the agent's parts: messages out (agent_messages.c), what it is told to have
 * (agent_desired.c), caps and joules (agent_power.c), and the exchange (agent.c).
 */
#ifndef AGENT_AGENT_PRIVATE_H
#define AGENT_AGENT_PRIVATE_H

#include "agent/agent.h"
#include "agent/launcher.h"
#include "agent/protocol_link.h"
#include "agent/sensors.h"

enum { BOOT_ID_SIZE = 64 };

/* What the launcher does not know of a task. */
struct agent_task {
    struct task_id id;
    uint32_t mode;     /* power mode that it is to have */
    double power_frac; /* of that mode */
    bool is_applied;   /* its chips were read back so */
    double joules;     /* of its chips, since this agent runs */
};

struct agent {
    struct agent_options options;
    char boot_id[BOOT_ID_SIZE];
    struct host_use use; /* as last read */
    int64_t use_ms;      /* when */
    uint64_t bad_chips;  /* as the scheduler was last told */
    struct agent_task *tasks;
    size_t task_count, task_capacity;
    uint64_t capped_chips;                     /* by us; kept in the folder */
    double applied_fracs[INVENTORY_CHIPS_MAX]; /* of each chip; 1: not capped */
    int64_t retry_caps_ms;                     /* INT64_MAX: nothing to try again */

    uint64_t generation; /* last applied, of generation_epoch and this connection */
    uint64_t generation_epoch;
    int64_t last_sent_ms; /* sent_boot_ms of the last Hello or Report */
    int64_t hello_ms;     /* when one is due; INT64_MAX: said */
    int64_t report_ms;    /* when one is due */
    enum link_state link_state;
};

void agent_log(const struct agent *agent, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- agent_messages.c: each fills and sends one. -1: not sent; a next time will come. */
int agent_send_hello(struct agent *agent, int64_t now_ms);
int agent_send_report(struct agent *agent, int64_t now_ms);
int agent_send_output(struct agent *agent, const Wattyard__ReadOutput *wish);
int agent_send_refused(struct agent *agent, Wattyard__Refused__Code code, const char *why);

/* --- agent_desired.c: make it so. */
void agent_apply_desired(struct agent *agent, const Wattyard__Desired *desired, int64_t now_ms);

/* --- agent_power.c */
/* Find what an agent before this one has capped. */
void agent_power_open(struct agent *agent);
/* Joules of the time since the sensors were last read, with the powers just read. */
void agent_power_count(struct agent *agent, double seconds);
/* Cap the chips of tasks as their modes say, lift the caps of others. */
void agent_power_apply(struct agent *agent, int64_t now_ms);

/* The record of a task; NULL when there is none. */
struct agent_task *agent_task_find(const struct agent *agent, struct task_id id);

#endif
