/* Where a gang goes, of all the places that take it. */
#include "tests/support/hall.h"
#include "tests/support/suite.h"

START_TEST(a_segment_takes_the_domain_where_it_leaves_least)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 3, hall_gb300()), 16, 4, 16);

    hall_open(&h);
    hall_occupy(&h, 2, 2, 4); /* free hosts: 18, 18, 16 */
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 2), 16);
    ck_assert_int_eq(h.block.by, BLOCKED_NOT);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(a_job_of_one_host_does_not_open_a_whole_rack_while_a_broken_one_has_room)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 2, 2, hall_gb300()), 1, 4, JOB_SEGMENT_NONE);

    hall_open(&h);
    hall_occupy(&h, 3, 1, 4);
    for (int i = 0; i < 17; i++) {
        ck_assert(hall_find(&h));
        ck_assert_int_eq(hall_rack_of(&h, 0), 3);
        hall_hold_found(&h);
    }
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_rack_of(&h, 0), 2); /* a whole one, in the busier feed */
    hall_close(&h);
}
END_TEST

START_TEST(parts_of_hosts_go_to_hosts_that_are_broken_already)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 2, hall_gb300()), 1, 1, JOB_SEGMENT_NONE);

    hall_open(&h);
    hall_occupy(&h, 0, 17, 4); /* rack 0: one whole host left */
    hall_occupy(&h, 1, 1, 3);  /* rack 1: 17 whole hosts and one chip of another */
    ck_assert(hall_find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 35);
    ck_assert_uint_eq(h.placement.tasks[0].chips, 8);
    hall_hold_found(&h);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 0);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

struct chips_case {
    uint64_t held; /* of host 0, the only one */
    int chips;
    uint64_t taken;
};

static const struct chips_case CHIPS_CASES[] = {
    {0x00, 1, 0x01},
    {0x01, 1, 0x02}, /* beside the one that is held */
    {0x01, 2, 0x0c}, /* a pair, not 1 and 2 */
    {0x03, 2, 0x0c}, /* the half that is broken already */
    {0x01, 4, 0xf0},
    {0x0f, 1, 0x10},
    {0x31, 2, 0xc0}, /* the half with just enough */
    {0x11, 3, 0x0e},
    {0x11, 4, 0x2e}, /* no half has four: the lowest */
    {0x7f, 1, 0x80},
    {0x00, 8, 0xff},
};

START_TEST(chips_are_taken_by_neighbours)
{
    const struct chips_case *c = &CHIPS_CASES[_i];
    struct hall h = hall_make(
        fleet_builder_make(1, 1, 1, 1, fleet_builder_system("eight", 1, 8, 10, 0)), 1, c->chips, 0);

    hall_open(&h);
    for (int chip = 0; chip < 8; chip++)
        if ((c->held >> chip & 1) != 0) {
            struct task_place task = {0, (uint64_t)1 << chip};
            struct placement one = {.tasks = &task, .task_count = 1};

            ledger_hold(h.ledger, &(struct holder){.id = h.next_id++, .shape = h.filler}, &one);
        }
    ck_assert(hall_find(&h));
    ck_assert_uint_eq(h.placement.tasks[0].chips, c->taken);
    hall_close(&h);
}
END_TEST

START_TEST(segments_go_into_one_feed_when_one_takes_them)
{
    struct hall h = hall_make(fleet_builder_make(1, 2, 2, 3, hall_gb300()), 48, 4, 16);

    hall_open(&h);
    hall_occupy(
        &h, 0, 18, 4); /* feed 0: two racks left; feed 1: whole; feed 2: racks of 16, 17, 18 */
    hall_occupy(&h, 6, 2, 4);
    hall_occupy(&h, 7, 1, 4);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 6), 16);
    ck_assert_int_eq(hall_tasks_in(&h, 7), 16);
    ck_assert_int_eq(hall_tasks_in(&h, 8), 16);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(segments_go_into_few_feeds_and_then_few_halls)
{
    /* Halls of three feeds of three racks; five segments of a whole rack. */
    struct hall h = hall_make(fleet_builder_make(1, 3, 3, 3, hall_gb300()), 90, 4, 18);
    int feeds[9] = {0};
    int feed_count = 0;

    hall_open(&h);
    for (int f = 0; f < 6; f++)
        hall_occupy(&h, f * 3, 1, 4); /* two whole racks in each feed of halls 0 and 1 */
    hall_occupy(&h, 18, 18, 4);       /* hall 2: 2, 2, 3 */
    hall_occupy(&h, 21, 18, 4);
    ck_assert(hall_find(&h));
    for (int i = 0; i < 90; i++)
        feed_count += feeds[h.fleet->racks[hall_rack_of(&h, i)].feed]++ == 0;
    ck_assert_int_eq(feed_count, 2);
    ck_assert_int_eq(feeds[8], 54); /* three whole racks of hall 2, and two more of that hall */
    ck_assert_int_eq(feeds[6] + feeds[7], 36);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(power_that_blocks_the_best_feed_sends_it_to_another)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 2, 2, hall_gb300()), 18, 4, 18);

    hall_open(&h);
    ledger_set_limit_kw(h.ledger, POWER_FEED, 0, 143);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 2), 18);
    ledger_set_limit_kw(h.ledger, POWER_RACK, 2, 100);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 3), 18);
    hall_close(&h);
}
END_TEST

