/* The queue: jobs by their ids or by what they are, page by page. */
#include "base/mem.h"
#include "scheduler/core_image.h"
#include "scheduler/server_private.h"

#include <string.h>

/* Where a page of a list begins (struct cursor): jobs named by their ids (index in the request,
 * member), those in the core (gang that was last, and gone_before_ms when the list began), those
 * that have left it (job, the same time, gang that was last in the core). */
enum { PART_NAMED = 'n', PART_LIVE = 'l', PART_ENDED = 'e' };
enum { NAMED_MOST = 10000 };

static bool is_full(const struct request *request)
{
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    size_t count = request->answer->n_jobs;

    return request_is_full(request, count) || (filter->max > 0 && count >= filter->max);
}

static bool is_wanted(const struct request *request, const struct gang *gang)
{
    const Wattyard__ListJobs *filter = request->in->list_jobs;
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

/* From `member` on, how many members are one row with it: nothing has happened to them. */
static int alike_count(const struct core *core, int64_t first_gang, int member, int count)
{
    int end = member;

    while (end < count && core_gang_is_untouched(core, first_gang + end))
        end++;
    return end > member ? end - member : 1;
}

/* The row of a gang and those alike, if it is asked for. */
static void add_wanted(struct request *request, const struct gang *gang, int alike)
{
    if (is_wanted(request, gang))
        request_add_gang(request, gang)->members = (uint32_t)alike;
}

/* --- By their ids */

/* A job's members from one on. False: the page is full. */
static bool list_members(struct request *request, size_t index, int64_t member)
{
    const struct core *core = request->server->core;
    int64_t first_gang = 0;
    int count = core_find_job(core, (int64_t)request->in->list_jobs->jobs[index], &first_gang);

    for (int64_t i = member; i < count;) {
        int alike = alike_count(core, first_gang, (int)i, count);

        if (is_full(request)) {
            request_go_on(
                request, (struct cursor){.part = PART_NAMED, .first = (int64_t)index, .second = i});
            return false;
        }
        add_wanted(request, core_find_gang(core, first_gang + i), alike);
        i += alike;
    }
    return true;
}

static bool has_state(const Wattyard__ListJobs *filter, const char *state)
{
    for (size_t i = 0; i < filter->n_states; i++)
        if (strcmp(filter->states[i], state) == 0)
            return true;
    return filter->n_states == 0;
}

static int add_stored(void *context, const struct job_row *stored, struct err *err)
{
    struct request *request = context;
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    Wattyard__Answer *answer = request->answer;

    (void)err;
    if ((filter->tenant[0] != '\0' && !str_equal(filter->tenant, stored->tenant)) ||
        (filter->user[0] != '\0' && !str_equal(filter->user, stored->user)) ||
        (filter->name[0] != '\0' && !str_equal(filter->name, stored->name)))
        return 0;
    if (request_add_stored(request, stored, -1) &&
        !has_state(filter, answer->jobs[answer->n_jobs - 1]->state))
        answer->n_jobs--;
    return 0;
}

static void list_named(struct request *request, const struct cursor *from)
{
    struct server *server = request->server;
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    int64_t first_gang = 0;

    for (size_t i = (size_t)from->first; i < filter->n_jobs; i++) {
        int64_t job = (int64_t)filter->jobs[i];
        bool is_begun = i == (size_t)from->first && from->second > 0;
        struct err err = {0};

        if (core_find_job(server->core, job, &first_gang) > 0) {
            if (!list_members(request, i, is_begun ? from->second : 0))
                return;
            continue;
        }
        if (is_begun) /* it left between two pages: its row would show its members again */
            continue;
        if (is_full(request)) {
            request_go_on(request, (struct cursor){.part = PART_NAMED, .first = (int64_t)i});
            return;
        }
        if (store_find_job(server->store, job, add_stored, request, &err) != 0)
            request_failf(request, 1, "there is no job %lld", (long long)job);
    }
}

/* --- All of them */

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

/* False: the page is full. from->first becomes the last gang. */
static bool list_live(struct request *request, struct cursor *from)
{
    const struct core *core = request->server->core;

    for (size_t i = first_past(core, from->first); i < core_gang_count(core);) {
        const struct gang *gang = core_gang_at(core, i);
        int64_t first_gang = 0;
        int count = core_find_job(core, gang->job, &first_gang);
        int alike = alike_count(core, first_gang, gang->member, count);

        if (is_full(request)) {
            request_go_on(request, (struct cursor){PART_LIVE, from->first, from->second, 0});
            return false;
        }
        add_wanted(request, gang, alike);
        i += (size_t)alike;
        from->first = gang->id + alike - 1;
    }
    return true;
}

/* A walk along those that have ended, newest first. */
struct ended_walk {
    struct request *request;
    const struct cursor *from;
    int count;
    int64_t last; /* the last that was looked at */
    bool is_full;
};

static int take_ended(void *context, const struct job_row *stored, struct err *err)
{
    struct ended_walk *walk = context;
    struct request *request = walk->request;
    const struct server *server = request->server;
    int64_t first_gang = 0;

    walk->is_full |= is_full(request);
    if (walk->is_full)
        return 0;
    walk->count++;
    walk->last = stored->id;
    /* It was listed with the others; so was one that has left the core since the list began. */
    if (core_find_job(server->core, stored->id, &first_gang) > 0 ||
        (stored->end_ms >= walk->from->second && stored->end_ms <= server->now_ms &&
            stored->first_gang <= walk->from->third))
        return 0;
    return add_stored(request, stored, err);
}

static void list_ended(struct request *request, const struct cursor *from)
{
    struct ended_walk walk = {.request = request, .from = from, .last = from->first};
    struct err err = {0};

    if (store_each_ended_job(
            request->server->store, from->first, PROTOCOL_PAGE_ROWS, take_ended, &walk, &err) != 0)
        request_fail(request, &err);
    else if (walk.is_full || walk.count == PROTOCOL_PAGE_ROWS)
        request_go_on(request, (struct cursor){PART_ENDED, walk.last, from->second, from->third});
}

/* No state that it asks for is one of the ended. */
static bool wants_live_alone(const Wattyard__ListJobs *filter)
{
    for (int state = 0; state < GANG_STATE_COUNT; state++)
        if (gang_state_is_terminal((enum gang_state)state) &&
            has_state(filter, GANG_STATE_NAMES[state]))
            return false;
    return true;
}

void request_list_jobs(struct request *request)
{
    const Wattyard__ListJobs *filter = request->in->list_jobs;
    struct cursor from = request_cursor(&filter->after);

    if (filter->n_jobs > NAMED_MOST) {
        request_failf(
            request, 2, "%zu jobs are named at once; %d can be", filter->n_jobs, NAMED_MOST);
        return;
    }
    if (filter->n_jobs > 0) {
        list_named(request, &from);
        return;
    }
    if (from.part == PART_ENDED) {
        list_ended(request, &from);
        return;
    }
    if (from.part != PART_LIVE)
        from = (struct cursor){PART_LIVE, 0, request->server->gone_before_ms, 0};
    if (list_live(request, &from) && filter->with_ended && !wants_live_alone(filter))
        list_ended(request, &(struct cursor){PART_ENDED, INT64_MAX, from.second, from.first});
}
