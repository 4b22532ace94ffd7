/*
 * rates_file: what people measured, from a CSV file, in place of what a scenario and its catalog
 * say: rates of workloads on systems, and the power that workloads draw.
 *
 *     workload,system,units_per_hour,power_fraction
 *     chat,trn3-gen2,1.5e9,
 *     chat,gb300-nvl72,2.1e9,
 *     chat,,,0.71
 *
 * The first line names the columns, in any order; workload is needed, and system with
 * units_per_hour, or power_fraction, or all. A row gives a rate (system and units_per_hour), or the
 * workload's power fraction, or both. Empty lines and those that begin with '#' are skipped. Values
 * may be quoted ("…", a quote in it doubled), within their line. Numbers as in a scenario, within
 * the same bounds.
 */
#ifndef WORKLOADS_RATES_FILE_H
#define WORKLOADS_RATES_FILE_H

#include <stddef.h>

struct faults;
struct scenario;

/*
 * Put the file's values into the scenario: its workloads become a changed copy in its arena. All
 * that is wrong is told at once, by file and line: rows that name nothing of the scenario, values
 * that contradict an earlier row, and what no longer holds of the scenario with them (a required
 * workload that no system can run, power below idle). Returns 0, or -1 with the scenario as it was.
 * Warnings may be in the list also on success.
 */
int rates_file_apply(struct scenario *scenario, const char *path, struct faults *faults);

/* The same from memory; name is the file's in messages. */
int rates_file_apply_bytes(struct scenario *scenario, const char *bytes, size_t count,
    const char *name, struct faults *faults);

#endif
