/*
 * Is the plan what the planning model asks for? Every rule and the cost are recomputed from the
 * scenario and the decisions alone, by the page, apart from the model that was solved.
 */
#include "base/date.h"
#include "base/err.h"
#include "base/mem.h"
#include "planner/capacity_check_private.h"

#include <math.h>

static const double TOLERANCE_REL = 1e-6;
static const double TOLERANCE_ABS = 1e-7;

void check_add(struct check_sum *sum, double term)
{
    sum->value += term;
    sum->size += fabs(term);
}

static int broken(struct capacity_check *check, const char *rule, const char *what, int period,
    const char *relation, double lhs, double rhs)
{
    char month[DATE_TEXT_SIZE] = "";

    if (period >= 0)
        (void)date_format_month(check->scenario->periods[period].start, month);
    return err_set(check->err, ERR_INTERNAL,
        "the plan breaks a rule of the model, please report this: %s of %s%s%s: %.17g %s %.17g",
        rule, what != NULL ? what : "the plan", period >= 0 ? " in " : "", month, lhs, relation,
        rhs);
}

static double slack(struct check_sum lhs, double rhs)
{
    return TOLERANCE_REL * (lhs.size + fabs(rhs)) + TOLERANCE_ABS;
}

int check_at_most(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs)
{
    if (isinf(rhs) || lhs.value <= rhs + slack(lhs, rhs))
        return 0;
    return broken(check, rule, what, period, "is above", lhs.value, rhs);
}

int check_at_least(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs)
{
    if (lhs.value >= rhs - slack(lhs, rhs))
        return 0;
    return broken(check, rule, what, period, "is below", lhs.value, rhs);
}

int check_equal(struct capacity_check *check, const char *rule, const char *what, int period,
    struct check_sum lhs, double rhs)
{
    if (fabs(lhs.value - rhs) <= slack(lhs, rhs))
        return 0;
    return broken(check, rule, what, period, "is not", lhs.value, rhs);
}

size_t check_offer_at(const struct capacity_check *c, int offer, int site, int period)
{
    return ((size_t)offer * (size_t)c->sites + (size_t)site) * (size_t)c->periods + (size_t)period;
}

size_t check_system_at(const struct capacity_check *c, int system, int site, int period)
{
    return ((size_t)system * (size_t)c->sites + (size_t)site) * (size_t)c->periods + (size_t)period;
}

size_t check_workload_at(const struct capacity_check *c, int workload, int site, int period)
{
    return ((size_t)workload * (size_t)c->sites + (size_t)site) * (size_t)c->periods +
           (size_t)period;
}

size_t check_site_at(const struct capacity_check *c, int site, int period)
{
    return (size_t)site * (size_t)c->periods + (size_t)period;
}

static void create_arrays(struct capacity_check *c)
{
    size_t cells = (size_t)c->sites * (size_t)c->periods;

    c->acquired = mem_zero((size_t)c->offers * cells, sizeof(double));
    c->installed = mem_zero((size_t)c->offers * cells, sizeof(double));
    c->stock = mem_zero((size_t)c->systems * cells, sizeof(double));
    c->firm = mem_zero((size_t)c->systems * cells, sizeof(double));
    c->busy = mem_zero((size_t)c->systems * cells, sizeof(double));
    c->busy_firm = mem_zero((size_t)c->systems * cells, sizeof(double));
    c->made = mem_zero((size_t)c->workloads * cells, sizeof(double));
    c->work_kw = mem_zero(cells, sizeof(double));
    c->work_mean_kw = mem_zero(cells, sizeof(double));
}

static void release_arrays(struct capacity_check *c)
{
    mem_free(c->acquired);
    mem_free(c->installed);
    mem_free(c->stock);
    mem_free(c->firm);
    mem_free(c->busy);
    mem_free(c->busy_firm);
    mem_free(c->made);
    mem_free(c->work_kw);
    mem_free(c->work_mean_kw);
}

int capacity_plan_check(const struct capacity_plan *plan, struct err *err)
{
    struct capacity_check check = {.plan = plan,
        .scenario = plan->scenario,
        .sites = plan->scenario->site_count,
        .periods = plan->scenario->period_count,
        .systems = (int)plan->scenario->catalog.system_count,
        .offers = plan->scenario->offer_count,
        .workloads = plan->scenario->workload_count,
        .err = err};
    int rc = -1;

    if (!plan->has_plan)
        return 0;
    create_arrays(&check);
    if (check_read_decisions(&check) == 0 && check_supply_and_sites(&check) == 0 &&
        check_workloads(&check) == 0 && check_money(&check) == 0)
        rc = 0;
    release_arrays(&check);
    return rc;
}
