#include "scheduler/ledger.h"

#include "base/mem.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* One site of two halls, two feeds each, two racks in a feed: 8 racks of 4 hosts with 4 chips, 40
 * kW busy, 8 kW idle. Tenants: "research" 0.5 of the fleet, "product" 0.25 and 100 dollars an hour.
 */
struct floor {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct job_spec spec;
    struct shape *shape;
    struct task_place tasks[16];
    struct placement placement;
};

static struct floor make_floor(int tasks, int chips_per_task, int segment)
{
    struct floor f = {
        .builder = fleet_builder_make(1, 2, 2, 2, fleet_builder_system("small", 4, 4, 40, 8))};

    for (int r = 0; r < f.builder->fleet.rack_count; r++)
        f.builder->racks[r].usd_per_hour = 16;
    f.builder->sites[0].pue = 1.25;
    f.builder->sites[0].usd_per_mwh = 80;
    fleet_builder_add_tenant(f.builder, "research", 0.5, INFINITY);
    fleet_builder_add_tenant(f.builder, "product", 0.25, 100);
    f.spec = fleet_builder_job(tasks, chips_per_task, segment);
    f.spec.tenant = "research";
    f.spec.power_frac = 0.8;
    return f;
}

/* After the test has changed what it wants; not before the floor stands still in memory. */
static void open_floor(struct floor *f)
{
    f->fleet = fleet_builder_finish(f->builder);
    f->ledger = ledger_create(f->fleet, HOST_UP);
    f->shape = shape_create(f->fleet, &f->spec);
    f->placement.tasks = f->tasks;
    f->placement.task_count = f->spec.tasks;
}

/* Task i on host hosts[i] with chips[i]. */
static void place(struct floor *f, const int *hosts, const uint64_t *chips)
{
    for (int i = 0; i < f->spec.tasks; i++)
        f->tasks[i] = (struct task_place){hosts[i], chips[i]};
    ledger_price_placement(f->ledger, f->shape, &f->placement);
}

static void hold(struct floor *f, holder_id id)
{
    ledger_hold(f->ledger, &(struct holder){.id = id, .shape = f->shape}, &f->placement);
}

static void close_floor(struct floor *f)
{
    shape_destroy(f->shape);
    ledger_destroy(f->ledger);
    fleet_builder_destroy(f->builder);
}

static void assert_sound(const struct ledger *ledger)
{
    char *broken = ledger_check(ledger);

    ck_assert_msg(broken == NULL, "%s", broken != NULL ? broken : "");
    mem_free(broken);
}

/* The check must say something with these words. */
static void assert_broken(const struct ledger *ledger, const char *words)
{
    char *broken = ledger_check(ledger);

    ck_assert_ptr_nonnull(broken);
    ck_assert_msg(strstr(broken, words) != NULL, "%s", broken);
    mem_free(broken);
}

