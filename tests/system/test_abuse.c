/* A real scheduler and real agents among those who mean harm, and on a network that fails. */
#include "agent/protocol.h"
#include "agent/protocol_keys.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/cluster.h"
#include "tests/support/measure.h"
#include "tests/support/proxy.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

/*
 * With WATTYARD_SOAK set, within about ten minutes in all: noise, silent connections and messages
 * that are none go on in cycles, each with other random numbers, for so many seconds on each port;
 * and hosts are cut off one after the other.
 */
enum {
    HOSTS = 12,
    WAIT_S = 60,
    SILENT_MOST = 10000,
    SPARE_FILES = 200,
    NOISES = 200,
    NOISE_SOAK_S = 40,
    SILENT_SOAK_S = 30,
    CUTS_SOAK = 3, /* as many as the job has retries */
    LIMIT_S = 600, /* of one test */
    MEMORY_MB = 64 /* what cycles may leave behind */
};

static struct cluster *cluster;
static struct proxy proxies[HOSTS];

static const char FLEET[] =
    "<fleet xmlns=\"urn:wattyard:1\" name=\"test\" allow-root=\"yes\"><catalog>"
    "<chip id=\"c\" vendor=\"nvidia\" stack=\"cuda\" hbm-gb=\"288\" hbm-gbps=\"8000\" "
    "mfu=\"0.4\" bw-efficiency=\"0.7\"><peak precision=\"bf16\" tflops=\"2500\"/></chip>"
    "<system id=\"box\" chip=\"c\" hosts=\"12\" chips-per-host=\"4\" power-kw=\"48\" "
    "idle-kw=\"12\" availability=\"1\" available-from=\"2025-01\"/></catalog>"
    "<site id=\"s\"><hall id=\"h\"><feed id=\"f\"><rack id=\"r\" system=\"box\" "
    "usd-per-hour=\"4\"/></feed></hall></site>"
    "<user name=\"bob\" roles=\"view submit\" priority-max=\"400\"/>"
    "<user name=\"%s\" roles=\"view submit operate\"/></fleet>";

static bool is_soak(void)
{
    return getenv("WATTYARD_SOAK") != NULL;
}

static void set_up(void)
{
    static char fleet[2048];

    /* NOLINTNEXTLINE: the format is this file's own */
    (void)snprintf(fleet, sizeof fleet, FLEET, cluster_user());
    cluster = cluster_create(&(struct cluster_options){
        .fleet_xml = fleet, .topology = "topologies/hosts/gb300-nvl72.xml"});
    cluster_expect(cluster, 0, "keys", "user", "keys", "vic", "--roles", "view", NULL);
    cluster_expect(cluster, 0, "keys", "user", "keys", "bob", "--roles", "view,submit", NULL);
    cluster_start_scheduler(cluster, NULL);
}

static void set_up_all(void)
{
    set_up();
    cluster_start_agents(cluster);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
}

static void tear_down(void)
{
    for (int i = 0; i < HOSTS; i++)
        proxy_stop(&proxies[i]);
    cluster_destroy(cluster);
    cluster = NULL;
}

static const char *write_job(
    const char *job, const char *attributes, const char *inside, const char *script)
{
    struct str text = {0};
    char name[32];
    const char *path;

    (void)snprintf(name, sizeof name, "%s.xml", job);
    str_format(&text,
        "<job xmlns=\"urn:wattyard:1\" name=\"%s\" kind=\"batch\" %s><gang tasks=\"1\"/>%s"
        "<command path=\"/bin/sh\"><arg>-c</arg><arg>%s</arg></command></job>",
        job, attributes, inside, script);
    path = cluster_write(cluster, name, str_text(&text));
    str_fini(&text);
    return path;
}

/* A job that is submitted now starts and ends. */
static void goes_on(void)
{
    char *out = NULL;
    char *jobs = NULL;

    if (cluster_run(
            cluster, &out, "submit", "--wait", write_job("after", "", "", "exit 0"), NULL) == 0) {
        mem_free(out);
        return;
    }
    (void)cluster_run(cluster, &jobs, "queue", "--all", "--state=waiting", "--state=failed", NULL);
    ck_abort_msg("%s%s\n%s", out, jobs, cluster_log(cluster));
}

