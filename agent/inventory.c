#include "agent/inventory.h"

#include "agent/inventory_private.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <hwloc.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TOPOLOGY_BYTES_MAX = 16 * 1024 * 1024,
    VENDOR_NVIDIA = 0x10de,
    VENDOR_AMAZON = 0x1d0f,
    VENDOR_GOOGLE = 0x1ae0,
    CLASS_VGA = 0x0300,
    CLASS_3D = 0x0302,
    CLASS_ACCELERATOR = 0x1200
};

/* What counts as a chip, by PCI ids; 0 in device or class stands for any. */
struct silicon {
    unsigned vendor, device, class_id;
    enum chip_kind kind;
    const char *model;
};

static const struct silicon SILICON[] = {
    {VENDOR_NVIDIA, 0, CLASS_3D, CHIP_NVIDIA, "NVIDIA GPU"},
    {VENDOR_NVIDIA, 0, CLASS_VGA, CHIP_NVIDIA, "NVIDIA GPU"},
    {VENDOR_AMAZON, 0x7064, 0, CHIP_NEURON, "Inferentia"},
    {VENDOR_AMAZON, 0x7065, 0, CHIP_NEURON, "Inferentia"},
    {VENDOR_AMAZON, 0x7066, 0, CHIP_NEURON, "Inferentia"},
    {VENDOR_AMAZON, 0x7067, 0, CHIP_NEURON, "Inferentia"},
    {VENDOR_AMAZON, 0x7164, 0, CHIP_NEURON, "Trainium1"},
    {VENDOR_AMAZON, 0x7264, 0, CHIP_NEURON, "Inferentia2"},
    {VENDOR_AMAZON, 0x7364, 0, CHIP_NEURON, "Trainium2"},
    {VENDOR_AMAZON, 0x7564, 0, CHIP_NEURON, "Trainium3"},
    {VENDOR_AMAZON, 0x7565, 0, CHIP_NEURON, "Trainium3"},
    {VENDOR_AMAZON, 0, CLASS_ACCELERATOR, CHIP_NEURON, "Neuron device"},
    {VENDOR_GOOGLE, 0, CLASS_ACCELERATOR, CHIP_TPU, "Google TPU"},
};

/* hwloc would load OpenCL, GL and XML plugins into every agent; its own code reads PCI and XML as
 * well. Tasks must not inherit this: what stood in the environment is put back. */
struct setting {
    const char *name, *value;
    char *before; /* owned; NULL: it was not set */
};

static void change_settings(struct setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *before = getenv(settings[i].name);

        settings[i].before = before == NULL ? NULL : mem_copy_text(before);
        (void)setenv(settings[i].name, settings[i].value, 1);
    }
}

static void put_settings_back(struct setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (settings[i].before != NULL)
            (void)setenv(settings[i].name, settings[i].before, 1);
        else
            (void)unsetenv(settings[i].name);
        mem_free(settings[i].before);
    }
}

static int set_wrong_file(const char *path, struct err *err)
{
    return err_set(err, ERR_INPUT,
        "%s is no topology that hwloc can read; make one with `lstopo --of xml`", path);
}

/* hwloc's reader believes what it reads, and may crash on what it did not write itself. So a child
 * reads it first. */
