/*
 * Random sequences of events on small fleets: after each, all invariants; the same sequence twice,
 * the same actions; nothing that ended comes back; what fits starts; what is told `never` stands on
 * no empty fleet, by a count of our own.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scheduler/core.h"
#include "tests/support/small_fleet.h"
#include "tests/support/stands_alone.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { SEQUENCES_A_TEST = 60 };
#else
enum { SEQUENCES_A_TEST = 500 };
#endif
enum { TESTS = 20, STEPS = 40, JOBS_MOST = 40, GANGS_MOST = 200, HOSTS_MOST = 64, DAY_S = 86400 };

struct world {
    struct fleet_builder *builder;
    const struct fleet *fleet;
    struct core *core;
    struct rng rng;
    uint64_t seed;
    int64_t now_ms;
    int64_t reported_ms;
    bool is_silent[HOSTS_MOST];
    uint64_t boot[HOSTS_MOST];
    struct job_spec specs[JOBS_MOST];
    struct job_system rows[JOBS_MOST][2];
    struct job_after after[JOBS_MOST];
    int job_count;
    struct actions actions;
    uint64_t hash; /* of all actions */
    enum gang_state state[GANGS_MOST];
    int attempt[GANGS_MOST];
    int refused_count;
    double limit_kw[4][HOSTS_MOST]; /* by level and index, as they were set last */
    bool was_measured;              /* some rack draws more than what its gangs add up to */
    int waited_count, fitted_count; /* gangs looked at in the end; those that were to start */
    bool is_staged;                 /* events come while rounds wait for their answers */
    bool is_round_open;
    const struct placement_problem *problem; /* that the open round asks about */
};

static int64_t pick(struct world *w, int64_t low, int64_t high)
{
    return rng_between(&w->rng, low, high);
}

static bool chance(struct world *w, double share)
{
    return rng_unit(&w->rng) < share;
}

/* --- The fleet */

static double some_limit(struct world *w, double low, double high)
{
    return chance(w, 0.6) ? INFINITY : low + (high - low) * rng_unit(&w->rng);
}

static void make_fleet(struct world *w)
{
    int feeds = (int)pick(w, 1, 2);
    int racks = (int)pick(w, 1, 2);
    double idle_kw = chance(w, 0.5) ? 0 : 10;
    struct fleet_builder *b = fleet_builder_make(
        (int)pick(w, 1, 2), 1, feeds, racks, fleet_builder_system("a", 3, 4, 100, idle_kw));
    int other = fleet_builder_add_system(b, fleet_builder_system("b", 2, 2, 60, idle_kw));

    for (int i = 0; i < b->fleet.rack_count; i++) {
        b->racks[i].system = chance(w, 0.3) ? other : 0;
        b->racks[i].usd_per_hour = (double)pick(w, 0, 3) * 20;
    }
    for (int i = 0; i < b->fleet.feed_count; i++)
        b->feeds[i].power_kw = some_limit(w, 50, 200);
    for (int i = 0; i < b->fleet.site_count; i++) {
        b->sites[i].power_kw = some_limit(w, 100, 400);
        b->sites[i].pue = 1.2;
        b->sites[i].usd_per_mwh = 50;
    }
    if (chance(w, 0.5)) {
        fleet_builder_add_tenant(b, "red", 0.5, chance(w, 0.5) ? INFINITY : 60);
        fleet_builder_add_tenant(b, "blue", 0.3, INFINITY);
    }
    w->builder = b;
    w->fleet = fleet_builder_finish(b);
    for (int i = 0; i < w->fleet->rack_count; i++)
        w->limit_kw[POWER_RACK][i] = w->fleet->racks[i].power_kw;
    for (int i = 0; i < w->fleet->feed_count; i++)
        w->limit_kw[POWER_FEED][i] = w->fleet->feeds[i].power_kw;
    for (int i = 0; i < w->fleet->hall_count; i++)
        w->limit_kw[POWER_HALL][i] = w->fleet->halls[i].power_kw;
    for (int i = 0; i < w->fleet->site_count; i++)
        w->limit_kw[POWER_SITE][i] = w->fleet->sites[i].power_kw;
}

