/*
 * embed: files that are built into the programs (schemas, pages), so that they are found wherever a
 * program is put. The Makefile turns room/name.ext into these two symbols.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stdint.h>

/* EMBED_DECLARE(catalog_rng) names the bytes of catalog.rng (a NUL follows) and their count. */
#define EMBED_DECLARE(name)                                                                        \
    extern const char embed_##name[];                                                              \
    extern const uint64_t embed_##name##_bytes

#endif
