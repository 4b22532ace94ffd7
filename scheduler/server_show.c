/* Requests that look at one job: what it is, its history, why it waits. */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <math.h>
#include <string.h>

enum { HISTORY_BYTES = 60, WHY_ROWS = CATALOG_SYSTEMS_MAX, PART_HISTORY = 'h' };

/* --- One job */

struct history_walk {
    struct request *request;
    Wattyard__JobDetail *detail;
    bool is_full;
};

static int add_history(void *context, const struct event_row *event, struct err *err)
{
    struct history_walk *walk = context;
    struct request *request = walk->request;
    Wattyard__JobDetail *detail = walk->detail;
    Wattyard__HistoryRow *row;

    (void)err;
    walk->is_full |= request_is_full(request, detail->n_history);
    if (walk->is_full)
        return 0;
    row = arena_zero(request->arena, 1, sizeof *row);
    wattyard__history_row__init(row);
    row->at_ms = event->at_ms;
    row->attempt = (uint32_t)event->attempt;
    row->what = request_text(request, event->what);
    row->why = request_text(request, event->why);
    row->who = request_text(request, event->who);
    row->where = request_hosts(request, event->place);
    row->member = event->member;
    request->bytes += HISTORY_BYTES;
    detail->history = request_grow(
        request, detail->history, detail->n_history, sizeof(Wattyard__HistoryRow *));
    detail->history[detail->n_history++] = row;
    request_go_on(request, (struct cursor){.part = PART_HISTORY, .first = event->id});
    return 0;
}

static void fill_manifest(struct request *request, Wattyard__JobDetail *detail, int64_t manifest)
{
    struct str bytes = {0};
    struct err err = {0};

    if (!request->in->show_job->with_manifest)
        return;
    if (store_read_manifest(request->server->store, manifest, &bytes, &err) != 0)
        request_fail(request, &err);
    else if (bytes.length > 0) {
        detail->manifest.data = arena_copy(request->arena, bytes.text, bytes.length, 1);
        detail->manifest.len = bytes.length;
        request->bytes += bytes.length;
    }
    str_fini(&bytes);
}

static void fill_spec(struct request *request, Wattyard__JobDetail *detail, int64_t job)
{
    const struct server_job *known = job_find(request->server, job);
    const struct gang *gang = core_find_gang(request->server->core, (int64_t)detail->row->gang);
    const struct job_spec *spec = gang->spec;

    detail->kind = request_text(request, JOB_KIND_NAMES[spec->kind]);
    detail->wall_minutes = spec->wall_minutes;
    detail->output = request_text(request, spec->output);
    detail->retries_left = (uint32_t)gang->retries_left;
    detail->value_usd_per_hour = gang->shape->value_usd_per_hour;
    if (known != NULL)
        fill_manifest(request, detail, known->manifest->id);
}

static void add_state(
    struct request *request, Wattyard__JobDetail *detail, int state, size_t members)
{
    Wattyard__StateCount *row = arena_zero(request->arena, 1, sizeof *row);

