/* The ledger under random sequences, against a plain model that keeps an owner for each chip and
 * reckons everything from that and from the formulas of the scheduling model. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "scheduler/ledger.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <math.h>

enum { SEEDS = 40, STEPS = 300, SHAPES = 4, HOLDERS_MAX = 64, HOSTS_MAX = 256, RACKS_MAX = 24 };

struct model_holder {
    holder_id id; /* 0: free */
    int shape;
    int mode;
    bool is_borrowing;
};

struct world {
    struct rng rng;
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct job_spec specs[SHAPES];
    struct shape *shapes[SHAPES];
    holder_id next_id;
    struct model_holder holders[HOLDERS_MAX];
    holder_id owner[HOSTS_MAX][8];
    enum host_state state[HOSTS_MAX];
    uint64_t bad[HOSTS_MAX];
};

static int draw(struct world *w, int below)
{
    return (int)rng_between(&w->rng, 0, below - 1);
}

static void make_fleet(struct world *w)
{
    struct fleet_builder *b = fleet_builder_make(draw(w, 2) + 1, draw(w, 2) + 1, draw(w, 2) + 1,
        draw(w, 3) + 1, fleet_builder_system("a", 4, 4, 40, 8));
    int other = fleet_builder_add_system(b, fleet_builder_system("b", 6, 8, 97.3, 13.1));

    for (int r = 0; r < b->fleet.rack_count; r++) {
        b->racks[r].system = draw(w, 2) == 0 ? 0 : other;
        b->racks[r].usd_per_hour = draw(w, 500);
    }
    for (int s = 0; s < b->fleet.site_count; s++) {
        b->sites[s].pue = 1 + rng_unit(&w->rng) / 2;
        b->sites[s].usd_per_mwh = draw(w, 100);
    }
    fleet_builder_add_tenant(b, "t0", 0.5, 1000);
    fleet_builder_add_tenant(b, "t1", 0.5, INFINITY);
    w->builder = b;
    w->fleet = fleet_builder_finish(b);
    w->ledger = ledger_create(w->fleet, HOST_UP);
}

static void make_shapes(struct world *w)
{
    static const char *const TENANTS[] = {"t0", "t1", "nobody"};

    for (int i = 0; i < SHAPES; i++) {
        w->specs[i] = fleet_builder_job(draw(w, 6) + 1, draw(w, 4) + 1, JOB_SEGMENT_NONE);
        w->specs[i].tenant = TENANTS[draw(w, 3)];
        w->specs[i].power_frac = 0.1 + 0.9 * rng_unit(&w->rng);
        w->shapes[i] = shape_create(w->fleet, &w->specs[i]);
    }
}

static struct world make_world(int seed)
{
    struct world w = {.rng = rng_seed((uint64_t)seed + 1)};

    make_fleet(&w);
    return w;
}

static void end_world(struct world *w)
{
    for (int i = 0; i < SHAPES; i++)
        shape_destroy(w->shapes[i]);
    ledger_destroy(w->ledger);
    fleet_builder_destroy(w->builder);
}

/* --- The model */

static int chips_per_host(const struct world *w, int host)
{
    return fleet_rack_system(w->fleet, w->fleet->host_rack[host])->chips_per_host;
}

static uint64_t model_free(const struct world *w, int host)
{
    uint64_t chips = 0;

    for (int c = 0; c < chips_per_host(w, host); c++)
        if (w->owner[host][c] == 0 && (w->bad[host] >> c & 1) == 0)
            chips |= (uint64_t)1 << c;
    return w->state[host] == HOST_UP ? chips : 0;
}

static int model_chips(const struct world *w, holder_id id, int rack)
{
    const struct fleet_rack *of = &w->fleet->racks[rack];
    int count = 0;

    for (int h = of->first_host; h < of->first_host + of->host_count; h++)
        for (int c = 0; c < chips_per_host(w, h); c++)
            count += w->owner[h][c] == id;
    return count;
}

static double model_added_kw(const struct world *w, const struct model_holder *holder, int rack)
{
    const struct system *system = fleet_rack_system(w->fleet, rack);
    double busy_kw = system->power_kw * system->modes[holder->mode].power_frac *
                     w->specs[holder->shape].power_frac;

    return fmax(0, busy_kw - system->idle_kw) * model_chips(w, holder->id, rack) /
           (system->host_count * system->chips_per_host);
}

