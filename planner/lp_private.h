/*
 * lp_private: what the files of lp share: the model, the solver's thread and the calls on it.
 *
 * struct lp holds the whole model, the basis and the result, so that the solver can be thrown away
 * at any time. struct lp_engine is one thread with one solver in it (GLPK keeps its state by
 * thread): when GLPK aborts, the thread frees all of GLPK's memory and goes on; when GLPK does not
 * come back in time, the thread is left to end by itself, and the lp takes a new one.
 *
 * What GLPK sees is scaled by powers of two, so exactly:
 *   a'[i,j] = row_scale[i] · a[i,j] · column_scale[j],  x'[j] = x[j] / column_scale[j],
 *   cost'[j] = cost_scale · cost[j] · column_scale[j],  y'[i] = y[i] · cost_scale / row_scale[i].
 */
#ifndef PLANNER_LP_PRIVATE_H
#define PLANNER_LP_PRIVATE_H

#include "planner/lp.h"

#include "base/err.h"

/* Beyond this a number is not a quantity but a mistake; the formats mean "infinite" by it. */
#define LP_LARGEST 1e30

enum { LP_MOST_ROWS = 20000000, LP_MOST_COLUMNS = 20000000, LP_MOST_TERMS = 500000000 };

struct lp_term {
    double value;
    int row;
    int next; /* term of the same column, or -1 */
};

enum lp_change { LP_CHANGE_BOUNDS = 1, LP_CHANGE_COST = 2, LP_CHANGE_TERMS = 4 };

struct lp_row {
    double lower, upper;
    double scale;
    double activity, dual;
    unsigned char place;
    unsigned char changed; /* enum lp_change, since the engine was told */
};

struct lp_column {
    double lower, upper, cost;
    double scale;
    double value, reduced_cost;
    int first_term, last_term; /* -1: none */
    unsigned char kind;
    unsigned char place;
    unsigned char changed;
    unsigned char is_sifted; /* in the part with which the last sifting ended */
};

enum lp_fault_kind {
    LP_FAULT_NONE,
    LP_FAULT_NO_ROW, /* `row` is the index */
    LP_FAULT_NO_COLUMN,
    LP_FAULT_TOO_LARGE,
    LP_FAULT_CONSTANT,
    LP_FAULT_ROW, /* this and the next ones are named */
    LP_FAULT_COLUMN,
    LP_FAULT_TERM,
    LP_FAULT_TWICE
};

/* What is wrong. It is put into words late: the namer may not know what is being built. */
struct lp_fault {
    enum lp_fault_kind kind;
    int row, column;
    const char *what;
    double number;
};

struct lp_list {
    int *items;
    size_t count, capacity;
};

struct lp {
    char *name;
    lp_name_fn *namer;
    void *namer_context;
    struct lp_fault fault; /* the first one */

    struct lp_row *rows;
    size_t row_count, row_capacity;
    struct lp_column *columns;
    size_t column_count, column_capacity;
    struct lp_term *terms;
    size_t term_count, term_capacity;
    int integer_count;
    double constant;

    struct lp_engine *engine;                     /* NULL: none yet, or lost */
    struct lp_part *part;                         /* of the last sifting; NULL: not kept */
    struct lp_list changed_rows, changed_columns; /* of what the engine knows */
    double cost_scale;
    bool has_basis;
    bool is_basis_given;           /* by lp_set_basis: the engine has to be told */
    bool is_in_step;               /* the engine's basis is that of the places */
    int known_rows, known_columns; /* there when the basis was last optimal */
    int told;                      /* enum lp_change since then */
    enum lp_method last_method;

    enum lp_status status;
    bool has_point, has_duals;
    double objective, bound;
    int64_t iterations, nodes;
    double *proof; /* row weights of an infeasible lp; NULL: none */
};

/* lp.c */

/* Keep the first fault. */
void lp_latch(struct lp *lp, struct lp_fault fault);
/* What is not is latched: an index of the lp; an index of both and a coefficient. */
bool lp_is_index(struct lp *lp, enum lp_thing thing, int index);
bool lp_is_term(struct lp *lp, int row, int column, double coefficient);
bool lp_is_usable(double number);
/* Bounds as the solver takes them; a fault when they make no sense. */
void lp_take_bounds(
    struct lp *lp, enum lp_thing thing, int index, double lower, double upper, double *out);
