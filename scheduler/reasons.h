/*
 * reasons: why a gang waits, in words and as names for programs.
 */
#ifndef SCHEDULER_REASONS_H
#define SCHEDULER_REASONS_H

#include "scheduler/core.h"

struct str;

/* "oregon/h1/f03", a site's id, or NULL where the reason has no place; into buffer of at least
 * FLEET_NAME_SIZE bytes. */
const char *reasons_where(const struct fleet *fleet, const struct block *block, char *buffer);

/* How much of a unit ("chips", "kW") stands behind that count: of 1 not its plural's s. */
int reasons_unit_length(const char *unit, double count);

/* "gb300-nvl72: needs 540 kW, feed oregon/h1/f03 has 212 kW left" appended to out. */
void reasons_words(
    const struct core *core, const struct gang *gang, const struct why *why, struct str *out);

#endif
