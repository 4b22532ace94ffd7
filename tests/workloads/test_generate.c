#include "workloads/generate.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

static const char *const FLEETS[] = {"topologies/fleets/one-row.xml",
    "topologies/fleets/mixed-30mw.xml", "topologies/fleets/one-gigawatt.xml"};

static struct fleet *load(const char *path)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_load(path, NULL, &faults);

    ck_assert_msg(fleet != NULL, "%s", faults.count > 0 ? faults.list[0].text : "no fault");
    faults_fini(&faults);
    return fleet;
}

static struct job_list *generate(const struct fleet *fleet, const char *text)
{
    struct generate_options options;
    struct err err = {0};

    ck_assert_msg(generate_options_parse(text, &options, &err) == 0, "%s", err.text);
    return generate_jobs(fleet, &options);
}

static double fleet_chips(const struct fleet *fleet)
{
    double count = 0;

    for (int r = 0; r < fleet->rack_count; r++)
        count += system_chip_count(fleet_rack_system(fleet, r));
    return count;
}

static double chip_hours(const struct job_spec *job)
{
    return (double)job->tasks * job->chips_per_task * job->work_minutes / 60;
}

static const struct {
    const char *text;
    int64_t job_count, seed;
    double load_frac, span_days;
} GOOD[] = {
    {"jobs=5", 5, 1, 0.8, 0},
    {"seed=7", 1000, 7, 0.8, 0},
    {"jobs=100000,seed=0,load=0.9", 100000, 0, 0.9, 0},
    {"load=2,jobs=1000000", 1000000, 1, 2, 0},
    {"days=3.5,jobs=10", 10, 1, 0, 3.5},
};

START_TEST(options_are_read)
{
    struct generate_options options;
    struct err err = {0};

    ck_assert_int_eq(generate_options_parse(GOOD[_i].text, &options, &err), 0);
    ck_assert(options.job_count == GOOD[_i].job_count && options.seed == GOOD[_i].seed);
    ck_assert_double_eq(options.load_frac, GOOD[_i].load_frac);
    ck_assert_double_eq(options.span_days, GOOD[_i].span_days);
}
END_TEST

static const struct {
    const char *text, *fault;
} BAD[] = {
    {"", "'' has no value; write jobs=1000,seed=1"},
    {"jobs", "'jobs' has no value"},
    {"jobs=5,", "'' has no value"},
    {"job=5", "'job' is not known; did you mean jobs?"},
    {"horses=5", "'horses' is not known; give jobs, seed, and load or days"},
    {"jobs=", "jobs is ''; that is not a whole number"},
    {"jobs=1.5", "jobs is '1.5'; that is not a whole number"},
    {"jobs=0", "jobs is 0; it must be from 1 to 1000000"},
    {"jobs=1000001", "jobs is 1000001; it must be from 1 to 1000000"},
    {"seed=-1", "seed is -1; it must be from 0"},
    {"load=0", "load is 0; it must be from 0.01 to 2"},
    {"load=2.1", "load is 2.1; it must be from 0.01 to 2"},
    {"load=much", "load is 'much'; that is not a number"},
    {"days=1e9", "days is 1e9; it must be from 0.01 to 3650"},
    {"jobs=5,seed=1,jobs=6", "jobs is given twice"},
    {"load=1,days=1", "load and days can't both be given"},
    {"jobs=5 seed=1", "jobs is '5 seed=1'; that is not a whole number"},
};

START_TEST(wrong_options_are_told)
{
    struct generate_options options = {.job_count = 77};
    struct err err = {0};

    ck_assert_int_eq(generate_options_parse(BAD[_i].text, &options, &err), -1);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_msg(str_starts_with(err.text, BAD[_i].fault), "%s", err.text);
    ck_assert_int_eq(options.job_count, 77);
}
END_TEST

START_TEST(the_same_seed_makes_the_same_jobs)
{
    struct fleet *fleet = load(FLEETS[1]);
    struct job_list *a = generate(fleet, "jobs=500,seed=3");
    struct job_list *b = generate(fleet, "jobs=500,seed=3");
    struct job_list *c = generate(fleet, "jobs=500,seed=4");
    int differences = 0;

    for (size_t i = 0; i < 500; i++) {
        const struct job_spec *left = &a->specs[i];
        const struct job_spec *right = &b->specs[i];

        ck_assert_str_eq(left->name, right->name);
        ck_assert_str_eq(left->tenant, right->tenant);
        ck_assert(left->tasks == right->tasks && left->priority == right->priority &&
                  left->system_count == right->system_count);
        ck_assert_mem_eq(&left->work_minutes, &right->work_minutes, sizeof(double));
        ck_assert_mem_eq(&left->submit_minutes, &right->submit_minutes, sizeof(double));
        differences += fabs(left->work_minutes - c->specs[i].work_minutes) > 1e-9;
    }
    ck_assert_int_gt(differences, 400);
    job_list_destroy(a);
    job_list_destroy(b);
    job_list_destroy(c);
    fleet_destroy(fleet);
}
END_TEST

