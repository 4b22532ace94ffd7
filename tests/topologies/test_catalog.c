#include "topologies/catalog.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <string.h>

#define CHIP(id)                                                                                   \
    "<chip id=\"" id "\" vendor=\"v\" stack=\"s\" hbm-gb=\"100\" hbm-gbps=\"1000\" mfu=\"0.4\" "   \
    "bw-efficiency=\"0.7\"/>"
#define CATALOG(inside) "<catalog xmlns=\"urn:wattyard:1\">" inside "</catalog>"

struct loaded {
    struct arena *arena;
    struct catalog catalog;
    struct faults faults;
    int rc;
};

/* Names in `where` outlive the document, so it goes at once. */
static struct loaded load(const char *text)
{
    struct loaded l = {.arena = arena_create(), .rc = -1};
    struct xml_document *document = xml_parse(
        text, strlen(text), "catalog.xml", &XML_LIMITS_FILES, NULL, &l.faults);

    ck_assert_ptr_nonnull(document);
    l.rc = catalog_read(xml_root(document), l.arena, &l.catalog, &l.faults);
    xml_destroy(document);
    return l;
}

static void unload(struct loaded *l)
{
    faults_fini(&l->faults);
    arena_destroy(l->arena);
}

START_TEST(what_is_left_out_has_its_default)
{
    struct loaded l = load(CATALOG(CHIP("c") "<system id=\"s\" chip=\"c\" hosts=\"4\" "
                                             "chips-per-host=\"16\" power-kw=\"90\"/>"));
    const struct system *system = catalog_find_system(&l.catalog, "s");

    ck_assert_int_eq(l.rc, 0);
    ck_assert_str_eq(system->name, "s");
    ck_assert_str_eq(system->chip->name, "c");
    ck_assert_double_eq(system->chip->tdp_w, 0);
    ck_assert_double_eq(system->chip->peak_tflops[PRECISION_BF16], 0);
    ck_assert_int_eq(system_chip_count(system), 64);
    ck_assert_int_eq(system->rack_count, 1);
    ck_assert_int_eq(system->host_cores, 0);
    ck_assert_double_eq(system->idle_kw, 0);
    ck_assert_double_eq(system->availability, 1);
    ck_assert_int_eq(system->available_from, DATE_MONTH_NONE);
    ck_assert_int_eq(system->mode_count, 1);
    ck_assert_double_eq(system->modes[0].power_frac, 1);
    ck_assert_double_eq(system->modes[0].throughput_frac, 1);
    ck_assert_str_eq(system->where.file, "catalog.xml");
    unload(&l);
}
END_TEST

START_TEST(several_catalogs_are_one_and_a_chip_may_come_after_its_system)
{
    struct loaded l = load(
        "<scenario xmlns=\"urn:wattyard:1\"><catalog><system id=\"s\" chip=\"c\" "
        "hosts=\"1\" chips-per-host=\"2\" power-kw=\"1\"/></catalog>"
        "<catalog>" CHIP("b") CHIP("c") "</catalog></scenario>");

    ck_assert_int_eq(l.rc, 0);
    ck_assert_uint_eq(l.catalog.chip_count, 2);
    ck_assert_uint_eq(l.catalog.system_count, 1);
    ck_assert_ptr_eq(l.catalog.systems[0].chip, catalog_find_chip(&l.catalog, "c"));
    ck_assert_ptr_null(catalog_find_system(&l.catalog, "c"));
    ck_assert_ptr_null(catalog_find_chip(&l.catalog, "s"));
    unload(&l);
}
END_TEST

START_TEST(ids_are_unique_over_all_catalogs)
{
    struct loaded l = load("<scenario xmlns=\"urn:wattyard:1\">\n<catalog>" CHIP(
        "c") "</catalog>\n<catalog>" CHIP("c") "</catalog></scenario>");

    ck_assert_int_eq(l.rc, -1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&l.faults, "catalog.xml:3: <chip id=\"c\">: another chip has this id"));
    unload(&l);
}
END_TEST

