/*
 * From waiting gangs to the placement program. A way puts a gang's segments into one pool (a system
 * in a feed, hall or site): as amounts may be fractions, a gang that spans pools is a sum of
 * fractions, so the program is a true relaxation at every fineness.
 */
#include "base/bits.h"
#include "base/mem.h"
#include "scheduler/round_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAYS_MOST = 4000,          /* classes × pools: finer pools only up to so many */
    ROOM_CALLS_MOST = 2000000, /* classes × racks: limits by room only up to so many */
    HOUR_MS = 3600 * 1000
};

static int place_count(const struct fleet *fleet, enum power_level level)
{
    return level == POWER_FEED   ? fleet->feed_count
           : level == POWER_HALL ? fleet->hall_count
                                 : fleet->site_count;
}

static int place_of(const struct fleet *fleet, int rack, enum power_level level)
{
    const struct fleet_rack *r = &fleet->racks[rack];

    return level == POWER_FEED ? r->feed : level == POWER_HALL ? r->hall : r->site;
}

static int site_of(const struct fleet *fleet, int place, enum power_level level)
{
    return level == POWER_FEED   ? fleet->feeds[place].site
           : level == POWER_HALL ? fleet->halls[place].site
                                 : place;
}

/* --- Classes */

static int age_hours(const struct core_gang *gang, int64_t now_ms)
{
    if (core_is_urgent(gang, now_ms))
        return -1;
    return (int)((now_ms - gang->view.submit_ms) / HOUR_MS);
}

/* Would the two be told apart by any row or option of the program? */
static bool are_alike(const struct core *core, const struct core_gang *a, const struct core_gang *b)
{
    const struct shape *left = a->view.shape;
    const struct shape *right = b->view.shape;

    if (left == right)
        return a->view.stack_system == b->view.stack_system &&
               age_hours(a, core->now_ms) == age_hours(b, core->now_ms);
    if (left->tenant != right->tenant || left->system_count != right->system_count ||
        fabs(left->value_usd_per_hour - right->value_usd_per_hour) > 0 ||
        left->allowed_hosts != NULL || right->allowed_hosts != NULL ||
        a->view.stack_system != b->view.stack_system ||
        age_hours(a, core->now_ms) != age_hours(b, core->now_ms))
        return false;
    for (int i = 0; i < left->system_count; i++) {
        const struct shape_system *p = &left->systems[i];
        const struct shape_system *q = &right->systems[i];

        if (p->system != q->system || p->task_count != q->task_count ||
            p->chips_per_task != q->chips_per_task || p->segment_tasks != q->segment_tasks ||
            fabs(p->throughput - q->throughput) > 0 ||
            fabs(p->busy_kw_per_chip - q->busy_kw_per_chip) > 0)
            return false;
    }
    return true;
}

