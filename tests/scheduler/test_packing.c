#include "scheduler/packing.h"

#include "base/mem.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <limits.h>
#include <math.h>

/* A fleet, a job and what packing says to it. */
struct hall {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct job_spec spec;
    struct shape *shape;
    struct packing_request request;
    struct placement placement;
    struct block block;
    struct shape *filler; /* one host or a part of it, to hold what is not free */
    struct job_spec filler_spec;
    holder_id next_id;
};

/* GB300 racks: 18 hosts of 4 chips; 144 kW busy, none idle. */
static struct system gb300(void)
{
    return fleet_builder_system("gb300-nvl72", 18, 4, 144, 0);
}

static struct hall make_hall(
    struct fleet_builder *builder, int tasks, int chips_per_task, int segment)
{
    struct hall h = {.builder = builder, .next_id = 1000};

    h.spec = fleet_builder_job(tasks, chips_per_task, segment);
    h.filler_spec = fleet_builder_job(1, 1, JOB_SEGMENT_NONE);
    h.filler_spec.power_frac = 0.01;
    return h;
}

/* Once the hall stands still in memory and its fleet is as it should be. */
static void open_hall(struct hall *h)
{
    h->fleet = fleet_builder_finish(h->builder);
    h->ledger = ledger_create(h->fleet, HOST_UP);
    h->shape = shape_create(h->fleet, &h->spec);
    h->filler = shape_create(h->fleet, &h->filler_spec);
    h->request = (struct packing_request){.shape = h->shape, .where = {0, -1, -1, -1}};
}

static void close_hall(struct hall *h)
{
    placement_fini(&h->placement);
    shape_destroy(h->shape);
    shape_destroy(h->filler);
    ledger_destroy(h->ledger);
    fleet_builder_destroy(h->builder);
}

/* Hold so many chips of each of so many hosts of a rack, from its end. */
static void occupy(struct hall *h, int rack, int hosts, int chips)
{
    const struct fleet_rack *of = &h->fleet->racks[rack];

    for (int i = 0; i < hosts; i++)
        for (int c = 0; c < chips; c++) {
            struct task_place task = {of->first_host + of->host_count - 1 - i, (uint64_t)1 << c};
            struct placement one = {.site = of->site, .tasks = &task, .task_count = 1};

            ledger_hold(h->ledger,
                &(struct holder){.id = h->next_id++, .shape = h->filler, .is_adopted = true}, &one);
        }
}

static bool find(struct hall *h)
{
    placement_fini(&h->placement);
    return packing_find(h->ledger, &h->request, &h->placement, &h->block);
}

static int rack_of(const struct hall *h, int task)
{
    return h->fleet->host_rack[h->placement.tasks[task].host];
}

static int tasks_in(const struct hall *h, int rack)
{
    int count = 0;

    for (int i = 0; i < h->placement.task_count; i++)
        count += rack_of(h, i) == rack;
    return count;
}

static void hold_found(struct hall *h)
{
    char *broken;

    ck_assert(ledger_fits(h->ledger, h->shape, &h->placement, h->request.may_borrow, NULL));
    ledger_hold(h->ledger,
        &(struct holder){.id = h->next_id++,
            .shape = h->shape,
            .shape_system = h->placement.system,
            .is_borrowing = h->request.may_borrow},
        &h->placement);
    broken = ledger_check(h->ledger);
    ck_assert_msg(broken == NULL, "%s", broken != NULL ? broken : "");
}

START_TEST(a_segment_takes_the_domain_where_it_leaves_least)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 3, gb300()), 16, 4, 16);

    open_hall(&h);
    occupy(&h, 2, 2, 4); /* free hosts: 18, 18, 16 */
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 2), 16);
    ck_assert_int_eq(h.block.by, BLOCKED_NOT);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(a_job_of_one_host_does_not_open_a_whole_rack_while_a_broken_one_has_room)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 2, 2, gb300()), 1, 4, JOB_SEGMENT_NONE);

    open_hall(&h);
    occupy(&h, 3, 1, 4);
    for (int i = 0; i < 17; i++) {
        ck_assert(find(&h));
        ck_assert_int_eq(rack_of(&h, 0), 3);
        hold_found(&h);
    }
    ck_assert(find(&h));
    ck_assert_int_eq(rack_of(&h, 0), 2); /* a whole one, in the busier feed */
    close_hall(&h);
}
END_TEST

