/*
 * Reservations: places kept for gangs from some time on, and whom they keep out. Claims: places for
 * which others are being stopped. When and where is found by reserve_ahead.c.
 */
#include "base/mem.h"
#include "scheduler/reserve_private.h"

#include <limits.h>
#include <string.h>

enum { NOBODY = 0 };

static void clear_rack(struct reservations *r, int rack)
{
    r->racks[rack] = (struct rack_veto){
        .first_ms = INT64_MAX, .last_ms = INT64_MIN, .low_tier = SCHAR_MAX, .top_tier = SCHAR_MIN};
}

struct reservations *reservations_create(const struct core *core)
{
    struct reservations *r = mem_zero(1, sizeof *r);

    r->fleet = core->fleet;
    r->host_count = core->fleet->host_count;
    r->rack_count = core->fleet->rack_count;
    r->host_from_ms = mem_zero((size_t)r->host_count, sizeof *r->host_from_ms);
    r->host_gang = mem_zero((size_t)r->host_count, sizeof *r->host_gang);
    r->host_tier = mem_zero((size_t)r->host_count, sizeof *r->host_tier);
    r->host_is_closed = mem_zero((size_t)r->host_count, sizeof *r->host_is_closed);
    r->racks = mem_zero((size_t)r->rack_count, sizeof *r->racks);
    for (int i = 0; i < r->host_count; i++)
        r->host_from_ms[i] = INT64_MAX;
    for (int i = 0; i < r->rack_count; i++)
        clear_rack(r, i);
    return r;
}

static void reservation_fini(struct reservation *reservation)
{
    placement_fini(&reservation->placement);
    mem_free(reservation->victims);
}

void reservations_destroy(struct reservations *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        reservation_fini(&r->list[i]);
    mem_free(r->list);
    mem_free(r->host_from_ms);
    mem_free(r->host_gang);
    mem_free(r->host_tier);
    mem_free(r->host_is_closed);
    mem_free(r->racks);
    mem_free(r);
}

/* A host that was free of reservations has one now, or an earlier one than before. */
static void note_in_rack(struct reservations *r, int rack, int host, bool is_first)
{
    struct rack_veto *veto = &r->racks[rack];
    int64_t from_ms = r->host_is_closed[host] ? INT64_MIN : r->host_from_ms[host];

    veto->gang = veto->host_count == 0 || veto->gang == r->host_gang[host] ? r->host_gang[host]
                                                                           : NOBODY;
    veto->host_count += is_first;
    if (from_ms < veto->first_ms)
        veto->first_ms = from_ms;
    if (from_ms > veto->last_ms)
        veto->last_ms = from_ms;
    if (r->host_tier[host] < veto->low_tier)
        veto->low_tier = r->host_tier[host];
    if (r->host_tier[host] > veto->top_tier)
        veto->top_tier = r->host_tier[host];
}

/* Higher tiers too: a claim; and the first in line of a policy that knows no tiers. */
static bool binds_all(const struct core *core, const struct reservation *reservation)
{
    return reservation->is_claim || core->options.policy != CORE_POLICY_LP;
}

/* Set or clear the marks of one reservation's hosts. */
static void mark(struct core *core, const struct reservation *reservation, bool is_set)
{
    struct reservations *r = core->reservations;

    for (int i = 0; i < reservation->placement.task_count; i++) {
        int host = reservation->placement.tasks[i].host;
        int rack = core->fleet->host_rack[host];

        if (!is_set) {
            r->freed_stamp++;
            r->host_from_ms[host] = INT64_MAX;
            r->host_gang[host] = NOBODY;
            r->host_is_closed[host] = false;
            clear_rack(r, rack);
        } else if (reservation->from_ms < r->host_from_ms[host]) {
            bool is_first = r->host_gang[host] == NOBODY;

            r->freed_stamp += !is_first; /* perhaps of a lower tier than the one before */
            r->host_from_ms[host] = reservation->from_ms;
            r->host_gang[host] = reservation->gang->view.id;
            r->host_tier[host] = binds_all(core, reservation)
                                     ? SCHAR_MAX
                                     : (signed char)core_tier(reservation->gang);
            r->host_is_closed[host] = reservation->is_holding || reservation->is_claim;
            note_in_rack(r, rack, host, is_first);
        }
    }
}

/* Two reservations may name one host, so that clearing one would clear the other: all anew. */
static void mark_all(struct core *core)
{
    struct reservations *r = core->reservations;

    for (size_t i = 0; i < r->count; i++)
        mark(core, &r->list[i], true);
}

static void clear_marks(struct core *core)
{
    struct reservations *r = core->reservations;

    for (size_t i = 0; i < r->count; i++)
        mark(core, &r->list[i], false);
}

/* Gives its placement. */
static struct placement remove_at(struct core *core, size_t index)
{
    struct reservations *r = core->reservations;
    struct placement placement;

    clear_marks(core);
    placement = r->list[index].placement;
    mem_free(r->list[index].victims);
    memmove(&r->list[index], &r->list[index + 1], (--r->count - index) * sizeof *r->list);
    mark_all(core);
    return placement;
}

