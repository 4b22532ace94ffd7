#include "agent/nvml_abi.h"
#include "agent/sensors_private.h"
#include "base/str.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MILLIWATTS = 1000, PERCENT = 100 };

static const double POWER_MOST_W = 20000; /* of one chip: more is a fault of the reading */
static const double CAP_TOLERANCE_W = 1;

static const struct {
    const char *name;
    size_t offset;
} SYMBOLS[] = {
    {"nvmlInit_v2", offsetof(struct nvml_api, init)},
    {"nvmlShutdown", offsetof(struct nvml_api, shutdown)},
    {"nvmlErrorString", offsetof(struct nvml_api, error_text)},
    {"nvmlDeviceGetHandleByPciBusId_v2", offsetof(struct nvml_api, find)},
    {"nvmlDeviceGetUUID", offsetof(struct nvml_api, uuid)},
    {"nvmlDeviceGetUtilizationRates", offsetof(struct nvml_api, utilization)},
    {"nvmlDeviceGetMemoryInfo", offsetof(struct nvml_api, memory)},
    {"nvmlDeviceGetPowerUsage", offsetof(struct nvml_api, power)},
    {"nvmlDeviceGetPowerManagementLimit", offsetof(struct nvml_api, limit)},
    {"nvmlDeviceGetPowerManagementDefaultLimit", offsetof(struct nvml_api, default_limit)},
    {"nvmlDeviceGetPowerManagementLimitConstraints", offsetof(struct nvml_api, limits)},
    {"nvmlDeviceSetPowerManagementLimit", offsetof(struct nvml_api, set_limit)},
};

struct reader {
    const struct inventory *inventory;
    const char *library_name;
    void *library; /* NULL: not open */
    bool is_started;
    struct nvml_api nvml;
    struct nvml_answer answer;
};

static void note(struct reader *r, const char *what, const char *why)
{
    (void)snprintf(r->answer.note, sizeof r->answer.note, "%s: %s", what, why);
}

/* A function's address, without a cast that C has no meaning for. */
static void set_function(struct nvml_api *nvml, size_t offset, const void *address)
{
    memcpy((unsigned char *)nvml + offset, &address, sizeof address);
}

static bool open_library(struct reader *r)
{
    if (r->library != NULL)
        return true;
    r->library = dlopen(r->library_name, RTLD_NOW | RTLD_LOCAL);
    if (r->library == NULL) {
        note(r, "NVML can't be opened", dlerror());
        return false;
    }
    for (size_t i = 0; i < sizeof SYMBOLS / sizeof *SYMBOLS; i++) {
        const void *symbol = dlsym(r->library, SYMBOLS[i].name);

        if (symbol == NULL) {
            note(r, "NVML is of another kind, it lacks", SYMBOLS[i].name);
            (void)dlclose(r->library);
            r->library = NULL;
            return false;
        }
        set_function(&r->nvml, SYMBOLS[i].offset, symbol);
    }
    return true;
}

/* Tried again at each request until it works: a driver may be loaded later. */
static bool start(struct reader *r)
{
    int result;

    if (r->is_started)
        return true;
    if (!open_library(r))
        return false;
    result = r->nvml.init();
    if (result != NVML_OK) {
        note(r, "NVML can't be started", r->nvml.error_text(result));
        return false;
    }
    r->is_started = true;
    return true;
}

static void set_bad(struct reader *r, struct chip_use *use, int result)
{
    use->is_bad = true;
    (void)snprintf(use->why, sizeof use->why, "NVML: %s", r->nvml.error_text(result));
    if (result != NVML_UNINITIALIZED && result != NVML_DRIVER_NOT_LOADED)
        return;
    /* The driver was unloaded under us: begin anew with the next request. */
    (void)r->nvml.shutdown();
    r->is_started = false;
}

/* A figure in watts; -1 when it can't be had or can't be true. */
static double read_watts(int (*get)(struct nvml_device *, unsigned *), struct nvml_device *device)
{
    unsigned mw = 0;

    if (get(device, &mw) != NVML_OK || mw / MILLIWATTS > POWER_MOST_W)
        return -1;
    return (double)mw / MILLIWATTS;
}

static struct nvml_device *find_device(struct reader *r, int chip, struct chip_use *use)
{
    struct nvml_device *device = NULL;
    int result = r->nvml.find(r->inventory->chips[chip].pci, &device);

    if (result == NVML_OK && device != NULL)
        return device;
    set_bad(r, use, result);
    return NULL;
}

