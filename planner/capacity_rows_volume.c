/* Rows of training and batch: the volume of work, and of any workload: how many systems at most. */
#include "planner/capacity_model_private.h"

#include <math.h>

/* sum over t in the window of h_t · q[j,s,t] over s + u[j] >= W_j */
static void add_volume_row(struct builder *b, int j)
{
    const struct scenario *sc = b->scenario;
    const struct workload *w = &sc->workloads[j];
    struct row_key key = builder_row_key(ROW_VOLUME);

    key.workload = j;
    for (int t = 0; t < sc->period_count; t++)
        for (int s = 0; s < sc->site_count; s++)
            builder_add_work(b, j, s, t, sc->periods[t].hours);
    if (*builder_unmet(b, j, 0, 0) >= 0)
        builder_add_term(b, *builder_unmet(b, j, 0, 0), 1);
    builder_add_row(b, &key, w->volume_units, INFINITY, b->unit_scale[j]);
}

/* sum over s, k, m of x[j,s,k,m,t] <= max-systems */
static void add_max_row(struct builder *b, int j, int t)
{
    const struct scenario *sc = b->scenario;
    struct row_key key = builder_row_key(ROW_WORKLOAD_MAX);

    key.workload = j;
    key.period = t;
    for (int s = 0; s < sc->site_count; s++)
        for (int k = 0; k < (int)sc->catalog.system_count; k++)
            (void)builder_add_run(b, j, s, k, t, run_count, 1);
    builder_add_row(b, &key, -INFINITY, sc->workloads[j].max_systems, 1);
}

void builder_add_volume_rows(struct builder *b)
{
    for (int j = 0; j < b->scenario->workload_count; j++) {
        const struct workload *w = &b->scenario->workloads[j];

        if (w->kind != WORKLOAD_INFERENCE)
            add_volume_row(b, j);
        for (int t = 0; isfinite(w->max_systems) && t < b->scenario->period_count; t++)
            add_max_row(b, j, t);
    }
}