static void log_has(const char *text)
{
    double start_s = clock_monotonic_s();
    bool is_there = false;
    char *log = NULL;

    while (!is_there && clock_monotonic_s() - start_s < WAIT_S) {
        mem_free(log);
        log = cluster_log(cluster);
        is_there = strstr(log, text) != NULL;
        if (!is_there)
            cluster_sleep_ms(20);
    }
    ck_assert_msg(is_there, "no \"%s\" in:\n%s", text, log);
    mem_free(log);
}

/* --- Below the keys: raw bytes */

static const char *address_of(int port)
{
    return port == 0 ? cluster_agents_address(cluster) : cluster_people_address(cluster);
}

/* What ZMTP 3.1 begins with, and frames that never end or are longer than can be. */
static const unsigned char GREETING[64] = {
    0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
static const unsigned char LONG_FRAME[] = {0x06, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const unsigned char SHORT_HELLO[] = {0x04, 6, 5, 'H', 'E', 'L', 'L', 'O'};

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void fill_random(unsigned char *bytes, size_t count, uint64_t *seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)next_random(seed);
}

/* Until the other side has enough of it, at most 4 MiB. */
static void send_on(int fd, const unsigned char *bytes, size_t count)
{
    for (int i = 0; i < 64; i++)
        if (send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return;
}

/* One cycle of a test of noise, with random numbers of its own. */
typedef void (*cycle_fn)(int port, uint64_t seed);

static double scheduler_mb(void)
{
    return measure_process_value(cluster_scheduler_pid(cluster), "status", "VmRSS:") / 1e3;
}

/* Once; with WATTYARD_SOAK for so long. What has gone by leaves no memory behind. */
static void repeat(cycle_fn cycle, int port, double soak_s)
{
    double start_s = clock_monotonic_s();
    double first_mb, last_mb;
    uint64_t seed = 7;
    int count = 1;

    cycle(port, seed);
    first_mb = scheduler_mb();
    for (; is_soak() && clock_monotonic_s() - start_s < soak_s; count++)
        cycle(port, ++seed);
    last_mb = scheduler_mb();
    (void)fprintf(stderr, "%d %s, scheduler %.1f MB, %.1f MB after the first\n", count,
        str_plural(count, "cycle", "cycles"), last_mb, first_mb);
    ck_assert_double_lt(last_mb, first_mb + MEMORY_MB);
}

static void make_noise(int port, uint64_t seed)
{
    static unsigned char noise[65536];
    int fds[NOISES];

    for (int i = 0; i < NOISES; i++) {
        fds[i] = proxy_dial(address_of(port));
        ck_assert_int_ge(fds[i], 0);
        fill_random(noise, sizeof noise, &seed);
        if (i % 4 != 0)
            (void)send(fds[i], GREETING, i % 8 == 1 ? 11 : sizeof GREETING, MSG_NOSIGNAL);
        if (i % 4 == 2)
            (void)send(fds[i], LONG_FRAME, sizeof LONG_FRAME, MSG_NOSIGNAL);
        if (i % 4 == 3)
            (void)send(fds[i], SHORT_HELLO, sizeof SHORT_HELLO, MSG_NOSIGNAL);
        send_on(fds[i], noise, 1 + next_random(&seed) % sizeof noise);
    }
    goes_on();
    for (int i = 0; i < NOISES; i++)
        (void)close(fds[i]);
    goes_on();
}

START_TEST(raw_noise_on_either_port_stops_nothing)
{
    repeat(make_noise, _i, NOISE_SOAK_S);
}
END_TEST

static void connect_silently(int port, uint64_t seed)
{
    struct rlimit limit;
    int *fds, most, count = 0;

    (void)seed;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    most = limit.rlim_max < SILENT_MOST + SPARE_FILES ? (int)limit.rlim_max - SPARE_FILES
                                                      : SILENT_MOST;
    fds = mem_zero((size_t)most, sizeof *fds);
    while (count < most && (fds[count] = proxy_dial(address_of(port))) >= 0)
        count++;
    (void)fprintf(stderr, "%d silent connections\n", count);
    ck_assert_int_eq(count, most);
    goes_on();
    for (int i = 0; i < count; i++)
        (void)close(fds[i]);
    mem_free(fds);
    goes_on();
}

START_TEST(thousands_of_connections_that_say_nothing_stop_nothing)
{
    repeat(connect_silently, _i, SILENT_SOAK_S);
}
END_TEST

/* --- With a good key: messages that are none */

static void *open_peer(void *context, int port)
{
    struct key own = {0}, scheduler = {0};
    struct err err = {0};
    struct str path = {0};
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int zero = 0;

    str_format(&path, "%s/keys/scheduler.pub", cluster_folder(cluster));
    ck_assert_msg(key_read(str_text(&path), &scheduler, &err) == 0, "%s", err.text);
    str_clear(&path);
    str_format(&path, "%s/keys/hand-out/%s/%s.key", cluster_folder(cluster),
        port == 0 ? cluster_host(cluster, 0) : cluster_user(),
        port == 0 ? cluster_host(cluster, 0) : cluster_user());
    ck_assert_msg(key_read(str_text(&path), &own, &err) == 0, "%s", err.text);
    str_fini(&path);
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, scheduler.public_text, KEY_TEXT);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own.public_text, KEY_TEXT);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own.secret_text, KEY_TEXT);
    ck_assert_int_eq(zmq_connect(socket, address_of(port)), 0);
    return socket;
}

