/* Every figure of the catalog that the plan could use, with where it comes from. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "base/str.h"

#include <stddef.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum figure_kind { FIGURE_NUMBER, FIGURE_COUNT };

struct figure {
    const char *attribute;
    enum figure_kind kind;
    size_t offset;
    bool may_lack; /* 0 means that it was not given */
};

static const struct figure CHIP_FIGURES[] = {
    {"hbm-gb", FIGURE_NUMBER, offsetof(struct chip, hbm_gb), false},
    {"hbm-gbps", FIGURE_NUMBER, offsetof(struct chip, hbm_gbps), false},
    {"tdp-w", FIGURE_NUMBER, offsetof(struct chip, tdp_w), true},
    {"mfu", FIGURE_NUMBER, offsetof(struct chip, mfu), false},
    {"bw-efficiency", FIGURE_NUMBER, offsetof(struct chip, bw_efficiency), false},
};

static const struct figure SYSTEM_FIGURES[] = {
    {"hosts", FIGURE_COUNT, offsetof(struct system, host_count), false},
    {"chips-per-host", FIGURE_COUNT, offsetof(struct system, chips_per_host), false},
    {"cores-per-host", FIGURE_COUNT, offsetof(struct system, host_cores), true},
    {"memory-gb-per-host", FIGURE_NUMBER, offsetof(struct system, host_memory_gb), true},
    {"racks", FIGURE_COUNT, offsetof(struct system, rack_count), false},
    {"power-kw", FIGURE_NUMBER, offsetof(struct system, power_kw), false},
    {"idle-kw", FIGURE_NUMBER, offsetof(struct system, idle_kw), false},
    {"availability", FIGURE_NUMBER, offsetof(struct system, availability), false},
};

/* Notes of a chip or system, and the place that speaks for a figure without one. */
struct notes {
    const struct figure_note *list;
    size_t count;
    struct where where;
};

static void add_source(struct json_writer *w, const struct notes *notes, const char *attribute)
{
    const struct figure_note *note = figure_note_find(notes->list, notes->count, attribute);
    struct str place = {0};

    if (note != NULL) {
        json_text(w, note->is_estimate ? "estimate" : "source", note->text);
        return;
    }
    str_format(&place, "%s:%ld", notes->where.file, notes->where.line);
    json_text(w, "given", str_text(&place));
    str_fini(&place);
}

static void add_figures(struct json_writer *w, const struct figure *figures, size_t count,
    const void *thing, const struct notes *notes)
{
    for (size_t i = 0; i < count; i++) {
        const char *field = (const char *)thing + figures[i].offset;
        double value = figures[i].kind == FIGURE_COUNT ? *(const int *)(const void *)field
                                                       : *(const double *)(const void *)field;

        if (figures[i].may_lack && value == 0)
            continue;
        json_open_object(w, NULL);
        json_text(w, "attribute", figures[i].attribute);
        json_number(w, "value", value);
        add_source(w, notes, figures[i].attribute);
        json_close(w);
    }
}

static void add_peaks(struct json_writer *w, const struct chip *chip, const struct notes *notes)
{
    for (int p = 0; p < PRECISION_COUNT; p++) {
        char attribute[32];

        if (chip->peak_tflops[p] <= 0)
            continue;
        (void)snprintf(attribute, sizeof attribute, "peak-%s", PRECISION_NAMES[p]);
        json_open_object(w, NULL);
        json_text(w, "attribute", attribute);
        json_number(w, "value", chip->peak_tflops[p]);
        add_source(w, notes, attribute);
        json_close(w);
    }
}

static void add_chip(struct json_writer *w, const struct chip *chip)
{
    const struct notes notes = {chip->notes, chip->note_count, chip->where};

    json_open_object(w, NULL);
    json_text(w, "kind", "chip");
    json_text(w, "id", chip->id);
    json_text(w, "name", chip->name);
    json_text(w, "about", chip->vendor);
    json_open_array(w, "figures");
    add_figures(w, CHIP_FIGURES, COUNT(CHIP_FIGURES), chip, &notes);
    add_peaks(w, chip, &notes);
    json_close(w);
    json_close(w);
}

