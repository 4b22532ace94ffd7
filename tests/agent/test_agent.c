/* A real wattyard-agent, told what to do by the test. */
#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/agent_rig.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const Wattyard__Envelope__BodyCase HELLO = WATTYARD__ENVELOPE__BODY_HELLO;
static const Wattyard__Envelope__BodyCase REPORT = WATTYARD__ENVELOPE__BODY_REPORT;
static const Wattyard__Envelope__BodyCase REFUSED = WATTYARD__ENVELOPE__BODY_REFUSED;
static const Wattyard__Envelope__BodyCase KEPT = WATTYARD__ENVELOPE__BODY_KEPT;
static const Wattyard__TaskState READY = WATTYARD__TASK_STATE__TASK_READY;
static const Wattyard__TaskState RUNNING = WATTYARD__TASK_STATE__TASK_RUNNING;
static const Wattyard__TaskState ENDED = WATTYARD__TASK_STATE__TASK_ENDED;
static const Wattyard__TaskState NOT_STARTED = WATTYARD__TASK_STATE__TASK_NOT_STARTED;

enum { RSS_MAX_KB = 10 * 1024 };

static struct rig rig;

static void set_up(void)
{
    rig_open(&rig, NULL);
}

static void tear_down(void)
{
    rig_close(&rig);
}

static void hear_hello(void)
{
    protocol_free(rig_hear(&rig, HELLO));
}

static void start(void)
{
    rig_start(&rig, NULL);
    hear_hello();
}

/* A command that leaves a line in the file `ran` of the test, then goes on so. */
static char *command(const char *then)
{
    struct str text = {0};
    char cwd[512] = "";

    if (rig.folder[0] != '/')
        ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    str_format(
        &text, "echo ran >> %s%s%s/ran; %s", cwd, cwd[0] != '\0' ? "/" : "", rig.folder, then);
    return text.text;
}

/* Say the same Desired as the last, or one of that generation. */
static void desire_of(uint64_t generation, const struct rig_task *tasks, size_t count)
{
    rig.generation = generation;
    rig_desire(&rig, tasks, count, NULL, 0);
}

static void desire(const struct rig_task *tasks, size_t count)
{
    rig_desire(&rig, tasks, count, NULL, 0);
}

/* A task that waits to be stopped. */
static char *start_waiting(uint64_t gang)
{
    char *text = command("exec sleep 1000");

    desire(&(struct rig_task){.gang = gang, .command = text, .go = false}, 1);
    rig_await_only(&rig, gang, READY);
    desire(&(struct rig_task){.gang = gang, .command = text, .go = true}, 1);
    rig_await_only(&rig, gang, RUNNING);
    ck_assert(rig_has_file(&rig, "ran", "ran\n", true));
    return text;
}

START_TEST(hello_says_what_the_host_is)
{
    Wattyard__Envelope *envelope;
    const Wattyard__Hello *hello;

    rig_start(&rig, NULL);
    envelope = rig_hear(&rig, HELLO);
    hello = envelope->hello;
    ck_assert_uint_eq(envelope->cluster.len, 0);
    ck_assert_str_eq(hello->version, WATTYARD_VERSION);
    ck_assert_uint_eq(strlen(hello->boot_id), 36);
    ck_assert_str_eq(hello->address, "127.0.0.1");
    ck_assert_int_gt(hello->sent_boot_ms, 0);
    ck_assert_uint_eq(hello->inventory->cores, 144);
    ck_assert_uint_eq(hello->inventory->numa_nodes, 2);
    ck_assert(hello->inventory->is_stored);
    ck_assert(!hello->inventory->can_cap);
    ck_assert_uint_eq(hello->inventory->n_chips, 4);
    ck_assert_str_eq(hello->inventory->chips[3]->model, "NVIDIA GB300");
    ck_assert_str_eq(hello->inventory->chips[3]->pci, "0000:91:00.0");
    ck_assert_uint_eq(hello->n_tasks, 0);
    protocol_free(envelope);
}
END_TEST

