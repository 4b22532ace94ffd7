/*
 * err: why an operation failed, as a value. Library code fills a struct err and returns -1 or NULL;
 * only the edge (commands, daemons) prints it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

enum err_kind {
    ERR_NONE = 0,
    ERR_INPUT,       /* what a person wrote is wrong; the text says where and what to do */
    ERR_USAGE,       /* the call is wrong: an unknown option, a missing argument */
    ERR_IO,          /* a file, folder or socket failed; the text carries the system's reason */
    ERR_LIMIT,       /* a size, time or memory limit ended it */
    ERR_INTERRUPTED, /* a person asked to stop */
    ERR_UNREACHABLE, /* the other side did not answer */
    ERR_DENIED,      /* known, but not allowed */
    ERR_NOT_FOUND,   /* no such thing */
    ERR_STATE,       /* not possible in the state it is in */
    ERR_INTERNAL     /* a promise of our own was broken; please report */
};

enum { ERR_TEXT_SIZE = 512 };

struct err {
    enum err_kind kind;
    char text[ERR_TEXT_SIZE]; /* one line, no newline; an overlong text ends in "..." */
};

/* Set kind and text. err may be NULL. Always returns -1: `return err_set(err, ERR_INPUT, ...);`. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with a va_list. */
int err_vset(struct err *err, enum err_kind kind, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Put "context: " before the text that is there; the kind stays. Always returns -1. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Set kind ERR_IO and "<text>: <reason of errno>". Reads errno first. Always returns -1. */
int err_set_errno(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Back to "nothing failed". */
void err_clear(struct err *err);

/* The exit status of a command that failed so: 2 input or call, 3 limit or interruption,
 * 4 unreachable, else 1. */
int err_exit_status(const struct err *err);

#endif
