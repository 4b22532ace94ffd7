#include "planner/plan_json.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/plan_builder.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the plan and reads it back. */
static struct json_value *print_and_read(
    const struct capacity_plan *plan, const char *conflict, char **text)
{
    struct err err = {0};
    size_t size = 0;
    FILE *stream = open_memstream(text, &size);
    struct json_value *root;

    ck_assert_int_eq(plan_json_print(plan, conflict, stream, &err), 0);
    (void)fclose(stream);
    root = json_parse(*text, size, &err);
    ck_assert_msg(root != NULL, "%s", err.text);
    return root;
}

static void check_text(const struct json_value *row, const char *key, const char *expected)
{
    const char *text = json_get_text(json_member(row, key));

    ck_assert_msg(json_member(row, key) != NULL, "there is no %s", key);
    if (expected == NULL)
        ck_assert_msg(text == NULL && isnan(json_get_number(json_member(row, key), NAN)),
            "%s is not null", key);
    else
        ck_assert_str_eq(text == NULL ? "(null)" : text, expected);
}

static void check_number(const struct json_value *row, const char *key, double expected)
{
    ck_assert_msg(json_member(row, key) != NULL, "there is no %s", key);
    ck_assert_double_eq(json_get_number(json_member(row, key), NAN), expected);
}

static const struct json_value *row_of(
    const struct json_value *root, const char *list, size_t index, size_t count)
{
    const struct json_value *rows = json_member(root, list);

    ck_assert_msg(rows != NULL, "there is no %s", list);
    ck_assert_uint_eq(json_length(rows), count);
    return json_at(rows, index);
}

