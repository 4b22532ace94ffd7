/* What `place` says: the JSON of the formats page, and tables for people. */
#include "base/date.h"
#include "base/err.h"
#include "base/hostlist.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "base/units.h"
#include "scheduler/place.h"
#include "scheduler/reasons.h"

enum { REASONS_MAX = 64, NAME_SIZE = 96 };

static const char *system_id(const struct core *core, const struct gang *gang, int shape_system)
{
    const struct shape_system *system = &gang->shape->systems[shape_system];

    return system->system >= 0   ? core_fleet(core)->catalog.systems[system->system].id
           : system->row != NULL ? system->row->id
                                 : "";
}

static double net_value(const struct gang *gang)
{
    return gang->shape->value_usd_per_hour *
               gang->shape->systems[gang->placement->system].throughput -
           gang->placement->usd_per_hour;
}

static void add_member(struct json_writer *writer, const struct gang *gang)
{
    if (gang->spec->replicas_max > 0)
        json_count(writer, "replica", gang->member);
    if (gang->spec->array_count > 0)
        json_count(writer, "index", gang->member);
}

static void add_tasks(
    struct json_writer *writer, const struct core *core, const struct placement *placement)
{
    char name[FLEET_NAME_SIZE];

    json_open_array(writer, "tasks");
    for (int i = 0; i < placement->task_count; i++) {
        json_open_object(writer, NULL);
        json_count(writer, "task", i);
        json_text(
            writer, "host", fleet_host_name(core_fleet(core), placement->tasks[i].host, name));
        json_open_array(writer, "chips");
        for (int chip = 0; chip < 64; chip++)
            if ((placement->tasks[i].chips >> chip & 1U) != 0)
                json_count(writer, NULL, chip);
        json_close(writer);
        json_close(writer);
    }
    json_close(writer);
}

static void add_placed(struct json_writer *writer, const struct core *core, const struct gang *gang)
{
    json_open_object(writer, NULL);
    json_text(writer, "job", gang->spec->name);
    add_member(writer, gang);
    json_text(writer, "system", system_id(core, gang, gang->placement->system));
    json_number(writer, "value_usd_per_hour", net_value(gang));
    json_number(writer, "usd_per_hour", gang->placement->usd_per_hour);
    json_number(writer, "kw", gang->placement->kw);
    add_tasks(writer, core, gang->placement);
    json_close(writer);
}

static void add_reason(struct json_writer *writer, const struct core *core, const struct gang *gang,
    const struct why *why)
{
    char where[FLEET_NAME_SIZE];
    char instant[DATE_TEXT_SIZE];

    json_open_object(writer, NULL);
    json_text(writer, "system", system_id(core, gang, why->shape_system));
    json_text(writer, "blocked_by", BLOCKED_BY_NAMES[why->block.by]);
    json_text(writer, "where", reasons_where(core_fleet(core), &why->block, where));
    json_number(writer, "needs", why->block.needs);
    json_number(writer, "has", why->block.has);
    json_text(writer, "unit", why->block.unit);
    json_text(writer, "earliest",
        why->earliest_ms != INT64_MAX ? date_format_instant(why->earliest_ms, instant) : NULL);
    if (why->never != NULL)
        json_text(writer, "never", why->never);
    json_close(writer);
}

/* A job that names no system of this fleet still has a reason. */
static void add_no_system(struct json_writer *writer)
{
    json_open_object(writer, NULL);
    json_none(writer, "system");
    json_text(writer, "blocked_by", BLOCKED_BY_NAMES[BLOCKED_NEVER]);
    json_none(writer, "where");
    json_number(writer, "needs", 1);
    json_number(writer, "has", 0);
    json_text(writer, "unit", "systems");
    json_none(writer, "earliest");
    json_close(writer);
}

static void add_waiting(
    struct json_writer *writer, const struct core *core, const struct gang *gang, int64_t now_ms)
{
    struct why rows[REASONS_MAX];
    int count = core_explain(core, gang->id, now_ms, rows, REASONS_MAX);

    json_open_object(writer, NULL);
    json_text(writer, "job", gang->spec->name);
    add_member(writer, gang);
    json_open_array(writer, "reasons");
    for (int i = 0; i < count && i < REASONS_MAX; i++)
        add_reason(writer, core, gang, &rows[i]);
    if (count == 0)
        add_no_system(writer);
    json_close(writer);
    json_close(writer);
}

