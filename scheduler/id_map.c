/* Linear probing; removal moves later entries back, so there are no marks of what was. */
#include "scheduler/id_map.h"
#include "base/mem.h"

static size_t home_of(const struct id_map *map, int64_t id)
{
    /* Fibonacci hashing: map count up, and neighbours should not cluster. */
    return (size_t)(((uint64_t)id * 0x9e3779b97f4a7c15U) >> 20) & (map->capacity - 1);
}

static size_t slot_of(const struct id_map *map, int64_t id)
{
    size_t i = home_of(map, id);

    while (map->keys[i] != 0 && map->keys[i] != id)
        i = (i + 1) & (map->capacity - 1);
    return i;
}

int id_map_find(const struct id_map *map, int64_t id)
{
    size_t i;

    if (map->capacity == 0 || id == 0)
        return ID_MAP_NONE;
    i = slot_of(map, id);
    return map->keys[i] == id ? map->slots[i] : ID_MAP_NONE;
}

static void put(struct id_map *map, int64_t id, int slot)
{
    size_t i = slot_of(map, id);

    map->keys[i] = id;
    map->slots[i] = slot;
}

static void grow(struct id_map *map)
{
    struct id_map old = *map;

    map->capacity = old.capacity == 0 ? 64 : old.capacity * 2;
    map->keys = mem_zero(map->capacity, sizeof *map->keys);
    map->slots = mem_zero(map->capacity, sizeof *map->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.keys[i] != 0)
            put(map, old.keys[i], old.slots[i]);
    mem_free(old.keys);
    mem_free(old.slots);
}

void id_map_add(struct id_map *map, int64_t id, int slot)
{
    if (map->count * 2 >= map->capacity)
        grow(map);
    put(map, id, slot);
    map->count++;
}

void id_map_remove(struct id_map *map, int64_t id)
{
    size_t mask = map->capacity - 1;
    size_t hole = slot_of(map, id);

    for (size_t i = (hole + 1) & mask; map->keys[i] != 0; i = (i + 1) & mask) {
        size_t home = home_of(map, map->keys[i]);

        /* It may move back unless its home lies between the hole and itself. */
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        map->keys[hole] = map->keys[i];
        map->slots[hole] = map->slots[i];
        hole = i;
    }
    map->keys[hole] = 0;
    map->count--;
}

void id_map_fini(struct id_map *map)
{
    mem_free(map->keys);
    mem_free(map->slots);
    *map = (struct id_map){0};
}
