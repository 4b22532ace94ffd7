/*
 * Changes of a model that is there, one number or all of them at once; each is noted, so that the
 * solver is told of what has changed and of nothing else.
 */
#include "planner/lp_private.h"

#include <math.h>

void lp_set_term(struct lp *lp, int row, int column, double coefficient)
{
    if (!lp_is_term(lp, row, column, coefficient))
        return;
    for (int t = lp->columns[column].first_term; t >= 0; t = lp->terms[t].next)
        if (lp->terms[t].row == row) {
            if (lp->terms[t].value != coefficient)
                lp_note_column(lp, column, row < lp->known_rows, LP_CHANGE_TERMS);
            lp->terms[t].value = coefficient;
            return;
        }
    lp_add_term(lp, row, column, coefficient);
}

void lp_set_objective_constant(struct lp *lp, double constant)
{
    if (lp_is_usable(constant))
        lp->constant = constant;
    else
        lp_latch(lp, (struct lp_fault){.kind = LP_FAULT_CONSTANT, .number = constant});
    lp_forget_result(lp);
}

void lp_set_cost(struct lp *lp, int column, double cost)
{
    if (!lp_is_index(lp, LP_COLUMN, column) || lp->columns[column].cost == cost)
        return;
    lp_take_cost(lp, column, cost);
    lp_note_column(lp, column, true, LP_CHANGE_COST);
}

void lp_set_row_bounds(struct lp *lp, int row, double lower, double upper)
{
    double bounds[2];

    if (!lp_is_index(lp, LP_ROW, row))
        return;
    lp_take_bounds(lp, LP_ROW, row, lower, upper, bounds);
    if (lp->rows[row].lower == bounds[0] && lp->rows[row].upper == bounds[1])
        return;
    lp->rows[row].lower = bounds[0];
    lp->rows[row].upper = bounds[1];
    lp_note_row(lp, row, LP_CHANGE_BOUNDS);
}

void lp_set_column_bounds(struct lp *lp, int column, double lower, double upper)
{
    double was_lower, was_upper;

    if (!lp_is_index(lp, LP_COLUMN, column))
        return;
    was_lower = lp->columns[column].lower;
    was_upper = lp->columns[column].upper;
    lp_take_column_bounds(lp, column, lower, upper);
    if (lp->columns[column].lower != was_lower || lp->columns[column].upper != was_upper)
        lp_note_column(lp, column, true, LP_CHANGE_BOUNDS);
}

void lp_set_kind(struct lp *lp, int column, enum lp_kind kind)
{
    struct lp_column *c;

    if (!lp_is_index(lp, LP_COLUMN, column))
        return;
    c = &lp->columns[column];
    lp->integer_count += (kind != LP_CONTINUOUS) - (c->kind != LP_CONTINUOUS);
    c->kind = (unsigned char)kind;
    lp_set_column_bounds(lp, column, c->lower, c->upper);
    if (kind != LP_CONTINUOUS && c->scale != 1.0) { /* whole numbers are so in their own unit */
        c->scale = 1.0;
        lp_note_column(lp, column, true, LP_CHANGE_TERMS);
    }
}

/* --- All numbers at once */

bool lp_is_like_column(
    const struct lp *lp, size_t column, const struct lp *like, size_t like_column)
{
    const struct lp_column *own = &lp->columns[column], *other = &like->columns[like_column];
    int t = own->first_term, u = other->first_term;

    while (t >= 0 && u >= 0 && lp->terms[t].row == like->terms[u].row) {
        t = lp->terms[t].next;
        u = like->terms[u].next;
    }
    return t < 0 && u < 0 && own->kind == other->kind;
}

void lp_set_column_numbers(struct lp *lp, size_t column, const struct lp *like, size_t like_column)
{
    const struct lp_column *other = &like->columns[like_column];
    int t = lp->columns[column].first_term, u = other->first_term;

    lp_set_column_bounds(lp, (int)column, other->lower, other->upper);
    lp_set_cost(lp, (int)column, other->cost);
    for (; t >= 0; t = lp->terms[t].next, u = like->terms[u].next) {
        if (lp->terms[t].value == like->terms[u].value)
            continue;
        lp_note_column(lp, (int)column, lp->terms[t].row < lp->known_rows, LP_CHANGE_TERMS);
        lp->terms[t].value = like->terms[u].value;
    }
}

void lp_set_row_numbers(struct lp *lp, const struct lp *like)
{
    for (size_t i = 0; i < lp->row_count; i++)
        lp_set_row_bounds(lp, (int)i, like->rows[i].lower, like->rows[i].upper);
    if (lp->constant != like->constant)
        lp_set_objective_constant(lp, like->constant);
}

bool lp_set_numbers(struct lp *lp, const struct lp *like)
{
    if (like->fault.kind != LP_FAULT_NONE || lp->row_count != like->row_count ||
        lp->column_count != like->column_count)
        return false;
    for (size_t j = 0; j < lp->column_count; j++)
        if (!lp_is_like_column(lp, j, like, j))
            return false;
    lp_set_row_numbers(lp, like);
    for (size_t j = 0; j < lp->column_count; j++)
        lp_set_column_numbers(lp, j, like, j);
    return true;
}