static void pack_request(struct str *out, Wattyard__Request *request)
{
    Wattyard__Envelope envelope;
    struct err err = {0};

    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_REQUEST, NULL, 0, NULL);
    envelope.request = request;
    ck_assert_msg(protocol_pack(&envelope, out, &err) == 0, "%s", err.text);
}

static void pack_submit(struct str *out)
{
    static char manifest[] =
        "<job xmlns=\"urn:wattyard:1\" name=\"replayed\" kind=\"batch\"><gang tasks=\"1\"/>"
        "<command path=\"/bin/true\"/></job>";
    unsigned char id[PROTOCOL_ID_BYTES];
    Wattyard__Request request;
    Wattyard__Submit submit;

    protocol_make_id(id);
    wattyard__request__init(&request);
    wattyard__submit__init(&submit);
    request.id = (ProtobufCBinaryData){sizeof id, id};
    request.body_case = WATTYARD__REQUEST__BODY_SUBMIT;
    request.submit = &submit;
    submit.manifest = (ProtobufCBinaryData){sizeof manifest - 1, (uint8_t *)manifest};
    submit.name = protocol_lend("replayed.xml");
    pack_request(out, &request);
}

/* Noise, parts of a good message, and the good one with a bit of its head turned over. */
static void send_spoilt(void *socket, const struct str *good, uint64_t *seed)
{
    static unsigned char noise[PROTOCOL_FRAME_BYTES];

    (void)zmq_send(socket, "", 0, 0);
    for (int i = 0; i < NOISES; i++) {
        size_t count = 1 + next_random(seed) % 2000;

        fill_random(noise, count, seed);
        (void)zmq_send(socket, noise, count, 0);
        (void)zmq_send(socket, good->text, next_random(seed) % good->length, 0);
        memcpy(noise, good->text, good->length);
        noise[next_random(seed) % 8] ^= (unsigned char)(1 << next_random(seed) % 8);
        (void)zmq_send(socket, noise, good->length, 0);
    }
    for (int i = 0; i < 1000; i++) /* one message of a thousand frames */
        (void)zmq_send(socket, noise, 1000, ZMQ_SNDMORE);
    (void)zmq_send(socket, "", 0, 0);
}

/* Longer than any may be: the connection ends, and others' don't. Each of one frame: a libzmq whose
 * connection ends within a message of several aborts, and that would be ours. */
