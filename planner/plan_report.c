#include "planner/plan_report.h"

#include "base/embed.h"
#include "base/err.h"
#include "base/json.h"
#include "base/page.h"
#include "base/str.h"
#include "base/units.h"
#include "planner/lp.h"
#include "planner/output_file.h"
#include "planner/plan_report_private.h"
#include "planner/plan_words.h"
#include "planner/within.h"

#include <math.h>

EMBED_DECLARE(report_html);

static void add_solve(
    struct json_writer *w, const struct capacity_plan *plan, const struct plan_report_options *o)
{
    const double seconds = plan->seconds.read + plan->seconds.build + plan->seconds.solve;

    json_text(w, "status", PLAN_STATUS_NAMES[plan->status]);
    json_bool(w, "interrupted", o->is_interrupted);
    json_bool(w, "has_plan", plan->has_plan);
    json_text(w, "refusal", o->refusal);
    json_number(w, "objective_usd", plan->has_plan ? plan->objective_usd : NAN);
    json_number(w, "gap", plan->has_plan ? plan->gap : NAN);
    json_bool(w, "whole_systems", plan->is_whole);
    json_count(w, "rows", plan->size.rows);
    json_count(w, "columns", plan->size.columns);
    json_number(w, "seconds", seconds);
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

int plan_report_write(const struct capacity_plan *plan, const struct plan_report_options *options,
    const char *path, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    struct output_file *file = output_file_create(path, err);
    struct str title = {0};
    int rc = -1;

    if (file == NULL)
        goto out;
    str_format(&title, "Capacity plan %s", plan->scenario->name);
    json_open_object(writer, NULL);
    add_scenario(writer, plan->scenario);
    add_solve(writer, plan, options);
    if (plan->has_plan) {
        plan_report_add_series(writer, plan);
        plan_report_add_limits(writer, plan);
        if (plan->within != NULL)
            within_write_json(plan->within, plan->scenario, writer);
    }
    plan_report_add_catalog(writer, plan->scenario);
    plan_report_add_inputs(writer, plan->scenario);
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
