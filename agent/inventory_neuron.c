#include "agent/inventory_private.h"
#include "agent/sysfile.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 512, DEVICES_MAX = 256 };

/* Where the driver shows its devices; the class's links lead into the first. */
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

static void read_chip(const char *device, struct inventory_chip *chip)
{
    char path[PATH_SIZE];
    double node = -1;

    chip->kind = CHIP_NEURON;
    read_address(device, chip->pci, sizeof chip->pci);
    (void)snprintf(path, sizeof path, "%.400s/info/architecture/device_name", device);
    if (!sysfile_read(path, chip->model, sizeof chip->model) || chip->model[0] == '\0')
        (void)snprintf(chip->model, sizeof chip->model, "Neuron device");
    (void)snprintf(path, sizeof path, "%.400s/device/numa_node", device);
    (void)sysfile_number(path, &node);
    chip->numa_node = node >= 0 && node < INVENTORY_NODES_MAX ? (int)node : -1;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct inventory_chip *x = a;
    const struct inventory_chip *y = b;

    return strcmp(x->pci, y->pci);
}

/* -1 with err: too many; else how many there were. */
static int add_from(struct inventory *inventory, const char *folder, struct err *err)
{
    int first = inventory->chip_count;
    bool has_addresses = true;

    /* Numbers may have gaps where a device is lost. */
    for (int i = 0; i < DEVICES_MAX; i++) {
        char device[PATH_SIZE];
        struct inventory_chip *chip;

        (void)snprintf(device, sizeof device, "%.400s/neuron%d", folder, i);
        if (access(device, F_OK) != 0)
            continue;
        chip = inventory_add_chip(inventory, err);
        if (chip == NULL)
            return -1;
        read_chip(device, chip);
        if (chip->numa_node >= inventory->numa_count)
            chip->numa_node = -1;
        has_addresses = has_addresses && chip->pci[0] != '\0';
    }
    if (has_addresses)
        qsort(inventory->chips + first, (size_t)(inventory->chip_count - first),
            sizeof *inventory->chips, compare_addresses);
    return inventory->chip_count - first;
}

int inventory_add_neuron(struct inventory *inventory, const char *sysfs, struct err *err)
{
    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
        struct str folder = {0};
        int count;

        str_format(&folder, "%s/%s", sysfs, FOLDERS[i]);
        count = add_from(inventory, str_text(&folder), err);
        str_fini(&folder);
        if (count != 0)
            return count < 0 ? -1 : 0;
    }
    return 0;
}
