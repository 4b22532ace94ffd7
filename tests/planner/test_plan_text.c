#include "planner/plan_text.h"

#include "base/mem.h"
#include "base/str.h"
#include "planner/plan_columns.h"
#include "planner/plan_grid.h"
#include "planner/plan_holds.h"
#include "planner/plan_words.h"
#include "tests/support/edit.h"
#include "tests/support/plan_builder.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of the plan; free it. */
static char *print_with(const struct capacity_plan *plan, const struct plan_text_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    plan_text_print(plan, options, stream);
    (void)fclose(stream);
    return text;
}

static char *print_text(const struct capacity_plan *plan, bool all_periods)
{
    return print_with(plan, &(struct plan_text_options){.all_periods = all_periods});
}

static void check_has(const char *text, const char *line)
{
    ck_assert_msg(strstr(text, line) != NULL, "'%s' is missing in\n%s", line, text);
}

/* Lines of the text of the plan by hand, and why each is so. */
static const char *const LINES[] = {
    /* What was solved. */
    "full   8 quarters, 2026-01 to 2027-12   2 sites, 2 systems, 4 workloads\n",
    "LP 1,234 rows × 5,678 columns, optimal in 2.00 s\n",
    /* Parts, in one unit; 80 in all, 72 of it paid. */
    "COST (present value)   $ m  share\n",
    "  acquire             40.0   50 %\n",
    "  salvage             -4.0   -5 %  of what outlives the horizon\n",
    "  paid                72.0   90 %\n",
    /* The most valuable first. In two quarters 2e8 and 6e8 of 2e9 an hour: 20 %. */
    "  not served           8.0   10 %  chat/eu 2026-07 to 2026-12: 20 %; scoring: 40 %\n",
    "  total               80.0  100 %\n",
    /* On-demand is not acquired but rented by the period. */
    "SYSTEMS TO ACQUIRE   2026-01  2026-04  2026-07  2026-10  2027-01  2027-04  2027-07  2027-10\n"
    "  buy-trn3   oregon        -        -     10.5        -        -        -        -        -\n"
    "  rent-gb300 dublin        -      4.0        -        -        -        -        -        -\n"
    "SYSTEMS IN SERVICE    2026-01  2026-04",
    "  oregon gb300-nvl72        -        -        -      2.0        -        -        -        "
    "-\n",
    "  buy-trn3 oregon        -        -        -      1.5        -        -        -        -\n",
    /* The step of 60 MW to 2026-09: the peak in its last quarter, both prices. Power that has not
     * come yet, or is over, has no row. */
    "POWER                         limit MW  peak MW   used  nameplate MW   used  worth of one "
    "more "
    "MW\n"
    "  oregon  2026-01 to 2026-09      60.0     60.0  100 %          66.0   92 %                  "
    "$3 m\n"
    "  oregon  2026-10 to 2027-09     140.0      0.0    0 %           0.0    0 %                   "
    "  -\n"
    "  dublin  2026-04 to 2027-12      30.0     15.0   50 %          30.0  100 %                   "
    "  -\n",
    /* 1.5e9 of 2e9 an hour in one quarter. */
    "75 % trn3 oregon, 25 % gb300-nvl72 dublin\n",
    "  scoring          60 %  nowhere\n",
    /* 8e8 an hour for 2,208 hours at $4e-6 and a load of 0.55, half a year away at 8 %. */
    "  chat/eu   2026-07 to 2026-12              20 %  1.77e+12  $3.69 m\n",
    /* 4e12 at $1e-6, discounted over 21 months. */
    "  scoring   batch                           40 %  4.00e+12   $3.5 m\n",
    "  capex-2026  capex   2026-01 to 2026-12      $2 bn    $1.5 bn   75 %\n",
    "  carbon      carbon  2026-01 to 2027-12  200,000 t  150,000 t   75 %\n",
    "  trainium-power  2027-01 to 2027-03         2.5 MW       $1.5 m\n",
    "  aws-spend       all along                    $3 m         $3 m\n",
    "Estimates, not vendors' figures: the power of trn3\n",
};

