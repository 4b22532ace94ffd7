/*
 * The ledger's invariants, from scratch: everything is reckoned again from the holders' places and
 * compared; nothing of what keeps the ledger up to date is used.
 */
#include "base/bits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "scheduler/ledger_private.h"

#include <math.h>
#include <stdbool.h>

/* How far two sums of the same numbers in another order may differ. */
#define SUM_TOLERANCE_REL 1e-9
#define SUM_TOLERANCE_ABS 1e-9

enum { PATH_SIZE = FLEET_NAME_SIZE };

/* What the holders' places come to. */
struct recount {
    const struct ledger *ledger;
    uint64_t *host_held;
    double *host_cores, *host_memory_gb;
    int *rack_tasks;
    double *rack_kw; /* added */
    struct ledger_sums *tenants;
    struct str broken;
};

static const char *host_name(const struct recount *r, int host, char *buffer)
{
    return fleet_host_name(r->ledger->fleet, host, buffer);
}

static void recount_place(struct recount *r, const struct ledger_held *held, int index)
{
    const struct task_place *place = &held->places[index];
    const struct shape_system *wants = ledger_holder_system(&held->holder);
    int rack = r->ledger->fleet->host_rack[place->host];
    const struct ledger_kind *kind = ledger_rack_kind(r->ledger, rack);
    int chip_count = bits_count(place->chips);
    char name[PATH_SIZE];

    if ((r->host_held[place->host] & place->chips) != 0)
        str_format(&r->broken, "%s: a chip of holder %lld has another owner; ",
            host_name(r, place->host, name), (long long)held->holder.id);
    if ((place->chips & ~kind->all_chips) != 0 || chip_count != wants->chips_per_task)
        str_format(&r->broken, "%s: holder %lld has %d chips there for a task of %d; ",
            host_name(r, place->host, name), (long long)held->holder.id, chip_count,
            wants->chips_per_task);
    r->host_held[place->host] |= place->chips;
    r->host_cores[place->host] += wants->cores_per_task;
    r->host_memory_gb[place->host] += wants->memory_gb_per_task;
    r->rack_tasks[rack]++;
    r->rack_kw[rack] += held->full_kw * chip_count / kind->chip_count;
}

static void recount_money(struct recount *r, const struct ledger_held *held)
{
    const struct fleet *fleet = r->ledger->fleet;
    int tenant = held->holder.shape->tenant;
    struct ledger_sums *sums = &r->tenants[tenant >= 0 ? tenant : fleet->tenant_count];

    for (int i = 0; i < held->place_count; i++) {
        int index = fleet->host_rack[held->places[i].host];
        const struct fleet_rack *rack = &fleet->racks[index];
        const struct fleet_site *site = &fleet->sites[rack->site];
        int chip_count = bits_count(held->places[i].chips);
        double part = (double)chip_count / ledger_rack_kind(r->ledger, index)->chip_count;

        sums->usd_per_hour += part * rack->usd_per_hour + held->full_kw * part * site->pue *
                                                              site->usd_per_mwh / UNITS_KW_PER_MW;
        if (!held->holder.is_borrowing)
            sums->share += chip_count * ledger_chip_share(r->ledger, index);
    }
}

/* A whole gang: all its tasks, on one kind of system in one site, each segment in one domain. */
static void check_gang(struct recount *r, const struct ledger_held *held)
{
    const struct fleet *fleet = r->ledger->fleet;
    const struct shape_system *wants = ledger_holder_system(&held->holder);
    const struct fleet_rack *first = &fleet->racks[fleet->host_rack[held->places[0].host]];

    if (!held->is_partial && held->place_count != wants->task_count)
        str_format(&r->broken, "holder %lld has %d tasks placed of %d; ",
            (long long)held->holder.id, held->place_count, wants->task_count);
    for (int i = 0; i < held->place_count; i++) {
        int rack = fleet->host_rack[held->places[i].host];
        /* After a part was released, ranks are not known any more. */
        bool is_bound = wants->is_domain_bound && !held->is_partial;
        int segment_start = i - i % wants->segment_tasks;

        if (fleet->racks[rack].site != first->site || fleet->racks[rack].system != wants->system)
            str_format(&r->broken, "holder %lld: task %d is on another site or system; ",
                (long long)held->holder.id, i);
        if (is_bound && fleet->host_rack[held->places[segment_start].host] != rack)
            str_format(&r->broken, "holder %lld: the segment of task %d crosses domains; ",
                (long long)held->holder.id, i);
    }
}

