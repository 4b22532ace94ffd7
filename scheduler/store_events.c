/* The event log. */
#include "scheduler/store_private.h"

#define VALUE(kind, name) STORE_COLUMN(event_row, STORE_VALUE, kind, name)

static const struct store_column COLUMNS[] = {
    STORE_COLUMN(event_row, STORE_KEY, STORE_INT64, id),
    VALUE(STORE_INT64, at_ms),
    VALUE(STORE_INT64, job),
    VALUE(STORE_INT64, gang),
    VALUE(STORE_INT, member),
    VALUE(STORE_INT, attempt),
    VALUE(STORE_TEXT, what),
    VALUE(STORE_TEXT, why),
    VALUE(STORE_TEXT, who),
    VALUE(STORE_TEXT, place),
};

const struct store_layout store_events = {
    "events", COLUMNS, (int)(sizeof COLUMNS / sizeof COLUMNS[0])};

int store_add_event(struct store *store, const struct event_row *row, struct err *err)
{
    struct event_row numbered = *row;

    numbered.id = store->last.event + 1;
    if (store_put(store, STORE_ADD_EVENT, &numbered, err) != 0)
        return -1;
    store->last.event = numbered.id;
    return 0;
}

int store_each_event(struct store *store, int64_t job, int member, int64_t after_id, int max,
    event_visit_fn visit, void *context, struct err *err)
{
    const int64_t numbers[] = {job, member, after_id, max};
    struct store_walk walk;
    struct event_row row;
    int got;

    if (store_walk_start(
            &walk, store, job == 0 ? STORE_EVENTS : STORE_EVENTS_OF_JOB, numbers, 4, err) != 0)
        return -1;
    while ((got = store_walk_next(&walk, &row, err)) == 1 && visit(context, &row, err) == 0)
        ;
    store_walk_end(&walk);
    return got == 0 ? 0 : -1;
}
