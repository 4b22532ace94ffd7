/*
 * Is a plan what it says it is? Every constraint and the cost of the planning model, recomputed
 * from the scenario and the plan's decisions, written without the model's code and after the page
 * alone.
 */
#include "planner/capacity_check_private.h"

#include "base/err.h"
#include "base/mem.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { WHERE_SIZE = 256 };

int check_fail(const struct check *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)err_vset(c->err, ERR_INTERNAL, format, args);
    va_end(args);
    return err_wrap(c->err, "the plan breaks its own rules, please report this");
}

const char *check_month(const struct check *c, int period, char *buffer)
{
    return date_format_month(c->sc->periods[period].start, buffer);
}

static double tolerance(double a, double b, double floor)
{
    return CHECK_TOLERANCE * (floor + fabs(a) + fabs(b));
}

int check_at_most(const struct check *c, double a, double b, double floor, const char *format, ...)
{
    char where[WHERE_SIZE];
    va_list args;

    if (a <= b || a - b <= tolerance(a, b, floor))
        return 0;
    va_start(args, format);
    (void)vsnprintf(where, sizeof where, format, args);
    va_end(args);
    return check_fail(c, "%s: %.9g is over %.9g", where, a, b);
}

int check_equal(const struct check *c, double a, double b, double floor, const char *format, ...)
{
    char where[WHERE_SIZE];
    va_list args;

    if (fabs(a - b) <= tolerance(a, b, floor))
        return 0;
    va_start(args, format);
    (void)vsnprintf(where, sizeof where, format, args);
    va_end(args);
    return check_fail(c, "%s: the plan says %.9g, and it is %.9g", where, a, b);
}

static void init_check(struct check *c, const struct capacity_plan *plan, struct err *err)
{
    const struct scenario *sc = plan->scenario;
    size_t offers = (size_t)sc->offer_count, sites = (size_t)sc->site_count;
    size_t workloads = (size_t)sc->workload_count, systems = sc->catalog.system_count;
    size_t periods = (size_t)sc->period_count, existing = 0, regions = 0;

    *c = (struct check){.plan = plan, .sc = sc, .err = err};
    c->existing_base = mem_zero(offers, sizeof(int));
    c->region_base = mem_zero(workloads, sizeof(int));
    for (size_t o = 0; o < offers; o++) {
        c->existing_base[o] = (int)existing;
        existing += (size_t)sc->offers[o].existing_count;
    }
    for (size_t j = 0; j < workloads; j++) {
        c->region_base[j] = (int)regions;
        regions += (size_t)sc->workloads[j].region_count + 1;
    }
    c->acquired = mem_zero(offers * sites * periods, sizeof(double));
    c->kept = mem_zero(existing * periods, sizeof(double));
    c->installed = mem_zero(offers * sites * periods, sizeof(double));
    c->standing = mem_zero(systems * sites * periods, sizeof(double));
    c->standing_firm = mem_zero(systems * sites * periods, sizeof(double));
    c->running = mem_zero(systems * sites * periods, sizeof(double));
    c->running_firm = mem_zero(systems * sites * periods, sizeof(double));
    c->run_kw = mem_zero(sites * periods, sizeof(double));
    c->run_kw_mean = mem_zero(sites * periods, sizeof(double));
    c->work = mem_zero(workloads * sites * periods, sizeof(double));
    c->running_of = mem_zero(workloads * periods, sizeof(double));
    c->served = mem_zero(regions * periods, sizeof(double));
    c->served_from = mem_zero(workloads * sites * periods, sizeof(double));
    c->unmet = mem_zero(regions * periods, sizeof(double));
    c->shortfall = mem_zero((size_t)sc->commitment_count * periods, sizeof(double));
    c->capex_usd = mem_zero(offers * periods, sizeof(double));
    c->rent_usd = mem_zero(offers * periods, sizeof(double));
    c->maintenance_usd = mem_zero(offers * periods, sizeof(double));
    c->operating_mw = mem_zero(sites * periods, sizeof(double));
    c->nameplate_mw = mem_zero(sites * periods, sizeof(double));
    c->mwh = mem_zero(sites * periods, sizeof(double));
}

static void fini_check(struct check *c)
{
    double *tables[] = {c->acquired, c->kept, c->installed, c->standing, c->standing_firm,
        c->running, c->running_firm, c->run_kw, c->run_kw_mean, c->work, c->running_of, c->served,
        c->served_from, c->unmet, c->shortfall, c->capex_usd, c->rent_usd, c->maintenance_usd,
        c->operating_mw, c->nameplate_mw, c->mwh};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        mem_free(tables[i]);
    mem_free(c->existing_base);
    mem_free(c->region_base);
}

int capacity_plan_check(const struct capacity_plan *plan, struct err *err)
{
    static int (*const STEPS[])(struct check *) = {check_read_systems, check_systems,
        check_read_runs, check_sites, check_read_work, check_work, check_rules, check_costs,
        check_lists};
    struct check c;
    int rc = 0;

    if (!plan->has_plan)
        return 0;
    init_check(&c, plan, err);
    for (size_t i = 0; rc == 0 && i < sizeof STEPS / sizeof STEPS[0]; i++)
        rc = STEPS[i](&c);
    fini_check(&c);
    return rc;
}
