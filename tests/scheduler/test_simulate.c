/* Simulated time: start orders worked out by hand, and what must hold of any run. */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scheduler/simulate.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <math.h>

enum { TRACE_JOBS = 4, RANDOM_JOBS = 150 };

/*
 * Four chips. EASY lets c start at 2, as it ends by 10, when b's turn comes; d would end after
 * that, and b needs every chip.
 *
 *   job   submitted  chips  minutes   fifo starts   easy starts
 *   a         0        2       10          0             0
 *   b         1        4        5         10            10
 *   c         2        2        5         15             2
 *   d         3        2       20         15            15
 */
struct traced {
    double submit_minutes;
    int chips;
    double minutes, fifo_start, easy_start;
};
static const struct traced TRACE[TRACE_JOBS] = {
    {0, 2, 10, 0, 0}, {1, 4, 5, 10, 10}, {2, 2, 5, 15, 2}, {3, 2, 20, 15, 15}};

/*
 * The same floor; what runs leaves one chip beside the first in line at its turn, so a long job of
 * one chip may go before it.
 *
 *   job   submitted  chips  minutes   fifo starts   easy starts
 *   a         0        3       10          0             0
 *   b         1        3       10         10            10
 *   c         2        1       60         10             2
 *   d         3        1        5         20            20
 *
 * With easy: at 2 c takes the one free chip; b still has three at 10. d must wait for b's end at
 * 20, or c's.
 */
static const struct traced BESIDE[TRACE_JOBS] = {
    {0, 3, 10, 0, 0}, {1, 3, 10, 10, 10}, {2, 1, 60, 10, 2}, {3, 1, 5, 20, 20}};

static const struct simulate_options BASE = {
    .clock_s = clock_monotonic_s, .checks_invariants = true};

static struct simulate_result run(const struct fleet *fleet, const struct job_spec *specs,
    size_t count, const struct simulate_options *options)
{
    struct simulate_result result = {0};
    struct err err = {0};

    ck_assert_msg(simulate_run(fleet, specs, count, options, &result, &err) == 0, "%s", err.text);
    return result;
}

static void check_trace(const struct traced *trace, enum core_policy policy)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 1, 1, fleet_builder_system("a", 4, 1, 10, 0));
    const struct fleet *fleet = fleet_builder_finish(builder);
    struct simulate_options options = BASE;
    struct job_spec specs[TRACE_JOBS];
    struct simulate_result result;

    options.policy = policy;
    for (int i = 0; i < TRACE_JOBS; i++) {
        specs[i] = fleet_builder_job(trace[i].chips, 1, JOB_SEGMENT_NONE);
        specs[i].work_minutes = trace[i].minutes;
        specs[i].submit_minutes = trace[i].submit_minutes;
    }
    result = run(fleet, specs, TRACE_JOBS, &options);
    ck_assert_uint_eq(result.finished_count, TRACE_JOBS);
    for (int i = 0; i < TRACE_JOBS; i++)
        ck_assert_msg(
            fabs(result.jobs[i].start_s / 60 -
                 (policy == CORE_POLICY_FIFO ? trace[i].fifo_start : trace[i].easy_start)) < 1e-3,
            "job %c starts at %g min", 'a' + i, result.jobs[i].start_s / 60);
    simulate_fini(&result);
    fleet_builder_destroy(builder);
}

START_TEST(fifo_and_easy_start_jobs_in_their_known_orders)
{
    check_trace(TRACE, CORE_POLICY_FIFO);
    check_trace(TRACE, CORE_POLICY_EASY);
    check_trace(BESIDE, CORE_POLICY_EASY);
}
END_TEST

/* Jobs of 1 to 16 chips, some of which write checkpoints, on three racks of 4 hosts of 4 chips. */
static void make_stream(struct job_spec *specs, uint64_t seed)
{
    struct rng rng = rng_seed(seed);

    for (int i = 0; i < RANDOM_JOBS; i++) {
        specs[i] = fleet_builder_job((int)rng_between(&rng, 1, 4),
            rng_unit(&rng) < 0.5 ? 4 : (int)rng_between(&rng, 1, 3), JOB_SEGMENT_NONE);
        specs[i].work_minutes = 1 + rng_exponential(&rng, 60);
        specs[i].submit_minutes = i * 3.0 * rng_unit(&rng);
        specs[i].priority = (int)rng_between(&rng, 0, 9) * 100;
        specs[i].value_usd_per_hour = (double)rng_between(&rng, 1, 50);
        specs[i].retries = 100;
        if (rng_unit(&rng) < 0.4) {
            specs[i].is_interruptible = true;
            specs[i].checkpoint_signal = "USR1";
            specs[i].checkpoint_every_minutes = 5;
        }
    }
}

