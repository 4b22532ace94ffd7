/*
 * commands: what `wattyard` does with this room.
 */
#ifndef SCHEDULER_COMMANDS_H
#define SCHEDULER_COMMANDS_H

#include "base/options.h"

extern const struct command PLACE_COMMAND;
extern const struct command SIMULATE_COMMAND;

#endif
