#include "tests/support/small_fleet.h"

#include "base/str.h"

#include <check.h>
#include <math.h>

/* --- The fleet */

struct shape_of_fleet {
    int sites, halls, feeds, racks;
};

static const struct shape_of_fleet FLEETS[] = {{1, 1, 1, 1}, {1, 1, 1, 3}, {1, 1, 1, 5},
    {1, 1, 2, 2}, {1, 2, 1, 2}, {2, 1, 1, 2}, {1, 1, 4, 1}, {1, 1, 5, 1}, {1, 5, 1, 1},
    {2, 1, 2, 1}};

static double limit_or_none(struct rng *rng, double low, double high)
{
    return rng_unit(rng) < 0.5 ? INFINITY : low + (high - low) * rng_unit(rng);
}

struct fleet_builder *small_fleet_make(struct rng *rng)
{
    const struct shape_of_fleet *shape =
        &FLEETS[rng_between(rng, 0, (int64_t)(sizeof FLEETS / sizeof *FLEETS) - 1)];
    double idle = rng_unit(rng) < 0.5 ? 0 : 10;
    struct fleet_builder *b = fleet_builder_make(shape->sites, shape->halls, shape->feeds,
        shape->racks, fleet_builder_system("a", 4, 4, 100, idle));
    int other = fleet_builder_add_system(b, fleet_builder_system("b", 6, 4, 140, idle));

    for (int i = 0; i < b->fleet.rack_count; i++) {
        b->racks[i].system = rng_unit(rng) < 0.4 ? other : 0;
        b->racks[i].usd_per_hour = (double)rng_between(rng, 0, 4) * 25;
    }
    for (int i = 0; i < b->fleet.feed_count; i++)
        b->feeds[i].power_kw = limit_or_none(rng, 60, 400);
    for (int i = 0; i < b->fleet.hall_count; i++)
        b->halls[i].power_kw = limit_or_none(rng, 80, 500);
    for (int i = 0; i < b->fleet.site_count; i++) {
        b->sites[i].power_kw = limit_or_none(rng, 100, 700);
        b->sites[i].pue = 1 + 0.3 * rng_unit(rng);
        b->sites[i].usd_per_mwh = 50;
    }
    return b;
}

/* --- The floor */

static int tenant_of(const struct fleet *fleet, const struct job_spec *spec)
{
    int tenant = fleet_find_tenant(fleet, spec->tenant);

    return tenant >= 0 ? tenant : FLOOR_TENANTS;
}

struct floor floor_make(const struct fleet *fleet)
{
    ck_assert_int_le(fleet->rack_count, FLOOR_RACKS);
    ck_assert_int_le(fleet->host_count, FLOOR_HOSTS);
    ck_assert_int_le(fleet->tenant_count, FLOOR_TENANTS);
    return (struct floor){.fleet = fleet};
}

static int segment_of(const struct job_spec *spec)
{
    return spec->segment > 0 ? spec->segment : 1;
}

/* So many tasks of the job on that rack: what they draw, cost and weigh. */
static void add_tasks(struct floor *floor, const struct job_spec *spec, int rack, int count)
{
    const struct fleet *fleet = floor->fleet;
    const struct system *system = fleet_rack_system(fleet, rack);
    const struct fleet_site *site = &fleet->sites[fleet->racks[rack].site];
    double part = (double)count * spec->chips_per_task / system_chip_count(system);
    double kw = fmax(0, system->power_kw * spec->power_frac - system->idle_kw) * part;
    double share = part * fleet->racks[rack].usd_per_hour;
    double fleet_usd = 0;
    double fleet_chips = 0;
    int tenant = tenant_of(fleet, spec);

    for (int r = 0; r < fleet->rack_count; r++) {
        fleet_usd += fleet->racks[r].usd_per_hour;
        fleet_chips += system_chip_count(fleet_rack_system(fleet, r));
    }
    share = fleet_usd > 0 ? share / fleet_usd : part * system_chip_count(system) / fleet_chips;
    floor->busy_kw[rack] += kw;
    floor->usd_per_hour[tenant] += part * fleet->racks[rack].usd_per_hour +
                                   kw * site->pue * site->usd_per_mwh / 1000;
    floor->share[tenant] += share;
    if (!spec->is_interruptible)
        floor->firm_share[tenant] += share;
}

static bool allows(const struct job_spec *spec, const struct system *system, double *throughput)
{
    *throughput = 1;
    for (size_t i = 0; i < spec->system_count; i++)
        if (str_equal(spec->systems[i].id, system->id)) {
            *throughput = spec->systems[i].throughput;
            return true;
        }
    return spec->system_count == 0;
}

