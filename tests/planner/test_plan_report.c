#include "planner/plan_report.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/conflict.h"
#include "planner/futures.h"
#include "tests/support/plan_builder.h"
#include "tests/support/small_random.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <math.h>
#include <string.h>

enum { FILE_BYTES_MAX = 4 << 20 };

/* The data of the page, as its script has it. */
static struct json_value *read_data(const char *path)
{
    static const char BEFORE[] = "const data = ";
    struct err err = {0};
    char *text;
    size_t size;
    char *start, *end;
    struct json_value *root;

    ck_assert_msg(file_read(path, FILE_BYTES_MAX, &text, &size, &err) == 0, "%s", err.text);
    start = strstr(text, BEFORE);
    ck_assert_ptr_nonnull(start);
    start += strlen(BEFORE);
    end = strstr(start, ";\n");
    ck_assert_ptr_nonnull(end);
    root = json_parse(start, (size_t)(end - start), &err);
    ck_assert_msg(root != NULL, "%s", err.text);
    mem_free(text);
    return root;
}

static struct json_value *report(
    const struct capacity_plan *plan, const struct plan_report_options *options)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "plan.html");
    struct err err = {0};
    struct json_value *root;

    ck_assert_msg(plan_report_write(plan, options, path, &err) == 0, "%s", err.text);
    root = read_data(path);
    mem_free(path);
    tempdir_remove(folder);
    return root;
}

static const struct json_value *find_row(
    const struct json_value *list, const char *key, const char *text)
{
    for (size_t i = 0; i < json_length(list); i++)
        if (str_equal(json_get_text(json_member(json_at(list, i), key)), text))
            return json_at(list, i);
    ck_abort_msg("there is no %s %s", key, text);
    return NULL;
}

static double number_at(const struct json_value *row, const char *key, size_t index)
{
    return json_get_number(json_at(json_member(row, key), index), NAN);
}

static const struct plan_report_options PLAIN = {0};

