/* `wattyard power`: limits, what is committed against them and what is measured. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/show_floor.h"

#include <stddef.h>

enum { WORDS_MAX = 3 };

struct power_options {
    struct client_flags client;
    bool with_racks, as_json, as_csv;
};

static const struct option OPTIONS[] = {
    {"racks", 0, OPTION_FLAG, offsetof(struct power_options, with_racks), NULL,
        "also each rack (JSON and CSV have them always)", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct power_options, as_json), NULL, "print JSON", 0, 0,
        NULL},
    {"csv", 0, OPTION_FLAG, offsetof(struct power_options, as_csv), NULL, "print CSV", 0, 0, NULL},
    CLIENT_OPTIONS(struct power_options, client),
};

static int show(void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct power_options *options = data;
    enum rows_form form = options->as_json ? ROWS_JSON : options->as_csv ? ROWS_CSV : ROWS_TABLE;
    size_t count;
    size_t kept = 0;
    const void **rows = CLIENT_ROWS(pages, power, &count);
    struct row_set set;
    int status;

    for (size_t i = 0; i < count; i++) {
        const Wattyard__PowerRow *row = rows[i];

        if (form != ROWS_TABLE || options->with_racks || !str_equal(row->level, "rack"))
            rows[kept++] = row;
    }
    set = show_power_set(rows, kept, client_pages_last(pages)->now_ms);
    status = rows_print(&set, form, NULL, "power", context->out, context->err);
    mem_free(rows);
    return status;
}

/* After a change: the place, where the answer has it. */
static int show_change(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    size_t count;
    const void **rows = CLIENT_ROWS(pages, power, &count);
    struct row_set set = show_power_set(rows, count, client_pages_last(pages)->now_ms);
    int status = 0;

    (void)data;
    if (count > 0)
        status = rows_print(&set, ROWS_TABLE, NULL, "power", context->out, context->err);
    mem_free(rows);
    return status;
}

static int list(const struct command *command, const struct command_context *context,
    struct power_options *options)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListPower asked = WATTYARD__LIST_POWER__INIT;

    request.body_case = WATTYARD__REQUEST__BODY_LIST_POWER;
    request.list_power = &asked;
    return client_run(command, context, &options->client, &request, show, options);
}

static int set(const struct command *command, const struct command_context *context,
    struct power_options *options, const char *place, double kw)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__SetPower asked = WATTYARD__SET_POWER__INIT;

    asked.place = protocol_lend(place);
    asked.kw = kw;
    request.body_case = WATTYARD__REQUEST__BODY_SET_POWER;
    request.set_power = &asked;
    return client_run(command, context, &options->client, &request, show_change, NULL);
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct power_options options = {0};
    const char *words[WORDS_MAX] = {0};
    size_t count = 0;
    double kw = -1;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, words, &count, context);

    if (status >= 0)
        return status;
    if (count == 0)
        return list(command, context, &options);
    if (count == 2 && str_equal(words[0], "clear"))
        return set(command, context, &options, words[1], -1);
    if (count == 3 && str_equal(words[0], "set") && str_parse_double(words[2], &kw) == 0 && kw >= 0)
        return set(command, context, &options, words[1], kw);
    (void)err_set(&err, ERR_USAGE,
        "write: wattyard power, wattyard power set PLACE KW, or wattyard power clear PLACE");
    return client_fail(command, context, &err);
}

const struct command POWER_COMMAND = {.name = "power",
    .arguments = "[set PLACE KW | clear PLACE]",
    .summary = "power limits, what is committed and what is measured",
    .details =
        "Without words: each site, hall and feed with its limit in force, the fleet file's, what "
        "the running jobs are committed to, and what the hosts measure.\n\n"
        "`set` puts a limit on a site (at the meter), or a hall, feed or rack (of IT), until "
        "`clear` takes it back to the fleet file's. PLACE is oregon, oregon/h1, oregon/h1/f03 or "
        "oregon/h1/f03/r07. When the limit falls below what is committed, the scheduler lowers the "
        "power of jobs and stops the least valuable ones until it holds.",
    .examples = "wattyard power\n"
                "wattyard power set oregon/h1/f03 1200\n"
                "wattyard power clear oregon/h1/f03",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 0,
    .positional_max = WORDS_MAX,
    .run = run};
