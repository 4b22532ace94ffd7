#include "planner/report_table.h"

#include "base/json.h"
#include "base/str.h"

#include <math.h>

void report_table_open(struct json_writer *w, const char *title, const char *const *columns)
{
    json_open_object(w, NULL);
    json_text(w, "title", title);
    json_open_array(w, "columns");
    for (; *columns != NULL; columns++)
        json_text(w, NULL, *columns);
    json_text(w, NULL, "source");
    json_close(w);
    json_open_array(w, "rows");
}

void report_table_close(struct json_writer *w)
{
    json_close(w);
    json_close(w);
}

void report_table_end_row(struct json_writer *w, struct where where)
{
    struct str place = {0};

    str_format(&place, "%s:%ld", where.file, where.line);
    json_text(w, NULL, str_text(&place));
    json_close(w);
    str_fini(&place);
}

void report_table_add_limit(struct json_writer *w, double limit)
{
    if (isfinite(limit))
        json_number(w, NULL, limit);
    else
        json_text(w, NULL, "");
}

void report_table_add_optional(struct json_writer *w, double number)
{
    if (number != 0)
        json_number(w, NULL, number);
    else
        json_text(w, NULL, "");
}

void report_table_add_month(struct json_writer *w, date_month month)
{
    char text[DATE_TEXT_SIZE];

    json_text(w, NULL, month == DATE_MONTH_NONE ? "" : date_format_month(month, text));
}

void report_table_add_marked(struct json_writer *w, const bool *marks, size_t count,
    const void *things, const char *(*name)(const void *things, size_t index))
{
    struct str text = {0};
    bool are_all = true;

    for (size_t i = 0; i < count; i++)
        are_all = are_all && marks[i];
    for (size_t i = 0; !are_all && i < count; i++)
        if (marks[i])
            str_format(&text, "%s%s", text.length > 0 ? " " : "", name(things, i));
    json_text(w, NULL, are_all ? "any" : str_text(&text));
    str_fini(&text);
}