START_TEST(figures_of_the_solve_have_their_names)
{
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const struct json_value *cost = json_member(root, "cost_usd");
    static const char *const PARTS[] = {"capex", "rent", "maintenance", "energy", "carbon", "unmet",
        "shortfall", "porting", "salvage"};
    double sum = 0;

    check_text(root, "scenario", "full");
    check_text(root, "status", "optimal");
    check_text(json_member(root, "solver"), "name", "GLPK");
    ck_assert_ptr_nonnull(json_get_text(json_member(json_member(root, "solver"), "version")));
    check_number(root, "objective_usd", 80e6);
    check_number(root, "bound_usd", 80e6);
    check_number(root, "gap", 0);
    ck_assert(!json_get_bool(json_member(root, "whole_systems"), true));
    check_number(json_member(root, "size"), "rows", 1234);
    check_number(json_member(root, "size"), "columns", 5678);
    check_number(json_member(root, "size"), "nonzeros", 9012);
    check_number(json_member(root, "size"), "integers", 0);
    check_number(json_member(root, "seconds"), "read", 0.25);
    check_number(json_member(root, "seconds"), "build", 0.5);
    check_number(json_member(root, "seconds"), "solve", 1.25);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
        sum += json_get_number(json_member(cost, PARTS[i]), NAN);
    ck_assert_double_eq(sum, 80e6);
    check_number(cost, "salvage", -4e6);
    ck_assert_ptr_null(json_member(root, "conflict"));
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(lists_of_systems_have_their_fields)
{
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const struct json_value *row = row_of(root, "periods", 1, 8);

    check_text(row, "start", "2026-04");
    check_number(row, "months", 3);
    check_number(row, "hours", 2184);
    row = row_of(root, "acquired", 0, 3);
    check_text(row, "offer", "buy-trn3");
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-07");
    check_number(row, "systems", 10.5);
    row = row_of(root, "installed", 1, 4);
    check_text(row, "offer", "buy-trn3");
    check_text(row, "system", "trn3");
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-07");
    check_number(row, "systems", 34.5);
    check_number(row, "kw", 6900);
    row = row_of(root, "retired", 0, 1);
    check_text(row, "offer", "buy-trn3");
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-10");
    check_number(row, "systems", 1.5);
    row = row_of(root, "energy", 0, 1);
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-07");
    check_number(row, "mwh", 1000);
    check_number(row, "tonnes_co2", 120);
    row = row_of(root, "power", 1, 3);
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-07");
    check_number(row, "operating_mw", 60);
    check_number(row, "nameplate_mw", 66);
    check_number(row, "limit_mw", 60);
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(lists_of_work_have_their_fields)
{
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const struct json_value *row = row_of(root, "runs", 0, 3);

    check_text(row, "workload", "chat");
    check_text(row, "site", "oregon");
    check_text(row, "system", "trn3");
    check_text(row, "mode", "capped");
    check_text(row, "period", "2026-07");
    check_number(row, "systems", 5);
    check_number(row, "units_per_hour", 1.5e9);
    row = row_of(root, "served", 1, 2);
    check_text(row, "workload", "chat");
    check_text(row, "region", NULL);
    check_text(row, "site", "dublin");
    check_text(row, "period", "2026-07");
    check_number(row, "units_per_hour", 0.5e9);
    row = row_of(root, "unmet", 0, 3);
    check_text(row, "region", "eu");
    check_number(row, "units", 2e8);
    check_number(row, "share", 0.1);
    row = row_of(root, "unmet", 2, 3);
    check_text(row, "workload", "scoring");
    check_text(row, "region", NULL);
    check_text(row, "period", NULL);
    row = row_of(root, "ported", 0, 1);
    check_text(row, "workload", "pretrain");
    check_text(row, "stack", "neuron");
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(lists_of_limits_have_their_fields)
{
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const struct json_value *row = row_of(root, "shortfalls", 0, 2);

    check_text(row, "commitment", "trainium-power");
    check_text(row, "period", "2027-01");
    check_number(row, "mw", 2.5);
    check_number(row, "usd", 1.5e6);
    check_text(row_of(root, "shortfalls", 1, 2), "period", NULL);
    row = row_of(root, "budgets", 0, 2);
    check_text(row, "id", "capex-2026");
    check_number(row, "used_usd", 1.5e9);
    check_number(row, "limit_usd", 2e9);
    ck_assert_ptr_null(json_member(row, "used_tonnes"));
    row = row_of(root, "budgets", 1, 2);
    check_text(row, "id", "carbon");
    check_text(row, "used_usd", NULL);
    check_number(row, "used_tonnes", 150000);
    check_number(row, "limit_tonnes", 200000);
    row = row_of(root, "prices", 0, 6);
    check_text(row, "constraint", "site-power");
    check_text(row, "id", "oregon");
    check_text(row, "period", "2026-04");
    check_number(row, "usd_per_unit", 1e6);
    check_text(row, "unit", "MW");
    ck_assert_ptr_null(json_member(row, "limit"));
    check_text(row_of(root, "prices", 3, 6), "period", NULL);
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

/* Ends that are not there, and prices where no plan is, are null. */
START_TEST(prices_have_their_ranges_when_they_are_known)
{
    struct built_plan built = plan_builder_init();
    struct plan_not_chosen *missed = mem_zero(1, sizeof *missed);
    struct json_value *root;
    const struct json_value *row;
    char *text;

    built.plan->prices.rows[1].range = (struct price_range){true, 140, 120.5, INFINITY, 3e6, NAN};
    *missed = (struct plan_not_chosen){1, 0, 2, 7e4, 1e6, 0.07};
    built.plan->not_chosen.rows = missed;
    built.plan->not_chosen.count = 1;
    root = print_and_read(built.plan, NULL, &text);
    row = row_of(root, "prices", 1, 6);
    check_number(row, "limit", 140);
    check_number(row, "holds_from", 120.5);
    check_text(row, "holds_to", NULL);
    check_number(row, "usd_per_unit_below", 3e6);
    check_text(row, "usd_per_unit_above", NULL);
    row = row_of(root, "not_chosen", 0, 1);
    check_text(row, "offer", "rent-gb300");
    check_text(row, "system", "gb300-nvl72");
    check_text(row, "site", "oregon");
    check_text(row, "period", "2026-07");
    check_number(row, "usd_above", 7e4);
    check_number(row, "price_usd", 1e6);
    check_number(row, "cheaper_share", 0.07);
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

/* pretrain and chat are derived on trn3 (and chat on gb300-nvl72); what can't run is left out. */
START_TEST(rates_are_those_above_zero)
{
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const struct json_value *rates = json_member(root, "rates");
    size_t expected = 0, derived = 0, expected_derived = 0;

    for (int j = 0; j < built.scenario->workload_count; j++)
        for (size_t k = 0; k < built.scenario->catalog.system_count; k++) {
            const struct rate *rate = &built.scenario->workloads[j].rates[k];

            expected += rate->units_per_hour > 0;
            expected_derived += rate->units_per_hour > 0 && rate->is_derived;
        }
    ck_assert_uint_eq(json_length(rates), expected);
    for (size_t i = 0; i < json_length(rates); i++) {
        ck_assert_double_gt(
            json_get_number(json_member(json_at(rates, i), "units_per_hour"), NAN), 0);
        derived += json_get_bool(json_member(json_at(rates, i), "derived"), false);
    }
    ck_assert_uint_eq(derived, expected_derived);
    ck_assert_uint_gt(derived, 0);
    ck_assert_uint_lt(derived, expected);
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(without_a_plan_costs_are_null_and_the_conflict_is_told)
{
    struct built_plan built = plan_builder_init();
    struct capacity_plan *plan = capacity_plan_create(built.scenario);
    struct json_value *root;
    char *text;

    plan->status = PLAN_INFEASIBLE;
    root = print_and_read(plan, "no way", &text);
    check_text(root, "status", "infeasible");
    check_text(root, "conflict", "no way");
    check_text(root, "objective_usd", NULL);
    check_text(root, "bound_usd", NULL);
    check_text(json_member(root, "cost_usd"), "capex", NULL);
    (void)row_of(root, "acquired", 0, 0);
    (void)row_of(root, "periods", 0, 8);
    json_destroy(root);
    free(text);
    capacity_plan_destroy(plan);
    plan_builder_fini(&built);
}
END_TEST

/* The members of the outer object in the order of the format's page. */
START_TEST(members_stand_in_the_order_of_the_format)
{
    static const char *const MEMBERS[] = {"scenario", "status", "solver", "objective_usd",
        "bound_usd", "gap", "whole_systems", "size", "seconds", "cost_usd", "periods", "acquired",
        "served", "shortfalls", "ported", "budgets", "energy", "retired", "installed", "runs",
        "unmet", "power", "prices", "not_chosen", "rates"};
    struct built_plan built = plan_builder_init();
    char *text;
    struct json_value *root = print_and_read(built.plan, NULL, &text);
    const char *at = text;

    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        char key[64];

        (void)snprintf(key, sizeof key, "\"%s\":", MEMBERS[i]);
        at = strstr(at, key);
        ck_assert_msg(at != NULL, "%s is missing or out of order", MEMBERS[i]);
    }
    json_destroy(root);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct built_plan built = plan_builder_init();
    struct err err = {0};
    FILE *stream = fopen("/dev/full", "w");

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(plan_json_print(built.plan, NULL, stream, &err), -1);
    ck_assert_int_eq(err.kind, ERR_IO);
    (void)fclose(stream);
    plan_builder_fini(&built);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("plan_json");
    TCase *tcase = tcase_create("plan_json");

    tcase_add_test(tcase, figures_of_the_solve_have_their_names);
    tcase_add_test(tcase, lists_of_systems_have_their_fields);
    tcase_add_test(tcase, lists_of_work_have_their_fields);
    tcase_add_test(tcase, lists_of_limits_have_their_fields);
    tcase_add_test(tcase, prices_have_their_ranges_when_they_are_known);
    tcase_add_test(tcase, rates_are_those_above_zero);
    tcase_add_test(tcase, without_a_plan_costs_are_null_and_the_conflict_is_told);
    tcase_add_test(tcase, members_stand_in_the_order_of_the_format);
    tcase_add_test(tcase, a_full_disk_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
