#include "planner/systems_figures.h"
#include "planner/systems_print.h"
#include "planner/systems_rows.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "topologies/catalog_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct system_settings SETTINGS = {
    .precision = PRECISION_FP8, .years = 5, .usd_per_mwh = 100, .pue = 1.2};

static struct catalog_file *load_catalog(void)
{
    struct faults faults = {0};
    struct catalog_file *file = catalog_file_load("topologies/catalog.xml", NULL, &faults);

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(faults.count, 0);
    return file;
}

struct figure_case {
    enum system_figure figure;
    double value;
};

/* gb300-nvl72, bought: 72 chips, 140 kW, 288 GB and 8,000 GB/s a chip, 5 PFLOPS of FP8; $4.38 m
 * over five years of 8,760 hours is $100 an hour, $87,600 a year of upkeep $10, and energy 140 kW
 * × 1.2 × $0.1. */
static const struct figure_case FIGURES[] = {
    {FIGURE_CHIPS, 72},
    {FIGURE_RACKS, 1},
    {FIGURE_BF16_PFLOPS, 180},
    {FIGURE_FP8_PFLOPS, 360},
    {FIGURE_FP4_PFLOPS, 1080},
    {FIGURE_HBM_TB, 20.736},
    {FIGURE_HBM_TB_PER_S, 576},
    {FIGURE_POWER_KW, 140},
    {FIGURE_PRICE_USD, 110 * 8760 * 5.0},
    {FIGURE_W_PER_PFLOP, 140000 / 360.0},
    {FIGURE_USD_PER_PFLOP, 110 * 8760 * 5.0 / 360},
    {FIGURE_W_PER_GB_PER_S, 140000 / 576000.0},
    {FIGURE_USD_PER_GB_PER_S, 110 * 8760 * 5.0 / 576000},
    {FIGURE_HOLD_USD_PER_CHIP_HOUR, 110 / 72.0},
    {FIGURE_HOLD_USD_PER_HOUR, 110},
    {FIGURE_ENERGY_USD_PER_HOUR, 16.8},
    {FIGURE_TOTAL_USD_PER_HOUR, 126.8},
    {FIGURE_USD_PER_PFLOP_HOUR, 126.8 / 360},
    {FIGURE_TOKENS_PER_HOUR, 1e9},
    /* Half the power while at it; available for 0.90 of the time. */
    {FIGURE_USD_PER_MILLION_TOKENS, 110 / 900.0 + 8.4 / 1000},
    {FIGURE_JOULES_PER_MILLION_TOKENS, 140000 * 1.2 * 0.5 * 3600 / 1000},
};

START_TEST(figures_are_those_by_hand)
{
    const struct system_price price = {
        .capex_usd = 4.38e6, .years = 5, .opex_usd_per_year = 87600, .usd_per_hour = 0};
    const struct system_work work = {1e9, false, 0.5};
    struct catalog_file *file = load_catalog();
    const struct system *system = catalog_find_system(&file->catalog, "gb300-nvl72");
    struct system_figures f = systems_figures_reckon(system, &price, &work, &SETTINGS);
    const struct figure_case *c = &FIGURES[_i];

    ck_assert_msg(fabs(f.values[c->figure] - c->value) <= 1e-12 * fabs(c->value), "%s: %.17g",
        SYSTEM_FIGURE_NAMES[c->figure], f.values[c->figure]);
    ck_assert(!f.is_estimate[c->figure]);
    catalog_file_destroy(file);
}
END_TEST

START_TEST(every_figure_has_a_case_and_a_name)
{
    ck_assert_uint_eq(sizeof FIGURES / sizeof FIGURES[0], FIGURE_COUNT);
    for (int i = 0; i < FIGURE_COUNT; i++)
        ck_assert_ptr_nonnull(SYSTEM_FIGURE_NAMES[i]);
}
END_TEST

/* A loan of $1 m over 10 years at 8 % costs $149,029.49 a year. */
START_TEST(capital_has_its_cost)
{
    const struct system_price price = {.capex_usd = 1e6, .years = 10};
    struct system_settings settings = SETTINGS;
    struct catalog_file *file = load_catalog();
    const struct system *system = catalog_find_system(&file->catalog, "gb300-nvl72");
    struct system_figures f;

    settings.discount_rate = 0.08;
    f = systems_figures_reckon(system, &price, NULL, &settings);
    ck_assert_double_eq_tol(f.values[FIGURE_HOLD_USD_PER_HOUR] * 8760, 149029.49, 0.01);
    catalog_file_destroy(file);
}
END_TEST

