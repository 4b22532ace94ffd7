/*
 * id_map: ids (above 0) to slots of somebody's array: open addressing. {0} is empty and ready; its
 * arrays `keys` and `slots` are released with mem_free, or id_map_fini.
 */
#ifndef SCHEDULER_ID_MAP_H
#define SCHEDULER_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { ID_MAP_NONE = -1 };

struct id_map {
    int64_t *keys; /* 0: empty */
    int *slots;
    size_t capacity, count;
};

int id_map_find(const struct id_map *map, int64_t id); /* ID_MAP_NONE: absent */
/* The id must not be there yet. */
void id_map_add(struct id_map *map, int64_t id, int slot);
/* The id must be there. */
void id_map_remove(struct id_map *map, int64_t id);
void id_map_fini(struct id_map *map);

#endif
