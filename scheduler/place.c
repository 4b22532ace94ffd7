#include "scheduler/place.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <math.h>

enum { LP_ITERATIONS = 200000, MIP_NODES = 20000 };

struct core *place_core_create(const struct fleet *fleet, int64_t now_ms)
{
    struct core_options options = {.policy = CORE_POLICY_LP,
        .initial_hosts = HOST_UP,
        .starts_at_once = true,
        .wants_bound = true,
        .clock_s = clock_monotonic_s,
        .budget = {.iterations = LP_ITERATIONS, .nodes = MIP_NODES, .gap = 1e-7}};

    return core_create(fleet, &options, now_ms);
}

int place_submit(struct core *core, const struct job_list *jobs, int64_t now_ms, struct err *err)
{
    struct actions actions = {0};
    int rc = 0;

    for (size_t i = 0; i < jobs->count && rc == 0; i++) {
        struct event event = {.kind = EVENT_SUBMIT, .now_ms = now_ms, .spec = &jobs->specs[i]};

        actions.count = 0;
        rc = core_apply(core, &event, &actions, err);
        if (rc != 0)
            (void)err_wrap(err, "job %s", jobs->specs[i].name);
    }
    actions_fini(&actions);
    return rc;
}

/* --- What runs already */

/* A waiting gang of that job (by name) and member; NULL when there is none. */
static const struct gang *find_waiting(const struct core *core, const char *name, int member)
{
    for (size_t i = 0; i < core_gang_count(core); i++) {
        const struct gang *gang = core_gang_at(core, i);

        if (gang->state == GANG_WAITING && gang->member == member &&
            str_equal(gang->spec->name, name))
            return gang;
    }
    return NULL;
}

static int read_task(const struct core *core, const struct json_value *value,
    const struct gang *gang, struct placement *placement, struct err *err)
{
    const struct fleet *fleet = core_fleet(core);
    const char *name = json_get_text(json_member(value, "host"));
    int task = (int)json_get_number(json_member(value, "task"), -1);
    const struct json_value *chips = json_member(value, "chips");
    int host = name != NULL ? fleet_find_host(fleet, name) : -1;
    uint64_t bits = 0;

    if (host < 0)
        return err_set(err, ERR_INPUT, "job %s: the fleet has no host '%.100s'", gang->spec->name,
            name != NULL ? name : "");
    if (task < 0 || task >= placement->task_count)
        return err_set(
            err, ERR_INPUT, "job %s has no task %d on that system", gang->spec->name, task);
    for (size_t i = 0; i < json_length(chips); i++) {
        double chip = json_get_number(json_at(chips, i), -1);

        if (!(chip >= 0) ||
            chip >= fleet_rack_system(fleet, fleet->host_rack[host])->chips_per_host)
            return err_set(
                err, ERR_INPUT, "job %s: host %.100s has no such chip", gang->spec->name, name);
        bits |= UINT64_C(1) << (int)chip;
    }
    placement->tasks[task] = (struct task_place){host, bits};
    placement->site = fleet->racks[fleet->host_rack[host]].site;
    return 0;
}

static int find_system(const struct core *core, const struct gang *gang, const char *id)
{
    for (int i = 0; id != NULL && i < gang->shape->system_count; i++)
        if (gang->shape->systems[i].system >= 0 &&
            str_equal(core_fleet(core)->catalog.systems[gang->shape->systems[i].system].id, id))
            return i;
    return -1;
}

static int check_tasks(const struct core *core, const struct gang *gang,
    const struct placement *placement, struct err *err)
{
    const struct shape_system *system = &gang->shape->systems[placement->system];
    const struct fleet *fleet = core_fleet(core);

    for (int i = 0; i < placement->task_count; i++) {
        const struct task_place *place = &placement->tasks[i];
        int rack = place->host >= 0 ? fleet->host_rack[place->host] : -1;

        if (rack < 0 || fleet->racks[rack].system != system->system ||
            fleet->racks[rack].site != placement->site ||
            bits_count(place->chips) != system->chips_per_task)
            return err_set(err, ERR_INPUT,
                "job %s: task %d does not stand on %d chips of a host of its system and site",
                gang->spec->name, i, system->chips_per_task);
    }
    return 0;
}

static int adopt_one(
    struct core *core, const struct json_value *row, int64_t now_ms, struct err *err)
{
    const char *name = json_get_text(json_member(row, "job"));
    int member = (int)json_get_number(
        json_member(row, "replica"), json_get_number(json_member(row, "index"), 0));
    const struct gang *gang = name != NULL ? find_waiting(core, name, member) : NULL;
    const struct json_value *tasks = json_member(row, "tasks");
    struct placement placement = {0};
    struct actions actions = {0};
    int rc = -1;

    if (gang == NULL)
        return err_set(err, ERR_INPUT,
            "'%.64s' runs, but its manifest is not among the jobs given (or it runs twice)",
            name != NULL ? name : "");
    placement.system = find_system(core, gang, json_get_text(json_member(row, "system")));
    if (placement.system < 0)
        return err_set(
            err, ERR_INPUT, "job %s runs on a system that its manifest does not allow", name);
    placement.task_count = gang->shape->systems[placement.system].task_count;
    placement.tasks = mem_zero((size_t)placement.task_count, sizeof *placement.tasks);
    for (int i = 0; i < placement.task_count; i++)
        placement.tasks[i].host = -1;
    for (size_t i = 0; i < json_length(tasks); i++)
        if (read_task(core, json_at(tasks, i), gang, &placement, err) != 0)
            goto out;
    if (check_tasks(core, gang, &placement, err) != 0)
        goto out;
    rc = core_adopt(core, gang->id, &placement, now_ms, &actions, err);
out:
    placement_fini(&placement);
    actions_fini(&actions);
    return rc;
}

int place_adopt(struct core *core, const struct json_value *answer, int64_t now_ms, struct err *err)
{
    const struct json_value *placed = json_member(answer, "placed");

    if (placed == NULL)
        return err_set(err, ERR_INPUT, "this is no `place` answer: it has no \"placed\"");
    for (size_t i = 0; i < json_length(placed); i++)
        if (adopt_one(core, json_at(placed, i), now_ms, err) != 0)
            return -1;
    return 0;
}

/* --- The round */

void place_round(struct core *core, int64_t now_ms, struct place_times *times)
{
    const struct placement_problem *problem = NULL;
    struct placement_budget budget = {.iterations = LP_ITERATIONS, .nodes = MIP_NODES, .gap = 1e-7};
    struct actions actions = {0};
    enum round_stage stage;
    bool is_small = false;
    double start_s = clock_monotonic_s();

    while ((stage = core_round_step(core, now_ms, &problem, &is_small, &actions)) != ROUND_DONE) {
        struct placement_answer answer = {0};
        double solve_s = clock_monotonic_s();
        int rc;

        if (stage == ROUND_MORE)
            continue;
        rc = placement_solve_linear(problem, &budget, NULL, &answer, NULL);
        times->lp_s += clock_monotonic_s() - solve_s;
        core_round_answer(core, rc == 0 ? &answer : NULL, &actions);
        placement_answer_fini(&answer);
    }
    times->packing_s = core_times(core)->packing_s;
    times->rounding_s = fmax(0, clock_monotonic_s() - start_s - times->lp_s - times->packing_s);
    actions_fini(&actions);
}
