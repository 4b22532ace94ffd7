/* Places in order of host, and the stakes that come of them: a holder's chips in one rack. */
#include "base/mem.h"
#include "scheduler/ledger_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_places(const void *left, const void *right)
{
    const struct task_place *a = left;
    const struct task_place *b = right;

    if (a->host != b->host)
        return a->host < b->host ? -1 : 1;
    return a->chips < b->chips ? -1 : a->chips > b->chips;
}

const struct task_place *ledger_sort_places(
    const struct task_place *places, int count, struct task_place **copy)
{
    int i = 1;

    *copy = NULL;
    while (i < count && places[i - 1].host <= places[i].host)
        i++;
    if (i >= count)
        return places;
    *copy = mem_resize(NULL, (size_t)count, sizeof *places);
    memcpy(*copy, places, (size_t)count * sizeof *places);
    qsort(*copy, (size_t)count, sizeof **copy, compare_places);
    return *copy;
}

int ledger_host_run(const struct task_place *places, int count)
{
    int run = 1;

    while (run < count && places[run].host == places[0].host)
        run++;
    return run;
}

int ledger_rack_run(const struct fleet *fleet, const struct task_place *places, int count)
{
    int run = 1;

    while (run < count && fleet->host_rack[places[run].host] == fleet->host_rack[places[0].host])
        run++;
    return run;
}

/* --- Stakes */

static int take_stake(struct ledger *ledger)
{
    int index = ledger->free_stake;

    if (index != LEDGER_NONE) {
        ledger->free_stake = ledger->stakes[index].next_of_holder;
        return index;
    }
    ledger->stakes = mem_grow(
        ledger->stakes, ledger->stake_count, &ledger->stake_capacity, sizeof *ledger->stakes);
    return (int)ledger->stake_count++;
}

/* The link in the rack's list that leads to the first stake of a holder id of at least id. */
static int *find_stake_link(struct ledger *ledger, int rack, holder_id id)
{
    int *link = &ledger->racks[rack].first_stake;

    while (*link != LEDGER_NONE && ledger->held[ledger->stakes[*link].slot].holder.id < id)
        link = &ledger->stakes[*link].next_in_rack;
    return link;
}

int ledger_add_stake(struct ledger *ledger, int slot, int rack, int chip_count)
{
    int index = take_stake(ledger);
    int *link = find_stake_link(ledger, rack, ledger->held[slot].holder.id);

    ledger->stakes[index] = (struct ledger_stake){.slot = slot,
        .rack = rack,
        .chip_count = chip_count,
        .next_in_rack = *link,
        .next_of_holder = LEDGER_NONE};
    *link = index;
    return index;
}

void ledger_remove_stake(struct ledger *ledger, int index)
{
    struct ledger_stake *stake = &ledger->stakes[index];
    int *link = find_stake_link(ledger, stake->rack, ledger->held[stake->slot].holder.id);

    assert(*link == index);
    *link = stake->next_in_rack;
    stake->next_of_holder = ledger->free_stake;
    ledger->free_stake = index;
}
