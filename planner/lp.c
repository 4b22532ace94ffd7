/*
 * The model itself: rows, columns and terms, the first fault, and what has changed since the solver
 * was told. Nothing here knows the solver.
 */
#include "planner/lp.h"

#include "base/mem.h"
#include "planner/lp_private.h"

#include <math.h>
#include <string.h>

enum { NAME_SIZE = 256 };

const char *const LP_STATUS_NAMES[] = {
    [LP_NOT_SOLVED] = "not solved",
    [LP_OPTIMAL] = "optimal",
    [LP_INFEASIBLE] = "infeasible",
    [LP_UNBOUNDED] = "unbounded",
    [LP_TIME_LIMIT] = "time limit",
    [LP_ITERATION_LIMIT] = "iteration limit",
    [LP_INTERRUPTED] = "interrupted",
    [LP_FAILED] = "failed",
};

struct lp *lp_create(const char *name)
{
    struct lp *lp = mem_zero(1, sizeof *lp);

    lp->name = mem_copy_text(name);
    lp->cost_scale = 1.0;
    lp_forget_result(lp);
    return lp;
}

void lp_destroy(struct lp *lp)
{
    if (lp == NULL)
        return;
    lp_engine_destroy(lp->engine);
    lp_part_destroy(lp->part);
    mem_free(lp->name);
    mem_free(lp->rows);
    mem_free(lp->columns);
    mem_free(lp->terms);
    mem_free(lp->changed_rows.items);
    mem_free(lp->changed_columns.items);
    mem_free(lp->proof);
    mem_free(lp);
}

static void *copy_array(const void *array, size_t count, size_t size)
{
    void *copy = mem_zero(count, size);

    if (count > 0)
        memcpy(copy, array, count * size);
    return copy;
}

struct lp *lp_copy(const struct lp *lp)
{
    struct lp *copy = mem_zero(1, sizeof *copy);

    *copy = *lp;
    copy->name = mem_copy_text(lp->name);
    copy->rows = copy_array(lp->rows, lp->row_count, sizeof *lp->rows);
    copy->row_capacity = lp->row_count;
    copy->columns = copy_array(lp->columns, lp->column_count, sizeof *lp->columns);
    copy->column_capacity = lp->column_count;
    copy->terms = copy_array(lp->terms, lp->term_count, sizeof *lp->terms);
    copy->term_capacity = lp->term_count;
    copy->changed_rows = (struct lp_list){0};
    copy->changed_columns = (struct lp_list){0};
    copy->engine = NULL;
    copy->is_in_step = false;
    copy->part = NULL;
    copy->proof = NULL;
    lp_forget_result(copy);
    return copy;
}

void lp_set_namer(struct lp *lp, lp_name_fn *name, void *context)
{
    lp->namer = name;
    lp->namer_context = context;
}

void lp_name(const struct lp *lp, enum lp_thing thing, int index, char *buffer, size_t size)
{
    if (lp->namer != NULL)
        lp->namer(lp->namer_context, thing, index, buffer, size);
    else
        (void)snprintf(buffer, size, "%c%d", thing == LP_ROW ? 'r' : 'c', index);
}

/* --- Faults */

void lp_latch(struct lp *lp, struct lp_fault fault)
{
    if (lp->fault.kind == LP_FAULT_NONE)
        lp->fault = fault;
}

bool lp_is_index(struct lp *lp, enum lp_thing thing, int index)
{
    size_t count = thing == LP_ROW ? lp->row_count : lp->column_count;

    if (index >= 0 && (size_t)index < count)
        return true;
    lp_latch(lp, (struct lp_fault){
                     .kind = thing == LP_ROW ? LP_FAULT_NO_ROW : LP_FAULT_NO_COLUMN, .row = index});
    return false;
}

static void latch_number(
    struct lp *lp, enum lp_thing thing, int index, const char *what, double number)
{
    lp_latch(lp, (struct lp_fault){.kind = thing == LP_ROW ? LP_FAULT_ROW : LP_FAULT_COLUMN,
                     .row = index,
                     .column = index,
                     .what = what,
                     .number = number});
}

bool lp_is_usable(double number)
{
    return fabs(number) < LP_LARGEST; /* false for NaN */
}

/* Bounds as the solver takes them; a fault when they make no sense. */
void lp_take_bounds(
    struct lp *lp, enum lp_thing thing, int index, double lower, double upper, double *out)
{
    bool is_lower = lp_is_usable(lower) || lower == -INFINITY;
    bool is_upper = lp_is_usable(upper) || upper == INFINITY;

