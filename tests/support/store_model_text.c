/* A model and a store as text: what one visits, the other does. */
#include "tests/support/store_model.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <inttypes.h>
#include <string.h>

enum { ATTEMPTS = 3, WINDOW_COUNT = 3, EVENTS_MAX = 100000, JOBS_MAX = 100000 };

/* Parts of the spans that turns make, some cut in the middle. */
static const int64_t WINDOWS[WINDOW_COUNT][2] = {{0, INT64_MAX}, {0, 3584}, {1536, 4096}};

/* --- Rows as lines */

struct reader {
    struct store *store;
    struct str out;
};

static void add_bytes(struct str *out, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        str_format(out, "%02x", ((const unsigned char *)bytes)[i]);
}

static void add_cluster(struct str *out, const struct cluster_row *row)
{
    str_format(out, "cluster %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", row->epoch,
        row->next_job, row->next_gang, row->fleet_version);
}

static void add_job(struct str *out, const struct job_row *row)
{
    str_format(out,
        "job %" PRId64 " %" PRId64 " %d %" PRId64 " %d [%s] [%s] [%s] [%s] %d %" PRId64 " %" PRId64
        " %d\n",
        row->id, row->first_gang, row->gang_count, row->manifest, row->manifest_index, row->name,
        row->tenant, row->user, row->kind, row->priority, row->submit_ms, row->end_ms,
        row->failed_count);
}

static int read_gang(void *context, const struct gang_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out, "gang %" PRId64 " %" PRId64 " %d %d %d %d %d %d %d %d %d ", row->id,
        row->job, row->member, row->state, row->cause, row->ending, row->attempt, row->retries_left,
        row->is_held, row->is_borrowing, row->waits_for_hosts);
    str_format(&r->out, "%" PRId64 " %" PRId64 " %d %d %d [%s] [%s] [%s] [%s] %d %d %d ",
        row->start_ms, row->end_ms, row->shape_system, row->stack_system, row->mode, row->system,
        row->hosts, row->master, row->reason, row->exit_status, row->task_count, row->chip_count);
    add_bytes(&r->out, row->placement, row->placement_bytes);
    str_add(&r->out, "\n");
    return 0;
}

static int read_task(void *context, const struct task_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out, "task %" PRId64 " %d %d %d %d %d [%s] [%s] %" PRId64 " %" PRId64 "\n",
        row->gang, row->attempt, row->rank, row->exit_status, row->signal, row->is_lost, row->why,
        row->host, row->started_ms, row->ended_ms);
    return 0;
}

static int read_sum(void *context, const struct usage_sum *sum, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out, "used [%s] %" PRId64 " %.17g %.17g %.17g\n", sum->key, sum->job_count,
        sum->chip_seconds, sum->joules, sum->usd);
    return 0;
}

static int read_host(void *context, const struct host_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out, "host %s %d [%s] [%s] %" PRId64 " %" PRIu64 "\n", row->name,
        row->is_drained, row->why, row->who, row->since_ms, row->boot);
    return 0;
}

static int read_limit(void *context, const struct limit_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(
        &r->out, "limit %s %.17g [%s] %" PRId64 "\n", row->place, row->kw, row->who, row->at_ms);
    return 0;
}

static int read_event(void *context, const struct event_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out,
        "event %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d %d [%s] [%s] [%s] [%s]\n",
        row->id, row->at_ms, row->job, row->gang, row->member, row->attempt, row->what, row->why,
        row->who, row->place);
    return 0;
}

static int read_fleet(void *context, const struct fleet_row *row, struct err *err)
{
    struct reader *r = context;

    (void)err;
    str_format(&r->out, "fleet %" PRId64 " %" PRId64 " [%s] [%s] ", row->version, row->at_ms,
        row->who, row->what);
    add_bytes(&r->out, row->xml, row->xml_bytes);
    str_add(&r->out, "\n");
    return 0;
}

/* --- The store's */

/* Walks within walks: a job's gangs, tasks, events and usage from the visitor of jobs. */
static int read_job(void *context, const struct job_row *row, struct err *err)
{
    struct reader *r = context;
    struct usage_sum sum;

    add_job(&r->out, row);
    if (store_each_gang_of(r->store, row->id, read_gang, r, err) != 0 ||
        store_each_event(r->store, row->id, -1, 0, EVENTS_MAX, read_event, r, err) != 0 ||
        store_each_event(r->store, row->id, 1, 0, EVENTS_MAX, read_event, r, err) != 0)
        return -1;
    for (int64_t gang = row->first_gang; gang < row->first_gang + row->gang_count; gang++)
        for (int attempt = 0; attempt < ATTEMPTS; attempt++)
            if (store_each_task_of(r->store, gang, attempt, read_task, r, err) != 0)
                return -1;
    return store_job_usage(r->store, row->id, &sum, err) != 0 ? -1 : read_sum(r, &sum, err);
}

