#include "planner/within.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/lp.h"

#include <math.h>
#include <string.h>

/* Fewer systems than this are none: what the solver's tolerances leave. */
static const double SYSTEMS_NOISE = 1e-6;
static const double SHARE_MOST = 10;

struct search {
    const struct capacity_plan *plan;
    const struct scenario *sc;
    const struct within_options *options;
    struct capacity_model *model;
    struct within *out;
    double deadline_s;
    bool is_over; /* the time, or someone stopped it */
};

/* --- What stands in the period */

/* Does the column add to what stands of the range's system at its site? */
static bool is_counted(
    const struct search *s, const struct within_range *range, const struct column_key *key)
{
    const struct scenario *sc = s->sc;

    if (key->system != range->system || (range->site >= 0 && key->site != range->site))
        return false;
    if (key->family == COLUMN_KEEP)
        return key->period == s->options->period;
    return key->family == COLUMN_ACQUIRE && key->period <= s->options->period &&
           offer_is_in_term(&sc->offers[key->offer], sc->periods[key->period].start,
               sc->periods[s->options->period].start);
}

/* Existing systems under offers that are not bought stand to the end of their term. */
static double standing(const struct search *s, const struct within_range *range)
{
    double count = 0;

    for (int o = 0; o < s->sc->offer_count; o++) {
        const struct offer *offer = &s->sc->offers[o];

        for (int e = 0; e < offer->existing_count && offer->kind != OFFER_BUY; e++)
            if (offer->system == range->system &&
                (range->site < 0 || offer->existing[e].site == range->site) &&
                offer_is_in_term(
                    offer, offer->existing[e].acquired, s->sc->periods[s->options->period].start))
                count += offer->existing[e].count;
    }
    return count;
}

static double planned(const struct search *s, const struct within_range *range)
{
    double systems = 0;

    for (size_t i = 0; i < s->plan->installed.count; i++) {
        const struct plan_installed *row = &s->plan->installed.rows[i];

        if (row->period == s->options->period &&
            s->sc->offers[row->offer].system == range->system &&
            (range->site < 0 || row->site == range->site))
            systems += row->systems;
    }
    return systems;
}

/* Add the range where anything can stand. */
static bool add_range(struct search *s, int system, int site)
{
    struct within_range *range = &s->out->ranges[s->out->range_count];
    bool can_be;

    *range = (struct within_range){.system = system, .site = site, .least = NAN, .most = NAN};
    can_be = standing(s, range) > 0;
    for (int j = 0; j < s->model->column_count && !can_be; j++)
        can_be = is_counted(s, range, &s->model->columns[j]);
    if (!can_be)
        return false;
    range->planned = planned(s, range);
    s->out->range_count++;
    return true;
}

/* The sum over sites goes before them, where there are several. */
static void add_ranges(struct search *s)
{
    size_t most = s->sc->catalog.system_count * ((size_t)s->sc->site_count + 1);

    s->out->ranges = mem_zero(most, sizeof *s->out->ranges);
    for (int k = 0; k < (int)s->sc->catalog.system_count; k++) {
        int first = s->out->range_count;
        int sites = 0;

        if (!add_range(s, k, -1))
            continue;
        for (int site = 0; site < s->sc->site_count; site++)
            sites += add_range(s, k, site);
        if (sites == 1) {
            s->out->ranges[first] = s->out->ranges[first + 1];
            s->out->range_count = first + 1;
        }
    }
}

/* --- Solving */

static bool is_stopped(void *context)
{
    const struct search *s = context;
    const struct solve_options *solve = s->options->solve;

    return solve->stop != NULL && solve->stop(solve->context);
}

static enum lp_status solve(struct search *s, struct err *err)
{
    struct lp_options options = {.stop = is_stopped, .context = s};
    enum lp_status status;

    if (isfinite(s->deadline_s)) {
        options.time_limit_s = s->deadline_s - s->options->solve->clock_s();
        s->is_over |= options.time_limit_s <= 0;
    }
    s->is_over = s->is_over || is_stopped(s);
    if (s->is_over)
        return LP_TIME_LIMIT;
    status = lp_integer_count(s->model->lp) > 0 ? lp_solve_mip(s->model->lp, &options, err)
                                                : lp_solve(s->model->lp, &options, err);
    s->is_over = status == LP_TIME_LIMIT || status == LP_INTERRUPTED;
    return status;
}

/* cost <= limit, in thousands of dollars as the objective is; then the objective is free. */
static void bound_cost(struct search *s)
{
    struct lp *lp = s->model->lp;
    double constant = lp_objective(lp);
    int row;

    for (int j = 0; j < s->model->column_count; j++)
        constant -= lp_cost(lp, j) * lp_column_value(lp, j);
    row = lp_add_row(lp, -INFINITY, s->out->limit_usd / s->model->cost_scale - constant);
    for (int j = 0; j < s->model->column_count; j++) {
        lp_add_term(lp, row, j, lp_cost(lp, j));
        lp_set_cost(lp, j, 0);
    }
    lp_set_objective_constant(lp, 0);
}

