#include "planner/plan_json.h"
#include "planner/conflict.h"

#include "base/json.h"
#include "planner/lp.h"
#include "planner/plan_lists.h"
#include "planner/within.h"

#include <math.h>

static void write_head(struct json_writer *writer, const struct capacity_plan *plan)
{
    json_text(writer, "scenario", plan->scenario->name);
    json_text(writer, "status", PLAN_STATUS_NAMES[plan->status]);
    json_open_object(writer, "solver");
    json_text(writer, "name", LP_SOLVER_NAME);
    json_text(writer, "version", lp_solver_version());
    json_close(writer);
}

/* NAN, so null, where there is no plan that could cost something. */
static double known(const struct capacity_plan *plan, double number)
{
    return plan->has_plan ? number : NAN;
}

static void write_figures(struct json_writer *writer, const struct capacity_plan *plan)
{
    json_number(writer, "objective_usd", known(plan, plan->objective_usd));
    json_number(writer, "bound_usd", known(plan, plan->bound_usd));
    json_number(writer, "gap", known(plan, plan->gap));
    json_bool(writer, "whole_systems", plan->is_whole);
    json_open_object(writer, "size");
    json_count(writer, "rows", plan->size.rows);
    json_count(writer, "columns", plan->size.columns);
    json_count(writer, "nonzeros", plan->size.nonzeros);
    json_count(writer, "integers", plan->size.integers);
    json_close(writer);
    json_open_object(writer, "seconds");
    json_number(writer, "read", plan->seconds.read);
    json_number(writer, "build", plan->seconds.build);
    json_number(writer, "solve", plan->seconds.solve);
    json_close(writer);
    json_open_object(writer, "cost_usd");
    for (int i = 0; i < COST_PART_COUNT; i++)
        json_number(writer, COST_PART_NAMES[i], known(plan, plan->cost_usd[i]));
    json_close(writer);
}

static void write_cell(struct json_writer *writer, const char *key, const struct plan_cell *cell)
{
    char month[DATE_TEXT_SIZE];

    switch (cell->kind) {
    case PLAN_CELL_ABSENT:
        break;
    case PLAN_CELL_NULL:
        json_none(writer, key);
        break;
    case PLAN_CELL_TEXT:
        json_text(writer, key, cell->text);
        break;
    case PLAN_CELL_NUMBER:
        json_number(writer, key, cell->number);
        break;
    case PLAN_CELL_COUNT:
        json_count(writer, key, (int64_t)cell->number);
        break;
    case PLAN_CELL_MONTH:
        json_text(writer, key, date_format_month(cell->month, month));
        break;
    case PLAN_CELL_BOOL:
        json_bool(writer, key, cell->flag);
        break;
    }
}

static void write_list(
    struct json_writer *writer, const struct capacity_plan *plan, const struct plan_list *list)
{
    size_t count = list->row_count(plan);
    struct plan_cell cells[PLAN_LIST_FIELDS_MAX];

    json_open_array(writer, list->name);
    for (size_t i = 0; i < count; i++) {
        if (!list->read(plan, i, cells))
            continue;
        json_open_object(writer, NULL);
        for (size_t f = 0; list->fields[f] != NULL; f++)
            write_cell(writer, list->fields[f], &cells[f]);
        json_close(writer);
    }
    json_close(writer);
}

void plan_json_write(
    const struct capacity_plan *plan, const char *conflict, struct json_writer *writer)
{
    write_head(writer, plan);
    write_figures(writer, plan);
    for (size_t i = 0; i < PLAN_LIST_COUNT; i++)
        write_list(writer, plan, &PLAN_LISTS[i]);
    if (plan->within != NULL)
        within_write_json(plan->within, plan->scenario, writer);
    if (plan->conflict != NULL)
        conflict_write_json(plan->conflict, writer);
    else if (conflict != NULL)
        json_text(writer, "conflict", conflict);
}

int plan_json_print(
    const struct capacity_plan *plan, const char *conflict, FILE *stream, struct err *err)
{
    struct json_writer *writer = json_writer_create();
    int rc;

    json_open_object(writer, NULL);
    plan_json_write(plan, conflict, writer);
    json_close(writer);
    rc = json_print(writer, stream, err);
    json_writer_destroy(writer);
    return rc;
}
