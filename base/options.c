#include "base/options.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

enum { NAMES_MAX = 64, HELP_COLUMN = 28, HELP_WIDTH = 96 };

static const struct option *find_option(
    const struct command *command, const char *name, size_t length)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (strlen(command->options[i].name) == length &&
            strncmp(command->options[i].name, name, length) == 0)
            return &command->options[i];
    return NULL;
}

static int unknown_option(
    const struct command *command, const char *name, size_t length, struct err *err)
{
    const char *names[NAMES_MAX];
    char given[64];
    size_t count = 0;
    const char *nearest;

    (void)snprintf(given, sizeof given, "%.*s", (int)(length < 60 ? length : 60), name);
    for (; count < command->option_count && count < NAMES_MAX; count++)
        names[count] = command->options[count].name;
    nearest = str_nearest(given, names, count);
    if (nearest != NULL)
        return err_set(
            err, ERR_USAGE, "there is no option --%s; did you mean --%s?", given, nearest);
    return err_set(err, ERR_USAGE, "there is no option --%s; wattyard %s --help lists them", given,
        command->name);
}

static int set_number(
    const struct option *option, const char *value, double *field, struct err *err)
{
    double number = 0;

    if (str_parse_double(value, &number) != 0)
        return err_set(err, ERR_USAGE, "--%s: '%.60s' is not a number", option->name, value);
    if (option->min < option->max && (number < option->min || number > option->max))
        return err_set(err, ERR_USAGE, "--%s: %.60s is not from %.10g to %.10g", option->name,
            value, option->min, option->max);
    *field = number;
    return 0;
}

static int set_count(
    const struct option *option, const char *value, int64_t *field, struct err *err)
{
    int64_t number = 0;

    if (str_parse_int(value, &number) != 0)
        return err_set(err, ERR_USAGE, "--%s: '%.60s' is not a whole number", option->name, value);
    if (option->min < option->max && ((double)number < option->min || (double)number > option->max))
        return err_set(err, ERR_USAGE, "--%s: %.60s is not from %.10g to %.10g", option->name,
            value, option->min, option->max);
    *field = number;
    return 0;
}

static int set_choice(const struct option *option, const char *value, int *field, struct err *err)
{
    struct str list = {0};

    for (int i = 0; option->choices[i] != NULL; i++) {
        if (str_equal(option->choices[i], value)) {
            *field = i;
            str_fini(&list);
            return 0;
        }
        str_format(&list, "%s%s", i > 0 ? ", " : "", option->choices[i]);
    }
    (void)err_set(
        err, ERR_USAGE, "--%s: '%.60s' is not one of %s", option->name, value, str_text(&list));
    str_fini(&list);
    return -1;
}

static int set_option(const struct option *option, const char *value, void *out, struct err *err)
{
    void *field = (unsigned char *)out + option->offset;
    struct option_list *list;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)field = value;
        return 0;
    case OPTION_NUMBER:
        return set_number(option, value, field, err);
    case OPTION_COUNT:
        return set_count(option, value, field, err);
    case OPTION_CHOICE:
        return set_choice(option, value, field, err);
    case OPTION_LIST:
        list = field;
        if (list->count == OPTION_LIST_MAX)
            return err_set(
                err, ERR_USAGE, "--%s is given over %d times", option->name, OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return 0;
    }
    return -1;
}

/* Where parsing stands. */
struct parse {
    const struct command *command;
    int argc;
    char **argv;
    int next;
    void *out;
    struct err *err;
};

/* An option and its value, which may be the next word. */
static int take_option(struct parse *p, const struct option *option, const char *inline_value)
{
    if (option->kind == OPTION_FLAG) {
        if (inline_value != NULL)
            return err_set(p->err, ERR_USAGE, "--%s takes no value", option->name);
        return set_option(option, NULL, p->out, p->err);
    }
    if (inline_value == NULL && p->next >= p->argc)
        return err_set(p->err, ERR_USAGE, "--%s needs a value: --%s %s", option->name, option->name,
            option->value_name);
    if (inline_value == NULL)
        inline_value = p->argv[p->next++];
    return set_option(option, inline_value, p->out, p->err);
}

