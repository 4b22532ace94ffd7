/*
 * Full rounds of tiers, tenants, dollars, tasks of parts of a host, replicas spread over places and
 * idle power, on random small fleets: all that runs stands within every limit, and nothing waits
 * that would fit were lower tiers of the round taken away. Both by a floor of the test's own.
 */
#include "base/err.h"
#include "base/mem.h"
#include "scheduler/core.h"
#include "tests/support/small_fleet.h"
#include "tests/support/suite.h"

#include <math.h>

enum { CASES = 500, CASES_A_TEST = 50, JOBS_MOST = 10, TIERS_MOST = 3 };

struct problem {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct job_spec specs[JOBS_MOST];
    struct job_system rows[JOBS_MOST][2];
    int job_count;
    int lost_hosts; /* the first of each rack are drained */
    struct rng rng;
};

/* What the cases came to, so that a set in which nothing happens does not pass. */
struct tally {
    int started, waiting, spread, in_lower_tier;
};

static int draw(struct problem *p, int low, int high)
{
    return (int)rng_between(&p->rng, low, high);
}

static bool chance(struct problem *p, double share)
{
    return rng_unit(&p->rng) < share;
}

static void make_job(struct problem *p, int index)
{
    static const char *const TENANTS[] = {"red", "blue", "nobody"};
    struct job_spec *spec = &p->specs[index];
    struct job_system *rows = p->rows[index];
    int segment = draw(p, 0, 4);
    double roll = rng_unit(&p->rng);

    *spec = fleet_builder_job(
        (segment > 0 ? segment : 1) * draw(p, 1, 3), chance(p, 0.5) ? 4 : draw(p, 1, 3), segment);
    spec->tenant = TENANTS[draw(p, 0, 2)];
    spec->priority = draw(p, 3, 2 + TIERS_MOST) * 100 + draw(p, 0, 1) * 50;
    spec->is_interruptible = chance(p, 0.6);
    spec->value_usd_per_hour = (double)draw(p, 1, 60) * 10;
    spec->power_frac = 0.3 + 0.7 * rng_unit(&p->rng);
    if (chance(p, 0.25)) {
        spec->replicas_min = 1;
        spec->replicas_max = draw(p, 2, 4);
        spec->spread = (enum job_spread)draw(p, JOB_SPREAD_RACK, JOB_SPREAD_SITE);
    } else if (chance(p, 0.15)) {
        spec->array_count = 3;
    }
    rows[0] = fleet_builder_row(spec, "a", 1);
    rows[1] = fleet_builder_row(spec, "b", 0.5 + 1.5 * rng_unit(&p->rng));
    spec->systems = roll < 0.3 ? &rows[1] : rows;
    spec->system_count = roll < 0.6 ? 1 : 2;
}

static struct problem *make_problem(uint64_t seed)
{
    struct problem *p = mem_zero(1, sizeof *p);

    p->rng = rng_seed(seed);
    p->builder = small_fleet_make(&p->rng);
    if (chance(p, 0.7)) {
        fleet_builder_add_tenant(
            p->builder, "red", 0.5, chance(p, 0.5) ? INFINITY : 20.0 * draw(p, 1, 10));
        fleet_builder_add_tenant(
            p->builder, "blue", 0.3, chance(p, 0.7) ? INFINITY : 20.0 * draw(p, 1, 10));
    }
    p->fleet = fleet_builder_finish(p->builder);
    p->job_count = draw(p, 2, JOBS_MOST);
    for (int i = 0; i < p->job_count; i++)
        make_job(p, i);
    return p;
}

static struct core *round_of(const struct problem *p, bool wants_bound)
{
    struct core_options options = {.initial_hosts = HOST_UP,
        .starts_at_once = true,
        .wants_bound = wants_bound,
        .checks_invariants = true,
        .budget = {.gap = 1e-9}};
    struct core *core = core_create(p->fleet, &options, 0);
    struct actions actions = {0};
    struct err err = {0};

    for (int r = 0; r < p->fleet->rack_count; r++)
        for (int h = 0; h < p->lost_hosts; h++)
            (void)core_apply(core,
                &(struct event){.kind = EVENT_DRAIN, .host = p->fleet->racks[r].first_host + h},
                &actions, &err);
    for (int i = 0; i < p->job_count; i++)
        ck_assert_msg(core_apply(core, &(struct event){.kind = EVENT_SUBMIT, .spec = &p->specs[i]},
                          &actions, &err) == 0,
            "%s", err.text);
    core_round(core, 0, &actions);
    actions_fini(&actions);
    return core;
}

static int tier_of(const struct gang *gang)
{
    return gang->spec->priority / 100;
}

/* What stands of a tier and those above. */
static struct floor floor_of(const struct problem *p, const struct core *core, int tier)
{
    struct floor floor = floor_make(p->fleet);

    for (size_t i = 0; i < core_gang_count(core); i++) {
        const struct gang *gang = core_gang_at(core, i);

        if (gang->placement != NULL && tier_of(gang) >= tier)
            floor_add(&floor, gang);
    }
    return floor;
}

