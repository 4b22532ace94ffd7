/*
 * clock: real time, for edge files alone. What decides gets its time as an argument.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Seconds since some start, never going back. */
double clock_monotonic_s(void);

/* Milliseconds since 1970, UTC. */
int64_t clock_utc_ms(void);

/* Peak resident memory of this process in bytes. */
double clock_peak_memory_bytes(void);

#endif