void floor_add(struct floor *floor, const struct gang *gang)
{
    const struct fleet *fleet = floor->fleet;
    const struct job_spec *spec = gang->spec;
    int tasks_on[FLOOR_RACKS] = {0};
    double throughput;
    int first;

    ck_assert_int_eq(gang->placement->task_count, spec->tasks);
    first = fleet->host_rack[gang->placement->tasks[0].host];
    ck_assert(allows(spec, fleet_rack_system(fleet, first), &throughput));
    for (int i = 0; i < spec->tasks; i++) {
        const struct task_place *task = &gang->placement->tasks[i];
        int rack = fleet->host_rack[task->host];
        const struct system *system = fleet_rack_system(fleet, rack);

        ck_assert_int_eq(fleet->racks[rack].site, fleet->racks[first].site);
        ck_assert_ptr_eq(system, fleet_rack_system(fleet, first));
        ck_assert_int_eq(__builtin_popcountll(task->chips), spec->chips_per_task);
        ck_assert_uint_eq(task->chips >> system->chips_per_host, 0);
        ck_assert_msg((floor->used[task->host] & task->chips) == 0,
            "gang %lld stands on another's chips", (long long)gang->id);
        floor->used[task->host] |= task->chips;
        tasks_on[rack]++;
    }
    for (int rack = 0; rack < fleet->rack_count; rack++) {
        ck_assert_int_eq(tasks_on[rack] % segment_of(spec), 0);
        add_tasks(floor, spec, rack, tasks_on[rack]);
    }
}

/* Is every limit kept, at all that gangs add to, but for rounding of either sign? */
static bool keeps_power(const struct floor *floor, double margin)
{
    const struct fleet *f = floor->fleet;
    double kw[3][FLOOR_RACKS] = {0}; /* of feed, hall, site */
    double busy[3][FLOOR_RACKS] = {0};

    for (int r = 0; r < f->rack_count; r++) {
        double rack_kw = fleet_rack_system(f, r)->idle_kw + floor->busy_kw[r];
        int places[3] = {f->racks[r].feed, f->racks[r].hall, f->racks[r].site};

        if (floor->busy_kw[r] > 0 && rack_kw > f->racks[r].power_kw + margin)
            return false;
        for (int level = 0; level < 3; level++) {
            kw[level][places[level]] += rack_kw;
            busy[level][places[level]] += floor->busy_kw[r];
        }
    }
    for (int i = 0; i < f->feed_count; i++)
        if (busy[0][i] > 0 && kw[0][i] > f->feeds[i].power_kw + margin)
            return false;
    for (int i = 0; i < f->hall_count; i++)
        if (busy[1][i] > 0 && kw[1][i] > f->halls[i].power_kw + margin)
            return false;
    for (int i = 0; i < f->site_count; i++)
        if (busy[2][i] > 0 && kw[2][i] * f->sites[i].pue > f->sites[i].power_kw + margin)
            return false;
    return true;
}

static double share_of(const struct fleet *fleet, int tenant)
{
    return tenant < fleet->tenant_count ? fleet->tenants[tenant].share : 0;
}

static double budget_of(const struct fleet *fleet, int tenant)
{
    return tenant < fleet->tenant_count ? fleet->tenants[tenant].usd_per_hour : INFINITY;
}

void floor_assert_limits(const struct floor *floor, uint64_t seed)
{
    ck_assert_msg(
        keeps_power(floor, 1e-5), "seed %llu: past a power limit", (unsigned long long)seed);
    for (int t = 0; t <= FLOOR_TENANTS; t++) {
        ck_assert_msg(floor->usd_per_hour[t] <= budget_of(floor->fleet, t) + 1e-6,
            "seed %llu: tenant %d is past its budget", (unsigned long long)seed, t);
        ck_assert_msg(floor->fleet->tenant_count == 0 ||
                          floor->firm_share[t] <= share_of(floor->fleet, t) + 1e-9,
            "seed %llu: tenant %d is past its share", (unsigned long long)seed, t);
    }
}

/* The place of a rack in that sense; -1 without spread. */
static int place_of(const struct fleet *fleet, int rack, enum job_spread spread)
{
    switch (spread) {
    case JOB_SPREAD_NONE:
        return -1;
    case JOB_SPREAD_RACK:
        return rack;
    case JOB_SPREAD_FEED:
        return fleet->racks[rack].feed;
    case JOB_SPREAD_HALL:
        return fleet->racks[rack].hall;
    case JOB_SPREAD_SITE:
        return fleet->racks[rack].site;
    }
    return -1;
}

/* --- Every way for one more */

struct ways {
    struct floor floor;
    const struct job_spec *spec;
    const struct gang *gang; /* NULL: systems that are never are tried too */
    const struct system *system;
    double throughput;
    const struct floor_spread *spread;
    int only_place; /* of the spread's kind; -1: anywhere */
    bool with_money;
    double usd_before;
};

