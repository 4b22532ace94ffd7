/* The statements of the store, as one table. */
#include "scheduler/store_private.h"

#include "base/err.h"
#include "base/str.h"

/*
 * How the text is made: PLAIN as it stands; PUT from the layout alone, a row that replaces the one
 * with its key; ADD likewise, for a row that is not there; ROWS "SELECT <the layout's columns>
 * FROM" and the text.
 */
enum form { PLAIN, PUT, ADD, ROWS };

struct statement {
    enum form form;
    const struct store_layout *layout;
    const char *sql;
};

#define SUM_USAGE(key)                                                                             \
    "SELECT " key ", count(DISTINCT job), sum(chip_seconds * part), sum(joules * part),"           \
    " sum(usd * part)"                                                                             \
    " FROM (SELECT " key ", job, chip_seconds, joules, usd,"                                       \
    " CASE WHEN end_ms > start_ms"                                                                 \
    " THEN (min(end_ms, ?2) - max(start_ms, ?1)) * 1.0 / (end_ms - start_ms) ELSE 1.0 END AS part" \
    " FROM all_usage WHERE start_ms < ?2"                                                          \
    " AND (end_ms > ?1 OR (end_ms <= start_ms AND start_ms >= ?1)))"                               \
    " GROUP BY " key " ORDER BY " key

static const struct statement STATEMENTS[STORE_STATEMENT_COUNT] = {
    [STORE_BEGIN] = {PLAIN, NULL, "BEGIN"},
    [STORE_COMMIT] = {PLAIN, NULL, "COMMIT"},
    [STORE_ROLLBACK] = {PLAIN, NULL, "ROLLBACK"},
    [STORE_READ_CLUSTER] = {PLAIN, NULL,
        "SELECT cluster, epoch, next_job, next_gang, fleet_version FROM main.cluster"},
    [STORE_WRITE_CLUSTER] = {PLAIN, NULL,
        "UPDATE main.cluster SET epoch = ?1, next_job = ?2, next_gang = ?3, fleet_version = ?4"},

    [STORE_ADD_MANIFEST] = {PLAIN, NULL, "INSERT INTO main.manifests (id, bytes) VALUES (?1, ?2)"},
    [STORE_READ_MANIFEST] = {PLAIN, NULL, "SELECT bytes FROM all_manifests WHERE id = ?1"},

    [STORE_PUT_JOB] = {PUT, &store_jobs, NULL},
    [STORE_LIVE_JOBS] = {ROWS, &store_jobs, "main.jobs WHERE end_ms = 0 ORDER BY id"},
    [STORE_ENDED_JOBS] = {ROWS, &store_jobs,
        "all_jobs WHERE id < ?1 AND end_ms <> 0 ORDER BY id DESC LIMIT ?2"},
    [STORE_FIND_JOB] = {ROWS, &store_jobs, "all_jobs WHERE id = ?1"},

    [STORE_PUT_GANG] = {PUT, &store_gangs, NULL},
    [STORE_FIND_GANG] = {ROWS, &store_gangs, "gangs WHERE id = ?1"},
    [STORE_GANGS_OF] = {ROWS, &store_gangs, "all_gangs WHERE job = ?1 ORDER BY id"},

    [STORE_PUT_TASK] = {PUT, &store_tasks, NULL},
    [STORE_TASKS_OF] = {ROWS, &store_tasks,
        "all_tasks WHERE gang = ?1 AND attempt = ?2 ORDER BY rank"},

    [STORE_PUT_USAGE] = {PUT, &store_usage, NULL},
    [STORE_USAGE_BY_TENANT] = {PLAIN, NULL, SUM_USAGE("tenant")},
    [STORE_USAGE_BY_USER] = {PLAIN, NULL, SUM_USAGE("user")},
    [STORE_USAGE_BY_SYSTEM] = {PLAIN, NULL, SUM_USAGE("system")},
    [STORE_USAGE_OF_JOB] = {PLAIN, NULL,
        "SELECT '', count(DISTINCT job), total(chip_seconds), total(joules), total(usd)"
        " FROM all_usage WHERE job = ?1"},

    [STORE_PUT_HOST] = {PUT, &store_hosts, NULL},
    [STORE_EACH_HOST] = {ROWS, &store_hosts, "main.hosts ORDER BY name"},

    [STORE_PUT_LIMIT] = {PUT, &store_limits, NULL},
    [STORE_REMOVE_LIMIT] = {PLAIN, NULL, "DELETE FROM main.limits WHERE place = ?1"},
    [STORE_EACH_LIMIT] = {ROWS, &store_limits, "main.limits ORDER BY place"},

    [STORE_ADD_EVENT] = {ADD, &store_events, NULL},
    [STORE_EVENTS_OF_JOB] = {ROWS, &store_events,
        "all_events WHERE job = ?1 AND (?2 < 0 OR member = ?2) AND id > ?3 ORDER BY id LIMIT ?4"},
    [STORE_EVENTS] = {ROWS, &store_events,
        "all_events WHERE (?2 < 0 OR member = ?2) AND id > ?3 ORDER BY id LIMIT ?4"},

    [STORE_PUT_ANSWER] = {PLAIN, NULL,
        "INSERT INTO main.answers (id, user, at_ms, bytes) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (id, user) DO NOTHING"},
    [STORE_FIND_ANSWER] = {PLAIN, NULL,
        "SELECT bytes FROM main.answers WHERE id = ?1 AND user = ?2"},

    [STORE_LAST_FLEET] = {PLAIN, NULL, "SELECT coalesce(max(version), 0) FROM main.fleets"},
    [STORE_ADD_FLEET] = {ADD, &store_fleets, NULL},
    [STORE_FIND_FLEET] = {ROWS, &store_fleets, "main.fleets WHERE version = ?1"},
    [STORE_EACH_FLEET] = {ROWS, &store_fleet_heads, "main.fleets ORDER BY version"},
};