static double model_rack_kw(const struct world *w, int rack)
{
    const struct fleet_rack *of = &w->fleet->racks[rack];
    bool is_powered = false;
    double kw = 0;

    for (int h = of->first_host; h < of->first_host + of->host_count; h++) {
        is_powered = is_powered || w->state[h] != HOST_DOWN;
        for (int c = 0; c < chips_per_host(w, h); c++)
            is_powered = is_powered || w->owner[h][c] != 0;
    }
    for (int i = 0; i < HOLDERS_MAX; i++)
        if (w->holders[i].id != 0)
            kw += model_added_kw(w, &w->holders[i], rack);
    return is_powered ? kw + fleet_rack_system(w->fleet, rack)->idle_kw : kw;
}

static void model_tenant(const struct world *w, int tenant, double *usd_per_hour, double *share)
{
    double fleet_usd = 0;

    *usd_per_hour = *share = 0;
    for (int r = 0; r < w->fleet->rack_count; r++)
        fleet_usd += w->fleet->racks[r].usd_per_hour;
    for (int i = 0; i < HOLDERS_MAX; i++) {
        const struct model_holder *holder = &w->holders[i];

        if (holder->id == 0 || w->shapes[holder->shape]->tenant != tenant)
            continue;
        for (int r = 0; r < w->fleet->rack_count; r++) {
            const struct fleet_rack *rack = &w->fleet->racks[r];
            const struct fleet_site *site = &w->fleet->sites[rack->site];
            const struct system *system = fleet_rack_system(w->fleet, r);
            double part = (double)model_chips(w, holder->id, r) /
                          (system->host_count * system->chips_per_host);

            *usd_per_hour += part * rack->usd_per_hour +
                             model_added_kw(w, holder, r) * site->pue * site->usd_per_mwh / 1000;
            if (!holder->is_borrowing)
                *share += part * rack->usd_per_hour / fleet_usd;
        }
    }
}

/* --- Compare */

static void compare_hosts(const struct world *w)
{
    for (int r = 0; r < w->fleet->rack_count; r++) {
        const struct fleet_rack *rack = &w->fleet->racks[r];
        int free_chips = 0;
        int free_hosts = 0;

        for (int h = rack->first_host; h < rack->first_host + rack->host_count; h++) {
            uint64_t chips = model_free(w, h);

            ck_assert_uint_eq(ledger_free_chips(w->ledger, h), chips);
            free_chips += __builtin_popcountll(chips);
            free_hosts += __builtin_popcountll(chips) == chips_per_host(w, h);
        }
        ck_assert_int_eq(ledger_rack_free_chips(w->ledger, r), free_chips);
        ck_assert_int_eq(ledger_rack_free_hosts(w->ledger, r), free_hosts);
        ck_assert_int_eq(ledger_rack_is_whole(w->ledger, r), free_hosts == rack->host_count);
    }
}

static void compare_room(const struct world *w, int rack)
{
    const struct fleet_rack *of = &w->fleet->racks[rack];

    for (int i = 0; i < SHAPES; i++)
        for (int k = 0; k < w->shapes[i]->system_count; k++) {
            const struct shape_system *system = &w->shapes[i]->systems[k];
            int room = 0;

            for (int h = of->first_host; h < of->first_host + of->host_count; h++)
                room += __builtin_popcountll(model_free(w, h)) / system->chips_per_task;
            ck_assert_int_eq(ledger_rack_task_room(w->ledger, rack, w->shapes[i], system),
                system->system == of->system ? room : 0);
        }
}

static void assert_kw(double is, double should)
{
    ck_assert_msg(units_near(is, should, 1e-9, 1e-9), "%.17g kW, should be %.17g", is, should);
}

static void compare_power(const struct world *w)
{
    double feeds[RACKS_MAX] = {0};
    double halls[RACKS_MAX] = {0};
    double sites[RACKS_MAX] = {0};

    for (int r = 0; r < w->fleet->rack_count; r++) {
        const struct fleet_rack *rack = &w->fleet->racks[r];
        double kw = model_rack_kw(w, r);

        assert_kw(ledger_load_kw(w->ledger, POWER_RACK, r), kw);
        feeds[rack->feed] += kw;
        halls[rack->hall] += kw;
        sites[rack->site] += kw;
        compare_room(w, r);
    }
    for (int i = 0; i < w->fleet->feed_count; i++)
        assert_kw(ledger_load_kw(w->ledger, POWER_FEED, i), feeds[i]);
    for (int i = 0; i < w->fleet->hall_count; i++)
        assert_kw(ledger_load_kw(w->ledger, POWER_HALL, i), halls[i]);
    for (int i = 0; i < w->fleet->site_count; i++)
        assert_kw(ledger_load_kw(w->ledger, POWER_SITE, i), sites[i] * w->fleet->sites[i].pue);
}