START_TEST(an_empty_fleet_draws_its_idle_power)
{
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);

    open_floor(&f);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_RACK, 3), 8);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_FEED, 1), 16);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_HALL, 1), 32);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_SITE, 0), 64 * 1.25);
    ck_assert_double_eq(ledger_limit_kw(f.ledger, POWER_RACK, 3), 40);
    ck_assert(isinf(ledger_limit_kw(f.ledger, POWER_FEED, 0)));
    ck_assert(ledger_rack_is_whole(f.ledger, 0));
    ck_assert_int_eq(ledger_rack_free_hosts(f.ledger, 0), 4);
    ck_assert_int_eq(ledger_rack_free_chips(f.ledger, 0), 16);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(a_holder_adds_its_chips_part_of_the_racks_power)
{
    struct floor f = make_floor(3, 2, JOB_SEGMENT_NONE);
    const double full_kw = 40 * 0.8 - 8; /* P × pi - idle, of a whole rack */

    open_floor(&f);
    place(&f, (int[]){0, 0, 5}, (uint64_t[]){3, 12, 6});
    hold(&f, 7);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 8 + full_kw * 4 / 16, 1e-12);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 1), 8 + full_kw * 2 / 16, 1e-12);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_FEED, 0), 16 + full_kw * 6 / 16, 1e-12);
    ck_assert_double_eq_tol(
        ledger_load_kw(f.ledger, POWER_SITE, 0), (64 + full_kw * 6 / 16) * 1.25, 1e-12);
    ck_assert_double_eq_tol(f.placement.kw, full_kw * 6 / 16, 1e-12);
    ck_assert_double_eq_tol(ledger_holder_kw(f.ledger, 7, POWER_RACK, 1), full_kw * 2 / 16, 1e-12);
    ck_assert_double_eq_tol(ledger_holder_kw(f.ledger, 7, POWER_SITE, 0), full_kw * 6 / 16, 1e-12);
    ck_assert_double_eq(ledger_holder_kw(f.ledger, 7, POWER_FEED, 1), 0);
    assert_sound(f.ledger);
    ledger_release(f.ledger, 7);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_FEED, 0), 16);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_SITE, 0), 64 * 1.25);
    ck_assert_ptr_null(ledger_find_holder(f.ledger, 7));
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(chips_and_hosts_that_are_held_are_not_free)
{
    struct floor f = make_floor(3, 2, JOB_SEGMENT_NONE);
    holder_id ids[4];
    int count;

    open_floor(&f);
    place(&f, (int[]){0, 0, 1}, (uint64_t[]){3, 12, 6});
    hold(&f, 9);
    place(&f, (int[]){2, 2, 1}, (uint64_t[]){3, 12, 9});
    hold(&f, 4);
    ck_assert_uint_eq(ledger_free_chips(f.ledger, 0), 0);
    ck_assert_uint_eq(ledger_free_chips(f.ledger, 3), 15);
    ck_assert_int_eq(ledger_rack_free_chips(f.ledger, 0), 4);
    ck_assert_int_eq(ledger_rack_free_hosts(f.ledger, 0), 1);
    ck_assert(!ledger_rack_is_whole(f.ledger, 0));
    ck_assert_int_eq(ledger_rack_task_room(f.ledger, 0, f.shape, &f.shape->systems[0]), 2);
    ck_assert_int_eq(ledger_host_holders(f.ledger, 1, ids, 4), 2);
    ck_assert_int_eq((int)ids[0], 4);
    ck_assert_int_eq((int)ids[1], 9);
    ck_assert_int_eq(ledger_host_holders(f.ledger, 1, ids, 1), 2);
    ck_assert_int_eq(ledger_host_holders(f.ledger, 3, ids, 4), 0);
    ck_assert_int_eq(ledger_places(f.ledger, 4, &count)[2].host, 1);
    ck_assert_int_eq(count, 3);
    close_floor(&f);
}
END_TEST

