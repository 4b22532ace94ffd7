#include "workloads/scenario.h"

#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#define FULL "tests/cases/scenario/full.xml"

enum { Y2025 = 2025 * 12, Y2026 = 2026 * 12, Y2027 = 2027 * 12, Y2028 = 2028 * 12 };

static struct scenario *parse(const char *text)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(text, strlen(text), "full.xml", &faults);
    char *list = edit_list_faults(&faults);

    ck_assert_msg(scenario != NULL && faults.warning_count == 0, "%s", list);
    mem_free(list);
    faults_fini(&faults);
    return scenario;
}

static struct scenario *load_full(void)
{
    char *text = edit_read(FULL);
    struct scenario *scenario = parse(text);

    mem_free(text);
    return scenario;
}

/* The full scenario with one thing changed. */
static struct scenario *load_edited(const char *find, const char *replace)
{
    char *text = edit_read(FULL);
    char *edited = edit_replace(text, find, replace);
    struct scenario *scenario = parse(edited);

    mem_free(edited);
    mem_free(text);
    return scenario;
}

START_TEST(periods_are_the_steps_of_the_horizon)
{
    struct scenario *s = load_full();

    ck_assert_str_eq(s->name, "full");
    ck_assert_str_eq(s->path, "full.xml");
    ck_assert_int_eq(s->horizon.start, Y2026);
    ck_assert_int_eq(s->horizon.end, Y2028);
    ck_assert(s->horizon.has_salvage);
    ck_assert_double_eq(s->horizon.carbon_usd_per_tonne, 50);
    ck_assert_int_eq(s->period_count, 8);
    ck_assert_int_eq(s->periods[0].start, Y2026);
    ck_assert_int_eq(s->periods[0].month_count, 3);
    ck_assert_double_eq(s->periods[0].hours, 90 * 24);
    ck_assert_double_eq(s->periods[1].hours, 91 * 24);
    ck_assert_double_eq(s->periods[0].discount, 1);
    ck_assert_double_eq_tol(s->periods[4].discount, 1 / 1.08, 1e-15);
    ck_assert_double_eq_tol(s->periods[2].discount, 1 / sqrt(1.08), 1e-15);
    scenario_destroy(s);
}
END_TEST

struct step_case {
    const char *horizon;
    int period_count, month_count;
    double first_hours;
};

static const struct step_case STEP_CASES[] = {
    {"start=\"2026-01\" end=\"2027-12\" step=\"month\"", 24, 1, 31 * 24},
    {"start=\"2026-01\" end=\"2027-12\" step=\"year\"", 2, 12, 365 * 24},
    /* Years count from the horizon's start; this one has a leap day. */
    {"start=\"2027-07\" end=\"2029-06\" step=\"year\"", 2, 12, 366 * 24},
    {"start=\"2026-02\" end=\"2028-01\" step=\"quarter\"", 8, 3, (28 + 31 + 30) * 24},
};

/* The least that a scenario can be. */
static const char LEAST[] =
    "<scenario xmlns=\"urn:wattyard:1\" name=\"least\"><catalog><chip id=\"c\" vendor=\"v\" "
    "stack=\"s\" hbm-gb=\"1\" hbm-gbps=\"1\" mfu=\"1\" bw-efficiency=\"1\"/><system id=\"k\" "
    "chip=\"c\" hosts=\"1\" chips-per-host=\"1\" power-kw=\"1\"/></catalog><horizon %s/>"
    "<site id=\"a\" region=\"r\" jurisdiction=\"j\"><energy from=\"2000-01\" "
    "usd-per-mwh=\"1\"/></site><offer id=\"o\" system=\"k\" provider=\"p\" kind=\"buy\"/>"
    "</scenario>";

START_TEST(steps_count_from_the_start)
{
    const struct step_case *c = &STEP_CASES[_i];
    char *edited = edit_replace(LEAST, "%s", c->horizon);
    struct scenario *s = parse(edited);

    ck_assert_int_eq(s->period_count, c->period_count);
    ck_assert_int_eq(s->periods[0].month_count, c->month_count);
    ck_assert_int_eq(s->periods[1].start, s->periods[0].start + c->month_count);
    ck_assert_double_eq(s->periods[0].hours, c->first_hours);
    scenario_destroy(s);
    mem_free(edited);
}
END_TEST