START_TEST(parts_of_hosts_go_to_hosts_that_are_broken_already)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 2, gb300()), 1, 1, JOB_SEGMENT_NONE);

    open_hall(&h);
    occupy(&h, 0, 17, 4); /* rack 0: one whole host left */
    occupy(&h, 1, 1, 3);  /* rack 1: 17 whole hosts and one chip of another */
    ck_assert(find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 35);
    ck_assert_uint_eq(h.placement.tasks[0].chips, 8);
    hold_found(&h);
    ck_assert(find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 0);
    hold_found(&h);
    close_hall(&h);
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
    struct hall h = make_hall(
        fleet_builder_make(1, 1, 1, 1, fleet_builder_system("eight", 1, 8, 10, 0)), 1, c->chips, 0);

    open_hall(&h);
    for (int chip = 0; chip < 8; chip++)
        if ((c->held >> chip & 1) != 0) {
            struct task_place task = {0, (uint64_t)1 << chip};
            struct placement one = {.tasks = &task, .task_count = 1};

            ledger_hold(h.ledger, &(struct holder){.id = h.next_id++, .shape = h.filler}, &one);
        }
    ck_assert(find(&h));
    ck_assert_uint_eq(h.placement.tasks[0].chips, c->taken);
    close_hall(&h);
}
END_TEST

START_TEST(segments_go_into_one_feed_when_one_takes_them)
{
    struct hall h = make_hall(fleet_builder_make(1, 2, 2, 3, gb300()), 48, 4, 16);

    open_hall(&h);
    occupy(&h, 0, 18, 4); /* feed 0: two racks left; feed 1: whole; feed 2: racks of 16, 17, 18 */
    occupy(&h, 6, 2, 4);
    occupy(&h, 7, 1, 4);
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 6), 16);
    ck_assert_int_eq(tasks_in(&h, 7), 16);
    ck_assert_int_eq(tasks_in(&h, 8), 16);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(segments_go_into_few_feeds_and_then_few_halls)
{
    /* Halls of three feeds of three racks; five segments of a whole rack. */
    struct hall h = make_hall(fleet_builder_make(1, 3, 3, 3, gb300()), 90, 4, 18);
    int feeds[9] = {0};
    int feed_count = 0;

    open_hall(&h);
    for (int f = 0; f < 6; f++)
        occupy(&h, f * 3, 1, 4); /* two whole racks in each feed of halls 0 and 1 */
    occupy(&h, 18, 18, 4);       /* hall 2: 2, 2, 3 */
    occupy(&h, 21, 18, 4);
    ck_assert(find(&h));
    for (int i = 0; i < 90; i++)
        feed_count += feeds[h.fleet->racks[rack_of(&h, i)].feed]++ == 0;
    ck_assert_int_eq(feed_count, 2);
    ck_assert_int_eq(feeds[8], 54); /* three whole racks of hall 2, and two more of that hall */
    ck_assert_int_eq(feeds[6] + feeds[7], 36);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(power_that_blocks_the_best_feed_sends_it_to_another)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 2, 2, gb300()), 18, 4, 18);

    open_hall(&h);
    ledger_set_limit_kw(h.ledger, POWER_FEED, 0, 143);
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 2), 18);
    ledger_set_limit_kw(h.ledger, POWER_RACK, 2, 100);
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 3), 18);
    close_hall(&h);
}
END_TEST