static void check_stream(uint64_t seed, enum core_policy policy, double mtbf_hours)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 1, 3, fleet_builder_system("a", 4, 4, 100, 10));
    const struct fleet *fleet = fleet_builder_finish(builder);
    struct simulate_options options = BASE;
    struct job_spec specs[RANDOM_JOBS];
    struct simulate_result result;
    double chip_hours = 0;

    options.policy = policy;
    options.host_mtbf_hours = mtbf_hours;
    options.repair_hours = 1;
    options.seed = seed;
    make_stream(specs, seed);
    result = run(fleet, specs, RANDOM_JOBS, &options);
    ck_assert_uint_eq(result.job_count, RANDOM_JOBS);
    ck_assert_uint_eq(result.finished_count, RANDOM_JOBS);
    for (int i = 0; i < RANDOM_JOBS; i++) {
        const struct simulate_job *job = &result.jobs[i];
        double least_s = job->gang->spec->work_minutes * 60;

        ck_assert(job->start_s >= job->submit_s - 1e-3);
        ck_assert(job->end_s - job->start_s >= least_s - 1);
        if (job->gang->attempt == 1)
            ck_assert_double_lt(job->end_s - job->start_s - least_s, 1);
        chip_hours += job->gang->spec->tasks * job->gang->spec->chips_per_task *
                      job->gang->spec->work_minutes / 60;
    }
    /* What was used is what was asked for, and more where work was lost. */
    ck_assert_double_ge(
        result.chip_use * 48 * result.makespan_s / 3600, chip_hours * (1 - 1e-6) - 1e-3);
    if (mtbf_hours <= 0 && result.preemption_count == 0)
        ck_assert_double_lt(
            fabs(result.chip_use * 48 * result.makespan_s / 3600 - chip_hours), 0.1);
    simulate_fini(&result);
    fleet_builder_destroy(builder);
}

START_TEST(every_job_ends_once_and_work_is_conserved)
{
    check_stream((uint64_t)_i, CORE_POLICY_LP, 0);
    check_stream((uint64_t)_i, CORE_POLICY_FIFO, 0);
    check_stream((uint64_t)_i, CORE_POLICY_EASY, 0);
    check_stream((uint64_t)_i, CORE_POLICY_LP, 60);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_run)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 2, 2, fleet_builder_system("a", 4, 4, 100, 10));
    const struct fleet *fleet = fleet_builder_finish(builder);
    struct simulate_options options = BASE;
    struct job_spec specs[RANDOM_JOBS];
    struct simulate_result one, two;

    options.host_mtbf_hours = 50;
    options.repair_hours = 2;
    options.seed = 7;
    make_stream(specs, 7);
    one = run(fleet, specs, RANDOM_JOBS, &options);
    two = run(fleet, specs, RANDOM_JOBS, &options);
    for (int i = 0; i < RANDOM_JOBS; i++) {
        ck_assert_double_eq(one.jobs[i].start_s, two.jobs[i].start_s);
        ck_assert_double_eq(one.jobs[i].end_s, two.jobs[i].end_s);
        ck_assert_int_eq(one.jobs[i].gang->attempt, two.jobs[i].gang->attempt);
    }
    ck_assert_double_eq(one.energy_mwh, two.energy_mwh);
    simulate_fini(&one);
    simulate_fini(&two);
    fleet_builder_destroy(builder);
}
END_TEST

START_TEST(jobs_without_a_run_time_are_left_out_and_counted)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 1, 1, fleet_builder_system("a", 4, 1, 10, 0));
    const struct fleet *fleet = fleet_builder_finish(builder);
    struct job_spec specs[2] = {
        fleet_builder_job(1, 1, JOB_SEGMENT_NONE), fleet_builder_job(1, 1, JOB_SEGMENT_NONE)};
    struct simulate_result result;

    specs[0].work_minutes = 5;
    specs[1].work_minutes = NAN;
    result = run(fleet, specs, 2, &BASE);
    ck_assert_uint_eq(result.left_out, 1);
    ck_assert_uint_eq(result.finished_count, 1);
    simulate_fini(&result);
    fleet_builder_destroy(builder);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/simulate");
    TCase *tc = tcase_create("simulate");

    tcase_add_test(tc, fifo_and_easy_start_jobs_in_their_known_orders);
    tcase_add_loop_test(tc, every_job_ends_once_and_work_is_conserved, 1, 6);
    tcase_add_test(tc, the_same_seed_gives_the_same_run);
    tcase_add_test(tc, jobs_without_a_run_time_are_left_out_and_counted);
    suite_add_tcase(s, tc);
    return s;
}
