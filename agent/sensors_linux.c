#include "agent/sensors_private.h"
#include "agent/sysfile.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, TEXT_SIZE = 128, MEMINFO_SIZE = 4096, COUNTERS_MAX = 64, METERS_MAX = 16 };

static const double JOULES_PER_COUNT = 1e-6;     /* energy_uj */
static const double WATTS_PER_COUNT = 1e-6;      /* power1_average */
static const double INTERVAL_LEAST_S = 0.1;      /* a mean over less says nothing */
static const double POWER_MOST_W = 100 * 1000.0; /* of one host: more is a fault of the reading */

/* One of RAPL's zones: a counter of energy that starts again at `range`. */
struct counter {
    char path[PATH_SIZE];
    double range_j, last_j;
};

struct linux_sensors {
    char loadavg[PATH_SIZE], meminfo[PATH_SIZE];
    struct counter counters[COUNTERS_MAX];
    int counter_count;
    char meters[METERS_MAX][PATH_SIZE];
    int meter_count;
    double last_s; /* of the counters; negative: not yet read */
    double power_w;
};

typedef void (*entry_fn)(struct linux_sensors *l, const char *folder);

/* Calls for each entry of sysfs/class/NAME that begins so, in any order. */
static void for_entries(struct linux_sensors *l, const char *sysfs, const char *class_name,
    const char *prefix, entry_fn act)
{
    char path[PATH_SIZE];
    struct dirent *entry;
    DIR *folder;

    (void)snprintf(path, sizeof path, "%.200s/class/%s", sysfs, class_name);
    folder = opendir(path);
    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL) {
        char inside[PATH_SIZE];

        if (!str_starts_with(entry->d_name, prefix))
            continue;
        (void)snprintf(
            inside, sizeof inside, "%.200s/class/%s/%.100s", sysfs, class_name, entry->d_name);
        act(l, inside);
    }
    (void)closedir(folder);
}

/* Packages and their memory; cores and graphics are parts of packages. */
static void add_counter(struct linux_sensors *l, const char *folder)
{
    struct counter *counter = &l->counters[l->counter_count];
    char path[PATH_SIZE];
    char name[TEXT_SIZE];
    double range = 0;
    double energy = 0;

    (void)snprintf(path, sizeof path, "%.400s/name", folder);
    if (l->counter_count == COUNTERS_MAX || !sysfile_read(path, name, sizeof name) ||
        !(str_starts_with(name, "package") || str_equal(name, "dram")))
        return;
    (void)snprintf(path, sizeof path, "%.400s/max_energy_range_uj", folder);
    (void)snprintf(counter->path, sizeof counter->path, "%.400s/energy_uj", folder);
    if (!sysfile_number(path, &range) || !sysfile_number(counter->path, &energy) || range <= 0)
        return;
    counter->range_j = range * JOULES_PER_COUNT;
    l->counter_count++;
}

/* ACPI's power meters. A Grace has several, one inside another: the one of the socket counts. */
static void add_meter(struct linux_sensors *l, const char *folder)
{
    char path[PATH_SIZE];
    char text[TEXT_SIZE];
    double power = 0;

    (void)snprintf(path, sizeof path, "%.400s/name", folder);
    if (l->meter_count == METERS_MAX || !sysfile_read(path, text, sizeof text) ||
        !str_equal(text, "power_meter"))
        return;
    (void)snprintf(path, sizeof path, "%.400s/device/power1_oem_info", folder);
    if (sysfile_read(path, text, sizeof text) && text[0] != '\0' &&
        !str_starts_with(text, "Grace Power"))
        return;
    (void)snprintf(path, sizeof path, "%.400s/device/power1_average", folder);
    if (!sysfile_number(path, &power))
        (void)snprintf(path, sizeof path, "%.400s/power1_average", folder);
    if (sysfile_number(path, &power))
        memcpy(l->meters[l->meter_count++], path, sizeof path);
}

struct linux_sensors *linux_sensors_create(const char *procfs, const char *sysfs)
{
    struct linux_sensors *l = mem_zero(1, sizeof *l);

    l->last_s = -1;
    l->power_w = -1;
    (void)snprintf(l->loadavg, sizeof l->loadavg, "%.400s/loadavg", procfs);
    (void)snprintf(l->meminfo, sizeof l->meminfo, "%.400s/meminfo", procfs);
    for_entries(l, sysfs, "powercap", "intel-rapl:", add_counter);
    for_entries(l, sysfs, "hwmon", "hwmon", add_meter);
    return l;
}

void linux_sensors_destroy(struct linux_sensors *linux_sensors)
{
    mem_free(linux_sensors);
}

static void read_load(const struct linux_sensors *l, struct host_use *use)
{
    char text[TEXT_SIZE];
    char *space;

    if (!sysfile_read(l->loadavg, text, sizeof text))
        return;
    space = strchr(text, ' ');
    if (space != NULL)
        *space = '\0';
    (void)str_parse_double(text, &use->load);
}

/* "MemTotal:       16384 kB" as bytes; 0 when it is not there. */
static uint64_t find_memory(const char *text, const char *name)
{
    const char *line = strstr(text, name);

    return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 10) * 1024;
}

static void read_memory(const struct linux_sensors *l, struct host_use *use)
{
    char text[MEMINFO_SIZE];
    uint64_t total, available;

    if (!sysfile_read(l->meminfo, text, sizeof text))
        return;
    total = find_memory(text, "MemTotal:");
    available = find_memory(text, "MemAvailable:");
    use->memory_used_bytes = total > available ? total - available : 0;
}

/* Mean power since the read before; a counter that starts again is taken on. */
static void read_counters(struct linux_sensors *l, double now_s)
{
    double interval_s = now_s - l->last_s;
    double joules = 0;
    bool is_whole = l->last_s >= 0;

    if (is_whole && interval_s < INTERVAL_LEAST_S)
        return;
    for (int i = 0; i < l->counter_count; i++) {
        struct counter *counter = &l->counters[i];
        double count = 0;
        double now_j;

        if (!sysfile_number(counter->path, &count)) {
            is_whole = false;
            continue;
        }
        now_j = count * JOULES_PER_COUNT;
        joules += now_j - counter->last_j + (now_j < counter->last_j ? counter->range_j : 0);
        counter->last_j = now_j;
    }
    l->last_s = now_s;
    l->power_w = is_whole ? joules / interval_s : -1;
}

static double read_meters(const struct linux_sensors *l)
{
    double sum_w = -1;

    for (int i = 0; i < l->meter_count; i++) {
        double count = 0;

        if (sysfile_number(l->meters[i], &count))
            sum_w = (sum_w < 0 ? 0 : sum_w) + count * WATTS_PER_COUNT;
    }
    return sum_w;
}

void linux_sensors_read(struct linux_sensors *linux_sensors, double now_s, struct host_use *use)
{
    read_load(linux_sensors, use);
    read_memory(linux_sensors, use);
    if (linux_sensors->counter_count > 0)
        read_counters(linux_sensors, now_s);
    use->power_w = linux_sensors->counter_count > 0 ? linux_sensors->power_w
                                                    : read_meters(linux_sensors);
    if (!(use->power_w >= 0 && use->power_w <= POWER_MOST_W))
        use->power_w = -1;
}