START_TEST(a_shorter_last_segment_goes_where_it_leaves_least_and_comes_last)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 4, gb300()), 40, 4, 16);

    open_hall(&h);
    occupy(&h, 0, 9, 4); /* free hosts: 9, 18, 18, 18 */
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 0), 8);
    for (int i = 32; i < 40; i++)
        ck_assert_int_eq(rack_of(&h, i), 0);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(a_short_segment_makes_way_for_the_full_ones)
{
    /* Racks of 12 and 16 free hosts; segments of 12 and 4: both go only if 12 takes the 12, or if
     * 16 takes both. With the first rack's power for 4 alone, the second must take the 12. */
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 2, gb300()), 16, 4, 12);

    open_hall(&h);
    occupy(&h, 0, 6, 4);
    occupy(&h, 1, 6, 4);
    ledger_set_limit_kw(
        h.ledger, POWER_RACK, 0, ledger_load_kw(h.ledger, POWER_RACK, 0) + 4 * 8 + 0.5);
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 0), 4);
    ck_assert_int_eq(tasks_in(&h, 1), 12);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(tasks_without_segments_take_few_domains_and_broken_ones_first)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 2, 3, gb300()), 20, 4, JOB_SEGMENT_NONE);

    open_hall(&h);
    occupy(&h, 1, 8, 4);  /* 10 free */
    occupy(&h, 2, 15, 4); /* 3 free */
    occupy(&h, 4, 8, 4);  /* 10 free, in the other feed */
    ck_assert(find(&h));
    /* Two domains do it: 18 and 3 (in one feed) or 10 and 10 (in two, but no whole rack broken);
     * the one feed comes first. */
    ck_assert_int_eq(tasks_in(&h, 0), 18);
    ck_assert_int_eq(tasks_in(&h, 2), 2);
    occupy(&h, 5, 8, 4); /* now two racks of 10 in the other feed */
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 4), 10);
    ck_assert_int_eq(tasks_in(&h, 5), 10);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(a_gang_stays_in_one_site)
{
    struct hall h = make_hall(fleet_builder_make(2, 1, 1, 1, gb300()), 20, 4, JOB_SEGMENT_NONE);

    open_hall(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    ck_assert_double_eq(h.block.needs, 80);
    ck_assert_double_eq(h.block.has, 72);
    ck_assert_int_eq(h.block.level, POWER_SITE);
    ck_assert_int_eq(h.block.where, 0);
    ck_assert_str_eq(h.block.unit, "chips");
    close_hall(&h);
}
END_TEST

START_TEST(first_fit_takes_the_first)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 3, gb300()), 32, 4, 16);

    open_hall(&h);
    occupy(&h, 2, 2, 4);
    h.request.policy = PACKING_FIRST_FIT;
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 0), 16);
    ck_assert_int_eq(tasks_in(&h, 1), 16);
    hold_found(&h);
    close_hall(&h);
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
    struct hall h = make_hall(fleet_builder_make(2, 2, 2, 2, gb300()), 18, 4, 18);

    open_hall(&h);
    h.request.where = c->where;
    for (int r = 0; r < c->rack_count && r < 8; r++) {
        ck_assert(find(&h));
        ck_assert_int_ge(rack_of(&h, 0), c->first_rack);
        ck_assert_int_lt(rack_of(&h, 0), c->first_rack + c->rack_count);
        hold_found(&h);
    }
    ck_assert_int_eq(find(&h), c->rack_count > 8);
    close_hall(&h);
}
END_TEST

static bool is_even_host(const void *context, int host)
{
    (void)context;
    return host % 2 == 0;
}

START_TEST(what_is_vetoed_is_not_taken_and_is_told_as_reserved)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 2, gb300()), 9, 4, 9);
    static const bool SECOND_ALONE[] = {false, true};

    open_hall(&h);
    h.request.veto = is_even_host;
    ck_assert(find(&h));
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(h.placement.tasks[i].host % 2, 1);
    hold_found(&h);
    ck_assert(find(&h));
    hold_found(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_RESERVED);
    ck_assert_double_eq(h.block.needs, 36);
    ck_assert_double_eq(h.block.has, 0);
    h.request.rack_has_veto = SECOND_ALONE;
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 0), 9);
    close_hall(&h);
}
END_TEST

