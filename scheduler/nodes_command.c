/* `wattyard nodes`, `drain` and `resume`: the hosts, and what operators do to them. */
#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/ledger.h"
#include "scheduler/show_floor.h"

#include <stddef.h>

enum { WORDS_MAX = 10000 };

struct nodes_options {
    struct client_flags client;
    struct option_list states;
    const char *why, *format;
    bool as_json, as_csv, after_mass_failure;
};

static const struct option NODES_OPTIONS[] = {
    {"state", 's', OPTION_LIST, offsetof(struct nodes_options, states), "STATE",
        "only hosts in it: up, unknown, suspect, down, drained", 0, 0, NULL},
    {"why", 0, OPTION_TEXT, offsetof(struct nodes_options, why), "TEXT",
        "of fence: how you know that nothing runs there any more", 0, 0, NULL},
    {"format", 0, OPTION_TEXT, offsetof(struct nodes_options, format), "COLUMNS",
        "which columns, in which order: host,state,power_w", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct nodes_options, as_json), NULL, "print JSON", 0, 0,
        NULL},
    {"csv", 0, OPTION_FLAG, offsetof(struct nodes_options, as_csv), NULL, "print CSV", 0, 0, NULL},
    CLIENT_OPTIONS(struct nodes_options, client),
};

static const struct option DRAIN_OPTIONS[] = {
    {"why", 0, OPTION_TEXT, offsetof(struct nodes_options, why), "TEXT",
        "the reason, for all who look at these hosts; needed", 0, 0, NULL},
    CLIENT_OPTIONS(struct nodes_options, client),
};

static const struct option RESUME_OPTIONS[] = {
    {"after-mass-failure", 0, OPTION_FLAG, offsetof(struct nodes_options, after_mass_failure), NULL,
        "let jobs start again that were kept back when many hosts failed at once", 0, 0, NULL},
    CLIENT_OPTIONS(struct nodes_options, client),
};

static int show_hosts(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct nodes_options *options = data;
    size_t count;
    const void **rows = CLIENT_ROWS(pages, hosts, &count);
    struct row_set set = show_hosts_set(rows, count, client_pages_last(pages)->now_ms);
    enum rows_form form = options->as_json ? ROWS_JSON : options->as_csv ? ROWS_CSV : ROWS_TABLE;
    int status = rows_print(&set, form, options->format, "hosts", context->out, context->err);

    mem_free(rows);
    return status;
}

/* What they are after a drain, resume or fence; of very many the answer has no rows. */
static int show_states(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const size_t *host_count = data;
    char text[32];
    size_t count;
    const void **rows = CLIENT_ROWS(pages, hosts, &count);

    if (count == 0)
        (void)fprintf(context->out, "%s %s; wattyard nodes shows what they are now\n",
            units_count((double)*host_count, text, sizeof text),
            str_plural((int64_t)*host_count, "host", "hosts"));
    for (size_t i = 0; i < count; i++) {
        const Wattyard__HostRow *row = rows[i];

        (void)fprintf(context->out, "%s   %s", row->host, row->state);
        if (row->tasks > 0)
            (void)fprintf(
                context->out, "   %u %s", row->tasks, str_plural(row->tasks, "task", "tasks"));
        (void)fprintf(context->out, "\n");
    }
    mem_free(rows);
    return 0;
}

/* The words as one hostlist, each of them checked: appended to out, their hosts to the count. */
static int join_hosts(
    const char *const *words, size_t count, struct str *out, size_t *host_count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct hostlist list = {0};

        if (hostlist_expand(words[i], HOSTLIST_NAMES_MAX, &list, err) != 0) {
            if (err->kind == ERR_INPUT)
                err->kind = ERR_USAGE;
            return err_wrap(err, "'%.60s'", words[i]);
        }
        *host_count += list.count;
        hostlist_fini(&list);
        str_format(out, "%s%s", i > 0 ? "," : "", words[i]);
    }
    return 0;
}

static int list(const struct command *command, const struct command_context *context,
    struct nodes_options *options, const struct str *hosts)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ListHosts asked = WATTYARD__LIST_HOSTS__INIT;
    struct row_set none = show_hosts_set(NULL, 0, 0);
    struct row_pick pick;
    struct err err = {0};
    char *states[OPTION_LIST_MAX];

    if ((options->format != NULL && rows_pick(&none, options->format, &pick, &err) != 0) ||
        client_check_states(&options->states, HOST_STATE_NAMES, HOST_UNKNOWN + 1, &err) != 0)
        return client_fail(command, context, &err);
    for (size_t i = 0; i < options->states.count; i++)
        states[i] = protocol_lend(options->states.items[i]);
    asked.hosts = protocol_lend(str_text(hosts));
    asked.states = states;
    asked.n_states = options->states.count;
    request.body_case = WATTYARD__REQUEST__BODY_LIST_HOSTS;
    request.list_hosts = &asked;
    return client_run(command, context, &options->client, &request, show_hosts, options);
}

static int act(const struct command *command, const struct command_context *context,
    struct nodes_options *options, Wattyard__Request__BodyCase body, const struct str *hosts,
    size_t host_count)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__HostAction action = WATTYARD__HOST_ACTION__INIT;

    action.hosts = protocol_lend(str_text(hosts));
    action.why = protocol_lend(options->why != NULL ? options->why : "");
    request.body_case = body;
    request.drain = &action; /* the three share a type and a place */
    return client_run(command, context, &options->client, &request, show_states, &host_count);
}

