#include "tests/support/fleet_builder.h"

#include "base/mem.h"

#include <math.h>

static const struct chip CHIP = {.id = "chip", .name = "chip", .vendor = "v", .stack = "s"};
static const struct power_mode MODES[] = {{"full", 1, 1}, {"capped", 0.8, 0.9}};

struct system fleet_builder_system(
    const char *id, int hosts, int chips_per_host, double power_kw, double idle_kw)
{
    return (struct system){.id = id,
        .name = id,
        .chip = &CHIP,
        .host_count = hosts,
        .chips_per_host = chips_per_host,
        .rack_count = 1,
        .power_kw = power_kw,
        .idle_kw = idle_kw,
        .availability = 1,
        .available_from = DATE_MONTH_NONE,
        .modes = MODES,
        .mode_count = 2};
}

static void make_places(struct fleet_builder *b, int halls, int feeds, int racks)
{
    struct fleet *fleet = &b->fleet;
    struct arena *arena = fleet->arena;

    for (int i = 0; i < fleet->site_count; i++)
        b->sites[i] = (struct fleet_site){.id = arena_format(arena, "s%d", i + 1),
            .power_kw = INFINITY,
            .pue = 1,
            .first_hall = i * halls,
            .hall_count = halls};
    for (int i = 0; i < fleet->hall_count; i++)
        b->halls[i] = (struct fleet_hall){.id = arena_format(arena, "h%d", i % halls + 1),
            .site = i / halls,
            .power_kw = INFINITY,
            .first_feed = i * feeds,
            .feed_count = feeds};
    for (int i = 0; i < fleet->feed_count; i++)
        b->feeds[i] = (struct fleet_feed){.id = arena_format(arena, "f%d", i % feeds + 1),
            .hall = i / feeds,
            .site = i / feeds / halls,
            .power_kw = INFINITY,
            .first_rack = i * racks,
            .rack_count = racks};
    for (int i = 0; i < fleet->rack_count; i++)
        b->racks[i] = (struct fleet_rack){.id = arena_format(arena, "r%d", i % racks + 1),
            .feed = i / racks,
            .hall = i / racks / feeds,
            .site = i / racks / feeds / halls};
}

struct fleet_builder *fleet_builder_make(
    int sites, int halls, int feeds, int racks, struct system system)
{
    struct fleet_builder *b = mem_zero(1, sizeof *b);
    struct fleet *fleet = &b->fleet;

    *fleet = (struct fleet){.name = "built",
        .path = "built.xml",
        .site_count = sites,
        .hall_count = sites * halls,
        .feed_count = sites * halls * feeds,
        .rack_count = sites * halls * feeds * racks,
        .default_wall_minutes = 10080,
        .arena = arena_create()};
    b->sites = arena_zero(fleet->arena, (size_t)fleet->site_count, sizeof *b->sites);
    b->halls = arena_zero(fleet->arena, (size_t)fleet->hall_count, sizeof *b->halls);
    b->feeds = arena_zero(fleet->arena, (size_t)fleet->feed_count, sizeof *b->feeds);
    b->racks = arena_zero(fleet->arena, (size_t)fleet->rack_count, sizeof *b->racks);
    make_places(b, halls, feeds, racks);
    (void)fleet_builder_add_system(b, system);
    return b;
}

int fleet_builder_add_system(struct fleet_builder *builder, struct system system)
{
    struct catalog *catalog = &builder->fleet.catalog;

    builder->systems[catalog->system_count] = system;
    return (int)catalog->system_count++;
}

void fleet_builder_add_tenant(
    struct fleet_builder *builder, const char *id, double share, double usd_per_hour)
{
    builder->tenants[builder->fleet.tenant_count++] = (struct fleet_tenant){
        .id = id, .share = share, .usd_per_hour = usd_per_hour};
}

const struct fleet *fleet_builder_finish(struct fleet_builder *builder)
{
    struct fleet *fleet = &builder->fleet;
    int *host_rack;

    for (int i = 0; i < fleet->rack_count; i++) {
        struct fleet_rack *rack = &builder->racks[i];
        const struct system *system = &builder->systems[rack->system];

        rack->first_host = fleet->host_count;
        rack->host_count = system->host_count;
        fleet->host_count += system->host_count;
        if (rack->power_kw <= 0)
            rack->power_kw = system->power_kw;
    }
    host_rack = arena_zero(fleet->arena, (size_t)fleet->host_count, sizeof *host_rack);
    for (int i = 0; i < fleet->rack_count; i++)
        for (int h = 0; h < builder->racks[i].host_count; h++)
            host_rack[builder->racks[i].first_host + h] = i;
    fleet->host_rack = host_rack;
    fleet->sites = builder->sites;
    fleet->halls = builder->halls;
    fleet->feeds = builder->feeds;
    fleet->racks = builder->racks;
    fleet->tenants = builder->tenants;
    fleet->catalog.systems = builder->systems;
    fleet->catalog.chips = &CHIP;
    fleet->catalog.chip_count = 1;
    return fleet;
}

void fleet_builder_destroy(struct fleet_builder *builder)
{
    if (builder == NULL)
        return;
    arena_destroy(builder->fleet.arena);
    mem_free(builder);
}

struct job_spec fleet_builder_job(int tasks, int chips_per_task, int segment)
{
    return (struct job_spec){.name = "job",
        .kind = JOB_TRAINING,
        .tenant = "default",
        .priority = 500,
        .value_usd_per_hour = NAN,
        .power_frac = 1,
        .tasks = tasks,
        .segment = segment,
        .chips_per_task = chips_per_task,
        .grace_seconds = 30,
        .lease_minutes = 15,
        .deadline_ms = INT64_MAX,
        .work_minutes = NAN};
}

struct job_system fleet_builder_row(
    const struct job_spec *spec, const char *system, double throughput)
{
    return (struct job_system){.id = system,
        .throughput = throughput,
        .tasks = spec->tasks,
        .segment = spec->segment,
        .chips_per_task = spec->chips_per_task,
        .command = spec->command};
}
