/* `wattyard usage`: what was used, by whom, for how much. */
#include "base/date.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/show_floor.h"

#include <stddef.h>

static const char *const BY[] = {"tenant", "user", "system", NULL};

struct usage_options {
    struct client_flags client;
    int by;
    const char *from, *to;
    bool as_json, as_csv;
};

static const struct option OPTIONS[] = {
    {"by", 0, OPTION_CHOICE, offsetof(struct usage_options, by), NULL,
        "what the rows are of (default tenant)", 0, 0, BY},
    {"from", 0, OPTION_TEXT, offsetof(struct usage_options, from), "TIME",
        "from then on: 2026-11, 2026-11-21 or 2026-11-21T09:00:00Z (default: all there is)", 0, 0,
        NULL},
    {"to", 0, OPTION_TEXT, offsetof(struct usage_options, to), "TIME", "up to then (default: now)",
        0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct usage_options, as_json), NULL, "print JSON", 0, 0,
        NULL},
    {"csv", 0, OPTION_FLAG, offsetof(struct usage_options, as_csv), NULL, "print CSV", 0, 0, NULL},
    CLIENT_OPTIONS(struct usage_options, client),
};

/* A month, a day or an instant, UTC. */
static int parse_time(const char *option, const char *text, int64_t *out_ms, struct err *err)
{
    static const char *const endings[] = {"", "T00:00:00Z", "-01T00:00:00Z"};

    if (text == NULL)
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct str whole = {0};
        int rc;

        str_format(&whole, "%.60s%s", text, endings[i]);
        rc = date_parse_instant(str_text(&whole), out_ms);
        str_fini(&whole);
        if (rc == 0)
            return 0;
    }
    return err_set(err, ERR_USAGE,
        "--%s: '%.60s' is no time; write 2026-11, 2026-11-21 or 2026-11-21T09:00:00Z", option,
        text);
}

static int show(void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct usage_options *options = data;
    size_t count;
    const void **rows = CLIENT_ROWS(pages, usage, &count);
    struct row_set set = show_usage_set(rows, count);
    enum rows_form form = options->as_json ? ROWS_JSON : options->as_csv ? ROWS_CSV : ROWS_TABLE;
    int status = rows_print(&set, form, NULL, BY[options->by], context->out, context->err);

    mem_free(rows);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct usage_options options = {0};
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListUsage asked = WATTYARD__LIST_USAGE__INIT;
    const char *no_words[1];
    size_t count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, no_words, &count, context);

    if (status >= 0)
        return status;
    if (parse_time("from", options.from, &asked.from_ms, &err) != 0 ||
        parse_time("to", options.to, &asked.to_ms, &err) != 0)
        return client_fail(command, context, &err);
    asked.by = protocol_lend(BY[options.by]);
    request.body_case = WATTYARD__REQUEST__BODY_LIST_USAGE;
    request.list_usage = &asked;
    return client_run(command, context, &options.client, &request, show, &options);
}

const struct command USAGE_COMMAND = {.name = "usage",
    .summary = "chip-hours, kWh and dollars by tenant, user or system",
    .details = "What ended and running jobs have used of chips and energy in the time asked for, "
               "and what that cost at the fleet's prices. Energy is measured where the hosts can, "
               "else what was committed. Months and days begin at 00:00 UTC.",
    .examples = "wattyard usage --from 2026-11 --to 2026-12\n"
                "wattyard usage --by user --csv",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 0,
    .positional_max = 0,
    .run = run};