    if (!is_lower)
        latch_number(lp, thing, index, "lower bound", lower);
    if (!is_upper)
        latch_number(lp, thing, index, "upper bound", upper);
    out[0] = is_lower ? lower : 0.0;
    out[1] = is_upper ? upper : 0.0;
}

void lp_check_terms(struct lp *lp)
{
    int *seen = mem_zero(lp->row_count, sizeof *seen); /* the last column that used it, plus 1 */

    for (size_t k = 0; k < lp->changed_columns.count; k++) {
        int column = lp->changed_columns.items[k];

        if (!(lp->columns[column].changed & LP_CHANGE_TERMS))
            continue;
        for (int t = lp->columns[column].first_term; t >= 0; t = lp->terms[t].next) {
            int row = lp->terms[t].row;

            if (seen[row] == column + 1)
                lp_latch(
                    lp, (struct lp_fault){.kind = LP_FAULT_TWICE, .row = row, .column = column});
            seen[row] = column + 1;
        }
    }
    mem_free(seen);
}

int lp_describe_fault(const struct lp *lp, struct err *err)
{
    const struct lp_fault *fault = &lp->fault;
    char row[NAME_SIZE] = "", column[NAME_SIZE] = "";
    bool has_row = fault->kind != LP_FAULT_COLUMN, has_column = fault->kind != LP_FAULT_ROW;

    if (fault->kind >= LP_FAULT_ROW && has_row)
        lp_name(lp, LP_ROW, fault->row, row, sizeof row);
    if (fault->kind >= LP_FAULT_ROW && has_column)
        lp_name(lp, LP_COLUMN, fault->column, column, sizeof column);
    switch (fault->kind) {
    case LP_FAULT_NONE:
        return 0;
    case LP_FAULT_NO_ROW:
        return err_set(err, ERR_INTERNAL, "%s: there is no row %d", lp->name, fault->row);
    case LP_FAULT_NO_COLUMN:
        return err_set(err, ERR_INTERNAL, "%s: there is no column %d", lp->name, fault->row);
    case LP_FAULT_TOO_LARGE:
        return err_set(
            err, ERR_LIMIT, "%s: more than %.0f %s", lp->name, fault->number, fault->what);
    case LP_FAULT_CONSTANT:
        return err_set(err, ERR_INPUT, "%s: the objective's constant %g is not below %g", lp->name,
            fault->number, LP_LARGEST);
    case LP_FAULT_ROW:
    case LP_FAULT_COLUMN:
        return err_set(err, ERR_INPUT, "%s: %s%s: %s %g is not below %g", lp->name, row, column,
            fault->what, fault->number, LP_LARGEST);
    case LP_FAULT_TERM:
        return err_set(err, ERR_INPUT, "%s: %s: coefficient %g of %s is not below %g", lp->name,
            row, fault->number, column, LP_LARGEST);
    case LP_FAULT_TWICE:
        return err_set(err, ERR_INTERNAL, "%s: %s has %s twice", lp->name, row, column);
    }
    return -1;
}

/* --- Building */

void lp_forget_result(struct lp *lp)
{
    lp->status = LP_NOT_SOLVED;
    lp->has_point = lp->has_duals = false;
    lp->objective = INFINITY;
    lp->bound = -INFINITY;
    lp->iterations = lp->nodes = 0;
    mem_free(lp->proof);
    lp->proof = NULL;
}

