/*
 * inventory_print: what a host is and does, as text for its operator: `wattyard-agent --inventory`.
 */
#ifndef AGENT_INVENTORY_PRINT_H
#define AGENT_INVENTORY_PRINT_H

#include <stdbool.h>
#include <stdio.h>

struct host_use;
struct inventory;

void inventory_print(
    const struct inventory *inventory, const struct host_use *use, bool can_cap, FILE *out);

#endif
