#include "base/help.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/roff.h"
#include "base/str.h"

#include <string.h>

enum { NAME_WIDTH = 10, TEXT_WIDTH = 79, EXIT_WRONG_CALL = 2 };

struct help_options {
    bool names;
    bool topics;
    const char *options_of;
    const char *man_of;
};

const struct option HELP_OPTIONS[HELP_OPTION_COUNT] = {
    {"names", 0, OPTION_FLAG, offsetof(struct help_options, names), NULL,
        "the names of the commands, a line each", 0, 0, NULL},
    {"topics", 0, OPTION_FLAG, offsetof(struct help_options, topics), NULL,
        "the names of the pages that are on no command, a line each", 0, 0, NULL},
    {"options", 0, OPTION_TEXT, offsetof(struct help_options, options_of), "COMMAND",
        "the options of a command, a line each", 0, 0, NULL},
    {"man", 0, OPTION_TEXT, offsetof(struct help_options, man_of), "COMMAND",
        "the man page of a command, or of the whole program, in man(7) macros", 0, 0, NULL},
};

/* All names that a book knows, for loops and for the nearest one. */
struct names {
    const char **list;
    size_t count;
    size_t capacity;
};

static void add_name(struct names *names, const char *name)
{
    names->list = mem_grow(names->list, names->count, &names->capacity, sizeof *names->list);
    names->list[names->count++] = name;
}

static struct names command_names(const struct help_book *book)
{
    struct names names = {0};

    for (size_t i = 0; i < book->group_count; i++)
        for (const struct command *const *c = book->groups[i].commands; *c != NULL; c++)
            add_name(&names, (*c)->name);
    return names;
}

static void add_topics(struct names *names, const struct help_book *book)
{
    for (size_t i = 0; i < book->topic_count; i++)
        add_name(names, book->topics[i].name);
}

static void print_names(struct names names, FILE *stream)
{
    for (size_t i = 0; i < names.count; i++)
        (void)fprintf(stream, "%s\n", names.list[i]);
    mem_free(names.list);
}

const struct command *help_find_command(const struct help_book *book, const char *name)
{
    for (size_t i = 0; i < book->group_count; i++)
        for (const struct command *const *c = book->groups[i].commands; *c != NULL; c++)
            if (str_equal((*c)->name, name))
                return *c;
    return NULL;
}

static const struct help_topic *find_topic(const struct help_book *book, const char *name)
{
    for (size_t i = 0; i < book->topic_count; i++)
        if (str_equal(book->topics[i].name, name))
            return &book->topics[i];
    return NULL;
}

/* What stands behind " - " in a page's first line. Appended to out. */
static void topic_summary(const struct help_topic *topic, struct str *out)
{
    size_t length = strcspn(topic->text, "\n");
    const char *dash = strstr(topic->text, " - ");

    if (dash == NULL || dash > topic->text + length)
        return;
    str_add_bytes(out, dash + 3, length - (size_t)(dash + 3 - topic->text));
}

/* --- The overview */

static void print_brief(const struct help_group *group, FILE *stream)
{
    size_t at = 0;

    for (const struct command *const *c = group->commands; *c != NULL; c++) {
        const char *comma = c[1] != NULL ? "," : "";
        size_t length = strlen((*c)->name) + strlen(comma);

        if (at == 0 || at + 1 + length > TEXT_WIDTH)
            at = (size_t)fprintf(stream, "%s  %s%s", at == 0 ? "" : "\n", (*c)->name, comma);
        else
            at += (size_t)fprintf(stream, " %s%s", (*c)->name, comma);
    }
    if (at > 0)
        (void)fputc('\n', stream);
}

static void print_group(const struct help_group *group, FILE *stream)
{
    if (group->title != NULL)
        (void)fprintf(stream, "%s\n", group->title);
    if (group->is_brief) {
        print_brief(group, stream);
        return;
    }
    for (const struct command *const *c = group->commands; *c != NULL; c++)
        (void)fprintf(stream, "  %-*s %s\n", NAME_WIDTH, (*c)->name, (*c)->summary);
}

static size_t topic_width(const struct help_book *book)
{
    size_t width = NAME_WIDTH;

    for (size_t i = 0; i < book->topic_count; i++) {
        size_t length = strlen(book->topics[i].name);

        width = length > width ? length : width;
    }
    return width;
}

void help_print_overview(const struct help_book *book, FILE *stream)
{
    int width = (int)topic_width(book);
    struct str summary = {0};

    (void)fprintf(stream, "%s\n\n", book->summary);
    for (size_t i = 0; i < book->group_count; i++)
        print_group(&book->groups[i], stream);
    if (book->topic_count > 0)
        (void)fprintf(stream, "Pages, for %s help\n", book->program);
    for (size_t i = 0; i < book->topic_count; i++) {
        str_clear(&summary);
        topic_summary(&book->topics[i], &summary);
        (void)fprintf(stream, "  %-*s %s\n", width, book->topics[i].name, str_text(&summary));
    }
    str_fini(&summary);
}

/* --- The man page of the whole program */

static void print_man_row(const char *name, const char *text, FILE *stream)
{
    (void)fputs(".TP\n.B ", stream);
    roff_print(name, stream);
    (void)fputc('\n', stream);
    roff_print(text, stream);
    (void)fputc('\n', stream);
}

