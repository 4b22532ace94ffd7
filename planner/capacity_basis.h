/*
 * capacity_basis: where the columns and rows of a solved planning model stand in the simplex, kept
 * by what they mean, so that the model of a changed scenario starts there: also where its shape is
 * another, as reductions leave out other rows.
 */
#ifndef PLANNER_CAPACITY_BASIS_H
#define PLANNER_CAPACITY_BASIS_H

#include "planner/capacity_model.h"

/* {0} is none; release with capacity_basis_fini. */
struct capacity_basis {
    unsigned char *rows, *columns; /* enum lp_place */
    unsigned char *is_sifted;      /* by column: lp_get_sifted */
    struct row_key *row_keys;
    struct column_key *column_keys;
    int row_count, column_count;
};

void capacity_basis_fini(struct capacity_basis *basis);

/* Keep the basis of the model's last solve in place of what was kept; none where it has none. */
void capacity_basis_take(struct capacity_basis *basis, const struct capacity_model *model);

/* The same once more; release both. */
struct capacity_basis capacity_basis_copy(const struct capacity_basis *basis);

/*
 * Let the next solve of the model start there. Rows that are new are basic, columns that are new
 * rest at their lower bound. False, with nothing done: there is none, or what the model does not
 * have any more leaves no basis (as many basic rows and columns as there are rows).
 */
bool capacity_basis_apply(const struct capacity_basis *basis, struct capacity_model *model);

#endif