static int take_long(struct parse *p, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option *option = find_option(p->command, word, length);

    if (option == NULL)
        return unknown_option(p->command, word, length, p->err);
    return take_option(p, option, equals != NULL ? equals + 1 : NULL);
}

static int take_short(struct parse *p, const char *word)
{
    for (size_t i = 0; i < p->command->option_count; i++)
        if (p->command->options[i].letter == word[1])
            return take_option(p, &p->command->options[i], word[2] != '\0' ? word + 2 : NULL);
    return err_set(p->err, ERR_USAGE, "there is no option %.40s; wattyard %s --help lists them",
        word, p->command->name);
}

static int check_positional(
    const struct command *command, size_t count, const char *extra, struct err *err)
{
    if (count < command->positional_min)
        return err_set(err, ERR_USAGE, "%s is missing: wattyard %s %s",
            count == 0 ? "an argument" : "another argument", command->name,
            command->arguments != NULL ? command->arguments : "");
    if (count > command->positional_max)
        return err_set(err, ERR_USAGE, "'%.80s' is one argument too many: wattyard %s %s", extra,
            command->name, command->arguments != NULL ? command->arguments : "");
    return 0;
}

enum options_result options_parse(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, struct err *err)
{
    struct parse p = {command, argc, argv, 0, out, err};
    const char *extra = "";
    bool is_ended = false;
    size_t count = 0;

    while (p.next < argc) {
        const char *word = argv[p.next++];

        if (is_ended || word[0] != '-' || word[1] == '\0') {
            if (count >= command->positional_max)
                extra = word;
            else
                positional[count] = word;
            count++;
        } else if (str_equal(word, "--")) {
            is_ended = true;
        } else if (str_equal(word, "--help") || str_equal(word, "-h")) {
            return OPTIONS_HELP;
        } else if ((word[1] == '-' ? take_long(&p, word + 2) : take_short(&p, word)) != 0) {
            return OPTIONS_WRONG;
        }
    }
    if (check_positional(command, count, extra, err) != 0)
        return OPTIONS_WRONG;
    *positional_count = count;
    return OPTIONS_RUN;
}

int options_begin(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, const struct command_context *context)
{
    struct err err = {0};

    switch (options_parse(command, argc, argv, out, positional, positional_count, &err)) {
    case OPTIONS_RUN:
        return -1;
    case OPTIONS_HELP:
        options_print_help(command, context->out);
        return 0;
    case OPTIONS_WRONG:
        (void)fprintf(context->err, "wattyard %s: %s\n", command->name, err.text);
        return err_exit_status(&err);
    }
    return 2;
}

/* --- Help */

/* Words wrapped at HELP_WIDTH, continued under `column`; the cursor is at `column` already. */
static void print_wrapped(const char *text, size_t column, FILE *stream)
{
    size_t at = column;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");

        if (at > column && at + 1 + length > HELP_WIDTH) {
            (void)fprintf(stream, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            (void)fputc(' ', stream);
            at++;
        }
        (void)fprintf(stream, "%.*s", (int)length, text);
        at += length;
        text += length;
        text += strspn(text, " ");
    }
    (void)fputc('\n', stream);
}

static void option_heading(const struct option *option, struct str *out)
{
    if (option->letter != '\0')
        str_format(out, "-%c, ", option->letter);
    str_format(out, "--%s", option->name);
    if (option->value_name != NULL)
        str_format(out, " %s", option->value_name);
}

static void print_option(const struct option *option, FILE *stream)
{
    struct str heading = {0};

    option_heading(option, &heading);
    if (heading.length + 4 > HELP_COLUMN)
        (void)fprintf(stream, "  %s\n%*s", heading.text, HELP_COLUMN, "");
    else
        (void)fprintf(stream, "  %-*s", HELP_COLUMN - 2, heading.text);
    print_wrapped(option->help, HELP_COLUMN, stream);
    str_fini(&heading);
}

