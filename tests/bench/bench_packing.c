/*
 * The ledger and packing at one gigawatt: 5,000 racks of five systems in 500 feeds and 20 halls,
 * 108,000 hosts, 424,000 chips, held to nine tenths by gangs of all sizes. Medians.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scheduler/packing.h"
#include "tests/support/fleet_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HALLS = 20, FEEDS = 25, RACKS = 10, SHAPES = 6, REPEATS = 201, SYSTEMS = 5 };

struct bench {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct ledger *ledger;
    struct ledger *empty;
    struct job_spec specs[SHAPES];
    struct shape *shapes[SHAPES];
    holder_id next_id;
    struct rng rng;
};

/* tasks, chips of a task, segment */
static const int GANGS[SHAPES][3] = {
    {1, 1, 0}, {1, 4, 0}, {2, 4, 0}, {16, 4, 16}, {64, 4, 16}, {512, 4, 16}};

static struct bench make_bench(void)
{
    static const char *const NAMES[] = {"trn2", "trn3-gen1", "trn3-gen2", "gb200", "gb300"};
    static const int HOSTS[] = {16, 16, 36, 18, 18};
    static const double KW[] = {90, 110, 260, 130, 142};
    struct bench b = {.builder = fleet_builder_make(1, HALLS, FEEDS, RACKS,
                          fleet_builder_system(NAMES[0], HOSTS[0], 4, KW[0], KW[0] / 5)),
        .rng = rng_seed(1)};

    for (int k = 1; k < SYSTEMS; k++)
        (void)fleet_builder_add_system(
            b.builder, fleet_builder_system(NAMES[k], HOSTS[k], 4, KW[k], KW[k] / 5));
    for (int r = 0; r < b.builder->fleet.rack_count; r++) {
        b.builder->racks[r].system = r / RACKS % SYSTEMS;
        b.builder->racks[r].usd_per_hour = 300;
    }
    for (int f = 0; f < b.builder->fleet.feed_count; f++)
        b.builder->feeds[f].power_kw = RACKS * KW[f % SYSTEMS] * 0.97;
    b.builder->sites[0].pue = 1.12;
    b.builder->sites[0].usd_per_mwh = 48;
    b.fleet = fleet_builder_finish(b.builder);
    return b;
}

static void make_shapes(struct bench *b)
{
    b->ledger = ledger_create(b->fleet, HOST_UP);
    b->empty = ledger_create(b->fleet, HOST_UP);
    for (int i = 0; i < SHAPES; i++) {
        b->specs[i] = fleet_builder_job(GANGS[i][0], GANGS[i][1], GANGS[i][2]);
        b->specs[i].power_frac = 0.9;
        b->shapes[i] = shape_create(b->fleet, &b->specs[i]);
    }
}

static bool find(
    const struct bench *b, int shape, int system, struct placement *out, struct block *block)
{
    struct packing_request request = {
        .shape = b->shapes[shape], .where = {system, -1, -1, -1}, .may_borrow = true};

    return packing_find(b->ledger, &request, out, block);
}

static void hold(struct bench *b, int shape, const struct placement *placement)
{
    ledger_hold(b->ledger,
        &(struct holder){
            .id = ++b->next_id, .shape = b->shapes[shape], .shape_system = placement->system},
        placement);
}

/* Small gangs are many and large ones hold most; until nine tenths are held. */
static int fill(struct bench *b)
{
    int64_t chips = 0;
    int64_t held = 0;
    int gangs = 0;

    for (int r = 0; r < b->fleet->rack_count; r++)
        chips += ledger_rack_free_chips(b->ledger, r);
    while (held < chips * 9 / 10) {
        int shape = (int)rng_between(&b->rng, 0, SHAPES - 1);
        int system = (int)rng_between(&b->rng, 0, SYSTEMS - 1);
        struct placement placement;

        if (!find(b, shape, system, &placement, NULL))
            continue;
        hold(b, shape, &placement);
        held += shape_chip_count(&b->shapes[shape]->systems[system]);
        gangs++;
        placement_fini(&placement);
    }
    return gangs;
}

