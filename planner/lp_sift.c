/*
 * Sifting (Bixby, Gregory, Lustig, Marsten, Shanno: Very large-scale linear programming, Operations
 * Research 40, 1992): most columns of a planning model are never used. The program is solved over a
 * part of its columns; the row duals price the others; those that would gain come in, and the
 * simplex goes on from where it stands. Where a part is infeasible, those columns come in that
 * break its proof (Farkas pricing). The answer of the last part is checked against the full program
 * as any answer is; where it does not hold, the solver goes on with the full program from there.
 */
#include "planner/lp_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 60 };
static const double GAIN_TOLERANCE = 1e-7; /* of the scaled cost, as the solver's own */

struct sift {
    struct lp *full;
    struct lp_part *columns; /* which are in the part */
    struct lp *part;         /* columns->lp */
    const struct lp_options *options;
    double deadline_s;
    int64_t iterations;
};

/* --- The part */

void lp_part_destroy(struct lp_part *part)
{
    if (part == NULL)
        return;
    lp_destroy(part->lp);
    mem_free(part->part_of);
    mem_free(part->full_of);
    mem_free(part);
}

static struct lp_part *create_part(const struct lp *full)
{
    struct lp_part *part = mem_zero(1, sizeof *part);

    part->lp = lp_create(full->name);
    part->column_count = full->column_count;
    lp_set_objective_constant(part->lp, full->constant);
    for (size_t i = 0; i < full->row_count; i++)
        (void)lp_add_row(part->lp, full->rows[i].lower, full->rows[i].upper);
    part->part_of = mem_resize(NULL, full->column_count, sizeof *part->part_of);
    for (size_t j = 0; j < full->column_count; j++)
        part->part_of[j] = -1;
    return part;
}

static void add_column(struct sift *s, int column)
{
    const struct lp_column *c = &s->full->columns[column];
    struct lp_part *part = s->columns;
    int index = lp_add_column(part->lp, LP_CONTINUOUS, c->lower, c->upper, c->cost);

    for (int t = c->first_term; t >= 0; t = s->full->terms[t].next)
        lp_add_term(part->lp, s->full->terms[t].row, index, s->full->terms[t].value);
    part->full_of = mem_grow(part->full_of, (size_t)index, &part->capacity, sizeof *part->full_of);
    part->full_of[index] = column;
    part->part_of[column] = index;
}

/* Is it, with the numbers of today, still a part of the full program? */
static bool renew_part(struct lp_part *part, const struct lp *full)
{
    if (part->column_count != full->column_count || part->lp->row_count != full->row_count)
        return false;
    for (size_t k = 0; k < part->lp->column_count; k++)
        if (!lp_is_like_column(part->lp, k, full, (size_t)part->full_of[k]))
            return false;
    lp_set_row_numbers(part->lp, full);
    for (size_t k = 0; k < part->lp->column_count; k++)
        lp_set_column_numbers(part->lp, k, full, (size_t)part->full_of[k]);
    return true;
}

/* Does it begin in the part? What does not rest at a lower bound of 0 has to. */
static bool is_begun_with(const struct sift *s, const unsigned char *is_first, size_t j)
{
    const struct lp_column *column = &s->full->columns[j];

    if (column->lower != 0.0 || column->upper < 0.0 ||
        (s->full->has_basis && column->place != LP_AT_LOWER))
        return true;
    return is_first != NULL ? is_first[j] : column->is_sifted;
}

/* Let the part start from the full program's basis. */
static void give_part_basis(struct sift *s)
{
    unsigned char *rows = mem_zero(s->full->row_count, 1);
    unsigned char *columns = mem_zero(s->part->column_count, 1);

    for (size_t i = 0; i < s->full->row_count; i++)
        rows[i] = s->full->rows[i].place;
    for (size_t j = 0; j < s->part->column_count; j++)
        columns[j] = s->full->columns[s->columns->full_of[j]].place;
    lp_set_basis(s->part, rows, columns);
    mem_free(rows);
    mem_free(columns);
}

