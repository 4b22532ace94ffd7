/*
 * The scheduler at one gigawatt: topologies/fleets/one-gigawatt.xml, jobs of the seeded generator.
 * Prints what issue 3 sets targets for, medians, and the same load under EASY beside ours.
 */
#include "base/clock.h"
#include "base/faults.h"
#include "base/mem.h"
#include "base/xml.h"
#include "scheduler/simulate.h"
#include "workloads/generate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAITING = 10000, RUNNING = 5000, ROUNDS = 9, SUBMITS = 201, GANGS = 51, SIMULATED = 100000 };
static const double MS = 1000;

static const char FLEET[] = "topologies/fleets/one-gigawatt.xml";
static const char DATA[] = "topologies";

/* The machine may be shared, so processor time is told beside the time on the wall. */
struct watch {
    double wall_s, cpu_s;
};

static struct watch start_watch(void)
{
    return (struct watch){clock_monotonic_s(), (double)clock() / CLOCKS_PER_SEC};
}

static struct watch stop_watch(struct watch start)
{
    struct watch now = start_watch();

    return (struct watch){now.wall_s - start.wall_s, now.cpu_s - start.cpu_s};
}

static int compare_watches(const void *a, const void *b)
{
    const struct watch *left = a;
    const struct watch *right = b;

    return left->wall_s < right->wall_s ? -1 : left->wall_s > right->wall_s;
}

static void say(const char *what, double value, const char *unit, double target)
{
    printf("  %-44s %10.3f %-3s (target %g)%s\n", what, value, unit, target,
        value <= target ? "" : "  MISSED");
    (void)fflush(stdout);
}

/* The median of some, in a unit of so many a second. */
static void say_median(const char *what, struct watch *watches, int count, double a_second,
    const char *unit, double target)
{
    const struct watch *median;

    qsort(watches, (size_t)count, sizeof *watches, compare_watches);
    median = &watches[count / 2];
    printf("  %-44s %10.3f %-3s (processor %.3f, target %g)%s\n", what, median->wall_s * a_second,
        unit, median->cpu_s * a_second, target,
        median->wall_s * a_second <= target ? "" : "  MISSED");
    (void)fflush(stdout);
}

static struct fleet *load_fleet(void)
{
    struct faults faults = {0};
    struct watch start = start_watch();
    struct watch taken;
    struct fleet *fleet = fleet_load(FLEET, DATA, &faults);

    if (fleet == NULL) {
        (void)fprintf(stderr, "%s does not load; run from the top of the tree\n", FLEET);
        exit(1);
    }
    faults_fini(&faults);
    taken = stop_watch(start);
    say_median("load the fleet", &taken, 1, 1, "s", 1);
    printf("  %d sites, %d racks, %d hosts\n", fleet->site_count, fleet->rack_count,
        fleet->host_count);
    say("memory after loading", clock_peak_memory_bytes() / 1e6, "MB", 1074);
    return fleet;
}

/* --- A full floor */

static int64_t submit(struct core *core, const struct job_spec *spec, int64_t now_ms)
{
    struct actions actions = {0};

    if (core_apply(core, &(struct event){.kind = EVENT_SUBMIT, .now_ms = now_ms, .spec = spec},
            &actions, NULL) != 0)
        exit(1);
    actions_fini(&actions);
    return (int64_t)core_gang_count(core);
}

static struct core *new_core(const struct fleet *fleet, bool decides_quickly, bool wants_bound)
{
    struct core_options options = {.initial_hosts = HOST_UP,
        .starts_at_once = true,
        .decides_quickly = decides_quickly,
        .wants_bound = wants_bound,
        .budget = {.iterations = 20000, .nodes = 2000, .gap = 1e-4}};

    return core_create(fleet, &options, 0);
}

static int count_state(const struct core *core, enum gang_state state)
{
    int count = 0;

    for (size_t i = 0; i < core_gang_count(core); i++)
        count += core_gang_at(core, i)->state == state;
    return count;
}

static double free_share(const struct core *core)
{
    const struct fleet *fleet = core_fleet(core);
    double free_chips = 0;
    double chips = 0;

    for (int rack = 0; rack < fleet->rack_count; rack++) {
        free_chips += ledger_rack_free_chips(core_ledger(core), rack);
        chips += system_chip_count(fleet_rack_system(fleet, rack));
    }
    return free_chips / chips;
}

/* Most generated jobs take part of a host; a floor of RUNNING large ones is the harder one. */
static bool is_for_floor(const struct job_list *jobs, size_t index)
{
    return jobs->specs[index].tasks > 1 || index % 16 == 0;
}

