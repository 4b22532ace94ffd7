#include "scheduler/shape.h"
#include "base/str.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/units.h"

#include <limits.h>
#include <math.h>

/* Quotients of given figures that come to a whole number count as that number. */
#define WHOLE_SLACK 1e-9
#define MS_PER_MINUTE 60000.0

/* --- Which systems */

static bool *find_standing(const struct fleet *fleet)
{
    bool *stands = mem_zero(fleet->catalog.system_count, sizeof *stands);

    for (int r = 0; r < fleet->rack_count; r++)
        stands[fleet->racks[r].system] = true;
    return stands;
}

static int find_system(const struct fleet *fleet, const char *id)
{
    const struct system *system = catalog_find_system(&fleet->catalog, id);

    return system == NULL ? -1 : (int)(system - fleet->catalog.systems);
}

/* The manifest's rows in their order; without rows, the fleet's systems in the catalog's. */
static void list_systems(struct shape *shape, const struct fleet *fleet, const bool *stands)
{
    const struct job_spec *spec = shape->spec;
    size_t most = spec->system_count > 0 ? spec->system_count : fleet->catalog.system_count;

    shape->systems = arena_zero(shape->arena, most, sizeof *shape->systems);
    for (size_t i = 0; i < spec->system_count; i++)
        shape->systems[shape->system_count++] = (struct shape_system){
            .system = find_system(fleet, spec->systems[i].id), .row = &spec->systems[i]};
    if (spec->system_count > 0)
        return;
    for (size_t i = 0; i < fleet->catalog.system_count; i++)
        if (stands[i])
            shape->systems[shape->system_count++].system = (int)i;
}

/* --- How a gang stands on one */

static void set_gang(struct shape_system *s, const struct job_spec *spec)
{
    const struct job_system *row = s->row;
    int segment = row != NULL ? row->segment : spec->segment;

    s->throughput = row != NULL ? row->throughput : 1;
    s->task_count = row != NULL ? row->tasks : spec->tasks;
    s->chips_per_task = row != NULL ? row->chips_per_task : spec->chips_per_task;
    if (segment == JOB_SEGMENT_ALL || segment > s->task_count)
        segment = s->task_count;
    /* A task is on one host, so segments of one bind nothing. */
    s->is_domain_bound = segment > 1;
    s->segment_tasks = s->is_domain_bound ? segment : 1;
    s->segment_count = (s->task_count + s->segment_tasks - 1) / s->segment_tasks;
}

/* How often `each` goes into `total`; INT_MAX where either is not counted. */
static int times(double total, double each)
{
    double count;

    if (total <= 0 || each <= 0)
        return INT_MAX;
    count = floor(total / each + WHOLE_SLACK);
    return count >= INT_MAX ? INT_MAX : (int)count;
}

static void set_host_use(
    struct shape_system *s, const struct job_spec *spec, const struct system *system)
{
    double chip_share;
    int room = INT_MAX;
    int by_cores;
    int by_memory;

    if (s->chips_per_task == JOB_CHIPS_ALL)
        s->chips_per_task = system->chips_per_host;
    chip_share = (double)s->chips_per_task / system->chips_per_host;
    s->cores_per_task = spec->cores_per_task;
    if (s->cores_per_task <= 0 && system->host_cores > 0)
        s->cores_per_task = s->chips_per_task > 0 ? system->host_cores * chip_share : 1;
    s->memory_gb_per_task = spec->memory_gb_per_task;
    if (s->memory_gb_per_task <= 0)
        s->memory_gb_per_task = system->host_memory_gb * chip_share;

    by_cores = times(system->host_cores, s->cores_per_task);
    by_memory = times(system->host_memory_gb, s->memory_gb_per_task);
    if (s->chips_per_task > 0)
        room = system->chips_per_host / s->chips_per_task;
    room = by_cores < room ? by_cores : room;
    room = by_memory < room ? by_memory : room;
    s->tasks_per_host = room < s->task_count ? room : s->task_count;
}

static double expected_ms(
    const struct shape_system *s, const struct job_spec *spec, const struct fleet *fleet)
{
    if (spec->expected_minutes > 0)
        return spec->expected_minutes / s->throughput * MS_PER_MINUTE;
    if (isfinite(spec->work_minutes))
        return spec->work_minutes / s->throughput * MS_PER_MINUTE;
    return (spec->wall_minutes > 0 ? spec->wall_minutes : fleet->default_wall_minutes) *
           MS_PER_MINUTE;
}

