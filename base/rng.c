#include "base/rng.h"

#include <math.h>

struct rng rng_seed(uint64_t seed)
{
    return (struct rng){seed};
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;

    return span == 0 ? (int64_t)rng_next(rng) : (int64_t)((uint64_t)low + rng_next(rng) % span);
}

double rng_exponential(struct rng *rng, double mean)
{
    return -mean * log(1 - rng_unit(rng));
}

double rng_lognormal(struct rng *rng, double median, double sigma)
{
    /* Box and Muller; the second normal is left, so that a draw costs the same each time. */
    double radius = sqrt(-2 * log(1 - rng_unit(rng)));
    double angle = 6.283185307179586 * rng_unit(rng);

    return median * exp(sigma * radius * cos(angle));
}
