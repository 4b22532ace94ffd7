/*
 * A stand-in for NVIDIA's library: four GPUs where topologies/hosts/gb300-nvl72.xml has them. What
 * goes wrong is told by the file that WATTYARD_STANDIN names, a word or two a line, read at each
 * call: "lost I", "hang", "crash", "refuse" (limits), "deaf" (limits), "mad" (figures).
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    GPUS = 4,
    OK = 0,
    INVALID = 2,
    NO_PERMISSION = 4,
    NOT_FOUND = 6,
    LOST = 15,
    DEFAULT_MW = 1400000,
    LEAST_MW = 200000,
    GIB = 1024 * 1024 * 1024
};

static const char *const PCI[GPUS] = {
    "0000:10:00.0", "0000:11:00.0", "0000:90:00.0", "0000:91:00.0"};

struct device {
    int index;
    unsigned limit_mw;
};

static struct device devices[GPUS];

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int result);
int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, struct device **device);
int nvmlDeviceGetUUID(struct device *device, char *text, unsigned size);
int nvmlDeviceGetUtilizationRates(struct device *device, unsigned *rates);
int nvmlDeviceGetMemoryInfo(struct device *device, unsigned long long *bytes);
int nvmlDeviceGetPowerUsage(struct device *device, unsigned *mw);
int nvmlDeviceGetPowerManagementLimit(struct device *device, unsigned *mw);
int nvmlDeviceGetPowerManagementDefaultLimit(struct device *device, unsigned *mw);
int nvmlDeviceGetPowerManagementLimitConstraints(
    struct device *device, unsigned *least_mw, unsigned *most_mw);
int nvmlDeviceSetPowerManagementLimit(struct device *device, unsigned mw);

static bool is_told(const char *words)
{
    const char *path = getenv("WATTYARD_STANDIN");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    char line[64];
    bool is_there = false;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        is_there = is_there || strcmp(line, words) == 0;
    }
    if (file != NULL)
        (void)fclose(file);
    return is_there;
}

int nvmlInit_v2(void)
{
    for (int i = 0; i < GPUS; i++)
        devices[i] = (struct device){.index = i, .limit_mw = DEFAULT_MW};
    return OK;
}

int nvmlShutdown(void)
{
    return OK;
}

const char *nvmlErrorString(int result)
{
    return result == LOST ? "GPU is lost" : result == NO_PERMISSION ? "No permission" : "Not found";
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, struct device **device)
{
    char lost[16];

    while (is_told("hang"))
        (void)usleep(10000);
    if (is_told("crash"))
        (void)raise(SIGKILL);
    for (int i = 0; i < GPUS; i++) {
        if (strcmp(pci, PCI[i]) != 0)
            continue;
        (void)snprintf(lost, sizeof lost, "lost %d", i);
        if (is_told(lost))
            return LOST;
        *device = &devices[i];
        return OK;
    }
    return NOT_FOUND;
}

int nvmlDeviceGetUUID(struct device *device, char *text, unsigned size)
{
    (void)snprintf(text, size, "GPU-0000000%d", device->index);
    return OK;
}

int nvmlDeviceGetUtilizationRates(struct device *device, unsigned *rates)
{
    rates[0] = is_told("mad") ? 4000000000U : 25U * (unsigned)device->index;
    rates[1] = 0;
    return OK;
}

int nvmlDeviceGetMemoryInfo(struct device *device, unsigned long long *bytes)
{
    bytes[0] = 288ULL * GIB;
    bytes[1] = (288ULL - (unsigned)device->index) * GIB;
    bytes[2] = (is_told("mad") ? 1000ULL : (unsigned)device->index) * GIB;
    return OK;
}

int nvmlDeviceGetPowerUsage(struct device *device, unsigned *mw)
{
    *mw = is_told("mad") ? 4000000000U : 180500U + 100000U * (unsigned)device->index;
    return OK;
}

int nvmlDeviceGetPowerManagementLimit(struct device *device, unsigned *mw)
{
    *mw = device->limit_mw;
    return OK;
}

int nvmlDeviceGetPowerManagementDefaultLimit(struct device *device, unsigned *mw)
{
    (void)device;
    *mw = DEFAULT_MW;
    return OK;
}

int nvmlDeviceGetPowerManagementLimitConstraints(
    struct device *device, unsigned *least_mw, unsigned *most_mw)
{
    (void)device;
    *least_mw = LEAST_MW;
    *most_mw = DEFAULT_MW;
    return OK;
}

int nvmlDeviceSetPowerManagementLimit(struct device *device, unsigned mw)
{
    if (is_told("refuse"))
        return NO_PERMISSION;
    if (mw < LEAST_MW || mw > DEFAULT_MW)
        return INVALID;
    if (!is_told("deaf"))
        device->limit_mw = mw;
    return OK;
}