static void set_power(
    struct shape_system *s, const struct job_spec *spec, const struct system *system)
{
    double busy_kw = system->power_kw * system->modes[0].power_frac * spec->power_frac;

    s->busy_kw_per_chip = fmax(0, busy_kw - system->idle_kw) / system_chip_count(system);
}

/* --- Why it never can */

static const char *never_on_host(
    struct arena *arena, const struct shape_system *s, const struct system *system)
{
    if (s->chips_per_task > system->chips_per_host)
        return arena_format(arena, "a task takes %d %s, and a host of %s has %d", s->chips_per_task,
            str_plural(s->chips_per_task, "chip", "chips"), system->id, system->chips_per_host);
    if (times(system->host_cores, s->cores_per_task) == 0)
        return arena_format(arena, "a task takes %.6g cores, and a host of %s has %d",
            s->cores_per_task, system->id, system->host_cores);
    if (times(system->host_memory_gb, s->memory_gb_per_task) == 0)
        return arena_format(arena, "a task takes %.6g GB of memory, and a host of %s has %.6g",
            s->memory_gb_per_task, system->id, system->host_memory_gb);
    return NULL;
}

static const char *never_in_domain(
    struct arena *arena, const struct shape_system *s, const struct system *system)
{
    int64_t chip_count = (int64_t)s->segment_tasks * s->chips_per_task;
    int64_t task_room = (int64_t)s->tasks_per_host * system->host_count;

    if (!s->is_domain_bound || s->segment_tasks <= task_room)
        return NULL;
    if (chip_count > system_chip_count(system))
        return arena_format(arena,
            "a segment of %d %s × %d %s is %lld chips, and %s has %d in one domain",
            s->segment_tasks, str_plural(s->segment_tasks, "task", "tasks"), s->chips_per_task,
            str_plural(s->chips_per_task, "chip", "chips"), (long long)chip_count, system->id,
            system_chip_count(system));
    return arena_format(arena,
        "a segment is %d tasks, and one domain of %s takes %lld: %d %s with room for %d each",
        s->segment_tasks, system->id, (long long)task_room, system->host_count,
        str_plural(system->host_count, "host", "hosts"), s->tasks_per_host);
}

static bool allows_some_host(const struct shape *shape, const struct fleet *fleet, int system)
{
    if (shape->allowed_hosts == NULL)
        return true;
    for (int h = 0; h < fleet->host_count; h++)
        if (fleet->racks[fleet->host_rack[h]].system == system && shape_allows_host(shape, h))
            return true;
    return false;
}

static const char *find_never(const struct shape *shape, const struct fleet *fleet,
    const struct shape_system *s, const bool *stands)
{
    const struct system *system = &fleet->catalog.systems[s->system];
    const char *never;

    if (!stands[s->system])
        return arena_format(shape->arena, "no %s stands in the fleet %s", system->id, fleet->name);
    if (!allows_some_host(shape, fleet, s->system))
        return arena_format(
            shape->arena, "the job's <hosts only= exclude=> leave it no host of %s", system->id);
    never = never_on_host(shape->arena, s, system);
    return never != NULL ? never : never_in_domain(shape->arena, s, system);
}

static const char *never_unknown(
    struct arena *arena, const struct fleet *fleet, const struct shape_system *s)
{
    const char *nearest = catalog_nearest_system(&fleet->catalog, s->row->id);

    return arena_format(arena, "the fleet's catalog has no system '%s'%s%s", s->row->id,
        nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "");
}

/* --- Hosts that the manifest names */

static void mark_hosts(
    const struct fleet *fleet, const char *text, bool is_allowed, uint64_t *allowed)
{
    struct hostlist list = {0};

    /* The loader has checked the text; a name that is no host of ours says nothing about ours. */
    if (hostlist_expand(text, HOSTLIST_NAMES_MAX, &list, NULL) != 0)
        return;
    for (size_t i = 0; i < list.count; i++) {
        int host = fleet_find_host(fleet, list.names[i]);
        uint64_t bit;

        if (host < 0)
            continue;
        bit = (uint64_t)1 << (host % 64);
        if (is_allowed)
            allowed[host / 64] |= bit;
        else
            allowed[host / 64] &= ~bit;
    }
    hostlist_fini(&list);
}