START_TEST(series_are_those_of_the_plan)
{
    struct built_plan built = plan_builder_init();
    struct json_value *root = report(built.plan, &PLAIN);
    const struct json_value *row;

    ck_assert_uint_eq(json_length(json_member(root, "periods")), 8);
    row = find_row(json_member(root, "systems"), "system", "trn3");
    ck_assert_str_eq(json_get_text(json_member(row, "site")), "oregon");
    ck_assert_double_eq(number_at(row, "installed", 1), 24);
    ck_assert_double_eq(number_at(row, "installed", 2), 34.5);
    ck_assert_double_eq(number_at(row, "installed", 3), 0);
    row = find_row(json_member(root, "power"), "site", "oregon");
    ck_assert_double_eq(number_at(row, "operating_mw", 2), 60);
    ck_assert_double_eq(number_at(row, "nameplate_mw", 2), 66);
    ck_assert_double_eq(number_at(row, "limit_mw", 2), 60);
    ck_assert_double_eq(number_at(row, "limit_mw", 4), 140);
    ck_assert_double_eq(number_at(row, "usd_per_mw", 1), 1e6);
    ck_assert_double_eq(number_at(row, "usd_per_mw", 2), 2e6);
    row = find_row(json_member(root, "work"), "workload", "chat");
    ck_assert_double_eq(number_at(row, "served", 2), 2e9);
    ck_assert_double_eq(number_at(row, "unmet", 2), 2e8);
    ck_assert_double_eq(number_at(row, "unmet", 3), 6e8);
    /* Units an hour become units: quarters of 92 days. */
    ck_assert_double_eq(
        json_get_number(json_member(row, "unmet_units"), NAN), (2e8 + 6e8) * 92 * 24);
    row = find_row(json_member(root, "work"), "workload", "pretrain");
    ck_assert_double_eq(number_at(row, "served", 1), 1e9 * 91 * 24);
    row = find_row(json_member(root, "work"), "workload", "scoring");
    ck_assert_double_eq(json_get_number(json_member(row, "unmet_units"), NAN), 4e12);
    row = find_row(json_member(root, "costs"), "part", "salvage");
    ck_assert_double_eq(json_get_number(json_member(row, "usd"), NAN), -4e6);
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(limits_have_their_prices)
{
    struct built_plan built = plan_builder_init();
    struct json_value *root = report(built.plan, &PLAIN);
    const struct json_value *row = find_row(json_member(root, "prices"), "id", "oregon");

    ck_assert_str_eq(json_get_text(json_member(row, "constraint")), "site-power");
    ck_assert_str_eq(json_get_text(json_member(row, "when")), "2026-04 to 2026-09");
    ck_assert_double_eq(json_get_number(json_member(row, "least_usd"), NAN), 1e6);
    ck_assert_double_eq(json_get_number(json_member(row, "most_usd"), NAN), 2e6);
    ck_assert_uint_eq(json_length(json_member(root, "prices")), 5);
    row = find_row(json_member(root, "budgets"), "id", "capex-2026");
    ck_assert_double_eq(json_get_number(json_member(row, "usd_per_unit"), NAN), 0.25);
    row = find_row(json_member(root, "budgets"), "id", "carbon");
    ck_assert_str_eq(json_get_text(json_member(row, "unit")), "t CO2");
    row = json_at(json_member(root, "holds"), 0);
    ck_assert_str_eq(
        json_get_text(json_member(row, "words")), "budget capex-2026: one more dollar saves $0.25");
    row = find_row(json_member(root, "shortfalls"), "commitment", "trainium-power");
    ck_assert_str_eq(json_get_text(json_member(row, "when")), "2027-01 to 2027-03");
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(the_dearest_price_says_where_it_holds)
{
    struct built_plan built = plan_builder_init();
    struct json_value *root;
    const struct json_value *row;

    for (size_t i = 0; i < built.plan->prices.count; i++) {
        struct plan_price *price = &built.plan->prices.rows[i];

        if (price->kind == PRICE_SITE_POWER)
            price->range = (struct price_range){true, 60 + price->period, 50, INFINITY, 0, 0};
    }
    root = report(built.plan, &PLAIN);
    row = find_row(json_member(root, "prices"), "id", "oregon");
    ck_assert_str_eq(json_get_text(json_member(row, "dearest_when")), "2026-07 to 2026-09");
    ck_assert_double_eq(json_get_number(json_member(row, "limit"), NAN), 62);
    ck_assert_double_eq(json_get_number(json_member(row, "holds_from"), NAN), 50);
    ck_assert_double_nan(json_get_number(json_member(row, "holds_to"), NAN));
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

/* Each figure has exactly one of: a source, an estimate's basis, a place in a file. */
START_TEST(every_figure_says_where_it_comes_from)
{
    struct built_plan built = plan_builder_init();
    struct json_value *root = report(built.plan, &PLAIN);
    const struct json_value *catalog = json_member(root, "catalog");
    const struct json_value *figures;

    ck_assert_uint_eq(json_length(catalog), 4);
    for (size_t i = 0; i < json_length(catalog); i++) {
        figures = json_member(json_at(catalog, i), "figures");
        ck_assert_uint_ge(json_length(figures), 5);
        for (size_t f = 0; f < json_length(figures); f++) {
            const struct json_value *figure = json_at(figures, f);
            int count = (json_member(figure, "source") != NULL) +
                        (json_member(figure, "estimate") != NULL) +
                        (json_member(figure, "given") != NULL);

            ck_assert_int_eq(count, 1);
        }
    }
    figures = json_member(find_row(catalog, "id", "trn3"), "figures");
    ck_assert_str_eq(
        json_get_text(json_member(find_row(figures, "attribute", "power-kw"), "estimate")),
        "a guess");
    ck_assert_str_eq(json_get_text(json_member(find_row(figures, "attribute", "hosts"), "source")),
        "https://example.org/trn3");
    ck_assert_str_eq(
        json_get_text(json_member(find_row(figures, "attribute", "availability"), "given")),
        "tests/cases/scenario/full.xml:13");
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(every_input_row_has_its_line)
{
    struct built_plan built = plan_builder_init();
    struct json_value *root = report(built.plan, &PLAIN);
    const struct json_value *inputs = json_member(root, "inputs");

    ck_assert_uint_ge(json_length(inputs), 12);
    for (size_t i = 0; i < json_length(inputs); i++) {
        const struct json_value *rows = json_member(json_at(inputs, i), "rows");
        size_t column_count = json_length(json_member(json_at(inputs, i), "columns"));

        ck_assert_uint_ge(json_length(rows), 1); /* full.xml has something of each */
        for (size_t r = 0; r < json_length(rows); r++) {
            const char *place;

            ck_assert_uint_eq(json_length(json_at(rows, r)), column_count);
            place = json_get_text(json_at(json_at(rows, r), column_count - 1));
            ck_assert_msg(str_starts_with(place, "tests/cases/scenario/full.xml:"), "%s", place);
            ck_assert(!str_ends_with(place, ":0"));
        }
    }
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(without_a_plan_it_says_why)
{
    struct built_plan built = plan_builder_init();
    const struct plan_report_options options = {.refusal = "nothing </script> fits"};
    const struct json_value *set;
    struct json_value *root;

    built.plan->has_plan = false;
    built.plan->status = PLAN_INFEASIBLE;
    built.plan->conflict = mem_zero(1, sizeof *built.plan->conflict);
    built.plan->conflict->scenario = built.scenario;
    built.plan->conflict->set = mem_zero(1, sizeof *built.plan->conflict->set);
    built.plan->conflict->set[0] = (struct conflict_thing){CONFLICT_SITE_POWER, 0};
    built.plan->conflict->set_count = 1;
    root = report(built.plan, &options);
    set = json_member(json_member(root, "conflict"), "set");
    ck_assert_uint_eq(json_length(set), 1);
    ck_assert_msg(str_starts_with(json_get_text(json_member(json_at(set, 0), "words")),
                      "power at site oregon: 60 MW from "),
        "%s", json_get_text(json_member(json_at(set, 0), "words")));
    ck_assert_str_eq(json_get_text(json_member(root, "refusal")), "nothing </script> fits");
    ck_assert_str_eq(json_get_text(json_member(root, "status")), "infeasible");
    ck_assert(!json_get_bool(json_member(root, "has_plan"), true));
    ck_assert_ptr_null(json_member(root, "costs"));
    ck_assert_uint_ge(json_length(json_member(root, "inputs")), 12);
    json_destroy(root);
    plan_builder_fini(&built);
}
END_TEST

/* --- Several futures */

static const char FUTURES[] =
    "<future id='low' probability='0.25' known-from='2026-07'><change what='demand' "
    "factor='0.5'/></future>"
    "<future id='high' probability='0.75' known-from='2026-07'>"
    "<change what='demand:chat' factor='1.5'/><change what='available:s2' months='3'/></future>";

static struct json_value *report_futures(const struct futures *futures)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "plan.html");
    struct err err = {0};
    struct json_value *root;

    ck_assert_msg(plan_report_write_futures(futures, &PLAIN, path, &err) == 0, "%s", err.text);
    root = read_data(path);
    mem_free(path);
    tempdir_remove(folder);
    return root;
}

static double sum_of(const struct json_value *list)
{
    double sum = 0;

    for (size_t i = 0; i < json_length(list); i++)
        sum += json_get_number(json_at(list, i), NAN);
    return sum;
}

/* What a future's plan acquires by orders of before it is known, and what the report says. */
static void check_common(const struct futures *futures, const struct json_value *root)
{
    const struct json_value *common = json_member(root, "common");
    double wanted = 0, found = 0;

    for (size_t i = 0; i < futures->common.count; i++)
        wanted += futures->common.rows[i].systems;
    for (size_t i = 0; i < json_length(common); i++) {
        const struct json_value *row = json_at(common, i);

        ck_assert_uint_ge(json_length(json_member(row, "futures")), 1);
        found += sum_of(json_member(row, "acquired"));
        for (size_t k = 0; k < i; k++)
            ck_assert(!str_equal(json_get_text(json_member(row, "offer")),
                          json_get_text(json_member(json_at(common, k), "offer"))) ||
                      !str_equal(json_get_text(json_member(row, "site")),
                          json_get_text(json_member(json_at(common, k), "site"))));
    }
    ck_assert_double_gt(wanted, 0);
    ck_assert_double_eq_tol(found, wanted, 1e-9 * wanted);
}

START_TEST(futures_stand_side_by_side_with_what_is_common)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s};
    struct scenario *scenario = small_random(3, FUTURES);
    struct futures *futures = futures_solve(scenario, &options, NULL);
    struct json_value *root = report_futures(futures);
    const struct json_value *expected = json_member(root, "expected");
    const struct json_value *list = json_member(root, "futures");
    double usd = 0;

    ck_assert_uint_eq(json_length(list), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct json_value *plan = json_member(json_at(list, i), "plan");
        const struct json_value *costs = json_member(plan, "costs");
        double cost = 0;

        for (size_t k = 0; k < json_length(costs); k++)
            cost += sum_of(json_member(json_at(costs, k), "by_period_usd"));
        ck_assert_double_eq_tol(cost, futures->rows[i].plan->objective_usd, 1e-6 * fabs(cost));
        usd += json_get_number(json_member(json_at(list, i), "probability"), NAN) * cost;
        ck_assert_uint_ge(json_length(json_member(plan, "systems")), 1);
    }
    ck_assert_double_eq_tol(json_get_number(json_member(expected, "usd"), NAN), usd, 1e-6 * usd);
    ck_assert_double_eq_tol(json_get_number(json_member(expected, "value_of_knowing_usd"), NAN),
        usd - futures->alone_usd, 1e-6 * usd);
    ck_assert_str_eq(
        json_get_text(json_member(json_at(list, 0), "changes")), "demand of all × 0.5");
    ck_assert_str_eq(json_get_text(json_member(json_at(list, 1), "changes")),
        "demand of chat × 1.5; availability of s2 3 months later");
    (void)find_row(json_member(root, "inputs"), "title", "Futures");
    check_common(futures, root);
    json_destroy(root);
    futures_destroy(futures);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
    struct built_plan built = plan_builder_init();
    struct err err = {0};

    ck_assert_int_eq(
        plan_report_write(built.plan, &PLAIN, "build/no-such-folder/plan.html", &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "build/no-such-folder/plan.html"));
    plan_builder_fini(&built);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("plan_report");
    TCase *tests = tcase_create("plan_report");

    tcase_add_test(tests, series_are_those_of_the_plan);
    tcase_add_test(tests, limits_have_their_prices);
    tcase_add_test(tests, the_dearest_price_says_where_it_holds);
    tcase_add_test(tests, every_figure_says_where_it_comes_from);
    tcase_add_test(tests, every_input_row_has_its_line);
    tcase_add_test(tests, without_a_plan_it_says_why);
    tcase_add_test(tests, futures_stand_side_by_side_with_what_is_common);
    tcase_add_test(tests, a_folder_that_is_not_there_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
