/*
 * Full rounds against the exact best: on random small fleets a search over every way to put every
 * gang's segments on racks, written apart from the scheduler's own packing.
 */
#include "base/err.h"
#include "base/rng.h"
#include "scheduler/core.h"
#include "tests/support/small_fleet.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { CASES = 500, JOBS_MOST = 7, RACKS_MOST = 5, SEGMENTS_MOST = 6 };

/* One random case. */
struct problem {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct job_spec specs[JOBS_MOST];
    struct job_system rows[JOBS_MOST][2];
    int job_count;
};

/* Whole-host tasks in segments. */
static void make_job(struct problem *p, int index, struct rng *rng)
{
    int segment = (int)rng_between(rng, 1, 4);
    int segments = (int)rng_between(rng, 1, 3);
    struct job_spec *spec = &p->specs[index];
    double roll = rng_unit(rng);

    *spec = fleet_builder_job(segment * segments, 4, segment);
    spec->value_usd_per_hour = (double)rng_between(rng, 1, 60) * 10;
    spec->power_frac = 0.6 + 0.4 * rng_unit(rng);
    p->rows[index][0] = fleet_builder_row(spec, "a", 1);
    p->rows[index][1] = fleet_builder_row(spec, "b", 0.5 + 1.5 * rng_unit(rng));
    spec->systems = roll < 0.3 ? &p->rows[index][1] : p->rows[index];
    spec->system_count = roll < 0.6 ? 1 : 2;
}

static void make_problem(struct problem *p, uint64_t seed)
{
    struct rng rng = rng_seed(seed);

    memset(p, 0, sizeof *p);
    p->builder = small_fleet_make(&rng);
    p->fleet = fleet_builder_finish(p->builder);
    p->job_count = (int)rng_between(&rng, 1, JOBS_MOST);
    for (int i = 0; i < p->job_count; i++)
        make_job(p, i, &rng);
}

/* --- The exact best */

struct search {
    const struct problem *problem;
    int free_hosts[RACKS_MOST];
    double rack_kw[RACKS_MOST]; /* committed */
    double best, value;
    double most_after[JOBS_MOST + 1];
};

static bool power_holds(const struct search *s)
{
    const struct fleet *f = s->problem->fleet;
    double feed_kw[8] = {0};
    double hall_kw[8] = {0};
    double site_kw[8] = {0};
    double slack = 1e-9;

    for (int r = 0; r < f->rack_count; r++) {
        if (s->rack_kw[r] > f->racks[r].power_kw * (1 + slack) + 1e-6)
            return false;
        feed_kw[f->racks[r].feed] += s->rack_kw[r];
        hall_kw[f->racks[r].hall] += s->rack_kw[r];
        site_kw[f->racks[r].site] += s->rack_kw[r];
    }
    for (int i = 0; i < f->feed_count; i++)
        if (feed_kw[i] > f->feeds[i].power_kw * (1 + slack) + 1e-6)
            return false;
    for (int i = 0; i < f->hall_count; i++)
        if (hall_kw[i] > f->halls[i].power_kw * (1 + slack) + 1e-6)
            return false;
    for (int i = 0; i < f->site_count; i++)
        if (site_kw[i] * f->sites[i].pue > f->sites[i].power_kw * (1 + slack) + 1e-6)
            return false;
    return true;
}

static void search_job(struct search *s, int job);

/* Put `left` more segments of the job on racks from `rack` on, all of one site. */
static void search_racks(struct search *s, int job, const struct job_system *row, int rack,
    int site, int left, double usd)
{
    const struct fleet *f = s->problem->fleet;
    const struct job_spec *spec = &s->problem->specs[job];
    double worth = spec->value_usd_per_hour * row->throughput - usd;

    if (left == 0) {
        if (worth >= -1e-9 && power_holds(s)) {
            s->value += worth;
            search_job(s, job + 1);
            s->value -= worth;
        }
        return;
    }
    if (rack == f->rack_count)
        return;
    search_racks(s, job, row, rack + 1, site, left, usd);
    if (strcmp(fleet_rack_system(f, rack)->id, row->id) == 0 && f->racks[rack].site == site) {
        const struct system *system = fleet_rack_system(f, rack);
        double kw = (system->power_kw * spec->power_frac - system->idle_kw) *
                    (spec->segment * 4.0) / system_chip_count(system);
        int count = 0;

        kw = fmax(kw, 0);
        while (count < left && s->free_hosts[rack] >= spec->segment) {
            count++;
            s->free_hosts[rack] -= spec->segment;
            s->rack_kw[rack] += kw;
            usd += f->racks[rack].usd_per_hour / system->host_count * spec->segment +
                   kw * f->sites[site].pue * f->sites[site].usd_per_mwh / 1000;
            search_racks(s, job, row, rack + 1, site, left - count, usd);
        }
        s->free_hosts[rack] += count * spec->segment;
        s->rack_kw[rack] -= count * kw;
    }
}

