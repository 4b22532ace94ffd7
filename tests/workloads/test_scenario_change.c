/* What a change does to a scenario, and that it does nothing else. full.xml is the scenario. */
#include "workloads/scenario_change.h"

#include "base/err.h"
#include "base/faults.h"
#include "tests/support/suite.h"

#include <string.h>

enum { OREGON, DUBLIN };
enum { BUY_TRN3, RENT_GB300 };
enum { PRETRAIN, CHAT };

static struct scenario *base;

static void load(void)
{
    struct faults faults = {0};

    base = scenario_load("tests/cases/scenario/full.xml", NULL, &faults);
    ck_assert_ptr_nonnull(base);
    faults_fini(&faults);
}

static void unload(void)
{
    scenario_destroy(base);
}

static struct scenario_change change_of(const char *what)
{
    struct scenario_change change = {0};
    struct err err = {0};

    ck_assert_msg(scenario_change_parse(base, what, &change, &err) == 0, "%s", err.text);
    ck_assert_double_eq(change.factor, 1);
    ck_assert_int_eq(change.months, 0);
    return change;
}

static double power_mw(const struct scenario *sc, int site, const char *text)
{
    date_month month;

    ck_assert_int_eq(date_parse_month(text, &month), 0);
    return dated_value_at(&sc->sites[site].power_mw, month, 0);
}

static double demand(const struct scenario *sc, int region, const char *text)
{
    date_month month;

    ck_assert_int_eq(date_parse_month(text, &month), 0);
    return dated_value_at(&sc->workloads[CHAT].regions[region].units_per_hour, month, 0);
}

START_TEST(a_change_knows_what_it_is_of)
{
    struct scenario_change one = change_of("power:dublin"), all = change_of("demand");

    ck_assert_str_eq(scenario_change_id(base, &one), "dublin");
    ck_assert_ptr_null(scenario_change_id(base, &all));
}
END_TEST

/* Oregon has 60 MW from 2026-01 and 140 from 2026-10. */
START_TEST(dates_move_and_amounts_stay)
{
    struct scenario_change change = change_of("power:oregon");
    struct scenario *sc;

    change.months = 6;
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-06"), 0);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-07"), 60);
    ck_assert_double_eq(power_mw(sc, OREGON, "2027-03"), 60);
    ck_assert_double_eq(power_mw(sc, OREGON, "2027-04"), 140);
    ck_assert_double_eq(power_mw(sc, DUBLIN, "2026-06"), power_mw(base, DUBLIN, "2026-06"));
    ck_assert_double_eq(power_mw(base, OREGON, "2026-01"), 60);
    scenario_destroy(sc);
}
END_TEST

START_TEST(amounts_change_from_a_month_on)
{
    struct scenario_change change = change_of("power:oregon");
    struct scenario *sc;

    change.factor = 0.5;
    ck_assert_int_eq(date_parse_month("2026-04", &change.from), 0);
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-03"), 60);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-04"), 30);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-10"), 70);
    scenario_destroy(sc);
    ck_assert_int_eq(date_parse_month("2026-10", &change.from), 0);
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-09"), 60);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-10"), 70);
    scenario_destroy(sc);
}
END_TEST

/* chat/us asks for 1.2e10 from 2027-01 to 2027-10, and for nothing after it. */
START_TEST(what_has_ended_stays_ended)
{
    struct scenario_change change = change_of("demand:chat");
    struct scenario *sc;

    change.factor = 2;
    ck_assert_int_eq(date_parse_month("2027-07", &change.from), 0);
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(demand(sc, 0, "2027-04"), 1.2e10);
    ck_assert_double_eq(demand(sc, 0, "2027-07"), 2.4e10);
    ck_assert_double_eq(demand(sc, 0, "2027-10"), 0);
    scenario_destroy(sc);
    ck_assert_int_eq(date_parse_month("2027-11", &change.from), 0);
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(demand(sc, 0, "2027-07"), 1.2e10);
    ck_assert_double_eq(demand(sc, 0, "2027-11"), 0);
    scenario_destroy(sc);
}
END_TEST

START_TEST(work_moves_with_its_window)
{
    struct scenario_change change = change_of("demand:pretrain");
    struct scenario *sc;

    change.factor = 0.5;
    change.months = 3;
    sc = scenario_changed(base, &change, 1);
    ck_assert_double_eq(sc->workloads[PRETRAIN].volume_units, 1.5e13);
    ck_assert_int_eq(sc->workloads[PRETRAIN].start, base->workloads[PRETRAIN].start + 3);
    ck_assert_int_eq(sc->workloads[PRETRAIN].end, base->workloads[PRETRAIN].end + 3);
    ck_assert_int_eq(sc->workloads[CHAT].end, base->workloads[CHAT].end);
    scenario_destroy(sc);
}
END_TEST

/* trn3 is late by a year; a system without a date is at hand from the start, and then it is not. */
START_TEST(a_system_comes_later)
{
    struct scenario_change change = change_of("available");
    struct scenario *sc;

    change.months = 12;
    sc = scenario_changed(base, &change, 1);
    for (size_t k = 0; k < sc->catalog.system_count; k++) {
        date_month from = base->catalog.systems[k].available_from;

        ck_assert_int_eq(sc->catalog.systems[k].available_from,
            (from == DATE_MONTH_NONE ? base->horizon.start : from) + 12);
    }
    scenario_destroy(sc);
}
END_TEST

START_TEST(all_changes_of_a_future_are_made)
{
    struct scenario *sc = scenario_in_future(base, 0);

    ck_assert_str_eq(base->futures[0].id, "late");
    ck_assert_int_eq(sc->future_count, 0);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-06"), 0);
    ck_assert_double_eq(demand(sc, 0, "2027-01"), 6e9);
    ck_assert_double_eq(demand(sc, 0, "2026-10"), 9e9);
    scenario_destroy(sc);
    sc = scenario_in_future(base, 1);
    ck_assert_double_eq(power_mw(sc, OREGON, "2026-01"), 60);
    scenario_destroy(sc);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scenario_change");
    TCase *tc = tcase_create("scenario_change");

    tcase_add_checked_fixture(tc, load, unload);
    tcase_add_test(tc, a_change_knows_what_it_is_of);
    tcase_add_test(tc, dates_move_and_amounts_stay);
    tcase_add_test(tc, amounts_change_from_a_month_on);
    tcase_add_test(tc, what_has_ended_stays_ended);
    tcase_add_test(tc, work_moves_with_its_window);
    tcase_add_test(tc, a_system_comes_later);
    tcase_add_test(tc, all_changes_of_a_future_are_made);
    suite_add_tcase(s, tc);
    return s;
}
