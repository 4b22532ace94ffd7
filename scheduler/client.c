#include "scheduler/client.h"

#include "agent/protocol_keys.h"
#include "agent/protocol_link.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <limits.h>
#include <math.h>
#include <nss.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static const double TIMEOUT_DEFAULT_S = 10;
static const double RESEND_S = 3;
static const double SEND_AGAIN_S = 0.05;
/* A refusal may be that of a scheduler which is just starting: it is believed after so long. */
static const double REFUSAL_BELIEVED_S = 1.5;

enum { PAGES_MOST = 1000, RECONNECT_MS = 50, RECONNECT_MOST_MS = 1000 };

struct client {
    struct link *link;
    double timeout_s;
};

/* The keys into options; own and scheduler are the caller's storage. */
static int read_keys(const struct client_settings *settings, struct key *own, struct key *scheduler,
    struct link_options *options, struct err *err)
{
    char *path = client_settings_key_file(settings->key, getenv("USER"), err);
    char *beside;
    int rc;

    if (path == NULL)
        return -1;
    beside = file_beside(path, "scheduler.pub");
    rc = key_read(path, own, err);
    if (rc == 0 && own->secret_text[0] == '\0')
        rc = err_set(err, ERR_INPUT, "%s: this is a public key; name the secret one", path);
    if (rc == 0)
        rc = key_read(beside, scheduler, err);
    options->own = own;
    options->scheduler = scheduler;
    mem_free(beside);
    mem_free(path);
    return rc;
}

struct client *client_open(const struct client_flags *flags, struct err *err)
{
    struct client_settings settings = {0};
    struct link_options options = {
        .reconnect_ms = RECONNECT_MS, .reconnect_most_ms = RECONNECT_MOST_MS};
    struct key own = {0}, scheduler = {0};
    struct client *client = NULL;
    struct link *link = NULL;

    if (client_settings_find(flags, &settings, err) != 0)
        return NULL;
    /* libzmq asks for a protocol that is never used; Debian would look for a database first, in
     * some sixty folders. */
    (void)__nss_configure_lookup("protocols", "files");
    options.address = settings.address;
    if (flags->is_insecure || read_keys(&settings, &own, &scheduler, &options, err) == 0)
        link = link_open(&options, err);
    if (link != NULL) {
        client = mem_zero(1, sizeof *client);
        client->link = link;
        client->timeout_s = flags->timeout_s > 0 ? flags->timeout_s : TIMEOUT_DEFAULT_S;
    } else if (err != NULL)
        err->kind = ERR_INPUT; /* whatever it is: the call, its keys or its settings are wrong */
    explicit_bzero(&own, sizeof own);
    client_settings_fini(&settings);
    return client;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    link_close(client->link);
    mem_free(client);
}

/* One question until its answer. */
struct asking {
    Wattyard__Envelope envelope;
    const Wattyard__Request *request;
    double start_s, until_s, resend_s, send_s; /* send_s: when it is due again */
    double refused_s;                          /* since when; NAN: it is not */
    bool is_sent;
};

/* Is this the answer? Refusals of the whole connection come as Refused. */
static bool is_answer(const struct asking *asking, const Wattyard__Envelope *message)
{
    const Wattyard__Answer *answer;

    if (message->body_case != WATTYARD__ENVELOPE__BODY_ANSWER)
        return false;
    answer = message->answer;
    return memcmp(answer->id.data, asking->request->id.data, PROTOCOL_ID_BYTES) == 0;
}

/* Take what has come. 1: *answer is there; 0: not yet; -1 with err. */
static int take_messages(struct client *client, const struct asking *asking,
    Wattyard__Envelope **answer, struct err *err)
{
    for (;;) {
        Wattyard__Envelope *message = link_receive(client->link);

        if (message == NULL)
            return 0;
        if (is_answer(asking, message)) {
            *answer = message;
            return 1;
        }
        if (message->body_case == WATTYARD__ENVELOPE__BODY_REFUSED) {
            (void)err_set(err, ERR_UNREACHABLE, "the scheduler does not take this: %s",
                message->refused->why);
            protocol_free(message);
            return -1;
        }
        protocol_free(message);
    }
}