static void make_part(struct sift *s, const unsigned char *is_first)
{
    s->columns = s->full->part;
    s->full->part = NULL;
    if (s->columns != NULL && !renew_part(s->columns, s->full)) {
        lp_part_destroy(s->columns);
        s->columns = NULL;
    }
    if (s->columns == NULL)
        s->columns = create_part(s->full);
    s->part = s->columns->lp;
    for (size_t j = 0; j < s->full->column_count; j++)
        if (s->columns->part_of[j] < 0 && is_begun_with(s, is_first, j))
            add_column(s, (int)j);
    if (s->full->has_basis)
        give_part_basis(s);
}

/* c - sum of a · y: what one more unit of a column that is not there would cost. */
static double reduced_cost(const struct sift *s, size_t column)
{
    const struct lp_column *c = &s->full->columns[column];
    double cost = c->cost;

    for (int t = c->first_term; t >= 0; t = s->full->terms[t].next)
        cost -= s->full->terms[t].value * s->part->rows[s->full->terms[t].row].dual;
    return cost;
}

struct candidate {
    int column;
    double gain;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;

    if (left->gain < right->gain || left->gain > right->gain)
        return left->gain < right->gain ? 1 : -1;
    return left->column - right->column;
}

/* What a column that is not in the part would bring, as the solver sees it, so that columns of
 * different units compare; 0: nothing. */
typedef double gain_fn(const struct sift *s, size_t column);

static double cost_gain(const struct sift *s, size_t column)
{
    double gain = -reduced_cost(s, column) * s->full->cost_scale * s->full->columns[column].scale;

    return gain > GAIN_TOLERANCE ? gain : 0.0;
}

/* The part's rows, each times its weight, add up to a row that no x of the part meets; with a
 * column that has a term in it, some x may. */
static double proof_gain(const struct sift *s, size_t column)
{
    const struct lp_column *c = &s->full->columns[column];
    double sum = 0.0, size = 0.0;

    for (int t = c->first_term; t >= 0; t = s->full->terms[t].next) {
        double part = s->part->proof[s->full->terms[t].row] * s->full->terms[t].value;

        sum += part;
        size += fabs(part);
    }
    return sum > LP_TOLERANCE * size ? sum * c->scale : 0.0;
}

/* Bring in columns that would gain, the largest gains first, a share of the part at a time; returns
 * how many came. */
static size_t add_gaining(struct sift *s, gain_fn *gain_of)
{
    struct candidate *list = mem_zero(s->full->column_count, sizeof *list);
    size_t most = s->part->column_count / 4 + 100;
    size_t count = 0;

    for (size_t j = 0; j < s->full->column_count; j++) {
        double gain = s->columns->part_of[j] >= 0 ? 0.0 : gain_of(s, j);

        if (gain > 0.0)
            list[count++] = (struct candidate){(int)j, gain};
    }
    qsort(list, count, sizeof *list, compare_candidates);
    if (count > most)
        count = most;
    for (size_t i = 0; i < count; i++)
        add_column(s, list[i].column);
    mem_free(list);
    return count;
}

static struct lp_options part_options(const struct sift *s)
{
    struct lp_options options = *s->options;

    if (isfinite(s->deadline_s))
        options.time_limit_s = fmax(1e-3, s->deadline_s - clock_monotonic_s());
    return options;
}

static bool is_asked_to_stop(const struct sift *s)
{
    return s->options->stop != NULL && s->options->stop(s->options->context);
}

static bool is_limit(enum lp_status status)
{
    return status == LP_TIME_LIMIT || status == LP_ITERATION_LIMIT || status == LP_INTERRUPTED;
}

/* Rounds over the part. Returns what the last one came to: LP_OPTIMAL or LP_INFEASIBLE when no
 * column is left that could change it, the limit that ended it, or something else when it is no
 * answer to the full program. */
static enum lp_status run_rounds(struct sift *s)
{
    enum lp_status status = LP_FAILED;

    for (int round = 0; round < ROUNDS_MOST; round++) {
        struct lp_options options = part_options(s);

        /* Nearly all of a part is used: it has little to reduce. */
        options.presolve = LP_PRESOLVE_OFF;
        status = lp_solve(s->part, &options, NULL);
        s->iterations += lp_iterations(s->part);
        if (status == LP_OPTIMAL && is_asked_to_stop(s))
            status = LP_INTERRUPTED;
        if (is_limit(status))
            break;
        if (status != LP_OPTIMAL && (status != LP_INFEASIBLE || s->part->proof == NULL))
            return LP_FAILED;
        if (add_gaining(s, status == LP_OPTIMAL ? cost_gain : proof_gain) == 0)
            break;
    }
    return status;
}