static int room_for_tasks(const struct ways *w, int rack)
{
    const struct fleet_rack *r = &w->floor.fleet->racks[rack];
    int room = 0;

    for (int h = r->first_host; h < r->first_host + r->host_count; h++)
        room += (w->system->chips_per_host - __builtin_popcountll(w->floor.used[h])) /
                w->spec->chips_per_task;
    return room;
}

static bool keeps_money(const struct ways *w)
{
    const struct fleet *fleet = w->floor.fleet;
    int tenant = tenant_of(fleet, w->spec);
    double usd = w->floor.usd_per_hour[tenant];

    if (!w->with_money)
        return true;
    if (w->spec->value_usd_per_hour * w->throughput < usd - w->usd_before + 1e-6)
        return false;
    return usd <= budget_of(fleet, tenant) - 1e-6 &&
           (fleet->tenant_count == 0 || w->spec->is_interruptible ||
               w->floor.share[tenant] <= share_of(fleet, tenant) - 1e-9);
}

static bool may_use(const struct ways *w, int rack, int site)
{
    const struct fleet *fleet = w->floor.fleet;
    int place = place_of(fleet, rack, w->spread->spread);

    if (fleet->racks[rack].site != site || fleet_rack_system(fleet, rack) != w->system)
        return false;
    if (place < 0)
        return true;
    if (w->only_place >= 0)
        return place == w->only_place;
    return w->spread->at[place] < w->spread->most;
}

/* Can the segments left stand on racks from `rack` on, in that site? */
static bool try_racks(struct ways *w, int rack, int site, int left)
{
    int segment = segment_of(w->spec);
    struct floor before = w->floor;
    int room;

    if (left == 0)
        return keeps_power(&w->floor, -1e-5) && keeps_money(w);
    if (rack == w->floor.fleet->rack_count)
        return false;
    if (try_racks(w, rack + 1, site, left))
        return true;
    if (!may_use(w, rack, site))
        return false;
    room = room_for_tasks(w, rack) / segment;
    for (int n = 1; n <= room && n <= left; n++) {
        bool is_found;

        add_tasks(&w->floor, w->spec, rack, n * segment);
        is_found = try_racks(w, rack + 1, site, left - n);
        w->floor = before;
        if (is_found)
            return true;
    }
    return false;
}

static bool is_never(const struct gang *gang, int system)
{
    for (int i = 0; i < gang->shape->system_count; i++)
        if (gang->shape->systems[i].system == system)
            return gang->shape->systems[i].never != NULL;
    return true;
}

static bool stands(struct ways *w)
{
    const struct fleet *fleet = w->floor.fleet;

    w->usd_before = w->floor.usd_per_hour[tenant_of(fleet, w->spec)];
    for (int r = 0; r < fleet->rack_count; r++) {
        w->system = fleet_rack_system(fleet, r);
        if (allows(w->spec, w->system, &w->throughput) &&
            (w->gang == NULL || !is_never(w->gang, fleet->racks[r].system)) &&
            try_racks(w, 0, fleet->racks[r].site, w->spec->tasks / segment_of(w->spec)))
            return true;
    }
    return false;
}

/* How many places could hold the gang on the empty fleet, on systems that it may ever run on. */
static int count_places(const struct fleet *fleet, const struct gang *gang)
{
    const struct job_spec *spec = gang->spec;
    int places = 0;

    for (int i = 0; i < fleet->rack_count; i++) {
        struct floor_spread spread = {.spread = spec->spread};
        struct ways w = {.floor = floor_make(fleet),
            .spec = spec,
            .gang = gang,
            .spread = &spread,
            .only_place = i};

        places += stands(&w);
    }
    return places;
}

struct floor_spread floor_spread_of(
    const struct fleet *fleet, const struct core *core, const struct gang *gang)
{
    const struct job_spec *spec = gang->spec;
    struct floor_spread spread = {
        .spread = spec->replicas_max > 0 ? spec->spread : JOB_SPREAD_NONE};
    int places;

    if (spread.spread == JOB_SPREAD_NONE)
        return spread;
    places = count_places(fleet, gang);
    spread.most = places > 0 ? (spec->replicas_max + places - 1) / places : spec->replicas_max;
    for (size_t i = 0; i < core_gang_count(core); i++) {
        const struct gang *other = core_gang_at(core, i);
        bool is_seen[FLOOR_RACKS] = {false};

        if (other->job != gang->job || other->placement == NULL)
            continue;
        for (int k = 0; k < other->placement->task_count; k++) {
            int rack = fleet->host_rack[other->placement->tasks[k].host];
            int place = place_of(fleet, rack, spread.spread);

            spread.at[place] += !is_seen[place];
            is_seen[place] = true;
        }
    }
    return spread;
}

bool floor_fits(
    const struct floor *floor, const struct job_spec *spec, const struct floor_spread *spread)
{
    struct ways w = {
        .floor = *floor, .spec = spec, .spread = spread, .only_place = -1, .with_money = true};

    return stands(&w);
}