START_TEST(hosts_that_the_job_does_not_allow_are_not_taken)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 2, gb300()), 1, 4, JOB_SEGMENT_NONE);

    h.spec.hosts_only = "s1-h1-f1-r2-t05,s1-h1-f1-r2-t07";
    open_hall(&h);
    ck_assert(find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 22);
    hold_found(&h);
    ck_assert(find(&h));
    ck_assert_int_eq(h.placement.tasks[0].host, 24);
    hold_found(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    close_hall(&h);
}
END_TEST

START_TEST(cores_alone_go_to_the_busier_rack)
{
    struct system system = gb300();
    struct hall h;

    system.host_cores = 144;
    h = make_hall(fleet_builder_make(1, 1, 1, 2, system), 4, 0, JOB_SEGMENT_NONE);
    h.spec.cores_per_task = 72;
    open_hall(&h);
    occupy(&h, 1, 1, 1);
    ck_assert(find(&h));
    ck_assert_int_eq(tasks_in(&h, 1), 4);
    ck_assert_uint_eq(h.placement.tasks[0].chips, 0);
    /* The broken host has 108 cores left: one task; the others go by two. */
    ck_assert_int_eq(h.placement.tasks[3].host, 35);
    ck_assert_int_eq(h.placement.tasks[0].host, 18);
    ck_assert_int_eq(h.placement.tasks[1].host, 18);
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(too_many_cores_are_told_in_tasks)
{
    struct system system = gb300();
    struct hall h;

    system.host_cores = 144;
    h = make_hall(fleet_builder_make(1, 1, 1, 2, system), 100, 0, JOB_SEGMENT_NONE);
    h.spec.cores_per_task = 72;
    open_hall(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_CHIPS);
    ck_assert_str_eq(h.block.unit, "tasks");
    ck_assert_double_eq(h.block.needs, 100);
    ck_assert_double_eq(h.block.has, 72);
    close_hall(&h);
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
    struct hall h = make_hall(fleet_builder_make(1, 2, 2, 2, gb300()), c->tasks, 4, c->segment);

    h.builder->sites[0].pue = 1.25;
    open_hall(&h);
    for (int i = 0; i < (c->level == POWER_SITE ? 1 : 16 >> (c->level + 1)); i++)
        ledger_set_limit_kw(h.ledger, c->level, i, c->limit_kw);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, c->by);
    ck_assert_int_eq(h.block.where, 0);
    ck_assert_double_eq_tol(h.block.needs, c->needs, 1e-9);
    ck_assert_double_eq_tol(h.block.has, c->has, 1e-9);
    ck_assert_str_eq(h.block.unit, c->unit);
    ck_assert(!packing_find(h.ledger, &h.request, &h.placement, NULL));
    close_hall(&h);
}
END_TEST

START_TEST(the_place_that_comes_nearest_is_told)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 4, 1, gb300()), 18, 4, 18);

    open_hall(&h);
    for (int f = 0; f < 4; f++)
        ledger_set_limit_kw(h.ledger, POWER_FEED, f, f == 2 ? 140 : 100);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_FEED_POWER);
    ck_assert_int_eq(h.block.where, 2);
    ck_assert_double_eq_tol(h.block.has, 140, 1e-9);
    close_hall(&h);
}
END_TEST

START_TEST(a_tenant_at_its_budget_is_given_the_cheapest_racks)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 2, 2, gb300()), 36, 4, 18);

    for (int r = 0; r < 4; r++)
        h.builder->racks[r].usd_per_hour = r % 2 == 0 ? 500 : 300;
    fleet_builder_add_tenant(h.builder, "default", 1, 650);
    open_hall(&h);
    ck_assert(find(&h)); /* one in each feed, where two of one feed would be 800 */
    ck_assert_int_eq(tasks_in(&h, 1), 18);
    ck_assert_int_eq(tasks_in(&h, 3), 18);
    ck_assert_double_eq_tol(h.placement.usd_per_hour, 600, 1e-9);
    hold_found(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_BUDGET);
    ck_assert_double_eq_tol(h.block.needs, 1000, 1e-9);
    ck_assert_double_eq_tol(h.block.has, 50, 1e-9);
    close_hall(&h);
}
END_TEST

