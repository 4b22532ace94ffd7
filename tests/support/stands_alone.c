#include "tests/support/stands_alone.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { RACKS_MOST = 64, FEEDS_MOST = 8 };

struct count {
    const struct fleet *fleet;
    const struct gang *gang;
    const struct shape_system *system;
    double kw[RACKS_MOST];                /* added, by rack */
    double rack_usd_per_hour[RACKS_MOST]; /* of the chips held, by rack */
};

static bool money_holds(const struct count *c)
{
    const struct fleet *f = c->fleet;
    const struct fleet_tenant none = {.share = 0, .usd_per_hour = INFINITY};
    const struct fleet_tenant *tenant = &none;
    double fleet_usd = 0;
    double racks_usd = 0;
    double energy_usd = 0;

    for (int i = 0; i < f->tenant_count; i++)
        if (strcmp(f->tenants[i].id, c->gang->spec->tenant) == 0)
            tenant = &f->tenants[i];
    for (int r = 0; r < f->rack_count; r++) {
        fleet_usd += f->racks[r].usd_per_hour;
        racks_usd += c->rack_usd_per_hour[r];
        energy_usd += c->kw[r] * f->sites[f->racks[r].site].pue *
                      f->sites[f->racks[r].site].usd_per_mwh / 1000;
    }
    if (racks_usd + energy_usd > tenant->usd_per_hour + 1e-6)
        return false;
    /* A fleet that costs nothing is shared out by chips: not counted here. */
    return f->tenant_count == 0 || c->gang->spec->is_interruptible ||
           (fleet_usd > 0 && racks_usd / fleet_usd <= tenant->share + 1e-9);
}

static bool power_holds(const struct count *c)
{
    const struct fleet *f = c->fleet;
    double feed[FEEDS_MOST] = {0};
    double site[FEEDS_MOST] = {0};

    for (int r = 0; r < f->rack_count; r++) {
        double kw = fleet_rack_system(f, r)->idle_kw + c->kw[r];

        if (kw > f->racks[r].power_kw + 1e-5 && c->kw[r] > 0)
            return false;
        feed[f->racks[r].feed] += kw;
        site[f->racks[r].site] += kw;
    }
    for (int r = 0; r < f->rack_count; r++)
        if (c->kw[r] > 0 && (feed[f->racks[r].feed] > f->feeds[f->racks[r].feed].power_kw + 1e-5 ||
                                site[f->racks[r].site] * f->sites[f->racks[r].site].pue >
                                    f->sites[f->racks[r].site].power_kw + 1e-5))
            return false;
    return true;
}

/* Can the segments left stand on racks from `rack` on, in that site? */
static bool stands(struct count *c, int rack, int site, int left)
{
    const struct fleet *f = c->fleet;
    const struct job_spec *spec = c->gang->spec;
    int segment = spec->segment > 0 ? spec->segment : 1;
    const struct system *system;
    int room;

    if (left == 0)
        return power_holds(c) && money_holds(c);
    if (rack == f->rack_count)
        return false;
    if (stands(c, rack + 1, site, left))
        return true;
    if (f->racks[rack].site != site || f->racks[rack].system != c->system->system)
        return false;
    system = fleet_rack_system(f, rack);
    room = system->chips_per_host / spec->chips_per_task * system->host_count / segment;
    for (int n = 1; n <= room && n <= left; n++) {
        bool is_found;

        c->kw[rack] = fmax(0, system->power_kw * spec->power_frac - system->idle_kw) * n * segment *
                      spec->chips_per_task / system_chip_count(system);
        c->rack_usd_per_hour[rack] = f->racks[rack].usd_per_hour * n * segment *
                                     spec->chips_per_task / system_chip_count(system);
        is_found = stands(c, rack + 1, site, left - n);
        c->kw[rack] = c->rack_usd_per_hour[rack] = 0;
        if (is_found)
            return true;
    }
    return false;
}

bool stands_alone(
    const struct fleet *fleet, const struct gang *gang, const struct shape_system *system)
{
    struct count c = {.fleet = fleet, .gang = gang, .system = system};
    int segment = gang->spec->segment > 0 ? gang->spec->segment : 1;

    ck_assert_int_le(fleet->rack_count, RACKS_MOST);
    ck_assert_int_le(fleet->feed_count, FEEDS_MOST);
    for (int s = 0; s < fleet->site_count; s++)
        if (stands(&c, 0, s, gang->spec->tasks / segment))
            return true;
    return false;
}
