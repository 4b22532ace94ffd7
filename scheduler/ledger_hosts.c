/* The ledger's hosts: their state, their free chips, cores and memory, and each rack's counts of
 * hosts by free chips ("bins"), from which a rack's room for tasks comes without visiting hosts. */
#include "base/bits.h"
#include "base/mem.h"
#include "scheduler/ledger_private.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

/* What two sums of shares may differ by and still be equal: a share is a quotient of small whole
 * numbers, so this is far below any real difference. */
#define SHARE_SLACK 1e-9

const char *const HOST_STATE_NAMES[] = {"up", "suspect", "down", "drained", "unknown"};

static const struct system *host_system(const struct ledger *ledger, int host)
{
    const struct fleet *fleet = ledger->fleet;

    return &fleet->catalog.systems[fleet->racks[fleet->host_rack[host]].system];
}

void ledger_hosts_create(struct ledger *ledger, enum host_state initial)
{
    const struct fleet *fleet = ledger->fleet;
    bool counts_cores = false;

    ledger->hosts = mem_zero((size_t)fleet->host_count, sizeof *ledger->hosts);
    ledger->racks = mem_zero((size_t)fleet->rack_count, sizeof *ledger->racks);
    for (int r = 0; r < fleet->rack_count; r++) {
        struct ledger_rack *rack = &ledger->racks[r];

        rack->first_bin = ledger->bin_count;
        ledger->bin_count += ledger_rack_kind(ledger, r)->chips_per_host + 1;
        rack->first_stake = LEDGER_NONE;
        rack->down_count = initial == HOST_DOWN ? fleet->racks[r].host_count : 0;
        counts_cores = counts_cores || ledger_rack_kind(ledger, r)->counts_cores;
    }
    ledger->bins = mem_zero((size_t)ledger->bin_count, sizeof *ledger->bins);
    if (counts_cores) {
        ledger->host_cores_used = mem_zero((size_t)fleet->host_count, sizeof(double));
        ledger->host_memory_gb_used = mem_zero((size_t)fleet->host_count, sizeof(double));
    }
    for (int h = 0; h < fleet->host_count; h++) {
        ledger->hosts[h].first.slot = LEDGER_NONE;
        ledger->hosts[h].state = (uint8_t)initial;
        ledger->bins[ledger->racks[fleet->host_rack[h]].first_bin]++;
        ledger_refresh_host(ledger, h);
    }
}

/* A host's holdings, in order of holder id. */
static const struct ledger_holding *first_holding(const struct ledger *ledger, int host)
{
    const struct ledger_holding *first = &ledger->hosts[host].first;

    return first->slot == LEDGER_NONE ? NULL : first;
}

static const struct ledger_holding *next_holding(
    const struct ledger *ledger, const struct ledger_holding *holding)
{
    return holding->next == LEDGER_NONE ? NULL : &ledger->holdings[holding->next];
}

/* Sum what its holdings use; is it more than the share of the chips that they hold? */
static bool refresh_cores(struct ledger *ledger, const struct ledger_kind *kind, int host)
{
    double held = (double)bits_count(ledger->hosts[host].held) + SHARE_SLACK;
    double cores = 0;
    double memory_gb = 0;

    if (ledger->hosts[host].first.slot == LEDGER_NONE) {
        ledger->host_cores_used[host] = 0;
        ledger->host_memory_gb_used[host] = 0;
        return false;
    }
    for (const struct ledger_holding *holding = first_holding(ledger, host); holding != NULL;
         holding = next_holding(ledger, holding)) {
        const struct shape_system *wants = ledger_holder_system(
            &ledger->held[holding->slot].holder);

        cores += holding->task_count * wants->cores_per_task;
        memory_gb += holding->task_count * wants->memory_gb_per_task;
    }
    ledger->host_cores_used[host] = cores;
    ledger->host_memory_gb_used[host] = memory_gb;
    return (kind->cores_a_chip > 0 && cores > kind->cores_a_chip * held) ||
           (kind->memory_gb_a_chip > 0 && memory_gb > kind->memory_gb_a_chip * held);
}

/* Most hosts are all free or all taken. */
static int count_free(const struct ledger_kind *kind, uint64_t set)
{
    return set == 0 ? 0 : set == kind->all_chips ? kind->chips_per_host : bits_count(set);
}

void ledger_refresh_host(struct ledger *ledger, int host)
{
    int r = ledger->fleet->host_rack[host];
    struct ledger_kind *kind = &ledger->kinds[ledger->fleet->racks[r].system];
    struct ledger_host *record = &ledger->hosts[host];
    struct ledger_rack *rack = &ledger->racks[r];
    int *bins = &ledger->bins[rack->first_bin];
    int before = count_free(kind, record->free);
    bool was_short = record->is_short;
    int after;

    record->free = record->state == HOST_UP ? kind->all_chips & ~record->held & ~record->bad : 0;
    after = count_free(kind, record->free);
    bins[before]--;
    bins[after]++;
    rack->free_chips += after - before;
    kind->free_chips += after - before;
    record->is_short = kind->counts_cores && refresh_cores(ledger, kind, host);
    rack->short_count += (int)record->is_short - (int)was_short;
}

