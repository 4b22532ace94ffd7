/*
 * The rack that takes a whole gang: most gangs are small, so this goes without a floor: one pass
 * over the racks of the system, by their counts alone.
 */
#include "scheduler/packing_private.h"

#include <limits.h>

/* Smaller is better, in this order. */
struct fit {
    int opened_hosts;    /* whole hosts that it breaks */
    int left_chips;      /* in the rack */
    int feed_free_chips; /* of the system: busy feeds first, so that others stay clear */
    int rack;
};

static bool is_better(const struct fit *a, const struct fit *b)
{
    if (b->rack == LEDGER_NONE || a->opened_hosts != b->opened_hosts)
        return b->rack == LEDGER_NONE || a->opened_hosts < b->opened_hosts;
    if (a->left_chips != b->left_chips)
        return a->left_chips < b->left_chips;
    return a->feed_free_chips < b->feed_free_chips;
}

/* Whole hosts that so many tasks break, when hosts broken already go first. */
static int count_opened(const struct packing_search *search, int rack)
{
    const struct ledger *ledger = search->ledger;
    const struct shape_system *wants = search->wants;
    const int *bins = &ledger->bins[ledger->racks[rack].first_bin];
    int64_t left = wants->task_count;

    if (wants->chips_per_task == 0)
        return 0;
    for (int f = wants->chips_per_task; f < search->need.chips_per_host && left > 0; f++)
        left -= (int64_t)bins[f] * search->need.by_free[f];
    return left <= 0 ? 0 : (int)((left + wants->tasks_per_host - 1) / wants->tasks_per_host);
}

/* Do the limits above the rack admit the gang? */
static bool is_admitted_above(const struct packing_search *search, int rack)
{
    for (int level = POWER_FEED; level < LEDGER_LEVELS; level++)
        if (packing_power_room(search, (enum power_level)level,
                ledger_rack_at(search->ledger->fleet, rack, (enum power_level)level)) <
            search->wants->task_count)
            return false;
    return true;
}

/* Racks of one feed from `i` on: the best of them, if it is no worse than `least` but for its feed;
 * *end is where the next feed starts. */
static struct fit find_in_feed(
    const struct packing_search *search, const struct fit *least, int i, int *end)
{
    const struct ledger *ledger = search->ledger;
    const struct fleet_rack *racks = ledger->fleet->racks;
    int feed = racks[search->racks[i]].feed;
    int64_t need_chips = shape_chip_count(search->wants);
    struct fit best = {.rack = LEDGER_NONE};
    int free_chips = 0;

    for (; i < search->rack_count && racks[search->racks[i]].feed == feed; i++) {
        int rack = search->racks[i];
        struct fit fit = {.rack = rack};

        free_chips += ledger->racks[rack].free_chips;
        if (ledger->racks[rack].free_chips < need_chips)
            continue;
        fit.opened_hosts = count_opened(search, rack);
        fit.left_chips = ledger->racks[rack].free_chips - (int)need_chips;
        /* Room is asked last: most racks are out by then. */
        if (is_better(&fit, &best) && (least->rack == LEDGER_NONE || !is_better(least, &fit)) &&
            packing_rack_room(search, rack) >= search->wants->task_count)
            best = fit;
    }
    if (best.rack != LEDGER_NONE && !is_admitted_above(search, best.rack))
        best.rack = LEDGER_NONE;
    best.feed_free_chips = free_chips;
    *end = i;
    return best;
}

int packing_find_rack(const struct packing_search *search)
{
    struct fit best = {.rack = LEDGER_NONE};

    for (int i = 0; i < search->rack_count;) {
        struct fit fit = find_in_feed(search, &best, i, &i);

        if (fit.rack != LEDGER_NONE && is_better(&fit, &best))
            best = fit;
    }
    return best.rack;
}
