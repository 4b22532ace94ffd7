/*
 * rng: seeded pseudo-random numbers, the same on every machine, for generators and simulations.
 * Not for secrets. The generator is splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom
 * number generators, OOPSLA 2014).
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

struct rng rng_seed(uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* Uniform in [0, 1). */
double rng_unit(struct rng *rng);
/* Uniform integer in [low, high]. */
int64_t rng_between(struct rng *rng, int64_t low, int64_t high);
/* Exponential with the given mean. */
double rng_exponential(struct rng *rng, double mean);
/* exp of a normal with that median and sigma of the logarithm. */
double rng_lognormal(struct rng *rng, double median, double sigma);

#endif
