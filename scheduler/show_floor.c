#include "scheduler/show_floor.h"

#include "base/units.h"

enum { WHY_COLUMNS = 40, JOBS_COLUMNS = 20, CLOCK_SIZE = 32 };

/* --- Hosts */

static void cell_chips(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;
    char bad[CLOCK_SIZE] = "";

    (void)now_ms;
    if (row->chips_bad > 0)
        (void)snprintf(bad, sizeof bad, " (%u bad)", row->chips_bad);
    (void)snprintf(buffer, CELL_SIZE, "%u/%u%s", row->chips_held, row->chips, bad);
}

static void cell_use(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    (void)now_ms;
    if (row->chip_use_frac < 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)snprintf(buffer, CELL_SIZE, "%.0f", row->chip_use_frac * 100);
}

static void cell_load(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    (void)now_ms;
    if (row->seen_ms == 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)snprintf(buffer, CELL_SIZE, "%.1f", row->load);
}

static void cell_memory(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    (void)now_ms;
    if (row->memory_bytes == 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)snprintf(buffer, CELL_SIZE, "%.0f/%.0f",
            (double)row->memory_used_bytes / UNITS_BYTES_PER_GB,
            (double)row->memory_bytes / UNITS_BYTES_PER_GB);
}

static void cell_power(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    (void)now_ms;
    if (row->power_w <= 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)snprintf(buffer, CELL_SIZE, "%.2f", row->power_w / UNITS_KW_PER_MW);
}

static void cell_since(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    if (row->since_ms == 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)units_duration(
            ((double)now_ms - (double)row->since_ms) / UNITS_MS_PER_SECOND, buffer, CELL_SIZE);
}

static void cell_host_why(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__HostRow *row = data;

    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%s%s%s", row->why,
        row->why[0] != '\0' && row->who[0] != '\0' ? ", by " : "",
        row->why[0] != '\0' ? row->who : "");
}

#define AT(field) offsetof(Wattyard__HostRow, field)

static const struct row_column HOSTS[] = {
    {"host", "HOST", CELL_TEXT, AT(host), TABLE_LEFT, 0, NULL},
    {"system", "SYSTEM", CELL_TEXT, AT(system), TABLE_LEFT, 0, NULL},
    {"state", "STATE", CELL_TEXT, AT(state), TABLE_LEFT, 0, NULL},
    {"since", "SINCE", CELL_TIME, AT(since_ms), TABLE_RIGHT, 0, cell_since},
    {"chips_held", "CHIPS", CELL_COUNT, AT(chips_held), TABLE_RIGHT, 0, cell_chips},
    {"chips", NULL, CELL_COUNT, AT(chips), TABLE_RIGHT, 0, NULL},
    {"chips_bad", NULL, CELL_COUNT, AT(chips_bad), TABLE_RIGHT, 0, NULL},
    {"chip_use_frac", "USE %", CELL_KNOWN, AT(chip_use_frac), TABLE_RIGHT, 0, cell_use},
    {"load", "LOAD", CELL_NUMBER, AT(load), TABLE_RIGHT, 0, cell_load},
    {"memory_used_bytes", "GB", CELL_COUNT64, AT(memory_used_bytes), TABLE_RIGHT, 0, cell_memory},
    {"memory_bytes", NULL, CELL_COUNT64, AT(memory_bytes), TABLE_RIGHT, 0, NULL},
    {"power_w", "KW", CELL_NUMBER, AT(power_w), TABLE_RIGHT, 0, cell_power},
    {"tasks", "TASKS", CELL_COUNT, AT(tasks), TABLE_RIGHT, 0, NULL},
    {"jobs", "JOBS", CELL_TEXT, AT(jobs), TABLE_LEFT, JOBS_COLUMNS, NULL},
    {"version", NULL, CELL_TEXT, AT(version), TABLE_LEFT, 0, NULL},
    {"seen", NULL, CELL_TIME, AT(seen_ms), TABLE_LEFT, 0, NULL},
    {"who", NULL, CELL_TEXT, AT(who), TABLE_LEFT, 0, NULL},
    {"why", "WHY", CELL_TEXT, AT(why), TABLE_LEFT, WHY_COLUMNS, cell_host_why},
};
#undef AT

struct row_set show_hosts_set(const void *const *rows, size_t count, int64_t now_ms)
{
    return (struct row_set){HOSTS, sizeof HOSTS / sizeof *HOSTS, rows, count, now_ms};
}

/* --- Power */

static void add_kw(double kw, char *buffer)
{
    if (kw < 0)
        (void)snprintf(buffer, CELL_SIZE, "-");
    else
        (void)snprintf(buffer, CELL_SIZE, "%.1f", kw);
}

