#include "scheduler/show_jobs.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/utf8.h"

#include <string.h>

enum { HOSTS_COLUMNS = 28, CLOCK_SIZE = 32 };

/* States that do not change any more. */
static const char *const ENDED[] = {"done", "failed", "cancelled", "timed-out"};

bool show_job_has_ended(const Wattyard__JobRow *row)
{
    for (size_t i = 0; i < sizeof ENDED / sizeof *ENDED; i++)
        if (str_equal(row->state, ENDED[i]))
            return true;
    return false;
}

bool show_job_is_done(const Wattyard__JobRow *row)
{
    return str_equal(row->state, "done");
}

static bool is_waiting(const Wattyard__JobRow *row)
{
    return str_equal(row->state, "waiting");
}

const char *show_job_id(const Wattyard__JobRow *row, char *buffer)
{
    if (row->members > 1)
        (void)snprintf(buffer, CELL_SIZE, "%llu[%u]", (unsigned long long)row->job, row->members);
    else if (row->member >= 0)
        (void)snprintf(buffer, CELL_SIZE, "%llu.%d", (unsigned long long)row->job, row->member);
    else
        (void)snprintf(buffer, CELL_SIZE, "%llu", (unsigned long long)row->job);
    return buffer;
}

static void cell_job(const void *row, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)show_job_id(row, buffer);
}

static const char *state_of(const Wattyard__JobRow *row)
{
    return row->is_held && is_waiting(row) ? "held" : row->state;
}

static void cell_state(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%s", state_of(data));
}

/* How long it waits, runs or ran. */
static double time_s(const Wattyard__JobRow *row, int64_t now_ms)
{
    int64_t from = is_waiting(row) || row->start_ms == 0 ? row->submit_ms : row->start_ms;
    int64_t to = show_job_has_ended(row) && row->end_ms != 0 ? row->end_ms : now_ms;

    return from == 0 ? 0 : ((double)to - (double)from) / 1000;
}

static void cell_time(const void *row, int64_t now_ms, char *buffer)
{
    (void)units_duration(time_s(row, now_ms), buffer, CELL_SIZE);
}

static void cell_reason(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__JobRow *row = data;
    char clock[CLOCK_SIZE];

    if (row->never[0] != '\0')
        (void)snprintf(buffer, CELL_SIZE, "never: %s", row->never);
    else if (is_waiting(row) && row->earliest_ms != 0)
        (void)snprintf(buffer, CELL_SIZE, "%s %s %s",
            rows_clock(row->earliest_ms, now_ms, clock, sizeof clock), row->earliest_system,
            row->reason);
    else if (!str_equal(row->reason, row->state)) /* "cancelled" need not be said twice */
        (void)snprintf(buffer, CELL_SIZE, "%s", row->reason);
}

#define AT(field) offsetof(Wattyard__JobRow, field)