START_TEST(a_host_on_its_own_is_released_and_with_the_last_the_holder)
{
    struct floor f = make_floor(3, 2, JOB_SEGMENT_NONE);
    const double full_kw = 40 * 0.8 - 8;
    int count;

    open_floor(&f);
    place(&f, (int[]){5, 0, 5}, (uint64_t[]){3, 12, 12});
    hold(&f, 1);
    ledger_release_host(f.ledger, 1, 5);
    ck_assert_int_eq(ledger_places(f.ledger, 1, &count)[0].host, 0);
    ck_assert_int_eq(count, 1);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_RACK, 1), 8);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_HALL, 0), 32 + full_kw * 2 / 16, 1e-12);
    ledger_release_host(f.ledger, 1, 5); /* told twice */
    ledger_release_host(f.ledger, 1, 1); /* not one of its hosts, though in its rack */
    assert_sound(f.ledger);
    ledger_release_host(f.ledger, 1, 0);
    ck_assert_ptr_null(ledger_find_holder(f.ledger, 1));
    ck_assert_double_eq(ledger_tenant_usd_per_hour(f.ledger, 0), 0);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(a_capped_holder_draws_less_and_costs_less)
{
    struct floor f = make_floor(4, 4, 4);
    const double full_kw = 40 * 0.8 - 8;
    const double capped_kw = 40 * 0.8 * 0.8 - 8;

    open_floor(&f);
    place(&f, (int[]){0, 1, 2, 3}, (uint64_t[]){15, 15, 15, 15});
    hold(&f, 1);
    ck_assert_double_eq_tol(
        ledger_holder_usd_per_hour(f.ledger, 1), 16 + full_kw * 1.25 * 0.08, 1e-12);
    ck_assert_double_eq_tol(f.placement.usd_per_hour, 16 + full_kw * 1.25 * 0.08, 1e-12);
    ledger_set_mode(f.ledger, 1, 1);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 8 + capped_kw, 1e-12);
    ck_assert_double_eq_tol(
        ledger_tenant_usd_per_hour(f.ledger, 0), 16 + capped_kw * 1.25 * 0.08, 1e-12);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(a_mode_tried_and_taken_back_breaks_nothing_but_one_kept_does)
{
    struct floor f = make_floor(4, 4, 4);

    open_floor(&f);
    place(&f, (int[]){0, 1, 2, 3}, (uint64_t[]){15, 15, 15, 15});
    hold(&f, 1);
    ledger_set_mode(f.ledger, 1, 1);
    ledger_set_limit_kw(f.ledger, POWER_FEED, 0, 36);
    ledger_set_mode(f.ledger, 1, 0);
    assert_broken(f.ledger, "holder 1 took feed-power");
    ledger_set_mode(f.ledger, 1, 1);
    assert_sound(f.ledger);
    ledger_set_limit_kw(f.ledger, POWER_FEED, 0, 10); /* a limit that falls is no decision */
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(only_hosts_that_are_up_take_work_and_a_rack_all_down_draws_nothing)
{
    struct floor f = make_floor(1, 4, JOB_SEGMENT_NONE);
    static const enum host_state IDLE[] = {HOST_SUSPECT, HOST_DRAINED, HOST_UNKNOWN, HOST_DOWN};

    open_floor(&f);
    for (int h = 0; h < 4; h++)
        ledger_set_host_state(f.ledger, h, IDLE[h]);
    ck_assert_int_eq(ledger_rack_free_chips(f.ledger, 0), 0);
    ck_assert_int_eq(ledger_rack_task_room(f.ledger, 0, f.shape, &f.shape->systems[0]), 0);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_FEED, 0), 16);
    for (int h = 0; h < 4; h++)
        ledger_set_host_state(f.ledger, h, HOST_DOWN);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_FEED, 0), 8);
    assert_sound(f.ledger);
    ledger_set_host_state(f.ledger, 2, HOST_UP);
    ck_assert_int_eq(ledger_rack_free_hosts(f.ledger, 0), 1);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_FEED, 0), 16);
    ck_assert_int_eq(ledger_host_state(f.ledger, 2), HOST_UP);
    ck_assert_str_eq(HOST_STATE_NAMES[HOST_UNKNOWN], "unknown");
    close_floor(&f);
}
END_TEST