static void note_freed(struct ledger *ledger, int host)
{
    int system = ledger->fleet->racks[ledger->fleet->host_rack[host]].system;

    ledger->kinds[system].freed_stamp = ++ledger->last_stamp;
}

int64_t ledger_freed_stamp(const struct ledger *ledger, int system)
{
    return ledger->kinds[system].freed_stamp;
}

void ledger_set_freed_stamp(struct ledger *ledger, int system, int64_t stamp)
{
    ledger->kinds[system].freed_stamp = stamp;
}

/* --- Holdings */

static int take_holding(struct ledger *ledger)
{
    int index = ledger->free_holding;

    if (index != LEDGER_NONE) {
        ledger->free_holding = ledger->holdings[index].next;
        return index;
    }
    ledger->holdings = mem_grow(ledger->holdings, ledger->holding_count, &ledger->holding_capacity,
        sizeof *ledger->holdings);
    return (int)ledger->holding_count++;
}

static void give_back_holding(struct ledger *ledger, int index)
{
    ledger->holdings[index].next = ledger->free_holding;
    ledger->free_holding = index;
}

static holder_id id_of(const struct ledger *ledger, const struct ledger_holding *holding)
{
    return ledger->held[holding->slot].holder.id;
}

/* The link, after the first, at which a holder's holding is or belongs. */
static int *find_holding_link(struct ledger *ledger, struct ledger_holding *first, holder_id id)
{
    int *link = &first->next;

    while (*link != LEDGER_NONE && id_of(ledger, &ledger->holdings[*link]) < id)
        link = &ledger->holdings[*link].next;
    return link;
}

static void insert_holding(
    struct ledger *ledger, struct ledger_holding *first, struct ledger_holding holding)
{
    holder_id id = id_of(ledger, &holding);
    int index;
    int *link;

    if (first->slot == LEDGER_NONE) {
        *first = holding;
        return;
    }
    index = take_holding(ledger);
    if (id < id_of(ledger, first)) {
        ledger->holdings[index] = *first;
        *first = holding;
        first->next = index;
        return;
    }
    link = find_holding_link(ledger, first, id);
    holding.next = *link;
    ledger->holdings[index] = holding;
    *link = index;
}

void ledger_add_holding(struct ledger *ledger, int slot, int host, int task_count, uint64_t chips)
{
    struct ledger_host *record = &ledger->hosts[host];

    insert_holding(ledger, &record->first,
        (struct ledger_holding){
            .slot = slot, .next = LEDGER_NONE, .task_count = task_count, .chips = chips});
    record->held |= chips;
    ledger_refresh_host(ledger, host);
}

/* Its chips; false: it has none there. */
static bool take_out_holding(
    struct ledger *ledger, struct ledger_holding *first, int slot, uint64_t *chips)
{
    int *link;
    int index;

    if (first->slot == slot) {
        index = first->next;
        *chips = first->chips;
        if (index == LEDGER_NONE) {
            first->slot = LEDGER_NONE;
        } else {
            *first = ledger->holdings[index];
            give_back_holding(ledger, index);
        }
        return true;
    }
    if (first->slot == LEDGER_NONE)
        return false;
    link = find_holding_link(ledger, first, ledger->held[slot].holder.id);
    index = *link;
    if (index == LEDGER_NONE || ledger->holdings[index].slot != slot)
        return false;
    *chips = ledger->holdings[index].chips;
    *link = ledger->holdings[index].next;
    give_back_holding(ledger, index);
    return true;
}

void ledger_remove_holding(struct ledger *ledger, int slot, int host)
{
    struct ledger_host *record = &ledger->hosts[host];
    uint64_t chips = 0;

    if (!take_out_holding(ledger, &record->first, slot, &chips))
        return;
    record->held &= ~chips;
    ledger_refresh_host(ledger, host);
    note_freed(ledger, host);
}

int ledger_host_holders(const struct ledger *ledger, int host, holder_id *ids, int max)
{
    int count = 0;

    for (const struct ledger_holding *holding = first_holding(ledger, host); holding != NULL;
         holding = next_holding(ledger, holding), count++)
        if (count < max)
            ids[count] = id_of(ledger, holding);
    return count;
}

/* --- States and chips */

void ledger_set_host_state(struct ledger *ledger, int host, enum host_state state)
{
    int rack = ledger->fleet->host_rack[host];
    struct ledger_touch touch = ledger_touch_begin();
    struct ledger_host *record = &ledger->hosts[host];

    ledger->racks[rack].down_count += (int)(state == HOST_DOWN) - (int)(record->state == HOST_DOWN);
    record->state = (uint8_t)state;
    ledger_refresh_host(ledger, host);
    note_freed(ledger, host);
    ledger_touch_rack(ledger, &touch, rack);
    ledger_touch_end(ledger, &touch);
}