START_TEST(a_task_starts_in_two_steps_and_its_end_and_output_are_told)
{
    char *text = command("echo out; exit 7");
    Wattyard__Envelope *envelope;
    const Wattyard__TaskReport *task;
    Wattyard__ReadOutput wish;
    Wattyard__TaskId id;

    start();
    desire(&(struct rig_task){.gang = 5, .command = text, .go = false}, 1);
    envelope = rig_await(&rig, 5, READY);
    task = rig_find(envelope, 5);
    ck_assert_uint_eq(task->job, 1005);
    ck_assert_str_eq(task->cpuset, "0");
    ck_assert_uint_gt(task->port, 0);
    ck_assert_uint_eq(envelope->report->generation, 1);
    protocol_free(envelope);
    ck_assert(!rig_has_file(&rig, "ran", "ran\n", false));
    desire(&(struct rig_task){.gang = 5, .command = text, .go = true}, 1);
    envelope = rig_await(&rig, 5, ENDED);
    task = rig_find(envelope, 5);
    ck_assert_int_eq(task->exit_status, 7);
    ck_assert_int_eq(task->signal, 0);
    ck_assert_int_ge(task->ended_ms, task->started_ms);
    protocol_free(envelope);
    ck_assert(rig_has_file(&rig, "ran", "ran\n", false));
    wattyard__read_output__init(&wish);
    wattyard__task_id__init(&id);
    id.gang = 5;
    id.attempt = 1;
    wish.id = &id;
    wish.request = 77;
    wish.max_bytes = 1000;
    rig_say(&rig, WATTYARD__ENVELOPE__BODY_READ_OUTPUT, &wish);
    envelope = rig_hear(&rig, WATTYARD__ENVELOPE__BODY_OUTPUT);
    ck_assert_uint_eq(envelope->output->request, 77);
    ck_assert_str_eq(envelope->output->error, "");
    ck_assert_uint_eq(envelope->output->bytes.len, 4);
    ck_assert_mem_eq(envelope->output->bytes.data, "out\n", 4);
    ck_assert(envelope->output->is_end);
    protocol_free(envelope);
    mem_free(text);
}
END_TEST

START_TEST(output_of_a_task_that_is_not_there_is_an_error)
{
    Wattyard__ReadOutput wish;
    Wattyard__Envelope *envelope;

    start();
    wattyard__read_output__init(&wish);
    wish.request = 3;
    wish.max_bytes = 10;
    rig_say(&rig, WATTYARD__ENVELOPE__BODY_READ_OUTPUT, &wish);
    envelope = rig_hear(&rig, WATTYARD__ENVELOPE__BODY_OUTPUT);
    ck_assert_uint_eq(envelope->output->request, 3);
    ck_assert_str_ne(envelope->output->error, "");
    protocol_free(envelope);
}
END_TEST

START_TEST(a_task_that_is_not_named_any_more_is_stopped_and_stays_until_its_end_is_stored)
{
    Wattyard__Envelope *envelope;
    uint64_t stored = 6;
    char *text;

    start();
    text = start_waiting(6);
    desire(NULL, 0);
    envelope = rig_await(&rig, 6, ENDED);
    ck_assert_int_eq(rig_find(envelope, 6)->signal, SIGTERM);
    protocol_free(envelope);
    envelope = rig_hear(&rig, REPORT);
    ck_assert_ptr_nonnull(rig_find(envelope, 6));
    protocol_free(envelope);
    rig_desire(&rig, NULL, 0, &stored, 1);
    do {
        protocol_free(envelope = rig_hear(&rig, REPORT));
        envelope = rig_hear(&rig, REPORT);
        stored = envelope->report->generation == rig.generation - 1 ? 0 : 6;
        if (stored == 0)
            ck_assert_ptr_null(rig_find(envelope, 6));
        protocol_free(envelope);
    } while (stored != 0);
    mem_free(text);
}
END_TEST

START_TEST(a_task_stopped_before_its_go_never_runs)
{
    char *text = command("true");
    Wattyard__Envelope *envelope;

    start();
    desire(&(struct rig_task){.gang = 7, .command = text, .go = false}, 1);
    rig_await_only(&rig, 7, READY);
    desire(NULL, 0);
    do {
        envelope = rig_hear(&rig, REPORT);
        if (rig_find(envelope, 7)->state == NOT_STARTED)
            break;
        protocol_free(envelope);
    } while (true);
    protocol_free(envelope);
    ck_assert(!rig_has_file(&rig, "ran", "ran\n", false));
    mem_free(text);
}
END_TEST

