/* wattyard-agent: the command line, the poll, and what must be put in place around the agent. */
#include "agent/agent.h"
#include "agent/inventory.h"
#include "agent/inventory_print.h"
#include "agent/launcher.h"
#include "agent/protocol_keys.h"
#include "agent/protocol_link.h"
#include "agent/sensors.h"
#include "base/err.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINES = 20, WAIT_MOST_MS = 60 * 1000 };
static const double REPORT_SECONDS_MOST = 10; /* a host is suspect after 15 s */

struct agent_call {
    const char *host, *scheduler, *state, *keys, *address, *topology, *sysfs, *nvml, *prolog,
        *epilog;
    double report_seconds;
    bool is_insecure, wants_inventory;
};

#define CALL(field) offsetof(struct agent_call, field)

static const struct option OPTIONS[] = {
    {"scheduler", 0, OPTION_TEXT, CALL(scheduler), "ADDRESS",
        "where the scheduler listens for agents (default: tcp://127.0.0.1:7471)", 0, 0, NULL},
    {"host", 0, OPTION_TEXT, CALL(host), "NAME",
        "this host's name in the fleet file (default: its host name)", 0, 0, NULL},
    {"state", 0, OPTION_TEXT, CALL(state), "DIR",
        "where tasks and their outputs are kept (default: /var/lib/wattyard/agent)", 0, 0, NULL},
    {"keys", 0, OPTION_TEXT, CALL(keys), "DIR",
        "NAME.key of this host and scheduler.pub, as `wattyard keys host` makes them (default: "
        "/etc/wattyard/keys)",
        0, 0, NULL},
    {"address", 0, OPTION_TEXT, CALL(address), "ADDRESS",
        "where other hosts reach this one: MASTER_ADDR of gangs (default: its host name)", 0, 0,
        NULL},
    {"report-seconds", 0, OPTION_NUMBER, CALL(report_seconds), "SECONDS",
        "between reports while nothing changes (default: 5)", 0.05, REPORT_SECONDS_MOST, NULL},
    {"prolog", 0, OPTION_TEXT, CALL(prolog), "PROGRAM",
        "run before each task with job and task as words; one that fails drains the host", 0, 0,
        NULL},
    {"epilog", 0, OPTION_TEXT, CALL(epilog), "PROGRAM", "run after each task, likewise", 0, 0,
        NULL},
    {"topology", 0, OPTION_TEXT, CALL(topology), "FILE",
        "stand in for the host of a stored topology (hwloc's XML): binding is reckoned and told, "
        "not applied",
        0, 0, NULL},
    {"sysfs", 0, OPTION_TEXT, CALL(sysfs), "DIR", "another root than /sys for Neuron devices", 0, 0,
        NULL},
    {"nvml", 0, OPTION_TEXT, CALL(nvml), "FILE",
        "NVIDIA's management library, where it stands elsewhere (default: libnvidia-ml.so.1)", 0, 0,
        NULL},
    {"inventory", 0, OPTION_FLAG, CALL(wants_inventory), NULL,
        "print what this host is and does now, and end", 0, 0, NULL},
    {"insecure-loopback", 0, OPTION_FLAG, CALL(is_insecure), NULL,
        "no keys: the scheduler must be on this machine, and without keys too", 0, 0, NULL},
};

/* --- What it stands on */

struct parts {
    struct inventory *inventory;
    struct sensors *sensors;
    struct launcher *launcher;
    struct link *link;
    struct agent *agent;
    char *shim; /* owned */
    const char *uuids[INVENTORY_CHIPS_MAX];
    struct host_use use; /* holds the uuids */
    int signals;
};

struct log_state {
    time_t second;
    int count;
};

static void print_line(void *data, const char *line)
{
    struct log_state *state = data;
    time_t now = time(NULL);

    if (now != state->second) {
        state->second = now;
        state->count = 0;
    }
    if (++state->count <= LOG_LINES)
        (void)fprintf(stderr, "wattyard-agent: %s\n", line);
}