START_TEST(the_text_says_what_the_plan_holds)
{
    struct built_plan built = plan_builder_init();
    char *text = print_text(built.plan, false);

    check_has(text, LINES[_i]);
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(no_line_is_wider_than_the_page)
{
    struct built_plan built = plan_builder_init();
    char *text = print_text(built.plan, _i == 1);

    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        ck_assert_msg(str_columns(line) <= PLAN_TEXT_WIDTH, "%s", line);
        ck_assert_msg(end == line || end[-1] != ' ', "'%s'", line);
    }
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_refusal_without_an_explanation_is_told)
{
    struct built_plan built = plan_builder_init();
    struct capacity_plan *plan = capacity_plan_create(built.scenario);
    char *text;

    plan->status = PLAN_INFEASIBLE;
    text = print_text(plan, false);
    check_has(text, "infeasible after");
    check_has(text, "full: no plan can meet all that is required.\n");
    ck_assert_ptr_null(strstr(text, "COST"));
    free(text);
    capacity_plan_destroy(plan);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_time_limit_without_a_plan_says_so)
{
    struct built_plan built = plan_builder_init();
    struct capacity_plan *plan = capacity_plan_create(built.scenario);
    char *text;

    plan->status = PLAN_TIME_LIMIT;
    text = print_text(plan, false);
    check_has(text, "ended by the time limit after");
    check_has(text, "No plan was found by then.\n");
    ck_assert_ptr_null(plan_text_refusal(plan));
    free(text);
    capacity_plan_destroy(plan);
    plan_builder_fini(&built);
}
END_TEST

/* One percent of: 60 MW in two quarters at $1 m and $2 m; 40 systems a month, 3 months, at $50 k;
 * $2 bn at 25 cents; 8 MW at $100 k. Capacity is no limit that someone sets. */
START_TEST(limits_are_ranked_by_what_one_percent_saves)
{
    static const struct plan_hold EXPECTED[] = {
        {PRICE_BUDGET, "budget ", "capex-2026", 0, -1, -1, 1, "one more dollar", 0.25, 5e6, NULL},
        {PRICE_SITE_POWER, "power at ", "oregon", 0, 1, 2, 2, "one more MW", 3e6, 1.8e6, NULL},
        {PRICE_SUPPLY, "supply of ", "buy-trn3", 0, 2, 2, 1, "one more a month", 15e4, 6e4, NULL},
        {PRICE_COMMITMENT, "commitment ", "trainium-power", 0, 4, 4, 1, "one MW less", 1e5, 8e3,
            NULL}};
    struct built_plan built = plan_builder_init();
    struct arena *arena = arena_create();
    struct plan_hold *holds;

    ck_assert_uint_eq(plan_holds_rank(built.plan, arena, &holds), 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(holds[i].kind, EXPECTED[i].kind);
        ck_assert_str_eq(holds[i].what, EXPECTED[i].what);
        ck_assert_str_eq(holds[i].id, EXPECTED[i].id);
        ck_assert_int_eq(holds[i].first, EXPECTED[i].first);
        ck_assert_int_eq(holds[i].last, EXPECTED[i].last);
        ck_assert_int_eq(holds[i].period_count, EXPECTED[i].period_count);
        ck_assert_str_eq(holds[i].unit, EXPECTED[i].unit);
        ck_assert_double_eq_tol(holds[i].unit_usd, EXPECTED[i].unit_usd, 1e-6);
        ck_assert_double_eq_tol(holds[i].percent_usd, EXPECTED[i].percent_usd, 1e-6);
    }
    arena_destroy(arena);
    plan_builder_fini(&built);
}
END_TEST

/* 6.9 MW of nameplate stand in the third quarter; one percentage point of it is 69 kW. */
START_TEST(a_point_of_share_is_one_percent_of_what_stands)
{
    struct built_plan built = plan_builder_init();
    struct arena *arena = arena_create();
    struct plan_hold *holds;
    size_t count;

    plan_builder_add_price(built.plan, PRICE_LIMIT, "vendor-mix", 2, 1e9, "MW");
    count = plan_holds_rank(built.plan, arena, &holds);
    ck_assert_uint_eq(count, 5);
    ck_assert_int_eq(holds[0].kind, PRICE_LIMIT);
    ck_assert_double_eq_tol(holds[0].unit_usd, 0.069 * 1e9, 1e-3);
    arena_destroy(arena);
    plan_builder_fini(&built);
}
END_TEST

/* What 3 MW more save, the fourth does not; of what is promised, less is meant. */
START_TEST(a_limit_tells_how_many_units_save_so_much)
{
    struct built_plan built = plan_builder_init();
    struct plan_hold_range ranges[] = {{PRICE_SITE_POWER, 0, 1, 3, true, 1.5e6},
        {PRICE_SUPPLY, 0, 0.2, 0, false, 0}, {PRICE_COMMITMENT, 0, 250, 7, false, 0}};
    char *text;

    built.plan->hold_ranges.rows = mem_zero(3, sizeof *built.plan->hold_ranges.rows);
    memcpy(built.plan->hold_ranges.rows, ranges, sizeof ranges);
    built.plan->hold_ranges.count = 3;
    text = print_text(built.plan, false);
    check_has(text, "one more MW saves $3 m, for up to 3.0 ");
    check_has(text, " $1.5 m\n");
    check_has(text, "  at most $60 k\n");
    check_has(text, "one more a month saves $150 k, and each further one less ");
    check_has(text, "one MW less saves $100 k, for up to 250 ");
    free(text);
    plan_builder_fini(&built);
}
END_TEST

