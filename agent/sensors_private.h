/*
 * sensors_private: the three places that figures come from. Each is opened once, and fills its part
 * of a struct host_use that says "not known" throughout.
 */
#ifndef AGENT_SENSORS_PRIVATE_H
#define AGENT_SENSORS_PRIVATE_H

#include "agent/sensors.h"

struct err;
struct str;

/* Linux: load, memory; power by RAPL's counters, else by meters of the board. */
struct linux_sensors;
struct linux_sensors *linux_sensors_create(const char *procfs, const char *sysfs);
void linux_sensors_destroy(struct linux_sensors *linux_sensors);
/* now_s: of any clock that does not go back. Power is a mean since the call before. */
void linux_sensors_read(struct linux_sensors *linux_sensors, double now_s, struct host_use *use);

/* Neuron's driver. NULL, with a line in *note, when it shows nothing. */
struct neuron_sensors;
struct neuron_sensors *neuron_sensors_create(
    const struct inventory *inventory, const char *sysfs, struct str *note);
void neuron_sensors_destroy(struct neuron_sensors *neuron_sensors);
void neuron_sensors_read(const struct neuron_sensors *neuron_sensors, struct host_use *use);

/*
 * NVML, in a process of its own: a call that hangs or crashes in the driver takes nothing with it,
 * and the library's memory is not the agent's. Call create before the program has other threads.
 */
struct nvml_sensors;
struct nvml_sensors *nvml_sensors_create(
    const struct inventory *inventory, const char *library, int patience_s);
void nvml_sensors_destroy(struct nvml_sensors *nvml);
void nvml_sensors_read(struct nvml_sensors *nvml, double now_s, struct host_use *use);
bool nvml_sensors_can_cap(const struct nvml_sensors *nvml);
int nvml_sensors_cap(struct nvml_sensors *nvml, uint64_t chips, double power_frac, struct err *err);
/* What NVML itself says is wrong; "": nothing. */
const char *nvml_sensors_note(const struct nvml_sensors *nvml);

/* What the agent and that process say to each other: one struct a message, both of one program. */
enum nvml_wish { NVML_READ, NVML_CAP };

struct nvml_request {
    uint64_t number;
    enum nvml_wish wish;
    uint64_t chips; /* of NVML_CAP */
    double power_frac;
};

struct nvml_answer {
    uint64_t number; /* of the request */
    bool is_done;    /* of NVML_CAP; else note says why not */
    bool can_cap;
    char note[256];
    struct chip_use chips[INVENTORY_CHIPS_MAX]; /* those that are not NVIDIA's stay zero */
};

/* The process: answers on the socket until its other end closes. Returns its exit status. A call
 * that takes over twice patience_s ends it by SIGALRM. */
int nvml_reader_run(
    int socket, const struct inventory *inventory, const char *library, int patience_s);

/* No figure is known. */
void chip_use_clear(struct chip_use *use);

#endif