/* What the core and the simulation count on. */
static void check_job(const struct fleet *fleet, const struct job_spec *job)
{
    bool has_home = false;

    ck_assert(fleet->tenant_count == 0 ? str_equal(job->tenant, "default")
                                       : fleet_find_tenant(fleet, job->tenant) >= 0);
    ck_assert(job->work_minutes > 0 && isfinite(job->work_minutes));
    ck_assert(job->priority >= 0 && job->priority <= 1000);
    ck_assert(isnan(job->value_usd_per_hour) || job->value_usd_per_hour > 0);
    ck_assert_uint_gt(job->system_count, 0);
    for (size_t i = 0; i < job->system_count; i++) {
        const struct job_system *row = &job->systems[i];
        const struct system *system = catalog_find_system(&fleet->catalog, row->id);
        int racks = 0;

        ck_assert_ptr_nonnull(system);
        for (int r = 0; r < fleet->rack_count; r++)
            racks += fleet_rack_system(fleet, r) == system;
        ck_assert(row->throughput > 0 && isfinite(row->throughput));
        ck_assert_int_ge(row->chips_per_task, 1);
        ck_assert_int_le(row->chips_per_task, system->chips_per_host);
        ck_assert_int_le(row->segment, system->host_count);
        ck_assert_int_le(row->tasks, racks * system->host_count);
        ck_assert(row->segment != JOB_SEGMENT_ALL || row->tasks <= system->host_count);
        ck_assert(
            job->wall_minutes <= 0 || job->wall_minutes > job->work_minutes / row->throughput);
        has_home = has_home || (row->tasks == job->tasks && row->segment == job->segment &&
                                   row->chips_per_task == job->chips_per_task &&
                                   row->throughput >= 1 && row->throughput <= 1);
    }
    ck_assert(has_home);
}

START_TEST(jobs_fit_the_fleet_and_come_in_order)
{
    struct fleet *fleet = load(FLEETS[_i]);
    struct job_list *list = generate(fleet, "jobs=400,seed=11");

    ck_assert_uint_eq(list->count, 400);
    for (size_t i = 0; i < list->count; i++) {
        check_job(fleet, &list->specs[i]);
        ck_assert(i == 0 || list->specs[i].submit_minutes >= list->specs[i - 1].submit_minutes);
    }
    ck_assert_str_eq(list->specs[399].name, "g400");
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(the_offered_load_is_what_was_asked_for)
{
    static const double loads[] = {0.3, 0.9, 1.5};
    struct fleet *fleet = load(FLEETS[_i]);

    for (size_t k = 0; k < sizeof loads / sizeof *loads; k++) {
        struct str text = {0};
        struct job_list *list;
        double work = 0;

        str_format(&text, "jobs=5000,seed=%zu,load=%.1f", k, loads[k]);
        list = generate(fleet, text.text);
        for (size_t i = 0; i < list->count; i++)
            work += chip_hours(&list->specs[i]);
        ck_assert_double_eq_tol(
            work / (fleet_chips(fleet) * list->specs[list->count - 1].submit_minutes / 60),
            loads[k], 0.05 * loads[k]);
        job_list_destroy(list);
        str_fini(&text);
    }
    fleet_destroy(fleet);
}
END_TEST

START_TEST(no_job_is_longer_than_a_third_of_the_span)
{
    static const char *const calls[] = {"jobs=50", "jobs=3000,load=0.9", "jobs=500,days=2"};
    struct fleet *fleet = load(FLEETS[_i]);

    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
        struct job_list *list = generate(fleet, calls[k]);
        double span_minutes = list->specs[list->count - 1].submit_minutes;

        for (size_t i = 0; i < list->count; i++)
            ck_assert_double_le(list->specs[i].work_minutes, fmax(span_minutes / 3 * 1.05, 240));
        job_list_destroy(list);
    }
    fleet_destroy(fleet);
}
END_TEST

