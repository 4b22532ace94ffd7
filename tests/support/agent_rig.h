/*
 * agent_rig: a real wattyard-agent process, and the scheduler's end of its connection in the hands
 * of the test, which says and hears each message itself.
 */
#ifndef TESTS_SUPPORT_AGENT_RIG_H
#define TESTS_SUPPORT_AGENT_RIG_H

#include "agent/protocol.h"

#include <sys/types.h>

enum { RIG_TASKS_MAX = 8, RIG_ARGS_MAX = 24 };

struct key;

struct rig {
    char *folder; /* of the test; the agent's state is `state` in it */
    char *errors; /* the file with the agent's log */
    void *context, *router;
    char address[64];      /* "tcp://127.0.0.1:40123" */
    const struct key *own; /* of the scheduler; NULL: no CURVE */
    pid_t agent;           /* 0: none runs */
    unsigned char peer[256];
    size_t peer_size; /* of the last message */
    unsigned char cluster[PROTOCOL_ID_BYTES];
    uint64_t epoch, generation; /* of the next Desired */
    int64_t heard_ms;           /* sent_boot_ms of the last message */
};

/* A task as tests want it: a shell command on chip 0. */
struct rig_task {
    uint64_t gang;
    const char *command;
    bool go;
    uint64_t chips; /* 0: chip 0 */
    uint32_t mode;
    double power_frac; /* 0: 1 */
    double lease_s;    /* 0: a minute */
    bool is_known;     /* named as one that the host has, without its spec */
    bool is_later;     /* named alone: its spec comes later */
};

void rig_open(struct rig *rig, const struct key *own);
/* Ends all tasks and the agent, and removes the folder. */
void rig_close(struct rig *rig);

/* Start wattyard-agent for host "h1" as a GB300 tray, with more arguments (NULL-terminated). */
void rig_start(struct rig *rig, const char *const *more);
/* End it by the signal; its exit status, or the negative number of a signal. */
int rig_end(struct rig *rig, int signal);
/* Run it with these arguments alone, to its end. Gives what it prints (mem_free). */
char *rig_run(const char *const *arguments, int *status);

/* Close the listening socket; open it again at the same address. */
void rig_hang_up(struct rig *rig);
void rig_listen(struct rig *rig);

/* The next message of that kind; others are dropped. Fails the test after 20 s. protocol_free. */
Wattyard__Envelope *rig_hear(struct rig *rig, Wattyard__Envelope__BodyCase kind);
/* Say it with the rig's cluster and epoch. */
void rig_say(struct rig *rig, Wattyard__Envelope__BodyCase kind, void *body);
/* Desired with these tasks and this list of stored ones (gangs), of the rig's generation, which
 * then is one more. */
void rig_desire(struct rig *rig, const struct rig_task *tasks, size_t count, const uint64_t *stored,
    size_t stored_count);

/* The task of a gang in a Hello or Report; NULL: it is not in it. */
const Wattyard__TaskReport *rig_find(const Wattyard__Envelope *envelope, uint64_t gang);
/* Hear reports until one has the task in that state. protocol_free. */
Wattyard__Envelope *rig_await(struct rig *rig, uint64_t gang, Wattyard__TaskState state);
/* The same, and nothing of it is kept. */
void rig_await_only(struct rig *rig, uint64_t gang, Wattyard__TaskState state);

/* Does the file in the test's folder hold exactly that? Waits for it at most 20 s if `waits`. */
bool rig_has_file(const struct rig *rig, const char *name, const char *text, bool waits);

#endif
