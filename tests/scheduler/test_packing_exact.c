/* Packing against brute force: on small random fleets every way of giving segments to racks is
 * tried, by the formulas of the scheduling model alone. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "scheduler/packing.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <limits.h>
#include <math.h>

enum { SEEDS = 400, GANGS = 12, RACKS_MAX = 12, NODES_MAX = 12 };

struct world {
    struct rng rng;
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct job_spec filler_spec;
    struct shape *filler;
    struct job_spec spec;
    struct shape *shape;
    holder_id next_id;
};

static int draw(struct world *w, int low, int high)
{
    return (int)rng_between(&w->rng, low, high);
}

static double loose_or(struct world *w, double low, double high)
{
    return draw(w, 0, 2) == 0 ? INFINITY : low + (high - low) * rng_unit(&w->rng);
}

static void make_fleet(struct world *w, bool has_idle)
{
    int sites = draw(w, 1, 2);
    int halls = draw(w, 1, 2);
    int feeds = draw(w, 1, 12 / sites / halls > 3 ? 3 : 12 / sites / halls);
    int racks = draw(w, 1, RACKS_MAX / sites / halls / feeds);
    double rack_kw = 10 * draw(w, 1, 3);
    struct fleet_builder *b = fleet_builder_make(sites, halls, feeds, racks,
        fleet_builder_system(
            "a", draw(w, 1, 4), draw(w, 1, 4), rack_kw, has_idle ? rack_kw / 7 : 0));
    double all_kw = rack_kw * b->fleet.rack_count;

    for (int i = 0; i < b->fleet.rack_count; i++) {
        b->racks[i].power_kw = draw(w, 0, 3) == 0 ? rack_kw * (0.2 + rng_unit(&w->rng)) : 0;
        b->racks[i].usd_per_hour = 10 * draw(w, 1, 5);
    }
    for (int i = 0; i < b->fleet.feed_count; i++)
        b->feeds[i].power_kw = loose_or(w, rack_kw / 4, rack_kw * racks);
    for (int i = 0; i < b->fleet.hall_count; i++)
        b->halls[i].power_kw = loose_or(w, rack_kw / 2, rack_kw * racks * feeds);
    for (int i = 0; i < sites; i++) {
        b->sites[i].power_kw = loose_or(w, rack_kw, all_kw);
        b->sites[i].pue = 1 + rng_unit(&w->rng) / 4;
        b->sites[i].usd_per_mwh = draw(w, 0, 100);
    }
    fleet_builder_add_tenant(b, "default", 1, INFINITY);
    w->builder = b;
    w->fleet = fleet_builder_finish(b);
    w->ledger = ledger_create(w->fleet, HOST_UP);
    w->filler_spec = fleet_builder_job(1, 1, JOB_SEGMENT_NONE);
    w->filler_spec.power_frac = 0.5;
    w->filler = shape_create(w->fleet, &w->filler_spec);
}

/* Hold chips here and there, drain a host, break a chip. */
static void disturb(struct world *w)
{
    int chips = fleet_rack_system(w->fleet, 0)->chips_per_host;

    for (int h = 0; h < w->fleet->host_count; h++)
        for (int c = 0; c < chips; c++) {
            struct task_place task = {h, (uint64_t)1 << c};
            struct placement one = {.tasks = &task, .task_count = 1};

            if (draw(w, 0, 5) == 0)
                ledger_hold(w->ledger,
                    &(struct holder){.id = ++w->next_id, .shape = w->filler, .is_adopted = true},
                    &one);
        }
    if (draw(w, 0, 2) == 0)
        ledger_set_host_state(w->ledger, draw(w, 0, w->fleet->host_count - 1), HOST_DRAINED);
    if (draw(w, 0, 2) == 0)
        ledger_set_bad_chips(w->ledger, draw(w, 0, w->fleet->host_count - 1), 1);
}

static void make_world(struct world *w, int seed, bool has_idle)
{
    *w = (struct world){.rng = rng_seed((uint64_t)seed * 7919 + 1)};
    make_fleet(w, has_idle);
}

static void end_world(struct world *w)
{
    shape_destroy(w->filler);
    ledger_destroy(w->ledger);
    fleet_builder_destroy(w->builder);
}

static void make_gang(struct world *w)
{
    int segment = draw(w, 0, 4) == 0 ? JOB_SEGMENT_ALL : draw(w, 0, 4);

    w->spec = fleet_builder_job(draw(w, 1, 7), draw(w, 1, 4), segment);
    w->spec.power_frac = 0.3 + 0.7 * rng_unit(&w->rng);
    w->shape = shape_create(w->fleet, &w->spec);
}

/* --- Brute force */

struct search {
    const struct world *w;
    const struct shape_system *wants;
    int site;
    int tasks_at[RACKS_MAX];
    bool is_found;
    int fewest_racks, fewest_feeds;
    double least_usd_per_hour;
};

