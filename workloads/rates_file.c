#include "workloads/rates_file.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "workloads/scenario_private.h"

#include <math.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 16 << 20,
    LINE_BYTES_MAX = 1024,
    FIELDS_MAX = 8,
    BAD_ROWS_MAX = FAULTS_MAX
};

enum column { COLUMN_WORKLOAD, COLUMN_SYSTEM, COLUMN_RATE, COLUMN_POWER, COLUMN_COUNT };
static const char *const COLUMN_NAMES[COLUMN_COUNT] = {
    "workload", "system", "units_per_hour", "power_fraction"};

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

struct rates_reader {
    struct scenario *scenario;
    struct faults *faults;
    struct ids workload_ids, system_ids;
    struct workload *workloads; /* the changed copy */
    struct rate **rates;        /* by workload: its changed rates; NULL: none are changed */
    long *power_lines;          /* by workload: where its power fraction was given; 0: nowhere */
    struct where where;
    bool has_head;
    int places[COLUMN_COUNT]; /* in a line; -1: no such column */
    int field_count;
    size_t row_count;
};

/* --- Lines */

/* The end of a field that begins at *at; unquoted in place. NULL where a quote is not closed, or
 * something follows a closed one. */
static char *end_field(char *text)
{
    char *to = text;
    char *c = text;

    if (*text != '"') {
        while (*c != ',' && *c != '\0')
            c++;
        return c;
    }
    for (c = text + 1; *c != '\0'; c++) {
        if (*c == '"' && c[1] != '"')
            break;
        if (*c == '"')
            c++;
        *to++ = *c;
    }
    if (*c != '"')
        return NULL;
    *to = '\0';
    c++;
    c += strspn(c, " \t");
    return *c == ',' || *c == '\0' ? c : NULL;
}

/* Split in place; blanks around values do not count. Returns how many fields there are, also those
 * past FIELDS_MAX, or -1. */
static int split_line(char *line, char **fields)
{
    int count = 0;
    char *at = line;

    for (;;) {
        char *end;
        char last;

        at += strspn(at, " \t");
        end = end_field(at);
        if (end == NULL)
            return -1;
        last = *end;
        *end = '\0';
        for (char *tail = end; tail > at && (tail[-1] == ' ' || tail[-1] == '\t'); tail--)
            tail[-1] = '\0';
        if (count < FIELDS_MAX)
            fields[count] = at;
        count++;
        if (last == '\0')
            return count;
        at = end + 1;
    }
}

/* --- The head */

static int add_column(struct rates_reader *r, const char *name, int place)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (!str_equal(name, COLUMN_NAMES[i]))
            continue;
        if (r->places[i] >= 0)
            return faults_error(r->faults, r->where, "the column %s is there twice", name);
        r->places[i] = place;
        return 0;
    }
    return faults_error(r->faults, r->where,
        "there is no column \"%s\"; the columns are workload, system, units_per_hour and "
        "power_fraction",
        name);
}

static int read_head(struct rates_reader *r, char **fields, int count)
{
    int rc = 0;
    bool has_rate;

    r->has_head = true;
    r->field_count = count;
    for (int i = 0; i < count && i < FIELDS_MAX; i++)
        if (add_column(r, fields[i], i) != 0)
            rc = -1;
    if (rc != 0)
        return rc;
    has_rate = r->places[COLUMN_SYSTEM] >= 0 && r->places[COLUMN_RATE] >= 0;
    if (r->places[COLUMN_WORKLOAD] < 0 || (!has_rate && r->places[COLUMN_POWER] < 0) ||
        (r->places[COLUMN_SYSTEM] >= 0) != (r->places[COLUMN_RATE] >= 0))
        return faults_error(r->faults, r->where,
            "the first line must name the columns: workload, and system with units_per_hour, or "
            "power_fraction, or all");
    return 0;
}

/* --- Rows */

static int find_id(struct rates_reader *r, const struct ids *ids, const char *id, const char *kind)
{
    int found = ids_find(ids, id);
    const char *nearest = NULL;

    if (found >= 0)
        return found;
    /* Nearest names cost time, and nobody reads them past the bound of the list. */
    if (!faults_is_full(r->faults))
        nearest = str_nearest(id, ids->names, ids->count);
    if (nearest != NULL)
        return faults_error(r->faults, r->where,
            "there is no %s %s in the scenario; did you mean %s?", kind, id, nearest);
    return faults_error(r->faults, r->where, "there is no %s %s in the scenario", kind, id);
}