START_TEST(what_a_horizon_leaves_out_has_its_default)
{
    char *text = edit_replace(LEAST, "%s", "start=\"2026-01\" end=\"2027-12\" step=\"year\"");
    struct scenario *s = parse(text);

    ck_assert(s->horizon.has_salvage);
    ck_assert_double_eq(s->horizon.discount_rate, 0);
    ck_assert_double_eq(s->periods[1].discount, 1);
    ck_assert_double_eq(s->horizon.carbon_usd_per_tonne, 0);
    scenario_destroy(s);
    mem_free(text);
}
END_TEST

START_TEST(ids_become_indices)
{
    struct scenario *s = load_full();
    const struct offer *buy = &s->offers[0];
    const struct offer *rent = &s->offers[1];
    const struct offer *spot = &s->offers[2];

    ck_assert_int_eq(s->site_count, 2);
    ck_assert_int_eq(s->offer_count, 3);
    ck_assert_int_eq(buy->system, 0);
    ck_assert_int_eq(rent->system, 1);
    ck_assert(buy->is_at_site[0] && buy->is_at_site[1]);
    ck_assert(rent->is_at_site[0] && rent->is_at_site[1]); /* left out: any */
    ck_assert(spot->is_at_site[0] && !spot->is_at_site[1]);
    ck_assert_int_eq(buy->existing_count, 1);
    ck_assert_int_eq(buy->existing[0].site, 0);
    ck_assert_double_eq(buy->existing[0].count, 24);
    ck_assert_int_eq(buy->existing[0].acquired, Y2025 + 6);
    ck_assert(s->commitments[0].counts_system[0] && !s->commitments[0].counts_system[1]);
    ck_assert(!s->limits[0].counts_system[0] && s->limits[0].counts_system[1]);
    scenario_destroy(s);
}
END_TEST

START_TEST(offers_have_what_they_say_or_the_default)
{
    struct scenario *s = load_full();
    const struct offer *buy = &s->offers[0];
    const struct offer *rent = &s->offers[1];

    ck_assert_int_eq(buy->kind, OFFER_BUY);
    ck_assert_int_eq(buy->term_months, 60);
    ck_assert_double_eq(buy->capex_usd, 3900000);
    ck_assert_double_eq(buy->opex_usd_per_year, 120000);
    ck_assert_int_eq(buy->from, Y2026 + 1);
    ck_assert_int_eq(buy->to, Y2027 + 9);
    ck_assert_int_eq(buy->lead_months, 6);
    ck_assert_double_eq(buy->max_systems, 400);
    ck_assert_int_eq(rent->kind, OFFER_RESERVE);
    ck_assert_int_eq(rent->term_months, 3); /* one period */
    ck_assert_double_eq(rent->capex_usd, 0);
    ck_assert_double_eq(rent->usd_per_system_hour, 280);
    ck_assert_int_eq(rent->from, Y2026);
    ck_assert_int_eq(rent->to, Y2028);
    ck_assert_int_eq(rent->lead_months, 0);
    ck_assert(!rent->is_interruptible);
    ck_assert(isinf(rent->max_systems));
    ck_assert(s->offers[2].is_interruptible);
    scenario_destroy(s);
}
END_TEST

struct open_case {
    int offer;
    int first, last; /* periods, inclusive; -1: none */
    const char *find, *replace;
};

static const struct open_case OPEN_CASES[] = {
    /* The start + lead-months is 2026-07; `to` 2027-10 is exclusive. */
    {0, 2, 6, "", ""},
    {1, 0, 7, "", ""},
    {0, 4, 6, "from=\"2026-02\"", "from=\"2026-11\""},
    {0, 0, 6, "from=\"2026-02\" to=\"2027-10\" lead-months=\"6\"", "to=\"2027-10\""},
    {0, 2, 7, "to=\"2027-10\" lead-months", "lead-months"},
    {0, 3, 6, "available-from=\"2025-12\"", "available-from=\"2026-08\""},
    {0, -1, -1, "available-from=\"2025-12\"", "available-from=\"2028-08\""},
};