START_TEST(doubled_and_replayed_words_start_a_task_once)
{
    char *text = command("true");
    struct rig_task go = {.gang = 8, .command = text, .go = true};

    start();
    desire(&(struct rig_task){.gang = 8, .command = text, .go = false}, 1);
    rig_await_only(&rig, 8, READY);
    desire_of(2, &go, 1);
    desire_of(2, &go, 1);
    rig_await_only(&rig, 8, ENDED);
    desire_of(2, &go, 1);
    desire_of(3, &go, 1);
    rig_await_only(&rig, 8, ENDED);
    ck_assert(rig_has_file(&rig, "ran", "ran\n", false));
    mem_free(text);
}
END_TEST

START_TEST(an_older_generation_that_comes_late_is_ignored)
{
    Wattyard__Envelope *envelope;
    char *text;

    start();
    text = start_waiting(9);
    desire_of(1, NULL, 0);
    for (int i = 0; i < 3; i++) {
        envelope = rig_hear(&rig, REPORT);
        ck_assert_int_eq(rig_find(envelope, 9)->state, RUNNING);
        ck_assert_uint_eq(envelope->report->generation, 2);
        protocol_free(envelope);
    }
    rig.generation = 10;
    mem_free(text);
}
END_TEST

START_TEST(a_task_that_is_named_alone_goes_on_and_one_that_is_not_there_is_not_made)
{
    char *text;
    struct rig_task tasks[] = {{.gang = 15, .is_later = true},
        {.gang = 16, .go = true, .is_known = true}, {.gang = 17, .is_later = true}};
    Wattyard__Envelope *envelope;
    bool is_applied;

    start();
    text = start_waiting(15);
    for (int round = 0; round < 2; round++) {
        desire(tasks, 3);
        do {
            envelope = rig_hear(&rig, REPORT);
            is_applied = envelope->report->generation == rig.generation - 1;
            ck_assert_uint_eq(envelope->report->n_tasks, 1);
            ck_assert_int_eq(rig_find(envelope, 15)->state, RUNNING);
            protocol_free(envelope);
        } while (!is_applied);
        tasks[0] = (struct rig_task){.gang = 15, .go = true, .is_known = true};
    }
    mem_free(text);
}
END_TEST

START_TEST(another_cluster_is_refused)
{
    unsigned char ours[PROTOCOL_ID_BYTES];
    Wattyard__Envelope *envelope;
    char *text;

    start();
    text = start_waiting(10);
    memcpy(ours, rig.cluster, sizeof ours);
    protocol_make_id(rig.cluster);
    rig.epoch = 100;
    desire(NULL, 0);
    envelope = rig_hear(&rig, REFUSED);
    ck_assert_int_eq(envelope->refused->code, WATTYARD__REFUSED__CODE__CLUSTER);
    ck_assert_mem_eq(envelope->cluster.data, ours, sizeof ours);
    protocol_free(envelope);
    envelope = rig_hear(&rig, REPORT);
    ck_assert_int_eq(rig_find(envelope, 10)->state, RUNNING);
    ck_assert_uint_eq(envelope->epoch, 1);
    protocol_free(envelope);
    memcpy(rig.cluster, ours, sizeof ours);
    rig.epoch = 1;
    mem_free(text);
}
END_TEST

/* A backup of the scheduler that was restored: also an agent started anew remembers. */
START_TEST(a_lower_epoch_is_refused_with_the_highest_ids_seen)
{
    Wattyard__Envelope *envelope;
    char *text;

    rig.epoch = 7;
    start();
    text = start_waiting(11);
    for (int round = 0; round < 2; round++) {
        rig.epoch = 6;
        desire(NULL, 0);
        envelope = rig_hear(&rig, REFUSED);
        ck_assert_int_eq(envelope->refused->code, WATTYARD__REFUSED__CODE__EPOCH);
        ck_assert_uint_eq(envelope->refused->highest_epoch, 7);
        ck_assert_uint_eq(envelope->refused->highest_gang, 11);
        ck_assert_uint_eq(envelope->refused->highest_job, 1011);
        protocol_free(envelope);
        if (round == 1)
            break;
        (void)rig_end(&rig, SIGKILL);
        rig_start(&rig, NULL);
        envelope = rig_hear(&rig, HELLO);
        ck_assert_uint_eq(envelope->hello->highest_epoch, 7);
        ck_assert_uint_eq(envelope->hello->highest_gang, 11);
        /* Its shim may not have answered the new agent yet. */
        ck_assert_int_lt(rig_find(envelope, 11)->state, ENDED);
        protocol_free(envelope);
    }
    /* The next start of the scheduler begins its generations anew. */
    rig.epoch = 8;
    rig.generation = 1;
    desire(&(struct rig_task){.gang = 11, .command = text, .go = true}, 1);
    do {
        envelope = rig_hear(&rig, REPORT);
        rig.epoch = envelope->epoch;
        protocol_free(envelope);
    } while (rig.epoch != 8);
    mem_free(text);
}
END_TEST