static struct job_spec *make_job(struct world *w)
{
    static const char *const TENANTS[] = {"red", "blue", "none"};
    static const char *const NAMES[] = {"n0", "n1", "n2", "n3"};
    struct job_spec *spec = &w->specs[w->job_count];
    struct job_system *rows = w->rows[w->job_count];
    int segment = (int)pick(w, 0, 3);
    int chips = (int)pick(w, 1, 4);

    *spec = fleet_builder_job((segment > 0 ? segment : 1) * (int)pick(w, 1, 3), chips, segment);
    spec->name = NAMES[pick(w, 0, 3)];
    spec->tenant = TENANTS[pick(w, 0, 2)];
    spec->priority = (int)pick(w, 0, 10) * 100;
    spec->value_usd_per_hour = (double)pick(w, 1, 40) * 10;
    spec->power_frac = 0.5 + 0.5 * rng_unit(&w->rng);
    spec->is_interruptible = chance(w, 0.6);
    spec->is_held = chance(w, 0.05);
    spec->wall_minutes = chance(w, 0.5) ? (double)pick(w, 1, 5) : 0;
    spec->lease_minutes = 1;
    spec->grace_seconds = 5;
    spec->retries = (int)pick(w, 0, 2);
    spec->array_count = chance(w, 0.2) ? 3 : 0;
    if (spec->array_count == 0 && chance(w, 0.2)) {
        spec->replicas_min = 1;
        spec->replicas_max = 3;
        spec->spread = (enum job_spread)pick(w, 0, 4);
    }
    if (chance(w, 0.1))
        spec->deadline_ms = w->now_ms + pick(w, 0, DAY_S * 1000);
    if (chance(w, 0.15)) {
        w->after[w->job_count] = (struct job_after){
            .job = NAMES[pick(w, 0, 3)], .outcome = (enum job_outcome)pick(w, 0, 2)};
        spec->after = &w->after[w->job_count];
        spec->after_count = 1;
    }
    rows[0] = fleet_builder_row(spec, "a", 1);
    rows[1] = fleet_builder_row(spec, "b", 0.5 + rng_unit(&w->rng));
    spec->systems = rows;
    spec->system_count = (size_t)pick(w, 0, 2);
    w->job_count++;
    return spec;
}

/* --- What is looked at after every event */

static void note_actions(struct world *w)
{
    for (size_t i = 0; i < w->actions.count; i++) {
        const struct action *a = &w->actions.list[i];
        int64_t parts[] = {a->kind, a->gang, a->attempt, a->cause, a->mode, a->host};

        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            w->hash = (w->hash ^ (uint64_t)parts[k]) * UINT64_C(1099511628211);
    }
    w->actions.count = 0;
}

static void look_at_states(struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);

        if (gang_state_is_terminal(w->state[i]))
            ck_assert_int_eq(gang->state, w->state[i]);
        ck_assert_int_ge(gang->attempt, w->attempt[i]);
        w->state[i] = gang->state;
        w->attempt[i] = gang->attempt;
    }
}

/* Each chip has one owner, and no gang two attempts. By the holders that each host names. */
static void look_at_hosts(struct world *w)
{
    const struct ledger *ledger = core_ledger(w->core);

    for (int host = 0; host < w->fleet->host_count; host++) {
        holder_id ids[16];
        int count = ledger_host_holders(ledger, host, ids, 16);
        uint64_t held = 0;

        for (int i = 0; i < count; i++) {
            int place_count = 0;
            const struct task_place *places = ledger_places(ledger, ids[i], &place_count);

            for (int k = 0; k < i; k++)
                ck_assert_msg(ids[i] >> 20 != ids[k] >> 20, "two attempts of a gang on a host");
            for (int k = 0; k < place_count; k++)
                if (places[k].host == host) {
                    ck_assert_msg(
                        (held & places[k].chips) == 0, "a chip of host %d has two owners", host);
                    held |= places[k].chips;
                }
        }
    }
}

