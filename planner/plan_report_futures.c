/* The report of a scenario that may come in several ways: side by side, and one by one. */
#include "planner/plan_report_private.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/futures.h"
#include "planner/plan_report.h"
#include "planner/report_table.h"
#include "workloads/scenario_change.h"

#include <math.h>

/* --- What a future is, in words */

static const char *const KIND_WORDS[CHANGE_KIND_COUNT] = {
    [CHANGE_POWER] = "power",
    [CHANGE_DEMAND] = "demand",
    [CHANGE_BUDGET] = "budget",
    [CHANGE_SUPPLY] = "supply",
    [CHANGE_PRICE] = "price",
    [CHANGE_ENERGY] = "energy price",
    [CHANGE_AVAILABLE] = "availability",
};

/* "power of oregon × 0.5 from 2027-01", "availability of trn4 12 months later" */
static void add_change(
    struct str *out, const struct scenario *scenario, const struct scenario_change *change)
{
    const char *id = scenario_change_id(scenario, change);
    char month[DATE_TEXT_SIZE];

    str_format(out, "%s of %s", KIND_WORDS[change->kind], id != NULL ? id : "all");
    if (change->kind != CHANGE_AVAILABLE && change->factor != 1)
        str_format(out, " × %g", change->factor);
    if (change->months != 0)
        str_format(out, " %d months %s", change->months < 0 ? -change->months : change->months,
            change->months < 0 ? "sooner" : "later");
    if (change->from != DATE_MONTH_NONE)
        str_format(out, " from %s", date_format_month(change->from, month));
}

static void add_changes(
    struct str *out, const struct scenario *scenario, const struct future *future)
{
    for (int i = 0; i < future->change_count; i++) {
        str_add(out, i == 0 ? "" : "; ");
        add_change(out, scenario, &future->changes[i]);
    }
    if (future->change_count == 0)
        str_add(out, "as the scenario stands");
}

void plan_report_add_future_rows(struct json_writer *writer, const struct scenario *scenario)
{
    static const char *const COLUMNS[] = {
        "future", "probability", "known from", "what is other", NULL};

    if (scenario->future_count == 0)
        return;
    report_table_open(writer, "Futures", COLUMNS);
    for (int i = 0; i < scenario->future_count; i++) {
        const struct future *future = &scenario->futures[i];
        struct str words = {0};

        add_changes(&words, scenario, future);
        json_open_array(writer, NULL);
        json_text(writer, NULL, future->id);
        json_number(writer, NULL, future->probability);
        report_table_add_month(writer, future->known_from);
        json_text(writer, NULL, str_text(&words));
        report_table_end_row(writer, future->where);
        str_fini(&words);
    }
    report_table_close(writer);
}

/* --- What the plan comes to */

static void add_expected(struct json_writer *w, const struct futures *f)
{
    double expected_usd = f->has_plan ? f->expected_usd : NAN;

    json_open_object(w, "expected");
    json_number(w, "usd", expected_usd);
    json_number(w, "known_usd", f->alone_usd);
    json_number(w, "value_of_knowing_usd", fmax(expected_usd - f->alone_usd, 0));
    json_number(w, "unprepared_usd", f->unprepared_usd);
    json_bool(w, "unprepared_fails", isinf(f->unprepared_usd));
    json_close(w);
}

static void add_future(struct json_writer *w, const struct futures *f, int index)
{
    const struct future *future = &f->scenario->futures[index];
    const struct future_plan *row = &f->rows[index];
    char month[DATE_TEXT_SIZE];
    struct str words = {0};

    add_changes(&words, f->scenario, future);
    json_open_object(w, NULL);
    json_text(w, "id", future->id);
    json_number(w, "probability", future->probability);
    json_text(w, "known_from", date_format_month(future->known_from, month));
    json_text(w, "changes", str_text(&words));
    json_text(w, "known_status", PLAN_STATUS_NAMES[row->alone_status]);
    json_number(w, "known_usd", row->alone_usd);
    if (row->plan != NULL) {
        json_open_object(w, "plan");
        json_number(w, "objective_usd", row->plan->objective_usd);
        plan_report_add_series(w, row->plan);
        json_close(w);
    }
    json_close(w);
    str_fini(&words);
}

/* --- What is acquired before it is known which one comes */

static bool is_same_common(const struct future_common *a, const struct future_common *b)
{
    return a->offer == b->offer && a->site == b->site && a->futures == b->futures;
}

/* Rows of one offer, site and set of futures are one series; true: an earlier row began it. */
static bool is_begun(const struct futures *f, size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (is_same_common(&f->common.rows[i], &f->common.rows[row]))
            return true;
    return false;
}

static void add_common_series(struct json_writer *w, const struct futures *f, size_t first)
{
    const struct scenario *sc = f->scenario;
    const struct future_common *common = &f->common.rows[first];
    double *systems = mem_zero((size_t)sc->period_count, sizeof *systems);

    for (size_t i = first; i < f->common.count; i++)
        if (is_same_common(&f->common.rows[i], common))
            systems[f->common.rows[i].period] += f->common.rows[i].systems;
    json_open_object(w, NULL);
    json_text(w, "offer", sc->offers[common->offer].id);
    json_text(w, "site", sc->sites[common->site].id);
    json_open_array(w, "futures");
    for (int k = 0; k < f->count; k++)
        if ((common->futures >> k & 1) != 0)
            json_text(w, NULL, sc->futures[k].id);
    json_close(w);
    json_open_array(w, "acquired");
    for (int t = 0; t < sc->period_count; t++)
        json_number(w, NULL, systems[t]);
    json_close(w);
    json_close(w);
    mem_free(systems);
}

void plan_report_add_futures(struct json_writer *writer, const struct futures *futures)
{
    add_expected(writer, futures);
    json_open_array(writer, "futures");
    for (int i = 0; i < futures->count; i++)
        add_future(writer, futures, i);
    json_close(writer);
    json_open_array(writer, "common");
    for (size_t i = 0; i < futures->common.count; i++)
        if (!is_begun(futures, i))
            add_common_series(writer, futures, i);
    json_close(writer);
}