/* Run gangs of the list until RUNNING run, then let WAITING wait. Returns the next spec. */
static size_t fill(struct core *core, const struct job_list *jobs)
{
    size_t next = 0;

    while (next < jobs->count && count_state(core, GANG_RUNNING) < RUNNING) {
        struct actions actions = {0};

        for (int i = 0; i < 1000 && next < jobs->count; next++)
            if (is_for_floor(jobs, next)) {
                (void)submit(core, &jobs->specs[next], 0);
                i++;
            }
        core_round(core, 0, &actions);
        actions_fini(&actions);
    }
    while (next < jobs->count && count_state(core, GANG_WAITING) < WAITING)
        (void)submit(core, &jobs->specs[next++], 1000);
    printf("  %d run, %d wait, %.1f %% of the chips are free\n", count_state(core, GANG_RUNNING),
        count_state(core, GANG_WAITING), free_share(core) * 100);
    return next;
}

static void end_some(struct core *core, int64_t now_ms, int count)
{
    struct actions actions = {0};
    int every = count_state(core, GANG_RUNNING) / count;
    int seen = 0;

    for (size_t i = 0; i < core_gang_count(core); i++) {
        const struct gang *gang = core_gang_at(core, i);

        if (gang->state != GANG_RUNNING || seen++ % every != 0)
            continue;
        (void)core_apply(core,
            &(struct event){.kind = EVENT_TASK_ENDED,
                .now_ms = now_ms,
                .gang = gang->id,
                .attempt = gang->attempt,
                .task = -1},
            &actions, NULL);
    }
    actions_fini(&actions);
}

static void bench_rounds(const struct fleet *fleet, const struct job_list *jobs)
{
    struct core *core = new_core(fleet, false, false);
    struct watch taken[ROUNDS];
    int64_t now_ms = 1000;

    (void)fill(core, jobs);
    for (int i = 0; i < ROUNDS; i++) {
        struct actions actions = {0};
        struct watch start;

        now_ms += 20000;
        end_some(core, now_ms, 100);
        start = start_watch();
        core_round(core, now_ms, &actions);
        taken[i] = stop_watch(start);
        actions_fini(&actions);
    }
    say_median("a full round after 100 ends", taken, ROUNDS, 1, "s", 1);
    core_destroy(core);
}

/* --- Single decisions */

static void bench_quick(const struct fleet *fleet, const struct job_list *jobs)
{
    struct core *core = new_core(fleet, true, false);
    struct watch taken[SUBMITS];
    size_t next = fill(core, jobs);

    for (int i = 0; i < SUBMITS && next < jobs->count; i++) {
        struct watch start = start_watch();

        (void)submit(core, &jobs->specs[next++], 2000);
        taken[i] = stop_watch(start);
    }
    say_median("one submit to its decision, on the full floor", taken, SUBMITS, MS, "ms", 10);
    core_destroy(core);
}

static struct job_spec large_gang(const char *name, int tasks)
{
    return (struct job_spec){.name = name,
        .tenant = "frontier",
        .priority = 500,
        .value_usd_per_hour = 1e6,
        .power_frac = 0.9,
        .is_interruptible = true,
        .tasks = tasks,
        .segment = 16,
        .chips_per_task = 4,
        .wall_minutes = 600,
        .deadline_ms = INT64_MAX,
        .work_minutes = NAN};
}

static void bench_gangs(const struct fleet *fleet, const struct job_list *jobs)
{
    struct core *core = new_core(fleet, true, false);
    struct job_spec fits = large_gang("fits", 512);
    struct job_spec too_big = large_gang("too-big", 60000);
    struct watch placed[GANGS];
    struct watch answered[GANGS];
    int placed_count = 0;

    for (size_t i = 0; i < jobs->count && free_share(core) > 0.5; i++)
        (void)submit(core, &jobs->specs[i], 0);
    for (int i = 0; i < GANGS; i++) {
        struct watch start = start_watch();
        int64_t id = submit(core, &fits, 0);

        placed[i] = stop_watch(start);
        placed_count += core_find_gang(core, id)->state == GANG_RUNNING;
        start = start_watch();
        (void)submit(core, &too_big, 0);
        answered[i] = stop_watch(start);
    }
    printf("  %d of %d gangs of 512 hosts stand, %.1f %% of the chips are free\n", placed_count,
        GANGS, free_share(core) * 100);
    say_median("a gang of 512 hosts placed", placed, GANGS, MS, "ms", 20);
    say_median("a gang that does not fit answered", answered, GANGS, MS, "ms", 10);
    core_destroy(core);
}