START_TEST(what_is_not_known_is_not_a_number)
{
    struct catalog_file *file = load_catalog();
    struct system_figures f = systems_figures_reckon(
        catalog_find_system(&file->catalog, "trn2-ultraserver"), NULL, NULL, &SETTINGS);

    ck_assert(isnan(f.values[FIGURE_FP4_PFLOPS]));
    ck_assert(isnan(f.values[FIGURE_PRICE_USD]));
    ck_assert(isnan(f.values[FIGURE_TOTAL_USD_PER_HOUR]));
    ck_assert(isnan(f.values[FIGURE_TOKENS_PER_HOUR]));
    ck_assert(isnan(f.values[FIGURE_USD_PER_MILLION_TOKENS]));
    ck_assert_double_gt(f.values[FIGURE_ENERGY_USD_PER_HOUR], 0);
    catalog_file_destroy(file);
}
END_TEST

struct estimate_case {
    const char *system;
    enum system_figure figure;
    bool is_estimate;
};

static const struct estimate_case ESTIMATES[] = {
    {"trn3-gen2", FIGURE_FP8_PFLOPS, false},
    {"trn3-gen2", FIGURE_POWER_KW, true},
    {"trn3-gen2", FIGURE_W_PER_PFLOP, true},
    {"trn3-gen2", FIGURE_ENERGY_USD_PER_HOUR, true},
    {"trn3-gen2", FIGURE_TOTAL_USD_PER_HOUR, true},
    {"trn3-gen2", FIGURE_HOLD_USD_PER_HOUR, false},
    {"trn4", FIGURE_CHIPS, true},
    {"trn4", FIGURE_FP8_PFLOPS, true},
    {"trn4", FIGURE_HBM_TB, true},
    {"trn4", FIGURE_USD_PER_PFLOP, true},
    {"gb300-nvl72", FIGURE_W_PER_PFLOP, false},
    {"gb300-nvl72", FIGURE_USD_PER_PFLOP_HOUR, false},
    {"vr-nvl72", FIGURE_USD_PER_PFLOP, true},
};

START_TEST(what_is_made_with_an_estimate_is_one)
{
    const struct estimate_case *c = &ESTIMATES[_i];
    const struct system_price price = {.usd_per_hour = 100};
    struct catalog_file *file = load_catalog();
    struct system_figures f = systems_figures_reckon(
        catalog_find_system(&file->catalog, c->system), &price, NULL, &SETTINGS);

    ck_assert_int_eq(f.is_estimate[c->figure], c->is_estimate);
    catalog_file_destroy(file);
}
END_TEST

/* Rows of the shipped catalog with prices by hand; the arena owns them. */
static int make_rows(const struct catalog_file *file, const struct system_price_options *prices,
    struct arena *arena, struct systems_rows *rows, struct err *err)
{
    const struct systems_query query = {
        .catalog = &file->catalog, .prices = prices, .settings = SETTINGS};

    return systems_rows_make(&query, arena, rows, err);
}

static const struct system_figures *find_row(const struct systems_rows *rows, const char *id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (str_equal(rows->rows[i].system->id, id))
            return &rows->rows[i];
    ck_abort_msg("no row of %s", id);
    return NULL;
}

START_TEST(prices_by_hand_add_up)
{
    const struct system_price_options prices = {.price = {{"trn3-gen2=100"}, 1},
        .chip_price = {{"gb300-nvl72=2"}, 1},
        .capex = {{"trn3-gen2=438000"}, 1},
        .opex = {{"trn3-gen2=8760"}, 1}};
    struct catalog_file *file = load_catalog();
    struct arena *arena = arena_create();
    struct systems_rows rows;
    struct err err = {0};

    ck_assert_int_eq(make_rows(file, &prices, arena, &rows, &err), 0);
    ck_assert_uint_eq(rows.count, file->catalog.system_count);
    ck_assert(rows.has_prices);
    ck_assert_double_eq_tol(
        find_row(&rows, "trn3-gen2")->values[FIGURE_HOLD_USD_PER_HOUR], 100 + 10 + 1, 1e-9);
    ck_assert(!find_row(&rows, "trn3-gen2")->is_estimate[FIGURE_HOLD_USD_PER_HOUR]);
    ck_assert_double_eq_tol(
        find_row(&rows, "gb300-nvl72")->values[FIGURE_HOLD_USD_PER_HOUR], 144, 1e-9);
    ck_assert(isnan(find_row(&rows, "trn4")->values[FIGURE_PRICE_USD]));
    arena_destroy(arena);
    catalog_file_destroy(file);
}
END_TEST

struct wrong_price {
    const char *text;
    const char *message;
};

