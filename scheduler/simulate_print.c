#include "scheduler/simulate_print.h"
#include "base/str.h"

#include "base/embed.h"
#include "base/err.h"
#include "base/json.h"
#include "base/page.h"
#include "base/table.h"
#include "base/units.h"

#include <math.h>

EMBED_DECLARE(simulate_html);

const char *const SIMULATE_POLICY_NAMES[] = {"lp", "fifo", "easy", NULL};

static void add_summary(
    struct json_writer *w, const struct simulate_result *r, enum core_policy policy)
{
    struct simulate_figures f = simulate_figures(r);
    const struct fleet *fleet = core_fleet(r->core);

    json_text(w, "policy", SIMULATE_POLICY_NAMES[policy]);
    json_count(w, "jobs", (int64_t)r->job_count);
    json_count(w, "left_out", (int64_t)r->left_out);
    json_count(w, "finished", (int64_t)r->finished_count);
    json_count(w, "failed", (int64_t)r->failed_count);
    json_count(w, "unfinished", (int64_t)r->unfinished_count);
    json_number(w, "makespan_hours", r->makespan_s / 3600);
    json_open_object(w, "wait_seconds");
    json_number(w, "mean", f.wait_mean_s);
    json_number(w, "p50", f.wait_p50_s);
    json_number(w, "p95", f.wait_p95_s);
    json_number(w, "max", f.wait_max_s);
    json_close(w);
    json_open_object(w, "turnaround_seconds");
    json_number(w, "mean", f.turnaround_mean_s);
    json_close(w);
    json_open_object(w, "bounded_slowdown");
    json_number(w, "mean", f.slowdown_mean);
    json_close(w);
    json_number(w, "chip_use", r->chip_use);
    json_number(w, "energy_mwh", r->energy_mwh);
    json_number(w, "cost_usd", r->cost_usd);
    json_number(w, "value_usd", r->value_usd);
    json_open_object(w, "peak_kw");
    for (int i = 0; i < fleet->site_count; i++)
        json_number(w, fleet->sites[i].id, r->peak_kw[i]);
    json_close(w);
    json_count(w, "preemptions", (int64_t)r->preemption_count);
    json_count(w, "rounds", (int64_t)r->round_count);
    json_open_object(w, "round_seconds");
    json_number(w, "mean", f.round_mean_s);
    json_number(w, "p99", f.round_p99_s);
    json_number(w, "max", f.round_max_s);
    json_close(w);
    json_number(w, "seconds", r->seconds);
}

int simulate_print_json(
    const struct simulate_result *result, enum core_policy policy, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    add_summary(writer, result, policy);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}

static void line(FILE *stream, const char *what, const char *value)
{
    (void)fprintf(stream, "  %-28s %s\n", what, value);
}

void simulate_print_text(const struct simulate_result *r, enum core_policy policy, FILE *stream)
{
    struct simulate_figures f = simulate_figures(r);
    const struct fleet *fleet = core_fleet(r->core);
    char a[64];
    char b[64];
    char text[192];

    (void)fprintf(stream, "%s   policy %s   %s %s, %s finished in %s%s\n", fleet->name,
        SIMULATE_POLICY_NAMES[policy], units_count((double)r->job_count, a, sizeof a),
        str_plural((int64_t)r->job_count, "job", "jobs"),
        units_count((double)r->finished_count, b, sizeof b),
        units_duration(r->makespan_s, text, sizeof text), r->is_stopped ? " (stopped early)" : "");
    if (r->left_out > 0)
        (void)fprintf(stream, "%zu %s left out: %s (<work minutes=>)\n", r->left_out,
            str_plural((int64_t)r->left_out, "job was", "jobs were"),
            str_plural((int64_t)r->left_out, "it does not say how long it runs",
                "they do not say how long they run"));
    if (r->failed_count + r->unfinished_count > 0)
        (void)fprintf(stream, "%zu failed or timed out, %zu never started or did not end\n",
            r->failed_count, r->unfinished_count);
    (void)snprintf(text, sizeof text, "%s mean, %s at the 95th percentile",
        units_duration(f.wait_mean_s, a, sizeof a), units_duration(f.wait_p95_s, b, sizeof b));
    line(stream, "wait", text);
    line(stream, "turnaround, mean", units_duration(f.turnaround_mean_s, a, sizeof a));
    (void)snprintf(text, sizeof text, "%.2f", f.slowdown_mean);
    line(stream, "bounded slowdown, mean", text);
    line(stream, "chips used", units_percent(r->chip_use, a, sizeof a));
    (void)snprintf(text, sizeof text, "%.1f MWh", r->energy_mwh);
    line(stream, "energy at the meters", text);
    line(stream, "cost", units_money(r->cost_usd, a, sizeof a));
    line(stream, "value of finished work", units_money(r->value_usd, a, sizeof a));
    for (int i = 0; i < fleet->site_count; i++) {
        (void)snprintf(text, sizeof text, "%s at %s of %s",
            units_power_kw(r->peak_kw[i], a, sizeof a), fleet->sites[i].id,
            isfinite(fleet->sites[i].power_kw)
                ? units_power_kw(fleet->sites[i].power_kw, b, sizeof b)
                : "no limit");
        line(stream, "peak power", text);
    }
    (void)snprintf(text, sizeof text, "%zu, %.1f ms mean, %.1f ms at most; %zu %s", r->round_count,
        f.round_mean_s * 1e3, f.round_max_s * 1e3, r->preemption_count,
        str_plural((int64_t)r->preemption_count, "preemption", "preemptions"));
    line(stream, "full rounds", text);
    (void)snprintf(text, sizeof text, "%.2f s", r->seconds);
    line(stream, "simulated in", text);
}

