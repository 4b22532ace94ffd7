/* Rows of what can be acquired: supply, max-systems, and existing systems that only leave. */
#include "planner/capacity_model_private.h"

#include <math.h>

/* sum over s of acq[o,s,t] <= systems-per-month · M_t */
static void add_supply_row(struct builder *b, int o, int t)
{
    struct row_key key = builder_row_key(ROW_SUPPLY);

    key.offer = o;
    key.period = t;
    for (int s = 0; s < b->scenario->site_count; s++)
        if (*builder_acquire(b, o, s, t) >= 0)
            builder_add_term(b, *builder_acquire(b, o, s, t), 1);
    builder_add_row(
        b, &key, -INFINITY, offer_supply(&b->scenario->offers[o], &b->scenario->periods[t]), 1);
}

/* sum over s and t' <= t, t in the term that starts at t', of acq[o,s,t'] <= max-systems */
static void add_max_row(struct builder *b, int o, int t)
{
    const struct offer *offer = &b->scenario->offers[o];
    int term = builder_term_periods(b->scenario, offer);
    struct row_key key = builder_row_key(ROW_OFFER_MAX);

    key.offer = o;
    key.period = t;
    for (int s = 0; s < b->scenario->site_count; s++)
        for (int first = t < term ? 0 : t - term + 1; first <= t; first++)
            if (*builder_acquire(b, o, s, first) >= 0)
                builder_add_term(b, *builder_acquire(b, o, s, first), 1);
    builder_add_row(b, &key, -INFINITY, offer->max_systems, 1);
}

/* Does the row of t+1 imply that of t: does nothing leave between them? */
static bool is_max_implied(struct builder *b, int o, int t)
{
    int leaving = t + 1 - builder_term_periods(b->scenario, &b->scenario->offers[o]);

    if (b->is_plain || t + 1 == b->scenario->period_count)
        return false;
    for (int s = 0; leaving >= 0 && s < b->scenario->site_count; s++)
        if (*builder_acquire(b, o, s, leaving) >= 0)
            return false;
    return true;
}

/* keep[e,t] <= keep[e,t-1] */
static void add_keep_row(struct builder *b, int o, int e, int t)
{
    struct row_key key = builder_row_key(ROW_KEEP);

    key.offer = o;
    key.existing = e;
    key.site = b->scenario->offers[o].existing[e].site;
    key.period = t;
    if (*builder_keep(b, o, e, t) < 0 || *builder_keep(b, o, e, t - 1) < 0)
        return;
    builder_add_term(b, *builder_keep(b, o, e, t), 1);
    builder_add_term(b, *builder_keep(b, o, e, t - 1), -1);
    builder_add_row(b, &key, -INFINITY, 0, 1);
}

void builder_add_supply_rows(struct builder *b)
{
    for (int o = 0; o < b->scenario->offer_count; o++) {
        const struct offer *offer = &b->scenario->offers[o];

        for (int t = 0; t < b->scenario->period_count && !b->is_over; t++) {
            if (offer->has_supply)
                add_supply_row(b, o, t);
            if (isfinite(offer->max_systems) && !is_max_implied(b, o, t))
                add_max_row(b, o, t);
        }
        for (int e = 0; e < offer->existing_count; e++)
            for (int t = 1; t < b->scenario->period_count; t++)
                add_keep_row(b, o, e, t);
    }
}
