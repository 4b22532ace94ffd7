/* Whatever the bytes, a fleet is loaded whole or refused with a reason; what is loaded is a tree
 * whose hosts can be found by their names. */
#include "base/xml.h"
#include "topologies/fleet.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOSTS_TRIED = 32 };

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

static void walk(const struct fleet *fleet)
{
    char name[FLEET_NAME_SIZE];
    int host_count = 0;
    double share_sum = 0;

    must(fleet->rack_count > 0 && fleet->name != NULL);
    for (int r = 0; r < fleet->rack_count; r++) {
        const struct fleet_rack *rack = &fleet->racks[r];

        must(rack->first_host == host_count);
        host_count += rack->host_count;
        must(rack->host_count == fleet_rack_system(fleet, r)->host_count);
        must(rack->power_kw >= 0 && rack->usd_per_hour >= 0);
        must(fleet->feeds[rack->feed].hall == rack->hall);
        must(fleet->halls[rack->hall].site == rack->site);
    }
    must(host_count == fleet->host_count);
    for (int i = 0; i < HOSTS_TRIED; i++) {
        int host = (int)((int64_t)i * (fleet->host_count - 1) / (HOSTS_TRIED - 1));

        must(fleet_find_host(fleet, fleet_host_name(fleet, host, name)) == host);
    }
    for (int i = 0; i < fleet->tenant_count; i++)
        share_sum += fleet->tenants[i].share;
    must(share_sum < 1 + 1e-6);
    for (int i = 0; i < fleet->user_count; i++)
        must(fleet->users[i].roles != 0 && fleet->users[i].name != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_parse((const char *)data, size, "fuzz.xml", &faults);

    if (fleet != NULL)
        walk(fleet);
    must((fleet == NULL) == (faults.error_count > 0));
    fleet_destroy(fleet);
    faults_fini(&faults);
    return 0;
}