static void send_oversized(void *socket)
{
    unsigned char *huge = mem_zero(4, PROTOCOL_FRAME_BYTES);

    for (int i = 0; i < 8; i++)
        (void)zmq_send(socket, huge, PROTOCOL_FRAME_BYTES, 0);
    (void)zmq_send(socket, huge, (size_t)4 * PROTOCOL_FRAME_BYTES, 0);
    mem_free(huge);
}

/* How many jobs of the replayed message there are. */
static int count_replayed(void)
{
    char *out = NULL;
    int count = 0;

    ck_assert_int_eq(cluster_run(cluster, &out, "queue", "--all", "--name", "replayed", "--csv",
                         "--format", "name", NULL),
        0);
    for (const char *at = out; (at = strstr(at, "replayed")) != NULL; at++)
        count++;
    mem_free(out);
    return count;
}

static void send_bad_messages(int port, uint64_t seed)
{
    void *context = zmq_ctx_new();
    void *socket = open_peer(context, port);
    struct str submit = {0};
    int before = count_replayed();

    pack_submit(&submit);
    send_spoilt(socket, &submit, &seed);
    for (int i = 0; i < 50; i++)
        (void)zmq_send(socket, submit.text, submit.length, 0);
    goes_on();
    send_oversized(socket);
    goes_on();
    /* Agents' port takes no requests at all. */
    ck_assert_int_eq(count_replayed() - before, port == 1 ? 1 : 0);
    str_fini(&submit);
    (void)zmq_close(socket);
    (void)zmq_ctx_term(context);
}

START_TEST(messages_that_are_none_are_dropped_and_a_replayed_one_is_done_once)
{
    repeat(send_bad_messages, _i, NOISE_SOAK_S);
}
END_TEST

/* --- Who may not */

static const struct {
    const char *user;
    const char *words[4]; /* JOB: a manifest of priority 500 */
    const char *expected, *logged;
} REFUSALS[] = {
    {"vic", {"submit", "JOB"}, "needs the role `submit`", "user vic asked for submit"},
    {"vic", {"power", "set", "s", "1"}, "needs the role `operate`", "user vic asked for power"},
    {"bob", {"drain", "s-h-f-r-t01", "--why", "no"}, "needs the role `operate`",
        "user bob asked for drain"},
    {"bob", {"submit", "JOB"}, "priority", "bob"},
};

START_TEST(a_user_without_the_role_or_past_the_priority_is_refused_and_it_is_logged)
{
    const char *job = write_job("high", "priority=\"500\"", "", "exit 0");
    const char *words[4] = {NULL};
    struct str key = {0};
    char *out = NULL;

    str_format(&key, "--key=%s/keys/hand-out/%s", cluster_folder(cluster), REFUSALS[_i].user);
    for (int i = 0; i < 4; i++)
        if (REFUSALS[_i].words[i] != NULL)
            words[i] = strcmp(REFUSALS[_i].words[i], "JOB") == 0 ? job : REFUSALS[_i].words[i];
    for (int i = 0; i < 4; i++)
        words[i] = words[i] != NULL ? words[i] : "--timeout=10";
    ck_assert_int_eq(
        cluster_run(cluster, &out, words[0], words[1], words[2], words[3], str_text(&key), NULL),
        1);
    ck_assert_msg(strstr(out, REFUSALS[_i].expected) != NULL, "%s", out);
    log_has(REFUSALS[_i].logged);
    mem_free(out);
    str_fini(&key);
}
END_TEST

/* 0: the key of a stranger, with the scheduler's good public key; 1: the other way about. */
START_TEST(a_stranger_and_a_wrong_scheduler_key_are_refused_within_five_seconds)
{
    double start_s;
    char *out = NULL;

    cluster_expect(cluster, 0, "keys", "init", "other", NULL);
    cluster_expect(cluster, 0, "keys", "user", "other", "eve", NULL);
    if (_i == 0) {
        char *good = cluster_read(cluster, "keys/scheduler.pub");

        (void)cluster_write(cluster, "other/hand-out/eve/scheduler.pub", good);
        mem_free(good);
    }
    start_s = clock_monotonic_s();
    ck_assert_int_eq(cluster_run(cluster, &out, "queue", "--key", "other/hand-out/eve", NULL), 4);
    ck_assert_double_lt(clock_monotonic_s() - start_s, 6);
    ck_assert_msg(strstr(out, "key") != NULL, "%s", out);
    if (_i == 0)
        log_has("refused");
    mem_free(out);
    cluster_expect(cluster, 0, "queue", NULL);
}
END_TEST

