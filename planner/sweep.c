#include "planner/sweep.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <math.h>
#include <string.h>

enum { STEPS_MAX = 10000, CSV_BYTES_MAX = 64 << 20, MONTHS_MOST = 1200 };

/* Values of an axis that are as near as this are the same. */
static const double SAME_REL = 1e-9;

/* As of futures. */
static const double FACTOR_MOST = 1000000;

/* --- Axes */

static int bad_axis(const char *text, struct err *err)
{
    return err_set(err, ERR_USAGE,
        "--vary '%.80s': write what varies, from, to and how many points, as "
        "power:oregon=0.5..2.0/16",
        text);
}

/* "0.5..2.0/16" */
static int read_range(const char *text, char *range, struct sweep_axis *axis, struct err *err)
{
    char *dots = strstr(range, "..");
    char *slash = strrchr(range, '/');
    int64_t count = 0;

    if (dots == NULL || slash == NULL || slash < dots)
        return bad_axis(text, err);
    *dots = '\0';
    *slash = '\0';
    if (str_parse_double(range, &axis->low) != 0 || str_parse_double(dots + 2, &axis->high) != 0 ||
        str_parse_int(slash + 1, &count) != 0)
        return bad_axis(text, err);
    if (count < 1 || count > STEPS_MAX)
        return err_set(err, ERR_USAGE, "--vary '%.80s': give 1 to %d points", text, STEPS_MAX);
    axis->count = (int)count;
    return 0;
}

/* Is what varies something that can, and is it within limits? */
static int check_axis(
    const struct sweep *sweep, const char *text, const struct sweep_axis *axis, struct err *err)
{
    for (int a = 0; a < sweep->axis_count; a++)
        if (sweep->axes[a].change.kind == axis->change.kind &&
            sweep->axes[a].change.index == axis->change.index)
            return err_set(err, ERR_USAGE, "--vary '%.80s': that varies already", text);
    if (!scenario_change_matters(sweep->scenario, &axis->change))
        return err_set(err, ERR_USAGE,
            "--vary '%.80s': the scenario has nothing of it, so nothing would vary", text);
    if (axis->change.kind == CHANGE_AVAILABLE)
        return fabs(axis->low) <= MONTHS_MOST && fabs(axis->high) <= MONTHS_MOST
                   ? 0
                   : err_set(err, ERR_USAGE, "--vary '%.80s': at most %d months either way", text,
                         MONTHS_MOST);
    if (axis->low < 0 || axis->high < 0)
        return err_set(err, ERR_USAGE, "--vary '%.80s': a factor can't be negative", text);
    if (axis->low > FACTOR_MOST || axis->high > FACTOR_MOST)
        return err_set(err, ERR_USAGE, "--vary '%.80s': a factor is at most %g", text, FACTOR_MOST);
    return 0;
}

int sweep_add_axis(struct sweep *sweep, const char *text, struct err *err)
{
    struct sweep_axis *axis = &sweep->axes[sweep->axis_count];
    char *copy = mem_copy_text(text);
    char *equals = strchr(copy, '=');
    int rc = -1;

    if (sweep->axis_count == SWEEP_AXES_MAX) {
        (void)err_set(err, ERR_USAGE, "at most %d quantities can be varied", SWEEP_AXES_MAX);
        goto out;
    }
    *axis = (struct sweep_axis){0};
    if (equals == NULL) {
        (void)bad_axis(text, err);
        goto out;
    }
    *equals = '\0';
    if (read_range(text, equals + 1, axis, err) != 0 ||
        scenario_change_parse(sweep->scenario, copy, &axis->change, err) != 0 ||
        check_axis(sweep, text, axis, err) != 0)
        goto out;
    axis->text = copy;
    copy = NULL;
    sweep->axis_count++;
    rc = 0;
out:
    mem_free(copy);
    return rc;
}

double sweep_axis_value(const struct sweep_axis *axis, int step)
{
    double value = axis->count == 1
                       ? axis->low
                       : axis->low + (axis->high - axis->low) * step / (axis->count - 1);

    return axis->change.kind == CHANGE_AVAILABLE ? round(value) : value;
}

int sweep_make_points(struct sweep *sweep, struct err *err)
{
    size_t count = 1;

    for (int a = 0; a < sweep->axis_count; a++) {
        count *= (size_t)sweep->axes[a].count;
        if (count > SWEEP_POINTS_MAX)
            return err_set(err, ERR_USAGE, "that is over %d points", SWEEP_POINTS_MAX);
    }
    sweep->points = mem_zero(count, sizeof *sweep->points);
    sweep->point_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t rest = i;

        for (int a = sweep->axis_count; a-- > 0;) {
            sweep->points[i].values[a] = sweep_axis_value(
                &sweep->axes[a], (int)(rest % (size_t)sweep->axes[a].count));
            rest /= (size_t)sweep->axes[a].count;
        }
    }
    return 0;
}

