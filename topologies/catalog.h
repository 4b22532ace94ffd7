/*
 * catalog: the silicon there is to choose from: chips, and systems built of them. A system is one
 * scale-up domain, an UltraServer or an NVL72 rack. Figures come with their source, or with how
 * they were estimated.
 */
#ifndef TOPOLOGIES_CATALOG_H
#define TOPOLOGIES_CATALOG_H

#include "base/date.h"
#include "base/faults.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct xml_node;

enum { CATALOG_CHIPS_MAX = 1000, CATALOG_SYSTEMS_MAX = 256, CATALOG_MODES_MAX = 16 };

enum precision {
    PRECISION_FP32,
    PRECISION_BF16,
    PRECISION_FP16,
    PRECISION_FP8,
    PRECISION_INT8,
    PRECISION_FP4,
    PRECISION_INT4,
    PRECISION_COUNT
};

/* NULL-terminated names in the order of the enum, for tables of attributes. */
extern const char *const PRECISION_NAMES[PRECISION_COUNT + 1];

/* Bytes of one number: fp32 4, bf16 and fp16 2, fp8 and int8 1, fp4 and int4 0.5. */
double precision_bytes(enum precision precision);

/* Where figures come from: the attributes that it covers, and a source's href or an estimate's
 * basis. A peak is named "peak-bf16" and so on, or all of them "peak". */
struct figure_note {
    const char *const *attributes;
    size_t attribute_count;
    const char *text;
    bool is_estimate;
};

struct chip {
    const char *id;
    const char *name; /* the id where none was given */
    const char *vendor;
    const char *stack;
    double hbm_gb;
    double hbm_gbps;
    double tdp_w; /* 0: not given */
    double mfu;
    double bw_efficiency;
    double peak_tflops[PRECISION_COUNT]; /* dense; 0: the chip has none at that precision */
    const struct figure_note *notes;
    size_t note_count;
    struct where where;
};

struct power_mode {
    const char *id;
    double power_frac;      /* phi: of full-load power */
    double throughput_frac; /* theta: of full throughput */
};

struct system {
    const char *id;
    const char *name; /* the id where none was given */
    const struct chip *chip;
    int host_count;
    int chips_per_host;
    int host_cores;                 /* 0: not known, so no limit */
    double host_memory_gb;          /* 0: not known, so no limit */
    int rack_count;                 /* floor positions that it takes */
    double power_kw;                /* P: full-load IT power */
    double idle_kw;                 /* I */
    double availability;            /* A */
    date_month available_from;      /* DATE_MONTH_NONE: at any time */
    const struct power_mode *modes; /* never empty */
    int mode_count;
    const struct figure_note *notes;
    size_t note_count;
    struct where where;
};

/* Plain data in the arena that it was read into; immutable once loaded. */
struct catalog {
    const struct chip *chips;
    size_t chip_count;
    const struct system *systems;
    size_t system_count;
};

/*
 * Read every <catalog> that is `root` or a child of it, as one; references and ranges are checked,
 * ids are unique over all of them. Faults go to the list. Returns 0 with *out filled, or -1; then
 * *out holds what could be read (a system's chip may be NULL), so that a caller can go on to look
 * for further faults.
 */
int catalog_read(
    const struct xml_node *root, struct arena *arena, struct catalog *out, struct faults *faults);

/* By id; NULL when absent. */
const struct system *catalog_find_system(const struct catalog *catalog, const char *id);
const struct chip *catalog_find_chip(const struct catalog *catalog, const char *id);

/* The id nearest to one that is not there, for messages; NULL if none is near. */
const char *catalog_nearest_system(const struct catalog *catalog, const char *id);

int system_chip_count(const struct system *system);

/* The note on an attribute, an estimate before a source; NULL where it has none. */
const struct figure_note *figure_note_find(
    const struct figure_note *notes, size_t count, const char *attribute);

/* Was this attribute of the chip or system (or of the chip behind it) estimated, rather than taken
 * from a source? Figures that were are marked wherever they are shown. */
bool chip_is_estimate(const struct chip *chip, const char *attribute);
bool system_is_estimate(const struct system *system, const char *attribute);

#endif