/* Has the link been refused for long enough to believe it? */
static int check_refusal(
    struct client *client, struct asking *asking, double now_s, struct err *err)
{
    if (link_state(client->link) != LINK_REFUSED_OWN) {
        /* a new connection is on its way; the refusal is over when it is ready */
        if (link_state(client->link) == LINK_READY)
            asking->refused_s = (double)NAN;
        return 0;
    }
    if (isnan(asking->refused_s))
        asking->refused_s = now_s;
    if (now_s - asking->refused_s < REFUSAL_BELIEVED_S)
        return 0;
    return err_set(err, ERR_UNREACHABLE, "%s", link_why(client->link));
}

static int time_out(struct client *client, const struct asking *asking, struct err *err)
{
    bool may_be_done = asking->request->body_case < WATTYARD__REQUEST__BODY_LIST_JOBS &&
                       asking->is_sent;

    return err_set(err, ERR_UNREACHABLE, "no answer in %.3g s: %s%s",
        asking->until_s - asking->start_s,
        link_why(client->link)[0] != '\0' ? link_why(client->link)
                                          : "the scheduler is connected and says nothing",
        may_be_done ? "; it was sent, and may have been done" : "");
}

static int send_when_due(
    struct client *client, struct asking *asking, double now_s, struct err *err)
{
    struct err sending = {0};

    if (link_is_new(client->link))
        asking->send_s = now_s;
    if (link_state(client->link) != LINK_READY || now_s < asking->send_s)
        return 0;
    if (link_send(client->link, &asking->envelope, &sending) == 0) {
        asking->send_s = now_s + asking->resend_s;
        asking->is_sent = true;
        return 0;
    }
    if (sending.kind == ERR_UNREACHABLE)
        return 0;
    if (sending.kind != ERR_IO)
        return err_set(err, sending.kind, "%s", sending.text);
    /* a connection that was lost this moment, or a scheduler that does not read: the time decides
     */
    asking->send_s = now_s + SEND_AGAIN_S;
    return 0;
}

static void wait_a_moment(struct client *client, const struct asking *asking, double now_s)
{
    double next_s = fmin(asking->until_s, fmax(asking->send_s, now_s + 0.5));
    struct pollfd item = {.fd = link_fd(client->link), .events = POLLIN};

    (void)poll(&item, 1, (int)fmin(1000, (next_s - now_s) * 1000) + 1);
}

Wattyard__Envelope *client_ask(
    struct client *client, Wattyard__Request *request, int wait_ms, struct err *err)
{
    unsigned char id[PROTOCOL_ID_BYTES];
    struct asking asking = {.request = request, .refused_s = (double)NAN};
    Wattyard__Envelope *answer = NULL;
    double now_s = clock_monotonic_s();

    protocol_make_id(id);
    request->id.data = id;
    request->id.len = sizeof id;
    protocol_envelope_init(&asking.envelope, WATTYARD__ENVELOPE__BODY_REQUEST, NULL, 0, NULL);
    asking.envelope.request = request;
    asking.start_s = asking.send_s = now_s;
    asking.until_s = now_s + client->timeout_s + wait_ms / 1000.0;
    asking.resend_s = RESEND_S + wait_ms / 1000.0;
    for (;; now_s = clock_monotonic_s()) {
        int taken = take_messages(client, &asking, &answer, err);

        if (taken != 0)
            break;
        if (now_s >= asking.until_s) {
            (void)time_out(client, &asking, err);
            break;
        }
        if (check_refusal(client, &asking, now_s, err) != 0 ||
            send_when_due(client, &asking, now_s, err) != 0)
            break;
        wait_a_moment(client, &asking, now_s);
    }
    request->id = (ProtobufCBinaryData){0};
    return answer;
}

/* --- Pages */

/* Where the request says from which row on; NULL: it asks for no list. */
static ProtobufCBinaryData *after_of(Wattyard__Request *request)
{
    if (request->body_case == WATTYARD__REQUEST__BODY_LIST_JOBS)
        return &request->list_jobs->after;
    if (request->body_case == WATTYARD__REQUEST__BODY_LIST_HOSTS)
        return &request->list_hosts->after;
    if (request->body_case == WATTYARD__REQUEST__BODY_SHOW_JOB)
        return &request->show_job->after;
    if (request->body_case == WATTYARD__REQUEST__BODY_LIST_POWER)
        return &request->list_power->after;
    if (request->body_case == WATTYARD__REQUEST__BODY_LIST_USAGE)
        return &request->list_usage->after;
    if (request->body_case == WATTYARD__REQUEST__BODY_SHOW_FLEET)
        return &request->show_fleet->after;
    return NULL;
}

