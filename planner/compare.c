#include "planner/compare.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/capacity_plan.h"
#include "planner/compare_periods.h"
#include "topologies/ids.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct compare_words COMPARE_LISTS[COMPARE_LIST_COUNT] = {
    [COMPARE_COST] = {"cost_usd", "part", false},
    [COMPARE_ACQUIRED] = {"acquired_systems", "offer", false},
    [COMPARE_SYSTEMS] = {"systems", "system", true},
    [COMPARE_OPERATING] = {"operating_mw", "site", true},
    [COMPARE_NAMEPLATE] = {"nameplate_mw", "site", true},
    [COMPARE_LIMIT] = {"limit_mw", "site", true},
    [COMPARE_ENERGY] = {"energy_mwh", "site", false},
    [COMPARE_CARBON] = {"tonnes_co2", "site", false},
    [COMPARE_UNMET] = {"unmet_units", "workload", false},
    [COMPARE_PRICES] = {"price_usd", "limit", false},
};

/* Where a list's rows come from in a plan: rows of one name and period are summed. */
struct source {
    const char *list;
    const char *names[2]; /* members that name a row, joined by a blank; the second may be NULL */
    const char *value;
    bool is_rate; /* an amount an hour where it has a period: times the period's hours */
};

static const struct source SOURCES[COMPARE_LIST_COUNT] = {
    [COMPARE_ACQUIRED] = {"acquired", {"offer"}, "systems", false},
    [COMPARE_SYSTEMS] = {"installed", {"system"}, "systems", false},
    [COMPARE_OPERATING] = {"power", {"site"}, "operating_mw", false},
    [COMPARE_NAMEPLATE] = {"power", {"site"}, "nameplate_mw", false},
    [COMPARE_LIMIT] = {"power", {"site"}, "limit_mw", false},
    [COMPARE_ENERGY] = {"energy", {"site"}, "mwh", false},
    [COMPARE_CARBON] = {"energy", {"site"}, "tonnes_co2", false},
    [COMPARE_UNMET] = {"unmet", {"workload"}, "units", true},
    [COMPARE_PRICES] = {"prices", {"constraint", "id"}, "usd_per_unit", false},
};

struct side {
    const struct json_value *plan;
    struct compare_calendar calendar; /* without periods: not known */
};

/* One list in the making. */
struct gathering {
    struct arena *arena;
    struct ids keys;          /* name and period */
    struct ids names;         /* in the order of their first row */
    const date_month *months; /* both plans' periods begin at these; NULL: they are the same */
    size_t month_count;
    struct compare_row *rows;
    size_t count, capacity;
};

static struct compare_row *find_row(struct gathering *g, const char *name, const char *period)
{
    struct str key = {0};
    int index;

    str_format(&key, "%s\n%s", name, period);
    index = ids_find(&g->keys, str_text(&key));
    if (index < 0) {
        const char *kept = arena_copy_text(g->arena, str_text(&key));
        const char *kept_name = arena_copy_text(g->arena, name);

        index = ids_add(&g->keys, kept);
        (void)ids_add(&g->names, kept_name);
        g->rows = mem_grow(g->rows, g->count, &g->capacity, sizeof *g->rows);
        g->rows[g->count++] = (struct compare_row){
            .name = kept_name, .period = arena_copy_text(g->arena, period)};
    }
    str_fini(&key);
    return &g->rows[index];
}

static double hours_of(const struct json_value *plan, const char *period)
{
    const struct json_value *periods = json_member(plan, "periods");

    for (size_t i = 0; i < json_length(periods); i++)
        if (str_equal(json_get_text(json_member(json_at(periods, i), "start")), period))
            return json_get_number(json_member(json_at(periods, i), "hours"), 0);
    return 0;
}

static void add_value(
    struct gathering *g, const char *name, const char *period, double value, bool is_b)
{
    struct compare_row *row = find_row(g, name, period);

    *(is_b ? &row->b : &row->a) += value;
}

/* The value of a period at each month of both plans that lies in it. */
static void spread_value(struct gathering *g, const struct compare_calendar *calendar,
    const char *name, const char *period, double value, bool is_b)
{
    date_month start;
    char text[DATE_TEXT_SIZE];

    if (date_parse_month(period, &start) != 0)
        return;
    for (size_t i = 0; i < g->month_count; i++)
        if (compare_calendar_find(calendar, g->months[i]) == start)
            add_value(g, name, date_format_month(g->months[i], text), value, is_b);
}

static void gather_row(struct gathering *g, enum compare_list list, const struct side *side,
    const struct json_value *row, bool is_b)
{
    const struct source *source = &SOURCES[list];
    const char *first = json_get_text(json_member(row, source->names[0]));
    const char *second = source->names[1] == NULL
                             ? NULL
                             : json_get_text(json_member(row, source->names[1]));
    const char *period = json_get_text(json_member(row, "period"));
    double value = json_get_number(json_member(row, source->value), 0);
    struct str name = {0};

    if (first == NULL)
        return;
    if (source->is_rate && period != NULL)
        value *= hours_of(side->plan, period);
    str_format(&name, "%s%s%s", first, second == NULL ? "" : " ", second == NULL ? "" : second);
    if (!COMPARE_LISTS[list].has_periods || period == NULL)
        add_value(g, str_text(&name), "", value, is_b);
    else if (g->months == NULL)
        add_value(g, str_text(&name), period, value, is_b);
    else
        spread_value(g, &side->calendar, str_text(&name), period, value, is_b);
    str_fini(&name);
}

