#include "agent/agent.h"

#include "agent/agent_private.h"
#include "agent/sysfile.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    REFUSED_RETRY_MS = 30 * 1000, /* the fleet file may get this host meanwhile */
    SAY_HELLO_RETRY_MS = 1000,
    LOG_SIZE = 512
};

static const unsigned char NO_CLUSTER[PROTOCOL_ID_BYTES];

static const char *const REFUSED_NAMES[] = {[WATTYARD__REFUSED__CODE__OTHER] = "no",
    [WATTYARD__REFUSED__CODE__VERSION] = "another version of the protocol",
    [WATTYARD__REFUSED__CODE__CLUSTER] = "another cluster",
    [WATTYARD__REFUSED__CODE__EPOCH] = "its epoch is older than one seen",
    [WATTYARD__REFUSED__CODE__IDENTITY] = "the key is not this host's",
    [WATTYARD__REFUSED__CODE__UNKNOWN_HOST] = "no such host in the fleet",
    [WATTYARD__REFUSED__CODE__SAY_HELLO] = "it wants a Hello",
    [WATTYARD__REFUSED__CODE__FULL] = "it takes no more hosts"};

void agent_log(const struct agent *agent, const char *format, ...)
{
    char line[LOG_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    agent->options.log(agent->options.log_data, line);
}

static uint64_t bad_chips(const struct host_use *use)
{
    uint64_t bad = 0;

    for (int i = 0; i < use->chip_count; i++)
        bad |= (uint64_t)use->chips[i].is_bad << i;
    return bad;
}

static void read_sensors(struct agent *agent, int64_t now_ms)
{
    sensors_read(agent->options.sensors, &agent->use);
    if (agent->use_ms != 0)
        agent_power_count(agent, (double)(now_ms - agent->use_ms) / 1000);
    agent->use_ms = now_ms;
}

struct agent *agent_create(const struct agent_options *options)
{
    struct agent *agent = mem_zero(1, sizeof *agent);

    agent->options = *options;
    agent->hello_ms = INT64_MAX;
    agent->link_state = LINK_CONNECTING;
    if (!sysfile_read("/proc/sys/kernel/random/boot_id", agent->boot_id, sizeof agent->boot_id))
        agent->boot_id[0] = '\0';
    sensors_read(options->sensors, &agent->use);
    agent_power_open(agent);
    return agent;
}

void agent_destroy(struct agent *agent)
{
    if (agent == NULL)
        return;
    mem_free(agent->tasks);
    mem_free(agent);
}

/* --- Who speaks */

/* A message of our cluster, of an epoch that is not past. A new epoch is stored before anything is
 * done in its name. */
static bool take_epoch(struct agent *agent, const Wattyard__Envelope *envelope)
{
    struct launcher_memory memory = launcher_memory(agent->options.launcher);
    struct err err = {0};

    if (envelope->cluster.len != PROTOCOL_ID_BYTES) {
        agent_log(agent, "a message of the scheduler names no cluster; it is ignored");
        return false;
    }
    if (memcmp(memory.cluster, NO_CLUSTER, sizeof NO_CLUSTER) != 0 &&
        memcmp(memory.cluster, envelope->cluster.data, sizeof memory.cluster) != 0) {
        char ours[37];
        char theirs[37];

        agent_log(agent, "the scheduler is of cluster %s, and this host belongs to %s: refused",
            protocol_id_text(envelope->cluster.data, theirs),
            protocol_id_text(memory.cluster, ours));
        (void)agent_send_refused(
            agent, WATTYARD__REFUSED__CODE__CLUSTER, "this host belongs to another cluster");
        return false;
    }
    if (envelope->epoch < memory.epoch) {
        agent_log(agent,
            "the scheduler is at epoch %llu, and %llu was seen here: its state is an old one: "
            "refused",
            (unsigned long long)envelope->epoch, (unsigned long long)memory.epoch);
        (void)agent_send_refused(agent, WATTYARD__REFUSED__CODE__EPOCH,
            "a later epoch was seen here: the scheduler's state is an old one");
        return false;
    }
    if (memcmp(memory.cluster, NO_CLUSTER, sizeof NO_CLUSTER) != 0 &&
        envelope->epoch == memory.epoch)
        return true;
    if (launcher_remember(agent->options.launcher, envelope->cluster.data, envelope->epoch, &err) ==
        0)
        return true;
    agent_log(agent, "%s; what the scheduler says is ignored", err.text);
    return false;
}

/* Leases run from when we said what is answered: never from a time that we did not say. */
static void renew_leases(const struct agent *agent, int64_t heard_ms)
{
    if (heard_ms > 0 && heard_ms <= agent->last_sent_ms)
        launcher_renew_leases(agent->options.launcher, heard_ms);
}

/* --- What it says */

static void take_desired(struct agent *agent, const Wattyard__Envelope *envelope, int64_t now_ms)
{
    const Wattyard__Desired *desired = envelope->desired;

    if (!take_epoch(agent, envelope))
        return;
    if (agent->generation_epoch == envelope->epoch && desired->generation < agent->generation)
        return;
    renew_leases(agent, desired->heard_boot_ms);
    agent_apply_desired(agent, desired, now_ms);
    agent->generation = desired->generation;
    agent->generation_epoch = envelope->epoch;
    agent->report_ms = now_ms;
}

static void take_refused(struct agent *agent, const Wattyard__Refused *refused, int64_t now_ms)
{
    bool is_hello = refused->code == WATTYARD__REFUSED__CODE__SAY_HELLO;
    size_t code = (size_t)refused->code;

    if (!is_hello)
        agent_log(agent, "the scheduler refuses this host: %s%s%s",
            code < sizeof REFUSED_NAMES / sizeof *REFUSED_NAMES ? REFUSED_NAMES[code] : "no",
            refused->why[0] != '\0' ? ": " : "", refused->why);
    agent->generation = 0;
    agent->hello_ms = now_ms + (is_hello ? SAY_HELLO_RETRY_MS : REFUSED_RETRY_MS);
    /* One that asks for a Hello gets it at once, and then not more often than each second. */
    if (is_hello && now_ms - agent->last_sent_ms >= SAY_HELLO_RETRY_MS)
        agent->hello_ms = now_ms;
}

static void take_message(struct agent *agent, const Wattyard__Envelope *envelope, int64_t now_ms)
{
    switch (envelope->body_case) {
    case WATTYARD__ENVELOPE__BODY_DESIRED:
        take_desired(agent, envelope, now_ms);
        return;
    case WATTYARD__ENVELOPE__BODY_KEPT:
        if (take_epoch(agent, envelope))
            renew_leases(agent, envelope->kept->heard_boot_ms);
        return;
    case WATTYARD__ENVELOPE__BODY_READ_OUTPUT:
        if (take_epoch(agent, envelope))
            (void)agent_send_output(agent, envelope->read_output);
        return;
    case WATTYARD__ENVELOPE__BODY_REFUSED:
        take_refused(agent, envelope->refused, now_ms);
        return;
    case WATTYARD__ENVELOPE__BODY__NOT_SET:
    case WATTYARD__ENVELOPE__BODY_HELLO:
    case WATTYARD__ENVELOPE__BODY_REPORT:
    case WATTYARD__ENVELOPE__BODY_OUTPUT:
    case WATTYARD__ENVELOPE__BODY_REQUEST:
    case WATTYARD__ENVELOPE__BODY_ANSWER:
    case _WATTYARD__ENVELOPE__BODY__CASE_IS_INT_SIZE:
        break;
    }
    agent_log(agent, "the scheduler said what is not for an agent; it is ignored");
}

/* --- The connection */

static void watch_link(struct agent *agent, int64_t now_ms)
{
    struct link *link = agent->options.link;
    enum link_state state = link_state(link);

    if (link_is_new(link)) {
        agent->hello_ms = now_ms;
        agent->generation = 0;
    }
    if (state == agent->link_state)
        return;
    agent->link_state = state;
    if (state == LINK_READY)
        agent_log(agent, "connected to the scheduler");
    else if (link_why(link)[0] != '\0')
        agent_log(agent, "%s", link_why(link));
}

/* Hello, when one is due, is also a report. A chip that went bad or came back is told by a Hello,
 * which has the inventory. */
static void say_what_is_due(struct agent *agent, int64_t now_ms)
{
    bool is_reading = now_ms - agent->use_ms >= agent->options.report_ms;

    if (is_reading)
        read_sensors(agent, now_ms);
    if (agent->link_state != LINK_READY)
        return;
    if (agent->hello_ms == INT64_MAX && bad_chips(&agent->use) != agent->bad_chips)
        agent->hello_ms = now_ms;
    if (now_ms >= agent->hello_ms) {
        if (agent_send_hello(agent, now_ms) == 0) {
            agent->bad_chips = bad_chips(&agent->use);
            agent->hello_ms = INT64_MAX;
            agent->report_ms = now_ms + agent->options.report_ms;
        } else {
            agent->hello_ms = now_ms + SAY_HELLO_RETRY_MS;
        }
        return;
    }
    if (agent->hello_ms == INT64_MAX && now_ms >= agent->report_ms) {
        (void)agent_send_report(agent, now_ms);
        agent->report_ms = now_ms + agent->options.report_ms;
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t agent_step(struct agent *agent, int64_t now_ms)
{
    struct launcher *launcher = agent->options.launcher;
    Wattyard__Envelope *envelope;
    int64_t next_ms;

    while ((envelope = link_receive(agent->options.link)) != NULL) {
        take_message(agent, envelope, now_ms);
        protocol_free(envelope);
    }
    watch_link(agent, now_ms);
    if (launcher_step(launcher)) {
        agent->report_ms = now_ms;
        agent_power_apply(agent, now_ms);
    } else if (now_ms >= agent->retry_caps_ms) {
        agent_power_apply(agent, now_ms);
    }
    say_what_is_due(agent, now_ms);
    next_ms = least(agent->use_ms + agent->options.report_ms, launcher_next_ms(launcher));
    next_ms = least(next_ms, agent->retry_caps_ms);
    if (agent->link_state == LINK_READY)
        next_ms = least(next_ms, agent->hello_ms != INT64_MAX ? agent->hello_ms : agent->report_ms);
    return next_ms;
}