START_TEST(systems_can_be_acquired_in_the_periods_of_an_offer)
{
    const struct open_case *c = &OPEN_CASES[_i];
    struct scenario *s = load_edited(c->find, c->replace);

    for (int t = 0; t < s->period_count; t++)
        ck_assert_msg(offer_is_open(s, &s->offers[c->offer], 0, &s->periods[t]) ==
                          (t >= c->first && t <= c->last),
            "period %d", t);
    scenario_destroy(s);
}
END_TEST

START_TEST(an_offer_is_closed_where_it_does_not_serve)
{
    struct scenario *s = load_full();

    ck_assert(offer_is_open(s, &s->offers[2], 0, &s->periods[0]));
    ck_assert(!offer_is_open(s, &s->offers[2], 1, &s->periods[0]));
    scenario_destroy(s);
}
END_TEST

struct term_case {
    int term_months;
    date_month acquired, now;
    bool counts;
};

static const struct term_case TERM_CASES[] = {
    {12, Y2026, Y2026, true},
    {12, Y2026, Y2026 + 11, true},
    {12, Y2026, Y2027, false},
    {12, Y2026, Y2026 - 1, false}, /* not yet there */
    {1, Y2026, Y2026 + 1, false},
    {0, Y2026, Y2026 + 1200, true}, /* no end */
    {0, Y2026, Y2026 - 1, false},
};

START_TEST(a_system_counts_within_its_term)
{
    const struct term_case *c = &TERM_CASES[_i];
    struct offer offer = {.term_months = c->term_months};

    ck_assert_int_eq(offer_is_in_term(&offer, c->acquired, c->now), c->counts);
}
END_TEST

START_TEST(what_is_bought_without_capex_has_no_end)
{
    struct scenario *s = load_edited("term-months=\"60\" capex-usd=\"3900000\"", "");

    ck_assert_int_eq(s->offers[0].term_months, 0);
    scenario_destroy(s);
}
END_TEST

START_TEST(supply_is_by_month_and_ends)
{
    struct scenario *s = load_full();
    const struct offer *buy = &s->offers[0];

    ck_assert_double_eq(offer_supply(buy, &s->periods[0]), 120);
    ck_assert_double_eq(offer_supply(buy, &s->periods[5]), 120); /* from 2027-04 */
    ck_assert_double_eq(offer_supply(buy, &s->periods[6]), 0);   /* from 2027-07: ended */
    ck_assert(isinf(offer_supply(&s->offers[1], &s->periods[0])));
    scenario_destroy(s);
    s = load_edited("<supply from=\"2026-01\"", "<supply from=\"2026-02\"");
    ck_assert_double_eq(offer_supply(&s->offers[0], &s->periods[0]), 0); /* none before */
    ck_assert_double_eq(offer_supply(&s->offers[0], &s->periods[1]), 120);
    scenario_destroy(s);
}
END_TEST

START_TEST(workloads_have_what_they_say_or_the_default)
{
    struct scenario *s = load_full();
    const struct workload *pretrain = &s->workloads[0];
    const struct workload *chat = &s->workloads[1];
    const struct workload *scoring = &s->workloads[2];

    ck_assert_int_eq(pretrain->kind, WORKLOAD_TRAINING);
    ck_assert_double_eq(pretrain->volume_units, 3e13);
    ck_assert_double_eq(pretrain->power_frac, 0.95);
    ck_assert_double_eq(pretrain->max_systems, 300);
    ck_assert_int_eq(pretrain->sites_max, 1);
    ck_assert(!pretrain->is_interruptible && !pretrain->is_required);
    ck_assert_int_eq(pretrain->porting_count, 1);
    ck_assert_str_eq(pretrain->portings[0].stack, "neuron");
    ck_assert_double_eq(pretrain->portings[0].usd, 2e7);
    ck_assert_double_eq(chat->load_factor, 0.55);
    ck_assert_double_eq(chat->survive_frac, 0.7);
    ck_assert_double_eq(chat->model->input_tokens_per_output, 2);
    ck_assert(!chat->is_interruptible);
    ck_assert_double_eq(scoring->load_factor, 1);
    ck_assert_double_eq(scoring->power_frac, 1);
    ck_assert(isinf(scoring->max_systems));
    ck_assert_int_eq(scoring->sites_max, 0);
    ck_assert(scoring->is_interruptible); /* batch: yes */
    ck_assert_ptr_null(scoring->model);
    ck_assert(pretrain->may_use[0] && !pretrain->may_use[1]);
    ck_assert(chat->may_use[0] && chat->may_use[1]);
    ck_assert(scoring->may_use[0] && scoring->may_use[1]);
    scenario_destroy(s);
}
END_TEST

