/*
 * fake_scheduler: a ROUTER in a thread of its own, with CURVE and a key check, that keeps what it
 * is told and says what the test laid out. For tests of links and of people's commands.
 */
#ifndef TESTS_SUPPORT_FAKE_SCHEDULER_H
#define TESTS_SUPPORT_FAKE_SCHEDULER_H

#include "agent/protocol.h"

struct key;
struct fake_scheduler;

struct fake_options {
    const struct key *own;   /* NULL: no CURVE */
    const struct key *known; /* clients' keys that it takes; NULL: all */
    size_t known_count;
    bool is_deaf; /* takes connections, and never reads a message */
};

/* Listens on a free port of 127.0.0.1. */
struct fake_scheduler *fake_scheduler_start(const struct fake_options *options);
void fake_scheduler_stop(struct fake_scheduler *fake);
/* "tcp://127.0.0.1:40123" */
const char *fake_scheduler_address(const struct fake_scheduler *fake);
/* All connections end, and the same address listens anew, with the key of another when not NULL. */
void fake_scheduler_restart(struct fake_scheduler *fake, const struct key *own);

/* What is said to the next message that has nothing said to it yet, in order of these calls: an
 * answer (with the id of the request), a whole envelope, bytes, or nothing. After the last nothing
 * more is said. */
void fake_scheduler_play(struct fake_scheduler *fake, const Wattyard__Answer *answer);
void fake_scheduler_play_envelope(struct fake_scheduler *fake, const Wattyard__Envelope *envelope);
void fake_scheduler_play_bytes(struct fake_scheduler *fake, const void *bytes, size_t count);
void fake_scheduler_play_nothing(struct fake_scheduler *fake);

/* Messages that came so far, and the i-th of them, borrowed until the stop. Waits for it at most 10
 * s, then fails the test. */
size_t fake_scheduler_count(struct fake_scheduler *fake);
const Wattyard__Envelope *fake_scheduler_message(struct fake_scheduler *fake, size_t i);

#endif
