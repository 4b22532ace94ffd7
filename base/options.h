/*
 * options: a command and its options as one table, which parses the call, prints --help and writes
 * the man page.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct str;

enum option_kind {
    OPTION_FLAG,   /* bool, set to true */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_NUMBER, /* double within min and max */
    OPTION_COUNT,  /* int64_t within min and max */
    OPTION_LIST,   /* struct option_list: may be given several times */
    OPTION_CHOICE  /* int: index into choices */
};

enum { OPTION_LIST_MAX = 64 };

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option {
    const char *name; /* without the dashes: "time-limit" */
    char letter;      /* 'o' for -o; 0: none */
    enum option_kind kind;
    size_t offset;              /* of the field in the command's options struct */
    const char *value_name;     /* "SECONDS", "FILE"; NULL for flags and choices */
    const char *help;           /* one sentence, no full stop */
    double min, max;            /* numbers: inclusive; both 0: only finite */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
};

struct command_context {
    FILE *out;
    FILE *err;
    const char *data_folder; /* where the shipped catalog, scenarios and pages are; may be NULL */
    const char *program;     /* as called */
};

struct command {
    const char *name;
    const char *arguments; /* "FILE", "FLEET JOBS…"; NULL: none */
    const char *summary;   /* one line for the list of commands; no full stop */
    const char *details;   /* paragraphs for --help and the man page, separated by empty lines; one
                              that begins with a blank stays as it is written; may be NULL */
    const char *examples;  /* lines "command  # what it does"; may be NULL */
    const struct option *options;
    size_t option_count;
    size_t positional_min;
    size_t positional_max;
    /* Runs with the words behind the command's name; returns the exit status. */
    int (*run)(const struct command *command, int argc, char **argv,
        const struct command_context *context);
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/*
 * Parse argv[0..argc) into the struct at `out` (defaults already in it) and the positional words
 * (borrowed from argv, in call order; the array has room for positional_max of the command, or for
 * argc where that is less). "--name value", "--name=value", "-x value", "-xvalue"; "--" ends
 * options; "-" is a positional word. A prefix of a name is not a name; of an option given twice the
 * last counts. Unknown option: the nearest is named. OPTIONS_WRONG: err says why (ERR_USAGE), and
 * the fields at out may be partly set.
 */
enum options_result options_parse(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, struct err *err);

/*
 * The usual start of a command: parse; on --help print it (exit status 0), on a wrong call print
 * why (2). Returns -1 to go on, else the exit status.
 */
int options_begin(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, const struct command_context *context);

/* "wattyard plan"; a program of its own has its own name, which begins so. Appended to out. */
void options_full_name(const struct command *command, struct str *out);

void options_print_help(const struct command *command, FILE *stream);
/* The man page (man(7) macros), section 1. */
void options_print_man(const struct command *command, FILE *stream);

#endif