/* Let some go again, so that holes are all over. */
static void punch_holes(struct bench *b)
{
    for (holder_id id = 1; id <= b->next_id; id += 17)
        ledger_release(b->ledger, id);
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static void report(const char *what, double *seconds, int count)
{
    qsort(seconds, (size_t)count, sizeof *seconds, compare_doubles);
    printf("%-46s %10.1f µs   (worst %10.1f)\n", what, seconds[count / 2] * 1e6,
        seconds[count - 1] * 1e6);
}

static void bench_find(struct bench *b, const char *what, int shape)
{
    double seconds[REPEATS];
    char line[80];
    int found = 0;

    for (int i = 0; i < REPEATS; i++) {
        struct placement placement;
        struct block block;
        double start = clock_monotonic_s();
        bool is_found = find(b, shape, i % SYSTEMS, &placement, &block);

        seconds[i] = clock_monotonic_s() - start;
        found += is_found;
        if (is_found)
            placement_fini(&placement);
    }
    (void)snprintf(line, sizeof line, "find: %s (%d of %d found)", what, found, REPEATS);
    report(line, seconds, REPEATS);
}

static void bench_hold(struct bench *b, const char *what, int shape, int system)
{
    double held[REPEATS];
    double released[REPEATS];
    char line[80];
    struct placement placement;

    if (!find(b, shape, system, &placement, NULL)) {
        printf("hold: %s has no room\n", what);
        return;
    }
    for (int i = 0; i < REPEATS; i++) {
        double start = clock_monotonic_s();

        hold(b, shape, &placement);
        held[i] = clock_monotonic_s() - start;
        start = clock_monotonic_s();
        ledger_release(b->ledger, b->next_id);
        released[i] = clock_monotonic_s() - start;
    }
    placement_fini(&placement);
    (void)snprintf(line, sizeof line, "hold: %s", what);
    report(line, held, REPEATS);
    (void)snprintf(line, sizeof line, "release: %s", what);
    report(line, released, REPEATS);
}

static void bench_ledger(struct bench *b)
{
    double seconds[REPEATS];
    char *broken;

    for (int i = 0; i < 21; i++) {
        double start = clock_monotonic_s();

        ledger_destroy(ledger_copy(b->ledger));
        seconds[i] = clock_monotonic_s() - start;
    }
    report("copy and destroy", seconds, 21);
    for (int i = 0; i < 21; i++) {
        double start = clock_monotonic_s();

        ledger_destroy(ledger_create(b->fleet, HOST_UP));
        seconds[i] = clock_monotonic_s() - start;
    }
    report("create and destroy", seconds, 21);
    for (int i = 0; i < 21; i++) {
        double start = clock_monotonic_s();

        broken = ledger_check(b->ledger);
        seconds[i] = clock_monotonic_s() - start;
        if (broken != NULL)
            printf("the ledger is broken: %s\n", broken);
        mem_free(broken);
    }
    report("check", seconds, 21);
}

static void bench_shape(struct bench *b)
{
    double created[REPEATS];
    double marked[REPEATS];

    for (int i = 0; i < REPEATS; i++) {
        double start = clock_monotonic_s();
        struct shape *shape = shape_create(b->fleet, &b->specs[i % SHAPES]);

        created[i] = clock_monotonic_s() - start;
        start = clock_monotonic_s();
        packing_mark_never(b->empty, shape);
        marked[i] = clock_monotonic_s() - start;
        shape_destroy(shape);
    }
    report("shape", created, REPEATS);
    report("never, on all five systems", marked, REPEATS);
}

/* 512 hosts without segments, and gangs that fit nowhere. */
static void bench_special(struct bench *b)
{
    static const int SPECIAL[][3] = {{512, 4, 0}, {30000, 4, 0}, {3000, 4, 16}, {513, 4, 16}};
    static const char *const NAMES[] = {
        "512 hosts, no segments", "30,000 hosts", "3,000 hosts in 16s", "513 hosts in 16s"};

    for (int i = 0; i < 4; i++) {
        struct job_spec spec = fleet_builder_job(SPECIAL[i][0], SPECIAL[i][1], SPECIAL[i][2]);
        struct shape *shape = shape_create(b->fleet, &spec);
        struct shape *before = b->shapes[0];

        b->shapes[0] = shape;
        bench_find(b, NAMES[i], 0);
        b->shapes[0] = before;
        shape_destroy(shape);
    }
    for (int f = 0; f < b->fleet->feed_count; f++)
        ledger_set_limit_kw(b->ledger, POWER_FEED, f, ledger_load_kw(b->ledger, POWER_FEED, f));
    bench_find(b, "16 hosts, no power left", 3);
    bench_find(b, "512 hosts in 16s, no power left", 5);
}

int main(void)
{
    struct bench b = make_bench();
    double start = clock_monotonic_s();
    int gangs;

    make_shapes(&b);
    gangs = fill(&b);
    punch_holes(&b);
    printf("%d racks, %d hosts; %d gangs packed and held in %.2f s; %.0f MB\n", b.fleet->rack_count,
        b.fleet->host_count, gangs, clock_monotonic_s() - start, clock_peak_memory_bytes() / 1e6);
    bench_find(&b, "1 chip", 0);
    bench_find(&b, "1 host", 1);
    bench_find(&b, "2 hosts", 2);
    bench_find(&b, "16 hosts in one domain", 3);
    bench_find(&b, "64 hosts in 16s", 4);
    bench_find(&b, "512 hosts in 16s", 5);
    bench_hold(&b, "1 chip", 0, 3);
    bench_hold(&b, "512 hosts", 5, 2);
    bench_ledger(&b);
    bench_shape(&b);
    bench_special(&b);
    for (int i = 0; i < SHAPES; i++)
        shape_destroy(b.shapes[i]);
    ledger_destroy(b.ledger);
    ledger_destroy(b.empty);
    fleet_builder_destroy(b.builder);
    return 0;
}
