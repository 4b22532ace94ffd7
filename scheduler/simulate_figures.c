/* What people ask of a simulation: waits, turnaround, slowdown, how long rounds took. */
#include "base/mem.h"
#include "scheduler/simulate.h"

#include <math.h>
#include <stdlib.h>

static const double SLOWDOWN_BOUND_S = 10;

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* The value below which that share of the sorted values lies (nearest rank). */
static double quantile(const double *sorted, size_t count, double share)
{
    size_t rank = (size_t)ceil(share * (double)count);

    return count == 0 ? 0 : sorted[rank > 0 ? rank - 1 : 0];
}

static double mean(const double *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return count > 0 ? sum / (double)count : 0;
}

static void add_rounds(const struct simulate_result *result, struct simulate_figures *out)
{
    double *sorted = mem_zero(result->round_count, sizeof *sorted);

    for (size_t i = 0; i < result->round_count; i++)
        sorted[i] = result->round_s[i];
    qsort(sorted, result->round_count, sizeof *sorted, compare_doubles);
    out->round_mean_s = mean(sorted, result->round_count);
    out->round_p99_s = quantile(sorted, result->round_count, 0.99);
    out->round_max_s = quantile(sorted, result->round_count, 1);
    mem_free(sorted);
}

struct simulate_figures simulate_figures(const struct simulate_result *result)
{
    struct simulate_figures out = {0};
    double *waits = mem_zero(result->job_count, sizeof *waits);
    double turnaround = 0;
    double slowdown = 0;
    size_t count = 0;

    for (size_t i = 0; i < result->job_count; i++) {
        const struct simulate_job *job = &result->jobs[i];
        double run_s;

        if (job->gang == NULL || job->gang->state != GANG_DONE)
            continue;
        run_s = job->end_s - job->start_s;
        waits[count++] = job->start_s - job->submit_s;
        turnaround += job->end_s - job->submit_s;
        slowdown += fmax(1, (job->end_s - job->submit_s) / fmax(run_s, SLOWDOWN_BOUND_S));
    }
    qsort(waits, count, sizeof *waits, compare_doubles);
    out.wait_mean_s = mean(waits, count);
    out.wait_p50_s = quantile(waits, count, 0.5);
    out.wait_p95_s = quantile(waits, count, 0.95);
    out.wait_max_s = quantile(waits, count, 1);
    if (count > 0) {
        out.turnaround_mean_s = turnaround / (double)count;
        out.slowdown_mean = slowdown / (double)count;
    }
    mem_free(waits);
    add_rounds(result, &out);
    return out;
}
