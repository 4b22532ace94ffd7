/* What keeps a gang out, and what is said then. */
#include "tests/support/hall.h"
#include "tests/support/suite.h"

#include <limits.h>
#include <math.h>

START_TEST(a_gang_stays_in_one_site)
{
    struct hall h = hall_make(
        fleet_builder_make(2, 1, 1, 1, hall_gb300()), 20, 4, JOB_SEGMENT_NONE);

    hall_open(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    ck_assert_double_eq(h.block.needs, 80);
    ck_assert_double_eq(h.block.has, 72);
    ck_assert_int_eq(h.block.level, POWER_SITE);
    ck_assert_int_eq(h.block.where, 0);
    ck_assert_str_eq(h.block.unit, "chips");
    hall_close(&h);
}
END_TEST

struct where_case {
    struct packing_where where;
    int first_rack, rack_count; /* the only racks that it may take */
};

/* Two sites of two halls of two feeds of two racks. */
static const struct where_case WHERE_CASES[] = {
    {{0, -1, -1, -1}, 0, 16},
    {{0, 1, -1, -1}, 8, 8},
    {{0, -1, 1, -1}, 4, 4},
    {{0, 1, 3, -1}, 12, 4},
    {{0, -1, -1, 5}, 10, 2},
    {{0, 1, 3, 7}, 14, 2},
};

START_TEST(a_packing_may_be_kept_to_a_site_a_hall_or_a_feed)
{
    const struct where_case *c = &WHERE_CASES[_i];
    struct hall h = hall_make(fleet_builder_make(2, 2, 2, 2, hall_gb300()), 18, 4, 18);

    hall_open(&h);
    h.request.where = c->where;
    for (int r = 0; r < c->rack_count && r < 8; r++) {
        ck_assert(hall_find(&h));
        ck_assert_int_ge(hall_rack_of(&h, 0), c->first_rack);
        ck_assert_int_lt(hall_rack_of(&h, 0), c->first_rack + c->rack_count);
        hall_hold_found(&h);
    }
    ck_assert_int_eq(hall_find(&h), c->rack_count > 8);
    hall_close(&h);
}
END_TEST

static bool is_even_host(const void *context, int host)
{
    (void)context;
    return host % 2 == 0;
}

static enum packing_veto second_rack_alone(const void *context, int rack)
{
    (void)context;
    return rack == 1 ? VETO_SOME : VETO_NONE;
}

START_TEST(what_is_vetoed_is_not_taken_and_is_told_as_reserved)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 2, hall_gb300()), 9, 4, 9);

    hall_open(&h);
    h.request.veto = is_even_host;
    ck_assert(hall_find(&h));
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(h.placement.tasks[i].host % 2, 1);
    hall_hold_found(&h);
    ck_assert(hall_find(&h));
    hall_hold_found(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_RESERVED);
    ck_assert_double_eq(h.block.needs, 36);
    ck_assert_double_eq(h.block.has, 0);
    h.request.veto_of_rack = second_rack_alone;
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 0), 9);
    hall_close(&h);
}
END_TEST

START_TEST(hosts_that_the_job_does_not_allow_are_not_taken)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 2, hall_gb300()), 1, 4, JOB_SEGMENT_NONE);

    h.spec.hosts_only = "s1-h1-f1-r2-t05,s1-h1-f1-r2-t07";
    hall_open(&h);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 22);
    hall_hold_found(&h);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 24);
    hall_hold_found(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    hall_close(&h);
}
END_TEST

START_TEST(too_many_cores_are_told_in_tasks)
{
    struct system system = hall_gb300();
    struct hall h;

    system.host_cores = 144;
    h = hall_make(fleet_builder_make(1, 1, 1, 2, system), 100, 0, JOB_SEGMENT_NONE);
    h.spec.cores_per_task = 72;
    hall_open(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    ck_assert_str_eq(h.block.unit, "tasks");
    ck_assert_double_eq(h.block.needs, 100);
    ck_assert_double_eq(h.block.has, 72);
    hall_close(&h);
}
END_TEST

/* One site (pue 1.25), two halls of two feeds of two racks; a gang of segments of a whole rack,
 * each 144 kW. Limits of index 0 at each level, the others closed where the case needs it. */
struct block_case {
    int tasks, segment;
    enum power_level level;
    double limit_kw; /* of all of that level */
    enum blocked_by by;
    double needs, has;
    const char *unit;
};

static const struct block_case BLOCK_CASES[] = {
    {180, 18, POWER_SITE, INFINITY, BLOCKED_CHIPS, 720, 576, "chips"},
    {162, JOB_SEGMENT_NONE, POWER_SITE, INFINITY, BLOCKED_CHIPS, 648, 576, "chips"},
    {100, 10, POWER_SITE, INFINITY, BLOCKED_DOMAINS, 10, 8, "domains"},
    {16, 16, POWER_RACK, 100, BLOCKED_RACK_POWER, 128, 100, "kW"},
    {36, 18, POWER_FEED, 143.5, BLOCKED_FEED_POWER, 288, 143.5, "kW"},
    {72, 18, POWER_HALL, 250, BLOCKED_HALL_POWER, 576, 250, "kW"},
    {36, 18, POWER_SITE, 300, BLOCKED_SITE_POWER, 360, 300, "kW"},
};

START_TEST(what_blocks_is_told_with_both_figures)
{
    const struct block_case *c = &BLOCK_CASES[_i];
    struct hall h = hall_make(
        fleet_builder_make(1, 2, 2, 2, hall_gb300()), c->tasks, 4, c->segment);

    h.builder->sites[0].pue = 1.25;
    hall_open(&h);
    for (int i = 0; i < (c->level == POWER_SITE ? 1 : 16 >> (c->level + 1)); i++)
        ledger_set_limit_kw(h.ledger, c->level, i, c->limit_kw);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, c->by);
    ck_assert_int_eq(h.block.where, 0);
    ck_assert_double_eq_tol(h.block.needs, c->needs, 1e-9);
    ck_assert_double_eq_tol(h.block.has, c->has, 1e-9);
    ck_assert_str_eq(h.block.unit, c->unit);
    ck_assert(!packing_find(h.ledger, &h.request, &h.placement, NULL));
    hall_close(&h);
}
END_TEST