const Wattyard__Answer *client_pages_last(const struct client_pages *pages)
{
    return pages->list[pages->count - 1]->answer;
}

int client_ask_pages(
    struct client *client, Wattyard__Request *request, struct client_pages *pages, struct err *err)
{
    ProtobufCBinaryData *after = after_of(request);

    for (;;) {
        Wattyard__Envelope *page = client_ask(client, request, 0, err);
        const ProtobufCBinaryData *next;

        if (page == NULL)
            return -1;
        pages->list = mem_grow(pages->list, pages->count, &pages->capacity, sizeof *pages->list);
        pages->list[pages->count++] = page;
        next = &page->answer->next;
        if (after == NULL || next->len == 0 || page->answer->status != 0)
            return 0;
        if (pages->count >= (pages->most > 0 ? pages->most : PAGES_MOST)) {
            pages->is_cut = true;
            return 0;
        }
        if (next->len == after->len && memcmp(next->data, after->data, next->len) == 0)
            return err_set(err, ERR_INTERNAL, "the scheduler's list does not end");
        *after = *next;
    }
}

void client_pages_fini(struct client_pages *pages)
{
    for (size_t i = 0; i < pages->count; i++)
        protocol_free(pages->list[i]);
    mem_free(pages->list);
    *pages = (struct client_pages){0};
}

const void **client_pages_rows(
    const struct client_pages *pages, size_t count_offset, size_t rows_offset, size_t *count)
{
    size_t total = 0;
    const void **rows;

    for (size_t i = 0; i < pages->count; i++)
        total += *(
            const size_t *)(const void *)((const char *)pages->list[i]->answer + count_offset);
    rows = mem_zero(total, sizeof *rows);
    *count = 0;
    for (size_t i = 0; i < pages->count; i++) {
        const char *answer = (const char *)pages->list[i]->answer;
        size_t here = *(const size_t *)(const void *)(answer + count_offset);
        const void *const *from;

        memcpy(&from, answer + rows_offset, sizeof from);
        for (size_t k = 0; k < here; k++)
            rows[(*count)++] = from[k];
    }
    return rows;
}

/* --- Telling */

int client_fail(
    const struct command *command, const struct command_context *context, const struct err *err)
{
    (void)fprintf(context->err, "wattyard %s: %s\n", command->name, err->text);
    return err_exit_status(err);
}

int client_report(const struct command *command, const struct command_context *context,
    const Wattyard__Answer *answer)
{
    for (size_t i = 0; i < answer->n_errors; i++)
        (void)fprintf(context->err, "wattyard %s: %s\n", command->name, answer->errors[i]);
    if (answer->status != 0 && answer->n_errors == 0)
        (void)fprintf(
            context->err, "wattyard %s: the scheduler says no, and not why\n", command->name);
    return answer->status >= 0 && answer->status <= CLIENT_UNREACHABLE ? answer->status : 1;
}

void client_write(const ProtobufCBinaryData *bytes, size_t from, FILE *stream)
{
    if (from < bytes->len) /* none have no address either */
        (void)fwrite(bytes->data + from, 1, bytes->len - from, stream);
}

int client_run_first(const struct command *command, const struct command_context *context,
    const struct client_flags *flags, Wattyard__Request *request, size_t most, client_show_fn show,
    void *data)
{
    struct err err = {0};
    struct client_pages pages = {.most = most};
    struct client *client = client_open(flags, &err);
    int status;

    if (client == NULL || client_ask_pages(client, request, &pages, &err) != 0)
        status = client_fail(command, context, &err);
    else
        status = client_report(command, context, client_pages_last(&pages));
    if (status == 0 && show != NULL)
        status = show(data, &pages, context);
    if (status == 0 && pages.is_cut && most == 0) {
        (void)fprintf(context->err,
            "wattyard %s: the list is longer than the %d pages that are shown: ask for less\n",
            command->name, PAGES_MOST);
        status = CLIENT_CUT;
    }
    client_pages_fini(&pages);
    client_close(client);
    return status;
}

int client_run(const struct command *command, const struct command_context *context,
    const struct client_flags *flags, Wattyard__Request *request, client_show_fn show, void *data)
{
    return client_run_first(command, context, flags, request, 0, show, data);
}
