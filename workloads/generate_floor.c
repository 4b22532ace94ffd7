/* The fleet as the generator sees it: kinds of system with counts, speeds and costs. */
#include "workloads/generate_private.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"

/* TFLOPS that training reaches, in the precision that most of it uses now. */
static double chip_speed(const struct chip *chip)
{
    static const enum precision by_use[] = {
        PRECISION_FP8, PRECISION_BF16, PRECISION_FP16, PRECISION_FP32};

    for (size_t i = 0; i < sizeof by_use / sizeof *by_use; i++)
        if (chip->peak_tflops[by_use[i]] > 0)
            return chip->peak_tflops[by_use[i]] * chip->mfu;
    return 1;
}

static double rack_usd_per_hour(const struct fleet *fleet, int rack)
{
    const struct fleet_site *site = &fleet->sites[fleet->racks[rack].site];

    return fleet->racks[rack].usd_per_hour + fleet_rack_system(fleet, rack)->power_kw * site->pue *
                                                 site->usd_per_mwh / UNITS_KWH_PER_MWH;
}

static struct generate_kind *kind_of_rack(
    struct generate_floor *floor, const struct fleet *fleet, int rack, struct arena *arena)
{
    const struct system *system = fleet_rack_system(fleet, rack);
    struct generate_kind *kind = floor->kinds;

    while (kind < floor->kinds + floor->kind_count && !str_equal(kind->id, system->id))
        kind++;
    if (kind == floor->kinds + floor->kind_count) {
        floor->kind_count++;
        *kind = (struct generate_kind){.id = arena_copy_text(arena, system->id),
            .stack = arena_copy_text(arena, system->chip->stack),
            .hosts_per_rack = system->host_count,
            .chips_per_host = system->chips_per_host,
            .speed = chip_speed(system->chip)};
    }
    return kind;
}

static void add_tenants(
    struct generate_floor *floor, const struct fleet *fleet, struct arena *arena)
{
    size_t size = (size_t)fleet->tenant_count + 1;

    floor->tenants = arena_zero(arena, size, sizeof *floor->tenants);
    floor->tenant_shares = arena_zero(arena, size, sizeof *floor->tenant_shares);
    for (int i = 0; i < fleet->tenant_count; i++)
        if (fleet->tenants[i].share > 0) {
            floor->tenants[floor->tenant_count] = arena_copy_text(arena, fleet->tenants[i].id);
            floor->tenant_shares[floor->tenant_count++] = fleet->tenants[i].share;
        }
    if (floor->tenant_count == 0) {
        floor->tenants[0] = "default";
        floor->tenant_shares[0] = 1;
        floor->tenant_count = 1;
    }
}

void generate_floor_init(
    struct generate_floor *floor, const struct fleet *fleet, struct arena *arena)
{
    int *site_racks = arena_zero(arena, fleet->catalog.system_count, sizeof *site_racks);
    int site = -1;

    *floor = (struct generate_floor){
        .kinds = arena_zero(arena, fleet->catalog.system_count, sizeof *floor->kinds),
        .large_factor = 1};
    for (int r = 0; r < fleet->rack_count; r++) {
        struct generate_kind *kind = kind_of_rack(floor, fleet, r, arena);
        int *racks = &site_racks[kind - floor->kinds];

        if (fleet->racks[r].site != site) { /* racks stand in order of their sites */
            for (size_t k = 0; k < fleet->catalog.system_count; k++)
                site_racks[k] = 0;
            site = fleet->racks[r].site;
        }
        if (++*racks > kind->largest_site_racks)
            kind->largest_site_racks = *racks;
        kind->chip_count += (int64_t)kind->hosts_per_rack * kind->chips_per_host;
        kind->usd_per_chip_hour += rack_usd_per_hour(fleet, r); /* a sum, until the last rack */
        floor->usd_per_hour += fleet->racks[r].usd_per_hour;
    }
    for (int k = 0; k < floor->kind_count; k++) {
        floor->kinds[k].usd_per_chip_hour /= (double)floor->kinds[k].chip_count;
        floor->chip_count += floor->kinds[k].chip_count;
    }
    add_tenants(floor, fleet, arena);
}
