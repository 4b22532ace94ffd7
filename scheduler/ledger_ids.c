/* Holder ids to slots. Linear probing; removal moves later entries back, so there are no marks of
 * what was. */
#include "base/mem.h"
#include "scheduler/ledger_private.h"

static size_t home_of(const struct ledger_ids *ids, int64_t id)
{
    /* Fibonacci hashing: ids count up, and neighbours should not cluster. */
    return (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15U) >> 20) & (ids->capacity - 1);
}

static size_t slot_of(const struct ledger_ids *ids, int64_t id)
{
    size_t i = home_of(ids, id);

    while (ids->keys[i] != 0 && ids->keys[i] != id)
        i = (i + 1) & (ids->capacity - 1);
    return i;
}

int ledger_ids_find(const struct ledger_ids *ids, int64_t id)
{
    size_t i;

    if (ids->capacity == 0 || id == 0)
        return LEDGER_NONE;
    i = slot_of(ids, id);
    return ids->keys[i] == id ? ids->slots[i] : LEDGER_NONE;
}

static void put(struct ledger_ids *ids, int64_t id, int slot)
{
    size_t i = slot_of(ids, id);

    ids->keys[i] = id;
    ids->slots[i] = slot;
}

static void grow(struct ledger_ids *ids)
{
    struct ledger_ids old = *ids;

    ids->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    ids->keys = mem_zero(ids->capacity, sizeof *ids->keys);
    ids->slots = mem_zero(ids->capacity, sizeof *ids->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.keys[i] != 0)
            put(ids, old.keys[i], old.slots[i]);
    mem_free(old.keys);
    mem_free(old.slots);
}

void ledger_ids_add(struct ledger_ids *ids, int64_t id, int slot)
{
    if (ids->count * 2 >= ids->capacity)
        grow(ids);
    put(ids, id, slot);
    ids->count++;
}

void ledger_ids_remove(struct ledger_ids *ids, int64_t id)
{
    size_t mask = ids->capacity - 1;
    size_t hole = slot_of(ids, id);

    for (size_t i = (hole + 1) & mask; ids->keys[i] != 0; i = (i + 1) & mask) {
        size_t home = home_of(ids, ids->keys[i]);

        /* It may move back unless its home lies between the hole and itself. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        ids->keys[hole] = ids->keys[i];
        ids->slots[hole] = ids->slots[i];
        hole = i;
    }
    ids->keys[hole] = 0;
    ids->count--;
}