static void gather_costs(struct gathering *g, const struct json_value *plan, bool is_b)
{
    const struct json_value *cost = json_member(plan, "cost_usd");
    struct compare_row *row;

    for (int part = 0; part < COST_PART_COUNT; part++) {
        row = find_row(g, COST_PART_NAMES[part], "");
        *(is_b ? &row->b : &row->a) = json_get_number(json_member(cost, COST_PART_NAMES[part]), 0);
    }
    row = find_row(g, "total", "");
    *(is_b ? &row->b : &row->a) = json_get_number(json_member(plan, "objective_usd"), 0);
}

static void gather(struct gathering *g, enum compare_list list, const struct side *side, bool is_b)
{
    const struct json_value *rows;

    if (list == COMPARE_COST) {
        gather_costs(g, side->plan, is_b);
        return;
    }
    rows = json_member(side->plan, SOURCES[list].list);
    for (size_t i = 0; i < json_length(rows); i++)
        gather_row(g, list, side, json_at(rows, i), is_b);
}

/* Rows with the place of their name, to be put in order. */
struct ordered_row {
    struct compare_row row;
    int name_index;
};

static int compare_rows(const void *x, const void *y)
{
    const struct ordered_row *left = x, *right = y;

    if (left->name_index != right->name_index)
        return left->name_index < right->name_index ? -1 : 1;
    return strcmp(left->row.period, right->row.period);
}

static struct compare_row *finish_rows(struct gathering *g)
{
    struct ordered_row *ordered = mem_zero(g->count, sizeof *ordered);
    struct compare_row *rows = arena_zero(g->arena, g->count, sizeof *rows);

    for (size_t i = 0; i < g->count; i++)
        ordered[i] = (struct ordered_row){g->rows[i], ids_find(&g->names, g->rows[i].name)};
    qsort(ordered, g->count, sizeof *ordered, compare_rows);
    for (size_t i = 0; i < g->count; i++)
        rows[i] = ordered[i].row;
    mem_free(ordered);
    return rows;
}

static void compare_list(struct comparison *out, enum compare_list list, const struct side *a,
    const struct side *b, struct gathering g)
{
    gather(&g, list, a, false);
    gather(&g, list, b, true);
    for (size_t i = 0; i < g.count; i++) {
        if (!compare_reaches(&out->a, g.rows[i].period))
            g.rows[i].a = NAN;
        if (!compare_reaches(&out->b, g.rows[i].period))
            g.rows[i].b = NAN;
    }
    out->lists[list].rows = finish_rows(&g);
    out->lists[list].count = g.count;
    ids_fini(&g.keys);
    ids_fini(&g.names);
    mem_free(g.rows);
}

static int read_side(
    const struct json_value *plan, const char *name, struct compare_side *out, struct err *err)
{
    const struct json_value *cost = json_member(plan, "cost_usd");

    out->file = name;
    if (json_member(plan, "futures") != NULL)
        return err_set(err, ERR_INPUT,
            "%s: this is a plan for several futures; compare those of one each, by `wattyard plan "
            "--future ID --json`",
            name);
    out->scenario = json_get_text(json_member(plan, "scenario"));
    out->status = json_get_text(json_member(plan, "status"));
    if (out->scenario == NULL || out->status == NULL || cost == NULL)
        return err_set(err, ERR_INPUT,
            "%s: this is no plan; give what `wattyard plan --json` printed, or a scenario", name);
    out->has_plan = isfinite(json_get_number(json_member(plan, "objective_usd"), NAN));
    return 0;
}

static void read_calendar(struct side *side, struct compare_side *out)
{
    const struct compare_calendar *calendar = &side->calendar;

    side->calendar = compare_calendar_read(side->plan);
    out->from = calendar->count > 0 ? calendar->starts[0] : DATE_MONTH_NONE;
    out->to = calendar->count > 0 ? calendar->starts[calendar->count] : DATE_MONTH_NONE;
}

int compare_plans(const struct json_value *a, const char *a_name, const struct json_value *b,
    const char *b_name, struct arena *arena, struct comparison *out, struct err *err)
{
    struct comparison result = {0};
    struct side side_a = {.plan = a}, side_b = {.plan = b};
    struct gathering gathering = {.arena = arena};
    date_month *months = NULL;

    if (read_side(a, a_name, &result.a, err) != 0 || read_side(b, b_name, &result.b, err) != 0)
        return -1;
    read_calendar(&side_a, &result.a);
    read_calendar(&side_b, &result.b);
    if (side_a.calendar.count > 0 && side_b.calendar.count > 0 &&
        !compare_calendar_is_same(&side_a.calendar, &side_b.calendar))
        months = compare_calendar_join(&side_a.calendar, &side_b.calendar, &gathering.month_count);
    gathering.months = months;
    for (int list = 0; list < COMPARE_LIST_COUNT; list++)
        compare_list(&result, (enum compare_list)list, &side_a, &side_b, gathering);
    compare_calendar_fini(&side_a.calendar);
    compare_calendar_fini(&side_b.calendar);
    mem_free(months);
    *out = result;
    return 0;
}

bool compare_reaches(const struct compare_side *side, const char *period)
{
    date_month month;

    if (!side->has_plan || side->from == DATE_MONTH_NONE || date_parse_month(period, &month) != 0)
        return side->has_plan;
    return side->from <= month && month < side->to;
}

double compare_share(const struct compare_row *row)
{
    if (row->a == 0 || isnan(row->a) || isnan(row->b))
        return NAN;
    return (row->b - row->a) / fabs(row->a);
}