static void recount_holders(struct recount *r)
{
    const struct ledger *ledger = r->ledger;

    for (size_t s = 0; s < ledger->held_count; s++) {
        const struct ledger_held *held = &ledger->held[s];

        if (held->holder.id == 0)
            continue;
        if (id_map_find(&ledger->ids, held->holder.id) != (int)s)
            str_format(&r->broken, "holder %lld is not found; ", (long long)held->holder.id);
        if (held->full_kw != ledger_full_kw(ledger, &held->holder))
            str_format(&r->broken, "holder %lld has a stale load; ", (long long)held->holder.id);
        for (int i = 0; i < held->place_count; i++)
            recount_place(r, held, i);
        check_gang(r, held);
        recount_money(r, held);
    }
}

static bool is_near(double a, double b)
{
    return units_near(a, b, SUM_TOLERANCE_REL, SUM_TOLERANCE_ABS);
}

static void compare_host(struct recount *r, int host)
{
    const struct ledger *ledger = r->ledger;
    const struct ledger_host *record = &ledger->hosts[host];
    uint64_t all = ledger_rack_kind(ledger, ledger->fleet->host_rack[host])->all_chips;
    uint64_t usable = record->state == HOST_UP ? all & ~r->host_held[host] & ~record->bad : 0;
    char name[PATH_SIZE];

    if (record->held != r->host_held[host] || record->free != usable)
        str_format(&r->broken, "%s: held or free chips are not what holders have; ",
            host_name(r, host, name));
    if (ledger->host_cores_used != NULL && record->is_short &&
        !(is_near(ledger->host_cores_used[host], r->host_cores[host]) &&
            is_near(ledger->host_memory_gb_used[host], r->host_memory_gb[host])))
        str_format(
            &r->broken, "%s: cores or memory are not what holders use; ", host_name(r, host, name));
}

static void compare_rack(struct recount *r, int rack)
{
    const struct ledger *ledger = r->ledger;
    const struct ledger_rack *record = &ledger->racks[rack];
    const struct fleet_rack *of = &ledger->fleet->racks[rack];
    const struct system *system = &ledger->fleet->catalog.systems[of->system];
    int bins[65] = {0};
    int free_count = 0;
    bool is_powered = r->rack_tasks[rack] > 0;
    char path[PATH_SIZE];

    for (int h = of->first_host; h < of->first_host + of->host_count; h++) {
        int count = bits_count(ledger->hosts[h].free);

        bins[count]++;
        free_count += count;
        is_powered = is_powered || ledger->hosts[h].state != HOST_DOWN;
    }
    for (int f = 0; f <= system->chips_per_host; f++)
        if (bins[f] != ledger->bins[record->first_bin + f])
            free_count = LEDGER_NONE;
    if (free_count != record->free_chips)
        str_format(&r->broken, "%s: its counts of free chips are wrong; ",
            fleet_rack_path(ledger->fleet, rack, path));
    r->rack_kw[rack] += (is_powered ? system->idle_kw : 0) + record->excess_kw;
    if (!is_near(r->rack_kw[rack], ledger->load_kw[POWER_RACK][rack]))
        str_format(&r->broken, "%s: its load is %.17g kW, and its holders' %.17g; ",
            fleet_rack_path(ledger->fleet, rack, path), ledger->load_kw[POWER_RACK][rack],
            r->rack_kw[rack]);
}