/* Empty where it never came to that. */
static void add_time(struct table *table, double time_s)
{
    if (isnan(time_s))
        table_cell(table, "%s", "");
    else
        table_cell(table, "%.3f", time_s);
}

int simulate_print_csv(const struct simulate_result *r, FILE *stream, struct err *err)
{
    static const struct table_column COLUMNS[] = {{"job", TABLE_LEFT, 0}, {"name", TABLE_LEFT, 0},
        {"tenant", TABLE_LEFT, 0}, {"system", TABLE_LEFT, 0}, {"tasks", TABLE_RIGHT, 0},
        {"chips", TABLE_RIGHT, 0}, {"submit_s", TABLE_RIGHT, 0}, {"start_s", TABLE_RIGHT, 0},
        {"end_s", TABLE_RIGHT, 0}, {"attempts", TABLE_RIGHT, 0}, {"usd", TABLE_RIGHT, 0},
        {"mwh", TABLE_RIGHT, 0}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS);

    for (size_t i = 0; i < r->job_count; i++) {
        const struct simulate_job *job = &r->jobs[i];
        const struct gang *gang = core_gang_at(r->core, i);
        const struct shape_system *system = gang->shape_system >= 0
                                                ? &gang->shape->systems[gang->shape_system]
                                                : NULL;

        table_cell(table, "%lld", (long long)gang->job);
        table_cell(table, "%s", gang->spec->name);
        table_cell(table, "%s", gang->spec->tenant);
        table_cell(table, "%s",
            job->system >= 0 ? core_fleet(r->core)->catalog.systems[job->system].id : "");
        table_cell(table, "%d", system != NULL ? system->task_count : gang->spec->tasks);
        table_cell(table, "%lld", system != NULL ? (long long)shape_chip_count(system) : 0LL);
        table_cell(table, "%.3f", job->submit_s);
        add_time(table, job->start_s);
        add_time(table, job->end_s);
        table_cell(table, "%d", gang->attempt);
        table_cell(table, "%.17g", job->usd);
        table_cell(table, "%.17g", job->mwh);
        table_end_row(table);
    }
    table_print_csv(table, stream);
    table_destroy(table);
    if (fflush(stream) != 0 || ferror(stream))
        return err_set_errno(err, "the CSV can't be written");
    return 0;
}

static void add_sites(struct json_writer *w, const struct simulate_result *r)
{
    const struct fleet *fleet = core_fleet(r->core);

    json_open_array(w, "sites");
    for (int i = 0; i < fleet->site_count; i++) {
        json_open_object(w, NULL);
        json_text(w, "id", fleet->sites[i].id);
        json_number(w, "peak_kw", r->peak_kw[i]);
        json_number(w, "limit_kw", fleet->sites[i].power_kw);
        json_close(w);
    }
    json_close(w);
}

int simulate_print_page(
    const struct simulate_result *r, enum core_policy policy, FILE *stream, struct err *err)
{
    struct json_writer *w = json_writer_create();
    const struct fleet *fleet = core_fleet(r->core);
    double chips = 0;
    int rc;

    for (int rack = 0; rack < fleet->rack_count; rack++)
        chips += system_chip_count(fleet_rack_system(fleet, rack));
    json_open_object(w, NULL);
    json_text(w, "fleet", fleet->name);
    add_summary(w, r, policy);
    json_number(w, "fleet_chips", chips);
    add_sites(w, r);
    json_open_array(w, "samples");
    for (size_t i = 0; i < r->sample_count; i++) {
        const struct simulate_sample *s = &r->samples[i];

        json_open_array(w, NULL);
        json_number(w, NULL, s->time_s);
        json_number(w, NULL, s->chips_used);
        json_number(w, NULL, s->waiting);
        json_number(w, NULL, s->running);
        json_number(w, NULL, s->kw);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    rc = page_write(stream, embed_simulate_html, "Wattyard simulation", w, err);
    json_writer_destroy(w);
    return rc;
}
