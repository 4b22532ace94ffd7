/*
 * nvml_abi: what is used of NVIDIA's management library, declared by us, since it is opened at run
 * time and its header need not be there. Names and layouts are those of its public API reference.
 */
#ifndef AGENT_NVML_ABI_H
#define AGENT_NVML_ABI_H

struct nvml_device; /* NVML's own */

enum nvml_result {
    NVML_OK = 0,
    NVML_UNINITIALIZED = 1,
    NVML_NO_PERMISSION = 4,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_GPU_IS_LOST = 15,
    NVML_RESET_REQUIRED = 16
};

struct nvml_utilization {
    unsigned gpu, memory; /* percent of the last sample period */
};

struct nvml_memory {
    unsigned long long total, free, used; /* bytes */
};

/* The functions, filled by name. Powers are milliwatts. */
struct nvml_api {
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_text)(int result);
    int (*find)(const char *pci, struct nvml_device **device);
    int (*uuid)(struct nvml_device *device, char *text, unsigned size);
    int (*utilization)(struct nvml_device *device, struct nvml_utilization *out);
    int (*memory)(struct nvml_device *device, struct nvml_memory *out);
    int (*power)(struct nvml_device *device, unsigned *out_mw);
    int (*limit)(struct nvml_device *device, unsigned *out_mw);
    int (*default_limit)(struct nvml_device *device, unsigned *out_mw);
    int (*limits)(struct nvml_device *device, unsigned *least_mw, unsigned *most_mw);
    int (*set_limit)(struct nvml_device *device, unsigned mw);
};

#endif
