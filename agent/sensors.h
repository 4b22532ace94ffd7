/*
 * sensors: what this host does now: load, memory, power; per chip use, memory, power and caps. NVML
 * (opened at run time), Neuron's sysfs, Linux (/proc, RAPL or hwmon). What cannot be read is left
 * at "not known"; nothing here can fail the agent or hang it.
 */
#ifndef AGENT_SENSORS_H
#define AGENT_SENSORS_H

#include "agent/inventory.h"

struct sensors; /* opaque */

struct sensors_options {
    const char *nvml_library; /* NULL: libnvidia-ml.so.1; tests name a stand-in */
    const char *sysfs;        /* NULL: /sys */
    const char *procfs;       /* NULL: /proc */
    int patience_s;           /* NVML silent for longer: its chips are bad; 0: 30 */
};

struct chip_use {
    bool is_bad;               /* lost, or does not answer */
    char why[INVENTORY_TEXT];  /* of is_bad */
    char uuid[INVENTORY_TEXT]; /* NVML's, or the serial number of a Neuron device; "": none */
    double use_frac;           /* 0 to 1; -1: not known */
    uint64_t memory_used_bytes, memory_bytes;
    double power_w;       /* -1: not known. Neuron: its share of the most, by the catalog's tdp-w */
    double cap_w;         /* limit in force, as read back; -1: not known */
    double default_cap_w; /* uncapped; -1: not known */
};

struct host_use {
    double load; /* runnable, one-minute mean */
    uint64_t memory_used_bytes;
    double power_w; /* of the host's processors or board; -1: not known */
    struct chip_use chips[INVENTORY_CHIPS_MAX];
    int chip_count; /* as the inventory's */
};

/* Borrows the inventory. NVML is opened in a process of its own, so that what hangs or crashes in a
 * driver does so alone; call this before the program has other threads. Never NULL: a library that
 * is missing leaves its figures unknown; what was wrong with one is told in sensors_note. */
struct sensors *sensors_create(
    const struct inventory *inventory, const struct sensors_options *options);
void sensors_destroy(struct sensors *sensors);
/* In words, what could not be opened and why; "": nothing. */
const char *sensors_note(const struct sensors *sensors);

/* Read all. Cheap: under a millisecond without NVML; with it at most 50 ms, and what it has not
 * answered by then is that of the read before. */
void sensors_read(struct sensors *sensors, struct host_use *use);

/* Can chips be capped here? */
bool sensors_can_cap(const struct sensors *sensors);
/* Cap the chips (bits) at power_frac of their default limit; 1 lifts it. Reads back: 0 when each is
 * within 1 W of what was asked, else -1 with err, within 5 s. */
int sensors_cap(struct sensors *sensors, uint64_t chips, double power_frac, struct err *err);

#endif
