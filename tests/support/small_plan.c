#include "tests/support/small_plan.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "planner/lp.h"
#include "tests/support/edit.h"

#include <check.h>

static const struct small_pieces DEFAULTS = {
    .horizon = "<horizon start='2026-01' end='2026-12' step='quarter'/>",
    .systems = "<system id='s' chip='c' hosts='1' chips-per-host='1' power-kw='100'/>",
    .sites = "<site id='a' region='r' jurisdiction='us'><power from='2026-01' mw='1'/>"
             "<energy from='2026-01' usd-per-mwh='0'/></site>",
    .offers = "<offer id='o' system='s' provider='p' kind='on-demand' usd-per-system-hour='1'/>",
    .workloads = "<workload id='w' kind='inference' value-usd-per-unit='10'>"
                 "<rate system='s' units-per-hour='1'/>"
                 "<demand from='2026-01' units-per-hour='4'/></workload>",
    .rules = "",
};

static const char *piece(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

struct scenario *small_scenario(const struct small_pieces *pieces)
{
    struct faults faults = {0};
    struct str text = {0};
    struct scenario *scenario;
    char *list;

    str_format(&text,
        "<scenario xmlns='urn:wattyard:1' name='small'><catalog>"
        "<chip id='c' vendor='v' stack='k' hbm-gb='1' hbm-gbps='1' mfu='1' bw-efficiency='1'/>"
        "<chip id='d' vendor='x' stack='l' hbm-gb='1' hbm-gbps='1' mfu='1' bw-efficiency='1'/>"
        "%s</catalog>\n%s\n%s\n%s\n%s\n%s</scenario>",
        piece(pieces->systems, DEFAULTS.systems), piece(pieces->horizon, DEFAULTS.horizon),
        piece(pieces->sites, DEFAULTS.sites), piece(pieces->offers, DEFAULTS.offers),
        piece(pieces->workloads, DEFAULTS.workloads), piece(pieces->rules, DEFAULTS.rules));
    scenario = scenario_parse(str_text(&text), text.length, "small.xml", &faults);
    list = edit_list_faults(&faults);
    ck_assert_msg(scenario != NULL, "%s", list);
    mem_free(list);
    faults_fini(&faults);
    str_fini(&text);
    return scenario;
}

static struct small_plan solve(struct scenario *scenario, bool is_whole, double gap)
{
    const struct solve_options options = {
        .clock_s = clock_monotonic_s, .whole_systems = is_whole, .gap = gap};
    struct err err = {0};
    struct small_plan small = {.scenario = scenario};

    small.plan = capacity_solve(scenario, &options, &err);
    ck_assert_msg(small.plan != NULL, "%s", err.text);
    return small;
}

static struct scenario *load(const char *path)
{
    struct faults faults = {0};
    struct scenario *scenario = scenario_load(path, NULL, &faults);
    char *list = edit_list_faults(&faults);

    ck_assert_msg(scenario != NULL, "%s", list);
    mem_free(list);
    faults_fini(&faults);
    return scenario;
}

struct small_plan small_plan_solve(const struct small_pieces *pieces)
{
    return solve(small_scenario(pieces), false, 0);
}

struct small_plan small_plan_solve_file(const char *path)
{
    return solve(load(path), false, 0);
}

struct small_plan small_plan_solve_whole(const struct small_pieces *pieces, double gap)
{
    return solve(small_scenario(pieces), true, gap);
}

struct small_plan small_plan_solve_whole_file(const char *path, double gap)
{
    return solve(load(path), true, gap);
}

void small_plan_close(struct small_plan *small)
{
    capacity_plan_destroy(small->plan);
    scenario_destroy(small->scenario);
}

double small_plan_optimum(
    const struct scenario *scenario, const struct capacity_model_options *options)
{
    struct err err = {0};
    struct capacity_model *model = capacity_model_create(scenario, options, &err);
    double optimum;

    ck_assert_msg(model != NULL, "%s", err.text);
    ck_assert_msg(lp_solve_mip(model->lp, NULL, &err) == LP_OPTIMAL, "the model has no optimum: %s",
        err.text);
    optimum = lp_objective(model->lp) * model->cost_scale;
    capacity_model_destroy(model);
    return optimum;
}