static void add_round(
    struct json_writer *writer, const struct core *core, const struct place_times *times)
{
    const struct round_report *report = core_last_round(core);

    json_open_object(writer, "round");
    json_number(writer, "bound_usd_per_hour", report->bound_usd_per_hour);
    json_number(writer, "value_usd_per_hour", report->value_usd_per_hour);
    json_number(writer, "gap", report->gap);
    json_count(writer, "greedy_tiers", report->greedy_count);
    json_open_object(writer, "seconds");
    json_number(writer, "read", times->read_s);
    json_number(writer, "lp", times->lp_s);
    json_number(writer, "rounding", times->rounding_s);
    json_number(writer, "packing", times->packing_s);
    json_close(writer);
    json_open_array(writer, "tiers");
    for (int i = 0; i < report->tier_count; i++) {
        json_open_object(writer, NULL);
        json_count(writer, "tier", report->tiers[i].tier);
        json_number(writer, "bound_usd_per_hour", report->tiers[i].bound_usd_per_hour);
        json_number(writer, "value_usd_per_hour", report->tiers[i].value_usd_per_hour);
        json_close(writer);
    }
    json_close(writer);
    json_close(writer);
}

int place_print_json(const struct core *core, int64_t now_ms, const struct place_times *times,
    FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    json_text(writer, "fleet", core_fleet(core)->name);
    add_round(writer, core, times);
    json_open_array(writer, "placed");
    for (size_t i = 0; i < core_gang_count(core); i++)
        if (core_gang_at(core, i)->placement != NULL)
            add_placed(writer, core, core_gang_at(core, i));
    json_close(writer);
    json_open_array(writer, "waiting");
    for (size_t i = 0; i < core_gang_count(core); i++)
        if (core_gang_at(core, i)->placement == NULL)
            add_waiting(writer, core, core_gang_at(core, i), now_ms);
    json_close(writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

/* --- For people */

/* Gangs of one job that went to the same kind of system are one line: gangs [first, end). */
struct run {
    size_t first, end;
};

static bool are_alike(const struct gang *a, const struct gang *b)
{
    return a->job == b->job && (a->placement == NULL) == (b->placement == NULL) &&
           (a->placement == NULL || a->placement->system == b->placement->system);
}

static struct run run_from(const struct core *core, size_t first)
{
    struct run run = {first, first + 1};

    while (run.end < core_gang_count(core) &&
           are_alike(core_gang_at(core, first), core_gang_at(core, run.end)))
        run.end++;
    return run;
}

/* "chat[0-7]", or the name alone of a plain job. */
static const char *run_name(const struct core *core, struct run run, char *buffer)
{
    const struct gang *gang = core_gang_at(core, run.first);

    if (gang->spec->replicas_max == 0 && gang->spec->array_count == 0)
        (void)snprintf(buffer, NAME_SIZE, "%s", gang->spec->name);
    else if (run.end == run.first + 1)
        (void)snprintf(buffer, NAME_SIZE, "%s[%d]", gang->spec->name, gang->member);
    else
        (void)snprintf(buffer, NAME_SIZE, "%s[%d-%d]", gang->spec->name, gang->member,
            gang->member + (int)(run.end - run.first) - 1);
    return buffer;
}

static void add_hosts(const struct core *core, struct run run, struct str *out)
{
    const struct fleet *fleet = core_fleet(core);
    struct arena *arena = arena_create();
    const char **names = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int last = -1;

    for (size_t i = run.first; i < run.end; i++) {
        const struct placement *placement = core_gang_at(core, i)->placement;

        for (int t = 0; t < placement->task_count; t++) {
            char name[FLEET_NAME_SIZE];

            if (placement->tasks[t].host == last)
                continue;
            last = placement->tasks[t].host;
            names = mem_grow(names, count, &capacity, sizeof *names);
            names[count++] = arena_copy_text(arena, fleet_host_name(fleet, last, name));
        }
    }
    hostlist_compress(names, count, out);
    arena_destroy(arena);
    mem_free(names);
}

static void add_placed_row(struct table *table, const struct core *core, struct run run)
{
    const struct gang *first = core_gang_at(core, run.first);
    const struct shape_system *system = &first->shape->systems[first->placement->system];
    int count = (int)(run.end - run.first);
    struct str hosts = {0};
    double kw = 0;
    double usd = 0;
    double net = 0;
    char name[NAME_SIZE];

    for (size_t i = run.first; i < run.end; i++) {
        kw += core_gang_at(core, i)->placement->kw;
        usd += core_gang_at(core, i)->placement->usd_per_hour;
        net += net_value(core_gang_at(core, i));
    }
    add_hosts(core, run, &hosts);
    table_cell(table, "%s", run_name(core, run, name));
    table_cell(table, "%s", system_id(core, first, first->placement->system));
    table_cell(table, "%d", system->task_count * count);
    table_cell(table, "%lld", (long long)shape_chip_count(system) * count);
    table_cell(table, "%.1f", kw);
    table_cell(table, "%.2f", usd);
    table_cell(table, "%.2f", net);
    table_cell(table, "%s", str_text(&hosts));
    table_end_row(table);
    str_fini(&hosts);
}

static void print_placed(const struct core *core, FILE *stream)
{
    static const struct table_column COLUMNS[] = {{"JOB", TABLE_LEFT, 28},
        {"SYSTEM", TABLE_LEFT, 0}, {"TASKS", TABLE_RIGHT, 0}, {"CHIPS", TABLE_RIGHT, 0},
        {"kW", TABLE_RIGHT, 0}, {"$/h", TABLE_RIGHT, 0}, {"GAIN $/h", TABLE_RIGHT, 0},
        {"HOSTS", TABLE_LEFT, 48}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);

    for (size_t i = 0; i < core_gang_count(core);) {
        struct run run = run_from(core, i);

        if (core_gang_at(core, i)->placement != NULL)
            add_placed_row(table, core, run);
        i = run.end;
    }
    if (table_row_count(table) > 0)
        table_print(table, 0, stream);
    else
        (void)fputs("Nothing would start.\n", stream);
    table_destroy(table);
}

/* Members of one job wait for much the same: said once, of the first. */
static void print_reasons(const struct core *core, struct run run, int64_t now_ms, FILE *stream)
{
    const struct gang *gang = core_gang_at(core, run.first);
    struct why rows[REASONS_MAX];
    int count = core_explain(core, gang->id, now_ms, rows, REASONS_MAX);
    char name[NAME_SIZE];

    (void)fprintf(stream, "  %s   %s, priority %d\n", run_name(core, run, name), gang->spec->tenant,
        gang->spec->priority);
    for (int i = 0; i < count && i < REASONS_MAX; i++) {
        struct str words = {0};

        reasons_words(core, gang, &rows[i], &words);
        (void)fprintf(stream, "    %-16s  %s\n", system_id(core, gang, rows[i].shape_system),
            str_text(&words));
        str_fini(&words);
    }
    if (count == 0)
        (void)fputs("    never: no system that it allows stands in this fleet\n", stream);
}

void place_print_text(const struct core *core, int64_t now_ms, FILE *stream)
{
    const struct round_report *report = core_last_round(core);
    char value[32];
    char bound[32];
    size_t waiting = 0;

    for (size_t i = 0; i < core_gang_count(core); i++)
        waiting += core_gang_at(core, i)->placement == NULL;
    print_placed(core, stream);
    if (waiting > 0)
        (void)fprintf(stream, "\nWAITING   %zu\n", waiting);
    for (size_t i = 0; i < core_gang_count(core);) {
        struct run run = run_from(core, i);

        if (core_gang_at(core, i)->placement == NULL)
            print_reasons(core, run, now_ms, stream);
        i = run.end;
    }
    (void)fprintf(stream,
        "\nThis round is worth %s an hour; at most %s could be had (gap %.2f %%).\n",
        units_money(report->value_usd_per_hour, value, sizeof value),
        units_money(report->bound_usd_per_hour, bound, sizeof bound), report->gap * 100);
    if (report->greedy_count > 0)
        (void)fprintf(stream, "%d %s went on without the program: its solver gave no answer.\n",
            report->greedy_count, str_plural(report->greedy_count, "tier", "tiers"));
}