static void apply(struct world *w, struct event event)
{
    struct err err = {0};

    event.now_ms = w->now_ms;
    if (core_apply(w->core, &event, &w->actions, &err) != 0) {
        ck_assert_msg(err.kind != ERR_INTERNAL, "event %d: %s", event.kind, err.text);
        w->refused_count++;
    }
    note_actions(w);
    look_at_states(w);
    look_at_hosts(w);
}

/* --- What can happen */

static const struct gang *some_gang(struct world *w)
{
    size_t count = core_gang_count(w->core);

    return count == 0 ? NULL : core_gang_at(w->core, (size_t)pick(w, 0, (int64_t)count - 1));
}

static bool is_on_silent_host(const struct world *w, const struct gang *gang)
{
    for (int i = 0; gang->placement != NULL && i < gang->placement->task_count; i++)
        if (w->is_silent[gang->placement->tasks[i].host])
            return true;
    return false;
}

/* Its agents do what they are asked to, sooner or later; some tasks end on their own. */
static void agents_act(struct world *w, const struct gang *gang)
{
    struct event event = {.gang = gang->id, .attempt = gang->attempt, .task = -1};

    if (is_on_silent_host(w, gang))
        return;
    if (gang->state == GANG_STARTING && chance(w, 0.9)) {
        event.kind = EVENT_TASK_READY;
        event.task = chance(w, 0.8) ? -1 : 0;
    } else {
        event.kind = EVENT_TASK_ENDED;
        event.task = chance(w, 0.8) ? -1 : (int)pick(w, 0, 3);
        event.exit_status = chance(w, 0.7) ? 0 : 1;
        event.is_lost = chance(w, 0.1);
    }
    if (chance(w, 0.05))
        event.attempt--; /* late */
    apply(w, event);
}

static void operate(struct world *w)
{
    static const enum event_kind KINDS[] = {EVENT_CANCEL, EVENT_HOLD, EVENT_RELEASE, EVENT_RELEASE,
        EVENT_REQUEUE, EVENT_HOST_FENCED, EVENT_PROLOG_FAILED, EVENT_DRAIN, EVENT_RESUME,
        EVENT_RESUME, EVENT_CHECKPOINT, EVENT_RETRY_ALL, EVENT_CAP_APPLIED, EVENT_MEASURED};
    const struct gang *gang = some_gang(w);
    struct event event = {.kind = KINDS[pick(w, 0, sizeof KINDS / sizeof *KINDS - 1)],
        .job = pick(w, 1, w->job_count + 1),
        .member = (int)pick(w, -1, 2),
        .host = (int)pick(w, 0, w->fleet->host_count - 1),
        .why = "a test",
        .at_ms = w->now_ms - pick(w, 0, 60000),
        .mode = (int)pick(w, 0, 1)};

    if (event.kind == EVENT_MEASURED) {
        event.index = (int)pick(w, 0, w->fleet->rack_count - 1);
        event.kw = (double)pick(w, 0, 110);
        w->was_measured = true;
    }
    if (gang != NULL) {
        event.gang = gang->id;
        event.attempt = gang->attempt;
    }
    apply(w, event);
}

static void set_limit(struct world *w)
{
    struct event event = {.kind = EVENT_LIMIT, .level = (enum power_level)pick(w, 0, 3)};
    int counts[] = {
        w->fleet->rack_count, w->fleet->feed_count, w->fleet->hall_count, w->fleet->site_count};

    event.index = (int)pick(w, 0, counts[event.level] - 1);
    event.kw = chance(w, 0.4) ? INFINITY : (double)pick(w, 20, 300);
    w->limit_kw[event.level][event.index] = event.kw;
    apply(w, event);
}

/* Caps that were asked for come about, mostly. */
static void caps_come(struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);

        if (gang->state == GANG_RUNNING && chance(w, 0.3))
            apply(w, (struct event){.kind = EVENT_CAP_APPLIED,
                         .gang = gang->id,
                         .attempt = gang->attempt,
                         .mode = (int)pick(w, 0, 1)});
    }
}

