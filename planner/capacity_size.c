/* No model may be so large that building it takes all memory, or hours. */
#include "planner/capacity_model_private.h"

#include "base/err.h"

#include <math.h>

/* Steps of the loops that put rows together; a few seconds. */
#define STEPS_MAX 5e9

static int check_table(double cells, const char *what, struct err *err)
{
    if (cells <= CAPACITY_TABLE_MAX)
        return 0;
    return err_set(err, ERR_LIMIT,
        "the model would be too large: %g %s are over %d; use longer steps, a shorter horizon, or "
        "split the scenario",
        cells, what, CAPACITY_TABLE_MAX);
}

static double count_regions(const struct scenario *sc)
{
    double count = 0;

    for (int j = 0; j < sc->workload_count; j++)
        count += sc->workloads[j].region_count + 1;
    return count;
}

static double count_existing(const struct scenario *sc)
{
    double count = 0;

    for (int o = 0; o < sc->offer_count; o++)
        count += sc->offers[o].existing_count;
    return count;
}

/* Sets of regions, for each site lost, over all sites. */
static double count_survival_steps(const struct scenario *sc)
{
    double sites = sc->site_count, steps = 0;

    for (int j = 0; j < sc->workload_count; j++)
        if (sc->workloads[j].survive_frac > 0)
            steps += sites * sites * exp2(sc->workloads[j].region_count);
    return steps * sc->period_count * (double)sc->catalog.system_count;
}

/* Each rule goes over all acquisitions, all runs or all that stands. */
static double count_rule_steps(const struct scenario *sc)
{
    double places = (double)sc->site_count * sc->period_count;
    double systems = (double)sc->catalog.system_count;
    double rules = (double)sc->budget_count + sc->commitment_count + sc->limit_count;

    return rules * places * (sc->offer_count + sc->workload_count * systems + systems);
}

int capacity_model_check_size(const struct scenario *sc, struct err *err)
{
    double periods = sc->period_count, places = periods * sc->site_count;
    double systems = (double)sc->catalog.system_count;

    if (check_table(sc->offer_count * places, "offers × sites × periods", err) != 0 ||
        check_table(sc->workload_count * systems * places, "workloads × sites × systems × periods",
            err) != 0 ||
        check_table(STOCK_KINDS * systems * places, "systems × sites × periods", err) != 0 ||
        check_table(count_regions(sc) * places, "demand regions × sites × periods", err) != 0 ||
        check_table(count_existing(sc) * periods, "existing batches × periods", err) != 0)
        return -1;
    if (count_survival_steps(sc) + count_rule_steps(sc) > STEPS_MAX)
        return err_set(err, ERR_LIMIT,
            "the model would take too long to build: its budgets, commitments, limits and "
            "survive-site rules go over too many sites, periods and workloads; leave some out, use "
            "longer steps, or split the scenario");
    return 0;
}
