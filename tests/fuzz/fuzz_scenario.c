/* Whatever the bytes, a scenario is loaded whole or refused with a reason; what is loaded can be
 * walked without a number that is none. */
#include "base/xml.h"
#include "workloads/scenario.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    xml_init_process();
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void walk_offer(const struct scenario *s, const struct offer *offer)
{
    must(offer->system >= 0 && (size_t)offer->system < s->catalog.system_count);
    must(offer->capex_usd <= 0 || offer->term_months > 0);
    for (int e = 0; e < offer->existing_count; e++)
        must(offer->existing[e].site >= 0 && offer->existing[e].site < s->site_count);
    for (int t = 0; t < s->period_count; t++) {
        must(offer_supply(offer, &s->periods[t]) >= 0);
        for (int site = 0; site < s->site_count; site++)
            (void)offer_is_open(s, offer, site, &s->periods[t]);
    }
}

static void walk_workload(const struct scenario *s, const struct workload *workload)
{
    bool is_ever_open = false;

    for (size_t k = 0; k < s->catalog.system_count; k++)
        must(isfinite(workload->rates[k].units_per_hour) && workload->rates[k].units_per_hour >= 0);
    for (int t = 0; t < s->period_count; t++)
        is_ever_open = is_ever_open || workload_is_open(workload, &s->periods[t]);
    must(is_ever_open);
    for (int g = 0; g < workload->region_count; g++)
        for (int t = 0; t < s->period_count; t++)
            must(region_demand_at(&workload->regions[g], &s->periods[t]) >= 0);
}

static void walk(const struct scenario *s)
{
    must(s->period_count > 0 && s->site_count > 0 && s->offer_count > 0);
    for (int t = 0; t < s->period_count; t++) {
        must(s->periods[t].hours > 0 && s->periods[t].discount > 0);
        for (int i = 0; i < s->site_count; i++)
            must(dated_row_at(&s->sites[i].energy_usd_per_mwh, s->periods[t].start) != NULL);
    }
    for (int o = 0; o < s->offer_count; o++)
        walk_offer(s, &s->offers[o]);
    for (int j = 0; j < s->workload_count; j++)
        walk_workload(s, &s->workloads[j]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse((const char *)data, size, "fuzz.xml", &faults);

    must((scenario != NULL) == (faults.error_count == 0));
    if (scenario != NULL)
        walk(scenario);
    scenario_destroy(scenario);
    faults_fini(&faults);
    return 0;
}
