/* Jobs as rows of an answer: those in the core, and those that have left it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <string.h>

enum {
    ROW_BYTES = 200, /* of its numbers, about */
    MEMBER_NONE = -1
};
static const double LOOK_S = 0.005;

/* --- Rows */

static Wattyard__JobRow *new_row(struct request *request)
{
    Wattyard__Answer *answer = request->answer;
    Wattyard__JobRow *row = arena_zero(request->arena, 1, sizeof *row);

    wattyard__job_row__init(row);
    row->member = MEMBER_NONE;
    answer->jobs = request_grow(request, answer->jobs, answer->n_jobs, sizeof(Wattyard__JobRow *));
    answer->jobs[answer->n_jobs++] = row;
    request->bytes += ROW_BYTES;
    return row;
}

static bool has_members(const struct job_spec *spec)
{
    return spec->array_count > 0 || spec->replicas_max > 0;
}

static const char *held_reason(const struct gang *gang)
{
    if (gang->cause == END_NOT_READY)
        return gang->is_held ? "held: it could not be started"
                             : "it could not be started, and is tried again";
    return gang->is_held ? "held" : "many hosts are gone";
}

/* What holds it back on the first of its systems, in a few words; looking for places takes time, so
 * only the first rows of an answer have it. */
static const char *blocked_words(struct request *request, const struct gang *gang)
{
    struct server *server = request->server;
    double start_s = clock_monotonic_s();
    char place[FLEET_NAME_SIZE];
    struct why why;

    if (request->look_s > LOOK_S ||
        core_explain(server->core, gang->id, server->now_ms, &why, 1) < 1)
        return "";
    request->look_s += clock_monotonic_s() - start_s;
    if (why.never != NULL || why.block.by == BLOCKED_NOT)
        return "";
    if (why.block.by == BLOCKED_RESERVED) /* for others, or for the next round */
        return "next round";
    return arena_format(request->arena, "%s%s%s", BLOCKED_BY_NAMES[why.block.by],
        why.block.where >= 0 ? " at " : "", server_block_place(server->fleet, &why.block, place));
}

static void fill_waiting(struct request *request, const struct gang *gang, Wattyard__JobRow *row)
{
    const struct server *server = request->server;
    int64_t earliest_ms;
    int system;
    enum blocked_by by = core_waits_for(server->core, gang->id, &earliest_ms, &system);

    row->is_held = gang->is_held;
    if (by == BLOCKED_NEVER)
        row->never = request_text(request, gang->shape->systems[0].never);
    if (by == BLOCKED_RESERVED) {
        row->earliest_ms = earliest_ms;
        row->earliest_system = request_text(
            request, server->fleet->catalog.systems[gang->shape->systems[system].system].id);
    }
    if (by == BLOCKED_HELD)
        row->reason = request_text(request, held_reason(gang));
    if (by == BLOCKED_DEPENDENCY) {
        struct str text = {0};

        for (size_t i = 0; i < gang->spec->after_count; i++)
            str_format(&text, "%s%s", i == 0 ? "after " : ", ", gang->spec->after[i].job);
        row->reason = request_text(request, str_text(&text));
        str_fini(&text);
    }
    if (by == BLOCKED_NOT)
        row->reason = request_text(request, blocked_words(request, gang));
    if (row->reason[0] == '\0' && gang->cause != END_NONE)
        row->reason = request_text(request, END_CAUSE_NAMES[gang->cause]);
}

static void fill_placed(struct request *request, const struct gang *gang,
    const struct attempt *attempt, Wattyard__JobRow *row)
{
    row->system = request_text(request, attempt->system);
    row->hosts = request_hosts(request, attempt->hosts);
    row->tasks = (uint32_t)attempt->task_count;
    row->chips = (uint32_t)attempt->chips;
    row->kw = gang->placement != NULL ? gang->placement->kw : 0;
    row->usd_per_hour = gang->placement != NULL ? gang->placement->usd_per_hour : 0;
}

static void fill_row(struct request *request, const struct gang *gang, Wattyard__JobRow *row)
{
    const struct attempt *attempt = attempt_find(request->server, gang->id);
    const struct job_spec *spec = gang->spec;
    const struct shape_system *system = gang->shape->system_count > 0 ? &gang->shape->systems[0]
                                                                      : NULL;

    row->job = (uint64_t)gang->job;
    row->gang = (uint64_t)gang->id;
    row->member = has_members(spec) ? gang->member : MEMBER_NONE;
    row->name = request_text(request, spec->name);
    row->tenant = request_text(request, spec->tenant);
    row->user = request_text(request, gang->user);
    row->priority = (uint32_t)spec->priority;
    row->state = request_text(request, GANG_STATE_NAMES[gang->state]);
    row->submit_ms = gang->submit_ms;
    row->start_ms = gang->state == GANG_WAITING ? 0 : gang->start_ms;
    row->end_ms = gang->end_ms;
    row->attempt = (uint32_t)gang->attempt;
    row->members = 1;
    row->tasks = (uint32_t)(system != NULL ? system->task_count : spec->tasks);
    row->chips = system != NULL ? (uint32_t)shape_chip_count(system) : 0;
    row->chips_per_task = system != NULL ? (uint32_t)system->chips_per_task : 0;
    if (attempt != NULL && attempt->number == gang->attempt) {
        fill_placed(request, gang, attempt, row);
        row->exit_status = attempt->exit_status;
    }
    if (gang->state == GANG_WAITING)
        fill_waiting(request, gang, row);
    else if (gang->state == GANG_STOPPING || gang_state_is_terminal(gang->state))
        row->reason = request_text(request, gang->state == GANG_DONE ? ""
                                            : gang->reason != NULL   ? gang->reason
                                            : attempt != NULL && attempt->stop_why != NULL
                                                ? attempt->stop_why
                                                : END_CAUSE_NAMES[gang->cause]);
}

