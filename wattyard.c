/*
 * The front door: which commands and pages there are, where the data folder is, and what becomes of
 * output that can't be written. To add a command, add its &NAME_COMMAND to a group below.
 */
#include "base/data_folder.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/help.h"
#include "base/mem.h"
#include "base/xml.h"
#include "planner/commands.h"
#include "scheduler/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_WRONG = 2 };

EMBED_DECLARE(catalog_txt);
EMBED_DECLARE(client_txt);
EMBED_DECLARE(fleet_file_txt);
EMBED_DECLARE(manifest_txt);
EMBED_DECLARE(planning_model_txt);
EMBED_DECLARE(rates_txt);
EMBED_DECLARE(scenario_txt);
EMBED_DECLARE(values_txt);

static const struct command HELP_COMMAND;

static const struct command *const PLANNING[] = {
    &PLAN_COMMAND,
    &SWEEP_COMMAND,
    &COMPARE_COMMAND,
    &SYSTEMS_COMMAND,
    NULL,
};

static const struct command *const RUNNING[] = {
    &PLACE_COMMAND,
    &SIMULATE_COMMAND,
    NULL,
};

static const struct command *const JOBS[] = {
    &SUBMIT_COMMAND,
    &QUEUE_COMMAND,
    &JOB_COMMAND,
    &EXPLAIN_COMMAND,
    &CANCEL_COMMAND,
    &HOLD_COMMAND,
    &RELEASE_COMMAND,
    &REQUEUE_COMMAND,
    &LOGS_COMMAND,
    NULL,
};

static const struct command *const OPERATING[] = {
    &NODES_COMMAND,
    &DRAIN_COMMAND,
    &RESUME_COMMAND,
    &POWER_COMMAND,
    &USAGE_COMMAND,
    &FLEET_COMMAND,
    &KEYS_COMMAND,
    NULL,
};

static const struct command *const EVERYTHING[] = {
    &VALIDATE_COMMAND,
    &HELP_COMMAND,
    NULL,
};

static const struct help_group GROUPS[] = {
    {"Plan capacity", PLANNING, false},
    {"Place and run jobs", RUNNING, false},
    {NULL, JOBS, true},
    {"Operate", OPERATING, true},
    {"Everything", EVERYTHING, false},
};

static const struct help_topic TOPICS[] = {
    {"scenario", embed_scenario_txt},
    {"catalog", embed_catalog_txt},
    {"fleet-file", embed_fleet_file_txt},
    {"manifest", embed_manifest_txt},
    {"rates", embed_rates_txt},
    {"client", embed_client_txt},
    {"planning-model", embed_planning_model_txt},
    {"values", embed_values_txt},
};

static const struct help_book BOOK = {
    .program = "wattyard",
    .summary = "Plan and run AI jobs on mixed silicon, within your gigawatts and dollars.",
    .details =
        "Wattyard is a capacity planner and a scheduler for mixed silicon, Trainium UltraServers "
        "and NVL72 racks side by side, under limits of power and money.\n"
        "\n"
        "Long work shows a line of progress on a terminal; a pipe gets none. Where there is a "
        "table there is --json, and often --csv.\n"
        "\n"
        "The shipped catalog and scenarios are looked for in the folder that the environment "
        "variable WATTYARD_DATA names, else in ../share/wattyard beside the program's folder.",
    .groups = GROUPS,
    .group_count = sizeof GROUPS / sizeof *GROUPS,
    .topics = TOPICS,
    .topic_count = sizeof TOPICS / sizeof *TOPICS,
};

static int run_help(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    return help_run(&BOOK, command, argc, argv, context);
}

static const struct command HELP_COMMAND = {
    .name = "help",
    .arguments = "[NAME]",
    .summary = "a page on a command, a file format or a model",
    .details = "Without NAME: what commands and pages there are.",
    .examples = "wattyard help help  # the same as wattyard help --help\n"
                "wattyard help values  # how numbers, dates, ids and ranges are written\n",
    .options = HELP_OPTIONS,
    .option_count = HELP_OPTION_COUNT,
    .positional_min = 0,
    .positional_max = 1,
    .run = run_help,
};

/* A standard stream that came closed would give its number to the next file that is opened. What is
 * opened here in its place can't be written to, so that output into it fails and is told. */
static void occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDONLY) < 0)
            _exit(EXIT_WRONG);
}

/* All that was printed must have arrived. A command that failed has told why already. */
static int finish_output(int status)
{
    bool is_lost = ferror(stdout) != 0;

    errno = 0;
    if (fclose(stdout) != 0)
        is_lost = true;
    if (!is_lost || status == EXIT_WRONG)
        return status;
    (void)fprintf(stderr, "wattyard: the output can't be written%s%s\n", errno != 0 ? ": " : "",
        errno != 0 ? strerror(errno) : "");
    return EXIT_WRONG;
}

int main(int argc, char **argv)
{
    struct command_context context = {.out = stdout, .err = stderr, .program = argv[0]};
    char *data_folder;
    int status;

    occupy_standard_streams();
    /* A closed pipe is an output error like any other. */
    (void)signal(SIGPIPE, SIG_IGN);
    xml_init_process();
    data_folder = data_folder_find();
    context.data_folder = data_folder;
    status = help_run_program(&BOOK, argc, argv, &context);
    mem_free(data_folder);
    return finish_output(status);
}
