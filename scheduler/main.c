/* wattyard-scheduler: the daemon's command line. */
#include "base/data_folder.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/xml.h"
#include "scheduler/server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const double KEEP_DAYS_MOST = 36500;

static const struct option OPTIONS[] = {
    {"fleet", 0, OPTION_TEXT, offsetof(struct server_options, fleet_path), "FILE",
        "what stands on the floor; later changes come by `wattyard fleet apply`", 0, 0, NULL},
    {"state", 0, OPTION_TEXT, offsetof(struct server_options, state_folder), "DIR",
        "where the state is kept (default: /var/lib/wattyard/scheduler)", 0, 0, NULL},
    {"keys", 0, OPTION_TEXT, offsetof(struct server_options, keys_folder), "DIR",
        "scheduler.key, hosts/ and users/, as `wattyard keys` makes them (default: "
        "/etc/wattyard/keys)",
        0, 0, NULL},
    {"agents", 0, OPTION_TEXT, offsetof(struct server_options, agents_address), "ADDRESS",
        "where agents connect (default: tcp://0.0.0.0:7471)", 0, 0, NULL},
    {"people", 0, OPTION_TEXT, offsetof(struct server_options, people_address), "ADDRESS",
        "where people's commands connect (default: tcp://0.0.0.0:7470)", 0, 0, NULL},
    {"insecure-loopback", 0, OPTION_FLAG, offsetof(struct server_options, is_insecure), NULL,
        "no keys: loopback addresses alone, and everybody on this machine may do everything", 0, 0,
        NULL},
    {"after-restore", 0, OPTION_FLAG, offsetof(struct server_options, after_restore), NULL,
        "the state is a restored backup: take epoch and ids past all that hosts have seen", 0, 0,
        NULL},
    {"keep-days", 0, OPTION_NUMBER, offsetof(struct server_options, keep_days), "DAYS",
        "jobs that ended stay in the first database so long, then go to archive.db (default: 30)",
        0, KEEP_DAYS_MOST, NULL},
    {"ready-file", 0, OPTION_TEXT, offsetof(struct server_options, ready_file), "FILE",
        "written once both ports are listened on: addresses, pid, epoch", 0, 0, NULL},
};

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context);

static const struct command SCHEDULER = {
    .name = "wattyard-scheduler",
    .arguments = NULL,
    .summary = "decide which hosts run which jobs, and see to it",
    .details =
        "One scheduler runs a site or fleet. It keeps its state in SQLite in --state, takes jobs "
        "and questions from people (wattyard submit, queue, …) and tells one agent a host "
        "(wattyard-agent) what to run. What it has acknowledged survives kill -9 at any moment.\n"
        "\n"
        "SIGTERM ends it; what runs goes on running under the agents until their leases end, and "
        "the next start takes it up again. SIGHUP reads the keys again.\n"
        "\n"
        "Exit status: 0 it was told to end, 1 the state or a socket failed, 2 the call or the "
        "fleet file is wrong.\n",
    .examples =
        "wattyard-scheduler --fleet oregon.xml --state /var/lib/wattyard  # with keys\n"
        "wattyard-scheduler --fleet one-row.xml --state /tmp/s --insecure-loopback --agents "
        "tcp://127.0.0.1:7471 --people tcp://127.0.0.1:7470  # to try it on one machine\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .run = run,
};

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct server_options options = {.state_folder = "/var/lib/wattyard/scheduler",
        .keys_folder = "/etc/wattyard/keys",
        .agents_address = "tcp://0.0.0.0:7471",
        .people_address = "tcp://0.0.0.0:7470",
        .data_folder = context->data_folder,
        .program = "/proc/self/exe",
        .keep_days = 30};
    size_t positional_count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, NULL, &positional_count, context);

    if (status >= 0)
        return status;
    if (server_run(&options, &err) == 0)
        return 0;
    (void)fprintf(context->err, "wattyard-scheduler: %s\n", err.text);
    return err_exit_status(&err);
}

int main(int argc, char **argv)
{
    struct command_context context = {
        .out = stdout, .err = stderr, .program = "wattyard-scheduler"};
    char *data_folder;
    int status;

    if (argc == 2 && strcmp(argv[1], "--solver") == 0)
        return solver_main();
    if (argc == 2 && strcmp(argv[1], "--man") == 0) {
        options_print_man(&SCHEDULER, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("wattyard-scheduler %s\n", WATTYARD_VERSION);
        return 0;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    xml_init_process();
    data_folder = data_folder_find();
    context.data_folder = data_folder;
    status = run(&SCHEDULER, argc - 1, argv + 1, &context);
    mem_free(data_folder);
    return status;
}