START_TEST(the_place_that_comes_nearest_is_told)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 4, 1, hall_gb300()), 18, 4, 18);

    hall_open(&h);
    for (int f = 0; f < 4; f++)
        ledger_set_limit_kw(h.ledger, POWER_FEED, f, f == 2 ? 140 : 100);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_FEED_POWER);
    ck_assert_int_eq(h.block.where, 2);
    ck_assert_double_eq_tol(h.block.has, 140, 1e-9);
    hall_close(&h);
}
END_TEST

START_TEST(a_tenant_at_its_budget_is_given_the_cheapest_racks)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 2, 2, hall_gb300()), 36, 4, 18);

    for (int r = 0; r < 4; r++)
        h.builder->racks[r].usd_per_hour = r % 2 == 0 ? 500 : 300;
    fleet_builder_add_tenant(h.builder, "default", 1, 650);
    hall_open(&h);
    ck_assert(hall_find(&h)); /* one in each feed, where two of one feed would be 800 */
    ck_assert_int_eq(hall_tasks_in(&h, 1), 18);
    ck_assert_int_eq(hall_tasks_in(&h, 3), 18);
    ck_assert_double_eq_tol(h.placement.usd_per_hour, 600, 1e-9);
    hall_hold_found(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_BUDGET);
    ck_assert_double_eq_tol(h.block.needs, 1000, 1e-9);
    ck_assert_double_eq_tol(h.block.has, 50, 1e-9);
    hall_close(&h);
}
END_TEST

START_TEST(a_share_is_kept_unless_the_job_may_borrow)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 4, hall_gb300()), 36, 4, 18);

    fleet_builder_add_tenant(h.builder, "default", 0.25, INFINITY);
    hall_open(&h);
    ck_assert(!hall_find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_SHARE);
    ck_assert_double_eq_tol(h.block.needs, 0.5, 1e-12);
    ck_assert_double_eq_tol(h.block.has, 0.25, 1e-12);
    h.request.may_borrow = true;
    ck_assert(hall_find(&h));
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(replicas_spread_over_places)
{
    struct hall h = hall_make(fleet_builder_make(1, 2, 2, 2, hall_gb300()), 4, 4, 4);
    int replicas_at[4] = {0};

    h.spec.kind = JOB_INFERENCE;
    h.spec.spread = JOB_SPREAD_FEED;
    hall_open(&h);
    h.request.replicas_at = replicas_at;
    h.request.replicas_most = packing_spread_most(h.ledger, h.shape, 6);
    ck_assert_int_eq(h.request.replicas_most, 2);
    for (int i = 0; i < 8; i++) {
        ck_assert(hall_find(&h));
        replicas_at[h.fleet->racks[hall_rack_of(&h, 0)].feed]++;
        hall_hold_found(&h);
    }
    for (int f = 0; f < 4; f++)
        ck_assert_int_eq(replicas_at[f], 2);
    ck_assert(!hall_find(&h));
    hall_close(&h);
}
END_TEST

struct spread_case {
    enum job_spread spread;
    int tasks, segment;
    int most; /* for 10 replicas */
};

/* Two sites of two halls of two feeds of two racks; the second site's racks are of another system
 * that the job does not allow, and feed 0 has power for one rack alone. */
static const struct spread_case SPREAD_CASES[] = {
    {JOB_SPREAD_NONE, 4, 4, INT_MAX}, {JOB_SPREAD_RACK, 4, 4, 2}, {JOB_SPREAD_FEED, 4, 4, 3},
    {JOB_SPREAD_HALL, 4, 4, 5}, {JOB_SPREAD_SITE, 4, 4, 10},
    {JOB_SPREAD_FEED, 36, 18, 4}, /* not feed 0 */
    {JOB_SPREAD_RACK, 36, 18, INT_MAX}, {JOB_SPREAD_HALL, 54, 18, 5},
    {JOB_SPREAD_HALL, 72, 18, 10}, /* not hall 0 */
};