static void print_man_commands(const struct help_book *book, FILE *stream)
{
    (void)fputs(".SH COMMANDS\nEach has a page of its own, and \\-\\-help.\n", stream);
    for (size_t i = 0; i < book->group_count; i++) {
        if (book->groups[i].title != NULL) {
            (void)fputs(".SS ", stream);
            roff_print(book->groups[i].title, stream);
            (void)fputc('\n', stream);
        }
        for (const struct command *const *c = book->groups[i].commands; *c != NULL; c++)
            print_man_row((*c)->name, (*c)->summary, stream);
    }
}

static void print_man_topics(const struct help_book *book, FILE *stream)
{
    struct str summary = {0};

    if (book->topic_count == 0)
        return;
    (void)fputs(".SH PAGES\n", stream);
    for (size_t i = 0; i < book->topic_count; i++) {
        struct str name = {0};

        str_clear(&summary);
        topic_summary(&book->topics[i], &summary);
        str_format(&name, "%s-%s(5)", book->program, book->topics[i].name);
        print_man_row(str_text(&name), str_text(&summary), stream);
        str_fini(&name);
    }
    str_fini(&summary);
}

static void print_program_man(const struct help_book *book, FILE *stream)
{
    size_t length = strlen(book->summary);

    roff_print_title(book->program, 1, stream);
    (void)fprintf(stream, ".SH NAME\n%s \\- ", book->program);
    /* A name line ends in no full stop. */
    roff_print_bytes(book->summary,
        length > 0 && book->summary[length - 1] == '.' ? length - 1 : length, stream);
    (void)fprintf(
        stream, "\n.SH SYNOPSIS\n.B %s\n.I COMMAND\n[\\fIOPTION\\fR...]\n", book->program);
    (void)fputs("[\\fIARGUMENT\\fR...]\n", stream);
    if (book->details != NULL) {
        (void)fputs(".SH DESCRIPTION\n", stream);
        roff_print_paragraphs(book->details, stream);
    }
    print_man_commands(book, stream);
    print_man_topics(book, stream);
    roff_print_exit_status(stream);
}

/* --- The help command */

/* Told on context->err, with the nearest of the names; takes names.list. Returns the exit status.
 */
static int no_such(const struct help_book *book, const char *what, const char *name,
    struct names names, const struct command_context *context)
{
    const char *nearest = str_nearest(name, names.list, names.count);

    (void)fprintf(context->err, "%s: there is no %s '%.80s'; ", book->program, what, name);
    if (nearest != NULL)
        (void)fprintf(context->err, "did you mean %s?\n", nearest);
    else
        (void)fprintf(context->err, "`%s help` lists all\n", book->program);
    mem_free(names.list);
    return EXIT_WRONG_CALL;
}

static int print_options_of(
    const struct help_book *book, const char *name, const struct command_context *context)
{
    const struct command *command = help_find_command(book, name);

    if (command == NULL)
        return no_such(book, "command", name, command_names(book), context);
    for (size_t i = 0; i < command->option_count; i++)
        (void)fprintf(context->out, "--%s\n", command->options[i].name);
    (void)fputs("--help\n", context->out);
    return 0;
}

static int print_man_of(
    const struct help_book *book, const char *name, const struct command_context *context)
{
    const struct command *command = help_find_command(book, name);
    struct names names;

    if (command != NULL) {
        options_print_man(command, context->out);
        return 0;
    }
    if (str_equal(name, book->program)) {
        print_program_man(book, context->out);
        return 0;
    }
    names = command_names(book);
    add_name(&names, book->program);
    return no_such(book, "command", name, names, context);
}

static int print_page(
    const struct help_book *book, const char *name, const struct command_context *context)
{
    const struct command *command = help_find_command(book, name);
    const struct help_topic *topic = find_topic(book, name);
    struct names names;

    if (command != NULL) {
        options_print_help(command, context->out);
        return 0;
    }
    if (topic != NULL) {
        (void)fputs(topic->text, context->out);
        return 0;
    }
    names = command_names(book);
    add_topics(&names, book);
    return no_such(book, "page", name, names, context);
}

int help_run(const struct help_book *book, const struct command *command, int argc, char **argv,
    const struct command_context *context)
{
    struct help_options options = {0};
    const char *positional[1];
    size_t positional_count;
    struct names topics = {0};
    int status = options_begin(
        command, argc, argv, &options, positional, &positional_count, context);

    if (status >= 0)
        return status;
    if (options.options_of != NULL)
        return print_options_of(book, options.options_of, context);
    if (options.man_of != NULL)
        return print_man_of(book, options.man_of, context);
    if (options.names)
        print_names(command_names(book), context->out);
    if (options.topics) {
        add_topics(&topics, book);
        print_names(topics, context->out);
    }
    if (options.names || options.topics)
        return 0;
    if (positional_count > 0)
        return print_page(book, positional[0], context);
    help_print_overview(book, context->out);
    return 0;
}

/* What the first word names when it is no command. */
static int no_such_word(
    const struct help_book *book, const char *word, const struct command_context *context)
{
    struct names names = {0};

    if (word[0] != '-')
        return no_such(book, "command", word, command_names(book), context);
    add_name(&names, "--help");
    add_name(&names, "--version");
    return no_such(book, "option", word, names, context);
}

int help_run_program(
    const struct help_book *book, int argc, char **argv, const struct command_context *context)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    const struct command *command = help_find_command(book, word);

    if (command != NULL)
        return command->run(command, argc - 2, argv + 2, context);
    if (str_equal(word, "--help") || str_equal(word, "-h")) {
        help_print_overview(book, context->out);
        return 0;
    }
    if (str_equal(word, "--version")) {
        (void)fprintf(context->out, "%s %s\n", book->program, WATTYARD_VERSION);
        return 0;
    }
    return no_such_word(book, word, context);
}
