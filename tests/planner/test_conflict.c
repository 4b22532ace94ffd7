/*
 * Conflicts of scenarios made infeasible: each change that is named is made in a copy of the
 * scenario, which is then solved; and so is each that is not named.
 */
#include "planner/conflict.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/capacity_solve.h"
#include "tests/support/small_plan.h"
#include "tests/support/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASE_COUNT = 8, WAY_COUNT = 4 };
static const double MARGIN = 1 + 1e-5; /* for the solver's tolerances */

/* --- Copies with one thing changed */

static struct scenario *copy_scenario(const struct scenario *base)
{
    struct arena *arena = arena_create();
    struct scenario *copy = arena_copy(arena, base, 1, sizeof *base);

    copy->arena = arena;
    return copy;
}

/* A copy of an array of the scenario that may be written to. */
#define OWN(copy, list, count)                                                                     \
    arena_copy((copy)->arena, (copy)->list, (size_t)(copy)->count, sizeof *(copy)->list)

/* Values by period instead of by date, with amount more from a period on. */
static struct dated by_period(const struct scenario *sc, const struct dated *dated, double amount,
    int from_period, struct arena *arena)
{
    struct dated out = {
        arena_zero(arena, (size_t)sc->period_count, sizeof *out.rows), (size_t)sc->period_count};

    for (int t = 0; t < sc->period_count; t++)
        out.rows[t] = (struct dated_value){.from = sc->periods[t].start,
            .to = DATE_MONTH_NONE,
            .value = dated_value_at(dated, sc->periods[t].start, 0) +
                     (t >= from_period ? amount : 0)};
    return out;
}

static void change_site(struct scenario *copy, struct conflict_thing thing, double amount, int from)
{
    struct site *sites = OWN(copy, sites, site_count);
    struct site *site = &sites[thing.index];

    copy->sites = sites;
    if (thing.kind == CONFLICT_SITE_POWER) {
        site->power_mw = by_period(copy, &site->power_mw, amount, from, copy->arena);
        return;
    }
    site->rack_positions += amount;
    site->rack_positions_dated.rows = arena_copy(copy->arena, site->rack_positions_dated.rows,
        site->rack_positions_dated.count, sizeof *site->rack_positions_dated.rows);
    for (size_t i = 0; i < site->rack_positions_dated.count; i++)
        site->rack_positions_dated.rows[i].value += amount;
}

static void change_offer(struct scenario *copy, struct conflict_thing thing, double amount)
{
    struct offer *offers = OWN(copy, offers, offer_count);
    struct offer *offer = &offers[thing.index];

    copy->offers = offers;
    if (thing.kind == CONFLICT_SUPPLY)
        offer->supply_per_month = by_period(copy, &offer->supply_per_month, amount, 0, copy->arena);
    else
        offer->max_systems += amount;
}

static void change_workload(struct scenario *copy, struct conflict_thing thing, double amount)
{
    struct workload *workloads = OWN(copy, workloads, workload_count);
    struct workload *w = &workloads[thing.index];
    struct region_demand *regions = arena_copy(
        copy->arena, w->regions, (size_t)w->region_count, sizeof *regions);

    copy->workloads = workloads;
    if (thing.kind == CONFLICT_WORKLOAD_MAX) {
        w->max_systems += amount;
        return;
    }
    if (amount >= 1) {
        w->is_required = false;
        return;
    }
    w->volume_units *= 1 - amount;
    for (int g = 0; g < w->region_count; g++) {
        regions[g].units_per_hour = by_period(copy, &regions[g].units_per_hour, 0, 0, copy->arena);
        for (size_t i = 0; i < regions[g].units_per_hour.count; i++)
            regions[g].units_per_hour.rows[i].value *= 1 - amount;
    }
    w->regions = regions;
}