static int read_manifests(struct reader *r, struct err *err)
{
    struct str bytes = {0};
    int rc = 0;

    for (int64_t id = 1; rc == 0 && id <= STORE_MODEL_MANIFESTS; id++) {
        rc = store_read_manifest(r->store, id, &bytes, err);
        if (rc == 0)
            str_format(&r->out, "manifest [%s]\n", str_text(&bytes));
    }
    str_fini(&bytes);
    return rc == 0 || err->kind == ERR_NOT_FOUND ? 0 : -1;
}

static int read_answers(struct reader *r, struct err *err)
{
    struct str bytes = {0};
    int got = 0;

    for (int i = 0; got >= 0 && i < STORE_MODEL_ANSWERS; i++) {
        unsigned char id[16];

        memset(id, i, sizeof id);
        got = store_find_answer(r->store, id, "user", &bytes, err);
        if (got == 1)
            str_format(&r->out, "answer %d [%s]\n", i, str_text(&bytes));
    }
    str_fini(&bytes);
    return got < 0 ? -1 : 0;
}

static int read_usage(struct reader *r, struct err *err)
{
    for (int by = USAGE_BY_TENANT; by <= USAGE_BY_SYSTEM; by++)
        for (int i = 0; i < WINDOW_COUNT; i++)
            if (store_sum_usage(r->store, (enum usage_by)by, WINDOWS[i][0], WINDOWS[i][1], read_sum,
                    r, err) != 0)
                return -1;
    return 0;
}

char *store_model_read(struct store *store, struct err *err)
{
    struct reader r = {.store = store};
    struct cluster_row cluster;

    if (store_read_cluster(store, &cluster, err) == 0) {
        add_cluster(&r.out, &cluster);
        if (store_each_live_job(store, read_job, &r, err) == 0 &&
            store_each_ended_job(store, 0, JOBS_MAX, read_job, &r, err) == 0 &&
            store_each_event(store, 0, -1, 0, EVENTS_MAX, read_event, &r, err) == 0 &&
            store_each_host(store, read_host, &r, err) == 0 &&
            store_each_limit(store, read_limit, &r, err) == 0 &&
            store_each_fleet(store, 0, read_fleet, &r, err) == 0 &&
            (cluster.fleet_version == 0 ||
                store_each_fleet(store, cluster.fleet_version, read_fleet, &r, err) == 0) &&
            read_manifests(&r, err) == 0 && read_answers(&r, err) == 0 && read_usage(&r, err) == 0)
            return r.out.text;
    }
    str_fini(&r.out);
    return NULL;
}

/* --- The model's */

static void read_model_events(
    struct reader *r, const struct store_model *m, int64_t job, int member)
{
    for (int i = 0; i < m->event_count; i++)
        if ((job == 0 || m->events[i].job == job) && (member < 0 || m->events[i].member == member))
            (void)read_event(r, &m->events[i], NULL);
}

static void read_model_tasks(struct reader *r, const struct store_model *m, int64_t gang)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++)
        for (int rank = 0; rank < 3; rank++)
            for (int i = 0; i < m->task_count; i++)
                if (m->tasks[i].gang == gang && m->tasks[i].attempt == attempt &&
                    m->tasks[i].rank == rank)
                    (void)read_task(r, &m->tasks[i], NULL);
}

static void read_model_job(struct reader *r, const struct store_model *m, const struct job_row *job)
{
    struct usage_sum sum = {.key = ""};

    add_job(&r->out, job);
    for (int64_t id = job->first_gang; id < job->first_gang + job->gang_count; id++)
        for (int i = 0; i < m->gang_count; i++)
            if (m->gangs[i].id == id)
                (void)read_gang(r, &m->gangs[i], NULL);
    read_model_events(r, m, job->id, -1);
    read_model_events(r, m, job->id, 1);
    for (int64_t id = job->first_gang; id < job->first_gang + job->gang_count; id++)
        read_model_tasks(r, m, id);
    for (int i = 0; i < m->usage_count; i++)
        if (m->usage[i].job == job->id) {
            sum.job_count = 1;
            sum.chip_seconds += m->usage[i].chip_seconds;
            sum.joules += m->usage[i].joules;
            sum.usd += m->usage[i].usd;
        }
    (void)read_sum(r, &sum, NULL);
}