static bool is_readable(const char *bytes, int count)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        hwloc_topology_t topology;
        bool is_good = hwloc_topology_init(&topology) == 0 &&
                       hwloc_topology_set_xmlbuffer(topology, bytes, count) == 0 &&
                       hwloc_topology_load(topology) == 0;

        _exit(is_good ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static int set_source(hwloc_topology_t topology, const char *path, struct err *err)
{
    char *bytes = NULL;
    size_t count = 0;
    int rc = -1;

    if (path == NULL)
        return 0;
    if (file_read(path, TOPOLOGY_BYTES_MAX, &bytes, &count, err) != 0)
        return err_wrap(err, "the topology %s", path);
    if (!is_readable(bytes, (int)count + 1) ||
        hwloc_topology_set_xmlbuffer(topology, bytes, (int)count + 1) != 0)
        (void)set_wrong_file(path, err);
    else
        rc = 0;
    mem_free(bytes);
    return rc;
}

/* Cores, memory and PCI devices are wanted; what hwloc knows of caches and distances is not. */
static int load_topology(hwloc_topology_t topology, const char *path, struct err *err)
{
    if (set_source(topology, path, err) != 0)
        return -1;
    (void)hwloc_topology_set_cache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    (void)hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    (void)hwloc_topology_set_type_filter(
        topology, HWLOC_OBJ_PCI_DEVICE, HWLOC_TYPE_FILTER_KEEP_ALL);
    (void)hwloc_topology_set_type_filter(
        topology, HWLOC_OBJ_OS_DEVICE, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
    (void)hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_NO_DISTANCES |
                                                 HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS |
                                                 HWLOC_TOPOLOGY_FLAG_NO_CPUKINDS);
    if (hwloc_topology_load(topology) == 0)
        return 0;
    if (path == NULL)
        return err_set_errno(err, "hwloc can't read this host's topology");
    return set_wrong_file(path, err);
}

static void copy_text(char *buffer, const char *text)
{
    (void)snprintf(buffer, INVENTORY_TEXT, "%s", text);
}

/* The package that a node's threads stand in; -1: in several, or none is known. */
static int package_of(hwloc_topology_t topology, hwloc_obj_t node)
{
    hwloc_obj_t package = hwloc_get_next_obj_covering_cpuset_by_type(
        topology, node->cpuset, HWLOC_OBJ_PACKAGE, NULL);

    return package == NULL ? -1 : (int)package->logical_index;
}

/* Memory nodes that have threads; those of accelerators (GB200 shows its HBM so) are theirs. Writes
 * which of ours each thread of the machine (by OS index) is on. */
static void read_nodes(hwloc_topology_t topology, struct inventory *inventory, int *node_of_thread)
{
    struct inventory_floor *floor = inventory->floor;
    hwloc_obj_t node = NULL;

    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL) {
        bool is_ours = false;

        if (floor->node_count == INVENTORY_NODES_MAX)
            break;
        for (int i = hwloc_bitmap_first(node->cpuset); i >= 0;
             i = hwloc_bitmap_next(node->cpuset, i)) {
            if (node_of_thread[i] < 0) {
                node_of_thread[i] = floor->node_count;
                is_ours = true;
            }
        }
        if (!is_ours)
            continue;
        floor->package_of_node[floor->node_count++] = package_of(topology, node);
        inventory->memory_bytes += node->attr->numanode.local_memory;
    }
    inventory->numa_count = floor->node_count;
}

/* Threads in hwloc's order: those of a core stand together. */
static void read_threads(
    hwloc_topology_t topology, struct inventory *inventory, const int *node_of_thread)
{
    struct inventory_floor *floor = inventory->floor;
    hwloc_obj_t core_before = NULL;
    int core = -1;
    hwloc_obj_t pu = NULL;

    while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
        hwloc_obj_t in = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

        if (in == NULL || in != core_before)
            core++;
        core_before = in;
        floor->threads[floor->thread_count++] = (struct inventory_thread){
            .os_index = (int)pu->os_index, .core = core, .numa_node = node_of_thread[pu->os_index]};
    }
    inventory->core_count = core + 1;
    inventory->thread_count = floor->thread_count;
}

static void read_processor(hwloc_topology_t topology, struct inventory *inventory)
{
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *model = NULL;

    if (package != NULL)
        model = hwloc_obj_get_info_by_name(package, "CPUModel");
    if (model == NULL)
        model = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "CPUModel");
    copy_text(inventory->processor, model == NULL ? "" : model);
}

static int read_floor(hwloc_topology_t topology, struct inventory *inventory, struct err *err)
{
    int threads = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    int last = hwloc_bitmap_last(hwloc_topology_get_topology_cpuset(topology));
    int *node_of_thread;

    if (threads <= 0 || last < 0)
        return err_set(err, ERR_INPUT, "the topology has no processors");
    inventory->floor = mem_zero(1, sizeof *inventory->floor);
    inventory->floor->threads = mem_zero((size_t)threads, sizeof *inventory->floor->threads);
    node_of_thread = mem_zero((size_t)last + 1, sizeof *node_of_thread);
    for (int i = 0; i <= last; i++)
        node_of_thread[i] = -1;
    read_nodes(topology, inventory, node_of_thread);
    read_threads(topology, inventory, node_of_thread);
    read_processor(topology, inventory);
    mem_free(node_of_thread);
    return 0;
}

static const struct silicon *find_silicon(const struct hwloc_pcidev_attr_s *pci)
{
    for (size_t i = 0; i < sizeof SILICON / sizeof *SILICON; i++) {
        const struct silicon *s = &SILICON[i];

        if (s->vendor == pci->vendor_id && (s->device == 0 || s->device == pci->device_id) &&
            (s->class_id == 0 || s->class_id == pci->class_id))
            return s;
    }
    return NULL;
}