START_TEST(the_most_replicas_of_a_place_follow_from_the_places_that_could_hold_one)
{
    const struct spread_case *c = &SPREAD_CASES[_i];
    struct hall h = hall_make(
        fleet_builder_make(2, 2, 2, 2, hall_gb300()), c->tasks, 4, c->segment);
    int other = fleet_builder_add_system(h.builder, fleet_builder_system("other", 18, 4, 100, 0));
    struct job_system row = fleet_builder_row(&h.spec, "gb300-nvl72", 1);

    for (int r = 8; r < 16; r++)
        h.builder->racks[r].system = other;
    h.builder->feeds[0].power_kw = 200;
    h.spec.spread = c->spread;
    h.spec.systems = &row;
    h.spec.system_count = 1;
    hall_open(&h);
    ck_assert_int_eq(packing_spread_most(h.ledger, h.shape, 10), c->most);
    hall_close(&h);
}
END_TEST

struct never_case {
    int tasks, chips_per_task, segment;
    double feed_kw, usd_per_hour, share;
    const char *never; /* NULL: it may */
};

/* One site, one hall, two feeds of two racks at 500 dollars. */
static const struct never_case NEVER_CASES[] = {
    {72, 4, 18, INFINITY, INFINITY, 1, NULL},
    {73, 4, 0, INFINITY, INFINITY, 1, "it takes 292 chips, and gb300-nvl72 at s1 has 288 for it"},
    {50, 4, 10, INFINITY, INFINITY, 1,
        "its 5 segments are more than the 4 that gb300-nvl72 at s1 take"},
    {72, 4, 18, 250, INFINITY, 1,
        "on gb300-nvl72 it adds 288 kW at the feed s1/h1/f1, and the limit leaves 250 beside idle "
        "racks"},
    {72, 4, 18, INFINITY, 1999, 1,
        "it costs 2000 USD/h at the least, and tenant default may spend 1999"},
    {72, 4, 18, INFINITY, 2000, 0.9,
        "it is 1 of the fleet, the share of tenant default is 0.9, and only interruptible work "
        "borrows"},
    {19, 4, 19, INFINITY, INFINITY, 1,
        "a segment of 19 tasks × 4 chips is 76 chips, and gb300-nvl72 has 72 in one domain"},
};

START_TEST(what_the_empty_fleet_does_not_take_is_never)
{
    const struct never_case *c = &NEVER_CASES[_i];
    struct hall h = hall_make(
        fleet_builder_make(1, 1, 2, 2, hall_gb300()), c->tasks, c->chips_per_task, c->segment);
    struct block block;

    for (int r = 0; r < 4; r++)
        h.builder->racks[r].usd_per_hour = 500;
    h.builder->feeds[0].power_kw = h.builder->feeds[1].power_kw = c->feed_kw;
    fleet_builder_add_tenant(h.builder, "default", c->share, c->usd_per_hour);
    hall_open(&h);
    packing_mark_never(h.ledger, h.shape);
    ck_assert_pstr_eq(h.shape->systems[0].never, c->never);
    ck_assert_int_eq(h.shape->never, c->never != NULL);
    ck_assert_int_eq(packing_find_on_empty(h.ledger, h.shape, 0, &block), c->never == NULL);
    hall_close(&h);
}
END_TEST

START_TEST(interruptible_work_past_its_share_is_not_never)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 2, 2, hall_gb300()), 72, 4, 18);

    h.spec.is_interruptible = true;
    fleet_builder_add_tenant(h.builder, "other", 1, INFINITY);
    hall_open(&h);
    packing_mark_never(h.ledger, h.shape);
    ck_assert(!h.shape->never);
    hall_close(&h);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/packing_limits");
    TCase *t = tcase_create("packing_limits");

    tcase_add_test(t, a_gang_stays_in_one_site);
    tcase_add_loop_test(t, a_packing_may_be_kept_to_a_site_a_hall_or_a_feed, 0, COUNT(WHERE_CASES));
    tcase_add_test(t, what_is_vetoed_is_not_taken_and_is_told_as_reserved);
    tcase_add_test(t, hosts_that_the_job_does_not_allow_are_not_taken);
    tcase_add_test(t, too_many_cores_are_told_in_tasks);
    tcase_add_loop_test(t, what_blocks_is_told_with_both_figures, 0, COUNT(BLOCK_CASES));
    tcase_add_test(t, the_place_that_comes_nearest_is_told);
    tcase_add_test(t, a_tenant_at_its_budget_is_given_the_cheapest_racks);
    tcase_add_test(t, a_share_is_kept_unless_the_job_may_borrow);
    tcase_add_test(t, replicas_spread_over_places);
    tcase_add_loop_test(t, the_most_replicas_of_a_place_follow_from_the_places_that_could_hold_one,
        0, COUNT(SPREAD_CASES));
    tcase_add_loop_test(t, what_the_empty_fleet_does_not_take_is_never, 0, COUNT(NEVER_CASES));
    tcase_add_test(t, interruptible_work_past_its_share_is_not_never);
    suite_add_tcase(s, t);
    return s;
}
