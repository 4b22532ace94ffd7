#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void mark_truncated(char *text, int length)
{
    if (length >= ERR_TEXT_SIZE)
        memcpy(text + ERR_TEXT_SIZE - 4, "...", 4);
}

int err_vset(struct err *err, enum err_kind kind, const char *format, va_list args)
{
    if (err == NULL)
        return -1;
    err->kind = kind;
    mark_truncated(err->text, vsnprintf(err->text, sizeof err->text, format, args));
    return -1;
}

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)err_vset(err, kind, format, args);
    va_end(args);
    return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
    char old[ERR_TEXT_SIZE];
    char context[ERR_TEXT_SIZE];
    va_list args;

    if (err == NULL)
        return -1;
    memcpy(old, err->text, sizeof old);
    va_start(args, format);
    (void)vsnprintf(context, sizeof context, format, args);
    va_end(args);
    return err_set(err, err->kind, "%s: %s", context, old);
}

int err_set_errno(struct err *err, const char *format, ...)
{
    int saved_errno = errno;
    char what[ERR_TEXT_SIZE];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(err, ERR_IO, "%s: %s", what, strerror(saved_errno));
}

void err_clear(struct err *err)
{
    err->kind = ERR_NONE;
    err->text[0] = '\0';
}

int err_exit_status(const struct err *err)
{
    switch (err->kind) {
    case ERR_NONE:
        return 0;
    case ERR_INPUT:
    case ERR_USAGE:
    case ERR_IO:
        return 2;
    case ERR_LIMIT:
    case ERR_INTERRUPTED:
        return 3;
    case ERR_UNREACHABLE:
        return 4;
    case ERR_DENIED:
    case ERR_NOT_FOUND:
    case ERR_STATE:
    case ERR_INTERNAL:
        return 1;
    }
    return 1;
}
