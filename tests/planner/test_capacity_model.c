#include "planner/capacity_model.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/lp.h"
#include "tests/support/edit.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct capacity_model_options PLAIN = {.is_plain = true};
static const struct capacity_model_options REDUCED = {0};

static struct scenario *load(const char *path)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(path, NULL, &faults);
    char *list = edit_list_faults(&faults);

    ck_assert_msg(scenario != NULL, "%s", list);
    mem_free(list);
    faults_fini(&faults);
    return scenario;
}

static struct capacity_model *build(
    const struct scenario *scenario, const struct capacity_model_options *options)
{
    struct err err = {0};
    struct capacity_model *model = capacity_model_create(scenario, options, &err);

    ck_assert_msg(model != NULL, "%s", err.text);
    return model;
}

/* --- Sizes: a change of the model shows here */

struct size_case {
    const char *path;
    int rows, columns, terms; /* with reductions */
    int plain_rows, plain_columns, plain_terms;
};

static const struct size_case SIZES[] = {
    {"tests/cases/plan/random-01.xml", 16, 16, 39, 25, 16, 60},
    {"tests/cases/plan/random-02.xml", 38, 41, 116, 56, 48, 172},
    {"tests/cases/plan/random-03.xml", 110, 109, 440, 170, 141, 664},
    {"tests/cases/plan/random-04.xml", 179, 217, 889, 271, 278, 1287},
    {"tests/cases/plan/random-05.xml", 248, 595, 2285, 530, 886, 4648},
    {"tests/cases/plan/random-06.xml", 408, 736, 2446, 609, 942, 3733},
    {"tests/cases/plan/random-07.xml", 414, 1420, 6987, 756, 2134, 12058},
    {"tests/cases/plan/random-08.xml", 698, 2933, 9143, 1527, 4185, 21228},
    {"tests/cases/plan/random-09.xml", 740, 928, 4879, 1150, 1097, 8314},
    {"tests/cases/plan/random-10.xml", 924, 4675, 19104, 1623, 6315, 33058},
    {"tests/cases/plan/random-11.xml", 1275, 4124, 21157, 2408, 5810, 37794},
    {"tests/cases/plan/random-12.xml", 2361, 14540, 58770, 4601, 18585, 98815},
};
enum { SIZE_COUNT = sizeof SIZES / sizeof *SIZES, PLAIN_SOLVED = 10 };