    wattyard__state_count__init(row);
    row->state = request_text(request, GANG_STATE_NAMES[state]);
    row->members = (uint32_t)members;
    detail->states = request_grow(
        request, detail->states, detail->n_states, sizeof(Wattyard__StateCount *));
    detail->states[detail->n_states++] = row;
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

/* Whose row stands for all members: what goes on comes before what has ended. */
static const enum gang_state TELLING[] = {GANG_RUNNING, GANG_STARTING, GANG_STOPPING, GANG_WAITING,
    GANG_FAILED, GANG_TIMED_OUT, GANG_CANCELLED, GANG_DONE};

/* From the core. False: it is not there. */
static bool show_live(struct request *request, Wattyard__JobDetail *detail)
{
    const struct core *core = request->server->core;
    const Wattyard__ShowJob *in = request->in->show_job;
    struct state_count counts[GANG_STATE_COUNT];
    const struct gang *gang = NULL;
    int64_t first_gang = 0;
    int count = core_find_job(core, (int64_t)in->job, &first_gang);

    if (count == 0 || in->member >= count)
        return false;
    if (count == 1 || in->member >= 0) {
        gang = core_find_gang(core, first_gang + (in->member > 0 ? in->member : 0));
        detail->row = request_add_gang(request, gang);
    } else {
        (void)request_count_states(core, (int64_t)in->job, counts);
        for (size_t i = 0; i < sizeof TELLING / sizeof *TELLING; i++) {
            struct state_count *telling = &counts[TELLING[i]];

            if (telling->members > 0)
                add_state(request, detail, TELLING[i], telling->members);
            if (telling->members > 0 && gang == NULL)
                gang = telling->first;
        }
        detail->row = request_add_gang(request, gang);
        detail->row->members = (uint32_t)count;
    }
    fill_spec(request, detail, (int64_t)in->job);
    return true;
}

/* Of a job that has left the core. */
struct stored_show {
    struct request *request;
    Wattyard__JobDetail *detail;
    size_t counts[GANG_STATE_COUNT];
};

static int count_state(void *context, const struct gang_row *row, struct err *err)
{
    struct stored_show *show = context;

    (void)err;
    if (row->state >= 0 && row->state < GANG_STATE_COUNT)
        show->counts[row->state]++;
    return 0;
}

static int show_stored(void *context, const struct job_row *stored, struct err *err)
{
    struct stored_show *show = context;
    struct request *request = show->request;
    const Wattyard__ShowJob *in = request->in->show_job;

    if (!request_add_stored(request, stored, in->member))
        return 0;
    show->detail->row = request->answer->jobs[request->answer->n_jobs - 1];
    show->detail->kind = request_text(request, stored->kind);
    fill_manifest(request, show->detail, stored->manifest);
    if (stored->gang_count == 1 || in->member >= 0)
        return 0;
    if (store_each_gang_of(request->server->store, stored->id, count_state, show, err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof TELLING / sizeof *TELLING; i++)
        if (show->counts[TELLING[i]] > 0)
            add_state(request, show->detail, TELLING[i], show->counts[TELLING[i]]);
    return 0;
}

/* What the first page says of it. */
static void fill_detail(struct request *request, Wattyard__JobDetail *detail)
{
    const Wattyard__ShowJob *in = request->in->show_job;
    struct stored_show show = {.request = request, .detail = detail};
    struct err err = {0};

    if (!show_live(request, detail))
        (void)store_find_job(request->server->store, (int64_t)in->job, show_stored, &show, &err);
    if (detail->row == NULL && in->member >= 0)
        request_failf(
            request, 1, "there is no job %llu.%d", (unsigned long long)in->job, in->member);
    else if (detail->row == NULL)
        request_failf(request, 1, "there is no job %llu", (unsigned long long)in->job);
    else
        fill_usage(request, detail, (int64_t)in->job);
}

void request_show_job(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__ShowJob *in = request->in->show_job;
    Wattyard__JobDetail *detail = arena_zero(request->arena, 1, sizeof *detail);
    struct history_walk walk = {.request = request, .detail = detail};
    struct cursor from = request_cursor(&in->after);
    struct err err = {0};

    wattyard__job_detail__init(detail);
    if (server->is_writing) /* what this turn changes is not in the store yet */
        server_write_gangs(server);
    if (from.part != PART_HISTORY)
        fill_detail(request, detail);
    if (request->answer->status != 0)
        return;
    request->answer->job = detail;
    if (store_each_event(server->store, (int64_t)in->job, in->member, from.first,
            PROTOCOL_PAGE_ROWS, add_history, &walk, &err) != 0)
        request_fail(request, &err);
    if (!walk.is_full && detail->n_history < PROTOCOL_PAGE_ROWS)
        request->answer->next.len = 0;
}

/* --- Why it waits */

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
    row->where = request_text(request, server_block_place(server->fleet, &why->block, buffer));
    row->needs = isfinite(why->block.needs) ? why->block.needs : 0;
    row->has = isfinite(why->block.has) ? why->block.has : 0;
    row->unit = request_text(request, why->block.unit);
    row->earliest_ms = why->earliest_ms != INT64_MAX ? why->earliest_ms : 0;
    row->never = request_text(request, why->never);
    row->need_tasks = (uint32_t)system->task_count;
    row->tasks_per_host = (uint32_t)system->tasks_per_host;
    row->segment_tasks = system->is_domain_bound ? (uint32_t)system->segment_tasks : 0;
    row->gang_kw = system->system >= 0 ? shape_kw(system) : 0;
    row->segment_kw = system->task_count > 0
                          ? row->gang_kw * system->segment_tasks / system->task_count
                          : 0;
    answer->reasons = request_grow(
        request, answer->reasons, answer->n_reasons, sizeof(Wattyard__WhyRow *));
    answer->reasons[answer->n_reasons++] = row;
}

/* The member that is asked for, or the first that waits, or the first. NULL: there is none. */
static const struct gang *find_explained(struct request *request)
{
    const Wattyard__Explain *in = request->in->explain;
    const struct core *core = request->server->core;
    int64_t first_gang = 0;
    int count = core_find_job(core, (int64_t)in->job, &first_gang);

    if (in->member >= 0)
        return in->member < count ? core_find_gang(core, first_gang + in->member) : NULL;
    for (int i = 0; i < count; i++) {
        const struct gang *member = core_find_gang(core, first_gang + i);

        if (member->state == GANG_WAITING)
            return member;
    }
    return count > 0 ? core_find_gang(core, first_gang) : NULL;
}

void request_explain(struct request *request)
{
    struct server *server = request->server;
    const Wattyard__Explain *in = request->in->explain;
    const struct gang *gang = find_explained(request);
    struct why rows[WHY_ROWS];
    int count;

    if (gang == NULL) {
        if (!request_find_stored(request, (int64_t)in->job, in->member))
            request_failf(request, 1, "there is no job %llu", (unsigned long long)in->job);
        return;
    }
    (void)request_add_gang(request, gang);
    count = core_explain(server->core, gang->id, server->now_ms, rows, WHY_ROWS);
    for (int i = 0; i < count && i < WHY_ROWS; i++)
        add_why(request, gang, &rows[i]);
}