static void take_stored(
    struct request *request, const struct gang_row *stored, Wattyard__JobRow *row)
{
    row->gang = (uint64_t)stored->id;
    row->state = request_text(request, GANG_STATE_NAMES[stored->state]);
    row->system = request_text(request, stored->system);
    row->hosts = request_hosts(request, stored->hosts);
    row->start_ms = stored->start_ms;
    row->end_ms = stored->end_ms;
    row->attempt = (uint32_t)stored->attempt;
    row->exit_status = stored->exit_status;
    row->tasks = (uint32_t)stored->task_count;
    if (stored->chip_count > 0) /* else it never had any */
        row->chips = (uint32_t)stored->chip_count;
    row->reason = request_text(request, stored->state == GANG_DONE ? ""
                                        : stored->reason[0] != '\0'
                                            ? stored->reason
                                            : END_CAUSE_NAMES[stored->cause]);
}

/* The last row, from the stored one: its attempt has left memory. What this turn changed is not
 * stored yet: then the row stays as it is. */
static int complete_last(void *context, const struct gang_row *stored, struct err *err)
{
    struct request *request = context;
    Wattyard__JobRow *row = request->answer->jobs[request->answer->n_jobs - 1];

    (void)err;
    if (str_equal(row->state, GANG_STATE_NAMES[stored->state]))
        take_stored(request, stored, row);
    return 0;
}

Wattyard__JobRow *request_add_gang(struct request *request, const struct gang *gang)
{
    Wattyard__JobRow *row = new_row(request);
    struct err err = {0};

    fill_row(request, gang, row);
    if (gang_state_is_terminal(gang->state) && attempt_find(request->server, gang->id) == NULL)
        (void)store_find_gang(request->server->store, gang->id, complete_last, request, &err);
    return row;
}

/* --- Many members as few rows */

int request_count_states(const struct core *core, int64_t job, struct state_count *counts)
{
    int64_t first_gang = 0;
    int count = core_find_job(core, job, &first_gang);

    memset(counts, 0, GANG_STATE_COUNT * sizeof *counts);
    for (int i = 0; i < count; i++) {
        const struct gang *gang = core_find_gang(core, first_gang + i);

        if (counts[gang->state].members++ == 0)
            counts[gang->state].first = gang;
    }
    return count;
}

/* Past that room a row has only what says which job it is, and its state. */
static void add_brief(struct request *request, const struct gang *gang)
{
    Wattyard__JobRow *row = new_row(request);

    row->job = (uint64_t)gang->job;
    row->gang = (uint64_t)gang->id;
    row->name = arena_copy_text(request->arena, gang->spec->name);
    row->state = request_text(request, GANG_STATE_NAMES[gang->state]);
}

bool request_add_states(struct request *request, int64_t job)
{
    struct state_count counts[GANG_STATE_COUNT];
    const struct core *core = request->server->core;

    if (request_count_states(core, job, counts) == 0)
        return false;
    for (int state = 0; state < GANG_STATE_COUNT; state++) {
        Wattyard__JobRow *row;

        if (counts[state].members == 0)
            continue;
        if (request->bytes > ANSWER_BYTES / 2) {
            add_brief(request, counts[state].first);
            continue;
        }
        row = request_add_gang(request, counts[state].first);
        row->members = (uint32_t)counts[state].members;
    }
    return true;
}

/* --- Jobs that have left the core */

/* A job as it is stored, and a member of it. */
struct stored_look {
    struct request *request;
    int member;
    Wattyard__JobRow *row;
    bool is_found;
};

static int take_member(void *context, const struct gang_row *stored, struct err *err)
{
    struct stored_look *look = context;

    (void)err;
    if (look->is_found || stored->member != look->member)
        return 0;
    look->is_found = true;
    take_stored(look->request, stored, look->row);
    return 0;
}

bool request_add_stored(struct request *request, const struct job_row *stored, int member)
{
    Wattyard__JobRow *row;
    struct stored_look look = {.request = request, .member = member < 0 ? 0 : member};
    struct err err = {0};

    if (member >= stored->gang_count)
        return false;
    look.row = row = new_row(request);
    row->job = (uint64_t)stored->id;
    row->gang = (uint64_t)(stored->first_gang + look.member);
    row->member = member;
    row->name = request_text(request, stored->name);
    row->tenant = request_text(request, stored->tenant);
    row->user = request_text(request, stored->user);
    row->priority = (uint32_t)stored->priority;
    row->submit_ms = stored->submit_ms;
    row->end_ms = stored->end_ms;
    row->members = member < 0 ? (uint32_t)stored->gang_count : 1;
    row->state = request_text(
        request, GANG_STATE_NAMES[stored->failed_count > 0 ? GANG_FAILED : GANG_DONE]);
    if (row->members == 1)
        (void)store_each_gang_of(request->server->store, stored->id, take_member, &look, &err);
    else if (stored->failed_count > 0)
        row->reason = arena_format(
            request->arena, "%d of %d are not done", stored->failed_count, stored->gang_count);
    return true;
}

struct stored_one {
    struct request *request;
    int member;
    bool is_added;
};

static int add_one(void *context, const struct job_row *stored, struct err *err)
{
    struct stored_one *one = context;

    (void)err;
    one->is_added = request_add_stored(one->request, stored, one->member);
    return 0;
}

bool request_find_stored(struct request *request, int64_t job, int member)
{
    struct stored_one one = {.request = request, .member = member};
    struct err err = {0};

    return store_find_job(request->server->store, job, add_one, &one, &err) == 0 && one.is_added;
}
