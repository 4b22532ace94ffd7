/*
 * commands: what the planner's room puts on the front door.
 */
#ifndef PLANNER_COMMANDS_H
#define PLANNER_COMMANDS_H

#include "base/options.h"

extern const struct command COMPARE_COMMAND;
extern const struct command PLAN_COMMAND;
extern const struct command SWEEP_COMMAND;
extern const struct command SYSTEMS_COMMAND;
extern const struct command VALIDATE_COMMAND;

#endif
