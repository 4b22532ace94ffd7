/*
 * inventory_private: the floor under the chips as flat tables, so that hwloc's tree need not be
 * kept: which hardware threads make a core, and near which memory they are.
 */
#ifndef AGENT_INVENTORY_PRIVATE_H
#define AGENT_INVENTORY_PRIVATE_H

#include "agent/inventory.h"

enum { INVENTORY_NODES_MAX = 256 };

struct inventory_thread {
    int os_index;
    int core;      /* 0, 1, …: threads of one core stand together */
    int numa_node; /* as inventory_chip's */
};

struct inventory_floor {
    struct inventory_thread *threads; /* owned; in hwloc's order, so that cores stand together */
    int thread_count;
    int package_of_node[INVENTORY_NODES_MAX];
    int node_count;
};

/* Add the Neuron devices that the driver shows under `sysfs`. -1 with err: too many. */
int inventory_add_neuron(struct inventory *inventory, const char *sysfs, struct err *err);

/* A device as Neuron's driver shows it. */
struct neuron_device {
    char folder[512];
    char pci[INVENTORY_TEXT]; /* "": the driver does not tell */
};

/* Those under `sysfs`, by address where all have one, else by number: at most `most`; how many
 * there are (also those past it). */
int inventory_list_neuron(const char *sysfs, struct neuron_device *devices, int most);

/* One more chip, zeroed and borrowed; NULL with err when there are INVENTORY_CHIPS_MAX. */
struct inventory_chip *inventory_add_chip(struct inventory *inventory, struct err *err);

#endif