static void hosts_report(struct world *w)
{
    for (int host = 0; host < w->fleet->host_count; host++)
        if (!w->is_silent[host])
            apply(w, (struct event){.kind = EVENT_HOST_REPORT,
                         .host = host,
                         .boot = w->boot[host],
                         .bad_chips = chance(w, 0.01) ? 1 : 0,
                         .can_cap = host % 2 == 0});
    w->reported_ms = w->now_ms;
}

static void change_host(struct world *w)
{
    int host = (int)pick(w, 0, w->fleet->host_count - 1);

    w->is_silent[host] = !w->is_silent[host];
    if (!w->is_silent[host] && chance(w, 0.3))
        w->boot[host]++;
}

/* --- Rounds */

static void answer_round(struct world *w)
{
    const struct placement_budget budget = {.iterations = 20000, .nodes = 100, .gap = 1e-6};
    struct placement_answer answer = {0};
    struct err err = {0};
    bool is_solved = chance(w, 0.7) &&
                     placement_solve_linear(w->problem, &budget, NULL, &answer, &err) == 0;

    core_round_answer(w->core, is_solved ? &answer : NULL, &w->actions);
    placement_answer_fini(&answer);
    w->problem = NULL;
}

/* One stage of an open round, or of one that is due. */
static void go_on_with_round(struct world *w)
{
    bool is_small = false;

    if (!w->is_round_open && !core_round_is_due(w->core, w->now_ms))
        return;
    if (w->problem != NULL)
        answer_round(w);
    else
        w->is_round_open = core_round_step(w->core, w->now_ms, &w->problem, &is_small,
                               &w->actions) != ROUND_DONE;
    apply(w, (struct event){.kind = EVENT_TICK});
}

/* A whole round; what is left of an open one first. */
static void make_round(struct world *w)
{
    while (w->is_round_open)
        go_on_with_round(w);
    core_round(w->core, w->now_ms, &w->actions);
}

static void step_rounds(struct world *w)
{
    if (w->is_staged)
        for (int i = (int)pick(w, 0, 6); i > 0; i--)
            go_on_with_round(w);
    else if (core_round_is_due(w->core, w->now_ms)) {
        core_round(w->core, w->now_ms, &w->actions);
        apply(w, (struct event){.kind = EVENT_TICK});
    }
}

static void step(struct world *w)
{
    double roll = rng_unit(&w->rng);
    const struct gang *gang;

    w->now_ms += pick(w, 0, chance(w, 0.05) ? 120000 : 4900);
    if (w->now_ms - w->reported_ms >= 5000)
        hosts_report(w);
    if (roll < 0.3 && w->job_count < JOBS_MOST) {
        apply(w, (struct event){.kind = EVENT_SUBMIT, .spec = make_job(w), .user = "u"});
    } else if (roll < 0.7) {
        for (int i = 0; i < 4 && (gang = some_gang(w)) != NULL; i++)
            if (gang->placement != NULL)
                agents_act(w, gang);
    } else if (roll < 0.8) {
        operate(w);
    } else if (roll < 0.86) {
        set_limit(w);
        caps_come(w);
    } else if (roll < 0.92) {
        change_host(w);
    } else {
        apply(w, (struct event){.kind = EVENT_TICK});
    }
    step_rounds(w);
}

/* --- What fits starts */

/* Might a place be kept for somebody: a reservation, or a claim while others stop? */
static bool is_any_place_kept(const struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);
        struct why rows[2];
        int count = core_explain(w->core, gang->id, w->now_ms, rows, 2);

        if (gang->state == GANG_STOPPING)
            return true;
        for (int k = 0; k < count && k < 2; k++)
            if (rows[k].earliest_ms != INT64_MAX)
                return true;
    }
    return false;
}

