/*
 * help: the front door of a program with many commands: its overview, the `help` command with pages
 * on commands and topics, and finding the command that a call names.
 */
#ifndef BASE_HELP_H
#define BASE_HELP_H

#include "base/options.h"

struct help_group {
    const char *title;                     /* "Plan capacity"; NULL: goes on with the group above */
    const struct command *const *commands; /* NULL-terminated */
    bool is_brief;                         /* names alone, in one paragraph */
};

/* A page that is built in. Its first line is "name - one-line summary". */
struct help_topic {
    const char *name;
    const char *text;
};

struct help_book {
    const char *program; /* "wattyard" */
    const char *summary; /* one sentence, with its full stop */
    const char *details; /* for the man page; paragraphs separated by empty lines; may be NULL */
    const struct help_group *groups;
    size_t group_count;
    const struct help_topic *topics;
    size_t topic_count;
};

/* The command of that name, or NULL. */
const struct command *help_find_command(const struct help_book *book, const char *name);

/* The overview: commands in their groups, then the topics. */
void help_print_overview(const struct help_book *book, FILE *stream);

/*
 * The whole call of a program: no word or --help: the overview; --version; else the command that
 * argv[1] names, with the words behind it. An unknown name is told on context->err, with the
 * nearest one. Returns the exit status.
 */
int help_run_program(
    const struct help_book *book, int argc, char **argv, const struct command_context *context);

/* The options of `help`, and what its command's run calls. */
enum { HELP_OPTION_COUNT = 4 };
extern const struct option HELP_OPTIONS[HELP_OPTION_COUNT];
int help_run(const struct help_book *book, const struct command *command, int argc, char **argv,
    const struct command_context *context);

#endif
