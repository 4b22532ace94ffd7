/*
 * commands: what `wattyard` does with this room.
 */
#ifndef SCHEDULER_COMMANDS_H
#define SCHEDULER_COMMANDS_H

#include "base/options.h"

extern const struct command PLACE_COMMAND;
extern const struct command SIMULATE_COMMAND;

/* Those that ask a scheduler. */
extern const struct command SUBMIT_COMMAND;
extern const struct command QUEUE_COMMAND;
extern const struct command JOB_COMMAND;
extern const struct command EXPLAIN_COMMAND;
extern const struct command CANCEL_COMMAND;
extern const struct command HOLD_COMMAND;
extern const struct command RELEASE_COMMAND;
extern const struct command REQUEUE_COMMAND;
extern const struct command LOGS_COMMAND;
extern const struct command NODES_COMMAND;
extern const struct command DRAIN_COMMAND;
extern const struct command RESUME_COMMAND;
extern const struct command POWER_COMMAND;
extern const struct command USAGE_COMMAND;
extern const struct command FLEET_COMMAND;
extern const struct command KEYS_COMMAND;

#endif
