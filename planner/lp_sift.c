/*
 * Sifting (Bixby, Gregory, Lustig, Marsten, Shanno: Very large-scale linear programming, Operations
 * Research 40, 1992): most columns of a planning model are never used. The program is solved over a
 * part of its columns; the row duals price the others; those that would gain come in, and the
 * simplex goes on from where it stands. The full program is solved last, from the basis so found:
 * it is the judge, and usually has nothing left to do.
 */
#include "planner/lp_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { ROUNDS_MOST = 60 };
static const double GAIN_TOLERANCE = 1e-7; /* of the scaled cost, as the solver's own */

struct sift {
    struct lp *full;
    struct lp *part;
    const struct lp_options *options;
    double deadline_s;
    int *part_of; /* by column of full: its column in the part; -1: not there */
    int *full_of; /* by column of part */
    size_t part_capacity;
    int64_t iterations;
};

static void add_column(struct sift *s, int column)
{
    const struct lp_column *c = &s->full->columns[column];
    int index = lp_add_column(s->part, LP_CONTINUOUS, c->lower, c->upper, c->cost);

    for (int t = c->first_term; t >= 0; t = s->full->terms[t].next)
        lp_add_term(s->part, s->full->terms[t].row, index, s->full->terms[t].value);
    s->full_of = mem_grow(s->full_of, (size_t)index, &s->part_capacity, sizeof *s->full_of);
    s->full_of[index] = column;
    s->part_of[column] = index;
}

static void make_part(struct sift *s, const unsigned char *is_first)
{
    s->part = lp_create(s->full->name);
    lp_set_objective_constant(s->part, s->full->constant);
    for (size_t i = 0; i < s->full->row_count; i++)
        (void)lp_add_row(s->part, s->full->rows[i].lower, s->full->rows[i].upper);
    s->part_of = mem_resize(NULL, s->full->column_count, sizeof *s->part_of);
    for (size_t j = 0; j < s->full->column_count; j++) {
        s->part_of[j] = -1;
        if (is_first[j])
            add_column(s, (int)j);
    }
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

/* Bring in columns that would gain, the largest gains first, a share of the part at a time; returns
 * how many came. */
static size_t add_gaining(struct sift *s)
{
    struct candidate *list = mem_zero(s->full->column_count, sizeof *list);
    size_t most = s->part->column_count / 4 + 100;
    size_t count = 0;

    for (size_t j = 0; j < s->full->column_count; j++) {
        double gain;

        if (s->part_of[j] >= 0)
            continue;
        /* Scaled as the solver sees it, so that columns of different units compare. */
        gain = -reduced_cost(s, j) * s->full->cost_scale * s->full->columns[j].scale;
        if (gain > GAIN_TOLERANCE)
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

/* Rounds over the part. False: it came to nothing that helps the full program. */
static bool run_rounds(struct sift *s)
{
    for (int round = 0; round < ROUNDS_MOST; round++) {
        struct lp_options options = part_options(s);

        /* Nearly all of a part is used: it has little to reduce. */
        options.presolve = LP_PRESOLVE_OFF;
        if (lp_solve(s->part, &options, NULL) != LP_OPTIMAL)
            return false;
        s->iterations += lp_iterations(s->part);
        if (add_gaining(s) == 0)
            return true;
    }
    return true;
}

/* The part's basis, with all other columns at their lower bounds. */
static void give_basis(struct sift *s)
{
    unsigned char *rows = mem_zero(s->full->row_count, 1);
    unsigned char *part_columns = mem_zero(s->part->column_count, 1);
    unsigned char *columns = mem_zero(s->full->column_count, 1);

    if (lp_get_basis(s->part, rows, part_columns)) {
        for (size_t j = 0; j < s->full->column_count; j++)
            columns[j] = s->part_of[j] >= 0 ? part_columns[s->part_of[j]] : LP_AT_LOWER;
        lp_set_basis(s->full, rows, columns);
    }
    mem_free(rows);
    mem_free(part_columns);
    mem_free(columns);
}

enum lp_status lp_solve_sifting(
    struct lp *lp, const unsigned char *is_first, const struct lp_options *options, struct err *err)
{
    static const struct lp_options NO_OPTIONS = {0};
    struct sift sift = {
        .full = lp, .options = options != NULL ? options : &NO_OPTIONS, .deadline_s = INFINITY};
    struct lp_options last;
    enum lp_status status;

    if (sift.options->time_limit_s > 0)
        sift.deadline_s = clock_monotonic_s() + sift.options->time_limit_s;
    lp_check_terms(lp);
    if (lp_describe_fault(lp, err) != 0 || lp->has_basis)
        return lp_solve(lp, options, err);
    lp_scale(lp, 0, 0);
    make_part(&sift, is_first);
    if (run_rounds(&sift))
        give_basis(&sift);
    last = part_options(&sift);
    status = lp_solve(lp, &last, err);
    lp->iterations += sift.iterations;
    lp_destroy(sift.part);
    mem_free(sift.part_of);
    mem_free(sift.full_of);
    return status;
}
