#include "agent/inventory_private.h"
#include "agent/sensors_private.h"
#include "agent/sysfile.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, TEXT_SIZE = 128, NEURON_CORES_MAX = 16, POWER_AVERAGE = 4 };

static const double PERCENT_MOST = 100;

/* The driver tells power as a share of the chip's most, whose watts it does not tell: those of the
 * shipped catalog (tdp-w), analysts' figures. */
static const struct {
    const char *model;
    double most_w;
} CHIPS[] = {{"Trainium2", 500}, {"Trainium3", 1000}};

/* Events that the driver counts, after which a chip is not to be trusted with work. */
static const struct {
    const char *path, *what;
} FAULTS[] = {
    {"stats/hardware/mem_ecc_uncorrected", "uncorrectable errors in its memory"},
    {"stats/hardware/sram_ecc_uncorrected", "uncorrectable errors in its SRAM"},
};

struct neuron_sensors {
    const struct inventory *inventory; /* borrowed */
    char folders[INVENTORY_CHIPS_MAX]
                [PATH_SIZE]; /* of each chip; "": the driver does not show it */
};

static void find_folders(struct neuron_sensors *n, const struct neuron_device *devices, int count)
{
    const struct inventory *inventory = n->inventory;
    int next = 0;

    for (int chip = 0; chip < inventory->chip_count; chip++) {
        const char *folder = NULL;

        if (inventory->chips[chip].kind != CHIP_NEURON)
            continue;
        for (int i = 0; i < count && folder == NULL; i++)
            if (devices[i].pci[0] != '\0' && str_equal(devices[i].pci, inventory->chips[chip].pci))
                folder = devices[i].folder;
        /* Older drivers tell no addresses: their order is that of the addresses. */
        if (folder == NULL && next < count && devices[next].pci[0] == '\0')
            folder = devices[next++].folder;
        if (folder != NULL)
            (void)snprintf(n->folders[chip], PATH_SIZE, "%s", folder);
    }
}

struct neuron_sensors *neuron_sensors_create(
    const struct inventory *inventory, const char *sysfs, struct str *note)
{
    struct neuron_device *devices = mem_zero(INVENTORY_CHIPS_MAX, sizeof *devices);
    int count = inventory_list_neuron(sysfs, devices, INVENTORY_CHIPS_MAX);
    struct neuron_sensors *n = NULL;

    if (count > 0) {
        n = mem_zero(1, sizeof *n);
        n->inventory = inventory;
        find_folders(n, devices, count);
    } else {
        str_format(
            note, "the Neuron driver shows no device in %s: is aws-neuronx-dkms installed?", sysfs);
    }
    mem_free(devices);
    return n;
}

void neuron_sensors_destroy(struct neuron_sensors *neuron_sensors)
{
    mem_free(neuron_sensors);
}

/* Counters are folders with their value in `total`; older drivers have plain files. */
static double read_counter(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    double value = 0;

    (void)snprintf(path, sizeof path, "%.300s/%.150s/total", folder, name);
    if (sysfile_number(path, &value))
        return value;
    (void)snprintf(path, sizeof path, "%.300s/%.150s", folder, name);
    return sysfile_number(path, &value) ? value : 0;
}

static void read_memory(const char *folder, struct chip_use *use)
{
    double bytes = 0;

    for (int core = 0; core < NEURON_CORES_MAX; core++) {
        char name[TEXT_SIZE];

        (void)snprintf(name, sizeof name, "neuron_core%d/stats/memory_usage/device_mem", core);
        bytes += read_counter(folder, name);
    }
    use->memory_used_bytes = bytes > 0 ? (uint64_t)bytes : 0;
}

/* "POWER_STATUS_VALID,<time>,<least>,<most>,<average>", in percent. */
static void read_power(const char *folder, const char *model, struct chip_use *use)
{
    char path[PATH_SIZE];
    char text[TEXT_SIZE];
    const char *field = text;
    double percent = 0;

    (void)snprintf(path, sizeof path, "%.400s/stats/power/utilization", folder);
    if (!sysfile_read(path, text, sizeof text) || !str_starts_with(text, "POWER_STATUS_VALID,"))
        return;
    for (int i = 0; i < POWER_AVERAGE && field != NULL; i++) {
        field = strchr(field, ',');
        field = field == NULL ? NULL : field + 1;
    }
    if (field == NULL || str_parse_double(field, &percent) != 0 || percent < 0 ||
        percent > PERCENT_MOST)
        return;
    for (size_t i = 0; i < sizeof CHIPS / sizeof *CHIPS; i++)
        if (str_equal(CHIPS[i].model, model))
            use->power_w = percent / PERCENT_MOST * CHIPS[i].most_w;
}

static void set_bad(struct chip_use *use, const char *why)
{
    use->is_bad = true;
    (void)snprintf(use->why, sizeof use->why, "%s", why);
}

static void read_faults(const char *folder, struct chip_use *use)
{
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS && !use->is_bad; i++)
        if (read_counter(folder, FAULTS[i].path) > 0)
            set_bad(use, FAULTS[i].what);
}

static void read_chip(const char *folder, const char *model, struct chip_use *use)
{
    char path[PATH_SIZE];

    if (folder[0] == '\0' || access(folder, F_OK) != 0) {
        set_bad(use, "the Neuron driver does not show it");
        return;
    }
    (void)snprintf(path, sizeof path, "%.400s/info/serial_number", folder);
    if (!sysfile_read(path, use->uuid, sizeof use->uuid))
        use->uuid[0] = '\0';
    read_memory(folder, use);
    read_power(folder, model, use);
    read_faults(folder, use);
}

void neuron_sensors_read(const struct neuron_sensors *neuron_sensors, struct host_use *use)
{
    const struct inventory *inventory = neuron_sensors->inventory;

    for (int i = 0; i < inventory->chip_count; i++)
        if (inventory->chips[i].kind == CHIP_NEURON)
            read_chip(neuron_sensors->folders[i], inventory->chips[i].model, &use->chips[i]);
}