START_TEST(a_share_is_kept_unless_the_job_may_borrow)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 1, 4, gb300()), 36, 4, 18);

    fleet_builder_add_tenant(h.builder, "default", 0.25, INFINITY);
    open_hall(&h);
    ck_assert(!find(&h));
    ck_assert_int_eq(h.block.by, BLOCKED_SHARE);
    ck_assert_double_eq_tol(h.block.needs, 0.5, 1e-12);
    ck_assert_double_eq_tol(h.block.has, 0.25, 1e-12);
    h.request.may_borrow = true;
    ck_assert(find(&h));
    hold_found(&h);
    close_hall(&h);
}
END_TEST

START_TEST(replicas_spread_over_places)
{
    struct hall h = make_hall(fleet_builder_make(1, 2, 2, 2, gb300()), 4, 4, 4);
    int replicas_at[4] = {0};

    h.spec.kind = JOB_INFERENCE;
    h.spec.spread = JOB_SPREAD_FEED;
    open_hall(&h);
    h.request.replicas_at = replicas_at;
    h.request.replicas_most = packing_spread_most(h.ledger, h.shape, 6);
    ck_assert_int_eq(h.request.replicas_most, 2);
    for (int i = 0; i < 8; i++) {
        ck_assert(find(&h));
        replicas_at[h.fleet->racks[rack_of(&h, 0)].feed]++;
        hold_found(&h);
    }
    for (int f = 0; f < 4; f++)
        ck_assert_int_eq(replicas_at[f], 2);
    ck_assert(!find(&h));
    close_hall(&h);
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
    struct hall h = make_hall(fleet_builder_make(2, 2, 2, 2, gb300()), c->tasks, 4, c->segment);
    int other = fleet_builder_add_system(h.builder, fleet_builder_system("other", 18, 4, 100, 0));
    struct job_system row = fleet_builder_row(&h.spec, "gb300-nvl72", 1);

    for (int r = 8; r < 16; r++)
        h.builder->racks[r].system = other;
    h.builder->feeds[0].power_kw = 200;
    h.spec.spread = c->spread;
    h.spec.systems = &row;
    h.spec.system_count = 1;
    open_hall(&h);
    ck_assert_int_eq(packing_spread_most(h.ledger, h.shape, 10), c->most);
    close_hall(&h);
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
    struct hall h = make_hall(
        fleet_builder_make(1, 1, 2, 2, gb300()), c->tasks, c->chips_per_task, c->segment);
    struct block block;

    for (int r = 0; r < 4; r++)
        h.builder->racks[r].usd_per_hour = 500;
    h.builder->feeds[0].power_kw = h.builder->feeds[1].power_kw = c->feed_kw;
    fleet_builder_add_tenant(h.builder, "default", c->share, c->usd_per_hour);
    open_hall(&h);
    packing_mark_never(h.ledger, h.shape);
    ck_assert_pstr_eq(h.shape->systems[0].never, c->never);
    ck_assert_int_eq(h.shape->never, c->never != NULL);
    ck_assert_int_eq(packing_find_on_empty(h.ledger, h.shape, 0, &block), c->never == NULL);
    close_hall(&h);
}
END_TEST

START_TEST(interruptible_work_past_its_share_is_not_never)
{
    struct hall h = make_hall(fleet_builder_make(1, 1, 2, 2, gb300()), 72, 4, 18);

    h.spec.is_interruptible = true;
    fleet_builder_add_tenant(h.builder, "other", 1, INFINITY);
    open_hall(&h);
    packing_mark_never(h.ledger, h.shape);
    ck_assert(!h.shape->never);
    close_hall(&h);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static TCase *fit_case(void)
{
    TCase *t = tcase_create("fit");

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
    return t;
}

static TCase *limits_case(void)
{
    TCase *t = tcase_create("limits");

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
    return t;
}

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/packing");

    suite_add_tcase(s, fit_case());
    suite_add_tcase(s, limits_case());
    return s;
}
