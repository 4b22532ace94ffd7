/*
 * lp: linear and mixed-integer programs behind a mathematical contract; the only user of the solver
 * (GLPK). Pure mathematics: no units here.
 *
 *   minimise    constant + sum over columns j of cost[j] · x[j]
 *   subject to  row_lower[i] <= sum over j of a[i,j] · x[j] <= row_upper[i]     for each row i
 *               column_lower[j] <= x[j] <= column_upper[j]                      for each column j
 *               x[j] whole where j is LP_INTEGER or LP_BINARY                   (lp_solve_mip)
 *
 * There is no maximising: negate the costs. Indices count from 0. -INFINITY and INFINITY are bounds
 * that are not there; lower = upper makes an equality or a fixed column.
 *
 * Signs. With y the row duals and d the reduced costs of an optimum,
 *
 *   cost[j] = d[j] + sum over i of a[i,j] · y[i]
 *
 * y[i] is what the optimum rises by for one more unit of the row's bound that binds: >= 0 at a
 * lower bound, <= 0 at an upper one, 0 where neither binds. d[j] is the same for the column's
 * bound. In a degenerate optimum they are one of several right answers.
 *
 * Errors. Building never fails at the call: the first fault (a number that is not finite, an index
 * out of range, the same row and column twice, lower > upper of a bound given as NaN) is latched
 * and refused by the next solve. Nothing that is handed in can abort or hang the process, though
 * the solver does abort on bad numerics: it runs in a thread of its own per lp, is restarted when
 * it fails, and is left behind when it does not answer.
 *
 * Warm starts are automatic: the second solve starts from the basis of the first, with the simplex
 * that fits what was changed between. The same calls in the same order give the same answer to the
 * last bit, unless a time limit or `stop` ended a solve.
 *
 * One thread at a time may use an lp; several lps are independent of each other.
 */
#ifndef PLANNER_LP_H
#define PLANNER_LP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct lp;

enum lp_kind { LP_CONTINUOUS, LP_INTEGER, LP_BINARY };

enum lp_status {
    LP_NOT_SOLVED, /* new, or changed since */
    LP_OPTIMAL,
    LP_INFEASIBLE,
    LP_UNBOUNDED,
    LP_TIME_LIMIT,
    LP_ITERATION_LIMIT, /* or node limit */
    LP_INTERRUPTED,     /* `stop` said so */
    LP_FAILED           /* a latched fault, or the solver gave no answer that holds; see err */
};
extern const char *const LP_STATUS_NAMES[];

enum lp_method {
    LP_METHOD_AUTO, /* first solve: what fits the model; then what fits the changes */
    LP_METHOD_PRIMAL,
    LP_METHOD_DUAL
};

enum lp_presolve { LP_PRESOLVE_AUTO, LP_PRESOLVE_ON, LP_PRESOLVE_OFF };

enum lp_phase { LP_PHASE_PREPARE, LP_PHASE_FEASIBLE, LP_PHASE_OPTIMISE, LP_PHASE_BRANCH };

/* How far a solve is. Numbers not known yet are NAN. */
struct lp_progress {
    enum lp_phase phase;
    int64_t iterations;
    double objective;     /* of the current point; of the best whole one while branching */
    double bound;         /* proven lower bound (branching) */
    double infeasibility; /* sum of what the current point violates, in the solver's scale */
};

/* {0} is a good choice: no limits, automatic. */
struct lp_options {
    enum lp_method method;
    enum lp_presolve presolve; /* of the first solve; a warm one is never presolved by AUTO */
    double time_limit_s;       /* wall clock; 0: none */
    int64_t iteration_limit;   /* of the simplex; 0: none */
    int64_t node_limit;        /* of branch and bound; 0: none */
    double gap;      /* MIP: optimal when (objective - bound) <= gap · |objective|; 0: 1e-7 */
    bool keeps_part; /* of sifting: the next one of this lp begins with what this one ends with */
    int memory_limit_mib; /* of the solver's own memory; 0: none. Beyond it: LP_FAILED, ERR_LIMIT */
    /* Both may be NULL; called about ten times a second by the thread that called the solve. */
    void (*progress)(void *context, const struct lp_progress *progress);
    bool (*stop)(void *context); /* true ends the solve, with the best point so far */
    void *context;
};

