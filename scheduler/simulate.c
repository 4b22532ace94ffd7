#include "scheduler/simulate.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/units.h"
#include "scheduler/core_private.h"

#include <math.h>
#include <string.h>

enum { STOP_ASKED_EVERY = 256 };

enum happening_kind { HAPPENING_SUBMIT, HAPPENING_END, HAPPENING_FAIL, HAPPENING_REPAIR };

/* Something of the simulated world, at its time. */
struct happening {
    int64_t at_ms;
    enum happening_kind kind;
    int64_t what; /* spec, gang or host */
    int attempt;
};

/* What the world knows of a gang that the core does not. */
struct life {
    double work_left_ms; /* at throughput 1 */
    int attempt;         /* that runs; 0: none */
    int64_t started_ms;  /* of it */
    double usd_per_hour, meter_kw, chips, throughput;
};

struct simulation {
    const struct fleet *fleet;
    const struct job_spec *specs;
    const struct simulate_options *options;
    struct simulate_result *result;
    struct core *core;
    struct happening *heap;
    size_t heap_count, heap_capacity;
    struct life *lives; /* by gang */
    size_t life_capacity;
    struct rng rng;
    int64_t start_ms, now_ms, last_end_ms;
    double chips_used, usd_per_hour, chip_hours, energy_mwh, cost_usd;
    size_t running_count, ended_count;
    size_t submit_count, submitted_count, gang_total;
    bool has_progress;
    struct actions actions;
};

/* --- The heap of happenings */

static bool is_before(const struct happening *a, const struct happening *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms;
    if (a->kind != b->kind) /* ends before arrivals: what is free is seen */
        return a->kind == HAPPENING_END || (b->kind != HAPPENING_END && a->kind < b->kind);
    return a->what < b->what;
}