static const char NOTED[] = CATALOG(
    "<chip id=\"c\" vendor=\"v\" stack=\"s\" hbm-gb=\"100\" hbm-gbps=\"1000\" mfu=\"0.4\" "
    "bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"1\"/><peak precision=\"fp8\" "
    "tflops=\"2\"/><source href=\"h\" says=\"hbm-gb peak-bf16\"/><estimate "
    "attribute=\"peak-fp8\" basis=\"b\"/><estimate attribute=\"mfu\" basis=\"b\"/></chip>"
    "<chip id=\"d\" vendor=\"v\" stack=\"s\" hbm-gb=\"100\" hbm-gbps=\"1000\" mfu=\"0.4\" "
    "bw-efficiency=\"0.7\"><estimate attribute=\"peak\" basis=\"b\"/></chip>"
    "<system id=\"s\" chip=\"c\" hosts=\"1\" chips-per-host=\"1\" power-kw=\"1\">"
    "<estimate attribute=\"power-kw mode\" basis=\"b\"/></system>");

struct estimate_case {
    const char *attribute;
    bool of_chip_c, of_chip_d, of_system;
};

static const struct estimate_case ESTIMATE_CASES[] = {
    {"hbm-gb", false, false, false},
    {"mfu", true, false, true}, /* a system's figures rest on its chip's */
    {"peak-bf16", false, true, false},
    {"peak-fp8", true, true, true},
    {"peak", true, true, true}, /* any of them */
    {"power-kw", false, false, true},
    {"mode", false, false, true},
};

START_TEST(estimates_are_told_from_sources)
{
    const struct estimate_case *c = &ESTIMATE_CASES[_i];
    struct loaded l = load(NOTED);

    ck_assert_int_eq(l.rc, 0);
    ck_assert_int_eq(chip_is_estimate(&l.catalog.chips[0], c->attribute), c->of_chip_c);
    ck_assert_int_eq(chip_is_estimate(&l.catalog.chips[1], c->attribute), c->of_chip_d);
    ck_assert_int_eq(system_is_estimate(&l.catalog.systems[0], c->attribute), c->of_system);
    unload(&l);
}
END_TEST

START_TEST(the_nearest_system_is_named)
{
    struct loaded l = load(CATALOG(CHIP("c") "<system id=\"gb300-nvl72\" chip=\"c\" hosts=\"1\" "
                                             "chips-per-host=\"1\" power-kw=\"1\"/>"));

    ck_assert_str_eq(catalog_nearest_system(&l.catalog, "gb300-nvl27"), "gb300-nvl72");
    ck_assert_ptr_null(catalog_nearest_system(&l.catalog, "zebra"));
    unload(&l);
}
END_TEST

START_TEST(a_number_of_each_precision_has_its_bytes)
{
    static const double BYTES[PRECISION_COUNT] = {4, 2, 2, 1, 1, 0.5, 0.5};

    for (int p = 0; p < PRECISION_COUNT; p++)
        ck_assert_double_eq(precision_bytes((enum precision)p), BYTES[p]);
    ck_assert_ptr_null(PRECISION_NAMES[PRECISION_COUNT]);
}
END_TEST

START_TEST(a_catalog_of_too_many_systems_is_refused)
{
    struct str text = {0};
    struct loaded l;

    str_add(&text, "<catalog xmlns=\"urn:wattyard:1\">" CHIP("c"));
    for (int i = 0; i <= CATALOG_SYSTEMS_MAX; i++)
        str_format(&text,
            "<system id=\"s%d\" chip=\"c\" hosts=\"1\" chips-per-host=\"1\" power-kw=\"1\"/>", i);
    str_add(&text, "</catalog>");
    l = load(str_text(&text));
    ck_assert_int_eq(l.rc, -1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&l.faults, "<system id=\"s256\">: there are more than 256 systems"));
    unload(&l);
    str_fini(&text);
}
END_TEST

/* --- The catalog that is shipped */

static bool is_noted(const struct figure_note *notes, size_t count, const char *figure)
{
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < notes[i].attribute_count; a++)
            if (str_equal(notes[i].attributes[a], figure) ||
                (str_equal(notes[i].attributes[a], "peak") && str_starts_with(figure, "peak-")))
                return true;
    return false;
}