static void change_rule(struct scenario *copy, struct conflict_thing thing, double amount)
{
    struct commitment *commitments = OWN(copy, commitments, commitment_count);
    struct budget *budgets = OWN(copy, budgets, budget_count);
    struct share_limit *limits = OWN(copy, limits, limit_count);

    copy->commitments = commitments;
    copy->budgets = budgets;
    copy->limits = limits;
    if (thing.kind == CONFLICT_COMMITMENT)
        commitments[thing.index].mw = fmax(0, commitments[thing.index].mw - amount);
    else if (thing.kind == CONFLICT_BUDGET)
        budgets[thing.index].limit += amount;
    else
        limits[thing.index].max_share = fmin(1, limits[thing.index].max_share + amount);
}

/* Change it in a copy, by so much in the unit of its kind. (Of limits: by so much of the share.) */
static void change_thing(
    struct scenario *copy, struct conflict_thing thing, double amount, int from)
{
    switch (thing.kind) {
    case CONFLICT_SITE_POWER:
    case CONFLICT_FLOOR:
        change_site(copy, thing, amount, from);
        break;
    case CONFLICT_SUPPLY:
    case CONFLICT_OFFER_MAX:
        change_offer(copy, thing, amount);
        break;
    case CONFLICT_COMMITMENT:
    case CONFLICT_BUDGET:
    case CONFLICT_LIMIT:
        change_rule(copy, thing, amount);
        break;
    case CONFLICT_REQUIRED:
    case CONFLICT_WORKLOAD_MAX:
        change_workload(copy, thing, amount);
        break;
    case CONFLICT_KIND_COUNT:
        ck_abort();
    }
}

/* So much that it can't bind. */
static void drop_thing(struct scenario *copy, struct conflict_thing thing)
{
    static const double MUCH[CONFLICT_KIND_COUNT] = {[CONFLICT_SITE_POWER] = 1e5,
        [CONFLICT_FLOOR] = 1e5,
        [CONFLICT_SUPPLY] = 1e5,
        [CONFLICT_OFFER_MAX] = 1e5,
        [CONFLICT_COMMITMENT] = INFINITY,
        [CONFLICT_BUDGET] = 1e13,
        [CONFLICT_LIMIT] = 1,
        [CONFLICT_REQUIRED] = 1,
        [CONFLICT_WORKLOAD_MAX] = 1e5};

    change_thing(copy, thing, MUCH[thing.kind], 0);
}

static bool is_feasible(const struct scenario *scenario)
{
    const struct solve_options options = {.clock_s = clock_monotonic_s, .without_prices = true};
    struct err err = {0};
    struct capacity_plan *plan = capacity_solve(scenario, &options, &err);
    bool has_plan;

    ck_assert_msg(plan != NULL, "%s", err.text);
    ck_assert(plan->status == PLAN_OPTIMAL || plan->status == PLAN_INFEASIBLE);
    has_plan = plan->status == PLAN_OPTIMAL;
    capacity_plan_destroy(plan);
    return has_plan;
}

static bool is_feasible_with(
    const struct scenario *base, struct conflict_thing thing, double amount, int from)
{
    struct scenario *copy = copy_scenario(base);
    bool is_enough;

    change_thing(copy, thing, amount, from);
    is_enough = is_feasible(copy);
    scenario_destroy(copy);
    return is_enough;
}

/* --- Infeasible scenarios */

static struct scenario *load_case(int index)
{
    struct faults faults = {0};
    char path[64];
    struct scenario *scenario;

    (void)snprintf(path, sizeof path, "tests/cases/plan/random-%02d.xml", index + 1);
    scenario = scenario_load(path, NULL, &faults);
    ck_assert_ptr_nonnull(scenario);
    faults_fini(&faults);
    return scenario;
}