static void cell_limit(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    add_kw(((const Wattyard__PowerRow *)data)->limit_kw, buffer);
}

static void cell_file_limit(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    add_kw(((const Wattyard__PowerRow *)data)->file_limit_kw, buffer);
}

static void cell_committed(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    add_kw(((const Wattyard__PowerRow *)data)->committed_kw, buffer);
}

static void cell_measured(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    add_kw(((const Wattyard__PowerRow *)data)->measured_kw, buffer);
}

static void cell_share(const void *data, int64_t now_ms, char *buffer)
{
    const Wattyard__PowerRow *row = data;

    (void)now_ms;
    if (row->limit_kw > 0)
        (void)snprintf(buffer, CELL_SIZE, "%.0f", 100 * row->committed_kw / row->limit_kw);
    else
        (void)snprintf(buffer, CELL_SIZE, "-");
}

#define AT(field) offsetof(Wattyard__PowerRow, field)

static const struct row_column POWER[] = {
    {"place", "PLACE", CELL_TEXT, AT(place), TABLE_LEFT, 0, NULL},
    {"level", "LEVEL", CELL_TEXT, AT(level), TABLE_LEFT, 0, NULL},
    {"limit_kw", "LIMIT KW", CELL_KNOWN, AT(limit_kw), TABLE_RIGHT, 0, cell_limit},
    {"file_limit_kw", "FILE KW", CELL_KNOWN, AT(file_limit_kw), TABLE_RIGHT, 0, cell_file_limit},
    {"committed_kw", "COMMITTED", CELL_NUMBER, AT(committed_kw), TABLE_RIGHT, 0, cell_committed},
    {"used_pct", "%", CELL_SHOWN, 0, TABLE_RIGHT, 0, cell_share},
    {"measured_kw", "MEASURED", CELL_KNOWN, AT(measured_kw), TABLE_RIGHT, 0, cell_measured},
};
#undef AT

struct row_set show_power_set(const void *const *rows, size_t count, int64_t now_ms)
{
    return (struct row_set){POWER, sizeof POWER / sizeof *POWER, rows, count, now_ms};
}

/* --- Usage */

static void cell_chip_hours(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%.2f", ((const Wattyard__UsageRow *)data)->chip_hours);
}

static void cell_kwh(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%.2f", ((const Wattyard__UsageRow *)data)->kwh);
}

static void cell_usd(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)snprintf(buffer, CELL_SIZE, "%.2f", ((const Wattyard__UsageRow *)data)->usd);
}

#define AT(field) offsetof(Wattyard__UsageRow, field)

static const struct row_column USAGE[] = {
    {"key", "WHO", CELL_TEXT, AT(key), TABLE_LEFT, 0, NULL},
    {"jobs", "JOBS", CELL_COUNT64, AT(jobs), TABLE_RIGHT, 0, NULL},
    {"chip_hours", "CHIP-HOURS", CELL_NUMBER, AT(chip_hours), TABLE_RIGHT, 0, cell_chip_hours},
    {"kwh", "KWH", CELL_NUMBER, AT(kwh), TABLE_RIGHT, 0, cell_kwh},
    {"usd", "USD", CELL_NUMBER, AT(usd), TABLE_RIGHT, 0, cell_usd},
};
#undef AT

struct row_set show_usage_set(const void *const *rows, size_t count)
{
    return (struct row_set){USAGE, sizeof USAGE / sizeof *USAGE, rows, count, 0};
}

/* --- Versions of the fleet */

static void cell_when(const void *data, int64_t now_ms, char *buffer)
{
    (void)now_ms;
    (void)rows_instant(((const Wattyard__FleetVersion *)data)->at_ms, buffer, CELL_SIZE);
}

#define AT(field) offsetof(Wattyard__FleetVersion, field)

static const struct row_column VERSIONS[] = {
    {"version", "VERSION", CELL_COUNT, AT(version), TABLE_RIGHT, 0, NULL},
    {"at", "WHEN", CELL_TIME, AT(at_ms), TABLE_LEFT, 0, cell_when},
    {"who", "WHO", CELL_TEXT, AT(who), TABLE_LEFT, 0, NULL},
    {"what", "WHAT", CELL_TEXT, AT(what), TABLE_LEFT, 0, NULL},
};
#undef AT

struct row_set show_fleet_set(const void *const *rows, size_t count, int64_t now_ms)
{
    return (struct row_set){VERSIONS, sizeof VERSIONS / sizeof *VERSIONS, rows, count, now_ms};
}