START_TEST(a_workload_runs_in_its_window)
{
    struct scenario *s = load_full();

    /* 2026-04 to before 2027-04: periods 1 to 4. */
    for (int t = 0; t < s->period_count; t++) {
        ck_assert_int_eq(workload_is_open(&s->workloads[0], &s->periods[t]), t >= 1 && t <= 4);
        ck_assert(workload_is_open(&s->workloads[1], &s->periods[t]));
        ck_assert(workload_is_open(&s->workloads[2], &s->periods[t]));
    }
    scenario_destroy(s);
    s = load_edited("start=\"2026-04\"", "start=\"2026-05\"");
    ck_assert(!workload_is_open(&s->workloads[0], &s->periods[1])); /* it starts before 2026-05 */
    ck_assert(workload_is_open(&s->workloads[0], &s->periods[2]));
    scenario_destroy(s);
}
END_TEST

START_TEST(a_given_rate_wins_and_the_others_are_derived)
{
    struct scenario *s = load_full();
    const struct rate *pretrain = s->workloads[0].rates;
    const struct rate *chat = s->workloads[1].rates;
    const struct rate *scoring = s->workloads[2].rates;

    ck_assert_double_eq(pretrain[1].units_per_hour, 1e9);
    ck_assert(!pretrain[1].is_derived);
    /* 144 chips · 2517 TFLOPS · 0.3 (its efficiency, not the chip's) ÷ (6 · 37e9) · 3600 */
    ck_assert(pretrain[0].is_derived);
    ck_assert_double_eq_tol(
        pretrain[0].units_per_hour / (144 * 2517e12 * 0.3 / (6 * 37e9) * 3600), 1, 1e-12);
    ck_assert(chat[0].is_derived && chat[1].is_derived);
    ck_assert_double_gt(chat[0].units_per_hour, 0);
    ck_assert_ptr_null(chat[0].zero_reason);
    ck_assert_double_eq(scoring[0].units_per_hour, 2e9);
    ck_assert_double_eq(scoring[1].units_per_hour, 0); /* neither rate nor model */
    ck_assert(!scoring[1].is_derived);
    ck_assert_ptr_null(scoring[1].zero_reason);
    scenario_destroy(s);
    s = load_edited("<efficiency system=\"trn3\" mfu=\"0.3\" bw-efficiency=\"0.6\"/>", "");
    ck_assert_double_eq_tol(
        s->workloads[0].rates[0].units_per_hour / (144 * 2517e12 * 0.4 / (6 * 37e9) * 3600), 1,
        1e-12);
    scenario_destroy(s);
}
END_TEST

START_TEST(a_derived_rate_of_zero_says_why)
{
    struct scenario *s = load_edited("<model active-params=\"37e9\" precision=\"fp8\"/>",
        "<model active-params=\"37e9\" precision=\"int4\"/>");

    ck_assert_double_eq(s->workloads[0].rates[0].units_per_hour, 0);
    ck_assert_str_eq(
        s->workloads[0].rates[0].zero_reason, "the chip has no peak at the model's precision");
    scenario_destroy(s);
}
END_TEST

