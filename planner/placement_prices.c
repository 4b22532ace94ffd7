/*
 * Price decomposition (Dantzig and Wolfe, 1960): resources have prices; at given prices each class
 * takes its best options, all classes together make one proposal; a small master program over the
 * resources mixes proposals and says new prices. Prices are taken between the master's and the best
 * so far (in-out: Ben-Ameur and Neto, Acceleration of cutting-plane and column generation
 * algorithms, 2007). Every price proves an upper bound, every mix is a feasible answer.
 */
#include "base/mem.h"
#include "planner/lp.h"
#include "planner/placement_private.h"

#include <math.h>
#include <string.h>

enum { STEPS_MOST = 600, MASTER_ITERATIONS = 5000 };
static const double GAP_DEFAULT = 1e-6;
static const double IN_SHARE = 0.5; /* of the best prices in the next ones */

/* One answer of all classes to some prices. */
struct proposal {
    double *amounts; /* by option */
};

struct master {
    const struct placement_problem *problem;
    const struct placement_budget *budget;
    struct lp *lp;
    int *row_of; /* by resource: its row; -1: limits nothing */
    double value_scale;
    struct proposal *proposals;
    size_t count, capacity;
    double *prices, *best_prices, *mixed_prices; /* by resource */
    double best_bound;
    /* scratch of the oracle */
    double *reduced;   /* by option */
    int *first_option; /* by class: start in order */
    int *order;        /* options, class by class */
};

/* --- The oracle: what each class takes at prices */

static void group_options(struct master *m)
{
    const struct placement_problem *p = m->problem;
    int *next;

    m->first_option = mem_zero((size_t)p->class_count + 1, sizeof *m->first_option);
    m->order = mem_zero((size_t)p->option_count, sizeof *m->order);
    for (int i = 0; i < p->option_count; i++)
        m->first_option[p->options[i].class_index + 1]++;
    for (int c = 0; c < p->class_count; c++)
        m->first_option[c + 1] += m->first_option[c];
    next = mem_zero((size_t)p->class_count, sizeof *next);
    for (int i = 0; i < p->option_count; i++) {
        int c = p->options[i].class_index;

        m->order[m->first_option[c] + next[c]++] = i;
    }
    mem_free(next);
}

static double reduced_value(const struct master *m, int index, const double *prices)
{
    const struct placement_option *option = &m->problem->options[index];
    double value = option->value_usd_per_hour;

    for (int k = 0; k < option->use_count; k++) {
        const struct placement_use *use = &m->problem->uses[option->first_use + k];

        value -= prices[use->resource] * use->amount;
    }
    return value;
}

/* The best options of one class until its members or what pays run out; returns what they bring at
 * these prices. */
static double take_best(struct master *m, int class_index, double *amounts)
{
    const struct placement_problem *p = m->problem;
    double left = p->class_limit[class_index];
    double total = 0;

    while (left > 0) {
        int best = -1;
        double amount;

        for (int k = m->first_option[class_index]; k < m->first_option[class_index + 1]; k++) {
            int i = m->order[k];

            if (amounts[i] <= 0 && m->reduced[i] > 0 && p->options[i].limit > 0 &&
                (best < 0 || m->reduced[i] > m->reduced[best]))
                best = i;
        }
        if (best < 0)
            break;
        amount = fmin(left, p->options[best].limit);
        amounts[best] = amount;
        total += amount * m->reduced[best];
        left -= amount;
    }
    return total;
}

/* The bound that prices prove; amounts are filled with the proposal. */
static double ask_classes(struct master *m, const double *prices, double *amounts)
{
    const struct placement_problem *p = m->problem;
    double bound = 0;

    for (int i = 0; i < p->option_count; i++)
        m->reduced[i] = reduced_value(m, i, prices);
    for (int c = 0; c < p->class_count; c++)
        bound += take_best(m, c, amounts);
    for (int r = 0; r < p->resource_count; r++)
        if (m->row_of[r] >= 0)
            bound += prices[r] * p->resource_capacity[r];
    return bound;
}

/* --- The master */

static double row_scale(const struct master *m, int resource)
{
    double capacity = m->problem->resource_capacity[resource];

    return capacity > 0 ? capacity : 1;
}

static void make_rows(struct master *m)
{
    const struct placement_problem *p = m->problem;
    bool *is_used = mem_zero((size_t)p->resource_count, sizeof *is_used);

    for (int i = 0; i < p->use_count; i++)
        is_used[p->uses[i].resource] = true;
    m->row_of = mem_zero((size_t)p->resource_count, sizeof *m->row_of);
    (void)lp_add_row(m->lp, -INFINITY, 1); /* shares of proposals */
    for (int r = 0; r < p->resource_count; r++) {
        m->row_of[r] = -1;
        if (is_used[r] && p->resource_capacity[r] < PLACEMENT_NO_LIMIT)
            m->row_of[r] = lp_add_row(m->lp, -INFINITY, p->resource_capacity[r] / row_scale(m, r));
    }
    mem_free(is_used);
}