static void look_at(
    const struct problem *p, const struct core *core, uint64_t seed, struct tally *tally)
{
    struct floor all = floor_of(p, core, 0);

    floor_assert_limits(&all, seed);
    for (size_t i = 0; i < core_gang_count(core); i++) {
        const struct gang *gang = core_gang_at(core, i);
        struct floor_spread spread = floor_spread_of(p->fleet, core, gang);
        struct floor floor;

        for (int k = 0; k < FLOOR_RACKS; k++)
            ck_assert_msg(spread.at[k] <= spread.most, "seed %llu: job %lld is not spread",
                (unsigned long long)seed, (long long)gang->job);
        if (gang->placement != NULL) {
            tally->started++;
            tally->spread += spread.spread != JOB_SPREAD_NONE;
            tally->in_lower_tier += tier_of(gang) < 2 + TIERS_MOST;
            continue;
        }
        tally->waiting++;
        floor = floor_of(p, core, tier_of(gang));
        ck_assert_msg(!floor_fits(&floor, gang->spec, &spread),
            "seed %llu: gang %lld of tier %d waits, and fits without the lower tiers",
            (unsigned long long)seed, (long long)gang->id, tier_of(gang));
    }
}

START_TEST(no_lower_tier_takes_the_place_of_a_higher_one)
{
    struct tally tally = {0};

    for (int i = 0; i < CASES_A_TEST; i++) {
        uint64_t seed = (uint64_t)_i * CASES_A_TEST + (uint64_t)i + 1000;
        struct problem *p = make_problem(seed);
        bool wants_bound = chance(p, 0.5);
        struct core *core = round_of(p, wants_bound);
        const struct round_report *report = core_last_round(core);
        char *broken = core_check(core);

        ck_assert_msg(broken == NULL, "seed %llu: %s", (unsigned long long)seed, broken);
        ck_assert(!wants_bound || report->bound_usd_per_hour >= report->value_usd_per_hour - 1e-6);
        look_at(p, core, seed, &tally);
        core_destroy(core);
        fleet_builder_destroy(p->builder);
        mem_free(p);
    }
    ck_assert_int_gt(tally.started, CASES_A_TEST);
    ck_assert_int_gt(tally.waiting, CASES_A_TEST);
    ck_assert_int_gt(tally.spread, 0);
    ck_assert_int_gt(tally.in_lower_tier, CASES_A_TEST / 2);
}
END_TEST

/* --- More of anything never lowers the bound */

static double bound_of(const struct problem *p)
{
    struct core *core = round_of(p, true);
    double bound = core_last_round(core)->bound_usd_per_hour;

    core_destroy(core);
    return bound;
}

static void more_power(struct problem *p)
{
    for (int i = 0; i < p->fleet->feed_count; i++)
        p->builder->feeds[i].power_kw *= 1 + rng_unit(&p->rng);
    for (int i = 0; i < p->fleet->hall_count; i++)
        p->builder->halls[i].power_kw *= 1 + rng_unit(&p->rng);
    for (int i = 0; i < p->fleet->site_count; i++)
        p->builder->sites[i].power_kw *= 1 + rng_unit(&p->rng);
}

static void more_budget(struct problem *p)
{
    for (int i = 0; i < p->fleet->tenant_count; i++)
        p->builder->tenants[i].usd_per_hour *= 1 + rng_unit(&p->rng);
}

/* Hosts that were bad are not: the fleet had one host less in each rack. */
static void more_chips(struct problem *p)
{
    p->lost_hosts = 0;
}

static void (*const MORE[])(struct problem *p) = {more_power, more_budget, more_chips};
enum { MORE_COUNT = sizeof MORE / sizeof *MORE };

START_TEST(more_power_chips_or_budget_never_lower_the_bound)
{
    int raised = 0;

    for (int i = 0; i < CASES_A_TEST * 4; i++) {
        uint64_t seed = (uint64_t)i + 5000;
        struct problem *p = make_problem(seed);
        double before, after;

        p->lost_hosts = _i == MORE_COUNT - 1 ? 1 : 0;
        before = bound_of(p);
        MORE[_i](p);
        after = bound_of(p);
        ck_assert_msg(after >= before - 1e-6 * fmax(1, before),
            "seed %llu: the bound falls from %.9g to %.9g", (unsigned long long)seed, before,
            after);
        raised += after > before + 1e-6 * fmax(1, before);
        fleet_builder_destroy(p->builder);
        mem_free(p);
    }
    ck_assert_int_gt(raised, CASES_A_TEST / 5);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/round_tiers");
    TCase *tc = tcase_create("tiers");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, more_power_chips_or_budget_never_lower_the_bound, 0, MORE_COUNT);
    tcase_add_loop_test(tc, no_lower_tier_takes_the_place_of_a_higher_one, 0, CASES / CASES_A_TEST);
    suite_add_tcase(s, tc);
    return s;
}
