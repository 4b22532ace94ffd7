/* `wattyard fleet`: versions of the fleet that the scheduler runs, and a new one. */
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "scheduler/show_floor.h"
#include "topologies/fleet.h"

#include <stddef.h>

enum { WORDS_MAX = 2 };
static const char NONE_APPLIED[] =
    "no fleet has been applied: the file that the scheduler was started with is in force";

struct fleet_options {
    struct client_flags client;
    bool dry_run, as_json, as_csv;
};

static const struct option OPTIONS[] = {
    {"dry-run", 0, OPTION_FLAG, offsetof(struct fleet_options, dry_run), NULL,
        "of apply: say what would change, and change nothing", 0, 0, NULL},
    {"json", 0, OPTION_FLAG, offsetof(struct fleet_options, as_json), NULL,
        "print the versions as JSON", 0, 0, NULL},
    {"csv", 0, OPTION_FLAG, offsetof(struct fleet_options, as_csv), NULL,
        "print the versions as CSV", 0, 0, NULL},
    CLIENT_OPTIONS(struct fleet_options, client),
};

static int show_versions(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct fleet_options *options = data;
    size_t count;
    const void **rows = CLIENT_ROWS(pages, fleet, &count);
    struct row_set set = show_fleet_set(rows, count, client_pages_last(pages)->now_ms);
    enum rows_form form = options->as_json ? ROWS_JSON : options->as_csv ? ROWS_CSV : ROWS_TABLE;
    int status = 0;

    if (count == 0 && form == ROWS_TABLE)
        (void)fprintf(context->out, "%s\n", NONE_APPLIED);
    else
        status = rows_print(&set, form, NULL, "versions", context->out, context->err);
    mem_free(rows);
    return status;
}

/* The newest of the versions. */
static int take_newest(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    uint32_t *version = data;
    const Wattyard__Answer *answer = client_pages_last(pages);

    for (size_t i = 0; i < answer->n_fleet; i++)
        if (answer->fleet[i]->version > *version)
            *version = answer->fleet[i]->version;
    if (*version > 0)
        return 0;
    (void)fprintf(context->err, "wattyard fleet: %s\n", NONE_APPLIED);
    return 1;
}

static int show_xml(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const ProtobufCBinaryData *xml = &client_pages_last(pages)->fleet_xml;

    (void)data;
    client_write(xml, 0, context->out);
    if (xml->len > 0 && xml->data[xml->len - 1] != '\n')
        (void)fputc('\n', context->out);
    return 0;
}

static int ask(const struct command *command, const struct command_context *context,
    const struct fleet_options *options, uint32_t version, client_show_fn show, void *data)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ShowFleet asked = WATTYARD__SHOW_FLEET__INIT;

    asked.version = version;
    request.body_case = WATTYARD__REQUEST__BODY_SHOW_FLEET;
    request.show_fleet = &asked;
    return client_run(command, context, &options->client, &request, show, data);
}

static int show_one(const struct command *command, const struct command_context *context,
    const struct fleet_options *options, const char *word)
{
    uint32_t version = 0;
    int64_t number = 0;
    struct err err = {0};
    int status = 0;

    if (word != NULL && (str_parse_int(word, &number) != 0 || number < 1 || number > UINT32_MAX)) {
        (void)err_set(&err, ERR_USAGE, "'%.40s' is no version; write a number from 1", word);
        return client_fail(command, context, &err);
    }
    version = (uint32_t)number;
    if (version == 0)
        status = ask(command, context, options, 0, take_newest, &version);
    return status != 0 ? status : ask(command, context, options, version, show_xml, NULL);
}

static int show_applied(
    void *data, const struct client_pages *pages, const struct command_context *context)
{
    const struct fleet_options *options = data;
    const Wattyard__Answer *answer = client_pages_last(pages);

    for (size_t i = 0; i < answer->n_fleet; i++)
        (void)fprintf(context->out, "%s %u: %s\n",
            options->dry_run ? "would be version" : "version", answer->fleet[i]->version,
            answer->fleet[i]->what);
    return 0;
}

/* The file is good here, and its includes are of this machine: one text goes out. */
static int read_fleet(const char *path, const struct command_context *context, struct str *text)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_load(path, context->data_folder, &faults);
    struct xml_document *document = NULL;
    int status = 0;

    if (fleet != NULL)
        document = xml_load(path, &XML_LIMITS_FILES, context->data_folder, &faults);
    if (document != NULL)
        xml_save_text(document, text);
    faults_print(&faults, context->err);
    if (document == NULL || faults.error_count > 0)
        status = CLIENT_WRONG;
    xml_destroy(document);
    fleet_destroy(fleet);
    faults_fini(&faults);
    return status;
}

static int apply(const struct command *command, const struct command_context *context,
    struct fleet_options *options, const char *path)
{
    Wattyard__Request request = WATTYARD__REQUEST__INIT;
    Wattyard__ApplyFleet asked = WATTYARD__APPLY_FLEET__INIT;
    struct str text = {0};
    int status = read_fleet(path, context, &text);

    if (status == 0) {
        asked.xml.data = (uint8_t *)text.text;
        asked.xml.len = text.length;
        asked.dry_run = options->dry_run;
        request.body_case = WATTYARD__REQUEST__BODY_APPLY_FLEET;
        request.apply_fleet = &asked;
        status = client_run(command, context, &options->client, &request, show_applied, options);
    }
    str_fini(&text);
    return status;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct fleet_options options = {0};
    const char *words[WORDS_MAX] = {0};
    size_t count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, words, &count, context);

    if (status >= 0)
        return status;
    if (count == 0 || (count == 1 && str_equal(words[0], "versions")))
        return ask(command, context, &options, 0, show_versions, &options);
    if (str_equal(words[0], "show"))
        return show_one(command, context, &options, words[1]);
    if (count == 2 && str_equal(words[0], "apply"))
        return apply(command, context, &options, words[1]);
    (void)err_set(&err, ERR_USAGE,
        "write: wattyard fleet versions, wattyard fleet show [VERSION], or wattyard fleet apply "
        "FILE");
    return client_fail(command, context, &err);
}

const struct command FLEET_COMMAND = {.name = "fleet",
    .arguments = "[versions | show [VERSION] | apply FILE]",
    .summary = "the fleet that the scheduler runs, and its changes",
    .details =
        "Without words, or with `versions`: each version, when it came, from whom, and what it "
        "changed. `show` prints one as XML, the newest by default.\n\n"
        "`apply` checks a fleet file here, puts what it includes into its place, and gives it to "
        "the scheduler. New hosts are unknown until their agents report; hosts that are gone from "
        "it take no new work, and leave when they are empty. A change under a running job is "
        "refused, and says which. `wattyard help fleet-file` tells what stands in the file.",
    .examples = "wattyard fleet apply fleet.xml --dry-run\n"
                "wattyard fleet apply fleet.xml\n"
                "wattyard fleet show 3 >fleet-3.xml",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 0,
    .positional_max = WORDS_MAX,
    .run = run};