static double chip_kw(const struct world *w)
{
    const struct system *system = fleet_rack_system(w->fleet, 0);

    return fmax(0, system->power_kw * w->spec.power_frac - system->idle_kw) /
           (system->host_count * system->chips_per_host);
}

static bool holds_at(const struct search *s, enum power_level level, int index, int tasks)
{
    double kw = tasks * s->wants->chips_per_task * chip_kw(s->w);
    double load = ledger_load_kw(s->w->ledger, level, index);
    double limit = ledger_limit_kw(s->w->ledger, level, index);

    if (level == POWER_SITE)
        kw *= s->w->fleet->sites[index].pue;
    return kw <= 0 || (load < limit && units_power_holds(load + kw, limit));
}

static bool keeps_power(const struct search *s)
{
    const struct fleet *fleet = s->w->fleet;
    int feeds[NODES_MAX] = {0};
    int halls[NODES_MAX] = {0};
    int all = 0;

    for (int r = 0; r < fleet->rack_count; r++) {
        if (!holds_at(s, POWER_RACK, r, s->tasks_at[r]))
            return false;
        feeds[fleet->racks[r].feed] += s->tasks_at[r];
        halls[fleet->racks[r].hall] += s->tasks_at[r];
        all += s->tasks_at[r];
    }
    for (int f = 0; f < fleet->feed_count; f++)
        if (!holds_at(s, POWER_FEED, f, feeds[f]))
            return false;
    for (int h = 0; h < fleet->hall_count; h++)
        if (!holds_at(s, POWER_HALL, h, halls[h]))
            return false;
    return holds_at(s, POWER_SITE, s->site, all);
}

static int host_room(const struct search *s, int rack)
{
    const struct fleet_rack *of = &s->w->fleet->racks[rack];
    int room = 0;

    for (int h = of->first_host; h < of->first_host + of->host_count; h++)
        room += __builtin_popcountll(ledger_free_chips(s->w->ledger, h)) / s->wants->chips_per_task;
    return room;
}

static void weigh(struct search *s)
{
    const struct fleet *fleet = s->w->fleet;
    const struct fleet_site *site = &fleet->sites[s->site];
    int chip_count = system_chip_count(fleet_rack_system(fleet, 0));
    double usd_per_hour = s->wants->task_count * s->wants->chips_per_task * chip_kw(s->w) *
                          site->pue * site->usd_per_mwh / 1000;
    bool feeds[NODES_MAX] = {false};
    int rack_count = 0;
    int feed_count = 0;

    for (int r = 0; r < fleet->rack_count; r++) {
        if (s->tasks_at[r] == 0)
            continue;
        usd_per_hour += (double)s->tasks_at[r] * s->wants->chips_per_task *
                        fleet->racks[r].usd_per_hour / chip_count;
        rack_count++;
        feed_count += !feeds[fleet->racks[r].feed];
        feeds[fleet->racks[r].feed] = true;
    }
    s->is_found = true;
    s->fewest_racks = rack_count < s->fewest_racks ? rack_count : s->fewest_racks;
    s->fewest_feeds = feed_count < s->fewest_feeds ? feed_count : s->fewest_feeds;
    s->least_usd_per_hour = fmin(s->least_usd_per_hour, usd_per_hour);
}

/* Segments from `segment` on, the full ones at racks from `from` on: their order is all one. */
static void try_segments(struct search *s, int segment, int from)
{
    int tasks;

    if (segment == s->wants->segment_count) {
        if (keeps_power(s))
            weigh(s);
        return;
    }
    tasks = shape_segment_size(s->wants, segment);
    if (tasks < s->wants->segment_tasks)
        from = 0;
    for (int r = from; r < s->w->fleet->rack_count; r++) {
        if (s->w->fleet->racks[r].site != s->site || s->tasks_at[r] + tasks > host_room(s, r))
            continue;
        s->tasks_at[r] += tasks;
        try_segments(s, segment + 1, r);
        s->tasks_at[r] -= tasks;
    }
}

static struct search try_all(const struct world *w)
{
    struct search s = {.w = w,
        .wants = w->shape->systems,
        .fewest_racks = INT_MAX,
        .fewest_feeds = INT_MAX,
        .least_usd_per_hour = INFINITY};

    if (s.wants->never != NULL)
        return s;
    for (s.site = 0; s.site < w->fleet->site_count; s.site++)
        try_segments(&s, 0, 0);
    return s;
}

/* --- The tests */

static struct packing_request request_of(const struct world *w)
{
    return (struct packing_request){.shape = w->shape, .where = {0, -1, -1, -1}};
}

