#include "planner/conflict.h"

#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_model.h"
#include "planner/conflict_private.h"

#include <math.h>

const char *const CONFLICT_KIND_NAMES[CONFLICT_KIND_COUNT] = {"site-power", "floor", "supply",
    "max-systems", "commitment", "budget", "limit", "required", "workload-max-systems"};
const char *const CONFLICT_UNITS[CONFLICT_KIND_COUNT] = {
    "MW", "rack positions", "systems a month", "systems", "MW", "USD", "MW", "share", "systems"};

/* --- The irreducible set: let things go one by one; what can't be missed stays */

/* Things without weight in a proof of infeasibility can go at once. */
static void drop_unproven(const struct elastic *e, bool *is_in)
{
    double *weights = mem_zero((size_t)e->model->row_count, sizeof *weights);

    if (lp_infeasibility_proof(e->model->lp, weights)) {
        for (int i = 0; i < e->thing_count; i++)
            is_in[i] = false;
        for (int row = 0; row < e->model->row_count; row++)
            if (fabs(weights[row]) > 0 && e->row_thing[row] >= 0)
                is_in[e->row_thing[row]] = true;
    }
    mem_free(weights);
}

/* Leaves the things of the set in is_in; whether it is irreducible says out->is_set_irreducible. */
static void find_set(struct elastic *e, bool *is_in, struct conflict *out)
{
    struct lp *lp = e->model->lp;

    drop_unproven(e, is_in);
    for (int i = 0; i < e->thing_count; i++)
        if (!is_in[i])
            elastic_free(e, lp, i, INFINITY, 0);
    for (int i = 0; i < e->thing_count && !e->is_over; i++) {
        if (!is_in[i])
            continue;
        elastic_free(e, lp, i, INFINITY, 0);
        is_in[i] = elastic_solve(e, NULL) != LP_INFEASIBLE;
        if (is_in[i])
            elastic_free(e, lp, i, 0, 0);
    }
    out->set = mem_zero((size_t)e->thing_count, sizeof *out->set);
    for (int i = 0; i < e->thing_count; i++) {
        if (is_in[i])
            out->set[out->set_count++] = e->things[i];
        elastic_free(e, lp, i, 0, 0);
    }
    out->is_set_irreducible = !e->is_over;
}

/* 0 where there is a conflict, or the time is over before that is known. */
static int check_infeasible(struct elastic *e, struct err *err)
{
    enum lp_status status = elastic_solve(e, err);

    if (status == LP_FAILED)
        return err_wrap(err, "the conflict could not be looked for");
    if (status != LP_INFEASIBLE && !e->is_over)
        return err_set(err, ERR_STATE, "%s: there is a plan, and no conflict", e->scenario->name);
    return 0;
}

/*
 * A repair is of each set of things that cannot hold together, or the rest of that set would not
 * hold with the repair made: so only the set's things are tried. Each answer has its own effort:
 * that the set took too long does not keep the changes from being known.
 */
static void explain(struct elastic *e, struct conflict *out)
{
    bool *is_in = mem_zero((size_t)e->thing_count, sizeof *is_in);
    int64_t first = e->effort;

    for (int i = 0; i < e->thing_count; i++)
        is_in[i] = true;
    elastic_allow(e, first);
    find_set(e, is_in, out);
    out->is_cut = e->is_over;
    elastic_allow(e, first);
    e->is_over = false;
    conflict_find_repairs(e, is_in, out);
    mem_free(is_in);
}

struct conflict *conflict_find(
    const struct scenario *scenario, const struct conflict_options *options, struct err *err)
{
    struct elastic e;
    struct conflict *out = NULL;

    if (elastic_init(&e, scenario, options, err) != 0 || check_infeasible(&e, err) != 0)
        goto out;
    out = mem_zero(1, sizeof *out);
    out->scenario = scenario;
    out->is_set_asked = options->is_set_asked;
    out->is_cut = e.is_over;
    if (!e.is_over)
        explain(&e, out);
out:
    elastic_fini(&e);
    return out;
}

void conflict_destroy(struct conflict *conflict)
{
    if (conflict == NULL)
        return;
    mem_free(conflict->repairs);
    mem_free(conflict->together);
    mem_free(conflict->together_amounts);
    mem_free(conflict->set);
    mem_free(conflict);
}