static void compare_money(const struct world *w)
{
    for (int t = -1; t < w->fleet->tenant_count; t++) {
        double usd_per_hour;
        double share;

        model_tenant(w, t, &usd_per_hour, &share);
        assert_kw(ledger_tenant_usd_per_hour(w->ledger, t), usd_per_hour);
        assert_kw(ledger_tenant_share(w->ledger, t), share);
    }
}

static void compare(const struct world *w)
{
    char *broken = ledger_check(w->ledger);

    ck_assert_msg(broken == NULL, "%s", broken != NULL ? broken : "");
    compare_hosts(w);
    compare_power(w);
    compare_money(w);
}

/* --- Random steps */

static uint64_t take_chips(struct world *w, int host, int count, holder_id id)
{
    uint64_t usable = model_free(w, host);
    uint64_t chips = 0;

    for (int c = 0; c < 8 && count > 0; c++)
        if ((usable >> c & 1) != 0) {
            chips |= (uint64_t)1 << c;
            w->owner[host][c] = id;
            count--;
        }
    return chips;
}

static void drop_owner(struct world *w, holder_id id, int host)
{
    for (int c = 0; c < 8; c++)
        if (w->owner[host][c] == id)
            w->owner[host][c] = 0;
}

/* Tasks one by one on random hosts with room, in one site and of one system, in any order. */
static bool place_randomly(
    struct world *w, const struct shape_system *system, holder_id id, struct placement *out)
{
    for (int tries = 0; tries < 400 && out->task_count < system->task_count; tries++) {
        int host = draw(w, w->fleet->host_count);
        const struct fleet_rack *rack = &w->fleet->racks[w->fleet->host_rack[host]];

        if (rack->system != system->system || rack->site != out->site ||
            __builtin_popcountll(model_free(w, host)) < system->chips_per_task)
            continue;
        out->tasks[out->task_count++] = (struct task_place){
            host, take_chips(w, host, system->chips_per_task, id)};
    }
    return out->task_count == system->task_count;
}

static void step_hold(struct world *w)
{
    struct model_holder *holder = w->holders;
    struct task_place tasks[8];
    int shape = draw(w, SHAPES);
    struct placement placement = {.system = draw(w, w->shapes[shape]->system_count),
        .site = draw(w, w->fleet->site_count),
        .tasks = tasks};
    holder_id id = w->next_id + 1 + draw(w, 3);

    while (holder < w->holders + HOLDERS_MAX && holder->id != 0)
        holder++;
    if (holder == w->holders + HOLDERS_MAX)
        return;
    if (!place_randomly(w, &w->shapes[shape]->systems[placement.system], id, &placement)) {
        for (int h = 0; h < w->fleet->host_count; h++)
            drop_owner(w, id, h);
        return;
    }
    w->next_id = id;
    *holder = (struct model_holder){id, shape, draw(w, 2), draw(w, 2) == 0};
    ledger_price_placement(w->ledger, w->shapes[shape], &placement);
    ledger_hold(w->ledger,
        &(struct holder){.id = id,
            .shape = w->shapes[shape],
            .shape_system = placement.system,
            .mode = holder->mode,
            .is_borrowing = holder->is_borrowing,
            .is_adopted = true},
        &placement);
    if (holder->mode == 0)
        assert_kw(ledger_holder_usd_per_hour(w->ledger, id), placement.usd_per_hour);
}

static struct model_holder *draw_holder(struct world *w)
{
    struct model_holder *holder = &w->holders[draw(w, HOLDERS_MAX)];

    return holder->id != 0 ? holder : NULL;
}

static void step_release(struct world *w)
{
    struct model_holder *holder = draw_holder(w);

    if (holder == NULL)
        return;
    ledger_release(w->ledger, holder->id);
    for (int h = 0; h < w->fleet->host_count; h++)
        drop_owner(w, holder->id, h);
    holder->id = 0;
}

static void step_release_host(struct world *w)
{
    struct model_holder *holder = draw_holder(w);
    const struct task_place *places;
    int count;
    int host;

    if (holder == NULL)
        return;
    places = ledger_places(w->ledger, holder->id, &count);
    host = places[draw(w, count)].host;
    ledger_release_host(w->ledger, holder->id, host);
    drop_owner(w, holder->id, host);
    if (ledger_find_holder(w->ledger, holder->id) == NULL)
        holder->id = 0;
}

static void step_mode(struct world *w)
{
    struct model_holder *holder = draw_holder(w);

    if (holder == NULL)
        return;
    holder->mode = 1 - holder->mode;
    ledger_set_mode(w->ledger, holder->id, holder->mode);
}

static void step_host(struct world *w)
{
    int host = draw(w, w->fleet->host_count);

    w->state[host] = draw(w, 3) == 0 ? (enum host_state)draw(w, 5) : HOST_UP;
    ledger_set_host_state(w->ledger, host, w->state[host]);
    w->bad[host] = draw(w, 4) == 0 ? (uint64_t)draw(w, 16) : 0;
    ledger_set_bad_chips(w->ledger, host, w->bad[host]);
}