static void what_fits_has_started(struct world *w)
{
    make_round(w);
    note_actions(w);
    if (is_any_place_kept(w))
        return;
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);
        struct why rows[2];
        int count = core_explain(w->core, gang->id, w->now_ms, rows, 2);

        for (int k = 0; k < count && k < 2; k++)
            ck_assert_msg(rows[k].block.by != BLOCKED_RESERVED && rows[k].block.by != BLOCKED_NOT,
                "seed %llu: gang %lld waits, though it fits and nothing is kept for others (%s %g "
                "%g)",
                (unsigned long long)w->seed, (long long)gang->id,
                BLOCKED_BY_NAMES[rows[k].block.by], rows[k].block.needs, rows[k].block.has);
    }
}

/* The fleet with its limits as they are now; those of its file at most, as `never` has it. */
struct limited {
    struct fleet fleet;
    struct fleet_rack racks[FLOOR_RACKS];
    struct fleet_feed feeds[FLOOR_RACKS];
    struct fleet_hall halls[FLOOR_RACKS];
    struct fleet_site sites[FLOOR_RACKS];
};

static void limit_fleet(const struct world *w, struct limited *out)
{
    *out = (struct limited){.fleet = *w->fleet};
    for (int i = 0; i < w->fleet->rack_count; i++) {
        out->racks[i] = w->fleet->racks[i];
        out->racks[i].power_kw = fmin(out->racks[i].power_kw, w->limit_kw[POWER_RACK][i]);
    }
    for (int i = 0; i < w->fleet->feed_count; i++) {
        out->feeds[i] = w->fleet->feeds[i];
        out->feeds[i].power_kw = fmin(out->feeds[i].power_kw, w->limit_kw[POWER_FEED][i]);
    }
    for (int i = 0; i < w->fleet->hall_count; i++) {
        out->halls[i] = w->fleet->halls[i];
        out->halls[i].power_kw = fmin(out->halls[i].power_kw, w->limit_kw[POWER_HALL][i]);
    }
    for (int i = 0; i < w->fleet->site_count; i++) {
        out->sites[i] = w->fleet->sites[i];
        out->sites[i].power_kw = fmin(out->sites[i].power_kw, w->limit_kw[POWER_SITE][i]);
    }
    out->fleet.racks = out->racks;
    out->fleet.feeds = out->feeds;
    out->fleet.halls = out->halls;
    out->fleet.sites = out->sites;
}

/* May it start, as far as people and other jobs go, and is its need free on a floor of our own?
 * There, capped gangs draw as much as those that are not. */
static bool is_to_start(const struct world *w, const struct gang *gang)
{
    struct limited limited;
    struct floor floor;
    struct floor_spread spread;
    int64_t earliest_ms;
    int shape_system;
    enum blocked_by by = core_waits_for(w->core, gang->id, &earliest_ms, &shape_system);

    if (gang->state != GANG_WAITING || (by != BLOCKED_NOT && by != BLOCKED_RESERVED))
        return false;
    limit_fleet(w, &limited);
    floor = floor_make(&limited.fleet);
    for (size_t i = 0; i < core_gang_count(w->core); i++)
        if (core_gang_at(w->core, i)->placement != NULL)
            floor_add(&floor, core_gang_at(w->core, i));
    for (int h = 0; h < w->fleet->host_count; h++)
        floor.used[h] |=
            ~ledger_free_chips(core_ledger(w->core), h) &
            ((UINT64_C(1) << fleet_rack_system(w->fleet, w->fleet->host_rack[h])->chips_per_host) -
                1);
    spread = floor_spread_of(w->fleet, w->core, gang);
    return floor_fits(&floor, gang->spec, &spread);
}

/* Others may be being stopped for it: then it waits for their place. */
static bool is_any_stopping(const struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++)
        if (core_gang_at(w->core, i)->state == GANG_STOPPING)
            return true;
    return false;
}

static void hold_all_but(struct world *w, const struct gang *gang)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *other = core_gang_at(w->core, i);

        if (other != gang && other->state == GANG_WAITING && !other->is_held)
            apply(
                w, (struct event){.kind = EVENT_HOLD, .job = other->job, .member = other->member});
    }
}