START_TEST(a_shorter_last_segment_goes_where_it_leaves_least_and_comes_last)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 4, hall_gb300()), 40, 4, 16);

    hall_open(&h);
    hall_occupy(&h, 0, 9, 4); /* free hosts: 9, 18, 18, 18 */
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 0), 8);
    for (int i = 32; i < 40; i++)
        ck_assert_int_eq(hall_rack_of(&h, i), 0);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(a_short_segment_makes_way_for_the_full_ones)
{
    /* Racks of 12 and 16 free hosts; segments of 12 and 4: both go only if 12 takes the 12, or if
     * 16 takes both. With the first rack's power for 4 alone, the second must take the 12. */
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 2, hall_gb300()), 16, 4, 12);

    hall_open(&h);
    hall_occupy(&h, 0, 6, 4);
    hall_occupy(&h, 1, 6, 4);
    ledger_set_limit_kw(
        h.ledger, POWER_RACK, 0, ledger_load_kw(h.ledger, POWER_RACK, 0) + 4 * 8 + 0.5);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 0), 4);
    ck_assert_int_eq(hall_tasks_in(&h, 1), 12);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(tasks_without_segments_take_few_domains_and_broken_ones_first)
{
    struct hall h = hall_make(
        fleet_builder_make(1, 1, 2, 3, hall_gb300()), 20, 4, JOB_SEGMENT_NONE);

    hall_open(&h);
    hall_occupy(&h, 1, 8, 4);  /* 10 free */
    hall_occupy(&h, 2, 15, 4); /* 3 free */
    hall_occupy(&h, 4, 8, 4);  /* 10 free, in the other feed */
    ck_assert(hall_find(&h));
    /* Two domains do it: 18 and 3 (in one feed) or 10 and 10 (in two, but no whole rack broken);
     * the one feed comes first. */
    ck_assert_int_eq(hall_tasks_in(&h, 0), 18);
    ck_assert_int_eq(hall_tasks_in(&h, 2), 2);
    hall_occupy(&h, 5, 8, 4); /* now two racks of 10 in the other feed */
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 4), 10);
    ck_assert_int_eq(hall_tasks_in(&h, 5), 10);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(first_fit_takes_the_first)
{
    struct hall h = hall_make(fleet_builder_make(1, 1, 1, 3, hall_gb300()), 32, 4, 16);

    hall_open(&h);
    hall_occupy(&h, 2, 2, 4);
    h.request.policy = PACKING_FIRST_FIT;
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 0), 16);
    ck_assert_int_eq(hall_tasks_in(&h, 1), 16);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

START_TEST(cores_alone_go_to_the_busier_rack)
{
    struct system system = hall_gb300();
    struct hall h;

    system.host_cores = 144;
    h = hall_make(fleet_builder_make(1, 1, 1, 2, system), 4, 0, JOB_SEGMENT_NONE);
    h.spec.cores_per_task = 72;
    hall_open(&h);
    hall_occupy(&h, 1, 1, 1);
    ck_assert(hall_find(&h));
    ck_assert_int_eq(hall_tasks_in(&h, 1), 4);
    ck_assert_uint_eq(h.placement.tasks[0].chips, 0);
    /* The broken host has 108 cores left: one task; the others go by two. */
    ck_assert_int_eq(h.placement.tasks[3].host, 35);
    ck_assert_int_eq(h.placement.tasks[0].host, 18);
    ck_assert_int_eq(h.placement.tasks[1].host, 18);
    hall_hold_found(&h);
    hall_close(&h);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/packing");
    TCase *t = tcase_create("packing");

    tcase_add_test(t, a_segment_takes_the_domain_where_it_leaves_least);
    tcase_add_test(t, a_job_of_one_host_does_not_open_a_whole_rack_while_a_broken_one_has_room);
    tcase_add_test(t, parts_of_hosts_go_to_hosts_that_are_broken_already);
    tcase_add_loop_test(t, chips_are_taken_by_neighbours, 0, COUNT(CHIPS_CASES));
    tcase_add_test(t, segments_go_into_one_feed_when_one_takes_them);
    tcase_add_test(t, segments_go_into_few_feeds_and_then_few_halls);
    tcase_add_test(t, power_that_blocks_the_best_feed_sends_it_to_another);
    tcase_add_test(t, a_shorter_last_segment_goes_where_it_leaves_least_and_comes_last);
    tcase_add_test(t, a_short_segment_makes_way_for_the_full_ones);
    tcase_add_test(t, tasks_without_segments_take_few_domains_and_broken_ones_first);
    tcase_add_test(t, first_fit_takes_the_first);
    tcase_add_test(t, cores_alone_go_to_the_busier_rack);
    suite_add_tcase(s, t);
    return s;
}