/* Go on with a copy; what it was copied from is gone. */
static void step_copy(struct world *w)
{
    struct ledger *copy = ledger_copy(w->ledger);

    ledger_destroy(w->ledger);
    w->ledger = copy;
}

START_TEST(random_sequences_keep_to_the_formulas)
{
    static void (*const STEPS_TABLE[])(struct world *) = {step_hold, step_hold, step_hold,
        step_release, step_release_host, step_mode, step_host, step_copy};
    struct world w = make_world(_i);

    make_shapes(&w);
    /* No limits here: what is held may stand anywhere. */
    for (int r = 0; r < w.fleet->rack_count; r++)
        ledger_set_limit_kw(w.ledger, POWER_RACK, r, INFINITY);
    for (int i = 0; i < STEPS; i++) {
        STEPS_TABLE[draw(&w, 8)](&w);
        if (i % 10 == 0)
            compare(&w);
    }
    compare(&w);
    end_world(&w);
}
END_TEST

/* The same holders, held in another order, after others came and went. */
START_TEST(loads_are_the_same_to_the_last_bit_whatever_came_before)
{
    struct world w = make_world(_i);
    struct ledger *other = ledger_create(w.fleet, HOST_UP);

    make_shapes(&w);
    for (int i = 0; i < 40; i++)
        step_hold(&w);
    for (int i = 0; i < 10; i++)
        step_release(&w);
    for (int i = HOLDERS_MAX - 1; i >= 0; i--) {
        struct placement placement = {0};
        struct task_place tasks[8];
        const struct task_place *places;

        if (w.holders[i].id == 0)
            continue;
        places = ledger_places(w.ledger, w.holders[i].id, &placement.task_count);
        for (int k = 0; k < placement.task_count; k++)
            tasks[k] = places[k];
        placement.tasks = tasks;
        ledger_hold(other, ledger_find_holder(w.ledger, w.holders[i].id), &placement);
    }
    for (int r = 0; r < w.fleet->rack_count; r++)
        ck_assert_double_eq(
            ledger_load_kw(w.ledger, POWER_RACK, r), ledger_load_kw(other, POWER_RACK, r));
    for (int s = 0; s < w.fleet->site_count; s++)
        ck_assert_double_eq(
            ledger_load_kw(w.ledger, POWER_SITE, s), ledger_load_kw(other, POWER_SITE, s));
    ledger_destroy(other);
    end_world(&w);
}
END_TEST

START_TEST(thousands_of_holders_are_found_and_forgotten)
{
    struct fleet_builder *b = fleet_builder_make(
        1, 1, 10, 10, fleet_builder_system("a", 10, 4, 40, 8));
    const struct fleet *fleet = fleet_builder_finish(b);
    struct ledger *ledger = ledger_create(fleet, HOST_UP);
    struct job_spec spec = fleet_builder_job(1, 1, JOB_SEGMENT_NONE);
    struct shape *shape = shape_create(fleet, &spec);
    struct rng rng = rng_seed(5);
    holder_id held[4000] = {0};
    char *broken;

    for (int i = 0; i < 40000; i++) {
        int c = (int)rng_between(&rng, 0, 3999);
        struct task_place task = {c / 4, (uint64_t)1 << (c % 4)};
        struct placement placement = {.tasks = &task, .task_count = 1};

        ck_assert_int_eq(ledger_find_holder(ledger, held[c]) != NULL, held[c] != 0);
        if (held[c] != 0) {
            ledger_release(ledger, held[c]);
            ck_assert_ptr_null(ledger_find_holder(ledger, held[c]));
            held[c] = 0;
        } else {
            held[c] = i + 1;
            ledger_hold(ledger, &(struct holder){.id = i + 1, .shape = shape}, &placement);
        }
    }
    for (int c = 0; c < 4000; c++)
        ck_assert_int_eq((int)(ledger_free_chips(ledger, c / 4) >> (c % 4) & 1), held[c] == 0);
    broken = ledger_check(ledger);
    ck_assert_ptr_null(broken);
    shape_destroy(shape);
    ledger_destroy(ledger);
    fleet_builder_destroy(b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/ledger_random");
    TCase *t = tcase_create("random");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, random_sequences_keep_to_the_formulas, 0, SEEDS);
    tcase_add_loop_test(t, loads_are_the_same_to_the_last_bit_whatever_came_before, 0, SEEDS);
    tcase_add_test(t, thousands_of_holders_are_found_and_forgotten);
    suite_add_tcase(s, t);
    return s;
}
