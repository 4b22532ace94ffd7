/* Building answers to people: their rows, pages and errors, within what a message may hold. */
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/server_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Around an answer there is an envelope. */
enum { ANSWER_MOST = PROTOCOL_FRAME_BYTES - 1024 };

static char *put_text(struct request *request, const char *text)
{
    request->bytes += strlen(text) + 2;
    return arena_copy_text(request->arena, text);
}

char *request_text(struct request *request, const char *text)
{
    size_t length = ANSWER_TEXT_BYTES;

    if (text == NULL || strlen(text) <= length)
        return put_text(request, text != NULL ? text : "");
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--; /* not within a character */
    return put_text(request, arena_format(request->arena, "%.*s…", (int)length, text));
}

char *request_hosts(struct request *request, const char *hosts)
{
    size_t length = ANSWER_TEXT_BYTES;
    bool is_open = false;

    if (hosts == NULL || strlen(hosts) <= length)
        return request_text(request, hosts);
    while (length > 0 && hosts[length] != ',')
        length--;
    for (size_t i = 0; i < length; i++) /* brackets hold no others */
        is_open = hosts[i] == '[' || (is_open && hosts[i] != ']');
    return put_text(
        request, arena_format(request->arena, "%.*s%s,…", (int)length, hosts, is_open ? "]" : ""));
}

bool request_is_full(const struct request *request, size_t row_count)
{
    return row_count >= PROTOCOL_PAGE_ROWS || request->bytes > ANSWER_BYTES;
}

struct cursor request_cursor(const ProtobufCBinaryData *after)
{
    struct cursor cursor = {0};
    int64_t *const numbers[] = {&cursor.first, &cursor.second, &cursor.third};
    char text[80] = "";
    char *next = text + 1;

    if (after->len < 2 || after->len >= sizeof text)
        return cursor;
    memcpy(text, after->data, after->len);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t length = strcspn(next, ",");
        bool is_last = next[length] == '\0';

        next[length] = '\0';
        if (str_parse_int(next, numbers[i]) != 0 || *numbers[i] < 0 || (is_last && i < 2))
            return (struct cursor){0};
        next += length + 1;
    }
    cursor.part = text[0];
    return cursor;
}

void request_go_on(struct request *request, struct cursor cursor)
{
    char *text = arena_format(request->arena, "%c%lld,%lld,%lld", cursor.part,
        (long long)cursor.first, (long long)cursor.second, (long long)cursor.third);

    request->answer->next.data = (uint8_t *)text;
    request->answer->next.len = strlen(text);
}

void *request_grow(struct request *request, void *list, size_t count, size_t size)
{
    void *more;

    /* Powers of two: grown when the count reaches one. */
    if (count > 0 && (count & (count - 1)) != 0)
        return list;
    more = arena_zero(request->arena, count == 0 ? 1 : count * 2, size);
    if (count > 0)
        memcpy(more, list, count * size);
    return more;
}

void request_failf(struct request *request, int status, const char *format, ...)
{
    Wattyard__Answer *answer = request->answer;
    char text[ERR_TEXT_SIZE];
    va_list args;

    if (answer->status < status)
        answer->status = status;
    if (++request->error_count > ANSWER_ERRORS) {
        answer->errors[ANSWER_ERRORS - 1] = arena_format(
            request->arena, "and %zu more like these", request->error_count - (ANSWER_ERRORS - 1));
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    answer->errors = request_grow(request, answer->errors, answer->n_errors, sizeof(char *));
    answer->errors[answer->n_errors++] = request_text(request, text);
}

void request_fail(struct request *request, const struct err *err)
{
    request_failf(
        request, err->kind == ERR_USAGE || err->kind == ERR_INPUT ? 2 : 1, "%s", err->text);
}

void server_answer(struct server *server, const struct route *route, Wattyard__Answer *answer)
{
    Wattyard__Envelope envelope;

    Wattyard__Answer refusal = WATTYARD__ANSWER__INIT;
    char text[ERR_TEXT_SIZE];
    char *errors[] = {text};
    size_t size = wattyard__answer__get_packed_size(answer);

    if (size > ANSWER_MOST) {
        (void)snprintf(text, sizeof text,
            "the answer has %zu bytes, and a message at most %d: ask for less at once", size,
            PROTOCOL_FRAME_BYTES);
        refusal.id = answer->id;
        refusal.status = 1;
        refusal.errors = errors;
        refusal.n_errors = 1;
        server_log(server, "%s", text);
        answer = &refusal;
    }
    answer->now_ms = server->now_ms;
    protocol_envelope_init(&envelope, WATTYARD__ENVELOPE__BODY_ANSWER, server->cluster.cluster,
        server->cluster.epoch, "");
    envelope.answer = answer;
    sockets_queue(server->sockets, SOCKET_PEOPLE, route, &envelope);
}
