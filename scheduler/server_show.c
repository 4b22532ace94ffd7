/* Requests that look at jobs: the queue, one job, why it waits. */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_BYTES = 600 * 1024,
    HISTORY_ROWS = 500,
    WHY_ROWS = 64,
    ENDED_ROWS = 2000,
    MEMBER_NONE = -1
};

/* --- Rows */

static Wattyard__JobRow *new_row(struct request *request)
{
    Wattyard__Answer *answer = request->answer;
    Wattyard__JobRow *row = arena_zero(request->arena, 1, sizeof *row);

    wattyard__job_row__init(row);
    row->member = MEMBER_NONE;
    answer->jobs = request_grow(request, answer->jobs, answer->n_jobs, sizeof(Wattyard__JobRow *));
    answer->jobs[answer->n_jobs++] = row;
    request->bytes += 128;
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
    if (row->reason[0] == '\0' && gang->cause != END_NONE)
        row->reason = request_text(request, END_CAUSE_NAMES[gang->cause]);
}

static void fill_placed(struct request *request, const struct gang *gang,
    const struct attempt *attempt, Wattyard__JobRow *row)
{
    row->system = request_text(request, attempt->system);
    row->hosts = request_text(request, attempt->hosts);
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

/* From the stored row: one whose attempt has left memory. */
static int fill_stored(void *context, const struct gang_row *stored, struct err *err)
{
    struct request *request = context;
    Wattyard__JobRow *row = request->answer->jobs[request->answer->n_jobs - 1];

    (void)err;
    if (row->gang != 0 && row->gang != (uint64_t)stored->id)
        return 0;
    row->gang = (uint64_t)stored->id;
    row->state = request_text(request, GANG_STATE_NAMES[stored->state]);
    row->system = request_text(request, stored->system);
    row->hosts = request_text(request, stored->hosts);
    row->start_ms = stored->start_ms;
    row->end_ms = stored->end_ms;
    row->attempt = (uint32_t)stored->attempt;
    row->exit_status = stored->exit_status;
    row->tasks = (uint32_t)stored->task_count;
    row->chips = (uint32_t)stored->chip_count;
    row->reason = request_text(request, stored->state == GANG_DONE ? ""
                                        : stored->reason[0] != '\0'
                                            ? stored->reason
                                            : END_CAUSE_NAMES[stored->cause]);
    return 0;
}

static void complete_ended(struct request *request, const struct gang *gang)
{
    struct err err = {0};

    if (gang_state_is_terminal(gang->state) && attempt_find(request->server, gang->id) == NULL)
        (void)store_find_gang(request->server->store, gang->id, fill_stored, request, &err);
}

/* Members in a row that nothing has happened to are one row. */
static int alike_count(const struct server *server, int64_t first_gang, int from, int count)
{
    int end = from;

    while (end < count && core_gang_is_untouched(server->core, first_gang + end))
        end++;
    return end - from;
}

bool request_add_job(struct request *request, int64_t job, int member)
{
    const struct server *server = request->server;
    int64_t first_gang = 0;
    int count = core_find_job(server->core, job, &first_gang);

    if (count == 0 || member >= count)
        return false;
    for (int i = member < 0 ? 0 : member; i < (member < 0 ? count : member + 1);) {
        const struct gang *gang = core_find_gang(server->core, first_gang + i);
        int alike = member < 0 ? alike_count(server, first_gang, i, count) : 1;

        fill_row(request, gang, new_row(request));
        complete_ended(request, gang);
        if (alike > 1)
            request->answer->jobs[request->answer->n_jobs - 1]->members = (uint32_t)alike;
        i += alike > 1 ? alike : 1;
    }
    return true;
}

/* --- Jobs that have left the core */

static int add_stored_job(void *context, const struct job_row *stored, struct err *err)
{
    struct request *request = context;
    Wattyard__JobRow *row = new_row(request);

    row->job = (uint64_t)stored->id;
    row->name = request_text(request, stored->name);
    row->tenant = request_text(request, stored->tenant);
    row->user = request_text(request, stored->user);
    row->priority = (uint32_t)stored->priority;
    row->submit_ms = stored->submit_ms;
    row->end_ms = stored->end_ms;
    row->members = (uint32_t)stored->gang_count;
    row->state = request_text(
        request, GANG_STATE_NAMES[stored->failed_count > 0 ? GANG_FAILED : GANG_DONE]);
    return store_each_gang_of(request->server->store, stored->id, fill_stored, request, err);
}

bool request_add_any_job(struct request *request, int64_t job, int member)
{
    struct err err = {0};

    if (request_add_job(request, job, member))
        return true;
    return store_find_job(request->server->store, job, add_stored_job, request, &err) == 0;
}

/* --- The queue */

static bool is_wanted(const Wattyard__ListJobs *filter, const struct gang *gang)
{
    bool has_state = filter->n_states == 0;

    for (size_t i = 0; i < filter->n_states; i++)
        has_state |= strcmp(filter->states[i], GANG_STATE_NAMES[gang->state]) == 0;
    if (filter->n_states == 0 && !filter->with_ended && gang_state_is_terminal(gang->state))
        return false;
    return has_state &&
           (filter->tenant[0] == '\0' || str_equal(filter->tenant, gang->spec->tenant)) &&
           (filter->user[0] == '\0' || str_equal(filter->user, gang->user)) &&
           (filter->name[0] == '\0' || str_equal(filter->name, gang->spec->name));
}

static int64_t cursor_of(ProtobufCBinaryData after)
{
    char text[24] = "";
    int64_t value = 0;

    if (after.len > 0)
        memcpy(text, after.data, after.len < sizeof text - 1 ? after.len : sizeof text - 1);
    return str_parse_int(text, &value) == 0 ? value : 0;
}

static void set_cursor(struct request *request, int64_t value)
{
    char *text = arena_format(request->arena, "%lld", (long long)value);

    request->answer->next.data = (uint8_t *)text;
    request->answer->next.len = strlen(text);
}

/* Index of the first gang with an id past `id`. */
static size_t first_past(const struct core *core, int64_t id)
{
    size_t low = 0;
    size_t high = core_gang_count(core);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (core_gang_at(core, middle)->id <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void list_live(struct request *request, const Wattyard__ListJobs *filter, int64_t after)
{
    const struct core *core = request->server->core;
    size_t most = filter->max > 0 && filter->max < PROTOCOL_PAGE_ROWS ? filter->max
                                                                      : PROTOCOL_PAGE_ROWS;

    for (size_t i = first_past(core, after); i < core_gang_count(core);) {
        const struct gang *gang = core_gang_at(core, i);
        int64_t first_gang = 0;
        int count = core_find_job(core, gang->job, &first_gang);
        int alike = alike_count(request->server, first_gang, gang->member, count);

        alike = alike > 1 ? alike : 1;
        if (is_wanted(filter, gang)) {
            if (request->answer->n_jobs >= most || request->bytes > PAGE_BYTES) {
                set_cursor(request, gang->id - 1);
                return;
            }
            fill_row(request, gang, new_row(request));
            request->answer->jobs[request->answer->n_jobs - 1]->members = (uint32_t)alike;
            complete_ended(request, gang);
        }
        i += (size_t)alike;
    }
}

static int add_ended(void *context, const struct job_row *stored, struct err *err)
{
    struct request *request = context;
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    int64_t first_gang = 0;

    if (core_find_job(request->server->core, stored->id, &first_gang) > 0)
        return 0; /* it has been listed with the others */
    if ((filter->tenant[0] != '\0' && !str_equal(filter->tenant, stored->tenant)) ||
        (filter->user[0] != '\0' && !str_equal(filter->user, stored->user)) ||
        (filter->name[0] != '\0' && !str_equal(filter->name, stored->name)))
        return 0;
    return request->bytes > PAGE_BYTES ? 0 : add_stored_job(context, stored, err);
}

static int compare_rows(const void *a, const void *b)
{
    const Wattyard__JobRow *x = *(Wattyard__JobRow *const *)a;
    const Wattyard__JobRow *y = *(Wattyard__JobRow *const *)b;

    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return (x->member > y->member) - (x->member < y->member);
}

void request_list_jobs(struct request *request)
{
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    int64_t after = cursor_of(filter->after);
    struct err err = {0};

    if (filter->n_jobs > 0) {
        for (size_t i = 0; i < filter->n_jobs; i++)
            if (!request_add_any_job(request, (int64_t)filter->jobs[i], -1))
                request_failf(
                    request, 1, "there is no job %llu", (unsigned long long)filter->jobs[i]);
        return;
    }
    list_live(request, filter, after);
    if (filter->with_ended && after == 0 && request->answer->next.len == 0) {
        if (store_each_ended_job(
                request->server->store, INT64_MAX, ENDED_ROWS, add_ended, request, &err) != 0)
            request_fail(request, &err);
        if (request->answer->n_jobs > 1)
            qsort(request->answer->jobs, request->answer->n_jobs, sizeof(Wattyard__JobRow *),
                compare_rows);
    }
}

/* --- One job */

static int add_history(void *context, const struct event_row *event, struct err *err)
{
    struct request *request = context;
    Wattyard__JobDetail *detail = request->answer->job;
    Wattyard__HistoryRow *row = arena_zero(request->arena, 1, sizeof *row);

    (void)err;
    wattyard__history_row__init(row);
    row->at_ms = event->at_ms;
    row->attempt = (uint32_t)event->attempt;
    row->what = request_text(request, event->what);
    row->why = request_text(request, event->why);
    row->who = request_text(request, event->who);
    row->where = request_text(request, event->place);
    detail->history = request_grow(
        request, detail->history, detail->n_history, sizeof(Wattyard__HistoryRow *));
    detail->history[detail->n_history++] = row;
    set_cursor(request, event->id);
    return 0;
}

static void fill_spec(struct request *request, Wattyard__JobDetail *detail, int64_t job)
{
    const struct server_job *known = job_find(request->server, job);
    const struct job_spec *spec;
    const struct gang *gang;

    if (known == NULL)
        return;
    spec = &known->manifest->list->specs[known->index];
    gang = core_find_gang(request->server->core, (int64_t)detail->row->gang);
    detail->kind = request_text(request, JOB_KIND_NAMES[spec->kind]);
    detail->wall_minutes = spec->wall_minutes;
    detail->output = request_text(request, spec->output);
    if (gang != NULL) {
        detail->retries_left = (uint32_t)gang->retries_left;
        detail->value_usd_per_hour = gang->shape->value_usd_per_hour;
    }
}

static void fill_usage(struct request *request, Wattyard__JobDetail *detail, int64_t job)
{
    struct usage_sum sum = {0};
    struct err err = {0};

    if (store_job_usage(request->server->store, job, &sum, &err) != 0)
        return;
    detail->chip_hours = sum.chip_seconds / 3600;
    detail->kwh = sum.joules / 3.6e6;
    detail->usd = sum.usd;
}

void request_show_job(struct request *request)
{
    const Wattyard__ShowJob *in = request->in->show_job;
    Wattyard__JobDetail *detail = arena_zero(request->arena, 1, sizeof *detail);
    int64_t after = cursor_of(in->after);
    struct err err = {0};

    if (!request_add_any_job(request, (int64_t)in->job, in->member)) {
        request_failf(request, 1, "there is no job %llu", (unsigned long long)in->job);
        return;
    }
    wattyard__job_detail__init(detail);
    request->answer->job = detail;
    detail->row = request->answer->jobs[0];
    if (request->server->is_writing) /* what this turn changes is not in the store yet */
        server_write_gangs(request->server);
    fill_spec(request, detail, (int64_t)in->job);
    fill_usage(request, detail, (int64_t)in->job);
    if (store_each_event(request->server->store, (int64_t)in->job, in->member, after, HISTORY_ROWS,
            add_history, request, &err) != 0)
        request_fail(request, &err);
    if (detail->n_history < HISTORY_ROWS)
        request->answer->next.len = 0;
}

/* --- Why it waits */

static const char *place_of(const struct server *server, const struct block *block, char *buffer)
{
    const struct fleet *fleet = server->fleet;

    if (block->where < 0)
        return "";
    switch (block->level) {
    case POWER_RACK:
        return fleet_rack_path(fleet, block->where, buffer);
    case POWER_FEED:
        return fleet_feed_path(fleet, block->where, buffer);
    case POWER_HALL:
        return fleet_hall_path(fleet, block->where, buffer);
    case POWER_SITE:
        return fleet->sites[block->where].id;
    }
    return "";
}

static void add_why(struct request *request, const struct gang *gang, const struct why *why)
{
    const struct server *server = request->server;
    const struct shape_system *system = &gang->shape->systems[why->shape_system];
    Wattyard__WhyRow *row = arena_zero(request->arena, 1, sizeof *row);
    Wattyard__Answer *answer = request->answer;
    char buffer[FLEET_NAME_SIZE];
    const char *id = system->row != NULL ? system->row->id
                                         : server->fleet->catalog.systems[system->system].id;

    wattyard__why_row__init(row);
    row->system = request_text(request, id);
    row->blocked_by = request_text(
        request, BLOCKED_BY_NAMES[why->never != NULL ? BLOCKED_NEVER : why->block.by]);
    row->where = request_text(request, place_of(server, &why->block, buffer));
    row->needs = isfinite(why->block.needs) ? why->block.needs : 0;
    row->has = isfinite(why->block.has) ? why->block.has : 0;
    row->unit = request_text(request, why->block.unit);
    row->earliest_ms = why->earliest_ms != INT64_MAX ? why->earliest_ms : 0;
    row->never = request_text(request, why->never);
    row->need_tasks = (uint32_t)system->task_count;
    row->segment_tasks = system->is_domain_bound ? (uint32_t)system->segment_tasks : 0;
    row->gang_kw = system->system >= 0 ? shape_kw(system) : 0;
    row->segment_kw = system->task_count > 0
                          ? row->gang_kw * system->segment_tasks / system->task_count
                          : 0;
    answer->reasons = request_grow(
        request, answer->reasons, answer->n_reasons, sizeof(Wattyard__WhyRow *));
    answer->reasons[answer->n_reasons++] = row;
}

void request_explain(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__Explain *in = request->in->explain;
    const struct gang *gang = NULL;
    struct why rows[WHY_ROWS];
    int64_t first_gang = 0;
    int count = core_find_job(server->core, (int64_t)in->job, &first_gang);

    for (int i = 0; i < count && gang == NULL; i++) {
        const struct gang *member = core_find_gang(server->core, first_gang + i);

        if (in->member == i || (in->member < 0 && member->state == GANG_WAITING))
            gang = member;
    }
    if (gang == NULL && count > 0)
        gang = core_find_gang(server->core, first_gang);
    if (gang == NULL) {
        if (!request_add_any_job(request, (int64_t)in->job, in->member))
            request_failf(request, 1, "there is no job %llu", (unsigned long long)in->job);
        return;
    }
    (void)request_add_job(request, gang->job, gang->member);
    count = core_explain(server->core, gang->id, server->now_ms, rows, WHY_ROWS);
    for (int i = 0; i < count && i < WHY_ROWS; i++)
        add_why(request, gang, &rows[i]);
}