static void heap_add(struct simulation *s, struct happening happening)
{
    size_t i = s->heap_count;

    s->heap = mem_grow(s->heap, i, &s->heap_capacity, sizeof *s->heap);
    s->heap_count++;
    while (i > 0 && is_before(&happening, &s->heap[(i - 1) / 2])) {
        s->heap[i] = s->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->heap[i] = happening;
}

static struct happening heap_take(struct simulation *s)
{
    struct happening first = s->heap[0];
    struct happening last = s->heap[--s->heap_count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= s->heap_count)
            break;
        if (child + 1 < s->heap_count && is_before(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!is_before(&s->heap[child], &last))
            break;
        s->heap[i] = s->heap[child];
        i = child;
    }
    if (s->heap_count > 0)
        s->heap[i] = last;
    return first;
}

/* --- Time and what it costs */

static void take_sample(struct simulation *s, double kw)
{
    struct simulate_result *r = s->result;
    double time_s = (double)(s->now_ms - s->start_ms) / 1000;

    if (r->sample_count > 0 && time_s < r->samples[r->sample_count - 1].time_s + r->sample_step_s)
        return;
    if (r->sample_count == SIMULATE_SAMPLES) {
        for (size_t i = 0; i < SIMULATE_SAMPLES / 2; i++)
            r->samples[i] = r->samples[2 * i];
        r->sample_count = SIMULATE_SAMPLES / 2;
        r->sample_step_s = fmax(1, r->sample_step_s * 2);
    }
    r->samples[r->sample_count++] = (struct simulate_sample){time_s, s->chips_used,
        (double)(core_gang_count(s->core) - s->running_count - s->ended_count),
        (double)s->running_count, kw};
}

/* Time goes on: energy, dollars and chip-hours of what ran until then. */
static void advance(struct simulation *s, int64_t to_ms)
{
    double hours = (double)(to_ms - s->now_ms) / 3.6e6;
    double kw = 0;

    for (int i = 0; i < s->fleet->site_count; i++) {
        double site_kw = ledger_load_kw(core_ledger(s->core), POWER_SITE, i);

        s->result->peak_kw[i] = fmax(s->result->peak_kw[i], site_kw);
        kw += site_kw;
    }
    take_sample(s, kw);
    s->energy_mwh += kw * hours / UNITS_KWH_PER_MWH;
    s->cost_usd += s->usd_per_hour * hours;
    s->chip_hours += s->chips_used * hours;
    s->now_ms = to_ms;
}

/* --- What actions of the core mean here */

static struct life *life_of(struct simulation *s, int64_t gang)
{
    while ((size_t)gang > s->life_capacity) {
        size_t capacity = s->life_capacity < 64 ? 64 : s->life_capacity * 2;

        s->lives = mem_resize(s->lives, capacity, sizeof *s->lives);
        memset(s->lives + s->life_capacity, 0, (capacity - s->life_capacity) * sizeof *s->lives);
        s->result->jobs = mem_resize(s->result->jobs, capacity, sizeof *s->result->jobs);
        for (size_t i = s->life_capacity; i < capacity; i++)
            s->result->jobs[i] = (struct simulate_job){
                .start_s = NAN, .end_s = NAN, .submit_s = NAN, .system = -1};
        s->life_capacity = capacity;
    }
    return &s->lives[gang - 1];
}

static void begin_life(struct simulation *s, const struct gang *gang)
{
    struct life *life = life_of(s, gang->id);
    struct simulate_job *job = &s->result->jobs[gang->id - 1];
    const struct shape_system *system = &gang->shape->systems[gang->placement->system];
    double length_ms;

    life->attempt = gang->attempt;
    life->throughput = system->throughput;
    life->started_ms = s->now_ms;
    life->usd_per_hour = gang->placement->usd_per_hour;
    life->meter_kw = gang->placement->kw * s->fleet->sites[gang->placement->site].pue;
    life->chips = (double)shape_chip_count(system);
    length_ms = fmax(1, life->work_left_ms / life->throughput);
    if (isnan(job->start_s))
        job->start_s = (double)(s->now_ms - s->start_ms) / 1000;
    job->system = system->system;
    s->chips_used += life->chips;
    s->usd_per_hour += life->usd_per_hour;
    s->running_count++;
    heap_add(s, (struct happening){
                    s->now_ms + (int64_t)ceil(length_ms), HAPPENING_END, gang->id, gang->attempt});
}

/* The attempt is over: what it did and cost. */
static void end_life(struct simulation *s, const struct gang *gang, enum end_cause cause)
{
    struct life *life = life_of(s, gang->id);
    struct simulate_job *job = &s->result->jobs[gang->id - 1];
    const struct job_spec *spec = gang->spec;
    double ran_ms = (double)(s->now_ms - life->started_ms);
    double kept_ms = 0;

    if (life->attempt == 0)
        return;
    life->attempt = 0;
    s->chips_used -= life->chips;
    s->usd_per_hour -= life->usd_per_hour;
    s->running_count--;
    job->usd += life->usd_per_hour * ran_ms / 3.6e6;
    job->mwh += life->meter_kw * ran_ms / 3.6e6 / UNITS_KWH_PER_MWH;
    job->run_s = ran_ms / 1000;
    if (cause == END_EXITED)
        return;
    /* Asked to stop, it writes a checkpoint; lost, it goes back to the last regular one. */
    if (spec->checkpoint_signal != NULL && cause != END_LOST && cause != END_FAILED)
        kept_ms = ran_ms;
    else if (spec->checkpoint_every_minutes > 0)
        kept_ms = ran_ms - fmod(ran_ms, spec->checkpoint_every_minutes * 6e4);
    life->work_left_ms = fmax(1, life->work_left_ms - kept_ms * life->throughput);
}

static void note_terminal(struct simulation *s, const struct gang *gang)
{
    struct simulate_job *job = &s->result->jobs[gang->id - 1];

    s->ended_count++;
    job->end_s = (double)(s->now_ms - s->start_ms) / 1000;
    /* What the fleet draws after the last end is nobody's. */
    s->last_end_ms = s->now_ms;
    s->result->energy_mwh = s->energy_mwh;
    s->result->cost_usd = s->cost_usd;
    if (gang->state != GANG_DONE) {
        s->result->failed_count++;
        return;
    }
    s->result->finished_count++;
    s->result->value_usd += gang->shape->value_usd_per_hour * gang->spec->work_minutes / 60;
}

static void note_submitted(struct simulation *s, const struct gang *gang)
{
    struct life *life = life_of(s, gang->id);

    if (!isnan(s->result->jobs[gang->id - 1].submit_s))
        return;
    life->work_left_ms = gang->spec->work_minutes * 6e4;
    s->result->jobs[gang->id - 1].gang = gang;
    s->result->jobs[gang->id - 1].job = gang->job;
    s->result->jobs[gang->id - 1].submit_s = (double)(gang->submit_ms - s->start_ms) / 1000;
}

static void follow_action(struct simulation *s, const struct action *action)
{
    const struct gang *gang;

    if (action->kind != ACTION_CHANGED && action->kind != ACTION_STOP &&
        action->kind != ACTION_PREPARE)
        return;
    gang = core_find_gang(s->core, action->gang);
    note_submitted(s, gang);
    /* An attempt that began and ended in this very instant did nothing. */
    if (action->kind == ACTION_PREPARE && gang->attempt == action->attempt &&
        gang->placement != NULL)
        begin_life(s, gang);
    if (action->kind == ACTION_STOP && life_of(s, gang->id)->attempt == action->attempt) {
        s->result->preemption_count += action->cause == END_PREEMPTED;
        end_life(s, gang, action->cause);
    }
    if (action->kind == ACTION_CHANGED && gang_state_is_terminal(gang->state) &&
        isnan(s->result->jobs[gang->id - 1].end_s))
        note_terminal(s, gang);
}

static int apply(struct simulation *s, struct event event, struct err *err)
{
    int rc;

    event.now_ms = s->now_ms;
    rc = core_apply(s->core, &event, &s->actions, err);
    for (size_t i = 0; i < s->actions.count; i++)
        follow_action(s, &s->actions.list[i]);
    s->actions.count = 0;
    return rc;
}

/* --- Happenings */

static int happen_end(struct simulation *s, const struct happening *h, struct err *err)
{
    const struct gang *gang = core_find_gang(s->core, h->what);

    if (life_of(s, h->what)->attempt != h->attempt)
        return 0; /* stopped before */
    end_life(s, gang, END_EXITED);
    return apply(s,
        (struct event){
            .kind = EVENT_TASK_ENDED, .gang = h->what, .attempt = h->attempt, .task = -1},
        err);
}

static void plan_failure(struct simulation *s, int host)
{
    if (s->options->host_mtbf_hours > 0)
        heap_add(
            s, (struct happening){
                   s->now_ms +
                       (int64_t)(rng_exponential(&s->rng, s->options->host_mtbf_hours) * 3.6e6),
                   HAPPENING_FAIL, host, 0});
}

static int happen_fail(struct simulation *s, const struct happening *h, struct err *err)
{
    int host = (int)h->what;
    holder_id ids[64];
    int count = ledger_host_holders(core_ledger(s->core), host, ids, 64);

    heap_add(s, (struct happening){s->now_ms + (int64_t)(s->options->repair_hours * 3.6e6),
                    HAPPENING_REPAIR, host, 0});
    if (apply(s, (struct event){.kind = EVENT_DRAIN, .host = host, .why = "failed"}, err) != 0)
        return -1;
    for (int i = 0; i < count && i < 64; i++) {
        int64_t id = ids[i] >> CORE_ATTEMPT_BITS;
        const struct gang *gang = core_find_gang(s->core, id);
        int attempt = life_of(s, id)->attempt;

        if (attempt == 0)
            continue;
        end_life(s, gang, END_LOST);
        if (apply(s,
                (struct event){.kind = EVENT_TASK_ENDED,
                    .gang = id,
                    .attempt = attempt,
                    .task = -1,
                    .is_lost = true},
                err) != 0)
            return -1;
    }
    return 0;
}

static int happen_repair(struct simulation *s, const struct happening *h, struct err *err)
{
    plan_failure(s, (int)h->what);
    return apply(s, (struct event){.kind = EVENT_RESUME, .host = (int)h->what}, err);
}

static int happen(struct simulation *s, const struct happening *h, struct err *err)
{
    switch (h->kind) {
    case HAPPENING_SUBMIT:
        s->submitted_count++;
        return apply(s, (struct event){.kind = EVENT_SUBMIT, .spec = &s->specs[h->what]}, err);
    case HAPPENING_END:
        return happen_end(s, h, err);
    case HAPPENING_FAIL:
        return happen_fail(s, h, err);
    case HAPPENING_REPAIR:
        return happen_repair(s, h, err);
    }
    return 0;
}

/* --- Rounds */

static void make_round(struct simulation *s)
{
    struct simulate_result *r = s->result;
    double start_s = s->options->clock_s();

    core_round(s->core, s->now_ms, &s->actions);
    for (size_t i = 0; i < s->actions.count; i++)
        follow_action(s, &s->actions.list[i]);
    s->actions.count = 0;
    r->round_s = mem_grow(r->round_s, r->round_count, &r->round_capacity, sizeof *r->round_s);
    r->round_s[r->round_count++] = s->options->clock_s() - start_s;
}

/* The next time at which something happens, to the world or to the core; INT64_MAX: nothing. */
static int64_t next_ms(const struct simulation *s)
{
    int64_t next = s->heap_count > 0 ? s->heap[0].at_ms : INT64_MAX;
    int64_t core_ms = core_next_ms(s->core);

    return core_ms < next ? core_ms : next;
}

/* Is there work that could still go on? Failures and repairs alone would never end. */
static bool is_over(const struct simulation *s)
{
    return s->submitted_count == s->submit_count && s->running_count == 0 &&
           (next_ms(s) == INT64_MAX || !s->has_progress);
}

static int run(struct simulation *s, struct err *err)
{
    size_t turns = 0;

    while (!is_over(s)) {
        int64_t at_ms = next_ms(s);

        if (++turns % STOP_ASKED_EVERY == 0) {
            if (s->options->progress != NULL)
                s->options->progress(
                    s->options->context, (double)s->ended_count, (double)s->gang_total);
            if (s->options->stop != NULL && s->options->stop(s->options->context)) {
                s->result->is_stopped = true;
                return 0;
            }
        }
        advance(s, at_ms > s->now_ms ? at_ms : s->now_ms);
        s->has_progress = false;
        while (s->heap_count > 0 && s->heap[0].at_ms <= s->now_ms) {
            struct happening next = heap_take(s);

            s->has_progress |= next.kind != HAPPENING_FAIL;
            if (happen(s, &next, err) != 0)
                return -1;
        }
        if (apply(s, (struct event){.kind = EVENT_TICK}, err) != 0)
            return -1;
        if (core_round_is_due(s->core, s->now_ms)) {
            s->has_progress = true;
            make_round(s);
        }
    }
    return 0;
}

/* --- Begin and end */

static size_t gangs_of(const struct job_spec *spec)
{
    return spec->replicas_max > 0  ? (size_t)spec->replicas_max
           : spec->array_count > 0 ? (size_t)spec->array_count
                                   : 1;
}

static void plan_submissions(struct simulation *s, size_t spec_count)
{
    for (size_t i = 0; i < spec_count; i++) {
        if (!(s->specs[i].work_minutes > 0)) {
            s->result->left_out++;
            continue;
        }
        s->submit_count++;
        s->gang_total += gangs_of(&s->specs[i]);
        heap_add(s, (struct happening){s->start_ms + (int64_t)(s->specs[i].submit_minutes * 6e4),
                        HAPPENING_SUBMIT, (int64_t)i, 0});
    }
}

static double fleet_chips(const struct fleet *fleet)
{
    double chips = 0;

    for (int rack = 0; rack < fleet->rack_count; rack++)
        chips += system_chip_count(fleet_rack_system(fleet, rack));
    return chips;
}

static void finish(struct simulation *s)
{
    struct simulate_result *r = s->result;
    double span_ms = (double)(s->last_end_ms - s->start_ms);

    r->job_count = core_gang_count(s->core);
    r->unfinished_count = r->job_count - r->finished_count - r->failed_count;
    r->makespan_s = span_ms / 1000;
    r->chip_use = span_ms > 0 ? s->chip_hours / (fleet_chips(s->fleet) * span_ms / 3.6e6) : 0;
    (void)life_of(s, (int64_t)(r->job_count > 0 ? r->job_count : 1));
    r->job_capacity = s->life_capacity;
}

int simulate_run(const struct fleet *fleet, const struct job_spec *specs, size_t spec_count,
    const struct simulate_options *options, struct simulate_result *out, struct err *err)
{
    struct simulate_result result = {.sample_step_s = 1};
    struct core_options core_options = {.policy = options->policy,
        .packing = options->packing,
        .initial_hosts = HOST_UP,
        .starts_at_once = true,
        .decides_quickly = true,
        .checks_invariants = options->checks_invariants,
        .budget = {.iterations = 20000, .nodes = 2000, .gap = 1e-4}};
    struct simulation s = {.fleet = fleet,
        .specs = specs,
        .options = options,
        .result = &result,
        .rng = rng_seed(options->seed)};
    double start_s = options->clock_s();
    int rc;

    result.peak_kw = mem_zero((size_t)fleet->site_count, sizeof *result.peak_kw);
    result.samples = mem_zero(SIMULATE_SAMPLES, sizeof *result.samples);
    s.start_ms = s.now_ms = s.last_end_ms = options->start_ms;
    s.core = result.core = core_create(fleet, &core_options, options->start_ms);
    plan_submissions(&s, spec_count);
    for (int host = 0; host < fleet->host_count; host++)
        plan_failure(&s, host);
    rc = run(&s, err);
    if (rc == 0)
        finish(&s);
    result.seconds = options->clock_s() - start_s;
    actions_fini(&s.actions);
    mem_free(s.heap);
    mem_free(s.lives);
    if (rc == 0)
        *out = result;
    else
        simulate_fini(&result);
    return rc;
}

void simulate_fini(struct simulate_result *result)
{
    core_destroy(result->core);
    mem_free(result->peak_kw);
    mem_free(result->round_s);
    mem_free(result->jobs);
    mem_free(result->samples);
    *result = (struct simulate_result){0};
}