/* Who solves, and its version ("5.0"). */
#define LP_SOLVER_NAME "GLPK"
const char *lp_solver_version(void);

/* The model. Names are made only when they are needed: in written files and error texts. */

enum lp_thing { LP_ROW, LP_COLUMN };
typedef void lp_name_fn(void *context, enum lp_thing thing, int index, char *buffer, size_t size);

/* An empty lp that the caller releases with lp_destroy. `name` is copied. */
struct lp *lp_create(const char *name);
void lp_destroy(struct lp *lp);
/* The same model with the same basis; no result. The namer is shared. */
struct lp *lp_copy(const struct lp *lp);

/* Without a namer things are called r0, r1, ... and c0, c1, ... */
void lp_set_namer(struct lp *lp, lp_name_fn *name, void *context);

/* Add one, also between solves. Return its index. */
int lp_add_row(struct lp *lp, double lower, double upper);
int lp_add_column(struct lp *lp, enum lp_kind kind, double lower, double upper, double cost);

/* a[row,column] = coefficient, in any order, once for each pair; 0 is left out. O(1). */
void lp_add_term(struct lp *lp, int row, int column, double coefficient);
/* Replace a coefficient that is there, or add one. O(terms of the column). */
void lp_set_term(struct lp *lp, int row, int column, double coefficient);

void lp_set_objective_constant(struct lp *lp, double constant);
void lp_set_cost(struct lp *lp, int column, double cost);
void lp_set_row_bounds(struct lp *lp, int row, double lower, double upper);
void lp_set_column_bounds(struct lp *lp, int column, double lower, double upper);
/* Make a column continuous, or whole again; between solves. */
void lp_set_kind(struct lp *lp, int column, enum lp_kind kind);

/*
 * Give the lp all numbers of another of its shape: bounds, costs, terms, the constant. Only what
 * differs is changed, so the next solve goes on from where this lp's solver stands. The basis stays
 * its own. False, with nothing done: `like` has other rows, columns, kinds or places of terms.
 */
bool lp_set_numbers(struct lp *lp, const struct lp *like);

int lp_row_count(const struct lp *lp);
int lp_column_count(const struct lp *lp);
int lp_term_count(const struct lp *lp);
int lp_integer_count(const struct lp *lp);
double lp_objective_constant(const struct lp *lp);
double lp_cost(const struct lp *lp, int column);
enum lp_kind lp_column_kind(const struct lp *lp, int column);
double lp_row_lower(const struct lp *lp, int row);
double lp_row_upper(const struct lp *lp, int row);
double lp_column_lower(const struct lp *lp, int column);
double lp_column_upper(const struct lp *lp, int column);
/* The terms of a column, in the order given; both arrays have room for all rows. Returns how many.
 */
int lp_column_terms(const struct lp *lp, int column, int *rows, double *coefficients);
void lp_name(const struct lp *lp, enum lp_thing thing, int index, char *buffer, size_t size);

/*
 * Solve the linear program; kinds are ignored (the relaxation). NULL options: all defaults. err is
 * filled for LP_FAILED alone. An optimum is checked before it is called so: bounds, rows and signs
 * of the duals within LP_TOLERANCE relative to the terms' size.
 */
enum lp_status lp_solve(struct lp *lp, const struct lp_options *options, struct err *err);

/*
 * The same answer by sifting: first over the columns j with is_first[j] alone, then with those that
 * would gain, until none is left. Pays where most columns stay at 0, their lower bound. From a
 * basis of lp_set_basis it begins with what does not rest at a lower bound there, too. After a
 * solve it is lp_solve, unless that solve was a sifting with keeps_part. is_first may be NULL: as
 * lp_set_sifted has it.
 */
