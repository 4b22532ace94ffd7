/*
 * What is installed, inst[k,s,t], as an expression of columns.
 *
 * Firm and interruptible systems of a kind are two stocks. A stock is a column of its own where
 * systems of earlier periods still stand, tied to the stock before by a row of a few terms: without
 * it, each acquisition would stand in every power, capacity and floor row of its term. Where all of
 * it is new (on-demand systems that last one period), it is the sum of what is acquired and kept.
 */
#include "planner/capacity_model_private.h"

#include "base/mem.h"

#include <math.h>

/* Some of an offer's existing systems. */
struct batch {
    int offer, existing;
};

/* One stock while its periods are gone through, with what feeds it. */
struct stock_walk {
    int system, site, kind;
    int *offers; /* that may bring systems to the site */
    struct batch *batches;
    size_t offer_count, offer_capacity, batch_count, batch_capacity;
    int carried; /* columns of earlier periods that still count */
};

static void find_feeds(const struct builder *b, struct stock_walk *w)
{
    for (int o = 0; o < b->scenario->offer_count; o++) {
        const struct offer *offer = &b->scenario->offers[o];

        if (offer->system != w->system || offer->is_interruptible != (w->kind == STOCK_SPOT))
            continue;
        if (offer->is_at_site[w->site]) {
            w->offers = mem_grow(w->offers, w->offer_count, &w->offer_capacity, sizeof *w->offers);
            w->offers[w->offer_count++] = o;
        }
        for (int e = 0; e < offer->existing_count; e++) {
            if (offer->existing[e].site != w->site)
                continue;
            w->batches = mem_grow(
                w->batches, w->batch_count, &w->batch_capacity, sizeof *w->batches);
            w->batches[w->batch_count++] = (struct batch){o, e};
        }
    }
}

static void add_stock_term(struct builder *b, struct stock *stock, int column)
{
    b->stock_terms = mem_grow(
        b->stock_terms, b->stock_term_count, &b->stock_term_capacity, sizeof *b->stock_terms);
    if (stock->term_count == 0)
        stock->first_term = (int)b->stock_term_count;
    b->stock_terms[b->stock_term_count++] = (struct stock_term){column, 1};
    stock->term_count++;
}

/* What of the existing systems stands in t without anyone's choice. */
static double fixed_count(const struct builder *b, const struct stock_walk *w, int t)
{
    double count = 0;

    for (size_t i = 0; i < w->batch_count; i++) {
        const struct offer *offer = &b->scenario->offers[w->batches[i].offer];
        const struct existing *existing = &offer->existing[w->batches[i].existing];

        if (offer->kind != OFFER_BUY &&
            offer_is_in_term(offer, existing->acquired, b->scenario->periods[t].start))
            count += existing->count;
    }
    return count;
}

/* A column that comes in at a period (sign 1) or that goes, having come in before (sign -1). */
struct change {
    int column;
    int sign;
};
typedef void change_fn(struct builder *b, void *context, struct change change);

static void tell_change(struct builder *b, int in, int out, change_fn *call, void *context)
{
    if (in >= 0)
        call(b, context, (struct change){in, 1});
    if (out >= 0)
        call(b, context, (struct change){out, -1});
}

static void each_change(
    struct builder *b, const struct stock_walk *w, int t, change_fn *call, void *context)
{
    for (size_t i = 0; i < w->offer_count; i++) {
        int o = w->offers[i];
        int term = builder_term_periods(b->scenario, &b->scenario->offers[o]);

        tell_change(b, *builder_acquire(b, o, w->site, t),
            t >= term ? *builder_acquire(b, o, w->site, t - term) : -1, call, context);
    }
    for (size_t i = 0; i < w->batch_count; i++) {
        int o = w->batches[i].offer, e = w->batches[i].existing;

        tell_change(b, *builder_keep(b, o, e, t), t > 0 ? *builder_keep(b, o, e, t - 1) : -1, call,
            context);
    }
}

struct tally {
    int in, out;
};

static void count_change(struct builder *b, void *context, struct change change)
{
    struct tally *tally = context;

    (void)b;
    if (change.sign > 0)
        tally->in++;
    else
        tally->out++;
}

static void list_change(struct builder *b, void *context, struct change change)
{
    if (change.sign > 0)
        add_stock_term(b, context, change.column);
}

static void put_change(struct builder *b, void *context, struct change change)
{
    (void)context;
    builder_add_term(b, change.column, -change.sign);
}

/* inst[t] = inst[t-1] + what comes in - what goes + change of what is fixed */
static void add_stock_column(
    struct builder *b, const struct stock_walk *w, int t, double fixed_change)
{
    struct stock *stock = builder_stock(b, w->system, w->site, w->kind, t);
    struct column_key column_key = builder_column_key(COLUMN_INSTALL);
    struct row_key key = builder_row_key(ROW_INSTALL);
    int column;

    column_key.system = key.system = w->system;
    column_key.site = key.site = w->site;
    column_key.period = key.period = t;
    column_key.is_interruptible = key.is_interruptible = w->kind == STOCK_SPOT;
    column = builder_add_column(b, &column_key, INFINITY, 1);
    add_stock_term(b, stock, column);
    stock->constant = 0;
    builder_add_term(b, column, 1);
    if (t > 0)
        builder_add_installed(b, w->system, w->site, w->kind, t - 1, -1);
    each_change(b, w, t, put_change, NULL);
    builder_add_row(b, &key, fixed_change, fixed_change, 1);
}

static void walk_stock(struct builder *b, struct stock_walk *w)
{
    const struct scenario *sc = b->scenario;
    double fixed_before = 0;

    for (int t = 0; t < sc->period_count; t++) {
        struct stock *stock = builder_stock(b, w->system, w->site, w->kind, t);
        struct tally tally = {0};
        double fixed = fixed_count(b, w, t);

        each_change(b, w, t, count_change, &tally);
        w->carried -= tally.out;
        stock->can_be = w->carried + tally.in > 0 || fixed > 0;
        stock->constant = fixed;
        if (w->carried > 0)
            add_stock_column(b, w, t, fixed - fixed_before);
        else
            each_change(b, w, t, list_change, stock);
        w->carried += tally.in;
        fixed_before = fixed;
    }
}

void builder_add_stocks(struct builder *b)
{
    for (int k = 0; k < (int)b->scenario->catalog.system_count; k++)
        for (int s = 0; s < b->scenario->site_count; s++)
            for (int kind = 0; kind < STOCK_KINDS; kind++) {
                struct stock_walk walk = {.system = k, .site = s, .kind = kind};

                find_feeds(b, &walk);
                walk_stock(b, &walk);
                mem_free(walk.offers);
                mem_free(walk.batches);
            }
}

void builder_add_installed(
    struct builder *b, int system, int site, int kind, int period, double factor)
{
    const struct stock *stock = builder_stock(b, system, site, kind, period);

    for (int i = 0; i < stock->term_count; i++) {
        const struct stock_term *term = &b->stock_terms[stock->first_term + i];

        builder_add_term(b, term->column, factor * term->coefficient);
    }
    builder_add_constant(b, factor * stock->constant);
}