START_TEST(what_is_held_on_a_dead_rack_is_counted_until_it_is_released)
{
    struct floor f = make_floor(1, 4, JOB_SEGMENT_NONE);
    const double full_kw = 40 * 0.8 - 8;

    open_floor(&f);
    place(&f, (int[]){0}, (uint64_t[]){15});
    hold(&f, 1);
    for (int h = 0; h < 4; h++)
        ledger_set_host_state(f.ledger, h, HOST_DOWN);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 8 + full_kw / 4, 1e-12);
    assert_sound(f.ledger);
    ledger_release(f.ledger, 1);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_RACK, 0), 0);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(bad_chips_are_not_free_and_break_a_whole_rack)
{
    struct floor f = make_floor(1, 2, JOB_SEGMENT_NONE);

    open_floor(&f);
    ledger_set_bad_chips(f.ledger, 1, 2);
    ck_assert_uint_eq(ledger_free_chips(f.ledger, 1), 13);
    ck_assert(!ledger_rack_is_whole(f.ledger, 0));
    ck_assert_int_eq(ledger_rack_task_room(f.ledger, 0, f.shape, &f.shape->systems[0]), 7);
    ledger_set_bad_chips(f.ledger, 1, 0);
    ck_assert(ledger_rack_is_whole(f.ledger, 0));
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(power_measured_above_the_committed_raises_it)
{
    struct floor f = make_floor(1, 4, JOB_SEGMENT_NONE);

    open_floor(&f);
    ledger_set_measured_kw(f.ledger, 0, 11);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_RACK, 0), 11);
    ck_assert_double_eq(ledger_load_kw(f.ledger, POWER_HALL, 0), 35);
    /* What starts then draws its own on top of that. */
    place(&f, (int[]){0}, (uint64_t[]){15});
    hold(&f, 1);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 11 + 24.0 / 4, 1e-12);
    ledger_set_measured_kw(f.ledger, 0, 13);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 14, 1e-12);
    ledger_set_measured_kw(f.ledger, 0, 0);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_RACK, 0), 14, 1e-12);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(headroom_is_what_the_tightest_limit_leaves)
{
    struct floor f = make_floor(1, 4, JOB_SEGMENT_NONE);

    open_floor(&f);
    ck_assert_double_eq_tol(ledger_rack_headroom_kw(f.ledger, 0), 32, 1e-5);
    ck_assert(isinf(ledger_left_kw(f.ledger, POWER_FEED, 0)));
    ledger_set_limit_kw(f.ledger, POWER_HALL, 0, 50);
    ck_assert_double_eq_tol(ledger_rack_headroom_kw(f.ledger, 0), 18, 1e-5);
    ledger_set_limit_kw(f.ledger, POWER_SITE, 0, 64 * 1.25 + 10); /* at the meter */
    ck_assert_double_eq_tol(ledger_left_kw(f.ledger, POWER_SITE, 0), 8, 1e-5);
    ck_assert_double_eq_tol(ledger_rack_headroom_kw(f.ledger, 0), 8, 1e-5);
    ledger_set_limit_kw(f.ledger, POWER_FEED, 0, 16);
    ck_assert_double_eq(ledger_rack_headroom_kw(f.ledger, 0), 0);
    ck_assert_str_eq(POWER_LEVEL_NAMES[POWER_HALL], "hall");
    close_floor(&f);
}
END_TEST

/* A gang of two whole hosts, in rack 0 (feed 0, hall 0), adds 12 kW. */
struct fit_case {
    enum power_level level;
    double limit_kw;
    enum blocked_by by; /* BLOCKED_NOT: it fits */
    double needs, has;
};

static const struct fit_case FIT_CASES[] = {
    {POWER_RACK, 20, BLOCKED_NOT, 0, 0},
    {POWER_RACK, 19.9, BLOCKED_RACK_POWER, 12, 11.9},
    {POWER_FEED, 28, BLOCKED_NOT, 0, 0},
    {POWER_FEED, 27, BLOCKED_FEED_POWER, 12, 11},
    {POWER_FEED, 10, BLOCKED_FEED_POWER, 12, 0},
    {POWER_HALL, 44, BLOCKED_NOT, 0, 0},
    {POWER_HALL, 43.5, BLOCKED_HALL_POWER, 12, 11.5},
    {POWER_SITE, 95, BLOCKED_NOT, 0, 0}, /* (64 + 12) × 1.25 */
    {POWER_SITE, 94.9, BLOCKED_SITE_POWER, 15, 14.9},
};

START_TEST(a_placement_must_keep_each_power_limit)
{
    const struct fit_case *c = &FIT_CASES[_i];
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);
    struct block block;

    open_floor(&f);
    ledger_set_limit_kw(f.ledger, c->level, 0, c->limit_kw);
    place(&f, (int[]){0, 1}, (uint64_t[]){15, 15});
    ck_assert_int_eq(
        ledger_fits(f.ledger, f.shape, &f.placement, false, &block), c->by == BLOCKED_NOT);
    ck_assert_int_eq(block.by, c->by);
    if (c->by != BLOCKED_NOT) {
        ck_assert_int_eq(block.level, c->level);
        ck_assert_int_eq(block.where, 0);
        ck_assert_double_eq_tol(block.needs, c->needs, 1e-9);
        ck_assert_double_eq_tol(block.has, c->has, 1e-9);
        ck_assert_str_eq(block.unit, "kW");
    }
    hold(&f, 3);
    if (c->by == BLOCKED_NOT)
        assert_sound(f.ledger);
    else
        assert_broken(f.ledger, "holder 3 took");
    close_floor(&f);
}
END_TEST