/* --- From the part to the full program */

/* The part's places, values and duals; all other columns are 0, their lower bound. */
static void take_part(struct sift *s)
{
    struct lp *full = s->full;

    for (size_t i = 0; i < full->row_count; i++) {
        full->rows[i].place = s->part->rows[i].place;
        full->rows[i].dual = s->part->rows[i].dual;
    }
    for (size_t j = 0; j < full->column_count; j++) {
        struct lp_column *column = &full->columns[j];
        const struct lp_column *known = s->columns->part_of[j] < 0
                                            ? NULL
                                            : &s->part->columns[s->columns->part_of[j]];

        column->is_sifted = known != NULL;
        column->place = known != NULL ? known->place : LP_AT_LOWER;
        column->value = known != NULL ? known->value : 0.0;
    }
    full->has_basis = full->is_basis_given = true;
    full->is_in_step = false;
    full->told = 0;
    full->known_rows = (int)full->row_count;
    full->known_columns = (int)full->column_count;
    full->last_method = s->part->last_method;
}

/* Is the part's optimum one of the full program? */
static bool conclude_optimal(struct sift *s)
{
    struct lp *full = s->full;
    double bound;

    take_part(s);
    if (!lp_complete_point(full))
        return false;
    bound = lp_complete_duals(full);
    if (!lp_is_closed(full, bound))
        return false;
    full->bound = fmin(bound, full->objective);
    full->has_point = full->has_duals = true;
    return true;
}

/* Does the part's proof hold for the full program? The basis stays what it was. */
static bool conclude_infeasible(struct sift *s)
{
    double *weights = mem_resize(NULL, s->full->row_count, sizeof *weights);

    memcpy(weights, s->part->proof, s->full->row_count * sizeof *weights);
    if (lp_weights_prove(s->full, weights)) {
        s->full->proof = weights;
        return true;
    }
    mem_free(weights);
    return false;
}

/* After a limit: the part's point, if it has one, is one of the full program. */
static enum lp_status conclude_limit(struct sift *s, enum lp_status limit)
{
    struct lp *full = s->full;

    if (s->part->has_point) {
        take_part(s);
        full->has_point = lp_complete_point(full);
        full->bound = lp_complete_duals(full);
    }
    if (!full->has_point)
        full->objective = INFINITY;
    return full->status = limit;
}

static enum lp_status conclude(struct sift *s, enum lp_status status, struct err *err)
{
    struct lp_options last;

    lp_forget_result(s->full);
    if ((status == LP_OPTIMAL && conclude_optimal(s)) ||
        (status == LP_INFEASIBLE && conclude_infeasible(s)))
        return s->full->status = status;
    if (is_limit(status))
        return conclude_limit(s, status);
    last = part_options(s);
    return lp_solve(s->full, &last, err);
}

enum lp_status lp_solve_sifting(
    struct lp *lp, const unsigned char *is_first, const struct lp_options *options, struct err *err)
{
    static const struct lp_options NO_OPTIONS = {0};
    struct sift sift = {
        .full = lp, .options = options != NULL ? options : &NO_OPTIONS, .deadline_s = INFINITY};
    enum lp_status status;

    if (sift.options->time_limit_s > 0)
        sift.deadline_s = clock_monotonic_s() + sift.options->time_limit_s;
    lp_check_terms(lp);
    if (lp_describe_fault(lp, err) != 0 ||
        (lp->has_basis && !lp->is_basis_given && lp->part == NULL))
        return lp_solve(lp, options, err);
    if (lp->part == NULL)
        lp_scale(lp, 0, 0);
    make_part(&sift, is_first);
    status = conclude(&sift, run_rounds(&sift), err);
    lp->iterations += sift.iterations;
    if (sift.options->keeps_part)
        lp->part = sift.columns;
    else
        lp_part_destroy(sift.columns);
    return status;
}