void reservations_add(struct core *core, const struct reservation *reservation)
{
    struct reservations *r = core->reservations;

    r->list = mem_grow(r->list, r->count, &r->capacity, sizeof *r->list);
    r->list[r->count++] = *reservation;
    mark(core, reservation, true);
}

bool reservations_veto(
    const struct reservations *r, const struct core_gang *gang, int64_t end_ms, int host)
{
    if (r->host_gang[host] == NOBODY || r->host_gang[host] == gang->view.id ||
        core_tier(gang) > r->host_tier[host])
        return false;
    return r->host_is_closed[host] || end_ms > r->host_from_ms[host];
}

enum packing_veto reservations_veto_rack(const struct reservations *r, const struct core_gang *gang,
    bool has_own, int64_t end_ms, int rack)
{
    const struct rack_veto *veto = &r->racks[rack];

    if (end_ms <= veto->first_ms || core_tier(gang) > veto->top_tier)
        return VETO_NONE;
    return veto->host_count == r->fleet->racks[rack].host_count &&
                   (!has_own || (veto->gang != NOBODY && veto->gang != gang->view.id)) &&
                   end_ms > veto->last_ms && core_tier(gang) <= veto->low_tier
               ? VETO_ALL
               : VETO_SOME;
}

/* --- Claims */

void reservations_claim(struct core *core, struct core_gang *gang, struct placement *placement,
    holder_id *victims, size_t victim_count)
{
    struct reservation claim = {.gang = gang,
        .from_ms = 0,
        .is_claim = true,
        .victims = victims,
        .victim_count = victim_count};

    claim.placement = *placement;
    *placement = (struct placement){0};
    reservations_add(core, &claim);
}

bool reservations_has_any(const struct core *core, const struct core_gang *gang)
{
    for (size_t i = 0; i < core->reservations->count; i++)
        if (core->reservations->list[i].gang == gang)
            return true;
    return false;
}

int64_t reservations_freed_stamp(const struct reservations *r)
{
    return r->freed_stamp;
}

bool reservations_has_claim(const struct core *core, const struct core_gang *gang)
{
    for (size_t i = 0; i < core->reservations->count; i++)
        if (core->reservations->list[i].is_claim && core->reservations->list[i].gang == gang)
            return true;
    return false;
}

static bool has_victims_left(const struct core *core, const struct reservation *claim)
{
    for (size_t i = 0; i < claim->victim_count; i++)
        if (ledger_find_holder(core->ledger, claim->victims[i]) != NULL)
            return true;
    return false;
}

void reservations_start_claims(struct core *core, struct actions *out)
{
    struct reservations *r = core->reservations;

    for (size_t i = 0; i < r->count;) {
        struct reservation *claim = &r->list[i];
        struct core_gang *gang = claim->gang;
        bool is_ready = core_gang_is_ready(core, gang);
        struct placement placement;
        bool fits;

        fits = claim->is_claim && is_ready &&
               ledger_fits(core->ledger, gang->view.shape, &claim->placement,
                   gang->view.spec->is_interruptible, NULL);
        if (!claim->is_claim || (is_ready && !fits && has_victims_left(core, claim))) {
            i++;
            continue;
        }
        placement = remove_at(core, i);
        if (fits)
            decide_start(core, gang, &placement, out);
        placement_fini(&placement);
    }
}

void reservations_drop_unclaimed(struct core *core)
{
    struct reservations *r = core->reservations;
    size_t kept = 0;

    clear_marks(core);
    for (size_t i = 0; i < r->count; i++)
        if (r->list[i].is_claim)
            r->list[kept++] = r->list[i];
        else
            reservation_fini(&r->list[i]);
    r->count = kept;
    mark_all(core);
}

static bool has_ended(const struct core *core, const struct reservation *reservation)
{
    (void)core;
    return gang_state_is_terminal(reservation->gang->view.state);
}

static bool is_needless(const struct core *core, const struct reservation *reservation)
{
    return !reservation->is_claim && !core_gang_is_ready(core, reservation->gang);
}

/* Drop those that are; were there any? */
static bool drop_where(
    struct core *core, bool (*is_over)(const struct core *, const struct reservation *))
{
    struct reservations *r = core->reservations;
    size_t kept = 0;
    size_t over = 0;

    for (size_t i = 0; i < r->count; i++)
        over += is_over(core, &r->list[i]);
    if (over == 0)
        return false;
    clear_marks(core);
    for (size_t i = 0; i < r->count; i++)
        if (is_over(core, &r->list[i]))
            reservation_fini(&r->list[i]);
        else
            r->list[kept++] = r->list[i];
    r->count = kept;
    mark_all(core);
    return true;
}

void reservations_drop_ended(struct core *core)
{
    (void)drop_where(core, has_ended);
}

bool reservations_drop_needless(struct core *core)
{
    return drop_where(core, is_needless);
}

int64_t reservations_earliest(
    const struct core *core, const struct core_gang *gang, int *shape_system)
{
    int64_t earliest = INT64_MAX;

    for (size_t i = 0; i < core->reservations->count; i++) {
        const struct reservation *reservation = &core->reservations->list[i];

        if (reservation->gang == gang && !reservation->is_claim &&
            reservation->from_ms < earliest) {
            earliest = reservation->from_ms;
            *shape_system = reservation->placement.system;
        }
    }
    return earliest;
}
