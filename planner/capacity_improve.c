/*
 * Neighbourhoods of a whole plan: a window of periods; one offer, or one site, around a period.
 * What is outside is held; inside, branch and cut.
 */
#include "planner/capacity_dive.h"

#include "planner/capacity_dive_private.h"

#include <math.h>

enum { WINDOW_MOST = 4, OFFER_REACH = 6, SITE_REACH = 3 };

/* Of one neighbourhood; counted, not timed, so that the path is always the same. */
enum { NODES_MAX = 200, ITERATIONS_MAX = 20000 };
static const double NEIGHBOURHOOD_GAP = 1e-7;

/* A gain of less is none. */
static const double WORTHWHILE = 1e-7;

enum shape { SHAPE_PERIODS, SHAPE_OFFER, SHAPE_SITE, SHAPE_COUNT };

struct neighbourhood {
    enum shape shape;
    int from, to; /* periods, inclusive */
    int offer, site;
};

static struct neighbourhood choose(struct capacity_dive *dive)
{
    const struct scenario *sc = dive->model->scenario;
    enum shape shape = (enum shape)rng_between(&dive->rng, 0, SHAPE_COUNT - 1);
    int window = (int)rng_between(&dive->rng, 1, WINDOW_MOST);
    int period = (int)rng_between(&dive->rng, 0, sc->period_count - 1);
    struct neighbourhood n = {.shape = shape,
        .from = period,
        .to = period + window - 1,
        .offer = (int)rng_between(&dive->rng, 0, sc->offer_count - 1),
        .site = (int)rng_between(&dive->rng, 0, sc->site_count - 1)};
    int reach = shape == SHAPE_OFFER ? OFFER_REACH : SITE_REACH;

    if (shape != SHAPE_PERIODS) {
        n.from = period - reach;
        n.to = period + reach - 1;
    }
    return n;
}

static bool is_in(const struct neighbourhood *n, const struct column_key *key)
{
    if (key->period < n->from || key->period > n->to)
        return false;
    return n->shape == SHAPE_PERIODS || (n->shape == SHAPE_OFFER && key->offer == n->offer) ||
           (n->shape == SHAPE_SITE && key->site == n->site);
}

/* Take what is better in it. */
static void search(struct capacity_dive *dive, const struct neighbourhood *n)
{
    struct lp *lp = dive->model->lp;
    struct lp_options options;
    int free_count = 0;

    for (int i = 0; i < dive->column_count; i++) {
        const struct dive_column *column = &dive->columns[i];

        if (is_in(n, &dive->model->columns[column->index])) {
            dive_free(dive, column);
            free_count += column->lower < column->upper;
        } else {
            dive_fix(dive, column, dive->best[column->index]);
        }
    }
    if (free_count == 0 || dive_solve(dive) != DIVE_HELD)
        return;
    options = dive_lp_options(dive);
    options.gap = NEIGHBOURHOOD_GAP;
    options.node_limit = NODES_MAX;
    options.iteration_limit = ITERATIONS_MAX;
    (void)lp_solve_mip(lp, &options, NULL);
    if (lp_has_point(lp) && lp_objective(lp) < dive->cutoff)
        dive_take(dive);
}

void capacity_dive_improve(struct capacity_dive *dive, int idle_rounds, int rounds)
{
    int idle = 0;

    for (int i = 0; i < rounds && idle < idle_rounds && dive->column_count > 0; i++) {
        struct neighbourhood n = choose(dive);
        double before = dive->best_objective;

        if (!dive->has_best || dive_is_over(dive) || before <= dive->options->good_enough)
            return;
        search(dive, &n);
        idle = before - dive->best_objective > WORTHWHILE * fabs(before) ? 0 : idle + 1;
    }
}
