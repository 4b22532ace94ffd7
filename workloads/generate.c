#include "workloads/generate.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "workloads/generate_private.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- Options */

struct option {
    const char *key;
    size_t offset;
    bool is_whole;
    double min, max;
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
static const struct option OPTIONS[] = {
    {"jobs", offsetof(struct generate_options, job_count), true, 1, GENERATE_JOBS_MAX},
    {"seed", offsetof(struct generate_options, seed), true, 0, 9e15},
    {"load", offsetof(struct generate_options, load_frac), false, 0.01, 2},
    {"days", offsetof(struct generate_options, span_days), false, 0.01, 3650},
};
static const double LOAD_DEFAULT = 0.8;

/* Index of the key; -1 with err. */
static int find_option(const char *key, struct err *err)
{
    const char *keys[COUNT_OF(OPTIONS)];
    const char *nearest;

    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
        if (str_equal(OPTIONS[i].key, key))
            return (int)i;
        keys[i] = OPTIONS[i].key;
    }
    nearest = str_nearest(key, keys, COUNT_OF(OPTIONS));
    if (nearest != NULL)
        return err_set(err, ERR_USAGE, "'%.40s' is not known; did you mean %s?", key, nearest);
    return err_set(err, ERR_USAGE, "'%.40s' is not known; give jobs, seed, and load or days", key);
}

static int read_option(
    const struct option *option, const char *value, struct generate_options *out, struct err *err)
{
    unsigned char *field = (unsigned char *)out + option->offset;
    int64_t whole = 0;
    double number = 0;

    if (option->is_whole ? str_parse_int(value, &whole) : str_parse_double(value, &number))
        return err_set(err, ERR_USAGE, "%s is '%.40s'; that is not a %snumber", option->key, value,
            option->is_whole ? "whole " : "");
    if (option->is_whole)
        number = (double)whole;
    if (number < option->min || number > option->max)
        return err_set(err, ERR_USAGE, "%s is %.40s; it must be from %.10g to %.10g", option->key,
            value, option->min, option->max);
    if (option->is_whole)
        memcpy(field, &whole, sizeof whole);
    else
        memcpy(field, &number, sizeof number);
    return 0;
}

/* "key=value" */
static int read_word(char *word, bool *is_given, struct generate_options *out, struct err *err)
{
    char *equals = strchr(word, '=');
    int index;

    if (equals == NULL)
        return err_set(err, ERR_USAGE, "'%.40s' has no value; write jobs=1000,seed=1", word);
    *equals = '\0';
    index = find_option(word, err);
    if (index < 0)
        return -1;
    if (is_given[index])
        return err_set(err, ERR_USAGE, "%s is given twice", word);
    is_given[index] = true;
    return read_option(&OPTIONS[index], equals + 1, out, err);
}

int generate_options_parse(const char *text, struct generate_options *out, struct err *err)
{
    struct generate_options options = {.job_count = 1000, .seed = 1};
    bool is_given[COUNT_OF(OPTIONS)] = {false};
    char *copy = mem_copy_text(text);
    char *word = copy;
    int rc = 0;

    while (word != NULL && rc == 0) {
        char *comma = strchr(word, ',');

        if (comma != NULL)
            *comma++ = '\0';
        rc = read_word(word, is_given, &options, err);
        word = comma;
    }
    mem_free(copy);
    if (rc == 0 && options.load_frac > 0 && options.span_days > 0)
        rc = err_set(err, ERR_USAGE, "load and days can't both be given; one follows");
    if (options.load_frac <= 0 && options.span_days <= 0)
        options.load_frac = LOAD_DEFAULT;
    if (rc == 0)
        *out = options;
    return rc;
}

/* --- When jobs come */

/* How many people submit in an hour of the week: more by day, from 9 to 21,
 * and half as many at the end of the week. The first hour is Monday's. */
static double hour_weight(int hour)
{
    double by_day = 1 + 0.5 * sin((hour % 24 - 9) * 2 * 3.14159265358979 / 24);

    return hour / 24 % 7 >= 5 ? by_day / 3 + 0.2 : by_day;
}

/* The hour in which `weight` of the sum of the weights since the start has gone by. */
static double hours_after(double weight)
{
    double week = 0;
    double hours;
    int hour = 0;

    for (int h = 0; h < 168; h++)
        week += hour_weight(h);
    hours = floor(weight / week) * 168;
    weight -= floor(weight / week) * week;
    while (hour < 167 && weight >= hour_weight(hour))
        weight -= hour_weight(hour++);
    return hours + hour + weight / hour_weight(hour);
}