static void add_item(struct lp_list *list, int item)
{
    list->items = mem_grow(list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = item;
}

/* What the last basis has to be told of. What is new since then is no change to it, but a new row
 * may be violated and a new column may pay. */
static void note(struct lp *lp, bool is_known, enum lp_change change)
{
    if (lp->status != LP_NOT_SOLVED)
        lp_forget_result(lp);
    if (is_known)
        lp->told |= (int)change;
}

void lp_note_row(struct lp *lp, int row, enum lp_change change)
{
    note(lp, row < lp->known_rows, change);
    if (lp->rows[row].changed == 0)
        add_item(&lp->changed_rows, row);
    lp->rows[row].changed |= (unsigned char)change;
}

void lp_note_column(struct lp *lp, int column, bool is_known, enum lp_change change)
{
    note(lp, is_known && column < lp->known_columns, change);
    if (lp->columns[column].changed == 0)
        add_item(&lp->changed_columns, column);
    lp->columns[column].changed |= (unsigned char)change;
}

int lp_add_row(struct lp *lp, double lower, double upper)
{
    int row = (int)lp->row_count;
    double bounds[2];

    if (row >= LP_MOST_ROWS) {
        lp_latch(lp,
            (struct lp_fault){.kind = LP_FAULT_TOO_LARGE, .what = "rows", .number = LP_MOST_ROWS});
        return row - 1;
    }
    lp->rows = mem_grow(lp->rows, lp->row_count, &lp->row_capacity, sizeof *lp->rows);
    lp->row_count++;
    lp_take_bounds(lp, LP_ROW, row, lower, upper, bounds);
    lp->rows[row] = (struct lp_row){
        .lower = bounds[0], .upper = bounds[1], .scale = 1.0, .place = LP_BASIC};
    lp_note_row(lp, row, LP_CHANGE_BOUNDS);
    lp->told |= LP_CHANGE_BOUNDS;
    return row;
}

/* Where a column that nothing is known about stands: on the bound nearest to zero. */
static enum lp_place resting_place(double lower, double upper)
{
    if (lower == -INFINITY)
        return upper == INFINITY ? LP_AT_ZERO : LP_AT_UPPER;
    return fabs(upper) < fabs(lower) ? LP_AT_UPPER : LP_AT_LOWER;
}

void lp_take_column_bounds(struct lp *lp, int column, double lower, double upper)
{
    struct lp_column *c = &lp->columns[column];
    double bounds[2];

    lp_take_bounds(lp, LP_COLUMN, column, lower, upper, bounds);
    c->lower = c->kind == LP_BINARY ? fmax(bounds[0], 0.0) : bounds[0];
    c->upper = c->kind == LP_BINARY ? fmin(bounds[1], 1.0) : bounds[1];
}

void lp_take_cost(struct lp *lp, int column, double cost)
{
    if (lp_is_usable(cost))
        lp->columns[column].cost = cost;
    else
        latch_number(lp, LP_COLUMN, column, "cost", cost);
}

int lp_add_column(struct lp *lp, enum lp_kind kind, double lower, double upper, double cost)
{
    int column = (int)lp->column_count;
    struct lp_column *c;

    if (column >= LP_MOST_COLUMNS) {
        lp_latch(lp, (struct lp_fault){
                         .kind = LP_FAULT_TOO_LARGE, .what = "columns", .number = LP_MOST_COLUMNS});
        return column - 1;
    }
    lp->columns = mem_grow(
        lp->columns, lp->column_count, &lp->column_capacity, sizeof *lp->columns);
    lp->column_count++;
    c = &lp->columns[column];
    *c = (struct lp_column){
        .scale = 1.0, .first_term = -1, .last_term = -1, .kind = (unsigned char)kind};
    lp_take_column_bounds(lp, column, lower, upper);
    lp_take_cost(lp, column, cost);
    c->place = (unsigned char)resting_place(c->lower, c->upper);
    if (kind != LP_CONTINUOUS)
        lp->integer_count++;
    lp_note_column(lp, column, false, LP_CHANGE_COST);
    lp->told |= LP_CHANGE_COST;
    return column;
}

/* A sound place for a coefficient and a sound coefficient? */
bool lp_is_term(struct lp *lp, int row, int column, double coefficient)
{
    if (!lp_is_index(lp, LP_ROW, row) || !lp_is_index(lp, LP_COLUMN, column))
        return false;
    if (!lp_is_usable(coefficient))
        lp_latch(
            lp, (struct lp_fault){
                    .kind = LP_FAULT_TERM, .row = row, .column = column, .number = coefficient});
    return lp_is_usable(coefficient);
}

void lp_add_term(struct lp *lp, int row, int column, double coefficient)
{
    int at = (int)lp->term_count;
    struct lp_column *c;

    if (!lp_is_term(lp, row, column, coefficient) || coefficient == 0.0)
        return;
    if (at >= LP_MOST_TERMS) {
        lp_latch(lp, (struct lp_fault){
                         .kind = LP_FAULT_TOO_LARGE, .what = "terms", .number = LP_MOST_TERMS});
        return;
    }
    lp->terms = mem_grow(lp->terms, lp->term_count, &lp->term_capacity, sizeof *lp->terms);
    lp->term_count++;
    lp->terms[at] = (struct lp_term){.value = coefficient, .row = row, .next = -1};
    c = &lp->columns[column];
    if (c->last_term < 0)
        c->first_term = at;
    else
        lp->terms[c->last_term].next = at;
    c->last_term = at;
    lp_note_column(lp, column, row < lp->known_rows, LP_CHANGE_TERMS);
}