static const struct row_column COLUMNS[] = {
    {"job", "JOB", CELL_COUNT64, AT(job), TABLE_LEFT, 0, cell_job},
    {"member", NULL, CELL_SIGNED, AT(member), TABLE_RIGHT, 0, NULL},
    {"members", NULL, CELL_COUNT, AT(members), TABLE_RIGHT, 0, NULL},
    {"name", "NAME", CELL_TEXT, AT(name), TABLE_LEFT, 32, NULL},
    {"tenant", "TENANT", CELL_TEXT, AT(tenant), TABLE_LEFT, 20, NULL},
    {"user", NULL, CELL_TEXT, AT(user), TABLE_LEFT, 0, NULL},
    {"priority", "PRIO", CELL_COUNT, AT(priority), TABLE_RIGHT, 0, NULL},
    {"state", "STATE", CELL_TEXT, AT(state), TABLE_LEFT, 0, cell_state},
    {"is_held", NULL, CELL_YES, AT(is_held), TABLE_LEFT, 0, NULL},
    {"system", "SYSTEM", CELL_TEXT, AT(system), TABLE_LEFT, 0, NULL},
    {"tasks", "TASKS", CELL_COUNT, AT(tasks), TABLE_RIGHT, 0, NULL},
    {"chips_per_task", NULL, CELL_COUNT, AT(chips_per_task), TABLE_RIGHT, 0, NULL},
    {"chips", "CHIPS", CELL_COUNT, AT(chips), TABLE_RIGHT, 0, NULL},
    {"hosts", "HOSTS", CELL_TEXT, AT(hosts), TABLE_LEFT, HOSTS_COLUMNS, NULL},
    {"time", "TIME", CELL_SHOWN, AT(start_ms), TABLE_RIGHT, 0, cell_time},
    {"submit", NULL, CELL_TIME, AT(submit_ms), TABLE_LEFT, 0, NULL},
    {"start", NULL, CELL_TIME, AT(start_ms), TABLE_LEFT, 0, NULL},
    {"end", NULL, CELL_TIME, AT(end_ms), TABLE_LEFT, 0, NULL},
    {"attempt", NULL, CELL_COUNT, AT(attempt), TABLE_RIGHT, 0, NULL},
    {"exit_status", NULL, CELL_SIGNED, AT(exit_status), TABLE_RIGHT, 0, NULL},
    {"earliest", NULL, CELL_TIME, AT(earliest_ms), TABLE_LEFT, 0, NULL},
    {"earliest_system", NULL, CELL_TEXT, AT(earliest_system), TABLE_LEFT, 0, NULL},
    {"never", NULL, CELL_TEXT, AT(never), TABLE_LEFT, 0, NULL},
    {"kw", NULL, CELL_NUMBER, AT(kw), TABLE_RIGHT, 0, NULL},
    {"usd_per_hour", NULL, CELL_NUMBER, AT(usd_per_hour), TABLE_RIGHT, 0, NULL},
    {"reason", "REASON", CELL_TEXT, AT(reason), TABLE_LEFT, 0, cell_reason},
};
#undef AT

struct row_set show_jobs_set(const void *const *rows, size_t count, int64_t now_ms)
{
    return (struct row_set){COLUMNS, sizeof COLUMNS / sizeof *COLUMNS, rows, count, now_ms};
}

/* "128 tasks × 4 chips" */
static void add_size(const Wattyard__JobRow *row, struct str *out)
{
    str_format(out, "%u %s", row->tasks, str_plural(row->tasks, "task", "tasks"));
    if (row->chips_per_task > 0)
        str_format(
            out, " × %u %s", row->chips_per_task, str_plural(row->chips_per_task, "chip", "chips"));
    if (row->members > 1)
        str_format(out, ", %u times", row->members);
}

void show_job_submitted(const Wattyard__JobRow *row, int64_t now_ms, FILE *stream)
{
    char id[CELL_SIZE];
    char clock[CLOCK_SIZE];
    struct str line = {0};

    str_format(&line, "job %s %s   %s   ", show_job_id(row, id), row->name, state_of(row));
    add_size(row, &line);
    if (row->never[0] != '\0')
        str_format(&line, "   never: %s", row->never);
    else if (row->earliest_ms != 0)
        str_format(&line, "   earliest start about %s (%s)",
            rows_clock(row->earliest_ms, now_ms, clock, sizeof clock), row->earliest_system);
    else if (row->reason[0] != '\0')
        str_format(&line, "   %s", row->reason);
    (void)fprintf(stream, "%s\n", str_text(&line));
    str_fini(&line);
}

void show_job_change(const Wattyard__JobRow *row, int64_t now_ms, FILE *stream)
{
    char id[CELL_SIZE];
    char instant[CLOCK_SIZE];
    struct str line = {0};

    str_format(&line, "%s   job %s %s   %s", rows_instant(now_ms, instant, sizeof instant),
        show_job_id(row, id), row->name, state_of(row));
    if (row->system[0] != '\0' && !show_job_has_ended(row))
        str_format(&line, "   %s %s", row->system, row->hosts);
    else if (row->reason[0] != '\0')
        str_format(&line, "   %s", row->reason);
    (void)fprintf(stream, "%s\n", str_text(&line));
    str_fini(&line);
}