/* What is not known, has no end, or has no plan beyond it is a dash. */
START_TEST(prices_tell_between_which_limits_they_hold)
{
    struct built_plan built = plan_builder_init();
    struct plan_not_chosen missed[] = {
        {1, 1, -1, NAN, NAN, NAN}, {0, 1, 2, 3e4, 1e5, 0.3}, {0, 0, 3, 2e5, 1e5, 2}};
    char *text;

    built.plan->prices.rows[0].range = (struct price_range){true, 60, 48.5, INFINITY, 2.5e6, NAN};
    built.plan->not_chosen.rows = mem_zero(3, sizeof *built.plan->not_chosen.rows);
    memcpy(built.plan->not_chosen.rows, missed, sizeof missed);
    built.plan->not_chosen.count = 3;
    text = print_with(built.plan, &(struct plan_text_options){.with_prices = true});
    check_has(text,
        "  site-power oregon          2026-04            $1 m  MW      60.00       48.50   -    "
        "$2.5 m         -\n"
        "  site-power oregon          2026-07            $2 m  MW          -           -   -    "
        "     -         -\n");
    check_has(text,
        "  trn3 at dublin         buy-trn3    2026-07             $100 k        $30 k  would have "
        "to be 30 % cheaper\n"
        "  trn3 at oregon         buy-trn3    2026-10             $100 k       $200 k  would not "
        "be "
        "taken for nothing\n"
        "  gb300-nvl72 at dublin  rent-gb300  -                        -            -  can't be "
        "had "
        "there, or not for all of its term\n");
    free(text);
    plan_builder_fini(&built);
}
END_TEST

START_TEST(a_price_with_gaps_is_told_so)
{
    struct built_plan built = plan_builder_init();
    char *text;

    plan_builder_add_price(built.plan, PRICE_SITE_POWER, "oregon", 7, 1e6, "MW");
    text = print_text(built.plan, false);
    check_has(text, "power at oregon, at times from 2026-04: one more MW saves $4 m");
    check_has(text, "   1  budget capex-2026: one more dollar saves $0.25");
    free(text);
    plan_builder_fini(&built);
}
END_TEST

struct columns_case {
    int room;
    int cell_width;
    int count;
    int months;
    const char *first_head, *last_head;
};

/* Eight quarters: a head of 7 or a wider cell, two blanks before it. */
static const struct columns_case COLUMNS_CASES[] = {
    {72, 5, 8, 3, "2026-01", "2027-10"},
    {71, 5, 4, 6, "2026-01", "2027-07"},
    {72, 8, 4, 6, "2026-01", "2027-07"},
    {35, 5, 2, 12, "2026", "2027"},
    {14, 5, 2, 12, "2026", "2027"},
    {13, 5, 1, 24, "2026-27", "2026-27"},
};

static int case_width(const void *context, const struct plan_column *column)
{
    const struct columns_case *c = context;
    int head_width = (int)strlen(column->head);

    return 2 + (head_width > c->cell_width ? head_width : c->cell_width);
}

START_TEST(columns_are_as_fine_as_fits)
{
    const struct columns_case *c = &COLUMNS_CASES[_i];
    struct built_plan built = plan_builder_init();
    struct plan_columns columns = plan_columns_fit(built.scenario, c->room, case_width, c);

    ck_assert_int_eq(columns.count, c->count);
    ck_assert_int_eq(columns.months, c->months);
    ck_assert_str_eq(columns.list[0].head, c->first_head);
    ck_assert_str_eq(columns.list[columns.count - 1].head, c->last_head);
    ck_assert_int_eq(columns.list[0].first, 0);
    ck_assert_int_eq(columns.list[columns.count - 1].last, 7);
    for (int i = 1; i < columns.count; i++)
        ck_assert_int_eq(columns.list[i].first, columns.list[i - 1].last + 1);
    plan_columns_fini(&columns);
    plan_builder_fini(&built);
}
END_TEST

struct grid_case {
    enum plan_grid_kind kind;
    const char *text;
};

/* A stock is what stands at a column's end, a flow all that happens in it; a mean counts each
 * quarter's hours (90, 91, 92 and 92 days). */
