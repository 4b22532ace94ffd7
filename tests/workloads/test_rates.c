/*
 * Known answers are worked by hand from the planning model (Rates) for one round chip: 100 GB of
 * HBM at 1,000 GB/s, half of it reached, 1,000 TFLOPS of fp8, half of it reached. A replica of 4
 * chips has 360 GB for weights and sequences, reads 2e12 bytes/s and does 2e15 operations/s.
 */
#include "workloads/rates.h"

#include "base/rng.h"
#include "tests/support/suite.h"

#include <math.h>

static const struct efficiency HALF = {0.5, 0.5};

static struct chip round_chip(void)
{
    struct chip chip = {.id = "c", .hbm_gb = 100, .hbm_gbps = 1000, .mfu = 0.5};

    chip.peak_tflops[PRECISION_FP8] = 1000;
    return chip;
}

static struct system ten_chips(const struct chip *chip)
{
    return (struct system){.id = "s", .chip = chip, .host_count = 5, .chips_per_host = 2};
}

/* Weights 100 GB, 10 GB of them active; 1 GB of KV cache a sequence. */
static struct model_shape round_model(void)
{
    return (struct model_shape){.active_params = 10e9,
        .total_params = 100e9,
        .precision = PRECISION_FP8,
        .kv_bytes_per_token = 1e5,
        .context_tokens = 1e4,
        .chips = 4,
        .max_tpot_ms = INFINITY};
}

START_TEST(training_is_peak_times_mfu_over_six_times_active)
{
    struct chip chip = round_chip();
    struct system system = ten_chips(&chip);
    struct model_shape model = round_model();

    /* 10 chips · 1e15 · 0.5 ÷ (6 · 1e10) · 3600 = 3e8 */
    ck_assert_double_eq_tol(rates_training(&system, &model, &HALF), 3e8, 1);
    model.precision = PRECISION_BF16;
    ck_assert_double_eq(rates_training(&system, &model, &HALF), 0);
}
END_TEST

struct rate_case {
    const char *what;
    double active_params, total_params, kv_bytes_per_token, max_tpot_ms, input_tokens;
    int chips;
    double batch, step_seconds, units_per_hour;
};

static const struct rate_case RATE_CASES[] = {
    /* (360 - 100) GB ÷ 1 GB = 260 fits exactly; (100 + 260) GB ÷ 2e12 = 0.18 s; 2 replicas. */
    {"memory ends it", 10e9, 100e9, 1e5, INFINITY, 0, 4, 260, 0.18, 10.4e6},
    /* 9 sequences read 9 · (10 + 1) GB = 99 GB in 49.5 ms; 10 read all weights: 110 GB, 55 ms. */
    {"time ends it while few weights are active", 10e9, 100e9, 1e5, 50, 0, 4, 9, 0.0495,
        2 * 9 / 0.0495 * 3600},
    {"a time that is met exactly counts", 10e9, 100e9, 1e5, 49.5, 0, 4, 9, 0.0495,
        2 * 9 / 0.0495 * 3600},
    {"a time that is just missed does not", 10e9, 100e9, 1e5, 49.49, 0, 4, 8, 0.044,
        2 * 8 / 0.044 * 3600},
    /* All weights are read: 0.1 s allow 200 GB, so 100 sequences. */
    {"time ends it when all weights are read", 10e9, 100e9, 1e5, 100, 0, 4, 100, 0.1, 7.2e6},
    /* 260 · 2e10 · (1 + 999) ÷ 2e15 = 2.6 s */
    {"the work of input tokens ends it", 10e9, 100e9, 1e5, INFINITY, 999, 4, 260, 2.6, 720000},
    /* 2e10 · 1000 ÷ 2e15 = 10 ms a sequence; 35 of them; 135 GB would take 67 ms. */
    {"work and a time limit", 10e9, 100e9, 1e5, 350, 999, 4, 35, 0.35, 720000},
    /* 10 chips: 900 GB, 5e12 B/s; one replica: 800 sequences in 900 GB ÷ 5e12 = 0.18 s. */
    {"one replica of all chips", 10e9, 100e9, 1e5, INFINITY, 0, 10, 800, 0.18, 16e6},
    /* 6 of 10 chips make one replica; 540 GB, 440 sequences, 540 GB ÷ 3e12 = 0.18 s. */
    {"chips that make no whole replica idle", 10e9, 100e9, 1e5, INFINITY, 0, 6, 440, 0.18, 8.8e6},
};

START_TEST(decoding_meets_answers_worked_by_hand)
{
    const struct rate_case *c = &RATE_CASES[_i];
    struct chip chip = round_chip();
    struct system system = ten_chips(&chip);
    struct model_shape model = round_model();
    struct inference_rate rate;

    model.active_params = c->active_params;
    model.total_params = c->total_params;
    model.kv_bytes_per_token = c->kv_bytes_per_token;
    model.max_tpot_ms = c->max_tpot_ms;
    model.input_tokens_per_output = c->input_tokens;
    model.chips = c->chips;
    rate = rates_inference(&system, &model, &HALF);
    ck_assert_msg(fabs(rate.batch - c->batch) < 0.5, "%s: batch %g", c->what, rate.batch);
    ck_assert_msg(fabs(rate.step_seconds - c->step_seconds) < 1e-9 * c->step_seconds,
        "%s: step %g s", c->what, rate.step_seconds);
    ck_assert_msg(fabs(rate.units_per_hour - c->units_per_hour) < 1e-9 * c->units_per_hour,
        "%s: %g units per hour", c->what, rate.units_per_hour);
    ck_assert_ptr_null(rate.zero_reason);
}
END_TEST

