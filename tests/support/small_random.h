/*
 * small_random: small scenarios from a seed: 2 sites, 3 systems, 4 offers, 3 workloads, and a rule
 * of each kind, over 6 quarters. Numbers are such that most limits bind somewhere and no two things
 * cost the same.
 */
#ifndef TESTS_SUPPORT_SMALL_RANDOM_H
#define TESTS_SUPPORT_SMALL_RANDOM_H

#include "workloads/scenario.h"

#include <stdint.h>

/* Fails the test where the scenario has faults. `more` (may be NULL) are further elements of it.
 * Gives (scenario_destroy). */
struct scenario *small_random(uint64_t seed, const char *more);

#endif
