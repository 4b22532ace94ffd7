/* The ledger's money: what holders cost, and what part of the fleet a tenant holds. */
#include "base/mem.h"
#include "base/units.h"
#include "scheduler/ledger_private.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ledger_money_create(struct ledger *ledger)
{
    const struct fleet *fleet = ledger->fleet;

    ledger->tenants = mem_zero((size_t)fleet->tenant_count + 1, sizeof *ledger->tenants);
    for (int r = 0; r < fleet->rack_count; r++) {
        ledger->fleet_usd_per_hour += fleet->racks[r].usd_per_hour;
        ledger->fleet_chip_count += ledger_rack_kind(ledger, r)->chip_count;
    }
}

/* Where all racks are free of charge, every chip weighs the same. */
double ledger_chip_share(const struct ledger *ledger, int rack)
{
    if (ledger->fleet_usd_per_hour <= 0)
        return 1.0 / (double)ledger->fleet_chip_count;
    return ledger->fleet->racks[rack].usd_per_hour / ledger_rack_kind(ledger, rack)->chip_count /
           ledger->fleet_usd_per_hour;
}

static double energy_usd_per_hour(const struct fleet_site *site, double it_kw)
{
    return it_kw * site->pue * site->usd_per_mwh / UNITS_KW_PER_MW;
}

/* --- A tenant's accounts. Those not listed in the fleet share the last one. */

static struct ledger_tenant *tenant_of(const struct ledger *ledger, int tenant)
{
    return &ledger->tenants[tenant >= 0 ? tenant : ledger->fleet->tenant_count];
}

static void sum_block(struct ledger_tenant *tenant, size_t block)
{
    size_t end = (block + 1) * LEDGER_ACCOUNTS_A_BLOCK;
    struct ledger_sums sums = {0, 0};

    if (end > tenant->account_count)
        end = tenant->account_count;
    for (size_t i = block * LEDGER_ACCOUNTS_A_BLOCK; i < end; i++) {
        sums.usd_per_hour += tenant->accounts[i].usd_per_hour;
        sums.share += tenant->accounts[i].share;
    }
    tenant->blocks[block] = sums;
}

static struct ledger_sums sum_tenant(const struct ledger_tenant *tenant)
{
    struct ledger_sums sums = {0, 0};

    for (size_t b = 0; b * LEDGER_ACCOUNTS_A_BLOCK < tenant->account_count; b++) {
        sums.usd_per_hour += tenant->blocks[b].usd_per_hour;
        sums.share += tenant->blocks[b].share;
    }
    return sums;
}

/* From whole chip counts by rack. */
static void reckon(const struct ledger *ledger, struct ledger_held *held)
{
    const struct fleet *fleet = ledger->fleet;
    double kw = 0;
    int site = LEDGER_NONE;

    held->usd_per_hour = 0;
    held->share = 0;
    for (int s = held->first_stake; s != LEDGER_NONE; s = ledger->stakes[s].next_of_holder) {
        const struct ledger_stake *stake = &ledger->stakes[s];
        const struct fleet_rack *rack = &fleet->racks[stake->rack];

        held->usd_per_hour += stake->chip_count * rack->usd_per_hour /
                              ledger_rack_kind(ledger, stake->rack)->chip_count;
        held->share += stake->chip_count * ledger_chip_share(ledger, stake->rack);
        kw += ledger_stake_kw(ledger, stake);
        site = rack->site;
    }
    if (site != LEDGER_NONE)
        held->usd_per_hour += energy_usd_per_hour(&fleet->sites[site], kw);
}

void ledger_refresh_account(struct ledger *ledger, int slot)
{
    struct ledger_held *held = &ledger->held[slot];
    struct ledger_tenant *tenant = tenant_of(ledger, held->holder.shape->tenant);

    reckon(ledger, held);
    tenant->accounts[held->account] = (struct ledger_account){.slot = slot,
        .usd_per_hour = held->usd_per_hour,
        .share = held->holder.is_borrowing ? 0 : held->share};
    sum_block(tenant, (size_t)held->account / LEDGER_ACCOUNTS_A_BLOCK);
}

void ledger_open_account(struct ledger *ledger, int slot)
{
    struct ledger_held *held = &ledger->held[slot];
    struct ledger_tenant *tenant = tenant_of(ledger, held->holder.shape->tenant);
    size_t block = tenant->account_count / LEDGER_ACCOUNTS_A_BLOCK;

    tenant->accounts = mem_grow(tenant->accounts, tenant->account_count, &tenant->account_capacity,
        sizeof *tenant->accounts);
    tenant->blocks = mem_grow(
        tenant->blocks, block, &tenant->block_capacity, sizeof *tenant->blocks);
    held->account = (int)tenant->account_count++;
    ledger_refresh_account(ledger, slot);
}

