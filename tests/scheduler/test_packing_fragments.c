/*
 * Fragments: on the fleet of the tutorial, under a random load of 95 % of its hosts, how often a
 * job of a whole rack finds one, under our packing and under first fit. The same jobs come to both;
 * who finds no place goes away.
 */
#include "base/faults.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scheduler/packing.h"
#include "tests/support/fleet_builder.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

enum { KINDS = 2, SMALL_MOST = 8, SEEDS = 20, HOSTS_MOST = 144, RACKS_MOST = 6, JOBS = 20000 };
static const double LOAD = 0.95;
static const double WHOLE_SHARE = 0.4; /* of the load, by jobs of a whole rack */

/* Kind 0 and 1 of system, and sizes 1 to SMALL_MOST hosts; 0: a whole rack. */
struct arrival {
    double at, until;
    int kind, hosts;
};

struct result {
    int whole_asked, whole_found; /* jobs of a whole rack */
    int free_looks;               /* by kind, arrivals at which a whole rack was free */
    double hosts_used;            /* host-hours */
    double hours;
};

struct world {
    const struct fleet *fleet;
    int system[KINDS];
    struct arrival jobs[JOBS];
    /* For our packing. */
    struct ledger *ledger;
    struct job_spec specs[KINDS][SMALL_MOST + 1];
    struct job_system rows[KINDS][SMALL_MOST + 1];
    struct shape *shapes[KINDS][SMALL_MOST + 1];
    /* For first fit. */
    int host_job[HOSTS_MOST]; /* job + 1; 0: free */
};

static int rack_hosts(const struct world *w, int kind)
{
    return w->fleet->catalog.systems[w->system[kind]].host_count;
}

static int hosts_of(const struct world *w, const struct arrival *job)
{
    return job->hosts > 0 ? job->hosts : rack_hosts(w, job->kind);
}

/* Jobs of an hour on average, so many that they would use LOAD of each kind's hosts. */
static void draw_jobs(struct world *w, uint64_t seed)
{
    struct rng rng = rng_seed(seed);
    double hosts[KINDS] = {0};
    double rate[KINDS][2]; /* jobs an hour: small ones, whole racks */
    double all = 0;
    double clock = 0;

    for (int r = 0; r < w->fleet->rack_count; r++)
        for (int k = 0; k < KINDS; k++)
            if (w->fleet->racks[r].system == w->system[k])
                hosts[k] += w->fleet->racks[r].host_count;
    for (int k = 0; k < KINDS; k++) {
        rate[k][0] = LOAD * (1 - WHOLE_SHARE) * hosts[k] / ((1 + SMALL_MOST) / 2.0);
        rate[k][1] = LOAD * WHOLE_SHARE * hosts[k] / rack_hosts(w, k);
        all += rate[k][0] + rate[k][1];
    }
    for (int i = 0; i < JOBS; i++) {
        double roll = rng_unit(&rng) * all;
        int kind = 0;
        int is_whole = 0;

        while (roll >= rate[kind][is_whole] && kind * 2 + is_whole < KINDS * 2 - 1) {
            roll -= rate[kind][is_whole];
            kind += is_whole;
            is_whole = !is_whole;
        }
        clock += rng_exponential(&rng, 1 / all);
        w->jobs[i] = (struct arrival){clock, clock + rng_exponential(&rng, 1), kind,
            is_whole ? 0 : (int)rng_between(&rng, 1, SMALL_MOST)};
    }
}

/* --- Our packing */

static bool start_ours(struct world *w, int job)
{
    const struct arrival *a = &w->jobs[job];
    struct packing_request request = {
        .shape = w->shapes[a->kind][a->hosts], .where = {0, -1, -1, -1}};
    struct placement placement = {0};

    if (!packing_find(w->ledger, &request, &placement, NULL))
        return false;
    ledger_hold(w->ledger, &(struct holder){.id = job + 1, .shape = request.shape}, &placement);
    placement_fini(&placement);
    return true;
}

static void end_ours(struct world *w, int job)
{
    ledger_release(w->ledger, job + 1);
}

static bool is_free_ours(const struct world *w, int host)
{
    return ledger_free_chips(w->ledger, host) != 0;
}

/* --- First fit: the first rack that has room, its first free hosts */

static bool start_first(struct world *w, int job)
{
    const struct arrival *a = &w->jobs[job];
    int need = hosts_of(w, a);
    int found[HOSTS_MOST];
    int count = 0;

    for (int r = 0; r < w->fleet->rack_count && count < need; r++) {
        const struct fleet_rack *rack = &w->fleet->racks[r];

        count = 0;
        for (int h = rack->first_host; h < rack->first_host + rack->host_count; h++)
            if (rack->system == w->system[a->kind] && w->host_job[h] == 0 && count < need)
                found[count++] = h;
    }
    for (int i = 0; i < count && count == need; i++)
        w->host_job[found[i]] = job + 1;
    return count == need;
}