enum lp_status lp_solve_sifting(struct lp *lp, const unsigned char *is_first,
    const struct lp_options *options, struct err *err);

/* The columns with which the last sifting ended: a good first part of the next program like this.
 */
void lp_get_sifted(const struct lp *lp, unsigned char *is_in);
void lp_set_sifted(struct lp *lp, const unsigned char *is_in);

/* Solve with kinds respected, by branch and cut. There are no duals: fix the whole columns at their
 * values and lp_solve for prices. Does not touch the basis of lp_solve. */
enum lp_status lp_solve_mip(struct lp *lp, const struct lp_options *options, struct err *err);

#define LP_TOLERANCE 1e-6

/* Results of the last solve, valid until the model changes or the next solve. */

enum lp_status lp_status(const struct lp *lp);
/* Is there a point that keeps all rows and bounds? Always with LP_OPTIMAL; perhaps after a limit.
 */
bool lp_has_point(const struct lp *lp);
/* Of the point; INFINITY without one. */
double lp_objective(const struct lp *lp);
/* No point can be below it; -INFINITY when nothing is proven. */
double lp_bound(const struct lp *lp);
double lp_column_value(const struct lp *lp, int column);
double lp_row_activity(const struct lp *lp, int row);
/* 0 unless lp_solve found an optimum. */
double lp_row_dual(const struct lp *lp, int row);
double lp_reduced_cost(const struct lp *lp, int column);
int64_t lp_iterations(const struct lp *lp);
int64_t lp_nodes(const struct lp *lp);

/*
 * Why LP_INFEASIBLE: row weights w that prove it: the sum over i of w[i] times row i is a row that
 * no x within the column bounds meets (Farkas). Rows of weight 0 can go and it stays infeasible.
 * False when there is no such proof; `weights` has room for all rows.
 */
bool lp_infeasibility_proof(const struct lp *lp, double *weights);

/* Where a row or column stands in a basis. */
enum lp_place { LP_BASIC, LP_AT_LOWER, LP_AT_UPPER, LP_AT_ZERO /* free, not basic */ };

/* Take or give the basis, as places of all rows and columns. What a given one lacks or has too much
 * is mended by the next solve. get: false when there is none. */
bool lp_get_basis(const struct lp *lp, unsigned char *rows, unsigned char *columns);
void lp_set_basis(struct lp *lp, const unsigned char *rows, const unsigned char *columns);
/* Forget it: the next solve is a first one. */
void lp_clear_basis(struct lp *lp);

/*
 * After LP_OPTIMAL of lp_solve: the values of the bound that binds row i (of cost[j]) between which
 * the basis stays optimal, so between which the duals hold (x stays). Not binding: the activity's
 * own range, with dual 0. Ends may be infinite. 0, or -1 when there is no optimal basis.
 */
int lp_range_row(struct lp *lp, int row, double *low, double *high, struct err *err);
int lp_range_cost(struct lp *lp, int column, double *low, double *high, struct err *err);

/* A part of a shift: by how much the bounds of a row or column move for one unit of it. */
struct lp_shift {
    enum lp_thing thing;
    int index;
    double lower, upper; /* alike where the bounds are */
};
/*
 * The same of many bounds at once: when all of them move by t · lower and t · upper, the basis
 * stays optimal, and the duals hold, for low <= t <= high, where low <= 0 <= high. Each thing at
 * most once.
 */
int lp_range_shift(struct lp *lp, const struct lp_shift *shifts, int count, double *low,
    double *high, struct err *err);

/*
 * Write the model as free MPS or as CPLEX LP, for other solvers: 17 digits, the constant as a fixed
 * column, names mended where the format forbids a character. 0, or -1 with ERR_IO, or the latched
 * fault.
 */
int lp_write_mps(const struct lp *lp, FILE *file, struct err *err);
int lp_write_lp(const struct lp *lp, FILE *file, struct err *err);

#endif