/* What its racks have free, which is compared with their hosts, makes up a system's. */
static void compare_systems(struct recount *r)
{
    const struct ledger *ledger = r->ledger;

    for (size_t k = 0; k < ledger->fleet->catalog.system_count; k++) {
        int64_t free_chips = 0;

        for (int i = 0; i < ledger->fleet->rack_count; i++)
            if (ledger->fleet->racks[i].system == (int)k)
                free_chips += ledger->racks[i].free_chips;
        if (free_chips != ledger_system_free_chips(ledger, (int)k))
            str_format(&r->broken, "system %s: its count of free chips is wrong; ",
                ledger->fleet->catalog.systems[k].id);
    }
}

/* Feeds, halls and sites straight from the racks. */
static void compare_level(struct recount *r, enum power_level level)
{
    const struct ledger *ledger = r->ledger;
    int count = ledger_level_count(ledger->fleet, level);
    double *kw = mem_zero((size_t)count, sizeof *kw);

    for (int i = 0; i < ledger->fleet->rack_count; i++)
        kw[ledger_rack_at(ledger->fleet, i, level)] += r->rack_kw[i];
    for (int i = 0; i < count; i++) {
        double factor = level == POWER_SITE ? ledger->fleet->sites[i].pue : 1;

        if (!is_near(kw[i] * factor, ledger->load_kw[level][i]))
            str_format(&r->broken, "%s %d: its load is %.17g kW, and its racks' %.17g; ",
                POWER_LEVEL_NAMES[level], i, ledger->load_kw[level][i], kw[i] * factor);
    }
    mem_free(kw);
}

static void compare_tenants(struct recount *r)
{
    int count = r->ledger->fleet->tenant_count;

    for (int t = LEDGER_NONE; t < count; t++) {
        const struct ledger_sums *sums = &r->tenants[t >= 0 ? t : count];

        if (!is_near(sums->usd_per_hour, ledger_tenant_usd_per_hour(r->ledger, t)) ||
            !is_near(sums->share, ledger_tenant_share(r->ledger, t)))
            str_format(&r->broken, "tenant %d: its dollars or share are not its holders'; ", t);
    }
}

static void check_past(struct recount *r)
{
    const struct block *past = &r->ledger->past;

    if (r->ledger->went_past)
        str_format(&r->broken, "holder %lld took %s (at %d) to %.17g %s, past its limit of %.17g; ",
            (long long)r->ledger->past_holder, BLOCKED_BY_NAMES[past->by], past->where, past->needs,
            past->unit, past->has);
}

char *ledger_check(const struct ledger *ledger)
{
    const struct fleet *fleet = ledger->fleet;
    size_t hosts = (size_t)fleet->host_count;
    struct recount r = {.ledger = ledger,
        .host_held = mem_zero(hosts, sizeof(uint64_t)),
        .host_cores = mem_zero(hosts, sizeof(double)),
        .host_memory_gb = mem_zero(hosts, sizeof(double)),
        .rack_tasks = mem_zero((size_t)fleet->rack_count, sizeof(int)),
        .rack_kw = mem_zero((size_t)fleet->rack_count, sizeof(double)),
        .tenants = mem_zero((size_t)fleet->tenant_count + 1, sizeof(struct ledger_sums))};
    char *text;

    recount_holders(&r);
    for (int h = 0; h < fleet->host_count; h++)
        compare_host(&r, h);
    for (int i = 0; i < fleet->rack_count; i++)
        compare_rack(&r, i);
    compare_systems(&r);
    compare_level(&r, POWER_FEED);
    compare_level(&r, POWER_HALL);
    compare_level(&r, POWER_SITE);
    compare_tenants(&r);
    check_past(&r);
    text = r.broken.length > 0 ? mem_copy_text(r.broken.text) : NULL;
    str_fini(&r.broken);
    mem_free(r.host_held);
    mem_free(r.host_cores);
    mem_free(r.host_memory_gb);
    mem_free(r.rack_tasks);
    mem_free(r.rack_kw);
    mem_free(r.tenants);
    return text;
}