static void check_chip_notes(const struct chip *chip)
{
    static const char *const FIGURES[] = {"hbm-gb", "hbm-gbps", "tdp-w", "mfu", "bw-efficiency"};

    ck_assert_msg(chip->tdp_w > 0, "chip %s has no tdp-w", chip->id);
    ck_assert_msg(!str_equal(chip->name, chip->id), "chip %s has no name", chip->id);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        ck_assert_msg(is_noted(chip->notes, chip->note_count, FIGURES[i]),
            "%s of chip %s has neither source nor estimate", FIGURES[i], chip->id);
    for (int p = 0; p < PRECISION_COUNT; p++) {
        char figure[32];

        (void)snprintf(figure, sizeof figure, "peak-%s", PRECISION_NAMES[p]);
        ck_assert_msg(chip->peak_tflops[p] <= 0 || is_noted(chip->notes, chip->note_count, figure),
            "%s of chip %s has neither source nor estimate", figure, chip->id);
    }
}

static void check_system_notes(const struct system *system)
{
    static const char *const FIGURES[] = {"hosts", "chips-per-host", "racks", "power-kw", "idle-kw",
        "availability", "available-from", "mode"};

    ck_assert_msg(!str_equal(system->name, system->id), "system %s has no name", system->id);
    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++)
        ck_assert_msg(is_noted(system->notes, system->note_count, FIGURES[i]),
            "%s of system %s has neither source nor estimate", FIGURES[i], system->id);
    ck_assert_msg(
        system->host_cores == 0 || is_noted(system->notes, system->note_count, "cores-per-host"),
        "cores-per-host of system %s has neither source nor estimate", system->id);
    ck_assert_msg(system->host_memory_gb <= 0 ||
                      is_noted(system->notes, system->note_count, "memory-gb-per-host"),
        "memory-gb-per-host of system %s has neither source nor estimate", system->id);
}

START_TEST(every_figure_of_the_shipped_catalog_has_a_source_or_an_estimate)
{
    static const char *const SYSTEMS[] = {"trn2-ultraserver", "trn3-gen1", "trn3-gen2", "trn4",
        "gb200-nvl72", "gb300-nvl72", "vr-nvl72", "tpu-v7"};
    char *text = edit_read("topologies/catalog.xml");
    struct loaded l = load(text);

    ck_assert_int_eq(l.rc, 0);
    for (size_t i = 0; i < sizeof SYSTEMS / sizeof *SYSTEMS; i++)
        ck_assert_msg(catalog_find_system(&l.catalog, SYSTEMS[i]) != NULL, "%s", SYSTEMS[i]);
    for (size_t i = 0; i < l.catalog.chip_count; i++)
        check_chip_notes(&l.catalog.chips[i]);
    for (size_t i = 0; i < l.catalog.system_count; i++)
        check_system_notes(&l.catalog.systems[i]);
    unload(&l);
    mem_free(text);
}
END_TEST

START_TEST(trainium_power_and_all_of_trn4_are_marked_as_estimates)
{
    static const char *const TRAINIUM[] = {"trn2-ultraserver", "trn3-gen1", "trn3-gen2", "trn4"};
    char *text = edit_read("topologies/catalog.xml");
    struct loaded l = load(text);
    const struct system *trn4 = catalog_find_system(&l.catalog, "trn4");

    for (size_t i = 0; i < sizeof TRAINIUM / sizeof *TRAINIUM; i++)
        ck_assert(system_is_estimate(catalog_find_system(&l.catalog, TRAINIUM[i]), "power-kw"));
    ck_assert(system_is_estimate(trn4, "hosts"));
    ck_assert(system_is_estimate(trn4, "hbm-gb"));
    ck_assert(system_is_estimate(trn4, "peak-fp8"));
    unload(&l);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topologies/catalog");
    TCase *tc = tcase_create("catalog");

    tcase_add_test(tc, what_is_left_out_has_its_default);
    tcase_add_test(tc, several_catalogs_are_one_and_a_chip_may_come_after_its_system);
    tcase_add_test(tc, ids_are_unique_over_all_catalogs);
    tcase_add_loop_test(tc, estimates_are_told_from_sources, 0,
        (int)(sizeof ESTIMATE_CASES / sizeof *ESTIMATE_CASES));
    tcase_add_test(tc, the_nearest_system_is_named);
    tcase_add_test(tc, a_number_of_each_precision_has_its_bytes);
    tcase_add_test(tc, a_catalog_of_too_many_systems_is_refused);
    tcase_add_test(tc, every_figure_of_the_shipped_catalog_has_a_source_or_an_estimate);
    tcase_add_test(tc, trainium_power_and_all_of_trn4_are_marked_as_estimates);
    suite_add_tcase(s, tc);
    return s;
}