/* Paragraphs are separated by empty lines. */
static void print_paragraphs(const char *text, FILE *stream)
{
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        char *paragraph = mem_zero(length + 1, 1);

        for (size_t i = 0; i < length; i++)
            paragraph[i] = text[i];
        for (char *c = paragraph; *c != '\0'; c++)
            if (*c == '\n')
                *c = ' ';
        (void)fputc('\n', stream);
        print_wrapped(paragraph, 0, stream);
        mem_free(paragraph);
        text = end != NULL ? end + 2 : NULL;
    }
}

void options_print_help(const struct command *command, FILE *stream)
{
    (void)fprintf(stream, "wattyard %s %s%s\n\n%s.\n", command->name,
        command->option_count > 0 ? "[OPTION…] " : "",
        command->arguments != NULL ? command->arguments : "", command->summary);
    print_paragraphs(command->details, stream);
    if (command->option_count > 0)
        (void)fputs("\nOptions\n", stream);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i], stream);
    if (command->examples != NULL)
        (void)fprintf(stream, "\nExamples\n%s\n", command->examples);
}

/* --- Man page, in man(7) macros */

static void print_roff(const char *text, FILE *stream)
{
    bool is_line_start = true;

    for (const char *c = text; *c != '\0'; c++) {
        if (is_line_start && (*c == '.' || *c == '\''))
            (void)fputs("\\&", stream);
        if (*c == '\\')
            (void)fputs("\\e", stream);
        else if (*c == '-')
            (void)fputs("\\-", stream);
        else
            (void)fputc(*c, stream);
        is_line_start = *c == '\n';
    }
}

static void print_man_options(const struct command *command, FILE *stream)
{
    if (command->option_count == 0)
        return;
    (void)fputs(".SH OPTIONS\n", stream);
    for (size_t i = 0; i < command->option_count; i++) {
        struct str heading = {0};

        option_heading(&command->options[i], &heading);
        (void)fputs(".TP\n.B ", stream);
        print_roff(heading.text, stream);
        (void)fputc('\n', stream);
        print_roff(command->options[i].help, stream);
        (void)fputs(".\n", stream);
        str_fini(&heading);
    }
}

static void print_man_details(const char *details, FILE *stream)
{
    (void)fputs(".SH DESCRIPTION\n", stream);
    while (details != NULL && *details != '\0') {
        const char *end = strstr(details, "\n\n");
        size_t length = end != NULL ? (size_t)(end - details) : strlen(details);
        char *paragraph = mem_zero(length + 1, 1);

        memcpy(paragraph, details, length);
        (void)fputs(".PP\n", stream);
        print_roff(paragraph, stream);
        (void)fputc('\n', stream);
        mem_free(paragraph);
        details = end != NULL ? end + 2 : NULL;
    }
}

void options_print_man(const struct command *command, FILE *stream)
{
    (void)fprintf(stream, ".TH WATTYARD\\-%s 1 \"\" \"wattyard %s\" \"User Commands\"\n",
        command->name, WATTYARD_VERSION);
    (void)fprintf(stream, ".SH NAME\nwattyard\\-%s \\- ", command->name);
    print_roff(command->summary, stream);
    (void)fprintf(stream, "\n.SH SYNOPSIS\n.B wattyard %s\n", command->name);
    if (command->option_count > 0)
        (void)fputs("[\\fIOPTION\\fR...]\n", stream);
    if (command->arguments != NULL) {
        (void)fputs(".I ", stream);
        print_roff(command->arguments, stream);
        (void)fputc('\n', stream);
    }
    print_man_details(command->details, stream);
    print_man_options(command, stream);
    if (command->examples != NULL) {
        (void)fputs(".SH EXAMPLES\n.nf\n", stream);
        print_roff(command->examples, stream);
        (void)fputs("\n.fi\n", stream);
    }
    (void)fputs(
        ".SH EXIT STATUS\n0 done, 1 the answer is no, 2 the input or the call is wrong, 3 a "
        "limit ended it, 4 the scheduler cannot be reached.\n",
        stream);
}
