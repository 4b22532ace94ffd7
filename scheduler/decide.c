#include "scheduler/decide.h"

#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_private.h"
#include "scheduler/no_room.h"

#include <limits.h>
#include <math.h>

static const char *stack_of(const struct core *core, const struct core_gang *gang, int shape_system)
{
    int system = gang->view.shape->systems[shape_system].system;

    return core->fleet->catalog.systems[system].chip->stack;
}

bool decide_allows(const struct core *core, const struct core_gang *gang, int shape_system)
{
    const struct shape_system *system = &gang->view.shape->systems[shape_system];

    if (system->never != NULL || system->system < 0)
        return false;
    return gang->view.stack_system < 0 || str_equal(stack_of(core, gang, shape_system),
                                              stack_of(core, gang, gang->view.stack_system));
}

static const double ROUNDING = 1e-6; /* of sums of dollars: what is nearly enough is looked at */

/* --- Spread: replicas of a job at each place */

static int place_of(const struct fleet *fleet, int rack, enum job_spread spread)
{
    switch (spread) {
    case JOB_SPREAD_NONE:
    case JOB_SPREAD_RACK:
        return rack;
    case JOB_SPREAD_FEED:
        return fleet->racks[rack].feed;
    case JOB_SPREAD_HALL:
        return fleet->racks[rack].hall;
    case JOB_SPREAD_SITE:
        return fleet->racks[rack].site;
    }
    return rack;
}

/* How many of its job's other replicas have tasks at each place: those that run and those picked in
 * this round. Gives (mem_free). */
static int *count_replicas(const struct core *core, const struct core_gang *gang)
{
    const struct core_job *job = gang->job;
    const struct fleet *fleet = core->fleet;
    int *counts = mem_zero((size_t)fleet->rack_count * 2, sizeof *counts);
    int *seen = counts + fleet->rack_count; /* by place: the last replica counted there, from 1 */

    for (int i = 0; i < job->gang_count; i++) {
        const struct core_gang *other = job->gangs[i];
        holder_id id = other->view.holder != 0 ? other->view.holder : pick_holder(other);
        const struct task_place *tasks;
        int count = 0;

        if (other == gang || ledger_find_holder(core->ledger, id) == NULL)
            continue;
        tasks = ledger_places(core->ledger, id, &count);
        for (int k = 0; k < count; k++) {
            int place = place_of(fleet, fleet->host_rack[tasks[k].host], job->spec->spread);

            counts[place] += seen[place] != i + 1;
            seen[place] = i + 1;
        }
    }
    return counts;
}

/* --- Finding a place */

struct veto {
    const struct reservations *reservations;
    const struct core_gang *gang;
    bool has_own; /* reservations */
    int64_t end_ms;
};

static bool is_vetoed(const void *context, int host)
{
    const struct veto *veto = context;

    return reservations_veto(veto->reservations, veto->gang, veto->end_ms, host);
}

static enum packing_veto veto_of_rack(const void *context, int rack)
{
    const struct veto *veto = context;

    return reservations_veto_rack(
        veto->reservations, veto->gang, veto->has_own, veto->end_ms, rack);
}

/* The request says where, by which policy and within what; the rest is filled in. */
static bool find(const struct core *core, const struct core_gang *gang,
    const struct packing_request *asked, struct placement *out, struct block *block)
{
    struct packing_request request = *asked;
    const struct shape *shape = gang->view.shape;
    bool is_spread = gang->view.spec->replicas_max > 0 &&
                     gang->view.spec->spread != JOB_SPREAD_NONE;
    bool is_to_note = core->open_trials == 0 && request.where.site < 0 && request.where.hall < 0 &&
                      request.where.feed < 0 && request.rack_tasks_most == NULL &&
                      no_room_is_for(gang);
    bool lacks_room = false;
    struct veto veto = {core->reservations, gang, reservations_has_any(core, gang),
        core->now_ms + (int64_t)shape->systems[asked->where.system].expected_ms};
    int *replicas_at;
    double start_s = core->options.clock_s != NULL ? core->options.clock_s() : 0;
    bool is_found;

    if (block == NULL && no_room_is_known(core, gang, request.where.system))
        return false;
    replicas_at = is_spread ? count_replicas(core, gang) : NULL;
    request.shape = shape;
    request.veto = is_vetoed;
    request.veto_context = &veto;
    request.veto_of_rack = veto_of_rack;
    request.replicas_at = replicas_at;
    request.replicas_most = is_spread ? gang->job->spread_most : INT_MAX;
    request.lacks_room = is_to_note ? &lacks_room : NULL;
    is_found = packing_find(core->ledger, &request, out, block);
    if (lacks_room)
        no_room_note(core, gang, request.where.system);
    mem_free(replicas_at);
    if (core->options.clock_s != NULL)
        core->times->packing_s += core->options.clock_s() - start_s;
    return is_found;
}

bool decide_find(const struct core *core, const struct core_gang *gang, struct packing_where where,
    bool may_borrow, struct placement *out, struct block *block)
{
    struct packing_request request = {
        .where = where, .policy = core->options.packing, .may_borrow = may_borrow};
    struct placement cheapest = {0};

    if (!find(core, gang, &request, out, block))
        return false;
    /* Where it fits best it may cost more than it brings. */
    request.policy = PACKING_CHEAPEST;
    if (core_net_value(gang, out) < 0 && find(core, gang, &request, &cheapest, NULL)) {
        placement_fini(out);
        *out = cheapest;
    }
    return true;
}

