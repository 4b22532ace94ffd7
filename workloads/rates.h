/*
 * rates: how much one system does in an hour, reckoned from a model's shape and a chip's figures
 * (planning model, Rates). Measured rates come from the scenario and need nothing of this.
 */
#ifndef WORKLOADS_RATES_H
#define WORKLOADS_RATES_H

#include "workloads/scenario.h"

/* Why a rate is 0 where the chip has no peak at the model's precision. */
extern const char RATES_NO_PEAK[];

/* How far a chip gets of its peaks; `<efficiency>` of a workload replaces the chip's own. */
struct efficiency {
    double mfu;
    double bw_efficiency;
};

/* What a decode step comes to, for those who want to see how a rate was made. */
struct inference_rate {
    double units_per_hour;   /* output tokens of one system; 0: none fits */
    double batch;            /* b: sequences a replica decodes at once */
    double step_seconds;     /* T(b) */
    int replica_count;       /* floor(n / c) */
    const char *zero_reason; /* a constant; NULL where the rate is above 0 */
};

/*
 * A model's shape must be good: positive figures, and for inference all of them.
 *
 * Training: tokens per hour of one system, n · peak · mfu ÷ (6 · active-params) · 3600. 0 when the
 * chip has no peak at that precision.
 */
double rates_training(const struct system *system, const struct model_shape *model,
    const struct efficiency *efficiency);

/*
 * Inference and batch: output tokens per hour of one system: the largest whole batch b with
 * w + b·v <= 0.9 · c · hbm and T(b) <= max-tpot-ms; floor(n / c) · b / T(b) · 3600.
 */
struct inference_rate rates_inference(const struct system *system, const struct model_shape *model,
    const struct efficiency *efficiency);

#endif