void lp_take_column_bounds(struct lp *lp, int column, double lower, double upper);
void lp_take_cost(struct lp *lp, int column, double cost);
/* Note a change for the solver, and for the basis where it knows of the row, or of the column and
 * what is_known says. */
void lp_note_row(struct lp *lp, int row, enum lp_change change);
void lp_note_column(struct lp *lp, int column, bool is_known, enum lp_change change);
/* 0 when there is no fault, or -1 with the fault in words. */
int lp_describe_fault(const struct lp *lp, struct err *err);
/* Look for what can only be seen in whole: a pair of row and column given twice. Latches. */
void lp_check_terms(struct lp *lp);
/* Forget the result, before a solve and after a change. */
void lp_forget_result(struct lp *lp);

/* lp_change.c */

/* Have two columns the same kind, and terms in the same rows in the same order? */
bool lp_is_like_column(
    const struct lp *lp, size_t column, const struct lp *like, size_t like_column);
/* Give a column the numbers of one that is like it; the rows those of as many rows, and the
 * constant. */
void lp_set_column_numbers(struct lp *lp, size_t column, const struct lp *like, size_t like_column);
void lp_set_row_numbers(struct lp *lp, const struct lp *like);

/* lp_sift.c */

/* A program over some of the columns of another, and all of its rows. */
struct lp_part {
    struct lp *lp; /* owned */
    int *part_of;  /* owned; by column of the full program: its column in the part; -1: not there */
    int *full_of;  /* owned; by column of the part */
    size_t capacity;     /* of full_of */
    size_t column_count; /* of the full program */
};
void lp_part_destroy(struct lp_part *part);

/* lp_scale.c: no solver here */

/* Give scales to the rows and columns from these indices on; the cost scale when both are 0. */
void lp_scale(struct lp *lp, size_t first_row, size_t first_column);

/* lp_check.c: no solver here */

/* From the values: those a hair outside a bound are moved onto it, then activities and objective.
 * True when they keep all rows and bounds. */
bool lp_complete_point(struct lp *lp);
/* From the row duals: reduced costs, rounding dust taken away. Returns the bound on the optimum
 * that they prove; -INFINITY when their signs prove none. */
double lp_complete_duals(struct lp *lp);
/* Are the objective and a proven bound the same, within tolerance? */
bool lp_is_closed(const struct lp *lp, double bound);
/* Do these row weights, or their negatives (then they are negated), prove infeasibility? */
bool lp_weights_prove(const struct lp *lp, double *weights);

/* lp_names.c: for written files */

struct arena;

struct lp_name_rule {
    size_t length_max;           /* below 256 */
    const char *also_allowed;    /* characters, besides letters and digits */
    const char *const *keywords; /* not names, in any case; ends in NULL */
};

struct lp_names {
    struct arena *arena; /* owned; holds all of them */
    const char *objective, *constant;
    const char **rows, **columns;
};

/* The caller destroys the arena. */
struct lp_names lp_names_create(const struct lp *lp, const struct lp_name_rule *rule);
/* The lp's name as one word. */
void lp_write_title(const struct lp *lp, FILE *file);
/* Flush, and tell whether all was written: 0, or -1 with ERR_IO. */
int lp_end_writing(const struct lp *lp, FILE *file, struct err *err);

/* lp_thread.c */

struct glp_prob;
struct glp_prep;
struct glp_tree;

/* One call's parameters and answers; lp_glpk.c says which each kind of work uses. */
struct lp_call {
    struct lp *lp; /* only where the caller waits for the end, however long it takes */
    bool on_reduced;
    int method; /* GLPK's */
    double tolerance;
    int iteration_limit;
    int time_limit_ms;
    double gap;
    int64_t node_limit; /* 0: none */
    bool is_plain;      /* without presolve and cuts */
    enum lp_thing thing;
    int index;
    const struct lp_shift *shifts; /* scaled; borrowed */
    int shift_count;

    int code, primal, dual; /* GLPK's */
    int64_t iterations, nodes;
    bool is_at_limit; /* of nodes or iterations */
    double bound;     /* scaled */
    double *weights;  /* owned */
    double low, high; /* scaled */
};