/* What the device is called: by its driver's library, by the list of PCI ids, else by us. */
static void read_model(hwloc_obj_t device, const struct silicon *silicon, char *model)
{
    const char *name = NULL;

    for (hwloc_obj_t child = device->io_first_child; child != NULL && name == NULL;
         child = child->next_sibling)
        name = hwloc_obj_get_info_by_name(child, "GPUModel");
    if (name == NULL)
        name = hwloc_obj_get_info_by_name(device, "PCIDevice");
    copy_text(model, name != NULL ? name : silicon->model);
}

/* The one node that all threads near the device are on; -1: several. */
static int node_near(
    hwloc_topology_t topology, hwloc_obj_t device, const struct inventory_floor *floor)
{
    hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(topology, device);
    int node = -1;

    for (int i = 0; i < floor->thread_count; i++) {
        if (!hwloc_bitmap_isset(near->cpuset, (unsigned)floor->threads[i].os_index))
            continue;
        if (node >= 0 && node != floor->threads[i].numa_node)
            return -1;
        node = floor->threads[i].numa_node;
    }
    return node;
}

static int read_chips(hwloc_topology_t topology, struct inventory *inventory, struct err *err)
{
    hwloc_obj_t device = NULL;

    while ((device = hwloc_get_next_pcidev(topology, device)) != NULL) {
        const struct hwloc_pcidev_attr_s *pci = &device->attr->pcidev;
        const struct silicon *silicon = find_silicon(pci);
        struct inventory_chip *chip;

        if (silicon == NULL)
            continue;
        chip = inventory_add_chip(inventory, err);
        if (chip == NULL)
            return -1;
        chip->kind = silicon->kind;
        chip->numa_node = node_near(topology, device, inventory->floor);
        (void)snprintf(chip->pci, sizeof chip->pci, "%04x:%02x:%02x.%x", (unsigned)pci->domain,
            pci->bus, pci->dev, pci->func);
        read_model(device, silicon, chip->model);
    }
    return 0;
}

struct inventory_chip *inventory_add_chip(struct inventory *inventory, struct err *err)
{
    if (inventory->chip_count < INVENTORY_CHIPS_MAX)
        return &inventory->chips[inventory->chip_count++];
    (void)err_set(err, ERR_LIMIT, "the host has over %d accelerators", INVENTORY_CHIPS_MAX);
    return NULL;
}

/* "0001:…" sorts as text; domains may have more than four digits, and those are longer. */
static int compare_chips(const void *a, const void *b)
{
    const struct inventory_chip *x = a;
    const struct inventory_chip *y = b;
    size_t x_length = strlen(x->pci);
    size_t y_length = strlen(y->pci);

    if (x_length != y_length)
        return x_length < y_length ? -1 : 1;
    return strcmp(x->pci, y->pci);
}

static int read_topology(struct inventory *inventory, const char *path, struct err *err)
{
    hwloc_topology_t topology;
    int rc = -1;

    if (hwloc_topology_init(&topology) != 0)
        return err_set_errno(err, "hwloc can't be started");
    if (load_topology(topology, path, err) != 0 || read_floor(topology, inventory, err) != 0 ||
        read_chips(topology, inventory, err) != 0)
        goto out;
    inventory->is_stored = !hwloc_topology_is_thissystem(topology);
    qsort(inventory->chips, (size_t)inventory->chip_count, sizeof *inventory->chips, compare_chips);
    rc = 0;
out:
    hwloc_topology_destroy(topology);
    return rc;
}

static bool has_neuron(const struct inventory *inventory)
{
    for (int i = 0; i < inventory->chip_count; i++)
        if (inventory->chips[i].kind == CHIP_NEURON)
            return true;
    return false;
}

struct inventory *inventory_create(const char *topology_path, const char *sysfs, struct err *err)
{
    struct setting settings[] = {{"HWLOC_PLUGINS_PATH", "", NULL}, {"HWLOC_LIBXML", "0", NULL},
        {"HWLOC_COMPONENTS", "", NULL}};
    size_t setting_count = sizeof settings / sizeof *settings;
    struct inventory *inventory = mem_zero(1, sizeof *inventory);
    int rc;

    change_settings(settings, setting_count);
    rc = read_topology(inventory, topology_path, err);
    put_settings_back(settings, setting_count);
    /* A stored topology speaks for another host: this one's devices are not its own. */
    if (rc == 0 && !has_neuron(inventory) && (sysfs != NULL || !inventory->is_stored))
        rc = inventory_add_neuron(inventory, sysfs == NULL ? "/sys" : sysfs, err);
    if (rc == 0)
        return inventory;
    inventory_destroy(inventory);
    return NULL;
}

void inventory_destroy(struct inventory *inventory)
{
    if (inventory == NULL)
        return;
    if (inventory->floor != NULL)
        mem_free(inventory->floor->threads);
    mem_free(inventory->floor);
    mem_free(inventory);
}
