#include "base/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

void roff_print_bytes(const char *text, size_t count, FILE *stream)
{
    bool is_line_start = true;

    for (size_t i = 0; i < count; i++) {
        char c = text[i];

        if (is_line_start && (c == '.' || c == '\''))
            (void)fputs("\\&", stream);
        if (c == '\\')
            (void)fputs("\\e", stream);
        else if (c == '-')
            (void)fputs("\\-", stream);
        else
            (void)fputc(c, stream);
        is_line_start = c == '\n';
    }
}

void roff_print(const char *text, FILE *stream)
{
    roff_print_bytes(text, strlen(text), stream);
}

void roff_print_title(const char *name, int section, FILE *stream)
{
    (void)fputs(".TH ", stream);
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '-')
            (void)fputc('\\', stream);
        (void)fputc(toupper((unsigned char)*c), stream);
    }
    (void)fprintf(
        stream, " %d %s \"Wattyard %s\" \"Wattyard\"\n", section, WATTYARD_DATE, WATTYARD_VERSION);
}

void roff_print_paragraphs(const char *text, FILE *stream)
{
    bool is_first = true;

    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t count = end != NULL ? (size_t)(end - text) : strlen(text);
        bool is_verbatim = *text == ' ';

        /* A paragraph macro right behind a heading is a fault to man page checkers. */
        if (!is_first)
            (void)fputs(".PP\n", stream);
        if (is_verbatim)
            (void)fputs(".nf\n", stream);
        roff_print_bytes(text, count, stream);
        (void)fputs(is_verbatim ? "\n.fi\n" : "\n", stream);
        is_first = false;
        text = end != NULL ? end + 2 : NULL;
    }
}

struct exit_status {
    const char *number;
    const char *meaning;
};

static const struct exit_status EXIT_STATUSES[] = {
    {"0", "done"},
    {"1", "the answer is no"},
    {"2", "the input or the call is wrong, or a file can't be read or written"},
    {"3", "a limit of time or memory, or an interruption, ended it"},
    {"4", "the scheduler can't be reached"},
};

void roff_print_exit_status(FILE *stream)
{
    (void)fputs(".SH EXIT STATUS\n", stream);
    for (size_t i = 0; i < sizeof EXIT_STATUSES / sizeof *EXIT_STATUSES; i++)
        (void)fprintf(
            stream, ".TP\n.B %s\n%s\n", EXIT_STATUSES[i].number, EXIT_STATUSES[i].meaning);
}