static int read_number(struct rates_reader *r, const char *text, enum column column, double min,
    double max, double *out)
{
    double number;

    if (str_parse_double(text, &number) != 0)
        return faults_error(r->faults, r->where, "%s: \"%s\" is not a number; write it like 1.5e9",
            COLUMN_NAMES[column], text);
    if (number < min || number > max)
        return faults_error(r->faults, r->where, "%s: %s must be within %g and %g",
            COLUMN_NAMES[column], text, min, max);
    *out = number;
    return 0;
}

static int set_rate(struct rates_reader *r, int j, int k, double units_per_hour)
{
    const struct scenario *scenario = r->scenario;
    struct rate *rate;

    if (r->rates[j] == NULL) {
        r->rates[j] = arena_copy(scenario->arena, r->workloads[j].rates,
            scenario->catalog.system_count, sizeof *r->rates[j]);
        r->workloads[j].rates = r->rates[j];
    }
    rate = &r->rates[j][k];
    if (rate->where.file == r->where.file && rate->where.line > 0)
        return faults_error(r->faults, r->where,
            "line %ld gives a rate of %s on %s already; keep one of them", rate->where.line,
            r->workloads[j].id, scenario->catalog.systems[k].id);
    *rate = (struct rate){.units_per_hour = units_per_hour, .where = r->where};
    return 0;
}

static int read_rate(struct rates_reader *r, int j, const char *system, const char *rate)
{
    double units_per_hour = 0;
    int k;

    if (*system == '\0' || *rate == '\0')
        return faults_error(r->faults, r->where,
            "a rate needs both a system and its units_per_hour; this row has only %s",
            *system == '\0' ? COLUMN_NAMES[COLUMN_RATE] : COLUMN_NAMES[COLUMN_SYSTEM]);
    k = find_id(r, &r->system_ids, system, "system");
    if (read_number(r, rate, COLUMN_RATE, 0, SCENARIO_UNITS_MAX, &units_per_hour) != 0 || k < 0)
        return -1;
    return j < 0 ? -1 : set_rate(r, j, k, units_per_hour);
}

static int read_power(struct rates_reader *r, int j, const char *text)
{
    double power_frac = 0;

    if (read_number(r, text, COLUMN_POWER, SCENARIO_SHARE_MIN, 1, &power_frac) != 0 || j < 0)
        return -1;
    if (r->power_lines[j] > 0 && r->workloads[j].power_frac != power_frac)
        return faults_error(r->faults, r->where,
            "line %ld gives %s another power_fraction; a workload has one, on every system",
            r->power_lines[j], r->workloads[j].id);
    r->power_lines[j] = r->where.line;
    r->workloads[j].power_frac = power_frac;
    return 0;
}

static const char *value_of(const struct rates_reader *r, char **fields, enum column column)
{
    return r->places[column] < 0 ? "" : fields[r->places[column]];
}

static int read_row(struct rates_reader *r, char **fields, int count)
{
    const char *system, *rate, *power;
    int rc = 0;
    int j;

    r->row_count++;
    if (count != r->field_count)
        return faults_error(r->faults, r->where, "this row has %d values, and the first line %d",
            count, r->field_count);
    system = value_of(r, fields, COLUMN_SYSTEM);
    rate = value_of(r, fields, COLUMN_RATE);
    power = value_of(r, fields, COLUMN_POWER);
    if (*value_of(r, fields, COLUMN_WORKLOAD) == '\0')
        return faults_error(r->faults, r->where, "the workload is missing");
    j = find_id(r, &r->workload_ids, value_of(r, fields, COLUMN_WORKLOAD), "workload");
    if (j < 0)
        rc = -1;
    if (*system == '\0' && *rate == '\0' && *power == '\0')
        return faults_error(r->faults, r->where,
            "the row gives nothing; it needs a system with its units_per_hour, or a "
            "power_fraction");
    if ((*system != '\0' || *rate != '\0') && read_rate(r, j, system, rate) != 0)
        rc = -1;
    if (*power != '\0' && read_power(r, j, power) != 0)
        rc = -1;
    return rc;
}