enum host_state ledger_host_state(const struct ledger *ledger, int host)
{
    return (enum host_state)ledger->hosts[host].state;
}

void ledger_set_bad_chips(struct ledger *ledger, int host, uint64_t bad)
{
    if (ledger->hosts[host].bad == bad) /* each report says it again */
        return;
    ledger->hosts[host].bad = bad;
    ledger_refresh_host(ledger, host);
    note_freed(ledger, host);
}

uint64_t ledger_free_chips(const struct ledger *ledger, int host)
{
    return ledger->hosts[host].free;
}

int ledger_rack_free_chips(const struct ledger *ledger, int rack)
{
    return ledger->racks[rack].free_chips;
}

int64_t ledger_system_free_chips(const struct ledger *ledger, int system)
{
    return ledger->kinds[system].free_chips;
}

int ledger_rack_free_hosts(const struct ledger *ledger, int rack)
{
    return ledger
        ->bins[ledger->racks[rack].first_bin + ledger_rack_kind(ledger, rack)->chips_per_host];
}

bool ledger_rack_is_whole(const struct ledger *ledger, int rack)
{
    return ledger_rack_free_hosts(ledger, rack) == ledger->fleet->racks[rack].host_count;
}

/* --- Room for tasks */

/* Would full use of its chips by such tasks stay within the host's cores and memory? */
static bool is_within_share(const struct system *system, const struct shape_system *wants)
{
    double share = (double)wants->chips_per_task / system->chips_per_host + SHARE_SLACK;

    return (system->host_cores == 0 || wants->cores_per_task <= system->host_cores * share) &&
           (system->host_memory_gb <= 0 ||
               wants->memory_gb_per_task <= system->host_memory_gb * share);
}

struct ledger_need ledger_make_need(
    const struct ledger *ledger, const struct shape *shape, const struct shape_system *system)
{
    const struct system *of = &ledger->fleet->catalog.systems[system->system];
    struct ledger_need need = {
        .shape = shape, .system = system, .chips_per_host = of->chips_per_host};

    need.is_by_chips = system->chips_per_task > 0 && shape->allowed_hosts == NULL &&
                       is_within_share(of, system);
    for (int f = 0; f <= of->chips_per_host; f++)
        need.by_free[f] = system->chips_per_task > 0 ? f / system->chips_per_task
                                                     : system->tasks_per_host;
    return need;
}

/* How often `each` goes into `left`; INT_MAX where either is not counted. */
static int times(double total, double used, double each)
{
    double count;

    if (total <= 0 || each <= 0)
        return INT_MAX;
    count = (total - used) / each + SHARE_SLACK;
    return count <= 0 ? 0 : count >= INT_MAX ? INT_MAX : (int)count;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

int ledger_host_task_room(const struct ledger *ledger, const struct ledger_need *need, int host)
{
    const struct ledger_host *record = &ledger->hosts[host];
    int room = need->by_free[bits_count(record->free)];
    const struct system *system;

    if (need->is_by_chips && !record->is_short) /* chips that are not up are not free */
        return room;
    if (record->state != HOST_UP || room == 0 || !shape_allows_host(need->shape, host))
        return 0;
    if (ledger->host_cores_used == NULL)
        return room;
    system = host_system(ledger, host);
    room = least(room,
        times(system->host_cores, ledger->host_cores_used[host], need->system->cores_per_task));
    return least(room, times(system->host_memory_gb, ledger->host_memory_gb_used[host],
                           need->system->memory_gb_per_task));
}

int ledger_need_room(const struct ledger *ledger, const struct ledger_need *need, int rack)
{
    const struct ledger_rack *record = &ledger->racks[rack];
    const int *bins = &ledger->bins[record->first_bin];
    int64_t room = 0;

    if (need->is_by_chips && record->short_count == 0) {
        for (int f = need->system->chips_per_task; f <= need->chips_per_host; f++)
            room += (int64_t)bins[f] * need->by_free[f];
    } else {
        const struct fleet_rack *of = &ledger->fleet->racks[rack];

        for (int h = of->first_host; h < of->first_host + of->host_count; h++)
            room += ledger_host_task_room(ledger, need, h);
    }
    return room > INT_MAX ? INT_MAX : (int)room;
}

int ledger_rack_task_room(const struct ledger *ledger, int rack, const struct shape *shape,
    const struct shape_system *system)
{
    struct ledger_need need;

    if (ledger->fleet->racks[rack].system != system->system)
        return 0;
    need = ledger_make_need(ledger, shape, system);
    return ledger_need_room(ledger, &need, rack);
}
