/* Whatever the bytes, a file of rates is taken whole into the scenario, or refused with a reason.
 */
#include "base/faults.h"
#include "workloads/rates_file.h"
#include "workloads/scenario.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SCENARIO[] =
    "<scenario xmlns=\"urn:wattyard:1\" name=\"one\">"
    "<catalog><chip id=\"c\" vendor=\"v\" stack=\"s\" hbm-gb=\"1\" hbm-gbps=\"1\" mfu=\"1\" "
    "bw-efficiency=\"1\"><peak precision=\"bf16\" tflops=\"1\"/></chip>"
    "<system id=\"k\" chip=\"c\" hosts=\"1\" chips-per-host=\"1\" power-kw=\"1\" "
    "idle-kw=\"0.1\"/></catalog>"
    "<horizon start=\"2026-01\" end=\"2026-01\" step=\"month\"/>"
    "<site id=\"a\" region=\"r\" jurisdiction=\"j\"><power from=\"2026-01\" mw=\"1\"/>"
    "<energy from=\"2026-01\" usd-per-mwh=\"1\"/></site>"
    "<offer id=\"o\" system=\"k\" provider=\"p\" kind=\"on-demand\" usd-per-system-hour=\"1\"/>"
    "<workload id=\"w\" kind=\"batch\" required=\"yes\"><volume units=\"1\"/>"
    "<rate system=\"k\" units-per-hour=\"1\"/></workload></scenario>";

/* Nothing to set up; replay calls it for every target. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_parse(SCENARIO, strlen(SCENARIO), "one.xml", &faults);
    const struct workload *workload;
    int rc;

    must(scenario != NULL && faults.error_count == 0);
    rc = rates_file_apply_bytes(scenario, (const char *)data, size, "fuzz.csv", &faults);
    workload = &scenario->workloads[0];
    must((rc != 0) == (faults.error_count > 0));
    must(workload->power_frac >= 0.1 && workload->power_frac <= 1);
    must(workload->rates[0].units_per_hour > 0 && isfinite(workload->rates[0].units_per_hour));
    must(rc == 0 || (workload->power_frac == 1 && workload->rates[0].units_per_hour == 1));
    scenario_destroy(scenario);
    faults_fini(&faults);
    return 0;
}