/* --- One job */

#define AT(field) offsetof(Wattyard__HistoryRow, field)

static void cell_at(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HistoryRow *row = data;

    (void)now_ms;
    (void)rows_instant(row->at_ms, buffer, CLOCK_SIZE);
}

static void cell_attempt(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HistoryRow *row = data;

    (void)now_ms;
    if (row->attempt > 0)
        (void)snprintf(buffer, CELL_SIZE, "%u", row->attempt);
}

static void cell_where(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%s", ((const Wattyard__HistoryRow *)data)->where);
}

static void cell_who(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%s", ((const Wattyard__HistoryRow *)data)->who);
}

static void cell_why(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%s", ((const Wattyard__HistoryRow *)data)->why);
}

static const struct row_column HISTORY[] = {
    {"at", "WHEN", CELL_TIME, AT(at_ms), TABLE_LEFT, 0, cell_at},
    {"attempt", "ATTEMPT", CELL_COUNT, AT(attempt), TABLE_RIGHT, 0, cell_attempt},
    {"member", "MEMBER", CELL_SIGNED, AT(member), TABLE_RIGHT, 0, NULL},
    {"what", "WHAT", CELL_TEXT, AT(what), TABLE_LEFT, 0, NULL},
    {"where", "WHERE", CELL_TEXT, AT(where), TABLE_LEFT, HOSTS_COLUMNS, cell_where},
    {"who", "WHO", CELL_TEXT, AT(who), TABLE_LEFT, 0, cell_who},
    {"why", "WHY", CELL_TEXT, AT(why), TABLE_LEFT, 0, cell_why},
};
#undef AT

static void print_times(const Wattyard__JobRow *row, int64_t now_ms, FILE *stream)
{
    char at[CLOCK_SIZE];
    char took[CLOCK_SIZE];

    (void)fprintf(stream, "  submitted  %s\n", rows_instant(row->submit_ms, at, sizeof at));
    if (row->members > 1) /* each has times of its own */
        return;
    if (row->start_ms != 0)
        (void)fprintf(stream, "  started    %s\n", rows_instant(row->start_ms, at, sizeof at));
    if (row->end_ms != 0)
        (void)fprintf(stream, "  ended      %s\n", rows_instant(row->end_ms, at, sizeof at));
    (void)fprintf(stream, "  %-9s  %s\n",
        show_job_has_ended(row) ? "took"
        : is_waiting(row)       ? "waiting"
                                : "since",
        units_duration(time_s(row, now_ms), took, sizeof took));
}

static void print_costs(const Wattyard__JobDetail *job, FILE *stream)
{
    char usd[CLOCK_SIZE];
    char rate[CLOCK_SIZE];

    if (job->row->usd_per_hour > 0 && job->row->members <= 1)
        (void)fprintf(stream, "  draws      %.4g kW, %s an hour\n", job->row->kw,
            units_money(job->row->usd_per_hour, rate, sizeof rate));
    if (job->chip_hours > 0)
        (void)fprintf(stream, "  used       %.4g chip-hours, %.4g kWh, %s\n", job->chip_hours,
            job->kwh, units_money(job->usd, usd, sizeof usd));
}

/* A job's own text may hold anything: a terminal is not to obey it. */
static void print_own_text(const char *head, const char *text, FILE *stream)
{
    (void)fputs(head, stream);
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code = '?';
        size_t width = utf8_decode(text, left, &code);
        bool is_plain = width > 0 && code >= 0x20 && (code < 0x7f || code >= 0xa0);

        width = width > 0 ? width : 1;
        (void)fprintf(stream, "%.*s", is_plain ? (int)width : 1, is_plain ? text : "?");
        text += width;
        left -= width;
    }
    (void)fputc('\n', stream);
}

