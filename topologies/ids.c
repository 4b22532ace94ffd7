#include "topologies/ids.h"

#include "base/faults.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"

#include <assert.h>

/* The slot that holds the id, or the free one where it would go. There is always a free one. */
static size_t slot_of(const struct ids *ids, const char *id)
{
    size_t slot = (size_t)(str_hash(id) & (ids->slot_count - 1));

    while (ids->slots[slot] != 0 && !str_equal(ids->names[ids->slots[slot] - 1], id))
        slot = (slot + 1) & (ids->slot_count - 1);
    return slot;
}

/* Twice the slots (a power of two), so that at most half of them are taken. */
static void grow_slots(struct ids *ids)
{
    mem_free(ids->slots);
    ids->slot_count = ids->slot_count == 0 ? 16 : ids->slot_count * 2;
    ids->slots = mem_zero(ids->slot_count, sizeof *ids->slots);
    for (size_t i = 0; i < ids->count; i++)
        ids->slots[slot_of(ids, ids->names[i])] = (int32_t)i + 1;
}

int ids_add(struct ids *ids, const char *id)
{
    size_t slot;

    assert(ids->count < INT32_MAX - 1);
    if (ids->count * 2 >= ids->slot_count)
        grow_slots(ids);
    slot = slot_of(ids, id);
    if (ids->slots[slot] != 0)
        return -1;
    ids->names = mem_grow(ids->names, ids->count, &ids->capacity, sizeof *ids->names);
    ids->names[ids->count] = id;
    ids->count++;
    ids->slots[slot] = (int32_t)ids->count;
    return (int)ids->count - 1;
}

int ids_find(const struct ids *ids, const char *id)
{
    return ids->slot_count == 0 ? -1 : ids->slots[slot_of(ids, id)] - 1;
}

int ids_resolve(const struct ids *ids, const char *id, const char *kind,
    const struct xml_node *node, const char *attribute, struct faults *faults)
{
    int index = ids_find(ids, id);
    const char *nearest = NULL;

    if (index >= 0)
        return index;
    /* Nearest names cost time, and nobody reads them past the bound of the list. */
    if (faults->error_count < FAULTS_MAX)
        nearest = str_nearest(id, ids->names, ids->count);
    if (nearest != NULL)
        (void)xml_fault(node, faults, "%s=\"%s\": there is no such %s; did you mean %s?", attribute,
            id, kind, nearest);
    else
        (void)xml_fault(node, faults, "%s=\"%s\": there is no such %s; add it, or name another",
            attribute, id, kind);
    return -1;
}

void ids_fini(struct ids *ids)
{
    mem_free(ids->names);
    mem_free(ids->slots);
    *ids = (struct ids){0};
}