/* More of all systems from the middle of the horizon on than all sites have power for. */
static void promise_too_much(struct scenario *copy, double factor)
{
    struct commitment *list = arena_zero(
        copy->arena, (size_t)copy->commitment_count + 1, sizeof *list);
    bool *counts = arena_zero(copy->arena, copy->catalog.system_count, sizeof *counts);
    const struct period *middle = &copy->periods[copy->period_count / 2];
    double mw = 0;

    for (int i = 0; i < copy->commitment_count; i++)
        list[i] = copy->commitments[i];
    for (int s = 0; s < copy->site_count; s++)
        mw += dated_value_at(&copy->sites[s].power_mw, middle->start, 0);
    memset(counts, 1, copy->catalog.system_count);
    list[copy->commitment_count++] = (struct commitment){.id = "too-much",
        .kind = COMMITMENT_POWER,
        .counts_system = counts,
        .from = middle->start,
        .to = copy->horizon.end,
        .mw = factor * mw,
        .shortfall_usd_per_mw_month = NAN,
        .where = {"promises.xml", 12}};
    copy->commitments = list;
}

static void require_all(struct scenario *copy, double factor)
{
    for (int j = 0; j < copy->workload_count; j++) {
        struct workload *workloads;

        change_workload(copy, (struct conflict_thing){CONFLICT_REQUIRED, j}, 1 - factor);
        workloads = OWN(copy, workloads, workload_count);
        workloads[j].is_required = true;
        copy->workloads = workloads;
    }
}

/* A twentieth of all demand is required, on a budget of next to nothing for what must be
 * bought, in halls that are empty. */
static void require_for_nothing(struct scenario *copy)
{
    struct budget *budget = arena_zero(copy->arena, 1, sizeof *budget);
    struct offer *offers = OWN(copy, offers, offer_count);

    *budget = (struct budget){.id = "nothing",
        .kind = BUDGET_TOTAL,
        .from = copy->horizon.start,
        .to = copy->horizon.end,
        .limit = 1e6,
        .where = {"budgets.xml", 34}};
    copy->budgets = budget;
    copy->budget_count = 1;
    for (int o = 0; o < copy->offer_count; o++)
        offers[o].existing_count = 0;
    copy->offers = offers;
    require_all(copy, 0.05);
}

/* One of the cases made infeasible in one of the ways. *base is released after it. */
static struct scenario *infeasible_case(int index, struct scenario **base)
{
    struct scenario *copy;

    *base = load_case(index % CASE_COUNT);
    copy = copy_scenario(*base);
    switch (index / CASE_COUNT) {
    case 0:
        promise_too_much(copy, 1.25);
        break;
    case 1:
        require_all(copy, 100);
        break;
    case 2:
        promise_too_much(copy, 4);
        break;
    default:
        require_for_nothing(copy);
        break;
    }
    return copy;
}

static struct conflict *find_conflict(const struct scenario *scenario)
{
    const struct conflict_options options = {.clock_s = clock_monotonic_s};
    struct err err = {0};
    struct conflict *conflict = conflict_find(scenario, &options, &err);

    ck_assert_msg(conflict != NULL, "%s", err.text);
    return conflict;
}

/* --- Repairs */

static void check_later(const struct scenario *sc, const struct conflict_repair *repair)
{
    for (int t = 0; t < sc->period_count; t++) {
        struct scenario *copy = copy_scenario(sc);
        struct commitment *list = OWN(copy, commitments, commitment_count);
        struct commitment *commitment = &list[repair->thing.index];
        bool is_late_enough = repair->later_period >= 0 && t >= repair->later_period;

        copy->commitments = list;
        if (sc->periods[t].start >= commitment->from && sc->periods[t].start < commitment->to) {
            commitment->from = sc->periods[t].start;
            ck_assert_msg(is_feasible(copy) == is_late_enough, "from period %d, later %d", t,
                repair->later_period);
        }
        scenario_destroy(copy);
    }
}

