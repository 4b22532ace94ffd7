/*
 * A server that does not know our key says so in the handshake (AUTH). One whose own key is another
 * than we hold can't read what we say, and closes the connection without a word; so does one that
 * is killed at that moment, and one that is no scheduler. Twice in a row without a word is taken
 * for a refusal.
 */
#include "agent/protocol_keys.h"
#include "agent/protocol_link_private.h"
#include "base/err.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { SILENT_FAILURES_MAX = 2, PORT_MAX = 65535 };

void link_watch_init(struct link_watch *watch, const struct link_options *options, uint64_t seed)
{
    *watch = (struct link_watch){.options = options,
        .state = LINK_CONNECTING,
        .wait_ms = options->reconnect_ms,
        .rng = rng_seed(seed)};
}

static void lose(struct link_watch *watch, enum link_state state)
{
    watch->state = state;
    watch->is_over = true;
    watch->is_connected = false;
    watch->is_new = false;
}

static void refuse_known(struct link_watch *watch)
{
    const struct key *own = watch->options->own;

    lose(watch, LINK_REFUSED_OWN);
    if (own == NULL)
        (void)snprintf(watch->why, sizeof watch->why,
            "the scheduler at %s takes nobody without a key", watch->options->address);
    else
        (void)snprintf(watch->why, sizeof watch->why,
            "the scheduler at %s does not take the key of %s %s (%s); put %s.pub into the %ss "
            "folder of its keys",
            watch->options->address, KEY_KIND_NAMES[own->kind], own->name, own->public_text,
            own->name, KEY_KIND_NAMES[own->kind]);
}

static void refuse_silent(struct link_watch *watch)
{
    watch->silent_failures++;
    if (watch->silent_failures < SILENT_FAILURES_MAX) {
        lose(watch, LINK_CONNECTING);
        return;
    }
    lose(watch, LINK_REFUSED_OWN);
    if (watch->options->scheduler == NULL)
        (void)snprintf(watch->why, sizeof watch->why,
            "what listens at %s closed the connection: it asks for keys, or is no scheduler",
            watch->options->address);
    else
        (void)snprintf(watch->why, sizeof watch->why,
            "what listens at %s closed the connection: the key that we hold for it (%s, of "
            "scheduler.pub) is not its own, or it is no scheduler",
            watch->options->address, watch->options->scheduler->public_text);
}

static void unreachable(struct link_watch *watch)
{
    lose(watch, LINK_UNREACHABLE);
    watch->silent_failures = 0;
    (void)snprintf(watch->why, sizeof watch->why, "nobody listens at %s", watch->options->address);
}

static void disconnected(struct link_watch *watch)
{
    if (watch->state == LINK_READY)
        (void)snprintf(watch->why, sizeof watch->why,
            "the connection to the scheduler at %s was lost", watch->options->address);
    if (!watch->is_over)
        lose(watch, LINK_CONNECTING);
}

void link_watch_event(struct link_watch *watch, unsigned event)
{
    switch (event) {
    case ZMQ_EVENT_CONNECTED:
        watch->is_connected = true;
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        watch->state = LINK_READY;
        watch->is_new = true;
        watch->silent_failures = 0;
        watch->why[0] = '\0';
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        refuse_known(watch);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        /* it answered, in another way of speaking: once is enough */
        watch->silent_failures = SILENT_FAILURES_MAX;
        refuse_silent(watch);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        refuse_silent(watch);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        disconnected(watch);
        break;
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_CONNECT_RETRIED:
        if (!watch->is_over)
            unreachable(watch);
        break;
    default:
        break; /* the others say nothing that is not known from these */
    }
}

int link_watch_timeout(struct link_watch *watch)
{
    if (!watch->is_connected) {
        unreachable(watch);
        return -1;
    }
    (void)snprintf(watch->why, sizeof watch->why,
        "what listens at %s takes connections and says nothing", watch->options->address);
    return 0;
}

void link_watch_message(struct link_watch *watch)
{
    watch->wait_ms = watch->options->reconnect_ms;
}

int link_watch_next_wait_ms(struct link_watch *watch)
{
    int wait_ms = watch->wait_ms;
    int most_ms = watch->options->reconnect_most_ms;

    watch->wait_ms = wait_ms > most_ms / 2 ? most_ms : 2 * wait_ms;
    return (int)rng_between(&watch->rng, wait_ms / 2, wait_ms);
}

static bool is_loopback(const char *host, size_t length)
{
    static const char *const names[] = {"localhost", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncmp(names[i], host, length) == 0)
            return true;
    /* 127.0.0.1 and its kind; a name that only begins so has letters */
    return length > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == length;
}

int link_address_check(const char *address, bool has_key, struct err *err)
{
    const char *host = address + strlen("tcp://");
    const char *colon = strrchr(address, ':');
    int64_t port = 0;

    if (!str_starts_with(address, "tcp://") || colon <= host ||
        str_parse_int(colon + 1, &port) != 0 || port < 1 || port > PORT_MAX)
        return err_set(err, ERR_INPUT,
            "'%.100s' is no address of a scheduler; write tcp://HOST:PORT", address);
    if (!has_key && !is_loopback(host, (size_t)(colon - host)))
        return err_set(err, ERR_DENIED,
            "%.100s is not on this host, and without keys nothing else is spoken to", address);
    return 0;
}
