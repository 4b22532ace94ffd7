#include "workloads/rates_file.h"

#include "base/faults.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "workloads/scenario.h"

#include <string.h>

/* Of full.xml. */
enum { PRETRAIN, CHAT, SCORING };
enum { TRN3, GB300 };

static struct scenario *load(void)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load("tests/cases/scenario/full.xml", NULL, &faults);

    ck_assert_ptr_nonnull(scenario);
    ck_assert_uint_eq(faults.count, 0);
    return scenario;
}

static int apply(struct scenario *scenario, const char *text, struct faults *faults)
{
    return rates_file_apply_bytes(scenario, text, strlen(text), "rates.csv", faults);
}

START_TEST(rates_and_power_replace_those_of_the_scenario)
{
    struct scenario *scenario = load();
    struct faults faults = {0};
    const struct workload *before = scenario->workloads;
    double derived = before[CHAT].rates[GB300].units_per_hour;
    const struct workload *chat;

    ck_assert_int_eq(apply(scenario,
                         "workload,system,units_per_hour,power_fraction\n"
                         "chat,trn3,1.5e9,\n"
                         "\n"
                         "# measured in May\n"
                         "chat,,,0.71\n"
                         "pretrain,gb300-nvl72,2e9,0.9\n",
                         &faults),
        0);
    ck_assert_uint_eq(faults.count, 0);
    chat = &scenario->workloads[CHAT];
    ck_assert_double_eq(chat->rates[TRN3].units_per_hour, 1.5e9);
    ck_assert(!chat->rates[TRN3].is_derived && chat->rates[TRN3].zero_reason == NULL);
    ck_assert_str_eq(chat->rates[TRN3].where.file, "rates.csv");
    ck_assert_int_eq(chat->rates[TRN3].where.line, 2);
    ck_assert_double_eq(chat->power_frac, 0.71);
    ck_assert_double_eq(scenario->workloads[PRETRAIN].rates[GB300].units_per_hour, 2e9);
    ck_assert_double_eq(scenario->workloads[PRETRAIN].power_frac, 0.9);
    /* What is not named stays. */
    ck_assert_double_eq(chat->rates[GB300].units_per_hour, derived);
    ck_assert(chat->rates[GB300].is_derived);
    ck_assert_ptr_eq(scenario->workloads[SCORING].rates, before[SCORING].rates);
    /* What was handed out before does too. */
    ck_assert_double_eq(before[CHAT].power_frac, 0.8);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_rate_of_the_scenario_says_where_it_stands)
{
    struct scenario *scenario = load();
    const struct rate *rates = scenario->workloads[SCORING].rates;

    ck_assert_str_eq(rates[TRN3].where.file, "tests/cases/scenario/full.xml");
    ck_assert_int_gt(rates[TRN3].where.line, 50);
    ck_assert_int_eq(rates[GB300].where.line, 0);
    scenario_destroy(scenario);
}
END_TEST

/* Files that all say: chat does 1.5e9 on trn3. */
static const char *const SPELLINGS[] = {
    "workload,system,units_per_hour\nchat,trn3,1.5e9",
    "\xEF\xBB\xBFworkload,system,units_per_hour\r\nchat,trn3,1.5e9\r\n",
    "units_per_hour,workload,power_fraction,system\n1500000000,chat,,trn3\n",
    "\"workload\", \"system\" ,units_per_hour\n \"chat\" ,trn3, 1.5e9 \n",
};

START_TEST(columns_stand_in_any_order_quoted_or_not)
{
    struct scenario *scenario = load();
    struct faults faults = {0};

    ck_assert_int_eq(apply(scenario, SPELLINGS[_i], &faults), 0);
    ck_assert_uint_eq(faults.count, 0);
    ck_assert_double_eq(scenario->workloads[CHAT].rates[TRN3].units_per_hour, 1.5e9);
    scenario_destroy(scenario);
}
END_TEST

#define HEAD "workload,system,units_per_hour,power_fraction\n"

struct bad_file {
    const char *text;
    const char *message; /* a part of what is told */
};

