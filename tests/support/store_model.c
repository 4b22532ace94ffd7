#include "tests/support/store_model.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum {
    OPERATIONS_MAX = 6,
    SPAN_MS = 1024, /* spans and amounts are such that every sum is exact, in any order */
    GANGS_A_JOB = 3
};

static const char *const TEXTS[] = {"", "train", "a name with 'quotes' and \"more\"; -- ", "größe",
    "line\nline", "gb300-[001-144]",
    "long long long long long long long long long long long long long long long long long long "};
static const char BYTES[] = "placement\0with zeros\0\xff\xfe";

static int pick(struct rng *rng, int count)
{
    return (int)rng_between(rng, 0, count - 1);
}

static const char *pick_text(struct rng *rng)
{
    return TEXTS[pick(rng, (int)(sizeof TEXTS / sizeof TEXTS[0]))];
}

struct store_model store_model_make(uint64_t seed)
{
    struct store_model model = {.rng = rng_seed(seed), .cluster = {.next_job = 1, .next_gang = 1}};

    for (int i = 0; i < STORE_MODEL_LIMITS; i++)
        model.limits[i].kw = -1;
    return model;
}

/* --- One operation in both. Each chooses first, then writes, then notes. */

typedef int (*operation_fn)(struct store_model *m, struct store *store, struct err *err);

static int add_manifest(struct store_model *m, struct store *store, struct err *err)
{
    const char *text = pick_text(&m->rng);
    int64_t id = m->manifest_count + 1;

    if (m->manifest_count == STORE_MODEL_MANIFESTS)
        return 0;
    if (store != NULL && store_add_manifest(store, text, strlen(text), &id, err) != 0)
        return -1;
    if (id != m->manifest_count + 1)
        return err_set(err, ERR_INTERNAL, "a manifest got id %lld", (long long)id);
    m->manifests[m->manifest_count++] = text;
    return 0;
}

static int put_new_job(struct store_model *m, struct store *store, struct err *err)
{
    struct job_row row = {.id = m->cluster.next_job,
        .first_gang = m->cluster.next_gang,
        .gang_count = GANGS_A_JOB,
        .manifest = rng_between(&m->rng, 0, m->manifest_count),
        .manifest_index = pick(&m->rng, 9),
        .name = pick_text(&m->rng),
        .tenant = pick_text(&m->rng),
        .user = pick_text(&m->rng),
        .kind = "train",
        .priority = pick(&m->rng, 2000) - 1000,
        .submit_ms = (int64_t)m->cluster.epoch * SPAN_MS};

    if (m->job_count == STORE_MODEL_JOBS)
        return 0;
    if (store != NULL && store_put_job(store, &row, err) != 0)
        return -1;
    m->jobs[m->job_count++] = row;
    m->cluster.next_job++;
    m->cluster.next_gang += GANGS_A_JOB;
    return 0;
}

/* A job that has not ended; NULL: none was met. */
static struct job_row *pick_live_job(struct store_model *m)
{
    struct job_row *job = m->job_count == 0 ? NULL : &m->jobs[pick(&m->rng, m->job_count)];

    return job == NULL || job->end_ms != 0 ? NULL : job;
}

static int change_job(struct store_model *m, struct store *store, struct err *err)
{
    struct job_row *job = pick_live_job(m);
    struct job_row row;

    if (job == NULL)
        return 0;
    row = *job;
    row.priority = pick(&m->rng, 100);
    if (pick(&m->rng, 3) == 0) {
        row.end_ms = (int64_t)(m->cluster.epoch + 1) * SPAN_MS;
        row.failed_count = pick(&m->rng, 3);
    }
    if (store != NULL && store_put_job(store, &row, err) != 0)
        return -1;
    *job = row;
    return 0;
}

static struct gang_row *find_gang(struct store_model *m, int64_t id)
{
    for (int i = 0; i < m->gang_count; i++)
        if (m->gangs[i].id == id)
            return &m->gangs[i];
    return NULL;
}

