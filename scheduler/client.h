/*
 * client: what the people's commands share: finding the scheduler and the keys, asking so that an
 * answer comes at most once whatever is lost between, and telling what went wrong. Edge code: it
 * reads the environment and the clock.
 */
#ifndef SCHEDULER_CLIENT_H
#define SCHEDULER_CLIENT_H

#include "agent/protocol.h"
#include "base/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define CLIENT_ADDRESS_DEFAULT "tcp://127.0.0.1:7470"

enum { CLIENT_NO = 1, CLIENT_WRONG = 2, CLIENT_CUT = 3, CLIENT_UNREACHABLE = 4 };

/* The options of each command that asks a scheduler. */
struct client_flags {
    const char *scheduler, *key, *config;
    double timeout_s; /* 0: 10 */
    bool is_insecure;
};

enum { CLIENT_OPTION_COUNT = 5 };
/* The rows of an option table for the member `flags` of a command's options. */
#define CLIENT_OPTIONS(type, flags)                                                                \
    {"scheduler", 0, OPTION_TEXT, offsetof(type, flags.scheduler), "ADDRESS",                      \
        "the scheduler's, as tcp://HOST:PORT", 0, 0, NULL},                                        \
        {"key", 0, OPTION_TEXT, offsetof(type, flags.key), "FILE",                                 \
            "your secret key, or its folder, with scheduler.pub beside it", 0, 0, NULL},           \
        {"config", 0, OPTION_TEXT, offsetof(type, flags.config), "FILE",                           \
            "instead of ~/.config/wattyard/config.xml", 0, 0, NULL},                               \
        {"timeout", 0, OPTION_NUMBER, offsetof(type, flags.timeout_s), "SECONDS",                  \
            "how long to try to reach the scheduler (default 10)", 0.1, 86400, NULL},              \
    {                                                                                              \
        "insecure-loopback", 0, OPTION_FLAG, offsetof(type, flags.is_insecure), NULL,              \
            "without keys, to a scheduler on this host alone", 0, 0, NULL                          \
    }

/* Where the scheduler is and who we are, put together from flags, environment and the file. */
struct client_settings {
    char *address;
    char *key; /* a file, or a folder */
};
/* NULL home: no default file. What is not set anywhere has its default. Release with _fini. */
int client_settings_find(
    const struct client_flags *flags, struct client_settings *settings, struct err *err);
void client_settings_fini(struct client_settings *settings);
/* The secret key file that `key` names: itself, or in a folder NAME.key of the user of that name,
 * else the only .key. Gives (mem_free); NULL with err. */
char *client_settings_key_file(const char *key, const char *user, struct err *err);

struct client; /* opaque */

/* NULL with err: the keys can't be read, the address is none. Does not wait for the scheduler. */
struct client *client_open(const struct client_flags *flags, struct err *err);
void client_close(struct client *client);

/*
 * Give the request a new id, send it, send it again (with the same id, so that it takes effect at
 * most once) after each new connection and when nothing comes back, until its answer is there or
 * the time is over; wait_ms more are allowed for an answer that comes late by design (Watch).
 * Returns the envelope with the answer (protocol_free), or NULL with err: ERR_UNREACHABLE.
 */
Wattyard__Envelope *client_ask(
    struct client *client, Wattyard__Request *request, int wait_ms, struct err *err);

/* All pages of a list. Rows are borrowed from it; release with client_pages_fini. */
struct client_pages {
    Wattyard__Envelope **list;
    size_t count, capacity;
    size_t most; /* ask for so many at most; 0: 1000, of up to 2000 rows each */
    bool is_cut; /* there are more */
};
/* Ask on with `after` while there is a next page. 0, also when the answer's status is not (it is
 * the last page then); -1 with err. */
int client_ask_pages(
    struct client *client, Wattyard__Request *request, struct client_pages *pages, struct err *err);
void client_pages_fini(struct client_pages *pages);
/* The last page's answer. */
const Wattyard__Answer *client_pages_last(const struct client_pages *pages);
/* All rows of one repeated field of Answer, by the offsets of its count and its array; gives the
 * array (mem_free), the rows are the pages'. */
const void **client_pages_rows(
    const struct client_pages *pages, size_t count_offset, size_t rows_offset, size_t *count);
#define CLIENT_ROWS(pages, field, count)                                                           \
    client_pages_rows((pages), offsetof(Wattyard__Answer, n_##field),                              \
        offsetof(Wattyard__Answer, field), (count))

/* Prints "wattyard NAME: text" to the context's errors; returns the exit status of err. */
int client_fail(
    const struct command *command, const struct command_context *context, const struct err *err);
/* Prints the answer's errors, and returns its status as an exit status. */
int client_report(const struct command *command, const struct command_context *context,
    const Wattyard__Answer *answer);

/*
 * The whole of a command that asks one thing: open, ask for all pages, report. Then, if its status
 * is 0, `show` prints; its result is the exit status, but 3 where the list was too long for us.
 */
typedef int (*client_show_fn)(
    void *data, const struct client_pages *pages, const struct command_context *context);
int client_run(const struct command *command, const struct command_context *context,
    const struct client_flags *flags, Wattyard__Request *request, client_show_fn show, void *data);

/* The same with the first `most` pages alone: `show` tells where there are more (is_cut). */
int client_run_first(const struct command *command, const struct command_context *context,
    const struct client_flags *flags, Wattyard__Request *request, size_t most, client_show_fn show,
    void *data);

/* Bytes as they are. */
void client_write(const ProtobufCBinaryData *bytes, size_t from, FILE *stream);

/* Are the words among the names? -1 with err: the first that is not, and the nearest name. */
int client_check_states(
    const struct option_list *words, const char *const *names, size_t count, struct err *err);

/* "1042" or "1042.7" -> job, member (-1: none). -1 with err. */
int client_parse_job(const char *text, uint64_t *job, int32_t *member, struct err *err);

#endif
