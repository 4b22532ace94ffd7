#include "planner/plan_csv.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "planner/output_file.h"
#include "planner/plan_lists.h"
#include "planner/within.h"

#include <math.h>

/* The fewest digits that read back as the same number. */
static void add_number(struct table *table, double number)
{
    char text[32];
    double back = NAN;

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (str_parse_double(text, &back) == 0 && back == number)
            break;
    }
    table_cell(table, "%s", text);
}

static void add_cell(struct table *table, const struct plan_cell *cell)
{
    char month[DATE_TEXT_SIZE];

    switch (cell->kind) {
    case PLAN_CELL_ABSENT:
    case PLAN_CELL_NULL:
        table_cell(table, "%s", "");
        break;
    case PLAN_CELL_TEXT:
        table_cell(table, "%s", cell->text);
        break;
    case PLAN_CELL_NUMBER:
    case PLAN_CELL_COUNT:
        add_number(table, cell->number);
        break;
    case PLAN_CELL_MONTH:
        table_cell(table, "%s", date_format_month(cell->month, month));
        break;
    case PLAN_CELL_BOOL:
        table_cell(table, "%s", cell->flag ? "true" : "false");
        break;
    }
}

static struct table *table_of_list(const struct capacity_plan *plan, const struct plan_list *list)
{
    struct table_column columns[PLAN_LIST_FIELDS_MAX] = {{0}};
    struct plan_cell cells[PLAN_LIST_FIELDS_MAX];
    size_t field_count = 0;
    size_t row_count = list->row_count(plan);
    struct table *table;

    for (; list->fields[field_count] != NULL; field_count++)
        columns[field_count].head = list->fields[field_count];
    table = table_create(columns, field_count);
    for (size_t i = 0; i < row_count; i++) {
        if (!list->read(plan, i, cells))
            continue;
        for (size_t f = 0; f < field_count; f++)
            add_cell(table, &cells[f]);
        table_end_row(table);
    }
    return table;
}

static struct table *table_of_cost(const struct capacity_plan *plan)
{
    static const struct table_column COLUMNS[] = {{.head = "part"}, {.head = "usd"}};
    struct table *table = table_create(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0]);

    for (int i = 0; plan->has_plan && i < COST_PART_COUNT; i++) {
        table_cell(table, "%s", COST_PART_NAMES[i]);
        add_number(table, plan->cost_usd[i]);
        table_end_row(table);
    }
    return table;
}

int plan_csv_write_table(struct table *table, const char *folder, const char *name, struct err *err)
{
    struct str path = {0};
    struct output_file *file;
    int rc = -1;

    str_format(&path, "%s/%s.csv", folder, name);
    file = output_file_create(str_text(&path), err);
    if (file != NULL) {
        table_print_csv(table, output_file_stream(file));
        rc = output_file_commit(file, err);
    }
    str_fini(&path);
    table_destroy(table);
    return rc;
}

int plan_csv_write(const struct capacity_plan *plan, const char *folder, struct err *err)
{
    if (file_make_folder(folder, err) != 0)
        return -1;
    if (plan_csv_write_table(table_of_cost(plan), folder, "cost_usd", err) != 0)
        return -1;
    for (size_t i = 0; i < PLAN_LIST_COUNT; i++) {
        const struct plan_list *list = &PLAN_LISTS[i];

        if (plan_csv_write_table(table_of_list(plan, list), folder, list->name, err) != 0)
            return -1;
    }
    if (plan->within == NULL)
        return 0;
    return plan_csv_write_table(within_table(plan->within, plan->scenario), folder, "within", err);
}