START_TEST(a_case_has_its_rows_and_columns)
{
    struct scenario *scenario = load(SIZES[_i].path);
    struct capacity_model *model = build(scenario, &REDUCED);
    struct capacity_model *plain = build(scenario, &PLAIN);

    ck_assert_int_eq(model->row_count, SIZES[_i].rows);
    ck_assert_int_eq(model->column_count, SIZES[_i].columns);
    ck_assert_int_eq(lp_term_count(model->lp), SIZES[_i].terms);
    ck_assert_int_eq(plain->row_count, SIZES[_i].plain_rows);
    ck_assert_int_eq(plain->column_count, SIZES[_i].plain_columns);
    ck_assert_int_eq(lp_term_count(plain->lp), SIZES[_i].plain_terms);
    ck_assert_int_eq(lp_row_count(model->lp), model->row_count);
    ck_assert_int_eq(lp_column_count(model->lp), model->column_count);
    capacity_model_destroy(model);
    capacity_model_destroy(plain);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(what_is_left_out_does_not_change_the_optimum)
{
    struct scenario *scenario = load(SIZES[_i].path);
    double plain = small_plan_optimum(scenario, &PLAIN);
    double reduced = small_plan_optimum(scenario, &REDUCED);

    ck_assert_double_eq_tol(reduced, plain, 1e-7 * fabs(plain));
    scenario_destroy(scenario);
}
END_TEST

/* --- Scale */

static const char *const SHIPPED[] = {"workloads/scenarios/two-sites.xml",
    "workloads/scenarios/campus-20mw.xml", "workloads/scenarios/trainium-1gw.xml",
    "workloads/scenarios/aws-trainium-2gw.xml", "workloads/scenarios/frontier-10gw.xml"};

/* The solver's tolerances are absolute: what it gets lies near 1. */
START_TEST(coefficients_of_shipped_scenarios_lie_near_one)
{
    struct scenario *scenario = load(SHIPPED[_i]);
    struct capacity_model *model = build(scenario, &REDUCED);
    size_t row_count = (size_t)model->row_count;
    int *rows = mem_zero(row_count, sizeof *rows);
    double *terms = mem_zero(row_count, sizeof *terms);

    for (int j = 0; j < model->column_count; j++) {
        int count = lp_column_terms(model->lp, j, rows, terms);
        double cost = fabs(lp_cost(model->lp, j));

        ck_assert_msg(cost == 0 || (cost > 1e-2 && cost < 1e5), "cost of column %d: %g", j, cost);
        for (int i = 0; i < count; i++)
            ck_assert_msg(fabs(terms[i]) > 1e-4 && fabs(terms[i]) < 1e2, "row %d, column %d: %g",
                rows[i], j, terms[i]);
    }
    mem_free(rows);
    mem_free(terms);
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

/* --- Names */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_distinct(char **names, int count)
{
    qsort(names, (size_t)count, sizeof *names, compare_texts);
    for (int i = 1; i < count; i++)
        ck_assert_str_ne(names[i - 1], names[i]);
    for (int i = 0; i < count; i++)
        mem_free(names[i]);
    mem_free(names);
}

START_TEST(every_row_and_column_has_a_name_of_its_own)
{
    struct scenario *scenario = load(SIZES[_i].path);
    struct capacity_model *model = build(scenario, &PLAIN);
    char **rows = mem_zero((size_t)model->row_count, sizeof *rows);
    char **columns = mem_zero((size_t)model->column_count, sizeof *columns);
    char name[256];

    for (int i = 0; i < model->row_count; i++) {
        capacity_model_row_name(model, i, name, sizeof name);
        rows[i] = mem_copy_text(name);
    }
    for (int j = 0; j < model->column_count; j++) {
        capacity_model_column_name(model, j, name, sizeof name);
        columns[j] = mem_copy_text(name);
    }
    check_distinct(rows, model->row_count);
    check_distinct(columns, model->column_count);
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

static bool has_row(const struct capacity_model *model, const char *wanted)
{
    char name[256];

    for (int i = 0; i < model->row_count; i++) {
        capacity_model_row_name(model, i, name, sizeof name);
        if (str_equal(name, wanted))
            return true;
    }
    return false;
}

static bool has_column(const struct capacity_model *model, const char *wanted)
{
    char name[256];

    for (int j = 0; j < model->column_count; j++) {
        capacity_model_column_name(model, j, name, sizeof name);
        if (str_equal(name, wanted))
            return true;
    }
    return false;
}

static const char *const ROW_NAMES[] = {"supply[buy-gb300,2026-10]",
    "installed[oregon,gb300-nvl72,2026-10]", "capacity[oregon,gb300-nvl72,2027-04]",
    "nameplate-power[oregon,2026-10]", "demand[chat,us,2026-10]", "survive[chat,oregon,us,2026-07]",
    "volume[pretrain]", "keep[buy-gb300,0,oregon,2027-01]", "budget[capex-2026]",
    "limit[vendor-mix,2027-10]"};
static const char *const COLUMN_NAMES[] = {"acq[buy-gb300,oregon,2026-04]",
    "inst[oregon,gb300-nvl72,2026-07]", "x[chat,oregon,gb300-nvl72,full,2027-01]",
    "keep[buy-gb300,1,dublin,2026-10]", "u[chat,us,2027-01]", "u[embed]", "short[aws-spend]"};

START_TEST(names_read_like_the_page)
{
    struct scenario *scenario = load("workloads/scenarios/two-sites.xml");
    struct capacity_model *model = build(scenario, &REDUCED);

    for (size_t i = 0; i < sizeof ROW_NAMES / sizeof *ROW_NAMES; i++)
        ck_assert_msg(has_row(model, ROW_NAMES[i]), "no row %s", ROW_NAMES[i]);
    for (size_t i = 0; i < sizeof COLUMN_NAMES / sizeof *COLUMN_NAMES; i++)
        ck_assert_msg(has_column(model, COLUMN_NAMES[i]), "no column %s", COLUMN_NAMES[i]);
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_name_is_cut_to_its_buffer)
{
    struct scenario *scenario = small_scenario(&(struct small_pieces){0});
    struct capacity_model *model = build(scenario, &PLAIN);
    char name[6];

    capacity_model_column_name(model, 0, name, sizeof name);
    ck_assert_str_eq(name, "acq[o");
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

/* --- Limits */

START_TEST(a_model_beyond_the_limits_is_refused)
{
    struct small_pieces pieces = {
        .horizon = "<horizon start='2000-01' end='2099-12' step='month'/>"};
    struct str systems = {0}, sites = {0}, workloads = {0};
    struct scenario *scenario;
    struct err err = {0};

    for (int i = 0; i < 20; i++)
        str_format(&systems,
            "<system id='%c' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>",
            i == 0 ? 's' : 'A' + i);
    for (int i = 0; i < 100; i++)
        str_format(&sites,
            "<site id='a%d' region='r' jurisdiction='us'><power from='2000-01' mw='1'/>"
            "<energy from='2000-01' usd-per-mwh='0'/></site>",
            i);
    for (int i = 0; i < 10; i++)
        str_format(&workloads,
            "<workload id='w%d' kind='training' value-usd-per-unit='1'><volume units='1'/>"
            "<rate system='s' units-per-hour='1'/></workload>",
            i);
    pieces.systems = str_text(&systems);
    pieces.sites = str_text(&sites);
    pieces.workloads = str_text(&workloads);
    scenario = small_scenario(&pieces);
    ck_assert_ptr_null(capacity_model_create(scenario, &REDUCED, &err));
    ck_assert_int_eq(err.kind, ERR_LIMIT);
    ck_assert_msg(
        strstr(err.text, "workloads × sites × systems × periods") != NULL, "%s", err.text);
    scenario_destroy(scenario);
    str_fini(&systems);
    str_fini(&sites);
    str_fini(&workloads);
}
END_TEST

/* --- Regions: many of them are served by flows, few by sets; both say the same */

#define CHAT(regions)                                                                              \
    "<workload id='w' kind='inference' value-usd-per-unit='10'>"                                   \
    "<rate system='s' units-per-hour='1'/>" regions "</workload>"
#define REGION(id, jurisdictions)                                                                  \
    "<demand region='" id "' from='2026-01' units-per-hour='1' jurisdictions='" jurisdictions "'/" \
    ">"
#define SITE(id, jurisdiction, mw)                                                                 \
    "<site id='" id "' region='r' jurisdiction='" jurisdiction "'><power from='2026-01' mw='" mw   \
    "'/><energy from='2026-01' usd-per-mwh='0'/></site>"

static int count_rows(const struct capacity_model *model, enum row_family family)
{
    int count = 0;

    for (int i = 0; i < model->row_count; i++)
        count += model->rows[i].family == family;
    return count;
}

struct region_case {
    const char *workload;
    int demand_rows, flow_rows; /* in each of the four quarters */
};

/* Sites a (us), b (eu), c (ap). */
static const struct region_case REGIONS[] = {
    {CHAT(REGION("x", "us eu")), 1, 0},
    /* Alike: asked for together. */
    {CHAT(REGION("x", "us eu") REGION("y", "us eu")), 1, 0},
    /* Apart: each alone. */
    {CHAT(REGION("x", "us") REGION("y", "eu")), 2, 0},
    /* One within the other: it alone, and both. */
    {CHAT(REGION("x", "us") REGION("y", "us eu")), 2, 0},
    /* A chain: each alone, both neighbours, all three. */
    {CHAT(REGION("x", "us eu") REGION("y", "eu ap")), 3, 0},
    /* No site: alone, and never served. */
    {CHAT(REGION("x", "us") "<demand region='n' from='2026-01' units-per-hour='1'"
                            " jurisdictions='nowhere'/>"),
        2, 0},
    /* Seven regions: flows, of three sites. */
    {CHAT(REGION("1", "us") REGION("2", "eu") REGION("3", "ap") REGION("4", "us eu")
             REGION("5", "us ap") REGION("6", "eu ap") REGION("7", "us eu ap")),
        7, 3},
    /* Six regions: each of one site, pairs with what is within them, all. */
    {CHAT(REGION("1", "us") REGION("2", "eu") REGION("3", "ap") REGION("4", "us eu")
             REGION("5", "us ap") REGION("6", "eu ap")),
        7, 0},
};

START_TEST(regions_are_asked_for_in_the_sets_that_matter)
{
    const struct small_pieces pieces = {.workloads = REGIONS[_i].workload,
        .sites = SITE("a", "us", "0.12") SITE("b", "eu", "0.21") SITE("c", "ap", "0.07")};
    struct scenario *scenario = small_scenario(&pieces);
    struct capacity_model *model = build(scenario, &REDUCED);

    ck_assert_int_eq(count_rows(model, ROW_DEMAND), 4 * REGIONS[_i].demand_rows);
    ck_assert_int_eq(count_rows(model, ROW_FLOW), 4 * REGIONS[_i].flow_rows);
    ck_assert_double_eq_tol(
        small_plan_optimum(scenario, &REDUCED), small_plan_optimum(scenario, &PLAIN), 1e-6);
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(sets_of_regions_are_named_by_their_regions)
{
    const struct small_pieces pieces = {
        .workloads = CHAT(REGION("x", "us eu") REGION("y", "us eu")),
        .sites = SITE("a", "us", "0.12") SITE("b", "eu", "0.21")};
    struct scenario *scenario = small_scenario(&pieces);
    struct capacity_model *model = build(scenario, &REDUCED);

    ck_assert(has_row(model, "demand[w,x+y,2026-04]"));
    capacity_model_destroy(model);
    scenario_destroy(scenario);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("planner/capacity_model");
    TCase *tc = tcase_create("model");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_case_has_its_rows_and_columns, 0, SIZE_COUNT);
    tcase_add_loop_test(tc, what_is_left_out_does_not_change_the_optimum, 0, PLAIN_SOLVED);
    tcase_add_loop_test(tc, coefficients_of_shipped_scenarios_lie_near_one, 0,
        (int)(sizeof SHIPPED / sizeof *SHIPPED));
    tcase_add_loop_test(tc, every_row_and_column_has_a_name_of_its_own, 0, PLAIN_SOLVED);
    tcase_add_test(tc, names_read_like_the_page);
    tcase_add_test(tc, a_name_is_cut_to_its_buffer);
    tcase_add_test(tc, a_model_beyond_the_limits_is_refused);
    tcase_add_loop_test(tc, regions_are_asked_for_in_the_sets_that_matter, 0,
        (int)(sizeof REGIONS / sizeof *REGIONS));
    tcase_add_test(tc, sets_of_regions_are_named_by_their_regions);
    suite_add_tcase(s, tc);
    return s;
}
