/*
 * inventory: what this host is: cores, NUMA nodes, memory and accelerators, by hwloc, live or from
 * a stored topology (hwloc's XML), so that a laptop can stand in for a tray. Chip i is the i-th
 * accelerator by PCI address.
 */
#ifndef AGENT_INVENTORY_H
#define AGENT_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

enum { INVENTORY_CHIPS_MAX = 64, INVENTORY_TEXT = 96 };

enum chip_kind { CHIP_NVIDIA, CHIP_NEURON, CHIP_TPU };

struct inventory_chip {
    enum chip_kind kind;
    int numa_node; /* logical index of the nearest; -1: not known */
    char model[INVENTORY_TEXT];
    char pci[INVENTORY_TEXT]; /* "0000:3b:00.0" */
};

struct inventory {
    int core_count, thread_count, numa_count;
    uint64_t memory_bytes;
    char processor[INVENTORY_TEXT];
    bool is_stored; /* from a file: binding is reckoned and reported, not applied */
    struct inventory_chip chips[INVENTORY_CHIPS_MAX];
    int chip_count;
    struct inventory_floor *floor; /* threads, cores and nodes, kept for binding; owned */
};

/*
 * Find out about this host, or read `topology_path` (NULL: live). sysfs: another root than "/sys"
 * for Neuron devices (tests; NULL: /sys, of a live host alone). They count where hwloc shows none.
 * Returns NULL with err (a file that is no topology, more than INVENTORY_CHIPS_MAX chips). Release
 * with inventory_destroy.
 */
struct inventory *inventory_create(const char *topology_path, const char *sysfs, struct err *err);
void inventory_destroy(struct inventory *inventory);

/*
 * Cores for a task: `cores` (rounded up, at least one), counted as the catalog does: hardware
 * threads, of which one or more make a core. Whole cores that `taken` (bitmap by hardware thread,
 * `taken_words` words; may be NULL) does not hold go first; on the NUMA nodes of its chips, else
 * nearest; a task without chips stays on one node if it can. Appends the hardware threads as a
 * Linux list ("0-3,8") to *cpuset and sets their bits in `taken`. 0, or -1 with err (ERR_LIMIT)
 * when not so many are left; nothing has changed then.
 */
int inventory_choose_cores(struct inventory *inventory, uint64_t chips, double cores,
    uint64_t *taken, size_t taken_words, struct str *cpuset, struct err *err);

/* The chips' share of the host's cores (at least one) and memory (0 without chips: no limit), for
 * tasks that do not say. */
double inventory_core_share(const struct inventory *inventory, uint64_t chips);
double inventory_memory_share_gb(const struct inventory *inventory, uint64_t chips);

#endif