static void set_goal(struct search *s, const struct within_range *range, double cost)
{
    for (int j = 0; j < s->model->column_count; j++)
        if (is_counted(s, range, &s->model->columns[j]))
            lp_set_cost(s->model->lp, j, cost * s->model->column_scale[j]);
}

/* One end; sign 1: the least, -1: the most. NAN: not known. -1: the solver failed. */
static int find_end(
    struct search *s, const struct within_range *range, int sign, double *end, struct err *err)
{
    enum lp_status status;

    set_goal(s, range, sign);
    status = solve(s, err);
    if (status == LP_OPTIMAL) {
        *end = standing(s, range) + sign * lp_objective(s->model->lp);
        *end = *end < SYSTEMS_NOISE ? 0 : *end;
    } else if (status == LP_UNBOUNDED) {
        *end = INFINITY;
    }
    set_goal(s, range, 0);
    return status == LP_FAILED || status == LP_INFEASIBLE ? -1 : 0;
}

/* The plan itself is one of those looked at: rounding takes nothing from it. */
static int find_range(struct search *s, struct within_range *range, struct err *err)
{
    if (find_end(s, range, 1, &range->least, err) != 0 ||
        find_end(s, range, -1, &range->most, err) != 0)
        return -1;
    if (!isnan(range->least))
        range->least = fmin(range->least, range->planned);
    if (!isnan(range->most))
        range->most = fmax(range->most, range->planned);
    return 0;
}

static int find_ranges(struct search *s, struct err *err)
{
    const struct solve_options *options = s->options->solve;

    for (int i = 0; i < s->out->range_count && !s->is_over; i++) {
        if (options->progress != NULL)
            options->progress(options->context, "looking at other plans", i, s->out->range_count);
        if (find_range(s, &s->out->ranges[i], err) != 0)
            return err_wrap(err, "near-optimal plans could not be looked at");
    }
    s->out->is_complete = !s->is_over;
    return 0;
}

/* To the optimum again (of a basis: at once), and from there along the rim of the cost. */
static int search_around(struct search *s, struct err *err)
{
    enum lp_status status;

    if (s->options->basis != NULL)
        (void)capacity_basis_apply(s->options->basis, s->model);
    status = solve(s, err);
    if (s->is_over)
        return 0;
    if (status != LP_OPTIMAL)
        return err_wrap(err, "near-optimal plans could not be looked at");
    bound_cost(s);
    return find_ranges(s, err);
}

struct within *within_find(
    const struct capacity_plan *plan, const struct within_options *options, struct err *err)
{
    const struct capacity_model_options model_options = {
        .keeps_limits = options->solve->with_ranges};
    struct search s = {.plan = plan,
        .sc = plan->scenario,
        .options = options,
        .model = capacity_model_create(plan->scenario, &model_options, err),
        .deadline_s = options->time_limit_s > 0 ? options->solve->clock_s() + options->time_limit_s
                                                : INFINITY};
    int rc;

    if (s.model == NULL)
        return NULL;
    s.out = mem_zero(1, sizeof *s.out);
    s.out->share = options->share;
    s.out->period = options->period;
    s.out->limit_usd = plan->objective_usd + options->share * fabs(plan->objective_usd);
    add_ranges(&s);
    rc = search_around(&s, err);
    capacity_model_destroy(s.model);
    if (rc == 0)
        return s.out;
    within_destroy(s.out);
    return NULL;
}

void within_destroy(struct within *within)
{
    if (within == NULL)
        return;
    mem_free(within->ranges);
    mem_free(within);
}

static int parse_share(const char *text, double *share, struct err *err)
{
    char *copy = mem_copy_text(text);
    size_t length = strlen(copy);
    double factor = 1;
    int rc = -1;

    if (length > 0 && copy[length - 1] == '%') {
        copy[--length] = '\0';
        factor = 0.01;
        while (length > 0 && copy[length - 1] == ' ')
            copy[--length] = '\0';
    }
    if (str_parse_double(copy, share) == 0 && *share >= 0 && *share * factor <= SHARE_MOST) {
        *share *= factor;
        rc = 0;
    }
    if (rc != 0)
        (void)err_set(err, ERR_USAGE, "--within '%.60s': write a share of the cost, as 2%%", text);
    mem_free(copy);
    return rc;
}

/* The period of a month; -1: it is in none. */
static int find_period(const struct scenario *sc, date_month month)
{
    for (int t = 0; t < sc->period_count; t++)
        if (sc->periods[t].start <= month &&
            month < sc->periods[t].start + sc->periods[t].month_count)
            return t;
    return -1;
}

int within_parse(const struct scenario *scenario, const char *share, const char *month,
    struct within_options *out, struct err *err)
{
    date_month at;

    *out = (struct within_options){.period = scenario->period_count - 1};
    if (parse_share(share, &out->share, err) != 0)
        return -1;
    if (month == NULL)
        return 0;
    if (date_parse_month(month, &at) != 0)
        return err_set(err, ERR_USAGE, "--at '%.40s': write a month, as 2027-01", month);
    out->period = find_period(scenario, at);
    if (out->period >= 0)
        return 0;
    return err_set(err, ERR_USAGE, "--at '%.40s': the horizon of %s does not reach there", month,
        scenario->name);
}