START_TEST(an_agent_that_claims_anothers_host_is_refused_and_it_is_logged)
{
    struct str name = {0};
    char *key;

    str_format(
        &name, "keys/hand-out/%s/%s.key", cluster_host(cluster, 0), cluster_host(cluster, 0));
    key = cluster_read(cluster, str_text(&name));
    ck_assert_ptr_nonnull(key);
    str_clear(&name);
    str_format(
        &name, "keys/hand-out/%s/%s.key", cluster_host(cluster, 1), cluster_host(cluster, 1));
    (void)cluster_write(cluster, str_text(&name), key);
    mem_free(key);
    str_fini(&name);
    cluster_start_agents(cluster);
    log_has("spoke for host s-h-f-r-t02: refused");
    cluster_wait_up(cluster, HOSTS - 1, WAIT_S);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "unknown", "nodes", "s-h-f-r-t02", NULL));
}
END_TEST

/* --- Cut off */

/* A stamp each 50 ms of the attempt that runs, into a file that all share. */
#define STAMPS                                                                                     \
    "while :; do echo $WATTYARD_ATTEMPT $(date +%%s%%N) &gt;&gt;%s/stamps; sleep 0.05; done"

static const char *write_stamper(void)
{
    char script[512];

    (void)snprintf(script, sizeof script, STAMPS, cluster_folder(cluster));
    return write_job("stamper", "",
        "<limits lease-minutes=\"0.05\" grace-seconds=\"1\" retries=\"3\"/>", script);
}

/* Stamps of each attempt, and whether one stands after a later attempt's first. */
static int count_stamps(int attempt, bool *is_mixed)
{
    char *text = cluster_read(cluster, "stamps");
    int count = 0, highest = 0;

    *is_mixed = false;
    for (char *line = text; line != NULL && *line != '\0';) {
        int of = (int)strtol(line, NULL, 10);
        char *end = strchr(line, '\n');

        count += of == attempt;
        *is_mixed |= of < highest;
        highest = of > highest ? of : highest;
        line = end != NULL ? end + 1 : NULL;
    }
    mem_free(text);
    return count;
}

static void wait_stamps(int attempt, int least, double seconds)
{
    double start_s = clock_monotonic_s();
    bool is_mixed = false;

    while (count_stamps(attempt, &is_mixed) < least) {
        if (clock_monotonic_s() - start_s > seconds) {
            char *log = cluster_log(cluster);

            ck_abort_msg(
                "attempt %d has no %d stamps after %g s:\n%s", attempt, least, seconds, log);
        }
        ck_assert(!is_mixed);
        cluster_sleep_ms(50);
    }
}

/* The host that the stamper runs on. */
static int find_stamper(void)
{
    char *out = NULL;
    int host = 0;

    ck_assert_int_eq(cluster_run(cluster, &out, "queue", "--csv", "--format", "hosts", NULL), 0);
    while (host < HOSTS - 1 && strstr(out, cluster_host(cluster, host)) == NULL)
        host++;
    mem_free(out);
    return host;
}

/* That attempt's host is cut off till the next one runs, and comes back. */
static void cut_off(int attempt)
{
    bool is_mixed = false;
    int cut = find_stamper();
    const char *host = cluster_host(cluster, cut);
    double start_s = clock_monotonic_s();
    int before;

    proxy_cut(&proxies[cut], true);
    before = count_stamps(attempt, &is_mixed);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "suspect", "nodes", host, NULL));
    ck_assert(cluster_wait_for(cluster, WAIT_S, "down", "nodes", host, NULL));
    wait_stamps(attempt + 1, 5, 3 * WAIT_S);
    /* Lease 3 s, grace 1 s and 30 s more. */
    ck_assert_double_gt(clock_monotonic_s() - start_s, 30);
    ck_assert_int_lt(count_stamps(attempt, &is_mixed), before + 10 * 20); /* the lease ended it */
    proxy_cut(&proxies[cut], false);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "up", "nodes", host, NULL));
    wait_stamps(attempt + 1, count_stamps(attempt + 1, &is_mixed) + 20, WAIT_S);
}

