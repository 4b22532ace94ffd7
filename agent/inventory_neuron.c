#include "agent/inventory_private.h"
#include "agent/sysfile.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, NUMBERS_MAX = 256 };

/* Where the driver shows its devices; the class's links lead into the second. */
static const char *const FOLDERS[] = {"class/neuron_device", "devices/virtual/neuron_device"};

/* "../../../0000:cc:00.0" -> its last part, when that is a PCI address. */
static void read_address(const char *device, char *pci, size_t size)
{
    char link[PATH_SIZE];
    char target[PATH_SIZE];
    const char *name;
    ssize_t length;

    (void)snprintf(link, sizeof link, "%.400s/device", device);
    length = readlink(link, target, sizeof target - 1);
    if (length <= 0)
        return;
    target[length] = '\0';
    name = strrchr(target, '/');
    name = name == NULL ? target : name + 1;
    if (strchr(name, ':') != NULL && strlen(name) < size)
        memcpy(pci, name, strlen(name) + 1);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct neuron_device *x = a;
    const struct neuron_device *y = b;

    return strcmp(x->pci, y->pci);
}

/* Numbers may have gaps where a device is lost. */
static int list_from(const char *sysfs, const char *folder, struct neuron_device *devices, int most)
{
    bool has_addresses = true;
    int count = 0;

    for (int i = 0; i < NUMBERS_MAX; i++) {
        struct neuron_device device = {0};

        (void)snprintf(device.folder, sizeof device.folder, "%.300s/%s/neuron%d", sysfs, folder, i);
        if (access(device.folder, F_OK) != 0)
            continue;
        read_address(device.folder, device.pci, sizeof device.pci);
        has_addresses = has_addresses && device.pci[0] != '\0';
        if (count < most)
            devices[count] = device;
        count++;
    }
    if (has_addresses && count <= most)
        qsort(devices, (size_t)count, sizeof *devices, compare_addresses);
    return count;
}

int inventory_list_neuron(const char *sysfs, struct neuron_device *devices, int most)
{
    int count = 0;

    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && count == 0; i++)
        count = list_from(sysfs, FOLDERS[i], devices, most);
    return count;
}

static void read_chip(const struct inventory *inventory, const struct neuron_device *device,
    struct inventory_chip *chip)
{
    char path[PATH_SIZE];
    double node = -1;

    chip->kind = CHIP_NEURON;
    memcpy(chip->pci, device->pci, sizeof chip->pci);
    (void)snprintf(path, sizeof path, "%.400s/info/architecture/device_name", device->folder);
    if (!sysfile_read(path, chip->model, sizeof chip->model) || chip->model[0] == '\0')
        (void)snprintf(chip->model, sizeof chip->model, "Neuron device");
    (void)snprintf(path, sizeof path, "%.400s/device/numa_node", device->folder);
    (void)sysfile_number(path, &node);
    chip->numa_node = node >= 0 && node < inventory->numa_count ? (int)node : -1;
}

int inventory_add_neuron(struct inventory *inventory, const char *sysfs, struct err *err)
{
    struct neuron_device *devices = mem_zero(NUMBERS_MAX, sizeof *devices);
    int count = inventory_list_neuron(sysfs, devices, NUMBERS_MAX);
    int rc = 0;

    for (int i = 0; i < count && rc == 0; i++) {
        struct inventory_chip *chip = inventory_add_chip(inventory, err);

        if (chip == NULL)
            rc = -1;
        else
            read_chip(inventory, &devices[i], chip);
    }
    mem_free(devices);
    return rc;
}