/* All that is being stopped is over, and much of what runs. */
static void make_room(struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);

        if (gang->state == GANG_STOPPING || (gang->state == GANG_RUNNING && chance(w, 0.5)))
            apply(w, (struct event){.kind = EVENT_TASK_ENDED,
                         .gang = gang->id,
                         .attempt = gang->attempt,
                         .task = -1});
    }
}

/* Nobody else waits, so its need is unreserved: then one full round starts it. */
static void what_is_free_and_unreserved_starts(struct world *w)
{
    while (w->is_round_open)
        go_on_with_round(w);
    make_room(w);
    for (size_t i = 0; i < core_gang_count(w->core) && !w->was_measured && !is_any_stopping(w);
         i++) {
        const struct gang *gang = core_gang_at(w->core, i);

        w->waited_count += gang->state == GANG_WAITING;
        if (!is_to_start(w, gang))
            continue;
        hold_all_but(w, gang);
        if (is_any_stopping(w) || !is_to_start(w, gang))
            return; /* it has started, or another took the place before it was held */
        core_round(w->core, w->now_ms, &w->actions);
        note_actions(w);
        ck_assert_msg(gang->state != GANG_WAITING,
            "seed %llu: gang %lld waits after a full round, though it fits and is alone",
            (unsigned long long)w->seed, (long long)gang->id);
        w->fitted_count++;
        return;
    }
}

/* --- Never, by a count of our own */

static void never_is_never(struct world *w)
{
    for (size_t i = 0; i < core_gang_count(w->core); i++) {
        const struct gang *gang = core_gang_at(w->core, i);

        for (int k = 0; k < gang->shape->system_count; k++) {
            const struct shape_system *system = &gang->shape->systems[k];

            ck_assert_msg(system->never == NULL || !stands_alone(w->fleet, gang, system),
                "gang %lld is told `%s`, and stands", (long long)gang->id, system->never);
        }
    }
}

/* --- Sequences */

struct tally {
    int waited, fitted;
};

static uint64_t run(uint64_t seed, struct tally *tally)
{
    struct core_options options = {.initial_hosts = HOST_UNKNOWN,
        .decides_quickly = seed % 4 != 1, /* else more is left for the last round */
        .checks_invariants = true,
        .budget = {.iterations = 20000, .nodes = 100, .gap = 1e-6}};
    struct world *w = mem_zero(1, sizeof *w);
    uint64_t hash;

    w->rng = rng_seed(w->seed = seed);
    w->now_ms = 1000000;
    w->is_staged = seed % 3 == 0;
    make_fleet(w);
    w->core = core_create(w->fleet, &options, w->now_ms);
    for (int i = 0; i < STEPS; i++)
        step(w);
    if (seed % 2 == 0)
        what_fits_has_started(w);
    what_is_free_and_unreserved_starts(w);
    never_is_never(w);
    hash = w->hash;
    if (tally != NULL) {
        tally->waited += w->waited_count;
        tally->fitted += w->fitted_count;
    }
    actions_fini(&w->actions);
    core_destroy(w->core);
    fleet_builder_destroy(w->builder);
    mem_free(w);
    return hash;
}

START_TEST(invariants_hold_over_random_events)
{
    struct tally tally = {0};

    for (int i = 0; i < SEQUENCES_A_TEST; i++) {
        uint64_t seed = (uint64_t)_i * 100000 + (uint64_t)i;
        uint64_t hash = run(seed, &tally);

        if (i % 4 == 0)
            ck_assert_msg(run(seed, NULL) == hash,
                "seed %llu: not the same actions the second time", (unsigned long long)seed);
    }
    ck_assert_int_gt(tally.waited, SEQUENCES_A_TEST);
    ck_assert_int_gt(tally.fitted, SEQUENCES_A_TEST / 100);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scheduler/core_random");
    TCase *tc = tcase_create("random");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, invariants_hold_over_random_events, 0, TESTS);
    suite_add_tcase(s, tc);
    return s;
}
