#include "tests/support/agent_rig.h"

#include "agent/protocol_keys.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/program.h"
#include "tests/support/tempdir.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { WAIT_S = 20, PAUSE_NS = 5000000, BIND_TRIES = 2000, FILE_MAX = 65536, ATTEMPT = 1 };

static void pause_shortly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static char *agent_path(void)
{
    const char *build = getenv("WATTYARD_BUILD");
    struct str path = {0};

    str_format(&path, "%s/wattyard-agent", build == NULL ? "build/release" : build);
    return path.text;
}

void rig_listen(struct rig *rig)
{
    int zero = 0, one = 1;
    size_t size = sizeof rig->address;
    const char *where = rig->address[0] != '\0' ? rig->address : "tcp://127.0.0.1:*";

    rig->router = zmq_socket(rig->context, ZMQ_ROUTER);
    ck_assert_ptr_nonnull(rig->router);
    (void)zmq_setsockopt(rig->router, ZMQ_LINGER, &zero, sizeof zero);
    if (rig->own != NULL) {
        ck_assert_int_eq(zmq_setsockopt(rig->router, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
        ck_assert_int_eq(
            zmq_setsockopt(rig->router, ZMQ_CURVE_SECRETKEY, rig->own->secret_text, KEY_TEXT), 0);
    }
    for (int i = 0; zmq_bind(rig->router, where) != 0; i++) {
        ck_assert_msg(i < BIND_TRIES, "%s: %s", where, zmq_strerror(zmq_errno()));
        pause_shortly();
    }
    ck_assert_int_eq(zmq_getsockopt(rig->router, ZMQ_LAST_ENDPOINT, rig->address, &size), 0);
}

void rig_hang_up(struct rig *rig)
{
    (void)zmq_close(rig->router);
    rig->router = NULL;
}

void rig_open(struct rig *rig, const struct key *own)
{
    memset(rig, 0, sizeof *rig);
    rig->folder = tempdir_create();
    rig->errors = tempdir_path(rig->folder, "errors");
    rig->own = own;
    rig->context = zmq_ctx_new();
    protocol_make_id(rig->cluster);
    rig->epoch = 1;
    rig->generation = 1;
    rig_listen(rig);
}

static bool all_over(const Wattyard__Envelope *envelope)
{
    for (size_t i = 0; i < envelope->report->n_tasks; i++)
        if (envelope->report->tasks[i]->state < WATTYARD__TASK_STATE__TASK_ENDED)
            return false;
    return true;
}

void rig_close(struct rig *rig)
{
    bool is_over = rig->agent == 0 || rig->peer_size == 0;

    if (!is_over)
        rig_desire(rig, NULL, 0, NULL, 0);
    while (!is_over) {
        Wattyard__Envelope *report = rig_hear(rig, WATTYARD__ENVELOPE__BODY_REPORT);

        is_over = report->report->generation == rig->generation - 1 && all_over(report);
        protocol_free(report);
    }
    if (rig->agent != 0)
        (void)rig_end(rig, SIGTERM);
    if (rig->router != NULL)
        (void)zmq_close(rig->router);
    (void)zmq_ctx_term(rig->context);
    mem_free(rig->errors);
    tempdir_remove(rig->folder);
}

void rig_start(struct rig *rig, const char *const *more)
{
    char *path = agent_path();
    char *state = tempdir_path(rig->folder, "state");
    const char *arguments[RIG_ARGS_MAX] = {path, "--scheduler", rig->address, "--host", "h1",
        "--state", state, "--topology", "topologies/hosts/gb300-nvl72.xml", "--address",
        "127.0.0.1", "--report-seconds", "0.2"};
    size_t count = 13;

    for (; more != NULL && *more != NULL; more++)
        arguments[count++] = *more;
    if (rig->own == NULL)
        arguments[count++] = "--insecure-loopback";
    ck_assert_uint_lt(count, RIG_ARGS_MAX);
    rig->agent = fork();
    ck_assert_int_ge(rig->agent, 0);
    if (rig->agent == 0) {
        char *argv[RIG_ARGS_MAX];
        int errors = open(rig->errors, O_WRONLY | O_CREAT | O_APPEND, 0600);

        memcpy(argv, arguments, sizeof argv);
        (void)dup2(errors, STDERR_FILENO);
        (void)execv(path, argv);
        _exit(127);
    }
    mem_free(state);
    mem_free(path);
}

int rig_end(struct rig *rig, int signal)
{
    int status = 0;

    ck_assert_int_eq(kill(rig->agent, signal), 0);
    ck_assert_int_eq(waitpid(rig->agent, &status, 0), rig->agent);
    rig->agent = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

char *rig_run(const char *const *arguments, int *status)
{
    char *path = agent_path();
    const char *argv[RIG_ARGS_MAX] = {path};
    char *text;

    for (size_t i = 0; arguments[i] != NULL; i++) {
        ck_assert_uint_lt(i + 2, RIG_ARGS_MAX);
        argv[i + 1] = arguments[i];
    }
    text = program_run(argv, status);
    mem_free(path);
    return text;
}

static Wattyard__Envelope *receive(struct rig *rig)
{
    zmq_pollitem_t ready = {rig->router, 0, ZMQ_POLLIN, 0};
    Wattyard__Envelope *envelope;
    struct err err = {0};
    zmq_msg_t frame;
    int size;

    if (zmq_poll(&ready, 1, 100) <= 0)
        return NULL;
    size = zmq_recv(rig->router, rig->peer, sizeof rig->peer, 0);
    ck_assert_int_gt(size, 0);
    rig->peer_size = (size_t)size;
    (void)zmq_msg_init(&frame);
    (void)zmq_msg_recv(&frame, rig->router, 0);
    envelope = protocol_unpack(zmq_msg_data(&frame), zmq_msg_size(&frame), &err);
    ck_assert_msg(envelope != NULL, "%s", err.text);
    (void)zmq_msg_close(&frame);
    ck_assert_str_eq(envelope->host, "h1");
    if (envelope->body_case == WATTYARD__ENVELOPE__BODY_HELLO)
        rig->heard_ms = envelope->hello->sent_boot_ms;
    if (envelope->body_case == WATTYARD__ENVELOPE__BODY_REPORT)
        rig->heard_ms = envelope->report->sent_boot_ms;
    return envelope;
}

/* With the agent's log, for a test that fails. */
static void fail_waiting(const struct rig *rig, const char *what, int kind)
{
    char *log = NULL;
    size_t count = 0;

    (void)file_read(rig->errors, FILE_MAX, &log, &count, NULL);
    ck_abort_msg("%s %d never came; the agent says: %s", what, kind, log == NULL ? "nothing" : log);
}

Wattyard__Envelope *rig_hear(struct rig *rig, Wattyard__Envelope__BodyCase kind)
{
    double until_s = clock_monotonic_s() + WAIT_S;

    while (clock_monotonic_s() < until_s) {
        Wattyard__Envelope *envelope = receive(rig);

        if (envelope != NULL && envelope->body_case == kind)
            return envelope;
        protocol_free(envelope);
    }
    fail_waiting(rig, "a message of kind", (int)kind);
    return NULL;
}

void rig_say(struct rig *rig, Wattyard__Envelope__BodyCase kind, void *body)
{
    Wattyard__Envelope envelope;
    struct str bytes = {0};
    struct err err = {0};

    protocol_envelope_init(&envelope, kind, rig->cluster, rig->epoch, NULL);
    memcpy(&envelope.hello, &body, sizeof body);
    ck_assert_msg(protocol_pack(&envelope, &bytes, &err) == 0, "%s", err.text);
    ck_assert_int_gt(zmq_send(rig->router, rig->peer, rig->peer_size, ZMQ_SNDMORE), 0);
    ck_assert_int_gt(zmq_send(rig->router, bytes.text, bytes.length, 0), 0);
    str_fini(&bytes);
}

static void fill_spec(const struct rig_task *task, Wattyard__TaskSpec *spec, Wattyard__TaskId *id,
    char **args, uint32_t *one)
{
    wattyard__task_id__init(id);
    id->gang = task->gang;
    id->attempt = ATTEMPT;
    wattyard__task_spec__init(spec);
    spec->id = id;
    spec->go = task->go;
    spec->mode = task->mode;
    spec->mode_power_frac = task->power_frac > 0 ? task->power_frac : 1;
    spec->is_known = task->is_known;
    if (task->is_known)
        return;
    spec->job = task->gang + 1000;
    spec->name = protocol_lend("test");
    spec->path = protocol_lend("/bin/sh");
    args[0] = protocol_lend("-c");
    args[1] = protocol_lend(task->command != NULL ? task->command : "");
    spec->args = args;
    spec->n_args = 2;
    spec->task_count = 1;
    spec->hosts = protocol_lend("h1");
    spec->tasks_per_host = one;
    spec->n_tasks_per_host = 1;
    spec->chips = task->chips == 0 ? 1 : task->chips;
    spec->cores = 1;
    spec->grace_s = 5;
    spec->lease_s = task->lease_s > 0 ? task->lease_s : 60;
    spec->array_index = -1;
    spec->master_address = protocol_lend(task->go ? "127.0.0.1" : "");
    spec->master_port = task->go ? 29500 : 0;
    spec->allow_root = true;
}

void rig_desire(struct rig *rig, const struct rig_task *tasks, size_t count, const uint64_t *stored,
    size_t stored_count)
{
    Wattyard__Desired desired;
    Wattyard__TaskSpec specs[RIG_TASKS_MAX], *spec_list[RIG_TASKS_MAX];
    Wattyard__TaskId ids[RIG_TASKS_MAX], stored_ids[RIG_TASKS_MAX], *stored_list[RIG_TASKS_MAX];
    Wattyard__TaskId *later_list[RIG_TASKS_MAX];
    char *args[RIG_TASKS_MAX][2];
    uint32_t one = 1;

    wattyard__desired__init(&desired);
    desired.generation = rig->generation++;
    desired.heard_boot_ms = rig->heard_ms;
    for (size_t i = 0; i < count; i++) {
        fill_spec(&tasks[i], &specs[i], &ids[i], args[i], &one);
        if (tasks[i].is_later)
            later_list[desired.n_later++] = &ids[i];
        else
            spec_list[desired.n_tasks++] = &specs[i];
    }
    for (size_t i = 0; i < stored_count; i++) {
        wattyard__task_id__init(&stored_ids[i]);
        stored_ids[i].gang = stored[i];
        stored_ids[i].attempt = ATTEMPT;
        stored_list[i] = &stored_ids[i];
    }
    desired.tasks = spec_list;
    desired.later = later_list;
    desired.stored = stored_list;
    desired.n_stored = stored_count;
    rig_say(rig, WATTYARD__ENVELOPE__BODY_DESIRED, &desired);
}

const Wattyard__TaskReport *rig_find(const Wattyard__Envelope *envelope, uint64_t gang)
{
    bool is_hello = envelope->body_case == WATTYARD__ENVELOPE__BODY_HELLO;
    size_t count = is_hello ? envelope->hello->n_tasks : envelope->report->n_tasks;
    Wattyard__TaskReport **tasks = is_hello ? envelope->hello->tasks : envelope->report->tasks;

    for (size_t i = 0; i < count; i++)
        if (tasks[i]->id->gang == gang)
            return tasks[i];
    return NULL;
}

Wattyard__Envelope *rig_await(struct rig *rig, uint64_t gang, Wattyard__TaskState state)
{
    double until_s = clock_monotonic_s() + WAIT_S;
    int last = -1;

    while (clock_monotonic_s() < until_s) {
        Wattyard__Envelope *report = rig_hear(rig, WATTYARD__ENVELOPE__BODY_REPORT);
        const Wattyard__TaskReport *task = rig_find(report, gang);

        if (task != NULL && task->state == state)
            return report;
        if (task != NULL && (int)task->state != last)
            last = (int)task->state;
        if (task != NULL && task->why[0] != '\0' && task->state > WATTYARD__TASK_STATE__TASK_LOST)
            ck_abort_msg("gang %d: %s", (int)gang, task->why);
        protocol_free(report);
    }
    fail_waiting(rig, "the state of the task, which is at", last);
    return NULL;
}

void rig_await_only(struct rig *rig, uint64_t gang, Wattyard__TaskState state)
{
    protocol_free(rig_await(rig, gang, state));
}

bool rig_has_file(const struct rig *rig, const char *name, const char *text, bool waits)
{
    double until_s = clock_monotonic_s() + (waits ? WAIT_S : 0);
    char *path = tempdir_path(rig->folder, name);
    bool is_there = false;

    for (;;) {
        char *bytes = NULL;
        size_t count = 0;

        if (file_read(path, FILE_MAX, &bytes, &count, NULL) == 0)
            is_there = strcmp(bytes, text) == 0;
        mem_free(bytes);
        if (is_there || clock_monotonic_s() >= until_s)
            break;
        pause_shortly();
    }
    mem_free(path);
    return is_there;
}
