/* Why a job waits: a paragraph for each system that it could run on. */
#include "base/json.h"
#include "base/str.h"
#include "base/units.h"
#include "scheduler/reasons.h"
#include "scheduler/show_jobs.h"

enum { CLOCK_SIZE = 32, NUMBER_SIZE = 32, SYSTEM_COLUMNS = 12 };

/* How figures are told: "PLACE <has> … , <needs> …" by what blocks. */
enum wording {
    WORDS_FREE,  /* "oregon: 96 of 128 hosts are free" */
    WORDS_POWER, /* "feed oregon/h1/f03 has 212 kW left: power holds it back" */
    WORDS_MONEY, /* "research has $12 an hour left, and it costs $30" */
    WORDS_SHARE, /* of the fleet */
    WORDS_VALUE, /* it costs more than it is worth */
    WORDS_PLAIN  /* no figures */
};

static const struct {
    const char *blocked_by;
    enum wording wording;
    const char *text; /* WORDS_PLAIN: all of it; WORDS_POWER: the level */
} WORDINGS[] = {
    {"chips", WORDS_FREE, NULL},
    {"domains", WORDS_FREE, NULL},
    {"rack-power", WORDS_POWER, "rack"},
    {"feed-power", WORDS_POWER, "feed"},
    {"hall-power", WORDS_POWER, "hall"},
    {"site-power", WORDS_POWER, "site"},
    {"budget", WORDS_MONEY, NULL},
    {"share", WORDS_SHARE, NULL},
    {"value", WORDS_VALUE, NULL},
    {"dependency", WORDS_PLAIN, "waits for another job to end"},
    {"reserved", WORDS_PLAIN, "what is free is kept for jobs before it, or the next round decides"},
    {"held", WORDS_PLAIN, "held by its manifest, a person or a failure; wattyard queue says which"},
    {"never", WORDS_PLAIN, "not possible on this fleet"},
};

static void add_figures(
    const Wattyard__WhyRow *why, enum wording wording, const char *level, struct str *out)
{
    const char *unit;
    const char *place = why->where[0] != '\0' ? why->where : "the fleet";
    char needs[NUMBER_SIZE];
    char has[NUMBER_SIZE];

    switch (wording) {
    case WORDS_FREE:
        unit = why->unit[0] != '\0' ? why->unit : "chips";
        str_format(out, "%s: %s of %s %.*s %s free", place, units_count(why->has, has, sizeof has),
            units_count(why->needs, needs, sizeof needs), reasons_unit_length(unit, why->needs),
            unit, why->needs == 1 ? "is" : "are");
        break;
    case WORDS_POWER:
        str_format(out, "%s %s has %.5g kW left and %.5g kW are needed: power holds it back", level,
            place, why->has, why->needs);
        break;
    case WORDS_MONEY:
        str_format(out, "the tenant's budget has %s an hour left, and this costs %s",
            units_money(why->has, has, sizeof has), units_money(why->needs, needs, sizeof needs));
        break;
    case WORDS_SHARE:
        str_format(out, "the tenant's share has %s of the fleet left, and this takes %s",
            units_percent(why->has, has, sizeof has),
            units_percent(why->needs, needs, sizeof needs));
        break;
    case WORDS_VALUE:
        str_format(out, "costs %s an hour there, and is worth %s",
            units_money(why->needs, needs, sizeof needs), units_money(why->has, has, sizeof has));
        break;
    case WORDS_PLAIN:
        str_add(out, level);
        break;
    }
}

/* What the gang asks of that system: "needs 128 hosts in segments of 16, 46.4 kW a segment". */
static void add_needs(const Wattyard__WhyRow *why, struct str *out)
{
    bool is_shared = why->tasks_per_host > 1; /* a host holds several */

    if (is_shared)
        str_format(out, "needs room for %u %s", why->need_tasks,
            str_plural(why->need_tasks, "task", "tasks"));
    else
        str_format(
            out, "needs %u %s", why->need_tasks, str_plural(why->need_tasks, "host", "hosts"));
    if (why->segment_tasks > 0 && why->segment_tasks < why->need_tasks)
        str_format(
            out, " in segments of %u, %.5g kW a segment", why->segment_tasks, why->segment_kw);
    else if (why->segment_tasks > 0)
        str_format(out, " in one domain, %.5g kW", why->gang_kw);
    else if (why->gang_kw > 0)
        str_format(out, ", %.5g kW", why->gang_kw);
}