bool decide_find_on(const struct core *core, const struct core_gang *gang,
    struct packing_where where, const int *rack_tasks_most, enum packing_policy policy,
    bool may_borrow, struct placement *out)
{
    struct packing_request request = {.where = where,
        .policy = policy,
        .may_borrow = may_borrow,
        .rack_tasks_most = rack_tasks_most};

    return find(core, gang, &request, out, NULL);
}

/* Would its tenant's dollars and share do on the cheapest racks? No place need be looked for where
 * they would not. */
static bool can_pay(
    const struct core *core, const struct core_gang *gang, int shape_system, bool may_borrow)
{
    const struct shape *shape = gang->view.shape;
    const struct shape_system *system = &shape->systems[shape_system];
    const struct fleet_tenant *tenant;
    double least_usd;
    double least_share;

    if (core->fleet->tenant_count == 0 || shape->tenant < 0)
        return true;
    tenant = &core->fleet->tenants[shape->tenant];
    least_usd = shape->value_usd_per_hour * system->throughput -
                decide_best_value(core, gang, shape_system);
    least_share = (double)shape_chip_count(system) * core->least_usd_per_chip_hour[system->system] /
                  fmax(core->fleet_usd_per_hour, ROUNDING);
    return ledger_tenant_usd_per_hour(core->ledger, shape->tenant) + least_usd <=
               tenant->usd_per_hour * (1 + ROUNDING) + ROUNDING &&
           (may_borrow || ledger_tenant_share(core->ledger, shape->tenant) + least_share <=
                              tenant->share * (1 + ROUNDING) + ROUNDING);
}

bool decide_find_best(const struct core *core, const struct core_gang *gang, bool may_borrow,
    double least, struct placement *out)
{
    const struct shape *shape = gang->view.shape;
    double best = -INFINITY;

    for (int i = 0; i < shape->system_count; i++) {
        struct placement found = {0};
        double value;

        if (!decide_allows(core, gang, i) || decide_best_value(core, gang, i) <= best ||
            decide_best_value(core, gang, i) < least || !can_pay(core, gang, i, may_borrow))
            continue;
        if (!decide_find(
                core, gang, (struct packing_where){i, -1, -1, -1}, may_borrow, &found, NULL))
            continue;
        value = core_net_value(gang, &found);
        if (value < least || value <= best) {
            placement_fini(&found);
            continue;
        }
        if (best > -INFINITY)
            placement_fini(out);
        *out = found;
        best = value;
    }
    return best > -INFINITY;
}

double decide_best_value(const struct core *core, const struct core_gang *gang, int shape_system)
{
    const struct shape *shape = gang->view.shape;
    const struct shape_system *system = &shape->systems[shape_system];
    double least_usd = INFINITY;

    for (int s = 0; s < core->fleet->site_count; s++)
        least_usd = fmin(
            least_usd, shape_usd_per_hour(system, core->least_usd_per_chip_hour[system->system],
                           &core->fleet->sites[s]));
    return shape->value_usd_per_hour * system->throughput - least_usd;
}

bool decide_pays(const struct core *core, const struct core_gang *gang)
{
    for (int i = 0; i < gang->view.shape->system_count; i++)
        if (decide_allows(core, gang, i) && decide_best_value(core, gang, i) >= 0)
            return true;
    return false;
}

void decide_start(
    struct core *core, struct core_gang *gang, struct placement *placement, struct actions *out)
{
    double weight = ledger_share_weight(core->ledger, placement, gang->view.shape);

    core_start(core, gang, placement, !core_is_within_share(core, gang, weight), false, out);
}

double decide_loss_usd(const struct core *core, const struct core_gang *gang)
{
    const struct shape *shape = gang->view.shape;
    int64_t since_ms = gang->checkpoint_ms > gang->view.start_ms ? gang->checkpoint_ms
                                                                 : gang->view.start_ms;

    return shape->value_usd_per_hour * shape->systems[gang->view.shape_system].throughput *
           (double)(core->now_ms - since_ms) / 3.6e6;
}

static bool asks_for_no_less(const struct core_gang *gang, const struct core_gang *failed)
{
    const struct shape *a = gang->view.shape;
    const struct shape *b = failed->view.shape;

    if (a->system_count != b->system_count || a->tenant != b->tenant || a->allowed_hosts != NULL ||
        b->allowed_hosts != NULL || gang->view.spec->replicas_max > 0 ||
        failed->view.spec->replicas_max > 0)
        return false;
    for (int i = 0; i < a->system_count; i++) {
        const struct shape_system *p = &a->systems[i];
        const struct shape_system *q = &b->systems[i];

        if (p->system != q->system || p->chips_per_task != q->chips_per_task ||
            p->segment_tasks != q->segment_tasks || p->task_count < q->task_count ||
            p->busy_kw_per_chip < q->busy_kw_per_chip || p->expected_ms < q->expected_ms)
            return false;
    }
    return true;
}

bool decide_has_failed(const struct failed_asks *failed, const struct core_gang *gang)
{
    for (size_t i = 0; i < failed->count; i++)
        if (asks_for_no_less(gang, failed->gangs[i]))
            return true;
    return false;
}

void decide_note_failed(struct failed_asks *failed, const struct core_gang *gang)
{
    if (failed->count < FAILED_ASKS_MOST)
        failed->gangs[failed->count++] = gang;
}
