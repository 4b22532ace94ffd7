/*
 * mem: memory that never comes back NULL, and arenas: many allocations, one release. Running out of
 * memory aborts; every input has a size limit that is checked first, so no input can provoke it.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* count × size zeroed bytes; the caller releases them with mem_free. Never NULL, also for 0. */
void *mem_zero(size_t count, size_t size);

/* Resize to count × size bytes; what is new is not zeroed. */
void *mem_resize(void *memory, size_t count, size_t size);

/* free; NULL is fine. */
void mem_free(void *memory);

/* A copy of text that the caller releases with mem_free. */
char *mem_copy_text(const char *text);

/*
 * Make room for one more element in a growing array: doubles when count == *capacity. The elements
 * from count on are zeroed. Returns the (possibly moved) array.
 */
void *mem_grow(void *array, size_t count, size_t *capacity, size_t size);

/* Many allocations that end together. */
struct arena;

/* An empty arena; the caller releases it with arena_destroy. */
struct arena *arena_create(void);

/* Release all that was allocated in it. NULL is fine. */
void arena_destroy(struct arena *arena);

/* count × size zeroed bytes, valid until arena_destroy. */
void *arena_zero(struct arena *arena, size_t count, size_t size);

/* A copy of text, valid until arena_destroy. */
char *arena_copy_text(struct arena *arena, const char *text);

/* A printf into the arena. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A copy of count × size bytes. */
void *arena_copy(struct arena *arena, const void *memory, size_t count, size_t size);

#endif