void sweep_fini(struct sweep *sweep)
{
    for (int a = 0; a < sweep->axis_count; a++) {
        char *text;

        memcpy(&text, &sweep->axes[a].text, sizeof text);
        mem_free(text);
    }
    mem_free(sweep->points);
    *sweep = (struct sweep){0};
}

/* --- What an earlier run found */

/* By the step of each axis: O(axes), however many points there are. */
static struct sweep_point *find_point(struct sweep *sweep, const double *values)
{
    size_t index = 0;

    for (int a = 0; a < sweep->axis_count; a++) {
        const struct sweep_axis *axis = &sweep->axes[a];
        double width = axis->high - axis->low;
        double step = axis->count == 1 || width == 0 /* all steps are alike */
                          ? 0
                          : round((values[a] - axis->low) / width * (axis->count - 1));

        if (!(step >= 0 && step < axis->count) ||
            fabs(sweep_axis_value(axis, (int)step) - values[a]) >
                SAME_REL * fmax(1, fabs(values[a])))
            return NULL;
        index = index * (size_t)axis->count + (size_t)step;
    }
    return &sweep->points[index];
}

static int status_of(const char *name)
{
    for (int i = 0; i <= PLAN_TIME_LIMIT; i++)
        if (str_equal(PLAN_STATUS_NAMES[i], name))
            return i;
    return -1;
}

/* One row: axes, status, objective, parts, peak MW, systems. Rows of other points are skipped. */
static int read_row(struct sweep *sweep, char *line)
{
    enum { CELLS = SWEEP_AXES_MAX + 4 + COST_PART_COUNT };
    char *cells[CELLS] = {line};
    double numbers[CELLS];
    int wanted = sweep->axis_count + 4 + COST_PART_COUNT;
    int count = 1;
    struct sweep_point *point;
    int status;

    for (char *c = line; *c != '\0'; c++)
        if (*c == ',') {
            *c = '\0';
            if (count == wanted)
                return -1;
            cells[count++] = c + 1;
        }
    if (count != wanted)
        return -1;
    for (int i = 0; i < count; i++)
        if (i != sweep->axis_count && str_parse_double(cells[i], &numbers[i]) != 0) {
            if (*cells[i] != '\0' || i < sweep->axis_count)
                return -1;
            numbers[i] = NAN;
        }
    status = status_of(cells[sweep->axis_count]);
    point = find_point(sweep, numbers);
    if (status < 0)
        return -1;
    if (point == NULL)
        return 0;
    point->is_known = true;
    point->status = (enum plan_status)status;
    point->objective_usd = numbers[sweep->axis_count + 1];
    memcpy(point->cost_usd, &numbers[sweep->axis_count + 2], sizeof point->cost_usd);
    point->peak_mw = numbers[wanted - 2];
    point->acquired = numbers[wanted - 1];
    return 0;
}

/* Does the first line name this sweep's axes? */
static bool is_own_head(const struct sweep *sweep, const char *line)
{
    for (int a = 0; a < sweep->axis_count; a++) {
        if (!str_starts_with(line, sweep->axes[a].text))
            return false;
        line += strlen(sweep->axes[a].text);
        if (*line++ != ',')
            return false;
    }
    return str_starts_with(line, "status,");
}

int sweep_read_csv(struct sweep *sweep, const char *path, struct err *err)
{
    char *bytes = NULL;
    char *line;
    size_t count = 0;
    long number = 0;
    int rc = -1;

    if (file_read(path, CSV_BYTES_MAX, &bytes, &count, err) != 0)
        return err_wrap(err, "%s", path);
    for (line = bytes; *line != '\0';) {
        char *end = line + strcspn(line, "\r\n");
        char *next = end + strspn(end, "\r\n");

        *end = '\0';
        number++;
        if (number == 1 && !is_own_head(sweep, line)) {
            (void)err_set(err, ERR_INPUT, "%s:1: this is no CSV of this sweep", path);
            goto out;
        }
        if (number > 1 && *line != '\0' && read_row(sweep, line) != 0) {
            (void)err_set(err, ERR_INPUT, "%s:%ld: this is no row of this sweep", path, number);
            goto out;
        }
        line = next;
    }
    rc = 0;
out:
    mem_free(bytes);
    return rc;
}