static void print_states(const Wattyard__JobDetail *job, FILE *stream)
{
    char count[CLOCK_SIZE];

    (void)fprintf(stream, "  members    ");
    for (size_t i = 0; i < job->n_states; i++)
        (void)fprintf(stream, "%s%s %s", i > 0 ? ", " : "",
            units_count(job->states[i]->members, count, sizeof count), job->states[i]->state);
    (void)fprintf(stream, "\n");
}

static void print_facts(const Wattyard__JobDetail *job, FILE *stream)
{
    const Wattyard__JobRow *row = job->row;
    struct str size = {0};
    char wall[CLOCK_SIZE];

    add_size(row, &size);
    (void)fprintf(stream, "  owner      %s, user %s, priority %u\n", row->tenant,
        row->user[0] != '\0' ? row->user : "-", row->priority);
    (void)fprintf(stream, "  asks for   %s, %s", job->kind, str_text(&size));
    if (job->wall_minutes > 0)
        (void)fprintf(
            stream, ", at most %s", units_duration(job->wall_minutes * 60, wall, sizeof wall));
    (void)fprintf(stream, "\n");
    if (row->members > 1)
        print_states(job, stream);
    else if (row->system[0] != '\0')
        (void)fprintf(
            stream, "  runs on    %s, %s\n", row->system, row->hosts[0] != '\0' ? row->hosts : "-");
    if (row->attempt > 0 && row->members <= 1)
        (void)fprintf(stream, "  attempt    %u, %u %s left\n", row->attempt, job->retries_left,
            str_plural(job->retries_left, "retry", "retries"));
    if (job->output[0] != '\0')
        print_own_text("  output     ", job->output, stream);
    str_fini(&size);
}

void show_job_detail(const Wattyard__JobDetail *job, const void *const *history,
    size_t history_count, bool is_cut, int64_t now_ms, FILE *stream)
{
    struct row_set set = {
        HISTORY, sizeof HISTORY / sizeof *HISTORY, history, history_count, now_ms};
    struct row_pick pick;
    char text[CELL_SIZE];

    (void)fprintf(
        stream, "job %s %s   %s", show_job_id(job->row, text), job->row->name, state_of(job->row));
    cell_reason(job->row, now_ms, text);
    (void)fprintf(stream, "%s%s\n", text[0] != '\0' ? ": " : "", text);
    print_facts(job, stream);
    print_times(job->row, now_ms, stream);
    print_costs(job, stream);
    if (history_count == 0)
        return;
    (void)fprintf(stream, "\n");
    (void)rows_pick(&set,
        job->row->members > 1 ? "at,member,attempt,what,where,who,why"
                              : "at,attempt,what,where,who,why",
        &pick, NULL);
    rows_print_table(&set, &pick, stream);
    if (is_cut)
        (void)fprintf(stream,
            "… and more, which --json has; wattyard job %llu.N is about one member\n",
            (unsigned long long)job->row->job);
}

static void add_one(const struct row_set *set, const char *key, struct json_writer *writer)
{
    struct row_pick pick;

    rows_pick_all(set, &pick);
    rows_add_json(set, &pick, key, writer);
}

int show_job_detail_json(const Wattyard__JobDetail *job, const void *const *history,
    size_t history_count, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    const void *rows[] = {job->row};
    struct row_set row = show_jobs_set(rows, 1, 0);
    struct row_set past = {HISTORY, sizeof HISTORY / sizeof *HISTORY, history, history_count, 0};
    int rc;

    json_open_object(writer, NULL);
    add_one(&row, "jobs", writer);
    json_text(writer, "kind", job->kind);
    json_number(writer, "value_usd_per_hour", job->value_usd_per_hour);
    json_count(writer, "retries_left", job->retries_left);
    json_number(writer, "wall_minutes", job->wall_minutes);
    json_number(writer, "chip_hours", job->chip_hours);
    json_number(writer, "kwh", job->kwh);
    json_number(writer, "usd", job->usd);
    json_text(writer, "output", job->output);
    json_open_object(writer, "states");
    for (size_t i = 0; i < job->n_states; i++)
        json_count(writer, job->states[i]->state, job->states[i]->members);
    json_close(writer);
    add_one(&past, "history", writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}