static int read_line(struct rates_reader *r, const char *text, size_t length)
{
    char line[LINE_BYTES_MAX];
    char *fields[FIELDS_MAX];
    int count;

    if (length > 0 && text[length - 1] == '\r')
        length--;
    if (length == 0 || *text == '#')
        return 0;
    if (length >= sizeof line || memchr(text, '\0', length) != NULL)
        return faults_error(r->faults, r->where,
            "this is no row of a CSV file (over %d bytes, or not text)", LINE_BYTES_MAX - 1);
    memcpy(line, text, length);
    line[length] = '\0';
    count = split_line(line, fields);
    if (count < 0)
        return faults_error(
            r->faults, r->where, "a quoted value must end in a quote, before a comma, in its line");
    return r->has_head ? read_row(r, fields, count) : read_head(r, fields, count);
}

/* Stops at a wrong head, or when there are more bad rows than would be told. */
static int read_lines(struct rates_reader *r, const char *bytes, size_t count)
{
    const char *end = bytes + count;
    size_t bad_count = 0;

    if (count >= strlen(BYTE_ORDER_MARK) &&
        memcmp(bytes, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        bytes += strlen(BYTE_ORDER_MARK);
    while (bytes < end && bad_count < BAD_ROWS_MAX) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline != NULL ? newline : end;
        bool had_head = r->has_head;

        r->where.line++;
        if (read_line(r, bytes, (size_t)(stop - bytes)) != 0) {
            bad_count++;
            if (!had_head)
                return -1;
        }
        bytes = newline != NULL ? newline + 1 : end;
    }
    if (!r->has_head)
        return faults_error(r->faults, (struct where){r->where.file, 0},
            "there is nothing in it; the first line must name the columns: "
            "workload,system,units_per_hour,power_fraction");
    if (bad_count == 0 && r->row_count == 0)
        faults_warning(
            r->faults, r->where, "there is no row below the first line, so nothing changes");
    return bad_count > 0 ? -1 : 0;
}

/* --- The whole */

static void add_ids(struct rates_reader *r)
{
    const struct scenario *scenario = r->scenario;

    for (int j = 0; j < scenario->workload_count; j++)
        (void)ids_add(&r->workload_ids, scenario->workloads[j].id);
    for (size_t k = 0; k < scenario->catalog.system_count; k++)
        (void)ids_add(&r->system_ids, scenario->catalog.systems[k].id);
}

/* Take the copy over, if the scenario still holds with it. */
static int settle(struct rates_reader *r)
{
    const struct workload *before = r->scenario->workloads;
    size_t errors_before = r->faults->error_count;

    r->scenario->workloads = r->workloads;
    scenario_check_workloads(r->scenario, r->faults);
    if (r->faults->error_count == errors_before)
        return 0;
    r->scenario->workloads = before;
    return -1;
}

int rates_file_apply_bytes(struct scenario *scenario, const char *bytes, size_t count,
    const char *name, struct faults *faults)
{
    size_t workload_count = (size_t)scenario->workload_count;
    struct rates_reader reader = {.scenario = scenario,
        .faults = faults,
        .workloads = arena_copy(
            scenario->arena, scenario->workloads, workload_count, sizeof *scenario->workloads),
        .rates = mem_zero(workload_count, sizeof(struct rate *)),
        .power_lines = mem_zero(workload_count, sizeof(long)),
        .where = {arena_copy_text(scenario->arena, name), 0},
        .places = {-1, -1, -1, -1}};
    int rc = -1;

    add_ids(&reader);
    if (read_lines(&reader, bytes, count) == 0)
        rc = settle(&reader);
    ids_fini(&reader.workload_ids);
    ids_fini(&reader.system_ids);
    mem_free(reader.rates);
    mem_free(reader.power_lines);
    return rc;
}

int rates_file_apply(struct scenario *scenario, const char *path, struct faults *faults)
{
    struct err err = {0};
    char *bytes = NULL;
    size_t count = 0;
    int rc;

    if (file_read(path, FILE_BYTES_MAX, &bytes, &count, &err) != 0)
        return faults_error(faults, (struct where){path, 0}, "%s", err.text);
    rc = rates_file_apply_bytes(scenario, bytes, count, path, faults);
    mem_free(bytes);
    return rc;
}