static void check_repair(const struct scenario *sc, const struct conflict_repair *repair)
{
    const char *kind = CONFLICT_KIND_NAMES[repair->thing.kind];
    const char *id = conflict_thing_id(sc, repair->thing);
    double amount = repair->amount;
    int from = repair->from_period;

    ck_assert_double_gt(amount, 0);
    ck_assert_msg(is_feasible_with(sc, repair->thing, amount * MARGIN, from),
        "%s %s: %g from period %d is not enough", kind, id, amount, from);
    ck_assert_msg(!is_feasible_with(sc, repair->thing, amount * 0.98, from),
        "%s %s: less than %g is enough", kind, id, amount);
    if (repair->thing.kind == CONFLICT_SITE_POWER && from + 1 < sc->period_count)
        ck_assert_msg(!is_feasible_with(sc, repair->thing, amount * MARGIN, from + 1),
            "%s %s: %g is in time later than in period %d", kind, id, amount, from);
    if (repair->thing.kind == CONFLICT_COMMITMENT)
        check_later(sc, repair);
}

/* The share of a limit is not in the unit of its repair: it is let go instead. */
static void check_limit(const struct scenario *sc, const struct conflict_repair *repair)
{
    ck_assert_double_gt(repair->amount, 0);
    ck_assert(is_feasible_with(sc, repair->thing, 1, 0));
}