START_TEST(rows_of_a_region_are_one_demand_over_time)
{
    struct scenario *s = load_full();
    const struct workload *chat = &s->workloads[1];
    const struct region_demand *us = &chat->regions[0];
    const struct region_demand *eu = &chat->regions[1];
    const struct region_demand *none = &chat->regions[2];

    ck_assert_int_eq(chat->region_count, 3);
    ck_assert_str_eq(us->region, "us");
    ck_assert_str_eq(eu->region, "eu");
    ck_assert_ptr_null(none->region);
    ck_assert_double_eq(region_demand_at(us, &s->periods[3]), 9e9);
    ck_assert_double_eq(region_demand_at(us, &s->periods[4]), 1.2e10);
    ck_assert_double_eq(region_demand_at(us, &s->periods[7]), 0); /* the second row has ended */
    ck_assert_double_eq(region_demand_at(eu, &s->periods[1]), 0); /* before the first */
    ck_assert_double_eq(region_demand_at(eu, &s->periods[2]), 2e9);
    ck_assert(us->may_use[0] && us->may_use[1]);
    ck_assert(!eu->may_use[0] && eu->may_use[1]); /* 140 ms, and not in the eu */
    ck_assert(none->may_use[0] && none->may_use[1]);
    scenario_destroy(s);
}
END_TEST

struct region_case {
    const char *find, *replace;
    bool oregon, dublin; /* may serve the region eu */
};

static const struct region_case REGION_CASES[] = {
    {"max-latency-ms=\"100\" jurisdictions=\"eu\"", "", true, true},
    {"max-latency-ms=\"100\" jurisdictions=\"eu\"", "max-latency-ms=\"140\"", true, true},
    {"max-latency-ms=\"100\" jurisdictions=\"eu\"", "max-latency-ms=\"139\"", false, true},
    {"max-latency-ms=\"100\" jurisdictions=\"eu\"", "jurisdictions=\"us jp\"", true, false},
};

START_TEST(a_region_is_served_within_latency_and_jurisdictions)
{
    const struct region_case *c = &REGION_CASES[_i];
    struct scenario *s = load_edited(c->find, c->replace);
    const struct region_demand *eu = &s->workloads[1].regions[1];

    ck_assert_int_eq(eu->may_use[0], c->oregon);
    ck_assert_int_eq(eu->may_use[1], c->dublin);
    scenario_destroy(s);
}
END_TEST

START_TEST(budgets_commitments_and_limits_have_what_they_say_or_the_default)
{
    struct scenario *s = load_full();

    ck_assert_int_eq(s->budget_count, 3);
    ck_assert_int_eq(s->budgets[0].kind, BUDGET_CAPEX);
    ck_assert_double_eq(s->budgets[0].limit, 2e9);
    ck_assert_int_eq(s->budgets[0].to, Y2027);
    ck_assert_ptr_null(s->budgets[0].provider);
    ck_assert_str_eq(s->budgets[1].provider, "cloud");
    ck_assert_int_eq(s->budgets[1].from, Y2026);
    ck_assert_int_eq(s->budgets[1].to, Y2028);
    ck_assert_double_eq(s->budgets[2].limit, 200000);
    ck_assert_int_eq(s->commitments[0].kind, COMMITMENT_POWER);
    ck_assert_double_eq(s->commitments[0].mw, 8);
    ck_assert_double_eq(s->commitments[0].shortfall_usd_per_mw_month, 200000);
    ck_assert_int_eq(s->commitments[1].kind, COMMITMENT_SPEND);
    ck_assert_double_eq(s->commitments[1].usd, 1e8);
    ck_assert_str_eq(s->limits[0].attribute, "vendor");
    ck_assert_double_eq(s->limits[0].max_share, 0.7);
    scenario_destroy(s);
    s = load_edited(" shortfall-usd-per-mw-month=\"200000\"", "");
    ck_assert(isnan(s->commitments[0].shortfall_usd_per_mw_month)); /* none is allowed */
    scenario_destroy(s);
}
END_TEST