static int put_gang(struct store_model *m, struct store *store, struct err *err)
{
    const struct job_row *job = pick_live_job(m);
    bool has_placement = pick(&m->rng, 2) == 0;
    int member = pick(&m->rng, GANGS_A_JOB);
    struct gang_row *old;
    struct gang_row row;

    if (job == NULL)
        return 0;
    old = find_gang(m, job->first_gang + member);
    row = (struct gang_row){.id = job->first_gang + member,
        .job = job->id,
        .member = member,
        .state = pick(&m->rng, 7),
        .cause = pick(&m->rng, 7),
        .ending = pick(&m->rng, 7),
        .attempt = pick(&m->rng, 3),
        .retries_left = pick(&m->rng, 3),
        .is_held = pick(&m->rng, 2) != 0,
        .is_borrowing = pick(&m->rng, 2) != 0,
        .waits_for_hosts = pick(&m->rng, 2) != 0,
        .start_ms = rng_between(&m->rng, 0, INT64_MAX),
        .end_ms = pick(&m->rng, 1000),
        .shape_system = pick(&m->rng, 5) - 1,
        .stack_system = pick(&m->rng, 5) - 1,
        .mode = pick(&m->rng, 2),
        .system = pick_text(&m->rng),
        .hosts = pick_text(&m->rng),
        .master = pick_text(&m->rng),
        .reason = pick_text(&m->rng),
        .placement = has_placement ? BYTES : NULL,
        .placement_bytes = has_placement ? sizeof BYTES : 0,
        .exit_status = pick(&m->rng, 256),
        .task_count = pick(&m->rng, 1000),
        .chip_count = pick(&m->rng, 4000)};
    if (old == NULL && m->gang_count == STORE_MODEL_GANGS)
        return 0;
    if (store != NULL && store_put_gang(store, &row, err) != 0)
        return -1;
    *(old == NULL ? &m->gangs[m->gang_count++] : old) = row;
    return 0;
}

static const struct job_row *job_of(const struct store_model *m, const struct gang_row *gang)
{
    return &m->jobs[gang->job - 1];
}

/* A gang of a job that has not ended; NULL: none was met. */
static const struct gang_row *pick_live_gang(struct store_model *m)
{
    const struct gang_row *gang = m->gang_count == 0 ? NULL
                                                     : &m->gangs[pick(&m->rng, m->gang_count)];

    return gang == NULL || job_of(m, gang)->end_ms != 0 ? NULL : gang;
}

static int put_task(struct store_model *m, struct store *store, struct err *err)
{
    const struct gang_row *gang = pick_live_gang(m);
    struct task_row *old = NULL;
    struct task_row row;

    if (gang == NULL)
        return 0;
    row = (struct task_row){.gang = gang->id,
        .attempt = gang->attempt,
        .rank = pick(&m->rng, 3),
        .exit_status = pick(&m->rng, 256),
        .signal = pick(&m->rng, 30),
        .is_lost = pick(&m->rng, 2) != 0,
        .why = pick_text(&m->rng),
        .host = pick_text(&m->rng),
        .started_ms = pick(&m->rng, 1000),
        .ended_ms = pick(&m->rng, 1000)};
    for (int i = 0; i < m->task_count; i++)
        if (m->tasks[i].gang == row.gang && m->tasks[i].attempt == row.attempt &&
            m->tasks[i].rank == row.rank)
            old = &m->tasks[i];
    if (old == NULL && m->task_count == STORE_MODEL_TASKS)
        return 0;
    if (store != NULL && store_put_task(store, &row, err) != 0)
        return -1;
    *(old == NULL ? &m->tasks[m->task_count++] : old) = row;
    return 0;
}

static int put_usage(struct store_model *m, struct store *store, struct err *err)
{
    const struct gang_row *gang = pick_live_gang(m);
    struct usage_row *old = NULL;
    struct usage_row row;

    if (gang == NULL)
        return 0;
    row = (struct usage_row){.gang = gang->id,
        .job = gang->job,
        .attempt = gang->attempt,
        .tenant = job_of(m, gang)->tenant,
        .user = job_of(m, gang)->user,
        .system = gang->system,
        .start_ms = pick(&m->rng, 8) * SPAN_MS,
        .chip_seconds = pick(&m->rng, 100) * SPAN_MS,
        .joules = pick(&m->rng, 100) * SPAN_MS,
        .usd = pick(&m->rng, 100)};
    row.end_ms = row.start_ms + pick(&m->rng, 2) * SPAN_MS;
    for (int i = 0; i < m->usage_count; i++)
        if (m->usage[i].gang == row.gang && m->usage[i].attempt == row.attempt)
            old = &m->usage[i];
    if (old == NULL && m->usage_count == STORE_MODEL_USAGE)
        return 0;
    if (store != NULL && store_put_usage(store, &row, err) != 0)
        return -1;
    *(old == NULL ? &m->usage[m->usage_count++] : old) = row;
    return 0;
}