START_TEST(each_change_named_is_enough_and_a_smaller_one_is_not)
{
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *conflict = find_conflict(sc);
    const struct conflict_repair *repairs = conflict->repairs;

    ck_assert(!is_feasible(sc));
    ck_assert_int_gt(conflict->repair_count + conflict->together_count, 0);
    for (int i = 0; i < conflict->repair_count; i++) {
        if (repairs[i].thing.kind == CONFLICT_LIMIT)
            check_limit(sc, &repairs[i]);
        else
            check_repair(sc, &repairs[i]);
        if (i > 0 && !isnan(repairs[i].objective_usd))
            ck_assert_double_le(repairs[i - 1].objective_usd, repairs[i].objective_usd);
    }
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

/* --- What is not named */

static int count_things(const struct scenario *sc, enum conflict_kind kind)
{
    const int counts[CONFLICT_KIND_COUNT] = {[CONFLICT_SITE_POWER] = sc->site_count,
        [CONFLICT_FLOOR] = sc->site_count,
        [CONFLICT_SUPPLY] = sc->offer_count,
        [CONFLICT_OFFER_MAX] = sc->offer_count,
        [CONFLICT_COMMITMENT] = sc->commitment_count,
        [CONFLICT_BUDGET] = sc->budget_count,
        [CONFLICT_LIMIT] = sc->limit_count,
        [CONFLICT_REQUIRED] = sc->workload_count,
        [CONFLICT_WORKLOAD_MAX] = sc->workload_count};

    return counts[kind];
}

static bool has_repair(const struct conflict *conflict, struct conflict_thing thing)
{
    for (int i = 0; i < conflict->repair_count; i++)
        if (conflict->repairs[i].thing.kind == thing.kind &&
            conflict->repairs[i].thing.index == thing.index)
            return true;
    return false;
}

START_TEST(what_is_not_named_is_not_enough_alone)
{
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *conflict = find_conflict(sc);

    for (int kind = 0; kind < CONFLICT_KIND_COUNT; kind++)
        for (int i = 0; i < count_things(sc, (enum conflict_kind)kind); i++) {
            struct conflict_thing thing = {(enum conflict_kind)kind, i};
            struct scenario *copy = copy_scenario(sc);

            drop_thing(copy, thing);
            ck_assert_msg(is_feasible(copy) == has_repair(conflict, thing), "%s %s is %snamed",
                CONFLICT_KIND_NAMES[kind], conflict_thing_id(sc, thing),
                has_repair(conflict, thing) ? "" : "not ");
            scenario_destroy(copy);
        }
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

START_TEST(changes_named_together_are_enough)
{
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *conflict = find_conflict(sc);
    struct scenario *copy = copy_scenario(sc);

    ck_assert((conflict->together_count > 0) == (conflict->repair_count == 0));
    for (int i = 0; i < conflict->together_count; i++) {
        struct conflict_thing thing = conflict->together[i];
        double amount = conflict->together_amounts[i];

        ck_assert_double_gt(amount, 0);
        if (thing.kind == CONFLICT_LIMIT)
            drop_thing(copy, thing);
        else
            change_thing(copy, thing, amount * MARGIN, 0);
    }
    ck_assert(is_feasible(copy) == (conflict->together_count > 0));
    scenario_destroy(copy);
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

/* --- The set */

static bool is_in_set(const struct conflict *conflict, struct conflict_thing thing)
{
    for (int i = 0; i < conflict->set_count; i++)
        if (conflict->set[i].kind == thing.kind && conflict->set[i].index == thing.index)
            return true;
    return false;
}

/* All else let go. */
static struct scenario *set_alone(const struct scenario *sc, const struct conflict *conflict)
{
    struct scenario *copy = copy_scenario(sc);

    for (int kind = 0; kind < CONFLICT_KIND_COUNT; kind++)
        for (int i = 0; i < count_things(sc, (enum conflict_kind)kind); i++) {
            struct conflict_thing thing = {(enum conflict_kind)kind, i};

            if (!is_in_set(conflict, thing))
                drop_thing(copy, thing);
        }
    return copy;
}

START_TEST(the_set_cannot_hold_and_without_any_one_it_can)
{
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *conflict = find_conflict(sc);
    struct scenario *alone = set_alone(sc, conflict);

    ck_assert_int_gt(conflict->set_count, 0);
    ck_assert(!is_feasible(alone));
    for (int i = 0; i < conflict->set_count; i++) {
        struct scenario *rest = copy_scenario(alone);

        drop_thing(rest, conflict->set[i]);
        ck_assert_msg(is_feasible(rest), "%s %s can be missed",
            CONFLICT_KIND_NAMES[conflict->set[i].kind], conflict_thing_id(sc, conflict->set[i]));
        scenario_destroy(rest);
    }
    scenario_destroy(alone);
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

/* --- Words */

static char *print_conflict(const struct conflict *conflict)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    conflict_print(conflict, stream);
    (void)fclose(stream);
    return text;
}

START_TEST(words_say_the_file_and_line_of_each_thing)
{
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *conflict = find_conflict(sc);
    char *text = print_conflict(conflict);

    for (int i = 0; i < conflict->set_count; i++) {
        struct where where = conflict_thing_where(sc, conflict->set[i]);
        char find[256];

        (void)snprintf(find, sizeof find, "  %s:%ld   ", where.file, where.line);
        ck_assert_msg(strstr(text, find) != NULL, "no '%s' in\n%s", find, text);
        ck_assert_ptr_nonnull(strstr(text, conflict_thing_id(sc, conflict->set[i])));
    }
    if (_i < CASE_COUNT)
        ck_assert_ptr_nonnull(strstr(text, "promises.xml:12   commitment too-much: "));
    free(text);
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

/* Power at each of 14 sites, for one system each, and work for 15. */
START_TEST(a_long_set_is_listed_where_it_is_asked_for)
{
    enum { SITES = 14 };
    struct conflict_options options = {.clock_s = clock_monotonic_s, .is_set_asked = _i == 1};
    struct small_pieces pieces = {
        .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10' required='yes'>"
                     "<rate system='s' units-per-hour='1'/>"
                     "<demand from='2026-01' units-per-hour='15'/></workload>"};
    struct str sites = {0};
    struct scenario *sc;
    struct conflict *conflict;
    char *text;

    for (int i = 0; i < SITES; i++)
        str_format(&sites,
            "<site id='a%d' region='r' jurisdiction='us'><power from='2026-01' mw='0.1'/>"
            "<energy from='2026-01' usd-per-mwh='0'/></site>",
            i);
    pieces.sites = str_text(&sites);
    sc = small_scenario(&pieces);
    conflict = conflict_find(sc, &options, NULL);
    ck_assert_ptr_nonnull(conflict);
    ck_assert_int_eq(conflict->set_count, SITES + 1);
    text = print_conflict(conflict);
    ck_assert_int_eq(strstr(text, "site a13") != NULL, options.is_set_asked);
    ck_assert_int_eq(strstr(text, "--conflict") != NULL, !options.is_set_asked);
    free(text);
    conflict_destroy(conflict);
    scenario_destroy(sc);
    str_fini(&sites);
}
END_TEST

/* --- No conflict */

START_TEST(a_scenario_with_a_plan_has_none)
{
    const struct conflict_options options = {.clock_s = clock_monotonic_s};
    struct scenario *scenario = load_case(_i);
    struct err err = {0};

    ck_assert_ptr_null(conflict_find(scenario, &options, &err));
    ck_assert_int_eq(err.kind, ERR_STATE);
    scenario_destroy(scenario);
}
END_TEST

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

/* Half an answer is none: no set that is not proven, no change that was not tried. */
START_TEST(stopped_it_says_only_what_it_knows)
{
    const struct conflict_options options = {.clock_s = clock_monotonic_s, .stop = stop_at_once};
    struct scenario *base, *sc = infeasible_case(0, &base);
    struct err err = {0};
    struct conflict *conflict = conflict_find(sc, &options, &err);

    ck_assert_msg(conflict != NULL, "%s", err.text);
    ck_assert_int_eq(conflict->set_count, 0);
    ck_assert_int_eq(conflict->repair_count, 0);
    ck_assert_int_eq(conflict->together_count, 0);
    ck_assert(conflict->is_cut);
    conflict_destroy(conflict);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

/* With little effort the set may be too large, but it is none that can hold; what is named as a
 * change is one; and that more is to be known is said. */
START_TEST(what_took_too_long_is_said)
{
    static const int64_t EFFORTS[] = {1, 40, 200, 1000};
    struct scenario *base, *sc = infeasible_case(_i, &base);
    struct conflict *whole = find_conflict(sc);

    ck_assert(!whole->is_cut);
    for (size_t i = 0; i < sizeof EFFORTS / sizeof EFFORTS[0]; i++) {
        const struct conflict_options options = {
            .clock_s = clock_monotonic_s, .effort_most = EFFORTS[i]};
        struct conflict *conflict = conflict_find(sc, &options, NULL);
        struct scenario *alone = set_alone(sc, conflict);
        char *text = print_conflict(conflict);

        ck_assert_int_ge(conflict->set_count, 1);
        ck_assert(!is_feasible(alone));
        ck_assert_int_le(conflict->repair_count, whole->repair_count);
        ck_assert(conflict->is_cut || conflict->set_count == whole->set_count);
        ck_assert(conflict->is_cut || conflict->repair_count == whole->repair_count);
        ck_assert(conflict->is_set_irreducible || strstr(text, "in time") != NULL);
        ck_assert(conflict->are_repairs_all || strstr(text, "in time") != NULL);
        ck_assert(i > 0 || conflict->is_cut);
        free(text);
        scenario_destroy(alone);
        conflict_destroy(conflict);
    }
    conflict_destroy(whole);
    scenario_destroy(sc);
    scenario_destroy(base);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("conflict");
    TCase *tc = tcase_create("conflicts");
    int count = CASE_COUNT * WAY_COUNT;

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, each_change_named_is_enough_and_a_smaller_one_is_not, 0, count);
    tcase_add_loop_test(tc, what_is_not_named_is_not_enough_alone, 0, count);
    tcase_add_loop_test(tc, changes_named_together_are_enough, 0, count);
    tcase_add_loop_test(tc, the_set_cannot_hold_and_without_any_one_it_can, 0, count);
    tcase_add_loop_test(tc, words_say_the_file_and_line_of_each_thing, 0, count);
    tcase_add_loop_test(tc, a_scenario_with_a_plan_has_none, 0, CASE_COUNT);
    tcase_add_loop_test(tc, a_long_set_is_listed_where_it_is_asked_for, 0, 2);
    tcase_add_loop_test(tc, what_took_too_long_is_said, 0, count);
    tcase_add_test(tc, stopped_it_says_only_what_it_knows);
    suite_add_tcase(s, tc);
    return s;
}
