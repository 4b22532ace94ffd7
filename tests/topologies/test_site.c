#include "topologies/site.h"

#include "base/mem.h"
#include "base/xml.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { Y2026 = 2026 * 12, Y2027 = 2027 * 12 };

#define SITE(attributes, inside)                                                                   \
    "<site xmlns=\"urn:wattyard:1\" id=\"s\" region=\"r\" jurisdiction=\"us\"" attributes ">"      \
    "\n<energy from=\"2026-01\" usd-per-mwh=\"40\"/>" inside "</site>"

struct loaded {
    struct arena *arena;
    struct site site;
    struct faults faults;
    int rc;
};

static struct loaded load(const char *text)
{
    struct loaded l = {.arena = arena_create()};
    struct xml_document *document = xml_parse(
        text, strlen(text), "site.xml", &XML_LIMITS_FILES, NULL, &l.faults);

    ck_assert_ptr_nonnull(document);
    l.rc = site_read(xml_root(document), l.arena, &l.site, &l.faults);
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
    struct loaded l = load(SITE("", ""));

    ck_assert_int_eq(l.rc, 0);
    ck_assert_double_eq(l.site.pue, 1);
    ck_assert_double_eq(l.site.oversubscription, 1);
    ck_assert(isinf(site_rack_positions_at(&l.site, Y2026)));
    ck_assert_double_eq(dated_value_at(&l.site.power_mw, Y2026, 0), 0);
    ck_assert_double_eq(dated_value_at(&l.site.energy_kg_co2_per_mwh, Y2026, -1), 0);
    ck_assert_str_eq(l.site.where.file, "site.xml");
    unload(&l);
}
END_TEST

START_TEST(price_and_carbon_of_a_row_change_together)
{
    struct loaded l = load(SITE(
        "", "<energy from=\"2026-07\" to=\"2027-01\" usd-per-mwh=\"30\" kg-co2-per-mwh=\"250\"/>"));

    ck_assert_int_eq(l.rc, 0);
    ck_assert_double_eq(dated_value_at(&l.site.energy_usd_per_mwh, Y2026 + 5, -1), 40);
    ck_assert_double_eq(dated_value_at(&l.site.energy_usd_per_mwh, Y2026 + 6, -1), 30);
    ck_assert_double_eq(dated_value_at(&l.site.energy_kg_co2_per_mwh, Y2026 + 6, -1), 250);
    ck_assert_ptr_null(dated_row_at(&l.site.energy_usd_per_mwh, Y2027));
    unload(&l);
}
END_TEST

START_TEST(rack_positions_of_power_rows_replace_those_of_the_site)
{
    struct loaded l = load(SITE(" rack-positions=\"100\"",
        "<power from=\"2026-01\" mw=\"1\"/>"
        "<power from=\"2026-04\" mw=\"2\" rack-positions=\"200\"/>"
        "<power from=\"2026-07\" mw=\"3\"/>"
        "<power from=\"2027-01\" to=\"2027-07\" mw=\"4\" rack-positions=\"0\"/>"));

    ck_assert_int_eq(l.rc, 0);
    ck_assert_double_eq(site_rack_positions_at(&l.site, Y2026), 100);
    ck_assert_double_eq(site_rack_positions_at(&l.site, Y2026 + 3), 200);
    ck_assert_double_eq(site_rack_positions_at(&l.site, Y2026 + 6), 200);
    ck_assert_double_eq(site_rack_positions_at(&l.site, Y2027), 0);
    ck_assert_double_eq(site_rack_positions_at(&l.site, Y2027 + 6), 100);
    ck_assert_double_eq(dated_value_at(&l.site.power_mw, Y2026 + 6, 0), 3);
    ck_assert_double_eq(dated_value_at(&l.site.power_mw, Y2027 + 6, 0), 0);
    unload(&l);
}
END_TEST

START_TEST(a_site_without_a_price_is_a_fault)
{
    struct loaded l = load(
        "<site xmlns=\"urn:wattyard:1\" id=\"s\" region=\"r\" jurisdiction=\"us\"/>");

    ck_assert_int_eq(l.rc, -1);
    ck_assert_ptr_nonnull(
        edit_find_fault(&l.faults, "site.xml:1: <site id=\"s\">: it has no <energy>"));
    unload(&l);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("topologies/site");
    TCase *tc = tcase_create("site");

    tcase_add_test(tc, what_is_left_out_has_its_default);
    tcase_add_test(tc, price_and_carbon_of_a_row_change_together);
    tcase_add_test(tc, rack_positions_of_power_rows_replace_those_of_the_site);
    tcase_add_test(tc, a_site_without_a_price_is_a_fault);
    suite_add_tcase(s, tc);
    return s;
}
