#include "workloads/rates.h"

#include "base/units.h"

#include <math.h>

/* The share of HBM that weights and KV cache may fill. */
#define HBM_USABLE_FRAC 0.9
/* Operations on one parameter for one token: 2 forward, and 4 more backward. */
#define FLOP_PER_PARAM_FORWARD 2
#define FLOP_PER_PARAM_TRAINING 6
/* Limits that a batch meets exactly on paper must not fail by rounding. */
#define TIE_REL 1e-12
/* Whole numbers are exact in a double up to here. */
#define BATCH_MAX 9007199254740992.0

const char RATES_NO_PEAK[] = "the chip has no peak at the model's precision";

/* One replica, in bytes, bytes per second and operations per second. */
struct replica {
    double weights_bytes; /* w */
    double active_bytes;  /* that one sequence reads of the weights */
    double kv_bytes;      /* v: of one sequence */
    double memory_bytes;  /* that weights and sequences may fill */
    double bytes_per_s;
    double flop_per_s;
    double flop_per_token;
    double max_step_s;
};

double rates_training(const struct system *system, const struct model_shape *model,
    const struct efficiency *efficiency)
{
    double flops = system->chip->peak_tflops[model->precision] * UNITS_FLOP_PER_TFLOP;

    return system_chip_count(system) * flops * efficiency->mfu /
           (FLOP_PER_PARAM_TRAINING * model->active_params) * UNITS_SECONDS_PER_HOUR;
}

static struct replica make_replica(
    const struct chip *chip, const struct model_shape *model, const struct efficiency *efficiency)
{
    double bytes = precision_bytes(model->precision);

    return (struct replica){.weights_bytes = model->total_params * bytes,
        .active_bytes = model->active_params * bytes,
        .kv_bytes = model->kv_bytes_per_token * model->context_tokens,
        .memory_bytes = HBM_USABLE_FRAC * model->chips * chip->hbm_gb * UNITS_BYTES_PER_GB,
        .bytes_per_s = model->chips * chip->hbm_gbps * UNITS_BYTES_PER_GB *
                       efficiency->bw_efficiency,
        .flop_per_s = model->chips * chip->peak_tflops[model->precision] * UNITS_FLOP_PER_TFLOP *
                      efficiency->mfu,
        .flop_per_token = FLOP_PER_PARAM_FORWARD * model->active_params *
                          (1 + model->input_tokens_per_output),
        .max_step_s = model->max_tpot_ms / UNITS_MS_PER_SECOND};
}

/* T(b) = max( (min(w, b · active bytes) + b·v) / bandwidth, b · work of a token / compute ) */
static double step_seconds(const struct replica *replica, double batch)
{
    double weights_bytes = fmin(replica->weights_bytes, batch * replica->active_bytes);
    double memory_s = (weights_bytes + batch * replica->kv_bytes) / replica->bytes_per_s;
    double compute_s = replica->flop_per_token * batch / replica->flop_per_s;

    return fmax(memory_s, compute_s);
}

static bool fits_memory(const struct replica *replica, double batch)
{
    return replica->weights_bytes + batch * replica->kv_bytes <=
           replica->memory_bytes * (1 + TIE_REL);
}

static bool fits_time(const struct replica *replica, double batch)
{
    return step_seconds(replica, batch) <= replica->max_step_s * (1 + TIE_REL);
}

/* The largest whole batch that fits, 0 if none does; both conditions only get harder as it grows,
 * so it is found by halving, from one that is too large for the memory. */
static double largest_batch(const struct replica *replica)
{
    double room_bytes = replica->memory_bytes * (1 + TIE_REL) - replica->weights_bytes;
    double fits = 0;
    double fails = fmin(floor(fmax(room_bytes, 0) / replica->kv_bytes) + 2, BATCH_MAX);

    while (fails - fits > 1) {
        double middle = floor(fits + (fails - fits) / 2);

        if (fits_memory(replica, middle) && fits_time(replica, middle))
            fits = middle;
        else
            fails = middle;
    }
    return fits;
}

static const char *reason_of_no_batch(const struct replica *replica)
{
    if (!fits_memory(replica, 0))
        return "the weights do not fit in 90 % of a replica's memory";
    if (!fits_memory(replica, 1))
        return "no sequence fits beside the weights in 90 % of a replica's memory";
    return "a step of one sequence takes longer than max-tpot-ms";
}

struct inference_rate rates_inference(const struct system *system, const struct model_shape *model,
    const struct efficiency *efficiency)
{
    struct inference_rate rate = {.replica_count = system_chip_count(system) / model->chips};
    struct replica replica = make_replica(system->chip, model, efficiency);

    if (system->chip->peak_tflops[model->precision] <= 0) {
        rate.zero_reason = RATES_NO_PEAK;
        return rate;
    }
    if (rate.replica_count == 0) {
        rate.zero_reason = "a replica spans more chips than the system has";
        return rate;
    }
    rate.batch = largest_batch(&replica);
    if (rate.batch < 1) {
        rate.zero_reason = reason_of_no_batch(&replica);
        return rate;
    }
    rate.step_seconds = step_seconds(&replica, rate.batch);
    rate.units_per_hour = rate.replica_count * rate.batch / rate.step_seconds *
                          UNITS_SECONDS_PER_HOUR;
    return rate;
}