static void search_job(struct search *s, int job)
{
    const struct job_spec *spec = &s->problem->specs[job];

    s->best = fmax(s->best, s->value);
    if (job == s->problem->job_count || s->value + s->most_after[job] <= s->best + 1e-9)
        return;
    for (size_t i = 0; i < spec->system_count; i++)
        for (int site = 0; site < s->problem->fleet->site_count; site++)
            search_racks(s, job, &spec->systems[i], 0, site, spec->tasks / spec->segment, 0);
    search_job(s, job + 1);
}

static double exact_best(const struct problem *p)
{
    struct search s = {.problem = p};

    for (int r = 0; r < p->fleet->rack_count; r++) {
        s.free_hosts[r] = p->fleet->racks[r].host_count;
        s.rack_kw[r] = fleet_rack_system(p->fleet, r)->idle_kw;
    }
    for (int j = p->job_count; j-- > 0;) {
        double most = 0;

        for (size_t i = 0; i < p->specs[j].system_count; i++)
            most = fmax(most, p->specs[j].value_usd_per_hour * p->specs[j].systems[i].throughput);
        s.most_after[j] = s.most_after[j + 1] + most;
    }
    search_job(&s, 0);
    return s.best;
}

/* --- The round */

static struct core *round_of(const struct problem *p)
{
    struct core_options options = {.initial_hosts = HOST_UP,
        .starts_at_once = true,
        .wants_bound = true,
        .checks_invariants = true,
        .budget = {.gap = 1e-9}};
    struct core *core = core_create(p->fleet, &options, 0);
    struct actions actions = {0};
    struct err err = {0};

    for (int i = 0; i < p->job_count; i++)
        ck_assert_msg(core_apply(core, &(struct event){.kind = EVENT_SUBMIT, .spec = &p->specs[i]},
                          &actions, &err) == 0,
            "%s", err.text);
    core_round(core, 0, &actions);
    actions_fini(&actions);
    return core;
}

/* On a floor of our own, all that runs stands within every limit. */
static void assert_feasible(const struct problem *p, const struct core *core, uint64_t seed)
{
    struct floor floor = floor_make(p->fleet);

    for (size_t i = 0; i < core_gang_count(core); i++)
        if (core_gang_at(core, i)->placement != NULL)
            floor_add(&floor, core_gang_at(core, i));
    floor_assert_limits(&floor, seed);
}

START_TEST(rounds_come_near_the_exact_best)
{
    double ratio_sum = 0;
    double ratio_least = 1;
    int worst = -1;
    int counted = 0;

    for (int seed = 0; seed < CASES; seed++) {
        struct problem problem;
        struct core *core;
        const struct round_report *report;
        double best;
        char *broken;

        make_problem(&problem, (uint64_t)seed + 1);
        best = exact_best(&problem);
        core = round_of(&problem);
        report = core_last_round(core);
        broken = core_check(core);
        ck_assert_msg(broken == NULL, "seed %d: %s", seed, broken);
        assert_feasible(&problem, core, (uint64_t)seed);
        ck_assert_msg(report->bound_usd_per_hour >= best - 1e-6 * fmax(1, best),
            "seed %d: bound %.9g below the best %.9g", seed, report->bound_usd_per_hour, best);
        ck_assert_msg(report->value_usd_per_hour <= best + 1e-6 * fmax(1, best),
            "seed %d: value %.9g above the best %.9g", seed, report->value_usd_per_hour, best);
        if (best > 0) {
            double ratio = report->value_usd_per_hour / best;

            ratio_sum += ratio;
            counted++;
            if (ratio < ratio_least) {
                ratio_least = ratio;
                worst = seed;
            }
        }
        core_destroy(core);
        fleet_builder_destroy(problem.builder);
    }
    printf("value reached: %.4f of the best on average over %d fleets, %.4f at least (seed %d)\n",
        ratio_sum / counted, counted, ratio_least, worst);
    ck_assert_int_gt(counted, CASES / 2);
    ck_assert_double_ge(ratio_sum / counted, 0.99);
    ck_assert_double_ge(ratio_least, 0.90);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/round_exact");
    TCase *tc = tcase_create("exact");

    tcase_add_test(tc, rounds_come_near_the_exact_best);
    suite_add_tcase(s, tc);
    return s;
}