static const char *usage_key(const struct usage_row *row, enum usage_by by)
{
    return by == USAGE_BY_TENANT ? row->tenant : by == USAGE_BY_USER ? row->user : row->system;
}

/* Which part of it lies in the window; of an instant, all or nothing. */
static double part_within(const struct usage_row *row, const int64_t window[2])
{
    int64_t from = row->start_ms > window[0] ? row->start_ms : window[0];
    int64_t to = row->end_ms < window[1] ? row->end_ms : window[1];

    if (row->end_ms == row->start_ms)
        return row->start_ms >= window[0] && row->start_ms < window[1] ? 1 : 0;
    return to <= from ? 0 : (double)(to - from) / (double)(row->end_ms - row->start_ms);
}

/* The sum over one key; job_count 0: none touched the window. */
static struct usage_sum sum_key(
    const struct store_model *m, enum usage_by by, const int64_t window[2], const char *key)
{
    bool is_counted[STORE_MODEL_JOBS + 1] = {false};
    struct usage_sum sum = {.key = key};

    for (int i = 0; i < m->usage_count; i++) {
        const struct usage_row *row = &m->usage[i];
        double part = part_within(row, window);

        if (part <= 0 || strcmp(usage_key(row, by), key) != 0)
            continue;
        sum.job_count += is_counted[row->job] ? 0 : 1;
        is_counted[row->job] = true;
        sum.chip_seconds += row->chip_seconds * part;
        sum.joules += row->joules * part;
        sum.usd += row->usd * part;
    }
    return sum;
}

/* The next key after `key` in order of bytes; NULL: no more. */
static const char *next_key(const struct store_model *m, enum usage_by by, const char *key)
{
    const char *next = NULL;

    for (int i = 0; i < m->usage_count; i++) {
        const char *is = usage_key(&m->usage[i], by);

        if ((key == NULL || strcmp(is, key) > 0) && (next == NULL || strcmp(is, next) < 0))
            next = is;
    }
    return next;
}

static void read_model_usage(struct reader *r, const struct store_model *m)
{
    for (int by = USAGE_BY_TENANT; by <= USAGE_BY_SYSTEM; by++)
        for (int w = 0; w < WINDOW_COUNT; w++) {
            const char *key = NULL;

            while ((key = next_key(m, (enum usage_by)by, key)) != NULL) {
                struct usage_sum sum = sum_key(m, (enum usage_by)by, WINDOWS[w], key);

                if (sum.job_count > 0)
                    (void)read_sum(r, &sum, NULL);
            }
        }
}

static void read_model_fleets(struct reader *r, const struct store_model *m)
{
    for (int i = 0; i < m->fleet_count; i++) {
        struct fleet_row head = m->fleets[i];

        head.xml_bytes = 0;
        (void)read_fleet(r, &head, NULL);
    }
    if (m->fleet_count > 0)
        (void)read_fleet(r, &m->fleets[m->fleet_count - 1], NULL);
}

char *store_model_text(const struct store_model *m)
{
    struct reader r = {0};

    add_cluster(&r.out, &m->cluster);
    for (int i = 0; i < m->job_count; i++)
        if (m->jobs[i].end_ms == 0)
            read_model_job(&r, m, &m->jobs[i]);
    for (int i = m->job_count; i-- > 0;)
        if (m->jobs[i].end_ms != 0)
            read_model_job(&r, m, &m->jobs[i]);
    read_model_events(&r, m, 0, -1);
    for (int i = 0; i < STORE_MODEL_HOSTS; i++)
        if (m->hosts[i].name != NULL)
            (void)read_host(&r, &m->hosts[i], NULL);
    for (int i = 0; i < STORE_MODEL_LIMITS; i++)
        if (m->limits[i].place != NULL && m->limits[i].kw >= 0)
            (void)read_limit(&r, &m->limits[i], NULL);
    read_model_fleets(&r, m);
    for (int i = 0; i < m->manifest_count; i++)
        str_format(&r.out, "manifest [%s]\n", m->manifests[i]);
    for (int i = 0; i < STORE_MODEL_ANSWERS; i++)
        if (m->answers[i] != NULL)
            str_format(&r.out, "answer %d [%s]\n", i, m->answers[i]);
    read_model_usage(&r, m);
    return r.out.text;
}