/* What was found is sound: it fits, and holding it breaks no invariant. */
static void assert_sound(const struct world *w, const struct placement *found)
{
    struct ledger *copy = ledger_copy(w->ledger);
    char *broken;

    ck_assert(ledger_fits(copy, w->shape, found, false, NULL));
    ledger_hold(copy, &(struct holder){.id = w->next_id + 1, .shape = w->shape}, found);
    broken = ledger_check(copy);
    ck_assert_msg(broken == NULL, "%s", broken != NULL ? broken : "");
    ledger_destroy(copy);
}

static void assert_block(const struct block *block)
{
    ck_assert_int_ge(block->by, BLOCKED_CHIPS);
    ck_assert_int_le(block->by, BLOCKED_SITE_POWER);
    ck_assert_double_gt(block->needs, block->has);
    ck_assert(block->by == BLOCKED_CHIPS || block->where >= 0);
}

static int count_feeds(const struct world *w, const struct placement *found)
{
    bool feeds[NODES_MAX] = {false};
    int count = 0;

    for (int i = 0; i < found->task_count; i++) {
        int feed = w->fleet->racks[w->fleet->host_rack[found->tasks[i].host]].feed;

        count += !feeds[feed];
        feeds[feed] = true;
    }
    return count;
}

static void compare(const struct world *w, enum packing_policy policy)
{
    struct search all = try_all(w);
    struct packing_request request = request_of(w);
    struct placement found;
    struct block block;

    request.policy = policy;
    ck_assert_int_eq(packing_find(w->ledger, &request, &found, &block), all.is_found);
    if (!all.is_found) {
        if (w->shape->systems->never == NULL)
            assert_block(&block);
        return;
    }
    ck_assert_int_eq(block.by, BLOCKED_NOT);
    assert_sound(w, &found);
    /* With segments all alike the feeds are the fewest that can be; a short one may open another.
     */
    if (policy == PACKING_BEST_FIT && all.wants->is_domain_bound) {
        int slack = all.wants->task_count % all.wants->segment_tasks == 0 ? 0 : 1;

        ck_assert_int_le(count_feeds(w, &found), all.fewest_feeds + slack);
    }
    placement_fini(&found);
}

START_TEST(a_place_is_found_exactly_when_there_is_one)
{
    struct world w;

    make_world(&w, _i, _i % 2 == 0);
    disturb(&w);
    for (int i = 0; i < GANGS; i++) {
        make_gang(&w);
        compare(&w, PACKING_BEST_FIT);
        compare(&w, PACKING_FIRST_FIT);
        shape_destroy(w.shape);
    }
    end_world(&w);
}
END_TEST

/* A shorter last segment just fits or just does not: every length of gang on crowded racks. */
START_TEST(a_shorter_last_segment_finds_its_place)
{
    struct world w = {.rng = rng_seed((uint64_t)_i + 77)};
    struct fleet_builder *b = fleet_builder_make(1, draw(&w, 1, 2), draw(&w, 1, 2), draw(&w, 1, 3),
        fleet_builder_system("a", draw(&w, 4, 7), 1, 10, 0));
    int segment = draw(&w, 2, 5);

    for (int i = 0; i < b->fleet.feed_count; i++)
        b->feeds[i].power_kw = loose_or(&w, 4, 24);
    for (int i = 0; i < b->fleet.hall_count; i++)
        b->halls[i].power_kw = loose_or(&w, 6, 40);
    w.builder = b;
    w.fleet = fleet_builder_finish(b);
    w.ledger = ledger_create(w.fleet, HOST_UP);
    for (int h = 0; h < w.fleet->host_count; h++)
        if (draw(&w, 0, 3) == 0)
            ledger_set_host_state(w.ledger, h, HOST_DRAINED);
    for (int tasks = segment + 1; tasks < 4 * segment; tasks++) {
        w.spec = fleet_builder_job(tasks, 1, segment);
        w.shape = shape_create(w.fleet, &w.spec);
        compare(&w, PACKING_BEST_FIT);
        compare(&w, PACKING_FIRST_FIT);
        shape_destroy(w.shape);
    }
    end_world(&w);
}
END_TEST

/* Without limits of power, tasks without segments take the fewest racks that can be. */
START_TEST(tasks_take_the_fewest_domains)
{
    struct world w;

    make_world(&w, _i, false);
    disturb(&w);
    for (int i = 0; i < GANGS; i++) {
        struct packing_request request;
        struct placement found;
        struct search all;
        bool racks[RACKS_MAX] = {false};
        int rack_count = 0;

        w.spec = fleet_builder_job(draw(&w, 1, 7), draw(&w, 1, 3), JOB_SEGMENT_NONE);
        w.spec.power_frac = 0;
        w.shape = shape_create(w.fleet, &w.spec);
        all = try_all(&w);
        request = request_of(&w);
        if (packing_find(w.ledger, &request, &found, NULL)) {
            for (int t = 0; t < found.task_count; t++) {
                int rack = w.fleet->host_rack[found.tasks[t].host];

                rack_count += !racks[rack];
                racks[rack] = true;
            }
            ck_assert_int_eq(rack_count, all.fewest_racks);
            placement_fini(&found);
        }
        shape_destroy(w.shape);
    }
    end_world(&w);
}
END_TEST