START_TEST(what_ran_already_may_stand_past_a_limit)
{
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);

    open_floor(&f);
    ledger_set_limit_kw(f.ledger, POWER_FEED, 0, 20);
    place(&f, (int[]){0, 1}, (uint64_t[]){15, 15});
    ledger_hold(
        f.ledger, &(struct holder){.id = 1, .shape = f.shape, .is_adopted = true}, &f.placement);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(nothing_that_adds_load_goes_where_the_limit_is_reached)
{
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);

    f.spec.power_frac = 0.2; /* as much as idle: adds nothing */
    open_floor(&f);
    ledger_set_limit_kw(f.ledger, POWER_FEED, 0, 12);
    place(&f, (int[]){0, 1}, (uint64_t[]){15, 15});
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, false, NULL));
    shape_destroy(f.shape);
    f.spec.power_frac = 0.2000000001;
    f.shape = shape_create(f.fleet, &f.spec);
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, NULL));
    close_floor(&f);
}
END_TEST

START_TEST(a_placement_must_find_its_chips_free)
{
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);
    struct block block;

    open_floor(&f);
    place(&f, (int[]){0, 1}, (uint64_t[]){15, 15});
    ledger_set_bad_chips(f.ledger, 1, 1);
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    ck_assert_int_eq(block.by, BLOCKED_CHIPS);
    ck_assert_double_eq(block.needs, 8);
    ck_assert_double_eq(block.has, 4);
    ck_assert_str_eq(block.unit, "chips");
    ledger_set_bad_chips(f.ledger, 1, 0);
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    ledger_set_host_state(f.ledger, 0, HOST_DRAINED);
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    place(&f, (int[]){2, 2}, (uint64_t[]){15, 15}); /* two tasks on the same chips */
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    place(&f, (int[]){2, 3}, (uint64_t[]){15, 7}); /* too few chips */
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    close_floor(&f);
}
END_TEST

START_TEST(a_tenant_keeps_its_budget)
{
    struct floor f = make_floor(16, 4, JOB_SEGMENT_NONE);
    struct block block;
    int hosts[16];
    uint64_t chips[16];

    f.spec.tenant = "product";
    f.builder->tenants[1].share = 1;
    for (int r = 0; r < 8; r++)
        f.builder->racks[r].usd_per_hour = 20;
    open_floor(&f);
    for (int i = 0; i < 16; i++) {
        hosts[i] = i;
        chips[i] = 15;
    }
    place(&f, hosts, chips); /* 4 racks: 80 dollars, and 96 kW × 1.25 × 0.08 = 9.6 */
    ck_assert_double_eq_tol(f.placement.usd_per_hour, 89.6, 1e-9);
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, false, NULL));
    hold(&f, 1);
    for (int i = 0; i < 16; i++)
        hosts[i] = 16 + i;
    place(&f, hosts, chips);
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, true, &block));
    ck_assert_int_eq(block.by, BLOCKED_BUDGET);
    ck_assert_double_eq_tol(block.needs, 89.6, 1e-9);
    ck_assert_double_eq_tol(block.has, 10.4, 1e-9);
    ck_assert_str_eq(block.unit, "USD/h");
    hold(&f, 2);
    assert_broken(f.ledger, "holder 2 took budget");
    close_floor(&f);
}
END_TEST

START_TEST(a_tenant_keeps_its_share_unless_it_borrows)
{
    struct floor f = make_floor(16, 4, JOB_SEGMENT_NONE);
    struct block block;
    int hosts[16];
    uint64_t chips[16];

    f.builder->racks[0].usd_per_hour = 80; /* 5 times the others: 80 of 192 */
    open_floor(&f);
    for (int i = 0; i < 16; i++) {
        hosts[i] = i;
        chips[i] = 15;
    }
    place(&f, hosts, chips);
    ck_assert_double_eq_tol(
        ledger_share_weight(f.ledger, &f.placement, f.shape), 128.0 / 192, 1e-12);
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    ck_assert_int_eq(block.by, BLOCKED_SHARE);
    ck_assert_double_eq_tol(block.needs, 128.0 / 192, 1e-12);
    ck_assert_double_eq_tol(block.has, 0.5, 1e-12);
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, true, &block));
    ledger_hold(
        f.ledger, &(struct holder){.id = 1, .shape = f.shape, .is_borrowing = true}, &f.placement);
    ck_assert_double_eq(ledger_tenant_share(f.ledger, 0), 0);
    for (int i = 0; i < 16; i++)
        hosts[i] = 16 + i;
    place(&f, hosts, chips);
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    hold(&f, 2);
    ck_assert_double_eq_tol(ledger_tenant_share(f.ledger, 0), 64.0 / 192, 1e-12);
    assert_sound(f.ledger);
    close_floor(&f);
}
END_TEST

