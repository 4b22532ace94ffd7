#include "base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks double from the first on: most arenas stay small, and a scheduler keeps many. */
enum { ARENA_FIRST_BYTES = 2048, ARENA_BLOCK_BYTES = 65536, ARENA_ALIGN_BYTES = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used_bytes;
    size_t size_bytes;
    _Alignas(ARENA_ALIGN_BYTES) unsigned char bytes[];
};

struct arena {
    struct arena_block *first;
    size_t next_bytes; /* of the next block that is shared */
};

static size_t checked_product(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        abort();
    return count * size;
}

static void *checked(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void *mem_zero(size_t count, size_t size)
{
    size_t bytes = checked_product(count, size);

    return checked(calloc(1, bytes > 0 ? bytes : 1));
}

void *mem_resize(void *memory, size_t count, size_t size)
{
    size_t bytes = checked_product(count, size);

    return checked(realloc(memory, bytes > 0 ? bytes : 1));
}

void mem_free(void *memory)
{
    free(memory);
}

char *mem_copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(mem_zero(bytes, 1), text, bytes);
}

void *mem_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity < 8 ? 8 : *capacity * 2;
    array = mem_resize(array, *capacity, size);
    memset((unsigned char *)array + count * size, 0, (*capacity - count) * size);
    return array;
}

struct arena *arena_create(void)
{
    struct arena *arena = mem_zero(1, sizeof *arena);

    arena->next_bytes = ARENA_FIRST_BYTES;
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->first != NULL) {
        struct arena_block *next = arena->first->next;

        free(arena->first);
        arena->first = next;
    }
    free(arena);
}

static struct arena_block *arena_add_block(struct arena *arena, size_t bytes)
{
    bool is_shared = bytes <= arena->next_bytes / 4;
    size_t size = is_shared ? arena->next_bytes : bytes;
    struct arena_block *block = checked(malloc(sizeof *block + size));

    if (arena->next_bytes < ARENA_BLOCK_BYTES)
        arena->next_bytes *= 2;
    block->used_bytes = 0;
    block->size_bytes = size;
    /* A block of its own goes behind the first, which still has room. */
    if (!is_shared && arena->first != NULL) {
        block->next = arena->first->next;
        arena->first->next = block;
    } else {
        block->next = arena->first;
        arena->first = block;
    }
    return block;
}

void *arena_zero(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = checked_product(count, size);
    struct arena_block *block = arena->first;
    void *memory;

    bytes = (bytes + ARENA_ALIGN_BYTES - 1) / ARENA_ALIGN_BYTES * ARENA_ALIGN_BYTES;
    if (bytes == 0)
        bytes = ARENA_ALIGN_BYTES;
    if (block == NULL || block->size_bytes - block->used_bytes < bytes)
        block = arena_add_block(arena, bytes);
    memory = block->bytes + block->used_bytes;
    block->used_bytes += bytes;
    return memset(memory, 0, bytes);
}

void *arena_copy(struct arena *arena, const void *memory, size_t count, size_t size)
{
    void *copy = arena_zero(arena, count, size);

    if (count * size > 0)
        memcpy(copy, memory, count * size);
    return copy;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1, 1);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;
    char *text;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = arena_zero(arena, (size_t)length + 1, 1);
    (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