/* A tenant that can just pay the cheapest place gets one; with less it gets none. */
START_TEST(what_the_tenant_can_pay_is_found)
{
    struct world w;

    make_world(&w, _i, _i % 2 == 0);
    disturb(&w);
    for (int i = 0; i < GANGS; i++) {
        struct search all;
        struct placement found;
        struct packing_request request;
        double used = ledger_tenant_usd_per_hour(w.ledger, 0);

        make_gang(&w);
        all = try_all(&w);
        request = request_of(&w);
        if (all.is_found && all.wants->task_count % all.wants->segment_tasks == 0) {
            struct block block;

            w.builder->tenants[0].usd_per_hour = used + all.least_usd_per_hour + 1e-6;
            ck_assert(packing_find(w.ledger, &request, &found, NULL));
            ck_assert_double_eq_tol(found.usd_per_hour, all.least_usd_per_hour, 1e-3);
            assert_sound(&w, &found);
            placement_fini(&found);
            w.builder->tenants[0].usd_per_hour = used + all.least_usd_per_hour - 1e-3;
            ck_assert(!packing_find(w.ledger, &request, &found, &block));
            ck_assert_int_eq(block.by, BLOCKED_BUDGET);
            ck_assert_double_eq_tol(block.needs, all.least_usd_per_hour, 1e-9);
        }
        w.builder->tenants[0].usd_per_hour = INFINITY;
        shape_destroy(w.shape);
    }
    end_world(&w);
}
END_TEST

/* Let more in: a limit goes up, a host comes back, a holder goes. */
static void relax(struct world *w)
{
    enum power_level level = (enum power_level)draw(w, POWER_RACK, POWER_SITE);
    int counts[] = {
        w->fleet->rack_count, w->fleet->feed_count, w->fleet->hall_count, w->fleet->site_count};
    int index = draw(w, 0, counts[level] - 1);
    holder_id id = draw(w, 1, (int)w->next_id + 1);

    ledger_set_limit_kw(w->ledger, level, index, ledger_limit_kw(w->ledger, level, index) * 1.2);
    ledger_set_host_state(w->ledger, draw(w, 0, w->fleet->host_count - 1), HOST_UP);
    ledger_set_bad_chips(w->ledger, draw(w, 0, w->fleet->host_count - 1), 0);
    if (ledger_find_holder(w->ledger, id) != NULL)
        ledger_release(w->ledger, id);
}

START_TEST(more_racks_or_power_never_make_a_gang_unplaceable)
{
    struct world w;
    bool was_found = false;

    make_world(&w, _i, true);
    disturb(&w);
    make_gang(&w);
    for (int i = 0; i < 30; i++) {
        struct packing_request request = request_of(&w);
        struct placement found;
        bool is_found = packing_find(w.ledger, &request, &found, NULL);

        ck_assert(is_found || !was_found);
        was_found = is_found;
        if (is_found)
            placement_fini(&found);
        relax(&w);
    }
    shape_destroy(w.shape);
    end_world(&w);
}
END_TEST

START_TEST(never_is_told_exactly_when_the_empty_fleet_has_no_place)
{
    struct world w;

    make_world(&w, _i, _i % 2 == 0);
    for (int i = 0; i < GANGS; i++) {
        make_gang(&w);
        packing_mark_never(w.ledger, w.shape);
        ck_assert_int_eq(w.shape->never, w.shape->systems->never != NULL);
        if (w.shape->never)
            w.shape->systems->never = NULL; /* so that brute force asks all the same */
        else
            ck_assert(try_all(&w).is_found);
        if (w.shape->never)
            ck_assert(!try_all(&w).is_found);
        shape_destroy(w.shape);
    }
    end_world(&w);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/packing_exact");
    TCase *t = tcase_create("exact");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_place_is_found_exactly_when_there_is_one, 0, SEEDS);
    tcase_add_loop_test(t, a_shorter_last_segment_finds_its_place, 0, SEEDS);
    tcase_add_loop_test(t, tasks_take_the_fewest_domains, 0, SEEDS / 4);
    tcase_add_loop_test(t, what_the_tenant_can_pay_is_found, 0, SEEDS / 4);
    tcase_add_loop_test(t, more_racks_or_power_never_make_a_gang_unplaceable, 0, SEEDS);
    tcase_add_loop_test(t, never_is_told_exactly_when_the_empty_fleet_has_no_place, 0, SEEDS / 4);
    suite_add_tcase(s, t);
    return s;
}
