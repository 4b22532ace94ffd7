#include "scheduler/packing.h"

#include "base/mem.h"
#include "scheduler/packing_private.h"

void placement_fini(struct placement *placement)
{
    mem_free(placement->tasks);
    placement->tasks = NULL;
    placement->task_count = 0;
}

/* On one rack, if one takes it all. */
static bool pack_in_rack(const struct packing_search *search, struct placement *out)
{
    struct packing_rack rack = {.full_tasks = search->full_count * search->wants->segment_tasks,
        .short_tasks = search->short_tasks};

    if (search->request->policy != PACKING_BEST_FIT ||
        (search->wants->is_domain_bound && search->wants->segment_count > 1))
        return false;
    rack.rack = packing_find_rack(search);
    if (rack.rack == LEDGER_NONE)
        return false;
    packing_place(search, &rack, 1, out);
    return true;
}

/* Would its full segments find hosts, whatever power and money say? Cheaper than a floor. */
static bool has_room(const struct packing_search *search)
{
    const struct ledger_rack *records = search->ledger->racks;
    int least_chips = search->wants->chips_per_task * search->wants->segment_tasks;
    int64_t missing = search->full_count;
    int64_t chips_missing = missing * least_chips;
    struct packing_search by_hosts = *search;

    by_hosts.levels = 0;
    for (int i = 0; i < search->rack_count && chips_missing > 0; i++)
        chips_missing -= records[search->racks[i]].free_chips;
    if (chips_missing > 0)
        return false;
    for (int i = 0; i < search->rack_count && missing > 0; i++)
        if (records[search->racks[i]].free_chips >= least_chips)
            missing -= packing_rack_room(&by_hosts, search->racks[i]) /
                       search->wants->segment_tasks;
    return missing <= 0;
}

/* May it be in several racks, if pack_in_rack has found none? */
static bool is_for_floor(const struct packing_search *search, enum packing_order order)
{
    const struct shape_system *wants = search->wants;

    return order != PACKING_BY_FIT || wants->segment_count > 1 ||
           (!wants->is_domain_bound && wants->task_count > 1);
}

static bool pack_on_floor(
    const struct packing_search *search, enum packing_order order, struct placement *out)
{
    struct packing_floor floor;
    bool is_packed;

    packing_floor_init(&floor, search);
    is_packed = packing_plan(&floor, search, order);
    if (is_packed)
        packing_place(search, floor.racks, floor.rack_count, out);
    packing_floor_fini(&floor);
    return is_packed;
}

static bool keeps_limits(
    const struct packing_search *search, const struct placement *placement, struct block *block)
{
    return ledger_fits(
        search->ledger, search->request->shape, placement, search->request->may_borrow, block);
}

/* A place that the tenant cannot pay, or that is more than its share: the cheapest is tried too. */
static bool pack_cheaply(
    const struct packing_search *search, struct placement *out, struct block *block)
{
    placement_fini(out);
    if (block->by != BLOCKED_BUDGET && block->by != BLOCKED_SHARE)
        return false;
    if (!pack_on_floor(search, PACKING_BY_PRICE, out))
        return false;
    if (keeps_limits(search, out, block))
        return true;
    placement_fini(out);
    return false;
}

static const enum packing_order ORDERS[] = {[PACKING_BEST_FIT] = PACKING_BY_FIT,
    [PACKING_CHEAPEST] = PACKING_BY_PRICE,
    [PACKING_FIRST_FIT] = PACKING_BY_INDEX};

static bool find(
    const struct packing_search *search, enum packing_order order, struct placement *out)
{
    bool is_for_more = is_for_floor(search, order);

    if (pack_in_rack(search, out))
        return true;
    if (search->request->lacks_room != NULL || is_for_more)
        if (!has_room(search)) {
            if (search->request->lacks_room != NULL)
                *search->request->lacks_room = true;
            return false;
        }
    return is_for_more && pack_on_floor(search, order, out);
}

bool packing_find(const struct ledger *ledger, const struct packing_request *request,
    struct placement *out, struct block *block)
{
    struct packing_search search;
    struct placement found = {0};
    struct block why = {.by = BLOCKED_NEVER, .where = LEDGER_NONE, .unit = "chips"};
    enum packing_order order = ORDERS[request->policy];
    bool is_found = false;

    if (request->shape->systems[request->where.system].never == NULL) {
        search = packing_start(ledger, request);
        if (find(&search, order, &found))
            is_found = keeps_limits(&search, &found, &why) || pack_cheaply(&search, &found, &why);
        else if (block != NULL)
            packing_explain(&search, &why);
    }
    if (is_found)
        *out = found;
    if (block != NULL)
        *block = is_found ? (struct block){.by = BLOCKED_NOT, .where = LEDGER_NONE} : why;
    return is_found;
}
