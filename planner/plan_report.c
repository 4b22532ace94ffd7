#include "planner/plan_report.h"

#include "base/embed.h"
#include "base/err.h"
#include "base/json.h"
#include "base/page.h"
#include "base/str.h"
#include "base/units.h"
#include "planner/conflict.h"
#include "planner/futures.h"
#include "planner/lp.h"
#include "planner/output_file.h"
#include "planner/plan_report_private.h"
#include "planner/plan_words.h"
#include "planner/within.h"

#include <math.h>

EMBED_DECLARE(report_html);

/* What a solve came to, of one plan or of several futures. */
struct solve_facts {
    enum plan_status status;
    bool has_plan, is_whole;
    double objective_usd, gap, seconds;
    int rows, columns;
};

static struct solve_facts plan_facts(const struct capacity_plan *plan)
{
    return (struct solve_facts){plan->status, plan->has_plan, plan->is_whole, plan->objective_usd,
        plan->gap, plan->seconds.read + plan->seconds.build + plan->seconds.solve, plan->size.rows,
        plan->size.columns};
}

static struct solve_facts futures_facts(const struct futures *f)
{
    return (struct solve_facts){f->status, f->has_plan, f->is_whole, f->expected_usd, f->gap,
        f->seconds.read + f->seconds.build + f->seconds.solve, f->size.rows, f->size.columns};
}

static void add_solve(
    struct json_writer *w, const struct solve_facts *facts, const struct plan_report_options *o)
{
    json_text(w, "status", PLAN_STATUS_NAMES[facts->status]);
    json_bool(w, "interrupted", o->is_interrupted);
    json_bool(w, "has_plan", facts->has_plan);
    json_text(w, "refusal", o->refusal);
    json_number(w, "objective_usd", facts->has_plan ? facts->objective_usd : NAN);
    json_number(w, "gap", facts->has_plan ? facts->gap : NAN);
    json_bool(w, "whole_systems", facts->is_whole);
    json_count(w, "rows", facts->rows);
    json_count(w, "columns", facts->columns);
    json_number(w, "seconds", facts->seconds);
    json_text(w, "solver", LP_SOLVER_NAME);
    json_text(w, "solver_version", lp_solver_version());
    json_text(w, "version", WATTYARD_VERSION);
}

static void add_scenario(struct json_writer *w, const struct scenario *scenario)
{
    char text[DATE_TEXT_SIZE * 2];

    json_text(w, "scenario", scenario->name);
    json_text(w, "path", scenario->path);
    json_text(w, "span", plan_words_span(scenario, -1, -1, text, sizeof text));
    json_text(w, "step", plan_words_step(scenario));
    json_open_array(w, "periods");
    for (int t = 0; t < scenario->period_count; t++)
        json_text(w, NULL, date_format_month(scenario->periods[t].start, text));
    json_close(w);
}

/* The head of the data, which is open when it returns. */
static struct json_writer *begin(const struct scenario *scenario, const struct solve_facts *facts,
    const struct plan_report_options *options)
{
    struct json_writer *writer = json_writer_create();

    json_open_object(writer, NULL);
    add_scenario(writer, scenario);
    add_solve(writer, facts, options);
    return writer;
}

/* The end of the data, and the page into its file. Takes the writer. */
static int end(
    struct json_writer *writer, const struct scenario *scenario, const char *path, struct err *err)
{
    struct output_file *file = output_file_create(path, err);
    struct str title = {0};
    int rc = -1;

    if (file == NULL)
        goto out;
    str_format(&title, "Capacity plan %s", scenario->name);
    plan_report_add_catalog(writer, scenario);
    plan_report_add_inputs(writer, scenario);
    json_close(writer);
    if (page_write(output_file_stream(file), embed_report_html, str_text(&title), writer, err) !=
        0) {
        output_file_abandon(file);
        (void)err_wrap(err, "%s", path);
        goto out;
    }
    rc = output_file_commit(file, err);
out:
    str_fini(&title);
    json_writer_destroy(writer);
    return rc;
}

int plan_report_write(const struct capacity_plan *plan, const struct plan_report_options *options,
    const char *path, struct err *err)
{
    const struct solve_facts facts = plan_facts(plan);
    struct json_writer *writer = begin(plan->scenario, &facts, options);

    if (plan->has_plan) {
        plan_report_add_series(writer, plan);
        plan_report_add_limits(writer, plan);
        if (plan->within != NULL)
            within_write_json(plan->within, plan->scenario, writer);
    }
    if (plan->conflict != NULL)
        conflict_write_json(plan->conflict, writer);
    return end(writer, plan->scenario, path, err);
}

int plan_report_write_futures(const struct futures *futures,
    const struct plan_report_options *options, const char *path, struct err *err)
{
    const struct solve_facts facts = futures_facts(futures);
    struct json_writer *writer = begin(futures->scenario, &facts, options);

    plan_report_add_futures(writer, futures);
    return end(writer, futures->scenario, path, err);
}