START_TEST(a_scheduler_that_was_gone_hears_hello_again_and_tasks_went_on)
{
    Wattyard__Envelope *envelope;
    char *text;

    start();
    text = start_waiting(12);
    rig_hang_up(&rig);
    rig_listen(&rig);
    envelope = rig_hear(&rig, HELLO);
    ck_assert_int_eq(rig_find(envelope, 12)->state, RUNNING);
    ck_assert_uint_eq(envelope->hello->highest_epoch, 1);
    ck_assert_mem_eq(envelope->cluster.data, rig.cluster, PROTOCOL_ID_BYTES);
    protocol_free(envelope);
    ck_assert(rig_has_file(&rig, "ran", "ran\n", false));
    mem_free(text);
}
END_TEST

START_TEST(tasks_outlive_the_agent_and_ends_are_kept)
{
    static const int SIGNALS[] = {SIGTERM, SIGKILL, SIGINT};
    char *text = command(
        "while [ ! -e \"$OLDPWD/no\" ] && [ ! -e go-on ]; do sleep 0.02; done; exit 9");
    Wattyard__Envelope *envelope;
    int status;

    mem_free(text);
    text = command("sleep 0.7; exit 9");
    start();
    desire(&(struct rig_task){.gang = 13, .command = text, .go = false}, 1);
    rig_await_only(&rig, 13, READY);
    desire(&(struct rig_task){.gang = 13, .command = text, .go = true}, 1);
    rig_await_only(&rig, 13, RUNNING);
    status = rig_end(&rig, SIGNALS[_i]);
    ck_assert_int_eq(status, SIGNALS[_i] == SIGKILL ? -SIGKILL : 0);
    rig_start(&rig, NULL);
    hear_hello();
    envelope = rig_await(&rig, 13, ENDED);
    ck_assert_int_eq(rig_find(envelope, 13)->exit_status, 9);
    protocol_free(envelope);
    ck_assert(rig_has_file(&rig, "ran", "ran\n", false));
    mem_free(text);
}
END_TEST

START_TEST(hello_is_said_again_when_asked_for)
{
    Wattyard__Refused refused;

    start();
    wattyard__refused__init(&refused);
    refused.code = WATTYARD__REFUSED__CODE__SAY_HELLO;
    rig_say(&rig, WATTYARD__ENVELOPE__BODY_REFUSED, &refused);
    hear_hello();
}
END_TEST

START_TEST(a_lease_that_is_renewed_holds_and_one_that_is_not_ends_the_task)
{
    char *text = command("exec sleep 1000");
    struct rig_task task = {.gang = 14, .command = text, .go = false, .lease_s = 2};
    Wattyard__Envelope *envelope;
    Wattyard__Kept kept;

    start();
    desire(&task, 1);
    rig_await_only(&rig, 14, READY);
    task.go = true;
    desire(&task, 1);
    rig_await_only(&rig, 14, RUNNING);
    for (int i = 0; i < 20; i++) { /* each some 0.2 s: twice the lease */
        envelope = rig_hear(&rig, REPORT);
        ck_assert_int_eq(rig_find(envelope, 14)->state, RUNNING);
        protocol_free(envelope);
        wattyard__kept__init(&kept);
        kept.generation = rig.generation - 1;
        kept.heard_boot_ms = rig.heard_ms;
        rig_say(&rig, KEPT, &kept);
    }
    envelope = rig_await(&rig, 14, ENDED);
    ck_assert_str_ne(rig_find(envelope, 14)->why, "");
    protocol_free(envelope);
    mem_free(text);
}
END_TEST

/* --- Caps, with NVIDIA's library stood in for */

static void start_with_nvml(void)
{
    const char *build = getenv("WATTYARD_BUILD");
    char *wishes = tempdir_write_text(rig.folder, "wishes", "");
    struct str library = {0};

    str_format(
        &library, "./%s/tests/agent/nvml_standin.so", build == NULL ? "build/release" : build);
    ck_assert_int_eq(setenv("WATTYARD_STANDIN", wishes, 1), 0);
    rig_start(&rig, (const char *const[]){"--nvml", library.text, NULL});
    str_fini(&library);
    mem_free(wishes);
}

