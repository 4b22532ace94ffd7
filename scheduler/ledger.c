/* The ledger's holdings: who holds which chips. Hosts, power and money each have their file. */
#include "scheduler/ledger.h"

#include "base/bits.h"
#include "base/mem.h"
#include "scheduler/ledger_private.h"

#include <assert.h>
#include <string.h>

const struct fleet *ledger_fleet(const struct ledger *ledger)
{
    return ledger->fleet;
}

const struct ledger_kind *ledger_rack_kind(const struct ledger *ledger, int rack)
{
    return &ledger->kinds[ledger->fleet->racks[rack].system];
}

const struct shape_system *ledger_holder_system(const struct holder *holder)
{
    return &holder->shape->systems[holder->shape_system];
}

static void create_kinds(struct ledger *ledger)
{
    const struct fleet *fleet = ledger->fleet;
    int first = 0;

    ledger->kinds = mem_zero(fleet->catalog.system_count, sizeof *ledger->kinds);
    ledger->kind_racks = mem_zero((size_t)fleet->rack_count, sizeof *ledger->kind_racks);
    for (int r = 0; r < fleet->rack_count; r++)
        ledger->kinds[fleet->racks[r].system].rack_count++;
    for (size_t k = 0; k < fleet->catalog.system_count; k++) {
        const struct system *system = &fleet->catalog.systems[k];
        struct ledger_kind *kind = &ledger->kinds[k];

        assert(system->chips_per_host <= 64);
        kind->chips_per_host = system->chips_per_host;
        kind->chip_count = system->host_count * system->chips_per_host;
        kind->all_chips = system->chips_per_host >= 64
                              ? UINT64_MAX
                              : ((uint64_t)1 << system->chips_per_host) - 1;
        kind->counts_cores = system->host_cores > 0 || system->host_memory_gb > 0;
        kind->cores_a_chip = system->host_cores / (double)system->chips_per_host;
        kind->memory_gb_a_chip = system->host_memory_gb / (double)system->chips_per_host;
        kind->first_rack = first;
        first += kind->rack_count;
        kind->rack_count = 0;
    }
    for (int r = 0; r < fleet->rack_count; r++) {
        struct ledger_kind *kind = &ledger->kinds[fleet->racks[r].system];

        ledger->kind_racks[kind->first_rack + kind->rack_count++] = r;
    }
}

struct ledger *ledger_create(const struct fleet *fleet, enum host_state initial)
{
    struct ledger *ledger = mem_zero(1, sizeof *ledger);

    ledger->fleet = fleet;
    ledger->free_held = LEDGER_NONE;
    ledger->free_holding = LEDGER_NONE;
    ledger->free_stake = LEDGER_NONE;
    create_kinds(ledger);
    ledger_hosts_create(ledger, initial);
    ledger_power_create(ledger);
    ledger_money_create(ledger);
    return ledger;
}

void ledger_destroy(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    for (size_t i = 0; i < ledger->held_count; i++)
        mem_free(ledger->held[i].places);
    for (int t = 0; t <= ledger->fleet->tenant_count; t++) {
        mem_free(ledger->tenants[t].accounts);
        mem_free(ledger->tenants[t].blocks);
    }
    for (int level = 0; level < LEDGER_LEVELS; level++) {
        mem_free(ledger->load_kw[level]);
        mem_free(ledger->limit_kw[level]);
    }
    mem_free(ledger->tenants);
    mem_free(ledger->held);
    mem_free(ledger->holdings);
    mem_free(ledger->stakes);
    mem_free(ledger->ids.keys);
    mem_free(ledger->ids.slots);
    mem_free(ledger->kinds);
    mem_free(ledger->kind_racks);
    mem_free(ledger->hosts);
    mem_free(ledger->racks);
    mem_free(ledger->bins);
    mem_free(ledger->host_cores_used);
    mem_free(ledger->host_memory_gb_used);
    mem_free(ledger);
}

static void *copy_array(const void *array, size_t count, size_t size)
{
    void *copy = mem_resize(NULL, count, size);

    if (count > 0)
        memcpy(copy, array, count * size);
    return copy;
}

static void copy_tenants(struct ledger *copy)
{
    size_t count = (size_t)copy->fleet->tenant_count + 1;

    copy->tenants = copy_array(copy->tenants, count, sizeof *copy->tenants);
    assert(copy->tenants != NULL);
    for (size_t t = 0; t < count; t++) {
        struct ledger_tenant *tenant = &copy->tenants[t];

        tenant->accounts = copy_array(
            tenant->accounts, tenant->account_capacity, sizeof *tenant->accounts);
        tenant->blocks = copy_array(tenant->blocks, tenant->block_capacity, sizeof *tenant->blocks);
    }
}

struct ledger *ledger_copy(const struct ledger *ledger)
{
    const struct fleet *fleet = ledger->fleet;
    struct ledger *copy = copy_array(ledger, 1, sizeof *ledger);
    size_t hosts = (size_t)fleet->host_count;