static void read_chip(struct reader *r, int chip, struct chip_use *use)
{
    struct nvml_device *device = find_device(r, chip, use);
    struct nvml_utilization utilization = {0};
    struct nvml_memory memory = {0};
    int result;

    if (device == NULL)
        return;
    result = r->nvml.uuid(device, use->uuid, sizeof use->uuid);
    use->uuid[sizeof use->uuid - 1] = '\0';
    if (result == NVML_OK)
        result = r->nvml.memory(device, &memory);
    if (result == NVML_GPU_IS_LOST || result == NVML_RESET_REQUIRED ||
        result == NVML_UNINITIALIZED || result == NVML_DRIVER_NOT_LOADED) {
        set_bad(r, use, result);
        return;
    }
    if (result == NVML_OK && memory.used <= memory.total) {
        use->memory_bytes = memory.total;
        use->memory_used_bytes = memory.used;
    }
    if (r->nvml.utilization(device, &utilization) == NVML_OK && utilization.gpu <= PERCENT)
        use->use_frac = (double)utilization.gpu / PERCENT;
    use->power_w = read_watts(r->nvml.power, device);
    use->cap_w = read_watts(r->nvml.limit, device);
    use->default_cap_w = read_watts(r->nvml.default_limit, device);
}

static void read_chips(struct reader *r)
{
    for (int i = 0; i < r->inventory->chip_count; i++) {
        chip_use_clear(&r->answer.chips[i]);
        if (r->inventory->chips[i].kind == CHIP_NVIDIA && start(r))
            read_chip(r, i, &r->answer.chips[i]);
    }
}

/* Whether limits could be set, without setting one: root, and a chip that has a range. */
static bool can_cap(struct reader *r)
{
    if (geteuid() != 0 || !r->is_started)
        return false;
    for (int i = 0; i < r->inventory->chip_count; i++) {
        struct nvml_device *device = NULL;
        unsigned least_mw = 0;
        unsigned most_mw = 0;

        if (r->inventory->chips[i].kind == CHIP_NVIDIA &&
            r->nvml.find(r->inventory->chips[i].pci, &device) == NVML_OK &&
            r->nvml.limits(device, &least_mw, &most_mw) == NVML_OK && least_mw < most_mw)
            return true;
    }
    return false;
}

static bool cap_chip(struct reader *r, int chip, double power_frac)
{
    struct chip_use use;
    struct nvml_device *device;
    double default_w, wanted_w, limit_w;
    unsigned least_mw = 0;
    unsigned most_mw = 0;
    char what[64];
    int result;

    (void)snprintf(what, sizeof what, "chip %d can't be capped", chip);
    chip_use_clear(&use);
    device = find_device(r, chip, &use);
    if (device == NULL) {
        note(r, what, use.why);
        return false;
    }
    default_w = read_watts(r->nvml.default_limit, device);
    result = r->nvml.limits(device, &least_mw, &most_mw);
    if (default_w <= 0 || result != NVML_OK) {
        note(r, what, result != NVML_OK ? r->nvml.error_text(result) : "its default is not known");
        return false;
    }
    wanted_w = default_w * power_frac;
    if (wanted_w * MILLIWATTS < least_mw) {
        (void)snprintf(r->answer.note, sizeof r->answer.note, "%s at %.0f W: %.0f W is its least",
            what, wanted_w, (double)least_mw / MILLIWATTS);
        return false;
    }
    result = r->nvml.set_limit(device, (unsigned)lround(wanted_w * MILLIWATTS));
    limit_w = read_watts(r->nvml.limit, device);
    if (result == NVML_OK && fabs(limit_w - wanted_w) <= CAP_TOLERANCE_W)
        return true;
    if (result == NVML_OK)
        (void)snprintf(r->answer.note, sizeof r->answer.note, "%s at %.0f W: it stands at %.0f W",
            what, wanted_w, limit_w);
    else
        note(r, what, r->nvml.error_text(result));
    return false;
}

static bool cap_chips(struct reader *r, const struct nvml_request *request)
{
    bool is_done = start(r);

    for (int i = 0; i < r->inventory->chip_count; i++)
        if ((request->chips >> i & 1) != 0 && is_done)
            is_done = r->inventory->chips[i].kind == CHIP_NVIDIA &&
                      cap_chip(r, i, request->power_frac);
    return is_done;
}

static void answer(struct reader *r, const struct nvml_request *request)
{
    memset(&r->answer, 0, sizeof r->answer);
    r->answer.number = request->number;
    if (request->wish == NVML_CAP)
        r->answer.is_done = cap_chips(r, request);
    read_chips(r);
    r->answer.can_cap = can_cap(r);
}

int nvml_reader_run(
    int socket, const struct inventory *inventory, const char *library, int patience_s)
{
    struct reader r = {.inventory = inventory, .library_name = library};

    for (;;) {
        struct nvml_request request;
        ssize_t got = recv(socket, &request, sizeof request, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof request)
            break;
        /* A call that hangs and can be interrupted ends this process; another is started. */
        (void)alarm(2 * (unsigned)patience_s);
        answer(&r, &request);
        (void)alarm(0);
        if (send(socket, &r.answer, sizeof r.answer, MSG_NOSIGNAL) < 0)
            break;
    }
    if (r.is_started)
        (void)r.nvml.shutdown();
    return 0;
}
