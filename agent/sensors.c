#include "agent/sensors.h"

#include "agent/sensors_private.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

struct sensors {
    const struct inventory *inventory; /* borrowed */
    struct linux_sensors *linux_sensors;
    struct neuron_sensors *neuron; /* NULL: none */
    struct nvml_sensors *nvml;     /* NULL: none */
    struct str note;
};

static bool has_kind(const struct inventory *inventory, enum chip_kind kind)
{
    for (int i = 0; i < inventory->chip_count; i++)
        if (inventory->chips[i].kind == kind)
            return true;
    return false;
}

/* A stored topology speaks for another host: its chips are not here to be read, unless a test says
 * where they are. */
struct sensors *sensors_create(
    const struct inventory *inventory, const struct sensors_options *options)
{
    struct sensors *sensors = mem_zero(1, sizeof *sensors);
    const char *sysfs = options->sysfs == NULL ? "/sys" : options->sysfs;

    sensors->inventory = inventory;
    sensors->linux_sensors = linux_sensors_create(
        options->procfs == NULL ? "/proc" : options->procfs, sysfs);
    if (has_kind(inventory, CHIP_NEURON) && (!inventory->is_stored || options->sysfs != NULL))
        sensors->neuron = neuron_sensors_create(inventory, sysfs, &sensors->note);
    if (has_kind(inventory, CHIP_NVIDIA) &&
        (!inventory->is_stored || options->nvml_library != NULL))
        sensors->nvml = nvml_sensors_create(inventory,
            options->nvml_library == NULL ? "libnvidia-ml.so.1" : options->nvml_library,
            options->patience_s);
    return sensors;
}

void sensors_destroy(struct sensors *sensors)
{
    if (sensors == NULL)
        return;
    nvml_sensors_destroy(sensors->nvml);
    neuron_sensors_destroy(sensors->neuron);
    linux_sensors_destroy(sensors->linux_sensors);
    str_fini(&sensors->note);
    mem_free(sensors);
}

const char *sensors_note(const struct sensors *sensors)
{
    const char *note = sensors->nvml == NULL ? "" : nvml_sensors_note(sensors->nvml);

    return note[0] != '\0' ? note : str_text(&sensors->note);
}

void chip_use_clear(struct chip_use *use)
{
    *use = (struct chip_use){.use_frac = -1, .power_w = -1, .cap_w = -1, .default_cap_w = -1};
}

void sensors_read(struct sensors *sensors, struct host_use *use)
{
    double now_s = clock_monotonic_s();

    memset(use, 0, sizeof *use);
    use->power_w = -1;
    use->chip_count = sensors->inventory->chip_count;
    for (int i = 0; i < use->chip_count; i++)
        chip_use_clear(&use->chips[i]);
    linux_sensors_read(sensors->linux_sensors, now_s, use);
    if (sensors->neuron != NULL)
        neuron_sensors_read(sensors->neuron, use);
    if (sensors->nvml != NULL)
        nvml_sensors_read(sensors->nvml, now_s, use);
}

bool sensors_can_cap(const struct sensors *sensors)
{
    return sensors->nvml != NULL && nvml_sensors_can_cap(sensors->nvml);
}

int sensors_cap(struct sensors *sensors, uint64_t chips, double power_frac, struct err *err)
{
    if (sensors->nvml == NULL)
        return err_set(err, ERR_STATE, "the power of this host's chips can't be capped");
    if (!(power_frac > 0 && power_frac <= 1))
        return err_set(err, ERR_INPUT, "%g is no part of a chip's power", power_frac);
    return nvml_sensors_cap(sensors->nvml, chips, power_frac, err);
}