    copy->kinds = copy_array(copy->kinds, fleet->catalog.system_count, sizeof *copy->kinds);
    copy->kind_racks = copy_array(
        copy->kind_racks, (size_t)fleet->rack_count, sizeof *copy->kind_racks);
    copy->hosts = copy_array(copy->hosts, hosts, sizeof *copy->hosts);
    copy->racks = copy_array(copy->racks, (size_t)fleet->rack_count, sizeof *copy->racks);
    copy->bins = copy_array(copy->bins, (size_t)copy->bin_count, sizeof *copy->bins);
    if (ledger->host_cores_used != NULL) {
        copy->host_cores_used = copy_array(copy->host_cores_used, hosts, sizeof(double));
        copy->host_memory_gb_used = copy_array(copy->host_memory_gb_used, hosts, sizeof(double));
    }
    for (int level = 0; level < LEDGER_LEVELS; level++) {
        size_t count = (size_t)ledger_level_count(fleet, (enum power_level)level);

        copy->load_kw[level] = copy_array(copy->load_kw[level], count, sizeof(double));
        copy->limit_kw[level] = copy_array(copy->limit_kw[level], count, sizeof(double));
    }
    /* What there is, without the room to grow. */
    copy->held_capacity = copy->held_count;
    copy->holding_capacity = copy->holding_count;
    copy->stake_capacity = copy->stake_count;
    copy->held = copy_array(copy->held, copy->held_capacity, sizeof *copy->held);
    for (size_t i = 0; i < copy->held_count; i++)
        if (copy->held[i].holder.id != 0)
            copy->held[i].places = copy_array(copy->held[i].places,
                (size_t)copy->held[i].place_count, sizeof *copy->held[i].places);
    copy->holdings = copy_array(copy->holdings, copy->holding_capacity, sizeof *copy->holdings);
    copy->stakes = copy_array(copy->stakes, copy->stake_capacity, sizeof *copy->stakes);
    copy->ids.keys = copy_array(copy->ids.keys, copy->ids.capacity, sizeof *copy->ids.keys);
    copy->ids.slots = copy_array(copy->ids.slots, copy->ids.capacity, sizeof *copy->ids.slots);
    copy_tenants(copy);
    return copy;
}

/* --- Hold and release */

static int take_held(struct ledger *ledger)
{
    int slot = ledger->free_held;

    if (slot != LEDGER_NONE) {
        ledger->free_held = ledger->held[slot].next_free;
        return slot;
    }
    ledger->held = mem_grow(
        ledger->held, ledger->held_count, &ledger->held_capacity, sizeof *ledger->held);
    return (int)ledger->held_count++;
}

/* One host's tasks become a holding; returns the chips. */
static int hold_host(struct ledger *ledger, int slot, const struct task_place *places, int count)
{
    uint64_t chips = 0;

    for (int i = 0; i < count; i++) {
        assert((chips & places[i].chips) == 0);
        chips |= places[i].chips;
    }
    assert((ledger->hosts[places[0].host].held & chips) == 0);
    ledger_add_holding(ledger, slot, places[0].host, count, chips);
    return bits_count(chips);
}

static void hold_places(struct ledger *ledger, int slot, const struct task_place *places, int count)
{
    const struct fleet *fleet = ledger->fleet;
    struct ledger_touch touch = ledger_touch_begin();
    int last = LEDGER_NONE;

    for (int i = 0, rack_end; i < count; i = rack_end) {
        int rack = fleet->host_rack[places[i].host];
        int chip_count = 0;
        int stake;

        rack_end = i + ledger_rack_run(fleet, places + i, count - i);
        for (int h = i, run; h < rack_end; h += run) {
            run = ledger_host_run(places + h, rack_end - h);
            chip_count += hold_host(ledger, slot, places + h, run);
        }
        stake = ledger_add_stake(ledger, slot, rack, chip_count);
        if (last == LEDGER_NONE)
            ledger->held[slot].first_stake = stake;
        else
            ledger->stakes[last].next_of_holder = stake;
        last = stake;
        ledger_touch_rack(ledger, &touch, rack);
    }
    ledger_touch_end(ledger, &touch);
}

void ledger_hold(
    struct ledger *ledger, const struct holder *holder, const struct placement *placement)
{
    size_t count = (size_t)placement->task_count;
    struct task_place *copy = NULL;
    int slot = take_held(ledger);
    struct ledger_held *held = &ledger->held[slot];

    assert(holder->id > 0 && id_map_find(&ledger->ids, holder->id) == LEDGER_NONE);
    assert(placement->task_count > 0);
    *held = (struct ledger_held){.holder = *holder,
        .places = copy_array(placement->tasks, count, sizeof *placement->tasks),
        .place_count = placement->task_count,
        .first_stake = LEDGER_NONE};
    held->full_kw = ledger_full_kw(ledger, holder);
    id_map_add(&ledger->ids, holder->id, slot);
    hold_places(ledger, slot, ledger_sort_places(placement->tasks, placement->task_count, &copy),
        placement->task_count);
    ledger_open_account(ledger, slot);
    if (!holder->is_adopted) {
        ledger_note_power(ledger, slot);
        ledger_note_money(ledger, slot);
    }
    mem_free(copy);
}

