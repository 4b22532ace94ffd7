#include "scheduler/shape.h"

#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <math.h>

/* Two GB300 racks and a Trn3 one: 18 hosts of 4 chips at 144 kW, 36 of 4 at 108 kW. */
static struct fleet_builder *two_kinds(void)
{
    struct fleet_builder *b = fleet_builder_make(
        1, 1, 1, 3, fleet_builder_system("gb300-nvl72", 18, 4, 144, 14.4));

    b->racks[2].system = fleet_builder_add_system(
        b, fleet_builder_system("trn3-gen2", 36, 4, 108, 0));
    return b;
}

struct segment_case {
    int tasks, segment;
    int segment_tasks, segment_count, last;
    bool is_domain_bound;
};

static const struct segment_case SEGMENT_CASES[] = {
    {64, 16, 16, 4, 16, true},
    {40, 16, 16, 3, 8, true},
    {12, 16, 12, 1, 12, true},
    {12, JOB_SEGMENT_ALL, 12, 1, 12, true},
    {12, JOB_SEGMENT_NONE, 1, 12, 1, false},
    {12, 1, 1, 12, 1, false},
    {1, JOB_SEGMENT_ALL, 1, 1, 1, false},
};

START_TEST(a_gang_is_cut_into_segments)
{
    const struct segment_case *c = &SEGMENT_CASES[_i];
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(c->tasks, 4, c->segment);
    struct shape *shape = shape_create(fleet_builder_finish(b), &spec);
    const struct shape_system *s = &shape->systems[0];

    ck_assert_int_eq(s->segment_tasks, c->segment_tasks);
    ck_assert_int_eq(s->segment_count, c->segment_count);
    ck_assert_int_eq(shape_segment_size(s, s->segment_count - 1), c->last);
    ck_assert_int_eq(s->is_domain_bound, c->is_domain_bound);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(without_rows_a_job_may_run_on_all_that_stands)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(4, JOB_CHIPS_ALL, 4);
    struct shape *shape;

    (void)fleet_builder_add_system(b, fleet_builder_system("not-here", 4, 4, 10, 0));
    shape = shape_create(fleet_builder_finish(b), &spec);
    ck_assert_int_eq(shape->system_count, 2);
    ck_assert_int_eq(shape->systems[1].system, 1);
    ck_assert_ptr_null(shape->systems[1].row);
    ck_assert_double_eq(shape->systems[1].throughput, 1);
    ck_assert_int_eq(shape->systems[0].chips_per_task, 4);
    ck_assert(!shape->never);
    ck_assert_int_eq(shape->tenant, -1);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(rows_replace_tasks_segment_and_chips_in_the_order_of_the_manifest)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(128, 4, 16);
    struct job_system rows[] = {
        fleet_builder_row(&spec, "trn3-gen2", 1.0), fleet_builder_row(&spec, "gb300-nvl72", 1.9)};
    struct shape *shape;

    rows[1].tasks = 72;
    rows[1].segment = 18;
    spec.systems = rows;
    spec.system_count = 2;
    spec.work_minutes = 190;
    spec.wall_minutes = 500;
    shape = shape_create(fleet_builder_finish(b), &spec);
    ck_assert_int_eq(shape->systems[0].system, 1);
    ck_assert_int_eq(shape->systems[0].segment_count, 8);
    ck_assert_int_eq(shape->systems[1].task_count, 72);
    ck_assert_int_eq(shape->systems[1].segment_count, 4);
    ck_assert_int_eq((int)shape_chip_count(&shape->systems[1]), 288);
    ck_assert_double_eq_tol(shape->systems[1].expected_ms, 100 * 60000.0, 1e-6);
    ck_assert_double_eq_tol(shape->systems[0].expected_ms, 190 * 60000.0, 1e-6);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(the_length_is_the_work_else_the_wall_limit_else_the_default)
{
    struct fleet_builder *b = two_kinds();
    const struct fleet *fleet = fleet_builder_finish(b);
    struct job_spec spec = fleet_builder_job(1, 4, JOB_SEGMENT_NONE);
    struct shape *shape = shape_create(fleet, &spec);

    ck_assert_double_eq(shape->systems[0].expected_ms, 10080 * 60000.0);
    shape_destroy(shape);
    spec.wall_minutes = 30;
    shape = shape_create(fleet, &spec);
    ck_assert_double_eq(shape->systems[0].expected_ms, 30 * 60000.0);
    shape_destroy(shape);
    spec.work_minutes = 20;
    shape = shape_create(fleet, &spec);
    ck_assert_double_eq(shape->systems[0].expected_ms, 20 * 60000.0);
    shape_destroy(shape);
    spec.expected_minutes = 25;
    shape = shape_create(fleet, &spec);
    ck_assert_double_eq(shape->systems[0].expected_ms, 25 * 60000.0);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(busy_kw_counts_mode_and_power_fraction_above_idle)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(2, 4, JOB_SEGMENT_NONE);
    const struct fleet *fleet;
    struct shape *shape;

    spec.power_frac = 0.5;
    fleet = fleet_builder_finish(b);
    shape = shape_create(fleet, &spec);
    ck_assert_double_eq_tol(shape->systems[0].busy_kw_per_chip, (144 * 0.5 - 14.4) / 72, 1e-12);
    ck_assert_double_eq_tol(shape_kw(&shape->systems[0]), 8 * (144 * 0.5 - 14.4) / 72, 1e-12);
    shape_destroy(shape);
    spec.power_frac = 0.05; /* below idle: a job takes nothing away from a rack's idle draw */
    shape = shape_create(fleet, &spec);
    ck_assert_double_eq(shape->systems[0].busy_kw_per_chip, 0);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(a_value_left_out_is_twice_the_largest_cost_by_throughput)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(2, 4, JOB_SEGMENT_NONE);
    struct job_system rows[] = {fleet_builder_row(&spec, "trn3-gen2", 0.5),
        fleet_builder_row(&spec, "gb300-nvl72", 2.0), fleet_builder_row(&spec, "unknown", 0.01)};
    struct shape *shape;
    double trn3;

    b->racks[0].usd_per_hour = 720;
    b->racks[1].usd_per_hour = 360;
    b->racks[2].usd_per_hour = 288;
    b->sites[0].pue = 1.2;
    b->sites[0].usd_per_mwh = 50;
    spec.systems = rows;
    spec.system_count = 3;
    shape = shape_create(fleet_builder_finish(b), &spec);
    /* On GB300: 8 × 10 + 8 × 1.8 kW × 1.2 × 0.05 = 80.864, half of it by throughput. On Trn3:
     * 8 × 2 + 8 × 0.75 kW × 1.2 × 0.05 = 16.36, twice: 32.72. */
    trn3 = 8 * 2 + 8 * 0.75 * 1.2 * 0.05;
    ck_assert_double_eq_tol(trn3 / 0.5, 32.72, 1e-12);
    ck_assert_double_eq_tol(shape->value_usd_per_hour, 2 * 80.864 / 2.0, 1e-9);
    ck_assert_double_eq_tol(
        shape_usd_per_hour(&shape->systems[0], 288.0 / 144, &b->sites[0]), trn3, 1e-12);
    shape_destroy(shape);
    spec.value_usd_per_hour = 5;
    shape = shape_create(&b->fleet, &spec);
    ck_assert_double_eq(shape->value_usd_per_hour, 5);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

struct host_case {
    int chips_per_task;
    double cores_per_task, memory_gb_per_task;
    int tasks_per_host; /* of 100 */
    double cores, memory_gb;
};

/* Hosts of 4 chips, 144 cores, 1000 GB. */
static const struct host_case HOST_CASES[] = {
    {4, 0, 0, 1, 144, 1000},
    {1, 0, 0, 4, 36, 250},
    {3, 0, 0, 1, 108, 750},
    {1, 72, 0, 2, 72, 250},
    {1, 0, 1000, 1, 36, 1000},
    {0, 0, 0, 100, 1, 0},
    {0, 10, 0, 14, 10, 0},
    {0, 0, 300, 3, 1, 300},
    {0, 145, 0, 0, 145, 0},
};

START_TEST(chips_cores_and_memory_say_how_many_tasks_a_host_takes)
{
    const struct host_case *c = &HOST_CASES[_i];
    struct system system = fleet_builder_system("gb300-nvl72", 18, 4, 144, 0);
    struct job_spec spec = fleet_builder_job(100, c->chips_per_task, JOB_SEGMENT_NONE);
    struct fleet_builder *b;
    struct shape *shape;

    system.host_cores = 144;
    system.host_memory_gb = 1000;
    b = fleet_builder_make(1, 1, 1, 1, system);
    spec.cores_per_task = c->cores_per_task;
    spec.memory_gb_per_task = c->memory_gb_per_task;
    shape = shape_create(fleet_builder_finish(b), &spec);
    ck_assert_int_eq(shape->systems[0].tasks_per_host, c->tasks_per_host);
    ck_assert_double_eq(shape->systems[0].cores_per_task, c->cores);
    ck_assert_double_eq(shape->systems[0].memory_gb_per_task, c->memory_gb);
    ck_assert_int_eq(shape->never, c->tasks_per_host == 0);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(cores_that_are_not_known_limit_nothing)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(100, 0, JOB_SEGMENT_NONE);
    struct shape *shape = shape_create(fleet_builder_finish(b), &spec);

    ck_assert_int_eq(shape->systems[0].tasks_per_host, 100);
    ck_assert_double_eq(shape->systems[0].cores_per_task, 0);
    ck_assert(!shape->never);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

struct never_case {
    const char *system;
    int tasks, chips_per_task, segment;
    double cores_per_task, memory_gb_per_task;
    const char *hosts_only;
    const char *never; /* NULL: it may */
};

static const struct never_case NEVER_CASES[] = {
    {"gb300-nvl72", 32, 4, 32, 0, 0, NULL,
        "a segment of 32 tasks × 4 chips is 128 chips, and gb300-nvl72 has 72 in one domain"},
    {"gb300-nvl72", 128, 4, JOB_SEGMENT_ALL, 0, 0, NULL,
        "a segment of 128 tasks × 4 chips is 512 chips, and gb300-nvl72 has 72 in one domain"},
    {"gb300-nvl72", 20, 3, 20, 0, 0, NULL,
        "a segment is 20 tasks, and one domain of gb300-nvl72 takes 18: 18 hosts with room for 1 "
        "each"},
    {"gb300-nvl72", 1, 8, 0, 0, 0, NULL, "a task takes 8 chips, and a host of gb300-nvl72 has 4"},
    {"gb300-nvl72", 1, 1, 0, 200, 0, NULL,
        "a task takes 200 cores, and a host of gb300-nvl72 has 144"},
    {"gb300-nvl72", 1, 1, 0, 0, 1500.5, NULL,
        "a task takes 1500.5 GB of memory, and a host of gb300-nvl72 has 1000"},
    {"gb300-nvl27", 1, 1, 0, 0, 0, NULL,
        "the fleet's catalog has no system 'gb300-nvl27'; did you mean gb300-nvl72"},
    {"zebra", 1, 1, 0, 0, 0, NULL, "the fleet's catalog has no system 'zebra'"},
    {"not-here", 1, 1, 0, 0, 0, NULL, "no not-here stands in the fleet built"},
    {"gb300-nvl72", 1, 1, 0, 0, 0, "nobody",
        "the job's <hosts only= exclude=> leave it no host of gb300-nvl72"},
    {"gb300-nvl72", 1, 1, 0, 0, 0, "nobody,s1-h1-f1-r1-t02", NULL},
    {"gb300-nvl72", 32, 4, 18, 0, 0, NULL, NULL},
    {"gb300-nvl72", 10000, 4, 0, 0, 0, NULL, NULL}, /* what the fleet tells is packing's */
};

START_TEST(what_can_never_be_is_said_with_figures)
{
    const struct never_case *c = &NEVER_CASES[_i];
    struct system system = fleet_builder_system("gb300-nvl72", 18, 4, 144, 0);
    struct job_spec spec = fleet_builder_job(c->tasks, c->chips_per_task, c->segment);
    struct fleet_builder *b;
    struct job_system row;
    struct shape *shape;

    system.host_cores = 144;
    system.host_memory_gb = 1000;
    b = fleet_builder_make(1, 1, 1, 1, system);
    (void)fleet_builder_add_system(b, fleet_builder_system("not-here", 4, 4, 10, 0));
    spec.cores_per_task = c->cores_per_task;
    spec.memory_gb_per_task = c->memory_gb_per_task;
    spec.hosts_only = c->hosts_only;
    row = fleet_builder_row(&spec, c->system, 1);
    spec.systems = &row;
    spec.system_count = 1;
    shape = shape_create(fleet_builder_finish(b), &spec);
    ck_assert_pstr_eq(shape->systems[0].never, c->never);
    ck_assert_int_eq(shape->never, c->never != NULL);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(hosts_are_allowed_by_only_and_exclude)
{
    struct fleet_builder *b = two_kinds();
    const struct fleet *fleet = fleet_builder_finish(b);
    struct job_spec spec = fleet_builder_job(1, 4, JOB_SEGMENT_NONE);
    struct shape *shape;

    spec.hosts_exclude = "s1-h1-f1-r2-t01";
    shape = shape_create(fleet, &spec);
    for (int h = 0; h < fleet->host_count; h++)
        ck_assert_int_eq(shape_allows_host(shape, h), h != 18);
    shape_destroy(shape);
    spec.hosts_only = "s1-h1-f1-r2-t01,s1-h1-f1-r3-t36";
    shape = shape_create(fleet, &spec);
    for (int h = 0; h < fleet->host_count; h++)
        ck_assert_int_eq(shape_allows_host(shape, h), h == 71);
    ck_assert_ptr_nonnull(shape->systems[0].never);
    ck_assert_ptr_null(shape->systems[1].never);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(a_tenant_is_found_by_its_id)
{
    struct fleet_builder *b = two_kinds();
    struct job_spec spec = fleet_builder_job(1, 4, JOB_SEGMENT_NONE);
    struct shape *shape;

    fleet_builder_add_tenant(b, "product", 0.5, INFINITY);
    fleet_builder_add_tenant(b, "research", 0.5, INFINITY);
    spec.tenant = "research";
    shape = shape_create(fleet_builder_finish(b), &spec);
    ck_assert_int_eq(shape->tenant, 1);
    shape_destroy(shape);
    fleet_builder_destroy(b);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/shape");
    TCase *t = tcase_create("shape");

    tcase_add_loop_test(t, a_gang_is_cut_into_segments, 0, COUNT(SEGMENT_CASES));
    tcase_add_test(t, without_rows_a_job_may_run_on_all_that_stands);
    tcase_add_test(t, rows_replace_tasks_segment_and_chips_in_the_order_of_the_manifest);
    tcase_add_test(t, the_length_is_the_work_else_the_wall_limit_else_the_default);
    tcase_add_test(t, busy_kw_counts_mode_and_power_fraction_above_idle);
    tcase_add_test(t, a_value_left_out_is_twice_the_largest_cost_by_throughput);
    tcase_add_loop_test(
        t, chips_cores_and_memory_say_how_many_tasks_a_host_takes, 0, COUNT(HOST_CASES));
    tcase_add_test(t, cores_that_are_not_known_limit_nothing);
    tcase_add_loop_test(t, what_can_never_be_is_said_with_figures, 0, COUNT(NEVER_CASES));
    tcase_add_test(t, hosts_are_allowed_by_only_and_exclude);
    tcase_add_test(t, a_tenant_is_found_by_its_id);
    suite_add_tcase(s, t);
    return s;
}
