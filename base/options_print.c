/* The pages of a command: --help and the man page. */
#include "base/options.h"

#include "base/mem.h"
#include "base/roff.h"
#include "base/str.h"

#include <string.h>

enum { HELP_COLUMN = 26, HELP_WIDTH = 79, HEADING_INDENT = 2 };

static const struct option HELP_OPTION = {
    .name = "help", .letter = 'h', .kind = OPTION_FLAG, .help = "this page"};

/* Words wrapped at HELP_WIDTH, continued under `column`; the cursor is at `column` already. */
static void print_wrapped(const char *text, size_t column, FILE *stream)
{
    size_t at = column;
    const char *word = text + strspn(text, " \n");

    while (*word != '\0') {
        size_t length = strcspn(word, " \n");
        char *copy = mem_zero(length + 1, 1);
        size_t width = str_columns(memcpy(copy, word, length));

        mem_free(copy);
        if (at > column && at + 1 + width > HELP_WIDTH) {
            (void)fprintf(stream, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            (void)fputc(' ', stream);
            at++;
        }
        (void)fprintf(stream, "%.*s", (int)length, word);
        at += width;
        word += length;
        word += strspn(word, " \n");
    }
    (void)fputc('\n', stream);
}

/* "-o, --output FILE", "--policy lp|fifo|easy" */
static void add_heading(const struct option *option, struct str *out)
{
    if (option->letter != '\0')
        str_format(out, "-%c, ", option->letter);
    str_format(out, "--%s", option->name);
    if (option->kind == OPTION_CHOICE) {
        for (int i = 0; option->choices[i] != NULL; i++)
            str_format(out, "%s%s", i == 0 ? " " : "|", option->choices[i]);
    } else if (option->value_name != NULL) {
        str_format(out, " %s", option->value_name);
    }
}

static void print_option(const struct option *option, FILE *stream)
{
    struct str heading = {0};

    add_heading(option, &heading);
    (void)fprintf(stream, "  %s", str_text(&heading));
    /* Two blanks before the text, or a line of its own. */
    if (heading.length + HEADING_INDENT + 2 > HELP_COLUMN)
        (void)fprintf(stream, "\n%*s", HELP_COLUMN, "");
    else
        (void)fprintf(stream, "%*s", HELP_COLUMN - HEADING_INDENT - (int)heading.length, "");
    print_wrapped(option->help, HELP_COLUMN, stream);
    str_fini(&heading);
}

/* Separated by empty lines; one that begins with a blank stays as it is written. */
static void print_paragraphs(const char *text, FILE *stream)
{
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        char *paragraph = mem_zero(length + 1, 1);

        memcpy(paragraph, text, length);
        (void)fputc('\n', stream);
        if (paragraph[0] == ' ')
            (void)fprintf(stream, "%s\n", paragraph);
        else
            print_wrapped(paragraph, 0, stream);
        mem_free(paragraph);
        text = end != NULL ? end + 2 : NULL;
    }
}

/* One line of a command's examples, cut at "  # ". */
struct example {
    const char *call;
    size_t call_length;
    const char *says; /* NULL: nothing */
    size_t says_length;
    const char *next;
};

static struct example split_example(const char *line)
{
    struct example e = {.call = line, .call_length = strcspn(line, "\n")};
    const char *mark = strstr(line, "  # ");

    e.next = line + e.call_length + (line[e.call_length] == '\n');
    if (mark != NULL && mark < line + e.call_length) {
        e.says = mark + strlen("  # ");
        e.says_length = (size_t)(line + e.call_length - e.says);
        e.call_length = (size_t)(mark - line);
    }
    return e;
}

static void print_examples(const char *examples, FILE *stream)
{
    (void)fputs("\nExamples\n", stream);
    while (*examples != '\0') {
        struct example e = split_example(examples);

        (void)fprintf(stream, "  %.*s\n", (int)e.call_length, e.call);
        if (e.says != NULL)
            (void)fprintf(stream, "      %.*s\n", (int)e.says_length, e.says);
        examples = e.next;
    }
}

void options_print_help(const struct command *command, FILE *stream)
{
    struct str name = {0};

    options_full_name(command, &name);
    (void)fprintf(stream, "%s %s%s%s\n\n", str_text(&name),
        command->option_count > 0 ? "[OPTION…]" : "",
        command->option_count > 0 && command->arguments != NULL ? " " : "",
        command->arguments != NULL ? command->arguments : "");
    print_wrapped(command->summary, 0, stream);
    print_paragraphs(command->details, stream);
    (void)fputs("\nOptions\n", stream);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i], stream);
    print_option(&HELP_OPTION, stream);
    if (command->examples != NULL)
        print_examples(command->examples, stream);
    str_fini(&name);
}

/* --- The man page */

static void print_man_option(const struct option *option, FILE *stream)
{
    struct str heading = {0};

    add_heading(option, &heading);
    (void)fputs(".TP\n.B ", stream);
    roff_print(str_text(&heading), stream);
    (void)fputc('\n', stream);
    roff_print(option->help, stream);
    (void)fputc('\n', stream);
    str_fini(&heading);
}

static void print_man_examples(const char *examples, FILE *stream)
{
    (void)fputs(".SH EXAMPLES\n", stream);
    while (*examples != '\0') {
        struct example e = split_example(examples);

        (void)fputs(".TP\n.B ", stream);
        roff_print_bytes(e.call, e.call_length, stream);
        (void)fputc('\n', stream);
        if (e.says != NULL)
            roff_print_bytes(e.says, e.says_length, stream);
        else
            (void)fputs("\\&", stream); /* an empty paragraph would be a fault */
        (void)fputc('\n', stream);
        examples = e.next;
    }
}

void options_print_man(const struct command *command, FILE *stream)
{
    struct str name = {0};
    struct str page = {0};

    options_full_name(command, &name);
    str_add(&page, str_text(&name));
    for (char *c = page.text; *c != '\0'; c++)
        if (*c == ' ')
            *c = '-';
    roff_print_title(str_text(&page), 1, stream);
    (void)fputs(".SH NAME\n", stream);
    roff_print(str_text(&page), stream);
    (void)fputs(" \\- ", stream);
    roff_print(command->summary, stream);
    (void)fputs("\n.SH SYNOPSIS\n.B ", stream);
    roff_print(str_text(&name), stream);
    (void)fputs("\n[\\fIOPTION\\fR...]\n", stream);
    if (command->arguments != NULL) {
        (void)fputs(".I ", stream);
        roff_print(command->arguments, stream);
        (void)fputc('\n', stream);
    }
    (void)fputs(".SH DESCRIPTION\n", stream);
    roff_print_paragraphs(command->details, stream);
    (void)fputs(".SH OPTIONS\n", stream);
    for (size_t i = 0; i < command->option_count; i++)
        print_man_option(&command->options[i], stream);
    print_man_option(&HELP_OPTION, stream);
    if (command->examples != NULL)
        print_man_examples(command->examples, stream);
    roff_print_exit_status(stream);
    str_fini(&name);
    str_fini(&page);
}