static double weight_before(double hours)
{
    double weight = 0;
    double weeks = floor(hours / 168);
    double left = hours - weeks * 168;

    for (int h = 0; h < 168; h++)
        weight += weeks * hour_weight(h) + hour_weight(h) * fmin(fmax(left - h, 0), 1);
    return weight;
}

enum { SPAN_TURNS = 30 };
static const double SHORT_MINUTES = 240;

struct arrival {
    double at;      /* a share of the span, in weight; then hours */
    size_t index;   /* of the job */
    double after_h; /* the first of its session */
};

static int compare_arrivals(const void *a, const void *b)
{
    const struct arrival *left = a;
    const struct arrival *right = b;
    int order = (left->at > right->at) - (left->at < right->at);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* Jobs in sessions, which come by a Poisson process; the jobs of one come half a minute apart. */
static void draw_jobs(struct job_spec *specs, struct arrival *arrivals, size_t count,
    struct generate_floor *floor, struct arena *arena, struct rng *rng)
{
    double clock = 0;
    size_t i = 0;

    while (i < count) {
        struct generate_session session;
        double after_h = 0;

        clock += rng_exponential(rng, 1);
        generate_session_draw(&session, floor, rng);
        for (int k = 0; k < session.job_count && i < count; k++, i++) {
            generate_job_draw(&specs[i], &session, floor, arena, rng);
            arrivals[i] = (struct arrival){clock, i, after_h};
            after_h += rng_exponential(rng, 0.5 / 60);
        }
    }
    for (i = 0; i < count; i++) /* the last session comes at the end of the span */
        arrivals[i].at /= clock;
}

static double sum_chip_hours(const struct job_spec *specs, size_t count, double minutes_max)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct job_spec capped = specs[i];

        capped.work_minutes = fmin(capped.work_minutes, minutes_max);
        sum += generate_job_chip_hours(&capped);
    }
    return sum;
}

/* The span in which the jobs come. No job is longer than a third of it (four hours may always be),
 * so that the floor fills and empties within it: the two are found in turns. Cuts the jobs. */
static double fit_span_hours(struct job_spec *specs, size_t count,
    const struct generate_options *options, const struct generate_floor *floor)
{
    double span_hours = options->span_days * UNITS_HOURS_PER_DAY;
    double minutes_max = span_hours > 0 ? fmax(span_hours * 20, SHORT_MINUTES) : INFINITY;

    for (int turn = 0; turn < SPAN_TURNS && options->span_days <= 0; turn++) {
        span_hours = sum_chip_hours(specs, count, minutes_max) /
                     (options->load_frac * (double)floor->chip_count);
        if (turn + 1 < SPAN_TURNS) /* the last span is that of the last cut */
            minutes_max = fmax(span_hours * 20, SHORT_MINUTES);
    }
    for (size_t i = 0; i < count; i++)
        specs[i].work_minutes = fmin(specs[i].work_minutes, minutes_max);
    return span_hours;
}

struct job_list *generate_jobs(const struct fleet *fleet, const struct generate_options *options)
{
    struct arena *arena = arena_create();
    struct job_list *list = arena_zero(arena, 1, sizeof *list);
    size_t count = (size_t)options->job_count;
    struct job_spec *specs = mem_zero(count, sizeof *specs);
    struct arrival *arrivals = mem_zero(count, sizeof *arrivals);
    struct rng rng = rng_seed((uint64_t)options->seed);
    struct generate_floor floor;
    double span_hours;
    double span_weight;

    generate_floor_init(&floor, fleet, arena);
    generate_floor_fit(&floor, options->job_count);
    draw_jobs(specs, arrivals, count, &floor, arena, &rng);
    span_hours = fit_span_hours(specs, count, options, &floor);
    span_weight = weight_before(span_hours);
    for (size_t i = 0; i < count; i++)
        arrivals[i].at = fmin(
            hours_after(arrivals[i].at * span_weight) + arrivals[i].after_h, span_hours);
    qsort(arrivals, count, sizeof *arrivals, compare_arrivals);
    *list = (struct job_list){arena_zero(arena, count, sizeof *specs), count, arena};
    for (size_t i = 0; i < count; i++) {
        list->specs[i] = specs[arrivals[i].index];
        list->specs[i].name = arena_format(arena, "g%zu", i + 1);
        list->specs[i].submit_minutes = arrivals[i].at * 60;
        list->specs[i].where = (struct where){"generated", 0};
    }
    mem_free(specs);
    mem_free(arrivals);
    return list;
}