static void end_first(struct world *w, int job)
{
    for (int h = 0; h < w->fleet->host_count; h++)
        if (w->host_job[h] == job + 1)
            w->host_job[h] = 0;
}

static bool is_free_first(const struct world *w, int host)
{
    return w->host_job[host] == 0;
}

/* --- Both */

struct policy {
    const char *name;
    bool (*start)(struct world *w, int job);
    void (*end)(struct world *w, int job);
    bool (*is_free)(const struct world *w, int host);
};
static const struct policy OURS = {"best fit", start_ours, end_ours, is_free_ours};
static const struct policy FIRST = {"first fit", start_first, end_first, is_free_first};

static int kinds_with_a_free_rack(const struct world *w, const struct policy *policy)
{
    bool has[KINDS] = {false};

    for (int r = 0; r < w->fleet->rack_count; r++) {
        const struct fleet_rack *rack = &w->fleet->racks[r];
        int free_count = 0;

        for (int h = rack->first_host; h < rack->first_host + rack->host_count; h++)
            free_count += policy->is_free(w, h);
        for (int k = 0; k < KINDS; k++)
            has[k] |= rack->system == w->system[k] && free_count == rack->host_count;
    }
    return has[0] + has[1];
}

/* Adds to *out. */
static void run(struct world *w, const struct policy *policy, struct result *out)
{
    int running[HOSTS_MOST]; /* none is smaller than a host */
    int running_count = 0;
    double clock = 0;

    for (int i = 0; i < JOBS; i++) {
        const struct arrival *a = &w->jobs[i];
        bool is_found;

        clock = a->at;
        for (int k = running_count; k-- > 0;)
            if (w->jobs[running[k]].until <= clock) {
                policy->end(w, running[k]);
                running[k] = running[--running_count];
            }
        out->free_looks += kinds_with_a_free_rack(w, policy);
        is_found = policy->start(w, i);
        if (is_found)
            running[running_count++] = i;
        out->hosts_used += is_found ? hosts_of(w, a) * (a->until - a->at) : 0;
        if (a->hosts == 0) {
            out->whole_asked++;
            out->whole_found += is_found;
        }
    }
    while (running_count > 0)
        policy->end(w, running[--running_count]);
    out->hours += clock;
}

static void print(const struct world *w, const struct policy *policy, const struct result *r)
{
    printf("%-9s  a whole rack was free %.1f %% of the time; %d of %d jobs of a whole rack found "
           "one; %.1f %% of the hosts in use\n",
        policy->name, 100.0 * r->free_looks / SEEDS / JOBS / KINDS, r->whole_found, r->whole_asked,
        100 * r->hosts_used / r->hours / w->fleet->host_count);
}

static void make_shapes(struct world *w)
{
    static const char *const SYSTEMS[KINDS] = {"trn3-gen2", "gb300-nvl72"};

    for (int k = 0; k < KINDS; k++) {
        const struct system *system = catalog_find_system(&w->fleet->catalog, SYSTEMS[k]);

        ck_assert_ptr_nonnull(system);
        w->system[k] = (int)(system - w->fleet->catalog.systems);
        for (int size = 0; size <= SMALL_MOST; size++) {
            struct job_spec *spec = &w->specs[k][size];
            int hosts = size > 0 ? size : rack_hosts(w, k);

            *spec = fleet_builder_job(hosts, 4, hosts);
            w->rows[k][size] = fleet_builder_row(spec, SYSTEMS[k], 1);
            spec->systems = &w->rows[k][size];
            spec->system_count = 1;
            w->shapes[k][size] = shape_create(w->fleet, spec);
        }
    }
}

START_TEST(whole_racks_stay_free_more_often_than_under_first_fit)
{
    struct world *w = mem_zero(1, sizeof *w);
    struct faults faults = {0};
    struct fleet *fleet = fleet_load("topologies/fleets/one-row.xml", NULL, &faults);
    struct result ours = {0};
    struct result first = {0};

    ck_assert_ptr_nonnull(fleet);
    ck_assert_int_le(fleet->host_count, HOSTS_MOST);
    w->fleet = fleet;
    make_shapes(w);
    w->ledger = ledger_create(fleet, HOST_UP);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        draw_jobs(w, seed);
        run(w, &OURS, &ours);
        run(w, &FIRST, &first);
    }
    print(w, &OURS, &ours);
    print(w, &FIRST, &first);
    ck_assert_int_gt(ours.whole_found, first.whole_found);
    ck_assert_int_gt(ours.free_looks, first.free_looks);
    for (int k = 0; k < KINDS; k++)
        for (int size = 0; size <= SMALL_MOST; size++)
            shape_destroy(w->shapes[k][size]);
    ledger_destroy(w->ledger);
    fleet_destroy(fleet);
    faults_fini(&faults);
    mem_free(w);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/packing_fragments");
    TCase *tc = tcase_create("fragments");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, whole_racks_stay_free_more_often_than_under_first_fit);
    suite_add_tcase(s, tc);
    return s;
}