static void add_modes(struct json_writer *w, const struct system *system, const struct notes *notes)
{
    for (int m = 0; m < system->mode_count; m++) {
        struct str name = {0};
        struct str value = {0};

        if (system->modes[m].power_frac == 1 && system->modes[m].throughput_frac == 1)
            continue;
        str_format(&name, "mode %s", system->modes[m].id);
        str_format(&value, "power %g, throughput %g", system->modes[m].power_frac,
            system->modes[m].throughput_frac);
        json_open_object(w, NULL);
        json_text(w, "attribute", str_text(&name));
        json_text(w, "value", str_text(&value));
        add_source(w, notes, "mode");
        json_close(w);
        str_fini(&name);
        str_fini(&value);
    }
}

static void add_system(struct json_writer *w, const struct system *system)
{
    const struct notes notes = {system->notes, system->note_count, system->where};
    char month[DATE_TEXT_SIZE];

    json_open_object(w, NULL);
    json_text(w, "kind", "system");
    json_text(w, "id", system->id);
    json_text(w, "name", system->name);
    json_text(w, "about", system->chip->id);
    json_open_array(w, "figures");
    add_figures(w, SYSTEM_FIGURES, COUNT(SYSTEM_FIGURES), system, &notes);
    if (system->available_from != DATE_MONTH_NONE) {
        json_open_object(w, NULL);
        json_text(w, "attribute", "available-from");
        json_text(w, "value", date_format_month(system->available_from, month));
        add_source(w, &notes, "available-from");
        json_close(w);
    }
    add_modes(w, system, &notes);
    json_close(w);
    json_close(w);
}

static bool is_offered(const struct scenario *scenario, size_t system)
{
    for (int o = 0; o < scenario->offer_count; o++)
        if (scenario->offers[o].system == (int)system)
            return true;
    return false;
}

static bool is_chip_offered(const struct scenario *scenario, const struct chip *chip)
{
    for (size_t k = 0; k < scenario->catalog.system_count; k++)
        if (scenario->catalog.systems[k].chip == chip && is_offered(scenario, k))
            return true;
    return false;
}

static void add_rate(struct json_writer *w, const struct scenario *scenario, int j, size_t k)
{
    const struct rate *rate = &scenario->workloads[j].rates[k];
    struct str place = {0};

    if (rate->units_per_hour <= 0 && rate->zero_reason == NULL)
        return;
    json_open_object(w, NULL);
    json_text(w, "workload", scenario->workloads[j].id);
    json_text(w, "system", scenario->catalog.systems[k].id);
    json_number(w, "units_per_hour", rate->units_per_hour);
    if (rate->is_derived) {
        str_format(&place, "derived from the model's shape, %s:%ld",
            scenario->workloads[j].model->where.file, scenario->workloads[j].model->where.line);
        if (rate->zero_reason != NULL)
            str_format(&place, ": %s", rate->zero_reason);
    } else {
        str_format(&place, "given, %s:%ld", rate->where.file, rate->where.line);
    }
    json_text(w, "source", str_text(&place));
    json_bool(w, "derived", rate->is_derived);
    json_close(w);
    str_fini(&place);
}

void plan_report_add_catalog(struct json_writer *writer, const struct scenario *scenario)
{
    const struct catalog *catalog = &scenario->catalog;

    json_open_array(writer, "catalog");
    for (size_t k = 0; k < catalog->system_count; k++)
        if (is_offered(scenario, k))
            add_system(writer, &catalog->systems[k]);
    for (size_t c = 0; c < catalog->chip_count; c++)
        if (is_chip_offered(scenario, &catalog->chips[c]))
            add_chip(writer, &catalog->chips[c]);
    json_close(writer);
    json_open_array(writer, "rates");
    for (int j = 0; j < scenario->workload_count; j++)
        for (size_t k = 0; k < catalog->system_count; k++)
            if (is_offered(scenario, k))
                add_rate(writer, scenario, j, k);
    json_close(writer);
}