static int retry_all(const struct command *command, const struct command_context *context,
    struct nodes_options *options)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__RetryAll retry = WATTYARD__RETRY_ALL__INIT;

    request.body_case = WATTYARD__REQUEST__BODY_RETRY_ALL;
    request.retry_all = &retry;
    return client_run(command, context, &options->client, &request, NULL, NULL);
}

static int wrong_call(
    const struct command *command, const struct command_context *context, const char *text)
{
    struct err err = {0};

    (void)err_set(&err, ERR_USAGE, "%s", text);
    return client_fail(command, context, &err);
}

/* What the words and options ask for. */
static int choose(const struct command *command, const struct command_context *context,
    struct nodes_options *options, const char *const *words, size_t count)
{
    bool is_fence = command == &NODES_COMMAND && count > 0 && str_equal(words[0], "fence");
    bool has_reason = options->why != NULL && options->why[0] != '\0';
    struct str hosts = {0};
    struct err err = {0};
    size_t host_count = 0;
    int status;

    if (options->after_mass_failure)
        return count == 0 ? retry_all(command, context, options)
                          : wrong_call(command, context,
                                "--after-mass-failure is about all jobs; name no hosts with it");
    if (is_fence || command != &NODES_COMMAND) {
        if (count == (is_fence ? 1 : 0))
            return wrong_call(command, context, "name the hosts, as r[01-04]-t[01-36]");
        if (!has_reason && command != &RESUME_COMMAND)
            return wrong_call(command, context, "say why: --why 'TEXT'");
    }
    if (join_hosts(words + is_fence, count - is_fence, &hosts, &host_count, &err) != 0)
        status = client_fail(command, context, &err);
    else if (is_fence)
        status = act(command, context, options, WATTYARD__REQUEST__BODY_FENCE, &hosts, host_count);
    else if (command == &NODES_COMMAND)
        status = list(command, context, options, &hosts);
    else
        status = act(command, context, options,
            command == &DRAIN_COMMAND ? WATTYARD__REQUEST__BODY_DRAIN
                                      : WATTYARD__REQUEST__BODY_RESUME,
            &hosts, host_count);
    str_fini(&hosts);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct nodes_options options = {0};
    const char **words = mem_zero((size_t)argc + 1, sizeof *words);
    size_t count = 0;
    int status = options_begin(command, argc, argv, &options, words, &count, context);

    if (status < 0)
        status = choose(command, context, &options, words, count);
    mem_free(words);
    return status;
}

const struct command NODES_COMMAND = {.name = "nodes",
    .arguments = "[HOSTS…] | fence HOSTS…",
    .summary = "the hosts: state, chips, use, power, and what runs there",
    .details =
        "HOSTS are hostlists, as oregon-h1-f01-r[01-04]-t[01-36]; without them all hosts.\n\n"
        "`wattyard nodes fence HOSTS --why TEXT` is for an operator who knows that nothing runs "
        "there any more (the power is off, the host was reinstalled): its tasks count as ended, "
        "and "
        "their jobs may start elsewhere at once instead of after their leases. Said of a host "
        "where a task does run, that task may run twice.\n\n"
        "Columns for --format: host, system, state, since, chips_held, chips, chips_bad, "
        "chip_use_frac, load, memory_used_bytes, memory_bytes, power_w, tasks, jobs, version, "
        "seen, "
        "who, why.",
    .examples = "wattyard nodes --state down --state suspect\n"
                "wattyard nodes oregon-h1-f01-r01-t[01-36] --json\n"
                "wattyard nodes fence oregon-h1-f01-r01-t07 --why 'pulled for repair'",
    .options = NODES_OPTIONS,
    .option_count = sizeof NODES_OPTIONS / sizeof *NODES_OPTIONS,
    .positional_min = 0,
    .positional_max = WORDS_MAX,
    .run = run};

const struct command DRAIN_COMMAND = {.name = "drain",
    .arguments = "HOSTS…",
    .summary = "let no new work start on hosts",
    .details = "What runs there goes on to its end. HOSTS are hostlists.",
    .examples = "wattyard drain oregon-h1-f01-r01-t[01-36] --why 'new firmware'",
    .options = DRAIN_OPTIONS,
    .option_count = sizeof DRAIN_OPTIONS / sizeof *DRAIN_OPTIONS,
    .positional_min = 1,
    .positional_max = WORDS_MAX,
    .run = run};

const struct command RESUME_COMMAND = {.name = "resume",
    .arguments = "HOSTS… | --after-mass-failure",
    .summary = "let work start on drained hosts again",
    .details =
        "HOSTS are hostlists.\n\n"
        "When many hosts fail at once, jobs that were on them are kept back, since the cause "
        "may take the next hosts too; --after-mass-failure lets them start.",
    .examples = "wattyard resume oregon-h1-f01-r01-t[01-36]\n"
                "wattyard resume --after-mass-failure",
    .options = RESUME_OPTIONS,
    .option_count = sizeof RESUME_OPTIONS / sizeof *RESUME_OPTIONS,
    .positional_min = 0,
    .positional_max = WORDS_MAX,
    .run = run};
