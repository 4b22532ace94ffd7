/* Logs in the Standard Workload Format under fifo and easy: start orders worked out by hand. */
#include "base/clock.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/str.h"
#include "scheduler/simulate.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"
#include "workloads/swf.h"

#include <math.h>
#include <string.h>

enum { LINES_MOST = 8 };

/* One line of a log, in minutes; requested 0: not known. */
struct line {
    double submit;
    int processors;
    double run, requested, fifo_start, easy_start;
};

struct trace {
    const char *name;
    struct line lines[LINES_MOST];
    int count;
};

/* On four processors. */
static const struct trace TRACES[] = {
    /* c ends by 10, when the second's turn comes; d would not. */
    {"backfill goes by what was requested",
        {
            {0, 2, 10, 10, 0, 0},
            {1, 4, 5, 5, 10, 10},
            {2, 2, 5, 8, 15, 2},
            {3, 2, 20, 20, 15, 15},
        },
        4},
    /* a ends at 5 already; by what it had requested, b's turn was to come at 10, so that c may go
     * first, and then b waits for c. d asked for too much, though it would have been done in time.
     */
    {"a job ends early",
        {
            {0, 2, 5, 10, 0, 0},
            {1, 4, 5, 5, 5, 10},
            {2, 2, 8, 8, 10, 2},
            {3, 2, 1, 9, 10, 15},
        },
        4},
    /* a runs to 12, past what it had requested: b's turn comes then. */
    {"a job runs on past what it requested",
        {
            {0, 4, 12, 10, 0, 0},
            {1, 4, 5, 5, 12, 12},
            {2, 1, 3, 3, 17, 17},
        },
        3},
    /* Beside b's three processors at 10 one is left: c may take it for as long as it likes. d finds
     * it taken and b first in line; e fits beside c while a runs out. */
    {"beside the first in line",
        {
            {0, 2, 10, 10, 0, 0},
            {1, 3, 10, 10, 10, 10},
            {2, 1, 60, 60, 10, 2},
            {3, 2, 5, 5, 20, 20},
            {4, 1, 4, 4, 20, 4},
        },
        5},
    /* Requested times are not known: they are as long as they are. */
    {"nothing was requested",
        {
            {0, 3, 6, 0, 0, 0},
            {1, 2, 6, 0, 6, 6},
            {2, 1, 4, 0, 6, 2},
            {3, 1, 5, 0, 6, 6},
        },
        4},
};
enum { TRACE_COUNT = sizeof TRACES / sizeof *TRACES };

static struct job_list *read_trace(const struct trace *trace)
{
    struct str text = {0};
    struct faults faults = {0};
    struct job_list *jobs;
    size_t left_out = 0;

    for (int i = 0; i < trace->count; i++) {
        const struct line *line = &trace->lines[i];

        str_format(&text, "%d %g -1 %g %d -1 -1 %d %g -1 1 -1 -1 -1 -1 -1 -1 -1\n", i + 1,
            line->submit * 60, line->run * 60, line->processors, line->processors,
            line->requested > 0 ? line->requested * 60 : -1);
    }
    jobs = swf_parse(str_text(&text), strlen(str_text(&text)), trace->name, 1, &left_out, &faults);
    ck_assert_ptr_nonnull(jobs);
    ck_assert_uint_eq(left_out, 0);
    str_fini(&text);
    faults_fini(&faults);
    return jobs;
}

static void check_starts(
    const struct trace *trace, const struct fleet *fleet, enum core_policy policy)
{
    struct job_list *jobs = read_trace(trace);
    struct simulate_options options = {
        .policy = policy, .clock_s = clock_monotonic_s, .checks_invariants = true};
    struct simulate_result result = {0};
    struct err err = {0};

    ck_assert_msg(simulate_run(fleet, jobs->specs, jobs->count, &options, &result, &err) == 0, "%s",
        err.text);
    ck_assert_uint_eq(result.finished_count, jobs->count);
    for (int i = 0; i < trace->count; i++) {
        const struct line *line = &trace->lines[i];
        double start = policy == CORE_POLICY_FIFO ? line->fifo_start : line->easy_start;

        ck_assert_msg(fabs(result.jobs[i].start_s / 60 - start) < 1e-3,
            "%s, policy %d: job %d starts at %g min, not %g", trace->name, (int)policy, i + 1,
            result.jobs[i].start_s / 60, start);
        ck_assert_double_eq_tol(result.jobs[i].end_s / 60, start + line->run, 1e-3);
    }
    simulate_fini(&result);
    job_list_destroy(jobs);
}

START_TEST(logs_start_in_their_known_orders)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 1, 1, fleet_builder_system("a", 4, 1, 10, 0));
    const struct fleet *fleet = fleet_builder_finish(builder);

    check_starts(&TRACES[_i], fleet, CORE_POLICY_FIFO);
    check_starts(&TRACES[_i], fleet, CORE_POLICY_EASY);
    fleet_builder_destroy(builder);
}
END_TEST

/* Nobody's share is nothing: by shares, none of them could ever start. */
START_TEST(a_fleet_with_tenants_runs_them_as_one_without)
{
    struct fleet_builder *builder = fleet_builder_make(
        1, 1, 1, 1, fleet_builder_system("a", 4, 1, 10, 0));

    fleet_builder_add_tenant(builder, "red", 0.5, 10);
    fleet_builder_add_tenant(builder, "blue", 0.5, 10);
    (void)fleet_builder_finish(builder);
    fleet_drop_tenants(&builder->fleet);
    check_starts(&TRACES[_i], &builder->fleet, CORE_POLICY_FIFO);
    check_starts(&TRACES[_i], &builder->fleet, CORE_POLICY_EASY);
    fleet_builder_destroy(builder);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/simulate_swf");
    TCase *tc = tcase_create("swf");

    tcase_add_loop_test(tc, logs_start_in_their_known_orders, 0, TRACE_COUNT);
    tcase_add_loop_test(tc, a_fleet_with_tenants_runs_them_as_one_without, 0, TRACE_COUNT);
    suite_add_tcase(s, tc);
    return s;
}