static const struct bad_file BAD[] = {
    {"", "rates.csv: there is nothing in it"},
    {"workload,system\n", "rates.csv:1: the first line must name the columns"},
    {"workload\n", "rates.csv:1: the first line must name the columns"},
    {"workload,system,units_per_hour,speed\n", "rates.csv:1: there is no column \"speed\""},
    {"workload,workload,power_fraction\n", "rates.csv:1: the column workload is there twice"},
    {"chat,trn3,1e9\n", "rates.csv:1: there is no column \"chat\""},
    {HEAD "chta,trn3,1e9,\n", "rates.csv:2: there is no workload chta in the scenario; did you "
                              "mean chat?"},
    {HEAD "chat,trn4,1e9,\n", "rates.csv:2: there is no system trn4 in the scenario; did you mean "
                              "trn3?"},
    {HEAD "chat,trn3,fast,\n", "rates.csv:2: units_per_hour: \"fast\" is not a number"},
    {HEAD "chat,trn3,nan,\n", "is not a number"},
    {HEAD "chat,trn3,-1,\n", "rates.csv:2: units_per_hour: -1 must be within 0 and 1e+30"},
    {HEAD "chat,,,1.5\n", "rates.csv:2: power_fraction: 1.5 must be within 1e-06 and 1"},
    {HEAD "chat,,,0\n", "power_fraction: 0 must be within"},
    {HEAD "chat,trn3\n", "rates.csv:2: this row has 2 values, and the first line 4"},
    {HEAD "chat,trn3,1,1,\n", "this row has 5 values, and the first line 4"},
    {HEAD ",trn3,1e9,\n", "rates.csv:2: the workload is missing"},
    {HEAD "chat,,,\n", "rates.csv:2: the row gives nothing"},
    {HEAD "chat,trn3,,\n", "a rate needs both a system and its units_per_hour; this row has only "
                           "system"},
    {HEAD "chat,,5,\n", "this row has only units_per_hour"},
    {HEAD "chat,trn3,1e9,\n\nchat,trn3,1e9,\n", "rates.csv:4: line 2 gives a rate of chat on trn3 "
                                                "already; keep one of them"},
    {HEAD "chat,,,0.7\nchat,,,0.8\n", "rates.csv:3: line 2 gives chat another power_fraction"},
    {HEAD "\"chat,trn3,1e9,\n", "rates.csv:2: a quoted value must end in a quote"},
    {HEAD "\"chat\"s,trn3,1e9,\n", "rates.csv:2: a quoted value must end in a quote"},
    /* What the scenario no longer holds with it. */
    {HEAD "chat,,,0.2\n",
        "power-fraction 0.2 takes trn3 in mode capped to 32 kW, below its idle-kw "
        "of 50; raise it"},
    {HEAD "tune,gb300-nvl72,0,\n", "<workload id=\"tune\">: it is required, but no system can run "
                                   "it"},
};

START_TEST(a_bad_file_is_told_and_changes_nothing)
{
    struct scenario *scenario = load();
    const struct workload *before = scenario->workloads;
    struct faults faults = {0};
    bool is_told = false;

    ck_assert_int_eq(apply(scenario, BAD[_i].text, &faults), -1);
    ck_assert_uint_ge(faults.error_count, 1);
    for (size_t i = 0; i < faults.count; i++)
        is_told |= strstr(faults.list[i].text, BAD[_i].message) != NULL;
    ck_assert_msg(is_told, "told is \"%s\", not \"%s\"", faults.list[0].text, BAD[_i].message);
    ck_assert_ptr_eq(scenario->workloads, before);
    faults_fini(&faults);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
    struct scenario *scenario = load();
    struct faults faults = {0};

    ck_assert_int_eq(apply(scenario,
                         HEAD "nobody,nothing,fast,often\n"
                              "chat,trn3,1e9,\n"
                              "chat,trn3,x,\n",
                         &faults),
        -1);
    ck_assert_uint_eq(faults.error_count, 5);
    faults_fini(&faults);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_file_without_rows_is_a_warning)
{
    struct scenario *scenario = load();
    struct faults faults = {0};

    ck_assert_int_eq(apply(scenario, HEAD, &faults), 0);
    ck_assert_uint_eq(faults.warning_count, 1);
    faults_fini(&faults);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(bad_rows_end_at_a_bound)
{
    struct scenario *scenario = load();
    struct faults faults = {0};
    struct str text = {0};

    str_add(&text, HEAD);
    for (int i = 0; i < 100000; i++)
        str_add(&text, "nobody,trn3,1,\n");
    ck_assert_int_eq(apply(scenario, str_text(&text), &faults), -1);
    ck_assert_uint_le(faults.error_count, FAULTS_MAX);
    str_fini(&text);
    faults_fini(&faults);
    scenario_destroy(scenario);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
    struct scenario *scenario = load();
    struct faults faults = {0};

    ck_assert_int_eq(rates_file_apply(scenario, "tests/cases/nowhere.csv", &faults), -1);
    ck_assert_uint_eq(faults.error_count, 1);
    ck_assert_ptr_nonnull(strstr(faults.list[0].text, "tests/cases/nowhere.csv: "));
    faults_fini(&faults);
    scenario_destroy(scenario);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *suite = suite_create("rates_file");
    TCase *tests = tcase_create("rates_file");

    tcase_add_test(tests, rates_and_power_replace_those_of_the_scenario);
    tcase_add_test(tests, a_rate_of_the_scenario_says_where_it_stands);
    tcase_add_loop_test(tests, columns_stand_in_any_order_quoted_or_not, 0, LENGTH(SPELLINGS));
    tcase_add_loop_test(tests, a_bad_file_is_told_and_changes_nothing, 0, LENGTH(BAD));
    tcase_add_test(tests, all_faults_are_told_at_once);
    tcase_add_test(tests, a_file_without_rows_is_a_warning);
    tcase_add_test(tests, bad_rows_end_at_a_bound);
    tcase_add_test(tests, a_file_that_is_not_there_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
