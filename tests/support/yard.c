#include "tests/support/yard.h"

#include "base/err.h"

#include <check.h>

/* Not 0, so that a time that was never set does not pass for one that was. */
const int64_t YARD_START_MS = 1000000000;

enum { STEP_MS = 5000 };

static void reports(struct yard *yard)
{
    for (int host = 0; host < yard->fleet->host_count; host++)
        if (!yard->is_silent[host])
            yard_apply(yard, (struct event){.kind = EVENT_HOST_REPORT,
                                 .host = host,
                                 .boot = yard->boot[host],
                                 .can_cap = yard->can_cap[host]});
}

void yard_open(struct yard *yard, struct fleet_builder *builder)
{
    struct core_options options = {
        .initial_hosts = HOST_UNKNOWN, .decides_quickly = true, .checks_invariants = true};

    *yard = (struct yard){.builder = builder, .now_ms = YARD_START_MS};
    yard->fleet = fleet_builder_finish(builder);
    ck_assert_int_le(yard->fleet->host_count, YARD_HOSTS_MOST);
    yard->core = core_create(yard->fleet, &options, yard->now_ms);
    reports(yard);
    yard_forget(yard);
}

void yard_close(struct yard *yard)
{
    actions_fini(&yard->actions);
    core_destroy(yard->core);
    fleet_builder_destroy(yard->builder);
}

void yard_apply(struct yard *yard, struct event event)
{
    struct err err = {0};

    event.now_ms = yard->now_ms;
    ck_assert_msg(core_apply(yard->core, &event, &yard->actions, &err) == 0, "event %d: %s",
        (int)event.kind, err.text);
}

void yard_refuses(struct yard *yard, struct event event, enum err_kind kind)
{
    struct err err = {0};

    event.now_ms = yard->now_ms;
    ck_assert_int_eq(core_apply(yard->core, &event, &yard->actions, &err), -1);
    ck_assert_int_eq(err.kind, kind);
    ck_assert(err.text[0] != '\0');
}

const struct gang *yard_submit(struct yard *yard, const struct job_spec *spec)
{
    size_t before = core_gang_count(yard->core);

    yard_apply(yard, (struct event){.kind = EVENT_SUBMIT, .spec = spec, .user = "user"});
    ck_assert_uint_gt(core_gang_count(yard->core), before);
    return core_gang_at(yard->core, before);
}

void yard_wait(struct yard *yard, double seconds)
{
    int64_t until_ms = yard->now_ms + (int64_t)(seconds * 1000);

    while (yard->now_ms < until_ms) {
        yard->now_ms += until_ms - yard->now_ms < STEP_MS ? until_ms - yard->now_ms : STEP_MS;
        yard_apply(yard, (struct event){.kind = EVENT_TICK});
        reports(yard);
        if (core_round_is_due(yard->core, yard->now_ms))
            yard_round(yard);
    }
}

void yard_round(struct yard *yard)
{
    core_round(yard->core, yard->now_ms, &yard->actions);
    yard_apply(yard, (struct event){.kind = EVENT_TICK}); /* looks at the invariants */
}

void yard_ready(struct yard *yard, const struct gang *gang)
{
    yard_apply(yard,
        (struct event){
            .kind = EVENT_TASK_READY, .gang = gang->id, .attempt = gang->attempt, .task = -1});
}

void yard_end(struct yard *yard, const struct gang *gang, int exit_status)
{
    yard_apply(yard, (struct event){.kind = EVENT_TASK_ENDED,
                         .gang = gang->id,
                         .attempt = gang->attempt,
                         .task = -1,
                         .exit_status = exit_status});
}

void yard_run(struct yard *yard, const struct gang *gang)
{
    yard_assert_state(gang, GANG_STARTING);
    yard_ready(yard, gang);
    yard_assert_state(gang, GANG_RUNNING);
}

int yard_count(const struct yard *yard, enum action_kind kind, int64_t gang)
{
    int count = 0;

    for (size_t i = 0; i < yard->actions.count; i++)
        count += yard->actions.list[i].kind == kind &&
                 (gang == 0 || yard->actions.list[i].gang == gang);
    return count;
}

void yard_forget(struct yard *yard)
{
    yard->actions.count = 0;
}

const struct action *yard_last(const struct yard *yard, enum action_kind kind, int64_t gang)
{
    for (size_t i = yard->actions.count; i-- > 0;)
        if (yard->actions.list[i].kind == kind && yard->actions.list[i].gang == gang)
            return &yard->actions.list[i];
    ck_abort_msg("gang %lld had no action of kind %d", (long long)gang, (int)kind);
    return NULL;
}

int yard_rack_of(const struct yard *yard, const struct gang *gang)
{
    ck_assert_ptr_nonnull(gang->placement);
    return yard->fleet->host_rack[gang->placement->tasks[0].host];
}

struct why yard_why(const struct yard *yard, const struct gang *gang)
{
    struct why rows[4];

    ck_assert_int_ge(core_explain(yard->core, gang->id, yard->now_ms, rows, 4), 1);
    return rows[0];
}