void ledger_close_account(struct ledger *ledger, int slot)
{
    size_t hole = (size_t)ledger->held[slot].account;
    struct ledger_tenant *tenant = tenant_of(ledger, ledger->held[slot].holder.shape->tenant);
    size_t last = --tenant->account_count;

    tenant->accounts[hole] = tenant->accounts[last];
    ledger->held[tenant->accounts[hole].slot].account = (int)hole;
    sum_block(tenant, hole / LEDGER_ACCOUNTS_A_BLOCK);
    sum_block(tenant, last / LEDGER_ACCOUNTS_A_BLOCK);
}

/* --- Looking */

double ledger_tenant_usd_per_hour(const struct ledger *ledger, int tenant)
{
    return sum_tenant(tenant_of(ledger, tenant)).usd_per_hour;
}

double ledger_tenant_share(const struct ledger *ledger, int tenant)
{
    return sum_tenant(tenant_of(ledger, tenant)).share;
}

double ledger_tenant_usd_limit(const struct ledger *ledger, int tenant)
{
    return tenant >= 0 ? ledger->fleet->tenants[tenant].usd_per_hour : INFINITY;
}

double ledger_tenant_share_limit(const struct ledger *ledger, int tenant)
{
    if (ledger->fleet->tenant_count == 0)
        return INFINITY;
    return tenant >= 0 ? ledger->fleet->tenants[tenant].share : 0;
}

double ledger_holder_usd_per_hour(const struct ledger *ledger, holder_id id)
{
    int slot = id_map_find(&ledger->ids, id);

    assert(slot != LEDGER_NONE);
    return ledger->held[slot].usd_per_hour;
}

double ledger_holder_share(const struct ledger *ledger, holder_id id)
{
    int slot = id_map_find(&ledger->ids, id);

    assert(slot != LEDGER_NONE);
    return ledger->held[slot].share;
}

void ledger_repay(struct ledger *ledger, holder_id id)
{
    int slot = id_map_find(&ledger->ids, id);

    assert(slot != LEDGER_NONE);
    ledger->held[slot].holder.is_borrowing = false;
    ledger_refresh_account(ledger, slot);
    ledger_note_money(ledger, slot);
}

void ledger_price_placement(
    const struct ledger *ledger, const struct shape *shape, struct placement *placement)
{
    const struct fleet *fleet = ledger->fleet;
    const struct shape_system *system = &shape->systems[placement->system];
    struct task_place *copy = NULL;
    int count = placement->task_count;
    const struct task_place *places = ledger_sort_places(placement->tasks, count, &copy);

    placement->kw = shape_kw(system);
    placement->usd_per_hour = energy_usd_per_hour(&fleet->sites[placement->site], placement->kw);
    for (int i = 0, run; i < count; i += run) {
        int rack = fleet->host_rack[places[i].host];

        run = ledger_rack_run(fleet, places + i, count - i);
        placement->usd_per_hour += (double)run * system->chips_per_task *
                                   fleet->racks[rack].usd_per_hour /
                                   ledger_rack_kind(ledger, rack)->chip_count;
    }
    mem_free(copy);
}

double ledger_share_weight(
    const struct ledger *ledger, const struct placement *placement, const struct shape *shape)
{
    const struct fleet *fleet = ledger->fleet;
    int chips_per_task = shape->systems[placement->system].chips_per_task;
    struct task_place *copy = NULL;
    int count = placement->task_count;
    const struct task_place *places = ledger_sort_places(placement->tasks, count, &copy);
    double share = 0;

    for (int i = 0, run; i < count; i += run) {
        run = ledger_rack_run(fleet, places + i, count - i);
        share += (double)run * chips_per_task *
                 ledger_chip_share(ledger, fleet->host_rack[places[i].host]);
    }
    mem_free(copy);
    return share;
}

/* --- Invariant 3 */

/* Dollars and shares are sums of products of given figures: equal up to rounding alone. */
bool ledger_money_holds(double value, double limit)
{
    return value <= limit * (1 + UNITS_POWER_TOLERANCE_REL) + 1e-12;
}

static void note(struct ledger *ledger, int slot, enum blocked_by by, double needs, double has)
{
    ledger->went_past = true;
    ledger->past_holder = ledger->held[slot].holder.id;
    ledger->past = (struct block){.by = by,
        .where = LEDGER_NONE,
        .needs = needs,
        .has = has,
        .unit = by == BLOCKED_BUDGET ? "USD/h" : "share"};
}

void ledger_note_money(struct ledger *ledger, int slot)
{
    const struct holder *holder = &ledger->held[slot].holder;
    int tenant = holder->shape->tenant;
    struct ledger_sums sums = sum_tenant(tenant_of(ledger, tenant));
    double usd_limit = ledger_tenant_usd_limit(ledger, tenant);
    double share_limit = ledger_tenant_share_limit(ledger, tenant);

    if (ledger->went_past)
        return;
    if (!ledger_money_holds(sums.usd_per_hour, usd_limit))
        note(ledger, slot, BLOCKED_BUDGET, sums.usd_per_hour, usd_limit);
    else if (!holder->is_borrowing && !ledger_money_holds(sums.share, share_limit))
        note(ledger, slot, BLOCKED_SHARE, sums.share, share_limit);
}