const struct store_layout *store_statement_layout(enum store_statement which)
{
    return STATEMENTS[which].layout;
}

static void add_columns(struct str *sql, const struct store_layout *layout)
{
    for (int i = 0; i < layout->count; i++)
        str_format(sql, "%s%s", i == 0 ? "" : ", ", layout->columns[i].name);
}

static void add_insert(struct str *sql, const struct store_layout *layout)
{
    str_format(sql, "INSERT INTO main.%s (", layout->table);
    add_columns(sql, layout);
    str_add(sql, ") VALUES (");
    for (int i = 0; i < layout->count; i++)
        str_add(sql, i == 0 ? "?" : ", ?");
    str_add(sql, ")");
}

static void add_of_role(struct str *sql, const struct store_layout *layout,
    enum store_column_role role, const char *format)
{
    const char *comma = "";

    for (int i = 0; i < layout->count; i++)
        if (layout->columns[i].role == role) {
            const char *name = layout->columns[i].name;

            str_add(sql, comma);
            str_add(sql, name);
            if (format != NULL)
                str_format(sql, " = %s.%s", format, name);
            comma = ", ";
        }
}

/* Only what can change is set anew: an index over what can't is then left alone. */
static void add_replace(struct str *sql, const struct store_layout *layout)
{
    str_add(sql, " ON CONFLICT (");
    add_of_role(sql, layout, STORE_KEY, NULL);
    str_add(sql, ") DO UPDATE SET ");
    add_of_role(sql, layout, STORE_VALUE, "excluded");
}

static void write_sql(struct str *sql, const struct statement *statement)
{
    switch (statement->form) {
    case PLAIN:
        str_add(sql, statement->sql);
        break;
    case ADD:
    case PUT:
        add_insert(sql, statement->layout);
        if (statement->form == PUT)
            add_replace(sql, statement->layout);
        break;
    case ROWS:
        str_add(sql, "SELECT ");
        add_columns(sql, statement->layout);
        str_format(sql, " FROM %s", statement->sql);
        break;
    }
}

sqlite3_stmt *store_prepare(struct store *store, enum store_statement which, struct err *err)
{
    sqlite3_stmt **statement = &store->statements[which];
    struct str sql = {0};
    int code;

    if (store->has_failed && which != STORE_ROLLBACK) {
        (void)err_set(err, ERR_STATE,
            "%s: a write of this transaction failed; nothing more is done until it is rolled back",
            store->folder);
        return NULL;
    }
    if (*statement == NULL) {
        write_sql(&sql, &STATEMENTS[which]);
        code = sqlite3_prepare_v3(
            store->db, str_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        str_fini(&sql);
        if (code != SQLITE_OK) {
            (void)store_fail(store, code, err);
            return NULL;
        }
    }
    if (sqlite3_stmt_busy(*statement)) {
        (void)err_set(err, ERR_INTERNAL,
            "%s: a walk was begun again from its own visitor; please report this", store->folder);
        return NULL;
    }
    return *statement;
}