static uint64_t class_hash(const struct core *core, const struct core_gang *gang)
{
    const struct shape *shape = gang->view.shape;
    double parts[4] = {shape->value_usd_per_hour, shape->tenant, age_hours(gang, core->now_ms),
        shape->system_count};
    uint64_t hash = UINT64_C(14695981039346656037);
    unsigned char bytes[sizeof parts];

    memcpy(bytes, parts, sizeof parts);
    for (size_t i = 0; i < sizeof bytes; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    if (shape->system_count > 0)
        hash = (hash ^ (uint64_t)(shape->systems[0].task_count * 131 +
                                  shape->systems[0].chips_per_task)) *
               UINT64_C(1099511628211);
    return hash;
}

/* Sets class_of[i] for each gang; returns how many classes there are. */
static int find_classes(
    const struct core *core, struct core_gang *const *gangs, size_t count, int *class_of)
{
    size_t slot_count = 16;
    int *slots;
    int *first;
    int class_count = 0;

    while (slot_count < count * 2)
        slot_count *= 2;
    slots = mem_zero(slot_count, sizeof *slots); /* class + 1; 0: free */
    first = mem_zero(count, sizeof *first);      /* by class: its first gang */
    for (size_t i = 0; i < count; i++) {
        size_t slot = class_hash(core, gangs[i]) & (slot_count - 1);

        while (slots[slot] != 0 && !are_alike(core, gangs[first[slots[slot] - 1]], gangs[i]))
            slot = (slot + 1) & (slot_count - 1);
        if (slots[slot] == 0) {
            first[class_count] = (int)i;
            slots[slot] = ++class_count;
        }
        class_of[i] = slots[slot] - 1;
    }
    mem_free(slots);
    mem_free(first);
    return class_count;
}

static void make_classes(const struct core *core, struct core_gang *const *gangs, size_t count,
    bool with_ages, struct round_problem *problem)
{
    int *class_of = mem_zero(count, sizeof *class_of);
    int class_count = find_classes(core, gangs, count, class_of);
    size_t next = 0;

    problem->classes = mem_zero((size_t)class_count, sizeof *problem->classes);
    problem->class_limit = mem_zero((size_t)class_count, sizeof *problem->class_limit);
    problem->members = mem_zero(count, sizeof(struct core_gang *));
    for (size_t i = 0; i < count; i++)
        problem->classes[class_of[i]].count++;
    for (int c = 0; c < class_count; c++) {
        problem->classes[c].members = &problem->members[next];
        next += (size_t)problem->classes[c].count;
        problem->class_limit[c] = problem->classes[c].count;
        problem->classes[c].count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct round_class *class = &problem->classes[class_of[i]];

        class->members[class->count++] = gangs[i];
        class->age = with_ages ? core_age_factor(gangs[i], core->now_ms) : 1;
    }
    problem->lp.class_count = class_count;
    mem_free(class_of);
}

/* --- Resources */

static int add_resource(struct round_problem *problem, double capacity)
{
    problem->capacity = mem_grow(problem->capacity, (size_t)problem->lp.resource_count,
        &problem->resource_capacity, sizeof *problem->capacity);
    problem->capacity[problem->lp.resource_count] = capacity;
    return problem->lp.resource_count++;
}

static void add_resources(struct round_problem *problem, int count)
{
    for (int i = 0; i < count; i++)
        (void)add_resource(problem, 0);
}

/* That chips fit in sum says little of segments, which lie whole in a domain: four of 9 hosts fill
 * one of 36, but beside one of 32 hosts goes none of 8. A dual feasible function u of the share x
 * of a domain says more: what lies in one domain has a sum of u of at most u of its room. u with k
 * parts is x where (k + 1)·x is whole, else floor((k + 1)·x) ÷ k (Fekete and Schepers, New classes
 * of fast lower bounds for bin packing problems, Mathematical Programming 91, 2001). */
static const int SHARE_PARTS[] = {1, 2, 3, 7};
enum { SHARE_KINDS = sizeof SHARE_PARTS / sizeof SHARE_PARTS[0] };

static double domain_share(int chips, int domain_chips, int parts)
{
    int scaled = (parts + 1) * chips;

    if (scaled % domain_chips == 0)
        return (double)chips / domain_chips;
    return (double)(scaled / domain_chips) / parts; /* rounded down */
}

/* Rows: chips, whole domains and shares of domains by (system, pool); kW of feeds, halls, sites
 * from the pools' level up; dollars and share by tenant. */
static void make_resources(const struct core *core, struct round_problem *problem)
{
    const struct fleet *fleet = core->fleet;
    int pools = (int)fleet->catalog.system_count * place_count(fleet, problem->level);

    problem->chips_row = 0;
    add_resources(problem, pools);
    problem->domains_row = problem->lp.resource_count;
    add_resources(problem, pools);
    problem->shares_row = problem->lp.resource_count;
    add_resources(problem, pools * SHARE_KINDS);
    for (int rack = 0; rack < fleet->rack_count; rack++) {
        int pool = fleet->racks[rack].system * place_count(fleet, problem->level) +
                   place_of(fleet, rack, problem->level);

        int free_chips = ledger_rack_free_chips(core->ledger, rack);
        int domain_chips = system_chip_count(fleet_rack_system(fleet, rack));

        problem->capacity[problem->chips_row + pool] += free_chips;
        if (ledger_rack_is_whole(core->ledger, rack))
            problem->capacity[problem->domains_row + pool]++;
        for (int k = 0; k < SHARE_KINDS; k++)
            problem->capacity[problem->shares_row + k * pools + pool] += domain_share(
                free_chips, domain_chips, SHARE_PARTS[k]);
    }
    problem->kw_row = problem->lp.resource_count;
    for (int level = (int)problem->level; level <= POWER_SITE; level++)
        for (int i = 0; i < place_count(fleet, (enum power_level)level); i++)
            (void)add_resource(problem, ledger_left_kw(core->ledger, (enum power_level)level, i));
    problem->tenant_row = problem->lp.resource_count;
    for (int i = 0; i < fleet->tenant_count; i++) {
        const struct fleet_tenant *tenant = &fleet->tenants[i];

        (void)add_resource(
            problem, fmax(0, tenant->usd_per_hour - ledger_tenant_usd_per_hour(core->ledger, i)));
        (void)add_resource(problem,
            problem->may_borrow ? INFINITY
                                : fmax(0, tenant->share - ledger_tenant_share(core->ledger, i)));
    }
}

/* The kW row of a place at a level, at or above the pools' own. */
static int kw_row(const struct round_problem *problem, const struct fleet *fleet,
    enum power_level level, int index)
{
    int row = problem->kw_row;

    for (int l = (int)problem->level; l < (int)level; l++)
        row += place_count(fleet, (enum power_level)l);
    return row + index;
}

/* What could be stopped is counted as free: chips, domains, power, dollars, share. */
static void add_interruptible(const struct core *core, struct round_problem *problem)
{
    const struct fleet *fleet = core->fleet;
    int places = place_count(fleet, problem->level);
    int pools = problem->domains_row - problem->chips_row;

    for (size_t i = 0; i < core->running_count; i++) {
        const struct core_gang *gang = core->running[i];
        const struct shape_system *system = &gang->view.shape->systems[gang->view.shape_system];
        int tenant = gang->view.shape->tenant;

        if (!gang->view.spec->is_interruptible)
            continue;
        for (int t = 0; t < gang->placement.task_count; t++) {
            int rack = fleet->host_rack[gang->placement.tasks[t].host];
            int pool = system->system * places + place_of(fleet, rack, problem->level);
            double chips = bits_count(gang->placement.tasks[t].chips);

            problem->capacity[problem->chips_row + pool] += chips;
            problem->capacity[problem->domains_row + pool] += 1;
            for (int k = 0; k < SHARE_KINDS; k++)
                problem->capacity[problem->shares_row + k * pools + pool] += 1;
            for (int l = (int)problem->level; l <= POWER_SITE; l++)
                problem->capacity[kw_row(problem, fleet, (enum power_level)l,
                    place_of(fleet, rack, (enum power_level)l))] += chips *
                                                                    system->busy_kw_per_chip;
        }
        if (tenant >= 0 && fleet->tenant_count > 0) {
            problem->capacity[problem->tenant_row + 2 * tenant] += ledger_holder_usd_per_hour(
                core->ledger, gang->view.holder);
            problem->capacity[problem->tenant_row + 2 * tenant + 1] = INFINITY;
        }
    }
}

/* --- Ways */

static void add_use(struct round_problem *problem, int resource, double amount)
{
    if (!(amount > 0) || isinf(problem->capacity[resource]))
        return;
    problem->uses = mem_grow(problem->uses, (size_t)problem->lp.use_count, &problem->use_capacity,
        sizeof *problem->uses);
    problem->uses[problem->lp.use_count++] = (struct placement_use){resource, amount};
    problem->options[problem->lp.option_count].use_count++;
}

struct pool {
    int system, place, site;
    double least_usd_per_chip_hour;
    bool is_there; /* racks of the system stand in the place */
};

/* Which pools there are, and their cheapest rack. Gives (mem_free). */
static struct pool *find_pools(const struct core *core, enum power_level level)
{
    const struct fleet *fleet = core->fleet;
    int places = place_count(fleet, level);
    struct pool *pools = mem_zero(fleet->catalog.system_count * (size_t)places, sizeof *pools);

    for (int rack = 0; rack < fleet->rack_count; rack++) {
        const struct fleet_rack *r = &fleet->racks[rack];
        int place = place_of(fleet, rack, level);
        struct pool *pool = &pools[r->system * places + place];
        double usd = r->usd_per_hour / system_chip_count(fleet_rack_system(fleet, rack));

        if (!pool->is_there || usd < pool->least_usd_per_chip_hour)
            pool->least_usd_per_chip_hour = usd;
        pool->is_there = true;
        pool->system = r->system;
        pool->place = place;
        pool->site = site_of(fleet, place, level);
    }
    return pools;
}

/* The racks of a place: a run. */
static void rack_run(
    const struct fleet *fleet, enum power_level level, int place, int *first, int *end)
{
    int first_feed = place;
    int last_feed = place;

    if (level != POWER_FEED) {
        int first_hall = level == POWER_HALL ? place : fleet->sites[place].first_hall;
        int last_hall = level == POWER_HALL ? place
                                            : first_hall + fleet->sites[place].hall_count - 1;

        first_feed = fleet->halls[first_hall].first_feed;
        last_feed = fleet->halls[last_hall].first_feed + fleet->halls[last_hall].feed_count - 1;
    }
    *first = fleet->feeds[first_feed].first_rack;
    *end = fleet->feeds[last_feed].first_rack + fleet->feeds[last_feed].rack_count;
}

/* Most gangs that the free room of the pool's racks takes, in whole segments each in a rack. */
static double room_limit(const struct core *core, const struct round_problem *problem,
    const struct shape *shape, const struct shape_system *system, const struct pool *pool)
{
    const struct fleet *fleet = core->fleet;
    int full_count = system->segment_tasks > 0 ? system->task_count / system->segment_tasks : 0;
    double segments = 0;
    int first;
    int end;

    if (!system->is_domain_bound || full_count == 0)
        return INFINITY;
    rack_run(fleet, problem->level, pool->place, &first, &end);
    for (int rack = first; rack < end; rack++)
        if (fleet->racks[rack].system == pool->system &&
            ledger_rack_free_chips(core->ledger, rack) >=
                system->segment_tasks * system->chips_per_task)
            segments += ledger_rack_task_room(core->ledger, rack, shape, system) /
                        system->segment_tasks;
    return segments / full_count;
}

static struct packing_where where_of(
    const struct round_problem *problem, int shape_system, const struct pool *pool)
{
    struct packing_where where = {shape_system, pool->site, -1, -1};

    if (problem->level == POWER_FEED)
        where.feed = pool->place;
    else if (problem->level == POWER_HALL)
        where.hall = pool->place;
    return where;
}

static void add_domain_uses(struct round_problem *problem, const struct shape_system *system,
    int domain_chips, int pool_index)
{
    int pools = problem->domains_row - problem->chips_row;
    int segment_chips = system->segment_tasks * system->chips_per_task;
    int full_count;
    int rest_chips;

    if (!system->is_domain_bound || segment_chips <= 0)
        return;
    full_count = system->task_count / system->segment_tasks;
    rest_chips = (system->task_count % system->segment_tasks) * system->chips_per_task;
    if (segment_chips == domain_chips)
        add_use(problem, problem->domains_row + pool_index, full_count);
    for (int k = 0; k < SHARE_KINDS; k++)
        add_use(problem, problem->shares_row + k * pools + pool_index,
            full_count * domain_share(segment_chips, domain_chips, SHARE_PARTS[k]) +
                domain_share(rest_chips, domain_chips, SHARE_PARTS[k]));
}

/* The uses of the option that is being added. */
static void add_uses(const struct core *core, struct round_problem *problem,
    const struct shape *shape, const struct shape_system *system, const struct pool *pool,
    double usd_per_hour)
{
    const struct fleet *fleet = core->fleet;
    const struct system *kind = &fleet->catalog.systems[system->system];
    int pool_index = pool->system * place_count(fleet, problem->level) + pool->place;
    double chips = (double)shape_chip_count(system);
    double kw = shape_kw(system);

    add_use(problem, problem->chips_row + pool_index, chips);
    add_domain_uses(problem, system, system_chip_count(kind), pool_index);
    for (int level = (int)problem->level; level <= POWER_SITE; level++) {
        int place = pool->place;

        if (level != (int)problem->level)
            place = level == POWER_SITE ? pool->site : fleet->feeds[pool->place].hall;
        add_use(problem, kw_row(problem, fleet, (enum power_level)level, place), kw);
    }
    if (fleet->tenant_count > 0 && shape->tenant >= 0) {
        add_use(problem, problem->tenant_row + 2 * shape->tenant, usd_per_hour);
        add_use(problem, problem->tenant_row + 2 * shape->tenant + 1,
            chips * pool->least_usd_per_chip_hour / fmax(core->fleet_usd_per_hour, 1e-9));
    }
}

static void add_way(const struct core *core, struct round_problem *problem, int class_index,
    int shape_system, const struct pool *pool, bool counts_room)
{
    const struct round_class *class = &problem->classes[class_index];
    const struct shape *shape = class->members[0]->view.shape;
    const struct shape_system *system = &shape->systems[shape_system];
    double usd = shape_usd_per_hour(
        system, pool->least_usd_per_chip_hour, &core->fleet->sites[pool->site]);
    double worth = shape->value_usd_per_hour * system->throughput;
    struct placement_option *option;

    if (worth < usd)
        return;
    problem->options = mem_grow(problem->options, (size_t)problem->lp.option_count,
        &problem->option_capacity, sizeof *problem->options);
    problem->ways = mem_resize(problem->ways, problem->option_capacity, sizeof *problem->ways);
    option = &problem->options[problem->lp.option_count];
    *option = (struct placement_option){.class_index = class_index,
        .value_usd_per_hour = worth * class->age - usd,
        .limit = counts_room ? room_limit(core, problem, shape, system, pool) : INFINITY,
        .first_use = problem->lp.use_count};
    if (option->limit <= 0)
        return;
    problem->ways[problem->lp.option_count] = (struct round_way){
        class_index, shape_system, where_of(problem, shape_system, pool)};
    add_uses(core, problem, shape, system, pool, usd);
    problem->lp.option_count++;
}

static void make_ways(
    const struct core *core, struct round_problem *problem, bool counts_interruptible)
{
    struct pool *pools = find_pools(core, problem->level);
    int places = place_count(core->fleet, problem->level);
    bool counts_room = !counts_interruptible &&
                       (int64_t)problem->lp.class_count * core->fleet->rack_count <=
                           ROOM_CALLS_MOST;

    for (int c = 0; c < problem->lp.class_count; c++) {
        const struct core_gang *gang = problem->classes[c].members[0];

        for (int i = 0; i < gang->view.shape->system_count; i++) {
            if (!decide_allows(core, gang, i))
                continue;
            for (int place = 0; place < places; place++) {
                const struct pool *pool =
                    &pools[gang->view.shape->systems[i].system * places + place];

                if (pool->is_there)
                    add_way(core, problem, c, i, pool, counts_room);
            }
        }
    }
    mem_free(pools);
}

/* The finest pools that keep the program small enough. */
static enum power_level choose_level(const struct core *core, int class_count)
{
    for (enum power_level level = POWER_FEED; level < POWER_SITE; level++)
        if ((int64_t)class_count * place_count(core->fleet, level) <= WAYS_MOST)
            return level;
    return POWER_SITE;
}

struct round_problem *round_problem_create(const struct core *core, struct core_gang *const *gangs,
    size_t count, const struct round_problem_options *options)
{
    struct round_problem *problem = mem_zero(1, sizeof *problem);

    problem->may_borrow = options->may_borrow;
    make_classes(core, gangs, count, options->with_ages, problem);
    problem->level = choose_level(core, problem->lp.class_count);
    make_resources(core, problem);
    if (options->counts_interruptible)
        add_interruptible(core, problem);
    make_ways(core, problem, options->counts_interruptible);
    for (int i = 0; i < problem->lp.resource_count; i++)
        if (isinf(problem->capacity[i]))
            problem->capacity[i] = 1e300;
    problem->lp.class_limit = problem->class_limit;
    problem->lp.resource_capacity = problem->capacity;
    problem->lp.options = problem->options;
    problem->lp.uses = problem->uses;
    return problem;
}

void round_problem_destroy(struct round_problem *problem)
{
    if (problem == NULL)
        return;
    mem_free(problem->classes);
    mem_free(problem->ways);
    mem_free(problem->members);
    mem_free(problem->class_limit);
    mem_free(problem->capacity);
    mem_free(problem->options);
    mem_free(problem->uses);
    mem_free(problem);
}