struct zero_case {
    enum precision precision;
    double total_params, max_tpot_ms;
    int chips;
    const char *reason;
};

static const struct zero_case ZERO_CASES[] = {
    {PRECISION_FP4, 100e9, 1e9, 4, "the chip has no peak at the model's precision"},
    {PRECISION_FP8, 100e9, 1e9, 11, "a replica spans more chips than the system has"},
    {PRECISION_FP8, 361e9, 1e9, 4, "the weights do not fit in 90 % of a replica's memory"},
    {PRECISION_FP8, 359.5e9, 1e9, 4,
        "no sequence fits beside the weights in 90 % of a replica's memory"},
    {PRECISION_FP8, 100e9, 5.4, 4, "a step of one sequence takes longer than max-tpot-ms"},
};

START_TEST(a_rate_of_zero_has_its_reason)
{
    const struct zero_case *c = &ZERO_CASES[_i];
    struct chip chip = round_chip();
    struct system system = ten_chips(&chip);
    struct model_shape model = round_model();
    struct inference_rate rate;

    model.precision = c->precision;
    model.total_params = c->total_params;
    model.max_tpot_ms = c->max_tpot_ms;
    model.chips = c->chips;
    rate = rates_inference(&system, &model, &HALF);
    ck_assert_double_eq(rate.units_per_hour, 0);
    ck_assert_double_eq(rate.batch, 0);
    ck_assert_str_eq(rate.zero_reason, c->reason);
}
END_TEST

/* --- Every whole b tried, in long double, straight from the page. */

struct brute {
    long double batch, step_s;
};

static struct brute try_every_batch(const struct chip *chip, const struct model_shape *m,
    const struct efficiency *e, long double bytes)
{
    long double w = m->total_params * bytes;
    long double v = (long double)m->kv_bytes_per_token * m->context_tokens;
    long double memory = 0.9L * m->chips * chip->hbm_gb * 1e9L;
    struct brute best = {0, 0};

    for (long double b = 1; w + b * v <= memory; b++) {
        long double all = b * m->active_params * bytes;
        long double read = (w < all ? w : all) + b * v;
        long double by_memory = read / (m->chips * chip->hbm_gbps * 1e9L * e->bw_efficiency);
        long double by_work = 2.0L * m->active_params * (1 + m->input_tokens_per_output) * b /
                              (m->chips * chip->peak_tflops[m->precision] * 1e12L * e->mfu);
        long double t = by_memory > by_work ? by_memory : by_work;

        if (t * 1000 <= m->max_tpot_ms)
            best = (struct brute){b, t};
    }
    return best;
}

START_TEST(the_batch_is_the_largest_of_all_that_fit)
{
    static const enum precision PRECISIONS[] = {
        PRECISION_FP32, PRECISION_BF16, PRECISION_FP8, PRECISION_FP4};
    static const long double BYTES[] = {4, 2, 1, 0.5L};
    struct rng rng = rng_seed((uint64_t)_i);
    int kind = (int)rng_between(&rng, 0, 3);
    double active = pow(10, 9 + 2 * rng_unit(&rng));
    struct chip chip = {.id = "c", .hbm_gb = 50 + 300 * rng_unit(&rng)};
    struct system system = ten_chips(&chip);
    struct efficiency efficiency = {0.1 + 0.5 * rng_unit(&rng), 0.3 + 0.6 * rng_unit(&rng)};
    struct model_shape model = {.active_params = active,
        .total_params = active * (1 + 19 * rng_unit(&rng)),
        .precision = PRECISIONS[kind],
        .kv_bytes_per_token = 1e4 + 2e5 * rng_unit(&rng),
        .context_tokens = (double)rng_between(&rng, 500, 30000),
        .chips = (int)rng_between(&rng, 1, 10),
        .max_tpot_ms = rng_unit(&rng) < 0.3 ? INFINITY : 5 + 200 * rng_unit(&rng),
        .input_tokens_per_output = rng_unit(&rng) < 0.5 ? 0 : 50 * rng_unit(&rng)};
    struct inference_rate rate;
    struct brute brute;

    chip.hbm_gbps = 1000 + 9000 * rng_unit(&rng);
    chip.peak_tflops[PRECISIONS[kind]] = 200 + 5000 * rng_unit(&rng);
    rate = rates_inference(&system, &model, &efficiency);
    brute = try_every_batch(&chip, &model, &efficiency, BYTES[kind]);
    ck_assert_double_eq(rate.batch, (double)brute.batch);
    ck_assert_int_eq(rate.zero_reason != NULL, brute.batch < 1);
    if (brute.batch >= 1) {
        double expected = (double)(10 / model.chips * brute.batch / brute.step_s * 3600);

        ck_assert_double_eq_tol(rate.units_per_hour / expected, 1, 1e-12);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("workloads/rates");
    TCase *tc = tcase_create("rates");

    tcase_add_test(tc, training_is_peak_times_mfu_over_six_times_active);
    tcase_add_loop_test(tc, decoding_meets_answers_worked_by_hand, 0,
        (int)(sizeof RATE_CASES / sizeof *RATE_CASES));
    tcase_add_loop_test(
        tc, a_rate_of_zero_has_its_reason, 0, (int)(sizeof ZERO_CASES / sizeof *ZERO_CASES));
    tcase_add_loop_test(tc, the_batch_is_the_largest_of_all_that_fit, 0, 500);
    suite_add_tcase(s, tc);
    return s;
}
