#include "topologies/catalog.h"

#include "base/mem.h"
#include "base/str.h"

const char *const PRECISION_NAMES[PRECISION_COUNT + 1] = {
    [PRECISION_FP32] = "fp32",
    [PRECISION_BF16] = "bf16",
    [PRECISION_FP16] = "fp16",
    [PRECISION_FP8] = "fp8",
    [PRECISION_INT8] = "int8",
    [PRECISION_FP4] = "fp4",
    [PRECISION_INT4] = "int4",
    [PRECISION_COUNT] = NULL,
};

static const double PRECISION_BYTES[PRECISION_COUNT] = {
    [PRECISION_FP32] = 4,
    [PRECISION_BF16] = 2,
    [PRECISION_FP16] = 2,
    [PRECISION_FP8] = 1,
    [PRECISION_INT8] = 1,
    [PRECISION_FP4] = 0.5,
    [PRECISION_INT4] = 0.5,
};

double precision_bytes(enum precision precision)
{
    return PRECISION_BYTES[precision];
}

const struct system *catalog_find_system(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->system_count; i++)
        if (str_equal(catalog->systems[i].id, id))
            return &catalog->systems[i];
    return NULL;
}

const struct chip *catalog_find_chip(const struct catalog *catalog, const char *id)
{
    for (size_t i = 0; i < catalog->chip_count; i++)
        if (str_equal(catalog->chips[i].id, id))
            return &catalog->chips[i];
    return NULL;
}

const char *catalog_nearest_system(const struct catalog *catalog, const char *id)
{
    const char **names = mem_zero(catalog->system_count, sizeof *names);
    const char *nearest;

    for (size_t i = 0; i < catalog->system_count; i++)
        names[i] = catalog->systems[i].id;
    nearest = str_nearest(id, names, catalog->system_count);
    mem_free(names);
    return nearest;
}

int system_chip_count(const struct system *system)
{
    return system->host_count * system->chips_per_host;
}

/* Does the note speak for the attribute? "peak" speaks for every peak, and asking for "peak" finds
 * a note on any of them. */
static bool note_covers(const struct figure_note *note, const char *attribute)
{
    for (size_t i = 0; i < note->attribute_count; i++) {
        const char *said = note->attributes[i];

        if (str_equal(said, attribute))
            return true;
        if (str_equal(said, "peak") && str_starts_with(attribute, "peak-"))
            return true;
        if (str_equal(attribute, "peak") && str_starts_with(said, "peak-"))
            return true;
    }
    return false;
}

const struct figure_note *figure_note_find(
    const struct figure_note *notes, size_t count, const char *attribute)
{
    const struct figure_note *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (note_covers(&notes[i], attribute) && (found == NULL || notes[i].is_estimate))
            found = &notes[i];
    return found;
}

static bool has_estimate(const struct figure_note *notes, size_t count, const char *attribute)
{
    const struct figure_note *note = figure_note_find(notes, count, attribute);

    return note != NULL && note->is_estimate;
}

bool chip_is_estimate(const struct chip *chip, const char *attribute)
{
    return has_estimate(chip->notes, chip->note_count, attribute);
}

bool system_is_estimate(const struct system *system, const char *attribute)
{
    return has_estimate(system->notes, system->note_count, attribute) ||
           chip_is_estimate(system->chip, attribute);
}