/* Until the chip's cap is that (0: none). */
static void await_cap(uint32_t chip, double cap_w)
{
    Wattyard__Envelope *envelope;
    bool is_so;

    do {
        envelope = rig_hear(&rig, REPORT);
        is_so = envelope->report->chips[chip]->cap_w == cap_w;
        protocol_free(envelope);
    } while (!is_so);
}

START_TEST(chips_of_a_task_are_capped_as_its_mode_says_and_lifted_at_its_end)
{
    char *text = command("exec sleep 1000");
    struct rig_task task = {.gang = 15, .command = text, .chips = 6, .mode = 1, .power_frac = 0.8};
    Wattyard__Envelope *envelope;

    if (geteuid() != 0) { /* limits are root's to set */
        mem_free(text);
        return;
    }
    start_with_nvml();
    envelope = rig_hear(&rig, HELLO);
    ck_assert(envelope->hello->inventory->can_cap);
    ck_assert_str_eq(envelope->hello->inventory->chips[2]->uuid, "GPU-00000002");
    protocol_free(envelope);
    desire(&task, 1);
    envelope = rig_await(&rig, 15, READY);
    ck_assert_uint_eq(rig_find(envelope, 15)->mode, 1);
    protocol_free(envelope);
    task.go = true;
    desire(&task, 1);
    await_cap(1, 1120);
    await_cap(2, 1120);
    await_cap(0, 0);
    /* Another agent takes over what this one has capped. */
    (void)rig_end(&rig, SIGKILL);
    start_with_nvml();
    hear_hello();
    do {
        envelope = rig_await(&rig, 15, RUNNING);
        if (rig_find(envelope, 15)->joules > 1)
            break;
        protocol_free(envelope);
        desire(&task, 1);
    } while (true);
    protocol_free(envelope);
    desire(NULL, 0);
    rig_await_only(&rig, 15, ENDED);
    await_cap(1, 0);
    await_cap(2, 0);
    mem_free(text);
}
END_TEST

START_TEST(a_chip_that_is_lost_is_told_with_a_hello)
{
    Wattyard__Envelope *envelope;

    start_with_nvml();
    envelope = rig_hear(&rig, HELLO);
    ck_assert(!envelope->hello->inventory->chips[1]->is_bad);
    protocol_free(envelope);
    mem_free(tempdir_write_text(rig.folder, "wishes", "lost 1\n"));
    envelope = rig_hear(&rig, HELLO);
    ck_assert(envelope->hello->inventory->chips[1]->is_bad);
    ck_assert_str_eq(envelope->hello->inventory->chips[1]->why, "NVML: GPU is lost");
    protocol_free(envelope);
}
END_TEST

/* --- What it costs */

static long read_rss_kb(pid_t pid)
{
    struct str path = {0};
    char line[256];
    long kb = -1;
    FILE *file;

    str_format(&path, "/proc/%d/status", (int)pid);
    file = fopen(path.text, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (str_starts_with(line, "VmRSS:"))
            kb = strtol(line + strlen("VmRSS:"), NULL, 10);
    (void)fclose(file);
    str_fini(&path);
    return kb;
}

START_TEST(it_takes_less_than_ten_megabytes)
{
    const char *build = getenv("WATTYARD_BUILD");

    start();
    protocol_free(rig_hear(&rig, REPORT));
    if (build == NULL || str_ends_with(build, "release")) /* sanitizers take their own */
        ck_assert_int_lt(read_rss_kb(rig.agent), RSS_MAX_KB);
}
END_TEST

/* --- Keys */

START_TEST(with_keys_it_speaks_to_the_scheduler_of_its_key_alone)
{
    struct key scheduler = {0}, other = {0}, host = {0};
    struct err err = {0};
    struct rig keyed;
    char *keys;

    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &scheduler, &err), 0);
    ck_assert_int_eq(key_make(KEY_SCHEDULER, "scheduler", 0, &other, &err), 0);
    ck_assert_int_eq(key_make(KEY_HOST, "h1", 0, &host, &err), 0);
    rig_open(&keyed, &scheduler);
    keys = tempdir_path(keyed.folder, "keys");
    ck_assert_int_eq(mkdir(keys, 0700), 0);
    ck_assert_msg(key_write(&host, keys, &err) == 0, "%s", err.text);
    ck_assert_msg(key_write_public(&scheduler, keys, &err) == 0, "%s", err.text);
    rig_start(&keyed, (const char *const[]){"--keys", keys, NULL});
    protocol_free(rig_hear(&keyed, HELLO));
    rig_hang_up(&keyed);
    /* One that took the scheduler's place without its key hears nothing. */
    keyed.own = &other;
    rig_listen(&keyed);
    {
        char *errors = NULL;
        size_t count = 0;
        bool is_told = false;

        for (int i = 0; i < 2000 && !is_told; i++) {
            mem_free(errors);
            errors = NULL;
            if (file_read(keyed.errors, 100000, &errors, &count, NULL) == 0)
                is_told = strstr(errors, "key") != NULL;
            (void)usleep(10000);
        }
        ck_assert_msg(is_told, "%s", errors);
        mem_free(errors);
    }
    rig_hang_up(&keyed);
    keyed.own = &scheduler;
    rig_listen(&keyed);
    protocol_free(rig_hear(&keyed, HELLO));
    mem_free(keys);
    rig_close(&keyed);
}
END_TEST

