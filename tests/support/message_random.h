/*
 * message_random: messages of protocol.proto from a seed, made by walking its descriptors, so that
 * a new field is in the tests from the day it is there.
 */
#ifndef TESTS_SUPPORT_MESSAGE_RANDOM_H
#define TESTS_SUPPORT_MESSAGE_RANDOM_H

#include "agent/protocol.h"
#include "base/rng.h"

struct arena;

/* A message that every receiver takes, of any kind, with all sorts of fields; lives in the arena.
 */
Wattyard__Envelope *message_random(struct rng *rng, struct arena *arena);

#endif