START_TEST(what_ran_on_a_host_that_is_cut_off_is_retried_only_after_the_fence)
{
    bool is_mixed = false;

    for (int i = 0; i < HOSTS; i++) {
        proxy_start(&proxies[i], cluster_agents_address(cluster));
        cluster_set_agent_address(cluster, i, proxies[i].address);
    }
    cluster_start_agents(cluster);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
    cluster_expect(cluster, 0, "submit", write_stamper(), NULL);
    wait_stamps(1, 5, WAIT_S);
    for (int attempt = 1; attempt <= (is_soak() ? CUTS_SOAK : 1); attempt++)
        cut_off(attempt);
    cluster_expect(cluster, 0, "cancel", "1", NULL);
    ck_assert(cluster_wait_for(cluster, WAIT_S, "cancelled", "queue", "--all", NULL));
    (void)count_stamps(1, &is_mixed);
    ck_assert(!is_mixed);
}
END_TEST

START_TEST(the_shim_ends_the_task_with_its_lease_when_agent_and_scheduler_are_dead)
{
    bool is_mixed = false;
    double start_s;
    int last = -1, now;

    cluster_start_agents(cluster);
    cluster_wait_up(cluster, HOSTS, WAIT_S);
    cluster_expect(cluster, 0, "submit", write_stamper(), NULL);
    wait_stamps(1, 5, WAIT_S);
    for (int i = 0; i < HOSTS; i++)
        cluster_kill_agent(cluster, i, SIGKILL);
    cluster_kill_scheduler(cluster, SIGKILL);
    wait_stamps(1, count_stamps(1, &is_mixed) + 5, 5); /* that alone ends nothing */
    start_s = clock_monotonic_s();
    while ((now = count_stamps(1, &is_mixed)) != last) {
        ck_assert_double_lt(clock_monotonic_s() - start_s, 20);
        last = now;
        cluster_sleep_ms(1000); /* some twenty stamps */
    }
    while (cluster_process_count(cluster) > 0) {
        ck_assert_double_lt(clock_monotonic_s() - start_s, 30);
        cluster_sleep_ms(50);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("abuse");
    TCase *noise = tcase_create("noise");
    TCase *rights = tcase_create("rights");

    tcase_set_timeout(noise, LIMIT_S);
    tcase_set_timeout(rights, LIMIT_S);
    tcase_add_checked_fixture(noise, set_up_all, tear_down);
    tcase_add_loop_test(noise, raw_noise_on_either_port_stops_nothing, 0, 2);
    tcase_add_loop_test(noise, thousands_of_connections_that_say_nothing_stop_nothing, 0, 2);
    tcase_add_loop_test(
        noise, messages_that_are_none_are_dropped_and_a_replayed_one_is_done_once, 0, 2);
    suite_add_tcase(s, noise);
    tcase_add_checked_fixture(rights, set_up, tear_down);
    tcase_add_loop_test(rights,
        a_user_without_the_role_or_past_the_priority_is_refused_and_it_is_logged, 0,
        sizeof REFUSALS / sizeof *REFUSALS);
    tcase_add_loop_test(
        rights, a_stranger_and_a_wrong_scheduler_key_are_refused_within_five_seconds, 0, 2);
    tcase_add_test(rights, an_agent_that_claims_anothers_host_is_refused_and_it_is_logged);
    tcase_add_test(rights, what_ran_on_a_host_that_is_cut_off_is_retried_only_after_the_fence);
    tcase_add_test(rights, the_shim_ends_the_task_with_its_lease_when_agent_and_scheduler_are_dead);
    suite_add_tcase(s, rights);
    return s;
}