static void set_allowed_hosts(struct shape *shape, const struct fleet *fleet)
{
    const struct job_spec *spec = shape->spec;
    size_t words = ((size_t)fleet->host_count + 63) / 64;
    uint64_t *allowed;

    if (spec->hosts_only == NULL && spec->hosts_exclude == NULL)
        return;
    allowed = arena_zero(shape->arena, words, sizeof *allowed);
    if (spec->hosts_only != NULL)
        mark_hosts(fleet, spec->hosts_only, true, allowed);
    else
        for (size_t i = 0; i < words; i++)
            allowed[i] = UINT64_MAX;
    if (spec->hosts_exclude != NULL)
        mark_hosts(fleet, spec->hosts_exclude, false, allowed);
    shape->allowed_hosts = allowed;
}

bool shape_allows_host(const struct shape *shape, int host)
{
    return shape->allowed_hosts == NULL ||
           (shape->allowed_hosts[host / 64] >> (host % 64) & 1) != 0;
}

/* --- What it is worth */

/* Racks stand in long rows of their like. */
static bool is_priced_alike(const struct fleet_rack *a, const struct fleet_rack *b)
{
    return a->system == b->system && a->site == b->site && a->usd_per_hour == b->usd_per_hour;
}

/* Twice the largest cost for the work of one gang at throughput 1, over the racks where it might
 * stand: then it pays anywhere. */
static double default_value(const struct shape *shape, const struct fleet *fleet)
{
    const struct shape_system **by_system = mem_zero(
        fleet->catalog.system_count, sizeof(const struct shape_system *));
    double largest = 0;

    for (int i = 0; i < shape->system_count; i++)
        if (shape->systems[i].system >= 0)
            by_system[shape->systems[i].system] = &shape->systems[i];
    for (int r = 0; r < fleet->rack_count; r++) {
        const struct fleet_rack *rack = &fleet->racks[r];
        const struct shape_system *s = by_system[rack->system];
        double usd_per_chip_hour;

        if (s == NULL || (r > 0 && is_priced_alike(rack, rack - 1)))
            continue;
        usd_per_chip_hour = rack->usd_per_hour /
                            system_chip_count(&fleet->catalog.systems[rack->system]);
        largest = fmax(largest,
            shape_usd_per_hour(s, usd_per_chip_hour, &fleet->sites[rack->site]) / s->throughput);
    }
    mem_free(by_system);
    return 2 * largest;
}

/* --- All of it */

struct shape *shape_create(const struct fleet *fleet, const struct job_spec *spec)
{
    struct arena *arena = arena_create();
    struct shape *shape = arena_zero(arena, 1, sizeof *shape);
    bool *stands = find_standing(fleet);

    shape->arena = arena;
    shape->spec = spec;
    shape->tenant = fleet_find_tenant(fleet, spec->tenant);
    set_allowed_hosts(shape, fleet);
    list_systems(shape, fleet, stands);
    shape->never = true;
    for (int i = 0; i < shape->system_count; i++) {
        struct shape_system *s = &shape->systems[i];

        set_gang(s, spec);
        s->expected_ms = expected_ms(s, spec, fleet);
        if (s->system < 0) {
            s->never = never_unknown(arena, fleet, s);
            continue;
        }
        set_host_use(s, spec, &fleet->catalog.systems[s->system]);
        set_power(s, spec, &fleet->catalog.systems[s->system]);
        s->never = find_never(shape, fleet, s, stands);
        shape->never = shape->never && s->never != NULL;
    }
    shape->value_usd_per_hour = isnan(spec->value_usd_per_hour) ? default_value(shape, fleet)
                                                                : spec->value_usd_per_hour;
    mem_free(stands);
    return shape;
}

void shape_destroy(struct shape *shape)
{
    if (shape != NULL)
        arena_destroy(shape->arena);
}

int shape_segment_size(const struct shape_system *system, int segment)
{
    int left = system->task_count - segment * system->segment_tasks;

    return left < system->segment_tasks ? left : system->segment_tasks;
}

int64_t shape_chip_count(const struct shape_system *system)
{
    return (int64_t)system->task_count * system->chips_per_task;
}

double shape_kw(const struct shape_system *system)
{
    return (double)shape_chip_count(system) * system->busy_kw_per_chip;
}

double shape_usd_per_hour(
    const struct shape_system *system, double usd_per_chip_hour, const struct fleet_site *site)
{
    return (double)shape_chip_count(system) * usd_per_chip_hour +
           shape_kw(system) * site->pue * site->usd_per_mwh / UNITS_KW_PER_MW;
}
