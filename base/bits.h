/*
 * bits: sets of up to 64 things in a word.
 */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdint.h>

/* How many are in the set. The compiler's builtin is a call into its library where it may not use
 * the processor's own instruction; this is a dozen operations (Warren, Hacker's Delight, 5-1). */
static inline int bits_count(uint64_t set)
{
    set -= (set >> 1) & UINT64_C(0x5555555555555555);
    set = (set & UINT64_C(0x3333333333333333)) + ((set >> 2) & UINT64_C(0x3333333333333333));
    set = (set + (set >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)((set * UINT64_C(0x0101010101010101)) >> 56);
}

#endif