static const struct wrong_price WRONG_PRICES[] = {
    {"trn3-gen2", "--price trn3-gen2: write it as SYSTEM=DOLLARS, with dollars of 0 or more"},
    {"trn3-gen2=", "--price trn3-gen2=: write it as SYSTEM=DOLLARS, with dollars of 0 or more"},
    {"trn3-gen2=-1", "--price trn3-gen2=-1: write it as SYSTEM=DOLLARS, with dollars of 0 or more"},
    {"trn3-gen2=nan", "--price trn3-gen2=nan: write it as SYSTEM=DOLLARS, with dollars of 0 or "
                      "more"},
    {"trn3-gen22=1", "--price trn3-gen22: there is no such system; did you mean trn3-gen2?"},
};

START_TEST(a_wrong_price_is_told)
{
    const struct system_price_options prices = {.price = {{WRONG_PRICES[_i].text}, 1}};
    struct catalog_file *file = load_catalog();
    struct arena *arena = arena_create();
    struct systems_rows rows;
    struct err err = {0};

    ck_assert_int_eq(make_rows(file, &prices, arena, &rows, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_str_eq(err.text, WRONG_PRICES[_i].message);
    arena_destroy(arena);
    catalog_file_destroy(file);
}
END_TEST

/* The chip-hour price at which a PF-hour costs the same, put in, costs the same. */
START_TEST(the_even_price_makes_even)
{
    const struct system_price_options prices = {.chip_price = {{"gb300-nvl72=2.65"}, 1}};
    struct catalog_file *file = load_catalog();
    struct arena *arena = arena_create();
    struct systems_rows rows;
    struct err err = {0};
    double reference, even;
    const struct system_figures *row;
    char text[64];
    struct system_price_options again = prices;

    ck_assert_int_eq(make_rows(file, &prices, arena, &rows, &err), 0);
    reference = find_row(&rows, "gb300-nvl72")->values[FIGURE_USD_PER_PFLOP_HOUR];
    again.chip_price.items[1] = "trn3-gen2=1.1";
    again.chip_price.count = 2;
    ck_assert_int_eq(make_rows(file, &again, arena, &rows, &err), 0);
    even = systems_even_chip_price(find_row(&rows, "trn3-gen2"), reference);
    (void)snprintf(text, sizeof text, "trn3-gen2=%.17g", even);
    again.chip_price.items[1] = text;
    ck_assert_int_eq(make_rows(file, &again, arena, &rows, &err), 0);
    row = find_row(&rows, "trn3-gen2");
    ck_assert_double_eq_tol(row->values[FIGURE_USD_PER_PFLOP_HOUR], reference, 1e-12);
    arena_destroy(arena);
    catalog_file_destroy(file);
}
END_TEST

START_TEST(json_names_the_estimates)
{
    const struct system_price_options prices = {.price = {{"trn3-gen2=100"}, 1}};
    struct catalog_file *file = load_catalog();
    const struct systems_query query = {
        .catalog = &file->catalog, .prices = &prices, .settings = SETTINGS};
    struct arena *arena = arena_create();
    struct systems_rows rows;
    struct err err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    struct json_value *root;
    const struct json_value *row, *estimates;
    bool has_power = false;

    ck_assert_int_eq(systems_rows_make(&query, arena, &rows, &err), 0);
    ck_assert_int_eq(systems_print_json(&rows, &query, stream, &err), 0);
    (void)fclose(stream);
    root = json_parse(text, size, &err);
    ck_assert_ptr_nonnull(root);
    row = json_at(json_member(root, "systems"), 2);
    ck_assert_str_eq(json_get_text(json_member(row, "system")), "trn3-gen2");
    ck_assert_double_eq(json_get_number(json_member(row, "hold_usd_per_hour"), NAN), 100);
    estimates = json_member(row, "estimates");
    for (size_t i = 0; i < json_length(estimates); i++)
        has_power = has_power || str_equal(json_get_text(json_at(estimates, i)), "power_kw");
    ck_assert(has_power);
    json_destroy(root);
    free(text);
    arena_destroy(arena);
    catalog_file_destroy(file);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *suite = suite_create("systems");
    TCase *tcase = tcase_create("systems");

    tcase_add_loop_test(tcase, figures_are_those_by_hand, 0, COUNT(FIGURES));
    tcase_add_test(tcase, every_figure_has_a_case_and_a_name);
    tcase_add_test(tcase, capital_has_its_cost);
    tcase_add_test(tcase, what_is_not_known_is_not_a_number);
    tcase_add_loop_test(tcase, what_is_made_with_an_estimate_is_one, 0, COUNT(ESTIMATES));
    tcase_add_test(tcase, prices_by_hand_add_up);
    tcase_add_loop_test(tcase, a_wrong_price_is_told, 0, COUNT(WRONG_PRICES));
    tcase_add_test(tcase, the_even_price_makes_even);
    tcase_add_test(tcase, json_names_the_estimates);
    suite_add_tcase(suite, tcase);
    return suite;
}