/* Takes amounts. */
static void add_proposal(struct master *m, double *amounts)
{
    const struct placement_problem *p = m->problem;
    double *uses = mem_zero((size_t)p->resource_count, sizeof *uses);
    double value = 0;
    int column;

    for (int i = 0; i < p->option_count; i++) {
        const struct placement_option *option = &p->options[i];

        if (amounts[i] <= 0)
            continue;
        value += amounts[i] * option->value_usd_per_hour;
        for (int k = 0; k < option->use_count; k++)
            uses[p->uses[option->first_use + k].resource] += amounts[i] *
                                                             p->uses[option->first_use + k].amount;
    }
    if (!(m->value_scale > 0))
        m->value_scale = fmax(value, 1e-9);
    column = lp_add_column(m->lp, LP_CONTINUOUS, 0, INFINITY, -value / m->value_scale);
    lp_add_term(m->lp, 0, column, 1);
    for (int r = 0; r < p->resource_count; r++)
        if (m->row_of[r] >= 0 && uses[r] > 0)
            lp_add_term(m->lp, m->row_of[r], column, uses[r] / row_scale(m, r));
    mem_free(uses);
    m->proposals = mem_grow(m->proposals, m->count, &m->capacity, sizeof *m->proposals);
    m->proposals[m->count++].amounts = amounts;
}

static double *new_amounts(const struct master *m)
{
    return mem_zero((size_t)m->problem->option_count, sizeof(double));
}

/* Ask at these prices, keep the bound if it is the best, add the proposal. */
static void ask_at(struct master *m, const double *prices)
{
    double *amounts = new_amounts(m);
    double bound = ask_classes(m, prices, amounts);

    if (bound < m->best_bound) {
        m->best_bound = bound;
        memcpy(m->best_prices, prices, (size_t)m->problem->resource_count * sizeof *prices);
    }
    add_proposal(m, amounts);
}

static void read_master_prices(struct master *m)
{
    for (int r = 0; r < m->problem->resource_count; r++)
        m->prices[r] = m->row_of[r] >= 0 ? fmax(0, -lp_row_dual(m->lp, m->row_of[r])) *
                                               m->value_scale / row_scale(m, r)
                                         : 0;
}

static void mix_prices(struct master *m, double in_share)
{
    for (int r = 0; r < m->problem->resource_count; r++)
        m->mixed_prices[r] = in_share * m->best_prices[r] + (1 - in_share) * m->prices[r];
}

/* Go on until value and bound meet. Returns the status. */
static enum placement_status run(
    struct master *m, double *value, int64_t *iterations, bool *guard_fired)
{
    double gap = m->budget->gap > 0 ? m->budget->gap : GAP_DEFAULT;
    double start_s = m->budget->clock_s != NULL ? m->budget->clock_s() : 0;
    double in_share = IN_SHARE;
    /* The master may be so degenerate that it walks without end. */
    struct lp_options options = {.iteration_limit = MASTER_ITERATIONS};

    for (int step = 0;; step++) {
        double before = m->best_bound;

        if (lp_solve(m->lp, &options, NULL) != LP_OPTIMAL)
            return PLACEMENT_FAILED;
        *iterations += lp_iterations(m->lp);
        *value = -lp_objective(m->lp) * m->value_scale;
        if (m->best_bound - *value <= gap * fmax(fabs(m->best_bound), 1e-9))
            return PLACEMENT_OPTIMAL;
        *guard_fired = placement_guard_passed(m->budget, start_s);
        if (*guard_fired || step == STEPS_MOST ||
            (m->budget->iterations > 0 && *iterations > m->budget->iterations))
            return PLACEMENT_BUDGET;
        read_master_prices(m);
        mix_prices(m, in_share);
        ask_at(m, m->mixed_prices);
        /* A step that does not move the bound: next time at the master's own prices. */
        in_share = m->best_bound < before ? IN_SHARE : in_share > 0 ? 0 : IN_SHARE;
    }
}

static void read_answer(const struct master *m, struct placement_answer *out)
{
    const struct placement_problem *p = m->problem;

    for (size_t k = 0; k < m->count; k++) {
        double share = lp_column_value(m->lp, (int)k);

        for (int i = 0; share > 0 && i < p->option_count; i++)
            out->amounts[i] += share * m->proposals[k].amounts[i];
    }
    memcpy(
        out->resource_prices, m->best_prices, (size_t)p->resource_count * sizeof *m->best_prices);
    for (int i = 0; i < p->option_count; i++) {
        double reduced = reduced_value(m, i, m->best_prices);
        double *price = &out->class_prices[p->options[i].class_index];

        *price = fmax(*price, reduced);
    }
    out->bound = m->best_bound;
}

void placement_solve_by_prices(const struct placement_problem *problem,
    const struct placement_budget *budget, const double *warm_prices, struct placement_answer *out)
{
    size_t resources = (size_t)problem->resource_count;
    struct master m = {.problem = problem, .budget = budget, .best_bound = INFINITY};

    m.lp = lp_create("prices");
    m.prices = mem_zero(resources, sizeof *m.prices);
    m.best_prices = mem_zero(resources, sizeof *m.best_prices);
    m.mixed_prices = mem_zero(resources, sizeof *m.mixed_prices);
    m.reduced = mem_zero((size_t)problem->option_count, sizeof *m.reduced);
    make_rows(&m);
    group_options(&m);
    ask_at(&m, m.prices); /* at no price: what everybody would like */
    if (warm_prices != NULL)
        ask_at(&m, warm_prices);
    out->status = run(&m, &out->value, &out->iterations, &out->guard_fired);
    if (out->status != PLACEMENT_FAILED)
        read_answer(&m, out);
    for (size_t k = 0; k < m.count; k++)
        mem_free(m.proposals[k].amounts);
    lp_destroy(m.lp);
    mem_free(m.proposals);
    mem_free(m.prices);
    mem_free(m.best_prices);
    mem_free(m.mixed_prices);
    mem_free(m.reduced);
    mem_free(m.row_of);
    mem_free(m.first_option);
    mem_free(m.order);
}
