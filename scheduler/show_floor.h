/*
 * show_floor: hosts, power, usage and versions of the fleet as rows. Draws only; asks nobody.
 */
#ifndef SCHEDULER_SHOW_FLOOR_H
#define SCHEDULER_SHOW_FLOOR_H

#include "agent/protocol.h"
#include "scheduler/rows.h"

/* Columns of Wattyard__HostRow, PowerRow, UsageRow and FleetVersion. */
struct row_set show_hosts_set(const void *const *rows, size_t count, int64_t now_ms);
struct row_set show_power_set(const void *const *rows, size_t count, int64_t now_ms);
struct row_set show_usage_set(const void *const *rows, size_t count);
struct row_set show_fleet_set(const void *const *rows, size_t count, int64_t now_ms);

#endif