/* The slot must hold nothing any more. */
static void give_back_slot(struct ledger *ledger, int slot)
{
    struct ledger_held *held = &ledger->held[slot];

    ledger_close_account(ledger, slot);
    id_map_remove(&ledger->ids, held->holder.id);
    mem_free(held->places);
    *held = (struct ledger_held){.next_free = ledger->free_held};
    ledger->free_held = slot;
}

void ledger_release(struct ledger *ledger, holder_id id)
{
    int slot = id_map_find(&ledger->ids, id);
    struct ledger_touch touch = ledger_touch_begin();
    const struct ledger_held *held;

    assert(slot != LEDGER_NONE);
    held = &ledger->held[slot];
    /* Tasks of a host need not stand in a row; a holding goes once. */
    for (int i = 0; i < held->place_count; i++)
        if (i == 0 || held->places[i].host != held->places[i - 1].host)
            ledger_remove_holding(ledger, slot, held->places[i].host);
    for (int stake = held->first_stake, next; stake != LEDGER_NONE; stake = next) {
        int rack = ledger->stakes[stake].rack;

        next = ledger->stakes[stake].next_of_holder;
        ledger_remove_stake(ledger, stake);
        ledger_touch_rack(ledger, &touch, rack);
    }
    ledger_touch_end(ledger, &touch);
    give_back_slot(ledger, slot);
}

/* Take the places on a host out of the holder's; returns how many chips they were. */
static int drop_places(struct ledger_held *held, int host)
{
    int kept = 0;
    int chip_count = 0;

    for (int i = 0; i < held->place_count; i++) {
        if (held->places[i].host == host)
            chip_count += bits_count(held->places[i].chips);
        else
            held->places[kept++] = held->places[i];
    }
    held->is_partial = held->is_partial || kept < held->place_count;
    held->place_count = kept;
    return chip_count;
}

static bool has_places_in(const struct ledger *ledger, const struct ledger_held *held, int rack)
{
    for (int i = 0; i < held->place_count; i++)
        if (ledger->fleet->host_rack[held->places[i].host] == rack)
            return true;
    return false;
}

static int *find_holder_link(struct ledger *ledger, struct ledger_held *held, int rack)
{
    int *link = &held->first_stake;

    while (*link != LEDGER_NONE && ledger->stakes[*link].rack != rack)
        link = &ledger->stakes[*link].next_of_holder;
    return link;
}

void ledger_release_host(struct ledger *ledger, holder_id id, int host)
{
    int slot = id_map_find(&ledger->ids, id);
    int rack = ledger->fleet->host_rack[host];
    struct ledger_touch touch = ledger_touch_begin();
    struct ledger_held *held;
    int *link;
    int stake;

    assert(slot != LEDGER_NONE);
    held = &ledger->held[slot];
    link = find_holder_link(ledger, held, rack);
    stake = *link;
    if (stake == LEDGER_NONE)
        return;
    ledger->stakes[stake].chip_count -= drop_places(held, host);
    ledger_remove_holding(ledger, slot, host);
    if (!has_places_in(ledger, held, rack)) {
        *link = ledger->stakes[stake].next_of_holder;
        ledger_remove_stake(ledger, stake);
    }
    ledger_touch_rack(ledger, &touch, rack);
    ledger_touch_end(ledger, &touch);
    if (held->place_count == 0)
        give_back_slot(ledger, slot);
    else
        ledger_refresh_account(ledger, slot);
}

void ledger_set_mode(struct ledger *ledger, holder_id id, int mode)
{
    int slot = id_map_find(&ledger->ids, id);
    struct ledger_touch touch = ledger_touch_begin();
    struct ledger_held *held;
    double before_kw;

    assert(slot != LEDGER_NONE);
    held = &ledger->held[slot];
    before_kw = held->full_kw;
    held->holder.mode = mode;
    held->full_kw = ledger_full_kw(ledger, &held->holder);
    for (int s = held->first_stake; s != LEDGER_NONE; s = ledger->stakes[s].next_of_holder)
        ledger_touch_rack(ledger, &touch, ledger->stakes[s].rack);
    ledger_touch_end(ledger, &touch);
    ledger_refresh_account(ledger, slot);
    if (held->full_kw > before_kw)
        ledger_note_power(ledger, slot);
}

/* --- Looking */

const struct holder *ledger_find_holder(const struct ledger *ledger, holder_id id)
{
    int slot = id_map_find(&ledger->ids, id);

    return slot == LEDGER_NONE ? NULL : &ledger->held[slot].holder;
}

const struct task_place *ledger_places(const struct ledger *ledger, holder_id id, int *count)
{
    int slot = id_map_find(&ledger->ids, id);

    assert(slot != LEDGER_NONE);
    *count = ledger->held[slot].place_count;
    return ledger->held[slot].places;
}
