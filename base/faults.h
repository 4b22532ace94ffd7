/*
 * faults: all that is wrong with an input, collected, so that a person mends a file in one go. Each
 * fault is one line: "file:line: <element>: what is wrong, what to do".
 */
#ifndef BASE_FAULTS_H
#define BASE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

enum fault_level { FAULT_ERROR, FAULT_WARNING };

/* Where something stands; file is borrowed (the document or scenario owns it), line 0: unknown. */
struct where {
    const char *file;
    long line;
};

struct fault {
    enum fault_level level;
    char *text;        /* the whole line, without newline; owned by the faults */
    size_t file_bytes; /* how much of text, from its start, names the file; 0: none is named */
    long line;         /* 0: unknown */
    uint64_t hash;     /* of text */
};

/* A bounded list. {0} is empty and ready; release it with faults_fini. */
struct faults {
    struct fault *list;
    size_t count; /* kept ones, at most FAULTS_MAX of each level */
    size_t capacity;
    size_t error_count; /* all, also those past the bound */
    size_t warning_count;
};

enum { FAULTS_MAX = 200 };

/*
 * Add an error at a place; format says element, fault and remedy. Same place and text is kept (and
 * counted) once, as far as kept ones can tell. The line is made printable: control characters,
 * line ends, marks that turn the direction of writing and bytes that are no UTF-8 become blanks or
 * '?'; an overlong one ends in "...". Always returns -1.
 */
int faults_error(struct faults *faults, struct where where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void faults_warning(struct faults *faults, struct where where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* No further error will be kept, only counted: its wording need not be worked out. */
bool faults_is_full(const struct faults *faults);

/* Print all lines in order of file and line ("warning: " before the text of warnings), and
 * "3 errors, 1 warning" last. */
void faults_print(const struct faults *faults, FILE *stream);

/* Into err: the first error's text, and how many more there are. For callers that show one line.
 * Returns -1 if there is an error, else 0 with err untouched. */
int faults_to_err(const struct faults *faults, struct err *err);

void faults_fini(struct faults *faults);

#endif