static const struct grid_case GRID_CASES[] = {
    {PLAN_GRID_STOCK, "THINGS (end of year)                   2026                   2027\n"
                      "  dublin trn3         3,000,000,000,000,000  7,000,000,000,000,000\n"},
    {PLAN_GRID_FLOW, "THINGS (by year)                   2026                    2027\n"
                     "  dublin trn3     6,000,000,000,000,000  22,000,000,000,000,000\n"},
    {PLAN_GRID_MEAN, "THINGS (mean of year)                   2026                   2027\n"
                     "  dublin trn3          1,509,589,041,095,890  5,509,589,041,095,890\n"},
};

START_TEST(grids_put_periods_together)
{
    const struct grid_case *c = &GRID_CASES[_i];
    struct built_plan built = plan_builder_init();
    struct plan_grid *grid = plan_grid_create(built.scenario, 2, 2);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    double *row = plan_grid_row(grid, 1, 0);

    for (int t = 0; t < 8; t++)
        row[t] = 1e15 * t;
    plan_grid_print(grid, "THINGS", plan_site_name, plan_system_name, c->kind, false, stream);
    (void)fclose(stream);
    ck_assert_str_eq(text, c->text);
    free(text);
    plan_grid_destroy(grid);
    plan_builder_fini(&built);
}
END_TEST

/* Eight wide columns do not fit: with all periods they come in blocks. */
START_TEST(all_periods_come_in_blocks)
{
    struct built_plan built = plan_builder_init();
    struct plan_grid *grid = plan_grid_create(built.scenario, 2, 2);
    double *row = plan_grid_row(grid, 0, 1);
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    for (int t = 0; t < 8; t++)
        row[t] = 12345678901.0;
    plan_grid_print(
        grid, "THINGS", plan_site_name, plan_system_name, PLAN_GRID_STOCK, true, stream);
    (void)fclose(stream);
    ck_assert_str_eq(text,
        "THINGS                       2026-01         2026-04         2026-07         2026-10      "
        "   2027-01\n"
        "  oregon gb300-nvl72  12,345,678,901  12,345,678,901  12,345,678,901  12,345,678,901  "
        "12,345,678,901\n"
        "THINGS                       2027-04         2027-07         2027-10\n"
        "  oregon gb300-nvl72  12,345,678,901  12,345,678,901  12,345,678,901\n");
    free(text);
    plan_grid_destroy(grid);
    plan_builder_fini(&built);
}
END_TEST

struct when_case {
    int first, last;
    const char *text;
};

static const struct when_case WHEN_CASES[] = {{0, 7, "all along"}, {-1, -1, "all along"},
    {0, 2, "until 2026-09"}, {3, 7, "from 2026-10"}, {2, 3, "2026-07 to 2026-12"},
    {2, 2, "2026-07 to 2026-09"}};

START_TEST(spans_of_time_have_words)
{
    const struct when_case *c = &WHEN_CASES[_i];
    struct built_plan built = plan_builder_init();
    char buffer[64];

    ck_assert_str_eq(
        plan_words_when(built.scenario, c->first, c->last, buffer, sizeof buffer), c->text);
    plan_builder_fini(&built);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *suite = suite_create("plan_text");
    TCase *tcase = tcase_create("plan_text");

    tcase_add_loop_test(tcase, the_text_says_what_the_plan_holds, 0, COUNT(LINES));
    tcase_add_loop_test(tcase, no_line_is_wider_than_the_page, 0, 2);
    tcase_add_test(tcase, a_refusal_without_an_explanation_is_told);
    tcase_add_test(tcase, a_time_limit_without_a_plan_says_so);
    tcase_add_test(tcase, limits_are_ranked_by_what_one_percent_saves);
    tcase_add_test(tcase, a_point_of_share_is_one_percent_of_what_stands);
    tcase_add_test(tcase, a_price_with_gaps_is_told_so);
    tcase_add_test(tcase, a_limit_tells_how_many_units_save_so_much);
    tcase_add_test(tcase, prices_tell_between_which_limits_they_hold);
    tcase_add_loop_test(tcase, columns_are_as_fine_as_fits, 0, COUNT(COLUMNS_CASES));
    tcase_add_loop_test(tcase, grids_put_periods_together, 0, COUNT(GRID_CASES));
    tcase_add_test(tcase, all_periods_come_in_blocks);
    tcase_add_loop_test(tcase, spans_of_time_have_words, 0, COUNT(WHEN_CASES));
    suite_add_tcase(suite, tcase);
    return suite;
}