static void add_block(const Wattyard__WhyRow *why, int64_t now_ms, struct str *out)
{
    char clock[CLOCK_SIZE];
    size_t i = 0;
    size_t count = sizeof WORDINGS / sizeof *WORDINGS;

    while (i < count && !str_equal(WORDINGS[i].blocked_by, why->blocked_by))
        i++;
    if (i < count)
        add_figures(why, WORDINGS[i].wording, WORDINGS[i].text, out);
    else
        str_add(out, why->blocked_by[0] != '\0' ? why->blocked_by : "nothing holds it back now");
    if (why->earliest_ms != 0)
        str_format(out, "; about %s", rows_clock(why->earliest_ms, now_ms, clock, sizeof clock));
}

static void print_reason(const Wattyard__WhyRow *why, int width, int64_t now_ms, FILE *stream)
{
    struct str text = {0};

    if (why->never[0] != '\0') {
        (void)fprintf(stream, "  %-*s  %s\n", width, why->system, why->never);
        return;
    }
    if (why->need_tasks > 0) {
        add_needs(why, &text);
        (void)fprintf(stream, "  %-*s  %s\n", width, why->system, str_text(&text));
        str_clear(&text);
    }
    add_block(why, now_ms, &text);
    (void)fprintf(
        stream, "  %-*s  %s\n", width, why->need_tasks > 0 ? "" : why->system, str_text(&text));
    str_fini(&text);
}

void show_job_reasons(const Wattyard__JobRow *row, const void *const *reasons, size_t count,
    int64_t now_ms, FILE *stream)
{
    char id[CELL_SIZE];
    char since[CLOCK_SIZE];
    int width = SYSTEM_COLUMNS;

    for (size_t i = 0; i < count; i++) {
        int columns = (int)str_columns(((const Wattyard__WhyRow *)reasons[i])->system);

        width = columns > width ? columns : width;
    }
    (void)fprintf(stream, "job %s %s   %s, priority %u, %s %s\n", show_job_id(row, id), row->name,
        row->tenant, row->priority, row->state,
        units_duration(((double)now_ms - (double)row->submit_ms) / 1000, since, sizeof since));
    for (size_t i = 0; i < count; i++)
        print_reason(reasons[i], width, now_ms, stream);
    if (count == 0)
        (void)fprintf(stream, "  %s\n",
            row->reason[0] != '\0'             ? row->reason
            : show_job_has_ended(row)          ? "it has ended"
            : str_equal(row->state, "waiting") ? "nothing holds it back"
                                               : "it does not wait");
}

#define AT(field) offsetof(Wattyard__WhyRow, field)

static const struct row_column COLUMNS[] = {
    {"system", NULL, CELL_TEXT, AT(system), TABLE_LEFT, 0, NULL},
    {"blocked_by", NULL, CELL_TEXT, AT(blocked_by), TABLE_LEFT, 0, NULL},
    {"where", NULL, CELL_TEXT, AT(where), TABLE_LEFT, 0, NULL},
    {"needs", NULL, CELL_NUMBER, AT(needs), TABLE_RIGHT, 0, NULL},
    {"has", NULL, CELL_NUMBER, AT(has), TABLE_RIGHT, 0, NULL},
    {"unit", NULL, CELL_TEXT, AT(unit), TABLE_LEFT, 0, NULL},
    {"earliest", NULL, CELL_TIME, AT(earliest_ms), TABLE_LEFT, 0, NULL},
    {"never", NULL, CELL_TEXT, AT(never), TABLE_LEFT, 0, NULL},
    {"tasks", NULL, CELL_COUNT, AT(need_tasks), TABLE_RIGHT, 0, NULL},
    {"segment", NULL, CELL_COUNT, AT(segment_tasks), TABLE_RIGHT, 0, NULL},
    {"segment_kw", NULL, CELL_NUMBER, AT(segment_kw), TABLE_RIGHT, 0, NULL},
    {"kw", NULL, CELL_NUMBER, AT(gang_kw), TABLE_RIGHT, 0, NULL},
};
#undef AT

int show_job_reasons_json(const Wattyard__JobRow *row, const void *const *reasons, size_t count,
    FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    const void *rows[] = {row};
    struct row_set jobs = show_jobs_set(rows, 1, 0);
    struct row_set whys = {COLUMNS, sizeof COLUMNS / sizeof *COLUMNS, reasons, count, 0};
    struct row_pick pick;
    int rc;

    json_open_object(writer, NULL);
    rows_pick_all(&jobs, &pick);
    rows_add_json(&jobs, &pick, "jobs", writer);
    rows_pick_all(&whys, &pick);
    rows_add_json(&whys, &pick, "reasons", writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}