static int put_host(struct store_model *m, struct store *store, struct err *err)
{
    static const char *const NAMES[STORE_MODEL_HOSTS] = {"a", "b", "c", "d", "e", "f"};
    int i = pick(&m->rng, STORE_MODEL_HOSTS);
    struct host_row row = {.name = NAMES[i],
        .is_drained = pick(&m->rng, 2) != 0,
        .why = pick_text(&m->rng),
        .who = pick_text(&m->rng),
        .since_ms = pick(&m->rng, 1000),
        .boot = rng_next(&m->rng)};

    if (store != NULL && store_put_host(store, &row, err) != 0)
        return -1;
    m->hosts[i] = row;
    return 0;
}

static int put_limit(struct store_model *m, struct store *store, struct err *err)
{
    static const char *const PLACES[STORE_MODEL_LIMITS] = {"s", "s/h", "s/h/f", "t"};
    int i = pick(&m->rng, STORE_MODEL_LIMITS);
    struct limit_row row = {.place = PLACES[i],
        .kw = pick(&m->rng, 4) - 1,
        .who = pick_text(&m->rng),
        .at_ms = pick(&m->rng, 1000)};

    if (store != NULL && store_put_limit(store, &row, err) != 0)
        return -1;
    m->limits[i] = row;
    return 0;
}

static int add_event(struct store_model *m, struct store *store, struct err *err)
{
    struct event_row row = {.at_ms = (int64_t)m->cluster.epoch * SPAN_MS,
        .job = rng_between(&m->rng, 0, m->job_count),
        .gang = pick(&m->rng, 9),
        .member = pick(&m->rng, GANGS_A_JOB + 1) - 1,
        .attempt = pick(&m->rng, 3),
        .what = pick_text(&m->rng),
        .why = pick_text(&m->rng),
        .who = pick_text(&m->rng),
        .place = pick_text(&m->rng)};

    if (m->event_count == STORE_MODEL_EVENTS)
        return 0;
    if (store != NULL && store_add_event(store, &row, err) != 0)
        return -1;
    row.id = m->event_count + 1;
    m->events[m->event_count++] = row;
    return 0;
}

static int put_answer(struct store_model *m, struct store *store, struct err *err)
{
    int i = pick(&m->rng, STORE_MODEL_ANSWERS);
    const char *text = pick_text(&m->rng);
    unsigned char id[16];

    memset(id, i, sizeof id);
    if (store != NULL && store_put_answer(store, id, "user", (int64_t)m->cluster.epoch, text,
                             strlen(text), err) != 0)
        return -1;
    if (m->answers[i] == NULL) /* the first stays */
        m->answers[i] = text;
    return 0;
}

static int add_fleet(struct store_model *m, struct store *store, struct err *err)
{
    struct fleet_row row = {.at_ms = pick(&m->rng, 1000),
        .who = pick_text(&m->rng),
        .what = pick_text(&m->rng),
        .xml = BYTES,
        .xml_bytes = (size_t)pick(&m->rng, (int)sizeof BYTES)};

    if (m->fleet_count == STORE_MODEL_FLEETS)
        return 0;
    row.version = m->fleet_count + 1;
    if (store != NULL && store_add_fleet(store, &row, err) != 0)
        return -1;
    if (row.version != m->fleet_count + 1)
        return err_set(err, ERR_INTERNAL, "a fleet got version %lld", (long long)row.version);
    m->fleets[m->fleet_count++] = row;
    m->cluster.fleet_version = row.version;
    return 0;
}

int store_model_turn(struct store_model *model, struct store *store, struct err *err)
{
    static const operation_fn OPERATIONS[] = {add_manifest, put_new_job, change_job, put_gang,
        put_gang, put_task, put_usage, put_host, put_limit, add_event, put_answer, add_fleet};
    int count = 1 + pick(&model->rng, OPERATIONS_MAX);

    for (int i = 0; i < count; i++) {
        int which = pick(&model->rng, (int)(sizeof OPERATIONS / sizeof OPERATIONS[0]));

        if (OPERATIONS[which](model, store, err) != 0)
            return -1;
    }
    model->cluster.epoch++;
    return store == NULL ? 0 : store_write_cluster(store, &model->cluster, err);
}