START_TEST(limits_are_by_vendor_stack_or_system)
{
    struct scenario *s = load_edited(
        "attribute=\"vendor\" value=\"nvidia\"", "attribute=\"stack\" value=\"neuron\"");

    ck_assert(s->limits[0].counts_system[0] && !s->limits[0].counts_system[1]);
    scenario_destroy(s);
    s = load_edited(
        "attribute=\"vendor\" value=\"nvidia\"", "attribute=\"system\" value=\"gb300-nvl72\"");
    ck_assert(!s->limits[0].counts_system[0] && s->limits[0].counts_system[1]);
    scenario_destroy(s);
}
END_TEST

START_TEST(children_come_in_any_order)
{
    char *text = edit_read(FULL);
    char *start = strstr(text, "  <catalog>");
    char *end = strstr(text, "</catalog>\n") + strlen("</catalog>\n");
    struct str turned = {0};
    struct scenario *s;

    /* The catalog last, and a workload's volume after its rates. */
    str_add_bytes(&turned, text, (size_t)(start - text));
    str_add_bytes(&turned, end, strlen(end) - strlen("</scenario>\n"));
    str_add_bytes(&turned, start, (size_t)(end - start));
    str_add(&turned, "</scenario>\n");
    s = parse(str_text(&turned));
    ck_assert_int_eq(s->offers[1].system, 1);
    ck_assert(s->workloads[0].rates[0].is_derived);
    scenario_destroy(s);
    str_fini(&turned);
    mem_free(text);
}
END_TEST

START_TEST(a_catalog_is_included_from_its_file)
{
    struct faults faults = {0};
    struct scenario *s = scenario_load("workloads/scenarios/two-sites.xml", NULL, &faults);
    char *list = edit_list_faults(&faults);

    ck_assert_msg(s != NULL, "%s", list);
    ck_assert_ptr_nonnull(catalog_find_system(&s->catalog, "trn3-gen2"));
    ck_assert(str_ends_with(s->catalog.systems[0].where.file, "catalog.xml"));
    ck_assert(str_ends_with(s->sites[0].where.file, "two-sites.xml"));
    mem_free(list);
    scenario_destroy(s);
    faults_fini(&faults);
}
END_TEST

#define ADD_TABLE(tc, test, table)                                                                 \
    tcase_add_loop_test(tc, test, 0, (int)(sizeof(table) / sizeof *(table)))

Suite *suite(void)
{
    Suite *s = suite_create("workloads/scenario");
    TCase *tc = tcase_create("scenario");

    tcase_add_test(tc, periods_are_the_steps_of_the_horizon);
    ADD_TABLE(tc, steps_count_from_the_start, STEP_CASES);
    tcase_add_test(tc, what_a_horizon_leaves_out_has_its_default);
    tcase_add_test(tc, ids_become_indices);
    tcase_add_test(tc, offers_have_what_they_say_or_the_default);
    ADD_TABLE(tc, systems_can_be_acquired_in_the_periods_of_an_offer, OPEN_CASES);
    tcase_add_test(tc, an_offer_is_closed_where_it_does_not_serve);
    ADD_TABLE(tc, a_system_counts_within_its_term, TERM_CASES);
    tcase_add_test(tc, what_is_bought_without_capex_has_no_end);
    tcase_add_test(tc, supply_is_by_month_and_ends);
    tcase_add_test(tc, workloads_have_what_they_say_or_the_default);
    tcase_add_test(tc, a_workload_runs_in_its_window);
    tcase_add_test(tc, a_given_rate_wins_and_the_others_are_derived);
    tcase_add_test(tc, a_derived_rate_of_zero_says_why);
    tcase_add_test(tc, rows_of_a_region_are_one_demand_over_time);
    ADD_TABLE(tc, a_region_is_served_within_latency_and_jurisdictions, REGION_CASES);
    tcase_add_test(tc, budgets_commitments_and_limits_have_what_they_say_or_the_default);
    tcase_add_test(tc, limits_are_by_vendor_stack_or_system);
    tcase_add_test(tc, children_come_in_any_order);
    tcase_add_test(tc, a_catalog_is_included_from_its_file);
    suite_add_tcase(s, tc);
    return s;
}