/* --- One tier: value and bound */

static void bench_bound(const struct fleet *fleet, const struct job_list *jobs)
{
    struct fleet free_for_all = *fleet;
    struct job_spec *specs = mem_zero(jobs->count, sizeof *specs);
    struct actions actions = {0};
    struct core *core;
    struct watch start;

    free_for_all.tenant_count = 0;
    core = new_core(&free_for_all, false, true);
    for (size_t i = 0; i < jobs->count && i < WAITING + RUNNING; i++) {
        specs[i] = jobs->specs[i];
        specs[i].priority = 500;
        (void)submit(core, &specs[i], 0);
    }
    start = start_watch();
    core_round(core, 0, &actions);
    printf(
        "  one tier, %d jobs on the empty floor: %d start, %.1f %% of the chips are free, %.2f s, "
        "%d greedy\n",
        WAITING + RUNNING, count_state(core, GANG_RUNNING), free_share(core) * 100,
        stop_watch(start).wall_s, core_last_round(core)->greedy_count);
    printf("  value %.6g, bound %.6g dollars an hour\n", core_last_round(core)->value_usd_per_hour,
        core_last_round(core)->bound_usd_per_hour);
    say("gap of value to bound", core_last_round(core)->gap * 100, "%", 2);
    actions_fini(&actions);
    core_destroy(core);
    mem_free(specs);
}

/* --- A simulation */

static void show_progress(void *context, double done, double total)
{
    double *last_s = context;

    if (clock_monotonic_s() - *last_s < 10)
        return;
    *last_s = clock_monotonic_s();
    (void)fprintf(stderr, "  %.0f of %.0f\n", done, total);
}

static void bench_simulate(
    const struct fleet *fleet, const struct job_list *jobs, enum core_policy policy)
{
    double last_s = clock_monotonic_s();
    struct simulate_options options = {.policy = policy,
        .clock_s = clock_monotonic_s,
        .progress = show_progress,
        .context = &last_s};
    struct simulate_result result = {0};
    struct simulate_figures figures;
    struct watch taken = start_watch();

    if (simulate_run(fleet, jobs->specs, jobs->count, &options, &result, NULL) != 0)
        exit(1);
    taken = stop_watch(taken);
    figures = simulate_figures(&result);
    printf("  %s: %zu finished, makespan %.1f h, chip use %.1f %%, wait mean %.0f s p95 %.0f s, "
           "slowdown %.1f\n",
        policy == CORE_POLICY_LP ? "lp" : "easy", result.finished_count, result.makespan_s / 3600,
        result.chip_use * 100, figures.wait_mean_s, figures.wait_p95_s, figures.slowdown_mean);
    printf("    value %.4g USD, cost %.4g USD, energy %.1f MWh, preemptions %zu; %zu rounds, mean "
           "%.1f ms, p99 %.1f ms, max %.1f ms\n",
        result.value_usd, result.cost_usd, result.energy_mwh, result.preemption_count,
        result.round_count, figures.round_mean_s * MS, figures.round_p99_s * MS,
        figures.round_max_s * MS);
    if (policy == CORE_POLICY_LP)
        say_median("simulate 100,000 jobs", &taken, 1, 1, "s", 120);
    else
        printf("    %.1f s (processor %.1f)\n", taken.wall_s, taken.cpu_s);
    simulate_fini(&result);
}

/* argv[1]: a scale of the simulation, for a quick look. */
int main(int argc, char **argv)
{
    int64_t simulated = argc > 1 ? strtoll(argv[1], NULL, 10) : SIMULATED;
    struct fleet *fleet;
    struct job_list *jobs;
    struct job_list *stream;

    xml_init_process();
    fleet = load_fleet();
    jobs = generate_jobs(
        fleet, &(struct generate_options){.job_count = 80000, .seed = 3, .load_frac = 0.9});
    bench_rounds(fleet, jobs);
    bench_quick(fleet, jobs);
    bench_gangs(fleet, jobs);
    bench_bound(fleet, jobs);
    if (simulated > 0) {
        stream = generate_jobs(
            fleet, &(struct generate_options){.job_count = simulated, .seed = 7, .load_frac = 0.9});
        bench_simulate(fleet, stream, CORE_POLICY_LP);
        bench_simulate(fleet, stream, CORE_POLICY_EASY);
        job_list_destroy(stream);
    }
    job_list_destroy(jobs);
    fleet_destroy(fleet);
    return 0;
}