START_TEST(a_tenant_that_is_not_listed_has_no_share)
{
    struct floor f = make_floor(1, 4, JOB_SEGMENT_NONE);
    struct block block;

    f.spec.tenant = "default";
    open_floor(&f);
    place(&f, (int[]){0}, (uint64_t[]){15});
    ck_assert(!ledger_fits(f.ledger, f.shape, &f.placement, false, &block));
    ck_assert_int_eq(block.by, BLOCKED_SHARE);
    ck_assert(ledger_fits(f.ledger, f.shape, &f.placement, true, &block));
    close_floor(&f);
}
END_TEST

START_TEST(a_fleet_without_tenants_has_no_shares_and_free_racks_weigh_by_chips)
{
    struct fleet_builder *b = fleet_builder_make(
        1, 1, 1, 2, fleet_builder_system("small", 4, 4, 40, 8));
    const struct fleet *fleet = fleet_builder_finish(b);
    struct ledger *ledger = ledger_create(fleet, HOST_UP);
    struct job_spec spec = fleet_builder_job(1, 4, JOB_SEGMENT_NONE);
    struct shape *shape = shape_create(fleet, &spec);
    struct task_place task = {0, 15};
    struct placement placement = {.tasks = &task, .task_count = 1};

    ck_assert(ledger_fits(ledger, shape, &placement, false, NULL));
    ck_assert_double_eq_tol(ledger_share_weight(ledger, &placement, shape), 4.0 / 32, 1e-12);
    shape_destroy(shape);
    ledger_destroy(ledger);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(cores_alone_count_against_hosts_whose_cores_are_known)
{
    struct fleet_builder *b;
    struct system system = fleet_builder_system("small", 2, 4, 40, 8);
    struct job_spec cores = fleet_builder_job(3, 0, JOB_SEGMENT_NONE);
    struct job_spec chips = fleet_builder_job(1, 2, JOB_SEGMENT_NONE);
    struct shape *cores_shape;
    struct shape *chips_shape;
    struct task_place tasks[3] = {{0, 0}, {0, 0}, {0, 0}};
    struct placement placement = {.tasks = tasks, .task_count = 3};
    struct ledger *ledger;
    struct block block;
    holder_id id = 0;

    system.host_cores = 64;
    b = fleet_builder_make(1, 1, 1, 1, system);
    cores.cores_per_task = 20;
    cores_shape = shape_create(fleet_builder_finish(b), &cores);
    chips_shape = shape_create(&b->fleet, &chips);
    ledger = ledger_create(&b->fleet, HOST_UP);
    ck_assert_int_eq(ledger_rack_task_room(ledger, 0, cores_shape, cores_shape->systems), 6);
    ck_assert_int_eq(ledger_rack_task_room(ledger, 0, chips_shape, chips_shape->systems), 4);
    ck_assert(ledger_fits(ledger, cores_shape, &placement, false, NULL));
    ledger_hold(ledger, &(struct holder){.id = 1, .shape = cores_shape}, &placement);
    /* 4 cores are left on host 0: no chip's share of 16, although all its chips are free. */
    ck_assert_int_eq(ledger_rack_free_chips(ledger, 0), 8);
    ck_assert_int_eq(ledger_rack_task_room(ledger, 0, cores_shape, cores_shape->systems), 3);
    ck_assert_int_eq(ledger_rack_task_room(ledger, 0, chips_shape, chips_shape->systems), 2);
    ck_assert_double_eq(ledger_load_kw(ledger, POWER_RACK, 0), 8);
    ck_assert(!ledger_fits(ledger, cores_shape, &placement, false, &block));
    ck_assert_str_eq(block.unit, "tasks");
    ck_assert_int_eq(ledger_host_holders(ledger, 0, &id, 1), 1);
    ck_assert_int_eq((int)id, 1);
    assert_sound(ledger);
    ledger_release(ledger, 1);
    ck_assert_int_eq(ledger_rack_task_room(ledger, 0, chips_shape, chips_shape->systems), 4);
    assert_sound(ledger);
    shape_destroy(cores_shape);
    shape_destroy(chips_shape);
    ledger_destroy(ledger);
    fleet_builder_destroy(b);
}
END_TEST

START_TEST(the_check_tells_of_segments_across_domains)
{
    struct floor f = make_floor(4, 4, 2);

    open_floor(&f);
    place(&f, (int[]){0, 4, 5, 6}, (uint64_t[]){15, 15, 15, 15});
    hold(&f, 1);
    assert_broken(f.ledger, "the segment of task 1 crosses domains");
    close_floor(&f);
}
END_TEST

START_TEST(a_copy_goes_its_own_way)
{
    struct floor f = make_floor(2, 4, JOB_SEGMENT_NONE);
    struct ledger *copy;

    open_floor(&f);
    place(&f, (int[]){0, 1}, (uint64_t[]){15, 15});
    hold(&f, 1);
    copy = ledger_copy(f.ledger);
    ledger_release(copy, 1);
    ledger_set_limit_kw(copy, POWER_FEED, 0, 1);
    ledger_set_host_state(copy, 3, HOST_DOWN);
    ck_assert_double_eq(ledger_load_kw(copy, POWER_FEED, 0), 16);
    ck_assert_double_eq_tol(ledger_load_kw(f.ledger, POWER_FEED, 0), 28, 1e-12);
    ck_assert_ptr_nonnull(ledger_find_holder(f.ledger, 1));
    ck_assert_uint_eq(ledger_free_chips(f.ledger, 3), 15);
    ck_assert(isinf(ledger_limit_kw(f.ledger, POWER_FEED, 0)));
    ck_assert_double_eq(ledger_tenant_usd_per_hour(copy, 0), 0);
    ck_assert_double_gt(ledger_tenant_usd_per_hour(f.ledger, 0), 0);
    assert_sound(copy);
    assert_sound(f.ledger);
    ledger_destroy(copy);
    close_floor(&f);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static TCase *power_case(void)
{
    TCase *t = tcase_create("power");

    tcase_add_test(t, an_empty_fleet_draws_its_idle_power);
    tcase_add_test(t, a_holder_adds_its_chips_part_of_the_racks_power);
    tcase_add_test(t, a_capped_holder_draws_less_and_costs_less);
    tcase_add_test(t, a_mode_tried_and_taken_back_breaks_nothing_but_one_kept_does);
    tcase_add_test(t, only_hosts_that_are_up_take_work_and_a_rack_all_down_draws_nothing);
    tcase_add_test(t, what_is_held_on_a_dead_rack_is_counted_until_it_is_released);
    tcase_add_test(t, power_measured_above_the_committed_raises_it);
    tcase_add_test(t, headroom_is_what_the_tightest_limit_leaves);
    tcase_add_loop_test(t, a_placement_must_keep_each_power_limit, 0, COUNT(FIT_CASES));
    tcase_add_test(t, what_ran_already_may_stand_past_a_limit);
    tcase_add_test(t, nothing_that_adds_load_goes_where_the_limit_is_reached);
    return t;
}

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/ledger");
    TCase *t = tcase_create("holdings");

    tcase_add_test(t, chips_and_hosts_that_are_held_are_not_free);
    tcase_add_test(t, a_host_on_its_own_is_released_and_with_the_last_the_holder);
    tcase_add_test(t, bad_chips_are_not_free_and_break_a_whole_rack);
    tcase_add_test(t, a_placement_must_find_its_chips_free);
    tcase_add_test(t, cores_alone_count_against_hosts_whose_cores_are_known);
    tcase_add_test(t, the_check_tells_of_segments_across_domains);
    tcase_add_test(t, a_copy_goes_its_own_way);
    tcase_add_test(t, a_tenant_keeps_its_budget);
    tcase_add_test(t, a_tenant_keeps_its_share_unless_it_borrows);
    tcase_add_test(t, a_tenant_that_is_not_listed_has_no_share);
    tcase_add_test(t, a_fleet_without_tenants_has_no_shares_and_free_racks_weigh_by_chips);
    suite_add_tcase(s, t);
    suite_add_tcase(s, power_case());
    return s;
}