static int64_t boot_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* wattyard-shim stands beside the agent's own program. Gives (mem_free). */
static char *find_shim(struct err *err)
{
    char program[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *path;

    if (n <= 0) {
        (void)err_set_errno(err, "/proc/self/exe");
        return NULL;
    }
    program[n] = '\0';
    path = file_beside(program, "wattyard-shim");
    if (access(path, X_OK) == 0)
        return path;
    (void)err_set_errno(err, "%s can't be run", path);
    mem_free(path);
    return NULL;
}

static int open_link(const struct agent_call *call, struct link **link, struct err *err)
{
    struct link_options options = {.address = call->scheduler};
    struct key own = {0};
    struct key scheduler = {0};
    struct str path = {0};
    int rc = 0;

    if (!call->is_insecure) {
        str_format(&path, "%s/%s.key", call->keys, call->host);
        rc = key_read(str_text(&path), &own, err);
        str_clear(&path);
        str_format(&path, "%s/scheduler.pub", call->keys);
        if (rc == 0)
            rc = key_read(str_text(&path), &scheduler, err);
        options.own = &own;
        options.scheduler = &scheduler;
    }
    str_fini(&path);
    if (rc == 0)
        *link = link_open(&options, err);
    return *link != NULL ? 0 : -1;
}

static int open_host(const struct agent_call *call, struct parts *parts, struct err *err)
{
    parts->inventory = inventory_create(call->topology, call->sysfs, err);
    if (parts->inventory == NULL)
        return -1;
    parts->sensors = sensors_create(parts->inventory,
        &(struct sensors_options){.sysfs = call->sysfs, .nvml_library = call->nvml});
    sensors_read(parts->sensors, &parts->use);
    for (int i = 0; i < parts->use.chip_count; i++)
        parts->uuids[i] = parts->use.chips[i].uuid;
    return 0;
}

static int open_parts(
    const struct agent_call *call, struct parts *parts, struct log_state *log, struct err *err)
{
    if (open_host(call, parts, err) != 0)
        return -1;
    parts->shim = find_shim(err);
    if (parts->shim == NULL || open_link(call, &parts->link, err) != 0)
        return -1;
    parts->launcher = launcher_open(&(struct launcher_options){.folder = call->state,
                                        .host = call->host,
                                        .address = call->address,
                                        .program = parts->shim,
                                        .prolog = call->prolog,
                                        .epilog = call->epilog,
                                        .inventory = parts->inventory,
                                        .chip_uuids = parts->uuids},
        err);
    if (parts->launcher == NULL)
        return -1;
    parts->agent = agent_create(&(struct agent_options){.host = call->host,
        .address = call->address,
        .folder = call->state,
        .report_ms = (int64_t)(call->report_seconds * 1000),
        .inventory = parts->inventory,
        .sensors = parts->sensors,
        .launcher = parts->launcher,
        .link = parts->link,
        .log = print_line,
        .log_data = log});
    if (sensors_note(parts->sensors)[0] != '\0')
        print_line(log, sensors_note(parts->sensors));
    return 0;
}

static void close_parts(struct parts *parts)
{
    agent_destroy(parts->agent);
    launcher_close(parts->launcher);
    link_close(parts->link);
    sensors_destroy(parts->sensors);
    inventory_destroy(parts->inventory);
    mem_free(parts->shim);
}

/* --- Running */

/* Blocked, so that they wait for us; the descriptor wakes the poll and is never read. */
static int watch_signals(void)
{
    sigset_t signals;

    interrupt_block();
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve(struct parts *parts)
{
    while (!interrupt_pending()) {
        int64_t next = agent_step(parts->agent, boot_ms()) - boot_ms();
        struct pollfd files[] = {{link_fd(parts->link), POLLIN, 0},
            {launcher_fd(parts->launcher), POLLIN, 0}, {parts->signals, POLLIN, 0}};

        if (next > WAIT_MOST_MS)
            next = WAIT_MOST_MS;
        (void)poll(files, sizeof files / sizeof *files, next > 0 ? (int)next : 0);
    }
}

static int print_inventory(
    const struct agent_call *call, struct parts *parts, const struct command_context *context)
{
    struct err err = {0};

    if (open_host(call, parts, &err) != 0) {
        (void)fprintf(context->err, "wattyard-agent: %s\n", err.text);
        close_parts(parts);
        return err_exit_status(&err);
    }
    inventory_print(parts->inventory, &parts->use, sensors_can_cap(parts->sensors), context->out);
    if (sensors_note(parts->sensors)[0] != '\0')
        (void)fprintf(context->err, "wattyard-agent: %s\n", sensors_note(parts->sensors));
    close_parts(parts);
    return 0;
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context);

static const struct command AGENT = {
    .name = "wattyard-agent",
    .summary = "run and watch the tasks of this host",
    .details =
        "One agent runs on each host. It finds out what the host has, tells the scheduler, makes "
        "tasks so as the scheduler wants them, and reports load, memory, power and what became of "
        "tasks. Each task has a small process over it (wattyard-shim) that outlives the agent.\n"
        "\n"
        "SIGTERM ends the agent alone: tasks run on, to their lease at most, and the next agent "
        "takes them up again.\n"
        "\n"
        "Prolog and epilog run as the agent's user, with the job's id and the task's number "
        "(GANG.ATTEMPT.RANK) as words, for 60 s at most. A prolog that fails drains the host: its "
        "task does not run, and has no epilog. Else an epilog runs once after each task, however "
        "it ended; again only where the agent ended in the middle of it. What they write goes to "
        "the agent's log. They get none of the agent's environment, but these:\n"
        "\n"
        "  PATH                  /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
        "  WATTYARD_HOOK         prolog or epilog\n"
        "  WATTYARD_JOB_ID, WATTYARD_JOB_NAME, WATTYARD_ARRAY_INDEX (of an array)\n"
        "  WATTYARD_GANG, WATTYARD_ATTEMPT, WATTYARD_TASK, WATTYARD_TASKS\n"
        "  WATTYARD_HOST         this one; WATTYARD_HOSTS: a hostlist of the gang's\n"
        "  WATTYARD_USER, WATTYARD_TENANT\n"
        "  WATTYARD_CHIPS        \"0,1\"; WATTYARD_CPUSET: \"0-3\"\n"
        "  WATTYARD_TASK_FOLDER  marks what belongs to the task: it is ended with it\n"
        "  WATTYARD_STATE        of the epilog: ended, lost or not started\n"
        "  WATTYARD_EXIT_STATUS, WATTYARD_SIGNAL  of the epilog; 0: none\n"
        "\n"
        "Exit status: 0 it was told to end, 1 its state or a socket failed, 2 the call or a key is "
        "wrong.\n",
    .examples = "wattyard-agent --scheduler tcp://head-1:7471 --host oregon-h1-f03-r07-t12\n"
                "wattyard-agent --inventory  # what this host is and does\n"
                "wattyard-agent --inventory --topology topologies/hosts/gb300-nvl72.xml\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof OPTIONS[0],
    .run = run,
};

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    char own_name[HOST_NAME_MAX + 1] = "";
    struct agent_call call = {.scheduler = "tcp://127.0.0.1:7471",
        .state = "/var/lib/wattyard/agent",
        .keys = "/etc/wattyard/keys",
        .report_seconds = 5};
    size_t positional_count = 0;
    struct parts parts = {0};
    struct log_state log = {0};
    struct err err = {0};
    int status = options_begin(command, argc, argv, &call, NULL, &positional_count, context);

    if (status >= 0)
        return status;
    (void)gethostname(own_name, sizeof own_name - 1);
    call.host = call.host != NULL ? call.host : own_name;
    call.address = call.address != NULL ? call.address : own_name;
    if (call.wants_inventory)
        return print_inventory(&call, &parts, context);
    parts.signals = watch_signals();
    if (open_parts(&call, &parts, &log, &err) != 0) {
        (void)fprintf(context->err, "wattyard-agent: %s\n", err.text);
        close_parts(&parts);
        return err_exit_status(&err);
    }
    serve(&parts);
    close_parts(&parts);
    return 0;
}

int main(int argc, char **argv)
{
    struct command_context context = {.out = stdout, .err = stderr, .program = "wattyard-agent"};

    if (argc == 2 && strcmp(argv[1], "--man") == 0) {
        options_print_man(&AGENT, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("wattyard-agent %s\n", WATTYARD_VERSION);
        return 0;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&AGENT, argc - 1, argv + 1, &context);
}