START_TEST(few_jobs_are_larger_so_that_they_fill_the_fleet)
{
    struct fleet *fleet = load(FLEETS[1]);
    struct job_list *list = generate(fleet, "jobs=6000,seed=2");
    double chips = 0;

    for (size_t i = 0; i < list->count; i++)
        chips += (double)list->specs[i].tasks * list->specs[i].chips_per_task;
    ck_assert_double_gt(chips / fleet_chips(fleet), 8);
    ck_assert_double_lt(chips / fleet_chips(fleet), 16);
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(days_are_the_span_in_which_jobs_come)
{
    struct fleet *fleet = load(FLEETS[1]);
    struct job_list *list = generate(fleet, "jobs=2000,days=10");

    ck_assert_double_le(list->specs[1999].submit_minutes, 10 * 1440 + 1e-6);
    ck_assert_double_ge(list->specs[1999].submit_minutes, 10 * 1440 - 60);
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(most_jobs_are_small_and_the_large_take_most_of_the_time)
{
    struct fleet *fleet = load(FLEETS[_i + 1]);
    struct job_list *list = generate(fleet, "jobs=20000,seed=2");
    double all = 0;
    double of_large = 0;
    int one_host = 0;
    int under_hour = 0;
    int over_day = 0;
    int largest = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct job_spec *job = &list->specs[i];
        int chips = job->tasks * job->chips_per_task;

        all += chip_hours(job);
        of_large += chips >= 64 ? chip_hours(job) : 0;
        one_host += job->tasks == 1;
        under_hour += job->work_minutes < 60;
        over_day += job->work_minutes > 1440;
        largest = chips > largest ? chips : largest;
        ck_assert(chips < 512 || job->is_interruptible); /* what is huge writes checkpoints */
    }
    ck_assert_int_gt(one_host, 12000);
    ck_assert_int_gt(under_hour, 10000);
    ck_assert_int_gt(over_day, 100);
    ck_assert_double_gt(of_large, 0.5 * all);
    ck_assert_int_ge(largest, _i == 0 ? 512 : 4096);
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(people_submit_by_day_on_weekdays_and_many_at_once)
{
    struct fleet *fleet = load(FLEETS[1]);
    struct job_list *list = generate(fleet, "jobs=40000,days=28,seed=5");
    int by_hour[28 * 24 + 1] = {0};
    double mean = 40000.0 / (28 * 24);
    double day = 0;
    double weekday = 0;
    double variance = 0;

    for (size_t i = 0; i < list->count; i++) {
        int hour = (int)(list->specs[i].submit_minutes / 60);

        by_hour[hour]++;
        day += hour % 24 >= 9 && hour % 24 < 21;
        weekday += hour / 24 % 7 < 5;
    }
    ck_assert_double_gt(day, 0.6 * 40000);
    ck_assert_double_gt(weekday, 0.78 * 40000); /* an even stream would have 0.71 */
    for (int h = 1; h < 28 * 24; h += 24 * 7) /* the same hour of four weeks: the wave is no part */
        for (int k = h; k < h + 5 * 24 && k < 28 * 24; k += 24)
            variance += (by_hour[k] - by_hour[h]) * (by_hour[k] - by_hour[h]) / 2.0 / 16;
    ck_assert_double_gt(variance, 1.5 * mean); /* of single arrivals it would be their mean */
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

START_TEST(each_kind_of_system_and_each_tenant_gets_its_part)
{
    struct fleet *fleet = load(FLEETS[2]);
    struct job_list *list = generate(fleet, "jobs=100000,seed=9");
    double all = 0;
    int jobs_of[8] = {0};

    for (size_t i = 0; i < list->count; i++)
        all += chip_hours(&list->specs[i]);
    for (size_t k = 0; k < fleet->catalog.system_count; k++) {
        const struct system *system = &fleet->catalog.systems[k];
        double chips = 0;
        double work = 0;

        for (int r = 0; r < fleet->rack_count; r++)
            chips += fleet_rack_system(fleet, r) == system ? system_chip_count(system) : 0;
        for (size_t i = 0; i < list->count; i++) {
            const struct job_spec *job = &list->specs[i];

            for (size_t s = 0; s < job->system_count; s++)
                if (str_equal(job->systems[s].id, system->id) && job->systems[s].throughput >= 1 &&
                    job->systems[s].throughput <= 1 && job->systems[s].tasks == job->tasks)
                    work += chip_hours(job);
        }
        ck_assert_double_eq_tol(work / all, chips / fleet_chips(fleet), 0.05);
    }
    for (size_t i = 0; i < list->count; i++)
        jobs_of[fleet_find_tenant(fleet, list->specs[i].tenant)]++;
    for (int t = 0; t < fleet->tenant_count; t++)
        ck_assert_double_eq_tol(jobs_of[t] / 100000.0, fleet->tenants[t].share, 0.02);
    job_list_destroy(list);
    fleet_destroy(fleet);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/generate");
    TCase *tc = tcase_create("generate");

    tcase_add_loop_test(tc, options_are_read, 0, (int)(sizeof GOOD / sizeof *GOOD));
    tcase_add_loop_test(tc, wrong_options_are_told, 0, (int)(sizeof BAD / sizeof *BAD));
    tcase_add_test(tc, the_same_seed_makes_the_same_jobs);
    tcase_add_loop_test(tc, jobs_fit_the_fleet_and_come_in_order, 0, 3);
    tcase_add_loop_test(tc, the_offered_load_is_what_was_asked_for, 0, 3);
    tcase_add_loop_test(tc, no_job_is_longer_than_a_third_of_the_span, 0, 3);
    tcase_add_test(tc, few_jobs_are_larger_so_that_they_fill_the_fleet);
    tcase_add_test(tc, days_are_the_span_in_which_jobs_come);
    tcase_add_loop_test(tc, most_jobs_are_small_and_the_large_take_most_of_the_time, 0, 2);
    tcase_add_test(tc, people_submit_by_day_on_weekdays_and_many_at_once);
    tcase_add_test(tc, each_kind_of_system_and_each_tenant_gets_its_part);
    suite_add_tcase(s, tc);
    return s;
}