/* --- Calls */

static const struct {
    const char *arguments[8];
    int status;
    const char *expected;
} CALLS[] = {
    {{"--version"}, 0, "wattyard-agent " WATTYARD_VERSION "\n"},
    {{"--man"}, 0, ".SH EXIT STATUS"},
    {{"--help"}, 0, "--insecure-loopback"},
    {{"--inventory", "--topology", "topologies/hosts/trn2-ultraserver.xml"}, 0,
        "chip 15: Trainium2, PCI 0000:97:00.0, NUMA node 1\n"},
    {{"--inventory", "--topology", "Makefile"}, 2, "is no topology"},
    {{"--hots", "h1"}, 2, "did you mean --host"},
    {{"--report-seconds", "0"}, 2, "--report-seconds"},
    {{"--host", "h1", "--keys", "/nowhere", "--state", "build/agent-state"}, 2, "/nowhere"},
    {{"--host", "h1", "--insecure-loopback", "--scheduler", "tcp://192.0.2.1:7471", "--state",
         "build/agent-state"},
        1, "is not on this host"},
};

START_TEST(calls_answer_as_they_should)
{
    const char *arguments[9] = {NULL};
    int status = -1;
    char *text;

    memcpy(arguments, CALLS[_i].arguments, sizeof CALLS[_i].arguments);
    text = rig_run(arguments, &status);
    ck_assert_msg(strstr(text, CALLS[_i].expected) != NULL, "%s", text);
    ck_assert_int_eq(status, CALLS[_i].status);
    mem_free(text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("agent");
    TCase *t = tcase_create("exchange");
    TCase *alone = tcase_create("alone");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, hello_says_what_the_host_is);
    tcase_add_test(t, a_task_starts_in_two_steps_and_its_end_and_output_are_told);
    tcase_add_test(t, output_of_a_task_that_is_not_there_is_an_error);
    tcase_add_test(
        t, a_task_that_is_not_named_any_more_is_stopped_and_stays_until_its_end_is_stored);
    tcase_add_test(t, a_task_stopped_before_its_go_never_runs);
    tcase_add_test(t, doubled_and_replayed_words_start_a_task_once);
    tcase_add_test(t, an_older_generation_that_comes_late_is_ignored);
    tcase_add_test(t, a_task_that_is_named_alone_goes_on_and_one_that_is_not_there_is_not_made);
    tcase_add_test(t, another_cluster_is_refused);
    tcase_add_test(t, a_lower_epoch_is_refused_with_the_highest_ids_seen);
    tcase_add_test(t, a_scheduler_that_was_gone_hears_hello_again_and_tasks_went_on);
    tcase_add_loop_test(t, tasks_outlive_the_agent_and_ends_are_kept, 0, 3);
    tcase_add_test(t, hello_is_said_again_when_asked_for);
    tcase_add_test(t, a_lease_that_is_renewed_holds_and_one_that_is_not_ends_the_task);
    tcase_add_test(t, chips_of_a_task_are_capped_as_its_mode_says_and_lifted_at_its_end);
    tcase_add_test(t, a_chip_that_is_lost_is_told_with_a_hello);
    tcase_add_test(t, it_takes_less_than_ten_megabytes);
    suite_add_tcase(s, t);
    tcase_add_test(alone, with_keys_it_speaks_to_the_scheduler_of_its_key_alone);
    tcase_add_loop_test(alone, calls_answer_as_they_should, 0, sizeof CALLS / sizeof *CALLS);
    suite_add_tcase(s, alone);
    return s;
}