/* One thread with GLPK in it. The thread uses all of it while work runs, the caller between. */
struct lp_engine {
    struct lp_call call;
    struct glp_prob *problem; /* the model, scaled; NULL: not loaded */
    struct glp_prob *reduced; /* after presolve; NULL: none */
    struct glp_prep *presolver;
    struct glp_prob *whole; /* the MIP; NULL: none */
    size_t loaded_rows, loaded_columns;
    int memory_limit_mib; /* 0: none */
    int *indices;         /* scratch, one column's terms */
    double *values;
    char message[200]; /* of the last abort */
    struct lp_thread *thread;
};

typedef void lp_work_fn(struct lp_engine *engine);

enum lp_end {
    LP_END_DONE,
    LP_END_ABORTED, /* by GLPK itself: engine->message; nothing is loaded any more */
    LP_END_STOPPED, /* it was made to stop; nothing is loaded any more */
    LP_END_LEFT     /* it did not even stop; the engine is gone */
};

/* How long a call may take, whom to ask and whom to tell. */
struct lp_watch {
    const struct lp_options *options;
    double deadline_s;   /* clock_monotonic_s; INFINITY: none */
    double cost_scale;   /* to tell the objective */
    double look_at_s;    /* when to ask and tell next; 0 at first */
    double over_at_s;    /* since when it should have ended; INFINITY at first */
    bool is_interrupted; /* `stop` said so; set here */
};

struct lp_engine *lp_engine_create(void);
void lp_engine_destroy(struct lp_engine *engine);

/* Run `work` on the engine's thread and wait for its end; without a watch for ever. */
enum lp_end lp_engine_run(struct lp_engine *engine, lp_work_fn *work, struct lp_watch *watch);

/* Inside work. Should it come to an end of its own accord? */
bool lp_engine_is_asked_to_end(struct lp_engine *engine);
/* Inside work: how far it is, in the scaled model's numbers. */
void lp_engine_tell(struct lp_engine *engine, const struct lp_progress *progress);

/* lp_call.c */

/* A watch for a solve that begins now. */
struct lp_watch lp_watch_start(const struct lp *lp, const struct lp_options *options);
/* Milliseconds to its deadline, at least 1. */
int lp_watch_left_ms(const struct lp_watch *watch);
/* What a limit that ended a solve is called: interrupted before late. */
enum lp_status lp_watch_status(const struct lp_watch *watch);
/* Run work on the lp's engine; without a watch it may use call.lp. */
enum lp_end lp_call_engine(struct lp *lp, lp_work_fn *work, struct lp_watch *watch);
/* Give the lp an engine and the engine the model. Not LP_END_DONE: it failed. */
enum lp_end lp_load(struct lp *lp, const struct lp_options *options);
/* Did it end because of its memory limit? */
bool lp_is_out_of_memory(const struct lp *lp, const struct lp_options *options);
/* Fill err from what the solver said at its end, and return LP_FAILED. */
enum lp_status lp_report_failure(struct lp *lp, const struct lp_options *options, struct err *err);

/* lp_glpk.c: work on the engine's thread. Those that use call.lp must run without a watch. */

lp_work_fn lp_work_load;        /* in: lp. Load the model, or what has changed of it */
lp_work_fn lp_work_presolve;    /* out: code. Makes `reduced` */
lp_work_fn lp_work_postsolve;   /* gives the basis of `reduced` to `problem`, ends `reduced` */
lp_work_fn lp_work_simplex;     /* in: on_reduced, method, tolerance, limits, iterations so far.
                                   out: code, primal, dual, iterations */
lp_work_fn lp_work_reset_basis; /* a basis from nothing */
lp_work_fn lp_work_fetch;       /* in: lp. Its places, values and duals are filled */
lp_work_fn lp_work_proof;       /* in: lp. out: weights, when code is 0 */

/* lp_glpk_range.c; the caller waits for the end */

lp_work_fn lp_work_range; /* in: thing, index. out: code, low, high */
lp_work_fn lp_work_shift; /* in: shifts. out: code, low, high */

/* lp_glpk_mip.c */

lp_work_fn lp_work_whole;       /* in: lp. Makes `whole`. out: code, 0 unless bounds hold no whole
                                   number */
lp_work_fn lp_work_branch;      /* in: limits, gap, is_plain. out: code, primal, bound, iterations,
                                   nodes, is_at_limit */
lp_work_fn lp_work_fetch_whole; /* in: lp. Its values are filled */

#endif
